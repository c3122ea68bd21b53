//! Composition root: builds the parts from [`Settings`], joins them, starts and stops them.
//!
//! Nothing else in the house knows all rooms. What `run` does with Discord, `rehearse` does with the embedded
//! platform: the same parts, other settings.

pub mod attest;
pub mod casework;
mod commands;
pub mod drill;
pub mod export;
pub mod keep;
mod listen;
pub mod lists;
mod missed;
pub mod reach;
pub mod settings;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use anyhow::Context;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::discord::contain::Contain;
use crate::discord::rest::Rest;
use crate::discord::token::Token;
use crate::domain::person::RoleMapping;
use crate::domain::{ChannelId, Effect, Event, Fact, GuildId, Heard, Timestamp};
use crate::engine::{Organisation, Policy};
use crate::evidence::Recipient;
use crate::outbox::{Deliver, Dispatcher};
use crate::paging::channels::email::EmailChannel;
use crate::paging::links::Links;
use crate::paging::{Calls, LadderPolicy, People};
use crate::pipeline::actor::Actor;
use crate::pipeline::buffer::{BufferPolicy, HourKeys};
use crate::pipeline::case_keys::CaseKeys;
use crate::pipeline::committer::{Committer, Lead};
use crate::pipeline::ring::Ring;
use crate::pipeline::{Ear, Progress};
use crate::store::Store;
use crate::text::Lists;
use attest::{Attest, Attester};
use casework::post::Postbox;
use reach::Reach;

/// Everything that the parts need to know, checked.
pub struct Settings {
    /// The organisation's name.
    pub organisation: String,
    /// Where Discord, or something that speaks like it, is reached: `https://discord.com`.
    pub api_url: String,
    /// The bot's token; it is sent to that host and no other.
    pub token: Token,
    /// The enrolled servers. Others are not listened to. Empty: every server that the bot is on (rehearsal).
    pub guilds: BTreeSet<GuildId>,
    /// How many gateway shards.
    pub shards: u32,
    /// What the roles mean.
    pub mapping: RoleMapping,
    /// The charity's rules.
    pub policy: Policy,
    /// The wordlists.
    pub lists: Arc<Lists>,
    /// Where things are kept: a path or a PostgreSQL URL.
    pub database: String,
    /// The key that signs the log's state; made at the first start. Keep it apart from the database's backups.
    pub signing_key: PathBuf,
    /// Who is called.
    pub people: People,
    /// How they are called.
    pub ladder: LadderPolicy,
    /// To whom evidence is sealed.
    pub leads: Vec<Lead>,
    /// Whose recipient is whose, by the configuration's name: who may prove by it that an act is theirs.
    pub keyholders: Vec<(String, Recipient)>,
    /// How e-mail leaves, where it does.
    pub email: Option<EmailChannel>,
    /// Further channels, the listener for answers, the heartbeat.
    pub reach: Reach,
    /// Who outside attests the evidence log.
    pub attest: Attest,
    /// How long what is heard stays in the sealed buffer.
    pub buffer: BufferPolicy,
    /// Where the operator is told about trouble.
    pub operator_channel: Option<ChannelId>,
}

impl Settings {
    /// The buffer's policy. Without a lead's key there is nobody to seal to.
    fn buffer_for_leads(&self) -> BufferPolicy {
        if self.leads.is_empty() { BufferPolicy::off() } else { self.buffer.clone() }
    }
}

/// Name and version, as the log and exhibits have it.
#[must_use]
pub fn software() -> String {
    format!("chaperone {}", env!("CARGO_PKG_VERSION"))
}

/// A running Chaperone.
pub struct Running {
    /// Where events are handed in.
    pub ear: Ear,
    store: Store,
    postbox: Arc<Postbox>,
    organisation: String,
    address: Option<String>,
    clock: Clock,
    progress: Progress,
    heard: watch::Receiver<BTreeMap<u32, (String, u64)>>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    committer: JoinHandle<Result<(), crate::store::StoreError>>,
    failure: watch::Receiver<Option<String>>,
}

/// Builds the parts and starts them.
///
/// # Errors
/// What is missing or wrong, with what to do: a database that another process holds, a log that is behind its own
/// signature, a token that Discord refuses.
pub async fn start(mut settings: Settings, clock: Clock) -> anyhow::Result<Running> {
    let store = Store::open(&settings.database).await?;
    let key = Arc::new(keep::signing_key(&settings.signing_key, &settings.organisation, &store).await?);
    let checkpoint_file = settings.signing_key.with_extension("checkpoint");
    let tree = keep::check_log(&store, &key, &checkpoint_file).await?;
    take_over(&store).await;
    let Restored { organisation, calls, case_keys, newest: earlier } = restore(&store, &settings).await?;
    let calls = Arc::new(RwLock::new(calls));

    let rest = Rest::new(&settings.api_url, &settings.token, clock.clone())?;
    let door = reach::door(&settings.reach, &settings.signing_key.with_file_name("links.key")).await?;
    let attester = Attester::of(&settings.attest, &store, key.verifier_key(), &clock)?;
    let routes = Arc::new(routes(&mut settings, &rest, &calls, &door.links, attester, &clock)?);
    let progress = Progress::default();
    let (ear, inputs) = Ear::new(progress.clone());
    let (commits, to_commit) = mpsc::channel(1_024);
    let (stop, stopped) = watch::channel(false);
    let (outcomes, ended) = mpsc::unbounded_channel();

    let left = trouble::Left::default();
    let by = format!("{}-{}", std::process::id(), clock.now().0);
    let to = left.or_to(routes.clone());
    let (delays, delayed) = mpsc::unbounded_channel();
    let dispatcher = Dispatcher::new(store.clone(), to, clock.clone(), outcomes, by).telling_delays(delays);
    let witness = trouble::Trouble::new(&settings, routes, dispatcher.bell(), clock.clone(), left);
    let committer = Committer {
        store: store.clone(),
        tree,
        key,
        checkpoint_file: Some(checkpoint_file),
        leads: settings.leads.clone(),
        case_keys,
        hour_keys: HourKeys::default(),
        software: software(),
        clock: clock.clone(),
        progress: BTreeMap::from([(settings.organisation.clone(), progress.clone())]),
        witness: Arc::new(witness),
    };
    let actor = Actor {
        name: settings.organisation.clone(),
        organisation,
        calls: calls.clone(),
        commits,
        clock: clock.clone(),
        progress: progress.clone(),
        ring: Ring::default(),
        buffer: settings.buffer_for_leads(),
        operator_channel: settings.operator_channel,
    };

    let (failed, failure) = watch::channel(None);
    let committer = tokio::spawn(keep_until_it_fails(committer, to_commit, failed.clone()));
    let mut tasks = vec![tokio::spawn(actor.run(inputs))];
    // Not waited for: on a full disk it would never be durable, and danger has to be heard all the same.
    let started = Heard { at: clock.now(), event: Event::Started { software: software() } };
    ear.hear(crate::pipeline::Input::event(started)).await?;
    tasks.push(tokio::spawn(dispatcher.run(until_stopped(stopped.clone()))));
    tasks.push(tokio::spawn(report_outcomes(ended, ear.clone(), clock.clone())));
    tasks.push(tokio::spawn(report_delays(delayed, ear.clone(), clock.clone())));
    let address = door.links.base().map(str::to_owned);
    let (connected_now, connected) = watch::channel(BTreeMap::new());
    let alive = reach::Alive { store: store.clone(), connected, clock: clock.clone() };
    tasks.extend(reach::answer_and_beat(door, &settings.reach, calls, ear.clone(), alive, &stopped)?);
    tasks.extend(attest::when_due(&settings.attest, &store, &ear, &clock, &stopped));
    let (heard_now, heard) = watch::channel(BTreeMap::new());
    let shards = settings.shards.max(1);
    for shard in 0..shards {
        let listener = listen::Listener {
            shard: (shard, shards),
            api_url: settings.api_url.clone(),
            token: settings.token.clone(),
            guilds: settings.guilds.clone(),
            rest: rest.clone(),
            ear: ear.clone(),
            clock: clock.clone(),
            position: store.position(shard).await?,
            earlier,
            heard: heard_now.clone(),
            connected: connected_now.clone(),
            failed: failed.clone(),
        };
        tasks.push(tokio::spawn(listener.run(until_stopped(stopped.clone()))));
    }
    let postbox = open_postbox(&settings, &store, &ear, &clock).await?;
    tasks.push(tokio::spawn(postbox.clone().run(until_stopped(stopped.clone()))));
    commands::register(rest).await;
    Ok(Running {
        ear,
        store,
        postbox,
        organisation: settings.organisation,
        address,
        clock,
        progress,
        heard,
        stop,
        tasks,
        committer,
        failure,
    })
}

/// Where leads' requests come in while this process holds the database.
async fn open_postbox(
    settings: &Settings,
    store: &Store,
    ear: &Ear,
    clock: &Clock,
) -> anyhow::Result<Arc<Postbox>> {
    let (name, keys) = (&settings.organisation, &settings.keyholders);
    Ok(Arc::new(Postbox::open(name, keys, store.clone(), ear.clone(), clock.clone()).await?))
}

/// Frees what an earlier run was carrying out.
async fn take_over(store: &Store) {
    // On a full disk danger has to be heard all the same; these jobs then wait for their leases to end.
    store.release_leases().await.unwrap_or_else(|error| {
        tracing::warn!(%error, "what an earlier run was carrying out could not be taken over at once");
    });
}

/// Runs the committer, and says so when it can no longer keep anything.
async fn keep_until_it_fails(
    committer: Committer,
    to_commit: mpsc::Receiver<crate::pipeline::committer::Commit>,
    failed: watch::Sender<Option<String>>,
) -> Result<(), crate::store::StoreError> {
    let ended = committer.run(to_commit).await;
    if let Err(error) = &ended {
        failed.send_replace(Some(format!("evidence can no longer be kept: {error}")));
    }
    ended
}

/// What the stored facts have left.
struct Restored {
    organisation: Organisation,
    calls: Calls,
    case_keys: CaseKeys,
    /// The moment of the newest fact.
    newest: Option<Timestamp>,
}

/// Folds the stored facts into the engine, the ladder and the cases' keys.
async fn restore(store: &Store, settings: &Settings) -> anyhow::Result<Restored> {
    let mut organisation = Organisation::new(
        &settings.organisation,
        settings.policy.clone(),
        settings.mapping.clone(),
        settings.lists.clone(),
    );
    let mut calls =
        Calls::new(settings.organisation.clone(), settings.ladder.clone(), settings.people.clone());
    let mut case_keys = CaseKeys::default();
    let mut newest = None;
    for stored in store.facts(&settings.organisation).await? {
        organisation.restore(stored.at, &stored.fact);
        calls.apply(stored.at, &stored.fact);
        case_keys.apply(&settings.organisation, &stored.fact);
        newest = newest.max(Some(stored.at));
    }
    Ok(Restored { organisation, calls, case_keys, newest })
}

impl Running {
    /// Where things are kept.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The organisation's name.
    #[must_use]
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// Where answers by link come in, where any do.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Whether everything up to this sequence number of a shard's session was handed on.
    #[must_use]
    pub fn has_heard(&self, shard: u32, session: &str, sequence: u64) -> bool {
        self.heard.borrow().get(&shard).is_some_and(|(heard, last)| heard == session && *last >= sequence)
    }

    /// Whether everything that was handed in is decided and durable, and every job that is due has ended.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn settled(&self) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let before = self.progress.count();
        if !self.progress.settled(now) || !crate::outbox::Jobs::settled(&self.store, now).await? {
            return Ok(false);
        }
        // Nothing may have moved while the database was asked.
        Ok(self.progress.settled(now) && self.progress.count() == before)
    }

    /// When something wants to happen next: a grace that runs out, a ladder, a job that was put off.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn next_due(&self) -> anyhow::Result<Option<Timestamp>> {
        let job = crate::outbox::Jobs::next_due(&self.store, false).await?;
        Ok(self.progress.due().into_iter().chain(job).min())
    }

    /// Takes what leads have asked for out of the letterbox now; otherwise that happens every second.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn look_into_letterbox(&self) -> anyhow::Result<()> {
        Ok(self.postbox.look().await?)
    }

    /// Every durable fact so far.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn facts(&self) -> anyhow::Result<Vec<(Timestamp, Fact)>> {
        let facts = self.store.facts(&self.organisation).await?;
        Ok(facts.into_iter().map(|stored| (stored.at, stored.fact)).collect())
    }

    /// Waits until it can no longer do its work, and says why: Discord refused the token, the log forked.
    pub async fn failed(&self) -> String {
        let mut failure = self.failure.clone();
        match failure.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            Err(_) => "the bot has stopped".to_owned(),
        }
    }

    /// Wakes whenever the pipeline has come further.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.progress.watch()
    }

    /// Ends at once, finishing nothing, as a process that is killed does.
    pub async fn kill(self) {
        let Running { ear, store, postbox, tasks, committer, .. } = self;
        committer.abort();
        for task in &tasks {
            task.abort();
        }
        for task in tasks {
            // Cancelled, as it was asked to be.
            let _ = task.await;
        }
        let _ = committer.await;
        drop((ear, postbox));
        store.close().await;
    }

    /// Stops hearing, finishes what was heard, and lets the database go.
    ///
    /// # Errors
    /// When the last things could not be kept.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Running { ear, store, postbox, stop, tasks, committer, .. } = self;
        let _ = stop.send(true);
        drop((ear, postbox));
        for task in tasks {
            task.await.context("a part of the house stopped in an unforeseen way")?;
        }
        committer.await.context("the committer stopped in an unforeseen way")??;
        store.close().await;
        Ok(())
    }
}

/// Where each effect goes.
pub(crate) struct Routes {
    contain: Arc<dyn Deliver>,
    couriers: reach::Couriers,
    attester: Option<Arc<dyn Deliver>>,
}

impl Routes {
    /// Who carries an effect out; nobody when its channel is not configured.
    pub(crate) fn to(&self, effect: &Effect) -> Option<Arc<dyn Deliver>> {
        if matches!(effect, Effect::Cosign { .. } | Effect::Stamp { .. }) {
            return self.attester.clone();
        }
        match effect.channel() {
            Some(channel) => self.couriers.get(channel).cloned(),
            None => Some(self.contain.clone()),
        }
    }
}

fn routes(
    settings: &mut Settings,
    rest: &Rest,
    calls: &Arc<RwLock<Calls>>,
    links: &Links,
    attester: Option<Arc<dyn Deliver>>,
    clock: &Clock,
) -> anyhow::Result<Routes> {
    let still_wanted = reach::still_wanted(calls);
    let (email, reach) = (settings.email.take(), &settings.reach);
    let contain = Contain::new(rest.clone()).with_number_to_ring(reach.ring.clone());
    Ok(Routes {
        contain: Arc::new(contain),
        attester,
        couriers: reach::couriers(rest, &settings.people, email, reach, links, &still_wanted, clock)?,
    })
}

async fn report_delays(mut delays: mpsc::UnboundedReceiver<crate::outbox::Delayed>, ear: Ear, clock: Clock) {
    while let Some(delayed) = delays.recv().await {
        let heard = Heard { at: clock.now(), event: delayed.into_event() };
        if ear.hear(crate::pipeline::Input::event(heard)).await.is_err() {
            return;
        }
    }
}

async fn until_stopped(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can stop us any more: the house is gone.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn report_outcomes(mut ended: mpsc::UnboundedReceiver<crate::outbox::Outcome>, ear: Ear, clock: Clock) {
    while let Some(outcome) = ended.recv().await {
        let heard = Heard { at: clock.now(), event: outcome.into_event() };
        if ear.hear(crate::pipeline::Input::event(heard)).await.is_err() {
            return;
        }
    }
}
