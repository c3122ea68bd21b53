//! What opens a concern by itself: everything that is not a pair's slow pattern, such as an encouragement of
//! suicide, a threat to life, or a person's own distress.

use crate::domain::{Category, Code, ConcernKey, Level, Observation};

/// A concern that one observation opens or belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which concern.
    pub key: ConcernKey,
    /// Its category.
    pub category: Category,
    /// Its level from this observation.
    pub level: Level,
}

/// What an observation opens by itself. None for one that only counts inside a pair's timeline (see
/// [`super::grooming`]), and for what is merely noted.
///
/// In a welfare concern nobody is the subject: `by` is empty and the person whose welfare it is stands in `towards`.
#[must_use]
pub fn opening(seen: &Observation) -> Option<Opening> {
    let (category, level) = (seen.code.category(), seen.code.level_alone());
    if seen.code.process().is_some() && seen.towards.is_some() {
        return None;
    }
    if level < Level::Concern || matches!(seen.code, Code::Refusal | Code::Discomfort | Code::OpenCorrection)
    {
        return None;
    }
    let key = match category {
        Category::Welfare | Category::Whistleblowing => {
            ConcernKey { family: category.family(), by: None, towards: seen.towards.or(Some(seen.by)) }
        }
        Category::Integrity => ConcernKey { family: category.family(), by: None, towards: None },
        _ => ConcernKey { family: category.family(), by: Some(seen.by), towards: seen.towards },
    };
    Some(Opening { key, category, level })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Family, Timestamp, UserId};

    fn seen(code: Code, towards: Option<u64>) -> Observation {
        Observation {
            at: Timestamp::default(),
            code,
            by: UserId(1),
            towards: towards.map(UserId),
            space: None,
            message: None,
            quote: None,
        }
    }

    #[test]
    fn nobody_is_the_subject_of_their_own_distress() {
        let opening = opening(&seen(Code::SelfHarmDisclosure, Some(1))).unwrap();
        assert_eq!(
            opening.key,
            ConcernKey { family: Family::Of(Category::Welfare), by: None, towards: Some(UserId(1)) }
        );
        assert_eq!(opening.level, Level::Serious);
    }

    #[test]
    fn what_belongs_to_a_pair_or_is_only_noted_opens_nothing() {
        for code in [Code::SecrecyRequest, Code::ImageRequest, Code::Refusal, Code::Ridicule] {
            assert_eq!(opening(&seen(code, Some(2))), None, "{code}");
        }
        assert!(
            opening(&seen(Code::SuicideEncouragement, Some(2))).is_some_and(|o| o.level == Level::Serious)
        );
        assert!(opening(&seen(Code::ImageRequest, None)).is_some(), "asked of a whole room");
    }
}
