//! Channels and threads, and who joined a thread.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::lenient::{List, null_is_default};
use super::{Read, Unsaid};
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{ChannelId, Event, GuildId, RoleId, Space, SpaceKind, UserId};

#[derive(Deserialize)]
pub(super) struct WireSpace<'a> {
    id: ChannelId,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(default)]
    guild_id: Option<GuildId>,
    #[serde(default, deserialize_with = "null_is_default")]
    name: String,
    #[serde(default)]
    parent_id: Option<ChannelId>,
    #[serde(default)]
    owner_id: Option<UserId>,
    // One overwrite that cannot be read makes the whole space unreadable: who sees it would be a guess.
    #[serde(default, deserialize_with = "null_is_default")]
    permission_overwrites: Vec<WireOverwrite>,
    #[serde(default, deserialize_with = "null_is_default")]
    thread_metadata: ThreadMetadata,
    #[serde(default, deserialize_with = "null_is_default")]
    newly_created: bool,
    #[serde(borrow, default)]
    member: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "null_is_default")]
    flags: u64,
}

/// Discord's flag for a channel that the bot may not view: its name and overwrites are not the real ones (change log,
/// "Channel Obfuscation").
const OBFUSCATED: u64 = 1 << 17;

#[derive(Deserialize, Default)]
struct ThreadMetadata {
    #[serde(default, deserialize_with = "null_is_default")]
    locked: bool,
    #[serde(default, deserialize_with = "null_is_default")]
    archived: bool,
}

#[derive(Deserialize)]
struct WireThreadMember {
    user_id: UserId,
}

/// A permission overwrite as Discord writes it; older payloads name the kind in a word.
#[derive(Deserialize)]
#[serde(try_from = "RawOverwrite")]
pub(in crate::discord) struct WireOverwrite(pub(in crate::discord) Overwrite);

#[derive(Deserialize)]
struct RawOverwrite {
    id: UserId,
    #[serde(rename = "type")]
    kind: OverwriteKind,
    #[serde(default, deserialize_with = "null_is_default")]
    allow: Permissions,
    #[serde(default, deserialize_with = "null_is_default")]
    deny: Permissions,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OverwriteKind {
    Number(u64),
    Word(String),
}

impl TryFrom<RawOverwrite> for WireOverwrite {
    type Error = &'static str;

    fn try_from(raw: RawOverwrite) -> Result<Self, Self::Error> {
        let role = match &raw.kind {
            OverwriteKind::Number(0) => true,
            OverwriteKind::Number(1) => false,
            OverwriteKind::Word(word) if word == "role" || word == "0" => true,
            OverwriteKind::Word(word) if word == "member" || word == "1" => false,
            OverwriteKind::Number(_) | OverwriteKind::Word(_) => {
                return Err("an overwrite for neither role nor member");
            }
        };
        let target = if role { OverwriteFor::Role(RoleId(raw.id.0)) } else { OverwriteFor::Member(raw.id) };
        Ok(WireOverwrite(Overwrite { target, allow: raw.allow, deny: raw.deny }))
    }
}

impl WireSpace<'_> {
    pub(super) fn id(&self) -> ChannelId {
        self.id
    }

    /// The platform says only that it is there.
    pub(super) fn is_hidden(&self) -> bool {
        self.flags & OBFUSCATED != 0
    }

    pub(super) fn space(self, guild: GuildId) -> Space {
        let mut members = BTreeSet::new();
        // `member` is the bot's own membership; whoever opens a thread is in it.
        let own = self.member.and_then(|raw| serde_json::from_str::<WireThreadMember>(raw.get()).ok());
        let kind = SpaceKind::from_discord(self.kind);
        if kind.is_thread() {
            members.extend(own.map(|member| member.user_id));
            members.extend(self.owner_id.filter(|_| self.newly_created));
        }
        Space {
            id: self.id,
            guild,
            kind,
            name: self.name,
            parent: self.parent_id,
            owner: self.owner_id,
            overwrites: self.permission_overwrites.into_iter().map(|wire| wire.0).collect(),
            members,
            locked: self.thread_metadata.locked,
            archived: self.thread_metadata.archived,
        }
    }
}

/// Reads a channel of a server from REST's answer.
pub(in crate::discord) fn from_rest(raw: &str, guild: GuildId) -> Option<Space> {
    serde_json::from_str::<WireSpace>(raw).ok().map(|space| space.space(guild))
}

pub(super) fn changed(data: &str) -> Result<Read, Unsaid> {
    let space: WireSpace = serde_json::from_str(data)?;
    // A direct message with the bot is no space of a server.
    let guild = space.guild_id.ok_or(Unsaid::Nothing)?;
    if space.is_hidden() {
        return Ok(Event::SpaceHidden { guild, space: space.id }.into());
    }
    Ok(Event::SpaceChanged(Box::new(space.space(guild))).into())
}

pub(super) fn gone(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Gone {
        id: ChannelId,
        #[serde(default)]
        guild_id: Option<GuildId>,
    }
    let gone: Gone = serde_json::from_str(data)?;
    let guild = gone.guild_id.ok_or(Unsaid::Nothing)?;
    Ok(Event::SpaceGone { guild, space: gone.id }.into())
}

pub(super) fn thread_list(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Threads<'a> {
        guild_id: GuildId,
        #[serde(borrow, default)]
        threads: List<WireSpace<'a>>,
    }
    let Threads { guild_id, threads } = serde_json::from_str(data)?;
    let spaces = threads.items.into_iter().map(|space| Event::SpaceChanged(Box::new(space.space(guild_id))));
    Ok(Read { events: spaces.collect(), unread: threads.unread })
}

pub(super) fn thread_members(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Members {
        id: ChannelId,
        guild_id: GuildId,
        #[serde(rename = "added_members", default)]
        added: List<WireThreadMember>,
        #[serde(rename = "removed_member_ids", default)]
        removed: List<UserId>,
    }
    let members: Members = serde_json::from_str(data)?;
    let event = Event::ThreadMembers {
        guild: members.guild_id,
        thread: members.id,
        added: members.added.items.into_iter().map(|member| member.user_id).collect(),
        removed: members.removed.items,
    };
    Ok(Read { events: vec![event], unread: members.added.unread + members.removed.unread })
}

pub(super) fn own_thread_member(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Own {
        id: ChannelId,
        guild_id: GuildId,
        user_id: UserId,
    }
    let own: Own = serde_json::from_str(data)?;
    Ok(Event::ThreadMembers {
        guild: own.guild_id,
        thread: own.id,
        added: vec![own.user_id],
        removed: vec![],
    }
    .into())
}
