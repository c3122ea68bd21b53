use super::*;
use crate::domain::register::Series;
use crate::domain::zone::Zone;

const ART: ChannelId = ChannelId(100);
const CHESS: ChannelId = ChannelId(101);
const SAM: UserId = UserId(21);

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// Tuesdays at six for four weeks from 20 October 2026: the clocks go back after the first.
fn club() -> Session {
    Session {
        id: "club".into(),
        spaces: BTreeSet::from([ART]),
        from: at("2026-10-20T17:00:00Z"),
        until: at("2026-10-20T19:00:00Z"),
        early_open_minutes: 15,
        repeats: Some(Box::new(Series {
            zone: Zone::default(),
            starts: "2026-10-20T18:00".parse().unwrap(),
            ends: "2026-10-20T20:00".parse().unwrap(),
            rule: "FREQ=WEEKLY;COUNT=4".into(),
            except: BTreeSet::new(),
        })),
        ..Session::default()
    }
}

fn second() -> Timestamp {
    at("2026-10-27T18:00:00Z")
}

fn calendar(changes: &[Register]) -> Calendar {
    let mut calendar = Calendar::default();
    calendar.apply(&Register::SessionBooked(club()));
    for change in changes {
        calendar.apply(change);
    }
    calendar
}

fn open(calendar: &Calendar, now: &str) -> bool {
    calendar.open_in(&[ART], at(now)).next().is_some()
}

#[test]
fn every_occurrence_is_open_by_the_clock_on_the_wall() {
    let calendar = calendar(&[]);
    let cases = [
        ("2026-10-20T16:59:59Z", false),
        ("2026-10-20T17:00:00Z", true),
        ("2026-10-20T18:59:59Z", true),
        ("2026-10-20T19:00:00Z", false),
        ("2026-10-27T17:59:59Z", false),
        ("2026-10-27T18:00:00Z", true),
        ("2026-11-17T18:30:00Z", false),
    ];
    for (now, expected) in cases {
        assert_eq!(open(&calendar, now), expected, "{now}");
    }
    assert!(calendar.open_in(&[CHESS], second()).next().is_none(), "another space is another matter");
    assert!(
        calendar.open_in(&[CHESS, ART], second()).next().is_some(),
        "a thread of the channel belongs to it"
    );
}

#[test]
fn one_occurrence_is_cancelled_moved_closed_or_extended_and_the_others_stand() {
    let (id, occurrence, by) = ("club".to_owned(), second(), SAM);
    let cancelled = Register::SessionCancelled { id: id.clone(), occurrence: Some(occurrence), by: Some(by) };
    let one = calendar(&[cancelled]);
    assert!(!open(&one, "2026-10-27T18:30:00Z") && open(&one, "2026-11-03T18:30:00Z"));

    let (from, until) = (at("2026-10-28T15:00:00Z"), at("2026-10-28T16:00:00Z"));
    let moved = calendar(&[Register::SessionMoved { id: id.clone(), occurrence, from, until, by }]);
    assert!(!open(&moved, "2026-10-27T18:30:00Z") && open(&moved, "2026-10-28T15:30:00Z"));

    let closed = Register::SessionClosed { id: id.clone(), occurrence, at: at("2026-10-27T18:20:00Z"), by };
    let closed = calendar(&[closed]);
    assert!(open(&closed, "2026-10-27T18:19:00Z") && !open(&closed, "2026-10-27T18:20:00Z"));
    assert!(open(&closed, "2026-11-03T19:30:00Z"));

    let until = at("2026-10-27T20:30:00Z");
    let extended = calendar(&[Register::SessionExtended { id: id.clone(), occurrence, until, by }]);
    assert!(open(&extended, "2026-10-27T20:29:00Z") && !open(&extended, "2026-10-27T20:30:00Z"));
    assert!(!open(&extended, "2026-11-03T20:10:00Z"));

    let all = calendar(&[Register::SessionCancelled { id, occurrence: None, by: Some(by) }]);
    assert!(!open(&all, "2026-10-27T18:30:00Z") && !open(&all, "2026-11-03T18:30:00Z"));
    assert_eq!(all.next_change(at("2026-01-01T00:00:00Z")), None);
}

#[test]
fn nothing_opens_earlier_or_ends_later_than_its_bounds_whatever_the_register_says() {
    let (id, occurrence, by) = ("club".to_owned(), second(), SAM);
    let from = at("2026-10-27T12:00:00Z");
    let early = calendar(&[Register::SessionOpened { id: id.clone(), occurrence, from, by }]);
    assert!(!open(&early, "2026-10-27T17:44:00Z") && open(&early, "2026-10-27T17:45:00Z"));
    let until = at("2026-10-28T12:00:00Z");
    let late = calendar(&[Register::SessionExtended { id, occurrence, until, by }]);
    assert!(open(&late, "2026-10-27T20:59:00Z") && !open(&late, "2026-10-27T21:00:00Z"));
}

#[test]
fn contact_after_the_end_is_an_overrun_for_a_while() {
    let calendar = calendar(&[]);
    let overrun = |now: &str| calendar.overrun_in(&[ART], at(now)).map(|over| over.window.until);
    assert_eq!(overrun("2026-10-27T19:00:00Z"), None, "it is still open");
    assert_eq!(overrun("2026-10-27T20:00:00Z"), Some(at("2026-10-27T20:00:00Z")));
    assert_eq!(overrun("2026-10-27T21:59:00Z"), Some(at("2026-10-27T20:00:00Z")));
    assert_eq!(overrun("2026-10-27T22:00:00Z"), None);
}

#[test]
fn cover_is_relaxed_on_record_for_one_occurrence_or_all() {
    let relax = |occurrence| Register::CoverRelaxed {
        id: "club".into(),
        occurrence,
        by: SAM,
        reference: "ra-12".into(),
    };
    let relaxed = |calendar: &Calendar, now: &str| {
        calendar.open_in(&[ART], at(now)).next().and_then(|open| open.cover_relaxed_by)
    };
    let one = calendar(&[relax(Some(second()))]);
    assert_eq!(relaxed(&one, "2026-10-27T18:30:00Z"), Some(SAM));
    assert_eq!(relaxed(&one, "2026-11-03T18:30:00Z"), None);
    let all = calendar(&[relax(None)]);
    assert_eq!(relaxed(&all, "2026-11-03T18:30:00Z"), Some(SAM));
    let restored = Register::CoverRestored { id: "club".into(), occurrence: None, by: SAM };
    assert_eq!(
        relaxed(&calendar(&[relax(Some(second())), relax(None), restored]), "2026-10-27T18:30:00Z"),
        None
    );
}

#[test]
fn booking_again_under_the_same_name_replaces_what_was_booked() {
    let mut again = club();
    again.spaces = BTreeSet::from([CHESS]);
    again.repeats = None;
    let calendar = calendar(&[Register::SessionBooked(again)]);
    assert!(!open(&calendar, "2026-10-20T17:30:00Z"));
    assert!(calendar.open_in(&[CHESS], at("2026-10-20T17:30:00Z")).next().is_some());
    assert_eq!(calendar.next_change(at("2026-10-20T17:30:00Z")), Some(at("2026-10-20T19:00:00Z")));
    assert_eq!(calendar.next_change(at("2026-10-20T19:00:00Z")), None);
}
