//! One committer for all organisations: a single order of the log, everything of a decision in one transaction.
//!
//! It seals exhibits to their case's key and that key to the leads who may know, writes entries into the Merkle log, signs the log's state and keeps
//! all of it with facts and jobs. Only then do jobs leave. When nothing can be kept (a full disk, a database that may
//! only be read) nothing is done either, but for immediate danger: that is contained and paged, without content,
//! and the operator is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::Progress;
use super::buffer::{self, BufferPolicy, Buffered, Found, HourKeys, Over, Wanted};
use super::case_keys::CaseKeys;
use super::ring::Received;
use super::writer::{Writer, exhibit_text, unread_text};
use crate::clock::Clock;
use crate::domain::event::Ended;
use crate::domain::who_may_know::{Readers, who_may_know};
use crate::domain::{CaseRef, ChannelId, Effect, Fact, Level, MessageId, Timestamp, UserId};
use crate::engine::Keep;
use crate::evidence::case_key::CaseKey;
use crate::evidence::checkpoint::SigningKey;
use crate::evidence::commitment::{self, SealedExhibit};
use crate::evidence::entry::Class;
use crate::evidence::log::Tree;
use crate::evidence::seal::Recipient;
use crate::outbox::Job;
use crate::store::{Batch, Position, Store, StoreError, StoredExhibit};

/// Commits that become durable together at most.
const GROUP: usize = 256;
/// How long a commit that failed waits before it is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// How many commits are taken in while nothing can be kept; beyond it whoever decides waits.
const WAITING: usize = 65_536;

/// How many bytes of what is only for the buffer wait while nothing can be kept.
const BUFFER_WAITING: usize = 64 * 1024 * 1024;

/// A message to be sealed.
#[derive(Clone, Debug)]
pub struct Exhibit {
    /// For which case, and to whom not.
    pub keep: Keep,
    /// Its bytes, oldest first.
    pub received: Vec<Received>,
}

/// What one decision wants to have durable.
#[derive(Debug)]
pub struct Commit {
    /// Whose it is.
    pub organisation: String,
    /// Facts with their moments, in order.
    pub facts: Vec<(Timestamp, Fact)>,
    /// Messages to be sealed.
    pub exhibits: Vec<Exhibit>,
    /// Frames that could not be read: the case that they opened, the event's name, the bytes.
    pub unread: Vec<(Option<CaseRef>, String, Received)>,
    /// What leads wrote down, sealed: for which case, when.
    pub records: Vec<(Option<CaseRef>, Timestamp, Class, SealedExhibit)>,
    /// Entries of the log whose payload goes with it.
    pub erased: Vec<u64>,
    /// Jobs that may leave afterwards.
    pub jobs: Vec<Job>,
    /// Keys of jobs that have ended.
    pub ended: Vec<String>,
    /// How far the socket has come.
    pub position: Option<Position>,
    /// What was heard since the last commit, for the buffer.
    pub buffered: Vec<Buffered>,
    /// What cases want from the buffer.
    pub wanted: Vec<Wanted>,
    /// The buffer is looked through for what is over by this moment, by this rule.
    pub tidy: Option<(Timestamp, BufferPolicy)>,
    /// Told when all of it is durable.
    pub done: Option<oneshot::Sender<Vec<Fact>>>,
    /// Whether what could not wait has left without evidence.
    pub(super) saved: bool,
}

impl Commit {
    /// Nothing yet, of an organisation.
    #[must_use]
    pub fn of(organisation: &str) -> Self {
        Commit {
            organisation: organisation.to_owned(),
            facts: Vec::new(),
            exhibits: Vec::new(),
            unread: Vec::new(),
            records: Vec::new(),
            erased: Vec::new(),
            jobs: Vec::new(),
            ended: Vec::new(),
            position: None,
            buffered: Vec::new(),
            wanted: Vec::new(),
            tidy: None,
            done: None,
            saved: false,
        }
    }

    /// Adds what another decision of the same moment wants to have durable; all of it then is, or nothing.
    pub fn add(&mut self, other: Commit) {
        self.facts.extend(other.facts);
        self.exhibits.extend(other.exhibits);
        self.unread.extend(other.unread);
        self.jobs.extend(other.jobs);
        self.ended.extend(other.ended);
        self.buffered.extend(other.buffered);
        self.wanted.extend(other.wanted);
        self.tidy = other.tidy.or(self.tidy.take());
    }

    /// Whether there is nothing in it that must be durable now, and nobody who waits for it. A position is not reason
    /// enough, nor is what goes into the buffer.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
            && self.exhibits.is_empty()
            && self.unread.is_empty()
            && self.records.is_empty()
            && self.erased.is_empty()
            && self.jobs.is_empty()
            && self.ended.is_empty()
            && self.wanted.is_empty()
            && self.tidy.is_none()
            && self.done.is_none()
    }

    /// Lets go of what it has for the buffer, which is put on record.
    fn forgo_buffer(&mut self, why: &str) {
        let times = || self.buffered.iter().map(|one| one.at);
        if let (Some(from), Some(until)) = (times().min(), times().max()) {
            let frames = self.buffered.len() as u64;
            self.facts.push((until, Fact::NotBuffered { from, until, frames, why: why.to_owned() }));
            self.buffered.clear();
        }
    }

    /// Whether it is about somebody in immediate danger.
    fn is_immediate(&self) -> bool {
        self.facts.iter().any(|(_, fact)| {
            matches!(
                fact,
                Fact::CaseOpened { level: Level::Immediate, .. }
                    | Fact::CaseRose { level: Level::Immediate, .. }
            )
        })
    }
}

/// To whom evidence can be sealed.
#[derive(Clone, Debug)]
pub struct Lead {
    /// Who reads what is sealed to this key.
    pub readers: Readers,
    /// The public half of their key.
    pub recipient: Recipient,
}

/// What the committer tells the rest of the house.
pub trait Witness: Send + Sync {
    /// A batch with jobs is durable: they may leave.
    fn jobs_are_due(&self);
    /// Nothing can be kept at present, for this reason. Called once until it is over.
    fn evidence_cannot_be_kept(&self, why: &StoreError);
    /// Things can be kept again.
    fn evidence_is_kept_again(&self);
    /// Somebody is in immediate danger and nothing can be kept: this job leaves at once all the same.
    fn leave_without_evidence(&self, job: Job);
}

/// The committer's parts.
pub struct Committer {
    /// Where things are kept.
    pub store: Store,
    /// The right edge of the log, as the store has it.
    pub tree: Tree,
    /// Signs the log's state.
    pub key: Arc<SigningKey>,
    /// Where the newest checkpoint is also kept, apart from the database.
    pub checkpoint_file: Option<PathBuf>,
    /// The leads' keys.
    pub leads: Vec<Lead>,
    /// The cases' own keys, as the stored facts have left them.
    pub case_keys: CaseKeys,
    /// The buffer's keys in use; none at the start.
    pub hour_keys: HourKeys,
    /// Name and version of this program.
    pub software: String,
    /// What time it is.
    pub clock: Clock,
    /// Progress of each organisation, by name.
    pub progress: BTreeMap<String, Progress>,
    /// Told of what happens.
    pub witness: Arc<dyn Witness>,
}

impl Committer {
    /// Keeps what is handed in until every actor is gone.
    ///
    /// # Errors
    /// The error that no trying again can mend (a fork of the log, a damaged file): nothing more is kept then.
    pub async fn run(mut self, mut commits: mpsc::Receiver<Commit>) -> Result<(), StoreError> {
        let mut waiting = VecDeque::new();
        let mut more = Vec::with_capacity(GROUP);
        loop {
            if waiting.is_empty() && commits.recv_many(&mut more, GROUP).await == 0 {
                return Ok(());
            }
            waiting.extend(more.drain(..));
            let group = waiting.drain(..waiting.len().min(GROUP)).collect();
            self.keep(group, &mut waiting, &mut commits).await?;
        }
    }

    async fn keep(
        &mut self,
        mut group: Vec<Commit>,
        waiting: &mut VecDeque<Commit>,
        commits: &mut mpsc::Receiver<Commit>,
    ) -> Result<(), StoreError> {
        let mut in_trouble = false;
        let looked_up = loop {
            match self.look_up(&group).await {
                Ok(found) => break found,
                Err(error) => {
                    self.meet(error, &mut in_trouble, &mut group)?;
                    self.listen_until_tried_again(waiting, commits).await;
                }
            }
        };
        let mut keys = (std::mem::take(&mut self.case_keys), std::mem::take(&mut self.hour_keys));
        let (batch, tree) = self.assemble(&group, &looked_up, &mut keys);
        (self.case_keys, self.hour_keys) = keys;
        while let Err(error) = self.store.commit(&batch).await {
            self.meet(error, &mut in_trouble, &mut group)?;
            self.listen_until_tried_again(waiting, commits).await;
        }
        if in_trouble {
            self.witness.evidence_is_kept_again();
        }
        self.tree = tree;
        self.publish_checkpoint(&batch);
        if !batch.jobs.is_empty() {
            self.witness.jobs_are_due();
        }
        for commit in group {
            if let Some(done) = commit.done {
                let _ = done.send(commit.facts.into_iter().map(|(_, fact)| fact).collect());
            }
            if let Some(progress) = self.progress.get(&commit.organisation) {
                progress.finished();
            }
        }
        Ok(())
    }

    /// The database said no: whoever is in danger is served at once, and it is tried again unless that is of no use.
    fn meet(&self, error: StoreError, in_trouble: &mut bool, group: &mut [Commit]) -> Result<(), StoreError> {
        if !std::mem::replace(in_trouble, true) {
            tracing::error!(%error, "evidence cannot be kept");
            self.witness.evidence_cannot_be_kept(&error);
            self.save_the_endangered(group);
        }
        if error.is_temporary() || error.needs_operator() { Ok(()) } else { Err(error) }
    }

    /// What has to be read before a group can be written: what the buffer has for cases, and what of it is over.
    async fn look_up(&self, group: &[Commit]) -> Result<Vec<LookedUp>, StoreError> {
        let mut all = Vec::with_capacity(group.len());
        for commit in group {
            let mut looked_up = LookedUp::default();
            for wanted in &commit.wanted {
                looked_up.found.push(buffer::find(&self.store, &commit.organisation, wanted).await?);
            }
            if let Some((now, policy)) = &commit.tidy {
                looked_up.over = buffer::over(&self.store, &commit.organisation, policy, *now).await?;
            }
            all.push(looked_up);
        }
        Ok(all)
    }

    /// The wait before the next attempt. Commits are taken in meanwhile: somebody may be in danger now.
    async fn listen_until_tried_again(
        &self,
        waiting: &mut VecDeque<Commit>,
        commits: &mut mpsc::Receiver<Commit>,
    ) {
        let mut again = std::pin::pin!(self.clock.until(self.clock.now().plus(TRY_AGAIN)));
        let mut more = Vec::with_capacity(GROUP);
        let mut open = true;
        loop {
            tokio::select! {
                () = &mut again => return,
                heard = commits.recv_many(&mut more, GROUP), if open && waiting.len() < WAITING => {
                    open = heard > 0;
                    self.save_the_endangered(&mut more);
                    waiting.extend(more.drain(..));
                    forgo_what_does_not_fit(waiting);
                }
            }
        }
    }

    /// Immediate danger does not wait for a disk: what contains it and who is called for it leave now. Their keys are
    /// stable, so that nothing is done twice once the same jobs are durable.
    fn save_the_endangered(&self, group: &mut [Commit]) {
        for commit in group.iter_mut().filter(|commit| !commit.saved) {
            commit.saved = true;
            let immediate = commit.is_immediate();
            for job in &commit.jobs {
                // A later rung of the ladder comes in a commit of its own.
                let urgent = match job.effect {
                    Effect::Page { level, .. } => level == Level::Immediate,
                    Effect::PageTogether { ref cases, .. } => {
                        cases.iter().any(|called| called.level == Level::Immediate)
                    }
                    Effect::Nudge { .. } => immediate,
                    _ => immediate && job.effect.contains(),
                };
                if urgent {
                    self.witness.leave_without_evidence(job.clone());
                }
            }
        }
    }

    /// The newest checkpoint also lives beside the key: a database that was put back from an old backup does not
    /// have it.
    fn publish_checkpoint(&self, batch: &Batch) {
        let (Some(path), Some(note)) = (&self.checkpoint_file, &batch.checkpoint) else { return };
        let kept = crate::evidence::checkpoint::SignedCheckpoint::verify(note, self.key.verifier_key())
            .map_err(|error| error.to_string())
            .and_then(|signed| signed.keep(path).map_err(|error| error.to_string()));
        if let Err(error) = kept {
            tracing::error!(%error, file = %path.display(), "the newest checkpoint could not be written beside the key");
        }
    }

    /// Everything of a group as one batch, and the log as it will be.
    fn assemble(
        &self,
        group: &[Commit],
        looked_up: &[LookedUp],
        (case_keys, hour_keys): &mut (CaseKeys, HourKeys),
    ) -> (Batch, Tree) {
        let mut writer =
            Writer { tree: self.tree.clone(), batch: Batch::default(), software: &self.software };
        self.write_buffered(&mut writer, hour_keys, group);
        let mut positions: BTreeMap<u32, Position> = BTreeMap::new();
        for (commit, looked_up) in group.iter().zip(looked_up) {
            // A message may be an exhibit of several cases; evidence of it is kept when one of them could be.
            let mut unkept = not_at_hand(commit);
            unkept.extend(self.hand_over(&mut writer, commit, looked_up));
            let (kept, failed): (Vec<&Exhibit>, Vec<&Exhibit>) = commit
                .exhibits
                .iter()
                .partition(|exhibit| self.write_exhibit(&mut writer, case_keys, commit, exhibit));
            unkept.extend(failed.iter().map(|exhibit| exhibit.keep.message));
            for exhibit in kept {
                unkept.remove(&exhibit.keep.message);
            }
            for (case, name, received) in &commit.unread {
                self.write_unread(&mut writer, commit, *case, name, received);
            }
            for (case, at, class, sealed) in &commit.records {
                let row = StoredExhibit::record(&commit.organisation, *case, *at);
                writer.exhibit(class.clone(), *at, sealed.clone(), row);
            }
            writer.batch.erased.extend(&commit.erased);
            for (at, fact) in &commit.facts {
                writer.fact(&commit.organisation, *at, fact);
            }
            for job in &commit.jobs {
                match job.effect {
                    // Nothing is hidden of which no evidence is kept, save in immediate danger.
                    Effect::Hide { message, .. } if unkept.contains(&message) && !commit.is_immediate() => {
                        let ended = Ended::Withheld { why: "evidence-not-kept".to_owned() };
                        let (key, effect) = (job.key.clone(), job.effect.clone());
                        let fact = Fact::Outcome { job: key, effect, ended };
                        writer.fact(&commit.organisation, job.not_before, &fact);
                    }
                    _ => writer.batch.jobs.push(job.clone()),
                }
            }
            writer.batch.ended.extend(commit.ended.iter().cloned());
            if let (Some((now, _)), Some(over)) = (&commit.tidy, &looked_up.over) {
                erase(&mut writer, &commit.organisation, *now, over);
            }
            if let Some(position) = &commit.position {
                positions.insert(position.shard, position.clone());
            }
        }
        let Writer { tree, mut batch, .. } = writer;
        batch.positions = positions.into_values().collect();
        if !batch.entries.is_empty() {
            // The tree continues the one that was checked against the last checkpoint at start-up.
            match self.key.sign(&tree, None) {
                Ok(signed) => batch.checkpoint = Some(signed.text().to_owned()),
                Err(error) => tracing::error!(%error, "the log's state could not be signed"),
            }
        }
        (batch, tree)
    }

    /// Seals what a group has for the buffer, each space's in the order in which it was heard.
    fn write_buffered(&self, writer: &mut Writer<'_>, hour_keys: &mut HourKeys, group: &[Commit]) {
        let mut places: BTreeMap<(&str, ChannelId), Vec<&Buffered>> = BTreeMap::new();
        for commit in group {
            for one in &commit.buffered {
                places.entry((&commit.organisation, one.space)).or_default().push(one);
            }
        }
        if places.is_empty() {
            return;
        }
        let leads = self.may_know(&BTreeSet::new());
        for ((organisation, space), buffered) in places {
            if let Err(error) = buffer::write(writer, hour_keys, organisation, &leads, &buffered) {
                tracing::error!(%error, %space, "what was heard could not be sealed into the buffer");
                let mut lost = Commit::of(organisation);
                lost.buffered = buffered.into_iter().cloned().collect();
                lost.forgo_buffer("could-not-be-sealed");
                for (at, fact) in &lost.facts {
                    writer.fact(organisation, *at, fact);
                }
            }
        }
    }

    /// Hands over what the buffer has of what cases want; gives the messages of which nothing is kept.
    fn hand_over(
        &self,
        writer: &mut Writer<'_>,
        commit: &Commit,
        looked_up: &LookedUp,
    ) -> BTreeSet<MessageId> {
        let mut unkept = BTreeSet::new();
        let at = commit.facts.first().map_or_else(|| self.clock.now(), |(at, _)| *at);
        for (wanted, found) in commit.wanted.iter().zip(&looked_up.found) {
            let (case, organisation) = (wanted.case, &commit.organisation);
            let may_know = self.may_know(&wanted.subjects);
            let sealed_to = buffer::hand_over(writer, organisation, case, found, &may_know);
            if !found.segments.is_empty() {
                let fact = Fact::HandedOver {
                    case,
                    space: wanted.space,
                    segments: found.segments.iter().copied().collect(),
                    sealed_to: sealed_to.clone(),
                    messages: found.messages.iter().copied().collect(),
                };
                writer.fact(organisation, at, &fact);
            }
            // Where nobody who may know has a wrap, nothing is kept of it for the case.
            let kept = |message: &MessageId| found.messages.contains(message) && !sealed_to.is_empty();
            for (&message, _) in wanted.messages.iter().filter(|(message, gone)| **gone && !kept(message)) {
                let fact = Fact::NotKept { case: Some(case), message, why: "not-at-hand".to_owned() };
                writer.fact(organisation, at, &fact);
                unkept.insert(message);
            }
        }
        unkept
    }

    /// The keys of the leads who may know of something with these subjects.
    fn may_know(&self, subjects: &BTreeSet<UserId>) -> Vec<Recipient> {
        let may_know = self.leads.iter().filter(|lead| who_may_know(subjects, &lead.readers));
        may_know.map(|lead| lead.recipient.clone()).collect()
    }

    /// The key of a case for those who may know of it at present. One that others were given is not used again: the
    /// case gets another, sealed to these, as an exhibit of its own.
    fn case_key(
        &self,
        writer: &mut Writer<'_>,
        case_keys: &mut CaseKeys,
        organisation: &str,
        case: CaseRef,
        subjects: &BTreeSet<UserId>,
    ) -> Result<Recipient, String> {
        let leads = self.may_know(subjects);
        let sealed_to: Vec<String> = leads.iter().map(ToString::to_string).collect();
        if let Some(key) = case_keys.of(organisation, case, &sealed_to) {
            return Ok(key.clone());
        }
        let now = self.clock.now();
        let CaseKey { recipient, sealed } =
            CaseKey::make(organisation, &case.to_string(), &leads, writer.software, now)
                .map_err(|error| error.to_string())?;
        let row = StoredExhibit {
            organisation: organisation.to_owned(),
            case: Some(case),
            message: None,
            edited_at: None,
            space: None,
            author: None,
            finding: false,
            received_at: now,
            entry: 0,
            sealed: Vec::new(),
        };
        writer.exhibit(Class::CASE_KEY, now, sealed, row);
        let fact = Fact::CaseKeyMade { case, recipient: recipient.to_string(), sealed_to };
        writer.fact(organisation, now, &fact);
        case_keys.apply(organisation, &fact);
        Ok(recipient)
    }

    /// Keeps the bytes of a frame that could not be read, sealed to every lead: nobody knows whom it is about.
    fn write_unread(
        &self,
        writer: &mut Writer<'_>,
        commit: &Commit,
        case: Option<CaseRef>,
        name: &str,
        received: &Received,
    ) {
        let text = unread_text(&commit.organisation, name, received, writer.software);
        match seal(text, &self.may_know(&BTreeSet::new())) {
            Ok(sealed) => writer.exhibit(
                Class::EXHIBIT,
                received.at,
                sealed,
                StoredExhibit {
                    organisation: commit.organisation.clone(),
                    case,
                    message: None,
                    edited_at: None,
                    space: None,
                    author: None,
                    finding: true,
                    received_at: received.at,
                    entry: 0,
                    sealed: Vec::new(),
                },
            ),
            Err(error) => tracing::error!(%error, "an unreadable frame could not be sealed"),
        }
    }

    /// Writes an exhibit, or that it could not be sealed; tells whether it could.
    fn write_exhibit(
        &self,
        writer: &mut Writer<'_>,
        case_keys: &mut CaseKeys,
        commit: &Commit,
        exhibit: &Exhibit,
    ) -> bool {
        let Exhibit { keep, received } = exhibit;
        let received_at = received.last().map_or(Timestamp(0), |received| received.at);
        let text = exhibit_text(&commit.organisation, keep, received, writer.software);
        let to = match keep.case {
            Some(case) => self
                .case_key(writer, case_keys, &commit.organisation, case, &keep.subjects)
                .map(|key| vec![key]),
            None => Ok(self.may_know(&keep.subjects)),
        };
        let sealed = to.and_then(|to| seal(text, &to));
        let could = sealed.is_ok();
        match sealed {
            Ok(sealed) => writer.exhibit(
                Class::EXHIBIT,
                Timestamp::from_millis(keep.message.created_millis()),
                sealed,
                StoredExhibit {
                    organisation: commit.organisation.clone(),
                    case: keep.case,
                    message: Some(keep.message),
                    edited_at: keep.edited_at,
                    space: Some(keep.space),
                    author: Some(keep.author),
                    finding: keep.part == crate::domain::fact::Part::Finding,
                    received_at,
                    entry: 0,
                    sealed: Vec::new(),
                },
            ),
            Err(error) => {
                tracing::error!(%error, message = %keep.message, "an exhibit could not be sealed");
                let why = "could-not-be-sealed".to_owned();
                let fact = Fact::NotKept { case: keep.case, message: keep.message, why };
                writer.fact(&commit.organisation, received_at, &fact);
            }
        }
        could
    }
}

/// What was read for a commit before it is written.
#[derive(Default)]
struct LookedUp {
    found: Vec<Found>,
    over: Option<Over>,
}

/// Erases what is over, and says so.
fn erase(writer: &mut Writer<'_>, organisation: &str, now: Timestamp, over: &Over) {
    writer.batch.buffer.over.extend(&over.keys);
    let fact = Fact::BufferErased {
        until: over.until,
        rule: over.rule.clone(),
        keys: over.keys.len() as u64,
        segments: over.segments,
        frames: over.frames,
    };
    writer.fact(organisation, now, &fact);
}

/// While nothing can be kept, what waits for the buffer must not fill the memory; what was noticed still waits.
fn forgo_what_does_not_fit(waiting: &mut VecDeque<Commit>) {
    let mut bytes = 0;
    for commit in waiting.iter_mut() {
        bytes += commit.buffered.iter().map(|one| one.raw.len()).sum::<usize>();
        if bytes > BUFFER_WAITING {
            commit.forgo_buffer("no-room");
        }
    }
}

fn seal(
    text: Result<commitment::Exhibit, commitment::ExhibitError>,
    to: &[Recipient],
) -> Result<SealedExhibit, String> {
    text.map_err(|error| error.to_string())?.seal(to).map_err(|error| error.to_string())
}

/// Messages of a commit whose bytes were no longer at hand.
fn not_at_hand(commit: &Commit) -> BTreeSet<MessageId> {
    let messages = commit.facts.iter().filter_map(|(_, fact)| match fact {
        Fact::NotKept { message, .. } => Some(*message),
        _ => None,
    });
    messages.collect()
}
