//! Opening, migrating and closing a database.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, SqlitePool};
use tokio::sync::{Mutex, MutexGuard};

use super::StoreError;
use super::address::{Address, Mode};
use super::hold::{self, Hold};
use super::transaction::Tx;

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How long a writer waits for another program's lock before it says [`StoreError::Busy`].
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// The two databases behind one `$N` text.
#[derive(Clone, Debug)]
pub(super) enum Db {
    Lite(SqlitePool),
    Pg(PgPool),
}

/// Runs the same expression on whichever database it is.
macro_rules! on {
    ($db:expr, $pool:ident => $run:expr) => {
        match $db {
            $crate::store::open::Db::Lite($pool) => $run,
            $crate::store::open::Db::Pg($pool) => $run,
        }
    };
}
pub(super) use on;

/// An open database. Cheap to clone; clones share its connections.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    /// SQLite has one writer at a time and makes the others poll; in this process they queue instead.
    writing: Mutex<()>,
    hold: Mutex<Option<Hold>>,
}

impl Store {
    /// Opens the database at `address` for this process alone, makes it where it does not exist, and brings its
    /// tables up to date. `address` is a path, `sqlite://path` (`?mode=ro` is [`Store::open_to_read`], `?mode=rw`
    /// makes no file), `sqlite::memory:`, or `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Held`] when another process has it; [`StoreError::Version`] when a newer version wrote it; the
    /// others when it cannot be opened or written.
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        match Address::read(address)? {
            Address::File { path, mode } => Self::open_file(&path, mode, waiting(LOCK_WAIT)).await,
            Address::Memory => Self::open_memory().await,
            Address::Server(options) => Self::open_server(&options, Mode::Create).await,
        }
    }

    /// Opens an existing database to read only, beside the process that holds it: for exports and checks. Its tables
    /// must be of this version.
    ///
    /// # Errors
    /// As [`Store::open`], but never [`StoreError::Held`]; everything that writes answers [`StoreError::ReadOnly`].
    pub async fn open_to_read(address: &str) -> Result<Self, StoreError> {
        match Address::read(address)? {
            Address::File { path, .. } => Self::open_file(&path, Mode::Read, waiting(LOCK_WAIT)).await,
            Address::Memory => {
                Err(StoreError::Address { why: "a database in memory has nothing to be read".to_owned() })
            }
            Address::Server(options) => Self::open_server(&options, Mode::Read).await,
        }
    }

    /// Opens a SQLite file, with whatever `options` carry besides.
    pub(super) async fn open_file(
        path: &Path,
        mode: Mode,
        options: SqliteConnectOptions,
    ) -> Result<Self, StoreError> {
        let options = options.filename(path).foreign_keys(true);
        let pool =
            SqlitePoolOptions::new().max_connections(4).min_connections(1).after_release(|connection, _| {
                Box::pin(async move {
                    // On a full disk SQLite rolls back by itself, and the driver, whose own rollback then fails, would
                    // take the connection to be in a transaction for ever. Such a connection is replaced. The ping comes
                    // behind any rollback that is still queued.
                    connection.ping().await?;
                    Ok(!connection.is_in_transaction())
                })
            });
        if mode == Mode::Read {
            let pool = pool.connect_with(options.read_only(true)).await?;
            let newest = sqlx::query_as(NEWEST_MIGRATION).fetch_one(&pool).await;
            same_version(newest, &SQLITE)?;
            return Ok(Self::of(Db::Lite(pool), Hold::Needless));
        }
        if mode == Mode::Create {
            make_folder_of(path)?;
        }
        let hold = Hold::of_file(path)?;
        if mode == Mode::Create {
            // Made here, not by SQLite, so that it is private from its first byte; its companions inherit that.
            make_file(path)?;
        }
        // FULL: with WAL and NORMAL the last commits can be lost when the power fails; evidence must not be.
        // What is erased is overwritten: a period that is over must not live on in free pages.
        let options = options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("secure_delete", "ON");
        let pool = pool.connect_with(options).await?;
        SQLITE.run(&pool).await?;
        Ok(Self::of(Db::Lite(pool), hold))
    }

    async fn open_memory() -> Result<Self, StoreError> {
        // A database in memory is its connection: there is one, and it is never let go of. Nor is it tried before
        // use: whoever is cut off while that goes on closes it.
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(SqliteConnectOptions::new().in_memory(true).foreign_keys(true))
            .await?;
        SQLITE.run(&pool).await?;
        Ok(Self::of(Db::Lite(pool), Hold::Needless))
    }

    async fn open_server(options: &PgConnectOptions, mode: Mode) -> Result<Self, StoreError> {
        let options = options.clone().application_name("chaperone");
        let read_only = mode == Mode::Read;
        let hold = if read_only { Hold::Needless } else { Hold::of_server(&options).await? };
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .acquire_timeout(Duration::from_secs(10))
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    // Durable on commit, as FULL on SQLite; a stricter setting of the server's stays.
                    sqlx::query(
                        "SELECT set_config('lock_timeout', $1, false), \
                         set_config('default_transaction_read_only', $2, false), \
                         CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') \
                         THEN set_config('synchronous_commit', 'on', false) END",
                    )
                    .bind(format!("{}ms", LOCK_WAIT.as_millis()))
                    .bind(if read_only { "on" } else { "off" })
                    .execute(connection)
                    .await
                    .map(|_| ())
                })
            })
            .connect_with(options)
            .await?;
        if read_only {
            let newest = sqlx::query_as(NEWEST_MIGRATION).fetch_one(&pool).await;
            same_version(newest, &POSTGRES)?;
        } else {
            POSTGRES.run(&pool).await?;
        }
        Ok(Self::of(Db::Pg(pool), hold))
    }

    fn of(db: Db, hold: Hold) -> Self {
        Store(Arc::new(Inner { db, writing: Mutex::new(()), hold: Mutex::new(Some(hold)) }))
    }

    /// Closes every connection, for all clones, and lets the next process have the database.
    pub async fn close(&self) {
        on!(self.db(), pool => pool.close().await);
        if let Some(hold) = self.0.hold.lock().await.take() {
            hold.let_go().await;
        }
    }

    pub(super) fn db(&self) -> &Db {
        &self.0.db
    }

    /// The turn to write. On PostgreSQL nobody waits: its writers do not stand in each other's way.
    pub(super) async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.db() {
            Db::Lite(_) => Some(self.0.writing.lock().await),
            Db::Pg(_) => None,
        }
    }

    /// Begins a transaction that will write; within a [`Store::turn`].
    pub(super) async fn begin(&self) -> Result<Tx, StoreError> {
        Ok(match self.db() {
            // Deferred, it could read first and then fail at once on writing (517) despite the time-out.
            Db::Lite(pool) => Tx::Lite(pool.begin_with("BEGIN IMMEDIATE").await?),
            Db::Pg(pool) => Tx::Pg(pool.begin().await?),
        })
    }
}

/// Options that wait this long for another program's lock.
pub(super) fn waiting(wait: Duration) -> SqliteConnectOptions {
    SqliteConnectOptions::new().busy_timeout(wait)
}

const NEWEST_MIGRATION: &str = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations";

/// A reader cannot bring the tables up to date, so they must be.
fn same_version(newest: Result<(i64,), sqlx::Error>, known: &Migrator) -> Result<(), StoreError> {
    let found = match newest {
        Ok((found,)) => found,
        Err(error) => match StoreError::from(error) {
            StoreError::Other { .. } => 0,
            other => return Err(other),
        },
    };
    let known = known.iter().map(|migration| migration.version).max().unwrap_or(0);
    if found == known {
        return Ok(());
    }
    let next = if found < known {
        "Start `chaperone run` on it once, which brings its tables up to date"
    } else {
        "Install that version, or a newer one"
    };
    Err(StoreError::Version { why: format!("its tables are of version {found}, not {known}"), next })
}

fn make_folder_of(database: &Path) -> Result<(), StoreError> {
    let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| hold::cannot(folder, &error))
}

fn make_file(database: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    hold::private(&mut options);
    options.open(database).map(drop).map_err(|error| hold::cannot(database, &error))
}
