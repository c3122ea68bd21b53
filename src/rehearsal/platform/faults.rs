//! What can go wrong on purpose: on the gateway and over REST. Faults are of the running platform, not of its
//! state: they are in no journal and a restart begins without any.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::Timestamp;

/// A fault of REST calls.
#[derive(Clone, Debug, PartialEq)]
pub enum RestFault {
    /// Discord's error page with this status (500, 502, 503…); nothing is done.
    Status(u16),
    /// 429: wait so many seconds, for this route or for all.
    RateLimited {
        /// Seconds.
        retry_after: f64,
        /// The global limit instead of the route's.
        global: bool,
    },
    /// 403 with 50013, though the permission is there; nothing is done.
    Forbidden,
    /// The connection is reset before the call is looked at.
    Reset,
    /// The call is carried out and the connection is reset instead of an answer.
    LoseAnswer,
}

/// Which REST calls go wrong, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct RestRule {
    /// `POST`…; none is any.
    pub method: Option<String>,
    /// The path after `/api/v10`, with `*` for any one part and a last `**` for any rest:
    /// `/channels/*/messages`, `/guilds/**`.
    pub route: String,
    /// For how many calls; `u32::MAX` until it is cleared.
    pub times: u32,
    /// What goes wrong.
    pub fault: RestFault,
}

impl RestRule {
    fn matches(&self, method: &str, path: &str) -> bool {
        if self.method.as_ref().is_some_and(|wanted| !wanted.eq_ignore_ascii_case(method)) {
            return false;
        }
        let mut parts = path.trim_matches('/').split('/');
        for wanted in self.route.trim_matches('/').split('/') {
            match (wanted, parts.next()) {
                ("**", Some(_)) => return true,
                ("*", Some(_)) => {}
                (wanted, Some(part)) if wanted == part => {}
                _ => return false,
            }
        }
        parts.next().is_none()
    }
}

/// A fault of the gateway.
#[derive(Clone, Debug, PartialEq)]
pub enum GatewayFault {
    /// The socket is dropped: without a word, or with a close code (4000…).
    Drop {
        /// Which shard; none is all.
        shard: Option<u32>,
        /// The close code.
        code: Option<u16>,
    },
    /// Op 7: please reconnect.
    Reconnect {
        /// Which shard; none is all.
        shard: Option<u32>,
    },
    /// Op 9: the session is invalid, though it can perhaps be resumed.
    Invalidate {
        /// Which shard; none is all.
        shard: Option<u32>,
        /// Whether a resume would be accepted.
        resumable: bool,
    },
    /// The next so many attempts to resume are answered with op 9 (not resumable).
    RefuseResume {
        /// How many.
        times: u32,
    },
    /// Dispatches of a shard are kept back until they are released: with two shards, a reordering between them.
    Hold {
        /// Which shard.
        shard: u32,
    },
    /// They flow again.
    Release {
        /// Which shard.
        shard: u32,
    },
    /// Every dispatch of a shard leaves this much later, by the platform's clock; zero ends it.
    Delay {
        /// Which shard.
        shard: u32,
        /// How much later.
        by: Duration,
    },
    /// The next so many dispatches of a shard are sent twice.
    Duplicate {
        /// Which shard.
        shard: u32,
        /// How many.
        times: u32,
    },
    /// Nobody can connect, and who is connected is dropped; what happens meanwhile is kept for a resume.
    Down,
    /// The gateway answers again.
    Up,
}

/// The faults that are in force.
#[derive(Debug, Default)]
pub struct Faults {
    rest: Vec<RestRule>,
    held: BTreeSet<u32>,
    delay: BTreeMap<u32, Duration>,
    duplicate: BTreeMap<u32, u32>,
    refuse_resume: u32,
    down: bool,
}

impl Faults {
    /// Adds a fault of REST calls.
    pub fn add(&mut self, rule: RestRule) {
        self.rest.push(rule);
    }

    /// Ends every fault.
    pub fn clear(&mut self) {
        *self = Faults::default();
    }

    /// Sets what is a condition (not a blow to a connection, which the gateway deals out).
    pub fn set(&mut self, fault: &GatewayFault) {
        match fault {
            GatewayFault::Hold { shard } => drop(self.held.insert(*shard)),
            GatewayFault::Release { shard } => drop(self.held.remove(shard)),
            GatewayFault::Delay { shard, by } if by.is_zero() => drop(self.delay.remove(shard)),
            GatewayFault::Delay { shard, by } => drop(self.delay.insert(*shard, *by)),
            GatewayFault::Duplicate { shard, times } => *self.duplicate.entry(*shard).or_default() += times,
            GatewayFault::RefuseResume { times } => self.refuse_resume += times,
            GatewayFault::Down => self.down = true,
            GatewayFault::Up => self.down = false,
            GatewayFault::Drop { .. } | GatewayFault::Reconnect { .. } | GatewayFault::Invalidate { .. } => {}
        }
    }

    /// The fault that befalls this call, used up once.
    pub fn of_call(&mut self, method: &str, path: &str) -> Option<RestFault> {
        let index = self.rest.iter().position(|rule| rule.times > 0 && rule.matches(method, path))?;
        let rule = &mut self.rest[index];
        if rule.times != u32::MAX {
            rule.times -= 1;
        }
        let fault = rule.fault.clone();
        self.rest.retain(|rule| rule.times > 0);
        Some(fault)
    }

    /// When a dispatch of `shard` from `at` may leave: at once, at a moment, or (`Err`) not until released.
    ///
    /// # Errors
    /// When the shard is held.
    pub fn leaves(&self, shard: u32, at: Timestamp) -> Result<Timestamp, Held> {
        if self.held.contains(&shard) {
            return Err(Held);
        }
        Ok(self.delay.get(&shard).map_or(at, |by| at.plus(*by)))
    }

    /// True when the next dispatch of `shard` is sent twice; used up once.
    pub fn twice(&mut self, shard: u32) -> bool {
        match self.duplicate.get_mut(&shard) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            _ => false,
        }
    }

    /// True when this attempt to resume is to be refused; used up once.
    pub fn refuses_resume(&mut self) -> bool {
        let refuses = self.refuse_resume > 0;
        self.refuse_resume = self.refuse_resume.saturating_sub(1);
        refuses
    }

    /// True when nobody can connect to the gateway.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.down
    }
}

/// A shard's dispatches are kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_hits_its_route_and_only_as_often_as_it_says() {
        let mut faults = Faults::default();
        faults.add(RestRule {
            method: Some("POST".to_owned()),
            route: "/channels/*/messages".to_owned(),
            times: 2,
            fault: RestFault::Status(500),
        });
        assert_eq!(faults.of_call("GET", "/channels/1/messages"), None);
        assert_eq!(faults.of_call("POST", "/channels/1/messages/2"), None);
        assert_eq!(faults.of_call("POST", "/channels/1/messages"), Some(RestFault::Status(500)));
        assert_eq!(faults.of_call("post", "channels/9/messages"), Some(RestFault::Status(500)));
        assert_eq!(faults.of_call("POST", "/channels/1/messages"), None);
        faults.add(RestRule {
            method: None,
            route: "/guilds/**".to_owned(),
            times: u32::MAX,
            fault: RestFault::Forbidden,
        });
        assert_eq!(faults.of_call("PUT", "/guilds/5/incident-actions"), Some(RestFault::Forbidden));
        faults.clear();
        assert_eq!(faults.of_call("PUT", "/guilds/5/incident-actions"), None);
    }

    #[test]
    fn a_held_shard_waits_and_the_others_do_not() {
        let mut faults = Faults::default();
        let at = Timestamp::from_seconds(100);
        faults.set(&GatewayFault::Hold { shard: 1 });
        assert_eq!(faults.leaves(0, at), Ok(at));
        assert_eq!(faults.leaves(1, at), Err(Held));
        faults.set(&GatewayFault::Release { shard: 1 });
        faults.set(&GatewayFault::Delay { shard: 1, by: Duration::from_secs(5) });
        assert_eq!(faults.leaves(1, at), Ok(Timestamp::from_seconds(105)));
    }
}
