//! How long a state may last before it is a finding, with a memory for coming and going.

use std::time::Duration;

use crate::domain::Timestamp;

/// A state that is allowed for a while: how much of its grace is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Grace {
    /// Since when it has lasted; none while it does not.
    since: Option<Timestamp>,
    /// How long it had lasted before that.
    spent: Duration,
    /// When it last ended.
    ended_at: Timestamp,
}

impl Grace {
    /// A state that has not begun.
    pub(in crate::engine) fn unspent(now: Timestamp) -> Self {
        Grace { since: None, spent: Duration::ZERO, ended_at: now }
    }

    /// The state lasts.
    pub(in crate::engine) fn lasts(&mut self, now: Timestamp) {
        self.since.get_or_insert(now);
    }

    /// The state does not last (any more).
    pub(in crate::engine) fn ends(&mut self, now: Timestamp) {
        if let Some(since) = self.since.take() {
            self.spent += now.since(since);
            self.ended_at = now;
        }
    }

    /// The state was found, and what is done about it is under way: should it come back soon, it has no grace left.
    pub(in crate::engine) fn used_up(&mut self, grace: Duration, now: Timestamp) {
        *self = Grace { since: None, spent: grace, ended_at: now };
    }

    /// When the grace is over; none while the state does not last.
    pub(in crate::engine) fn over_at(&self, grace: Duration) -> Option<Timestamp> {
        self.since.map(|since| since.plus(grace.saturating_sub(self.spent)))
    }

    /// Whether the grace is over.
    pub(in crate::engine) fn is_over(&self, grace: Duration, now: Timestamp) -> bool {
        self.over_at(grace).is_some_and(|over| now >= over)
    }

    /// A state has to stay away for three times the grace before it is given anew: coming and going of a second adult is
    /// not cover.
    pub(in crate::engine) fn is_forgiven(&self, grace: Duration, now: Timestamp) -> bool {
        self.since.is_none() && now.since(self.ended_at) >= grace.saturating_mul(3)
    }
}
