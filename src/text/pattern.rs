//! The pattern language of the lists: what a safeguarding lead writes, compiled to something that runs in linear
//! time over a [reading](super::reading).
//!
//! | written | means |
//! |---|---|
//! | `keep quiet` | these words, one after the other, in any spelling that people type |
//! | `keep * quiet` | up to three words in between, never across the end of a sentence; `*6` up to six |
//! | `(tell\|show) (no one\|nobody)` | one of these |
//! | `please?` `(just\|only)?` | may be missing |
//! | `secret~` | any word that begins so |
//! | `{parent}` | one of a named set (see `sets.toml`) |
//! | `#` | a number, with or without letters after it (`8`, `8pm`) |
//! | `^` `$` | the beginning and the end of a sentence |
//! | `tell + {parent} + late` | all of these, in any order, in one sentence or two that follow each other |

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::clause;
use super::lexicon::Vocabulary;
use super::typed::plain_words;

/// Named sets of alternatives, each written in the pattern language.
pub type Sets = BTreeMap<String, Vec<String>>;

/// How many words a plain `*` spans at most.
const GAP: u32 = 3;
/// The widest gap that can be asked for.
const WIDEST_GAP: u32 = 12;
/// How many parts a pattern may have.
const MOST_PARTS: usize = 4;
/// How deep parentheses and sets may nest.
const DEEPEST: u32 = 8;

/// A parsed pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    nodes: Vec<Node>,
    /// What must stand near it as well; most patterns are one part.
    beside: Vec<Vec<Node>>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Word(String),
    Stem(String),
    Number,
    Gap(u32),
    Start,
    End,
    Any {
        of: Vec<Vec<Node>>,
        optional: bool,
    },
    /// A named set that stays one (only in frames).
    Set(String),
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// Says in words what is wrong with it.
    pub fn parse(text: &str, sets: &Sets) -> Result<Pattern, String> {
        let mut parts = Vec::new();
        for part in text.split(" + ") {
            parts.push(Parser { rest: part, sets: Some(sets), depth: 0 }.whole()?);
        }
        if parts.len() > MOST_PARTS {
            return Err(format!("a pattern has at most {MOST_PARTS} parts"));
        }
        let found_by = parts.iter().position(|nodes| clause::has_any(nodes));
        let Some(found_by) = found_by.filter(|_| !parts.iter().any(|nodes| may_be_nothing(nodes))) else {
            return Err("every word of the pattern may be missing; it needs at least one that may not".into());
        };
        let nodes = parts.remove(found_by);
        Ok(Pattern { nodes, beside: parts })
    }

    /// Parses a frame: a pattern whose sets stay sets (see [`super::frames`]).
    ///
    /// # Errors
    /// Says in words what is wrong with it.
    pub fn frame(text: &str) -> Result<Pattern, String> {
        let nodes = Parser { rest: text, sets: None, depth: 0 }.whole()?;
        if may_be_nothing(&nodes) {
            return Err("every word of the pattern may be missing; it needs at least one that may not".into());
        }
        Ok(Pattern { nodes, beside: Vec::new() })
    }

    /// Its parts.
    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// What must stand near it as well.
    pub(super) fn beside(&self) -> &[Vec<Node>] {
        &self.beside
    }

    /// Enters every word of the pattern into a vocabulary.
    pub fn teach(&self, vocabulary: &mut Vocabulary) {
        teach(&self.nodes, vocabulary);
        self.beside.iter().for_each(|nodes| teach(nodes, vocabulary));
    }
}

struct Parser<'a> {
    rest: &'a str,
    /// Without them a set stays its name.
    sets: Option<&'a Sets>,
    depth: u32,
}

impl Parser<'_> {
    fn whole(mut self) -> Result<Vec<Node>, String> {
        let mut alternatives = self.alternatives(false)?;
        match (alternatives.pop(), alternatives.is_empty()) {
            (Some(nodes), true) if !nodes.is_empty() => Ok(nodes),
            (_, true) => Err("the pattern is empty".into()),
            _ => Err("alternatives stand in parentheses: (a|b)".into()),
        }
    }

    fn alternatives(&mut self, nested: bool) -> Result<Vec<Vec<Node>>, String> {
        let mut all = vec![Vec::new()];
        loop {
            self.rest = self.rest.trim_start();
            let Some(c) = self.rest.chars().next() else {
                return if nested { Err("a parenthesis is not closed".into()) } else { Ok(all) };
            };
            match c {
                ')' if nested => {
                    self.take(1);
                    return Ok(all);
                }
                ')' => return Err("a parenthesis is closed that was never opened".into()),
                '|' => {
                    self.take(1);
                    all.push(Vec::new());
                }
                _ => {
                    let nodes = self.item(c)?;
                    if let Some(last) = all.last_mut() {
                        last.extend(nodes);
                    }
                }
            }
        }
    }

    fn take(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn item(&mut self, first: char) -> Result<Vec<Node>, String> {
        let (nodes, may_be_optional) = match first {
            '*' => {
                self.take(1);
                let digits =
                    self.rest.len() - self.rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
                let width = if digits == 0 { GAP } else { self.rest[..digits].parse().unwrap_or(u32::MAX) };
                self.take(digits);
                if width > WIDEST_GAP {
                    return Err(format!("a gap spans at most {WIDEST_GAP} words"));
                }
                (vec![Node::Gap(width)], false)
            }
            '#' => {
                self.take(1);
                (vec![Node::Number], true)
            }
            '^' => {
                self.take(1);
                (vec![Node::Start], false)
            }
            '$' => {
                self.take(1);
                (vec![Node::End], false)
            }
            '(' => {
                self.take(1);
                self.deeper()?;
                let of = self.alternatives(true)?;
                self.depth -= 1;
                if of.iter().any(|alternative| may_be_nothing(alternative)) {
                    return Err(
                        "an alternative may be nothing at all; write (a|b)? where it may be missing".into()
                    );
                }
                (vec![Node::Any { of, optional: false }], true)
            }
            '{' => (vec![self.set()?], true),
            _ => self.word()?,
        };
        if let Some(rest) = self.rest.strip_prefix('?') {
            if !may_be_optional {
                return Err("only a word, a set, a number or a parenthesis may be missing".into());
            }
            self.rest = rest;
            return Ok(vec![Node::Any { of: vec![nodes], optional: true }]);
        }
        Ok(nodes)
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST { Err("parentheses or sets are nested too deeply".into()) } else { Ok(()) }
    }

    fn set(&mut self) -> Result<Node, String> {
        let close = self.rest.find('}').ok_or("a { is not closed")?;
        let name = &self.rest[1..close];
        let Some(sets) = self.sets else {
            self.take(close + 1);
            return Ok(Node::Set(name.to_owned()));
        };
        let members = sets.get(name).ok_or_else(|| format!("there is no set called {name:?}"))?;
        let depth = self.depth + 1;
        if depth > DEEPEST {
            return Err(format!("the set {name:?} is nested too deeply"));
        }
        let mut of = Vec::with_capacity(members.len());
        for member in members {
            let parser = Parser { rest: member, sets: Some(sets), depth };
            let nodes = parser.whole().map_err(|why| format!("in the set {name:?}, {member:?}: {why}"))?;
            if may_be_nothing(&nodes) {
                return Err(format!("in the set {name:?}, {member:?} may be nothing at all"));
            }
            of.push(nodes);
        }
        self.take(close + 1);
        Ok(Node::Any { of, optional: false })
    }

    fn word(&mut self) -> Result<(Vec<Node>, bool), String> {
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || "()|?*{}^$#~".contains(c))
            .unwrap_or(self.rest.len());
        if end == 0 {
            return Err(format!("{:?} has no place here", self.rest.chars().next().unwrap_or(' ')));
        }
        let typed = self.rest[..end].to_lowercase();
        self.take(end);
        if typed.chars().any(|c| matches!(c, '.' | ',' | '!' | ';' | ':' | '"')) {
            return Err(format!(
                "{typed:?}: punctuation is not matched; write ^ or $ for the edge of a sentence"
            ));
        }
        if let Some(rest) = self.rest.strip_prefix('~') {
            self.rest = rest;
            return Ok((vec![Node::Stem(typed.replace('\'', ""))], true));
        }
        let plain = plain_words(&typed, &NO_WORDS);
        Ok((plain.into_iter().map(Node::Word).collect(), true))
    }
}

/// What patterns are read with: no list has taught a word yet.
static NO_WORDS: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::new);

/// Whether an alternative could match without a single word.
fn may_be_nothing(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| matches!(node, Node::Gap(_) | Node::Any { optional: true, .. }))
}

fn teach(nodes: &[Node], vocabulary: &mut Vocabulary) {
    for node in nodes {
        match node {
            Node::Word(word) if word == "your" || word == "you" => {
                for typed in [word, "your", "ur", "yer"] {
                    vocabulary.insert(typed);
                }
            }
            Node::Word(word) | Node::Stem(word) => {
                vocabulary.insert(word);
            }
            Node::Any { of, .. } => of.iter().for_each(|alternative| teach(alternative, vocabulary)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::index::Present;
    use crate::text::program::{Program, Scratch};
    use crate::text::reading::Reading;

    fn matches(pattern: &str, text: &str) -> bool {
        let sets = Sets::from([("parent".to_owned(), vec!["mum".to_owned(), "step dad".to_owned()])]);
        let pattern = Pattern::parse(pattern, &sets).unwrap();
        let mut vocabulary = Vocabulary::new();
        pattern.teach(&mut vocabulary);
        let reading = Reading::of(text, &vocabulary);
        let others = |nodes: &Vec<Node>| {
            let program = Program::of(nodes, &vocabulary);
            program.is_in(&mut Scratch::default(), &reading.words, &reading.line)
        };
        let found = pattern.beside().iter().all(others)
            && Program::of(pattern.nodes(), &vocabulary).is_in(
                &mut Scratch::default(),
                &reading.words,
                &reading.line,
            );
        if found {
            let present = Present::of(&reading, &vocabulary);
            assert!(present.has_all(&clause::clauses(pattern.nodes(), &vocabulary)), "{reading:?}");
        }
        found
    }

    #[test]
    fn the_language_means_what_its_table_says() {
        for (pattern, yes, no) in [
            ("keep quiet", "Keep QUIET!", "keep it quiet"),
            ("keep * quiet", "keep all of it quiet", "keep it. be quiet"),
            ("keep *1 quiet", "keep it quiet", "keep all of it quiet"),
            ("(tell|show) (no one|nobody)", "show no1", "tell someone"),
            ("stay please? here", "stay here", "stay there"),
            ("secret~", "secretly", "insecret"),
            ("your {parent}", "ur step dad", "your dad"),
            ("you're special", "ur special", "you special"),
            ("you're special", "your special", "were special"),
            ("you are special", "u r special", "are you special"),
            ("meet at #", "meet at 8pm", "meet at noon"),
            ("^ no $", "no!", "no thanks"),
            ("don't tell", "do not tell", "do tell"),
            ("wanna go", "want to go", "want it"),
            ("tell + {parent} + (late|longer)", "running late, tell your mum", "tell your mum"),
            ("class", "a class act", "classic"),
            ("class", "class", "subclass"),
        ] {
            assert!(matches(pattern, yes), "{pattern:?} should match {yes:?}");
            assert!(!matches(pattern, no), "{pattern:?} should not match {no:?}");
        }
    }

    #[test]
    fn mistakes_are_told_in_words() {
        let sets = Sets::new();
        for (pattern, why) in [
            ("", "empty"),
            ("(a|b", "not closed"),
            ("a)", "never opened"),
            ("a|b", "parentheses"),
            ("{parent}", "no set"),
            ("please?", "at least one"),
            ("a *?", "may be missing"),
            ("*40 a", "at most"),
            ("no.", "punctuation"),
            ("a + b + c + d + e", "at most 4 parts"),
            ("a + b?", "at least one"),
            ("a (b?|c)", "nothing at all"),
        ] {
            let error = Pattern::parse(pattern, &sets).unwrap_err();
            assert!(error.contains(why), "{pattern:?}: {error}");
        }
    }
}
