//! Facts: what is durable. The engine's state is what folding them gives, so a restart changes nothing.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::act::{Act, Refusal};
use super::docket::Deadline;
use super::event::Ended;
pub use super::register::{ContactPlan, Register, Session};
use super::report::{ReportRef, Way};
use super::retention::Tombstone;
use super::{
    CaseRef, Category, ChannelId, ConcernKey, Effect, Level, MessageId, Observation, Timestamp, UserId,
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
    /// A case that is about to be opened goes past these people, who are no subjects of it: it is about somebody in charge
    /// (policy matrix P32). They may not know of it.
    PassedBy {
        /// Which case.
        case: CaseRef,
        /// Their accounts.
        people: BTreeSet<UserId>,
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
    /// A whole round of the ladder went unanswered: the last resort was called.
    Exhausted {
        /// Which case.
        case: CaseRef,
        /// At which level it stood.
        level: Level,
        /// Which round, from 0.
        round: u32,
    },
    /// Somebody on the ladder who has no account on the platform acknowledged a case.
    AcknowledgedByName {
        /// Which.
        case: CaseRef,
        /// Who, by the name that the configuration gives them.
        name: String,
        /// Over which channel.
        via: String,
    },
    /// What somebody on the ladder did with a case that was acknowledged.
    Handled {
        /// Which.
        case: CaseRef,
        /// Who, by the name that the configuration gives them.
        name: String,
        /// What.
        what: Handling,
        /// Over which channel.
        via: String,
    },
    /// Something that somebody wanted to do with a case was refused.
    HandlingRefused {
        /// Which case.
        case: CaseRef,
        /// Who tried, by the name that the configuration gives them.
        name: String,
        /// Why, as a code (`may-not-know`, `stale`, `not-acknowledged`, `too-long`, `no-such-case`).
        why: String,
    },
    /// An acknowledgement counts no longer: the case is back on its ladder.
    Unacknowledged {
        /// Which case.
        case: CaseRef,
        /// Why, as a code (`nothing-recorded`, `snooze-over`).
        why: String,
    },
    /// What became of a page after its channel had taken it, or before it could.
    Travelled {
        /// The outbox job's key.
        job: String,
        /// Where it is.
        state: Travel,
    },
    /// The daily digest was written; its jobs stand in the outbox in the same transaction.
    Digested {
        /// Up to which moment it tells of cases.
        until: Timestamp,
        /// The cases, all readers together.
        cases: Vec<CaseRef>,
        /// Who reads one (the configuration's names).
        people: Vec<String>,
    },
    /// A drill was called; its jobs stand in the outbox in the same transaction.
    DrillBegan {
        /// Its number, from 1.
        drill: u32,
        /// Who is called (the configuration's names).
        people: Vec<String>,
    },
    /// Somebody answered a drill.
    DrillAnswered {
        /// Which; 0 for one that was called by hand from the command line.
        drill: u32,
        /// Who, by the name that the configuration gives them.
        name: String,
        /// Over which channel.
        via: String,
    },
    /// The time to answer a drill is over.
    DrillEnded {
        /// Which.
        drill: u32,
        /// Who answered, and after how many seconds.
        answered: Vec<(String, u64)>,
        /// Who did not.
        missing: Vec<String>,
    },
    /// The rota was looked at ahead of time.
    RotaLookedAt {
        /// Up to which moment.
        until: Timestamp,
        /// For which slots and times it names nobody.
        gaps: Vec<RotaGap>,
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
        /// When its author had changed it, where this is a later version of a message that is an exhibit already.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited_at: Option<Timestamp>,
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
    /// What the rolling buffer has of messages that were no longer at hand, or of what stood around a finding before
    /// this process ran, was handed to a case: sealed segments, and their keys' wraps for the leads who may know.
    HandedOver {
        /// Which case.
        case: CaseRef,
        /// Where it was heard.
        space: ChannelId,
        /// The log entries of the segments.
        segments: Vec<u64>,
        /// The recipients whose wraps were handed over, in order.
        sealed_to: Vec<String>,
        /// The messages that were asked for and are in these segments.
        messages: Vec<MessageId>,
    },
    /// How long what is heard in supervised spaces is buffered from here on.
    BufferSet {
        /// Days, where nothing else is said of a space; 0: nothing is buffered.
        days: u16,
        /// Days of single channels and their threads.
        spaces: Vec<(ChannelId, u16)>,
    },
    /// Something that was heard could not be put into the buffer; whatever was noticed in it was kept all the same.
    NotBuffered {
        /// When the first of it was received.
        from: Timestamp,
        /// When the last of it was received.
        until: Timestamp,
        /// How many frames.
        frames: u64,
        /// Why, as a code (`no-room`, `could-not-be-sealed`).
        why: String,
    },
    /// What was buffered was erased, ciphertext and keys, because its period was over. What a case holds stayed.
    BufferErased {
        /// The end of the newest hour that was erased.
        until: Timestamp,
        /// The rule, as the configuration has it.
        rule: String,
        /// How many keys (of one space and hour each).
        keys: u64,
        /// How many sealed segments.
        segments: u64,
        /// How many frames were in them.
        frames: u64,
    },
    /// Somebody reported something to safeguarding.
    Reported {
        /// The reference that they were told.
        reference: ReportRef,
        /// Who.
        by: UserId,
        /// On which way.
        way: Way,
        /// Whose conduct it is about, where they pointed at a message or a person.
        about: Option<UserId>,
        /// The case that it belongs to.
        case: Option<CaseRef>,
        /// Where it was said, when it was a direct message to the bot.
        space: Option<ChannelId>,
        /// It goes on with a report that a receipt was given for a short while ago.
        #[serde(default)]
        goes_on: bool,
    },
    /// A lead did something with a case: looked at it, decided, referred, closed it. The words that go with it are sealed.
    Acted(Act),
    /// Something that a lead wanted to do with a case was refused.
    ActRefused {
        /// Which case.
        case: CaseRef,
        /// The act's name.
        id: String,
        /// Who tried, by the name that the configuration gives them.
        by: String,
        /// What it would have been, as a code.
        what: String,
        /// Why not.
        why: Refusal,
    },
    /// Somebody who may know of a case was reminded of something that has to be done by a time.
    Reminded {
        /// Which case.
        case: CaseRef,
        /// Of what.
        what: Deadline,
        /// When it is due.
        due: Timestamp,
        /// The moment for which it was sent.
        moment: Timestamp,
        /// Who (the configuration's names); empty when nobody may know.
        people: Vec<String>,
    },
    /// Something was erased: what stands in its place.
    Erased(Tombstone),
    /// A case got a key of its own: what belongs to it is sealed to this key from here on. It gets another when those
    /// who may know of it change.
    CaseKeyMade {
        /// Which case.
        case: CaseRef,
        /// The public half (`age1…`). Its secret half is an exhibit that only the leads open.
        recipient: String,
        /// The leads' recipients to which the secret half was sealed, in order.
        sealed_to: Vec<String>,
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

/// What somebody does with a case that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "handling")]
pub enum Handling {
    /// Something was recorded about it: the acknowledgement stands.
    Recorded,
    /// Somebody else is to take it; they are called, and the ladder goes on when they do not answer.
    HandedOver {
        /// To whom, by the name that the configuration gives them.
        to: String,
    },
    /// Nobody needs to be called about it again.
    Resolved,
    /// Nobody is called until then.
    Snoozed {
        /// Until when.
        until: Timestamp,
        /// Why, as a code.
        reason: String,
    },
}

/// Where a page is on its way. That it waits is its job; that a channel took it, or never will, is its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Travel {
    /// It cannot be handed to its channel at present; that is tried again.
    FailedTemporary {
        /// Why, without a word of a message.
        why: String,
    },
    /// It is on the person's device.
    Delivered,
    /// The person has opened it.
    Read,
    /// The channel had taken it and cannot deliver it.
    FailedPermanent {
        /// Why, without a word of a message.
        why: String,
    },
}

/// A time for which the rota names nobody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RotaGap {
    /// The slot's code.
    pub slot: String,
    /// From when.
    pub from: Timestamp,
    /// Until when, as far as was looked.
    pub until: Timestamp,
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
