//! The directed pair adult → young person: what observations inside a rolling window add up to.
//!
//! Grooming is a network of processes without a fixed order, so a timeline is a *set* of dated observations: the
//! order in which they arrive changes nothing. Only observations count. Ordinary messages are never seen here, so a
//! devoted tutor who writes a thousand lines weighs what those lines say, which is nothing.
//!
//! Three things reach level 4 (a page): one observation that is serious alone; secrecy together with a meeting or a
//! lift; or enough weight from different processes with something weighty among them. Below that, drifting over
//! the line is `boundary`, level 3, for the daily digest.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::code::{Process, Weight};
use crate::domain::observation::ObservationKey;
use crate::domain::{Category, Code, Level, Observation, Timestamp, UserId};

/// How far back a pair's timeline reaches (the safeguarding guidance's window for pairs).
pub const WINDOW: Duration = Duration::from_hours(2160);

/// Points from which accumulated observations page, if at least one weighs [`Weight::High`] and they come from at
/// least [`PAGE_PROCESSES`] processes. One high (4) and one medium-high (3), or one high with two lighter ones of
/// other processes, reach it; any number of mild ones does not.
pub const PAGE_POINTS: u32 = 7;
/// How many processes a page needs: many observations of one process are a habit, two different ones a pattern.
pub const PAGE_PROCESSES: usize = 2;
/// Points from which mild observations of [`PAGE_PROCESSES`] processes drift over the line (`boundary`, level 3).
/// A single high one does so by itself.
pub const DRIFT_POINTS: u32 = 4;
/// What saying the same again adds, once, however often: repetition is not weight.
const AGAIN_POINTS: u32 = 1;
/// Within how long after something that the adult did a no or discomfort is taken as the answer to it.
const ANSWERED_WITHIN: Duration = Duration::from_hours(24);

/// What a timeline adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `grooming`, `sexual`, or `boundary` for a low-level concern.
    pub category: Category,
    /// Its level.
    pub level: Level,
    /// The observations behind it, in order of time.
    pub reasons: Vec<Observation>,
}

/// The pair (adult or older person, young person) that an observation is about, if it is about such a pair.
#[must_use]
pub fn pair_of(seen: &Observation) -> Option<(UserId, UserId)> {
    let towards = seen.towards?;
    match seen.code {
        Code::Refusal | Code::Discomfort => Some((towards, seen.by)),
        Code::OpenCorrection => Some((seen.by, towards)),
        code => code.process().map(|_| (seen.by, towards)),
    }
}

/// Everything observed between an adult and one young person inside the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairTimeline {
    seen: BTreeMap<(ObservationKey, Option<Timestamp>), Observation>,
}

impl PairTimeline {
    /// Takes in an observation; one that is there already changes nothing.
    pub fn add(&mut self, seen: Observation) {
        let key = (seen.key(), seen.message.is_none().then_some(seen.at));
        self.seen
            .entry(key)
            .and_modify(|known| {
                if seen < *known {
                    *known = seen.clone();
                }
            })
            .or_insert(seen);
    }

    /// Forgets what is older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.seen.retain(|_, seen| seen.at >= at);
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What the observations of the last [`WINDOW`] add up to at a moment; none when nothing speaks.
    #[must_use]
    pub fn assess(&self, now: Timestamp) -> Option<Finding> {
        let oldest = now.minus(WINDOW);
        let mut seen: Vec<&Observation> = self.seen.values().filter(|seen| seen.at >= oldest).collect();
        seen.sort();
        let acts: Vec<&Observation> =
            seen.iter().copied().filter(|seen| seen.code.process().is_some()).collect();
        let alone = acts
            .iter()
            .filter(|act| act.code.level_alone() >= Level::Serious)
            .max_by_key(|act| act.code.level_alone());
        let reasons = || seen.iter().map(|&seen| seen.clone()).collect();
        if let Some(act) = alone {
            return Some(Finding {
                category: act.code.category(),
                level: act.code.level_alone(),
                reasons: reasons(),
            });
        }
        let level = language_level(&acts)?;
        let level =
            if answered_with_discomfort(&seen, &acts) { level.raised().min(Level::Serious) } else { level };
        let level = if put_right(&seen, &acts) { level.min(Level::Concern) } else { level };
        let category = if level >= Level::Serious { Category::Grooming } else { Category::Boundary };
        Some(Finding { category, level, reasons: reasons() })
    }
}

/// The level that words and deeds reach before anybody answered them.
fn language_level(acts: &[&Observation]) -> Option<Level> {
    let strongest = acts.iter().map(|act| act.code.level_alone()).max()?;
    let has = |codes: &[Code]| acts.iter().any(|act| codes.contains(&act.code));
    if has(&[Code::SecrecyRequest]) && has(&[Code::MeetingRequest, Code::TransportOffer]) {
        return Some(Level::Serious);
    }
    let tally = Tally::of(acts);
    Some(if tally.pages() {
        Level::Serious
    } else if tally.high || (tally.points >= DRIFT_POINTS && tally.processes >= PAGE_PROCESSES) {
        Level::Concern
    } else {
        strongest
    })
}

/// Points by process, so that the sum can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tally {
    points: u32,
    /// Processes that say something by themselves: not mere access, not mere hours.
    processes: usize,
    high: bool,
}

impl Tally {
    fn of(acts: &[&Observation]) -> Tally {
        let mut by_process: BTreeMap<Process, BTreeMap<Code, u32>> = BTreeMap::new();
        for act in acts {
            if let Some(process) = act.code.process() {
                *by_process.entry(process).or_default().entry(act.code).or_default() += 1;
            }
        }
        let points = by_process.values().map(process_points).sum();
        let processes = by_process
            .iter()
            .filter(|(process, codes)| {
                !matches!(process, Process::Access | Process::Behaviour)
                    || codes.keys().any(|code| code.weight() >= Weight::Medium)
            })
            .count();
        let high = acts.iter().any(|act| act.code.weight() >= Weight::High);
        Tally { points, processes, high }
    }

    fn pages(self) -> bool {
        self.high && self.points >= PAGE_POINTS && self.processes >= PAGE_PROCESSES
    }
}

/// What one process weighs: its weightiest code whole, each other code half, and one point if anything was repeated.
fn process_points(codes: &BTreeMap<Code, u32>) -> u32 {
    let mut weights: Vec<u32> = codes.keys().map(|code| code.weight().points()).collect();
    weights.sort_unstable_by_key(|&points| std::cmp::Reverse(points));
    let first = weights.first().copied().unwrap_or(0);
    let others: u32 = weights.iter().skip(1).map(|points| points / 2).sum();
    let repeated = codes.iter().any(|(code, times)| *times > 1 && code.weight() > Weight::Context);
    first + others + if repeated { AGAIN_POINTS } else { 0 }
}

/// The young person said no or was uncomfortable soon after something that the adult did.
fn answered_with_discomfort(seen: &[&Observation], acts: &[&Observation]) -> bool {
    seen.iter().filter(|seen| matches!(seen.code, Code::Refusal | Code::Discomfort)).any(|no| {
        acts.iter().any(|act| {
            act.code.weight() >= Weight::Low && act.at < no.at && no.at <= act.at.plus(ANSWERED_WITHIN)
        })
    })
}

/// The adult put it right in the open, asked for no secrecy, and what came afterwards would not page by itself.
fn put_right(seen: &[&Observation], acts: &[&Observation]) -> bool {
    let hidden = [Code::SecrecyRequest, Code::DeleteRequest, Code::PersistsAfterRefusal];
    if acts.iter().any(|act| hidden.contains(&act.code)) {
        return false;
    }
    let corrections: BTreeSet<Timestamp> =
        seen.iter().filter(|seen| seen.code == Code::OpenCorrection).map(|seen| seen.at).collect();
    let Some(&last) = corrections.last() else { return false };
    let after: Vec<&Observation> = acts.iter().copied().filter(|act| act.at > last).collect();
    acts.iter().any(|act| act.at <= last) && !Tally::of(&after).pages()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::MessageId;

    const ADULT: UserId = UserId(1);
    const YOUNG: UserId = UserId(2);

    fn act(hours: i64, code: Code) -> Observation {
        let answer = matches!(code, Code::Refusal | Code::Discomfort);
        let (by, towards) = if answer { (YOUNG, ADULT) } else { (ADULT, YOUNG) };
        Observation {
            at: Timestamp::from_seconds(hours * 3_600),
            code,
            by,
            towards: Some(towards),
            space: None,
            message: Some(MessageId(hours.cast_unsigned() * 100 + code as u64)),
            quote: None,
        }
    }

    fn level(acts: &[(i64, Code)]) -> Option<(u8, Category)> {
        let mut timeline = PairTimeline::default();
        for &(hours, code) in acts {
            timeline.add(act(hours, code));
        }
        let now = Timestamp::from_seconds(100 * 3_600);
        let found = timeline.assess(now).map(|finding| (u8::from(finding.level), finding.category));
        let mut backwards = PairTimeline::default();
        for &(hours, code) in acts.iter().rev().chain(acts) {
            backwards.add(act(hours, code));
        }
        assert_eq!(timeline, backwards, "order and repetition change nothing");
        found
    }

    #[test]
    fn what_pages_and_what_does_not() {
        use Code::{
            AdultConfides, AgeGap, DeleteRequest, Discomfort, GiftOffer, ImageRequest, LateContact,
            MeetingRequest, OffPlatformMove, OpenCorrection, OutOfSessionContact, PersonalCompliment,
            PersonalQuestion, Refusal, SecrecyRequest, SpecialBond, TransportOffer,
        };
        let (note, room, drift, page) = (
            Some((1, Category::Boundary)),
            Some((2, Category::Boundary)),
            Some((3, Category::Boundary)),
            Some((4, Category::Grooming)),
        );
        for (acts, expected, why) in [
            (&[][..], None, "nothing"),
            (&[(1, PersonalCompliment)], note, "one compliment"),
            (
                &[(1, PersonalQuestion), (2, PersonalQuestion), (3, PersonalQuestion)],
                note,
                "many of one mild kind",
            ),
            (&[(1, PersonalQuestion), (2, AdultConfides)], drift, "two mild processes"),
            (&[(1, OffPlatformMove)], drift, "one high alone"),
            (
                &[(1, OffPlatformMove), (2, OffPlatformMove), (3, OffPlatformMove), (4, DeleteRequest)],
                drift,
                "one process only",
            ),
            (&[(1, SecrecyRequest), (2, MeetingRequest)], page, "secrecy with a meeting"),
            (&[(1, TransportOffer), (70, SecrecyRequest)], page, "secrecy with a lift, in either order"),
            (&[(1, SecrecyRequest), (2, GiftOffer)], page, "high and medium-high"),
            (&[(1, MeetingRequest), (2, PersonalQuestion)], drift, "six points"),
            (&[(1, MeetingRequest), (2, PersonalQuestion), (3, AgeGap)], page, "seven points"),
            (
                &[(1, PersonalCompliment), (2, PersonalQuestion), (3, SpecialBond), (4, GiftOffer)],
                drift,
                "nothing weighty",
            ),
            (
                &[(1, OffPlatformMove), (2, LateContact), (3, OutOfSessionContact)],
                drift,
                "hours and access are context",
            ),
            (&[(1, ImageRequest)], Some((4, Category::Sexual)), "serious alone"),
            (&[(1, OffPlatformMove), (2, Refusal)], page, "answered with a no"),
            (&[(2, OffPlatformMove), (1, Refusal)], drift, "a no before it answers nothing"),
            (&[(1, OffPlatformMove), (40, Discomfort)], drift, "a no days later answers nothing"),
            (&[(1, PersonalQuestion), (2, Discomfort)], room, "raised by one"),
            (&[(1, SecrecyRequest), (2, MeetingRequest), (3, Refusal)], page, "never above four from words"),
            (&[(1, Refusal)], None, "never from the answer alone"),
            (&[(1, OffPlatformMove), (2, GiftOffer), (3, OpenCorrection)], drift, "put right"),
            (&[(1, SecrecyRequest), (2, GiftOffer), (3, OpenCorrection)], page, "secrecy is not put right"),
            (
                &[(1, PersonalQuestion), (2, OpenCorrection), (3, OffPlatformMove), (4, GiftOffer)],
                page,
                "not what comes after",
            ),
        ] {
            assert_eq!(level(acts), expected, "{why}");
        }
    }

    #[test]
    fn the_window_rolls() {
        let mut timeline = PairTimeline::default();
        timeline.add(act(1, Code::OffPlatformMove));
        assert!(timeline.assess(Timestamp::from_seconds(89 * 86_400)).is_some());
        assert_eq!(timeline.assess(Timestamp::from_seconds(91 * 86_400)), None);
        timeline.forget_before(Timestamp::from_seconds(86_400));
        assert!(timeline.is_empty());
    }
}
