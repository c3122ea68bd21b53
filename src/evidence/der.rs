//! As much of DER (X.690) as a time stamp needs: definite lengths, one-byte tags, nothing that is not there.

/// Tags that are used here.
pub(super) mod tag {
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const OCTET_STRING: u8 = 0x04;
    pub const NULL: u8 = 0x05;
    pub const OID: u8 = 0x06;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
    /// `[0]`, constructed.
    pub const CONTEXT_0: u8 = 0xa0;
}

/// An element: its tag and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub tag: u8,
    pub content: &'a [u8],
}

/// The elements of some content, one by one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next element; none at the end and for what is not DER.
    pub fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        // Tags of several bytes do not occur in a time stamp.
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let bytes = usize::from(first & 0x7f);
            if bytes == 0 || bytes > 4 {
                return None;
            }
            let (digits, after) = rest.split_at_checked(bytes)?;
            rest = after;
            length = digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit));
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Element { tag, content })
    }

    /// The content of the next element, which has to have this tag.
    pub fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let element = self.next()?;
        (element.tag == tag).then_some(element.content)
    }

    /// The content of the next element if it has this tag; it stays where it is otherwise.
    pub fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let content = ahead.expect(tag)?;
        *self = ahead;
        Some(content)
    }

    /// The next element, a sequence, to be read in turn.
    pub fn sequence(&mut self) -> Option<Reader<'a>> {
        self.expect(tag::SEQUENCE).map(Reader)
    }
}

/// Writes an element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => bytes.push(length),
        _ => {
            let digits = content.len().to_be_bytes();
            let first = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len() - 1);
            bytes.push(0x80 | u8::try_from(digits.len() - first).unwrap_or(0));
            bytes.extend(&digits[first..]);
        }
    }
    bytes.extend(content);
    bytes
}

/// Writes a sequence of elements.
pub(super) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    element(tag::SEQUENCE, &elements.concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lengths_are_written_and_read_in_their_shortest_form() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let bytes = element(tag::OCTET_STRING, &vec![7; length]);
            let mut reader = Reader(&bytes);
            assert_eq!(reader.expect(tag::OCTET_STRING).unwrap().len(), length);
            assert_eq!(reader.next(), None);
        }
        assert_eq!(element(tag::NULL, &[]), [5, 0]);
        assert_eq!(element(4, &[0; 200])[..3], [4, 0x81, 200]);
    }

    proptest! {
        #[test]
        fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut reader = Reader(&noise);
            while reader.next().is_some() {}
        }
    }
}
