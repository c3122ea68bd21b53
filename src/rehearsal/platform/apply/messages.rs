//! Messages are said and edited; direct messages obey the pause.

use std::time::Duration;

use super::text::{self, Mentions};
use crate::domain::{ChannelId, MessageId, UserId};
use crate::rehearsal::platform::model::Message;
use crate::rehearsal::platform::op::{Answer, MessageEdit, NewMessage};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, permissions, wire};

/// For how long a nonce that must be unique is remembered ("the past few minutes", Discord's documentation).
const NONCE_KEPT: Duration = Duration::from_mins(5);

/// Who holds one of these in a server can still write to its members while direct messages are paused.
const EXEMPT_FROM_PAUSE: u64 = bits::KICK_MEMBERS
    | bits::BAN_MEMBERS
    | bits::MODERATE_MEMBERS
    | bits::MANAGE_GUILD
    | bits::ADMINISTRATOR;

impl Turn<'_> {
    pub(super) fn say(
        &mut self,
        by: UserId,
        channel: ChannelId,
        new: &NewMessage,
    ) -> Result<Answer, Refused> {
        self.may_say(by, channel, new)?;
        text::check(new)?;
        if let Some(reply) = new.reply_to {
            self.state.message(channel, reply).map_err(|_| {
                Refused::invalid("message_reference", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
            })?;
        }
        if new.enforce_nonce
            && let Some(earlier) = self.same_nonce(by, channel, new)
        {
            return Ok(Answer::Message(channel, earlier));
        }
        if self.state.channel(channel)?.is_thread() {
            self.wake_thread(channel, by)?;
        }
        let message = self.compose(by, channel, new);
        let id = message.id;
        self.post(message)?;
        Ok(Answer::Message(channel, id))
    }

    fn may_say(&self, by: UserId, channel: ChannelId, new: &NewMessage) -> Result<(), Refused> {
        let found = self.state.channel(channel)?;
        self.state.allow(channel, by, 0, self.at)?;
        let Some(_) = found.guild else { return self.may_write_to(by, found.people.clone()) };
        let thread = found.thread.as_ref();
        let needed = if thread.is_some() { bits::SEND_MESSAGES_IN_THREADS } else { bits::SEND_MESSAGES };
        self.state.allow(channel, by, needed, self.at)?;
        if matches!(found.kind, super::super::model::kind::CATEGORY | super::super::model::kind::FORUM) {
            return Err(Refused::wrong_channel_kind());
        }
        if thread.is_some_and(|thread| thread.locked) {
            let held = permissions::in_channel(self.state, channel, by, self.at);
            if held & bits::MANAGE_THREADS == 0 {
                return Err(Refused::thread_locked());
            }
        }
        if new.reply_to.is_some() {
            self.state.allow(channel, by, bits::READ_MESSAGE_HISTORY, self.at)?;
        }
        if !new.attachments.is_empty() {
            self.state.allow(channel, by, bits::ATTACH_FILES, self.at)?;
        }
        Ok(())
    }

    /// Whether a direct message reaches the other person: they take direct messages, they share a server, and no
    /// pause stands between them (people who are friends are not told apart here; a pause binds everyone).
    fn may_write_to(&self, by: UserId, people: Vec<UserId>) -> Result<(), Refused> {
        let Some(to) = people.into_iter().find(|person| *person != by) else {
            return Err(Refused::cannot_dm());
        };
        let takes = self.state.users.get(&to).is_some_and(|user| user.takes_dms);
        let mut shared = self
            .state
            .guilds
            .values()
            .filter(|guild| guild.members.contains_key(&by) && guild.members.contains_key(&to))
            .peekable();
        let bot_spoken_to = to == self.state.bot;
        if !takes || (shared.peek().is_none() && !bot_spoken_to) {
            return Err(Refused::cannot_dm());
        }
        // To and from a bot the pause does not apply: it is between members.
        if bot_spoken_to || by == self.state.bot {
            return Ok(());
        }
        let open = shared.any(|guild| {
            let paused = guild.dms_disabled.is_some_and(|until| until > self.at);
            !paused || permissions::in_guild(self.state, guild.id, by, self.at) & EXEMPT_FROM_PAUSE != 0
        });
        if open { Ok(()) } else { Err(Refused::cannot_dm()) }
    }

    fn same_nonce(&self, by: UserId, channel: ChannelId, new: &NewMessage) -> Option<MessageId> {
        let nonce = new.nonce.as_ref()?;
        let since = self.at.minus(NONCE_KEPT);
        self.state
            .messages
            .get(&channel)?
            .values()
            .rev()
            .take_while(|message| message.at >= since)
            .find(|message| {
                message.author == by && message.nonce.as_ref() == Some(nonce) && message.removed_by.is_none()
            })
            .map(|message| message.id)
    }

    /// A message of `by` with nothing in it yet.
    pub(super) fn bare_message(&mut self, by: UserId, channel: ChannelId) -> Message {
        Message {
            id: MessageId(self.state.next_id(self.at)),
            channel,
            author: by,
            kind: 0,
            content: String::new(),
            at: self.at,
            edited: None,
            reference: None,
            embeds: Vec::new(),
            attachments: Vec::new(),
            components: Vec::new(),
            flags: 0,
            mentions: Vec::new(),
            mention_roles: Vec::new(),
            mention_everyone: false,
            reactions: Vec::new(),
            nonce: None,
            interaction: None,
            ephemeral_to: None,
            more: serde_json::Map::new(),
            removed_by: None,
        }
    }

    /// The message that a body describes.
    pub(super) fn compose(&mut self, by: UserId, channel: ChannelId, new: &NewMessage) -> Message {
        let mut message = self.bare_message(by, channel);
        let Mentions { mut users, roles, everyone } =
            text::mentions(&new.content, new.allowed_mentions.as_ref());
        let may_everyone =
            permissions::in_channel(self.state, channel, by, self.at) & bits::MENTION_EVERYONE != 0;
        if let Some(reply) = new.reply_to {
            message.kind = 19;
            message.reference = Some((channel, reply));
            let pings = new.allowed_mentions.as_ref().is_none_or(|allowed| allowed["replied_user"] == true);
            if pings
                && let Ok(answered) = self.state.message(channel, reply)
                && !users.contains(&answered.author)
            {
                users.push(answered.author);
            }
        }
        users.retain(|user| self.state.users.contains_key(user));
        message.content.clone_from(&new.content);
        message.mentions = users;
        message.mention_roles = roles;
        message.mention_everyone = everyone && may_everyone;
        message.embeds = text::typed(&new.embeds);
        message.components = text::numbered(&new.components);
        message.flags = new.flags;
        message.nonce.clone_from(&new.nonce);
        message.more.clone_from(&new.more);
        // A forward names where it is from, apart from what it quotes.
        if let Some(from) = message.more.remove("message_reference") {
            let part = |field: &str| from[field].as_str().and_then(|id| id.parse().ok());
            if let (Some(channel), Some(id)) = (part("channel_id"), part("message_id")) {
                message.reference = Some((ChannelId(channel), MessageId(id)));
            }
        }
        message.attachments.clone_from(&new.attachments);
        for file in &mut message.attachments {
            file.id = self.state.next_id(self.at);
        }
        message
    }

    /// Puts a message into its channel and tells of it.
    pub(super) fn post(&mut self, message: Message) -> Result<(), Refused> {
        let (channel, id) = (message.channel, message.id);
        let place = self.state.channel_mut(channel)?;
        place.last_message = Some(id);
        if let Some(thread) = place.thread.as_mut() {
            thread.sent += 1;
        }
        let data = wire::message::gateway_message(self.state, &message);
        self.state.messages.entry(channel).or_default().insert(id, message);
        self.emit_channel("MESSAGE_CREATE", channel, data);
        Ok(())
    }

    pub(super) fn edit(
        &mut self,
        by: UserId,
        channel: ChannelId,
        id: MessageId,
        edit: &MessageEdit,
    ) -> Result<Answer, Refused> {
        self.state.allow(channel, by, 0, self.at)?;
        let found = self.state.message(channel, id)?;
        let foreign = found.author != by;
        let only_flags = edit.content.is_none() && edit.embeds.is_none() && edit.components.is_none();
        if foreign && !only_flags {
            return Err(Refused::not_the_author());
        }
        if foreign {
            // Somebody else's link previews may be hidden by who manages messages.
            self.state.allow(channel, by, bits::MANAGE_MESSAGES, self.at)?;
        }
        self.change_message(channel, id, edit)?;
        Ok(Answer::Message(channel, id))
    }

    /// Changes a message and tells of it, unless only one person sees it.
    pub(super) fn change_message(
        &mut self,
        channel: ChannelId,
        id: MessageId,
        edit: &MessageEdit,
    ) -> Result<(), Refused> {
        if let Some(content) = &edit.content {
            text::check_content(content)?;
        }
        text::check_embeds(edit.embeds.as_deref().unwrap_or_default())?;
        text::check_components(edit.components.as_deref().unwrap_or_default())?;
        let at = self.at;
        let mentions = edit.content.as_ref().map(|content| text::mentions(content, None));
        let known: Vec<UserId> = self.state.users.keys().copied().collect();
        let message = self.state.message_mut(channel, id)?;
        let left = |field: bool, new: Option<bool>| new.unwrap_or(field);
        let nothing =
            !left(!message.content.trim().is_empty(), edit.content.as_ref().map(|c| !c.trim().is_empty()))
                && !left(!message.embeds.is_empty(), edit.embeds.as_ref().map(|e| !e.is_empty()))
                && !left(!message.components.is_empty(), edit.components.as_ref().map(|c| !c.is_empty()))
                && message.attachments.is_empty()
                && message.more.is_empty();
        if nothing {
            return Err(Refused::empty_message());
        }
        if let Some(content) = &edit.content {
            message.content.clone_from(content);
        }
        if let Some(Mentions { users, roles, everyone }) = mentions {
            message.mentions = users.into_iter().filter(|user| known.contains(user)).collect();
            message.mention_roles = roles;
            message.mention_everyone = everyone;
        }
        if let Some(embeds) = &edit.embeds {
            message.embeds = text::typed(embeds);
        }
        if let Some(components) = &edit.components {
            message.components = text::numbered(components);
        }
        if let Some(flags) = edit.flags {
            message.flags = flags;
        }
        if !edit.preview {
            message.edited = Some(at);
        }
        if message.ephemeral_to.is_none() {
            let data = wire::message::gateway_message(self.state, &self.state.messages[&channel][&id]);
            self.emit_channel("MESSAGE_UPDATE", channel, data);
        }
        Ok(())
    }
}
