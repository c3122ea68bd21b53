//! Commands, clicks and forms: what people do with the bot, and what it is told of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::domain::{ChannelId, MessageId, UserId};
use crate::rehearsal::platform::model::Interaction;
use crate::rehearsal::platform::op::{Answer, CommandUse};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, wire};

impl Turn<'_> {
    pub(super) fn use_command(
        &mut self,
        by: UserId,
        channel: ChannelId,
        used: &CommandUse,
    ) -> Result<Answer, Refused> {
        self.command_as(2, by, channel, used)
    }

    /// While somebody types: Discord asks only for a field that was registered with `autocomplete`.
    pub(super) fn ask_choices(
        &mut self,
        by: UserId,
        channel: ChannelId,
        used: &CommandUse,
    ) -> Result<Answer, Refused> {
        let registered = self
            .state
            .commands
            .values()
            .find(|command| command.body.get("name").and_then(Value::as_str) == Some(used.name.as_str()));
        let focused = focused(&used.options);
        let options = registered.and_then(|command| command.body.get("options")).cloned().unwrap_or_default();
        if !focused.is_some_and(|name| is_offered(&options, name)) {
            return Err(Refused::unknown_command());
        }
        self.command_as(4, by, channel, used)
    }

    fn command_as(
        &mut self,
        kind: u8,
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
        Ok(self.interact((kind, used.kind), by, channel, &used.name, None, &data))
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
        Ok(self.interact((3, 0), by, channel, custom_id, Some(message), &data))
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
        Ok(self.interact((5, 0), by, channel, &custom_id, message, &data))
    }

    fn interact(
        &mut self,
        (kind, command): (u8, u8),
        by: UserId,
        channel: ChannelId,
        name: &str,
        message: Option<MessageId>,
        data: &Value,
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
            choices: None,
        };
        let whole = wire::message::interaction(self.state, &interaction, data, self.at);
        self.state.interactions.insert(id, interaction);
        self.emit_channel("INTERACTION_CREATE", channel, whole);
        Answer::Interaction(id)
    }
}

/// The field that somebody is typing in.
fn focused(options: &[Value]) -> Option<&str> {
    options.iter().find_map(|option| {
        if option["focused"] == true {
            return option["name"].as_str();
        }
        option["options"].as_array().and_then(|inner| focused(inner))
    })
}

/// Whether a command, or a subcommand of it, was registered with choices for this field.
fn is_offered(options: &Value, name: &str) -> bool {
    options.as_array().into_iter().flatten().any(|option| {
        (option["name"] == name && option["autocomplete"] == true) || is_offered(&option["options"], name)
    })
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
        return;
    }
    for inner in component.get_mut("components").and_then(Value::as_array_mut).into_iter().flatten() {
        fill(inner, fields);
    }
    if component["component"].is_object() {
        fill(&mut component["component"], fields);
    }
}
