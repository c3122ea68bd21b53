//! How people are reached and how they answer: channels behind their breakers and the last question, the listener,
//! the heartbeat.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::discord::page_dm::PageDm;
use crate::discord::rest::Rest;
use crate::domain::{Effect, Heard, Timestamp, UserId};
use crate::outbox::{Deliver, Jobs as _};
use crate::paging::Calls;
use crate::paging::channels::alertmanager::Alertmanager;
use crate::paging::channels::breaker::Breaker;
use crate::paging::channels::email::EmailChannel;
use crate::paging::channels::heartbeat::Heartbeat;
use crate::paging::channels::http::Http;
use crate::paging::channels::ntfy::Ntfy;
use crate::paging::channels::pagerduty::PagerDuty;
use crate::paging::channels::twilio::{Account, Sms, Voice};
use crate::paging::channels::webhook::{Target, Webhook};
use crate::paging::channels::{Channel, Courier};
use crate::paging::gate::{Gate, StillWanted};
use crate::paging::inbound::{self, Inbound, NotKept};
use crate::paging::links::{LinkKey, Links};
use crate::paging::people::{ALERTMANAGER, DISCORD_DM, EMAIL, NTFY, PAGERDUTY, People, SMS, VOICE, WEBHOOK};
use crate::pipeline::Ear;
use crate::store::{Batch, Position, Store};

/// Channels beyond Discord and e-mail, with their secrets read.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The server, its access token where it wants one, and each person's topic.
    pub ntfy: Option<(String, Option<String>, BTreeMap<String, String>)>,
    /// The account, and each person's number.
    pub twilio: Option<(Account, BTreeMap<String, String>)>,
    /// The API's address, and each service's key.
    pub pagerduty: Option<(String, BTreeMap<String, String>)>,
    /// Webhooks by name.
    pub webhooks: BTreeMap<String, Target>,
    /// Alertmanagers by name.
    pub alertmanagers: BTreeMap<String, String>,
    /// What several people read: no link in it acknowledges, because it would name nobody.
    pub shared: BTreeSet<String>,
    /// Where answers come in.
    pub inbound: Option<Listen>,
    /// Where the heartbeat goes and how often.
    pub heartbeat: Option<(String, Duration)>,
    /// A number for workers whom no lead has answered.
    pub ring: Option<String>,
}

/// Where answers come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Under which address people reach it; the listening one when absent (tests, a machine of one's own).
    pub public_url: Option<String>,
    /// Whether a reverse proxy stands in front.
    pub behind_proxy: bool,
}

/// Who carries what travels to people, by channel.
pub(super) type Couriers = BTreeMap<&'static str, Arc<dyn Deliver>>;

/// The listening socket, and the links that lead to it.
pub(super) struct Door {
    pub(super) listener: Option<TcpListener>,
    pub(super) links: Links,
    key: LinkKey,
}

/// Opens the door: binds the socket before anything is sent that points to it.
pub(super) async fn door(reach: &Reach, key_file: &Path) -> anyhow::Result<Door> {
    let key = LinkKey::new(&link_key(key_file)?);
    let Some(listen) = &reach.inbound else {
        return Ok(Door { listener: None, links: Links::default(), key });
    };
    let listener = TcpListener::bind(listen.listen).await.with_context(|| {
        format!("nothing can listen at {}\nchoose another address in [paging.inbound] listen", listen.listen)
    })?;
    let url = match &listen.public_url {
        Some(url) => url.clone(),
        None => format!("http://{}", listener.local_addr()?),
    };
    let links = Links::below(&url, key.clone()).not_for(reach.shared.clone());
    Ok(Door { listener: Some(listener), links, key })
}

/// The key that links are signed with; made when there is none yet.
fn link_key(path: &Path) -> anyhow::Result<Vec<u8>> {
    let says = || format!("the links' key {} cannot be used", path.display());
    if path.exists() {
        let key = std::fs::read(path).with_context(says)?;
        anyhow::ensure!(
            key.len() == 32,
            "{}\nremove it; links that were sent before count no longer",
            says()
        );
        return Ok(key);
    }
    let key: [u8; 32] = rand::random();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(says)?;
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path).with_context(says)?, &key).with_context(says)?;
    Ok(key.to_vec())
}

/// Who carries what travels to people: each behind its breaker, and in front of that the question who may know.
pub(super) fn couriers(
    rest: &Rest,
    people: &People,
    email: Option<EmailChannel>,
    reach: &Reach,
    links: &Links,
    still_wanted: &Arc<StillWanted>,
    clock: &Clock,
) -> anyhow::Result<Couriers> {
    let accounts: BTreeMap<String, UserId> =
        people.iter().filter_map(|person| Some((person.name.clone(), person.account?))).collect();
    let mut all = Couriers::new();
    let dm = PageDm::new(rest.clone(), accounts);
    all.insert(DISCORD_DM, guarded(dm, still_wanted, clock));
    if let Some(email) = email {
        all.insert(EMAIL, guarded(email.with_links(links.clone()), still_wanted, clock));
    }
    all.extend(over_http(reach, links, still_wanted, clock)?);
    Ok(all)
}

fn guarded(
    channel: impl Deliver + 'static,
    still_wanted: &Arc<StillWanted>,
    clock: &Clock,
) -> Arc<dyn Deliver> {
    Arc::new(Gate::before(Breaker::before(channel, clock.clone()), still_wanted.clone()))
}

fn over_http(
    reach: &Reach,
    links: &Links,
    still_wanted: &Arc<StillWanted>,
    clock: &Clock,
) -> anyhow::Result<Couriers> {
    let http = Http::new().map_err(|why| anyhow!("{why}"))?;
    let mut all = Couriers::new();
    let mut add = |code: &'static str, courier: Arc<dyn Deliver>| drop(all.insert(code, courier));
    if let Some((base, token, topics)) = reach.ntfy.clone() {
        add(NTFY, carried(Ntfy::new(http.clone(), base, token, topics), links, still_wanted, clock));
    }
    if let Some((account, numbers)) = reach.twilio.clone() {
        let sms = Sms::new(http.clone(), account.clone(), numbers.clone());
        add(SMS, carried(sms, links, still_wanted, clock));
        add(VOICE, carried(Voice::new(http.clone(), account, numbers), links, still_wanted, clock));
    }
    if let Some((base, keys)) = reach.pagerduty.clone() {
        add(PAGERDUTY, carried(PagerDuty::new(http.clone(), base, keys), links, still_wanted, clock));
    }
    if !reach.webhooks.is_empty() {
        add(WEBHOOK, carried(Webhook::new(http.clone(), reach.webhooks.clone()), links, still_wanted, clock));
    }
    if !reach.alertmanagers.is_empty() {
        let channel = Alertmanager::new(http, reach.alertmanagers.clone());
        add(ALERTMANAGER, carried(channel, links, still_wanted, clock));
    }
    Ok(all)
}

fn carried(
    channel: impl Channel + 'static,
    links: &Links,
    still_wanted: &Arc<StillWanted>,
    clock: &Clock,
) -> Arc<dyn Deliver> {
    guarded(Courier::new(channel, links.clone(), clock.clone()), still_wanted, clock)
}

/// The question, answered from the newest facts.
pub(super) fn still_wanted(calls: &Arc<RwLock<Calls>>) -> Arc<StillWanted> {
    let calls = calls.clone();
    Arc::new(move |_: &str, effect: &Effect| {
        calls.read().unwrap_or_else(std::sync::PoisonError::into_inner).as_still_wanted(effect)
    })
}

/// Starts what listens for answers, and the heartbeat where there is one.
pub(super) fn answer_and_beat(
    door: Door,
    reach: &Reach,
    calls: Arc<RwLock<Calls>>,
    ear: Ear,
    alive: Alive,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let clock = alive.clock.clone();
    let stop = super::until_stopped(stopped.clone());
    let mut tasks = vec![tokio::spawn(listen(door, reach.clone(), calls, ear, clock, stop))];
    if let Some((heartbeat, every)) = heartbeat(reach)? {
        tasks.push(tokio::spawn(alive.beat(heartbeat, every, super::until_stopped(stopped.clone()))));
    }
    Ok(tasks)
}

/// Listens for answers until it is stopped.
async fn listen(
    door: Door,
    reach: Reach,
    calls: Arc<RwLock<Calls>>,
    ear: Ear,
    clock: Clock,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let (Some(listener), Some(base)) = (door.listener, door.links.base().map(str::to_owned)) else { return };
    let hearing = clock.clone();
    let inbound = Inbound {
        key: door.key,
        public_url: base,
        behind_proxy: reach.inbound.is_some_and(|listen| listen.behind_proxy),
        twilio: reach.twilio.map(|(account, _)| account),
        calls,
        hear: Arc::new(move |event| {
            let (ear, at) = (ear.clone(), hearing.now());
            Box::pin(async move {
                let heard = ear.hear_durably(Heard { at, event });
                // A person waits at the other end; what it leads to counts as soon as it can be kept.
                let heard = tokio::time::timeout(Duration::from_secs(8), heard).await;
                heard.map_err(|_| NotKept)?.map_err(|_| NotKept)
            })
        }),
        clock,
    };
    if let Err(error) = inbound::run(listener, inbound, stop).await {
        tracing::error!(%error, "answers by link can no longer be taken");
    }
}

/// No job may have been due for longer than this.
const STUCK: Duration = Duration::from_mins(5);
/// How long the database may take for the probe.
const WRITES_WITHIN: Duration = Duration::from_secs(20);
/// The row that the probe writes: no shard has this number.
const PROBE: u32 = u32::MAX;

/// What has to be alive for the heart to beat.
pub(super) struct Alive {
    pub(super) store: Store,
    pub(super) connected: watch::Receiver<BTreeMap<u32, bool>>,
    pub(super) clock: Clock,
}

impl Alive {
    /// Whether every shard is connected, the database writes, and the outbox moves.
    ///
    /// # Errors
    /// What is not, as a code.
    async fn check(&self) -> Result<(), &'static str> {
        {
            let connected = self.connected.borrow();
            if connected.is_empty() || connected.values().any(|connected| !connected) {
                return Err("gateway");
            }
        }
        let now = self.clock.now();
        let probe = Position { shard: PROBE, session: "heartbeat".to_owned(), heard_at: now };
        let batch = Batch { positions: vec![probe], ..Batch::default() };
        let wrote = tokio::time::timeout(WRITES_WITHIN, self.store.commit(&batch)).await;
        if !matches!(wrote, Ok(Ok(()))) {
            return Err("database");
        }
        match self
            .store
            .settled(Timestamp(now.0.saturating_sub(i64::try_from(STUCK.as_micros()).unwrap_or(0))))
            .await
        {
            Ok(true) => Ok(()),
            _ => Err("outbox"),
        }
    }

    /// Beats while everything is alive, until it is stopped. Whoever listens for it notices the silence.
    async fn beat(self, heartbeat: Heartbeat, every: Duration, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            match self.check().await {
                Ok(()) => {
                    if let Err(why) = heartbeat.beat().await {
                        tracing::warn!(why, "the heartbeat did not arrive");
                    }
                }
                Err(what) => tracing::error!(what, "no heartbeat: this part is not alive"),
            }
            tokio::select! {
                () = self.clock.until(self.clock.now().plus(every)) => {}
                () = &mut stop => return,
            }
        }
    }
}

/// The heartbeat of these settings.
fn heartbeat(reach: &Reach) -> anyhow::Result<Option<(Heartbeat, Duration)>> {
    let Some((url, every)) = reach.heartbeat.clone() else { return Ok(None) };
    let http = Http::new().map_err(|why| anyhow!("{why}"))?;
    Ok(Some((Heartbeat::new(http, url), every)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::effect::Nudge;
    use crate::domain::{ChannelId, Effect};
    use crate::outbox::Job;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_772_000_000 + seconds)
    }

    #[tokio::test]
    async fn the_heart_beats_only_while_the_gateway_the_database_and_the_outbox_are_alive() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("chaperone.db").display().to_string()).await.unwrap();
        let clock = Clock::manual(at(0));
        let (shards, connected) = watch::channel(BTreeMap::new());
        let alive = Alive { store: store.clone(), connected, clock: clock.clone() };
        assert_eq!(alive.check().await, Err("gateway"), "nothing was heard yet");
        shards.send_modify(|all| {
            all.insert(0, true);
        });
        assert_eq!(alive.check().await, Ok(()));
        shards.send_modify(|all| {
            all.insert(1, false);
        });
        assert_eq!(alive.check().await, Err("gateway"), "one of two shards hears nothing");
        shards.send_modify(|all| {
            all.insert(1, true);
        });

        // A job that nobody carries out.
        let job = Job {
            key: "notice/club/1".into(),
            organisation: "club".into(),
            case: None,
            effect: Effect::Notice { space: ChannelId(1), about: Nudge::RotaHasGaps },
            not_before: at(0),
            attempts: 0,
        };
        store.commit(&Batch { jobs: vec![job], ..Batch::default() }).await.unwrap();
        clock.advance_to(at(299));
        assert_eq!(alive.check().await, Ok(()), "it may take a while");
        clock.advance_to(at(301));
        assert_eq!(alive.check().await, Err("outbox"));
        store.commit(&Batch { ended: vec!["notice/club/1".into()], ..Batch::default() }).await.unwrap();
        assert_eq!(alive.check().await, Ok(()));

        store.close().await;
        assert_eq!(alive.check().await, Err("database"));
    }

    #[tokio::test]
    async fn a_beat_reaches_its_address_and_stops_while_something_is_not_alive() {
        let beats = Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = beats.clone();
        let address = counter(count).await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("chaperone.db").display().to_string()).await.unwrap();
        let clock = Clock::manual(at(0));
        let (shards, connected) = watch::channel(BTreeMap::from([(0, true)]));
        let alive = Alive { store, connected, clock: clock.clone() };
        let heartbeat = Heartbeat::new(Http::new().unwrap(), address);
        let beating = tokio::spawn(alive.beat(heartbeat, Duration::from_mins(1), std::future::pending()));
        let reaches = async |wanted: u32| {
            while beats.load(std::sync::atomic::Ordering::SeqCst) < wanted {
                tokio::task::yield_now().await;
            }
        };
        reaches(1).await;
        // The next beat falls due only once this one has come back.
        let minute = async |number: i64| {
            while clock.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            clock.advance_to(at(60 * number));
        };
        minute(1).await;
        reaches(2).await;
        shards.send_modify(|all| {
            all.insert(0, false);
        });
        minute(2).await;
        minute(3).await;
        shards.send_modify(|all| {
            all.insert(0, true);
        });
        minute(4).await;
        reaches(3).await;
        assert_eq!(beats.load(std::sync::atomic::Ordering::SeqCst), 3, "none in the two minutes in between");
        beating.abort();
    }

    /// A server that counts what it is asked.
    async fn counter(count: Arc<std::sync::atomic::AtomicU32>) -> String {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = [0; 4_096];
                if stream.read(&mut asked).await.unwrap_or(0) > 0 {
                    count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                    let _ = stream.write_all(answer).await;
                }
            }
        });
        format!("http://{address}/beat")
    }
}
