//! REST v10: one file a family of routes. A route reads the request, turns it into an [`Op`](super::op::Op) of the
//! bot's, and writes the answer from the state, all under one lock; what is allowed is decided where the op is
//! applied, for people and the bot alike.

pub mod body;
mod channels;
mod commands;
mod gateway;
mod guilds;
mod interactions;
mod members;
mod messages;
pub mod serve;
mod threads;
mod users;

use std::collections::BTreeMap;

use serde_json::Value;

use super::core::{Core, Outcome};
use super::op::Op;
use super::refused::Refused;
use crate::domain::{Timestamp, UserId};

/// A request, taken apart.
#[derive(Debug)]
pub struct Ask<'a> {
    /// `GET`…
    pub method: &'a str,
    /// The parts of the path after `/api/v10`.
    pub path: Vec<&'a str>,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The body; null when there was none.
    pub body: Value,
    /// `X-Audit-Log-Reason`.
    pub reason: Option<String>,
}

impl Ask<'_> {
    /// A number in the query, or 50035.
    fn query_number(&self, field: &str) -> Result<Option<u64>, Refused> {
        self.query
            .get(field)
            .map(|text| {
                text.parse().map_err(|_| {
                    Refused::invalid(
                        field,
                        "NUMBER_TYPE_COERCE",
                        &format!("Value \"{text}\" is not an integer."),
                    )
                })
            })
            .transpose()
    }

    /// `limit` in the query, within a range.
    fn limit(&self, default: u64, most: u64) -> Result<usize, Refused> {
        let limit = self.query_number("limit")?.unwrap_or(default);
        if !(1..=most).contains(&limit) {
            let text = format!("int value should be between 1 and {most}.");
            return Err(Refused::invalid("limit", "NUMBER_TYPE_MAX", &text));
        }
        Ok(usize::try_from(limit).unwrap_or(usize::MAX))
    }
}

/// An answer that is not a refusal.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// JSON, with its status.
    Json(u16, Value),
    /// 204.
    Empty,
}

/// What a route answers; `None` when the path is none of its own.
type Routed = Option<Result<Reply, Refused>>;

/// Finds the route and answers.
pub fn answer(core: &mut Core, ask: &Ask<'_>) -> Result<Reply, Refused> {
    let families = [
        gateway::route,
        users::route,
        messages::route,
        threads::route,
        channels::route,
        members::route,
        guilds::route,
        commands::route,
        interactions::route,
    ];
    families.iter().find_map(|route| route(core, ask)).unwrap_or_else(|| Err(Refused::no_route()))
}

/// Routes that carry their own token in the path and take no `Authorization`.
fn is_open(ask: &Ask<'_>) -> bool {
    matches!(ask.path.as_slice(), ["interactions", _, _, "callback"] | ["webhooks", _, _, ..] | ["gateway"])
}

impl Core {
    /// The bot does something.
    fn act(&mut self, ask: &Ask<'_>, op: Op) -> Result<Outcome, Refused> {
        self.perform(op, ask.reason.as_deref())
    }

    fn bot(&self) -> UserId {
        self.state.bot
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A snowflake in a path; 50035 when it is none.
fn id<T>(text: &str, name: &str, of: impl FnOnce(u64) -> T) -> Result<T, Refused> {
    text.parse().map(of).map_err(|_| {
        Refused::invalid(name, "NUMBER_TYPE_COERCE", &format!("Value \"{text}\" is not snowflake."))
    })
}
