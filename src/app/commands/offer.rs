//! What is offered while somebody types: only what exists, and only to whom it may concern.

use super::session::shown;
use super::who::Who;
use crate::discord::interactions::{self, Offer};
use crate::domain::{Kind, Timestamp, UserId};
use crate::engine::Organisation;

/// Discord takes this many.
const MOST: usize = 25;
/// Characters of one choice.
const LONGEST: usize = 100;

/// The choices: what is shown, and what is sent. Nothing for somebody who may not use the command.
pub(super) fn choices(club: &Organisation, offer: &Offer, now: Timestamp) -> Vec<(String, String)> {
    let Ok(who) = Who::of(club, offer.by, offer.guild).and_then(Who::works_here) else { return Vec::new() };
    let all = match (offer.command.as_str(), offer.options.sub.as_deref()) {
        (interactions::session::NAME, _) => sessions(club, who, now),
        (interactions::contact::NAME, Some("end")) => {
            waiting(club, who).into_iter().chain(approved(club, who)).collect()
        }
        (interactions::contact::NAME, _) if who.kind.is_lead() => waiting(club, who),
        (interactions::look::UNLOCK, _) if who.kind.is_lead() => locks(club, who),
        _ => Vec::new(),
    };
    let typed =
        offer.options.focused.as_deref().and_then(|field| offer.options.text(field)).unwrap_or_default();
    let typed = typed.to_lowercase();
    let fits = |(shown, sent): &(String, String)| {
        shown.to_lowercase().contains(&typed) || sent.to_lowercase().contains(&typed)
    };
    let short = |text: String| text.chars().take(LONGEST).collect::<String>();
    all.into_iter().filter(fits).map(|(shown, sent)| (short(shown), short(sent))).take(MOST).collect()
}

fn sessions(club: &Organisation, who: Who<'_>, now: Timestamp) -> Vec<(String, String)> {
    let zone = club.policy().zone;
    let mut coming: Vec<_> = club
        .state()
        .agreed
        .calendar
        .sessions()
        .filter(|booked| {
            let session = &booked.session;
            who.kind.is_lead()
                || session.leaders.contains(&who.account)
                || session.standby == Some(who.account)
                || session.booked_by == Some(who.account)
        })
        .filter_map(|booked| Some((booked.open_or_next(now)?.1, booked)))
        .collect();
    coming.sort_by_key(|(window, booked)| (window.from, booked.session.id.clone()));
    let choice = |(window, booked): (_, &crate::contact::calendar::Booked)| {
        let id = booked.session.id.clone();
        (format!("{id}, {}", shown(window, zone)), id)
    };
    coming.into_iter().map(choice).collect()
}

fn waiting(club: &Organisation, who: Who<'_>) -> Vec<(String, String)> {
    let proposals = club.state().agreed.plans.proposals();
    proposals
        .filter(|plan| who.kind.is_lead() || plan.proposed_by == who.account || plan.adult == who.account)
        .map(|plan| {
            (
                format!("{}, {} and {}", plan.id, named(who, plan.adult), named(who, plan.young_person)),
                plan.id.clone(),
            )
        })
        .collect()
}

fn approved(club: &Organisation, who: Who<'_>) -> Vec<(String, String)> {
    let plans = club.state().agreed.plans.plans().map(|planned| &planned.plan);
    plans
        .filter(|plan| {
            who.kind.is_lead()
                || plan.adult == who.account
                || plan.observer == Some(who.account)
                || plan.proposed_by == Some(who.account)
        })
        .map(|plan| {
            (
                format!("{}, {} and {}", plan.id, named(who, plan.adult), named(who, plan.young_person)),
                plan.id.clone(),
            )
        })
        .collect()
}

/// Locks of other adults: nobody is offered their own.
fn locks(club: &Organisation, who: Who<'_>) -> Vec<(String, String)> {
    let others = club.state().locks.iter().filter(|((_, adult), _)| *adult != who.account);
    others
        .filter_map(|((space, adult), _)| {
            let described = who.server.spaces.get(space)?;
            Some((
                format!("{}, closed for {}", described.name, named(who, *adult)),
                format!("{space} {adult}"),
            ))
        })
        .collect()
}

/// How somebody is shown on the server.
fn named(who: Who<'_>, id: UserId) -> String {
    let person = who.server.roster.get(id).filter(|person| person.kind != Kind::Bot);
    person.map_or_else(
        || "somebody who left".to_owned(),
        |person| if person.shown.is_empty() { person.name.clone() } else { person.shown.clone() },
    )
}
