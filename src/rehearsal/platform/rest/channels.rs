//! Channels and their overwrites.

use serde_json::Value;

use super::{Ask, Reply, Routed, body};
use crate::domain::{ChannelId, GuildId};
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::model::Overwrite;
use crate::rehearsal::platform::op::{Answer, NewChannel, Op};
use crate::rehearsal::platform::options::HiddenChannels;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::{permissions, wire};

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    Some(match (ask.method, ask.path.as_slice()) {
        ("GET", ["channels", channel]) => get(core, channel),
        ("PATCH", ["channels", channel]) => edit(core, ask, channel),
        ("DELETE", ["channels", channel]) => delete(core, ask, channel),
        ("POST", ["channels", channel, "typing"]) => typing(core, channel),
        ("PUT", ["channels", channel, "permissions", target]) => set_overwrite(core, ask, channel, target),
        ("DELETE", ["channels", channel, "permissions", target]) => {
            remove_overwrite(core, ask, channel, target)
        }
        ("GET", ["guilds", guild, "channels"]) => list(core, guild),
        ("POST", ["guilds", guild, "channels"]) => create(core, ask, guild),
        _ => return None,
    })
}

fn get(core: &Core, channel: &str) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    core.state.allow(channel, core.bot(), 0, core.now())?;
    Ok(Reply::Json(200, wire::any_channel(&core.state, core.state.channel(channel)?)))
}

fn edit(core: &mut Core, ask: &Ask<'_>, channel: &str) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    let edit = body::channel_edit(&ask.body)?;
    core.act(ask, Op::EditChannel { by: core.bot(), channel, edit })?;
    Ok(Reply::Json(200, wire::any_channel(&core.state, core.state.channel(channel)?)))
}

fn delete(core: &mut Core, ask: &Ask<'_>, channel: &str) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    let was = core.state.channel(channel).map(|found| wire::any_channel(&core.state, found));
    core.act(ask, Op::DeleteChannel { by: core.bot(), channel })?;
    was.map(|was| Reply::Json(200, was))
}

fn typing(core: &Core, channel: &str) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    core.state.allow(channel, core.bot(), 0, core.now())?;
    Ok(Reply::Empty)
}

fn set_overwrite(core: &mut Core, ask: &Ask<'_>, channel: &str, target: &str) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    let overwrite = Overwrite {
        id: super::id(target, "overwrite_id", |id| id)?,
        kind: body::kind_of_overwrite(&ask.body)?,
        allow: body::number(&ask.body, "allow")?.unwrap_or(0),
        deny: body::number(&ask.body, "deny")?.unwrap_or(0),
    };
    core.act(ask, Op::SetOverwrite { by: core.bot(), channel, overwrite })?;
    Ok(Reply::Empty)
}

fn remove_overwrite(core: &mut Core, ask: &Ask<'_>, channel: &str, target: &str) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    let target = super::id(target, "overwrite_id", |id| id)?;
    core.act(ask, Op::RemoveOverwrite { by: core.bot(), channel, target })?;
    Ok(Reply::Empty)
}

/// Every channel of the server, seen or not (or, where channels are obfuscated, only those that the bot sees).
/// Threads are not among them.
fn list(core: &Core, guild: &str) -> Result<Reply, Refused> {
    let guild = super::id(guild, "guild_id", GuildId)?;
    core.state.allow_in_guild(guild, core.bot(), 0, core.now())?;
    let all: Vec<Value> = core
        .state
        .channels
        .values()
        .filter(|channel| channel.guild == Some(guild) && !channel.is_thread())
        .filter(|channel| {
            core.state.hidden == HiddenChannels::Listed
                || permissions::sees(&core.state, channel.id, core.bot(), core.now())
        })
        .map(wire::channel)
        .collect();
    Ok(Reply::Json(200, all.into()))
}

fn create(core: &mut Core, ask: &Ask<'_>, guild: &str) -> Result<Reply, Refused> {
    let guild = super::id(guild, "guild_id", GuildId)?;
    let channel = NewChannel {
        kind: body::small(&ask.body, "type")?.unwrap_or(0),
        name: body::required(&ask.body, "name")?,
        topic: body::text(&ask.body, "topic")?,
        parent: body::snowflake(&ask.body, "parent_id")?.map(ChannelId),
        overwrites: body::overwrites(&ask.body)?.unwrap_or_default(),
    };
    let outcome = core.act(ask, Op::CreateChannel { by: core.bot(), guild, channel })?;
    let Answer::Channel(channel) = outcome.answer else { return Err(Refused::internal("no channel")) };
    Ok(Reply::Json(201, wire::channel(core.state.channel(channel)?)))
}
