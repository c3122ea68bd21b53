//! Contact in writing, act by act: outside agreed times, by somebody who is not enrolled, between people who are kept
//! apart, in a direct message.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::Organisation;
use crate::contact::rules::addressed::addressed;
use crate::contact::rules::places;
use crate::contact::rules::settings::AgreedTimes;
use crate::domain::event::Message;
use crate::domain::{ChannelId, Code, GuildId, Kind, MessageId, Observation, Timestamp, UserId};

/// How far back contact outside agreed times counts as the same habit.
const HABIT: Duration = Duration::from_hours(14 * 24);
/// How long until the same contact of somebody who is not enrolled is told again.
const TOLD_AGAIN_AFTER: Duration = Duration::from_hours(7 * 24);

/// One act of contact: who, to whom, where.
#[derive(Clone, Copy)]
struct Act {
    guild: GuildId,
    space: ChannelId,
    message: MessageId,
    by: UserId,
    at: Timestamp,
}

impl Organisation {
    /// Somebody wrote: whom is it for, and may they?
    pub(in crate::engine) fn contact_in_writing(
        &mut self,
        message: &Message,
        now: Timestamp,
    ) -> Vec<Observation> {
        let Some(guild) = message.guild.filter(|_| !message.automated) else { return Vec::new() };
        let Some(server) = self.servers.get(&guild) else { return Vec::new() };
        // Without a description of the space nobody knows who sees it (an export).
        if !server.spaces.contains_key(&message.space) {
            return Vec::new();
        }
        let kind = server.roster.kind(message.author);
        if kind.is_protected() && self.state.agreed.separations.standing(now).next().is_none() {
            return Vec::new();
        }
        let recent = self.recent.get(&message.space);
        let people = addressed(message, recent.into_iter().flatten());
        let act =
            Act { guild, space: message.space, message: message.id, by: message.author, at: message.at };
        self.contact(act, &people, now)
    }

    /// Somebody reacted to a message of somebody else's.
    pub(in crate::engine) fn contact_by_reaction(
        &mut self,
        guild: GuildId,
        (space, message): (ChannelId, MessageId),
        author: Option<UserId>,
        by: UserId,
        now: Timestamp,
    ) -> Vec<Observation> {
        let known = || {
            let recent = self.recent.get(&space)?;
            recent.iter().find(|(id, _)| *id == message).map(|(_, author)| *author)
        };
        let Some(author) = author.or_else(known).filter(|author| *author != by) else { return Vec::new() };
        if !self.servers.get(&guild).is_some_and(|server| server.spaces.contains_key(&space)) {
            return Vec::new();
        }
        self.contact(Act { guild, space, message, by, at: now }, &BTreeSet::from([author]), now)
    }

    fn contact(&mut self, act: Act, people: &BTreeSet<UserId>, now: Timestamp) -> Vec<Observation> {
        let Some(server) = self.servers.get(&act.guild) else { return Vec::new() };
        let kind = server.roster.kind(act.by);
        if people.is_empty() || kind == Kind::Bot || Some(act.by) == self.own {
            return Vec::new();
        }
        let mut found = Vec::new();
        let seen = |code, towards: &UserId| Observation {
            at: act.at,
            code,
            by: act.by,
            towards: Some(*towards),
            space: Some(act.space),
            message: Some(act.message),
            quote: None,
        };
        if self.policy.contact.is_on(Code::SeparationBreached) {
            let apart = people.iter().filter(|to| self.state.agreed.separated(act.by, **to, now));
            found.extend(apart.map(|to| seen(Code::SeparationBreached, to)));
        }
        let young: Vec<&UserId> =
            people.iter().filter(|person| server.roster.kind(**person).is_protected()).collect();
        if kind.is_protected() || young.is_empty() {
            return found;
        }
        if matches!(kind, Kind::Guest | Kind::Conflicted)
            && self.policy.contact.is_on(Code::UnenrolledContact)
        {
            let lately = |to: &UserId| {
                let last = self.state.last_found_anywhere(Code::UnenrolledContact, act.by, Some(*to));
                last.is_some_and(|last| act.at.since(last) < TOLD_AGAIN_AFTER)
            };
            found.extend(young.iter().filter(|to| !lately(to)).map(|to| seen(Code::UnenrolledContact, to)));
        }
        if self.keeps_agreed_times() && !self.is_agreed_time(&act, now) {
            let small = self.is_small_and_private(&act);
            for to in young.into_iter().filter(|to| !self.state.agreed.plan_open(act.by, **to, now)) {
                self.outside_agreed_times(&act, *to, small, &mut found, seen);
            }
        }
        found
    }

    /// `out-of-session-contact` (InterAct §2; policy matrix P1): once a day for a pair. On several different days it is
    /// a low-level concern (`repeated-out-of-session-contact`); in a small private space it is one at once
    /// (`private-contact-outside-plan`).
    fn outside_agreed_times(
        &self,
        act: &Act,
        to: UserId,
        small: bool,
        found: &mut Vec<Observation>,
        seen: impl Fn(Code, &UserId) -> Observation,
    ) {
        let contact = &self.policy.contact;
        let day = |at: Timestamp| self.policy.zone.day_number(at);
        let today = day(act.at);
        let known_today = |code| {
            self.state.last_found_anywhere(code, act.by, Some(to)).is_some_and(|last| day(last) == today)
        };
        if contact.is_on(Code::OutOfSessionContact) && !known_today(Code::OutOfSessionContact) {
            found.push(seen(Code::OutOfSessionContact, &to));
        }
        let mut days: BTreeSet<i32> =
            self.state.outside_between(act.by, to, act.at.minus(HABIT)).map(day).collect();
        days.insert(today);
        let habit = days.len() >= contact.repeated_on_days as usize;
        if habit && contact.is_on(Code::RepeatedOutOfSessionContact) {
            let last = self.state.last_found_anywhere(Code::RepeatedOutOfSessionContact, act.by, Some(to));
            if last.is_none_or(|last| act.at.since(last) >= HABIT) {
                found.push(seen(Code::RepeatedOutOfSessionContact, &to));
            }
        }
        let code = Code::PrivateContactOutsidePlan;
        if small && contact.is_on(code) && !known_today(code) {
            found.push(seen(code, &to));
        }
    }

    /// Whether contact outside sessions and plans counts: always, never, or once the charity keeps a calendar.
    fn keeps_agreed_times(&self) -> bool {
        match self.policy.contact.agreed_times {
            AgreedTimes::Required => true,
            AgreedTimes::Off => false,
            AgreedTimes::WhenBooked => self.state.agreed.calendar.sessions().next().is_some(),
        }
    }

    fn is_agreed_time(&self, act: &Act, now: Timestamp) -> bool {
        let places = self.servers.get(&act.guild).map(|server| places(server, act.space)).unwrap_or_default();
        self.state.agreed.session_in(&places, now).is_some()
    }

    fn is_small_and_private(&self, act: &Act) -> bool {
        let Some(server) = self.servers.get(&act.guild) else { return false };
        let Some(space) = server.spaces.get(&act.space).filter(|space| server.is_private(space)) else {
            return false;
        };
        let audience = server.audience(space);
        audience.adults.len() + audience.protected.len() <= self.policy.contact.small_space
    }
}
