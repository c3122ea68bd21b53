//! What the platform's own filter stopped before anybody saw it: read and kept like any other message, though it
//! stands nowhere and nothing of it can be taken out of sight.

use std::time::Duration;

use super::{Assessment, Organisation};
use crate::domain::event::Message;
use crate::domain::{ChannelId, Event, GuildId, Heard, MessageId, Timestamp, UserId};

/// The platform tells of a stopped message once for every rule that stopped it, and again after a resumed session;
/// within this time the same text of the same person in the same space is the same message.
const SAME_WITHIN: Duration = Duration::from_mins(10);

/// The part of an id that tells messages of one moment apart (Discord's snowflakes: all below the time).
const BELOW_TIME: u64 = (1 << 22) - 1;

impl Organisation {
    /// A stopped message in the shape of one that was posted; none when the event is something else. It was never
    /// given an id: this one holds the moment at which it was heard, and what tells it from others.
    #[must_use]
    pub fn blocked_message(&self, heard: &Heard) -> Option<Message> {
        let Event::Blocked { guild, space, by, content } = &heard.event else { return None };
        let space = space.unwrap_or_default();
        let id = self.blocked_id(heard.at, *guild, space, *by, content);
        Some(Message {
            id,
            space,
            // It stands on no server: there is nothing to hide.
            guild: None,
            author: *by,
            at: heard.at,
            content: content.clone(),
            ..Message::default()
        })
    }

    fn blocked_id(
        &self,
        at: Timestamp,
        guild: GuildId,
        space: ChannelId,
        by: UserId,
        content: &str,
    ) -> MessageId {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64; // FNV-1a, 64 bits
        let numbers = [guild.0, space.0, by.0].map(u64::to_le_bytes);
        for byte in numbers.as_flattened().iter().chain(content.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let own = (hash ^ (hash >> 22) ^ (hash >> 44)) & BELOW_TIME;
        let since = MessageId::first_of(at.minus(SAME_WITHIN));
        let known = self.state.kept_since(since, own, BELOW_TIME);
        known.unwrap_or(MessageId(MessageId::first_of(at).0 | own))
    }

    pub(super) fn hear_blocked(&mut self, heard: &Heard, a: &mut Assessment) {
        let Some(message) = self.blocked_message(heard) else { return };
        let found = self.read(&message, false);
        self.take(found, Some(&message), heard.at, a);
    }
}
