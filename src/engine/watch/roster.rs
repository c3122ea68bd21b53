//! Who is who on each server over time (CHUMS §2; policy matrix P5): whenever roles or an enrolment make somebody a
//! worker, a volunteer or a lead, or make them one no longer, that is a fact of the register, with who changed it where
//! the audit log tells.
//!
//! Young people, parents and guests are not listed: the roster is about those who hold a responsibility.

use std::time::Duration;

use super::super::{Assessment, Organisation};
use crate::domain::{Event, Fact, GuildId, Kind, Register, Timestamp, UserId};

/// The number of Discord's audit log for somebody's roles changed.
const ROLES_CHANGED: u64 = 25;
/// How far apart the log's entry and the change itself may be heard.
const SAME_CHANGE: Duration = Duration::from_secs(10);

/// Whether the roster names somebody of this kind: who covers, and who claims to be both.
fn is_listed(kind: Kind) -> bool {
    kind.covers() || kind == Kind::Conflicted
}

impl Organisation {
    /// What an event makes of people.
    pub(super) fn note_kinds_after(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        match event {
            Event::Guild(snapshot) => self.note_kinds(snapshot.id, now, a),
            Event::Members { guild, .. }
            | Event::RoleChanged { guild, .. }
            | Event::RoleGone { guild, .. } => {
                self.note_kinds(*guild, now, a);
            }
            Event::MemberChanged { guild, member } => self.note_kind(*guild, member.id, now, a),
            Event::MemberGone { guild, user } => self.note_kind(*guild, *user, now, a),
            _ => {}
        }
    }

    /// What roles and enrolments make of everybody on a server.
    fn note_kinds(&mut self, guild: GuildId, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild) else { return };
        let mut people: Vec<UserId> = server.roster.iter().map(|person| person.id).collect();
        // Whoever is missing from a description that is whole has left.
        if !self.members_until.contains_key(&guild) {
            people.extend(self.state.enrolments.seen_on(guild).map(|(account, _)| account));
        }
        for person in people {
            self.note_kind(guild, person, now, a);
        }
    }

    /// The same on every server.
    pub(super) fn note_kinds_everywhere(&mut self, now: Timestamp, a: &mut Assessment) {
        for guild in self.servers.keys().copied().collect::<Vec<_>>() {
            self.note_kinds(guild, now, a);
        }
    }

    fn note_kind(&mut self, guild: GuildId, account: UserId, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild).filter(|_| self.watch.live) else { return };
        let kind = server.roster.get(account).map_or(Kind::Guest, |person| person.kind);
        let seen = self.state.enrolments.seen(guild, account).map(|seen| seen.kind);
        if Some(kind) == seen || !(is_listed(kind) || seen.is_some_and(is_listed)) {
            return;
        }
        let log = self.watch.roles_changed.remove(&(guild, account));
        let by = log.filter(|(_, at)| now.since(*at) <= SAME_CHANGE).map(|(by, _)| by);
        let change = Register::KindSeen { guild, account, kind, since: now, by };
        self.conclude(now, Fact::Register(change), a);
    }

    /// The audit log says who changed somebody's roles: before or after the change itself is heard.
    pub(super) fn who_changed_roles(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        let Event::Audit { guild, action: ROLES_CHANGED, by: Some(by), target: Some(target), .. } = event
        else {
            return;
        };
        let (guild, account) = (*guild, UserId(*target));
        match self.state.enrolments.seen(guild, account) {
            Some(seen) if seen.by.is_none() && now.since(seen.since) <= SAME_CHANGE && self.watch.live => {
                let (kind, since) = (seen.kind, seen.since);
                let change = Register::KindSeen { guild, account, kind, since, by: Some(*by) };
                self.conclude(now, Fact::Register(change), a);
            }
            _ => {
                self.watch.roles_changed.retain(|_, (_, at)| now.since(*at) <= SAME_CHANGE);
                self.watch.roles_changed.insert((guild, account), (*by, now));
            }
        }
    }
}
