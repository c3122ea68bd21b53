//! What is going on in a space while something is said: a lesson about it, a play, an official matter in the open.

use crate::domain::Code;
use crate::text::Reading;
use crate::text::stance;

/// Words of a session that teaches.
const SESSION: [&str; 22] = [
    " session ",
    " workshop ",
    " quiz ",
    " lesson ",
    " assembly ",
    " tonight ",
    " today ",
    " topic ",
    " this week ",
    " training ",
    " activity ",
    " discussion ",
    " round ",
    " scenario ",
    " talk ",
    " game show ",
    " vote ",
    " awareness ",
    " q1 ",
    " question 1 ",
    " number one ",
    " we are looking at ",
];
/// What such a session is about.
const TOPIC: [&str; 22] = [
    " staying safe ",
    " stay safe ",
    " online safety ",
    " safer internet ",
    " internet safety ",
    " grooming ",
    " groomer",
    " exploitation ",
    " county lines ",
    " cyberbullying ",
    " scams ",
    " about consent ",
    " healthy relationships ",
    " red flag",
    " warning sign",
    " safe online ",
    " safe secrets ",
    " strangers online ",
    " e safety ",
    " esafety ",
    " sextortion ",
    " keeping safe ",
];

/// Whether an adult's message opens a lesson about the very things that the lists hear.
#[must_use]
pub fn opens_lesson(reading: &Reading) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| reading.line.contains(word));
    stance::opens_a_lesson(reading) || (has(&SESSION) && has(&TOPIC))
}

/// Whether a message is a line of a play: it begins with a character's name in capitals and a colon, as scripts are
/// written ("CAPTAIN: …", "LADY M: …", "**NARRATOR:** …").
#[must_use]
pub fn is_line_of_a_play(content: &str) -> bool {
    let start = content.trim_start_matches(['*', '_', '>', ' ', '"', '(']);
    let Some((name, line)) = start.split_once(':') else { return false };
    let letters = name.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = name.chars().all(|c| c.is_uppercase() || c.is_ascii_digit() || " .'*_&-".contains(c));
    (2..=24).contains(&letters)
        && capitals
        && !line.trim_matches(['*', '_', ' ']).is_empty()
        && name.len() <= 40
}

/// Whether a message plans a treat for somebody else: what is kept from that person has an end.
#[must_use]
pub fn plans_a_surprise(reading: &Reading) -> bool {
    const SURPRISE: [&str; 11] = [
        " birthday ",
        " bday ",
        " surprise party ",
        " leaving do ",
        " leaving card ",
        " balloons ",
        " secret santa ",
        " party planning ",
        " farewell ",
        " thank you card ",
        " leaving present ",
    ];
    SURPRISE.iter().any(|word| reading.line.contains(word))
}

/// Whether a worker says that others are in on it: a colleague is here, parents or the lead know, it is written down.
/// What is asked for in the open of that kind is supervised work.
#[must_use]
pub fn is_in_the_open(reading: &Reading) -> bool {
    const OPEN: [&str; 26] = [
        " both here ",
        " are both in ",
        " are both on ",
        " and i are here ",
        " with me and ",
        " both with you ",
        " have to share ",
        " need to share ",
        " share it with ",
        " pass it on ",
        " make a note ",
        " writing this down ",
        " safeguarding lead ",
        " dsl ",
        " on the form ",
        " so we tick ",
        " emailed to ",
        " your parents have ",
        " parents have ",
        " same email to parents ",
        " same letter ",
        " consent form ",
        " signed form ",
        " risk assessment ",
        " work phone ",
        " trip mobile ",
    ];
    OPEN.iter().any(|open| reading.line.contains(open))
}

/// Which codes are supervised work when they are asked in the open: never secrecy, moving away, or anything sexual.
#[must_use]
pub fn may_be_open(code: Code) -> bool {
    matches!(
        code,
        Code::AloneProbe
            | Code::PersonalQuestion
            | Code::PhotoRequest
            | Code::PersonalCompliment
            | Code::SpecialBond
    )
}

/// Whether what is asked for may belong to a surprise. Nothing that hides the adult is: no deleting, no other app.
#[must_use]
pub fn may_be_a_surprise(code: Code) -> bool {
    matches!(code, Code::SecrecyRequest | Code::ComplianceTest | Code::SpecialTreatment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::reading::Vocabulary;

    #[test]
    fn lessons_are_opened_by_a_session_and_its_topic() {
        for (text, opens) in [
            ("Tonight is our staying safe session, vote red or green", true),
            ("Safer internet quiz! Ten points", true),
            ("Workshop on county lines starts at 5", true),
            ("Consent forms today please", false),
            ("Quiz at 5, teams on the board", false),
            ("stay safe getting home", false),
        ] {
            assert_eq!(opens_lesson(&Reading::of(text, &Vocabulary::new())), opens, "{text:?}");
        }
    }

    #[test]
    fn lines_of_a_play_have_a_character_in_capitals() {
        for (text, play) in [
            ("CAPTAIN: You mustn't tell a soul, Grace", true),
            ("**LADY M:** come to my chamber", true),
            ("Captain: meet me", false),
            ("NOTE:", false),
            ("meet me at 8: ok", false),
        ] {
            assert_eq!(is_line_of_a_play(text), play, "{text:?}");
        }
    }
}
