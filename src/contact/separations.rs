//! Separations: two people who must not share a small space, be alone in voice, or reply, mention or react to one
//! another (InterAct §3; policy matrix P20).

use std::collections::BTreeMap;

use crate::domain::register::{Pair, Register, Separation};
use crate::domain::{Timestamp, UserId};

/// The register of separations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Separations(BTreeMap<Pair, Separation>);

impl Separations {
    /// Takes a change of the register in; changes of other registers are none of its business.
    pub fn apply(&mut self, change: &Register) {
        match change {
            Register::SeparationOrdered(separation) => {
                self.0.insert(separation.between, *separation);
            }
            Register::SeparationLifted { between, .. } => {
                self.0.remove(between);
            }
            _ => {}
        }
    }

    /// What keeps two people apart now; none when nothing does. Nobody is separated from themselves.
    #[must_use]
    pub fn between(&self, one: UserId, other: UserId, now: Timestamp) -> Option<&Separation> {
        let separation = self.0.get(&Pair::of(one, other)).filter(|_| one != other);
        separation.filter(|separation| stands(separation, now))
    }

    /// Every separation that stands now.
    pub fn standing(&self, now: Timestamp) -> impl Iterator<Item = &Separation> {
        self.0.values().filter(move |separation| stands(separation, now))
    }

    /// From whom somebody is to be kept apart now.
    pub fn from(&self, who: UserId, now: Timestamp) -> impl Iterator<Item = UserId> {
        self.standing(now).filter_map(move |separation| separation.between.other(who))
    }

    /// The first moment after `now` at which a separation begins or lapses.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let edges = self
            .0
            .values()
            .flat_map(|separation| std::iter::once(separation.since).chain(separation.expires));
        edges.filter(|at| *at > now).min()
    }
}

fn stands(separation: &Separation, now: Timestamp) -> bool {
    separation.since <= now && separation.expires.is_none_or(|expires| now < expires)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::register::SeparationReason;

    const ELLA: UserId = UserId(10);
    const MAX: UserId = UserId(11);
    const DSL: UserId = UserId(30);

    #[test]
    fn two_people_are_apart_from_both_sides_until_it_lapses_or_is_lifted() {
        let mut register = Separations::default();
        let between = Pair::of(MAX, ELLA);
        let order = |expires| {
            let (since, reason) = (Timestamp(10), SeparationReason::Bullying);
            Register::SeparationOrdered(Separation { between, since, by: DSL, reason, expires })
        };
        register.apply(&order(Some(Timestamp(20))));
        for (now, apart) in [(9, false), (10, true), (19, true), (20, false)] {
            assert_eq!(register.between(ELLA, MAX, Timestamp(now)).is_some(), apart, "{now}");
            assert_eq!(register.between(MAX, ELLA, Timestamp(now)).is_some(), apart, "{now}");
        }
        assert!(register.between(ELLA, DSL, Timestamp(15)).is_none());
        assert_eq!(register.from(ELLA, Timestamp(15)).collect::<Vec<_>>(), [MAX]);
        assert_eq!(register.next_change(Timestamp(9)), Some(Timestamp(10)));
        assert_eq!(register.next_change(Timestamp(10)), Some(Timestamp(20)));
        assert_eq!(register.next_change(Timestamp(20)), None);

        register.apply(&order(None));
        assert!(register.between(ELLA, MAX, Timestamp(1_000)).is_some(), "it stands until it is lifted");
        register.apply(&Register::SeparationLifted { between, by: DSL, at: Timestamp(1_000) });
        assert!(register.between(ELLA, MAX, Timestamp(1_001)).is_none());
    }
}
