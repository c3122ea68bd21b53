//! From the words of a text to the patterns that can match in it, and where.

use std::collections::HashMap;

use super::clause::Clause;
use super::lexicon::{Cheap, STOP, UNKNOWN, Vocabulary};
use super::program::Choice;
use super::reading::Reading;

/// Which patterns a word or the beginning of a word makes possible.
#[derive(Debug, Default)]
pub struct Index {
    /// By the number of a word.
    by_word: Vec<Vec<u32>>,
    /// By the number of a beginning.
    by_stem: Vec<Vec<u32>>,
    stems: HashMap<Box<str>, u32, Cheap>,
    /// Which two bytes any beginning begins with.
    begins: Vec<u64>,
    longest: usize,
    /// For each known word the beginnings that it has.
    of_word: Vec<Box<[u32]>>,
}

/// A place that a pattern should be looked at from.
pub type Place = (u32, u32);

impl Index {
    /// Builds the index over the rarest clause of every pattern.
    #[must_use]
    pub fn of<'a>(rarest: impl Iterator<Item = (u32, &'a Choice)>, vocabulary: &Vocabulary) -> Index {
        let mut index =
            Index { by_word: vec![Vec::new(); vocabulary.len()], begins: vec![0; 1_024], ..Index::default() };
        for (pattern, choice) in rarest {
            for word in &choice.words {
                if let Some(patterns) = index.by_word.get_mut(*word as usize) {
                    patterns.push(pattern);
                }
            }
            for stem in &choice.stems {
                let next = u32::try_from(index.stems.len()).unwrap_or(UNKNOWN);
                let number = *index.stems.entry(stem.clone()).or_insert(next);
                if number == next {
                    index.by_stem.push(Vec::new());
                }
                index.by_stem[number as usize].push(pattern);
                index.longest = index.longest.max(stem.len());
                let pair = pair(stem.as_bytes());
                index.begins[pair / 64] |= 1 << (pair % 64);
            }
        }
        let mut of_word = vec![Box::default(); vocabulary.len()];
        for (word, number) in vocabulary.words() {
            of_word[number as usize] = index.beginnings(word).into_boxed_slice();
        }
        index.of_word = of_word;
        index
    }

    /// The patterns that can match, each with a word around which; by pattern, then by place.
    #[must_use]
    pub fn places(&self, reading: &Reading) -> Vec<Place> {
        let mut places = Vec::new();
        for (at, word) in reading.words.iter().enumerate() {
            if word.id == STOP {
                continue;
            }
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            let mut add = |patterns: &[u32]| places.extend(patterns.iter().map(|pattern| (*pattern, at)));
            if let Some(patterns) = self.by_word.get(word.id as usize) {
                add(patterns);
                for stem in &self.of_word[word.id as usize] {
                    add(&self.by_stem[*stem as usize]);
                }
            } else if self.longest > 0 {
                for stem in self.beginnings(&reading.line[word.start..word.end]) {
                    add(&self.by_stem[stem as usize]);
                }
            }
        }
        places.sort_unstable();
        places
    }

    fn beginnings(&self, word: &str) -> Vec<u32> {
        let pair = pair(word.as_bytes());
        let one = pair & 0xff00; // a beginning of one letter
        let may = |pair: usize| self.begins[pair / 64] & (1 << (pair % 64)) != 0;
        if !may(pair) && !may(one) {
            return Vec::new();
        }
        (1..=self.longest.min(word.len()))
            .filter_map(|end| word.get(..end))
            .filter_map(|beginning| self.stems.get(beginning).copied())
            .collect()
    }
}

/// The first two bytes as a number.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes.first().copied().unwrap_or_default()) << 8
        | usize::from(bytes.get(1).copied().unwrap_or_default())
}

/// Which words stand in a text: asked by patterns whether it is worth looking.
#[derive(Debug)]
pub struct Present<'a> {
    reading: &'a Reading,
    known: Vec<u64>,
    /// With which letters any of them begins: most beginnings are turned away by it.
    initials: u32,
}

/// The first letter of a word as a bit; what is no small letter shares the highest.
fn initial(word: &str) -> u32 {
    match word.as_bytes().first() {
        Some(byte @ b'a'..=b'z') => 1 << (byte - b'a'),
        _ => 1 << 31,
    }
}

impl<'a> Present<'a> {
    /// Notes the words of a text.
    #[must_use]
    pub fn of(reading: &'a Reading, vocabulary: &Vocabulary) -> Present<'a> {
        let mut known = vec![0; vocabulary.len().div_ceil(64)];
        let mut initials = 0;
        for word in &reading.words {
            initials |= initial(&reading.line[word.start..word.end]);
            if let Some(slot) = known.get_mut(word.id as usize / 64) {
                *slot |= 1 << (word.id % 64);
            }
        }
        Present { reading, known, initials }
    }

    /// Whether every one of these clauses has a word in the text.
    #[must_use]
    pub fn has_all(&self, clauses: &[Clause]) -> bool {
        clauses.iter().all(|clause| self.has(&clause.of))
    }

    fn has(&self, choice: &Choice) -> bool {
        choice.words.iter().any(|word| {
            self.known.get(*word as usize / 64).is_some_and(|slot| slot & (1 << (*word % 64)) != 0)
        }) || choice.stems.iter().any(|stem| {
            // With the space before it a beginning of a word is a part of the line.
            initial(stem) & self.initials != 0
                && self
                    .reading
                    .words
                    .iter()
                    .any(|word| !word.stop && self.reading.line[word.start..word.end].starts_with(&**stem))
        })
    }
}
