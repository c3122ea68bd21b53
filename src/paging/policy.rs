//! From slots to rungs (pure): whom the ladder of one case calls, in which order, with which waits.
//!
//! A *round* is one way up the ladder. At level 4 it calls the configured steps one after the other, at level 5 it
//! begins with several slots at once. Subjects are dropped; where that tears a hole the chair of trustees closes
//! it. When a whole round went unanswered the external contact is called, and the round begins again.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::who_may_know::who_may_know;
use crate::domain::{Level, UserId};

use super::people::{OnCall, People, Slot};

/// One configured step: everybody in these slots, then a wait for somebody to acknowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which slots are called together.
    pub slots: Vec<Slot>,
    /// How long they have before the next step is called.
    pub wait: Duration,
}

/// How an organisation is paged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LadderPolicy {
    /// The steps of a round, in order.
    pub steps: Vec<Step>,
    /// The slots that are called at once at level 5, before the remaining steps.
    pub at_once: Vec<Slot>,
    /// At level 4 a new round begins this long after the last one began, or when that one is through if it
    /// takes longer.
    pub repeat: Duration,
    /// The same at level 5.
    pub repeat_immediate: Duration,
}

impl Default for LadderPolicy {
    /// The DSL, five minutes later the deputy, both at once at level 5; a new round every 15 minutes (5 at
    /// level 5).
    fn default() -> Self {
        let five_minutes = Duration::from_mins(5);
        LadderPolicy {
            steps: vec![
                Step { slots: vec![Slot::Dsl], wait: five_minutes },
                Step { slots: vec![Slot::DeputyDsl], wait: five_minutes },
            ],
            at_once: vec![Slot::Dsl, Slot::DeputyDsl],
            repeat: 3 * five_minutes,
            repeat_immediate: five_minutes,
        }
    }
}

/// One rung of the ladder of one case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PlannedRung<'a> {
    /// Whom it calls; empty when everybody on it is a subject.
    pub people: Vec<&'a OnCall>,
    /// How long they have.
    pub wait: Duration,
}

impl LadderPolicy {
    /// When a new round begins, counted from the beginning of the last one.
    #[must_use]
    pub fn repeat_at(&self, level: Level) -> Duration {
        let repeat = if level >= Level::Immediate { self.repeat_immediate } else { self.repeat };
        // Never zero: a ladder on which nobody can be reached would turn without end.
        repeat.max(Duration::from_secs(1))
    }

    /// The slots of a round and their waits, before anybody is dropped.
    fn steps_at(&self, level: Level) -> Vec<Step> {
        if level < Level::Immediate {
            return self.steps.clone();
        }
        let wait = self.steps.first().map_or(Duration::ZERO, |step| step.wait);
        let mut steps = vec![Step { slots: self.at_once.clone(), wait }];
        for step in &self.steps {
            let rest: Vec<Slot> =
                step.slots.iter().copied().filter(|slot| !self.at_once.contains(slot)).collect();
            if !rest.is_empty() {
                steps.push(Step { slots: rest, wait: step.wait });
            }
        }
        steps
    }

    /// Whom a case of this level calls while nobody answers, and how long after it was opened, through the first
    /// round: for a person to read. Nobody is dropped.
    #[must_use]
    pub fn outline<'a>(&self, people: &'a People, level: Level) -> Vec<(Duration, Vec<&'a OnCall>)> {
        let mut after = Duration::ZERO;
        self.rungs(people, level, &BTreeSet::new())
            .into_iter()
            .map(|rung| {
                let at = after;
                after += rung.wait;
                (at, rung.people)
            })
            .collect()
    }

    /// The rungs of one round for a case of this level with these subjects. Never without a person as long as
    /// anybody in `people` may know.
    pub(super) fn rungs<'a>(
        &self,
        people: &'a People,
        level: Level,
        subjects: &BTreeSet<UserId>,
    ) -> Vec<PlannedRung<'a>> {
        let may_know = |person: &&OnCall| who_may_know(subjects, &person.readers());
        let steps = self.steps_at(level);
        let configured: BTreeSet<Slot> = steps.iter().flat_map(|step| step.slots.iter().copied()).collect();
        let mut hole = false;
        let mut rungs: Vec<PlannedRung<'a>> = steps
            .iter()
            .map(|step| {
                let all: Vec<_> = step.slots.iter().flat_map(|slot| people.in_slot(*slot)).collect();
                let left: Vec<_> = all.iter().copied().filter(may_know).collect();
                hole |= left.len() < all.len();
                PlannedRung { wait: if left.is_empty() { Duration::ZERO } else { step.wait }, people: left }
            })
            .collect();
        let mut add = |slot: Slot, wait: Duration| {
            let more: Vec<_> = people.in_slot(slot).filter(may_know).collect();
            if !more.is_empty() && !configured.contains(&slot) {
                rungs.push(PlannedRung { people: more, wait });
            }
        };
        if hole {
            add(Slot::Chair, self.steps.first().map_or(Duration::ZERO, |step| step.wait));
        }
        add(Slot::External, Duration::ZERO);
        if rungs.iter().all(|rung| rung.people.is_empty()) {
            // Never to nobody: whoever is left in any slot.
            let left: Vec<_> = people.iter().filter(may_know).collect();
            rungs.push(PlannedRung { people: left, wait: Duration::ZERO });
        }
        rungs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paging::people::DISCORD_DM;

    fn people(list: &[(&str, Slot, u64)]) -> People {
        let person = |&(name, slot, account): &(&str, Slot, u64)| OnCall {
            name: name.into(),
            slot,
            account: Some(UserId(account)),
            channels: vec![DISCORD_DM.into()],
        };
        People::new(list.iter().map(person).collect())
    }

    fn names(policy: &LadderPolicy, people: &People, level: Level, subjects: &[u64]) -> Vec<String> {
        let subjects = subjects.iter().copied().map(UserId).collect();
        let rungs = policy.rungs(people, level, &subjects);
        rungs
            .iter()
            .map(|rung| {
                let names: Vec<_> = rung.people.iter().map(|person| person.name.as_str()).collect();
                format!("{}:{}", names.join("+"), rung.wait.as_secs() / 60)
            })
            .collect()
    }

    #[test]
    fn who_is_called_in_which_order() {
        let policy = LadderPolicy::default();
        let charity = people(&[
            ("chair", Slot::Chair, 4),
            ("dep", Slot::DeputyDsl, 2),
            ("lead", Slot::Dsl, 1),
            ("mgr", Slot::SeniorManager, 3),
            ("out", Slot::External, 5),
        ]);
        let cases: &[(Level, &[u64], &[&str])] = &[
            (Level::Serious, &[], &["lead:5", "dep:5", "out:0"]),
            (Level::Immediate, &[], &["lead+dep:5", "out:0"]),
            (Level::Serious, &[1], &[":0", "dep:5", "chair:5", "out:0"]),
            (Level::Immediate, &[1], &["dep:5", "chair:5", "out:0"]),
            (Level::Serious, &[1, 2], &[":0", ":0", "chair:5", "out:0"]),
            (Level::Serious, &[1, 2, 4], &[":0", ":0", "out:0"]),
            (Level::Serious, &[1, 2, 4, 5], &[":0", ":0", "mgr:0"]),
            (Level::Serious, &[1, 2, 3, 4, 5], &[":0", ":0", ":0"]),
        ];
        for (level, subjects, expected) in cases {
            assert_eq!(names(&policy, &charity, *level, subjects), *expected, "{level} {subjects:?}");
        }
    }

    #[test]
    fn a_step_beyond_the_first_two_is_called_after_both_at_level_5() {
        let mut policy = LadderPolicy::default();
        policy.steps.push(Step { slots: vec![Slot::SeniorManager], wait: Duration::from_mins(10) });
        let charity =
            people(&[("lead", Slot::Dsl, 1), ("dep", Slot::DeputyDsl, 2), ("mgr", Slot::SeniorManager, 3)]);
        assert_eq!(names(&policy, &charity, Level::Immediate, &[]), ["lead+dep:5", "mgr:10"]);
    }
}
