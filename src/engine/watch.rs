//! The rules of supervised contact over time: what changed, whose grace has run out, when to ask again.

use super::{Assessment, Organisation};
use crate::contact::rules::{LoneAdult, lone_adults};
use crate::contact::{Server, audience::Changed};
use crate::domain::{ChannelId, Code, Event, GuildId, Observation, SpaceKind, Timestamp, UserId};

impl Organisation {
    /// The server is described anew or in part.
    pub(super) fn server_changed(&mut self, event: &Event, now: Timestamp, a: &mut Assessment) {
        if let Event::Guild(snapshot) = event {
            let mapping = self.mapping.clone();
            self.servers.entry(snapshot.id).or_insert_with(|| Server::new(snapshot.id, mapping));
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
            self.lone_since.retain(|(at, _), _| *at != space);
            return;
        };
        let nobody = std::collections::BTreeSet::new();
        let present = self.wrote.get(&space).unwrap_or(&nobody);
        let lone = lone_adults(server, described, &self.state.agreed, present, now);
        let (guild, parent) = (server.id, described.parent.filter(|_| described.kind.is_thread()));
        let room = matches!(described.kind, SpaceKind::Voice | SpaceKind::Stage);
        self.lone_since.retain(|(at, adult), _| *at != space || lone.iter().any(|lone| lone.adult == *adult));
        for lone in lone {
            if self.state.locks.contains_key(&(space, lone.adult)) {
                continue;
            }
            let since = *self.lone_since.entry((space, lone.adult)).or_insert(now);
            // A voice room that nobody is in is not contact; its text chat is, once the adult writes.
            let idle = room && !self.wrote.get(&space).is_some_and(|wrote| wrote.contains(&lone.adult));
            if now >= since.plus(self.policy.lone_adult_grace) && !idle {
                self.lone_since.remove(&(space, lone.adult));
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
        let waiting: Vec<(ChannelId, UserId)> = self
            .lone_since
            .iter()
            .filter(|(_, since)| now >= since.plus(self.policy.lone_adult_grace))
            .map(|(who, _)| *who)
            .collect();
        for (space, _) in waiting {
            self.watch_space(space, now, a);
        }
        if self.watched_until.is_some_and(|until| until <= now) {
            // A session or a plan began or ended.
            self.watch_everywhere(now, a);
        }
    }

    /// When to be asked again: a grace that runs out, something agreed that begins or ends.
    pub(super) fn next_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let grace = self
            .lone_since
            .values()
            .map(|since| since.plus(self.policy.lone_adult_grace))
            .filter(|at| *at > now)
            .min();
        self.watched_until = self.state.agreed.next_change(now);
        grace.into_iter().chain(self.watched_until).min()
    }
}
