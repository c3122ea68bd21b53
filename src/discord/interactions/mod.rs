//! Buttons and commands. Discord gives three seconds for an answer, so the answer does not wait for the pipeline: it
//! says that something was received, goes out at once, and what it changes travels as an event.
//!
//! `INTERACTION_CREATE` is read here from the same raw text that [`decode`](super::decode) calls
//! [`Event::Other`]. The token of an interaction lets anybody answer in the bot's name for fifteen minutes; like the
//! bot's own it never prints.

pub mod acknowledge;
pub mod options;
mod reply;
pub mod report;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode;
use crate::domain::event::Message;
use crate::domain::{CaseRef, ChannelId, Event, GuildId, MessageId, ReportRef, Timestamp, UserId};
use options::{Options, WireOption};

pub use reply::Reply;

/// Where an answer goes.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyTo {
    id: u64,
    token: String,
}

impl fmt::Debug for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplyTo({}, …)", self.id)
    }
}

/// Every command to register, as Discord's bulk overwrite takes them.
#[must_use]
pub fn commands() -> serde_json::Value {
    report::commands().into()
}

/// What somebody did with something of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// The button below a page was pressed.
    Acknowledge {
        /// Where the answer goes.
        to: ReplyTo,
        /// Which case.
        case: CaseRef,
        /// Which round of the ladder the page belonged to.
        round: u32,
        /// Who pressed it.
        by: UserId,
        /// The page's text, which stays above the answer.
        page: String,
    },
    /// The button below a page about several cases was pressed.
    AcknowledgeTogether {
        /// Where the answer goes.
        to: ReplyTo,
        /// When they were called.
        at: Timestamp,
        /// Who pressed it.
        by: UserId,
        /// The page's text, which stays above the answer.
        page: String,
    },
    /// Something was reported to safeguarding.
    Report {
        /// Where the answer goes.
        to: ReplyTo,
        /// Who reports.
        by: UserId,
        /// The message they point at, where they point at one.
        message: Option<Box<Message>>,
        /// The person they point at, where it is no message.
        person: Option<UserId>,
        /// What they say in their own words.
        words: Option<Box<Message>>,
        /// The server it happened on; none in direct messages.
        guild: Option<GuildId>,
        /// The reference that they are told.
        reference: ReportRef,
    },
    /// Something that this version does not know (a button of an older one). It still gets an answer.
    Unknown {
        /// Where the answer goes.
        to: ReplyTo,
    },
    /// Nothing to answer: a ping, an autocomplete, a shape that cannot be read.
    Other,
}

impl Interaction {
    /// What it changes, for the pipeline.
    #[must_use]
    pub fn event(&self) -> Option<Event> {
        match self {
            Interaction::Acknowledge { case, by, .. } => {
                Some(Event::Acknowledged { case: *case, by: *by, via: super::page_dm::CHANNEL.to_owned() })
            }
            Interaction::AcknowledgeTogether { at, by, .. } => {
                let via = super::page_dm::CHANNEL.to_owned();
                Some(Event::AcknowledgedTogether { at: *at, by: *by, via })
            }
            Interaction::Report { by, message, person, words, guild, reference, .. } => {
                Some(Event::Reported {
                    by: *by,
                    message: message.clone(),
                    person: *person,
                    words: words.clone(),
                    guild: *guild,
                    reference: *reference,
                })
            }
            Interaction::Unknown { .. } | Interaction::Other => None,
        }
    }

    /// The answer that goes out at once, and where to.
    #[must_use]
    pub fn answer(&self) -> Option<(&ReplyTo, Reply)> {
        match self {
            Interaction::Acknowledge { to, case, by, page, .. } => {
                Some((to, acknowledge::answer(page, *case, *by)))
            }
            Interaction::AcknowledgeTogether { to, by, page, .. } => {
                Some((to, acknowledge::answer_together(page, *by)))
            }
            Interaction::Report { to, reference, .. } => Some((to, report::answer(*reference))),
            Interaction::Unknown { to } => {
                Some((to, Reply::Private(crate::wording::not_any_more().to_owned())))
            }
            Interaction::Other => None,
        }
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    t: Option<String>,
    #[serde(borrow, default)]
    d: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Wire<'a> {
    id: UserId,
    token: String,
    #[serde(rename = "type")]
    kind: u64,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
    #[serde(default)]
    guild_id: Option<GuildId>,
    #[serde(default)]
    channel_id: Option<ChannelId>,
    #[serde(default)]
    member: Option<Member>,
    #[serde(default)]
    user: Option<Account>,
    #[serde(default)]
    message: Option<Page>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(rename = "type", default)]
    kind: u64,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    custom_id: Option<String>,
    #[serde(default)]
    target_id: Option<String>,
    #[serde(borrow, default)]
    resolved: Option<Resolved<'a>>,
    #[serde(default)]
    options: Vec<WireOption>,
}

#[derive(Deserialize)]
struct Resolved<'a> {
    #[serde(borrow, default)]
    messages: BTreeMap<String, &'a RawValue>,
}

#[derive(Deserialize)]
struct Member {
    user: Account,
}

#[derive(Deserialize)]
struct Account {
    id: UserId,
    #[serde(default)]
    username: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    content: String,
}

/// A command on a person (Discord's command types).
const ON_A_PERSON: u64 = 2;
const COMMAND: u64 = 2;
const COMPONENT: u64 = 3;
const MODAL: u64 = 5;

/// Reads one raw frame of the gateway; nothing when it is no interaction at all.
#[must_use]
pub fn parse(raw: &str) -> Option<Interaction> {
    // Cheap first: nearly every frame is something else.
    if raw.len() > decode::LONGEST || !raw.contains("INTERACTION_CREATE") {
        return None;
    }
    let envelope: Envelope = serde_json::from_str(raw).ok()?;
    if envelope.t.as_deref() != Some("INTERACTION_CREATE") {
        return None;
    }
    let wire = envelope.d.and_then(|data| serde_json::from_str::<Wire>(data.get()).ok());
    Some(wire.map_or(Interaction::Other, read))
}

fn read(wire: Wire<'_>) -> Interaction {
    let to = ReplyTo { id: wire.id.0, token: wire.token };
    let account = wire.member.map(|member| member.user).or(wire.user);
    let (Some(Account { id: by, username }), Some(data)) = (account, wire.data) else {
        return Interaction::Other;
    };
    match wire.kind {
        COMPONENT => {
            let pressed = data.custom_id.as_deref().unwrap_or_default();
            let page = wire.message.map(|page| page.content).unwrap_or_default();
            if let Some((case, round)) = acknowledge::read_custom_id(pressed) {
                Interaction::Acknowledge { to, case, round, by, page }
            } else if let Some(at) = acknowledge::read_custom_id_together(pressed) {
                Interaction::AcknowledgeTogether { to, at, by, page }
            } else {
                Interaction::Unknown { to }
            }
        }
        COMMAND if data.name.as_deref().is_some_and(report::is_report) => {
            let target = data.target_id;
            let message = target.as_ref().zip(data.resolved).and_then(|(target, resolved)| {
                let mut message = decode::message_of(resolved.messages.get(target)?.get())?;
                message.guild = message.guild.or(wire.guild_id);
                Some(Box::new(message))
            });
            // A message that could not be read is not taken for a person.
            let person = target.filter(|_| data.kind == ON_A_PERSON).and_then(|target| target.parse().ok());
            let place = (wire.channel_id, wire.guild_id);
            let words = report::words(&Options::of(data.options), wire.id.0, by, &username, place);
            let reference = ReportRef::of(MessageId(wire.id.0));
            Interaction::Report { to, by, message, person, words, guild: wire.guild_id, reference }
        }
        COMMAND | MODAL => Interaction::Unknown { to },
        _ => Interaction::Other,
    }
}
