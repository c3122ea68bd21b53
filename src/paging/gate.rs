//! The last question before a page leaves: may this person still know, and is anybody still waiting for them?
//!
//! Pages are planned with the subjects of that moment and may lie in the outbox for a while. [`Gate`] stands in
//! front of every channel and asks [`Calls`](super::Calls) again.

use std::sync::Arc;

use crate::domain::Effect;
use crate::outbox::{Deliver, Delivered, Delivery, Job};

/// Asks what of an effect of this organisation may still leave; the error says why nothing may, as a code. It must
/// answer from the newest committed facts ([`Calls::as_still_wanted`](super::Calls::as_still_wanted)).
pub type StillWanted = dyn Fn(&str, &Effect) -> Result<Effect, &'static str> + Send + Sync + 'static;

/// A channel behind the question.
pub struct Gate<D> {
    channel: D,
    still_wanted: Arc<StillWanted>,
}

impl<D: Deliver> Gate<D> {
    /// Puts the question in front of a channel.
    pub fn before(channel: D, still_wanted: Arc<StillWanted>) -> Self {
        Gate { channel, still_wanted }
    }
}

impl<D: Deliver> Deliver for Gate<D> {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        match (self.still_wanted)(&job.organisation, &job.effect) {
            Ok(effect) if effect == job.effect => self.channel.deliver(job),
            Ok(effect) => {
                let job = Job { effect, ..job.clone() };
                Box::pin(async move { self.channel.deliver(&job).await })
            }
            Err(why) => {
                let why = why.to_owned();
                Box::pin(async { Delivered::Withheld { why } })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseRef, Category, Level, Timestamp};

    struct Open;
    impl Deliver for Open {
        fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
            Box::pin(async { Delivered::Done { detail: None } })
        }
    }

    #[tokio::test]
    async fn a_page_is_withheld_from_whoever_may_no_longer_know() {
        let gate = Gate::before(
            Open,
            Arc::new(|_: &str, effect: &Effect| match effect {
                Effect::Page { person, drill: false, .. } if person == "sam" => Err("may-not-know"),
                _ => Ok(effect.clone()),
            }),
        );
        let job = |person: &str, drill| Job {
            key: "page/…".into(),
            organisation: "org".into(),
            case: Some(CaseRef(1)),
            effect: Effect::Page {
                case: CaseRef(1),
                level: Level::Serious,
                category: Category::Grooming,
                slot: "dsl".into(),
                round: 0,
                channel: "email".into(),
                person: person.into(),
                drill,
                evidence_kept: true,
            },
            not_before: Timestamp(0),
            attempts: 0,
        };
        let withheld = Delivered::Withheld { why: "may-not-know".into() };
        assert_eq!(gate.deliver(&job("sam", false)).await, withheld);
        assert_eq!(gate.deliver(&job("dee", false)).await, Delivered::Done { detail: None });
        assert_eq!(gate.deliver(&job("sam", true)).await, Delivered::Done { detail: None }, "a drill");
    }
}
