//! What can go wrong with the database, and what to do about each.

use sqlx::migrate::MigrateError;
use sqlx::sqlite::SqliteError;

/// Why something could not be kept or read. Whatever was offered was then kept not at all, never in part.
///
/// The texts hold the database's own words where they help; those name tables and columns, never what somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another program holds the database's locks.
    #[error(
        "the database is busy ({why}); this is tried again. If it goes on, look for a backup or an SQL shell that keeps a \
         transaction open, and end it"
    )]
    Busy {
        /// The database's own words.
        why: String,
    },
    /// No room is left, or a quota is reached.
    #[error(
        "there is no room left for the database ({why}); nothing new can be kept. Free space on the disk that holds \
         it, or raise its quota; this is then tried again"
    )]
    Full {
        /// The database's own words.
        why: String,
    },
    /// The database may be read only.
    #[error(
        "the database may only be read ({why}); nothing new can be kept. Make the file and its folder writable for the \
         user that runs Chaperone, or, on PostgreSQL, connect to the primary server"
    )]
    ReadOnly {
        /// The database's own words.
        why: String,
    },
    /// It cannot be reached: a server that is down, a file that cannot be opened, an input or output error.
    #[error(
        "the database cannot be reached ({why}); this is tried again. Check that the server runs, or that the folder \
         exists and the disk answers"
    )]
    Unavailable {
        /// The database's or operating system's own words.
        why: String,
    },
    /// Another process holds this database.
    #[error(
        "another Chaperone already holds {place}; two of them would answer everything twice\n\
         stop the other one, or give this one a data directory of its own"
    )]
    Held {
        /// The file, or the server's database.
        place: String,
    },
    /// The log in the database is not the one that this process has been writing.
    #[error(
        "the evidence log holds {kept} entries, but this process wanted to write entry {offered}: another process \
         wrote to it, or a backup was put back while this one ran. Nothing was kept. Make sure that only one Chaperone \
         runs on this database, then start it again"
    )]
    Fork {
        /// How many entries the database holds.
        kept: u64,
        /// The index of the first entry that did not follow.
        offered: u64,
    },
    /// The file or the tables are damaged.
    #[error(
        "the database is damaged ({why}). Stop Chaperone, keep a copy of the damaged files, and put back the last \
         backup"
    )]
    Damaged {
        /// The database's own words.
        why: String,
    },
    /// Written by another version of Chaperone.
    #[error("the database was written by another version of Chaperone ({why}). {next}")]
    Version {
        /// Which difference was seen.
        why: String,
        /// What to do.
        next: &'static str,
    },
    /// The address of the database cannot be used: it is malformed, or the server refuses its user or database.
    #[error("{why}; write a path, sqlite://PATH, or postgres://USER:PASSWORD@HOST/DATABASE")]
    Address {
        /// What is wrong with it; never the address itself, which may hold a password.
        why: String,
    },
    /// A row that cannot be understood: damaged, or written by a newer version.
    #[error(
        "{what} cannot be understood ({why}). If a newer version of Chaperone ever ran on this database, install that \
         one again; if not, the row is damaged: put back the last backup"
    )]
    Unreadable {
        /// Which row.
        what: String,
        /// What is wrong with it; never its contents.
        why: String,
    },
    /// The batch contradicts itself; trying again changes nothing.
    #[error("this cannot be kept: {why}. This is a mistake in Chaperone itself; please report it")]
    Refused {
        /// Why.
        why: String,
    },
    /// Anything else that the database said.
    #[error("the database answered: {why}. If it happens again, please report it with this line")]
    Other {
        /// The database's own words.
        why: String,
    },
}

impl StoreError {
    /// Whether the same request may succeed a moment later without anybody doing anything ([`StoreError::Busy`],
    /// [`StoreError::Unavailable`]). [`StoreError::Full`] and [`StoreError::ReadOnly`] may succeed once an operator
    /// has acted; after anything else, trying again is pointless.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, StoreError::Busy { .. } | StoreError::Unavailable { .. })
    }

    /// Whether an operator must act before the same request can succeed.
    #[must_use]
    pub fn needs_operator(&self) -> bool {
        matches!(self, StoreError::Full { .. } | StoreError::ReadOnly { .. })
    }

    pub(super) fn unreadable(what: impl Into<String>, why: impl Into<String>) -> Self {
        StoreError::Unreadable { what: what.into(), why: why.into() }
    }

    pub(super) fn refused(why: impl Into<String>) -> Self {
        StoreError::Refused { why: why.into() }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let why = error.to_string();
        match &error {
            sqlx::Error::Database(answer) => {
                let why = answer.message().to_owned();
                let code = answer.code().unwrap_or_default();
                if answer.try_downcast_ref::<SqliteError>().is_some() {
                    sqlite(code.parse().unwrap_or(0), why)
                } else {
                    postgres(&code, why)
                }
            }
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => StoreError::Unavailable { why },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                StoreError::unreadable("a row of the database", why)
            }
            _ => StoreError::Other { why },
        }
    }
}

impl From<MigrateError> for StoreError {
    fn from(error: MigrateError) -> Self {
        let why = error.to_string();
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
            MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
                StoreError::Version { why, next: "Install that version, or a newer one" }
            }
            MigrateError::VersionMismatch(_) | MigrateError::VersionTooOld(..) => StoreError::Version {
                why,
                next: "It may come from a version under development; start with an empty data directory, or put back \
                       a backup of a released version",
            },
            _ => StoreError::Other { why },
        }
    }
}

/// SQLite's extended result codes; the low byte is the primary one (sqlite.org/rescode.html).
fn sqlite(code: i64, why: String) -> StoreError {
    match code & 0xff {
        5 | 6 => StoreError::Busy { why },
        8 => StoreError::ReadOnly { why },
        13 => StoreError::Full { why },
        10 | 14 => StoreError::Unavailable { why },
        11 | 26 => StoreError::Damaged { why },
        19 => StoreError::refused(why),
        _ => StoreError::Other { why },
    }
}

/// PostgreSQL's SQLSTATE codes (its manual, appendix A).
fn postgres(code: &str, why: String) -> StoreError {
    match code {
        // Lock timeout, serialisation failure, deadlock, cancelled statement.
        "55P03" | "40001" | "40P01" | "57014" => StoreError::Busy { why },
        "53100" | "53200" => StoreError::Full { why },
        "25006" => StoreError::ReadOnly { why },
        "XX001" | "XX002" => StoreError::Damaged { why },
        _ if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => {
            StoreError::Unavailable { why }
        }
        _ if code.starts_with("23") => StoreError::refused(why),
        // A role without the right to write, or to make the tables.
        "42501" => StoreError::ReadOnly { why },
        // A wrong user or password, a database that does not exist.
        "3D000" => StoreError::Address { why },
        _ if code.starts_with("28") => StoreError::Address { why },
        _ => StoreError::Other { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_what_an_operator_can_act_on() {
        let why = || "x".to_owned();
        // 517 is SQLITE_BUSY_SNAPSHOT, 778 SQLITE_IOERR_WRITE, 1032 SQLITE_READONLY_DBMOVED.
        for (code, temporary, operator) in
            [(5, true, false), (517, true, false), (13, false, true), (1032, false, true), (778, true, false)]
        {
            let error = sqlite(code, why());
            assert_eq!(
                (error.is_temporary(), error.needs_operator()),
                (temporary, operator),
                "{code}: {error}"
            );
        }
        for (code, temporary, operator) in [
            ("55P03", true, false),
            ("53100", false, true),
            ("25006", false, true),
            ("57P01", true, false),
            ("42501", false, true),
            ("28P01", false, false),
            ("23505", false, false),
        ] {
            let error = postgres(code, why());
            assert_eq!(
                (error.is_temporary(), error.needs_operator()),
                (temporary, operator),
                "{code}: {error}"
            );
        }
    }
}
