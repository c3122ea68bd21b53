//! Opening: by one process, over what earlier versions wrote, for its user only.

use chaperone::domain::{CaseRef, Fact, Timestamp, UserId};
use chaperone::outbox::Jobs as _;
use chaperone::store::{Batch, Store, StoreError};
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::{Place, at, entries, fact, gap, hide, job, keys, lease};

pub async fn one_process_has_it_and_others_may_read(place: Place) {
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
    assert!(refused.to_string().contains("stop the other one"));

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
                spelled.extend([if for_a_server { "'\\x" } else { "X'" }, hex, "'"]);
                rest = behind;
            }
            _ => spelled.push('{'),
        }
    }
    spelled + rest
}

pub async fn what_earlier_versions_wrote_is_read(place: Place) {
    // Each migration runs over what all versions before it left behind; each brings a sample of its own.
    let samples = [
        include_str!("../../samples/0001_spine.sql"),
        include_str!("../../samples/0002_later_versions.sql"),
        include_str!("../../samples/0003_buffer.sql"),
    ];
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
    let exhibits = store.exhibits("Riverside", Some(CaseRef(7))).await.unwrap();
    assert_eq!(exhibits.iter().map(|exhibit| exhibit.finding).collect::<Vec<_>>(), [true, false]);
    let versions = store.exhibits("Riverside", Some(CaseRef(8))).await.unwrap();
    let changed: Vec<_> = versions.iter().map(|exhibit| exhibit.edited_at).collect();
    assert_eq!(changed, [None, Some(Timestamp(1_772_469_700_000_000))]);
    assert_eq!(keys(&store.jobs_pending().await.unwrap()), ["page:7:0:dsl:email"]);
    assert_eq!(store.position(0).await.unwrap().unwrap().heard_at, Timestamp(1_772_469_800_000_000));
    let held = store.buffer_held("Riverside", CaseRef(8)).await.unwrap();
    assert_eq!((held.wraps.len(), held.segments.len(), held.segments[0].messages.len()), (1, 1, 1));
    // And goes on from there.
    store.commit(&Batch { entries: entries(11, 1), ..Batch::default() }).await.unwrap();
}

pub async fn a_newer_versions_database_is_left_alone(place: Place) {
    place.open().await.close().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, installed_on, success, checksum, execution_time) \
                 SELECT 9999, description, installed_on, success, checksum, execution_time FROM _sqlx_migrations \
                 WHERE version = 1";
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

#[tokio::test]
async fn a_server_that_is_down_is_called_so_without_its_password() {
    // Nothing listens on a port that was just given back.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error =
        Store::open(&format!("postgres://chaperone:geheim@127.0.0.1:{port}/chaperone")).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }) && error.is_temporary(), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
}

#[tokio::test]
async fn a_server_without_such_a_database_says_so() {
    let Some(place) = Place::server().await else { return };
    let error = Store::open(&place.address.replace("/test_", "/no_such_")).await.unwrap_err();
    assert!(matches!(error, StoreError::Address { .. }) && !error.is_temporary(), "{error:?}");
}
