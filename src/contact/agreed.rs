//! What was agreed: sessions, contact plans, relaxations and separations, folded from the register.
//!
//! A booked session lifts the rule of *time* only. Only a relaxation on record or an approved contact plan lifts
//! the rule of *cover* (InterAct §2).

use std::collections::BTreeSet;

use super::calendar::{Calendar, SessionAt};
use super::plans::Plans;
use super::separations::Separations;
use crate::domain::register::Register;
use crate::domain::{ChannelId, Timestamp, UserId};

/// The registers of agreed times and contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// Sessions.
    pub calendar: Calendar,
    /// Contact plans.
    pub plans: Plans,
    /// Who is to be kept apart.
    pub separations: Separations,
}

impl Agreed {
    /// Takes a change of a register in.
    pub fn apply(&mut self, change: &Register) {
        self.calendar.apply(change);
        self.plans.apply(change);
        self.separations.apply(change);
    }

    /// The session that is open in a space now, the one that ends last. `places` are the space and the channel and
    /// category that it belongs to ([`Server::places`](super::Server::places)).
    #[must_use]
    pub fn session_in<'a>(&'a self, places: &'a [ChannelId], now: Timestamp) -> Option<SessionAt<'a>> {
        self.calendar.open_in(places, now).max_by_key(|at| at.window.until)
    }

    /// Whether the rule of cover is relaxed for this adult, on record, in a space (or the channel or category that
    /// it belongs to) at a moment. A relaxation that the adult signed for themselves does not count.
    #[must_use]
    pub fn cover_relaxed_in(&self, places: &[ChannelId], adult: UserId, now: Timestamp) -> bool {
        self.calendar.open_in(places, now).any(|at| at.cover_relaxed_by.is_some_and(|by| by != adult))
    }

    /// Whether a contact plan of this adult with this young person is open now.
    #[must_use]
    pub fn plan_open(&self, adult: UserId, young_person: UserId, now: Timestamp) -> bool {
        self.plans.open_between(adult, young_person, now).next().is_some()
    }

    /// Whether contact of this adult with all of these young people is planned and open now. A plan that the
    /// adult approved for themselves does not count.
    #[must_use]
    pub fn planned(&self, adult: UserId, young_people: &BTreeSet<UserId>, now: Timestamp) -> bool {
        !young_people.is_empty()
            && young_people.iter().all(|young_person| self.plan_open(adult, *young_person, now))
    }

    /// Whether somebody is the declared observer of open plans of this adult with all of these young people. Plans
    /// that the adult approved for themselves do not count.
    #[must_use]
    pub fn observes(
        &self,
        observer: UserId,
        adult: UserId,
        young_people: &BTreeSet<UserId>,
        now: Timestamp,
    ) -> bool {
        observer != adult
            && !young_people.is_empty()
            && young_people.iter().all(|young_person| {
                let mut open = self.plans.open_between(adult, *young_person, now);
                open.any(|(plan, _)| plan.observer == Some(observer))
            })
    }

    /// Whether two people are to be kept apart now.
    #[must_use]
    pub fn separated(&self, one: UserId, other: UserId, now: Timestamp) -> bool {
        self.separations.between(one, other, now).is_some()
    }

    /// The next moment after `now` at which something agreed begins, is about to end, or ends.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let next =
            [self.calendar.next_change(now), self.plans.next_change(now), self.separations.next_change(now)];
        next.into_iter().flatten().min()
    }
}
