//! What needs a hand on the connection: a database that is full, or that another program holds.

use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::address::Mode;
use super::open::{Db, waiting};
use super::{Batch, Store, StoreError, StoredEntry};
use crate::domain::{ChannelId, Effect, MessageId, Timestamp};
use crate::outbox::{Job, Jobs, Lease};

fn batch(index: u64, size: usize) -> Batch {
    Batch {
        entries: vec![StoredEntry { index, bytes: vec![7; size] }],
        jobs: vec![Job {
            key: format!("hide:{index}"),
            organisation: "Riverside".to_owned(),
            case: None,
            effect: Effect::Hide { space: ChannelId(5), message: MessageId(index) },
            not_before: Timestamp(0),
            attempts: 0,
        }],
        ..Batch::default()
    }
}

#[tokio::test]
async fn a_full_disk_keeps_nothing_of_a_batch_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaperone.db");
    let small = SqliteConnectOptions::new().pragma("max_page_count", "64");
    let store = Store::open_file(&path, Mode::Create, small).await.unwrap();
    store.commit(&batch(0, 10)).await.unwrap();

    for round in 1..=6 {
        // The job is written after the entry that does not fit, and must not be there without it.
        let error = store.commit(&batch(round, 1_000_000)).await.unwrap_err();
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        assert!(error.needs_operator() && !error.is_temporary());
        assert!(error.to_string().contains("Free space"), "{error}");
        assert_eq!(store.log_size().await.unwrap(), round);
        assert_eq!(store.jobs_pending().await.unwrap().len() as u64, round);
        // What still fits is kept: SQLite ended the transaction itself, and no connection may be left thinking that
        // it is still in one.
        store.commit(&batch(round, 10)).await.unwrap();
    }

    store.close().await;
    let store = Store::open_file(&path, Mode::Create, SqliteConnectOptions::new()).await.unwrap();
    store.commit(&batch(7, 1_000_000)).await.unwrap();
    assert_eq!(store.jobs_pending().await.unwrap().len(), 8);
}

#[tokio::test]
async fn a_database_that_another_program_holds_is_busy_for_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaperone.db");
    let hardly = waiting(Duration::from_millis(10));
    let store = Store::open_file(&path, Mode::Create, hardly).await.unwrap();
    let mut shell = SqliteConnection::connect(&path.display().to_string()).await.unwrap();
    let held = shell.begin_with("BEGIN IMMEDIATE").await.unwrap();

    let error = store.commit(&batch(0, 10)).await.unwrap_err();
    assert!(matches!(error, StoreError::Busy { .. }) && error.is_temporary(), "{error:?}");
    assert_eq!(store.log_size().await.unwrap(), 0, "reading goes on meanwhile");
    held.rollback().await.unwrap();
    store.commit(&batch(0, 10)).await.unwrap();
}

#[tokio::test]
async fn a_commit_survives_a_loss_of_power() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaperone.db");
    let store = Store::open_file(&path, Mode::Create, SqliteConnectOptions::new()).await.unwrap();
    let Db::Lite(pool) = store.db() else { panic!("a SQLite database") };
    let ask = async |sql: &'static str| {
        let row: (String,) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
        row.0
    };
    assert_eq!(ask("SELECT journal_mode FROM pragma_journal_mode").await, "wal");
    // 2 is FULL: every commit is on the disk before it is answered (sqlite.org/pragma.html#pragma_synchronous).
    assert_eq!(ask("SELECT CAST(synchronous AS TEXT) FROM pragma_synchronous").await, "2");
    assert_eq!(ask("SELECT CAST(foreign_keys AS TEXT) FROM pragma_foreign_keys").await, "1");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chaperone.db");
    std::fs::write(&path, "Dear diary, this is not a database. ".repeat(100)).unwrap();
    let error = Store::open(&path.display().to_string()).await.unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
}

#[tokio::test]
async fn a_job_whose_leaser_died_counts_as_tried() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    store.commit(&batch(0, 10)).await.unwrap();
    let lease = async |now: i64, by: &str| {
        let (now, until, by) = (Timestamp(now), Timestamp(now + 10), by.to_owned());
        let asked = Lease { now, until, by, limit: 5, containment_only: false };
        Jobs::lease(&store, &asked).await.unwrap().into_iter().map(|job| job.attempts).collect::<Vec<_>>()
    };
    assert_eq!(lease(0, "first").await, [0]);
    assert_eq!(lease(20, "second").await, [1], "it may have been done: whoever does it again looks first");
    Jobs::retry(&store, "hide:0", "second", Timestamp(40), 2).await.unwrap();
    assert_eq!(lease(40, "second").await, [2], "given back, it is counted by whoever gave it back");
}
