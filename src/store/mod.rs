//! What is kept, in SQLite by default and in PostgreSQL by URL.
//!
//! [`Batch`] is the unit of durability: everything in it becomes durable together or not at all. [`Store::open`]
//! takes hold of a database, `Store::commit` keeps a batch, and each aggregate is read back by the file that is named
//! after it. One SQL text serves both databases except where they differ, and there the two texts stand side by side.
//!
//! Numbers: SQL knows signed 64-bit integers only, so Discord's ids and the log's indexes are stored bit for bit
//! (`cast_signed`) and read back the same way. Equality always holds; order holds below 2^63, which Discord's ids
//! reach in the year 2084. Times are microseconds since 1970.

mod address;
mod buffer;
mod commit;
mod error;
mod exhibits;
mod facts;
mod hold;
mod jobs;
mod log;
mod open;
mod positions;
#[cfg(test)]
mod tests;
mod transaction;

pub use buffer::{BufferBatch, Erasable, Held, Place, StoredHold, StoredKey, StoredSegment, StoredWrap};
pub use error::StoreError;
pub use open::Store;

use crate::domain::{CaseRef, ChannelId, Fact, MessageId, Timestamp, UserId};
use crate::outbox::Job;

/// A fact with its moment and organisation.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredFact {
    /// Whose it is.
    pub organisation: String,
    /// When it became one.
    pub at: Timestamp,
    /// The fact.
    pub fact: Fact,
    /// The index of its entry in the log.
    pub entry: u64,
    /// The salt of its commitment there.
    pub salt: [u8; 32],
}

/// A sealed exhibit: ciphertext only the leads' identities open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredExhibit {
    /// Whose it is.
    pub organisation: String,
    /// For which case; none while the observation in it belongs to no case yet.
    pub case: Option<CaseRef>,
    /// The message it holds, where it holds one; each version of a message is an exhibit of a case once (and once of
    /// no case).
    pub message: Option<MessageId>,
    /// When its author had changed it, where this is a later version of an exhibit.
    pub edited_at: Option<Timestamp>,
    /// Where that was written.
    pub space: Option<ChannelId>,
    /// Who wrote it.
    pub author: Option<UserId>,
    /// The finding itself (true), or context around it.
    pub finding: bool,
    /// When it was received.
    pub received_at: Timestamp,
    /// The index of its entry in the log.
    pub entry: u64,
    /// The age ciphertext.
    pub sealed: Vec<u8>,
}

/// An entry of the log with the hashes that it adds to the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its index in the log, from 0.
    pub index: u64,
    /// Its canonical bytes.
    pub bytes: Vec<u8>,
}

/// How far a gateway shard has been heard, durably.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which shard.
    pub shard: u32,
    /// The session to resume, as the socket serialised it.
    pub session: String,
    /// When the last event before this position was heard.
    pub heard_at: Timestamp,
}

/// Everything that becomes durable together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Facts, in order.
    pub facts: Vec<StoredFact>,
    /// Exhibits; one that the case already holds is left as it is.
    pub exhibits: Vec<StoredExhibit>,
    /// New jobs; a key that already exists is left as it is.
    pub jobs: Vec<Job>,
    /// Keys of jobs that have ended.
    pub ended: Vec<String>,
    /// Entries of the log, in order, the first one following the last kept.
    pub entries: Vec<StoredEntry>,
    /// Stored hashes of the tree by their index.
    pub hashes: Vec<(u64, [u8; 32])>,
    /// The newest signed checkpoint.
    pub checkpoint: Option<String>,
    /// How far shards have been heard.
    pub positions: Vec<Position>,
    /// What changes in the rolling buffer.
    pub buffer: BufferBatch,
}
