//! Facts: what is durable. The engine's state is what folding them gives, so a restart changes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::Ended;
use super::space::Overwrite;
use super::{
    CaseRef, Category, ChannelId, ConcernKey, Effect, GuildId, Level, MessageId, Observation, Timestamp,
    UserId,
};

/// One durable fact of an organisation. It holds ids, codes and times; never a word of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum Fact {
    /// Something was observed.
    Observed(Observation),
    /// Two young people said something to each other that would count if one of them were an adult. It counts for
    /// nothing and is shown to nobody unless the speaker's age comes out; the window forgets it.
    Aside(Observation),
    /// How an adult and a young person were in touch on one local day that is over: counts, never words.
    ContactDay {
        /// The adult.
        by: UserId,
        /// The young person.
        towards: UserId,
        /// The local day, as days of the common era.
        day: i32,
        /// The adult's messages towards the young person.
        messages: u32,
        /// The young person's messages towards the adult.
        replies: u32,
        /// The adult's messages late at night.
        late: u32,
        /// The adult wrote first that day.
        opened: bool,
    },
    /// A concern was raised, or what it is rose.
    ConcernRaised {
        /// `r-0001`.
        reference: String,
        /// What keeps it apart.
        key: ConcernKey,
        /// Its category now.
        category: Category,
        /// Its level now.
        level: Level,
        /// The subjects.
        by: BTreeSet<UserId>,
        /// Towards whom.
        towards: BTreeSet<UserId>,
        /// What was observed, in order of time.
        reasons: Vec<Observation>,
        /// The case it belongs to, from level 3.
        case: Option<CaseRef>,
    },
    /// A case was opened.
    CaseOpened {
        /// Its number.
        case: CaseRef,
        /// Its category.
        category: Category,
        /// Its level.
        level: Level,
        /// The subjects.
        subjects: BTreeSet<UserId>,
    },
    /// A case got worse, or the same happened again after somebody had acknowledged it: it is back on the ladder, at
    /// the level that it has now.
    CaseRose {
        /// Which.
        case: CaseRef,
        /// Its category now.
        category: Category,
        /// Its level now.
        level: Level,
        /// The subjects now.
        subjects: BTreeSet<UserId>,
    },
    /// A named person acknowledged a case.
    Acknowledged {
        /// Which.
        case: CaseRef,
        /// Who.
        by: UserId,
        /// Over which channel.
        via: String,
    },
    /// An acknowledgement that changes nothing was received: late, a second one, or by somebody who may not know.
    AcknowledgementRefused {
        /// Which case.
        case: CaseRef,
        /// Who tried.
        by: UserId,
        /// Why, as a code (`already-acknowledged`, `may-not-know`, `no-such-case`).
        why: String,
    },
    /// A rung of the ladder was called.
    Called {
        /// Which case.
        case: CaseRef,
        /// At which level it stood.
        level: Level,
        /// Which step of the ladder, from 0.
        step: u32,
        /// Which round of the ladder, from 0.
        round: u32,
        /// Who was called (the configuration's names); empty when nobody on this rung may know.
        people: Vec<String>,
    },
    /// A message became an exhibit of a case, sealed to the leads who may know of it.
    Kept {
        /// The case; none while the observation that the message holds belongs to no case yet.
        case: Option<CaseRef>,
        /// Which message.
        message: MessageId,
        /// Where it was written.
        space: ChannelId,
        /// What it is to the case.
        part: Part,
    },
    /// A file was attached to a message that was kept. Its bytes were never fetched; its name and link stand in the
    /// sealed exhibit only.
    Withheld {
        /// The case of the exhibit.
        case: Option<CaseRef>,
        /// The message.
        message: MessageId,
        /// The platform's id of the attachment.
        attachment: u64,
        /// Its media type, as the platform says.
        media_type: Option<String>,
        /// Its size in bytes, as the platform says.
        size: u64,
    },
    /// A message that belongs to a case could not be kept: it was no longer at hand.
    NotKept {
        /// The case.
        case: Option<CaseRef>,
        /// Which message.
        message: MessageId,
        /// Why, as a code (`not-at-hand`).
        why: String,
    },
    /// A register changed.
    Register(Register),
    /// An effect was decided; its job stands in the outbox in the same transaction.
    Decided {
        /// The outbox job's key.
        job: String,
        /// What is to be done.
        effect: Effect,
        /// For which case.
        case: Option<CaseRef>,
    },
    /// How an effect ended.
    Outcome {
        /// The outbox job's key.
        job: String,
        /// What was asked for.
        effect: Effect,
        /// How it ended.
        ended: Ended,
    },
    /// The program started.
    Started {
        /// Its name and version.
        software: String,
    },
    /// An interval in which nothing was heard live.
    Gap {
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Why, as a code (`session-lost`, `restart`).
        why: String,
    },
}

/// What an exhibit is to its case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The finding itself.
    Finding,
    /// What was written before it in the same space.
    Before,
    /// What was written after it in the same space.
    After,
}

/// A change of one of the organisation's registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "register")]
pub enum Register {
    /// A session was booked: an agreed time in agreed spaces.
    SessionBooked(Session),
    /// A session was cancelled.
    SessionCancelled {
        /// Which.
        id: String,
    },
    /// A contact plan was approved.
    PlanApproved(ContactPlan),
    /// A contact plan ended.
    PlanEnded {
        /// Which.
        id: String,
    },
    /// A person lifted a lock.
    Unlocked {
        /// Where.
        space: ChannelId,
        /// For whom.
        adult: UserId,
        /// Who lifted it.
        by: UserId,
    },
    /// A lock was carried out; the overwrites before it are kept so that exactly they can be restored.
    Locked {
        /// On which server.
        guild: GuildId,
        /// Where.
        space: ChannelId,
        /// For whom.
        adult: UserId,
        /// The adult's overwrite before the lock, if there was one.
        before: Option<Overwrite>,
    },
}

/// A booked session: it lifts the rule of time; only a recorded relaxation lifts the rule of cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name in the register.
    pub id: String,
    /// Which spaces it is for.
    pub spaces: BTreeSet<ChannelId>,
    /// Its leaders.
    pub leaders: BTreeSet<UserId>,
    /// When it starts.
    pub from: Timestamp,
    /// When it ends.
    pub until: Timestamp,
    /// Who signed the relaxation of two-adult cover for this session, if anybody did.
    #[serde(default)]
    pub cover_relaxed_by: Option<UserId>,
}

/// An approved contact plan: this adult and this young person, in these windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactPlan {
    /// Its name in the register.
    pub id: String,
    /// The adult.
    pub adult: UserId,
    /// The young person.
    pub young_person: UserId,
    /// The declared observer, who counts as cover.
    #[serde(default)]
    pub observer: Option<UserId>,
    /// Who approved it; never the adult.
    pub approved_by: UserId,
    /// When it may be used.
    pub windows: Vec<(Timestamp, Timestamp)>,
}
