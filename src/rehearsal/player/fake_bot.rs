//! A bot that does what a test tells it to, at the times that it is told, on the real platform.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::json;

use super::bot::{Bot, LogSummary, Task};
use super::stage::Stage;
use crate::domain::fact::Register;
use crate::domain::{CaseRef, Effect, Fact, Timestamp, UserId};
use crate::rehearsal::platform::model::Overwrite;
use crate::rehearsal::platform::op::MemberEdit;
use crate::rehearsal::platform::{Answer, Handle, NewMessage, Op, bits};

/// Minutes after the beginning, and what becomes a fact then.
pub(super) type Planned = (i64, fn(&World) -> Fact);

/// A bot that does what it is told, at the times that it is told. Its facts outlive it.
pub(super) struct FakeBot {
    pub(super) world: World,
    pub(super) plan: Vec<Planned>,
    pub(super) facts: Arc<Mutex<Vec<(Timestamp, Fact)>>>,
    pub(super) up: Mutex<bool>,
}

#[derive(Clone)]
pub(super) struct World {
    pub(super) stage: Stage,
    pub(super) platform: Handle,
    pub(super) start: Timestamp,
}

impl World {
    pub(super) fn id(&self, name: &str) -> UserId {
        self.stage.person(name)
    }
}

impl FakeBot {
    fn facts(&self) -> MutexGuard<'_, Vec<(Timestamp, Fact)>> {
        self.facts.lock().unwrap()
    }

    fn done(&self) -> usize {
        self.facts()
            .iter()
            .filter(|(_, fact)| !matches!(fact, Fact::Register(_) | Fact::Acknowledged { .. }))
            .count()
    }

    fn at(&self, minutes: i64) -> Timestamp {
        Timestamp(self.world.start.0 + minutes * 60_000_000)
    }

    fn do_what_is_due(&self) {
        let (platform, stage) = (&self.world.platform, &self.world.stage);
        let now = platform.clock().now();
        while let Some((_, fact)) = self.plan.get(self.done()).filter(|(at, _)| self.at(*at) <= now) {
            let fact = fact(&self.world);
            if let Fact::Outcome { effect, .. } = &fact {
                enact(platform, stage, effect);
            }
            self.facts().push((now, fact));
        }
        let clicks = platform.read(|state| {
            state.interactions.values().filter(|i| i.kind == 3).map(|i| (i.at, i.user)).collect::<Vec<_>>()
        });
        let known = self.facts().iter().filter(|(_, fact)| matches!(fact, Fact::Acknowledged { .. })).count();
        for (at, by) in clicks.into_iter().skip(known) {
            self.facts().push((at, Fact::Acknowledged { case: CaseRef(1), by, via: "discord-dm".into() }));
        }
    }
}

fn enact(platform: &Handle, stage: &Stage, effect: &Effect) {
    let bot = stage.bot;
    let tell = |to: UserId, message: NewMessage| {
        let Answer::Channel(channel) = platform.perform(Op::OpenDm { by: bot, with: to }).unwrap().answer
        else {
            panic!("no direct message")
        };
        platform.perform(Op::Say { by: bot, channel, message }).unwrap();
    };
    match effect {
        Effect::Hide { space, message } => {
            platform.perform(Op::Delete { by: bot, channel: *space, message: *message }).unwrap();
        }
        Effect::Lock { space, adult, .. } => {
            let overwrite = Overwrite { id: adult.0, kind: 1, allow: 0, deny: bits::SEND_MESSAGES };
            platform.perform(Op::SetOverwrite { by: bot, channel: *space, overwrite }).unwrap();
        }
        Effect::Disconnect { guild, adult, .. } => {
            let edit = MemberEdit { voice: Some(None), ..MemberEdit::default() };
            platform.perform(Op::EditMember { by: bot, guild: *guild, user: *adult, edit }).unwrap();
        }
        Effect::Nudge { to, .. } | Effect::Receipt { to, .. } => tell(*to, NewMessage::text("a kind word")),
        Effect::Page { .. } => {
            let button = json!({"type": 2, "style": 1, "label": "Acknowledge", "custom_id": "ack:C-0001"});
            let components = vec![json!({"type": 1, "components": [button]})];
            let message = NewMessage { components, ..NewMessage::text("Case C-0001, level 4") };
            tell(stage.person("ruth"), message);
        }
        Effect::Notice { .. }
        | Effect::Unlock { .. }
        | Effect::PauseDms { .. }
        | Effect::OpenRoom { .. }
        | Effect::PageTogether { .. }
        | Effect::PageSettled { .. }
        | Effect::Digest { .. }
        | Effect::Cosign { .. }
        | Effect::Stamp { .. }
        | Effect::Reminder { .. }
        | Effect::DrillReport { .. } => {}
    }
}

impl Bot for FakeBot {
    fn start(&self) -> Task<'_, Result<(), String>> {
        *self.up.lock().unwrap() = true;
        Box::pin(async { Ok(()) })
    }

    fn stop(&self) -> Task<'_, ()> {
        *self.up.lock().unwrap() = false;
        Box::pin(async {})
    }

    fn settle(&self) -> Task<'_, ()> {
        assert!(*self.up.lock().unwrap(), "asked while it was down");
        Box::pin(async { self.do_what_is_due() })
    }

    fn next_due(&self) -> Task<'_, Option<Timestamp>> {
        Box::pin(async { self.plan.get(self.done()).map(|(minutes, _)| self.at(*minutes)) })
    }

    fn facts(&self, from: usize) -> Task<'_, Vec<(Timestamp, Fact)>> {
        Box::pin(async move { self.facts().iter().skip(from).cloned().collect() })
    }

    fn register(&self, change: Register) -> Task<'_, Result<(), String>> {
        Box::pin(async move {
            let now = self.world.platform.clock().now();
            self.facts().push((now, Fact::Register(change)));
            Ok(())
        })
    }

    fn verify_log(&self) -> Task<'_, Result<LogSummary, String>> {
        Box::pin(async {
            let entries = self.facts().len() as u64;
            if self.facts().iter().any(|(_, fact)| matches!(fact, Fact::NotKept { .. })) {
                return Err("entry 3 does not match its hash".to_owned());
            }
            Ok(LogSummary { entries, state: "test".into() })
        })
    }
}
