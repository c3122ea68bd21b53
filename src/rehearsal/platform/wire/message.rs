//! Messages and interactions as Discord writes them.

use serde_json::{Value, json};

use super::{bare_member, maybe_time, time, user_of};
use crate::domain::{Timestamp, UserId};
use crate::rehearsal::platform::model::{Attachment, Interaction, Message, kind};
use crate::rehearsal::platform::permissions;
use crate::rehearsal::platform::state::State;

/// Discord's message as REST answers it.
#[must_use]
pub fn message(state: &State, message: &Message) -> Value {
    let mut data = basic(state, message);
    // A reply names what it answers: whole, or null once that is gone.
    if message.kind == 19 || message.kind == 21 {
        data["referenced_message"] = match message.reference {
            Some((channel, id)) => {
                state.any_message(channel, id).map_or(Value::Null, |found| basic(state, found))
            }
            None => Value::Null,
        };
    }
    data
}

/// `MESSAGE_CREATE` and `MESSAGE_UPDATE`: with the server and the author's membership, without reactions.
#[must_use]
pub fn gateway_message(state: &State, found: &Message) -> Value {
    let mut data = message(state, found);
    if let Some(fields) = data.as_object_mut() {
        fields.remove("reactions");
    }
    let guild = state.channels.get(&found.channel).and_then(|channel| channel.guild);
    data["channel_type"] = state.channels.get(&found.channel).map_or(0, |channel| channel.kind).into();
    if let Some(guild) = guild {
        data["guild_id"] = json!(guild);
        if let Ok(member) = state.member(guild, found.author) {
            data["member"] = bare_member(member);
        }
        if let Some(mentions) = data["mentions"].as_array_mut() {
            for mention in mentions {
                let person = mention["id"].as_str().and_then(|id| id.parse().ok()).map(UserId);
                if let Some(member) = person.and_then(|person| state.member(guild, person).ok()) {
                    mention["member"] = bare_member(member);
                }
            }
        }
    }
    data
}

fn basic(state: &State, message: &Message) -> Value {
    let mut data = json!({
        "id": message.id,
        "type": message.kind,
        "channel_id": message.channel,
        "author": user_of(state, message.author),
        "content": message.content,
        "timestamp": time(message.at),
        "edited_timestamp": maybe_time(message.edited),
        "tts": false,
        "mention_everyone": message.mention_everyone,
        "mentions": message.mentions.iter().map(|user| user_of(state, *user)).collect::<Vec<_>>(),
        "mention_roles": message.mention_roles,
        "attachments": message.attachments.iter().map(|file| attachment(state, message, file)).collect::<Vec<_>>(),
        "embeds": message.embeds,
        "components": message.components,
        "pinned": false,
        "flags": message.flags,
    });
    for (field, value) in &message.more {
        data[field] = value.clone();
    }
    if let Some(nonce) = &message.nonce {
        data["nonce"] = nonce.clone().into();
    }
    if let Some((channel, id)) = message.reference {
        let forward = message.more.contains_key("message_snapshots");
        data["message_reference"] =
            json!({"type": u8::from(forward), "channel_id": channel, "message_id": id});
        if let Some(guild) = state.channels.get(&channel).and_then(|channel| channel.guild) {
            data["message_reference"]["guild_id"] = json!(guild);
        }
    }
    if let Some(interaction) = message.interaction.and_then(|id| state.interactions.get(&id)) {
        data["application_id"] = json!(state.bot);
        data["webhook_id"] = json!(state.bot);
        data["interaction_metadata"] = metadata(state, interaction);
    }
    let reactions: Vec<Value> = message
        .reactions
        .iter()
        .filter(|reaction| !reaction.users.is_empty())
        .map(|reaction| {
            let count = reaction.users.len();
            json!({
                "emoji": emoji(&reaction.emoji),
                "count": count,
                "count_details": {"burst": 0, "normal": count},
                "burst_colors": [],
                "me_burst": false,
                "burst_me": false,
                "burst_count": 0,
                "me": reaction.users.contains(&state.bot),
            })
        })
        .collect();
    if !reactions.is_empty() {
        data["reactions"] = reactions.into();
    }
    data
}

/// Discord's emoji: a Unicode one has no id, a server's own is `name:id`.
#[must_use]
pub fn emoji(emoji: &str) -> Value {
    match emoji.split_once(':') {
        Some((name, id)) => json!({"id": id, "name": name}),
        None => json!({"id": null, "name": emoji}),
    }
}

fn attachment(state: &State, message: &Message, file: &Attachment) -> Value {
    let url = format!("{}/attachments/{}/{}/{}", state.url, message.channel, file.id, file.filename);
    let mut data = json!({
        "id": file.id.to_string(),
        "filename": file.filename,
        "size": file.size,
        "url": url,
        "proxy_url": url,
    });
    if let Some(content_type) = &file.content_type {
        data["content_type"] = content_type.clone().into();
    }
    if let Some(description) = &file.description {
        data["description"] = description.clone().into();
    }
    data
}

fn metadata(state: &State, interaction: &Interaction) -> Value {
    let mut data = json!({
        "id": interaction.id.to_string(),
        "type": interaction.kind,
        "user": user_of(state, interaction.user),
        "authorizing_integration_owners": owners(state, interaction),
    });
    match interaction.kind {
        2 => {
            data["name"] = interaction.name.clone().into();
            data["command_type"] = interaction.command.into();
        }
        3 => data["interacted_message_id"] = json!(interaction.message),
        _ => {}
    }
    data
}

fn owners(state: &State, interaction: &Interaction) -> Value {
    let mut owners = json!({});
    match state.channels.get(&interaction.channel).and_then(|channel| channel.guild) {
        Some(guild) if state.bot_in(guild) => owners["0"] = json!(guild),
        Some(_) => {}
        // In the bot's own direct messages Discord names the server "0".
        None => owners["0"] = "0".into(),
    }
    if state.users.get(&interaction.user).is_some_and(|user| user.installed) {
        owners["1"] = json!(interaction.user);
    }
    owners
}

/// `INTERACTION_CREATE`. `data` is Discord's own `data` of the interaction.
#[must_use]
pub fn interaction(state: &State, interaction: &Interaction, data: &Value, now: Timestamp) -> Value {
    let channel = state.channels.get(&interaction.channel);
    let guild = channel.and_then(|channel| channel.guild);
    let context = match (guild, channel) {
        (Some(_), _) => 0,
        (None, Some(channel)) if channel.people.contains(&state.bot) => 1,
        _ => 2,
    };
    let app = permissions::in_channel(state, interaction.channel, state.bot, now);
    let mut whole = json!({
        "id": interaction.id.to_string(),
        "application_id": state.bot,
        "type": interaction.kind,
        "token": interaction.token,
        "version": 1,
        "channel_id": interaction.channel,
        "data": data,
        "locale": "en-GB",
        "entitlements": [],
        "authorizing_integration_owners": owners(state, interaction),
        "context": context,
        "attachment_size_limit": 10_485_760,
        "app_permissions": (app & super::bits::ALL).to_string(),
    });
    if let Some(channel) = channel {
        whole["channel"] = if channel.kind == kind::DM {
            super::dm(state, channel, interaction.user)
        } else {
            let mut partial = super::channel(channel);
            let held = permissions::in_channel(state, channel.id, interaction.user, now);
            partial["permissions"] = (held & super::bits::ALL).to_string().into();
            partial
        };
    }
    if let Some(guild) = guild {
        whole["guild_id"] = json!(guild);
        whole["guild_locale"] = "en-GB".into();
        whole["guild"] = json!({"id": guild, "locale": "en-GB", "features": []});
        if let Ok(member) = state.member(guild, interaction.user) {
            let mut full = super::member(state, member);
            let held = permissions::in_channel(state, interaction.channel, interaction.user, now);
            full["permissions"] = (held & super::bits::ALL).to_string().into();
            whole["member"] = full;
        }
    } else {
        whole["user"] = user_of(state, interaction.user);
    }
    if let Some(found) = interaction.message.and_then(|id| state.any_message(interaction.channel, id)) {
        whole["message"] = message(state, found);
    }
    whole
}
