//! What somebody does in the room, as the page sends it, and the op that it becomes. The person is the one whom
//! the connection chose to be; the platform refuses what that person may not do.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::{ChannelId, GuildId, MessageId, UserId};
use crate::rehearsal::platform::op::{CommandUse, MessageEdit, NewThread};
use crate::rehearsal::platform::{Answer, Handle, NewMessage, Op, Refused};
use crate::rehearsal::player::act::REPORT_MESSAGE;

/// One thing that somebody does.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Wish {
    /// Looks at a space.
    Look { space: ChannelId },
    /// Writes.
    Say {
        space: ChannelId,
        text: String,
        #[serde(default)]
        reply_to: Option<MessageId>,
    },
    /// Changes what they wrote.
    Edit { space: ChannelId, message: MessageId, text: String },
    /// Deletes a message.
    Delete { space: ChannelId, message: MessageId },
    /// Puts a reaction on a message.
    React { space: ChannelId, message: MessageId, emoji: String },
    /// Opens a thread.
    Thread {
        space: ChannelId,
        name: String,
        #[serde(default)]
        private: bool,
        #[serde(default)]
        with: Vec<UserId>,
    },
    /// Brings somebody into a thread.
    Add { space: ChannelId, person: UserId },
    /// Leaves a thread.
    Leave { space: ChannelId },
    /// Joins by voice.
    JoinVoice { space: ChannelId },
    /// Leaves voice.
    LeaveVoice { guild: GuildId },
    /// Opens the direct message with Chaperone.
    Bot {},
    /// Presses a button.
    Click { space: ChannelId, message: MessageId, button: String },
    /// Reports a message.
    Report { space: ChannelId, message: MessageId },
    /// Uses `/report` in the direct message with Chaperone.
    ReportWords { words: String },
    /// Sends a form that the bot opened.
    Submit { interaction: String, fields: BTreeMap<String, String> },
}

impl Wish {
    /// Does it. Answers the space to look at next, when that changes.
    ///
    /// # Errors
    /// As Discord would refuse it.
    pub(super) fn perform(self, by: UserId, platform: &Handle) -> Result<Option<ChannelId>, Refused> {
        let op = match self {
            Wish::Look { space } => return Ok(Some(space)),
            Wish::Bot {} => return platform.dm(by, platform.bot()).map(Some),
            Wish::Say { space, text, reply_to } => {
                let message = NewMessage { reply_to, ..NewMessage::text(text.trim()) };
                Op::Say { by, channel: space, message }
            }
            Wish::Edit { space, message, text } => {
                let edit = MessageEdit { content: Some(text), ..MessageEdit::default() };
                Op::Edit { by, channel: space, message, edit }
            }
            Wish::Delete { space, message } => Op::Delete { by, channel: space, message },
            Wish::React { space, message, emoji } => Op::React { by, channel: space, message, emoji },
            Wish::Thread { space, name, private, with } => {
                let thread = NewThread { name, private, invite: with, ..NewThread::default() };
                let outcome = platform.perform(Op::OpenThread { by, channel: space, thread })?;
                return Ok(match outcome.answer {
                    Answer::Channel(thread) => Some(thread),
                    _ => None,
                });
            }
            Wish::Add { space, person } => Op::AddThreadMember { by, thread: space, user: person },
            Wish::Leave { space } => Op::RemoveThreadMember { by, thread: space, user: by },
            Wish::JoinVoice { space } => Op::JoinVoice { by, channel: space },
            Wish::LeaveVoice { guild } => Op::LeaveVoice { by, guild },
            Wish::Click { space, message, button } => {
                Op::Click { by, channel: space, message, custom_id: button, values: Vec::new() }
            }
            Wish::Report { space, message } => {
                let command = CommandUse {
                    name: REPORT_MESSAGE.to_owned(),
                    kind: 3,
                    target: Some(message.0),
                    ..CommandUse::default()
                };
                Op::UseCommand { by, channel: space, command }
            }
            Wish::ReportWords { words } => {
                let channel = platform.dm(by, platform.bot())?;
                platform
                    .perform(crate::rehearsal::player::act::report_in_words(platform, by, channel, &words))?;
                return Ok(Some(channel));
            }
            Wish::Submit { interaction, fields } => {
                let interaction = interaction.parse().map_err(|_| Refused::unknown_interaction())?;
                Op::SubmitModal { by, interaction, fields }
            }
        };
        platform.perform(op).map(|_| None)
    }
}
