//! The folded view of a text: what it says once every disguise that costs nothing is taken off, with a map back
//! to the original.
//!
//! Folding lowers case, undoes compatibility forms (full width, mathematical letters, ligatures), drops combining
//! marks and invisible characters, straightens quotation marks, and replaces look-alike letters of other scripts.
//! The look-alike table (UTS #39) is asked about non-ASCII characters only: it also rewrites ASCII (`m` becomes
//! `rn`), which would spoil plain text. Plain ASCII takes a fast path.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::confusable_detection::skeleton;

/// A folded text and where each of its bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    text: String,
    /// For each byte of `text` the first and the last Unicode scalar of the original that it stands for; absent where
    /// both are its own number.
    from: Option<Vec<(u32, u32)>>,
    scalars: u32,
}

impl Folded {
    /// Folds a text. Linear in its length; never fails.
    #[must_use]
    pub fn of(original: &str) -> Folded {
        if original.is_ascii() && !has_percent_code(original.as_bytes()) {
            return Folded {
                text: original.to_ascii_lowercase(),
                from: None,
                scalars: u32::try_from(original.len()).unwrap_or(u32::MAX),
            };
        }
        let mut writer = Writer::default();
        if is_upside_down(original) {
            let count = original.chars().count();
            for (at, c) in original.chars().rev().enumerate() {
                writer.put(upright(c), number(count - 1 - at), number(count - 1 - at));
            }
            return writer.done(number(count));
        }
        let bytes = original.as_bytes();
        let (mut at, mut scalar) = (0, 0_u32);
        while let Some(c) = original.get(at..).and_then(|rest| rest.chars().next()) {
            // "%6b%79%73": two codes or more in a row, or it is an ordinary per cent sign.
            if c == '%'
                && code(bytes, at).is_some()
                && (code(bytes, at + 3).is_some() || is_coded_before(bytes, at))
            {
                let (decoded, length) = decode(bytes, at);
                writer.put(decoded, scalar, scalar.saturating_add(number(length) - 1));
                at += length;
                scalar = scalar.saturating_add(number(length));
                continue;
            }
            // Two of these side by side are a country's flag; in longer rows they are letters.
            if is_of_a_flag(c) {
                let row = original[at..].chars().take_while(|c| is_of_a_flag(*c)).count();
                for c in original[at..].chars().take(row) {
                    if row == 2 {
                        writer.keep(c, scalar);
                    } else {
                        writer.put(c, scalar, scalar);
                    }
                    at += c.len_utf8();
                    scalar = scalar.saturating_add(1);
                }
                continue;
            }
            writer.put(c, scalar, scalar);
            at += c.len_utf8();
            scalar = scalar.saturating_add(1);
        }
        writer.done(scalar)
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
            None => number(at).min(self.scalars),
            Some(from) => from.get(at).map_or(self.scalars, |(first, _)| *first),
        }
    }

    /// The half-open range of original scalars that a non-empty byte range came from.
    #[must_use]
    pub fn scalars_of(&self, start: usize, end: usize) -> (u32, u32) {
        let last = end.max(start + 1) - 1;
        match &self.from {
            None => (number(start).min(self.scalars), number(last + 1).min(self.scalars)),
            Some(from) => {
                let nowhere = (self.scalars, self.scalars);
                let (one, two) = (*from.get(start).unwrap_or(&nowhere), *from.get(last).unwrap_or(&nowhere));
                // What stood upside down runs the other way.
                (one.0.min(two.0), one.1.max(two.1).saturating_add(1).min(self.scalars))
            }
        }
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    from: Vec<(u32, u32)>,
}

impl Writer {
    fn put(&mut self, c: char, first: u32, last: u32) {
        fold_char(c, &mut self.text);
        self.from.resize(self.text.len(), (first, last));
    }

    /// As it is.
    fn keep(&mut self, c: char, at: u32) {
        self.text.push(c);
        self.from.resize(self.text.len(), (at, at));
    }

    fn done(self, scalars: u32) -> Folded {
        Folded { text: self.text, from: Some(self.from), scalars }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The byte that a percent code stands for.
fn code(bytes: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    if bytes.get(at) != Some(&b'%') {
        return None;
    }
    u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()
}

fn has_percent_code(bytes: &[u8]) -> bool {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == b'%').map(|n| from + n) {
        if code(bytes, at).is_some() && code(bytes, at + 3).is_some() {
            return true;
        }
        from = at + 1;
    }
    false
}

fn is_coded_before(bytes: &[u8], at: usize) -> bool {
    at.checked_sub(3).is_some_and(|before| code(bytes, before).is_some())
}

/// One character that percent codes stand for, and how many bytes of the text it takes.
fn decode(bytes: &[u8], at: usize) -> (char, usize) {
    let mut coded = [0_u8; 4];
    let mut count = 0;
    while count < 4
        && let Some(byte) = code(bytes, at + 3 * count)
    {
        coded[count] = byte;
        count += 1;
        if let Some(c) = std::str::from_utf8(&coded[..count]).ok().and_then(|text| text.chars().next()) {
            return (c, 3 * count);
        }
    }
    ('%', 1)
}

/// Letters that stand on their heads, and what they are.
const UPSIDE_DOWN: [(char, char); 25] = [
    ('\u{250}', 'a'),
    ('\u{254}', 'c'),
    ('\u{1dd}', 'e'),
    ('\u{25f}', 'f'),
    ('\u{183}', 'g'),
    ('\u{265}', 'h'),
    ('\u{1d09}', 'i'),
    ('\u{131}', 'i'),
    ('\u{27e}', 'j'),
    ('\u{29e}', 'k'),
    ('\u{26f}', 'm'),
    ('\u{279}', 'r'),
    ('\u{287}', 't'),
    ('\u{28c}', 'v'),
    ('\u{28d}', 'w'),
    ('\u{28e}', 'y'),
    ('\u{a781}', 'l'),
    ('u', 'n'),
    ('n', 'u'),
    ('p', 'd'),
    ('d', 'p'),
    ('q', 'b'),
    ('b', 'q'),
    ('\u{2c9}', '_'),
    ('\u{2d9}', '.'),
];

/// Three letters on their heads, and at least a third of all: nobody writes so by chance.
fn is_upside_down(text: &str) -> bool {
    let heads =
        |c: &char| !c.is_ascii() && *c != '\u{131}' && UPSIDE_DOWN.iter().any(|(turned, _)| turned == c);
    let turned = text.chars().filter(heads).count();
    turned >= 2 && turned * 3 >= text.chars().filter(|c| c.is_alphabetic()).count()
}

fn upright(c: char) -> char {
    UPSIDE_DOWN.iter().find(|(turned, _)| *turned == c).map_or(c, |(_, upright)| *upright)
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
        // The colour of a pictured person's skin says whom the picture means; of a hand it says nothing.
        '\u{1f3fe}' | '\u{1f3ff}' if into.chars().next_back().is_some_and(is_person) => {
            into.push('\u{1f3ff}');
            return;
        }
        // Letters as flags and as signs in a frame.
        '\u{1f1e6}'..='\u{1f1ff}' => return put_letter(c, 0x1f1e6, into),
        '\u{1f150}'..='\u{1f169}' => return put_letter(c, 0x1f150, into),
        '\u{1f170}'..='\u{1f189}' => return put_letter(c, 0x1f170, into),
        '\u{1f18e}' => {
            into.push_str("ab");
            return;
        }
        '\u{24c2}' => {
            into.push('m');
            return;
        }
        '\u{1f300}'..='\u{1f3fa}' | '\u{1f400}'..='\u{1faff}' => {
            into.push(c); // a picture
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

fn is_of_a_flag(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

/// A picture of a whole person.
fn is_person(c: char) -> bool {
    matches!(c,
        '\u{1f466}'..='\u{1f469}' | '\u{1f46e}'..='\u{1f478}' | '\u{1f481}'..='\u{1f483}' | '\u{1f3c3}'
        | '\u{1f645}'..='\u{1f647}' | '\u{1f64b}' | '\u{1f926}' | '\u{1f934}'..='\u{1f939}'
        | '\u{1f9d1}'..='\u{1f9dd}')
}

/// The letter that stands so many places behind the first of its kind.
fn put_letter(c: char, first: u32, into: &mut String) {
    let letters = 'a'..='z';
    into.extend(letters.into_iter().nth((u32::from(c) - first) as usize));
}

/// A character that is not ASCII even when decomposed: as the ASCII that it looks like, else in lower case.
fn fold_foreign(c: char, into: &mut String) {
    if let Some(like) = u32::from(c).checked_sub(NEIGHBOURS.0).and_then(|at| LOOKS.get(at as usize)) {
        into.push_str(like);
        return;
    }
    fold_by_looks(c, into);
}

/// Greek, Cyrillic and Armenian: the letters that are borrowed most, from the first to the one behind the last.
const NEIGHBOURS: (u32, u32) = (0x370, 0x590);

static LOOKS: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    let looks = |code| {
        let mut like = String::new();
        if let Some(c) = char::from_u32(code) {
            fold_by_looks(c, &mut like);
        }
        like.into_boxed_str()
    };
    (NEIGHBOURS.0..NEIGHBOURS.1).map(looks).collect()
});

fn fold_by_looks(c: char, into: &mut String) {
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
            ("🇰🇾🇸", "kys"),
            ("🇵🇱 won", "🇵🇱 won"), // a flag
            ("👨🏿 👍🏿 👩🏼", "👨\u{1f3ff} 👍 👩"),
            ("🅚🅨🅢 🅺🆈🆂 ⓚⓨⓢ 🄺🅈🅂", "kys kys kys kys"),
            ("%6b%79%73 100%25 50%", "kys 100%25 50%"),
            ("%F0%9D%93%B4ys", "kys"),
            ("sʎʞ", "kys"),
            ("ɟlǝsɹnoʎ llᴉʞ", "kill yourself"),
            ("/ˈtɛst/", "/ˈtɛst/"),
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
        let coded = Folded::of("é %6b%79%73!");
        assert_eq!((coded.text(), coded.scalars_of(2, 5)), ("e kys!", (2, 11)));
        let turned = Folded::of("x sʎʞ");
        assert_eq!((turned.text(), turned.scalars_of(0, 3)), ("kys x", (2, 5)));
        assert_eq!(Folded::of("ab").scalars_of(1, 2), (1, 2));
        assert_eq!(Folded::of("").scalar_at(0), 0);
    }
}
