//! Windows of time in order: what is open at a moment, what comes next, what ended last.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::Timestamp;

/// A stretch of time; its end no longer belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Window {
    /// The window between two moments.
    #[must_use]
    pub fn new(from: Timestamp, until: Timestamp) -> Window {
        Window { from, until }
    }

    /// Whether a moment is in it.
    #[must_use]
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether it holds no moment at all.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.until <= self.from
    }

    /// How long it is.
    #[must_use]
    pub fn length(self) -> Duration {
        self.until.since(self.from)
    }
}

/// Windows sorted by their start, each with something of its own. They may overlap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Windows<T> {
    sorted: Vec<(Window, T)>,
    longest: Duration,
}

impl<T: Copy + Ord> Windows<T> {
    /// Empty windows are left out.
    pub(super) fn new(windows: impl IntoIterator<Item = (Window, T)>) -> Self {
        let mut sorted: Vec<_> = windows.into_iter().filter(|(window, _)| !window.is_empty()).collect();
        sorted.sort_unstable();
        let longest = sorted.iter().map(|(window, _)| window.length()).max().unwrap_or_default();
        Windows { sorted, longest }
    }

    /// Every window, by its start.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (Window, T)> {
        self.sorted.iter().copied()
    }

    /// The windows that hold a moment, the latest start first.
    pub(super) fn open_at(&self, now: Timestamp) -> impl Iterator<Item = (Window, T)> {
        let begun = self.sorted.partition_point(|(window, _)| window.from <= now);
        let longest = self.longest;
        self.sorted[..begun]
            .iter()
            .rev()
            .take_while(move |(window, _)| window.from.plus(longest) > now)
            .filter(move |(window, _)| window.holds(now))
            .copied()
    }

    /// The first window that starts after a moment.
    pub(super) fn next_after(&self, now: Timestamp) -> Option<(Window, T)> {
        let begun = self.sorted.partition_point(|(window, _)| window.from <= now);
        self.sorted.get(begun).copied()
    }

    /// The window that ended last before or at a moment.
    pub(super) fn last_ended(&self, now: Timestamp) -> Option<(Window, T)> {
        let begun = self.sorted.partition_point(|(window, _)| window.from <= now);
        let ended = self.sorted[..begun].iter().filter(|(window, _)| window.until <= now);
        ended.max_by_key(|(window, _)| window.until).copied()
    }
}

/// Moments at which something agreed begins, ends or is about to; several may share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edges(BTreeMap<Timestamp, u32>);

impl Edges {
    pub(super) fn add(&mut self, at: Timestamp) {
        *self.0.entry(at).or_default() += 1;
    }

    pub(super) fn remove(&mut self, at: Timestamp) {
        if let Some(count) = self.0.get_mut(&at) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(&at);
            }
        }
    }

    /// The first edge after a moment.
    pub(super) fn after(&self, now: Timestamp) -> Option<Timestamp> {
        use std::ops::Bound::{Excluded, Unbounded};
        self.0.range((Excluded(now), Unbounded)).next().map(|(at, _)| *at)
    }
}
