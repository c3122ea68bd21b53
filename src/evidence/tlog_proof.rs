//! A proof that travels by itself: C2SP tlog-proof (c2sp.org/tlog-proof@v1), an inclusion proof and the signed
//! checkpoint that it leads to, as text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::checkpoint::SignedCheckpoint;
use super::hash::Hash;
use super::log::InclusionProof;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A path has at most one hash a level, and no believable log has more levels.
const LONGEST_PATH: usize = 64;

/// Writes the proof (file extension `.tlog-proof`).
#[must_use]
pub fn write(proof: &InclusionProof, checkpoint: &SignedCheckpoint) -> String {
    let mut text = format!("{FIRST_LINE}\nindex {}\n", proof.index);
    write_path(&proof.path, &mut text);
    text.push_str(checkpoint.text());
    text
}

/// Writes a proof's hashes as C2SP texts hold them: one a line, and an empty line behind them.
pub(super) fn write_path(path: &[Hash], text: &mut String) {
    for hash in path {
        text.push_str(&BASE64_STANDARD.encode(hash.0));
        text.push('\n');
    }
    text.push('\n');
}

/// Reads what [`write_path`] writes, at most `longest` hashes, and gives the text behind it.
pub(super) fn read_path(mut rest: &str, longest: usize) -> Option<(Vec<Hash>, &str)> {
    let mut path = Vec::new();
    loop {
        let (line, after) = rest.split_once('\n')?;
        rest = after;
        if line.is_empty() {
            return Some((path, rest));
        }
        path.push(Hash::from_slice(&BASE64_STANDARD.decode(line).ok()?)?);
        if path.len() > longest {
            return None;
        }
    }
}

/// Reads the proof's own part and returns it with the text of the checkpoint that follows. The size is that of the
/// checkpoint, which the caller has still to verify; `extra` lines are not expected of this program and refused.
#[must_use]
pub fn read(text: &str, size: u64) -> Option<(InclusionProof, &str)> {
    let rest = text.strip_prefix(FIRST_LINE)?.strip_prefix("\nindex ")?;
    let (index, rest) = rest.split_once('\n')?;
    let number: u64 = index.parse().ok().filter(|number: &u64| number.to_string() == index)?;
    let (path, rest) = read_path(rest, LONGEST_PATH)?;
    Some((InclusionProof { index: number, size, path }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{SigningKey, Tree};

    #[test]
    fn a_proof_reads_back_with_its_checkpoint() {
        let signed =
            SigningKey::generate("arts.example/evidence").unwrap().sign(&Tree::empty(), None).unwrap();
        for path in [vec![], vec![Hash([1; 32])], vec![Hash([1; 32]); 21]] {
            let proof = InclusionProof { index: 7, size: 9, path };
            assert_eq!(read(&write(&proof, &signed), 9), Some((proof, signed.text())));
        }
    }

    #[test]
    fn the_specifications_form_is_read_and_no_other() {
        let hash = BASE64_STANDARD.encode([1; 32]);
        let good = format!("c2sp.org/tlog-proof@v1\nindex 7\n{hash}\n\ncheckpoint\n");
        assert_eq!(read(&good, 9).unwrap().1, "checkpoint\n");
        let bad = [
            good.replace("v1", "v2"),
            good.replace("index 7", "index 07"),
            good.replace("index 7", "index -1"),
            good.replace("index 7", "index 99999999999999999999"),
            good.replace(&hash, &hash[4..]),
            good.replace(&hash, "not base64"),
            good.replace("\n\n", "\n"),
            good.replace(&hash, &format!("{hash}\n").repeat(65)),
            String::new(),
        ];
        for text in bad {
            assert_eq!(read(&text, 9), None, "{text:?}");
        }
    }
}
