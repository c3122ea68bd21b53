//! What people and the bot may do on the server as a whole, as far as it matters to supervision.
//!
//! `moderator-bits` (policy matrix P1, P33): an adult who can kick, ban, time out, manage the server or administer is not
//! bound by the pause of direct messages; one who can manage messages, channels, threads or webhooks can remove or forge
//! evidence; one who can manage roles can undo a lock. The server's owner can do all of it whatever anybody sets, and is
//! left to the permission check.
//!
//! `bot-weakened` (P33): the bot lacks a permission that containment or hearing needs, or an adult's role stands as high
//! as its own.
//!
//! `unmonitored-space` (P6, P33): an adult and a young person see a channel and the bot does not. Of a channel that the
//! platform hides from the bot nothing is known but that it is there, and what the audit log said of its overwrites; where
//! the log said nothing it is reported as one that could hold both. A channel that was hidden before the bot came, on a
//! platform that does not even say that it is there, is not found.

use std::collections::BTreeSet;

use crate::contact::Server;
use crate::domain::space::Permissions;
use crate::domain::{Kind, Person, Space, SpaceKind, UserId};

/// Rights with which the DM pause does not bind somebody (Discord's documentation, "Incident actions").
pub const DEFEATS_DM_PAUSE: Permissions = Permissions(
    Permissions::KICK_MEMBERS.0
        | Permissions::BAN_MEMBERS.0
        | Permissions::MODERATE_MEMBERS.0
        | Permissions::MANAGE_GUILD.0
        | Permissions::ADMINISTRATOR.0,
);
/// Rights with which somebody can remove or forge evidence, or undo a lock.
pub const TOUCHES_EVIDENCE: Permissions = Permissions(
    Permissions::MANAGE_MESSAGES.0
        | Permissions::MANAGE_CHANNELS.0
        | Permissions::MANAGE_THREADS.0
        | Permissions::MANAGE_ROLES.0
        | Permissions::MANAGE_WEBHOOKS.0,
);
/// What the bot needs to hear and to contain.
pub const NEEDED_BY_BOT: Permissions = Permissions(
    Permissions::VIEW_CHANNEL.0
        | Permissions::READ_MESSAGE_HISTORY.0
        | Permissions::MANAGE_MESSAGES.0
        | Permissions::MANAGE_ROLES.0
        | Permissions::MANAGE_CHANNELS.0
        | Permissions::MANAGE_THREADS.0
        | Permissions::MOVE_MEMBERS.0
        | Permissions::VIEW_AUDIT_LOG.0,
);

/// Whether an account holds moderator bits that no adult should hold.
#[must_use]
pub fn holds_moderator_bits(server: &Server, person: &Person) -> bool {
    person.kind.is_adult_for_risk()
        && person.id != server.owner
        && server.base_permissions(person).has_any(DEFEATS_DM_PAUSE.with(TOUCHES_EVIDENCE))
}

/// Whether the bot cannot hear or contain as it should. False as long as its own account is not known.
#[must_use]
pub fn bot_is_weak(server: &Server, own: UserId) -> bool {
    let Some(bot) = server.roster.get(own) else { return false };
    let held = server.base_permissions(bot);
    if !held.has(Permissions::ADMINISTRATOR) && !held.has(NEEDED_BY_BOT) {
        return true;
    }
    let height = |person: &Person| {
        let roles = person.roles.iter().filter_map(|role| server.roles.get(role));
        roles.map(|role| (role.position, std::cmp::Reverse(role.id))).max()
    };
    let own_height = height(bot);
    server
        .roster
        .iter()
        .filter(|person| person.kind.is_adult_for_risk() && person.id != server.owner)
        .any(|person| height(person).is_some() && height(person) >= own_height)
}

/// Spaces that an adult and a young person see and the bot does not.
#[must_use]
pub fn is_unmonitored(server: &Server, space: &Space, own: UserId) -> bool {
    let of_its_own = !matches!(space.kind, SpaceKind::Category | SpaceKind::Dm) && !space.kind.is_thread();
    let Some(bot) = server.roster.get(own).filter(|_| of_its_own) else { return false };
    if server.sight(bot, space).is_some() {
        return false;
    }
    let audience = server.audience(space);
    !audience.protected.is_empty() && !audience.adults.is_empty()
}

/// Accounts that hold a young person's and an adult's role at once: `role-conflict` (CHUMS §2; policy matrix P5). Such
/// an account is an adult for risk, never cover, and is not protected by its own claim.
#[must_use]
pub fn conflicted(server: &Server) -> BTreeSet<UserId> {
    server.roster.iter().filter(|person| person.kind == Kind::Conflicted).map(|person| person.id).collect()
}
