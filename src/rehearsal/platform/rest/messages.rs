//! Messages, their history and their reactions.

use serde_json::Value;

use super::{Ask, Reply, Routed, body};
use crate::domain::{ChannelId, MessageId, UserId};
use crate::rehearsal::platform::audience;
use crate::rehearsal::platform::bits;
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::model::Message;
use crate::rehearsal::platform::op::{Answer, Op};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::wire::message::message;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    Some(match (ask.method, ask.path.as_slice()) {
        ("GET", ["channels", channel, "messages"]) => history(core, ask, channel),
        ("POST", ["channels", channel, "messages"]) => send(core, ask, channel),
        ("POST", ["channels", channel, "messages", "bulk-delete"]) => bulk_delete(core, ask, channel),
        ("GET", ["channels", channel, "messages", id]) => get(core, channel, id),
        ("PATCH", ["channels", channel, "messages", id]) => edit(core, ask, channel, id),
        ("DELETE", ["channels", channel, "messages", id]) => delete(core, ask, channel, id),
        ("PUT" | "DELETE", ["channels", channel, "messages", id, "reactions", emoji, who]) => {
            react(core, ask, (channel, id), emoji, who)
        }
        ("GET", ["channels", channel, "messages", id, "reactions", emoji]) => {
            reacted(core, ask, (channel, id), emoji)
        }
        _ => return None,
    })
}

fn place(channel: &str) -> Result<ChannelId, Refused> {
    super::id(channel, "channel_id", ChannelId)
}

fn named(id: &str) -> Result<MessageId, Refused> {
    super::id(id, "message_id", MessageId)
}

/// A message as the bot's application may read it: without the privileged switch, REST is empty too.
pub(super) fn readable(core: &Core, found: &Message) -> Value {
    let mut data = message(&core.state, found);
    if !core.state.privileged.message_content {
        audience::empty_message(&core.state, &mut data);
    }
    data
}

fn history(core: &Core, ask: &Ask<'_>, channel: &str) -> Result<Reply, Refused> {
    let channel = place(channel)?;
    let limit = ask.limit(50, 100)?;
    core.state.allow(channel, core.bot(), 0, core.now())?;
    // Without READ_MESSAGE_HISTORY the list is empty, not refused.
    if core.state.allow(channel, core.bot(), bits::READ_MESSAGE_HISTORY, core.now()).is_err() {
        return Ok(Reply::Json(200, Value::Array(Vec::new())));
    }
    let nothing = std::collections::BTreeMap::new();
    let there = core.state.messages.get(&channel).unwrap_or(&nothing);
    let shown = |found: &&Message| found.removed_by.is_none() && found.ephemeral_to.is_none();
    let before = |id: u64, limit: usize| -> Vec<&Message> {
        there.range(..MessageId(id)).rev().map(|(_, found)| found).filter(shown).take(limit).collect()
    };
    let from = |id: u64, limit: usize| -> Vec<&Message> {
        let mut found: Vec<&Message> =
            there.range(MessageId(id)..).map(|(_, found)| found).filter(shown).take(limit).collect();
        found.reverse();
        found
    };
    // Newest first, whichever way it was asked.
    let found = if let Some(around) = ask.query_number("around")? {
        let mut newer = from(around, limit - limit / 2);
        newer.extend(before(around, limit / 2));
        newer
    } else if let Some(after) = ask.query_number("after")? {
        from(after.saturating_add(1), limit)
    } else {
        before(ask.query_number("before")?.unwrap_or(u64::MAX), limit)
    };
    let answer: Vec<Value> = found.into_iter().map(|found| readable(core, found)).collect();
    Ok(Reply::Json(200, answer.into()))
}

fn send(core: &mut Core, ask: &Ask<'_>, channel: &str) -> Result<Reply, Refused> {
    let channel = place(channel)?;
    let mut new = body::message(&ask.body)?;
    // A reply to something that is gone goes out as a plain message, if the bot said so.
    let lenient = ask.body["message_reference"]["fail_if_not_exists"] == false;
    if lenient && new.reply_to.is_some_and(|reply| core.state.message(channel, reply).is_err()) {
        new.reply_to = None;
    }
    let outcome = core.act(ask, Op::Say { by: core.bot(), channel, message: new })?;
    answer(core, &outcome.answer)
}

fn answer(core: &Core, made: &Answer) -> Result<Reply, Refused> {
    let Answer::Message(channel, id) = *made else { return Err(Refused::internal("no message")) };
    Ok(Reply::Json(200, readable(core, core.state.message(channel, id)?)))
}

fn get(core: &Core, channel: &str, id: &str) -> Result<Reply, Refused> {
    let (channel, id) = (place(channel)?, named(id)?);
    core.state.allow(channel, core.bot(), bits::READ_MESSAGE_HISTORY, core.now())?;
    Ok(Reply::Json(200, readable(core, core.state.message(channel, id)?)))
}

fn edit(core: &mut Core, ask: &Ask<'_>, channel: &str, id: &str) -> Result<Reply, Refused> {
    let (channel, message) = (place(channel)?, named(id)?);
    let edit = body::edit(&ask.body)?;
    let outcome = core.act(ask, Op::Edit { by: core.bot(), channel, message, edit })?;
    answer(core, &outcome.answer)
}

fn delete(core: &mut Core, ask: &Ask<'_>, channel: &str, id: &str) -> Result<Reply, Refused> {
    let (channel, message) = (place(channel)?, named(id)?);
    core.act(ask, Op::Delete { by: core.bot(), channel, message })?;
    Ok(Reply::Empty)
}

fn bulk_delete(core: &mut Core, ask: &Ask<'_>, channel: &str) -> Result<Reply, Refused> {
    let channel = place(channel)?;
    let messages = body::list(&ask.body, "messages")?
        .unwrap_or_default()
        .iter()
        .map(|id| id.as_str().and_then(|id| id.parse().ok()).map(MessageId))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Refused::invalid("messages", "NUMBER_TYPE_COERCE", "Value is not snowflake."))?;
    core.act(ask, Op::BulkDelete { by: core.bot(), channel, messages })?;
    Ok(Reply::Empty)
}

fn react(core: &mut Core, ask: &Ask<'_>, at: (&str, &str), emoji: &str, who: &str) -> Result<Reply, Refused> {
    let (channel, message) = (place(at.0)?, named(at.1)?);
    let (by, emoji) = (core.bot(), emoji.to_owned());
    let user = if who == "@me" { by } else { super::id(who, "user_id", UserId)? };
    let op = match ask.method {
        "PUT" if user == by => Op::React { by, channel, message, emoji },
        "PUT" => return Err(Refused::no_method()),
        _ => Op::Unreact { by, channel, message, emoji, user },
    };
    core.act(ask, op)?;
    Ok(Reply::Empty)
}

fn reacted(core: &Core, ask: &Ask<'_>, at: (&str, &str), emoji: &str) -> Result<Reply, Refused> {
    let (channel, message) = (place(at.0)?, named(at.1)?);
    let limit = ask.limit(25, 100)?;
    core.state.allow(channel, core.bot(), bits::READ_MESSAGE_HISTORY, core.now())?;
    let found = core.state.message(channel, message)?;
    let users = found.reactions.iter().find(|reaction| reaction.emoji == emoji).map(|r| r.users.as_slice());
    let users = users.unwrap_or_default().iter().take(limit);
    let answer: Vec<Value> =
        users.map(|user| crate::rehearsal::platform::wire::user_of(&core.state, *user)).collect();
    Ok(Reply::Json(200, answer.into()))
}
