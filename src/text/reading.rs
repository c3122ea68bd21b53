//! A message as it is read: plain words in order, sentence by sentence, each knowing where it stands in the
//! original; and which parts stand in quotation marks.
//!
//! The line that patterns run over looks like ` . do not tell your mum . `: every word has a space before it, `.`
//! and `?` close a sentence, other punctuation is gone.

use std::collections::BTreeSet;

use crate::domain::Quote;

use super::fold::Folded;
use super::words;

/// One word (or the end of a sentence) of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it starts in [`Reading::line`], in bytes.
    pub start: usize,
    /// The byte behind it.
    pub end: usize,
    /// Where it came from, in Unicode scalars of the original.
    pub from: u32,
    /// The scalar behind it.
    pub to: u32,
    /// The end of a sentence, not a word.
    pub stop: bool,
    /// A comma or a colon follows.
    pub pause: bool,
}

/// A message as it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The folded text.
    pub folded: Folded,
    /// The line that patterns run over.
    pub line: String,
    /// Its words and stops, in order.
    pub words: Vec<Word>,
    /// Parts in quotation marks, in scalars of the original.
    pub quoted: Vec<Quote>,
}

/// The words that any list knows: what decides between readings of a stretched, spaced or digit-for-letter word.
pub type Vocabulary = BTreeSet<String>;

impl Reading {
    /// Reads a text. Linear in its length.
    #[must_use]
    pub fn of(text: &str, vocabulary: &Vocabulary) -> Reading {
        let folded = Folded::of(text);
        let raw = split(&folded);
        let joined = join_spaced(raw, &folded, vocabulary);
        let mut reading = Reading {
            quoted: quotations(&folded),
            line: String::with_capacity(folded.text().len() + 16),
            words: Vec::with_capacity(joined.len() + 2),
            folded,
        };
        reading.stop(".", 0, 0);
        for piece in &joined {
            match piece {
                Raw::Stop { question, at } => {
                    let at = reading.folded.scalar_at(*at);
                    reading.stop(if *question { "?" } else { "." }, at, at);
                }
                Raw::Word { start, end, pause } => reading.word(*start, *end, *pause, vocabulary),
                Raw::Joined { word, start, end } => {
                    let (from, to) = reading.folded.scalars_of(*start, *end);
                    reading.push(word, from, to, false, false);
                }
            }
        }
        let end = reading.folded.scalars();
        reading.stop(".", end, end);
        reading.line.push(' ');
        reading
    }

    /// The plain word at an index.
    #[must_use]
    pub fn word_at(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| &self.line[word.start..word.end])
    }

    /// The original range that a byte range of [`Reading::line`] was read from; stops at its edges do not count.
    #[must_use]
    pub fn quote(&self, start: usize, end: usize) -> Quote {
        let (first, last) = self.indices(start, end);
        let inside = || self.words[first..last].iter().filter(|word| !word.stop);
        match (inside().next(), inside().next_back()) {
            (Some(a), Some(b)) => Quote { start: a.from, end: b.to.max(a.from) },
            _ => Quote { start: 0, end: self.folded.scalars() },
        }
    }

    /// The half-open range of words that a byte range of [`Reading::line`] touches.
    #[must_use]
    pub fn indices(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.words.partition_point(|word| word.end <= start);
        let last = self.words.partition_point(|word| word.start < end);
        (first, last.max(first))
    }

    /// The half-open range of words of the sentence in which the word at `index` stands, without its stops.
    #[must_use]
    pub fn sentence(&self, index: usize) -> (usize, usize) {
        let index = index.min(self.words.len().saturating_sub(1));
        let start = self.words[..index].iter().rposition(|word| word.stop).map_or(0, |at| at + 1);
        let end =
            self.words[index..].iter().position(|word| word.stop).map_or(self.words.len(), |n| index + n);
        (start, end.max(start))
    }

    /// Whether the sentence of the word at `index` is a question: it ends in one, or begins as one.
    #[must_use]
    pub fn is_question(&self, index: usize) -> bool {
        let (start, end) = self.sentence(index);
        if self.words.get(end).is_some_and(|stop| &self.line[stop.start..stop.end] == "?") {
            return true;
        }
        let first =
            (start..end).find(|at| !matches!(self.word_at(*at), "so" | "and" | "but" | "ok" | "hey" | "hi"));
        first.is_some_and(|at| QUESTION_WORDS.contains(&self.word_at(at)))
    }

    /// Whether any of these words stands anywhere in it.
    #[must_use]
    pub fn has_any(&self, wanted: &[&str]) -> bool {
        (0..self.words.len()).any(|at| wanted.contains(&self.word_at(at)))
    }

    /// The same reading with some of its words replaced: names of known people by what those people are. Quotes
    /// still lead back to the original.
    #[must_use]
    pub fn with(&self, replacement: impl Fn(&str) -> Option<&'static str>) -> Option<Reading> {
        let found: Vec<(usize, &'static str)> = (0..self.words.len())
            .filter(|&at| !self.words[at].stop)
            .filter_map(|at| replacement(self.word_at(at)).map(|word| (at, word)))
            .collect();
        if found.is_empty() {
            return None;
        }
        let mut reading = Reading {
            folded: self.folded.clone(),
            line: String::with_capacity(self.line.len() + 16 * found.len()),
            words: Vec::with_capacity(self.words.len()),
            quoted: self.quoted.clone(),
        };
        let mut found = found.into_iter().peekable();
        for (at, word) in self.words.iter().enumerate() {
            let text =
                found.next_if(|(place, _)| *place == at).map_or_else(|| self.word_at(at), |(_, word)| word);
            reading.push(text, word.from, word.to, word.stop, word.pause);
        }
        reading.line.push(' ');
        Some(reading)
    }

    fn stop(&mut self, sign: &str, from: u32, to: u32) {
        if let Some(last) = self.words.last()
            && last.stop
            && self.words.len() > 1
        {
            if sign == "?" {
                // "Really?!" is a question.
                let (start, end) = (last.start, last.end);
                self.line.replace_range(start..end, "?");
            }
            return;
        }
        self.push(sign, from, to, true, false);
    }

    fn word(&mut self, start: usize, end: usize, pause: bool, vocabulary: &Vocabulary) {
        let (from, to) = self.folded.scalars_of(start, end);
        let typed = self.folded.text()[start..end].to_owned();
        for (at, word) in plain_words(&typed, vocabulary).iter().enumerate() {
            self.push(word, from, to, false, pause && at == 0);
        }
    }

    fn push(&mut self, word: &str, from: u32, to: u32, stop: bool, pause: bool) {
        self.line.push(' ');
        let start = self.line.len();
        self.line.push_str(word);
        self.words.push(Word { start, end: self.line.len(), from, to, stop, pause });
    }
}

const QUESTION_WORDS: [&str; 23] = [
    "what", "where", "when", "who", "why", "which", "how", "do", "does", "did", "are", "is", "can", "could",
    "would", "will", "have", "has", "you", "any", "whose", "want", "got",
];

/// The plain words that one typed word (folded) is read as.
#[must_use]
pub fn plain_words(typed: &str, vocabulary: &Vocabulary) -> Vec<String> {
    if let Some(plain) = words::plain(typed) {
        return plain.iter().map(|&word| word.to_owned()).collect();
    }
    if let Some((stem, ending)) = words::contraction(typed) {
        return std::iter::once(stem.replace('\'', "")).chain(ending.map(str::to_owned)).collect();
    }
    let word = if typed.contains('\'') { typed.replace('\'', "") } else { typed.to_owned() };
    if vocabulary.contains(&word) {
        return vec![word];
    }
    if let Some((one, two)) = words::drawn_in(&word) {
        for candidate in [&one, &two] {
            if let Some(plain) = words::plain(candidate) {
                return plain.iter().map(|&word| word.to_owned()).collect();
            }
            if vocabulary.contains(candidate) {
                return vec![candidate.clone()];
            }
        }
        return vec![one];
    }
    if word.len() >= 3
        && let Some(letters) = words::unleet(&word)
        && vocabulary.contains(&letters)
    {
        return vec![letters];
    }
    vec![word]
}

#[derive(Debug)]
enum Raw {
    Word { start: usize, end: usize, pause: bool },
    Joined { word: String, start: usize, end: usize },
    Stop { question: bool, at: usize },
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric()
}

/// Splits the folded text into typed words and stops (byte ranges).
fn split(folded: &Folded) -> Vec<Raw> {
    let text = folded.text();
    let mut out: Vec<Raw> = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut skip_to = 0;
    while let Some((at, c)) = chars.next() {
        if at < skip_to {
            continue;
        }
        let next = chars.peek().map(|&(_, next)| next);
        if c == '<'
            && matches!(next, Some('@' | '#' | ':' | 'a' | 't' | '/'))
            && let Some(close) = text[at..].bytes().take(100).position(|b| b == b'>')
        {
            skip_to = at + close + 1; // a mention, a custom emoji, a timestamp: not words
        } else if in_word(c) {
            let end = word_end(text, at);
            if text[end..].starts_with("://") {
                let stop = text[end..].find(char::is_whitespace).map_or(text.len(), |n| end + n);
                skip_to = stop; // an address is not words
            } else {
                out.push(Raw::Word { start: at, end, pause: false });
                skip_to = end;
            }
        } else {
            match c {
                '\n' => out.push(Raw::Stop { question: false, at }),
                '?' => out.push(Raw::Stop { question: true, at }),
                '.' | '!' | ';' if !next.is_some_and(in_word) => {
                    out.push(Raw::Stop { question: false, at });
                }
                ',' | ':' => {
                    if let Some(Raw::Word { pause, .. }) = out.last_mut() {
                        *pause = true;
                    }
                }
                _ if !c.is_ascii() && !c.is_whitespace() => {
                    out.push(Raw::Word { start: at, end: at + c.len_utf8(), pause: false });
                }
                _ => {}
            }
        }
    }
    out
}

/// Where the word that starts at `start` ends. Apostrophes and letter-like signs count inside a word.
fn word_end(text: &str, start: usize) -> usize {
    let mut end = start;
    let mut chars = text[start..].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_in = chars.peek().is_some_and(|&(_, next)| in_word(next));
        if in_word(c) || (matches!(c, '\'' | '@' | '$') && next_in) {
            end = start + at + c.len_utf8();
        } else {
            break;
        }
    }
    end
}

/// Single letters in a row ("k.y.s", "d m  m e") are read as the words that they spell, where a list knows them.
fn join_spaced(raw: Vec<Raw>, folded: &Folded, vocabulary: &Vocabulary) -> Vec<Raw> {
    let letter = |piece: &Raw| match piece {
        Raw::Word { start, end, .. } if end - start == 1 => Some(*start),
        _ => None,
    };
    if raw.windows(3).all(|three| three.iter().any(|piece| letter(piece).is_none())) {
        return raw;
    }
    let mut out = Vec::with_capacity(raw.len());
    let mut run: Vec<Raw> = Vec::new();
    for piece in raw {
        if letter(&piece).is_some() {
            run.push(piece);
        } else {
            close_run(&mut run, &mut out, folded, vocabulary);
            out.push(piece);
        }
    }
    close_run(&mut run, &mut out, folded, vocabulary);
    out
}

/// Longer runs of single letters than this are noise; leaving them alone keeps the work linear.
const LONGEST_SPACED: usize = 32;

fn close_run(run: &mut Vec<Raw>, out: &mut Vec<Raw>, folded: &Folded, vocabulary: &Vocabulary) {
    let starts: Vec<usize> = run
        .iter()
        .filter_map(|piece| if let Raw::Word { start, .. } = piece { Some(*start) } else { None })
        .collect();
    if starts.len() >= 3 && starts.len() <= LONGEST_SPACED {
        let spelled: String = starts.iter().map(|&at| &folded.text()[at..=at]).collect();
        if let Some(cuts) = spell(&spelled, vocabulary) {
            for pair in cuts.windows(2) {
                out.push(Raw::Joined {
                    word: spelled[pair[0]..pair[1]].to_owned(),
                    start: starts[pair[0]],
                    end: starts[pair[1] - 1] + 1,
                });
            }
            run.clear();
            return;
        }
    }
    out.append(run);
}

/// Where known words of two letters or more meet in a spelled-out run, as few as possible.
fn spell(letters: &str, vocabulary: &Vocabulary) -> Option<Vec<usize>> {
    let n = letters.len();
    let mut best: Vec<Option<(usize, usize)>> = vec![None; n + 1]; // (words so far, where the last one starts)
    best[0] = Some((0, 0));
    for end in 2..=n {
        for start in 0..=end - 2 {
            let Some((count, _)) = best[start] else { continue };
            if best[end].is_none_or(|(least, _)| count + 1 < least)
                && vocabulary.contains(&letters[start..end])
            {
                best[end] = Some((count + 1, start));
            }
        }
    }
    let mut cuts = vec![n];
    let mut at = n;
    while at > 0 {
        at = best[at]?.1;
        cuts.push(at);
    }
    cuts.reverse();
    Some(cuts)
}

/// Parts between quotation marks. A single quote opens only before a word and closes only after one.
fn quotations(folded: &Folded) -> Vec<Quote> {
    let text = folded.text();
    if !text.bytes().any(|b| b == b'"' || b == b'\'') {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|b| b.is_ascii_alphanumeric() || *b >= 128)
    };
    let mut found = Vec::new();
    let (mut double, mut single): (Option<usize>, Option<usize>) = (None, None);
    for (at, b) in bytes.iter().enumerate() {
        match b {
            b'"' => match double.take() {
                Some(open) => found.push((open, at)),
                None => double = Some(at),
            },
            b'\'' if word(at.checked_sub(1)) && word(Some(at + 1)) => {} // an apostrophe
            b'\'' => match single.take() {
                Some(open) if !word(Some(at + 1)) => found.push((open, at)),
                _ if !word(at.checked_sub(1)) && word(Some(at + 1)) => single = Some(at),
                open => single = open,
            },
            _ => {}
        }
    }
    found
        .iter()
        .map(|&(open, close)| Quote { start: folded.scalar_at(open), end: folded.scalar_at(close) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        let vocabulary = ["kys", "dm", "me", "secret", "so", "good", "snap", "class", "kill", "yourself"];
        Reading::of(text, &vocabulary.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn a_line_holds_plain_words_and_stops() {
        for (text, line) in [
            ("Dont tell ur mum!! ok?", " . do not tell ur mum . ok ? "),
            ("soooo goood", " . so good . "),
            ("k.y.s", " . kys . "),
            ("d m  m-e", " . dm me . "),
            ("k i l l y o u r s e l f", " . kill yourself . "),
            ("sn4p s3cret 8.15", " . snap secret 8 15 . "),
            ("a b c d", " . a be see d . "),
            ("<@123> hi https://example.org/secret <:kys:99>", " . hi . "),
            ("||kys|| **secret**", " . kys secret . "),
            ("rab'll want his mum's", " . rab will want his mum . "),
            ("", " . . "),
        ] {
            let got = read(text).line;
            assert_eq!(got.replace(" . . ", " . "), line.replace(" . . ", " . "), "{text:?}");
        }
    }

    #[test]
    fn quotes_lead_back_to_the_original() {
        let reading = read("🦕 ok. k.y.s now");
        let at = reading.line.find("kys").unwrap();
        assert_eq!(reading.quote(at, at + 3), Quote { start: 6, end: 11 });
    }

    #[test]
    fn quotation_marks_are_found_and_apostrophes_are_not() {
        assert_eq!(read("he said \"kys\" to me").quoted, [Quote { start: 8, end: 12 }]);
        assert_eq!(read("'no. blocked' don't").quoted, [Quote { start: 0, end: 12 }]);
        assert!(read("it's the boys' room, isn't it").quoted.is_empty());
    }

    #[test]
    fn questions_are_known_without_their_mark() {
        let reading = read("nice. where do u live");
        assert!(reading.is_question(4));
        assert!(!reading.is_question(1));
    }
}
