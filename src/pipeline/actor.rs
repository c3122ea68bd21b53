//! One organisation's actor: takes inputs in order, asks the engine and the ladder, hands on what must be durable.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};

use tokio::sync::{mpsc, oneshot};

use super::buffer::{Around, BufferPolicy, Buffered, TIDIED_EVERY, Wanted};
use super::committer::{Commit, Exhibit};
use super::ring::{Received, Ring};
use super::{Ask, Input, Progress, What};
use crate::clock::Clock;
use crate::domain::act::Deed;
use crate::domain::effect::Nudge;
use crate::domain::event::Message;
use crate::domain::fact::{Handling, Part};
use crate::domain::{
    CaseRef, Category, ChannelId, ConcernKey, Effect, Event, Fact, Heard, MessageId, Timestamp, UserId,
};
use crate::engine::{Assessment, Organisation};
use crate::outbox::Job;
use crate::paging::ladder::Calls;
use crate::store::Position;

/// A position is kept with whatever else becomes durable, and by itself this often (in µs), each time together with
/// everything for the buffer that was heard before it: hearing a quiet message twice after a crash changes nothing, so
/// nothing waits for it.
const POSITION_EVERY: i64 = 5_000_000;
/// So many bytes for the buffer do not wait for that.
const BUFFERED_BYTES: usize = 1024 * 1024;

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
    /// How long what is heard stays in the sealed buffer.
    pub buffer: BufferPolicy,
    /// Where the operator is told that nobody can be called.
    pub operator_channel: Option<ChannelId>,
}

/// What an actor has decided but not yet handed on.
#[derive(Default)]
struct Pending {
    position: Option<Position>,
    /// When a position, or what is for the buffer, was last handed on.
    kept_at: Timestamp,
    /// What is for the buffer, in the order in which it was heard, and how many bytes that is.
    buffered: Vec<Buffered>,
    bytes: usize,
    /// When the buffer is next looked through for what is over.
    tidy_at: Timestamp,
    /// When this process began to hear.
    began_at: Timestamp,
}

impl Pending {
    /// Whether what waits has waited long enough. A clock that was put back counts as having waited.
    fn is_old(&self, now: Timestamp) -> bool {
        !(0..POSITION_EVERY).contains(&now.0.saturating_sub(self.kept_at.0))
    }

    /// When to act without being asked to.
    fn wakes_at(&self) -> Timestamp {
        let kept = Timestamp(self.kept_at.0.saturating_add(POSITION_EVERY));
        if self.buffered.is_empty() { self.tidy_at } else { self.tidy_at.min(kept) }
    }
}

impl Actor {
    /// Listens until every ear is gone, then keeps the last position and ends.
    pub async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        // The first position of a run is kept at once: a kill before anything else is durable must not leave us
        // without a session to resume.
        let mut pending =
            Pending { kept_at: Timestamp(i64::MIN), began_at: self.clock.now(), ..Pending::default() };
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
                () = self.clock.until(pending.wakes_at()) => {
                    self.look_after_buffer(&mut pending).await;
                    continue;
                }
            };
            let Some(input) = input else { break };
            due = self.take(input, due, &mut pending).await;
        }
        let (position, buffered) = (pending.position.take(), std::mem::take(&mut pending.buffered));
        if position.is_some() || !buffered.is_empty() {
            self.progress.began();
            self.hand_on(Commit { position, buffered, ..Commit::of(&self.name) }).await;
        }
    }

    /// Hands on what has waited for the buffer, and lets what is over be erased.
    async fn look_after_buffer(&mut self, pending: &mut Pending) {
        let now = self.clock.now();
        self.progress.began();
        let mut commit = Commit::of(&self.name);
        if now >= pending.tidy_at {
            pending.tidy_at = now.plus(TIDIED_EVERY);
            commit.tidy = Some((now, self.buffer.clone()));
        }
        self.hand_on_with(commit, None, now, pending).await;
    }

    /// Puts what was heard beside what goes into the buffer next, where its space is supervised and buffered.
    fn buffer(&self, heard: &Heard, raw: &Arc<str>, blocked: Option<&Message>, pending: &mut Pending) {
        let one = |message: &Message, guild| Some((guild, message.space, message.id, &[][..]));
        let about = match (&heard.event, blocked) {
            (Event::Said(message) | Event::Edited(message), _) => {
                message.guild.and_then(|guild| one(message, guild))
            }
            (Event::Blocked { guild, .. }, Some(message)) => one(message, *guild),
            (Event::Deleted { guild: Some(guild), space, messages }, _) => {
                messages.split_first().map(|(first, others)| (*guild, *space, *first, others))
            }
            (Event::Reacted { guild: Some(guild), space, message, .. }, _) => {
                Some((*guild, *space, *message, &[][..]))
            }
            _ => None,
        };
        let Some((guild, space, message, others)) = about else { return };
        let server = self.organisation.servers().get(&guild);
        let described = server.and_then(|server| server.spaces.get(&space));
        let parent = described.filter(|space| space.kind.is_thread()).and_then(|space| space.parent);
        if self.buffer.days_of(space, parent) == 0 || !self.organisation.is_supervised(guild, space) {
            return;
        }
        pending.bytes += raw.len();
        let (at, raw, others) = (heard.at, raw.clone(), others.to_vec());
        pending.buffered.push(Buffered { space, parent, at, raw, message, others });
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
                    self.put(&message, raw, at, false);
                }
                self.organisation.recollect(&message);
                self.progress.finished();
                due
            }
            What::Act(requested, at) => {
                if due.is_some_and(|due| due <= at) {
                    self.decide_due(at, pending).await;
                }
                let (commit, due) = self.act(*requested, at);
                self.hand_on_with(commit, done, at, pending).await;
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
                let first = match &heard.event {
                    Event::Said(message) => message.edited_at.is_none(),
                    Event::Blocked { .. } => true,
                    _ => false,
                };
                if let Some(raw) = &raw {
                    for message in message.into_iter().chain(words) {
                        self.put(message, raw.clone(), heard.at, first);
                    }
                }
                let (mut commit, due) = self.decide(&heard, pending.began_at);
                if let Some(raw) = &raw {
                    self.buffer(&heard, raw, blocked.as_ref(), pending);
                }
                if let Some((name, raw)) = frame {
                    let key = ConcernKey { family: Category::Integrity.family(), by: None, towards: None };
                    let case = self.organisation.state().concerns.get(&key).and_then(|concern| concern.case);
                    let received = Received { raw, at: heard.at, attachments: Vec::new(), first: true };
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
            let (commit, next) = self.decide(&Heard { at, event }, pending.began_at);
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

    fn put(&mut self, message: &Message, raw: Arc<str>, at: Timestamp, first: bool) {
        let attachments = message.attachments.clone();
        self.ring.put(message.space, message.id, Received { raw, at, attachments, first });
    }

    async fn decide_due(&mut self, at: Timestamp, pending: &mut Pending) -> Option<Timestamp> {
        self.progress.began();
        let (commit, due) = self.decide(&Heard { at, event: Event::Due }, pending.began_at);
        self.hand_on_with(commit, None, at, pending).await;
        due
    }

    /// What one event leads to, ready to be made durable.
    fn decide(&mut self, heard: &Heard, began_at: Timestamp) -> (Commit, Option<Timestamp>) {
        let now = heard.at;
        let mut commit = Commit::of(&self.name);
        let mut assessment = match &heard.event {
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
        match &heard.event {
            Event::Outcome { job, .. } => commit.ended.push(job.clone()),
            Event::Started { .. } => {
                let spaces = self.buffer.spaces.iter().map(|(space, days)| (*space, *days)).collect();
                let fact = Fact::BufferSet { days: self.buffer.days, spaces };
                assessment.facts.extend(self.organisation.note(now, fact).facts);
            }
            _ => {}
        }
        commit.wanted = self.wanted_from_buffer(&assessment, now, began_at);
        for keep in assessment.keep {
            let received = self.ring.get(keep.space, keep.message);
            if received.is_empty() && keep.case.is_some() {
                // The buffer is asked for it; whoever looks says when it has nothing either.
            } else if received.is_empty() {
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

    /// What follows from facts that were decided beside the engine: whoever is to be told or called now.
    pub(super) fn follow_up(&mut self, now: Timestamp, commit: &mut Commit) -> Option<Timestamp> {
        self.settle(now, commit);
        self.call(now, commit);
        let engine = self.organisation.next_due(now);
        self.wanted(engine, now)
    }

    /// What is not at hand of what a case keeps: messages of which only a later form is here, or none, and what stood
    /// around a finding before this process ran.
    fn wanted_from_buffer(
        &self,
        assessment: &Assessment,
        now: Timestamp,
        began_at: Timestamp,
    ) -> Vec<Wanted> {
        let mut all: BTreeMap<(CaseRef, ChannelId), Wanted> = BTreeMap::new();
        let new = |case, space, subjects: &BTreeSet<UserId>| Wanted {
            case,
            space,
            subjects: subjects.clone(),
            messages: BTreeMap::new(),
            around: None,
        };
        for keep in &assessment.keep {
            let Some(case) = keep.case else { continue };
            let received = self.ring.get(keep.space, keep.message);
            if received.iter().any(|received| received.first) {
                continue;
            }
            let wanted =
                all.entry((case, keep.space)).or_insert_with(|| new(case, keep.space, &keep.subjects));
            wanted.messages.insert(keep.message, received.is_empty());
        }
        for fact in &assessment.facts {
            let (Fact::CaseOpened { case, .. } | Fact::CaseRose { case, .. }) = fact else { continue };
            let subjects = self.organisation.state().cases.get(case).map(|case| case.subjects.clone());
            let subjects = subjects.unwrap_or_default();
            for (space, message) in places_of(*case, assessment, now) {
                let policy = self.organisation.policy();
                let before = policy.context_before;
                if self.ring.first_forms_before(space, message, before) < before {
                    let wanted = all.entry((*case, space)).or_insert_with(|| new(*case, space, &subjects));
                    let after = policy.context_after as usize;
                    wanted.around = Some(Around { message, before, after, heard_before: began_at });
                }
            }
        }
        all.into_values().collect()
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
                Fact::Acted(act) => match act.what {
                    Deed::Acknowledged => Some((act.case, false)),
                    Deed::Closed { .. } => Some((act.case, true)),
                    _ => None,
                },
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
        let waits = pending.position.is_some() || !pending.buffered.is_empty();
        let enough = pending.bytes >= BUFFERED_BYTES || (waits && pending.is_old(now));
        if commit.is_empty() && !enough {
            self.progress.finished();
            return;
        }
        if waits {
            pending.kept_at = now;
        }
        commit.position = pending.position.take();
        commit.buffered = std::mem::take(&mut pending.buffered);
        pending.bytes = 0;
        self.hand_on(commit).await;
    }

    async fn hand_on(&mut self, commit: Commit) {
        if self.commits.send(commit).await.is_err() {
            tracing::error!("nothing can be made durable any more; the pipeline stops");
        }
    }
}

/// Where a case's finding is in an assessment: its messages, and for each space the one that was written last; where
/// nothing was written, the place of the finding at this moment.
fn places_of(case: CaseRef, assessment: &Assessment, now: Timestamp) -> BTreeMap<ChannelId, MessageId> {
    let mut places = BTreeMap::new();
    let findings =
        assessment.keep.iter().filter(|keep| keep.case == Some(case) && keep.part == Part::Finding);
    for keep in findings {
        let newest = places.entry(keep.space).or_insert(keep.message);
        *newest = keep.message.max(*newest);
    }
    let reasons = assessment.facts.iter().filter_map(|fact| match fact {
        Fact::ConcernRaised { case: Some(of), reasons, .. } if *of == case => Some(reasons),
        _ => None,
    });
    for space in reasons.flatten().filter(|reason| reason.message.is_none()).filter_map(|reason| reason.space)
    {
        places.entry(space).or_insert_with(|| MessageId::first_of(now));
    }
    places
}

async fn wait(clock: &Clock, due: Option<Timestamp>) {
    match due {
        Some(due) => clock.until(due).await,
        None => std::future::pending().await,
    }
}
