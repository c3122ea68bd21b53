//! Where people write: one adult alone with young people, and small spaces that people who are kept apart share.

use std::collections::BTreeSet;

use super::super::{Assessment, Organisation};
use super::grace::Grace;
use crate::contact::rules::separation::{Together, share_small_space};
use crate::contact::rules::{LoneAdult, lone_adults};
use crate::domain::{CaseRef, ChannelId, Code, GuildId, Observation, SpaceKind, Timestamp, UserId};

impl Organisation {
    pub(super) fn watch_server(&mut self, guild: GuildId, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild) else { return };
        for space in server.spaces.keys().copied().collect::<Vec<_>>() {
            self.watch_space(space, now, a);
        }
    }

    /// Looks at one space again.
    pub(in crate::engine) fn watch_space(&mut self, space: ChannelId, now: Timestamp, a: &mut Assessment) {
        self.watch.stale = true;
        let Some((server, described)) =
            self.servers.values().find_map(|server| Some((server, server.spaces.get(&space)?)))
        else {
            self.watch.alone.retain(|(at, _), _| *at != space);
            self.watch.sharing.retain(|(at, _), _| *at != space);
            return;
        };
        if self.members_until.get(&server.id).is_some_and(|until| now < *until) {
            return;
        }
        let nobody = BTreeSet::new();
        let present = self.wrote.get(&space).unwrap_or(&nobody);
        let agreed = &self.state.agreed;
        let setting = self.policy.contact.setting(Code::LoneAdultSpace);
        let lone = if setting.on { lone_adults(server, described, agreed, present, now) } else { Vec::new() };
        let small = self.policy.contact.small_space;
        let sharing = share_small_space(server, described, agreed, small, now);
        let (guild, parent) = (server.id, described.parent.filter(|_| described.kind.is_thread()));
        let room = matches!(described.kind, SpaceKind::Voice | SpaceKind::Stage);
        let grace = setting.grace;
        for ((_, adult), alone) in self.watch.alone.range_mut((space, UserId(0))..=(space, UserId(u64::MAX)))
        {
            if !lone.iter().any(|lone| lone.adult == *adult) {
                alone.ends(now);
            }
        }
        self.watch.alone.retain(|_, alone| !alone.is_forgiven(grace, now));
        for lone in lone {
            let who = (space, lone.adult);
            if self.state.locks.contains_key(&who) {
                continue;
            }
            let alone = self.watch.alone.entry(who).or_insert_with(|| Grace::unspent(now));
            alone.lasts(now);
            // A voice room that nobody is in is not contact; its text chat is, once the adult writes.
            let idle = room && !self.wrote.get(&space).is_some_and(|wrote| wrote.contains(&lone.adult));
            if alone.is_over(grace, now) && !idle {
                self.watch.alone.remove(&who);
                self.found_alone(guild, space, parent, &lone, setting.contains, now, a);
            }
        }
        self.sharing_in(guild, space, parent, &sharing, now, a);
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one finding, from one call site")]
    fn found_alone(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        parent: Option<ChannelId>,
        lone: &LoneAdult,
        contains: bool,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let observations: Vec<Observation> = lone
            .young_people
            .iter()
            .map(|young_person| Observation {
                at: now,
                code: Code::LoneAdultSpace,
                by: lone.adult,
                towards: Some(*young_person),
                space: Some(space),
                message: None,
                quote: None,
            })
            .collect();
        if contains {
            self.raise_lone_adult(guild, space, parent, lone.adult, observations, now, a);
        } else if observations
            .iter()
            .any(|seen| self.state.last_found(seen.code, seen.by, seen.towards, seen.space).is_none())
        {
            self.take(observations, None, now, a);
        }
    }

    /// `separation-shared-space`: once for a pair and a space; the adult of the two is locked there.
    fn sharing_in(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        parent: Option<ChannelId>,
        sharing: &[Together],
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let code = Code::SeparationSharedSpace;
        let setting = self.policy.contact.setting(code);
        self.watch.sharing.retain(|(at, pair), _| *at != space || sharing.contains(pair));
        for pair in sharing.iter().filter(|_| setting.on) {
            let (by, towards) = (pair.by, Some(pair.towards));
            if self.state.last_found(code, by, towards, Some(space)).is_some() {
                continue;
            }
            let state = self.watch.sharing.entry((space, *pair)).or_insert_with(|| Grace::unspent(now));
            state.lasts(now);
            if !state.is_over(setting.grace, now) {
                continue;
            }
            self.watch.sharing.remove(&(space, *pair));
            let seen =
                Observation { at: now, code, by, towards, space: Some(space), message: None, quote: None };
            self.take(vec![seen], None, now, a);
            if setting.contains {
                let case: Option<CaseRef> = self.case_about(by, &BTreeSet::from([pair.towards]));
                self.lock(guild, space, parent, by, case, now, a);
            }
        }
    }

    /// Spaces whose grace is over.
    pub(super) fn spaces_due(&mut self, now: Timestamp, a: &mut Assessment) {
        let grace = |code| self.policy.contact.setting(code).grace;
        let (lone, sharing) = (grace(Code::LoneAdultSpace), grace(Code::SeparationSharedSpace));
        let alone = self.watch.alone.iter().filter(|(_, state)| state.is_over(lone, now));
        let together = self.watch.sharing.iter().filter(|(_, state)| state.is_over(sharing, now));
        let waiting: BTreeSet<ChannelId> =
            alone.map(|((space, _), _)| *space).chain(together.map(|((space, _), _)| *space)).collect();
        for space in waiting {
            self.watch_space(space, now, a);
        }
    }
}
