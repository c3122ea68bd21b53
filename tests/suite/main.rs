//! The one integration-test binary: stories, contracts and the architecture, a file each.

mod arrows; // which room may know which
mod evidence_bundles; // written, verified, tampered with, opened
mod evidence_case; // a case with exhibits, as the store would hand it over
mod evidence_commands; // keys new, keys show, evidence verify, evidence open
mod evidence_outsiders; // age, sha256sum, openssl and a verifier in Python come to the same result
/// Carrying out what was decided: attempts, waits, ends.
mod outbox;
/// A throw-away PostgreSQL server.
mod postgres;
/// Exports through the engine: every version is read, nothing makes it panic.
mod replay;
/// Texts one by one.
mod scan;
/// What is kept, the same on both databases.
mod store;
