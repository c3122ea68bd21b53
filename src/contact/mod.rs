//! Supervised contact: who can see or hear whom, when, by fact, before any word is read (pure).
//!
//! * [`server`]: a server as the platform describes it, kept from events. [`audience`]: who can see each space of it,
//!   with the reason why.
//! * [`enrolled`]: who is enrolled, and who holds which responsibility.
//! * [`agreed`]: what lifts the rules, and until when: the [`calendar`] of sessions (repeated ones by [`series`]),
//!   contact [`plans`], and the [`separations`] that nothing lifts.
//! * [`booking`]: what may be agreed, checked before it is recorded.
//! * [`rules`]: the rules themselves; each gives observations.

pub mod agreed;
pub mod audience;
pub mod booking;
pub mod calendar;
pub mod enrolled;
mod index;
mod permissions;
pub mod plans;
pub mod rules;
pub mod separations;
pub mod series;
pub mod server;
pub mod window;

pub use agreed::Agreed;
pub use audience::{Audience, Counts, Sight};
pub use enrolled::{EnrolmentRule, Enrolments};
pub use server::{Changed, Server};
