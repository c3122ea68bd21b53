//! From a line that does something to the op that does it.

use serde_json::{Value, json};

use super::stage::{Stage, nonce_of};
use crate::domain::{ChannelId, UserId};
use crate::rehearsal::platform::model::{Attachment, Message};
use crate::rehearsal::platform::op::{CommandUse, MemberEdit, MessageEdit, NewThread};
use crate::rehearsal::platform::{Handle, NewMessage, Op, Refused};
use crate::rehearsal::script::{Act, File, Given, LineIndex};

/// The bot's command on a message, as Discord shows it in the menu.
pub const REPORT_MESSAGE: &str = "Report to safeguarding";

/// Why a line could not be played.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CannotPlay {
    /// The platform refuses, as Discord would.
    #[error("the platform refused: {0}")]
    Refused(#[from] Refused),
    /// What the line speaks of is not there.
    #[error("{0}")]
    Missing(String),
}

fn missing(what: &str) -> CannotPlay {
    CannotPlay::Missing(what.to_owned())
}

/// Where the script meets the platform.
#[derive(Clone, Copy)]
pub struct Scene<'s> {
    /// The script's names.
    pub stage: &'s Stage,
    /// The platform.
    pub platform: &'s Handle,
}

impl Scene<'_> {
    /// The op of a line; none for what is not done on the platform (the bot's process, the clock, faults).
    ///
    /// # Errors
    /// When what the line speaks of is not there (any more).
    pub fn op(self, line: LineIndex, act: &Act) -> Result<Option<Op>, CannotPlay> {
        let op = match act {
            Act::Say { who, space, text, reply_to, files } => {
                let reply_to =
                    reply_to.map(|line| self.message(line)).transpose()?.map(|(_, message)| message);
                let attachments = files.iter().map(file).collect();
                let nonce = Some(nonce_of(line));
                let message = NewMessage {
                    content: text.clone(),
                    reply_to,
                    attachments,
                    nonce,
                    ..NewMessage::default()
                };
                Op::Say { by: self.person(who), channel: self.space(space)?, message }
            }
            Act::WriteTo { who, person, text } => {
                let by = self.person(who);
                let channel = self.platform.dm(by, self.person(person))?;
                let message = NewMessage {
                    content: text.clone(),
                    nonce: Some(nonce_of(line)),
                    ..NewMessage::default()
                };
                Op::Say { by, channel, message }
            }
            Act::TellBot { who, text } => {
                let channel = self.dm_with_bot(self.person(who))?;
                let message = NewMessage {
                    content: text.clone(),
                    nonce: Some(nonce_of(line)),
                    ..NewMessage::default()
                };
                Op::Say { by: self.person(who), channel, message }
            }
            Act::Edit { who, message, text } => {
                let (channel, message) = self.message(*message)?;
                let edit = MessageEdit { content: Some(text.clone()), ..MessageEdit::default() };
                Op::Edit { by: self.person(who), channel, message, edit }
            }
            Act::Delete { who, message } => {
                let (channel, message) = self.message(*message)?;
                Op::Delete { by: self.person(who), channel, message }
            }
            Act::React { who, message, emoji, added } => {
                let ((channel, message), by, emoji) =
                    (self.message(*message)?, self.person(who), emoji.clone());
                if *added {
                    Op::React { by, channel, message, emoji }
                } else {
                    Op::Unreact { by, channel, message, emoji, user: by }
                }
            }
            Act::OpenThread { who, space, name, with, private } => {
                let invite = with.iter().map(|name| self.person(name)).collect();
                let thread =
                    NewThread { name: name.clone(), private: *private, invite, ..NewThread::default() };
                Op::OpenThread { by: self.person(who), channel: self.space(space)?, thread }
            }
            Act::Add { who, person, thread } => {
                let (by, user) = (self.person(who), self.person(person));
                Op::AddThreadMember { by, thread: self.space(thread)?, user }
            }
            Act::Remove { who, person, thread } => {
                let (by, user) = (self.person(who), self.person(person));
                Op::RemoveThreadMember { by, thread: self.space(thread)?, user }
            }
            Act::JoinVoice { who, room } => {
                Op::JoinVoice { by: self.person(who), channel: self.space(room)? }
            }
            Act::LeaveVoice { who } => Op::LeaveVoice { by: self.person(who), guild: self.stage.guild },
            Act::Role { who, role, gains } => self.role(self.person(who), role, *gains)?,
            Act::Acknowledge { who, page } => self.acknowledge(self.person(who), *page)?,
            Act::Report { who, message, words, in_charge, about } => {
                let about = about.as_ref().map(|name| self.person(name));
                self.report(self.person(who), *message, words.as_deref(), (*in_charge, about))?
            }
            Act::Use { who, space, command, sub, fields } => {
                let options = fields.iter().map(|(name, given)| self.option(name, given));
                let options = options.collect::<Result<Vec<Value>, CannotPlay>>()?;
                let options = match sub {
                    Some(sub) => vec![json!({ "name": sub, "type": 1, "options": options })],
                    None => options,
                };
                let command = CommandUse { name: command.clone(), kind: 1, options, target: None };
                Op::UseCommand { by: self.person(who), channel: self.space(space)?, command }
            }
            Act::Club { deed } => self.club(deed)?,
            Act::Bot { .. } | Act::Clock { .. } | Act::Fault { .. } => return Ok(None),
        };
        Ok(Some(op))
    }

    pub(super) fn person(self, name: &str) -> UserId {
        self.stage.person(name)
    }

    pub(super) fn space(self, name: &str) -> Result<ChannelId, CannotPlay> {
        let there = self.stage.space(self.platform, name);
        there.ok_or_else(|| CannotPlay::Missing(format!("there is no \"{name}\": it was never opened")))
    }

    fn message(self, line: LineIndex) -> Result<(ChannelId, crate::domain::MessageId), CannotPlay> {
        self.stage.message(self.platform, line).ok_or_else(|| missing("that message was never said"))
    }

    fn dm_with_bot(self, person: UserId) -> Result<ChannelId, CannotPlay> {
        Ok(self.platform.dm(person, self.stage.bot)?)
    }

    fn role(self, user: UserId, role: &str, gains: bool) -> Result<Op, CannotPlay> {
        let guild = self.stage.guild;
        let roles = self.platform.read(|state| {
            let server = state.guilds.get(&guild)?;
            let role = server.roles.values().find(|there| there.name == role)?.id;
            let mut roles = server.members.get(&user)?.roles.clone();
            roles.retain(|there| *there != role);
            if gains {
                roles.push(role);
            }
            Some(roles)
        });
        let roles = Some(roles.ok_or_else(|| missing("that person, or that role, is not on the server"))?);
        Ok(Op::EditMember {
            by: self.stage.office,
            guild,
            user,
            edit: MemberEdit { roles, ..MemberEdit::default() },
        })
    }

    fn acknowledge(self, by: UserId, page: Option<u32>) -> Result<Op, CannotPlay> {
        let pages = pages_of(self.platform, self.stage.bot, by);
        let found = match page {
            None => pages.iter().rev().find(|page| page.button.is_some()),
            Some(number) => pages.get(usize::try_from(number).unwrap_or(usize::MAX) - 1),
        };
        let Some(page) = found else {
            return Err(CannotPlay::Missing(format!(
                "they have received {} page(s), not this one",
                pages.len()
            )));
        };
        let Some(custom_id) = page.button.clone() else {
            return Err(missing("this page has no button to press any more"));
        };
        Ok(Op::Click { by, channel: page.channel, message: page.message, custom_id, values: Vec::new() })
    }

    /// A filled-in field, with Discord's number for what it holds.
    fn option(self, name: &str, given: &Given) -> Result<Value, CannotPlay> {
        let (kind, value) = match given {
            Given::Text(text) => (3, json!(text)),
            Given::Number(number) => (4, json!(number)),
            Given::Yes(yes) => (5, json!(yes)),
            Given::Person(person) => (6, json!(self.person(person).to_string())),
            Given::Space(space) => (7, json!(self.space(space)?.to_string())),
        };
        Ok(json!({ "name": name, "type": kind, "value": value }))
    }

    fn report(
        self,
        by: UserId,
        message: Option<LineIndex>,
        words: Option<&str>,
        (in_charge, about): (bool, Option<UserId>),
    ) -> Result<Op, CannotPlay> {
        if let Some(line) = message {
            let (channel, message) = self.message(line)?;
            if self.platform.read(|state| state.channel(channel).is_ok_and(|channel| channel.guild.is_none()))
            {
                // In a conversation without the bot its command is there for whoever added it to their account.
                self.platform.perform(Op::InstallApp { by })?;
            }
            let command = CommandUse {
                name: REPORT_MESSAGE.to_owned(),
                kind: 3,
                target: Some(message.0),
                ..CommandUse::default()
            };
            return Ok(Op::UseCommand { by, channel, command });
        }
        let channel = self.dm_with_bot(by)?;
        let mut op = report_in_words(self.platform, by, channel, words.unwrap_or_default());
        if let Op::UseCommand { command, .. } = &mut op {
            if in_charge {
                command.options.push(json!({ "name": "about", "type": 3, "value": "someone-in-charge" }));
            }
            if let Some(about) = about {
                command.options.push(json!({ "name": "who", "type": 6, "value": about.to_string() }));
            }
        }
        Ok(op)
    }
}

/// The use of `/report` with these words, in whatever text option the bot registered for it.
#[must_use]
pub fn report_in_words(platform: &Handle, by: UserId, channel: ChannelId, words: &str) -> Op {
    let option = platform.read(|state| {
        let mut commands = state.commands.values();
        let report =
            commands.find(|found| found.body.get("name").and_then(Value::as_str) == Some("report"))?;
        let options = report.body.get("options")?.as_array()?;
        let text = options.iter().find(|option| option["type"] == 3)?;
        text["name"].as_str().map(str::to_owned)
    });
    let options = option.map(|name| json!({"name": name, "type": 3, "value": words})).into_iter().collect();
    let command = CommandUse { name: "report".to_owned(), kind: 1, options, target: None };
    Op::UseCommand { by, channel, command }
}

fn file(file: &File) -> Attachment {
    Attachment {
        id: 0,
        filename: file.name.clone(),
        content_type: file.kind.clone(),
        size: file.size,
        description: file.alt.clone(),
    }
}

/// A page as it stands in somebody's direct messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The direct message with the bot.
    pub channel: ChannelId,
    /// The page.
    pub message: crate::domain::MessageId,
    /// Its Acknowledge button, while it has one.
    pub button: Option<String>,
}

/// The pages that somebody received from the bot, oldest first. A page is a message with a case reference.
#[must_use]
pub fn pages_of(platform: &Handle, bot: UserId, person: UserId) -> Vec<Page> {
    platform.read(|state| {
        let Some(dm) = state.dm_between(bot, person) else { return Vec::new() };
        let messages = state.messages.get(&dm.id).into_iter().flat_map(|all| all.values());
        messages
            .filter(|message| message.author == bot && message.removed_by.is_none() && names_a_case(message))
            .map(|message| Page {
                channel: dm.id,
                message: message.id,
                button: message.components.iter().find_map(acknowledge_button),
            })
            .collect()
    })
}

fn names_a_case(message: &Message) -> bool {
    let embeds = Value::Array(message.embeds.clone()).to_string();
    [message.content.as_str(), &embeds].iter().any(|text| {
        text.match_indices("C-").any(|(at, _)| {
            let digits = text[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
            digits >= 4
        })
    })
}

fn acknowledge_button(component: &Value) -> Option<String> {
    let is_it = component["label"].as_str().is_some_and(|label| label.to_lowercase().contains("acknowledge"))
        && component["disabled"] != true;
    if is_it {
        return component["custom_id"].as_str().map(str::to_owned);
    }
    component["components"].as_array()?.iter().find_map(acknowledge_button)
}
