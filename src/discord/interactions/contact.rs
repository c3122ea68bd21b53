//! `/contact`: plans for one adult and one young person.

use serde_json::Value;

use super::form::{on_server, person, sub, text};
use super::options::Options;
use crate::domain::UserId;
use crate::domain::register::Purpose;

/// The command's name.
pub const NAME: &str = "contact";

/// What somebody wants of the contact plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A new plan, for somebody else to approve.
    Propose(Box<Proposal>),
    /// It is agreed.
    Approve {
        /// Which.
        plan: String,
    },
    /// It is not.
    Decline {
        /// Which.
        plan: String,
    },
    /// It is over.
    End {
        /// Which.
        plan: String,
    },
    /// What is planned.
    List,
}

/// A plan as somebody filled it in; times as they wrote them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The adult.
    pub adult: UserId,
    /// The young person.
    pub young_person: UserId,
    /// What for.
    pub purpose: Purpose,
    /// When a time begins.
    pub starts: String,
    /// When it ends.
    pub ends: String,
    /// Every week until this day.
    pub weekly_until: Option<String>,
    /// Who watches.
    pub observer: Option<UserId>,
    /// Where the charity's own record is filed.
    pub reference: Option<String>,
}

pub(super) fn command() -> Value {
    let which = |what| text("plan", what).needed().offered();
    on_server(
        NAME,
        "Contact plans: one adult and one young person, seen by somebody, agreed by somebody else",
        [
            sub(
                "propose",
                "Propose a plan",
                [
                    person("adult", "The adult").needed(),
                    person("young_person", "The young person").needed(),
                    text("purpose", "What for")
                        .needed()
                        .one_of(Purpose::ALL.iter().map(|purpose| (purpose.as_str(), purpose.as_str()))),
                    text("starts", "When it begins, like Wed 16:00").needed().longest(40),
                    text("ends", "When it ends, like 16:30").needed().longest(40),
                    person("observer", "Who watches"),
                    text("weekly_until", "Every week until this day, like 2026-07-17").longest(40),
                    text("reference", "Where your own record of it is filed").longest(100),
                ],
            ),
            sub("approve", "Leads: agree to a plan, never to your own", [which("Which plan")]),
            sub("decline", "Leads: do not agree to a plan", [which("Which plan")]),
            sub("end", "A plan is over before its time", [which("Which plan")]),
            sub("list", "What is planned and what waits", []),
        ],
    )
}

pub(super) fn read(options: &Options) -> Option<Request> {
    let plan = || options.text("plan").map(str::to_owned);
    Some(match options.sub.as_deref()? {
        "propose" => Request::Propose(Box::new(Proposal {
            adult: options.id("adult")?,
            young_person: options.id("young_person")?,
            purpose: options.text("purpose").and_then(Purpose::from_code).unwrap_or_default(),
            starts: options.text("starts")?.to_owned(),
            ends: options.text("ends")?.to_owned(),
            weekly_until: options.text("weekly_until").map(str::to_owned),
            observer: options.id("observer"),
            reference: options.text("reference").map(str::to_owned),
        })),
        "approve" => Request::Approve { plan: plan()? },
        "decline" => Request::Decline { plan: plan()? },
        "end" => Request::End { plan: plan()? },
        "list" => Request::List,
        _ => return None,
    })
}
