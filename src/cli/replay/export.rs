//! One DiscordChatExporter JSON file, whichever version wrote it.
//!
//! The exporter's JSON has grown since 2019: roles, nicknames, replies, stickers, the names behind reactions and
//! forwarded messages came one after another, and partitions and third parties leave things out. So nothing but
//! the shape of the file is insisted upon: every field may be missing, null or of another type, ids may be digits
//! or numbers, and what cannot be attributed to anybody is counted ([`Export::left_out`]), not fatal.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::unreadable::Unreadable;
use crate::domain::event::Attachment;
use crate::domain::{ChannelId, GuildId, MessageId, RoleId, Timestamp, UserId};

/// What one file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// The server; none for direct messages.
    pub guild: Option<GuildId>,
    /// The server's name.
    pub guild_name: String,
    /// The channel or thread.
    pub channel: ChannelId,
    /// Its name.
    pub channel_name: String,
    /// When the export was made, where the file says it.
    pub exported_at: Option<Timestamp>,
    /// Everybody who wrote, reacted or was mentioned.
    pub people: BTreeMap<UserId, Account>,
    /// The messages, in the file's order.
    pub messages: Vec<Exported>,
    /// How many entries had no id, no author or no time and could not be used.
    pub left_out: usize,
}

/// Somebody as an export describes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// The user name.
    pub name: String,
    /// What the server showed, in versions that tell.
    pub nickname: Option<String>,
    /// An application or a webhook.
    pub bot: bool,
    /// Roles by id and name. Empty where the version has none or the person had left.
    pub roles: Vec<(RoleId, String)>,
}

impl Account {
    /// Fills in what another description of the same person adds. Roles that one of them gives are never lost to
    /// one that gives none (a reaction's names come without roles, and so does somebody who has left).
    pub fn complete_with(&mut self, other: &Account) {
        if self.name.is_empty() {
            self.name.clone_from(&other.name);
        }
        if self.nickname.is_none() {
            self.nickname.clone_from(&other.nickname);
        }
        if self.roles.is_empty() {
            self.roles.clone_from(&other.roles);
        }
        self.bot |= other.bot;
    }
}

/// A message of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Its id.
    pub id: MessageId,
    /// When it was written.
    pub at: Timestamp,
    /// When it was last edited; the content is the final one.
    pub edited_at: Option<Timestamp>,
    /// Somebody's words. False for what the platform wrote (a join, a pin).
    pub said: bool,
    /// Its text.
    pub content: String,
    /// Who wrote it.
    pub author: UserId,
    /// People mentioned in it, in versions that tell.
    pub mentions: Vec<UserId>,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Text beside the content: embeds, forwards, stickers, file names, labels.
    pub elsewhere: Vec<String>,
    /// Descriptions of attached files.
    pub attachments: Vec<Attachment>,
    /// Reactions whose authors the export names: the emoji, then who.
    pub reactions: Vec<(String, Vec<UserId>)>,
    /// Reactions of which only a count is known.
    pub unnamed_reactions: u64,
}

impl Export {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// When they are not one whole JSON export; see [`Unreadable`].
    pub fn read(bytes: &[u8]) -> Result<Export, Unreadable> {
        let body = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let skipped = bytes.len() - body.len();
        let text = std::str::from_utf8(body).map_err(|e| Unreadable::NotUtf8(skipped + e.valid_up_to()))?;
        if text.trim_ascii_start().starts_with('[') {
            return Err(Unreadable::NotAnExport);
        }
        let file: File = serde_json::from_str(text).map_err(|e| {
            let at = skipped + byte_of(text, e.line(), e.column());
            match e.classify() {
                serde_json::error::Category::Eof => Unreadable::Truncated(at),
                serde_json::error::Category::Data => Unreadable::NotAnExport,
                _ if e.to_string().starts_with("recursion limit") => Unreadable::TooDeep(at),
                _ => Unreadable::NotJson(at),
            }
        })?;
        if file.messages.is_none() && !file.channel.is_object() {
            return Err(Unreadable::NotAnExport);
        }
        let messages = file.messages.unwrap_or_default();
        let mut guild = Fields::of(file.guild);
        let mut channel = Fields::of(file.channel);
        let kind = channel.text("type").unwrap_or_default();
        let direct = kind.starts_with("Direct") || matches!(kind.as_str(), "1" | "3");
        Ok(Export {
            // The exporter calls direct messages a server with the number 0.
            guild: guild.id("id").filter(|id| *id != 0 && !direct).map(GuildId),
            guild_name: guild.text("name").unwrap_or_default(),
            channel: ChannelId(channel.id("id").unwrap_or_default()),
            channel_name: channel.text("name").unwrap_or_default(),
            exported_at: time(&file.exported_at),
            people: messages.people,
            messages: messages.read,
            left_out: messages.left_out,
        })
    }
}

/// The byte behind a line and column of the parser's.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column).min(text.len())
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    guild: Value,
    channel: Value,
    #[serde(rename = "exportedAt")]
    exported_at: Value,
    messages: Option<Messages>,
}

/// The messages, read one by one so that only one at a time is held twice.
#[derive(Default)]
struct Messages {
    people: BTreeMap<UserId, Account>,
    read: Vec<Exported>,
    left_out: usize,
}

impl<'de> Deserialize<'de> for Messages {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct OneByOne;
        impl<'de> Visitor<'de> for OneByOne {
            type Value = Messages;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of messages")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Messages, A::Error> {
                let mut all = Messages::default();
                while let Some(value) = list.next_element::<Value>()? {
                    match all.message(value) {
                        Some(message) => all.read.push(message),
                        None => all.left_out += 1,
                    }
                }
                Ok(all)
            }
        }
        from.deserialize_seq(OneByOne)
    }
}

impl Messages {
    /// One message; none when nobody could say whose it is or when it was.
    fn message(&mut self, value: Value) -> Option<Exported> {
        let mut fields = Fields::of(value);
        let id = MessageId(fields.id("id")?);
        let author = self.person(fields.take("author"))?;
        let at = fields.time("timestamp").or_else(|| time_of(id))?;
        let kind = fields.text("type").unwrap_or_default();
        let mut content = fields.text("content").unwrap_or_default();
        let mut elsewhere = Vec::new();
        let renamed = matches!(kind.as_str(), "ChannelNameChange" | "4");
        let said = is_said(&kind) || renamed;
        if renamed {
            // The platform's sentence with a name in it that a person chose.
            elsewhere.push(std::mem::take(&mut content));
        }
        let mut reference = Fields::of(fields.take("reference"));
        let forwarded = reference.text("type").is_some_and(|kind| kind == "Forward" || kind == "1");
        let mut attachments = Vec::new();
        texts_beside(&mut fields, &mut elsewhere, &mut attachments);
        let mut forward = Fields::of(fields.take("forwardedMessage"));
        elsewhere.extend(forward.text("content"));
        texts_beside(&mut forward, &mut elsewhere, &mut attachments);
        elsewhere.retain(|text| !text.trim().is_empty());
        let mut unnamed_reactions = 0;
        let mut reactions = Vec::new();
        for reaction in fields.list("reactions") {
            let mut reaction = Fields::of(reaction);
            let users: Vec<UserId> =
                reaction.list("users").into_iter().filter_map(|user| self.person(user)).collect();
            let count = reaction.id("count").unwrap_or_default();
            unnamed_reactions += count.saturating_sub(users.len() as u64);
            if let Some(emoji) = emoji(reaction.take("emoji")).filter(|_| !users.is_empty()) {
                reactions.push((emoji, users));
            }
        }
        Some(Exported {
            id,
            at,
            edited_at: fields.time("timestampEdited"),
            said,
            content,
            author,
            mentions: fields.list("mentions").into_iter().filter_map(|user| self.person(user)).collect(),
            reply_to: reference.id("messageId").filter(|_| !forwarded).map(MessageId),
            elsewhere,
            attachments,
            reactions,
            unnamed_reactions,
        })
    }

    /// Enters a person and gives their id.
    fn person(&mut self, value: Value) -> Option<UserId> {
        let mut fields = Fields::of(value);
        let id = UserId(fields.id("id")?);
        let account = Account {
            name: fields.text("name").unwrap_or_default(),
            nickname: fields.text("nickname").or_else(|| fields.text("nick")),
            bot: fields.take("isBot").as_bool().unwrap_or(false),
            roles: fields
                .list("roles")
                .into_iter()
                .filter_map(|role| {
                    let mut role = Fields::of(role);
                    Some((RoleId(role.id("id").unwrap_or_default()), role.text("name")?))
                })
                .collect(),
        };
        match self.people.get_mut(&id) {
            Some(known) => known.complete_with(&account),
            None => drop(self.people.insert(id, account)),
        }
        Some(id)
    }
}

/// Whether a message of this type is somebody's words. Unknown names are: better heard than lost.
///
/// The exporter writes the names that it knows and the number of every other type; Discord's numbers of what people
/// write are 0 (message), 19 (reply), 20 and 23 (commands), 24 (held back by AutoMod).
fn is_said(kind: &str) -> bool {
    const SYSTEM: [&str; 8] = [
        "RecipientAdd",
        "RecipientRemove",
        "Call",
        "ChannelNameChange",
        "ChannelIconChange",
        "ChannelPinnedMessage",
        "GuildMemberJoin",
        "ThreadCreated",
    ];
    match kind.parse::<u32>() {
        Ok(number) => matches!(number, 0 | 19 | 20 | 23 | 24),
        Err(_) => !SYSTEM.contains(&kind),
    }
}

/// Text of a message beside its content.
fn texts_beside(message: &mut Fields, texts: &mut Vec<String>, files: &mut Vec<Attachment>) {
    for embed in message.list("embeds") {
        let mut embed = Fields::of(embed);
        texts.extend([embed.text("title"), embed.text("description")].into_iter().flatten());
        texts.extend(Fields::of(embed.take("author")).text("name"));
        for field in embed.list("fields") {
            let mut field = Fields::of(field);
            texts.extend([field.text("name"), field.text("value")].into_iter().flatten());
        }
        texts.extend(Fields::of(embed.take("footer")).text("text"));
    }
    for file in message.list("attachments") {
        let mut file = Fields::of(file);
        let name = file.text("fileName").unwrap_or_default();
        let description = file.text("description");
        texts.push(name.clone());
        texts.extend(description.clone());
        files.push(Attachment {
            id: file.id("id").unwrap_or_default(),
            name,
            media_type: file.text("contentType"),
            size: file.id("fileSizeBytes").unwrap_or_default(),
            dimensions: None,
            description,
        });
    }
    for sticker in message.list("stickers") {
        texts.extend(Fields::of(sticker).text("name"));
    }
    // The parser's limit on nesting bounds this walk.
    let mut components = message.list("components");
    while let Some(component) = components.pop() {
        let mut component = Fields::of(component);
        texts.extend([component.text("label"), component.text("content")].into_iter().flatten());
        components.extend(component.list("components"));
    }
}

fn emoji(value: Value) -> Option<String> {
    let mut fields = Fields::of(value);
    fields.text("name").or_else(|| fields.text("code")).filter(|name| !name.is_empty())
}

/// A message's time as its id tells it; numbers too small to hold one are somebody's own counting.
fn time_of(id: MessageId) -> Option<Timestamp> {
    (id.0 >> 22 != 0).then(|| Timestamp::from_millis(id.created_millis()))
}

fn time(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?.trim();
    // Some versions wrote the local time without an offset; it is taken as UTC.
    Timestamp::parse_rfc3339(text).or_else(|_| Timestamp::parse_rfc3339(&format!("{text}Z"))).ok()
}

/// An object of which any field may be missing, null or of another type.
struct Fields(Map<String, Value>);

impl Fields {
    fn of(value: Value) -> Fields {
        match value {
            Value::Object(map) => Fields(map),
            _ => Fields(Map::new()),
        }
    }
    fn take(&mut self, key: &str) -> Value {
        self.0.get_mut(key).map(Value::take).unwrap_or_default()
    }
    fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key) {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
    fn id(&self, key: &str) -> Option<u64> {
        match self.0.get(key)? {
            Value::String(text) => text.trim().parse().ok(),
            Value::Number(number) => number.as_u64(),
            _ => None,
        }
    }
    fn time(&self, key: &str) -> Option<Timestamp> {
        time(self.0.get(key)?)
    }
    fn list(&mut self, key: &str) -> Vec<Value> {
        match self.take(key) {
            Value::Array(list) => list,
            _ => Vec::new(),
        }
    }
}
