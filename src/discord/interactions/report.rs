//! Reporting to safeguarding: from the menu of any message, in a direct message with somebody too, and with
//! `/report`, which also works where a locked channel has no menu.

use serde_json::{Value, json};

use super::Reply;
use crate::domain::effect::Nudge;
use crate::wording;

/// The entry in a message's menu.
pub const MENU: &str = "Report to safeguarding";

/// The slash command.
pub const COMMAND: &str = "report";

pub(super) fn is_report(name: &str) -> bool {
    name == MENU || name == COMMAND
}

/// The commands to register. They can be added to a server or to an account (`integration_types` 0 and 1) and work
/// on servers, in the bot's direct messages and in those with other people (`contexts` 0, 1, 2).
#[must_use]
pub fn commands() -> Value {
    json!([
        { "name": MENU, "type": 3, "integration_types": [0, 1], "contexts": [0, 1, 2] },
        {
            "name": COMMAND,
            "type": 1,
            "description": "Tell the safeguarding lead that something is not right",
            "integration_types": [0, 1],
            "contexts": [0, 1, 2],
        },
    ])
}

pub(super) fn answer() -> Reply {
    Reply::Private(wording::nudge(Nudge::ReportReceived).to_owned())
}
