//! A case's own key: what belongs to a case is sealed to it, and it is sealed, once, to the leads who may know.
//!
//! The secret half exists in this process for the moment in which it is sealed; afterwards nobody but those leads has
//! it. Sealing more to the case needs its public half only. So the host cannot read a case, an exhibit costs one
//! wrapping however many leads there are, and a lead can later hand the case on by handing on one small file.
//!
//! The key is an exhibit like others, of the class `case-key`; its payload is an identity file as `age-keygen` writes
//! it, so that `age` alone opens everything: `age -d -i identity.txt KEY.age | tail -n 1 > case.key`, then
//! `age -d -i case.key EXHIBIT.age`.

use super::commitment::{Exhibit, Salt, SealedExhibit, SealingError, header};
use super::entry::Class;
use super::seal::{Identity, Recipient};
use crate::domain::Timestamp;

/// A new key of a case: its public half, and the secret half sealed.
#[derive(Clone, Debug)]
pub struct CaseKey {
    /// To whom exhibits of the case are sealed.
    pub recipient: Recipient,
    /// The secret half, as an exhibit that only the leads open.
    pub sealed: SealedExhibit,
}

impl CaseKey {
    /// Makes a key for a case from the machine's randomness, and seals it to `leads`.
    ///
    /// # Errors
    /// [`SealingError`]: nobody to seal it to, or an organisation's name that cannot be a header.
    pub fn make(
        organisation: &str,
        case: &str,
        leads: &[Recipient],
        software: &str,
        at: Timestamp,
    ) -> Result<Self, SealingError> {
        let key = Identity::generate();
        let exhibit = Exhibit::new(Salt::random(), key.to_file_text(at).expose().to_vec())
            .with("organisation", organisation.replace(char::is_control, " "))?
            .with("case", case)?
            .with(header::KIND, Class::CASE_KEY.as_str())?
            .with("software", software)?;
        Ok(CaseKey { recipient: key.recipient(), sealed: exhibit.seal(leads)? })
    }

    /// A lead's keys with the one in an exhibit of the class `case-key` that they have opened: with these the exhibits
    /// that follow it open too. Without it when it holds something else.
    #[must_use]
    pub fn added(exhibit: &Exhibit, keys: Identity) -> Identity {
        match Identity::from_file_bytes(exhibit.payload(), None) {
            Ok(key) => keys.and(key),
            Err(_) => keys,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::seal::{self, SealError};

    #[test]
    fn a_lead_opens_a_case_through_its_key_and_the_host_does_not() {
        let (dsl, deputy, other) = (Identity::generate(), Identity::generate(), Identity::generate());
        let leads = [dsl.recipient(), deputy.recipient()];
        let key = CaseKey::make("Art Club", "C-0001", &leads, "chaperone", Timestamp(0)).unwrap();
        let exhibit = seal::seal(b"what was said", std::slice::from_ref(&key.recipient)).unwrap();
        for lead in [dsl, deputy] {
            assert_eq!(seal::open(&exhibit, &lead), Err(SealError::NotForYou), "only through the key");
            let plain = seal::open(&key.sealed.sealed, &lead).unwrap();
            let keys = CaseKey::added(&Exhibit::from_bytes(&plain).unwrap(), lead);
            assert_eq!(seal::open(&exhibit, &keys).unwrap(), b"what was said");
        }
        assert!(seal::open(&key.sealed.sealed, &other).is_err());
    }

    #[test]
    fn a_case_for_nobody_has_no_key() {
        let none = CaseKey::make("Art Club", "C-0001", &[], "chaperone", Timestamp(0));
        assert_eq!(none.unwrap_err(), SealingError::Seal(SealError::Nobody));
    }
}
