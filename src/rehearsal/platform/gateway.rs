//! Gateway v10: one task a socket. What is dispatched stands in the session's buffer already; the task only
//! sends what the socket has not had yet, so a socket that breaks loses nothing and a resume replays it.

use std::sync::Arc;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::core::{Blow, Connection, Core};
use super::intents;
use super::op::{Answer, Op};
use super::shared::Shared;
use crate::domain::{GuildId, Timestamp};

/// Milliseconds between heartbeats, as Discord asks for. Missing ones are not punished: time may stand still here.
const HEARTBEAT_INTERVAL: u32 = 41_250;
/// The largest payload that Discord takes from a client.
const LARGEST: usize = 4_096;
/// Dispatches taken out of the buffer at a time.
const BATCH: usize = 64;

/// Discord's close codes.
mod code {
    pub const UNKNOWN_ERROR: u16 = 4000;
    pub const UNKNOWN_OPCODE: u16 = 4001;
    pub const DECODE_ERROR: u16 = 4002;
    pub const NOT_AUTHENTICATED: u16 = 4003;
    pub const AUTHENTICATION_FAILED: u16 = 4004;
    pub const ALREADY_AUTHENTICATED: u16 = 4005;
    pub const INVALID_SEQ: u16 = 4007;
    pub const INVALID_SHARD: u16 = 4010;
    pub const INVALID_VERSION: u16 = 4012;
    pub const INVALID_INTENTS: u16 = 4013;
    pub const DISALLOWED_INTENTS: u16 = 4014;
}

/// Takes a connection over, unless the gateway is down.
pub async fn upgrade(shared: Arc<Shared>, request: Request) -> Response {
    if shared.look(|core| core.faults.is_down()) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade.on_upgrade(move |socket| async move {
            let wrong_version = query.split('&').any(|part| part.starts_with("v=") && part != "v=10");
            Talk { shared, socket, line: None }.run(wrong_version).await;
        }),
        Err(refused) => refused.into_response(),
    }
}

/// Why a talk ends.
enum End {
    /// Without a word.
    Silent,
    /// With a close frame.
    Close(u16),
}

/// What a frame from the bot leads to.
enum Turn {
    Nothing,
    Send(Value),
    End(End),
    /// The bot identified or resumed.
    Opened(Line),
}

/// The session that a socket carries.
struct Line {
    number: u64,
    session: String,
    cursor: u64,
    blows: mpsc::UnboundedReceiver<Blow>,
}

enum Next {
    Frames(Vec<(u64, String)>),
    Later(Timestamp),
    Nothing,
    Gone,
}

struct Talk {
    shared: Arc<Shared>,
    socket: WebSocket,
    line: Option<Line>,
}

impl Talk {
    async fn run(mut self, wrong_version: bool) {
        let end = if wrong_version { End::Close(code::INVALID_VERSION) } else { self.talk().await };
        if let Some(line) = &self.line {
            self.shared.with(|core| core.connections.remove(&line.number));
        }
        if let End::Close(code) = end {
            let frame = CloseFrame { code, reason: "".into() };
            let _ = self.socket.send(Message::Close(Some(frame))).await;
            // The peer answers with its own close frame; dropping the socket earlier could lose ours.
            let mut stopping = self.shared.stopping();
            loop {
                let message = tokio::select! {
                    message = self.socket.recv() => message,
                    _ = stopping.wait_for(|stop| *stop) => None,
                };
                if !matches!(
                    message,
                    Some(Ok(Message::Text(_) | Message::Binary(_) | Message::Ping(_) | Message::Pong(_)))
                ) {
                    break;
                }
            }
        }
    }

    async fn talk(&mut self) -> End {
        let hello = json!({"heartbeat_interval": HEARTBEAT_INTERVAL, "_trace": ["rehearsal"]});
        if self.send(&frame(10, hello)).await.is_err() {
            return End::Silent;
        }
        let (mut changes, mut stopping) = (self.shared.changes(), self.shared.stopping());
        let clock = self.shared.look(|core| core.clock.clone());
        loop {
            changes.borrow_and_update();
            let later = match self.flush().await {
                Ok(later) => later,
                Err(end) => return end,
            };
            let turn = tokio::select! {
                _ = changes.changed() => Turn::Nothing,
                _ = stopping.wait_for(|stop| *stop) => Turn::End(End::Silent),
                () = clock.until(later.unwrap_or_default()), if later.is_some() => Turn::Nothing,
                Some(blow) = hit(self.line.as_mut()) => match blow {
                    Blow::Drop(code) => Turn::End(code.map_or(End::Silent, End::Close)),
                    Blow::Reconnect => Turn::Send(frame(7, Value::Null)),
                    Blow::Invalidate => Turn::Send(frame(9, true.into())),
                },
                message = self.socket.recv() => match message {
                    Some(Ok(Message::Text(text))) => self.shared.with(|core| heard(core, self.line.as_ref(), &text)),
                    Some(Ok(Message::Binary(bytes))) => match std::str::from_utf8(&bytes) {
                        Ok(text) => self.shared.with(|core| heard(core, self.line.as_ref(), text)),
                        Err(_) => Turn::End(End::Close(code::DECODE_ERROR)),
                    },
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => Turn::Nothing,
                    Some(Ok(Message::Close(_)) | Err(_)) | None => Turn::End(End::Silent),
                },
            };
            match turn {
                Turn::Nothing => {}
                Turn::Send(data) => {
                    if self.send(&data).await.is_err() {
                        return End::Silent;
                    }
                }
                Turn::Opened(line) => self.line = Some(line),
                Turn::End(end) => return end,
            }
        }
    }

    /// Sends what the socket has not had; answers when to come back if something is delayed.
    async fn flush(&mut self) -> Result<Option<Timestamp>, End> {
        let Some(line) = &self.line else { return Ok(None) };
        let (number, session, mut cursor) = (line.number, line.session.clone(), line.cursor);
        let later = loop {
            match self.shared.look_mut(|core| next(core, number, &session, cursor)) {
                Next::Frames(frames) => {
                    for (seq, text) in frames {
                        if self.socket.send(Message::Text(text.into())).await.is_err() {
                            return Err(End::Silent);
                        }
                        cursor = seq;
                    }
                    self.shared.with(|core| {
                        if let Some(connection) = core.connections.get_mut(&number) {
                            connection.written = cursor;
                        }
                    });
                }
                Next::Later(at) => break Some(at),
                Next::Nothing => break None,
                Next::Gone => {
                    // The session is over for good; the bot may identify again, here or on a new socket.
                    self.line = None;
                    self.shared.with(|core| core.connections.remove(&number));
                    let told = self.send(&frame(9, false.into())).await;
                    return told.map(|()| None).map_err(|_| End::Silent);
                }
            }
        };
        if let Some(line) = self.line.as_mut() {
            line.cursor = cursor;
        }
        Ok(later)
    }

    async fn send(&mut self, data: &Value) -> Result<(), axum::Error> {
        self.socket.send(Message::Text(data.to_string().into())).await
    }
}

async fn hit(line: Option<&mut Line>) -> Option<Blow> {
    match line {
        Some(line) => line.blows.recv().await,
        None => std::future::pending().await,
    }
}

fn frame(op: u8, data: Value) -> Value {
    let mut frame = json!({"t": null, "s": null, "op": op});
    frame["d"] = data;
    frame
}

fn next(core: &mut Core, number: u64, session: &str, mut cursor: u64) -> Next {
    let now = core.clock.now();
    let Some(connection) = core.connections.get(&number).filter(|connection| !connection.struck) else {
        return Next::Nothing;
    };
    let shard = connection.shard;
    let mut frames = Vec::new();
    while frames.len() < BATCH {
        let Some(found) = core.state.sessions.get(session) else { return Next::Gone };
        let Some(entry) = found.after(cursor) else { break };
        let (seq, text) = (entry.seq, entry.text.clone());
        match core.faults.leaves(shard, entry.at) {
            Ok(at) if at <= now => {}
            Ok(at) if frames.is_empty() => return Next::Later(at),
            Err(_) if frames.is_empty() => return Next::Nothing,
            _ => break,
        }
        if core.faults.twice(shard) {
            frames.push((seq, text.clone()));
        }
        frames.push((seq, text));
        cursor = seq;
    }
    if frames.is_empty() { Next::Nothing } else { Next::Frames(frames) }
}

fn heard(core: &mut Core, line: Option<&Line>, text: &str) -> Turn {
    let close = |code| Turn::End(End::Close(code));
    if text.len() > LARGEST {
        return close(code::DECODE_ERROR);
    }
    let Ok(message) = serde_json::from_str::<Value>(text) else { return close(code::DECODE_ERROR) };
    let Some(op) = message["op"].as_u64() else { return close(code::DECODE_ERROR) };
    let data = &message["d"];
    match (op, line) {
        (1, _) => {
            if let Some(connection) = line.and_then(|line| core.connections.get_mut(&line.number)) {
                connection.heard = data.as_u64();
            }
            Turn::Send(json!({"t": null, "s": null, "op": 11}))
        }
        (2 | 6, Some(_)) => close(code::ALREADY_AUTHENTICATED),
        (2, None) => identify(core, data),
        (6, None) => resume(core, data),
        (_, None) => close(code::NOT_AUTHENTICATED),
        (8, Some(line)) => {
            let guild = data["guild_id"].as_str().and_then(|id| id.parse().ok()).map(GuildId);
            if let Some(guild) = guild {
                let op = Op::RequestMembers { session: line.session.clone(), guild, request: data.clone() };
                // What Discord would not answer is not answered.
                let _ = core.perform(op, None);
            }
            Turn::Nothing
        }
        // Presence and voice of the bot itself change nothing here.
        (3 | 4 | 31, Some(_)) => Turn::Nothing,
        _ => close(code::UNKNOWN_OPCODE),
    }
}

fn knows(core: &Core, data: &Value) -> bool {
    data["token"].as_str().map(|token| token.trim_start_matches("Bot ")) == Some(core.token.as_str())
}

fn identify(core: &mut Core, data: &Value) -> Turn {
    let close = |code| Turn::End(End::Close(code));
    if !knows(core, data) {
        return close(code::AUTHENTICATION_FAILED);
    }
    let part = |index: usize, default: u32| {
        data["shard"][index].as_u64().map_or(default, |part| u32::try_from(part).unwrap_or(u32::MAX))
    };
    let (shard, of) = (part(0, 0), part(1, 1));
    if shard >= of {
        return close(code::INVALID_SHARD);
    }
    let Some(wanted) = data["intents"].as_u64().filter(|wanted| *wanted < intents::HIGHEST << 1) else {
        return close(code::INVALID_INTENTS);
    };
    let on = core.state.privileged;
    let refused = [
        (intents::GUILD_MEMBERS, on.members),
        (intents::MESSAGE_CONTENT, on.message_content),
        (intents::GUILD_PRESENCES, on.presences),
    ];
    if refused.iter().any(|(intent, on)| wanted & intent != 0 && !on) {
        return close(code::DISALLOWED_INTENTS);
    }
    match core.perform(Op::Identify { shard, of, intents: wanted }, None) {
        Ok(outcome) => match outcome.answer {
            Answer::Session(session) => open(core, session, shard, 0),
            _ => close(code::UNKNOWN_ERROR),
        },
        Err(_) => close(code::UNKNOWN_ERROR),
    }
}

fn resume(core: &mut Core, data: &Value) -> Turn {
    let invalid = || Turn::Send(frame(9, false.into()));
    if !knows(core, data) {
        return Turn::End(End::Close(code::AUTHENTICATION_FAILED));
    }
    let name = data["session_id"].as_str().unwrap_or_default().to_owned();
    let seq = data["seq"].as_u64().unwrap_or(0);
    let Some(session) = core.state.sessions.get(&name) else { return invalid() };
    let shard = session.shard;
    if seq > session.seq {
        return Turn::End(End::Close(code::INVALID_SEQ));
    }
    if core.faults.refuses_resume() || !core.state.sessions[&name].can_replay(seq) {
        let _ = core.perform(Op::EndSession { session: name }, None);
        return invalid();
    }
    // Whoever still holds the session is an older socket of the same bot.
    for connection in core.connections.values().filter(|connection| connection.session == name) {
        let _ = connection.blows.send(Blow::Drop(Some(code::UNKNOWN_ERROR)));
    }
    match core.perform(Op::Resumed { session: name.clone() }, None) {
        Ok(_) => open(core, name, shard, seq),
        Err(_) => invalid(),
    }
}

fn open(core: &mut Core, session: String, shard: u32, cursor: u64) -> Turn {
    let (sender, blows) = mpsc::unbounded_channel();
    let number = core.connections.keys().next_back().map_or(1, |last| last + 1);
    let connection = Connection {
        session: session.clone(),
        shard,
        written: cursor,
        heard: None,
        struck: false,
        blows: sender,
    };
    core.connections.insert(number, connection);
    Turn::Opened(Line { number, session, cursor, blows })
}
