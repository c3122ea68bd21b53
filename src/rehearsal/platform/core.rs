//! What the gateway, REST and the people's side share under one lock: the state and its journal, the faults, the
//! connections, and what has been asked and answered so far.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{broadcast, mpsc};

use super::faults::Faults;
use super::journal::{Entry, Journal};
use super::op::{Answer, Op};
use super::refused::Refused;
use super::state::{Dispatch, State};
use crate::clock::Clock;
use crate::domain::Timestamp;

/// How many REST calls the log keeps; older ones are forgotten.
const CALLS_KEPT: usize = 20_000;

/// A change that took place.
#[derive(Clone, Debug)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub op: Op,
    /// What it made.
    pub answer: Answer,
    /// What Discord would dispatch for it, whole, whoever may see it.
    pub dispatches: Vec<Dispatch>,
}

/// What came of an op.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// When it was done.
    pub at: Timestamp,
    /// What it made.
    pub answer: Answer,
    /// The names of the events that it set off.
    pub events: Vec<&'static str>,
}

/// A REST call that was answered (or lost on purpose).
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// When it came.
    pub at: Timestamp,
    /// `GET`…
    pub method: String,
    /// The path after `/api/v10`.
    pub path: String,
    /// The query, undecoded.
    pub query: String,
    /// The body, if it was JSON.
    pub body: Option<Value>,
    /// `X-Audit-Log-Reason`, decoded.
    pub reason: Option<String>,
    /// The status of the answer; 0 when the connection was reset instead.
    pub status: u16,
    /// The answer, if it was JSON.
    pub answer: Option<Value>,
}

/// What a gateway connection is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// Drop the socket, with a close frame or without.
    Drop(Option<u16>),
    /// Send op 7.
    Reconnect,
    /// Send op 9, with a resume still possible.
    Invalidate,
}

/// A gateway connection that identified or resumed.
#[derive(Debug)]
pub struct Connection {
    /// The session that it carries.
    pub session: String,
    /// Its shard.
    pub shard: u32,
    /// The newest sequence number written to the socket.
    pub written: u64,
    /// The newest sequence number that the bot's heartbeats named.
    pub heard: Option<u64>,
    /// It has been dealt a blow that it may not have felt yet: nothing dispatched from then on goes over it.
    pub struck: bool,
    /// How to reach it.
    pub blows: mpsc::UnboundedSender<Blow>,
}

/// The shared middle of the platform.
#[derive(Debug)]
pub struct Core {
    /// Everything that the platform knows.
    pub state: State,
    /// Where its time comes from.
    pub clock: Clock,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// The bot's token.
    pub token: String,
    /// What `GET /gateway/bot` recommends.
    pub shards: u32,
    /// Gateway connections.
    pub connections: BTreeMap<u64, Connection>,
    /// REST calls, oldest first.
    pub calls: VecDeque<Call>,
    /// REST calls ever answered.
    pub answered: u64,
    /// REST calls being answered.
    pub in_flight: u64,
    /// How often somebody asked for an attachment's bytes.
    pub fetches: u64,
    /// Where changes are told.
    pub feed: broadcast::Sender<Arc<Happening>>,
    journal: Option<Journal>,
    /// Set while changes are made that belong together: their moment, and what has been done so far.
    together: Option<(Timestamp, Vec<Op>)>,
}

impl Core {
    /// A core over a state that has been folded already.
    #[must_use]
    pub fn new(state: State, journal: Option<Journal>, clock: Clock, token: String, shards: u32) -> Self {
        Core {
            state,
            clock,
            faults: Faults::default(),
            token,
            shards,
            connections: BTreeMap::new(),
            calls: VecDeque::new(),
            answered: 0,
            in_flight: 0,
            fetches: 0,
            feed: broadcast::Sender::new(4_096),
            journal,
            together: None,
        }
    }

    /// Does something now: applied, written to the journal, told, and only then answered.
    ///
    /// # Errors
    /// As Discord would refuse it, and 500 when the journal cannot be written.
    pub fn perform(&mut self, op: Op, reason: Option<&str>) -> Result<Outcome, Refused> {
        let at = self.together.as_ref().map_or_else(|| self.clock.now(), |(at, _)| *at);
        let applied = self.state.apply(&op, reason, at)?;
        let op = match &mut self.together {
            Some((_, ops)) => {
                ops.push(op.clone());
                op
            }
            None => self.write(at, vec![op], reason)?.pop().ok_or_else(|| Refused::internal("no op"))?,
        };
        let events = applied.dispatches.iter().map(|dispatch| dispatch.name).collect();
        let outcome = Outcome { at, answer: applied.answer.clone(), events };
        // Nobody listening is fine.
        let _ = self.feed.send(Arc::new(Happening {
            at,
            op,
            answer: applied.answer,
            dispatches: applied.dispatches,
        }));
        Ok(outcome)
    }

    /// Does several things that belong together, at one moment and on one line of the journal: after a kill all of
    /// them have happened or none. Those before a refusal stay.
    ///
    /// # Errors
    /// 500 when the journal cannot be written.
    pub fn together<T>(&mut self, what: impl FnOnce(&mut Core) -> T) -> Result<T, Refused> {
        self.together = Some((self.clock.now(), Vec::new()));
        let answer = what(self);
        if let Some((at, ops)) = self.together.take()
            && !ops.is_empty()
        {
            self.write(at, ops, None)?;
        }
        Ok(answer)
    }

    fn write(&mut self, at: Timestamp, ops: Vec<Op>, reason: Option<&str>) -> Result<Vec<Op>, Refused> {
        let Some(journal) = &mut self.journal else { return Ok(ops) };
        let entry = Entry { at: at.0, ops, reason: reason.map(str::to_owned) };
        journal.append(&entry).map_err(|error| {
            Refused::internal(&format!(
                "the rehearsal's journal cannot be written ({error}); free some space"
            ))
        })?;
        Ok(entry.ops)
    }

    /// Remembers a call that was answered.
    pub fn log(&mut self, call: Call) {
        if self.calls.len() == CALLS_KEPT {
            self.calls.pop_front();
        }
        self.calls.push_back(call);
        self.answered += 1;
    }
}
