//! Facts, in the order of the log.

use std::borrow::Cow;

use super::open::on;
use super::transaction::{Tx, Value};
use super::{Store, StoreError, StoredFact};
use crate::domain::{Fact, Timestamp};

/// Rows a read: enough to be quick, few enough for a small machine.
const PAGE: u32 = 2_000;

pub(super) async fn insert(tx: &mut Tx, facts: &[StoredFact]) -> Result<(), StoreError> {
    let mut values = Vec::with_capacity(facts.len() * 6);
    for stored in facts {
        let body = serde_json::to_string(&stored.fact)
            .map_err(|error| StoreError::refused(format!("a fact cannot be written as JSON ({error})")))?;
        values.extend([
            Value::Number(stored.entry.cast_signed()),
            Value::Text(Cow::Borrowed(stored.organisation.as_str())),
            Value::Number(stored.at.0),
            Value::Text(Cow::Borrowed(kind(&stored.fact))),
            Value::Text(Cow::Owned(body)),
            Value::Bytes(&stored.salt),
        ]);
    }
    Ok(tx.insert("fact (entry, organisation, at, kind, body, salt)", 6, values, "").await?)
}

/// The fact's code, as its JSON says it too.
fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Observed(_) => "observed",
        Fact::Aside(_) => "aside",
        Fact::ContactDay { .. } => "contact-day",
        Fact::ConcernRaised { .. } => "concern-raised",
        Fact::CaseOpened { .. } => "case-opened",
        Fact::CaseRose { .. } => "case-rose",
        Fact::SubjectsJoined { .. } => "subjects-joined",
        Fact::PassedBy { .. } => "passed-by",
        Fact::Acknowledged { .. } => "acknowledged",
        Fact::AcknowledgementRefused { .. } => "acknowledgement-refused",
        Fact::Called { .. } => "called",
        Fact::Exhausted { .. } => "exhausted",
        Fact::AcknowledgedByName { .. } => "acknowledged-by-name",
        Fact::Handled { .. } => "handled",
        Fact::HandlingRefused { .. } => "handling-refused",
        Fact::Unacknowledged { .. } => "unacknowledged",
        Fact::Travelled { .. } => "travelled",
        Fact::Digested { .. } => "digested",
        Fact::DrillBegan { .. } => "drill-began",
        Fact::DrillAnswered { .. } => "drill-answered",
        Fact::DrillEnded { .. } => "drill-ended",
        Fact::RotaLookedAt { .. } => "rota-looked-at",
        Fact::Kept { .. } => "kept",
        Fact::Acted(_) => "acted",
        Fact::ActRefused { .. } => "act-refused",
        Fact::Reminded { .. } => "reminded",
        Fact::Erased(_) => "erased",
        Fact::CaseKeyMade { .. } => "case-key-made",
        Fact::NotKept { .. } => "not-kept",
        Fact::Withheld { .. } => "withheld",
        Fact::HandedOver { .. } => "handed-over",
        Fact::BufferSet { .. } => "buffer-set",
        Fact::NotBuffered { .. } => "not-buffered",
        Fact::BufferErased { .. } => "buffer-erased",
        Fact::Started { .. } => "started",
        Fact::Reported { .. } => "reported",
        Fact::Register(_) => "register",
        Fact::Decided { .. } => "decided",
        Fact::Outcome { .. } => "outcome",
        Fact::Gap { .. } => "gap",
    }
}

impl Store {
    /// Every organisation that has a fact, in order of name.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn organisations(&self) -> Result<Vec<String>, StoreError> {
        let rows: Vec<(String,)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT DISTINCT organisation FROM fact ORDER BY organisation",
        )
        .fetch_all(pool)
        .await?);
        Ok(rows.into_iter().map(|(organisation,)| organisation).collect())
    }

    /// All facts of an organisation, in the order of the log.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when one was written by a newer version; the others as the database answers.
    pub async fn facts(&self, organisation: &str) -> Result<Vec<StoredFact>, StoreError> {
        let mut facts: Vec<StoredFact> = Vec::new();
        loop {
            let from = facts.last().map_or(0, |last| last.entry.saturating_add(1));
            let page = self.facts_from(organisation, from, PAGE).await?;
            let more = page.len() == PAGE as usize;
            facts.extend(page);
            if !more {
                return Ok(facts);
            }
        }
    }

    /// Up to `limit` facts of an organisation from entry `from` of the log on: for folding a long history without
    /// holding it.
    ///
    /// # Errors
    /// As [`Store::facts`].
    pub async fn facts_from(
        &self,
        organisation: &str,
        from: u64,
        limit: u32,
    ) -> Result<Vec<StoredFact>, StoreError> {
        let rows: Vec<(i64, i64, String, Vec<u8>)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT entry, at, body, salt FROM fact WHERE organisation = $1 AND entry >= $2 ORDER BY entry LIMIT $3",
        )
        .bind(organisation)
        .bind(from.cast_signed())
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?);
        rows.into_iter()
            .map(|(entry, at, body, salt)| {
                let fact = serde_json::from_str(&body).map_err(|error| {
                    // Serde's own words may repeat a value; where it stands is enough to find it.
                    let place = format!("at line {} column {}", error.line(), error.column());
                    StoreError::unreadable(format!("the fact of log entry {entry}"), place)
                })?;
                Ok(StoredFact {
                    organisation: organisation.to_owned(),
                    at: Timestamp(at),
                    fact,
                    entry: entry.cast_unsigned(),
                    salt: salt.try_into().map_err(|_| {
                        StoreError::unreadable(
                            format!("the salt of log entry {entry}"),
                            "it is not 32 bytes long",
                        )
                    })?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseRef, UserId};

    #[test]
    fn the_kind_is_the_tag_of_the_json() {
        for fact in [
            Fact::Acknowledged { case: CaseRef(1), by: UserId(2), via: "email".to_owned() },
            Fact::AcknowledgementRefused { case: CaseRef(1), by: UserId(2), why: "no-such-case".to_owned() },
            Fact::Called {
                case: CaseRef(1),
                level: crate::domain::Level::Serious,
                step: 0,
                round: 0,
                people: vec![],
            },
            Fact::Gap { from: Timestamp(0), until: Timestamp(1), why: "restart".to_owned() },
        ] {
            assert_eq!(serde_json::to_value(&fact).unwrap()["fact"], kind(&fact));
        }
    }
}
