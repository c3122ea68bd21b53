//! Paging: a lead is reached, one who may know, until a named person acknowledges.
//!
//! What decides is pure and gets the time passed in: [`people`] says who stands in which slot and how each is
//! reached, [`policy`] turns slots and subjects into the rungs of one case's ladder, [`ladder`] folds facts into
//! open ladders and says what to commit next, [`rota`] says who is on duty, [`digest`] counts what can wait for the
//! evening, [`drill`] asks once a week whether all of this works. What acts is the
//! shell: [`gate`] asks once more, at the moment of sending, whether the page is still called for, and
//! [`channels`] holds one file a channel.

mod answers;
pub mod channels;
mod climb;
mod deadlines;
pub mod digest;
pub mod drill;
pub mod gate;
pub mod inbound;
pub mod ladder;
pub mod links;
pub mod people;
pub mod policy;
pub mod rota;
mod storm;

pub use ladder::{Calls, Rung};
pub use people::{OnCall, People, Slot};
pub use policy::LadderPolicy;
