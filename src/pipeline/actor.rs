//! One organisation's actor: takes inputs in order, asks the engine and the ladder, hands on what must be durable.

use std::sync::{Arc, RwLock};

use tokio::sync::{mpsc, oneshot};

use super::committer::{Commit, Exhibit};
use super::ring::{Received, Ring};
use super::{Ask, Input, Progress, What};
use crate::clock::Clock;
use crate::domain::effect::Nudge;
use crate::domain::event::Message;
use crate::domain::fact::Handling;
use crate::domain::{CaseRef, Category, ChannelId, ConcernKey, Effect, Event, Fact, Heard, Timestamp};
use crate::engine::{Assessment, Organisation};
use crate::outbox::Job;
use crate::paging::ladder::Calls;
use crate::store::Position;

/// A position is kept with whatever else becomes durable, and by itself this often (in µs): hearing a quiet message
/// twice after a crash changes nothing, so nothing waits for it.
const POSITION_EVERY: i64 = 2_000_000;

/// How often the ladders are asked again at one moment: what one answer leads to is due at once.
const TURNS: usize = 4;

/// One organisation, listening.
pub struct Actor {
    /// Its name in the store.
    pub name: String,
    /// What decides.
    pub organisation: Organisation,
    /// Who is called; read by the channels when a page is about to leave, written only here.
    pub calls: Arc<RwLock<Calls>>,
    /// Where durable things go.
    pub commits: mpsc::Sender<Commit>,
    /// What time it is.
    pub clock: Clock,
    /// How far it has come.
    pub progress: Progress,
    /// Recent bytes.
    pub ring: Ring,
    /// Where the operator is told that nobody can be called.
    pub operator_channel: Option<ChannelId>,
}

/// What an actor has decided but not yet handed on.
#[derive(Default)]
struct Pending {
    position: Option<Position>,
    position_kept_at: Timestamp,
}

impl Actor {
    /// Listens until every ear is gone, then keeps the last position and ends.
    pub async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        // The first position of a run is kept at once: a kill before anything else is durable must not leave us
        // without a session to resume.
        let mut pending = Pending { position: None, position_kept_at: Timestamp(i64::MIN) };
        // What fell due while nothing ran is looked at before anything else.
        let now = self.clock.now();
        let mut due = self.wanted(None, now).map(|due| due.min(now));
        loop {
            self.progress.wants(due);
            let input = tokio::select! {
                biased;
                input = inputs.recv() => input,
                () = wait(&self.clock, due) => {
                    let at = due.unwrap_or_default().max(self.clock.now());
                    due = self.decide_due(at, &mut pending).await;
                    continue;
                }
            };
            let Some(input) = input else { break };
            due = self.take(input, due, &mut pending).await;
        }
        if let Some(position) = pending.position.take() {
            self.progress.began();
            self.hand_on(Commit { position: Some(position), ..Commit::of(&self.name) }).await;
        }
    }

    async fn take(
        &mut self,
        input: Input,
        due: Option<Timestamp>,
        pending: &mut Pending,
    ) -> Option<Timestamp> {
        let Input { what, raw, position, done } = input;
        match what {
            What::Lists(lists) => {
                self.organisation.use_lists(lists);
                self.progress.finished();
                due
            }
            What::Recollection(message, at) => {
                if let Some(raw) = raw {
                    self.put(&message, raw, at);
                }
                self.organisation.recollect(&message);
                self.progress.finished();
                due
            }
            What::Ask(ask, at) => self.answer(ask, at, done, due, pending).await,
            What::Event(heard) => {
                // What was due before this was heard comes first. It is decided now, not at the moments at which it
                // would have been: after forty minutes in which nothing ran, nobody is called three times at once,
                // and no record says that they were called when they were not.
                if due.is_some_and(|due| due <= heard.at) {
                    self.decide_due(heard.at, pending).await;
                }
                // Only now: what was due must not make the position of an undecided event durable.
                pending.position = position.or(pending.position.take());
                let blocked = self.organisation.blocked_message(&heard);
                let (message, words) = match &heard.event {
                    Event::Said(message) | Event::Edited(message) => (Some(&**message), None),
                    Event::Reported { message, words, .. } => (message.as_deref(), words.as_deref()),
                    _ => (blocked.as_ref(), None),
                };
                let frame = match &heard.event {
                    Event::Unreadable { name, .. } => raw.clone().map(|raw| (name.clone(), raw)),
                    _ => None,
                };
                if let Some(raw) = raw {
                    for message in message.into_iter().chain(words) {
                        self.put(message, raw.clone(), heard.at);
                    }
                }
                let (mut commit, due) = self.decide(&heard);
                if let Some((name, raw)) = frame {
                    let key = ConcernKey { family: Category::Integrity.family(), by: None, towards: None };
                    let case = self.organisation.state().concerns.get(&key).and_then(|concern| concern.case);
                    let received = Received { raw, at: heard.at, attachments: Vec::new() };
                    commit.unread.push((case, name, received));
                }
                self.hand_on_with(commit, done, heard.at, pending).await;
                due
            }
        }
    }

    /// Lets a question be asked, and hears what it decides.
    async fn answer(
        &mut self,
        Ask(ask): Ask,
        at: Timestamp,
        mut done: Option<oneshot::Sender<Vec<Fact>>>,
        mut due: Option<Timestamp>,
        pending: &mut Pending,
    ) -> Option<Timestamp> {
        if due.is_some_and(|due| due <= at) {
            due = self.decide_due(at, pending).await;
        }
        let events = ask(&self.organisation, at);
        // What was asked for at once is durable at once, all of it or nothing.
        let mut all: Option<Commit> = None;
        for event in events {
            let (commit, next) = self.decide(&Heard { at, event });
            due = next;
            match &mut all {
                Some(all) => all.add(commit),
                None => all = Some(commit),
            }
        }
        if let Some(all) = all {
            self.progress.began();
            self.hand_on_with(all, done.take(), at, pending).await;
        }
        self.progress.finished();
        due
    }

    fn put(&mut self, message: &Message, raw: Arc<str>, at: Timestamp) {
        let attachments = message.attachments.clone();
        self.ring.put(message.space, message.id, Received { raw, at, attachments });
    }

    async fn decide_due(&mut self, at: Timestamp, pending: &mut Pending) -> Option<Timestamp> {
        self.progress.began();
        let (commit, due) = self.decide(&Heard { at, event: Event::Due });
        self.hand_on_with(commit, None, at, pending).await;
        due
    }

    /// What one event leads to, ready to be made durable.
    fn decide(&mut self, heard: &Heard) -> (Commit, Option<Timestamp>) {
        let now = heard.at;
        let mut commit = Commit::of(&self.name);
        let assessment = match &heard.event {
            Event::Acknowledged { case, by, via } => {
                let fact = self.read_calls(|calls| match calls.acknowledge(*case, *by, via) {
                    Ok(fact) | Err(fact) => fact,
                });
                self.note_all(now, vec![fact])
            }
            Event::AcknowledgedTogether { at, by, via } => {
                let facts = self.read_calls(|calls| calls.acknowledge_together(*at, *by, via));
                self.note_all(now, facts)
            }
            Event::AcknowledgedByLink(answer) => {
                let facts = self.read_calls(|calls| calls.answer(answer));
                self.note_all(now, facts)
            }
            Event::Handled { case, name, what, via } => {
                let fact = self.read_calls(|calls| match calls.handle(*case, name, what, via, now) {
                    Ok(fact) | Err(fact) => fact,
                });
                self.note_all(now, vec![fact])
            }
            Event::Travelled { job, state } => {
                let fact = Fact::Travelled { job: job.clone(), state: state.clone() };
                self.note_all(now, vec![fact])
            }
            _ => self.organisation.assess(heard),
        };
        if let Event::Outcome { job, .. } = &heard.event {
            commit.ended.push(job.clone());
        }
        for keep in assessment.keep {
            let received = self.ring.get(keep.space, keep.message);
            if received.is_empty() {
                let why = "not-at-hand".to_owned();
                commit.facts.push((now, Fact::NotKept { case: keep.case, message: keep.message, why }));
            } else {
                for attachment in received.iter().flat_map(|received| &received.attachments) {
                    let fact = Fact::Withheld {
                        case: keep.case,
                        message: keep.message,
                        attachment: attachment.id,
                        media_type: attachment.media_type.clone(),
                        size: attachment.size,
                    };
                    commit.facts.push((now, fact));
                }
                commit.exhibits.push(Exhibit { keep, received: received.to_vec() });
            }
        }
        for fact in assessment.facts {
            if let Fact::Decided { job, effect, case } = &fact {
                commit.jobs.push(self.job(job.clone(), effect.clone(), *case, now));
            }
            self.write_calls(|calls| calls.apply(now, &fact));
            commit.facts.push((now, fact));
        }
        self.settle(now, &mut commit);
        self.call(now, &mut commit);
        (commit, self.wanted(assessment.due, now))
    }

    /// Facts that were concluded beside the engine.
    fn note_all(&mut self, now: Timestamp, facts: Vec<Fact>) -> Assessment {
        let mut all = Assessment::default();
        for fact in facts {
            let noted = self.organisation.note(now, fact);
            all.facts.extend(noted.facts);
            all.due = noted.due;
        }
        all
    }

    /// Tells whatever keeps incidents what was answered.
    fn settle(&mut self, now: Timestamp, commit: &mut Commit) {
        let answered: Vec<(CaseRef, bool)> = commit
            .facts
            .iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Acknowledged { case, .. } | Fact::AcknowledgedByName { case, .. } => {
                    Some((*case, false))
                }
                Fact::Handled { case, what: Handling::Resolved, .. } => Some((*case, true)),
                _ => None,
            })
            .collect();
        for (case, resolved) in answered {
            for (person, channel) in self.read_calls(|calls| calls.keepers_of(case)) {
                let how = if resolved { "resolved" } else { "acknowledged" };
                let key = format!("settled/{}/{case}/{how}/{}/{person}/{channel}", self.name, now.0);
                let effect = Effect::PageSettled { case, resolved, channel, person };
                self.decide_beside(key, effect, Some(case), now, commit);
            }
        }
    }

    /// Calls whoever is to be called by now.
    fn call(&mut self, now: Timestamp, commit: &mut Commit) {
        // An acknowledgement that counts no longer puts its case on the ladder, whose first rung is due at once.
        for _ in 0..TURNS {
            let rungs = self.read_calls(|calls| calls.advance(now));
            if rungs.is_empty() {
                self.write_calls(|calls| calls.rest(now));
                break;
            }
            for rung in rungs {
                let case = match &rung.fact {
                    Fact::Called { case, .. } => Some(*case),
                    _ => None,
                };
                for page in rung.jobs {
                    commit.jobs.push(self.job(page.key, page.effect, case, now));
                }
                self.write_calls(|calls| calls.apply(now, &rung.fact));
                self.follow(&rung.fact, now, commit);
                commit.facts.push((now, rung.fact));
            }
        }
        for case in self.read_calls(Calls::nobody_left) {
            let level = self.organisation.state().cases.get(&case).map_or(0, |case| u8::from(case.level));
            let key = format!("operator/{}/{case}/{level}/nobody-may-know", self.name);
            // The operator learns that there is such a case, and no more.
            if self.tell_operator(key, Nudge::NobodyMayKnow, Some(case), now, commit) {
                tracing::error!(%case, "nobody on the ladder may know of this case; configure an external contact");
            }
        }
    }

    /// What follows from something that has come due, beside the pages themselves.
    fn follow(&mut self, fact: &Fact, now: Timestamp, commit: &mut Commit) {
        match fact {
            Fact::Unacknowledged { .. } => {
                // The engine knows the state of cases too. The fact itself is pushed by whoever called.
                self.organisation.restore(now, fact);
            }
            Fact::Exhausted { case, level, round } => {
                tracing::error!(%case, %level, "nobody on the ladder has answered a whole round");
                let place = format!("{}/{case}/{level}/{round}", self.name);
                let mut workers = self.organisation.workers_in_the_room(*case);
                // Whoever is on the ladder is called as a lead.
                workers.retain(|(id, _)| self.read_calls(|calls| calls.people().with_account(*id).is_none()));
                for (worker, space) in workers {
                    let effect = Effect::Nudge { to: worker, about: Nudge::LeadsNotReached, space };
                    self.decide_beside(
                        format!("exhausted/{place}/{worker}"),
                        effect,
                        Some(*case),
                        now,
                        commit,
                    );
                }
                let key = format!("operator/{place}/exhausted");
                self.tell_operator(key, Nudge::LeadsNotReached, Some(*case), now, commit);
            }
            Fact::DrillEnded { drill, missing, .. } if !missing.is_empty() => {
                tracing::error!(drill, missing = missing.len(), "a drill was not answered by everybody");
                let key = format!("operator/{}/drill/{drill}", self.name);
                self.tell_operator(key, Nudge::DrillMissed, None, now, commit);
                for fact in self.organisation.drill_missed(now).facts {
                    self.write_calls(|calls| calls.apply(now, &fact));
                    commit.facts.push((now, fact));
                }
            }
            Fact::RotaLookedAt { gaps, .. } if !gaps.is_empty() => {
                for gap in gaps {
                    tracing::warn!(slot = gap.slot, from = %gap.from, until = %gap.until, "the rota names nobody");
                }
                let first = gaps.iter().map(|gap| gap.from).min().unwrap_or(now);
                let key = format!("operator/{}/rota/{}/{}", self.name, first.0, gaps.len());
                self.tell_operator(key, Nudge::RotaHasGaps, None, now, commit);
            }
            _ => {}
        }
    }

    /// Tells the operator something, once; true when it was not told before. A ladder must not turn in silence, so
    /// this is on record even where no channel is configured for it.
    fn tell_operator(
        &mut self,
        key: String,
        about: Nudge,
        case: Option<CaseRef>,
        now: Timestamp,
        commit: &mut Commit,
    ) -> bool {
        if self.organisation.state().has_decided(&key) {
            return false;
        }
        let Some(space) = self.operator_channel else { return true };
        self.decide_beside(key, Effect::Notice { space, about }, case, now, commit);
        true
    }

    /// Something that is decided beside the engine.
    fn decide_beside(
        &mut self,
        key: String,
        effect: Effect,
        case: Option<CaseRef>,
        now: Timestamp,
        commit: &mut Commit,
    ) {
        if self.organisation.state().has_decided(&key) {
            return;
        }
        let fact = Fact::Decided { job: key.clone(), effect: effect.clone(), case };
        for fact in self.organisation.note(now, fact).facts {
            commit.facts.push((now, fact));
        }
        commit.jobs.push(self.job(key, effect, case, now));
    }

    fn job(&self, key: String, effect: Effect, case: Option<CaseRef>, now: Timestamp) -> Job {
        Job { key, organisation: self.name.clone(), case, effect, not_before: now, attempts: 0 }
    }

    fn wanted(&self, engine: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        engine.into_iter().chain(self.read_calls(|calls| calls.next_due(now))).min()
    }

    fn read_calls<T>(&self, read: impl FnOnce(&Calls) -> T) -> T {
        read(&self.calls.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn write_calls(&self, write: impl FnOnce(&mut Calls)) {
        write(&mut self.calls.write().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    async fn hand_on_with(
        &mut self,
        mut commit: Commit,
        done: Option<oneshot::Sender<Vec<Fact>>>,
        now: Timestamp,
        pending: &mut Pending,
    ) {
        commit.done = done;
        let position_is_old = now.0.saturating_sub(pending.position_kept_at.0) >= POSITION_EVERY;
        let worth_it = !commit.is_empty() || (position_is_old && pending.position.is_some());
        if !worth_it {
            self.progress.finished();
            return;
        }
        commit.position = pending.position.take();
        if commit.position.is_some() {
            pending.position_kept_at = now;
        }
        self.hand_on(commit).await;
    }

    async fn hand_on(&mut self, commit: Commit) {
        if self.commits.send(commit).await.is_err() {
            tracing::error!("nothing can be made durable any more; the pipeline stops");
        }
    }
}

async fn wait(clock: &Clock, due: Option<Timestamp>) {
    match due {
        Some(due) => clock.until(due).await,
        None => std::future::pending().await,
    }
}
