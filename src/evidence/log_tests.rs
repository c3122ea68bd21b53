use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;
use crate::evidence::entry::leaf_hash;

/// RFC 6962 §2.1, word by word, with none of the code under test.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves.len() {
        0 => Hash(Sha256::digest([]).into()),
        1 => leaves[0],
        n => {
            let k = (1..n).rev().find(|k| k.is_power_of_two()).unwrap();
            let (left, right) = (naive_root(&leaves[..k]), naive_root(&leaves[k..]));
            Hash(Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0).finalize().into())
        }
    }
}

fn leaves(n: u64) -> Vec<Hash> {
    (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

/// A log of these leaves and all its rows.
fn log_of(leaves: &[Hash]) -> (Tree, BTreeMap<u64, Hash>) {
    let (mut tree, mut rows) = (Tree::empty(), BTreeMap::new());
    for &leaf in leaves {
        for row in tree.append(leaf) {
            assert_eq!(rows.insert(row.index, row.hash), None, "a stored hash is written once");
        }
    }
    (tree, rows)
}

fn only(rows: &BTreeMap<u64, Hash>, needed: &[u64]) -> BTreeMap<u64, Hash> {
    needed.iter().map(|index| (*index, rows[index])).collect()
}

/// The vectors of the Certificate Transparency reference implementation (merkletree tests): eight odd inputs.
#[test]
fn roots_are_those_of_the_reference_implementation() {
    let inputs: [&[u8]; 8] = [
        b"",
        b"\0",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut tree = Tree::empty();
    assert_eq!(tree.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (input, root) in inputs.iter().zip(roots) {
        tree.append(leaf_hash(input));
        assert_eq!(tree.root().to_string(), root);
    }
}

#[test]
fn every_size_up_to_seventy_agrees_with_the_rfc_read_naively() {
    let all = leaves(70);
    for n in 0..=70 {
        let (tree, rows) = log_of(&all[..n]);
        assert_eq!(tree.root(), naive_root(&all[..n]), "{n} leaves");
        assert_eq!(tree.stored_hashes(), rows.len() as u64, "{n} leaves");
        let needed = only(&rows, &Tree::needs(tree.size()));
        assert_eq!(Tree::restore(tree.size(), &needed).unwrap(), tree, "restart at {n} leaves");
        assert!(tree.edge.len() <= 7, "only the right edge stays in memory");
    }
}

#[test]
fn a_lost_row_is_named() {
    let (tree, mut rows) = log_of(&leaves(6));
    rows.remove(&6);
    assert_eq!(Tree::restore(tree.size(), &rows).unwrap_err(), LogError::Missing(6));
    assert_eq!(InclusionProof::make(5, 6, &rows).unwrap_err(), LogError::Missing(6));
}

#[test]
fn an_audit_finds_an_altered_entry_and_an_altered_row() {
    let all = leaves(11);
    let (tree, mut rows) = log_of(&all);
    assert_eq!(Tree::audit(all.clone(), &rows).unwrap(), tree);
    let mut rewritten = all.clone();
    rewritten[4] = leaf_hash(b"rewritten");
    assert_eq!(Tree::audit(rewritten, &rows).unwrap_err(), LogError::Altered(7));
    rows.get_mut(&9).unwrap().0[0] ^= 1;
    assert_eq!(Tree::audit(all, &rows).unwrap_err(), LogError::Altered(9));
}

#[test]
fn absurd_numbers_are_refused_not_computed() {
    let rows = BTreeMap::new();
    for (index, size) in [(0, 0), (5, 5), (1, u64::MAX), (u64::MAX, u64::MAX), (0, LARGEST_SIZE + 1)] {
        assert_eq!(InclusionProof::make(index, size, &rows).unwrap_err(), LogError::Size);
        let proof = InclusionProof { index, size, path: vec![Hash([0; 32]); 64] };
        assert_eq!(proof.check(Hash([0; 32]), Hash([0; 32])), Err(LogError::Size));
    }
    assert_eq!(ConsistencyProof::make(3, 2, &rows).unwrap_err(), LogError::Size);
    assert_eq!(Tree::restore(u64::MAX, &rows).unwrap_err(), LogError::Size);
}

#[test]
fn a_rolled_back_append_leaves_no_trace() {
    let (tree, _) = log_of(&leaves(5));
    let mut attempt = tree.clone();
    attempt.append(leaf_hash(b"never committed"));
    let mut retried = tree.clone();
    retried.append(leaf_hash(b"committed"));
    let mut expected = leaves(5);
    expected.push(leaf_hash(b"committed"));
    assert_eq!(retried.root(), naive_root(&expected));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_leaf_is_proven_and_no_other_passes(n in 1u64..200, pick: proptest::sample::Index, twist in 0usize..4) {
        let all = leaves(n);
        let (tree, rows) = log_of(&all);
        let index = pick.index(all.len());
        let number = index as u64;
        // What the store prefetches is enough.
        let fetched = only(&rows, &InclusionProof::needs(number, n).unwrap());
        let proof = InclusionProof::make(number, n, &fetched).unwrap();
        prop_assert!(proof.path.len() <= 8);
        prop_assert_eq!(proof.check(all[index], tree.root()), Ok(()));
        prop_assert_eq!(proof.check(leaf_hash(b"another"), tree.root()), Err(LogError::Proof));
        prop_assert_eq!(proof.check(all[index], leaf_hash(b"another")), Err(LogError::Proof));
        let mut bad = proof.clone();
        match twist {
            0 => bad.path.push(Hash([9; 32])),
            1 => { if bad.path.pop().is_none() { bad.path.push(Hash([9; 32])); } }
            2 => bad.index = (bad.index + 1) % n.max(2),
            _ => if let Some(first) = bad.path.first_mut() { first.0[31] ^= 1 } else { bad.size += 1 },
        }
        prop_assert!(bad.check(all[index], tree.root()).is_err());
    }

    #[test]
    fn growth_is_proven_and_rewriting_is_not(to in 1u64..200, cut: proptest::sample::Index, touched: proptest::sample::Index) {
        let all = leaves(to);
        let from = cut.index(all.len() + 1);
        let (old, _) = log_of(&all[..from]);
        let (new, rows) = log_of(&all);
        let fetched = only(&rows, &ConsistencyProof::needs(from as u64, to).unwrap());
        let proof = ConsistencyProof::make(from as u64, to, &fetched).unwrap();
        prop_assert_eq!(proof.check(old.root(), new.root()), Ok(()));
        if from > 0 {
            // The same length, one old entry rewritten: no proof leads from the old root to it.
            let mut forged = all;
            forged[touched.index(from)] = leaf_hash(b"rewritten");
            let (forged, rows) = log_of(&forged);
            let proof = ConsistencyProof::make(from as u64, to, &rows).unwrap();
            prop_assert_eq!(proof.check(old.root(), forged.root()), Err(LogError::Proof));
        }
    }
}
