//! Enrolments and responsibilities, checked before they are recorded.

use super::{Enrolments, Refused, is_reference};
use crate::domain::register::{Enrolment, Register, Responsibility};
use crate::domain::{Kind, Timestamp, UserId};

/// Enrols an account.
///
/// # Errors
/// When somebody enrols themselves, the kind is none of a person, or the reference is another account's: a new
/// account of the same person is enrolled after the old one's enrolment has ended, and is a guest until then.
pub fn enrol(enrolments: &Enrolments, enrolment: Enrolment) -> Result<Register, Refused> {
    if enrolment.by == enrolment.account {
        return Err(Refused::EnrolsSelf);
    }
    if matches!(enrolment.kind, Kind::Guest | Kind::Conflicted | Kind::Bot) {
        return Err(Refused::NoKind);
    }
    if let Some(reference) = &enrolment.reference {
        if !is_reference(reference) {
            return Err(Refused::NoReference);
        }
        if let Some(other) = enrolments.under(reference).filter(|other| other.account != enrolment.account) {
            return Err(Refused::ReferenceTaken { account: other.account });
        }
    }
    Ok(Register::Enrolled(enrolment))
}

/// Ends an enrolment.
///
/// # Errors
/// When the account is not enrolled.
pub fn unenrol(
    enrolments: &Enrolments,
    account: UserId,
    by: UserId,
    at: Timestamp,
) -> Result<Register, Refused> {
    match enrolments.of(account) {
        Some(_) => Ok(Register::Unenrolled { account, by, at }),
        None => Err(Refused::NotEnrolled),
    }
}

/// Records that somebody takes a responsibility on.
///
/// # Errors
/// When they hold it already.
pub fn take_on(
    enrolments: &Enrolments,
    what: Responsibility,
    who: UserId,
    by: UserId,
    since: Timestamp,
) -> Result<Register, Refused> {
    if enrolments.holders(what).any(|held| held.who == who) {
        return Err(Refused::ChangesNothing);
    }
    Ok(Register::ResponsibilityTaken { what, who, since, by })
}

/// Records that somebody lays a responsibility down.
///
/// # Errors
/// When they do not hold it.
pub fn lay_down(
    enrolments: &Enrolments,
    what: Responsibility,
    who: UserId,
    by: UserId,
    at: Timestamp,
) -> Result<Register, Refused> {
    if !enrolments.holders(what).any(|held| held.who == who) {
        return Err(Refused::ChangesNothing);
    }
    Ok(Register::ResponsibilityLaidDown { what, who, at, by })
}
