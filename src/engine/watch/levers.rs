//! The pause of direct messages between members (InterAct §2; policy matrix P1): kept always, renewed at half of its life,
//! set again and told when somebody lifts it, told at once when it cannot be set any more.
//!
//! Discord lets a pause reach 24 hours ahead. It binds nobody who holds a moderator's permissions, no friends, and nobody
//! who shares another server with the other; no bot sees what is written in a direct message.

use std::time::Duration;

use super::super::{Assessment, Organisation};
use super::locks::again_at;
use crate::contact::rules::settings::DmPause;
use crate::domain::{Code, Effect, Event, Fact, GuildId, Observation, Timestamp, UserId};

/// How far ahead a pause is set: Discord's limit, less what two clocks may differ by.
const AHEAD: Duration = Duration::from_mins(24 * 60 - 5);
/// A pause that ends sooner than this is renewed.
const RENEW_WITHIN: Duration = Duration::from_hours(12);
/// An end that differs by less than this is the same end.
const SAME: Duration = Duration::from_mins(1);
/// How long the audit log is waited for, to say who lifted a pause.
const WHO_WAIT: Duration = Duration::from_secs(10);
/// Discord's audit log number for a change of the server's own settings.
pub(super) const SERVER_CHANGED: u64 = 1;

/// How the pause of direct messages of a server stands, for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmState {
    /// Paused until a moment; it is renewed before that.
    Paused {
        /// Until when.
        until: Timestamp,
    },
    /// Not paused now: a session is open, and the charity has decided that they are open then.
    OpenForSession,
    /// Not paused: the bot is not allowed to, or is still trying.
    NotPaused {
        /// Since when it has failed; none while the first attempt is on its way.
        failing_since: Option<Timestamp>,
    },
    /// The charity does not want Chaperone to pause them.
    NotWanted,
}

impl Organisation {
    /// How direct messages between members of a server stand.
    #[must_use]
    pub fn dm_state(&self, guild: GuildId, now: Timestamp) -> DmState {
        if self.policy.contact.dm_pause == DmPause::Never {
            return DmState::NotWanted;
        }
        let paused = self.servers.get(&guild).and_then(|server| server.dms_paused_until);
        match paused.filter(|until| *until > now) {
            Some(until) => DmState::Paused { until },
            None if !self.wants_dms_paused(guild, now) => DmState::OpenForSession,
            None => {
                let failed = self.state.dm_pauses.get(&guild).and_then(|pause| pause.failed);
                DmState::NotPaused { failing_since: failed.map(|(_, at)| at) }
            }
        }
    }

    fn wants_dms_paused(&self, guild: GuildId, now: Timestamp) -> bool {
        match self.policy.contact.dm_pause {
            DmPause::Always => true,
            DmPause::Never => false,
            DmPause::ExceptSessions => {
                let Some(server) = self.servers.get(&guild) else { return true };
                let of_this_server = |space| server.spaces.contains_key(space);
                !self.state.agreed.calendar.sessions().any(|booked| {
                    booked.open_at(now).is_some() && booked.session.spaces.iter().any(of_this_server)
                })
            }
        }
    }

    /// Looks at the pause of every server; only a program that runs pulls levers, never an export that is read.
    pub(super) fn watch_levers(&mut self, now: Timestamp, a: &mut Assessment) {
        if !self.watch.live || self.policy.contact.dm_pause == DmPause::Never {
            return;
        }
        for guild in self.servers.keys().copied().collect::<Vec<_>>() {
            self.watch_lever(guild, now, a);
        }
        let told: Vec<GuildId> = self
            .watch
            .lifted
            .iter()
            .filter(|(_, at)| now.since(**at) >= WHO_WAIT)
            .map(|(guild, _)| *guild)
            .collect();
        for guild in told {
            self.tell_lifted(guild, None, now, a);
        }
    }

    fn watch_lever(&mut self, guild: GuildId, now: Timestamp, a: &mut Assessment) {
        let paused = self.servers.get(&guild).and_then(|server| server.dms_paused_until);
        let paused = paused.filter(|until| *until > now);
        let known = self.state.dm_pauses.get(&guild).copied().unwrap_or_default();
        let waits = known.failed.is_some_and(|(failures, at)| again_at(failures, at) > now);
        if known.pending || waits {
            return;
        }
        let until = if self.wants_dms_paused(guild, now) {
            if paused.is_some_and(|until| until.since(now) > RENEW_WITHIN) {
                return;
            }
            Some(now.plus(AHEAD))
        } else {
            // Opened for a session; a pause that somebody else sets meanwhile is theirs.
            if paused.is_none() || known.open_for_session {
                return;
            }
            None
        };
        let mark = until.map_or(now.0, |until| until.0);
        let what = if until.is_some() { "pause" } else { "open" };
        let job = format!("dms/{}/{guild}/{what}/{mark}", self.name);
        if self.state.has_decided(&job) {
            return;
        }
        self.conclude(now, Fact::Decided { job, effect: Effect::PauseDms { guild, until }, case: None }, a);
        self.watch.stale = true;
    }

    /// The server's settings changed: is the pause shorter than it was, and was that not us?
    pub(super) fn pause_changed(
        &mut self,
        guild: GuildId,
        before: Option<Timestamp>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        if !self.watch.live || self.policy.contact.dm_pause == DmPause::Never {
            return;
        }
        let known = self.state.dm_pauses.get(&guild).copied().unwrap_or_default();
        let reaches = before.max(known.until).filter(|until| *until > now.plus(SAME));
        let stands = self.servers.get(&guild).and_then(|server| server.dms_paused_until);
        let lifted = reaches.is_some_and(|reaches| stands.is_none_or(|stands| stands.plus(SAME) < reaches));
        if lifted && self.wants_dms_paused(guild, now) && !self.watch.lifted.contains_key(&guild) {
            self.watch.lifted.insert(guild, now);
            if let Some(pause) = self.state.dm_pauses.get(&guild)
                && pause.pending
            {
                // A new one is on its way already.
                return;
            }
            self.watch_lever(guild, now, a);
        }
    }

    /// The audit log says who changed the server's settings.
    pub(super) fn who_lifted(&mut self, guild: GuildId, by: UserId, now: Timestamp, a: &mut Assessment) {
        if Some(by) != self.own && self.watch.lifted.contains_key(&guild) {
            self.tell_lifted(guild, Some(by), now, a);
        }
    }

    fn tell_lifted(&mut self, guild: GuildId, by: Option<UserId>, now: Timestamp, a: &mut Assessment) {
        self.watch.lifted.remove(&guild);
        self.watch.stale = true;
        let code = Code::DmPauseLifted;
        if self.policy.contact.is_on(code) {
            let by = by.or(self.own).unwrap_or_default();
            let seen =
                Observation { at: now, code, by, towards: None, space: None, message: None, quote: None };
            self.take(vec![seen], None, now, a);
        }
    }

    /// A pause was set, or could not be.
    pub(in crate::engine) fn pause_ended(
        &mut self,
        guild: GuildId,
        until: Option<Timestamp>,
        done: bool,
        failed_before: bool,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        self.watch.stale = true;
        if done {
            // The platform's own word on it may come later.
            if let Some(server) = self.servers.get_mut(&guild) {
                server.dms_paused_until = until.max(server.dms_paused_until.filter(|_| until.is_some()));
            }
        } else if until.is_some() && !failed_before && self.policy.contact.is_on(Code::DmPauseLost) {
            self.about_itself(Code::DmPauseLost, now, a);
        }
    }

    /// When a pause wants to be looked at again.
    pub(super) fn levers_due(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.watch.live || self.policy.contact.dm_pause == DmPause::Never {
            return None;
        }
        let renewals = self.servers.iter().filter_map(|(guild, server)| {
            let known = self.state.dm_pauses.get(guild).copied().unwrap_or_default();
            if known.pending {
                return None;
            }
            let retry = known.failed.map(|(failures, at)| again_at(failures, at));
            retry.or_else(|| server.dms_paused_until.map(|until| until.minus(RENEW_WITHIN)))
        });
        let told = self.watch.lifted.values().map(|at| at.plus(WHO_WAIT));
        renewals.chain(told).filter(|at| *at > now).min()
    }
}

/// The pause that a server has before an event changes it.
pub(super) fn pause_before(
    organisation: &Organisation,
    event: &Event,
) -> Option<(GuildId, Option<Timestamp>)> {
    let guild = match event {
        Event::GuildChanged { guild, .. } => *guild,
        Event::Guild(snapshot) => snapshot.id,
        _ => return None,
    };
    Some((guild, organisation.servers.get(&guild).and_then(|server| server.dms_paused_until)))
}
