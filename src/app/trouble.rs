//! What happens when evidence cannot be kept: the operator is told, and immediate danger is still answered.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Routes, Settings};
use crate::clock::Clock;
use crate::domain::effect::Nudge;
use crate::domain::{ChannelId, Effect};
use crate::outbox::{Bell, Deliver, Delivered, Delivery, Job};
use crate::pipeline::committer::Witness;
use crate::store::StoreError;

/// How often something that must not wait for a disk is tried.
const ATTEMPTS: u32 = 8;

/// What left without evidence. Once its job is durable like any other, it is not sent a second time: a mail server
/// does not know that it had the same mail before.
#[derive(Clone, Debug, Default)]
pub(super) struct Left(Arc<Mutex<BTreeSet<Effect>>>);

impl Left {
    fn add(&self, effect: Effect) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(effect);
    }

    /// Who carries an effect out: nobody once more where it has left already.
    pub(super) fn or_to(
        &self,
        routes: Arc<Routes>,
    ) -> impl Fn(&Effect) -> Option<Arc<dyn Deliver>> + Send + use<> {
        let left = self.clone();
        move |effect| if left.take(effect) { Some(Arc::new(AlreadyLeft)) } else { routes.to(effect) }
    }

    /// Whether this effect, decided with evidence or without, has left already; asked for once.
    fn take(&self, effect: &Effect) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        !left.is_empty() && left.remove(&without_evidence(effect.clone()))
    }
}

fn without_evidence(mut effect: Effect) -> Effect {
    if let Effect::Page { evidence_kept, .. } = &mut effect {
        *evidence_kept = false;
    }
    effect
}

/// Carries out what has left already: by doing nothing.
struct AlreadyLeft;

impl Deliver for AlreadyLeft {
    fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
        Box::pin(async { Delivered::Done { detail: Some(r#"{"already":true}"#.to_owned()) } })
    }
}

pub(super) struct Trouble {
    operator_channel: Option<ChannelId>,
    organisation: String,
    routes: Arc<Routes>,
    bell: Bell,
    clock: Clock,
    left: Left,
    times: AtomicU32,
}

impl Trouble {
    pub(super) fn new(
        settings: &Settings,
        routes: Arc<Routes>,
        bell: Bell,
        clock: Clock,
        left: Left,
    ) -> Self {
        let (operator_channel, organisation) = (settings.operator_channel, settings.organisation.clone());
        Trouble { operator_channel, organisation, routes, bell, clock, left, times: AtomicU32::new(0) }
    }

    /// Sends at once, beside the outbox: there is no database that could hold a job.
    fn send_now(&self, job: Job) {
        let Some(deliver) = self.routes.to(&job.effect) else { return };
        let (clock, left) = (self.clock.clone(), self.left.clone());
        tokio::spawn(async move {
            for attempt in 0..ATTEMPTS {
                match deliver.deliver(&job).await {
                    Delivered::Later { after, .. } => {
                        let wait = after.unwrap_or(std::time::Duration::from_secs(1 << attempt.min(5)));
                        clock.until(clock.now().plus(wait)).await;
                    }
                    Delivered::Never { why } => {
                        tracing::error!(key = %job.key, why, "could not be sent without evidence either");
                        return;
                    }
                    Delivered::Done { .. } => return left.add(job.effect),
                    Delivered::Withheld { .. } => return,
                }
            }
        });
    }

    fn tell_operator(&self, about: Nudge) {
        let Some(space) = self.operator_channel else { return };
        let times = self.times.fetch_add(1, Ordering::Relaxed);
        self.send_now(Job {
            key: format!(
                "operator/{}/{about:?}/{}/{times}",
                self.organisation,
                self.clock.now().as_seconds()
            ),
            organisation: self.organisation.clone(),
            case: None,
            effect: Effect::Notice { space, about },
            not_before: self.clock.now(),
            attempts: 0,
        });
    }
}

impl Witness for Trouble {
    fn jobs_are_due(&self) {
        self.bell.ring();
    }

    fn evidence_cannot_be_kept(&self, _: &StoreError) {
        self.tell_operator(Nudge::EvidenceCannotBeKept);
    }

    fn evidence_is_kept_again(&self) {
        tracing::info!("evidence is kept again");
        self.tell_operator(Nudge::EvidenceIsKeptAgain);
    }

    fn leave_without_evidence(&self, mut job: Job) {
        job.effect = without_evidence(job.effect);
        self.send_now(job);
    }
}
