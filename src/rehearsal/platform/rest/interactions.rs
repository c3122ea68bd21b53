//! The bot's answers to interactions: the callback within three seconds, and what follows through the
//! interaction's own token.

use serde_json::{Value, json};

use super::{Ask, Reply, Routed, body};
use crate::domain::{ChannelId, MessageId};
use crate::rehearsal::platform::core::Core;
use crate::rehearsal::platform::op::{Answer, Op};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::wire;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    Some(match (ask.method, ask.path.as_slice()) {
        ("POST", ["interactions", id, token, "callback"]) => callback(core, ask, id, token),
        ("POST", ["webhooks", application, token]) => follow_up(core, ask, application, token),
        (method @ ("GET" | "PATCH" | "DELETE"), ["webhooks", application, token, "messages", message]) => {
            later(core, ask, method, (application, token), message)
        }
        _ => return None,
    })
}

fn callback(core: &mut Core, ask: &Ask<'_>, id: &str, token: &str) -> Result<Reply, Refused> {
    let interaction = super::id(id, "interaction_id", |id| id)?;
    let known = core.state.interactions.get(&interaction).is_some_and(|found| found.token == token);
    if !known {
        return Err(Refused::unknown_interaction());
    }
    let kind: u8 = body::small(&ask.body, "type")?
        .ok_or_else(|| Refused::invalid("type", "BASE_TYPE_REQUIRED", "This field is required"))?;
    let data = ask.body["data"].clone();
    let outcome = core.act(ask, Op::AnswerInteraction { interaction, kind, data })?;
    if ask.query.get("with_response").is_none_or(|value| value != "true" && value != "1") {
        return Ok(Reply::Empty);
    }
    let found = &core.state.interactions[&interaction];
    let mut answer = json!({
        "interaction": {"id": id, "type": found.kind, "channel_id": found.channel},
        "resource": {"type": kind},
    });
    if let Answer::Message(channel, message) = outcome.answer {
        answer["interaction"]["response_message_id"] = json!(message);
        answer["resource"]["message"] = written(core, channel, message)?;
    }
    Ok(Reply::Json(200, answer))
}

/// The interaction that a token belongs to.
fn by_token(core: &Core, application: &str, token: &str) -> Result<u64, Refused> {
    if application != core.bot().to_string() {
        return Err(Refused::unknown_webhook());
    }
    let found = core.state.interactions.values().rev().find(|found| found.token == token);
    found.map(|found| found.id).ok_or_else(Refused::unknown_webhook)
}

fn written(core: &Core, channel: ChannelId, message: MessageId) -> Result<Value, Refused> {
    let found = core.state.any_message(channel, message).ok_or_else(Refused::unknown_message)?;
    Ok(wire::message::message(&core.state, found))
}

fn follow_up(core: &mut Core, ask: &Ask<'_>, application: &str, token: &str) -> Result<Reply, Refused> {
    let interaction = by_token(core, application, token)?;
    let message = body::message(&ask.body)?;
    let outcome = core.act(ask, Op::FollowUp { interaction, message })?;
    let Answer::Message(channel, message) = outcome.answer else {
        return Err(Refused::internal("no message"));
    };
    Ok(Reply::Json(200, written(core, channel, message)?))
}

fn later(
    core: &mut Core,
    ask: &Ask<'_>,
    method: &str,
    (application, token): (&str, &str),
    message: &str,
) -> Result<Reply, Refused> {
    let interaction = by_token(core, application, token)?;
    let message =
        if message == "@original" { None } else { Some(super::id(message, "message_id", MessageId)?) };
    match method {
        "GET" => {
            let found = &core.state.interactions[&interaction];
            let wanted = message.or(found.original).ok_or_else(Refused::unknown_message)?;
            Ok(Reply::Json(200, written(core, found.channel, wanted)?))
        }
        "PATCH" => {
            let edit = body::edit(&ask.body)?;
            let outcome = core.act(ask, Op::EditFollowUp { interaction, message, edit })?;
            let Answer::Message(channel, message) = outcome.answer else {
                return Err(Refused::internal("no message"));
            };
            Ok(Reply::Json(200, written(core, channel, message)?))
        }
        _ => {
            core.act(ask, Op::DeleteFollowUp { interaction, message })?;
            Ok(Reply::Empty)
        }
    }
}
