//! Having the evidence log attested by others outside: once a day, and after so many new entries where that is wished,
//! a witness cosigns its state and a time-stamping authority stamps it. Both leave through the outbox like everything
//! else, so that an outage delays them and a refusal is on record.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::keep::fetch;
use crate::clock::Clock;
use crate::domain::effect::WITNESS_REFUSED;
use crate::domain::{Effect, Event, Heard, Timestamp};
use crate::evidence::add_checkpoint::AddCheckpoint;
use crate::evidence::{ConsistencyProof, SignedCheckpoint, VerifierKey, WitnessKey};
use crate::outbox::{Deliver, Delivered, Delivery, Job};
use crate::pipeline::{Ear, Input};
use crate::store::{Attested, Store, StoredAttestation};
use crate::witness::ask::{AskError, Cosigned, Outside};

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_mins(15);
/// After this long without an attestation that was asked for, it is asked for again.
const ASK_AGAIN: Duration = Duration::from_hours(6);
/// A witness that stands elsewhere than was thought is asked this often in one attempt.
const TURNS: usize = 4;

/// Who attests, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attest {
    /// The witness' address and key.
    pub witness: Option<(String, WitnessKey)>,
    /// The authority's address.
    pub authority: Option<String>,
    /// How often at least.
    pub every: Duration,
    /// Also after so many new entries.
    pub entries: Option<u64>,
}

impl Default for Attest {
    fn default() -> Self {
        Attest { witness: None, authority: None, every: Duration::from_hours(24), entries: None }
    }
}

impl Attest {
    /// Whether anybody attests.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.witness.is_some() || self.authority.is_some()
    }
}

/// A host for facts and bundles: an address may hold a path that is nobody's business.
fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit('@').next().unwrap_or_default().to_owned()
}

/// Asks for attestations when they are due, until it is stopped; nothing runs where nobody attests.
pub(super) fn when_due(
    attest: &Attest,
    store: &Store,
    ear: &Ear,
    clock: &Clock,
    stopped: &watch::Receiver<bool>,
) -> Option<JoinHandle<()>> {
    let due = Due { attest: attest.clone(), store: store.clone(), ear: ear.clone(), clock: clock.clone() };
    attest.is_on().then(|| tokio::spawn(due.run(super::until_stopped(stopped.clone()))))
}

struct Due {
    attest: Attest,
    store: Store,
    ear: Ear,
    clock: Clock,
}

/// How often it is looked while the log has just begun and nothing is signed yet.
const LOOK_AT_FIRST: Duration = Duration::from_millis(200);

impl Due {
    async fn run(self, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        // What was asked for last in this run: kind, moment.
        let mut asked: BTreeMap<Attested, Timestamp> = BTreeMap::new();
        loop {
            let signed = self.look(&mut asked).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "it could not be looked whether the log is to be attested");
                true
            });
            tokio::select! {
                () = self.clock.until(self.clock.now().plus(LOOK_EVERY)) => {}
                () = tokio::time::sleep(LOOK_AT_FIRST), if !signed => {}
                () = &mut stop => return,
            }
        }
    }

    /// Asks for what is due; false while nothing was signed yet.
    async fn look(&self, asked: &mut BTreeMap<Attested, Timestamp>) -> anyhow::Result<bool> {
        let Some((size, _)) = self.store.last_checkpoint().await? else { return Ok(false) };
        let now = self.clock.now();
        let said = self.store.attestations(size).await?;
        let mut due = |kind: Attested, by: &str| {
            let last = said.iter().rev().find(|one| one.kind == kind && one.by == by);
            let old = last.is_none_or(|last| now.since(last.at) >= self.attest.every);
            let grown = self
                .attest
                .entries
                .is_some_and(|entries| last.is_none_or(|last| size.saturating_sub(last.size) >= entries));
            let waits = asked.get(&kind).is_some_and(|asked| now.since(*asked) < ASK_AGAIN);
            let fresh = last.is_some_and(|last| asked.get(&kind).is_none_or(|asked| last.at >= *asked));
            // The answer to the last question is waited for; a new one is asked when it has come, or is long overdue.
            let due = (old || grown) && (!waits || fresh);
            if due {
                asked.insert(kind, now);
            }
            due
        };
        let witness =
            self.attest.witness.as_ref().filter(|(_, key)| due(Attested::Cosignature, &key.to_string()));
        let witness = witness.map(|(_, key)| key.name().to_owned());
        let authority = self.attest.authority.as_ref().filter(|url| due(Attested::Stamp, &host(url)));
        let authority = authority.map(|url| host(url));
        if witness.is_some() || authority.is_some() {
            let event = Event::AttestationDue { size, witness, authority };
            self.ear.hear(Input::event(Heard { at: now, event })).await?;
        }
        Ok(true)
    }
}

/// Carries out [`Effect::Cosign`] and [`Effect::Stamp`].
pub(super) struct Attester {
    pub attest: Attest,
    pub store: Store,
    pub log: VerifierKey,
    pub outside: Outside,
    pub clock: Clock,
}

impl Attester {
    /// For these settings; none where nobody attests.
    pub(super) fn of(
        attest: &Attest,
        store: &Store,
        log: &VerifierKey,
        clock: &Clock,
    ) -> anyhow::Result<Option<Arc<dyn Deliver>>> {
        if !attest.is_on() {
            return Ok(None);
        }
        Ok(Some(Arc::new(Attester {
            attest: attest.clone(),
            store: store.clone(),
            log: log.clone(),
            outside: Outside::new().map_err(|why| anyhow::anyhow!("{why}"))?,
            clock: clock.clone(),
        })))
    }

    async fn attest(&self, effect: &Effect) -> anyhow::Result<Delivered> {
        let (Effect::Cosign { size, .. } | Effect::Stamp { size, .. }) = effect else {
            return Ok(never("this is nothing to attest"));
        };
        let Some(note) = self.store.checkpoint_of(*size).await? else {
            return Ok(never("there is no checkpoint of that size"));
        };
        let checkpoint = SignedCheckpoint::verify(&note, &self.log)?;
        let delivered = match (effect, &self.attest.witness, &self.attest.authority) {
            (Effect::Cosign { .. }, Some((url, key)), _) => self.cosign(url, key, &checkpoint).await?,
            (Effect::Stamp { .. }, _, Some(url)) => self.stamp(url, &checkpoint).await?,
            _ => never("nobody is configured who attests"),
        };
        Ok(delivered)
    }

    async fn cosign(
        &self,
        url: &str,
        key: &WitnessKey,
        checkpoint: &SignedCheckpoint,
    ) -> anyhow::Result<Delivered> {
        let (mut checkpoint, by) = (checkpoint.clone(), key.to_string());
        let said = self.store.attestations(checkpoint.checkpoint().size).await?;
        let last = said.iter().rev().find(|one| one.kind == Attested::Cosignature && one.by == by);
        let mut old = last.map_or(0, |last| last.size);
        for _ in 0..TURNS {
            let size = checkpoint.checkpoint().size;
            let needs = fetch(&self.store, ConsistencyProof::needs(old, size)?).await?;
            let proof = ConsistencyProof::make(old, size, &needs)?;
            let request = AddCheckpoint { old, path: proof.path, note: checkpoint.text().to_owned() };
            match self.outside.cosign(url, key, &request, &checkpoint).await {
                Ok(Cosigned::Yes(cosignature)) => {
                    let (kind, body) = (Attested::Cosignature, cosignature.line.into_bytes());
                    self.keep(size, kind, by, body).await?;
                    return Ok(Delivered::Done {
                        detail: Some(format!(r#"{{"cosigned_at":{}}}"#, cosignature.time)),
                    });
                }
                Ok(Cosigned::Refused(status)) => return Ok(refused(&format!("({status})"))),
                Ok(Cosigned::AtSize(theirs)) if theirs <= size => old = theirs,
                // It has signed a later state than was decided about: the newest one is to continue that.
                Ok(Cosigned::AtSize(theirs)) => match self.store.last_checkpoint().await? {
                    Some((ours, note)) if theirs <= ours => {
                        checkpoint = SignedCheckpoint::verify(&note, &self.log)?;
                        old = theirs;
                    }
                    // What it signed is not here: this database is older than that.
                    newest => {
                        let ours = newest.map_or(0, |(size, _)| size);
                        return Ok(refused(&format!(
                            "(it has signed {theirs} entries, there are {ours} here)"
                        )));
                    }
                },
                Err(why) => return Ok(not_now(&why)),
            }
        }
        Ok(Delivered::Later { why: "the witness stands at another size each time".to_owned(), after: None })
    }

    async fn stamp(&self, url: &str, checkpoint: &SignedCheckpoint) -> anyhow::Result<Delivered> {
        match self.outside.stamp(url, checkpoint.text().as_bytes()).await {
            Ok((stamp, response)) => {
                self.keep(checkpoint.checkpoint().size, Attested::Stamp, host(url), response).await?;
                Ok(Delivered::Done { detail: Some(format!(r#"{{"stamped_at":"{}"}}"#, stamp.at)) })
            }
            Err(why) => Ok(not_now(&why)),
        }
    }

    async fn keep(&self, size: u64, kind: Attested, by: String, body: Vec<u8>) -> anyhow::Result<()> {
        let said = StoredAttestation { size, kind, by, at: self.clock.now(), body };
        Ok(self.store.keep_attestation(&said).await?)
    }
}

impl Deliver for Attester {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(async {
            self.attest(&job.effect).await.unwrap_or_else(|error| {
                let why = error.to_string().lines().next().unwrap_or_default().to_owned();
                Delivered::Later { why, after: None }
            })
        })
    }
}

fn refused(how: &str) -> Delivered {
    Delivered::Never { why: format!("{WITNESS_REFUSED} {how}") }
}

fn never(why: &str) -> Delivered {
    Delivered::Never { why: why.to_owned() }
}

fn not_now(why: &AskError) -> Delivered {
    match why {
        AskError::NotNow(why) => Delivered::Later { why: why.clone(), after: None },
        AskError::Nonsense(why) => Delivered::Never { why: why.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_named_by_its_host_alone() {
        for (url, named) in [
            ("https://tsa.example/tsr?key=secret", "tsa.example"),
            ("http://user:pass@127.0.0.1:8080/x", "127.0.0.1:8080"),
            ("https://tsa.example", "tsa.example"),
        ] {
            assert_eq!(host(url), named);
        }
    }
}
