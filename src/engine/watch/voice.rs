//! Voice rooms and stages over time: one adult alone with young people, two people who are kept apart, a session without
//! adults, a session that does not end.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::{Assessment, Organisation};
use super::grace::Grace;
use crate::contact::rules::lone_adult_voice::{InRoom, in_room, lone_in_voice};
use crate::contact::rules::separation::alone_in_voice;
use crate::contact::rules::{LoneAdult, places};
use crate::domain::effect::Nudge;
use crate::domain::{ChannelId, Code, Effect, Fact, GuildId, Observation, Timestamp, UserId};

/// An adult who comes back to the same room alone this often within [`RETURNS_WITHIN`] is kept out of it.
const RETURNS: usize = 3;
const RETURNS_WITHIN: Duration = Duration::from_hours(1);

impl Organisation {
    /// Looks at every voice room of a server again.
    pub(super) fn watch_voice(&mut self, guild: GuildId, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild) else { return };
        if self.members_until.get(&guild).is_some_and(|until| now < *until) {
            return;
        }
        let nobody = BTreeSet::new();
        let deaf = self.watch.deaf.get(&guild).unwrap_or(&nobody);
        let rooms: BTreeSet<ChannelId> = server.voice.values().copied().collect();
        let mut lone: Vec<(ChannelId, LoneAdult)> = Vec::new();
        let mut apart = Vec::new();
        let mut filled: Vec<(ChannelId, InRoom)> = Vec::new();
        for room in rooms {
            let there = in_room(server, room, deaf);
            let places = places(server, room);
            let alone = lone_in_voice(&there, &places, &self.state.agreed, now);
            lone.extend(alone.into_iter().map(|alone| (room, alone)));
            apart.extend(
                alone_in_voice(server, &there, &self.state.agreed, now).into_iter().map(|pair| (room, pair)),
            );
            filled.push((room, there));
        }
        self.lone_in_rooms(guild, &lone, now, a);
        for (room, pair) in apart {
            self.found_apart_in_voice(guild, room, pair, now, a);
        }
        self.watch_sessions_in_voice(guild, &filled, now, a);
        self.watch.stale = true;
    }

    fn lone_in_rooms(
        &mut self,
        guild: GuildId,
        lone: &[(ChannelId, LoneAdult)],
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let setting = self.policy.contact.setting(Code::LoneAdultVoice);
        if !setting.on {
            return;
        }
        for (key, grace) in &mut self.watch.voice {
            if key.0 == guild && !lone.iter().any(|(room, lone)| (*room, lone.adult) == (key.1, key.2)) {
                grace.ends(now);
            }
        }
        self.watch.voice.retain(|_, grace| !grace.is_forgiven(setting.grace, now));
        for (room, lone) in lone {
            // What is under way, or could not be done and is tried again, is not found a second time.
            if self.state.is_being_disconnected(*room, lone.adult, now) {
                continue;
            }
            let grace =
                self.watch.voice.entry((guild, *room, lone.adult)).or_insert_with(|| Grace::unspent(now));
            grace.lasts(now);
            if grace.is_over(setting.grace, now) {
                grace.used_up(setting.grace, now);
                self.found_alone_in_voice(guild, *room, lone, setting.contains, now, a);
            }
        }
    }

    fn found_alone_in_voice(
        &mut self,
        guild: GuildId,
        room: ChannelId,
        lone: &LoneAdult,
        contains: bool,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let seen = |young_person: &UserId| Observation {
            at: now,
            code: Code::LoneAdultVoice,
            by: lone.adult,
            towards: Some(*young_person),
            space: Some(room),
            message: None,
            quote: None,
        };
        self.take(lone.young_people.iter().map(seen).collect(), None, now, a);
        if !contains {
            return;
        }
        self.disconnect(guild, room, lone.adult, &lone.young_people, now, a);
        for young_person in &lone.young_people {
            let case = self.case_about(lone.adult, &lone.young_people);
            self.nudge(*young_person, Nudge::VoiceAdultLeft, Some(room), case, now, a);
        }
    }

    /// Takes an adult out of a room; one who comes back alone again and again is kept out of it until a person decides.
    fn disconnect(
        &mut self,
        guild: GuildId,
        room: ChannelId,
        adult: UserId,
        towards: &BTreeSet<UserId>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        if self.is_protected(adult) {
            return;
        }
        let case = self.case_about(adult, towards);
        let number = self.state.disconnects(room, adult).len();
        let job = format!("disconnect/{}/{room}/{adult}/{number}", self.name);
        let effect = Effect::Disconnect { guild, room, adult };
        self.conclude(now, Fact::Decided { job, effect, case }, a);
        self.nudge(adult, Nudge::VoiceNeedsSecondAdult, Some(room), case, now, a);
        let lately =
            self.state.disconnects(room, adult).iter().filter(|at| now.since(**at) < RETURNS_WITHIN).count();
        if lately >= RETURNS {
            self.lock(guild, room, None, adult, case, now, a);
        }
    }

    fn found_apart_in_voice(
        &mut self,
        guild: GuildId,
        room: ChannelId,
        pair: crate::contact::rules::separation::Together,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let setting = self.policy.contact.setting(Code::SeparationBreached);
        let known = self.watch.apart_in_voice.contains_key(&(room, pair));
        if !setting.on || known || self.state.is_being_disconnected(room, pair.by, now) {
            return;
        }
        self.watch.apart_in_voice.insert((room, pair), now);
        let seen = Observation {
            at: now,
            code: Code::SeparationBreached,
            by: pair.by,
            towards: Some(pair.towards),
            space: Some(room),
            message: None,
            quote: None,
        };
        self.take(vec![seen], None, now, a);
        if setting.contains {
            self.disconnect(guild, room, pair.by, &BTreeSet::from([pair.towards]), now, a);
        }
    }

    /// A disconnection has ended: what the platform will say of it is known already.
    pub(in crate::engine) fn disconnected(&mut self, guild: GuildId, room: ChannelId, adult: UserId) {
        if let Some(server) = self.servers.get_mut(&guild)
            && server.voice.get(&adult) == Some(&room)
        {
            server.voice.remove(&adult);
        }
        self.watch.apart_in_voice.retain(|(place, pair), _| *place != room || pair.by != adult);
        self.watch.stale = true;
    }
}
