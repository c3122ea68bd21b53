//! Sessions from a calendar file (`.ics`, RFC 5545), as Google, Outlook and Apple write it.
//!
//! [`read`] gives the sessions that the file proposes and everything in it that cannot be used, each with its line and
//! what to do. Nothing is booked by it: leaders, standby adult and risk assessment are no part of a calendar file, so
//! a person adds them, and what they add is checked like any booking.
//!
//! * `DTSTART` and `DTEND` with a `TZID`, in UTC, or floating (then the charity's zone is meant); `DURATION`.
//! * `RRULE` and `EXDATE`; a rule that began in the past is taken from now on, one that never ends for a year.
//! * `RECURRENCE-ID`: one occurrence moved or cancelled.
//! * [`all`]: what a person adds, and all of the file or nothing of it.
//! * The spaces: channels named in `LOCATION`, else one named as the event is.
//!
//! A whole-day event has no time to be open at, and extra dates (`RDATE`) or changes of all following occurrences are
//! not read: the problem says so.

pub mod all;
mod component;
mod event;
mod time;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::window::Window;
use crate::domain::register::{Register, Session};
use crate::domain::zone::Zone;
use crate::domain::{ChannelId, Timestamp, UserId};
use component::Component;
use event::Event;

/// No calendar file larger than this many bytes is read.
pub const LARGEST_FILE: usize = 1 << 20;

/// No more events than this are read from one file.
pub const MOST_EVENTS: usize = 1_000;

/// Something in the file that cannot be used, or is not used as it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// What it is.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl Problem {
    fn new(line: usize, what: impl Into<String>, fix: impl Into<String>) -> Problem {
        Problem { line, what: what.into(), fix: fix.into() }
    }

    /// The problem on one line: line of the file, what, what to do.
    #[must_use]
    pub fn in_one_line(&self) -> String {
        format!("line {}: {}: {}", self.line, self.what, self.fix)
    }

    /// The problem as it is shown: file, line, what; and below, what to do.
    #[must_use]
    pub fn in_file(&self, file: &str) -> String {
        format!("{file}:{self}")
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n{}", self.line, self.what, self.fix)
    }
}

/// A session that the file proposes. Leaders, standby adult, risk assessment and signature are still to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// The line at which its event begins.
    pub line: usize,
    /// What the event is called.
    pub title: String,
    /// The session as far as the file tells it.
    pub session: Session,
    /// Occurrences (by their booked start) that take place at another time.
    pub moved: BTreeMap<Timestamp, Window>,
    /// Occurrences that do not take place.
    pub cancelled: BTreeSet<Timestamp>,
}

impl Proposed {
    /// The changes of the register that follow its booking: what was moved, what was cancelled.
    pub fn exceptions(&self, by: UserId) -> impl Iterator<Item = Register> {
        let id = || self.session.id.clone();
        let moved = self.moved.iter().map(move |(occurrence, to)| Register::SessionMoved {
            id: id(),
            occurrence: *occurrence,
            from: to.from,
            until: to.until,
            by,
        });
        let cancelled = self.cancelled.iter().map(move |occurrence| Register::SessionCancelled {
            id: id(),
            occurrence: Some(*occurrence),
            by: Some(by),
        });
        moved.chain(cancelled)
    }
}

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Import {
    /// Sessions to come, in the order of the file.
    pub sessions: Vec<Proposed>,
    /// What cannot be used. The events that these are about are not among the sessions.
    pub problems: Vec<Problem>,
    /// What is used otherwise than it stands there (a rule without an end, a time that moves with the clocks).
    pub remarks: Vec<Problem>,
    /// How many events are over.
    pub over: usize,
}

/// What a file is read against.
pub struct Ground<'a> {
    /// The charity's zone, for times that name none.
    pub zone: Zone,
    /// Now: what is over is not proposed.
    pub now: Timestamp,
    /// The channel of a name, without `#`; any case.
    pub space: &'a dyn Fn(&str) -> Option<ChannelId>,
}

/// Reads a calendar file.
#[must_use]
pub fn read(text: &str, ground: &Ground) -> Import {
    let mut import = Import::default();
    if text.len() > LARGEST_FILE {
        let fix = "export a shorter time, or split the file";
        import.problems.push(Problem::new(1, "the file is larger than 1 MiB", fix));
        return import;
    }
    let (components, problems) = component::components(text);
    import.problems = problems;
    let described: Vec<Component> = components.into_iter().filter(|c| c.name == "VEVENT").collect();
    if let Some(one_more) = described.get(MOST_EVENTS) {
        let what = format!("the file has more than {MOST_EVENTS} events; the rest is not read");
        import.problems.push(Problem::new(one_more.line, what, "export a shorter time, or split the file"));
    }
    let mut events: Vec<Event> = Vec::new();
    for described in described.iter().take(MOST_EVENTS) {
        match Event::read(described, ground.zone) {
            Ok(event) => events.push(event),
            Err(problem) => import.problems.push(problem),
        }
    }
    let uids: BTreeSet<String> =
        events.iter().filter(|event| event.instead_of.is_none()).map(|event| event.uid.clone()).collect();
    // One occurrence of an event that the file holds is an exception of it; of one that it does not hold, a session.
    let (exceptions, masters): (Vec<Event>, Vec<Event>) =
        events.into_iter().partition(|event| event.instead_of.is_some() && uids.contains(&event.uid));
    let mut names = BTreeSet::new();
    for event in masters.into_iter().filter(|event| !event.cancelled) {
        let mine = exceptions.iter().filter(|exception| exception.uid == event.uid);
        match event.propose(mine, ground, &mut names, &mut import.remarks) {
            Ok(Some(proposed)) => import.sessions.push(proposed),
            Ok(None) => import.over += 1,
            Err(problem) => import.problems.push(problem),
        }
    }
    import.problems.sort_by_key(|problem| problem.line);
    import.remarks.sort_by_key(|remark| remark.line);
    import
}

#[cfg(test)]
mod tests;
