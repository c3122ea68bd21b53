//! The commands that the bot registered.

use serde_json::{Map, Value};

use crate::domain::GuildId;
use crate::rehearsal::platform::model::Command;
use crate::rehearsal::platform::op::Answer;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;

impl Turn<'_> {
    pub(super) fn register_commands(
        &mut self,
        guild: Option<GuildId>,
        commands: &[Map<String, Value>],
        replace: bool,
    ) -> Result<Answer, Refused> {
        if let Some(guild) = guild
            && !self.state.bot_in(guild)
        {
            return Err(Refused::missing_access());
        }
        for (index, command) in commands.iter().enumerate() {
            check(command).map_err(|refused| {
                let mut refused = refused;
                if replace && let Some(errors) = refused.errors.take() {
                    let mut nested = Map::new();
                    nested.insert(index.to_string(), errors);
                    refused.errors = Some(nested.into());
                }
                refused
            })?;
        }
        let key = |body: &Map<String, Value>| (body.get("name").cloned(), sort(body));
        if replace {
            let named: Vec<_> = commands.iter().map(key).collect();
            self.state.commands.retain(|_, old| old.guild != guild || named.contains(&key(&old.body)));
        }
        let mut ids = Vec::new();
        for body in commands {
            let there =
                self.state.commands.values().find(|old| old.guild == guild && key(&old.body) == key(body));
            let there = there.map(|old| (old.id, old.version, old.body == *body));
            let fresh = self.state.next_id(self.at);
            let (id, version) = match there {
                Some((id, version, true)) => (id, version),
                Some((id, _, false)) => (id, fresh),
                None => (fresh, fresh),
            };
            self.state.commands.insert(id, Command { id, version, guild, body: body.clone() });
            ids.push(id);
        }
        Ok(Answer::Commands(ids))
    }
}

/// Discord's command type; a slash command unless said.
fn sort(body: &Map<String, Value>) -> u64 {
    body.get("type").and_then(Value::as_u64).unwrap_or(1)
}

/// Names of slash commands are lower case without spaces, and they have a description; the others have none.
fn check(body: &Map<String, Value>) -> Result<(), Refused> {
    let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    if !(1..=32).contains(&name.chars().count()) {
        return Err(Refused::invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 32 in length."));
    }
    let slash = sort(body) == 1;
    let plain = name.chars().all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || c == '-' || c == '_');
    if slash && !plain {
        return Err(Refused::invalid("name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid"));
    }
    let described = text("description").chars().count();
    if slash && !(1..=100).contains(&described) {
        return Err(Refused::invalid("description", "BASE_TYPE_REQUIRED", "This field is required"));
    }
    if !slash && described > 0 {
        return Err(Refused::invalid(
            "description",
            "APPLICATION_COMMAND_DESCRIPTION_FORBIDDEN",
            "Context menu commands cannot have description",
        ));
    }
    Ok(())
}
