//! Mocking names, learnt from use: a word that several use for one person, or that the person does not want to be
//! called. Only a number for the word is remembered, never the word.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Timestamp, UserId};

/// How many words are remembered; the oldest go first.
const KEPT: usize = 512;

#[derive(Clone, Debug)]
struct Calling {
    target: UserId,
    users: BTreeSet<UserId>,
    days: BTreeSet<i64>,
    last: Timestamp,
    refused: bool,
}

impl Calling {
    /// Several use it, or it was used again on another day, or the person said that it is not their name.
    fn is_learnt(&self) -> bool {
        self.refused || self.users.len() >= 2 || self.days.len() >= 2
    }
}

/// Words that were used for people.
#[derive(Clone, Debug, Default)]
pub struct Nicknames {
    callings: BTreeMap<(u64, UserId), Calling>,
}

impl Nicknames {
    /// Takes in that somebody used these words at or about a person, mockingly.
    pub fn used(&mut self, words: &[u64], by: UserId, target: UserId, at: Timestamp) {
        for &word in words {
            let calling = self.callings.entry((word, target)).or_insert_with(|| Calling {
                target,
                users: BTreeSet::new(),
                days: BTreeSet::new(),
                last: at,
                refused: false,
            });
            calling.users.insert(by);
            calling.days.insert(day(at));
            calling.last = calling.last.max(at);
        }
        while self.callings.len() > KEPT {
            let oldest = self.callings.iter().min_by_key(|(key, calling)| (calling.last, **key));
            let Some(key) = oldest.map(|(key, _)| *key) else { break };
            self.callings.remove(&key);
        }
    }

    /// Takes in that a person does not want to be called so.
    pub fn refused(&mut self, words: &[u64], by: UserId, target: UserId, at: Timestamp) {
        self.used(words, by, target, at);
        for &word in words {
            if let Some(calling) = self.callings.get_mut(&(word, target)) {
                calling.refused = true;
            }
        }
    }

    /// Whom one of these words is a mocking name for, if for one person only.
    #[must_use]
    pub fn meant(&self, words: impl Iterator<Item = u64>) -> Option<UserId> {
        if self.callings.is_empty() {
            return None;
        }
        let mut found = None;
        for word in words {
            let range = (word, UserId(0))..=(word, UserId(u64::MAX));
            for (_, calling) in self.callings.range(range).filter(|(_, calling)| calling.is_learnt()) {
                match found {
                    Some(other) if other != calling.target => return None,
                    _ => found = Some(calling.target),
                }
            }
        }
        found
    }

    /// Forgets what was last used before a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.callings.retain(|_, calling| calling.last >= at);
    }
}

/// The day of a moment, counted in UTC.
#[must_use]
pub fn day(at: Timestamp) -> i64 {
    at.0.div_euclid(86_400_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_learnt_from_several_or_from_a_refusal() {
        let mut names = Nicknames::default();
        let at = Timestamp::from_seconds(0);
        names.used(&[7], UserId(1), UserId(9), at);
        assert_eq!(names.meant([7].into_iter()), None, "said once");
        names.used(&[7], UserId(2), UserId(9), at);
        assert_eq!(names.meant([3, 7].into_iter()), Some(UserId(9)));
        names.refused(&[8], UserId(1), UserId(9), at);
        assert_eq!(names.meant([8].into_iter()), Some(UserId(9)));
        names.refused(&[8], UserId(1), UserId(5), at);
        assert_eq!(names.meant([8].into_iter()), None, "a word that means two people means nobody");
        names.forget_before(Timestamp::from_seconds(1));
        assert_eq!(names.meant([7].into_iter()), None);
    }

    #[test]
    fn memory_is_bounded() {
        let mut names = Nicknames::default();
        for word in 0..2_000 {
            names.used(&[word], UserId(1), UserId(9), Timestamp::from_seconds(word.cast_signed()));
        }
        assert_eq!(names.callings.len(), KEPT);
    }
}
