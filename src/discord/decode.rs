//! From the gateway's raw text to events in the words of the field.
//!
//! [`decode`] never fails and never panics. Unknown fields are ignored, ids may be strings or numbers, `null` counts
//! as absent, and one bad item in a list does not take the others with it. What cannot be read is said to be so:
//! a known event with an unreadable shape becomes [`Event::Unreadable`] (whoever calls keeps the raw text and raises
//! the alarm), beside whatever of it *could* be read. Events that say nothing to Chaperone become [`Event::Other`].
//!
//! Two things that the text alone cannot tell are left to whoever folds the events:
//!
//! * a link preview or a pin on a message that had been edited before arrives as [`Event::Edited`] with the same
//!   `edited_at` and the same words;
//! * the members of a thread come only from a thread's creation and from [`Event::ThreadMembers`]; a
//!   [`Event::SpaceChanged`] for a thread that merely changed has none, which does not mean that it is empty.

mod elsewhere;
mod guild;
mod lenient;
mod message;
mod moderation;
mod space;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::{Event, GuildId};

pub use message::from_history;
pub(super) use message::message_of;
pub(super) use space::{WireOverwrite, from_rest as space_of};

/// The longest text that is read, in bytes. Discord's own payloads stay far below; more is an attack or a fault.
pub const LONGEST: usize = 4 << 20;

/// The longest description of a whole server that is read, in bytes: one with every channel and thread that Discord
/// allows, and its members, is long and still honest.
pub const LONGEST_GUILD: usize = 32 << 20;

/// What one raw text says.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Discord's name for the event (`MESSAGE_CREATE`); empty where there is none to read.
    pub name: String,
    /// What it says, in order. Empty for frames that are not dispatches (heartbeats, hello).
    pub events: Vec<Event>,
}

impl Decoded {
    /// The server that the event belongs to, where it belongs to one.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        self.events.iter().find_map(guild_of)
    }
}

/// Events read from one payload, and how many parts of it could not be.
#[derive(Default)]
struct Read {
    events: Vec<Event>,
    unread: usize,
}

impl From<Event> for Read {
    fn from(event: Event) -> Self {
        Read { events: vec![event], unread: 0 }
    }
}

/// Why a payload is not one event: its shape is wrong, or it says nothing to Chaperone.
enum Unsaid {
    Unreadable,
    Nothing,
}

impl From<serde_json::Error> for Unsaid {
    fn from(_: serde_json::Error) -> Self {
        // The error's text may quote the payload; it goes no further.
        Unsaid::Unreadable
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    op: Option<u64>,
    #[serde(default)]
    t: Option<String>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

/// Reads one text frame of the gateway.
#[must_use]
pub fn decode(raw: &str) -> Decoded {
    let Ok(envelope) = serde_json::from_str::<Envelope>(raw) else {
        return unreadable(String::new(), None);
    };
    let (name, data) = match (envelope.op, envelope.t, envelope.d) {
        (None | Some(0), Some(name), Some(data)) => (name, data.get()),
        // RESUMED may come without data.
        (None | Some(0), Some(name), None) => (name, "{}"),
        (None | Some(0), None, _) => return unreadable(String::new(), None),
        (Some(_), _, _) => return Decoded { name: envelope_name(envelope.op), events: Vec::new() },
    };
    let longest = if name == "GUILD_CREATE" { LONGEST_GUILD } else { LONGEST };
    if raw.len() > longest {
        return unreadable(name, None);
    }
    match dispatch(&name, data) {
        Ok(Read { mut events, unread }) => {
            if unread > 0 {
                let guild = events.iter().find_map(guild_of).or_else(|| hint(&name, data));
                events.push(Event::Unreadable { name: name.clone(), guild });
            }
            Decoded { name, events }
        }
        Err(Unsaid::Nothing) => Decoded { events: vec![Event::Other { name: name.clone() }], name },
        Err(Unsaid::Unreadable) => {
            let guild = hint(&name, data);
            unreadable(name, guild)
        }
    }
}

fn envelope_name(op: Option<u64>) -> String {
    op.map(|op| format!("op {op}")).unwrap_or_default()
}

fn unreadable(name: String, guild: Option<GuildId>) -> Decoded {
    Decoded { events: vec![Event::Unreadable { name: name.clone(), guild }], name }
}

fn dispatch(name: &str, data: &str) -> Result<Read, Unsaid> {
    match name {
        "READY" => guild::ready(data),
        "RESUMED" => Ok(Event::SessionResumed.into()),
        "GUILD_CREATE" => guild::create(data),
        "GUILD_UPDATE" => guild::update(data),
        "GUILD_DELETE" => guild::delete(data),
        "GUILD_ROLE_CREATE" | "GUILD_ROLE_UPDATE" => guild::role(data),
        "GUILD_ROLE_DELETE" => guild::role_gone(data),
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" => guild::member(data),
        "GUILD_MEMBER_REMOVE" => guild::member_gone(data),
        "GUILD_MEMBERS_CHUNK" => guild::members(data),
        "VOICE_STATE_UPDATE" => guild::voice(data),
        "CHANNEL_CREATE" | "CHANNEL_UPDATE" | "THREAD_CREATE" | "THREAD_UPDATE" => space::changed(data),
        "CHANNEL_DELETE" | "THREAD_DELETE" => space::gone(data),
        "THREAD_LIST_SYNC" => space::thread_list(data),
        "THREAD_MEMBERS_UPDATE" => space::thread_members(data),
        "THREAD_MEMBER_UPDATE" => space::own_thread_member(data),
        "MESSAGE_CREATE" => message::said(data),
        "MESSAGE_UPDATE" => message::edited(data),
        "MESSAGE_DELETE" => message::deleted(data),
        "MESSAGE_DELETE_BULK" => message::bulk_deleted(data),
        "MESSAGE_REACTION_ADD" => message::reacted(data, true),
        "MESSAGE_REACTION_REMOVE" => message::reacted(data, false),
        "AUTO_MODERATION_ACTION_EXECUTION" => moderation::blocked(data),
        "GUILD_AUDIT_LOG_ENTRY_CREATE" => moderation::audit(data),
        _ => Err(Unsaid::Nothing),
    }
}

/// The server of a payload that could not be read otherwise.
fn hint(name: &str, data: &str) -> Option<GuildId> {
    #[derive(Deserialize)]
    struct Hint<'a> {
        #[serde(borrow, default)]
        guild_id: Option<&'a RawValue>,
        #[serde(borrow, default)]
        id: Option<&'a RawValue>,
    }
    let hint: Hint = serde_json::from_str(data).ok()?;
    let own = if matches!(name, "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE") { hint.id } else { None };
    hint.guild_id.or(own).and_then(|raw| serde_json::from_str(raw.get()).ok())
}

/// The server that an event belongs to, where it belongs to one.
#[must_use]
pub fn guild_of(event: &Event) -> Option<GuildId> {
    match event {
        Event::Guild(snapshot) => Some(snapshot.id),
        Event::SpaceChanged(space) => Some(space.guild),
        Event::Said(message) | Event::Edited(message) => message.guild,
        Event::GuildChanged { guild, .. }
        | Event::GuildGone { guild, .. }
        | Event::RoleChanged { guild, .. }
        | Event::RoleGone { guild, .. }
        | Event::MemberChanged { guild, .. }
        | Event::Members { guild, .. }
        | Event::MemberGone { guild, .. }
        | Event::SpaceGone { guild, .. }
        | Event::SpaceHidden { guild, .. }
        | Event::ThreadMembers { guild, .. }
        | Event::ThreadMembersListed { guild, .. }
        | Event::Voice { guild, .. }
        | Event::Blocked { guild, .. }
        | Event::Audit { guild, .. } => Some(*guild),
        Event::Deleted { guild, .. }
        | Event::Reacted { guild, .. }
        | Event::Reported { guild, .. }
        | Event::Unreadable { guild, .. } => *guild,
        Event::SessionBegan { .. }
        | Event::SessionResumed
        | Event::Acknowledged { .. }
        | Event::AcknowledgedTogether { .. }
        | Event::AcknowledgedByLink(_)
        | Event::Handled { .. }
        | Event::Travelled { .. }
        | Event::Register(_)
        | Event::Outcome { .. }
        | Event::Due
        | Event::Started { .. }
        | Event::Gap { .. }
        | Event::AttestationDue { .. }
        | Event::Other { .. } => None,
    }
}
