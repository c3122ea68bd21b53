//! What one line is like before it is known whom it meets. Nothing here depends on who speaks.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::domain::Code;
use crate::text::Reading;
use crate::text::lexicon::Cheap;

/// What a line is like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a line may be, asked for by name")]
pub struct Tone {
    /// Nothing but laughter.
    pub only_laughter: bool,
    /// There is laughter in it.
    pub laughter: bool,
    /// Nothing but agreement with what was said before ("signed", "+1", a vote).
    pub only_joins: bool,
    /// It is softened: a kiss, a heart, "jk".
    pub soft: bool,
    /// It speaks to somebody.
    pub second_person: bool,
    /// It speaks of somebody.
    pub third_person: bool,
    /// It is a question.
    pub question: bool,
    /// Every other letter is a capital: the written form of a mocking voice.
    pub aped: bool,
    /// How many words it has.
    pub words: usize,
    /// The line without its emoji and its opening "aw", as a number: what is said again word by word has the same.
    pub echo: u64,
    /// Emoji that are neither laughter nor kind, as numbers.
    pub signs: Vec<u64>,
    /// Words that could be a name for somebody: first and last of a sentence, what stands behind "ask", as numbers.
    pub callings: Vec<u64>,
}

const LAUGHTER: [&str; 31] = [
    "lol",
    "lool",
    "lmao",
    "lmfao",
    "lmaoo",
    "rofl",
    "haha",
    "hahaha",
    "hahahaha",
    "hahah",
    "ha",
    "hehe",
    "heh",
    "xd",
    "dead",
    "deceased",
    "wheezing",
    "screaming",
    "howling",
    "crying",
    "cackling",
    "😂",
    "🤣",
    "😭",
    "😹",
    "💀",
    "☠",
    "😆",
    "🤭",
    "😄",
    "😅",
];
/// Words that may stand beside laughter without making it anything else.
const BESIDE_LAUGHTER: [&str; 22] = [
    "i",
    "am",
    "so",
    "omg",
    "stop",
    "please",
    "literally",
    "not",
    "the",
    "bro",
    "actually",
    "this",
    "is",
    "me",
    "oh",
    "god",
    "my",
    "no",
    "yeah",
    "just",
    "nah",
    "he",
];
const SOFT: [&str; 22] = [
    "x", "xx", "xxx", "jk", "jks", "joking", "kidding", "love", "luv", "bestie", "babe", "hun", "❤", "🥰",
    "😘", "💕", "💖", "🫶", "🤗", "😌", "sorry", "soz",
];
/// Emoji that carry no mockery of their own.
const KIND: [&str; 22] = [
    "❤", "🥰", "😘", "💕", "💖", "🫶", "🤗", "👍", "🎉", "🔥", "🙏", "💯", "🙌", "💪", "😍", "😊", "🙂",
    "✅", "👀", "⭐", "🥳", "💜",
];
/// Emoji that mock by themselves when somebody puts them under what another wrote.
const MOCKING: [&str; 28] = [
    "🤡", "🤢", "🤮", "💩", "🐷", "🐖", "🐽", "🐍", "🤓", "🙄", "🥱", "🗑", "🚮", "👎", "🐀", "🐭", "🐔",
    "🐒", "🐵", "🐘", "🐳", "🐋", "🐄", "🐮", "🤏", "🖕", "👶", "🍼",
];

const SECOND_PERSON: [&str; 7] = ["you", "your", "ur", "yours", "yourself", "yer", "yous"];
const THIRD_PERSON: [&str; 11] =
    ["she", "he", "her", "him", "his", "hers", "they", "them", "their", "this", "its"];

/// What a word may be for the tone of a line, as bits: one look a word tells all of it.
const LAUGHS: u8 = 1;
const BESIDE: u8 = 2;
const SOFTENS: u8 = 4;
const IS_KIND: u8 = 8;
const SECOND: u8 = 16;
const THIRD: u8 = 32;
/// Numbers that are voted for stand beside these.
const COUNTS: u8 = 64;
/// Said before the first word.
const OPENS: u8 = 128;

static SORTS: LazyLock<HashMap<&'static str, u8, Cheap>> = LazyLock::new(|| {
    let mut sorts: HashMap<&'static str, u8, Cheap> = HashMap::default();
    let all: [(&[&'static str], u8); 8] = [
        (&LAUGHTER, LAUGHS),
        (&BESIDE_LAUGHTER, BESIDE),
        (&SOFT, SOFTENS),
        (&KIND, IS_KIND),
        (&SECOND_PERSON, SECOND),
        (&THIRD_PERSON, THIRD),
        (&["and", "all"], COUNTS),
        (&["aw", "oh", "ooh", "aww", "ah"], OPENS),
    ];
    for (words, sort) in all {
        for word in words {
            *sorts.entry(*word).or_default() |= sort;
        }
    }
    sorts
});

fn sorts(word: &str) -> u8 {
    if word.len() > 10 { 0 } else { SORTS.get(word).copied().unwrap_or_default() }
}

impl Tone {
    /// Reads a line. Linear in its length.
    #[must_use]
    pub fn of(content: &str, reading: &Reading, joins: bool) -> Tone {
        let mut tone = Tone { aped: is_aped(content), ..Tone::default() };
        let (mut laughs, mut others, mut digits) = (0, 0, 0);
        let mut echo = Hash::new();
        let mut opening = true;
        let words = reading.words.iter().enumerate().filter(|(_, word)| !word.stop);
        for (at, _) in words {
            let word = reading.word_at(at);
            let is = sorts(word);
            tone.words += 1;
            if is & LAUGHS != 0 || is_haha(word) {
                laughs += 1;
            } else if is & BESIDE == 0 {
                others += 1;
            }
            digits +=
                usize::from(word.len() <= 3 && word.bytes().all(|b| b.is_ascii_digit()) || is & COUNTS != 0);
            tone.soft |= is & SOFTENS != 0;
            tone.second_person |= is & SECOND != 0;
            tone.third_person |= is & THIRD != 0;
            if word.bytes().all(|b| b >= 128) {
                // What somebody looks like is never a sign of mockery.
                if is & (IS_KIND | LAUGHS) == 0 && word != "\u{1f3ff}" && tone.signs.len() < 4 {
                    tone.signs.push(hash(word));
                }
                continue;
            }
            if opening && is & OPENS != 0 {
                continue;
            }
            opening = false;
            echo.take(word);
        }
        tone.laughter = laughs > 0;
        tone.only_laughter = laughs > 0 && others == 0;
        let vote = digits == tone.words && tone.words > 0 && tone.words <= 5;
        tone.only_joins = joins || vote;
        tone.question = reading.line.contains(" ? ");
        tone.echo = echo.0;
        if !tone.only_laughter {
            tone.callings = callings(reading);
        }
        tone
    }

    /// A real line: more than laughter and agreement.
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.words > 0 && !self.only_laughter && !self.only_joins
    }
}

/// "hahahah", "ahahaha", "hehehe".
fn is_haha(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|b| matches!(b, b'h' | b'a')) && word.contains("hah")
        || word.len() >= 4 && word.bytes().all(|b| matches!(b, b'h' | b'e')) && word.contains("heh")
}

/// `lIkE tHiS`: capitals where no sentence has them, more often than not.
fn is_aped(content: &str) -> bool {
    let (mut letters, mut turns) = (0_u32, 0_u32);
    let mut before: Option<bool> = None;
    for byte in content.bytes() {
        if !byte.is_ascii_alphabetic() {
            before = None;
            continue;
        }
        let upper = byte.is_ascii_uppercase();
        letters += 1;
        turns += u32::from(before.is_some_and(|before| before != upper));
        before = Some(upper);
    }
    letters >= 6 && turns * 2 >= letters
}

/// Words in the places of a name: the first and the last of a sentence, and what stands behind "ask", "has", "oi".
fn callings(reading: &Reading) -> Vec<u64> {
    let mut found = Vec::new();
    for (at, word) in reading.words.iter().enumerate() {
        if word.stop || found.len() >= 8 {
            continue;
        }
        let edge = |at: usize| reading.words.get(at).is_none_or(|word| word.stop);
        let called = edge(at.wrapping_sub(1))
            || edge(at + 1)
            || reading.words[at].pause
            || matches!(
                reading.word_at(at.wrapping_sub(1)),
                "ask"
                    | "has"
                    | "is"
                    | "oi"
                    | "and"
                    | "for"
                    | "with"
                    | "alright"
                    | "hey"
                    | "let"
                    | "tell"
                    | "about"
            );
        let text = reading.word_at(at);
        if called && is_content(text) {
            found.push(hash(text));
        }
    }
    found
}

/// A word that carries something: long enough, letters only, and none of the everyday ones.
#[must_use]
pub fn is_content(word: &str) -> bool {
    word.len() >= 4 && word.bytes().all(|b| b.is_ascii_lowercase()) && !EVERYDAY.contains(word)
}

/// Everyday words of club chat that are never taken for somebody's name.
static EVERYDAY: LazyLock<HashSet<&'static str, Cheap>> =
    LazyLock::new(|| include_str!("everyday.txt").split_whitespace().collect());

/// A number for a word, the same on every machine (FNV-1a).
#[must_use]
pub fn hash(word: &str) -> u64 {
    let mut hash = Hash::new();
    hash.take(word);
    hash.0
}

struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    fn take(&mut self, word: &str) {
        for byte in word.bytes().chain([b' ']) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// What an emoji under somebody's message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Emoji {
    /// Kind or neutral.
    Kind,
    /// Laughter: at a joke, or at a person.
    Laughter,
    /// Mockery.
    Mocking,
    /// Anything else; it says what the conversation makes of it.
    Other,
}

impl Emoji {
    /// Reads a reaction.
    #[must_use]
    pub fn of(emoji: &str) -> Emoji {
        let plain: String =
            emoji.chars().filter(|c| !matches!(c, '\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')).collect();
        let is = |list: &[&str]| list.contains(&plain.as_str());
        if is(&MOCKING) {
            Emoji::Mocking
        } else if is(&LAUGHTER) {
            Emoji::Laughter
        } else if is(&KIND) {
            Emoji::Kind
        } else {
            Emoji::Other
        }
    }
}

/// The lightest blow that a line can be by its tone alone: aping.
#[must_use]
pub fn blow_by_tone(tone: &Tone) -> Option<Code> {
    tone.aped.then_some(Code::Mimicry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::reading::Vocabulary;

    fn tone(text: &str) -> Tone {
        Tone::of(text, &Reading::of(text, &Vocabulary::new()), false)
    }

    #[test]
    fn laughter_is_told_from_words() {
        for text in ["LOOOL", "😭😭 stop", "im dead", "hahahaha", "💀💀💀", "i am crying omg", "DEAD"]
        {
            assert!(tone(text).only_laughter, "{text:?}");
        }
        for text in ["dead good", "stop", "lol he fell", "please", ""] {
            assert!(!tone(text).only_laughter, "{text:?}");
        }
    }

    #[test]
    fn a_mocking_voice_has_capitals_all_over() {
        for text in ["i like pAnCaKeS vErY mUcH", "wItH LeMoN", "sToP iT"] {
            assert!(tone(text).aped, "{text:?}");
        }
        for text in ["PleaseStop", "GOALLL", "LMAO what", "I Am The Best", "mIssed", "iPhone McDonalds"] {
            assert!(!tone(text).aped, "{text:?}");
        }
    }

    #[test]
    fn what_is_said_again_is_an_echo() {
        assert_eq!(tone("aw please dont 😂").echo, tone("please don't").echo);
        assert_ne!(tone("please do").echo, tone("please don't").echo);
        assert!(tone("1 2 and 3").only_joins && !tone("see you at 3").only_joins);
    }

    #[test]
    fn everyday_words_are_no_names() {
        assert!(is_content("margherita") && !is_content("saturday") && !is_content("abc"));
    }
}
