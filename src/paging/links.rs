//! One-time links: what a person on the ladder presses to acknowledge, wherever their page arrived.
//!
//! A link carries what it was made for (the call, the person, the channel) and until when it counts, under an HMAC of
//! the installation's key. It is single-use by what it names: an answer counts for the call that it answers
//! ([`Calls::answer`](super::Calls::answer)), and once that call was answered or overtaken the link is stale, also
//! after a restart. Opening a link changes nothing; mail scanners open links.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::domain::event::Answer;
use crate::domain::{CaseRef, Effect, Level, Timestamp};
use crate::outbox::Job;

/// How long a link counts: as long as a round of calls could be about it.
const COUNTS_FOR: Duration = Duration::from_hours(24);
/// Ends of links are multiples of this many µs: 12 hours.
const STEP: i64 = 12 * 3_600 * 1_000_000;
/// How many bytes of the HMAC-SHA-256 a link carries (NIST SP 800-107: 128 bits are enough).
const TAG: usize = 16;
/// No link is longer.
const LONGEST: usize = 600;

/// The secret under which links are signed. It never prints.
#[derive(Clone)]
pub struct LinkKey(Arc<hmac::Key>);

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    /// The key of these bytes, of which there should be 32.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        LinkKey(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }
}

/// What a link is for. A link for one purpose opens no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Acknowledging, by a person.
    Answer,
    /// Telling what became of a page, by a provider.
    Travel,
}

impl Purpose {
    fn code(self) -> &'static str {
        match self {
            Purpose::Answer => "a",
            Purpose::Travel => "t",
        }
    }
}

/// Why a link is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It was not made here, or was changed.
    Forged,
    /// Its time is over.
    Expired,
}

/// What a signed link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Which call it answers.
    pub answer: Answer,
    /// The job that carried it.
    pub job: String,
}

/// Makes links; makes none where nobody could open them (no public address is configured).
#[derive(Clone, Debug, Default)]
pub struct Links(Option<Maker>);

#[derive(Clone, Debug)]
struct Maker {
    key: LinkKey,
    base: String,
    not_for: Arc<BTreeSet<String>>,
}

impl Links {
    /// Links below this public address, without a slash at its end.
    #[must_use]
    pub fn below(base: &str, key: LinkKey) -> Self {
        Links(Some(Maker { key, base: base.trim_end_matches('/').to_owned(), not_for: Arc::default() }))
    }

    /// None to acknowledge by for these: what several people read cannot say which of them pressed.
    #[must_use]
    pub fn not_for(mut self, names: BTreeSet<String>) -> Self {
        if let Some(maker) = &mut self.0 {
            maker.not_for = Arc::new(names);
        }
        self
    }

    /// The public address, where there is one.
    #[must_use]
    pub fn base(&self) -> Option<&str> {
        self.0.as_ref().map(|maker| maker.base.as_str())
    }

    /// The link below a page; none for what cannot be answered, or when nobody could open it.
    #[must_use]
    pub fn for_job(&self, job: &Job, now: Timestamp) -> Option<String> {
        self.at("a", Purpose::Answer, job, now)
    }

    /// A link of this purpose below a path of the listener.
    #[must_use]
    pub fn at(&self, path: &str, purpose: Purpose, job: &Job, now: Timestamp) -> Option<String> {
        let maker = self.0.as_ref()?;
        if purpose == Purpose::Answer && job.effect.person().is_some_and(|name| maker.not_for.contains(name))
        {
            return None;
        }
        // In steps, so that a page that is tried again carries the same link.
        let until = now.plus(COUNTS_FOR).0.div_euclid(STEP).saturating_add(1).saturating_mul(STEP);
        let token = maker.key.sign(purpose, &signed(job)?, Timestamp(until));
        Some(format!("{}/{path}/{token}", maker.base))
    }
}

/// What a link below this job's page would say; none for what cannot be answered.
fn signed(job: &Job) -> Option<Signed> {
    let (case, level, round, together) = match &job.effect {
        Effect::Page { case, level, round, .. } => (*case, *level, *round, None),
        Effect::PageTogether { at, cases, .. } => {
            let worst = cases.first()?;
            (worst.case, worst.level, worst.round, Some(*at))
        }
        _ => return None,
    };
    let (name, via) = (job.effect.person()?.to_owned(), job.effect.channel()?.to_owned());
    Some(Signed { answer: Answer { case, level, round, together, name, via }, job: job.key.clone() })
}

impl LinkKey {
    /// The token that says this until then.
    #[must_use]
    pub fn sign(&self, purpose: Purpose, signed: &Signed, until: Timestamp) -> String {
        let Signed { answer, job } = signed;
        let together = answer.together.map_or_else(String::new, |at| at.0.to_string());
        let text = format!(
            "{}\n{}\n{}\n{}\n{}\n{together}\n{}\n{}\n{job}",
            purpose.code(),
            until.as_seconds(),
            answer.case.0,
            answer.level,
            answer.round,
            answer.name,
            answer.via,
        );
        let mut bytes = hmac::sign(&self.0, text.as_bytes()).as_ref()[..TAG].to_vec();
        bytes.extend_from_slice(text.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What a token says, when it was made here for this purpose and its time is not over.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn read(&self, purpose: Purpose, token: &str, now: Timestamp) -> Result<Signed, Refused> {
        if token.len() > LONGEST {
            return Err(Refused::Forged);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Refused::Forged)?;
        let (tag, text) = bytes.split_at_checked(TAG).ok_or(Refused::Forged)?;
        let expected = hmac::sign(&self.0, text);
        // Every byte is looked at, so that the time it takes tells nothing.
        let differs = expected.as_ref()[..TAG].iter().zip(tag).fold(0_u8, |all, (a, b)| all | (a ^ b));
        if differs != 0 {
            return Err(Refused::Forged);
        }
        let text = std::str::from_utf8(text).map_err(|_| Refused::Forged)?;
        let (for_what, until, signed) = parts(text).ok_or(Refused::Forged)?;
        if for_what != purpose.code() {
            return Err(Refused::Forged);
        }
        if now > until { Err(Refused::Expired) } else { Ok(signed) }
    }
}

fn parts(text: &str) -> Option<(&str, Timestamp, Signed)> {
    let mut parts = text.splitn(9, '\n');
    let purpose = parts.next()?;
    let until = Timestamp::from_seconds(parts.next()?.parse().ok()?);
    let case = CaseRef(parts.next()?.parse().ok()?);
    let level = Level::try_from(parts.next()?.parse::<u8>().ok()?).ok()?;
    let round = parts.next()?.parse().ok()?;
    let together = match parts.next()? {
        "" => None,
        at => Some(Timestamp(at.parse().ok()?)),
    };
    let (name, via) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let job = parts.next()?.to_owned();
    Some((purpose, until, Signed { answer: Answer { case, level, round, together, name, via }, job }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> Signed {
        Signed {
            answer: Answer {
                case: CaseRef(7),
                level: Level::Serious,
                round: 2,
                together: None,
                name: "sam".into(),
                via: "email".into(),
            },
            job: "page/org/C-0007/4/2/0/sam/email".into(),
        }
    }

    #[test]
    fn a_link_says_what_it_was_made_for_until_its_time_is_over() {
        let key = LinkKey::new(&[7; 32]);
        let until = Timestamp::from_seconds(100);
        let token = key.sign(Purpose::Answer, &signed(), until);
        assert!(
            token.len() < LONGEST
                && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        );
        assert_eq!(key.read(Purpose::Answer, &token, until), Ok(signed()));
        assert_eq!(key.read(Purpose::Answer, &token, Timestamp::from_seconds(101)), Err(Refused::Expired));
        assert_eq!(key.read(Purpose::Travel, &token, until), Err(Refused::Forged), "another purpose");
        assert_eq!(LinkKey::new(&[8; 32]).read(Purpose::Answer, &token, until), Err(Refused::Forged));
        assert_eq!(format!("{key:?}"), "LinkKey(…)");
    }

    #[test]
    fn a_link_with_any_byte_changed_is_forged() {
        let key = LinkKey::new(&[7; 32]);
        let token = key.sign(Purpose::Answer, &signed(), Timestamp::from_seconds(100));
        for at in 0..token.len() {
            for other in ["A", "B"] {
                let mut changed = token.clone();
                changed.replace_range(at..=at, other);
                // The last character of Base64 may have bits that mean nothing.
                if changed != token && at + 1 < token.len() {
                    assert_eq!(
                        key.read(Purpose::Answer, &changed, Timestamp(0)),
                        Err(Refused::Forged),
                        "{at}"
                    );
                }
            }
        }
        for garbage in ["", "A", "=", "é", &"A".repeat(5_000)] {
            assert_eq!(key.read(Purpose::Answer, garbage, Timestamp(0)), Err(Refused::Forged));
        }
    }
}
