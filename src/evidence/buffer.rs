//! The rolling buffer: what was heard lately in a supervised space, sealed a few seconds at a time, so that what was
//! there before anybody noticed something can still be read by the leads, and by nobody else.
//!
//! Each space has a key of its own for each hour. Its secret half exists in this process for the moment in which it is
//! sealed, to every lead separately; what stays in memory is the public half, which can seal and reads nothing back.
//! So not even whoever copies the running process's memory reads what was buffered. Each [`segment`] is an ordinary
//! age file, and each wrap is one too, with an identity file as `age-keygen` writes it inside:
//!
//! ```text
//! age -d -i identity.txt WRAP.age | tail -n 1 > hour.key
//! age -d -i hour.key SEGMENT.age
//! ```
//!
//! A segment's payload is a JSON array whose items are the exact texts that were received, one a line, in the order in
//! which they came; the header `received-at` names their times in the same order.

use super::commitment::{Exhibit, ExhibitError, Salt, SealedExhibit, SealingError, header};
use super::entry::Class;
use super::seal::{Identity, Recipient, SealError};
use crate::domain::{ChannelId, Timestamp};

/// A segment holds about this many bytes of payload at most (one frame that is longer stands alone): the text of some
/// ninety messages.
pub const SEGMENT_BYTES: usize = 64 * 1024;

/// How long one key is used, in microseconds: an hour of UTC.
pub const HOUR: i64 = 3_600_000_000;

/// The beginning of the hour that a moment is in.
#[must_use]
pub fn hour_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(HOUR) * HOUR)
}

/// A new key of one space and hour: its public half, and the secret half sealed to each lead.
#[derive(Clone, Debug)]
pub struct HourKey {
    /// To whom segments of that space and hour are sealed.
    pub recipient: Recipient,
    /// The secret half, once for each lead, in the order in which they were given.
    pub wraps: Vec<(Recipient, SealedExhibit)>,
}

impl HourKey {
    /// Makes a key from the machine's randomness and seals it to each of `leads`.
    ///
    /// # Errors
    /// [`SealingError`]; nobody to seal it to is one.
    pub fn make(
        organisation: &str,
        space: ChannelId,
        hour: Timestamp,
        leads: &[Recipient],
        software: &str,
    ) -> Result<Self, SealingError> {
        if leads.is_empty() {
            return Err(SealError::Nobody.into());
        }
        let key = Identity::generate();
        let exhibit = Exhibit::new(Salt::random(), key.to_file_text(hour).expose().to_vec())
            .with("organisation", organisation.replace(char::is_control, " "))?
            .with(header::SPACE, space.to_string())?
            .with("hour", hour.to_string())?
            .with(header::KIND, Class::BUFFER_KEY.as_str())?
            .with("software", software)?;
        let wrap = |lead: &Recipient| Ok((lead.clone(), exhibit.seal(std::slice::from_ref(lead))?));
        let wraps = leads.iter().map(wrap).collect::<Result<_, SealingError>>()?;
        Ok(HourKey { recipient: key.recipient(), wraps })
    }
}

/// What was heard in a space within some seconds, as it is sealed; see the module's description.
///
/// # Errors
/// [`ExhibitError`] for a header that cannot be one.
pub fn segment<'a>(
    organisation: &str,
    space: ChannelId,
    frames: impl Iterator<Item = (Timestamp, &'a str)> + Clone,
    software: &str,
) -> Result<Exhibit, ExhibitError> {
    let mut payload = String::from("[");
    let mut times = String::new();
    for (number, (at, raw)) in frames.enumerate() {
        payload.push_str(if number == 0 { "\n" } else { ",\n" });
        payload.push_str(raw);
        if number > 0 {
            times.push(' ');
        }
        times.push_str(&at.to_string());
    }
    payload.push_str("\n]");
    Exhibit::new(Salt::random(), payload.into_bytes())
        .with("organisation", organisation.replace(char::is_control, " "))?
        .with(header::SPACE, space.to_string())?
        .with(header::KIND, "context")?
        .with(header::CONTENT_TYPE, "application/json")?
        .with(header::RECEIVED_AT, times)?
        .with("source", "discord-gateway-v10")?
        .with("software", software)
}

/// The exact texts in a segment's payload, in order; none when it is not one.
#[must_use]
pub fn frames_of(payload: &[u8]) -> Vec<&str> {
    serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(payload)
        .map(|frames| frames.into_iter().map(serde_json::value::RawValue::get).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{CaseKey, seal};

    const FRAMES: [&str; 2] =
        [r#"{"t":"MESSAGE_CREATE","d":{"content":"hello"}}"#, r#"{"t":"MESSAGE_DELETE","d":{"id":"1"}}"#];

    #[test]
    fn each_lead_opens_an_hour_through_a_wrap_of_their_own_and_nobody_through_anothers() {
        let (dsl, deputy) = (Identity::generate(), Identity::generate());
        let leads = [dsl.recipient(), deputy.recipient()];
        let key = HourKey::make("Art Club", ChannelId(5), Timestamp(0), &leads, "chaperone").unwrap();
        let frames = FRAMES.iter().map(|frame| (Timestamp(1), *frame));
        let sealed = segment("Art Club", ChannelId(5), frames, "chaperone")
            .unwrap()
            .seal(std::slice::from_ref(&key.recipient))
            .unwrap();
        let identities = [&dsl, &deputy];
        for (lead, other) in [(0, 1), (1, 0)] {
            let (recipient, wrap) = &key.wraps[lead];
            assert_eq!(*recipient, identities[lead].recipient());
            assert_eq!(seal::open(&wrap.sealed, identities[other]), Err(SealError::NotForYou));
            assert_eq!(seal::open(&sealed.sealed, identities[lead]), Err(SealError::NotForYou));
            let opened = Exhibit::from_bytes(&seal::open(&wrap.sealed, identities[lead]).unwrap()).unwrap();
            let keys = CaseKey::added(&opened, identities[lead].clone());
            let plain = Exhibit::from_bytes(&seal::open(&sealed.sealed, &keys).unwrap()).unwrap();
            assert_eq!(frames_of(plain.payload()), FRAMES, "byte for byte");
        }
        assert_eq!(key.wraps[0].1.commitment, key.wraps[1].1.commitment, "the same key for everybody");
    }

    #[test]
    fn an_hour_for_nobody_has_no_key() {
        let none = HourKey::make("Art Club", ChannelId(5), Timestamp(0), &[], "chaperone");
        assert_eq!(none.unwrap_err(), SealingError::Seal(SealError::Nobody));
    }

    #[test]
    fn an_hour_begins_where_the_clock_says_before_1970_too() {
        assert_eq!(hour_of(Timestamp(HOUR + 1)), Timestamp(HOUR));
        assert_eq!(hour_of(Timestamp(HOUR)), Timestamp(HOUR));
        assert_eq!(hour_of(Timestamp(-1)), Timestamp(-HOUR));
    }
}
