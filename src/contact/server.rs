//! A server as it is now, kept from the platform's events, each of which tells what it changed.

use std::collections::{BTreeMap, BTreeSet};

use super::enrolled::{EnrolmentRule, Enrolments};
use super::index::Index;
use crate::domain::event::{GuildSnapshot, Member, Message, Role};
use crate::domain::person::RoleMapping;
use crate::domain::{ChannelId, Event, GuildId, Kind, Person, RoleId, Roster, Space, Timestamp, UserId};

/// A server as it is now, kept from events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    /// Its id.
    pub id: GuildId,
    /// Its owner.
    pub owner: UserId,
    /// Its roles.
    pub roles: BTreeMap<RoleId, Role>,
    /// Its channels and threads.
    pub spaces: BTreeMap<ChannelId, Space>,
    /// Its people.
    pub roster: Roster,
    /// Who is in which voice room.
    pub voice: BTreeMap<UserId, ChannelId>,
    /// Until when direct messages between members are paused.
    pub dms_paused_until: Option<Timestamp>,
    mapping: RoleMapping,
    rule: EnrolmentRule,
    enrolled: BTreeMap<UserId, Kind>,
    pub(super) index: Index,
}

/// What an event changed about who sees what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// These spaces are seen by other people than before, or by the same as somebody else (another kind, another
    /// reason); or people came into or left a voice room.
    pub spaces: BTreeSet<ChannelId>,
    /// Any space of the server.
    pub everywhere: bool,
}

impl Changed {
    fn nothing() -> Self {
        Changed::default()
    }
    fn everywhere() -> Self {
        Changed { everywhere: true, ..Changed::default() }
    }
    fn spaces(spaces: BTreeSet<ChannelId>) -> Self {
        Changed { spaces, everywhere: false }
    }

    fn and(mut self, more: Changed) -> Self {
        self.everywhere |= more.everywhere;
        self.spaces.extend(more.spaces);
        self
    }
}

impl Server {
    /// A server of which nothing is known yet.
    #[must_use]
    pub fn new(id: GuildId, mapping: RoleMapping) -> Self {
        Server { id, mapping, ..Server::default() }
    }

    /// Takes an event in and tells what it changed. Events of other servers change nothing.
    pub fn apply(&mut self, event: &Event) -> Changed {
        match event {
            Event::Guild(snapshot) if snapshot.id == self.id => {
                self.replace(snapshot);
                Changed::everywhere()
            }
            Event::GuildChanged { guild, owner, dms_paused_until } if *guild == self.id => {
                self.dms_paused_until = *dms_paused_until;
                owner.map_or_else(Changed::nothing, |owner| self.change_owner(owner))
            }
            Event::RoleChanged { guild, role } if *guild == self.id => {
                self.change_role(role.id, Some(role.clone()))
            }
            Event::RoleGone { guild, role } if *guild == self.id => self.change_role(*role, None),
            Event::MemberChanged { guild, member } if *guild == self.id => self.enter(member),
            Event::Members { guild, members, .. } if *guild == self.id => {
                let mut changed = Changed::nothing();
                for member in members {
                    // So many at once are looked at together.
                    if self.put(member) {
                        self.index_person(member.id);
                        changed.everywhere = true;
                    }
                }
                changed
            }
            Event::MemberGone { guild, user } if *guild == self.id => self.leave(*user),
            Event::SpaceChanged(space) if space.guild == self.id => self.change_space(space),
            Event::SpaceGone { guild, space } | Event::SpaceHidden { guild, space } if *guild == self.id => {
                self.remove_space(*space)
            }
            Event::ThreadMembers { guild, thread, added, removed } if *guild == self.id => self
                .change_members(*thread, |members| {
                    members.extend(added);
                    for user in removed {
                        members.remove(user);
                    }
                }),
            Event::ThreadMembersListed { guild, thread, members } if *guild == self.id => {
                self.change_members(*thread, |known| *known = members.iter().copied().collect())
            }
            Event::Voice { guild, user, room, .. } if *guild == self.id => {
                let left = match room {
                    Some(room) => self.voice.insert(*user, *room),
                    None => self.voice.remove(user),
                };
                // Muted, deafened: still in the same room.
                let moved =
                    if left == *room { BTreeSet::new() } else { left.into_iter().chain(*room).collect() };
                Changed::spaces(moved)
            }
            _ => Changed::nothing(),
        }
    }

    fn replace(&mut self, snapshot: &GuildSnapshot) {
        self.owner = snapshot.owner;
        self.roles = snapshot.roles.iter().map(|role| (role.id, role.clone())).collect();
        // Members of threads that the snapshot does not repeat stay known.
        let mut known = std::mem::take(&mut self.spaces);
        for space in &snapshot.spaces {
            let mut space = space.clone();
            if let Some(before) = known.remove(&space.id) {
                space.members.extend(before.members);
            }
            self.spaces.insert(space.id, space);
        }
        self.voice = snapshot.voice.iter().copied().collect();
        self.dms_paused_until = snapshot.dms_paused_until;
        if !snapshot.members_missing {
            self.roster = Roster::default();
        }
        for member in &snapshot.members {
            self.put(member);
        }
        self.name_again(|_| true);
        self.index_everything();
    }

    fn change_owner(&mut self, owner: UserId) -> Changed {
        if owner == self.owner {
            return Changed::nothing();
        }
        let both = [self.owner, owner];
        let alone = both.map(|id| self.seen_alone(id));
        self.owner = owner;
        let mut changed = Changed::nothing();
        for (id, alone) in both.into_iter().zip(&alone) {
            let before = self.index_person(id);
            changed.spaces.extend(self.changed_for(id, before, alone));
        }
        changed
    }

    fn change_role(&mut self, id: RoleId, role: Option<Role>) -> Changed {
        if self.roles.get(&id) == role.as_ref() {
            return Changed::nothing();
        }
        let before = self.before_role(id);
        let stood_for = self.kind_of_role(id);
        match role {
            Some(role) => self.roles.insert(id, role),
            None => self.roles.remove(&id),
        };
        let renamed = self.kind_of_role(id) != stood_for;
        if renamed {
            self.name_again(|person| person.roles.contains(&id));
        }
        Changed::spaces(self.index_role(id, renamed, &before))
    }

    fn change_space(&mut self, described: &Space) -> Changed {
        let id = described.id;
        let mut space = described.clone();
        let known = self.spaces.get(&id);
        if space.kind.is_thread() {
            match known {
                // An update of a thread does not repeat its members.
                Some(before) => space.members.extend(&before.members),
                None => space.members.extend(space.owner),
            }
        }
        if known == Some(&space) {
            return Changed::nothing();
        }
        let known = known.cloned();
        self.tell_apart(&space);
        let before = self.seen_in(id);
        if let Some(known) = &known {
            self.unindex_space(known);
        }
        self.spaces.insert(id, space);
        self.index_space(id);
        let now = self.space_and_threads(id);
        let changed = now
            .filter(|space| before.get(&space.id).is_none_or(|before| self.is_seen_otherwise(before, space)));
        Changed::spaces(changed.map(|space| space.id).collect())
    }

    fn remove_space(&mut self, id: ChannelId) -> Changed {
        // A channel takes its threads with it.
        let gone: Vec<Space> = self.space_and_threads(id).cloned().collect();
        for space in &gone {
            self.unindex_space(space);
            self.spaces.remove(&space.id);
            self.voice.retain(|_, room| *room != space.id);
        }
        Changed::spaces(gone.iter().map(|space| space.id).collect())
    }

    fn change_members(&mut self, thread: ChannelId, change: impl FnOnce(&mut BTreeSet<UserId>)) -> Changed {
        if !self.spaces.contains_key(&thread) {
            return Changed::nothing();
        }
        let before = self.seen_in(thread);
        if let Some(space) = self.spaces.get_mut(&thread) {
            change(&mut space.members);
        }
        let space = &self.spaces[&thread];
        let otherwise = before.get(&thread).is_some_and(|before| self.is_seen_otherwise(before, space));
        Changed::spaces(otherwise.then_some(thread).into_iter().collect())
    }

    /// Enters a member as their roles name them.
    fn enter(&mut self, member: &Member) -> Changed {
        let alone = self.seen_alone(member.id);
        if !self.put(member) {
            return Changed::nothing();
        }
        let before = self.index_person(member.id);
        let changed = Changed::spaces(self.changed_for(member.id, before, &alone));
        self.tidy_index();
        changed
    }

    /// Puts a member on the roster; whether that says anything new about what they are and may do.
    fn put(&mut self, member: &Member) -> bool {
        let person = Person {
            id: member.id,
            name: member.name.clone(),
            shown: member.shown.clone(),
            roles: member.roles.clone(),
            kind: self.kind_of(member.id, &member.roles, member.bot),
        };
        let known = self.roster.get(member.id);
        let same = known.is_some_and(|known| known.roles == person.roles && known.kind == person.kind);
        self.roster.enter(person);
        !same
    }

    fn leave(&mut self, user: UserId) -> Changed {
        let alone = self.seen_alone(user);
        let known = self.roster.leave(user).is_some();
        let before = self.index_person(user);
        let changed = self.changed_for(user, before, &alone);
        let room = self.voice.remove(&user);
        for space in self.spaces.values_mut().filter(|space| space.kind.is_thread()) {
            space.members.remove(&user);
        }
        self.tidy_index();
        let changed = if known { Changed::spaces(changed) } else { Changed::nothing() };
        changed.and(Changed::spaces(room.into_iter().collect()))
    }

    /// Enters the author of a message whom the member list has not brought yet, as the message describes them.
    pub fn meet(&mut self, message: &Message) -> Changed {
        if self.roster.get(message.author).is_some() || message.guild != Some(self.id) {
            return Changed::nothing();
        }
        let Some(roles) = &message.author_roles else { return Changed::nothing() };
        self.enter(&Member {
            id: message.author,
            name: message.author_name.clone(),
            shown: message.author_shown.clone().unwrap_or_default(),
            roles: roles.clone(),
            bot: message.automated,
        })
    }

    /// Takes the register of enrolments in, with those whom the configuration names (under [`EnrolmentRule::Required`]
    /// only), and tells whose kind that changed.
    pub fn enrol(
        &mut self,
        enrolments: &Enrolments,
        named: &BTreeMap<UserId, Kind>,
        rule: EnrolmentRule,
    ) -> Changed {
        let named = named.iter().filter(|_| rule == EnrolmentRule::Required);
        let mut enrolled: BTreeMap<UserId, Kind> = named.map(|(account, kind)| (*account, *kind)).collect();
        enrolled.extend(enrolments.enrolled().map(|enrolment| (enrolment.account, enrolment.kind)));
        if (&self.enrolled, self.rule) == (&enrolled, rule) {
            return Changed::nothing();
        }
        self.enrolled = enrolled;
        self.rule = rule;
        let people = self.roster.iter().map(|person| {
            let bot = person.kind == Kind::Bot;
            (person.id, person.kind, self.kind_of(person.id, &person.roles, bot))
        });
        let renamed: Vec<(UserId, Kind)> =
            people.filter(|(_, was, is)| was != is).map(|(id, _, is)| (id, is)).collect();
        let mut changed = Changed::nothing();
        for (id, kind) in renamed {
            let alone = self.seen_alone(id);
            if let Some(person) = self.roster.get_mut(id) {
                person.kind = kind;
            }
            let before = self.index_person(id);
            changed.spaces.extend(self.changed_for(id, before, &alone));
        }
        changed
    }

    /// What roles and enrolment make of an account.
    #[must_use]
    pub fn kind_of(&self, account: UserId, roles: &BTreeSet<RoleId>, bot: bool) -> Kind {
        if bot {
            return Kind::Bot;
        }
        self.rule.kind(&self.kinds_of_roles(roles), self.enrolled.get(&account).copied())
    }

    /// The kinds that somebody's roles stand for, before they are weighed against one another.
    #[must_use]
    pub fn kinds_of_roles(&self, roles: &BTreeSet<RoleId>) -> BTreeSet<Kind> {
        roles.iter().filter_map(|role| self.kind_of_role(*role)).collect()
    }

    fn kind_of_role(&self, role: RoleId) -> Option<Kind> {
        self.mapping.kind_of(role, self.roles.get(&role).map_or("", |role| role.name.as_str()))
    }

    fn name_again(&mut self, whom: impl Fn(&Person) -> bool) {
        let mut roster = std::mem::take(&mut self.roster);
        for person in roster.iter_mut().filter(|person| whom(person)) {
            person.kind = self.kind_of(person.id, &person.roles, person.kind == Kind::Bot);
        }
        self.roster = roster;
    }
}
