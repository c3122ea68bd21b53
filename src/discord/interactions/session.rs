//! `/session`: agreed times in agreed spaces.

use serde_json::Value;

use super::form::{number, on_server, person, space, sub, text, yes};
use super::options::Options;
use crate::domain::{ChannelId, UserId};

/// The command's name.
pub const NAME: &str = "session";

/// How many minutes a session may be opened before its start, at most.
pub const EARLIEST: i64 = 30;

/// What somebody wants of the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A new session.
    Book(Box<Booking>),
    /// Begin before the start.
    Open {
        /// Which.
        session: String,
    },
    /// End later.
    Extend {
        /// Which.
        session: String,
        /// By how many minutes.
        minutes: i64,
    },
    /// End now.
    Close {
        /// Which.
        session: String,
    },
    /// It does not take place.
    Cancel {
        /// Which.
        session: String,
        /// Every time that is still to come.
        all: bool,
    },
    /// Two-adult cover is relaxed, on record.
    Relax {
        /// Which.
        session: String,
        /// The record that says why.
        reference: String,
    },
    /// What is booked.
    List,
}

/// A session as somebody filled it in; times as they wrote them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Booking {
    /// What it is called.
    pub name: String,
    /// Its spaces.
    pub spaces: Vec<ChannelId>,
    /// When it starts.
    pub starts: String,
    /// When it ends.
    pub ends: String,
    /// Its leaders.
    pub leaders: Vec<UserId>,
    /// Who steps in.
    pub standby: Option<UserId>,
    /// Where the risk assessment is filed.
    pub risk_assessment: String,
    /// Who signed it.
    pub signed_by: Option<UserId>,
    /// Every week until this day.
    pub weekly_until: Option<String>,
    /// How many minutes before its start it may be opened.
    pub early: i64,
}

pub(super) fn command() -> Value {
    let which = || text("session", "Which session").needed().offered();
    on_server(
        NAME,
        "Sessions: agreed times in agreed spaces",
        [
            sub(
                "book",
                "Book a session",
                [
                    text("name", "What it is called, like Art club").needed().longest(60),
                    space("space", "Where").needed(),
                    text("starts", "When it starts, like Tue 18:00 or 2026-03-03 18:00").needed().longest(40),
                    text("ends", "When it ends, like 20:00").needed().longest(40),
                    person("leader", "A leader").needed(),
                    person("second_leader", "A second leader").needed(),
                    person("standby", "Who steps in when a leader cannot").needed(),
                    text("risk_assessment", "Where the risk assessment is filed").needed().longest(100),
                    person("signed_by", "Who signed the risk assessment; not you").needed(),
                    text("weekly_until", "Every week until this day, like 2026-07-17").longest(40),
                    number("early", "How many minutes before its start it may be opened", 0, EARLIEST),
                    space("second_space", "Another space of the same session"),
                ],
            ),
            sub("open", "Begin now, before the booked start", [which()]),
            sub(
                "extend",
                "End later than booked",
                [which(), number("minutes", "By how many minutes", 5, 60).needed()],
            ),
            sub("close", "End now", [which()]),
            sub(
                "cancel",
                "It does not take place",
                [which(), yes("all", "Every time that is still to come, not only the next")],
            ),
            sub(
                "relax",
                "Leads: one adult alone is enough for this session, on record",
                [which(), text("reference", "The record that says why").needed().longest(100)],
            ),
            sub("list", "What is booked", []),
        ],
    )
}

pub(super) fn read(options: &Options) -> Option<Request> {
    let session = || options.text("session").map(str::to_owned);
    Some(match options.sub.as_deref()? {
        "book" => Request::Book(Box::new(Booking {
            name: options.text("name")?.to_owned(),
            spaces: ["space", "second_space"].iter().filter_map(|name| options.id(name)).collect(),
            starts: options.text("starts")?.to_owned(),
            ends: options.text("ends")?.to_owned(),
            leaders: ["leader", "second_leader"].iter().filter_map(|name| options.id(name)).collect(),
            standby: options.id("standby"),
            risk_assessment: options.text("risk_assessment")?.to_owned(),
            signed_by: options.id("signed_by"),
            weekly_until: options.text("weekly_until").map(str::to_owned),
            early: options.number("early").unwrap_or(0),
        })),
        "open" => Request::Open { session: session()? },
        "extend" => Request::Extend { session: session()?, minutes: options.number("minutes")? },
        "close" => Request::Close { session: session()? },
        "cancel" => Request::Cancel { session: session()?, all: options.yes("all") },
        "relax" => Request::Relax { session: session()?, reference: options.text("reference")?.to_owned() },
        "list" => Request::List,
        _ => return None,
    })
}
