//! What a session of the bot is sent: its shard, its intents, and only what the bot may see; without the
//! message-content intent a message arrives empty, save those to, of or about the bot.

use serde_json::{Value, json};

use super::intents::{self, wanted_for};
use super::options::HiddenChannels;
use super::permissions;
use super::session::Session;
use super::state::{Dispatch, State};
use super::wire;
use crate::domain::Timestamp;

/// The event as this session may have it, or nothing.
#[must_use]
pub fn for_session(state: &State, session: &Session, event: &Dispatch, now: Timestamp) -> Option<Value> {
    if !session.carries(event.guild) {
        return None;
    }
    // A modal, a command or a click is for the bot wherever it happened.
    if event.name == "INTERACTION_CREATE" {
        return Some(event.data.clone());
    }
    if let Some(guild) = event.guild
        && !state.bot_in(guild)
        && event.name != "GUILD_DELETE"
    {
        return None;
    }
    let wanted = wanted_for(event.name, event.guild.is_some());
    let mut data = event.data.clone();
    if wanted != 0 && session.intents & wanted == 0 {
        return None;
    }
    if let Some(channel) = event.channel {
        let sees = permissions::sees(state, channel, state.bot, now);
        match event.name {
            "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "CHANNEL_DELETE"
                if !sees && state.hidden == HiddenChannels::Obfuscated =>
            {
                wire::obfuscate(&mut data);
            }
            // Sent to whoever it concerns: the bot itself when it is the one who was taken out.
            "THREAD_MEMBERS_UPDATE" if concerns_bot(state, &data) => {}
            // Bots hear of voice in channels that they may not view.
            "VOICE_STATE_UPDATE" => {}
            _ if !sees => return None,
            _ => {}
        }
    }
    match event.name {
        "THREAD_MEMBERS_UPDATE"
            if session.intents & intents::GUILD_MEMBERS == 0 && !concerns_bot(state, &data) =>
        {
            return None;
        }
        "MESSAGE_CREATE" | "MESSAGE_UPDATE" if session.intents & intents::MESSAGE_CONTENT == 0 => {
            empty_message(state, &mut data);
        }
        "AUTO_MODERATION_ACTION_EXECUTION" if session.intents & intents::MESSAGE_CONTENT == 0 => {
            data["content"] = json!("");
            data["matched_content"] = json!("");
        }
        _ => {}
    }
    Some(data)
}

/// Takes out of a message what only the message-content intent shows. Direct messages with the bot, its own and
/// those that mention it stay whole.
pub fn empty_message(state: &State, message: &mut Value) {
    let bot = state.bot.to_string();
    let mentioned = message["mentions"]
        .as_array()
        .is_some_and(|mentions| mentions.iter().any(|user| user["id"] == bot.as_str()));
    let direct = message["channel_id"]
        .as_str()
        .and_then(|id| id.parse().ok())
        .and_then(|id| state.channels.get(&id))
        .is_some_and(|channel| channel.guild.is_none() && channel.people.contains(&state.bot));
    if mentioned || direct || message["author"]["id"] == bot.as_str() {
        return;
    }
    message["content"] = json!("");
    for list in ["embeds", "attachments", "components"] {
        message[list] = json!([]);
    }
    if let Some(fields) = message.as_object_mut() {
        fields.remove("poll");
        fields.remove("message_snapshots");
    }
    if message["referenced_message"].is_object() {
        let mut earlier = message["referenced_message"].take();
        empty_message(state, &mut earlier);
        message["referenced_message"] = earlier;
    }
}

fn concerns_bot(state: &State, data: &Value) -> bool {
    let bot = state.bot.to_string();
    let added = data["added_members"].as_array().into_iter().flatten();
    let removed = data["removed_member_ids"].as_array().into_iter().flatten();
    added.map(|member| &member["user_id"]).chain(removed).any(|id| *id == bot.as_str())
}
