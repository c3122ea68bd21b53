//! How often one address may ask: a bucket that fills again with time.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;
use crate::domain::Timestamp;

/// So many requests at once.
const BURST: u32 = 30;
/// One more every so many µs.
const EVERY: i64 = 2_000_000;
/// So many addresses are remembered; beyond it those that have not asked for longest are forgotten.
const REMEMBERED: usize = 10_000;

pub(super) struct Limit {
    clock: Clock,
    buckets: Mutex<HashMap<IpAddr, (u32, Timestamp)>>,
}

impl Limit {
    pub fn new(clock: Clock) -> Self {
        Limit { clock, buckets: Mutex::default() }
    }

    /// Whether this address may ask once more.
    pub fn allows(&self, who: IpAddr) -> bool {
        let now = self.clock.now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED && !buckets.contains_key(&who) {
            let full_again = i64::from(BURST) * EVERY;
            buckets.retain(|_, (_, last)| now.0.saturating_sub(last.0) < full_again);
            if buckets.len() >= REMEMBERED {
                buckets.clear();
            }
        }
        let (left, last) = buckets.entry(who).or_insert((BURST, now));
        let more = now.0.saturating_sub(last.0).max(0) / EVERY;
        if more > 0 {
            *left = left.saturating_add(u32::try_from(more).unwrap_or(BURST)).min(BURST);
            *last = now;
        }
        let allowed = *left > 0;
        *left = left.saturating_sub(1);
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_at_once_and_then_one_every_two_seconds() {
        let clock = Clock::manual(Timestamp::from_seconds(1_000));
        let limit = Limit::new(clock.clone());
        let (a, b) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!((0..40).filter(|_| limit.allows(a)).count(), 30);
        assert!(limit.allows(b), "another address");
        clock.advance_to(Timestamp::from_seconds(1_004));
        assert_eq!((0..10).filter(|_| limit.allows(a)).count(), 2);
        clock.advance_to(Timestamp::from_seconds(5_000));
        assert_eq!((0..40).filter(|_| limit.allows(a)).count(), 30);
        for n in 0..30_000_u32 {
            limit.allows(IpAddr::from(n.to_be_bytes()));
        }
        assert!(limit.buckets.lock().unwrap().len() <= REMEMBERED);
    }
}
