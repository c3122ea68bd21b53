//! The stage: the script's club on the platform, and every name of the script as an id of the platform and back.
//!
//! The platform sets a server up whole or not at all, so that [`Stage::set`] finds all of it or nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::register::{ContactPlan, Pair, Register, Separation, SeparationReason, Session};
use crate::domain::{ChannelId, GuildId, MessageId, SpaceKind, UserId};
use crate::rehearsal::platform::model::kind;
use crate::rehearsal::platform::state::State;
use crate::rehearsal::platform::{GuildPlan, Handle, Refused, SpacePlan, Whom};
use crate::rehearsal::script::{Act, Doing, LineIndex, SLOTS, Script, Space, Who};

/// The display name of the account that owns the server: it takes no part in the evening.
pub const OFFICE: &str = "Club office";

/// A lead who can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lead {
    /// The script's name for them, which the paging configuration uses too.
    pub name: String,
    /// Their slot on the ladder (`dsl`, `deputy-dsl`, …).
    pub slot: &'static str,
    /// Their account; none for the contact outside the charity.
    pub account: Option<UserId>,
    /// Where their e-mail goes.
    pub email: String,
}

/// The script's names on the platform.
#[derive(Clone, Debug)]
pub struct Stage {
    /// The server.
    pub guild: GuildId,
    /// Its owner.
    pub office: UserId,
    /// The bot.
    pub bot: UserId,
    /// Everybody in the script.
    pub people: BTreeMap<String, UserId>,
    shown: BTreeMap<UserId, String>,
}

impl Stage {
    /// Finds or makes the script's club.
    ///
    /// # Errors
    /// When the platform refuses (its journal cannot be written, or belongs to something else).
    pub fn set(platform: &Handle, script: &Script) -> Result<Stage, Refused> {
        let bot = platform.bot();
        let made = match platform.find_guild(&script.club) {
            Some(made) => made,
            None => platform.create_guild(&plan_of(script))?,
        };
        let mut shown: BTreeMap<UserId, String> =
            made.people.iter().map(|(name, id)| (*id, name.clone())).collect();
        shown.insert(bot, "Chaperone".to_owned());
        let people = script.people.iter();
        let people =
            people.filter_map(|(name, person)| Some((name.clone(), *made.people.get(&person.shown)?)));
        Ok(Stage {
            guild: made.guild,
            office: made.people.get(OFFICE).copied().unwrap_or_default(),
            bot,
            people: people.collect(),
            shown,
        })
    }

    /// A person's account. The script was checked: everybody in it is on the stage.
    #[must_use]
    pub fn person(&self, name: &str) -> UserId {
        self.people.get(name).copied().unwrap_or_default()
    }

    /// What the server shows for an account.
    #[must_use]
    pub fn shown(&self, person: UserId) -> String {
        self.shown.get(&person).cloned().unwrap_or_else(|| "somebody".to_owned())
    }

    /// A channel or thread by its name; none before it was opened.
    #[must_use]
    pub fn space(&self, platform: &Handle, name: &str) -> Option<ChannelId> {
        platform.read(|state| space_named(state, self.guild, name))
    }

    /// The message that a line said, wherever it is; none when it was never said.
    #[must_use]
    pub fn message(&self, platform: &Handle, line: LineIndex) -> Option<(ChannelId, MessageId)> {
        let nonce = nonce_of(line);
        platform.read(|state| {
            state.messages.iter().find_map(|(channel, messages)| {
                let found = messages
                    .values()
                    .find(|message| message.nonce.as_ref() == Some(&nonce) && message.author != self.bot)?;
                Some((*channel, found.id))
            })
        })
    }

    /// Everybody who can be called, by slot.
    #[must_use]
    pub fn leads(&self, script: &Script) -> Vec<Lead> {
        let mut leads: Vec<Lead> = script
            .people
            .iter()
            .filter_map(|(name, person)| {
                let account = Some(self.person(name));
                Some(Lead { name: name.clone(), slot: person.slot()?, account, email: person.email.clone() })
            })
            .collect();
        if let Some(email) = &script.paging.external_email {
            let (name, email) = ("external".to_owned(), email.clone());
            leads.push(Lead { name, slot: "external", account: None, email });
        }
        leads.sort_by_key(|lead| SLOTS.iter().position(|slot| *slot == lead.slot));
        leads
    }

    /// The register as the script books it.
    #[must_use]
    pub fn register(&self, platform: &Handle, script: &Script) -> Vec<Register> {
        let person = |name: &String| self.person(name);
        let sessions = script.sessions.iter().map(|session| {
            Register::SessionBooked(Session {
                id: session.id.clone(),
                spaces: session.spaces.iter().filter_map(|name| self.space(platform, name)).collect(),
                leaders: session.leaders.iter().map(person).collect(),
                from: session.from,
                until: session.until,
                cover_relaxed_by: session.cover_relaxed_by.as_ref().map(person),
                ..Session::default()
            })
        });
        let plans = script.plans.iter().map(|plan| {
            Register::PlanApproved(ContactPlan {
                id: plan.id.clone(),
                adult: person(&plan.adult),
                young_person: person(&plan.young_person),
                observer: plan.observer.as_ref().map(person),
                approved_by: person(&plan.approved_by),
                windows: plan.windows.clone(),
                ..ContactPlan::default()
            })
        });
        let separations = script.separations.iter().map(|apart| {
            Register::SeparationOrdered(Separation {
                between: Pair::of(person(&apart.between.0), person(&apart.between.1)),
                since: script.start,
                by: person(&apart.by),
                reason: SeparationReason::Precaution,
                expires: None,
            })
        });
        sessions.chain(plans).chain(separations).collect()
    }
}

/// How a client marks the message of a line: a number, as Discord's own clients send one.
#[must_use]
pub fn nonce_of(line: LineIndex) -> String {
    format!("{}", 1_400_000_000_000_000_000_u64 + line as u64)
}

fn space_named(state: &State, guild: GuildId, name: &str) -> Option<ChannelId> {
    let mut channels = state.channels.values();
    channels
        .find(|channel| {
            channel.guild == Some(guild) && channel.kind != kind::CATEGORY && channel.name == name
        })
        .map(|channel| channel.id)
}

fn plan_of(script: &Script) -> GuildPlan {
    let mut guild = GuildPlan::new(&script.club, OFFICE);
    let used: BTreeSet<&String> = script.people.values().flat_map(|person| &person.roles).collect();
    let given = script.lines.iter().filter_map(|line| match &line.doing {
        Doing::Act(Act::Role { role, .. }) => Some(role),
        _ => None,
    });
    let private = script.spaces.iter().flat_map(|space| &space.private_to).filter_map(|who| match who {
        Who::Role(role) => Some(role),
        Who::Person(_) => None,
    });
    let roles: BTreeSet<&String> = used.into_iter().chain(given).chain(private).collect();
    for role in roles {
        // No power of office for anybody: staff who hold moderation permissions are not bound by a DM pause.
        guild = guild.role(role, 0);
    }
    for person in script.people.values() {
        let roles: Vec<&str> = person.roles.iter().map(String::as_str).collect();
        guild = guild.person(&person.shown, &roles);
    }
    let mut categories = BTreeSet::new();
    for space in &script.spaces {
        if let Some(category) = &space.category
            && categories.insert(category)
        {
            guild = guild.space(SpacePlan { kind: kind::CATEGORY, ..SpacePlan::text(category) });
        }
    }
    for space in &script.spaces {
        guild = guild.space(channel_of(space, script));
    }
    guild
}

fn channel_of(space: &Space, script: &Script) -> SpacePlan {
    let number = match space.kind {
        SpaceKind::Voice => kind::VOICE,
        SpaceKind::Stage => kind::STAGE,
        SpaceKind::Forum => kind::FORUM,
        _ => kind::TEXT,
    };
    let category = space.category.clone();
    let plan = SpacePlan { kind: number, category, ..SpacePlan::text(&space.name) };
    if space.private_to.is_empty() {
        return plan;
    }
    let mut whom: Vec<Whom> = space
        .private_to
        .iter()
        .map(|who| match who {
            Who::Role(role) => Whom::Role(role.clone()),
            Who::Person(name) => {
                Whom::Person(script.people.get(name).map(|person| person.shown.clone()).unwrap_or_default())
            }
        })
        .collect();
    whom.push(Whom::Bot);
    plan.only_for(&whom)
}
