//! What would have made a finding quieter: the same observations, weighed again with one thing different.

use std::collections::BTreeSet;

use crate::domain::{Code, Level, Observation};

use super::{Beside, Finding, Rule, weigh};

/// One thing that would have made a finding quieter, and the level that it would then have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quieter {
    /// It is serious in one message: only how it is said (quoted, taught, acted, reported) would have quietened it.
    SeriousAlone(Code),
    /// Without anything of this code.
    Without {
        /// Which.
        code: Code,
        /// The level without it; [`Level::Noted`] also when nothing is left.
        level: Level,
    },
    /// Without the young person's no, or discomfort.
    WithoutTheAnswer {
        /// The level without it.
        level: Level,
    },
    /// Had the adult put it right in the open afterwards.
    PutRight {
        /// The level with it.
        level: Level,
    },
}

impl Finding {
    /// What would have made it quieter, in the order of the reasons. `beside` is what it was weighed with.
    #[must_use]
    pub fn quieter(&self, beside: &Beside) -> Vec<Quieter> {
        if self.rule == Rule::Alone {
            let alone = |seen: &&Observation| seen.code.level_alone() >= Level::Serious;
            return self
                .reasons
                .iter()
                .find(alone)
                .map(|seen| Quieter::SeriousAlone(seen.code))
                .into_iter()
                .collect();
        }
        let level_of =
            |seen: &[Observation]| weigh(seen, beside).map_or(Level::Noted, |finding| finding.level);
        let mut told = BTreeSet::new();
        let mut found = Vec::new();
        for reason in &self.reasons {
            let answer = matches!(reason.code, Code::Refusal | Code::Discomfort);
            if reason.code == Code::OpenCorrection
                || !told.insert(if answer { Code::Refusal } else { reason.code })
            {
                continue;
            }
            let without: Vec<Observation> = self
                .reasons
                .iter()
                .filter(|seen| {
                    if answer {
                        !matches!(seen.code, Code::Refusal | Code::Discomfort)
                    } else {
                        seen.code != reason.code
                    }
                })
                .cloned()
                .collect();
            let level = level_of(&without);
            if level < self.level {
                found.push(if answer {
                    Quieter::WithoutTheAnswer { level }
                } else {
                    Quieter::Without { code: reason.code, level }
                });
            }
        }
        if let Some(last) = self.reasons.iter().rev().find(|seen| seen.code.process().is_some()) {
            let mut put_right = self.reasons.clone();
            put_right.push(Observation { code: Code::OpenCorrection, message: None, ..last.clone() });
            let level = level_of(&put_right);
            if level < self.level {
                found.push(Quieter::PutRight { level });
            }
        }
        found
    }
}
