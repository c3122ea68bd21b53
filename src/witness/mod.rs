//! Those outside who attest the states of a log: a witness on a trustee's machine, and time-stamping authorities.
//!
//! A log that only its own operator sees can be rewritten: take an old backup, leave something out, and grow it again
//! with the same key. A witness has signed what was there before and refuses what does not continue it; whoever
//! verifies a bundle finds the witness' cosignature, or misses it.
//!
//! * [`keeper`]: the witness itself: what it knows, what it answers, what it keeps on its disk before it answers.
//! * [`serve`]: its listener.
//! * [`alarm`]: how its operator hears of a fork.
//! * [`ask`]: the other side: asking a witness to cosign, and an authority to stamp.

pub mod alarm;
pub mod ask;
pub mod keeper;
mod serve;

pub use keeper::{Fork, Log, Witness, WitnessError};
pub use serve::serve;
