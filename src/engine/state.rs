//! What folding an organisation's facts gives: timelines, concerns, cases, locks, agreements.
//!
//! Nothing here is changed but by [`State::apply`], live and on restart alike; that is why a restart changes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::contact::rules::settings::RULES;
use crate::contact::{Agreed, Enrolments};
use crate::detect::bullying::window::{TargetWindow, target_of};
use crate::detect::contact_days::{ContactDay, ContactDays, day_of};
use crate::detect::grooming::{Beside, PairTimeline, WINDOW, pair_of};
use crate::domain::event::Ended;
use crate::domain::fact::{Handling, Part, Register};
use crate::domain::observation::ObservationKey;
use crate::domain::retention::Tombstone;
use crate::domain::space::Overwrite;
use crate::domain::{
    Case, CaseRef, CaseState, ChannelId, Code, Concern, ConcernKey, Effect, Fact, GuildId, MessageId,
    Observation, ReportRef, Timestamp, UserId,
};

/// With how many other young people an adult's conduct towards one is compared at most.
const COMPARED: usize = 256;

/// A lock of one adult in one space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// When it was decided.
    pub since: Timestamp,
    /// Whether it was carried out.
    pub done: bool,
    /// The adult's overwrite before it.
    pub before: Option<Overwrite>,
    /// Whether that is known: what was there before the first lock of a row.
    pub before_known: bool,
    /// The channel whose overwrite that is, where the space is a thread that was locked through its channel.
    pub channel: Option<ChannelId>,
    /// The adult was taken out of a private thread.
    pub taken_out: bool,
    /// How often it was decided: again after it was undone by hand or could not be carried out.
    pub decided: u32,
    /// How often in a row it could not be carried out, and when last; none while nothing failed or it is under way.
    pub failed: Option<(u32, Timestamp)>,
}

/// A conversation between somebody and the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The direct message channel, where it is known.
    pub space: Option<ChannelId>,
    /// When either last wrote, as far as it is on record.
    pub last: Timestamp,
}

/// An adult who was taken out of a voice room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnection {
    /// On which server.
    pub guild: GuildId,
    /// When it was decided, each time.
    pub times: Vec<Timestamp>,
    /// Decided, and not ended yet.
    pub pending: bool,
    /// How often in a row it failed, and when last.
    pub failed: Option<(u32, Timestamp)>,
}

/// The pause of direct messages on a server, as far as Chaperone sets it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DmPaused {
    /// Until when it was set last; none where it was opened.
    pub until: Option<Timestamp>,
    /// Decided, and not ended yet.
    pub pending: bool,
    /// It was opened for a session.
    pub open_for_session: bool,
    /// How often in a row it could not be set, and when last.
    pub failed: Option<(u32, Timestamp)>,
}

/// The folded state of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Observations of messages that were made before; hearing the event again adds none.
    seen: BTreeSet<ObservationKey>,
    /// Directed pairs: whose conduct, towards whom.
    pairs: BTreeMap<(UserId, UserId), PairTimeline>,
    /// How adults and young people are in touch, day by day.
    contact: ContactDays,
    /// What was observed about each person among their peers.
    targets: BTreeMap<UserId, TargetWindow>,
    /// Concerns by what keeps them apart.
    pub concerns: BTreeMap<ConcernKey, Concern>,
    /// Cases by number.
    pub cases: BTreeMap<CaseRef, Case>,
    /// Sessions, plans, relaxations, separations.
    pub agreed: Agreed,
    /// Enrolments and responsibilities.
    pub enrolments: Enrolments,
    /// Locks by space and adult.
    pub locks: BTreeMap<(ChannelId, UserId), Lock>,
    /// How often a lock was lifted, by space and adult.
    pub unlocked: BTreeMap<(ChannelId, UserId), u32>,
    /// Adults who were taken out of voice rooms, by room and adult.
    disconnections: BTreeMap<(ChannelId, UserId), Disconnection>,
    /// The pause of direct messages, by server.
    pub dm_pauses: BTreeMap<GuildId, DmPaused>,
    /// When the same was last found by a rule of contact: code, by whom, towards whom, where.
    found: BTreeMap<(Code, UserId, Option<UserId>, Option<ChannelId>), Timestamp>,
    /// Contact outside agreed times, by pair, in order.
    outside: BTreeMap<(UserId, UserId), BTreeSet<Timestamp>>,
    /// Keys of effects that were decided.
    decided: BTreeSet<String>,
    /// Messages that are exhibits: of a case, or of none yet.
    kept: BTreeSet<(MessageId, Option<CaseRef>)>,
    /// Later versions of such messages that are exhibits too.
    kept_edits: BTreeSet<(MessageId, Option<CaseRef>, Timestamp)>,
    /// Spaces in which the messages that follow a finding are kept with its case, and how many more.
    pub following: BTreeMap<ChannelId, BTreeMap<CaseRef, u32>>,
    /// The newest stretch in which nothing was heard live.
    pub last_gap: Option<(Timestamp, Timestamp)>,
    /// The references of every report.
    pub reports: BTreeSet<ReportRef>,
    /// The newest receipt of whoever reported in a direct message: when, and for which report.
    pub receipts: BTreeMap<UserId, (Timestamp, ReportRef)>,
    /// The highest numbers of a case and of a concern that were given.
    numbers: (u32, u32),
    /// People who may not know of a case although nothing is said of their conduct.
    passed_by: BTreeMap<CaseRef, BTreeSet<UserId>>,
    /// With whom the bot has a conversation.
    pub conversations: BTreeMap<UserId, Conversation>,
    /// How many messages after a finding are kept.
    context_after: u32,
}

impl State {
    /// An empty state that keeps `context_after` messages after a finding.
    #[must_use]
    pub fn new(context_after: u32) -> Self {
        State { context_after, ..State::default() }
    }

    /// Takes one fact in.
    #[expect(clippy::too_many_lines, reason = "one arm for each fact")]
    pub fn apply(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::Observed(observation) => self.observed(observation),
            Fact::ContactDay { by, towards, day, messages, replies, late, opened } => {
                let (messages, replies, late, opened) = (*messages, *replies, *late, *opened);
                self.contact.enter(*by, *towards, *day, ContactDay { messages, replies, late, opened });
            }
            Fact::ConcernRaised { reference, key, category, level, by, towards, reasons, case } => {
                let number = reference.trim_start_matches("r-").parse().unwrap_or(0);
                self.numbers.1 = self.numbers.1.max(number);
                let raised_at = self.concerns.get(key).map_or(at, |before| before.raised_at);
                self.concerns.insert(
                    *key,
                    Concern {
                        reference: reference.clone(),
                        key: *key,
                        category: *category,
                        level: *level,
                        by: by.clone(),
                        towards: towards.clone(),
                        reasons: reasons.clone(),
                        raised_at,
                        case: *case,
                    },
                );
            }
            Fact::PassedBy { case, people } => {
                self.passed_by.entry(*case).or_default().extend(people);
            }
            Fact::CaseOpened { case, category, level, subjects } => {
                self.numbers.0 = self.numbers.0.max(case.0);
                let passed_by = self.passed_by.get(case).into_iter().flatten();
                let may_not_know = subjects.iter().chain(passed_by).copied().collect();
                self.cases.insert(
                    *case,
                    Case {
                        reference: *case,
                        opened_at: at,
                        category: *category,
                        level: *level,
                        subjects: may_not_know,
                        state: CaseState::New,
                    },
                );
            }
            Fact::CaseRose { case, category, level, subjects } => {
                if let Some(case) = self.cases.get_mut(case) {
                    case.category = *category;
                    case.level = *level;
                    case.subjects.extend(subjects);
                    case.state = case.state.clone().reopened_by_rise();
                }
            }
            Fact::SubjectsJoined { case, subjects } => {
                if let Some(case) = self.cases.get_mut(case) {
                    case.subjects.extend(subjects);
                    case.state = case.state.clone().without(subjects);
                }
            }
            Fact::Acknowledged { case, by, .. } => {
                if let Some(case) = self.cases.get_mut(case) {
                    case.state = match case.state.clone().acknowledge(*by, at) {
                        Ok(state) | Err(state) => state,
                    };
                }
            }
            Fact::Acted(act) => {
                if let Some(case) = self.cases.get_mut(&act.case) {
                    let by = act.account.unwrap_or_default();
                    if let Ok(state) = case.state.clone().after(&act.what, by, at) {
                        case.state = state;
                    }
                }
            }
            Fact::Erased(stone) => self.erased(stone),
            Fact::AcknowledgedByName { case, .. }
            | Fact::Unacknowledged { case, .. }
            | Fact::Handled { case, .. } => self.handled(at, *case, fact),
            Fact::Kept { case, message, edited_at: Some(edited_at), .. } => {
                self.kept_edits.insert((*message, *case, *edited_at));
            }
            Fact::Kept { case, message, space, part, edited_at: None } => {
                self.kept.insert((*message, *case));
                if let Some(case) = case {
                    self.kept_for_case(*case, *space, *part);
                }
            }
            Fact::Gap { from, until, .. } => self.last_gap = Some((*from, *until)),
            Fact::Reported { reference, by, goes_on, space, .. } => {
                self.reports.insert(*reference);
                if space.is_some() {
                    self.conversed(*by, *space, at);
                }
                if !goes_on && space.is_some() {
                    self.receipts.insert(*by, (at, *reference));
                }
            }
            Fact::Register(change) => {
                self.agreed.apply(change);
                self.enrolments.apply(change);
                self.registered(at, change);
            }
            Fact::Decided { job, effect, .. } => {
                self.decided.insert(job.clone());
                self.decided(at, effect);
            }
            Fact::Outcome { effect, ended, .. } => self.ended(at, effect, ended),
            Fact::Aside(_)
            | Fact::ActRefused { .. }
            | Fact::Reminded { .. }
            | Fact::AcknowledgementRefused { .. }
            | Fact::Called { .. }
            | Fact::Exhausted { .. }
            | Fact::HandlingRefused { .. }
            | Fact::Travelled { .. }
            | Fact::Digested { .. }
            | Fact::DrillBegan { .. }
            | Fact::DrillAnswered { .. }
            | Fact::DrillEnded { .. }
            | Fact::RotaLookedAt { .. }
            | Fact::NotKept { .. }
            | Fact::CaseKeyMade { .. }
            | Fact::Withheld { .. }
            | Fact::HandedOver { .. }
            | Fact::BufferSet { .. }
            | Fact::NotBuffered { .. }
            | Fact::BufferErased { .. }
            | Fact::Started { .. } => {}
        }
    }

    fn decided(&mut self, at: Timestamp, effect: &Effect) {
        match effect {
            Effect::Lock { space, adult, .. } => {
                let new = Lock {
                    since: at,
                    done: false,
                    before: None,
                    before_known: false,
                    channel: None,
                    taken_out: false,
                    decided: 0,
                    failed: None,
                };
                let lock = self.locks.entry((*space, *adult)).or_insert(new);
                lock.decided += 1;
                lock.failed = None;
            }
            Effect::Unlock { space, adult, .. } => self.unlocked(*space, *adult),
            Effect::Disconnect { guild, room, adult } => {
                let new = Disconnection { guild: *guild, times: Vec::new(), pending: true, failed: None };
                let disconnection = self.disconnections.entry((*room, *adult)).or_insert(new);
                disconnection.times.push(at);
                disconnection.pending = true;
            }
            Effect::PauseDms { guild, .. } => self.dm_pauses.entry(*guild).or_default().pending = true,
            _ => {}
        }
    }

    fn ended(&mut self, at: Timestamp, effect: &Effect, ended: &Ended) {
        let failed = |before: Option<(u32, Timestamp)>| match ended {
            Ended::Failed { .. } => Some((before.map_or(0, |(times, _)| times) + 1, at)),
            _ => None,
        };
        match effect {
            Effect::Nudge { to, .. } | Effect::Receipt { to, .. } => {
                if let Ended::Done { .. } = ended {
                    self.conversed(*to, None, at);
                }
            }
            Effect::Lock { space, adult, .. } => {
                if let Some(lock) = self.locks.get_mut(&(*space, *adult)) {
                    lock.failed = match ended {
                        Ended::Failed { .. } => Some((lock.decided, at)),
                        _ => None,
                    };
                }
            }
            Effect::Disconnect { room, adult, .. } => {
                if let Some(disconnection) = self.disconnections.get_mut(&(*room, *adult)) {
                    disconnection.pending = false;
                    disconnection.failed = failed(disconnection.failed);
                }
            }
            Effect::PauseDms { guild, until } => {
                let pause = self.dm_pauses.entry(*guild).or_default();
                pause.pending = false;
                pause.failed = failed(pause.failed);
                if let Ended::Done { .. } = ended {
                    pause.until = *until;
                    pause.open_for_session = until.is_none();
                }
            }
            _ => {}
        }
    }

    fn conversed(&mut self, with: UserId, space: Option<ChannelId>, at: Timestamp) {
        let known = self.conversations.entry(with).or_insert(Conversation { space, last: at });
        known.space = space.or(known.space);
        known.last = known.last.max(at);
    }

    fn unlocked(&mut self, space: ChannelId, adult: UserId) {
        if self.locks.remove(&(space, adult)).is_some() {
            *self.unlocked.entry((space, adult)).or_default() += 1;
        }
    }

    fn observed(&mut self, observation: &Observation) {
        let Observation { at, code, by, towards, space, .. } = *observation;
        if RULES.iter().any(|rule| rule.code == code) {
            let last = self.found.entry((code, by, towards, space)).or_insert(at);
            *last = at.max(*last);
        }
        if let (Code::OutOfSessionContact, Some(towards)) = (code, towards) {
            self.outside.entry((by, towards)).or_default().insert(at);
        }
        if observation.message.is_some() {
            self.seen.insert(observation.key());
        }
        if let Some(pair) = pair_of(observation) {
            self.pairs.entry(pair).or_default().add(observation.clone());
        }
        if let Some(target) = target_of(observation) {
            self.targets.entry(target).or_default().add(observation.clone());
        }
    }

    /// Lets go of a case that was erased, and of everything that only it held. Numbers that were given are not given again.
    fn erased(&mut self, stone: &Tombstone) {
        self.numbers.0 = self.numbers.0.max(stone.highest_case);
        self.numbers.1 = self.numbers.1.max(stone.highest_concern);
        let Some(case) = stone.case else { return };
        self.cases.remove(&case);
        self.concerns.retain(|_, concern| concern.case != Some(case));
        self.kept.retain(|(_, of)| *of != Some(case));
        self.kept_edits.retain(|(_, of, _)| *of != Some(case));
        for cases in self.following.values_mut() {
            cases.remove(&case);
        }
        self.following.retain(|_, cases| !cases.is_empty());
    }

    /// What somebody on the ladder did with a case, as far as its state goes.
    fn handled(&mut self, at: Timestamp, case: CaseRef, fact: &Fact) {
        let Some(case) = self.cases.get_mut(&case) else { return };
        let acknowledged = |state: CaseState| match state.acknowledge(UserId::default(), at) {
            Ok(state) | Err(state) => state,
        };
        case.state = match (fact, case.state.clone()) {
            (Fact::Unacknowledged { .. } | Fact::Handled { what: Handling::HandedOver { .. }, .. }, _) => {
                CaseState::New
            }
            (Fact::Handled { what: Handling::Resolved, .. }, state) => {
                let by = state.since().map_or(UserId::default(), |(by, _)| by);
                CaseState::Closed { by, at }
            }
            (_, state) => acknowledged(state),
        };
    }

    fn kept_for_case(&mut self, case: CaseRef, space: ChannelId, part: Part) {
        let following = self.following.entry(space).or_default();
        match part {
            Part::Finding => {
                following.insert(case, self.context_after);
            }
            Part::Before => {}
            Part::After => {
                if let Some(left) = following.get_mut(&case) {
                    *left = left.saturating_sub(1);
                }
            }
        }
        following.retain(|_, left| *left > 0);
        if following.is_empty() {
            self.following.remove(&space);
        }
    }

    fn registered(&mut self, at: Timestamp, change: &Register) {
        match change {
            Register::Locked {
                space, adult, before, before_known, channel, taken_out, handed_on, ..
            } => {
                let lock = self.locks.entry((*space, *adult)).or_insert(Lock {
                    since: at,
                    done: true,
                    before: None,
                    before_known: false,
                    channel: None,
                    taken_out: false,
                    decided: 1,
                    failed: None,
                });
                lock.done = true;
                lock.taken_out |= taken_out;
                // What stood there before the first lock; a lock that is set again stands on its own. One that came to
                // rest on the thread's channel has that channel's overwrite to give back.
                if *handed_on || !lock.before_known || lock.channel != *channel && channel.is_some() {
                    (lock.before, lock.before_known) = (*before, *before_known || before.is_some());
                    lock.channel = *channel;
                }
            }
            Register::Unlocked { space, adult, .. } => self.unlocked(*space, *adult),
            _ => {}
        }
    }

    /// Whether this observation of a message was made before.
    #[must_use]
    pub fn has_seen(&self, observation: &Observation) -> bool {
        observation.message.is_some() && self.seen.contains(&observation.key())
    }

    /// When a rule of contact last found the same.
    #[must_use]
    pub fn last_found(
        &self,
        code: Code,
        by: UserId,
        towards: Option<UserId>,
        space: Option<ChannelId>,
    ) -> Option<Timestamp> {
        self.found.get(&(code, by, towards, space)).copied()
    }

    /// When a rule of contact last found the same between two people, wherever it was.
    #[must_use]
    pub fn last_found_anywhere(&self, code: Code, by: UserId, towards: Option<UserId>) -> Option<Timestamp> {
        let anywhere = (code, by, towards, None)..=(code, by, towards, Some(ChannelId(u64::MAX)));
        self.found.range(anywhere).map(|(_, at)| *at).max()
    }

    /// The moments since `since` at which this adult and young person were in contact outside agreed times.
    pub fn outside_between(
        &self,
        adult: UserId,
        young_person: UserId,
        since: Timestamp,
    ) -> impl Iterator<Item = Timestamp> {
        self.outside.get(&(adult, young_person)).into_iter().flat_map(move |all| all.range(since..)).copied()
    }

    /// When an adult was taken out of a voice room, each time.
    #[must_use]
    pub fn disconnects(&self, room: ChannelId, adult: UserId) -> &[Timestamp] {
        self.disconnections.get(&(room, adult)).map_or(&[], |disconnection| &disconnection.times)
    }

    /// Whether an adult is being taken out of a voice room: decided and not ended, or failed and to be tried again.
    #[must_use]
    pub fn is_being_disconnected(&self, room: ChannelId, adult: UserId, now: Timestamp) -> bool {
        self.disconnections.get(&(room, adult)).is_some_and(|disconnection| {
            let waits = |(times, at)| super::watch::again_at(times, at) > now;
            disconnection.pending || disconnection.failed.is_some_and(waits)
        })
    }

    /// Adults who could not be taken out of a voice room: server, room, adult, how often in a row, when last.
    pub fn failed_disconnects(&self) -> impl Iterator<Item = (GuildId, ChannelId, UserId, u32, Timestamp)> {
        self.disconnections.iter().filter(|(_, disconnection)| !disconnection.pending).filter_map(
            |((room, adult), disconnection)| {
                let (times, at) = disconnection.failed?;
                Some((disconnection.guild, *room, *adult, times, at))
            },
        )
    }

    /// Whether this effect was decided before.
    #[must_use]
    pub fn has_decided(&self, job: &str) -> bool {
        self.decided.contains(job)
    }

    /// Whether a message is an exhibit of a case (or of none yet).
    #[must_use]
    pub fn has_kept(&self, case: Option<CaseRef>, message: MessageId) -> bool {
        self.kept.contains(&(message, case))
    }

    /// Cases (or none yet) of which a message is an exhibit, while this version of it is not.
    #[must_use]
    pub fn lacking_edit(&self, message: MessageId, edited_at: Timestamp) -> Vec<Option<CaseRef>> {
        self.kept
            .range((message, None)..=(message, Some(CaseRef(u32::MAX))))
            .map(|(_, case)| *case)
            .filter(|case| !self.kept_edits.contains(&(message, *case, edited_at)))
            .collect()
    }

    /// Everybody towards whom something in this message was observed.
    #[must_use]
    pub fn towards_in(&self, message: MessageId) -> BTreeSet<UserId> {
        let about = |(_, _, towards, _, at): &ObservationKey| towards.filter(|_| *at == Some(message));
        self.seen.iter().filter_map(about).collect()
    }

    /// The exhibit, no older than `since`, whose id ends in these bits.
    #[must_use]
    pub fn kept_since(&self, since: MessageId, ends: u64, mask: u64) -> Option<MessageId> {
        self.kept.range((since, None)..).map(|(id, _)| *id).find(|id| id.0 & mask == ends)
    }

    /// Whether a message is an exhibit of any case.
    #[must_use]
    pub fn is_held(&self, message: MessageId) -> bool {
        let cases = (message, Some(CaseRef(0)))..=(message, Some(CaseRef(u32::MAX)));
        self.kept.range(cases).next().is_some()
    }

    /// The timeline of one person's conduct towards another.
    #[must_use]
    pub fn pair(&self, by: UserId, towards: UserId) -> Option<&PairTimeline> {
        self.pairs.get(&(by, towards))
    }

    /// How the same adult treats other young people: what a pair is compared with.
    #[must_use]
    pub fn beside(&self, by: UserId, towards: UserId, now: Timestamp) -> Beside {
        let others = self
            .pairs
            .range((by, UserId(0))..=(by, UserId(u64::MAX)))
            .filter(|((_, other), _)| *other != towards)
            .map(|(_, timeline)| timeline)
            .take(COMPARED);
        let since = day_of(now.minus(WINDOW));
        let in_touch = self.contact.with(by, since).filter(|(other, _)| *other != towards).count();
        Beside::new(others, now, in_touch)
    }

    /// What was observed about one person among their peers.
    #[must_use]
    pub fn target(&self, person: UserId) -> Option<&TargetWindow> {
        self.targets.get(&person)
    }

    /// How many directed pairs have a timeline.
    #[must_use]
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// The reference of the next new concern.
    #[must_use]
    pub fn next_reference(&self) -> String {
        format!("r-{:04}", self.highest_concern() + 1)
    }

    /// The highest number of a concern so far.
    #[must_use]
    pub fn highest_concern(&self) -> u32 {
        self.numbers.1
    }

    /// The highest number of a case so far.
    #[must_use]
    pub fn highest_case(&self) -> u32 {
        self.numbers.0
    }

    /// The number of the next new case.
    #[must_use]
    pub fn next_case(&self) -> CaseRef {
        CaseRef(self.highest_case() + 1)
    }
}
