//! Erasing payloads: what a log entry promised goes, the entry stays.
//!
//! Of a fact its row goes, with the salt; of an exhibit its row, with the ciphertext in which the salt is sealed.
//! Afterwards the commitments in the log mean nothing to anybody, and every proof about the log holds as before.

use sqlx::AssertSqlSafe;

use super::transaction::{Tx, placeholders, within};

/// Entries a statement.
const MANY: usize = 500;

/// Lets the payloads of these entries go.
pub(super) async fn payloads(tx: &mut Tx, entries: &[u64]) -> Result<(), sqlx::Error> {
    for entries in entries.chunks(MANY) {
        let these = placeholders(entries.len(), 1);
        // A job and a position name no entry; whoever was told of something keeps what they were told.
        for table in ["fact", "exhibit"] {
            let sql = format!("DELETE FROM {table} WHERE entry IN {these}");
            within!(tx, connection => {
                let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                for entry in entries {
                    query = query.bind(entry.cast_signed());
                }
                query.execute(connection).await?;
            });
        }
    }
    Ok(())
}
