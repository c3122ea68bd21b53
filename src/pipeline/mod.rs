//! From what is heard to what is durable: one ordered actor per organisation, one committer for all.
//!
//! * [`Ear`] hands events in, in order.
//! * [`actor`]: asks the engine and the ladder what an event leads to.
//! * [`case_keys`]: to which key each case is sealed.
//! * [`buffer`]: recent messages, sealed a few seconds at a time, for what is noticed later.
//! * [`ring`]: the exact bytes of recent messages, so that evidence can be kept before anything is done.
//! * [`committer`]: seals, logs and keeps; nothing leaves before its transaction is durable.
//! * [`Progress`]: how far all of this has come, so that somebody can wait until it has settled.

pub mod actor;
pub mod buffer;
pub mod case_keys;
pub mod committer;
pub mod ring;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tokio::sync::{mpsc, oneshot, watch};

use crate::domain::event::Message;
use crate::domain::{Event, Fact, Heard, Timestamp};
use crate::engine::Organisation;
use crate::store::Position;
use crate::text::Lists;

/// How many inputs may wait for an actor before whoever hears must wait too.
const WAITING_INPUTS: usize = 4_096;

/// One thing that an organisation hears.
#[derive(Debug)]
pub struct Input {
    /// What, and when.
    pub what: What,
    /// The exact bytes in which it arrived, where it arrived in any.
    pub raw: Option<Arc<str>>,
    /// How far the socket has come with it.
    pub position: Option<Position>,
    /// Told what it led to, once that is durable.
    pub done: Option<oneshot::Sender<Vec<Fact>>>,
}

/// What an input is.
#[derive(Debug)]
pub enum What {
    /// An event to be decided on.
    Event(Heard),
    /// A message of the platform's history, read again for its context; nothing is decided on it.
    Recollection(Box<Message>, Timestamp),
    /// Other wordlists, for every message from here on.
    Lists(Arc<Lists>),
    /// A question to the organisation, asked in its turn.
    Ask(Ask, Timestamp),
}

/// A question to the organisation as it is between two events. What it decides is heard at once, before anything else
/// can change what the decision rests on; nothing decided is a look, and a look waits for no disk.
pub struct Ask(Question);

type Question = Box<dyn FnOnce(&Organisation, Timestamp) -> Vec<Event> + Send>;

impl Ask {
    /// This question; `now` is the moment at which it is asked.
    #[must_use]
    pub fn new(ask: impl FnOnce(&Organisation, Timestamp) -> Vec<Event> + Send + 'static) -> Self {
        Ask(Box::new(ask))
    }
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ask(…)")
    }
}

impl Input {
    /// An event that did not arrive as bytes.
    #[must_use]
    pub fn event(heard: Heard) -> Self {
        Input { what: What::Event(heard), raw: None, position: None, done: None }
    }
}

/// Where an organisation's events are handed in. Cheap to clone; order is kept per clone.
#[derive(Clone, Debug)]
pub struct Ear {
    inputs: mpsc::Sender<Input>,
    progress: Progress,
}

/// Something is under way beside the pipeline: it counts as unfinished until this is dropped.
#[derive(Debug)]
pub struct Busy(Progress);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.finished();
    }
}

/// The organisation's pipeline has ended: it was stopped, or it met something that it could not go on from.
#[derive(Debug, thiserror::Error)]
#[error("the pipeline has stopped; look for the reason in the lines above")]
pub struct Stopped;

impl Ear {
    /// An ear and the other end of it, for the actor.
    #[must_use]
    pub fn new(progress: Progress) -> (Self, mpsc::Receiver<Input>) {
        let (inputs, receiver) = mpsc::channel(WAITING_INPUTS);
        (Ear { inputs, progress }, receiver)
    }

    /// Hands an input in; waits while too many are waiting.
    ///
    /// # Errors
    /// [`Stopped`] when nobody listens any more.
    pub async fn hear(&self, input: Input) -> Result<(), Stopped> {
        self.progress.began();
        self.inputs.send(input).await.map_err(|_| {
            self.progress.finished();
            Stopped
        })
    }

    /// Says that something is under way (an answer that follows what was handed in), until the result is dropped.
    #[must_use]
    pub fn busy(&self) -> Busy {
        self.progress.began();
        Busy(self.progress.clone())
    }

    /// Hands an event in and waits until what it led to is durable.
    ///
    /// # Errors
    /// [`Stopped`] when nobody listens any more.
    pub async fn hear_durably(&self, heard: Heard) -> Result<Vec<Fact>, Stopped> {
        let (done, answer) = oneshot::channel();
        self.hear(Input { done: Some(done), ..Input::event(heard) }).await?;
        answer.await.map_err(|_| Stopped)
    }
}

/// How far an organisation's pipeline has come.
#[derive(Clone, Debug)]
pub struct Progress(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    began: AtomicU64,
    finished: AtomicU64,
    /// The moment at which the actor wants to act next, in µs; `i64::MAX` for none.
    due: AtomicI64,
    changed: watch::Sender<u64>,
}

impl Default for Progress {
    fn default() -> Self {
        Progress(Arc::new(Counters {
            began: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            due: AtomicI64::new(i64::MAX),
            changed: watch::Sender::new(0),
        }))
    }
}

impl Progress {
    fn began(&self) {
        self.0.began.fetch_add(1, Ordering::SeqCst);
    }

    fn finished(&self) {
        self.0.finished.fetch_add(1, Ordering::SeqCst);
        self.0.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    fn wants(&self, due: Option<Timestamp>) {
        self.0.due.store(due.map_or(i64::MAX, |due| due.0), Ordering::SeqCst);
        self.0.changed.send_modify(|version| *version = version.wrapping_add(1));
    }

    /// How many inputs have been finished: decided, and durable where something had to be.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.finished.load(Ordering::SeqCst)
    }

    /// When the actor wants to act next.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        Some(Timestamp(self.0.due.load(Ordering::SeqCst))).filter(|due| due.0 != i64::MAX)
    }

    /// True when everything that was handed in is finished and nothing is due by `now`.
    #[must_use]
    pub fn settled(&self, now: Timestamp) -> bool {
        // `finished` first: an input that begins between the two reads then counts as unfinished.
        let finished = self.0.finished.load(Ordering::SeqCst);
        self.due().is_none_or(|due| due > now) && finished == self.0.began.load(Ordering::SeqCst)
    }

    /// Wakes whenever something has changed.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
}

#[cfg(test)]
mod tests;
