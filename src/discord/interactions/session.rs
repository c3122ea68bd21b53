//! `/session`: agreed times in agreed spaces.

use std::collections::BTreeMap;

use serde_json::{Value, json};

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
    /// Every session of a calendar file that was pasted.
    Import(Box<Import>),
    /// What is booked.
    List,
}

/// A calendar file (`.ics`) as somebody pasted it, with what they add to it. (An attachment would have to be fetched, and
/// no file is ever fetched.)
#[derive(Clone, PartialEq, Eq)]
pub struct Import {
    /// What they chose before the form opened.
    pub people: ImportPeople,
    /// Where the risk assessment is filed.
    pub risk_assessment: String,
    /// The file's text.
    pub text: String,
}

impl std::fmt::Debug for Import {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Import({:?}, {} bytes)", self.people, self.text.len())
    }
}

/// Who is responsible for the sessions of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportPeople {
    /// Its leaders.
    pub leaders: [UserId; 2],
    /// Who steps in.
    pub standby: UserId,
    /// Who signed the risk assessment.
    pub signed_by: UserId,
    /// Only to be shown what would be booked.
    pub only_show: bool,
}

/// Characters that a field of a form takes, at most (Discord's limit).
const LONGEST_FIELD: u32 = 4_000;
const CALENDAR: &str = "calendar";
const RISK_ASSESSMENT: &str = "risk_assessment";

impl ImportPeople {
    fn read(options: &Options) -> Option<ImportPeople> {
        Some(ImportPeople {
            leaders: [options.id("leader")?, options.id("second_leader")?],
            standby: options.id("standby")?,
            signed_by: options.id("signed_by")?,
            only_show: options.yes("only_show"),
        })
    }

    /// The form in which a file is pasted. Who was chosen travels in its name, so that nothing has to be remembered.
    pub(super) fn form(&self) -> Value {
        let ids = [self.leaders[0], self.leaders[1], self.standby, self.signed_by];
        let ids: Vec<String> = ids.iter().map(|id| format!("{:x}", id.0)).collect();
        let name = format!("import:{}:{}", ids.join("."), u8::from(self.only_show));
        let field = |id: &str, label: &str, style: u8, longest: u32| {
            let field = json!({
                "type": 4, "custom_id": id, "label": label, "style": style, "required": true, "max_length": longest,
            });
            json!({ "type": 1, "components": [field] })
        };
        json!({
            "custom_id": name,
            "title": "Sessions of a calendar file",
            "components": [
                field(CALENDAR, "The text of the .ics file", 2, LONGEST_FIELD),
                field(RISK_ASSESSMENT, "Where the risk assessment is filed", 1, 64),
            ],
        })
    }

    fn of_form(name: &str) -> Option<ImportPeople> {
        let (ids, only_show) = name.strip_prefix("import:")?.split_once(':')?;
        let ids: Vec<UserId> =
            ids.split('.').map(|id| u64::from_str_radix(id, 16).ok().map(UserId)).collect::<Option<_>>()?;
        let [leader, second, standby, signed_by] = ids[..] else { return None };
        Some(ImportPeople { leaders: [leader, second], standby, signed_by, only_show: only_show == "1" })
    }
}

/// What was sent with the form of an import; none when it is another form.
pub(super) fn read_form(name: &str, fields: &BTreeMap<String, String>) -> Option<Request> {
    let people = ImportPeople::of_form(name)?;
    let risk_assessment = fields.get(RISK_ASSESSMENT)?.trim().to_owned();
    Some(Request::Import(Box::new(Import { people, risk_assessment, text: fields.get(CALENDAR)?.clone() })))
}

/// Who was chosen for an import, before the form opens.
pub(super) fn asks_for_form(options: &Options) -> Option<ImportPeople> {
    (options.sub.as_deref() == Some("import")).then(|| ImportPeople::read(options)).flatten()
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
            sub(
                "import",
                "Book the sessions of a calendar file (.ics): all of them or none; a form opens for its text",
                [
                    person("leader", "A leader of all of them").needed(),
                    person("second_leader", "A second leader").needed(),
                    person("standby", "Who steps in when a leader cannot").needed(),
                    person("signed_by", "Who signed the risk assessment; not you").needed(),
                    yes("only_show", "Book nothing, only say what would be booked"),
                ],
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
