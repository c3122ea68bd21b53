//! What the platform remembers: accounts, servers, roles, members, channels and threads, messages, voice. Plain
//! data; [`super::apply`] changes it and [`super::wire`] writes it as Discord would.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::domain::{ChannelId, GuildId, MessageId, RoleId, Timestamp, UserId};

/// Discord's channel types, by number.
pub mod kind {
    /// A text channel of a server.
    pub const TEXT: u8 = 0;
    /// A direct message.
    pub const DM: u8 = 1;
    /// A voice channel.
    pub const VOICE: u8 = 2;
    /// A category of channels.
    pub const CATEGORY: u8 = 4;
    /// An announcement channel.
    pub const ANNOUNCEMENT: u8 = 5;
    /// A thread of an announcement channel.
    pub const ANNOUNCEMENT_THREAD: u8 = 10;
    /// A thread that whoever sees the channel may join.
    pub const PUBLIC_THREAD: u8 = 11;
    /// A thread for those who are invited.
    pub const PRIVATE_THREAD: u8 = 12;
    /// A stage channel.
    pub const STAGE: u8 = 13;
    /// A forum: only threads.
    pub const FORUM: u8 = 15;
}

/// An account.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// The unique name, lower case.
    pub username: String,
    /// The display name.
    pub name: String,
    /// A bot account.
    pub bot: bool,
    /// Whether it takes direct messages from people (and bots) that it shares a server with.
    pub takes_dms: bool,
    /// Whether it has added the bot's application to its own account.
    pub installed: bool,
}

/// A role.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Its number; that of `@everyone` is the server's.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Permission bits, raw.
    pub permissions: u64,
    /// Height in the hierarchy; `@everyone` is 0.
    pub position: i32,
    /// Set for the role that Discord made for a bot.
    pub bot: Option<UserId>,
}

/// Somebody in a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Whose membership.
    pub user: UserId,
    /// Nickname in this server.
    pub nick: Option<String>,
    /// Roles besides `@everyone`, in the order in which they were given.
    pub roles: Vec<RoleId>,
    /// Since when.
    pub joined: Timestamp,
    /// Timed out until.
    pub timeout: Option<Timestamp>,
    /// Muted in voice by a moderator.
    pub mute: bool,
    /// Deafened in voice by a moderator.
    pub deaf: bool,
}

/// Where somebody is in voice.
#[derive(Clone, Debug, PartialEq)]
pub struct Voice {
    /// The voice channel.
    pub channel: ChannelId,
    /// The voice session's name.
    pub session: String,
}

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    /// Its number.
    pub id: u64,
    /// Discord's action number.
    pub action: u32,
    /// Who did it.
    pub by: UserId,
    /// To what or whom.
    pub target: Option<u64>,
    /// `X-Audit-Log-Reason`, if one was given.
    pub reason: Option<String>,
    /// Discord's `options`, all strings.
    pub options: Option<Map<String, Value>>,
    /// Discord's `changes`.
    pub changes: Vec<Value>,
}

/// A server.
#[derive(Clone, Debug, PartialEq)]
pub struct Guild {
    /// Its number.
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// Who owns it.
    pub owner: UserId,
    /// Its roles, `@everyone` included.
    pub roles: BTreeMap<RoleId, Role>,
    /// Who is in it.
    pub members: BTreeMap<UserId, Member>,
    /// Who is in voice, and where.
    pub voice: BTreeMap<UserId, Voice>,
    /// Invitations are off until.
    pub invites_disabled: Option<Timestamp>,
    /// Direct messages between members are off until.
    pub dms_disabled: Option<Timestamp>,
    /// The audit log, oldest first.
    pub audit: Vec<AuditEntry>,
}

/// A permission overwrite of a channel, raw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overwrite {
    /// A role's or an account's number.
    pub id: u64,
    /// 0 for a role, 1 for a member.
    pub kind: u8,
    /// Bits granted.
    pub allow: u64,
    /// Bits refused.
    pub deny: u64,
}

/// What a thread has besides a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Thread {
    /// Who opened it.
    pub owner: UserId,
    /// Put away.
    pub archived: bool,
    /// When `archived` last changed.
    pub archive_changed: Timestamp,
    /// Minutes of silence until it is put away.
    pub auto_archive: u32,
    /// Only `MANAGE_THREADS` opens it again.
    pub locked: bool,
    /// Whether those in a private thread may invite others.
    pub invitable: bool,
    /// When it was opened.
    pub created: Timestamp,
    /// Who is in it, since when.
    pub members: BTreeMap<UserId, Timestamp>,
    /// Messages ever sent in it.
    pub sent: u32,
}

/// A place to write or speak: a channel, a thread or a direct message.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Its number.
    pub id: ChannelId,
    /// Discord's type (see [`kind`]).
    pub kind: u8,
    /// The server, unless it is a direct message.
    pub guild: Option<GuildId>,
    /// The category, or for a thread the channel.
    pub parent: Option<ChannelId>,
    /// Its name; empty for a direct message.
    pub name: String,
    /// What it says about itself.
    pub topic: Option<String>,
    /// Order in the list.
    pub position: i32,
    /// Seconds between two messages of one person; shown, not enforced.
    pub slow_mode: u32,
    /// Overwrites, raw. Empty for threads.
    pub overwrites: Vec<Overwrite>,
    /// Set for a thread.
    pub thread: Option<Thread>,
    /// The two people of a direct message.
    pub people: Vec<UserId>,
    /// The newest message ever sent.
    pub last_message: Option<MessageId>,
}

impl Channel {
    /// A thread, public or private.
    #[must_use]
    pub fn is_thread(&self) -> bool {
        self.thread.is_some()
    }

    /// A voice or stage channel.
    #[must_use]
    pub fn is_voice(&self) -> bool {
        matches!(self.kind, kind::VOICE | kind::STAGE)
    }
}

/// A file that was posted: only what is said about it. There are no bytes anywhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its number; 0 until the platform gives one.
    #[serde(default)]
    pub id: u64,
    /// The file's name.
    pub filename: String,
    /// Its MIME type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Bytes.
    #[serde(default)]
    pub size: u32,
    /// Alternative text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// An emoji and who put it on a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    /// A Unicode emoji, or `name:id`.
    pub emoji: String,
    /// Who reacted, in order.
    pub users: Vec<UserId>,
}

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// Where.
    pub channel: ChannelId,
    /// Who wrote it.
    pub author: UserId,
    /// Discord's message type: 0, 19 reply, 20 command, 18/21 thread, 7 join…
    pub kind: u8,
    /// The text.
    pub content: String,
    /// When.
    pub at: Timestamp,
    /// When it was last edited.
    pub edited: Option<Timestamp>,
    /// The message that this one answers or forwards.
    pub reference: Option<(ChannelId, MessageId)>,
    /// Embeds as given.
    pub embeds: Vec<Value>,
    /// Files, as described.
    pub attachments: Vec<Attachment>,
    /// Components, with ids.
    pub components: Vec<Value>,
    /// Discord's message flags.
    pub flags: u64,
    /// People mentioned.
    pub mentions: Vec<UserId>,
    /// Roles mentioned.
    pub mention_roles: Vec<RoleId>,
    /// Everyone mentioned.
    pub mention_everyone: bool,
    /// Reactions, in the order in which each emoji first came.
    pub reactions: Vec<Reaction>,
    /// The sender's nonce.
    pub nonce: Option<String>,
    /// The interaction that it answers.
    pub interaction: Option<u64>,
    /// Only this person sees it.
    pub ephemeral_to: Option<UserId>,
    /// Any other field of Discord's message, as given: polls, forwards, stickers…
    pub more: Map<String, Value>,
    /// Who removed it, once it is gone.
    pub removed_by: Option<UserId>,
}

/// Something that a person did with the bot's commands, buttons or forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Interaction {
    /// Its number.
    pub id: u64,
    /// What the bot answers with.
    pub token: String,
    /// Discord's interaction type: 2 command, 3 component, 4 choices while typing, 5 modal.
    pub kind: u8,
    /// For a command, Discord's type of it: 1 slash, 2 on a person, 3 on a message; else 0.
    pub command: u8,
    /// Who.
    pub user: UserId,
    /// Where.
    pub channel: ChannelId,
    /// The command's name, or the custom id.
    pub name: String,
    /// The message that the component is on.
    pub message: Option<MessageId>,
    /// When.
    pub at: Timestamp,
    /// Discord's type of the bot's first answer.
    pub answered: Option<u8>,
    /// The message that the first answer made or edited.
    pub original: Option<MessageId>,
    /// The form that the bot opened; gone when it was sent.
    pub modal: Option<Value>,
    /// What the bot offered while somebody was typing.
    pub choices: Option<Value>,
}

/// A command that the bot registered.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// Its number.
    pub id: u64,
    /// Changes with each change.
    pub version: u64,
    /// In this server only.
    pub guild: Option<GuildId>,
    /// As registered.
    pub body: Map<String, Value>,
}
