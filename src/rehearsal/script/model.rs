//! A script that has been read and checked: every name in it is known, every time is a moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::contact::EnrolmentRule;
use crate::contact::rules::settings::ContactPolicy;
use crate::domain::zone::Zone;
use crate::domain::{Category, Code, Kind, Level, SpaceKind, Timestamp};

/// A whole evening.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The file's name, for messages.
    pub file: String,
    /// The charity's club: it becomes the server.
    pub club: String,
    /// Local time.
    pub zone: Zone,
    /// When the evening begins.
    pub start: Timestamp,
    /// Everybody, by the name that the script gives them.
    pub people: BTreeMap<String, Person>,
    /// Channels, in the order of the file.
    pub spaces: Vec<Space>,
    /// Booked sessions.
    pub sessions: Vec<Session>,
    /// Approved contact plans.
    pub plans: Vec<Plan>,
    /// Who is kept apart.
    pub separations: Vec<Separation>,
    /// What the club decides about contact.
    pub contact: ContactPolicy,
    /// Whether a worker's role counts without an enrolment.
    pub enrolment: EnrolmentRule,
    /// How leads are called.
    pub paging: Paging,
    /// The timeline, in order.
    pub lines: Vec<Line>,
    /// Changes whenever the text changes, so that a run is never continued with another script.
    pub fingerprint: String,
}

/// Somebody in the evening. All are invented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What the server shows.
    pub shown: String,
    /// The roles that they hold; none is a guest.
    pub roles: BTreeSet<String>,
    /// Where a lead's e-mail goes.
    pub email: String,
}

impl Person {
    /// What the roles make of the person.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::of_mapped(&self.roles.iter().filter_map(|role| Kind::from_role_name(role)).collect())
    }

    /// The slot of the paging ladder in which the person stands.
    #[must_use]
    pub fn slot(&self) -> Option<&'static str> {
        match self.kind() {
            Kind::Dsl => Some("dsl"),
            Kind::DeputyDsl => Some("deputy-dsl"),
            Kind::SeniorManager => Some("senior-manager"),
            Kind::Chair => Some("chair"),
            _ => None,
        }
    }
}

/// The slots that a page can be expected to go to.
pub const SLOTS: [&str; 5] = ["dsl", "deputy-dsl", "senior-manager", "chair", "external"];

/// A channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its name without `#`.
    pub name: String,
    /// Text, voice or forum.
    pub kind: SpaceKind,
    /// The heading under which it stands.
    pub category: Option<String>,
    /// People and roles who see it; empty means everybody.
    pub private_to: Vec<Who>,
}

/// One person, or everybody who holds a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A person of the script.
    Person(String),
    /// A role.
    Role(String),
}

/// A booked session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name in the register.
    pub id: String,
    /// Its spaces.
    pub spaces: Vec<String>,
    /// Its leaders.
    pub leaders: Vec<String>,
    /// When it starts.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Who signed the relaxation of two-adult cover.
    pub cover_relaxed_by: Option<String>,
}

/// An approved contact plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name in the register.
    pub id: String,
    /// The adult.
    pub adult: String,
    /// The young person.
    pub young_person: String,
    /// The declared observer.
    pub observer: Option<String>,
    /// Who approved it.
    pub approved_by: String,
    /// When it may be used.
    pub windows: Vec<(Timestamp, Timestamp)>,
}

/// Two people who are kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Separation {
    /// Who.
    pub between: (String, String),
    /// Who ordered it.
    pub by: String,
}

/// What the club's office does to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are named as in the script; each variant says what happens")]
pub enum ClubDeed {
    /// Opens by hand what was closed for somebody.
    LiftLock { space: String, person: String },
    /// Opens direct messages between members (and invites).
    LiftDmPause,
    /// Takes the bot off the server.
    RemoveBot,
    /// Gives a role a right, or takes it.
    Right { role: String, bits: u64, given: bool },
    /// Makes a channel that only these see; the bot is not told who.
    MakeChannel { name: String, private_to: Vec<Who> },
    /// Takes a channel out of the bot's sight.
    HideFromBot { space: String },
    /// Deafens somebody in voice.
    Deafen { person: String },
}

/// How leads are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paging {
    /// How long a rung of the ladder has before the next is called.
    pub wait: Duration,
    /// How long after the beginning of a round the next one begins.
    pub again: Duration,
    /// The e-mail address of the contact outside the charity.
    pub external_email: Option<String>,
}

/// One line of the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where it stands in the file, from 1.
    pub number: usize,
    /// When it happens.
    pub at: Timestamp,
    /// The title of the scene that begins with it.
    pub scene: Option<String>,
    /// The name by which other lines refer to it.
    pub id: Option<String>,
    /// Whether the platform is expected to refuse it.
    pub refused: bool,
    /// What happens, or what is expected.
    pub doing: Doing,
}

/// What a line is.
#[derive(Clone, Debug, PartialEq)]
pub enum Doing {
    /// Something happens.
    Act(Act),
    /// Something is expected to be so.
    Expect(Expect),
}

/// A line of the timeline by its place in [`Script::lines`].
pub type LineIndex = usize;

/// A file that is only described: there are no bytes anywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub kind: Option<String>,
    /// Its size in bytes.
    pub size: u32,
    /// Its alternative text.
    pub alt: Option<String>,
}

/// What somebody fills into a field of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// Yes or no.
    Yes(bool),
    /// A person of the script.
    Person(String),
    /// A space of the script.
    Space(String),
}

/// Something that happens. `who` is a person of the script.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in the script; each variant says what happens")]
pub enum Act {
    /// Somebody writes.
    Say { who: String, space: String, text: String, reply_to: Option<LineIndex>, files: Vec<File> },
    /// Somebody writes to somebody else, where no bot sees it.
    WriteTo { who: String, person: String, text: String },
    /// Somebody writes to the bot.
    TellBot { who: String, text: String },
    /// Somebody changes what they wrote.
    Edit { who: String, message: LineIndex, text: String },
    /// Somebody deletes a message.
    Delete { who: String, message: LineIndex },
    /// Somebody puts a reaction on a message, or takes it back.
    React { who: String, message: LineIndex, emoji: String, added: bool },
    /// Somebody opens a thread.
    OpenThread { who: String, space: String, name: String, with: Vec<String>, private: bool },
    /// Somebody brings somebody into a thread (or joins).
    Add { who: String, person: String, thread: String },
    /// Somebody takes somebody out of a thread (or leaves).
    Remove { who: String, person: String, thread: String },
    /// Somebody joins a voice room.
    JoinVoice { who: String, room: String },
    /// Somebody leaves voice.
    LeaveVoice { who: String },
    /// The club gives somebody a role, or takes it away.
    Role { who: String, role: String, gains: bool },
    /// Somebody presses Acknowledge on a page: their newest, or the n-th that they received (from 1).
    Acknowledge { who: String, page: Option<u32> },
    /// Somebody reports a message, or in their own words, to safeguarding; perhaps past the usual line.
    Report {
        who: String,
        message: Option<LineIndex>,
        words: Option<String>,
        in_charge: bool,
        about: Option<String>,
    },
    /// Somebody uses a slash command.
    Use { who: String, space: String, command: String, sub: Option<String>, fields: Vec<(String, Given)> },
    /// The bot's process stops or starts.
    Bot { up: bool },
    /// The clock is set forward without the minutes in between, or back.
    Clock { by: Duration, back: bool },
    /// The club's office changes the server.
    Club { deed: ClubDeed },
    /// The platform misbehaves.
    Fault { fault: PlatformFault, calls: u32, on: Option<(String, String)> },
}

/// How the platform misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlatformFault {
    /// The gateway's socket is dropped.
    DropSocket,
    /// The next events are delivered twice.
    Duplicate,
    /// The next calls are answered 429.
    TooMany,
    /// The next calls are answered with this status.
    Status(u16),
    /// The next calls are refused with 403.
    Forbidden,
}

/// From when on an expectation looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// The newest line that did something.
    LastAct,
    /// A line.
    Line(LineIndex),
    /// The beginning.
    Start,
}

/// What is expected, and over which stretch.
#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    /// From when on.
    pub since: Since,
    /// What.
    pub that: That,
}

/// What is expected to be so.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "fields are named as in the script; each variant says what is expected")]
pub enum That {
    /// A page went to a slot.
    Page { slot: String, level: Option<Level>, category: Option<Category>, latest: Option<Latest> },
    /// No page went to a slot (to anybody).
    NoPage { slot: Option<String> },
    /// A concern stands at a category and level.
    Concern {
        category: Category,
        by: Option<String>,
        towards: Option<String>,
        level: Option<Level>,
        codes: Vec<Code>,
    },
    /// There is no concern (of a category) at level 2 or higher.
    NoConcern { category: Option<Category>, by: Option<String>, towards: Option<String> },
    /// The digest of a lead has a line of a category.
    Digest { category: Category, reader: Option<String> },
    /// The daily digest reached a reader.
    DigestSent { person: String },
    /// A message is out of sight, or still there.
    Message { message: LineIndex, hidden: bool },
    /// A person can write in a space, or cannot.
    Space { space: String, person: String, locked: bool },
    /// Somebody is not in voice (any more).
    Disconnected { person: String },
    /// Direct messages between members are paused, or not.
    Dms { paused: bool },
    /// Somebody received a private message of the bot's.
    Told { person: String, code: Option<String> },
    /// Nobody told somebody anything.
    NotTold { person: String },
    /// An e-mail page reached somebody.
    Mail { person: String },
    /// Nothing at all was done: no concern from level 2 on, no page, no containment, no private message.
    Nothing,
    /// The evidence log verifies.
    LogVerifies,
    /// A case was acknowledged by somebody.
    AcknowledgedBy { person: String },
    /// The bot's newest answer to a command of somebody holds these words.
    Answered { person: String, text: String },
    /// Something was noticed, at whatever level; or was not.
    Noticed { code: Code, by: Option<String>, towards: Option<String>, so: bool },
}

/// By when something must have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latest {
    /// So long after the stretch began.
    Within(Duration),
    /// At a moment.
    At(Timestamp),
}
