//! An evening as a text file, so that a charity can write its own policy down as a test: people with roles,
//! spaces, booked sessions, a timeline of what happens, and what is expected of Chaperone at each point.
//!
//! [`Script::read`] gives either a checked [`Script`] (every name known, every time a moment) or [`Faults`]:
//! everything that is wrong with the file at once, each with its line and what to do. `FORMAT.md` beside this
//! file explains the format to whoever writes one; [`FORMAT`] is that text, and [`EVENING`] the built-in evening.

mod acts;
mod club;
mod expects;
mod fault;
mod fields;
mod model;
mod names;
mod read;
mod when;
mod world;

pub use fault::{Fault, Faults};
pub use model::{
    Act, ClubDeed, Doing, Expect, File, Given, Latest, Line, LineIndex, Paging, Person, Plan, PlatformFault,
    SLOTS, Script, Separation, Session, Since, Space, That, Who,
};

/// How to write a script, for whoever writes one.
pub const FORMAT: &str = include_str!("FORMAT.md");

/// The built-in evening.
pub const EVENING: &str = include_str!("../evening.toml");

/// The name under which the built-in evening's lines are reported.
pub const EVENING_FILE: &str = "evening.toml";

impl Script {
    /// The built-in evening.
    ///
    /// # Errors
    /// Never in a build whose tests passed.
    pub fn evening() -> Result<Script, Faults> {
        Script::read(EVENING_FILE, EVENING)
    }
}

#[cfg(test)]
mod tests;
