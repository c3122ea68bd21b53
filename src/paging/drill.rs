//! Drills (pure): a page once a week, marked as such, and who answered it how fast.
//!
//! The preferred channel is not the only one that has to work, so each drill takes the next one of a person's
//! channels. A drill that fell due while nothing ran is called at the next start, once.

use std::time::Duration;

use chrono::{Datelike, NaiveTime, TimeDelta, Weekday};

use crate::domain::zone::Zone;
use crate::domain::{CaseRef, Category, Effect, Fact, Level, Timestamp};

use super::ladder::{PageJob, Rung};
use super::people::{People, Slot};

/// The reference on a drill page: no case has this number.
pub const NO_CASE: CaseRef = CaseRef(0);

/// When drills are called, and whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillPolicy {
    /// Where the time is local.
    pub zone: Zone,
    /// On which day of the week.
    pub day: Weekday,
    /// At which time of day.
    pub at: NaiveTime,
    /// Who stands in these slots is called.
    pub slots: Vec<Slot>,
    /// How long they have to answer.
    pub answer_within: Duration,
}

impl DrillPolicy {
    /// The first moment after `at` at which a drill is called.
    #[must_use]
    pub fn next(&self, at: Timestamp) -> Timestamp {
        let mut day = self.zone.date(at);
        loop {
            let moment = self.zone.moment(day.and_time(self.at));
            if day.weekday() == self.day && moment > at {
                return moment;
            }
            day += TimeDelta::days(1);
        }
    }
}

/// A drill that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UnderWay {
    began: Timestamp,
    people: Vec<String>,
    answered: Vec<(String, u64)>,
}

/// The drills of an organisation, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Drills {
    /// Since when the next one is counted: the last one, or the first start.
    counted_from: Option<Timestamp>,
    last: u32,
    under_way: Option<UnderWay>,
}

impl Drills {
    /// Folds a fact.
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::Started { .. } => {
                self.counted_from.get_or_insert(at);
            }
            Fact::DrillBegan { drill, people } => {
                self.counted_from = Some(at);
                self.last = *drill;
                self.under_way = Some(UnderWay { began: at, people: people.clone(), answered: Vec::new() });
            }
            Fact::DrillAnswered { drill, name, .. } if *drill == self.last => {
                if let Some(under_way) = &mut self.under_way
                    && !under_way.answered.iter().any(|(known, _)| known == name)
                {
                    under_way.answered.push((name.clone(), at.since(under_way.began).as_secs()));
                }
            }
            Fact::DrillEnded { .. } => self.under_way = None,
            _ => {}
        }
    }

    /// What somebody's answer comes to: the number of the drill that they were called for, or 0 for one called by hand.
    pub fn answered(&self, name: &str) -> u32 {
        let called =
            self.under_way.as_ref().is_some_and(|drill| drill.people.iter().any(|known| known == name));
        if called { self.last } else { 0 }
    }

    /// When something is to be done.
    pub fn due(&self, policy: &DrillPolicy) -> Option<Timestamp> {
        let ends = self.under_way.as_ref().map(|drill| {
            let all = drill.people.iter().all(|name| drill.answered.iter().any(|(known, _)| known == name));
            if all { drill.began } else { drill.began.plus(policy.answer_within) }
        });
        ends.or_else(|| Some(policy.next(self.counted_from?)))
    }

    /// What is to be committed now.
    pub fn advance(
        &self,
        organisation: &str,
        policy: &DrillPolicy,
        people: &People,
        now: Timestamp,
    ) -> Option<Rung> {
        if self.due(policy).is_none_or(|due| due > now) {
            return None;
        }
        match &self.under_way {
            Some(drill) => Some(self.end(organisation, drill, people)),
            None => Some(self.begin(organisation, policy, people, now)),
        }
    }

    fn begin(&self, organisation: &str, policy: &DrillPolicy, people: &People, now: Timestamp) -> Rung {
        let drill = self.last + 1;
        let mut called: Vec<String> = Vec::new();
        let mut jobs = Vec::new();
        for person in policy.slots.iter().flat_map(|slot| people.standing(*slot, now)) {
            if called.contains(&person.name) || person.channels.is_empty() {
                continue;
            }
            called.push(person.name.clone());
            let channel = &person.channels[drill as usize % person.channels.len()];
            jobs.push(PageJob {
                key: format!("drill/{organisation}/{drill}/{}/{channel}", person.name),
                effect: Effect::Page {
                    case: NO_CASE,
                    level: Level::Serious,
                    category: Category::Integrity,
                    slot: person.slot.code().to_owned(),
                    round: drill,
                    channel: channel.clone(),
                    person: person.name.clone(),
                    drill: true,
                    evidence_kept: true,
                },
            });
        }
        Rung { fact: Fact::DrillBegan { drill, people: called }, jobs }
    }

    fn end(&self, organisation: &str, under_way: &UnderWay, people: &People) -> Rung {
        let drill = self.last;
        let answered = under_way.answered.clone();
        let missing: Vec<String> = under_way
            .people
            .iter()
            .filter(|name| !answered.iter().any(|(known, _)| known == *name))
            .cloned()
            .collect();
        let jobs = under_way
            .people
            .iter()
            .filter_map(|name| people.named(name))
            .filter_map(|person| {
                let channel = super::digest::reading_channels(person).next()?;
                Some(PageJob {
                    key: format!("drill-report/{organisation}/{drill}/{}/{channel}", person.name),
                    effect: Effect::DrillReport {
                        drill,
                        answered: answered.clone(),
                        missing: missing.clone(),
                        channel: channel.clone(),
                        person: person.name.clone(),
                    },
                })
            })
            .collect();
        Rung { fact: Fact::DrillEnded { drill, answered, missing }, jobs }
    }
}
