//! What was agreed: sessions, contact plans and relaxations, folded from the register.
//!
//! A booked session lifts the rule of *time* only. Only a relaxation on record or an approved contact plan lifts
//! the rule of *cover* (InterAct §2).

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::fact::{ContactPlan, Register, Session};
use crate::domain::{ChannelId, Timestamp, UserId};

/// The register of agreed times and contacts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    sessions: BTreeMap<String, Session>,
    plans: BTreeMap<String, ContactPlan>,
}

impl Agreed {
    /// Takes a change of the register in.
    pub fn apply(&mut self, change: &Register) {
        match change {
            Register::SessionBooked(session) => {
                self.sessions.insert(session.id.clone(), session.clone());
            }
            Register::SessionCancelled { id, .. } => {
                self.sessions.remove(id);
            }
            Register::PlanApproved(plan) => {
                self.plans.insert(plan.id.clone(), plan.clone());
            }
            Register::PlanEnded { id, .. } => {
                self.plans.remove(id);
            }
            _ => {}
        }
    }

    /// Whether the rule of cover is relaxed for this adult, on record, in a space at a moment. A relaxation that
    /// the adult signed for themselves does not count.
    #[must_use]
    pub fn cover_relaxed(&self, space: ChannelId, adult: UserId, now: Timestamp) -> bool {
        self.sessions.values().any(|session| {
            session.cover_relaxed_by.is_some_and(|by| by != adult)
                && session.spaces.contains(&space)
                && (session.from..session.until).contains(&now)
        })
    }

    /// Whether contact of this adult with all of these young people is planned and open now. A plan that the
    /// adult approved for themselves does not count.
    #[must_use]
    pub fn planned(&self, adult: UserId, young_people: &BTreeSet<UserId>, now: Timestamp) -> bool {
        !young_people.is_empty()
            && young_people.iter().all(|young_person| {
                self.plans.values().any(|plan| {
                    plan.adult == adult
                        && plan.young_person == *young_person
                        && plan.approved_by != adult
                        && plan.windows.iter().any(|(from, until)| (*from..*until).contains(&now))
                })
            })
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
                self.plans.values().any(|plan| {
                    plan.observer == Some(observer)
                        && plan.adult == adult
                        && plan.young_person == *young_person
                        && plan.approved_by != adult
                        && plan.windows.iter().any(|(from, until)| (*from..*until).contains(&now))
                })
            })
    }

    /// The next moment after `now` at which something agreed begins or ends.
    #[must_use]
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let sessions = self.sessions.values().flat_map(|session| [session.from, session.until]);
        let plans = self
            .plans
            .values()
            .flat_map(|plan| plan.windows.iter().flat_map(|(from, until)| [*from, *until]));
        sessions.chain(plans).filter(|at| *at > now).min()
    }
}
