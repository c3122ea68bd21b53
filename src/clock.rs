//! The only place that asks the time.
//!
//! [`Clock::system`] is the machine's clock. [`Clock::manual`] stands still until somebody moves it: tests and the
//! rehearsal move it, and everything that waits (back-off, ladders, grace periods) waits on it, so that three
//! days pass in a millisecond and in the right order.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::domain::Timestamp;

/// Where the time comes from. Cheap to clone; clones of a manual clock move together.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<watch::Sender<Timestamp>>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Clock(Source::System)
    }

    /// A clock that stands at `start` until it is moved.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Clock(Source::Manual(Arc::new(watch::Sender::new(start))))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
            Source::Manual(now) => *now.borrow(),
        }
    }

    /// Waits until the clock shows `at` or later; returns at once when it already does.
    pub async fn until(&self, at: Timestamp) {
        match &self.0 {
            Source::System => loop {
                let left = at.since(self.now());
                if left.is_zero() {
                    return;
                }
                // In slices, so that a stepped or suspended machine clock is noticed within the minute.
                tokio::time::sleep(left.min(Duration::from_secs(30))).await;
            },
            Source::Manual(now) => {
                let mut now = now.subscribe();
                // The sender lives as long as `self`, so this cannot fail while somebody still waits.
                let _ = now.wait_for(|now| *now >= at).await;
            }
        }
    }

    /// Moves a manual clock to `at`. A system clock and a manual clock that is already later stay as they are:
    /// time that has been seen is never taken back here (a stepped clock is tried with [`Clock::step_to`]).
    pub fn advance_to(&self, at: Timestamp) {
        if let Source::Manual(now) = &self.0 {
            now.send_if_modified(|now| {
                let later = at > *now;
                if later {
                    *now = at;
                }
                later
            });
        }
    }

    /// Sets a manual clock, backwards too, as an operator or a time server does. Nothing happens on a system clock.
    pub fn step_to(&self, at: Timestamp) {
        if let Source::Manual(now) = &self.0 {
            now.send_replace(at);
        }
    }

    /// How many wait for a manual clock to get somewhere.
    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        match &self.0 {
            Source::System => 0,
            Source::Manual(now) => now.receiver_count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_on_a_manual_clock_wakes_when_it_gets_there() {
        let clock = Clock::manual(Timestamp::from_seconds(100));
        let waiter = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.until(Timestamp::from_seconds(160)).await;
                clock.now()
            }
        });
        clock.advance_to(Timestamp::from_seconds(159));
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        clock.advance_to(Timestamp::from_seconds(200));
        assert_eq!(waiter.await.unwrap(), Timestamp::from_seconds(200));
    }

    #[test]
    fn a_manual_clock_is_only_taken_back_on_purpose() {
        let clock = Clock::manual(Timestamp::from_seconds(100));
        clock.advance_to(Timestamp::from_seconds(50));
        assert_eq!(clock.now(), Timestamp::from_seconds(100));
        clock.step_to(Timestamp::from_seconds(50));
        assert_eq!(clock.now(), Timestamp::from_seconds(50));
    }
}
