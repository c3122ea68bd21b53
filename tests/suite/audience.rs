//! Who sees what, kept from events, against Discord's own rules worked out from nothing every time.
//!
//! The oracle below is written from Discord's documentation ("Permissions", "Threads") on plain numbers. It shares
//! nothing with the program but the events that both are told.

use std::collections::{BTreeMap, BTreeSet};

use chaperone::contact::{Counts, Server, Sight};
use chaperone::domain::event::{GuildSnapshot, Member, Role};
use chaperone::domain::person::RoleMapping;
use chaperone::domain::space::{Overwrite, OverwriteFor, Permissions};
use chaperone::domain::{ChannelId, Event, GuildId, Kind, RoleId, Space, SpaceKind, UserId};
use proptest::prelude::*;

const GUILD: u64 = 1;
const VIEW: u64 = 1 << 10;
const CONNECT: u64 = 1 << 20;
const ADMINISTRATOR: u64 = 1 << 3;
const MANAGE_THREADS: u64 = 1 << 34;
/// Bits that an overwrite or a role may hold; the last is one that says nothing about sight.
const PICK: [u64; 5] = [VIEW, CONNECT, MANAGE_THREADS, ADMINISTRATOR, 1 << 51];
/// Role numbers: 2 to 5 stand for kinds by their names, 6 to 9 are colours.
const NAMES: [(u64, &str); 8] = [
    (2, "Young Person"),
    (3, "Youth Worker"),
    (4, "Volunteer"),
    (5, "Parent"),
    (6, "red"),
    (7, "green"),
    (8, "blue"),
    (9, "grey"),
];

#[derive(Clone, Debug, Default)]
struct Channel {
    kind: u8,
    category: Option<u64>,
    /// (for a role, its id, allow, deny)
    overwrites: Vec<(bool, u64, u64, u64)>,
}

#[derive(Clone, Debug, Default)]
struct Thread {
    private: bool,
    parent: u64,
    members: BTreeSet<u64>,
}

/// A server as its owner sees it.
#[derive(Clone, Debug, Default)]
struct Truth {
    owner: u64,
    roles: BTreeMap<u64, (String, u64)>,
    channels: BTreeMap<u64, Channel>,
    threads: BTreeMap<u64, Thread>,
    /// (roles, bot)
    members: BTreeMap<u64, (BTreeSet<u64>, bool)>,
    voice: BTreeMap<u64, u64>,
}

/// What is to be known of a space: whether it is private, what it belongs to, and who sees it why and as what.
type Known = (bool, Option<u64>, BTreeMap<u64, (Sight, Kind)>);

impl Truth {
    fn base(&self, roles: &BTreeSet<u64>) -> u64 {
        let role = |id: &u64| self.roles.get(id).map_or(0, |(_, bits)| *bits);
        roles.iter().fold(role(&GUILD), |all, id| all | role(id))
    }

    /// Discord's `compute_overwrites`, whatever the office.
    fn in_channel(&self, user: Option<u64>, roles: &BTreeSet<u64>, channel: &Channel) -> u64 {
        let mut bits = self.base(roles);
        for (role, id, allow, deny) in &channel.overwrites {
            if *role && *id == GUILD {
                bits = bits & !deny | allow;
            }
        }
        let mine = || channel.overwrites.iter().filter(|o| o.0 && o.1 != GUILD && roles.contains(&o.1));
        let deny = mine().fold(0, |all, o| all | o.3);
        let allow = mine().fold(0, |all, o| all | o.2);
        bits = bits & !deny | allow;
        for (role, id, allow, deny) in &channel.overwrites {
            if !*role && Some(*id) == user {
                bits = bits & !deny | allow;
            }
        }
        bits
    }

    fn reads(bits: u64, channel: &Channel) -> bool {
        let needed = if channel.kind == 2 || channel.kind == 13 { VIEW | CONNECT } else { VIEW };
        bits & needed == needed
    }

    fn kind(&self, roles: &BTreeSet<u64>, bot: bool) -> Kind {
        if bot {
            return Kind::Bot;
        }
        let named =
            |name: &str| roles.iter().any(|id| self.roles.get(id).is_some_and(|(named, _)| named == name));
        let adult = named("Youth Worker") || named("Volunteer") || named("Parent");
        match (named("Young Person"), adult) {
            (true, true) => Kind::Conflicted,
            (true, false) => Kind::YoungPerson,
            (false, _) if named("Youth Worker") => Kind::YouthWorker,
            (false, _) if named("Volunteer") => Kind::Volunteer,
            (false, _) if named("Parent") => Kind::Parent,
            (false, _) => Kind::Guest,
        }
    }

    fn sight(&self, user: u64, space: u64) -> Option<Sight> {
        let (roles, _) = &self.members[&user];
        if self.voice.get(&user) == Some(&space) {
            return Some(Sight::Plain);
        }
        let over_all = user == self.owner || self.base(roles) & ADMINISTRATOR != 0;
        let thread = self.threads.get(&space);
        let channel = &self.channels[&thread.map_or(space, |thread| thread.parent)];
        let bits = self.in_channel(Some(user), roles, channel);
        let plainly = match thread {
            Some(thread) if thread.private => {
                // Whoever was added to a private thread is there; an administrator whom the channel itself leaves
                // out as well.
                thread.members.contains(&user) && (Truth::reads(bits, channel) || over_all)
            }
            _ => Truth::reads(bits, channel),
        };
        let manages =
            thread.is_some_and(|t| t.private) && Truth::reads(bits, channel) && bits & MANAGE_THREADS != 0;
        if plainly {
            Some(Sight::Plain)
        } else if over_all || manages {
            Some(Sight::ByOffice)
        } else {
            None
        }
    }

    fn known(&self) -> BTreeMap<u64, Known> {
        let of = |space: u64, parent: Option<u64>, private: bool| {
            let people =
                self.members.iter().filter(|(_, (_, bot))| !bot).filter_map(|(user, (roles, bot))| {
                    Some((*user, (self.sight(*user, space)?, self.kind(roles, *bot))))
                });
            (space, (private, parent, people.collect()))
        };
        let hidden =
            |channel: &Channel| !Truth::reads(self.in_channel(None, &BTreeSet::new(), channel), channel);
        let channels = self.channels.iter().map(|(id, channel)| of(*id, channel.category, hidden(channel)));
        let threads = self.threads.iter().map(|(id, thread)| {
            of(*id, Some(thread.parent), thread.private || hidden(&self.channels[&thread.parent]))
        });
        channels.chain(threads).collect()
    }

    fn member(&self, user: u64) -> Member {
        let (roles, bot) = &self.members[&user];
        Member {
            id: UserId(user),
            name: format!("user{user}"),
            shown: String::new(),
            roles: roles.iter().map(|role| RoleId(*role)).collect(),
            bot: *bot,
        }
    }

    fn role(&self, id: u64) -> Role {
        let (name, bits) = &self.roles[&id];
        Role { id: RoleId(id), name: name.clone(), permissions: Permissions(*bits), position: 0 }
    }

    fn space(&self, id: u64) -> Space {
        let mut space = Space {
            id: ChannelId(id),
            guild: GuildId(GUILD),
            kind: SpaceKind::PublicThread,
            name: String::new(),
            parent: None,
            owner: None,
            overwrites: vec![],
            members: BTreeSet::new(),
            locked: false,
            archived: false,
        };
        if let Some(thread) = self.threads.get(&id) {
            space.kind = SpaceKind::from_discord(if thread.private { 12 } else { 11 });
            space.parent = Some(ChannelId(thread.parent));
            space.members = thread.members.iter().map(|user| UserId(*user)).collect();
            return space;
        }
        let channel = &self.channels[&id];
        space.kind = SpaceKind::from_discord(channel.kind.into());
        space.parent = channel.category.map(ChannelId);
        let overwrites = channel.overwrites.iter().map(|(role, id, allow, deny)| Overwrite {
            target: if *role { OverwriteFor::Role(RoleId(*id)) } else { OverwriteFor::Member(UserId(*id)) },
            allow: Permissions(*allow),
            deny: Permissions(*deny),
        });
        space.overwrites = overwrites.collect();
        space
    }

    fn snapshot(&self) -> Event {
        Event::Guild(Box::new(GuildSnapshot {
            id: GuildId(GUILD),
            owner: UserId(self.owner),
            roles: self.roles.keys().map(|id| self.role(*id)).collect(),
            spaces: self.channels.keys().chain(self.threads.keys()).map(|id| self.space(*id)).collect(),
            members: self.members.keys().map(|user| self.member(*user)).collect(),
            voice: self.voice.iter().map(|(user, room)| (UserId(*user), ChannelId(*room))).collect(),
            ..GuildSnapshot::default()
        }))
    }

    /// Does one deed and gives the event that Discord sends of it; none when there is nothing to be done.
    #[expect(clippy::too_many_lines, reason = "an arm for each thing that can happen")]
    fn act(&mut self, deed: &Deed) -> Option<Event> {
        let guild = GuildId(GUILD);
        let nth = |of: Vec<u64>, n: u8| of.get(usize::from(n) % of.len().max(1)).copied();
        match deed {
            Deed::Join { roles, bot } => {
                let user = self.members.keys().max().map_or(100, |last| last + 1);
                let user = user.max(100);
                self.members.insert(user, (roles_of(*roles), *bot));
                Some(Event::MemberChanged { guild, member: self.member(user) })
            }
            Deed::Roles { who, roles } => {
                let user = nth(self.members.keys().copied().collect(), *who)?;
                self.members.get_mut(&user)?.0 = roles_of(*roles);
                Some(Event::MemberChanged { guild, member: self.member(user) })
            }
            Deed::Leave { who } => {
                let user = nth(self.members.keys().copied().collect(), *who)?;
                self.members.remove(&user);
                self.voice.remove(&user);
                self.threads.values_mut().for_each(|thread| {
                    thread.members.remove(&user);
                });
                Some(Event::MemberGone { guild, user: UserId(user) })
            }
            Deed::Role { which, bits, renamed } => {
                let id = nth(self.roles.keys().copied().collect(), *which)?;
                let role = self.roles.get_mut(&id)?;
                role.1 = picked(*bits);
                if *renamed && id != GUILD {
                    let other = if role.0 == "Volunteer" { "Young Person" } else { "Volunteer" };
                    other.clone_into(&mut role.0);
                }
                Some(Event::RoleChanged { guild, role: self.role(id) })
            }
            Deed::RoleGone { which } => {
                let id = nth(self.roles.keys().copied().filter(|id| *id != GUILD).collect(), *which)?;
                self.roles.remove(&id);
                Some(Event::RoleGone { guild, role: RoleId(id) })
            }
            Deed::Owner { who } => {
                self.owner = nth(self.members.keys().copied().collect(), *who)?;
                Some(Event::GuildChanged { guild, owner: Some(UserId(self.owner)), dms_paused_until: None })
            }
            Deed::Channel { which, kind, overwrites } => {
                let id = 1_000 + u64::from(which % 6);
                let category = (kind % 3 == 0).then_some(900);
                let people: Vec<u64> = self.members.keys().copied().collect();
                let overwrites = overwrites.iter().filter_map(|(target, allow, deny)| {
                    let role = target % 3 != 0;
                    let ids = if role { (1..=9).collect() } else { people.clone() };
                    Some((role, nth(ids, target / 3)?, picked(*allow), picked(*deny)))
                });
                let mut one_each: Vec<(bool, u64, u64, u64)> = overwrites.collect();
                one_each.sort_unstable();
                one_each.dedup_by_key(|o| (o.0, o.1));
                let known = self.channels.get(&id).map(|known| known.kind);
                let kind = known.unwrap_or([0, 2, 13, 15][usize::from(kind % 4)]);
                self.channels.insert(id, Channel { kind, category, overwrites: one_each });
                Some(Event::SpaceChanged(Box::new(self.space(id))))
            }
            Deed::ChannelGone { which } => {
                let id = nth(self.channels.keys().copied().collect(), *which)?;
                self.channels.remove(&id);
                self.threads.retain(|_, thread| thread.parent != id);
                self.voice.retain(|_, room| *room != id);
                Some(Event::SpaceGone { guild, space: ChannelId(id) })
            }
            Deed::Thread { under, private, members } => {
                let text = self.channels.iter().filter(|(_, channel)| matches!(channel.kind, 0 | 15));
                let parent = nth(text.map(|(id, _)| *id).collect(), *under)?;
                let id = self.threads.keys().max().map_or(5_000, |last| last + 1);
                let people: Vec<u64> = self.members.keys().copied().collect();
                let members = members.iter().filter_map(|n| nth(people.clone(), *n)).collect();
                self.threads.insert(id, Thread { private: *private, parent, members });
                Some(Event::SpaceChanged(Box::new(self.space(id))))
            }
            Deed::ThreadMembers { which, who, joins } => {
                let thread = nth(self.threads.keys().copied().collect(), *which)?;
                let user = nth(self.members.keys().copied().collect(), *who)?;
                let members = &mut self.threads.get_mut(&thread)?.members;
                let (mut added, mut removed) = (vec![], vec![]);
                if *joins {
                    members.insert(user);
                    added.push(UserId(user));
                } else {
                    members.remove(&user);
                    removed.push(UserId(user));
                }
                Some(Event::ThreadMembers { guild, thread: ChannelId(thread), added, removed })
            }
            Deed::Voice { who, room } => {
                let user = nth(self.members.keys().copied().collect(), *who)?;
                let rooms = self.channels.iter().filter(|(_, channel)| matches!(channel.kind, 2 | 13));
                let room = nth(rooms.map(|(id, _)| *id).collect(), *room).filter(|_| who % 3 != 0);
                match room {
                    Some(room) => self.voice.insert(user, room),
                    None => self.voice.remove(&user),
                };
                Some(Event::Voice { guild, user: UserId(user), room: room.map(ChannelId), deaf: false })
            }
            Deed::Again => Some(self.snapshot()),
        }
    }
}

fn picked(mask: u8) -> u64 {
    PICK.iter().enumerate().filter(|(n, _)| mask >> n & 1 == 1).fold(0, |all, (_, bit)| all | bit)
}

fn roles_of(mask: u8) -> BTreeSet<u64> {
    (0..8).filter(|n| mask >> n & 1 == 1).map(|n| NAMES[n].0).collect()
}

#[derive(Clone, Debug)]
enum Deed {
    Join { roles: u8, bot: bool },
    Roles { who: u8, roles: u8 },
    Leave { who: u8 },
    Role { which: u8, bits: u8, renamed: bool },
    RoleGone { which: u8 },
    Owner { who: u8 },
    Channel { which: u8, kind: u8, overwrites: Vec<(u8, u8, u8)> },
    ChannelGone { which: u8 },
    Thread { under: u8, private: bool, members: Vec<u8> },
    ThreadMembers { which: u8, who: u8, joins: bool },
    Voice { who: u8, room: u8 },
    Again,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let byte = any::<u8>;
    // Administrators are rare, as they are in life; without that nearly everybody sees everything.
    let bits = || (byte(), byte()).prop_map(|(bits, admin)| if admin < 40 { bits } else { bits & !8 });
    let overwrites = proptest::collection::vec((byte(), bits(), bits()), 0..6);
    let deed = prop_oneof![
        4 => (byte(), any::<bool>()).prop_map(|(roles, bot)| Deed::Join { roles: roles & byte_of_few(roles), bot: bot && roles % 5 == 0 }),
        4 => (byte(), byte()).prop_map(|(who, roles)| Deed::Roles { who, roles: roles & byte_of_few(who) }),
        1 => byte().prop_map(|who| Deed::Leave { who }),
        3 => (byte(), bits(), any::<bool>()).prop_map(|(which, bits, renamed)| Deed::Role { which, bits, renamed: renamed && bits % 4 == 0 }),
        1 => byte().prop_map(|which| Deed::RoleGone { which }),
        1 => byte().prop_map(|who| Deed::Owner { who }),
        6 => (byte(), byte(), overwrites).prop_map(|(which, kind, overwrites)| Deed::Channel { which, kind, overwrites }),
        1 => byte().prop_map(|which| Deed::ChannelGone { which }),
        3 => (byte(), any::<bool>(), proptest::collection::vec(byte(), 0..5)).prop_map(|(under, private, members)| Deed::Thread { under, private, members }),
        4 => (byte(), byte(), any::<bool>()).prop_map(|(which, who, joins)| Deed::ThreadMembers { which, who, joins }),
        3 => (byte(), byte()).prop_map(|(who, room)| Deed::Voice { who, room }),
        1 => Just(Deed::Again),
    ];
    proptest::collection::vec(deed, 1..60)
}

/// Masks that leave somebody two or three roles.
fn byte_of_few(seed: u8) -> u8 {
    [0b0001_0001, 0b0010_0010, 0b0110_0001, 0b1000_0110, 0b0000_1001][usize::from(seed % 5)]
}

fn start() -> Truth {
    let mut truth = Truth { owner: 100, ..Truth::default() };
    truth.roles.insert(GUILD, ("@everyone".into(), VIEW));
    for (id, name) in NAMES {
        truth.roles.insert(id, (name.to_owned(), 0));
    }
    for (n, mask) in [0_u8, 1, 1, 2, 2, 4, 8, 33].into_iter().enumerate() {
        truth.members.insert(100 + n as u64, (roles_of(mask), false));
    }
    truth.channels.insert(900, Channel { kind: 4, ..Channel::default() });
    truth.channels.insert(1_000, Channel::default());
    truth.channels.insert(1_001, Channel { kind: 2, ..Channel::default() });
    truth
}

fn compare(server: &Server, truth: &BTreeMap<u64, Known>) -> Result<(), TestCaseError> {
    let ids: Vec<u64> = server.spaces.keys().map(|id| id.0).collect();
    prop_assert_eq!(ids, truth.keys().copied().collect::<Vec<_>>());
    for (id, (private, _, people)) in truth {
        let space = &server.spaces[&ChannelId(*id)];
        prop_assert_eq!(server.is_private(space), *private, "space {}", id);
        let audience = server.audience(space);
        let adults = people.iter().filter(|(_, (_, kind))| !kind.is_protected());
        let adults: BTreeMap<UserId, Sight> = adults.map(|(id, (sight, _))| (UserId(*id), *sight)).collect();
        let protected = people.iter().filter(|(_, (_, kind))| kind.is_protected());
        let protected: BTreeSet<UserId> = protected.map(|(id, _)| UserId(*id)).collect();
        prop_assert_eq!(&audience.adults, &adults, "space {}", id);
        prop_assert_eq!(&audience.protected, &protected, "space {}", id);
        let plainly = |of: &dyn Fn(Kind) -> bool| {
            people.values().filter(|(sight, kind)| *sight == Sight::Plain && of(*kind)).count()
        };
        let expected = Counts {
            protected: protected.len(),
            adults: plainly(&|kind| !kind.is_protected()),
            covering: plainly(&|kind| kind.covers()),
            by_office: adults.values().filter(|sight| **sight == Sight::ByOffice).count(),
        };
        prop_assert_eq!(server.counts(space), expected, "space {}", id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// After every event the server that is kept is the server that is; and the event named every space that is
    /// seen otherwise, and no other.
    #[test]
    fn what_is_kept_from_events_is_what_discord_s_rules_give(deeds in deeds()) {
        let mut truth = start();
        let mut server = Server::new(GuildId(GUILD), RoleMapping::well_known());
        server.apply(&truth.snapshot());
        let mut before = truth.known();
        compare(&server, &before)?;
        for deed in &deeds {
            let Some(event) = truth.act(deed) else { continue };
            let changed = server.apply(&event);
            let after = truth.known();
            compare(&server, &after)?;
            let ids: BTreeSet<u64> = before.keys().chain(after.keys()).copied().collect();
            let really: BTreeSet<u64> =
                ids.into_iter().filter(|id| before.get(id) != after.get(id)).collect();
            let told: BTreeSet<u64> = changed.spaces.iter().map(|id| id.0).collect();
            if changed.everywhere {
                prop_assert!(matches!(deed, Deed::Again), "{:?} looked everywhere", deed);
            } else if matches!(deed, Deed::Voice { .. } | Deed::Leave { .. }) {
                // Who is in a voice room matters even where everybody saw it before.
                prop_assert!(really.is_subset(&told), "{:?}: {:?} really, {:?} told", deed, really, told);
            } else {
                prop_assert_eq!(&really, &told, "{:?}", deed);
            }
            before = after;
        }
    }
}
