//! A signed webhook (<https://www.standardwebhooks.com>): `webhook-id`, `webhook-timestamp`, `webhook-signature`.
//!
//! The id is the job's key, hashed: the same whenever it is tried again, so that the receiver can drop repeats.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::{Value, json};

use super::http::{Http, exchange, refused, stable_id};
use super::{Channel, Parcel, Sending, Sent};
use crate::domain::Effect;
use crate::domain::effect::CalledCase;
use crate::paging::people::{Slot, WEBHOOK};

/// Where a webhook goes, and the secret that it is signed with. It never prints.
#[derive(Clone)]
pub struct Target {
    url: String,
    key: hmac::Key,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(…)")
    }
}

impl Target {
    /// This address ([`super::http::base`]) with this secret (`whsec_` and Base64).
    ///
    /// # Errors
    /// When the secret is none; it is not repeated.
    pub fn new(url: String, secret: &str) -> Result<Self, String> {
        let wrong = "a webhook's secret is written whsec_ and then 24 to 64 bytes in Base64";
        let bytes = secret.strip_prefix("whsec_").and_then(|rest| STANDARD.decode(rest).ok()).ok_or(wrong)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(wrong.to_owned());
        }
        Ok(Target { url, key: hmac::Key::new(hmac::HMAC_SHA256, &bytes) })
    }

    /// The value of `webhook-signature`.
    fn signature(&self, id: &str, timestamp: i64, body: &str) -> String {
        let signed = hmac::sign(&self.key, format!("{id}.{timestamp}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(signed))
    }
}

/// Calls webhooks.
pub struct Webhook {
    http: Http,
    targets: BTreeMap<String, Target>,
}

impl Webhook {
    /// These targets by name.
    #[must_use]
    pub fn new(http: Http, targets: BTreeMap<String, Target>) -> Self {
        Webhook { http, targets }
    }

    async fn call(&self, parcel: &Parcel<'_>) -> Result<Sent, Sent> {
        let target = self.targets.get(parcel.person).ok_or_else(|| {
            Sent::never("no webhook is configured under this name; add it to the configuration")
        })?;
        let body = body(parcel).to_string();
        let (id, timestamp) = (message_id(&parcel.job.key), parcel.now.as_seconds());
        let request = self
            .http
            .post(&target.url)
            .header("content-type", "application/json")
            .header("webhook-signature", target.signature(&id, timestamp, &body))
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .body(body);
        let answer = exchange("webhook", request).await?;
        if answer.status.is_success() {
            return Ok(Sent::Accepted { id: None });
        }
        Err(refused("webhook", &answer, None))
    }
}

impl Channel for Webhook {
    fn code(&self) -> &'static str {
        WEBHOOK
    }

    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a> {
        Box::pin(async { self.call(parcel).await.unwrap_or_else(|sent| sent) })
    }
}

fn message_id(key: &str) -> String {
    format!("msg_{}", stable_id(key, 16))
}

/// A slot's code; free text that an older version may have written is not passed on.
fn slot_code(slot: &str) -> &'static str {
    slot.parse::<Slot>().map_or("other", Slot::code)
}

/// What is told: references, levels, categories, and what is to be done. Nothing of anybody.
fn body(parcel: &Parcel<'_>) -> Value {
    let case = |called: &CalledCase| json!({ "case": called.case.to_string(), "level": called.level, "category": called.category });
    let (kind, mut data) = match &parcel.job.effect {
        Effect::Page { case, level, category, slot, round, drill, .. } => {
            let kind = if *drill { "page.drill" } else { "page.called" };
            let case = case.to_string();
            (
                kind,
                json!({ "case": case, "level": level, "category": category, "slot": slot_code(slot), "round": round }),
            )
        }
        Effect::PageTogether { cases, slot, .. } => (
            "page.called",
            json!({ "cases": cases.iter().map(case).collect::<Vec<_>>(), "slot": slot_code(slot) }),
        ),
        Effect::PageSettled { case, resolved, .. } => {
            let kind = if *resolved { "page.resolved" } else { "page.acknowledged" };
            (kind, json!({ "case": case.to_string() }))
        }
        Effect::Digest { lines, .. } => {
            let line = |(category, cases): &(crate::domain::Category, Vec<crate::domain::CaseRef>)| json!({ "category": category, "cases": cases.iter().map(ToString::to_string).collect::<Vec<_>>() });
            ("digest", json!({ "lines": lines.iter().map(line).collect::<Vec<_>>() }))
        }
        _ => ("report", json!({ "summary": parcel.letter.subject })),
    };
    data["organisation"] = json!(parcel.job.organisation);
    data["text"] = json!(parcel.letter.text);
    if let Some(link) = &parcel.link {
        data["acknowledge"] = json!(link);
    }
    json!({ "type": kind, "timestamp": parcel.now.to_string(), "data": data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specifications_own_example() {
        // Standard Webhooks, test vector of the reference libraries.
        let target = Target::new("https://x".into(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            target.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        for wrong in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_MfKQ"] {
            assert!(Target::new("https://x".into(), wrong).is_err_and(|why| !why.contains("MfKQ")));
        }
        assert_eq!(format!("{target:?}"), "Target(…)");
    }
}
