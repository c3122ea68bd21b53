//! The rolling buffer's rows: the keys of each space and hour, their wraps, the sealed segments, and which of them were
//! handed to a case.
//!
//! Rows hold ids, times and ciphertext. A message's id says when it was written and so where it stands among others;
//! below 2^63 (the year 2084) its order is that of the number stored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sqlx::AssertSqlSafe;

use super::open::on;
use super::transaction::{Tx, Value, placeholders};
use super::{Store, StoreError};
use crate::domain::{CaseRef, ChannelId, MessageId, Timestamp};

/// Ids a statement.
const MANY: usize = 500;

/// The key of one space and hour. Only its wraps hold its secret half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The log entry of its first wrap, which is its id.
    pub id: u64,
    /// Whose it is.
    pub organisation: String,
    /// The space.
    pub space: ChannelId,
    /// The channel of a thread.
    pub parent: Option<ChannelId>,
    /// The beginning of the hour.
    pub hour: Timestamp,
}

/// A key of the buffer, sealed to one lead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredWrap {
    /// The index of its entry in the log.
    pub entry: u64,
    /// Which key.
    pub key: u64,
    /// The lead's recipient.
    pub lead: String,
    /// The age ciphertext.
    pub sealed: Vec<u8>,
}

/// What was heard in a space within some seconds, sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSegment {
    /// The index of its entry in the log.
    pub entry: u64,
    /// Which key opens it.
    pub key: u64,
    /// The space.
    pub space: ChannelId,
    /// When the first of it was received.
    pub received_from: Timestamp,
    /// When the last of it was received.
    pub received_until: Timestamp,
    /// How many frames it holds.
    pub frames: u32,
    /// The messages that it is about.
    pub messages: BTreeSet<MessageId>,
    /// The age ciphertext.
    pub sealed: Vec<u8>,
}

/// A segment or a wrap that belongs to a case from now on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredHold {
    /// The entry of the segment or wrap.
    pub entry: u64,
    /// Whose case.
    pub organisation: String,
    /// Which case.
    pub case: CaseRef,
}

/// What a batch changes in the buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BufferBatch {
    /// New keys.
    pub keys: Vec<StoredKey>,
    /// Their wraps.
    pub wraps: Vec<StoredWrap>,
    /// New segments.
    pub segments: Vec<StoredSegment>,
    /// What is handed to cases.
    pub holds: Vec<StoredHold>,
    /// Keys whose period is over: they go with their wraps and segments, but for what a case holds.
    pub over: Vec<u64>,
}

/// Where a message stands in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The message.
    pub message: MessageId,
    /// The segment that is about it.
    pub segment: u64,
    /// The key of that segment.
    pub key: u64,
}

/// A key with what would go with it when its period is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasable {
    /// The key.
    pub key: StoredKey,
    /// Segments that no case holds.
    pub segments: u64,
    /// The frames in them.
    pub frames: u64,
}

/// What a case holds of the buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Wraps, in the order of the log.
    pub wraps: Vec<StoredWrap>,
    /// Segments, in the order of the log.
    pub segments: Vec<StoredSegment>,
}

pub(super) async fn write(tx: &mut Tx, batch: &BufferBatch) -> Result<(), sqlx::Error> {
    let id = |space: ChannelId| space.0.cast_signed();
    let keys = batch.keys.iter().flat_map(|key| {
        [
            Value::Number(key.id.cast_signed()),
            Value::Text(key.organisation.as_str().into()),
            Value::Number(id(key.space)),
            Value::MaybeNumber(key.parent.map(id)),
            Value::Number(key.hour.0),
        ]
    });
    tx.insert("buffer_key (id, organisation, space, parent, hour)", 5, keys.collect(), "").await?;
    let wraps = batch.wraps.iter().flat_map(|wrap| {
        [
            Value::Number(wrap.entry.cast_signed()),
            Value::Number(wrap.key.cast_signed()),
            Value::Text(wrap.lead.as_str().into()),
            Value::Bytes(&wrap.sealed),
        ]
    });
    tx.insert("buffer_wrap (entry, key_id, lead, sealed)", 4, wraps.collect(), "").await?;
    let segments = batch.segments.iter().flat_map(|segment| {
        [
            Value::Number(segment.entry.cast_signed()),
            Value::Number(segment.key.cast_signed()),
            Value::Number(segment.received_from.0),
            Value::Number(segment.received_until.0),
            Value::Number(segment.frames.into()),
            Value::Bytes(&segment.sealed),
        ]
    });
    let into = "buffer_segment (entry, key_id, received_from, received_until, frames, sealed)";
    tx.insert(into, 6, segments.collect(), "").await?;
    let messages = batch.segments.iter().flat_map(|segment| {
        segment.messages.iter().flat_map(move |message| {
            [
                Value::Number(id(segment.space)),
                Value::Number(message.0.cast_signed()),
                Value::Number(segment.entry.cast_signed()),
            ]
        })
    });
    tx.insert("buffer_message (space, message, segment)", 3, messages.collect(), "").await?;
    let holds = batch.holds.iter().flat_map(|hold| {
        [
            Value::Number(hold.entry.cast_signed()),
            Value::Text(hold.organisation.as_str().into()),
            Value::Number(hold.case.0.into()),
        ]
    });
    tx.insert("buffer_hold (entry, organisation, case_ref)", 3, holds.collect(), " ON CONFLICT DO NOTHING")
        .await?;
    erase(tx, &batch.over).await
}

/// Erases what belongs to these keys, but for what a case holds.
async fn erase(tx: &mut Tx, keys: &[u64]) -> Result<(), sqlx::Error> {
    const STEPS: [(&str, &str); 4] = [
        (
            "DELETE FROM buffer_message WHERE segment IN (SELECT s.entry FROM buffer_segment s WHERE s.key_id IN",
            " AND NOT EXISTS (SELECT 1 FROM buffer_hold h WHERE h.entry = s.entry))",
        ),
        (
            "DELETE FROM buffer_segment WHERE key_id IN",
            " AND NOT EXISTS (SELECT 1 FROM buffer_hold h WHERE h.entry = buffer_segment.entry)",
        ),
        (
            "DELETE FROM buffer_wrap WHERE key_id IN",
            " AND NOT EXISTS (SELECT 1 FROM buffer_hold h WHERE h.entry = buffer_wrap.entry)",
        ),
        (
            "DELETE FROM buffer_key WHERE id IN",
            " AND NOT EXISTS (SELECT 1 FROM buffer_segment s WHERE s.key_id = buffer_key.id) \
             AND NOT EXISTS (SELECT 1 FROM buffer_wrap w WHERE w.key_id = buffer_key.id)",
        ),
    ];
    for (before, after) in STEPS {
        tx.for_each_number(before, keys, after).await?;
    }
    Ok(())
}

impl Store {
    /// Where these messages stand in the buffer: every segment that is about one of them.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn buffered(
        &self,
        space: ChannelId,
        messages: &BTreeSet<MessageId>,
    ) -> Result<Vec<Place>, StoreError> {
        let mut found = Vec::new();
        let ids: Vec<i64> = messages.iter().map(|message| message.0.cast_signed()).collect();
        for ids in ids.chunks(MANY) {
            let sql = format!(
                "SELECT m.message, m.segment, s.key_id FROM buffer_message m \
                 JOIN buffer_segment s ON s.entry = m.segment WHERE m.space = $1 AND m.message IN {} \
                 ORDER BY m.segment, m.message",
                placeholders(ids.len(), 2)
            );
            let rows: Vec<(i64, i64, i64)> = on!(self.db(), pool => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).persistent(false).bind(space.0.cast_signed());
                for id in ids {
                    query = query.bind(id);
                }
                query.fetch_all(pool).await?
            });
            found.extend(rows.into_iter().map(place));
        }
        Ok(found)
    }

    /// The segments about the `before` messages that were written before a message in its space and the `after` ones
    /// that were written from it on, as far as they were received before a moment.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn buffered_around(
        &self,
        space: ChannelId,
        message: MessageId,
        (before, after): (usize, usize),
        received_before: Timestamp,
    ) -> Result<Vec<Place>, StoreError> {
        // A message stands in a segment for each version of it and each reaction to it; these many rows of one message
        // are looked at on average.
        const EACH: usize = 6;
        const BEFORE: &str = "SELECT m.message, m.segment, s.key_id FROM buffer_message m \
            JOIN buffer_segment s ON s.entry = m.segment \
            WHERE m.space = $1 AND m.message < $2 AND s.received_until < $3 ORDER BY m.message DESC LIMIT $4";
        const AFTER: &str = "SELECT m.message, m.segment, s.key_id FROM buffer_message m \
            JOIN buffer_segment s ON s.entry = m.segment \
            WHERE m.space = $1 AND m.message >= $2 AND s.received_until < $3 ORDER BY m.message LIMIT $4";
        let mut found = Vec::new();
        for (sql, wanted) in [(BEFORE, before), (AFTER, after)] {
            let limit = i64::try_from(wanted * EACH).unwrap_or(i64::MAX);
            let rows: Vec<(i64, i64, i64)> = on!(self.db(), pool => sqlx::query_as(sql)
                .bind(space.0.cast_signed())
                .bind(message.0.cast_signed())
                .bind(received_before.0)
                .bind(limit)
                .fetch_all(pool)
                .await?);
            let mut messages = BTreeSet::new();
            found.extend(rows.into_iter().map(place).take_while(|place| {
                messages.insert(place.message);
                messages.len() <= wanted
            }));
        }
        Ok(found)
    }

    /// The wraps of keys of the buffer, without their ciphertext.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn buffer_wraps(&self, keys: &BTreeSet<u64>) -> Result<Vec<StoredWrap>, StoreError> {
        let mut wraps = Vec::new();
        let keys: Vec<i64> = keys.iter().map(|key| key.cast_signed()).collect();
        for keys in keys.chunks(MANY) {
            let sql = format!(
                "SELECT entry, key_id, lead FROM buffer_wrap WHERE key_id IN {} ORDER BY entry",
                placeholders(keys.len(), 1)
            );
            let rows: Vec<(i64, i64, String)> = on!(self.db(), pool => {
                let mut query = sqlx::query_as(AssertSqlSafe(sql)).persistent(false);
                for key in keys {
                    query = query.bind(key);
                }
                query.fetch_all(pool).await?
            });
            wraps.extend(rows.into_iter().map(|(entry, key, lead)| StoredWrap {
                entry: entry.cast_unsigned(),
                key: key.cast_unsigned(),
                lead,
                sealed: Vec::new(),
            }));
        }
        Ok(wraps)
    }

    /// The entries of the segments and wraps that a case holds.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn buffer_held_entries(
        &self,
        organisation: &str,
        case: CaseRef,
    ) -> Result<BTreeSet<u64>, StoreError> {
        let rows: Vec<(i64,)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT entry FROM buffer_hold WHERE organisation = $1 AND case_ref = $2",
        )
        .bind(organisation)
        .bind(i64::from(case.0))
        .fetch_all(pool)
        .await?);
        Ok(rows.into_iter().map(|(entry,)| entry.cast_unsigned()).collect())
    }

    /// What a case holds of the buffer, with its ciphertext.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn buffer_held(&self, organisation: &str, case: CaseRef) -> Result<Held, StoreError> {
        type Segment = (i64, i64, i64, i64, i64, i64, Vec<u8>);
        let wraps: Vec<(i64, i64, String, Vec<u8>)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT w.entry, w.key_id, w.lead, w.sealed FROM buffer_wrap w JOIN buffer_hold h ON h.entry = w.entry \
             WHERE h.organisation = $1 AND h.case_ref = $2 ORDER BY w.entry",
        )
        .bind(organisation)
        .bind(i64::from(case.0))
        .fetch_all(pool)
        .await?);
        let segments: Vec<Segment> = on!(self.db(), pool => sqlx::query_as(
            "SELECT s.entry, s.key_id, k.space, s.received_from, s.received_until, s.frames, s.sealed \
             FROM buffer_segment s JOIN buffer_hold h ON h.entry = s.entry JOIN buffer_key k ON k.id = s.key_id \
             WHERE h.organisation = $1 AND h.case_ref = $2 ORDER BY s.entry",
        )
        .bind(organisation)
        .bind(i64::from(case.0))
        .fetch_all(pool)
        .await?);
        let about: Vec<(i64, i64)> = on!(self.db(), pool => sqlx::query_as(
            "SELECT m.segment, m.message FROM buffer_message m JOIN buffer_hold h ON h.entry = m.segment \
             WHERE h.organisation = $1 AND h.case_ref = $2",
        )
        .bind(organisation)
        .bind(i64::from(case.0))
        .fetch_all(pool)
        .await?);
        let mut messages: BTreeMap<i64, BTreeSet<MessageId>> = BTreeMap::new();
        for (segment, message) in about {
            messages.entry(segment).or_default().insert(MessageId(message.cast_unsigned()));
        }
        Ok(Held {
            wraps: wraps
                .into_iter()
                .map(|(entry, key, lead, sealed)| StoredWrap {
                    entry: entry.cast_unsigned(),
                    key: key.cast_unsigned(),
                    lead,
                    sealed,
                })
                .collect(),
            segments: segments
                .into_iter()
                .map(|(entry, key, space, from, until, frames, sealed)| StoredSegment {
                    entry: entry.cast_unsigned(),
                    key: key.cast_unsigned(),
                    space: ChannelId(space.cast_unsigned()),
                    received_from: Timestamp(from),
                    received_until: Timestamp(until),
                    frames: u32::try_from(frames).unwrap_or(u32::MAX),
                    messages: messages.remove(&entry).unwrap_or_default(),
                    sealed,
                })
                .collect(),
        })
    }

    /// Keys of an organisation whose hour began before a moment and with which something would go that no case holds.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn buffer_before(
        &self,
        organisation: &str,
        before: Timestamp,
    ) -> Result<Vec<Erasable>, StoreError> {
        let free = |table: &str| {
            format!(
                "FROM {table} t WHERE t.key_id = k.id \
                 AND NOT EXISTS (SELECT 1 FROM buffer_hold h WHERE h.entry = t.entry)"
            )
        };
        let (segments, wraps) = (free("buffer_segment"), free("buffer_wrap"));
        let mut sql = String::new();
        let _ = write!(
            sql,
            "SELECT k.id, k.space, k.parent, k.hour, (SELECT COUNT(*) {segments}), \
             (SELECT CAST(COALESCE(SUM(t.frames), 0) AS BIGINT) {segments}) \
             FROM buffer_key k WHERE k.organisation = $1 AND k.hour < $2 \
             AND (EXISTS (SELECT 1 {segments}) OR EXISTS (SELECT 1 {wraps})) ORDER BY k.id"
        );
        let rows: Vec<(i64, i64, Option<i64>, i64, i64, i64)> = on!(self.db(), pool => {
            sqlx::query_as(AssertSqlSafe(sql)).bind(organisation).bind(before.0).fetch_all(pool).await?
        });
        Ok(rows
            .into_iter()
            .map(|(id, space, parent, hour, segments, frames)| Erasable {
                key: StoredKey {
                    id: id.cast_unsigned(),
                    organisation: organisation.to_owned(),
                    space: ChannelId(space.cast_unsigned()),
                    parent: parent.map(|parent| ChannelId(parent.cast_unsigned())),
                    hour: Timestamp(hour),
                },
                segments: segments.cast_unsigned(),
                frames: frames.cast_unsigned(),
            })
            .collect())
    }
}

fn place((message, segment, key): (i64, i64, i64)) -> Place {
    Place {
        message: MessageId(message.cast_unsigned()),
        segment: segment.cast_unsigned(),
        key: key.cast_unsigned(),
    }
}
