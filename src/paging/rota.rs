//! The rota (pure): who stands in a slot at a moment, in the charity's local time, through both clock changes.
//!
//! Weekly and dated shifts say who is on duty. A cover puts somebody in for somebody else, or for the whole slot, for
//! a while; a swap is two covers. Whoever is away is left out, and their cover stands for them. Times of day are local:
//! a shift until 01:30 and one from 01:30 meet on every night of the year, also on the two in which the clocks
//! change (an hour that is skipped is the moment of the change, of one that comes twice the first is meant).

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

use crate::domain::Timestamp;
use crate::domain::fact::RotaGap;
use crate::domain::zone::Zone;

use super::people::Slot;

/// On which days a shift begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Days {
    /// Every week on these.
    Weekly(Vec<Weekday>),
    /// Once.
    On(NaiveDate),
}

impl Days {
    fn has(&self, day: NaiveDate) -> bool {
        match self {
            Days::Weekly(days) => days.contains(&day.weekday()),
            Days::On(date) => *date == day,
        }
    }
}

/// A time on duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// In which slot.
    pub slot: Slot,
    /// Who, by name.
    pub people: Vec<String>,
    /// On which days it begins.
    pub days: Days,
    /// From when, local time.
    pub from: NaiveTime,
    /// Until when, local time; not later than `from` means on the next day.
    pub until: NaiveTime,
}

/// Somebody stands in for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// In which slot.
    pub slot: Slot,
    /// Who stands in.
    pub person: String,
    /// For whom; for everybody in the slot when absent.
    pub instead_of: Option<String>,
    /// From when, local time.
    pub from: NaiveDateTime,
    /// Until when, local time.
    pub until: NaiveDateTime,
}

/// Somebody is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub person: String,
    /// Who stands in for them, in every slot.
    pub cover: Option<String>,
    /// From when, local time.
    pub from: NaiveDateTime,
    /// Until when, local time.
    pub until: NaiveDateTime,
}

/// Who is on duty when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rota {
    /// Where local times are local.
    pub zone: Zone,
    /// Shifts. A slot without any is always held by everybody whom the configuration puts there.
    pub shifts: Vec<Shift>,
    /// Covers; two make a swap.
    pub covers: Vec<Cover>,
    /// Absences.
    pub absences: Vec<Absence>,
}

impl Rota {
    /// Whether it has shifts at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shifts.is_empty()
    }

    /// The slots that have shifts.
    #[must_use]
    pub fn slots(&self) -> BTreeSet<Slot> {
        self.shifts.iter().map(|shift| shift.slot).collect()
    }

    /// Who stands in a slot at a moment, by name; `home` are those whom the configuration puts there. Nobody in a gap.
    #[must_use]
    pub fn standing(&self, slot: Slot, at: Timestamp, home: &[String]) -> Vec<String> {
        let mut names: Vec<String> = if self.shifts.iter().any(|shift| shift.slot == slot) {
            let on = self.shifts.iter().filter(|shift| shift.slot == slot && self.is_on(shift, at));
            on.flat_map(|shift| shift.people.iter().cloned()).collect()
        } else {
            home.to_vec()
        };
        let covers = || {
            self.covers.iter().filter(|cover| cover.slot == slot && self.within(cover.from, cover.until, at))
        };
        let whole: Vec<_> = covers().filter(|cover| cover.instead_of.is_none()).collect();
        if !whole.is_empty() {
            names = whole.into_iter().map(|cover| cover.person.clone()).collect();
        }
        // Looked up before anything is replaced, so that a swap within one slot does not swap back.
        let replaced: Vec<String> = names
            .iter()
            .map(|name| {
                let cover = covers().find(|cover| cover.instead_of.as_ref() == Some(name));
                cover.map_or_else(|| name.clone(), |cover| cover.person.clone())
            })
            .collect();
        let mut standing: Vec<String> = Vec::new();
        for name in replaced {
            let present = match self.absence(&name, at) {
                None => Some(name),
                Some(away) => away.cover.clone().filter(|cover| !self.is_away(cover, at)),
            };
            standing.extend(present.filter(|name| !standing.contains(name)));
        }
        standing
    }

    /// Whether somebody is away at a moment.
    #[must_use]
    pub fn is_away(&self, name: &str, at: Timestamp) -> bool {
        self.absence(name, at).is_some()
    }

    fn absence(&self, name: &str, at: Timestamp) -> Option<&Absence> {
        self.absences.iter().find(|away| away.person == name && self.within(away.from, away.until, at))
    }

    fn within(&self, from: NaiveDateTime, until: NaiveDateTime, at: Timestamp) -> bool {
        self.zone.moment(from) <= at && at < self.zone.moment(until)
    }

    fn is_on(&self, shift: &Shift, at: Timestamp) -> bool {
        let today = self.zone.date(at);
        // One that began yesterday may pass midnight.
        [today.pred_opt(), Some(today)].into_iter().flatten().any(|day| {
            shift.days.has(day) && self.span(shift, day).is_some_and(|(from, until)| from <= at && at < until)
        })
    }

    /// From when until when a shift that begins on this day goes.
    fn span(&self, shift: &Shift, day: NaiveDate) -> Option<(Timestamp, Timestamp)> {
        let last = if shift.until <= shift.from { day.succ_opt()? } else { day };
        Some((self.zone.moment(day.and_time(shift.from)), self.zone.moment(last.and_time(shift.until))))
    }

    /// The times from `from` until `until` for which a slot that has shifts has nobody.
    #[must_use]
    pub fn gaps(&self, from: Timestamp, until: Timestamp) -> Vec<RotaGap> {
        let mut gaps: Vec<RotaGap> = Vec::new();
        for slot in self.slots() {
            let mut moments = self.changes(slot, from, until);
            moments.insert(from);
            let ends: Vec<Timestamp> = moments.iter().copied().skip(1).chain([until]).collect();
            let mut open: Option<RotaGap> = None;
            for (begin, end) in moments.into_iter().zip(ends) {
                if self.standing(slot, begin, &[]).is_empty() {
                    let new = || RotaGap { slot: slot.code().to_owned(), from: begin, until: end };
                    open.get_or_insert_with(new).until = end;
                } else {
                    gaps.extend(open.take());
                }
            }
            gaps.extend(open);
        }
        gaps
    }

    /// The moments between two at which somebody comes or goes.
    fn changes(&self, slot: Slot, from: Timestamp, until: Timestamp) -> BTreeSet<Timestamp> {
        let mut moments = BTreeSet::new();
        let first = self.zone.date(from.minus(Duration::from_hours(48)));
        let mut day = first;
        while self.zone.moment(day.and_time(NaiveTime::MIN)) < until {
            for shift in self.shifts.iter().filter(|shift| shift.slot == slot && shift.days.has(day)) {
                if let Some((from, until)) = self.span(shift, day) {
                    moments.extend([from, until]);
                }
            }
            day += TimeDelta::days(1);
        }
        let covers =
            self.covers.iter().filter(|cover| cover.slot == slot).map(|cover| (cover.from, cover.until));
        let absences = self.absences.iter().map(|away| (away.from, away.until));
        for (begin, end) in covers.chain(absences) {
            moments.extend([self.zone.moment(begin), self.zone.moment(end)]);
        }
        moments.into_iter().filter(|at| *at > from && *at < until).collect()
    }
}

#[cfg(test)]
#[path = "rota_tests.rs"]
mod tests;
