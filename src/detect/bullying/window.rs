//! What has been observed about one person in the last weeks, and what it adds up to.
//!
//! A window is a set of dated observations, so the order in which they arrive changes nothing, and folding them
//! again after a restart gives the same. Three tests are kept apart, because a person has to be able to follow each:
//!
//! | test | holds when |
//! |---|---|
//! | repetition | blows on two days, or [`MANY`] of them |
//! | imbalance | several against one; an adult against a young person; or one who goes on at somebody who never answers in kind, and has shown that it hurts or meets it again on another day |
//! | intent | it was planned, kept or spread; others were gathered for it; it went on after it was seen to hurt |
//!
//! Mutual banter (blow for blow, the person laughing along) quietens; what the person shows to hurt outweighs that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::nickname::day;
use super::{is_blow, is_distress, is_grave, is_hard};
use crate::domain::observation::ObservationKey;
use crate::domain::{Category, Code, Level, Observation, Timestamp, UserId};

/// How far back a person's window reaches (the safeguarding guidance's window for targets).
pub const WINDOW: Duration = Duration::from_hours(672);
/// How many blows are a repetition within one day.
pub const MANY: usize = 4;
/// How many observations of one person are kept: the oldest go first, whoever floods.
pub const KEPT: usize = 256;
/// How long after a sign of distress it counts as going on regardless.
const SEEN_TO_HURT: Duration = Duration::from_secs(1);

/// Everything observed about one person inside the window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetWindow {
    seen: BTreeMap<(Timestamp, ObservationKey), Observation>,
}

/// What a window adds up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `bullying`, or `threat` when somebody is threatened with pictures of them.
    pub category: Category,
    /// Its level.
    pub level: Level,
    /// Everybody who dealt a blow: the subjects, who must not hear of it from the system.
    pub by: BTreeSet<UserId>,
    /// The observations behind it in order of time, then the tests that hold.
    pub reasons: Vec<Observation>,
}

/// What somebody is in what happened, as a hint for the person who judges it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Dealt blows with words of their own.
    Aggressor,
    /// Laughed, voted, signed: joined in.
    Assistant,
    /// Took the person's side.
    Defender,
}

/// What is known of people beside the observations.
pub struct Around<'a> {
    /// How many blows the first dealt to the second inside the window.
    pub dealt: &'a dyn Fn(UserId, UserId) -> usize,
    /// Whether somebody counts as an adult for risk.
    pub adult: &'a dyn Fn(UserId) -> bool,
}

/// Whose window an observation belongs to, if it belongs to one: that of the person whom it is about.
#[must_use]
pub fn target_of(seen: &Observation) -> Option<UserId> {
    match seen.code {
        code if is_distress(code) => Some(seen.by),
        Code::LaughsAlong => Some(seen.by),
        Code::Defended => seen.towards,
        code if is_blow(code) => seen.towards.filter(|towards| *towards != seen.by),
        _ => None,
    }
}

impl TargetWindow {
    /// Takes in an observation; one that is there already changes nothing.
    pub fn add(&mut self, seen: Observation) {
        self.seen.insert((seen.at, seen.key()), seen);
        if let Some(newest) = self.seen.last_key_value().map(|((at, _), _)| *at) {
            self.forget_before(newest.minus(WINDOW));
        }
        while self.seen.len() > KEPT {
            self.seen.pop_first();
        }
    }

    /// Forgets what is older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.seen.retain(|(when, _), _| *when >= at);
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// How many observations are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// How many blows of one person stand in it since a moment.
    #[must_use]
    pub fn blows_of(&self, by: UserId, since: Timestamp) -> usize {
        self.within(since).filter(|seen| seen.by == by && is_blow(seen.code)).count()
    }

    fn within(&self, since: Timestamp) -> impl Iterator<Item = &Observation> {
        self.seen.iter().filter(move |((at, _), _)| *at >= since).map(|(_, seen)| seen)
    }

    /// Who was what, as hints: read when somebody looks, never kept.
    #[must_use]
    pub fn roles(&self) -> BTreeMap<UserId, Role> {
        let mut roles = BTreeMap::new();
        for seen in self.seen.values() {
            let role = match seen.code {
                Code::Defended => Role::Defender,
                Code::JoinsIn | Code::MockingReaction => Role::Assistant,
                code if is_blow(code) => Role::Aggressor,
                _ => continue,
            };
            roles.entry(seen.by).and_modify(|known: &mut Role| *known = (*known).min(role)).or_insert(role);
        }
        roles
    }

    /// What the observations of the last [`WINDOW`] add up to at a moment; none when there is no blow.
    #[must_use]
    pub fn assess(&self, now: Timestamp, around: &Around) -> Option<Finding> {
        let since = now.minus(WINDOW);
        let seen: Vec<&Observation> = self.within(since).collect();
        let blows: Vec<&Observation> = seen.iter().copied().filter(|seen| is_blow(seen.code)).collect();
        let last = *blows.last()?;
        let target = last.towards?;
        let distress: Vec<Timestamp> =
            seen.iter().filter(|seen| is_distress(seen.code)).map(|seen| seen.at).collect();
        let defended: Vec<Timestamp> =
            seen.iter().filter(|seen| seen.code == Code::Defended).map(|seen| seen.at).collect();
        let laughs = seen.iter().any(|seen| seen.code == Code::LaughsAlong);
        let mut by_person: BTreeMap<UserId, Vec<&Observation>> = BTreeMap::new();
        for blow in &blows {
            by_person.entry(blow.by).or_default().push(blow);
        }
        // Blow for blow is banter, unless the person has shown that it hurts.
        let mutual = |by: &UserId, dealt: usize| (around.dealt)(target, *by) * 2 >= dealt;
        let one_sided: BTreeMap<UserId, Vec<&Observation>> = by_person
            .iter()
            .filter(|(by, theirs)| !distress.is_empty() || !mutual(by, theirs.len()))
            .map(|(by, theirs)| (*by, theirs.clone()))
            .collect();
        let counted: Vec<&Observation> = one_sided.values().flatten().copied().collect();
        let tests = Tests::of(&counted, &one_sided, &seen, &distress, &defended, around.adult);
        let banter = one_sided.is_empty() || (laughs && distress.is_empty() && defended.is_empty());
        let facts = Facts {
            words: counted.iter().any(|blow| !matches!(blow.code, Code::JoinsIn | Code::MockingReaction)),
            hard: counted.iter().filter(|blow| is_hard(blow.code)).count(),
            hard_of_one: one_sided
                .values()
                .map(|theirs| theirs.iter().filter(|blow| is_hard(blow.code)).count())
                .max()
                .unwrap_or(0),
            grave: counted.iter().filter(|blow| is_grave(blow.code)).count(),
            days: counted.iter().map(|blow| day(blow.at)).collect::<BTreeSet<_>>().len(),
            blows: counted.len(),
            hurt: !distress.is_empty(),
            left: seen.iter().any(|seen| matches!(seen.code, Code::Withdraws | Code::FellSilent)),
            defended: !defended.is_empty(),
            images: counted.iter().filter(|blow| blow.code == Code::ImageThreat).count(),
        };
        let level = if banter { Level::Noted } else { facts.level(tests) };
        let mut reasons: Vec<Observation> = seen.iter().map(|&seen| seen.clone()).collect();
        reasons.extend(tests.codes().map(|code| Observation { code, quote: None, ..last.clone() }));
        let category = if facts.images > 0 { Category::Threat } else { Category::Bullying };
        Some(Finding { category, level, by: by_person.into_keys().collect(), reasons })
    }
}

/// The three tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tests {
    repetition: bool,
    imbalance: bool,
    intent: bool,
}

impl Tests {
    fn of(
        blows: &[&Observation],
        by_person: &BTreeMap<UserId, Vec<&Observation>>,
        seen: &[&Observation],
        distress: &[Timestamp],
        defended: &[Timestamp],
        adult: &dyn Fn(UserId) -> bool,
    ) -> Tests {
        let days: BTreeSet<i64> = blows.iter().map(|blow| day(blow.at)).collect();
        let several = by_person.len() >= 2;
        let grown_up = by_person.keys().any(|by| adult(*by));
        // Whoever gives as good as they get is not counted here at all.
        let unanswered = blows.len() >= 3 && (!distress.is_empty() || days.len() >= 2);
        let first_seen = distress.iter().chain(defended).min();
        let regardless = first_seen.is_some_and(|first| {
            blows.iter().any(|blow| blow.at >= first.plus(SEEN_TO_HURT) && blow.code != Code::MockingReaction)
                || blows.iter().filter(|blow| blow.at >= *first).count() >= 2
        });
        let gathered = blows.iter().filter(|blow| blow.code == Code::JoinsIn).count() >= 3;
        let named = seen.iter().any(|seen| seen.code == Code::StopAsked)
            && blows.iter().any(|blow| blow.code == Code::MockingName);
        Tests {
            repetition: days.len() >= 2 || blows.len() >= MANY,
            imbalance: several || grown_up || unanswered,
            intent: blows.iter().any(|blow| is_grave(blow.code) || blow.code == Code::Mimicry)
                || regardless
                || gathered
                || named,
        }
    }

    fn count(self) -> usize {
        usize::from(self.repetition) + usize::from(self.imbalance) + usize::from(self.intent)
    }

    fn codes(self) -> impl Iterator<Item = Code> {
        [(self.repetition, Code::Repetition), (self.imbalance, Code::Imbalance), (self.intent, Code::Intent)]
            .into_iter()
            .filter_map(|(holds, code)| holds.then_some(code))
    }
}

/// What a level is worked out from, beside the tests.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that the table of levels asks for")]
struct Facts {
    words: bool,
    hard: usize,
    hard_of_one: usize,
    grave: usize,
    days: usize,
    blows: usize,
    hurt: bool,
    left: bool,
    defended: bool,
    images: usize,
}

impl Facts {
    /// The table of levels. One hard word is noted; a second, or one that hurt, is for the room; two of the three
    /// tests with a sign that it is no joke are for the digest; all three, with distress and something that makes it
    /// urgent, page.
    fn level(&self, tests: Tests) -> Level {
        let again = self.hard >= 2 && self.days >= 2;
        let no_joke = self.hurt || self.defended || self.grave > 0 || self.hard >= 3 || again;
        let urgent = self.left || self.grave >= 2 || self.days >= 3;
        if self.images >= 2 || (self.images > 0 && self.hurt) {
            Level::Serious
        } else if self.images > 0 {
            Level::Concern
        } else if !self.words {
            Level::Noted
        } else if tests.count() == 3 && self.hurt && urgent && self.blows >= 6 {
            // A defender lowers the urgency; it is never hidden.
            if self.defended && self.days < 3 && !self.left { Level::Concern } else { Level::Serious }
        } else if tests.count() >= 2 && no_joke {
            Level::Concern
        } else if (self.hurt || self.defended) && (self.hard >= 1 || self.blows >= 2)
            || self.hard_of_one >= 2
            || self.hard >= 3
        {
            Level::Room
        } else {
            Level::Noted
        }
    }
}
