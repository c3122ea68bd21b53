//! One leaf of the log: that something was kept or done, when, and a promise about what. No words of anybody.
//!
//! # The bytes of a leaf
//!
//! An outsider can rebuild them from this text alone. Numbers are big-endian; *text* is its length in bytes as 4
//! bytes, then that many bytes of UTF-8; *optional* is one byte 0 for absent, or one byte 1 and then the value.
//!
//! | field | bytes |
//! |---|---|
//! | version | the 18 ASCII bytes `chaperone-entry/1` and 0x0A |
//! | class | text: lower-case letters, digits and hyphens, 1 to 40 bytes |
//! | organisation | text |
//! | at | 8 bytes, signed: microseconds since 1970-01-01T00:00:00Z |
//! | received at | optional; 8 bytes, as `at` |
//! | commitment | 32 bytes: SHA-256 of the exhibit ([`super::commitment`]) |
//! | ciphertext | optional; 32 bytes: SHA-256 of the sealed file |
//! | software | text: name and version of what wrote the entry |
//!
//! Nothing follows. The leaf's hash is that of RFC 6962 §2.1: SHA-256 of one byte 0x00 and then these bytes.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::hash::Hash;
use crate::domain::Timestamp;

const VERSION: &[u8] = b"chaperone-entry/1\n";

/// What kind of thing an entry records: a kebab-case code, stable for ever.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class(Cow<'static, str>);

impl Class {
    /// Exact bytes that were received, with their context.
    pub const EXHIBIT: Class = Class::known("exhibit");
    /// The key of a case, sealed to the leads who may know of it.
    pub const CASE_KEY: Class = Class::known("case-key");
    /// The key of one space and hour of the rolling buffer, sealed to one lead.
    pub const BUFFER_KEY: Class = Class::known("buffer-key");
    /// What was heard in a space within some seconds, sealed to the key of its hour.
    pub const BUFFER: Class = Class::known("buffer");
    /// A dated, quotable fact about an exhibit.
    pub const OBSERVATION: Class = Class::known("observation");
    /// A concern was opened or its level rose.
    pub const CONCERN: Class = Class::known("concern");
    /// A case was opened, decided, referred, closed, reopened.
    pub const CASE: Class = Class::known("case");
    /// Somebody was called.
    pub const PAGE: Class = Class::known("page");
    /// Somebody answered a call.
    pub const ACKNOWLEDGEMENT: Class = Class::known("acknowledgement");
    /// A message was hidden, a space locked, a private note sent: and how that went.
    pub const ACTION: Class = Class::known("action");
    /// A stretch in which nothing could be heard.
    pub const GAP: Class = Class::known("gap");
    /// The program started: version, configuration, clock.
    pub const START: Class = Class::known("start");
    /// Roster, sessions, plans or separations changed.
    pub const REGISTER: Class = Class::known("register");
    /// Somebody looked at evidence or took it out.
    pub const VIEW: Class = Class::known("view");
    /// A payload was erased by a retention rule.
    pub const ERASURE: Class = Class::known("erasure");

    const fn known(code: &'static str) -> Self {
        Class(Cow::Borrowed(code))
    }

    /// A class by its code.
    ///
    /// # Errors
    /// [`EntryError::Class`] unless it is 1 to 40 lower-case letters, digits and hyphens.
    pub fn new(code: impl Into<String>) -> Result<Self, EntryError> {
        let code = code.into();
        let kebab = code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if kebab && (1..=40).contains(&code.len()) {
            Ok(Class(Cow::Owned(code)))
        } else {
            Err(EntryError::Class)
        }
    }

    /// Whether its payload is a key that opens what follows it, and no evidence by itself.
    #[must_use]
    pub fn is_key(&self) -> bool {
        [Class::CASE_KEY, Class::BUFFER_KEY].contains(self)
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Class {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Class::new(String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// One leaf of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What kind of thing it records.
    pub class: Class,
    /// The organisation whose entry it is.
    pub organisation: String,
    /// When it happened, on the clock of whoever reported it (for a message: Discord's).
    pub at: Timestamp,
    /// When it reached this machine, on this machine's clock; none for what happened here.
    pub received_at: Option<Timestamp>,
    /// The commitment to the exhibit that says what happened.
    pub commitment: Hash,
    /// The hash of the sealed exhibit, where it is sealed.
    pub ciphertext: Option<Hash>,
    /// Name and version of what wrote the entry: `chaperone 0.1.0`.
    pub software: String,
}

impl Entry {
    /// The bytes of the leaf, as the module's description writes them.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = VERSION.to_vec();
        put_text(&mut bytes, self.class.as_str());
        put_text(&mut bytes, &self.organisation);
        bytes.extend(self.at.0.to_be_bytes());
        put_optional(&mut bytes, self.received_at.map(|at| at.0.to_be_bytes()));
        bytes.extend(self.commitment.0);
        put_optional(&mut bytes, self.ciphertext.map(|hash| hash.0));
        put_text(&mut bytes, &self.software);
        bytes
    }

    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    /// [`EntryError`] for anything that [`Entry::encode`] would not have written.
    pub fn decode(bytes: &[u8]) -> Result<Self, EntryError> {
        let mut rest = bytes.strip_prefix(VERSION).ok_or(EntryError::Version)?;
        let rest = &mut rest;
        let entry = Entry {
            class: Class::new(take_text(rest)?)?,
            organisation: take_text(rest)?,
            at: Timestamp(i64::from_be_bytes(take(rest)?)),
            received_at: take_optional(rest)?.map(|at| Timestamp(i64::from_be_bytes(at))),
            commitment: Hash(take(rest)?),
            ciphertext: take_optional(rest)?.map(Hash),
            software: take_text(rest)?,
        };
        if rest.is_empty() { Ok(entry) } else { Err(EntryError::Malformed) }
    }

    /// The leaf's hash in the log: SHA-256(0x00 ‖ bytes), RFC 6962 §2.1.
    #[must_use]
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.encode())
    }
}

/// RFC 6962 §2.1's hash of a leaf: SHA-256(0x00 ‖ bytes).
#[must_use]
pub fn leaf_hash(encoded: &[u8]) -> Hash {
    Hash(Sha256::new().chain_update([0]).chain_update(encoded).finalize().into())
}

fn put_text(bytes: &mut Vec<u8>, text: &str) {
    // A text of 4 GiB cannot get here: what arrives is bounded at the socket and in the configuration.
    bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

fn put_optional<const N: usize>(bytes: &mut Vec<u8>, value: Option<[u8; N]>) {
    bytes.push(u8::from(value.is_some()));
    bytes.extend(value.into_iter().flatten());
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], EntryError> {
    let (value, after) = rest.split_first_chunk::<N>().ok_or(EntryError::Malformed)?;
    *rest = after;
    Ok(*value)
}

fn take_optional<const N: usize>(rest: &mut &[u8]) -> Result<Option<[u8; N]>, EntryError> {
    match take::<1>(rest)? {
        [0] => Ok(None),
        [1] => take(rest).map(Some),
        _ => Err(EntryError::Malformed),
    }
}

fn take_text(rest: &mut &[u8]) -> Result<String, EntryError> {
    let length = usize::try_from(u32::from_be_bytes(take(rest)?)).map_err(|_| EntryError::Malformed)?;
    let (text, after) = rest.split_at_checked(length).ok_or(EntryError::Malformed)?;
    *rest = after;
    std::str::from_utf8(text).map(str::to_owned).map_err(|_| EntryError::Malformed)
}

/// Why bytes are not an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not version 1.
    #[error(
        "this is not a log entry of version 1\nuse the version of chaperone that wrote it, or a newer one"
    )]
    Version,
    /// Cut off, too long, or not the one spelling.
    #[error(
        "the log entry is malformed\nit was altered or cut off: compare it with another copy of the bundle"
    )]
    Malformed,
    /// A class that is no code.
    #[error(
        "the class of a log entry is 1 to 40 lower-case letters, digits and hyphens\nuse a code such as `exhibit`"
    )]
    Class,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry() -> Entry {
        Entry {
            class: Class::EXHIBIT,
            organisation: "arts".into(),
            at: Timestamp(1),
            received_at: Some(Timestamp(-2)),
            commitment: Hash([3; 32]),
            ciphertext: None,
            software: "c 1".into(),
        }
    }

    /// Written by hand from the module's description.
    #[test]
    fn the_bytes_are_those_described() {
        let mut expected = b"chaperone-entry/1\n\0\0\0\x07exhibit\0\0\0\x04arts\0\0\0\0\0\0\0\x01".to_vec();
        expected.extend(b"\x01\xff\xff\xff\xff\xff\xff\xff\xfe");
        expected.extend([3; 32]);
        expected.extend(b"\0\0\0\0\x03c 1");
        assert_eq!(entry().encode(), expected);
        // sha256sum of one zero byte and those bytes, computed once with another program.
        assert_eq!(
            entry().leaf_hash().to_string(),
            "7fd3dc789ae9b86993196f3ea671d020b14eb1393270d7f67d59a36527650c8d"
        );
    }

    #[test]
    fn no_cut_and_no_addition_decodes() {
        let bytes = entry().encode();
        for cut in 0..bytes.len() {
            assert!(Entry::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(Entry::decode(&longer), Err(EntryError::Malformed));
    }

    proptest! {
        #[test]
        fn entries_go_there_and_back(
            class in "[a-z][a-z0-9-]{0,20}", organisation in ".{0,20}", at: i64, received: Option<i64>,
            commitment: [u8; 32], ciphertext: Option<[u8; 32]>, software in ".{0,20}",
        ) {
            let entry = Entry {
                class: Class::new(class).unwrap(), organisation, at: Timestamp(at), received_at: received.map(Timestamp),
                commitment: Hash(commitment), ciphertext: ciphertext.map(Hash), software,
            };
            prop_assert_eq!(Entry::decode(&entry.encode()).unwrap(), entry);
        }

        /// One spelling each: whatever decodes is what would have been written.
        #[test]
        fn random_bytes_never_panic_and_never_have_a_second_spelling(mut noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            noise.splice(0..0, VERSION.iter().copied());
            if let Ok(entry) = Entry::decode(&noise) {
                prop_assert_eq!(entry.encode(), noise);
            }
        }
    }
}
