//! The digest (pure): what can wait for the evening, as counts and references only.
//!
//! A case of level 3 stands in one digest: the next one after it was opened. Where nobody may know of it who usually
//! reads the digest, it stands in that of whoever is next: ranks close here as they do on the ladder. There is no
//! digest of nothing, and none in quiet hours.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;

use crate::domain::event::Ended;
use crate::domain::who_may_know::{Readers, who_may_know};
use crate::domain::zone::Zone;
use crate::domain::{Case, CaseRef, Category, Effect, Fact, Level, Timestamp};

use super::ladder::{PageJob, Rung};
use super::people::{CHANNELS, DISCORD_DM, EMAIL, NTFY, OnCall, People, Slot};

/// When the digest goes out, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestPolicy {
    /// Where the time is local.
    pub zone: Zone,
    /// At which time of day.
    pub at: NaiveTime,
    /// Who stands in these slots reads it.
    pub slots: Vec<Slot>,
    /// From when until when none goes out, local time.
    pub quiet: Option<(NaiveTime, NaiveTime)>,
}

impl DigestPolicy {
    /// Whether it is quiet at a moment.
    fn is_quiet(&self, at: Timestamp) -> bool {
        let time = self.zone.local(at).time();
        match self.quiet {
            None => false,
            Some((from, until)) if from <= until => from <= time && time < until,
            Some((from, until)) => from <= time || time < until,
        }
    }

    /// The first moment not before `at` at which it is not quiet.
    fn when_not_quiet(&self, at: Timestamp) -> Timestamp {
        match self.quiet {
            Some((_, until)) if self.is_quiet(at) => self.zone.next(at, until),
            _ => at,
        }
    }
}

/// What one reader's digest says about one category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestLine {
    /// About what.
    pub category: Category,
    /// The cases, by number.
    pub cases: Vec<CaseRef>,
}

/// The channels by which somebody can be sent something to read, the preferred one first.
pub(super) fn reading_channels(person: &OnCall) -> impl Iterator<Item = &String> {
    let read = |channel: &&String| [DISCORD_DM, EMAIL, NTFY].contains(&channel.as_str());
    // A channel of another name than ours is nobody's.
    let any = |channel: &&String| CHANNELS.contains(&channel.as_str());
    let reads = person.channels.iter().any(|channel| read(&channel));
    person.channels.iter().filter(move |channel| if reads { read(channel) } else { any(channel) })
}

/// What waits for the next digest, folded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Digests {
    waiting: BTreeMap<CaseRef, Timestamp>,
    /// Digests that a channel did not take: they go by the next one.
    again: Vec<Effect>,
}

impl Digests {
    /// Folds a fact.
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::CaseOpened { case, level: Level::Concern, .. } => {
                self.waiting.insert(*case, at);
            }
            Fact::CaseRose { case, level, .. } if *level > Level::Concern => {
                self.waiting.remove(case);
            }
            // A case that came to level 3 later, as one that was acknowledged does not.
            Fact::CaseRose { case, level: Level::Concern, .. } => {
                self.waiting.entry(*case).or_insert(at);
            }
            Fact::Acknowledged { case, .. }
            | Fact::AcknowledgedByName { case, .. }
            | Fact::Handled { case, .. } => {
                self.waiting.remove(case);
            }
            Fact::Acted(act) if !act.what.is_beside_the_case() => {
                self.waiting.remove(&act.case);
            }
            Fact::Erased(stone) => {
                if let Some(case) = stone.case {
                    self.waiting.remove(&case);
                }
            }
            Fact::Digested { until, cases, people } => {
                for case in cases {
                    self.waiting.remove(case);
                }
                self.again.retain(|digest| {
                    !matches!(digest, Effect::Digest { until: of, person, .. } if of == until && people.contains(person))
                });
            }
            Fact::Outcome { effect: effect @ Effect::Digest { .. }, ended: Ended::Failed { .. }, .. } => {
                self.again.push(effect.clone());
            }
            _ => {}
        }
    }

    /// When there is something to send.
    pub fn due(&self, policy: &DigestPolicy, now: Timestamp) -> Option<Timestamp> {
        if !self.again.is_empty() {
            return Some(now);
        }
        let oldest = self.waiting.values().min()?;
        Some(policy.when_not_quiet(policy.zone.next(*oldest, policy.at).max(now)))
    }

    /// What is to be committed now.
    pub fn advance(
        &self,
        organisation: &str,
        policy: &DigestPolicy,
        people: &People,
        cases: &BTreeMap<CaseRef, &Case>,
        now: Timestamp,
    ) -> Vec<Rung> {
        let mut rungs: Vec<Rung> =
            self.again.iter().map(|digest| once_more(organisation, digest, people)).collect();
        if !self.again.is_empty() || self.due(policy, now).is_none_or(|due| due > now) {
            return rungs;
        }
        let waiting: Vec<CaseRef> =
            self.waiting.iter().filter(|(_, opened)| **opened < now).map(|(case, _)| *case).collect();
        let mut of_reader: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
        for case in waiting.iter().filter_map(|case| cases.get(case)) {
            for person in readers(policy, people, case, now) {
                of_reader.entry(person.name.as_str()).or_default().push(case);
            }
        }
        let jobs = of_reader
            .iter()
            .filter_map(|(name, cases)| {
                let person = people.named(name)?;
                let channel = reading_channels(person).next()?;
                let lines = lines(cases.iter().copied(), &people.readers(person), Timestamp(i64::MIN), now);
                let lines = lines.into_iter().map(|line| (line.category, line.cases)).collect();
                Some(job(organisation, now, lines, person, channel))
            })
            .collect();
        let names = of_reader.keys().map(|name| (*name).to_owned()).collect();
        rungs.push(Rung { fact: Fact::Digested { until: now, cases: waiting, people: names }, jobs });
        rungs
    }

    /// Whether a case waits for a digest.
    pub fn waits(&self, case: CaseRef) -> bool {
        self.waiting.contains_key(&case)
    }
}

fn job(
    organisation: &str,
    until: Timestamp,
    lines: Vec<(Category, Vec<CaseRef>)>,
    person: &OnCall,
    channel: &str,
) -> PageJob {
    PageJob {
        key: format!("digest/{organisation}/{}/{}/{channel}", until.0, person.name),
        effect: Effect::Digest { until, lines, channel: channel.to_owned(), person: person.name.clone() },
    }
}

/// A digest that a channel did not take, by the person's next one; where there is none, that is all.
fn once_more(organisation: &str, digest: &Effect, people: &People) -> Rung {
    let Effect::Digest { until, lines, channel, person } = digest else {
        return Rung {
            fact: Fact::Digested { until: Timestamp(0), cases: vec![], people: vec![] },
            jobs: vec![],
        };
    };
    let next = people.named(person).and_then(|person| {
        let next = reading_channels(person).skip_while(|known| *known != channel).nth(1)?;
        Some(job(organisation, *until, lines.clone(), person, next))
    });
    let people = vec![person.clone()];
    Rung { fact: Fact::Digested { until: *until, cases: vec![], people }, jobs: next.into_iter().collect() }
}

/// Who reads of a case in the digest: who stands in the slots, and where none of them may know, whoever is next.
fn readers<'a>(policy: &DigestPolicy, people: &'a People, case: &Case, now: Timestamp) -> Vec<&'a OnCall> {
    let next = [Slot::DeputyDsl, Slot::Chair, Slot::SeniorManager, Slot::Dsl, Slot::External];
    let first: Vec<&OnCall> = policy.slots.iter().flat_map(|slot| people.standing(*slot, now)).collect();
    let others = next.into_iter().map(|slot| people.in_slot(slot).collect());
    let may = |group: Vec<&'a OnCall>| -> Vec<&'a OnCall> {
        let mut names = BTreeSet::new();
        let group = group.into_iter().filter(|person| people.may_know(person, &case.subjects));
        group.filter(|person| names.insert(person.name.clone())).collect()
    };
    std::iter::once(first).chain(others).map(may).find(|group| !group.is_empty()).unwrap_or_default()
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
        if new
            && case.level == Level::Concern
            && !case.state.is_over()
            && who_may_know(&case.subjects, reader)
        {
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
    use crate::domain::UserId;

    #[test]
    fn a_reader_never_finds_a_case_of_which_they_are_the_subject() {
        let case = |number, level, subject, at| Case {
            reference: CaseRef(number),
            opened_at: Timestamp(at),
            category: Category::Boundary,
            level,
            subjects: [UserId(subject)].into(),
            state: crate::domain::CaseState::New,
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
