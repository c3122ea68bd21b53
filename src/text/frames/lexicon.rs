//! The words that frames know: each with what it may mean, as a few bits, so that one look-up a word tells which
//! frames are worth a try. Words that are written together or mistyped are read as the known words that they are
//! closest to, where the rest of the message makes that worth a try.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::super::reading::{Reading, Vocabulary};
use super::spelling::{is_typo, letters};

/// A set of meanings, 256 of them: sets of the lists first, then single words (which may share one).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits([u64; 4]);

impl Bits {
    /// How many there are.
    pub const SIZE: usize = 256;
    /// The end of a sentence.
    pub const STOP: usize = 0;
    /// A number.
    pub const NUMBER: usize = 1;
    /// Sets begin here.
    const SETS: usize = 2;
    /// Words that stand in frames by themselves begin here.
    const WORDS: usize = 150;

    /// One meaning.
    #[must_use]
    pub fn one(bit: usize) -> Bits {
        let mut bits = Bits::default();
        bits.0[bit / 64 % 4] |= 1 << (bit % 64);
        bits
    }

    /// Both.
    #[must_use]
    pub fn or(self, other: Bits) -> Bits {
        Bits(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    /// Whether they share a meaning.
    #[must_use]
    pub fn meets(self, other: Bits) -> bool {
        (0..4).any(|at| self.0[at] & other.0[at] != 0)
    }

    /// The meanings, in order.
    pub fn ones(self) -> impl Iterator<Item = usize> {
        (0..4).flat_map(move |at| {
            let mut left = self.0[at];
            std::iter::from_fn(move || {
                (left != 0).then(|| {
                    let bit = left.trailing_zeros() as usize;
                    left &= left - 1;
                    at * 64 + bit
                })
            })
        })
    }
}

/// A word of a reading with its meanings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The number of the word; [`Lexicon::UNKNOWN`] when no frame knows it.
    pub id: u32,
    /// What it may mean.
    pub bits: Bits,
    /// The end of a sentence.
    pub stop: bool,
    /// It negates.
    pub negates: bool,
    /// Which word of the reading it is (of several that were written together the same).
    pub word: usize,
    /// It was typed otherwise and is taken for this word.
    pub mistyped: bool,
}

/// FNV-1a: short keys, no secrets, the same everywhere.
#[derive(Clone, Copy)]
pub struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

type Map<K, V> = HashMap<K, V, BuildHasherDefault<Fnv>>;

#[derive(Debug, Default, Clone)]
struct Known {
    bits: Bits,
    negates: bool,
}

/// The words that frames know.
#[derive(Debug, Default)]
pub struct Lexicon {
    ids: Map<String, u32>,
    known: Vec<Known>,
    words: Vec<String>,
    /// For each first letter the words that a mistyped one may be taken for: their letters, length and number.
    typos: Vec<Vec<(u32, usize, u32)>>,
    /// Those words, for looking inside words written together.
    inside: Option<AhoCorasick>,
    /// Words that are spelled right, however close they are to a known one.
    right: BTreeSet<String>,
    /// For each number of the vocabulary what its word is here, see [`Lexicon::settle`].
    meant: Vec<Meant>,
}

/// What a word of the vocabulary is to frames.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Meant {
    Nothing,
    Number,
    Word(u32),
    Mistyped(u32),
    Several(Box<[u32]>),
}

/// A word of fewer letters is never taken for a mistyped one, and never found inside words written together.
const SHORTEST_REPAIRED: usize = 5;
const SHORTEST_INSIDE: usize = 4;
const LONGEST_JOINED: usize = 40;
const LONGEST_WORD: usize = 16;

impl Lexicon {
    /// The number of a word that no frame knows.
    pub const UNKNOWN: u32 = u32::MAX;

    /// The number of a word, which is entered if need be.
    pub(super) fn enter(&mut self, word: &str) -> u32 {
        if let Some(id) = self.ids.get(word) {
            return *id;
        }
        let id = u32::try_from(self.words.len()).unwrap_or(Self::UNKNOWN);
        self.ids.insert(word.to_owned(), id);
        self.words.push(word.to_owned());
        let number = word.as_bytes().first().is_some_and(u8::is_ascii_digit);
        let bits = if number { Bits::one(Bits::NUMBER) } else { Bits::default() };
        self.known.push(Known { bits, negates: false });
        id
    }

    /// The number of a word that stands in a frame by itself: it has a bit of its own, or shares one.
    pub(super) fn tell(&mut self, word: &str) -> u32 {
        let id = self.enter(word);
        let known = &mut self.known[id as usize];
        known.bits = known.bits.or(Bits::one(Self::word_bit(id)));
        id
    }

    fn word_bit(word: u32) -> usize {
        Bits::WORDS + word as usize % (Bits::SIZE - Bits::WORDS)
    }

    /// How many words it knows.
    pub(super) fn size(&self) -> usize {
        self.words.len()
    }

    /// Gives the words a meaning, and tells its bits. More sets than there are bits share the last.
    pub(super) fn meaning(&mut self, set: u16, words: impl Iterator<Item = u32>) -> Bits {
        let bits = Bits::one((Bits::SETS + usize::from(set)).min(Bits::WORDS - 1));
        for word in words {
            let known = &mut self.known[word as usize];
            known.bits = known.bits.or(bits);
        }
        bits
    }

    /// The bits of a word alone.
    pub(super) fn bit(word: u32) -> Bits {
        Bits::one(Self::word_bit(word))
    }

    pub(super) fn negators(&mut self, words: &BTreeSet<u32>) {
        for word in words {
            self.known[*word as usize].negates = true;
        }
    }

    /// Every word.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }

    /// How often one of these words is likely to be met, for choosing what to look for first.
    pub(super) fn commonness(&self, words: &BTreeSet<u32>) -> usize {
        words
            .iter()
            .map(|id| match COMMON.split(' ').position(|common| common == self.words[*id as usize]) {
                Some(rank) => 2_000 / (rank + 10),
                None => 1,
            })
            .sum()
    }

    /// Prepares what needs all words. `telling` are those that mistyped words may be taken for and that words written
    /// together must hold; `right` are never taken for mistyped ones.
    pub(super) fn close(&mut self, telling: &BTreeSet<String>, right: &BTreeSet<String>) {
        self.right.clone_from(right);
        self.typos = vec![Vec::new(); 26];
        let mut inside = Vec::new();
        for word in telling.iter().filter(|word| word.bytes().all(|b| b.is_ascii_lowercase())) {
            let Some(id) = self.ids.get(word).copied() else { continue };
            if word.len() >= SHORTEST_REPAIRED {
                let first = usize::from(word.as_bytes()[0] - b'a');
                self.typos[first].push((letters(word), word.len(), id));
            }
            if word.len() >= SHORTEST_INSIDE {
                inside.push(word.as_str());
            }
        }
        self.inside = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::DFA))
            .build(inside)
            .ok();
    }

    /// Works out once what each word of a vocabulary that knows all of ours is, so that reading asks for its number
    /// alone.
    pub(super) fn settle(&mut self, vocabulary: &Vocabulary) {
        let mut meant = vec![Meant::Nothing; vocabulary.len()];
        for (word, number) in vocabulary.words() {
            if let Some(slot) = meant.get_mut(number as usize) {
                *slot = self.meaning_of(word);
            }
        }
        self.meant = meant;
    }

    fn meaning_of(&self, text: &str) -> Meant {
        if let Some(id) = self.ids.get(text) {
            Meant::Word(*id)
        } else if text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            Meant::Number
        } else if let Some(id) = self.mistyped(text) {
            Meant::Mistyped(id)
        } else {
            let parts = (text.len() > 7).then(|| self.split(text)).flatten();
            parts.map_or(Meant::Nothing, |parts| Meant::Several(parts.into()))
        }
    }

    /// The words of a reading with their meanings.
    #[must_use]
    pub fn tokens(&self, reading: &Reading) -> Vec<Token> {
        let mut tokens = Vec::with_capacity(reading.words.len() + 4);
        let mut spelled_to = 0;
        for (at, word) in reading.words.iter().enumerate() {
            if at < spelled_to {
                continue;
            }
            if word.stop {
                tokens.push(Token { stop: true, ..Self::unknown(Bits::one(Bits::STOP), at) });
                continue;
            }
            if word.end - word.start == 1
                && let Some(behind) = self.spelled(reading, at, &mut tokens)
            {
                spelled_to = behind;
                continue;
            }
            let unsettled;
            let meant = if let Some(meant) = self.meant.get(word.id as usize) {
                meant
            } else {
                unsettled = self.meaning_of(&reading.line[word.start..word.end]);
                &unsettled
            };
            match meant {
                Meant::Nothing => tokens.push(Self::unknown(Bits::default(), at)),
                Meant::Number => tokens.push(Self::unknown(Bits::one(Bits::NUMBER), at)),
                Meant::Word(id) => tokens.push(self.token(*id, at)),
                Meant::Mistyped(id) => tokens.push(Token { mistyped: true, ..self.token(*id, at) }),
                Meant::Several(ids) => tokens.extend(ids.iter().map(|id| self.token(*id, at))),
            }
        }
        tokens
    }

    /// A word that no frame knows.
    fn unknown(bits: Bits, word: usize) -> Token {
        Token { id: Self::UNKNOWN, bits, stop: false, negates: false, word, mistyped: false }
    }

    /// The word behind a number.
    #[must_use]
    pub fn word(&self, id: u32) -> Option<&str> {
        self.words.get(id as usize).map(String::as_str)
    }

    fn token(&self, id: u32, word: usize) -> Token {
        let known = &self.known[id as usize];
        Token { id, bits: known.bits, stop: false, negates: known.negates, word, mistyped: false }
    }

    /// The word that this one is a mistyping of: one letter too many or too few, or two changed places.
    fn mistyped(&self, text: &str) -> Option<u32> {
        let first = usize::from(text.as_bytes()[0].checked_sub(b'a')?);
        if !(SHORTEST_REPAIRED - 1..=LONGEST_WORD).contains(&text.len())
            || !text.bytes().all(|b| b.is_ascii_lowercase())
        {
            return None;
        }
        let own = letters(text);
        self.typos
            .get(first)?
            .iter()
            .find(|(letters, length, id)| {
                (own ^ letters).count_ones() <= 1
                    && length.abs_diff(text.len()) <= 1
                    && is_typo(text, &self.words[*id as usize])
            })
            .filter(|_| !self.right.contains(text))
            .map(|(_, _, id)| *id)
    }

    /// Single letters in a row that spell known words (`i h a t e`); tells the word behind them.
    fn spelled(&self, reading: &Reading, at: usize, tokens: &mut Vec<Token>) -> Option<usize> {
        let single = reading.words[at..]
            .iter()
            .take(LONGEST_JOINED)
            .take_while(|word| word.end - word.start == 1 && !word.stop);
        single.clone().nth(3)?;
        let letters: String = single.map(|word| &reading.line[word.start..word.end]).collect();
        let behind = at + letters.len();
        let first = tokens.len();
        match self.ids.get(&letters) {
            Some(id) => tokens.push(self.token(*id, at)),
            None => tokens.extend(self.split(&letters)?.iter().map(|id| self.token(*id, at))),
        }
        if let Some(last) = tokens[first..].last_mut() {
            last.word = behind - 1;
        }
        Some(behind)
    }

    /// Words that are written together: as few known ones as possible, one of them long enough to tell.
    fn split(&self, text: &str) -> Option<Vec<u32>> {
        let n = text.len();
        if n > LONGEST_JOINED
            || !text.bytes().all(|b| b.is_ascii_lowercase())
            || !self.inside.as_ref().is_some_and(|inside| inside.is_match(text))
            || self.right.contains(text)
        {
            return None;
        }
        // (words so far, where the last one starts)
        let mut best: [Option<(u8, u8)>; LONGEST_JOINED + 1] = [None; LONGEST_JOINED + 1];
        best[0] = Some((0, 0));
        for start in 0..n {
            let Some((count, _)) = best[start] else { continue };
            for end in start + 1..=n.min(start + LONGEST_WORD) {
                let shorter = best[end].is_none_or(|(least, _)| count + 1 < least);
                let length = end - start;
                if shorter
                    && (length > 2
                        || matches!(
                            &text[start..end],
                            "i" | "a" | "u" | "is" | "to" | "of" | "in" | "at" | "my" | "we" | "be"
                        ))
                    && self.ids.contains_key(&text[start..end])
                {
                    best[end] = Some((count + 1, u8::try_from(start).unwrap_or(u8::MAX)));
                }
            }
        }
        let (count, _) = best[n].filter(|(count, _)| (2..=6).contains(count))?;
        let mut cuts = vec![n];
        let mut place = n;
        while place > 0 {
            let (_, start) = best[place]?;
            place = usize::from(start);
            cuts.push(place);
        }
        cuts.reverse();
        let longest = cuts.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
        let telling = cuts.windows(2).any(|pair| {
            let part = &text[pair[0]..pair[1]];
            self.inside.as_ref().is_some_and(|inside| {
                inside.find(part).is_some_and(|found| found.start() == 0 && found.end() == part.len())
            })
        });
        if longest < 4 || !telling || (count > 2 && n < 3 * usize::from(count)) {
            return None;
        }
        Some(cuts.windows(2).filter_map(|pair| self.ids.get(&text[pair[0]..pair[1]]).copied()).collect())
    }
}

/// The commonest words of chat, the commonest first.
const COMMON: &str = "i you the to a it and is that of in do not my have for on are me be with was this but so they just what \
    we at he can if like know or all get no your up how there as she out about one from think good will \
    would an time go when see really people has some did had who by them been more want now too then much \
    could were any her him us our their make back here why right going other need love very day way than \
    only into over even game play off well after also never work down new should oh yeah am because which \
    these most come say first still where being his great something thing take again those many same look \
    sure lot two man before always through better long little though big another ok lol help use got please \
    let thanks system";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_written_together_or_mistyped_are_read() {
        let mut lexicon = Lexicon::default();
        for word in ["i", "really", "hate", "wardens", "the", "is"] {
            lexicon.enter(word);
        }
        lexicon.close(&BTreeSet::from(["hate".to_owned(), "wardens".to_owned()]), &BTreeSet::new());
        let read = |text: &str| -> Vec<String> {
            let reading = Reading::of(text, &Vocabulary::new());
            let word =
                |token: &Token| lexicon.words.get(token.id as usize).map_or("?".to_owned(), String::clone);
            lexicon.tokens(&reading).iter().filter(|token| !token.stop).map(word).collect()
        };
        assert_eq!(read("ihatewardens"), ["i", "hate", "wardens"]);
        assert_eq!(read("i hate wradens"), ["i", "hate", "wardens"]);
        assert_eq!(read("i hate wardns"), ["i", "hate", "wardens"]);
        assert_eq!(read("i hate waardens"), ["i", "hate", "wardens"]);
        assert_eq!(read("i hate gardens"), ["i", "hate", "?"], "another word");
        assert_eq!(read("thesis"), ["?"]);
    }
}
