//! The task that holds the connection. It waits for the wire, for commands and for room in the channel at once, and
//! for none of them alone.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt;
use serde::Deserialize;
use tokio::sync::mpsc::error::{SendError, TrySendError};
use tokio::sync::mpsc::{OwnedPermit, Sender, UnboundedReceiver};
use twilight_gateway::error::{ReceiveMessageError, ReceiveMessageErrorType};
use twilight_gateway::{
    CloseFrame, Config, ConfigBuilder, Intents, Message, Session, Shard, ShardId, ShardState,
};

use super::address::Trusted;
use super::closing::{is_fatal, what_to_do};
use super::{Command, Packet, Room, Signal, SocketOptions};
use crate::clock::Clock;
use crate::discord::rest::{Kind, Rest};

/// After this many failed attempts in a row the back-off starts anew: it would grow to minutes, in which nobody watches.
const ATTEMPTS: u32 = 6;

/// The longest pause between two questions for the gateway's address.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a good-bye may take.
const GOOD_BYE: Duration = Duration::from_secs(2);

pub(super) async fn run(
    options: SocketOptions,
    rest: Rest,
    host: Trusted,
    mut line: Line,
    mut commands: UnboundedReceiver<Command>,
) {
    let mut asks = Vec::new();
    let Some(base) = find_gateway(&rest, &host, &mut line, &mut commands, &mut asks).await else {
        line.drain().await;
        return;
    };
    let mut connection = Connection::new(options, host, base);
    connection.asks = asks;
    connection.keep(&mut line, &mut commands).await;
    line.drain().await;
}

/// The way to whoever listens: a bounded channel, and behind it what does not fit.
pub(super) struct Line {
    signals: Sender<Signal>,
    waiting: VecDeque<Signal>,
    bytes: usize,
    behind: bool,
    room: Room,
}

impl Line {
    pub(super) fn new(signals: Sender<Signal>, room: Room) -> Self {
        Line { signals, waiting: VecDeque::new(), bytes: 0, behind: false, room }
    }

    fn push(&mut self, signal: Signal) {
        let signal = if self.waiting.is_empty() {
            match self.signals.try_send(signal) {
                Ok(()) | Err(TrySendError::Closed(_)) => return,
                Err(TrySendError::Full(signal)) => signal,
            }
        } else {
            signal
        };
        if !self.behind {
            self.behind = true;
            self.waiting.push_back(Signal::Behind { waiting: self.room.channel, disconnected: false });
        }
        self.bytes += weight(&signal);
        self.waiting.push_back(signal);
    }

    /// A place in the channel, when there is one. An error when nobody listens any more.
    fn place(&self) -> impl Future<Output = Result<OwnedPermit<Signal>, SendError<()>>> + use<> {
        self.signals.clone().reserve_owned()
    }

    /// Moves one waiting signal on.
    fn advance(&mut self, place: OwnedPermit<Signal>) {
        if let Some(signal) = self.waiting.pop_front() {
            self.bytes -= weight(&signal);
            place.send(signal);
        }
        if self.waiting.is_empty() {
            self.behind = false;
        }
    }

    async fn drain(mut self) {
        while !self.waiting.is_empty() {
            match self.place().await {
                Ok(place) => self.advance(place),
                Err(_) => return,
            }
        }
    }
}

fn weight(signal: &Signal) -> usize {
    match signal {
        Signal::Packet(packet) => packet.raw.len(),
        Signal::Closed { .. } | Signal::Behind { .. } => 0,
    }
}

/// Asks the server where its gateway is, until it says so. Nothing when the socket was closed meanwhile or the token
/// is not accepted.
async fn find_gateway(
    rest: &Rest,
    host: &Trusted,
    line: &mut Line,
    commands: &mut UnboundedReceiver<Command>,
    asks: &mut Vec<String>,
) -> Option<String> {
    if host.has_gateway() {
        return Some(host.base(None));
    }
    let mut pause = Duration::from_secs(1);
    loop {
        match rest.gateway().await {
            Ok(info) => return Some(host.base(Some(&info.url))),
            Err(error) if error.kind == Kind::Unauthorised => {
                line.push(Signal::Closed { code: Some(4004), fatal: true, what: what_to_do(4004) });
                return None;
            }
            // It answers, but not this question: go where the gateway usually is.
            Err(error) if !error.is_temporary() => return Some(host.base(None)),
            Err(error) => {
                let what = format!("the server cannot be asked for its gateway: {error}; it is tried again.");
                line.push(Signal::Closed { code: None, fatal: false, what });
                let wait = error.retry_after.unwrap_or(pause).min(LONGEST_PAUSE);
                pause = (pause * 2).min(LONGEST_PAUSE);
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = line.signals.closed() => return None,
                    () = told_to_close(commands, asks) => return None,
                }
            }
        }
    }
}

/// Waits for the command to close, and keeps questions until there is a connection.
async fn told_to_close(commands: &mut UnboundedReceiver<Command>, asks: &mut Vec<String>) {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Send(ask) => asks.push(ask),
            Command::Close => return,
        }
    }
}

/// What became of the connection.
#[derive(PartialEq, Eq)]
enum Standing {
    Goes,
    Over,
}

struct Connection {
    config: Config,
    id: ShardId,
    host: Trusted,
    clock: Clock,
    shard: Option<Shard>,
    /// While there is no shard: where to go on.
    session: Option<Session>,
    /// Questions that wait until the gateway takes them.
    asks: Vec<String>,
    /// The resume address that was looked at last.
    looked_at: Option<String>,
    /// This session was made to resume here, because its own resume address may not be used; it has not yet.
    resuming_here: bool,
    failures: u32,
}

impl Connection {
    fn new(options: SocketOptions, host: Trusted, base: String) -> Self {
        let config =
            ConfigBuilder::new(options.token.bare().to_owned(), Intents::from_bits_retain(options.intents))
                .proxy_url(base)
                .queue(options.identify.0)
                // Members of small servers come with their description.
                .large_threshold(250)
                .build();
        let (number, total) = options.shard;
        let total = total.max(1);
        let session = options.session.and_then(|text| serde_json::from_str(&text).ok());
        Connection {
            config,
            id: ShardId::new(number.min(total - 1), total),
            host,
            clock: options.clock,
            shard: None,
            session,
            asks: Vec::new(),
            looked_at: None,
            resuming_here: false,
            failures: 0,
        }
    }

    /// A shard that goes on where the last one was, through the configured gateway: never through an address that
    /// somebody else named.
    fn connect(&mut self) {
        let mut config = ConfigBuilder::from(self.config.clone());
        if let Some(session) = self.session.take() {
            config = config.session(session);
        }
        self.shard = Some(Shard::with_config(self.id, config.build()));
    }

    fn disconnect(&mut self) {
        // Without a good-bye: the platform keeps the session, and replays what is missed.
        self.session = self.shard.take().and_then(|shard| shard.session().cloned());
    }

    async fn keep(&mut self, line: &mut Line, commands: &mut UnboundedReceiver<Command>) {
        loop {
            if self.shard.is_none() && line.waiting.is_empty() {
                self.connect();
            }
            tokio::select! {
                heard = heard(&mut self.shard) => {
                    if self.take(heard, line) == Standing::Over {
                        return;
                    }
                }
                place = line.place(), if !line.waiting.is_empty() => match place {
                    Ok(place) => line.advance(place),
                    Err(_) => return,
                },
                command = commands.recv() => match command {
                    Some(Command::Send(ask)) => self.asks.push(ask),
                    // Whoever could command is gone, and with them whoever listens.
                    Some(Command::Close) | None => {
                        self.say_good_bye(line).await;
                        return;
                    }
                },
                () = line.signals.closed() => return,
            }
            self.ask();
        }
    }

    fn ask(&mut self) {
        if let Some(shard) = self.shard.as_ref().filter(|shard| shard.state() == ShardState::Active) {
            for ask in self.asks.drain(..) {
                shard.send(ask);
            }
        }
    }

    fn take(&mut self, heard: Option<Result<Message, ReceiveMessageError>>, line: &mut Line) -> Standing {
        match heard {
            Some(Ok(Message::Text(raw))) => self.text(raw, line),
            Some(Ok(Message::Close(frame))) => return self.closed(frame.map(|frame| frame.code), line),
            Some(Err(error)) => self.trouble(error, line),
            None => return Standing::Over,
        }
        if line.bytes > line.room.beside && self.shard.is_some() {
            self.disconnect();
            line.push(Signal::Behind { waiting: line.waiting.len(), disconnected: true });
        }
        self.look_at_resume_address(line)
    }

    fn text(&mut self, raw: String, line: &mut Line) {
        #[derive(Deserialize)]
        struct Frame {
            op: u64,
            #[serde(default)]
            t: Option<String>,
        }
        self.failures = 0;
        if let Ok(frame) = serde_json::from_str::<Frame>(&raw) {
            // Heartbeats, hello. What cannot be told apart goes on: it is somebody's evidence or alarm.
            if frame.op != 0 {
                return;
            }
            if frame.t.as_deref() == Some("RESUMED") {
                self.resuming_here = false;
            }
        }
        let session = self.shard.as_ref().and_then(Shard::session);
        let session = session.and_then(|session| serde_json::to_string(session).ok());
        line.push(Signal::Packet(Packet { shard: self.id.number(), raw, at: self.clock.now(), session }));
    }

    fn closed(&mut self, code: Option<u16>, line: &mut Line) -> Standing {
        let over = self.shard.as_ref().is_none_or(|shard| shard.state() == ShardState::FatallyClosed);
        let fatal = over || code.is_some_and(is_fatal);
        let what =
            code.map_or_else(|| "the connection was closed; it is being made again.".to_owned(), what_to_do);
        line.push(Signal::Closed { code, fatal, what });
        if fatal { Standing::Over } else { Standing::Goes }
    }

    fn trouble(&mut self, error: ReceiveMessageError, line: &mut Line) {
        let (kind, _) = error.into_parts();
        match kind {
            // The socket library could not read it. Whoever listens keeps it and raises the alarm.
            ReceiveMessageErrorType::Deserializing { event } => line.push(Signal::Packet(Packet {
                shard: self.id.number(),
                raw: event,
                at: self.clock.now(),
                session: None,
            })),
            ReceiveMessageErrorType::Reconnect => {
                self.failures += 1;
                let what = "the gateway cannot be reached; it is tried again.".to_owned();
                line.push(Signal::Closed { code: None, fatal: false, what });
                if self.failures.is_multiple_of(ATTEMPTS) {
                    self.disconnect();
                    self.connect();
                }
            }
            _ => {
                let what = "a frame could not be unpacked; the connection is made again.".to_owned();
                line.push(Signal::Closed { code: None, fatal: false, what });
            }
        }
    }

    /// A new session names the address at which it wants to be resumed, with the token. One that may not have the
    /// token is forgotten by going through the configured gateway at once: only a fresh shard forgets it.
    fn look_at_resume_address(&mut self, line: &mut Line) -> Standing {
        let Some(address) = self.shard.as_ref().and_then(Shard::resume_url) else { return Standing::Goes };
        if self.looked_at.as_deref() == Some(address) {
            return Standing::Goes;
        }
        if self.host.allows(address) {
            self.looked_at = Some(address.to_owned());
            return Standing::Goes;
        }
        if self.resuming_here {
            let what = "the server wants its sessions resumed at another host, and the token goes to no other host. \
                        If that host is yours too, set discord.gateway_url to it.";
            line.push(Signal::Closed { code: None, fatal: true, what: what.to_owned() });
            return Standing::Over;
        }
        self.resuming_here = true;
        self.disconnect();
        self.connect();
        Standing::Goes
    }

    async fn say_good_bye(&mut self, line: &mut Line) {
        let Some(shard) = self.shard.as_ref() else { return };
        shard.close(CloseFrame::RESUME);
        let saying = async {
            loop {
                let heard = heard(&mut self.shard).await;
                let over = matches!(heard, None | Some(Ok(Message::Close(_)) | Err(_)));
                if let Some(Ok(Message::Text(raw))) = heard {
                    self.text(raw, line);
                }
                if over || self.look_at_resume_address(line) == Standing::Over || self.resuming_here {
                    return;
                }
            }
        };
        // A peer that does not answer the good-bye has lost nothing: the session stays.
        let _ = tokio::time::timeout(GOOD_BYE, saying).await;
    }
}

async fn heard(shard: &mut Option<Shard>) -> Option<Result<Message, ReceiveMessageError>> {
    match shard {
        Some(shard) => shard.next().await,
        None => std::future::pending().await,
    }
}
