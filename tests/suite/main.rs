//! The one integration-test binary: stories, contracts and the architecture, a file each.

/// Carrying out what was decided: attempts, waits, ends.
mod outbox;
/// A throw-away PostgreSQL server.
mod postgres;
/// What is kept, the same on both databases.
mod store;
