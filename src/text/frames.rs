//! Frames: patterns over meanings instead of spellings (`{group} {be} *2 {vermin}`), for what can be said in a
//! thousand ways. They find attacks on people by structure: a target, a predicate, and how it is said.
//!
//! A frame is written in the pattern language, with these differences from a phrase:
//!
//! * a set in braces stays one step, however many members it has, and its members may name other sets;
//! * `word~` is the word with its endings (`hate~`: hate, hates, hated, hating, hater, haters), not any longer word;
//! * a gap never passes a negation (the set `barrier`): "they are *2 vermin" does not read "they are not vermin".
//!
//! Reading is linear in the text: each word is looked up once (see [`lexicon`]), frames of which no rare meaning
//! occurs are not tried, and a frame looks at most 64 words ahead of where it starts.

mod builder;
pub mod lexicon;
mod spelling;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::lexicon::Cheap;
use super::pattern::{Pattern, Sets};
use super::reading::{Reading, Vocabulary};
use builder::Builder;
use lexicon::{Bits, Lexicon, Token};

/// How many places of one frame are looked at in one text.
const CONSIDERED: usize = 32;
/// How deep sets may name sets.
const DEEPEST: u32 = 8;

/// One step of a compiled frame.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Word(u32),
    /// One of several words: a word with its endings.
    Words(Vec<u32>),
    Number,
    Gap(u32),
    Stop,
    Set(u16),
    Any {
        of: Vec<Vec<Step>>,
        optional: bool,
    },
}

/// A named set: members that are plain words by their first word, and members that name sets.
#[derive(Debug, Default)]
struct Set {
    plain: HashMap<u32, Vec<Vec<u32>>, Cheap>,
    composed: Vec<Vec<Step>>,
    /// What a text must hold one of for any member to match.
    bits: Bits,
    /// The words that a member can begin with.
    firsts: BTreeSet<u32>,
}

#[derive(Debug)]
struct Frame {
    /// The caller's number for it.
    owner: usize,
    steps: Vec<Step>,
    /// One of each must stand in the text.
    clauses: Vec<Bits>,
    /// What its first word can be; `None` when that is anything.
    first: Option<Bits>,
}

/// Where a frame matches: its owner's number and the half-open range of the reading's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The number that was given for the frame.
    pub owner: usize,
    /// The first word.
    pub first: usize,
    /// The word behind the last.
    pub last: usize,
}

/// All frames, compiled.
#[derive(Debug, Default)]
pub struct Frames {
    lexicon: Lexicon,
    sets: Vec<Set>,
    names: BTreeMap<String, u16>,
    all: Vec<Frame>,
    /// For each word the frames that are worth a try when it occurs.
    by_word: Vec<Vec<u32>>,
    number: Bits,
    negators: u16,
}

impl Frames {
    /// Compiles frames, each with the number that a match is told by.
    ///
    /// # Errors
    /// The number of the frame that cannot be used, and why.
    pub fn compile(patterns: &[(usize, &Pattern)], sets: &Sets) -> Result<Frames, (usize, String)> {
        let mut builder = Builder::new(sets);
        builder.frames.negators = builder.set("barrier").unwrap_or(u16::MAX);
        for (owner, pattern) in patterns {
            let steps = builder.steps(pattern.nodes()).map_err(|why| (*owner, why))?;
            builder.frames.all.push(Frame { owner: *owner, steps, clauses: Vec::new(), first: None });
        }
        let mut frames = builder.frames;
        frames.lexicon.close(&words_of("telling", sets), &words_of("spelled-right", sets));
        frames.index()?;
        Ok(frames)
    }

    /// Enters every word of the frames and their sets into a vocabulary.
    pub fn teach(&self, vocabulary: &mut Vocabulary) {
        vocabulary.extend(self.lexicon.words().map(str::to_owned));
    }

    /// Takes a vocabulary that has been taught everything as the one that readings are made with.
    pub fn settle(&mut self, vocabulary: &Vocabulary) {
        self.lexicon.settle(vocabulary);
    }

    /// The words of a reading with their meanings.
    #[must_use]
    pub fn tokens(&self, reading: &Reading) -> Vec<Token> {
        self.lexicon.tokens(reading)
    }

    /// Every place where a frame matches, at most one for each frame and start.
    #[must_use]
    pub fn find(&self, tokens: &[Token]) -> Vec<Found> {
        let all = tokens.iter().fold(Bits::default(), |all, token| all.or(token.bits));
        let mut worth: Vec<u32> = Vec::new();
        for token in tokens {
            if let Some(frames) = self.by_word.get(token.id as usize) {
                worth.extend(frames);
            }
        }
        worth.sort_unstable();
        worth.dedup();
        let mut found = Vec::new();
        for number in worth {
            let frame = &self.all[number as usize];
            if !frame.clauses.iter().all(|clause| clause.meets(all)) {
                continue;
            }
            let mut places = 0;
            for at in 0..tokens.len() {
                if frame.first.is_some_and(|first| !first.meets(tokens[at].bits)) {
                    continue;
                }
                let ends = self.sequence(&frame.steps, 1, at, tokens, 0);
                if ends == 0 {
                    continue;
                }
                let end = at + ends.trailing_zeros() as usize;
                // Nobody is accused over one word that was typed otherwise.
                let guessed = tokens[at..end].iter().filter(|token| !token.stop).all(|token| token.mistyped);
                if end > at && !guessed {
                    let last = tokens.get(end - 1).map_or(tokens[at].word + 1, |token| token.word + 1);
                    found.push(Found { owner: frame.owner, first: tokens[at].word, last });
                }
                places += 1;
                if places == CONSIDERED {
                    break;
                }
            }
        }
        found
    }

    /// Words of a reading that are taken for other ones: as typed, and as what they are taken for.
    #[must_use]
    pub fn guesses(&self, reading: &Reading) -> Vec<(String, String)> {
        let mut guesses: Vec<(String, String)> = Vec::new();
        for token in self.tokens(reading) {
            let typed = reading.word_at(token.word);
            match self.lexicon.word(token.id) {
                Some(word) if word != typed && !token.stop => match guesses.last_mut() {
                    Some((last, taken)) if last == typed => {
                        taken.push(' ');
                        taken.push_str(word);
                    }
                    _ => guesses.push((typed.to_owned(), word.to_owned())),
                },
                _ => {}
            }
        }
        guesses
    }

    /// The number of a set, for asking where its members stand.
    #[must_use]
    pub fn set(&self, name: &str) -> Option<u16> {
        self.names.get(name).copied()
    }

    /// Whether a member of the set begins among the words `first..last` of the reading.
    #[must_use]
    pub fn stands(&self, set: u16, tokens: &[Token], first: usize, last: usize) -> bool {
        (0..tokens.len())
            .filter(|at| (first..last).contains(&tokens[*at].word))
            .any(|at| self.one(&Step::Set(set), at, tokens, 0) != 0)
    }

    /// The ends of a sequence of steps from every start in `starts`: bits relative to `base`.
    fn sequence(&self, steps: &[Step], starts: u64, base: usize, tokens: &[Token], depth: u32) -> u64 {
        let mut now = starts;
        for step in steps {
            let mut next = 0;
            let mut left = now;
            while left != 0 {
                let ahead = left.trailing_zeros();
                left &= left - 1;
                next |= self.one(step, base + ahead as usize, tokens, depth) << ahead;
            }
            now = next;
            if now == 0 {
                break;
            }
        }
        now
    }

    /// The ends of one step that starts at `at`: bits relative to `at`.
    fn one(&self, step: &Step, at: usize, tokens: &[Token], depth: u32) -> u64 {
        let token = tokens.get(at);
        match step {
            Step::Word(word) => u64::from(token.is_some_and(|token| token.id == *word)) << 1,
            Step::Words(words) => u64::from(token.is_some_and(|token| words.contains(&token.id))) << 1,
            Step::Number => u64::from(token.is_some_and(|token| token.bits.meets(self.number))) << 1,
            Step::Stop => u64::from(token.is_some_and(|token| token.stop)) << 1,
            Step::Gap(width) => {
                let mut ends = 1;
                for ahead in 0..*width as usize {
                    match tokens.get(at + ahead) {
                        Some(token) if !token.stop && !token.negates => ends |= 2 << ahead,
                        _ => break,
                    }
                }
                ends
            }
            Step::Set(number) => {
                let Some(token) = token else { return 0 };
                let set = &self.sets[usize::from(*number)];
                if depth >= DEEPEST || !set.bits.meets(token.bits) {
                    return 0;
                }
                let mut ends = 0;
                for rest in set.plain.get(&token.id).into_iter().flatten() {
                    let whole = rest.iter().enumerate().all(|(ahead, word)| {
                        tokens.get(at + 1 + ahead).is_some_and(|token| token.id == *word)
                    });
                    if whole && rest.len() < 62 {
                        ends |= 2 << rest.len();
                    }
                }
                for member in &set.composed {
                    ends |= self.sequence(member, 1, at, tokens, depth + 1);
                }
                ends
            }
            Step::Any { of, optional } => of
                .iter()
                .fold(u64::from(*optional), |ends, one| ends | self.sequence(one, 1, at, tokens, depth)),
        }
    }

    /// Works out when each frame is worth a try: when one of the words occurs that its rarest step can begin with.
    ///
    /// # Errors
    /// The owner of a frame that has no word at all.
    fn index(&mut self) -> Result<(), (usize, String)> {
        self.number = Bits::one(Bits::NUMBER);
        let mut frames = std::mem::take(&mut self.all);
        self.by_word = vec![Vec::new(); self.lexicon.size()];
        let negators: BTreeSet<u32> =
            self.sets.get(usize::from(self.negators)).map_or_else(BTreeSet::new, |set| {
                set.plain
                    .iter()
                    .filter(|(_, rests)| rests.iter().any(Vec::is_empty))
                    .map(|(word, _)| *word)
                    .collect()
            });
        self.lexicon.negators(&negators);
        for (number, frame) in (0_u32..).zip(&mut frames) {
            frame.clauses = frame.steps.iter().filter_map(|step| self.bits_of(step)).collect();
            frame.first = frame.steps.first().and_then(|step| self.bits_of(step));
            let rarest = frame
                .steps
                .iter()
                .filter_map(|step| self.firsts_of(step))
                .filter(|words| !words.is_empty())
                .min_by_key(|words| self.lexicon.commonness(words))
                .ok_or((frame.owner, "a frame needs a word or a set that may not be missing".to_owned()))?;
            for word in rarest {
                self.by_word[word as usize].push(number);
            }
        }
        self.all = frames;
        Ok(())
    }

    /// The words that a step can begin with; `None` when it may be missing or begin with anything.
    fn firsts_of(&self, step: &Step) -> Option<BTreeSet<u32>> {
        match step {
            Step::Word(word) => Some(BTreeSet::from([*word])),
            Step::Words(words) => Some(words.iter().copied().collect()),
            Step::Set(number) => Some(self.sets[usize::from(*number)].firsts.clone()),
            Step::Any { of, optional: false } => {
                let mut all = BTreeSet::new();
                for one in of {
                    all.extend(one.iter().find_map(|step| self.firsts_of(step))?);
                }
                Some(all)
            }
            Step::Gap(_) | Step::Number | Step::Stop | Step::Any { optional: true, .. } => None,
        }
    }

    /// What a text must hold one of where this step matches; `None` when it can match nothing or anything.
    fn bits_of(&self, step: &Step) -> Option<Bits> {
        Some(match step {
            Step::Word(word) => Lexicon::bit(*word),
            Step::Words(words) => {
                words.iter().fold(Bits::default(), |bits, word| bits.or(Lexicon::bit(*word)))
            }
            Step::Number => Bits::one(Bits::NUMBER),
            Step::Stop => Bits::one(Bits::STOP),
            Step::Set(number) => self.sets[usize::from(*number)].bits,
            Step::Gap(_) | Step::Any { optional: true, .. } => return None,
            Step::Any { of, .. } => {
                let mut bits = Bits::default();
                for one in of {
                    bits = bits.or(one.iter().find_map(|step| self.bits_of(step))?);
                }
                // Where an alternative begins with something that may be missing, its first word is open.
                if of.iter().any(|one| one.first().is_none_or(|step| self.bits_of(step).is_none())) {
                    return None;
                }
                bits
            }
        })
    }
}

/// The words of a set, with the single words of six letters or more of the sets that it names.
fn words_of(name: &str, sets: &Sets) -> BTreeSet<String> {
    let members = |name: &str| sets.get(name).into_iter().flatten();
    let mut words = BTreeSet::new();
    for member in members(name) {
        match member.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(other) => words.extend(
                members(other)
                    .map(|word| word.trim_end_matches('~'))
                    .filter(|word| word.len() >= 6 && word.bytes().all(|b| b.is_ascii_lowercase()))
                    .map(str::to_owned),
            ),
            None => drop(words.insert(member.clone())),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pattern: &str, text: &str) -> bool {
        let sets = Sets::from([
            ("barrier".to_owned(), vec!["not".to_owned(), "never".to_owned()]),
            ("fruit".to_owned(), vec!["apple~".to_owned(), "passion fruit".to_owned()]),
            ("food".to_owned(), vec!["{fruit}".to_owned(), "bread".to_owned(), "ripe {fruit}".to_owned()]),
        ]);
        let pattern = Pattern::frame(pattern).unwrap();
        let frames = Frames::compile(&[(7, &pattern)], &sets).unwrap();
        let mut vocabulary = Vocabulary::new();
        frames.teach(&mut vocabulary);
        let reading = Reading::of(text, &vocabulary);
        let found = frames.find(&frames.tokens(&reading));
        assert!(found.iter().all(|one| one.owner == 7 && one.first < one.last));
        !found.is_empty()
    }

    #[test]
    fn a_frame_reads_meanings() {
        for (pattern, yes, no) in [
            ("i like~ {fruit}", "i liked apples", "i like pears"),
            ("{food} {be}? good", "ripe passion fruit good", "passion good"),
            ("eat *2 {food}", "eat the nice bread", "eat the bread".get(..7).unwrap()),
            ("they are *2 {fruit}", "they are all apples", "they are not apples"),
            ("{fruit} $ they rot", "I see apples. They rot", "apples they rot"),
            ("# {fruit}", "3 apples", "three apples"),
            ("(no|any) bread", "any bread?", "bread"),
        ] {
            let pattern = pattern.replace("{be}? ", "");
            assert!(found(&pattern, yes), "{pattern:?} should find {yes:?}");
            assert!(!found(&pattern, no), "{pattern:?} should not find {no:?}");
        }
    }

    #[test]
    fn sets_that_name_themselves_or_nothing_are_refused() {
        let pattern = Pattern::frame("{a}").unwrap();
        let own = Sets::from([("a".to_owned(), vec!["b {a}".to_owned()])]);
        assert!(Frames::compile(&[(0, &pattern)], &own).unwrap_err().1.contains("itself"));
        assert!(Frames::compile(&[(0, &pattern)], &Sets::new()).unwrap_err().1.contains("no set"));
    }
}
