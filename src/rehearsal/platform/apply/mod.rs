//! What each op does. Every function looks first and changes afterwards, so that a refused op leaves no trace;
//! what is applied is deterministic, so that a journal brings everything back.

mod answers;
mod channels;
mod guilds;
mod interactions;
mod members;
mod messages;
mod moderation;
mod reactions;
mod registry;
mod sessions;
mod text;
mod threads;
mod voice;

use serde_json::Value;

use super::op::{Answer, Op};
use super::refused::Refused;
use super::state::{Dispatch, State, Turn};
use crate::domain::Timestamp;

/// What an op did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// What it made.
    pub answer: Answer,
    /// What was dispatched, whole, whoever may see it.
    pub dispatches: Vec<Dispatch>,
}

impl State {
    /// Applies an op at a moment. `reason` is the audit-log reason that came with it.
    ///
    /// # Errors
    /// As Discord would refuse it; then nothing has changed.
    pub fn apply(&mut self, op: &Op, reason: Option<&str>, at: Timestamp) -> Result<Applied, Refused> {
        let mut turn = Turn { state: self, at, reason: reason.map(str::to_owned), sent: Vec::new() };
        let answer = turn.take(op)?;
        Ok(Applied { answer, dispatches: turn.sent })
    }
}

/// A change in Discord's audit-log form.
fn change(key: &str, old: impl Into<Value>, new: impl Into<Value>) -> Value {
    let mut data = serde_json::json!({ "key": key });
    for (field, value) in [("old_value", old.into()), ("new_value", new.into())] {
        if !value.is_null() {
            data[field] = value;
        }
    }
    data
}

impl Turn<'_> {
    fn take(&mut self, op: &Op) -> Result<Answer, Refused> {
        match op {
            Op::CreateUser { name, bot } => Ok(self.create_user(name, *bot)),
            Op::TakeDms { by, on } => self.take_dms(*by, *on),
            Op::InstallApp { by } => self.install_app(*by),
            Op::CreateGuild { owner, name } => self.create_guild(*owner, name),
            Op::JoinGuild { user, guild, roles } => self.join_guild(*user, *guild, roles),
            Op::LeaveGuild { user, guild } => self.leave_guild(*user, *guild),
            Op::Kick { by, guild, user } => self.kick(*by, *guild, *user),
            Op::CreateRole { by, guild, role } => self.create_role(*by, *guild, role),
            Op::EditRole { by, guild, role, edit } => self.edit_role(*by, *guild, *role, edit),
            Op::DeleteRole { by, guild, role } => self.delete_role(*by, *guild, *role),
            Op::EditMember { by, guild, user, edit } => self.edit_member(*by, *guild, *user, edit),
            Op::CreateChannel { by, guild, channel } => self.create_channel(*by, *guild, channel),
            Op::EditChannel { by, channel, edit } => self.edit_channel(*by, *channel, edit),
            Op::DeleteChannel { by, channel } => self.delete_channel(*by, *channel),
            Op::SetOverwrite { by, channel, overwrite } => self.set_overwrite(*by, *channel, *overwrite),
            Op::RemoveOverwrite { by, channel, target } => self.remove_overwrite(*by, *channel, *target),
            Op::OpenThread { by, channel, thread } => self.open_thread(*by, *channel, thread),
            Op::AddThreadMember { by, thread, user } => self.add_thread_member(*by, *thread, *user),
            Op::RemoveThreadMember { by, thread, user } => self.remove_thread_member(*by, *thread, *user),
            Op::Say { by, channel, message } => self.say(*by, *channel, message),
            Op::Edit { by, channel, message, edit } => self.edit(*by, *channel, *message, edit),
            Op::Delete { by, channel, message } => self.delete(*by, *channel, *message),
            Op::BulkDelete { by, channel, messages } => self.bulk_delete(*by, *channel, messages),
            Op::React { by, channel, message, emoji } => self.react(*by, *channel, *message, emoji),
            Op::Unreact { by, channel, message, emoji, user } => {
                self.unreact(*by, *channel, *message, emoji, *user)
            }
            Op::JoinVoice { by, channel } => self.join_voice(*by, *channel),
            Op::LeaveVoice { by, guild } => self.leave_voice(*by, *guild),
            Op::SetIncidents { by, guild, invites, dms } => self.set_incidents(*by, *guild, *invites, *dms),
            Op::OpenDm { by, with } => self.open_dm(*by, *with),
            Op::RegisterCommands { guild, commands, replace } => {
                self.register_commands(*guild, commands, *replace)
            }
            Op::UseCommand { by, channel, command } => self.use_command(*by, *channel, command),
            Op::AskChoices { by, channel, command } => self.ask_choices(*by, *channel, command),
            Op::Click { by, channel, message, custom_id, values } => {
                self.click(*by, *channel, *message, custom_id, values)
            }
            Op::SubmitModal { by, interaction, fields } => self.submit_modal(*by, *interaction, fields),
            Op::AnswerInteraction { interaction, kind, data } => self.answer(*interaction, *kind, data),
            Op::FollowUp { interaction, message } => self.follow_up(*interaction, message),
            Op::EditFollowUp { interaction, message, edit } => {
                self.edit_follow_up(*interaction, *message, edit)
            }
            Op::DeleteFollowUp { interaction, message } => self.delete_follow_up(*interaction, *message),
            Op::AutoModBlocks { user, channel, content, keyword } => {
                self.automod_blocks(*user, *channel, content, keyword)
            }
            Op::Identify { shard, of, intents } => Ok(self.identify(*shard, *of, *intents)),
            Op::Resumed { session } => self.resumed(session),
            Op::EndSession { session } => {
                self.state.sessions.remove(session);
                Ok(Answer::Nothing)
            }
            Op::RequestMembers { session, guild, request } => self.request_members(session, *guild, request),
            Op::Note { note } => {
                self.state.note = Some(note.clone());
                Ok(Answer::Nothing)
            }
        }
    }
}
