//! Accounts and servers come into being; roles are made, changed and taken away; incident actions.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::change;
use crate::domain::{GuildId, RoleId, Timestamp, UserId};
use crate::rehearsal::platform::model::{Guild, Member, Role, User};
use crate::rehearsal::platform::op::{Answer, NewRole, RoleEdit};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, permissions, wire};

/// Incident actions reach at most this far.
const INCIDENTS_AHEAD: Duration = Duration::from_hours(24);

impl Turn<'_> {
    pub(super) fn create_user(&mut self, name: &str, bot: bool) -> Answer {
        let id = UserId(self.state.next_id(self.at));
        let username: String =
            name.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == '.' || *c == '_').collect();
        let taken = self.state.users.values().any(|user| user.username == username);
        let username =
            if taken || username.len() < 2 { format!("{username}{}", id.0 % 10_000) } else { username };
        let user = User { id, username, name: name.to_owned(), bot, takes_dms: true, installed: false };
        self.state.users.insert(id, user);
        Answer::User(id)
    }

    pub(super) fn take_dms(&mut self, by: UserId, on: bool) -> Result<Answer, Refused> {
        self.state.users.get_mut(&by).ok_or_else(Refused::unknown_user)?.takes_dms = on;
        Ok(Answer::Nothing)
    }

    pub(super) fn install_app(&mut self, by: UserId) -> Result<Answer, Refused> {
        self.state.users.get_mut(&by).ok_or_else(Refused::unknown_user)?.installed = true;
        Ok(Answer::Nothing)
    }

    pub(super) fn create_guild(&mut self, owner: UserId, name: &str) -> Result<Answer, Refused> {
        self.state.user(owner)?;
        let id = GuildId(self.state.next_id(self.at));
        let everyone = Role {
            id: id.everyone(),
            name: "@everyone".to_owned(),
            permissions: bits::NEWCOMER,
            position: 0,
            bot: None,
        };
        let member = Member {
            user: owner,
            nick: None,
            roles: Vec::new(),
            joined: self.at,
            timeout: None,
            mute: false,
            deaf: false,
        };
        let guild = Guild {
            id,
            name: name.to_owned(),
            owner,
            roles: BTreeMap::from([(everyone.id, everyone)]),
            members: BTreeMap::from([(owner, member)]),
            voice: BTreeMap::new(),
            invites_disabled: None,
            dms_disabled: None,
            audit: Vec::new(),
        };
        self.state.guilds.insert(id, guild);
        Ok(Answer::Guild(id))
    }

    pub(super) fn create_role(
        &mut self,
        by: UserId,
        guild: GuildId,
        new: &NewRole,
    ) -> Result<Answer, Refused> {
        self.state.allow_in_guild(guild, by, bits::MANAGE_ROLES, self.at)?;
        let top = permissions::height(self.state.guild(guild)?, by);
        let position = new.position.unwrap_or(1).max(1);
        let held = permissions::in_guild(self.state, guild, by, self.at);
        // Nobody makes a role that may do more than they may, or that stands above them.
        if position >= top || new.permissions & !held != 0 {
            return Err(Refused::missing_permissions());
        }
        let id = RoleId(self.state.next_id(self.at));
        let role = Role { id, name: new.name.clone(), permissions: new.permissions, position, bot: new.bot };
        let data = json!({"guild_id": guild, "role": wire::role(&role)});
        self.state.guild_mut(guild)?.roles.insert(id, role);
        self.emit_guild("GUILD_ROLE_CREATE", guild, data);
        let changes = vec![change("name", (), new.name.clone())];
        self.audit(guild, 30, by, Some(id.0), changes, None);
        Ok(Answer::Role(id))
    }

    pub(super) fn edit_role(
        &mut self,
        by: UserId,
        guild: GuildId,
        id: RoleId,
        edit: &RoleEdit,
    ) -> Result<Answer, Refused> {
        let mut role = self.editable_role(by, guild, id)?;
        let held = permissions::in_guild(self.state, guild, by, self.at);
        let top = permissions::height(self.state.guild(guild)?, by);
        let more = edit.permissions.unwrap_or(role.permissions) & !role.permissions & !held;
        if more != 0 || edit.position.is_some_and(|position| position >= top) {
            return Err(Refused::missing_permissions());
        }
        let before = self.bot_sight(guild);
        let mut changes = Vec::new();
        if let Some(name) = &edit.name {
            changes.push(change("name", role.name.clone(), name.clone()));
            role.name.clone_from(name);
        }
        if let Some(permissions) = edit.permissions {
            changes.push(change("permissions", role.permissions.to_string(), permissions.to_string()));
            role.permissions = permissions;
        }
        if let Some(position) = edit.position {
            changes.push(change("position", role.position, position));
            role.position = position;
        }
        let data = json!({"guild_id": guild, "role": wire::role(&role)});
        self.state.guild_mut(guild)?.roles.insert(id, role);
        self.emit_guild("GUILD_ROLE_UPDATE", guild, data);
        self.audit(guild, 31, by, Some(id.0), changes, None);
        self.announce_sight(guild, &before);
        Ok(Answer::Role(id))
    }

    pub(super) fn delete_role(&mut self, by: UserId, guild: GuildId, id: RoleId) -> Result<Answer, Refused> {
        let role = self.editable_role(by, guild, id)?;
        if role.id == guild.everyone() || role.bot.is_some() {
            return Err(Refused::invalid("role_id", "INVALID_ROLE", "Invalid role"));
        }
        let before = self.bot_sight(guild);
        let found = self.state.guild_mut(guild)?;
        found.roles.remove(&id);
        for member in found.members.values_mut() {
            member.roles.retain(|role| *role != id);
        }
        self.emit_guild("GUILD_ROLE_DELETE", guild, json!({"guild_id": guild, "role_id": id}));
        self.audit(guild, 32, by, Some(id.0), vec![change("name", role.name, ())], None);
        self.announce_sight(guild, &before);
        Ok(Answer::Nothing)
    }

    /// A role that stands under `by`, who may manage roles.
    fn editable_role(&self, by: UserId, guild: GuildId, id: RoleId) -> Result<Role, Refused> {
        self.state.allow_in_guild(guild, by, bits::MANAGE_ROLES, self.at)?;
        let found = self.state.guild(guild)?;
        let role = found.roles.get(&id).ok_or_else(Refused::unknown_role)?;
        if role.position >= permissions::height(found, by) {
            return Err(Refused::missing_permissions());
        }
        Ok(role.clone())
    }

    pub(super) fn set_incidents(
        &mut self,
        by: UserId,
        guild: GuildId,
        invites: Option<Timestamp>,
        dms: Option<Timestamp>,
    ) -> Result<Answer, Refused> {
        self.state.allow_in_guild(guild, by, bits::MANAGE_GUILD, self.at)?;
        let latest = self.at.plus(INCIDENTS_AHEAD).plus(Duration::from_mins(1));
        for (field, until) in [("invites_disabled_until", invites), ("dms_disabled_until", dms)] {
            if until.is_some_and(|until| until > latest) {
                return Err(Refused::invalid(
                    field,
                    "GUILD_INCIDENT_ACTIONS_TOO_FAR",
                    "Must be within 24 hours.",
                ));
            }
        }
        // A moment that has passed lifts the measure, as null does.
        let ahead = |until: Option<Timestamp>| until.filter(|until| *until > self.at);
        let (invites, dms) = (ahead(invites), ahead(dms));
        let found = self.state.guild_mut(guild)?;
        found.invites_disabled = invites;
        found.dms_disabled = dms;
        let data = wire::guild::guild(found);
        self.emit_guild("GUILD_UPDATE", guild, data);
        self.audit(guild, 1, by, Some(guild.0), Vec::new(), None);
        Ok(Answer::Guild(guild))
    }
}
