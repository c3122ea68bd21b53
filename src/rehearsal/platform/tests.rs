//! The platform's own tests, over a small youth club and without a network.

mod journal;
mod messages;
mod permissions;
mod sessions;
mod view;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::core::{Core, Outcome};
use super::journal::Journal;
use super::op::{Answer, NewMessage, Op};
use super::plan::{self, GuildPlan, Planned, SpacePlan, Whom};
use super::refused::Refused;
use super::rest::{self, Ask, Reply};
use super::state::State;
use super::{HiddenChannels, Privileged, bits, intents};
use crate::clock::Clock;
use crate::domain::{ChannelId, MessageId, Timestamp, UserId};

/// Every intent that a supervising bot asks for.
const INTENTS: u64 = intents::GUILDS
    | intents::GUILD_MEMBERS
    | intents::GUILD_MODERATION
    | intents::GUILD_VOICE_STATES
    | intents::GUILD_MESSAGES
    | intents::GUILD_MESSAGE_REACTIONS
    | intents::DIRECT_MESSAGES
    | intents::MESSAGE_CONTENT
    | intents::AUTO_MODERATION_EXECUTION;

/// A youth club: Ella and Tom (young people), Sam (youth worker), Dee (lead), Ada (administrator), Olive (owner).
fn club() -> GuildPlan {
    GuildPlan::new("Art Club", "Olive")
        .role("Young Person", 0)
        .role("Youth Worker", bits::MANAGE_MESSAGES)
        .role("DSL", 0)
        .role("Admin", bits::ADMINISTRATOR)
        .person("Ella", &["Young Person"])
        .person("Tom", &["Young Person"])
        .person("Sam", &["Youth Worker"])
        .person("Dee", &["DSL"])
        .person("Ada", &["Admin"])
        .space(SpacePlan::text("art"))
        .space(SpacePlan::text("staff").only_for(&[Whom::Role("Youth Worker".to_owned())]))
        .space(SpacePlan::voice("studio"))
}

struct Scene {
    core: Core,
    names: Planned,
}

impl Scene {
    fn new() -> Self {
        Scene::with(&club(), Privileged::default(), HiddenChannels::Listed, None)
    }

    fn with(
        plan: &GuildPlan,
        privileged: Privileged,
        hidden: HiddenChannels,
        journal: Option<&Path>,
    ) -> Self {
        let clock = Clock::manual(Timestamp::parse_rfc3339("2026-03-02T17:00:00Z").unwrap());
        let mut state = State::new("http://127.0.0.1:1".to_owned(), privileged, hidden, "Chaperone");
        let journal = journal.map(|path| Journal::open(path, &mut state).unwrap().0);
        let mut core = Core::new(state, journal, clock, "token".to_owned(), 1);
        let names = plan::find(&core.state, &plan.name).unwrap_or_else(|| {
            let bot = core.state.bot;
            plan::set_up(plan, bot, |_| None, |op| core.perform(op, None).map(|outcome| outcome.answer))
                .unwrap()
        });
        Scene { core, names }
    }

    fn person(&self, name: &str) -> UserId {
        self.names.people[name]
    }

    fn space(&self, name: &str) -> ChannelId {
        self.names.spaces[name]
    }

    fn bot(&self) -> UserId {
        self.core.state.bot
    }

    fn wait(&self, seconds: u64) {
        self.core.clock.advance_to(self.core.clock.now().plus(Duration::from_secs(seconds)));
    }

    fn perform(&mut self, op: Op) -> Result<Outcome, Refused> {
        self.core.perform(op, None)
    }

    fn says(&mut self, name: &str, space: &str, text: &str) -> MessageId {
        let op =
            Op::Say { by: self.person(name), channel: self.space(space), message: NewMessage::text(text) };
        let Answer::Message(_, id) = self.perform(op).unwrap().answer else { panic!("no message") };
        id
    }

    fn thread(&mut self, by: &str, space: &str, private: bool, invite: &[&str]) -> ChannelId {
        let invite = invite.iter().map(|name| self.person(name)).collect();
        let thread =
            super::op::NewThread { name: "quick chat".to_owned(), private, invite, ..Default::default() };
        let op = Op::OpenThread { by: self.person(by), channel: self.space(space), thread };
        let Answer::Channel(id) = self.perform(op).unwrap().answer else { panic!("no thread") };
        id
    }

    fn identify(&mut self, wanted: u64) -> String {
        let outcome = self.perform(Op::Identify { shard: 0, of: 1, intents: wanted }).unwrap();
        let Answer::Session(session) = outcome.answer else { panic!("no session") };
        session
    }

    /// Events of the session after `seq`: name and data.
    fn events(&self, session: &str, seq: u64) -> Vec<(String, Value)> {
        let session = &self.core.state.sessions[session];
        let frames = session.buffer.iter().filter(|entry| entry.seq > seq);
        frames
            .map(|entry| {
                let frame: Value = serde_json::from_str(&entry.text).unwrap();
                assert_eq!(frame["s"], entry.seq);
                (frame["t"].as_str().unwrap().to_owned(), frame["d"].clone())
            })
            .collect()
    }

    fn names_of(&self, session: &str, seq: u64) -> Vec<String> {
        self.events(session, seq).into_iter().map(|(name, _)| name).collect()
    }

    fn seq(&self, session: &str) -> u64 {
        self.core.state.sessions[session].seq
    }

    /// A REST call of the bot's.
    fn call(&mut self, method: &str, path: &str, body: Value) -> Result<Value, Refused> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let ask = Ask {
            method,
            path: path.split('/').filter(|part| !part.is_empty()).collect(),
            query: query.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            body,
            reason: None,
        };
        match rest::answer(&mut self.core, &ask)? {
            Reply::Json(_, body) => Ok(body),
            Reply::Empty => Ok(Value::Null),
        }
    }

    /// Discord's code of a refused REST call.
    fn code(&mut self, method: &str, path: &str, body: Value) -> u32 {
        self.call(method, path, body).expect_err("should be refused").code
    }
}

/// Just content.
fn text(content: &str) -> Value {
    json!({ "content": content })
}
