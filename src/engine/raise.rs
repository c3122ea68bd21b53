//! From observations to concerns, cases and effects.
//!
//! A concern's level only rises here; a person lowers it. Containment restrains: it hides a message or locks an
//! adult. It never touches what a young person can say, and never the words of somebody who asks for help.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Assessment, Organisation};
use crate::detect::bullying::is_blow;
use crate::detect::bullying::window::{Around, WINDOW, target_of};
use crate::detect::grooming::pair_of;
use crate::detect::single::opening;
use crate::domain::code::Weight;
use crate::domain::effect::Nudge;
use crate::domain::event::Message;
use crate::domain::fact::Part;
use crate::domain::{
    CaseRef, Category, ChannelId, Code, Concern, ConcernKey, Effect, Fact, Family, GuildId, Kind, Level,
    Observation, Timestamp, UserId,
};

/// Whoever acknowledged a case is at it for this long; what happens again later calls again.
const AT_IT: Duration = Duration::from_mins(15);

/// What some observations amount to, before it is compared with what is known.
struct Raised {
    key: ConcernKey,
    category: Category,
    level: Level,
    by: BTreeSet<UserId>,
    towards: BTreeSet<UserId>,
    reasons: Vec<Observation>,
}

impl Organisation {
    /// Takes new observations in: they become facts, and what they add up to is raised.
    pub(super) fn take(
        &mut self,
        found: Vec<Observation>,
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let new: Vec<Observation> =
            found.into_iter().filter(|observation| !self.state.has_seen(observation)).collect();
        if new.is_empty() {
            return;
        }
        for observation in &new {
            self.conclude(now, Fact::Observed(observation.clone()), a);
        }
        for raised in self.findings(&new, now) {
            self.keep_it_kind(&raised, &new, now, a);
            self.raise(&raised, &new, message, now, a);
        }
        self.hide_serious(&new, message, now, a);
        self.remind(&new, message, now, a);
        // What no case holds is kept for the pattern, sealed to leads who are on neither side of it.
        for observation in &new {
            if let (Some(message), Some(space)) = (observation.message, observation.space)
                && !self.state.is_held(message)
            {
                let next = a.keep.len();
                self.keep(None, message, space, author_of(observation), Part::Finding, now, a);
                if let Some(keep) = a.keep.get_mut(next) {
                    let sides = new.iter().filter(|other| other.message == Some(message));
                    keep.subjects.extend(sides.flat_map(|other| [Some(other.by), other.towards]).flatten());
                }
            }
        }
    }

    /// The concern that a report opens where it touches none that is known.
    pub(super) fn key_of_report(&self, report: &Observation) -> Option<ConcernKey> {
        self.findings(std::slice::from_ref(report), report.at).first().map(|raised| raised.key)
    }

    /// Raises what a report touches by one level, to a page at most: that somebody is in danger now, nobody has said.
    pub(super) fn raise_by_report(
        &mut self,
        key: &ConcernKey,
        report: &Observation,
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some(known) = self.state.concerns.get(key) else { return };
        let level = known.level.max(known.level.raised().min(Level::Serious));
        let grows = known.category == Category::Boundary && level >= Level::Serious;
        let raised = Raised {
            key: *key,
            category: if grows { Category::Grooming } else { known.category },
            level,
            by: known.by.clone(),
            towards: known.towards.clone(),
            reasons: known.reasons.iter().chain([report]).cloned().collect(),
        };
        self.raise(&raised, std::slice::from_ref(report), message, now, a);
    }

    fn findings(&self, new: &[Observation], now: Timestamp) -> Vec<Raised> {
        let mut pairs = BTreeSet::new();
        let mut others: BTreeMap<ConcernKey, Vec<Observation>> = BTreeMap::new();
        let targets: BTreeSet<UserId> = new.iter().filter_map(target_of).collect();
        for observation in new {
            if let Some(pair) = pair_of(observation) {
                pairs.insert(pair);
            } else if observation.code.category() == Category::Contact {
                let key = contact_key_of(observation, new, self.own.unwrap_or_default());
                others.entry(key).or_default().push(observation.clone());
            } else if let Some(opening) = opening(observation) {
                let mut key = opening.key;
                let reported = matches!(
                    observation.code,
                    Code::ReportedByPerson | Code::AbuseDisclosure | Code::WhistleblowingReport
                );
                if reported && observation.towards != Some(observation.by) {
                    // Whoever is reported, or of whom somebody discloses abuse, must not be told: they are the subject.
                    key.by = Some(observation.by);
                }
                if observation.code.category() == Category::Integrity
                    && observation.by != self.own.unwrap_or_default()
                {
                    // Whoever changed the server is the subject: they must not be told.
                    key.by = Some(observation.by);
                }
                others.entry(key).or_default().push(observation.clone());
            }
        }
        let pairs = pairs.into_iter().filter_map(|(by, towards)| {
            let beside = self.state.beside(by, towards, now);
            let finding = self.state.pair(by, towards)?.assess_beside(now, &beside)?;
            Some(Raised {
                key: ConcernKey { family: Family::AdultConduct, by: Some(by), towards: Some(towards) },
                category: finding.category,
                level: finding.level,
                by: BTreeSet::from([by]),
                towards: BTreeSet::from([towards]),
                reasons: finding.reasons,
            })
        });
        let others = others.into_iter().filter_map(|(key, reasons)| {
            let level = |code: Code| self.policy.contact.level(code);
            let worst = reasons.iter().map(|reason| reason.code).max_by_key(|code| level(*code))?;
            Some(Raised {
                key,
                category: worst.category(),
                level: level(worst),
                by: key.by.into_iter().collect(),
                towards: match key.family {
                    Family::Of(Category::Contact) => reasons.iter().filter_map(|o| o.towards).collect(),
                    _ => key.towards.into_iter().collect(),
                },
                reasons,
            })
        });
        let targets = targets.into_iter().filter_map(|target| self.target_finding(target, now));
        pairs.chain(others).chain(targets).collect()
    }

    /// What a person's window adds up to. By a group as by one: whoever dealt a blow is a subject, so that none of
    /// them hears of it.
    fn target_finding(&self, target: UserId, now: Timestamp) -> Option<Raised> {
        let since = now.minus(WINDOW);
        let finding = self.state.target(target)?.assess(
            now,
            &Around {
                dealt: &|by, towards| {
                    self.state.target(towards).map_or(0, |window| window.blows_of(by, since))
                },
                adult: &|id| self.kind_of(id) != Kind::Bot && self.counts_as_adult(id),
            },
        )?;
        Some(Raised {
            key: ConcernKey { family: finding.category.family(), by: None, towards: Some(target) },
            category: finding.category,
            level: finding.level,
            by: finding.by,
            towards: BTreeSet::from([target]),
            reasons: finding.reasons,
        })
    }

    /// Compares a finding with what is known; a concern that is new or worse becomes a fact, with its case.
    fn raise(
        &mut self,
        raised: &Raised,
        new: &[Observation],
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let more = self.with_earlier_reasons(raised);
        let raised = more.as_ref().unwrap_or(raised);
        let before = self.state.concerns.get(&raised.key);
        let known_level = before.map(|concern| concern.level);
        if let Some(known) =
            before.filter(|known| known_level >= Some(raised.level) && says_more(known, raised))
        {
            // Nothing got worse, and yet it is more than was known: the concern says so.
            let fact = Fact::ConcernRaised {
                reference: known.reference.clone(),
                key: known.key,
                category: known.category,
                level: known.level,
                by: raised.by.clone(),
                towards: raised.towards.clone(),
                reasons: raised.reasons.clone(),
                case: known.case,
            };
            self.conclude(now, fact, a);
        }
        let before = self.state.concerns.get(&raised.key);
        if raised.level < Level::Room || known_level >= Some(raised.level) {
            // Nothing got worse. Messages that speak to an open case are exhibits of it all the same.
            let case = before.and_then(|concern| concern.case);
            self.join_subjects(raised, now, a);
            if let Some(case) = case {
                if let Some(again) = self.happens_again(case, raised, new, now) {
                    self.conclude(now, again, a);
                    self.support_again(case, raised, message, now, a);
                }
                self.keep_reasons(case, new, now, a);
            }
            // While a grooming concern is serious, whatever weighs as much as what raised it goes out of sight too.
            let weighs =
                |o: &Observation| o.code.weight() >= Weight::High && o.message == message.map(|m| m.id);
            if known_level >= Some(Level::Serious) && new.iter().any(weighs) {
                self.hide_conduct(raised, case, message, now, a);
            }
            return;
        }
        // Whoever was a subject before stays one, though what they did may have left the window.
        let by: BTreeSet<UserId> =
            before.into_iter().flat_map(|concern| &concern.by).chain(&raised.by).copied().collect();
        let reference =
            before.map_or_else(|| self.state.next_reference(), |concern| concern.reference.clone());
        let known_case = before.and_then(|concern| concern.case);
        let case =
            (raised.level >= Level::Concern).then(|| known_case.unwrap_or_else(|| self.state.next_case()));
        let fact = Fact::ConcernRaised {
            reference,
            key: raised.key,
            category: raised.category,
            level: raised.level,
            by: by.clone(),
            towards: raised.towards.clone(),
            reasons: raised.reasons.clone(),
            case,
        };
        self.conclude(now, fact, a);
        if let Some(case) = case {
            let (category, level, subjects) = (raised.category, raised.level, by);
            let fact = if known_case.is_some() {
                Fact::CaseRose { case, category, level, subjects }
            } else {
                Fact::CaseOpened { case, category, level, subjects }
            };
            self.conclude(now, fact, a);
            self.keep_reasons(case, new, now, a);
            if let Some(message) = message {
                self.keep_context(case, message, now, a);
            }
        }
        if raised.category == Category::Welfare && raised.level >= Level::Serious {
            for person in &raised.towards {
                let space = message.map(|message| message.space);
                self.nudge(*person, Nudge::WelfareSupport, space, case, now, a);
            }
        }
        if raised.level >= Level::Serious {
            self.hide_conduct(raised, case, message, now, a);
            if is_of_peers(raised) {
                for person in &raised.towards {
                    let space = message.map(|message| message.space);
                    self.nudge(*person, Nudge::HelpIsThere, space, case, now, a);
                }
            }
        }
    }

    /// Somebody who takes part in what a concern is about becomes its subject, though its level stays.
    fn join_subjects(&mut self, raised: &Raised, now: Timestamp, a: &mut Assessment) {
        let Some(before) = self.state.concerns.get(&raised.key).filter(|_| is_of_peers(raised)) else {
            return;
        };
        if raised.by.is_subset(&before.by) {
            return;
        }
        let by: BTreeSet<UserId> = before.by.union(&raised.by).copied().collect();
        let (level, case) = (before.level, before.case);
        let fact = Fact::ConcernRaised {
            reference: before.reference.clone(),
            key: raised.key,
            category: before.category,
            level,
            by: by.clone(),
            towards: before.towards.clone(),
            reasons: raised.reasons.clone(),
            case,
        };
        self.conclude(now, fact, a);
        if let Some(case) = case {
            self.conclude(now, Fact::SubjectsJoined { case, subjects: by }, a);
        }
    }

    /// Level 2 among peers: a kind word to whoever was unkind, once a person and day. From level 3 on a person
    /// decides, and nobody who is a subject hears anything.
    fn keep_it_kind(&mut self, raised: &Raised, new: &[Observation], now: Timestamp, a: &mut Assessment) {
        let known = self.state.concerns.get(&raised.key).map(|concern| concern.level);
        if !is_of_peers(raised) || raised.level != Level::Room || known > Some(Level::Room) {
            return;
        }
        let day = self.policy.zone.day_number(now);
        let unkind: BTreeMap<UserId, Option<ChannelId>> = new
            .iter()
            .filter(|seen| is_blow(seen.code) && seen.towards.is_some_and(|to| raised.towards.contains(&to)))
            .map(|seen| (seen.by, seen.space))
            .collect();
        for (to, space) in unkind {
            let job = format!("nudge/{}/day-{day}/{to}/keep-it-kind", self.name);
            if self.kind_of(to) != Kind::Bot && !self.state.has_decided(&job) {
                let effect = Effect::Nudge { to, about: Nudge::KeepItKind, space };
                self.conclude(now, Fact::Decided { job, effect, case: None }, a);
            }
        }
    }

    /// Takes the message of a grooming concern out of sight, when it is the adult's own: never a young person's answer.
    fn hide_conduct(
        &mut self,
        raised: &Raised,
        case: Option<CaseRef>,
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        if raised.key.family == Family::AdultConduct
            && let Some(message) = message
            && raised.key.by == Some(message.author)
        {
            self.hide(message, case, raised.key.towards, now, a);
        }
    }

    /// A serious thing that happens again after somebody has acknowledged its case puts the case back on the ladder:
    /// what was acknowledged was the first time. Small things beside a pattern that is known do not.
    fn happens_again(
        &self,
        case: CaseRef,
        raised: &Raised,
        new: &[Observation],
        now: Timestamp,
    ) -> Option<Fact> {
        let case = self.state.cases.get(&case)?;
        let (_, at) = case.state.since()?;
        let counts = if raised.key.family == Family::AdultConduct { Level::Room } else { Level::Serious };
        let level = |code: Code| self.policy.contact.level(code);
        let weighs = |seen: &Observation| level(seen.code) >= counts && raised.reasons.contains(seen);
        let again = raised.level >= Level::Serious && now.since(at) >= AT_IT && new.iter().any(weighs);
        again.then(|| Fact::CaseRose {
            case: case.reference,
            category: case.category,
            level: case.level,
            subjects: case.subjects.clone(),
        })
    }

    /// Whoever speaks of their distress again is answered again.
    fn support_again(
        &mut self,
        case: CaseRef,
        raised: &Raised,
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some(message) = message.filter(|_| raised.category == Category::Welfare) else { return };
        for &to in &raised.towards {
            let job = format!("nudge/{}/{case}/{to}/welfare-support/{}", self.name, message.id);
            let effect = Effect::Nudge { to, about: Nudge::WelfareSupport, space: Some(message.space) };
            self.conclude(now, Fact::Decided { job, effect, case: Some(case) }, a);
        }
    }

    /// Single messages that are serious by themselves are hidden whenever they come, not only when a level rises.
    fn hide_serious(
        &mut self,
        new: &[Observation],
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some(message) = message else { return };
        for observation in new {
            let code = observation.code;
            let hides = code.level_alone() >= Level::Serious
                && !matches!(
                    code.category(),
                    Category::Welfare | Category::Contact | Category::Integrity | Category::Whistleblowing
                )
                && observation.message == Some(message.id);
            if super::gently::harms_by_being_there(code) && observation.message == Some(message.id) {
                let case = self.concern_of(observation).and_then(|concern| concern.case);
                self.hide(message, case, None, now, a);
            } else if hides {
                let case = self.concern_of(observation).and_then(|concern| concern.case);
                self.hide(message, case, observation.towards, now, a);
            }
        }
    }

    /// The concern that an observation belongs to, whether it raised it or came later.
    fn concern_of(&self, observation: &Observation) -> Option<&Concern> {
        let pair = pair_of(observation).map(|(by, towards)| ConcernKey {
            family: Family::AdultConduct,
            by: Some(by),
            towards: Some(towards),
        });
        let key = pair.or_else(|| opening(observation).map(|opening| opening.key))?;
        self.state.concerns.get(&key)
    }

    fn hide(
        &mut self,
        message: &Message,
        case: Option<CaseRef>,
        towards: Option<UserId>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let job = self.hide_job(message.id);
        if message.guild.is_none() || self.state.has_decided(&job) {
            return;
        }
        let effect = Effect::Hide { space: message.space, message: message.id };
        self.conclude(now, Fact::Decided { job, effect, case }, a);
        self.nudge(message.author, Nudge::MessageHidden, Some(message.space), case, now, a);
        if let Some(towards) = towards.filter(|towards| *towards != message.author) {
            self.nudge(towards, Nudge::HelpIsThere, Some(message.space), case, now, a);
        }
    }

    /// A short private message; a person gets each wording once a case.
    pub(super) fn nudge(
        &mut self,
        to: UserId,
        about: Nudge,
        space: Option<ChannelId>,
        case: Option<CaseRef>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        if Some(to) == self.own || self.kind_of(to) == Kind::Bot {
            return;
        }
        let effect = Effect::Nudge { to, about, space };
        let case_name = case.map_or_else(|| "none".to_owned(), |case| case.to_string());
        let job = format!("nudge/{}/{case_name}/{to}/{}", self.name, about.code());
        if !self.state.has_decided(&job) {
            self.conclude(now, Fact::Decided { job, effect, case }, a);
        }
    }

    /// Whether a known account counts as an adult for risk.
    fn counts_as_adult(&self, person: UserId) -> bool {
        self.servers.values().any(|server| {
            server.roster.get(person).is_some() && self.detector.is_adult_for_risk(person, &server.roster)
        })
    }

    /// What people are to the charity, on whichever of its servers they are.
    pub(super) fn kind_of(&self, person: UserId) -> Kind {
        self.servers
            .values()
            .find_map(|server| server.roster.get(person))
            .map_or(Kind::Guest, |person| person.kind)
    }

    fn keep_reasons(&mut self, case: CaseRef, new: &[Observation], now: Timestamp, a: &mut Assessment) {
        for observation in new {
            if let (Some(message), Some(space)) = (observation.message, observation.space) {
                self.keep(Some(case), message, space, author_of(observation), Part::Finding, now, a);
            }
        }
    }

    /// The messages before a finding, as far as they are at hand.
    fn keep_context(&mut self, case: CaseRef, message: &Message, now: Timestamp, a: &mut Assessment) {
        let before: Vec<_> = self
            .recent
            .get(&message.space)
            .map(|recent| recent.iter().copied().filter(|(id, _)| *id != message.id).collect())
            .unwrap_or_default();
        // What it answers may stand further up.
        let answered = message.reply_to.and_then(|(id, author)| Some((id, author?)));
        for (id, author) in answered.into_iter().chain(before) {
            self.keep(Some(case), id, message.space, author, Part::Before, now, a);
        }
    }

    /// `lone-adult-space`: a finding by fact. The space is locked for the adult whether or not a concern about the
    /// same pair is known already.
    #[expect(clippy::too_many_arguments, reason = "the facts of one finding, from one call site")]
    pub(super) fn raise_lone_adult(
        &mut self,
        guild: GuildId,
        space: ChannelId,
        parent: Option<ChannelId>,
        adult: UserId,
        observations: Vec<Observation>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let young_people: BTreeSet<UserId> = observations.iter().filter_map(|o| o.towards).collect();
        self.take(observations, None, now, a);
        let case = self.case_about(adult, &young_people);
        if let Some(case) = case {
            self.keep_space(case, space, now, a);
        }
        self.lock(guild, space, parent, adult, case, now, a);
        self.nudge(adult, Nudge::SpaceLocked, Some(space), case, now, a);
        for young_person in young_people {
            self.nudge(young_person, Nudge::SpaceClosed, Some(space), case, now, a);
        }
    }

    /// The contact case about an adult and these young people, if there is one.
    pub(super) fn case_about(&self, adult: UserId, young_people: &BTreeSet<UserId>) -> Option<CaseRef> {
        self.state.concerns.get(&contact_key(adult, young_people)).and_then(|concern| concern.case)
    }

    /// A concern by fact keeps everything that was found: what comes later does not replace what came before.
    fn with_earlier_reasons(&self, raised: &Raised) -> Option<Raised> {
        let by_fact = matches!(raised.key.family, Family::Of(Category::Contact | Category::Integrity));
        let known = self.state.concerns.get(&raised.key).filter(|_| by_fact)?;
        let mut reasons = known.reasons.clone();
        reasons.extend(raised.reasons.iter().filter(|new| !known.reasons.contains(new)).cloned());
        Some(Raised {
            key: raised.key,
            category: raised.category,
            level: raised.level,
            by: known.by.union(&raised.by).copied().collect(),
            towards: known.towards.union(&raised.towards).copied().collect(),
            reasons,
        })
    }

    /// What was written so far in a space that is itself the finding.
    fn keep_space(&mut self, case: CaseRef, space: ChannelId, now: Timestamp, a: &mut Assessment) {
        let recent: Vec<_> = self.recent.get(&space).map(|r| r.iter().copied().collect()).unwrap_or_default();
        for (message, author) in recent {
            self.keep(Some(case), message, space, author, Part::Finding, now, a);
        }
    }
}

/// Whether reasons of another kind stand beside those that are known.
fn says_more(known: &Concern, raised: &Raised) -> bool {
    let by_fact = matches!(raised.key.family, Family::Of(Category::Contact | Category::Integrity));
    let codes: BTreeSet<Code> = known.reasons.iter().map(|reason| reason.code).collect();
    by_fact && raised.reasons.iter().any(|reason| !codes.contains(&reason.code))
}

/// A finding about one person among their peers, rather than about one directed pair.
fn is_of_peers(raised: &Raised) -> bool {
    raised.key.by.is_none()
        && raised.key.towards.is_some()
        && matches!(raised.category, Category::Bullying | Category::Threat)
}

/// Who wrote the message that an observation points at: under a reaction stands the message of the person it met.
fn author_of(seen: &Observation) -> UserId {
    match seen.code {
        Code::MockingReaction | Code::AbuseDisclosure => seen.towards.unwrap_or(seen.by),
        _ => seen.by,
    }
}

/// The concern that an observation of a contact rule belongs to, with the others of the same moment. One that is nobody's
/// conduct (a session without adults) has no subject.
fn contact_key_of(observation: &Observation, together: &[Observation], own: UserId) -> ConcernKey {
    if observation.by == own {
        return ConcernKey { family: Family::Of(Category::Contact), by: None, towards: None };
    }
    let same = together.iter().filter(|o| (o.code, o.by) == (observation.code, observation.by));
    contact_key(observation.by, &same.filter_map(|o| o.towards).collect())
}

/// One adult with one young person is a concern about the two; with several it is about the adult.
fn contact_key(adult: UserId, young_people: &BTreeSet<UserId>) -> ConcernKey {
    let towards = match young_people.len() {
        1 => young_people.first().copied(),
        _ => None,
    };
    ConcernKey { family: Family::Of(Category::Contact), by: Some(adult), towards }
}
