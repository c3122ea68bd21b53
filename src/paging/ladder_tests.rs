//! One story a promise of the ladder, with the time in minutes.

use std::fmt::Write as _;

use super::*;
use crate::domain::event::Answer;
use crate::domain::zone::Zone;
use crate::paging::digest::DigestPolicy;
use crate::paging::drill::{DrillPolicy, NO_CASE};
use crate::paging::people::{DISCORD_DM, EMAIL, Slot};
use crate::paging::rota::{Days, Rota, Shift};
use std::time::Duration;

const CASE: CaseRef = CaseRef(7);
const SAM: u64 = 1;
const DEE: u64 = 2;
const CAT: u64 = 4;

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_000_000 + minute * 60)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
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
    policy: LadderPolicy,
    people: People,
    calls: Calls,
    log: Vec<(Timestamp, Fact)>,
    keys: Vec<String>,
    /// When it was said that a round went unanswered, and which.
    exhausted: Vec<(i64, u32)>,
}

impl Story {
    fn new() -> Self {
        Story {
            policy: LadderPolicy::default(),
            people: charity(),
            calls: Calls::new("org", LadderPolicy::default(), charity()),
            log: Vec::new(),
            keys: Vec::new(),
            exhausted: Vec::new(),
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
        self.rose_case_about(CASE, at, level, subjects);
    }

    fn rose_case(&mut self, case: CaseRef, at: i64, level: Level) {
        self.rose_case_about(case, at, level, &[]);
    }

    fn rose_case_about(&mut self, case: CaseRef, at: i64, level: Level, subjects: &[u64]) {
        let subjects = subjects.iter().copied().map(UserId).collect();
        self.fact(at, Fact::CaseRose { case, category: Category::Grooming, level, subjects });
    }

    fn handles(&mut self, at: i64, name: &str, what: &Handling) -> String {
        match self.calls.handle(CASE, name, what, EMAIL, minute(at)) {
            Ok(fact) => {
                self.fact(at, fact);
                "handled".into()
            }
            Err(Fact::HandlingRefused { why, .. }) => why,
            Err(other) => panic!("{other:?}"),
        }
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
            if let Fact::Exhausted { round, .. } = &rung.fact {
                self.exhausted.push((at, *round));
                self.fact(at, rung.fact);
                continue;
            }
            let Fact::Called { case, round, step, .. } = &rung.fact else {
                write!(said, "{:?}", rung.fact).unwrap();
                self.fact(at, rung.fact);
                continue;
            };
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
        let said_more = said.contains("Unacknowledged");
        assert!(
            said_more || self.calls.advance(minute(at)).is_empty(),
            "something is left over at minute {at}"
        );
        let mut restarted = Calls::new("org", self.policy.clone(), self.people.clone());
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
    assert_eq!(story.exhausted, [(10, 0)], "the external contact is the last resort, and it is said once");
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

fn rule(change: impl FnOnce(&mut LadderPolicy)) -> Story {
    let mut policy = LadderPolicy::default();
    change(&mut policy);
    Story { calls: Calls::new("org", policy.clone(), charity()), policy, ..Story::new() }
}

fn five_o_clock(quiet: Option<(&str, &str)>) -> DigestPolicy {
    DigestPolicy {
        zone: Zone::default(),
        at: "17:00:00".parse().unwrap(),
        slots: vec![Slot::Dsl],
        quiet: quiet.map(|(from, until)| (from.parse().unwrap(), until.parse().unwrap())),
    }
}

/// Minutes after 06:13:20 on a Wednesday in February until 17:00.
const UNTIL_FIVE: i64 = 647;

#[test]
fn a_level_3_case_stands_in_one_digest_and_not_in_that_of_its_subject() {
    let mut story = rule(|policy| policy.digest = Some(five_o_clock(None)));
    story.open(CaseRef(1), 0, Level::Concern, &[]);
    story.open(CaseRef(2), 1, Level::Concern, &[SAM]);
    story.open(CaseRef(3), 2, Level::Concern, &[]);
    story.rose_case(CaseRef(3), 3, Level::Serious);
    story.at(3);
    story.calls.acknowledge(CaseRef(3), UserId(SAM), DISCORD_DM).map(|fact| story.fact(4, fact)).unwrap();
    assert_eq!(story.calls.next_due(minute(4)), Some(at("2026-02-25T17:00:00Z")));
    assert_eq!(story.calls.advance(minute(UNTIL_FIVE - 1)), []);
    let rungs = story.calls.advance(minute(UNTIL_FIVE));
    let [Rung { fact: Fact::Digested { cases, people, .. }, jobs }] = &rungs[..] else { panic!("{rungs:?}") };
    assert_eq!(cases, &[CaseRef(1), CaseRef(2)]);
    assert_eq!(people, &["dee", "sam"]);
    let told: Vec<String> = jobs
        .iter()
        .map(|job| match &job.effect {
            Effect::Digest { person, channel, lines, .. } => format!("{person}:{channel} {lines:?}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        ["dee:discord-dm [(Grooming, [CaseRef(2)])]", "sam:discord-dm [(Grooming, [CaseRef(1)])]"],
        "the subject's case goes to whoever is next"
    );
    // Once more when a channel did not take it, and then no more.
    let (job, effect) = (jobs[1].key.clone(), jobs[1].effect.clone());
    story.fact(UNTIL_FIVE, rungs[0].fact.clone());
    story.fact(UNTIL_FIVE, Fact::Outcome { job, effect, ended: Ended::Failed { why: "403".into() } });
    let again = story.calls.advance(minute(UNTIL_FIVE)).remove(0);
    assert!(matches!(&again.jobs[0].effect, Effect::Digest { channel, .. } if channel == EMAIL));
    story.fact(UNTIL_FIVE, again.fact);
    assert_eq!(story.calls.next_due(minute(UNTIL_FIVE)), None, "there is no digest of nothing");
}

#[test]
fn a_digest_that_fell_due_while_nothing_ran_waits_for_the_end_of_quiet_hours_and_pages_do_not() {
    let mut story = rule(|policy| policy.digest = Some(five_o_clock(Some(("22:00:00", "07:00:00")))));
    story.open(CaseRef(1), 0, Level::Concern, &[]);
    let night = at("2026-02-25T23:30:00Z");
    assert_eq!(story.calls.advance(night), []);
    assert_eq!(story.calls.next_due(night), Some(at("2026-02-26T07:00:00Z")));
    assert_eq!(story.calls.advance(at("2026-02-26T07:00:00Z")).len(), 1);
    let fact = Fact::CaseOpened {
        case: CASE,
        category: Category::Welfare,
        level: Level::Serious,
        subjects: BTreeSet::new(),
    };
    story.calls.apply(night, &fact);
    assert_eq!(story.calls.advance(night).len(), 1, "a page knows no quiet hours");
}

#[test]
fn the_digest_goes_out_once_on_both_days_on_which_the_clocks_change() {
    for (opened, due) in [
        // The clocks go forward at 01:00 and back at 02:00.
        ("2026-03-28T18:00:00Z", "2026-03-29T16:00:00Z"),
        ("2026-10-24T18:00:00Z", "2026-10-25T17:00:00Z"),
    ] {
        let mut calls = rule(|policy| policy.digest = Some(five_o_clock(None))).calls;
        let (category, level) = (Category::Boundary, Level::Concern);
        calls.apply(at(opened), &Fact::CaseOpened { case: CASE, category, level, subjects: BTreeSet::new() });
        assert_eq!(calls.next_due(at(opened)), Some(at(due)));
    }
}

#[test]
fn an_acknowledgement_after_which_nothing_is_recorded_counts_no_longer() {
    let mut story = rule(|policy| policy.follow_up = Some(Duration::from_mins(30)));
    story.open(CASE, 0, Level::Serious, &[]);
    story.at(0);
    assert_eq!(story.acknowledged(1, SAM), "acknowledged");
    assert_eq!(story.over(2, 30), [] as [String; 0]);
    assert!(story.at(31).contains("Unacknowledged"));
    assert_eq!(story.at(31), "1/0 sam:discord-dm sam:email", "a round of its own");
    assert_eq!(story.acknowledged(32, DEE), "acknowledged");
    assert_eq!(story.handles(33, "dee", &Handling::Recorded), "handled");
    assert_eq!(story.over(34, 200), [] as [String; 0], "it stands now");
}

#[test]
fn a_case_is_handed_over_put_off_and_resolved_by_those_who_may_know() {
    let mut story = Story::opened(Level::Serious, &[CAT]);
    story.at(0);
    assert_eq!(story.handles(1, "cat", &Handling::Resolved), MAY_NOT_KNOW);
    assert_eq!(story.handles(1, "nobody", &Handling::Resolved), MAY_NOT_KNOW);
    assert_eq!(story.handles(1, "sam", &Handling::Recorded), "not-acknowledged");
    assert_eq!(story.acknowledged(1, SAM), "acknowledged");
    assert_eq!(story.handles(2, "sam", &Handling::HandedOver { to: "cat".into() }), MAY_NOT_KNOW);
    assert_eq!(story.handles(2, "sam", &Handling::HandedOver { to: "dee".into() }), "handled");
    assert_eq!(story.over(2, 7), ["2: 1/0 dee:discord-dm", "7: 1/1 sam:discord-dm sam:email"]);
    assert_eq!(story.acknowledged(8, DEE), "acknowledged");
    let snooze = |until: i64, reason: &str| Handling::Snoozed { until: minute(until), reason: reason.into() };
    assert_eq!(story.handles(9, "dee", &snooze(9 + 25 * 60, "with-the-police")), "too-long");
    assert_eq!(story.handles(9, "dee", &snooze(60, "Ella said so")), "no-reason");
    assert_eq!(story.handles(9, "dee", &snooze(60, "with-the-police")), "handled");
    assert_eq!(story.over(10, 59), [] as [String; 0]);
    assert!(story.at(60).contains("snooze-over"));
    assert_eq!(story.at(60), "2/0 sam:discord-dm sam:email");
    assert_eq!(story.handles(61, "dee", &Handling::Resolved), "handled");
    assert_eq!(story.over(61, 500), [] as [String; 0]);
    assert_eq!(story.acknowledged(501, SAM), ALREADY_ACKNOWLEDGED, "after it was resolved");
    assert_eq!(story.handles(502, "dee", &snooze(600, "with-the-police")), "not-open");
}

#[test]
fn a_link_answers_the_call_that_it_was_made_for_and_no_other() {
    let mut story = Story::opened(Level::Serious, &[CAT]);
    story.at(0);
    let answer = |name: &str, level, round| Answer {
        case: CASE,
        level,
        round,
        together: None,
        name: name.into(),
        via: EMAIL.into(),
    };
    let why = |story: &Story, answer: &Answer| match story.calls.answer(answer).remove(0) {
        Fact::AcknowledgementRefused { why, .. } => why,
        Fact::Acknowledged { by, .. } => format!("by {by}"),
        Fact::AcknowledgedByName { name, .. } => format!("by {name}"),
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&story, &answer("sam", Level::Serious, 0)), "by 1");
    assert_eq!(why(&story, &answer("out", Level::Serious, 0)), "by out", "who has no account has a name");
    assert_eq!(why(&story, &answer("cat", Level::Serious, 0)), MAY_NOT_KNOW);
    assert_eq!(why(&story, &answer("gone", Level::Serious, 0)), MAY_NOT_KNOW);
    story.acknowledged(1, SAM);
    assert_eq!(why(&story, &answer("sam", Level::Serious, 0)), ALREADY_ACKNOWLEDGED, "twice");
    story.rose(60, Level::Serious, &[CAT]);
    assert_eq!(why(&story, &answer("sam", Level::Serious, 0)), STALE, "the call that it answers is over");
    assert_eq!(why(&story, &answer("sam", Level::Serious, 1)), "by 1");
    story.rose(61, Level::Immediate, &[CAT]);
    assert_eq!(why(&story, &answer("sam", Level::Serious, 1)), STALE, "what was called was less");
}

#[test]
fn a_storm_of_two_hundred_cases_is_a_few_pages_that_name_them_all() {
    let mut story = Story::new();
    let start = minute(0);
    let (mut told, mut pages, mut moments) = (BTreeSet::new(), 0, Vec::new());
    let mut now = start;
    for number in 1..=400_u32 {
        now = start.plus(Duration::from_secs(u64::from(number)));
        if number <= 200 {
            let level = if number == 100 { Level::Immediate } else { Level::Serious };
            let (case, category) = (CaseRef(number), Category::Bullying);
            story.calls.apply(now, &Fact::CaseOpened { case, category, level, subjects: BTreeSet::new() });
        }
        for rung in story.calls.advance(now) {
            for job in &rung.jobs {
                if job.effect.person() == Some("sam") && job.effect.channel() == Some(DISCORD_DM) {
                    pages += 1;
                    moments.push(number);
                }
                match &job.effect {
                    Effect::Page { case, person, .. } if person == "sam" => drop(told.insert(*case)),
                    Effect::PageTogether { cases, person, .. } if person == "sam" => {
                        told.extend(cases.iter().map(|called| called.case));
                        assert!(
                            cases.windows(2).all(|pair| pair[0].level >= pair[1].level),
                            "the worst first"
                        );
                    }
                    _ => {}
                }
            }
            story.calls.apply(now, &rung.fact);
        }
        let next = story.calls.next_due(now).expect("ladders are open");
        assert!(next > now, "it would look again at once for ever");
    }
    assert_eq!(told.len(), 200, "none was swallowed");
    assert!(pages <= 12, "{moments:?}");
    assert!(moments.contains(&100), "the first immediate danger did not wait: {moments:?}");
    // One press counts for every case of a page.
    let last = *story.calls.open[&CaseRef(200)].called.first_key_value().unwrap().0;
    let facts = story.calls.acknowledge_together(last, UserId(SAM), DISCORD_DM);
    assert!(
        facts.len() > 3 && facts.iter().all(|fact| matches!(fact, Fact::Acknowledged { .. })),
        "{facts:?}"
    );
    assert!(matches!(&story.calls.acknowledge_together(last, UserId(99), DISCORD_DM)[..],
        [Fact::AcknowledgementRefused { why, .. }] if why == MAY_NOT_KNOW));
    for fact in facts {
        story.calls.apply(now, &fact);
    }
    assert!(story.calls.cases().any(|case| case.reference == CaseRef(200) && case.state != CaseState::New));
}

#[test]
fn what_becomes_known_between_planning_and_sending_takes_a_case_out_of_a_page_about_several() {
    let mut story = Story::new();
    for number in 1..=3 {
        story.open(CaseRef(number), 0, Level::Serious, &[]);
    }
    let rungs = story.calls.advance(minute(0));
    let page = rungs.iter().flat_map(|rung| &rung.jobs).next().unwrap().effect.clone();
    for rung in rungs {
        story.fact(0, rung.fact);
    }
    story.rose_case_about(CaseRef(2), 1, Level::Serious, &[SAM]);
    let Ok(Effect::PageTogether { cases, .. }) = story.calls.as_still_wanted(&page) else { panic!() };
    assert_eq!(cases.iter().map(|called| called.case.0).collect::<Vec<_>>(), [1, 3]);
    let facts = story.calls.acknowledge_together(minute(0), UserId(SAM), DISCORD_DM);
    assert_eq!(facts.iter().filter(|fact| matches!(fact, Fact::Acknowledged { .. })).count(), 2);
}

#[test]
fn a_page_that_its_channel_took_and_cannot_deliver_is_followed_by_the_next_channel() {
    let mut story = Story::opened(Level::Serious, &[]);
    story.at(0);
    let job = story.keys[0].clone();
    let why = "30003".to_owned();
    story.fact(1, Fact::Travelled { job: job.clone(), state: Travel::Delivered });
    assert_eq!(story.at(1), "");
    story.fact(2, Fact::Travelled { job: job.clone(), state: Travel::FailedTemporary { why: why.clone() } });
    assert_eq!(story.at(2), "0/0 sam:email", "a channel that is down for now is not waited for either");
    story.fact(3, Fact::Travelled { job, state: Travel::FailedPermanent { why } });
    assert_eq!(story.over(3, 5), ["5: 0/1 dee:discord-dm"]);
}

#[test]
fn when_nobody_outside_can_be_called_a_round_that_is_over_is_said_to_be() {
    let inside =
        People::new(charity().iter().filter(|person| person.slot != Slot::External).cloned().collect());
    let mut story = Story::new();
    story.people = inside.clone();
    story.calls = Calls::new("org", LadderPolicy::default(), inside);
    story.open(CASE, 0, Level::Serious, &[]);
    story.over(0, 31);
    assert_eq!(story.exhausted, [(15, 0)]);
}

#[test]
fn a_drill_is_called_weekly_by_another_channel_each_time_and_ends_with_who_answered() {
    let mut story = rule(|policy| {
        policy.drill = Some(DrillPolicy {
            zone: Zone::default(),
            day: chrono::Weekday::Thu,
            at: "11:00:00".parse().unwrap(),
            slots: vec![Slot::Dsl, Slot::DeputyDsl],
            answer_within: Duration::from_mins(30),
        });
    });
    story.fact(0, Fact::Started { software: "x".into() });
    let due = at("2026-02-26T11:00:00Z");
    assert_eq!(story.calls.next_due(minute(0)), Some(due));
    let began = story.calls.advance(due).remove(0);
    assert_eq!(began.fact, Fact::DrillBegan { drill: 1, people: vec!["sam".into(), "dee".into()] });
    assert!(
        began.jobs.iter().all(|job| matches!(job.effect, Effect::Page { drill: true, case: NO_CASE, .. }))
    );
    assert_eq!(began.jobs[0].effect.channel(), Some(EMAIL));
    story.calls.apply(due, &began.fact);
    let answered = due.plus(Duration::from_secs(48));
    let fact = story.calls.acknowledge(NO_CASE, UserId(SAM), EMAIL).unwrap();
    story.calls.apply(answered, &fact);
    assert_eq!(story.calls.next_due(answered), Some(due.plus(Duration::from_mins(30))));
    let over = due.plus(Duration::from_mins(30));
    let ended = story.calls.advance(over).remove(0);
    let (done, missing) = (vec![("sam".to_owned(), 48)], vec!["dee".to_owned()]);
    assert_eq!(ended.fact, Fact::DrillEnded { drill: 1, answered: done, missing });
    assert_eq!(ended.jobs.len(), 2, "a report for both");
    story.calls.apply(over, &ended.fact);
    let next = at("2026-03-05T11:00:00Z");
    assert_eq!(story.calls.next_due(over), Some(next));
    assert_eq!(story.calls.advance(next)[0].jobs[0].effect.channel(), Some(DISCORD_DM));
}

#[test]
fn a_gap_in_the_rota_is_said_ahead_and_calls_everybody_of_the_slot_meanwhile() {
    let shift = Shift {
        slot: Slot::Dsl,
        people: vec!["dee".into()],
        days: Days::Weekly(vec![chrono::Weekday::Wed]),
        from: "06:00:00".parse().unwrap(),
        until: "07:00:00".parse().unwrap(),
    };
    let people = charity().with_rota(Rota { shifts: vec![shift], ..Rota::default() });
    let mut story = Story::new();
    story.people = people.clone();
    story.calls = Calls::new("org", LadderPolicy::default(), people);
    story.fact(0, Fact::Started { software: "x".into() });
    let Fact::RotaLookedAt { gaps, .. } = story.calls.advance(minute(0)).remove(0).fact else { panic!() };
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].from, at("2026-02-25T07:00:00Z"));
    story.at(0);
    story.open(CASE, 1, Level::Serious, &[]);
    assert_eq!(story.at(1), "0/0 dee:discord-dm", "who is on duty");
    story.acknowledged(2, DEE);
    story.rose(90, Level::Serious, &[]);
    assert_eq!(story.at(90), "1/0 sam:discord-dm sam:email", "in a gap: everybody of the slot");
}
