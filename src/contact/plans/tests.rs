use super::*;
use crate::domain::register::Series;
use crate::domain::zone::Zone;

const COACH: UserId = UserId(20);
const SAM: UserId = UserId(21);
const ELLA: UserId = UserId(10);
const GUILD: GuildId = GuildId(1);
const ROOM: ChannelId = ChannelId(500);

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Wednesdays from four to half past, three weeks from 21 October 2026, and one Saturday morning; it lapses on
/// 4 November at a quarter past four.
fn plan(approved_by: UserId) -> ContactPlan {
    ContactPlan {
        id: "m".into(),
        adult: COACH,
        young_person: ELLA,
        observer: Some(SAM),
        approved_by,
        windows: vec![(at("2026-10-24T09:00:00Z"), at("2026-10-24T09:30:00Z"))],
        series: vec![Series {
            zone: Zone::default(),
            starts: "2026-10-21T16:00".parse().unwrap(),
            ends: "2026-10-21T16:30".parse().unwrap(),
            rule: "FREQ=WEEKLY;COUNT=3".into(),
            except: BTreeSet::new(),
        }],
        expires: Some(at("2026-11-04T16:15:00Z")),
        ..ContactPlan::default()
    }
}

fn plans(changes: &[Register]) -> Plans {
    let mut plans = Plans::default();
    for change in changes {
        plans.apply(change);
    }
    plans
}

fn open(plans: &Plans, now: &str) -> bool {
    plans.open_between(COACH, ELLA, at(now)).next().is_some()
}

#[test]
fn a_plan_is_open_in_its_windows_and_not_after_it_lapsed() {
    let approved = plans(&[Register::PlanApproved(plan(SAM))]);
    let cases = [
        ("2026-10-21T14:59:00Z", false),
        ("2026-10-21T15:00:00Z", true),
        ("2026-10-24T09:15:00Z", true),
        ("2026-10-28T15:15:00Z", false),
        ("2026-10-28T16:15:00Z", true),
        ("2026-11-04T16:14:00Z", true),
        ("2026-11-04T16:15:00Z", false),
    ];
    for (now, expected) in cases {
        assert_eq!(open(&approved, now), expected, "{now}");
    }
    assert!(approved.open_between(SAM, ELLA, at("2026-10-21T15:15:00Z")).next().is_none());
}

#[test]
fn what_nobody_else_approved_or_what_was_ended_opens_nothing() {
    let now = "2026-10-21T15:15:00Z";
    assert!(!open(&plans(&[Register::PlanApproved(plan(COACH))]), now), "nobody approves their own plan");
    let ended = [Register::PlanApproved(plan(SAM)), Register::PlanEnded { id: "m".into(), by: Some(SAM) }];
    let ended = plans(&ended);
    assert!(!open(&ended, now));
    assert_eq!(ended.next_change(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn a_proposal_waits_and_opens_nothing_until_it_is_approved() {
    let proposal = PlanProposal {
        id: "m".into(),
        adult: COACH,
        young_person: ELLA,
        purpose: crate::domain::register::Purpose::Mentoring,
        reference: None,
        observer: None,
        windows: plan(SAM).windows,
        series: vec![],
        expires: at("2026-12-01T00:00:00Z"),
        proposed_by: COACH,
    };
    let now = "2026-10-24T09:15:00Z";
    let proposed = Register::PlanProposed(proposal.clone());
    let waiting = plans(std::slice::from_ref(&proposed));
    assert!(!open(&waiting, now) && waiting.proposal("m").is_some());
    let approved = Register::PlanApproved(proposal.approve(SAM).unwrap());
    let approved = plans(&[proposed.clone(), approved]);
    assert!(open(&approved, now) && approved.proposal("m").is_none());
    let declined = plans(&[proposed, Register::PlanDeclined { id: "m".into(), by: SAM }]);
    assert!(!open(&declined, now) && declined.proposal("m").is_none());
}

#[test]
fn the_room_is_opened_warned_and_locked_once_each() {
    let from = at("2026-10-21T15:00:00Z");
    let until = at("2026-10-21T15:30:00Z");
    let mut plans = plans(&[Register::PlanApproved(plan(SAM))]);
    assert_eq!(plans.next_change(at("2026-10-21T00:00:00Z")), Some(from));
    assert_eq!(plans.rooms_to_open(from).map(|(_, window)| window.until).collect::<Vec<_>>(), [until]);
    plans.apply(&Register::RoomOpened { plan: "m".into(), guild: GUILD, space: ROOM, from, until });
    assert_eq!(plans.rooms_to_open(from).count(), 0);

    let warning = at("2026-10-21T15:25:00Z");
    assert_eq!(plans.next_change(from), Some(warning));
    assert_eq!(plans.rooms_to_warn(from).count(), 0);
    assert_eq!(plans.rooms_to_warn(warning).map(|(_, room)| room.space).collect::<Vec<_>>(), [ROOM]);
    assert_eq!(plans.rooms_to_lock(warning).count(), 0);

    assert_eq!(plans.next_change(warning), Some(until));
    assert_eq!(plans.rooms_to_warn(until).count(), 0);
    assert_eq!(plans.rooms_to_lock(until).map(|(plan, _)| plan).collect::<Vec<_>>(), ["m"]);
    plans.apply(&Register::RoomLocked { plan: "m".into(), space: ROOM, at: until });
    assert_eq!(plans.rooms_to_lock(until).count(), 0);
}

#[test]
fn a_room_is_locked_when_its_plan_is_ended_early() {
    let (from, until) = (at("2026-10-21T15:00:00Z"), at("2026-10-21T15:30:00Z"));
    let plans = plans(&[
        Register::PlanApproved(plan(SAM)),
        Register::RoomOpened { plan: "m".into(), guild: GUILD, space: ROOM, from, until },
        Register::PlanEnded { id: "m".into(), by: Some(SAM) },
    ]);
    assert_eq!(plans.rooms_to_lock(at("2026-10-21T15:10:00Z")).count(), 1);
}
