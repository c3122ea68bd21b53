//! Commands, clicks and forms, and the bot's answers to them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::text;
use crate::domain::{ChannelId, MessageId, UserId};
use crate::rehearsal::platform::model::{Interaction, Message};
use crate::rehearsal::platform::op::{Answer, CommandUse, MessageEdit, NewMessage};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::rest::body;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, wire};

/// The bot must answer within this time.
const TO_ANSWER: Duration = Duration::from_secs(3);
/// The token of an interaction works for this long.
const TOKEN_LIVES: Duration = Duration::from_secs(15 * 60);
/// Only the person sees it.
const EPHEMERAL: u64 = 1 << 6;
/// "… is thinking".
const LOADING: u64 = 1 << 7;

impl Turn<'_> {
    pub(super) fn use_command(
        &mut self,
        by: UserId,
        channel: ChannelId,
        used: &CommandUse,
    ) -> Result<Answer, Refused> {
        let place = self.state.channel(channel)?;
        self.state.allow(channel, by, 0, self.at)?;
        let context = match place.guild {
            Some(_) => 0,
            None if place.people.contains(&self.state.bot) => 1,
            None => 2,
        };
        if place.guild.is_some() {
            self.state.allow(channel, by, bits::USE_APPLICATION_COMMANDS, self.at)?;
            // Context menus fail for people who cannot write there.
            if used.kind != 1 {
                let needed =
                    if place.is_thread() { bits::SEND_MESSAGES_IN_THREADS } else { bits::SEND_MESSAGES };
                self.state.allow(channel, by, needed, self.at)?;
            }
        }
        let installed = self.state.user(by)?.installed;
        let in_server = place.guild.is_some_and(|guild| self.state.bot_in(guild));
        let command = self
            .state
            .commands
            .values()
            .filter(|command| command.guild.is_none() || command.guild == place.guild)
            .find(|command| {
                command.body.get("name").and_then(Value::as_str) == Some(used.name.as_str())
                    && command.body.get("type").and_then(Value::as_u64).unwrap_or(1) == u64::from(used.kind)
            })
            .ok_or_else(Refused::unknown_command)?;
        let lists = |field: &str, wanted: u64, default: bool| match command.body.get(field) {
            Some(Value::Array(all)) => all.iter().any(|value| value.as_u64() == Some(wanted)),
            _ => default,
        };
        let reachable = lists("contexts", context, context < 2)
            && (context == 1
                || in_server && lists("integration_types", 0, true)
                || installed && lists("integration_types", 1, false));
        if !reachable {
            return Err(Refused::unknown_command());
        }
        let mut data = json!({"id": command.id.to_string(), "name": used.name, "type": used.kind});
        if let Some(guild) = command.guild {
            data["guild_id"] = json!(guild);
        }
        if !used.options.is_empty() {
            data["options"] = used.options.clone().into();
        }
        if let Some(target) = used.target {
            data["target_id"] = target.to_string().into();
        }
        let mut resolved = self.resolve(channel, used)?;
        self.resolve_options(channel, &used.options, &mut resolved);
        if resolved.as_object().is_some_and(|fields| !fields.is_empty()) {
            data["resolved"] = resolved;
        }
        Ok(self.interact((2, used.kind), by, channel, &used.name, None, data))
    }

    /// The person or message that a context menu was used on, whole.
    fn resolve(&self, channel: ChannelId, used: &CommandUse) -> Result<Value, Refused> {
        let mut resolved = json!({});
        match (used.kind, used.target) {
            (3, Some(target)) => {
                let message = self.state.message(channel, MessageId(target))?;
                resolved["messages"] =
                    json!({ target.to_string(): wire::message::message(self.state, message) });
            }
            (2, Some(target)) => self.resolve_user(channel, UserId(target), &mut resolved)?,
            (2 | 3, None) => {
                return Err(Refused::invalid("target_id", "BASE_TYPE_REQUIRED", "This field is required"));
            }
            _ => {}
        }
        Ok(resolved)
    }

    fn resolve_user(&self, channel: ChannelId, user: UserId, resolved: &mut Value) -> Result<(), Refused> {
        self.state.user(user)?;
        resolved["users"][user.to_string()] = wire::user_of(self.state, user);
        if let Some(guild) = self.state.channel(channel)?.guild
            && let Ok(member) = self.state.member(guild, user)
        {
            let mut data = wire::bare_member(member);
            data["permissions"] = (super::super::permissions::in_channel(self.state, channel, user, self.at)
                & bits::ALL)
                .to_string()
                .into();
            resolved["members"][user.to_string()] = data;
        }
        Ok(())
    }

    /// Users, roles and channels that options of a slash command name.
    fn resolve_options(&self, channel: ChannelId, options: &[Value], resolved: &mut Value) {
        for option in options {
            self.resolve_options(
                channel,
                option["options"].as_array().map(Vec::as_slice).unwrap_or_default(),
                resolved,
            );
            let Some(id) = option["value"].as_str().and_then(|id| id.parse::<u64>().ok()) else { continue };
            match option["type"].as_u64() {
                Some(6) => drop(self.resolve_user(channel, UserId(id), resolved)),
                Some(7) => {
                    if let Some(found) = self.state.channels.get(&ChannelId(id)) {
                        let mut data = wire::channel(found);
                        data["permissions"] = "0".into();
                        resolved["channels"][id.to_string()] = data;
                    }
                }
                Some(8) => {
                    let guild = self.state.channels.get(&channel).and_then(|c| c.guild);
                    let role = guild
                        .and_then(|g| self.state.guilds.get(&g))
                        .and_then(|g| g.roles.values().find(|r| r.id.0 == id));
                    if let Some(role) = role {
                        resolved["roles"][id.to_string()] = wire::role(role);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn click(
        &mut self,
        by: UserId,
        channel: ChannelId,
        message: MessageId,
        custom_id: &str,
        values: &[String],
    ) -> Result<Answer, Refused> {
        self.state.allow(channel, by, 0, self.at)?;
        let found = self.state.any_message(channel, message).ok_or_else(Refused::unknown_message)?;
        if found.ephemeral_to.is_some_and(|only| only != by) {
            return Err(Refused::unknown_message());
        }
        let component = find_component(&found.components, custom_id)
            .filter(|component| component["disabled"] != true)
            .ok_or_else(|| {
                Refused::invalid(
                    "data.custom_id",
                    "COMPONENT_VALIDATION_FAILED",
                    "Component validation failed",
                )
            })?;
        let mut data = json!({
            "custom_id": custom_id,
            "component_type": component["type"],
            "id": component["id"],
        });
        if component["type"] != 2 {
            data["values"] = json!(values);
        }
        Ok(self.interact((3, 0), by, channel, custom_id, Some(message), data))
    }

    pub(super) fn submit_modal(
        &mut self,
        by: UserId,
        interaction: u64,
        fields: &BTreeMap<String, String>,
    ) -> Result<Answer, Refused> {
        let found = self.state.interactions.get_mut(&interaction).filter(|found| found.user == by);
        let found = found.ok_or_else(Refused::unknown_interaction)?;
        let modal = found.modal.take().ok_or_else(Refused::unknown_interaction)?;
        let (channel, message) = (found.channel, found.message);
        let custom_id = modal["custom_id"].as_str().unwrap_or_default().to_owned();
        let mut components = modal["components"].as_array().cloned().unwrap_or_default();
        for row in &mut components {
            fill(row, fields);
        }
        let data = json!({"custom_id": custom_id, "components": components});
        Ok(self.interact((5, 0), by, channel, &custom_id, message, data))
    }

    fn interact(
        &mut self,
        (kind, command): (u8, u8),
        by: UserId,
        channel: ChannelId,
        name: &str,
        message: Option<MessageId>,
        data: Value,
    ) -> Answer {
        let id = self.state.next_id(self.at);
        let interaction = Interaction {
            id,
            token: format!("rehearsal-{id:016x}"),
            kind,
            command,
            user: by,
            channel,
            name: name.to_owned(),
            message,
            at: self.at,
            answered: None,
            original: None,
            modal: None,
        };
        let whole = wire::message::interaction(self.state, &interaction, data, self.at);
        self.state.interactions.insert(id, interaction);
        self.emit_channel("INTERACTION_CREATE", channel, whole);
        Answer::Interaction(id)
    }

    pub(super) fn answer(&mut self, id: u64, kind: u8, data: &Value) -> Result<Answer, Refused> {
        let found = self.interaction(id)?;
        if found.answered.is_some() {
            return Err(Refused::already_acknowledged());
        }
        if self.at.since(found.at) > TO_ANSWER {
            return Err(Refused::unknown_interaction());
        }
        let mut modal = None;
        let original = match kind {
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
                modal = Some(data.clone());
                None
            }
            _ => return Err(bad_kind()),
        };
        if let Some(kept) = self.state.interactions.get_mut(&id) {
            kept.answered = Some(kind);
            kept.original = original;
            kept.modal = modal;
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
        let outside = !super::super::permissions::sees(self.state, channel, self.state.bot, self.at);
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

fn find_component<'v>(components: &'v [Value], custom_id: &str) -> Option<&'v Value> {
    components.iter().find_map(|component| {
        if component["custom_id"] == custom_id {
            return Some(component);
        }
        let inner = component["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        find_component(inner, custom_id)
            .or_else(|| Some(&component["accessory"]).filter(|accessory| accessory["custom_id"] == custom_id))
    })
}

/// Puts what the person wrote into the form's fields, in rows (type 1) and labels (type 18) alike; what only
/// describes the form is left out, as Discord does.
fn fill(component: &mut Value, fields: &BTreeMap<String, String>) {
    if let Some(custom_id) = component["custom_id"].as_str() {
        let value = fields.get(custom_id).cloned().unwrap_or_default();
        *component =
            json!({"type": component["type"], "id": component["id"], "custom_id": custom_id, "value": value});
        if component["id"].is_null() {
            component["id"] = 1.into();
        }
        return;
    }
    for inner in component["components"].as_array_mut().into_iter().flatten() {
        fill(inner, fields);
    }
    if component["component"].is_object() {
        fill(&mut component["component"], fields);
    }
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
