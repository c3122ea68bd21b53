//! From slots to rungs (pure): whom the ladder of one case calls, in which order, with which waits.
//!
//! A *round* is one way up the ladder. At level 4 it calls the configured steps one after the other, at level 5 it
//! begins with several slots at once. Subjects are dropped; where that tears a hole the chair of trustees closes
//! it. When a whole round went unanswered the external contact is called, and the round begins again.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::docket::CasePolicy;
use crate::domain::{Category, Level, Timestamp, UserId};

use super::digest::DigestPolicy;
use super::drill::DrillPolicy;
use super::people::{OnCall, People, Slot};

/// One configured step: everybody in these slots, then a wait for somebody to acknowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which slots are called together.
    pub slots: Vec<Slot>,
    /// How long they have before the next step is called.
    pub wait: Duration,
    /// How often they are called before that, each time with this wait; at least once.
    pub times: u32,
}

impl Step {
    /// Everybody in these slots, once.
    #[must_use]
    pub fn once(slots: Vec<Slot>, wait: Duration) -> Self {
        Step { slots, wait, times: 1 }
    }
}

/// A ladder of its own for some cases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Special {
    /// For these levels; empty: for 4 and 5.
    pub levels: BTreeSet<Level>,
    /// For these categories; empty: for all.
    pub categories: BTreeSet<Category>,
    /// The steps of a round.
    pub steps: Vec<Step>,
    /// When a new round begins, counted from the beginning of the last.
    pub repeat: Duration,
}

impl Special {
    fn is_for(&self, level: Level, category: Category) -> bool {
        (self.levels.is_empty() || self.levels.contains(&level))
            && (self.categories.is_empty() || self.categories.contains(&category))
    }
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
    /// Other ladders for some levels and categories; the first that fits counts.
    pub special: Vec<Special>,
    /// An acknowledgement counts no longer when nothing was recorded for this long after it; for ever when absent.
    pub follow_up: Option<Duration>,
    /// When the daily digest goes out, and to whom.
    pub digest: Option<DigestPolicy>,
    /// When drills are called.
    pub drill: Option<DrillPolicy>,
    /// How cases are worked on; no reminders of deadlines when absent.
    pub casework: Option<CasePolicy>,
}

impl Default for LadderPolicy {
    /// The DSL, five minutes later the deputy, both at once at level 5; a new round every 15 minutes (5 at
    /// level 5).
    fn default() -> Self {
        let five_minutes = Duration::from_mins(5);
        LadderPolicy {
            steps: vec![
                Step::once(vec![Slot::Dsl], five_minutes),
                Step::once(vec![Slot::DeputyDsl], five_minutes),
            ],
            at_once: vec![Slot::Dsl, Slot::DeputyDsl],
            repeat: 3 * five_minutes,
            repeat_immediate: five_minutes,
            special: Vec::new(),
            follow_up: None,
            digest: None,
            drill: None,
            casework: None,
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
    /// Called when everybody else has been: the round is exhausted.
    pub last_resort: bool,
}

impl LadderPolicy {
    /// When a new round begins, counted from the beginning of the last one.
    #[must_use]
    pub fn repeat_at(&self, level: Level, category: Category) -> Duration {
        let repeat = match self.special_for(level, category) {
            Some(special) => special.repeat,
            None if level >= Level::Immediate => self.repeat_immediate,
            None => self.repeat,
        };
        // Never zero: a ladder on which nobody can be reached would turn without end.
        repeat.max(Duration::from_secs(1))
    }

    fn special_for(&self, level: Level, category: Category) -> Option<&Special> {
        self.special.iter().find(|special| special.is_for(level, category))
    }

    /// The wait of the first step: how long somebody has to whom a case is handed over.
    #[must_use]
    pub fn first_wait(&self) -> Duration {
        self.steps.first().map_or(Duration::ZERO, |step| step.wait)
    }

    /// The slots of a round and their waits, before anybody is dropped.
    fn steps_at(&self, level: Level, category: Category) -> Vec<Step> {
        let steps = match self.special_for(level, category) {
            Some(special) => special.steps.clone(),
            None if level < Level::Immediate => self.steps.clone(),
            None => {
                let mut steps = vec![Step::once(self.at_once.clone(), self.first_wait())];
                for step in &self.steps {
                    let rest: Vec<Slot> =
                        step.slots.iter().copied().filter(|slot| !self.at_once.contains(slot)).collect();
                    if !rest.is_empty() {
                        steps.push(Step { slots: rest, ..step.clone() });
                    }
                }
                steps
            }
        };
        steps
            .into_iter()
            .flat_map(|step| {
                std::iter::repeat_n(Step { times: 1, ..step.clone() }, step.times.max(1) as usize)
            })
            .collect()
    }

    /// Whom a case of this level calls while nobody answers, and how long after it was opened, through the first
    /// round: for a person to read. Nobody is dropped; who stands where is the rota's at `at`.
    #[must_use]
    pub fn outline<'a>(
        &self,
        people: &'a People,
        level: Level,
        at: Timestamp,
    ) -> Vec<(Duration, Vec<&'a OnCall>)> {
        let mut after = Duration::ZERO;
        // Contact is what every charity has; a ladder of its own for other categories is listed by `check`.
        self.rungs(people, level, Category::Contact, &BTreeSet::new(), at)
            .into_iter()
            .map(|rung| {
                let at = after;
                after += rung.wait;
                (at, rung.people)
            })
            .collect()
    }

    /// The rungs of one round for a case of this level with these subjects, as the rota has it at `at`. Never without
    /// a person as long as anybody in `people` may know.
    pub(super) fn rungs<'a>(
        &self,
        people: &'a People,
        level: Level,
        category: Category,
        subjects: &BTreeSet<UserId>,
        at: Timestamp,
    ) -> Vec<PlannedRung<'a>> {
        let may_know = |person: &&OnCall| people.may_know(person, subjects);
        let steps = self.steps_at(level, category);
        let configured: BTreeSet<Slot> = steps.iter().flat_map(|step| step.slots.iter().copied()).collect();
        let mut hole = false;
        let mut rungs: Vec<PlannedRung<'a>> = steps
            .iter()
            .map(|step| {
                let mut left: Vec<&OnCall> = Vec::new();
                for slot in &step.slots {
                    let all = people.standing(*slot, at);
                    let mut who: Vec<_> = all.iter().copied().filter(may_know).collect();
                    hole |= who.len() < all.len();
                    if who.is_empty() {
                        // Ranks close: a colleague of the same slot who is not on duty, before anybody else.
                        who = people.in_slot(*slot).filter(may_know).collect();
                    }
                    for person in who {
                        if !left.iter().any(|known| known.name == person.name) {
                            left.push(person);
                        }
                    }
                }
                let wait = if left.is_empty() { Duration::ZERO } else { step.wait };
                PlannedRung { wait, people: left, last_resort: false }
            })
            .collect();
        let mut add = |slot: Slot, wait: Duration, last_resort: bool| {
            let more: Vec<_> = people.in_slot(slot).filter(may_know).collect();
            if !more.is_empty() && !configured.contains(&slot) {
                rungs.push(PlannedRung { people: more, wait, last_resort });
            }
        };
        if hole {
            add(Slot::Chair, self.first_wait(), false);
        }
        add(Slot::External, Duration::ZERO, true);
        if rungs.iter().all(|rung| rung.people.is_empty()) {
            // Never to nobody: whoever is left in any slot.
            let left: Vec<_> = people.iter().filter(may_know).collect();
            rungs.push(PlannedRung { people: left, wait: Duration::ZERO, last_resort: true });
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
        let rungs = policy.rungs(people, level, Category::Contact, &subjects, Timestamp(0));
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
        policy.steps.push(Step::once(vec![Slot::SeniorManager], Duration::from_mins(10)));
        let charity =
            people(&[("lead", Slot::Dsl, 1), ("dep", Slot::DeputyDsl, 2), ("mgr", Slot::SeniorManager, 3)]);
        assert_eq!(names(&policy, &charity, Level::Immediate, &[]), ["lead+dep:5", "mgr:10"]);
    }

    #[test]
    fn a_ladder_of_its_own_counts_for_the_cases_it_names() {
        let mut policy = LadderPolicy::default();
        let minute = Duration::from_mins(1);
        policy.special.push(Special {
            levels: BTreeSet::new(),
            categories: [Category::Contact].into(),
            steps: vec![Step { slots: vec![Slot::SeniorManager], wait: minute, times: 3 }],
            repeat: 7 * minute,
        });
        let charity =
            people(&[("lead", Slot::Dsl, 1), ("mgr", Slot::SeniorManager, 3), ("out", Slot::External, 5)]);
        assert_eq!(names(&policy, &charity, Level::Serious, &[]), ["mgr:1", "mgr:1", "mgr:1", "out:0"]);
        assert_eq!(policy.repeat_at(Level::Serious, Category::Contact), 7 * minute);
        assert_eq!(policy.repeat_at(Level::Serious, Category::Welfare), 15 * minute);
    }

    #[test]
    fn a_shared_channel_is_skipped_when_a_declared_reader_is_the_subject_and_a_line_manager_is_too() {
        let closed = [("office".to_owned(), [UserId(8)].into()), ("lead".to_owned(), [UserId(7)].into())];
        let charity =
            people(&[("lead", Slot::Dsl, 1), ("office", Slot::Dsl, 2), ("dep", Slot::DeputyDsl, 3)])
                .with_closed_to(closed.into());
        let policy = LadderPolicy::default();
        assert_eq!(names(&policy, &charity, Level::Serious, &[]), ["lead+office:5", "dep:5"]);
        assert_eq!(names(&policy, &charity, Level::Serious, &[8]), ["lead:5", "dep:5"]);
        assert_eq!(names(&policy, &charity, Level::Serious, &[7]), ["office:5", "dep:5"]);
    }
}
