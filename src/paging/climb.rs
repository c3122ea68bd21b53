//! One case's way up its ladder (pure): where it stands, when the next rung is due, who was tried how.
//!
//! A climb is only ever changed by folding facts. Looking ahead ([`Climb::due`], [`Climb::reached`]) changes
//! nothing, so that what is planned and what is folded afterwards can never disagree.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::{Level, Timestamp};

use super::people::OnCall;
use super::policy::PlannedRung;

/// A rung that was, or is about to be, called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// Which round, from 0.
    pub round: u32,
    /// Which rung of it; none before the first call.
    pub step: Option<u32>,
    /// When it was called, or is due.
    pub at: Timestamp,
    /// When its round began.
    pub round_began: Timestamp,
}

/// How one person was called the last time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Attempt {
    pub round: u32,
    pub step: u32,
    pub tried: BTreeSet<String>,
    pub failed: BTreeSet<String>,
    pub failed_at: Timestamp,
}

impl Attempt {
    /// The channel to turn to when everything tried so far has failed for good.
    fn fallback<'a>(&self, person: &'a OnCall) -> Option<&'a String> {
        if !self.tried.is_subset(&self.failed) {
            return None;
        }
        person.channels.iter().find(|channel| !self.tried.contains(*channel))
    }

    fn stands_at(&self, position: &Position) -> bool {
        position.step == Some(self.step) && position.round == self.round
    }
}

/// What the look ahead needs to know besides the climb itself.
pub(super) struct View<'a> {
    /// The rungs of a round, subjects dropped.
    pub rungs: &'a [PlannedRung<'a>],
    /// When a new round begins, counted from the beginning of the last.
    pub repeat: Duration,
    /// Everybody who may know, by name.
    pub may_know: &'a BTreeMap<&'a str, &'a OnCall>,
}

/// A ladder that is being climbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Climb {
    /// At which level.
    pub level: Level,
    position: Position,
    attempts: BTreeMap<String, Attempt>,
    /// The round in which it was armed: answers to earlier ones are stale.
    first_round: u32,
    armed_at: Timestamp,
    /// A whole round went unanswered, and that was said.
    exhausted: bool,
    /// When the subjects last changed: somebody who was called may no longer count.
    subjects_changed: Timestamp,
}

/// What is due: calls of new rungs in order, and other channels for people whom one did not reach.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// Rungs whose time has come: `(round, step, people)`.
    pub rungs: Vec<(u32, u32, Vec<String>)>,
    /// `(round, step, people)` to be called again over their next channel.
    pub fallbacks: Vec<(u32, u32, Vec<String>)>,
    /// The round that has now gone unanswered, where that was not said yet.
    pub exhausted: Option<u32>,
}

impl Climb {
    /// A ladder armed at this moment; rounds are counted from `round`.
    pub fn armed(level: Level, round: u32, at: Timestamp) -> Self {
        Climb {
            level,
            position: Position { round, step: None, at, round_began: at },
            attempts: BTreeMap::new(),
            first_round: round,
            armed_at: at,
            exhausted: false,
            subjects_changed: at,
        }
    }

    /// Folds that a round went unanswered.
    pub fn exhausted(&mut self) {
        self.exhausted = true;
    }

    /// When it was armed.
    pub fn armed_at(&self) -> Timestamp {
        self.armed_at
    }

    /// Whether an answer to a call of this round is one to this ladder.
    pub fn knows_round(&self, round: u32) -> bool {
        round >= self.first_round
    }

    /// The round that it is in.
    pub fn round(&self) -> u32 {
        self.position.round
    }

    /// Folds a call. `channels` gives the channels that a first call of a person in this round goes out by.
    pub fn called(
        &mut self,
        at: Timestamp,
        (round, step): (u32, u32),
        people: &[String],
        may_know: &BTreeMap<&str, &OnCall>,
    ) {
        let new = self.position.step.is_none_or(|now| (round, step) > (self.position.round, now));
        for name in people {
            let Some(person) = may_know.get(name.as_str()) else { continue };
            if let Some(attempt) = self.attempts.get_mut(name)
                && (attempt.round, attempt.step) == (round, step)
            {
                if let Some(channel) = attempt.fallback(person) {
                    attempt.tried.insert(channel.clone());
                }
                continue;
            }
            let tried = first_channels(person, self.level, round).cloned().collect();
            self.attempts
                .insert(name.clone(), Attempt { round, step, tried, failed: BTreeSet::new(), failed_at: at });
        }
        if new {
            let same_round = self.position.step.is_some() && self.position.round == round;
            let round_began = if same_round { self.position.round_began } else { at };
            self.position = Position { round, step: Some(step), at, round_began };
        }
    }

    /// Folds a page that will never arrive. `is_key` tells whether the outcome belongs to this rung.
    pub fn failed(&mut self, at: Timestamp, person: &str, channel: &str, is_key: impl Fn(u32, u32) -> bool) {
        if let Some(attempt) = self.attempts.get_mut(person)
            && is_key(attempt.round, attempt.step)
        {
            attempt.failed.insert(channel.to_owned());
            attempt.failed_at = at;
        }
    }

    /// Folds that a channel took a page after all.
    pub fn arrived(&mut self, person: &str, channel: &str, is_key: impl Fn(u32, u32) -> bool) {
        if let Some(attempt) = self.attempts.get_mut(person)
            && is_key(attempt.round, attempt.step)
        {
            attempt.failed.remove(channel);
        }
    }

    /// Folds a change of the subjects.
    pub fn subjects_changed(&mut self, at: Timestamp) {
        self.subjects_changed = at;
    }

    /// The channels that a call planned now uses for a person: the fallback where this very rung was tried before.
    pub fn channels_for(&self, person: &OnCall, round: u32, step: u32) -> Vec<String> {
        match self.attempts.get(&person.name) {
            Some(attempt) if (attempt.round, attempt.step) == (round, step) => {
                attempt.fallback(person).cloned().into_iter().collect()
            }
            _ => first_channels(person, self.level, round).cloned().collect(),
        }
    }

    /// When to look again; in the past when something is overdue.
    pub fn due(&self, view: &View<'_>) -> Timestamp {
        let next = self.after(self.position, view).at;
        self.waiting_fallbacks(view).map(|(_, attempt)| attempt.failed_at).fold(next, Timestamp::min)
    }

    /// What is due at `now`. Every person is called at most once, however long nobody looked.
    pub fn reached(&self, view: &View<'_>, now: Timestamp) -> Reached {
        let mut positions = Vec::new();
        let mut position = self.position;
        loop {
            let mut next = self.after(position, view);
            if next.at > now {
                break;
            }
            if next.step == Some(0) && positions.len() > view.rungs.len() {
                // A whole round has been seen: the others that fell due while nobody looked are only counted.
                let missed = now.since(next.at).as_micros() / view.length().as_micros().max(1);
                let span = view.length().saturating_mul(u32::try_from(missed).unwrap_or(u32::MAX));
                next.round = next.round.saturating_add(u32::try_from(missed).unwrap_or(u32::MAX));
                next.at = next.at.plus(span);
                next.round_began = next.at;
            }
            positions.push(next);
            if positions.len() > 3 * view.rungs.len() + 3 {
                break;
            }
            position = next;
        }

        let planned = |position: &Position| {
            let rung = position.step.and_then(|step| view.rungs.get(step as usize));
            rung.map_or(&[][..], |rung| &rung.people)
        };
        let mut names = Vec::new();
        for person in positions.iter().flat_map(planned) {
            if !names.contains(&person.name) {
                names.push(person.name.clone());
            }
        }
        let mut fallbacks: BTreeMap<(u32, u32), Vec<String>> = BTreeMap::new();
        for (name, attempt) in self.waiting_fallbacks(view) {
            if !names.contains(name) {
                fallbacks.entry((attempt.round, attempt.step)).or_default().push(name.clone());
            }
        }
        let last_full = positions.iter().rposition(|position| !planned(position).is_empty());
        let mut rungs = Vec::new();
        for (index, position) in positions.iter().enumerate() {
            let step = position.step.unwrap_or(0);
            if planned(position).is_empty() {
                rungs.push((position.round, step, Vec::new()));
            } else if Some(index) == last_full {
                rungs.push((position.round, step, std::mem::take(&mut names)));
            }
        }
        let has_last_resort = view.rungs.iter().any(|rung| rung.last_resort);
        let ends = |position: &&Position| {
            let rung = position.step.and_then(|step| view.rungs.get(step as usize));
            if has_last_resort {
                rung.is_some_and(|rung| rung.last_resort)
            } else {
                position.step == Some(0) && position.round > self.first_round
            }
        };
        let exhausted = positions.iter().find(ends).filter(|_| !self.exhausted);
        Reached {
            exhausted: exhausted.map(|position| {
                if has_last_resort { position.round } else { position.round.saturating_sub(1) }
            }),
            rungs,
            fallbacks: fallbacks.into_iter().map(|((round, step), people)| (round, step, people)).collect(),
        }
    }

    /// The rung after `position` and the moment at which it is due.
    fn after(&self, position: Position, view: &View<'_>) -> Position {
        let Some(step) = position.step else {
            return Position { step: Some(0), ..position };
        };
        let rung = view.rungs.get(step as usize);
        let wait = rung.map_or(Duration::ZERO, |rung| rung.wait);
        let over = if position == self.position {
            self.nobody_left_since(view).unwrap_or_else(|| position.at.plus(wait))
        } else {
            position.at.plus(wait)
        };
        if (step as usize) + 1 < view.rungs.len() {
            Position { step: Some(step + 1), at: over, ..position }
        } else {
            let at = over.max(position.round_began.plus(view.repeat));
            Position { round: position.round.saturating_add(1), step: Some(0), at, round_began: at }
        }
    }

    /// Since when the rung called last has nobody on it who can still answer; none while somebody can.
    fn nobody_left_since(&self, view: &View<'_>) -> Option<Timestamp> {
        let mut since = self.position.at;
        for (name, attempt) in &self.attempts {
            if !attempt.stands_at(&self.position) {
                continue;
            }
            match view.may_know.get(name.as_str()) {
                Some(person) => {
                    if person.channels.iter().any(|channel| !attempt.failed.contains(channel)) {
                        return None;
                    }
                    since = since.max(attempt.failed_at);
                }
                None => since = since.max(self.subjects_changed),
            }
        }
        Some(since)
    }

    fn waiting_fallbacks(&self, view: &View<'_>) -> impl Iterator<Item = (&String, &Attempt)> {
        self.attempts.iter().filter(|(name, attempt)| {
            view.may_know.get(name.as_str()).is_some_and(|person| attempt.fallback(person).is_some())
        })
    }
}

impl View<'_> {
    /// How long a round takes in which nobody answers.
    fn length(&self) -> Duration {
        self.rungs.iter().map(|rung| rung.wait).sum::<Duration>().max(self.repeat)
    }
}

/// The first round calls a person once, over the channel that they prefer; where that was not answered, and in
/// immediate danger, every channel is used.
fn first_channels(person: &OnCall, level: Level, round: u32) -> impl Iterator<Item = &String> {
    let all = round > 0 || level >= Level::Immediate;
    person.channels.iter().take(if all { usize::MAX } else { 1 })
}
