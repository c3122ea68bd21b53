//! The whole state of the platform, and what every change to it has in common: new ids, look-ups that refuse as
//! Discord would, the audit log, and events on their way to the bot.
//!
//! The state is a fold over [`super::op::Op`]s: the same ops at the same times give the same state, ids and
//! payloads, which is what makes the journal enough to bring everything back.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::model::{AuditEntry, Channel, Command, Guild, Interaction, Member, Message, User};
use super::options::{HiddenChannels, Privileged};
use super::refused::Refused;
use super::session::Session;
use super::{audience, permissions, wire};
use crate::domain::{ChannelId, GuildId, MessageId, Timestamp, UserId};

/// Milliseconds of Discord's epoch, 2015-01-01T00:00:00Z.
const EPOCH: i64 = 1_420_070_400_000;

/// Everything that the platform knows.
#[derive(Debug)]
pub struct State {
    /// The bot's account, which is also its application's number, as with most bots.
    pub bot: UserId,
    /// Where the platform is reached: attachment addresses and the resume address start with it.
    pub url: String,
    /// Which privileged intents are switched on for the application.
    pub privileged: Privileged,
    /// How channels that the bot may not view are written for it.
    pub hidden: HiddenChannels,
    /// Accounts.
    pub users: BTreeMap<UserId, User>,
    /// Servers.
    pub guilds: BTreeMap<GuildId, Guild>,
    /// Channels, threads and direct messages.
    pub channels: BTreeMap<ChannelId, Channel>,
    /// Messages of each, oldest first; removed ones stay, marked.
    pub messages: BTreeMap<ChannelId, BTreeMap<MessageId, Message>>,
    /// Interactions, oldest first.
    pub interactions: BTreeMap<u64, Interaction>,
    /// Commands that the bot registered.
    pub commands: BTreeMap<u64, Command>,
    /// Sessions of the bot's gateway, with what it has not read yet.
    pub sessions: BTreeMap<String, Session>,
    /// The newest marker that the script player left.
    pub note: Option<Value>,
    last_id: u64,
}

impl State {
    /// A platform without anybody but the bot.
    #[must_use]
    pub fn new(url: String, privileged: Privileged, hidden: HiddenChannels, bot_name: &str) -> Self {
        // A fixed number from the year in which the platform starts to count; the bot's id is known before any op.
        let bot = UserId(1_180_000_000_000_000_001);
        let account = User {
            id: bot,
            username: bot_name.to_lowercase(),
            name: bot_name.to_owned(),
            bot: true,
            takes_dms: true,
            installed: false,
        };
        State {
            bot,
            url,
            privileged,
            hidden,
            users: BTreeMap::from([(bot, account)]),
            guilds: BTreeMap::new(),
            channels: BTreeMap::new(),
            messages: BTreeMap::new(),
            interactions: BTreeMap::new(),
            commands: BTreeMap::new(),
            sessions: BTreeMap::new(),
            note: None,
            last_id: 0,
        }
    }

    /// A fresh snowflake for something made at `at`; always above every earlier one, even when the clock was set
    /// back.
    pub fn next_id(&mut self, at: Timestamp) -> u64 {
        let millis = u64::try_from(at.as_millis() - EPOCH).unwrap_or(0);
        self.last_id = (millis << 22).max(self.last_id + 1);
        self.last_id
    }

    /// The account, or 10013.
    ///
    /// # Errors
    /// When there is none.
    pub fn user(&self, user: UserId) -> Result<&User, Refused> {
        self.users.get(&user).ok_or_else(Refused::unknown_user)
    }

    /// The server, or 10004.
    ///
    /// # Errors
    /// When there is none.
    pub fn guild(&self, guild: GuildId) -> Result<&Guild, Refused> {
        self.guilds.get(&guild).ok_or_else(Refused::unknown_guild)
    }

    /// The server, to change it.
    ///
    /// # Errors
    /// As [`State::guild`].
    pub fn guild_mut(&mut self, guild: GuildId) -> Result<&mut Guild, Refused> {
        self.guilds.get_mut(&guild).ok_or_else(Refused::unknown_guild)
    }

    /// The membership, or 10007.
    ///
    /// # Errors
    /// When the server is unknown or the person is not in it.
    pub fn member(&self, guild: GuildId, user: UserId) -> Result<&Member, Refused> {
        self.guild(guild)?.members.get(&user).ok_or_else(Refused::unknown_member)
    }

    /// The membership, to change it.
    ///
    /// # Errors
    /// As [`State::member`].
    pub fn member_mut(&mut self, guild: GuildId, user: UserId) -> Result<&mut Member, Refused> {
        self.guild_mut(guild)?.members.get_mut(&user).ok_or_else(Refused::unknown_member)
    }

    /// The channel, thread or direct message, or 10003.
    ///
    /// # Errors
    /// When there is none.
    pub fn channel(&self, channel: ChannelId) -> Result<&Channel, Refused> {
        self.channels.get(&channel).ok_or_else(Refused::unknown_channel)
    }

    /// The channel, to change it.
    ///
    /// # Errors
    /// As [`State::channel`].
    pub fn channel_mut(&mut self, channel: ChannelId) -> Result<&mut Channel, Refused> {
        self.channels.get_mut(&channel).ok_or_else(Refused::unknown_channel)
    }

    /// A message that is still there and not somebody's private reply, or 10008.
    ///
    /// # Errors
    /// When there is none.
    pub fn message(&self, channel: ChannelId, message: MessageId) -> Result<&Message, Refused> {
        self.any_message(channel, message)
            .filter(|found| found.ephemeral_to.is_none())
            .ok_or_else(Refused::unknown_message)
    }

    /// A message that is still there, private replies included.
    #[must_use]
    pub fn any_message(&self, channel: ChannelId, message: MessageId) -> Option<&Message> {
        self.messages.get(&channel)?.get(&message).filter(|found| found.removed_by.is_none())
    }

    /// The message, to change it.
    ///
    /// # Errors
    /// 10008 when it is not there any more.
    pub fn message_mut(&mut self, channel: ChannelId, message: MessageId) -> Result<&mut Message, Refused> {
        self.messages
            .get_mut(&channel)
            .and_then(|all| all.get_mut(&message))
            .filter(|found| found.removed_by.is_none())
            .ok_or_else(Refused::unknown_message)
    }

    /// Refuses unless `user` holds all of `needed` in the channel: 50001 when the place is not even seen, else
    /// 50013.
    ///
    /// # Errors
    /// As said.
    pub fn allow(
        &self,
        channel: ChannelId,
        user: UserId,
        needed: u64,
        now: Timestamp,
    ) -> Result<(), Refused> {
        self.channel(channel)?;
        let held = permissions::in_channel(self, channel, user, now);
        if held & super::bits::VIEW_CHANNEL == 0 {
            Err(Refused::missing_access())
        } else if held & needed != needed {
            Err(Refused::missing_permissions())
        } else {
            Ok(())
        }
    }

    /// Refuses unless `user` is in the server and holds all of `needed` there. To the bot a server that it is not
    /// in is unknown (10004); a member without the permission gets 50013.
    ///
    /// # Errors
    /// As said.
    pub fn allow_in_guild(
        &self,
        guild: GuildId,
        user: UserId,
        needed: u64,
        now: Timestamp,
    ) -> Result<(), Refused> {
        if !self.guild(guild)?.members.contains_key(&user) {
            return Err(Refused::unknown_guild());
        }
        if permissions::in_guild(self, guild, user, now) & needed != needed {
            return Err(Refused::missing_permissions());
        }
        Ok(())
    }

    /// True when the bot is in the server.
    #[must_use]
    pub fn bot_in(&self, guild: GuildId) -> bool {
        self.guilds.get(&guild).is_some_and(|guild| guild.members.contains_key(&self.bot))
    }

    /// The threads of a server that are not put away.
    pub fn active_threads(&self, guild: GuildId) -> impl Iterator<Item = &Channel> {
        self.channels.values().filter(move |channel| {
            channel.guild == Some(guild) && channel.thread.as_ref().is_some_and(|thread| !thread.archived)
        })
    }

    /// The direct message between two people, if they have one.
    #[must_use]
    pub fn dm_between(&self, one: UserId, other: UserId) -> Option<&Channel> {
        self.channels.values().find(|channel| {
            channel.guild.is_none() && channel.people.contains(&one) && channel.people.contains(&other)
        })
    }
}

/// An event as Discord dispatches it, before it is cut to what a session may see.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// Discord's event name.
    pub name: &'static str,
    /// The server it belongs to.
    pub guild: Option<GuildId>,
    /// The channel it happened in, if it is about one.
    pub channel: Option<ChannelId>,
    /// Discord's `d`, whole.
    pub data: Value,
}

/// One change under way: the state, the moment, and what it sets off.
#[derive(Debug)]
pub struct Turn<'s> {
    /// The state that is changed.
    pub state: &'s mut State,
    /// When it happens.
    pub at: Timestamp,
    /// `X-Audit-Log-Reason`.
    pub reason: Option<String>,
    /// What has been dispatched so far.
    pub sent: Vec<Dispatch>,
}

impl Turn<'_> {
    /// Sends an event to every session of the bot that may have it, at once: who may see is asked now.
    pub fn emit(
        &mut self,
        name: &'static str,
        guild: Option<GuildId>,
        channel: Option<ChannelId>,
        data: Value,
    ) {
        let dispatch = Dispatch { name, guild, channel, data };
        let names: Vec<String> = self.state.sessions.keys().cloned().collect();
        for session in names {
            let Some(cut) =
                audience::for_session(self.state, &self.state.sessions[&session], &dispatch, self.at)
            else {
                continue;
            };
            if let Some(session) = self.state.sessions.get_mut(&session) {
                session.push(name, &cut, self.at);
            }
        }
        self.sent.push(dispatch);
    }

    /// Sends an event of a server.
    pub fn emit_guild(&mut self, name: &'static str, guild: GuildId, data: Value) {
        self.emit(name, Some(guild), None, data);
    }

    /// Sends an event of a channel, with the server it is in.
    pub fn emit_channel(&mut self, name: &'static str, channel: ChannelId, data: Value) {
        let guild = self.state.channels.get(&channel).and_then(|channel| channel.guild);
        self.emit(name, guild, Some(channel), data);
    }

    /// Writes an entry into a server's audit log and dispatches it.
    pub fn audit(
        &mut self,
        guild: GuildId,
        action: u32,
        by: UserId,
        target: Option<u64>,
        changes: Vec<Value>,
        options: Option<Map<String, Value>>,
    ) {
        let entry = AuditEntry {
            id: self.state.next_id(self.at),
            action,
            by,
            target,
            reason: self.reason.clone(),
            options,
            changes,
        };
        let mut data = wire::audit_entry(&entry);
        data["guild_id"] = guild.to_string().into();
        if let Ok(guild) = self.state.guild_mut(guild) {
            guild.audit.push(entry);
        }
        self.emit_guild("GUILD_AUDIT_LOG_ENTRY_CREATE", guild, data);
    }

    /// The channels of a server and the threads in them that the bot sees now, to compare with later.
    #[must_use]
    pub fn bot_sight(&self, guild: GuildId) -> Vec<ChannelId> {
        let state = &self.state;
        state
            .channels
            .values()
            .filter(|channel| channel.guild == Some(guild) && !channel.is_thread())
            .filter(|channel| permissions::sees(state, channel.id, state.bot, self.at))
            .map(|channel| channel.id)
            .collect()
    }

    /// Tells the bot of channels that it sees now and did not before: their full shape where hidden channels are
    /// obfuscated, and their threads (`THREAD_LIST_SYNC`).
    pub fn announce_sight(&mut self, guild: GuildId, before: &[ChannelId]) {
        let gained: Vec<ChannelId> =
            self.bot_sight(guild).into_iter().filter(|channel| !before.contains(channel)).collect();
        if gained.is_empty() {
            return;
        }
        if self.state.hidden == HiddenChannels::Obfuscated {
            for channel in &gained {
                let data = wire::channel(&self.state.channels[channel]);
                self.emit_channel("CHANNEL_UPDATE", *channel, data);
            }
        }
        let data = wire::thread_list(self.state, guild, &gained, self.at);
        self.emit_guild("THREAD_LIST_SYNC", guild, data);
    }
}
