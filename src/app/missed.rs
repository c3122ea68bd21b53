//! What one shard has not heard live, and whether the socket's position may be kept yet.
//!
//! A new session says nothing about the time before it; that is read from the histories of the shard's servers. Until
//! all of them are read no position of the new session is kept: a crash in between resumes from the old one, or begins
//! anew, and reads the same histories again. Hearing a message twice changes nothing; not hearing it would.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::{GuildId, Timestamp};

/// A server that is enrolled and yet never described (the bot is not on it, a long outage) must not keep positions
/// back for ever.
const WAIT_FOR_SERVERS: Duration = Duration::from_mins(10);

/// The stretch that was not heard, if there is one.
#[derive(Clone, Debug)]
pub(super) struct Missed {
    /// The servers of this shard; empty when every server is listened to.
    servers: BTreeSet<GuildId>,
    /// The last moment that was heard; none at the very first start.
    last: Option<Timestamp>,
    /// Since when nothing had been heard before the present session.
    since: Option<Timestamp>,
    /// When the present session began; none while one goes on that an earlier run began.
    began: Option<Timestamp>,
    /// Servers whose history was read since then.
    caught_up: BTreeSet<GuildId>,
    /// Whether this shard hears direct messages (Discord sends them to the first), and they were not read since then.
    direct_messages: bool,
    hears_direct_messages: bool,
}

impl Missed {
    /// A shard (its number, and how many there are) that had heard until `last`.
    pub(super) fn new(guilds: &BTreeSet<GuildId>, shard: (u32, u32), last: Option<Timestamp>) -> Self {
        // Discord's rule for which shard hears a server.
        let hears = |guild: &&GuildId| (guild.0 >> 22) % u64::from(shard.1.max(1)) == u64::from(shard.0);
        Missed {
            servers: guilds.iter().filter(hears).copied().collect(),
            last,
            since: last,
            began: None,
            caught_up: BTreeSet::new(),
            direct_messages: false,
            hears_direct_messages: shard.0 == 0,
        }
    }

    /// The last moment that was heard.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.last
    }

    /// Something was heard.
    pub(super) fn heard(&mut self, at: Timestamp) {
        self.last = self.last.max(Some(at));
    }

    /// A new session began; gives the moment since which nothing was heard. Where an earlier stretch has not been read
    /// to its end, it is part of this one.
    pub(super) fn session_began(&mut self, at: Timestamp) -> Option<Timestamp> {
        if self.may_keep_position(at) {
            self.since = self.last;
        }
        self.began = Some(at);
        self.caught_up.clear();
        self.direct_messages = self.hears_direct_messages && self.since.is_some();
        self.since
    }

    /// Whether the history of a server is still to be read.
    pub(super) fn is_behind(&self, guild: GuildId) -> bool {
        !self.caught_up.contains(&guild)
    }

    /// From when it is to be heard; none at the very first start, when it is context only.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// The history of a server has been read.
    pub(super) fn caught_up(&mut self, guild: GuildId) {
        self.caught_up.insert(guild);
    }

    /// Whether the position of what is heard now may be kept.
    pub(super) fn may_keep_position(&self, now: Timestamp) -> bool {
        let Some(began) = self.began else { return true };
        (self.servers_are_read() && !self.direct_messages) || now.since(began) >= WAIT_FOR_SERVERS
    }

    fn servers_are_read(&self) -> bool {
        if self.servers.is_empty() {
            !self.caught_up.is_empty()
        } else {
            self.servers.is_subset(&self.caught_up)
        }
    }

    /// From when direct messages are to be read now: who writes them is known once the servers' histories are read.
    pub(super) fn direct_messages_since(&self) -> Option<Timestamp> {
        self.since.filter(|_| self.direct_messages && self.servers_are_read())
    }

    /// Direct messages have been read.
    pub(super) fn direct_messages_read(&mut self) {
        self.direct_messages = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: GuildId = GuildId(1 << 22);
    const SECOND: GuildId = GuildId(3 << 22);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn missed(last: Option<i64>) -> Missed {
        Missed::new(&BTreeSet::from([FIRST, SECOND, GuildId(2 << 22)]), (1, 2), last.map(at))
    }

    #[test]
    fn every_server_is_read_from_the_same_moment_and_only_then_a_position_is_kept() {
        let mut missed = missed(Some(100));
        assert!(missed.may_keep_position(at(300)), "a session that goes on has no gap");
        assert_eq!(missed.session_began(at(500)), Some(at(100)));
        missed.heard(at(500));
        assert!(missed.is_behind(FIRST));
        missed.caught_up(FIRST);
        assert!(!missed.may_keep_position(at(501)), "the second server's history is not read yet");
        missed.heard(at(502));
        assert_eq!((missed.is_behind(SECOND), missed.since()), (true, Some(at(100))), "from the same moment");
        missed.caught_up(SECOND);
        assert!(missed.may_keep_position(at(503)), "a server of another shard is not waited for");
        assert!(!missed.is_behind(SECOND), "described again, it is not read again");
    }

    #[test]
    fn direct_messages_are_read_after_the_servers_by_the_first_shard_and_before_a_position_is_kept() {
        let shard = |number| Missed::new(&BTreeSet::new(), (number, 2), Some(at(100)));
        let (mut first, mut second) = (shard(0), shard(1));
        for missed in [&mut first, &mut second] {
            missed.session_began(at(500));
            assert_eq!(missed.direct_messages_since(), None, "nobody is known yet");
            missed.caught_up(FIRST);
        }
        assert_eq!((first.direct_messages_since(), first.may_keep_position(at(501))), (Some(at(100)), false));
        assert_eq!((second.direct_messages_since(), second.may_keep_position(at(501))), (None, true));
        first.direct_messages_read();
        assert_eq!((first.direct_messages_since(), first.may_keep_position(at(502))), (None, true));
    }

    #[test]
    fn a_gap_begins_at_the_last_moment_that_was_heard_not_at_the_start() {
        let mut missed = missed(None);
        assert_eq!(missed.session_began(at(0)), None, "the very first start misses nothing");
        missed.caught_up(FIRST);
        missed.caught_up(SECOND);
        missed.heard(at(9_000));
        assert_eq!(missed.session_began(at(9_010)), Some(at(9_000)));
    }

    #[test]
    fn a_session_lost_while_reading_leaves_nothing_out() {
        let mut missed = missed(Some(100));
        missed.session_began(at(500));
        missed.heard(at(505));
        assert_eq!(missed.session_began(at(510)), Some(at(100)));
    }

    #[test]
    fn a_server_that_never_comes_is_not_waited_for_without_end() {
        let mut missed = missed(Some(100));
        missed.session_began(at(500));
        assert!(!missed.may_keep_position(at(1_000)));
        assert!(missed.may_keep_position(at(1_100)));
    }
}
