//! Locks over time: what is opened by hand is noticed and closed again, what could not be locked is tried again, what a
//! lead lifts is given back bit by bit.

use std::time::Duration;

use super::super::{Assessment, Organisation};
use crate::contact::Server;
use crate::domain::space::{OverwriteFor, Permissions};
use crate::domain::{CaseRef, ChannelId, Code, Effect, Event, Fact, GuildId, Observation, Timestamp, UserId};

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

/// Whether a lock stands in a space as it is described. A space that nobody describes any more needs none.
fn stands(server: &Server, space: ChannelId, adult: UserId) -> bool {
    let Some(space) = server.spaces.get(&space) else { return true };
    if space.kind.is_thread() {
        return space.locked;
    }
    let own = space.overwrites.iter().find(|overwrite| overwrite.target == OverwriteFor::Member(adult));
    own.is_some_and(|own| own.deny.has(Permissions::LOCK) && !own.allow.has_any(Permissions::LOCK))
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
        self.conclude(
            now,
            Fact::Decided { job, effect: Effect::Lock { guild, space, parent, adult }, case },
            a,
        );
        self.watch.stale = true;
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
        let Some(lock) = self.state.locks.get(&(space, adult)) else { return };
        let (before, exact) = (lock.before, lock.before_known);
        let times = self.state.unlocked.get(&(space, adult)).copied().unwrap_or(0);
        let job = format!("unlock/{}/{space}/{adult}/{times}", self.name);
        self.watch.lock_seen.remove(&(space, adult));
        self.watch.undone.remove(&(space, adult));
        let effect = Effect::Unlock { guild, space, adult, before, exact };
        self.conclude(now, Fact::Decided { job, effect, case: None }, a);
        self.watch.stale = true;
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
    fn lock_again(
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
        self.conclude(
            now,
            Fact::Decided { job, effect: Effect::Lock { guild, space, parent, adult }, case },
            a,
        );
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
