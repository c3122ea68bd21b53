//! Servers as Discord writes them: the REST object, and `GUILD_CREATE` with everything in it.

use serde_json::{Value, json};

use crate::domain::{GuildId, Timestamp};
use crate::rehearsal::platform::model::{Channel, Guild};
use crate::rehearsal::platform::options::HiddenChannels;
use crate::rehearsal::platform::permissions;
use crate::rehearsal::platform::state::State;

/// Servers above this number of members are "large": `GUILD_CREATE` never carries all of them.
const LARGE: usize = 50;

/// Discord's guild object.
#[must_use]
pub fn guild(guild: &Guild) -> Value {
    json!({
        "id": guild.id,
        "name": guild.name,
        "icon": null,
        "description": null,
        "home_header": null,
        "splash": null,
        "discovery_splash": null,
        "features": [],
        "banner": null,
        "owner_id": guild.owner,
        "application_id": null,
        "region": "deprecated",
        "afk_channel_id": null,
        "afk_timeout": 300,
        "system_channel_id": null,
        "system_channel_flags": 0,
        "widget_enabled": false,
        "widget_channel_id": null,
        "verification_level": 1,
        "roles": guild.roles.values().map(super::role).collect::<Vec<_>>(),
        "default_message_notifications": 1,
        "mfa_level": 0,
        "explicit_content_filter": 2,
        "max_presences": null,
        "max_members": 500_000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "vanity_url_code": null,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-GB",
        "rules_channel_id": null,
        "safety_alerts_channel_id": null,
        "public_updates_channel_id": null,
        "premium_progress_bar_enabled": false,
        "nsfw": false,
        "nsfw_level": 0,
        "emojis": [],
        "stickers": [],
        "incidents_data": incidents(guild),
    })
}

/// Discord's incidents data: null when nothing was ever set or all is over.
#[must_use]
pub fn incidents(guild: &Guild) -> Value {
    if guild.invites_disabled.is_none() && guild.dms_disabled.is_none() {
        return Value::Null;
    }
    json!({
        "invites_disabled_until": super::maybe_time(guild.invites_disabled),
        "dms_disabled_until": super::maybe_time(guild.dms_disabled),
        "dm_spam_detected_at": null,
        "raid_detected_at": null,
    })
}

/// `GUILD_CREATE`: without the presences intent Discord sends only the bot itself and who is in
/// voice; the rest must be asked for (op 8).
#[must_use]
pub fn guild_create(state: &State, id: GuildId, now: Timestamp) -> Option<Value> {
    let found = state.guilds.get(&id)?;
    let own = found.members.get(&state.bot)?;
    let channels: Vec<Value> = state
        .channels
        .values()
        .filter(|channel| channel.guild == Some(id) && !channel.is_thread())
        .map(|channel| {
            let mut data = super::channel(channel);
            if state.hidden == HiddenChannels::Obfuscated
                && !permissions::sees(state, channel.id, state.bot, now)
            {
                super::obfuscate(&mut data);
            }
            data
        })
        .collect();
    let threads: Vec<&Channel> = state
        .active_threads(id)
        .filter(|thread| permissions::sees(state, thread.id, state.bot, now))
        .collect();
    let threads: Vec<Value> = threads
        .into_iter()
        .map(|thread| {
            let mut data = super::channel(thread);
            if let Some(own) = super::own_memberships(state, &[thread]).pop() {
                data["member"] = own;
            }
            data
        })
        .collect();
    let mut data = guild(found);
    data["joined_at"] = super::time(own.joined).into();
    data["large"] = (found.members.len() > LARGE).into();
    data["unavailable"] = false.into();
    data["member_count"] = found.members.len().into();
    data["members"] = found
        .members
        .values()
        .filter(|member| member.user == state.bot || found.voice.contains_key(&member.user))
        .map(|member| super::member(state, member))
        .collect();
    data["voice_states"] = found
        .voice
        .keys()
        .map(|person| {
            let mut voice = super::voice_state(state, found, *person);
            if let Some(fields) = voice.as_object_mut() {
                fields.remove("guild_id");
                fields.remove("member");
            }
            voice
        })
        .collect();
    data["channels"] = channels.into();
    data["threads"] = threads.into();
    for empty in ["presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"] {
        data[empty] = json!([]);
    }
    Some(data)
}
