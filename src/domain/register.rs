//! The organisation's registers and how they change: who is enrolled, who holds which responsibility, which
//! sessions are booked, which contact is planned, who is kept apart, what is locked.
//!
//! A change names who made it and when it counts from; nothing in a register is ever edited in place, so the list
//! of changes is itself the record that a trustee can read.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::space::Overwrite;
use super::zone::{LocalTime, Zone};
use super::{ChannelId, GuildId, Kind, Timestamp, UserId};

/// A change of one of the organisation's registers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "register")]
pub enum Register {
    /// A lead enrolled an account: from here on this account, and no other of the same person, is of this kind
    /// (InterAct §2; policy matrix P3).
    Enrolled(Enrolment),
    /// An enrolment ended.
    Unenrolled {
        /// Which account.
        account: UserId,
        /// Who ended it.
        by: UserId,
        /// When.
        at: Timestamp,
    },
    /// A person took a responsibility on (CHUMS §2; policy matrix P5).
    ResponsibilityTaken {
        /// Which.
        what: Responsibility,
        /// Who holds it from now on.
        who: UserId,
        /// Since when.
        since: Timestamp,
        /// Who said so.
        by: UserId,
    },
    /// A person laid a responsibility down.
    ResponsibilityLaidDown {
        /// Which.
        what: Responsibility,
        /// Who held it.
        who: UserId,
        /// When.
        at: Timestamp,
        /// Who said so.
        by: UserId,
    },
    /// The roles of a server made an account of another kind than before.
    KindSeen {
        /// On which server.
        guild: GuildId,
        /// Which account.
        account: UserId,
        /// What it is there now.
        kind: Kind,
        /// Since when, as far as it was seen.
        since: Timestamp,
        /// Who changed the roles, where the audit log told.
        #[serde(default)]
        by: Option<UserId>,
    },
    /// A session was booked: an agreed time in agreed spaces.
    SessionBooked(Session),
    /// A session was opened early, by no more than its booking allows.
    SessionOpened {
        /// Which.
        id: String,
        /// Which occurrence: its start as booked.
        occurrence: Timestamp,
        /// From when it is open.
        from: Timestamp,
        /// Who opened it.
        by: UserId,
    },
    /// An occurrence ends later than booked.
    SessionExtended {
        /// Which.
        id: String,
        /// Which occurrence: its start as booked.
        occurrence: Timestamp,
        /// Its end now.
        until: Timestamp,
        /// Who extended it.
        by: UserId,
    },
    /// An occurrence was moved to another time.
    SessionMoved {
        /// Which.
        id: String,
        /// Which occurrence: its start as booked.
        occurrence: Timestamp,
        /// Its start now.
        from: Timestamp,
        /// Its end now.
        until: Timestamp,
        /// Who moved it.
        by: UserId,
    },
    /// A session was cancelled: one occurrence, or all that had not begun.
    SessionCancelled {
        /// Which.
        id: String,
        /// Which occurrence (its start as booked); none for all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        occurrence: Option<Timestamp>,
        /// Who cancelled it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    },
    /// An occurrence was closed before its end.
    SessionClosed {
        /// Which.
        id: String,
        /// Which occurrence: its start as booked.
        occurrence: Timestamp,
        /// When.
        at: Timestamp,
        /// Who closed it.
        by: UserId,
    },
    /// Two-adult cover was relaxed for a session, on record. It never counts for an adult who signed it.
    CoverRelaxed {
        /// Which session.
        id: String,
        /// Which occurrence (its start as booked); none for all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        occurrence: Option<Timestamp>,
        /// Who signed it.
        by: UserId,
        /// The record that says why.
        reference: String,
    },
    /// Two-adult cover applies to a session again.
    CoverRestored {
        /// Which session.
        id: String,
        /// Which occurrence; none for all of them.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        occurrence: Option<Timestamp>,
        /// Who said so.
        by: UserId,
    },
    /// A contact plan was proposed; nothing is agreed until somebody else approves it.
    PlanProposed(PlanProposal),
    /// A contact plan was approved.
    PlanApproved(ContactPlan),
    /// A proposed contact plan was declined.
    PlanDeclined {
        /// Which.
        id: String,
        /// Who declined it.
        by: UserId,
    },
    /// A contact plan ended before its time.
    PlanEnded {
        /// Which.
        id: String,
        /// Who ended it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<UserId>,
    },
    /// The supervised room of a contact plan's window was opened.
    RoomOpened {
        /// Which plan.
        plan: String,
        /// On which server.
        guild: GuildId,
        /// The room.
        space: ChannelId,
        /// The window's start.
        from: Timestamp,
        /// The window's end.
        until: Timestamp,
    },
    /// The supervised room of a contact plan was locked at its window's end. It is never deleted.
    RoomLocked {
        /// Which plan.
        plan: String,
        /// The room.
        space: ChannelId,
        /// When.
        at: Timestamp,
    },
    /// Two people are to be kept apart (InterAct §3; policy matrix P20).
    SeparationOrdered(Separation),
    /// A separation was lifted.
    SeparationLifted {
        /// Whom it kept apart.
        between: Pair,
        /// Who lifted it.
        by: UserId,
        /// When.
        at: Timestamp,
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
        /// Whether `before` says what stood there. False where an attempt found the lock in place already.
        #[serde(default)]
        before_known: bool,
        /// The channel whose overwrite it is, where `space` is a thread that was locked through its channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
        /// They were taken out of a private thread.
        #[serde(default)]
        taken_out: bool,
        /// `before` comes from another lock that rested on the same overwrite, and stands instead of what was known.
        #[serde(default, skip_serializing_if = "is_false")]
        handed_on: bool,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(so: &bool) -> bool {
    !so
}

/// The enrolment of one account by a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolment {
    /// The one account that it is bound to.
    pub account: UserId,
    /// What the account is.
    pub kind: Kind,
    /// Who enrolled it; never the account itself.
    pub by: UserId,
    /// Since when.
    pub since: Timestamp,
    /// The charity's own reference of the person (a staff number, never a name). Two accounts never share one.
    #[serde(default)]
    pub reference: Option<String>,
}

/// A responsibility that a named person holds (CHUMS §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Responsibility {
    /// Designated Safeguarding Lead.
    Dsl,
    /// The DSL's deputy.
    DeputyDsl,
    /// Senior manager.
    SeniorManager,
    /// Chair of trustees.
    Chair,
    /// E-Safety Coordinator.
    ESafetyCoordinator,
    /// Data protection lead.
    DataProtection,
    /// Whom whistle-blowers turn to.
    Whistleblowing,
    /// May book sessions and lead them.
    SessionLeader,
}

impl Responsibility {
    /// Every responsibility, in the order in which a list shows them.
    pub const ALL: [Responsibility; 8] = [
        Responsibility::Dsl,
        Responsibility::DeputyDsl,
        Responsibility::SeniorManager,
        Responsibility::Chair,
        Responsibility::ESafetyCoordinator,
        Responsibility::DataProtection,
        Responsibility::Whistleblowing,
        Responsibility::SessionLeader,
    ];

    /// Its stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Responsibility::Dsl => "dsl",
            Responsibility::DeputyDsl => "deputy-dsl",
            Responsibility::SeniorManager => "senior-manager",
            Responsibility::Chair => "chair",
            Responsibility::ESafetyCoordinator => "e-safety-coordinator",
            Responsibility::DataProtection => "data-protection",
            Responsibility::Whistleblowing => "whistleblowing",
            Responsibility::SessionLeader => "session-leader",
        }
    }

    /// The responsibility of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Responsibility> {
        Responsibility::ALL.into_iter().find(|what| what.as_str() == code)
    }
}

impl fmt::Display for Responsibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A booked session: it lifts the rule of time; only a recorded relaxation lifts the rule of cover.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name in the register.
    pub id: String,
    /// Which spaces it is for. A channel's threads belong to it.
    pub spaces: BTreeSet<ChannelId>,
    /// Its leaders.
    pub leaders: BTreeSet<UserId>,
    /// When it starts; of a repeated session, the first.
    pub from: Timestamp,
    /// When it ends; of a repeated session, the first.
    pub until: Timestamp,
    /// How it repeats, in local time; none for one-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeats: Option<Box<Series>>,
    /// How many minutes before its start it may be opened.
    #[serde(default)]
    pub early_open_minutes: u16,
    /// Who steps in when a leader cannot.
    #[serde(default)]
    pub standby: Option<UserId>,
    /// Where the risk assessment is filed.
    #[serde(default)]
    pub risk_assessment: Option<String>,
    /// Who signed the risk assessment off.
    #[serde(default)]
    pub signed_by: Option<UserId>,
    /// Who booked it.
    #[serde(default)]
    pub booked_by: Option<UserId>,
    /// Who signed the relaxation of two-adult cover for this session, if anybody did.
    #[serde(default)]
    pub cover_relaxed_by: Option<UserId>,
}

/// A time that comes again by the local clock: 18:00 stays 18:00 through both clock changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// In which zone the times below are meant.
    pub zone: Zone,
    /// The first start by the clock on the wall.
    pub starts: LocalTime,
    /// The first end by the clock on the wall.
    pub ends: LocalTime,
    /// An RFC 5545 recurrence rule: `FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20270331T235959`. It always ends.
    pub rule: String,
    /// Starts that the rule gives and that do not take place (holidays).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub except: BTreeSet<LocalTime>,
}

/// What planned contact is for. A code, because the register holds no prose about a young person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Mentoring.
    Mentoring,
    /// Counselling or therapy.
    Counselling,
    /// Help with learning.
    Tutoring,
    /// Support with a need that the young person's record describes.
    Support,
    /// A review or an assessment with a professional.
    Review,
    /// Something else; the reference tells.
    #[default]
    Other,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 6] = [
        Purpose::Mentoring,
        Purpose::Counselling,
        Purpose::Tutoring,
        Purpose::Support,
        Purpose::Review,
        Purpose::Other,
    ];

    /// Its stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Mentoring => "mentoring",
            Purpose::Counselling => "counselling",
            Purpose::Tutoring => "tutoring",
            Purpose::Support => "support",
            Purpose::Review => "review",
            Purpose::Other => "other",
        }
    }

    /// The purpose of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|purpose| purpose.as_str() == code)
    }
}

/// A contact plan that waits for somebody else's approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanProposal {
    /// Its name in the register.
    pub id: String,
    /// The adult.
    pub adult: UserId,
    /// The young person.
    pub young_person: UserId,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Where the charity's own record of it is filed.
    #[serde(default)]
    pub reference: Option<String>,
    /// The declared observer.
    #[serde(default)]
    pub observer: Option<UserId>,
    /// Single windows.
    #[serde(default)]
    pub windows: Vec<(Timestamp, Timestamp)>,
    /// Windows that come again.
    #[serde(default)]
    pub series: Vec<Series>,
    /// When the plan lapses whatever its windows say.
    pub expires: Timestamp,
    /// Who proposes it.
    pub proposed_by: UserId,
}

/// An approved contact plan: this adult and this young person, in these windows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Single windows in which it may be used.
    pub windows: Vec<(Timestamp, Timestamp)>,
    /// Windows that come again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// What it is for.
    #[serde(default)]
    pub purpose: Purpose,
    /// Where the charity's own record of it is filed.
    #[serde(default)]
    pub reference: Option<String>,
    /// When it lapses whatever its windows say; none only in plans of earlier versions.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Who proposed it.
    #[serde(default)]
    pub proposed_by: Option<UserId>,
}

impl PlanProposal {
    /// The plan that this proposal becomes when `by` approves it.
    ///
    /// # Errors
    /// Gives the proposal back when `by` is the adult of the plan: nobody approves contact for themselves
    /// (InterAct §2).
    pub fn approve(self, by: UserId) -> Result<ContactPlan, Box<PlanProposal>> {
        if by == self.adult {
            return Err(Box::new(self));
        }
        Ok(ContactPlan {
            id: self.id,
            adult: self.adult,
            young_person: self.young_person,
            observer: self.observer,
            approved_by: by,
            windows: self.windows,
            series: self.series,
            purpose: self.purpose,
            reference: self.reference,
            expires: Some(self.expires),
            proposed_by: Some(self.proposed_by),
        })
    }
}

/// Two people, whichever is named first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(UserId, UserId)", into = "(UserId, UserId)")]
pub struct Pair(UserId, UserId);

impl Pair {
    /// The pair of two people.
    #[must_use]
    pub fn of(one: UserId, other: UserId) -> Pair {
        Pair(one.min(other), one.max(other))
    }

    /// Both, the lower account number first.
    #[must_use]
    pub fn both(self) -> [UserId; 2] {
        [self.0, self.1]
    }

    /// The other one, when `one` is of the pair.
    #[must_use]
    pub fn other(self, one: UserId) -> Option<UserId> {
        match one {
            _ if one == self.0 => Some(self.1),
            _ if one == self.1 => Some(self.0),
            _ => None,
        }
    }
}

impl From<(UserId, UserId)> for Pair {
    fn from((one, other): (UserId, UserId)) -> Pair {
        Pair::of(one, other)
    }
}

impl From<Pair> for (UserId, UserId) {
    fn from(pair: Pair) -> Self {
        (pair.0, pair.1)
    }
}

/// Why two people are kept apart. A code: the reasons themselves stand in the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeparationReason {
    /// An allegation is being looked into.
    Allegation,
    /// Bullying between them.
    Bullying,
    /// A court, police or social care said so.
    Authority,
    /// One of them or a family asked for it.
    Request,
    /// A lead's precaution.
    Precaution,
}

impl SeparationReason {
    /// Every reason.
    pub const ALL: [SeparationReason; 5] = [
        SeparationReason::Allegation,
        SeparationReason::Bullying,
        SeparationReason::Authority,
        SeparationReason::Request,
        SeparationReason::Precaution,
    ];

    /// Its stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SeparationReason::Allegation => "allegation",
            SeparationReason::Bullying => "bullying",
            SeparationReason::Authority => "authority",
            SeparationReason::Request => "request",
            SeparationReason::Precaution => "precaution",
        }
    }

    /// The reason of a code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<SeparationReason> {
        SeparationReason::ALL.into_iter().find(|reason| reason.as_str() == code)
    }
}

/// Two people who must not share a small space, be alone in voice, or reply, mention or react to one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Separation {
    /// Whom it keeps apart.
    pub between: Pair,
    /// Since when.
    pub since: Timestamp,
    /// Who ordered it; neither of the two.
    pub by: UserId,
    /// Why.
    pub reason: SeparationReason,
    /// When it lapses; none: not before a lead lifts it.
    #[serde(default)]
    pub expires: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Fact;

    /// What the first version wrote is read as it was meant.
    #[test]
    fn registers_of_the_first_version_are_still_read() {
        let booked = r#"{"fact":"register","register":"session-booked","id":"art","spaces":["5"],"leaders":["2","3"],
            "from":"2026-03-02T18:00:00Z","until":"2026-03-02T20:00:00Z"}"#;
        let Fact::Register(Register::SessionBooked(session)) = serde_json::from_str(booked).unwrap() else {
            panic!("not a booking")
        };
        assert_eq!((session.repeats, session.early_open_minutes, session.signed_by), (None, 0, None));
        let approved = r#"{"fact":"register","register":"plan-approved","id":"m","adult":"2","young_person":"9",
            "approved_by":"3","windows":[["2026-03-02T18:00:00Z","2026-03-02T18:30:00Z"]]}"#;
        let Fact::Register(Register::PlanApproved(plan)) = serde_json::from_str(approved).unwrap() else {
            panic!("not a plan")
        };
        assert_eq!((plan.expires, plan.purpose, plan.observer), (None, Purpose::Other, None));
        for (old, new) in [
            (
                r#"{"register":"session-cancelled","id":"art"}"#,
                Register::SessionCancelled { id: "art".into(), occurrence: None, by: None },
            ),
            (r#"{"register":"plan-ended","id":"m"}"#, Register::PlanEnded { id: "m".into(), by: None }),
        ] {
            assert_eq!(serde_json::from_str::<Register>(old).unwrap(), new);
            assert_eq!(serde_json::to_string(&new).unwrap(), old);
        }
    }

    #[test]
    fn a_series_is_written_by_the_clock_on_the_wall() {
        let series = Series {
            zone: Zone::default(),
            starts: "2026-03-03T18:00".parse().unwrap(),
            ends: "2026-03-03 20:00".parse().unwrap(),
            rule: "FREQ=WEEKLY;COUNT=10".into(),
            except: BTreeSet::from(["2026-03-10T18:00".parse().unwrap()]),
        };
        let text = serde_json::to_string(&series).unwrap();
        assert!(text.contains(r#""zone":"Europe/London","starts":"2026-03-03T18:00""#), "{text}");
        assert_eq!(serde_json::from_str::<Series>(&text).unwrap(), series);
        assert!("tomorrow".parse::<LocalTime>().unwrap_err().contains("2026-03-03 18:00"));
    }

    #[test]
    fn nobody_approves_a_plan_for_themselves() {
        let (coach, sam) = (UserId(2), UserId(3));
        let proposal = PlanProposal {
            id: "m".into(),
            adult: coach,
            young_person: UserId(9),
            purpose: Purpose::Mentoring,
            reference: None,
            observer: None,
            windows: vec![],
            series: vec![],
            expires: Timestamp(9),
            proposed_by: coach,
        };
        assert!(proposal.clone().approve(coach).is_err());
        assert_eq!(proposal.approve(sam).unwrap().approved_by, sam);
    }

    #[test]
    fn a_pair_is_the_same_from_both_sides() {
        let pair = Pair::of(UserId(7), UserId(3));
        assert_eq!(pair, Pair::of(UserId(3), UserId(7)));
        assert_eq!(serde_json::from_str::<Pair>(r#"["7","3"]"#).unwrap(), pair);
        assert_eq!((pair.other(UserId(3)), pair.other(UserId(8))), (Some(UserId(7)), None));
    }
}
