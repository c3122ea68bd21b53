//! What is kept: one contract, run on SQLite and on PostgreSQL.

mod batches;
mod buffer;
mod jobs;
mod log;
mod opening;

use std::path::PathBuf;
use std::time::Duration;

use chaperone::domain::effect::Nudge;
use chaperone::domain::{CaseRef, ChannelId, Effect, Fact, MessageId, Timestamp};
use chaperone::outbox::{Job, Lease};
use chaperone::store::{Batch, Store, StoredEntry, StoredExhibit, StoredFact};
use tempfile::TempDir;

/// Somewhere that a database can be opened, closed and opened again.
struct Place {
    address: String,
    folder: Option<TempDir>,
}

impl Place {
    fn file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = folder.path().join("data/chaperone.db").display().to_string();
        Place { address, folder: Some(folder) }
    }

    async fn server() -> Option<Self> {
        super::postgres::database().await.map(|address| Place { address, folder: None })
    }

    async fn open(&self) -> Store {
        Store::open(&self.address).await.unwrap()
    }

    fn is_a_server(&self) -> bool {
        self.folder.is_none()
    }

    /// The data directory, which the store makes.
    fn folder(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.path().join("data"))
    }
}

macro_rules! on_both {
    ($($about:ident::$contract:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $contract() {
                super::$about::$contract(super::Place::file()).await;
            })+
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $contract() {
                if let Some(place) = super::Place::server().await {
                    super::$about::$contract(place).await;
                }
            })+
        }
    };
}

on_both! {
    batches::facts_come_back_equal_and_in_order,
    batches::exhibits_come_back_equal_and_once_a_message,
    batches::a_batch_that_fails_half_way_leaves_nothing,
    buffer::what_is_over_goes_with_its_keys_and_what_a_case_holds_stays,
    buffer::what_stood_around_a_message_is_found_by_its_place,
    batches::entries_that_do_not_follow_are_refused,
    batches::a_batch_whose_answer_was_lost_may_be_committed_again,
    batches::of_two_who_write_the_same_entry_one_is_told,
    log::the_log_gives_back_what_appending_and_proving_need,
    batches::a_shard_is_where_it_was_heard_last,
    jobs::a_job_that_is_there_stays_as_it_is,
    jobs::six_leasers_never_share_a_job,
    jobs::containment_goes_first_then_whoever_waited_longest,
    jobs::a_lease_that_ended_makes_its_job_due_again,
    jobs::a_job_put_off_is_due_when_it_was_put_off_to,
    opening::one_process_has_it_and_others_may_read,
    opening::what_earlier_versions_wrote_is_read,
    opening::a_newer_versions_database_is_left_alone,
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn entries(from: u64, count: u64) -> Vec<StoredEntry> {
    (from..from + count)
        .map(|index| StoredEntry { index, bytes: format!("entry {index}").into_bytes() })
        .collect()
}

fn fact(organisation: &str, entry: u64, fact: Fact) -> StoredFact {
    StoredFact {
        organisation: organisation.to_owned(),
        at: at(entry.cast_signed()),
        fact,
        entry,
        salt: [7; 32],
    }
}

fn gap(why: &str) -> Fact {
    Fact::Gap { from: Timestamp(-1), until: Timestamp(i64::from(i32::MAX)), why: why.to_owned() }
}

fn hide(message: u64) -> Effect {
    Effect::Hide { space: ChannelId(5), message: MessageId(message) }
}

fn notice(space: u64) -> Effect {
    Effect::Notice { space: ChannelId(space), about: Nudge::SpaceClosed }
}

fn job(key: &str, effect: Effect, not_before: Timestamp) -> Job {
    Job {
        key: key.to_owned(),
        organisation: "Riverside".to_owned(),
        case: Some(CaseRef(7)),
        effect,
        not_before,
        attempts: 0,
    }
}

fn exhibit(message: Option<u64>, entry: u64, sealed: &[u8]) -> StoredExhibit {
    StoredExhibit {
        organisation: "Riverside".to_owned(),
        case: Some(CaseRef(7)),
        message: message.map(MessageId),
        edited_at: None,
        space: Some(ChannelId(u64::MAX)),
        author: None,
        finding: message.is_some(),
        received_at: at(1),
        entry,
        sealed: sealed.to_vec(),
    }
}

fn lease(now: Timestamp, by: &str, limit: u32) -> Lease {
    let until = now.plus(Duration::from_mins(1));
    Lease { now, until, by: by.to_owned(), limit, containment_only: false }
}

fn keys(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.key.as_str()).collect()
}

/// How many rows a second become durable: `cargo test --test suite durable_inserts -- --ignored --nocapture`, with
/// `CHAPERONE_TEST_FSYNC=on` for PostgreSQL.
#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn durable_inserts_a_second() {
    let mut places = vec![("SQLite", Place::file())];
    places.extend(Place::server().await.map(|place| ("PostgreSQL", place)));
    for (name, place) in places {
        let store = place.open().await;
        let mut next = 0;
        for (batch_size, batches) in [(1_u64, 200_u64), (10, 100), (100, 50), (1_000, 5)] {
            let clock = chaperone::clock::Clock::system();
            let start = clock.now();
            for _ in 0..batches {
                let batch = Batch {
                    entries: entries(next, batch_size),
                    hashes: (next..next + batch_size).map(|index| (index, [7; 32])).collect(),
                    facts: (next..next + batch_size)
                        .map(|entry| fact("Riverside", entry, gap("x")))
                        .collect(),
                    ..Batch::default()
                };
                next += batch_size;
                store.commit(&batch).await.unwrap();
            }
            let seconds = clock.now().since(start).as_secs_f64();
            let events = u32::try_from(batch_size * batches).unwrap();
            println!(
                "{name}: {batch_size:>4} events a commit (entry, hash and fact each): {:>7.0} events/s, {:.2} ms a commit",
                f64::from(events) / seconds,
                seconds * 1e3 / f64::from(u32::try_from(batches).unwrap()),
            );
        }
    }
}
