use std::collections::BTreeSet;

use super::window::{Around, Finding, KEPT, Role, TargetWindow, target_of};
use crate::domain::{Category, Code, Level, MessageId, Observation, Timestamp, UserId};

const TAVI: UserId = UserId(1);
const KEZ: UserId = UserId(2);
const LILS: UserId = UserId(3);
const HANNA: UserId = UserId(4);

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

fn seen(at: i64, code: Code, by: UserId, towards: UserId) -> Observation {
    Observation {
        at: Timestamp::from_seconds(at),
        code,
        by,
        towards: Some(towards),
        space: None,
        message: Some(MessageId(u64::try_from(at).unwrap())),
        quote: None,
    }
}

fn window(observations: &[Observation]) -> TargetWindow {
    let mut window = TargetWindow::default();
    for one in observations {
        assert_eq!(target_of(one), Some(TAVI), "{one:?}");
        window.add(one.clone());
    }
    window
}

fn assess(observations: &[Observation], dealt: usize) -> Finding {
    let now = observations.iter().map(|one| one.at).max().unwrap();
    let around = Around { dealt: &|_, _| dealt, adult: &|id| id == UserId(99) };
    window(observations).assess(now, &around).unwrap()
}

fn tests_of(finding: &Finding) -> Vec<Code> {
    let tests = [Code::Repetition, Code::Imbalance, Code::Intent];
    finding.reasons.iter().map(|one| one.code).filter(|code| tests.contains(code)).collect()
}

#[test]
fn one_unkind_line_is_noted_and_two_are_for_the_room() {
    let first = seen(10, Code::Ridicule, KEZ, TAVI);
    assert_eq!(assess(std::slice::from_ref(&first), 0).level, Level::Noted);
    assert_eq!(assess(&[first, seen(20, Code::Ridicule, KEZ, TAVI)], 0).level, Level::Room);
}

#[test]
fn the_three_tests_are_told_apart() {
    let one_day = [seen(10, Code::Mockery, KEZ, TAVI), seen(20, Code::Mockery, KEZ, TAVI)];
    assert_eq!(tests_of(&assess(&one_day, 0)), []);
    let two_days = [seen(10, Code::Mockery, KEZ, TAVI), seen(10 + DAY, Code::Mockery, KEZ, TAVI)];
    assert_eq!(tests_of(&assess(&two_days, 0)), [Code::Repetition]);
    let two_people = [seen(10, Code::Mockery, KEZ, TAVI), seen(20, Code::Mockery, LILS, TAVI)];
    assert_eq!(tests_of(&assess(&two_people, 0)), [Code::Imbalance]);
    let planned = [seen(10, Code::Exclusion, KEZ, TAVI)];
    assert_eq!(tests_of(&assess(&planned, 0)), [Code::Intent]);
    let by_an_adult = [seen(10, Code::Mockery, UserId(99), TAVI)];
    assert_eq!(tests_of(&assess(&by_an_adult, 0)), [Code::Imbalance]);
}

#[test]
fn several_on_one_who_is_hurt_is_a_concern_with_all_of_them_as_subjects() {
    let pile_on = [
        seen(10, Code::Ridicule, KEZ, TAVI),
        seen(20, Code::JoinsIn, LILS, TAVI),
        Observation { by: TAVI, ..seen(30, Code::Hurt, TAVI, KEZ) },
        seen(40, Code::KeepsOn, KEZ, TAVI),
    ];
    let finding = assess(&pile_on, 0);
    assert_eq!((finding.level, finding.category), (Level::Concern, Category::Bullying));
    assert_eq!(finding.by, BTreeSet::from([KEZ, LILS]));
    assert_eq!(tests_of(&finding), [Code::Imbalance, Code::Intent]);
}

#[test]
fn blow_for_blow_is_banter_until_somebody_is_hurt() {
    let blows: Vec<Observation> = (1..=6).map(|at| seen(at * 10, Code::Ridicule, KEZ, TAVI)).collect();
    assert_eq!(assess(&blows, 0).level, Level::Room);
    assert_eq!(assess(&blows, 5).level, Level::Noted, "as much given as taken");
    let mut hurt = blows;
    hurt.push(seen(70, Code::StopAsked, TAVI, KEZ));
    assert!(assess(&hurt, 5).level >= Level::Room, "until it hurts");
}

#[test]
fn laughing_along_quietens_and_does_not_outweigh_hurt() {
    let mut group = vec![
        seen(10, Code::Ridicule, KEZ, TAVI),
        seen(20, Code::Ridicule, LILS, TAVI),
        seen(30, Code::LaughsAlong, TAVI, KEZ),
    ];
    assert_eq!(assess(&group, 0).level, Level::Noted);
    group.push(seen(40, Code::Withdraws, TAVI, KEZ));
    assert!(assess(&group, 0).level >= Level::Room);
}

#[test]
fn weeks_of_it_page_and_a_defender_lowers_the_urgency_without_hiding_it() {
    let weeks: Vec<Observation> = (0..4)
        .flat_map(|week| {
            let at = 10 + week * 7 * DAY;
            [seen(at, Code::Ridicule, KEZ, TAVI), seen(at + 5, Code::JoinsIn, LILS, TAVI)]
        })
        .chain([seen(20, Code::StopAsked, TAVI, KEZ)])
        .collect();
    assert_eq!(assess(&weeks, 0).level, Level::Serious);
    let one_evening: Vec<Observation> = (1..=4)
        .map(|at| seen(at * 10, Code::HumiliatingRecord, KEZ, TAVI))
        .chain([
            seen(50, Code::Hurt, TAVI, KEZ),
            seen(60, Code::JoinsIn, LILS, TAVI),
            seen(70, Code::KeepsOn, KEZ, TAVI),
        ])
        .collect();
    assert_eq!(assess(&one_evening, 0).level, Level::Serious);
    let defended: Vec<Observation> =
        one_evening.iter().cloned().chain([seen(65, Code::Defended, HANNA, TAVI)]).collect();
    assert_eq!(assess(&defended, 0).level, Level::Concern);
    assert_eq!(window(&defended).roles()[&HANNA], Role::Defender);
    assert_eq!(window(&defended).roles()[&KEZ], Role::Aggressor);
    assert_eq!(window(&defended).roles()[&LILS], Role::Assistant);
}

#[test]
fn pictures_held_over_somebody_page_with_a_second_sign() {
    let once = [seen(10, Code::ImageThreat, KEZ, TAVI)];
    assert_eq!((assess(&once, 0).level, assess(&once, 0).category), (Level::Concern, Category::Threat));
    let twice = [once[0].clone(), seen(20, Code::ImageThreat, KEZ, TAVI)];
    assert_eq!(assess(&twice, 0).level, Level::Serious);
}

#[test]
fn a_window_is_a_bounded_set_of_the_last_four_weeks() {
    let mut forwards = TargetWindow::default();
    let all: Vec<Observation> = (1..=500).map(|at| seen(at, Code::Mockery, KEZ, TAVI)).collect();
    for one in &all {
        forwards.add(one.clone());
    }
    assert_eq!(forwards.len(), KEPT);
    forwards.add(seen(29 * DAY + 600, Code::Mockery, KEZ, TAVI));
    assert_eq!(forwards.len(), 1, "what is older than the window is gone");
    let some = &all[..20];
    let mut backwards = TargetWindow::default();
    for one in some.iter().rev().chain(some) {
        backwards.add(one.clone());
    }
    assert_eq!(backwards, window(some), "in any order, and twice");
}
