//! Reporting to safeguarding: from the menu of any message, in a direct message with somebody too, from the menu of a
//! person, and in words with `/report`, which also works where a locked channel has no menu.
//!
//! Nobody is asked for more than they want to say, and nothing is checked before a report counts: a form that has to
//! be sent, a limit or a role would each be a gate.

use serde_json::{Value, json};

use super::Reply;
use super::options::Options;
use crate::domain::event::Message;
use crate::domain::{ChannelId, GuildId, MessageId, ReportRef, Timestamp, UserId};
use crate::wording;

/// The entry in the menu of a message, and in that of a person.
pub const MENU: &str = "Report to safeguarding";

/// The slash command.
pub const COMMAND: &str = "report";

/// The one field of the slash command.
const WORDS: &str = "what";

/// Whether it is about somebody in charge, and about whom.
const ABOUT: &str = "about";
const IN_CHARGE: &str = "someone-in-charge";
const WHO: &str = "who";

/// Discord's limit for a text in a command.
const LONGEST: u32 = 6_000;

pub(super) fn is_report(name: &str) -> bool {
    name == MENU || name == COMMAND
}

/// The commands to register. They can be added to a server or to an account (`integration_types` 0 and 1) and work
/// on servers, in the bot's direct messages and in those with other people (`contexts` 0, 1, 2).
pub(super) fn commands() -> Vec<Value> {
    vec![
        json!({ "name": MENU, "type": 3, "integration_types": [0, 1], "contexts": [0, 1, 2] }),
        json!({ "name": MENU, "type": 2, "integration_types": [0, 1], "contexts": [0, 1, 2] }),
        json!({
            "name": COMMAND,
            "type": 1,
            "description": "Tell the safeguarding lead that something is not right",
            "integration_types": [0, 1],
            "contexts": [0, 1, 2],
            "options": [{
                "name": WORDS,
                "type": 3,
                "description": "What happened, in your own words. Only safeguarding leads read it.",
                "required": true,
                "max_length": LONGEST,
            }, {
                "name": ABOUT,
                "type": 3,
                "description": "Is it about somebody in charge? Then the usual leads do not hear of it.",
                "required": false,
                "choices": [{ "name": "about someone in charge", "value": IN_CHARGE }],
            }, {
                "name": WHO,
                "type": 6,
                "description": "Whom it is about, if you want to say it. They never hear of it.",
                "required": false,
            }],
        }),
    ]
}

/// What somebody wrote behind `/report`, as a message of theirs to safeguarding; it has the command's own id.
pub(super) fn words(
    options: &Options,
    id: u64,
    by: UserId,
    name: &str,
    place: (Option<ChannelId>, Option<GuildId>),
) -> Option<Box<Message>> {
    let content = options.text(WORDS)?.to_owned();
    let id = MessageId(id);
    Some(Box::new(Message {
        id,
        space: place.0.unwrap_or(ChannelId(id.0)),
        guild: place.1,
        author: by,
        author_name: name.to_owned(),
        at: Timestamp::from_millis(id.created_millis()),
        content,
        ..Message::default()
    }))
}

/// Whether it goes past the usual line.
pub(super) fn is_past_the_line(options: &Options) -> bool {
    options.text(ABOUT) == Some(IN_CHARGE)
}

/// Whom it is about, where they said it.
pub(super) fn who(options: &Options) -> Option<UserId> {
    options.id(WHO)
}

pub(super) fn answer(reference: ReportRef, past_the_line: bool) -> Reply {
    Reply::Private(if past_the_line {
        wording::report_received_past_the_line(reference)
    } else {
        wording::report_received(reference)
    })
}
