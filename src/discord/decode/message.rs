//! What people write, change, delete and react with.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::guild::WireUser;
use super::lenient::{List, null_is_default, time};
use super::{Read, Unsaid, elsewhere};
use crate::domain::event::{Attachment, Message};
use crate::domain::{ChannelId, Event, GuildId, MessageId, RoleId, Timestamp, UserId};

/// Message types that the platform writes in somebody's name (joins, pins, boosts, AutoMod's alerts, poll results).
/// Nobody said anything. A type that is not listed, one of the future included, counts as said: a renamed channel (4)
/// and a new thread (18) carry words that a person chose.
const PLATFORMS_OWN: &[u64] = &[
    1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 22, 24, 25, 26, 27, 28, 29, 31, 32, 36, 37, 38, 39,
    44, 46,
];

/// `flags`: this message was published from another server's announcement channel; what it refers to is no answer.
const IS_CROSSPOST: u64 = 1 << 1;

/// `message_reference.type` of a forward.
const FORWARD: u64 = 1;

#[derive(Deserialize)]
struct WireMessage<'a> {
    id: MessageId,
    channel_id: ChannelId,
    #[serde(default)]
    guild_id: Option<GuildId>,
    #[serde(default)]
    author: Option<WireUser>,
    #[serde(default)]
    member: Option<WirePartialMember>,
    #[serde(default)]
    content: Option<String>,
    #[serde(default, deserialize_with = "time")]
    timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    edited_timestamp: Option<Timestamp>,
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    kind: u64,
    #[serde(default, deserialize_with = "null_is_default")]
    flags: u64,
    #[serde(borrow, default)]
    webhook_id: Option<&'a RawValue>,
    #[serde(default)]
    mentions: List<Mention>,
    #[serde(borrow, default)]
    message_reference: Option<&'a RawValue>,
    #[serde(borrow, default)]
    referenced_message: Option<&'a RawValue>,
    #[serde(default)]
    attachments: List<WireAttachment>,
    #[serde(borrow, default)]
    embeds: Option<&'a RawValue>,
    #[serde(borrow, default)]
    message_snapshots: Option<&'a RawValue>,
    #[serde(borrow, default)]
    poll: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sticker_items: Option<&'a RawValue>,
    #[serde(borrow, default)]
    components: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct WirePartialMember {
    #[serde(default)]
    nick: Option<String>,
    #[serde(default)]
    roles: Option<BTreeSet<RoleId>>,
}

#[derive(Deserialize)]
struct Mention {
    id: UserId,
}

#[derive(Deserialize)]
struct WireAttachment {
    id: UserId,
    #[serde(default, deserialize_with = "null_is_default")]
    filename: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    size: u64,
    #[serde(default)]
    width: Option<u32>,
    #[serde(default)]
    height: Option<u32>,
}

#[derive(Deserialize)]
struct Reference {
    #[serde(rename = "type", default, deserialize_with = "null_is_default")]
    kind: u64,
    #[serde(default)]
    message_id: Option<MessageId>,
}

#[derive(Deserialize)]
struct Referenced {
    author: Mention,
}

impl WireMessage<'_> {
    fn reply_to(&self) -> Option<(MessageId, Option<UserId>)> {
        if self.flags & IS_CROSSPOST != 0 {
            return None;
        }
        let reference: Reference = serde_json::from_str(self.message_reference?.get()).ok()?;
        if reference.kind == FORWARD {
            return None;
        }
        let author = self
            .referenced_message
            .and_then(|raw| serde_json::from_str::<Referenced>(raw.get()).ok())
            .map(|referenced| referenced.author.id);
        Some((reference.message_id?, author))
    }

    fn elsewhere(&self, unread: &mut usize) -> Vec<String> {
        let mut out = Vec::new();
        for file in &self.attachments.items {
            out.push(file.filename.clone());
            out.extend(file.title.clone());
            out.extend(file.description.clone());
        }
        out.retain(|text| !text.trim().is_empty());
        let parts = [
            elsewhere::collect(self.embeds, elsewhere::embeds, &mut out),
            elsewhere::collect(self.message_snapshots, elsewhere::forwards, &mut out),
            elsewhere::collect(self.poll, elsewhere::poll, &mut out),
            elsewhere::collect(self.sticker_items, elsewhere::names, &mut out),
            elsewhere::collect(self.components, elsewhere::components, &mut out),
        ];
        *unread += parts.iter().filter(|read| !**read).count();
        out
    }

    /// The message, and how many of its parts could not be read.
    fn message(self) -> Result<(Message, usize), Unsaid> {
        let mut unread = self.mentions.unread + self.attachments.unread;
        let elsewhere = self.elsewhere(&mut unread);
        let reply_to = self.reply_to();
        // Without an author nobody said it: that is not a message that can be judged.
        let author = self.author.ok_or(Unsaid::Unreadable)?;
        let (nick, roles) = self.member.map_or((None, None), |member| (member.nick, member.roles));
        let message = Message {
            id: self.id,
            space: self.channel_id,
            guild: self.guild_id,
            author: author.id,
            author_shown: nick.or(author.global_name),
            author_name: author.username,
            author_roles: roles,
            automated: author.bot || self.webhook_id.is_some(),
            at: self.timestamp.unwrap_or_else(|| Timestamp::from_millis(self.id.created_millis())),
            edited_at: self.edited_timestamp,
            content: self.content.unwrap_or_default(),
            mentions: self.mentions.items.into_iter().map(|mention| mention.id).collect(),
            reply_to,
            elsewhere,
            attachments: self.attachments.items.into_iter().map(WireAttachment::attachment).collect(),
        };
        Ok((message, unread))
    }
}

impl WireAttachment {
    fn attachment(self) -> Attachment {
        Attachment {
            id: self.id.0,
            name: self.filename,
            media_type: self.content_type,
            size: self.size,
            dimensions: self.width.zip(self.height),
            description: self.description,
        }
    }
}

pub(super) fn said(data: &str) -> Result<Read, Unsaid> {
    let wire: WireMessage = serde_json::from_str(data)?;
    if PLATFORMS_OWN.contains(&wire.kind) {
        return Err(Unsaid::Nothing);
    }
    let (message, unread) = wire.message()?;
    Ok(Read { events: vec![Event::Said(Box::new(message))], unread })
}

pub(super) fn edited(data: &str) -> Result<Read, Unsaid> {
    let wire: WireMessage = serde_json::from_str(data)?;
    // Link previews, pins and votes update a message too; only an author's change is dated.
    if wire.edited_timestamp.is_none() || PLATFORMS_OWN.contains(&wire.kind) {
        return Err(Unsaid::Nothing);
    }
    // Dated, but without the new words: something was changed that cannot be read here.
    if wire.content.is_none() {
        return Err(Unsaid::Unreadable);
    }
    let (message, unread) = wire.message()?;
    Ok(Read { events: vec![Event::Edited(Box::new(message))], unread })
}

/// Reads a message as REST's history gives it. History does not say the server; the caller does.
///
/// Nothing comes back for what the platform wrote in somebody's name, and [`Event::Unreadable`] for a shape that
/// cannot be read.
#[must_use]
pub fn from_history(raw: &str, guild: Option<GuildId>) -> Option<Event> {
    match said(raw) {
        Ok(mut read) => {
            let mut event = read.events.pop()?;
            if let Event::Said(message) = &mut event {
                message.guild = message.guild.or(guild);
            }
            Some(event)
        }
        Err(Unsaid::Nothing) => None,
        Err(Unsaid::Unreadable) => Some(Event::Unreadable { name: "message history".to_owned(), guild }),
    }
}

/// Reads a message out of an interaction's resolved data.
pub(in crate::discord) fn message_of(raw: &str) -> Option<Message> {
    let wire: WireMessage = serde_json::from_str(raw).ok()?;
    wire.message().ok().map(|(message, _)| message)
}

pub(super) fn deleted(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Deleted {
        id: MessageId,
        channel_id: ChannelId,
        #[serde(default)]
        guild_id: Option<GuildId>,
    }
    let deleted: Deleted = serde_json::from_str(data)?;
    Ok(Event::Deleted { space: deleted.channel_id, guild: deleted.guild_id, messages: vec![deleted.id] }
        .into())
}

pub(super) fn bulk_deleted(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Deleted {
        ids: List<MessageId>,
        channel_id: ChannelId,
        #[serde(default)]
        guild_id: Option<GuildId>,
    }
    let deleted: Deleted = serde_json::from_str(data)?;
    let event =
        Event::Deleted { space: deleted.channel_id, guild: deleted.guild_id, messages: deleted.ids.items };
    Ok(Read { events: vec![event], unread: deleted.ids.unread })
}

pub(super) fn reacted(data: &str, added: bool) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Emoji {
        #[serde(default)]
        id: Option<UserId>,
        #[serde(default)]
        name: Option<String>,
    }
    #[derive(Deserialize)]
    struct Reaction {
        user_id: UserId,
        channel_id: ChannelId,
        message_id: MessageId,
        #[serde(default)]
        guild_id: Option<GuildId>,
        #[serde(default)]
        message_author_id: Option<UserId>,
        emoji: Emoji,
    }
    let reaction: Reaction = serde_json::from_str(data)?;
    // A custom emoji that was deleted has only its number left.
    let emoji = match (reaction.emoji.name, reaction.emoji.id) {
        (Some(name), _) => name,
        (None, Some(id)) => id.to_string(),
        (None, None) => return Err(Unsaid::Unreadable),
    };
    Ok(Event::Reacted {
        guild: reaction.guild_id,
        space: reaction.channel_id,
        message: reaction.message_id,
        author: reaction.message_author_id,
        by: reaction.user_id,
        emoji,
        added,
    }
    .into())
}
