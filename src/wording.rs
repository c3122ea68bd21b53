//! Every sentence that a person reads, as named functions.
//!
//! To young people: short, warm, plain, no blame, what happens next, how to get help now; never a promise of
//! secrecy. To workers: what, where, what was done, what to do. To leads: what is theirs to decide. A page carries
//! a case reference, level and category; nothing here takes a name or a word of a message, so none can leak.

use crate::domain::effect::Nudge;
use crate::domain::event::Ended;
use crate::domain::{CaseRef, Category, Fact, GuildId, Level, Timestamp, UserId};
use crate::paging::Slot;
use crate::paging::digest::DigestLine;

/// The name of a level.
#[must_use]
pub fn level_name(level: Level) -> &'static str {
    match level {
        Level::Noted => "noted",
        Level::Room => "room",
        Level::Concern => "concern",
        Level::Serious => "serious",
        Level::Immediate => "immediate danger",
    }
}

/// How a slot is spoken of.
#[must_use]
pub fn slot_name(slot: Slot) -> &'static str {
    match slot {
        Slot::Dsl => "designated safeguarding lead (DSL)",
        Slot::DeputyDsl => "deputy DSL",
        Slot::SeniorManager => "senior manager",
        Slot::Chair => "chair of trustees",
        Slot::External => "external contact",
    }
}

/// The subject line of a page by e-mail.
#[must_use]
pub fn page_subject(case: CaseRef, level: Level, drill: bool) -> String {
    let drill = if drill { "DRILL: " } else { "" };
    format!("{drill}Safeguarding {case}, level {level} ({})", level_name(level))
}

/// A page: which case, how serious, about what, why this reader is called, what to do next.
#[must_use]
pub fn page(case: CaseRef, level: Level, category: Category, slot: &str, drill: bool) -> String {
    let mut text = String::new();
    if drill {
        text.push_str("THIS IS A DRILL. Nothing has happened; please acknowledge as if it had.\n\n");
    }
    text.push_str(&format!(
        "Safeguarding case {case}: level {level} ({}), category {category}.\n",
        level_name(level)
    ));
    text.push_str(&called_as(slot));
    text.push_str("\n\n");
    if level >= Level::Immediate && !drill {
        text.push_str("Somebody may be in immediate danger. Ring 999 if you know where they are.\n\n");
    }
    text.push_str(
        "What to do now:\n\
         1. Acknowledge. Until a named person does, the next one on the ladder is called.\n\
         2. Open the case and follow your safeguarding procedure. Do not wait for this system: nothing here \
         delays or replaces a report to the police, children's social care or the LADO.\n\
         3. Record what you decide.\n\n\
         This message holds no names and no content on purpose. Please do not forward it.",
    );
    text
}

/// Why this reader is called.
fn called_as(slot: &str) -> String {
    match slot.parse::<Slot>() {
        Ok(Slot::External) => "You are called as the external contact: nobody inside the charity has \
                               acknowledged it, or nobody there may know of it."
            .into(),
        Ok(Slot::Chair) => "You are called as chair of trustees because somebody before you on the ladder may \
                            not know of this case. An allegation against an adult who works with children goes \
                            to the LADO within one working day."
            .into(),
        Ok(slot) => format!("You are called as {}.", slot_name(slot)),
        Err(_) => "You are called as somebody on the safeguarding ladder.".into(),
    }
}

/// Below a page by e-mail: how to acknowledge from there.
#[must_use]
pub fn how_to_acknowledge_by_email(case: CaseRef) -> String {
    format!(
        "To acknowledge: press Acknowledge under the direct message that the bot sent you on Discord, or run \
         \"chaperone case acknowledge {case}\" where the bot runs. An answer to this e-mail is not read."
    )
}

/// The label of the button under a page.
pub const ACKNOWLEDGE: &str = "Acknowledge";

/// What a page on Discord says once somebody pressed its button; the platform shows the mention as a name.
#[must_use]
pub fn acknowledged(case: CaseRef, by: UserId) -> String {
    format!("{case} is acknowledged by <@{by}>. Nobody else is being called for it.")
}

/// To somebody who used something of ours that this version does not know any more.
#[must_use]
pub fn not_any_more() -> &'static str {
    "This doesn't work any more. You can write /report here at any time, and a person will read it."
}

/// What somebody reads whose acknowledgement changed nothing; `why` is the code of the refusal.
#[must_use]
pub fn acknowledgement_refused(why: &str) -> &'static str {
    match why {
        "already-acknowledged" => {
            "Somebody has already acknowledged this case. There is nothing for you to do."
        }
        // The same words for a subject, a stranger and a case that does not exist: nobody learns which it was.
        _ => "There is nothing here for you to acknowledge. If you have a concern, tell a safeguarding lead.",
    }
}

/// Whom to ring, for anybody and at any time.
#[must_use]
pub fn emergency_guidance() -> &'static str {
    "In danger now: ring 999.\n\
     Childline: 0800 1111, free, any time, day or night.\n\
     Shout: text SHOUT to 85258, free, any time."
}

/// The honest limit, said on every screen.
#[must_use]
pub fn platform_limit() -> &'static str {
    "No bot can read a direct message between two members, or listen to voice. Chaperone pauses direct messages \
     where it can, offers supervised rooms instead, and takes reports from inside a direct message."
}

/// The private message for a nudge.
#[must_use]
pub fn nudge(about: Nudge) -> &'static str {
    match about {
        Nudge::SpaceLocked => {
            "This space is closed for your messages for now, because no second adult can see it. That is a rule \
             about the space and applies to everybody. Please carry on in a channel that a second adult can see. \
             To have it opened, or if you think this is wrong, ask a safeguarding lead: a person will look at it."
        }
        Nudge::SpaceClosed => {
            "A space that you were in is closed for now. You did nothing wrong and you are not in trouble. You can \
             keep writing in the group channels. If something there felt odd or worried you, you can tell us with \
             /report, here or on the server, any time.\n\n\
             In danger now: ring 999. Childline: 0800 1111, free, any time. Shout: text SHOUT to 85258."
        }
        Nudge::MessageHidden => {
            "One of your messages is hidden while a person looks at it. You can carry on writing. If you think that \
             this is wrong, ask a youth worker, and a person will look again."
        }
        Nudge::HelpIsThere => {
            "Something was written to you that nobody should have to read. It is not your fault. We have passed it \
             to people whose job is to help, and one of them will look at it. If you want to say more, use /report, \
             here or on the server.\n\n\
             In danger now: ring 999. Childline: 0800 1111, free, any time. Shout: text SHOUT to 85258."
        }
        Nudge::WelfareSupport => {
            "Thank you for saying that. It sounds really hard, and you don't have to carry it alone. You are not in \
             trouble. We are letting a safeguarding lead know, a person whose job is to help, so that somebody can \
             be there for you.\n\n\
             If you or somebody else is in danger now: ring 999.\n\
             To talk to somebody right away: Childline, 0800 1111, free, any time, day or night.\n\
             Rather text? Send SHOUT to 85258, free, any time.\n\n\
             You can keep talking here."
        }
        Nudge::ReportReceived => {
            "Thank you for telling us. You did the right thing. A safeguarding lead will read it and decide what \
             happens next, and may want to talk with you. We can't promise to keep it secret, because keeping you \
             safe comes first, but only people who need to know are told.\n\n\
             In danger now: ring 999. Childline: 0800 1111, free, any time. Shout: text SHOUT to 85258."
        }
        Nudge::KeepItKind => {
            "A quick one, just to you: your last message could hurt somebody. Please keep it kind here. If something \
             is going on, a youth worker is happy to listen."
        }
        Nudge::EvidenceCannotBeKept | Nudge::EvidenceIsKeptAgain => notice(about),
        Nudge::KeepToAgreedPlaces => {
            "A reminder, just to you: please keep contact with young people to the agreed times and the spaces that \
             a second adult can see. If something made that difficult, tell a safeguarding lead. It protects them \
             and you."
        }
    }
}

/// The neutral notice that everybody in a space can read. It says nothing about anybody.
#[must_use]
pub fn notice(about: Nudge) -> &'static str {
    match about {
        Nudge::SpaceLocked | Nudge::SpaceClosed => {
            "This space is closed until a second adult can see it. Please carry on in the group channels, or ask a \
             youth worker. /report always works."
        }
        Nudge::WelfareSupport | Nudge::HelpIsThere => {
            "If you need somebody to talk to: Childline, 0800 1111, free, any time. Shout: text SHOUT to 85258. In \
             danger now: ring 999."
        }
        Nudge::EvidenceCannotBeKept => {
            "Chaperone cannot keep evidence at present (a full disk, or a database that may only be read). Until it can, \
             it does nothing but answer immediate danger. Please free disk space or make the data directory writable; \
             it goes on by itself then. The reason stands in its log."
        }
        Nudge::EvidenceIsKeptAgain => {
            "Chaperone can keep evidence again, and everything that waited has been kept."
        }
        Nudge::MessageHidden | Nudge::KeepItKind | Nudge::KeepToAgreedPlaces | Nudge::ReportReceived => {
            "Please keep it kind here. If something worries you, /report reaches the safeguarding leads."
        }
    }
}

/// To the workers in the room when nobody on the ladder has answered a whole round.
#[must_use]
pub fn nobody_answered(case: CaseRef) -> String {
    format!(
        "No safeguarding lead has acknowledged {case} yet. Please ring one of them now; ring 999 if somebody is in \
         immediate danger."
    )
}

/// The daily digest of one lead: counts and references only.
#[must_use]
pub fn digest(lines: &[DigestLine]) -> String {
    if lines.is_empty() {
        return "No new level 3 concerns since the last digest.".into();
    }
    let total: usize = lines.iter().map(|line| line.cases.len()).sum();
    let mut text = format!("New level 3 concerns since the last digest: {total}.");
    for DigestLine { category, cases } in lines {
        let cases: Vec<_> = cases.iter().map(CaseRef::to_string).collect();
        text.push_str(&format!("\n{category}: {} ({})", cases.len(), cases.join(", ")));
    }
    text
}

/// Above a page that leaves although evidence could not be kept (immediate danger only).
#[must_use]
pub fn page_without_evidence() -> &'static str {
    "Evidence of this could not be kept: the system has a fault. Write down what you see and when."
}

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
        Fact::Acknowledged { by, via, .. } => format!("Acknowledged by account {by} over {via}."),
        Fact::AcknowledgementRefused { why, .. } => format!("An acknowledgement was refused ({why})."),
        Fact::Decided { effect, .. } => format!("Decided: {}.", effect.code()),
        Fact::Outcome { effect, ended, .. } => match ended {
            Ended::Done { .. } => format!("Done: {}.", effect.code()),
            Ended::Failed { why } => format!("Failed: {} ({why}).", effect.code()),
            Ended::Withheld { why } => format!("Not done: {} ({why}).", effect.code()),
        },
        Fact::NotKept { why, .. } => format!("A message of this case could not be kept ({why})."),
        Fact::Withheld { media_type, size, .. } => format!(
            "A file was attached ({}, {size} bytes). Its bytes were not fetched.",
            media_type.as_deref().unwrap_or("type not stated")
        ),
        Fact::Kept { .. } | Fact::Register(_) | Fact::Gap { .. } | Fact::Started { .. } => return None,
    })
}

/// To the operator: an interval was not heard live.
#[must_use]
pub fn operator_gap(from: Timestamp, until: Timestamp) -> String {
    format!(
        "Nothing was heard live from {from} until {until}. What the platform still had was read afterwards; \
         messages deleted in between and all voice are lost. The interval is on record."
    )
}

/// To the operator, outside the server concerned: the bot is gone from it.
#[must_use]
pub fn operator_bot_removed(guild: GuildId) -> String {
    format!(
        "Chaperone was removed from server {guild}. Nothing there is supervised now. If that was not agreed, treat \
         it as a concern, and invite the bot again (\"chaperone init\" prints the link)."
    )
}

/// To the operator: a case of which nobody on the ladder may know.
#[must_use]
pub fn operator_nobody_left(case: CaseRef) -> String {
    format!(
        "There is a serious case ({case}) that nobody on the ladder may know of. Add an external contact to the \
         configuration now ([[people]] with slot = \"external\") and ring the LADO."
    )
}

/// To the operator: every channel to a person failed for good.
#[must_use]
pub fn operator_channel_failed(person: &str, channel: &str, why: &str) -> String {
    format!(
        "The page channel {channel} of {person} does not work ({why}). Others were called. Correct the address in \
         the configuration, or ask {person} to allow direct messages from the server, then run a drill."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUDGES: [Nudge; 8] = [
        Nudge::SpaceLocked,
        Nudge::SpaceClosed,
        Nudge::MessageHidden,
        Nudge::HelpIsThere,
        Nudge::WelfareSupport,
        Nudge::ReportReceived,
        Nudge::KeepItKind,
        Nudge::KeepToAgreedPlaces,
    ];

    #[test]
    fn pages_read_like_this() {
        let mut all = Vec::new();
        for (level, slot, drill) in [
            (Level::Serious, "dsl", false),
            (Level::Immediate, "deputy-dsl", false),
            (Level::Serious, "chair", false),
            (Level::Serious, "external", false),
            (Level::Serious, "dsl", true),
        ] {
            all.push(page_subject(CaseRef(7), level, drill));
            all.push(page(CaseRef(7), level, Category::Grooming, slot, drill));
        }
        all.push(how_to_acknowledge_by_email(CaseRef(7)));
        all.push(acknowledged(CaseRef(7), UserId(2)));
        all.push(acknowledgement_refused("already-acknowledged").into());
        all.push(acknowledgement_refused("may-not-know").into());
        insta::assert_snapshot!(all.join("\n----\n"));
    }

    #[test]
    fn nudges_and_notices_read_like_this() {
        let all: Vec<String> = NUDGES
            .iter()
            .map(|&about| format!("{about:?}\n{}\n\nin the space: {}", nudge(about), notice(about)))
            .collect();
        insta::assert_snapshot!(all.join("\n----\n"));
    }

    #[test]
    fn notices_to_operators_and_workers_read_like_this() {
        let lines = [
            DigestLine { category: Category::Boundary, cases: vec![CaseRef(3), CaseRef(9)] },
            DigestLine { category: Category::Hate, cases: vec![CaseRef(4)] },
        ];
        let all = [
            emergency_guidance().into(),
            platform_limit().into(),
            nobody_answered(CaseRef(7)),
            digest(&lines),
            digest(&[]),
            notice(Nudge::EvidenceCannotBeKept).to_owned(),
            page_without_evidence().into(),
            operator_gap(Timestamp(0), Timestamp::from_seconds(90)),
            operator_bot_removed(GuildId(12)),
            operator_nobody_left(CaseRef(7)),
            operator_channel_failed("sam", "email", "SMTP 550"),
        ];
        insta::assert_snapshot!(all.join("\n----\n"));
    }

    #[test]
    fn nothing_promises_secrecy_or_blames_and_help_has_its_numbers() {
        for about in NUDGES {
            let text = nudge(about).to_lowercase();
            for promise in
                ["confidential", "between us", "won't tell", "nobody will know", "your fault because"]
            {
                assert!(!text.contains(promise), "{about:?} says {promise:?}");
            }
            assert!(nudge(about).chars().count() < 2000, "{about:?} fits a Discord message");
        }
        for about in [Nudge::WelfareSupport, Nudge::HelpIsThere, Nudge::ReportReceived, Nudge::SpaceClosed] {
            for number in ["999", "0800 1111", "85258"] {
                assert!(nudge(about).contains(number), "{about:?} lacks {number}");
            }
        }
    }

    #[test]
    fn whatever_a_slot_is_called_a_page_says_no_more_than_its_codes() {
        // The slot is the only free text that reaches a page; planted words must not come through.
        for planted in ["Ella Planted", "keep it our secret", "dsl\r\nBcc: everybody@example.org"] {
            for category in Category::ALL {
                let text = page(CaseRef(1), Level::Serious, *category, planted, false);
                assert!(!text.contains(planted) && !text.contains("Bcc"), "{text}");
                assert!(text.contains("C-0001") && text.contains(category.name()));
                assert!(text.chars().count() < 2000, "fits a Discord message");
            }
        }
    }

    #[test]
    fn a_refusal_does_not_tell_a_subject_from_a_stranger() {
        assert_eq!(acknowledgement_refused("may-not-know"), acknowledgement_refused("no-such-case"));
    }
}
