//! What others outside said of the log's states: cosignatures of a witness, time stamps of an authority.

use super::open::on;
use super::transaction::Value;
use super::{Store, StoreError};
use crate::domain::Timestamp;

/// What kind of statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attested {
    /// A witness' signature line.
    Cosignature,
    /// A response of a time-stamping authority.
    Stamp,
}

impl Attested {
    fn code(self) -> &'static str {
        match self {
            Attested::Cosignature => "cosignature",
            Attested::Stamp => "timestamp",
        }
    }
}

/// A statement about one state of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAttestation {
    /// The number of entries at that state.
    pub size: u64,
    /// What kind of statement it is.
    pub kind: Attested,
    /// The witness' public key, or the authority's address.
    pub by: String,
    /// When it was received.
    pub at: Timestamp,
    /// The signature line, or the response.
    pub body: Vec<u8>,
}

impl Store {
    /// Keeps a statement; one that is there already is left as it is.
    ///
    /// # Errors
    /// When there is no checkpoint of that size; the others as the database answers.
    pub async fn keep_attestation(&self, said: &StoredAttestation) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        let mut tx = self.begin().await?;
        let values = vec![
            Value::Number(said.size.cast_signed()),
            Value::Text(said.kind.code().into()),
            Value::Text(said.by.as_str().into()),
            Value::Number(said.at.0),
            Value::Bytes(&said.body),
        ];
        let kept = tx
            .insert("attestation (size, kind, said_by, at, body)", 5, values, " ON CONFLICT DO NOTHING")
            .await;
        match kept {
            Ok(()) => Ok(tx.commit().await?),
            Err(error) => {
                let _ = tx.forget().await;
                Err(error.into())
            }
        }
    }

    /// Every statement about states of up to `size` entries, in the order of states.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn attestations(&self, size: u64) -> Result<Vec<StoredAttestation>, StoreError> {
        let rows: Vec<(i64, String, String, i64, Vec<u8>)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT size, kind, said_by, at, body FROM attestation WHERE size <= $1 ORDER BY size, kind, said_by",
        )
        .bind(size.cast_signed())
        .fetch_all(pool)
        .await?);
        rows.into_iter()
            .map(|(size, kind, by, at, body)| {
                let kind =
                    [Attested::Cosignature, Attested::Stamp].into_iter().find(|known| known.code() == kind);
                let kind = kind.ok_or_else(|| {
                    StoreError::unreadable(format!("an attestation of {size} entries"), "its kind is unknown")
                })?;
                Ok(StoredAttestation { size: size.cast_unsigned(), kind, by, at: Timestamp(at), body })
            })
            .collect()
    }

    /// The checkpoint that was signed over exactly `size` entries.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn checkpoint_of(&self, size: u64) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT note FROM checkpoint WHERE size = $1",
        )
        .bind(size.cast_signed())
        .fetch_optional(pool)
        .await?);
        Ok(row.map(|(note,)| note))
    }

    /// The sizes of the signed checkpoints nearest to `size`: the last below and the first above.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn checkpoints_near(&self, size: u64) -> Result<(Option<u64>, Option<u64>), StoreError> {
        let (below, above): (Option<i64>, Option<i64>) = on!(self.db(), pool => sqlx::query_as(
            "SELECT (SELECT MAX(size) FROM checkpoint WHERE size < $1), (SELECT MIN(size) FROM checkpoint WHERE size > $1)",
        )
        .bind(size.cast_signed())
        .fetch_one(pool)
        .await?);
        Ok((below.map(i64::cast_unsigned), above.map(i64::cast_unsigned)))
    }
}
