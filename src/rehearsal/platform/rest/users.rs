//! The bot's own account and application, and direct messages.

use serde_json::{Value, json};

use super::{Ask, Reply, Routed, body};
use crate::domain::{GuildId, UserId};
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::op::{Answer, Op};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::wire;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    match (ask.method, ask.path.as_slice()) {
        ("GET", ["users", "@me"]) => Some(Ok(Reply::Json(200, me(core)))),
        ("GET", ["users", "@me", "guilds"]) => Some(Ok(Reply::Json(200, own_guilds(core)))),
        ("DELETE", ["users", "@me", "guilds", guild]) => Some(leave(core, ask, guild)),
        ("POST", ["users", "@me", "channels"]) => Some(open_dm(core, ask)),
        ("GET", ["users", user]) => Some(one(core, user)),
        ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
            Some(Ok(Reply::Json(200, application(core))))
        }
        _ => None,
    }
}

fn me(core: &Core) -> Value {
    let mut user = wire::user_of(&core.state, core.bot());
    user["mfa_enabled"] = true.into();
    user["locale"] = "en-GB".into();
    user["premium_type"] = 0.into();
    user["email"] = Value::Null;
    user["verified"] = true.into();
    user["bio"] = "".into();
    user
}

fn application(core: &Core) -> Value {
    let bot = wire::user_of(&core.state, core.bot());
    let flags = core.state.privileged.flags();
    json!({
        "id": core.bot(),
        "name": core.state.users[&core.bot()].name,
        "icon": null,
        "description": "",
        "type": null,
        "bot": bot,
        "bot_public": false,
        "bot_require_code_grant": false,
        "verify_key": "0".repeat(64),
        "flags": flags,
        "flags_new": flags.to_string(),
        "redirect_uris": [],
        "interactions_endpoint_url": null,
        "role_connections_verification_url": null,
        "owner": bot,
        "approximate_guild_count": core.state.guilds.values().filter(|g| g.members.contains_key(&core.bot())).count(),
        "approximate_user_install_count": core.state.users.values().filter(|user| user.installed).count(),
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": null,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}, "1": {}},
    })
}

fn own_guilds(core: &Core) -> Value {
    let bot = core.bot();
    let guilds = core.state.guilds.values().filter(|guild| guild.members.contains_key(&bot));
    guilds
        .map(|guild| {
            let held =
                crate::rehearsal::platform::permissions::in_guild(&core.state, guild.id, bot, core.now());
            json!({
                "id": guild.id,
                "name": guild.name,
                "icon": null,
                "banner": null,
                "owner": guild.owner == bot,
                "permissions": (held & crate::rehearsal::platform::bits::ALL).to_string(),
                "features": [],
            })
        })
        .collect()
}

fn leave(core: &mut Core, ask: &Ask<'_>, guild: &str) -> Result<Reply, Refused> {
    let guild = super::id(guild, "guild_id", GuildId)?;
    core.act(ask, Op::LeaveGuild { user: core.bot(), guild })?;
    Ok(Reply::Empty)
}

fn one(core: &Core, user: &str) -> Result<Reply, Refused> {
    let user = super::id(user, "user_id", UserId)?;
    Ok(Reply::Json(200, wire::user(core.state.user(user)?)))
}

fn open_dm(core: &mut Core, ask: &Ask<'_>) -> Result<Reply, Refused> {
    let with = body::snowflake(&ask.body, "recipient_id")?;
    let with =
        UserId(with.ok_or_else(|| {
            Refused::invalid("recipient_id", "BASE_TYPE_REQUIRED", "This field is required")
        })?);
    let outcome = core.act(ask, Op::OpenDm { by: core.bot(), with })?;
    let Answer::Channel(channel) = outcome.answer else { return Err(Refused::internal("no channel")) };
    Ok(Reply::Json(200, wire::dm(&core.state, core.state.channel(channel)?, core.bot())))
}
