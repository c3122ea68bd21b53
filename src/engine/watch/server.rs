//! The server around the rooms: who may do what, what the bot cannot see, who changed it (policy matrix P1, P5, P33).

use std::collections::BTreeSet;

use super::super::{Assessment, Organisation};
use super::levers::SERVER_CHANGED;
use super::locks::may_undo;
use crate::contact::rules::server_rights::{bot_is_weak, conflicted, holds_moderator_bits, is_unmonitored};
use crate::domain::space::{OverwriteFor, Permissions};
use crate::domain::{ChannelId, Code, Event, GuildId, Observation, Space, SpaceKind, Timestamp, UserId};

/// What an entry of Discord's audit log is, where it touches supervision (Discord's documentation, "Audit Log Events").
fn change(action: u64) -> Option<Code> {
    Some(match action {
        // An overwrite made, changed, removed; a role changed, removed.
        13..=15 | 31 | 32 => Code::PermissionsChanged,
        // A webhook or an integration made or changed; another bot added.
        28 | 50..=51 | 80..=81 => Code::ConnectionAdded,
        // A rule of AutoMod made, changed, removed.
        140..=142 => Code::FilterChanged,
        _ => return None,
    })
}

impl Organisation {
    /// Looks at everybody's and the bot's rights again, and at what the bot cannot see.
    pub(super) fn watch_rights(&mut self, guild: GuildId, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild) else { return };
        let conflicts = conflicted(server);
        let mut found: Vec<(Code, UserId, Option<UserId>, Option<ChannelId>)> =
            conflicts.iter().map(|person| (Code::RoleConflict, *person, None, None)).collect();
        // The rest is about a server that somebody runs with this bot; an export says nothing of it.
        if let Some(own) = self.own.filter(|_| self.watch.live) {
            let holders = server.roster.iter().filter(|person| holds_moderator_bits(server, person));
            found.extend(holders.map(|person| (Code::ModeratorBits, own, Some(person.id), None)));
            if bot_is_weak(server, own) {
                found.push((Code::BotWeakened, own, None, None));
            }
            let unseen = server.spaces.values().filter(|space| is_unmonitored(server, space, own));
            found.extend(unseen.map(|space| (Code::UnmonitoredSpace, own, None, Some(space.id))));
            let hidden = self.watch.hidden.get(&guild).into_iter().flatten();
            let hidden = hidden.filter(|(_, told)| {
                told.as_ref().is_none_or(|space| {
                    let audience = server.audience(space);
                    !audience.protected.is_empty() && !audience.adults.is_empty()
                })
            });
            found.extend(hidden.map(|(space, _)| (Code::UnmonitoredSpace, own, None, Some(*space))));
        }
        let standing: BTreeSet<_> = found.iter().map(|found| (guild, *found)).collect();
        let before =
            self.watch.standing.iter().filter(|(of, _)| *of == guild).copied().collect::<BTreeSet<_>>();
        self.watch.cleared.extend(before.difference(&standing).map(|(_, found)| *found));
        self.watch.standing.retain(|(of, _)| *of != guild);
        self.watch.standing.extend(&standing);
        let mut new = Vec::new();
        for (code, by, towards, space) in found {
            let what = (code, by, towards, space);
            let told = self.state.last_found(code, by, towards, space).is_some();
            // Told once; told again when it had been put right in between.
            if (told && !self.watch.cleared.remove(&what)) || !self.policy.contact.is_on(code) {
                continue;
            }
            new.push(Observation { at: now, code, by, towards, space, message: None, quote: None });
        }
        self.take(new, None, now, a);
    }

    /// What the platform says of channels that the bot may not see.
    pub(super) fn learn_hidden(&mut self, event: &Event) {
        match event {
            Event::Guild(snapshot) => {
                let known = self.watch.hidden.remove(&snapshot.id).unwrap_or_default();
                let told = |space: &ChannelId| (*space, known.get(space).cloned().flatten());
                self.watch.hidden.insert(snapshot.id, snapshot.hidden.iter().map(told).collect());
            }
            Event::SpaceHidden { guild, space } => {
                let known = self.servers.get(guild).and_then(|server| server.spaces.get(space)).cloned();
                self.watch.hidden.entry(*guild).or_default().entry(*space).or_insert(known);
            }
            Event::SpaceChanged(space) => {
                self.watch.hidden.entry(space.guild).or_default().remove(&space.id);
            }
            Event::SpaceGone { guild, space } => {
                self.watch.hidden.entry(*guild).or_default().remove(space);
            }
            _ => {}
        }
    }

    /// An entry of the audit log: who did what.
    pub(super) fn audited(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        let Event::Audit { guild, action, by: Some(by), target, overwrites, .. } = event else { return };
        self.learn_hidden_from_log(*guild, *action, *target, overwrites);
        self.who_changed_roles(event, now, a);
        if Some(*by) == self.own {
            return;
        }
        self.learn_that_we_were_shut_out(event, now, a);
        if let Some((space, about, by)) = may_undo(event) {
            self.who_undid((space, about), by, now, a);
        }
        if *action == SERVER_CHANGED {
            self.who_lifted(*guild, *by, now, a);
        }
        if let Some(code) = change(*action).filter(|code| self.policy.contact.is_on(*code)) {
            let day = |at: Timestamp| self.policy.zone.day_number(at);
            let today =
                self.state.last_found(code, *by, None, None).is_some_and(|last| day(last) == day(now));
            if self.watch.live && !today {
                let by = *by;
                let seen =
                    Observation { at: now, code, by, towards: None, space: None, message: None, quote: None };
                self.take(vec![seen], None, now, a);
            }
        }
        self.watch_rights(*guild, now, a);
    }

    /// Somebody took a channel out of the bot's own sight: its description does not come any more, the log's entry does.
    fn learn_that_we_were_shut_out(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        let Event::Audit { guild, target: Some(target), about: Some(about), overwrites, .. } = event else {
            return;
        };
        let shut_out = overwrites.iter().any(|overwrite| overwrite.deny.has(Permissions::VIEW_CHANNEL));
        let known = self.servers.get(guild).and_then(|server| server.spaces.get(&ChannelId(*target)));
        let Some(known) = known.filter(|_| shut_out && self.own == Some(UserId(*about))) else { return };
        let mut space = known.clone();
        space.overwrites.retain(|there| there.target != OverwriteFor::Member(UserId(*about)));
        space.overwrites.extend(overwrites);
        self.server_changed(&Event::SpaceChanged(Box::new(space)), now, a);
    }

    /// The log tells of channels that nothing else tells of: who sees them, as far as their overwrites say.
    fn learn_hidden_from_log(
        &mut self,
        guild: GuildId,
        action: u64,
        target: Option<u64>,
        overwrites: &[crate::domain::space::Overwrite],
    ) {
        const MADE: u64 = 10;
        const OVERWRITTEN: [u64; 2] = [13, 14];
        const GONE: u64 = 12;
        let Some(space) = target.map(ChannelId) else { return };
        let known = self.servers.get(&guild).is_none_or(|server| server.spaces.contains_key(&space));
        if known || !(action == MADE || action == GONE || OVERWRITTEN.contains(&action)) {
            return;
        }
        let hidden = self.watch.hidden.entry(guild).or_default();
        if action == GONE {
            hidden.remove(&space);
            return;
        }
        let described = hidden.entry(space).or_default().get_or_insert_with(|| Space {
            id: space,
            guild,
            kind: SpaceKind::Unknown,
            name: String::new(),
            parent: None,
            owner: None,
            overwrites: Vec::new(),
            members: BTreeSet::new(),
            locked: false,
            archived: false,
        });
        for overwrite in overwrites {
            described.overwrites.retain(|there| there.target != overwrite.target);
            described.overwrites.push(*overwrite);
        }
    }

    /// `private-space-made` (InterAct §2; policy matrix P1): an adult opened a private thread that a young person is in,
    /// outside a session and a plan. Noted for the pattern, whoever else is there; one who is alone in it is found by the
    /// rule of lone adults.
    pub(super) fn private_thread_made(&mut self, space: ChannelId, now: Timestamp, a: &mut Assessment) {
        let code = Code::PrivateSpaceMade;
        if !self.policy.contact.is_on(code) {
            return;
        }
        let Some((server, thread)) =
            self.servers.values().find_map(|server| Some((server, server.spaces.get(&space)?)))
        else {
            return;
        };
        let Some(owner) = thread.owner.filter(|_| thread.kind == SpaceKind::PrivateThread) else { return };
        let places = crate::contact::rules::places(server, space);
        if !server.roster.kind(owner).is_adult_for_risk()
            || self.state.agreed.session_in(&places, now).is_some()
        {
            return;
        }
        let young = thread.members.iter().filter(|person| server.roster.kind(**person).is_protected());
        let new: Vec<Observation> = young
            .filter(|person| !self.state.agreed.plan_open(owner, **person, now))
            .filter(|person| self.state.last_found(code, owner, Some(**person), Some(space)).is_none())
            .map(|person| Observation {
                at: now,
                code,
                by: owner,
                towards: Some(*person),
                space: Some(space),
                message: None,
                quote: None,
            })
            .collect();
        self.take(new, None, now, a);
    }
}
