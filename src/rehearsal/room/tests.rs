//! The room shows each person what they see and nothing else, cannot be broken out of, and lets only this machine
//! in.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::*;
use crate::clock::Clock;
use crate::rehearsal::platform::{NewMessage, Op, Options, Platform};
use crate::rehearsal::player::Stage;
use crate::rehearsal::script::Script;

const SCRIPT: &str = "\
[club]
name = \"<i>Club</i>\"
start = \"2026-03-02 16:00\"
[people]
ella = { role = \"Young Person\", shown = \"Ella <b>\" }
coach = { role = \"Youth Worker\" }
ruth = { role = \"DSL\" }
[spaces]
art = {}
team = { private_to = [\"coach\", \"ruth\"] }
studio = { kind = \"voice\" }
[[scene]]
lines = [ { who = \"ella\", says = \"hi\", in = \"art\" } ]
";

const NASTY: &str = "<script>alert('x')</script><img src=x onerror=\"alert(1)\"> &amp; \" ' </article>";

struct Club {
    platform: Platform,
    stage: Stage,
    room: Room,
    port: u16,
}

async fn club() -> Club {
    let script = Script::read("t.toml", SCRIPT).unwrap();
    let room = Room::new(script.zone);
    let options = Options::new(Clock::manual(script.start), "token");
    let platform = Platform::start_with(options, |handle| room.routes(handle)).await.unwrap();
    let stage = Stage::set(&platform, &script).unwrap();
    let port = platform.url().rsplit(':').next().unwrap().parse().unwrap();
    Club { platform, stage, room, port }
}

impl Club {
    fn id(&self, name: &str) -> UserId {
        self.stage.person(name)
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn page(&self, name: &str) -> String {
        self.get(&format!("/?as={}", self.id(name)), &format!("Host: 127.0.0.1:{}", self.port)).await
    }

    fn says(&self, name: &str, space: &str, text: &str) {
        let channel = self.stage.space(&self.platform, space).unwrap();
        self.platform
            .perform(Op::Say { by: self.id(name), channel, message: NewMessage::text(text) })
            .unwrap();
    }

    async fn enters(&self, name: &str) -> Window {
        let url = format!("ws://127.0.0.1:{}/room/live?as={}", self.port, self.id(name));
        let mut request = url.into_client_request().unwrap();
        let origin = format!("http://127.0.0.1:{}", self.port).parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Window { socket, shown: Value::Null }
    }
}

struct Window {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    shown: Value,
}

impl Window {
    async fn does(&mut self, wish: Value) {
        self.socket.send(Message::text(wish.to_string())).await.unwrap();
    }

    /// Waits until a piece of the page is as wanted.
    async fn until(&mut self, piece: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            if wanted(&self.shown[piece]) {
                return self.shown[piece].clone();
            }
            let told = self.told().await;
            for (name, piece) in told["show"].as_object().into_iter().flatten() {
                self.shown[name] = piece.clone();
            }
        }
    }

    async fn sees(&mut self, piece: &str, text: &str) -> String {
        self.until(piece, |piece| piece.as_str().is_some_and(|piece| piece.contains(text)))
            .await
            .as_str()
            .unwrap()
            .to_owned()
    }

    async fn told(&mut self) -> Value {
        let next = tokio::time::timeout(std::time::Duration::from_secs(10), self.socket.next());
        let message = next.await.expect("nothing came").expect("closed").unwrap();
        serde_json::from_str(message.to_text().unwrap()).unwrap()
    }

    async fn refusal(&mut self) -> String {
        loop {
            if let Some(refused) = self.told().await["refused"].as_str() {
                return refused.to_owned();
            }
        }
    }
}

#[tokio::test]
async fn whatever_people_write_stays_text() {
    let club = club().await;
    club.says("coach", "art", NASTY);
    club.room.listener()(Telling { at: crate::domain::Timestamp(0), kind: "act", text: NASTY.to_owned() });
    let page = club.page("ella").await;
    assert!(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"), "{page}");
    for broken in ["<script>alert", "<img src=x", "<i>Club", "Ella <b>"] {
        assert!(!page.contains(broken), "{broken} got through");
    }
    let mut window = club.enters("ella").await;
    let talk = window.sees("talk", "&lt;script&gt;").await;
    assert!(!talk.contains("<img"), "{talk}");
    assert!(page.contains("content-security-policy: default-src 'none'"), "{page}");
    assert!(page.contains("nobody real is paged"));
}

#[tokio::test]
async fn each_sees_what_that_person_sees() {
    let club = club().await;
    club.says("coach", "team", "only for us");
    let (ella, coach) = (club.page("ella").await, club.page("coach").await);
    assert!(coach.contains("team") && !ella.contains("team"));
    let bot =
        club.get(&format!("/?as={}", club.platform.bot()), &format!("Host: localhost:{}", club.port)).await;
    assert!(bot.contains("Who would you like to be?"), "nobody can be the bot");
    assert!(!bot.contains("Club office") && bot.contains("young person") && bot.contains("Leads"));
}

#[tokio::test]
async fn only_this_machine_s_own_page_gets_in() {
    let club = club().await;
    let (port, ella) = (club.port, club.id("ella"));
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let ours = format!("Host: 127.0.0.1:{port}");
    let live = format!("/room/live?as={ella}");
    for (path, headers) in [
        ("/", format!("Host: evil.example:{port}")),
        ("/", "Host: 127.0.0.1.evil.example".to_owned()),
        ("/room/room.js", "Host: evil.example".to_owned()),
        ("/", format!("{ours}\r\nOrigin: http://evil.example")),
        (&*live, format!("{ours}\r\n{upgrade}")),
        (&*live, format!("{ours}\r\n{upgrade}\r\nOrigin: http://evil.example")),
        (&*live, format!("{ours}\r\n{upgrade}\r\nOrigin: null")),
        (&*live, format!("{ours}\r\n{upgrade}\r\nOrigin: http://127.0.0.1:1")),
    ] {
        let answer = club.get(path, &headers).await;
        assert!(answer.starts_with("HTTP/1.1 403"), "{path} {headers}\n{answer}");
    }
    assert!(club.get("/", &ours).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn people_write_open_threads_and_meet_by_voice() {
    let club = club().await;
    let space = |name: &str| club.stage.space(&club.platform, name).unwrap();
    let (mut ella, mut coach) = (club.enters("ella").await, club.enters("coach").await);
    ella.until("open", |open| open["space"] == space("art").to_string()).await;
    coach.does(json!({"do": "say", "space": space("art"), "text": "hello all"})).await;
    let talk = ella.sees("talk", "hello all").await;
    let message = talk.split("data-message=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    ella.does(json!({"do": "react", "space": space("art"), "message": message, "emoji": "👍"})).await;
    coach.sees("talk", "👍 1").await;
    ella.does(json!({"do": "delete", "space": space("art"), "message": message})).await;
    assert!(ella.refusal().await.starts_with("Discord says no: "));
    coach
        .does(json!({"do": "edit", "space": space("art"), "message": message, "text": "hello everybody"}))
        .await;
    ella.sees("talk", "hello everybody").await;
    coach
        .does(json!({"do": "thread", "space": space("art"), "name": "a word", "private": true, "with": [club.id("ella")]}))
        .await;
    coach.sees("head", "a word").await;
    ella.sees("spaces", "a word").await;
    ella.does(json!({"do": "look", "space": space("a word")})).await;
    ella.sees("head", "Private thread, in it: ").await;
    let ruth = club.page("ruth").await;
    assert!(!ruth.contains("a word"), "a private thread is not seen by others");
    ella.does(json!({"do": "leave", "space": space("a word")})).await;
    ella.until("spaces", |spaces| !spaces.as_str().unwrap_or("a word").contains("a word")).await;
    ella.does(json!({"do": "join-voice", "space": space("studio")})).await;
    coach.sees("spaces", "in-voice\">Ella &lt;b&gt;").await;
    ella.does(json!({"do": "leave-voice", "guild": club.stage.guild})).await;
    coach.until("spaces", |spaces| !spaces.as_str().unwrap_or("in-voice").contains("in-voice")).await;
    ella.does(json!({"do": "fly"})).await;
    assert!(ella.refusal().await.contains("load it again"));
}

#[tokio::test]
async fn a_lead_presses_acknowledge_and_trainers_see_what_is_told() {
    let club = club().await;
    let (bot, ruth) = (club.platform.bot(), club.id("ruth"));
    let dm = club.platform.dm(bot, ruth).unwrap();
    let row = json!({"type": 1, "components": [
        {"type": 2, "style": 1, "label": "Acknowledge", "custom_id": "ack:C-0001:0"},
    ]});
    let page = NewMessage { components: vec![row], ..NewMessage::text("Case C-0001: level 4") };
    club.platform.perform(Op::Say { by: bot, channel: dm, message: page }).unwrap();
    let mut window = club.enters("ruth").await;
    window.does(json!({"do": "look", "space": dm})).await;
    let talk = window.sees("talk", "Acknowledge</button>").await;
    let part =
        |name: &str| talk.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let press =
        json!({"do": "click", "space": dm, "message": part("data-message"), "button": part("data-button")});
    let mut changes = club.platform.changes();
    window.does(press).await;
    let clicked = || {
        club.platform
            .read(|state| state.interactions.values().any(|i| i.name == "ack:C-0001:0" && i.user == ruth))
    };
    while !clicked() {
        changes.changed().await.unwrap();
    }
    let at = club.platform.clock().now();
    club.room.listener()(Telling { at, kind: "chaperone", text: "opened case C-0001".into() });
    assert!(window.sees("trainer", "opened case C-0001").await.contains("<time>Mon 16:00</time>"));
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    for file in [
        include_str!("room.css"),
        include_str!("room.js"),
        include_str!("pieces.rs"),
        include_str!("talk.rs"),
    ] {
        for elsewhere in ["http://", "https://", "@import", "url("] {
            assert!(!file.contains(elsewhere), "{elsewhere}");
        }
    }
}
