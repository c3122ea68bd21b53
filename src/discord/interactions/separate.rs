//! `/separate`: two people who are kept apart.

use serde_json::Value;

use super::form::{on_server, person, sub, text};
use super::options::Options;
use crate::domain::UserId;
use crate::domain::register::SeparationReason;

/// The command's name.
pub const NAME: &str = "separate";

/// What a lead wants of the separations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Keep two people apart.
    Order {
        /// One.
        one: UserId,
        /// The other.
        other: UserId,
        /// Why.
        reason: SeparationReason,
        /// Until which day; not before it is lifted where there is none.
        until: Option<String>,
    },
    /// No longer.
    Lift {
        /// One.
        one: UserId,
        /// The other.
        other: UserId,
    },
    /// Who is kept apart.
    List,
}

pub(super) fn command() -> Value {
    let (one, other) = (|| person("one", "One person").needed(), || person("other", "The other").needed());
    let reasons = SeparationReason::ALL.iter().map(|reason| (reason.as_str(), reason.as_str()));
    on_server(
        NAME,
        "Leads: keep two people apart",
        [
            sub(
                "order",
                "Keep two people apart in every small space",
                [
                    one(),
                    other(),
                    text("reason", "Why; the details belong into the case").needed().one_of(reasons),
                    text("until", "Until this day, like 2026-07-17; else until you lift it").longest(40),
                ],
            ),
            sub("lift", "They need not be kept apart any longer", [one(), other()]),
            sub("list", "Who is kept apart", []),
        ],
    )
}

pub(super) fn read(options: &Options) -> Option<Request> {
    Some(match options.sub.as_deref()? {
        "order" => Request::Order {
            one: options.id("one")?,
            other: options.id("other")?,
            reason: options.text("reason").and_then(SeparationReason::from_code)?,
            until: options.text("until").map(str::to_owned),
        },
        "lift" => Request::Lift { one: options.id("one")?, other: options.id("other")? },
        "list" => Request::List,
        _ => return None,
    })
}
