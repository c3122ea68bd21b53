//! One process a database. Two would hear and answer everything twice.
//!
//! For SQLite a lock file beside the database is held for as long as the store is open; the operating system lets go
//! of it however the process ends. For PostgreSQL it is a session's advisory lock on a connection of its own. Should
//! that connection break, the lock is gone until the next start; a second writer is then still caught by the log,
//! whose entries must follow each other ([`StoreError::Fork`]).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

use super::StoreError;

/// The first half of the advisory lock's key: `chap` in ASCII. The second is the schema's.
const LOCK_CLASS: i32 = 0x6368_6170;

/// The right to be the one who writes; given back when dropped.
#[derive(Debug)]
pub(super) enum Hold {
    /// Nobody else can get at it (memory), or nothing is written.
    Needless,
    /// The locked file.
    File(#[expect(dead_code, reason = "held, not read: closing it lets go of the lock")] File),
    /// The connection whose session has the lock.
    Session(PgConnection),
}

impl Hold {
    /// Takes hold of the SQLite database at `database`.
    pub(super) fn of_file(database: &Path) -> Result<Self, StoreError> {
        let place = lock_file(database);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        private(&mut options);
        let file = options.open(&place).map_err(|error| cannot(&place, &error))?;
        match file.try_lock() {
            Ok(()) => Ok(Hold::File(file)),
            Err(TryLockError::WouldBlock) => Err(StoreError::Held { place: database.display().to_string() }),
            Err(TryLockError::Error(error)) => Err(cannot(&place, &error)),
        }
    }

    /// Takes hold of the PostgreSQL database (and schema) that these options lead to.
    pub(super) async fn of_server(options: &PgConnectOptions) -> Result<Self, StoreError> {
        let mut session = options.connect().await?;
        // A server takes a moment to notice that the process before this one is gone.
        sqlx::query("SELECT set_config('lock_timeout', '2s', false)").execute(&mut session).await?;
        let taken = sqlx::query("SELECT pg_advisory_lock($1, hashtext(COALESCE(current_schema(), '')))")
            .bind(LOCK_CLASS)
            .execute(&mut session)
            .await;
        match taken.map_err(StoreError::from) {
            Ok(_) => Ok(Hold::Session(session)),
            Err(StoreError::Busy { .. }) => {
                let database = options.get_database().unwrap_or("the default database");
                Err(StoreError::Held { place: format!("{database} on {}", options.get_host()) })
            }
            Err(error) => Err(error),
        }
    }

    /// Lets go, and for a server waits until it knows.
    pub(super) async fn let_go(self) {
        if let Hold::Session(mut session) = self {
            // Asked for, because a server ends sessions in its own time. A connection that is already broken has let go.
            let _ = sqlx::query("SELECT pg_advisory_unlock_all()").execute(&mut session).await;
            let _ = session.close().await;
        }
    }
}

/// `chaperone.db` is held through `chaperone.db.lock`.
fn lock_file(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// New files are for the user who runs Chaperone only.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

/// New files are for the user who runs Chaperone only, where the system has such a mode.
#[cfg(not(unix))]
pub(super) fn private(_options: &mut OpenOptions) {}

/// A file or folder that cannot be made or locked.
pub(super) fn cannot(place: &Path, error: &std::io::Error) -> StoreError {
    let why = format!("{}: {error}", place.display());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { why },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full { why },
        _ => StoreError::Unavailable { why },
    }
}
