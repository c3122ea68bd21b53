//! What happens when evidence cannot be kept: the operator is told, and immediate danger is still answered.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Routes, Settings};
use crate::clock::Clock;
use crate::domain::effect::Nudge;
use crate::domain::{ChannelId, Effect};
use crate::outbox::{Bell, Deliver, Delivered, Delivery, Job};
use crate::pipeline::committer::Witness;
use crate::store::StoreError;

/// How often something that must not wait for a disk is tried.
const ATTEMPTS: u32 = 8;

/// What leaves without evidence. Once its job is durable like any other, it is not sent a second time: a mail server does
/// not know that it had the same mail before. While it is just being sent the durable job waits for what comes of that;
/// between two attempts the durable job takes over, which the outbox then carries on with.
///
/// What this cannot know is a process that ends after a mail server took a mail and before anything could be kept: it
/// decides the same again at the next start, and the mail leaves twice, under one Message-ID.
#[derive(Clone, Debug, Default)]
pub(super) struct Left(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    effects: Mutex<BTreeMap<Effect, Phase>>,
    changed: Notify,
}

/// How far something is that leaves without evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Between two attempts.
    Waits,
    /// Somebody is just being asked to take it.
    IsTried,
    /// It was taken.
    HasLeft,
}

impl Left {
    fn known<T>(&self, with: impl FnOnce(&mut BTreeMap<Effect, Phase>) -> T) -> T {
        let known = with(&mut self.0.effects.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_waiters();
        known
    }

    /// Begins to let something leave.
    fn begins(&self, effect: &Effect) {
        self.known(|known| known.insert(effect.clone(), Phase::Waits));
    }

    /// Begins an attempt; false when the durable job has taken over.
    fn tries(&self, effect: &Effect) -> bool {
        self.known(|known| known.get_mut(effect).map(|phase| *phase = Phase::IsTried).is_some())
    }

    /// Ends an attempt. With nothing it never leaves this way.
    fn ends(&self, effect: &Effect, phase: Option<Phase>) {
        self.known(|known| match phase {
            Some(phase) => drop(known.insert(effect.clone(), phase)),
            None => drop(known.remove(effect)),
        });
    }

    /// Who carries an effect out: nobody once more where it has left already.
    pub(super) fn or_to(
        &self,
        routes: Arc<Routes>,
    ) -> impl Fn(&Effect) -> Option<Arc<dyn Deliver>> + Send + use<> {
        let left = self.clone();
        move |effect| {
            let route = routes.to(effect);
            if left.knows(effect) { Some(Arc::new(IfNotLeft { left: left.clone(), route })) } else { route }
        }
    }

    fn knows(&self, effect: &Effect) -> bool {
        let known = self.0.effects.lock().unwrap_or_else(PoisonError::into_inner);
        !known.is_empty() && known.contains_key(&without_evidence(effect.clone()))
    }

    /// Waits until nobody tries it any more, and tells whether it has left; it is forgotten then.
    async fn has_left(&self, effect: &Effect) -> bool {
        let effect = without_evidence(effect.clone());
        loop {
            let changed = self.0.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable();
            let phase = {
                let mut known = self.0.effects.lock().unwrap_or_else(PoisonError::into_inner);
                match known.get(&effect) {
                    Some(Phase::IsTried) => Some(Phase::IsTried),
                    _ => known.remove(&effect),
                }
            };
            match phase {
                Some(Phase::IsTried) => changed.await,
                other => return other == Some(Phase::HasLeft),
            }
        }
    }
}

fn without_evidence(mut effect: Effect) -> Effect {
    if let Effect::Page { evidence_kept, .. } = &mut effect {
        *evidence_kept = false;
    }
    effect
}

/// Carries out what has left, or is just leaving, without evidence: by doing nothing where it was taken.
struct IfNotLeft {
    left: Left,
    route: Option<Arc<dyn Deliver>>,
}

impl Deliver for IfNotLeft {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(async move {
            if self.left.has_left(&job.effect).await {
                return Delivered::Done { detail: Some(r#"{"already":true}"#.to_owned()) };
            }
            match &self.route {
                Some(route) => route.deliver(job).await,
                None => Delivered::Never { why: "nothing here carries it out".to_owned() },
            }
        })
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
        left.begins(&job.effect);
        tokio::spawn(async move {
            for attempt in 0..ATTEMPTS {
                if !left.tries(&job.effect) {
                    return;
                }
                match deliver.deliver(&job).await {
                    Delivered::Later { after, .. } => {
                        left.ends(&job.effect, Some(Phase::Waits));
                        let wait = after.unwrap_or(std::time::Duration::from_secs(1 << attempt.min(5)));
                        clock.until(clock.now().plus(wait)).await;
                    }
                    Delivered::Never { why } => {
                        tracing::error!(key = %job.key, why, "could not be sent without evidence either");
                        return left.ends(&job.effect, None);
                    }
                    Delivered::Done { .. } => return left.ends(&job.effect, Some(Phase::HasLeft)),
                    Delivered::Withheld { .. } => return left.ends(&job.effect, None),
                }
            }
            left.ends(&job.effect, None);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseRef, Category, Level, Timestamp};

    fn mail() -> Effect {
        Effect::Page {
            case: CaseRef(1),
            level: Level::Immediate,
            category: Category::Welfare,
            slot: "dsl".into(),
            round: 0,
            channel: "email".into(),
            person: "ruth".into(),
            drill: false,
            evidence_kept: true,
        }
    }

    /// Counts what reaches it.
    #[derive(Default)]
    struct Server(AtomicU32);
    impl Deliver for Server {
        fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Box::pin(async { Delivered::Done { detail: None } })
        }
    }

    fn job() -> Job {
        Job {
            key: "page/club/C-0001/5/0/0/ruth/email".into(),
            organisation: "club".into(),
            case: Some(CaseRef(1)),
            effect: mail(),
            not_before: Timestamp(0),
            attempts: 0,
        }
    }

    #[tokio::test]
    async fn a_mail_that_is_just_being_sent_is_waited_for_and_not_sent_again() {
        for (ends_as, sent_again) in [(Some(Phase::HasLeft), 0), (Some(Phase::Waits), 1), (None, 1)] {
            let (left, server) = (Left::default(), Arc::new(Server::default()));
            let leaving = without_evidence(mail());
            left.begins(&leaving);
            assert!(left.tries(&leaving));
            assert!(left.knows(&mail()), "decided with evidence it is the same page");
            let durable = IfNotLeft { left: left.clone(), route: Some(server.clone()) };
            let job = job();
            let mut delivery = durable.deliver(&job);
            let early = futures_util::future::poll_immediate(&mut delivery).await;
            assert!(early.is_none(), "the mail server has not said yet whether it took it");
            left.ends(&leaving, ends_as);
            assert!(matches!(delivery.await, Delivered::Done { .. }));
            assert_eq!(server.0.load(Ordering::Relaxed), sent_again, "{ends_as:?}");
            assert!(!left.tries(&leaving), "the durable job has it now");
        }
    }
}
