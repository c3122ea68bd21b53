//! Reports to safeguarding: the reference that whoever reports takes away, and the way on which a report came.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MessageId;

/// The reference of one report, written `R-7K3MPQ`. It follows from the message or command that the report came in, so
/// that it can be told at once, whatever the disk does; it says nothing about a case, a person or how many reports
/// there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReportRef(u32);

/// Crockford's base 32: no letter that is read or heard for another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a reference: 30 bits.
const LENGTH: u32 = 6;

impl ReportRef {
    /// The reference of what came in under this id.
    #[must_use]
    pub fn of(id: MessageId) -> Self {
        // The finalizer of SplitMix64: neighbouring ids give references that nobody takes for one another.
        let mut mixed = id.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ReportRef(u32::try_from(mixed >> (64 - 5 * LENGTH)).unwrap_or(0))
    }
}

impl fmt::Display for ReportRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("R-")?;
        for place in (0..LENGTH).rev() {
            let letter = (self.0 >> (5 * place)) & 31;
            write!(f, "{}", char::from(LETTERS[letter as usize]))?;
        }
        Ok(())
    }
}

impl FromStr for ReportRef {
    type Err = String;

    /// # Errors
    /// When the text is not written like `R-7K3MPQ`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not the reference of a report; they are written like R-7K3MPQ");
        let letters = text.strip_prefix("R-").or_else(|| text.strip_prefix("r-")).ok_or_else(wrong)?;
        if letters.len() != LENGTH as usize {
            return Err(wrong());
        }
        letters
            .bytes()
            .try_fold(0, |number: u32, letter| {
                let value = LETTERS.iter().position(|known| *known == letter.to_ascii_uppercase())?;
                Some((number << 5) | u32::try_from(value).ok()?)
            })
            .map(ReportRef)
            .ok_or_else(wrong)
    }
}

impl Serialize for ReportRef {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReportRef {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        std::borrow::Cow::<str>::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// On which way a report came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The menu of a message, in a direct message between two people too.
    Message,
    /// The menu of a person.
    Person,
    /// `/report`, in words.
    Command,
    /// A direct message to the bot.
    DirectMessage,
    /// `/report`, about somebody in charge: past the usual line.
    Whistleblowing,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_and_neighbours_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for id in 0..10_000_u64 {
            let reference = ReportRef::of(MessageId(1_000_000_000_000_000_000 + id));
            let text = reference.to_string();
            assert_eq!(text.len(), 8, "{text}");
            assert_eq!(text.parse(), Ok(reference));
            assert_eq!(text.to_lowercase().parse(), Ok(reference));
            seen.insert(reference);
        }
        assert!(seen.len() > 9_990, "{}", seen.len());
        for wrong in ["7K3MPQ", "R-7K3MP", "R-7K3MPQQ", "R-7K3MPU", "C-0007"] {
            assert!(wrong.parse::<ReportRef>().is_err(), "{wrong}");
        }
    }
}
