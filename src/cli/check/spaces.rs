//! Spaces: what the bot cannot see, what would break a rule right now, whether direct messages are paused.

use std::collections::BTreeSet;

use super::finding::Severity::{Breach, Broken, Weak};
use super::finding::{Finding, listed};
use super::seen::Seen;
use crate::config::Config;
use crate::contact::rules::lone_adults;
use crate::contact::{Server, Sight};
use crate::domain::space::Permissions;
use crate::domain::{Person, Space, SpaceKind, Timestamp, UserId};

/// Spaces that adults and young people share and the bot cannot see, as far as the platform lists them.
pub(super) fn unmonitored(server: &Server, bot: &Person) -> Vec<Finding> {
    let unseen = server
        .spaces
        .values()
        .filter(|space| space.kind != SpaceKind::Category && server.sight(bot, space).is_none());
    unseen
        .filter_map(|space| {
            let audience = server.audience(space);
            let adults: Vec<UserId> = audience
                .adults
                .iter()
                .filter(|(_, sight)| **sight == Sight::Plain)
                .map(|(adult, _)| *adult)
                .collect();
            (!adults.is_empty() && !audience.protected.is_empty()).then(|| {
                Finding::new(
                    Broken,
                    "unmonitored-space",
                    Some(server.id),
                    format!(
                        "the bot cannot see #{}, where {} and {} are together",
                        space.name,
                        people(adults.len(), "adult", "adults"),
                        people(audience.protected.len(), "young person", "young people")
                    ),
                    format!("#{} → Edit Channel → Permissions → Add members or roles: the bot, and allow View Channel", space.name),
                )
            })
        })
        .collect()
}

fn people(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Spaces in which one adult is alone with young people now, outside every agreement.
pub(super) fn lone(server: &Server, seen: &Seen) -> Vec<Finding> {
    let nobody = BTreeSet::new();
    let mut found = Vec::new();
    for space in server.spaces.values() {
        for lone in lone_adults(server, space, &seen.agreed, &nobody, seen.at) {
            let adult =
                server.roster.get(lone.adult).map_or_else(|| lone.adult.to_string(), |p| p.name.clone());
            let thread = space.kind.is_thread();
            found.push(Finding::new(
                Breach,
                "lone-adult-space",
                Some(server.id),
                format!(
                    "in {} {adult} is alone with {}: no second adult can see it",
                    shown(space),
                    people(lone.young_people.len(), "young person", "young people")
                ),
                if thread {
                    "add a second enrolled adult to the thread, or archive it; the bot closes it for the adult when it runs".to_owned()
                } else {
                    format!("#{} → Edit Channel → Permissions: let a second enrolled adult see it; the bot closes it for the adult when it runs", space.name)
                },
            ));
        }
    }
    found
}

fn shown(space: &Space) -> String {
    if space.kind.is_thread() { format!("the thread {:?}", space.name) } else { format!("#{}", space.name) }
}

/// Whether members can write to one another where nobody sees it.
pub(super) fn dm_pause(server: &Server, now: Timestamp) -> Option<Finding> {
    let paused = server.dms_paused_until.is_some_and(|until| until > now);
    (!paused).then(|| {
        Finding::new(
            Broken,
            "dms-not-paused",
            Some(server.id),
            "direct messages between members are not paused: no bot can see what is written there",
            "Server Settings → Safety Setup → Pause DMs (24 hours at most, so again every day)",
        )
    })
}

/// Whether the operator can be told, and nobody else reads along.
pub(super) fn operator_channel(seen: &Seen, config: &Config) -> Option<Finding> {
    let channel = config.policy.operator_channel?;
    let mut servers = seen.servers.iter().filter_map(|seen| seen.server.as_ref().ok());
    let there = servers.find_map(|server| Some((server, server.spaces.get(&channel)?)));
    let Some((server, space)) = there else {
        return Some(Finding::new(
            Broken,
            "operator-channel",
            None,
            format!(
                "the operator's channel {channel} is on none of the enrolled servers, or the bot cannot see it"
            ),
            "correct [policy] operator_channel, or let the bot see the channel",
        ));
    };
    let bot = server.roster.get(seen.own)?;
    let needed = Permissions::VIEW_CHANNEL.with(Permissions::SEND_MESSAGES);
    if !server.permissions_in(bot, space).has(needed) {
        return Some(Finding::new(
            Broken,
            "operator-channel",
            Some(server.id),
            format!("the bot cannot write in #{}, the operator's channel", space.name),
            format!(
                "#{} → Edit Channel → Permissions: allow the bot View Channel and Send Messages",
                space.name
            ),
        ));
    }
    let young = server.audience(space).protected;
    let names = young.iter().filter_map(|id| server.roster.get(*id)).map(|person| person.name.clone());
    (!young.is_empty()).then(|| {
        Finding::new(
            Weak,
            "operator-channel",
            Some(server.id),
            format!("{} can read #{}, where faults of the system are told", listed(names), space.name),
            format!(
                "#{} → Edit Channel → Permissions → Private Channel: on, for staff and the bot only",
                space.name
            ),
        )
    })
}
