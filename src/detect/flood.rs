//! Floods and raids: the same again and again, very much in a short time, very many mentioned, several accounts that
//! write one thing.
//!
//! Remembered are times and fingerprints, never words, and of a bounded number of people and places. A finding is
//! given once a burst.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::domain::{ChannelId, Code, Timestamp, UserId};
use crate::text::Reading;

/// Within this the same text of one author is a repetition.
const AGAIN_WITHIN: Duration = Duration::from_mins(1);
/// So many times the same is a flood: short words are also said in fun.
const AGAIN_SHORT: usize = 6;
/// The same for a text of some length.
const AGAIN_LONG: usize = 3;
/// From how many letters on a text has some length.
const LONG: usize = 25;
/// So many messages within [`BURST_WITHIN`] are a flood whatever they say.
const BURST: usize = 12;
/// See [`BURST`].
const BURST_WITHIN: Duration = Duration::from_secs(15);
/// So many people mentioned at once are no conversation.
const MENTIONS: usize = 8;
/// So many accounts that write the same within [`RAID_WITHIN`] are a raid.
const RAID: usize = 4;
/// See [`RAID`].
const RAID_WITHIN: Duration = Duration::from_mins(2);
/// From how many letters on the same text of several accounts says something ("gg", "hi", "ok" do not).
const RAID_LONG: usize = 12;
/// After a finding the same one is not given again for this long.
const ONCE_IN: Duration = Duration::from_mins(10);
/// Of so many authors and texts something is remembered; the longest silent go first.
const KEPT: usize = 4_096;

/// One message, as this file sees it.
pub struct Post<'a> {
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub by: UserId,
    /// Where.
    pub space: ChannelId,
    /// What it says.
    pub reading: &'a Reading,
    /// How many different people it mentions.
    pub mentions: usize,
    /// Its author has a role of the charity. Of those, several who write the same are glad together.
    pub known: bool,
}

/// Who wrote how much lately.
#[derive(Clone, Debug, Default)]
pub struct Crowd {
    authors: BTreeMap<UserId, VecDeque<(Timestamp, u64)>>,
    texts: BTreeMap<u64, VecDeque<(Timestamp, UserId)>>,
    told: BTreeMap<(Code, u64), Timestamp>,
}

impl Crowd {
    /// Takes a message in: what it completes.
    pub fn hear(&mut self, post: &Post) -> Vec<Code> {
        let mut found = Vec::new();
        let mark = fingerprint(&post.reading.line);
        let length = post.reading.line.len();
        let has_words = post.reading.words.iter().any(|word| !word.stop) || !post.reading.finds.is_empty();

        let mine = self.authors.entry(post.by).or_default();
        push(mine, (post.at, mark), BURST * 2);
        // What is heard late, after a gap of the socket say, is not crowded by what was written after it.
        let lately = |at: &Timestamp, within: Duration| *at >= post.at.minus(within) && *at <= post.at;
        let again = mine.iter().filter(|(at, same)| *same == mark && lately(at, AGAIN_WITHIN)).count();
        let burst = mine.iter().filter(|(at, _)| lately(at, BURST_WITHIN)).count();
        let too_often = if length >= LONG { AGAIN_LONG } else { AGAIN_SHORT };
        if (has_words && again >= too_often) || burst >= BURST {
            found.push((Code::Flood, post.by.0));
        }
        if post.mentions >= MENTIONS {
            found.push((Code::MassMention, post.by.0));
        }
        if length >= RAID_LONG && !post.known {
            let all = self.texts.entry(mark).or_default();
            push(all, (post.at, post.by), RAID * 8);
            let who: BTreeSet<UserId> =
                all.iter().filter(|(at, _)| lately(at, RAID_WITHIN)).map(|(_, by)| *by).collect();
            if who.len() >= RAID {
                found.push((Code::Raid, mark));
            }
        }
        forget_the_longest_silent(&mut self.authors, |last| last.0);
        forget_the_longest_silent(&mut self.texts, |last| last.0);
        found.retain(|key| self.tell(*key, post.at));
        found.into_iter().map(|(code, _)| code).collect()
    }

    /// Forgets everything older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.authors.retain(|_, posts| posts.back().is_some_and(|(last, _)| *last >= at));
        self.texts.retain(|_, posts| posts.back().is_some_and(|(last, _)| *last >= at));
        self.told.retain(|_, last| *last >= at);
    }

    fn tell(&mut self, key: (Code, u64), at: Timestamp) -> bool {
        if self.told.get(&key).is_some_and(|last| last.plus(ONCE_IN) > at) {
            return false;
        }
        if self.told.len() >= KEPT {
            self.told.retain(|_, last| last.plus(ONCE_IN) > at);
        }
        self.told.insert(key, at);
        true
    }
}

fn push<T>(queue: &mut VecDeque<T>, one: T, most: usize) {
    queue.push_back(one);
    if queue.len() > most {
        queue.pop_front();
    }
}

/// Halves a map that has grown too large, so that the work for it is shared by many messages.
fn forget_the_longest_silent<K: Ord + Copy, T>(
    map: &mut BTreeMap<K, VecDeque<T>>,
    when: impl Fn(&T) -> Timestamp,
) {
    if map.len() <= KEPT {
        return;
    }
    let mut last: Vec<Timestamp> = map.values().filter_map(|posts| posts.back().map(&when)).collect();
    last.sort_unstable();
    let Some(middle) = last.get(last.len() / 2).copied() else { return };
    map.retain(|_, posts| posts.back().is_some_and(|post| when(post) > middle));
}

/// A number that stands for a text (FNV-1a): equal texts have equal ones.
fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::reading::Vocabulary;

    /// (second, author, text, role) → what is found at each.
    fn heard(posts: &[(i64, u64, &str, bool)]) -> Vec<Vec<Code>> {
        let mut crowd = Crowd::default();
        posts
            .iter()
            .map(|(second, by, text, known)| {
                let reading = Reading::of(text, &Vocabulary::default());
                crowd.hear(&Post {
                    at: Timestamp::from_seconds(*second),
                    by: UserId(*by),
                    space: ChannelId(1),
                    reading: &reading,
                    mentions: 0,
                    known: *known,
                })
            })
            .collect()
    }

    #[test]
    fn the_same_again_and_again_is_a_flood_and_told_once() {
        let spam = "join my amazing new server everybody please";
        let found =
            heard(&[(0, 1, spam, true), (10, 1, spam, true), (20, 1, spam, true), (30, 1, spam, true)]);
        assert_eq!(found, [vec![], vec![], vec![Code::Flood], vec![]]);
        let slow = heard(&[(0, 1, spam, true), (100, 1, spam, true), (200, 1, spam, true)]);
        assert_eq!(slow.concat(), []);
        let fun: Vec<_> = (0..5).map(|n| (n * 5, 1, "lol", true)).collect();
        assert_eq!(heard(&fun).concat(), []);
        let fast: Vec<String> = (0..12).map(|n| format!("word number {n}")).collect();
        let fast: Vec<_> =
            (0..12).map(|n| (n, 1, fast[usize::try_from(n).unwrap()].as_str(), true)).collect();
        assert_eq!(heard(&fast).concat(), [Code::Flood]);
    }

    #[test]
    fn strangers_that_write_the_same_are_a_raid_and_friends_are_not() {
        let all = |text, known| -> Vec<Code> {
            heard(&(0..5_u32).map(|n| (i64::from(n), u64::from(n), text, known)).collect::<Vec<_>>()).concat()
        };
        assert_eq!(all("this server belongs to us now", false), [Code::Raid]);
        assert_eq!(all("happy birthday ella", true), []);
        assert_eq!(all("hello", false), []);
    }

    #[test]
    fn what_is_remembered_has_its_bounds() {
        let mut crowd = Crowd::default();
        let reading = Reading::of("hello there everybody", &Vocabulary::default());
        for n in 0..20_000 {
            crowd.hear(&Post {
                at: Timestamp::from_seconds(n),
                by: UserId(n.cast_unsigned()),
                space: ChannelId(1),
                reading: &reading,
                mentions: 9,
                known: false,
            });
        }
        assert!(crowd.authors.len() <= KEPT + 1 && crowd.told.len() <= KEPT + 1 && crowd.texts.len() <= 2);
        assert!(crowd.authors.contains_key(&UserId(19_999)));
    }
}
