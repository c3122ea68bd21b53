//! The journal: every change on a line, written before it is answered. Starting with an existing
//! journal folds it, so nothing is lost when the process is killed; a last line that was being written when it
//! happened is cut off (nobody had been answered).

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::op::Op;
use super::state::State;
use crate::domain::Timestamp;

/// The first line of every journal.
const HEADER: &str = "{\"rehearsal-journal\":1}\n";

/// Changes that belong together (mostly one), when they happened and why. A line is there whole or not at all.
#[derive(Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since 1970.
    pub at: i64,
    /// What changed, in order.
    pub ops: Vec<Op>,
    /// The audit-log reason that came with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An open journal.
#[derive(Debug)]
pub struct Journal(File);

impl Journal {
    /// Opens or begins a journal and folds what is in it into `state`. Answers the time of the last change, if
    /// there was one.
    ///
    /// # Errors
    /// When the file cannot be read or written, is not a journal, or holds a line (other than a torn last one)
    /// that cannot be read or applied; the message names the line.
    pub fn open(path: &Path, state: &mut State) -> io::Result<(Self, Option<Timestamp>)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut last = None;
        if whole == 0 {
            if !HEADER.as_bytes().starts_with(&bytes) {
                return Err(broken(path, 1, "this is not a rehearsal's journal; name another file"));
            }
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(HEADER.as_bytes())?;
            return Ok((Journal(file), None));
        }
        for (index, line) in bytes[..whole].split(|byte| *byte == b'\n').enumerate() {
            if index == 0 {
                if line != HEADER.trim_end().as_bytes() {
                    return Err(broken(path, 1, "this is not a rehearsal's journal; name another file"));
                }
                continue;
            }
            if line.is_empty() {
                continue;
            }
            let entry: Entry =
                serde_json::from_slice(line).map_err(|error| broken(path, index + 1, &error.to_string()))?;
            let at = Timestamp(entry.at);
            for op in &entry.ops {
                state
                    .apply(op, entry.reason.as_deref(), at)
                    .map_err(|refused| broken(path, index + 1, &refused.to_string()))?;
            }
            last = Some(at);
        }
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        Ok((Journal(file), last))
    }

    /// Appends a change. It is in the operating system's hands when this returns, which outlives the process (not
    /// a power failure; a rehearsal does not need that).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.0.write_all(&line)
    }
}

fn broken(path: &Path, line: usize, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("{}:{line}: {why}", path.display()))
}
