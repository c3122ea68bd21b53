//! Contact plans and separations, checked before they are recorded.

use std::time::Duration;

use super::{Agreed, Ground, Refused, is_name, is_reference, of_window};
use crate::contact::series;
use crate::contact::window::Window;
use crate::domain::register::{Pair, PlanProposal, Register, Separation};
use crate::domain::{Kind, Timestamp, UserId};

/// No window of a contact plan is longer than this.
pub const LONGEST_WINDOW: Duration = Duration::from_hours(4);

/// A contact plan lapses within this many days: half a year and a week.
pub const LONGEST_PLAN_DAYS: u64 = 190;

/// A separation with an end ends within this many days.
pub const LONGEST_SEPARATION_DAYS: u64 = 3_660;

/// Proposes a contact plan.
///
/// # Errors
/// Everything that stands against it, at once.
pub fn propose(agreed: &Agreed, proposal: PlanProposal, ground: &Ground) -> Result<Register, Vec<Refused>> {
    let mut against = Vec::new();
    if !is_name(&proposal.id) {
        against.push(Refused::Name { name: proposal.id.clone() });
    }
    let stands = agreed.plans.plan(&proposal.id).is_some_and(|planned| {
        planned.open_at(ground.now).or_else(|| planned.next_after(ground.now)).is_some()
    });
    if stands || agreed.plans.proposal(&proposal.id).is_some() {
        against.push(Refused::NameTaken { name: proposal.id.clone() });
    }
    if proposal.adult == proposal.young_person {
        against.push(Refused::OnePerson);
    } else {
        if !is_known_adult((ground.kind)(proposal.adult)) {
            against.push(Refused::NotAnAdult { who: proposal.adult });
        }
        if !(ground.kind)(proposal.young_person).is_protected() {
            against.push(Refused::NotProtected { who: proposal.young_person });
        }
    }
    match proposal.observer {
        Some(observer) if observer == proposal.adult || observer == proposal.young_person => {
            against.push(Refused::ObserverTakesPart);
        }
        Some(observer) if !is_known_adult((ground.kind)(observer)) => {
            against.push(Refused::NotAnAdult { who: observer });
        }
        _ => {}
    }
    if proposal.reference.as_deref().is_some_and(|reference| !is_reference(reference)) {
        against.push(Refused::NoReference);
    }
    if proposal.expires > ground.now.plus(days(LONGEST_PLAN_DAYS)) {
        against.push(Refused::LapsesTooLate);
    }
    against.extend(of_windows(&proposal, ground.now));
    if against.is_empty() { Ok(Register::PlanProposed(proposal)) } else { Err(against) }
}

fn of_windows(proposal: &PlanProposal, now: Timestamp) -> Vec<Refused> {
    let mut against = Vec::new();
    let mut windows: Vec<Window> =
        proposal.windows.iter().map(|(from, until)| Window::new(*from, *until)).collect();
    for series in &proposal.series {
        match series::windows(series) {
            Ok(more) => windows.extend(more),
            Err(refused) => against.push(Refused::Series(refused)),
        }
    }
    let wrong = windows.iter().find_map(|window| of_window(*window, LONGEST_WINDOW));
    let to_come = windows.iter().any(|window| window.until > now && window.from < proposal.expires);
    match wrong {
        Some(wrong) => against.push(wrong),
        None if !to_come && against.is_empty() => against.push(Refused::NoWindow),
        None => {}
    }
    against
}

/// Approves a proposed contact plan.
///
/// # Errors
/// When there is none of that name, it has lapsed, or whoever approves is the adult or no enrolled adult.
pub fn approve(agreed: &Agreed, id: &str, by: UserId, ground: &Ground) -> Result<Register, Refused> {
    let proposal = agreed.plans.proposal(id).ok_or_else(|| Refused::NoSuchPlan { name: id.to_owned() })?;
    if proposal.expires <= ground.now {
        return Err(Refused::IsOver);
    }
    if !(ground.kind)(by).covers() || by == proposal.young_person {
        return Err(Refused::MayNotDecide);
    }
    proposal.clone().approve(by).map(Register::PlanApproved).map_err(|_| Refused::ApprovesOwn)
}

/// Declines a proposed contact plan.
///
/// # Errors
/// When there is none of that name.
pub fn decline(agreed: &Agreed, id: &str, by: UserId) -> Result<Register, Refused> {
    match agreed.plans.proposal(id) {
        Some(_) => Ok(Register::PlanDeclined { id: id.to_owned(), by }),
        None => Err(Refused::NoSuchPlan { name: id.to_owned() }),
    }
}

/// Ends a contact plan before its time, or takes a proposal back.
///
/// # Errors
/// When there is none of that name.
pub fn end_plan(agreed: &Agreed, id: &str, by: UserId) -> Result<Register, Refused> {
    if agreed.plans.plan(id).is_none() && agreed.plans.proposal(id).is_none() {
        return Err(Refused::NoSuchPlan { name: id.to_owned() });
    }
    Ok(Register::PlanEnded { id: id.to_owned(), by: Some(by) })
}

/// Orders that two people are kept apart.
///
/// # Errors
/// When they are one person, when one of them orders it, or when it lapses at an impossible time.
pub fn separate(separation: Separation, ground: &Ground) -> Result<Register, Refused> {
    let [one, other] = separation.between.both();
    if one == other {
        return Err(Refused::OnePerson);
    }
    if separation.between.other(separation.by).is_some() || !(ground.kind)(separation.by).covers() {
        return Err(Refused::MayNotDecide);
    }
    let latest = ground.now.plus(days(LONGEST_SEPARATION_DAYS));
    if separation.expires.is_some_and(|expires| expires <= ground.now || expires > latest) {
        return Err(Refused::LapsesWrongly);
    }
    Ok(Register::SeparationOrdered(separation))
}

/// Lifts a separation.
///
/// # Errors
/// When the two are not kept apart, or one of them lifts it.
pub fn lift(agreed: &Agreed, between: Pair, by: UserId, now: Timestamp) -> Result<Register, Refused> {
    let [one, other] = between.both();
    if !agreed.separated(one, other, now) {
        return Err(Refused::NotSeparated);
    }
    if between.other(by).is_some() {
        return Err(Refused::MayNotDecide);
    }
    Ok(Register::SeparationLifted { between, by, at: now })
}

fn is_known_adult(kind: Kind) -> bool {
    kind.covers() || matches!(kind, Kind::Professional | Kind::Parent)
}

fn days(days: u64) -> Duration {
    Duration::from_hours(24 * days)
}
