//! The folded view of a text: what it says once every disguise that costs nothing is taken off, with a map back
//! to the original.
//!
//! Folding lowers case, undoes compatibility forms (full width, mathematical letters, ligatures), drops combining
//! marks and invisible characters, straightens quotation marks, and replaces look-alike letters of other scripts.
//! The look-alike table (UTS #39) is asked about non-ASCII characters only: it also rewrites ASCII (`m` becomes
//! `rn`), which would spoil plain text. Plain ASCII takes a fast path.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

/// A folded text and where each of its bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    text: String,
    /// For each byte of `text` the Unicode scalar of the original; absent where both are the same number.
    from: Option<Vec<u32>>,
    scalars: u32,
}

impl Folded {
    /// Folds a text. Linear in its length; never fails.
    #[must_use]
    pub fn of(original: &str) -> Folded {
        if original.is_ascii() {
            return Folded {
                text: original.to_ascii_lowercase(),
                from: None,
                scalars: u32::try_from(original.len()).unwrap_or(u32::MAX),
            };
        }
        let mut text = String::with_capacity(original.len());
        let mut from = Vec::with_capacity(original.len());
        let mut scalar = 0_u32;
        for c in original.chars() {
            let before = text.len();
            fold_char(c, &mut text);
            from.extend(std::iter::repeat_n(scalar, text.len() - before));
            scalar = scalar.saturating_add(1);
        }
        Folded { text, from: Some(from), scalars: scalar }
    }

    /// The folded text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many Unicode scalars the original has.
    #[must_use]
    pub fn scalars(&self) -> u32 {
        self.scalars
    }

    /// The Unicode scalar of the original that the byte at `at` came from; its length for a position at the end.
    #[must_use]
    pub fn scalar_at(&self, at: usize) -> u32 {
        match &self.from {
            None => u32::try_from(at).unwrap_or(u32::MAX).min(self.scalars),
            Some(from) => from.get(at).copied().unwrap_or(self.scalars),
        }
    }

    /// The half-open range of original scalars that a non-empty byte range came from.
    #[must_use]
    pub fn scalars_of(&self, start: usize, end: usize) -> (u32, u32) {
        let last = self.scalar_at(end.max(start + 1) - 1);
        (self.scalar_at(start), last.saturating_add(1).min(self.scalars))
    }
}

fn fold_char(c: char, into: &mut String) {
    if c.is_ascii() {
        into.push(c.to_ascii_lowercase());
        return;
    }
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{00b4}' | '\u{02bc}' => {
            into.push('\'');
            return;
        }
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{00ab}' | '\u{00bb}' | '\u{2033}' => {
            into.push('"');
            return;
        }
        '\u{2026}' => {
            into.push('.');
            return;
        }
        '\u{2028}' | '\u{2029}' | '\u{0085}' => {
            into.push('\n');
            return;
        }
        _ if is_invisible(c) || is_combining_mark(c) => return,
        _ if c.is_whitespace() => {
            into.push(' ');
            return;
        }
        _ => {}
    }
    for part in std::iter::once(c).nfkd() {
        if is_combining_mark(part) || is_invisible(part) {
            continue;
        }
        if part.is_ascii() {
            into.push(part.to_ascii_lowercase());
        } else {
            fold_foreign(part, into);
        }
    }
}

/// A character that is not ASCII even when decomposed: as the ASCII that it looks like, else in lower case.
fn fold_foreign(c: char, into: &mut String) {
    if c.is_alphabetic() {
        let mut buffer = [0; 4];
        let before = into.len();
        for like in skeleton(c.encode_utf8(&mut buffer)) {
            if !is_combining_mark(like) {
                into.push(like.to_ascii_lowercase());
            }
        }
        if into.len() > before && into[before..].bytes().all(|b| b.is_ascii_alphanumeric()) {
            return;
        }
        into.truncate(before);
    }
    into.extend(c.to_lowercase().filter(|lower| !is_combining_mark(*lower)));
}

/// Characters that take no room: joiners, direction marks, variation selectors, tags, soft hyphens.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn disguises_come_off() {
        for (disguised, plain) in [
            ("Hello THERE", "hello there"),
            ("ｋｙｓ", "kys"),
            ("𝓴𝔂𝓼", "kys"),
            ("kуѕ", "kys"),                 // Cyrillic у and ѕ
            ("k\u{200b}y\u{200d}s", "kys"), // zero width
            ("k\u{336}y\u{336}s", "kys"),   // struck through
            ("café naïve", "cafe naive"),
            ("don’t “tell”", "don't \"tell\""),
            ("morning 01I", "morning 01i"), // ASCII is never sent through the look-alike table
            ("é morning", "e morning"),
            ("İstanbul", "istanbul"),
        ] {
            assert_eq!(Folded::of(disguised).text(), plain, "{disguised:?}");
        }
    }

    #[test]
    fn every_byte_knows_its_scalar() {
        let folded = Folded::of("🦕 ﬁne k\u{200b}ys");
        let at = folded.text().find("kys").unwrap();
        assert_eq!(folded.scalars_of(at, at + 3), (6, 10));
        let fine = folded.text().find("fine").unwrap();
        assert_eq!(folded.scalars_of(fine, fine + 4), (2, 5));
        assert_eq!(Folded::of("ab").scalars_of(1, 2), (1, 2));
        assert_eq!(Folded::of("").scalar_at(0), 0);
    }
}
