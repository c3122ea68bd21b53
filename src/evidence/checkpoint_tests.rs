use std::collections::BTreeMap;

use super::*;
use crate::evidence::entry::leaf_hash;

fn log_of(leaves: &[&str]) -> (Tree, BTreeMap<u64, Hash>) {
    let (mut tree, mut rows) = (Tree::empty(), BTreeMap::new());
    for leaf in leaves {
        rows.extend(tree.append(leaf_hash(leaf.as_bytes())).into_iter().map(|row| (row.index, row.hash)));
    }
    (tree, rows)
}

#[test]
fn the_specifications_own_note_verifies() {
    // The example of the Go note package, which C2SP signed-note describes.
    let key: VerifierKey =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
    let note = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert!(verify_note(note, &key).is_ok());
    assert_eq!(verify_note(&note.replace("know", "knew"), &key), Err(CheckpointError::Signature));
}

#[test]
fn a_checkpoint_reads_back_and_no_altered_byte_passes() {
    let key = SigningKey::generate("arts.example/evidence").unwrap();
    let signed = key.sign(&log_of(&["a", "b", "c"]).0, None).unwrap();
    assert!(signed.text().starts_with("arts.example/evidence\n3\n"));
    assert_eq!(SignedCheckpoint::verify(signed.text(), key.verifier_key()).unwrap(), signed);
    for at in 0..signed.text().len() {
        let mut altered = signed.text().as_bytes().to_vec();
        altered[at] ^= 1;
        if let Ok(altered) = String::from_utf8(altered) {
            assert!(SignedCheckpoint::verify(&altered, key.verifier_key()).is_err(), "byte {at}");
        }
    }
    let other = SigningKey::generate("arts.example/evidence").unwrap();
    assert_eq!(
        SignedCheckpoint::verify(signed.text(), other.verifier_key()).unwrap_err(),
        CheckpointError::Signature
    );
}

#[test]
fn a_witness_line_is_kept_and_counted() {
    let key = SigningKey::generate("arts.example/evidence").unwrap();
    let witness = SigningKey::generate("trustee.example").unwrap();
    let signed = key.sign(&log_of(&["a"]).0, None).unwrap();
    let body = format!("{}\n", signed.text().split_once("\n\n").unwrap().0);
    let cosigned = witness.sign_note(&body).unwrap();
    let both = format!("{}{}", signed.text(), cosigned.rsplit_once("\n\n").unwrap().1);
    let read = SignedCheckpoint::verify(&both, key.verifier_key()).unwrap();
    assert_eq!((read.other_signatures(), read.text()), (1, both.as_str()));
}

#[test]
fn a_database_from_an_old_backup_is_noticed() {
    let key = SigningKey::generate("arts.example/evidence").unwrap();
    let (newer, _) = log_of(&["a", "b", "c", "d"]);
    let (backup, rows) = log_of(&["a", "b"]);
    let last = key.sign(&newer, None).unwrap();
    let proof = ConsistencyProof::make(2, 2, &rows).unwrap();
    let refused = key.sign(&backup, Some((last.checkpoint(), &proof))).unwrap_err();
    assert_eq!(refused, CheckpointError::Behind { signed: 4, now: 2 });
    assert!(refused.to_string().contains("old backup"));
}

#[test]
fn a_backup_that_grew_past_the_last_signature_is_a_fork() {
    let key = SigningKey::generate("arts.example/evidence").unwrap();
    let (newer, _) = log_of(&["a", "b", "c", "d"]);
    let (forked, rows) = log_of(&["a", "b", "other", "entries", "after"]);
    let last = key.sign(&newer, None).unwrap();
    let proof = ConsistencyProof::make(4, 5, &rows).unwrap();
    let refused = key.sign(&forked, Some((last.checkpoint(), &proof))).unwrap_err();
    assert_eq!(refused, CheckpointError::Forked { signed: 4 });
    // Nor does a proof about other sizes help.
    let evasive = ConsistencyProof { from: 0, to: 5, path: Vec::new() };
    assert!(key.sign(&forked, Some((last.checkpoint(), &evasive))).is_err());
    // A proof about other sizes holds by itself, and says nothing about these states.
    let longer = Checkpoint { size: 5, ..last.checkpoint().clone() };
    let beside = ConsistencyProof { from: 4, to: 4, path: Vec::new() };
    assert_eq!(longer.follows(last.checkpoint(), &beside), Err(CheckpointError::Forked { signed: 4 }));
}

#[test]
fn an_honest_continuation_is_signed_also_when_nothing_was_added() {
    let key = SigningKey::generate("arts.example/evidence").unwrap();
    let first = key.sign(&Tree::empty(), None).unwrap();
    let (tree, rows) = log_of(&["a", "b", "c"]);
    let proof = ConsistencyProof::make(0, 3, &rows).unwrap();
    let second = key.sign(&tree, Some((first.checkpoint(), &proof))).unwrap();
    let proof = ConsistencyProof::make(3, 3, &rows).unwrap();
    let third = key.sign(&tree, Some((second.checkpoint(), &proof))).unwrap();
    assert_eq!(second, third, "the same state signs to the same bytes");
}

#[test]
fn the_key_file_is_private_is_never_overwritten_and_the_key_never_prints() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.key");
    let key = SigningKey::create(&path, "arts.example/evidence").unwrap();
    let loaded = SigningKey::load(&path).unwrap();
    assert_eq!(loaded.verifier_key(), key.verifier_key());
    assert!(matches!(SigningKey::create(&path, "arts.example/evidence"), Err(CheckpointError::File(..))));
    assert!(!format!("{key:?}").contains(key.text.splitn(5, '+').nth(4).unwrap()));
    std::fs::remove_file(&path).unwrap();
    secret_file::create(&path, b"PRIVATE+KEY+nonsense").unwrap();
    assert_eq!(SigningKey::load(&path).unwrap_err(), CheckpointError::SigningKey);
}

#[test]
fn the_last_checkpoint_is_kept_beside_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("checkpoint");
    let key = SigningKey::generate("arts.example/evidence").unwrap();
    assert_eq!(SignedCheckpoint::kept(&path, key.verifier_key()).unwrap(), None);
    for leaves in [&["a"][..], &["a", "b"]] {
        let signed = key.sign(&log_of(leaves).0, None).unwrap();
        signed.keep(&path).unwrap();
        assert_eq!(SignedCheckpoint::kept(&path, key.verifier_key()).unwrap(), Some(signed));
    }
    std::fs::write(&path, "torn").unwrap();
    assert_eq!(SignedCheckpoint::kept(&path, key.verifier_key()), Err(CheckpointError::Malformed));
}

#[test]
fn names_that_the_format_cannot_carry_are_refused() {
    for origin in ["", "two words", "a+b", "line\nbreak"] {
        assert!(matches!(SigningKey::generate(origin), Err(CheckpointError::Origin(_))), "{origin:?}");
    }
}
