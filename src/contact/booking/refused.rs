//! Why something cannot be agreed, and what to do instead.

use std::time::Duration;

use thiserror::Error;

use super::super::series::SeriesRefused;
use super::contact::{LONGEST_PLAN_DAYS, LONGEST_SEPARATION_DAYS};
use super::{EARLIEST_OPEN_MINUTES, LONGEST_REFERENCE, MOST_OF_A_SESSION};
use crate::domain::{ChannelId, Timestamp, UserId};

/// Why something cannot be agreed. Each says what to do instead; accounts and spaces stand in it by number, moments
/// in UTC, so that whoever shows it may name them in the reader's way.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// Not usable as a name.
    #[error("{name:?} cannot be a name: use 1 to {LONGEST_REFERENCE} of a-z, 0-9 and -, like tuesday-art")]
    Name {
        /// As it was written.
        name: String,
    },
    /// Something with this name is still to come.
    #[error("there is something named {name:?} already: choose another name, or cancel that first")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// No session of this name.
    #[error("no session is named {name:?}: see the list of sessions")]
    NoSuchSession {
        /// The name.
        name: String,
    },
    /// The session does not take place at this time.
    #[error("the session does not take place then: see the list of its dates")]
    NoSuchOccurrence,
    /// No contact plan of this name.
    #[error("no contact plan of that name waits or stands: {name:?}; see the list of plans")]
    NoSuchPlan {
        /// The name.
        name: String,
    },
    /// No space.
    #[error("name at least one channel that the session is for")]
    NoSpace,
    /// Too many spaces.
    #[error("a session is for at most {MOST_OF_A_SESSION} channels: name their category instead")]
    TooManySpaces,
    /// A space that is not known.
    #[error("channel {space} is not on an enrolled server: choose one that is")]
    UnknownSpace {
        /// Which.
        space: ChannelId,
    },
    /// Fewer than two leaders.
    #[error(
        "a session needs at least two leaders and has {leaders}: name another enrolled adult (InterAct §2)"
    )]
    TooFewLeaders {
        /// How many were named.
        leaders: usize,
    },
    /// Too many leaders.
    #[error("a session has at most {MOST_OF_A_SESSION} leaders")]
    TooManyLeaders,
    /// A leader who is not an enrolled adult.
    #[error("account {who} does not count as cover: enrol them first, or name another leader")]
    LeaderDoesNotCover {
        /// Who.
        who: UserId,
    },
    /// No standby adult.
    #[error("name a standby adult who steps in when a leader cannot")]
    NoStandby,
    /// The standby adult is a leader.
    #[error("the standby adult leads the session already: name somebody else")]
    StandbyLeads,
    /// A standby adult who is not an enrolled adult.
    #[error("the standby adult, account {who}, does not count as cover: enrol them first, or name another")]
    StandbyDoesNotCover {
        /// Who.
        who: UserId,
    },
    /// Opens too early.
    #[error(
        "a session opens at most {EARLIEST_OPEN_MINUTES} minutes early: give {EARLIEST_OPEN_MINUTES} or less"
    )]
    OpensTooEarly,
    /// No risk assessment.
    #[error("say where the risk assessment is filed, in 1 to {LONGEST_REFERENCE} characters on one line")]
    NoRiskAssessment,
    /// Nobody signed.
    #[error("say who signed the risk assessment off")]
    NotSigned,
    /// Signed by somebody who does not count as cover.
    #[error("account {who} cannot sign a risk assessment off: name an enrolled adult")]
    SignerDoesNotCover {
        /// Who.
        who: UserId,
    },
    /// The repetition cannot be used.
    #[error(transparent)]
    Series(#[from] SeriesRefused),
    /// All of its dates are excepted.
    #[error("with its exceptions it never takes place: keep at least one date")]
    NeverTakesPlace,
    /// It ends before it starts.
    #[error("it ends before it starts: give an end after {from}")]
    EndsBeforeStart {
        /// Its start.
        from: Timestamp,
    },
    /// Longer than allowed.
    #[error("it is longer than {} minutes: make it shorter", longest.as_secs() / 60)]
    TooLong {
        /// The longest that is allowed.
        longest: Duration,
    },
    /// In the past.
    #[error("that time is over: give one that is to come")]
    IsOver,
    /// Too far ahead.
    #[error("that is more than 400 days ahead: book it nearer to its time")]
    TooFarAhead,
    /// Nothing of it is to come.
    #[error("nothing of it is to come: book it again")]
    NothingToCome,
    /// Open already.
    #[error("it is open already, until {until}")]
    AlreadyOpen {
        /// Until when.
        until: Timestamp,
    },
    /// Not open.
    #[error("it is not open now: see the list of sessions")]
    NotOpen,
    /// Too early to be opened.
    #[error("it can be opened from {earliest} on, not before")]
    TooEarly {
        /// The earliest moment.
        earliest: Timestamp,
    },
    /// Not later than it ends.
    #[error("it goes on until {until} already: give a later end, or close it")]
    NotLater {
        /// Its end.
        until: Timestamp,
    },
    /// Later than an extension reaches.
    #[error("it can go on until {latest} at most: book another session for what follows")]
    TooLate {
        /// The latest end.
        latest: Timestamp,
    },
    /// It has begun.
    #[error("it has begun: close it instead")]
    HasBegun,
    /// No record named.
    #[error("name the record, in 1 to {LONGEST_REFERENCE} characters on one line; no names and no story")]
    NoReference,
    /// No lead, or a leader of that session.
    #[error("only a lead who does not lead that session may relax two-adult cover: ask one (InterAct §2)")]
    MayNotRelax,
    /// Not two different people.
    #[error("these are one and the same person: name two")]
    OnePerson,
    /// The adult of a plan is not known to the charity.
    #[error("account {who} is not known as an adult of the charity: enrol them, or give them their role")]
    NotAnAdult {
        /// Who.
        who: UserId,
    },
    /// The young person of a plan is not one.
    #[error(
        "account {who} is neither a young person nor an adult at risk: choose the person the plan is for"
    )]
    NotProtected {
        /// Who.
        who: UserId,
    },
    /// The observer is one of the two.
    #[error("the observer is somebody else than the two whom they watch over")]
    ObserverTakesPart,
    /// No window.
    #[error("give at least one window of time that is to come before the plan lapses")]
    NoWindow,
    /// It lapses too late.
    #[error(
        "a contact plan lapses within {LONGEST_PLAN_DAYS} days: give an earlier end, and approve it anew then"
    )]
    LapsesTooLate,
    /// Approved by the adult it is for.
    #[error("nobody approves contact for themselves: ask another lead (InterAct §2)")]
    ApprovesOwn,
    /// Approved or ordered by somebody who may not.
    #[error("this needs an enrolled adult who is neither of the two: ask a lead")]
    MayNotDecide,
    /// Somebody enrols themselves.
    #[error("nobody enrols themselves: ask another lead")]
    EnrolsSelf,
    /// No kind to be enrolled as.
    #[error(
        "an account is enrolled as a person is: youth worker, volunteer, young person and so on; not as guest or bot"
    )]
    NoKind,
    /// The reference is another account's.
    #[error("account {account} is enrolled under that reference: end that enrolment first")]
    ReferenceTaken {
        /// The other account.
        account: UserId,
    },
    /// Not enrolled.
    #[error("that account is not enrolled: see the roster")]
    NotEnrolled,
    /// Held already, or not held.
    #[error("that changes nothing: see the roster for who holds it")]
    ChangesNothing,
    /// No separation of the two.
    #[error("these two are not kept apart: see the list of separations")]
    NotSeparated,
    /// The separation lapses too late or in the past.
    #[error(
        "a separation lapses at a time to come, within {LONGEST_SEPARATION_DAYS} days; or give none, and it stands until it is lifted"
    )]
    LapsesWrongly,
}
