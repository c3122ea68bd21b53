//! Channels that a page travels by, one file each.
//!
//! Direct messages and e-mail are [`Deliver`]s of their own; what is spoken over HTTP is a [`Channel`] and becomes a
//! `Deliver` in [`Courier`]. Every one says honestly how far a page came:
//!
//! | state | what it means | where it stands |
//! |---|---|---|
//! | queued | it waits, durably | its job |
//! | accepted | the other side took it | [`Delivered::Done`] |
//! | delivered, read | it is on the device; the person opened it | [`Travel`](crate::domain::fact::Travel), told by the provider afterwards |
//! | acknowledged | a named person answered | [`Fact::Acknowledged`](crate::domain::Fact::Acknowledged) |
//! | failed for now | tried again; the person's next channel is not kept waiting | [`Delivered::Later`] |
//! | failed for ever | the person's next channel at once | [`Delivered::Never`] |
//!
//! What a provider answers never reaches a log or a reason: it may quote a number or an address. Only codes do.

pub mod alertmanager;
pub mod breaker;
pub mod email;
pub mod heartbeat;
pub mod http;
pub mod ntfy;
pub mod pagerduty;
pub mod twilio;
pub mod webhook;

#[cfg(test)]
mod content_tests;
#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod provider_tests;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::clock::Clock;
use crate::domain::{CaseRef, Effect, Level, Timestamp};
use crate::outbox::{Deliver, Delivered, Delivery, Job};
use crate::wording::{self, Letter};

use super::links::{Links, Purpose};

/// How a page fared with its channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The other side took it.
    Accepted {
        /// What is worth keeping of the answer: the provider's id of it.
        id: Option<String>,
    },
    /// Not now: a time-out, a 429, a server error.
    FailedTemporary {
        /// Why, as a code.
        why: String,
        /// How long the other side asked to be left alone.
        after: Option<Duration>,
    },
    /// Never: refused or impossible.
    FailedPermanent {
        /// Why, as a code.
        why: String,
    },
}

impl Sent {
    /// Never, for this reason.
    #[must_use]
    pub fn never(why: impl Into<String>) -> Self {
        Sent::FailedPermanent { why: why.into() }
    }
}

/// What a channel carries.
#[derive(Clone, Debug)]
pub struct Parcel<'a> {
    /// The outbox job: its key is the same whenever it is tried again.
    pub job: &'a Job,
    /// To whom, by the name that the configuration gives them.
    pub person: &'a str,
    /// What it says.
    pub letter: Letter,
    /// How serious; none for what is only to be read.
    pub level: Option<Level>,
    /// A drill, marked as such.
    pub drill: bool,
    /// The page on which a person presses the button, where one can be opened.
    pub link: Option<String>,
    /// What time it is.
    pub now: Timestamp,
    links: &'a Links,
}

impl Parcel<'_> {
    /// A signed address of the listener for this page, where there is a listener.
    #[must_use]
    pub fn address(&self, path: &str, purpose: Purpose) -> Option<String> {
        self.links.at(path, purpose, self.job, self.now)
    }

    /// Which case keeps repeats together: the worst of several.
    #[must_use]
    pub fn case(&self) -> Option<CaseRef> {
        match &self.job.effect {
            Effect::Page { case, .. } | Effect::PageSettled { case, .. } => Some(*case),
            Effect::PageTogether { cases, .. } => cases.first().map(|called| called.case),
            _ => None,
        }
    }

    /// Whether it is to be answered.
    #[must_use]
    pub fn is_page(&self) -> bool {
        matches!(self.job.effect, Effect::Page { .. } | Effect::PageTogether { .. })
    }
}

/// A sending under way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Sent> + Send + 'a>>;

/// A way to reach somebody.
pub trait Channel: Send + Sync {
    /// Its code in the configuration and in effects.
    fn code(&self) -> &'static str;

    /// Hands one page to the other side. Must end within its own time-outs.
    fn send<'a>(&'a self, parcel: &'a Parcel<'a>) -> Sending<'a>;
}

/// Carries pages by a channel.
pub struct Courier<C> {
    channel: C,
    links: Links,
    clock: Clock,
}

impl<C: Channel> Courier<C> {
    /// By this channel, with these links below the pages.
    pub fn new(channel: C, links: Links, clock: Clock) -> Self {
        Courier { channel, links, clock }
    }

    async fn carry(&self, job: &Job) -> Delivered {
        let never = |why: &str| Delivered::Never { why: why.to_owned() };
        let (Some(channel), Some(person), Some(letter)) =
            (job.effect.channel(), job.effect.person(), wording::letter(&job.effect))
        else {
            return never("not a page");
        };
        if channel != self.channel.code() {
            return never("a page for another channel");
        }
        let (level, drill) = match &job.effect {
            Effect::Page { level, drill, .. } => (Some(*level), *drill),
            Effect::PageTogether { cases, .. } => (cases.iter().map(|called| called.level).max(), false),
            _ => (None, false),
        };
        let now = self.clock.now();
        let link = self.links.for_job(job, now);
        let parcel = Parcel { job, person, letter, level, drill, link, now, links: &self.links };
        match self.channel.send(&parcel).await {
            Sent::Accepted { id } => Delivered::Done { detail: id },
            Sent::FailedTemporary { why, after } => Delivered::Later { why, after },
            Sent::FailedPermanent { why } => Delivered::Never { why },
        }
    }
}

impl<C: Channel> Deliver for Courier<C> {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(self.carry(job))
    }
}
