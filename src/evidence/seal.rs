//! Sealing: what the machine that keeps evidence cannot read.
//!
//! A payload is encrypted to the age recipients (X25519) of the leads who may know, by the C2SP age format, so
//! that Debian's own `age -d -i identity.txt` opens it too. The bot holds recipients only; the matching
//! [`Identity`] stays with the lead, in a file of the form that `age-keygen` writes.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

use age::secrecy::{ExposeSecret, SecretString};
use age::{DecryptError, x25519};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hash::Hash;
use crate::domain::Timestamp;

/// The largest sealed payload that is opened, in bytes: far above any Discord event, and a bound for hostile files.
pub const LARGEST_PAYLOAD: u64 = 64 * 1024 * 1024;

/// The largest passphrase work that is done to open a protected identity file, as a power of two (age's default
/// is calibrated to a second, 18 to 19 on today's machines).
const LARGEST_WORK: u8 = 22;

/// The passphrase work of identity files that are made here: about a second.
pub const USUAL_WORK: u8 = 18;

/// The public half of a lead's key, `age1…`: whoever holds it can seal to the lead, and read nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = NotARecipient;

    fn from_str(text: &str) -> Result<Self, NotARecipient> {
        if text.get(..15).is_some_and(|start| start.eq_ignore_ascii_case("AGE-SECRET-KEY-")) {
            return Err(NotARecipient::Secret);
        }
        text.parse().map(Recipient).map_err(|why| NotARecipient::Malformed { given: shown(text), why })
    }
}

/// What is shown of a mistyped recipient: enough to find it in a configuration.
fn shown(text: &str) -> String {
    let mut start: String = text.chars().take(12).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    start
}

/// Why a text is not a recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARecipient {
    /// Somebody pasted the secret half.
    #[error(
        "this is a secret key, not a recipient: it must not be in a configuration\n\
         replace it by the line that starts with age1 (`chaperone keys show FILE` prints it), and make a new key if the file was shared"
    )]
    Secret,
    /// Mistyped, cut off, or of another kind (SSH keys and age plugins are not accepted).
    #[error(
        "{given:?} is not an age recipient ({why})\n\
         copy the whole line that starts with age1, as `chaperone keys show FILE` prints it"
    )]
    Malformed {
        /// The beginning of the text that was given.
        given: String,
        /// What age says.
        why: &'static str,
    },
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The secret half: what a lead keeps, and the only thing that opens a [`Sealed`] payload. It never prints.
///
/// Usually one key; several when a lead's file kept its older keys after a rotation. The first is the current one.
#[derive(Clone)]
pub struct Identity {
    current: x25519::Identity,
    older: Vec<x25519::Identity>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.recipient())
    }
}

impl Identity {
    /// A new key from the machine's randomness.
    #[must_use]
    pub fn generate() -> Self {
        Identity { current: x25519::Identity::generate(), older: Vec::new() }
    }

    /// The public half of the current key: what goes into the configuration.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.current.to_public())
    }

    /// The public halves of all keys of the file, the current one first.
    #[must_use]
    pub fn recipients(&self) -> Vec<Recipient> {
        self.keys().map(|key| Recipient(key.to_public())).collect()
    }

    /// These keys and those of another: what opens a case is a lead's key with the case's own.
    #[must_use]
    pub fn and(mut self, other: Identity) -> Self {
        self.older.push(other.current);
        self.older.extend(other.older);
        self
    }

    fn keys(&self) -> impl Iterator<Item = &x25519::Identity> {
        std::iter::once(&self.current).chain(&self.older)
    }

    /// Reads an identity file as `age-keygen` and `chaperone keys new` write it: one key a line, empty lines and
    /// lines that start with `#` aside. With a `passphrase`, also a file that age protected by one.
    ///
    /// # Errors
    /// [`IdentityError`], whose text never holds a part of the file.
    pub fn from_file_bytes(bytes: &[u8], passphrase: Option<&Passphrase>) -> Result<Self, IdentityError> {
        if !is_protected(bytes) {
            return Identity::from_lines(bytes);
        }
        let passphrase = passphrase.ok_or(IdentityError::Protected)?;
        let mut scrypt = age::scrypt::Identity::new(passphrase.0.clone());
        scrypt.set_max_work_factor(LARGEST_WORK);
        let plain = decrypt(bytes, std::iter::once(&scrypt as &dyn age::Identity))
            .map_err(|_| IdentityError::Passphrase)?;
        Identity::from_lines(&plain)
    }

    fn from_lines(bytes: &[u8]) -> Result<Self, IdentityError> {
        let text = std::str::from_utf8(bytes).map_err(|_| IdentityError::NotText)?;
        let mut keys = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            keys.push(line.parse().map_err(|_| IdentityError::Line(number + 1))?);
        }
        let mut keys = keys.into_iter();
        let current = keys.next().ok_or(IdentityError::Empty)?;
        Ok(Identity { current, older: keys.collect() })
    }

    /// An identity file that a passphrase protects (age's scrypt recipient), as `age -p` writes one. `work` is the power of
    /// two of scrypt's work: [`USUAL_WORK`], and less in tests only.
    ///
    /// # Errors
    /// [`SealError::Age`] when age refuses.
    pub fn to_protected_file(
        &self,
        created: Timestamp,
        passphrase: &Passphrase,
        work: u8,
    ) -> Result<Vec<u8>, SealError> {
        let mut scrypt = age::scrypt::Recipient::new(passphrase.0.clone());
        scrypt.set_work_factor(work);
        let text = self.to_file_text(created);
        encrypt(text.expose(), std::iter::once(&scrypt as &dyn age::Recipient)).map(|Sealed(bytes)| bytes)
    }

    /// The text of an identity file, as `age-keygen` writes it; `created` goes into its first comment.
    #[must_use]
    pub fn to_file_text(&self, created: Timestamp) -> SecretText {
        let mut text = format!("# created: {created}\n# public key: {}\n", self.recipient());
        for key in self.keys() {
            text.push_str(key.to_string().expose_secret());
            text.push('\n');
        }
        SecretText(SecretString::from(text))
    }
}

/// True for a file that age encrypted (to a passphrase, when it is an identity file), binary or armoured.
#[must_use]
pub fn is_protected(bytes: &[u8]) -> bool {
    bytes.starts_with(b"age-encryption.org/") || bytes.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

/// Text that holds a secret: it is written to a file of its owner and never printed.
pub struct SecretText(SecretString);

impl SecretText {
    /// The bytes, for the one file that may hold them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret().as_bytes()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// What a person types to open a protected identity file. It never prints.
pub struct Passphrase(SecretString);

impl From<String> for Passphrase {
    fn from(text: String) -> Self {
        Passphrase(SecretString::from(text))
    }
}

impl Passphrase {
    /// How many characters it has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.0.expose_secret().chars().count()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Why an identity file could not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Not UTF-8: not an identity file at all.
    #[error(
        "this is not an identity file\ngive the file that `chaperone keys new` or age-keygen wrote; it has a line that starts with AGE-SECRET-KEY-1"
    )]
    NotText,
    /// A line is neither a comment nor an X25519 key.
    #[error(
        "line {0} of the identity file is not an age key\ngive the file as `chaperone keys new` or age-keygen wrote it, with no other lines than comments (#)"
    )]
    Line(usize),
    /// Only comments.
    #[error(
        "the identity file holds no key\ngive the file as `chaperone keys new` or age-keygen wrote it; it has a line that starts with AGE-SECRET-KEY-1"
    )]
    Empty,
    /// A passphrase is needed and none was given.
    #[error(
        "the identity file is protected by a passphrase\ngive the passphrase too (--passphrase-file FILE)"
    )]
    Protected,
    /// The passphrase does not open the file, or the file is damaged or asks for absurd work.
    #[error(
        "the passphrase does not open the identity file\ncheck the passphrase; if it is right, the file is damaged: use the copy that was kept apart"
    )]
    Passphrase,
}

/// A payload that only the leads it was sealed to can read: an age file, binary form.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Sealed {
    /// The ciphertext.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The hash of the ciphertext, as an [`Entry`](super::Entry) names it.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(&self.0)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Seals `plaintext` to every one of `recipients`; each of them alone can open it. The result differs each time.
///
/// # Errors
/// [`SealError::Nobody`] when the list is empty: evidence that nobody can ever read is not kept.
pub fn seal(plaintext: &[u8], recipients: &[Recipient]) -> Result<Sealed, SealError> {
    if recipients.is_empty() {
        return Err(SealError::Nobody);
    }
    encrypt(plaintext, recipients.iter().map(|recipient| &recipient.0 as &dyn age::Recipient))
}

fn encrypt<'a>(
    plaintext: &[u8],
    keys: impl Iterator<Item = &'a dyn age::Recipient>,
) -> Result<Sealed, SealError> {
    let encryptor = age::Encryptor::with_recipients(keys).map_err(|why| SealError::Age(why.to_string()))?;
    let mut sealed = Vec::with_capacity(plaintext.len() + 512);
    encryptor
        .wrap_output(&mut sealed)
        .and_then(|mut writer| {
            writer.write_all(plaintext)?;
            writer.finish()
        })
        .map_err(|why| SealError::Age(why.to_string()))?;
    Ok(Sealed(sealed))
}

/// Opens what was sealed to one of the keys of `identity` (binary or armoured).
///
/// # Errors
/// [`SealError::NotForYou`] when it was sealed to others, [`SealError::Damaged`] when it is not whole,
/// [`SealError::TooLarge`] beyond [`LARGEST_PAYLOAD`].
pub fn open(sealed: &Sealed, identity: &Identity) -> Result<Vec<u8>, SealError> {
    decrypt(&sealed.0, identity.keys().map(|key| key as &dyn age::Identity))
}

fn decrypt<'a>(
    bytes: &[u8],
    keys: impl Iterator<Item = &'a dyn age::Identity>,
) -> Result<Vec<u8>, SealError> {
    let damaged = |why: DecryptError| match why {
        DecryptError::NoMatchingKeys => SealError::NotForYou,
        _ => SealError::Damaged,
    };
    let reader = age::armor::ArmoredReader::new(bytes);
    let decryptor = age::Decryptor::new_buffered(reader).map_err(damaged)?;
    let mut plain = Vec::new();
    decryptor
        .decrypt(keys)
        .map_err(damaged)?
        .take(LARGEST_PAYLOAD + 1)
        .read_to_end(&mut plain)
        .map_err(|_| SealError::Damaged)?;
    if u64::try_from(plain.len()).unwrap_or(u64::MAX) > LARGEST_PAYLOAD {
        return Err(SealError::TooLarge);
    }
    Ok(plain)
}

/// Why something could not be sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No recipient was given.
    #[error(
        "there is nobody to seal the evidence to\nname at least one lead with a recipient (age1…) in the configuration; `chaperone keys new` makes one"
    )]
    Nobody,
    /// The identity's keys are not among those it was sealed to.
    #[error(
        "this was not sealed to the given identity\nask a lead whose recipient was configured when it was kept, or use the identity file that was in use then"
    )]
    NotForYou,
    /// The ciphertext was altered or cut off.
    #[error(
        "the sealed file is damaged: it was altered or cut off\nget another copy, and tell the lead: `chaperone evidence verify` says which files differ"
    )]
    Damaged,
    /// More than [`LARGEST_PAYLOAD`] bytes of plaintext.
    #[error(
        "the sealed file is larger than any exhibit can be\nit was not made by chaperone; open it with age itself if you trust it"
    )]
    TooLarge,
    /// The age library refused; not expected.
    #[error("sealing failed: {0}\ncheck the recipients in the configuration; nothing was kept")]
    Age(String),
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
