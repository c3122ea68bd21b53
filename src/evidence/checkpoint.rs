//! Signed states of the log: C2SP tlog-checkpoint in a C2SP signed-note, with an Ed25519 key.
//!
//! ```text
//! arts.example/evidence                          the log's origin, also the name of its key
//! 1842                                           the number of leaves
//! nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=   the root
//!
//! — arts.example/evidence hI2DJ…=                the signature; witnesses may add lines of their own
//! ```
//!
//! A log never signs a state that does not continue the last state it signed ([`Checkpoint::follows`]). The last
//! signed checkpoint is kept in a file beside the database, so that a database restored from an old backup is
//! noticed: it is behind what was signed.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use signed_note::{Note, Signature, Signer, StandardSigner, StandardVerifier, Verifier, VerifierList};

use super::hash::Hash;
use super::log::{ConsistencyProof, LogError, Tree};
use super::secret_file;

/// A state of the log: whose, how long, and its root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's origin: a name that no other log has, such as `arts.example/evidence`.
    pub origin: String,
    /// The number of leaves.
    pub size: u64,
    /// The root of the tree.
    pub root: Hash,
}

impl Checkpoint {
    /// The state of `tree`.
    #[must_use]
    pub fn of(origin: &str, tree: &Tree) -> Self {
        Checkpoint { origin: origin.to_owned(), size: tree.size(), root: tree.root() }
    }

    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64_STANDARD.encode(self.root.0))
    }

    /// Checks that this state continues `earlier`, by a proof made from the log's present rows.
    ///
    /// # Errors
    /// [`CheckpointError::Behind`] when this log is shorter: its database is older than what was signed;
    /// [`CheckpointError::Forked`] when it does not hold the earlier log as its beginning;
    /// [`CheckpointError::OtherLog`] when the origins differ.
    pub fn follows(&self, earlier: &Checkpoint, proof: &ConsistencyProof) -> Result<(), CheckpointError> {
        if self.origin != earlier.origin {
            return Err(CheckpointError::OtherLog {
                ours: self.origin.clone(),
                theirs: earlier.origin.clone(),
            });
        }
        if self.size < earlier.size {
            return Err(CheckpointError::Behind { signed: earlier.size, now: self.size });
        }
        let forked = CheckpointError::Forked { signed: earlier.size };
        if (proof.from, proof.to) != (earlier.size, self.size) {
            return Err(forked);
        }
        proof.check(earlier.root, self.root).map_err(|_: LogError| forked)
    }
}

/// A checkpoint with a good signature of the log's key; the only way to have one is to sign or to verify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    text: String,
    others: usize,
}

impl SignedCheckpoint {
    /// Reads a signed note and verifies the signature of `key` on it. Signatures of others (witnesses) are kept
    /// and counted, not verified.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`], [`CheckpointError::Signature`], or [`CheckpointError::OtherLog`] when the
    /// origin is not the key's name.
    pub fn verify(text: &str, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let (body, others) = verify_note(text, key)?;
        let parsed =
            tlog_tiles::Checkpoint::from_bytes(body.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
        if parsed.origin() != key.name() {
            return Err(CheckpointError::OtherLog {
                ours: key.name().to_owned(),
                theirs: parsed.origin().to_owned(),
            });
        }
        let checkpoint = Checkpoint {
            origin: parsed.origin().to_owned(),
            size: parsed.size(),
            root: Hash(parsed.hash().0),
        };
        Ok(SignedCheckpoint { checkpoint, text: text.to_owned(), others })
    }

    /// The state that was signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed note, to be published or kept.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is signed: the note's text without its signatures.
    #[must_use]
    pub fn body(&self) -> &str {
        // A verified note always has a signature block behind an empty line.
        self.text.rfind("\n\n").map_or("", |end| &self.text[..=end])
    }

    /// The same checkpoint with these witnesses' signature lines below the log's.
    #[must_use]
    pub fn with_cosignatures<'a>(&self, lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = self.clone();
        for line in lines {
            all.text.push_str(line);
            all.others += 1;
        }
        all
    }

    /// How many signatures of others stand on it, unverified.
    #[must_use]
    pub fn other_signatures(&self) -> usize {
        self.others
    }

    /// Replaces the file at `path` by this checkpoint, whole or not at all, and waits until it is on the disk.
    ///
    /// # Errors
    /// Those of the file system; the old file then still stands.
    pub fn keep(&self, path: &Path) -> io::Result<()> {
        let partial = path.with_extension("partial");
        let mut file = std::fs::File::create(&partial)?;
        io::Write::write_all(&mut file, self.text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&partial, path)?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(parent)?.sync_all()
    }

    /// Reads back what [`SignedCheckpoint::keep`] wrote; none when there is no file yet.
    ///
    /// # Errors
    /// Those of [`SignedCheckpoint::verify`], and [`CheckpointError::File`] when it cannot be read.
    pub fn kept(path: &Path, key: &VerifierKey) -> Result<Option<Self>, CheckpointError> {
        match std::fs::read_to_string(path) {
            Ok(text) => SignedCheckpoint::verify(&text, key).map(Some),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(CheckpointError::File(path.display().to_string(), why.to_string())),
        }
    }
}

/// The public half of the log's key, as one line: `name+hash+base64` (C2SP signed-note's "vkey").
#[derive(Clone)]
pub struct VerifierKey {
    text: String,
    verifier: StandardVerifier,
}

impl VerifierKey {
    /// The key's name, which is also the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        self.verifier.name()
    }

    /// The key in PEM (`SubjectPublicKeyInfo`, RFC 8410), for `openssl pkeyutl -verify`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        let encoded = self.text.splitn(3, '+').nth(2).unwrap_or_default();
        let typed = BASE64_STANDARD.decode(encoded).unwrap_or_default();
        ed25519_pem(typed.get(1..).unwrap_or_default())
    }
}

/// An Ed25519 public key in PEM.
pub(super) fn ed25519_pem(key: &[u8]) -> String {
    // RFC 8410 §10.1: the fixed DER prefix of an Ed25519 public key, then its 32 bytes.
    let mut der = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    der.extend(key);
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", BASE64_STANDARD.encode(der))
}

impl FromStr for VerifierKey {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let text = text.trim();
        let verifier = StandardVerifier::new(text).map_err(|_| CheckpointError::VerifierKey)?;
        Ok(VerifierKey { text: text.to_owned(), verifier })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for VerifierKey {}

/// The secret half: signs checkpoints and bundles. It lives in a file of its own, apart from the database, and
/// never prints.
pub struct SigningKey {
    text: String,
    signer: StandardSigner,
    public: VerifierKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public)
    }
}

impl SigningKey {
    /// A new key named `origin` from the machine's randomness.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] when the name is empty or holds white space, a control character or a plus.
    pub fn generate(origin: &str) -> Result<Self, CheckpointError> {
        if !signed_note::is_key_name_valid(origin) || origin.chars().any(char::is_control) {
            return Err(CheckpointError::Origin(origin.to_owned()));
        }
        let (text, _) = signed_note::generate_key(&mut rand::rngs::OsRng, origin);
        SigningKey::from_text(&text)
    }

    /// Reads `PRIVATE+KEY+name+hash+base64`.
    fn from_text(text: &str) -> Result<Self, CheckpointError> {
        let text = text.trim();
        let unreadable = || CheckpointError::SigningKey;
        let signer = StandardSigner::new(text).map_err(|_| unreadable())?;
        let secret = text
            .splitn(5, '+')
            .nth(4)
            .and_then(|key| BASE64_STANDARD.decode(key).ok())
            .ok_or_else(unreadable)?;
        let secret: &[u8; 32] = secret.get(1..).and_then(|key| key.try_into().ok()).ok_or_else(unreadable)?;
        let public = ed25519_dalek::SigningKey::from_bytes(secret).verifying_key();
        let public = signed_note::new_ed25519_verifier_key(signer.name(), &public).parse()?;
        Ok(SigningKey { text: text.to_owned(), signer, public })
    }

    /// Makes a new key and its file (mode 0600). An existing file is never overwritten.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`]; [`CheckpointError::File`], also when there is a file already.
    pub fn create(path: &Path, origin: &str) -> Result<Self, CheckpointError> {
        let key = SigningKey::generate(origin)?;
        secret_file::create(path, format!("{}\n", key.text).as_bytes())
            .map_err(|why| CheckpointError::File(path.display().to_string(), why.to_string()))?;
        Ok(key)
    }

    /// Reads the key's file.
    ///
    /// # Errors
    /// [`CheckpointError::File`] when it cannot be read or others may read it; [`CheckpointError::SigningKey`]
    /// when it holds no key.
    pub fn load(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = secret_file::read(path)
            .map_err(|why| CheckpointError::File(path.display().to_string(), why.to_string()))?;
        SigningKey::from_text(std::str::from_utf8(&bytes).map_err(|_| CheckpointError::SigningKey)?)
    }

    /// The public half: to be published, and compared with the one in a bundle.
    #[must_use]
    pub fn verifier_key(&self) -> &VerifierKey {
        &self.public
    }

    /// The log's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.signer.name()
    }

    /// Signs the state of `tree`, which must continue `last`, the state that was signed before it (with the proof
    /// made from the present rows). Without `last`, this is the first signature of the log's life.
    ///
    /// # Errors
    /// Those of [`Checkpoint::follows`]: nothing is signed then.
    pub fn sign(
        &self,
        tree: &Tree,
        last: Option<(&Checkpoint, &ConsistencyProof)>,
    ) -> Result<SignedCheckpoint, CheckpointError> {
        let checkpoint = Checkpoint::of(self.origin(), tree);
        if let Some((last, proof)) = last {
            checkpoint.follows(last, proof)?;
        }
        let text = self.sign_note(&checkpoint.body())?;
        Ok(SignedCheckpoint { checkpoint, text, others: 0 })
    }

    /// Signs a text that ends with a newline as a C2SP signed note.
    pub(super) fn sign_note(&self, body: &str) -> Result<String, CheckpointError> {
        let signature = self.signer.sign(body.as_bytes()).map_err(|_| CheckpointError::SigningKey)?;
        let signature = Signature::new(self.origin().to_owned(), self.signer.key_id(), signature)
            .map_err(|_| CheckpointError::Origin(self.origin().to_owned()))?;
        let note = Note::new(body.as_bytes(), &[signature]).map_err(|_| CheckpointError::Malformed)?;
        String::from_utf8(note.to_bytes()).map_err(|_| CheckpointError::Malformed)
    }
}

/// Verifies a signed note and returns its text and the number of other signatures on it.
pub(super) fn verify_note(text: &str, key: &VerifierKey) -> Result<(String, usize), CheckpointError> {
    let note = Note::from_bytes(text.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
    let known = VerifierList::new(vec![Box::new(key.verifier.clone())]);
    let (_, others) = note.verify(&known).map_err(|_| CheckpointError::Signature)?;
    let body = String::from_utf8(note.text().to_vec()).map_err(|_| CheckpointError::Malformed)?;
    Ok((body, others.len()))
}

/// Why a checkpoint is not signed, or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The database is older than the last signature.
    #[error(
        "the evidence log is behind itself: {signed} entries were signed, the database holds {now}\nthe database was restored from an old backup or lost rows: stop, keep it as it is, and restore the newest copy; if there is none, tell the trustees before starting a new log"
    )]
    Behind {
        /// Entries at the last signature.
        signed: u64,
        /// Entries now.
        now: u64,
    },
    /// The log does not hold what was signed.
    #[error(
        "the evidence log does not continue what was signed at {signed} entries: it was altered\nstop, keep the database as it is, and compare it with a backup; nothing more is signed"
    )]
    Forked {
        /// Entries at the last signature.
        signed: u64,
    },
    /// A checkpoint of another log.
    #[error(
        "this is a checkpoint of {theirs:?}, not of {ours:?}\ncheck that the right data directory, key and file belong together"
    )]
    OtherLog {
        /// The origin that was expected.
        ours: String,
        /// The origin that was found.
        theirs: String,
    },
    /// No valid note or checkpoint.
    #[error("the checkpoint is malformed\nit was altered or cut off: get another copy")]
    Malformed,
    /// Not signed by that key.
    #[error(
        "the signature does not belong to this text and key\nthe text was altered, or another key signed it: compare the key with the one that was published"
    )]
    Signature,
    /// A name that the format cannot carry.
    #[error(
        "{0:?} cannot name a log\nuse a name without spaces and without +, such as arts.example/evidence"
    )]
    Origin(String),
    /// Not a public key.
    #[error("this is not a log's public key\ngive the whole line name+hash+base64, as it was published")]
    VerifierKey,
    /// Not a secret key.
    #[error(
        "the file does not hold the log's signing key\nrestore it from the copy that was kept apart; without it the log cannot be continued, only closed and a new one begun"
    )]
    SigningKey,
    /// The file system refused.
    #[error(
        "cannot use {0}: {1}\ncheck the path, its owner and its permissions; an existing key is never overwritten"
    )]
    File(String, String),
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
