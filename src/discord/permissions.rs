//! What the bot must be allowed to do, and why: for the invite link and for `chaperone check`.

use crate::domain::space::Permissions;

/// One permission that the bot needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed {
    /// The bits.
    pub permission: Permissions,
    /// As Discord's English settings call it.
    pub name: &'static str,
    /// What does not work without it.
    pub why: &'static str,
}

/// One gateway intent that the bot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The bit.
    pub bit: u64,
    /// As Discord's documentation calls it.
    pub name: &'static str,
    /// What is heard with it.
    pub why: &'static str,
    /// Must be switched on in the developer portal, under Bot, Privileged Gateway Intents; the switch's name.
    pub switch: Option<&'static str>,
}

const fn needed(permission: Permissions, name: &'static str, why: &'static str) -> Needed {
    Needed { permission, name, why }
}

const fn intent(bit: u32, name: &'static str, why: &'static str, switch: Option<&'static str>) -> Intent {
    Intent { bit: 1 << bit, name, why, switch }
}

/// Everything that the bot needs on a server.
pub const NEEDED: &[Needed] = &[
    needed(Permissions::VIEW_CHANNEL, "View Channels", "spaces that it cannot see are not supervised"),
    needed(
        Permissions::READ_MESSAGE_HISTORY,
        "Read Message History",
        "what was written while it was away is fetched, and context is kept with a finding",
    ),
    needed(Permissions::SEND_MESSAGES, "Send Messages", "notices in a space that was closed"),
    needed(
        Permissions::SEND_MESSAGES_IN_THREADS,
        "Send Messages in Threads",
        "notices in a thread that was closed",
    ),
    needed(Permissions::MANAGE_MESSAGES, "Manage Messages", "hiding a message that hurts somebody"),
    needed(
        Permissions::MANAGE_CHANNELS,
        "Manage Channels",
        "locking a channel for an adult goes through the channel's settings",
    ),
    needed(Permissions::MANAGE_ROLES, "Manage Roles", "locking a channel for one adult is an overwrite"),
    needed(
        Permissions::MANAGE_THREADS,
        "Manage Threads",
        "private threads are seen and locked with it; without it nobody watches them",
    ),
    // Discord lets a bot take or give in an overwrite only what it holds itself.
    needed(Permissions::ADD_REACTIONS, "Add Reactions", "a lock can only take what the bot holds itself"),
    needed(
        Permissions::CREATE_PUBLIC_THREADS,
        "Create Public Threads",
        "a lock can only take what the bot holds itself",
    ),
    needed(
        Permissions::CREATE_PRIVATE_THREADS,
        "Create Private Threads",
        "a lock can only take what the bot holds itself",
    ),
    needed(Permissions::CONNECT, "Connect", "the text chat of a voice room is only readable with it"),
    needed(Permissions::MOVE_MEMBERS, "Move Members", "disconnecting an adult from voice"),
    needed(Permissions::MANAGE_GUILD, "Manage Server", "pausing direct messages between members"),
    needed(
        Permissions::VIEW_AUDIT_LOG,
        "View Audit Log",
        "who deleted a message, changed a role or a channel",
    ),
    needed(
        Permissions::MODERATE_MEMBERS,
        "Time out members",
        "staff hold no moderation permission, so that the DM pause binds them; the bot moderates for them",
    ),
];

/// Everything that the bot listens for.
pub const INTENTS: &[Intent] = &[
    intent(0, "GUILDS", "servers, roles, channels and threads", None),
    intent(1, "GUILD_MEMBERS", "who is who, and who is in a thread", Some("Server Members Intent")),
    intent(2, "GUILD_MODERATION", "the audit log as it is written", None),
    intent(7, "GUILD_VOICE_STATES", "who is in which voice room", None),
    intent(9, "GUILD_MESSAGES", "messages on servers", None),
    intent(10, "GUILD_MESSAGE_REACTIONS", "reactions", None),
    intent(12, "DIRECT_MESSAGES", "what people write to the bot", None),
    intent(15, "MESSAGE_CONTENT", "the words of messages", Some("Message Content Intent")),
    intent(16, "GUILD_SCHEDULED_EVENTS", "words in the names of events", None),
    intent(20, "AUTO_MODERATION_CONFIGURATION", "changes of the platform's own filter", None),
    intent(21, "AUTO_MODERATION_EXECUTION", "what that filter stopped", None),
    intent(24, "GUILD_MESSAGE_POLLS", "polls", None),
];

/// All intents as one number, for the gateway.
#[must_use]
pub fn intents() -> u64 {
    INTENTS.iter().fold(0, |all, intent| all | intent.bit)
}

/// All permissions as one number, for the invite link.
#[must_use]
pub fn permissions() -> Permissions {
    NEEDED.iter().fold(Permissions::default(), |all, needed| all.with(needed.permission))
}

/// The link with which somebody who manages a server adds the bot to it.
#[must_use]
pub fn invite_link(application_id: u64) -> String {
    format!(
        "https://discord.com/oauth2/authorize?client_id={application_id}&scope=bot+applications.commands&permissions={}",
        permissions().0
    )
}

/// What is missing from the permissions that the bot holds on a server. An administrator lacks nothing.
#[must_use]
pub fn missing(held: Permissions) -> Vec<Needed> {
    if held.has(Permissions::ADMINISTRATOR) {
        return Vec::new();
    }
    NEEDED.iter().copied().filter(|needed| !held.has(needed.permission)).collect()
}

/// The switches in the developer portal that must be on.
pub fn switches() -> impl Iterator<Item = &'static str> {
    INTENTS.iter().filter_map(|intent| intent.switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bot_holds_everything_that_a_lock_takes() {
        assert!(permissions().has(Permissions::LOCK));
        assert!(!permissions().has_any(Permissions::ADMINISTRATOR));
    }

    #[test]
    fn what_is_missing_is_named_with_its_reason() {
        let held = permissions().without(Permissions::MANAGE_THREADS);
        let missing_now = missing(held);
        assert_eq!(missing_now.iter().map(|needed| needed.name).collect::<Vec<_>>(), ["Manage Threads"]);
        assert!(missing_now[0].why.contains("private threads"));
        assert!(missing(Permissions::ADMINISTRATOR).is_empty());
    }

    #[test]
    fn the_invite_link_asks_for_exactly_what_is_needed() {
        let link = invite_link(42);
        assert!(link.contains("client_id=42&scope=bot+applications.commands"));
        assert!(link.ends_with(&permissions().0.to_string()));
    }

    #[test]
    fn the_intents_are_discords_numbers() {
        // Discord's documentation, "List of Intents".
        assert_eq!(
            intents(),
            1 | 2 | 4 | 128 | 512 | 1024 | 4096 | 32_768 | 65_536 | 1_048_576 | 2_097_152 | 16_777_216
        );
        assert_eq!(switches().collect::<Vec<_>>(), ["Server Members Intent", "Message Content Intent"]);
    }
}
