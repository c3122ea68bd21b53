//! Text that hides elsewhere than in a message's content: embeds, forwards, polls, stickers, component labels.
//!
//! These parts change often and nest, so they are walked as plain JSON: whatever has the shape of text is taken, and
//! nothing in them can make the message itself unreadable.

use serde_json::Value;
use serde_json::value::RawValue;

/// Takes the text of one optional part into `out`; false when the part could not be read at all.
pub(super) fn collect(
    part: Option<&RawValue>,
    walk: fn(&Value, &mut Vec<String>),
    out: &mut Vec<String>,
) -> bool {
    let Some(raw) = part else { return true };
    // Most messages have none of this: the two shapes of nothing are not worth a parse.
    if matches!(raw.get(), "[]" | "{}") {
        return true;
    }
    match serde_json::from_str::<Value>(raw.get()) {
        Ok(value) => {
            walk(&value, out);
            true
        }
        Err(_) => false,
    }
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn take(value: &Value, out: &mut Vec<String>) {
    if let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) {
        out.push(text.to_owned());
    }
}

/// Embeds: title, description, author, fields, footer.
pub(super) fn embeds(value: &Value, out: &mut Vec<String>) {
    for embed in items(value) {
        take(&embed["title"], out);
        take(&embed["description"], out);
        take(&embed["author"]["name"], out);
        for field in items(&embed["fields"]) {
            take(&field["name"], out);
            take(&field["value"], out);
        }
        take(&embed["footer"]["text"], out);
    }
}

/// Forwarded messages: everything that a message can say, once more.
pub(super) fn forwards(value: &Value, out: &mut Vec<String>) {
    for snapshot in items(value) {
        let message = &snapshot["message"];
        take(&message["content"], out);
        embeds(&message["embeds"], out);
        attachments(&message["attachments"], out);
        names(&message["sticker_items"], out);
        components(&message["components"], out);
        poll(&message["poll"], out);
    }
}

/// A poll: its question and its answers.
pub(super) fn poll(value: &Value, out: &mut Vec<String>) {
    take(&value["question"]["text"], out);
    for answer in items(&value["answers"]) {
        take(&answer["poll_media"]["text"], out);
    }
}

/// Stickers: their names.
pub(super) fn names(value: &Value, out: &mut Vec<String>) {
    for named in items(value) {
        take(&named["name"], out);
    }
}

fn attachments(value: &Value, out: &mut Vec<String>) {
    for attachment in items(value) {
        take(&attachment["filename"], out);
        take(&attachment["title"], out);
        take(&attachment["description"], out);
    }
}

/// Components, the second version's text included. The depth is bounded by the parser's own limit.
pub(super) fn components(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.iter().for_each(|item| components(item, out)),
        Value::Object(component) => {
            for key in ["label", "content", "placeholder", "title", "description", "value"] {
                if let Some(text) = component.get(key) {
                    take(text, out);
                }
            }
            for key in ["components", "component", "items", "options", "accessory"] {
                if let Some(inner) = component.get(key) {
                    components(inner, out);
                }
            }
        }
        _ => {}
    }
}
