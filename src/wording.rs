//! Every sentence that a person reads, as named functions.

use crate::domain::effect::Nudge;
use crate::domain::{CaseRef, Category, Level, UserId};

/// A page, as a lead reads it: reference, level, category, what to do next. It holds no name and no word of a
/// message, because pages travel over channels that other people see.
#[must_use]
pub fn page(case: CaseRef, level: Level, category: Category, slot: &str, drill: bool) -> String {
    let drill = if drill { "DRILL, nothing has happened. " } else { "" };
    let next = if level == Level::Immediate {
        "Please acknowledge now. If somebody is in danger, call 999 first."
    } else {
        "Please acknowledge, then open the case."
    };
    format!("{drill}Safeguarding case {case}: level {level}, {category}. You are called as {slot}. {next}")
}

/// The label of the button below a page.
pub const ACKNOWLEDGE: &str = "Acknowledge";

/// What a page says after somebody pressed its button.
#[must_use]
pub fn acknowledged(case: CaseRef, by: UserId) -> String {
    format!("{case} was acknowledged by <@{by}>. Nobody else is called about it now.")
}

/// To somebody who used something of ours that this version does not know any more.
#[must_use]
pub fn not_any_more() -> &'static str {
    "This doesn't work any more. You can write /report here at any time, and a person will read it."
}

/// A short private message or notice. Young people are told what happens next, that nothing is their fault, and how
/// to get help now; nobody is accused, and nobody is promised that it stays secret.
#[must_use]
pub fn nudge(about: Nudge) -> &'static str {
    match about {
        Nudge::SpaceLocked => {
            "Hello. A space you were writing in is closed for you for now: where young people are, a second adult \
             must always be able to see. You can still read it. To carry on, please use a space that the team can \
             see, or ask your safeguarding lead; a person will look at it if you think it is a mistake."
        }
        Nudge::SpaceClosed => {
            "Hi! A space you were in is closed for now. You haven't done anything wrong. Everything else works as \
             always. Somebody from the team may ask how you are. If you'd like to talk now, write /report here, \
             or call Childline on 0800 1111 (free). In an emergency call 999."
        }
        Nudge::MessageHidden => {
            "Hi. One of your messages is out of sight for now, because words like that can really hurt. A person \
             will look at it. If we got it wrong, or something is going on, tell a youth worker or write /report \
             here. If you'd rather talk to someone else: Childline, 0800 1111 (free)."
        }
        Nudge::HelpIsThere => {
            "Hi. Somebody wrote something to you that wasn't OK. It isn't your fault. The team knows about it and \
             a person will look at it. If you'd like to talk, write /report here or find a youth worker. \
             Childline is there too: 0800 1111 (free). In an emergency call 999."
        }
        Nudge::WelfareSupport => {
            "Hi. It sounds as if things are hard right now, and it's good that you said something. A person from \
             the team will get in touch with you. If you're in danger, call 999. You can talk to Childline at any \
             time (0800 1111, free), or text SHOUT to 85258. You don't have to manage this by yourself."
        }
        Nudge::ReportReceived => {
            "Thank you for telling us. You did the right thing. The safeguarding lead will read it and decide with \
             you what happens next; they may need to involve people who can help keep you safe. If you need help \
             right now: 999 in an emergency, Childline 0800 1111 (free), or text SHOUT to 85258."
        }
        Nudge::KeepItKind => {
            "Hi! Just between us: that last message could land badly with somebody. Please keep it kind. If \
             something is bothering you, a youth worker is glad to listen."
        }
        Nudge::KeepToAgreedPlaces => {
            "Hello. A friendly reminder: please keep contact with young people to the agreed times and to spaces \
             that the whole team can see. If you're unsure what is right, your safeguarding lead will help."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_be_in_danger_is_told_how_to_get_help_now() {
        for about in [Nudge::SpaceClosed, Nudge::HelpIsThere, Nudge::WelfareSupport, Nudge::ReportReceived] {
            let text = nudge(about);
            assert!(text.contains("999") && text.contains("0800 1111"), "{about:?}");
        }
    }

    #[test]
    fn a_drill_says_so_first() {
        let text = page(CaseRef(7), Level::Serious, Category::Contact, "dsl", true);
        assert!(text.starts_with("DRILL") && text.contains("C-0007"));
    }
}
