//! The ladder and the outbox under load: `cargo bench --bench paging`.
//!
//! * durable job → first byte at a channel on loopback, p50 and p99, one at a time over SQLite
//! * 50,000 jobs that are due, drained: leased, carried out, their ends durable
//! * 10,000 armed ladders: a look when nothing is due, one call each, and finding the next moment

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chaperone::clock::Clock;
use chaperone::domain::{CaseRef, Category, Effect, Fact, Level, Timestamp, UserId};
use chaperone::outbox::{Deliver, Delivered, Delivery, Dispatcher, Job, Policy};
use chaperone::paging::channels::Courier;
use chaperone::paging::channels::http::Http;
use chaperone::paging::channels::ntfy::Ntfy;
use chaperone::paging::links::Links;
use chaperone::paging::people::{DISCORD_DM, NTFY};
use chaperone::paging::{Calls, LadderPolicy, OnCall, People, Slot};
use chaperone::store::{Batch, Store};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn page(number: u32, channel: &str, at: Timestamp) -> Job {
    Job {
        key: format!("page/bench/C-{number:04}/4/0/0/sam/{channel}"),
        organisation: "bench".to_owned(),
        case: Some(CaseRef(number)),
        effect: Effect::Page {
            case: CaseRef(number),
            level: Level::Serious,
            category: Category::Contact,
            slot: "dsl".to_owned(),
            round: 0,
            channel: channel.to_owned(),
            person: "sam".to_owned(),
            drill: false,
            evidence_kept: true,
        },
        not_before: at,
        attempts: 0,
    }
}

async fn store() -> (Store, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Store::open(&folder.path().join("bench.db").display().to_string()).await.unwrap(), folder)
}

/// A server that notes when the first byte of each request comes.
async fn listener() -> (String, mpsc::UnboundedReceiver<Instant>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let (seen, first_bytes) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let seen = seen.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0_u8; 64 * 1024];
                loop {
                    let mut request = Vec::new();
                    loop {
                        let read = stream.read(&mut buffer).await.unwrap_or(0);
                        if read == 0 {
                            return;
                        }
                        if request.is_empty() {
                            let _ = seen.send(now());
                        }
                        request.extend_from_slice(&buffer[..read]);
                        if is_whole(&request) {
                            break;
                        }
                    }
                    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    (base, first_bytes)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0_usize)
}

async fn first_byte(count: u32) {
    let (store, _folder) = store().await;
    let (base, mut first_bytes) = listener().await;
    let clock = Clock::system();
    let ntfy = Ntfy::new(Http::new().unwrap(), base, None, [("sam".to_owned(), "topic".to_owned())].into());
    let courier: Arc<dyn Deliver> = Arc::new(Courier::new(ntfy, Links::default(), clock.clone()));
    let (outcomes, mut ended) = mpsc::unbounded_channel();
    let dispatcher = Dispatcher::new(
        store.clone(),
        move |_| Some(courier.clone()),
        clock.clone(),
        outcomes,
        "bench".to_owned(),
    );
    let bell = dispatcher.bell();
    tokio::spawn(dispatcher.run(std::future::pending()));
    let mut took = Vec::new();
    for number in 1..=count {
        let batch = Batch { jobs: vec![page(number, NTFY, clock.now())], ..Batch::default() };
        store.commit(&batch).await.unwrap();
        let durable = now();
        bell.ring();
        took.push(first_bytes.recv().await.unwrap().duration_since(durable));
        let outcome = ended.recv().await.unwrap();
        store.commit(&Batch { ended: vec![outcome.job.key], ..Batch::default() }).await.unwrap();
    }
    took.sort_unstable();
    let at = |part: usize| took[(took.len() * part / 100).min(took.len() - 1)];
    println!(
        "durable job → first byte at a loopback channel, {count} pages: p50 {:.2?}, p99 {:.2?}",
        at(50),
        at(99)
    );
}

struct Taken;

impl Deliver for Taken {
    fn deliver<'a>(&'a self, _: &'a Job) -> Delivery<'a> {
        Box::pin(async { Delivered::Done { detail: None } })
    }
}

async fn drain(count: u32) {
    let (store, _folder) = store().await;
    let clock = Clock::manual(Timestamp::from_seconds(1_772_000_000));
    for first in (1..=count).step_by(500) {
        let jobs = (first..first + 500).filter(|number| *number <= count);
        let jobs = jobs.map(|number| page(number, DISCORD_DM, clock.now())).collect();
        store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    }
    let taken: Arc<dyn Deliver> = Arc::new(Taken);
    let (outcomes, mut ended) = mpsc::unbounded_channel();
    let policy = Policy { at_once: 256, ..Policy::default() };
    let route = move |_: &Effect| Some(taken.clone());
    let dispatcher = Dispatcher::new(store.clone(), route, clock.clone(), outcomes, "bench".to_owned())
        .with_policy(policy);
    let begin = now();
    tokio::spawn(dispatcher.run(std::future::pending()));
    let (mut done, mut some) = (0, Vec::new());
    while done < count as usize {
        let more = ended.recv_many(&mut some, 256).await;
        let keys = some.drain(..).map(|outcome| outcome.job.key).collect();
        store.commit(&Batch { ended: keys, ..Batch::default() }).await.unwrap();
        done += more;
    }
    let took = begin.elapsed();
    println!(
        "{count} due jobs drained, their ends durable: {took:.2?}, {:.0} jobs/s",
        f64::from(count) / took.as_secs_f64()
    );
}

fn ladders(count: u32) {
    let person = |name: &str, slot, account| OnCall {
        name: name.to_owned(),
        slot,
        account: Some(UserId(account)),
        channels: vec![DISCORD_DM.to_owned()],
    };
    let people = People::new(vec![person("sam", Slot::Dsl, 1), person("dee", Slot::DeputyDsl, 2)]);
    let mut calls = Calls::new("bench", LadderPolicy::default(), people);
    let start = Timestamp::from_seconds(1_772_000_000);
    for number in 1..=count {
        let (category, level) = (Category::Contact, Level::Serious);
        let fact = Fact::CaseOpened { case: CaseRef(number), category, level, subjects: BTreeSet::new() };
        calls.apply(start, &fact);
    }
    let begin = now();
    let rungs = calls.advance(start);
    let planned = begin.elapsed();
    let begin = now();
    for rung in &rungs {
        calls.apply(start, &rung.fact);
    }
    let folded = begin.elapsed();
    let later = start.plus(Duration::from_secs(30));
    let begin = now();
    let looks = 1_000;
    for _ in 0..looks {
        assert!(calls.advance(later).is_empty());
        assert!(calls.next_due(later).is_some());
    }
    let idle = begin.elapsed() / looks;
    println!(
        "{count} armed ladders: all due at once planned in {planned:.2?} and folded in {folded:.2?}; a look when nothing \
         is due {idle:.2?}"
    );
}

fn main() {
    // `cargo test --benches` only wants to know that it builds and starts.
    let quick = std::env::args().any(|argument| argument == "--test");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        first_byte(if quick { 5 } else { 500 }).await;
        drain(if quick { 50 } else { 50_000 }).await;
    });
    ladders(if quick { 50 } else { 10_000 });
}
