//! Asking again after a no: an adult's ask, the young person's refusal, and an ask of the same process after it.
//!
//! Worked out by the times at which things were written, not the order in which they were heard: whichever of the
//! three arrives last completes the finding, and the finding is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::code::{Process, Weight};
use crate::domain::{ChannelId, Code, MessageId, Observation, Timestamp, UserId};

/// For how long a no still stands when the same is asked again.
const A_NO_STANDS_FOR: Duration = Duration::from_hours(336);
/// For how long a no stands against anything weighty, whatever its words: the same conversation.
const THE_SAME_CONVERSATION: Duration = Duration::from_hours(12);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ask {
    at: Timestamp,
    message: Option<MessageId>,
    space: Option<ChannelId>,
    pressing: bool,
    weighty: bool,
}

#[derive(Clone, Debug, Default)]
struct Pair {
    asks: BTreeMap<Process, BTreeSet<Ask>>,
    refusals: BTreeSet<Timestamp>,
}

/// Asks and refusals of every pair (adult, young person) inside the window.
#[derive(Clone, Debug, Default)]
pub struct Persistence {
    pairs: BTreeMap<(UserId, UserId), Pair>,
}

/// How many asks of one process and how many refusals of one pair are kept: enough for the finding, whoever floods.
const KEPT: usize = 64;

impl Persistence {
    /// Takes in an observation, and gives what it completes: `persists-after-refusal`, dated as the ask that came
    /// after the no.
    pub fn hear(&mut self, seen: &Observation) -> Vec<Observation> {
        let Some(towards) = seen.towards else { return Vec::new() };
        if matches!(seen.code, Code::Refusal | Code::Discomfort) {
            let pair = self.pairs.entry((towards, seen.by)).or_default();
            pair.refusals.insert(seen.at);
            while pair.refusals.len() > KEPT {
                pair.refusals.pop_first();
            }
            return pair.completed(towards, seen.by);
        }
        let Some(process) = asks(seen.code) else { return Vec::new() };
        let pair = self.pairs.entry((seen.by, towards)).or_default();
        let asks = pair.asks.entry(process).or_default();
        asks.insert(Ask {
            at: seen.at,
            message: seen.message,
            space: seen.space,
            pressing: seen.code == Code::ComplianceTest,
            weighty: seen.code.weight() >= Weight::MediumHigh,
        });
        while asks.len() > KEPT {
            asks.pop_first();
        }
        pair.completed(seen.by, towards)
    }

    /// Forgets what is older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.pairs.retain(|_, pair| {
            pair.refusals.retain(|when| *when >= at);
            pair.asks.retain(|_, asks| {
                asks.retain(|ask| ask.at >= at);
                !asks.is_empty()
            });
            !(pair.refusals.is_empty() && pair.asks.is_empty())
        });
    }
}

impl Pair {
    /// Every ask that has a no before it and the same ask before that. Pressing for a yes is asking again whatever
    /// was refused, and so is anything weighty in the same conversation: another lift, another app, a present.
    fn completed(&self, adult: UserId, young: UserId) -> Vec<Observation> {
        let mut found = Vec::new();
        for &no in &self.refusals {
            let stands_until = no.plus(A_NO_STANDS_FOR);
            let asked = |asks: &BTreeSet<Ask>| {
                asks.iter().any(|ask| ask.at < no && ask.at.plus(A_NO_STANDS_FOR) >= no)
            };
            let anything_asked = self.asks.values().any(asked);
            let asked_just_before = self
                .asks
                .values()
                .flatten()
                .any(|ask| ask.at < no && ask.at.plus(THE_SAME_CONVERSATION) >= no);
            for asks in self.asks.values() {
                for again in asks.iter().filter(|ask| ask.at > no && ask.at <= stands_until) {
                    let again_otherwise =
                        again.weighty && again.at <= no.plus(THE_SAME_CONVERSATION) && asked_just_before;
                    if asked(asks) || (again.pressing && anything_asked) || again_otherwise {
                        found.push(Observation {
                            at: again.at,
                            code: Code::PersistsAfterRefusal,
                            by: adult,
                            towards: Some(young),
                            space: again.space,
                            message: again.message,
                            quote: None,
                        });
                    }
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

/// The process that a code asks for something in, if it is an ask that can be refused.
fn asks(code: Code) -> Option<Process> {
    match code {
        Code::PersonalQuestion
        | Code::PhotoRequest
        | Code::AloneProbe
        | Code::GiftOffer
        | Code::ComplianceTest
        | Code::OffPlatformMove
        | Code::DeleteRequest
        | Code::SecrecyRequest
        | Code::MeetingRequest
        | Code::TransportOffer
        | Code::ErrandRequest
        | Code::IntimateProbe
        | Code::SexualisedText
        | Code::ImageRequest => code.process(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(seconds: i64, code: Code, by: u64, towards: u64) -> Observation {
        Observation {
            at: Timestamp::from_seconds(seconds),
            code,
            by: UserId(by),
            towards: Some(UserId(towards)),
            space: None,
            message: Some(MessageId(seconds.cast_unsigned())),
            quote: None,
        }
    }

    #[test]
    fn the_same_ask_after_a_no_is_persistence_whatever_the_order_of_arrival() {
        let told = [
            seen(10, Code::MeetingRequest, 1, 2),
            seen(20, Code::Refusal, 2, 1),
            seen(30, Code::TransportOffer, 1, 2),
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let mut persistence = Persistence::default();
            let found: BTreeSet<Observation> =
                order.iter().flat_map(|&at| persistence.hear(&told[at])).collect();
            assert_eq!(found.len(), 1, "{order:?}");
            let one = found.first().unwrap();
            assert_eq!((one.code, one.message), (Code::PersistsAfterRefusal, Some(MessageId(30))));
        }
    }

    #[test]
    fn another_ask_or_an_old_no_is_not() {
        let mut persistence = Persistence::default();
        assert!(persistence.hear(&seen(10, Code::MeetingRequest, 1, 2)).is_empty());
        assert!(persistence.hear(&seen(20, Code::Refusal, 2, 1)).is_empty());
        assert!(persistence.hear(&seen(30, Code::PersonalQuestion, 1, 2)).is_empty());
        assert!(persistence.hear(&seen(20 + 15 * 86_400, Code::MeetingRequest, 1, 2)).is_empty());
        assert_eq!(persistence.hear(&seen(40, Code::ComplianceTest, 1, 2)).len(), 1, "pressing counts");
        assert_eq!(
            persistence.hear(&seen(50, Code::GiftOffer, 1, 2)).len(),
            2,
            "and so does a present at once"
        );
    }
}
