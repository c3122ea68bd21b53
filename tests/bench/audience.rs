//! Benchmarks of who sees what: 10,000 members and 500 spaces.
//!
//! ```text
//! cargo bench --bench audience
//! ```
//!
//! Prints what a whole server costs to take in, and what one event costs after it: a join, a changed member, a role,
//! an overwrite, a member of a private thread; beside them, for comparison, a walk that asks everybody about every
//! space. Every answer is checked against that walk before anything is measured.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chaperone::contact::Server;
use chaperone::domain::event::{GuildSnapshot, Member, Role};
use chaperone::domain::person::RoleMapping;
use chaperone::domain::space::{Overwrite, OverwriteFor, Permissions};
use chaperone::domain::{ChannelId, Event, GuildId, RoleId, Space, SpaceKind, UserId};

const GUILD: GuildId = GuildId(1);
const MEMBERS: u64 = 10_000;
const SPACES: u64 = 500;
const YOUNG: RoleId = RoleId(10);
const WORKER: RoleId = RoleId(11);
const GROUPS: std::ops::Range<u64> = 20..32;
const COLOURS: std::ops::Range<u64> = 40..65;

/// Small repeatable dice.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn role(id: u64, name: &str, permissions: Permissions) -> Role {
    Role { id: RoleId(id), name: name.to_owned(), permissions, position: 0 }
}

fn member(id: u64, dice: &mut Dice) -> Member {
    let kind = match dice.roll(100) {
        0..84 => Some(YOUNG),
        84..88 => Some(WORKER),
        88..90 => Some(RoleId(12)),
        90..96 => Some(RoleId(13)),
        _ => None,
    };
    let mut roles: BTreeSet<RoleId> = kind.into_iter().collect();
    for _ in 0..dice.roll(3) {
        roles.insert(RoleId(GROUPS.start + dice.roll(GROUPS.end - GROUPS.start)));
    }
    // Colours and pronouns, as people pick them: nobody is told apart by them.
    for _ in 0..dice.roll(5) {
        roles.insert(RoleId(COLOURS.start + dice.roll(COLOURS.end - COLOURS.start)));
    }
    Member { id: UserId(id), name: format!("member{id}"), shown: format!("Member {id}"), roles, bot: false }
}

fn overwrite(target: OverwriteFor, allow: u64, deny: u64) -> Overwrite {
    Overwrite { target, allow: Permissions(allow), deny: Permissions(deny) }
}

fn space(n: u64, dice: &mut Dice) -> Space {
    let view = Permissions::VIEW_CHANNEL.0;
    let mut space = Space {
        id: ChannelId(1_000_000 + n),
        guild: GUILD,
        kind: SpaceKind::Text,
        name: format!("space-{n}"),
        parent: None,
        owner: None,
        overwrites: vec![],
        members: BTreeSet::new(),
        locked: false,
        archived: false,
    };
    let hidden = overwrite(OverwriteFor::Role(GUILD.everyone()), 0, view);
    let mut group = || RoleId(GROUPS.start + dice.roll(GROUPS.end - GROUPS.start));
    match n {
        // Open to all.
        0..150 => {}
        // For one or two groups and the workers.
        150..300 => {
            space.overwrites = vec![
                hidden,
                overwrite(OverwriteFor::Role(group()), view, 0),
                overwrite(OverwriteFor::Role(WORKER), view | Permissions::MANAGE_THREADS.0, 0),
            ];
        }
        // Voice rooms.
        300..360 => space.kind = SpaceKind::Voice,
        // Rooms of two or three.
        360..420 => {
            space.overwrites.push(hidden);
            for _ in 0..2 + dice.roll(2) {
                let who = UserId(1 + dice.roll(MEMBERS));
                space.overwrites.push(overwrite(OverwriteFor::Member(who), view, 0));
            }
            space.overwrites.sort_unstable();
            space.overwrites.dedup_by_key(|overwrite| overwrite.target);
        }
        // Threads, every other one private.
        _ => {
            space.kind = if n.is_multiple_of(2) { SpaceKind::PrivateThread } else { SpaceKind::PublicThread };
            space.parent = Some(ChannelId(1_000_000 + dice.roll(300)));
            space.members = (0..2 + dice.roll(10)).map(|_| UserId(1 + dice.roll(MEMBERS))).collect();
        }
    }
    space
}

fn snapshot() -> GuildSnapshot {
    let mut dice = Dice(7);
    let mut roles = vec![
        role(GUILD.0, "@everyone", Permissions(Permissions::VIEW_CHANNEL.0 | Permissions::CONNECT.0)),
        role(YOUNG.0, "Young Person", Permissions(0)),
        role(WORKER.0, "Youth Worker", Permissions(0)),
        role(12, "Volunteer", Permissions(0)),
        role(13, "Parent", Permissions(0)),
    ];
    roles.extend(GROUPS.map(|id| role(id, &format!("group {id}"), Permissions(0))));
    roles.extend(COLOURS.map(|id| role(id, &format!("colour {id}"), Permissions::VIEW_CHANNEL)));
    GuildSnapshot {
        id: GUILD,
        owner: UserId(1),
        roles,
        spaces: (0..SPACES).map(|n| space(n, &mut dice)).collect(),
        members: (1..=MEMBERS).map(|id| member(id, &mut dice)).collect(),
        ..GuildSnapshot::default()
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// The median and the longest of many times.
fn measure(name: &str, times: usize, mut work: impl FnMut(usize) -> usize) {
    let mut took: Vec<Duration> = Vec::with_capacity(times);
    let mut spaces = 0;
    for n in 0..times {
        let start = now();
        spaces += black_box(work(n));
        took.push(start.elapsed());
    }
    took.sort_unstable();
    let (median, longest) = (took[times / 2], took[times - 1]);
    println!("{name:<58} {median:>12.1?} median {longest:>12.1?} longest {:>7} spaces each", spaces / times);
}

/// Asks everybody about every space, as it would be without the index.
fn walk(server: &Server) -> usize {
    let spaces = server.spaces.values();
    spaces.map(|space| server.roster.iter().filter(|p| server.sight(p, space).is_some()).count()).sum()
}

fn main() {
    let before = resident_kib();
    let described = snapshot();
    let with_snapshot = resident_kib();
    let mut server = Server::new(GUILD, RoleMapping::well_known());
    server.apply(&Event::Guild(Box::new(described.clone())));
    println!("{MEMBERS} members, {SPACES} spaces, {} roles", described.roles.len());
    println!(
        "memory: the description {} KiB; the server that is kept, its index included, {} KiB",
        with_snapshot - before,
        resident_kib() - with_snapshot
    );
    let seen: usize = server
        .spaces
        .values()
        .map(|space| {
            let counts = server.counts(space);
            counts.protected + counts.adults + counts.by_office
        })
        .sum();
    assert_eq!(seen, walk(&server), "the index and the walk differ");

    measure("a walk over everybody for every space (for comparison)", 5, |_| {
        black_box(walk(&server));
        server.spaces.len()
    });
    measure("full recompute: a whole server taken in", 20, |_| {
        server.apply(&Event::Guild(Box::new(described.clone())));
        server.spaces.len()
    });
    measure("who sees what of every space, counted", 50, |_| {
        server.spaces.values().for_each(|space| {
            black_box(server.counts(space));
        });
        server.spaces.len()
    });
    let mut dice = Dice(11);
    measure("one join", 2_000, |n| {
        let member = member(MEMBERS + 1 + n as u64, &mut dice);
        server.apply(&Event::MemberChanged { guild: GUILD, member }).spaces.len()
    });
    measure("one member given other roles", 2_000, |_| {
        let member = member(1 + dice.roll(MEMBERS), &mut dice);
        server.apply(&Event::MemberChanged { guild: GUILD, member }).spaces.len()
    });
    measure("one leave", 2_000, |n| {
        server.apply(&Event::MemberGone { guild: GUILD, user: UserId(MEMBERS + 1 + n as u64) }).spaces.len()
    });
    measure("one role change: a group sees everything, and not", 50, |n| {
        let bits = Permissions(if n % 2 == 0 { Permissions::ADMINISTRATOR.0 } else { 0 });
        server
            .apply(&Event::RoleChanged { guild: GUILD, role: role(GROUPS.start, "group", bits) })
            .spaces
            .len()
    });
    measure("one role change: @everyone sees nothing, and again", 50, |n| {
        let bits = if n % 2 == 0 { 0 } else { Permissions::VIEW_CHANNEL.0 | Permissions::CONNECT.0 };
        let role = role(GUILD.0, "@everyone", Permissions(bits));
        server.apply(&Event::RoleChanged { guild: GUILD, role }).spaces.len()
    });
    measure("one role change: another colour", 50, |n| {
        let role = role(COLOURS.start, &format!("colour {n}"), Permissions(0));
        server.apply(&Event::RoleChanged { guild: GUILD, role }).spaces.len()
    });
    measure("one overwrite edit of an open channel", 1_000, |n| {
        let mut space = server.spaces[&ChannelId(1_000_000 + n as u64 % 150)].clone();
        match space.overwrites.pop() {
            Some(_) => {}
            None => {
                space.overwrites.push(overwrite(OverwriteFor::Role(YOUNG), 0, Permissions::VIEW_CHANNEL.0));
            }
        }
        server.apply(&Event::SpaceChanged(Box::new(space))).spaces.len()
    });
    measure("one member's overwrite in a room of two", 1_000, |n| {
        let mut space = server.spaces[&ChannelId(1_000_360 + n as u64 % 60)].clone();
        let target = OverwriteFor::Member(UserId(1 + dice.roll(MEMBERS)));
        if space.overwrites.iter().all(|known| known.target != target) {
            space.overwrites.push(overwrite(target, Permissions::VIEW_CHANNEL.0, 0));
        }
        server.apply(&Event::SpaceChanged(Box::new(space))).spaces.len()
    });
    measure("one member added to a private thread", 1_000, |n| {
        let thread = ChannelId(1_000_420 + 2 * (n as u64 % 40));
        let added = vec![UserId(1 + dice.roll(MEMBERS))];
        server.apply(&Event::ThreadMembers { guild: GUILD, thread, added, removed: vec![] }).spaces.len()
    });
    println!("memory at the end: {} KiB resident", resident_kib());
}
