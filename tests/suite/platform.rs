//! The rehearsal platform as a bot meets it: twilight's gateway client, raw sockets, plain HTTP. No wait here is a
//! sleep: each is for an event, with a limit that only a failure reaches.

mod events;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use chaperone::clock::Clock;
use chaperone::domain::{ChannelId, Timestamp, UserId};
use chaperone::rehearsal::platform::{
    GatewayFault, GuildPlan, Handle, NewMessage, Op, Options, Planned, Platform, Privileged, RestFault,
    RestRule, SpacePlan, bits,
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message as Frame;
use twilight_gateway::queue::InMemoryQueue;
use twilight_gateway::{ConfigBuilder, EventTypeFlags, Intents, Message, Shard, ShardId};

pub const TOKEN: &str = "rehearsal-token";

pub fn options() -> Options {
    Options::new(Clock::manual(Timestamp::parse_rfc3339("2026-03-02T17:00:00Z").unwrap()), TOKEN)
}

pub fn club() -> GuildPlan {
    GuildPlan::new("Art Club", "Olive")
        .role("Young Person", 0)
        .role("Youth Worker", bits::MANAGE_MESSAGES)
        .person("Ella", &["Young Person"])
        .person("Tom", &["Young Person"])
        .person("Sam", &["Youth Worker"])
        .space(SpacePlan::text("art"))
        .space(SpacePlan::voice("studio"))
}

/// Waits for something that must happen soon.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("nothing happened in 30 seconds")
}

pub fn says(platform: &Handle, by: UserId, channel: ChannelId, text: &str) {
    platform.perform(Op::Say { by, channel, message: NewMessage::text(text) }).unwrap();
}

struct Bot(Shard<InMemoryQueue>);

impl Bot {
    fn new(platform: &Handle, shard: u32, of: u32) -> Self {
        let intents = Intents::GUILDS
            | Intents::GUILD_MEMBERS
            | Intents::GUILD_MODERATION
            | Intents::GUILD_VOICE_STATES
            | Intents::GUILD_MESSAGES
            | Intents::GUILD_MESSAGE_REACTIONS
            | Intents::DIRECT_MESSAGES
            | Intents::MESSAGE_CONTENT
            | Intents::AUTO_MODERATION_EXECUTION;
        let config = ConfigBuilder::new(TOKEN.to_owned(), intents)
            .proxy_url(platform.url().replacen("http", "ws", 1))
            .queue(InMemoryQueue::new(0, 0, Duration::ZERO, 0))
            .build();
        Bot(Shard::with_config(ShardId::new(shard, of), config))
    }

    /// The next dispatch; twilight must be able to parse it whole.
    async fn event(&mut self) -> (String, Value) {
        soon(async {
            loop {
                let Some(Ok(Message::Text(text))) = self.0.next().await else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["op"] != 0 {
                    continue;
                }
                if let Err(error) = twilight_gateway::parse(text.clone(), EventTypeFlags::all()) {
                    panic!("twilight cannot read {}: {error:?}\n{text}", frame["t"]);
                }
                return (frame["t"].as_str().unwrap().to_owned(), frame["d"].clone());
            }
        })
        .await
    }

    /// Dispatches up to and including the first `wanted`; answers their names and its data.
    async fn until(&mut self, wanted: &str) -> (Vec<String>, Value) {
        let mut names = Vec::new();
        loop {
            let (name, data) = self.event().await;
            names.push(name.clone());
            if name == wanted {
                return (names, data);
            }
        }
    }
}

async fn started() -> (Platform, Planned) {
    let platform = Platform::start(options()).await.unwrap();
    let names = platform.create_guild(&club()).unwrap();
    (platform, names)
}

#[tokio::test]
async fn twilight_connects_hears_loses_its_socket_and_misses_nothing() {
    let (platform, names) = started().await;
    let (ella, art) = (names.people["Ella"], names.spaces["art"]);
    let mut bot = Bot::new(&platform, 0, 1);
    assert_eq!(bot.event().await.0, "READY");
    let (name, guild) = bot.event().await;
    assert_eq!((name.as_str(), &guild["name"]), ("GUILD_CREATE", &json!("Art Club")));
    says(&platform, ella, art, "one");
    assert_eq!(bot.until("MESSAGE_CREATE").await.1["content"], "one");
    for fault in [
        GatewayFault::Drop { shard: None, code: None },
        GatewayFault::Drop { shard: None, code: Some(4000) },
        GatewayFault::Reconnect { shard: None },
        GatewayFault::Invalidate { shard: None, resumable: true },
    ] {
        platform.fail_gateway(&fault);
        says(&platform, ella, art, "two");
        says(&platform, ella, art, "three");
        let (names, _) = bot.until("RESUMED").await;
        let said = names.iter().filter(|name| *name == "MESSAGE_CREATE").count();
        assert_eq!(said, 2, "{fault:?}: {names:?}");
        assert!(!names.contains(&"READY".to_owned()), "{fault:?}: {names:?}");
    }
    let progress = platform.progress();
    assert_eq!(progress.sessions.len(), 1);
    let mut changes = platform.changes();
    soon(changes.wait_for(|_| platform.progress().all_written())).await.unwrap();
}

#[tokio::test]
async fn a_session_that_is_over_begins_anew() {
    let (platform, names) = started().await;
    let mut bot = Bot::new(&platform, 0, 1);
    let (_, first) = bot.until("READY").await;
    bot.until("GUILD_CREATE").await;
    platform.fail_gateway(&GatewayFault::Invalidate { shard: None, resumable: false });
    let (_, second) = bot.until("READY").await;
    assert_ne!(first["session_id"], second["session_id"]);
    bot.until("GUILD_CREATE").await;
    platform.fail_gateway(&GatewayFault::RefuseResume { times: 1 });
    platform.fail_gateway(&GatewayFault::Drop { shard: None, code: None });
    says(&platform, names.people["Ella"], names.spaces["art"], "in the gap");
    let (between, third) = bot.until("READY").await;
    assert_ne!(second["session_id"], third["session_id"]);
    assert!(!between.contains(&"MESSAGE_CREATE".to_owned()), "a READY is a gap");
}

#[tokio::test]
async fn a_restart_of_the_platform_is_a_resume_with_replay() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Some(folder.path().join("journal"));
    let platform = Platform::start(Options { journal: journal.clone(), ..options() }).await.unwrap();
    let names = platform.create_guild(&club()).unwrap();
    let mut bot = Bot::new(&platform, 0, 1);
    bot.until("GUILD_CREATE").await;
    // What the bot has not read when the platform goes.
    platform.fail_gateway(&GatewayFault::Hold { shard: 0 });
    says(&platform, names.people["Ella"], names.spaces["art"], "before");
    let port = platform.url().rsplit(':').next().unwrap().parse().ok();
    platform.stop().await;
    let platform = Platform::start(Options { journal, port, ..options() }).await.unwrap();
    assert_eq!(platform.find_guild("Art Club").unwrap().guild, names.guild);
    says(&platform, names.people["Ella"], names.spaces["art"], "after");
    let (heard, _) = bot.until("RESUMED").await;
    assert_eq!(heard, ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]);
}

#[tokio::test]
async fn shards_can_be_held_doubled_and_delayed_apart() {
    let platform = Platform::start(options()).await.unwrap();
    // Two servers on different shards: ids are times, so the clock makes them apart.
    let one = platform.create_guild(&club()).unwrap();
    platform.clock().advance_to(platform.clock().now().plus(Duration::from_millis(1)));
    let other = platform.create_guild(&GuildPlan { name: "Chess Club".to_owned(), ..club() }).unwrap();
    let shard_of = |guild: &Planned| u32::try_from((guild.guild.0 >> 22) % 2).unwrap();
    assert_ne!(shard_of(&one), shard_of(&other));
    let (held, free) = (shard_of(&one), shard_of(&other));
    let mut bots = [Bot::new(&platform, held, 2), Bot::new(&platform, free, 2)];
    for bot in &mut bots {
        bot.until("GUILD_CREATE").await;
    }
    platform.fail_gateway(&GatewayFault::Hold { shard: held });
    platform.fail_gateway(&GatewayFault::Duplicate { shard: free, times: 1 });
    says(&platform, one.people["Ella"], one.spaces["art"], "first, but held");
    says(&platform, other.people["Ella"], other.spaces["art"], "second");
    let twice = [bots[1].until("MESSAGE_CREATE").await.1, bots[1].until("MESSAGE_CREATE").await.1];
    assert_eq!(twice[0], twice[1]);
    platform.fail_gateway(&GatewayFault::Release { shard: held });
    assert_eq!(bots[0].until("MESSAGE_CREATE").await.1["content"], "first, but held");
    // A delay is by the platform's clock.
    platform.fail_gateway(&GatewayFault::Delay { shard: held, by: Duration::from_secs(5) });
    says(&platform, one.people["Ella"], one.spaces["art"], "late");
    says(&platform, other.people["Ella"], other.spaces["art"], "in time");
    bots[1].until("MESSAGE_CREATE").await;
    assert!(!platform.progress().all_written());
    platform.clock().advance_to(platform.clock().now().plus(Duration::from_secs(5)));
    assert_eq!(bots[0].until("MESSAGE_CREATE").await.1["content"], "late");
}

/// A raw socket: what it sends, and the close code that it is answered with.
async fn close_code(platform: &Handle, query: &str, frames: &[String]) -> u16 {
    let url = format!("{}/{query}", platform.url().replacen("http", "ws", 1));
    let (mut socket, _) = soon(tokio_tungstenite::connect_async(url)).await.unwrap();
    for frame in frames {
        let _ = socket.send(Frame::text(frame.as_str())).await;
    }
    soon(async {
        loop {
            match socket.next().await {
                Some(Ok(Frame::Close(frame))) => return frame.map_or(0, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                _ => return 0,
            }
        }
    })
    .await
}

#[tokio::test]
async fn each_mistake_has_its_close_code() {
    let switches = Privileged { message_content: false, ..Privileged::default() };
    let platform = Platform::start(Options { privileged: switches, ..options() }).await.unwrap();
    let identify = |token: &str, intents: u64, shard: [u32; 2]| {
        let properties = json!({"os": "linux", "browser": "test", "device": "test"});
        json!({"op": 2, "d": {"token": token, "intents": intents, "shard": shard, "properties": properties}})
            .to_string()
    };
    let good = identify(TOKEN, 1, [0, 1]);
    let resume = json!({"op": 6, "d": {"token": "wrong", "session_id": "x", "seq": 1}}).to_string();
    let table: Vec<(&str, &str, Vec<String>, u16)> = vec![
        ("an unknown op", "?v=10", vec![good.clone(), "{\"op\":99}".to_owned()], 4001),
        ("no JSON", "?v=10", vec!["hello".to_owned()], 4002),
        ("too large", "?v=10", vec![format!("\"{}\"", "x".repeat(5_000))], 4002),
        ("before identifying", "?v=10", vec![json!({"op": 8, "d": {}}).to_string()], 4003),
        ("a wrong token", "?v=10", vec![identify("wrong", 1, [0, 1])], 4004),
        ("a wrong token at resume", "?v=10", vec![resume], 4004),
        ("twice", "?v=10", vec![good.clone(), good.clone()], 4005),
        ("no such shard", "?v=10", vec![identify(TOKEN, 1, [2, 2])], 4010),
        ("an old version", "?v=6", vec![], 4012),
        ("no such intent", "?v=10", vec![identify(TOKEN, 1 << 40, [0, 1])], 4013),
        ("message content is switched off", "?v=10", vec![identify(TOKEN, 1 << 15, [0, 1])], 4014),
    ];
    for (mistake, query, frames, code) in table {
        assert_eq!(close_code(&platform, query, &frames).await, code, "{mistake}");
    }
}

#[tokio::test]
async fn a_heartbeat_is_answered_and_says_how_far_the_bot_has_come() {
    let (platform, _) = started().await;
    let url = format!("{}/?v=10&encoding=json", platform.url().replacen("http", "ws", 1));
    let (mut socket, _) = soon(tokio_tungstenite::connect_async(url)).await.unwrap();
    let identify = json!({"op": 2, "d": {"token": TOKEN, "intents": 1, "properties": {}}}).to_string();
    for frame in [identify, json!({"op": 1, "d": 2}).to_string()] {
        socket.send(Frame::text(frame)).await.unwrap();
    }
    let mut ops = Vec::new();
    while ops.last() != Some(&11) {
        if let Some(Ok(Frame::Text(text))) = soon(socket.next()).await {
            ops.push(serde_json::from_str::<Value>(&text).unwrap()["op"].as_u64().unwrap());
        }
    }
    assert_eq!(ops, [10, 0, 0, 11], "hello, READY, GUILD_CREATE, acknowledged");
    assert_eq!(platform.progress().sessions[0].heard, Some(2));
}

#[tokio::test]
async fn a_gateway_that_is_down_takes_nobody_until_it_is_up() {
    let (platform, names) = started().await;
    let mut bot = Bot::new(&platform, 0, 1);
    bot.until("GUILD_CREATE").await;
    platform.fail_gateway(&GatewayFault::Down);
    says(&platform, names.people["Ella"], names.spaces["art"], "while down");
    let url = format!("{}/?v=10", platform.url().replacen("http", "ws", 1));
    assert!(soon(tokio_tungstenite::connect_async(url)).await.is_err());
    platform.fail_gateway(&GatewayFault::Up);
    let (heard, _) = bot.until("RESUMED").await;
    assert_eq!(heard, ["MESSAGE_CREATE", "RESUMED"]);
}

/// A REST client as simple as can be.
pub struct Rest {
    client: reqwest::Client,
    base: String,
}

impl Rest {
    pub fn new(platform: &Handle) -> Self {
        Rest { client: reqwest::Client::new(), base: format!("{}/api/v10", platform.url()) }
    }

    pub async fn try_call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, reqwest::header::HeaderMap, Value), reqwest::Error> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        request = request.header("Authorization", format!("Bot {TOKEN}"));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await?;
        Ok((status, headers, serde_json::from_str(&text).unwrap_or_default()))
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, _, answer) = soon(self.try_call(method, path, body)).await.unwrap();
        (status, answer)
    }
}

#[tokio::test]
async fn calls_fail_as_told_and_a_lost_answer_was_still_carried_out() {
    let (platform, names) = started().await;
    let rest = Rest::new(&platform);
    let path = format!("/channels/{}/messages", names.spaces["art"]);
    let body = || Some(json!({"content": "hello", "nonce": "n", "enforce_nonce": true}));
    let fail = |fault| {
        let route = "/channels/*/messages".to_owned();
        platform.fail_calls(RestRule { method: Some("POST".to_owned()), route, times: 1, fault });
    };
    let said = || platform.read(|state| state.messages.get(&names.spaces["art"]).map_or(0, BTreeMap::len));
    fail(RestFault::RateLimited { retry_after: 1.5, global: true });
    let (status, headers, answer) = soon(rest.try_call("POST", &path, body())).await.unwrap();
    assert_eq!((status, &answer["retry_after"], &answer["global"]), (429, &json!(1.5), &json!(true)));
    assert_eq!(
        (headers["retry-after"].as_bytes(), headers["x-ratelimit-scope"].as_bytes()),
        (&b"2"[..], &b"global"[..])
    );
    fail(RestFault::Status(500));
    assert_eq!(rest.call("POST", &path, body()).await.0, 500);
    fail(RestFault::Forbidden);
    assert_eq!(rest.call("POST", &path, body()).await.1["code"], 50_013);
    fail(RestFault::Reset);
    assert!(soon(rest.try_call("POST", &path, body())).await.is_err());
    assert_eq!(said(), 0);
    fail(RestFault::LoseAnswer);
    assert!(soon(rest.try_call("POST", &path, body())).await.is_err());
    assert_eq!(said(), 1);
    // The retry finds the message that is there.
    let (status, headers, _) = soon(rest.try_call("POST", &path, body())).await.unwrap();
    assert_eq!((status, said()), (200, 1));
    assert!(headers.contains_key("x-ratelimit-bucket") && headers.contains_key("x-ratelimit-remaining"));
    let statuses: Vec<u16> = platform.requests().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [429, 500, 403, 0, 0, 200]);
}

#[tokio::test]
async fn a_wrong_token_is_turned_away_and_attachments_have_no_bytes() {
    let (platform, names) = started().await;
    let client = reqwest::Client::new();
    let me = format!("{}/api/v10/users/@me", platform.url());
    for token in ["Bot wrong", TOKEN, "Bearer x"] {
        let answer = soon(client.get(&me).header("Authorization", token).send()).await.unwrap();
        assert_eq!(answer.status().as_u16(), 401, "{token}");
    }
    let file = serde_json::from_value(json!({"filename": "drawing.png"})).unwrap();
    let message = NewMessage { attachments: vec![file], ..NewMessage::default() };
    let op = Op::Say { by: names.people["Ella"], channel: names.spaces["art"], message };
    platform.perform(op).unwrap();
    let (_, history) =
        Rest::new(&platform).call("GET", &format!("/channels/{}/messages", names.spaces["art"]), None).await;
    assert_eq!(platform.attachment_fetches(), 0);
    let answer =
        soon(client.get(history[0]["attachments"][0]["url"].as_str().unwrap()).send()).await.unwrap();
    assert_eq!((answer.status().as_u16(), platform.attachment_fetches()), (404, 1));
}

#[tokio::test]
async fn pages_share_the_port_and_the_feed_tells_what_happens() {
    let platform = Platform::start_with(options(), |handle| {
        let page = move || async move { format!("{} servers", handle.read(|state| state.guilds.len())) };
        axum::Router::new().route("/", axum::routing::get(page))
    });
    let platform = platform.await.unwrap();
    let mut feed = platform.subscribe();
    let names = platform.create_guild(&club()).unwrap();
    let page = soon(reqwest::get(platform.url())).await.unwrap();
    assert_eq!(soon(page.text()).await.unwrap(), "1 servers");
    says(&platform, names.people["Ella"], names.spaces["art"], "hello");
    let said = loop {
        let happening = soon(feed.recv()).await.unwrap();
        if let Op::Say { by, .. } = happening.op {
            break (by, happening.dispatches[0].name);
        }
    };
    assert_eq!(said, (names.people["Ella"], "MESSAGE_CREATE"));
    // The gateway is on the same port, at the same path.
    let mut bot = Bot::new(&platform, 0, 1);
    bot.until("GUILD_CREATE").await;
}
