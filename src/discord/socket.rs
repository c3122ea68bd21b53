//! One shard's connection to the gateway, kept alive: raw dispatches in order, sessions that outlive the process.
//!
//! [`Socket::open`] starts a task that polls the connection and never waits for anybody else: packets go into a
//! bounded channel, what does not fit waits beside it, and when that grows too long the connection is given up on
//! purpose until there is room. The platform keeps what happens meanwhile and replays it on resume, so a slow
//! consumer costs time, not messages.
//!
//! Each [`Packet`] carries the session as it stands *after* it. Persist the session of the last packet whose
//! evidence is durable; hand it to [`SocketOptions::session`] after a restart and the platform replays the rest.
//!
//! The token goes to the configured host only. A gateway address or a resume address that names another host is not
//! used, save Discord's own `*.discord.gg` when Discord's own API is configured.

mod address;
mod closing;
mod run;

#[cfg(test)]
mod tests;

use tokio::sync::mpsc;
use twilight_gateway::queue::InMemoryQueue;

use super::Token;
use super::rest::{Rest, RestError};
use crate::clock::Clock;
use crate::domain::{GuildId, Timestamp};

pub use closing::what_to_do;

/// How much may wait for whoever listens.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// Signals in the channel.
    channel: usize,
    /// Bytes of packets beside the channel, before the connection is given up until they are taken.
    beside: usize,
}

const ROOM: Room = Room { channel: 1_024, beside: 64 << 20 };

/// Spaces identifies out, for all shards of a bot: Discord allows one in five seconds, and resets the session of
/// whoever does not wait.
#[derive(Clone, Debug)]
pub struct IdentifyQueue(InMemoryQueue);

impl IdentifyQueue {
    /// As Discord asks for it. Must be called within a tokio runtime.
    #[must_use]
    pub fn spaced() -> Self {
        IdentifyQueue(InMemoryQueue::default())
    }

    /// Without waiting: for servers on this machine. Must be called within a tokio runtime.
    #[must_use]
    pub fn immediate() -> Self {
        IdentifyQueue(InMemoryQueue::new(0, 0, std::time::Duration::ZERO, 0))
    }
}

/// What a socket needs to know.
#[derive(Clone, Debug)]
pub struct SocketOptions {
    /// The API's base, as for [`Rest::new`].
    pub api_url: String,
    /// The gateway's base where the configuration names one (`wss://gateway.example.org`); it is trusted like
    /// `api_url` is. Otherwise the API is asked.
    pub gateway_url: Option<String>,
    /// The bot's token.
    pub token: Token,
    /// The intents' bits ([`permissions::intents`](super::permissions::intents)).
    pub intents: u64,
    /// This shard's number and how many there are.
    pub shard: (u32, u32),
    /// A session to resume, as a [`Packet`] gave it. One that cannot be read is dropped: a new session begins.
    pub session: Option<String>,
    /// Shared by all shards of the bot.
    pub identify: IdentifyQueue,
    /// Stamps packets.
    pub clock: Clock,
}

/// One dispatch.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    /// Which shard heard it.
    pub shard: u32,
    /// The frame's JSON text, byte for byte.
    pub raw: String,
    /// When it was heard.
    pub at: Timestamp,
    /// The session that is valid after this packet, serialised; none where a frame was not understood.
    pub session: Option<String>,
}

impl std::fmt::Debug for Packet {
    // The raw text holds people's words.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packet(shard {}, {} bytes, {})", self.shard, self.raw.len(), self.at)
    }
}

/// What a socket says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A dispatch.
    Packet(Packet),
    /// The connection was closed. Unless this is fatal, it is being made again, and nothing needs to be done.
    Closed {
        /// The websocket's close code; none where there was no connection in the first place.
        code: Option<u16>,
        /// It will not come back without somebody's help; this is the last signal.
        fatal: bool,
        /// What happened and, where it is fatal, what to do.
        what: String,
    },
    /// Packets are not taken as fast as they come. They wait; beyond a limit the connection is given up until there
    /// is room, and the platform replays what was missed.
    Behind {
        /// How many packets wait.
        waiting: usize,
        /// The connection was given up for now.
        disconnected: bool,
    },
}

enum Command {
    Send(String),
    Close,
}

/// A connection to the gateway.
#[derive(Debug)]
pub struct Socket {
    signals: mpsc::Receiver<Signal>,
    asker: Asker,
}

/// Asks the gateway for things, from anywhere.
#[derive(Clone, Debug)]
pub struct Asker(mpsc::UnboundedSender<Command>);

impl Asker {
    /// Asks for all members of a server; they arrive as `GUILD_MEMBERS_CHUNK` packets. Discord answers one such
    /// request a server in 30 seconds. It waits while there is no connection.
    pub fn ask_members(&self, guild: GuildId) {
        // Op 8, Request Guild Members: an empty query with no limit means everybody.
        let ask = serde_json::json!({ "op": 8, "d": { "guild_id": guild, "query": "", "limit": 0 } });
        let _ = self.0.send(Command::Send(ask.to_string()));
    }
}

impl Socket {
    /// Finds the gateway and keeps a connection to it until [`Socket::close`] or a fatal close. Must be called within
    /// a tokio runtime.
    ///
    /// # Errors
    /// When `api_url` or `gateway_url` is no usable address. That the server cannot be reached is no error here: it is
    /// tried again, and said with [`Signal::Closed`].
    pub fn open(options: SocketOptions) -> Result<Self, RestError> {
        Self::open_with(options, ROOM)
    }

    fn open_with(options: SocketOptions, room: Room) -> Result<Self, RestError> {
        // Twilight takes whatever provider the process has; the first one to ask decides, and it is always ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let rest = Rest::new(&options.api_url, &options.token, options.clock.clone())?;
        let host = address::Trusted::new(&options.api_url, options.gateway_url.as_deref()).ok_or(
            RestError::refused(
                "discord.gateway_url is not an address; write it like wss://gateway.example.org",
            ),
        )?;
        let (signal, signals) = mpsc::channel(room.channel);
        let (command, commands) = mpsc::unbounded_channel();
        tokio::spawn(run::run(options, rest, host, run::Line::new(signal, room), commands));
        Ok(Socket { signals, asker: Asker(command) })
    }

    /// The next signal; nothing after the last one.
    pub async fn next(&mut self) -> Option<Signal> {
        self.signals.recv().await
    }

    /// A handle that asks the gateway for things.
    #[must_use]
    pub fn asker(&self) -> Asker {
        self.asker.clone()
    }

    /// Ends the connection so that its session can be resumed, and hands over what had already been heard. The session
    /// of the last packet stays valid for some minutes.
    pub async fn close(mut self) -> Vec<Packet> {
        let _ = self.asker.0.send(Command::Close);
        let mut rest = Vec::new();
        while let Some(signal) = self.signals.recv().await {
            if let Signal::Packet(packet) = signal {
                rest.push(packet);
            }
        }
        rest
    }
}
