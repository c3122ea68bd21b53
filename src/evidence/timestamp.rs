//! A time stamp of a checkpoint by a time-stamping authority (RFC 3161): proof, by somebody who is nobody's friend, that
//! this state of the log existed at that time.
//!
//! What is stamped is the SHA-256 of the signed checkpoint's exact bytes, without cosignatures, so that
//! `openssl ts -verify -data checkpoint.txt -in timestamp.tsr -CAfile AUTHORITY.pem` checks the whole of it. This program
//! checks what needs no list of authorities: that the stamp is granted, that it is about these bytes, and that its
//! content is the one that the authority's signature covers. The authority's signature itself is `openssl`'s to check.

use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::der::{Reader, element, sequence, tag};
use super::hash::Hash;
use crate::domain::Timestamp;

/// The media type of a request.
pub const QUERY_TYPE: &str = "application/timestamp-query";
/// The media type of a response.
pub const REPLY_TYPE: &str = "application/timestamp-reply";
/// The largest response that is read, in bytes; one with its certificates has some thousands.
pub const LARGEST: usize = 64 * 1024;

/// `id-sha256`, `id-sha384`, `id-sha512` (NIST, 2.16.840.1.101.3.4.2.1 to .3).
const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
/// `id-signedData` (1.2.840.113549.1.7.2).
const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
/// `id-ct-TSTInfo` (1.2.840.113549.1.9.16.1.4).
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
/// `id-messageDigest` (1.2.840.113549.1.9.4).
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];

/// A request for a stamp on some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    imprint: Hash,
    nonce: [u8; 8],
}

impl Query {
    /// For these bytes, with a number of the machine's randomness that the answer has to repeat.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Query { imprint: Hash::of(bytes), nonce: rand::random() }
    }

    /// The request (`TimeStampReq`), asking for the authority's certificate too.
    #[must_use]
    pub fn to_der(&self) -> Vec<u8> {
        let algorithm = sequence(&[element(tag::OID, SHA256), element(tag::NULL, &[])]);
        let imprint = sequence(&[algorithm, element(tag::OCTET_STRING, &self.imprint.0)]);
        sequence(&[
            element(tag::INTEGER, &[1]),
            imprint,
            element(tag::INTEGER, &self.nonce_integer()),
            element(tag::BOOLEAN, &[0xff]),
        ])
    }

    /// The nonce as a DER integer: positive, without leading zeros.
    fn nonce_integer(&self) -> Vec<u8> {
        let start = self.nonce.iter().position(|byte| *byte != 0).unwrap_or(self.nonce.len() - 1);
        let mut digits = self.nonce[start..].to_vec();
        if digits[0] >= 0x80 {
            digits.insert(0, 0);
        }
        digits
    }

    /// Reads the authority's answer to this request.
    ///
    /// # Errors
    /// [`StampError`]: refused, malformed, or about something else.
    pub fn accept(&self, response: &[u8]) -> Result<Stamp, StampError> {
        let stamp = Stamp::read(response)?;
        if stamp.imprint != self.imprint || stamp.nonce.as_deref() != Some(&self.nonce_integer()) {
            return Err(StampError::Other);
        }
        Ok(stamp)
    }
}

/// A granted stamp, as far as it can be read without knowing its authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When the authority says that it had the hash.
    pub at: Timestamp,
    /// The SHA-256 that was stamped.
    pub imprint: Hash,
    nonce: Option<Vec<u8>>,
}

impl Stamp {
    /// Reads a response (`TimeStampResp`) and checks that its content is the one that its signature covers.
    ///
    /// # Errors
    /// [`StampError::Refused`] when it grants nothing; [`StampError::Malformed`].
    pub fn read(response: &[u8]) -> Result<Self, StampError> {
        let mut outer = Reader(response);
        let mut body = outer.sequence().filter(|_| outer.0.is_empty()).ok_or(StampError::Malformed)?;
        let mut status = body.sequence().ok_or(StampError::Malformed)?;
        let status = status.expect(tag::INTEGER).ok_or(StampError::Malformed)?;
        // granted, grantedWithMods (RFC 3161 §2.4.2).
        if !matches!(status, [0 | 1]) {
            return Err(StampError::Refused(status.last().copied().unwrap_or(u8::MAX)));
        }
        token(&mut body).ok_or(StampError::Malformed)
    }

    /// Whether it is about these bytes.
    #[must_use]
    pub fn is_about(&self, bytes: &[u8]) -> bool {
        self.imprint == Hash::of(bytes)
    }
}

/// `TimeStampToken`: a CMS `SignedData` (RFC 5652) around a `TSTInfo`.
fn token(body: &mut Reader<'_>) -> Option<Stamp> {
    let mut content = body.sequence()?;
    if content.expect(tag::OID)? != SIGNED_DATA || !body.0.is_empty() {
        return None;
    }
    let mut signed = Reader(content.expect(tag::CONTEXT_0)?).sequence()?;
    signed.expect(tag::INTEGER)?;
    signed.expect(tag::SET)?;
    let mut encapsulated = signed.sequence()?;
    if encapsulated.expect(tag::OID)? != TST_INFO {
        return None;
    }
    let info = Reader(encapsulated.expect(tag::CONTEXT_0)?).expect(tag::OCTET_STRING)?;
    // Certificates and revocation lists, where there are any.
    signed.optional(tag::CONTEXT_0);
    signed.optional(tag::CONTEXT_0 + 1);
    let mut signers = Reader(signed.expect(tag::SET)?);
    if !covers(signers.sequence()?, info)? || !signers.0.is_empty() {
        return None;
    }
    tst_info(Reader(info).sequence()?)
}

/// Whether what the signer signs names the hash of this content (RFC 5652 §5.4).
fn covers(mut signer: Reader<'_>, content: &[u8]) -> Option<bool> {
    signer.expect(tag::INTEGER)?;
    // Issuer and serial number, or key identifier.
    signer.next()?;
    let hash = match signer.sequence()?.expect(tag::OID)? {
        SHA256 => Sha256::digest(content).to_vec(),
        SHA384 => Sha384::digest(content).to_vec(),
        SHA512 => Sha512::digest(content).to_vec(),
        _ => return None,
    };
    let mut attributes = Reader(signer.expect(tag::CONTEXT_0)?);
    while let Some(mut attribute) = attributes.sequence() {
        if attribute.expect(tag::OID)? == MESSAGE_DIGEST {
            let mut values = Reader(attribute.expect(tag::SET)?);
            return Some(values.expect(tag::OCTET_STRING)? == hash);
        }
    }
    None
}

/// `TSTInfo` (RFC 3161 §2.4.2).
fn tst_info(mut info: Reader<'_>) -> Option<Stamp> {
    info.expect(tag::INTEGER)?;
    info.expect(tag::OID)?;
    let mut imprint = info.sequence()?;
    if imprint.sequence()?.expect(tag::OID)? != SHA256 {
        return None;
    }
    let imprint = Hash::from_slice(imprint.expect(tag::OCTET_STRING)?)?;
    info.expect(tag::INTEGER)?;
    let at = generalized_time(info.expect(tag::GENERALIZED_TIME)?)?;
    // How exact it is, and whether stamps are ordered.
    info.optional(tag::SEQUENCE);
    info.optional(tag::BOOLEAN);
    let nonce = info.optional(tag::INTEGER).map(<[u8]>::to_vec);
    Some(Stamp { at, imprint, nonce })
}

/// `20260302164107Z`, with a fraction of a second or without (RFC 3161 §2.4.2).
fn generalized_time(digits: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(digits).ok()?.strip_suffix('Z')?;
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    if whole.len() != 14 || !whole.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    if fraction.is_some_and(|f| f.is_empty() || f.len() > 9 || !f.bytes().all(|b| b.is_ascii_digit())) {
        return None;
    }
    let (date, time) = whole.split_at(8);
    let fraction = fraction.map(|digits| format!(".{digits}")).unwrap_or_default();
    let text = format!(
        "{}-{}-{}T{}:{}:{}{fraction}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    );
    Timestamp::parse_rfc3339(&text).ok()
}

/// Why there is no stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// The authority grants none.
    #[error(
        "the time-stamping authority refused (status {0})\nask its operator which requests it grants, or use another"
    )]
    Refused(u8),
    /// No response of RFC 3161 with SHA-256.
    #[error(
        "this is no time stamp (RFC 3161) whose content its signature covers\nget another copy, or ask another authority"
    )]
    Malformed,
    /// A stamp of something else.
    #[error("the time stamp is about something else\nask again; if it happens twice, use another authority")]
    Other,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_the_one_that_the_standard_describes() {
        let query = Query { imprint: Hash([0xab; 32]), nonce: [0, 0, 0x80, 1, 2, 3, 4, 5] };
        // RFC 3161 §2.4.1, written by hand: version, SHA-256 and hash, nonce (positive, shortest), certReq TRUE.
        let mut expected = vec![0x30, 0x42, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09];
        expected.extend([0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20]);
        expected.extend([0xab; 32]);
        expected.extend([0x02, 0x07, 0x00, 0x80, 0x01, 0x02, 0x03, 0x04, 0x05, 0x01, 0x01, 0xff]);
        assert_eq!(expected.len(), 2 + 0x42);
        assert_eq!(query.to_der(), expected);
    }

    #[test]
    fn times_are_read_with_and_without_fractions() {
        let at = |text: &str| generalized_time(text.as_bytes());
        assert_eq!(at("20260302164107Z"), Timestamp::parse_rfc3339("2026-03-02T16:41:07Z").ok());
        assert_eq!(at("20260302164107.25Z"), Timestamp::parse_rfc3339("2026-03-02T16:41:07.25Z").ok());
        for wrong in ["20260302164107", "2026030216410Z", "20261302164107Z", "20260302164107.Z", "", "é"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_refusal_is_told_apart_from_noise() {
        let refused = sequence(&[sequence(&[element(tag::INTEGER, &[2])])]);
        assert_eq!(Stamp::read(&refused), Err(StampError::Refused(2)));
        assert_eq!(Stamp::read(b""), Err(StampError::Malformed));
        let granted_nothing = sequence(&[sequence(&[element(tag::INTEGER, &[0])])]);
        assert_eq!(Stamp::read(&granted_nothing), Err(StampError::Malformed));
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Stamp::read(&noise);
            let granted = sequence(&[sequence(&[element(tag::INTEGER, &[0])]), noise]);
            let _ = Stamp::read(&granted);
        }
    }
}
