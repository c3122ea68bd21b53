//! `/status`, `/why`, `/unlock`: how the system stands, why a space was closed, and opening it again.

use std::collections::BTreeSet;

use super::who::Who;
use super::{Decided, Decision};
use crate::domain::who_may_know::{Readers, who_may_know};
use crate::domain::{CaseState, Category, ChannelId, Code, Concern, Level, Register, Timestamp, UserId};
use crate::engine::{DmState, Organisation};
use crate::wording::{self, DirectMessages};

/// How the system stands: never what a case is about, and no count of cases of which the reader is the subject.
pub(super) fn status(club: &Organisation, who: Who<'_>, now: Timestamp) -> Decision {
    let zone = club.policy().zone;
    let clock = |at: Timestamp| zone.local(at).format("%a %-d %b %H:%M").to_string();
    let state = club.state();
    let direct_messages = club.dm_state(who.server.id, now);
    let moment = match direct_messages {
        DmState::Paused { until: at } | DmState::NotPaused { failing_since: Some(at) } => clock(at),
        _ => String::new(),
    };
    let direct_messages = match direct_messages {
        DmState::Paused { .. } => DirectMessages::Paused(&moment),
        DmState::OpenForSession => DirectMessages::OpenForSession,
        DmState::NotPaused { failing_since } => {
            DirectMessages::NotPaused(failing_since.is_some().then_some(&moment))
        }
        DmState::NotWanted => DirectMessages::NotWanted,
    };
    let watched =
        who.server.spaces.values().filter(|space| space.kind != crate::domain::SpaceKind::Category).count();
    let gap = state.last_gap.map(|(from, until)| (clock(from), clock(until)));
    let readers = Readers::one(who.account);
    let waiting = state.cases.values().filter(|case| {
        case.level >= Level::Serious && case.state == CaseState::New && who_may_know(&case.subjects, &readers)
    });
    let waiting = who.kind.is_lead().then(|| waiting.count());
    let locks = state
        .locks
        .keys()
        .filter(|(space, adult)| *adult != who.account && who.server.spaces.contains_key(space));
    let leads = who.server.roster.iter().filter(|person| person.kind.is_lead()).count();
    Decision::says(wording::status(&wording::Status {
        direct_messages,
        spaces: watched,
        last_gap: gap.as_ref().map(|(from, until)| (from.as_str(), until.as_str())),
        open_locks: locks.count(),
        leads,
        waiting,
    }))
}

/// The contact concerns about one adult in one space.
fn concerns(club: &Organisation, space: ChannelId, adult: UserId) -> impl Iterator<Item = &Concern> {
    club.state().concerns.values().filter(move |concern| {
        concern.category == Category::Contact
            && concern.by.contains(&adult)
            && concern.reasons.iter().any(|reason| reason.space == Some(space) && reason.by == adult)
    })
}

/// Why a space was closed. Whoever it was closed for, and young people, read neutral words; a lead reads the rule and
/// the case, unless they are its subject.
pub(super) fn why(club: &Organisation, who: Who<'_>, space: Option<ChannelId>) -> Decided {
    let zone = club.policy().zone;
    let Some(space) = space else { return Err(wording::which_space().to_owned()) };
    let visible = who.server.spaces.get(&space).and_then(|described| {
        let person = who.server.roster.get(who.account)?;
        who.server.sight(person, described)
    });
    let locks: Vec<_> = club.state().locks.iter().filter(|((at, _), _)| *at == space).collect();
    // Somebody who cannot see a space learns nothing about it, not even that it was closed; save whoever was taken out of
    // it, who knows that they were.
    let concerned = locks.iter().any(|((_, adult), _)| *adult == who.account);
    if locks.is_empty() || (visible.is_none() && !concerned) {
        return Ok(Decision::says(wording::not_closed(space)));
    }
    if concerned || !who.kind.covers() {
        return Ok(Decision::says(wording::closed_in_neutral_words(space)));
    }
    let readers = Readers::one(who.account);
    let mut lines = Vec::new();
    for ((_, adult), lock) in locks {
        let mut rules: BTreeSet<Code> = BTreeSet::new();
        let mut cases = BTreeSet::new();
        for concern in concerns(club, space, *adult) {
            rules.extend(
                concern.reasons.iter().filter(|reason| reason.space == Some(space)).map(|reason| reason.code),
            );
            let known = concern.case.and_then(|case| club.state().cases.get(&case));
            if who.kind.is_lead() {
                cases.extend(
                    known.filter(|case| who_may_know(&case.subjects, &readers)).map(|case| case.reference),
                );
            }
        }
        let rules: Vec<&str> = rules.into_iter().map(Code::sentence).collect();
        let since = zone.local(lock.since).format("%a %-d %b %H:%M").to_string();
        lines.push(wording::closed_because(space, *adult, &since, &rules, &cases, who.kind.is_lead()));
    }
    Ok(Decision::says(lines.join("\n")))
}

/// Opens a space again. Never for oneself, and never by the subject of a case that rests on it.
pub(super) fn unlock(club: &Organisation, who: Who<'_>, lock: &str) -> Decided {
    let ids: Vec<u64> = lock.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    let locks = &club.state().locks;
    let found = match ids[..] {
        [space, adult] => Some((ChannelId(space), UserId(adult))),
        _ => None,
    };
    let Some((space, adult)) = found.filter(|lock| locks.contains_key(lock)) else {
        return Err(wording::no_such_lock().to_owned());
    };
    let subjects = concerns(club, space, adult).filter_map(|concern| club.state().cases.get(&concern.case?));
    let is_subject = subjects.into_iter().any(|case| case.subjects.contains(&who.account));
    if adult == who.account || is_subject {
        return Err(wording::not_for_oneself().to_owned());
    }
    let change = Register::Unlocked { space, adult, by: who.account };
    Ok(Decision::changes(change, wording::unlocked(space, adult)))
}
