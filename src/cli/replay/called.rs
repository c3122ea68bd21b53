//! Who would be called first: the ladder's own answer, asked at the moment at which a concern is raised.
//!
//! An export holds no acknowledgements, so how a ladder goes on cannot be told; only its beginning is.

use std::collections::BTreeSet;

use crate::domain::{CaseRef, Category, Fact, Kind, Level, Timestamp, UserId};
use crate::domain::{Effect, who_may_know::who_may_know};
use crate::engine::Organisation;
use crate::paging::people::DISCORD_DM;
use crate::paging::{Calls, LadderPolicy, OnCall, People, Slot};

/// The ladder and who stands on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Callers {
    /// How a case climbs.
    pub ladder: LadderPolicy,
    /// Who is called, where a configuration says it; else whoever holds a lead's role in the exports, and
    /// somebody whom the exports do not know in every slot that nobody holds.
    pub people: Option<People>,
}

impl Callers {
    /// The slots that a case of this level calls at once. Nobody who is a subject is called; when nobody is left,
    /// the external contact is.
    #[must_use]
    pub fn first(
        &self,
        club: &Organisation,
        at: Timestamp,
        category: Category,
        level: Level,
        subjects: &BTreeSet<UserId>,
    ) -> Vec<Slot> {
        if level < Level::Serious {
            return Vec::new();
        }
        let people = self.people.clone().unwrap_or_else(|| by_role(club));
        let mut calls = Calls::new("replay", self.ladder.clone(), people.clone());
        let case = CaseRef(1);
        calls.apply(at, &Fact::CaseOpened { case, category, level, subjects: subjects.clone() });
        let mut slots: Vec<Slot> = Vec::new();
        for rung in calls.advance(at) {
            for job in rung.jobs {
                if let Effect::Page { person, .. } = &job.effect
                    && let Some(person) = people.named(person)
                    && who_may_know(subjects, &person.readers())
                    && !slots.contains(&person.slot)
                {
                    slots.push(person.slot);
                }
            }
        }
        if slots.is_empty() {
            slots.push(Slot::External);
        }
        slots
    }
}

/// The leads as their roles name them.
fn by_role(club: &Organisation) -> People {
    const LEADS: [(Slot, Kind); 4] = [
        (Slot::Dsl, Kind::Dsl),
        (Slot::DeputyDsl, Kind::DeputyDsl),
        (Slot::SeniorManager, Kind::SeniorManager),
        (Slot::Chair, Kind::Chair),
    ];
    let on_call = |slot: Slot, account: Option<UserId>| OnCall {
        name: account.map_or_else(|| slot.code().to_owned(), |account| format!("{}-{account}", slot.code())),
        slot,
        account,
        channels: vec![DISCORD_DM.to_owned()],
    };
    let everybody: BTreeSet<(Kind, UserId)> = club
        .servers()
        .values()
        .flat_map(|server| server.roster.iter().map(|person| (person.kind, person.id)))
        .collect();
    let mut people = Vec::new();
    for (slot, kind) in LEADS {
        let holders: Vec<OnCall> = everybody
            .range((kind, UserId(0))..=(kind, UserId(u64::MAX)))
            .map(|(_, account)| on_call(slot, Some(*account)))
            .collect();
        if holders.is_empty() {
            people.push(on_call(slot, None));
        }
        people.extend(holders);
    }
    people.push(on_call(Slot::External, None));
    People::new(people)
}
