//! The exact bytes of recent messages, in memory only and bounded.
//!
//! Evidence is what was received, not what was understood of it: when a message becomes an exhibit, these bytes are
//! sealed. A message that was edited has several; all of them belong to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::event::Attachment;
use crate::domain::{ChannelId, MessageId, Timestamp};

/// How many messages of one space are at hand. More than the context that a case takes along, so that a finding
/// some messages back still has what stood before it.
const MESSAGES_PER_SPACE: usize = 256;
/// How many bytes are at hand in all; the oldest of the fullest space go first.
const BYTES: usize = 64 * 1024 * 1024;

/// Some bytes of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The gateway's (or history's) exact text.
    pub raw: Arc<str>,
    /// When it reached this process.
    pub at: Timestamp,
    /// What was attached, described; never the bytes.
    pub attachments: Vec<Attachment>,
    /// The form in which the message was first written, heard as it came: not an edit, and not read in a history.
    pub first: bool,
}

#[derive(Debug, Default)]
struct Shelf {
    order: VecDeque<MessageId>,
    messages: BTreeMap<MessageId, Vec<Received>>,
    bytes: usize,
}

impl Shelf {
    fn drop_oldest(&mut self) -> usize {
        let Some(oldest) = self.order.pop_front() else { return 0 };
        let freed =
            self.messages.remove(&oldest).map_or(0, |received| received.iter().map(|r| r.raw.len()).sum());
        self.bytes -= freed;
        freed
    }
}

/// Recent messages by space.
#[derive(Debug, Default)]
pub struct Ring {
    shelves: BTreeMap<ChannelId, Shelf>,
    bytes: usize,
}

impl Ring {
    /// Puts the bytes of a message, or of an edit of it, at hand. The same bytes again change nothing.
    pub fn put(&mut self, space: ChannelId, message: MessageId, new: Received) {
        let here = self.shelves.entry(space).or_default();
        let versions = here.messages.entry(message).or_insert_with(|| {
            here.order.push_back(message);
            Vec::new()
        });
        if versions.iter().any(|known| known.raw == new.raw) {
            return;
        }
        let size = new.raw.len();
        versions.push(new);
        here.bytes += size;
        self.bytes += size;
        if here.order.len() > MESSAGES_PER_SPACE {
            self.bytes -= here.drop_oldest();
        }
        while self.bytes > BYTES {
            let Some(fullest) = self.shelves.values_mut().max_by_key(|shelf| shelf.bytes) else { break };
            let freed = fullest.drop_oldest();
            if freed == 0 {
                break;
            }
            self.bytes -= freed;
        }
    }

    /// Everything at hand of one message, oldest first; empty when it is no longer.
    #[must_use]
    pub fn get(&self, space: ChannelId, message: MessageId) -> &[Received] {
        self.shelves.get(&space).and_then(|shelf| shelf.messages.get(&message)).map_or(&[], Vec::as_slice)
    }

    /// How many messages older than this one are at hand of a space as they were first written, counted up to `enough`.
    #[must_use]
    pub fn first_forms_before(&self, space: ChannelId, message: MessageId, enough: usize) -> usize {
        let Some(here) = self.shelves.get(&space) else { return 0 };
        let before = here.messages.range(..message).rev().map(|(_, received)| received);
        before.filter(|received| received.iter().any(|one| one.first)).take(enough).count()
    }

    /// How many bytes are at hand.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(text: &str) -> Received {
        Received { raw: text.into(), at: Timestamp(0), attachments: Vec::new(), first: true }
    }

    #[test]
    fn an_edited_message_keeps_its_first_bytes() {
        let mut ring = Ring::default();
        for text in ["first", "first", "edited"] {
            ring.put(ChannelId(1), MessageId(7), received(text));
        }
        assert_eq!(ring.get(ChannelId(1), MessageId(7)), [received("first"), received("edited")]);
        assert_eq!(ring.bytes(), "firstedited".len());
    }

    #[test]
    fn what_is_at_hand_is_bounded_per_space_and_in_all() {
        let mut ring = Ring::default();
        for id in 0..1_000 {
            ring.put(ChannelId(1), MessageId(id), received("0123456789"));
        }
        assert_eq!(ring.bytes(), MESSAGES_PER_SPACE * 10);
        assert!(ring.get(ChannelId(1), MessageId(0)).is_empty());
        let large = "x".repeat(1024 * 1024);
        for id in 0..100 {
            ring.put(ChannelId(2), MessageId(id), received(&format!("{id}{large}")));
        }
        assert!(ring.bytes() <= BYTES);
        assert!(!ring.get(ChannelId(1), MessageId(999)).is_empty(), "a quiet space keeps its context");
    }
}
