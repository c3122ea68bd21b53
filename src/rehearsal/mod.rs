//! The rehearsal: a whole small Discord of one's own, on loopback, for trying a policy, training staff before
//! going live, and testing.
//!
//! * [`script`]: an evening as a text file: people, spaces, a timeline, expectations.

pub mod script;
