//! The dispatcher: leases due jobs, hands each to whoever carries it out, and reports how it ended.
//!
//! It never ends a job itself. The [`Outcome`] travels to the pipeline as an event; the commit that records it ends
//! the job. Until then the lease, and this dispatcher's memory of what it reported, keep the job from being repeated;
//! after a crash it is delivered again under the same key, and deliverers recognise that.

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{Id, JoinError, JoinSet};

use super::{Deliver, Delivered, Job, Jobs, Lease, backoff};
use crate::clock::Clock;
use crate::domain::event::Ended;
use crate::domain::fact::Travel;
use crate::domain::{Effect, Event, Timestamp};

/// How a job ended. Committing it, with its key among the ended ones of the same batch, ends the job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The job as it was tried last.
    pub job: Job,
    /// How it ended.
    pub ended: Ended,
}

impl Outcome {
    /// What the pipeline hears, for the organisation of the job.
    #[must_use]
    pub fn into_event(self) -> Event {
        Event::Outcome { job: self.job.key, effect: self.job.effect, ended: self.ended }
    }
}

/// A page that cannot be handed to its channel at present; it is tried again, and others need not wait for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delayed {
    /// The job's key.
    pub job: String,
    /// Why, without a word of a message.
    pub why: String,
}

impl Delayed {
    /// What the pipeline hears.
    #[must_use]
    pub fn into_event(self) -> Event {
        Event::Travelled { job: self.job, state: Travel::FailedTemporary { why: self.why } }
    }
}

/// From this failed attempt on a page counts as delayed; or at once when it is put off for [`LONG`].
const DELAYED_FROM: u32 = 2;
/// So long that a person's next channel is faster.
const LONG: Duration = Duration::from_secs(10);

/// Wakes the dispatcher: new jobs were committed. Cheap to clone; ringing twice before it looks is ringing once.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Rings.
    pub fn ring(&self) {
        self.0.notify_one();
    }
}

/// How many, how often, how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Deliveries under way at the same time.
    pub at_once: u32,
    /// How many of those places only containment may take: a mail server that hangs must not keep a message in sight.
    pub for_containment: u32,
    /// Attempts before a job counts as failed. With 8, the last one is about five minutes after the first.
    pub attempts: u32,
    /// How long one delivery may take; a deliverer's own time-outs are shorter.
    pub longest: Duration,
    /// How long a lease holds, and so how long after a crash a job is tried again; longer than `longest`.
    pub lease: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            at_once: 16,
            for_containment: 4,
            attempts: 8,
            longest: Duration::from_mins(1),
            lease: Duration::from_mins(2),
        }
    }
}

/// How long to leave the database alone when it does not answer.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);
/// How long to leave a job alone that is due but held by another leaser.
const AFTER_OTHERS: Duration = Duration::from_secs(1);

/// Carries out jobs until it is stopped.
pub struct Dispatcher<J, R> {
    jobs: J,
    route: R,
    clock: Clock,
    outcomes: UnboundedSender<Outcome>,
    delays: Option<UnboundedSender<Delayed>>,
    policy: Policy,
    by: String,
    bell: Bell,
    flights: JoinSet<Delivered>,
    flying: HashMap<Id, Job>,
    /// Reported, but as far as is known not committed: the key, and until when it is leased.
    reported: BTreeMap<String, Timestamp>,
}

impl<J, R> Dispatcher<J, R>
where
    J: Jobs,
    R: Fn(&Effect) -> Option<Arc<dyn Deliver>> + Send,
{
    /// A dispatcher over `jobs` that hands each effect to whom `route` names and sends every end to `outcomes`.
    /// `by` names this process among all that may ever lease from the same database. The channel is unbounded
    /// because a dispatcher that waits for the pipeline could not hide a message meanwhile; what is in it also stands
    /// in the database.
    pub fn new(jobs: J, route: R, clock: Clock, outcomes: UnboundedSender<Outcome>, by: String) -> Self {
        Dispatcher {
            jobs,
            route,
            clock,
            outcomes,
            delays: None,
            policy: Policy::default(),
            by,
            bell: Bell::default(),
            flights: JoinSet::new(),
            flying: HashMap::new(),
            reported: BTreeMap::new(),
        }
    }

    /// With another policy than the default one.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Tells here, once for each, of pages that are delayed.
    #[must_use]
    pub fn telling_delays(mut self, delays: UnboundedSender<Delayed>) -> Self {
        self.delays = Some(delays);
        self
    }

    /// The bell to ring after a commit that held jobs.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// Carries out jobs until `stop` is ready or nobody listens to outcomes any more; then waits for the deliveries
    /// under way and reports them.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut stop = pin!(stop);
        while !self.outcomes.is_closed() {
            let next = self.take_due().await;
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some(landed) = self.flights.join_next_with_id() => self.landed(landed).await,
                () = self.bell.0.notified() => {}
                () = until(&self.clock, next) => {}
            }
            while let Some(landed) = self.flights.try_join_next_with_id() {
                self.landed(landed).await;
            }
        }
        while let Some(landed) = self.flights.join_next_with_id().await {
            self.landed(landed).await;
        }
    }

    /// Sends due jobs on their way as long as there is room, and says when to look again.
    async fn take_due(&mut self) -> Option<Timestamp> {
        let now = self.clock.now();
        match self.try_take_due(now).await {
            // Due, and yet not to be had: somebody else is just leasing it.
            Ok(Some(next)) if next <= now => Some(now.plus(AFTER_OTHERS)),
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "outbox: the jobs cannot be read");
                Some(now.plus(AFTER_TROUBLE))
            }
        }
    }

    async fn try_take_due(&mut self, now: Timestamp) -> Result<Option<Timestamp>, J::Error> {
        for containment_only in [true, false] {
            loop {
                let limit = self.room(containment_only);
                // Asking when comes first: it is a read, and leasing is a write even where nothing is due.
                if limit == 0 || self.jobs.next_due(containment_only).await?.is_none_or(|due| due > now) {
                    break;
                }
                let until = now.plus(self.policy.lease);
                let asked = Lease { now, until, by: self.by.clone(), limit, containment_only };
                let leased = self.jobs.lease(&asked).await?;
                let all = leased.len() < limit as usize;
                for job in leased {
                    self.take_off(job, until);
                }
                if all {
                    break;
                }
            }
        }
        // A lease that ended without coming back was not renewed: its job has ended.
        if self.room(false) > 0 {
            self.reported.retain(|_, until| *until > now);
            self.jobs.next_due(false).await
        } else if self.room(true) > 0 {
            self.jobs.next_due(true).await
        } else {
            Ok(None)
        }
    }

    /// How many more deliveries may start.
    fn room(&self, containment_only: bool) -> u32 {
        let flying = |counts: fn(&Job) -> bool| {
            u32::try_from(self.flying.values().filter(|job| counts(job)).count()).unwrap_or(u32::MAX)
        };
        let free = self.policy.at_once.saturating_sub(flying(|_| true));
        if containment_only {
            return free;
        }
        let for_others = self.policy.at_once.saturating_sub(self.policy.for_containment);
        free.min(for_others.saturating_sub(flying(|job| !job.effect.contains())))
    }

    fn take_off(&mut self, job: Job, until: Timestamp) {
        if let Some(renewed) = self.reported.get_mut(&job.key) {
            // Its outcome waits to be committed. Doing it again would only make a second one.
            *renewed = until;
            return;
        }
        if self.flying.values().any(|flying| flying.key == job.key) {
            return;
        }
        let Some(deliverer) = (self.route)(&job.effect) else {
            let why = format!("nothing here carries out `{}`", job.effect.code());
            self.report(job, Ended::Failed { why }, until);
            return;
        };
        tracing::debug!(
            job = job.key,
            effect = job.effect.code(),
            attempt = job.attempts + 1,
            "outbox: trying"
        );
        let longest = self.policy.longest;
        let task = job.clone();
        let flight = self.flights.spawn(async move {
            tokio::time::timeout(longest, deliverer.deliver(&task)).await.unwrap_or_else(|_| {
                Delivered::Later { why: format!("no answer within {} s", longest.as_secs()), after: None }
            })
        });
        self.flying.insert(flight.id(), job);
    }

    async fn landed(&mut self, landed: Result<(Id, Delivered), JoinError>) {
        let (id, delivered) = match landed {
            Ok(landed) => landed,
            Err(error) => {
                // What it says may quote what it worked on, so it is not repeated here.
                let why = "the delivery broke off unexpectedly; please report this".to_owned();
                (error.id(), Delivered::Later { why, after: None })
            }
        };
        let Some(job) = self.flying.remove(&id) else { return };
        let now = self.clock.now();
        let until = now.plus(self.policy.lease);
        match delivered {
            Delivered::Done { detail } => self.report(job, Ended::Done { detail }, until),
            Delivered::Never { why } => self.report(job, Ended::Failed { why }, until),
            Delivered::Withheld { why } => self.report(job, Ended::Withheld { why }, until),
            Delivered::Later { why, after } => {
                let attempts = job.attempts.saturating_add(1);
                if attempts >= self.policy.attempts {
                    let why = format!("given up after {attempts} attempts; the last one: {why}");
                    self.report(job, Ended::Failed { why }, until);
                    return;
                }
                let wait = backoff::wait(&job.key, attempts, after);
                self.tell_delay(&job, attempts, after, &why);
                tracing::info!(job = job.key, attempts, ?wait, why, "outbox: to be tried again");
                if let Err(error) = self.jobs.retry(&job.key, &self.by, now.plus(wait), attempts).await {
                    tracing::warn!(job = job.key, %error, "outbox: not put off; it is tried again when its lease ends");
                }
            }
        }
    }

    fn tell_delay(&self, job: &Job, attempts: u32, after: Option<Duration>, why: &str) {
        let page = matches!(job.effect, Effect::Page { .. } | Effect::PageTogether { .. });
        let long = after.is_some_and(|after| after >= LONG);
        let now = attempts == DELAYED_FROM || (attempts < DELAYED_FROM && long);
        if let Some(delays) = self.delays.as_ref().filter(|_| page && now) {
            // Nobody listens only when the house is coming down.
            let _ = delays.send(Delayed { job: job.key.clone(), why: why.to_owned() });
        }
    }

    fn report(&mut self, job: Job, ended: Ended, until: Timestamp) {
        let key = job.key.clone();
        if self.outcomes.send(Outcome { job, ended }).is_err() {
            tracing::warn!(
                job = key,
                "outbox: nobody records outcomes any more; after a restart it is tried again"
            );
        }
        self.reported.insert(key, until);
    }
}

async fn until(clock: &Clock, next: Option<Timestamp>) {
    match next {
        Some(next) => clock.until(next).await,
        None => std::future::pending().await,
    }
}
