//! The witness: cosigns a log's checkpoint only when it continues the last one that it cosigned (C2SP tlog-witness).
//!
//! For each log, one folder on the witness' disk:
//!
//! ```text
//! latest.txt      the checkpoint that was cosigned last, with the cosignature; replaced whole, on disk before the answer
//! history.txt     a line for each size that was cosigned: size, root, time; only ever appended to
//! fork-….txt      what was refused because it contradicts what was cosigned: the proof that the log was rewritten
//! ```
//!
//! A fork is kept with both states, each signed by the log's own key: nobody can explain that away. A witness that has
//! seen one goes on answering by the protocol's rules (it refuses), and its operator hears of it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::evidence::add_checkpoint::{AddCheckpoint, SIZE_TYPE};
use crate::evidence::{
    Checkpoint, ConsistencyProof, CosigningKey, Hash, SignedCheckpoint, Tree, VerifierKey,
};

const LATEST: &str = "latest.txt";
const HISTORY: &str = "history.txt";
/// As many different contradictions of one log are kept; the first ones say everything.
const MOST_FORKS: usize = 100;

/// What is answered to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status, as the protocol gives it.
    pub status: u16,
    /// The media type.
    pub media_type: &'static str,
    /// The body: cosignature lines, a size, or a sentence.
    pub body: String,
}

/// A state, signed by a log's key, that contradicts what was cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The log's origin.
    pub log: String,
    /// The size that was cosigned.
    pub cosigned: u64,
    /// The size of the state that contradicts it.
    pub offered: u64,
    /// Where the proof is kept.
    pub file: PathBuf,
    /// Whether this very contradiction was kept before.
    pub known: bool,
}

/// A log as its witness knows it.
#[derive(Debug)]
pub struct Log {
    key: VerifierKey,
    folder: PathBuf,
    latest: Option<SignedCheckpoint>,
    /// Roots by size, as far as they were cosigned.
    roots: BTreeMap<u64, Hash>,
    /// When it was cosigned last, in seconds since 1970.
    cosigned_at: u64,
    forks: usize,
}

impl Log {
    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.key.name()
    }

    /// The size that was cosigned last; 0 for none.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.latest.as_ref().map_or(0, |latest| latest.checkpoint().size)
    }

    /// When it was cosigned last, in seconds since 1970; 0 for never.
    #[must_use]
    pub fn cosigned_at(&self) -> u64 {
        self.cosigned_at
    }

    /// How many contradictions are kept.
    #[must_use]
    pub fn forks(&self) -> usize {
        self.forks
    }

    /// Opens what the disk holds of a log, and holds it against itself.
    fn open(dir: &Path, key: VerifierKey) -> Result<Self, WitnessError> {
        let folder = dir.join(folder_of(key.name()));
        fs::create_dir_all(&folder).map_err(|why| WitnessError::file(&folder, &why))?;
        let damaged = |name: &str| WitnessError::Damaged(folder.join(name).display().to_string());
        let latest = SignedCheckpoint::kept(&folder.join(LATEST), &key).map_err(|_| damaged(LATEST))?;
        let text = match fs::read_to_string(folder.join(HISTORY)) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound => String::new(),
            Err(why) => return Err(WitnessError::file(&folder.join(HISTORY), &why)),
        };
        let (mut roots, mut cosigned_at) = (BTreeMap::new(), 0);
        for line in text.split_inclusive('\n') {
            // A line that a power cut left half written was never answered for.
            let Some(line) = line.strip_suffix('\n') else { break };
            let (size, root, time) = history_line(line).ok_or_else(|| damaged(HISTORY))?;
            if roots.insert(size, root).is_some_and(|before| before != root) {
                return Err(damaged(HISTORY));
            }
            cosigned_at = time.max(cosigned_at);
        }
        // The line of the history is on the disk before the newest checkpoint is.
        if let Some(state) = latest.as_ref().map(SignedCheckpoint::checkpoint)
            && roots.get(&state.size) != Some(&state.root)
        {
            return Err(damaged(HISTORY));
        }
        let forks = fork_files(&folder).map_err(|why| WitnessError::file(&folder, &why))?;
        Ok(Log { key, folder, latest, roots, cosigned_at, forks })
    }

    fn latest_state(&self) -> Checkpoint {
        match &self.latest {
            Some(latest) => latest.checkpoint().clone(),
            None => Checkpoint::of(self.key.name(), &Tree::empty()),
        }
    }

    /// Makes the new state durable: its line of the history first, then the checkpoint itself.
    fn keep(&mut self, offered: &SignedCheckpoint, cosignature: &str, time: u64) -> io::Result<()> {
        let state = offered.checkpoint();
        if self.roots.get(&state.size) != Some(&state.root) || time > self.cosigned_at {
            let path = self.folder.join(HISTORY);
            let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
            // Behind what a power cut left half written, a line begins anew.
            let there = fs::read(&path)?;
            let whole = there.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole < there.len() {
                file.set_len(whole as u64)?;
            }
            writeln!(file, "{} {} {time}", state.size, state.root)?;
            file.sync_all()?;
        }
        let cosigned = offered.with_cosignatures([cosignature]);
        cosigned.keep(&self.folder.join(LATEST))?;
        self.roots.insert(state.size, state.root);
        self.cosigned_at = time.max(self.cosigned_at);
        self.latest = Some(cosigned);
        Ok(())
    }

    /// Keeps a contradiction; nothing is overwritten.
    fn keep_fork(&mut self, offered: &SignedCheckpoint, request: &AddCheckpoint) -> Fork {
        let (state, ours) = (offered.checkpoint(), self.latest_state());
        let name = format!("fork-{}-{}.txt", state.size, &state.root.to_string()[..16]);
        let file = self.folder.join(name);
        let known = file.exists();
        if !known && self.forks < MOST_FORKS {
            let cosigned = self.latest.as_ref().map_or("(nothing yet)\n", SignedCheckpoint::text);
            let text = format!(
                "The log {} was rewritten: both states below are signed with its own key, and one does not continue the other.\n\
                 Keep this file. Tell the trustees and whoever runs the bot.\n\n\
                 == cosigned here ==\n{cosigned}\n== offered afterwards, with its proof, and refused ==\n{}",
                self.key.name(),
                request.to_body()
            );
            match write_new(&file, text.as_bytes()) {
                Ok(()) => self.forks += 1,
                Err(error) => {
                    tracing::error!(%error, file = %file.display(), "the proof of a fork could not be kept");
                }
            }
        }
        Fork { log: self.key.name().to_owned(), cosigned: ours.size, offered: state.size, file, known }
    }
}

/// A witness with its key and its logs. One process at a time has its folder.
#[derive(Debug)]
pub struct Witness {
    key: CosigningKey,
    logs: BTreeMap<String, Log>,
    _hold: File,
}

impl Witness {
    /// Opens the witness' folder `dir` for these logs.
    ///
    /// # Errors
    /// [`WitnessError`]: another process has the folder, or what is in it is damaged.
    pub fn open(
        dir: &Path,
        key: CosigningKey,
        logs: impl IntoIterator<Item = VerifierKey>,
    ) -> Result<Self, WitnessError> {
        fs::create_dir_all(dir).map_err(|why| WitnessError::file(dir, &why))?;
        let lock = dir.join("lock");
        let hold = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&lock)
            .map_err(|why| WitnessError::file(&lock, &why))?;
        hold.try_lock().map_err(|_| WitnessError::Held(dir.display().to_string()))?;
        let logs = logs
            .into_iter()
            .map(|key| Ok((key.name().to_owned(), Log::open(dir, key)?)))
            .collect::<Result<_, WitnessError>>()?;
        Ok(Witness { key, logs, _hold: hold })
    }

    /// The witness' own key.
    #[must_use]
    pub fn key(&self) -> &CosigningKey {
        &self.key
    }

    /// The logs by origin.
    pub fn logs(&self) -> impl Iterator<Item = &Log> {
        self.logs.values()
    }

    /// Answers a request to cosign at `now` (seconds since 1970), and says when it proves that a log was rewritten.
    /// What it cosigns is on the disk before it returns.
    pub fn add_checkpoint(&mut self, body: &[u8], now: u64) -> (Answer, Option<Fork>) {
        let Some(request) = AddCheckpoint::read(body) else {
            return (refuse(400, "this is no request of c2sp.org/tlog-witness"), None);
        };
        let origin = request.note.lines().next().unwrap_or_default();
        let Some(log) = self.logs.get_mut(origin) else {
            return (refuse(404, "this log is not known here"), None);
        };
        let Ok(offered) = SignedCheckpoint::verify(&request.note, &log.key) else {
            return (refuse(403, "the checkpoint is not signed by the key that is known of this log"), None);
        };
        let (state, ours) = (offered.checkpoint().clone(), log.latest_state());
        if request.old > state.size {
            return (refuse(400, "the old size is larger than the checkpoint's"), None);
        }
        // Two roots for one size, both signed by the log: whatever else the request says.
        let contradicts = log.roots.get(&state.size).is_some_and(|root| *root != state.root);
        if request.old != ours.size || contradicts {
            let fork = contradicts.then(|| log.keep_fork(&offered, &request));
            let body = format!("{}\n", ours.size);
            return (Answer { status: 409, media_type: SIZE_TYPE, body }, fork);
        }
        let proof = ConsistencyProof { from: request.old, to: state.size, path: request.path.clone() };
        if proof.check(ours.root, state.root).is_err() {
            let fork = log.keep_fork(&offered, &request);
            return (refuse(422, "the checkpoint does not continue the one that was cosigned"), Some(fork));
        }
        // A clock that was set back does not unsay what was signed later.
        let time = now.max(log.cosigned_at);
        let line = self.key.cosign(offered.body(), time);
        match log.keep(&offered, &line, time) {
            Ok(()) => (Answer { status: 200, media_type: "text/plain; charset=utf-8", body: line }, None),
            Err(error) => {
                tracing::error!(%error, log = origin, "the new state could not be made durable; nothing is cosigned");
                (refuse(500, "the witness cannot keep anything at present"), None)
            }
        }
    }
}

fn refuse(status: u16, why: &str) -> Answer {
    Answer { status, media_type: "text/plain; charset=utf-8", body: format!("{why}\n") }
}

/// A folder's name for any origin.
fn folder_of(origin: &str) -> String {
    let word: String =
        origin.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(40).collect();
    format!("{word}-{}", &Hash::of(origin.as_bytes()).to_string()[..16])
}

fn history_line(line: &str) -> Option<(u64, Hash, u64)> {
    let mut parts = line.split(' ');
    let read = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(read)
}

fn fork_files(folder: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in fs::read_dir(folder)? {
        count += usize::from(entry?.file_name().to_string_lossy().starts_with("fork-"));
    }
    Ok(count)
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Why a witness cannot begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// The file system refused.
    #[error("cannot use {0}: {1}\ncheck the path, its owner and its permissions")]
    File(String, String),
    /// What is kept contradicts itself.
    #[error(
        "{0} is damaged or was altered\na witness that forgets what it signed is none: restore the folder from its copy; if there is none, make a new key and tell whoever runs the log"
    )]
    Damaged(String),
    /// Two witnesses with one memory.
    #[error("another process has the witness' folder {0}\nstop it first; one process at a time cosigns")]
    Held(String),
}

impl WitnessError {
    fn file(path: &Path, why: &io::Error) -> Self {
        WitnessError::File(path.display().to_string(), why.to_string())
    }
}

#[cfg(test)]
#[path = "keeper_tests.rs"]
mod tests;
