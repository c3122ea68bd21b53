//! Locks over time: what is opened by hand is noticed and closed again, what could not be locked is tried again, what a
//! lead lifts is given back bit by bit.

use std::time::Duration;

use super::super::state::Lock;
use super::super::{Assessment, Organisation};
use crate::contact::Server;
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{
    CaseRef, ChannelId, Code, Effect, Event, Fact, GuildId, Observation, Register, Space, SpaceKind,
    Timestamp, UserId,
};

/// How long the audit log is waited for, to say who opened a space by hand.
const WHO_WAIT: Duration = Duration::from_secs(10);
/// How long after a failure it is tried again; the last one from then on. The outbox has tried for minutes before it says
/// that something failed.
const AGAIN_AFTER: [Duration; 4] =
    [Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(15), Duration::from_hours(1)];

/// When something that failed is tried again.
pub(in crate::engine) fn again_at(failures: u32, failed_at: Timestamp) -> Timestamp {
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX).min(AGAIN_AFTER.len() - 1);
    failed_at.plus(AGAIN_AFTER[step])
}

/// Whether a lock stands in a space as it is described. A space that nobody describes any more needs none. In a thread it
/// stands when the adult is not in it and does not see it by their rights, when the channel takes their voice in threads,
/// or (as earlier versions locked) when the thread is locked for everybody. Somebody whom no overwrite binds cannot be
/// kept from writing by office, which a lead was told; that they are no member is all that can stand.
pub(super) fn stands(server: &Server, space: ChannelId, adult: UserId) -> bool {
    let Some(space) = server.spaces.get(&space) else { return true };
    let takes = |channel: &Space, bits: Permissions| {
        let own = channel.overwrites.iter().find(|overwrite| overwrite.target == OverwriteFor::Member(adult));
        own.is_some_and(|own| own.deny.has(bits) && !own.allow.has_any(bits))
    };
    if !space.kind.is_thread() {
        return takes(space, Permissions::LOCK);
    }
    let channel = space.parent.and_then(|parent| server.spaces.get(&parent));
    let unbound = server.roster.get(adult).is_some_and(|person| server.holds_office(person));
    let is_out = space.kind == SpaceKind::PrivateThread
        && !space.members.contains(&adult)
        && (unbound || !manages_threads(server, space, adult));
    let is_denied = channel.is_some_and(|channel| takes(channel, Permissions::THREAD_LOCK)) && !unbound;
    space.locked || is_out || is_denied
}

/// Whether somebody sees a private thread by their rights, member of it or not.
fn manages_threads(server: &Server, space: &Space, adult: UserId) -> bool {
    let person = server.roster.get(adult);
    space.kind.is_thread()
        && person.is_some_and(|person| server.permissions_in(person, space).has(Permissions::MANAGE_THREADS))
}

impl Organisation {
    /// Whether somebody is protected: they are never locked, disconnected or timed out, whatever a rule says.
    pub(in crate::engine) fn is_protected(&self, person: UserId) -> bool {
        self.kind_of(person).is_protected()
    }

    /// Takes an adult's voice in a space, unless it is taken already. Never a protected person's.
    #[expect(clippy::too_many_arguments, reason = "the fields of one effect, and where it is handed out")]
    pub(in crate::engine) fn lock(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        parent: Option<ChannelId>,
        adult: UserId,
        case: Option<CaseRef>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let times = self.state.unlocked.get(&(space, adult)).copied().unwrap_or(0);
        let job = format!("lock/{}/{space}/{adult}/{times}", self.name);
        if self.is_protected(adult) || self.state.has_decided(&job) {
            return;
        }
        let effect = self.lock_effect(guild, space, parent, adult);
        self.conclude(now, Fact::Decided { job, effect, case }, a);
        self.watch.stale = true;
    }

    fn lock_effect(
        &self,
        guild: GuildId,
        space: ChannelId,
        parent: Option<ChannelId>,
        adult: UserId,
    ) -> Effect {
        let described =
            self.servers.get(&guild).and_then(|server| Some((server, server.spaces.get(&space)?)));
        let manages_threads =
            described.is_some_and(|(server, described)| manages_threads(server, described, adult));
        Effect::Lock { guild, space, parent, adult, manages_threads }
    }

    /// Gives an adult back what a lock took.
    pub(in crate::engine) fn unlock(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        adult: UserId,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some(lock) = self.state.locks.get(&(space, adult)).cloned() else { return };
        let (before, exact) = self.restored(guild, space, adult, &lock, now, a);
        let times = self.state.unlocked.get(&(space, adult)).copied().unwrap_or(0);
        let job = format!("unlock/{}/{space}/{adult}/{times}", self.name);
        self.watch.lock_seen.remove(&(space, adult));
        self.watch.undone.remove(&(space, adult));
        let Lock { channel, taken_out, .. } = lock;
        let effect = Effect::Unlock { guild, space, adult, before, exact, channel, taken_out };
        self.conclude(now, Fact::Decided { job, effect, case: None }, a);
        self.watch.stale = true;
    }

    /// The overwrite that an unlock puts back, and whether it is known. Another lock of the same adult may rest on the same
    /// overwrite (a channel's, and those of its threads): what the first of them found is handed on to those that stay, and
    /// what they take stays taken.
    fn restored(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        adult: UserId,
        lock: &Lock,
        now: Timestamp,
        a: &mut Assessment,
    ) -> (Option<Overwrite>, bool) {
        let on = lock.channel.unwrap_or(space);
        let stay: Vec<(ChannelId, Lock)> = self
            .state
            .locks
            .iter()
            .filter(|((at, who), other)| *who == adult && *at != space && other.channel.unwrap_or(*at) == on)
            .map(|((at, _), other)| (*at, other.clone()))
            .collect();
        let known = stay.iter().map(|(_, other)| other).chain([lock]).filter(|lock| lock.before_known);
        let Some(first) = known.min_by_key(|lock| lock.since) else { return (None, false) };
        let before = first.before;
        let mut taken = Permissions::default();
        for (space, other) in &stay {
            taken = taken.with(if other.channel.is_some() {
                Permissions::THREAD_LOCK
            } else {
                Permissions::LOCK
            });
            let handed_on = Register::Locked {
                guild,
                space: *space,
                adult,
                before,
                before_known: true,
                channel: other.channel,
                taken_out: other.taken_out,
                handed_on: true,
            };
            self.conclude(now, Fact::Register(handed_on), a);
        }
        if stay.is_empty() {
            return (before, true);
        }
        let target = OverwriteFor::Member(adult);
        let nothing = Overwrite { target, allow: Permissions::default(), deny: Permissions::default() };
        let stood = before.unwrap_or(nothing);
        let left = Overwrite { target, allow: stood.allow.without(taken), deny: stood.deny.with(taken) };
        (Some(left), true)
    }

    /// A person lifts a lock: what it took is given back.
    pub(in crate::engine) fn lifted(
        &mut self,
        space: ChannelId,
        adult: UserId,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let at = self.servers.values().find(|server| server.spaces.contains_key(&space));
        if let Some(guild) = at.map(|server| server.id) {
            self.unlock(guild, space, adult, now, a);
        }
    }

    /// Whether the locks of a server still stand. `anew`: it was described whole, so that what is not so now is not so,
    /// whatever was seen before.
    pub(super) fn watch_locks(&mut self, guild: GuildId, anew: bool, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild) else { return };
        let mut undone = Vec::new();
        for ((space, adult), lock) in &self.state.locks {
            if !server.spaces.contains_key(space) {
                continue;
            }
            let key = (*space, *adult);
            if stands(server, *space, *adult) {
                self.watch.lock_seen.insert(key);
            } else if lock.done && (anew || self.watch.lock_seen.contains(&key)) {
                undone.push(key);
            }
        }
        for (space, adult) in undone {
            self.watch.lock_seen.remove(&(space, adult));
            // Told once, closed again each time.
            self.watch.undone.entry((space, adult)).or_insert((guild, now));
            self.lock_again(guild, space, adult, now, a);
        }
    }

    /// Decides a lock once more: it was undone by hand, or could not be carried out.
    pub(super) fn lock_again(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        adult: UserId,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        if self.is_protected(adult) {
            return;
        }
        let described = self.servers.get(&guild).and_then(|server| server.spaces.get(&space));
        let parent = described.filter(|space| space.kind.is_thread()).and_then(|space| space.parent);
        let times = self.state.unlocked.get(&(space, adult)).copied().unwrap_or(0);
        let again = self.state.locks.get(&(space, adult)).map_or(0, |lock| lock.decided);
        let job = format!("lock/{}/{space}/{adult}/{times}/again-{again}", self.name);
        let case = self.case_of_contact(adult);
        let effect = self.lock_effect(guild, space, parent, adult);
        self.conclude(now, Fact::Decided { job, effect, case }, a);
        self.watch.stale = true;
    }

    /// The audit log says who changed an overwrite or a thread.
    pub(super) fn who_undid(
        &mut self,
        (space, about): (ChannelId, Option<u64>),
        by: UserId,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let undone: Vec<UserId> = self
            .watch
            .undone
            .keys()
            .filter(|(at, adult)| *at == space && about.is_none_or(|about| about == adult.0))
            .map(|(_, adult)| *adult)
            .collect();
        for adult in undone {
            self.watch.undone.remove(&(space, adult));
            self.tell_undone(space, adult, Some(by), now, a);
        }
    }

    /// What the audit log did not explain in time is told without a name, and what failed is tried again.
    pub(super) fn locks_due(&mut self, now: Timestamp, a: &mut Assessment) {
        let waited: Vec<(ChannelId, UserId)> = self
            .watch
            .undone
            .iter()
            .filter(|(_, (_, at))| now.since(*at) >= WHO_WAIT)
            .map(|(key, _)| *key)
            .collect();
        for (space, adult) in waited {
            self.watch.undone.remove(&(space, adult));
            self.tell_undone(space, adult, None, now, a);
        }
        for (guild, space, adult) in self.locks_to_try_again(now) {
            self.lock_again(guild, space, adult, now, a);
        }
        self.disconnects_due(now, a);
    }

    fn locks_to_try_again(&self, now: Timestamp) -> Vec<(GuildId, ChannelId, UserId)> {
        let failed = self
            .state
            .locks
            .iter()
            .filter(|(_, lock)| lock.failed.is_some_and(|(failures, at)| again_at(failures, at) <= now));
        failed
            .filter_map(|((space, adult), _)| {
                let server = self.servers.values().find(|server| server.spaces.contains_key(space))?;
                Some((server.id, *space, *adult))
            })
            .collect()
    }

    /// A disconnection that failed is tried again while the adult is still in the room.
    fn disconnects_due(&mut self, now: Timestamp, a: &mut Assessment) {
        let failed: Vec<(GuildId, ChannelId, UserId)> = self
            .state
            .failed_disconnects()
            .filter(|(_, _, _, failures, at)| again_at(*failures, *at) <= now)
            .map(|(guild, room, adult, ..)| (guild, room, adult))
            .collect();
        for (guild, room, adult) in failed {
            let there =
                self.servers.get(&guild).is_some_and(|server| server.voice.get(&adult) == Some(&room));
            if there && !self.is_protected(adult) {
                let number = self.state.disconnects(room, adult).len();
                let job = format!("disconnect/{}/{room}/{adult}/{number}", self.name);
                let case = self.case_of_contact(adult);
                let effect = Effect::Disconnect { guild, room, adult };
                self.conclude(now, Fact::Decided { job, effect, case }, a);
            }
        }
    }

    fn tell_undone(
        &mut self,
        space: ChannelId,
        adult: UserId,
        by: Option<UserId>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        // Nobody is told of who brings whom into a thread, and the adult cannot bring themselves into a private one.
        let thread = self.servers.values().find_map(|server| server.spaces.get(&space));
        let by = by.or(self.own.filter(|_| thread.is_some_and(|space| space.kind.is_thread())));
        // Undone by the adult themselves, or by nobody knows whom.
        let code = if by.is_none_or(|by| by == adult) { Code::LockUndoneBySubject } else { Code::LockUndone };
        if !self.policy.contact.is_on(code) {
            return;
        }
        let (by, space) = (by.unwrap_or(adult), Some(space));
        let seen = Observation { at: now, code, by, towards: None, space, message: None, quote: None };
        self.take(vec![seen], None, now, a);
    }

    /// The contact case in which an adult's conduct is in question, whoever it is towards: the newest.
    fn case_of_contact(&self, adult: UserId) -> Option<CaseRef> {
        let about = self.state.concerns.values().filter(|concern| {
            concern.by.contains(&adult) && concern.category == crate::domain::Category::Contact
        });
        about.filter_map(|concern| concern.case).max()
    }

    /// When locks want to be looked at again.
    pub(super) fn locks_due_at(&self) -> Option<Timestamp> {
        let undone = self.watch.undone.values().map(|(_, at)| at.plus(WHO_WAIT));
        let failed = self.state.locks.values().filter_map(|lock| lock.failed);
        let disconnects = self.state.failed_disconnects().map(|(_, _, _, failures, at)| (failures, at));
        let again = failed.chain(disconnects).map(|(failures, at)| again_at(failures, at));
        undone.chain(again).min()
    }
}

/// Discord's audit log numbers for a channel's overwrite made, changed, removed, and for a thread changed.
const UNDOES_LOCKS: [u64; 4] = [13, 14, 15, 111];

/// The space, and whose overwrite, of an entry that may say who undid a lock.
pub(super) fn may_undo(event: &Event) -> Option<(ChannelId, Option<u64>, UserId)> {
    let Event::Audit { action, by: Some(by), target: Some(target), about, .. } = event else { return None };
    UNDOES_LOCKS.contains(action).then_some((ChannelId(*target), *about, *by))
}
