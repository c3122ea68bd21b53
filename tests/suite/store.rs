//! What is kept: one contract, run on SQLite and on PostgreSQL.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chaperone::domain::effect::Nudge;
use chaperone::domain::event::Ended;
use chaperone::domain::{
    CaseRef, Category, ChannelId, Code, Effect, Fact, Level, MessageId, Observation, Quote, Timestamp, UserId,
};
use chaperone::outbox::{Job, Jobs as _, Lease};
use chaperone::store::{Batch, Position, Store, StoreError, StoredEntry, StoredExhibit, StoredFact};
use sqlx::{Connection as _, PgConnection, SqliteConnection};
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
    ($($contract:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $contract() {
                super::$contract(super::Place::file()).await;
            })+
        }
        mod postgresql {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $contract() {
                if let Some(place) = super::Place::server().await {
                    super::$contract(place).await;
                }
            })+
        }
    };
}

on_both! {
    facts_come_back_equal_and_in_order,
    exhibits_come_back_equal_and_once_a_message,
    a_batch_that_fails_half_way_leaves_nothing,
    entries_that_do_not_follow_are_refused,
    a_batch_whose_answer_was_lost_may_be_committed_again,
    of_two_who_write_the_same_entry_one_is_told,
    the_log_gives_back_what_appending_and_proving_need,
    a_shard_is_where_it_was_heard_last,
    a_job_that_is_there_stays_as_it_is,
    six_leasers_never_share_a_job,
    containment_goes_first_then_whoever_waited_longest,
    a_lease_that_ended_makes_its_job_due_again,
    a_job_put_off_is_due_when_it_was_put_off_to,
    one_process_has_it_and_others_may_read,
    what_earlier_versions_wrote_is_read,
    a_newer_versions_database_is_left_alone,
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
    StoredFact { organisation: organisation.to_owned(), at: at(entry.cast_signed()), fact, entry }
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
        case: CaseRef(7),
        message: message.map(MessageId),
        space: Some(ChannelId(u64::MAX)),
        author: None,
        finding: message.is_some(),
        received_at: at(1),
        entry,
        sealed: sealed.to_vec(),
    }
}

fn lease(now: Timestamp, by: &str, limit: u32) -> Lease {
    let until = now.plus(Duration::from_secs(60));
    Lease { now, until, by: by.to_owned(), limit, containment_only: false }
}

fn keys(jobs: &[Job]) -> Vec<&str> {
    jobs.iter().map(|job| job.key.as_str()).collect()
}

async fn facts_come_back_equal_and_in_order(place: Place) {
    let store = place.open().await;
    let observation = Observation {
        at: at(3),
        code: Code::ALL[0],
        by: UserId(u64::MAX),
        towards: Some(UserId(1 << 63)),
        space: Some(ChannelId(80_351_110_224_678_912)),
        message: None,
        quote: Some(Quote { start: 3, end: 9 }),
    };
    let mut facts = vec![
        fact("Riverside", 0, Fact::Observed(observation.clone())),
        fact(
            "Hilltop \u{1F3D4} \"quoted\" '; DROP TABLE fact; --",
            1,
            Fact::CaseOpened {
                case: CaseRef(u32::MAX),
                category: Category::Grooming,
                level: Level::Serious,
                subjects: BTreeSet::from([UserId(9), UserId(u64::MAX)]),
            },
        ),
        fact("Riverside", 2, gap("a code with \u{0} and \u{FFFD} \u{202E} in it")),
        fact(
            "Riverside",
            3,
            Fact::Outcome { job: "hide:1".into(), effect: hide(1), ended: Ended::Done { detail: None } },
        ),
    ];
    // More than one statement holds and more than one page reads.
    facts.extend((4..2_304).map(|entry| fact("Riverside", entry, gap(&entry.to_string()))));
    let batch = Batch { entries: entries(0, 2_304), facts: facts.clone(), ..Batch::default() };
    store.commit(&batch).await.unwrap();

    assert_eq!(store.organisations().await.unwrap().len(), 2);
    for organisation in store.organisations().await.unwrap() {
        let expected: Vec<_> =
            facts.iter().filter(|fact| fact.organisation == organisation).cloned().collect();
        assert_eq!(store.facts(&organisation).await.unwrap(), expected);
    }
    assert!(store.facts("Nowhere").await.unwrap().is_empty());
    assert_eq!(store.facts_from("Riverside", 2, 2).await.unwrap(), facts[2..4]);

    store.close().await;
    assert_eq!(place.open().await.facts("Riverside").await.unwrap().len(), 2_303, "and after a restart");
}

async fn exhibits_come_back_equal_and_once_a_message(place: Place) {
    let store = place.open().await;
    let kept =
        [exhibit(Some(u64::MAX), 0, b"\0\xff first"), exhibit(None, 1, b""), exhibit(None, 1, b"context")];
    let batch = Batch { entries: entries(0, 2), exhibits: kept.to_vec(), ..Batch::default() };
    store.commit(&batch).await.unwrap();
    // The message again, sealed anew; and the same message for another case, which is another exhibit.
    let other_case = StoredExhibit { case: CaseRef(8), ..exhibit(Some(u64::MAX), 2, b"other") };
    let again = vec![exhibit(Some(u64::MAX), 2, b"again"), other_case.clone()];
    let batch = Batch { entries: entries(2, 1), exhibits: again, ..Batch::default() };
    store.commit(&batch).await.unwrap();

    assert_eq!(store.exhibits("Riverside", CaseRef(7)).await.unwrap(), kept);
    assert_eq!(store.exhibits("Riverside", CaseRef(8)).await.unwrap(), [other_case]);
    assert!(
        store.exhibits("Hilltop", CaseRef(7)).await.unwrap().is_empty(),
        "cases are an organisation's own"
    );
}

async fn a_batch_that_fails_half_way_leaves_nothing(place: Place) {
    let store = place.open().await;
    let good = Batch {
        entries: entries(0, 2),
        hashes: vec![(0, [0; 32]), (1, [1; 32])],
        facts: vec![fact("Riverside", 0, gap("restart"))],
        exhibits: vec![exhibit(Some(1), 1, b"sealed")],
        jobs: vec![job("hide:1", hide(1), at(0))],
        ended: vec![],
        checkpoint: Some("chaperone.test/log\n2\nAAAA\n".to_owned()),
        positions: vec![Position { shard: 0, session: "{}".to_owned(), heard_at: at(0) }],
    };
    // Each fails later than the one before: at the facts, at the exhibits, at the checkpoint.
    let failing = [
        Batch { facts: vec![good.facts[0].clone(), fact("Riverside", 9, gap("no entry"))], ..good.clone() },
        Batch { exhibits: vec![exhibit(Some(1), 9, b"no entry")], ..good.clone() },
        Batch { checkpoint: Some("chaperone.test/log\n3\nAAAA\n".to_owned()), ..good.clone() },
        Batch { checkpoint: Some("not a checkpoint".to_owned()), ..good.clone() },
    ];
    for batch in failing {
        let error = store.commit(&batch).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
        assert!(!error.is_temporary() && !error.needs_operator());
        assert_eq!(store.log_size().await.unwrap(), 0);
        assert!(store.log_hashes(&[0]).await.is_err());
        assert!(store.organisations().await.unwrap().is_empty());
        assert!(store.exhibits("Riverside", CaseRef(7)).await.unwrap().is_empty());
        assert!(store.jobs_pending().await.unwrap().is_empty());
        assert_eq!(store.last_checkpoint().await.unwrap(), None);
        assert_eq!(store.position(0).await.unwrap(), None);
    }
    store.commit(&good).await.unwrap();
    assert_eq!(store.jobs_pending().await.unwrap(), good.jobs);
}

async fn entries_that_do_not_follow_are_refused(place: Place) {
    let store = place.open().await;
    store.commit(&Batch { entries: entries(0, 3), ..Batch::default() }).await.unwrap();
    let offer = |entries: Vec<StoredEntry>| {
        let store = store.clone();
        let jobs = vec![job("hide:1", hide(1), at(0))];
        async move { store.commit(&Batch { entries, jobs, ..Batch::default() }).await.unwrap_err() }
    };
    // A hole; behind what is kept, with other bytes; half behind it.
    assert_eq!(offer(entries(4, 1)).await, StoreError::Fork { kept: 3, offered: 4 });
    let other = vec![StoredEntry { index: 2, bytes: b"another".to_vec() }];
    assert_eq!(offer(other).await, StoreError::Fork { kept: 3, offered: 2 });
    assert_eq!(offer(entries(2, 2)).await, StoreError::Fork { kept: 3, offered: 2 });
    // A batch that does not follow itself.
    let twice = [entries(3, 1), entries(3, 1)].concat();
    assert!(matches!(offer(twice).await, StoreError::Refused { .. }));

    assert!(store.jobs_pending().await.unwrap().is_empty(), "nothing came with them");
    store.commit(&Batch { entries: entries(3, 1), ..Batch::default() }).await.unwrap();
}

async fn a_batch_whose_answer_was_lost_may_be_committed_again(place: Place) {
    let store = place.open().await;
    let batch = Batch {
        entries: entries(0, 2),
        hashes: vec![(0, [0; 32])],
        facts: vec![fact("Riverside", 0, gap("restart"))],
        exhibits: vec![exhibit(None, 1, b"context")],
        jobs: vec![job("hide:1", hide(1), at(0))],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    store.commit(&Batch { ended: vec!["hide:1".to_owned()], ..Batch::default() }).await.unwrap();
    store.commit(&batch).await.unwrap();
    assert_eq!(store.log_size().await.unwrap(), 2);
    assert_eq!(store.exhibits("Riverside", CaseRef(7)).await.unwrap().len(), 1);
    assert!(store.jobs_pending().await.unwrap().is_empty(), "and its job has not come back to life");
}

async fn of_two_who_write_the_same_entry_one_is_told(place: Place) {
    let store = place.open().await;
    let write = |who: &'static str| {
        let store = store.clone();
        let entries = vec![StoredEntry { index: 0, bytes: who.as_bytes().to_vec() }];
        tokio::spawn(async move { store.commit(&Batch { entries, ..Batch::default() }).await })
    };
    let (one, two) = (write("one"), write("two"));
    let answers = [one.await.unwrap(), two.await.unwrap()];
    let told: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(told, [&StoreError::Fork { kept: 1, offered: 0 }], "{answers:?}");
}

async fn the_log_gives_back_what_appending_and_proving_need(place: Place) {
    let store = place.open().await;
    let mut tree: Vec<tlog_tiles::Hash> = Vec::new();
    let all = entries(0, 13);
    for entry in &all {
        let new = tlog_tiles::stored_hashes(entry.index, &entry.bytes, &Known(tree.clone())).unwrap();
        let first = tree.len() as u64;
        let hashes = (first..).zip(new.iter().map(|hash| hash.0)).collect();
        tree.extend(new);
        store.commit(&Batch { entries: vec![entry.clone()], hashes, ..Batch::default() }).await.unwrap();
    }
    assert_eq!(store.log_size().await.unwrap(), 13);
    assert_eq!(store.log_entries(4..7).await.unwrap(), all[4..7]);
    assert_eq!(store.log_entries(12..99).await.unwrap(), all[12..]);
    let (second, first) = (tree[20].0, tree[2].0);
    assert_eq!(store.log_hashes(&[20, 2, 20]).await.unwrap(), [second, first, second]);
    let error = store.log_hashes(&[2, 4_000]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }) && error.to_string().contains("4000"), "{error}");

    // The right edge alone, after a restart, continues the tree.
    store.close().await;
    let store = place.open().await;
    let mut edge = Known(vec![tlog_tiles::Hash([0; 32]); tree.len()]);
    for (index, hash) in store.right_edge(13).await.unwrap() {
        edge.0[usize::try_from(index).unwrap()] = tlog_tiles::Hash(hash);
    }
    let continued = tlog_tiles::stored_hashes(13, b"next", &edge).unwrap();
    assert_eq!(continued, tlog_tiles::stored_hashes(13, b"next", &Known(tree.clone())).unwrap());
    assert_eq!(tlog_tiles::tree_hash(13, &edge).unwrap(), tlog_tiles::tree_hash(13, &Known(tree)).unwrap());

    assert_eq!(store.last_checkpoint().await.unwrap(), None);
    for note in
        ["chaperone.test/log\n9\nAAAA\n", "chaperone.test/log\n13\nAAAA\n", "chaperone.test/log\n13\nBBBB\n"]
    {
        store.commit(&Batch { checkpoint: Some(note.to_owned()), ..Batch::default() }).await.unwrap();
    }
    let newest = store.last_checkpoint().await.unwrap();
    assert_eq!(newest, Some((13, "chaperone.test/log\n13\nBBBB\n".to_owned())));
}

struct Known(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Known {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}

async fn a_shard_is_where_it_was_heard_last(place: Place) {
    let store = place.open().await;
    assert_eq!(store.position(1).await.unwrap(), None);
    let position = |shard, session: &str, seconds| Position {
        shard,
        session: session.to_owned(),
        heard_at: at(seconds),
    };
    let positions = vec![position(0, "a", 1), position(1, "b", 2), position(0, "c", 3)];
    store.commit(&Batch { positions, ..Batch::default() }).await.unwrap();
    store.commit(&Batch { positions: vec![position(1, "d", 4)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.position(0).await.unwrap(), Some(position(0, "c", 3)));
    assert_eq!(store.position(1).await.unwrap(), Some(position(1, "d", 4)));
}

async fn a_job_that_is_there_stays_as_it_is(place: Place) {
    let store = place.open().await;
    let first = job("hide:1", hide(1), at(0));
    let second = Job { case: None, attempts: 3, ..job("hide:1", notice(2), at(9)) };
    store.commit(&Batch { jobs: vec![first.clone(), second.clone()], ..Batch::default() }).await.unwrap();
    store.commit(&Batch { jobs: vec![second.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.jobs_pending().await.unwrap(), [first]);

    store.commit(&Batch { ended: vec!["hide:1".to_owned()], ..Batch::default() }).await.unwrap();
    store.commit(&Batch { jobs: vec![second], ..Batch::default() }).await.unwrap();
    assert!(store.jobs_pending().await.unwrap().is_empty(), "what has ended is not done again");
    assert!(store.lease(&lease(at(99), "a", 9)).await.unwrap().is_empty());
}

async fn six_leasers_never_share_a_job(place: Place) {
    let store = place.open().await;
    let jobs = (0..206).map(|number| job(&format!("notice:{number}"), notice(number), at(0))).collect();
    store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    let leasers = (0..6).map(|leaser| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leased = store.lease(&lease(at(0), &format!("leaser {leaser}"), 5)).await.unwrap();
                assert!(leased.len() <= 5, "never more than asked for");
                mine.extend(leased.iter().map(|job| job.key.clone()));
                // Rows that another leaser has locked just now are skipped: only nothing left is the end.
                if leased.is_empty() && store.next_due(false).await.unwrap() > Some(at(0)) {
                    return mine;
                }
            }
        })
    });
    let mut leased = Vec::new();
    for leaser in leasers.collect::<Vec<_>>() {
        leased.extend(leaser.await.unwrap());
    }
    assert_eq!(leased.len(), 206);
    assert_eq!(leased.into_iter().collect::<BTreeSet<_>>().len(), 206);
}

async fn containment_goes_first_then_whoever_waited_longest(place: Place) {
    let store = place.open().await;
    let jobs = vec![
        job("notice:late", notice(1), at(5)),
        job("notice:early", notice(2), at(1)),
        job("hide:late", hide(3), at(9)),
        job("hide:early", hide(4), at(8)),
        job("hide:not yet", hide(5), at(11)),
    ];
    store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(1)));
    assert_eq!(store.next_due(true).await.unwrap(), Some(at(8)));
    assert_eq!(
        keys(&store.lease(&lease(at(10), "a", 3)).await.unwrap()),
        ["hide:early", "hide:late", "notice:early"]
    );
    let only = Lease { containment_only: true, ..lease(at(10), "a", 9) };
    assert!(store.lease(&only).await.unwrap().is_empty());
    assert_eq!(keys(&store.lease(&lease(at(10), "a", 9)).await.unwrap()), ["notice:late"]);
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(11)));
}

async fn a_lease_that_ended_makes_its_job_due_again(place: Place) {
    let store = place.open().await;
    let the_job = job("hide:1", hide(1), at(0));
    store.commit(&Batch { jobs: vec![the_job.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.lease(&lease(at(0), "a", 9)).await.unwrap(), [the_job.clone()]);
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(60)));
    assert!(store.lease(&lease(at(59), "b", 9)).await.unwrap().is_empty());
    assert!(!store.settled(at(59)).await.unwrap(), "leased is not done");

    assert_eq!(store.lease(&lease(at(60), "b", 9)).await.unwrap(), [the_job]);
    store.retry("hide:1", "a", at(61), 5).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(120)), "it is no longer a's to give back");
    store.commit(&Batch { ended: vec!["hide:1".to_owned()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), None);
    store.retry("hide:1", "b", at(61), 5).await.unwrap();
    assert!(store.lease(&lease(at(999), "b", 9)).await.unwrap().is_empty(), "what has ended is not put off");
}

async fn a_job_put_off_is_due_when_it_was_put_off_to(place: Place) {
    let store = place.open().await;
    let jobs = vec![job("hide:1", hide(1), at(0)), job("hide:2", hide(2), at(1))];
    store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    assert_eq!(store.lease(&lease(at(1), "a", 9)).await.unwrap().len(), 2);
    store.retry("hide:1", "a", at(31), 1).await.unwrap();
    store.retry("hide:2", "a", at(21), 2).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(21)));
    assert!(store.settled(at(20)).await.unwrap());
    assert!(!store.settled(at(21)).await.unwrap());
    assert!(store.lease(&lease(at(20), "a", 9)).await.unwrap().is_empty());

    store.close().await;
    let store = place.open().await;
    let due = store.lease(&lease(at(31), "a", 9)).await.unwrap();
    assert_eq!(keys(&due), ["hide:2", "hide:1"]);
    assert_eq!(due.iter().map(|job| job.attempts).collect::<Vec<_>>(), [2, 1]);
}

async fn one_process_has_it_and_others_may_read(place: Place) {
    let nothing_there = Store::open_to_read(&place.address).await.unwrap_err();
    assert!(
        matches!(nothing_there, StoreError::Unavailable { .. } | StoreError::Version { .. }),
        "{nothing_there:?}"
    );
    let store = place.open().await;
    let batch =
        Batch { entries: entries(0, 1), jobs: vec![job("hide:1", hide(1), at(0))], ..Batch::default() };
    store.commit(&batch).await.unwrap();
    let refused = Store::open(&place.address).await.unwrap_err();
    assert!(matches!(refused, StoreError::Held { .. }), "{refused:?}");
    assert!(refused.to_string().contains("Stop the other one"));

    let reader = Store::open_to_read(&place.address).await.unwrap();
    assert_eq!(reader.log_size().await.unwrap(), 1);
    let batch = Batch { entries: entries(1, 1), ..Batch::default() };
    let refused = reader.commit(&batch).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }) && refused.needs_operator(), "{refused:?}");
    let refused = reader.lease(&lease(at(0), "a", 1)).await.unwrap_err();
    assert!(matches!(refused, StoreError::ReadOnly { .. }), "{refused:?}");
    store.commit(&batch).await.unwrap();
    assert_eq!(reader.log_size().await.unwrap(), 2, "a reader sees what is kept meanwhile");

    store.close().await;
    place.open().await;
}

/// Runs SQL beside the store, on a connection of its own.
async fn run_sql(place: &Place, sql: String) {
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql));
    if place.is_a_server() {
        let mut connection = PgConnection::connect(&place.address).await.unwrap();
        sql.execute(&mut connection).await.unwrap();
    } else {
        let mut connection = SqliteConnection::connect(&place.address).await.unwrap();
        sql.execute(&mut connection).await.unwrap();
    }
}

/// Applies the first `count` migrations.
async fn migrate(place: &Place, count: usize) {
    let mut all = if place.is_a_server() {
        sqlx::migrate!("migrations/postgres")
    } else {
        sqlx::migrate!("migrations/sqlite")
    };
    all.migrations.to_mut().truncate(count);
    if place.is_a_server() {
        let mut connection = PgConnection::connect(&place.address).await.unwrap();
        all.run_direct(None, &mut connection, false).await.unwrap();
    } else {
        let mut connection = SqliteConnection::connect(&place.address).await.unwrap();
        all.run_direct(None, &mut connection, false).await.unwrap();
    }
}

/// A sample with its blobs spelled for the database.
fn spelled(sample: &str, for_a_server: bool) -> String {
    let mut spelled = String::new();
    let mut rest = sample;
    // A brace inside JSON is followed by a quotation mark or another brace, never by hexadecimal digits up to a brace.
    while let Some((before, behind)) = rest.split_once('{') {
        spelled.push_str(before);
        rest = behind;
        match behind.split_once('}') {
            Some((hex, behind)) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                spelled += &if for_a_server { format!("'\\x{hex}'") } else { format!("X'{hex}'") };
                rest = behind;
            }
            _ => spelled.push('{'),
        }
    }
    spelled + rest
}

async fn what_earlier_versions_wrote_is_read(place: Place) {
    // Each migration runs over what all versions before it left behind; each brings a sample of its own.
    let samples = [include_str!("../samples/0001_spine.sql")];
    let files = |folder: &str| {
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let names = files(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite"));
    assert_eq!(names, files(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/postgres")), "the same numbers");
    assert_eq!(names, files(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples")), "a sample for each");
    assert_eq!(names.len(), samples.len());
    if let Some(folder) = place.folder() {
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(&place.address, "").unwrap();
    }
    for (number, sample) in samples.iter().enumerate() {
        migrate(&place, number + 1).await;
        run_sql(&place, spelled(sample, place.is_a_server())).await;
    }

    let store = place.open().await;
    let facts = store.facts("Riverside").await.unwrap();
    assert_eq!(facts.iter().map(|fact| fact.entry).collect::<Vec<_>>(), [0, 1, 2, 3, 5]);
    let Fact::Observed(observation) = &facts[0].fact else { panic!("{:?}", facts[0]) };
    assert_eq!(observation.by, UserId(80_351_110_224_678_912));
    assert_eq!(observation.code.name(), "secrecy-request");
    assert_eq!(store.facts("Hilltop").await.unwrap().len(), 1);
    assert_eq!(store.log_entries(0..9).await.unwrap()[4].bytes, [0, 0xff]);
    assert_eq!(store.log_hashes(&[0]).await.unwrap()[0][31], 0x1f);
    assert_eq!(store.last_checkpoint().await.unwrap().unwrap().0, 5);
    let exhibits = store.exhibits("Riverside", CaseRef(7)).await.unwrap();
    assert_eq!(exhibits.iter().map(|exhibit| exhibit.finding).collect::<Vec<_>>(), [true, false]);
    assert_eq!(keys(&store.jobs_pending().await.unwrap()), ["page:7:0:dsl:email"]);
    assert_eq!(store.position(0).await.unwrap().unwrap().heard_at, Timestamp(1_772_469_800_000_000));
    // And goes on from there.
    store.commit(&Batch { entries: entries(7, 1), ..Batch::default() }).await.unwrap();
}

async fn a_newer_versions_database_is_left_alone(place: Place) {
    place.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                 SELECT 9999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations";
    run_sql(&place, newer.to_owned()).await;
    for error in [Store::open(&place.address).await, Store::open_to_read(&place.address).await] {
        let error = error.unwrap_err();
        assert!(matches!(error, StoreError::Version { .. }), "{error:?}");
        assert!(error.to_string().contains("Install that version"), "{error}");
    }
}

#[tokio::test]
async fn a_database_in_memory_keeps_the_same_contract_while_it_is_open() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let batch = Batch {
        entries: entries(0, 1),
        facts: vec![fact("Riverside", 0, gap("restart"))],
        jobs: vec![job("hide:1", hide(1), at(0))],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.facts("Riverside").await.unwrap(), batch.facts);
    assert_eq!(store.lease(&lease(at(0), "a", 9)).await.unwrap(), batch.jobs);
    let another = Store::open("sqlite::memory:").await.unwrap();
    assert_eq!(another.log_size().await.unwrap(), 0, "each is its own");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::file();
    let store = place.open().await;
    store.commit(&Batch { entries: entries(0, 1), ..Batch::default() }).await.unwrap();
    let folder = place.folder().unwrap();
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
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
