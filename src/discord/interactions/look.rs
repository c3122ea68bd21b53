//! What only looks, or opens what was closed: `/roster`, `/status`, `/why`, `/unlock`.

use serde_json::Value;

use super::form::{on_server, person, space, text};

/// Who is who, and who holds which responsibility.
pub const ROSTER: &str = "roster";
/// How the system stands.
pub const STATUS: &str = "status";
/// Why a space was closed.
pub const WHY: &str = "why";
/// Open a space again.
pub const UNLOCK: &str = "unlock";

pub(super) fn commands() -> [Value; 4] {
    [
        on_server(
            ROSTER,
            "Who works here, with which responsibility, since when",
            [person("person", "One person only")],
        ),
        on_server(STATUS, "How the system stands: the DM pause, gaps, locks, who can be called", []),
        on_server(WHY, "Why a space was closed", [space("space", "Which space; else this one")]),
        on_server(
            UNLOCK,
            "Leads: open a space again for the adult for whom it was closed",
            [text("lock", "Which").needed().offered()],
        ),
    ]
}
