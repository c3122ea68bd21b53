//! Who is enrolled, and who holds which responsibility since when, changed by whom (CHUMS §2; policy matrix P3, P5).
//!
//! An account is what the server's roles make of it; an enrolment, bound to one account, counts like one more role.
//! A charity may go further and let staff and volunteer roles count as *cover* only for enrolled accounts
//! ([`EnrolmentRule::Required`]): then whoever can hand out roles on the server cannot hand out cover, and a new
//! account of the same person is a guest until a lead enrols it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::register::{Enrolment, Register, Responsibility};
use crate::domain::{GuildId, Kind, Timestamp, UserId};

/// What makes an adult count as cover.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EnrolmentRule {
    /// The server's roles alone suffice; an enrolment adds to them. A charity whose leads alone hand out roles
    /// starts with this.
    #[default]
    RolesSuffice,
    /// A staff or volunteer role covers only together with an enrolment of that very account.
    Required,
}

impl EnrolmentRule {
    /// What the kinds of somebody's roles and their enrolment make of an account. A protected person's role and an
    /// adult's together are a conflict whoever enrolled them: an adult for risk, never cover.
    #[must_use]
    pub fn kind(self, roles: &BTreeSet<Kind>, enrolled: Option<Kind>) -> Kind {
        let all: BTreeSet<Kind> = roles.iter().copied().chain(enrolled).collect();
        let kind = Kind::of_mapped(&all);
        let covered_for = enrolled.is_some_and(Kind::covers) || self == EnrolmentRule::RolesSuffice;
        if kind.covers() && !covered_for { Kind::Guest } else { kind }
    }
}

/// A responsibility that somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub what: Responsibility,
    /// Who holds it.
    pub who: UserId,
    /// Since when.
    pub since: Timestamp,
    /// Who said so.
    pub by: UserId,
}

/// What the roles of a server made of an account, when that was last seen to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenAs {
    /// What it is.
    pub kind: Kind,
    /// Since when, as far as it was seen.
    pub since: Timestamp,
    /// Who changed the roles, where the audit log told.
    pub by: Option<UserId>,
}

/// A line of the roster's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// From when it counts.
    pub at: Timestamp,
    /// Whom it is about.
    pub about: UserId,
    /// Who made the change, where that is known.
    pub by: Option<UserId>,
    /// What changed.
    pub change: Register,
}

/// The register of enrolments and responsibilities, with its history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enrolments {
    enrolled: BTreeMap<UserId, Enrolment>,
    held: BTreeMap<(Responsibility, UserId), Held>,
    seen: BTreeMap<(GuildId, UserId), SeenAs>,
    history: Vec<Line>,
}

impl Enrolments {
    /// Takes a change of the register in; changes of other registers are none of its business.
    pub fn apply(&mut self, change: &Register) {
        let (at, about, by) = match change {
            Register::Enrolled(enrolment) => {
                self.enrolled.insert(enrolment.account, enrolment.clone());
                (enrolment.since, enrolment.account, Some(enrolment.by))
            }
            Register::Unenrolled { account, by, at } => {
                self.enrolled.remove(account);
                (*at, *account, Some(*by))
            }
            Register::ResponsibilityTaken { what, who, since, by } => {
                let held = Held { what: *what, who: *who, since: *since, by: *by };
                // Said twice, it is held since the first time.
                self.held.entry((*what, *who)).or_insert(held);
                (*since, *who, Some(*by))
            }
            Register::ResponsibilityLaidDown { what, who, at, by } => {
                self.held.remove(&(*what, *who));
                (*at, *who, Some(*by))
            }
            Register::KindSeen { guild, account, kind, since, by } => {
                let seen = SeenAs { kind: *kind, since: *since, by: *by };
                let before = self.seen.insert((*guild, *account), seen);
                if before.is_some_and(|before| (before.kind, before.since) == (*kind, *since)) {
                    // The same change, now with who made it.
                    let about = |line: &&mut Line| line.about == *account && line.at == *since;
                    if let Some(line) = self.history.iter_mut().rev().find(about) {
                        *line = Line { at: *since, about: *account, by: *by, change: change.clone() };
                    }
                    return;
                }
                (*since, *account, *by)
            }
            _ => return,
        };
        self.history.push(Line { at, about, by, change: change.clone() });
    }

    /// The enrolment of an account.
    #[must_use]
    pub fn of(&self, account: UserId) -> Option<&Enrolment> {
        self.enrolled.get(&account)
    }

    /// The enrolment that stands under one of the charity's own references.
    #[must_use]
    pub fn under(&self, reference: &str) -> Option<&Enrolment> {
        self.enrolled.values().find(|enrolment| enrolment.reference.as_deref() == Some(reference))
    }

    /// Every enrolment that stands, by account.
    pub fn enrolled(&self) -> impl Iterator<Item = &Enrolment> {
        self.enrolled.values()
    }

    /// Every responsibility that is held, in the order of [`Responsibility::ALL`].
    pub fn held(&self) -> impl Iterator<Item = &Held> {
        self.held.values()
    }

    /// Who holds a responsibility.
    pub fn holders(&self, what: Responsibility) -> impl Iterator<Item = &Held> {
        self.held.range((what, UserId(0))..=(what, UserId(u64::MAX))).map(|(_, held)| held)
    }

    /// What the roles of a server were last seen to make of an account.
    #[must_use]
    pub fn seen(&self, guild: GuildId, account: UserId) -> Option<&SeenAs> {
        self.seen.get(&(guild, account))
    }

    /// What the roles of a server were last seen to make of accounts, by account.
    pub fn seen_on(&self, guild: GuildId) -> impl Iterator<Item = (UserId, &SeenAs)> {
        let all = (guild, UserId(0))..=(guild, UserId(u64::MAX));
        self.seen.range(all).map(|((_, account), seen)| (*account, seen))
    }

    /// The same of every server.
    pub fn seen_anywhere(&self) -> impl Iterator<Item = (GuildId, UserId, &SeenAs)> {
        self.seen.iter().map(|((guild, account), seen)| (*guild, *account, seen))
    }

    /// Every change, oldest first.
    #[must_use]
    pub fn history(&self) -> &[Line] {
        &self.history
    }

    /// Every change about one account, oldest first.
    pub fn history_of(&self, account: UserId) -> impl Iterator<Item = &Line> {
        self.history.iter().filter(move |line| line.about == account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAM: UserId = UserId(21);
    const DSL: UserId = UserId(30);

    fn enrolled(account: UserId, kind: Kind) -> Register {
        let reference = Some("staff-7".to_owned());
        Register::Enrolled(Enrolment { account, kind, by: DSL, since: Timestamp(5), reference })
    }

    #[test]
    fn what_roles_and_enrolment_make_of_an_account() {
        use EnrolmentRule::{Required, RolesSuffice};
        use Kind::{Conflicted, Dsl, Guest, Parent, Volunteer, YoungPerson, YouthWorker};
        let cases: &[(EnrolmentRule, &[Kind], Option<Kind>, Kind)] = &[
            (RolesSuffice, &[YouthWorker], None, YouthWorker),
            (RolesSuffice, &[], Some(Volunteer), Volunteer),
            (RolesSuffice, &[], None, Guest),
            (Required, &[YouthWorker], None, Guest),
            (Required, &[Dsl], None, Guest),
            (Required, &[YouthWorker], Some(YouthWorker), YouthWorker),
            (Required, &[Dsl], Some(Volunteer), Dsl),
            (Required, &[YouthWorker], Some(Parent), Guest),
            (Required, &[Parent], None, Parent),
            (Required, &[YoungPerson], None, YoungPerson),
            (Required, &[YoungPerson, YouthWorker], None, Conflicted),
            (RolesSuffice, &[YoungPerson], Some(Volunteer), Conflicted),
        ];
        for (rule, roles, enrolment, expected) in cases {
            let kind = rule.kind(&roles.iter().copied().collect(), *enrolment);
            assert_eq!(kind, *expected, "{rule:?} {roles:?} {enrolment:?}");
        }
    }

    #[test]
    fn the_register_says_who_holds_what_since_when_and_who_said_so() {
        let mut register = Enrolments::default();
        let what = Responsibility::DeputyDsl;
        let taken =
            |since| Register::ResponsibilityTaken { what, who: SAM, since: Timestamp(since), by: DSL };
        let laid_down = Register::ResponsibilityLaidDown { what, who: SAM, at: Timestamp(9), by: UserId(31) };
        register.apply(&enrolled(SAM, Kind::YouthWorker));
        register.apply(&taken(6));
        register.apply(&taken(7));
        assert_eq!(
            register.holders(what).copied().collect::<Vec<_>>(),
            [Held { what, who: SAM, since: Timestamp(6), by: DSL }]
        );
        assert_eq!(register.holders(Responsibility::Dsl).count(), 0);
        register.apply(&laid_down);
        assert_eq!(register.held().count(), 0);
        let by: Vec<_> = register.history_of(SAM).map(|line| (line.at.0, line.by.map(|by| by.0))).collect();
        assert_eq!(by, [(5, Some(30)), (6, Some(30)), (7, Some(30)), (9, Some(31))]);
    }

    #[test]
    fn an_enrolment_is_of_one_account_and_ends_with_it() {
        let mut register = Enrolments::default();
        register.apply(&enrolled(SAM, Kind::Volunteer));
        assert_eq!(register.of(SAM).map(|enrolment| enrolment.kind), Some(Kind::Volunteer));
        assert!(register.of(UserId(22)).is_none(), "another account of the same person");
        assert_eq!(register.under("staff-7").map(|enrolment| enrolment.account), Some(SAM));
        register.apply(&Register::Unenrolled { account: SAM, by: DSL, at: Timestamp(8) });
        assert!(register.of(SAM).is_none() && register.under("staff-7").is_none());
    }
}
