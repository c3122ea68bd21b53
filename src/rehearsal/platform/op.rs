//! Everything that can change the platform's state, as data: what people and the bot do, what the session layer
//! does, and the marks that a script player leaves. A person and the bot do things by the same ops and are
//! refused by the same rules; `by` says who it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::model::{Attachment, Overwrite};
use crate::domain::{ChannelId, GuildId, MessageId, RoleId, Timestamp, UserId};

/// A change. One JSON object a line in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "fields are named as in Discord's API; each variant says what happens")]
pub enum Op {
    /// An account comes into being.
    CreateUser {
        name: String,
        #[serde(default)]
        bot: bool,
    },
    /// Whether an account takes direct messages.
    TakeDms { by: UserId, on: bool },
    /// A person adds the bot's application to their own account, so that its commands work in every DM.
    InstallApp { by: UserId },
    /// A server with an `@everyone` role and its owner.
    CreateGuild { owner: UserId, name: String },
    /// Somebody joins; `roles` are given on the way in (a bot's come with its invitation).
    JoinGuild {
        user: UserId,
        guild: GuildId,
        #[serde(default)]
        roles: Vec<RoleId>,
    },
    /// Somebody leaves.
    LeaveGuild { user: UserId, guild: GuildId },
    /// Somebody is removed by another: a member, or the bot.
    Kick { by: UserId, guild: GuildId, user: UserId },
    /// A new role, under the maker's own.
    CreateRole { by: UserId, guild: GuildId, role: NewRole },
    /// A role changes.
    EditRole { by: UserId, guild: GuildId, role: RoleId, edit: RoleEdit },
    /// A role is taken away from everybody.
    DeleteRole { by: UserId, guild: GuildId, role: RoleId },
    /// Nickname, roles, timeout, voice of a member.
    EditMember { by: UserId, guild: GuildId, user: UserId, edit: MemberEdit },
    /// A channel or category.
    CreateChannel { by: UserId, guild: GuildId, channel: NewChannel },
    /// A channel or thread changes.
    EditChannel { by: UserId, channel: ChannelId, edit: ChannelEdit },
    /// A channel or thread is gone, with all in it.
    DeleteChannel { by: UserId, channel: ChannelId },
    /// An overwrite is set, whole.
    SetOverwrite { by: UserId, channel: ChannelId, overwrite: Overwrite },
    /// An overwrite is removed.
    RemoveOverwrite { by: UserId, channel: ChannelId, target: u64 },
    /// A thread, on its own or on a message.
    OpenThread { by: UserId, channel: ChannelId, thread: NewThread },
    /// Somebody is brought into a thread, or joins it.
    AddThreadMember { by: UserId, thread: ChannelId, user: UserId },
    /// Somebody is taken out of a thread, or leaves it.
    RemoveThreadMember { by: UserId, thread: ChannelId, user: UserId },
    /// A message.
    Say { by: UserId, channel: ChannelId, message: NewMessage },
    /// A message is edited.
    Edit { by: UserId, channel: ChannelId, message: MessageId, edit: MessageEdit },
    /// A message is deleted.
    Delete { by: UserId, channel: ChannelId, message: MessageId },
    /// 2 to 100 messages are deleted.
    BulkDelete { by: UserId, channel: ChannelId, messages: Vec<MessageId> },
    /// An emoji on a message.
    React { by: UserId, channel: ChannelId, message: MessageId, emoji: String },
    /// It is taken off: one's own, or another's.
    Unreact { by: UserId, channel: ChannelId, message: MessageId, emoji: String, user: UserId },
    /// Somebody joins a voice channel, or changes to it.
    JoinVoice { by: UserId, channel: ChannelId },
    /// Somebody leaves voice.
    LeaveVoice { by: UserId, guild: GuildId },
    /// Invitations and direct messages between members are paused until, or opened.
    SetIncidents { by: UserId, guild: GuildId, invites: Option<Timestamp>, dms: Option<Timestamp> },
    /// A direct message between two people, or a person and the bot.
    OpenDm { by: UserId, with: UserId },
    /// The bot registers commands; `replace` takes away those that are not named.
    RegisterCommands { guild: Option<GuildId>, commands: Vec<Map<String, Value>>, replace: bool },
    /// A person uses a command: slash (1), on a person (2), on a message (3).
    UseCommand { by: UserId, channel: ChannelId, command: CommandUse },
    /// A person types in a command, and Discord asks the bot what to offer for the field with `focused`.
    AskChoices { by: UserId, channel: ChannelId, command: CommandUse },
    /// A person clicks a button or chooses from a menu.
    Click {
        by: UserId,
        channel: ChannelId,
        message: MessageId,
        custom_id: String,
        #[serde(default)]
        values: Vec<String>,
    },
    /// A person sends the form that the bot opened; fields by custom id.
    SubmitModal { by: UserId, interaction: u64, fields: BTreeMap<String, String> },
    /// The bot answers an interaction (Discord's callback types).
    AnswerInteraction { interaction: u64, kind: u8, data: Value },
    /// The bot sends another answer.
    FollowUp { interaction: u64, message: NewMessage },
    /// The bot edits an answer; none is the first.
    EditFollowUp { interaction: u64, message: Option<MessageId>, edit: MessageEdit },
    /// The bot deletes an answer; none is the first.
    DeleteFollowUp { interaction: u64, message: Option<MessageId> },
    /// AutoMod keeps a message from being posted.
    AutoModBlocks { user: UserId, channel: ChannelId, content: String, keyword: String },
    /// A gateway session begins.
    Identify { shard: u32, of: u32, intents: u64 },
    /// A gateway session goes on after a replay.
    Resumed { session: String },
    /// A gateway session ends for good.
    EndSession { session: String },
    /// The bot asks for members (gateway op 8).
    RequestMembers { session: String, guild: GuildId, request: Value },
    /// A mark of the script player's: changes nothing, and comes back after a restart.
    Note { note: Value },
}

/// A role to make.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewRole {
    /// Its name.
    pub name: String,
    /// Its permission bits.
    pub permissions: u64,
    /// Its height; none is the lowest above `@everyone`.
    pub position: Option<i32>,
    /// The bot whose role this is.
    pub bot: Option<UserId>,
}

/// What to change of a role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleEdit {
    /// A new name.
    pub name: Option<String>,
    /// New permission bits.
    pub permissions: Option<u64>,
    /// A new height.
    pub position: Option<i32>,
}

/// What to change of a member. The inner `None` takes a thing away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MemberEdit {
    /// Nickname.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub nick: Option<Option<String>>,
    /// All roles, as they shall be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<RoleId>>,
    /// Timed out until.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Option<Timestamp>>,
    /// Moved to this voice channel, or disconnected.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub voice: Option<Option<ChannelId>>,
    /// Muted in voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mute: Option<bool>,
    /// Deafened in voice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deaf: Option<bool>,
}

/// A channel to make.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewChannel {
    /// Discord's type.
    pub kind: u8,
    /// Its name.
    pub name: String,
    /// Its topic.
    pub topic: Option<String>,
    /// Its category.
    pub parent: Option<ChannelId>,
    /// Its overwrites.
    pub overwrites: Vec<Overwrite>,
}

/// What to change of a channel or thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelEdit {
    /// Name.
    pub name: Option<String>,
    /// Topic.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub topic: Option<Option<String>>,
    /// Category.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub parent: Option<Option<ChannelId>>,
    /// Order.
    pub position: Option<i32>,
    /// Slow mode, seconds.
    pub slow_mode: Option<u32>,
    /// All overwrites, as they shall be.
    pub overwrites: Option<Vec<Overwrite>>,
    /// Thread: put away or opened again.
    pub archived: Option<bool>,
    /// Thread: locked.
    pub locked: Option<bool>,
    /// Thread: whether those in it may invite.
    pub invitable: Option<bool>,
    /// Thread: minutes until it is put away.
    pub auto_archive: Option<u32>,
}

/// A thread to open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewThread {
    /// Its name.
    pub name: String,
    /// For those who are invited only.
    pub private: bool,
    /// The message that it hangs on.
    pub message: Option<MessageId>,
    /// Who is brought in at once.
    pub invite: Vec<UserId>,
    /// Whether those in it may invite; yes unless said.
    pub invitable: Option<bool>,
    /// Minutes until it is put away; 1440 unless said.
    pub auto_archive: Option<u32>,
}

/// A message to send.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NewMessage {
    /// The text.
    pub content: String,
    /// The message that it answers, in the same channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Files, as described; no bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Embeds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub embeds: Vec<Value>,
    /// Components.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Value>,
    /// Message flags.
    pub flags: u64,
    /// Nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Answer with the earlier message of the same nonce instead of sending a second.
    pub enforce_nonce: bool,
    /// Discord's `allowed_mentions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_mentions: Option<Value>,
    /// Any other field of Discord's message object: polls, forwards, stickers…
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub more: Map<String, Value>,
}

impl NewMessage {
    /// Just text.
    #[must_use]
    pub fn text(content: impl Into<String>) -> Self {
        NewMessage { content: content.into(), ..NewMessage::default() }
    }
}

/// What to change of a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageEdit {
    /// New text.
    pub content: Option<String>,
    /// New embeds. A link preview that arrives later is an edit with embeds only, by the author.
    pub embeds: Option<Vec<Value>>,
    /// New components.
    pub components: Option<Vec<Value>>,
    /// New flags.
    pub flags: Option<u64>,
    /// A link preview: Discord changes the embeds and leaves `edited_timestamp` as it is.
    pub preview: bool,
}

/// The use of a command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandUse {
    /// The command's name.
    pub name: String,
    /// Discord's command type: 1 slash, 2 on a person, 3 on a message.
    pub kind: u8,
    /// Discord's `options`.
    pub options: Vec<Value>,
    /// The person or message that it is used on.
    pub target: Option<u64>,
}

/// What an op made, for whoever asked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Answer {
    /// Nothing to name.
    #[default]
    Nothing,
    /// An account.
    User(UserId),
    /// A server.
    Guild(GuildId),
    /// A role.
    Role(RoleId),
    /// A channel, thread or direct message.
    Channel(ChannelId),
    /// A message.
    Message(ChannelId, MessageId),
    /// An interaction.
    Interaction(u64),
    /// A gateway session.
    Session(String),
    /// Registered commands.
    Commands(Vec<u64>),
}

/// Tells a field that is null from one that is missing.
#[expect(clippy::option_option, reason = "missing, null and given are three things to Discord")]
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}
