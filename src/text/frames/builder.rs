//! From parsed patterns and sets to steps.

use std::collections::{BTreeSet, HashMap};

use super::super::lexicon::Cheap;
use super::super::pattern::{Node, Pattern, Sets};
use super::lexicon::Bits;
use super::{DEEPEST, Frames, Set, Step, spelling};

/// Compiles steps and sets.
pub(super) struct Builder<'a> {
    /// What was compiled so far.
    pub frames: Frames,
    sets: &'a Sets,
    open: u32,
}

impl<'a> Builder<'a> {
    /// Nothing compiled yet.
    pub fn new(sets: &'a Sets) -> Builder<'a> {
        Builder { frames: Frames::default(), sets, open: 0 }
    }

    /// The steps of a pattern.
    ///
    /// # Errors
    /// Which set cannot be used, and why.
    pub fn steps(&mut self, nodes: &[Node]) -> Result<Vec<Step>, String> {
        nodes
            .iter()
            .map(|node| {
                Ok(match node {
                    Node::Word(word) => Step::Word(self.frames.lexicon.tell(word)),
                    Node::Stem(stem) => Step::Words(
                        spelling::endings(stem).iter().map(|word| self.frames.lexicon.tell(word)).collect(),
                    ),
                    Node::Number => Step::Number,
                    Node::Gap(width) => Step::Gap((*width).min(12)),
                    Node::Start | Node::End => Step::Stop,
                    Node::Set(name) => Step::Set(self.set(name)?),
                    Node::Any { of, optional } => Step::Any {
                        of: of.iter().map(|one| self.steps(one)).collect::<Result<_, _>>()?,
                        optional: *optional,
                    },
                })
            })
            .collect()
    }

    /// The number of a set, compiled when it is first named.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn set(&mut self, name: &str) -> Result<u16, String> {
        if let Some(number) = self.frames.names.get(name) {
            return Ok(*number);
        }
        let members = self.sets.get(name).ok_or_else(|| format!("there is no set called {name:?}"))?;
        self.open += 1;
        if self.open > DEEPEST {
            return Err(format!("the set {name:?} names sets too deeply, or names itself"));
        }
        let (mut plain, mut composed) = (HashMap::<u32, Vec<Vec<u32>>, Cheap>::default(), Vec::new());
        let mut bits = Bits::default();
        let mut firsts = BTreeSet::new();
        for member in members {
            let pattern =
                Pattern::frame(member).map_err(|why| format!("in the set {name:?}, {member:?}: {why}"))?;
            if let Some(flat) = flat(pattern.nodes()) {
                for words in flat {
                    let ids: Vec<u32> = words.iter().map(|word| self.frames.lexicon.enter(word)).collect();
                    if let Some((first, rest)) = ids.split_first() {
                        plain.entry(*first).or_default().push(rest.to_vec());
                    }
                }
            } else {
                let steps = self.steps(pattern.nodes())?;
                let first = steps.first();
                match first.and_then(|step| Some((self.frames.bits_of(step)?, self.frames.firsts_of(step)?)))
                {
                    Some((begins, words)) => {
                        bits = bits.or(begins);
                        firsts.extend(words);
                    }
                    None => {
                        return Err(format!(
                            "in the set {name:?}, {member:?} begins with what may be missing"
                        ));
                    }
                }
                composed.push(steps);
            }
        }
        self.open -= 1;
        let number = u16::try_from(self.frames.sets.len()).map_err(|_| "there are too many sets")?;
        if !plain.is_empty() {
            bits = bits.or(self.frames.lexicon.meaning(number, plain.keys().copied()));
            firsts.extend(plain.keys());
        }
        for rests in plain.values_mut() {
            rests.sort();
            rests.dedup();
        }
        self.frames.sets.push(Set { plain, composed, bits, firsts });
        self.frames.names.insert(name.to_owned(), number);
        Ok(number)
    }
}

/// At most so many spellings of one member.
const MOST_SPELLINGS: usize = 4_096;

/// Every spelling of a member that names no sets; `None` for one that does, or that has a gap.
fn flat(nodes: &[Node]) -> Option<Vec<Vec<String>>> {
    let mut all: Vec<Vec<String>> = vec![Vec::new()];
    for node in nodes {
        let ways: Vec<Vec<String>> = match node {
            Node::Word(word) => vec![vec![word.clone()]],
            Node::Stem(stem) => spelling::endings(stem).into_iter().map(|word| vec![word]).collect(),
            Node::Any { of, optional } => {
                let mut ways = if *optional { vec![Vec::new()] } else { Vec::new() };
                for one in of {
                    ways.extend(flat(one)?);
                }
                ways
            }
            _ => return None,
        };
        all = all
            .iter()
            .flat_map(|before| {
                ways.iter().map(move |way| before.iter().chain(way).cloned().collect::<Vec<String>>())
            })
            .collect();
        if all.len() > MOST_SPELLINGS {
            return None;
        }
    }
    Some(all)
}
