//! The lines of a case's chronology: what the system saw, did and was told.

use crate::domain::Fact;
use crate::domain::event::Ended;
use crate::domain::fact::{Handling, Travel};

use super::level_name;

/// One line of a case's chronology: what happened, in codes and roles; no name and no word of anybody. None for
/// what says nothing to a reader of the case.
#[must_use]
pub fn chronology(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::Observed(observation) => {
            format!("Observed: {} ({})", observation.code.sentence(), observation.code)
        }
        Fact::ConcernRaised { reference, category, level, .. } => {
            format!("Concern {reference}: level {level} ({}), {category}.", level_name(*level))
        }
        Fact::CaseOpened { case, level, category, .. } => {
            format!("Case {case} was opened: level {level} ({}), {category}.", level_name(*level))
        }
        Fact::CaseRose { case, level, category, .. } => {
            format!("Case {case} rose: level {level} ({}), {category}.", level_name(*level))
        }
        Fact::Called { round, people, .. } if people.is_empty() => {
            format!("Round {}: nobody on this step of the ladder may know of the case.", round + 1)
        }
        Fact::Called { round, people, .. } => {
            format!("Round {}: called {}.", round + 1, people.join(", "))
        }
        Fact::Exhausted { round, .. } => {
            format!("Round {}: nobody answered; the last resort was called.", round + 1)
        }
        Fact::AcknowledgedByName { name, via, .. } => format!("Acknowledged by {name} over {via}."),
        Fact::Handled { name, what, via, .. } => match what {
            Handling::Recorded => format!("{name} recorded something over {via}."),
            Handling::HandedOver { to } => format!("{name} handed it over to {to}."),
            Handling::Resolved => format!("{name} resolved it over {via}."),
            Handling::Snoozed { until, reason } => format!("{name} put calls off until {until} ({reason})."),
        },
        Fact::HandlingRefused { why, .. } => format!("Something about the calls was refused ({why})."),
        Fact::Unacknowledged { why, .. } => format!("The acknowledgement counts no longer ({why})."),
        Fact::Travelled { state, .. } => match state {
            Travel::FailedTemporary { why } => format!("A page could not leave yet ({why})."),
            Travel::Delivered => "A page was delivered.".to_owned(),
            Travel::Read => "A page was opened.".to_owned(),
            Travel::FailedPermanent { why } => format!("A page was not delivered ({why})."),
        },
        Fact::Acknowledged { by, via, .. } => format!("Acknowledged by account {by} over {via}."),
        Fact::AcknowledgementRefused { why, .. } => format!("An acknowledgement was refused ({why})."),
        Fact::Decided { effect, .. } => format!("Decided: {}.", effect.code()),
        Fact::Outcome { effect, ended, .. } => match ended {
            Ended::Done { .. } => format!("Done: {}.", effect.code()),
            Ended::Failed { why } => format!("Failed: {} ({why}).", effect.code()),
            Ended::Withheld { why } => format!("Not done: {} ({why}).", effect.code()),
        },
        Fact::Acted(done) => super::act(done),
        Fact::ActRefused { by, what, why, .. } => format!("Refused to {by}: {what} ({why})."),
        Fact::Reminded { what, people, .. } if people.is_empty() => {
            format!("Due: {}. Nobody could be reminded.", what.words())
        }
        Fact::Reminded { what, people, .. } => {
            format!("Due: {}. Reminded {}.", what.words(), people.join(", "))
        }
        Fact::Erased(stone) => super::tombstone(stone),
        Fact::CaseKeyMade { sealed_to, .. } => {
            format!("The case got a key of its own, sealed to {} leads.", sealed_to.len())
        }
        Fact::NotKept { why, .. } => format!("A message of this case could not be kept ({why})."),
        Fact::Withheld { media_type, size, .. } => format!(
            "A file was attached ({}, {size} bytes). Its bytes were not fetched.",
            media_type.as_deref().unwrap_or("type not stated")
        ),
        Fact::SubjectsJoined { subjects, .. } => {
            let all: Vec<String> = subjects.iter().map(ToString::to_string).collect();
            format!("More people's conduct is in question: accounts {}.", all.join(", "))
        }
        Fact::PassedBy { people, .. } => {
            format!(
                "It is about somebody in charge: it goes past the {} people who usually know.",
                people.len()
            )
        }
        Fact::Reported { reference, goes_on: false, .. } => format!("Report {reference} was received."),
        Fact::Reported { reference, .. } => format!("More was said on report {reference}."),
        Fact::HandedOver { segments, sealed_to, messages, .. } => format!(
            "From the sealed buffer, {} segments were handed to the case, for {} leads ({} messages that were no longer \
             at hand).",
            segments.len(),
            sealed_to.len(),
            messages.len()
        ),
        Fact::Aside(_)
        | Fact::BufferSet { .. }
        | Fact::NotBuffered { .. }
        | Fact::BufferErased { .. }
        | Fact::ContactDay { .. }
        | Fact::Kept { .. }
        | Fact::Register(_)
        | Fact::Gap { .. }
        | Fact::Started { .. }
        | Fact::Digested { .. }
        | Fact::DrillBegan { .. }
        | Fact::DrillAnswered { .. }
        | Fact::DrillEnded { .. }
        | Fact::RotaLookedAt { .. } => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseRef, Category, ChannelId, Effect, Level, MessageId, Timestamp, UserId};

    #[test]
    fn a_chronology_reads_like_this() {
        let case = CaseRef(7);
        let effect = Effect::Hide { space: ChannelId(5), message: MessageId(6) };
        let facts = [
            Fact::CaseOpened {
                case,
                category: Category::Grooming,
                level: Level::Serious,
                subjects: [UserId(1)].into(),
            },
            Fact::Called { case, level: Level::Serious, step: 0, round: 0, people: vec![] },
            Fact::Called { case, level: Level::Serious, step: 1, round: 0, people: vec!["dee".into()] },
            Fact::Outcome {
                job: "hide/6".into(),
                effect: effect.clone(),
                ended: Ended::Failed { why: "403".into() },
            },
            Fact::Decided { job: "hide/6".into(), effect, case: Some(case) },
            Fact::Acknowledged { case, by: UserId(2), via: "discord-dm".into() },
            Fact::Gap { from: Timestamp(0), until: Timestamp::from_seconds(60), why: "restart".into() },
        ];
        let lines: Vec<_> = facts.iter().filter_map(chronology).collect();
        assert_eq!(
            lines,
            [
                "Case C-0007 was opened: level 4 (serious), grooming.",
                "Round 1: nobody on this step of the ladder may know of the case.",
                "Round 1: called dee.",
                "Failed: hide (403).",
                "Decided: hide.",
                "Acknowledged by account 2 over discord-dm.",
            ]
        );
    }
}
