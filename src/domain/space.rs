//! Spaces: everywhere on a server that people can write or speak, and the permissions that say who can.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{ChannelId, GuildId, RoleId, UserId};

/// Discord's permission bits, kept as the raw integer: bits that this version does not know survive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permissions(pub u64);

impl Permissions {
    /// Create invites.
    pub const CREATE_INVITE: Permissions = Permissions(1);
    /// Kick members.
    pub const KICK_MEMBERS: Permissions = Permissions(1 << 1);
    /// Ban members.
    pub const BAN_MEMBERS: Permissions = Permissions(1 << 2);
    /// Everything, whatever overwrites say.
    pub const ADMINISTRATOR: Permissions = Permissions(1 << 3);
    /// Create, edit and delete channels.
    pub const MANAGE_CHANNELS: Permissions = Permissions(1 << 4);
    /// Change the server, its incident actions included.
    pub const MANAGE_GUILD: Permissions = Permissions(1 << 5);
    /// React to messages.
    pub const ADD_REACTIONS: Permissions = Permissions(1 << 6);
    /// Read the audit log.
    pub const VIEW_AUDIT_LOG: Permissions = Permissions(1 << 7);
    /// See the space, and read it.
    pub const VIEW_CHANNEL: Permissions = Permissions(1 << 10);
    /// Write in the space.
    pub const SEND_MESSAGES: Permissions = Permissions(1 << 11);
    /// Delete other people's messages.
    pub const MANAGE_MESSAGES: Permissions = Permissions(1 << 13);
    /// Read what was written before one came.
    pub const READ_MESSAGE_HISTORY: Permissions = Permissions(1 << 16);
    /// Join a voice room.
    pub const CONNECT: Permissions = Permissions(1 << 20);
    /// Speak in a voice room.
    pub const SPEAK: Permissions = Permissions(1 << 21);
    /// Move or disconnect people in voice.
    pub const MOVE_MEMBERS: Permissions = Permissions(1 << 24);
    /// Make webhooks, which write under any name.
    pub const MANAGE_WEBHOOKS: Permissions = Permissions(1 << 29);
    /// Edit roles and overwrites.
    pub const MANAGE_ROLES: Permissions = Permissions(1 << 28);
    /// See and manage every thread of a channel that one can view.
    pub const MANAGE_THREADS: Permissions = Permissions(1 << 34);
    /// Open public threads.
    pub const CREATE_PUBLIC_THREADS: Permissions = Permissions(1 << 35);
    /// Open private threads.
    pub const CREATE_PRIVATE_THREADS: Permissions = Permissions(1 << 36);
    /// Write in threads.
    pub const SEND_MESSAGES_IN_THREADS: Permissions = Permissions(1 << 38);
    /// Time members out.
    pub const MODERATE_MEMBERS: Permissions = Permissions(1 << 40);

    /// What an adult loses in a space that is locked for them.
    pub const LOCK: Permissions = Permissions(
        Self::SEND_MESSAGES.0
            | Self::SEND_MESSAGES_IN_THREADS.0
            | Self::CREATE_PUBLIC_THREADS.0
            | Self::CREATE_PRIVATE_THREADS.0
            | Self::ADD_REACTIONS.0,
    );

    /// What an adult loses in a channel through which a thread is locked for them: they write in none of its threads.
    pub const THREAD_LOCK: Permissions = Self::SEND_MESSAGES_IN_THREADS;

    /// True when every bit of `wanted` is set.
    #[must_use]
    pub fn has(self, wanted: Permissions) -> bool {
        self.0 & wanted.0 == wanted.0
    }

    /// True when any bit of `wanted` is set.
    #[must_use]
    pub fn has_any(self, wanted: Permissions) -> bool {
        self.0 & wanted.0 != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, more: Permissions) -> Permissions {
        Permissions(self.0 | more.0)
    }

    /// These without those.
    #[must_use]
    pub const fn without(self, less: Permissions) -> Permissions {
        Permissions(self.0 & !less.0)
    }
}

impl Serialize for Permissions {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        // The same shape as an id on the wire: digits in a string, or a number.
        UserId::deserialize(from).map(|id| Permissions(id.0))
    }
}

/// Whom an overwrite is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OverwriteFor {
    /// Everybody who holds a role.
    Role(RoleId),
    /// One member.
    Member(UserId),
}

/// One permission overwrite of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Overwrite {
    /// Whom it is for.
    pub target: OverwriteFor,
    /// Bits given.
    pub allow: Permissions,
    /// Bits taken.
    pub deny: Permissions,
}

/// What kind of space a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpaceKind {
    /// A text channel (announcements included).
    Text,
    /// A voice room, with its text chat.
    Voice,
    /// A stage, with its text chat.
    Stage,
    /// A forum or media channel: its posts are public threads.
    Forum,
    /// A heading that holds channels.
    Category,
    /// A thread that everybody who sees its parent sees.
    PublicThread,
    /// A thread that only its members (and thread managers) see.
    PrivateThread,
    /// A direct message with the bot.
    Dm,
    /// A kind that this version does not know: treated like a text channel.
    Unknown,
}

impl SpaceKind {
    /// From Discord's channel type number.
    #[must_use]
    pub fn from_discord(number: u64) -> SpaceKind {
        match number {
            0 | 5 => SpaceKind::Text,
            1 | 3 => SpaceKind::Dm,
            2 => SpaceKind::Voice,
            4 => SpaceKind::Category,
            10 | 11 => SpaceKind::PublicThread,
            12 => SpaceKind::PrivateThread,
            13 => SpaceKind::Stage,
            15 | 16 => SpaceKind::Forum,
            _ => SpaceKind::Unknown,
        }
    }

    /// A thread of either sort.
    #[must_use]
    pub fn is_thread(self) -> bool {
        matches!(self, SpaceKind::PublicThread | SpaceKind::PrivateThread)
    }
}

/// A channel or thread, as the platform describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Its id.
    pub id: ChannelId,
    /// The server it is on.
    pub guild: GuildId,
    /// What it is.
    pub kind: SpaceKind,
    /// Its name. Names are written by people: they are read by detection and never logged.
    pub name: String,
    /// A thread's channel, a channel's category.
    pub parent: Option<ChannelId>,
    /// A thread's opener.
    pub owner: Option<UserId>,
    /// Overwrites of a channel; a thread has none of its own.
    pub overwrites: Vec<Overwrite>,
    /// A thread's members, as far as they are known.
    pub members: BTreeSet<UserId>,
    /// A thread that nobody but thread managers can write in.
    pub locked: bool,
    /// A thread that is put away.
    pub archived: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_permission_bits_survive_a_round_trip() {
        let bits = Permissions(1 << 51 | 1 << 52 | 1 << 63);
        let text = serde_json::to_string(&bits).unwrap();
        assert_eq!(serde_json::from_str::<Permissions>(&text).unwrap(), bits);
    }
}
