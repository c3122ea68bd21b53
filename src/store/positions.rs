//! How far each gateway shard has been heard, durably.

use std::collections::BTreeMap;

use super::open::on;
use super::transaction::{Tx, Value};
use super::{Position, Store, StoreError};
use crate::domain::Timestamp;

pub(super) async fn keep(tx: &mut Tx, positions: &[Position]) -> Result<(), sqlx::Error> {
    // PostgreSQL refuses to update one row twice in a statement; the last position of a shard counts.
    let newest: BTreeMap<u32, &Position> =
        positions.iter().map(|position| (position.shard, position)).collect();
    let values = newest
        .values()
        .flat_map(|position| {
            [
                Value::Number(position.shard.into()),
                Value::Text(position.session.as_str().into()),
                Value::Number(position.heard_at.0),
            ]
        })
        .collect();
    let or_move =
        " ON CONFLICT (shard) DO UPDATE SET session = excluded.session, heard_at = excluded.heard_at";
    tx.insert("position (shard, session, heard_at)", 3, values, or_move).await
}

impl Store {
    /// How far a shard has been heard; none when it never was.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn position(&self, shard: u32) -> Result<Option<Position>, StoreError> {
        let row: Option<(String, i64)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT session, heard_at FROM position WHERE shard = $1",
        )
        .bind(i64::from(shard))
        .fetch_optional(pool)
        .await?);
        Ok(row.map(|(session, heard_at)| Position { shard, session, heard_at: Timestamp(heard_at) }))
    }
}
