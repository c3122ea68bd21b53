//! Facts: what is durable. The engine's state is what folding them gives, so a restart changes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::event::Ended;
pub use super::register::{ContactPlan, Register, Session};
use super::{
    CaseRef, Category, ChannelId, ConcernKey, Effect, Level, MessageId, Observation, Timestamp, UserId,
};

/// One durable fact of an organisation. It holds ids, codes and times; never a word of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "fact")]
pub enum Fact {
    /// Something was observed.
    Observed(Observation),
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
    /// More people's conduct is in question in a case, at the level that it has: they must not hear of it.
    SubjectsJoined {
        /// Which case.
        case: CaseRef,
        /// Everybody who is a subject now.
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
