//! The ladder (pure): open cases folded from facts, what is to be called now, and who may acknowledge.
//!
//! [`Calls::apply`] folds; [`Calls::due`] says when to look again; [`Calls::advance`] says what to commit at that
//! moment. Nothing is remembered that was not folded from a fact, so a restart loses nothing: time that passed
//! while nobody looked counts, and whoever should have been called meanwhile is called once, now.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::act::{Act, Deed};
use crate::domain::docket::Docket;
use crate::domain::event::Ended;
use crate::domain::fact::{Handling, Travel};
use crate::domain::{Case, CaseRef, CaseState, Category, Effect, Fact, Level, Timestamp, UserId};

use super::climb::{Climb, View};
use super::deadlines;
use super::digest::Digests;
use super::drill::Drills;
use super::people::{OnCall, People};
use super::policy::{LadderPolicy, PlannedRung};
use super::storm::{self, Storm};

/// The acknowledgement was refused: somebody was faster.
pub const ALREADY_ACKNOWLEDGED: &str = "already-acknowledged";
/// The acknowledgement was refused, or a page withheld: not for this account.
pub const MAY_NOT_KNOW: &str = "may-not-know";
/// The acknowledgement was refused: there is no case of this number.
pub const NO_SUCH_CASE: &str = "no-such-case";
/// The acknowledgement was refused: it answers a call that was answered, or overtaken, before.
pub const STALE: &str = "stale";
/// An acknowledgement counts no longer: nothing was recorded for too long after it.
pub const NOTHING_RECORDED: &str = "nothing-recorded";
/// An acknowledgement counts no longer: the time for which calls were put off is over.
pub const SNOOZE_OVER: &str = "snooze-over";

/// What to commit for one rung: the fact, and the jobs that go into the outbox in the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rung {
    /// [`Fact::Called`], or what else has come due: a round that nobody answered, an acknowledgement that counts no
    /// longer, a digest, a drill, a look at the rota.
    pub fact: Fact,
    /// One page for each person and channel; empty when nobody on the rung may know.
    pub jobs: Vec<PageJob>,
}

impl Rung {
    /// Which step of its ladder it is.
    pub(super) fn step(&self) -> u32 {
        match self.fact {
            Fact::Called { step, .. } => step,
            _ => 0,
        }
    }
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
    pub(super) open: BTreeMap<CaseRef, Open>,
    passed_by: BTreeMap<CaseRef, BTreeSet<UserId>>,
    /// Cases of which nobody who can be called may know.
    unknowable: BTreeSet<CaseRef>,
    /// Which cases were called at a moment, as far as an answer to several at once may still come.
    moments: BTreeMap<Timestamp, BTreeSet<CaseRef>>,
    /// When everything overdue was last found to be held back, and until when it is: what changes nothing about that need
    /// not look at all of it again.
    rested: Option<(Timestamp, Timestamp)>,
    due: BTreeSet<(Timestamp, CaseRef)>,
    storm: Storm,
    digests: Digests,
    pub(super) drills: Drills,
    rota_looked_at: Option<Timestamp>,
    started: Option<Timestamp>,
    docket: Docket,
}

#[derive(Clone, Debug)]
pub(super) struct Open {
    pub case: Case,
    pub climb: Option<Climb>,
    /// Where rounds are counted from when the ladder is armed again at the level that it had.
    next_round: u32,
    /// To whom it was handed over: called before everybody else.
    handed_to: Option<String>,
    /// When an acknowledgement counts no longer, and why.
    until: Option<(Timestamp, &'static str)>,
    /// Who was called when, as far as an answer to several cases at once may still come.
    pub called: BTreeMap<Timestamp, BTreeSet<String>>,
    /// The entry of this case in [`Calls::due`].
    due: Option<Timestamp>,
}

/// How many moments of calls of a case can still be answered together with others.
const CALLS_KEPT: usize = 16;
/// How far ahead the rota is looked at, each day.
const ROTA_AHEAD: Duration = Duration::from_hours(7 * 24);
const A_DAY: Duration = Duration::from_hours(24);

impl Calls {
    /// No case yet.
    #[must_use]
    pub fn new(organisation: impl Into<String>, policy: LadderPolicy, people: People) -> Self {
        Calls {
            docket: Docket::new(policy.casework.clone().unwrap_or_default()),
            organisation: organisation.into(),
            policy,
            people,
            open: BTreeMap::new(),
            passed_by: BTreeMap::new(),
            unknowable: BTreeSet::new(),
            moments: BTreeMap::new(),
            rested: None,
            due: BTreeSet::new(),
            storm: Storm::default(),
            digests: Digests::default(),
            drills: Drills::default(),
            rota_looked_at: None,
            started: None,
        }
    }

    /// Folds one fact; facts that say nothing about calling anybody change nothing.
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) {
        self.digests.apply(at, fact);
        self.docket.apply(at, fact);
        self.drills.apply(at, fact);
        let case = match fact {
            Fact::PassedBy { case, people } => {
                self.passed_by.entry(*case).or_default().extend(people);
                return;
            }
            Fact::CaseOpened { case, category, level, subjects }
            | Fact::CaseRose { case, category, level, subjects } => {
                let subjects = self.may_not_know(*case, subjects);
                self.opened_or_rose(at, *case, *category, *level, &subjects);
                case
            }
            Fact::SubjectsJoined { case, subjects } => {
                let subjects = self.may_not_know(*case, subjects);
                self.joined(at, *case, &subjects);
                case
            }
            Fact::Acknowledged { case, by, .. } => {
                self.acknowledged(at, *case, *by);
                case
            }
            Fact::AcknowledgedByName { case, .. } => {
                self.acknowledged(at, *case, UserId::default());
                case
            }
            Fact::Handled { case, name, what, .. } => {
                self.handled(at, *case, name, what);
                case
            }
            Fact::Acted(act) => {
                self.acted(at, act);
                &act.case
            }
            Fact::Erased(stone) => {
                let Some(case) = stone.case else { return };
                if let Some(before) = self.open.remove(&case).and_then(|open| open.due) {
                    self.due.remove(&(before, case));
                }
                return;
            }
            Fact::Unacknowledged { case, .. } => {
                if let Some(open) = self.open.get_mut(case) {
                    open.arm(at, open.next_round);
                }
                case
            }
            Fact::Called { case, level, step, round, people } => {
                self.storm.called(at, *level, people);
                let Some(open) = self.open.get_mut(case) else { return };
                open.called.entry(at).or_default().extend(people.iter().cloned());
                self.moments.entry(at).or_default().insert(*case);
                while open.called.len() > CALLS_KEPT {
                    let Some((moment, _)) = open.called.pop_first() else { break };
                    if let Some(cases) = self.moments.get_mut(&moment) {
                        cases.remove(case);
                        if cases.is_empty() {
                            self.moments.remove(&moment);
                        }
                    }
                }
                let may_know = may_know(&self.people, &open.case.subjects);
                let Some(climb) = open.climb.as_mut().filter(|climb| climb.level == *level) else { return };
                climb.called(at, (*round, *step), people, &may_know);
                case
            }
            Fact::Exhausted { case, .. } => {
                if let Some(climb) = self.open.get_mut(case).and_then(|open| open.climb.as_mut()) {
                    climb.exhausted();
                }
                case
            }
            Fact::Outcome { job, effect, ended } => return self.ended(at, job, effect, ended),
            Fact::Travelled {
                job,
                state: Travel::FailedTemporary { .. } | Travel::FailedPermanent { .. },
            } => {
                return self.did_not_arrive(at, job);
            }
            Fact::Started { .. } => {
                self.started.get_or_insert(at);
                return;
            }
            Fact::RotaLookedAt { .. } => {
                self.rota_looked_at = Some(at);
                return;
            }
            _ => return,
        };
        self.schedule(*case, at);
    }

    /// Who may not know of a case: its subjects, and those whom it goes past.
    fn may_not_know(&self, case: CaseRef, subjects: &BTreeSet<UserId>) -> BTreeSet<UserId> {
        subjects.iter().chain(self.passed_by.get(&case).into_iter().flatten()).copied().collect()
    }

    fn acknowledged(&mut self, at: Timestamp, case: CaseRef, by: UserId) {
        let Some(open) = self.open.get_mut(&case) else { return };
        let (Ok(state) | Err(state)) = open.case.state.clone().acknowledge(by, at);
        open.case.state = state;
        if open.disarm() {
            open.until = self.policy.follow_up.map(|wait| (at.plus(wait), NOTHING_RECORDED));
        }
    }

    fn handled(&mut self, at: Timestamp, case: CaseRef, name: &str, what: &Handling) {
        let by = self.people.named(name).and_then(|person| person.account).unwrap_or_default();
        let Some(open) = self.open.get_mut(&case) else { return };
        if let CaseState::New = open.case.state {
            open.case.state = CaseState::Acknowledged { by, at };
        }
        open.disarm();
        open.until = None;
        match what {
            Handling::Recorded => {}
            Handling::Resolved => open.case.state = CaseState::Closed { by, at },
            Handling::Snoozed { until, .. } => open.until = Some((*until, SNOOZE_OVER)),
            Handling::HandedOver { to } => {
                open.arm(at, open.next_round);
                open.handed_to = Some(to.clone());
            }
        }
    }

    /// What a lead did with a case: whoever works on it is not called about it any more. A look is no work.
    fn acted(&mut self, at: Timestamp, act: &Act) {
        let Some(open) = self.open.get_mut(&act.case) else { return };
        if let Ok(state) = open.case.state.clone().after(&act.what, act.account.unwrap_or_default(), at) {
            open.case.state = state;
        }
        if act.what.is_beside_the_case() || open.case.state == CaseState::New {
            return;
        }
        let was_called = open.disarm();
        open.until = match (&act.what, self.policy.follow_up) {
            (Deed::Acknowledged, Some(wait)) if was_called => Some((at.plus(wait), NOTHING_RECORDED)),
            _ => None,
        };
    }

    fn ended(&mut self, at: Timestamp, job: &str, effect: &Effect, ended: &Ended) {
        let arrived = matches!(ended, Ended::Done { .. });
        match effect {
            Effect::Page { case, level, person, channel, drill: false, .. } => {
                let organisation = &self.organisation;
                let Some(climb) = self.open.get_mut(case).and_then(|open| open.climb.as_mut()) else {
                    return;
                };
                let is_key =
                    |round, step| *job == page_key(organisation, *case, *level, round, step, person, channel);
                if arrived {
                    climb.arrived(person, channel, is_key);
                } else {
                    climb.failed(at, person, channel, is_key);
                }
                self.schedule(*case, at);
            }
            Effect::PageTogether { cases, person, channel, .. } => {
                for called in cases {
                    let open = self.open.get_mut(&called.case);
                    let climb = open.and_then(|open| open.climb.as_mut());
                    let Some(climb) = climb.filter(|climb| climb.level == called.level) else { continue };
                    let is_key = |round, step| (round, step) == (called.round, called.step);
                    if arrived {
                        climb.arrived(person, channel, is_key);
                    } else {
                        climb.failed(at, person, channel, is_key);
                    }
                    self.schedule(called.case, at);
                }
            }
            _ => {}
        }
    }

    /// A page that its channel cannot hand on, for now or for ever: the person's next channel is not waited for.
    fn did_not_arrive(&mut self, at: Timestamp, job: &str) {
        let mut parts = job.rsplitn(3, '/');
        let (Some(channel), Some(person), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return;
        };
        let together =
            rest.strip_prefix("pages/").and_then(|rest| rest.rsplit('/').next()?.parse().ok()).map(Timestamp);
        // Of a page about one case, its key names it: …/<case>/<level>/<round>/<step>.
        let named = || rest.rsplit('/').nth(3)?.parse::<CaseRef>().ok();
        let cases: Vec<CaseRef> = match together {
            Some(moment) => self.moments.get(&moment).into_iter().flatten().copied().collect(),
            None => named().into_iter().collect(),
        };
        for case in cases {
            let organisation = &self.organisation;
            let Some(open) = self.open.get_mut(&case) else { continue };
            let Some(climb) = open.climb.as_mut() else { continue };
            let level = climb.level;
            match together {
                Some(moment) => {
                    if open.called.get(&moment).is_some_and(|people| people.contains(person)) {
                        climb.failed(at, person, channel, |_, _| true);
                    }
                }
                None => climb.failed(at, person, channel, |round, step| {
                    job == page_key(organisation, case, level, round, step, person, channel)
                }),
            }
            self.schedule(case, at);
        }
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
            handed_to: None,
            until: None,
            called: BTreeMap::new(),
            due: None,
        };
        let open = self.open.entry(reference).or_insert_with(fresh);
        let rose = level > open.case.level;
        if may_know(&self.people, subjects).is_empty() {
            self.unknowable.insert(reference);
        } else {
            self.unknowable.remove(&reference);
        }
        // Whoever acknowledged and then turns out to be a subject has acknowledged nothing.
        let void = open.case.state.since().is_some_and(|(by, _)| subjects.contains(&by));
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
            let round = if rose { 0 } else { open.next_round };
            open.arm(at, round);
        }
    }

    /// More subjects at the same level call nobody again, unless it was one of them who had acknowledged.
    fn joined(&mut self, at: Timestamp, case: CaseRef, subjects: &BTreeSet<UserId>) {
        let Some(open) = self.open.get_mut(&case) else { return };
        if may_know(&self.people, subjects).is_empty() {
            self.unknowable.insert(case);
        }
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
    fn schedule(&mut self, case: CaseRef, at: Timestamp) {
        let Some(open) = self.open.get(&case) else { return };
        let due = self.look(open, at, Climb::due).or(open.until.map(|(until, _)| until));
        if due == open.due {
            return;
        }
        if let Some(before) = open.due {
            self.due.remove(&(before, case));
        }
        if let Some(due) = due {
            self.due.insert((due, case));
            self.rested = self.rested.filter(|(rested_at, _)| due > *rested_at);
        }
        if let Some(open) = self.open.get_mut(&case) {
            open.due = due;
        }
    }

    fn look<T>(&self, open: &Open, at: Timestamp, see: impl FnOnce(&Climb, &View<'_>) -> T) -> Option<T> {
        let climb = open.climb.as_ref()?;
        let Case { category, subjects, .. } = &open.case;
        let mut rungs = self.policy.rungs(&self.people, climb.level, *category, subjects, at);
        let taker = open.handed_to.as_ref().and_then(|name| self.people.named(name));
        if let Some(taker) = taker.filter(|taker| self.people.may_know(taker, subjects)) {
            let wait = self.policy.first_wait();
            rungs.insert(0, PlannedRung { people: vec![taker], wait, last_resort: false });
        }
        let may_know = may_know(&self.people, subjects);
        let repeat = self.policy.repeat_at(climb.level, *category);
        Some(see(climb, &View { rungs: &rungs, repeat, may_know: &may_know }))
    }

    /// When a ladder wants to be looked at, in the past where one is overdue; none while none is open.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// When [`Calls::advance`] has something more to say than it has now: ladders, the digest, a drill, the rota. To be
    /// asked after everything that it says now was folded.
    #[must_use]
    pub fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        let later =
            self.due.range((now.plus(Duration::from_micros(1)), CaseRef(0))..).next().map(|(at, _)| *at);
        let overdue = self.due().is_some_and(|due| due <= now);
        // What is overdue and was not said is left in peace until somebody's breath is over.
        let held = overdue.then(|| self.storm.next_end(now).unwrap_or(now));
        let digest = self.policy.digest.as_ref().and_then(|policy| self.digests.due(policy, now));
        let drill = self.policy.drill.as_ref().and_then(|policy| self.drills.due(policy));
        let reminder = self.policy.casework.as_ref().and_then(|_| self.docket.next_due());
        later.into_iter().chain(held).chain(digest).chain(drill).chain(self.rota_due()).chain(reminder).min()
    }

    fn rota_due(&self) -> Option<Timestamp> {
        if self.people.rota().is_empty() {
            return None;
        }
        self.rota_looked_at.map(|last| last.plus(A_DAY)).or(self.started)
    }

    /// What is to be committed at `now`, case by case. Fold the facts afterwards; until then the same answer is
    /// given again.
    #[must_use]
    pub fn advance(&self, now: Timestamp) -> Vec<Rung> {
        let rested = self.rested.filter(|(at, until)| *at <= now && now < *until).map(|(at, _)| at);
        let after = rested.map_or(Timestamp(i64::MIN), |at| at.plus(Duration::from_micros(1)));
        let overdue = self.due.range((after, CaseRef(0))..).take_while(|(at, _)| *at <= now);
        let mut cases: Vec<CaseRef> = overdue.map(|(_, case)| *case).collect();
        cases.sort_unstable();
        let mut rungs: Vec<Rung> = cases
            .iter()
            .filter_map(|case| self.open.get(case))
            .flat_map(|open| self.rungs_due(open, now))
            .collect();
        storm::together(&self.organisation, now, &mut rungs);
        if let Some(policy) = &self.policy.digest {
            let cases = if self.digests.due(policy, now).is_some_and(|due| due <= now) {
                self.open.iter().map(|(reference, open)| (*reference, &open.case)).collect()
            } else {
                BTreeMap::new()
            };
            rungs.extend(self.digests.advance(&self.organisation, policy, &self.people, &cases, now));
        }
        if let Some(policy) = &self.policy.drill {
            rungs.extend(self.drills.advance(&self.organisation, policy, &self.people, now));
        }
        if self.policy.casework.is_some() {
            rungs.extend(deadlines::reminders(&self.organisation, &self.docket, &self.people, now));
        }
        if self.rota_due().is_some_and(|due| due <= now) {
            let until = now.plus(ROTA_AHEAD);
            let gaps = self.people.rota().gaps(now, until);
            rungs.push(Rung { fact: Fact::RotaLookedAt { until, gaps }, jobs: Vec::new() });
        }
        rungs
    }

    /// To be told when [`Calls::advance`] had nothing (more) to say at `now`: what is overdue is held back while somebody
    /// draws breath, and need not be looked at again before that is over. It changes no answer.
    pub fn rest(&mut self, now: Timestamp) {
        if self.due().is_some_and(|due| due <= now) {
            self.rested = self.storm.next_end(now).map(|until| (now, until));
        }
    }

    fn rungs_due(&self, open: &Open, now: Timestamp) -> Vec<Rung> {
        let case = open.case.reference;
        if open.climb.is_none() {
            let over = open.until.filter(|(until, _)| *until <= now);
            let over = over.map(|(_, why)| Fact::Unacknowledged { case, why: why.to_owned() });
            return over.map(|fact| Rung { fact, jobs: Vec::new() }).into_iter().collect();
        }
        let due = self.look(open, now, |climb, view| {
            let reached = climb.reached(view, now);
            let all = reached.fallbacks.into_iter().chain(reached.rungs);
            let rungs: Vec<Rung> =
                all.map(|(round, step, people)| self.rung(open, climb, round, step, people)).collect();
            let level = climb.level;
            let exhausted = reached.exhausted.map(|round| Fact::Exhausted { case, level, round });
            (rungs, exhausted)
        });
        let Some((mut rungs, exhausted)) = due else { return Vec::new() };
        let mut people = rungs.iter().flat_map(|rung| match &rung.fact {
            Fact::Called { people, .. } => people.as_slice(),
            _ => &[],
        });
        // Held as a whole: the order of a case's rungs stays what it is.
        let anybody = people.clone().next().is_some();
        if anybody && people.all(|person| self.storm.holds(person, open.case.level, now).is_some()) {
            return Vec::new();
        }
        rungs.extend(exhausted.map(|fact| Rung { fact, jobs: Vec::new() }));
        rungs
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

    /// Open cases of level 4 or 5, and cases that wait for a digest, of which nobody who can be called may know: the
    /// operator's channel has to be told at once (that there is such a case, and no more).
    #[must_use]
    pub fn nobody_left(&self) -> Vec<CaseRef> {
        let waits = |case: &&CaseRef| {
            self.open.get(case).is_some_and(|open| open.climb.is_some()) || self.digests.waits(**case)
        };
        self.unknowable.iter().filter(waits).copied().collect()
    }

    /// A case by its number.
    #[must_use]
    pub fn case(&self, reference: CaseRef) -> Option<&Case> {
        self.open.get(&reference).map(|open| &open.case)
    }

    /// The cases that were called at a moment.
    pub(super) fn called_at(&self, moment: Timestamp) -> impl Iterator<Item = &Open> {
        self.moments.get(&moment).into_iter().flatten().filter_map(|case| self.open.get(case))
    }

    /// Every case that was opened, by number.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.open.values().map(|open| &open.case)
    }

    /// Every case with its record.
    #[must_use]
    pub fn docket(&self) -> &Docket {
        &self.docket
    }

    /// What an act of a lead comes to; commit either fact. Whose account the lead has is entered here, whatever the
    /// request says.
    ///
    /// # Errors
    /// [`Fact::ActRefused`], with [`MayNotKnow`](crate::domain::act::Refusal::MayNotKnow) for a subject, for somebody who manages one, and for anybody
    /// who is not on the ladder.
    #[expect(clippy::result_large_err, reason = "either fact moves into the transaction at once")]
    pub fn act(&self, act: &Act, now: Timestamp) -> Result<Fact, Fact> {
        let may_know = |name: &str, subjects: &BTreeSet<UserId>| {
            let person = self.people.named(name).filter(|person| !self.people.is_shared(person));
            person.is_some_and(|person| self.people.may_know(person, subjects))
        };
        match self.docket.refuses(act, now, &may_know) {
            None => {
                let account = self.people.named(&act.by).and_then(|person| person.account);
                Ok(Fact::Acted(Act { account, ..act.clone() }))
            }
            Some(why) => Err(Fact::ActRefused {
                case: act.case,
                id: act.id.clone(),
                by: act.by.clone(),
                what: act.what.code().to_owned(),
                why,
            }),
        }
    }

    /// Who can be called.
    #[must_use]
    pub fn people(&self) -> &People {
        &self.people
    }
}

impl Open {
    /// Puts the case on its ladder, from the beginning of a round.
    fn arm(&mut self, at: Timestamp, round: u32) {
        self.case.state = CaseState::New;
        (self.handed_to, self.until) = (None, None);
        let level = self.case.level;
        self.climb = (level >= Level::Serious).then(|| Climb::armed(level, round, at));
    }

    /// Takes the case off its ladder; tells whether it was on it.
    fn disarm(&mut self) -> bool {
        self.handed_to = None;
        let Some(climb) = self.climb.take() else { return false };
        self.next_round = climb.round().saturating_add(1);
        true
    }
}

fn may_know<'a>(people: &'a People, subjects: &BTreeSet<UserId>) -> BTreeMap<&'a str, &'a OnCall> {
    let allowed = people.iter().filter(|person| people.may_know(person, subjects));
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
