//! The messages of a case in the shape that DiscordChatExporter gives its JSON: one file for each space, for the tools
//! that investigators already have. `chaperone replay` reads them too.
//!
//! Attachments have no address here: it stands in the exhibit's exact bytes, to be reported and not to be opened by a
//! viewer by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::readable::Message;

/// A file for each space, by name.
pub(super) fn files(messages: &[Message], exported_at: &str) -> Vec<(String, Vec<u8>)> {
    let mut spaces: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
    for message in messages {
        spaces.entry(&message.space).or_default().push(message);
    }
    let file = |(space, messages): (&str, Vec<&Message>)| {
        let plain: String = space.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        let name = format!("discord/{}.json", if plain.is_empty() { "unknown" } else { &plain });
        let mut text =
            serde_json::to_string_pretty(&export(space, &messages, exported_at)).unwrap_or_default();
        text.push('\n');
        (name, text.into_bytes())
    };
    spaces.into_iter().map(file).collect()
}

fn export(space: &str, messages: &[&Message], exported_at: &str) -> Value {
    // A message that several exhibits hold stands once, in its newest form.
    let mut newest: BTreeMap<(u64, &str), &Message> = BTreeMap::new();
    for message in messages {
        let key = (message.id.parse().unwrap_or(u64::MAX), message.id.as_str());
        let known = newest.entry(key).or_insert(message);
        if message.edited > known.edited {
            *known = message;
        }
    }
    let guilds: BTreeSet<&str> = messages.iter().filter_map(|message| message.guild.as_deref()).collect();
    let guild = guilds.first().copied().unwrap_or("0");
    let all: Vec<Value> = newest.values().map(|message| one(message)).collect();
    json!({
        "guild": { "id": guild, "name": "", "iconUrl": "" },
        "channel": { "id": space, "type": "GuildTextChat", "categoryId": null, "category": null, "name": space, "topic": null },
        "dateRange": { "after": null, "before": null },
        "exportedAt": exported_at,
        "messageCount": all.len(),
        "messages": all,
    })
}

fn one(message: &Message) -> Value {
    let attachments: Vec<Value> = message
        .withheld
        .iter()
        .map(|file| {
            json!({ "id": file.id, "url": "", "fileName": file.name, "fileSizeBytes": file.size.unwrap_or(0), "withheld": true })
        })
        .collect();
    let mut value = json!({
        "id": message.id,
        "type": if message.reply_to.is_some() { "Reply" } else { "Default" },
        "timestamp": message.timestamp,
        "timestampEdited": message.edited,
        "callEndedTimestamp": null,
        "isPinned": false,
        "content": message.content,
        "author": {
            "id": message.author,
            "name": message.user_name,
            "discriminator": "0000",
            "nickname": message.name,
            "color": null,
            "isBot": message.bot,
            "roles": [],
            "avatarUrl": "",
        },
        "attachments": attachments,
        "embeds": [],
        "stickers": [],
        "reactions": [],
        "mentions": [],
        "exhibit": message.exhibit,
    });
    if let Some(reply_to) = &message.reply_to {
        let guild = message.guild.as_deref();
        value["reference"] = json!({ "messageId": reply_to, "channelId": message.space, "guildId": guild });
    }
    value
}
