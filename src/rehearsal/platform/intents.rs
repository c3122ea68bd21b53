//! Which events a session asked for (Discord's documentation, "Gateway Intents").

/// Servers, channels, roles, threads.
pub const GUILDS: u64 = 1;
/// Members. Privileged.
pub const GUILD_MEMBERS: u64 = 1 << 1;
/// Bans and audit log.
pub const GUILD_MODERATION: u64 = 1 << 2;
/// Voice.
pub const GUILD_VOICE_STATES: u64 = 1 << 7;
/// Presences. Privileged.
pub const GUILD_PRESENCES: u64 = 1 << 8;
/// Messages in servers.
pub const GUILD_MESSAGES: u64 = 1 << 9;
/// Reactions in servers.
pub const GUILD_MESSAGE_REACTIONS: u64 = 1 << 10;
/// Messages to the bot.
pub const DIRECT_MESSAGES: u64 = 1 << 12;
/// Reactions in them.
pub const DIRECT_MESSAGE_REACTIONS: u64 = 1 << 13;
/// What messages say. Privileged.
pub const MESSAGE_CONTENT: u64 = 1 << 15;
/// AutoMod at work.
pub const AUTO_MODERATION_EXECUTION: u64 = 1 << 21;
/// The highest intent that Discord has named.
pub const HIGHEST: u64 = 1 << 25;

/// The intents of which a session needs one to be sent `event`; 0 when it is always sent.
#[must_use]
pub fn wanted_for(event: &str, in_guild: bool) -> u64 {
    match event {
        "GUILD_MEMBER_ADD" | "GUILD_MEMBER_UPDATE" | "GUILD_MEMBER_REMOVE" => GUILD_MEMBERS,
        "GUILD_AUDIT_LOG_ENTRY_CREATE" => GUILD_MODERATION,
        "VOICE_STATE_UPDATE" => GUILD_VOICE_STATES,
        "AUTO_MODERATION_ACTION_EXECUTION" => AUTO_MODERATION_EXECUTION,
        name if name.starts_with("MESSAGE_REACTION_") => {
            if in_guild {
                GUILD_MESSAGE_REACTIONS
            } else {
                DIRECT_MESSAGE_REACTIONS
            }
        }
        name if name.starts_with("MESSAGE_") => {
            if in_guild {
                GUILD_MESSAGES
            } else {
                DIRECT_MESSAGES
            }
        }
        name if name.starts_with("GUILD_ROLE_")
            || name.starts_with("CHANNEL_")
            || name.starts_with("THREAD_")
            || matches!(name, "GUILD_CREATE" | "GUILD_UPDATE" | "GUILD_DELETE") =>
        {
            GUILDS
        }
        _ => 0,
    }
}
