//! What is remembered of a space: its last lines, without their words. Enough to know who was talking with whom,
//! to answer for a message that is heard twice, and to know whose message was deleted.

use std::collections::VecDeque;

use crate::domain::{MessageId, Observation, Timestamp, UserId};

/// One remembered line.
#[expect(clippy::struct_excessive_bools, reason = "each is one independent thing that the line says")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which message.
    pub id: MessageId,
    /// When it was written.
    pub at: Timestamp,
    /// Who wrote it.
    pub author: UserId,
    /// Towards whom, if anybody in particular.
    pub towards: Option<UserId>,
    /// It asks how old somebody is: a bare number that follows is an age.
    pub asks_age: bool,
    /// It opens a lesson or a workshop, and an adult for risk wrote it.
    pub opens_lesson: bool,
    /// It plans a treat for somebody.
    pub plans_surprise: bool,
    /// A worker says in it who else is in on an official matter.
    pub in_the_open: bool,
    /// It speaks of a game that is being played.
    pub plays: bool,
    /// An adult for risk wrote it to a protected person.
    pub adult_to_young: bool,
    /// What was observed in it.
    pub observations: Vec<Observation>,
}

impl Line {
    fn key(&self) -> (Timestamp, MessageId) {
        (self.at, self.id)
    }

    /// Whether it sets up something that goes on in the space.
    fn sets_up(&self) -> bool {
        self.opens_lesson || self.plans_surprise || self.in_the_open || self.plays
    }
}

/// The lines of one space, in the order of the times at which they were written.
#[derive(Clone, Debug, Default)]
pub struct Space {
    lines: VecDeque<Line>,
    /// The keys of those that set something up, in order: few, and asked about at every message.
    setting_up: VecDeque<(Timestamp, MessageId)>,
    /// The largest id that was ever remembered: what is new need not be looked for.
    newest: MessageId,
}

/// How many lines of a space are remembered.
const LINES: usize = 200;

impl Space {
    /// A remembered line.
    #[must_use]
    pub fn line(&self, id: MessageId) -> Option<&Line> {
        if id > self.newest {
            return None;
        }
        self.lines.iter().rev().find(|line| line.id == id)
    }

    /// A remembered line, to be changed.
    pub fn line_mut(&mut self, id: MessageId) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.id == id)
    }

    /// The lines written before a message, the latest first.
    pub fn before(&self, at: Timestamp, id: MessageId) -> impl Iterator<Item = &Line> {
        self.lines.range(..self.place(&(at, id))).rev()
    }

    /// Of those, the ones that set up something that goes on in the space.
    pub fn setting_up(&self, at: Timestamp, id: MessageId) -> impl Iterator<Item = &Line> {
        let count = self.setting_up.partition_point(|key| *key < (at, id));
        self.setting_up.range(..count).rev().filter_map(|key| self.lines.get(self.place(key)))
    }

    /// Remembers a line; the oldest is forgotten when there are too many.
    pub fn remember(&mut self, line: Line) {
        if self.line(line.id).is_some() {
            self.lines.retain(|known| known.id != line.id);
            self.setting_up.retain(|(_, known)| *known != line.id);
        }
        self.newest = self.newest.max(line.id);
        if line.sets_up() {
            let at = self.setting_up.partition_point(|key| *key < line.key());
            self.setting_up.insert(at, line.key());
        }
        let place = self.place(&line.key());
        self.lines.insert(place, line);
        while self.lines.len() > LINES {
            self.lines.pop_front();
        }
        let oldest = self.lines.front().map(Line::key);
        while self.setting_up.front().is_some_and(|key| Some(*key) < oldest) {
            self.setting_up.pop_front();
        }
    }

    /// Forgets every line older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.lines.retain(|line| line.at >= at);
        self.setting_up.retain(|(when, _)| *when >= at);
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Where a line with this key stands or would stand: most often at the end.
    fn place(&self, key: &(Timestamp, MessageId)) -> usize {
        match self.lines.back() {
            Some(last) if last.key() < *key => self.lines.len(),
            _ => self.lines.partition_point(|line| line.key() < *key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: u64, at: i64) -> Line {
        Line {
            id: MessageId(id),
            at: Timestamp::from_seconds(at),
            author: UserId(id),
            towards: None,
            asks_age: false,
            opens_lesson: false,
            plans_surprise: false,
            in_the_open: false,
            plays: false,
            adult_to_young: false,
            observations: Vec::new(),
        }
    }

    #[test]
    fn lines_stand_in_the_order_of_their_times_and_the_oldest_go_first() {
        let mut space = Space::default();
        for id in [3, 1, 2] {
            space.remember(line(id, id.cast_signed()));
        }
        let before: Vec<u64> =
            space.before(Timestamp::from_seconds(3), MessageId(3)).map(|line| line.id.0).collect();
        assert_eq!(before, [2, 1]);
        for id in 4..=203 {
            space.remember(line(id, 100 + id.cast_signed()));
        }
        assert!(space.line(MessageId(1)).is_none() && space.line(MessageId(203)).is_some());
        space.forget_before(Timestamp::from_seconds(302));
        assert!(space.line(MessageId(201)).is_none() && space.line(MessageId(202)).is_some());
    }
}
