//! What a log sends to a witness: C2SP tlog-witness, `POST …/add-checkpoint`.
//!
//! ```text
//! old 1800                                       the size that the witness signed last
//! PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=   a consistency proof (RFC 6962 §2.1.2), none to 63 lines
//!
//! arts.example/evidence                          the checkpoint, signed by the log
//! …
//! ```

use super::hash::Hash;
use super::tlog_proof::{read_path, write_path};

/// The path below the witness' address.
pub const PATH: &str = "/add-checkpoint";
/// The media type of an answer 409: the size that the witness signed last.
pub const SIZE_TYPE: &str = "text/x.tlog.size";
/// The largest request that is read, in bytes: 63 hashes and a checkpoint with room for signatures.
pub const LARGEST: usize = 64 * 1024;
const LONGEST_PROOF: usize = 63;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness signed last, as far as the log knows; 0 for none.
    pub old: u64,
    /// The consistency proof from there.
    pub path: Vec<Hash>,
    /// The signed checkpoint.
    pub note: String,
}

impl AddCheckpoint {
    /// The request's body.
    #[must_use]
    pub fn to_body(&self) -> String {
        let mut body = format!("old {}\n", self.old);
        write_path(&self.path, &mut body);
        body + &self.note
    }

    /// Reads a request's body; none when it is not one.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= LARGEST)?;
        let (old, rest) = text.strip_prefix("old ")?.split_once('\n')?;
        let number: u64 = old.parse().ok().filter(|number: &u64| number.to_string() == old)?;
        let (path, note) = read_path(rest, LONGEST_PROOF)?;
        Some(AddCheckpoint { old: number, path, note: note.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn the_specifications_form_is_written_and_read_and_no_other() {
        let hash = BASE64_STANDARD.encode([1; 32]);
        let good = format!("old 20852014\n{hash}\n\nexample.com/behind-the-sofa\n1\n");
        let read = AddCheckpoint::read(good.as_bytes()).unwrap();
        assert_eq!(
            (read.old, read.path.len(), read.note.as_str()),
            (20_852_014, 1, "example.com/behind-the-sofa\n1\n")
        );
        assert_eq!(read.to_body(), good);
        let first = "old 0\n\nnote\n";
        assert_eq!(AddCheckpoint::read(first.as_bytes()).unwrap().to_body(), first);
        let bad = [
            good.replace("old ", "size "),
            good.replace("old 2", "old 02"),
            good.replace("old 2", "old -2"),
            good.replace(&hash, &hash[4..]),
            good.replace(&hash, "no base64"),
            good.replace("\n\n", "\n"),
            good.replace(&hash, &format!("{hash}\n").repeat(64)),
            String::new(),
        ];
        for text in bad {
            assert_eq!(AddCheckpoint::read(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(AddCheckpoint::read(b"old 1\n\xff\n"), None);
        assert_eq!(AddCheckpoint::read(&[b"old 0\n\n".as_slice(), &vec![b'x'; LARGEST]].concat()), None);
    }
}
