//! Cases: what a lead opens the folder for. States are an enum; transitions consume the old state.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::act::{Deed, Outcome, Refusal};
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
    /// Somebody looks into it.
    InReview {
        /// Who began.
        by: UserId,
        /// When.
        at: Timestamp,
    },
    /// An agency has it; the charity still has its part to do.
    Referred {
        /// Who referred it last.
        by: UserId,
        /// When.
        at: Timestamp,
    },
    /// It was looked into and nothing more is to be done.
    NoFurtherAction {
        /// Who decided that.
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

    /// Where a deed leaves the case. Whoever works on a case that nobody has acknowledged acknowledges it by that: a
    /// referral to the police never waits for a form. Custody and holds change no state, whatever it is.
    ///
    /// # Errors
    /// Why the deed does not fit the state; the case then stays as it was.
    pub fn after(self, deed: &Deed, by: UserId, at: Timestamp) -> Result<CaseState, Refusal> {
        use CaseState::{Acknowledged, Closed, InReview, New, NoFurtherAction, Referred};
        match (deed, self) {
            (
                Deed::Viewed { .. }
                | Deed::Exported { .. }
                | Deed::GivenTo { .. }
                | Deed::KeyHanded { .. }
                | Deed::Held
                | Deed::Released,
                state,
            )
            // What somebody says afterwards belongs to the case, and a breach is found when it is found.
            | (
                Deed::Noted { .. } | Deed::BreachReported { .. } | Deed::BreachNotReportable,
                state @ (NoFurtherAction { .. } | Closed { .. }),
            ) => Ok(state),
            (Deed::KeptOn { .. } | Deed::Erased { .. }, state) => {
                if state.is_over() {
                    Ok(state)
                } else {
                    Err(Refusal::NotOver)
                }
            }
            (Deed::Reopened, state) => {
                if state.is_over() {
                    Ok(InReview { by, at })
                } else {
                    Err(Refusal::NotOver)
                }
            }
            (_, NoFurtherAction { .. } | Closed { .. }) => Err(Refusal::CaseIsOver),
            (Deed::Acknowledged | Deed::Assigned { .. } | Deed::Noted { .. }, New) => {
                Ok(Acknowledged { by, at })
            }
            (Deed::Acknowledged, _) => Err(Refusal::AlreadyAcknowledged),
            (Deed::ReviewBegan, InReview { .. }) => Err(Refusal::AlreadyInReview),
            (Deed::Referred { .. }, _) => Ok(Referred { by, at }),
            (Deed::Closed { outcome: Outcome::NoFurtherAction }, _) => Ok(NoFurtherAction { by, at }),
            (Deed::Closed { .. }, _) => Ok(Closed { by, at }),
            // A decision is a review.
            (Deed::ReviewBegan, _)
            | (
                Deed::Parents { .. }
                | Deed::HarmTested { .. }
                | Deed::LowLevelConcern
                | Deed::AboutAdult { .. }
                | Deed::BreachFound { .. }
                | Deed::BreachReported { .. }
                | Deed::BreachNotReportable
                | Deed::IncidentFormSent { .. },
                New | Acknowledged { .. },
            ) => Ok(InReview { by, at }),
            (_, state) => Ok(state),
        }
    }

    /// Whether nothing is left to be done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, CaseState::NoFurtherAction { .. } | CaseState::Closed { .. })
    }

    /// Whose doing the state is, and since when; none while nobody has acknowledged it.
    #[must_use]
    pub fn since(&self) -> Option<(UserId, Timestamp)> {
        match *self {
            CaseState::New => None,
            CaseState::Acknowledged { by, at }
            | CaseState::InReview { by, at }
            | CaseState::Referred { by, at }
            | CaseState::NoFurtherAction { by, at }
            | CaseState::Closed { by, at } => Some((by, at)),
        }
    }

    /// Its stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            CaseState::New => "new",
            CaseState::Acknowledged { .. } => "acknowledged",
            CaseState::InReview { .. } => "in-review",
            CaseState::Referred { .. } => "referred",
            CaseState::NoFurtherAction { .. } => "no-further-action",
            CaseState::Closed { .. } => "closed",
        }
    }

    /// Whoever acknowledged, reviewed or closed and then turns out to be a subject has done nothing.
    #[must_use]
    pub fn without(self, subjects: &BTreeSet<UserId>) -> CaseState {
        match self.since() {
            Some((by, _)) if subjects.contains(&by) => CaseState::New,
            _ => self,
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
    fn every_deed_in_every_state() {
        let (before, now, who) = (Timestamp(1), Timestamp(9), UserId(7));
        let states = |by, at| {
            [
                CaseState::New,
                CaseState::Acknowledged { by, at },
                CaseState::InReview { by, at },
                CaseState::Referred { by, at },
                CaseState::NoFurtherAction { by, at },
                CaseState::Closed { by, at },
            ]
        };
        let closed = |outcome| Deed::Closed { outcome };
        // A row a deed, a column a state before: where it leads, `=` for where it was, or why not.
        let table: &[(Deed, [&str; 6])] = &[
            (Deed::Viewed { content: true }, ["="; 6]),
            (Deed::Held, ["="; 6]),
            (
                Deed::Acknowledged,
                [
                    "acknowledged",
                    "!already-acknowledged",
                    "!already-acknowledged",
                    "!already-acknowledged",
                    "!case-is-over",
                    "!case-is-over",
                ],
            ),
            (
                Deed::Noted { kind: crate::domain::act::NoteKind::Statement },
                ["acknowledged", "=", "=", "=", "=", "="],
            ),
            (
                Deed::Assigned { to: "dee".into() },
                ["acknowledged", "=", "=", "=", "!case-is-over", "!case-is-over"],
            ),
            (
                Deed::ReviewBegan,
                [
                    "in-review",
                    "in-review",
                    "!already-in-review",
                    "in-review",
                    "!case-is-over",
                    "!case-is-over",
                ],
            ),
            (
                Deed::Parents { informed: true },
                ["in-review", "in-review", "=", "=", "!case-is-over", "!case-is-over"],
            ),
            (Deed::BreachNotReportable, ["in-review", "in-review", "=", "=", "=", "="]),
            (
                Deed::Referred { agency: crate::domain::act::Agency::Police, at: now },
                ["referred", "referred", "referred", "referred", "!case-is-over", "!case-is-over"],
            ),
            (
                closed(Outcome::NoFurtherAction),
                [
                    "no-further-action",
                    "no-further-action",
                    "no-further-action",
                    "no-further-action",
                    "!case-is-over",
                    "!case-is-over",
                ],
            ),
            (
                closed(Outcome::Concluded),
                ["closed", "closed", "closed", "closed", "!case-is-over", "!case-is-over"],
            ),
            (Deed::Reopened, ["!not-over", "!not-over", "!not-over", "!not-over", "in-review", "in-review"]),
            (
                Deed::Erased { rule: crate::domain::act::EraseRule::TermOver },
                ["!not-over", "!not-over", "!not-over", "!not-over", "=", "="],
            ),
        ];
        for (deed, expected) in table {
            for (state, expected) in states(UserId(3), before).into_iter().zip(expected) {
                let name = format!("{} in {}", deed.code(), state.code());
                match state.clone().after(deed, who, now) {
                    Ok(after) if *expected == "=" => assert_eq!(after, state, "{name}"),
                    Ok(after) => {
                        assert_eq!((after.code(), after.since()), (*expected, Some((who, now))), "{name}");
                    }
                    Err(why) => assert_eq!(format!("!{why}"), *expected, "{name}"),
                }
            }
        }
        for state in states(who, before) {
            assert_eq!(state.without(&[who].into()), CaseState::New, "what a subject did counts for nothing");
        }
    }

    #[test]
    fn references_read_back() {
        assert_eq!(CaseRef(7).to_string(), "C-0007");
        assert_eq!("C-0007".parse(), Ok(CaseRef(7)));
        assert_eq!("7".parse(), Ok(CaseRef(7)));
        assert!("case seven".parse::<CaseRef>().is_err());
    }
}
