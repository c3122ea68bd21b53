//! People: who holds permissions that defeat a rule, who is what, and whether the leads can be reached.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Severity::{Breach, Broken, Weak};
use super::finding::{Finding, listed};
use super::seen::{Seen, everybody};
use crate::config::Config;
use crate::contact::Server;
use crate::contact::rules::server_rights::{DEFEATS_DM_PAUSE, TOUCHES_EVIDENCE};
use crate::domain::person::RoleMapping;
use crate::domain::space::Permissions;
use crate::domain::{Kind, Person, RoleId};
use crate::paging::Slot;

/// What Discord's settings call the rights that no adult should hold; which of them does what is the rule's to say.
const RIGHTS: [(Permissions, &str); 10] = [
    (Permissions::ADMINISTRATOR, "Administrator"),
    (Permissions::MANAGE_GUILD, "Manage Server"),
    (Permissions::KICK_MEMBERS, "Kick Members"),
    (Permissions::BAN_MEMBERS, "Ban Members"),
    (Permissions::MODERATE_MEMBERS, "Time out members"),
    (Permissions::MANAGE_MESSAGES, "Manage Messages"),
    (Permissions::MANAGE_CHANNELS, "Manage Channels"),
    (Permissions::MANAGE_ROLES, "Manage Roles"),
    (Permissions::MANAGE_THREADS, "Manage Threads"),
    (Permissions::MANAGE_WEBHOOKS, "Manage Webhooks"),
];

/// Roles that give people bits which staff must not hold.
pub(super) fn dangerous_bits(server: &Server) -> Vec<Finding> {
    let mut found = Vec::new();
    for role in server.roles.values() {
        let everyone = role.id == server.id.everyone();
        let holders: Vec<&Person> = server
            .roster
            .iter()
            .filter(|person| person.kind != Kind::Bot && (everyone || person.roles.contains(&role.id)))
            .collect();
        if holders.is_empty() {
            continue;
        }
        let names = |of: Permissions| -> Vec<String> {
            let held = RIGHTS.iter().filter(|(bit, _)| of.has(*bit) && role.permissions.has(*bit));
            held.map(|(_, name)| (*name).to_owned()).collect()
        };
        let (unbound, removes) = (names(DEFEATS_DM_PAUSE), names(TOUCHES_EVIDENCE));
        let all: Vec<String> = unbound.iter().chain(&removes).cloned().collect();
        if all.is_empty() {
            continue;
        }
        let who = if everyone {
            "everybody on the server".to_owned()
        } else {
            listed(holders.iter().map(|person| person.name.clone()))
        };
        let mut harm = Vec::new();
        if !unbound.is_empty() {
            harm.push("the pause of direct messages does not bind them".to_owned());
        }
        if !removes.is_empty() || role.permissions.has(Permissions::ADMINISTRATOR) {
            harm.push("they can remove evidence or undo a lock".to_owned());
        }
        found.push(Finding::new(
            if everyone { Broken } else { Weak },
            "dangerous-permission",
            Some(server.id),
            format!("the role {:?} gives {who} {}: {}", role.name, listed(all.clone()), listed(harm)),
            format!(
                "Server Settings → Roles → {:?} → Permissions: switch off {}; the bot moderates for them",
                role.name,
                listed(all)
            ),
        ));
    }
    let owner =
        server.roster.get(server.owner).filter(|owner| owner.kind.covers() || owner.kind.is_protected());
    if let Some(owner) = owner {
        found.push(Finding::new(
            Weak,
            "owner-takes-part",
            Some(server.id),
            format!("the server's owner is {} ({}): no rule of the server binds an owner", owner.name, owner.kind),
            "make an office account that nobody works with the owner: Server Settings → Members → ⋮ → Transfer Ownership",
        ));
    }
    found
}

/// What the roles make of people.
pub(super) fn kinds(server: &Server, mapping: &RoleMapping) -> Vec<Finding> {
    let id = Some(server.id);
    let mut found = Vec::new();
    let conflicted = server.roster.iter().filter(|person| person.kind == Kind::Conflicted);
    let conflicted: Vec<String> = conflicted.map(|person| person.name.clone()).collect();
    if !conflicted.is_empty() {
        found.push(Finding::new(
            Breach,
            "role-conflict",
            id,
            format!("a young person's and an adult's role at once: {}", listed(conflicted)),
            "Server Settings → Members: take one of the two roles away; until then they count as unknown adults",
        ));
    }
    let have = |which: fn(Kind) -> bool| server.roster.iter().any(|person| which(person.kind));
    if !have(Kind::is_protected) {
        found.push(Finding::new(
            Broken,
            "nobody-protected",
            id,
            "nobody on the server has a young person's role, so no rule protects anybody",
            "give young people their role, or name it in [roles]",
        ));
    }
    if !have(Kind::covers) {
        found.push(Finding::new(
            Broken,
            "nobody-covers",
            id,
            "nobody on the server has a worker's role, so every adult counts as alone",
            "give workers and volunteers their roles, or name them in [roles]",
        ));
    }
    found.extend(mapped_to_nothing(server, mapping));
    found.extend(unmapped(server, mapping));
    found
}

/// Lines of `[roles]` that no role of the server answers to, and roles of the server that nobody holds. The lines that
/// `init` writes for every charity are none that anybody chose.
fn mapped_to_nothing(server: &Server, mapping: &RoleMapping) -> Vec<Finding> {
    let id = Some(server.id);
    let held = |role: RoleId| server.roster.iter().any(|person| person.roles.contains(&role));
    let by_id = mapping.by_id.iter().map(|(role, kind)| {
        (role.to_string(), *kind, server.roles.contains_key(role).then_some(vec![*role]))
    });
    let chosen = |name: &&String, kind: &Kind| Kind::from_role_name(name) != Some(*kind);
    let by_name = mapping.by_name.iter().filter(|(name, kind)| chosen(name, kind)).map(|(name, kind)| {
        let roles = server.roles.values().filter(|role| role.name.trim().to_lowercase() == *name);
        let roles: Vec<RoleId> = roles.map(|role| role.id).collect();
        (format!("{name:?}"), *kind, (!roles.is_empty()).then_some(roles))
    });
    by_id
        .chain(by_name)
        .filter_map(|(name, kind, roles)| match roles {
            None => Some(Finding::new(
                Weak,
                "role-not-there",
                id,
                format!("[roles] names {name} as {kind}, and the server has no such role"),
                "correct the name or id in [roles], or make the role",
            )),
            Some(roles) if !roles.iter().any(|role| held(*role)) => Some(Finding::new(
                Weak,
                "role-without-members",
                id,
                format!("nobody holds the role {name} ({kind})"),
                "give it to whom it is for, or take its line out of [roles]",
            )),
            Some(_) => None,
        })
        .collect()
}

/// Roles whose holders are guests because no line of `[roles]` says what the role means.
fn unmapped(server: &Server, mapping: &RoleMapping) -> Vec<Finding> {
    let mut guests: BTreeMap<RoleId, Vec<String>> = BTreeMap::new();
    for person in server.roster.iter().filter(|person| person.kind == Kind::Guest) {
        for role in &person.roles {
            guests.entry(*role).or_default().push(person.name.clone());
        }
    }
    guests
        .into_iter()
        .filter_map(|(role, people)| {
            let role = server.roles.get(&role)?;
            mapping.kind_of(role.id, &role.name).is_none().then(|| {
                Finding::new(
                    Weak,
                    "role-unmapped",
                    Some(server.id),
                    format!("the role {:?} says nothing about who somebody is, so its holders count as unknown adults: {}",
                        role.name,
                        listed(people)),
                    format!("add a line to [roles]: {:?} = \"youth-worker\" (or what they are), or give them a role that is known", role.name),
                )
            })
        })
        .collect()
}

/// Whether the leads are where they are called.
pub(super) fn leads(seen: &Seen, config: &Config) -> Vec<Finding> {
    let there = everybody(seen);
    let known: BTreeSet<bool> =
        seen.servers.iter().map(|server| server.members && server.server.is_ok()).collect();
    if known.contains(&false) {
        // Who is on a server that cannot be read, nobody knows.
        return Vec::new();
    }
    let kind_of = |account| {
        let servers = seen.servers.iter().filter_map(|seen| seen.server.as_ref().ok());
        servers
            .filter_map(|server| server.roster.get(account))
            .map(|person| person.kind)
            .max_by_key(|kind| kind.is_lead())
    };
    let mut found = Vec::new();
    for contact in &config.contacts {
        let Some(account) = contact.discord else { continue };
        if !there.contains(&account) {
            found.push(Finding::new(
                Broken,
                "lead-not-on-server",
                None,
                format!(
                    "{} ({}) is on none of the enrolled servers, so the bot cannot write to them",
                    contact.name, contact.slot
                ),
                format!(
                    "invite the account {account}, or correct the discord line of {:?} in [[people]]",
                    contact.name
                ),
            ));
        } else if contact.slot != Slot::External && !kind_of(account).is_some_and(Kind::is_lead) {
            found.push(Finding::new(
                Weak,
                "lead-without-role",
                None,
                format!(
                    "{} ({}) has no lead's role on the server, so commands refuse them and they are no cover",
                    contact.name, contact.slot
                ),
                "Server Settings → Members: give them the role that [roles] maps to their responsibility",
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_right_that_no_adult_should_hold_has_a_name_in_the_settings() {
        let named = RIGHTS.iter().fold(Permissions(0), |all, (bit, _)| all.with(*bit));
        assert_eq!(named, DEFEATS_DM_PAUSE.with(TOUCHES_EVIDENCE));
    }
}
