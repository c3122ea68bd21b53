//! The engine on hand-made events: what it decides, and that restarting changes nothing.

use super::*;
use crate::domain::event::{GuildSnapshot, Member, Role};
use crate::domain::space::Permissions;
use crate::domain::{Category, Level, ReportRef, RoleId, Space, SpaceKind};

const GUILD: GuildId = GuildId(1);
const ELLA: UserId = UserId(10);
const COACH: UserId = UserId(20);
const SAM: UserId = UserId(21);
const ART: ChannelId = ChannelId(100);
const THREAD: ChannelId = ChannelId(101);
const ROOM: ChannelId = ChannelId(102);

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
    let lists = Lists::shared();
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
    let mut again = Organisation::new("club", Policy::default(), RoleMapping::well_known(), Lists::shared());
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

fn seen(code: Code, by: UserId, towards: UserId, message: u64, seconds: i64) -> Observation {
    Observation {
        at: at(seconds),
        code,
        by,
        towards: Some(towards),
        space: Some(ART),
        message: Some(MessageId(message)),
        quote: None,
    }
}

fn observe(club: &mut Organisation, observation: Observation, message: Option<&Message>) -> Assessment {
    let mut a = Assessment::default();
    let now = observation.at;
    club.take(vec![observation], message, now, &mut a);
    a
}

fn calls_for_somebody(a: &Assessment) -> bool {
    a.facts.iter().any(|fact| matches!(fact, Fact::CaseOpened { .. } | Fact::CaseRose { .. }))
}

#[test]
fn what_happens_again_after_somebody_took_it_on_calls_again() {
    let mut club = club();
    let despair = |message, seconds| seen(Code::SuicidalFeelings, ELLA, ELLA, message, seconds);
    let first = observe(&mut club, despair(1, 10), None);
    assert!(calls_for_somebody(&first));
    let still_ringing = observe(&mut club, despair(2, 20), None);
    assert!(!calls_for_somebody(&still_ringing), "the ladder is being climbed already");

    let taken = Fact::Acknowledged { case: CaseRef(1), by: SAM, via: "discord-dm".into() };
    let taken = club.note(at(60), taken);
    let at_it = observe(&mut club, despair(3, 120), None);
    assert!(!calls_for_somebody(&at_it), "whoever acknowledged is at it now");

    let again = observe(&mut club, despair(4, 7 * 86_400), None);
    let rose = again.facts.iter().find(|fact| matches!(fact, Fact::CaseRose { .. }));
    let level = Level::Serious;
    let (category, subjects) = (Category::Welfare, BTreeSet::new());
    assert_eq!(rose, Some(&Fact::CaseRose { case: CaseRef(1), category, level, subjects }));
    assert_eq!(club.state().cases[&CaseRef(1)].state, crate::domain::CaseState::New);
    let facts: Vec<_> = [(10, first), (20, still_ringing), (60, taken), (120, at_it), (7 * 86_400, again)]
        .into_iter()
        .flat_map(|(seconds, a)| a.facts.into_iter().map(move |fact| (at(seconds), fact)))
        .collect();
    restarts_to_the_same(&club, &facts);
}

#[test]
fn a_containment_that_fails_after_an_earlier_failure_was_taken_on_calls_again() {
    let mut club = club();
    let failed = |message: u64| Event::Outcome {
        job: format!("hide/club/{message}"),
        effect: Effect::Hide { space: ART, message: MessageId(message) },
        ended: Ended::Failed { why: "403".into() },
    };
    assert!(calls_for_somebody(&hear(&mut club, 5, failed(2))));
    club.note(at(60), Fact::Acknowledged { case: CaseRef(1), by: SAM, via: "discord-dm".into() });
    assert!(calls_for_somebody(&hear(&mut club, 86_400, failed(3))));
}

fn reports(id: u64, message: Option<Message>) -> Event {
    Event::Reported {
        past_the_line: false,
        by: ELLA,
        message: message.map(Box::new),
        person: None,
        words: None,
        guild: None,
        reference: ReportRef::of(MessageId(id)),
    }
}

#[test]
fn a_command_that_is_heard_twice_is_one_report() {
    let mut club = club();
    assert!(!hear(&mut club, 5, reports(1, None)).facts.is_empty());
    assert_eq!(hear(&mut club, 6, reports(1, None)).facts, []);
}

#[test]
fn whoever_wrote_what_is_reported_is_the_subject() {
    let mut club = club();
    let reported = Message { id: MessageId(9), author: SAM, guild: None, ..Message::default() };
    let a = hear(&mut club, 5, reports(1, Some(reported)));
    let subjects: Vec<_> = a
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::CaseOpened { subjects, .. } => Some(subjects.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(subjects, [BTreeSet::from([SAM])]);
    assert!(
        a.keep.iter().all(|keep| keep.subjects.contains(&SAM)),
        "nothing is sealed to whoever is reported"
    );

    let a = hear(&mut club, 6, reports(2, None));
    assert!(
        a.facts.iter().any(|fact| matches!(fact, Fact::CaseOpened { subjects, .. } if subjects.is_empty()))
    );
}

#[test]
fn what_a_reported_message_says_counts() {
    let mut club = club();
    let reported =
        Message { id: MessageId(9), author: SAM, content: "kys".into(), guild: None, ..Message::default() };
    let a = hear(&mut club, 5, reports(1, Some(reported)));
    assert!(club.state().cases.values().any(|case| case.level == Level::Serious), "{:?}", a.facts);
    assert!(!decided(&a).contains(&"hide"), "a message between two people cannot be hidden");
}

#[test]
fn before_there_is_a_case_an_exhibit_is_sealed_to_neither_side() {
    let mut club = club();
    let a = observe(&mut club, seen(Code::Refusal, ELLA, COACH, 3, 10), None);
    let sealed: Vec<_> = a.keep.iter().map(|keep| (keep.case, keep.subjects.clone())).collect();
    assert_eq!(sealed, [(None, BTreeSet::from([ELLA, COACH]))]);
}

#[test]
fn nobody_is_alone_as_long_as_the_members_have_not_arrived() {
    let thread = || space(THREAD, SpaceKind::PrivateThread, &[COACH, ELLA, SAM]);
    let member =
        |id: UserId, role: u64| Member { id, roles: BTreeSet::from([RoleId(role)]), ..Member::default() };
    let large = || {
        let lists = Lists::shared();
        let mut club = Organisation::new("club", Policy::default(), RoleMapping::well_known(), lists);
        let role = |id, name: &str| Role {
            id: RoleId(id),
            name: name.to_owned(),
            permissions: Permissions::VIEW_CHANNEL,
            position: 0,
        };
        let snapshot = GuildSnapshot {
            id: GUILD,
            roles: vec![role(1, "@everyone"), role(2, "Young Person"), role(3, "Youth Worker")],
            spaces: vec![space(ART, SpaceKind::Text, &[]), thread()],
            members: vec![member(ELLA, 2), member(COACH, 3)],
            members_missing: true,
            ..GuildSnapshot::default()
        };
        hear(&mut club, 0, Event::Guild(Box::new(snapshot)));
        club
    };
    let mut club = large();
    assert!(hear(&mut club, 25, Event::Due).facts.is_empty(), "the rest are on their way");
    let rest = Event::Members { guild: GUILD, members: vec![member(SAM, 3)], last: true };
    assert_eq!(hear(&mut club, 40, rest).due, None);

    // They never arrive: what is known has to do.
    let mut club = large();
    let due = hear(&mut club, 25, Event::Due).due.unwrap();
    let a = club.assess(&Heard { at: due, event: Event::Due });
    let due = a.due.unwrap();
    assert_eq!(decided(&club.assess(&Heard { at: due, event: Event::Due }))[0], "lock");
}

#[test]
fn coming_and_going_of_a_second_adult_does_not_stretch_the_grace() {
    let mut club = club();
    let thread = space(THREAD, SpaceKind::PrivateThread, &[COACH, ELLA]);
    hear(&mut club, 10, Event::SpaceChanged(Box::new(thread)));
    let members = |added: &[UserId], removed: &[UserId]| Event::ThreadMembers {
        guild: GUILD,
        thread: THREAD,
        added: added.to_vec(),
        removed: removed.to_vec(),
    };
    assert_eq!(hear(&mut club, 25, members(&[SAM], &[])).due, None);
    assert_eq!(hear(&mut club, 30, members(&[], &[SAM])).due, Some(at(35)), "15 of 20 s were spent before");
    assert_eq!(decided(&hear(&mut club, 35, Event::Due)), ["lock", "nudge", "nudge"]);
}

#[test]
fn a_lock_on_somebody_whom_no_lock_binds_counts_as_failed() {
    let mut club = club();
    hear(&mut club, 1, Event::GuildChanged { guild: GUILD, owner: Some(COACH), dms_paused_until: None });
    let locked = |adult| Event::Outcome {
        job: format!("lock/club/101/{adult}/0"),
        effect: Effect::Lock {
            guild: GUILD,
            space: THREAD,
            parent: Some(ART),
            adult,
            manages_threads: false,
        },
        ended: Ended::Done { detail: None },
    };
    assert!(!calls_for_somebody(&hear(&mut club, 2, locked(SAM))));
    assert!(calls_for_somebody(&hear(&mut club, 3, locked(COACH))), "an owner writes wherever they like");
}

#[test]
fn what_is_said_again_is_hidden_within_its_case() {
    let mut club = club();
    let says =
        |id| Message { id: MessageId(id), space: ART, guild: Some(GUILD), author: SAM, ..Message::default() };
    observe(&mut club, seen(Code::SuicideEncouragement, SAM, ELLA, 2, 10), Some(&says(2)));
    let a = observe(&mut club, seen(Code::SuicideEncouragement, SAM, ELLA, 3, 20), Some(&says(3)));
    let cases: Vec<_> = a
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Decided { case, .. } => Some(*case),
            _ => None,
        })
        .collect();
    assert_eq!(cases, [Some(CaseRef(1))], "and nobody is told twice");
}

#[test]
fn who_had_written_in_a_space_is_known_again_after_a_restart() {
    let mut club = club();
    hear(&mut club, 1, Event::GuildChanged { guild: GUILD, owner: Some(COACH), dms_paused_until: None });
    hear(&mut club, 2, Event::SpaceChanged(Box::new(space(THREAD, SpaceKind::PrivateThread, &[ELLA]))));
    club.recollect(&Message {
        id: MessageId(1),
        space: THREAD,
        guild: Some(GUILD),
        author: COACH,
        ..Message::default()
    });
    let joined = Event::ThreadMembers { guild: GUILD, thread: THREAD, added: vec![], removed: vec![SAM] };
    assert_eq!(hear(&mut club, 10, joined).due, Some(at(30)), "writing there was contact");
}

#[test]
fn what_the_filter_stopped_is_kept_once_and_never_hidden() {
    let mut club = club();
    let stopped = || Event::Blocked { guild: GUILD, space: Some(ART), by: SAM, content: "kys".to_owned() };
    hear(&mut club, 10, says(1, 10, ELLA, "hi all"));
    let a = hear(&mut club, 20, stopped());
    assert!(calls_for_somebody(&a), "{:?}", a.facts);
    assert!(!decided(&a).contains(&"hide"), "it stands nowhere");
    assert!(hear(&mut club, 25, stopped()).facts.is_empty(), "another rule stopped the same message");
    assert!(!hear(&mut club, 900, stopped()).keep.is_empty(), "a quarter of an hour later it is said again");
}

#[test]
fn each_later_version_of_an_exhibit_is_one_too() {
    let mut club = club();
    hear(&mut club, 10, says(1, 10, ELLA, "hi all"));
    let mut facts: Vec<_> = hear(&mut club, 20, says(2, 20, SAM, "kys")).facts;
    let edited = |edited_at: Option<i64>| {
        let Event::Said(message) = says(2, 20, SAM, "only joking") else { unreachable!() };
        Event::Edited(Box::new(Message { edited_at: edited_at.map(at), ..*message }))
    };
    assert!(hear(&mut club, 25, edited(None)).keep.is_empty(), "a link preview");
    let a = hear(&mut club, 30, edited(Some(30)));
    assert_eq!(a.keep.iter().map(|keep| keep.edited_at).collect::<Vec<_>>(), [Some(at(30))]);
    assert!(a.keep[0].subjects.contains(&SAM));
    assert!(hear(&mut club, 31, edited(Some(30))).keep.is_empty(), "the same change again");
    facts.extend(a.facts);
    restarts_to_the_same(&club, &facts.iter().map(|f| (at(20), f.clone())).collect::<Vec<_>>());
}

const BOT: UserId = UserId(90);

/// The club with the bot in it, running.
fn live() -> Organisation {
    let mut club = club();
    hear(&mut club, 0, Event::Started { software: "test".into() });
    hear(&mut club, 0, Event::SessionBegan { own: BOT });
    club
}

fn audited(action: u64, by: UserId, target: u64, about: Option<u64>) -> Event {
    let overwrites = vec![];
    Event::Audit { guild: GUILD, action, by: Some(by), target: Some(target), about, overwrites }
}

fn codes(a: &Assessment) -> Vec<(Code, UserId)> {
    let seen = a.facts.iter().filter_map(|fact| match fact {
        Fact::Observed(seen) => Some((seen.code, seen.by)),
        _ => None,
    });
    seen.collect()
}

#[test]
fn whoever_changes_the_filter_or_adds_a_webhook_is_the_subject_of_it() {
    let mut club = live();
    assert_eq!(codes(&hear(&mut club, 1, audited(24, SAM, 7, None))), [], "a member was changed");
    let a = hear(&mut club, 2, audited(141, SAM, 7, None));
    assert_eq!(codes(&a), [(Code::FilterChanged, SAM)]);
    assert!(
        a.facts.iter().any(
            |fact| matches!(fact, Fact::CaseOpened { subjects, .. } if *subjects == BTreeSet::from([SAM]))
        )
    );
    assert_eq!(codes(&hear(&mut club, 3, audited(142, SAM, 7, None))), [], "told once a day");
    assert_eq!(codes(&hear(&mut club, 4, audited(50, SAM, 7, None))), [(Code::ConnectionAdded, SAM)]);
    assert_eq!(codes(&hear(&mut club, 5, audited(50, BOT, 7, None))), [], "the bot itself");
}

/// The coach was taken out of a thread; its members say so.
fn locked() -> (Organisation, Space) {
    let mut club = live();
    let mut thread = space(THREAD, SpaceKind::PrivateThread, &[COACH, ELLA]);
    hear(&mut club, 10, Event::SpaceChanged(Box::new(thread.clone())));
    let a = hear(&mut club, 30, Event::Due);
    let job = a.facts.iter().find_map(|fact| match fact {
        Fact::Decided { job, effect: effect @ Effect::Lock { .. }, .. } => {
            Some((job.clone(), effect.clone()))
        }
        _ => None,
    });
    let (job, effect) = job.unwrap();
    hear(&mut club, 31, inside(&[], &[COACH]));
    let detail = Some(r#"{"taken_out":true}"#.to_owned());
    hear(&mut club, 31, Event::Outcome { job, effect, ended: Ended::Done { detail } });
    thread.members.remove(&COACH);
    (club, thread)
}

fn inside(added: &[UserId], removed: &[UserId]) -> Event {
    let (added, removed) = (added.to_vec(), removed.to_vec());
    Event::ThreadMembers { guild: GUILD, thread: THREAD, added, removed }
}

#[test]
fn whoever_is_brought_back_into_a_thread_is_taken_out_again_every_time_and_it_is_told() {
    let (mut club, _) = locked();
    for second in [40, 43, 45] {
        let back = hear(&mut club, second, inside(&[COACH], &[]));
        assert_eq!(decided(&back), ["lock"], "after {second} s");
        hear(&mut club, second + 1, inside(&[], &[COACH]));
    }
    // Discord tells of nobody who brings somebody into a thread, so nobody is named.
    assert_eq!(codes(&hear(&mut club, 60, Event::Due)), [(Code::LockUndone, BOT)]);
}

/// A private channel that the coach and ELLA see, locked for the coach; and what it was described as before and after.
fn locked_channel() -> (Organisation, Space, Space) {
    let mut club = live();
    let sees = |who, allow| Overwrite { target: OverwriteFor::Member(who), allow, deny: Permissions(0) };
    let mut room = space(ROOM, SpaceKind::Text, &[]);
    let everyone = OverwriteFor::Role(GUILD.everyone());
    let hidden = Overwrite { target: everyone, allow: Permissions(0), deny: Permissions::VIEW_CHANNEL };
    room.overwrites =
        vec![hidden, sees(COACH, Permissions::VIEW_CHANNEL), sees(ELLA, Permissions::VIEW_CHANNEL)];
    let open = room.clone();
    hear(&mut club, 10, Event::SpaceChanged(Box::new(room.clone())));
    let a = hear(&mut club, 30, Event::Due);
    let (job, effect) = a
        .facts
        .iter()
        .find_map(|fact| match fact {
            Fact::Decided { job, effect: effect @ Effect::Lock { .. }, .. } => {
                Some((job.clone(), effect.clone()))
            }
            _ => None,
        })
        .unwrap();
    room.overwrites[1].deny = Permissions::LOCK;
    hear(&mut club, 31, Event::SpaceChanged(Box::new(room.clone())));
    let before = open.overwrites[1];
    let detail = Some(serde_json::json!({ "before": before }).to_string());
    hear(&mut club, 31, Event::Outcome { job, effect, ended: Ended::Done { detail } });
    (club, open, room)
}

#[test]
fn a_lock_that_is_opened_by_hand_is_set_again_every_time_and_told_with_who_did_it() {
    let (mut club, open, closed) = locked_channel();
    let opened = hear(&mut club, 40, Event::SpaceChanged(Box::new(open.clone())));
    assert_eq!(decided(&opened), ["lock"]);
    let by_coach = hear(&mut club, 41, audited(14, COACH, ROOM.0, Some(COACH.0)));
    assert_eq!(codes(&by_coach)[0], (Code::LockUndoneBySubject, COACH));
    hear(&mut club, 42, Event::SpaceChanged(Box::new(closed.clone())));
    // Again, at once: closed again although the audit log says nothing yet.
    for second in [43, 45] {
        let again = hear(&mut club, second, Event::SpaceChanged(Box::new(open.clone())));
        assert_eq!(decided(&again), ["lock"], "after {second} s");
        hear(&mut club, second + 1, Event::SpaceChanged(Box::new(closed.clone())));
    }
    let unexplained = hear(&mut club, 60, Event::Due);
    assert_eq!(codes(&unexplained), [(Code::LockUndoneBySubject, COACH)], "nobody else is known to have");
}

#[test]
fn two_locks_on_one_overwrite_are_undone_one_by_one_and_the_first_bits_come_back() {
    let before = |bits| {
        Some(Overwrite {
            target: OverwriteFor::Member(COACH),
            allow: Permissions(bits),
            deny: Permissions(0),
        })
    };
    let lock = |space, channel: Option<ChannelId>, before: Option<Overwrite>, known| {
        let (guild, adult, before_known) = (GUILD, COACH, known);
        let (taken_out, handed_on) = (channel.is_some(), false);
        Event::Register(Register::Locked {
            guild,
            space,
            adult,
            before,
            before_known,
            channel,
            taken_out,
            handed_on,
        })
    };
    let unlocks = |a: &Assessment| {
        a.facts
            .iter()
            .find_map(|fact| match fact {
                Fact::Decided { effect: Effect::Unlock { before, exact, taken_out, .. }, .. } => {
                    Some((*before, *exact, *taken_out))
                }
                _ => None,
            })
            .unwrap()
    };
    let lifts = |space| Event::Register(Register::Unlocked { space, adult: COACH, by: SAM });
    let original = before(1 << 51);
    let with = |bits: Permissions| original.map(|own| Overwrite { deny: bits, ..own });
    // Whichever of the two is lifted first: what it took is given back, what the other takes stays taken.
    for (first, left) in [(THREAD, Permissions::LOCK), (ART, Permissions::THREAD_LOCK)] {
        let mut club = live();
        hear(&mut club, 1, Event::SpaceChanged(Box::new(space(THREAD, SpaceKind::PrivateThread, &[ELLA]))));
        hear(&mut club, 2, lock(THREAD, Some(ART), original, true));
        hear(&mut club, 3, lock(ART, None, with(Permissions::THREAD_LOCK), true));
        let second = if first == THREAD { ART } else { THREAD };
        assert_eq!(unlocks(&hear(&mut club, 4, lifts(first))), (with(left), true, first == THREAD));
        assert_eq!(unlocks(&hear(&mut club, 5, lifts(second))), (original, true, second == THREAD));
    }
}

#[test]
fn a_lead_s_unlock_gives_back_what_was_taken_and_a_young_person_is_never_locked() {
    let (mut club, _) = locked();
    let unlocked = Register::Unlocked { space: THREAD, adult: COACH, by: SAM };
    let a = hear(&mut club, 40, Event::Register(unlocked));
    assert_eq!(decided(&a), ["unlock"]);
    assert!(a.facts.iter().any(|fact| matches!(
        fact,
        Fact::Decided { effect: Effect::Unlock { exact: true, taken_out: true, channel: None, .. }, .. }
    )));
    assert_eq!(club.state().unlocked[&(THREAD, COACH)], 1);

    let mut a = Assessment::default();
    club.lock(GUILD, THREAD, None, ELLA, None, at(50), &mut a);
    assert!(a.facts.is_empty(), "whatever a rule says");
}
