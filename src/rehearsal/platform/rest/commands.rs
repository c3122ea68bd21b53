//! Application commands, global and of one server.

use serde_json::{Map, Value};

use super::{Ask, Reply, Routed};
use crate::domain::{GuildId, UserId};
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::op::{Answer, Op};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::wire;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    let (application, guild) = match ask.path.as_slice() {
        ["applications", application, "commands"] => (*application, None),
        ["applications", application, "guilds", guild, "commands"] => (*application, Some(*guild)),
        _ => return None,
    };
    Some(run(core, ask, application, guild))
}

fn run(core: &mut Core, ask: &Ask<'_>, application: &str, guild: Option<&str>) -> Result<Reply, Refused> {
    if super::id(application, "application_id", UserId)? != core.bot() {
        return Err(Refused::missing_access());
    }
    let guild = guild.map(|guild| super::id(guild, "guild_id", GuildId)).transpose()?;
    match ask.method {
        "GET" => {
            let there = core.state.commands.values().filter(|command| command.guild == guild);
            Ok(Reply::Json(200, there.map(|command| wire::command(core.bot(), command)).collect()))
        }
        "PUT" => {
            let commands = match &ask.body {
                Value::Array(all) => all.iter().map(object).collect::<Result<Vec<_>, _>>()?,
                _ => {
                    return Err(Refused::invalid(
                        "_",
                        "LIST_TYPE_CONVERT",
                        "Only iterables may be used in a ListType",
                    ));
                }
            };
            let outcome = core.act(ask, Op::RegisterCommands { guild, commands, replace: true })?;
            Ok(Reply::Json(200, Value::Array(made(core, &outcome.answer))))
        }
        "POST" => {
            let commands = vec![object(&ask.body)?];
            let before = core.state.commands.len();
            let outcome = core.act(ask, Op::RegisterCommands { guild, commands, replace: false })?;
            let status = if core.state.commands.len() > before { 201 } else { 200 };
            Ok(Reply::Json(status, made(core, &outcome.answer).pop().unwrap_or_default()))
        }
        _ => Err(Refused::no_method()),
    }
}

fn object(body: &Value) -> Result<Map<String, Value>, Refused> {
    body.as_object()
        .cloned()
        .ok_or_else(|| Refused::invalid("_", "DICT_TYPE_CONVERT", "Only dictionaries may be used"))
}

fn made(core: &Core, answer: &Answer) -> Vec<Value> {
    let Answer::Commands(ids) = answer else { return Vec::new() };
    ids.iter()
        .filter_map(|id| core.state.commands.get(id))
        .map(|command| wire::command(core.bot(), command))
        .collect()
}
