//! Points by process, so that the sum can be explained.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::code::{Process, Weight};
use crate::domain::{Code, Observation};

use super::{APART_PROCESSES, Beside, PAGE_POINTS, PAGE_PROCESSES, SLOW_POINTS, SLOW_PROCESSES};

/// What the same on another day adds, once, however often: repetition is not weight.
const AGAIN_POINTS: u32 = 1;

/// What some acts weigh together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) points: u32,
    /// Processes that say something by themselves: not mere access, not mere hours.
    pub(super) processes: usize,
    /// Something weighty is among them, that is not the adult's way with everybody.
    high: bool,
    /// Something weighty is among them, be it so with everybody.
    pub(super) weighty: bool,
    /// The adult is so towards this young person alone.
    apart: bool,
    /// On how many days.
    days: usize,
    /// In how many messages: two readings of one message are not two observations of conduct.
    pub(super) messages: usize,
}

impl Tally {
    pub(super) fn of(acts: &[&Observation], beside: &Beside) -> Tally {
        let mut by_process: BTreeMap<Process, BTreeMap<Code, (BTreeSet<i64>, Weight)>> = BTreeMap::new();
        for act in acts {
            if let Some(process) = act.code.process() {
                let weight = weight(act.code, beside);
                by_process
                    .entry(process)
                    .or_default()
                    .entry(act.code)
                    .or_insert_with(|| (BTreeSet::new(), weight))
                    .0
                    .insert(day(act));
            }
        }
        let points = by_process.values().map(process_points).sum();
        let says_something = |process: &Process, codes: &BTreeMap<Code, (BTreeSet<i64>, Weight)>| {
            let least = if matches!(process, Process::Access | Process::Behaviour) {
                Weight::Medium
            } else {
                Weight::Low
            };
            codes.values().any(|(_, weight)| *weight >= least)
        };
        Tally {
            points,
            processes: by_process.iter().filter(|(process, codes)| says_something(process, codes)).count(),
            high: acts.iter().any(|act| weight(act.code, beside) >= Weight::High),
            weighty: acts.iter().any(|act| act.code.weight() >= Weight::High),
            apart: acts.iter().any(|act| act.code == Code::SingledOut),
            days: acts
                .iter()
                .filter(|act| act.code.weight() >= Weight::Low)
                .map(|act| day(act))
                .collect::<BTreeSet<_>>()
                .len(),
            messages: acts
                .iter()
                .filter(|act| act.code.weight() >= Weight::Low)
                .map(|act| (act.message, act.at))
                .collect::<BTreeSet<_>>()
                .len(),
        }
    }

    /// Enough weight from different processes and more than one message, something weighty among them.
    pub(super) fn pages(self) -> bool {
        self.high && self.points >= PAGE_POINTS && self.processes >= PAGE_PROCESSES && self.messages >= 2
    }

    /// The same over a longer time, where more is needed.
    pub(super) fn pages_slowly(self) -> bool {
        self.high && self.points >= SLOW_POINTS && self.processes >= SLOW_PROCESSES
    }

    /// Many processes on several days, towards this young person alone.
    pub(super) fn sets_apart(self) -> bool {
        self.apart && self.points >= SLOW_POINTS && self.processes > APART_PROCESSES && self.days >= 3
    }
}

fn day(act: &Observation) -> i64 {
    act.at.0.div_euclid(86_400_000_000)
}

/// What an observation of this code weighs, given how the adult speaks to others: what is said to everybody is a way
/// of speaking. What is hidden, pressed for, or sexual is never that.
fn weight(code: Code, beside: &Beside) -> Weight {
    let weight = code.weight();
    if !beside.is_usual(code) {
        return weight;
    }
    match weight {
        Weight::High => Weight::MediumHigh,
        Weight::MediumHigh => Weight::Medium,
        Weight::Medium | Weight::Low | Weight::Context => Weight::Context,
        Weight::Alone => Weight::Alone,
    }
}

/// What one process weighs: its weightiest code whole, each other code half, and one point if anything was repeated.
fn process_points(codes: &BTreeMap<Code, (BTreeSet<i64>, Weight)>) -> u32 {
    let mut points: Vec<u32> = codes.values().map(|(_, weight)| weight.points()).collect();
    points.sort_unstable_by_key(|&points| std::cmp::Reverse(points));
    let first = points.first().copied().unwrap_or(0);
    let others: u32 = points.iter().skip(1).map(|points| points / 2).sum();
    let repeated = codes.values().any(|(days, weight)| days.len() > 1 && *weight > Weight::Context);
    first + others + if repeated { AGAIN_POINTS } else { 0 }
}
