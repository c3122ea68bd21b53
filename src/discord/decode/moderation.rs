//! What the platform's own filter stopped, and the server's audit log.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::null_is_default;
use super::space::WireOverwrite;
use super::{Read, Unsaid};
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{ChannelId, Event, GuildId, RoleId, UserId};

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
        #[serde(borrow, default)]
        options: Option<&'a RawValue>,
        #[serde(borrow, default)]
        changes: Option<&'a RawValue>,
    }
    let entry: Entry = serde_json::from_str(data)?;
    let target = entry.target_id.and_then(|raw| serde_json::from_str::<UserId>(raw.get()).ok());
    let options = entry.options.and_then(|raw| serde_json::from_str::<Options>(raw.get()).ok());
    let options = options.unwrap_or_default();
    let changes = entry.changes.and_then(|raw| serde_json::from_str::<Vec<Change>>(raw.get()).ok());
    Ok(Event::Audit {
        guild: entry.guild_id,
        action: entry.action_type,
        by: entry.user_id,
        target: target.map(|id| id.0),
        about: options.id.map(|id| id.0),
        overwrites: overwrites(&options, &changes.unwrap_or_default()),
    }
    .into())
}

#[derive(Deserialize, Default)]
struct Options {
    #[serde(default)]
    id: Option<UserId>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Change<'a> {
    key: String,
    #[serde(borrow, default)]
    new_value: Option<&'a RawValue>,
}

/// What an entry says of a channel's overwrites: those of a channel that was made, or the one that it is about.
fn overwrites(options: &Options, changes: &[Change<'_>]) -> Vec<Overwrite> {
    let value = |key: &str| changes.iter().find(|change| change.key == key)?.new_value;
    if let Some(all) = value("permission_overwrites") {
        let all = serde_json::from_str::<Vec<WireOverwrite>>(all.get());
        return all.unwrap_or_default().into_iter().map(|wire| wire.0).collect();
    }
    let Some(holder) = options.id else { return Vec::new() };
    let bits = |key| value(key).and_then(|raw| serde_json::from_str::<Permissions>(raw.get()).ok());
    let (allow, deny) = (bits("allow"), bits("deny"));
    if allow.is_none() && deny.is_none() {
        return Vec::new();
    }
    let target = match options.kind.as_deref() {
        Some("0" | "role") => OverwriteFor::Role(RoleId(holder.0)),
        _ => OverwriteFor::Member(holder),
    };
    vec![Overwrite { target, allow: allow.unwrap_or_default(), deny: deny.unwrap_or_default() }]
}
