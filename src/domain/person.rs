//! People: which kind each account is, and what that means for risk and for cover.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{RoleId, UserId};

/// What an account is to the charity. Read from the server's roles; an account that no role maps is a
/// [`Kind::Guest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A young person: the one everything is for.
    YoungPerson,
    /// A vulnerable adult whom the charity supports; protected exactly like a young person.
    AdultAtRisk,
    /// An enrolled youth worker.
    YouthWorker,
    /// An enrolled volunteer.
    Volunteer,
    /// The Designated Safeguarding Lead.
    Dsl,
    /// The DSL's deputy.
    DeputyDsl,
    /// A senior manager.
    SeniorManager,
    /// The chair of trustees.
    Chair,
    /// A parent or carer: a labelled guest.
    Parent,
    /// A professional from elsewhere: a labelled guest.
    Professional,
    /// Nobody has said who this is.
    Guest,
    /// Holds both a protected person's role and an adult's: an adult for risk, never cover, never protected by
    /// its own claim.
    Conflicted,
    /// An application. Never cover.
    Bot,
}

impl Kind {
    /// A young person or an adult at risk ("YP" in the safeguarding guidance means both).
    #[must_use]
    pub fn is_protected(self) -> bool {
        matches!(self, Kind::YoungPerson | Kind::AdultAtRisk)
    }

    /// Counts as an adult for *risk*: everyone who is neither protected nor a bot, the unknown included.
    #[must_use]
    pub fn is_adult_for_risk(self) -> bool {
        !self.is_protected() && self != Kind::Bot
    }

    /// Counts as *cover*: only an enrolled adult does. (A declared observer is cover through a contact plan,
    /// not through a kind.)
    #[must_use]
    pub fn covers(self) -> bool {
        matches!(
            self,
            Kind::YouthWorker
                | Kind::Volunteer
                | Kind::Dsl
                | Kind::DeputyDsl
                | Kind::SeniorManager
                | Kind::Chair
        )
    }

    /// Leads: they are paged, they decide, and evidence may be sealed to them.
    #[must_use]
    pub fn is_lead(self) -> bool {
        matches!(self, Kind::Dsl | Kind::DeputyDsl | Kind::SeniorManager | Kind::Chair)
    }

    /// The role names that `replay`, `scan` and `rehearse` know without a configuration (case-insensitive).
    #[must_use]
    pub fn from_role_name(name: &str) -> Option<Kind> {
        Some(match name.trim().to_lowercase().as_str() {
            "young person" => Kind::YoungPerson,
            "adult at risk" => Kind::AdultAtRisk,
            "youth worker" | "staff" => Kind::YouthWorker,
            "volunteer" => Kind::Volunteer,
            "dsl" => Kind::Dsl,
            "deputy dsl" => Kind::DeputyDsl,
            "senior manager" => Kind::SeniorManager,
            "chair" => Kind::Chair,
            "parent" => Kind::Parent,
            "professional" => Kind::Professional,
            _ => return None,
        })
    }

    /// What several mapped roles make of one account. Protected and adult together are a conflict; among adults
    /// the one with the most responsibility names the person.
    #[must_use]
    pub fn of_mapped(kinds: &BTreeSet<Kind>) -> Kind {
        let protected = kinds.iter().any(|kind| kind.is_protected());
        let adult = kinds.iter().any(|kind| kind.is_adult_for_risk());
        if protected && adult {
            return Kind::Conflicted;
        }
        MOST_RESPONSIBLE_FIRST.into_iter().find(|kind| kinds.contains(kind)).unwrap_or(Kind::Guest)
    }
}

/// Among adults, the one with the most responsibility names the person.
const MOST_RESPONSIBLE_FIRST: [Kind; 10] = [
    Kind::Chair,
    Kind::Dsl,
    Kind::DeputyDsl,
    Kind::SeniorManager,
    Kind::YouthWorker,
    Kind::Volunteer,
    Kind::Professional,
    Kind::Parent,
    Kind::YoungPerson,
    Kind::AdultAtRisk,
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::YoungPerson => "young person",
            Kind::AdultAtRisk => "adult at risk",
            Kind::YouthWorker => "youth worker",
            Kind::Volunteer => "volunteer",
            Kind::Dsl => "DSL",
            Kind::DeputyDsl => "deputy DSL",
            Kind::SeniorManager => "senior manager",
            Kind::Chair => "chair of trustees",
            Kind::Parent => "parent or carer",
            Kind::Professional => "professional",
            Kind::Guest => "guest",
            Kind::Conflicted => "account with conflicting roles",
            Kind::Bot => "bot",
        })
    }
}

/// How roles say who somebody is: by the role's id, or by its name where no id is configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleMapping {
    /// Roles named by id.
    pub by_id: BTreeMap<RoleId, Kind>,
    /// Roles named by their (lower-case, trimmed) name.
    pub by_name: BTreeMap<String, Kind>,
    /// Whether the names that need no configuration count too ([`Kind::from_role_name`]).
    pub well_known_names: bool,
}

impl RoleMapping {
    /// The mapping of a run without configuration.
    #[must_use]
    pub fn well_known() -> Self {
        RoleMapping { well_known_names: true, ..RoleMapping::default() }
    }

    /// The kind that one role stands for.
    #[must_use]
    pub fn kind_of(&self, role: RoleId, name: &str) -> Option<Kind> {
        self.by_id
            .get(&role)
            .or_else(|| self.by_name.get(&name.trim().to_lowercase()))
            .copied()
            .or_else(|| self.well_known_names.then(|| Kind::from_role_name(name)).flatten())
    }
}

/// An account of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// Its user name.
    pub name: String,
    /// What the server shows: nickname, else display name.
    pub shown: String,
    /// The roles it holds (`@everyone` is not among them).
    pub roles: BTreeSet<RoleId>,
    /// What those roles make of it.
    pub kind: Kind,
}

/// Everybody known, by account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    people: BTreeMap<UserId, Person>,
}

impl Roster {
    /// Enters or replaces a person.
    pub fn enter(&mut self, person: Person) {
        self.people.insert(person.id, person);
    }

    /// Takes a person off the roster (they left the server).
    pub fn leave(&mut self, id: UserId) -> Option<Person> {
        self.people.remove(&id)
    }

    /// The person behind an account.
    #[must_use]
    pub fn get(&self, id: UserId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// The person behind an account, to be changed in place.
    pub fn get_mut(&mut self, id: UserId) -> Option<&mut Person> {
        self.people.get_mut(&id)
    }

    /// The kind of an account; one that nobody knows is a guest.
    #[must_use]
    pub fn kind(&self, id: UserId) -> Kind {
        self.people.get(&id).map_or(Kind::Guest, |person| person.kind)
    }

    /// Everybody, by account number.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// Everybody, to be changed in place (a role's meaning changed).
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Person> {
        self.people.values_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_roles_make_of_an_account() {
        let cases: &[(&[Kind], Kind)] = &[
            (&[], Kind::Guest),
            (&[Kind::YoungPerson], Kind::YoungPerson),
            (&[Kind::YouthWorker, Kind::Dsl], Kind::Dsl),
            (&[Kind::YoungPerson, Kind::Volunteer], Kind::Conflicted),
            (&[Kind::AdultAtRisk, Kind::YouthWorker], Kind::Conflicted),
            (&[Kind::YoungPerson, Kind::Parent], Kind::Conflicted),
        ];
        for (kinds, expected) in cases {
            assert_eq!(Kind::of_mapped(&kinds.iter().copied().collect()), *expected, "{kinds:?}");
        }
    }

    #[test]
    fn the_unknown_is_risk_and_never_cover() {
        for kind in [Kind::Guest, Kind::Conflicted, Kind::Parent, Kind::Professional] {
            assert!(kind.is_adult_for_risk() && !kind.covers(), "{kind}");
        }
        assert!(!Kind::Bot.is_adult_for_risk() && !Kind::Bot.covers());
        assert!(Kind::AdultAtRisk.is_protected() && !Kind::AdultAtRisk.is_adult_for_risk());
    }

    #[test]
    fn role_names_are_known_whatever_their_case() {
        assert_eq!(Kind::from_role_name(" young PERSON "), Some(Kind::YoungPerson));
        assert_eq!(Kind::from_role_name("Staff"), Some(Kind::YouthWorker));
        assert_eq!(Kind::from_role_name("Gamer"), None);
    }
}
