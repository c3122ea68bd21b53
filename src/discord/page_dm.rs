//! Pages as direct messages with a button. The ladder, and who may know, are decided elsewhere; this only delivers.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use serenity::builder::CreateActionRow;

use super::contain::{done, never, undone};
use super::interactions::acknowledge;
use super::rest::{MessageDraft, Rest, RestError};
use crate::domain::{ChannelId, Effect, UserId};
use crate::outbox::{Deliver, Delivered, Delivery, Job};
use crate::wording;

#[cfg(test)]
mod tests;

/// The channel's name in the configuration and in [`Effect::Page`].
pub const CHANNEL: &str = "discord-dm";

/// Pages people in their direct messages.
#[derive(Clone, Debug)]
pub struct PageDm {
    rest: Rest,
    accounts: BTreeMap<String, UserId>,
}

impl PageDm {
    /// Pages these people (by the names that the configuration gives them) through this client.
    #[must_use]
    pub fn new(rest: Rest, accounts: BTreeMap<String, UserId>) -> Self {
        PageDm { rest, accounts }
    }

    async fn page(&self, job: &Job) -> Result<Delivered, RestError> {
        let (Some(channel), Some(person), Some(letter)) =
            (job.effect.channel(), job.effect.person(), wording::letter(&job.effect))
        else {
            return Ok(never("not a page"));
        };
        if channel != CHANNEL {
            return Ok(never("a page for another channel"));
        }
        let Some(account) = self.accounts.get(person) else {
            return Ok(never(
                "no Discord account is configured for the person in this slot; add it to the configuration",
            ));
        };
        let button = match &job.effect {
            Effect::Page { case, round, .. } => Some(acknowledge::custom_id(*case, *round)),
            Effect::PageTogether { at, .. } => Some(acknowledge::custom_id_together(*at)),
            _ => None,
        };
        let dm = self.rest.open_dm(*account).await?;
        if let Some(button) = button.as_ref().filter(|_| job.attempts > 0)
            && self.stands(dm, button).await?
        {
            return Ok(done(Some(json!({ "already": true }))));
        }
        let mut draft = MessageDraft::new(letter.text, &job.key);
        if let Some(button) = button {
            draft = draft.with_buttons(CreateActionRow::Buttons(vec![acknowledge::button(button)]));
        }
        let message = self.rest.send_message(dm, draft).await?;
        Ok(done(Some(json!({ "message": message }))))
    }

    /// Whether this round's page already stands in the direct messages, its button still there or not yet pressed.
    async fn stands(&self, dm: ChannelId, button: &str) -> Result<bool, RestError> {
        let newest = self.rest.newest_messages(dm, 50).await?;
        Ok(newest.iter().any(|raw| {
            serde_json::from_str::<Value>(raw).is_ok_and(|message| {
                let rows = message["components"].as_array();
                rows.into_iter()
                    .flatten()
                    .flat_map(|row| row["components"].as_array().into_iter().flatten())
                    .any(|component| component["custom_id"] == button)
            })
        }))
    }
}

impl Deliver for PageDm {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(async move { self.page(job).await.unwrap_or_else(|error| undone(&error)) })
    }
}
