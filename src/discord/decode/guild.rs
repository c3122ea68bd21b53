//! Servers, their roles and members, and who is in which voice room.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::lenient::{List, null_is_default, time};
use super::space::WireSpace;
use super::{Read, Unsaid};
use crate::domain::event::{GuildSnapshot, Member, Role};
use crate::domain::space::Permissions;
use crate::domain::{ChannelId, Event, GuildId, RoleId, Timestamp, UserId};

#[derive(Deserialize)]
pub(super) struct WireUser {
    pub(super) id: UserId,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) username: String,
    #[serde(default)]
    pub(super) global_name: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) bot: bool,
}

#[derive(Deserialize)]
struct WireMember {
    user: WireUser,
    #[serde(default)]
    nick: Option<String>,
    // A member always has this list; without it nothing says who they are, so it is never guessed.
    roles: BTreeSet<RoleId>,
}

impl WireMember {
    fn member(self) -> Member {
        let shown = self.nick.or(self.user.global_name).unwrap_or_else(|| self.user.username.clone());
        Member { id: self.user.id, name: self.user.username, shown, roles: self.roles, bot: self.user.bot }
    }
}

#[derive(Deserialize)]
struct WireRole {
    id: RoleId,
    #[serde(default, deserialize_with = "null_is_default")]
    name: String,
    permissions: Permissions,
    #[serde(default, deserialize_with = "null_is_default")]
    position: i64,
}

impl WireRole {
    fn role(self) -> Role {
        Role { id: self.id, name: self.name, permissions: self.permissions, position: self.position }
    }
}

#[derive(Deserialize, Default)]
struct Incidents {
    #[serde(default, deserialize_with = "time")]
    dms_disabled_until: Option<Timestamp>,
}

#[derive(Deserialize)]
struct WireVoice {
    #[serde(rename = "user_id")]
    user: UserId,
    #[serde(rename = "channel_id", default)]
    room: Option<ChannelId>,
    #[serde(rename = "guild_id", default)]
    guild: Option<GuildId>,
    #[serde(default, deserialize_with = "null_is_default")]
    deaf: bool,
    #[serde(default, deserialize_with = "null_is_default")]
    self_deaf: bool,
}

impl WireVoice {
    fn is_deaf(&self) -> bool {
        self.deaf || self.self_deaf
    }
}

pub(super) fn ready(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Ready {
        user: WireUser,
    }
    let ready: Ready = serde_json::from_str(data)?;
    Ok(Event::SessionBegan { own: ready.user.id }.into())
}

pub(super) fn create(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Head {
        id: GuildId,
        #[serde(default, deserialize_with = "null_is_default")]
        unavailable: bool,
    }
    #[derive(Deserialize)]
    struct Guild<'a> {
        id: GuildId,
        #[serde(default, deserialize_with = "null_is_default")]
        name: String,
        owner_id: UserId,
        #[serde(default)]
        roles: List<WireRole>,
        #[serde(default, borrow)]
        channels: List<WireSpace<'a>>,
        #[serde(default, borrow)]
        threads: List<WireSpace<'a>>,
        #[serde(default)]
        members: List<WireMember>,
        #[serde(default, deserialize_with = "null_is_default")]
        member_count: usize,
        #[serde(default, deserialize_with = "null_is_default")]
        large: bool,
        #[serde(default)]
        voice_states: List<WireVoice>,
        #[serde(default, deserialize_with = "null_is_default")]
        incidents_data: Incidents,
    }

    let head: Head = serde_json::from_str(data)?;
    if head.unavailable {
        return Ok(Event::GuildGone { guild: head.id, outage: true }.into());
    }
    let guild: Guild = serde_json::from_str(data)?;
    let unread = guild.roles.unread
        + guild.channels.unread
        + guild.threads.unread
        + guild.members.unread
        + guild.voice_states.unread;
    let members: Vec<Member> = guild.members.items.into_iter().map(WireMember::member).collect();
    let (hidden, spaces): (Vec<WireSpace>, Vec<WireSpace>) =
        guild.channels.items.into_iter().chain(guild.threads.items).partition(WireSpace::is_hidden);
    let deaf = guild.voice_states.items.iter().filter(|voice| voice.is_deaf()).map(|voice| voice.user);
    let snapshot = GuildSnapshot {
        id: guild.id,
        name: guild.name,
        owner: guild.owner_id,
        roles: guild.roles.items.into_iter().map(WireRole::role).collect(),
        spaces: spaces.into_iter().map(|space| space.space(guild.id)).collect(),
        hidden: hidden.iter().map(WireSpace::id).collect(),
        deaf: deaf.collect(),
        members_missing: guild.large || guild.member_count > members.len(),
        members,
        voice: guild
            .voice_states
            .items
            .into_iter()
            .filter_map(|voice| voice.room.map(|room| (voice.user, room)))
            .collect(),
        dms_paused_until: guild.incidents_data.dms_disabled_until,
    };
    Ok(Read { events: vec![Event::Guild(Box::new(snapshot))], unread })
}

pub(super) fn update(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Guild {
        id: GuildId,
        #[serde(default)]
        owner_id: Option<UserId>,
        #[serde(default, deserialize_with = "null_is_default")]
        incidents_data: Incidents,
    }
    let guild: Guild = serde_json::from_str(data)?;
    Ok(Event::GuildChanged {
        guild: guild.id,
        owner: guild.owner_id,
        dms_paused_until: guild.incidents_data.dms_disabled_until,
    }
    .into())
}

pub(super) fn delete(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Gone {
        id: GuildId,
        #[serde(default, deserialize_with = "null_is_default")]
        unavailable: bool,
    }
    let gone: Gone = serde_json::from_str(data)?;
    Ok(Event::GuildGone { guild: gone.id, outage: gone.unavailable }.into())
}

pub(super) fn role(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Changed {
        guild_id: GuildId,
        role: WireRole,
    }
    let changed: Changed = serde_json::from_str(data)?;
    Ok(Event::RoleChanged { guild: changed.guild_id, role: changed.role.role() }.into())
}

pub(super) fn role_gone(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Gone {
        guild_id: GuildId,
        role_id: RoleId,
    }
    let gone: Gone = serde_json::from_str(data)?;
    Ok(Event::RoleGone { guild: gone.guild_id, role: gone.role_id }.into())
}

#[derive(Deserialize)]
struct OfGuild {
    guild_id: GuildId,
}

pub(super) fn member(data: &str) -> Result<Read, Unsaid> {
    let OfGuild { guild_id: guild } = serde_json::from_str(data)?;
    let member: WireMember = serde_json::from_str(data)?;
    Ok(Event::MemberChanged { guild, member: member.member() }.into())
}

pub(super) fn member_gone(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Gone {
        guild_id: GuildId,
        user: WireUser,
    }
    let gone: Gone = serde_json::from_str(data)?;
    Ok(Event::MemberGone { guild: gone.guild_id, user: gone.user.id }.into())
}

pub(super) fn members(data: &str) -> Result<Read, Unsaid> {
    #[derive(Deserialize)]
    struct Chunk {
        guild_id: GuildId,
        #[serde(default)]
        members: List<WireMember>,
        #[serde(rename = "chunk_index", default, deserialize_with = "null_is_default")]
        index: u64,
        #[serde(rename = "chunk_count", default, deserialize_with = "null_is_default")]
        count: u64,
    }
    let chunk: Chunk = serde_json::from_str(data)?;
    let event = Event::Members {
        guild: chunk.guild_id,
        members: chunk.members.items.into_iter().map(WireMember::member).collect(),
        last: chunk.index.saturating_add(1) >= chunk.count,
    };
    Ok(Read { events: vec![event], unread: chunk.members.unread })
}

pub(super) fn voice(data: &str) -> Result<Read, Unsaid> {
    let voice: WireVoice = serde_json::from_str(data)?;
    // A call outside a server is none of ours, and cannot be heard.
    let guild = voice.guild.ok_or(Unsaid::Nothing)?;
    Ok(Event::Voice { guild, user: voice.user, room: voice.room, deaf: voice.is_deaf() }.into())
}
