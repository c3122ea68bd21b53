//! A pattern as a little program over the numbers of words. It tries to match from one word on, takes the first way
//! that its alternatives allow in the order in which they are written, and never tries the same step at the same word
//! twice: the work is bounded by its length times the length of the text.

use super::lexicon::{STOP, Vocabulary};
use super::pattern::Node;
use super::reading::Word;

#[derive(Clone, Debug)]
enum Step {
    /// One of these words.
    One(Choice),
    /// A number.
    Number,
    /// Any word, not the end of a sentence.
    Any,
    /// The end (or beginning) of a sentence.
    Stop,
    /// First this way, then that. The last field counts the forks.
    Fork(u32, u32, u32),
    Jump(u32),
    Done,
}

/// Words and beginnings of words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// In ascending order.
    pub words: Box<[u32]>,
    /// Beginnings.
    pub stems: Box<[Box<str>]>,
}

impl Choice {
    fn takes(&self, word: &Word, line: &str) -> bool {
        let known = match &self.words[..] {
            [] => false,
            [only] => *only == word.id,
            [one, two] => *one == word.id || *two == word.id,
            many => many.binary_search(&word.id).is_ok(),
        };
        known
            || (!self.stems.is_empty() && !word.stop && {
                let text = &line[word.start..word.end];
                self.stems.iter().any(|stem| text.starts_with(&**stem))
            })
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Program {
    steps: Box<[Step]>,
    forks: u32,
}

/// What is reused from one run to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    tried: Vec<u64>,
    waiting: Vec<(u32, u32)>,
}

impl Program {
    /// Compiles a pattern. Every word of it has to be known to the vocabulary.
    #[must_use]
    pub fn of(nodes: &[Node], vocabulary: &Vocabulary) -> Program {
        let mut writer = Writer { steps: Vec::new(), forks: 0, vocabulary };
        writer.sequence(nodes);
        writer.steps.push(Step::Done);
        Program { steps: writer.steps.into(), forks: writer.forks }
    }

    /// Makes a scratch ready for a text of `count` words. Has to be called before the first [`Program::at`] on it.
    pub fn ready(&self, scratch: &mut Scratch, count: usize) {
        scratch.tried.clear();
        scratch.tried.resize((self.forks as usize * (count + 1)).div_ceil(64), 0);
    }

    /// Where a match that begins at the word `from` ends (the index behind its last word), if there is one.
    pub fn at(&self, scratch: &mut Scratch, words: &[Word], line: &str, from: usize) -> Option<usize> {
        let mut step = 0_u32;
        let mut at = from;
        scratch.waiting.clear();
        loop {
            let goes_on = match &self.steps[step as usize] {
                Step::Done => return Some(at),
                Step::Jump(to) => {
                    step = *to;
                    continue;
                }
                Step::Fork(first, second, number) => {
                    let bit = *number as usize * (words.len() + 1) + at;
                    let (slot, mask) = (bit / 64, 1_u64 << (bit % 64));
                    let new = scratch.tried.get(slot).is_some_and(|tried| tried & mask == 0);
                    if new {
                        scratch.tried[slot] |= mask;
                        scratch.waiting.push((*second, u32::try_from(at).unwrap_or(u32::MAX)));
                        step = *first;
                        continue;
                    }
                    false
                }
                Step::One(choice) => words.get(at).is_some_and(|word| choice.takes(word, line)),
                Step::Any => words.get(at).is_some_and(|word| !word.stop),
                Step::Stop => words.get(at).is_some_and(|word| word.stop),
                Step::Number => words
                    .get(at)
                    .is_some_and(|word| !word.stop && line.as_bytes()[word.start].is_ascii_digit()),
            };
            if goes_on {
                step += 1;
                at += 1;
            } else {
                let (other, place) = scratch.waiting.pop()?;
                step = other;
                at = place as usize;
            }
        }
    }

    /// Whether it matches anywhere in these words.
    pub fn is_in(&self, scratch: &mut Scratch, words: &[Word], line: &str) -> bool {
        self.ready(scratch, words.len());
        (0..words.len()).any(|from| self.at(scratch, words, line, from).is_some())
    }
}

struct Writer<'a> {
    steps: Vec<Step>,
    forks: u32,
    vocabulary: &'a Vocabulary,
}

impl Writer<'_> {
    fn here(&self) -> u32 {
        u32::try_from(self.steps.len()).unwrap_or(u32::MAX)
    }

    fn fork(&mut self) -> usize {
        self.steps.push(Step::Fork(0, 0, self.forks));
        self.forks += 1;
        self.steps.len() - 1
    }

    fn set_fork(&mut self, at: usize, first: u32, second: u32) {
        if let Step::Fork(one, two, _) = &mut self.steps[at] {
            (*one, *two) = (first, second);
        }
    }

    fn number(&self, word: &str) -> u32 {
        // A word that was never taught cannot stand in any text.
        self.vocabulary.number(word).unwrap_or(STOP - 1)
    }

    fn choice(&self, words: &[&str], stems: &[&str]) -> Choice {
        let mut numbers: Vec<u32> = words.iter().map(|word| self.number(word)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        Choice { words: numbers.into(), stems: stems.iter().map(|stem| (*stem).into()).collect() }
    }

    fn sequence(&mut self, nodes: &[Node]) {
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            at += 1;
            match node {
                Node::Word(word) if word == "you" && nodes.get(at) == Some(&Node::Word("are".into())) => {
                    // "ur" is "you are" and "your"; "your" often stands for "you're".
                    at += 1;
                    let fork = self.fork();
                    let first = self.here();
                    for word in ["you", "are"] {
                        self.steps.push(Step::One(self.choice(&[word], &[])));
                    }
                    let jump = self.steps.len();
                    self.steps.push(Step::Jump(0));
                    let second = self.here();
                    self.steps.push(Step::One(self.choice(&["ur", "your"], &[])));
                    self.set_fork(fork, first, second);
                    self.steps[jump] = Step::Jump(self.here());
                }
                Node::Word(_) | Node::Stem(_) => {
                    let (words, stems) = single(node);
                    self.steps.push(Step::One(self.choice(&words, &stems)));
                }
                Node::Number => self.steps.push(Step::Number),
                Node::Start | Node::End => self.steps.push(Step::Stop),
                Node::Gap(width) => {
                    // As few words as possible.
                    let mut forks = Vec::new();
                    for _ in 0..*width {
                        forks.push((self.fork(), self.here()));
                        self.steps.push(Step::Any);
                    }
                    let end = self.here();
                    for (fork, more) in forks {
                        self.set_fork(fork, end, more);
                    }
                }
                // Sets stay sets only in frames, which have their own way.
                Node::Set(_) => {}
                Node::Any { of, optional } => self.alternatives(of, *optional),
            }
        }
    }

    fn alternatives(&mut self, of: &[Vec<Node>], optional: bool) {
        // Neighbours of one word each are one choice.
        let mut ways: Vec<Way> = Vec::new();
        for alternative in of {
            match (&alternative[..], ways.last_mut()) {
                ([node @ (Node::Word(_) | Node::Stem(_))], Some(Way::Single(nodes))) => nodes.push(node),
                ([node @ (Node::Word(_) | Node::Stem(_))], _) => ways.push(Way::Single(vec![node])),
                (nodes, _) => ways.push(Way::Several(nodes)),
            }
        }
        let mut jumps = Vec::new();
        for (nth, way) in ways.iter().enumerate() {
            let last = nth + 1 == ways.len() && !optional;
            let fork = (!last).then(|| self.fork());
            let first = self.here();
            match way {
                Way::Single(nodes) => {
                    let (mut words, mut stems) = (Vec::new(), Vec::new());
                    for node in nodes {
                        let (more_words, more_stems) = single(node);
                        words.extend(more_words);
                        stems.extend(more_stems);
                    }
                    self.steps.push(Step::One(self.choice(&words, &stems)));
                }
                Way::Several(nodes) => self.sequence(nodes),
            }
            if let Some(fork) = fork {
                jumps.push(self.steps.len());
                self.steps.push(Step::Jump(0));
                let second = self.here();
                self.set_fork(fork, first, second);
            }
        }
        let end = self.here();
        for jump in jumps {
            self.steps[jump] = Step::Jump(end);
        }
    }
}

enum Way<'a> {
    Single(Vec<&'a Node>),
    Several(&'a [Node]),
}

/// The words and beginnings that a node of one word can be typed as.
pub(super) fn single(node: &Node) -> (Vec<&str>, Vec<&str>) {
    match node {
        Node::Word(word) if word == "your" => (vec!["your", "ur", "yer"], Vec::new()),
        Node::Word(word) => (vec![word], Vec::new()),
        Node::Stem(stem) => (Vec::new(), vec![stem]),
        _ => (Vec::new(), Vec::new()),
    }
}
