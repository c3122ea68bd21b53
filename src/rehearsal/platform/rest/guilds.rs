//! Servers, roles, incident actions, the audit log, voice.

use serde_json::{Value, json};

use super::{Ask, Reply, Routed, body};
use crate::domain::{GuildId, UserId};
use crate::rehearsal::platform::bits;
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::op::Op;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::wire;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    Some(match (ask.method, ask.path.as_slice()) {
        ("GET", ["guilds", guild]) => get(core, ask, guild),
        ("GET", ["guilds", guild, "roles"]) => roles(core, guild),
        ("PUT", ["guilds", guild, "incident-actions"]) => incidents(core, ask, guild),
        ("GET", ["guilds", guild, "audit-logs"]) => audit(core, ask, guild),
        ("GET", ["guilds", guild, "voice-states", user]) => voice(core, guild, user),
        _ => return None,
    })
}

fn here(core: &Core, guild: &str, needed: u64) -> Result<GuildId, Refused> {
    let guild = super::id(guild, "guild_id", GuildId)?;
    core.state.allow_in_guild(guild, core.bot(), needed, core.now())?;
    Ok(guild)
}

fn get(core: &Core, ask: &Ask<'_>, guild: &str) -> Result<Reply, Refused> {
    let found = core.state.guild(here(core, guild, 0)?)?;
    let mut data = wire::guild::guild(found);
    if ask.query.get("with_counts").is_some_and(|value| value == "true" || value == "1") {
        data["approximate_member_count"] = found.members.len().into();
        data["approximate_presence_count"] = found.members.len().into();
    }
    Ok(Reply::Json(200, data))
}

fn roles(core: &Core, guild: &str) -> Result<Reply, Refused> {
    let found = core.state.guild(here(core, guild, 0)?)?;
    Ok(Reply::Json(200, found.roles.values().map(wire::role).collect()))
}

/// Both measures at once: a key that is missing or null lifts its measure.
fn incidents(core: &mut Core, ask: &Ask<'_>, guild: &str) -> Result<Reply, Refused> {
    let guild = here(core, guild, 0)?;
    let invites = body::moment(&ask.body, "invites_disabled_until")?;
    let dms = body::moment(&ask.body, "dms_disabled_until")?;
    core.act(ask, Op::SetIncidents { by: core.bot(), guild, invites, dms })?;
    let found = core.state.guild(guild)?;
    Ok(Reply::Json(
        200,
        json!({
            "invites_disabled_until": wire::maybe_time(found.invites_disabled),
            "dms_disabled_until": wire::maybe_time(found.dms_disabled),
        }),
    ))
}

/// Newest first, or oldest first when asked for what came `after`; entries live 45 days.
fn audit(core: &Core, ask: &Ask<'_>, guild: &str) -> Result<Reply, Refused> {
    let found = core.state.guild(here(core, guild, bits::VIEW_AUDIT_LOG)?)?;
    let limit = ask.limit(50, 100)?;
    let by = ask.query_number("user_id")?;
    let action = ask.query_number("action_type")?;
    let target = ask.query_number("target_id")?;
    let before = ask.query_number("before")?.unwrap_or(u64::MAX);
    let after = ask.query_number("after")?;
    let oldest = core.now().minus(std::time::Duration::from_hours(1080)).as_millis();
    let mut entries: Vec<_> = found
        .audit
        .iter()
        .filter(|entry| by.is_none_or(|by| entry.by.0 == by))
        .filter(|entry| action.is_none_or(|action| u64::from(entry.action) == action))
        .filter(|entry| target.is_none_or(|target| entry.target == Some(target)))
        .filter(|entry| entry.id < before && entry.id > after.unwrap_or(0))
        .filter(|entry| crate::domain::MessageId(entry.id).created_millis() >= oldest)
        .collect();
    if after.is_none() {
        entries.reverse();
    }
    entries.truncate(limit);
    let mut people: Vec<UserId> = entries.iter().map(|entry| entry.by).collect();
    people.sort();
    people.dedup();
    Ok(Reply::Json(
        200,
        json!({
            "audit_log_entries": entries.iter().map(|entry| wire::audit_entry(entry)).collect::<Vec<Value>>(),
            "users": people.iter().map(|user| wire::user_of(&core.state, *user)).collect::<Vec<Value>>(),
            "integrations": [],
            "webhooks": [],
            "guild_scheduled_events": [],
            "threads": [],
            "application_commands": [],
            "auto_moderation_rules": [],
        }),
    ))
}

fn voice(core: &Core, guild: &str, user: &str) -> Result<Reply, Refused> {
    let found = core.state.guild(here(core, guild, 0)?)?;
    let user = if user == "@me" { core.bot() } else { super::id(user, "user_id", UserId)? };
    if !found.voice.contains_key(&user) {
        return Err(Refused::unknown_voice_state());
    }
    Ok(Reply::Json(200, wire::voice_state(&core.state, found, user)))
}
