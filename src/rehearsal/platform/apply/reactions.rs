//! Emoji on messages.

use serde_json::json;

use crate::domain::{ChannelId, MessageId, UserId};
use crate::rehearsal::platform::model::Reaction;
use crate::rehearsal::platform::op::Answer;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, wire};

impl Turn<'_> {
    pub(super) fn react(
        &mut self,
        by: UserId,
        channel: ChannelId,
        id: MessageId,
        emoji: &str,
    ) -> Result<Answer, Refused> {
        self.state.allow(channel, by, bits::READ_MESSAGE_HISTORY, self.at)?;
        let found = self.state.message(channel, id)?;
        if emoji.is_empty() || emoji.is_ascii() && !emoji.contains(':') {
            return Err(Refused::unknown_emoji());
        }
        // Joining a reaction that is there takes no permission; the first of its kind does.
        let there = found.reactions.iter().any(|r| r.emoji == emoji && !r.users.is_empty());
        if !there {
            self.state.allow(channel, by, bits::ADD_REACTIONS, self.at)?;
        }
        let author = found.author;
        let reactions = &mut self.state.message_mut(channel, id)?.reactions;
        match reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
            Some(reaction) if reaction.users.contains(&by) => return Ok(Answer::Nothing),
            Some(reaction) => reaction.users.push(by),
            None => reactions.push(Reaction { emoji: emoji.to_owned(), users: vec![by] }),
        }
        let mut data = self.reaction(by, channel, id, emoji);
        data["message_author_id"] = json!(author);
        if let Some(guild) = self.state.channel(channel)?.guild
            && let Ok(member) = self.state.member(guild, by)
        {
            data["member"] = wire::member(self.state, member);
        }
        self.emit_channel("MESSAGE_REACTION_ADD", channel, data);
        Ok(Answer::Nothing)
    }

    pub(super) fn unreact(
        &mut self,
        by: UserId,
        channel: ChannelId,
        id: MessageId,
        emoji: &str,
        user: UserId,
    ) -> Result<Answer, Refused> {
        let needed = if by == user { 0 } else { bits::MANAGE_MESSAGES };
        self.state.allow(channel, by, needed, self.at)?;
        let found = self.state.message_mut(channel, id)?;
        let reaction = found.reactions.iter_mut().find(|reaction| reaction.emoji == emoji);
        let Some(reaction) = reaction else { return Err(Refused::unknown_emoji()) };
        let before = reaction.users.len();
        reaction.users.retain(|one| *one != user);
        if reaction.users.len() == before {
            return Ok(Answer::Nothing);
        }
        let data = self.reaction(user, channel, id, emoji);
        self.emit_channel("MESSAGE_REACTION_REMOVE", channel, data);
        Ok(Answer::Nothing)
    }

    fn reaction(&self, user: UserId, channel: ChannelId, id: MessageId, emoji: &str) -> serde_json::Value {
        let mut data = json!({
            "user_id": user,
            "channel_id": channel,
            "message_id": id,
            "emoji": wire::message::emoji(emoji),
            "burst": false,
            "type": 0,
        });
        if let Some(guild) = self.state.channels.get(&channel).and_then(|channel| channel.guild) {
            data["guild_id"] = json!(guild);
        }
        data
    }
}
