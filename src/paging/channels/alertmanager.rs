//! Prometheus Alertmanager, API v2 (<https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>): one
//! alert a case, told again at each call, ended when the case is resolved.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Http, exchange, refused};
use super::{Channel, Parcel, Sending, Sent};
use crate::domain::Effect;
use crate::paging::people::ALERTMANAGER;

/// An alert that nobody tells again would end by itself after five minutes; this one ends after a day.
const FIRES_FOR: Duration = Duration::from_hours(24);

/// Posts alerts.
pub struct Alertmanager {
    http: Http,
    bases: BTreeMap<String, String>,
}

impl Alertmanager {
    /// At these servers by name ([`super::http::base`]).
    #[must_use]
    pub fn new(http: Http, bases: BTreeMap<String, String>) -> Self {
        Alertmanager { http, bases }
    }

    fn alerts(parcel: &Parcel<'_>) -> Value {
        let organisation = &parcel.job.organisation;
        let ends = |settled: bool| if settled { parcel.now } else { parcel.now.plus(FIRES_FOR) }.to_string();
        let alert = |case: String, drill: bool, settled: bool| {
            json!({
                // Labels are what keeps alerts apart, so nothing that changes stands in them.
                "labels": {
                    "alertname": if drill { "SafeguardingDrill" } else { "SafeguardingCase" },
                    "organisation": organisation,
                    "case": case,
                },
                "annotations": { "summary": parcel.letter.short, "description": parcel.letter.text },
                "endsAt": ends(settled),
            })
        };
        let alerts: Vec<Value> = match &parcel.job.effect {
            Effect::PageTogether { cases, .. } => {
                cases.iter().map(|called| alert(called.case.to_string(), false, false)).collect()
            }
            Effect::PageSettled { case, .. } => vec![alert(case.to_string(), false, true)],
            Effect::Page { case, drill, round, .. } => {
                let case = if *drill { format!("drill-{round}") } else { case.to_string() };
                vec![alert(case, *drill, false)]
            }
            _ => Vec::new(),
        };
        Value::Array(alerts)
    }

    async fn post(&self, parcel: &Parcel<'_>) -> Result<Sent, Sent> {
        let base = self.bases.get(parcel.person).ok_or_else(|| {
            Sent::never("no Alertmanager is configured under this name; add it to the configuration")
        })?;
        if let Effect::PageSettled { resolved: false, .. } = parcel.job.effect {
            // It knows no acknowledgement: the alert fires on until the case is resolved.
            return Ok(Sent::Accepted { id: None });
        }
        let alerts = Alertmanager::alerts(parcel);
        if alerts.as_array().is_none_or(Vec::is_empty) {
            return Err(Sent::never("an Alertmanager takes alerts only"));
        }
        let answer =
            exchange("alertmanager", self.http.post(&format!("{base}/api/v2/alerts")).json(&alerts)).await?;
        if answer.status.is_success() {
            return Ok(Sent::Accepted { id: None });
        }
        Err(refused("alertmanager", &answer, None))
    }
}

impl Channel for Alertmanager {
    fn code(&self) -> &'static str {
        ALERTMANAGER
    }

    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a> {
        Box::pin(async { self.post(parcel).await.unwrap_or_else(|sent| sent) })
    }
}
