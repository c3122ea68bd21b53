//! Threads, their members, and the lists of those that are active or put away.

use serde_json::{Value, json};

use super::{Ask, Reply, Routed, body};
use crate::domain::{ChannelId, GuildId, MessageId, Timestamp, UserId};
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::model::{Channel, kind};
use crate::rehearsal::platform::op::{Answer, NewThread, Op};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::{bits, permissions, wire};

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    Some(match (ask.method, ask.path.as_slice()) {
        ("POST", ["channels", channel, "threads"]) => open(core, ask, channel, None),
        ("POST", ["channels", channel, "messages", message, "threads"]) => {
            open(core, ask, channel, Some(message))
        }
        ("GET", ["guilds", guild, "threads", "active"]) => active(core, guild),
        ("GET", ["channels", thread, "thread-members"]) => members(core, ask, thread),
        ("GET", ["channels", thread, "thread-members", user]) => member(core, ask, thread, user),
        ("PUT", ["channels", thread, "thread-members", user]) => {
            change(core, ask, thread, user, |by, thread, user| Op::AddThreadMember { by, thread, user })
        }
        ("DELETE", ["channels", thread, "thread-members", user]) => {
            change(core, ask, thread, user, |by, thread, user| Op::RemoveThreadMember { by, thread, user })
        }
        ("GET", ["channels", channel, "threads", "archived", "public"]) => {
            archived(core, ask, channel, false, false)
        }
        ("GET", ["channels", channel, "threads", "archived", "private"]) => {
            archived(core, ask, channel, true, false)
        }
        ("GET", ["channels", channel, "users", "@me", "threads", "archived", "private"]) => {
            archived(core, ask, channel, true, true)
        }
        _ => return None,
    })
}

fn open(core: &mut Core, ask: &Ask<'_>, channel: &str, message: Option<&str>) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    let kind: Option<u8> = body::small(&ask.body, "type")?;
    // Without a type Discord opens a private thread.
    let private = message.is_none() && kind.is_none_or(|kind| kind == kind::PRIVATE_THREAD);
    let edit = body::channel_edit(&ask.body)?;
    let thread = NewThread {
        name: body::required(&ask.body, "name")?,
        private,
        message: message.map(|id| super::id(id, "message_id", MessageId)).transpose()?,
        invite: Vec::new(),
        invitable: edit.invitable,
        auto_archive: edit.auto_archive,
    };
    let outcome = core.act(ask, Op::OpenThread { by: core.bot(), channel, thread })?;
    let Answer::Channel(id) = outcome.answer else { return Err(Refused::internal("no thread")) };
    Ok(Reply::Json(201, with_own(core, core.state.channel(id)?)))
}

fn with_own(core: &Core, thread: &Channel) -> Value {
    let mut data = wire::channel(thread);
    if let Some(own) = wire::own_memberships(&core.state, &[thread]).pop() {
        data["member"] = own;
    }
    data
}

fn active(core: &Core, guild: &str) -> Result<Reply, Refused> {
    let guild = super::id(guild, "guild_id", GuildId)?;
    core.state.allow_in_guild(guild, core.bot(), 0, core.now())?;
    let threads: Vec<&Channel> = core
        .state
        .active_threads(guild)
        .filter(|thread| permissions::sees(&core.state, thread.id, core.bot(), core.now()))
        .collect();
    Ok(Reply::Json(200, list(core, &threads, false)))
}

fn list(core: &Core, threads: &[&Channel], has_more: bool) -> Value {
    json!({
        "threads": threads.iter().map(|thread| wire::channel(thread)).collect::<Vec<_>>(),
        "members": wire::own_memberships(&core.state, threads),
        "has_more": has_more,
    })
}

fn seen_thread<'c>(core: &'c Core, thread: &str) -> Result<&'c Channel, Refused> {
    let thread = super::id(thread, "channel_id", ChannelId)?;
    core.state.allow(thread, core.bot(), 0, core.now())?;
    let found = core.state.channel(thread)?;
    if found.is_thread() { Ok(found) } else { Err(Refused::wrong_channel_kind()) }
}

fn thread_member(core: &Core, ask: &Ask<'_>, found: &Channel, user: UserId, since: Timestamp) -> Value {
    let mut data = wire::thread_member(found.id, user, since);
    let asked = ask.query.get("with_member").is_some_and(|value| value == "true" || value == "1");
    if asked
        && let Some(guild) = found.guild
        && let Ok(member) = core.state.member(guild, user)
    {
        data["member"] = wire::member(&core.state, member);
    }
    data
}

fn members(core: &Core, ask: &Ask<'_>, thread: &str) -> Result<Reply, Refused> {
    if !core.state.privileged.members {
        return Err(Refused::missing_access());
    }
    let found = seen_thread(core, thread)?;
    let inside = found.thread.iter().flat_map(|thread| &thread.members);
    let mut all: Vec<Value> =
        inside.map(|(user, since)| thread_member(core, ask, found, *user, *since)).collect();
    // Pages only with members, as Discord has it.
    if ask.query.contains_key("with_member") {
        let after = ask.query_number("after")?.unwrap_or(0);
        all.retain(|data| {
            data["user_id"].as_str().and_then(|id| id.parse::<u64>().ok()).is_some_and(|id| id > after)
        });
        all.truncate(ask.limit(100, 100)?);
    }
    Ok(Reply::Json(200, all.into()))
}

fn who(core: &Core, user: &str) -> Result<UserId, Refused> {
    if user == "@me" { Ok(core.bot()) } else { super::id(user, "user_id", UserId) }
}

fn member(core: &Core, ask: &Ask<'_>, thread: &str, user: &str) -> Result<Reply, Refused> {
    let (found, user) = (seen_thread(core, thread)?, who(core, user)?);
    let since = found.thread.as_ref().and_then(|thread| thread.members.get(&user));
    let since = since.ok_or_else(Refused::unknown_member)?;
    Ok(Reply::Json(200, thread_member(core, ask, found, user, *since)))
}

fn change(
    core: &mut Core,
    ask: &Ask<'_>,
    thread: &str,
    user: &str,
    op: impl FnOnce(UserId, ChannelId, UserId) -> Op,
) -> Result<Reply, Refused> {
    let thread = super::id(thread, "channel_id", ChannelId)?;
    let user = who(core, user)?;
    core.act(ask, op(core.bot(), thread, user))?;
    Ok(Reply::Empty)
}

fn archived(
    core: &Core,
    ask: &Ask<'_>,
    channel: &str,
    private: bool,
    joined: bool,
) -> Result<Reply, Refused> {
    let channel = super::id(channel, "channel_id", ChannelId)?;
    let needed = if private && !joined {
        bits::READ_MESSAGE_HISTORY | bits::MANAGE_THREADS
    } else {
        bits::READ_MESSAGE_HISTORY
    };
    core.state.allow(channel, core.bot(), needed, core.now())?;
    let limit = ask.limit(50, 100)?;
    let before = ask.query.get("before").map(|text| Timestamp::parse_rfc3339(text)).transpose();
    let before =
        before.map_err(|_| Refused::invalid("before", "DATE_TIME_TYPE_PARSE", "Could not parse."))?;
    let mut found: Vec<&Channel> = core
        .state
        .channels
        .values()
        .filter(|thread| thread.parent == Some(channel) && (thread.kind == kind::PRIVATE_THREAD) == private)
        .filter(|channel| {
            channel.thread.as_ref().is_some_and(|thread| {
                thread.archived
                    && before.is_none_or(|before| thread.archive_changed < before)
                    && (!joined || thread.members.contains_key(&core.bot()))
            })
        })
        .collect();
    found.sort_by_key(|channel| {
        std::cmp::Reverse(channel.thread.as_ref().map(|thread| thread.archive_changed))
    });
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(Reply::Json(200, list(core, &found, more)))
}
