//! The lists, compiled: one pass of an automaton over a line finds which patterns can match at all, and only those
//! are run. Both steps are linear in the text.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::domain::{Code, Quote};

use super::parser;
use super::reading::{Reading, Vocabulary};
use super::stance;
use super::wordlist::{Entry, Innocent, Mistake, Need, Quiet};

/// A place where an entry matches a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is called.
    pub code: Code,
    /// Where, in Unicode scalars of the original.
    pub quote: Quote,
    /// Which entry found it: an index for [`Lists::entry`].
    pub entry: usize,
    /// Every way of speaking that was noticed around it.
    pub stance: BTreeSet<Quiet>,
    /// Why it does not count; empty when it does.
    pub quietened: BTreeSet<Quiet>,
}

impl Hit {
    /// Whether nothing about how it is said quietens it.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.quietened.is_empty()
    }
}

/// Where a list's own example is not read as it says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// Which file.
    pub file: String,
    /// The line of the entry (or of the example).
    pub line: usize,
    /// The example and what went wrong.
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// How one text was read, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The folded text.
    pub folded: String,
    /// The line of plain words that patterns ran over.
    pub line: String,
    /// Each hit with the file and id of its entry, its needs about people, and what quietens it.
    pub hits: Vec<(Hit, String, String, Vec<Need>)>,
}

#[derive(Debug)]
struct Compiled {
    entry: usize,
    /// One for each part of the pattern, the rarest first.
    sources: Vec<String>,
    regexes: OnceLock<Option<Vec<regex::bytes::Regex>>>,
}

impl Compiled {
    fn new(entry: usize, sources: Vec<String>) -> Self {
        Compiled { entry, sources, regexes: OnceLock::new() }
    }

    /// Compiled when first needed: most patterns are never candidates on a quiet evening.
    fn regexes(&self) -> &[regex::bytes::Regex] {
        let compile =
            || self.sources.iter().map(|one| regex::bytes::RegexBuilder::new(one).build().ok()).collect();
        self.regexes.get_or_init(compile).as_deref().unwrap_or_default()
    }

    /// Where it matches, in bytes of the line. The parts of a pattern stand within two sentences that follow each
    /// other.
    fn places(&self, reading: &Reading) -> Vec<(usize, usize)> {
        let line = reading.line.as_bytes();
        let Some((first, others)) = self.regexes().split_first() else { return Vec::new() };
        let found = first.find_iter(line).map(|found| (found.start(), found.end()));
        if others.is_empty() {
            return found.take(CONSIDERED).collect();
        }
        let together = |(start, end): (usize, usize)| {
            let (word, last) = reading.indices(start + 1, end - 1);
            [(0, 0), (1, 0), (0, 1)].into_iter().find_map(|(back, on)| {
                let (from, to) = around(reading, word, last, back, on);
                let window = line.get(from..to)?;
                let mut span = (start, end);
                for other in others {
                    let found = other.find(window)?;
                    span = (span.0.min(from + found.start()), span.1.max(from + found.end()));
                }
                Some(span)
            })
        };
        found.take(CONSIDERED_TOGETHER).filter_map(together).collect()
    }

    /// Whether it stands anywhere in a part of a line.
    fn stands_in(&self, window: &[u8]) -> bool {
        let regexes = self.regexes();
        !regexes.is_empty() && regexes.iter().all(|regex| regex.is_match(window))
    }
}

/// The part of a line that holds the sentences of the words `first..last`, and `back` sentences before and `on`
/// after them, with their stops: half-open, in bytes.
fn around(reading: &Reading, first: usize, last: usize, back: usize, on: usize) -> (usize, usize) {
    // A match may begin or end at a stop: the words inside are what counts.
    let first = if reading.words.get(first).is_some_and(|word| word.stop) { first + 1 } else { first };
    let last = last.saturating_sub(1).max(first);
    let last =
        if reading.words.get(last).is_some_and(|word| word.stop) && last > first { last - 1 } else { last };
    let (mut start, _) = reading.sentence(first);
    let (_, mut end) = reading.sentence(last);
    for _ in 0..back {
        if start >= 2 {
            start = reading.sentence(start - 2).0;
        }
    }
    for _ in 0..on {
        if end + 1 < reading.words.len() {
            end = reading.sentence(end + 1).1;
        }
    }
    let from = reading.words.get(start.saturating_sub(1)).map_or(0, |word| word.start.saturating_sub(1));
    let to = reading.words.get(end).map_or(reading.line.len(), |word| word.end + 1);
    (from, to.min(reading.line.len()).max(from))
}

/// How many places of one pattern are looked at before the rest of a text is left alone: keeps a text made of
/// nothing but matches linear.
const CONSIDERED: usize = 32;
/// The same for a pattern of several parts, each of which looks around itself.
const CONSIDERED_TOGETHER: usize = 4;

/// Every list, compiled.
#[derive(Debug)]
pub struct Lists {
    entries: Vec<Entry>,
    pub(super) innocents: Vec<Innocent>,
    patterns: Vec<Compiled>,
    /// For each literal of the automaton the patterns that it makes possible.
    possible: Vec<Vec<u32>>,
    literals: AhoCorasick,
    /// Per entry, compiled exceptions.
    unless: Vec<Vec<Compiled>>,
    /// Entries that run over the folded text.
    raw: Vec<usize>,
    vocabulary: Vocabulary,
}

macro_rules! builtin {
    ($($name:literal),+ $(,)?) => {
        &[$((concat!("en/", $name, ".toml"), include_str!(concat!("../../wordlists/en/", $name, ".toml")))),+]
    };
}

/// The lists that are compiled in: file name and text.
pub const BUILTIN: &[(&str, &str)] = builtin![
    "sets",
    "compliment",
    "personal_questions",
    "alone_probe",
    "special_bond",
    "special_treatment",
    "carer_grievance",
    "adult_confides",
    "gift",
    "compliance",
    "off_platform",
    "delete_request",
    "secrecy",
    "colleague_sidelined",
    "meeting",
    "transport",
    "intimate",
    "sexualised",
    "image_request",
    "exploitation",
    "refusal",
    "age_gap",
    "correction",
    "suicide_encouragement",
    "threat",
    "suicidal",
    "self_harm",
    "abuse",
    "running_away",
    "eating",
    "friend_worry",
    "ridicule",
];

impl Lists {
    /// The lists that are compiled in.
    ///
    /// # Panics
    /// Never in a released version: a test parses them.
    #[must_use]
    pub fn builtin() -> Lists {
        match Lists::parse(BUILTIN) {
            Ok(lists) => lists,
            Err(mistakes) => {
                let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                panic!("the built-in lists are broken:\n{}", told.join("\n"))
            }
        }
    }

    /// The same, compiled once for the whole process: it is the larger part of a second's work.
    ///
    /// # Panics
    /// As [`Lists::builtin`].
    #[must_use]
    pub fn shared() -> Arc<Lists> {
        static SHARED: OnceLock<Arc<Lists>> = OnceLock::new();
        Arc::clone(SHARED.get_or_init(|| Arc::new(Lists::builtin())))
    }

    /// Parses and compiles list files given as (name, text).
    ///
    /// # Errors
    /// Every mistake of every file at once, each with file and line.
    pub fn parse(files: &[(&str, &str)]) -> Result<Lists, Vec<Mistake>> {
        let parsed = parser::parse(files)?;
        let mut vocabulary = Vocabulary::new();
        let mut patterns = Vec::new();
        let mut possible: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        let mut unless = Vec::new();
        let mut raw = Vec::new();
        for (at, entry) in parsed.entries.iter().enumerate() {
            for phrase in &entry.phrases {
                phrase.teach(&mut vocabulary);
                let number = u32::try_from(patterns.len()).unwrap_or(u32::MAX);
                for literal in phrase.required().unwrap_or_default() {
                    possible.entry(literal).or_default().push(number);
                }
                patterns.push(Compiled::new(at, phrase.regexes()));
            }
            for phrase in &entry.unless {
                phrase.teach(&mut vocabulary);
            }
            unless.push(entry.unless.iter().map(|phrase| Compiled::new(at, phrase.regexes())).collect());
            if !entry.regexes.is_empty() {
                raw.push(at);
            }
        }
        let (literals, possible): (Vec<String>, Vec<Vec<u32>>) = possible.into_iter().unzip();
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::DFA))
            .match_kind(MatchKind::Standard)
            .build(&literals)
            .map_err(|why| {
                vec![Mistake { file: "lists".into(), line: 1, what: format!("too large to compile: {why}") }]
            })?;
        Ok(Lists {
            entries: parsed.entries,
            innocents: parsed.innocents,
            patterns,
            possible,
            literals: automaton,
            unless,
            raw,
            vocabulary,
        })
    }

    /// Whether any list knows this word.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.vocabulary.contains(word)
    }

    /// Reads a text into plain words.
    #[must_use]
    pub fn reading(&self, text: &str) -> Reading {
        Reading::of(text, &self.vocabulary)
    }

    /// Every hit in a text, the quietened ones included, by place; at most one for each entry.
    #[must_use]
    pub fn read(&self, text: &str) -> Vec<Hit> {
        self.hits(&self.reading(text))
    }

    /// Every hit in a text that has been read already.
    #[must_use]
    pub fn hits(&self, reading: &Reading) -> Vec<Hit> {
        let mut candidates = BTreeSet::new();
        for found in self.literals.find_overlapping_iter(&reading.line) {
            candidates.extend(self.possible[found.pattern().as_usize()].iter().copied());
        }
        if candidates.is_empty() && self.raw.is_empty() {
            return Vec::new();
        }
        let frame = LazyCell::new(|| stance::frame(reading));
        let mut best: BTreeMap<usize, Hit> = BTreeMap::new();
        for number in candidates {
            let pattern = &self.patterns[number as usize];
            for (start, end) in pattern.places(reading) {
                // The last byte of a match is the space that closes its last word.
                let (first, last) = reading.indices(start + 1, end - 1);
                let quote = reading.quote(start + 1, end - 1);
                self.consider(reading, pattern.entry, (first, last), quote, &frame, &mut best);
            }
        }
        for &at in &self.raw {
            for regex in &self.entries[at].regexes {
                for found in regex.find_iter(reading.folded.text()).take(CONSIDERED) {
                    let (from, to) = reading.folded.scalars_of(found.start(), found.end());
                    let first = reading.words.partition_point(|word| word.to <= from);
                    let last = reading.words.partition_point(|word| word.from < to).max(first);
                    self.consider(
                        reading,
                        at,
                        (first, last),
                        Quote { start: from, end: to },
                        &frame,
                        &mut best,
                    );
                }
            }
        }
        let mut hits: Vec<Hit> = best.into_values().collect();
        hits.sort_by_key(|hit| (hit.quote, hit.code, hit.entry));
        hits
    }

    /// The entry behind a hit.
    #[must_use]
    pub fn entry(&self, hit: &Hit) -> &Entry {
        &self.entries[hit.entry]
    }

    /// Every entry of every list.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How a text is read, for a person who asks why.
    #[must_use]
    pub fn explain(&self, text: &str) -> Explanation {
        let reading = self.reading(text);
        let hits = self.hits(&reading);
        Explanation {
            folded: reading.folded.text().to_owned(),
            line: reading.line.trim().to_owned(),
            hits: hits
                .into_iter()
                .map(|hit| {
                    let entry = self.entry(&hit);
                    let needs = entry.needs.iter().copied().filter(|need| !need.is_of_the_text()).collect();
                    let (file, id) = (entry.file.clone(), entry.id.clone());
                    (hit, file, id, needs)
                })
                .collect(),
        }
    }

    /// Runs the lists' own `yes` and `no` examples; the needs about people are taken as given.
    #[must_use]
    pub fn test(&self) -> Vec<Failure> {
        let mut failures = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let mut fail = |what: String| {
                failures.push(Failure { file: entry.file.clone(), line: entry.line, what });
            };
            for text in &entry.yes {
                let hits = self.read(text);
                match hits.iter().find(|hit| hit.entry == at) {
                    None => fail(format!(
                        "{:?} should match {:?}; it was read as {:?}",
                        entry.id,
                        text,
                        self.reading(text).line
                    )),
                    Some(hit) if !hit.counts() => {
                        fail(format!(
                            "{:?} matches {text:?} but is quietened: {:?}",
                            entry.id, hit.quietened
                        ));
                    }
                    Some(_) => {}
                }
            }
            for text in &entry.no {
                if self.read(text).iter().any(|hit| hit.entry == at && hit.counts()) {
                    fail(format!("{:?} should not match {text:?}", entry.id));
                }
            }
        }
        for innocent in &self.innocents {
            for hit in self.read(&innocent.text) {
                if hit.counts() && innocent.codes.contains(&hit.code) {
                    failures.push(Failure {
                        file: innocent.file.clone(),
                        line: innocent.line,
                        what: format!("{:?} should not match {:?}", self.entry(&hit).id, innocent.text),
                    });
                }
            }
        }
        failures.sort();
        failures
    }

    fn consider(
        &self,
        reading: &Reading,
        at: usize,
        (first, last): (usize, usize),
        quote: Quote,
        frame: &LazyCell<BTreeSet<Quiet>, impl FnOnce() -> BTreeSet<Quiet>>,
        best: &mut BTreeMap<usize, Hit>,
    ) {
        if best.get(&at).is_some_and(Hit::counts) {
            return;
        }
        let entry = &self.entries[at];
        // A pattern may begin or end at the edge of a sentence: the words inside are what counts.
        let inside = (first..last).find(|&word| !reading.words[word].stop).unwrap_or(first);
        if !entry.needs.iter().all(|need| holds(*need, reading, inside))
            || self.excused(reading, at, inside, last)
        {
            return;
        }
        let mut stance = stance::quiet(reading, inside, last.max(inside + 1), quote);
        stance.extend(frame.iter());
        let quietened = stance.difference(&entry.despite).copied().collect();
        let hit = Hit { code: entry.code, quote, entry: at, stance, quietened };
        match best.get(&at) {
            Some(_) if !hit.counts() => {}
            _ => {
                best.insert(at, hit);
            }
        }
    }

    /// Whether one of the entry's exceptions stands in the sentence of the match or the ones beside it.
    fn excused(&self, reading: &Reading, entry: usize, first: usize, last: usize) -> bool {
        if self.unless[entry].is_empty() {
            return false;
        }
        let (from, to) = around(reading, first, last, 1, 1);
        let window = &reading.line.as_bytes()[from..to];
        self.unless[entry].iter().any(|phrase| phrase.stands_in(window))
    }
}

/// Needs that the text decides; those about people hold for now.
fn holds(need: Need, reading: &Reading, word: usize) -> bool {
    let sentence_has = |wanted: &[&str]| {
        let (start, end) = reading.sentence(word);
        (start..end).any(|at| wanted.contains(&reading.word_at(at)))
    };
    match need {
        Need::Question => reading.is_question(word),
        Need::SecondPerson => sentence_has(&["you", "your", "ur", "yours", "yourself", "yous", "yer"]),
        Need::FirstPerson => sentence_has(&["i", "me", "my", "we", "us", "our", "myself", "mine"]),
        Need::Short => reading.words.iter().filter(|word| !word.stop).count() <= 12,
        _ => true,
    }
}
