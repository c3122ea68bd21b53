//! Reminders of what has to be done with a case by a time (pure): to its owner, where they may know, else to whoever
//! stands in for the DSL, else to whoever is next. Ranks close here as they do on the ladder.

use crate::domain::docket::{Deadline, Docket, DueReminder};
use crate::domain::{Effect, Fact, Timestamp};

use super::digest::reading_channels;
use super::ladder::{PageJob, Rung};
use super::people::{OnCall, People, Slot};

/// What is to be committed now: a fact for each reminder, with its jobs.
pub(super) fn reminders(organisation: &str, docket: &Docket, people: &People, now: Timestamp) -> Vec<Rung> {
    docket.due(now).into_iter().map(|reminder| rung(organisation, docket, people, &reminder, now)).collect()
}

fn rung(
    organisation: &str,
    docket: &Docket,
    people: &People,
    reminder: &DueReminder,
    now: Timestamp,
) -> Rung {
    let DueReminder { case, what, due, moment } = *reminder;
    let readers = readers(docket, people, reminder, now);
    let mut jobs = Vec::new();
    for person in &readers {
        // What the law sets a time for goes by every channel that is read.
        let many = matches!(what, Deadline::BreachReport | Deadline::Lado);
        for channel in reading_channels(person).take(if many { usize::MAX } else { 1 }) {
            let (channel, person) = (channel.clone(), person.name.clone());
            jobs.push(PageJob {
                key: format!("reminder/{organisation}/{case}/{what}/{}/{person}/{channel}", moment.0),
                effect: Effect::Reminder { case, what, due, channel, person },
            });
        }
    }
    let people = readers.iter().map(|person| person.name.clone()).collect();
    Rung { fact: Fact::Reminded { case, what, due, moment, people }, jobs }
}

fn readers<'a>(
    docket: &Docket,
    people: &'a People,
    reminder: &DueReminder,
    now: Timestamp,
) -> Vec<&'a OnCall> {
    let Some(record) = docket.get(reminder.case) else { return Vec::new() };
    let may = |person: &&OnCall| {
        people.may_know(person, &record.case.subjects) && reading_channels(person).next().is_some()
    };
    let owner = record.owner.as_ref().and_then(|(name, _)| people.named(name));
    if let Some(owner) = owner.filter(may) {
        return vec![owner];
    }
    Slot::ALL
        .iter()
        .map(|slot| people.standing(*slot, now).into_iter().filter(may).collect::<Vec<_>>())
        .find(|standing| !standing.is_empty())
        .unwrap_or_default()
}
