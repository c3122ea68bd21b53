//! How long what is kept is kept (UK GDPR, article 5(1)(e)), by class, and what a case's end of term means.
//!
//! | class | default | why |
//! |---|---|---|
//! | buffer | 7 days, per space | the before-image of what is deleted or edited; nobody looks at it otherwise |
//! | observation that no case holds, aside, contact day | 120 days | the longest window that detection looks back over is 90 days; a month more leaves time to put a backup back |
//! | operation (starts, gaps, digests, drills, deliveries of no case) | 365 days | a year of evidence that the service ran |
//! | case about a young person | 15 years after it was closed | until somebody of ten at the time is twenty-five, as child protection records are kept |
//! | case about an adult who works with children | 10 years after it was closed | Keeping Children Safe in Education, part four: ten years, or to retirement where that is longer |
//! | custody (who saw, exported, erased what) | 7 years after the case was erased | the six years in which a claim can be brought, and one |
//!
//! So far only the buffer ends by itself: the terms of observations, operation and custody are read and nothing ends by
//! them yet. A case never ends by itself: at the end of its term a lead is asked to review it, and erases
//! it or keeps it on with a reason. (Records of child sexual abuse: the Independent Inquiry recommends 75 years; keep such
//! a case on.) A legal hold wins over every term.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::act::EraseRule;
use super::act::coded;
use super::{CaseRef, Timestamp};

const A_DAY: Duration = Duration::from_hours(24);

/// So many years, of 365 and a quarter days.
#[must_use]
pub fn years(count: u32) -> Duration {
    Duration::from_hours(24 * 365 + 6) * count
}

coded! {
    /// A class of record that ends at a time of its own.
    RecordClass, "a class of record":
    /// Observations and contact counts that no case holds.
    Observation "observation" "observations that no case holds",
    /// How the service ran.
    Operation "operation" "records of how the service ran",
    /// A case in which a young person's conduct, or welfare, is in question.
    YoungPersonCase "young-person-case" "a case about a young person",
    /// A case about an adult.
    AdultCase "adult-case" "a case about an adult",
    /// Who saw, exported and erased what.
    Custody "custody" "who saw, exported and erased what",
}

/// How long each class is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What no case holds, from when it was observed.
    pub observation: Duration,
    /// How the service ran, from when it was recorded.
    pub operation: Duration,
    /// A case about a young person, from when it was closed.
    pub young_person: Duration,
    /// A case about an adult, from when it was closed.
    pub adult: Duration,
    /// Custody, from when the case was erased.
    pub custody: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            observation: 120 * A_DAY,
            operation: 365 * A_DAY,
            young_person: years(15),
            adult: years(10),
            custody: years(7),
        }
    }
}

/// The shortest time for which what no case holds is kept: detection looks back over 90 days.
pub const SHORTEST_OBSERVATION: Duration = Duration::from_hours(24 * 91);

/// What stands where something was erased: its class, when, by which rule, and which entries of the log have lost what
/// they promised. The entries themselves stay, and so do the log's proofs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// What was erased.
    pub class: RecordClass,
    /// By which rule.
    pub rule: ErasedBy,
    /// Which case, where it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseRef>,
    /// The lead who erased it; none for what ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The log's entries whose payload is gone: first and last of each run.
    pub entries: Vec<(u64, u64)>,
    /// The highest case number so far: no number is given twice.
    pub highest_case: u32,
    /// The highest concern number so far.
    pub highest_concern: u32,
}

/// The rule by which something was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum ErasedBy {
    /// Its term was over; nobody had to be asked.
    Term {
        /// The term, in days.
        days: u64,
    },
    /// A lead decided it.
    Lead {
        /// By which rule.
        rule: EraseRule,
    },
}

impl Tombstone {
    /// How many entries have lost their payload.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.entries.iter().map(|(first, last)| last - first + 1).sum()
    }
}

/// Indexes in ascending order as runs.
#[must_use]
pub fn runs(mut indexes: Vec<u64>) -> Vec<(u64, u64)> {
    indexes.sort_unstable();
    indexes.dedup();
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => runs.push((index, index)),
        }
    }
    runs
}

/// From when on something of this age is over at `now`: everything before it.
#[must_use]
pub fn cutoff(now: Timestamp, term: Duration) -> Timestamp {
    now.minus(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_written_as_runs() {
        assert_eq!(runs(vec![9, 3, 4, 4, 5, 11]), [(3, 5), (9, 9), (11, 11)]);
        assert!(runs(vec![]).is_empty());
    }

    #[test]
    fn what_no_case_holds_outlives_every_window() {
        assert!(Terms::default().observation > SHORTEST_OBSERVATION);
        assert_eq!(years(4), Duration::from_hours(24 * 1461), "four years have one leap day");
    }
}
