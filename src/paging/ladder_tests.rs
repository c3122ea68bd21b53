//! One story a promise of the ladder, with the time in minutes.

use std::fmt::Write as _;

use super::*;
use crate::paging::people::{DISCORD_DM, EMAIL, Slot};
use std::time::Duration;

const CASE: CaseRef = CaseRef(7);
const SAM: u64 = 1;
const DEE: u64 = 2;
const CAT: u64 = 4;

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_000_000 + minute * 60)
}

fn charity() -> People {
    let person = |name: &str, slot, account: Option<u64>, channels: &[&str]| OnCall {
        name: name.into(),
        slot,
        account: account.map(UserId),
        channels: channels.iter().map(|&channel| channel.into()).collect(),
    };
    People::new(vec![
        person("sam", Slot::Dsl, Some(SAM), &[DISCORD_DM, EMAIL]),
        person("dee", Slot::DeputyDsl, Some(DEE), &[DISCORD_DM]),
        person("cat", Slot::Chair, Some(CAT), &[EMAIL]),
        person("out", Slot::External, None, &[EMAIL]),
    ])
}

struct Story {
    calls: Calls,
    log: Vec<(Timestamp, Fact)>,
    keys: Vec<String>,
}

impl Story {
    fn new() -> Self {
        Story {
            calls: Calls::new("org", LadderPolicy::default(), charity()),
            log: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn opened(level: Level, subjects: &[u64]) -> Self {
        let mut story = Story::new();
        story.open(CASE, 0, level, subjects);
        story
    }

    fn open(&mut self, case: CaseRef, at: i64, level: Level, subjects: &[u64]) {
        let subjects = subjects.iter().copied().map(UserId).collect();
        self.fact(at, Fact::CaseOpened { case, category: Category::Grooming, level, subjects });
    }

    fn rose(&mut self, at: i64, level: Level, subjects: &[u64]) {
        let subjects = subjects.iter().copied().map(UserId).collect();
        self.fact(at, Fact::CaseRose { case: CASE, category: Category::Grooming, level, subjects });
    }

    fn fact(&mut self, at: i64, fact: Fact) {
        self.calls.apply(minute(at), &fact);
        self.log.push((minute(at), fact));
    }

    /// What is called at a minute: `round/step person:channel …`; folds it, and holds the two promises that every
    /// moment has to keep: folding leaves nothing over, and a restart knows the same.
    fn at(&mut self, at: i64) -> String {
        let mut said = String::new();
        for rung in self.calls.advance(minute(at)) {
            let Fact::Called { case, round, step, .. } = &rung.fact else { panic!("{:?}", rung.fact) };
            if !said.is_empty() {
                said.push_str(", ");
            }
            if *case != CASE {
                write!(said, "{case} ").unwrap();
            }
            write!(said, "{round}/{step}").unwrap();
            for job in rung.jobs {
                let Effect::Page { person, channel, .. } = &job.effect else { panic!() };
                write!(said, " {person}:{channel}").unwrap();
                assert!(!self.keys.contains(&job.key), "{} twice", job.key);
                self.keys.push(job.key);
            }
            self.fact(at, rung.fact);
        }
        assert_eq!(self.calls.advance(minute(at)), [], "something is left over at minute {at}");
        let mut restarted = Calls::new("org", LadderPolicy::default(), charity());
        for (at, fact) in &self.log {
            restarted.apply(*at, fact);
        }
        assert_eq!(restarted.due(), self.calls.due());
        said
    }

    /// The minutes from `from` to `until` at which somebody is called.
    fn over(&mut self, from: i64, until: i64) -> Vec<String> {
        (from..=until)
            .filter_map(|minute| {
                Some(self.at(minute)).filter(|s| !s.is_empty()).map(|s| format!("{minute}: {s}"))
            })
            .collect()
    }

    fn fails(&mut self, at: i64, person: &str, channel: &str) {
        let part = format!("/{person}/{channel}");
        let job = self.keys.iter().rev().find(|key| key.ends_with(&part)).expect("was paged").clone();
        let level: u8 = job.split('/').nth(3).unwrap().parse().unwrap();
        let effect = Effect::Page {
            case: CASE,
            level: Level::try_from(level).unwrap(),
            category: Category::Grooming,
            slot: "any".into(),
            round: 0,
            channel: channel.into(),
            person: person.into(),
            drill: false,
            evidence_kept: true,
        };
        self.fact(at, Fact::Outcome { job, effect, ended: Ended::Failed { why: "SMTP 550".into() } });
    }

    fn acknowledged(&mut self, at: i64, by: u64) -> String {
        match self.calls.acknowledge(CASE, UserId(by), DISCORD_DM) {
            Ok(fact) => {
                self.fact(at, fact);
                "acknowledged".into()
            }
            Err(Fact::AcknowledgementRefused { why, .. }) => why,
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[test]
fn nobody_answers_the_deputy_then_the_external_contact_then_round_after_round_by_every_channel() {
    let mut story = Story::opened(Level::Serious, &[]);
    assert_eq!(
        story.over(0, 31),
        [
            "0: 0/0 sam:discord-dm",
            "5: 0/1 dee:discord-dm",
            "10: 0/2 out:email",
            "15: 1/0 sam:discord-dm sam:email",
            "20: 1/1 dee:discord-dm",
            "25: 1/2 out:email",
            "30: 2/0 sam:discord-dm sam:email",
        ]
    );
    assert_eq!(story.keys[0], "page/org/C-0007/4/0/0/sam/discord-dm");
}

#[test]
fn immediate_danger_calls_both_at_once_by_every_channel_and_again_every_five_minutes() {
    let mut story = Story::opened(Level::Immediate, &[]);
    assert_eq!(
        story.over(0, 6),
        [
            "0: 0/0 sam:discord-dm sam:email dee:discord-dm",
            "5: 1/0 out:email sam:discord-dm sam:email dee:discord-dm",
        ]
    );
}

#[test]
fn level_3_pages_nobody() {
    let mut story = Story::opened(Level::Concern, &[]);
    assert_eq!(story.calls.due(), None);
    assert!(story.over(0, 60).is_empty());
}

#[test]
fn an_acknowledgement_stops_the_ladder_and_a_second_one_changes_nothing() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.over(0, 5);
    assert_eq!(story.acknowledged(6, DEE), "acknowledged");
    assert_eq!(story.calls.due(), None);
    assert!(story.over(6, 60).is_empty());
    assert_eq!(story.acknowledged(61, SAM), ALREADY_ACKNOWLEDGED);
    assert_eq!(story.calls.still_wanted(CASE, Level::Serious, "sam"), Err(ALREADY_ACKNOWLEDGED));
}

#[test]
fn a_subject_is_never_called_and_may_not_acknowledge() {
    let mut story = Story::opened(Level::Serious, &[SAM]);
    assert_eq!(story.at(0), "0/0, 0/1 dee:discord-dm");
    assert_eq!(story.acknowledged(1, SAM), MAY_NOT_KNOW);
    assert_eq!(story.acknowledged(1, 99), MAY_NOT_KNOW, "an account that nobody knows");
    assert!(!story.calls.may_receive(CASE, "sam"));
    assert_eq!(story.calls.still_wanted(CASE, Level::Serious, "sam"), Err(MAY_NOT_KNOW));
    assert_eq!(story.over(1, 15), ["5: 0/2 cat:email", "10: 0/3 out:email", "15: 1/0, 1/1 dee:discord-dm"]);
}

#[test]
fn whoever_may_not_know_cannot_tell_whether_a_case_exists() {
    let story = Story::opened(Level::Serious, &[SAM]);
    let why = |case, by| match story.calls.acknowledge(case, UserId(by), EMAIL) {
        Err(Fact::AcknowledgementRefused { why, .. }) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(CASE, 99), why(CaseRef(8), 99));
    assert_eq!(why(CaseRef(8), DEE), NO_SUCH_CASE);
}

#[test]
fn when_every_lead_is_a_subject_the_external_contact_is_called_at_once() {
    let mut story = Story::opened(Level::Serious, &[SAM, DEE, CAT]);
    assert_eq!(story.at(0), "0/0, 0/1, 0/2 out:email");
    assert!(story.calls.nobody_left().is_empty());
}

#[test]
fn when_nobody_at_all_is_left_it_is_said() {
    let mut calls = Calls::new("org", LadderPolicy::default(), {
        People::new(charity().iter().filter(|person| person.slot != Slot::External).cloned().collect())
    });
    let subjects = [SAM, DEE, CAT].map(UserId).into();
    let (category, level) = (Category::Grooming, Level::Serious);
    calls.apply(minute(0), &Fact::CaseOpened { case: CASE, category, level, subjects });
    assert_eq!(calls.nobody_left(), [CASE]);
    assert!(calls.advance(minute(0)).iter().all(|rung| rung.jobs.is_empty()));
}

#[test]
fn a_channel_that_fails_for_good_is_followed_by_the_next_at_once() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    story.fails(1, "sam", DISCORD_DM);
    assert_eq!(story.at(1), "0/0 sam:email");
    assert_eq!(story.over(2, 5), ["5: 0/1 dee:discord-dm"], "the wait counts from the first call");
}

#[test]
fn when_every_channel_of_a_rung_failed_the_next_rung_is_called_at_once() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    story.fails(1, "sam", DISCORD_DM);
    story.at(1);
    story.fails(2, "sam", EMAIL);
    assert_eq!(story.at(2), "0/1 dee:discord-dm");
    story.fails(3, "dee", DISCORD_DM);
    assert_eq!(story.at(3), "0/2 out:email");
    story.fails(3, "out", EMAIL);
    assert_eq!(story.over(4, 15), ["15: 1/0 sam:discord-dm sam:email"], "rounds never turn faster");
}

#[test]
fn a_failure_that_is_heard_late_still_brings_the_next_channel() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.over(0, 5);
    story.fails(7, "sam", DISCORD_DM);
    assert_eq!(story.at(7), "0/0 sam:email");
    assert_eq!(story.over(8, 10), ["10: 0/2 out:email"]);
}

#[test]
fn a_failure_of_an_earlier_level_is_not_one_of_this() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    story.rose(1, Level::Immediate, &[]);
    story.at(1);
    let before = story.keys[0].clone();
    story.keys = vec![before];
    story.fails(2, "sam", DISCORD_DM);
    assert_eq!(story.at(2), "");
}

#[test]
fn a_short_time_down_mid_ladder_continues_where_the_ladder_is_now() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    assert_eq!(story.at(7), "0/1 dee:discord-dm");
    assert_eq!(story.over(8, 12), ["12: 0/2 out:email"]);
}

#[test]
fn forty_minutes_down_call_everybody_who_was_due_once() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    assert_eq!(story.at(40), "2/2 dee:discord-dm out:email sam:discord-dm sam:email");
    assert_eq!(story.over(41, 60), ["55: 3/0 sam:discord-dm sam:email", "60: 3/1 dee:discord-dm"]);
}

#[test]
fn a_year_down_is_one_call_each_too() {
    let mut story = Story::opened(Level::Serious, &[]);
    let said = story.at(365 * 24 * 60);
    assert_eq!(said.matches("sam:discord-dm").count(), 1, "{said}");
    assert_eq!(said.matches("dee:discord-dm").count(), 1, "{said}");
}

#[test]
fn a_level_that_rises_starts_anew_even_when_acknowledged() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    story.acknowledged(1, SAM);
    story.rose(2, Level::Immediate, &[]);
    assert_eq!(story.at(2), "0/0 sam:discord-dm sam:email dee:discord-dm");
    assert_eq!(story.acknowledged(3, SAM), "acknowledged");
}

#[test]
fn a_case_that_rises_to_level_4_is_called_then() {
    let mut story = Story::opened(Level::Concern, &[]);
    story.rose(9, Level::Serious, &[]);
    assert_eq!(story.at(9), "0/0 sam:discord-dm");
}

#[test]
fn whoever_acknowledged_and_becomes_a_subject_has_acknowledged_nothing() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    story.acknowledged(1, SAM);
    story.rose(2, Level::Serious, &[SAM]);
    assert_eq!(story.at(2), "1/0, 1/1 dee:discord-dm");
}

#[test]
fn whoever_becomes_a_subject_while_being_called_is_waited_for_no_longer() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    story.rose(2, Level::Serious, &[SAM]);
    assert_eq!(story.at(2), "0/1 dee:discord-dm");
}

#[test]
fn many_cases_are_called_in_order_and_only_when_due() {
    let mut story = Story::new();
    for number in 1..=200 {
        story.open(CaseRef(number), i64::from(number % 3), Level::Serious, &[]);
    }
    assert_eq!(story.calls.advance(minute(0)).len(), 66);
    let all = story.calls.advance(minute(2));
    assert_eq!(all.len(), 200);
    assert!(all.is_sorted_by_key(|rung| match rung.fact {
        Fact::Called { case, .. } => case,
        _ => CaseRef(0),
    }));
}

#[test]
fn waits_are_those_of_the_policy() {
    let mut policy = LadderPolicy::default();
    policy.steps[0].wait = Duration::from_secs(90);
    let mut calls = Calls::new("org", policy, charity());
    let (category, level) = (Category::Welfare, Level::Serious);
    calls.apply(minute(0), &Fact::CaseOpened { case: CASE, category, level, subjects: BTreeSet::new() });
    let rung = calls.advance(minute(0)).remove(0);
    calls.apply(minute(0), &rung.fact);
    assert_eq!(calls.due(), Some(minute(0).plus(Duration::from_secs(90))));
}

#[test]
fn what_happens_again_after_it_was_acknowledged_calls_anew_with_keys_of_its_own() {
    let mut story = Story::opened(Level::Serious, &[]);
    assert_eq!(story.at(0), "0/0 sam:discord-dm");
    story.rose(1, Level::Serious, &[]);
    assert_eq!(story.at(1), "", "it is being called already");
    story.acknowledged(2, SAM);
    story.rose(60, Level::Serious, &[]);
    assert_eq!(story.at(60), "1/0 sam:discord-dm sam:email", "a round of its own, so no key comes twice");
    assert_eq!(story.acknowledged(61, SAM), "acknowledged");
    assert_eq!(story.at(90), "");
}
