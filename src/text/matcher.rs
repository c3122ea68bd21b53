//! The lists, compiled. The numbers of a text's words say which patterns can match at all and around which words;
//! only there are they tried. The work is bounded by the text times the patterns that its words make possible.

mod builtin;
mod examples;

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use regex::RegexSet;

use crate::domain::{Code, Quote};

pub use builtin::BUILTIN;
pub use examples::{Explanation, Failure};

use super::clause::{Clause, clauses};
use super::frames::lexicon::Token;
use super::frames::{Found, Frames};
use super::index::{Index, Place, Present};
use super::lexicon::Vocabulary;
use super::parser;
use super::program::{Program, Scratch};
use super::reading::Reading;
use super::stance;
use super::wordlist::{Entry, Innocent, Kind, Mistake, Need, Quiet, Stance};

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

#[derive(Debug)]
struct Compiled {
    entry: usize,
    program: Program,
    /// How many words can stand before the word by which it is found.
    before: usize,
    /// What has to stand in the text beside that word.
    rest: Vec<Clause>,
    /// The other parts of the pattern, near the first.
    beside: Vec<Program>,
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
    index: Index,
    /// Per entry, compiled exceptions: what has to stand in the text, and the exception.
    unless: Vec<Vec<(Vec<Clause>, Program)>>,
    /// Entries that run over the folded text, and all their expressions in one, which says whether any is worth a try.
    raw: Vec<usize>,
    any_raw: Option<RegexSet>,
    vocabulary: Vocabulary,
    /// Entries of meanings (by their index), and ways of speaking (by theirs behind the entries').
    frames: Frames,
    stances: Vec<Stance>,
    /// Sets that say which group a match is about.
    groups: Vec<(u16, Code)>,
}

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

    /// The built-in lists with a charity's own beside them, given as (name, text): they add entries, and change
    /// built-in ones (`[[change]]`).
    ///
    /// # Errors
    /// Every mistake of every file at once, each with file and line.
    pub fn with_own(files: &[(&str, &str)]) -> Result<Lists, Vec<Mistake>> {
        let all: Vec<(&str, &str)> = BUILTIN.iter().chain(files).copied().collect();
        Lists::parse(&all)
    }

    /// Parses and compiles list files given as (name, text).
    ///
    /// # Errors
    /// Every mistake of every file at once, each with file and line.
    pub fn parse(files: &[(&str, &str)]) -> Result<Lists, Vec<Mistake>> {
        let parsed = parser::parse(files)?;
        let mut vocabulary = Vocabulary::new();
        for phrase in parsed.entries.iter().flat_map(|entry| entry.phrases.iter().chain(&entry.unless)) {
            phrase.teach(&mut vocabulary);
        }
        let mut patterns = Vec::new();
        let mut rarest = Vec::new();
        let mut unless = Vec::new();
        let mut raw = Vec::new();
        for (at, entry) in parsed.entries.iter().enumerate() {
            for phrase in &entry.phrases {
                let program = Program::of(phrase.nodes(), &vocabulary);
                let mut clauses = clauses(phrase.nodes(), &vocabulary).into_iter();
                let Some(first) = clauses.next() else { continue };
                let beside = phrase.beside().iter().map(|nodes| Program::of(nodes, &vocabulary)).collect();
                let mut rest: Vec<Clause> = clauses.collect();
                rest.extend(phrase.beside().iter().flat_map(|nodes| self::clauses(nodes, &vocabulary)));
                patterns.push(Compiled { entry: at, program, before: first.before, rest, beside });
                rarest.push(first.of);
            }
            let exceptions = entry.unless.iter().map(|phrase| {
                (clauses(phrase.nodes(), &vocabulary), Program::of(phrase.nodes(), &vocabulary))
            });
            unless.push(exceptions.collect());
            if !entry.regexes.is_empty() {
                raw.push(at);
            }
        }
        let mut frames = compile_frames(&parsed)?;
        frames.teach(&mut vocabulary);
        frames.settle(&vocabulary);
        let groups = GROUPS.iter().filter_map(|(name, code)| Some((frames.set(name)?, *code))).collect();
        let index = Index::of((0..).zip(&rarest), &vocabulary);
        let expressions = raw.iter().flat_map(|at| &parsed.entries[*at].regexes).map(regex::Regex::as_str);
        let any_raw = RegexSet::new(expressions).ok(); // too large together: each is tried
        Ok(Lists {
            entries: parsed.entries,
            innocents: parsed.innocents,
            patterns,
            index,
            unless,
            raw,
            any_raw,
            vocabulary,
            frames,
            stances: parsed.stances,
            groups,
        })
    }

    /// Whether any list knows this word.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.vocabulary.number(word).is_some()
    }

    /// A reading with some of its words replaced: names of known people by what those people are.
    #[must_use]
    pub fn reading_with(
        &self,
        reading: &Reading,
        replacement: impl Fn(&str) -> Option<&'static str>,
    ) -> Option<Reading> {
        reading.with(&self.vocabulary, replacement)
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
        let places = self.index.places(reading);
        let tokens = self.frames.tokens(reading);
        let found = self.frames.find(&tokens);
        let raw = !self.raw.is_empty()
            && self.any_raw.as_ref().is_none_or(|any| any.is_match(reading.folded.text()));
        if places.is_empty() && !raw && found.is_empty() {
            return Vec::new();
        }
        let frame = LazyCell::new(|| stance::frame(reading));
        let present = LazyCell::new(|| Present::of(reading, &self.vocabulary));
        let mut scratch = Scratch::default();
        let mut best: BTreeMap<usize, Hit> = BTreeMap::new();
        for places in places.chunk_by(|one, two| one.0 == two.0) {
            let Some(pattern) = places.first().and_then(|place| self.patterns.get(place.0 as usize)) else {
                continue;
            };
            if !present.has_all(&pattern.rest) {
                continue;
            }
            let found: Vec<(usize, usize)> = if pattern.beside.is_empty() {
                pattern.matches(&mut scratch, reading, places).take(CONSIDERED).collect()
            } else {
                let found: Vec<_> =
                    pattern.matches(&mut scratch, reading, places).take(CONSIDERED_TOGETHER).collect();
                found.into_iter().filter_map(|one| pattern.together(&mut scratch, reading, one)).collect()
            };
            for (first, last) in found {
                if best.get(&pattern.entry).is_some_and(Hit::counts) {
                    break;
                }
                let quote = reading.quote_of(first, last);
                self.consider(reading, pattern.entry, (first, last), quote, &frame, &mut best);
            }
        }
        for &at in self.raw.iter().filter(|_| raw) {
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
        let entries = self.entries.len();
        for one in found.iter().filter(|one| one.owner < entries) {
            let quote = match (reading.words.get(one.first), reading.words[..one.last].last()) {
                (Some(first), Some(last)) => reading.quote(first.start, last.end.max(first.end)),
                _ => continue,
            };
            self.consider(reading, one.owner, (one.first, one.last), quote, &frame, &mut best);
        }
        let mut hits: Vec<Hit> = best.into_values().collect();
        self.speaking(reading, &tokens, &found, &mut hits);
        hits.sort_by_key(|hit| (hit.quote, hit.code, hit.entry));
        hits
    }

    /// The entry behind a hit.
    #[must_use]
    pub fn entry(&self, hit: &Hit) -> &Entry {
        &self.entries[hit.entry]
    }

    /// The frames of all lists.
    #[must_use]
    pub fn frames(&self) -> &Frames {
        &self.frames
    }

    /// Every entry of every list.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Quietens attacks by the ways of speaking that the lists describe, and names the group that they are about.
    fn speaking(&self, reading: &Reading, tokens: &[Token], found: &[Found], hits: &mut [Hit]) {
        for hit in hits {
            if self.entries[hit.entry].kind != Kind::Frame {
                continue;
            }
            let category = hit.code.category();
            let (first, last) = reading.covered(hit.quote);
            for one in found {
                let Some(stance) =
                    one.owner.checked_sub(self.entries.len()).and_then(|at| self.stances.get(at))
                else {
                    continue;
                };
                if stance.categories.contains(&category)
                    && stance::reaches(reading, stance.reach, (one.first, one.last), (first, last))
                {
                    hit.stance.insert(stance.quiet);
                    if !self.entries[hit.entry].despite.contains(&stance.quiet) {
                        hit.quietened.insert(stance.quiet);
                    }
                }
            }
            if hit.code == Code::Hate
                && let Some((_, code)) =
                    self.groups.iter().find(|(set, _)| self.frames.stands(*set, tokens, first, last))
            {
                hit.code = *code;
            }
        }
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
        // What an adult asks of a young person beside a song or a scene is no line of it.
        if entry.needs.contains(&Need::AdultSpeaker) {
            stance.remove(&Quiet::Play);
        }
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
        let (mut start, _) = reading.sentence(first);
        let (_, mut end) = reading.sentence(last.saturating_sub(1).max(first));
        if start >= 2 {
            start = reading.sentence(start - 2).0;
        }
        if end + 1 < reading.words.len() {
            end = reading.sentence(end + 1).1;
        }
        let window = &reading.words[start.saturating_sub(1)..(end + 1).min(reading.words.len())];
        let present = Present::of(reading, &self.vocabulary);
        let mut scratch = Scratch::default();
        self.unless[entry].iter().any(|(clauses, phrase)| {
            present.has_all(clauses) && phrase.is_in(&mut scratch, window, &reading.line)
        })
    }
}

impl Compiled {
    /// The range of words of a match with the other parts of the pattern, if all of them stand in the same sentence or
    /// one beside it.
    fn together(
        &self,
        scratch: &mut Scratch,
        reading: &Reading,
        (first, last): (usize, usize),
    ) -> Option<(usize, usize)> {
        let inside = (first..last).find(|&at| !reading.words[at].stop).unwrap_or(first);
        let (start, end) = reading.sentence(inside);
        let earlier = if start >= 2 { reading.sentence(start - 2).0 } else { start };
        let later = if end + 1 < reading.words.len() { reading.sentence(end + 1).1 } else { end };
        [(start, end), (earlier, end), (start, later)].into_iter().find_map(|(from, to)| {
            // With the stops at both ends, for the edges of sentences.
            let (from, to) = (from.saturating_sub(1), (to + 1).min(reading.words.len()));
            let words = &reading.words[from..to];
            let mut span = (first, last);
            for program in &self.beside {
                program.ready(scratch, words.len());
                let found = (0..words.len()).find_map(|at| {
                    program.at(scratch, words, &reading.line, at).filter(|end| *end > at).map(|end| (at, end))
                })?;
                span = (span.0.min(from + found.0), span.1.max(from + found.1));
            }
            Some(span)
        })
    }

    /// The matches around some places of a text, as ranges of words, from left to right and apart from each other.
    fn matches<'a>(
        &'a self,
        scratch: &'a mut Scratch,
        reading: &'a Reading,
        places: &'a [Place],
    ) -> impl Iterator<Item = (usize, usize)> + 'a {
        self.program.ready(scratch, reading.words.len());
        let mut places = places.iter().map(|place| place.1 as usize);
        let mut next = 0;
        let mut until = None;
        std::iter::from_fn(move || {
            loop {
                let last = match until {
                    Some(last) if next <= last => last,
                    _ => {
                        let place = places.next()?;
                        next = next.max(place.saturating_sub(self.before));
                        until = Some(place);
                        continue;
                    }
                };
                let from = next;
                next += 1;
                if let Some(end) = self.program.at(scratch, &reading.words, &reading.line, from)
                    && end > from
                {
                    next = end;
                    return Some((from, end));
                }
                _ = last;
            }
        })
    }
}

/// Which set of the lists names which kind of group, the more telling ones first.
const GROUPS: [(&str, Code); 14] = [
    ("group-trans", Code::HateGenderIdentity),
    ("group-sexuality", Code::HateSexuality),
    ("group-disability", Code::HateDisability),
    ("group-religion", Code::HateReligion),
    ("group-race", Code::HateRace),
    ("group-origin", Code::HateOrigin),
    ("group-gender", Code::HateGender),
    ("group-class", Code::HateClass),
    // Named by an adjective alone ("being gay is …").
    ("trans-adj", Code::HateGenderIdentity),
    ("sexuality-adj", Code::HateSexuality),
    ("disability-adj", Code::HateDisability),
    ("religion-adj", Code::HateReligion),
    ("race-adj", Code::HateRace),
    ("origin-adj", Code::HateOrigin),
];

fn compile_frames(parsed: &parser::Parsed) -> Result<Frames, Vec<Mistake>> {
    let of_entries = parsed
        .entries
        .iter()
        .enumerate()
        .flat_map(|(at, entry)| entry.frames.iter().map(move |one| (at, one)));
    let behind = parsed.entries.len();
    let of_stances = parsed
        .stances
        .iter()
        .enumerate()
        .flat_map(|(at, stance)| stance.frames.iter().map(move |one| (behind + at, one)));
    let all: Vec<_> = of_entries.chain(of_stances).collect();
    Frames::compile(&all, &parsed.sets).map_err(|(owner, what)| {
        let (file, line) = match parsed.entries.get(owner) {
            Some(entry) => (entry.file.clone(), entry.line),
            None => parsed
                .stances
                .get(owner - behind)
                .map_or(("lists".to_owned(), 1), |stance| (stance.file.clone(), stance.line)),
        };
        vec![Mistake { file, line, what }]
    })
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
        Need::Link => reading.finds.iter().any(|find| find.what.leads_elsewhere()),
        Need::Contact => reading.finds.iter().any(|find| find.what.is_contact()),
        _ => true,
    }
}
