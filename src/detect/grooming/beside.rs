//! How the same adult treats other young people: the baseline that a pair is compared with.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::code::{Process, Weight};
use crate::domain::{Code, Observation, Timestamp};

use super::PairTimeline;

/// Towards how many others the same must have been observed for it to be the adult's way of speaking.
const USUAL: usize = 2;
/// With how many others the adult must be in touch for a difference to say anything.
const OTHERS: usize = 2;
/// How many times as much as towards each of the others is a difference.
const TIMES: usize = 3;
/// How much there must be towards this young person before it is compared: days on which a process was seen.
const LEAST: usize = 3;

/// How an adult treats the other young people, as far as it was observed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// What was observed towards at least [`USUAL`] others.
    usual: BTreeSet<Code>,
    /// With how many others the adult is in touch.
    others: usize,
    /// Days on which a process was seen, over all the others.
    towards_others: usize,
}

impl Beside {
    /// From the timelines of the same adult with others, and with how many others the adult is in touch at all.
    #[must_use]
    pub fn new<'a>(
        others: impl Iterator<Item = &'a PairTimeline>,
        now: Timestamp,
        in_touch: usize,
    ) -> Beside {
        let mut codes: BTreeMap<Code, usize> = BTreeMap::new();
        let (mut number, mut towards_others) = (0, 0);
        for timeline in others {
            number += 1;
            let seen: Vec<&Observation> = timeline.within(now).collect();
            for code in seen.iter().map(|seen| seen.code).collect::<BTreeSet<_>>() {
                *codes.entry(code).or_default() += 1;
            }
            towards_others += warm_days(seen.into_iter());
        }
        Beside {
            usual: codes.into_iter().filter(|(_, times)| *times >= USUAL).map(|(code, _)| code).collect(),
            others: number.max(in_touch),
            towards_others,
        }
    }

    /// Whether the adult speaks so to others as well. Never for what is hidden, pressed for, sexual or exploits.
    #[must_use]
    pub fn is_usual(&self, code: Code) -> bool {
        let never = matches!(
            code,
            Code::SecrecyRequest
                | Code::DeleteRequest
                | Code::PersistsAfterRefusal
                | Code::IntimateProbe
                | Code::AgeGap
        ) || matches!(code.process(), Some(Process::Exploitation | Process::Difference));
        !never && code.weight() < Weight::Alone && self.usual.contains(&code)
    }

    /// The adult's difference towards this young person, as an observation dated as the last thing that shows it:
    /// several processes on several days, at least [`TIMES`] times as much as towards each of the others. How many
    /// messages anybody wrote says nothing here.
    #[must_use]
    pub fn singled_out(&self, seen: &[Observation]) -> Option<Observation> {
        let warm = || seen.iter().filter(|seen| is_warm(seen.code));
        let days = |at: Timestamp| at.0.div_euclid(86_400_000_000);
        let distinct_days: BTreeSet<i64> = warm().map(|seen| days(seen.at)).collect();
        let processes: BTreeSet<Process> = warm().filter_map(|seen| seen.code.process()).collect();
        let here = warm_days(seen.iter());
        let differs = self.others >= OTHERS
            && here >= LEAST
            && distinct_days.len() >= 2
            && processes.len() >= 2
            && here * self.others >= TIMES * self.towards_others;
        let last = warm().max()?;
        differs.then(|| Observation {
            code: Code::SingledOut,
            message: None,
            space: None,
            quote: None,
            ..last.clone()
        })
    }
}

/// What an adult who favours somebody does: all that is observed of words and deeds, not who is enrolled, not hours.
fn is_warm(code: Code) -> bool {
    code.weight() >= Weight::Low
        && code.process().is_some_and(|process| {
            !matches!(process, Process::Access | Process::Behaviour | Process::Difference)
        })
}

/// On how many days how many processes were seen: saying the same again on one day adds nothing.
fn warm_days<'a>(seen: impl Iterator<Item = &'a Observation>) -> usize {
    seen.filter(|seen| is_warm(seen.code))
        .map(|seen| (seen.at.0.div_euclid(86_400_000_000), seen.code.process()))
        .collect::<BTreeSet<_>>()
        .len()
}
