//! Who can see each space, and why they can.
//!
//! Discord's rules: owner and administrators see everything; everybody else has the bits of `@everyone` and of their
//! roles, then the channel's overwrites for `@everyone`, for roles, for the member. A thread is seen through its
//! channel; a private one by its members (who must also see the channel) and by thread managers. Whoever is in a
//! voice room hears it. The *reason* matters: sight that somebody has only by office (owner, administrator, thread
//! manager) is not cover.
//!
//! [`Server::audience`] names everybody; [`Server::counts`] only counts them, which is enough to see that a space
//! needs no second look. Both ask the [index](super::index) and only then the few people who differ from their group.

use std::collections::{BTreeMap, BTreeSet};

use super::permissions::{needed, overwritten};
pub use super::server::{Changed, Server};
use crate::domain::space::Permissions;
use crate::domain::{ChannelId, Kind, Person, Space, SpaceKind, UserId};

/// Why somebody sees a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// Only as owner, administrator or thread manager: they may look, but nobody relies on it.
    ByOffice,
    /// As everybody of their roles does, as a member of the thread, or because they are in the voice room.
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

/// How many people see a space, bots left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Young people and adults at risk.
    pub protected: usize,
    /// Adults for risk who see it plainly, those who cover included.
    pub adults: usize,
    /// Adults who see it plainly and count as cover.
    pub covering: usize,
    /// Adults who see it only by office.
    pub by_office: usize,
}

impl Counts {
    fn add(&mut self, kind: Kind, sight: Sight, people: usize) {
        *self.of(kind, sight) += people;
        if kind.covers() && sight == Sight::Plain {
            self.covering += people;
        }
    }

    fn take(&mut self, kind: Kind, sight: Sight) {
        *self.of(kind, sight) -= 1;
        if kind.covers() && sight == Sight::Plain {
            self.covering -= 1;
        }
    }

    fn of(&mut self, kind: Kind, sight: Sight) -> &mut usize {
        match sight {
            _ if kind.is_protected() => &mut self.protected,
            Sight::Plain => &mut self.adults,
            Sight::ByOffice => &mut self.by_office,
        }
    }
}

impl Server {
    /// The bits somebody has on the server as a whole.
    #[must_use]
    pub fn base_permissions(&self, person: &Person) -> Permissions {
        self.base_of(person.roles.iter())
    }

    /// The bits somebody has in a channel by roles and overwrites alone, whatever their office.
    fn plain_permissions(&self, person: &Person, channel: &Space) -> Permissions {
        let holds = |role| person.roles.contains(&role);
        overwritten(self.base_permissions(person), channel, self.id.everyone(), holds, Some(person.id))
    }

    /// The bits somebody has in a space: an owner's and administrator's are all; a thread has its channel's.
    #[must_use]
    pub fn permissions_in(&self, person: &Person, space: &Space) -> Permissions {
        if self.holds_office(person) {
            return Permissions(u64::MAX);
        }
        let parent = space.parent.filter(|_| space.kind.is_thread());
        let channel = parent.and_then(|parent| self.spaces.get(&parent)).unwrap_or(space);
        self.plain_permissions(person, channel)
    }

    /// Whether no overwrite binds somebody: the owner, and administrators.
    #[must_use]
    pub fn holds_office(&self, person: &Person) -> bool {
        person.id == self.owner || self.base_permissions(person).has(Permissions::ADMINISTRATOR)
    }

    /// Why `person` sees `space`; `None` when they do not.
    #[must_use]
    pub fn sight(&self, person: &Person, space: &Space) -> Option<Sight> {
        if self.voice.get(&person.id) == Some(&space.id) {
            return Some(Sight::Plain);
        }
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
        if !bits.has(needed(channel.kind)) {
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
        let others = self.others(space);
        let mut enter = |id: UserId, kind: Kind, sight| {
            if kind.is_protected() {
                audience.protected.insert(id);
            } else {
                audience.adults.insert(id, sight);
            }
        };
        for (group, sight) in self.groups_that_see(space) {
            for id in group.members.iter().filter(|id| !others.contains(id)) {
                enter(*id, group.kind(), sight);
            }
        }
        for person in others.iter().filter_map(|id| self.roster.get(*id)).filter(|p| p.kind != Kind::Bot) {
            if let Some(sight) = self.sight(person, space) {
                enter(person.id, person.kind, sight);
            }
        }
        audience
    }

    /// How many people see a space, without naming them.
    #[must_use]
    pub fn counts(&self, space: &Space) -> Counts {
        let mut counts = Counts::default();
        for (group, sight) in self.groups_that_see(space) {
            counts.add(group.kind(), sight, group.members.len());
        }
        for person in self.others(space).into_iter().filter_map(|id| self.roster.get(id)) {
            if person.kind == Kind::Bot {
                continue;
            }
            if let Some(sight) = self.sight_of_group(person.id, space) {
                counts.take(person.kind, sight);
            }
            if let Some(sight) = self.sight(person, space) {
                counts.add(person.kind, sight, 1);
            }
        }
        counts
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
                let base = self.base_of([].iter());
                let bits = overwritten(base, space, self.id.everyone(), |_| false, None);
                !bits.has(needed(space.kind))
            }
        }
    }

    /// The space itself, the channel of a thread, and the category of either: where a session or a plan may be
    /// booked that counts here.
    #[must_use]
    pub fn places(&self, space: &Space) -> Vec<ChannelId> {
        let parent = space.parent.and_then(|parent| self.spaces.get(&parent));
        let ids = [Some(space.id), space.parent, parent.and_then(|parent| parent.parent)];
        ids.into_iter().flatten().collect()
    }

    /// Spaces that the bot does not see although adults and young people both do: nobody watches over them
    /// (policy matrix P1). `own` is the bot's account.
    #[must_use]
    pub fn unmonitored(&self, own: UserId) -> BTreeSet<ChannelId> {
        let bot = self.roster.get(own);
        let hidden = |space: &&Space| {
            space.kind != SpaceKind::Category && bot.is_none_or(|bot| self.sight(bot, space).is_none())
        };
        let spaces = self.spaces.values().filter(hidden);
        let met = spaces.filter(|space| {
            let counts = self.counts(space);
            counts.protected > 0 && counts.adults > 0
        });
        met.map(|space| space.id).collect()
    }
}
