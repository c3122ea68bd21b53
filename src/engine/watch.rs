//! The rules of supervised contact over time: what changed, whose grace has run out, when to ask again.
//!
//! * [`spaces`]: one adult alone with young people where people write, and small spaces shared by people kept apart.
//! * [`voice`]: the same where people speak. [`sessions`]: cover that is lost, a session that does not end.
//! * [`acts`]: contact in writing, act by act.
//! * [`locks`]: what is undone by hand, what failed. [`levers`]: the pause of direct messages. [`rooms`]: contact plans.
//! * [`server`]: rights, hidden channels, the audit log. [`roster`]: who is who, since when.
//!
//! What must survive a restart is folded from facts ([`super::state`]); what stands here is known again from the next
//! description of the server.

mod acts;
pub(super) mod grace;
pub mod levers;
mod locks;
pub(super) mod rooms;
mod roster;
mod server;
mod sessions;
mod spaces;
mod voice;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Assessment, Organisation};
use crate::contact::rules::separation::Together;
use crate::contact::{Server, audience::Changed};
use crate::domain::{ChannelId, Code, Event, GuildId, Space, Timestamp, UserId};
use grace::Grace;
pub(super) use locks::again_at;

/// How long the rules wait for the members of a large server, who arrive after its description: without them
/// somebody who has cover would look alone. When they do not come, what is known has to do.
const MEMBERS_WAIT: Duration = Duration::from_mins(2);

/// Something about a server that stays so until somebody changes it.
type Standing = (Code, UserId, Option<UserId>, Option<ChannelId>);

/// What the rules know of this run.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Adults alone with young people in a space.
    alone: BTreeMap<(ChannelId, UserId), Grace>,
    /// The same in voice, by server.
    voice: BTreeMap<(GuildId, ChannelId, UserId), Grace>,
    /// People kept apart who share a small space.
    sharing: BTreeMap<(ChannelId, Together), Grace>,
    /// People kept apart who were found together in voice and have not left since.
    apart_in_voice: BTreeMap<(ChannelId, Together), Timestamp>,
    /// What a session's rules wait for.
    lasting: BTreeMap<((Code, GuildId, sessions::Where), ChannelId), Grace>,
    /// Who was lately active in writing.
    activity: sessions::Activity,
    /// Who hears nothing in voice.
    deaf: BTreeMap<GuildId, BTreeSet<UserId>>,
    /// Channels that the bot may not see, as far as anything is known of them.
    hidden: BTreeMap<GuildId, BTreeMap<ChannelId, Option<Space>>>,
    /// Locks that were seen to stand.
    lock_seen: BTreeSet<(ChannelId, UserId)>,
    /// Locks that were undone, while the audit log is waited for.
    undone: BTreeMap<(ChannelId, UserId), (GuildId, Timestamp)>,
    /// Pauses that were lifted, while the audit log is waited for.
    lifted: BTreeMap<GuildId, Timestamp>,
    /// What was found about servers and stands.
    standing: BTreeSet<(GuildId, Standing)>,
    /// Who changed somebody's roles, as far as the log said so before the change was heard.
    roles_changed: BTreeMap<(GuildId, UserId), (UserId, Timestamp)>,
    /// What was found and put right.
    cleared: BTreeSet<Standing>,
    /// This program runs, and pulls levers; an export is only read.
    pub(super) live: bool,
    /// Something changed since the next moment was worked out.
    pub(super) stale: bool,
    next: Option<Timestamp>,
    agreed_until: Option<Timestamp>,
}

impl Organisation {
    /// The server is described anew or in part.
    pub(super) fn server_changed(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        self.watch.stale = true;
        if let Event::Guild(snapshot) = event {
            let mapping = self.mapping.clone();
            let server = self.servers.entry(snapshot.id).or_insert_with(|| Server::new(snapshot.id, mapping));
            server.enrol(&self.state.enrolments, &self.policy.named, self.policy.enrolment);
            if snapshot.members_missing {
                self.members_until.insert(snapshot.id, now.plus(MEMBERS_WAIT));
            } else {
                self.members_until.remove(&snapshot.id);
            }
            self.watch.deaf.insert(snapshot.id, snapshot.deaf.clone());
        }
        if let Event::Members { guild, last: true, .. } = event {
            self.members_until.remove(guild);
        }
        if let Event::Voice { guild, user, deaf, .. } = event {
            let all = self.watch.deaf.entry(*guild).or_default();
            if *deaf {
                all.insert(*user)
            } else {
                all.remove(user)
            };
        }
        let pause = levers::pause_before(self, event);
        self.learn_hidden(event);
        let mut affected: Vec<(GuildId, Changed)> = Vec::new();
        for (guild, server) in &mut self.servers {
            let changed = server.apply(event);
            if changed.everywhere || !changed.spaces.is_empty() {
                affected.push((*guild, changed));
            }
        }
        self.learn_names(event);
        self.note_kinds_after(event, now, a);
        self.watch_locks_after(event, now, a);
        for (guild, changed) in affected {
            if changed.everywhere {
                self.protected_viewers.clear();
                self.watch_server(guild, now, a);
            } else {
                for space in changed.spaces {
                    self.protected_viewers.remove(&space);
                    self.watch_space(space, now, a);
                    self.private_thread_made(space, now, a);
                }
            }
        }
        self.watch_after(event, now, a);
        if let Some((guild, before)) = pause {
            self.pause_changed(guild, before, now, a);
            self.watch_levers(now, a);
        }
    }

    /// What else an event touches: rights, voice, the log, rooms.
    fn watch_after(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        match event {
            Event::Guild(snapshot) => {
                self.watch_rights(snapshot.id, now, a);
                self.watch_voice(snapshot.id, now, a);
            }
            Event::Members { guild, .. }
            | Event::RoleChanged { guild, .. }
            | Event::RoleGone { guild, .. }
            | Event::MemberChanged { guild, .. }
            | Event::MemberGone { guild, .. } => {
                self.watch_rights(*guild, now, a);
                self.watch_voice(*guild, now, a);
            }
            Event::SpaceHidden { guild, .. } => self.watch_rights(*guild, now, a),
            Event::SpaceChanged(space) if !space.kind.is_thread() => self.watch_rights(space.guild, now, a),
            Event::Voice { guild, .. } => self.watch_voice(*guild, now, a),
            Event::Audit { .. } => self.audited(event, now, a),
            _ => {}
        }
        if rooms::touches_plans(event) {
            self.watch_rooms(now, a);
        }
    }

    fn watch_locks_after(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        match event {
            Event::Guild(snapshot) => self.watch_locks(snapshot.id, true, now, a),
            Event::SpaceChanged(space) => self.watch_locks(space.guild, false, now, a),
            Event::ThreadMembers { guild, .. } | Event::ThreadMembersListed { guild, .. } => {
                self.watch_locks(*guild, false, now, a);
            }
            _ => {}
        }
    }

    /// An enrolment began or ended: what accounts are may have changed on every server.
    pub(super) fn enrol(&mut self, now: Timestamp, a: &mut Assessment) {
        self.watch.stale = true;
        for server in self.servers.values_mut() {
            let changed = server.enrol(&self.state.enrolments, &self.policy.named, self.policy.enrolment);
            for space in changed.spaces {
                self.protected_viewers.remove(&space);
            }
        }
        self.note_kinds_everywhere(now, a);
    }

    /// Whoever is on a server can be spoken to by name before they have said anything.
    fn learn_names(&mut self, event: &Event) {
        let (guild, ids): (GuildId, Vec<UserId>) = match event {
            Event::Guild(snapshot) => {
                (snapshot.id, snapshot.members.iter().map(|member| member.id).collect())
            }
            Event::Members { guild, members, .. } => {
                (*guild, members.iter().map(|member| member.id).collect())
            }
            Event::MemberChanged { guild, member } => (*guild, vec![member.id]),
            _ => return,
        };
        let Some(server) = self.servers.get(&guild) else { return };
        for person in ids.into_iter().filter_map(|id| server.roster.get(id)) {
            self.detector.meet(person);
        }
    }

    /// This program runs: from here on it may pull levers.
    pub(super) fn is_live(&mut self, now: Timestamp, a: &mut Assessment) {
        self.watch.live = true;
        self.watch.stale = true;
        self.note_kinds_everywhere(now, a);
        self.watch_levers(now, a);
        self.watch_rooms(now, a);
    }

    /// A register changed: everything that rests on it is looked at again.
    pub(super) fn watch_everywhere(&mut self, now: Timestamp, a: &mut Assessment) {
        self.watch.stale = true;
        for guild in self.servers.keys().copied().collect::<Vec<_>>() {
            self.watch_server(guild, now, a);
            self.watch_voice(guild, now, a);
        }
        self.watch_sessions_in_text(now, a);
        self.watch_levers(now, a);
        self.watch_rooms(now, a);
    }

    /// A moment that was asked for has come.
    pub(super) fn watch_due(&mut self, now: Timestamp, a: &mut Assessment) {
        self.watch.stale = true;
        let arrived_or_not: Vec<GuildId> =
            self.members_until.iter().filter(|(_, until)| **until <= now).map(|(guild, _)| *guild).collect();
        for guild in arrived_or_not {
            self.members_until.remove(&guild);
            self.watch_server(guild, now, a);
        }
        self.spaces_due(now, a);
        self.locks_due(now, a);
        if self.watch.agreed_until.is_some_and(|until| until <= now) {
            // A session or a plan began or ended.
            self.watch_everywhere(now, a);
        } else {
            for guild in self.servers.keys().copied().collect::<Vec<_>>() {
                self.watch_voice(guild, now, a);
            }
            self.watch_sessions_in_text(now, a);
            self.watch_levers(now, a);
        }
    }

    /// When to be asked again: a grace that runs out, something agreed that begins or ends, something to be tried again.
    pub(crate) fn next_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        if self.watch.next.is_some_and(|next| next <= now) {
            self.watch.stale = true;
        }
        if !std::mem::take(&mut self.watch.stale) {
            return self.watch.next;
        }
        let contact = &self.policy.contact;
        let grace = |code| contact.setting(code).grace;
        let over = |graces: &mut dyn Iterator<Item = &Grace>, code| {
            graces.filter_map(|state| state.over_at(grace(code))).filter(|at| *at > now).min()
        };
        let lasting = self.watch.lasting.iter().filter_map(|((of, _), state)| state.over_at(grace(of.0)));
        self.watch.agreed_until = self.state.agreed.next_change(now);
        let next = [
            over(&mut self.watch.alone.values(), Code::LoneAdultSpace),
            over(&mut self.watch.voice.values(), Code::LoneAdultVoice),
            over(&mut self.watch.sharing.values(), Code::SeparationSharedSpace),
            lasting.filter(|at| *at > now).min(),
            self.members_until.values().copied().filter(|at| *at > now).min(),
            self.locks_due_at().filter(|at| *at > now),
            self.levers_due(now),
            self.sessions_due(now),
            self.watch.agreed_until,
        ];
        self.watch.next = next.into_iter().flatten().min();
        self.watch.next
    }
}
