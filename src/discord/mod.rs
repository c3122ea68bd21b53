//! Discord's wire, both ways, and nothing else: what the platform sends becomes an [`Event`](crate::domain::Event),
//! what was decided becomes a request.
//!
//! * [`socket`] keeps one gateway connection alive and hands over the raw text of every dispatch, in order;
//! * [`decode`] reads that text into events, tolerantly, and never fails: what cannot be read is said to be so;
//! * [`rest`] makes every HTTP call, with deadlines and rate limits, and gives the token to one host only;
//! * [`contain`] and [`page_dm`] carry out the outbox's jobs: hide, lock, disconnect, nudge, notice, page;
//! * [`interactions`] read buttons and commands, and answer them within Discord's three seconds;
//! * [`snapshot`] describes a server from REST, for a restart that resumes a session;
//! * [`backfill`] fetches what was written while nobody was listening;
//! * [`permissions`] knows which intents and permissions all of this needs, and why.
//!
//! No other room knows serenity, twilight or Discord's JSON. Nothing here keeps anything, decides anything or knows
//! who a person is to the charity. No error, log line or debug output of this room holds a word of a message or a
//! piece of the token.

pub mod backfill;
pub mod contain;
pub mod decode;
pub mod hidden;
pub mod interactions;
pub mod page_dm;
pub mod permissions;
pub mod rest;
pub mod snapshot;
pub mod socket;
pub mod token;

pub use token::Token;

#[cfg(test)]
mod fake;
