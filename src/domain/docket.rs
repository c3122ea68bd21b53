//! The docket: every case with its record, folded from facts, and what may be done with it.
//!
//! * [`Docket::apply`] folds.
//! * [`Docket::refuses`] says why an act may not be done; whoever may not know of a case does not learn that there is one.
//! * [`Docket::unusual`] says what is strange about an access: a finding, never a hindrance.
//! * [`CaseRecord::clocks`] are the deadlines of a case; [`Docket::due`] the reminders that they lead to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::act::{Act, Deed, HarmTest, NoteKind, Outcome, Refusal, coded};
use super::act::{Agency, EraseRule};
use super::fact::Handling;
use super::retention::Terms;
use super::zone::Zone;
use super::{Case, CaseRef, CaseState, Category, Code, Fact, Level, Timestamp, UserId};

/// A personal-data breach is reported within 72 hours of becoming aware of it (UK GDPR, article 33; policy matrix P36).
pub const BREACH_WITHIN: Duration = Duration::from_hours(72);
/// The LADO hears of an allegation that meets the harm test within one working day.
const LADO_WITHIN: Duration = Duration::from_hours(24);
/// How far apart clocks may be before a time counts as in the future.
const CLOCKS_DIFFER: Duration = Duration::from_mins(5);
/// How far back something may have happened that is entered now.
const LONG_AGO: Duration = Duration::from_hours(24 * 366 * 10);
/// A case whose term is over is asked about again this often.
const ASK_AGAIN: Duration = Duration::from_hours(24 * 90);
/// How many accesses are remembered for telling that many cases are opened at once.
const ACCESSES: usize = 256;

/// What a charity decides about how cases are worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CasePolicy {
    /// Where the night is told.
    pub zone: Zone,
    /// Within which time of opening a serious case its Adverse Incident Form is handed in (policy matrix P18); none
    /// where the charity has no such form.
    pub incident_form: Option<Duration>,
    /// After how long without any act an open case is asked about; none for never.
    pub review: Option<Duration>,
    /// From which local hour until which it is night.
    pub night: (u32, u32),
    /// A case that nobody opened for so long is an old one.
    pub old_after: Duration,
    /// Opening more cases than this …
    pub many: usize,
    /// … within this time is unusual.
    pub many_within: Duration,
    /// Accounts with whom somebody works closely, by the configuration's name: to open a case about one of them is
    /// unusual.
    pub works_with: BTreeMap<String, BTreeSet<UserId>>,
    /// How long things are kept.
    pub terms: Terms,
}

impl Default for CasePolicy {
    fn default() -> Self {
        CasePolicy {
            zone: Zone::default(),
            incident_form: Some(Duration::from_hours(24)),
            review: Some(Duration::from_hours(14 * 24)),
            night: (22, 6),
            old_after: Duration::from_hours(183 * 24),
            many: 5,
            many_within: Duration::from_mins(10),
            works_with: BTreeMap::new(),
            terms: Terms::default(),
        }
    }
}

coded! {
    /// Something of a case that has to be done by a time.
    Deadline, "a deadline":
    /// The Adverse Incident Form.
    IncidentForm "incident-form" "the Adverse Incident Form is to be handed in",
    /// The report of a data breach to the regulator.
    BreachReport "breach-report" "a data breach is to be reported, or found not to be reportable",
    /// The LADO is to hear of an allegation.
    Lado "lado-referral" "the LADO is to be told of an allegation that meets the harm test",
    /// Nobody did anything with an open case for a while.
    Review "review" "nothing was recorded for a while: the case is to be reviewed",
    /// The end of a term.
    Retention "retention-review" "its retention term is over: erase it, or keep it on with a reason",
    /// Somebody was made the owner.
    Assigned "assigned" "it was assigned to you",
}

coded! {
    /// What is strange about an access (policy matrix P28, P36).
    Unusual, "a kind of unusual access":
    /// A case that nobody had opened for months, at night.
    OldCaseAtNight "old-case-at-night" "a case that nobody had opened for months was opened at night",
    /// Many cases in a few minutes.
    ManyCases "many-cases" "many cases were opened within minutes",
    /// A case about somebody with whom the reader works closely.
    Colleague "colleague" "somebody opened a case about a close colleague",
}

/// A data breach on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// When the charity became aware.
    pub known_at: Timestamp,
    /// Reported, and when.
    pub reported: Option<Timestamp>,
    /// Found not to be reportable.
    pub not_reportable: bool,
}

impl Breach {
    fn known(known_at: Timestamp) -> Self {
        Breach { known_at, reported: None, not_reportable: false }
    }

    /// Whether nothing was decided about it yet.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.reported.is_none() && !self.not_reportable
    }

    /// When the report is due.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        self.known_at.plus(BREACH_WITHIN)
    }
}

/// A case with everything that is on record about how it was worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseRecord {
    /// The case.
    pub case: Case,
    /// Who looks after it, by the configuration's name, and since when.
    pub owner: Option<(String, Timestamp)>,
    /// Every act, in order.
    pub acts: Vec<(Timestamp, Act)>,
    /// Whether parents or carers are told, once that is decided.
    pub parents: Option<bool>,
    /// The harm test about an adult, once it is answered.
    pub harm_test: Option<HarmTest>,
    /// It stands in the register of low-level concerns.
    pub low_level: bool,
    /// Said by a lead: about an adult, or not.
    about_adult: Option<bool>,
    /// Referrals: to whom, when.
    pub referrals: Vec<(Agency, Timestamp)>,
    /// A data breach.
    pub breach: Option<Breach>,
    /// When the Adverse Incident Form was handed in.
    pub incident_form: Option<Timestamp>,
    /// A legal hold, since when and by whom.
    pub hold: Option<(Timestamp, String)>,
    /// Kept on after its term, until when.
    pub kept_until: Option<Timestamp>,
    /// When its level first called somebody; the incident form counts from here.
    serious_at: Option<Timestamp>,
    /// When the harm test was first met.
    harm_met_at: Option<Timestamp>,
    /// When somebody last did something with it, or something happened in it.
    pub touched_at: Timestamp,
    /// When anybody last opened it or did anything with it.
    pub opened_last: Timestamp,
    /// Up to which moment reminders of each kind were sent.
    reminded: BTreeMap<Deadline, Timestamp>,
}

/// A deadline of a case: when it is due, how long before that a reminder goes out, and how often it is repeated after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DueClock {
    /// Of what.
    pub what: Deadline,
    /// When.
    pub due: Timestamp,
    /// A reminder this long before, besides the one at the time.
    pub before: Option<Duration>,
    /// Again this often afterwards.
    pub again: Option<Duration>,
}

impl DueClock {
    /// The last moment of a reminder not after `now`.
    fn last_until(&self, now: Timestamp) -> Option<Timestamp> {
        if now >= self.due {
            let again = self.again.map_or(0, |again| {
                let again = again.as_micros().max(1);
                u64::try_from(now.since(self.due).as_micros() / again * again).unwrap_or(0)
            });
            return Some(self.due.plus(Duration::from_micros(again)));
        }
        self.before.map(|before| self.due.minus(before)).filter(|early| *early <= now)
    }

    /// The first moment of a reminder after `last`.
    fn next_after(&self, last: Option<Timestamp>) -> Option<Timestamp> {
        let Some(last) = last else {
            return Some(self.before.map_or(self.due, |before| self.due.minus(before)));
        };
        if let Some(early) = self.before.map(|before| self.due.minus(before)).filter(|early| *early > last) {
            return Some(early);
        }
        if self.due > last {
            return Some(self.due);
        }
        let again = self.again?;
        self.last_until(last).map(|moment| moment.plus(again))
    }
}

impl CaseRecord {
    fn new(case: Case) -> Self {
        let at = case.opened_at;
        CaseRecord {
            serious_at: (case.level >= Level::Serious).then_some(at),
            case,
            owner: None,
            acts: Vec::new(),
            parents: None,
            harm_test: None,
            low_level: false,
            about_adult: None,
            referrals: Vec::new(),
            breach: None,
            incident_form: None,
            hold: None,
            kept_until: None,
            harm_met_at: None,
            touched_at: at,
            opened_last: at,
            reminded: BTreeMap::new(),
        }
    }

    /// Whether it is about an adult: as a lead said, else as its category has it.
    #[must_use]
    pub fn is_about_adult(&self) -> bool {
        let by_category =
            matches!(self.case.category, Category::Grooming | Category::Boundary | Category::Contact);
        self.about_adult.unwrap_or(by_category && !self.case.subjects.is_empty())
    }

    /// When its term is over; none while it is open.
    #[must_use]
    pub fn term_over(&self, terms: &Terms) -> Option<Timestamp> {
        if !self.case.state.is_over() {
            return None;
        }
        let (_, closed_at) = self.case.state.since()?;
        let term = if self.is_about_adult() { terms.adult } else { terms.young_person };
        Some(closed_at.plus(term).max(self.kept_until.unwrap_or(closed_at)))
    }

    /// Its deadlines that nobody has met.
    #[must_use]
    pub fn clocks(&self, policy: &CasePolicy) -> Vec<DueClock> {
        let mut clocks = Vec::new();
        if let Some(breach) = self.breach.as_ref().filter(|breach| breach.is_open()) {
            let before = Some(Duration::from_hours(24));
            let again = Some(Duration::from_hours(24));
            clocks.push(DueClock { what: Deadline::BreachReport, due: breach.due(), before, again });
        }
        if self.case.state.is_over() {
            if let Some(due) = self.term_over(&policy.terms).filter(|_| self.hold.is_none()) {
                clocks.push(DueClock {
                    what: Deadline::Retention,
                    due,
                    before: None,
                    again: Some(ASK_AGAIN),
                });
            }
            return clocks;
        }
        if let (Some(within), Some(at), None) = (policy.incident_form, self.serious_at, self.incident_form)
            && self.case.category != Category::Integrity
        {
            clocks.push(DueClock {
                what: Deadline::IncidentForm,
                due: at.plus(within),
                before: Some(within / 4),
                again: None,
            });
        }
        if let Some(met) = self.harm_met_at
            && !self.referrals.iter().any(|(agency, _)| *agency == Agency::Lado)
        {
            clocks.push(DueClock {
                what: Deadline::Lado,
                due: met.plus(LADO_WITHIN),
                before: Some(LADO_WITHIN / 6),
                again: None,
            });
        }
        if let Some(every) = policy.review {
            let due = self.touched_at.plus(every);
            clocks.push(DueClock { what: Deadline::Review, due, before: None, again: Some(every) });
        }
        if let Some((_, at)) = self.owner.as_ref().filter(|(name, at)| {
            // Whoever takes a case on knows that they have.
            !self.acts.iter().any(|(when, act)| when >= at && act.by == *name)
        }) {
            clocks.push(DueClock { what: Deadline::Assigned, due: *at, before: None, again: None });
        }
        clocks
    }

    /// What reminds somebody: nobody needs reminding of a case for which people are still being called.
    fn reminding(&self, policy: &CasePolicy) -> Vec<DueClock> {
        let called = self.case.state == CaseState::New && self.case.level >= Level::Serious;
        let mut clocks = self.clocks(policy);
        clocks.retain(|clock| !called || clock.what == Deadline::BreachReport);
        clocks
    }

    fn did(&mut self, at: Timestamp, act: &Act) {
        let by = act.account.unwrap_or_default();
        if let Ok(state) = self.case.state.clone().after(&act.what, by, at) {
            self.case.state = state;
        }
        if !matches!(act.what, Deed::KeyHanded { .. }) {
            self.opened_last = at;
        }
        if !act.what.is_beside_the_case() {
            self.touched_at = at;
        }
        match &act.what {
            Deed::Assigned { to } => {
                self.owner = Some((to.clone(), at));
                self.reminded.remove(&Deadline::Assigned);
            }
            Deed::Acknowledged if self.owner.is_none() => self.owner = Some((act.by.clone(), at)),
            Deed::Parents { informed } => self.parents = Some(*informed),
            Deed::HarmTested { answers } => {
                self.harm_test = Some(*answers);
                self.harm_met_at = answers.is_met().then(|| self.harm_met_at.unwrap_or(at));
            }
            Deed::LowLevelConcern => self.low_level = true,
            Deed::AboutAdult { adult } => self.about_adult = Some(*adult),
            Deed::BreachFound { known_at } => {
                self.breach = Some(Breach::known(*known_at));
                self.reminded.remove(&Deadline::BreachReport);
            }
            Deed::BreachReported { at } => {
                if let Some(breach) = &mut self.breach {
                    breach.reported = Some(*at);
                }
            }
            Deed::BreachNotReportable => {
                if let Some(breach) = &mut self.breach {
                    breach.not_reportable = true;
                }
            }
            Deed::IncidentFormSent { at } => self.incident_form = Some(*at),
            Deed::Referred { agency, at } => self.referrals.push((*agency, *at)),
            Deed::Held => self.hold = Some((at, act.by.clone())),
            Deed::Released => self.hold = None,
            Deed::KeptOn { until } => {
                self.kept_until = Some(*until);
                self.reminded.remove(&Deadline::Retention);
            }
            _ => {}
        }
        self.acts.push((at, act.clone()));
    }

    /// Why this deed may not be done now, whoever asks.
    fn refuses(&self, deed: &Deed, terms: &Terms, now: Timestamp) -> Option<Refusal> {
        if let Err(why) = self.case.state.clone().after(deed, UserId::default(), now) {
            return Some(why);
        }
        let bad = |at: &Timestamp| *at > now.plus(CLOCKS_DIFFER) || *at < now.minus(LONG_AGO);
        let breach_open = self.breach.as_ref().is_some_and(Breach::is_open);
        match deed {
            Deed::Referred { at, .. }
            | Deed::IncidentFormSent { at }
            | Deed::BreachReported { at }
            | Deed::BreachFound { known_at: at }
                if bad(at) =>
            {
                Some(Refusal::BadTime)
            }
            Deed::BreachReported { .. } | Deed::BreachNotReportable if self.breach.is_none() => {
                Some(Refusal::NoBreach)
            }
            Deed::Released if self.hold.is_none() => Some(Refusal::NotHeld),
            Deed::KeptOn { until } if *until <= now => Some(Refusal::BadTime),
            Deed::Erased { .. } if self.hold.is_some() => Some(Refusal::OnHold),
            Deed::Erased { rule: EraseRule::TermOver }
                if self.term_over(terms).is_none_or(|over| over > now) =>
            {
                Some(Refusal::TermNotOver)
            }
            Deed::Closed { .. } if breach_open => Some(Refusal::BreachOpen),
            Deed::Closed { outcome: Outcome::Concluded | Outcome::NoFurtherAction } => {
                if self.case.category == Category::Integrity {
                    None
                } else if self.is_about_adult() && self.harm_test.is_none() {
                    Some(Refusal::HarmTestMissing)
                } else if self.parents.is_none() {
                    Some(Refusal::ParentsUndecided)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    /// The acts that are lines of its chronology, statements or appeals.
    pub fn notes(&self) -> impl Iterator<Item = (Timestamp, NoteKind, &Act)> {
        self.acts.iter().filter_map(|(at, act)| match act.what {
            Deed::Noted { kind } => Some((*at, kind, act)),
            _ => None,
        })
    }
}

/// A reminder that is to go out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueReminder {
    /// Of which case.
    pub case: CaseRef,
    /// Of what.
    pub what: Deadline,
    /// When it is due.
    pub due: Timestamp,
    /// The moment of the reminder: once it was sent, earlier ones are over.
    pub moment: Timestamp,
}

/// Every case of an organisation with its record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docket {
    policy: CasePolicy,
    records: BTreeMap<CaseRef, CaseRecord>,
    acts: BTreeSet<String>,
    accesses: VecDeque<(Timestamp, String, CaseRef)>,
    erased: BTreeMap<CaseRef, Timestamp>,
    /// Breaches that were found before their case was opened.
    found: BTreeMap<CaseRef, Timestamp>,
}

impl Docket {
    /// No case yet.
    #[must_use]
    pub fn new(policy: CasePolicy) -> Self {
        Docket { policy, ..Docket::default() }
    }

    /// What the charity decided about how cases are worked on.
    #[must_use]
    pub fn policy(&self) -> &CasePolicy {
        &self.policy
    }

    /// Folds one fact.
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::CaseOpened { case, category, level, subjects } => {
                let case = Case {
                    reference: *case,
                    opened_at: at,
                    category: *category,
                    level: *level,
                    subjects: subjects.clone(),
                    state: CaseState::New,
                };
                let reference = case.reference;
                let mut record = CaseRecord::new(case);
                // The concern is told before the case that it opens.
                record.breach = self.found.remove(&reference).map(Breach::known);
                self.records.insert(reference, record);
            }
            Fact::CaseRose { case, category, level, subjects } => {
                let Some(record) = self.records.get_mut(case) else { return };
                record.touched_at = at;
                record.case.category = *category;
                record.case.level = record.case.level.max(*level);
                record.case.subjects.extend(subjects);
                record.case.state = record.case.state.clone().reopened_by_rise();
                if record.case.level >= Level::Serious {
                    record.serious_at.get_or_insert(at);
                }
            }
            Fact::SubjectsJoined { case, subjects } => {
                let Some(record) = self.records.get_mut(case) else { return };
                record.case.subjects.extend(subjects);
                record.case.state = record.case.state.clone().without(subjects);
            }
            Fact::ConcernRaised { case: Some(case), reasons, .. } => {
                let found = reasons.iter().filter(|reason| reason.code == Code::UnusualAccess);
                let Some(newest) = found.map(|reason| reason.at).max() else { return };
                let Some(record) = self.records.get_mut(case) else {
                    self.found.insert(*case, newest);
                    return;
                };
                if record.breach.as_ref().is_none_or(|breach| !breach.is_open() && breach.known_at < newest) {
                    record.breach = Some(Breach::known(newest));
                    record.reminded.remove(&Deadline::BreachReport);
                }
            }
            Fact::Acknowledged { case, by, .. } => self.acknowledged(at, *case, *by),
            Fact::AcknowledgedByName { case, .. } => self.acknowledged(at, *case, UserId::default()),
            Fact::Unacknowledged { case, .. }
            | Fact::Handled { case, what: Handling::HandedOver { .. }, .. } => {
                if let Some(record) = self.records.get_mut(case) {
                    record.case.state = CaseState::New;
                }
            }
            Fact::Handled { case, what, .. } => {
                self.acknowledged(at, *case, UserId::default());
                if let (Handling::Resolved, Some(record)) = (what, self.records.get_mut(case)) {
                    let by = record.case.state.since().map_or(UserId::default(), |(by, _)| by);
                    record.case.state = CaseState::Closed { by, at };
                }
            }
            Fact::Acted(act) => {
                self.acts.insert(act.id.clone());
                if act.what.opens_content() {
                    self.accesses.push_back((at, act.by.clone(), act.case));
                    if self.accesses.len() > ACCESSES {
                        self.accesses.pop_front();
                    }
                }
                if let Some(record) = self.records.get_mut(&act.case) {
                    record.did(at, act);
                }
            }
            Fact::Reminded { case, what, moment, .. } => {
                if let Some(record) = self.records.get_mut(case) {
                    record.reminded.insert(*what, *moment);
                }
            }
            Fact::Erased(tombstone) => {
                if let Some(case) = tombstone.case {
                    self.records.remove(&case);
                    self.erased.insert(case, at);
                }
            }
            _ => {}
        }
    }

    fn acknowledged(&mut self, at: Timestamp, case: CaseRef, by: UserId) {
        if let Some(record) = self.records.get_mut(&case) {
            let (Ok(state) | Err(state)) = record.case.state.clone().acknowledge(by, at);
            record.case.state = state;
            record.touched_at = at;
        }
    }

    /// A case with its record.
    #[must_use]
    pub fn get(&self, case: CaseRef) -> Option<&CaseRecord> {
        self.records.get(&case)
    }

    /// Every case, by number.
    pub fn iter(&self) -> impl Iterator<Item = &CaseRecord> {
        self.records.values()
    }

    /// Cases that were erased, and when.
    #[must_use]
    pub fn erased(&self) -> &BTreeMap<CaseRef, Timestamp> {
        &self.erased
    }

    /// Whether this very act was done before.
    #[must_use]
    pub fn has_done(&self, id: &str) -> bool {
        self.acts.contains(id)
    }

    /// Why an act may not be done; none when it may. `may_know` tells of a name and subjects whether that person may know.
    #[must_use]
    pub fn refuses(
        &self,
        act: &Act,
        now: Timestamp,
        may_know: &dyn Fn(&str, &BTreeSet<UserId>) -> bool,
    ) -> Option<Refusal> {
        let Some(record) = self.records.get(&act.case) else {
            // Whoever is on the ladder at all may know that there is none.
            let anybody = may_know(&act.by, &BTreeSet::new());
            return Some(if anybody { Refusal::NoSuchCase } else { Refusal::MayNotKnow });
        };
        let subjects = &record.case.subjects;
        if !may_know(&act.by, subjects) {
            return Some(Refusal::MayNotKnow);
        }
        if act.what.wants_words() && act.words.is_none() {
            return Some(Refusal::NoWords);
        }
        if let Deed::Assigned { to } = &act.what
            && !may_know(to, subjects)
        {
            return Some(Refusal::OwnerMayNot);
        }
        if let Deed::KeyHanded { to, .. } = &act.what
            && (act.words.is_none() || !to.iter().all(|name| may_know(name, subjects)))
        {
            return Some(Refusal::OwnerMayNot);
        }
        record.refuses(&act.what, &self.policy.terms, now)
    }

    /// What is strange about an access that was not folded yet; none for what opens no words.
    #[must_use]
    pub fn unusual(&self, act: &Act, now: Timestamp) -> Option<Unusual> {
        if !act.what.opens_content() {
            return None;
        }
        let record = self.records.get(&act.case)?;
        let colleagues = self.policy.works_with.get(&act.by);
        if colleagues.is_some_and(|colleagues| !colleagues.is_disjoint(&record.case.subjects)) {
            return Some(Unusual::Colleague);
        }
        let since = now.minus(self.policy.many_within);
        let mut recently: BTreeSet<CaseRef> = self
            .accesses
            .iter()
            .filter(|(at, by, _)| *at > since && *by == act.by)
            .map(|(_, _, case)| *case)
            .collect();
        let fresh = recently.insert(act.case);
        // Said when the number is passed, not again with each further one.
        if fresh && recently.len() == self.policy.many + 1 {
            return Some(Unusual::ManyCases);
        }
        let hour = self.policy.zone.hour(now);
        let (from, until) = self.policy.night;
        let night = if from <= until { from <= hour && hour < until } else { from <= hour || hour < until };
        (night && now.since(record.opened_last) > self.policy.old_after).then_some(Unusual::OldCaseAtNight)
    }

    /// Reminders that are to go out by `now`, one for each deadline, however long nobody looked.
    #[must_use]
    pub fn due(&self, now: Timestamp) -> Vec<DueReminder> {
        let mut due = Vec::new();
        for record in self.records.values() {
            for clock in record.reminding(&self.policy) {
                let sent = record.reminded.get(&clock.what);
                if let Some(moment) =
                    clock.last_until(now).filter(|moment| sent.is_none_or(|sent| moment > sent))
                {
                    due.push(DueReminder {
                        case: record.case.reference,
                        what: clock.what,
                        due: clock.due,
                        moment,
                    });
                }
            }
        }
        due
    }

    /// When the next reminder goes out, in the past where one is overdue.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        let records = self.records.values();
        let moments = records.flat_map(|record| {
            record
                .reminding(&self.policy)
                .into_iter()
                .filter_map(|clock| clock.next_after(record.reminded.get(&clock.what).copied()))
        });
        moments.min()
    }
}

#[cfg(test)]
#[path = "docket_tests.rs"]
mod tests;
