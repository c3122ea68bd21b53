//! The one function that decides who may know of a case. It is asked when a page is planned and again when it is
//! sent; nothing else in the system decides it.

use std::collections::BTreeSet;

use super::UserId;

/// A recipient: a person, or something that several people read (a shared mailbox, a webhook).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readers {
    /// The Discord accounts of everybody who reads it, as far as they have one.
    pub accounts: BTreeSet<UserId>,
}

impl Readers {
    /// One person with one account.
    #[must_use]
    pub fn one(account: UserId) -> Self {
        Readers { accounts: BTreeSet::from([account]) }
    }

    /// Somebody without an account on the platform (an external contact).
    #[must_use]
    pub fn outside() -> Self {
        Readers { accounts: BTreeSet::new() }
    }
}

/// Whether these readers may know of a case with these subjects: no subject is among them.
///
/// A subject (the person whose conduct is in question) is never told, shown or asked by the system. In a welfare
/// concern nobody is a subject.
#[must_use]
pub fn who_may_know(subjects: &BTreeSet<UserId>, readers: &Readers) -> bool {
    subjects.is_disjoint(&readers.accounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_among_several_readers_closes_the_channel() {
        let subjects = BTreeSet::from([UserId(7)]);
        assert!(!who_may_know(&subjects, &Readers::one(UserId(7))));
        assert!(!who_may_know(&subjects, &Readers { accounts: BTreeSet::from([UserId(1), UserId(7)]) }));
        assert!(who_may_know(&subjects, &Readers::one(UserId(1))));
        assert!(who_may_know(&subjects, &Readers::outside()));
        assert!(who_may_know(&BTreeSet::new(), &Readers::one(UserId(7))));
    }
}
