//! Who can see each space, and why they can.
//!
//! [`Server`] is kept from the platform's events. [`Server::audience`] evaluates Discord's permission rules: owner
//! and administrators see everything; everybody else has the bits of `@everyone` and of their roles, then the
//! channel's overwrites for `@everyone`, for roles, for the member. A private thread is seen by its members (who
//! must also see the parent) and by thread managers. The *reason* matters: sight that somebody has only by office
//! (owner, administrator, thread manager) is not cover.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::event::{GuildSnapshot, Member, Message, Role};
use crate::domain::person::RoleMapping;
use crate::domain::space::{OverwriteFor, Permissions};
use crate::domain::{
    ChannelId, Event, GuildId, Kind, Person, RoleId, Roster, Space, SpaceKind, Timestamp, UserId,
};

/// Why somebody sees a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Only as owner, administrator or thread manager: they may look, but nobody relies on it.
    ByOffice,
    /// As everybody of their roles does, or as a member of the thread.
    Plain,
}

/// Who sees a space, bots left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audience {
    /// Adults for risk (staff and the unknown alike), with the reason of their sight.
    pub adults: BTreeMap<UserId, Sight>,
    /// Young people and adults at risk.
    pub protected: BTreeSet<UserId>,
}

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
}

/// What an event changed about who sees what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// These spaces.
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
    fn space(space: ChannelId) -> Self {
        Changed { spaces: BTreeSet::from([space]), everywhere: false }
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
                self.owner = owner.unwrap_or(self.owner);
                self.dms_paused_until = *dms_paused_until;
                Changed::everywhere()
            }
            Event::RoleChanged { guild, role } if *guild == self.id => {
                self.roles.insert(role.id, role.clone());
                self.name_everybody_again();
                Changed::everywhere()
            }
            Event::RoleGone { guild, role } if *guild == self.id => {
                self.roles.remove(role);
                self.name_everybody_again();
                Changed::everywhere()
            }
            Event::MemberChanged { guild, member } if *guild == self.id => self.enter(member),
            Event::Members { guild, members, .. } if *guild == self.id => {
                for member in members {
                    self.enter(member);
                }
                Changed::everywhere()
            }
            Event::MemberGone { guild, user } if *guild == self.id => {
                self.voice.remove(user);
                for space in self.spaces.values_mut() {
                    space.members.remove(user);
                }
                match self.roster.leave(*user) {
                    Some(_) => Changed::everywhere(),
                    None => Changed::nothing(),
                }
            }
            Event::SpaceChanged(space) if space.guild == self.id => self.change_space(space),
            Event::SpaceGone { guild, space } | Event::SpaceHidden { guild, space } if *guild == self.id => {
                self.spaces.remove(space);
                Changed::space(*space)
            }
            Event::ThreadMembers { guild, thread, added, removed } if *guild == self.id => {
                if let Some(space) = self.spaces.get_mut(thread) {
                    space.members.extend(added);
                    for user in removed {
                        space.members.remove(user);
                    }
                }
                Changed::space(*thread)
            }
            Event::ThreadMembersListed { guild, thread, members } if *guild == self.id => {
                if let Some(space) = self.spaces.get_mut(thread) {
                    space.members = members.iter().copied().collect();
                }
                Changed::space(*thread)
            }
            Event::Voice { guild, user, room, .. } if *guild == self.id => {
                match room {
                    Some(room) => self.voice.insert(*user, *room),
                    None => self.voice.remove(user),
                };
                Changed::nothing()
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
            self.enter(member);
        }
        self.name_everybody_again();
    }

    fn change_space(&mut self, space: &Space) -> Changed {
        let mut space = space.clone();
        if let Some(before) = self.spaces.get(&space.id) {
            if space.kind.is_thread() {
                // An update of a thread does not repeat its members.
                space.members.extend(&before.members);
            }
            if *before == space {
                return Changed::nothing();
            }
        }
        if space.kind.is_thread()
            && let Some(owner) = space.owner
            && !self.spaces.contains_key(&space.id)
        {
            space.members.insert(owner);
        }
        let id = space.id;
        let mut changed = Changed::space(id);
        changed.spaces.extend(self.spaces.values().filter(|s| s.parent == Some(id)).map(|s| s.id));
        self.spaces.insert(id, space);
        changed
    }

    /// Enters a member as their roles name them.
    fn enter(&mut self, member: &Member) -> Changed {
        let person = Person {
            id: member.id,
            name: member.name.clone(),
            shown: member.shown.clone(),
            roles: member.roles.clone(),
            kind: self.kind_by_roles(&member.roles, member.bot),
        };
        let same = self
            .roster
            .get(member.id)
            .is_some_and(|known| known.roles == person.roles && known.kind == person.kind);
        self.roster.enter(person);
        if same { Changed::nothing() } else { Changed::everywhere() }
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

    /// What these roles make of an account.
    #[must_use]
    pub fn kind_by_roles(&self, roles: &BTreeSet<RoleId>, bot: bool) -> Kind {
        if bot {
            return Kind::Bot;
        }
        let kinds = roles
            .iter()
            .filter_map(|id| {
                self.mapping.kind_of(*id, self.roles.get(id).map_or("", |role| role.name.as_str()))
            })
            .collect();
        Kind::of_mapped(&kinds)
    }

    fn name_everybody_again(&mut self) {
        let mut roster = std::mem::take(&mut self.roster);
        for person in roster.iter_mut() {
            person.kind = self.kind_by_roles(&person.roles, person.kind == Kind::Bot);
        }
        self.roster = roster;
    }

    /// The bits somebody has on the server as a whole.
    #[must_use]
    pub fn base_permissions(&self, person: &Person) -> Permissions {
        let bits = |role: &RoleId| self.roles.get(role).map_or(Permissions(0), |role| role.permissions);
        person.roles.iter().fold(bits(&self.id.everyone()), |all, role| all.with(bits(role)))
    }

    /// The bits somebody has in a channel by roles and overwrites alone, whatever their office.
    fn plain_permissions(&self, person: &Person, channel: &Space) -> Permissions {
        let mut bits = self.base_permissions(person);
        let overwrite = |target: OverwriteFor| channel.overwrites.iter().find(|o| o.target == target);
        if let Some(everyone) = overwrite(OverwriteFor::Role(self.id.everyone())) {
            bits = bits.without(everyone.deny).with(everyone.allow);
        }
        let (mut allow, mut deny) = (Permissions(0), Permissions(0));
        for overwrite in &channel.overwrites {
            if let OverwriteFor::Role(role) = overwrite.target
                && role != self.id.everyone()
                && person.roles.contains(&role)
            {
                allow = allow.with(overwrite.allow);
                deny = deny.with(overwrite.deny);
            }
        }
        bits = bits.without(deny).with(allow);
        if let Some(own) = overwrite(OverwriteFor::Member(person.id)) {
            bits = bits.without(own.deny).with(own.allow);
        }
        bits
    }

    /// Whether no overwrite binds somebody: the owner, and administrators.
    #[must_use]
    pub fn holds_office(&self, person: &Person) -> bool {
        person.id == self.owner || self.base_permissions(person).has(Permissions::ADMINISTRATOR)
    }

    /// Why `person` sees `space`; `None` when they do not.
    #[must_use]
    pub fn sight(&self, person: &Person, space: &Space) -> Option<Sight> {
        let office = self.holds_office(person);
        let by_office = office.then_some(Sight::ByOffice);
        let channel = if space.kind.is_thread() {
            let Some(parent) = space.parent.and_then(|parent| self.spaces.get(&parent)) else {
                // The parent is not known (yet): thread members are all that can be told.
                return space.members.contains(&person.id).then_some(Sight::Plain).or(by_office);
            };
            parent
        } else {
            space
        };
        let bits = self.plain_permissions(person, channel);
        if !bits.has(Permissions::VIEW_CHANNEL) {
            return match space.kind {
                // An administrator who was added to the thread is there as a member.
                SpaceKind::PrivateThread if office && space.members.contains(&person.id) => {
                    Some(Sight::Plain)
                }
                _ => by_office,
            };
        }
        match space.kind {
            SpaceKind::PrivateThread if space.members.contains(&person.id) => Some(Sight::Plain),
            SpaceKind::PrivateThread if bits.has(Permissions::MANAGE_THREADS) => Some(Sight::ByOffice),
            SpaceKind::PrivateThread => by_office,
            _ => Some(Sight::Plain),
        }
    }

    /// Everybody who sees a space.
    #[must_use]
    pub fn audience(&self, space: &Space) -> Audience {
        let mut audience = Audience::default();
        for person in self.roster.iter().filter(|person| person.kind != Kind::Bot) {
            if let Some(sight) = self.sight(person, space) {
                if person.kind.is_protected() {
                    audience.protected.insert(person.id);
                } else {
                    audience.adults.insert(person.id, sight);
                }
            }
        }
        audience
    }

    /// Whether a space is private: `@everyone` does not see it.
    #[must_use]
    pub fn is_private(&self, space: &Space) -> bool {
        match space.kind {
            SpaceKind::PrivateThread => true,
            SpaceKind::PublicThread => space
                .parent
                .and_then(|parent| self.spaces.get(&parent))
                .is_some_and(|parent| self.is_private(parent)),
            _ => {
                let nobody = Person {
                    id: UserId(0),
                    name: String::new(),
                    shown: String::new(),
                    roles: BTreeSet::new(),
                    kind: Kind::Guest,
                };
                !self.plain_permissions(&nobody, space).has(Permissions::VIEW_CHANNEL)
            }
        }
    }
}
