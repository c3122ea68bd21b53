//! What the dispatcher asks of whoever keeps the jobs.

use std::error::Error;
use std::future::Future;

use super::Job;
use crate::domain::Timestamp;

/// A lease that is asked for: these jobs are mine until then, unless I die.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What time it is; jobs whose moment has come and that nobody holds are due.
    pub now: Timestamp,
    /// When the lease ends by itself.
    pub until: Timestamp,
    /// Who leases.
    pub by: String,
    /// How many jobs at most.
    pub limit: u32,
    /// Only effects that restrain ([`crate::domain::Effect::contains`]).
    pub containment_only: bool,
}

/// Where jobs are kept, durably. Nothing here ends a job: that happens in the commit that records its outcome.
pub trait Jobs: Send + Sync + 'static {
    /// What can go wrong there.
    type Error: Error + Send + Sync + 'static;

    /// Leases due jobs, containment first, then by the moment from which they were due. No job is leased twice at
    /// the same time, whoever asks; a lease that has ended makes its job due again.
    ///
    /// # Errors
    /// When the jobs cannot be reached.
    fn lease(&self, asked: &Lease) -> impl Future<Output = Result<Vec<Job>, Self::Error>> + Send;

    /// Gives a job back until `not_before`, with the number of attempts so far. Nothing happens when `by` no longer
    /// has the lease.
    ///
    /// # Errors
    /// When the jobs cannot be reached; the lease then ends by itself.
    fn retry(
        &self,
        key: &str,
        by: &str,
        not_before: Timestamp,
        attempts: u32,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// When the next job can be leased, in the past where one can be now; none when no job waits.
    ///
    /// # Errors
    /// When the jobs cannot be reached.
    fn next_due(
        &self,
        containment_only: bool,
    ) -> impl Future<Output = Result<Option<Timestamp>, Self::Error>> + Send;

    /// Whether every job whose moment has come by `now` has ended, its outcome committed; those that were put off
    /// until later do not count.
    ///
    /// # Errors
    /// When the jobs cannot be reached.
    fn settled(&self, now: Timestamp) -> impl Future<Output = Result<bool, Self::Error>> + Send;
}
