//! `/session`: booking agreed times and what happens to them on the evening.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;

use super::told::{all_told, told};
use super::who::Who;
use super::{Decided, Decision, when};
use crate::contact::booking::{self, Refused};
use crate::contact::calendar::Booked;
use crate::contact::ics::all::{Added, Against};
use crate::contact::window::Window;
use crate::contact::{Server, ics, series};
use crate::discord::interactions::session::{Booking, Import, ImportPeople, Request};
use crate::domain::register::{Series, Session};
use crate::domain::zone::{LocalTime, Zone};
use crate::domain::{ChannelId, Register, SpaceKind, Timestamp};
use crate::engine::Organisation;
use crate::wording;

/// How far a list looks ahead.
const AHEAD: std::time::Duration = std::time::Duration::from_hours(24 * 14);
/// How many lines a list has.
const LINES: usize = 20;

pub(super) fn decide(club: &Organisation, who: Who<'_>, request: &Request, now: Timestamp) -> Decided {
    match request {
        Request::Book(booking) => book(club, who, booking, now),
        Request::Open { session } => open(club, who, session, now),
        Request::Extend { session, minutes } => extend(club, who, session, *minutes, now),
        Request::Close { session } => close(club, who, session, now),
        Request::Cancel { session, all } => cancel(club, who, session, *all, now),
        Request::Relax { session, reference } => relax(club, who.leads()?, session, reference, now),
        Request::Import(import) => self::import(club, who, import, now),
        Request::List => Ok(Decision::says(list(club, now))),
    }
}

/// A session by its name in the register.
fn found<'c>(club: &'c Organisation, id: &str) -> Result<&'c Booked, String> {
    let booked = club.state().agreed.calendar.session(id);
    booked.ok_or_else(|| wording::no_such_session(id))
}

/// A session that somebody may change: its leaders, its standby, whoever booked it, and leads.
fn in_charge<'c>(club: &'c Organisation, who: Who<'_>, id: &str) -> Result<&'c Booked, String> {
    let booked = found(club, id)?;
    let session = &booked.session;
    let theirs = session.leaders.contains(&who.account)
        || session.standby == Some(who.account)
        || session.booked_by == Some(who.account);
    if theirs || who.kind.is_lead() {
        return Ok(booked);
    }
    Err(wording::session_not_yours(id))
}

fn book(club: &Organisation, who: Who<'_>, booking: &Booking, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let (starts, ends) = times(&booking.starts, &booking.ends, now, zone)?;
    let window = Window::new(zone.moment(starts), zone.moment(ends));
    let spaces: BTreeSet<ChannelId> = booking.spaces.iter().copied().collect();
    let agreed = &club.state().agreed;
    let same = agreed.calendar.sessions().find(|known| {
        let running = known
            .open_or_next(now)
            .is_some_and(|(_, next)| next.from < window.until && window.from < next.until);
        running && !known.session.spaces.is_disjoint(&spaces)
    });
    if let Some(same) = same {
        return Err(wording::session_overlaps(&same.session.id));
    }
    if booking.signed_by == Some(who.account) {
        return Err(wording::session_signed_by_oneself().to_owned());
    }
    let repeats = match &booking.weekly_until {
        Some(until) => Some(Box::new(weekly(until, starts, ends, now, zone)?)),
        None => None,
    };
    let session = Session {
        id: free_name(club, &booking.name),
        spaces,
        leaders: booking.leaders.iter().copied().collect(),
        from: window.from,
        until: window.until,
        repeats,
        early_open_minutes: u16::try_from(booking.early.max(0)).unwrap_or(u16::MAX),
        standby: booking.standby,
        risk_assessment: Some(booking.risk_assessment.clone()),
        signed_by: booking.signed_by,
        booked_by: Some(who.account),
        cover_relaxed_by: None,
    };
    let times =
        session.repeats.as_deref().and_then(|series| series::windows(series).ok()).map_or(1, |all| all.len());
    let reply = wording::session_booked(&session.id, &shown(window, zone), times, &channels(&session.spaces));
    let change = who.ground(now, |ground| booking::book(agreed, session, ground));
    Ok(Decision::changes(change.map_err(|against| all_told(&against, zone))?, reply))
}

/// Every session of a calendar file, or none of them.
fn import(club: &Organisation, who: Who<'_>, import: &Import, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let space = |name: &str| channel_named(who.server, name);
    let file = ics::read(&import.text, &ics::Ground { zone, now, space: &space });
    let ImportPeople { leaders, standby, signed_by, only_show } = &import.people;
    let added = Added {
        leaders: leaders.iter().copied().collect(),
        standby: Some(*standby),
        risk_assessment: import.risk_assessment.clone(),
        signed_by: Some(*signed_by),
        by: who.account,
    };
    let planned = who.ground(now, |ground| ics::all::plan(&file, &added, &club.state().agreed, ground));
    let planned = planned.map_err(|against| {
        let lines: Vec<String> = against.iter().map(|against| told_against(against, zone)).collect();
        wording::import_refused(&lines)
    })?;
    let lines: Vec<String> = planned
        .iter()
        .map(|planned| {
            let when = shown(planned.first, zone);
            wording::import_line(
                &planned.session.id,
                &when,
                (planned.times, planned.moved, planned.cancelled),
                &channels(&planned.session.spaces),
            )
        })
        .collect();
    let remarks: Vec<String> = file.remarks.iter().map(|remark| told(&remark.in_one_line(), zone)).collect();
    let reply = wording::imported(&lines, &remarks, file.over, !only_show);
    let changes = planned.into_iter().flat_map(|planned| planned.changes).filter(|_| !only_show).collect();
    Ok(Decision { changes, reply })
}

/// The one channel of this name, in any case; none when several have it.
fn channel_named(server: &Server, name: &str) -> Option<ChannelId> {
    let name = name.to_lowercase();
    let mut named = server.spaces.values().filter(|space| {
        !space.kind.is_thread() && space.kind != SpaceKind::Category && space.name.to_lowercase() == name
    });
    let first = named.next()?.id;
    named.next().is_none().then_some(first)
}

/// What stands against an import, in the reader's way.
fn told_against(against: &Against, zone: Zone) -> String {
    let text = match against {
        Against::File(problem) => problem.in_one_line(),
        Against::Session { line, name, refused } => {
            let refused: Vec<String> = refused.iter().map(ToString::to_string).collect();
            wording::import_session_refused(*line, name, &refused.join("; "))
        }
        Against::Overlaps { line, name, with, at } => {
            wording::import_overlaps(*line, name, with, &at.to_string())
        }
        Against::SignsOwn => return wording::session_signed_by_oneself().to_owned(),
        Against::Nothing { over } => return wording::import_empty(*over),
        Against::TooMany { sessions } => return wording::import_too_many(*sessions, ics::all::MOST_SESSIONS),
    };
    told(&text, zone)
}

/// Start and end on the wall, as somebody wrote them.
pub(super) fn times(
    starts: &str,
    ends: &str,
    now: Timestamp,
    zone: Zone,
) -> Result<(NaiveDateTime, NaiveDateTime), String> {
    let from = when::local(starts, now, zone).ok_or_else(|| wording::not_a_time(starts))?;
    let until = when::end_after(ends, from, now, zone).ok_or_else(|| wording::not_a_time(ends))?;
    Ok((from, until))
}

/// Every week at this time, until a day.
pub(super) fn weekly(
    until: &str,
    starts: NaiveDateTime,
    ends: NaiveDateTime,
    now: Timestamp,
    zone: Zone,
) -> Result<Series, String> {
    let last = when::day(until, now, zone).ok_or_else(|| wording::not_a_day(until))?;
    let series = Series {
        zone,
        starts: LocalTime(starts),
        ends: LocalTime(ends),
        rule: format!("FREQ=WEEKLY;UNTIL={}", last.format("%Y%m%dT235959")),
        except: BTreeSet::new(),
    };
    series::windows(&series).map_err(|refused| told(&refused.to_string(), zone))?;
    Ok(series)
}

/// `Art club!` is `art-club`; a name that is taken gets a number.
fn free_name(club: &Organisation, name: &str) -> String {
    let mut plain = String::new();
    for c in name.trim().to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            plain.push(c);
        } else if !plain.ends_with('-') && !plain.is_empty() {
            plain.push('-');
        }
    }
    let plain: String = plain.trim_end_matches('-').chars().take(40).collect();
    let plain = if plain.is_empty() { "session".to_owned() } else { plain };
    let taken = |id: &str| club.state().agreed.calendar.session(id).is_some();
    if !taken(&plain) {
        return plain;
    }
    (2..=u16::MAX).map(|number| format!("{plain}-{number}")).find(|id| !taken(id)).unwrap_or(plain)
}

fn changed(change: Result<Register, Refused>, zone: Zone, reply: String) -> Decided {
    change.map(|change| Decision::changes(change, reply)).map_err(|refused| told(&refused.to_string(), zone))
}

fn open(club: &Organisation, who: Who<'_>, id: &str, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let until = in_charge(club, who, id)?.open_or_next(now).map_or(now, |(_, window)| window.until);
    let change = booking::open(&club.state().agreed, id, who.account, now);
    changed(change, zone, wording::session_opened(id, &clock(until, zone)))
}

fn extend(club: &Organisation, who: Who<'_>, id: &str, minutes: i64, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let booked = in_charge(club, who, id)?;
    let ends = booked.open_at(now).map_or(now, |(_, window)| window.until);
    let until = ends.plus(std::time::Duration::from_mins(u64::try_from(minutes).unwrap_or(0)));
    let change = booking::extend(&club.state().agreed, id, until, who.account, now);
    changed(change, zone, wording::session_extended(id, &clock(until, zone)))
}

fn close(club: &Organisation, who: Who<'_>, id: &str, now: Timestamp) -> Decided {
    in_charge(club, who, id)?;
    let change = booking::close(&club.state().agreed, id, who.account, now);
    changed(change, club.policy().zone, wording::session_closed(id))
}

/// The next time that has not begun, or all of them.
fn cancel(club: &Organisation, who: Who<'_>, id: &str, all: bool, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let booked = in_charge(club, who, id)?;
    let next = booked.windows().find(|(_, window)| window.from > now);
    let which = if all { None } else { Some(next.ok_or_else(|| wording::session_nothing_to_cancel(id))?.0) };
    let reply = match next.filter(|_| !all) {
        Some((_, window)) => wording::session_cancelled(id, &shown(window, zone)),
        None => wording::session_cancelled_for_good(id),
    };
    changed(booking::cancel(&club.state().agreed, id, which, who.account, now), zone, reply)
}

fn relax(club: &Organisation, who: Who<'_>, id: &str, reference: &str, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let (occurrence, window) =
        found(club, id)?.open_or_next(now).ok_or_else(|| wording::session_nothing_to_cancel(id))?;
    let agreed = &club.state().agreed;
    let change = who.ground(now, |ground| {
        booking::relax_cover(agreed, id, Some(occurrence), who.account, reference, ground)
    });
    changed(change, zone, wording::session_relaxed(id, &shown(window, zone)))
}

fn list(club: &Organisation, now: Timestamp) -> String {
    let zone = club.policy().zone;
    let until = now.plus(AHEAD);
    let mut coming: Vec<(Window, &Booked)> = Vec::new();
    for booked in club.state().agreed.calendar.sessions() {
        let windows = booked.windows().map(|(_, window)| window);
        coming
            .extend(windows.filter(|window| window.until > now && window.from < until).map(|w| (w, booked)));
    }
    if coming.is_empty() {
        return wording::no_sessions().to_owned();
    }
    coming.sort_by_key(|(window, booked)| (window.from, booked.session.id.clone()));
    let more = coming.len().saturating_sub(LINES);
    let lines = coming.iter().take(LINES).map(|(window, booked)| {
        let session = &booked.session;
        let leaders: Vec<String> = session.leaders.iter().map(|leader| format!("<@{leader}>")).collect();
        let when = shown(*window, zone);
        wording::session_line(
            &session.id,
            &when,
            window.from <= now,
            &channels(&session.spaces),
            &leaders.join(" "),
        )
    });
    wording::list(&lines.collect::<Vec<_>>(), more)
}

/// Channels as Discord shows them.
fn channels(spaces: &BTreeSet<ChannelId>) -> String {
    spaces.iter().map(|space| format!("<#{space}>")).collect::<Vec<_>>().join(" ")
}

/// `Tue 3 Mar 18:00–20:00`.
pub(super) fn shown(window: Window, zone: Zone) -> String {
    let (from, until) = (zone.local(window.from), zone.local(window.until));
    if from.date() == until.date() {
        return format!("{}–{}", from.format("%a %-d %b %H:%M"), until.format("%H:%M"));
    }
    format!("{} – {}", from.format("%a %-d %b %H:%M"), until.format("%a %-d %b %H:%M"))
}

/// `18:00`.
fn clock(at: Timestamp, zone: Zone) -> String {
    zone.local(at).format("%H:%M").to_string()
}
