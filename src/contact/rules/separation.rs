//! `separation-breached` and `separation-shared-space` (InterAct §3; policy matrix P20): two people who are kept apart
//! reply to, mention or react to one another, are alone together in voice, or share a small private space.
//!
//! Where one of the two is an adult, the adult is restrained: disconnected, or locked in the shared space. A young person
//! never is; two young people who are kept apart are a matter for the leads.

use std::collections::BTreeSet;

use super::lone_adult_voice::InRoom;
use crate::contact::{Agreed, Server};
use crate::domain::{Space, SpaceKind, Timestamp, UserId};

/// Two people who are kept apart and are found together: `by` is the adult of the two where exactly one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Together {
    /// The adult; of two alike the lower account number.
    pub by: UserId,
    /// The other.
    pub towards: UserId,
}

fn together(server: &Server, one: UserId, other: UserId) -> Together {
    let protected = |person| server.roster.kind(person).is_protected();
    if protected(one) && !protected(other) {
        return Together { by: other, towards: one };
    }
    Together { by: one, towards: other }
}

/// Pairs that share a small private space: both see it, and at most `small` people do (bots left out).
#[must_use]
pub fn share_small_space(
    server: &Server,
    space: &Space,
    agreed: &Agreed,
    small: usize,
    now: Timestamp,
) -> Vec<Together> {
    let mut standing = agreed.separations.standing(now).peekable();
    let watched = !matches!(space.kind, SpaceKind::Category | SpaceKind::Dm | SpaceKind::PublicThread);
    if standing.peek().is_none() || !watched || !server.is_private(space) {
        return Vec::new();
    }
    let audience = server.audience(space);
    if audience.adults.len() + audience.protected.len() > small {
        return Vec::new();
    }
    let sees = |person: &UserId| audience.protected.contains(person) || audience.adults.contains_key(person);
    let pairs = standing.map(|separation| separation.between.both());
    pairs.filter(|pair| pair.iter().all(sees)).map(|[one, other]| together(server, one, other)).collect()
}

/// Pairs that are alone together in a voice room: nobody else who covers hears them.
#[must_use]
pub fn alone_in_voice(server: &Server, there: &InRoom, agreed: &Agreed, now: Timestamp) -> Vec<Together> {
    let everybody: BTreeSet<UserId> = there.young_people.union(&there.adults).copied().collect();
    agreed
        .separations
        .standing(now)
        .map(|separation| separation.between.both())
        .filter(|pair| pair.iter().all(|person| everybody.contains(person)))
        .filter(|pair| !there.covering.iter().any(|adult| !pair.contains(adult)))
        .map(|[one, other]| together(server, one, other))
        .collect()
}
