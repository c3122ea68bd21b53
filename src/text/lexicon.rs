//! Words as numbers: every word that any list knows has one, so that matching compares numbers and never letters.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::words;

/// A word that no list knows.
pub const UNKNOWN: u32 = u32::MAX;
/// The end of a sentence.
pub const STOP: u32 = u32::MAX - 1;

/// The words that any list knows: what decides between readings of a stretched, spaced or digit-for-letter word.
#[derive(Clone, Debug)]
pub struct Vocabulary {
    // Only ever asked, never walked: the order of a map cannot show in any result. Shorthand is in it as well, so that
    // a typed word costs one look.
    known: HashMap<Box<str>, Known, Cheap>,
    count: u32,
    /// For words in which letters can have been stretched: without repetitions, and as it is written.
    drawn_in: HashMap<Box<str>, Box<str>, Cheap>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// [`UNKNOWN`] for what is only shorthand.
    number: u32,
    plain: Option<&'static [&'static str]>,
}

/// What a typed word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// Shorthand for these words.
    Plain(&'static [&'static str]),
    /// A word of a list, with its number.
    Known(u32),
    /// Neither.
    Unknown,
}

impl Default for Vocabulary {
    fn default() -> Vocabulary {
        Vocabulary::new()
    }
}

impl Vocabulary {
    /// No words yet.
    #[must_use]
    pub fn new() -> Vocabulary {
        let shorthand = |(typed, plain)| (Box::from(typed), Known { number: UNKNOWN, plain: Some(plain) });
        Vocabulary {
            known: words::shorthand().map(shorthand).collect(),
            count: 0,
            drawn_in: HashMap::default(),
        }
    }

    /// What a typed word is: shorthand first.
    pub(super) fn typed(&self, word: &str) -> Typed {
        match self.known.get(word) {
            Some(Known { plain: Some(plain), .. }) => Typed::Plain(plain),
            Some(Known { number, .. }) => Typed::Known(*number),
            None => Typed::Unknown,
        }
    }

    /// Enters a word, and gives its number.
    pub fn insert(&mut self, word: impl AsRef<str>) -> u32 {
        let word = word.as_ref();
        if let Some(number) = self.number(word) {
            return number;
        }
        let next = self.count;
        self.count += 1;
        self.known.entry(word.into()).or_insert(Known { number: next, plain: None }).number = next;
        if word.len() >= 4 && word.is_ascii() {
            let single: String = runs(word).map(|(letter, _)| char::from(letter)).collect();
            self.drawn_in.entry(single.into_boxed_str()).or_insert_with(|| word.into());
        }
        next
    }

    /// The number of a word, if it is known.
    #[must_use]
    pub fn number(&self, word: &str) -> Option<u32> {
        self.known.get(word).map(|known| known.number).filter(|number| *number != UNKNOWN)
    }

    /// Whether a word is known.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        self.number(word).is_some()
    }

    /// How many words are known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Every word with its number, in no order.
    pub(super) fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        let numbered = self.known.iter().filter(|(_, known)| known.number != UNKNOWN);
        numbered.map(|(word, known)| (&**word, known.number))
    }

    /// The known word that a typed one is with letters repeated ("kkiillll"): every letter stands at least as often
    /// as in the known word (so that a real word with single letters is never read as one with double ones), and two
    /// or more too many.
    #[must_use]
    pub fn stretched(&self, typed: &str) -> Option<&str> {
        if typed.len() < 5 || !typed.is_ascii() {
            return None;
        }
        if runs(typed).count() + 2 > typed.len() {
            return None;
        }
        let single: String = runs(typed).map(|(letter, _)| char::from(letter)).collect();
        let known = self.drawn_in.get(single.as_str())?;
        let enough = runs(typed).zip(runs(known)).all(|((_, typed), (_, known))| typed >= known);
        (enough && typed.len() >= known.len() + 2).then_some(&**known)
    }
}

impl<S: AsRef<str>> Extend<S> for Vocabulary {
    fn extend<I: IntoIterator<Item = S>>(&mut self, words: I) {
        for word in words {
            self.insert(word);
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for Vocabulary {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Vocabulary {
        let mut all = Vocabulary::new();
        all.extend(words);
        all
    }
}

/// The letters of a word, each with how often it stands in a row.
fn runs(word: &str) -> impl Iterator<Item = (u8, usize)> {
    let mut bytes = word.bytes().peekable();
    std::iter::from_fn(move || {
        let letter = bytes.next()?;
        let mut count = 1;
        while bytes.next_if_eq(&letter).is_some() {
            count += 1;
        }
        Some((letter, count))
    })
}

/// A cheap hash for short words. The words of a map are those of the lists, so nobody who writes messages can choose
/// words that collide with each other.
pub type Cheap = BuildHasherDefault<Multiply>;

/// See [`Cheap`].
#[derive(Clone, Default)]
pub struct Multiply(u64);

impl Hasher for Multiply {
    fn finish(&self) -> u64 {
        // The upper bits are the well mixed ones; a table looks at the lower and at the uppermost seven.
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.iter().rev().fold(0_u64, |word, byte| (word << 8) | u64::from(*byte));
            self.write_u64(word);
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            self.write_u64(rest.iter().rev().fold(1_u64, |word, byte| (word << 8) | u64::from(*byte)));
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_numbers() {
        let mut words: Vocabulary = ["kill", "secret"].into_iter().collect();
        assert_eq!(words.insert("kill"), words.number("kill").unwrap());
        assert_ne!(words.number("kill"), words.number("secret"));
        assert_eq!((words.len(), words.contains("kil"), words.number("")), (2, false, None));
    }

    #[test]
    fn stretching_adds_letters_and_takes_none_away() {
        let words: Vocabulary = ["kill", "coming", "tigger"].into_iter().collect();
        assert_eq!(words.stretched("kkiillll"), Some("kill"));
        assert_eq!(words.stretched("ccomming"), Some("coming"));
        for other in ["kiiil", "tiger", "tiiiger", "comming", "kkil"] {
            assert_eq!(words.stretched(other), None, "{other}");
        }
    }
}
