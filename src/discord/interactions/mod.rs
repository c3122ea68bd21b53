//! Buttons and commands. Discord gives three seconds for an answer, so the answer does not wait for the pipeline: it
//! says that something was received, goes out at once, and what it changes travels as an event.
//!
//! `INTERACTION_CREATE` is read here from the same raw text that [`decode`](super::decode) calls
//! [`Event::Other`]. The token of an interaction lets anybody answer in the bot's name for fifteen minutes; like the
//! bot's own it never prints.

pub mod acknowledge;
pub mod contact;
pub mod enrol;
mod form;
pub mod look;
pub mod options;
mod reply;
pub mod report;
pub mod separate;
pub mod session;

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
    let mut all = report::commands();
    all.extend([session::command(), contact::command(), separate::command(), enrol::command()]);
    all.extend(look::commands());
    all.into()
}

/// A command of workers and leads, as somebody filled it in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Where the answer goes.
    pub to: ReplyTo,
    /// Its id; its upper bits are the time at which it was used.
    pub id: MessageId,
    /// Who used it.
    pub by: UserId,
    /// On which server.
    pub guild: Option<GuildId>,
    /// In which space.
    pub space: Option<ChannelId>,
    /// What they want.
    pub asked: Asked,
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Of the calendar.
    Session(session::Request),
    /// Of the contact plans.
    Contact(contact::Request),
    /// Of the separations.
    Separate(separate::Request),
    /// Of the roster.
    Enrol(enrol::Request),
    /// To see the roster.
    Roster {
        /// Of one person only.
        person: Option<UserId>,
    },
    /// To see how the system stands.
    Status,
    /// To know why a space was closed.
    Why {
        /// Which; else the one that they are in.
        space: Option<ChannelId>,
    },
    /// To open a space again.
    Unlock {
        /// The space and the adult, as they were offered.
        lock: String,
    },
}

/// What is offered while somebody types.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// Where the choices go.
    pub to: ReplyTo,
    /// Who types.
    pub by: UserId,
    /// On which server.
    pub guild: Option<GuildId>,
    /// The command.
    pub command: String,
    /// What is filled in so far.
    pub options: Options,
}

/// What a command of workers and leads asks for; none when it is not one, or not filled in as it was registered.
fn asked(name: &str, options: &Options) -> Option<Asked> {
    Some(match name {
        session::NAME => Asked::Session(session::read(options)?),
        contact::NAME => Asked::Contact(contact::read(options)?),
        separate::NAME => Asked::Separate(separate::read(options)?),
        enrol::NAME => Asked::Enrol(enrol::read(options)?),
        look::ROSTER => Asked::Roster { person: options.id("person") },
        look::STATUS => Asked::Status,
        look::WHY => Asked::Why { space: options.id("space") },
        look::UNLOCK => Asked::Unlock { lock: options.text("lock")?.to_owned() },
        _ => return None,
    })
}

/// What somebody did with something of ours.
#[derive(Clone, Debug, PartialEq)]
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
        /// It is about somebody in charge.
        past_the_line: bool,
    },
    /// A command of workers and leads.
    Command(Box<Call>),
    /// A calendar file is to be imported: a form opens in which its text is pasted.
    Form {
        /// Where the form goes.
        to: ReplyTo,
        /// What they chose so far.
        people: session::ImportPeople,
    },
    /// Somebody types, and Discord asks what to offer.
    Offer(Box<Offer>),
    /// Something that this version does not know (a button of an older one). It still gets an answer.
    Unknown {
        /// Where the answer goes.
        to: ReplyTo,
    },
    /// Nothing to answer: a ping, a shape that cannot be read.
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
            Interaction::Report { by, message, person, words, guild, reference, past_the_line, .. } => {
                Some(Event::Reported {
                    past_the_line: *past_the_line,
                    by: *by,
                    message: message.clone(),
                    person: *person,
                    words: words.clone(),
                    guild: *guild,
                    reference: *reference,
                })
            }
            Interaction::Command(_)
            | Interaction::Form { .. }
            | Interaction::Offer(_)
            | Interaction::Unknown { .. }
            | Interaction::Other => None,
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
            Interaction::Report { to, reference, past_the_line, .. } => {
                Some((to, report::answer(*reference, *past_the_line)))
            }
            // Who may book is asked when the form comes back.
            Interaction::Form { to, people } => Some((to, Reply::Form(people.form()))),
            Interaction::Unknown { to } => {
                Some((to, Reply::Private(crate::wording::not_any_more().to_owned())))
            }
            // What these say depends on what is decided.
            Interaction::Command(_) | Interaction::Offer(_) | Interaction::Other => None,
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
    #[serde(default)]
    components: Vec<Row>,
}

/// A row of a form as it was sent.
#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    components: Vec<Filled>,
}

#[derive(Deserialize)]
struct Filled {
    #[serde(default)]
    custom_id: String,
    #[serde(default)]
    value: String,
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
/// Somebody types in a field for which choices are offered.
const CHOICES: u64 = 4;
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
            let options = Options::of(data.options);
            let words = report::words(&options, wire.id.0, by, &username, place);
            let (person, past_the_line) =
                (person.or_else(|| report::who(&options)), report::is_past_the_line(&options));
            let reference = ReportRef::of(MessageId(wire.id.0));
            let guild = wire.guild_id;
            Interaction::Report { to, by, message, person, words, guild, reference, past_the_line }
        }
        CHOICES => {
            let (command, options) = (data.name.unwrap_or_default(), Options::of(data.options));
            Interaction::Offer(Box::new(Offer { to, by, guild: wire.guild_id, command, options }))
        }
        COMMAND => {
            let options = Options::of(data.options);
            if data.name.as_deref() == Some(session::NAME)
                && let Some(people) = session::asks_for_form(&options)
            {
                return Interaction::Form { to, people };
            }
            let Some(asked) = asked(data.name.as_deref().unwrap_or_default(), &options) else {
                return Interaction::Unknown { to };
            };
            let (id, guild, space) = (MessageId(wire.id.0), wire.guild_id, wire.channel_id);
            Interaction::Command(Box::new(Call { to, id, by, guild, space, asked }))
        }
        MODAL => {
            let rows = data.components.into_iter().flat_map(|row| row.components);
            let fields = rows.map(|field| (field.custom_id, field.value)).collect();
            let Some(request) = session::read_form(&data.custom_id.unwrap_or_default(), &fields) else {
                return Interaction::Unknown { to };
            };
            let (id, guild, space) = (MessageId(wire.id.0), wire.guild_id, wire.channel_id);
            let asked = Asked::Session(request);
            Interaction::Command(Box::new(Call { to, id, by, guild, space, asked }))
        }
        _ => Interaction::Other,
    }
}
