//! The digest (pure): what can wait for the evening, as counts and references only.

use std::collections::BTreeMap;

use crate::domain::who_may_know::{Readers, who_may_know};
use crate::domain::{Case, CaseRef, Category, Level, Timestamp};

/// What one reader's digest says about one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestLine {
    /// About what.
    pub category: Category,
    /// The cases, by number.
    pub cases: Vec<CaseRef>,
}

/// The level 3 cases opened after `since` and not after `until`, for one reader, by category. A reader who is the
/// subject of a case does not find it here, not even in a count.
#[must_use]
pub fn lines<'a>(
    cases: impl Iterator<Item = &'a Case>,
    reader: &Readers,
    since: Timestamp,
    until: Timestamp,
) -> Vec<DigestLine> {
    let mut lines: BTreeMap<Category, Vec<CaseRef>> = BTreeMap::new();
    for case in cases {
        let new = case.opened_at > since && case.opened_at <= until;
        if new && case.level == Level::Concern && who_may_know(&case.subjects, reader) {
            lines.entry(case.category).or_default().push(case.reference);
        }
    }
    lines
        .into_iter()
        .map(|(category, mut cases)| {
            cases.sort_unstable();
            DigestLine { category, cases }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CaseState, UserId};

    #[test]
    fn a_reader_never_finds_a_case_of_which_they_are_the_subject() {
        let case = |number, level, subject, at| Case {
            reference: CaseRef(number),
            opened_at: Timestamp(at),
            category: Category::Boundary,
            level,
            subjects: [UserId(subject)].into(),
            state: CaseState::New,
        };
        let cases = [
            case(2, Level::Concern, 8, 20),
            case(1, Level::Concern, 9, 11),
            case(3, Level::Concern, 1, 12),
            case(4, Level::Serious, 9, 12),
            case(5, Level::Concern, 9, 10),
            case(6, Level::Concern, 9, 21),
        ];
        let read = |reader| lines(cases.iter(), &Readers::one(UserId(reader)), Timestamp(10), Timestamp(20));
        let line = |cases: &[u32]| {
            vec![DigestLine {
                category: Category::Boundary,
                cases: cases.iter().copied().map(CaseRef).collect(),
            }]
        };
        assert_eq!(read(7), line(&[1, 2, 3]));
        assert_eq!(read(1), line(&[1, 2]));
    }
}
