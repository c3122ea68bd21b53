//! Who is in which voice room.

use serde_json::{Map, json};

use crate::domain::{ChannelId, GuildId, UserId};
use crate::rehearsal::platform::model::Voice;
use crate::rehearsal::platform::op::Answer;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, wire};

impl Turn<'_> {
    pub(super) fn join_voice(&mut self, by: UserId, channel: ChannelId) -> Result<Answer, Refused> {
        let guild = self.voice_guild(channel)?;
        self.state.allow(channel, by, bits::CONNECT, self.at)?;
        if self.state.member(guild, by)?.timeout.is_some_and(|until| until > self.at) {
            return Err(Refused::missing_permissions());
        }
        self.put(guild, by, channel)?;
        Ok(Answer::Channel(channel))
    }

    pub(super) fn leave_voice(&mut self, by: UserId, guild: GuildId) -> Result<Answer, Refused> {
        self.state.member(guild, by)?;
        self.disconnect(guild, by)?;
        Ok(Answer::Nothing)
    }

    /// Whether `by` may move `user` there: the mover needs `MOVE_MEMBERS` in the new channel and to see it.
    pub(super) fn may_move(
        &self,
        by: UserId,
        guild: GuildId,
        user: UserId,
        to: Option<ChannelId>,
    ) -> Result<(), Refused> {
        let found = self.state.guild(guild)?;
        let Some(now) = found.voice.get(&user) else { return Err(Refused::not_in_voice()) };
        self.state.allow(now.channel, by, bits::MOVE_MEMBERS, self.at)?;
        if let Some(to) = to {
            if self.voice_guild(to)? != guild {
                return Err(Refused::unknown_channel());
            }
            self.state.allow(to, by, bits::CONNECT | bits::MOVE_MEMBERS, self.at)?;
        }
        Ok(())
    }

    pub(super) fn move_voice(
        &mut self,
        by: UserId,
        guild: GuildId,
        user: UserId,
        to: Option<ChannelId>,
    ) -> Result<(), Refused> {
        let mut options = Map::new();
        options.insert("count".to_owned(), "1".into());
        if let Some(to) = to {
            self.put(guild, user, to)?;
            options.insert("channel_id".to_owned(), json!(to));
            self.audit(guild, 26, by, None, Vec::new(), Some(options));
        } else {
            self.disconnect(guild, user)?;
            self.audit(guild, 27, by, None, Vec::new(), Some(options));
        }
        Ok(())
    }

    /// Takes somebody out of voice; nothing happens when they are not in it.
    pub(super) fn disconnect(&mut self, guild: GuildId, user: UserId) -> Result<(), Refused> {
        if self.state.guild_mut(guild)?.voice.remove(&user).is_some() {
            self.emit_voice(guild, user);
        }
        Ok(())
    }

    /// Says where somebody is in voice now.
    pub(super) fn emit_voice(&mut self, guild: GuildId, user: UserId) {
        let Ok(found) = self.state.guild(guild) else { return };
        let data = wire::voice_state(self.state, found, user);
        self.emit_guild("VOICE_STATE_UPDATE", guild, data);
    }

    fn put(&mut self, guild: GuildId, user: UserId, channel: ChannelId) -> Result<(), Refused> {
        let session = format!("{:016x}", self.state.next_id(self.at));
        let voice = &mut self.state.guild_mut(guild)?.voice;
        let session = voice.get(&user).map_or(session, |earlier| earlier.session.clone());
        voice.insert(user, Voice { channel, session });
        self.emit_voice(guild, user);
        Ok(())
    }

    fn voice_guild(&self, channel: ChannelId) -> Result<GuildId, Refused> {
        let found = self.state.channel(channel)?;
        match found.guild {
            Some(guild) if found.is_voice() => Ok(guild),
            _ => Err(Refused::wrong_channel_kind()),
        }
    }
}
