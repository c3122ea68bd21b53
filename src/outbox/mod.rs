//! Every outside effect leaves through here: durable before it is tried, leased while it is, retried with back-off
//! and jitter, its end reported back as an event.
//!
//! A [`Job`] is written in the transaction that holds the evidence it rests on. The dispatcher leases due jobs and
//! hands each to the [`Deliver`] that `app` wired for its effect. The job's key is stable, so that a
//! crash between doing and recording repeats nothing that a person would notice: deliverers pass the key on as
//! Discord's nonce, as a Message-ID, or look first whether the thing is already so.

mod backoff;
mod dispatcher;
mod jobs;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub use dispatcher::{Bell, Delayed, Dispatcher, Outcome, Policy};
pub use jobs::{Jobs, Lease};

use crate::domain::{CaseRef, Effect, Timestamp};

/// One effect waiting to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Stable and unique within the installation: the same decision, replayed, has the same key.
    pub key: String,
    /// Whose it is.
    pub organisation: String,
    /// For which case, where there is one.
    pub case: Option<CaseRef>,
    /// What is to be done.
    pub effect: Effect,
    /// Not before this moment.
    pub not_before: Timestamp,
    /// How often it was tried before.
    pub attempts: u32,
}

/// How one attempt went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// Done, or found already done.
    Done {
        /// What is worth keeping of the answer (a message id, the overwrites before a lock); never message text.
        detail: Option<String>,
    },
    /// Not now: a time-out, a 429, a server error.
    Later {
        /// Why, without a word of a message.
        why: String,
        /// How long the other side asked to be left alone.
        after: Option<Duration>,
    },
    /// Never: refused or impossible.
    Never {
        /// Why, without a word of a message.
        why: String,
    },
    /// Not tried: nothing calls for it any more, or the recipient may not know.
    Withheld {
        /// Why.
        why: String,
    },
}

/// A delivery under way.
pub type Delivery<'a> = Pin<Box<dyn Future<Output = Delivered> + Send + 'a>>;

/// Something that can carry out effects: Discord's containment, a paging channel.
pub trait Deliver: Send + Sync {
    /// Carries out one job. Must be idempotent by [`Job::key`], must end within its own time-outs, and must not
    /// panic on anything that the other side answers.
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a>;
}
