//! What young people say to each other that would be an adult's conduct if one of them were an adult. It counts for
//! nothing and nobody is shown it, until the speaker's age comes out: from then on it counts as what it was.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::code::Process;
use crate::domain::observation::ObservationKey;
use crate::domain::{Observation, Timestamp, UserId};

/// How many are kept of one speaker: enough for a pattern, whoever floods.
const KEPT: usize = 64;

/// What was put aside, by speaker.
#[derive(Clone, Debug, Default)]
pub struct Asides {
    by: BTreeMap<UserId, BTreeMap<(Timestamp, ObservationKey), Observation>>,
}

impl Asides {
    /// Puts one aside; gives whether it is new.
    pub fn put(&mut self, seen: &Observation) -> bool {
        let kept = self.by.entry(seen.by).or_default();
        let new = kept.insert((seen.at, seen.key()), seen.clone()).is_none();
        if kept.len() > KEPT {
            kept.pop_first();
        }
        new
    }

    /// How many different processes of grooming were put aside of somebody towards the same young person, at most.
    #[must_use]
    pub fn processes_towards_one(&self, by: UserId) -> usize {
        let mut towards: BTreeMap<UserId, BTreeSet<Process>> = BTreeMap::new();
        for seen in self.by.get(&by).into_iter().flat_map(BTreeMap::values) {
            if let (Some(to), Some(process)) = (seen.towards, seen.code.process()) {
                towards.entry(to).or_default().insert(process);
            }
        }
        towards.values().map(BTreeSet::len).max().unwrap_or(0)
    }

    /// Everything put aside of somebody, in the order of time; it is aside no longer.
    pub fn release(&mut self, by: UserId) -> Vec<Observation> {
        self.by.remove(&by).unwrap_or_default().into_values().collect()
    }

    /// Forgets what is older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.by.retain(|_, kept| {
            kept.retain(|_, seen| seen.at >= at);
            !kept.is_empty()
        });
    }
}
