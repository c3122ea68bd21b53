//! What the platform's own filter stopped, and the server's audit log.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::null_is_default;
use super::{Read, Unsaid};
use crate::domain::{ChannelId, Event, GuildId, UserId};

/// Discord's number for the action "block the message". The same rule sends one event for each of its actions
/// (alert, time-out, …); only this one stands for a message that nobody saw.
const BLOCK_MESSAGE: u64 = 1;

pub(super) fn blocked(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Action {
        #[serde(rename = "type")]
        kind: u64,
    }
    #[derive(Deserialize)]
    struct Execution {
        guild_id: GuildId,
        action: Action,
        user_id: UserId,
        #[serde(default)]
        channel_id: Option<ChannelId>,
        #[serde(default, deserialize_with = "null_is_default")]
        content: String,
    }
    let execution: Execution = serde_json::from_str(data)?;
    if execution.action.kind != BLOCK_MESSAGE {
        return Err(Unsaid::Nothing);
    }
    Ok(Event::Blocked {
        guild: execution.guild_id,
        space: execution.channel_id,
        by: execution.user_id,
        content: execution.content,
    }
    .into())
}

pub(super) fn audit(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Entry<'a> {
        guild_id: GuildId,
        action_type: u64,
        #[serde(default)]
        user_id: Option<UserId>,
        // Some actions have a target that is not an id (an invite's code).
        #[serde(borrow, default)]
        target_id: Option<&'a RawValue>,
    }
    let entry: Entry = serde_json::from_str(data)?;
    let target = entry.target_id.and_then(|raw| serde_json::from_str::<UserId>(raw.get()).ok());
    Ok(Event::Audit {
        guild: entry.guild_id,
        action: entry.action_type,
        by: entry.user_id,
        target: target.map(|id| id.0),
    }
    .into())
}
