//! Observations: dated, quotable facts with a code; never a probability about a person.

use serde::{Deserialize, Serialize};

use super::{ChannelId, Code, MessageId, Timestamp, UserId};

/// A half-open range of Unicode scalar values in a message's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Quote {
    /// First scalar value of the quote.
    pub start: u32,
    /// The one behind its last.
    pub end: u32,
}

impl From<(u32, u32)> for Quote {
    fn from((start, end): (u32, u32)) -> Self {
        Quote { start, end: end.max(start) }
    }
}

impl From<Quote> for (u32, u32) {
    fn from(quote: Quote) -> Self {
        (quote.start, quote.end)
    }
}

/// What was seen, when, by whom, towards whom, and where it can be read again. It holds no words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Observation {
    /// When it happened, on the platform's clock.
    pub at: Timestamp,
    /// What it is.
    pub code: Code,
    /// Whose act it was.
    pub by: UserId,
    /// Towards whom, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub towards: Option<UserId>,
    /// In which space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<ChannelId>,
    /// In which message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageId>,
    /// Which part of the message says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Quote>,
}

/// What makes an observation the same one when an event is heard twice.
pub type ObservationKey = (Code, UserId, Option<UserId>, Option<ChannelId>, Option<MessageId>);

impl Observation {
    /// The key under which a second sighting of the same thing is recognised. An observation without a message
    /// is told apart by its moment instead, see [`Observation::at`].
    #[must_use]
    pub fn key(&self) -> ObservationKey {
        (self.code, self.by, self.towards, self.space, self.message)
    }
}
