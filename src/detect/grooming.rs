//! The directed pair adult → young person: what observations inside a rolling window add up to.
//!
//! Grooming is a network of processes without a fixed order, so a timeline is a *set* of dated observations: the
//! order in which they arrive changes nothing. Only observations count. Ordinary messages are never seen here, so a
//! devoted tutor who writes a thousand lines weighs what those lines say, which is nothing.
//!
//! What pages (level 4): one observation that is serious alone; secrecy together with a meeting or a lift; enough
//! weight from different processes, something weighty among them, close together in time; or a slow pattern of many
//! processes towards this young person alone. What an adult says to everybody weighs less ([`tally`]), and how the
//! adult treats the others is compared ([`Beside`]). Below that, drifting over the line is `boundary`, level 3.

mod beside;
mod explain;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::code::Weight;
use crate::domain::observation::ObservationKey;
use crate::domain::{Category, Code, Level, Observation, Timestamp, UserId};

pub use beside::Beside;
pub use explain::Quieter;
use tally::Tally;

/// How far back a pair's timeline reaches (the safeguarding guidance's window for pairs).
pub const WINDOW: Duration = Duration::from_hours(2160);
/// What pages by its weight stands this close together: two heavy things months apart that have nothing to do with
/// each other are two concerns for a person, not one pattern.
pub const TOGETHER: Duration = Duration::from_hours(21 * 24);

/// Points from which accumulated observations page, if at least one weighs [`Weight::High`] and they come from at
/// least [`PAGE_PROCESSES`] processes within [`TOGETHER`]. One high (4) and one medium-high (3), or one high with two
/// lighter ones of other processes, reach it; any number of mild ones does not.
pub const PAGE_POINTS: u32 = 7;
/// How many processes a page needs: many observations of one process are a habit, two different ones a pattern.
pub const PAGE_PROCESSES: usize = 2;
/// Points from which a pattern spread over the whole window pages, something weighty among it.
pub const SLOW_POINTS: u32 = 10;
/// How many processes a slow pattern needs.
pub const SLOW_PROCESSES: usize = 3;
/// How many processes page with nothing weighty among them, when the adult is so towards this young person alone.
pub const APART_PROCESSES: usize = 4;
/// Points from which mild observations of [`DRIFT_PROCESSES`] processes drift over the line (`boundary`, level 3). A
/// single high one does so by itself.
pub const DRIFT_POINTS: u32 = 5;
/// How many processes a drift needs. Where the adult is so towards this young person alone, the difference is one.
pub const DRIFT_PROCESSES: usize = 3;
/// Points from which two mild processes are for the room.
pub const ROOM_POINTS: u32 = 4;
/// Within how long after something that the adult did a no or discomfort is taken as the answer to it.
const ANSWERED_WITHIN: Duration = Duration::from_hours(24);

/// What a timeline adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `grooming`, `sexual`, or `boundary` for a low-level concern.
    pub category: Category,
    /// Its level.
    pub level: Level,
    /// Which rule of this module it rests on.
    pub rule: Rule,
    /// The observations behind it, in order of time.
    pub reasons: Vec<Observation>,
}

/// The rule that a finding rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Noted, for the pattern.
    Noted,
    /// Two mild processes.
    Mild,
    /// Several mild processes: an adult drifting over the line.
    Drift,
    /// One weighty observation.
    Weighty,
    /// Many processes towards this young person alone, with nothing weighty among them.
    SetApart,
    /// Enough weight over the whole window.
    Slow,
    /// Enough weight close together in time.
    Pattern,
    /// Secrecy together with a meeting or a lift.
    SecretMeeting,
    /// One observation that is serious in one message.
    Alone,
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

    /// What was observed within the window before a moment.
    pub fn within(&self, now: Timestamp) -> impl Iterator<Item = &Observation> {
        let oldest = now.minus(WINDOW);
        self.seen.values().filter(move |seen| seen.at >= oldest)
    }

    /// What the observations of the last [`WINDOW`] add up to at a moment, with nothing known of how the adult treats
    /// others; none when nothing speaks.
    #[must_use]
    pub fn assess(&self, now: Timestamp) -> Option<Finding> {
        self.assess_beside(now, &Beside::default())
    }

    /// What the observations of the last [`WINDOW`] add up to at a moment, compared with how the same adult treats
    /// other young people.
    #[must_use]
    pub fn assess_beside(&self, now: Timestamp, beside: &Beside) -> Option<Finding> {
        let mut seen: Vec<Observation> = self.within(now).cloned().collect();
        seen.extend(beside.singled_out(&seen));
        seen.sort();
        weigh(&seen, beside)
    }
}

/// What observations in the order of time add up to.
fn weigh(seen: &[Observation], beside: &Beside) -> Option<Finding> {
    let acts: Vec<&Observation> = seen.iter().filter(|seen| seen.code.process().is_some()).collect();
    let alone = acts
        .iter()
        .filter(|act| act.code.level_alone() >= Level::Serious)
        .max_by_key(|act| act.code.level_alone());
    if let Some(act) = alone {
        return Some(Finding {
            category: act.code.category(),
            level: act.code.level_alone(),
            rule: Rule::Alone,
            reasons: seen.to_vec(),
        });
    }
    let (level, rule) = language_level(&acts, beside)?;
    let level =
        if answered_with_discomfort(seen, &acts) { level.raised().min(Level::Serious) } else { level };
    let level = if put_right(seen, &acts, beside) { level.min(Level::Concern) } else { level };
    let category = if level >= Level::Serious { Category::Grooming } else { Category::Boundary };
    Some(Finding { category, level, rule, reasons: seen.to_vec() })
}

/// The level that words and deeds reach before anybody answered them, and by which rule.
fn language_level(acts: &[&Observation], beside: &Beside) -> Option<(Level, Rule)> {
    let strongest = acts.iter().map(|act| act.code.level_alone()).max()?;
    if meets_in_secret(acts) {
        return Some((Level::Serious, Rule::SecretMeeting));
    }
    let together = (0..acts.len()).any(|last| {
        let oldest = acts[last].at.minus(TOGETHER);
        let first = acts[..=last].partition_point(|act| act.at < oldest);
        Tally::of(&acts[first..=last], beside).pages()
    });
    if together {
        return Some((Level::Serious, Rule::Pattern));
    }
    let whole = Tally::of(acts, beside);
    Some(if whole.pages_slowly() {
        (Level::Serious, Rule::Slow)
    } else if whole.sets_apart() {
        (Level::Serious, Rule::SetApart)
    } else if whole.weighty {
        (Level::Concern, Rule::Weighty)
    } else if whole.points >= DRIFT_POINTS && whole.processes >= DRIFT_PROCESSES && whole.messages >= 2 {
        (Level::Concern, Rule::Drift)
    } else if whole.points >= ROOM_POINTS && whole.processes >= PAGE_PROCESSES && whole.messages >= 2 {
        (strongest.max(Level::Room), Rule::Mild)
    } else {
        (strongest, Rule::Noted)
    })
}

/// Secrecy together with a meeting or a lift, within [`TOGETHER`] of each other.
fn meets_in_secret(acts: &[&Observation]) -> bool {
    let of = |codes: &'static [Code]| acts.iter().filter(move |act| codes.contains(&act.code));
    of(&[Code::SecrecyRequest]).any(|secret| {
        of(&[Code::MeetingRequest, Code::TransportOffer]).any(|meeting| {
            let (first, last) = (secret.at.min(meeting.at), secret.at.max(meeting.at));
            last <= first.plus(TOGETHER)
        })
    })
}

/// The young person said no or was uncomfortable soon after something that the adult did.
fn answered_with_discomfort(seen: &[Observation], acts: &[&Observation]) -> bool {
    seen.iter().filter(|seen| matches!(seen.code, Code::Refusal | Code::Discomfort)).any(|no| {
        acts.iter().any(|act| {
            act.code.weight() >= Weight::Low && act.at < no.at && no.at <= act.at.plus(ANSWERED_WITHIN)
        })
    })
}

/// The adult put it right in the open, asked for no secrecy, and what came afterwards would not page by itself.
fn put_right(seen: &[Observation], acts: &[&Observation], beside: &Beside) -> bool {
    let hidden = [Code::SecrecyRequest, Code::DeleteRequest, Code::PersistsAfterRefusal];
    if acts.iter().any(|act| hidden.contains(&act.code)) {
        return false;
    }
    let corrections: BTreeSet<Timestamp> =
        seen.iter().filter(|seen| seen.code == Code::OpenCorrection).map(|seen| seen.at).collect();
    let Some(&last) = corrections.last() else { return false };
    let after: Vec<&Observation> = acts.iter().copied().filter(|act| act.at > last).collect();
    acts.iter().any(|act| act.at <= last) && !Tally::of(&after, beside).pages()
}

#[cfg(test)]
mod tests;
