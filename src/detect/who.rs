//! Whose age comes out in what is said, and which adult a young person's words are about.

use std::collections::BTreeSet;
use std::time::Duration;

use super::heard::Heard;
use super::{Detector, ages};
use crate::domain::code::Weight;
use crate::domain::event::Message;
use crate::domain::{Code, Observation, Roster, UserId};

/// How soon after "how old are you" a bare number is the answer.
const AGE_ANSWER: Duration = Duration::from_mins(10);
/// Ages that a bare number can be taken for, when somebody was asked.
const GROWN_UP: std::ops::RangeInclusive<u32> = 18..=79;
/// So many processes of grooming towards one young person bear out a single clue that the speaker is an adult.
const AN_ADULTS_CONDUCT: usize = 3;

impl Detector {
    /// What a message tells of ages: what it completes, what that makes of earlier messages of the same speaker, and
    /// towards whom it is to be known.
    pub(super) fn hear_ages(
        &mut self,
        heard: &Heard,
        found: &[Observation],
        clue: Option<usize>,
    ) -> Vec<Observation> {
        let message = heard.message;
        let mut new = Vec::new();
        for seen in found {
            if seen.code == Code::AgeGap {
                self.told.insert(seen.key(), seen.at);
            }
            let entry = if seen.code == Code::AgeClue { clue } else { None };
            new.extend(self.ages.hear(seen, entry));
        }
        if heard.is_young && ages::doubts(&heard.reading) {
            let of = heard.direction.person().filter(|_| heard.direction.is_said());
            new.extend(self.ages.asked(message.author, of, message.at));
        }
        if heard.is_young {
            let asked = self.was_asked_age(message);
            if let Some(age) = ages::stated(&heard.reading, asked) {
                self.ages.states(message.author, message.at, age);
            }
            if let Some(towards) = heard.direction.person()
                && self.ages.are_years_apart(message.author, towards)
            {
                let apart = heard.observation(Code::AgeDifference, Some(towards), None);
                if self.told.insert((apart.code, apart.by, apart.towards, None, None), apart.at).is_none() {
                    new.push(apart);
                }
            }
        }
        // One clue to an adult's age, and an adult's conduct towards one young person: the clue was one.
        if heard.is_young && self.asides.processes_towards_one(message.author) >= AN_ADULTS_CONDUCT {
            new.extend(self.ages.borne_out(message.author));
        }
        let out: BTreeSet<UserId> =
            found.iter().chain(&new).filter(|seen| seen.code == Code::AgeGap).map(|seen| seen.by).collect();
        for by in out {
            // What was said before counts from now on, and is known to be an adult's.
            let earlier = self.asides.release(by);
            let towards: BTreeSet<UserId> = earlier.iter().filter_map(|seen| seen.towards).collect();
            for to in towards {
                new.extend(self.known_towards(by, to));
            }
            new.extend(earlier);
        }
        if heard.is_young
            && let Some(to) = found
                .iter()
                .find(|seen| seen.code.process().is_some() && seen.code.weight() >= Weight::Low)
                .and_then(|seen| seen.towards)
        {
            new.extend(self.known_towards(message.author, to));
        }
        new
    }

    /// The age gap of somebody as an observation towards one person, once.
    pub(super) fn known_towards(&mut self, by: UserId, to: UserId) -> Option<Observation> {
        let gap = Observation { towards: Some(to), ..self.ages.came_out(by)?.clone() };
        self.told.insert(gap.key(), gap.at).is_none().then_some(gap)
    }

    /// Somebody else asked about an age in one of the last lines of the space.
    pub(super) fn was_asked_age(&self, message: &Message) -> bool {
        self.spaces.get(&message.space).is_some_and(|space| {
            space.before(message.at, message.id).take(3).any(|line| {
                line.asks_age && line.author != message.author && line.at.plus(AGE_ANSWER) >= message.at
            })
        })
    }

    /// The adult of the charity whom a disclosure is about, where it names one, or speaks of "him" or "her" while one
    /// was being talked about: that adult is the subject and must not hear of it. Somebody of the family is not.
    pub(super) fn adult_in_question(&self, heard: &Heard, roster: &Roster) -> Option<UserId> {
        const FAMILY: [&str; 18] = [
            "dad",
            "mum",
            "mam",
            "stepdad",
            "stepmum",
            "step",
            "uncle",
            "aunt",
            "auntie",
            "brother",
            "sister",
            "cousin",
            "nan",
            "grandad",
            "boyfriend",
            "girlfriend",
            "bf",
            "parents",
        ];
        let message = heard.message;
        let named = self.adult_named(heard, roster);
        let spoken_of = || {
            heard.reading.has_any(&["he", "she", "him", "her", "his"]).then(|| {
                self.scenes.adult_spoken_of(message.space, message.at).filter(|id| *id != message.author)
            })?
        };
        named.or_else(|| spoken_of().filter(|_| !heard.reading.has_any(&FAMILY)))
    }

    /// The first adult whose name stands in a message, spoken to or about; mentions count.
    pub(super) fn adult_named(&self, heard: &Heard, roster: &Roster) -> Option<UserId> {
        let named = self.names.named(&heard.reading, &heard.near);
        named.into_iter().chain(heard.message.mentions.iter().copied()).find(|id| {
            *id != heard.message.author && roster.get(*id).is_some() && self.side(*id, roster).adult
        })
    }

    /// A young person's account was asked how old it is, and a bare number that no young person has is the answer.
    pub(super) fn answers_with_age(&self, heard: &Heard) -> bool {
        let age = heard.reading.word_at(1).parse::<u32>().is_ok_and(|number| GROWN_UP.contains(&number));
        age && heard.is_young && self.was_asked_age(heard.message)
    }
}
