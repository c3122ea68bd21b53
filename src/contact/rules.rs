//! The rules of supervised contact. Each is a fact about who can see or hear whom, or who did what; no word is read.
//!
//! * [`settings`]: what a charity decides about each.
//! * [`lone_adult_voice`], [`separation`], [`server_rights`], [`addressed`]: the rules, a file each; the rule of lone
//!   adults in spaces is below.
//!
//! How they run over time (graces, what is done, what is told once) is the engine's.

pub mod addressed;
pub mod lone_adult_voice;
pub mod separation;
pub mod server_rights;
pub mod settings;

use std::collections::BTreeSet;

use super::{Agreed, Server, Sight};
use crate::domain::{ChannelId, Kind, Space, SpaceKind, Timestamp, UserId};

/// An adult who is alone with young people in a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoneAdult {
    /// The adult.
    pub adult: UserId,
    /// The young people who can see the space.
    pub young_people: BTreeSet<UserId>,
}

/// A space and what it belongs to, nearest first: a thread's channel, a channel's category. A session that is booked for
/// any of them is booked for the space.
#[must_use]
pub fn places(server: &Server, space: ChannelId) -> Vec<ChannelId> {
    let mut places = vec![space];
    while let Some(parent) = places.last().and_then(|last| server.spaces.get(last)?.parent)
        && places.len() < 4
    {
        places.push(parent);
    }
    places
}

/// `lone-adult-space` (InterAct §2; policy matrix P1, P6): in a private thread or channel an adult can be seen by
/// at least one young person, and no second adult who covers can see it.
///
/// Cover is another enrolled adult, or the declared observer of an open contact plan, who sees the space plainly;
/// sight by office (owner, administrator, thread manager) is not cover. `present` names adults who have written in
/// the space: somebody who sees it only by office and writes there is in contact, not on watch.
/// Lifted by an approved contact plan for this adult with every young person there, or by a relaxation on record.
#[must_use]
pub fn lone_adults(
    server: &Server,
    space: &Space,
    agreed: &Agreed,
    present: &BTreeSet<UserId>,
    now: Timestamp,
) -> Vec<LoneAdult> {
    let watched = !matches!(space.kind, SpaceKind::Category | SpaceKind::Dm | SpaceKind::PublicThread);
    if !watched || !server.is_private(space) {
        return Vec::new();
    }
    let audience = server.audience(space);
    if audience.protected.is_empty() {
        return Vec::new();
    }
    let covers = |observer: UserId, adult: UserId| {
        observer != adult
            && (server.roster.kind(observer).covers()
                || agreed.observes(observer, adult, &audience.protected, now))
    };
    let places = places(server, space.id);
    audience
        .adults
        .iter()
        .filter(|(adult, sight)| **sight == Sight::Plain || present.contains(adult))
        .map(|(adult, _)| *adult)
        .filter(|adult| {
            !audience.adults.iter().any(|(other, sight)| *sight == Sight::Plain && covers(*other, *adult))
        })
        .filter(|adult| !agreed.planned(*adult, &audience.protected, now))
        .filter(|adult| !agreed.cover_relaxed_in(&places, *adult, now))
        // A lead who alone sees a young person's space is an adult like any other; only a bot never is.
        .filter(|adult| server.roster.kind(*adult) != Kind::Bot)
        .map(|adult| LoneAdult { adult, young_people: audience.protected.clone() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::audience::Server;
    use crate::domain::event::{Event, GuildSnapshot, Member, Role};
    use crate::domain::fact::{ContactPlan, Register, Session};
    use crate::domain::person::RoleMapping;
    use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
    use crate::domain::{ChannelId, GuildId, RoleId};

    const GUILD: GuildId = GuildId(1);
    const EVERYONE: RoleId = RoleId(1);
    const YOUNG: RoleId = RoleId(2);
    const WORKER: RoleId = RoleId(3);
    const ADMIN: RoleId = RoleId(4);
    const ELLA: UserId = UserId(10);
    const MAX: UserId = UserId(11);
    const COACH: UserId = UserId(20);
    const SAM: UserId = UserId(21);
    const STRANGER: UserId = UserId(30);
    const OWNER: UserId = UserId(40);
    const BOT: UserId = UserId(50);
    const ART: ChannelId = ChannelId(100);
    const ROOM: ChannelId = ChannelId(101);
    const THREAD: ChannelId = ChannelId(102);

    fn member(id: UserId, roles: &[RoleId], bot: bool) -> Member {
        Member {
            id,
            name: format!("user{id}"),
            shown: String::new(),
            roles: roles.iter().copied().collect(),
            bot,
        }
    }

    fn space(id: ChannelId, kind: SpaceKind) -> Space {
        Space {
            id,
            guild: GUILD,
            kind,
            name: String::new(),
            parent: None,
            owner: None,
            overwrites: vec![],
            members: BTreeSet::new(),
            locked: false,
            archived: false,
        }
    }

    fn role(id: RoleId, name: &str, permissions: Permissions) -> Role {
        Role { id, name: name.to_owned(), permissions, position: 0 }
    }

    fn server(thread_members: &[UserId], room_members: &[UserId]) -> Server {
        let mut server = Server::new(GUILD, RoleMapping::well_known());
        let mut thread = space(THREAD, SpaceKind::PrivateThread);
        thread.parent = Some(ART);
        thread.members = thread_members.iter().copied().collect();
        let mut room = space(ROOM, SpaceKind::Text);
        room.overwrites.push(Overwrite {
            target: OverwriteFor::Role(EVERYONE),
            allow: Permissions(0),
            deny: Permissions::VIEW_CHANNEL,
        });
        room.overwrites.extend(room_members.iter().map(|user| Overwrite {
            target: OverwriteFor::Member(*user),
            allow: Permissions::VIEW_CHANNEL,
            deny: Permissions(0),
        }));
        server.apply(&Event::Guild(Box::new(GuildSnapshot {
            id: GUILD,
            owner: OWNER,
            roles: vec![
                role(EVERYONE, "@everyone", Permissions::VIEW_CHANNEL),
                role(YOUNG, "Young Person", Permissions(0)),
                role(WORKER, "Youth Worker", Permissions(0)),
                role(ADMIN, "Volunteer", Permissions::ADMINISTRATOR),
            ],
            spaces: vec![space(ART, SpaceKind::Text), room, thread],
            members: vec![
                member(ELLA, &[YOUNG], false),
                member(MAX, &[YOUNG], false),
                member(COACH, &[WORKER], false),
                member(SAM, &[WORKER], false),
                member(STRANGER, &[], false),
                member(OWNER, &[ADMIN], false),
                member(BOT, &[], true),
            ],
            ..GuildSnapshot::default()
        })));
        server
    }

    fn lone(server: &Server, space: ChannelId, agreed: &Agreed, present: &[UserId]) -> Vec<UserId> {
        let present = present.iter().copied().collect();
        lone_adults(server, &server.spaces[&space], agreed, &present, Timestamp(5))
            .into_iter()
            .map(|lone| lone.adult)
            .collect()
    }

    #[test]
    fn who_is_alone_with_a_young_person_in_a_private_thread() {
        let none = Agreed::default();
        let table: &[(&str, &[UserId], &[UserId])] = &[
            ("an adult and a young person", &[COACH, ELLA], &[COACH]),
            ("a second enrolled adult covers", &[COACH, SAM, ELLA], &[]),
            ("two young people alone", &[ELLA, MAX], &[]),
            ("a young person and the bot", &[ELLA, BOT], &[]),
            ("a bot is not cover", &[COACH, ELLA, BOT], &[COACH]),
            ("a guest is not cover and is covered", &[COACH, STRANGER, ELLA], &[COACH]),
            ("an owner who was added is there", &[COACH, OWNER, ELLA], &[]),
            ("a guest and a young person", &[STRANGER, ELLA], &[STRANGER]),
            ("adults among themselves", &[COACH, SAM], &[]),
        ];
        for (what, members, expected) in table {
            assert_eq!(lone(&server(members, &[]), THREAD, &none, &[]), *expected, "{what}");
        }
    }

    #[test]
    fn the_owner_s_sight_is_not_cover_and_not_contact_until_they_write() {
        let server = server(&[], &[COACH, ELLA]);
        let none = Agreed::default();
        assert_eq!(lone(&server, ROOM, &none, &[]), [COACH]);
        assert_eq!(lone(&server, ROOM, &none, &[OWNER]), [COACH], "looking in is not watching");
        let server = self::server(&[], &[ELLA]);
        assert!(lone(&server, ROOM, &none, &[]).is_empty());
        assert_eq!(lone(&server, ROOM, &none, &[OWNER]), [OWNER], "writing there is contact");
    }

    #[test]
    fn an_open_channel_is_not_a_private_space() {
        assert!(lone(&server(&[], &[]), ART, &Agreed::default(), &[]).is_empty());
    }

    #[test]
    fn a_plan_or_a_relaxation_lifts_it_and_only_inside_its_window() {
        let server = server(&[COACH, ELLA], &[]);
        let plan = |approved_by, window| {
            let mut agreed = Agreed::default();
            agreed.apply(&Register::PlanApproved(ContactPlan {
                id: "mentoring".into(),
                adult: COACH,
                young_person: ELLA,
                observer: None,
                approved_by,
                windows: vec![window],
                ..ContactPlan::default()
            }));
            agreed
        };
        let open = (Timestamp(0), Timestamp(10));
        assert!(lone(&server, THREAD, &plan(SAM, open), &[]).is_empty());
        assert_eq!(lone(&server, THREAD, &plan(COACH, open), &[]), [COACH], "nobody approves their own plan");
        assert_eq!(lone(&server, THREAD, &plan(SAM, (Timestamp(0), Timestamp(5))), &[]), [COACH]);

        let session = |relaxed| {
            let mut agreed = Agreed::default();
            agreed.apply(&Register::SessionBooked(Session {
                id: "art".into(),
                spaces: BTreeSet::from([THREAD]),
                leaders: BTreeSet::from([COACH, SAM]),
                from: Timestamp(0),
                until: Timestamp(10),
                cover_relaxed_by: relaxed,
                ..Session::default()
            }));
            agreed
        };
        assert_eq!(
            lone(&server, THREAD, &session(None), &[]),
            [COACH],
            "a session lifts the rule of time only"
        );
        assert!(lone(&server, THREAD, &session(Some(SAM)), &[]).is_empty());
    }

    #[test]
    fn nobody_lifts_the_rule_for_themselves_nor_beyond_what_was_agreed() {
        let server = server(&[COACH, STRANGER, ELLA, MAX], &[]);
        let plan = |young_person, approved_by| {
            Register::PlanApproved(ContactPlan {
                id: format!("with {young_person}"),
                adult: COACH,
                young_person,
                observer: Some(STRANGER),
                approved_by,
                windows: vec![(Timestamp(0), Timestamp(10))],
                ..ContactPlan::default()
            })
        };
        let agreed = |changes: &[Register]| {
            let mut agreed = Agreed::default();
            for change in changes {
                agreed.apply(change);
            }
            agreed
        };
        let alone = |changes: &[Register]| lone(&server, THREAD, &agreed(changes), &[]).contains(&COACH);
        assert!(alone(&[plan(ELLA, SAM)]), "an observer for one young person does not cover another");
        assert!(!alone(&[plan(ELLA, SAM), plan(MAX, SAM)]));
        assert!(alone(&[plan(ELLA, COACH), plan(MAX, COACH)]), "an observer whom the adult appointed alone");

        let relaxed = |by| {
            Register::SessionBooked(Session {
                id: "art".into(),
                spaces: BTreeSet::from([THREAD]),
                leaders: BTreeSet::from([COACH]),
                from: Timestamp(0),
                until: Timestamp(10),
                cover_relaxed_by: Some(by),
                ..Session::default()
            })
        };
        assert!(!alone(&[relaxed(SAM)]));
        assert!(alone(&[relaxed(COACH)]), "nobody relaxes cover for themselves");
    }

    #[test]
    fn whoever_left_a_thread_while_nobody_listened_does_not_cover_it_any_more() {
        let mut server = server(&[COACH, SAM, ELLA], &[]);
        assert!(lone(&server, THREAD, &Agreed::default(), &[]).is_empty());
        let members = vec![COACH, ELLA];
        server.apply(&Event::ThreadMembersListed { guild: GUILD, thread: THREAD, members });
        assert_eq!(lone(&server, THREAD, &Agreed::default(), &[]), [COACH]);
    }
}
