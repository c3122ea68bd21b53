//! Sessions while they run and when they should have ended: `cover-lost` and `session-overrun` (CHUMS §2; policy matrix
//! P6).
//!
//! Cover in voice is who is in the room and hears. Cover in writing can only be told from what people do: an adult counts
//! as present for a while after they wrote or reacted ([`ContactPolicy::visible_for`]), and only a session in which a
//! young person has lately been active is looked at. Fewer than two such adults for the grace is `cover-lost`: for the
//! digest, about nobody. With exactly one adult in a voice room the rule of [`lone_adult_voice`] acts, and this one is
//! silent; where cover was relaxed on record, one adult is enough, none is not.
//!
//! `session-overrun`: an adult and a young person are still together in a voice room of the session after its end and the
//! grace. In writing, the rule of contact outside agreed times takes over at the end.
//!
//! [`ContactPolicy::visible_for`]: crate::contact::rules::settings::ContactPolicy
//! [`lone_adult_voice`]: crate::contact::rules::lone_adult_voice

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::{Assessment, Organisation};
use super::grace::Grace;
use crate::contact::rules::lone_adult_voice::InRoom;
use crate::contact::rules::places;
use crate::domain::{ChannelId, Code, GuildId, Observation, SpaceKind, Timestamp, UserId};

/// How often a running session is looked at for who is visible in writing.
const EVERY: Duration = Duration::from_mins(5);

/// Where a session takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engine) enum Where {
    /// In a voice room.
    Voice,
    /// In writing.
    Text,
}

/// Who was lately active in writing, by space.
pub(in crate::engine) type Activity = BTreeMap<ChannelId, BTreeMap<UserId, Timestamp>>;

impl Organisation {
    /// Somebody wrote or reacted.
    pub(in crate::engine) fn was_active(&mut self, space: ChannelId, person: UserId, at: Timestamp) {
        if self.state.agreed.calendar.sessions().next().is_some() {
            self.watch.stale |= !self.watch.activity.contains_key(&space);
            self.watch.activity.entry(space).or_default().insert(person, at);
        }
    }

    /// Voice rooms of sessions: none of the adults is there, or all are still there.
    pub(super) fn watch_sessions_in_voice(
        &mut self,
        guild: GuildId,
        rooms: &[(ChannelId, InRoom)],
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some(server) = self.servers.get(&guild) else { return };
        let mut lost = BTreeMap::new();
        let mut over = BTreeMap::new();
        for (room, there) in rooms.iter().filter(|(_, there)| !there.young_people.is_empty()) {
            let places = places(server, *room);
            if let Some(session) = self.state.agreed.session_in(&places, now) {
                if there.covering.is_empty() {
                    lost.insert(*room, session.window.from);
                }
            } else if let Some(session) = self.state.agreed.calendar.overrun_in(&places, now)
                && !there.adults.is_empty()
            {
                over.insert(*room, session.window.until);
            }
        }
        self.last_longer_than((Code::CoverLost, guild, Where::Voice), &lost, now, a);
        self.last_longer_than((Code::SessionOverrun, guild, Where::Voice), &over, now, a);
    }

    /// Running sessions in writing: who can be seen to be there.
    pub(super) fn watch_sessions_in_text(&mut self, now: Timestamp, a: &mut Assessment) {
        let visible_for = self.policy.contact.visible_for;
        let oldest = now.minus(visible_for);
        let mut by_guild: BTreeMap<GuildId, BTreeMap<ChannelId, Timestamp>> = BTreeMap::new();
        for (guild, server) in &self.servers {
            let lost = by_guild.entry(*guild).or_default();
            for (space, active) in &self.watch.activity {
                let Some(described) = server.spaces.get(space) else { continue };
                if matches!(described.kind, SpaceKind::Voice | SpaceKind::Stage) {
                    continue;
                }
                let places = places(server, *space);
                let Some(session) = self.state.agreed.session_in(&places, now) else { continue };
                // Nobody can be expected to have been active before it began.
                if now.since(session.window.from) < visible_for {
                    continue;
                }
                let lately = |person: &&UserId| active[*person] >= oldest;
                let young = active.keys().filter(lately).any(|who| server.roster.kind(*who).is_protected());
                let adults = active.keys().filter(lately).filter(|who| server.roster.kind(**who).covers());
                let needed = if session.cover_relaxed_by.is_some() { 1 } else { 2 };
                if young && adults.count() < needed {
                    lost.insert(*space, session.window.from);
                }
            }
        }
        for (guild, lost) in by_guild {
            self.last_longer_than((Code::CoverLost, guild, Where::Text), &lost, now, a);
        }
        self.watch.activity.retain(|_, active| {
            active.retain(|_, at| *at >= oldest);
            !active.is_empty()
        });
    }

    /// Spaces in which a state lasts, each with the moment to which it belongs (a session's start or end): once it has
    /// lasted longer than its rule's grace it is found, once for that moment.
    fn last_longer_than(
        &mut self,
        of: (Code, GuildId, Where),
        spaces: &BTreeMap<ChannelId, Timestamp>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let code = of.0;
        let setting = self.policy.contact.setting(code);
        if !setting.on {
            return;
        }
        let by = self.own.unwrap_or_default();
        let known = |space: &ChannelId, of: Timestamp| {
            self.state.last_found(code, by, None, Some(*space)).is_some_and(|last| last >= of)
        };
        let lasting: BTreeSet<ChannelId> =
            spaces.iter().filter(|(space, of)| !known(space, **of)).map(|(space, _)| *space).collect();
        for ((kind, space), grace) in &mut self.watch.lasting {
            if *kind == of && !lasting.contains(space) {
                grace.ends(now);
            }
        }
        self.watch.lasting.retain(|(kind, _), grace| *kind != of || !grace.is_forgiven(setting.grace, now));
        let mut found = Vec::new();
        for space in lasting {
            let grace = self.watch.lasting.entry((of, space)).or_insert_with(|| Grace::unspent(now));
            grace.lasts(now);
            if grace.is_over(setting.grace, now) {
                found.push(space);
            }
        }
        for space in found {
            self.watch.lasting.remove(&(of, space));
            let space = Some(space);
            let seen = Observation { at: now, code, by, towards: None, space, message: None, quote: None };
            self.take(vec![seen], None, now, a);
        }
        self.watch.stale = true;
    }

    /// When to look at running sessions again: every few minutes while somebody was active in one.
    pub(super) fn sessions_due(&self, now: Timestamp) -> Option<Timestamp> {
        let running = self.watch.activity.keys().any(|space| {
            self.servers
                .values()
                .filter(|server| server.spaces.contains_key(space))
                .any(|server| self.state.agreed.session_in(&places(server, *space), now).is_some())
        });
        // On the same moments whatever happens between them, so that nothing puts it off.
        let every = i64::try_from(EVERY.as_micros()).unwrap_or(i64::MAX);
        running.then(|| Timestamp((now.0.div_euclid(every) + 1).saturating_mul(every)))
    }
}
