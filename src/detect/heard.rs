//! A message with everything that was worked out about it, and whether what a list finds in it is an observation:
//! because of how it is said, who speaks to whom, and what goes on in the space.

use std::collections::BTreeSet;

use super::content;
use super::direction::{Direction, Near};
use super::{flood, setting};
use crate::domain::code::Weight;
use crate::domain::event::Message;
use crate::domain::{Category, Code, Kind, Observation, Quote, Roster, UserId};
use crate::text::{Entry, Hit, Need, Quiet, Reading};

/// What somebody counts as. Whose age came out in chat is an adult and no longer protected; an unknown is an adult.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Side {
    pub(super) adult: bool,
    pub(super) protected: bool,
}

/// A message with everything that was worked out about it.
#[expect(clippy::struct_excessive_bools, reason = "each is one independent thing that quietens or is needed")]
pub(super) struct Heard<'a> {
    pub(super) message: &'a Message,
    pub(super) reading: Reading,
    pub(super) direction: Direction,
    pub(super) speaker: Side,
    /// Nobody in particular is neither.
    pub(super) listener: Side,
    pub(super) takes_part_as_young: bool,
    /// An account of a young person: only of those an age can come out.
    pub(super) is_young: bool,
    pub(super) sharer: content::Speaker,
    pub(super) room_has_protected: bool,
    pub(super) lesson: bool,
    /// A line of a play.
    pub(super) play: bool,
    /// The speaker has said in the open who else is in on it.
    pub(super) open: bool,
    /// A treat for somebody else is planned in the space.
    pub(super) surprise: bool,
    /// A game is being played in the space.
    pub(super) game: bool,
    /// The reading with the names of members read as what these members are, where it names any.
    pub(super) with_roles: Option<Reading>,
    pub(super) near: Near<'a>,
}

impl Heard<'_> {
    /// Towards whom a hit is an observation; `None` when it is none, because of how it is said or who speaks to whom.
    #[expect(
        clippy::option_option,
        reason = "no observation, one towards nobody in particular, one towards a person"
    )]
    pub(super) fn towards(&self, hit: &Hit, entry: &Entry) -> Option<Option<UserId>> {
        let of_age = matches!(hit.code, Code::AgeGap | Code::AgeClue);
        if !hit.counts() || self.is_quietened(hit, entry) || (of_age && !self.is_young) {
            return None;
        }
        let person = self.direction.person();
        if hit.code.category() == Category::Welfare {
            return entry
                .needs
                .iter()
                .all(|need| self.holds(*need, hit))
                .then_some(Some(self.message.author));
        }
        entry.needs.iter().all(|need| self.holds(*need, hit)).then_some(person)
    }

    /// Towards whom a hit would be an adult's conduct if the speaker, a young person, were an adult.
    pub(super) fn aside(&self, hit: &Hit, entry: &Entry) -> Option<UserId> {
        let towards =
            self.direction.person().filter(|_| self.speaker.protected && self.listener.protected)?;
        let weighs = hit.code.process().is_some() && hit.code.weight() >= Weight::Medium;
        let as_adult = |need: &Need| *need == Need::AdultSpeaker || self.holds(*need, hit);
        let counts = weighs
            && entry.needs.contains(&Need::AdultSpeaker)
            && hit.counts()
            && !self.is_quietened(hit, entry)
            && entry.needs.iter().all(as_adult);
        counts.then_some(towards)
    }

    /// A lesson, a play, an official matter in the open.
    pub(super) fn is_quietened(&self, hit: &Hit, entry: &Entry) -> bool {
        (self.is_taught(hit) && !entry.despite.contains(&Quiet::Teaching))
            || (self.play && !entry.despite.contains(&Quiet::Play))
            || (self.open && setting::may_be_open(hit.code))
            || (self.surprise && setting::may_be_a_surprise(hit.code))
            || (self.game && !self.speaker.adult && setting::is_figurative(entry))
    }

    pub(super) fn holds(&self, need: Need, hit: &Hit) -> bool {
        match need {
            Need::AdultSpeaker => self.speaker.adult,
            Need::YoungSpeaker => self.takes_part_as_young,
            // What is serious alone is so towards a room with young people in it as well.
            Need::YoungListener => {
                self.listener.protected
                    || (self.direction == Direction::Group
                        && hit.code.weight() == Weight::Alone
                        && self.room_has_protected)
            }
            Need::AdultListener => self.listener.adult,
            Need::Directed => !self.is_about_oneself(hit),
            need => need.is_of_the_text(),
        }
    }

    /// A lesson goes on in the space, and an adult speaks to the room rather than to somebody.
    pub(super) fn is_taught(&self, hit: &Hit) -> bool {
        self.lesson && self.speaker.adult && !self.direction.is_said() && hit.code.process().is_some()
    }

    /// "i should kys": said of oneself.
    pub(super) fn is_about_oneself(&self, hit: &Hit) -> bool {
        let first = self.reading.words.partition_point(|word| word.to <= hit.quote.start);
        let (start, _) = self.reading.sentence(first);
        (first.saturating_sub(3).max(start)..first).any(|at| {
            self.reading.word_at(at) == "i"
                && !matches!(self.reading.word_at(at + 1), "hope" | "said" | "will" | "am" | "swear")
        })
    }

    pub(super) fn post(&self, roster: &Roster) -> flood::Post<'_> {
        let mentioned: BTreeSet<UserId> = self.message.mentions.iter().copied().collect();
        flood::Post {
            at: self.message.at,
            by: self.message.author,
            space: self.message.space,
            reading: &self.reading,
            mentions: mentioned.len(),
            known: roster.kind(self.message.author) != Kind::Guest,
        }
    }

    pub(super) fn observation(
        &self,
        code: Code,
        towards: Option<UserId>,
        quote: Option<Quote>,
    ) -> Observation {
        Observation {
            at: self.message.at,
            code,
            by: self.message.author,
            towards,
            space: Some(self.message.space),
            message: Some(self.message.id),
            quote,
        }
    }
}
