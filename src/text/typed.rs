//! From what is typed to plain words: shorthand, contractions, stretched letters, digits and signs for letters.

use super::lexicon::Vocabulary;
use super::words;

/// The plain words that one typed word (folded) is read as.
#[must_use]
pub fn plain_words(typed: &str, vocabulary: &Vocabulary) -> Vec<String> {
    let mut plain = Vec::new();
    each(typed, vocabulary, |word| plain.push(word.to_owned()));
    plain
}

/// Gives the plain words of a typed one in order. Most words are known or plain as they stand, and cost a look each.
pub(super) fn each(typed: &str, vocabulary: &Vocabulary, mut say: impl FnMut(&str)) {
    if let Some(plain) = words::plain(typed) {
        for word in plain {
            say(word);
        }
        return;
    }
    let plainly = typed.bytes().all(|byte| byte.is_ascii_lowercase());
    if plainly && (vocabulary.contains(typed) || !has_run(typed)) {
        return say(typed);
    }
    if let Some((stem, ending)) = words::contraction(typed) {
        say(&stem.replace('\'', ""));
        ending.into_iter().for_each(&mut say);
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
            each(first, vocabulary, &mut say as &mut dyn FnMut(&str));
            for part in parts {
                each(part, vocabulary, &mut say as &mut dyn FnMut(&str));
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

/// Whether any letter stands twice in a row.
fn has_run(word: &str) -> bool {
    word.as_bytes().windows(2).any(|pair| pair[0] == pair[1])
}
