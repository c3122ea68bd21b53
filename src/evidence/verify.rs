//! What a bundle proves: checked with no key, no network and no database, and said in words.
//!
//! Every check goes on after a failure, so that one report names everything that was found. A bundle is input from
//! somebody who may want to mislead or to crash this program: see [`super::bag`] for what is never opened.

use std::collections::BTreeSet;
use std::path::Path;

use super::attested::{self, AttestedCheck, AttestedLine};
use super::bag::{Bag, SIGNATURE, TAG_MANIFEST};
use super::bundle::signed_text;
use super::casefile::{
    CaseSummary, ChronologyLine, EntryLine, FORMAT, Held, ObservedLine, json_line, path, read_json_lines,
};
use super::checkpoint::{SignedCheckpoint, VerifierKey, verify_note};
use super::commitment::Exhibit;
use super::cosignature::WitnessKey;
use super::entry::Entry;
use super::hash::Hash;
use super::readable;
use super::report::{Finding, Report};
use super::tlog_proof;

/// Verifies the bundle in the folder `dir`. With `published`, the log's public key as the organisation published it,
/// the bundle's key has to be that one.
///
/// # Errors
/// [`VerifyError`] when the folder cannot be read at all; whatever is wrong with the bundle is in the report.
pub fn verify(dir: &Path, published: Option<&VerifierKey>) -> Result<Report, VerifyError> {
    verify_knowing(dir, &Known { log: published, witnesses: &[] })
}

/// What whoever verifies knows from elsewhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    /// The log's public key as the organisation published it: the bundle's key has to be that one.
    pub log: Option<&'a VerifierKey>,
    /// Witnesses' public keys, as the trustees gave them: each has to have cosigned a state of the log.
    pub witnesses: &'a [WitnessKey],
}

/// Verifies the bundle in the folder `dir` with what is known from elsewhere.
///
/// # Errors
/// As [`verify`].
pub fn verify_knowing(dir: &Path, known: &Known<'_>) -> Result<Report, VerifyError> {
    Ok(Examination::of(dir, known)?.report())
}

/// Why nothing could be verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot read the bundle {0}: {1}\ngive the folder that holds bagit.txt and VERIFY.txt")]
pub struct VerifyError(String, String);

/// A leaf of the bundle whose line could be read.
pub(super) struct Checked {
    pub(super) line: EntryLine,
    pub(super) entry: Entry,
}

/// The state of a verification.
pub(super) struct Examination {
    pub(super) bag: Bag,
    pub(super) findings: Vec<Finding>,
    pub(super) case: Option<CaseSummary>,
    pub(super) chronology: Vec<ChronologyLine>,
    pub(super) key: Option<VerifierKey>,
    pub(super) key_compared: bool,
    pub(super) checkpoint: Option<SignedCheckpoint>,
    pub(super) entries: Vec<Checked>,
    /// States that others outside attested, as far as that holds.
    pub(super) attested: Vec<AttestedCheck>,
    pub(super) attested_lines: Vec<AttestedLine>,
    pub(super) witness_files: Vec<String>,
    /// Witnesses whose keys are known from elsewhere.
    pub(super) witnesses: Vec<WitnessKey>,
    /// How many exhibits kept in the clear are what their commitment promises.
    pub(super) open_contents: usize,
    /// How many sealed ones are, where they could be read.
    pub(super) sealed_contents: usize,
}

impl Examination {
    pub(super) fn of(dir: &Path, known: &Known<'_>) -> Result<Self, VerifyError> {
        let (bag, findings) =
            Bag::inspect(dir).map_err(|why| VerifyError(dir.display().to_string(), why.to_string()))?;
        let mut examination = Examination {
            bag,
            findings,
            case: None,
            chronology: Vec::new(),
            key: None,
            key_compared: false,
            checkpoint: None,
            entries: Vec::new(),
            attested: Vec::new(),
            attested_lines: Vec::new(),
            witness_files: Vec::new(),
            witnesses: known.witnesses.to_vec(),
            open_contents: 0,
            sealed_contents: 0,
        };
        examination.check_case();
        examination.check_key(known.log);
        examination.check_signatures();
        examination.check_entries();
        examination.check_attested();
        examination.check_cosignatures();
        examination.check_files_are_explained();
        Ok(examination)
    }

    pub(super) fn broken(&mut self, code: &'static str, file: &str, words: impl Into<String>) {
        self.findings.push(Finding::broken(code, Some(file), words));
    }

    fn check_case(&mut self) {
        let text = self.bag.read_text(path::CASE).unwrap_or_default();
        match serde_json::from_str::<CaseSummary>(&text) {
            Ok(case) if case.format != FORMAT => {
                self.broken(
                    "format",
                    path::CASE,
                    format!("the bundle's layout is not {FORMAT}; use a newer chaperone"),
                );
            }
            Ok(case) if json_line(&case) == text => self.case = Some(case),
            _ => self.broken("case-malformed", path::CASE, "is missing or not as chaperone writes it"),
        }
        match read_json_lines(&self.bag.read_text(path::CHRONOLOGY).unwrap_or_default()) {
            Ok(lines) => self.chronology = lines,
            Err(line) => self.broken(
                "chronology-malformed",
                path::CHRONOLOGY,
                format!("line {line} is not as chaperone writes it"),
            ),
        }
        if let Err(line) =
            read_json_lines::<ObservedLine>(&self.bag.read_text(path::OBSERVATIONS).unwrap_or_default())
        {
            let words = format!("line {line} is not as chaperone writes it");
            self.broken("observations-malformed", path::OBSERVATIONS, words);
        }
        let always = [
            path::CHRONOLOGY,
            path::GAPS,
            path::WITHHELD,
            path::OBSERVATIONS,
            path::CUSTODY,
            path::STATEMENT,
        ];
        for file in always.into_iter().chain(["VERIFY.txt"]) {
            if self.bag.hash(file).is_none() {
                self.broken("file-missing", file, "belongs to every bundle and is not there");
            }
        }
    }

    fn check_key(&mut self, published: Option<&VerifierKey>) {
        let text = self.bag.read_text(path::KEY).unwrap_or_default();
        let Some(key) = text.strip_suffix('\n').and_then(|line| line.parse::<VerifierKey>().ok()) else {
            return self.broken("key-malformed", path::KEY, "is missing or not a log's public key");
        };
        if format!("{key}\n") != text {
            self.broken("key-malformed", path::KEY, "is not written as chaperone writes it");
        }
        if self.bag.read_text(path::KEY_PEM) != Some(key.to_pem()) {
            self.broken("key-differs", path::KEY_PEM, format!("is not the same key as {}", path::KEY));
        }
        if let Some(published) = published {
            self.key_compared = true;
            if *published != key {
                self.broken("key-differs", path::KEY, "is not the key that was given as the published one");
            }
        }
        self.key = Some(key);
    }

    fn check_signatures(&mut self) {
        let Some(key) = self.key.clone() else { return };
        let text = self.bag.read_text(SIGNATURE).unwrap_or_default();
        let reference = self.case.as_ref().map(|case| case.reference.clone()).unwrap_or_default();
        match (verify_note(&text, &key), self.bag.hash(TAG_MANIFEST)) {
            (Err(_), _) => {
                self.broken("signature", SIGNATURE, "is missing, or the bundle's key did not sign it");
            }
            (Ok((body, 0)), Some(hash)) if body == signed_text(&reference, hash) => {}
            (Ok(_), _) => {
                self.broken("signature", SIGNATURE, "signs another list of files than this bundle's");
            }
        }
        match SignedCheckpoint::verify(&self.bag.read_text(path::CHECKPOINT).unwrap_or_default(), &key) {
            Ok(checkpoint) => self.checkpoint = Some(checkpoint),
            Err(_) => self.broken(
                "checkpoint",
                path::CHECKPOINT,
                "is missing, altered, or not signed by the bundle's key",
            ),
        }
        if let (Some(case), Some(checkpoint)) = (&self.case, &self.checkpoint) {
            let state = checkpoint.checkpoint();
            if (&case.log, case.log_size) != (&state.origin, state.size) {
                self.broken(
                    "case-contradicts",
                    path::CASE,
                    "names another state of the log than the checkpoint",
                );
            }
        }
    }

    /// The cosignatures on the bundle's own checkpoint are those of its attested state, and every witness that is known
    /// from elsewhere has cosigned some state.
    fn check_cosignatures(&mut self) {
        if let Some(checkpoint) = &self.checkpoint {
            let same = self.attested.iter().find(|state| state.size == checkpoint.checkpoint().size);
            let explained = same.map_or(0, |state| state.cosigned.len());
            let good = same
                .into_iter()
                .flat_map(|state| &state.cosigned)
                .all(|(witness, _)| witness.find(checkpoint.body(), checkpoint.text()).is_some());
            if !good || checkpoint.other_signatures() != explained {
                self.broken(
                    "cosignature",
                    path::CHECKPOINT,
                    "holds other cosignatures than its attested state",
                );
            }
        }
        for witness in &self.witnesses {
            let cosigned =
                self.attested.iter().any(|state| state.cosigned.iter().any(|(by, _)| by == witness));
            if !cosigned {
                let words = format!("no state of the log in this bundle is cosigned by {}", witness.name());
                self.findings.push(Finding::doubt("not-cosigned", Some(path::ATTESTED), words));
            }
        }
    }

    fn check_entries(&mut self) {
        let lines = match read_json_lines::<EntryLine>(&self.bag.read_text(path::ENTRIES).unwrap_or_default())
        {
            Ok(lines) => lines,
            Err(line) => {
                return self.broken(
                    "entry-malformed",
                    path::ENTRIES,
                    format!("line {line} is not as chaperone writes it"),
                );
            }
        };
        if self.bag.hash(path::ENTRIES).is_none()
            || self.case.as_ref().is_some_and(|case| case.exhibits != lines.len())
        {
            self.broken(
                "entries-count",
                path::ENTRIES,
                "does not hold the number of exhibits that the case names",
            );
        }
        let (mut labels, mut indexes) = (BTreeSet::new(), BTreeSet::new());
        for (number, line) in (1..).zip(lines) {
            let fresh = labels.insert(line.label.clone()) && indexes.insert(line.index);
            if line.number != number || !fresh {
                self.broken(
                    "entries-order",
                    path::ENTRIES,
                    format!("line {number} is out of order or stands twice"),
                );
            }
            match line.entry() {
                Some(entry) => {
                    self.check_proof(&line, &entry);
                    self.check_content(&line, &entry);
                    self.entries.push(Checked { line, entry });
                }
                None => self.broken(
                    "entry-contradicts",
                    path::ENTRIES,
                    format!("line {number}: its fields are not those of its leaf"),
                ),
            }
        }
    }

    fn check_proof(&mut self, line: &EntryLine, entry: &Entry) {
        let file = path::proof(line.number);
        let Some(checkpoint) = &self.checkpoint else { return };
        let state = checkpoint.checkpoint();
        let text = self.bag.read_text(&file).unwrap_or_default();
        let Some((proof, rest)) = tlog_proof::read(&text, state.size) else {
            return self.broken("proof-malformed", &file, "is missing or not a c2sp.org/tlog-proof@v1");
        };
        if rest != checkpoint.text() {
            self.broken("proof-checkpoint", &file, "leads to another checkpoint than the bundle's");
        } else if proof.index != line.index || proof.check(entry.leaf_hash(), state.root).is_err() {
            self.broken(
                "proof",
                &file,
                format!("does not prove that the entry of {} is in the log", shown(&line.label)),
            );
        }
    }

    fn check_content(&mut self, line: &EntryLine, entry: &Entry) {
        let number = line.number;
        match line.held {
            Held::Sealed => {
                let file = path::sealed(number);
                if entry.ciphertext.is_none() || self.bag.hash(&file) != entry.ciphertext {
                    self.broken("sealed", &file, "is not the sealed file that the log entry names");
                }
            }
            Held::Open => {
                let exhibit = self.check_exhibit(&path::open(number), entry);
                self.open_contents += usize::from(exhibit.is_some());
            }
            Held::Erased => {}
        }
        let file = format!("{}{}", path::READABLE, path::readable_exhibit(number));
        if self.bag.hash(&file).is_some()
            && let Some(exhibit) = self.check_exhibit(&file, entry)
        {
            self.sealed_contents += usize::from(line.held == Held::Sealed);
            let raw = format!("{}{}", path::READABLE, readable::raw_path(number, &exhibit));
            if self.bag.hash(&raw) != Some(Hash::of(exhibit.payload())) {
                self.broken("raw", &raw, "is not the payload of the exhibit");
            }
        }
    }

    /// Holds a readable exhibit against its commitment.
    fn check_exhibit(&mut self, file: &str, entry: &Entry) -> Option<Exhibit> {
        if self.bag.hash(file) != Some(entry.commitment) {
            self.broken("commitment", file, "is not what the log promised when it was kept");
            return None;
        }
        let exhibit = self.bag.read(file).and_then(|bytes| Exhibit::from_bytes(&bytes).ok());
        if exhibit.is_none() {
            self.broken("exhibit-malformed", file, "is not written as an exhibit");
        }
        exhibit
    }

    fn check_files_are_explained(&mut self) {
        let mut known: BTreeSet<String> = [
            path::CASE,
            path::ENTRIES,
            path::CHRONOLOGY,
            path::GAPS,
            path::WITHHELD,
            path::CHECKPOINT,
            path::KEY,
            path::KEY_PEM,
            path::ATTESTED,
            path::OBSERVATIONS,
            path::CUSTODY,
            path::STATEMENT,
        ]
        .map(str::to_owned)
        .into();
        for Checked { line, .. } in &self.entries {
            known.insert(path::proof(line.number));
            match line.held {
                Held::Sealed => known.insert(path::sealed(line.number)),
                Held::Open => known.insert(path::open(line.number)),
                Held::Erased => false,
            };
        }
        known.extend(self.attested_lines.iter().flat_map(attested::files_of));
        known.extend(self.witness_files.iter().cloned());
        let unexplained = |file: &&str| {
            file.starts_with("data/") && !file.starts_with(path::READABLE) && !known.contains(*file)
        };
        let found = self.bag.paths().filter(unexplained).map(|file| {
            Finding::doubt("file-unexplained", Some(file), "belongs to no exhibit of the bundle")
        });
        self.findings.extend(found.collect::<Vec<_>>());
    }
}

/// A label from a hostile file, fit for a terminal.
fn shown(label: &str) -> String {
    label.chars().take(40).flat_map(char::escape_debug).collect()
}
