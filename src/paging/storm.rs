//! Storms (pure): many cases at once become few pages, and none of them is swallowed.
//!
//! The first pages to somebody leave one by one and at once. Whoever was called [`SINGLY`] times within [`WITHIN`] gets
//! no further page for [`BREATH`]; what falls due meanwhile leaves together, as one page that names every case and the
//! worst level. The first immediate danger of a storm does not wait.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::effect::CalledCase;
use crate::domain::{Effect, Level, Timestamp};

use super::ladder::{PageJob, Rung};
use super::people::KEEPERS;

/// How often somebody is called singly within [`WITHIN`].
const SINGLY: usize = 3;
/// How long calls count towards a storm.
const WITHIN: Duration = Duration::from_mins(5);
/// How long after a call in a storm the next one may leave.
const BREATH: Duration = Duration::from_mins(1);
/// From this many cases for one person, channel and moment on, one page tells of all.
const TOGETHER: usize = 3;

/// When people were called lately, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Storm(BTreeMap<String, Vec<(Timestamp, Level)>>);

impl Storm {
    /// Folds a call.
    pub fn called(&mut self, at: Timestamp, level: Level, people: &[String]) {
        for name in people {
            let calls = self.0.entry(name.clone()).or_default();
            calls.retain(|(earlier, _)| at.since(*earlier) < WITHIN);
            match calls.iter_mut().find(|(earlier, _)| *earlier == at) {
                // Several cases at one moment are one interruption.
                Some((_, worst)) => *worst = level.max(*worst),
                None => calls.push((at, level)),
            }
        }
    }

    /// Until when a call of this level to somebody waits; none when it may leave now.
    pub fn holds(&self, person: &str, level: Level, now: Timestamp) -> Option<Timestamp> {
        let calls = self.0.get(person)?;
        let lately = || calls.iter().filter(|(at, _)| *at <= now && now.since(*at) < WITHIN);
        let first_danger =
            level >= Level::Immediate && !lately().any(|(_, earlier)| *earlier >= Level::Immediate);
        if lately().count() < SINGLY || first_danger {
            return None;
        }
        let until = lately().map(|(at, _)| at.plus(BREATH)).max()?;
        (until > now).then_some(until)
    }

    /// When the first of those who are left in peace now may be called again.
    pub fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.0.keys().filter_map(|person| self.holds(person, Level::Serious, now)).min()
    }
}

/// Replaces many pages to one person over one channel by one that tells of all.
pub(super) fn together(organisation: &str, now: Timestamp, rungs: &mut [Rung]) {
    let mut pages: BTreeMap<(String, String), (String, Vec<CalledCase>)> = BTreeMap::new();
    for rung in rungs.iter() {
        for (job, step) in rung.jobs.iter().map(|job| (job, rung.step())) {
            if let Effect::Page {
                case, level, category, slot, round, channel, person, drill: false, ..
            } = &job.effect
            {
                let page = pages.entry((person.clone(), channel.clone())).or_default();
                page.0.clone_from(slot);
                page.1.push(CalledCase {
                    case: *case,
                    level: *level,
                    category: *category,
                    round: *round,
                    step,
                });
            }
        }
    }
    // What keeps incidents counts for itself.
    pages.retain(|(_, channel), (_, cases)| cases.len() >= TOGETHER && !KEEPERS.contains(&channel.as_str()));
    for rung in rungs.iter_mut() {
        let mut jobs = Vec::with_capacity(rung.jobs.len());
        for job in rung.jobs.drain(..) {
            let Effect::Page { person, channel, drill: false, .. } = &job.effect else {
                jobs.push(job);
                continue;
            };
            let whose = (person.clone(), channel.clone());
            match pages.get_mut(&whose) {
                None => jobs.push(job),
                // The first rung that it is on carries it.
                Some((slot, cases)) if !cases.is_empty() => {
                    let mut cases = std::mem::take(cases);
                    cases.sort_by_key(|called| (std::cmp::Reverse(called.level), called.case));
                    let (person, channel) = whose;
                    jobs.push(PageJob {
                        key: format!("pages/{organisation}/{}/{person}/{channel}", now.0),
                        effect: Effect::PageTogether { at: now, cases, slot: slot.clone(), channel, person },
                    });
                }
                Some(_) => {}
            }
        }
        rung.jobs = jobs;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_772_000_000 + seconds)
    }

    #[test]
    fn three_calls_leave_at_once_and_then_one_a_minute() {
        let mut storm = Storm::default();
        let sam = ["sam".to_owned()];
        for second in [0, 10, 20] {
            assert_eq!(storm.holds("sam", Level::Serious, at(second)), None);
            storm.called(at(second), Level::Serious, &sam);
        }
        assert_eq!(storm.holds("sam", Level::Serious, at(21)), Some(at(80)));
        assert_eq!(storm.holds("dee", Level::Serious, at(21)), None, "another person");
        assert_eq!(storm.holds("sam", Level::Immediate, at(21)), None, "the first danger does not wait");
        storm.called(at(21), Level::Immediate, &sam);
        assert_eq!(storm.holds("sam", Level::Immediate, at(22)), Some(at(81)));
        assert_eq!(storm.holds("sam", Level::Serious, at(81)), None);
        assert_eq!(storm.holds("sam", Level::Serious, at(400)), None, "it is over");
    }
}
