//! The rehearsed bot: the same house as `run`, pointed at the embedded platform, started and stopped by the player.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::Mutex;

use crate::app::reach::Reach;
use crate::app::{self, Running, Settings};
use crate::clock::Clock;
use crate::discord::token::Token;
use crate::domain::fact::Register;
use crate::domain::person::RoleMapping;
use crate::domain::who_may_know::Readers;
use crate::domain::{Event, Fact, Heard, Timestamp};
use crate::engine::Policy;
use crate::evidence::{Recipient, SigningKey};
use crate::paging::channels::email::{EmailChannel, Security, SmtpServer};
use crate::paging::digest::DigestPolicy;
use crate::paging::people::{DISCORD_DM, EMAIL};
use crate::paging::policy::Step;
use crate::paging::{LadderPolicy, OnCall, People, Slot};
use crate::pipeline::buffer::BufferPolicy;
use crate::pipeline::committer::Lead as Key;
use crate::rehearsal::mailbox::Mailbox;
use crate::rehearsal::platform::Handle;
use crate::rehearsal::player::bot::{Bot, LogSummary, Task};
use crate::rehearsal::player::{Lead, Stage};
use crate::rehearsal::script::Script;
use crate::store::Store;
use crate::text::Lists;

/// The token of the rehearsal's application. It opens nothing outside this process.
pub(super) const TOKEN: &str = "rehearsal-token";
/// How long, in real time, the bot may take to connect before the player goes on without it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A lead of the script with the public half of their throw-away key.
#[derive(Clone)]
pub(super) struct KeyedLead {
    pub(super) lead: Lead,
    pub(super) recipient: Recipient,
}

/// What the bot is built from, each time it starts.
pub(super) struct Plan {
    pub(super) script: Script,
    pub(super) stage: Stage,
    pub(super) leads: Vec<KeyedLead>,
    pub(super) platform: Handle,
    pub(super) mailbox: Mailbox,
    pub(super) clock: Clock,
    pub(super) lists: Arc<Lists>,
    pub(super) data: PathBuf,
}

impl Plan {
    /// The database's file.
    pub(super) fn database(&self) -> PathBuf {
        self.data.join("chaperone.db")
    }

    /// The key that signs the log.
    pub(super) fn signing_key(&self) -> PathBuf {
        self.data.join("keys/log-signing.key")
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let addresses =
            self.leads.iter().map(|keyed| (keyed.lead.name.clone(), keyed.lead.email.clone())).collect();
        let server = SmtpServer {
            host: self.mailbox.address().ip().to_string(),
            port: self.mailbox.address().port(),
            security: Security::Plain,
            from: "chaperone@rehearsal.example".to_owned(),
            credentials: None,
            authority: None,
        };
        let everybody = self.leads.iter().map(|KeyedLead { lead, .. }| OnCall {
            name: lead.name.clone(),
            slot: lead.slot.parse().unwrap_or(Slot::External),
            account: lead.account,
            channels: match lead.account {
                Some(_) => vec![DISCORD_DM.to_owned(), EMAIL.to_owned()],
                None => vec![EMAIL.to_owned()],
            },
        });
        let paging = &self.script.paging;
        let step = |slot| Step::once(vec![slot], paging.wait);
        Ok(Settings {
            organisation: self.script.club.clone(),
            api_url: self.platform.url(),
            token: Token::new(TOKEN),
            guilds: std::iter::once(self.stage.guild).collect(),
            shards: 1,
            mapping: RoleMapping::well_known(),
            policy: Policy {
                zone: self.script.zone,
                contact: self.script.contact.clone(),
                enrolment: self.script.enrolment,
                named: self
                    .leads
                    .iter()
                    .filter_map(|keyed| {
                        let slot: Slot = keyed.lead.slot.parse().ok()?;
                        Some((keyed.lead.account?, slot.kind()?))
                    })
                    .collect(),
                whistleblowing: self
                    .leads
                    .iter()
                    .filter(|keyed| keyed.lead.slot == Slot::Chair.code())
                    .filter_map(|keyed| keyed.lead.account)
                    .collect(),
                ..Policy::default()
            },
            lists: self.lists.clone(),
            database: self.database().display().to_string(),
            signing_key: self.signing_key(),
            people: People::new(everybody.collect()),
            ladder: LadderPolicy {
                steps: vec![step(Slot::Dsl), step(Slot::DeputyDsl)],
                repeat: paging.again,
                // The same day, at the end of the office's: as a configuration has it that says nothing else.
                digest: chrono::NaiveTime::from_hms_opt(17, 0, 0).map(|at| DigestPolicy {
                    zone: self.script.zone,
                    at,
                    slots: vec![Slot::Dsl],
                    quiet: None,
                }),
                ..LadderPolicy::default()
            },
            leads: self
                .leads
                .iter()
                .map(|keyed| Key {
                    readers: keyed.lead.account.map_or_else(Readers::outside, Readers::one),
                    recipient: keyed.recipient.clone(),
                })
                .collect(),
            email: Some(EmailChannel::new(server, &addresses, self.clock.clone())?),
            reach: Reach::default(),
            keyholders: Vec::new(),
            buffer: BufferPolicy::default(),
            operator_channel: None,
            attest: app::attest::Attest::default(),
        })
    }
}

/// The bot that the player switches on and off.
pub(super) struct RehearsedBot {
    plan: Plan,
    running: Mutex<Option<Running>>,
}

impl RehearsedBot {
    pub(super) fn new(plan: Plan) -> Self {
        RehearsedBot { plan, running: Mutex::new(None) }
    }

    pub(super) fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Stops in good order: what was heard is finished.
    pub(super) async fn close(&self) -> anyhow::Result<()> {
        match self.running.lock().await.take() {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    async fn wait_until_settled(&self) -> anyhow::Result<()> {
        let running = self.running.lock().await;
        let Some(running) = running.as_ref() else { return Ok(()) };
        let mut changes = self.plan.platform.changes();
        let mut progress = running.watch();
        let real = Clock::system();
        let give_up = real.now().plus(PATIENCE);
        loop {
            let before = self.plan.platform.progress();
            let connected = before.sessions.iter().any(|session| session.connected);
            let all_heard = before
                .sessions
                .iter()
                .filter(|session| session.connected)
                .all(|session| running.has_heard(session.shard, &session.session, session.last));
            let quiet = before.in_flight == 0 && all_heard && running.settled().await?;
            if quiet && connected && self.plan.platform.progress() == before {
                return Ok(());
            }
            // Without a connection (the script has cut it) there is nothing to hear: go on after a while.
            if quiet && !connected && real.now() >= give_up {
                return Ok(());
            }
            tokio::select! {
                _ = changes.changed() => {}
                _ = progress.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
        }
    }

    async fn read_store(&self) -> anyhow::Result<Store> {
        if let Some(running) = self.running.lock().await.as_ref() {
            return Ok(running.store().clone());
        }
        Ok(Store::open_to_read(&self.plan.database().display().to_string()).await?)
    }

    async fn facts_from(&self, from: usize) -> anyhow::Result<Vec<(Timestamp, Fact)>> {
        let facts = self.read_store().await?.facts(&self.plan.script.club).await?;
        Ok(facts.into_iter().skip(from).map(|stored| (stored.at, stored.fact)).collect())
    }

    async fn verify(&self) -> anyhow::Result<LogSummary> {
        let key = SigningKey::load(&self.plan.signing_key())?;
        let (entries, root) = app::keep::audit(&self.read_store().await?, &key).await?;
        Ok(LogSummary { entries, state: format!("{root}, signed by {}", key.verifier_key()) })
    }
}

impl Bot for RehearsedBot {
    fn start(&self) -> Task<'_, Result<(), String>> {
        Box::pin(async {
            let mut running = self.running.lock().await;
            if running.is_none() {
                let started = async {
                    app::start(self.plan.settings()?, self.plan.clock.clone())
                        .await
                        .context("the bot could not be started")
                };
                *running = Some(started.await.map_err(|error| format!("{error:#}"))?);
            }
            Ok(())
        })
    }

    fn stop(&self) -> Task<'_, ()> {
        Box::pin(async {
            if let Some(running) = self.running.lock().await.take() {
                running.kill().await;
            }
        })
    }

    fn settle(&self) -> Task<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.wait_until_settled().await {
                tracing::error!(%error, "the bot's state cannot be read");
            }
        })
    }

    fn next_due(&self) -> Task<'_, Option<Timestamp>> {
        Box::pin(async {
            let running = self.running.lock().await;
            running.as_ref()?.next_due().await.ok().flatten()
        })
    }

    fn facts(&self, from: usize) -> Task<'_, Vec<(Timestamp, Fact)>> {
        Box::pin(async move {
            self.facts_from(from).await.unwrap_or_else(|error| {
                tracing::error!(%error, "the facts cannot be read");
                Vec::new()
            })
        })
    }

    fn register(&self, change: Register) -> Task<'_, Result<(), String>> {
        Box::pin(async {
            let running = self.running.lock().await;
            let running = running.as_ref().ok_or("the bot is down")?;
            let heard = Heard { at: self.plan.clock.now(), event: Event::Register(change) };
            running.ear.hear_durably(heard).await.map(drop).map_err(|error| error.to_string())
        })
    }

    fn verify_log(&self) -> Task<'_, Result<LogSummary, String>> {
        Box::pin(async { self.verify().await.map_err(|error| format!("{error:#}")) })
    }
}
