//! A session of the bot's gateway: what was dispatched to it and may have to be sent again. Sessions are part of
//! the state, so they outlive a dropped socket and a restart of the platform.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::domain::{GuildId, Timestamp};

/// How many dispatches are kept for a resume; older ones are forgotten and a resume from before them is refused,
/// as Discord does (it does not document how many it keeps).
pub const KEPT: usize = 20_000;

/// A dispatch as it goes over the wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffered {
    /// Its sequence number.
    pub seq: u64,
    /// When it was dispatched.
    pub at: Timestamp,
    /// Discord's event name.
    pub name: &'static str,
    /// The whole frame.
    pub text: String,
}

/// One session of one shard.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Its name, as READY gave it.
    pub id: String,
    /// Which shard.
    pub shard: u32,
    /// Of how many.
    pub of: u32,
    /// Discord's intents.
    pub intents: u64,
    /// The newest sequence number.
    pub seq: u64,
    /// The newest dispatches, oldest first.
    pub buffer: VecDeque<Buffered>,
}

impl Session {
    /// Appends a dispatch with the next sequence number.
    pub fn push(&mut self, name: &'static str, data: &Value, at: Timestamp) {
        self.seq += 1;
        let text = json!({"t": name, "s": self.seq, "op": 0, "d": data}).to_string();
        self.buffer.push_back(Buffered { seq: self.seq, at, name, text });
        if self.buffer.len() > KEPT {
            self.buffer.pop_front();
        }
    }

    /// The first dispatch after `seq`.
    #[must_use]
    pub fn after(&self, seq: u64) -> Option<&Buffered> {
        let first = self.buffer.front()?.seq;
        // Numbers are without gaps except where a RESUMED was taken out, so look from the nearest place on.
        let from = usize::try_from((seq + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let back = from.min(self.buffer.len()).saturating_sub(self.gaps());
        self.buffer.range(back..).find(|entry| entry.seq > seq)
    }

    /// True when everything after `seq` is still here, and `seq` is not from the future.
    #[must_use]
    pub fn can_replay(&self, seq: u64) -> bool {
        let oldest = self.buffer.front().map_or(self.seq + 1, |entry| entry.seq);
        seq <= self.seq && seq + 1 >= oldest
    }

    /// Ends a replay: the RESUMED of an earlier one is not sent a second time.
    pub fn resumed(&mut self, at: Timestamp) {
        self.buffer.retain(|entry| entry.name != "RESUMED");
        self.push("RESUMED", &json!({"_trace": ["rehearsal"]}), at);
    }

    /// True when this shard carries the events of `guild`; direct messages and events of no server go to shard 0
    /// (Discord's documentation, "Sharding").
    #[must_use]
    pub fn carries(&self, guild: Option<GuildId>) -> bool {
        match guild {
            Some(guild) => (guild.0 >> 22) % u64::from(self.of.max(1)) == u64::from(self.shard),
            None => self.shard == 0,
        }
    }

    fn gaps(&self) -> usize {
        match (self.buffer.front(), self.buffer.back()) {
            (Some(first), Some(last)) => usize::try_from(last.seq - first.seq + 1)
                .unwrap_or(usize::MAX)
                .saturating_sub(self.buffer.len()),
            _ => 0,
        }
    }
}
