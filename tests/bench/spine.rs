//! Benchmarks of the whole path: raw gateway text → decode → engine → sealed, logged, durable.
//!
//! ```text
//! cargo bench --bench spine
//! ```
//!
//! Prints resident memory, messages per second on one core for quiet chat and for chat with findings, what sealing recent
//! messages into the buffer costs a message in time and on disk, and the time from a frame's arrival to its page's durable
//! job at 200 messages a second.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use chaperone::clock::Clock;
use chaperone::discord::decode::decode;
use chaperone::domain::person::RoleMapping;
use chaperone::domain::who_may_know::Readers;
use chaperone::domain::{Heard, Timestamp, UserId};
use chaperone::engine::{Organisation, Policy};
use chaperone::evidence::{Identity, SigningKey, Tree};
use chaperone::outbox::Job;
use chaperone::paging::{Calls, LadderPolicy, OnCall, People, Slot};
use chaperone::pipeline::actor::Actor;
use chaperone::pipeline::buffer::{BufferPolicy, HourKeys};
use chaperone::pipeline::case_keys::CaseKeys;
use chaperone::pipeline::committer::{Committer, Lead, Witness};
use chaperone::pipeline::ring::Ring;
use chaperone::pipeline::{Ear, Input, Progress, What};
use chaperone::store::{Store, StoreError};
use chaperone::text::Lists;
use tokio::sync::mpsc;

const ORGANISATION: &str = "bench";
const LEADS: usize = 2;

/// Ordinary lines of a club evening; none of them is a finding.
const CHAT: [&str; 12] = [
    "is anyone bringing snacks tonight",
    "omg that match was unreal",
    "can somebody explain question 4",
    "the bus is late again",
    "who left the studio lights on",
    "haha same",
    "i finished the poster, it's on the shared drive",
    "what time do we start on saturday",
    "my cat walked over the keyboard while i was typing this so sorry for the mess above",
    "good game everyone",
    "does anyone have a spare charger",
    "see you all on thursday",
];

/// When the jobs of a batch became durable.
#[derive(Default)]
struct Stopwatch(Mutex<Vec<Instant>>);

impl Witness for Stopwatch {
    fn jobs_are_due(&self) {
        #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
        self.0.lock().unwrap().push(Instant::now());
    }
    fn evidence_cannot_be_kept(&self, why: &StoreError) {
        panic!("{why}");
    }
    fn evidence_is_kept_again(&self) {}
    fn leave_without_evidence(&self, _: Job) {}
}

struct House {
    ear: Ear,
    progress: Progress,
    clock: Clock,
    stopwatch: Arc<Stopwatch>,
    store: Store,
    folder: tempfile::TempDir,
}

impl House {
    async fn open() -> House {
        House::open_with(BufferPolicy::default()).await
    }

    async fn open_with(buffer: BufferPolicy) -> House {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("bench.db").to_str().unwrap()).await.unwrap();
        let clock = Clock::manual(Timestamp::from_seconds(1_772_000_000));
        let progress = Progress::default();
        let (ear, inputs) = Ear::new(progress.clone());
        let (commits, to_commit) = mpsc::channel(1_024);
        let leads = (0..LEADS)
            .map(|n| Lead {
                readers: Readers::one(UserId(n as u64 + 1)),
                recipient: Identity::generate().recipient(),
            })
            .collect();
        let people = People::new(vec![OnCall {
            name: "dee".into(),
            slot: Slot::Dsl,
            account: Some(UserId(1)),
            channels: vec!["discord-dm".into()],
        }]);
        let stopwatch = Arc::new(Stopwatch::default());
        let committer = Committer {
            case_keys: CaseKeys::default(),
            hour_keys: HourKeys::default(),
            store: store.clone(),
            tree: Tree::empty(),
            key: Arc::new(SigningKey::generate("chaperone/bench").unwrap()),
            checkpoint_file: None,
            leads,
            software: "bench".into(),
            clock: clock.clone(),
            progress: BTreeMap::from([(ORGANISATION.to_owned(), progress.clone())]),
            witness: stopwatch.clone(),
        };
        let actor = Actor {
            name: ORGANISATION.into(),
            organisation: Organisation::new(
                ORGANISATION,
                Policy::default(),
                RoleMapping::well_known(),
                Lists::shared(),
            ),
            calls: Arc::new(RwLock::new(Calls::new(ORGANISATION, LadderPolicy::default(), people))),
            commits,
            clock: clock.clone(),
            progress: progress.clone(),
            ring: Ring::default(),
            buffer,
            operator_channel: None,
        };
        tokio::spawn(async move { committer.run(to_commit).await.unwrap() });
        tokio::spawn(actor.run(inputs));
        let house = House { ear, progress, clock, stopwatch, store, folder };
        house.hear(&guild()).await;
        house.settle().await;
        house
    }

    async fn hear(&self, raw: &str) {
        let at = self.clock.now();
        let raw: Arc<str> = raw.into();
        for event in decode(&raw).events {
            let what = What::Event(Heard { at, event });
            self.ear.hear(Input { what, raw: Some(raw.clone()), position: None, done: None }).await.unwrap();
        }
    }

    async fn settle(&self) {
        let mut changed = self.progress.watch();
        while !self.progress.settled(self.clock.now()) {
            changed.changed().await.unwrap();
        }
    }
}

fn guild() -> String {
    let members: Vec<String> = (0..200)
        .map(|n| {
            let role = if n % 10 == 0 { 3 } else { 2 };
            format!(r#"{{"user":{{"id":"{}","username":"person{n}"}},"roles":["{role}"]}}"#, 1_000 + n)
        })
        .collect();
    let channels: Vec<String> = (0..20)
        .map(|n| format!(r#"{{"id":"{}","type":0,"name":"space{n}","permission_overwrites":[]}}"#, 500 + n))
        .collect();
    format!(
        r#"{{"op":0,"s":1,"t":"GUILD_CREATE","d":{{"id":"1","name":"club","owner_id":"1000","member_count":200,"large":false,
        "roles":[{{"id":"1","name":"@everyone","permissions":"1024","position":0}},
                 {{"id":"2","name":"Young Person","permissions":"1024","position":1}},
                 {{"id":"3","name":"Youth Worker","permissions":"1024","position":2}}],
        "channels":[{}],"threads":[],"members":[{}],"voice_states":[]}}}}"#,
        channels.join(","),
        members.join(",")
    )
}

/// A message frame as the gateway sends it, a little under 700 bytes.
fn message(n: u64, author: u64, text: &str) -> String {
    let id = (1_772_000_000_000u64 - 1_420_070_400_000 + n) << 22 | (n & 0xfff);
    let role = if author.is_multiple_of(10) { 3 } else { 2 };
    format!(
        r#"{{"t":"MESSAGE_CREATE","s":{n},"op":0,"d":{{"type":0,"tts":false,"timestamp":"2026-02-25T06:13:20.000000+00:00","pinned":false,"nonce":"{id}","mentions":[],"mention_roles":[],"mention_everyone":false,"member":{{"roles":["{role}"],"premium_since":null,"pending":false,"nick":null,"mute":false,"joined_at":"2025-01-01T00:00:00.000000+00:00","flags":0,"deaf":false,"communication_disabled_until":null,"avatar":null}},"id":"{id}","flags":0,"embeds":[],"edited_timestamp":null,"content":"{text}","components":[],"channel_id":"{}","author":{{"username":"person{author}","public_flags":0,"id":"{}","global_name":null,"discriminator":"0","avatar":null}},"attachments":[],"guild_id":"1"}}}}"#,
        500 + n % 20,
        1_000 + author,
    )
}

fn chat(n: u64, finding_every: u64) -> String {
    if finding_every > 0 && n.is_multiple_of(finding_every) {
        // A different author each time, so that each one opens a case of its own.
        return message(n, 1 + (n / finding_every * 7) % 199, "kys");
    }
    message(n, n.wrapping_mul(2_654_435_761) % 200, CHAT[usize::try_from(n).unwrap_or(0) % CHAT.len()])
}

async fn throughput(what: &str, count: u64, finding_every: u64) {
    heard(what, count, finding_every, House::open().await).await;
}

/// Gives the time that it took.
async fn heard(what: &str, count: u64, finding_every: u64, house: House) -> (Duration, House) {
    let frames: Vec<String> = (1..=count).map(|n| chat(n, finding_every)).collect();
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let begin = Instant::now();
    for frame in &frames {
        house.hear(frame).await;
    }
    house.settle().await;
    let took = begin.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let rate = count as f64 / took.as_secs_f64();
    println!("{what:<44} {count:>8} messages {took:>10.2?} {rate:>12.0} messages/s");
    (took, house)
}

/// Quiet chat without the buffer and with it, as fast as it can be heard, and an evening at two messages a second in
/// twenty spaces: time and bytes that a message costs.
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
async fn buffer(count: u64) {
    let (without, house) =
        heard("quiet chat, no buffer", count, 0, House::open_with(BufferPolicy::off()).await).await;
    let base = size_on_disk(&house).await;
    let (with, house) = heard("quiet chat, buffered", count, 0, House::open().await).await;
    let each = with.saturating_sub(without).as_secs_f64() * 1e6 / count as f64;
    let bytes = size_on_disk(&house).await.saturating_sub(base);
    println!("buffer, in bursts: {each:.2} µs and {} bytes on disk a message", bytes / count);

    let house = House::open().await;
    let count = count / 10;
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let begin = Instant::now();
    for n in 1..=count {
        house.clock.advance_to(house.clock.now().plus(Duration::from_millis(500)));
        house.hear(&chat(n, 0)).await;
        if n % 10 == 0 {
            house.settle().await;
        }
    }
    house.settle().await;
    let took = begin.elapsed();
    let bytes = size_on_disk(&house).await.saturating_sub(base);
    println!(
        "buffer, two messages a second in 20 spaces: {} messages in {took:.2?}, {:.0} µs of work and {} bytes on disk a message",
        count,
        took.as_secs_f64() * 1e6 / count as f64,
        bytes / count
    );
}

/// The database's files in bytes, once it is closed.
async fn size_on_disk(house: &House) -> u64 {
    house.store.close().await;
    let files = std::fs::read_dir(house.folder.path()).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

/// 200 messages a second, one in 40 a finding that pages: from the frame's arrival to the durable job.
async fn latency(seconds: u64) {
    const RATE: u64 = 200;
    let house = House::open().await;
    let mut ticks = tokio::time::interval(Duration::from_micros(1_000_000 / RATE));
    let mut began = Vec::new();
    for n in 1..=RATE * seconds {
        ticks.tick().await;
        let frame = chat(n, 40);
        if n % 40 == 0 {
            #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
            began.push(Instant::now());
        }
        house.hear(&frame).await;
    }
    house.settle().await;
    let ended = house.stopwatch.0.lock().unwrap().clone();
    let mut took: Vec<Duration> = began
        .iter()
        .filter_map(|begin| ended.iter().find(|end| *end >= begin).map(|end| end.duration_since(*begin)))
        .collect();
    took.sort_unstable();
    let at = |part: usize| took.get((took.len() * part / 100).min(took.len().saturating_sub(1))).copied();
    println!(
        "frame → durable page job at {RATE}/s, {} pages: p50 {:.2?}, p99 {:.2?}, worst {:.2?}",
        took.len(),
        at(50).unwrap_or_default(),
        at(99).unwrap_or_default(),
        took.last().copied().unwrap_or_default()
    );
}

/// Resident memory of this process in MiB, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1_024)
}

/// What an idle house takes, and what is left of it after so many messages.
async fn memory(count: u64) {
    let house = House::open().await;
    let idle = resident();
    for n in 1..=count {
        house.hear(&chat(n, 1_000)).await;
    }
    house.settle().await;
    match (idle, resident()) {
        (Some(idle), Some(after)) => {
            println!("resident memory: {idle} MiB idle, {after} MiB after {count} messages");
        }
        _ => println!("resident memory: this system does not tell"),
    }
}

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    let quick = std::env::args().any(|argument| argument == "--test");
    let count = if quick { 200 } else { 100_000 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // First, while nothing else has touched this process's memory.
        memory(count).await;
        buffer(count).await;
        throughput("one finding in 1,000 messages", count, 1_000).await;
        throughput("one finding in 100 messages", count / 5, 100).await;
        latency(if quick { 1 } else { 10 }).await;
    });
}
