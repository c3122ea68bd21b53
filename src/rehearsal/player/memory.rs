//! What the player knows of its own evening. It stands in the platform's journal, in the same entry as the action
//! that it speaks of, so that a run that was killed goes on behind the last line that was performed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::Timestamp;
use crate::rehearsal::script::LineIndex;

/// Where a stretch of time begins that an expectation looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// How many facts there were.
    pub facts: usize,
    /// How many e-mails there were.
    pub mails: usize,
}

/// An expectation that was not met, or a line that could not be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmet {
    /// The line of the file, from 1.
    pub line: usize,
    /// What was expected.
    pub expected: String,
    /// What happened instead.
    pub instead: String,
}

/// The player's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// The script's fingerprint.
    pub script: String,
    /// The line that comes next.
    pub next: usize,
    /// Where the newest action began.
    pub last_act: Mark,
    /// Where each line with an id began.
    pub lines: BTreeMap<LineIndex, Mark>,
    /// How many facts had been told when the newest line began.
    pub told: usize,
    /// Whether the bot is up, as far as the script says.
    pub bot_down: bool,
    /// How many expectations were met.
    pub met: u32,
    /// Those that were not.
    pub unmet: Vec<Unmet>,
}

impl Memory {
    /// Reads it out of a note of the platform's; none when there is no note or it is somebody else's.
    #[must_use]
    pub fn from_note(note: &Value) -> Option<Memory> {
        serde_json::from_value(note.get("player")?.clone()).ok()
    }

    /// As a note for the platform.
    #[must_use]
    pub fn to_note(&self) -> Value {
        serde_json::json!({ "player": self })
    }
}
