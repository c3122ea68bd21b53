//! The append-only log: a Merkle tree over the entries (RFC 6962 §2.1), its root and its proofs.
//!
//! Every hash that completes a subtree is *stored* once, under a number that never changes ([`StoredHash::index`],
//! the dense order of the Go checksum database); the store keeps them as rows. A [`Tree`] in memory holds only the
//! right edge, at most one hash for each power of two: what the next append and the root need.
//!
//! Proofs are made from stored hashes. An asynchronous store asks first which ones ([`InclusionProof::needs`],
//! [`ConsistencyProof::needs`], [`Tree::needs`]), reads those rows, and hands them over as a [`HashSource`].
//!
//! To append inside a transaction: clone the tree (a few hundred bytes), append to the clone, write the rows,
//! commit, and only then let the clone take the tree's place.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tlog_tiles::tlog;

use super::hash::Hash;

/// The largest number of leaves that is believed of any log; beyond it, a number is an attack, not a size.
pub const LARGEST_SIZE: u64 = 1 << 48;

/// A hash to be kept for ever under its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredHash {
    /// Its number in the dense storage order.
    pub index: u64,
    /// The hash of a leaf or of a complete subtree.
    pub hash: Hash,
}

/// Where stored hashes are read from: rows that were fetched, a map, a file.
pub trait HashSource {
    /// The stored hash of that number; none when there is none (or it was not fetched).
    fn hash(&self, index: u64) -> Option<Hash>;
}

impl HashSource for BTreeMap<u64, Hash> {
    fn hash(&self, index: u64) -> Option<Hash> {
        self.get(&index).copied()
    }
}

impl HashSource for [Hash] {
    fn hash(&self, index: u64) -> Option<Hash> {
        self.get(usize::try_from(index).ok()?).copied()
    }
}

/// Hands a [`HashSource`] to the tree arithmetic.
struct Reader<'a, S: ?Sized>(&'a S);

impl<S: HashSource + ?Sized> tlog::HashReader for Reader<'_, S> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        indexes
            .iter()
            .map(|&index| {
                self.0.hash(index).map(|hash| tlog::Hash(hash.0)).ok_or(tlog::Error::IndexesNotInTree)
            })
            .collect()
    }
}

/// Writes down which hashes the tree arithmetic asks for, and answers with zeros.
#[derive(Default)]
struct Asked(RefCell<Vec<u64>>);

impl tlog::HashReader for Asked {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![tlog::Hash::default(); indexes.len()])
    }
}

fn ours(hash: tlog::Hash) -> Hash {
    Hash(hash.0)
}

fn theirs(path: &[Hash]) -> Vec<tlog::Hash> {
    path.iter().map(|hash| tlog::Hash(hash.0)).collect()
}

/// The right edge of the log: enough to append and to tell the root. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Tree {
    size: u64,
    /// The stored hashes of the complete subtrees that cover the leaves, by number.
    edge: BTreeMap<u64, Hash>,
}

impl Tree {
    /// The empty log.
    #[must_use]
    pub fn empty() -> Self {
        Tree::default()
    }

    /// The numbers of the stored hashes that [`Tree::restore`] needs for a log of `size` leaves.
    #[must_use]
    pub fn needs(size: u64) -> Vec<u64> {
        tlog::sub_tree_index(0, size.min(LARGEST_SIZE), Vec::new())
    }

    /// The log of `size` leaves, from its stored hashes.
    ///
    /// # Errors
    /// [`LogError::Missing`] when a hash that [`Tree::needs`] names is not in `source`.
    pub fn restore<S: HashSource + ?Sized>(size: u64, source: &S) -> Result<Self, LogError> {
        if size > LARGEST_SIZE {
            return Err(LogError::Size);
        }
        let edge = Tree::needs(size)
            .into_iter()
            .map(|index| source.hash(index).map(|hash| (index, hash)).ok_or(LogError::Missing(index)))
            .collect::<Result<_, _>>()?;
        Ok(Tree { size, edge })
    }

    /// Builds the log again from all its leaves and holds every stored hash against it: the whole check, in time
    /// proportional to the log.
    ///
    /// # Errors
    /// [`LogError::Missing`] or [`LogError::Altered`] for the first stored hash that is not what it has to be.
    pub fn audit<S: HashSource + ?Sized>(
        leaves: impl IntoIterator<Item = Hash>,
        source: &S,
    ) -> Result<Self, LogError> {
        let mut tree = Tree::empty();
        for leaf in leaves {
            for row in tree.append(leaf) {
                match source.hash(row.index) {
                    None => return Err(LogError::Missing(row.index)),
                    Some(hash) if hash != row.hash => return Err(LogError::Altered(row.index)),
                    Some(_) => {}
                }
            }
        }
        Ok(tree)
    }

    /// The number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// How many stored hashes a log of `size` leaves has.
    #[must_use]
    pub fn stored_hashes_of(size: u64) -> u64 {
        tlog::stored_hash_count(size)
    }

    /// How many stored hashes a log of this size has: their numbers are 0 up to this, and none is missing.
    #[must_use]
    pub fn stored_hashes(&self) -> u64 {
        tlog::stored_hash_count(self.size)
    }

    /// The root (RFC 6962 §2.1); for the empty log the SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Hash {
        // The edge always holds what the root needs: `restore` and `append` see to it.
        tlog::tree_hash(self.size, &Reader(&self.edge)).map_or(Hash([0; 32]), ours)
    }

    /// Appends a leaf ([`Entry::leaf_hash`](super::Entry::leaf_hash)) and returns the hashes to store, one or
    /// more. The leaf's number is the size before.
    pub fn append(&mut self, leaf: Hash) -> Vec<StoredHash> {
        let first = tlog::stored_hash_index(0, self.size);
        // Cannot fail: the subtrees that this leaf completes stand on the edge.
        let hashes = tlog::stored_hashes_for_record_hash(self.size, tlog::Hash(leaf.0), &Reader(&self.edge))
            .unwrap_or_default();
        let stored: Vec<StoredHash> =
            (first..).zip(hashes).map(|(index, hash)| StoredHash { index, hash: ours(hash) }).collect();
        self.size += 1;
        self.edge.extend(stored.iter().map(|row| (row.index, row.hash)));
        let needed = Tree::needs(self.size);
        self.edge.retain(|index, _| needed.contains(index));
        stored
    }
}

/// A proof that one leaf is in the log of a given size (RFC 6962 §2.1.1, "Merkle audit path").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf's number, from 0.
    pub index: u64,
    /// The size of the log that the proof is about.
    pub size: u64,
    /// Sibling hashes from the leaf's own up to just below the root.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// The numbers of the stored hashes that the proof is made from.
    ///
    /// # Errors
    /// [`LogError::Size`] unless `index` < `size`.
    pub fn needs(index: u64, size: u64) -> Result<Vec<u64>, LogError> {
        let asked = Asked::default();
        check_inclusion_range(index, size)?;
        tlog::prove_record(size, index, &asked).map_err(|_| LogError::Size)?;
        Ok(asked.0.into_inner())
    }

    /// Makes the proof.
    ///
    /// # Errors
    /// [`LogError::Size`] unless `index` < `size`; [`LogError::Missing`] when a needed hash is not in `source`.
    pub fn make<S: HashSource + ?Sized>(index: u64, size: u64, source: &S) -> Result<Self, LogError> {
        have_all(&InclusionProof::needs(index, size)?, source)?;
        let path = tlog::prove_record(size, index, &Reader(source)).map_err(|_| LogError::Size)?;
        Ok(InclusionProof { index, size, path: path.into_iter().map(ours).collect() })
    }

    /// Checks that the proof leads from `leaf` to `root`.
    ///
    /// # Errors
    /// [`LogError::Proof`] when it does not.
    pub fn check(&self, leaf: Hash, root: Hash) -> Result<(), LogError> {
        check_inclusion_range(self.index, self.size)?;
        tlog::check_record(&theirs(&self.path), self.size, tlog::Hash(root.0), self.index, tlog::Hash(leaf.0))
            .map_err(|_| LogError::Proof)
    }
}

fn check_inclusion_range(index: u64, size: u64) -> Result<(), LogError> {
    if index < size && size <= LARGEST_SIZE { Ok(()) } else { Err(LogError::Size) }
}

fn have_all<S: HashSource + ?Sized>(needed: &[u64], source: &S) -> Result<(), LogError> {
    needed.iter().try_for_each(|&index| source.hash(index).map(|_| ()).ok_or(LogError::Missing(index)))
}

/// A proof that a log grew from an earlier state only by appending (RFC 6962 §2.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The size of the earlier state.
    pub from: u64,
    /// The size of the later state.
    pub to: u64,
    /// The hashes of the proof; none when the sizes are equal or the earlier log was empty.
    pub path: Vec<Hash>,
}

impl ConsistencyProof {
    /// The numbers of the stored hashes that the proof is made from.
    ///
    /// # Errors
    /// [`LogError::Size`] unless `from` ≤ `to`.
    pub fn needs(from: u64, to: u64) -> Result<Vec<u64>, LogError> {
        if from > to || to > LARGEST_SIZE {
            return Err(LogError::Size);
        }
        if from == 0 {
            return Ok(Vec::new());
        }
        let asked = Asked::default();
        tlog::prove_tree(to, from, &asked).map_err(|_| LogError::Size)?;
        Ok(asked.0.into_inner())
    }

    /// Makes the proof.
    ///
    /// # Errors
    /// [`LogError::Size`] unless `from` ≤ `to`; [`LogError::Missing`] when a needed hash is not in `source`.
    pub fn make<S: HashSource + ?Sized>(from: u64, to: u64, source: &S) -> Result<Self, LogError> {
        have_all(&ConsistencyProof::needs(from, to)?, source)?;
        if from == 0 {
            return Ok(ConsistencyProof { from, to, path: Vec::new() });
        }
        let path = tlog::prove_tree(to, from, &Reader(source)).map_err(|_| LogError::Size)?;
        Ok(ConsistencyProof { from, to, path: path.into_iter().map(ours).collect() })
    }

    /// Checks that the log with `new` as root holds the log with `old` as root as its beginning.
    ///
    /// # Errors
    /// [`LogError::Proof`] when it does not.
    pub fn check(&self, old: Hash, new: Hash) -> Result<(), LogError> {
        if self.from > self.to || self.to > LARGEST_SIZE {
            return Err(LogError::Size);
        }
        if self.from == 0 {
            let empty = old == Tree::empty().root() && self.path.is_empty() && (self.to > 0 || new == old);
            return if empty { Ok(()) } else { Err(LogError::Proof) };
        }
        tlog::check_tree(&theirs(&self.path), self.to, tlog::Hash(new.0), self.from, tlog::Hash(old.0))
            .map_err(|_| LogError::Proof)
    }
}

/// Why the log could not be restored or a proof not made or believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// A stored hash is not there.
    #[error(
        "stored hash {0} of the evidence log is missing\nthe database lost rows: stop, keep a copy of it, and restore the newest backup"
    )]
    Missing(u64),
    /// A stored hash is not that of the entries.
    #[error(
        "stored hash {0} of the evidence log is not that of its entries\nthe database was altered: keep it as it is and compare it with a backup and the last published checkpoint"
    )]
    Altered(u64),
    /// Numbers that cannot belong together.
    #[error("the sizes of the proof make no sense\nask for the proof of an entry that the checkpoint covers")]
    Size,
    /// The hashes do not lead where they should.
    #[error(
        "the proof does not hold: the log was altered, or the proof belongs to another log\nkeep everything as it is and compare with the last published checkpoint"
    )]
    Proof,
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
