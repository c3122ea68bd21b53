//! What somebody may do in a channel, as Discord works it out: the bits of `@everyone` and of their roles, then the
//! channel's overwrites for `@everyone`, for all their roles together (grants win), for the member. A channel has
//! its overwrites itself; those of its category were copied when it was made and are not asked again.

use crate::domain::space::{OverwriteFor, Permissions};
use crate::domain::{RoleId, Space, SpaceKind, UserId};

/// The bits in a channel of somebody who has `base` everywhere. `member` is none for people as a group: then only
/// overwrites for roles count.
pub(super) fn overwritten(
    base: Permissions,
    channel: &Space,
    everyone: RoleId,
    holds: impl Fn(RoleId) -> bool,
    member: Option<UserId>,
) -> Permissions {
    let nothing = Permissions(0);
    let (mut of_all, mut of_roles, mut own) = ((nothing, nothing), (nothing, nothing), (nothing, nothing));
    for overwrite in &channel.overwrites {
        match overwrite.target {
            OverwriteFor::Role(role) if role == everyone => of_all = (overwrite.deny, overwrite.allow),
            OverwriteFor::Role(role) if holds(role) => {
                of_roles = (of_roles.0.with(overwrite.deny), of_roles.1.with(overwrite.allow));
            }
            OverwriteFor::Member(user) if Some(user) == member => own = (overwrite.deny, overwrite.allow),
            OverwriteFor::Role(_) | OverwriteFor::Member(_) => {}
        }
    }
    [of_all, of_roles, own].into_iter().fold(base, |bits, (deny, allow)| bits.without(deny).with(allow))
}

/// The bits without which a channel is not read: a voice room or stage that somebody may not join is only a name to
/// them, its text chat included.
pub(super) fn needed(kind: SpaceKind) -> Permissions {
    match kind {
        SpaceKind::Voice | SpaceKind::Stage => Permissions::VIEW_CHANNEL.with(Permissions::CONNECT),
        _ => Permissions::VIEW_CHANNEL,
    }
}

/// The bits that decide who sees what; a role that gives none of them and has no overwrite tells nobody apart.
pub(super) const OF_SIGHT: Permissions = Permissions(
    Permissions::VIEW_CHANNEL.0
        | Permissions::CONNECT.0
        | Permissions::ADMINISTRATOR.0
        | Permissions::MANAGE_THREADS.0,
);
