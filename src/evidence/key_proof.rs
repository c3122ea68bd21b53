//! That somebody holds a key, without showing it.
//!
//! A lead's key opens and cannot sign. So whoever wants to know (the running bot) seals a random secret to it, once a
//! start; whoever opens that secret can answer for what they ask by an HMAC over it (HMAC-SHA256, RFC 2104, every part
//! with its length in front). A request that somebody else wrote into the database has no such answer.

use std::fmt;

use rand::RngCore as _;
use ring::hmac;

use super::seal::{self, Identity, Recipient, SealError, Sealed};

/// The secret that a key was asked to open. It never prints.
#[derive(Clone)]
pub struct Challenge([u8; 32]);

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(…)")
    }
}

impl Challenge {
    /// A new one from the machine's randomness, and what only the key opens.
    ///
    /// # Errors
    /// As [`seal::seal`].
    pub fn for_key(recipient: &Recipient) -> Result<(Self, Sealed), SealError> {
        let mut secret = [0; 32];
        rand::rngs::OsRng.fill_bytes(&mut secret);
        let sealed = seal::seal(&secret, std::slice::from_ref(recipient))?;
        Ok((Challenge(secret), sealed))
    }

    /// The secret, opened.
    ///
    /// # Errors
    /// As [`seal::open`]; [`SealError::Damaged`] when it is none.
    pub fn opened(sealed: &Sealed, identity: &Identity) -> Result<Self, SealError> {
        let secret = seal::open(sealed, identity)?;
        Ok(Challenge(secret.try_into().map_err(|_| SealError::Damaged)?))
    }

    /// The answer for these parts.
    #[must_use]
    pub fn answer(&self, parts: &[&[u8]]) -> Vec<u8> {
        hmac::sign(&self.key(), &joined(parts)).as_ref().to_vec()
    }

    /// Whether this is the answer for these parts.
    #[must_use]
    pub fn is_answered(&self, parts: &[&[u8]], answer: &[u8]) -> bool {
        hmac::verify(&self.key(), &joined(parts), answer).is_ok()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut all = b"chaperone-act/1\n".to_vec();
    for part in parts {
        all.extend((part.len() as u64).to_be_bytes());
        all.extend_from_slice(part);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_answers_and_only_for_what_was_asked() {
        let (lead, other) = (Identity::generate(), Identity::generate());
        let (challenge, sealed) = Challenge::for_key(&lead.recipient()).unwrap();
        let answer = Challenge::opened(&sealed, &lead).unwrap().answer(&[b"close", b"7"]);
        assert!(challenge.is_answered(&[b"close", b"7"], &answer));
        assert!(!challenge.is_answered(&[b"close7", b""], &answer), "where a part ends counts");
        assert!(!challenge.is_answered(&[b"close", b"8"], &answer));
        assert!(Challenge::opened(&sealed, &other).is_err());
        let (another, _) = Challenge::for_key(&lead.recipient()).unwrap();
        assert!(!another.is_answered(&[b"close", b"7"], &answer), "an answer counts for one start");
    }
}
