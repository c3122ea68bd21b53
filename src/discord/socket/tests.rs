use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::routing::{any, get};
use serde_json::{Value, json};

use super::*;
use crate::discord::fake::noon;

/// What the fake gateway does on each connection, in order; `None` waits for the other side to go.
#[derive(Clone, Debug)]
enum Step {
    Say(Value),
    SayText(String),
    /// Every dispatch from the one after the last that was heard (or from the second) up to this one.
    Replay(u64),
    Close(u16),
    Drop,
}

#[derive(Default)]
struct Script {
    connections: Vec<Vec<Step>>,
    heard: Vec<Value>,
    gateway: String,
}

struct Gateway {
    url: String,
    script: Arc<Mutex<Script>>,
}

impl Gateway {
    /// One that plays these connections, one after the other; after the last it accepts and says hello only.
    async fn start(connections: Vec<Vec<Step>>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Script { connections, heard: Vec::new(), gateway: format!("ws://{address}") };
        let script = Arc::new(Mutex::new(script));
        let app = Router::new()
            .route(
                "/api/v10/gateway/bot",
                get(|State(script): State<Arc<Mutex<Script>>>| async move {
                    let url = script.lock().unwrap().gateway.clone();
                    json!({ "url": url, "shards": 1 }).to_string()
                }),
            )
            .route(
                "/",
                any(|upgrade: WebSocketUpgrade, State(script): State<Arc<Mutex<Script>>>| async move {
                    upgrade.on_upgrade(move |socket| play(socket, script))
                }),
            )
            .with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Gateway { url: format!("http://{address}"), script }
    }

    fn options(&self, session: Option<String>) -> SocketOptions {
        SocketOptions {
            api_url: self.url.clone(),
            gateway_url: None,
            token: Token::new("secret-token"),
            intents: 513,
            shard: (0, 1),
            session,
            identify: IdentifyQueue::immediate(),
            clock: Clock::manual(noon()),
        }
    }

    fn ws(&self) -> String {
        self.url.replace("http", "ws")
    }

    /// The ops that were heard so far, with their data.
    fn heard(&self, op: u64) -> Vec<Value> {
        let script = self.script.lock().unwrap();
        script.heard.iter().filter(|frame| frame["op"] == op).map(|frame| frame["d"].clone()).collect()
    }
}

async fn play(mut socket: WebSocket, script: Arc<Mutex<Script>>) {
    let hello = json!({ "op": 10, "d": { "heartbeat_interval": 60_000 } });
    if socket.send(Message::text(hello.to_string())).await.is_err() {
        return;
    }
    // Identify or resume comes first; then the script of this connection.
    if !listen(&mut socket, &script).await {
        return;
    }
    let steps = {
        let mut script = script.lock().unwrap();
        if script.connections.is_empty() { Vec::new() } else { script.connections.remove(0) }
    };
    for step in steps {
        let messages = match step {
            Step::Say(frame) => vec![Message::text(frame.to_string())],
            Step::SayText(text) => vec![Message::text(text)],
            Step::Replay(last) => {
                let heard = script.lock().unwrap().heard.last().and_then(|frame| frame["d"]["seq"].as_u64());
                let frame = |s| json!({ "op": 0, "s": s, "t": "MESSAGE_CREATE", "d": { "n": s } });
                (heard.unwrap_or(1) + 1..=last).map(|s| Message::text(frame(s).to_string())).collect()
            }
            Step::Close(code) => vec![Message::Close(Some(CloseFrame { code, reason: "".into() }))],
            Step::Drop => return,
        };
        for message in messages {
            if socket.send(message).await.is_err() {
                return;
            }
        }
    }
    while listen(&mut socket, &script).await {}
}

async fn listen(socket: &mut WebSocket, script: &Mutex<Script>) -> bool {
    loop {
        match socket.recv().await {
            Some(Ok(Message::Text(text))) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                let counts = frame["op"] != 1;
                script.lock().unwrap().heard.push(frame);
                if counts {
                    return true;
                }
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return false,
            Some(Ok(_)) => {}
        }
    }
}

fn ready(resume_at: &str) -> Step {
    Step::Say(json!({
        "op": 0, "s": 1, "t": "READY",
        "d": { "v": 10, "session_id": "abc", "resume_gateway_url": resume_at, "user": { "id": "99" } },
    }))
}

fn dispatch(sequence: u64, name: &str) -> Step {
    Step::Say(json!({ "op": 0, "s": sequence, "t": name, "d": { "n": sequence } }))
}

/// The next signal, or a failed test: a socket that went astray would wait for ever.
async fn signal(socket: &mut Socket) -> Option<Signal> {
    tokio::time::timeout(std::time::Duration::from_secs(10), socket.next()).await.expect("nothing was heard")
}

async fn packet(socket: &mut Socket) -> Packet {
    loop {
        match signal(socket).await.expect("the socket goes on") {
            Signal::Packet(packet) => return packet,
            Signal::Closed { fatal: false, .. } | Signal::Behind { .. } => {}
            Signal::Closed { what, .. } => panic!("{what}"),
        }
    }
}

fn sequence(packet: &Packet) -> u64 {
    serde_json::from_str::<Value>(&packet.raw).unwrap()["s"].as_u64().unwrap()
}

#[tokio::test]
async fn dispatches_arrive_byte_for_byte_with_the_session_after_them() {
    let odd = r#"{ "t":"MESSAGE_CREATE", "s":2,"op":0, "d":{"content":"\u00e9  é"} }"#;
    let gateway = Gateway::start(vec![vec![]]).await;
    gateway.script.lock().unwrap().connections[0] =
        vec![ready(&gateway.ws()), Step::Say(json!({ "op": 11 })), Step::SayText(odd.to_owned())];
    let mut socket = Socket::open(gateway.options(None)).unwrap();
    assert_eq!(sequence(&packet(&mut socket).await), 1);
    let second = packet(&mut socket).await;
    assert_eq!((second.raw.as_str(), second.at, second.shard), (odd, noon(), 0));
    let session: Value = serde_json::from_str(second.session.as_deref().unwrap()).unwrap();
    assert_eq!(session, json!({ "id": "abc", "sequence": 2 }));
    let identify = &gateway.heard(2)[0];
    assert_eq!((&identify["token"], &identify["intents"]), (&json!("Bot secret-token"), &json!(513)));
    assert!(!format!("{second:?} {:?}", gateway.options(None)).contains("secret-token"));
}

#[tokio::test]
async fn a_persisted_session_is_resumed_through_the_configured_gateway() {
    let gateway = Gateway::start(vec![vec![dispatch(42, "MESSAGE_CREATE"), dispatch(43, "RESUMED")]]).await;
    let session = r#"{"id":"abc","sequence":41}"#.to_owned();
    let mut socket = Socket::open(gateway.options(Some(session))).unwrap();
    assert_eq!(sequence(&packet(&mut socket).await), 42);
    let resume = &gateway.heard(6)[0];
    assert_eq!((&resume["session_id"], &resume["seq"]), (&json!("abc"), &json!(41)));
    assert!(gateway.heard(2).is_empty());
}

#[tokio::test]
async fn a_session_that_cannot_be_read_begins_anew() {
    let gateway = Gateway::start(vec![vec![]]).await;
    gateway.script.lock().unwrap().connections[0] = vec![ready(&gateway.ws())];
    let mut socket = Socket::open(gateway.options(Some("{half a sess".to_owned()))).unwrap();
    assert_eq!(sequence(&packet(&mut socket).await), 1);
    assert_eq!(gateway.heard(2).len(), 1);
}

#[tokio::test]
async fn a_lost_connection_is_resumed_where_it_was() {
    let gateway = Gateway::start(vec![vec![], vec![dispatch(3, "RESUMED")]]).await;
    gateway.script.lock().unwrap().connections[0] =
        vec![ready(&gateway.ws()), dispatch(2, "MESSAGE_CREATE"), Step::Drop];
    let mut socket = Socket::open(gateway.options(None)).unwrap();
    for expected in 1..=3 {
        assert_eq!(sequence(&packet(&mut socket).await), expected);
    }
    assert_eq!(gateway.heard(6)[0]["seq"], 2);
}

#[tokio::test]
async fn the_token_is_not_taken_to_another_host_to_resume() {
    let foreign = Gateway::start(vec![]).await;
    // The server names the other one for resuming, and drops the connection.
    let gateway = Gateway::start(vec![
        vec![ready(&foreign.ws()), Step::Drop],
        vec![dispatch(2, "RESUMED"), dispatch(3, "MESSAGE_CREATE"), Step::Drop],
        vec![dispatch(4, "RESUMED")],
    ])
    .await;
    let mut socket = Socket::open(gateway.options(None)).unwrap();
    for expected in 1..=4 {
        assert_eq!(sequence(&packet(&mut socket).await), expected);
    }
    assert_eq!(gateway.heard(6).len(), 2);
    assert!(foreign.script.lock().unwrap().heard.is_empty());
}

#[tokio::test]
async fn a_server_that_resumes_nowhere_else_is_given_up_with_what_to_do() {
    let gateway = Gateway::start(vec![
        vec![ready("ws://elsewhere.example")],
        vec![Step::Say(json!({ "op": 9, "d": false }))],
        vec![ready("ws://elsewhere.example")],
    ])
    .await;
    let mut socket = Socket::open(gateway.options(None)).unwrap();
    let what = loop {
        if let Signal::Closed { fatal: true, what, .. } = signal(&mut socket).await.unwrap() {
            break what;
        }
    };
    assert!(what.contains("discord.gateway_url"), "{what}");
    assert_eq!(signal(&mut socket).await, None);
}

#[tokio::test]
async fn a_gateway_on_another_host_is_not_gone_to() {
    let foreign = Gateway::start(vec![]).await;
    let gateway = Gateway::start(vec![vec![dispatch(2, "RESUMED")]]).await;
    gateway.script.lock().unwrap().gateway = foreign.ws();
    let mut socket = Socket::open(gateway.options(Some(r#"{"id":"abc","sequence":1}"#.to_owned()))).unwrap();
    assert_eq!(sequence(&packet(&mut socket).await), 2);
    assert!(foreign.script.lock().unwrap().heard.is_empty());
}

#[tokio::test]
async fn a_fatal_close_says_what_to_do_and_ends() {
    for (code, hint) in [(4004, "Reset Token"), (4014, "Message Content Intent")] {
        let gateway = Gateway::start(vec![vec![Step::Close(code)]]).await;
        let mut socket = Socket::open(gateway.options(None)).unwrap();
        let Some(Signal::Closed { code: Some(closed), fatal: true, what }) = signal(&mut socket).await else {
            panic!("{code}")
        };
        assert_eq!(closed, code);
        assert!(what.contains(hint), "{what}");
        assert_eq!(signal(&mut socket).await, None);
    }
}

#[tokio::test]
async fn members_are_asked_for_once_there_is_a_session() {
    let gateway = Gateway::start(vec![vec![]]).await;
    gateway.script.lock().unwrap().connections[0] = vec![ready(&gateway.ws())];
    let mut socket = Socket::open(gateway.options(None)).unwrap();
    socket.asker().ask_members(GuildId(1));
    packet(&mut socket).await;
    while gateway.heard(8).is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(gateway.heard(8), [json!({ "guild_id": "1", "query": "", "limit": 0 })]);
}

/// Takes everything up to a sequence number, in order, and says how often the socket was behind and gave up the line.
async fn take_all(socket: &mut Socket, last: u64) -> (usize, usize) {
    let (mut behind, mut gave_up, mut next) = (0, 0, 1);
    while next <= last {
        match signal(socket).await.unwrap() {
            Signal::Packet(packet) => {
                assert_eq!(sequence(&packet), next);
                next += 1;
            }
            Signal::Behind { disconnected, .. } => {
                behind += 1;
                gave_up += usize::from(disconnected);
            }
            closed @ Signal::Closed { .. } => panic!("{closed:?}"),
        }
    }
    (behind, gave_up)
}

/// Opens a socket and takes nothing from it until its channel is full.
async fn full(gateway: &Gateway, room: Room) -> Socket {
    let socket = Socket::open_with(gateway.options(None), room).unwrap();
    while socket.signals.len() < room.channel {
        tokio::task::yield_now().await;
    }
    socket
}

#[tokio::test]
async fn nobody_who_listens_slowly_misses_anything() {
    let gateway = Gateway::start(vec![vec![]]).await;
    gateway.script.lock().unwrap().connections[0] = vec![ready(&gateway.ws()), Step::Replay(100)];
    let mut socket = full(&gateway, Room { channel: 4, beside: 1 << 20 }).await;
    let (behind, gave_up) = take_all(&mut socket, 100).await;
    assert!(behind >= 1 && gave_up == 0);
}

#[tokio::test]
async fn when_too_much_waits_the_line_is_given_up_and_nothing_is_missed() {
    let gateway = Gateway::start(vec![vec![]]).await;
    let again = vec![Step::Replay(200)];
    gateway.script.lock().unwrap().connections =
        std::iter::once(vec![ready(&gateway.ws()), Step::Replay(200)]).chain(vec![again; 200]).collect();
    let mut socket = full(&gateway, Room { channel: 4, beside: 1_000 }).await;
    let (_, gave_up) = take_all(&mut socket, 200).await;
    assert!(gave_up >= 1);
    assert!(!gateway.heard(6).is_empty());
}

#[tokio::test]
async fn closing_keeps_the_session_for_the_next_start() {
    let gateway = Gateway::start(vec![vec![]]).await;
    gateway.script.lock().unwrap().connections[0] = vec![ready(&gateway.ws()), dispatch(2, "MESSAGE_CREATE")];
    let mut socket = Socket::open(gateway.options(None)).unwrap();
    packet(&mut socket).await;
    let last = packet(&mut socket).await;
    assert!(socket.close().await.is_empty());
    // The next start goes on behind it.
    gateway.script.lock().unwrap().connections = vec![vec![dispatch(3, "RESUMED")]];
    let mut socket = Socket::open(gateway.options(last.session)).unwrap();
    assert_eq!(sequence(&packet(&mut socket).await), 3);
    assert_eq!(gateway.heard(6)[0]["seq"], 2);
}

#[tokio::test]
async fn a_token_that_the_api_refuses_is_never_shown_to_the_gateway() {
    let api = crate::discord::fake::Fake::start(|_, _| crate::discord::fake::refused(401, 0)).await;
    let gateway = Gateway::start(vec![]).await;
    let mut socket =
        Socket::open(SocketOptions { api_url: api.url.clone(), ..gateway.options(None) }).unwrap();
    let Some(Signal::Closed { code: Some(4004), fatal: true, what }) = signal(&mut socket).await else {
        panic!()
    };
    assert!(what.contains("Reset Token"), "{what}");
    assert_eq!(signal(&mut socket).await, None);
}

#[tokio::test]
async fn a_server_that_is_down_is_said_to_be_and_tried_again() {
    let api = crate::discord::fake::Fake::start(|_, _| crate::discord::fake::status(503)).await;
    let gateway = Gateway::start(vec![]).await;
    let mut socket =
        Socket::open(SocketOptions { api_url: api.url.clone(), ..gateway.options(None) }).unwrap();
    assert!(matches!(signal(&mut socket).await, Some(Signal::Closed { code: None, fatal: false, .. })));
    // Whoever gives up meanwhile does not have to wait for it.
    assert!(socket.close().await.is_empty());
}
