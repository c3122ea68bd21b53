//! Cases: what a lead opens the folder for. States are an enum; transitions consume the old state.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Category, Level, Timestamp, UserId};

/// The number of a case within its organisation, written `C-0007`. It says nothing about anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseRef(pub u32);

impl fmt::Display for CaseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "C-{:04}", self.0)
    }
}

impl std::str::FromStr for CaseRef {
    type Err = String;

    /// # Errors
    /// When the text is neither `C-0007` nor `7`.
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("C-").or_else(|| text.strip_prefix("c-")).unwrap_or(text);
        digits
            .parse()
            .map(CaseRef)
            .map_err(|_| format!("{text:?} is not a case reference; they are written like C-0007"))
    }
}

/// Where a case stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum CaseState {
    /// Nobody has acknowledged it.
    New,
    /// A named person has.
    Acknowledged {
        /// Who.
        by: UserId,
        /// When.
        at: Timestamp,
    },
    /// A person closed it.
    Closed {
        /// Who.
        by: UserId,
        /// When.
        at: Timestamp,
    },
}

impl CaseState {
    /// A person acknowledges the case.
    ///
    /// # Errors
    /// Gives the state back when there is nothing to acknowledge: somebody already did, or it is closed.
    pub fn acknowledge(self, by: UserId, at: Timestamp) -> Result<CaseState, CaseState> {
        match self {
            CaseState::New => Ok(CaseState::Acknowledged { by, at }),
            other => Err(other),
        }
    }

    /// Whoever acknowledged and then turns out to be a subject has acknowledged nothing.
    #[must_use]
    pub fn without(self, subjects: &BTreeSet<UserId>) -> CaseState {
        match self {
            CaseState::Acknowledged { by, .. } if subjects.contains(&by) => CaseState::New,
            other => other,
        }
    }

    /// A level that rose, or the same again, puts an acknowledged case back on the ladder: what was acknowledged was
    /// less.
    #[must_use]
    pub fn reopened_by_rise(self) -> CaseState {
        CaseState::New
    }
}

/// A case of an organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its number.
    pub reference: CaseRef,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// The worst category now.
    pub category: Category,
    /// The worst level now.
    pub level: Level,
    /// The people whose conduct is in question. They are dropped from every recipient and viewer list.
    pub subjects: BTreeSet<UserId>,
    /// Where it stands.
    pub state: CaseState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_is_acknowledged_once() {
        let state = CaseState::New.acknowledge(UserId(1), Timestamp(5)).unwrap();
        assert_eq!(state.clone().acknowledge(UserId(2), Timestamp(6)), Err(state));
    }

    #[test]
    fn references_read_back() {
        assert_eq!(CaseRef(7).to_string(), "C-0007");
        assert_eq!("C-0007".parse(), Ok(CaseRef(7)));
        assert_eq!("7".parse(), Ok(CaseRef(7)));
        assert!("case seven".parse::<CaseRef>().is_err());
    }
}
