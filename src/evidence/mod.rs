//! Evidence: what a stranger can verify and the host cannot read.
//!
//! | piece | standard | file |
//! |---|---|---|
//! | payloads sealed to the leads who may know | C2SP age, X25519 | [`seal`] |
//! | a case's own key, sealed to those leads | C2SP age, X25519 | [`case_key`] |
//! | recent messages, sealed for some days | C2SP age, X25519 | [`buffer`] |
//! | an exhibit's exact bytes and its salted commitment | SHA-256 | [`commitment`] |
//! | one leaf of the log | this crate; [`entry`] writes it down byte by byte | [`entry`] |
//! | the append-only log and its proofs | RFC 6962 | [`log`] |
//! | signed states of the log | C2SP tlog-checkpoint, signed-note | [`checkpoint`] |
//! | a proof that travels | C2SP tlog-proof | [`tlog_proof`] |
//! | a case that travels | BagIt, RFC 8493 | [`bundle`], [`bag`] |
//! | what a bundle proves, in words | all of the above | [`verify`] |
//!
//! Values come in and go out: whoever keeps rows (the store) or exports (the command line) hands them over;
//! nothing here knows a database or a platform.

pub mod bag;
pub mod buffer;
pub mod bundle;
pub mod case_key;
pub mod casefile;
pub mod checkpoint;
pub mod commitment;
pub mod entry;
pub mod hash;
mod instructions;
pub mod log;
pub mod readable;
pub mod report;
pub mod seal;
pub mod secret_file;
mod timeline;
pub mod tlog_proof;
pub mod unseal;
mod verdict;
pub mod verify;

pub use case_key::CaseKey;
pub use casefile::{BundledExhibit, CaseFile, ChronologyLine, Content, Gap, Withheld};
pub use checkpoint::{Checkpoint, SignedCheckpoint, SigningKey, VerifierKey};
pub use commitment::{Exhibit, Salt};
pub use entry::{Class, Entry};
pub use hash::Hash;
pub use log::{ConsistencyProof, HashSource, InclusionProof, StoredHash, Tree};
pub use report::{Finding, Report, Severity};
pub use seal::{Identity, Recipient, Sealed};
