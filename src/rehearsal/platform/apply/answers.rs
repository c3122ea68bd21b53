//! The bot's answers to interactions: the first within three seconds, others for fifteen minutes; for everyone in
//! the channel, or for one person's eyes only.

use std::time::Duration;

use serde_json::{Value, json};

use super::text;
use crate::domain::{MessageId, UserId};
use crate::rehearsal::platform::model::{Interaction, Message};
use crate::rehearsal::platform::op::{Answer, MessageEdit, NewMessage};
use crate::rehearsal::platform::permissions;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::rest::body;
use crate::rehearsal::platform::state::Turn;

/// The bot must answer within this time.
const TO_ANSWER: Duration = Duration::from_secs(3);
/// The token of an interaction works for this long.
const TOKEN_LIVES: Duration = Duration::from_mins(15);
/// Only the person sees it.
const EPHEMERAL: u64 = 1 << 6;
/// "… is thinking".
const LOADING: u64 = 1 << 7;

impl Turn<'_> {
    pub(super) fn answer(&mut self, id: u64, kind: u8, data: &Value) -> Result<Answer, Refused> {
        let found = self.interaction(id)?;
        if found.answered.is_some() {
            return Err(Refused::already_acknowledged());
        }
        if self.at.since(found.at) > TO_ANSWER {
            return Err(Refused::unknown_interaction());
        }
        let mut modal = None;
        let mut choices = None;
        let original = match kind {
            8 if found.kind == 4 => {
                check_choices(data)?;
                choices = Some(data["choices"].clone());
                None
            }
            _ if found.kind == 4 || kind == 8 => return Err(bad_kind()),
            4 => {
                let message = body::message(data)?;
                text::check(&message)?;
                Some(self.reply(&found, &message)?)
            }
            5 => {
                let flags = data["flags"].as_u64().unwrap_or(0) & EPHEMERAL | LOADING;
                Some(self.reply(&found, &NewMessage { flags, ..NewMessage::default() })?)
            }
            6 | 7 if found.message.is_none() => return Err(bad_kind()),
            6 => found.message,
            7 => {
                let message = found.message.unwrap_or_default();
                self.change_message(found.channel, message, &body::edit(data)?)?;
                Some(message)
            }
            9 if found.kind == 5 => return Err(bad_kind()),
            9 => {
                check_modal(data)?;
                let mut form = data.clone();
                form["components"] =
                    text::numbered(data["components"].as_array().map_or(&[], Vec::as_slice)).into();
                modal = Some(form);
                None
            }
            _ => return Err(bad_kind()),
        };
        if let Some(kept) = self.state.interactions.get_mut(&id) {
            kept.answered = Some(kind);
            kept.original = original;
            kept.modal = modal;
            kept.choices = choices;
        }
        Ok(original.map_or(Answer::Interaction(id), |message| Answer::Message(found.channel, message)))
    }

    /// The bot's message to an interaction: for everyone in the channel, or for one person's eyes only.
    fn reply(&mut self, interaction: &Interaction, new: &NewMessage) -> Result<MessageId, Refused> {
        let mut message = self.compose(self.state.bot, interaction.channel, new);
        message.kind = match interaction.command {
            0 => 0,
            1 => 20,
            _ => 23,
        };
        message.interaction = Some(interaction.id);
        let id = message.id;
        self.place(message, interaction.user)?;
        Ok(id)
    }

    fn place(&mut self, mut message: Message, reader: UserId) -> Result<(), Refused> {
        let channel = message.channel;
        // Where the bot is not present (a DM of two people) it can only be seen by the one who asked.
        let outside = !permissions::sees(self.state, channel, self.state.bot, self.at);
        if message.flags & EPHEMERAL != 0 || outside {
            message.ephemeral_to = Some(reader);
            self.state.messages.entry(channel).or_default().insert(message.id, message);
            return Ok(());
        }
        self.post(message)
    }

    pub(super) fn follow_up(&mut self, id: u64, new: &NewMessage) -> Result<Answer, Refused> {
        let found = self.live(id)?;
        text::check(new)?;
        // The first follow-up to a deferred answer takes its place.
        if found.answered == Some(5)
            && let Some(original) = found.original
            && self
                .state
                .any_message(found.channel, original)
                .is_some_and(|message| message.flags & LOADING != 0)
        {
            let edit = MessageEdit {
                content: Some(new.content.clone()),
                embeds: Some(new.embeds.clone()),
                components: Some(new.components.clone()),
                ..MessageEdit::default()
            };
            return self.finish(&found, original, &edit);
        }
        let message = self.reply(&found, new)?;
        Ok(Answer::Message(found.channel, message))
    }

    pub(super) fn edit_follow_up(
        &mut self,
        id: u64,
        message: Option<MessageId>,
        edit: &MessageEdit,
    ) -> Result<Answer, Refused> {
        let found = self.live(id)?;
        let message = self.answered_with(&found, message)?;
        self.finish(&found, message, edit)
    }

    /// Edits an answer; one that said "thinking" does so no more.
    fn finish(
        &mut self,
        found: &Interaction,
        message: MessageId,
        edit: &MessageEdit,
    ) -> Result<Answer, Refused> {
        self.change_message(found.channel, message, edit)?;
        let kept = self.state.message_mut(found.channel, message)?;
        kept.flags &= !LOADING;
        Ok(Answer::Message(found.channel, message))
    }

    pub(super) fn delete_follow_up(
        &mut self,
        id: u64,
        message: Option<MessageId>,
    ) -> Result<Answer, Refused> {
        let found = self.live(id)?;
        let message = self.answered_with(&found, message)?;
        let bot = self.state.bot;
        let kept = self.state.message_mut(found.channel, message)?;
        let private = kept.ephemeral_to.is_some();
        kept.removed_by = Some(bot);
        if !private {
            let mut data = json!({"id": message, "channel_id": found.channel});
            if let Some(guild) = self.state.channel(found.channel)?.guild {
                data["guild_id"] = json!(guild);
            }
            self.emit_channel("MESSAGE_DELETE", found.channel, data);
        }
        Ok(Answer::Nothing)
    }

    /// A message of the bot's that answers this interaction: the first, or one by its number.
    fn answered_with(&self, found: &Interaction, message: Option<MessageId>) -> Result<MessageId, Refused> {
        let wanted = message.or(found.original).ok_or_else(Refused::unknown_message)?;
        self.state
            .any_message(found.channel, wanted)
            .filter(|message| message.interaction == Some(found.id) || found.original == Some(message.id))
            .map(|message| message.id)
            .ok_or_else(Refused::unknown_message)
    }

    fn interaction(&self, id: u64) -> Result<Interaction, Refused> {
        self.state.interactions.get(&id).cloned().ok_or_else(Refused::unknown_interaction)
    }

    /// An interaction that was answered and whose token still works.
    fn live(&self, id: u64) -> Result<Interaction, Refused> {
        let found = self.interaction(id)?;
        if found.answered.is_none() {
            return Err(Refused::unknown_webhook());
        }
        if self.at.since(found.at) > TOKEN_LIVES {
            return Err(Refused::invalid_webhook_token());
        }
        Ok(found)
    }
}

fn bad_kind() -> Refused {
    Refused::invalid("type", "BASE_TYPE_CHOICES", "Not a type that answers this interaction")
}

/// At most 25, each with a name of 1 to 100 characters and a value of as many.
fn check_choices(data: &Value) -> Result<(), Refused> {
    let all = data["choices"].as_array().map(Vec::as_slice).unwrap_or_default();
    let fits = |text: &Value| text.as_str().is_some_and(|text| (1..=100).contains(&text.chars().count()));
    if all.len() > 25 || !all.iter().all(|choice| fits(&choice["name"]) && fits(&choice["value"])) {
        return Err(Refused::invalid(
            "data.choices",
            "BASE_TYPE_BAD_LENGTH",
            "Must be 25 or fewer in length.",
        ));
    }
    Ok(())
}

fn check_modal(data: &Value) -> Result<(), Refused> {
    let length = |field: &str| data[field].as_str().map_or(0, |text| text.chars().count());
    if !(1..=45).contains(&length("title")) {
        return Err(Refused::invalid(
            "data.title",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 45 in length.",
        ));
    }
    if !(1..=100).contains(&length("custom_id")) {
        return Err(Refused::invalid(
            "data.custom_id",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 100 in length.",
        ));
    }
    if data["components"].as_array().is_none_or(|rows| rows.is_empty() || rows.len() > 5) {
        return Err(Refused::invalid(
            "data.components",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 5 in length.",
        ));
    }
    Ok(())
}
