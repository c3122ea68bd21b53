//! How an adult is in touch with each young person, day by day: counts of the local day, never words. Who wrote
//! first, and at which hours, can be compared with how the same adult is in touch with the others; how *much* was
//! written is kept for a reader and weighs nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, UserId};

/// What passed between an adult and one young person on one local day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactDay {
    /// The adult's messages towards the young person.
    pub messages: u32,
    /// The young person's messages towards the adult.
    pub replies: u32,
    /// The adult's messages late at night.
    #[serde(default)]
    pub late: u32,
    /// The adult wrote first that day.
    #[serde(default)]
    pub opened: bool,
}

/// A day number: local days of the common era.
pub type Day = i32;

/// The day number of 1 January 1970.
const EPOCH: i64 = 719_163;

/// The day number of a moment, clocks and zones left aside: near enough for a window of months.
#[must_use]
pub fn day_of(at: Timestamp) -> Day {
    Day::try_from(at.0.div_euclid(86_400_000_000) + EPOCH).unwrap_or(Day::MAX)
}

/// The days of every pair (adult, young person).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContactDays {
    pairs: BTreeMap<(UserId, UserId), BTreeMap<Day, ContactDay>>,
}

/// How many days of a pair are kept: the window.
const KEPT: usize = 90;

impl ContactDays {
    /// Takes in a day of a pair. A day that was counted twice (in part again after a restart) keeps what is more.
    pub fn enter(&mut self, by: UserId, towards: UserId, day: Day, count: ContactDay) {
        let days = self.pairs.entry((by, towards)).or_default();
        let known = days.entry(day).or_default();
        known.messages = known.messages.max(count.messages);
        known.replies = known.replies.max(count.replies);
        known.late = known.late.max(count.late);
        known.opened |= count.opened;
        while days.len() > KEPT {
            days.pop_first();
        }
    }

    /// The days since one on which the adult wrote to this young person late at night.
    #[must_use]
    pub fn late(&self, by: UserId, towards: UserId, since: Day) -> usize {
        let days = self.pairs.get(&(by, towards));
        days.map_or(0, |days| days.range(since..).filter(|(_, day)| day.late > 0).count())
    }

    /// The days since one on which the adult wrote to this young person before being written to.
    #[must_use]
    pub fn opened(&self, by: UserId, towards: UserId, since: Day) -> usize {
        let days = self.pairs.get(&(by, towards));
        days.map_or(0, |days| days.range(since..).filter(|(_, day)| day.opened).count())
    }

    /// The young people with whom an adult was in touch since a day, and on how many days.
    pub fn with(&self, by: UserId, since: Day) -> impl Iterator<Item = (UserId, usize)> {
        self.pairs
            .range((by, UserId(0))..=(by, UserId(u64::MAX)))
            .map(move |(&(_, towards), days)| (towards, days.range(since..).count()))
            .filter(|(_, days)| *days > 0)
    }

    /// Forgets days before one.
    pub fn forget_before(&mut self, day: Day) {
        self.pairs.retain(|_, days| {
            *days = days.split_off(&day);
            !days.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_kept_by_pair_and_the_window_forgets() {
        let mut days = ContactDays::default();
        let (adult, young, other) = (UserId(1), UserId(2), UserId(3));
        for day in 0..100 {
            days.enter(
                adult,
                young,
                day,
                ContactDay { messages: 5, replies: 4, late: u32::from(day % 2 == 0), opened: true },
            );
        }
        days.enter(adult, other, 95, ContactDay { messages: 1, ..ContactDay::default() });
        days.enter(adult, young, 99, ContactDay { messages: 2, ..ContactDay::default() });
        assert_eq!((days.opened(adult, young, 0), days.late(adult, young, 0)), (90, 45));
        assert_eq!(days.with(adult, 90).collect::<Vec<_>>(), [(young, 10), (other, 1)]);
        assert_eq!(days.with(adult, 98).collect::<Vec<_>>(), [(young, 2)]);
        days.forget_before(99);
        assert_eq!(days.opened(adult, young, 0), 1, "what was counted again in part is not less");
    }
}
