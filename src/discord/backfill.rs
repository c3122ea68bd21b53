//! What was written while nobody was listening: fetched from the platform's history, so that the pipeline hears it
//! as it would have heard it live.
//!
//! Deletions and edits that happened meanwhile are not in a history; the caller records the interval as one in which
//! nothing was heard live.

use std::collections::BTreeMap;
use std::time::Duration;

use super::rest::{Rest, RestError};
use crate::domain::{ChannelId, Event, GuildId, MessageId};

#[cfg(test)]
mod tests;

/// How much one backfill fetches at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages of one space.
    pub per_space: usize,
    /// Messages of all spaces together.
    pub overall: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { per_space: 5_000, overall: 50_000 }
    }
}

/// What a backfill brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backfilled {
    /// The raw JSON text of each message with what it says ([`Event::Said`], or [`Event::Unreadable`]), the oldest
    /// first, across all spaces.
    pub heard: Vec<(String, Event)>,
    /// Spaces that could not be read, or only in part.
    pub failed: Vec<ChannelId>,
    /// Spaces where more was written than is fetched.
    pub cut_short: Vec<ChannelId>,
}

/// A page that is shorter than this is the last one.
const PAGE: usize = 100;

/// How often one page is tried.
const ATTEMPTS: u32 = 3;

/// The pause before a page is tried again, where the server does not name one.
const PAUSE: Duration = Duration::from_millis(500);

/// The longest pause that is worth waiting out here.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Fetches everything written in these spaces of a server after the message that was last heard in each.
/// [`MessageId`] 0 stands for "nothing yet": everything from the beginning, within the limits.
pub async fn backfill(
    rest: &Rest,
    guild: Option<GuildId>,
    last: &BTreeMap<ChannelId, MessageId>,
    limits: Limits,
) -> Backfilled {
    let mut result = Backfilled::default();
    let mut heard: Vec<(MessageId, String, Event)> = Vec::new();
    for (&space, &after) in last {
        let room = limits.per_space.min(limits.overall.saturating_sub(heard.len()));
        match one_space(rest, guild, space, after, room, &mut heard).await {
            Ok(true) => {}
            Ok(false) => result.cut_short.push(space),
            Err(_) => result.failed.push(space),
        }
    }
    // Ids are in order of time on the platform's clock, across spaces too.
    heard.sort_by_key(|(id, ..)| *id);
    result.heard = heard.into_iter().map(|(_, raw, event)| (raw, event)).collect();
    result
}

/// One space; true when its end was reached. What came before an error stays in `heard`.
async fn one_space(
    rest: &Rest,
    guild: Option<GuildId>,
    space: ChannelId,
    mut after: MessageId,
    room: usize,
    heard: &mut Vec<(MessageId, String, Event)>,
) -> Result<bool, RestError> {
    let mut left = room;
    loop {
        if left == 0 {
            return Ok(false);
        }
        let page = one_page(rest, space, after).await?;
        let length = page.len();
        let newest_before = after;
        for (id, raw, event) in Rest::in_order(page, guild) {
            // One without a readable id keeps its place behind the one before it.
            let place = if id == MessageId(0) { after } else { id };
            // A server that repeats itself must not make this go on for ever, nor be heard twice.
            if left == 0 || (id == place && id <= newest_before) {
                continue;
            }
            after = place;
            left -= 1;
            heard.extend(event.map(|event| (place, raw, event)));
        }
        if length < PAGE || after == newest_before {
            return Ok(true);
        }
    }
}

async fn one_page(rest: &Rest, space: ChannelId, after: MessageId) -> Result<Vec<String>, RestError> {
    let mut attempt = 1;
    loop {
        match rest.messages_after(space, after).await {
            Err(error) if error.is_temporary() && attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(error.retry_after.unwrap_or(PAUSE).min(LONGEST_PAUSE)).await;
            }
            other => return other,
        }
    }
}
