//! Messages are removed, one by one or many at once; AutoMod keeps one from being posted.

use std::time::Duration;

use serde_json::{Map, json};

use crate::domain::{ChannelId, MessageId, UserId};
use crate::rehearsal::platform::bits;
use crate::rehearsal::platform::op::Answer;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;

/// Older messages cannot be deleted in bulk.
const BULK_AGE: Duration = Duration::from_hours(336);

impl Turn<'_> {
    pub(super) fn delete(
        &mut self,
        by: UserId,
        channel: ChannelId,
        id: MessageId,
    ) -> Result<Answer, Refused> {
        self.state.allow(channel, by, 0, self.at)?;
        let author = self.state.message(channel, id)?.author;
        let guild = self.state.channel(channel)?.guild;
        if author != by {
            if guild.is_none() {
                return Err(Refused::not_in_dm());
            }
            self.state.allow(channel, by, bits::MANAGE_MESSAGES, self.at)?;
        }
        self.state.message_mut(channel, id)?.removed_by = Some(by);
        let mut data = json!({"id": id, "channel_id": channel});
        if let Some(guild) = guild {
            data["guild_id"] = json!(guild);
        }
        self.emit_channel("MESSAGE_DELETE", channel, data);
        if author != by
            && let Some(guild) = guild
        {
            // Author and count, but no message id; deleting one's own leaves no entry.
            let mut options = Map::new();
            options.insert("channel_id".to_owned(), json!(channel));
            options.insert("count".to_owned(), "1".into());
            self.audit(guild, 72, by, Some(author.0), Vec::new(), Some(options));
        }
        Ok(Answer::Nothing)
    }

    pub(super) fn bulk_delete(
        &mut self,
        by: UserId,
        channel: ChannelId,
        ids: &[MessageId],
    ) -> Result<Answer, Refused> {
        let Some(guild) = self.state.channel(channel)?.guild else { return Err(Refused::not_in_dm()) };
        self.state.allow(channel, by, bits::MANAGE_MESSAGES | bits::READ_MESSAGE_HISTORY, self.at)?;
        if !(2..=100).contains(&ids.len()) {
            return Err(Refused::bulk_count());
        }
        let oldest = self.at.minus(BULK_AGE).as_millis();
        if ids.iter().any(|id| id.created_millis() < oldest) {
            return Err(Refused::bulk_too_old());
        }
        // Unknown ids are passed over silently.
        let there: Vec<MessageId> =
            ids.iter().copied().filter(|id| self.state.message(channel, *id).is_ok()).collect();
        for id in &there {
            self.state.message_mut(channel, *id)?.removed_by = Some(by);
        }
        if there.is_empty() {
            return Ok(Answer::Nothing);
        }
        let data = json!({"ids": there, "channel_id": channel, "guild_id": guild});
        self.emit_channel("MESSAGE_DELETE_BULK", channel, data);
        let mut options = Map::new();
        options.insert("count".to_owned(), there.len().to_string().into());
        self.audit(guild, 73, by, Some(channel.0), Vec::new(), Some(options));
        Ok(Answer::Nothing)
    }

    pub(super) fn automod_blocks(
        &mut self,
        user: UserId,
        channel: ChannelId,
        content: &str,
        keyword: &str,
    ) -> Result<Answer, Refused> {
        let Some(guild) = self.state.channel(channel)?.guild else { return Err(Refused::not_in_dm()) };
        self.state.allow(channel, user, 0, self.at)?;
        let rule = self.state.next_id(self.at);
        let data = json!({
            "guild_id": guild,
            "action": {"type": 1, "metadata": {}},
            "rule_id": rule.to_string(),
            "rule_trigger_type": 1,
            "user_id": user,
            "channel_id": channel,
            "content": content,
            "matched_keyword": keyword,
            "matched_content": keyword,
        });
        // It belongs to the server: Discord sends it whether or not the bot sees the channel.
        self.emit_guild("AUTO_MODERATION_ACTION_EXECUTION", guild, data);
        let mut options = Map::new();
        options.insert("auto_moderation_rule_name".to_owned(), "Rehearsal".into());
        options.insert("auto_moderation_rule_trigger_type".to_owned(), "1".into());
        options.insert("channel_id".to_owned(), json!(channel));
        self.audit(guild, 143, user, Some(user.0), Vec::new(), Some(options));
        Ok(Answer::Nothing)
    }
}
