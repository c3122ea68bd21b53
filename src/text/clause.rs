//! What has to stand in a text before a pattern can match: from every part that may not be missing, one of some
//! words. The rarest such part says *where* to look, the others whether to look at all.

use super::lexicon::{UNKNOWN, Vocabulary};
use super::pattern::Node;
use super::program::{Choice, single};

/// One of these words stands in every match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Which words.
    pub of: Choice,
    /// How many words can stand before it in a match, at most.
    pub before: usize,
}

/// A set of words on the way to a clause.
struct Found<'a> {
    words: Vec<&'a str>,
    stems: Vec<&'a str>,
    before: usize,
}

/// Every clause of a pattern, the rarest first. Empty when every part may be missing.
#[must_use]
pub fn clauses(nodes: &[Node], vocabulary: &Vocabulary) -> Vec<Clause> {
    let mut found = of_sequence(nodes);
    found.sort_by_key(|one| (cost(one), one.before));
    found
        .into_iter()
        .map(|one| {
            let mut words: Vec<u32> =
                one.words.iter().map(|word| vocabulary.number(word).unwrap_or(UNKNOWN - 2)).collect();
            words.sort_unstable();
            words.dedup();
            let mut stems: Vec<Box<str>> = one.stems.iter().map(|stem| (*stem).into()).collect();
            stems.sort();
            stems.dedup();
            Clause { of: Choice { words: words.into(), stems: stems.into() }, before: one.before }
        })
        .collect()
}

/// Whether any part of a pattern may not be missing.
#[must_use]
pub fn has_any(nodes: &[Node]) -> bool {
    !of_sequence(nodes).is_empty()
}

fn of_sequence(nodes: &[Node]) -> Vec<Found<'_>> {
    let mut all = Vec::new();
    let mut before = 0;
    for node in nodes {
        match node {
            // "you are" is also "ur", "your".
            Node::Word(word) if matches!(word.as_str(), "you" | "are") => {
                let words = vec!["you", "your", "ur", "yer", "are"];
                all.push(Found { words, stems: Vec::new(), before: before + 1 });
            }
            Node::Word(_) | Node::Stem(_) => {
                let (words, stems) = single(node);
                all.push(Found { words, stems, before });
            }
            Node::Any { of, optional: false } => {
                let mut union = Found { words: Vec::new(), stems: Vec::new(), before };
                let whole = of.iter().all(|alternative| {
                    let rarest = of_sequence(alternative).into_iter().min_by_key(cost);
                    rarest.is_some_and(|rarest| {
                        union.words.extend(rarest.words);
                        union.stems.extend(rarest.stems);
                        union.before = union.before.max(before + rarest.before);
                        true
                    })
                });
                if whole {
                    all.push(union);
                }
            }
            _ => {}
        }
        before += width(node);
    }
    all
}

/// How many words a node can span at most.
fn width(node: &Node) -> usize {
    match node {
        Node::Gap(width) => *width as usize,
        Node::Any { of, .. } => {
            of.iter().map(|alternative| alternative.iter().map(width).sum()).max().unwrap_or_default()
        }
        _ => 1,
    }
}

/// How often a set is likely to be found: common words cost much, long ones little.
fn cost(one: &Found) -> usize {
    one.words
        .iter()
        .chain(&one.stems)
        .map(|word| if COMMON.contains(word) { 200 } else { 1 + 24 / word.len().max(1) })
        .sum()
}

const COMMON: [&str; 76] = [
    "a", "about", "all", "and", "any", "are", "as", "at", "be", "been", "but", "can", "come", "could", "did",
    "do", "for", "from", "get", "go", "going", "good", "got", "had", "has", "have", "he", "how", "i", "if",
    "in", "is", "it", "just", "know", "like", "me", "my", "no", "not", "now", "of", "on", "one", "or", "out",
    "see", "she", "so", "some", "that", "the", "then", "there", "they", "this", "to", "up", "us", "want",
    "was", "we", "what", "when", "will", "with", "would", "yeah", "you", "your", "ur", "yer", "ok", "think",
    "am", "an",
];
