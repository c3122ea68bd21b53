//! Sealed exhibits, by case.

use super::open::on;
use super::transaction::{Tx, Value};
use super::{Store, StoreError, StoredExhibit};
use crate::domain::{CaseRef, ChannelId, MessageId, Timestamp, UserId};

pub(super) async fn insert(tx: &mut Tx, exhibits: &[StoredExhibit]) -> Result<(), sqlx::Error> {
    let mut values = Vec::with_capacity(exhibits.len() * 10);
    for exhibit in exhibits {
        values.extend([
            Value::Text(exhibit.organisation.as_str().into()),
            Value::Number(number(exhibit.case)),
            Value::MaybeNumber(exhibit.message.map(|id| id.0.cast_signed())),
            Value::Number(exhibit.edited_at.map_or(0, |at| at.0)),
            Value::MaybeNumber(exhibit.space.map(|id| id.0.cast_signed())),
            Value::MaybeNumber(exhibit.author.map(|id| id.0.cast_signed())),
            Value::Number(exhibit.finding.into()),
            Value::Number(exhibit.received_at.0),
            Value::Number(exhibit.entry.cast_signed()),
            Value::Bytes(&exhibit.sealed),
        ]);
    }
    let into = "exhibit (organisation, case_ref, message, edited_at, space, author, finding, received_at, entry, \
                sealed)";
    tx.insert(into, 10, values, " ON CONFLICT (organisation, case_ref, message, edited_at) DO NOTHING").await
}

/// Cases count from 1; 0 stands for none, so that "a message is an exhibit of a case once" holds for none too.
fn number(case: Option<CaseRef>) -> i64 {
    case.map_or(0, |case| case.0.into())
}

type Row = (Option<i64>, i64, Option<i64>, Option<i64>, i64, i64, i64, Vec<u8>);

impl Store {
    /// The exhibits of a case, or of none yet, in the order in which they were kept.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn exhibits(
        &self,
        organisation: &str,
        case: Option<CaseRef>,
    ) -> Result<Vec<StoredExhibit>, StoreError> {
        let rows: Vec<Row> = on!(self.db(), pool => sqlx::query_as(
            "SELECT message, edited_at, space, author, finding, received_at, entry, sealed FROM exhibit \
             WHERE organisation = $1 AND case_ref = $2 ORDER BY entry, id",
        )
        .bind(organisation)
        .bind(number(case))
        .fetch_all(pool)
        .await?);
        Ok(rows
            .into_iter()
            .map(|(message, edited_at, space, author, finding, received_at, entry, sealed)| StoredExhibit {
                organisation: organisation.to_owned(),
                case,
                message: message.map(|id| MessageId(id.cast_unsigned())),
                edited_at: (edited_at != 0).then_some(Timestamp(edited_at)),
                space: space.map(|id| ChannelId(id.cast_unsigned())),
                author: author.map(|id| UserId(id.cast_unsigned())),
                finding: finding == 1,
                received_at: Timestamp(received_at),
                entry: entry.cast_unsigned(),
                sealed,
            })
            .collect())
    }
}
