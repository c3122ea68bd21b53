//! How old somebody is, as it comes out in chat: who takes part as a young person and is an adult in fact.
//!
//! A clear word (an age, a birthday, a wife, "when I was your age") is enough. A clue that a seventeen-year-old could
//! give as well (a shift, a car, rent, a lecture) is one only beside a second one of another kind, or when somebody
//! asks at once what it means. Nothing is kept of a person but dated observations, which the window forgets.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::{Code, Observation, Timestamp, UserId};
use crate::text::{Occasion, Reading};

/// How soon after a clue somebody's question about it makes it one.
const ASKED_AT_ONCE: Duration = Duration::from_mins(10);
/// Ages that young people state of themselves.
const YOUNG: std::ops::RangeInclusive<u8> = 8..=17;
/// How many years between two young people are worth noting.
const YEARS_APART: u8 = 4;

/// What came out about ages, by account.
#[derive(Clone, Debug, Default)]
pub struct Ages {
    /// Who takes part as a young person and has said what only an adult says: the latest such observation.
    older: BTreeMap<UserId, Observation>,
    /// Clues: which list entry gave one, and when last. A clue of an earlier run has no entry.
    clues: BTreeMap<UserId, BTreeMap<Option<usize>, Observation>>,
    /// What young people lately said of their own age.
    stated: BTreeMap<UserId, (Timestamp, u8)>,
}

impl Ages {
    /// Whether an account's age came out as an adult's.
    #[must_use]
    pub fn is_older(&self, id: UserId) -> bool {
        self.older.contains_key(&id)
    }

    /// The observation by which it came out.
    #[must_use]
    pub fn came_out(&self, id: UserId) -> Option<&Observation> {
        self.older.get(&id)
    }

    /// Takes in an observation of somebody's age: what it completes is an [`Code::AgeGap`]. `entry` is the list entry
    /// that found it, where that is known.
    pub fn hear(&mut self, seen: &Observation, entry: Option<usize>) -> Option<Observation> {
        match seen.code {
            Code::AgeGap => {
                let last = self.older.entry(seen.by).or_insert_with(|| seen.clone());
                if seen.at > last.at {
                    *last = seen.clone();
                }
                None
            }
            Code::AgeClue => {
                let clues = self.clues.entry(seen.by).or_default();
                clues.insert(entry, seen.clone());
                let several = clues.len() > 1 && clues.values().any(|one| one.message != seen.message);
                (several && !self.is_older(seen.by)).then(|| self.settle(seen))
            }
            _ => None,
        }
    }

    /// Somebody asks what a clue means ("wait how old are you", "thought u were 16"): the last clue of anybody else
    /// within [`ASKED_AT_ONCE`], or of the person asked, becomes an age gap.
    pub fn asked(&mut self, by: UserId, of: Option<UserId>, at: Timestamp) -> Option<Observation> {
        let fresh = |one: &&Observation| one.at <= at && one.at.plus(ASKED_AT_ONCE) >= at;
        let clue = self
            .clues
            .iter()
            .filter(|(who, _)| **who != by && of.is_none_or(|of| of == **who) && !self.is_older(**who))
            .filter_map(|(_, clues)| clues.values().filter(fresh).max())
            .max()?
            .clone();
        Some(self.settle(&clue))
    }

    fn settle(&mut self, clue: &Observation) -> Observation {
        let gap = Observation { code: Code::AgeGap, ..clue.clone() };
        self.older.insert(gap.by, gap.clone());
        gap
    }

    /// A young person states an age; whoever is spoken to has stated one years below it: worth noting.
    pub fn states(&mut self, by: UserId, at: Timestamp, age: u8) {
        if YOUNG.contains(&age) {
            self.stated.insert(by, (at, age));
        }
    }

    /// Whether one young person is years older than another, as both said.
    #[must_use]
    pub fn are_years_apart(&self, by: UserId, towards: UserId) -> bool {
        let stated = |id: &UserId| self.stated.get(id).map(|(_, age)| *age);
        stated(&by).zip(stated(&towards)).is_some_and(|(one, other)| one >= other.saturating_add(YEARS_APART))
    }

    /// Forgets what is older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.older.retain(|_, seen| seen.at >= at);
        self.clues.retain(|_, clues| {
            clues.retain(|_, seen| seen.at >= at);
            !clues.is_empty()
        });
        self.stated.retain(|_, (when, _)| *when >= at);
    }
}

/// The age that somebody states of themselves: "im 13", "13 lol", "year 8", or a bare number right after a question.
#[must_use]
pub fn stated(reading: &Reading, asked: bool) -> Option<u8> {
    let number = |at: usize| {
        let word = reading.word_at(at);
        let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        (digits > 0 && digits <= 2).then(|| word[..digits].parse::<u8>().ok()).flatten()
    };
    let ends = |at: usize| {
        reading.words.get(at).is_none_or(|word| word.stop)
            || matches!(
                reading.word_at(at),
                "lol" | "btw" | "now" | "too" | "and" | "but" | "years" | "yrs" | "yo" | "so"
            )
    };
    for at in 1..reading.words.len() {
        let word = reading.word_at(at);
        if word == "i" && reading.word_at(at + 1) == "am" {
            let skip = usize::from(matches!(
                reading.word_at(at + 2),
                "only" | "just" | "nearly" | "actually" | "like"
            ));
            if let Some(age) = number(at + 2 + skip).filter(|_| ends(at + 3 + skip)) {
                return Some(age);
            }
        }
        if matches!(word, "year" | "yr")
            && let Some(year) = number(at + 1).filter(|year| (3..=13).contains(year)).filter(|_| ends(at + 2))
        {
            return Some(year + 4);
        }
    }
    (asked && ends(2)).then(|| number(1)).flatten()
}

/// Whether a message asks what an age is, or doubts one: "how old r u", "thought u were 16", "wait what".
#[must_use]
pub fn doubts(reading: &Reading) -> bool {
    reading.occasions.has(Occasion::AgeDoubt) || echoes(reading)
}

/// One word and a question mark: "lecture?", "adulting??", "what?".
fn echoes(reading: &Reading) -> bool {
    let words = reading.words.iter().filter(|word| !word.stop).count();
    words == 1 && reading.is_question(1) && reading.line.contains(" ? ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MessageId;
    use crate::text::reading::Vocabulary;

    fn clue(seconds: i64, by: u64) -> Observation {
        Observation {
            at: Timestamp::from_seconds(seconds),
            code: Code::AgeClue,
            by: UserId(by),
            towards: None,
            space: None,
            message: Some(MessageId(seconds.cast_unsigned())),
            quote: None,
        }
    }

    #[test]
    fn one_clue_is_none_and_two_of_different_kinds_are() {
        let mut ages = Ages::default();
        assert_eq!(ages.hear(&clue(1, 7), Some(3)), None);
        assert_eq!(ages.hear(&clue(900, 7), Some(3)), None, "the same kind again");
        let gap = ages.hear(&clue(1_000, 7), Some(4)).unwrap();
        assert_eq!((gap.code, gap.message), (Code::AgeGap, Some(MessageId(1_000))));
        assert!(ages.is_older(UserId(7)));
    }

    #[test]
    fn a_clue_that_somebody_asks_about_at_once_is() {
        let mut ages = Ages::default();
        ages.hear(&clue(100, 7), Some(3));
        assert_eq!(ages.asked(UserId(7), None, Timestamp::from_seconds(120)), None, "not oneself");
        assert_eq!(
            ages.asked(UserId(8), Some(UserId(9)), Timestamp::from_seconds(120)),
            None,
            "of somebody else"
        );
        assert_eq!(ages.clone().asked(UserId(8), None, Timestamp::from_seconds(2_000)), None, "too late");
        assert_eq!(ages.asked(UserId(8), None, Timestamp::from_seconds(120)).unwrap().by, UserId(7));
    }

    #[test]
    fn ages_are_read_as_people_state_them() {
        for (text, asked, age) in [
            ("im 13", false, Some(13)),
            ("no im only 16 so its calm", false, Some(16)),
            ("13", true, Some(13)),
            ("13", false, None),
            ("yr 8", false, Some(12)),
            ("year 7 lol", false, Some(11)),
            ("im 20 minutes away", false, None),
            ("i am 12 goals up", false, None),
        ] {
            assert_eq!(stated(&Reading::of(text, &Vocabulary::new()), asked), age, "{text:?}");
        }
    }

    #[test]
    fn years_between_young_people_are_seen_from_the_older_side_only() {
        let mut ages = Ages::default();
        ages.states(UserId(1), Timestamp::default(), 17);
        ages.states(UserId(2), Timestamp::default(), 11);
        assert!(ages.are_years_apart(UserId(1), UserId(2)) && !ages.are_years_apart(UserId(2), UserId(1)));
        ages.states(UserId(2), Timestamp::default(), 14);
        assert!(!ages.are_years_apart(UserId(1), UserId(2)));
    }
}
