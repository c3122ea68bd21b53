//! Bodies of requests, read strictly: a field of the wrong type is 50035, as with Discord.

use serde_json::{Map, Value};

use crate::domain::{ChannelId, MessageId, Timestamp};
use crate::rehearsal::platform::model::{Attachment, Overwrite};
use crate::rehearsal::platform::op::{ChannelEdit, MessageEdit, NewMessage};
use crate::rehearsal::platform::refused::Refused;

type Read<T> = Result<T, Refused>;

fn wrong(field: &str, code: &str, wanted: &str) -> Refused {
    Refused::invalid(field, code, wanted)
}

/// A string; none when missing or null.
pub fn text(body: &Value, field: &str) -> Read<Option<String>> {
    match &body[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        _ => Err(wrong(field, "BASE_TYPE_CONVERT", "Could not interpret value as string.")),
    }
}

/// A string that must be there.
pub fn required(body: &Value, field: &str) -> Read<String> {
    text(body, field)?.ok_or_else(|| wrong(field, "BASE_TYPE_REQUIRED", "This field is required"))
}

/// A whole number, also from a string of digits (as Discord takes permission bits).
pub fn number(body: &Value, field: &str) -> Read<Option<u64>> {
    let bad = || wrong(field, "NUMBER_TYPE_COERCE", "Value is not an integer.");
    match &body[field] {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_u64().map(Some).ok_or_else(bad),
        Value::String(digits) => digits.parse().map(Some).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

/// A number that fits a smaller type.
pub fn small<T: TryFrom<u64>>(body: &Value, field: &str) -> Read<Option<T>> {
    number(body, field)?
        .map(|number| T::try_from(number).map_err(|_| wrong(field, "NUMBER_TYPE_MAX", "Value is too large.")))
        .transpose()
}

/// A snowflake; none when missing or null.
pub fn snowflake(body: &Value, field: &str) -> Read<Option<u64>> {
    number(body, field).map_err(|_| wrong(field, "NUMBER_TYPE_COERCE", "Value is not snowflake."))
}

/// True or false; none when missing or null.
pub fn flag(body: &Value, field: &str) -> Read<Option<bool>> {
    match &body[field] {
        Value::Null => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        _ => Err(wrong(field, "BASE_TYPE_CONVERT", "Could not interpret value as boolean.")),
    }
}

/// A list; none when missing or null.
pub fn list(body: &Value, field: &str) -> Read<Option<Vec<Value>>> {
    match &body[field] {
        Value::Null => Ok(None),
        Value::Array(all) => Ok(Some(all.clone())),
        _ => Err(wrong(field, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")),
    }
}

/// A moment as ISO 8601; none when missing or null.
pub fn moment(body: &Value, field: &str) -> Read<Option<Timestamp>> {
    text(body, field)?
        .map(|text| {
            Timestamp::parse_rfc3339(&text)
                .map_err(|_| wrong(field, "DATE_TIME_TYPE_PARSE", "Could not parse. Should be ISO8601."))
        })
        .transpose()
}

/// True when the field is written at all, be it null.
pub fn has(body: &Value, field: &str) -> bool {
    body.as_object().is_some_and(|fields| fields.contains_key(field))
}

/// A message to send.
///
/// # Errors
/// 50035 naming the field.
pub fn message(body: &Value) -> Read<NewMessage> {
    let nonce = text(body, "nonce")?;
    let mut more = Map::new();
    if body["poll"].is_object() {
        more.insert("poll".to_owned(), body["poll"].clone());
    }
    let attachments = list(body, "attachments")?
        .unwrap_or_default()
        .iter()
        .map(|file| {
            Ok(Attachment {
                id: 0,
                filename: text(file, "filename")?.unwrap_or_else(|| "file".to_owned()),
                content_type: None,
                size: 0,
                description: text(file, "description")?,
            })
        })
        .collect::<Read<Vec<_>>>()?;
    Ok(NewMessage {
        content: text(body, "content")?.unwrap_or_default(),
        reply_to: snowflake(&body["message_reference"], "message_id")?.map(MessageId),
        attachments,
        embeds: list(body, "embeds")?.unwrap_or_default(),
        components: list(body, "components")?.unwrap_or_default(),
        flags: number(body, "flags")?.unwrap_or(0),
        nonce,
        enforce_nonce: flag(body, "enforce_nonce")?.unwrap_or(false),
        allowed_mentions: Some(body["allowed_mentions"].clone()).filter(Value::is_object),
        more,
    })
}

/// A change of a message: what is missing stays; null empties.
///
/// # Errors
/// 50035 naming the field.
pub fn edit(body: &Value) -> Read<MessageEdit> {
    let emptied = |field: &str, found: Option<Vec<Value>>| {
        if has(body, field) { Some(found.unwrap_or_default()) } else { None }
    };
    Ok(MessageEdit {
        content: if has(body, "content") { Some(text(body, "content")?.unwrap_or_default()) } else { None },
        embeds: emptied("embeds", list(body, "embeds")?),
        components: emptied("components", list(body, "components")?),
        flags: number(body, "flags")?,
        preview: false,
    })
}

/// An overwrite inside a list, where it names whom it is for.
///
/// # Errors
/// 50035 naming the field.
pub fn overwrite(body: &Value) -> Read<Overwrite> {
    Ok(Overwrite {
        id: snowflake(body, "id")?
            .ok_or_else(|| wrong("id", "BASE_TYPE_REQUIRED", "This field is required"))?,
        kind: kind_of_overwrite(body)?,
        allow: number(body, "allow")?.unwrap_or(0),
        deny: number(body, "deny")?.unwrap_or(0),
    })
}

/// 0 for a role, 1 for a member.
///
/// # Errors
/// 50035 for anything else.
pub fn kind_of_overwrite(body: &Value) -> Read<u8> {
    match number(body, "type")? {
        Some(0) => Ok(0),
        Some(1) => Ok(1),
        _ => Err(wrong("type", "BASE_TYPE_CHOICES", "Value must be one of (0, 1).")),
    }
}

/// All overwrites of a channel; none when the field is missing.
///
/// # Errors
/// 50035 naming the field.
pub fn overwrites(body: &Value) -> Read<Option<Vec<Overwrite>>> {
    list(body, "permission_overwrites")?.map(|all| all.iter().map(overwrite).collect()).transpose()
}

/// A change of a channel or thread.
///
/// # Errors
/// 50035 naming the field.
pub fn channel_edit(body: &Value) -> Read<ChannelEdit> {
    let auto_archive: Option<u32> = small(body, "auto_archive_duration")?;
    if auto_archive.is_some_and(|minutes| ![60, 1440, 4320, 10080].contains(&minutes)) {
        return Err(wrong(
            "auto_archive_duration",
            "BASE_TYPE_CHOICES",
            "Value must be one of (60, 1440, 4320, 10080).",
        ));
    }
    Ok(ChannelEdit {
        name: text(body, "name")?,
        topic: if has(body, "topic") { Some(text(body, "topic")?) } else { None },
        parent: if has(body, "parent_id") {
            Some(snowflake(body, "parent_id")?.map(ChannelId))
        } else {
            None
        },
        position: small(body, "position")?,
        slow_mode: small(body, "rate_limit_per_user")?,
        overwrites: overwrites(body)?,
        archived: flag(body, "archived")?,
        locked: flag(body, "locked")?,
        invitable: flag(body, "invitable")?,
        auto_archive,
    })
}
