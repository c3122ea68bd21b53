//! What a witness signs: C2SP tlog-cosignature, `cosignature/v1` (Ed25519).
//!
//! A witness says: at this time, the state below is the longest of this log that I have seen, and it continues every
//! state that I signed before. It signs two lines and the checkpoint's own text:
//!
//! ```text
//! cosignature/v1
//! time 1772469667                                seconds since 1970
//! arts.example/evidence
//! 1842
//! nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
//! ```
//!
//! Its line below the checkpoint holds the time too: `— name base64(4 bytes key id, 8 bytes time, 64 bytes Ed25519)`.
//! The key id is the first 4 bytes of SHA-256(name, 0x0A, 0x04, the 32 bytes of the public key).

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, Verifier as _};
use sha2::{Digest as _, Sha256};

use super::hash::to_hex;
use super::secret_file;

/// The algorithm byte of `cosignature/v1`.
const COSIGNATURE_V1: u8 = 4;
const PRIVATE: &str = "PRIVATE+KEY+";

/// The public half of a witness' key, as one line: `name+hash+base64` (C2SP signed-note's "vkey", type 0x04).
#[derive(Clone, PartialEq, Eq)]
pub struct WitnessKey {
    name: String,
    key: ed25519_dalek::VerifyingKey,
}

/// A cosignature that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Whose.
    pub witness: String,
    /// When the witness signed, in seconds since 1970, on its own clock.
    pub time: u64,
    /// The signature line, with its line break, as it stands below a checkpoint.
    pub line: String,
}

impl WitnessKey {
    /// The witness' name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key in PEM (`SubjectPublicKeyInfo`, RFC 8410), for `openssl pkeyutl -verify`.
    #[must_use]
    pub fn to_pem(&self) -> String {
        super::checkpoint::ed25519_pem(self.key.as_bytes())
    }

    /// Verifies one signature line on the text of a checkpoint (its note without signatures).
    ///
    /// # Errors
    /// [`CosignatureError::Line`] when it is not a cosignature of this key on this text.
    pub fn verify(&self, body: &str, line: &str) -> Result<Cosignature, CosignatureError> {
        self.read(body, line).ok_or(CosignatureError::Line)
    }

    /// The first line among `lines` that is this witness' on that text; lines of others are passed over.
    #[must_use]
    pub fn find(&self, body: &str, lines: &str) -> Option<Cosignature> {
        lines.split_inclusive('\n').find_map(|line| self.read(body, line))
    }

    fn read(&self, body: &str, line: &str) -> Option<Cosignature> {
        let (name, encoded) = line.strip_prefix("— ")?.strip_suffix('\n')?.split_once(' ')?;
        let bytes: [u8; 76] = BASE64_STANDARD.decode(encoded).ok()?.try_into().ok()?;
        let (id, rest) = bytes.split_first_chunk::<4>()?;
        let (time, signature) = rest.split_first_chunk::<8>()?;
        if name != self.name || *id != key_id(&self.name, self.key.as_bytes()) {
            return None;
        }
        let time = u64::from_be_bytes(*time);
        i64::try_from(time).ok()?;
        let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
        self.key.verify(message(time, body).as_bytes(), &signature).ok()?;
        Some(Cosignature { witness: self.name.clone(), time, line: line.to_owned() })
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.name, self.key.as_bytes(), self.key.as_bytes())
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for WitnessKey {
    type Err = CosignatureError;

    fn from_str(text: &str) -> Result<Self, CosignatureError> {
        let read = || {
            let (name, public) = read_key(text.trim())?;
            let key = ed25519_dalek::VerifyingKey::from_bytes(&public).ok()?;
            let key = WitnessKey { name, key };
            (key.to_string() == text.trim()).then_some(key)
        };
        read().ok_or(CosignatureError::PublicKey)
    }
}

/// The secret half: cosigns. It lives in a file of its own and never prints.
pub struct CosigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl fmt::Debug for CosigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosigningKey({})", self.public())
    }
}

impl CosigningKey {
    /// A new key of the machine's randomness.
    ///
    /// # Errors
    /// [`CosignatureError::Name`] when the name is empty or holds white space, a control character or a plus.
    pub fn generate(name: &str) -> Result<Self, CosignatureError> {
        if !is_name(name) {
            return Err(CosignatureError::Name(name.to_owned()));
        }
        let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
        Ok(CosigningKey { name: name.to_owned(), key })
    }

    /// Makes a new key and its file (mode 0600). An existing file is never overwritten.
    ///
    /// # Errors
    /// [`CosignatureError::Name`]; [`CosignatureError::File`], also when there is a file already.
    pub fn create(path: &Path, name: &str) -> Result<Self, CosignatureError> {
        let key = CosigningKey::generate(name)?;
        secret_file::create(path, format!("{}\n", Secret(&key)).as_bytes())
            .map_err(|why| CosignatureError::File(path.display().to_string(), why.to_string()))?;
        Ok(key)
    }

    /// Reads the key's file.
    ///
    /// # Errors
    /// [`CosignatureError::File`] when it cannot be read or others may read it; [`CosignatureError::SecretKey`] when
    /// it holds no key.
    pub fn load(path: &Path) -> Result<Self, CosignatureError> {
        let bytes = secret_file::read(path)
            .map_err(|why| CosignatureError::File(path.display().to_string(), why.to_string()))?;
        let read = || {
            let text = std::str::from_utf8(&bytes).ok()?.trim();
            let (name, secret) = read_key(text.strip_prefix(PRIVATE)?)?;
            let key = CosigningKey { name, key: ed25519_dalek::SigningKey::from_bytes(&secret) };
            (Secret(&key).to_string() == text).then_some(key)
        };
        read().ok_or(CosignatureError::SecretKey)
    }

    /// The public half, to be handed to whoever runs the log and to whoever verifies.
    #[must_use]
    pub fn public(&self) -> WitnessKey {
        WitnessKey { name: self.name.clone(), key: self.key.verifying_key() }
    }

    /// Cosigns the text of a checkpoint at `time` (seconds since 1970); gives the signature line with its line break.
    #[must_use]
    pub fn cosign(&self, body: &str, time: u64) -> String {
        let mut bytes = key_id(&self.name, self.key.verifying_key().as_bytes()).to_vec();
        bytes.extend(time.to_be_bytes());
        bytes.extend(self.key.sign(message(time, body).as_bytes()).to_bytes());
        format!("— {} {}\n", self.name, BASE64_STANDARD.encode(bytes))
    }
}

/// How the secret file spells a key.
struct Secret<'a>(&'a CosigningKey);

impl fmt::Display for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PRIVATE)?;
        let key = &self.0.key;
        write_key(f, &self.0.name, key.verifying_key().as_bytes(), key.as_bytes())
    }
}

/// What is signed.
fn message(time: u64, body: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{body}")
}

fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', COSIGNATURE_V1]).chain_update(public);
    let hash: [u8; 32] = hash.finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn write_key(f: &mut fmt::Formatter<'_>, name: &str, public: &[u8; 32], key: &[u8; 32]) -> fmt::Result {
    let mut typed = vec![COSIGNATURE_V1];
    typed.extend(key);
    write!(f, "{name}+{}+{}", to_hex(&key_id(name, public)), BASE64_STANDARD.encode(typed))
}

/// The name and the 32 bytes; the key id is compared by whoever asks, by writing the key again.
fn read_key(text: &str) -> Option<(String, [u8; 32])> {
    let mut parts = text.splitn(3, '+');
    let (name, _, encoded) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = BASE64_STANDARD.decode(encoded).ok()?;
    let (kind, key) = bytes.split_first()?;
    (is_name(name) && *kind == COSIGNATURE_V1).then_some(())?;
    Some((name.to_owned(), key.try_into().ok()?))
}

/// Why something is no cosignature or no witness' key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// A name that the format cannot carry.
    #[error(
        "{0:?} cannot name a witness\nuse a name without spaces and without +, such as trustee.example/witness"
    )]
    Name(String),
    /// Not a public key.
    #[error(
        "this is not a witness' public key\ngive the whole line name+hash+base64, as `chaperone witness` prints it (a log's key is another kind)"
    )]
    PublicKey,
    /// Not a secret key.
    #[error(
        "the file does not hold a witness' key\nrestore it from its copy; with a new key the log's operator and all who verify need the new public line"
    )]
    SecretKey,
    /// Not this witness' line on this text.
    #[error(
        "the line is not a cosignature of this witness on this checkpoint\nask the witness again, and compare its key"
    )]
    Line,
    /// The file system refused.
    #[error(
        "cannot use {0}: {1}\ncheck the path, its owner and its permissions; an existing key is never overwritten"
    )]
    File(String, String),
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    #[test]
    fn a_cosignature_is_of_one_witness_on_one_text_at_one_time() {
        let key = CosigningKey::generate("witness.example/w1").unwrap();
        let line = key.cosign(BODY, 1_679_315_147);
        let found = key.public().verify(BODY, &line).unwrap();
        assert_eq!((found.time, found.witness.as_str()), (1_679_315_147, "witness.example/w1"));
        let another = CosigningKey::generate("witness.example/w1").unwrap();
        assert!(another.public().verify(BODY, &line).is_err(), "another key of the same name");
        assert!(key.public().verify(&BODY.replace("163", "164"), &line).is_err(), "another state");
        // The time is part of what is signed: moving it by a second breaks the signature.
        let (head, encoded) = line.trim_end().rsplit_once(' ').unwrap();
        let mut bytes = BASE64_STANDARD.decode(encoded).unwrap();
        bytes[11] ^= 1;
        let moved = format!("{head} {}\n", BASE64_STANDARD.encode(bytes));
        assert!(key.public().verify(BODY, &moved).is_err());
        let lines = format!("— other.example AAAAAAAA\n{line}");
        assert_eq!(key.public().find(BODY, &lines).unwrap().line, line);
    }

    #[test]
    fn keys_have_one_spelling_and_the_secret_never_prints() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("witness.key");
        let key = CosigningKey::create(&path, "witness.example/w1").unwrap();
        let public = key.public().to_string();
        assert_eq!(CosigningKey::load(&path).unwrap().public().to_string(), public);
        assert_eq!(public.parse::<WitnessKey>().unwrap(), key.public());
        let secret = std::fs::read_to_string(&path).unwrap();
        let secret = secret.trim().rsplit('+').next().unwrap();
        assert!(!format!("{key:?}").contains(secret));
        // A log's key (type 1) is not a witness' key, and no part may be exchanged.
        let log =
            super::super::SigningKey::generate("witness.example/w1").unwrap().verifier_key().to_string();
        for wrong in [log.as_str(), "", "a+b+c", &public.replace("w1", "w2"), &public[..public.len() - 4]] {
            assert_eq!(wrong.parse::<WitnessKey>(), Err(CosignatureError::PublicKey), "{wrong}");
        }
        assert!(CosigningKey::generate("two words").is_err());
    }

    /// The specification's own example line has the structure that is read here.
    #[test]
    fn the_specifications_example_has_this_shape() {
        let encoded = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
        let bytes = BASE64_STANDARD.decode(encoded).unwrap();
        assert_eq!(bytes.len(), 76);
        assert_eq!(u64::from_be_bytes(bytes[4..12].try_into().unwrap()), 1_679_315_147);
    }
}
