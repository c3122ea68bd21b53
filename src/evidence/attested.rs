//! States of the log that others outside attested, as a bundle carries them: the log's checkpoint, the proof that the
//! bundle's own checkpoint continues it, and what a witness or a time-stamping authority said of it.
//!
//! ```text
//! data/proofs/attested.jsonl                       a line for each state: its size, who said what and when
//! data/proofs/attested/0000001842/checkpoint.txt   exactly what was signed and stamped
//! data/proofs/attested/0000001842/continues.txt    the consistency proof to the bundle's checkpoint, written as
//!                                                  c2sp.org/tlog-witness writes a request
//! data/proofs/attested/0000001842/cosignatures.txt the witnesses' signature lines
//! data/proofs/attested/0000001842/stamp-1.tsr      a response of RFC 3161, for `openssl ts -verify`
//! ```
//!
//! A leaf that the bundle proves at its own checkpoint, with a number below the size of an attested state, stood in that
//! state: the later log holds the earlier one as its beginning.

use serde::{Deserialize, Serialize};

use super::add_checkpoint::AddCheckpoint;
use super::casefile::{json_line, path, read_json_lines};
use super::checkpoint::{SignedCheckpoint, VerifierKey};
use super::cosignature::WitnessKey;
use super::log::ConsistencyProof;
use super::timestamp::Stamp;
use super::verify::Examination;
use crate::domain::Timestamp;

/// A state of the log with what others said of it.
#[derive(Clone, Debug)]
pub struct AttestedState {
    /// The checkpoint as the log signed it, without cosignatures.
    pub checkpoint: SignedCheckpoint,
    /// That the bundle's checkpoint continues it.
    pub proof: ConsistencyProof,
    /// Witnesses with their signature lines.
    pub cosignatures: Vec<(WitnessKey, String)>,
    /// Authorities with their responses.
    pub stamps: Vec<(String, Vec<u8>)>,
}

/// A line of `attested.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttestedLine {
    pub size: u64,
    pub cosigned: Vec<CosignedLine>,
    pub stamped: Vec<StampedLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CosignedLine {
    pub at: Timestamp,
    /// The witness' public key.
    pub witness: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StampedLine {
    pub at: Timestamp,
    pub authority: String,
}

/// A state that was verified.
pub(super) struct AttestedCheck {
    pub size: u64,
    pub cosigned: Vec<(WitnessKey, Timestamp)>,
    pub stamped: Vec<(String, Timestamp)>,
}

fn folder(size: u64) -> String {
    format!("{}{size:010}/", path::ATTESTED_FOLDER)
}

fn stamp_file(size: u64, number: usize) -> String {
    format!("{}stamp-{number}.tsr", folder(size))
}

impl AttestedState {
    fn size(&self) -> u64 {
        self.checkpoint.checkpoint().size
    }

    /// Its line, if everything in it holds: `current` is the bundle's checkpoint.
    fn line(&self, current: &SignedCheckpoint) -> Option<AttestedLine> {
        let (state, now) = (self.checkpoint.checkpoint(), current.checkpoint());
        now.follows(state, &self.proof).ok()?;
        let cosigned = self.cosignatures.iter().map(|(witness, line)| {
            let found = witness.verify(self.checkpoint.body(), line).ok()?;
            Some(CosignedLine { at: seconds(found.time)?, witness: witness.to_string() })
        });
        let stamped = self.stamps.iter().map(|(authority, response)| {
            let stamp =
                Stamp::read(response).ok().filter(|s| s.is_about(self.checkpoint.text().as_bytes()))?;
            Some(StampedLine { at: stamp.at, authority: authority.clone() })
        });
        Some(AttestedLine {
            size: state.size,
            cosigned: cosigned.collect::<Option<_>>()?,
            stamped: stamped.collect::<Option<_>>()?,
        })
    }

    /// Whether it would verify, in the words of a refusal otherwise.
    pub(super) fn check(&self, current: &SignedCheckpoint) -> Result<(), String> {
        self.line(current).map(|_| ()).ok_or_else(|| format!("the attested state of {} entries", self.size()))
    }
}

fn seconds(time: u64) -> Option<Timestamp> {
    i64::try_from(time).ok().map(Timestamp::from_seconds)
}

/// The files of these states; they were checked.
pub(super) fn files(states: &[AttestedState], current: &SignedCheckpoint) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut lines = String::new();
    for state in states {
        let size = state.size();
        let Some(line) = state.line(current) else { continue };
        lines.push_str(&json_line(&line));
        let folder = folder(size);
        let continues =
            AddCheckpoint { old: size, path: state.proof.path.clone(), note: current.text().to_owned() };
        files.push((format!("{folder}checkpoint.txt"), state.checkpoint.text().as_bytes().to_vec()));
        files.push((format!("{folder}continues.txt"), continues.to_body().into_bytes()));
        if !state.cosignatures.is_empty() {
            let all: String = state.cosignatures.iter().map(|(_, line)| line.as_str()).collect();
            files.push((format!("{folder}cosignatures.txt"), all.into_bytes()));
        }
        for (number, (_, response)) in (1..).zip(&state.stamps) {
            files.push((stamp_file(size, number), response.clone()));
        }
    }
    for (number, witness) in
        (1..).zip(witnesses(states.iter().flat_map(|s| s.cosignatures.iter().map(|(w, _)| w))))
    {
        files.push((pem_file(number), witness.to_pem().into_bytes()));
    }
    files.push((path::ATTESTED.to_owned(), lines.into_bytes()));
    files
}

/// Each witness once, in the order in which they cosigned.
fn witnesses<'a>(all: impl Iterator<Item = &'a WitnessKey>) -> Vec<&'a WitnessKey> {
    let mut once = Vec::new();
    for witness in all {
        if !once.contains(&witness) {
            once.push(witness);
        }
    }
    once
}

fn pem_file(number: usize) -> String {
    format!("{}witness-{number}.pem", path::ATTESTED_FOLDER)
}

/// The files that belong to a line.
pub(super) fn files_of(line: &AttestedLine) -> Vec<String> {
    let folder = folder(line.size);
    let mut files = vec![format!("{folder}checkpoint.txt"), format!("{folder}continues.txt")];
    if !line.cosigned.is_empty() {
        files.push(format!("{folder}cosignatures.txt"));
    }
    files.extend((1..=line.stamped.len()).map(|number| stamp_file(line.size, number)));
    files
}

impl Examination {
    /// Checks every attested state of the bundle.
    pub(super) fn check_attested(&mut self) {
        let text = self.bag.read_text(path::ATTESTED).unwrap_or_default();
        let lines = match read_json_lines::<AttestedLine>(&text) {
            Ok(lines) if self.bag.hash(path::ATTESTED).is_some() => lines,
            Ok(_) => {
                return self.broken(
                    "file-missing",
                    path::ATTESTED,
                    "belongs to every bundle and is not there",
                );
            }
            Err(line) => {
                let words = format!("line {line} is not as chaperone writes it");
                return self.broken("attested-malformed", path::ATTESTED, words);
            }
        };
        if !lines.is_sorted_by(|one, next| one.size < next.size) {
            self.broken("attested-order", path::ATTESTED, "its states are out of order or stand twice");
        }
        let (Some(key), Some(current)) = (self.key.clone(), self.checkpoint.clone()) else { return };
        let named: Vec<WitnessKey> =
            lines.iter().flat_map(|l| &l.cosigned).filter_map(|said| said.witness.parse().ok()).collect();
        let known = witnesses(named.iter());
        for (number, witness) in (1..).zip(&known) {
            let file = pem_file(number);
            if self.bag.read_text(&file).as_deref() != Some(&witness.to_pem()) {
                self.broken("key-differs", &file, "is not the key of the witness that cosigned");
            }
        }
        self.witness_files = (1..=known.len()).map(pem_file).collect();
        for line in &lines {
            match self.attested_state(line, &key, &current) {
                Ok(state) => self.attested.push(state),
                Err((code, file, words)) => self.broken(code, &file, words),
            }
        }
        self.attested_lines = lines;
    }

    fn attested_state(
        &self,
        line: &AttestedLine,
        key: &VerifierKey,
        current: &SignedCheckpoint,
    ) -> Result<AttestedCheck, (&'static str, String, &'static str)> {
        let in_folder = |name: &str| format!("{}{name}", folder(line.size));
        let file = in_folder("checkpoint.txt");
        let text = self.bag.read_text(&file).unwrap_or_default();
        let checkpoint = SignedCheckpoint::verify(&text, key)
            .ok()
            .filter(|one| one.checkpoint().size == line.size && one.other_signatures() == 0)
            .ok_or(("attested-checkpoint", file, "is missing, altered, or not signed by the bundle's key"))?;
        let file = in_folder("continues.txt");
        let text = self.bag.read_text(&file).unwrap_or_default();
        let proof = AddCheckpoint::read(text.as_bytes())
            .filter(|proof| proof.note == current.text() && proof.to_body() == text)
            .map(|proof| ConsistencyProof {
                from: proof.old,
                to: current.checkpoint().size,
                path: proof.path,
            });
        let continues =
            proof.is_some_and(|proof| current.checkpoint().follows(checkpoint.checkpoint(), &proof).is_ok());
        if !continues {
            return Err((
                "attested-proof",
                file,
                "does not prove that the bundle's state of the log continues this one",
            ));
        }
        let file = in_folder("cosignatures.txt");
        let text = self.bag.read_text(&file).unwrap_or_default();
        let mut signatures = text.split_inclusive('\n');
        let cosigned = line.cosigned.iter().map(|said| {
            let witness: WitnessKey = said.witness.parse().ok()?;
            let found = witness.verify(checkpoint.body(), signatures.next()?).ok()?;
            (seconds(found.time)? == said.at).then_some((witness, said.at))
        });
        let cosigned: Option<Vec<_>> = cosigned.collect();
        let Some(cosigned) = cosigned.filter(|_| signatures.next().is_none()) else {
            return Err((
                "cosignature",
                file,
                "is not what these witnesses signed of this state, at these times",
            ));
        };
        let mut stamped = Vec::new();
        for (number, said) in (1..).zip(&line.stamped) {
            let file = stamp_file(line.size, number);
            let stamp = self.bag.read(&file).and_then(|response| Stamp::read(&response).ok());
            let good = stamp
                .is_some_and(|stamp| stamp.is_about(checkpoint.text().as_bytes()) && stamp.at == said.at);
            if !good {
                return Err(("stamp", file, "is not a stamp of this state of the log at this time"));
            }
            stamped.push((said.authority.clone(), said.at));
        }
        Ok(AttestedCheck { size: line.size, cosigned, stamped })
    }
}
