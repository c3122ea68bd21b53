//! A circuit breaker in front of a channel: one that fails again and again is left alone for a while.
//!
//! While it is open nothing is tried, and that is said at once, so that the person's next channel is. When the pause is
//! over one page tries it; what comes of that decides whether it closes or stays open for twice as long.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::outbox::{Deliver, Delivered, Delivery, Job};

/// How many failures in a row open it.
const IN_A_ROW: u32 = 5;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
/// No pause is longer: a provider that is back is to be used.
const LONGEST_PAUSE: Duration = Duration::from_mins(4);

/// Why nothing was tried.
pub const OPEN: &str = "the channel has failed repeatedly and is left alone for a moment";

#[derive(Debug, Default)]
struct State {
    failures: u32,
    pauses: u32,
    open_until: Option<Timestamp>,
    /// Somebody tries it although it was open.
    probing: bool,
}

/// A channel behind its breaker.
pub struct Breaker<D> {
    channel: D,
    clock: Clock,
    state: Mutex<State>,
}

impl<D: Deliver> Breaker<D> {
    /// Closed, in front of a channel.
    pub fn before(channel: D, clock: Clock) -> Self {
        Breaker { channel, clock, state: Mutex::default() }
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How long nothing is tried yet; none when this one may try.
    fn wait(&self, now: Timestamp) -> Option<Duration> {
        self.state(|state| {
            let until = state.open_until?;
            if now >= until && !state.probing {
                state.probing = true;
                return None;
            }
            Some(until.since(now).max(Duration::from_secs(1)))
        })
    }

    fn learn(&self, delivered: &Delivered, now: Timestamp) {
        self.state(|state| match delivered {
            Delivered::Later { .. } => {
                state.failures = state.failures.saturating_add(1);
                if state.failures >= IN_A_ROW {
                    let pause = FIRST_PAUSE.saturating_mul(1 << state.pauses.min(8)).min(LONGEST_PAUSE);
                    state.pauses = state.pauses.saturating_add(1);
                    state.open_until = Some(now.plus(pause));
                }
                state.probing = false;
            }
            // A refusal is an answer: the channel works.
            _ => *state = State::default(),
        });
    }
}

/// A probe that is cut off must not keep the breaker open for ever.
struct Probe<'a, D: Deliver> {
    breaker: &'a Breaker<D>,
    ended: bool,
}

impl<D: Deliver> Drop for Probe<'_, D> {
    fn drop(&mut self) {
        if !self.ended {
            self.breaker
                .learn(&Delivered::Later { why: String::new(), after: None }, self.breaker.clock.now());
        }
    }
}

impl<D: Deliver> Deliver for Breaker<D> {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(async move {
            if let Some(wait) = self.wait(self.clock.now()) {
                return Delivered::Later { why: OPEN.to_owned(), after: Some(wait) };
            }
            let mut probe = Probe { breaker: self, ended: false };
            let delivered = self.channel.deliver(job).await;
            probe.ended = true;
            self.learn(&delivered, self.clock.now());
            delivered
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;
    use crate::paging::channels::fake::job;

    #[derive(Default)]
    struct Moody {
        works: AtomicBool,
        asked: AtomicU32,
    }

    impl Deliver for &Moody {
        fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            let works = self.works.load(Ordering::SeqCst);
            Box::pin(async move {
                if works {
                    Delivered::Done { detail: None }
                } else {
                    Delivered::Later { why: "503".into(), after: None }
                }
            })
        }
    }

    #[tokio::test]
    async fn a_channel_that_fails_again_and_again_is_left_alone_and_then_tried_by_one_page() {
        let moody = Moody::default();
        let clock = Clock::manual(Timestamp::from_seconds(1_000));
        let breaker = Breaker::before(&moody, clock.clone());
        let page = job("sms", "sam");
        for _ in 0..5 {
            breaker.deliver(&page).await;
        }
        assert_eq!(moody.asked.load(Ordering::SeqCst), 5);
        let open = breaker.deliver(&page).await;
        assert_eq!(open, Delivered::Later { why: OPEN.into(), after: Some(Duration::from_secs(15)) });
        assert_eq!(moody.asked.load(Ordering::SeqCst), 5, "nothing was tried");

        clock.advance_to(Timestamp::from_seconds(1_015));
        breaker.deliver(&page).await;
        assert_eq!(moody.asked.load(Ordering::SeqCst), 6, "one tried");
        let open = breaker.deliver(&page).await;
        assert_eq!(open, Delivered::Later { why: OPEN.into(), after: Some(Duration::from_secs(30)) });

        moody.works.store(true, Ordering::SeqCst);
        clock.advance_to(Timestamp::from_seconds(1_045));
        for _ in 0..3 {
            assert_eq!(breaker.deliver(&page).await, Delivered::Done { detail: None });
        }
        moody.works.store(false, Ordering::SeqCst);
        breaker.deliver(&page).await;
        assert!(
            matches!(breaker.deliver(&page).await, Delivered::Later { why, .. } if why == "503"),
            "it counts anew"
        );
    }
}
