//! What is sealed, and the promise about it that stands in the log.
//!
//! An [`Exhibit`] is the exact bytes that were received, a few headers that say what they are, and a random salt.
//! Written down, it is:
//!
//! ```text
//! chaperone-exhibit/1⏎
//! salt: <64 lower-case hexadecimal digits: 32 random bytes>⏎
//! <name>: <value>⏎              none or more, in ascending byte order of the name, each name once
//! length: <number of payload bytes, decimal, no leading zero>⏎
//! ⏎
//! <the payload, exactly that many bytes, and nothing after it>
//! ```
//!
//! ⏎ is one byte, 0x0A. A name is lower-case letters, digits and hyphens, other than `salt` and `length`; a value
//! is UTF-8 without control characters. There is one spelling for each exhibit, and any other is refused.
//!
//! The **commitment** is the SHA-256 of all these bytes. The log holds the commitment; the bytes themselves are
//! sealed. So `age -d -i identity.txt exhibit.age | sha256sum` prints what the log promised. The salt is inside what
//! is sealed: without it a short text could be found by hashing guesses, and erasing the sealed bytes erases the
//! salt with them, which leaves the log's proof whole and the commitment meaningless.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

use rand::RngCore as _;

use super::hash::{Hash, from_hex_32, to_hex};
use super::seal::{self, Recipient, SealError, Sealed};

/// First line of a written exhibit, version included: it separates this hash from every other use of SHA-256 here.
pub const EXHIBIT_VERSION: &str = "chaperone-exhibit/1";

/// Well-known header names. Others may be added; a reader keeps those that it does not know.
pub mod header {
    /// Media type of the payload: `application/json` for what Discord's gateway sent.
    pub const CONTENT_TYPE: &str = "content-type";
    /// What the payload is, a kebab-case code: `message-create`, `message-delete`, `context`, `voice-presence`.
    pub const KIND: &str = "kind";
    /// When the bytes arrived, RFC 3339 in UTC, on this machine's clock.
    pub const RECEIVED_AT: &str = "received-at";
    /// This machine's clock minus the sender's, in microseconds, where that is known.
    pub const CLOCK_OFFSET: &str = "clock-offset-us";
    /// The space (Discord channel or thread id).
    pub const SPACE: &str = "space";
    /// The message (Discord message id).
    pub const MESSAGE: &str = "message";
    /// For context: the message id of the exhibit that it surrounds.
    pub const CONTEXT_OF: &str = "context-of";
}

/// 32 random bytes that keep a commitment from being guessed. Not printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt([u8; 32]);

impl Salt {
    /// From the machine's randomness.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        Salt(bytes)
    }

    /// Its bytes, for whoever keeps it beside what it salts.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// A given salt: for tests, and for reading one back.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Salt(bytes)
    }
}

impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// Exact bytes with their headers and salt: the plaintext of evidence. Its `Debug` shows headers and length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Exhibit {
    salt: Salt,
    headers: BTreeMap<String, String>,
    payload: Vec<u8>,
}

impl fmt::Debug for Exhibit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exhibit")
            .field("headers", &self.headers)
            .field("bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

impl Exhibit {
    /// An exhibit of exactly these bytes, without headers yet.
    #[must_use]
    pub fn new(salt: Salt, payload: Vec<u8>) -> Self {
        Exhibit { salt, headers: BTreeMap::new(), payload }
    }

    /// Adds (or replaces) a header.
    ///
    /// # Errors
    /// [`ExhibitError::Header`] when the name is not kebab-case or is reserved, or the value holds a control character.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Result<Self, ExhibitError> {
        let value = value.into();
        if !is_header_name(name) || value.chars().any(char::is_control) {
            return Err(ExhibitError::Header(name.to_owned()));
        }
        self.headers.insert(name.to_owned(), value);
        Ok(self)
    }

    /// The value of a header, when there is one.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// All headers, by name.
    #[must_use]
    pub fn headers(&self) -> &BTreeMap<String, String> {
        &self.headers
    }

    /// The exact bytes that were received.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The written form of the module's description: what is sealed.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{EXHIBIT_VERSION}\nsalt: {}\n", to_hex(&self.salt.0));
        for (name, value) in &self.headers {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push('\n');
        }
        let _ = write!(text, "length: {}\n\n", self.payload.len());
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Reads the written form.
    ///
    /// # Errors
    /// [`ExhibitError::Malformed`] for anything that [`Exhibit::to_bytes`] would not have written.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ExhibitError> {
        read(bytes).filter(|exhibit| exhibit.to_bytes() == bytes).ok_or(ExhibitError::Malformed)
    }

    /// SHA-256 of the written form: what the log promises.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        Hash::of(&self.to_bytes())
    }

    /// Seals the written form to the leads who may know, and says what the log has to promise about it.
    ///
    /// # Errors
    /// Those of [`seal::seal`]; nobody to seal to is one.
    pub fn seal(&self, recipients: &[Recipient]) -> Result<SealedExhibit, SealError> {
        let bytes = self.to_bytes();
        Ok(SealedExhibit { sealed: seal::seal(&bytes, recipients)?, commitment: Hash::of(&bytes) })
    }
}

/// An exhibit that only leads can read, and the commitment that goes into its log entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedExhibit {
    /// The ciphertext; the log entry names its [`Sealed::hash`].
    pub sealed: Sealed,
    /// The commitment to the plaintext.
    pub commitment: Hash,
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !matches!(name, "salt" | "length")
}

fn read(bytes: &[u8]) -> Option<Exhibit> {
    let end = bytes.windows(2).position(|pair| pair == b"\n\n")?;
    let payload = bytes.get(end + 2..)?.to_vec();
    let mut lines = std::str::from_utf8(&bytes[..end]).ok()?.split('\n');
    if lines.next()? != EXHIBIT_VERSION {
        return None;
    }
    let salt = Salt(from_hex_32(lines.next()?.strip_prefix("salt: ")?)?);
    let mut exhibit = Exhibit::new(salt, payload);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        if name == "length" {
            // Number and place of this line are checked by the caller, who writes the exhibit again and compares.
            continue;
        }
        exhibit = exhibit.with(name, value).ok()?;
    }
    Some(exhibit)
}

/// Why something is not an exhibit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExhibitError {
    /// A header that could not be read back the same.
    #[error(
        "{0:?} cannot be a header of an exhibit\nname it in lower-case letters, digits and hyphens, not salt or length, and give a value without control characters"
    )]
    Header(String),
    /// Not the one spelling of any exhibit.
    #[error(
        "this is not an exhibit of chaperone (version 1)\ncheck that the right file was given; if it was, it was altered, or made by a newer version"
    )]
    Malformed,
}

/// Why something could not be written down and sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// It could not be written down.
    #[error(transparent)]
    Exhibit(#[from] ExhibitError),
    /// It could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Identity;

    fn exhibit(payload: &[u8]) -> Exhibit {
        Exhibit::new(Salt::from_bytes([7; 32]), payload.to_vec())
            .with(header::KIND, "message-create")
            .and_then(|e| e.with(header::CONTENT_TYPE, "application/json"))
            .unwrap()
    }

    #[test]
    fn the_written_form_is_the_one_described() {
        let salt = "07".repeat(32);
        assert_eq!(
            String::from_utf8(exhibit(b"{}\n").to_bytes()).unwrap(),
            format!(
                "chaperone-exhibit/1\nsalt: {salt}\ncontent-type: application/json\nkind: message-create\nlength: 3\n\n{{}}\n"
            )
        );
    }

    #[test]
    fn exact_bytes_come_back_whatever_they_are() {
        for payload in [&b""[..], b"\n\nlength: 9\n\n", b"\xff\x00\xfe", "héllo 🎨".as_bytes()] {
            let exhibit = exhibit(payload);
            let read = Exhibit::from_bytes(&exhibit.to_bytes()).unwrap();
            assert_eq!(read.payload(), payload);
            assert_eq!(read, exhibit);
        }
    }

    #[test]
    fn there_is_one_spelling() {
        let good = String::from_utf8(exhibit(b"x").to_bytes()).unwrap();
        let bad = [
            good.replace("length: 1", "length: 01"),
            good.replace("length: 1", "length: 2"),
            good.replace("length: 1\n", ""),
            good.replace("/1", "/2"),
            good.replace("kind: message-create\n", "kind: message-create\nkind: message-create\n"),
            good.replace("salt: 07", "salt: 0A"),
            good.replace("kind", "Kind"),
            format!("{good}y"),
            String::new(),
        ];
        for text in bad {
            assert_eq!(Exhibit::from_bytes(text.as_bytes()), Err(ExhibitError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn the_same_words_commit_differently_each_time_and_open_to_the_commitment() {
        let lead = Identity::generate();
        let one = Exhibit::new(Salt::random(), b"ok".to_vec());
        let two = Exhibit::new(Salt::random(), b"ok".to_vec());
        assert_ne!(one.commitment(), two.commitment());
        let kept = one.seal(&[lead.recipient()]).unwrap();
        let opened = seal::open(&kept.sealed, &lead).unwrap();
        assert_eq!(Hash::of(&opened), kept.commitment);
    }

    #[test]
    fn neither_words_nor_salt_are_printed() {
        let printed = format!("{:?}", Exhibit::new(Salt::from_bytes([0x5a; 32]), b"the words".to_vec()));
        assert!(
            !printed.contains("words") && !printed.contains("5a") && !printed.contains("90"),
            "{printed}"
        );
    }

    #[test]
    fn a_header_cannot_smuggle_a_line() {
        for (name, value) in
            [("kind", "a\nlength: 0"), ("salt", "x"), ("length", "1"), ("", "x"), ("a b", "x")]
        {
            assert!(exhibit(b"").with(name, value).is_err(), "{name:?} {value:?}");
        }
    }
}
