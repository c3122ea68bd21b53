//! From what is typed to plain words: shorthand, contractions, stretched letters, digits and signs for letters.

use super::lexicon::{Typed, UNKNOWN, Vocabulary};
use super::words;

/// The plain words that one typed word (folded) is read as.
#[must_use]
pub fn plain_words(typed: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let mut plain = Vec::new();
    each(typed, vocabulary, |word, _| plain.push(word.to_owned()));
    plain
}

/// Gives the plain words of a typed one in order, each with its number ([`UNKNOWN`] for one that no list knows). Most
/// words are known or plain as they stand, and cost one look.
pub(super) fn each(typed: &str, vocabulary: &Vocabulary, mut say: impl FnMut(&str, u32)) {
    let (plainly, run) = shape(typed);
    match vocabulary.typed(typed) {
        Typed::Plain(plain) => return plain.iter().for_each(|word| say(word, number(word, vocabulary))),
        Typed::Known(number) if plainly => return say(typed, number),
        Typed::Unknown if plainly && !run => return say(typed, UNKNOWN),
        _ => {}
    }
    spelled_otherwise(typed, vocabulary, &mut |word| say(word, number(word, vocabulary)));
}

fn number(word: &str, vocabulary: &Vocabulary) -> u32 {
    vocabulary.number(word).unwrap_or(UNKNOWN)
}

/// A word that is not plain as it stands: with apostrophes, stretched, with digits and signs.
fn spelled_otherwise(typed: &str, vocabulary: &Vocabulary, say: &mut dyn FnMut(&str)) {
    if let Some((stem, ending)) = words::contraction(typed) {
        say(&stem.replace('\'', ""));
        ending.into_iter().for_each(say);
        return;
    }
    let word = if typed.contains('\'') { typed.replace('\'', "") } else { typed.to_owned() };
    if vocabulary.contains(&word) {
        return say(&word);
    }
    if let Some((one, two)) = words::drawn_in(&word) {
        for candidate in [&one, &two] {
            if let Some(plain) = words::plain(candidate) {
                for word in plain {
                    say(word);
                }
                return;
            }
            if vocabulary.contains(candidate) {
                return say(candidate);
            }
        }
        return say(vocabulary.stretched(&word).unwrap_or(&one));
    }
    if let Some(known) = vocabulary.stretched(&word) {
        return say(known);
    }
    if word.len() >= 3
        && let Some(readings) = words::unleet(&word)
        && let Some(known) = readings.iter().find_map(|letters| in_letters(letters, vocabulary))
    {
        return say(&known);
    }
    // Signs that were kept for the sake of letters were only punctuation.
    let mut parts = word.split(['!', '|', '+']).filter(|part| !part.is_empty()).peekable();
    match (parts.next(), parts.peek().is_some()) {
        (Some(only), false) => say(only),
        (Some(first), true) => {
            for part in std::iter::once(first).chain(parts) {
                each(part, vocabulary, |word, _| say(word));
            }
        }
        (None, _) => say(&word),
    }
}

/// A reading in letters that a list knows, stretched or not.
fn in_letters(letters: &str, vocabulary: &Vocabulary) -> Option<String> {
    if vocabulary.contains(letters) {
        return Some(letters.to_owned());
    }
    let (one, two) = words::drawn_in(letters)?;
    [one, two].into_iter().find(|candidate| vocabulary.contains(candidate))
}

/// Whether a word has nothing but small letters, and whether any of them stands twice in a row.
fn shape(word: &str) -> (bool, bool) {
    let (mut plainly, mut run, mut before) = (true, false, 0);
    for byte in word.bytes() {
        plainly &= byte.is_ascii_lowercase();
        run |= byte == before;
        before = byte;
    }
    (plainly, run)
}
