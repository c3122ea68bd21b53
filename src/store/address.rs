//! The address of a database, as an operator writes it.

use std::path::PathBuf;
use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;

use super::StoreError;

/// Which database, and what may be done to it. Never printed: a server's options hold its password.
pub(super) enum Address {
    /// A SQLite file.
    File { path: PathBuf, mode: Mode },
    /// A SQLite database that lives as long as it is open.
    Memory,
    /// A PostgreSQL server's database.
    Server(Box<PgConnectOptions>),
}

/// What may be done to a SQLite file; the words are SQLite's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// `ro`: read only.
    Read,
    /// `rw`: write, but only what is there already.
    Existing,
    /// `rwc`: write, and make it where it is missing.
    Create,
}

impl Address {
    /// Reads `path`, `sqlite:path`, `sqlite://path?mode=ro|rw|rwc`, `sqlite::memory:` or `postgres://…`. A path is
    /// taken as it is written, without percent-decoding.
    pub(super) fn read(address: &str) -> Result<Self, StoreError> {
        let wrong = |why: &str| Err(StoreError::Address { why: why.to_owned() });
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return match PgConnectOptions::from_str(address) {
                Ok(options) => Ok(Address::Server(Box::new(options))),
                Err(error) => wrong(&format!("the PostgreSQL address cannot be read ({error})")),
            };
        }
        let (path, query) = match address.strip_prefix("sqlite:") {
            Some(rest) => {
                let rest = rest.strip_prefix("//").unwrap_or(rest);
                rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)))
            }
            None => (address, None),
        };
        if path == ":memory:" {
            return Ok(Address::Memory);
        }
        if path.is_empty() {
            return wrong("the database's address names no file");
        }
        if let Some((scheme, _)) = path.split_once("://") {
            return wrong(&format!("{scheme} is not a kind of database that Chaperone knows"));
        }
        let mode = match query {
            None | Some("" | "mode=rwc") => Mode::Create,
            Some("mode=rw") => Mode::Existing,
            Some("mode=ro") => Mode::Read,
            Some(_) => return wrong("behind the ? of a SQLite address stands mode=ro, mode=rw or mode=rwc"),
        };
        Ok(Address::File { path: PathBuf::from(path), mode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(address: &str) -> Option<(String, Mode)> {
        match Address::read(address) {
            Ok(Address::File { path, mode }) => Some((path.display().to_string(), mode)),
            _ => None,
        }
    }

    #[test]
    fn paths_and_addresses_are_told_apart() {
        for (address, path, mode) in [
            ("data/chaperone.db", "data/chaperone.db", Mode::Create),
            ("/srv/a folder/what?.db", "/srv/a folder/what?.db", Mode::Create),
            ("sqlite:///srv/chaperone.db", "/srv/chaperone.db", Mode::Create),
            ("sqlite://data/chaperone.db?mode=rwc", "data/chaperone.db", Mode::Create),
            ("sqlite:data/chaperone.db?mode=rw", "data/chaperone.db", Mode::Existing),
            ("sqlite://data/chaperone.db?mode=ro", "data/chaperone.db", Mode::Read),
        ] {
            assert_eq!(file(address), Some((path.to_owned(), mode)), "{address}");
        }
        assert!(matches!(Address::read("sqlite::memory:"), Ok(Address::Memory)));
        assert!(matches!(Address::read("postgres://u:p@localhost/chaperone"), Ok(Address::Server(_))));
    }

    #[test]
    fn a_bad_address_is_refused_without_being_repeated() {
        for address in
            ["", "sqlite://", "mysql://u:geheim@host/x", "sqlite://a?mode=geheim", "postgres://u:geheim@[x"]
        {
            let error = Address::read(address).err().unwrap();
            assert!(matches!(error, StoreError::Address { .. }), "{address}");
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }
}
