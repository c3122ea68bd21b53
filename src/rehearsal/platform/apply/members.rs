//! People join, leave, are removed; their nickname, roles, timeout and voice are changed, by the rules of the
//! hierarchy.

use std::time::Duration;

use serde_json::{Value, json};

use super::change;
use crate::domain::{ChannelId, GuildId, RoleId, UserId};
use crate::rehearsal::platform::model::Member;
use crate::rehearsal::platform::op::{Answer, MemberEdit};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, permissions, wire};

/// The longest timeout.
const LONGEST_TIMEOUT: Duration = Duration::from_hours(672);

impl Turn<'_> {
    pub(super) fn join_guild(
        &mut self,
        user: UserId,
        guild: GuildId,
        roles: &[RoleId],
    ) -> Result<Answer, Refused> {
        self.state.user(user)?;
        let found = self.state.guild(guild)?;
        if found.members.contains_key(&user) {
            return Ok(Answer::Nothing);
        }
        if roles.iter().any(|role| !found.roles.contains_key(role)) {
            return Err(Refused::unknown_role());
        }
        let member = Member {
            user,
            nick: None,
            roles: roles.to_vec(),
            joined: self.at,
            timeout: None,
            mute: false,
            deaf: false,
        };
        self.state.guild_mut(guild)?.members.insert(user, member);
        if user == self.state.bot {
            if let Some(data) = wire::guild::guild_create(self.state, guild, self.at) {
                self.emit_guild("GUILD_CREATE", guild, data);
            }
            return Ok(Answer::Nothing);
        }
        let mut data = wire::member(self.state, self.state.member(guild, user)?);
        data["guild_id"] = json!(guild);
        self.emit_guild("GUILD_MEMBER_ADD", guild, data);
        Ok(Answer::Nothing)
    }

    pub(super) fn leave_guild(&mut self, user: UserId, guild: GuildId) -> Result<Answer, Refused> {
        self.state.member(guild, user)?;
        if self.state.guild(guild)?.owner == user {
            return Err(Refused::invalid("guild_id", "INVALID_GUILD", "Invalid Guild"));
        }
        self.gone(guild, user)?;
        Ok(Answer::Nothing)
    }

    pub(super) fn kick(&mut self, by: UserId, guild: GuildId, user: UserId) -> Result<Answer, Refused> {
        self.state.allow_in_guild(guild, by, bits::KICK_MEMBERS, self.at)?;
        self.state.member(guild, user)?;
        self.stands_above(by, guild, user)?;
        self.audit(guild, 20, by, Some(user.0), Vec::new(), None);
        self.gone(guild, user)?;
        Ok(Answer::Nothing)
    }

    fn gone(&mut self, guild: GuildId, user: UserId) -> Result<(), Refused> {
        self.disconnect(guild, user)?;
        let threads: Vec<ChannelId> = self
            .state
            .channels
            .values()
            .filter(|channel| {
                channel.guild == Some(guild)
                    && channel.thread.as_ref().is_some_and(|thread| thread.members.contains_key(&user))
            })
            .map(|channel| channel.id)
            .collect();
        for id in threads {
            if let Some(thread) = self.state.channel_mut(id)?.thread.as_mut() {
                thread.members.remove(&user);
            }
        }
        self.state.guild_mut(guild)?.members.remove(&user);
        if user == self.state.bot {
            // Without `unavailable`: the bot was removed.
            self.emit_guild("GUILD_DELETE", guild, json!({"id": guild}));
        } else {
            let data = json!({"guild_id": guild, "user": wire::user_of(self.state, user)});
            self.emit_guild("GUILD_MEMBER_REMOVE", guild, data);
        }
        Ok(())
    }

    /// Refuses unless `by` stands above `user` in the hierarchy.
    fn stands_above(&self, by: UserId, guild: GuildId, user: UserId) -> Result<(), Refused> {
        let found = self.state.guild(guild)?;
        if permissions::height(found, by) > permissions::height(found, user) {
            Ok(())
        } else {
            Err(Refused::missing_permissions())
        }
    }

    pub(super) fn edit_member(
        &mut self,
        by: UserId,
        guild: GuildId,
        user: UserId,
        edit: &MemberEdit,
    ) -> Result<Answer, Refused> {
        self.state.allow_in_guild(guild, by, 0, self.at)?;
        self.state.member(guild, user)?;
        self.may_edit(by, guild, user, edit)?;
        let before = self.bot_sight(guild);
        let mut changes = Vec::new();
        let member = self.state.member_mut(guild, user)?;
        if let Some(nick) = &edit.nick {
            changes.push(change("nick", member.nick.clone(), nick.clone()));
            member.nick = nick.clone().filter(|nick| !nick.is_empty());
        }
        if let Some(timeout) = edit.timeout {
            let timeout = timeout.filter(|until| *until > self.at);
            changes.push(change(
                "communication_disabled_until",
                wire::maybe_time(member.timeout),
                wire::maybe_time(timeout),
            ));
            member.timeout = timeout;
        }
        if let Some(mute) = edit.mute {
            changes.push(change("mute", member.mute, mute));
            member.mute = mute;
        }
        if let Some(deaf) = edit.deaf {
            changes.push(change("deaf", member.deaf, deaf));
            member.deaf = deaf;
        }
        let new_roles = edit.roles.as_ref().filter(|roles| **roles != member.roles).cloned();
        let old_roles = member.roles.clone();
        if let Some(roles) = &new_roles {
            member.roles.clone_from(roles);
        }
        if !changes.is_empty() || new_roles.is_some() {
            let mut data = wire::member(self.state, self.state.member(guild, user)?);
            data["guild_id"] = json!(guild);
            self.emit_guild("GUILD_MEMBER_UPDATE", guild, data);
        }
        if !changes.is_empty() {
            self.audit(guild, 24, by, Some(user.0), changes, None);
        }
        if let Some(roles) = new_roles {
            let changes = self.role_changes(guild, &old_roles, &roles)?;
            self.audit(guild, 25, by, Some(user.0), changes, None);
        }
        if let Some(to) = edit.voice {
            self.move_voice(by, guild, user, to)?;
        }
        if edit.mute.is_some() || edit.deaf.is_some() {
            self.emit_voice(guild, user);
        }
        self.announce_sight(guild, &before);
        Ok(Answer::User(user))
    }

    fn role_changes(&self, guild: GuildId, old: &[RoleId], new: &[RoleId]) -> Result<Vec<Value>, Refused> {
        let found = self.state.guild(guild)?;
        let named = |roles: &[RoleId], without: &[RoleId]| -> Vec<Value> {
            roles
                .iter()
                .filter(|role| !without.contains(role))
                .filter_map(|role| found.roles.get(role))
                .map(|role| json!({"id": role.id, "name": role.name}))
                .collect()
        };
        let mut changes = Vec::new();
        for (key, roles) in [("$add", named(new, old)), ("$remove", named(old, new))] {
            if !roles.is_empty() {
                changes.push(change(key, (), roles));
            }
        }
        Ok(changes)
    }

    /// Every part of the edit is allowed, or none of it happens.
    fn may_edit(&self, by: UserId, guild: GuildId, user: UserId, edit: &MemberEdit) -> Result<(), Refused> {
        let held = permissions::in_guild(self.state, guild, by, self.at);
        let need = |bit: u64| if held & bit == bit { Ok(()) } else { Err(Refused::missing_permissions()) };
        let found = self.state.guild(guild)?;
        if let Some(nick) = &edit.nick {
            if nick.as_ref().is_some_and(|nick| nick.chars().count() > 32) {
                return Err(Refused::too_long("nick", 32));
            }
            if by == user {
                need(bits::CHANGE_NICKNAME)?;
            } else {
                need(bits::MANAGE_NICKNAMES)?;
                self.stands_above(by, guild, user)?;
            }
        }
        if let Some(roles) = &edit.roles {
            need(bits::MANAGE_ROLES)?;
            let member = self.state.member(guild, user)?;
            let changed = roles
                .iter()
                .filter(|role| !member.roles.contains(role))
                .chain(member.roles.iter().filter(|role| !roles.contains(role)));
            for role in changed {
                let role = found.roles.get(role).ok_or_else(Refused::unknown_role)?;
                if role.position >= permissions::height(found, by) || role.bot.is_some() {
                    return Err(Refused::missing_permissions());
                }
            }
        }
        if let Some(timeout) = edit.timeout {
            need(bits::MODERATE_MEMBERS)?;
            self.stands_above(by, guild, user)?;
            // Nobody times an administrator out, however high they stand; a timeout that is over may be lifted.
            if permissions::is_administrator(found, user) && timeout.is_some() {
                return Err(Refused::missing_permissions());
            }
            if timeout.is_some_and(|until| until > self.at.plus(LONGEST_TIMEOUT)) {
                return Err(Refused::invalid(
                    "communication_disabled_until",
                    "COMMUNICATION_DISABLED_TOO_LONG",
                    "Must be within 28 days.",
                ));
            }
        }
        if let Some(to) = edit.voice {
            need(bits::MOVE_MEMBERS)?;
            self.may_move(by, guild, user, to)?;
        }
        if edit.mute.is_some() {
            need(bits::MUTE_MEMBERS)?;
        }
        if edit.deaf.is_some() {
            need(bits::DEAFEN_MEMBERS)?;
        }
        Ok(())
    }
}
