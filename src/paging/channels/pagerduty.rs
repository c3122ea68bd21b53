//! `PagerDuty`, Events API v2 (<https://developer.pagerduty.com/docs/events-api-v2-overview>): trigger, acknowledge,
//! resolve, one incident a case by its deduplication key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::http::{Http, code_in, exchange, refused};
use super::{Channel, Parcel, Sending, Sent};
use crate::domain::{Effect, Level};
use crate::paging::people::PAGERDUTY;

/// Raises incidents at services.
pub struct PagerDuty {
    http: Http,
    base: String,
    keys: BTreeMap<String, String>,
}

impl PagerDuty {
    /// Through the API at `base` (`https://events.pagerduty.com`), with each service's integration key by name.
    #[must_use]
    pub fn new(http: Http, base: String, keys: BTreeMap<String, String>) -> Self {
        PagerDuty { http, base, keys }
    }

    fn event(key: &str, parcel: &Parcel<'_>) -> Value {
        let organisation = &parcel.job.organisation;
        let case = parcel.case().map_or_else(|| parcel.job.key.clone(), |case| case.to_string());
        let which = if parcel.drill { format!("drill/{}", parcel.job.key) } else { case };
        // At most 255 characters are kept.
        let dedup: String = format!("chaperone/{organisation}/{which}").chars().take(255).collect();
        let action = match &parcel.job.effect {
            Effect::PageSettled { resolved: true, .. } => "resolve",
            Effect::PageSettled { .. } => "acknowledge",
            _ => "trigger",
        };
        let mut event = json!({ "routing_key": key, "event_action": action, "dedup_key": dedup });
        if action == "trigger" {
            let severity = match parcel.level {
                _ if parcel.drill => "info",
                Some(level) if level >= Level::Immediate => "critical",
                Some(_) => "error",
                None => "info",
            };
            event["payload"] = json!({
                "summary": parcel.letter.short,
                "source": organisation,
                "severity": severity,
                "component": "safeguarding",
            });
            event["client"] = json!("Chaperone");
            if let Some(link) = &parcel.link {
                event["links"] = json!([{ "href": link, "text": crate::wording::ACKNOWLEDGE }]);
            }
        }
        event
    }

    async fn enqueue(&self, parcel: &Parcel<'_>) -> Result<Sent, Sent> {
        let key = self.keys.get(parcel.person).ok_or_else(|| {
            Sent::never("no PagerDuty service is configured under this name; add it to the configuration")
        })?;
        let request =
            self.http.post(&format!("{}/v2/enqueue", self.base)).json(&PagerDuty::event(key, parcel));
        let answer = exchange("pagerduty", request).await?;
        if answer.status.as_u16() == 202 {
            return Ok(Sent::Accepted { id: None });
        }
        let code = code_in(&answer.body, "status");
        Err(refused("pagerduty", &answer, code))
    }
}

impl Channel for PagerDuty {
    fn code(&self) -> &'static str {
        PAGERDUTY
    }

    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a> {
        Box::pin(async { self.enqueue(parcel).await.unwrap_or_else(|sent| sent) })
    }
}
