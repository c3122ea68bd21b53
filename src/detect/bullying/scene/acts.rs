//! What is remembered of a space's conversation: its turns, the blows and their answers, and what follows from them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::super::is_blow;
use crate::detect::direction::Near;
use crate::domain::{Code, MessageId, Quote, Timestamp, UserId};
use crate::text::{Occasion, Reading};

/// How many turns and acts of a space are remembered.
pub(super) const TURNS: usize = 48;
pub(super) const ACTS: usize = 64;
/// How long an act waits for the scene to turn.
pub(super) const WAITS: Duration = Duration::from_mins(20);
/// How long a scene stays turned after the last blow.
pub(super) const TURNED: Duration = Duration::from_mins(30);
/// How long a person is what the conversation is about after they were last met.
pub(super) const FOCUS: Duration = Duration::from_mins(6);
/// How soon somebody goes on at a person for it to be the same breath.
pub(super) const SAME_BREATH: Duration = Duration::from_mins(3);
/// How soon after a blow a laugh or a "signed" is meant for it.
pub(super) const JOINED: Duration = Duration::from_mins(4);
/// How far back an objection reaches for what it objects to.
pub(super) const OBJECTED: Duration = Duration::from_mins(2);
/// How long mutual talk between two people excuses the next blow.
pub(super) const MUTUAL: Duration = Duration::from_hours(1);
/// How long a birthday or a rehearsal colours a conversation.
pub(super) const FRAMED: Duration = Duration::from_hours(1);
/// How long after somebody spoke of ending their life a dare is meant for that.
pub(super) const DESPAIR: Duration = Duration::from_hours(1);
/// How long somebody who used to write has to be silent, while it goes on, for that to be told.
pub(super) const SILENT: Duration = Duration::from_hours(240);
/// How soon after the last blow somebody's leaving is taken as an answer to it.
pub(super) const LEFT: Duration = Duration::from_hours(72);
/// How often somebody must have been at a person for their next unaddressed taunt to be taken as meant for them.
pub(super) const HAUNTED: u32 = 3;
/// How many blows somebody who is silent must have met since they last wrote.
pub(super) const SILENT_BLOWS: u32 = 2;
/// How long earlier blows make the next light one count at once.
pub(super) const KNOWN: Duration = Duration::from_hours(672);

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a turn may be, asked for by name")]
pub(super) struct Turn {
    pub(super) id: MessageId,
    pub(super) at: Timestamp,
    pub(super) author: UserId,
    pub(super) to: Option<UserId>,
    pub(super) adult: bool,
    pub(super) laughter: bool,
    pub(super) cue: bool,
    /// Says too little, or something too ordinary, for an objection to be about it.
    pub(super) ordinary: bool,
    pub(super) echo: u64,
    pub(super) words: usize,
    pub(super) callings: Vec<u64>,
}

/// A blow, or a sign of what it does, that waits or has been told.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) id: MessageId,
    pub(super) at: Timestamp,
    pub(super) by: UserId,
    pub(super) towards: Option<UserId>,
    pub(super) code: Code,
    pub(super) quote: Option<Quote>,
    pub(super) told: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) turns: VecDeque<Turn>,
    pub(super) acts: VecDeque<Act>,
    pub(super) turned: BTreeMap<UserId, Timestamp>,
    pub(super) focus: Option<(UserId, Timestamp)>,
    pub(super) staged_until: Timestamp,
    pub(super) party_until: Timestamp,
    /// Somebody has spoken of their distress here: a "what?" after that objects to nothing.
    pub(super) grave_until: Timestamp,
    pub(super) despair: BTreeMap<UserId, Timestamp>,
    /// The adult who was last spoken about here.
    pub(super) adult: Option<(UserId, Timestamp)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Struck {
    pub(super) last: Timestamp,
    pub(super) times: u32,
}

pub(super) fn known(
    struck: &BTreeMap<(UserId, UserId), Struck>,
    by: UserId,
    towards: UserId,
    at: Timestamp,
) -> bool {
    struck.get(&(by, towards)).is_some_and(|struck| struck.last.plus(KNOWN) >= at)
}

/// Whom somebody has been at most often, of those who are about.
pub(super) fn haunted(
    struck: &BTreeMap<(UserId, UserId), Struck>,
    by: UserId,
    near: &Near,
    at: Timestamp,
) -> Option<UserId> {
    struck
        .range((by, UserId(0))..=(by, UserId(u64::MAX)))
        .filter(|((_, towards), struck)| {
            struck.times >= HAUNTED && struck.last.plus(KNOWN) >= at && near.contains(*towards)
        })
        .max_by_key(|(key, struck)| (struck.times, **key))
        .map(|((_, towards), _)| *towards)
}

impl Scene {
    pub(super) fn prune(&mut self, now: Timestamp) {
        let oldest = now.minus(MUTUAL);
        self.acts.retain(|act| act.at >= oldest);
        self.turned.retain(|_, until| *until >= now);
        self.despair.retain(|_, at| at.plus(DESPAIR) >= now);
    }

    pub(super) fn remember(&mut self, act: Act) {
        if act.towards.is_some() && is_blow(act.code) {
            self.focus = act.towards.map(|towards| (towards, act.at));
        }
        self.acts.push_back(act);
        while self.acts.len() > ACTS {
            self.acts.pop_front();
        }
    }

    pub(super) fn is_turned(&self, target: UserId, now: Timestamp) -> bool {
        self.turned.get(&target).is_some_and(|until| *until >= now)
    }

    pub(super) fn focus(&self, now: Timestamp) -> Option<UserId> {
        self.focus.filter(|(_, at)| at.plus(FOCUS) >= now).map(|(focus, _)| focus)
    }

    /// The blows at somebody since a moment, told or waiting.
    pub(super) fn blows_at(&self, target: UserId, since: Timestamp) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(move |act| {
            act.at >= since && act.towards == Some(target) && act.by != target && is_blow(act.code)
        })
    }

    pub(super) fn has_struck(&self, by: UserId, target: UserId) -> bool {
        self.acts
            .iter()
            .any(|act| act.by == by && act.towards == Some(target) && act.told && is_blow(act.code))
    }

    /// Whether somebody gives to these people about as much as they get from them.
    pub(super) fn mutual(&self, target: UserId, others: &BTreeSet<UserId>, now: Timestamp) -> bool {
        let since = now.minus(MUTUAL);
        let got = self.blows_at(target, since).filter(|act| others.contains(&act.by)).count();
        let given = others
            .iter()
            .flat_map(|other| self.blows_at(*other, since))
            .filter(|act| act.by == target)
            .count();
        given > 0 && given * 2 >= got
    }

    /// Several are at somebody, who neither laughs nor answers in kind.
    pub(super) fn several(&self, target: UserId, now: Timestamp) -> bool {
        let since = now.minus(WAITS);
        let laughed = self
            .acts
            .iter()
            .filter(|act| act.by == target && act.code == Code::LaughsAlong)
            .map(|act| act.at)
            .max()
            .unwrap_or(Timestamp(i64::MIN));
        let blows: Vec<&Act> = self.blows_at(target, since).filter(|act| act.at > laughed).collect();
        let people: BTreeSet<UserId> = blows.iter().map(|act| act.by).collect();
        let with_words =
            blows.iter().filter(|act| !matches!(act.code, Code::JoinsIn | Code::MockingReaction)).count();
        people.len() >= 2 && blows.len() >= 3 && with_words >= 2 && !self.mutual(target, &people, now)
    }

    /// The scene turns: what waited about this person is told, on both sides.
    pub(super) fn turn(&mut self, target: UserId, now: Timestamp, told: &mut Vec<Act>) {
        self.turned.insert(target, now.plus(TURNED));
        let since = now.minus(WAITS);
        for act in &mut self.acts {
            let about = act.towards == Some(target) && is_blow(act.code);
            let own = act.by == target && act.code != Code::LaughsAlong;
            if !act.told && act.at >= since && (about || own) {
                act.told = true;
                told.push(act.clone());
            }
        }
    }

    /// Birthdays make secrets, rehearsals make insults.
    pub(super) fn frame(&mut self, reading: &Reading, at: Timestamp) {
        if reading.occasions.has(Occasion::Staged) {
            self.staged_until = at.plus(FRAMED);
        }
        if reading.occasions.has(Occasion::Party) {
            self.party_until = at.plus(FRAMED);
        }
    }
}
