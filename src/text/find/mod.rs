//! What stands in a text that is not words: addresses, numbers, names of accounts, keys, files.
//!
//! Every [`Find`] has its place in Unicode scalars of the original and says only what it *is*; whether it matters
//! (a young person's own number, a club's office line) is for whoever knows who speaks. Each finder is linear in the
//! text, and none runs unless one pass over the bytes has seen what it needs.
//!
//! | file | finds |
//! |---|---|
//! | [`link`] | links, bare and written so that nothing makes them clickable (`hxxp`, `[.]`), and e-mail addresses |
//! | [`site`] | what kind of place a link leads to: invitations, profiles, shorteners, imitations of well-known names |
//! | `number` | telephone numbers, also spelled out; payment cards; sort code with account number |
//! | `place` | postcodes, streets with a number, schools by name |
//! | `handle` | accounts on other platforms |
//! | `secret` | keys, tokens, passwords |
//! | [`file`] | files that run when they are opened |

pub mod file;
mod handle;
pub mod link;
mod number;
mod place;
mod secret;
pub mod site;
mod spelled;

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use crate::domain::Quote;

use super::fold::Folded;

pub use file::Risk;
pub use link::Link;
pub use site::Sign;

/// Something found in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Find {
    /// Where, in Unicode scalars of the original.
    pub quote: Quote,
    /// What it is.
    pub what: What,
}

/// What a find is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A link.
    Link(Link),
    /// An e-mail address.
    Email {
        /// At a provider where private persons have theirs.
        private: bool,
    },
    /// A telephone number.
    Phone {
        /// Of a person: a mobile or a line at home. Helplines and numbers that only organisations have are not.
        private: bool,
    },
    /// An account on another platform.
    Handle,
    /// A full UK postcode.
    Postcode,
    /// A street with a house number.
    Street,
    /// A school by its name.
    School,
    /// A payment card: length, issuer and check digit are right.
    Card,
    /// A sort code together with an account number.
    BankAccount,
    /// A key or token by its shape.
    Key,
    /// A password that is told.
    Password,
    /// The name of a file that runs when it is opened.
    File(Risk),
}

impl What {
    /// A link to a place that not everybody knows.
    #[must_use]
    pub fn leads_elsewhere(&self) -> bool {
        matches!(self, What::Link(link) if !site::is_well_known(&link.host))
    }

    /// Something by which a person can be reached outside.
    #[must_use]
    pub fn is_contact(&self) -> bool {
        match self {
            What::Email { private } | What::Phone { private } => *private,
            What::Handle => true,
            What::Link(link) => link.is(Sign::Invite) || link.is(Sign::Profile),
            _ => false,
        }
    }
}

/// Everything found in a text, in order of place. `original` is what `folded` was made of.
#[must_use]
pub fn all(original: &str, folded: &Folded) -> Vec<Find> {
    let text = folded.text();
    let seen = Seen::of(text);
    if seen.nothing() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if seen.dot || seen.has(DEFANGED) {
        link::find(folded, original, seen.has(DEFANGED), &mut found);
    }
    if seen.digits >= 8 {
        number::find(folded, &mut found);
    }
    if seen.has(SPELLED) {
        spelled::find(folded, &mut found);
    }
    if seen.digits >= 2 {
        place::postcodes(folded, &mut found);
    }
    if seen.digits >= 1 && seen.has(STREET) {
        place::streets(folded, &mut found);
    }
    if seen.has(SCHOOL) {
        place::schools(folded, &mut found);
    }
    if seen.has(APP) || (seen.hash && seen.digits >= 4) {
        handle::find(folded, &mut found);
    }
    if seen.has(SECRET) || seen.dense {
        secret::find(original, folded, seen.has(SECRET), &mut found);
    }
    if seen.dot {
        file::find(folded, &mut found);
    }
    found.sort();
    found.dedup();
    found
}

/// What one pass over the bytes has seen.
#[derive(Clone, Copy, Default)]
struct Seen {
    digits: usize,
    dot: bool,
    hash: bool,
    /// A run of 20 bytes or more without a space: long enough for a key.
    dense: bool,
    words: u8,
}

/// What the words below are a sign of.
const DEFANGED: u8 = 1;
const SPELLED: u8 = 2;
const STREET: u8 = 4;
const SCHOOL: u8 = 8;
const APP: u8 = 16;
const SECRET: u8 = 32;

const SIGNS: &[(&str, u8)] = &[
    ("hxxp", DEFANGED),
    ("[.]", DEFANGED),
    ("(.)", DEFANGED),
    ("{.}", DEFANGED),
    ("[dot]", DEFANGED),
    ("(dot)", DEFANGED),
    (" dot ", DEFANGED),
    ("[at]", DEFANGED),
    ("(at)", DEFANGED),
    (" at gmail", DEFANGED),
    (" at hotmail", DEFANGED),
    (" at outlook", DEFANGED),
    (" at yahoo", DEFANGED),
    (" at icloud", DEFANGED),
    ("[:]", DEFANGED),
    ("seven", SPELLED),
    (" road", STREET),
    (" rd", STREET),
    (" street", STREET),
    (" st", STREET),
    (" avenue", STREET),
    (" ave", STREET),
    (" lane", STREET),
    (" close", STREET),
    (" drive", STREET),
    (" way", STREET),
    (" court", STREET),
    (" gardens", STREET),
    (" crescent", STREET),
    (" terrace", STREET),
    (" grove", STREET),
    (" mews", STREET),
    (" square", STREET),
    (" place", STREET),
    ("school", SCHOOL),
    ("academy", SCHOOL),
    ("college", SCHOOL),
    ("grammar", SCHOOL),
    ("sixth form", SCHOOL),
    ("snap", APP),
    ("insta", APP),
    ("ig:", APP),
    (" ig ", APP),
    ("ig is", APP),
    ("sc:", APP),
    (" sc ", APP),
    ("sc is", APP),
    ("discord", APP),
    ("disc:", APP),
    ("telegram", APP),
    ("tele:", APP),
    ("tg:", APP),
    (" tg ", APP),
    ("whatsapp", APP),
    ("kik", APP),
    ("tiktok", APP),
    ("roblox", APP),
    ("rblx", APP),
    ("gamertag", APP),
    ("xbox", APP),
    ("psn", APP),
    ("steam", APP),
    ("wickr", APP),
    ("bereal", APP),
    ("twitch", APP),
    ("minecraft", APP),
    ("fortnite", APP),
    ("username", APP),
    ("password", SECRET),
    ("passcode", SECRET),
    ("passwd", SECRET),
    ("pword", SECRET),
    ("pwd", SECRET),
    ("pass is", SECRET),
    ("pass:", SECRET),
    ("pin ", SECRET),
    ("token", SECRET),
    ("-----begin", SECRET),
    ("login", SECRET),
];

static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = SIGNS.iter().map(|(word, _)| word);
    AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(words).ok()
});

impl Seen {
    fn of(text: &str) -> Seen {
        let mut seen = Seen::default();
        let mut run = 0_usize;
        for &byte in text.as_bytes() {
            match byte {
                b'0'..=b'9' => seen.digits += 1,
                b'.' => seen.dot = true,
                b'#' => seen.hash = true,
                _ => {}
            }
            run = if byte <= b' ' { 0 } else { run + 1 };
            seen.dense |= run >= 20;
        }
        if let Some(words) = WORDS.as_ref() {
            for found in words.find_overlapping_iter(text) {
                seen.words |= SIGNS[found.pattern().as_usize()].1;
            }
        }
        seen
    }

    fn has(self, sign: u8) -> bool {
        self.words & sign != 0
    }

    fn nothing(self) -> bool {
        self.words == 0 && self.digits < 2 && !self.dot && !self.dense
    }
}

/// The find for a byte range of a folded text.
fn at(folded: &Folded, start: usize, end: usize, what: What) -> Find {
    let (start, end) = folded.scalars_of(start, end);
    Find { quote: Quote { start, end }, what }
}

/// Whether a word is one of a list written with spaces between.
fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// The byte before a place, if any.
fn before(text: &str, at: usize) -> Option<u8> {
    at.checked_sub(1).and_then(|at| text.as_bytes().get(at)).copied()
}

/// Whether a byte can belong to a word.
fn wordy(byte: Option<u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128)
}

#[cfg(test)]
mod tests;
