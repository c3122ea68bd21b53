//! The outbox's rows: jobs that wait, are leased, are put off, and end.
//!
//! A job ends in the commit that holds the fact of its outcome ([`Batch::ended`](super::Batch::ended)) and nowhere
//! else, so there is no moment at which a crash could lose the one and keep the other.

use std::future::Future;

use super::open::{Db, on};
use super::transaction::{Tx, Value};
use super::{Store, StoreError};
use crate::domain::{CaseRef, Effect, Timestamp};
use crate::outbox::{Job, Jobs, Lease};

pub(super) async fn insert(tx: &mut Tx, jobs: &[Job]) -> Result<(), StoreError> {
    let mut values = Vec::with_capacity(jobs.len() * 10);
    for job in jobs {
        let effect = serde_json::to_string(&job.effect)
            .map_err(|error| StoreError::refused(format!("an effect cannot be written as JSON ({error})")))?;
        values.extend([
            Value::Text(job.key.as_str().into()),
            Value::Text(job.organisation.as_str().into()),
            Value::MaybeNumber(job.case.map(|case| case.0.into())),
            Value::Text(effect.into()),
            Value::Number(job.effect.urgency().into()),
            Value::Number(job.not_before.0),
            Value::Number(job.attempts.into()),
            Value::Number(FREE),
            Value::Text("".into()),
            Value::Text("waiting".into()),
        ]);
    }
    let into = "job (key, organisation, case_ref, effect, urgency, not_before, attempts, lease_until, lease_by, \
                state)";
    Ok(tx.insert(into, 10, values, " ON CONFLICT (key) DO NOTHING").await?)
}

pub(super) async fn end(tx: &mut Tx, keys: &[String]) -> Result<(), sqlx::Error> {
    tx.for_each("UPDATE job SET state = 'ended', lease_by = '' WHERE key IN", keys, "").await
}

/// The end of no lease: before every moment.
const FREE: i64 = i64::MIN;

// Containment first, then pages, then whatever has waited longest. `$4` is the least urgency that is asked for.
// A lease that ended by itself was an attempt: whoever had it may have done the work before they died, so the next one
// has to look first.
// The common table must be MATERIALIZED: PostgreSQL may otherwise run it again for every row and lease far more than
// the limit. Without SKIP LOCKED its leasers queue behind each other; SQLite has one writer and knows no such words.
const LEASE_POSTGRES: &str = "WITH due AS MATERIALIZED ( \
    SELECT key FROM job \
    WHERE state = 'waiting' AND not_before <= $1 AND lease_until <= $1 AND urgency >= $4 \
    ORDER BY urgency DESC, not_before, key LIMIT $5 FOR UPDATE SKIP LOCKED) \
    UPDATE job SET lease_until = $2, lease_by = $3, \
    attempts = attempts + CASE WHEN lease_by = '' THEN 0 ELSE 1 END \
    WHERE key IN (SELECT key FROM due) AND state = 'waiting' AND lease_until <= $1 \
    RETURNING key, organisation, case_ref, effect, not_before, attempts";
const LEASE_SQLITE: &str = "WITH due AS MATERIALIZED ( \
    SELECT key FROM job \
    WHERE state = 'waiting' AND not_before <= $1 AND lease_until <= $1 AND urgency >= $4 \
    ORDER BY urgency DESC, not_before, key LIMIT $5) \
    UPDATE job SET lease_until = $2, lease_by = $3, \
    attempts = attempts + CASE WHEN lease_by = '' THEN 0 ELSE 1 END \
    WHERE key IN (SELECT key FROM due) AND state = 'waiting' AND lease_until <= $1 \
    RETURNING key, organisation, case_ref, effect, not_before, attempts";

type Row = (String, String, Option<i64>, String, i64, i64);

fn least_urgency(containment_only: bool) -> i64 {
    if containment_only { 2 } else { 0 }
}

impl Store {
    /// Every job that has not ended, leased or not, in the order in which they would be leased.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when one was written by a newer version; the others as the database answers.
    pub async fn jobs_pending(&self) -> Result<Vec<Job>, StoreError> {
        let rows: Vec<Row> = on!(self.db(), pool => sqlx::query_as(
            "SELECT key, organisation, case_ref, effect, not_before, attempts FROM job WHERE state = 'waiting'",
        )
        .fetch_all(pool)
        .await?);
        jobs(rows)
    }

    async fn lease(&self, asked: &Lease) -> Result<Vec<Job>, StoreError> {
        let _turn = self.turn().await;
        let sql = match self.db() {
            Db::Lite(_) => LEASE_SQLITE,
            Db::Pg(_) => LEASE_POSTGRES,
        };
        let rows: Vec<Row> = on!(self.db(), pool => sqlx::query_as(sql)
            .bind(asked.now.0)
            .bind(asked.until.0)
            .bind(asked.by.as_str())
            .bind(least_urgency(asked.containment_only))
            .bind(i64::from(asked.limit))
            .fetch_all(pool)
            .await?);
        jobs(rows)
    }

    /// Gives back what an earlier process was carrying out when it ended: it is due at once, as an attempt that was
    /// made. For the process that holds the database, before it leases anything.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn release_leases(&self) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        // Who had it stays written: the next lease counts the attempt by that.
        on!(self.db(), pool => sqlx::query(
            "UPDATE job SET lease_until = $1 WHERE state = 'waiting' AND lease_by <> ''",
        )
        .bind(FREE)
        .execute(pool)
        .await
        .map(|_| ())?);
        Ok(())
    }

    async fn put_off(
        &self,
        key: &str,
        by: &str,
        not_before: Timestamp,
        attempts: u32,
    ) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        on!(self.db(), pool => sqlx::query(
            "UPDATE job SET not_before = $1, attempts = $2, lease_until = $3, lease_by = '' \
             WHERE key = $4 AND lease_by = $5 AND state = 'waiting'",
        )
        .bind(not_before.0)
        .bind(i64::from(attempts))
        .bind(FREE)
        .bind(key)
        .bind(by)
        .execute(pool)
        .await
        .map(|_| ())?);
        Ok(())
    }

    async fn next_job(&self, containment_only: bool) -> Result<Option<Timestamp>, StoreError> {
        let (next,): (Option<i64>,) = on!(self.db(), pool => sqlx::query_as(
            "SELECT MIN(CASE WHEN lease_until > not_before THEN lease_until ELSE not_before END) FROM job \
             WHERE state = 'waiting' AND urgency >= $1",
        )
        .bind(least_urgency(containment_only))
        .fetch_one(pool)
        .await?);
        Ok(next.map(Timestamp))
    }

    async fn nothing_due(&self, now: Timestamp) -> Result<bool, StoreError> {
        let (due,): (i64,) = on!(self.db(), pool => sqlx::query_as(
            "SELECT COUNT(*) FROM job WHERE state = 'waiting' AND not_before <= $1",
        )
        .bind(now.0)
        .fetch_one(pool)
        .await?);
        Ok(due == 0)
    }
}

impl Jobs for Store {
    type Error = StoreError;

    fn lease(&self, asked: &Lease) -> impl Future<Output = Result<Vec<Job>, StoreError>> + Send {
        Store::lease(self, asked)
    }

    fn retry(
        &self,
        key: &str,
        by: &str,
        not_before: Timestamp,
        attempts: u32,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.put_off(key, by, not_before, attempts)
    }

    fn next_due(
        &self,
        containment_only: bool,
    ) -> impl Future<Output = Result<Option<Timestamp>, StoreError>> + Send {
        self.next_job(containment_only)
    }

    fn settled(&self, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send {
        self.nothing_due(now)
    }
}

/// Rows as jobs, in the order of the lease; databases return updated rows in any order.
fn jobs(rows: Vec<Row>) -> Result<Vec<Job>, StoreError> {
    let mut jobs = rows
        .into_iter()
        .map(|(key, organisation, case, effect, not_before, attempts)| {
            let effect: Effect = serde_json::from_str(&effect).map_err(|error| {
                StoreError::unreadable(format!("the effect of job {key}"), error.to_string())
            })?;
            let number = |number: i64, what: &str| {
                u32::try_from(number)
                    .map_err(|_| StoreError::unreadable(format!("the {what} of job {key}"), "out of range"))
            };
            Ok(Job {
                case: case.map(|case| number(case, "case")).transpose()?.map(CaseRef),
                attempts: number(attempts, "attempts")?,
                organisation,
                effect,
                not_before: Timestamp(not_before),
                key,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    jobs.sort_by(|a, b| {
        let order = |job: &Job| (std::cmp::Reverse(job.effect.urgency()), job.not_before);
        order(a).cmp(&order(b)).then_with(|| a.key.cmp(&b.key))
    });
    Ok(jobs)
}
