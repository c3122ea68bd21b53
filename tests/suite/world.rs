//! The language of the stories: a whole club, its bot and its leads in one process.
//!
//! What runs is the product as `run` starts it ([`app::start`]): gateway socket, REST, engine, evidence log, outbox,
//! ladder, e-mail over SMTP. Around it stand the rehearsal platform, a mailbox, a SQLite file in a temporary folder
//! and a clock that only moves when a story moves it.
//!
//! A story tells what people do and what others then see. [`story`] ends it by asserting silence: whatever nobody in
//! the story read (a page, a mail, a private message, a notice) or asserted (a hidden message, a lock) fails it, as
//! does a job that never ended, a case that still calls people, a log that does not verify, or a fetched attachment.

mod ending;
mod exporting;
mod people;
mod reading;
mod scenes;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone::app::casework::{Came, Desk, Request};
use chaperone::app::reach::Reach;
use chaperone::app::{self, Running, Settings};
use chaperone::clock::Clock;
use chaperone::discord::token::Token;
use chaperone::domain::person::RoleMapping;
use chaperone::domain::who_may_know::Readers;
use chaperone::domain::{ChannelId, Fact, MessageId, Timestamp};
use chaperone::engine::Policy;
use chaperone::evidence::Identity;
use chaperone::paging::channels::email::{EmailChannel, Security, SmtpServer};
use chaperone::paging::people::{DISCORD_DM, EMAIL};
use chaperone::paging::{LadderPolicy, OnCall, People, Slot};
use chaperone::pipeline::buffer::BufferPolicy;
use chaperone::pipeline::committer::Lead;
use chaperone::rehearsal::mailbox::Mailbox;
use chaperone::rehearsal::platform::{GuildPlan, Handle, Options, Planned, Platform, SpacePlan, Whom, bits};
use chaperone::store::Store;
use chaperone::text::Lists;

pub use people::{Person, Said};

/// The organisation's name.
pub const CLUB: &str = "Art Club";
const TOKEN: &str = "rehearsal-token";
/// How long, in real time, anything may take before a story gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// A disk of some megabytes that a story may fill, where whoever runs the tests has one: a folder in
/// `CHAPERONE_TEST_SMALL_DISK`. Without it the stories of a full disk hold the database's lock instead.
pub fn small_disk() -> Option<PathBuf> {
    std::env::var_os("CHAPERONE_TEST_SMALL_DISK").map(PathBuf::from)
}

/// So many minutes.
pub fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// So many seconds.
pub fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// So many days.
pub fn days(count: u64) -> Duration {
    minutes(24 * 60 * count)
}

/// Tells a story and asserts that nothing is left over at its end.
pub async fn story<T: Future<Output = ()>>(tell: impl FnOnce(World) -> T) {
    let w = World::open().await;
    w.bot_up().await;
    tell(w.clone()).await;
    w.ends().await;
}

/// The same with something about the settings changed, at every start of the bot.
pub async fn story_with<T: Future<Output = ()>>(
    change: impl Fn(&mut Settings) + Send + Sync + 'static,
    tell: impl FnOnce(World) -> T,
) {
    let w = World::open_with(Box::new(change)).await;
    w.bot_up().await;
    tell(w.clone()).await;
    w.ends().await;
}

/// A lead who can be called: the configuration's name is the person's.
struct OnLadder {
    name: &'static str,
    slot: Slot,
    identity: Identity,
}

/// What a story has read and asserted so far.
#[derive(Default)]
struct Seen {
    messages: BTreeSet<(ChannelId, MessageId)>,
    mails: usize,
    hidden: BTreeSet<MessageId>,
    locks: BTreeSet<ChannelId>,
    /// Everything that people wrote: none of it may stand in a page or a mail.
    words: Vec<String>,
}

struct Inner {
    platform: Platform,
    mailbox: Mailbox,
    clock: Clock,
    folder: tempfile::TempDir,
    names: Planned,
    leads: Vec<OnLadder>,
    bot: tokio::sync::Mutex<Option<Running>>,
    seen: Mutex<Seen>,
    change: Box<dyn Fn(&mut Settings) + Send + Sync>,
}

/// The club, its bot, its people. Clones are the same one.
#[derive(Clone)]
pub struct World(Arc<Inner>);

fn club() -> GuildPlan {
    let staff = ["Youth Worker", "DSL", "Deputy DSL", "Chair"].map(|role| Whom::Role(role.to_owned()));
    let staff: Vec<Whom> = staff.into_iter().chain([Whom::Bot]).collect();
    GuildPlan::new(CLUB, "office")
        .role("Young Person", 0)
        .role("Youth Worker", 0)
        .role("DSL", 0)
        .role("Deputy DSL", 0)
        .role("Chair", 0)
        .person("ella", &["Young Person"])
        .person("tom", &["Young Person"])
        .person("coach", &["Youth Worker"])
        .person("sam", &["Youth Worker"])
        .person("dsl", &["DSL"])
        .person("deputy", &["Deputy DSL"])
        .person("chair", &["Chair"])
        .person("stranger", &[])
        .space(SpacePlan::text("art"))
        .space(SpacePlan::text("music"))
        .space(SpacePlan::text("operator").only_for(&staff))
}

impl World {
    async fn open() -> World {
        World::open_with(Box::new(|_| {})).await
    }

    async fn open_with(change: Box<dyn Fn(&mut Settings) + Send + Sync>) -> World {
        let clock = Clock::manual(Timestamp::parse_rfc3339("2026-03-02T17:00:00Z").unwrap());
        let platform = Platform::start(Options::new(clock.clone(), TOKEN)).await.unwrap();
        let names = platform.create_guild(&club()).unwrap();
        let lead = |name, slot| OnLadder { name, slot, identity: Identity::generate() };
        World(Arc::new(Inner {
            mailbox: Mailbox::open(clock.clone(), None).await.unwrap(),
            platform,
            clock,
            folder: match small_disk() {
                Some(disk) => tempfile::tempdir_in(disk).unwrap(),
                None => tempfile::tempdir().unwrap(),
            },
            names,
            leads: vec![
                lead("dsl", Slot::Dsl),
                lead("deputy", Slot::DeputyDsl),
                lead("chair", Slot::Chair),
                lead("external", Slot::External),
            ],
            bot: tokio::sync::Mutex::new(None),
            seen: Mutex::default(),
            change,
        }))
    }

    fn seen<T>(&self, what: impl FnOnce(&mut Seen) -> T) -> T {
        what(&mut self.0.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The platform, for its faults.
    pub fn platform(&self) -> &Handle {
        &self.0.platform
    }

    /// The story's clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        self.0.folder.path().join("chaperone.db")
    }

    fn signing_key(&self) -> PathBuf {
        self.0.folder.path().join("keys/log-signing.key")
    }

    /// Somebody, by name.
    pub fn person(&self, name: &str) -> Person {
        let id = *self.0.names.people.get(name).unwrap_or_else(|| panic!("nobody is called {name}"));
        Person { w: self.clone(), name: name.to_owned(), id }
    }

    /// A youth worker and a young person.
    pub fn supervised_pair(&self) -> (Person, Person) {
        (self.person("coach"), self.person("ella"))
    }

    /// The designated safeguarding lead.
    pub fn dsl(&self) -> Person {
        self.person("dsl")
    }

    /// The deputy.
    pub fn deputy(&self) -> Person {
        self.person("deputy")
    }

    /// A channel by name (`#art`).
    pub fn space(&self, name: &str) -> ChannelId {
        let name = name.trim_start_matches('#');
        *self.0.names.spaces.get(name).unwrap_or_else(|| panic!("there is no #{name}"))
    }

    fn settings(&self) -> Settings {
        let address = self.0.mailbox.address();
        let server = SmtpServer {
            host: address.ip().to_string(),
            port: address.port(),
            security: Security::Plain,
            from: "chaperone@club.example".to_owned(),
            credentials: None,
            authority: None,
        };
        let account = |name: &str| self.0.names.people.get(name).copied();
        let leads = &self.0.leads;
        let addresses: BTreeMap<String, String> =
            leads.iter().map(|lead| (lead.name.to_owned(), format!("{}@club.example", lead.name))).collect();
        let everybody = leads.iter().map(|lead| OnCall {
            name: lead.name.to_owned(),
            slot: lead.slot,
            account: account(lead.name),
            channels: match account(lead.name) {
                Some(_) => vec![DISCORD_DM.to_owned(), EMAIL.to_owned()],
                None => vec![EMAIL.to_owned()],
            },
        });
        Settings {
            organisation: CLUB.to_owned(),
            api_url: self.platform().url(),
            token: Token::new(TOKEN),
            guilds: BTreeSet::from([self.0.names.guild]),
            shards: 1,
            mapping: RoleMapping::well_known(),
            policy: Policy::default(),
            lists: Lists::shared(),
            database: self.database().display().to_string(),
            signing_key: self.signing_key(),
            people: People::new(everybody.collect()),
            ladder: LadderPolicy::default(),
            leads: leads
                .iter()
                .map(|lead| Lead {
                    readers: account(lead.name).map_or_else(Readers::outside, Readers::one),
                    recipient: lead.identity.recipient(),
                })
                .collect(),
            keyholders: leads.iter().map(|lead| (lead.name.to_owned(), lead.identity.recipient())).collect(),
            email: Some(EmailChannel::new(server, &addresses, self.0.clock.clone()).unwrap()),
            reach: Reach::default(),
            buffer: BufferPolicy::default(),
            operator_channel: Some(self.space("#operator")),
            attest: app::attest::Attest::default(),
        }
    }

    /// Starts the bot and waits until it listens.
    pub async fn bot_up(&self) {
        let mut settings = self.settings();
        (self.0.change)(&mut settings);
        let running = app::start(settings, self.0.clock.clone()).await.expect("the bot starts");
        assert!(self.0.bot.lock().await.replace(running).is_none(), "the bot was up already");
        self.settle().await;
    }

    /// The desk at which leads work on cases.
    pub fn desk(&self) -> Desk {
        let mut settings = self.settings();
        (self.0.change)(&mut settings);
        Desk::beside(&settings)
    }

    /// A lead's identity.
    pub fn identity(&self, lead: &str) -> Identity {
        self.0.leads.iter().find(|known| known.name == lead).expect("a lead").identity.clone()
    }

    /// The bot takes what waits in the leads' letterbox.
    pub async fn look_into_letterbox(&self) {
        let running = self.0.bot.lock().await;
        running.as_ref().expect("the bot is up").look_into_letterbox().await.expect("it can be read");
    }

    /// A lead does something with a case, as the command does it: beside the bot while it is up, else without it.
    pub async fn lead_does(&self, lead: &str, request: Request<'_>) -> Came {
        let (desk, identity) = (self.desk(), self.identity(lead));
        let acting = Box::pin(desk.act(&identity, request, &self.0.clock, PATIENCE));
        let looking = async {
            let running = self.0.bot.lock().await;
            let Some(running) = running.as_ref() else { return std::future::pending().await };
            loop {
                running.look_into_letterbox().await.expect("the letterbox can be read");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let came = tokio::select! {
            came = acting => came.expect("the act reaches the log"),
            () = looking => unreachable!("it looks until the act came to something"),
        };
        self.settle().await;
        came
    }

    /// Where answers by link come in.
    pub async fn address(&self) -> String {
        let running = self.0.bot.lock().await;
        running.as_ref().and_then(Running::address).expect("the bot listens for answers").to_owned()
    }

    /// Stops the bot in good order.
    pub async fn bot_down(&self) {
        let running = self.0.bot.lock().await.take().expect("the bot is up");
        running.stop().await.expect("the bot stops in good order");
    }

    /// Ends the bot in the middle of whatever it does, as `kill -9` does.
    pub async fn kill(&self) {
        self.0.bot.lock().await.take().expect("the bot is up").kill().await;
    }

    /// Waits until the platform says so; never for longer than [`PATIENCE`].
    pub async fn until(&self, what: &str, so: impl Fn() -> bool) {
        let mut changes = self.platform().changes();
        let mut arrivals = self.0.mailbox.arrivals();
        let waiting = async {
            while !so() {
                tokio::select! {
                    _ = changes.changed() => {}
                    _ = arrivals.changed() => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain: {what}"));
    }

    /// Waits until the bot has heard everything, and everything that follows from it by now is done.
    pub async fn settle(&self) {
        let running = self.0.bot.lock().await;
        let Some(running) = running.as_ref() else { return };
        let mut changes = self.platform().changes();
        let mut progress = running.watch();
        let mut looks = tokio::time::interval(Duration::from_millis(5));
        let settling = async {
            loop {
                let before = self.platform().progress();
                let listening = before.sessions.iter().any(|session| session.connected);
                let all_heard = before
                    .sessions
                    .iter()
                    .filter(|session| session.connected)
                    .all(|session| running.has_heard(session.shard, &session.session, session.last));
                if listening
                    && all_heard
                    && before.in_flight == 0
                    && running.settled().await.unwrap()
                    && self.platform().progress() == before
                {
                    return;
                }
                tokio::select! {
                    _ = changes.changed() => {}
                    _ = progress.changed() => {}
                    _ = looks.tick() => {}
                }
            }
        };
        let came_to_rest = tokio::time::timeout(PATIENCE, settling).await.is_ok();
        assert!(
            came_to_rest,
            "the bot does not come to rest: {:?}, pending {:?}",
            self.platform().progress(),
            running.store().jobs_pending().await
        );
    }

    async fn next_due(&self) -> Option<Timestamp> {
        self.0.bot.lock().await.as_ref()?.next_due().await.unwrap()
    }

    /// Lets time pass, by every moment at which the bot wants to act on the way.
    pub async fn advance(&self, span: Duration) {
        let until = self.now().plus(span);
        self.settle().await;
        while let Some(due) = self.next_due().await.filter(|due| *due <= until) {
            // What is due already and did not happen while settling is given the next millisecond.
            let next = due.max(self.now().plus(Duration::from_millis(1)));
            if next > until {
                break;
            }
            self.0.clock.advance_to(next);
            self.settle().await;
        }
        self.0.clock.advance_to(until);
        self.settle().await;
    }

    /// Moves the clock without waiting for the bot: for stretches in which it cannot come to rest.
    pub fn pass(&self, span: Duration) {
        self.0.clock.advance_to(self.now().plus(span));
    }

    /// Every durable fact so far.
    pub async fn facts(&self) -> Vec<(Timestamp, Fact)> {
        let facts = self.store().await.facts(CLUB).await.unwrap();
        facts.into_iter().map(|stored| (stored.at, stored.fact)).collect()
    }

    /// The store: the bot's own while it is up.
    pub async fn store(&self) -> Store {
        if let Some(running) = self.0.bot.lock().await.as_ref() {
            return running.store().clone();
        }
        Store::open_to_read(&self.database().display().to_string()).await.unwrap()
    }
}
