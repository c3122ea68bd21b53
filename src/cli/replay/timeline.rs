//! Several exports as one stretch of time: who there is, and what was heard in which order.
//!
//! Messages are ordered by their time, equal times by message id; the reactions to a message follow it at once, in
//! the file's order. Message times are the clock: nothing happens before the first or after the last.

use std::collections::{BTreeMap, BTreeSet};

use super::export::{Account, Export, Exported};
use crate::domain::event::{GuildSnapshot, Member, Message, Role};
use crate::domain::person::RoleMapping;
use crate::domain::space::Permissions;
use crate::domain::{ChannelId, Event, GuildId, Heard, MessageId, RoleId, Timestamp, UserId};
use crate::engine::{Assessment, Organisation};

/// What was exported, merged.
#[derive(Debug, Default)]
pub struct Timeline {
    /// What each role means, with the roles of these exports in it.
    pub mapping: RoleMapping,
    /// Everything heard, in order.
    pub events: Vec<Heard>,
    /// The names of the channels.
    pub channels: BTreeMap<ChannelId, String>,
    /// Where in `events` each message stands.
    places: BTreeMap<(ChannelId, MessageId), usize>,
    /// What is worth telling about the files.
    pub counts: Counts,
}

/// What is worth telling about the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages heard.
    pub messages: usize,
    /// Messages of the platform itself (joins, pins): nobody's words.
    pub system: usize,
    /// The same message in two files (overlapping parts, a second export).
    pub twice: usize,
    /// Entries without id, author or time.
    pub left_out: usize,
    /// Reactions of which only a number is known.
    pub unnamed_reactions: u64,
}

impl Timeline {
    /// Merges exports. `mapping` says which roles make whom of an account; roles are known by id or by name, and a
    /// name counts even where several names share one id.
    #[must_use]
    pub fn of(mut exports: Vec<Export>, mapping: RoleMapping) -> Timeline {
        let mut timeline = Timeline { mapping, ..Timeline::default() };
        // What a newer export says of somebody goes before what an older one says.
        exports.sort_by_key(|export| std::cmp::Reverse(export.exported_at));
        let mut guilds: BTreeMap<GuildId, Guild> = BTreeMap::new();
        let mut elsewhere = Guild::default();
        let mut messages: BTreeMap<(ChannelId, MessageId), (Option<GuildId>, Exported)> = BTreeMap::new();
        for export in exports {
            timeline.counts.left_out += export.left_out;
            timeline.channels.entry(export.channel).or_insert(export.channel_name);
            let guild = export.guild.map_or(&mut elsewhere, |id| guilds.entry(id).or_default());
            if guild.name.is_empty() {
                guild.name = export.guild_name;
            }
            for (id, account) in export.people {
                guild.people.entry(id).and_modify(|known| known.complete_with(&account)).or_insert(account);
            }
            for message in export.messages {
                let key = (export.channel, message.id);
                match messages.get_mut(&key) {
                    Some((_, known)) => {
                        timeline.counts.twice += 1;
                        if message.edited_at > known.edited_at {
                            *known = message;
                        }
                    }
                    None => drop(messages.insert(key, (export.guild, message))),
                }
            }
        }
        // Whoever wrote in an exported direct message is met on every server, so that both sides are known there.
        if guilds.is_empty() {
            guilds.insert(GuildId(0), elsewhere);
        } else {
            for guild in guilds.values_mut() {
                for (id, account) in &elsewhere.people {
                    guild.people.entry(*id).or_insert_with(|| account.clone());
                }
            }
        }
        let authors: BTreeMap<MessageId, UserId> =
            messages.values().map(|(_, message)| (message.id, message.author)).collect();
        let mut ordered: Vec<_> =
            messages.into_iter().map(|((space, _), (guild, m))| (space, guild, m)).collect();
        ordered.sort_by_key(|(space, _, message)| (message.at, message.id, *space));
        let start = ordered.first().map_or(Timestamp::default(), |(_, _, message)| message.at);
        let roles = timeline.introduce(&guilds, start);
        for (space, guild, message) in ordered {
            timeline.hear(space, guild, message, &authors, &guilds, &roles);
        }
        timeline
    }

    /// One event per server that introduces its people and roles. No spaces: an export does not say who could see
    /// them.
    fn introduce(&mut self, guilds: &BTreeMap<GuildId, Guild>, at: Timestamp) -> Roles {
        let mut roles = Roles::default();
        for (id, guild) in guilds {
            let mut described = vec![Role {
                id: id.everyone(),
                name: "@everyone".to_owned(),
                permissions: Permissions::VIEW_CHANNEL,
                position: 0,
            }];
            let mut members = Vec::new();
            let mut of_guild = BTreeSet::new();
            for (user, account) in &guild.people {
                let held: BTreeSet<RoleId> = account
                    .roles
                    .iter()
                    .filter(|(role, _)| *role != id.everyone())
                    .map(|(role, name)| roles.number(*role, name, guilds, &mut self.mapping))
                    .collect();
                of_guild.extend(&held);
                members.push(Member {
                    id: *user,
                    name: account.name.clone(),
                    shown: account.nickname.clone().unwrap_or_else(|| account.name.clone()),
                    roles: held.clone(),
                    bot: account.bot,
                });
                roles.held.insert((*id, *user), held);
            }
            for role in of_guild {
                let name = roles.names.get(&role).cloned().unwrap_or_default();
                described.push(Role { id: role, name, permissions: Permissions(0), position: 1 });
            }
            let snapshot = GuildSnapshot {
                id: *id,
                name: guild.name.clone(),
                roles: described,
                members,
                ..GuildSnapshot::default()
            };
            self.events.push(Heard { at, event: Event::Guild(Box::new(snapshot)) });
        }
        roles
    }

    fn hear(
        &mut self,
        space: ChannelId,
        guild: Option<GuildId>,
        message: Exported,
        authors: &BTreeMap<MessageId, UserId>,
        guilds: &BTreeMap<GuildId, Guild>,
        roles: &Roles,
    ) {
        self.counts.unnamed_reactions += message.unnamed_reactions;
        let (at, id, author) = (message.at, message.id, message.author);
        if message.said {
            self.counts.messages += 1;
            let account = guild
                .and_then(|guild| guilds.get(&guild))
                .or_else(|| guilds.values().next())
                .and_then(|guild| guild.people.get(&author));
            let said = Message {
                id,
                space,
                guild,
                author,
                author_name: account.map(|account| account.name.clone()).unwrap_or_default(),
                author_shown: account.and_then(|account| account.nickname.clone()),
                author_roles: guild.and_then(|guild| roles.held.get(&(guild, author)).cloned()),
                automated: account.is_some_and(|account| account.bot),
                at,
                edited_at: message.edited_at,
                content: message.content,
                mentions: message.mentions,
                reply_to: message.reply_to.map(|answered| (answered, authors.get(&answered).copied())),
                elsewhere: message.elsewhere,
                attachments: message.attachments,
            };
            self.places.insert((space, id), self.events.len());
            self.events.push(Heard { at, event: Event::Said(Box::new(said)) });
        } else {
            self.counts.system += 1;
        }
        for (emoji, users) in message.reactions {
            for by in users {
                let emoji = emoji.clone();
                let event = Event::Reacted {
                    guild,
                    space,
                    message: id,
                    author: Some(author),
                    by,
                    emoji,
                    added: true,
                };
                self.events.push(Heard { at, event });
            }
        }
    }

    /// A message that was heard.
    #[must_use]
    pub fn message(&self, space: ChannelId, id: MessageId) -> Option<&Message> {
        match &self.events.get(*self.places.get(&(space, id))?)?.event {
            Event::Said(message) => Some(message),
            _ => None,
        }
    }

    /// Lets an organisation hear everything, with the ticks that it asks for in their places, and tells what came
    /// of each. Stops at the first error of `tell`.
    ///
    /// # Errors
    /// What `tell` gives.
    pub fn play<E>(
        &self,
        club: &mut Organisation,
        mut tell: impl FnMut(&Organisation, Timestamp, &Assessment) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut due: Option<Timestamp> = None;
        let mut now = Timestamp(i64::MIN);
        for heard in &self.events {
            while let Some(at) = due.filter(|at| *at > now && *at <= heard.at) {
                now = at;
                let assessment = club.assess(&Heard { at, event: Event::Due });
                due = assessment.due;
                tell(club, at, &assessment)?;
            }
            now = heard.at;
            let assessment = club.assess(heard);
            due = assessment.due;
            tell(club, now, &assessment)?;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Guild {
    name: String,
    people: BTreeMap<UserId, Account>,
}

/// Roles under numbers of our own: in exports that were made by hand several names share one id.
#[derive(Debug, Default)]
struct Roles {
    numbers: BTreeMap<(RoleId, String), RoleId>,
    names: BTreeMap<RoleId, String>,
    held: BTreeMap<(GuildId, UserId), BTreeSet<RoleId>>,
}

impl Roles {
    /// Our number for a role. What the mapping says of its id is said of our number too.
    fn number(
        &mut self,
        id: RoleId,
        name: &str,
        guilds: &BTreeMap<GuildId, Guild>,
        mapping: &mut RoleMapping,
    ) -> RoleId {
        let key = (id, name.to_owned());
        if let Some(known) = self.numbers.get(&key) {
            return *known;
        }
        // Counted down from the end, where neither a real role nor a server's `@everyone` is.
        let free = |number: &RoleId| {
            !self.names.contains_key(number)
                && !mapping.by_id.contains_key(number)
                && !guilds.contains_key(&GuildId(number.0))
        };
        let number = (0..u64::MAX).rev().map(RoleId).skip(self.names.len()).find(free).unwrap_or(id);
        if let Some(kind) = mapping.by_id.get(&id).copied() {
            mapping.by_id.insert(number, kind);
        }
        self.names.insert(number, name.to_owned());
        self.numbers.insert(key, number);
        number
    }
}
