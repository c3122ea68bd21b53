//! The ladder (pure): open cases folded from facts, what is to be called now, and who may acknowledge.
//!
//! [`Calls::apply`] folds; [`Calls::due`] says when to look again; [`Calls::advance`] says what to commit at that
//! moment. Nothing is remembered that was not folded from a fact, so a restart loses nothing: time that passed
//! while nobody looked counts, and whoever should have been called meanwhile is called once, now.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::event::Ended;
use crate::domain::who_may_know::who_may_know;
use crate::domain::{Case, CaseRef, CaseState, Category, Effect, Fact, Level, Timestamp, UserId};

use super::climb::{Climb, View};
use super::people::{OnCall, People};
use super::policy::LadderPolicy;

/// The acknowledgement was refused: somebody was faster.
pub const ALREADY_ACKNOWLEDGED: &str = "already-acknowledged";
/// The acknowledgement was refused, or a page withheld: not for this account.
pub const MAY_NOT_KNOW: &str = "may-not-know";
/// The acknowledgement was refused: there is no case of this number.
pub const NO_SUCH_CASE: &str = "no-such-case";

/// What to commit for one rung: the fact, and the jobs that go into the outbox in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// [`Fact::Called`].
    pub fact: Fact,
    /// One page for each person and channel; empty when nobody on the rung may know.
    pub jobs: Vec<PageJob>,
}

/// A page with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageJob {
    /// `page/<organisation>/<case>/<level>/<round>/<step>/<person>/<channel>`: stable over restarts and replays.
    pub key: String,
    /// [`Effect::Page`].
    pub effect: Effect,
}

/// The cases of an organisation as far as calling people is concerned.
#[derive(Clone, Debug)]
pub struct Calls {
    organisation: String,
    policy: LadderPolicy,
    people: People,
    open: BTreeMap<CaseRef, Open>,
    due: BTreeSet<(Timestamp, CaseRef)>,
}

#[derive(Clone, Debug)]
struct Open {
    case: Case,
    climb: Option<Climb>,
    /// Where rounds are counted from when the ladder is armed again at the level that it had.
    next_round: u32,
    /// The entry of this case in [`Calls::due`].
    due: Option<Timestamp>,
}

impl Calls {
    /// No case yet.
    #[must_use]
    pub fn new(organisation: impl Into<String>, policy: LadderPolicy, people: People) -> Self {
        Calls {
            organisation: organisation.into(),
            policy,
            people,
            open: BTreeMap::new(),
            due: BTreeSet::new(),
        }
    }

    /// Folds one fact; facts that say nothing about calling anybody change nothing.
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) {
        let case = match fact {
            Fact::CaseOpened { case, category, level, subjects }
            | Fact::CaseRose { case, category, level, subjects } => {
                self.opened_or_rose(at, *case, *category, *level, subjects);
                case
            }
            Fact::SubjectsJoined { case, subjects } => {
                self.joined(at, *case, subjects);
                case
            }
            Fact::Acknowledged { case, by, .. } => {
                let Some(open) = self.open.get_mut(case) else { return };
                let (Ok(state) | Err(state)) = open.case.state.clone().acknowledge(*by, at);
                open.case.state = state;
                if let Some(climb) = open.climb.take() {
                    open.next_round = climb.round().saturating_add(1);
                }
                case
            }
            Fact::Called { case, level, step, round, people } => {
                let Some(open) = self.open.get_mut(case) else { return };
                let may_know = may_know(&self.people, &open.case.subjects);
                let Some(climb) = open.climb.as_mut().filter(|climb| climb.level == *level) else { return };
                climb.called(at, (*round, *step), people, &may_know);
                case
            }
            Fact::Outcome {
                job,
                effect: Effect::Page { case, level, person, channel, .. },
                ended: Ended::Failed { .. } | Ended::Withheld { .. },
            } => {
                let Some(climb) = self.open.get_mut(case).and_then(|open| open.climb.as_mut()) else {
                    return;
                };
                let organisation = &self.organisation;
                climb.failed(at, person, channel, |round, step| {
                    *job == page_key(organisation, *case, *level, round, step, person, channel)
                });
                case
            }
            _ => return,
        };
        self.schedule(*case);
    }

    fn opened_or_rose(
        &mut self,
        at: Timestamp,
        reference: CaseRef,
        category: Category,
        level: Level,
        subjects: &BTreeSet<UserId>,
    ) {
        let fresh = || Open {
            case: Case {
                reference,
                opened_at: at,
                category,
                level: Level::Noted,
                subjects: subjects.clone(),
                state: CaseState::New,
            },
            climb: None,
            next_round: 0,
            due: None,
        };
        let open = self.open.entry(reference).or_insert_with(fresh);
        let rose = level > open.case.level;
        // Whoever acknowledged and then turns out to be a subject has acknowledged nothing.
        let void = matches!(open.case.state, CaseState::Acknowledged { by, .. } if subjects.contains(&by));
        // What happened again after it was acknowledged (or closed) calls again, at the level that it had.
        let again = level == open.case.level && open.case.state != CaseState::New;
        open.case.category = category;
        open.case.level = open.case.level.max(level);
        if open.case.subjects != *subjects {
            open.case.subjects.clone_from(subjects);
            if let Some(climb) = &mut open.climb {
                climb.subjects_changed(at);
            }
        }
        if rose || void || again {
            open.case.state = CaseState::New;
            let round = if rose { 0 } else { open.next_round };
            open.climb =
                (open.case.level >= Level::Serious).then(|| Climb::armed(open.case.level, round, at));
        }
    }

    /// More subjects at the same level call nobody again, unless it was one of them who had acknowledged.
    fn joined(&mut self, at: Timestamp, case: CaseRef, subjects: &BTreeSet<UserId>) {
        let Some(open) = self.open.get_mut(&case) else { return };
        open.case.subjects.clone_from(subjects);
        if let Some(climb) = &mut open.climb {
            climb.subjects_changed(at);
        }
        let state = open.case.state.clone().without(subjects);
        if state != open.case.state {
            open.case.state = state;
            open.climb = (open.case.level >= Level::Serious)
                .then(|| Climb::armed(open.case.level, open.next_round, at));
        }
    }

    /// Enters in the index when a case wants to be looked at.
    fn schedule(&mut self, case: CaseRef) {
        let Some(open) = self.open.get(&case) else { return };
        let due = self.look(open, Climb::due);
        if due == open.due {
            return;
        }
        if let Some(before) = open.due {
            self.due.remove(&(before, case));
        }
        if let Some(due) = due {
            self.due.insert((due, case));
        }
        if let Some(open) = self.open.get_mut(&case) {
            open.due = due;
        }
    }

    fn look<T>(&self, open: &Open, see: impl FnOnce(&Climb, &View<'_>) -> T) -> Option<T> {
        let climb = open.climb.as_ref()?;
        let rungs = self.policy.rungs(&self.people, climb.level, &open.case.subjects);
        let may_know = may_know(&self.people, &open.case.subjects);
        let view = View { rungs: &rungs, repeat: self.policy.repeat_at(climb.level), may_know: &may_know };
        Some(see(climb, &view))
    }

    /// When [`Calls::advance`] has something to say; none while no ladder is open.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What is to be committed at `now`, case by case. Fold the facts afterwards; until then the same answer is
    /// given again.
    #[must_use]
    pub fn advance(&self, now: Timestamp) -> Vec<Rung> {
        let mut cases: Vec<CaseRef> =
            self.due.iter().take_while(|(at, _)| *at <= now).map(|(_, case)| *case).collect();
        cases.sort_unstable();
        cases
            .iter()
            .filter_map(|case| self.open.get(case))
            .flat_map(|open| self.rungs_due(open, now))
            .collect()
    }

    fn rungs_due(&self, open: &Open, now: Timestamp) -> Vec<Rung> {
        let due = self.look(open, |climb, view| {
            let reached = climb.reached(view, now);
            let all = reached.fallbacks.into_iter().chain(reached.rungs);
            all.map(|(round, step, people)| self.rung(open, climb, round, step, people)).collect()
        });
        due.unwrap_or_default()
    }

    fn rung(&self, open: &Open, climb: &Climb, round: u32, step: u32, people: Vec<String>) -> Rung {
        let Case { reference: case, category, .. } = open.case;
        let level = climb.level;
        let mut jobs = Vec::new();
        for person in people.iter().filter_map(|name| self.people.named(name)) {
            for channel in climb.channels_for(person, round, step) {
                let key = page_key(&self.organisation, case, level, round, step, &person.name, &channel);
                let (slot, person) = (person.slot.code().to_owned(), person.name.clone());
                let effect = Effect::Page {
                    case,
                    level,
                    category,
                    slot,
                    round,
                    channel,
                    person,
                    drill: false,
                    evidence_kept: true,
                };
                jobs.push(PageJob { key, effect });
            }
        }
        Rung { fact: Fact::Called { case, level, step, round, people }, jobs }
    }

    /// What an acknowledgement of `case` by `by` over `via` comes to; commit either fact.
    ///
    /// # Errors
    /// [`Fact::AcknowledgementRefused`] with [`MAY_NOT_KNOW`] (a subject, or somebody who is not on the ladder:
    /// neither learns whether the case exists), [`NO_SUCH_CASE`] or [`ALREADY_ACKNOWLEDGED`].
    #[expect(clippy::result_large_err, reason = "either fact moves into the transaction at once")]
    pub fn acknowledge(&self, case: CaseRef, by: UserId, via: &str) -> Result<Fact, Fact> {
        let open = self.open.get(&case);
        let subject = open.is_some_and(|open| open.case.subjects.contains(&by));
        let refused = if subject || self.people.with_account(by).is_none() {
            Some(MAY_NOT_KNOW)
        } else {
            match open.map(|open| &open.case.state) {
                None => Some(NO_SUCH_CASE),
                Some(CaseState::New) => None,
                Some(_) => Some(ALREADY_ACKNOWLEDGED),
            }
        };
        match refused {
            None => Ok(Fact::Acknowledged { case, by, via: via.to_owned() }),
            Some(why) => Err(Fact::AcknowledgementRefused { case, by, why: why.to_owned() }),
        }
    }

    /// Whether this person (by the configuration's name) may know of this case. False for a case or a person
    /// that is not known.
    #[must_use]
    pub fn may_receive(&self, case: CaseRef, person: &str) -> bool {
        match (self.open.get(&case), self.people.named(person)) {
            (Some(open), Some(person)) => who_may_know(&open.case.subjects, &person.readers()),
            _ => false,
        }
    }

    /// Whether a page is still called for at the moment of sending.
    ///
    /// # Errors
    /// Why not, as a code: [`MAY_NOT_KNOW`], or [`ALREADY_ACKNOWLEDGED`] when no ladder of this level is open.
    pub fn still_wanted(&self, case: CaseRef, level: Level, person: &str) -> Result<(), &'static str> {
        if !self.may_receive(case, person) {
            return Err(MAY_NOT_KNOW);
        }
        let climb = self.open.get(&case).and_then(|open| open.climb.as_ref());
        if climb.is_some_and(|climb| climb.level == level) { Ok(()) } else { Err(ALREADY_ACKNOWLEDGED) }
    }

    /// Open cases of level 4 or 5 of which nobody who can be called may know: the operator's channel has to be
    /// told at once (that there is such a case, and no more).
    #[must_use]
    pub fn nobody_left(&self) -> Vec<CaseRef> {
        let nobody =
            |open: &&Open| open.climb.is_some() && may_know(&self.people, &open.case.subjects).is_empty();
        self.open.values().filter(nobody).map(|open| open.case.reference).collect()
    }

    /// Every case that was opened, by number.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.open.values().map(|open| &open.case)
    }

    /// Who can be called.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }
}

fn may_know<'a>(people: &'a People, subjects: &BTreeSet<UserId>) -> BTreeMap<&'a str, &'a OnCall> {
    let allowed = people.iter().filter(|person| who_may_know(subjects, &person.readers()));
    allowed.map(|person| (person.name.as_str(), person)).collect()
}

/// The key of one page; the same decision, replayed, has the same one.
#[must_use]
pub fn page_key(
    organisation: &str,
    case: CaseRef,
    level: Level,
    round: u32,
    step: u32,
    person: &str,
    channel: &str,
) -> String {
    format!("page/{organisation}/{case}/{level}/{round}/{step}/{person}/{channel}")
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "ladder_chaos_tests.rs"]
mod chaos;
