//! Threads: opened, joined, left, put away, locked.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::change;
use crate::domain::{ChannelId, GuildId, MessageId, UserId};
use crate::rehearsal::platform::model::{Channel, Thread, kind};
use crate::rehearsal::platform::op::{Answer, ChannelEdit, NewThread};
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{bits, permissions, wire};

impl Turn<'_> {
    pub(super) fn open_thread(
        &mut self,
        by: UserId,
        parent: ChannelId,
        new: &NewThread,
    ) -> Result<Answer, Refused> {
        let found = self.state.channel(parent)?;
        let Some(guild) = found.guild else { return Err(Refused::not_in_dm()) };
        if found.is_thread() || !matches!(found.kind, kind::TEXT | kind::ANNOUNCEMENT | kind::FORUM) {
            return Err(Refused::wrong_channel_kind());
        }
        if !(1..=100).contains(&new.name.chars().count()) {
            return Err(Refused::invalid(
                "name",
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 100 in length.",
            ));
        }
        let needed = if new.private { bits::CREATE_PRIVATE_THREADS } else { bits::CREATE_PUBLIC_THREADS };
        self.state.allow(parent, by, needed, self.at)?;
        if let Some(message) = new.message {
            self.state.message(parent, message)?;
            if self.state.channels.contains_key(&ChannelId(message.0)) {
                return Err(Refused::thread_exists());
            }
        }
        for person in &new.invite {
            self.state.member(guild, *person)?;
        }
        // A thread on a message has the message's own number.
        let id = ChannelId(new.message.map_or_else(|| self.state.next_id(self.at), |message| message.0));
        let (kind, at) = (if new.private { kind::PRIVATE_THREAD } else { kind::PUBLIC_THREAD }, self.at);
        let thread = Channel {
            id,
            kind,
            guild: Some(guild),
            parent: Some(parent),
            name: new.name.clone(),
            topic: None,
            position: 0,
            slow_mode: 0,
            overwrites: Vec::new(),
            thread: Some(Thread {
                owner: by,
                archived: false,
                archive_changed: at,
                auto_archive: new.auto_archive.unwrap_or(1440),
                locked: false,
                invitable: new.invitable.unwrap_or(true),
                created: at,
                members: BTreeMap::from([(by, at)]),
                sent: 0,
            }),
            people: Vec::new(),
            last_message: None,
        };
        self.state.channels.insert(id, thread);
        self.emit_thread_create(id, by == self.state.bot, true);
        self.emit_members(guild, id, &[by], &[]);
        self.audit(guild, 110, by, Some(id.0), vec![change("name", (), new.name.clone())], None);
        if let Some(message) = new.message {
            let found = self.state.message_mut(parent, message)?;
            found.flags |= 1 << 5;
            let found = self.state.message(parent, message)?;
            let data = wire::message::gateway_message(self.state, found);
            self.emit_channel("MESSAGE_UPDATE", parent, data);
        } else if !new.private {
            self.announce_thread(by, parent, id)?;
        }
        for person in &new.invite {
            self.bring_in(guild, id, *person)?;
        }
        Ok(Answer::Channel(id))
    }

    /// `THREAD_CREATE`, with the bot's own membership when it has one.
    fn emit_thread_create(&mut self, id: ChannelId, own: bool, newly_created: bool) {
        let Ok(thread) = self.state.channel(id) else { return };
        let mut data = wire::channel(thread);
        if newly_created {
            data["newly_created"] = true.into();
        }
        if own {
            data["member"] = wire::thread_member(id, self.state.bot, self.at);
        }
        self.emit_channel("THREAD_CREATE", id, data);
    }

    fn emit_members(&mut self, guild: GuildId, id: ChannelId, added: &[UserId], removed: &[UserId]) {
        let Ok(thread) = self.state.channel(id) else { return };
        let count = thread.thread.as_ref().map_or(0, |thread| thread.members.len());
        let joined: Vec<Value> = added
            .iter()
            .map(|person| {
                let mut data = wire::thread_member(id, *person, self.at);
                if let Ok(member) = self.state.member(guild, *person) {
                    data["member"] = wire::member(self.state, member);
                    data["presence"] = Value::Null;
                }
                data
            })
            .collect();
        let mut data = json!({"id": id, "guild_id": guild, "member_count": count.min(50)});
        if !joined.is_empty() {
            data["added_members"] = joined.into();
        }
        if !removed.is_empty() {
            data["removed_member_ids"] = json!(removed);
        }
        self.emit_channel("THREAD_MEMBERS_UPDATE", id, data);
    }

    fn bring_in(&mut self, guild: GuildId, id: ChannelId, person: UserId) -> Result<(), Refused> {
        let at = self.at;
        let thread = self.state.channel_mut(id)?.thread.as_mut().ok_or_else(Refused::wrong_channel_kind)?;
        if thread.members.contains_key(&person) {
            return Ok(());
        }
        thread.members.insert(person, at);
        if person == self.state.bot {
            self.emit_thread_create(id, true, false);
        }
        self.emit_members(guild, id, &[person], &[]);
        Ok(())
    }

    pub(super) fn add_thread_member(
        &mut self,
        by: UserId,
        id: ChannelId,
        user: UserId,
    ) -> Result<Answer, Refused> {
        let (guild, thread) = self.thread(id)?;
        self.state.allow(id, by, bits::VIEW_CHANNEL, self.at)?;
        self.state.member(guild, user)?;
        if thread.archived {
            return Err(Refused::thread_archived());
        }
        let manages = permissions::in_channel(self.state, id, by, self.at) & bits::MANAGE_THREADS != 0;
        if by != user {
            // Inviting is writing; a private thread whose owner forbade it takes MANAGE_THREADS.
            self.state.allow(id, by, bits::SEND_MESSAGES_IN_THREADS, self.at)?;
            let private = self.state.channel(id)?.kind == kind::PRIVATE_THREAD;
            if private && !thread.invitable && thread.owner != by && !manages {
                return Err(Refused::missing_permissions());
            }
            if let Some(parent) = self.state.channel(id)?.parent
                && !permissions::sees(self.state, parent, user, self.at)
            {
                return Err(Refused::missing_access());
            }
        }
        self.bring_in(guild, id, user)?;
        Ok(Answer::Channel(id))
    }

    pub(super) fn remove_thread_member(
        &mut self,
        by: UserId,
        id: ChannelId,
        user: UserId,
    ) -> Result<Answer, Refused> {
        let (guild, thread) = self.thread(id)?;
        self.state.allow(id, by, bits::VIEW_CHANNEL, self.at)?;
        if thread.archived {
            return Err(Refused::thread_archived());
        }
        let owns = thread.owner == by && self.state.channel(id)?.kind == kind::PRIVATE_THREAD;
        if by != user && !owns {
            self.state.allow(id, by, bits::MANAGE_THREADS, self.at)?;
        }
        if !thread.members.contains_key(&user) {
            return Err(Refused::unknown_member());
        }
        if let Some(thread) = self.state.channel_mut(id)?.thread.as_mut() {
            thread.members.remove(&user);
        }
        self.emit_members(guild, id, &[], &[user]);
        Ok(Answer::Channel(id))
    }

    pub(super) fn edit_thread(
        &mut self,
        by: UserId,
        id: ChannelId,
        edit: &ChannelEdit,
    ) -> Result<Answer, Refused> {
        let (guild, thread) = self.thread(id)?;
        let held = permissions::in_channel(self.state, id, by, self.at);
        if held & bits::VIEW_CHANNEL == 0 {
            return Err(Refused::missing_access());
        }
        let manages = held & bits::MANAGE_THREADS != 0;
        let owns = thread.owner == by && !thread.locked;
        // Anyone who may write may open an unlocked thread again; the owner may rename and put away.
        let only_opens = edit.archived == Some(false) && edit.locked.is_none() && edit.name.is_none();
        let writes = held & bits::SEND_MESSAGES_IN_THREADS != 0 && !thread.locked;
        if edit.locked.is_some() && !manages || !(manages || owns || only_opens && writes) {
            return Err(Refused::missing_permissions());
        }
        if thread.archived && edit.archived != Some(false) && edit.locked.is_none() {
            return Err(Refused::thread_archived());
        }
        let (at, mut changes) = (self.at, Vec::new());
        let channel = self.state.channel_mut(id)?;
        if let Some(name) = &edit.name {
            changes.push(change("name", channel.name.clone(), name.clone()));
            channel.name.clone_from(name);
        }
        if let Some(slow_mode) = edit.slow_mode {
            channel.slow_mode = slow_mode;
        }
        if let Some(thread) = channel.thread.as_mut() {
            if let Some(archived) = edit.archived.filter(|archived| *archived != thread.archived) {
                changes.push(change("archived", thread.archived, archived));
                thread.archived = archived;
                thread.archive_changed = at;
            }
            if let Some(locked) = edit.locked.filter(|locked| *locked != thread.locked) {
                changes.push(change("locked", thread.locked, locked));
                thread.locked = locked;
            }
            thread.invitable = edit.invitable.unwrap_or(thread.invitable);
            thread.auto_archive = edit.auto_archive.unwrap_or(thread.auto_archive);
        }
        let data = wire::channel(channel);
        self.emit_channel("THREAD_UPDATE", id, data);
        self.audit(guild, 111, by, Some(id.0), changes, None);
        Ok(Answer::Channel(id))
    }

    /// Writing brings somebody into a thread; writing into one that is put away opens it.
    pub(super) fn wake_thread(&mut self, id: ChannelId, by: UserId) -> Result<(), Refused> {
        let (guild, thread) = self.thread(id)?;
        if thread.archived {
            let at = self.at;
            let channel = self.state.channel_mut(id)?;
            if let Some(thread) = channel.thread.as_mut() {
                thread.archived = false;
                thread.archive_changed = at;
            }
            let data = wire::channel(channel);
            self.emit_channel("THREAD_UPDATE", id, data);
        }
        self.bring_in(guild, id, by)
    }

    /// The message that Discord puts into the channel when a public thread is opened on its own (type 18).
    fn announce_thread(&mut self, by: UserId, parent: ChannelId, thread: ChannelId) -> Result<(), Refused> {
        let name = self.state.channel(thread)?.name.clone();
        let mut note = self.bare_message(by, parent);
        note.kind = 18;
        note.content = name;
        note.reference = Some((thread, MessageId(thread.0)));
        self.post(note)
    }

    fn thread(&self, id: ChannelId) -> Result<(GuildId, Thread), Refused> {
        let found = self.state.channel(id)?;
        match (found.guild, &found.thread) {
            (Some(guild), Some(thread)) => Ok((guild, thread.clone())),
            _ => Err(Refused::wrong_channel_kind()),
        }
    }
}
