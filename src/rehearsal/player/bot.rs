//! What the player needs of the bot that it rehearses. The bot itself hears and acts over the platform's socket
//! and REST like any other; this is only how the player waits for it, switches it off and on, and reads what it
//! durably knows.

use std::future::Future;
use std::pin::Pin;

use crate::domain::fact::Register;
use crate::domain::{Fact, Timestamp};

/// Something under way.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A log that verified.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct LogSummary {
    /// How many entries it holds.
    pub entries: u64,
    /// Its state in words a person can compare: the checkpoint's root hash, the keys that signed it.
    pub state: String,
}

/// The bot, as far as the player is concerned.
pub trait Bot: Send + Sync {
    /// The bot's process starts: it connects, resumes or identifies, and catches up. Started twice is started.
    fn start(&self) -> Task<'_, Result<(), String>>;

    /// The bot's process ends without saying goodbye. Stopped twice is stopped.
    fn stop(&self) -> Task<'_, ()>;

    /// Returns when everything that the platform has dispatched so far was heard, decided and is durable, and no
    /// outbox job is due at the clock's present moment. Only asked while the bot is up.
    fn settle(&self) -> Task<'_, ()>;

    /// The next moment at which the bot wants to act by itself: a grace that runs out, a rung of a ladder, a
    /// back-off. Only asked while the bot is up, after [`Bot::settle`].
    fn next_due(&self) -> Task<'_, Option<Timestamp>>;

    /// Every durable fact from the `from`-th on (from 0), in order. Works while the bot is down too.
    fn facts(&self, from: usize) -> Task<'_, Vec<(Timestamp, Fact)>>;

    /// A register changes: a session is booked, a plan approved. Only asked while the bot is up.
    fn register(&self, change: Register) -> Task<'_, Result<(), String>>;

    /// Verifies the evidence log from its first entry, the signature of its newest checkpoint included. Works
    /// while the bot is down too.
    fn verify_log(&self) -> Task<'_, Result<LogSummary, String>>;
}
