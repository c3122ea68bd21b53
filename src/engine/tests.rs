//! The engine on hand-made events: what it decides, and that restarting changes nothing.

use super::*;
use crate::domain::event::{GuildSnapshot, Member, Role};
use crate::domain::space::Permissions;
use crate::domain::{Category, Level, RoleId, Space, SpaceKind};

const GUILD: GuildId = GuildId(1);
const ELLA: UserId = UserId(10);
const COACH: UserId = UserId(20);
const SAM: UserId = UserId(21);
const ART: ChannelId = ChannelId(100);
const THREAD: ChannelId = ChannelId(101);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_700_000_000 + seconds)
}

fn space(id: ChannelId, kind: SpaceKind, members: &[UserId]) -> Space {
    Space {
        id,
        guild: GUILD,
        kind,
        name: String::new(),
        parent: kind.is_thread().then_some(ART),
        owner: None,
        overwrites: vec![],
        members: members.iter().copied().collect(),
        locked: false,
        archived: false,
    }
}

fn club() -> Organisation {
    let lists = Arc::new(Lists::builtin());
    let mut club = Organisation::new("club", Policy::default(), RoleMapping::well_known(), lists);
    let member = |id, role: u64| Member {
        id,
        name: format!("user{id}"),
        shown: String::new(),
        roles: BTreeSet::from([RoleId(role)]),
        bot: false,
    };
    let role = |id, name: &str| Role {
        id: RoleId(id),
        name: name.to_owned(),
        permissions: Permissions::VIEW_CHANNEL,
        position: 0,
    };
    let a = club.assess(&Heard {
        at: at(0),
        event: Event::Guild(Box::new(GuildSnapshot {
            id: GUILD,
            roles: vec![role(1, "@everyone"), role(2, "Young Person"), role(3, "Youth Worker")],
            spaces: vec![space(ART, SpaceKind::Text, &[])],
            members: vec![member(ELLA, 2), member(COACH, 3), member(SAM, 3)],
            ..GuildSnapshot::default()
        })),
    });
    assert_eq!(a, Assessment::default(), "an ordinary server is quiet");
    club
}

fn hear(club: &mut Organisation, seconds: i64, event: Event) -> Assessment {
    club.assess(&Heard { at: at(seconds), event })
}

fn says(id: u64, seconds: i64, author: UserId, content: &str) -> Event {
    Event::Said(Box::new(Message {
        id: MessageId(id),
        space: ART,
        guild: Some(GUILD),
        author,
        at: at(seconds),
        content: content.to_owned(),
        ..Message::default()
    }))
}

fn decided(a: &Assessment) -> Vec<&'static str> {
    a.facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Decided { effect, .. } => Some(effect.code()),
            _ => None,
        })
        .collect()
}

/// Folding the facts again gives the state that was reached live.
fn restarts_to_the_same(club: &Organisation, facts: &[(Timestamp, Fact)]) {
    let mut again =
        Organisation::new("club", Policy::default(), RoleMapping::well_known(), Arc::new(Lists::builtin()));
    for (at, fact) in facts {
        again.restore(*at, fact);
    }
    assert_eq!(again.state(), club.state());
}

#[test]
fn an_adult_alone_with_a_young_person_is_locked_once_the_grace_is_over() {
    let mut club = club();
    let a = hear(
        &mut club,
        10,
        Event::SpaceChanged(Box::new(space(THREAD, SpaceKind::PrivateThread, &[COACH, ELLA]))),
    );
    assert!(a.facts.is_empty());
    assert_eq!(a.due, Some(at(30)));
    let a = hear(&mut club, 30, Event::Due);
    assert_eq!(decided(&a), ["lock", "nudge", "nudge"]);
    let case = club.state().cases.values().next().unwrap();
    assert_eq!((case.level, case.category), (Level::Serious, Category::Contact));
    assert_eq!(case.subjects, BTreeSet::from([COACH]));
    restarts_to_the_same(&club, &a.facts.iter().map(|f| (at(30), f.clone())).collect::<Vec<_>>());

    let a = hear(&mut club, 60, Event::Due);
    assert!(a.facts.is_empty(), "once is enough");
}

#[test]
fn a_second_adult_within_the_grace_keeps_it_quiet() {
    let mut club = club();
    let thread = space(THREAD, SpaceKind::PrivateThread, &[COACH, ELLA]);
    hear(&mut club, 10, Event::SpaceChanged(Box::new(thread)));
    let added = Event::ThreadMembers { guild: GUILD, thread: THREAD, added: vec![SAM], removed: vec![] };
    assert_eq!(hear(&mut club, 25, added).due, None);
    assert!(hear(&mut club, 30, Event::Due).facts.is_empty());
    // The second adult leaves again: the grace starts anew.
    let left = Event::ThreadMembers { guild: GUILD, thread: THREAD, added: vec![], removed: vec![SAM] };
    assert_eq!(hear(&mut club, 100, left).due, Some(at(120)));
    assert_eq!(decided(&hear(&mut club, 120, Event::Due)), ["lock", "nudge", "nudge"]);
}

#[test]
fn encouraging_suicide_is_kept_then_hidden() {
    let mut club = club();
    hear(&mut club, 10, says(1, 10, ELLA, "hi all"));
    let a = hear(&mut club, 20, says(2, 20, SAM, "kys"));
    assert!(decided(&a).contains(&"hide"), "{:?}", a.facts);
    let kept: Vec<_> = a.keep.iter().map(|keep| (keep.message.0, keep.part, keep.case.is_some())).collect();
    assert_eq!(
        kept,
        [(2, Part::Finding, true), (1, Part::Before, true)],
        "the finding, then what stood before it"
    );
    let position = |wanted: &str| {
        a.facts.iter().position(|f| matches!(f, Fact::Decided { effect, .. } if effect.code() == wanted))
    };
    let kept = a.facts.iter().position(|f| matches!(f, Fact::Kept { .. }));
    assert!(kept < position("hide"), "evidence before action");
    restarts_to_the_same(&club, &a.facts.iter().map(|f| (at(20), f.clone())).collect::<Vec<_>>());

    // The same event again, and what follows it.
    assert!(hear(&mut club, 21, says(2, 20, SAM, "kys")).facts.is_empty());
    let a = hear(&mut club, 22, says(3, 22, ELLA, "that is not ok"));
    assert_eq!(a.keep.len(), 1, "what follows a finding is kept with it");
}

#[test]
fn a_failed_containment_is_a_case_of_its_own_without_a_subject() {
    let mut club = club();
    let effect = Effect::Hide { space: ART, message: MessageId(2) };
    let ended = Ended::Failed { why: "403".into() };
    let a = hear(&mut club, 5, Event::Outcome { job: "hide/club/2".into(), effect, ended });
    assert!(a.facts.iter().any(|fact| matches!(
        fact,
        Fact::CaseOpened { category: Category::Integrity, level: Level::Serious, subjects, .. } if subjects.is_empty()
    )));
}
