//! A message as it is read: plain words in order, sentence by sentence, each knowing where it stands in the
//! original; and which parts stand in quotation marks.
//!
//! The line that patterns run over looks like ` . do not tell your mum . `: every word has a space before it, `.`
//! and `?` close a sentence, other punctuation is gone.

use crate::domain::Quote;

use super::find::{self, Find};
use super::fold::Folded;
use super::lexicon::{STOP, UNKNOWN};
use super::occasion::Occasions;
use super::quotation::quotations;
use super::split::{Kind, split};
use super::typed;

pub use super::lexicon::Vocabulary;

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
    /// Its number in the [`Vocabulary`]; [`UNKNOWN`] or [`STOP`].
    pub id: u32,
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
    /// Links, numbers, names of accounts and the like, by place.
    pub finds: Vec<Find>,
    /// What it speaks of as a whole.
    pub occasions: Occasions,
}

impl Reading {
    /// Reads a text. Linear in its length.
    #[must_use]
    pub fn of(text: &str, vocabulary: &Vocabulary) -> Reading {
        let folded = Folded::of(text);
        let pieces = split(&folded, vocabulary);
        let mut line = Line {
            text: String::with_capacity(folded.text().len() + folded.text().len() / 4 + 16),
            words: Vec::with_capacity(pieces.len() + pieces.len() / 4 + 2),
        };
        line.stop(".", 0, 0);
        for piece in &pieces {
            match &piece.kind {
                Kind::Stop | Kind::Question => {
                    let at = folded.scalar_at(piece.start);
                    line.stop(if piece.kind == Kind::Question { "?" } else { "." }, at, at);
                }
                Kind::Word => {
                    let (from, to) = folded.scalars_of(piece.start, piece.end);
                    let mut pause = piece.pause;
                    typed::each(&folded.text()[piece.start..piece.end], vocabulary, |word, id| {
                        line.word(word, id, from, to, std::mem::take(&mut pause));
                    });
                }
                Kind::Joined(word) => {
                    let (from, to) = folded.scalars_of(piece.start, piece.end);
                    let id = vocabulary.number(word).unwrap_or(UNKNOWN);
                    line.word(word, id, from, to, piece.pause);
                }
            }
        }
        let end = folded.scalars();
        line.stop(".", end, end);
        line.text.push(' ');
        let Line { text: plain, words } = line;
        Reading {
            occasions: Occasions::of(&plain),
            line: plain,
            words,
            quoted: quotations(&folded),
            finds: find::all(text, &folded),
            folded,
        }
    }

    /// The same reading with some of its words replaced, or none when none is. Quotes still lead back to the original.
    #[must_use]
    pub fn with(
        &self,
        vocabulary: &Vocabulary,
        replacement: impl Fn(&str) -> Option<&'static str>,
    ) -> Option<Reading> {
        let found: Vec<(usize, &'static str)> = (0..self.words.len())
            .filter(|&at| !self.words[at].stop)
            .filter_map(|at| replacement(self.word_at(at)).map(|word| (at, word)))
            .collect();
        if found.is_empty() {
            return None;
        }
        let text = String::with_capacity(self.line.len() + 16 * found.len());
        let mut line = Line { text, words: Vec::with_capacity(self.words.len()) };
        let mut found = found.into_iter().peekable();
        for (at, word) in self.words.iter().enumerate() {
            match found.next_if(|(place, _)| *place == at) {
                Some((_, other)) => {
                    line.push(other, Word { id: vocabulary.number(other).unwrap_or(UNKNOWN), ..*word });
                }
                None => line.push(self.word_at(at), *word),
            }
        }
        line.text.push(' ');
        let Line { text, words } = line;
        Some(Reading { line: text, words, ..self.clone() })
    }

    /// The plain word at an index.
    #[must_use]
    pub fn word_at(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| &self.line[word.start..word.end])
    }

    /// The original range that the words `first..last` were read from; stops at its edges do not count.
    #[must_use]
    pub fn quote_of(&self, first: usize, last: usize) -> Quote {
        let inside = || self.words[first.min(last)..last].iter().filter(|word| !word.stop);
        match (inside().next(), inside().next_back()) {
            (Some(a), Some(b)) => Quote { start: a.from.min(b.from), end: b.to.max(a.to).max(a.from) },
            _ => Quote { start: 0, end: self.folded.scalars() },
        }
    }

    /// The original range that a byte range of [`Reading::line`] was read from; stops at its edges do not count.
    #[must_use]
    pub fn quote(&self, start: usize, end: usize) -> Quote {
        let (first, last) = self.indices(start, end);
        self.quote_of(first, last)
    }

    /// The half-open range of words that a byte range of [`Reading::line`] touches.
    #[must_use]
    pub fn indices(&self, start: usize, end: usize) -> (usize, usize) {
        let first = self.words.partition_point(|word| word.end <= start);
        let last = self.words.partition_point(|word| word.start < end);
        (first, last.max(first))
    }

    /// The half-open range of words that a range of the original touches.
    #[must_use]
    pub fn covered(&self, quote: Quote) -> (usize, usize) {
        let first = self.words.partition_point(|word| word.to <= quote.start);
        let last = self.words.partition_point(|word| word.from < quote.end);
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
}

/// The line while it is written.
struct Line {
    text: String,
    words: Vec<Word>,
}

impl Line {
    fn stop(&mut self, sign: &str, from: u32, to: u32) {
        if let Some(last) = self.words.last()
            && last.stop
            && self.words.len() > 1
        {
            if sign == "?" {
                // "Really?!" is a question.
                let (start, end) = (last.start, last.end);
                self.text.replace_range(start..end, "?");
            }
            return;
        }
        self.push(sign, Word { start: 0, end: 0, from, to, stop: true, pause: false, id: STOP });
    }

    fn word(&mut self, word: &str, id: u32, from: u32, to: u32, pause: bool) {
        self.push(word, Word { start: 0, end: 0, from, to, stop: false, pause, id });
    }

    fn push(&mut self, text: &str, word: Word) {
        self.text.push(' ');
        let start = self.text.len();
        self.text.push_str(text);
        self.words.push(Word { start, end: self.text.len(), ..word });
    }
}

const QUESTION_WORDS: [&str; 23] = [
    "what", "where", "when", "who", "why", "which", "how", "do", "does", "did", "are", "is", "can", "could",
    "would", "will", "have", "has", "you", "any", "whose", "want", "got",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Reading {
        let vocabulary = ["kys", "dm", "me", "secret", "so", "good", "snap", "class", "kill", "yourself"];
        Reading::of(text, &vocabulary.into_iter().collect())
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
    fn questions_are_known_without_their_mark() {
        let reading = read("nice. where do u live");
        assert!(reading.is_question(4));
        assert!(!reading.is_question(1));
    }
}
