//! Who may answer (pure): acknowledgements from any channel, and what a lead does with a case afterwards.
//!
//! Every answer comes to a fact, also one that changes nothing. Whoever may not know of a case learns nothing about it
//! here, not even whether it exists.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::effect::CalledCase;
use crate::domain::event::Answer;
use crate::domain::fact::Handling;
use crate::domain::{CaseRef, CaseState, Effect, Fact, Level, Timestamp, UserId};

use super::drill::NO_CASE;
use super::ladder::{ALREADY_ACKNOWLEDGED, Calls, MAY_NOT_KNOW, NO_SUCH_CASE, Open, STALE};
use super::people::{KEEPERS, OnCall};

/// Refused: it was closed, so nothing is left to be done about its calls.
pub const NOT_OPEN: &str = "not-open";
/// Refused: nobody has acknowledged it, so there is nothing that could stand.
pub const NOT_ACKNOWLEDGED: &str = "not-acknowledged";
/// Refused: calls cannot be put off for that long, or into the past.
pub const TOO_LONG: &str = "too-long";
/// Refused: a reason is a short code.
pub const NO_REASON: &str = "no-reason";
/// Withheld: nothing of a digest is left that its reader may know.
pub const NOTHING_LEFT: &str = "nothing-left";

/// For how long calls about a case of this level may be put off: a day, in immediate danger an hour.
#[must_use]
pub fn longest_snooze(level: Level) -> Duration {
    Duration::from_hours(if level >= Level::Immediate { 1 } else { 24 })
}

impl Calls {
    /// What an acknowledgement of `case` by `by` over `via` comes to; commit either fact.
    ///
    /// # Errors
    /// [`Fact::AcknowledgementRefused`] with [`MAY_NOT_KNOW`] (a subject, or somebody who is not on the ladder:
    /// neither learns whether the case exists), [`NO_SUCH_CASE`] or [`ALREADY_ACKNOWLEDGED`].
    #[expect(clippy::result_large_err, reason = "either fact moves into the transaction at once")]
    pub fn acknowledge(&self, case: CaseRef, by: UserId, via: &str) -> Result<Fact, Fact> {
        let open = self.open.get(&case);
        let person = self.people().with_account(by);
        if case == NO_CASE
            && let Some(person) = person
        {
            return Ok(self.drill_answered(person, via));
        }
        let refused = match person {
            Some(person) if open.is_none_or(|open| self.people().may_know(person, &open.case.subjects)) => {
                match open.map(|open| &open.case.state) {
                    None => Some(NO_SUCH_CASE),
                    Some(CaseState::New) => None,
                    Some(_) => Some(ALREADY_ACKNOWLEDGED),
                }
            }
            _ => Some(MAY_NOT_KNOW),
        };
        match refused {
            None => Ok(Fact::Acknowledged { case, by, via: via.to_owned() }),
            Some(why) => Err(Fact::AcknowledgementRefused { case, by, why: why.to_owned() }),
        }
    }

    fn drill_answered(&self, person: &OnCall, via: &str) -> Fact {
        let (name, via) = (person.name.clone(), via.to_owned());
        Fact::DrillAnswered { drill: self.drills.answered(&name), name, via }
    }

    /// What an answer to a page about several cases comes to: a fact for each of them that was called for this account
    /// at that moment. Never none.
    #[must_use]
    pub fn acknowledge_together(&self, at: Timestamp, by: UserId, via: &str) -> Vec<Fact> {
        let name = self.people().with_account(by).map(|person| person.name.as_str());
        let cases = self.called_together(at, name.unwrap_or_default());
        if cases.is_empty() {
            return vec![Fact::AcknowledgementRefused { case: NO_CASE, by, why: MAY_NOT_KNOW.to_owned() }];
        }
        let answer = |case| match self.acknowledge(case, by, via) {
            Ok(fact) | Err(fact) => fact,
        };
        cases.into_iter().map(answer).collect()
    }

    fn called_together(&self, at: Timestamp, name: &str) -> Vec<CaseRef> {
        let called = |open: &&Open| open.called.get(&at).is_some_and(|people| people.contains(name));
        self.called_at(at).filter(called).map(|open| open.case.reference).collect()
    }

    /// How many cases were called for somebody at one moment.
    #[must_use]
    pub fn how_many_together(&self, at: Timestamp, name: &str) -> usize {
        self.called_together(at, name).len()
    }

    /// What keeps incidents and was called about a case: each is to be told when somebody has answered it.
    #[must_use]
    pub fn keepers_of(&self, case: CaseRef) -> Vec<(String, String)> {
        let Some(open) = self.open.get(&case) else { return Vec::new() };
        let called: BTreeSet<&str> = open.called.values().flatten().map(String::as_str).collect();
        let people = called.into_iter().filter_map(|name| self.people().named(name));
        people
            .filter(|person| self.people().may_know(person, &open.case.subjects))
            .flat_map(|person| {
                let keeps = person.channels.iter().filter(|channel| KEEPERS.contains(&channel.as_str()));
                keeps.map(|channel| (person.name.clone(), channel.clone()))
            })
            .collect()
    }

    /// What an answer by a signed link or a key press comes to. It counts for the call that it answers: once that was
    /// answered or overtaken, the link is stale, whatever happens to the case later. Never none.
    #[must_use]
    pub fn answer(&self, answer: &Answer) -> Vec<Fact> {
        let person = self.people().named(&answer.name).filter(|person| !self.people().is_shared(person));
        let by = person.and_then(|person| person.account).unwrap_or_default();
        let refused = |case, why: &str| Fact::AcknowledgementRefused { case, by, why: why.to_owned() };
        let Some(person) = person else { return vec![refused(answer.case, MAY_NOT_KNOW)] };
        let one = |case: CaseRef| {
            let Some(open) = self.open.get(&case) else { return refused(case, NO_SUCH_CASE) };
            if !self.people().may_know(person, &open.case.subjects) {
                return refused(case, MAY_NOT_KNOW);
            }
            match (&open.case.state, &open.climb) {
                (CaseState::New, Some(climb)) => {
                    let this_call = match answer.together {
                        Some(_) => true,
                        None => climb.level == answer.level && climb.knows_round(answer.round),
                    };
                    if !this_call {
                        return refused(case, STALE);
                    }
                }
                _ => return refused(case, ALREADY_ACKNOWLEDGED),
            }
            let via = answer.via.clone();
            match person.account {
                Some(by) => Fact::Acknowledged { case, by, via },
                None => Fact::AcknowledgedByName { case, name: person.name.clone(), via },
            }
        };
        match answer.together {
            Some(at) => {
                let cases = self.called_together(at, &person.name);
                // Armed again since: what was called then was answered.
                let cases: Vec<CaseRef> = cases
                    .into_iter()
                    .filter(|case| {
                        let climb = self.open.get(case).and_then(|open| open.climb.as_ref());
                        climb.is_none_or(|climb| climb.armed_at() <= at)
                    })
                    .collect();
                if cases.is_empty() {
                    return vec![refused(answer.case, STALE)];
                }
                cases.into_iter().map(one).collect()
            }
            None if answer.case == NO_CASE => vec![self.drill_answered(person, &answer.via)],
            None => vec![one(answer.case)],
        }
    }

    /// What somebody on the ladder wants to do with a case; commit either fact.
    ///
    /// # Errors
    /// [`Fact::HandlingRefused`] with [`MAY_NOT_KNOW`] (also where the case is to be handed to somebody who may not),
    /// [`NO_SUCH_CASE`], [`NOT_OPEN`], [`NOT_ACKNOWLEDGED`], [`TOO_LONG`] or [`NO_REASON`].
    #[expect(clippy::result_large_err, reason = "either fact moves into the transaction at once")]
    pub fn handle(
        &self,
        case: CaseRef,
        name: &str,
        what: &Handling,
        via: &str,
        now: Timestamp,
    ) -> Result<Fact, Fact> {
        let refused = match (self.people().named(name), self.open.get(&case)) {
            (None, _) => Some(MAY_NOT_KNOW),
            (Some(_), None) => Some(NO_SUCH_CASE),
            (Some(person), Some(open)) if !self.people().may_know(person, &open.case.subjects) => {
                Some(MAY_NOT_KNOW)
            }
            (Some(_), Some(open)) => self.cannot(open, what, now),
        };
        let name = name.to_owned();
        match refused {
            None => Ok(Fact::Handled { case, name, what: what.clone(), via: via.to_owned() }),
            Some(why) => Err(Fact::HandlingRefused { case, name, why: why.to_owned() }),
        }
    }

    fn cannot(&self, open: &Open, what: &Handling, now: Timestamp) -> Option<&'static str> {
        if open.case.state.is_over() {
            return Some(NOT_OPEN);
        }
        match what {
            Handling::Recorded => (open.case.state == CaseState::New).then_some(NOT_ACKNOWLEDGED),
            Handling::Resolved => None,
            Handling::HandedOver { to } => {
                let taker = self.people().named(to);
                let may = taker.is_some_and(|taker| self.people().may_know(taker, &open.case.subjects));
                (!may).then_some(MAY_NOT_KNOW)
            }
            Handling::Snoozed { until, reason } => {
                let code = |c: char| c.is_ascii_lowercase() || c == '-';
                if reason.is_empty() || reason.len() > 40 || !reason.chars().all(code) {
                    return Some(NO_REASON);
                }
                let too_long = *until <= now || until.since(now) > longest_snooze(open.case.level);
                too_long.then_some(TOO_LONG)
            }
        }
    }

    /// Whether this person (by the configuration's name) may know of this case. False for a case or a person
    /// that is not known.
    #[must_use]
    pub fn may_receive(&self, case: CaseRef, person: &str) -> bool {
        match (self.open.get(&case), self.people().named(person)) {
            (Some(open), Some(person)) => self.people().may_know(person, &open.case.subjects),
            _ => false,
        }
    }

    /// Whether a page is still called for at the moment of sending.
    ///
    /// # Errors
    /// Why not, as a code: [`MAY_NOT_KNOW`], or [`ALREADY_ACKNOWLEDGED`] when no ladder of this level is open.
    pub fn still_wanted(&self, case: CaseRef, level: Level, person: &str) -> Result<(), &'static str> {
        if !self.may_receive(case, person) {
            return Err(MAY_NOT_KNOW);
        }
        let climb = self.open.get(&case).and_then(|open| open.climb.as_ref());
        if climb.is_some_and(|climb| climb.level == level) { Ok(()) } else { Err(ALREADY_ACKNOWLEDGED) }
    }

    /// An effect as it may leave now: what its recipient may no longer know, or nobody waits for any more, is taken
    /// out of it.
    ///
    /// # Errors
    /// Why nothing of it may leave, as a code.
    pub fn as_still_wanted(&self, effect: &Effect) -> Result<Effect, &'static str> {
        match effect {
            Effect::Page { case, level, person, drill: false, .. } => {
                self.still_wanted(*case, *level, person)?;
                Ok(effect.clone())
            }
            Effect::PageTogether { at, cases, slot, channel, person } => {
                let mut why = MAY_NOT_KNOW;
                let wanted = |called: &&CalledCase| match self.still_wanted(called.case, called.level, person)
                {
                    Ok(()) => true,
                    Err(code) => {
                        why = code;
                        false
                    }
                };
                let cases: Vec<CalledCase> = cases.iter().filter(wanted).cloned().collect();
                if cases.is_empty() {
                    return Err(why);
                }
                Ok(Effect::PageTogether {
                    at: *at,
                    cases,
                    slot: slot.clone(),
                    channel: channel.clone(),
                    person: person.clone(),
                })
            }
            Effect::PageSettled { case, person, .. } | Effect::Reminder { case, person, .. } => {
                if self.may_receive(*case, person) { Ok(effect.clone()) } else { Err(MAY_NOT_KNOW) }
            }
            Effect::Digest { until, lines, channel, person } => {
                let left = lines.iter().filter_map(|(category, cases)| {
                    let cases: Vec<CaseRef> =
                        cases.iter().copied().filter(|case| self.may_receive(*case, person)).collect();
                    (!cases.is_empty()).then_some((*category, cases))
                });
                let lines: Vec<_> = left.collect();
                if lines.is_empty() {
                    return Err(NOTHING_LEFT);
                }
                Ok(Effect::Digest { until: *until, lines, channel: channel.clone(), person: person.clone() })
            }
            _ => Ok(effect.clone()),
        }
    }
}
