//! The lists read for people: how a text is read step by step, and whether the lists' own examples are read as they
//! say.

use std::fmt;

use super::{Hit, Lists};
use crate::text::wordlist::Need;

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
    /// Words that were taken for others: mistyped, or several written as one.
    pub guesses: Vec<(String, String)>,
    /// Each hit with the file and id of its entry, its needs about people, and what quietens it.
    pub hits: Vec<(Hit, String, String, Vec<Need>)>,
}

impl Lists {
    /// How a text is read, for a person who asks why.
    #[must_use]
    pub fn explain(&self, text: &str) -> Explanation {
        let reading = self.reading(text);
        let hits = self.hits(&reading);
        Explanation {
            folded: reading.folded.text().to_owned(),
            line: reading.line.trim().to_owned(),
            guesses: self.frames.guesses(&reading),
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
        for (at, stance) in self.stances.iter().enumerate() {
            let owner = self.entries.len() + at;
            let found = |text: &String| {
                let reading = self.reading(text);
                self.frames.find(&self.frames.tokens(&reading)).iter().any(|one| one.owner == owner)
            };
            let mut fail = |what: String| {
                failures.push(Failure { file: stance.file.clone(), line: stance.line, what });
            };
            for text in stance.yes.iter().filter(|text| !found(text)) {
                fail(format!("{:?} should be found in {text:?}", stance.id));
            }
            for text in stance.no.iter().filter(|text| found(text)) {
                fail(format!("{:?} should not be found in {text:?}", stance.id));
            }
        }
        for innocent in &self.innocents {
            for hit in self.read(&innocent.text) {
                if hit.counts() && innocent.codes.contains(&self.entry(&hit).code) {
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
}
