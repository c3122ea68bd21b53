//! Members of a server: listed, read, changed, removed.

use serde_json::Value;

use super::{Ask, Reply, Routed, body};
use crate::domain::{ChannelId, GuildId, RoleId, UserId};
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::op::{MemberEdit, Op};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::wire;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    Some(match (ask.method, ask.path.as_slice()) {
        ("GET", ["guilds", guild, "members"]) => list(core, ask, guild),
        ("GET", ["guilds", guild, "members", user]) => get(core, guild, user),
        ("PATCH", ["guilds", guild, "members", user]) => edit(core, ask, guild, user),
        ("DELETE", ["guilds", guild, "members", user]) => kick(core, ask, guild, user),
        ("PUT" | "DELETE", ["guilds", guild, "members", user, "roles", role]) => {
            role_of(core, ask, guild, user, role)
        }
        _ => return None,
    })
}

fn here(core: &Core, guild: &str) -> Result<GuildId, Refused> {
    let guild = super::id(guild, "guild_id", GuildId)?;
    core.state.allow_in_guild(guild, core.bot(), 0, core.now())?;
    Ok(guild)
}

fn who(core: &Core, user: &str) -> Result<UserId, Refused> {
    if user == "@me" { Ok(core.bot()) } else { super::id(user, "user_id", UserId) }
}

/// Sorted by id, a page at a time; needs the privileged members switch.
fn list(core: &Core, ask: &Ask<'_>, guild: &str) -> Result<Reply, Refused> {
    if !core.state.privileged.members {
        return Err(Refused::missing_access());
    }
    let found = core.state.guild(here(core, guild)?)?;
    let after = UserId(ask.query_number("after")?.unwrap_or(0));
    let page = found.members.values().filter(|member| member.user > after).take(ask.limit(1, 1_000)?);
    let answer: Vec<Value> = page.map(|member| wire::member(&core.state, member)).collect();
    Ok(Reply::Json(200, answer.into()))
}

fn get(core: &Core, guild: &str, user: &str) -> Result<Reply, Refused> {
    let (guild, user) = (here(core, guild)?, super::id(user, "user_id", UserId)?);
    Ok(Reply::Json(200, wire::member(&core.state, core.state.member(guild, user)?)))
}

fn edit(core: &mut Core, ask: &Ask<'_>, guild: &str, user: &str) -> Result<Reply, Refused> {
    let (guild, user) = (here(core, guild)?, who(core, user)?);
    let body = &ask.body;
    let given = |field: &str| body::has(body, field);
    let roles = body::list(body, "roles")?
        .map(|all| all.iter().map(|role| role.as_str().and_then(|id| id.parse().ok()).map(RoleId)).collect())
        .map(|roles: Option<Vec<RoleId>>| {
            roles.ok_or_else(|| Refused::invalid("roles", "NUMBER_TYPE_COERCE", "Value is not snowflake."))
        })
        .transpose()?;
    let edit = MemberEdit {
        nick: if given("nick") { Some(body::text(body, "nick")?) } else { None },
        roles,
        timeout: if given("communication_disabled_until") {
            Some(body::moment(body, "communication_disabled_until")?)
        } else {
            None
        },
        voice: if given("channel_id") {
            Some(body::snowflake(body, "channel_id")?.map(ChannelId))
        } else {
            None
        },
        mute: body::flag(body, "mute")?,
        deaf: body::flag(body, "deaf")?,
    };
    core.act(ask, Op::EditMember { by: core.bot(), guild, user, edit })?;
    Ok(Reply::Json(200, wire::member(&core.state, core.state.member(guild, user)?)))
}

fn kick(core: &mut Core, ask: &Ask<'_>, guild: &str, user: &str) -> Result<Reply, Refused> {
    let (guild, user) = (here(core, guild)?, super::id(user, "user_id", UserId)?);
    core.act(ask, Op::Kick { by: core.bot(), guild, user })?;
    Ok(Reply::Empty)
}

fn role_of(core: &mut Core, ask: &Ask<'_>, guild: &str, user: &str, role: &str) -> Result<Reply, Refused> {
    let (guild, user) = (here(core, guild)?, super::id(user, "user_id", UserId)?);
    let role = super::id(role, "role_id", RoleId)?;
    let mut roles = core.state.member(guild, user)?.roles.clone();
    roles.retain(|held| *held != role);
    if ask.method == "PUT" {
        roles.push(role);
    }
    let edit = MemberEdit { roles: Some(roles), ..MemberEdit::default() };
    core.act(ask, Op::EditMember { by: core.bot(), guild, user, edit })?;
    Ok(Reply::Empty)
}
