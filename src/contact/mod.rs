//! Supervised contact: who can see or hear whom, when, by fact, before any word is read (pure).
//!
//! * [`audience`]: the server as the platform describes it, and who can see each space, with the reason why.
//! * [`agreed`]: what lifts the rules, and until when: the [`calendar`] of sessions (repeated ones by [`series`]),
//!   contact [`plans`], and the [`separations`] that nothing lifts.
//! * [`rules`]: the rules themselves; each gives observations.

pub mod agreed;
pub mod audience;
pub mod calendar;
pub mod plans;
pub mod rules;
pub mod separations;
pub mod series;
pub mod window;

pub use agreed::Agreed;
pub use audience::{Audience, Server, Sight};
