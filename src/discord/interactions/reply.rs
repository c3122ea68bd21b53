//! Answering an interaction.

use serde_json::{Value, json};

use super::ReplyTo;
use crate::discord::rest::{Rest, RestError};

/// An answer to an interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The message with the button now says this, and its buttons are gone.
    Update(String),
    /// Only the person who acted sees this.
    Private(String),
    /// What is offered while somebody types: what is shown, and what is sent.
    Choices(Vec<(String, String)>),
    /// A form opens for the person who acted (Discord's modal).
    Form(Value),
    /// Only the person who acted sees that an answer is being written.
    PrivateLater,
}

/// Only the person who acted sees the answer.
const EPHEMERAL: u64 = 1 << 6;

impl Reply {
    fn body(&self) -> Value {
        let nobody = json!({ "parse": [] });
        match self {
            Reply::Update(text) => json!({
                "type": 7,
                "data": { "content": text, "components": [], "allowed_mentions": nobody },
            }),
            Reply::Private(text) => json!({
                "type": 4,
                "data": { "content": text, "flags": EPHEMERAL, "allowed_mentions": nobody },
            }),
            Reply::Choices(choices) => {
                let choices = choices.iter().map(|(name, value)| json!({ "name": name, "value": value }));
                json!({ "type": 8, "data": { "choices": choices.collect::<Value>() } })
            }
            Reply::Form(form) => json!({ "type": 9, "data": form }),
            Reply::PrivateLater => json!({ "type": 5, "data": { "flags": EPHEMERAL } }),
        }
    }
}

impl Rest {
    /// Answers an interaction: once, at once, past the outbox.
    ///
    /// # Errors
    /// See [`RestError`]. After three seconds Discord does not take an answer any more; there is nothing to try again.
    pub async fn reply(&self, to: &ReplyTo, reply: &Reply) -> Result<(), RestError> {
        // Tokens are of Discord's making, but they become a path here: only what tokens consist of may.
        if to.token.is_empty() || !to.token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.=".contains(&b))
        {
            return Err(RestError::refused("the interaction's token is not one"));
        }
        let path = format!("interactions/{}/{}/callback", to.id, to.token);
        self.answer_interaction(&path, &reply.body()).await
    }
}
