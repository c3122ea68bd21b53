//! How Discord writes its objects: ids in strings, times as ISO 8601 with `+00:00`, every field that Discord's
//! own description of its API requires. Messages are in [`message`], servers in [`guild`].

pub mod guild;
pub mod message;

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::bits;
use super::model::{AuditEntry, Channel, Command, Guild, Member, Overwrite, Role, User};
use super::state::State;
use super::{model::kind, permissions};
use crate::domain::{ChannelId, GuildId, Timestamp, UserId};

/// The flag of a channel whose metadata is withheld.
const OBFUSCATED: u64 = 1 << 17;

/// `2026-03-02T16:41:07.123000+00:00`.
#[must_use]
pub fn time(at: Timestamp) -> String {
    at.to_chrono().to_rfc3339_opts(SecondsFormat::Micros, false)
}

/// A time that may be missing.
#[must_use]
pub fn maybe_time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| time(at).into())
}

/// Discord's user object.
#[must_use]
pub fn user(user: &User) -> Value {
    let mut data = json!({
        "id": user.id,
        "username": user.username,
        "discriminator": if user.bot { "0001" } else { "0" },
        "global_name": if user.bot { Value::Null } else { user.name.clone().into() },
        "avatar": null,
        "avatar_decoration_data": null,
        "public_flags": 0,
        "flags": 0,
        "primary_guild": null,
    });
    if user.bot {
        data["bot"] = true.into();
    }
    data
}

/// The user with this id; an account that is gone is written as Discord writes deleted ones.
#[must_use]
pub fn user_of(state: &State, id: UserId) -> Value {
    match state.users.get(&id) {
        Some(found) => user(found),
        None => user(&User {
            id,
            username: "deleted_user".to_owned(),
            name: "Deleted User".to_owned(),
            bot: false,
            takes_dms: false,
            installed: false,
        }),
    }
}

/// Discord's guild member, without the user (as messages carry it).
#[must_use]
pub fn bare_member(member: &Member) -> Value {
    json!({
        "roles": member.roles,
        "nick": member.nick,
        "avatar": null,
        "banner": null,
        "premium_since": null,
        "pending": false,
        "joined_at": time(member.joined),
        "flags": 0,
        "communication_disabled_until": maybe_time(member.timeout),
        "mute": member.mute,
        "deaf": member.deaf,
    })
}

/// Discord's guild member.
#[must_use]
pub fn member(state: &State, member: &Member) -> Value {
    let mut data = bare_member(member);
    data["user"] = user_of(state, member.user);
    data
}

/// Discord's role.
#[must_use]
pub fn role(role: &Role) -> Value {
    let mut data = json!({
        "id": role.id,
        "name": role.name,
        "description": null,
        "permissions": role.permissions.to_string(),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": null, "tertiary_color": null},
        "hoist": false,
        "managed": role.bot.is_some(),
        "mentionable": false,
        "icon": null,
        "unicode_emoji": null,
        "flags": 0,
    });
    if let Some(bot) = role.bot {
        data["tags"] = json!({"bot_id": bot});
    }
    data
}

/// Discord's permission overwrite.
#[must_use]
pub fn overwrite(overwrite: &Overwrite) -> Value {
    json!({
        "id": overwrite.id.to_string(),
        "type": overwrite.kind,
        "allow": overwrite.allow.to_string(),
        "deny": overwrite.deny.to_string(),
    })
}

/// Discord's channel: of a server, or a thread.
#[must_use]
pub fn channel(channel: &Channel) -> Value {
    let mut data = json!({
        "id": channel.id,
        "type": channel.kind,
        "last_message_id": channel.last_message,
        "flags": 0,
        "guild_id": channel.guild,
        "name": channel.name,
        "parent_id": channel.parent,
        "rate_limit_per_user": channel.slow_mode,
    });
    if let Some(thread) = &channel.thread {
        let count = thread.sent;
        data["owner_id"] = json!(thread.owner);
        data["message_count"] = count.into();
        data["total_message_sent"] = count.into();
        data["member_count"] = thread.members.len().min(50).into();
        data["thread_metadata"] = json!({
            "archived": thread.archived,
            "archive_timestamp": time(thread.archive_changed),
            "auto_archive_duration": thread.auto_archive,
            "locked": thread.locked,
            "create_timestamp": time(thread.created),
        });
        if channel.kind == kind::PRIVATE_THREAD {
            data["thread_metadata"]["invitable"] = thread.invitable.into();
        }
        return data;
    }
    data["topic"] = channel.topic.clone().into();
    data["position"] = channel.position.into();
    data["nsfw"] = false.into();
    data["permission_overwrites"] = channel.overwrites.iter().map(overwrite).collect();
    if channel.is_voice() {
        data["bitrate"] = 64_000.into();
        data["user_limit"] = 0.into();
        data["rtc_region"] = Value::Null;
    }
    data
}

/// Discord's private channel as `seen_by` has it: the other people in it.
#[must_use]
pub fn dm(state: &State, channel: &Channel, seen_by: UserId) -> Value {
    let others = channel.people.iter().filter(|person| **person != seen_by);
    json!({
        "id": channel.id,
        "type": channel.kind,
        "last_message_id": channel.last_message,
        "flags": 0,
        "recipients": others.map(|person| user_of(state, *person)).collect::<Vec<_>>(),
    })
}

/// A channel of either sort, as the bot has it.
#[must_use]
pub fn any_channel(state: &State, found: &Channel) -> Value {
    if found.guild.is_none() { dm(state, found, state.bot) } else { channel(found) }
}

/// Withholds a channel's metadata, as Discord does where the bot may not view it.
pub fn obfuscate(data: &mut Value) {
    let everyone = data["guild_id"].clone();
    data["name"] = "___hidden___".into();
    data["flags"] = OBFUSCATED.into();
    for field in ["topic", "last_message_id"] {
        data[field] = Value::Null;
    }
    data["permission_overwrites"] =
        json!([{"id": everyone, "type": 0, "allow": "0", "deny": bits::VIEW_CHANNEL.to_string()}]);
}

/// Discord's thread member.
#[must_use]
pub fn thread_member(thread: ChannelId, user: UserId, since: Timestamp) -> Value {
    json!({"id": thread, "user_id": user, "join_timestamp": time(since), "flags": 0})
}

/// `THREAD_LIST_SYNC`: the active threads of some channels that the bot sees.
#[must_use]
pub fn thread_list(state: &State, guild: GuildId, channels: &[ChannelId], now: Timestamp) -> Value {
    let threads: Vec<&Channel> = state
        .active_threads(guild)
        .filter(|thread| thread.parent.is_some_and(|parent| channels.contains(&parent)))
        .filter(|thread| permissions::sees(state, thread.id, state.bot, now))
        .collect();
    json!({
        "guild_id": guild,
        "channel_ids": channels,
        "threads": threads.iter().map(|thread| channel(thread)).collect::<Vec<_>>(),
        "members": own_memberships(state, &threads),
    })
}

/// The bot's own thread memberships among `threads`.
#[must_use]
pub fn own_memberships(state: &State, threads: &[&Channel]) -> Vec<Value> {
    threads
        .iter()
        .filter_map(|thread| {
            let since = thread.thread.as_ref()?.members.get(&state.bot)?;
            Some(thread_member(thread.id, state.bot, *since))
        })
        .collect()
}

/// Discord's voice state.
#[must_use]
pub fn voice_state(state: &State, guild: &Guild, person: UserId) -> Value {
    let voice = guild.voice.get(&person);
    let mut data = json!({
        "guild_id": guild.id,
        "channel_id": voice.map(|voice| voice.channel),
        "user_id": person,
        "session_id": voice.map_or_else(|| format!("voice-{person}"), |voice| voice.session.clone()),
        "deaf": guild.members.get(&person).is_some_and(|member| member.deaf),
        "mute": guild.members.get(&person).is_some_and(|member| member.mute),
        "self_deaf": false,
        "self_mute": false,
        "self_stream": false,
        "self_video": false,
        "suppress": false,
        "request_to_speak_timestamp": null,
    });
    if let Some(found) = guild.members.get(&person) {
        data["member"] = member(state, found);
    }
    data
}

/// Discord's audit log entry.
#[must_use]
pub fn audit_entry(entry: &AuditEntry) -> Value {
    let mut data = json!({
        "id": entry.id.to_string(),
        "action_type": entry.action,
        "user_id": entry.by,
        "target_id": entry.target.map(|target| target.to_string()),
    });
    if !entry.changes.is_empty() {
        data["changes"] = entry.changes.clone().into();
    }
    if let Some(options) = &entry.options {
        data["options"] = options.clone().into();
    }
    if let Some(reason) = &entry.reason {
        data["reason"] = reason.clone().into();
    }
    data
}

/// Discord's application command.
#[must_use]
pub fn command(application: UserId, command: &Command) -> Value {
    let mut data = json!({
        "type": 1,
        "description": "",
        "default_member_permissions": null,
        "dm_permission": true,
        "contexts": null,
        "integration_types": [0],
        "nsfw": false,
    });
    for (field, value) in &command.body {
        if !value.is_null() {
            data[field] = value.clone();
        }
    }
    data["id"] = command.id.to_string().into();
    data["version"] = command.version.to_string().into();
    data["application_id"] = json!(application);
    if let Some(guild) = command.guild {
        data["guild_id"] = json!(guild);
    }
    data
}
