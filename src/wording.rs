//! Every sentence that a person reads, as named functions.
//!
//! To young people: short, warm, plain, no blame, what happens next, how to get help now; never a promise of
//! secrecy. To workers: what, where, what was done, what to do. To leads: what is theirs to decide. A page carries
//! a case reference, level and category; nothing here takes a name or a word of a message, so none can leak.

mod acts;
mod chronology;
mod commands;
mod conduct;
mod letters;
mod links;
mod nudges;

use crate::domain::{CaseRef, Category, GuildId, Level, Timestamp, UserId};
use crate::paging::Slot;
use crate::paging::digest::DigestLine;

pub use acts::{act, act_refused, tombstone};
pub use chronology::chronology;
pub use commands::*;
pub use conduct::{quieter, rests_on};
pub use letters::{Letter, letter};
pub use links::{
    NOT_PRESSED, PRESS_ONE, handling_refused, link_acknowledged, link_case, link_drill, link_handled,
    link_is_over, spoken, what_acknowledging_means,
};
pub use nudges::{notice, nudge, report_not_kept_yet, report_received, report_received_past_the_line};

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
    let drill_first = if drill {
        "THIS IS A DRILL. Nothing has happened; please acknowledge as if it had.\n\n"
    } else {
        ""
    };
    let danger = if level >= Level::Immediate && !drill {
        "Somebody may be in immediate danger. Ring 999 if you know where they are.\n\n"
    } else {
        ""
    };
    format!(
        "{drill_first}Safeguarding case {case}: level {level} ({}), category {category}.\n{}\n\n{danger}\
         What to do now:\n\
         1. Acknowledge. Until a named person does, the next one on the ladder is called.\n\
         2. Have the case exported (chaperone evidence export {case}; only a lead's key opens it) and follow your \
         safeguarding procedure. Do not wait for this system: nothing here delays or replaces a report to the \
         police, children's social care or the LADO.\n\
         3. Record what you decide.\n\n\
         This message holds no names and no content on purpose. Please do not forward it.",
        level_name(level),
        called_as(slot)
    )
}

/// Why this reader is called.
pub(in crate::wording) fn called_as(slot: &str) -> String {
    match slot.parse::<Slot>() {
        Ok(Slot::External) => "You are called as the external contact: nobody inside the charity has \
                               acknowledged it, or nobody there may know of it."
            .into(),
        Ok(Slot::Chair) => {
            "You are called as chair of trustees. If the case is about an adult who works with \
                            children, tell the LADO within one working day."
                .into()
        }
        Ok(slot) => format!("You are called as {}.", slot_name(slot)),
        Err(_) => "You are called as somebody on the safeguarding ladder.".into(),
    }
}

/// Below a page by e-mail: how to acknowledge.
#[must_use]
pub fn how_to_acknowledge_by_email() -> &'static str {
    "To acknowledge: press Acknowledge under the direct message that the bot sent you on Discord. If you have none, \
     ring a safeguarding lead who has; the calls go on until somebody does. An answer to this e-mail is not read."
}

/// What the supervised room of a contact plan is called. It names nobody: everybody with an office on the server reads it.
pub const ROOM_NAME: &str = "agreed-room";

/// The topic of such a room; `mark` tells it from others.
#[must_use]
pub fn room_topic(mark: &str) -> String {
    format!(
        "A supervised room for agreed times. The safeguarding leads can read it. /report always works. ({mark})"
    )
}

/// Below a page by e-mail or push message: the one-time link.
#[must_use]
pub fn how_to_acknowledge_by_link(link: &str) -> String {
    format!(
        "To acknowledge, open this page and press the button on it:\n{link}\nThe link is yours alone and works once. \
         An answer to this message is not read."
    )
}

/// What a page on Discord about several cases says once somebody pressed its button.
#[must_use]
pub fn acknowledged_together(by: UserId) -> String {
    format!("All of these are acknowledged by <@{by}>. Nobody else is being called for them.")
}

/// Whom to ring, below a notice that no lead has answered.
#[must_use]
pub fn ring(number: &str) -> String {
    format!("Ring: {number}")
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
        "stale" => link_is_over(),
        // The same words for a subject, a stranger and a case that does not exist: nobody learns which it was.
        _ => "There is nothing here for you to acknowledge. If you have a concern, tell a safeguarding lead.",
    }
}

/// What somebody reads whose acknowledgement was received while nothing can be kept.
#[must_use]
pub fn acknowledgement_not_kept_yet() -> &'static str {
    "Received, but it cannot be recorded at present: the evidence store is in trouble. You need not press again; it \
     counts as soon as it can be recorded. Nobody else may know yet that you have this, so please tell them."
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
    "No bot can read a direct message between two members, or listen to voice. Pause direct messages \
     between members in the server's safety settings where you can. A young person can report any message to \
     safeguarding, from inside a direct message too."
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
    let line = |line: &DigestLine| {
        let cases: Vec<_> = line.cases.iter().map(CaseRef::to_string).collect();
        format!("{}: {} ({})", line.category, cases.len(), cases.join(", "))
    };
    let lines: Vec<_> = lines.iter().map(line).collect();
    format!("New level 3 concerns since the last digest: {total}.\n{}", lines.join("\n"))
}

/// Above a page that leaves although evidence could not be kept (immediate danger only).
#[must_use]
pub fn page_without_evidence() -> &'static str {
    "Evidence of this could not be kept: the system has a fault. Write down what you see and when."
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
        all.push(how_to_acknowledge_by_email().into());
        all.push(acknowledged(CaseRef(7), UserId(2)));
        all.push(acknowledgement_refused("already-acknowledged").into());
        all.push(acknowledgement_refused("may-not-know").into());
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
            page_without_evidence().into(),
            operator_gap(Timestamp(0), Timestamp::from_seconds(90)),
            operator_bot_removed(GuildId(12)),
            operator_channel_failed("sam", "email", "SMTP 550"),
        ];
        insta::assert_snapshot!(all.join("\n----\n"));
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
