//! How long to wait before the next attempt.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

/// The longest first wait; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(2_500);
/// No wait is longer, unless the other side asks for it.
const LONGEST: Duration = Duration::from_mins(10);

/// The wait after the `attempt`th failed attempt (from 1): exponential from 2 s to 10 min, up to a fifth of it taken
/// off so that jobs which failed together do not come back together.
///
/// Where the other side asked to be left alone for `asked` (Retry-After), the wait is never shorter than that; the
/// spread is then added on top. It depends on the key and the attempt alone: a replay waits as long as the original.
pub(super) fn wait(key: &str, attempt: u32, asked: Option<Duration>) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let full = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    let spread = full / 5 * u32::from(chance(key, attempt)) / 255;
    let wait = full.saturating_sub(spread);
    asked.map_or(wait, |asked| wait.max(asked.saturating_add(spread)))
}

/// A number that looks drawn by lot and is the same every time.
fn chance(key: &str, attempt: u32) -> u8 {
    Sha256::new().chain_update(key).chain_update(attempt.to_be_bytes()).finalize()[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_from_two_seconds_to_ten_minutes() {
        for (attempt, full) in
            [(1, 2_500), (2, 5_000), (3, 10_000), (8, 320_000), (9, 600_000), (40, 600_000)]
        {
            for key in ["hide:1", "hide:2", "page:7"] {
                let wait = wait(key, attempt, None);
                let full = Duration::from_millis(full);
                assert!(wait <= full && wait >= full / 5 * 4, "{key} attempt {attempt}: {wait:?}");
                assert!(wait >= Duration::from_secs(2));
            }
        }
    }

    #[test]
    fn jobs_that_failed_together_come_back_apart_and_a_replay_comes_back_alike() {
        let waits: std::collections::BTreeSet<_> =
            (0..20).map(|number| wait(&format!("page:{number}"), 3, None)).collect();
        assert!(waits.len() > 10, "{waits:?}");
        assert_eq!(wait("page:1", 3, None), wait("page:1", 3, None));
    }

    #[test]
    fn whoever_asks_to_be_left_alone_is() {
        let minute = Duration::from_mins(1);
        assert!(wait("a", 1, Some(minute)) >= minute);
        assert!(wait("a", 9, Some(minute)) > minute, "our own wait is longer and stands");
        assert!(wait("a", 1, Some(Duration::from_hours(1))) >= Duration::from_hours(1));
    }
}
