//! `/separate`, `/enrol`, `/roster`: who is kept apart, who works here, with which responsibility.

use super::told::told;
use super::who::Who;
use super::{Decided, Decision, when};
use crate::contact::booking::{self, Refused};
use crate::discord::interactions::{enrol, separate};
use crate::domain::register::{Enrolment, Pair, Separation};
use crate::domain::zone::Zone;
use crate::domain::{Kind, Register, Timestamp, UserId};
use crate::engine::Organisation;
use crate::wording;

/// How many lines a list has.
const LINES: usize = 30;

fn changed(change: Result<Register, Refused>, zone: Zone, reply: String) -> Decided {
    change.map(|change| Decision::changes(change, reply)).map_err(|refused| told(&refused.to_string(), zone))
}

/// `Tue 3 Mar 2026`.
fn date(at: Timestamp, zone: Zone) -> String {
    zone.local(at).format("%a %-d %b %Y").to_string()
}

pub(super) fn separate(
    club: &Organisation,
    who: Who<'_>,
    request: &separate::Request,
    now: Timestamp,
) -> Decided {
    let zone = club.policy().zone;
    let agreed = &club.state().agreed;
    match request {
        separate::Request::Order { one, other, reason, until } => {
            who.person(*one)?;
            who.person(*other)?;
            let expires = match until {
                Some(until) => {
                    let day = when::day(until, now, zone).ok_or_else(|| wording::not_a_day(until))?;
                    // The whole of the day.
                    day.succ_opt().map(|next| zone.moment(next.and_time(chrono::NaiveTime::MIN)))
                }
                None => None,
            };
            let order = Separation {
                between: Pair::of(*one, *other),
                since: now,
                by: who.account,
                reason: *reason,
                expires,
            };
            let until =
                until.as_ref().and(expires).map(|at| date(at.minus(std::time::Duration::from_secs(1)), zone));
            let reply = wording::separated(*one, *other, until.as_deref());
            changed(who.ground(now, |ground| booking::separate(order, ground)), zone, reply)
        }
        separate::Request::Lift { one, other } => {
            let change = booking::lift(agreed, Pair::of(*one, *other), who.account, now);
            changed(change, zone, wording::separation_lifted(*one, *other))
        }
        separate::Request::List => {
            // Nobody reads here that they are kept apart from somebody: the subject of an order may be a lead.
            let standing =
                agreed.separations.standing(now).filter(|order| order.between.other(who.account).is_none());
            let mut lines: Vec<String> = standing
                .map(|order| {
                    let [one, other] = order.between.both();
                    let until = order.expires.map(|at| date(at, zone));
                    let since = date(order.since, zone);
                    wording::separation_line(
                        (one, other),
                        order.reason.as_str(),
                        &since,
                        order.by,
                        until.as_deref(),
                    )
                })
                .collect();
            if lines.is_empty() {
                return Ok(Decision::says(wording::no_separations()));
            }
            let more = lines.len().saturating_sub(LINES);
            lines.truncate(LINES);
            Ok(Decision::says(wording::list(&lines, more)))
        }
    }
}

pub(super) fn enrol(club: &Organisation, who: Who<'_>, request: &enrol::Request, now: Timestamp) -> Decided {
    let zone = club.policy().zone;
    let enrolments = &club.state().enrolments;
    let by = who.account;
    match request {
        enrol::Request::Add { account, kind, reference } => {
            let person = who.person(*account)?;
            if person.kind.is_protected() || person.kind == Kind::Conflicted {
                return Err(wording::enrols_a_young_person(*account));
            }
            let (kind, reference) = (*kind, reference.clone());
            let enrolment = Enrolment { account: *account, kind, by, since: now, reference };
            changed(booking::enrol(enrolments, enrolment), zone, wording::enrolled(*account, kind))
        }
        enrol::Request::End { account } => {
            if *account == by {
                return Err(wording::not_for_oneself().to_owned());
            }
            changed(booking::unenrol(enrolments, *account, by, now), zone, wording::unenrolled(*account))
        }
        enrol::Request::Responsibility { who: holder, what, takes } => {
            if *holder == by && *takes {
                return Err(wording::not_for_oneself().to_owned());
            }
            if *takes && !who.person(*holder)?.kind.covers() {
                return Err(wording::enrol_first(*holder));
            }
            let change = if *takes {
                booking::take_on(enrolments, *what, *holder, by, now)
            } else {
                booking::lay_down(enrolments, *what, *holder, by, now)
            };
            changed(change, zone, wording::responsibility_changed(*holder, what.as_str(), *takes))
        }
    }
}

pub(super) fn roster(club: &Organisation, who: Who<'_>, person: Option<UserId>) -> Decision {
    let zone = club.policy().zone;
    let enrolments = &club.state().enrolments;
    let about = |account: UserId| person.is_none_or(|person| person == account);
    let mut lines = Vec::new();
    let held = enrolments.held().filter(|held| about(held.who));
    lines.extend(held.map(|held| {
        wording::roster_responsibility(held.what.as_str(), held.who, &date(held.since, zone), held.by)
    }));
    let enrolled = enrolments.enrolled().filter(|enrolment| about(enrolment.account));
    lines.extend(enrolled.map(|enrolment| {
        wording::roster_enrolled(
            enrolment.account,
            enrolment.kind,
            &date(enrolment.since, zone),
            enrolment.by,
        )
    }));
    // Whoever is here by the server's roles alone.
    let by_role = who
        .server
        .roster
        .iter()
        .filter(|known| known.kind.covers() && about(known.id) && enrolments.of(known.id).is_none());
    lines.extend(by_role.map(|known| {
        let seen = enrolments.seen(who.server.id, known.id).filter(|seen| seen.kind == known.kind);
        let since = seen.map(|seen| (date(seen.since, zone), seen.by));
        wording::roster_by_role(known.id, known.kind, since.as_ref().map(|(since, by)| (since.as_str(), *by)))
    }));
    // Whoever would be, were they enrolled.
    let waiting = who.server.roster.iter().filter(|known| {
        let by_roles = Kind::of_mapped(&who.server.kinds_of_roles(&known.roles));
        known.kind == Kind::Guest && by_roles.covers() && about(known.id)
    });
    lines.extend(waiting.map(|known| wording::roster_not_enrolled(known.id)));
    if lines.is_empty() {
        return Decision::says(match person {
            Some(person) => wording::not_on_the_roster(person),
            None => wording::nobody_on_the_roster().to_owned(),
        });
    }
    let more = lines.len().saturating_sub(LINES);
    lines.truncate(LINES);
    Decision::says(wording::list(&lines, more))
}
