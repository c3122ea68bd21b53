//! A case as a folder that a stranger can check: a BagIt bag of sealed exhibits, log entries and proofs, signed by
//! the log's key, and readable parts when a lead's identity is given.
//!
//! ```text
//! VERIFY.txt                      how to check it, first with sha256sum alone
//! bagit.txt bag-info.txt manifest-sha256.txt tagmanifest-sha256.txt
//! signature.txt                   the log's key signs the tag manifest, and so every byte of the bundle
//! data/case.json                  reference, organisation, level, category, log
//! data/entries.jsonl              a line per exhibit: the leaf's fields, its label, number and hash
//! data/chronology.jsonl           what happened, in codes
//! data/GAPS.txt data/WITHHELD.txt what was not heard, what was not copied
//! data/sealed/0001.age …          the case's key and the exhibits, for `age -d`
//! data/open/0004.exhibit …        acts of the system, in the clear
//! data/proofs/                    0001.tlog-proof …, checkpoint.txt, log-key.txt, log-key.pem
//! data/readable/                  only with an identity: exhibits/, raw/, messages.jsonl, timeline.html
//! ```
//!
//! Equal values give equal bytes. The folder appears whole or not at all, and never over another.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::bag::BagWriter;
use super::case_key::CaseKey;
use super::casefile::{BundledExhibit, CaseFile, CaseSummary, Content, EntryLine, FORMAT, json_line, path};
use super::checkpoint::{CheckpointError, SigningKey};
use super::commitment::Exhibit;
use super::hash::Hash;
use super::instructions;
use super::readable::{self, Opened};
use super::seal::{self, Identity, SealError};
use super::tlog_proof;

/// Writes `case` as a bundle at `out`, signed by the log's `key`; with `identity`, also what that lead can read.
///
/// Returns the hash of the tag manifest, which stands for the whole bundle (a good thing to log and to write on the
/// hand-over sheet).
///
/// # Errors
/// [`BundleError`]. Nothing is written when the values would not verify.
pub fn write(
    case: &CaseFile,
    out: &Path,
    key: &SigningKey,
    identity: Option<&Identity>,
) -> Result<Hash, BundleError> {
    check(case, key)?;
    let file = |why: io::Error| BundleError::File(out.display().to_string(), why.to_string());
    let mut bag = BagWriter::create(out).map_err(file)?;
    for (name, bytes) in payload(case, key) {
        bag.add(&name, &bytes).map_err(file)?;
    }
    if let Some(identity) = identity {
        let summary = CaseSummary::of(case);
        for (name, bytes) in readable::files(&summary, &case.chronology, &open_all(&case.exhibits, identity)?)
        {
            bag.add(&format!("{}{name}", path::READABLE), &bytes).map_err(file)?;
        }
    }
    let exported = case.exported_at.to_string();
    let info = [
        ("Source-Organization", case.organisation.as_str()),
        ("External-Identifier", &case.reference),
        ("Bagging-Date", exported.get(..10).unwrap_or(&exported)),
        ("Bag-Software-Agent", &case.software),
    ];
    let hash = bag
        .close(
            &info,
            &[("VERIFY.txt", &instructions::verify_txt(&CaseSummary::of(case), key.verifier_key()))],
        )
        .map_err(file)?;
    bag.publish(&key.sign_note(&signed_text(&case.reference, hash))?).map_err(file)?;
    Ok(hash)
}

/// What the bundle's signature signs.
pub(super) fn signed_text(reference: &str, tag_manifest: Hash) -> String {
    format!("{FORMAT}\n{reference}\n{tag_manifest}\n")
}

/// Refuses a case whose bundle would not verify: better no export than one that fails in court.
fn check(case: &CaseFile, key: &SigningKey) -> Result<(), BundleError> {
    let checkpoint = case.checkpoint.checkpoint();
    if checkpoint.origin != key.origin() {
        return Err(BundleError::Key);
    }
    for text in [&case.reference, &case.organisation, &case.software, &case.category] {
        if text.is_empty() || text.chars().any(char::is_control) {
            return Err(BundleError::Name(text.clone()));
        }
    }
    let mut labels = BTreeSet::new();
    for BundledExhibit { label, entry, proof, content } in &case.exhibits {
        let wrong = |why| Err(BundleError::Exhibit(label.clone(), why));
        if label.is_empty() || label.chars().any(char::is_control) || !labels.insert(label) {
            return wrong("its label is empty, odd or used twice");
        }
        if proof.size != checkpoint.size || proof.check(entry.leaf_hash(), checkpoint.root).is_err() {
            return wrong("its proof does not lead to the checkpoint");
        }
        match content {
            Content::Sealed(sealed) if entry.ciphertext != Some(sealed.hash()) => {
                return wrong("its sealed file is not the one that its entry names");
            }
            Content::Open(exhibit) if exhibit.commitment() != entry.commitment => {
                return wrong("its content is not what its entry promises");
            }
            _ => {}
        }
    }
    Ok(())
}

fn payload(case: &CaseFile, key: &SigningKey) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        (path::CASE.to_owned(), json_line(&CaseSummary::of(case)).into_bytes()),
        (path::CHRONOLOGY.to_owned(), case.chronology.iter().map(json_line).collect::<String>().into_bytes()),
        (path::GAPS.to_owned(), instructions::gaps_txt(&case.gaps).into_bytes()),
        (path::WITHHELD.to_owned(), instructions::withheld_txt(&case.withheld).into_bytes()),
        (path::CHECKPOINT.to_owned(), case.checkpoint.text().as_bytes().to_vec()),
        (path::KEY.to_owned(), format!("{}\n", key.verifier_key()).into_bytes()),
        (path::KEY_PEM.to_owned(), key.verifier_key().to_pem().into_bytes()),
    ];
    let mut lines = String::new();
    for (number, exhibit) in (1..).zip(&case.exhibits) {
        lines.push_str(&json_line(&EntryLine::of(number, exhibit)));
        files.push((path::proof(number), tlog_proof::write(&exhibit.proof, &case.checkpoint).into_bytes()));
        match &exhibit.content {
            Content::Sealed(sealed) => files.push((path::sealed(number), sealed.0.clone())),
            Content::Open(exhibit) => files.push((path::open(number), exhibit.to_bytes())),
            Content::Erased => {}
        }
    }
    files.push((path::ENTRIES.to_owned(), lines.into_bytes()));
    files
}

/// Opens what `identity` can open. An exhibit that was sealed to others stays closed; a damaged one is an error.
fn open_all(exhibits: &[BundledExhibit], identity: &Identity) -> Result<Vec<Opened>, BundleError> {
    let mut opened = Vec::new();
    let mut keys = identity.clone();
    for (number, bundled) in (1..).zip(exhibits) {
        let exhibit = match &bundled.content {
            Content::Erased => continue,
            Content::Open(exhibit) => exhibit.clone(),
            Content::Sealed(sealed) => match seal::open(sealed, &keys) {
                Err(SealError::NotForYou) => continue,
                Err(why) => return Err(why.into()),
                Ok(bytes) if Hash::of(&bytes) == bundled.entry.commitment => Exhibit::from_bytes(&bytes)
                    .map_err(|_| {
                        BundleError::Exhibit(bundled.label.clone(), "its content is not an exhibit")
                    })?,
                Ok(_) => {
                    return Err(BundleError::Exhibit(
                        bundled.label.clone(),
                        "its content is not what its entry promises",
                    ));
                }
            },
        };
        if bundled.entry.class.is_key() {
            // It opens what follows it, and is written nowhere.
            keys = CaseKey::added(&exhibit, keys);
            continue;
        }
        opened.push(Opened {
            number,
            label: bundled.label.clone(),
            at: bundled.entry.at,
            class: bundled.entry.class.clone(),
            exhibit,
        });
    }
    Ok(opened)
}

/// Why a bundle was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The file system refused, or something is there already.
    #[error("cannot write the bundle {0}: {1}\nname a folder that does not exist yet, on a disk with room")]
    File(String, String),
    /// A name that would break a line.
    #[error("{0:?} cannot stand in a bundle\ngive a case reference and names without line breaks")]
    Name(String),
    /// An exhibit that would not verify.
    #[error(
        "exhibit {0} would not verify: {1}\nthe database does not hold what was logged: keep it as it is and compare it with a backup"
    )]
    Exhibit(String, &'static str),
    /// The key is another log's.
    #[error(
        "the signing key is not that of the log\ncheck that key and database belong to the same installation"
    )]
    Key,
    /// A sealed exhibit is damaged.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Signing failed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}
