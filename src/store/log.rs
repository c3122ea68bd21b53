//! The Merkle log's rows: entries, the hashes of the tree, signed checkpoints. What they mean is the evidence room's.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use sqlx::AssertSqlSafe;

use super::open::on;
use super::transaction::{Tx, Value, placeholders, within};
use super::{Store, StoreError, StoredEntry};

const MANY: usize = 500;

/// How offered entries stand to the log.
pub(super) enum Follows {
    /// They follow its last one (or there are none).
    Yes,
    /// They are its last ones: this batch was kept before.
    AlreadyKept,
}

/// What came of appending.
pub(super) enum Appended {
    Yes,
    /// Another connection has written one of the entries since the look.
    Overtaken,
}

/// Looks whether `entries` follow the log.
pub(super) async fn follows(tx: &mut Tx, entries: &[StoredEntry]) -> Result<Follows, StoreError> {
    let Some(first) = entries.first() else { return Ok(Follows::Yes) };
    if entries.windows(2).any(|pair| pair[0].index.checked_add(1) != Some(pair[1].index)) {
        return Err(StoreError::refused("the entries of a batch do not follow each other"));
    }
    let kept = size(tx).await?;
    if first.index == kept {
        return Ok(Follows::Yes);
    }
    let fork = StoreError::Fork { kept, offered: first.index };
    let end = first.index.saturating_add(entries.len() as u64);
    if end > kept {
        return Err(fork);
    }
    let rows: Vec<(i64, Vec<u8>)> = within!(tx, connection => sqlx::query_as(ENTRIES)
        .bind(first.index.cast_signed())
        .bind(end.cast_signed())
        .fetch_all(connection)
        .await?);
    let same = rows.len() == entries.len()
        && rows.iter().zip(entries).all(|((_, kept), offered)| *kept == offered.bytes);
    if same { Ok(Follows::AlreadyKept) } else { Err(fork) }
}

const SIZE: &str = "SELECT COALESCE(MAX(idx) + 1, 0) FROM log_entry";
const ENTRIES: &str = "SELECT idx, bytes FROM log_entry WHERE idx >= $1 AND idx < $2 ORDER BY idx";

async fn size(tx: &mut Tx) -> Result<u64, sqlx::Error> {
    let (size,): (i64,) = within!(tx, connection => sqlx::query_as(SIZE).fetch_one(connection).await?);
    Ok(size.cast_unsigned())
}

/// Appends entries and hashes.
pub(super) async fn append(
    tx: &mut Tx,
    entries: &[StoredEntry],
    hashes: &[(u64, [u8; 32])],
) -> Result<Appended, StoreError> {
    let values = entries
        .iter()
        .flat_map(|entry| [Value::Number(entry.index.cast_signed()), Value::Bytes(&entry.bytes)])
        .collect();
    match tx.insert("log_entry (idx, bytes)", 2, values, "").await {
        Err(sqlx::Error::Database(answer)) if answer.is_unique_violation() => return Ok(Appended::Overtaken),
        answer => answer?,
    }
    let values = hashes
        .iter()
        .flat_map(|(index, hash)| [Value::Number(index.cast_signed()), Value::Bytes(hash)])
        .collect();
    tx.insert("log_hash (idx, hash)", 2, values, "").await?;
    Ok(Appended::Yes)
}

/// Keeps a checkpoint under the tree size that its second line gives (c2sp.org/tlog-checkpoint).
pub(super) async fn keep_checkpoint(tx: &mut Tx, note: &str) -> Result<(), StoreError> {
    let Some(signed) = note.lines().nth(1).and_then(|line| line.parse::<u64>().ok()) else {
        return Err(StoreError::refused("the second line of a checkpoint is not a tree size"));
    };
    let kept = size(tx).await?;
    if signed > kept {
        return Err(StoreError::refused(format!("a checkpoint over {signed} entries, but {kept} are kept")));
    }
    let values = vec![Value::Number(signed.cast_signed()), Value::Text(Cow::Borrowed(note))];
    tx.insert("checkpoint (size, note)", 2, values, " ON CONFLICT (size) DO UPDATE SET note = excluded.note")
        .await?;
    Ok(())
}

impl Store {
    /// How many entries the log has.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn log_size(&self) -> Result<u64, StoreError> {
        let (size,): (i64,) = on!(self.db(), pool => sqlx::query_as(SIZE).fetch_one(pool).await?);
        Ok(size.cast_unsigned())
    }

    /// The entries with these indexes, in order; fewer where the log ends before.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn log_entries(&self, indexes: Range<u64>) -> Result<Vec<StoredEntry>, StoreError> {
        let rows: Vec<(i64, Vec<u8>)> = on!(self.db(), pool => sqlx::query_as(ENTRIES)
            .bind(indexes.start.cast_signed())
            .bind(indexes.end.cast_signed())
            .fetch_all(pool)
            .await?);
        Ok(rows
            .into_iter()
            .map(|(index, bytes)| StoredEntry { index: index.cast_unsigned(), bytes })
            .collect())
    }

    /// The entries with exactly these indexes, in order; those that are not there are left out.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn log_entries_of(&self, indexes: &[u64]) -> Result<Vec<StoredEntry>, StoreError> {
        let mut found = Vec::with_capacity(indexes.len());
        for indexes in indexes.chunks(MANY) {
            let list = placeholders(indexes.len(), 1);
            let sql = format!("SELECT idx, bytes FROM log_entry WHERE idx IN {list} ORDER BY idx");
            let rows: Vec<(i64, Vec<u8>)> = on!(self.db(), pool => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).persistent(false);
                for index in indexes {
                    query = query.bind(index.cast_signed());
                }
                query.fetch_all(pool).await?
            });
            found.extend(
                rows.into_iter().map(|(index, bytes)| StoredEntry { index: index.cast_unsigned(), bytes }),
            );
        }
        Ok(found)
    }

    /// The stored hashes of the tree with these indexes, in the order asked for.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when one is missing; the others as the database answers.
    pub async fn log_hashes(&self, indexes: &[u64]) -> Result<Vec<[u8; 32]>, StoreError> {
        let mut found = BTreeMap::new();
        for indexes in indexes.chunks(MANY) {
            let sql =
                format!("SELECT idx, hash FROM log_hash WHERE idx IN {}", placeholders(indexes.len(), 1));
            let rows: Vec<(i64, Vec<u8>)> = on!(self.db(), pool => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).persistent(false);
                for index in indexes {
                    query = query.bind(index.cast_signed());
                }
                query.fetch_all(pool).await?
            });
            for (index, hash) in rows {
                let hash = <[u8; 32]>::try_from(hash).map_err(|_| {
                    StoreError::unreadable(format!("hash {index} of the log"), "not 32 bytes")
                })?;
                found.insert(index.cast_unsigned(), hash);
            }
        }
        indexes
            .iter()
            .map(|index| {
                found.get(index).copied().ok_or_else(|| {
                    StoreError::unreadable(format!("hash {index} of the log"), "it is missing")
                })
            })
            .collect()
    }

    /// The right edge of a tree of `size` entries, by index: the roots of its complete subtrees, the largest first.
    /// They are all that appending to it needs.
    ///
    /// # Errors
    /// As [`Store::log_hashes`].
    pub async fn right_edge(&self, size: u64) -> Result<Vec<(u64, [u8; 32])>, StoreError> {
        let indexes = right_edge(size);
        let hashes = self.log_hashes(&indexes).await?;
        Ok(indexes.into_iter().zip(hashes).collect())
    }

    /// The newest signed checkpoint: its tree size and its note.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn last_checkpoint(&self) -> Result<Option<(u64, String)>, StoreError> {
        let row: Option<(i64, String)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1",
        )
        .fetch_optional(pool)
        .await?);
        Ok(row.map(|(size, note)| (size.cast_unsigned(), note)))
    }
}

/// One complete subtree for each bit of the size.
fn right_edge(size: u64) -> Vec<u64> {
    (0..64_u8)
        .rev()
        .filter(|level| size >> level & 1 == 1)
        .map(|level| tlog_tiles::stored_hash_index(level, (size >> level) - 1))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_edge_is_what_appending_asks_for() {
        assert!(right_edge(0).is_empty());
        assert_eq!(right_edge(1), [0]);
        // Two leaves (0, 1) and their parent (2); the third leaf is 3, the fourth 4 with the nodes 5 and 6.
        assert_eq!(right_edge(3), [2, 3]);
        assert_eq!(right_edge(4), [6]);
        assert_eq!(right_edge(7), [6, 9, 10]);
    }
}
