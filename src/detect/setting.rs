//! What is going on in a space while something is said: a lesson about it, a play, an official matter in the open.

use crate::domain::Code;
use crate::text::{Entry, Occasion, Reading};

/// Whether an adult's message opens a lesson about the very things that the lists hear.
#[must_use]
pub fn opens_lesson(reading: &Reading) -> bool {
    let occasions = reading.occasions;
    occasions.has(Occasion::LessonOpens)
        || (occasions.has(Occasion::Session) && occasions.has(Occasion::Safety))
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

/// Whether a message plans a treat for somebody else. The reader's own birthday is none: what an adult gives them for it
/// behind others' backs is no surprise party.
#[must_use]
pub fn plans_a_surprise(reading: &Reading) -> bool {
    const OF_THE_READER: [&str; 4] =
        [" your birthday ", " your bday ", " happy birthday ", " birthday girl "];
    reading.occasions.has(Occasion::Surprise)
        && !OF_THE_READER.iter().any(|words| reading.line.contains(words))
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

/// Whether an entry holds what rivals in a game say to each other ("i will end you"): its id says so.
#[must_use]
pub fn is_figurative(entry: &Entry) -> bool {
    entry.id.ends_with("-figurative")
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
