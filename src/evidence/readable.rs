//! What a lead reads: the exhibits opened, their exact bytes, the messages found in them, and a timeline.
//!
//! These files hold the words of young people. They are made only with an identity, and only where its owner asked.
//! Images are never fetched: an attachment is listed as withheld, its link as plain text.

use serde::Serialize;
use serde_json::Value;

use super::casefile::{CaseSummary, ChronologyLine, json_line, path};
use super::chat_export;
use super::commitment::{Exhibit, header};
use super::entry::Class;
use super::timeline;
use crate::domain::Timestamp;

/// An exhibit that was opened.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Its number in the bundle, from 1.
    pub number: usize,
    /// Its label.
    pub label: String,
    /// When it happened, as its log entry says.
    pub at: Timestamp,
    /// The class of its log entry.
    pub class: Class,
    /// Its content.
    pub exhibit: Exhibit,
}

/// A message found in an exhibit's bytes, as Discord's own fields give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The exhibit's label.
    pub exhibit: String,
    /// The exhibit's kind, a code.
    pub kind: String,
    /// Message id.
    pub id: String,
    /// Server id, where the payload says it.
    pub guild: Option<String>,
    /// Space (channel or thread) id.
    pub space: String,
    /// When it was posted, as Discord wrote it.
    pub timestamp: String,
    /// When it was last edited, as Discord wrote it.
    pub edited: Option<String>,
    /// Author's user id.
    pub author: String,
    /// Author's name as shown at that moment.
    pub name: String,
    /// Author's user name.
    pub user_name: String,
    /// Written by an application.
    pub bot: bool,
    /// The words.
    pub content: String,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// What was attached and not copied.
    pub withheld: Vec<Attachment>,
}

/// An attachment's record; its bytes were never fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attachment {
    /// The platform's id.
    pub id: String,
    /// File name.
    pub name: String,
    /// Media type as stated.
    pub media_type: String,
    /// Bytes as stated.
    pub size: Option<u64>,
    /// Where it was; to be reported, not opened.
    pub link: String,
}

/// The readable files by path relative to their folder, in a fixed order.
#[must_use]
pub fn files(case: &CaseSummary, chronology: &[ChronologyLine], opened: &[Opened]) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut messages = Vec::new();
    for one in opened {
        let number = one.number;
        files.push((path::readable_exhibit(number), one.exhibit.to_bytes()));
        files.push((raw_path(number, &one.exhibit), one.exhibit.payload().to_vec()));
        messages.extend(messages_in(one));
    }
    files
        .push(("messages.jsonl".to_owned(), messages.iter().map(json_line).collect::<String>().into_bytes()));
    files.extend(chat_export::files(&messages, &case.exported_at.to_string()));
    files
        .push(("timeline.html".to_owned(), timeline::html(case, chronology, opened, &messages).into_bytes()));
    files
}

/// Where the exact bytes of an exhibit stand.
pub(super) fn raw_path(number: usize, exhibit: &Exhibit) -> String {
    let json = [header::CONTENT_TYPE, "media-type"]
        .iter()
        .any(|name| exhibit.header(name) == Some("application/json"));
    format!("raw/{number:04}.{}", if json { "json" } else { "bin" })
}

/// The messages in an exhibit: a gateway event, a message, or a list of either (context). Several versions of one message
/// stand line by line.
fn messages_in(opened: &Opened) -> Vec<Message> {
    let mut found = Vec::new();
    for value in serde_json::Deserializer::from_slice(opened.exhibit.payload()).into_iter::<Value>() {
        // What follows bytes that are no JSON cannot be told apart from them.
        let Ok(value) = value else { break };
        collect(&value, opened, &mut found, 4);
    }
    found
}

fn collect(value: &Value, opened: &Opened, found: &mut Vec<Message>, depth: usize) {
    if depth == 0 {
        return;
    }
    if let Value::Array(items) = value {
        for item in items {
            collect(item, opened, found, depth - 1);
        }
    } else if let Some(message) = message(value, opened) {
        found.push(message);
    } else if let Some(inner) = value.get("d").or_else(|| value.get("messages")) {
        collect(inner, opened, found, depth - 1);
    }
}

fn message(value: &Value, opened: &Opened) -> Option<Message> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let author = value.get("author")?;
    Some(Message {
        exhibit: opened.label.clone(),
        kind: opened.exhibit.header(header::KIND).unwrap_or(opened.class.as_str()).to_owned(),
        id: text(value, "id")?,
        guild: text(value, "guild_id"),
        space: text(value, "channel_id").unwrap_or_default(),
        timestamp: text(value, "timestamp").unwrap_or_default(),
        edited: text(value, "edited_timestamp"),
        author: text(author, "id").unwrap_or_default(),
        user_name: text(author, "username").unwrap_or_default(),
        bot: author.get("bot").and_then(Value::as_bool).unwrap_or(false),
        name: value
            .get("member")
            .and_then(|member| text(member, "nick"))
            .or_else(|| text(author, "global_name"))
            .or_else(|| text(author, "username"))
            .unwrap_or_default(),
        content: text(value, "content")?,
        reply_to: value.get("message_reference").and_then(|reference| text(reference, "message_id")),
        withheld: value
            .get("attachments")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|a| Attachment {
                id: text(a, "id").unwrap_or_default(),
                name: text(a, "filename").unwrap_or_default(),
                media_type: text(a, "content_type").unwrap_or_default(),
                size: a.get("size").and_then(Value::as_u64),
                link: text(a, "url").unwrap_or_default(),
            })
            .collect(),
    })
}
