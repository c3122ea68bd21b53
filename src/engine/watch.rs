//! The rules of supervised contact over time: what changed, whose grace has run out, when to ask again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{Assessment, Organisation};
use crate::contact::rules::{LoneAdult, lone_adults};
use crate::contact::{Server, audience::Changed};
use crate::domain::{ChannelId, Code, Event, GuildId, Observation, SpaceKind, Timestamp, UserId};

/// How long the rules wait for the members of a large server, who arrive after its description: without them
/// somebody who has cover would look alone. When they do not come, what is known has to do.
const MEMBERS_WAIT: Duration = Duration::from_mins(2);

/// An adult and young people in a space: how much of the grace is spent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// Since when they have been alone; none while somebody covers.
    since: Option<Timestamp>,
    /// How long they had been alone before that.
    spent: Duration,
    /// When somebody last began to cover.
    covered_at: Timestamp,
}

impl Alone {
    /// When the grace is over; none while somebody covers.
    fn over_at(&self, grace: Duration) -> Option<Timestamp> {
        self.since.map(|since| since.plus(grace.saturating_sub(self.spent)))
    }

    fn covered(&mut self, now: Timestamp) {
        if let Some(since) = self.since.take() {
            self.spent += now.since(since);
            self.covered_at = now;
        }
    }

    /// A second adult has to stay for three times the grace before it is given anew: coming and going is not cover.
    fn is_forgiven(&self, grace: Duration, now: Timestamp) -> bool {
        self.since.is_none() && now.since(self.covered_at) >= grace.saturating_mul(3)
    }
}

impl Organisation {
    /// The server is described anew or in part.
    pub(super) fn server_changed(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        if let Event::Guild(snapshot) = event {
            let mapping = self.mapping.clone();
            let server = self.servers.entry(snapshot.id).or_insert_with(|| Server::new(snapshot.id, mapping));
            server.enrol(&self.state.enrolments, self.policy.enrolment);
            if snapshot.members_missing {
                self.members_until.insert(snapshot.id, now.plus(MEMBERS_WAIT));
            } else {
                self.members_until.remove(&snapshot.id);
            }
        }
        if let Event::Members { guild, last: true, .. } = event {
            self.members_until.remove(guild);
        }
        let mut affected: Vec<(GuildId, Changed)> = Vec::new();
        for (guild, server) in &mut self.servers {
            let changed = server.apply(event);
            if changed.everywhere || !changed.spaces.is_empty() {
                affected.push((*guild, changed));
            }
        }
        self.learn_names(event);
        for (guild, changed) in affected {
            if changed.everywhere {
                self.protected_viewers.clear();
                self.watch_server(guild, now, a);
            } else {
                for space in changed.spaces {
                    self.protected_viewers.remove(&space);
                    self.watch_space(space, now, a);
                }
            }
        }
    }

    /// An enrolment began or ended: what accounts are may have changed on every server.
    pub(super) fn enrol(&mut self) {
        for server in self.servers.values_mut() {
            let changed = server.enrol(&self.state.enrolments, self.policy.enrolment);
            for space in changed.spaces {
                self.protected_viewers.remove(&space);
            }
        }
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

    /// Looks at every private space of every server again.
    pub(super) fn watch_everywhere(&mut self, now: Timestamp, a: &mut Assessment) {
        for guild in self.servers.keys().copied().collect::<Vec<_>>() {
            self.watch_server(guild, now, a);
        }
    }

    fn watch_server(&mut self, guild: GuildId, now: Timestamp, a: &mut Assessment) {
        let Some(server) = self.servers.get(&guild) else { return };
        for space in server.spaces.keys().copied().collect::<Vec<_>>() {
            self.watch_space(space, now, a);
        }
    }

    /// Looks at one space again.
    pub(super) fn watch_space(&mut self, space: ChannelId, now: Timestamp, a: &mut Assessment) {
        let Some((server, described)) =
            self.servers.values().find_map(|server| Some((server, server.spaces.get(&space)?)))
        else {
            self.alone.retain(|(at, _), _| *at != space);
            return;
        };
        if self.members_until.get(&server.id).is_some_and(|until| now < *until) {
            return;
        }
        let nobody = BTreeSet::new();
        let present = self.wrote.get(&space).unwrap_or(&nobody);
        let lone = lone_adults(server, described, &self.state.agreed, present, now);
        let (guild, parent) = (server.id, described.parent.filter(|_| described.kind.is_thread()));
        let room = matches!(described.kind, SpaceKind::Voice | SpaceKind::Stage);
        let grace = self.policy.lone_adult_grace;
        for ((_, adult), alone) in self.alone.range_mut((space, UserId(0))..=(space, UserId(u64::MAX))) {
            if !lone.iter().any(|lone| lone.adult == *adult) {
                alone.covered(now);
            }
        }
        self.alone.retain(|_, alone| !alone.is_forgiven(grace, now));
        for lone in lone {
            let who = (space, lone.adult);
            if self.state.locks.contains_key(&who) {
                continue;
            }
            let new = Alone { since: None, spent: Duration::ZERO, covered_at: now };
            let alone = self.alone.entry(who).or_insert(new);
            alone.since.get_or_insert(now);
            let over = alone.over_at(grace).is_some_and(|over| now >= over);
            // A voice room that nobody is in is not contact; its text chat is, once the adult writes.
            let idle = room && !self.wrote.get(&space).is_some_and(|wrote| wrote.contains(&lone.adult));
            if over && !idle {
                self.alone.remove(&who);
                self.found_alone(guild, space, parent, &lone, now, a);
            }
        }
    }

    fn found_alone(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        parent: Option<ChannelId>,
        lone: &LoneAdult,
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
        self.raise_lone_adult(guild, space, parent, lone.adult, observations, now, a);
    }

    /// A moment that was asked for has come.
    pub(super) fn watch_due(&mut self, now: Timestamp, a: &mut Assessment) {
        let arrived_or_not: Vec<GuildId> =
            self.members_until.iter().filter(|(_, until)| **until <= now).map(|(guild, _)| *guild).collect();
        for guild in arrived_or_not {
            self.members_until.remove(&guild);
            self.watch_server(guild, now, a);
        }
        let grace = self.policy.lone_adult_grace;
        let waiting: BTreeSet<ChannelId> = self
            .alone
            .iter()
            .filter(|(_, alone)| alone.over_at(grace).is_some_and(|over| now >= over))
            .map(|((space, _), _)| *space)
            .collect();
        for space in waiting {
            self.watch_space(space, now, a);
        }
        if self.watched_until.is_some_and(|until| until <= now) {
            // A session or a plan began or ended.
            self.watch_everywhere(now, a);
        }
    }

    /// When to be asked again: a grace that runs out, something agreed that begins or ends.
    pub(super) fn next_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let grace = self.policy.lone_adult_grace;
        let graces = self.alone.values().filter_map(|alone| alone.over_at(grace));
        let next = graces.chain(self.members_until.values().copied()).filter(|at| *at > now).min();
        self.watched_until = self.state.agreed.next_change(now);
        next.into_iter().chain(self.watched_until).min()
    }
}
