//! What ties the evidence log to others outside, and to the time: a witness that cosigns it, an authority that stamps it,
//! and a clock that only goes forward (policy matrix P28, P33).

use std::time::Duration;

use super::{Assessment, Organisation};
use crate::domain::effect::WITNESS_REFUSED;
use crate::domain::{Code, Effect, Fact, Timestamp};

/// A clock that a time server puts right by less is no finding.
const SET_RIGHT: Duration = Duration::from_mins(1);

impl Organisation {
    /// Decides that a state of the log is to be attested.
    pub(super) fn ask_to_attest(
        &mut self,
        size: u64,
        witness: Option<&String>,
        authority: Option<&String>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let cosign = witness.map(|witness| Effect::Cosign { size, witness: witness.clone() });
        let stamp = authority.map(|authority| Effect::Stamp { size, authority: authority.clone() });
        for effect in cosign.into_iter().chain(stamp) {
            let job = format!("{}/{}/{size}/{}", effect.code(), self.name, now.0);
            if !self.state.has_decided(&job) {
                self.conclude(now, Fact::Decided { job, effect, case: None }, a);
            }
        }
    }

    /// A state was not attested. That a witness refuses is another thing than that nobody answers.
    pub(super) fn not_attested(&mut self, why: &str, now: Timestamp, a: &mut Assessment) {
        let refused = why.contains(WITNESS_REFUSED);
        self.about_itself(if refused { Code::WitnessRefused } else { Code::NotAttested }, now, a);
    }

    /// Times that do not follow each other are a finding: what was logged before cannot be told from what comes after.
    pub(super) fn notice_a_clock_set_back(&mut self, now: Timestamp, a: &mut Assessment) {
        if now >= self.latest {
            self.latest = now;
            return;
        }
        // An export that is replayed has no clock of its own.
        if self.watch.live && self.latest.since(now) >= SET_RIGHT {
            self.latest = now;
            self.about_itself(Code::ClockSetBack, now, a);
        }
    }
}
