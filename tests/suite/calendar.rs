//! The calendar against somebody who walks through two years minute by minute with a clock on the wall.
//!
//! The walker knows London's clock from the Summer Time Order (forward on the last Sunday of March, back on the last
//! Sunday of October, both at 01:00 UTC), counts weeks on their fingers, and shares nothing with the program but the
//! bookings.

use std::collections::{BTreeMap, BTreeSet};

use chaperone::contact::Agreed;
use chaperone::domain::register::{Register, Series, Session};
use chaperone::domain::zone::Zone;
use chaperone::domain::{ChannelId, Timestamp, UserId};
use proptest::prelude::*;

const MINUTES_OF_A_DAY: i64 = 24 * 60;
/// 1 January 2026, a Thursday, and two years of days.
const FIRST_DAY: i64 = 20_454;
const DAYS: i64 = 730;
/// The days (since 1970) on which London's clocks change in 2026 and 2027: forward, back.
const SUMMERS: [(i64, i64); 2] = [(20_541, 20_751), (20_905, 21_122)];
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// Minutes since 1970 on the wall in London, at so many minutes since 1970 of UTC.
fn wall(utc: i64) -> i64 {
    let summer = SUMMERS
        .iter()
        .any(|(forward, back)| utc >= forward * MINUTES_OF_A_DAY + 60 && utc < back * MINUTES_OF_A_DAY + 60);
    if summer { utc + 60 } else { utc }
}

fn weekday(day: i64) -> i64 {
    (day + 3).rem_euclid(7)
}

fn written(wall: i64) -> String {
    let at = Timestamp::from_seconds(wall * 60).to_string();
    at.trim_end_matches('Z').to_owned()
}

#[derive(Clone, Debug)]
struct Booking {
    first_day: i64,
    start: i64,
    length: i64,
    more_days: BTreeSet<i64>,
    every: i64,
    count: usize,
    by_last_day: bool,
    except: usize,
    touched: Vec<(usize, u8, i64)>,
}

fn bookings() -> impl Strategy<Value = Vec<Booking>> {
    // Half of the starts lie around the hour that is skipped or repeated, and half of the first days around a change.
    let start = prop_oneof![0..180_i64, 0..MINUTES_OF_A_DAY];
    let near = prop_oneof![Just(SUMMERS[0].0), Just(SUMMERS[0].1), Just(SUMMERS[1].0), Just(SUMMERS[1].1)];
    let first_day = prop_oneof![near.prop_flat_map(|day| day - 15..day + 1), FIRST_DAY..FIRST_DAY + DAYS];
    let length = prop_oneof![5..90_i64, 5..720_i64];
    let touched = proptest::collection::vec((0..60_usize, 0..5_u8, -30..90_i64), 0..4);
    let booking = (
        (first_day, start, length, proptest::collection::btree_set(0..7_i64, 0..3)),
        (1..4_i64, 1..40_usize, any::<bool>(), 0..6_usize, touched),
    );
    let booking = booking.prop_map(
        |((first_day, start, length, more_days), (every, count, by_last_day, except, touched))| Booking {
            first_day,
            start,
            length,
            more_days,
            every,
            // Within 400 days of the first.
            count: count.min(usize::try_from(50 / every).unwrap()),
            by_last_day,
            except,
            touched,
        },
    );
    proptest::collection::vec(booking, 1..6)
}

impl Booking {
    /// The days on which it begins, exceptions included.
    fn days(&self) -> Vec<i64> {
        let monday = |day: i64| day - weekday(day);
        let first = self.first_day;
        let mut days = Vec::new();
        for day in first..first + 400 {
            let week = (monday(day) - monday(first)) / 7;
            let named = weekday(day) == weekday(first) || self.more_days.contains(&weekday(day));
            if week % self.every == 0 && named && days.len() < self.count {
                days.push(day);
            }
        }
        days
    }

    fn excepted(&self) -> Option<i64> {
        self.days().get(self.except).copied().filter(|day| *day != self.first_day)
    }

    fn session(&self, id: String) -> Session {
        let names: Vec<&str> = (0..7)
            .filter(|day| *day == weekday(self.first_day) || self.more_days.contains(day))
            .map(|day| WEEKDAYS[usize::try_from(day).unwrap()])
            .collect();
        let days = self.days();
        let end = if self.by_last_day {
            let last = written(days[days.len() - 1] * MINUTES_OF_A_DAY);
            format!("UNTIL={}", last[..10].replace('-', ""))
        } else {
            format!("COUNT={}", self.count)
        };
        let starts = self.first_day * MINUTES_OF_A_DAY + self.start;
        let local = |wall: i64| written(wall).parse().unwrap();
        let series = Series {
            zone: Zone::default(),
            starts: local(starts),
            ends: local(starts + self.length),
            rule: format!("FREQ=WEEKLY;INTERVAL={};BYDAY={};{end}", self.every, names.join(",")),
            except: self
                .excepted()
                .map(|day| local(day * MINUTES_OF_A_DAY + self.start))
                .into_iter()
                .collect(),
        };
        Session {
            id,
            spaces: BTreeSet::from([ChannelId(1)]),
            leaders: BTreeSet::from([UserId(2), UserId(3)]),
            early_open_minutes: 15,
            repeats: Some(Box::new(series)),
            ..Session::default()
        }
    }
}

/// One time of a booking as the walker goes through it.
struct Time {
    starts: i64,
    ends: i64,
    began: Option<i64>,
    ended: Option<i64>,
}

/// What the walker saw: from and until in minutes of UTC; every time that began at all.
fn walked(times: &mut [Time]) -> Vec<(i64, i64)> {
    for utc in (FIRST_DAY - 1) * MINUTES_OF_A_DAY..(FIRST_DAY + DAYS + 420) * MINUTES_OF_A_DAY {
        let shown = wall(utc);
        for time in times.iter_mut().filter(|time| time.ended.is_none()) {
            if time.began.is_none() && shown >= time.starts {
                time.began = Some(utc);
            }
            if time.began.is_some() && shown >= time.ends {
                time.ended = Some(utc);
            }
        }
        if times.iter().all(|time| time.ended.is_some()) {
            break;
        }
    }
    times.iter().map(|time| (time.began.unwrap(), time.ended.unwrap())).collect()
}

fn moment(utc: i64) -> Timestamp {
    Timestamp::from_seconds(utc * 60)
}

#[test]
fn the_walker_s_clock_changes_on_the_right_days() {
    // 29 March 2026, 25 October 2026, 28 March 2027, 31 October 2027: Sundays all.
    for (day, date) in [
        (SUMMERS[0].0, "2026-03-29"),
        (SUMMERS[0].1, "2026-10-25"),
        (SUMMERS[1].0, "2027-03-28"),
        (SUMMERS[1].1, "2027-10-31"),
    ] {
        assert_eq!((&written(day * MINUTES_OF_A_DAY)[..10], weekday(day)), (date, 6));
    }
    assert_eq!(written(FIRST_DAY * MINUTES_OF_A_DAY), "2026-01-01T00:00:00");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4, failure_persistence: None, ..ProptestConfig::default() })]

    /// For every minute of two years: a session is open in the calendar exactly when the walker sees one open; and
    /// the calendar has said before when that would change.
    #[test]
    fn two_years_minute_by_minute(bookings in bookings()) {
        let mut agreed = Agreed::default();
        let mut edges: BTreeMap<i64, i32> = BTreeMap::new();
        for (n, booking) in bookings.iter().enumerate() {
            let id = format!("s{n}");
            agreed.apply(&Register::SessionBooked(booking.session(id.clone())));
            let days: Vec<i64> = booking.days().into_iter().filter(|day| Some(*day) != booking.excepted()).collect();
            let mut times: Vec<Time> = days
                .iter()
                .map(|day| {
                    let starts = day * MINUTES_OF_A_DAY + booking.start;
                    Time { starts, ends: starts + booking.length, began: None, ended: None }
                })
                .collect();
            let mut seen = walked(&mut times);
            for (which, what, minutes) in &booking.touched {
                let at = which % seen.len();
                let (from, until) = seen[at];
                if from == until || booking.touched.iter().filter(|(other, ..)| other % seen.len() == at).count() > 1 {
                    // It took place in an hour that does not exist, or is touched twice.
                    continue;
                }
                let (id, occurrence, by) = (id.clone(), moment(from), UserId(2));
                let change = match what {
                    0 => {
                        seen[at] = (from, from);
                        Register::SessionCancelled { id, occurrence: Some(occurrence), by: Some(by) }
                    }
                    1 => {
                        let closed = from + minutes.abs();
                        seen[at] = (from, until.min(closed));
                        Register::SessionClosed { id, occurrence, at: moment(closed), by }
                    }
                    2 => {
                        // At most an hour longer, and never shorter.
                        seen[at] = (from, (until + minutes).clamp(until, until + 60));
                        Register::SessionExtended { id, occurrence, until: moment(until + minutes), by }
                    }
                    3 => {
                        // At most a quarter of an hour early, and never late.
                        seen[at] = ((from - minutes).clamp(from - 15, from), until);
                        Register::SessionOpened { id, occurrence, from: moment(from - minutes), by }
                    }
                    _ => {
                        let (from, until) = (from + 1_000, until + 1_000);
                        seen[at] = (from, until);
                        Register::SessionMoved { id, occurrence, from: moment(from), until: moment(until), by }
                    }
                };
                agreed.apply(&change);
            }
            for (from, until) in seen.into_iter().filter(|(from, until)| from < until) {
                *edges.entry(from).or_default() += 1;
                *edges.entry(until).or_default() -= 1;
            }
        }
        let mut open = 0;
        let mut minutes = 0_u32;
        for utc in (FIRST_DAY - 1) * MINUTES_OF_A_DAY..(FIRST_DAY + DAYS) * MINUTES_OF_A_DAY {
            if let Some(change) = edges.get(&utc) {
                prop_assert_eq!(agreed.next_change(moment(utc - 1)), Some(moment(utc)), "{}", moment(utc));
                open += change;
            }
            minutes += u32::from(open > 0);
            let session = agreed.session_in(&[ChannelId(1)], moment(utc));
            prop_assert_eq!(session.is_some(), open > 0, "{}: {:?}", moment(utc), session);
        }
        // A walk that saw nothing would agree with anything.
        let within = |day: &i64| (FIRST_DAY..FIRST_DAY + DAYS - 2).contains(day);
        let any = bookings.iter().any(|booking| booking.touched.is_empty() && within(&booking.first_day) && booking.length > 60);
        prop_assert!(minutes > 0 || !any);
    }
}
