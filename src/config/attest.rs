//! `[evidence.witness]`, `[evidence.timestamp]`: who outside attests the evidence log.

use std::time::Duration;

use super::channels::address;
use super::raw::{Reader, Section};

/// Who outside attests the evidence log, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attesting {
    /// `[evidence.witness]`: its address, and its public key as it was written.
    pub witness: Option<(String, String)>,
    /// `[evidence.timestamp] url`: a time-stamping authority (RFC 3161).
    pub authority: Option<String>,
    /// `[evidence] attest_hours`: how often at least; daily when absent.
    pub every: Option<Duration>,
    /// `[evidence] attest_entries`: also after so many new entries.
    pub entries: Option<u64>,
}

const KEY: &str = "write the line name+hash+base64 that `chaperone witness` prints";

/// Reads what `[evidence]` says of it.
pub(super) fn attesting(r: &mut Reader<'_>, section: &mut Section<'_>) -> Attesting {
    let mut attesting = Attesting::default();
    let hours = section.number(r, "attest_hours", 1..169, "write 1 to 168 hours");
    attesting.every = hours.map(|hours| Duration::from_hours(hours.value.unsigned_abs()));
    let entries = section.number(r, "attest_entries", 1..1_000_000_001, "write a number of entries, from 1");
    attesting.entries = entries.map(|entries| entries.value.unsigned_abs());
    if let Some(mut witness) = section.section(r, "witness") {
        let (url, key) = (address(r, &mut witness, "url"), witness.text(r, "key", KEY));
        if url.is_none() || key.is_none() {
            let fix = "add url = \"https://…\" and key = \"…\", as the witness' operator gave them";
            r.problem(witness.at, "[evidence.witness] lacks its url or key", fix);
        }
        if let Some(key) = key.as_ref().filter(|key| key.value.split('+').count() < 3) {
            r.problem(key.at, "[evidence.witness] key is not a witness' public key", KEY);
        }
        attesting.witness = url.zip(key.map(|key| key.value));
        witness.done(r);
    }
    if let Some(mut timestamp) = section.section(r, "timestamp") {
        attesting.authority = address(r, &mut timestamp, "url");
        if attesting.authority.is_none() {
            let fix = "add url = \"https://…\", the address of a time-stamping authority (RFC 3161)";
            r.problem(timestamp.at, "[evidence.timestamp] has no url", fix);
        }
        timestamp.done(r);
    }
    attesting
}
