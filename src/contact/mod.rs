//! Supervised contact: who can see or hear whom, when, by fact, before any word is read (pure).
//!
//! * [`audience`]: the server as the platform describes it, and who can see each space, with the reason why.
//! * [`agreed`]: sessions, contact plans and relaxations: what lifts the rules, and until when.
//! * [`rules`]: the rules themselves; each gives observations.

pub mod agreed;
pub mod audience;
pub mod rules;

pub use agreed::Agreed;
pub use audience::{Audience, Server, Sight};
