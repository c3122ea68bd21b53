//! The rehearsal: a whole small Discord of one's own, on loopback, for trying a policy, training staff before
//! going live, and testing. [`platform`] is the server; it knows nothing of the bot and shares no code with it,
//! so that the two cannot agree on the same mistake.

pub mod platform;
