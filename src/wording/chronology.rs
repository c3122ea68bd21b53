//! The lines of a case file's chronology: what the system saw, did and was told, in words a lead can use.

use crate::domain::event::Ended;
use crate::domain::fact::Register;
use crate::domain::{Effect, Fact};

use super::level_name;

/// What a fact says in a chronology; none for what is only bookkeeping, or has a list of its own in the file.
#[must_use]
pub fn chronology(fact: &Fact) -> Option<String> {
    Some(match fact {
        Fact::Observed(observation) => format!("{} ({})", observation.code.sentence(), observation.code),
        Fact::ConcernRaised { reference, category, level, reasons, .. } => format!(
            "Concern {reference} stands at level {level} ({}), {category}, on {}.",
            level_name(*level),
            count(reasons.len(), "observation")
        ),
        Fact::CaseOpened { case, category, level, .. } => {
            format!("{case} was opened at level {level} ({}), {category}.", level_name(*level))
        }
        Fact::CaseRose { case, category, level, .. } => {
            format!("{case} now stands at level {level} ({}), {category}.", level_name(*level))
        }
        Fact::Acknowledged { by, via, .. } => format!("Acknowledged by account {by} over {via}."),
        Fact::AcknowledgementRefused { by, why, .. } => {
            format!("An acknowledgement by account {by} was refused ({why}).")
        }
        Fact::Called { people, round, step, .. } if people.is_empty() => {
            format!("Nobody on step {} of round {} may know of this case.", step + 1, round + 1)
        }
        Fact::Called { people, round, step, .. } => {
            format!("Called: {} (step {} of round {}).", people.join(", "), step + 1, round + 1)
        }
        Fact::NotKept { message, why, .. } => format!("Message {message} could not be kept ({why})."),
        Fact::Outcome { effect, ended, .. } => outcome(effect, ended),
        Fact::Register(register) => registered(register)?,
        Fact::Gap { from, until, why } => {
            format!("Nothing was heard live from {from} until {until} ({why}).")
        }
        Fact::Kept { .. } | Fact::Withheld { .. } | Fact::Decided { .. } | Fact::Started { .. } => {
            return None;
        }
    })
}

fn outcome(effect: &Effect, ended: &Ended) -> String {
    let what = match effect {
        Effect::Hide { message, .. } => format!("Hiding message {message}"),
        Effect::Lock { space, adult, .. } => format!("Locking space {space} for account {adult}"),
        Effect::Disconnect { room, adult, .. } => {
            format!("Disconnecting account {adult} from voice room {room}")
        }
        Effect::Nudge { to, .. } => format!("A private message to account {to}"),
        Effect::Notice { space, .. } => format!("A notice in space {space}"),
        Effect::Page { person, channel, drill, .. } => {
            format!("{} to {person} over {channel}", if *drill { "A drill page" } else { "A page" })
        }
    };
    match ended {
        Ended::Done { .. } => format!("{what}: done."),
        Ended::Failed { why } => format!("{what}: failed ({why})."),
        Ended::Withheld { why } => format!("{what}: withheld ({why})."),
    }
}

fn registered(register: &Register) -> Option<String> {
    Some(match register {
        Register::Locked { space, adult, .. } => format!("Space {space} is locked for account {adult}."),
        Register::Unlocked { space, adult, by } => {
            format!("Account {by} opened space {space} again for account {adult}.")
        }
        _ => return None,
    })
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseRef, Category, ChannelId, Level, MessageId, Timestamp, UserId};

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
                "C-0007 was opened at level 4 (serious), grooming.",
                "Nobody on step 1 of round 1 may know of this case.",
                "Called: dee (step 2 of round 1).",
                "Hiding message 6: failed (403).",
                "Acknowledged by account 2 over discord-dm.",
                "Nothing was heard live from 1970-01-01T00:00:00Z until 1970-01-01T00:01:00Z (restart).",
            ]
        );
    }
}
