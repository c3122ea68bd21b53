//! Push messages by ntfy (<https://docs.ntfy.sh/publish/>): a JSON message to a topic that only one person reads.
//!
//! A topic is as good as a password, so it never stands in an answer or a log. The message carries the page's sequence
//! id: a repeat after a crash replaces the first where the server knows sequence ids, and is a second one where not.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::{Http, code_in, exchange, refused, stable_id};
use super::{Channel, Parcel, Sending, Sent};
use crate::domain::Level;
use crate::paging::links::Purpose;
use crate::paging::people::NTFY;
use crate::wording;

/// Pushes to topics.
pub struct Ntfy {
    http: Http,
    base: String,
    token: Option<String>,
    topics: BTreeMap<String, String>,
}

impl Ntfy {
    /// Through the server at `base` ([`super::http::base`]), with an access token where it wants one, to these topics by
    /// name.
    #[must_use]
    pub fn new(http: Http, base: String, token: Option<String>, topics: BTreeMap<String, String>) -> Self {
        Ntfy { http, base, token, topics }
    }

    fn message(topic: &str, parcel: &Parcel<'_>) -> Value {
        // 5 breaks through "do not disturb" on the phone, 4 rings, 2 is silent.
        let priority = match parcel.level {
            Some(level) if level >= Level::Immediate => 5,
            Some(_) => 4,
            None => 2,
        };
        let mut message = json!({
            "topic": topic,
            "title": parcel.letter.subject,
            "message": parcel.letter.text,
            "priority": priority,
            "tags": [if parcel.drill { "test_tube" } else { "rotating_light" }],
            "sequence_id": stable_id(&parcel.job.key, 12),
        });
        if let Some(link) = &parcel.link {
            message["click"] = json!(link);
        }
        if let Some(url) = parcel.address("n", Purpose::Answer).filter(|_| parcel.is_page()) {
            message["actions"] = json!([{
                "action": "http",
                "label": wording::ACKNOWLEDGE,
                "url": url,
                "method": "POST",
                "clear": true,
            }]);
        }
        message
    }

    async fn push(&self, parcel: &Parcel<'_>) -> Result<Sent, Sent> {
        let topic = self.topics.get(parcel.person).ok_or_else(|| {
            Sent::never("no ntfy topic is configured for this person; add it to the configuration")
        })?;
        let mut request = self.http.post(&format!("{}/", self.base)).json(&Ntfy::message(topic, parcel));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = exchange("ntfy", request).await?;
        if answer.status.is_success() {
            return Ok(Sent::Accepted { id: code_in(&answer.body, "id") });
        }
        let code = code_in(&answer.body, "code");
        Err(refused("ntfy", &answer, code))
    }
}

impl Channel for Ntfy {
    fn code(&self) -> &'static str {
        NTFY
    }

    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a> {
        Box::pin(async { self.push(parcel).await.unwrap_or_else(|sent| sent) })
    }
}
