//! A server described in the words of a youth charity, and how to find it again after a restart.

use std::collections::BTreeMap;

use super::bits;
use super::model::{Overwrite, kind};
use super::op::{Answer, NewChannel, NewRole, Op, RoleEdit};
use super::refused::Refused;
use super::state::State;
use crate::domain::{ChannelId, GuildId, RoleId, UserId};

/// A server to set up.
#[derive(Clone, Debug, PartialEq)]
pub struct GuildPlan {
    /// Its name.
    pub name: String,
    /// The display name of its owner, who is nobody else in the plan unless named among the people too.
    pub owner: String,
    /// What everybody may do; none leaves Discord's default.
    pub everyone: Option<u64>,
    /// Roles, lowest first: name and permission bits.
    pub roles: Vec<(String, u64)>,
    /// People: display name and the names of their roles. Someone of this name who has an account already is
    /// the same person.
    pub people: Vec<(String, Vec<String>)>,
    /// Channels, in order; a category before what is in it.
    pub spaces: Vec<SpacePlan>,
    /// The bot's permission bits; none leaves the bot out.
    pub bot: Option<u64>,
    /// How many of `roles` stand under the bot's own role; none puts the bot on top.
    pub bot_above: Option<usize>,
}

impl GuildPlan {
    /// An empty server with the bot in it.
    #[must_use]
    pub fn new(name: impl Into<String>, owner: impl Into<String>) -> Self {
        GuildPlan {
            name: name.into(),
            owner: owner.into(),
            everyone: None,
            roles: Vec::new(),
            people: Vec::new(),
            spaces: Vec::new(),
            bot: Some(bits::SUPERVISOR_BOT),
            bot_above: None,
        }
    }

    /// Adds a role above those before.
    #[must_use]
    pub fn role(mut self, name: &str, permissions: u64) -> Self {
        self.roles.push((name.to_owned(), permissions));
        self
    }

    /// Adds a person.
    #[must_use]
    pub fn person(mut self, name: &str, roles: &[&str]) -> Self {
        self.people.push((name.to_owned(), roles.iter().map(|role| (*role).to_owned()).collect()));
        self
    }

    /// Adds a channel.
    #[must_use]
    pub fn space(mut self, space: SpacePlan) -> Self {
        self.spaces.push(space);
        self
    }
}

/// Whom an overwrite is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// Everyone.
    Everyone,
    /// A role, by name.
    Role(String),
    /// A person, by display name.
    Person(String),
    /// The bot.
    Bot,
}

/// A channel to set up.
#[derive(Clone, Debug, PartialEq)]
pub struct SpacePlan {
    /// Its name.
    pub name: String,
    /// Discord's channel type.
    pub kind: u8,
    /// What it says about itself.
    pub topic: Option<String>,
    /// The name of its category.
    pub category: Option<String>,
    /// Overwrites: whom for, granted, refused.
    pub overwrites: Vec<(Whom, u64, u64)>,
}

impl SpacePlan {
    /// A text channel that everybody sees.
    #[must_use]
    pub fn text(name: &str) -> Self {
        SpacePlan {
            name: name.to_owned(),
            kind: kind::TEXT,
            topic: None,
            category: None,
            overwrites: Vec::new(),
        }
    }

    /// A voice channel that everybody sees.
    #[must_use]
    pub fn voice(name: &str) -> Self {
        SpacePlan { kind: kind::VOICE, ..SpacePlan::text(name) }
    }

    /// Adds an overwrite.
    #[must_use]
    pub fn overwrite(mut self, whom: Whom, allow: u64, deny: u64) -> Self {
        self.overwrites.push((whom, allow, deny));
        self
    }

    /// Closes it to everybody but these (and the owner and administrators).
    #[must_use]
    pub fn only_for(self, whom: &[Whom]) -> Self {
        let closed = self.overwrite(Whom::Everyone, 0, bits::VIEW_CHANNEL);
        whom.iter().fold(closed, |space, one| space.overwrite(one.clone(), bits::VIEW_CHANNEL, 0))
    }
}

/// A server that was set up, by the names of its plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Planned {
    /// The server.
    pub guild: GuildId,
    /// Its people by display name.
    pub people: BTreeMap<String, UserId>,
    /// Its roles by name.
    pub roles: BTreeMap<String, RoleId>,
    /// Its channels by name; of two of one name the older.
    pub spaces: BTreeMap<String, ChannelId>,
}

/// The server of this name as it stands, if there is one.
#[must_use]
pub fn find(state: &State, name: &str) -> Option<Planned> {
    let guild = state.guilds.values().find(|guild| guild.name == name)?;
    let mut found = Planned { guild: guild.id, ..Planned::default() };
    for user in guild.members.keys().filter_map(|user| state.users.get(user)) {
        found.people.entry(user.name.clone()).or_insert(user.id);
    }
    for role in guild.roles.values() {
        found.roles.entry(role.name.clone()).or_insert(role.id);
    }
    for channel in state.channels.values().filter(|channel| channel.guild == Some(guild.id)) {
        found.spaces.entry(channel.name.clone()).or_insert(channel.id);
    }
    Some(found)
}

/// Sets a server up through `perform`; everything is done by its owner, the bot comes last.
///
/// # Errors
/// When the plan names a role, person or category that it does not have (50035 with the name), or something in it
/// is refused as Discord would refuse it.
pub fn set_up(
    plan: &GuildPlan,
    bot: UserId,
    mut known: impl FnMut(&str) -> Option<UserId>,
    mut perform: impl FnMut(Op) -> Result<Answer, Refused>,
) -> Result<Planned, Refused> {
    let mut account = |name: &str, perform: &mut dyn FnMut(Op) -> Result<Answer, Refused>| match known(name) {
        Some(user) => Ok(user),
        None => match perform(Op::CreateUser { name: name.to_owned(), bot: false })? {
            Answer::User(user) => Ok(user),
            _ => Err(Refused::internal("no account")),
        },
    };
    let owner = account(&plan.owner, &mut perform)?;
    let Answer::Guild(guild) = perform(Op::CreateGuild { owner, name: plan.name.clone() })? else {
        return Err(Refused::internal("no server"));
    };
    let mut made = Planned { guild, ..Planned::default() };
    made.people.insert(plan.owner.clone(), owner);
    if let Some(permissions) = plan.everyone {
        let edit = RoleEdit { permissions: Some(permissions), ..RoleEdit::default() };
        perform(Op::EditRole { by: owner, guild, role: guild.everyone(), edit })?;
    }
    let below = plan.bot_above.unwrap_or(plan.roles.len()).min(plan.roles.len());
    let mut role = |name: &str, permissions: u64, position: usize, bot: Option<UserId>| {
        let position = Some(i32::try_from(position).unwrap_or(i32::MAX - 1));
        let new = NewRole { name: name.to_owned(), permissions, position, bot };
        match perform(Op::CreateRole { by: owner, guild, role: new })? {
            Answer::Role(role) => Ok(role),
            _ => Err(Refused::internal("no role")),
        }
    };
    for (index, (name, permissions)) in plan.roles.iter().enumerate() {
        let position = if index < below { index + 1 } else { index + 2 };
        made.roles.insert(name.clone(), role(name, *permissions, position, None)?);
    }
    let bot_role = plan.bot.map(|permissions| role("Bot", permissions, below + 1, Some(bot))).transpose()?;
    for (name, roles) in &plan.people {
        let user = account(name, &mut perform)?;
        let roles =
            roles.iter().map(|role| made.roles.get(role).copied().ok_or_else(|| unknown("role", role)));
        let roles = roles.collect::<Result<Vec<_>, _>>()?;
        perform(Op::JoinGuild { user, guild, roles })?;
        made.people.insert(name.clone(), user);
    }
    for space in &plan.spaces {
        let overwrites = space.overwrites.iter().map(|(whom, allow, deny)| {
            let (id, kind) = match whom {
                Whom::Everyone => (guild.0, 0),
                Whom::Role(name) => (made.roles.get(name).ok_or_else(|| unknown("role", name))?.0, 0),
                Whom::Person(name) => (made.people.get(name).ok_or_else(|| unknown("person", name))?.0, 1),
                Whom::Bot => (bot.0, 1),
            };
            Ok(Overwrite { id, kind, allow: *allow, deny: *deny })
        });
        let parent = space
            .category
            .as_ref()
            .map(|name| made.spaces.get(name).ok_or_else(|| unknown("category", name)));
        let channel = NewChannel {
            kind: space.kind,
            name: space.name.clone(),
            topic: space.topic.clone(),
            parent: parent.transpose()?.copied(),
            overwrites: overwrites.collect::<Result<Vec<_>, Refused>>()?,
        };
        if let Answer::Channel(id) = perform(Op::CreateChannel { by: owner, guild, channel })? {
            made.spaces.insert(space.name.clone(), id);
        }
    }
    if let Some(role) = bot_role {
        made.roles.insert("Bot".to_owned(), role);
        perform(Op::JoinGuild { user: bot, guild, roles: vec![role] })?;
    }
    Ok(made)
}

fn unknown(what: &str, name: &str) -> Refused {
    Refused::invalid(what, "UNKNOWN_NAME", &format!("the plan has no {what} called {name:?}"))
}
