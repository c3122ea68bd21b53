//! What leads do with cases, through the same order as everything else: decided, sealed, logged, then answered.

use tokio::sync::oneshot;

use super::actor::Actor;
use super::committer::Commit;
use super::{Ear, Input, Stopped, What};
use crate::domain::act::{Act, Deed};
use crate::domain::retention::{ErasedBy, RecordClass, Tombstone, runs};
use crate::domain::{Effect, Fact, Timestamp};
use crate::engine::{Assessment, Organisation};
use crate::evidence::commitment::SealedExhibit;
use crate::evidence::entry::Class;
use crate::outbox::Job;
use crate::paging::Calls;

/// An act that somebody asks for, with the words that go with it.
#[derive(Clone, Debug)]
pub struct Requested {
    /// What is to be done, and by whom.
    pub act: Act,
    /// The sealed words; the act names them by their commitment.
    pub words: Option<SealedExhibit>,
    /// Entries of the log whose payload goes, where the act erases a case.
    pub erases: Vec<u64>,
}

impl Ear {
    /// Hands an act in and waits until what it came to is durable: [`Fact::Acted`] or [`Fact::ActRefused`], or nothing when
    /// the same act was done before.
    ///
    /// # Errors
    /// [`Stopped`] when nobody listens any more.
    pub async fn act_durably(&self, requested: Requested, at: Timestamp) -> Result<Vec<Fact>, Stopped> {
        let (done, answer) = oneshot::channel();
        let what = What::Act(Box::new(requested), at);
        self.hear(Input { what, raw: None, position: None, done: Some(done) }).await?;
        answer.await.map_err(|_| Stopped)
    }
}

impl Actor {
    /// What an act leads to, ready to be made durable.
    pub(super) fn act(&mut self, requested: Requested, now: Timestamp) -> (Commit, Option<Timestamp>) {
        let mut calls = self.calls.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut commit = decide(&self.name, &mut self.organisation, &mut calls, requested, now);
        drop(calls);
        let due = self.follow_up(now, &mut commit);
        (commit, due)
    }
}

/// What an act comes to in an organisation: folded, and ready to be made durable.
pub fn decide(
    name: &str,
    organisation: &mut Organisation,
    calls: &mut Calls,
    requested: Requested,
    now: Timestamp,
) -> Commit {
    let Requested { act, words, erases } = requested;
    let mut commit = Commit::of(name);
    if calls.docket().has_done(&act.id) {
        return commit;
    }
    let unusual = calls.docket().unusual(&act, now);
    let class = calls.docket().get(act.case).map(|record| {
        if record.is_about_adult() { RecordClass::AdultCase } else { RecordClass::YoungPersonCase }
    });
    let fact = match calls.act(&act, now) {
        Ok(fact) | Err(fact) => fact,
    };
    let done = match &fact {
        Fact::Acted(act) => Some(act.clone()),
        _ => None,
    };
    let noted = organisation.note(now, fact);
    take(name, noted, calls, now, &mut commit);
    let Some(act) = done else { return commit };
    let written = match act.what {
        Deed::KeyHanded { .. } => Class::CASE_KEY,
        _ => Class::EXHIBIT,
    };
    commit.records.extend(words.map(|words| (Some(act.case), now, written, words)));
    if let (Deed::Erased { rule }, Some(class)) = (&act.what, class) {
        let stone = Tombstone {
            class,
            rule: ErasedBy::Lead { rule: *rule },
            case: Some(act.case),
            by: Some(act.by.clone()),
            entries: runs(erases.clone()),
            highest_case: organisation.state().highest_case(),
            highest_concern: organisation.state().highest_concern(),
        };
        let noted = organisation.note(now, Fact::Erased(stone));
        take(name, noted, calls, now, &mut commit);
        commit.erased.extend(erases);
    }
    if unusual.is_some() {
        let found = organisation.unusual_access(act.account, now);
        take(name, found, calls, now, &mut commit);
    }
    commit
}

/// Folds what the engine concluded into the calls, and writes it down.
fn take(name: &str, assessment: Assessment, calls: &mut Calls, now: Timestamp, commit: &mut Commit) {
    for fact in assessment.facts {
        if let Fact::Decided { job, effect, case } = &fact {
            commit.jobs.push(job_of(name, job, effect, *case, now));
        }
        calls.apply(now, &fact);
        commit.facts.push((now, fact));
    }
}

fn job_of(
    name: &str,
    key: &str,
    effect: &Effect,
    case: Option<crate::domain::CaseRef>,
    now: Timestamp,
) -> Job {
    Job {
        key: key.to_owned(),
        organisation: name.to_owned(),
        case,
        effect: effect.clone(),
        not_before: now,
        attempts: 0,
    }
}
