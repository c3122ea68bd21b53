//! The dead man's switch: a request to an address that raises an alarm when requests stop coming
//! (healthchecks.io, Dead Man's Snitch, an Uptime Kuma push monitor; any of them).
//!
//! Whoever calls [`Heartbeat::beat`] does so only while everything is alive; this file only makes the request.

use super::Sent;
use super::http::{Http, exchange, refused};

/// Where the heartbeat goes. The address is as good as a password, so it never prints.
#[derive(Clone)]
pub struct Heartbeat {
    http: Http,
    url: String,
}

impl std::fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heartbeat(…)")
    }
}

impl Heartbeat {
    /// To this address ([`super::http::base`]).
    #[must_use]
    pub fn new(http: Http, url: String) -> Self {
        Heartbeat { http, url }
    }

    /// One beat.
    ///
    /// # Errors
    /// Why it did not arrive, as a code.
    pub async fn beat(&self) -> Result<(), String> {
        let answered = exchange("the heartbeat's address", self.http.get(&self.url)).await;
        let sent = match answered {
            Ok(answer) if answer.status.is_success() => return Ok(()),
            Ok(answer) => refused("the heartbeat's address", &answer, None),
            Err(sent) => sent,
        };
        match sent {
            Sent::FailedTemporary { why, .. } | Sent::FailedPermanent { why } => Err(why),
            Sent::Accepted { .. } => Ok(()),
        }
    }
}
