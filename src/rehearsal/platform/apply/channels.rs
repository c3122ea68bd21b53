//! Channels are made, changed and deleted; overwrites; direct messages are opened.

use serde_json::{Map, Value, json};

use super::change;
use crate::domain::{ChannelId, GuildId, UserId};
use crate::rehearsal::platform::model::{Channel, Overwrite, kind};
use crate::rehearsal::platform::op::{Answer, ChannelEdit, NewChannel};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, permissions, wire};

impl Turn<'_> {
    pub(super) fn create_channel(
        &mut self,
        by: UserId,
        guild: GuildId,
        new: &NewChannel,
    ) -> Result<Answer, Refused> {
        self.state.allow_in_guild(guild, by, bits::MANAGE_CHANNELS, self.at)?;
        check_name(&new.name)?;
        if changed(&[], &new.overwrites) & bits::ALL & !permissions::in_guild(self.state, guild, by, self.at)
            != 0
        {
            return Err(Refused::missing_permissions());
        }
        if let Some(parent) = new.parent {
            let parent = self.state.channel(parent)?;
            if parent.kind != kind::CATEGORY || parent.guild != Some(guild) {
                return Err(Refused::invalid("parent_id", "CHANNEL_PARENT_INVALID_TYPE", "Not a category"));
            }
        }
        let id = ChannelId(self.state.next_id(self.at));
        let position =
            self.state.channels.values().filter(|c| c.guild == Some(guild) && !c.is_thread()).count();
        let mut overwrites = new.overwrites.clone();
        if overwrites.is_empty()
            && let Some(parent) = new.parent
        {
            overwrites.clone_from(&self.state.channel(parent)?.overwrites);
        }
        let channel = Channel {
            id,
            kind: new.kind,
            guild: Some(guild),
            parent: new.parent,
            name: new.name.clone(),
            topic: new.topic.clone(),
            position: i32::try_from(position).unwrap_or(i32::MAX),
            slow_mode: 0,
            overwrites,
            thread: None,
            people: Vec::new(),
            last_message: None,
        };
        let data = wire::channel(&channel);
        self.state.channels.insert(id, channel);
        self.emit_channel("CHANNEL_CREATE", id, data);
        let mut changes = vec![change("name", (), new.name.clone()), change("type", (), new.kind)];
        if !new.overwrites.is_empty() {
            let all: Vec<Value> = new.overwrites.iter().map(wire::overwrite).collect();
            changes.push(change("permission_overwrites", (), all));
        }
        self.audit(guild, 10, by, Some(id.0), changes, None);
        Ok(Answer::Channel(id))
    }

    pub(super) fn edit_channel(
        &mut self,
        by: UserId,
        id: ChannelId,
        edit: &ChannelEdit,
    ) -> Result<Answer, Refused> {
        let found = self.state.channel(id)?;
        let Some(guild) = found.guild else { return Err(Refused::not_in_dm()) };
        if found.is_thread() {
            return self.edit_thread(by, id, edit);
        }
        self.state.allow(id, by, bits::MANAGE_CHANNELS, self.at)?;
        if let Some(name) = &edit.name {
            check_name(name)?;
        }
        if let Some(overwrites) = &edit.overwrites {
            self.state.allow(id, by, bits::MANAGE_ROLES, self.at)?;
            self.may_hand_out(by, id, changed(&self.state.channel(id)?.overwrites, overwrites))?;
        }
        let before = self.bot_sight(guild);
        let channel = self.state.channel_mut(id)?;
        let mut changes = Vec::new();
        if let Some(name) = &edit.name {
            changes.push(change("name", channel.name.clone(), name.clone()));
            channel.name.clone_from(name);
        }
        if let Some(topic) = &edit.topic {
            changes.push(change("topic", channel.topic.clone(), topic.clone()));
            channel.topic.clone_from(topic);
        }
        if let Some(parent) = edit.parent {
            channel.parent = parent;
        }
        if let Some(position) = edit.position {
            channel.position = position;
        }
        if let Some(slow_mode) = edit.slow_mode {
            changes.push(change("rate_limit_per_user", channel.slow_mode, slow_mode));
            channel.slow_mode = slow_mode;
        }
        if let Some(overwrites) = &edit.overwrites {
            channel.overwrites.clone_from(overwrites);
        }
        let data = wire::channel(channel);
        self.emit_channel("CHANNEL_UPDATE", id, data);
        self.audit(guild, 11, by, Some(id.0), changes, None);
        self.announce_sight(guild, &before);
        Ok(Answer::Channel(id))
    }

    pub(super) fn delete_channel(&mut self, by: UserId, id: ChannelId) -> Result<Answer, Refused> {
        let found = self.state.channel(id)?.clone();
        let Some(guild) = found.guild else {
            return if found.people.contains(&by) {
                Ok(Answer::Channel(id))
            } else {
                Err(Refused::missing_access())
            };
        };
        if found.is_thread() {
            self.state.allow(id, by, bits::MANAGE_THREADS, self.at)?;
            let data = json!({"id": id, "guild_id": guild, "parent_id": found.parent, "type": found.kind});
            self.emit_channel("THREAD_DELETE", id, data);
            self.forget(id);
            self.audit(guild, 112, by, Some(id.0), vec![change("name", found.name, ())], None);
            return Ok(Answer::Channel(id));
        }
        self.state.allow(id, by, bits::MANAGE_CHANNELS, self.at)?;
        let inside: Vec<ChannelId> = self
            .state
            .channels
            .values()
            .filter(|c| c.is_thread() && c.parent == Some(id))
            .map(|c| c.id)
            .collect();
        let talking: Vec<UserId> = self
            .state
            .guild(guild)?
            .voice
            .iter()
            .filter(|(_, voice)| voice.channel == id)
            .map(|(user, _)| *user)
            .collect();
        for user in talking {
            self.disconnect(guild, user)?;
        }
        let data = wire::channel(&found);
        self.emit_channel("CHANNEL_DELETE", id, data);
        // Threads go with their channel, and no event tells of them or of any message.
        for thread in inside {
            self.forget(thread);
        }
        self.forget(id);
        for child in self.state.channels.values_mut().filter(|child| child.parent == Some(id)) {
            child.parent = None;
        }
        self.audit(guild, 12, by, Some(id.0), vec![change("name", found.name, ())], None);
        Ok(Answer::Channel(id))
    }

    fn forget(&mut self, id: ChannelId) {
        self.state.channels.remove(&id);
        self.state.messages.remove(&id);
    }

    pub(super) fn set_overwrite(
        &mut self,
        by: UserId,
        id: ChannelId,
        new: Overwrite,
    ) -> Result<Answer, Refused> {
        let guild = self.overwritable(by, id)?;
        let there = &self.state.channel(id)?.overwrites;
        let old: Vec<Overwrite> = there.iter().filter(|o| o.id == new.id).copied().collect();
        self.may_hand_out(by, id, changed(&old, &[new]))?;
        let found = self.state.guild(guild)?;
        let known = if new.kind == 0 {
            found.roles.keys().any(|role| role.0 == new.id)
        } else {
            self.state.users.contains_key(&UserId(new.id))
        };
        if !known {
            return Err(Refused::unknown_overwrite());
        }
        let options = overwrite_options(
            &new,
            found.roles.values().find(|role| role.id.0 == new.id).map(|r| r.name.as_str()),
        );
        let before = self.bot_sight(guild);
        let channel = self.state.channel_mut(id)?;
        let (action, changes) = if let Some(old) = channel.overwrites.iter_mut().find(|o| o.id == new.id) {
            let changes = vec![
                change("allow", old.allow.to_string(), new.allow.to_string()),
                change("deny", old.deny.to_string(), new.deny.to_string()),
            ];
            *old = new;
            (14, changes)
        } else {
            channel.overwrites.push(new);
            let changes = vec![
                change("id", (), new.id.to_string()),
                change("allow", (), new.allow.to_string()),
                change("deny", (), new.deny.to_string()),
            ];
            (13, changes)
        };
        let data = wire::channel(channel);
        self.emit_channel("CHANNEL_UPDATE", id, data);
        self.audit(guild, action, by, Some(id.0), changes, Some(options));
        self.announce_sight(guild, &before);
        Ok(Answer::Channel(id))
    }

    pub(super) fn remove_overwrite(
        &mut self,
        by: UserId,
        id: ChannelId,
        target: u64,
    ) -> Result<Answer, Refused> {
        let guild = self.overwritable(by, id)?;
        let channel = self.state.channel(id)?;
        let Some(old) = channel.overwrites.iter().find(|o| o.id == target).copied() else {
            return Err(Refused::unknown_overwrite());
        };
        let before = self.bot_sight(guild);
        let channel = self.state.channel_mut(id)?;
        channel.overwrites.retain(|o| o.id != target);
        let data = wire::channel(channel);
        self.emit_channel("CHANNEL_UPDATE", id, data);
        let changes = vec![
            change("id", old.id.to_string(), ()),
            change("allow", old.allow.to_string(), ()),
            change("deny", old.deny.to_string(), ()),
        ];
        self.audit(guild, 15, by, Some(id.0), changes, Some(overwrite_options(&old, None)));
        self.announce_sight(guild, &before);
        Ok(Answer::Channel(id))
    }

    /// The server of a channel whose overwrites `by` may edit (`MANAGE_ROLES` there); threads have none.
    fn overwritable(&self, by: UserId, id: ChannelId) -> Result<GuildId, Refused> {
        let found = self.state.channel(id)?;
        let Some(guild) = found.guild else { return Err(Refused::not_in_dm()) };
        self.state.allow(id, by, bits::MANAGE_ROLES, self.at)?;
        if found.is_thread() {
            return Err(Refused::wrong_channel_kind());
        }
        Ok(guild)
    }

    /// Nobody changes in an overwrite a permission that they hold neither in the server nor in the category, unless
    /// an overwrite of this channel gives them `MANAGE_ROLES` (Discord's documentation, "Edit Channel Permissions").
    /// Bits that stay as they were are not asked about (unverified against Discord itself).
    fn may_hand_out(&self, by: UserId, id: ChannelId, changed: u64) -> Result<(), Refused> {
        let channel = self.state.channel(id)?;
        let Some(guild) = channel.guild else { return Err(Refused::not_in_dm()) };
        let roles = &self.state.member(guild, by)?.roles;
        let granted = channel.overwrites.iter().any(|o| {
            let own = o.kind == 1 && o.id == by.0 || o.kind == 0 && roles.iter().any(|role| role.0 == o.id);
            own && o.allow & bits::MANAGE_ROLES != 0
        });
        let above =
            channel.parent.map_or(0, |parent| permissions::in_channel(self.state, parent, by, self.at));
        let held = permissions::in_guild(self.state, guild, by, self.at) | above;
        if granted || changed & bits::ALL & !held == 0 { Ok(()) } else { Err(Refused::missing_permissions()) }
    }

    pub(super) fn open_dm(&mut self, by: UserId, with: UserId) -> Result<Answer, Refused> {
        self.state.user(by)?;
        if by == with || (self.state.user(with)?.bot && self.state.user(by)?.bot) {
            return Err(Refused::cannot_dm());
        }
        if let Some(open) = self.state.dm_between(by, with) {
            return Ok(Answer::Channel(open.id));
        }
        let id = ChannelId(self.state.next_id(self.at));
        let channel = Channel {
            id,
            kind: kind::DM,
            guild: None,
            parent: None,
            name: String::new(),
            topic: None,
            position: 0,
            slow_mode: 0,
            overwrites: Vec::new(),
            thread: None,
            people: vec![by, with],
            last_message: None,
        };
        self.state.channels.insert(id, channel);
        Ok(Answer::Channel(id))
    }
}

fn overwrite_options(overwrite: &Overwrite, role: Option<&str>) -> Map<String, Value> {
    let mut options = Map::new();
    options.insert("id".to_owned(), overwrite.id.to_string().into());
    options.insert("type".to_owned(), overwrite.kind.to_string().into());
    if let Some(role) = role {
        options.insert("role_name".to_owned(), role.into());
    }
    options
}

fn check_name(name: &str) -> Result<(), Refused> {
    match name.chars().count() {
        1..=100 => Ok(()),
        _ => Err(Refused::invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")),
    }
}

/// The bits that differ between two states of a channel's overwrites.
fn changed(old: &[Overwrite], new: &[Overwrite]) -> u64 {
    let bits = |all: &[Overwrite], like: &Overwrite| {
        let found = all.iter().find(|o| o.id == like.id && o.kind == like.kind);
        found.map_or((0, 0), |o| (o.allow, o.deny))
    };
    old.iter().chain(new).fold(0, |all, one| {
        let ((allow, deny), (new_allow, new_deny)) = (bits(old, one), bits(new, one));
        all | allow ^ new_allow | deny ^ new_deny
    })
}
