//! Opening a bundle with a lead's identity: verify first, then open, then hold what came out against the log's promise.

use std::io;
use std::path::Path;

use super::bag;
use super::case_key::CaseKey;
use super::casefile::{Held, path};
use super::checkpoint::VerifierKey;
use super::commitment::Exhibit;
use super::hash::Hash;
use super::readable::{self, Opened};
use super::report::Report;
use super::seal::{self, Identity, SealError, Sealed};
use super::verify::{Checked, Examination, VerifyError};

/// What opening a bundle gave.
#[derive(Debug)]
pub struct Unsealed {
    /// What the verification of the bundle found, and what opening found besides.
    pub report: Report,
    /// The readable files, by path relative to the folder that they go into.
    pub files: Vec<(String, Vec<u8>)>,
    /// How many exhibits were opened.
    pub opened: usize,
    /// How many were sealed to others than this identity.
    pub closed: usize,
}

/// Verifies a bundle and opens what `identity` can open. An exhibit whose content is not what the log promised is a
/// finding and is not among the files.
///
/// # Errors
/// [`VerifyError`] when the folder cannot be read at all.
pub fn unseal(
    dir: &Path,
    published: Option<&VerifierKey>,
    identity: &Identity,
) -> Result<Unsealed, VerifyError> {
    let mut examination = Examination::of(dir, published)?;
    let (mut opened, mut closed, mut unsealed) = (Vec::new(), 0, 0);
    let entries = std::mem::take(&mut examination.entries);
    let mut keys = identity.clone();
    for Checked { line, entry } in &entries {
        let (file, plain) = match line.held {
            Held::Erased => continue,
            Held::Open => {
                let file = path::open(line.number);
                let plain = examination.bag.read(&file).ok_or(SealError::Damaged);
                (file, plain)
            }
            Held::Sealed => {
                let file = path::sealed(line.number);
                let sealed = examination.bag.read(&file).ok_or(SealError::Damaged);
                (file, sealed.and_then(|bytes| seal::open(&Sealed(bytes), &keys)))
            }
        };
        let exhibit = match plain {
            Err(SealError::NotForYou) => {
                closed += 1;
                continue;
            }
            Err(_) => Err(("sealed", "cannot be opened: it was altered or cut off")),
            Ok(plain) if Hash::of(&plain) != entry.commitment => {
                Err(("commitment", "holds something else than the log promised when it was kept"))
            }
            Ok(plain) => {
                Exhibit::from_bytes(&plain).map_err(|_| ("exhibit-malformed", "is not written as an exhibit"))
            }
        };
        match exhibit {
            // It opens what follows it, and is written nowhere.
            Ok(exhibit) if entry.class.is_key() => {
                unsealed += usize::from(line.held == Held::Sealed);
                keys = CaseKey::added(&exhibit, keys);
            }
            Ok(exhibit) => {
                unsealed += usize::from(line.held == Held::Sealed);
                let (number, label, class) = (line.number, line.label.clone(), entry.class.clone());
                opened.push(Opened { number, label, at: entry.at, class, exhibit });
            }
            Err((code, words)) => examination.broken(code, &file, words),
        }
    }
    examination.entries = entries;
    examination.sealed_contents = examination.sealed_contents.max(unsealed);
    let mut files = match &examination.case {
        Some(case) => readable::files(case, &examination.chronology, &opened),
        None => Vec::new(),
    };
    // What was not heard and not copied goes with the words wherever they go.
    for (name, file) in [("GAPS.txt", path::GAPS), ("WITHHELD.txt", path::WITHHELD)] {
        files.extend(examination.bag.read(file).map(|bytes| (name.to_owned(), bytes)));
    }
    Ok(Unsealed { files, opened: opened.len(), closed, report: examination.report() })
}

/// Writes the files of an opened bundle into a new folder that only its owner can enter.
///
/// # Errors
/// Those of the file system; [`io::ErrorKind::AlreadyExists`] when something is there. Nothing is left then.
pub fn write_unsealed(files: &[(String, Vec<u8>)], out: &Path) -> io::Result<()> {
    let partial = bag::begin(out)?;
    let written = files
        .iter()
        .try_for_each(|(name, bytes)| bag::write_file(&partial.join(name), bytes))
        .and_then(|()| bag::finish(&partial, out));
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&partial);
    }
    written
}
