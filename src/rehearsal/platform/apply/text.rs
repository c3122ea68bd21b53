//! What a message may hold: Discord's limits, and whom its text mentions.

use serde_json::Value;

use crate::domain::{RoleId, UserId};
use crate::rehearsal::platform::op::NewMessage;
use crate::rehearsal::platform::refused::Refused;

/// Longest content of a bot's or ordinary person's message, in characters.
const CONTENT: usize = 2_000;
/// Most characters in all embeds of a message together.
const EMBEDS: usize = 6_000;
/// The flag under which a message is made of components only.
const COMPONENTS_V2: u64 = 1 << 15;

/// Refuses what Discord would refuse of a new message's body.
pub(super) fn check(message: &NewMessage) -> Result<(), Refused> {
    check_content(&message.content)?;
    check_embeds(&message.embeds)?;
    check_components(&message.components)?;
    if message.nonce.as_ref().is_some_and(|nonce| nonce.chars().count() > 25) {
        return Err(Refused::invalid("nonce", "NONCE_TYPE_TOO_LONG", "Nonce must be 25 or fewer in length."));
    }
    if message.attachments.len() > 10 {
        return Err(Refused::too_long("attachments", 10));
    }
    let only_components = message.flags & COMPONENTS_V2 != 0;
    if only_components && (!message.content.is_empty() || !message.embeds.is_empty()) {
        return Err(Refused::invalid(
            "content",
            "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2",
            "Not with IS_COMPONENTS_V2",
        ));
    }
    let something = !message.content.trim().is_empty()
        || !message.embeds.is_empty()
        || !message.attachments.is_empty()
        || !message.components.is_empty()
        || ["poll", "sticker_items", "message_snapshots"]
            .iter()
            .any(|field| message.more.contains_key(*field));
    if something { Ok(()) } else { Err(Refused::empty_message()) }
}

pub(super) fn check_content(content: &str) -> Result<(), Refused> {
    if content.chars().count() > CONTENT { Err(Refused::too_long("content", CONTENT)) } else { Ok(()) }
}

pub(super) fn check_embeds(embeds: &[Value]) -> Result<(), Refused> {
    if embeds.len() > 10 {
        return Err(Refused::too_long("embeds", 10));
    }
    let mut total = 0;
    for (index, embed) in embeds.iter().enumerate() {
        let mut measure = |value: &Value, path: &str, most: usize| {
            let length = value.as_str().map_or(0, |text| text.chars().count());
            total += length;
            let path = format!("embeds.{index}.{path}");
            if length > most { Err(Refused::too_long(&path, most)) } else { Ok(()) }
        };
        measure(&embed["title"], "title", 256)?;
        measure(&embed["description"], "description", 4_096)?;
        measure(&embed["footer"]["text"], "footer.text", 2_048)?;
        measure(&embed["author"]["name"], "author.name", 256)?;
        let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
        if fields.len() > 25 {
            return Err(Refused::too_long(&format!("embeds.{index}.fields"), 25));
        }
        for (at, field) in fields.iter().enumerate() {
            for (part, most) in [("name", 256), ("value", 1_024)] {
                if field[part].as_str().is_none_or(str::is_empty) {
                    let path = format!("embeds.{index}.fields.{at}.{part}");
                    return Err(Refused::invalid(&path, "BASE_TYPE_REQUIRED", "This field is required"));
                }
                measure(&field[part], &format!("fields.{at}.{part}"), most)?;
            }
        }
    }
    if total > EMBEDS {
        return Err(Refused::invalid(
            "embeds",
            "MAX_EMBED_SIZE_EXCEEDED",
            "Embed size exceeds maximum size of 6000",
        ));
    }
    Ok(())
}

pub(super) fn check_components(components: &[Value]) -> Result<(), Refused> {
    if components.len() > 40 {
        return Err(Refused::too_long("components", 40));
    }
    for (index, row) in components.iter().enumerate() {
        let path = format!("components.{index}");
        if row["type"].as_u64() != Some(1) {
            continue;
        }
        let inside = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        if inside.is_empty() || inside.len() > 5 {
            let path = format!("{path}.components");
            return Err(Refused::invalid(
                &path,
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 5 in length.",
            ));
        }
        for (at, component) in inside.iter().enumerate() {
            let path = format!("{path}.components.{at}");
            let link = component["type"] == 2 && component["style"] == 5;
            let named = component["custom_id"].as_str().map_or(0, |id| id.chars().count());
            if !link && !(1..=100).contains(&named) {
                return Err(Refused::invalid(
                    &format!("{path}.custom_id"),
                    "BASE_TYPE_REQUIRED",
                    "This field is required",
                ));
            }
            if component["label"].as_str().is_some_and(|label| label.chars().count() > 80) {
                return Err(Refused::too_long(&format!("{path}.label"), 80));
            }
        }
    }
    Ok(())
}

/// Gives each component a number, as Discord's answers have it.
pub(super) fn numbered(components: &[Value]) -> Vec<Value> {
    fn number(component: &mut Value, next: &mut u64) {
        *next += 1;
        if component["id"].is_null() {
            component["id"] = (*next).into();
        }
        for inner in component.get_mut("components").and_then(Value::as_array_mut).into_iter().flatten() {
            number(inner, next);
        }
        // A label of a form holds one, a section of a message has one beside it.
        for single in ["component", "accessory"] {
            if component[single].is_object() {
                number(&mut component[single], next);
            }
        }
    }
    let mut components = components.to_vec();
    let mut next = 0;
    for component in &mut components {
        number(component, &mut next);
    }
    components
}

/// Embeds as Discord answers them: with their type.
pub(super) fn typed(embeds: &[Value]) -> Vec<Value> {
    let mut embeds = embeds.to_vec();
    for embed in &mut embeds {
        if embed["type"].is_null() {
            embed["type"] = "rich".into();
        }
        if let Some(fields) = embed["fields"].as_array_mut() {
            for field in fields {
                if !field["inline"].is_boolean() {
                    field["inline"] = false.into();
                }
            }
        }
    }
    embeds
}

/// Whom a text mentions.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mentions {
    pub users: Vec<UserId>,
    pub roles: Vec<RoleId>,
    pub everyone: bool,
}

/// Reads `<@1>`, `<@!1>`, `<@&2>`, `@everyone` and `@here`, within what `allowed` (Discord's `allowed_mentions`)
/// lets through.
pub(super) fn mentions(content: &str, allowed: Option<&Value>) -> Mentions {
    let lets = |sort: &str, list: &str, id: u64| match allowed {
        None => true,
        Some(allowed) => {
            let has = |list: &Value, wanted: &str| {
                list.as_array().is_some_and(|all| all.iter().any(|v| v == wanted))
            };
            has(&allowed["parse"], sort) || has(&allowed[list], &id.to_string())
        }
    };
    let mut found = Mentions {
        everyone: (content.contains("@everyone") || content.contains("@here")) && lets("everyone", "", 0),
        ..Mentions::default()
    };
    for part in content.split("<@").skip(1) {
        let Some((inside, _)) = part.split_once('>') else { continue };
        if let Some(id) = inside.strip_prefix('&').and_then(|id| id.parse().ok()) {
            if lets("roles", "roles", id) && !found.roles.contains(&RoleId(id)) {
                found.roles.push(RoleId(id));
            }
        } else if let Ok(id) = inside.trim_start_matches('!').parse()
            && lets("users", "users", id)
            && !found.users.contains(&UserId(id))
        {
            found.users.push(UserId(id));
        }
    }
    found
}
