//! Channels that a page travels by, one file each. Every one is a [`Deliver`](crate::outbox::Deliver) and says
//! honestly how it ended: accepted, not now, never.

pub mod email;
