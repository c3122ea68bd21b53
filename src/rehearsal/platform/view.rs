//! What one person sees: their servers with the spaces open to them, what is said there, who is in voice, their
//! direct messages, and what only they are shown. For a page or a test that looks through somebody's eyes.

use serde::Serialize;
use serde_json::Value;

use super::bits;
use super::model::{Attachment, Channel, Message, kind};
use super::permissions;
use super::state::State;
use crate::domain::{ChannelId, GuildId, MessageId, Timestamp, UserId};

/// The newest messages of a space that a view holds.
const SHOWN: usize = 200;

/// Everything that somebody sees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// Whose eyes.
    pub user: UserId,
    /// Their display name.
    pub name: String,
    /// Their servers.
    pub guilds: Vec<GuildView>,
    /// Their direct messages.
    pub dms: Vec<SpaceView>,
    /// Forms that the bot opened for them and that they have not sent.
    pub forms: Vec<FormView>,
}

/// A server, as somebody sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GuildView {
    /// Its number.
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// Direct messages between members are paused until.
    pub dms_paused_until: Option<Timestamp>,
    /// Who is in it.
    pub people: Vec<PersonView>,
    /// Channels and threads that are open to them; threads follow their channel.
    pub spaces: Vec<SpaceView>,
}

/// Somebody in a server.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PersonView {
    /// Their number.
    pub id: UserId,
    /// Nickname, else display name.
    pub name: String,
    /// The names of their roles.
    pub roles: Vec<String>,
    /// A bot.
    pub bot: bool,
    /// Timed out until.
    pub timed_out_until: Option<Timestamp>,
}

/// A channel, thread or direct message.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that a person may or may not do there")]
pub struct SpaceView {
    /// Its number.
    pub id: ChannelId,
    /// Discord's channel type.
    pub kind: u8,
    /// Its name; for a direct message the other person's.
    pub name: String,
    /// Its topic.
    pub topic: Option<String>,
    /// Its category, or for a thread its channel.
    pub parent: Option<ChannelId>,
    /// Thread: put away.
    pub archived: bool,
    /// Thread: locked.
    pub locked: bool,
    /// Whether they may write here now.
    pub may_write: bool,
    /// Whether they may join here by voice now.
    pub may_join_voice: bool,
    /// Whether they may open a private thread here now.
    pub may_open_private_thread: bool,
    /// Who is here by voice.
    pub in_voice: Vec<UserId>,
    /// Thread or direct message: who is in it.
    pub members: Vec<UserId>,
    /// The newest messages, oldest first.
    pub messages: Vec<MessageView>,
}

/// A message, as somebody sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageView {
    /// Its number.
    pub id: MessageId,
    /// Who wrote it.
    pub author: UserId,
    /// Their display name.
    pub author_name: String,
    /// The text; empty once it is gone.
    pub content: String,
    /// When.
    pub at: Timestamp,
    /// Whether it was edited.
    pub edited: bool,
    /// Who removed it; then nothing else is left of it.
    pub removed_by: Option<UserId>,
    /// Only this person sees it.
    pub only_you: bool,
    /// The bot is still thinking.
    pub thinking: bool,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Embeds.
    pub embeds: Vec<Value>,
    /// Files, as described.
    pub attachments: Vec<Attachment>,
    /// Buttons and the like.
    pub components: Vec<Value>,
    /// Emoji and how many put each.
    pub reactions: Vec<(String, usize)>,
}

/// A form that the bot opened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FormView {
    /// The interaction to send it with.
    pub interaction: u64,
    /// Discord's modal: title, custom id, components.
    pub modal: Value,
}

/// What `user` sees now; nothing for an account that does not exist.
#[must_use]
pub fn view(state: &State, user: UserId, now: Timestamp) -> View {
    let guilds = state.guilds.values().filter(|guild| guild.members.contains_key(&user));
    let dms =
        state.channels.values().filter(|channel| channel.guild.is_none() && channel.people.contains(&user));
    let forms = state.interactions.values().filter(|found| found.user == user);
    View {
        user,
        name: name_of(state, user),
        guilds: guilds.map(|guild| server(state, guild.id, user, now)).collect(),
        dms: dms.map(|channel| space(state, channel, user, now)).collect(),
        forms: forms
            .filter_map(|found| Some(FormView { interaction: found.id, modal: found.modal.clone()? }))
            .collect(),
    }
}

fn name_of(state: &State, user: UserId) -> String {
    state.users.get(&user).map(|user| user.name.clone()).unwrap_or_default()
}

fn server(state: &State, id: GuildId, user: UserId, now: Timestamp) -> GuildView {
    let guild = &state.guilds[&id];
    let people = guild.members.values().map(|member| PersonView {
        id: member.user,
        name: member.nick.clone().unwrap_or_else(|| name_of(state, member.user)),
        roles: member
            .roles
            .iter()
            .filter_map(|role| guild.roles.get(role))
            .map(|role| role.name.clone())
            .collect(),
        bot: state.users.get(&member.user).is_some_and(|user| user.bot),
        timed_out_until: member.timeout.filter(|until| *until > now),
    });
    let mut seen: Vec<&Channel> = state
        .channels
        .values()
        .filter(|channel| channel.guild == Some(id) && permissions::sees(state, channel.id, user, now))
        .collect();
    // Channels in their order, each followed by its threads.
    seen.sort_by_key(|channel| {
        let place = if channel.is_thread() { channel.parent } else { Some(channel.id) };
        let position = place.and_then(|place| state.channels.get(&place)).map_or(0, |place| place.position);
        (position, place, channel.is_thread(), channel.id)
    });
    GuildView {
        id,
        name: guild.name.clone(),
        dms_paused_until: guild.dms_disabled.filter(|until| *until > now),
        people: people.collect(),
        spaces: seen.into_iter().map(|channel| space(state, channel, user, now)).collect(),
    }
}

fn space(state: &State, channel: &Channel, user: UserId, now: Timestamp) -> SpaceView {
    let held = permissions::in_channel(state, channel.id, user, now);
    let guild = channel.guild.and_then(|guild| state.guilds.get(&guild));
    let timed_out = guild.and_then(|guild| guild.members.get(&user)).and_then(|member| member.timeout);
    let timed_out = timed_out.is_some_and(|until| until > now);
    let mut members: Vec<UserId> = channel.people.clone();
    members.extend(channel.thread.iter().flat_map(|thread| thread.members.keys().copied()));
    let other = channel.people.iter().find(|person| **person != user);
    let reads = held & bits::READ_MESSAGE_HISTORY != 0;
    let shown = state.messages.get(&channel.id).into_iter().flat_map(|all| all.values().rev());
    let mut messages: Vec<MessageView> = shown
        .filter(|message| reads && message.ephemeral_to.is_none_or(|only| only == user))
        .take(SHOWN)
        .map(|message| said(state, message))
        .collect();
    messages.reverse();
    SpaceView {
        id: channel.id,
        kind: channel.kind,
        name: other.map_or_else(|| channel.name.clone(), |other| name_of(state, *other)),
        topic: channel.topic.clone(),
        parent: channel.parent,
        archived: channel.thread.as_ref().is_some_and(|thread| thread.archived),
        locked: channel.thread.as_ref().is_some_and(|thread| thread.locked),
        may_write: permissions::may_write(state, channel, user, now),
        may_join_voice: channel.is_voice() && held & bits::CONNECT != 0 && !timed_out,
        may_open_private_thread: channel.kind == kind::TEXT && held & bits::CREATE_PRIVATE_THREADS != 0,
        in_voice: guild
            .iter()
            .flat_map(|guild| &guild.voice)
            .filter(|(_, voice)| voice.channel == channel.id)
            .map(|(person, _)| *person)
            .collect(),
        members,
        messages,
    }
}

fn said(state: &State, message: &Message) -> MessageView {
    let gone = message.removed_by.is_some();
    MessageView {
        id: message.id,
        author: message.author,
        author_name: name_of(state, message.author),
        content: if gone { String::new() } else { message.content.clone() },
        at: message.at,
        edited: message.edited.is_some(),
        removed_by: message.removed_by,
        only_you: message.ephemeral_to.is_some(),
        thinking: message.flags & (1 << 7) != 0,
        reply_to: message.reference.filter(|_| message.kind == 19).map(|(_, id)| id),
        embeds: if gone { Vec::new() } else { message.embeds.clone() },
        attachments: if gone { Vec::new() } else { message.attachments.clone() },
        components: if gone { Vec::new() } else { message.components.clone() },
        reactions: message
            .reactions
            .iter()
            .filter(|reaction| !gone && !reaction.users.is_empty())
            .map(|reaction| (reaction.emoji.clone(), reaction.users.len()))
            .collect(),
    }
}
