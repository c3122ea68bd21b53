//! Short private messages and neutral notices.

use crate::domain::ReportRef;
use crate::domain::effect::Nudge;

/// The private message for a nudge.
#[must_use]
#[expect(clippy::too_many_lines, reason = "a sentence for each wording, to be read one after the other")]
pub fn nudge(about: Nudge) -> &'static str {
    match about {
        Nudge::SpaceLocked => {
            "A space is closed for you for now, because no second adult can see it: you cannot write there, and out of a \
             private thread you were taken. That is a rule about the space and applies to everybody. Please carry on in a channel that a second adult can see. \
             To have it opened, or if you think this is wrong, ask a safeguarding lead: a person will look at it."
        }
        Nudge::SpaceClosed => {
            "An adult cannot write any more in a space that you are in, because a second adult has to be able to see it. \
             You did nothing wrong and you are not in trouble. You can go on writing, there and in the group channels. If \
             something there felt odd or worried you, you can tell us with /report, here or on the server, any time.\n\n\
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
        Nudge::ReportReceived => RECEIPT,
        Nudge::KeepItKind => {
            "A quick one, just to you: your last message could hurt somebody. Please keep it kind here. If something \
             is going on, a youth worker is happy to listen."
        }
        Nudge::KeepToAgreedPlaces => {
            "A reminder, just to you: please keep contact with young people to the agreed times and the spaces that \
             a second adult can see. If something made that difficult, tell a safeguarding lead. It protects them \
             and you."
        }
        Nudge::KeepDetailsPrivate => {
            "A quick one, just to you: something in your last message looks private, such as a number, an address, a \
             school, an account or a password. You are not in trouble. Here it can be read by people you don't know, \
             so you may want to delete it. If somebody asked you for it, or you are not sure, a youth worker is happy \
             to help, or use /report. If it was a password or a card, change it or tell somebody at home today."
        }
        Nudge::MindWhatYouShare => {
            "A quick one, just to you: your last message has a link, file, invitation or offer that does not belong \
             here or could harm somebody's account or computer. Please take it down, or ask a youth worker whether it \
             is fine. If somebody sent it to you, don't open it; you can show it to a youth worker."
        }
        Nudge::SlowDown => {
            "A quick one, just to you: that was a lot in a short time. Please slow down a little so that everybody \
             can follow."
        }
        Nudge::EvidenceCannotBeKept => {
            "Chaperone cannot keep evidence at present (a full disk, or a database that may only be read). Until it \
             can, it does nothing but answer immediate danger. Please free disk space or make the data directory \
             writable; it goes on by itself then. The reason stands in its log."
        }
        Nudge::NobodyMayKnow => {
            "There is a serious case that nobody on the ladder may know of, so nobody has been called. Ring the chair of \
             trustees or the LADO now, and add an external contact to the configuration ([[people]] with slot = \
             \"external\")."
        }
        Nudge::VoiceNeedsSecondAdult => {
            "You were disconnected from a voice room, because no second adult was there. That is a rule about the room \
             and applies to everybody. Please come back together with a second adult. If you think this is wrong, ask a \
             safeguarding lead: a person will look at it."
        }
        Nudge::VoiceAdultLeft => {
            "The adult in your voice room had to leave it, because a second adult has to be there. You did nothing wrong \
             and you are not in trouble. You can stay and go on talking. If something there felt odd or worried you, you \
             can tell us with /report, here or on the server, any time.\n\n\
             In danger now: ring 999. Childline: 0800 1111, free, any time. Shout: text SHOUT to 85258."
        }
        Nudge::RoomIsOpen => {
            "This room is open for the time that was agreed. The two of you, the named observer if there is one, and the \
             safeguarding leads can read it. Five minutes before the end there will be a reminder here; then it closes. \
             /report always works."
        }
        Nudge::RoomClosesSoon => "This room closes in five minutes. There is time to say goodbye.",
        Nudge::RoomIsClosed => {
            "This room is closed until the next agreed time. Nothing in it is deleted. /report always works."
        }
        Nudge::LeadsNotReached => {
            "Something needs a safeguarding lead, and none of them has answered yet. Please stay with the young people, \
             keep a second adult in sight, and ring a safeguarding lead now. If somebody is in immediate danger, ring \
             999 first. You need not find out what it is about, and please do not pass this message on."
        }
        Nudge::DrillMissed => {
            "A paging drill was not answered by everybody in time. Please ask each lead to check their phone's settings \
             and their addresses in the configuration, then call another drill (chaperone page drill)."
        }
        Nudge::RotaHasGaps => {
            "The rota of the safeguarding leads has times within the next seven days for which it names nobody. Until \
             it is corrected, everybody of that slot is called then. The times stand in the log and in chaperone check."
        }
        Nudge::EvidenceIsKeptAgain => {
            "Chaperone can keep evidence again, and everything that waited has been kept."
        }
    }
}

const RECEIPT: &str = "Thank you for telling us. You did the right thing. A safeguarding lead will read it and decide what \
     happens next, and may want to talk with you. We can't promise to keep it secret, because keeping you safe comes \
     first, but only people who need to know are told.\n\n\
     In danger now: ring 999. Childline: 0800 1111, free, any time. Shout: text SHOUT to 85258.";

/// To whoever reported: it was received, under which reference, and what happens next.
#[must_use]
pub fn report_received(reference: ReportRef) -> String {
    format!(
        "{RECEIPT}\n\nYour reference is {reference}. You can say more at any time, with /report or by \
         writing to me."
    )
}

/// The same where it is about somebody in charge.
#[must_use]
pub fn report_received_past_the_line(reference: ReportRef) -> String {
    format!(
        "{RECEIPT}\n\nBecause it is about somebody in charge, it does not go to the leads who usually read reports. It goes \
         to the person whom the charity has named for that. Your reference is {reference}. You can say more in the same way, \
         at any time."
    )
}

/// The same while it is not on record yet: it has arrived, and a person may not have it yet.
#[must_use]
pub fn report_not_kept_yet(reference: ReportRef) -> String {
    format!(
        "Thank you for telling us. You did the right thing. It has arrived and is being recorded; that takes longer \
         than usual just now. If you need somebody now, please tell a youth worker you trust as well.\n\n\
         In danger now: ring 999. Childline: 0800 1111, free, any time. Shout: text SHOUT to 85258.\n\n\
         Your reference is {reference}. You can say more at any time, with /report or by writing to me."
    )
}

/// The neutral notice that everybody in a space can read. It says nothing about anybody.
#[must_use]
pub fn notice(about: Nudge) -> &'static str {
    match about {
        Nudge::SpaceLocked | Nudge::SpaceClosed | Nudge::VoiceNeedsSecondAdult | Nudge::VoiceAdultLeft => {
            "This space is closed until a second adult can see it. Please carry on in the group channels, or ask a \
             youth worker. /report always works."
        }
        Nudge::WelfareSupport | Nudge::HelpIsThere => {
            "If you need somebody to talk to: Childline, 0800 1111, free, any time. Shout: text SHOUT to 85258. In \
             danger now: ring 999."
        }
        Nudge::EvidenceCannotBeKept
        | Nudge::EvidenceIsKeptAgain
        | Nudge::NobodyMayKnow
        | Nudge::RoomIsOpen
        | Nudge::RoomClosesSoon
        | Nudge::RoomIsClosed
        | Nudge::LeadsNotReached
        | Nudge::DrillMissed
        | Nudge::RotaHasGaps => nudge(about),
        Nudge::KeepDetailsPrivate => {
            "Please keep numbers, addresses, schools, accounts and passwords out of here, your own and other people's. \
             If somebody asks you for them, tell a youth worker or use /report."
        }
        Nudge::MindWhatYouShare => {
            "Please don't open links or files here that you did not expect, and never give anybody a code or a password. \
             If you are not sure, ask a youth worker."
        }
        Nudge::SlowDown => "Please slow down a little here so that everybody can follow.",
        Nudge::MessageHidden | Nudge::KeepItKind | Nudge::KeepToAgreedPlaces | Nudge::ReportReceived => {
            "Please keep it kind here. If something worries you, /report reaches the safeguarding leads."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUDGES: [Nudge; 22] = [
        Nudge::SpaceLocked,
        Nudge::SpaceClosed,
        Nudge::MessageHidden,
        Nudge::HelpIsThere,
        Nudge::WelfareSupport,
        Nudge::ReportReceived,
        Nudge::KeepItKind,
        Nudge::KeepDetailsPrivate,
        Nudge::MindWhatYouShare,
        Nudge::SlowDown,
        Nudge::KeepToAgreedPlaces,
        Nudge::EvidenceCannotBeKept,
        Nudge::EvidenceIsKeptAgain,
        Nudge::NobodyMayKnow,
        Nudge::VoiceNeedsSecondAdult,
        Nudge::VoiceAdultLeft,
        Nudge::RoomIsOpen,
        Nudge::RoomClosesSoon,
        Nudge::RoomIsClosed,
        Nudge::LeadsNotReached,
        Nudge::DrillMissed,
        Nudge::RotaHasGaps,
    ];

    #[test]
    fn nudges_and_notices_read_like_this() {
        let mut all: Vec<String> = NUDGES
            .iter()
            .map(|&about| format!("{about:?}\n{}\n\nin the space: {}", nudge(about), notice(about)))
            .collect();
        let reference = ReportRef::of(crate::domain::MessageId(7));
        all.push(report_received(reference));
        all.push(report_not_kept_yet(reference));
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
        let to_young_people = [
            Nudge::WelfareSupport,
            Nudge::HelpIsThere,
            Nudge::ReportReceived,
            Nudge::SpaceClosed,
            Nudge::VoiceAdultLeft,
        ];
        for about in to_young_people {
            for number in ["999", "0800 1111", "85258"] {
                assert!(nudge(about).contains(number), "{about:?} lacks {number}");
            }
        }
    }
}
