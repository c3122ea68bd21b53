//! `lone-adult-voice` (InterAct §2; policy matrix P1, P6, P19): in a voice room or on a stage one adult is together with
//! at least one young person, and no second adult who covers is in the room and hears.
//!
//! Presence is the fact here, not permission: a colleague who could join, an owner who looks at the list of channels, a
//! lead who reads the text chat hear nothing. Somebody who is deafened does not cover. A guest is an adult and covers
//! nobody. Two guests with a young person are two findings. Default: grace 60 s, then the *adult* is disconnected, level 4.

use std::collections::BTreeSet;

use super::LoneAdult;
use crate::contact::{Agreed, Server};
use crate::domain::{ChannelId, Kind, Timestamp, UserId};

/// Who is in a voice room.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InRoom {
    /// Young people and adults at risk.
    pub young_people: BTreeSet<UserId>,
    /// Adults for risk.
    pub adults: BTreeSet<UserId>,
    /// Adults who count as cover: enrolled, and not deafened.
    pub covering: BTreeSet<UserId>,
    /// Everybody who is not deafened.
    pub hearing: BTreeSet<UserId>,
}

/// Who is in a voice room now. Bots are nobody.
#[must_use]
pub fn in_room(server: &Server, room: ChannelId, deaf: &BTreeSet<UserId>) -> InRoom {
    let mut found = InRoom::default();
    let there = server.voice.iter().filter(|(_, place)| **place == room).map(|(person, _)| *person);
    for person in there {
        let kind = server.roster.kind(person);
        let hears = !deaf.contains(&person);
        if kind == Kind::Bot {
            continue;
        }
        if hears {
            found.hearing.insert(person);
        }
        if kind.is_protected() {
            found.young_people.insert(person);
        } else {
            found.adults.insert(person);
            if kind.covers() && hears {
                found.covering.insert(person);
            }
        }
    }
    found
}

/// The adults who are alone with young people in a voice room. `places` are the room and its category.
#[must_use]
pub fn lone_in_voice(
    there: &InRoom,
    places: &[ChannelId],
    agreed: &Agreed,
    now: Timestamp,
) -> Vec<LoneAdult> {
    if there.young_people.is_empty() {
        return Vec::new();
    }
    let covered = |adult: UserId| {
        there.covering.iter().any(|other| *other != adult)
            || there.hearing.iter().any(|other| agreed.observes(*other, adult, &there.young_people, now))
    };
    there
        .adults
        .iter()
        .copied()
        .filter(|adult| !covered(*adult))
        .filter(|adult| !agreed.planned(*adult, &there.young_people, now))
        .filter(|adult| !agreed.cover_relaxed_in(places, *adult, now))
        .map(|adult| LoneAdult { adult, young_people: there.young_people.clone() })
        .collect()
}
