//! A rota through ordinary weeks, swaps, absences and both nights on which the clocks change.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn local(text: &str) -> NaiveDateTime {
    text.parse().unwrap()
}

fn shift(people: &str, days: Days, from: &str, until: &str) -> Shift {
    let people = people.split('+').map(str::to_owned).collect();
    Shift { slot: Slot::Dsl, people, days, from: time(from), until: time(until) }
}

const EVERY_DAY: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

fn weekly() -> Days {
    Days::Weekly(EVERY_DAY.to_vec())
}

/// Day and night, all year.
fn rota() -> Rota {
    Rota {
        shifts: vec![
            shift("sam", weekly(), "09:00:00", "21:00:00"),
            shift("mel", weekly(), "21:00:00", "09:00:00"),
        ],
        ..Rota::default()
    }
}

fn on(rota: &Rota, moment: &str) -> String {
    rota.standing(Slot::Dsl, at(moment), &[]).join("+")
}

#[test]
fn who_is_on_duty_by_day_and_by_night() {
    let rota = rota();
    for (moment, who) in [
        ("2026-02-03T09:00:00Z", "sam"),
        ("2026-02-03T20:59:59Z", "sam"),
        ("2026-02-03T21:00:00Z", "mel"),
        ("2026-02-04T03:00:00Z", "mel"),
        ("2026-02-04T08:59:59Z", "mel"),
        // Summer time: nine in the morning is eight in UTC.
        ("2026-07-03T08:00:00Z", "sam"),
        ("2026-07-03T07:59:59Z", "mel"),
    ] {
        assert_eq!(on(&rota, moment), who, "{moment}");
    }
    let home = ["dee".to_owned()];
    assert_eq!(
        rota.standing(Slot::DeputyDsl, at("2026-02-03T09:00:00Z"), &home),
        home,
        "a slot without shifts"
    );
}

#[test]
fn shifts_meet_on_both_nights_on_which_the_clocks_change() {
    let rota = Rota {
        shifts: vec![
            shift("sam", weekly(), "13:30:00", "01:30:00"),
            shift("mel", weekly(), "01:30:00", "13:30:00"),
        ],
        ..Rota::default()
    };
    for (moment, who) in [
        // 29 March: 01:00 becomes 02:00; half past one is the moment of the change.
        ("2026-03-29T00:59:59Z", "sam"),
        ("2026-03-29T01:00:00Z", "mel"),
        // 25 October: 02:00 becomes 01:00; the first half past one is meant, and nobody comes back for the second.
        ("2026-10-25T00:29:59Z", "sam"),
        ("2026-10-25T00:30:00Z", "mel"),
        ("2026-10-25T01:10:00Z", "mel"),
        ("2026-10-25T01:45:00Z", "mel"),
    ] {
        assert_eq!(on(&rota, moment), who, "{moment}");
    }
    for year in ["2026-03-27", "2026-10-23"] {
        let from = at(&format!("{year}T00:00:00Z"));
        assert_eq!(rota.gaps(from, from.plus(Duration::from_hours(96))), []);
    }
}

#[test]
fn a_dated_shift_a_cover_a_swap_and_an_absence() {
    let mut rota = rota();
    let christmas = Days::On("2026-12-25".parse().unwrap());
    rota.shifts.push(shift("dee", christmas, "12:00:00", "14:00:00"));
    assert_eq!(on(&rota, "2026-12-25T12:30:00Z"), "sam+dee");
    assert_eq!(on(&rota, "2026-12-26T12:30:00Z"), "sam");

    // A swap: sam and mel take each other's time on the 5th of January.
    let (from, until) = (local("2027-01-05T00:00:00"), local("2027-01-06T00:00:00"));
    for (person, instead) in [("mel", "sam"), ("sam", "mel")] {
        rota.covers.push(Cover {
            slot: Slot::Dsl,
            person: person.into(),
            instead_of: Some(instead.into()),
            from,
            until,
        });
    }
    assert_eq!(on(&rota, "2027-01-05T10:00:00Z"), "mel");
    assert_eq!(on(&rota, "2027-01-05T23:00:00Z"), "sam");
    assert_eq!(on(&rota, "2027-01-06T10:00:00Z"), "sam");

    // An override of the whole slot.
    let (from, until) = (local("2027-02-01T00:00:00"), local("2027-02-02T00:00:00"));
    rota.covers.push(Cover { slot: Slot::Dsl, person: "cat".into(), instead_of: None, from, until });
    assert_eq!(on(&rota, "2027-02-01T10:00:00Z"), "cat");

    let (from, until) = (local("2027-03-01T00:00:00"), local("2027-03-08T00:00:00"));
    rota.absences.push(Absence { person: "sam".into(), cover: Some("dee".into()), from, until });
    rota.absences.push(Absence { person: "mel".into(), cover: None, from, until });
    assert_eq!(on(&rota, "2027-03-02T10:00:00Z"), "dee");
    assert_eq!(on(&rota, "2027-03-02T22:00:00Z"), "", "away, and nobody stands in");
    let gaps = rota.gaps(at("2027-03-02T12:00:00Z"), at("2027-03-03T12:00:00Z"));
    assert_eq!(
        gaps,
        [RotaGap { slot: "dsl".into(), from: at("2027-03-02T21:00:00Z"), until: at("2027-03-03T09:00:00Z") }]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// What the gaps say and what every minute says is the same.
    #[test]
    fn gaps_are_exactly_the_minutes_without_anybody(
        starts in proptest::collection::vec((0..7_usize, 0..1440_u32, 0..1440_u32), 1..5),
        first_day in 0..366_i64,
    ) {
        let of = |minute: u32| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
        let shifts = starts.iter().map(|(day, from, until)| Shift {
            slot: Slot::Dsl,
            people: vec!["sam".into()],
            days: Days::Weekly(vec![EVERY_DAY[*day]]),
            from: of(*from),
            until: of(*until),
        });
        let rota = Rota { shifts: shifts.collect(), ..Rota::default() };
        let from = at("2026-01-01T00:00:00Z").plus(Duration::from_hours(24 * first_day.unsigned_abs()));
        let until = from.plus(Duration::from_hours(72));
        let gaps = rota.gaps(from, until);
        for minute in 0..72 * 60 {
            let moment = from.plus(Duration::from_secs(minute * 60));
            let in_gap = gaps.iter().any(|gap| gap.from <= moment && moment < gap.until);
            prop_assert_eq!(in_gap, rota.standing(Slot::Dsl, moment, &[]).is_empty(), "{}", moment);
        }
    }
}
