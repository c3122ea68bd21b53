//! Whatever happens in whatever order: no subject is called, nobody is called twice for the same thing, nothing is
//! left over, and an open case is never forgotten.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::paging::people::{DISCORD_DM, EMAIL, Slot};

#[derive(Clone, Debug)]
enum Act {
    Rise { case: u32, level: u8, subjects: u8 },
    Acknowledge { case: u32, by: u64 },
    Fail { which: usize },
    Wait { minutes: i64 },
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        (1..3_u32, 3..=5_u8, 0..16_u8).prop_map(|(case, level, subjects)| Act::Rise {
            case,
            level,
            subjects
        }),
        (1..3_u32, 1..6_u64).prop_map(|(case, by)| Act::Acknowledge { case, by }),
        (0..64_usize).prop_map(|which| Act::Fail { which }),
        prop_oneof![4 => 0..12_i64, 1 => 0..100_000_i64].prop_map(|minutes| Act::Wait { minutes }),
        Just(Act::Restart),
    ];
    proptest::collection::vec(act, 1..60)
}

fn charity() -> Calls {
    let slots = [Slot::Dsl, Slot::DeputyDsl, Slot::Chair, Slot::External];
    let person = |(index, slot): (usize, &Slot)| OnCall {
        name: slot.code().into(),
        slot: *slot,
        account: Some(UserId(index as u64 + 1)),
        channels: vec![DISCORD_DM.into(), EMAIL.into()],
    };
    Calls::new("org", LadderPolicy::default(), People::new(slots.iter().enumerate().map(person).collect()))
}

fn fold(calls: &mut Calls, log: &mut Vec<(Timestamp, Fact)>, at: Timestamp, fact: Fact) {
    calls.apply(at, &fact);
    log.push((at, fact));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_promises_hold(acts in acts()) {
        let (mut calls, mut log) = (charity(), Vec::new());
        let (mut sent, mut keys) = (Vec::<PageJob>::new(), BTreeSet::new());
        let mut now = Timestamp::from_seconds(1_772_000_000);
        for act in acts {
            match act {
                Act::Rise { case, level, subjects } => {
                    let subjects = (1..=4).filter(|bit| subjects >> (bit - 1) & 1 == 1).map(UserId).collect();
                    let level = Level::try_from(level).unwrap();
                    let (case, category) = (CaseRef(case), Category::Grooming);
                    fold(&mut calls, &mut log, now, Fact::CaseRose { case, category, level, subjects });
                }
                Act::Acknowledge { case, by } => {
                    let subjects = calls.cases().find(|open| open.reference == CaseRef(case)).map(|open| open.subjects.clone());
                    let (Ok(fact) | Err(fact)) = calls.acknowledge(CaseRef(case), UserId(by), DISCORD_DM);
                    if let Fact::Acknowledged { by, .. } = &fact {
                        prop_assert!(!subjects.unwrap().contains(by), "a subject acknowledged");
                    }
                    fold(&mut calls, &mut log, now, fact);
                }
                Act::Fail { which } => {
                    if let Some(job) = sent.get(which % sent.len().max(1)) {
                        let (job, effect) = (job.key.clone(), job.effect.clone());
                        let ended = Ended::Failed { why: "gone".into() };
                        fold(&mut calls, &mut log, now, Fact::Outcome { job, effect, ended });
                    }
                }
                Act::Wait { minutes } => now = Timestamp(now.0 + minutes * 60_000_000),
                Act::Restart => {
                    let mut restarted = charity();
                    for (at, fact) in &log {
                        restarted.apply(*at, fact);
                    }
                    prop_assert_eq!(restarted.advance(now), calls.advance(now));
                    prop_assert_eq!(restarted.next_due(now), calls.next_due(now));
                    calls = restarted;
                }
            }
            // Having rested changes no answer, only how much is looked at.
            let mut restless = calls.clone();
            restless.rested = None;
            prop_assert_eq!(calls.advance(now), restless.advance(now));
            for rung in calls.advance(now) {
                for job in &rung.jobs {
                    prop_assert_eq!(calls.as_still_wanted(&job.effect), Ok(job.effect.clone()), "{}", job.key);
                    prop_assert!(keys.insert(job.key.clone()), "{} twice", job.key);
                }
                sent.extend(rung.jobs);
                fold(&mut calls, &mut log, now, rung.fact);
            }
            prop_assert_eq!(calls.advance(now), vec![], "left over");
            calls.rest(now);
            prop_assert_eq!(calls.advance(now), vec![], "left over");
            for open in calls.cases() {
                let waits = open.state == CaseState::New && open.level >= Level::Serious;
                let soon = calls.due.iter().any(|(_, case)| *case == open.reference);
                prop_assert_eq!(waits, soon, "{}", open.reference);
            }
            prop_assert!(calls.next_due(now).is_none_or(|due| due > now && due.since(now).as_secs() <= 20 * 60));
        }
    }
}
