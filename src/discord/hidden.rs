//! Channels that the platform only says to be there. Since November 2026 Discord tells a bot nothing else of a channel
//! that it may not view, and that only on the gateway: what is listed over REST is what the bot sees.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

use super::permissions;
use super::rest::is_on_this_machine;
use super::socket::{IdentifyQueue, Signal, Socket, SocketOptions};
use super::token::Token;
use crate::clock::Clock;
use crate::domain::GuildId;

/// How long the gateway has to describe the servers.
const PATIENCE: Duration = Duration::from_secs(20);
/// Discord's channel flag for such a channel.
const OBFUSCATED: u64 = 1 << 17;

#[derive(Deserialize)]
struct Frame {
    #[serde(default)]
    t: Option<String>,
    #[serde(default)]
    d: Option<Described>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    id: Option<GuildId>,
    #[serde(default)]
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(default)]
    flags: u64,
}

/// How many channels of each server the bot cannot see, as the gateway describes the servers to a new session. The
/// session ends with the look.
///
/// # Errors
/// Why the gateway does not let the bot in, or that it did not describe every server in time.
pub async fn channels(
    api_url: &str,
    token: &Token,
    clock: &Clock,
    guilds: &BTreeSet<GuildId>,
) -> Result<BTreeMap<GuildId, usize>, String> {
    let identify =
        if is_on_this_machine(api_url) { IdentifyQueue::immediate() } else { IdentifyQueue::spaced() };
    let mut socket = Socket::open(SocketOptions {
        api_url: api_url.to_owned(),
        gateway_url: None,
        token: token.clone(),
        intents: permissions::intents(),
        shard: (0, 1),
        session: None,
        identify,
        clock: clock.clone(),
    })
    .map_err(|error| error.to_string())?;
    let mut found = BTreeMap::new();
    let mut last = "the gateway did not describe the servers in time".to_owned();
    let looking = async {
        while !guilds.iter().all(|guild| found.contains_key(guild)) {
            match socket.next().await {
                Some(Signal::Packet(packet)) => {
                    if let Some((guild, hidden)) = read(&packet.raw) {
                        found.insert(guild, hidden);
                    }
                }
                Some(Signal::Closed { what, fatal, .. }) => {
                    last = what;
                    if fatal {
                        return;
                    }
                }
                Some(Signal::Behind { .. }) => {}
                None => return,
            }
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, looking).await.is_ok();
    socket.close().await;
    if in_time && guilds.iter().all(|guild| found.contains_key(guild)) { Ok(found) } else { Err(last) }
}

fn read(raw: &str) -> Option<(GuildId, usize)> {
    if !raw.contains("GUILD_CREATE") {
        return None;
    }
    let frame: Frame = serde_json::from_str(raw).ok()?;
    if frame.t.as_deref() != Some("GUILD_CREATE") {
        return None;
    }
    let described = frame.d?;
    let hidden = described.channels.iter().filter(|channel| channel.flags & OBFUSCATED != 0).count();
    Some((described.id?, hidden))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_that_are_only_said_to_be_there_are_counted() {
        let raw =
            r#"{"op":0,"t":"GUILD_CREATE","d":{"id":"7","channels":[{"flags":131072},{"flags":0},{}]}}"#;
        assert_eq!(read(raw), Some((GuildId(7), 1)));
        assert_eq!(read(r#"{"op":0,"t":"READY","d":{"id":"GUILD_CREATE"}}"#), None);
    }
}
