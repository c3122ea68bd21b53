//! `/contact`: plans for one adult and one young person. Nobody agrees to their own.

use super::session::{shown, times, weekly};
use super::told::{all_told, told};
use super::who::Who;
use super::{Decided, Decision};
use crate::contact::booking::{self, Refused};
use crate::contact::window::Window;
use crate::discord::interactions::contact::{Proposal, Request};
use crate::domain::register::PlanProposal;
use crate::domain::{MessageId, Register, ReportRef, Timestamp, UserId};
use crate::engine::Organisation;
use crate::wording;

/// How many lines a list has.
const LINES: usize = 20;

pub(super) fn decide(
    club: &Organisation,
    who: Who<'_>,
    request: &Request,
    call: MessageId,
    now: Timestamp,
) -> Decided {
    match request {
        Request::Propose(proposal) => propose(club, who, proposal, call, now),
        Request::Approve { plan } => approve(club, who.leads()?, plan, now),
        Request::Decline { plan } => {
            let change = booking::decline(&club.state().agreed, plan, who.leads()?.account);
            changed(change, club, wording::plan_declined(plan))
        }
        Request::End { plan } => end(club, who, plan),
        Request::List => Ok(Decision::says(list(club, now))),
    }
}

fn propose(
    club: &Organisation,
    who: Who<'_>,
    proposal: &Proposal,
    call: MessageId,
    now: Timestamp,
) -> Decided {
    let zone = club.policy().zone;
    let (starts, ends) = times(&proposal.starts, &proposal.ends, now, zone)?;
    let window = Window::new(zone.moment(starts), zone.moment(ends));
    let series = match &proposal.weekly_until {
        Some(until) => vec![weekly(until, starts, ends, now, zone)?],
        None => Vec::new(),
    };
    let last = series.first().and_then(|series| crate::contact::series::windows(series).ok()?.pop());
    // A name of its own that says nothing about anybody.
    let id = ReportRef::of(call).to_string().replacen("R-", "p-", 1).to_lowercase();
    let (adult, young_person) = (proposal.adult, proposal.young_person);
    let reply = wording::plan_proposed(&id, adult, young_person, &shown(window, zone), !series.is_empty());
    let plan = PlanProposal {
        id,
        adult,
        young_person,
        purpose: proposal.purpose,
        reference: proposal.reference.clone(),
        observer: proposal.observer,
        windows: if series.is_empty() { vec![(window.from, window.until)] } else { Vec::new() },
        series,
        expires: last.unwrap_or(window).until,
        proposed_by: who.account,
    };
    let agreed = &club.state().agreed;
    let change = who.ground(now, |ground| booking::propose(agreed, plan, ground));
    Ok(Decision::changes(change.map_err(|against| all_told(&against, zone))?, reply))
}

fn approve(club: &Organisation, who: Who<'_>, id: &str, now: Timestamp) -> Decided {
    let agreed = &club.state().agreed;
    let proposal = agreed.plans.proposal(id);
    if proposal.is_some_and(|plan| plan.observer == Some(who.account)) {
        return Err(wording::plan_observed_by_oneself().to_owned());
    }
    let reply =
        proposal.map_or_else(String::new, |plan| wording::plan_approved(id, plan.adult, plan.young_person));
    let change = who.ground(now, |ground| booking::approve(agreed, id, who.account, ground));
    changed(change, club, reply)
}

fn changed(change: Result<Register, Refused>, club: &Organisation, reply: String) -> Decided {
    change
        .map(|change| Decision::changes(change, reply))
        .map_err(|refused| told(&refused.to_string(), club.policy().zone))
}

/// Ending restrains, so whoever takes part may.
fn end(club: &Organisation, who: Who<'_>, id: &str) -> Decided {
    let agreed = &club.state().agreed;
    let involved: Vec<UserId> = match (agreed.plans.plan(id), agreed.plans.proposal(id)) {
        (Some(planned), _) => {
            let plan = &planned.plan;
            [Some(plan.adult), plan.observer, plan.proposed_by].into_iter().flatten().collect()
        }
        (None, Some(proposal)) => vec![proposal.adult, proposal.proposed_by],
        (None, None) => Vec::new(),
    };
    if !who.kind.is_lead() && !involved.contains(&who.account) {
        return Err(wording::plan_not_yours().to_owned());
    }
    changed(booking::end_plan(agreed, id, who.account), club, wording::plan_ended(id))
}

fn list(club: &Organisation, now: Timestamp) -> String {
    let zone = club.policy().zone;
    let plans = &club.state().agreed.plans;
    let waiting = plans.proposals().map(|plan| {
        wording::plan_waits(&plan.id, plan.adult, plan.young_person, plan.purpose.as_str(), plan.proposed_by)
    });
    let approved = plans.plans().filter_map(|planned| {
        let plan = &planned.plan;
        let (window, open) = match planned.open_at(now) {
            Some(window) => (window, true),
            None => (planned.next_after(now)?, false),
        };
        let when = shown(window, zone);
        Some(wording::plan_line(
            &plan.id,
            &when,
            open,
            (plan.adult, plan.young_person, plan.observer),
            plan.approved_by,
        ))
    });
    let mut all: Vec<String> = waiting.chain(approved).collect();
    if all.is_empty() {
        return wording::no_plans().to_owned();
    }
    let more = all.len().saturating_sub(LINES);
    all.truncate(LINES);
    wording::list(&all, more)
}
