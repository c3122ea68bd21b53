//! Chaperone: the second adult in every online room of a youth charity.
//!
//! A **pure core** decides and a **thin shell** hears, keeps and acts. One message travels
//! the whole way without turning back:
//!
//! ```text
//!  discord/socket ─► discord/decode ─► pipeline ─► engine (pure) ─► Assessment ─► store.commit ─► outbox ─► discord/contain
//!    raw bytes          Event          per-organi-    state×event                  ONE transaction:     │      paging/channels/*
//!                                      sation actor   (and Due ticks)              log, exhibits,       │      nudges
//!                                         ▲                                        facts, jobs          │
//!                                         └─────────────── outcomes come back as Events ◄───────────────┘
//! ```
//!
//! # Who may know whom
//!
//! The pure rooms use only those to their left: [`domain`] ← [`text`] ← [`detect`], [`contact`] ← [`engine`].
//! They never see the clock, randomness, files, the network or any crate that does; time is passed in.
//! The shell rooms ([`discord`], [`store`], [`evidence`], [`outbox`], [`paging`], [`pipeline`], [`witness`]) know the
//! core but not each other's inside; [`app`] is the only place that joins them, [`cli`] the only one that
//! reads arguments. `tests/suite/arrows.rs` holds every arrow of this paragraph against the code.

pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod contact;
pub mod detect;
pub mod discord;
pub mod domain;
pub mod engine;
pub mod evidence;
pub mod outbox;
pub mod paging;
pub mod pipeline;
pub mod rehearsal;
pub mod store;
pub mod text;
pub mod witness;
pub mod wording;
