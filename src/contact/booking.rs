//! What may be agreed: each change of a register is checked before it becomes one, and a refusal says what to do
//! instead.
//!
//! The functions are given the registers, the wish and the ground it stands on ([`Ground`]), and give the change
//! back that is to be recorded. Who may ask for it at all (a worker, a lead) is for the command to decide.

mod contact;
mod people;
mod refused;

use std::time::Duration;

pub use contact::{approve, decline, end_plan, lift, propose, separate};
pub use people::{enrol, lay_down, take_on, unenrol};
pub use refused::Refused;

use super::calendar::{Booked, LONGEST_EXTENSION};
use super::series::{self, LONGEST_SERIES_DAYS};
use super::window::Window;
use super::{Agreed, Enrolments};
use crate::domain::register::{Register, Session};
use crate::domain::{ChannelId, Kind, Timestamp, UserId};

/// No session is longer than this.
pub const LONGEST_SESSION: Duration = Duration::from_hours(12);

/// Nothing is booked further ahead than this.
pub const FURTHEST_AHEAD: Duration = Duration::from_hours(24 * LONGEST_SERIES_DAYS.unsigned_abs());

/// A session opens at most this many minutes early.
pub const EARLIEST_OPEN_MINUTES: u16 = 30;

/// A session is for at most this many spaces, and has at most this many leaders.
pub const MOST_OF_A_SESSION: usize = 25;

/// A name in a register, or a reference to a record elsewhere, has at most this many characters.
pub const LONGEST_REFERENCE: usize = 64;

/// What a wish stands on: the moment, and what is known of people and spaces.
pub struct Ground<'a> {
    /// Now.
    pub now: Timestamp,
    /// What an account is to the charity.
    pub kind: &'a dyn Fn(UserId) -> Kind,
    /// Whether a space is known.
    pub is_space: &'a dyn Fn(ChannelId) -> bool,
}

/// Books a session.
///
/// # Errors
/// Everything that stands against it, at once.
pub fn book(agreed: &Agreed, session: Session, ground: &Ground) -> Result<Register, Vec<Refused>> {
    let mut against = Vec::new();
    if !is_name(&session.id) {
        against.push(Refused::Name { name: session.id.clone() });
    }
    let taken = agreed.calendar.session(&session.id).is_some_and(|b| b.open_or_next(ground.now).is_some());
    if taken {
        against.push(Refused::NameTaken { name: session.id.clone() });
    }
    match session.spaces.len() {
        0 => against.push(Refused::NoSpace),
        spaces if spaces > MOST_OF_A_SESSION => against.push(Refused::TooManySpaces),
        _ => {}
    }
    let unknown = session.spaces.iter().filter(|space| !(ground.is_space)(**space));
    against.extend(unknown.map(|space| Refused::UnknownSpace { space: *space }));
    against.extend(of_leaders(&session, ground));
    if session.early_open_minutes > EARLIEST_OPEN_MINUTES {
        against.push(Refused::OpensTooEarly);
    }
    match session.risk_assessment.as_deref() {
        Some(reference) if is_reference(reference) => {}
        _ => against.push(Refused::NoRiskAssessment),
    }
    match session.signed_by {
        Some(by) if (ground.kind)(by).covers() => {}
        Some(by) => against.push(Refused::SignerDoesNotCover { who: by }),
        None => against.push(Refused::NotSigned),
    }
    against.extend(of_time(&session, ground));
    if against.is_empty() { Ok(Register::SessionBooked(session)) } else { Err(against) }
}

fn of_leaders(session: &Session, ground: &Ground) -> Vec<Refused> {
    let mut against = Vec::new();
    if session.leaders.len() < 2 {
        against.push(Refused::TooFewLeaders { leaders: session.leaders.len() });
    }
    if session.leaders.len() > MOST_OF_A_SESSION {
        against.push(Refused::TooManyLeaders);
    }
    let strangers = session.leaders.iter().filter(|leader| !(ground.kind)(**leader).covers());
    against.extend(strangers.map(|leader| Refused::LeaderDoesNotCover { who: *leader }));
    match session.standby {
        None => against.push(Refused::NoStandby),
        Some(standby) if session.leaders.contains(&standby) => against.push(Refused::StandbyLeads),
        Some(standby) if !(ground.kind)(standby).covers() => {
            against.push(Refused::StandbyDoesNotCover { who: standby });
        }
        Some(_) => {}
    }
    against
}

fn of_time(session: &Session, ground: &Ground) -> Option<Refused> {
    let first = Window::new(session.from, session.until);
    let last = match session.repeats.as_deref().map(series::windows) {
        None => first,
        Some(Err(refused)) => return Some(Refused::Series(refused)),
        Some(Ok(windows)) => match windows.last() {
            Some(last) => *last,
            None => return Some(Refused::NeverTakesPlace),
        },
    };
    of_window(first, LONGEST_SESSION).or_else(|| {
        if last.until <= ground.now {
            Some(Refused::IsOver)
        } else if first.from > ground.now.plus(FURTHEST_AHEAD) {
            Some(Refused::TooFarAhead)
        } else {
            None
        }
    })
}

fn of_window(window: Window, longest: Duration) -> Option<Refused> {
    if window.is_empty() {
        Some(Refused::EndsBeforeStart { from: window.from })
    } else if window.length() > longest {
        Some(Refused::TooLong { longest })
    } else {
        None
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_REFERENCE
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn is_reference(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= LONGEST_REFERENCE
        && !text.chars().any(char::is_control)
}

fn booked<'a>(agreed: &'a Agreed, id: &str) -> Result<&'a Booked, Refused> {
    agreed.calendar.session(id).ok_or_else(|| Refused::NoSuchSession { name: id.to_owned() })
}

/// Opens the next occurrence of a session early, from now on.
///
/// # Errors
/// When there is no such session, nothing of it is to come, it is open already, or it is too early.
pub fn open(agreed: &Agreed, id: &str, by: UserId, now: Timestamp) -> Result<Register, Refused> {
    let booked = booked(agreed, id)?;
    if let Some((_, window)) = booked.open_at(now) {
        return Err(Refused::AlreadyOpen { until: window.until });
    }
    let (occurrence, window) = booked.open_or_next(now).ok_or(Refused::NothingToCome)?;
    let earliest = window.from.minus(booked.early_open());
    if now < earliest {
        return Err(Refused::TooEarly { earliest });
    }
    Ok(Register::SessionOpened { id: id.to_owned(), occurrence, from: now, by })
}

/// Lets the occurrence that is open now end later.
///
/// # Errors
/// When the session is not open, or the new end is not later, or later than [`LONGEST_EXTENSION`] after the planned
/// one.
pub fn extend(
    agreed: &Agreed,
    id: &str,
    until: Timestamp,
    by: UserId,
    now: Timestamp,
) -> Result<Register, Refused> {
    let booked = booked(agreed, id)?;
    let (occurrence, window) = booked.open_at(now).ok_or(Refused::NotOpen)?;
    let planned = booked.occurrences[&occurrence].planned();
    let latest = planned.until.plus(LONGEST_EXTENSION);
    if until <= window.until {
        return Err(Refused::NotLater { until: window.until });
    }
    if until > latest {
        return Err(Refused::TooLate { latest });
    }
    Ok(Register::SessionExtended { id: id.to_owned(), occurrence, until, by })
}

/// Moves one occurrence that has not begun.
///
/// # Errors
/// When there is no such occurrence to come, or the new time cannot be.
pub fn move_to(
    agreed: &Agreed,
    id: &str,
    occurrence: Timestamp,
    to: Window,
    by: UserId,
    now: Timestamp,
) -> Result<Register, Refused> {
    to_come(booked(agreed, id)?, occurrence, now)?;
    if let Some(refused) = of_window(to, LONGEST_SESSION) {
        return Err(refused);
    }
    if to.from < now {
        return Err(Refused::IsOver);
    }
    if to.from > now.plus(FURTHEST_AHEAD) {
        return Err(Refused::TooFarAhead);
    }
    Ok(Register::SessionMoved { id: id.to_owned(), occurrence, from: to.from, until: to.until, by })
}

/// Cancels one occurrence that has not begun, or all of a session.
///
/// # Errors
/// When there is nothing of it to come, or the occurrence has begun.
pub fn cancel(
    agreed: &Agreed,
    id: &str,
    occurrence: Option<Timestamp>,
    by: UserId,
    now: Timestamp,
) -> Result<Register, Refused> {
    let booked = booked(agreed, id)?;
    match occurrence {
        Some(occurrence) => to_come(booked, occurrence, now)?,
        None => {
            booked.open_or_next(now).ok_or(Refused::NothingToCome)?;
        }
    }
    Ok(Register::SessionCancelled { id: id.to_owned(), occurrence, by: Some(by) })
}

fn to_come(booked: &Booked, occurrence: Timestamp, now: Timestamp) -> Result<(), Refused> {
    let early = booked.early_open();
    let window = booked
        .occurrences
        .get(&occurrence)
        .map(|occurrence| occurrence.window(early))
        .filter(|window| !window.is_empty())
        .ok_or(Refused::NoSuchOccurrence)?;
    if window.from <= now { Err(Refused::HasBegun) } else { Ok(()) }
}

/// Closes the occurrence that is open now.
///
/// # Errors
/// When the session is not open.
pub fn close(agreed: &Agreed, id: &str, by: UserId, now: Timestamp) -> Result<Register, Refused> {
    let (occurrence, _) = booked(agreed, id)?.open_at(now).ok_or(Refused::NotOpen)?;
    Ok(Register::SessionClosed { id: id.to_owned(), occurrence, at: now, by })
}

/// Relaxes two-adult cover for one occurrence of a session or for all, on record.
///
/// # Errors
/// When nothing of the session is open or to come, no record is named, or whoever signs is no lead or leads the
/// session: nobody relaxes cover for themselves (InterAct §2; policy matrix P6).
pub fn relax_cover(
    agreed: &Agreed,
    id: &str,
    occurrence: Option<Timestamp>,
    by: UserId,
    reference: &str,
    ground: &Ground,
) -> Result<Register, Refused> {
    let booked = booked(agreed, id)?;
    booked.open_or_next(ground.now).ok_or(Refused::NothingToCome)?;
    if occurrence.is_some_and(|occurrence| !booked.occurrences.contains_key(&occurrence)) {
        return Err(Refused::NoSuchOccurrence);
    }
    if !is_reference(reference) {
        return Err(Refused::NoReference);
    }
    if !(ground.kind)(by).is_lead() || booked.session.leaders.contains(&by) {
        return Err(Refused::MayNotRelax);
    }
    Ok(Register::CoverRelaxed { id: id.to_owned(), occurrence, by, reference: reference.trim().to_owned() })
}

#[cfg(test)]
mod tests;
