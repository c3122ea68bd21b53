//! A case as it travels: the values that an exporter hands over, and how they stand in the bundle's files.
//!
//! Everything here that is not an exhibit's content may be read by whoever holds the bundle: words of the chronology,
//! gaps and the list of what was withheld never quote a message, a name or a file name.

use serde::{Deserialize, Serialize};

use super::attested::AttestedState;
use super::checkpoint::SignedCheckpoint;
use super::commitment::Exhibit;
use super::entry::{Class, Entry};
use super::hash::Hash;
use super::log::InclusionProof;
use super::seal::Sealed;
use crate::domain::Timestamp;

/// The version of the bundle's layout; the first line of what its signature signs.
pub const FORMAT: &str = "chaperone-bundle/1";

/// Paths of a bundle's payload files.
pub(super) mod path {
    pub const CASE: &str = "data/case.json";
    pub const ENTRIES: &str = "data/entries.jsonl";
    pub const CHRONOLOGY: &str = "data/chronology.jsonl";
    pub const GAPS: &str = "data/GAPS.txt";
    pub const WITHHELD: &str = "data/WITHHELD.txt";
    pub const CHECKPOINT: &str = "data/proofs/checkpoint.txt";
    pub const KEY: &str = "data/proofs/log-key.txt";
    pub const KEY_PEM: &str = "data/proofs/log-key.pem";
    pub const ATTESTED: &str = "data/proofs/attested.jsonl";
    pub const ATTESTED_FOLDER: &str = "data/proofs/attested/";
    pub const OBSERVATIONS: &str = "data/observations.jsonl";
    pub const CUSTODY: &str = "data/CUSTODY.txt";
    pub const STATEMENT: &str = "data/STATEMENT.txt";
    pub const READABLE: &str = "data/readable/";
    pub fn sealed(number: usize) -> String {
        format!("data/sealed/{number:04}.age")
    }
    pub fn open(number: usize) -> String {
        format!("data/open/{number:04}.exhibit")
    }
    pub fn proof(number: usize) -> String {
        format!("data/proofs/{number:04}.tlog-proof")
    }
    /// Below [`READABLE`], or in the folder that `open` writes.
    pub fn readable_exhibit(number: usize) -> String {
        format!("exhibits/{number:04}.exhibit")
    }
}

/// A case and everything that belongs to it, to be written as a bundle.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// The case's reference, as pages and people name it.
    pub reference: String,
    /// The organisation's id.
    pub organisation: String,
    /// When the case was opened.
    pub opened_at: Timestamp,
    /// Its present level, 1 to 5.
    pub level: u8,
    /// Its category, a stable code.
    pub category: String,
    /// The moment of the export. Part of the bundle's bytes: pass the same moment to get the same bytes.
    pub exported_at: Timestamp,
    /// Name and version of what exported it.
    pub software: String,
    /// What happened and what was done, in the order of time. No words or names of people.
    pub chronology: Vec<ChronologyLine>,
    /// What was observed, in codes, with the exhibit that each rests on.
    pub observations: Vec<ObservedLine>,
    /// The exhibits and the logged acts, in the order of their labels.
    pub exhibits: Vec<BundledExhibit>,
    /// Stretches in which nothing could be heard.
    pub gaps: Vec<Gap>,
    /// Images and files that were not copied.
    pub withheld: Vec<Withheld>,
    /// The state of the log that the proofs lead to.
    pub checkpoint: SignedCheckpoint,
    /// Earlier states (or this one) that others outside attested, in the order of size.
    pub attested: Vec<AttestedState>,
}

/// A line of `data/observations.jsonl`: a dated, quotable fact, as a code with its sentence; never words of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedLine {
    /// When it happened.
    pub at: Timestamp,
    /// Its stable code.
    pub code: String,
    /// What the code means.
    pub sentence: String,
    /// The account whose conduct it is.
    pub by: String,
    /// The account towards which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub towards: Option<String>,
    /// The space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<String>,
    /// The message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Where in the message: a half-open range of Unicode scalar values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<(u32, u32)>,
    /// The label of the exhibit that holds the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exhibit: Option<String>,
}

/// One line of the chronology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChronologyLine {
    /// When.
    pub at: Timestamp,
    /// What happened, in codes and roles; never words or names of people.
    pub words: String,
    /// Somebody handled evidence: looked at it, took it out, changed its keys.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_handling: bool,
    /// Labels of the exhibits that it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exhibits: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it in this form")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A logged entry with its proof and its content.
#[derive(Clone, Debug)]
pub struct BundledExhibit {
    /// Its label in the case: `ABC/1`.
    pub label: String,
    /// The leaf of the log.
    pub entry: Entry,
    /// That the leaf is in the log at the bundle's checkpoint; holds the leaf's number.
    pub proof: InclusionProof,
    /// What there is of its content.
    pub content: Content,
}

/// What a bundle holds of an entry's content.
#[derive(Clone, Debug)]
pub enum Content {
    /// Sealed to the leads who may know.
    Sealed(Sealed),
    /// Kept in the clear: an act of the system without anybody's words.
    Open(Exhibit),
    /// Erased by a retention rule; the log still proves that it was there.
    Erased,
}

/// A stretch in which nothing, or not everything, could be heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end; none while it lasts.
    pub until: Option<Timestamp>,
    /// Why, and whether it was filled from the platform's history.
    pub why: String,
}

/// An image or a file that was posted and was not copied. Its name and link are in the sealed exhibit only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// When it was posted.
    pub at: Timestamp,
    /// The platform's id of the attachment.
    pub id: String,
    /// Its media type as the platform stated it.
    pub media_type: String,
    /// Its size in bytes as the platform stated it.
    pub size: Option<u64>,
    /// The label of the exhibit that records it.
    pub exhibit: String,
}

/// `data/case.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseSummary {
    /// [`FORMAT`].
    pub format: String,
    /// The case's reference.
    pub reference: String,
    /// The organisation's id.
    pub organisation: String,
    /// When the case was opened.
    pub opened_at: Timestamp,
    /// Its level at the export.
    pub level: u8,
    /// Its category, a code.
    pub category: String,
    /// When the bundle was exported.
    pub exported_at: Timestamp,
    /// What exported it.
    pub software: String,
    /// The number of exhibits.
    pub exhibits: usize,
    /// The log's origin.
    pub log: String,
    /// The number of entries of the log at the bundle's checkpoint.
    pub log_size: u64,
}

impl CaseSummary {
    pub(super) fn of(case: &CaseFile) -> Self {
        let checkpoint = case.checkpoint.checkpoint();
        CaseSummary {
            format: FORMAT.to_owned(),
            reference: case.reference.clone(),
            organisation: case.organisation.clone(),
            opened_at: case.opened_at,
            level: case.level,
            category: case.category.clone(),
            exported_at: case.exported_at,
            software: case.software.clone(),
            exhibits: case.exhibits.len(),
            log: checkpoint.origin.clone(),
            log_size: checkpoint.size,
        }
    }
}

/// What a bundle holds of an exhibit, as its line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Held {
    Sealed,
    Open,
    Erased,
}

/// A line of `data/entries.jsonl`: the fields of the leaf, for people and for the verifier. Times stand twice, in
/// words and in the microseconds that the leaf holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryLine {
    pub number: usize,
    pub label: String,
    pub index: u64,
    pub class: Class,
    pub organisation: String,
    pub at: String,
    pub at_us: i64,
    pub received_at: Option<String>,
    pub received_at_us: Option<i64>,
    pub commitment: Hash,
    pub ciphertext: Option<Hash>,
    pub software: String,
    pub leaf_hash: Hash,
    pub held: Held,
}

impl EntryLine {
    pub fn of(number: usize, exhibit: &BundledExhibit) -> Self {
        let entry = &exhibit.entry;
        EntryLine {
            number,
            label: exhibit.label.clone(),
            index: exhibit.proof.index,
            class: entry.class.clone(),
            organisation: entry.organisation.clone(),
            at: entry.at.to_string(),
            at_us: entry.at.0,
            received_at: entry.received_at.map(|at| at.to_string()),
            received_at_us: entry.received_at.map(|at| at.0),
            commitment: entry.commitment,
            ciphertext: entry.ciphertext,
            software: entry.software.clone(),
            leaf_hash: entry.leaf_hash(),
            held: match exhibit.content {
                Content::Sealed(_) => Held::Sealed,
                Content::Open(_) => Held::Open,
                Content::Erased => Held::Erased,
            },
        }
    }

    /// The leaf that the line describes; none when the line contradicts itself.
    pub fn entry(&self) -> Option<Entry> {
        let entry = Entry {
            class: self.class.clone(),
            organisation: self.organisation.clone(),
            at: Timestamp(self.at_us),
            received_at: self.received_at_us.map(Timestamp),
            commitment: self.commitment,
            ciphertext: self.ciphertext,
            software: self.software.clone(),
        };
        let times =
            entry.at.to_string() == self.at && entry.received_at.map(|at| at.to_string()) == self.received_at;
        (times && entry.leaf_hash() == self.leaf_hash).then_some(entry)
    }
}

/// A value as one line of JSON.
pub(super) fn json_line<T: Serialize>(value: &T) -> String {
    // Structures of text and numbers always serialise.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

/// Reads JSON lines in the one spelling in which [`json_line`] writes them; the error is the first line (from 1)
/// that is not.
pub(super) fn read_json_lines<T: Serialize + for<'de> Deserialize<'de>>(text: &str) -> Result<Vec<T>, usize> {
    let read = |(number, line): (usize, &str)| {
        serde_json::from_str(line.trim_end_matches('\n'))
            .ok()
            .filter(|value| json_line(value) == line)
            .ok_or(number + 1)
    };
    text.split_inclusive('\n').enumerate().map(read).collect()
}
