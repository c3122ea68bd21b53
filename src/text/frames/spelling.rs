//! How words vary: the endings that English gives them, and how people mistype them.

/// Which letters a word holds.
pub(super) fn letters(word: &str) -> u32 {
    word.bytes().filter(u8::is_ascii_lowercase).fold(0, |all, b| all | 1 << (b - b'a'))
}

/// Whether a text is a word with a letter missing, a letter too many (but at its end, where it may be another form of
/// the word), or two neighbours changed.
pub(super) fn is_typo(text: &str, word: &str) -> bool {
    let lacks_one = |long: &str, short: &str| {
        let same = long.bytes().zip(short.bytes()).take_while(|(a, b)| a == b).count();
        long.len() == short.len() + 1 && long.as_bytes()[same + 1..] == short.as_bytes()[same..]
    };
    lacks_one(word, text) || (lacks_one(text, word) && !text.starts_with(word)) || swapped(text, word)
}

/// Whether one is the other with two neighbours changed.
fn swapped(one: &str, other: &str) -> bool {
    let (a, b) = (one.as_bytes(), other.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let Some(first) = (0..a.len()).find(|at| a[*at] != b[*at]) else { return false };
    first + 1 < a.len()
        && a[first] == b[first + 1]
        && a[first + 1] == b[first]
        && a[first + 2..] == b[first + 2..]
}

/// A word with the endings that English gives it; some of them are no words, which does no harm.
#[must_use]
pub fn endings(word: &str) -> Vec<String> {
    let mut all: Vec<String> =
        ["", "s", "ed", "ing", "er", "ers"].iter().map(|end| format!("{word}{end}")).collect();
    if let Some(stem) = word.strip_suffix('e') {
        all.extend(["ing", "ed", "er", "ers"].iter().map(|end| format!("{stem}{end}")));
    }
    if let Some(stem) = word.strip_suffix('y') {
        all.extend(["ies", "ied", "ier"].iter().map(|end| format!("{stem}{end}")));
    }
    if word.ends_with(['s', 'h', 'x', 'z']) {
        all.push(format!("{word}es"));
    }
    let bytes = word.as_bytes();
    if let [.., vowel, last] = bytes
        && b"aeiou".contains(vowel)
        && !b"aeiouwxy".contains(last)
    {
        let last = char::from(*last);
        all.extend(["ed", "ing", "er", "ers"].iter().map(|end| format!("{word}{last}{end}")));
    }
    all.sort();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_those_of_english() {
        let all = endings("hate");
        assert!(["hate", "hates", "hated", "hating", "hater"].iter().all(|w| all.contains(&(*w).to_owned())));
        assert!(endings("stab").contains(&"stabbing".to_owned()));
        assert!(endings("party").contains(&"parties".to_owned()));
    }

    #[test]
    fn a_typo_is_one_slip() {
        for (text, yes) in [
            ("wardns", true),
            ("wradens", true),
            ("waardens", true),
            ("wardens", false),
            ("wardenss", false),
            ("gardens", false),
            ("wrdns", false),
        ] {
            assert_eq!(is_typo(text, "wardens"), yes, "{text}");
        }
    }
}
