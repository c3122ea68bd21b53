//! Who sees what, by groups: people of the same kind whose roles tell them apart nowhere.
//!
//! Ten thousand members of a server hold perhaps a hundred different sets of roles, and of those roles most are
//! colours. The index keeps one group for each set of roles *that matters* (the role has an overwrite somewhere, or
//! gives a bit of sight that `@everyone` lacks), and for each group which channels it sees. Whoever differs from
//! their group (a member's own overwrite, membership of a private thread, presence in a voice room) is asked alone.
//! So an event costs what it changes: a join a lookup, an overwrite one column, a role the groups that hold it.

use std::collections::{BTreeMap, BTreeSet};

use super::audience::Sight;
use super::permissions::{OF_SIGHT, needed, overwritten};
use super::server::Server;
use crate::domain::space::{OverwriteFor, Permissions};
use crate::domain::{ChannelId, Kind, Person, RoleId, Space, SpaceKind, UserId};

/// When more than this many groups stand empty, and more than half of all, the index is made anew.
const EMPTY_GROUPS: usize = 256;

/// A set of small numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bits(Vec<u64>);

impl Bits {
    fn get(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    fn set(&mut self, at: usize, on: bool) {
        if self.0.len() <= at / 64 {
            self.0.resize(at / 64 + 1, 0);
        }
        let bit = 1 << (at % 64);
        if on {
            self.0[at / 64] |= bit;
        } else {
            self.0[at / 64] &= !bit;
        }
    }
}

/// What makes a group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    kind: Kind,
    owner: bool,
    roles: BTreeSet<RoleId>,
}

/// What a group sees, by the columns of the channels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct View {
    office: bool,
    sees: Bits,
    manages: Bits,
}

impl View {
    /// Why the group sees a space of a column; `None` when it does not. A thread whose channel is not known has no
    /// column.
    fn sight(&self, column: Option<usize>, private_thread: bool) -> Option<Sight> {
        let by_office = self.office.then_some(Sight::ByOffice);
        match column {
            Some(column) if private_thread => {
                if self.manages.get(column) {
                    Some(Sight::ByOffice)
                } else {
                    by_office
                }
            }
            Some(column) if self.sees.get(column) => Some(Sight::Plain),
            _ => by_office,
        }
    }
}

/// People of one kind with the same roles that matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    key: Key,
    view: View,
    /// Who is in it.
    pub(super) members: BTreeSet<UserId>,
}

impl Group {
    /// What all of them are.
    pub(super) fn kind(&self) -> Kind {
        self.key.kind
    }
}

/// The groups of a server and what each sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    groups: Vec<Group>,
    by_key: BTreeMap<Key, usize>,
    group_of: BTreeMap<UserId, usize>,
    columns: BTreeMap<ChannelId, usize>,
    free: Vec<usize>,
    matters: BTreeSet<RoleId>,
    /// Overwrites of single members.
    own: BTreeSet<(UserId, ChannelId)>,
    /// Threads by their channel.
    threads: BTreeMap<ChannelId, BTreeSet<ChannelId>>,
}

/// What everybody saw before a role changed.
pub(super) struct Before {
    views: Vec<View>,
    others: BTreeMap<(ChannelId, UserId), Seen>,
    private: BTreeSet<ChannelId>,
}

/// Why somebody sees a space, and as what; `None` when they do not.
pub(super) type Seen = Option<(Sight, Kind)>;

impl Server {
    /// Makes the index anew from roles, spaces and people.
    pub(super) fn index_everything(&mut self) {
        self.index = Index::default();
        let spaces: Vec<ChannelId> = self.spaces.keys().copied().collect();
        for id in spaces {
            self.index_place(id);
        }
        self.index.matters = self.roles_that_matter();
        let people: Vec<UserId> = self.roster.iter().map(|person| person.id).collect();
        for id in people {
            self.index_person(id);
        }
    }

    /// The bits that roles give on the server as a whole.
    pub(super) fn base_of<'a>(&self, roles: impl Iterator<Item = &'a RoleId>) -> Permissions {
        let bits = |role: &RoleId| self.roles.get(role).map_or(Permissions(0), |role| role.permissions);
        roles.fold(bits(&self.id.everyone()), |all, role| all.with(bits(role)))
    }

    fn roles_that_matter(&self) -> BTreeSet<RoleId> {
        let everyone = self.base_of([].iter());
        let giving = self.roles.values().filter(|role| role.permissions.without(everyone).has_any(OF_SIGHT));
        let overwritten =
            self.spaces.values().flat_map(|space| &space.overwrites).filter_map(|overwrite| match overwrite
                .target
            {
                OverwriteFor::Role(role) => Some(role),
                OverwriteFor::Member(_) => None,
            });
        giving.map(|role| role.id).chain(overwritten).filter(|role| *role != self.id.everyone()).collect()
    }

    fn key_of(&self, person: &Person) -> Key {
        let roles = person.roles.intersection(&self.index.matters).copied().collect();
        Key { kind: person.kind, owner: person.id == self.owner, roles }
    }

    fn view_of(&self, key: &Key) -> View {
        let base = self.base_of(key.roles.iter());
        let mut view = View { office: key.owner || base.has(Permissions::ADMINISTRATOR), ..View::default() };
        for (id, column) in &self.index.columns {
            let (sees, manages) = self.group_in(key, base, &self.spaces[id]);
            view.sees.set(*column, sees);
            view.manages.set(*column, manages);
        }
        view
    }

    /// Whether a group reads a channel, and whether it manages its threads.
    fn group_in(&self, key: &Key, base: Permissions, channel: &Space) -> (bool, bool) {
        let bits = overwritten(base, channel, self.id.everyone(), |role| key.roles.contains(&role), None);
        let sees = bits.has(needed(channel.kind));
        (sees, sees && bits.has(Permissions::MANAGE_THREADS))
    }

    /// Puts a person into the group that they belong to now, and gives the group that they were in.
    pub(super) fn index_person(&mut self, id: UserId) -> Option<usize> {
        let before = self.index.group_of.get(&id).copied();
        let key = self.roster.get(id).map(|person| self.key_of(person));
        if let Some(before) = before {
            if key.as_ref() == Some(&self.index.groups[before].key) {
                return Some(before);
            }
            self.index.groups[before].members.remove(&id);
            self.index.group_of.remove(&id);
        }
        if let Some(key) = key {
            let group = self.group_for(key);
            self.index.groups[group].members.insert(id);
            self.index.group_of.insert(id, group);
        }
        before
    }

    fn group_for(&mut self, key: Key) -> usize {
        if let Some(group) = self.index.by_key.get(&key) {
            return *group;
        }
        let view = self.view_of(&key);
        self.index.by_key.insert(key.clone(), self.index.groups.len());
        self.index.groups.push(Group { key, view, members: BTreeSet::new() });
        self.index.groups.len() - 1
    }

    /// Makes the index anew once most of its groups stand empty.
    pub(super) fn tidy_index(&mut self) {
        let groups = self.index.groups.len();
        if groups > EMPTY_GROUPS {
            let empty = self.index.groups.iter().filter(|group| group.members.is_empty()).count();
            if empty > EMPTY_GROUPS && empty > groups / 2 {
                self.index_everything();
            }
        }
    }

    /// Gives a space its place: a thread under its channel, a channel a column of its own.
    fn index_place(&mut self, id: ChannelId) {
        let Some(space) = self.spaces.get(&id) else { return };
        if space.kind.is_thread() {
            if let Some(parent) = space.parent {
                self.index.threads.entry(parent).or_default().insert(id);
            }
            return;
        }
        let own = space.overwrites.iter().filter_map(|overwrite| match overwrite.target {
            OverwriteFor::Member(user) => Some((user, id)),
            OverwriteFor::Role(_) => None,
        });
        self.index.own.extend(own);
        if !self.index.columns.contains_key(&id) {
            let column = self.index.free.pop().unwrap_or(self.index.columns.len());
            self.index.columns.insert(id, column);
        }
    }

    /// Takes a space out of the index, as it was described before.
    pub(super) fn unindex_space(&mut self, before: &Space) {
        if let Some(threads) = before.parent.and_then(|parent| self.index.threads.get_mut(&parent)) {
            threads.remove(&before.id);
        }
        for overwrite in &before.overwrites {
            if let OverwriteFor::Member(user) = overwrite.target {
                self.index.own.remove(&(user, before.id));
            }
        }
        if let Some(column) = self.index.columns.remove(&before.id) {
            self.index.free.push(column);
        }
    }

    /// Groups people by the roles of these overwrites too, before the overwrites themselves come in.
    pub(super) fn tell_apart(&mut self, space: &Space) {
        let roles = space.overwrites.iter().filter_map(|overwrite| match overwrite.target {
            OverwriteFor::Role(role) if role != self.id.everyone() => Some(role),
            _ => None,
        });
        let new: BTreeSet<RoleId> = roles.filter(|role| !self.index.matters.contains(role)).collect();
        if !new.is_empty() {
            self.index.matters.extend(&new);
            self.regroup(|person| !new.is_disjoint(&person.roles));
        }
    }

    /// Takes a channel or thread in as it is described now.
    pub(super) fn index_space(&mut self, id: ChannelId) {
        self.index_place(id);
        let Some(column) = self.index.columns.get(&id).copied() else { return };
        for group in 0..self.index.groups.len() {
            let key = &self.index.groups[group].key;
            let (sees, manages) = self.group_in(key, self.base_of(key.roles.iter()), &self.spaces[&id]);
            let view = &mut self.index.groups[group].view;
            view.sees.set(column, sees);
            view.manages.set(column, manages);
        }
    }

    /// Puts people where they belong now, and tells who came from which group into which.
    fn regroup(&mut self, whom: impl Fn(&Person) -> bool) -> BTreeMap<UserId, (usize, usize)> {
        let people: Vec<UserId> = self.roster.iter().filter(|p| whom(p)).map(|person| person.id).collect();
        let mut moved = BTreeMap::new();
        for id in people {
            let from = self.index_person(id);
            let to = self.index.group_of.get(&id).copied();
            if let (Some(from), Some(to)) = (from, to)
                && from != to
            {
                moved.insert(id, (from, to));
            }
        }
        moved
    }

    /// Notes what everybody sees before a role changes.
    pub(super) fn before_role(&self, role: RoleId) -> Before {
        Before {
            views: self.index.groups.iter().map(|group| group.view.clone()).collect(),
            others: self.seen_by_others(role),
            private: self.private_spaces(role),
        }
    }

    /// Spaces that are private, where a role can make them so.
    fn private_spaces(&self, role: RoleId) -> BTreeSet<ChannelId> {
        let decides = role == self.id.everyone();
        let private = self.spaces.values().filter(|space| decides && self.is_private(space));
        private.map(|space| space.id).collect()
    }

    /// Takes a changed role in, and tells which spaces are seen by others than before. `renamed`: it stands for
    /// another kind now.
    pub(super) fn index_role(&mut self, role: RoleId, renamed: bool, before: &Before) -> BTreeSet<ChannelId> {
        let new: BTreeSet<RoleId> =
            self.roles_that_matter().difference(&self.index.matters).copied().collect();
        self.index.matters.extend(&new);
        for group in 0..self.index.groups.len() {
            let key = &self.index.groups[group].key;
            if role == self.id.everyone() || key.roles.contains(&role) {
                self.index.groups[group].view = self.view_of(key);
            }
        }
        let moved = if new.is_empty() && !renamed {
            BTreeMap::new()
        } else {
            self.regroup(|p| !new.is_disjoint(&p.roles) || renamed && p.roles.contains(&role))
        };
        let mut changed = BTreeSet::new();
        for (from, view) in before.views.iter().enumerate() {
            let group = &self.index.groups[from];
            let stayed = || group.members.iter().filter(|id| !moved.contains_key(id));
            if *view != group.view {
                let (was, is) = ((view, group.key.kind), (&group.view, group.key.kind));
                self.changed_unless_alone(self.differing(Some(was), Some(is)), stayed, &mut changed);
            }
        }
        let paths: BTreeSet<(usize, usize)> = moved.values().copied().collect();
        for (from, to) in paths {
            let (old, new) = (&self.index.groups[from], &self.index.groups[to]);
            let differing =
                self.differing(Some((&before.views[from], old.key.kind)), Some((&new.view, new.key.kind)));
            let people = || moved.iter().filter(|(_, path)| **path == (from, to)).map(|(id, _)| id);
            self.changed_unless_alone(differing, people, &mut changed);
        }
        let now = self.seen_by_others(role);
        let alone = now.iter().filter(|(at, seen)| before.others.get(at) != Some(seen));
        changed.extend(alone.map(|((space, _), _)| *space));
        changed.extend(self.private_spaces(role).symmetric_difference(&before.private));
        changed
    }

    /// Of spaces that a group sees otherwise than before, those where anybody of it goes with the group.
    fn changed_unless_alone<'a, I: Iterator<Item = &'a UserId>>(
        &self,
        spaces: Vec<ChannelId>,
        people: impl Fn() -> I,
        changed: &mut BTreeSet<ChannelId>,
    ) {
        for id in spaces {
            if !changed.contains(&id) {
                let others = self.others(&self.spaces[&id]);
                if people().any(|person| !others.contains(person)) {
                    changed.insert(id);
                }
            }
        }
    }

    fn seen_by_others(&self, role: RoleId) -> BTreeMap<(ChannelId, UserId), Seen> {
        let mut seen = BTreeMap::new();
        for space in self.spaces.values() {
            for id in self.others(space) {
                let holds = self.roster.get(id).is_some_and(|person| person.roles.contains(&role));
                if holds || role == self.id.everyone() {
                    seen.insert((space.id, id), self.seen(id, space));
                }
            }
        }
        seen
    }

    /// Why somebody sees a space, and as what.
    pub(super) fn seen(&self, id: UserId, space: &Space) -> Seen {
        let person = self.roster.get(id).filter(|person| person.kind != Kind::Bot)?;
        Some((self.sight(person, space)?, person.kind))
    }

    /// The spaces that one group sees otherwise than another.
    fn differing(&self, was: Option<(&View, Kind)>, is: Option<(&View, Kind)>) -> Vec<ChannelId> {
        let seen = |side: Option<(&View, Kind)>, column, private| {
            let (view, kind) = side.filter(|(_, kind)| *kind != Kind::Bot)?;
            Some((view.sight(column, private)?, kind))
        };
        let differs = |column, private| seen(was, column, private) != seen(is, column, private);
        let mut found = Vec::new();
        for (id, column) in &self.index.columns {
            if differs(Some(*column), false) {
                found.push(*id);
            }
        }
        for (channel, threads) in &self.index.threads {
            let column = self.index.columns.get(channel).copied();
            let (public, private) = (differs(column, false), differs(column, true));
            if public || private {
                found.extend(threads.iter().filter(|thread| {
                    if self.spaces[thread].kind == SpaceKind::PrivateThread { private } else { public }
                }));
            }
        }
        found
    }

    /// The spaces that a person sees otherwise than before: `before` is the group they were in, `alone` what they saw
    /// where their sight hangs on themselves.
    pub(super) fn changed_for(
        &self,
        id: UserId,
        before: Option<usize>,
        alone: &BTreeMap<ChannelId, Seen>,
    ) -> BTreeSet<ChannelId> {
        let after = self.index.group_of.get(&id).copied();
        let mut changed = BTreeSet::new();
        if before != after {
            let side = |group: usize| (&self.index.groups[group].view, self.index.groups[group].key.kind);
            changed.extend(self.differing(before.map(side), after.map(side)));
        }
        for (space, seen) in alone {
            let now = self.spaces.get(space).and_then(|space| self.seen(id, space));
            if now == *seen {
                changed.remove(space);
            } else {
                changed.insert(*space);
            }
        }
        changed
    }

    /// What somebody sees where their sight hangs on themselves: an own overwrite, a private thread, a voice room.
    pub(super) fn seen_alone(&self, id: UserId) -> BTreeMap<ChannelId, Seen> {
        let own =
            self.index.own.range((id, ChannelId(0))..=(id, ChannelId(u64::MAX))).map(|(_, channel)| *channel);
        let mut spaces: BTreeSet<ChannelId> = BTreeSet::new();
        for channel in own {
            spaces.insert(channel);
            spaces.extend(self.index.threads.get(&channel).into_iter().flatten());
        }
        for thread in self.index.threads.values().flatten() {
            if self.spaces[thread].members.contains(&id) {
                spaces.insert(*thread);
            }
        }
        spaces.extend(self.voice.get(&id));
        let described = spaces.into_iter().filter_map(|space| self.spaces.get(&space));
        described.map(|space| (space.id, self.seen(id, space))).collect()
    }

    fn column(&self, space: &Space) -> Option<usize> {
        let channel = if space.kind.is_thread() { space.parent? } else { space.id };
        self.index.columns.get(&channel).copied()
    }

    /// Why somebody's group sees a space.
    pub(super) fn sight_of_group(&self, id: UserId, space: &Space) -> Option<Sight> {
        let group = &self.index.groups[*self.index.group_of.get(&id)?];
        group.view.sight(self.column(space), space.kind == SpaceKind::PrivateThread)
    }

    /// The groups that see a space, bots left out.
    pub(super) fn groups_that_see(&self, space: &Space) -> impl Iterator<Item = (&Group, Sight)> {
        let (column, private) = (self.column(space), space.kind == SpaceKind::PrivateThread);
        self.index
            .groups
            .iter()
            .filter(|group| !group.members.is_empty() && group.key.kind != Kind::Bot)
            .filter_map(move |group| Some((group, group.view.sight(column, private)?)))
    }

    /// People whose sight of a space hangs on themselves and not on their group.
    pub(super) fn others(&self, space: &Space) -> BTreeSet<UserId> {
        let channel = match space.parent {
            Some(parent) if space.kind.is_thread() => self.spaces.get(&parent),
            _ => Some(space),
        };
        let overwrites = channel.into_iter().flat_map(|channel| &channel.overwrites);
        let own = overwrites.filter_map(|overwrite| match overwrite.target {
            OverwriteFor::Member(user) => Some(user),
            OverwriteFor::Role(_) => None,
        });
        let mut others: BTreeSet<UserId> = own.collect();
        if space.kind == SpaceKind::PrivateThread || self.column(space).is_none() {
            others.extend(&space.members);
        }
        if matches!(space.kind, SpaceKind::Voice | SpaceKind::Stage) {
            others.extend(self.voice.iter().filter(|(_, room)| **room == space.id).map(|(id, _)| *id));
        }
        others
    }

    /// What the groups and the others see of a channel and its threads, to be compared with what they see after its
    /// overwrites have changed.
    pub(super) fn seen_in(&self, channel: ChannelId) -> BTreeMap<ChannelId, SeenIn> {
        self.space_and_threads(channel).map(|space| (space.id, self.seen_in_one(space))).collect()
    }

    /// A space as it is described, and the threads under it.
    pub(super) fn space_and_threads(&self, id: ChannelId) -> impl Iterator<Item = &Space> {
        let threads = self.index.threads.get(&id).into_iter().flatten().copied();
        std::iter::once(id).chain(threads).filter_map(|id| self.spaces.get(&id))
    }

    fn seen_in_one(&self, space: &Space) -> SeenIn {
        let (column, private) = (self.column(space), space.kind == SpaceKind::PrivateThread);
        let groups = self.index.groups.iter().map(|group| {
            let sight = group.view.sight(column, private)?;
            (group.key.kind != Kind::Bot).then_some((sight, group.key.kind))
        });
        SeenIn {
            groups: groups.collect(),
            others: self.others(space).into_iter().map(|id| (id, self.seen(id, space))).collect(),
            private: self.is_private(space),
            parent: space.parent,
        }
    }

    /// Whether anybody sees a space otherwise than before its overwrites (or its members) changed.
    pub(super) fn is_seen_otherwise(&self, before: &SeenIn, space: &Space) -> bool {
        let after = self.seen_in_one(space);
        if (before.private, before.parent) != (after.private, after.parent) {
            return true;
        }
        let alone: BTreeSet<UserId> = before.others.keys().chain(after.others.keys()).copied().collect();
        let of = |seen: &SeenIn, id: UserId| match seen.others.get(&id) {
            Some(seen) => *seen,
            None => self.index.group_of.get(&id).and_then(|group| seen.groups[*group]),
        };
        alone.iter().any(|id| of(before, *id) != of(&after, *id))
            || self
                .index
                .groups
                .iter()
                .enumerate()
                .any(|(at, group)| before.groups[at] != after.groups[at] && !group.members.is_subset(&alone))
    }
}

/// Who sees a space, by groups and alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SeenIn {
    groups: Vec<Seen>,
    others: BTreeMap<UserId, Seen>,
    private: bool,
    parent: Option<ChannelId>,
}
