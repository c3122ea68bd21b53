//! How a platform is started.

use std::path::PathBuf;

use crate::clock::Clock;

/// Privileged intents, as switched on or off for the application in Discord's developer portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Privileged {
    /// `GUILD_MEMBERS`: joins, leaves, lists of members.
    pub members: bool,
    /// `MESSAGE_CONTENT`: what messages say.
    pub message_content: bool,
    /// `GUILD_PRESENCES`: who is online. The platform has no presences; the switch only decides about 4014.
    pub presences: bool,
}

impl Default for Privileged {
    fn default() -> Self {
        Privileged { members: true, message_content: true, presences: false }
    }
}

impl Privileged {
    /// Discord's application flags for these switches (`GATEWAY_…_LIMITED`: an application in few servers).
    #[must_use]
    pub fn flags(self) -> u64 {
        let on = |switch: bool, bit: u32| if switch { 1_u64 << bit } else { 0 };
        on(self.presences, 13) | on(self.members, 15) | on(self.message_content, 19)
    }
}

/// What the bot is told about channels that it may not view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum HiddenChannels {
    /// Whole, with their overwrites, on the gateway and over REST, as Discord did until November 2026.
    #[default]
    Listed,
    /// On the gateway as `___hidden___` with one overwrite and flag 1<<17; over REST not at all (Discord's change
    /// log, "Channel Obfuscation", mandatory since 16 November 2026).
    Obfuscated,
}

/// How to start a [`super::Platform`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on loopback; none takes a free one.
    pub port: Option<u16>,
    /// Where every change is written, so that a start with the same file continues where the last one ended.
    pub journal: Option<PathBuf>,
    /// Where the platform's time comes from.
    pub clock: Clock,
    /// The bot's token, without `Bot `.
    pub token: String,
    /// The bot's display name.
    pub bot_name: String,
    /// Privileged intents.
    pub privileged: Privileged,
    /// What is told of channels that the bot may not view.
    pub hidden: HiddenChannels,
    /// What `GET /gateway/bot` recommends.
    pub shards: u32,
}

impl Options {
    /// A free port, no journal, one shard, Discord's usual switches.
    #[must_use]
    pub fn new(clock: Clock, token: impl Into<String>) -> Self {
        Options {
            port: None,
            journal: None,
            clock,
            token: token.into(),
            bot_name: "Chaperone".to_owned(),
            privileged: Privileged::default(),
            hidden: HiddenChannels::default(),
            shards: 1,
        }
    }
}
