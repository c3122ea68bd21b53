//! Organisation state × event × now → assessment (pure).
//!
//! [`Organisation::assess`] is the whole decision: it is deterministic, asks nobody, and changes its durable
//! state only by folding the facts that it returns. `run`, `rehearse` and `replay` are this engine with different
//! ears and hands.
//!
//! * `attested`: what ties the evidence log to others outside, and to the time.
//! * `blocked`: what the platform's own filter stopped.
//! * [`state`]: what folding the facts gives.
//! * `raise`: from findings to concerns, cases and effects.
//! * `reports`: what people tell safeguarding.
//! * `watch`: the rules of supervised contact over time.

mod attested;
mod blocked;
mod gently;
mod raise;
mod reports;
pub mod state;
mod watch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::contact::rules::settings::ContactPolicy;
use crate::contact::{EnrolmentRule, Server};
use crate::detect::Detector;
use crate::detect::contact_days::ContactDay;
use crate::domain::event::{Ended, Message};
use crate::domain::fact::{Part, Register};
use crate::domain::person::RoleMapping;
use crate::domain::space::{Overwrite, OverwriteFor};
use crate::domain::zone::Zone;
use crate::domain::{
    CaseRef, ChannelId, Code, Effect, Event, Fact, GuildId, Heard, Kind, MessageId, Observation, Roster,
    Timestamp, UserId,
};
use crate::text::Lists;
use state::State;

pub use watch::levers::DmState;

/// How many of the newest messages are known to have been assessed: more than a resumed session says again.
const ASSESSED: usize = 10_000;
/// How often what lies outside every window is let go.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// How many workers are told at most that no lead has answered.
const WORKERS_TOLD: usize = 20;

/// What a charity decides about the rules. The defaults are the guidance's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Local time for late hours and agreed times.
    pub zone: Zone,
    /// What makes an adult count as cover.
    pub enrolment: EnrolmentRule,
    /// Leads whom the charity's configuration names, by account: they count as enrolled, so that somebody can enrol the
    /// others.
    pub named: BTreeMap<UserId, Kind>,
    /// Who hears of a report about somebody in charge; everybody else in charge is passed by.
    pub whistleblowing: BTreeSet<UserId>,
    /// The rules of supervised contact.
    pub contact: ContactPolicy,
    /// How many messages before a finding are kept with it.
    pub context_before: usize,
    /// How many messages after a finding are kept with it.
    pub context_after: u32,
    /// A gap in hearing longer than this is a concern for the digest.
    pub gap_worth_telling: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            zone: Zone::default(),
            enrolment: EnrolmentRule::default(),
            named: BTreeMap::new(),
            whistleblowing: BTreeSet::new(),
            contact: ContactPolicy::default(),
            context_before: 50,
            context_after: 20,
            gap_worth_telling: Duration::from_mins(5),
        }
    }
}

/// A message to be sealed as an exhibit before anything is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keep {
    /// For which case; none while the observation in it belongs to no case yet.
    pub case: Option<CaseRef>,
    /// Which message.
    pub message: MessageId,
    /// Where it was written.
    pub space: ChannelId,
    /// Who wrote it.
    pub author: UserId,
    /// What it is to the case.
    pub part: Part,
    /// When its author had changed it, where this is a later version of an exhibit.
    pub edited_at: Option<Timestamp>,
    /// People to whom it must not be sealed.
    pub subjects: BTreeSet<UserId>,
}

/// What one event led to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assessment {
    /// Facts, in order. They are durable before any effect among them ([`Fact::Decided`]) leaves.
    pub facts: Vec<Fact>,
    /// Messages to be kept, in the same transaction.
    pub keep: Vec<Keep>,
    /// When the engine wants to be asked again.
    pub due: Option<Timestamp>,
}

/// One charity: its servers as they are now, and the folded state.
#[derive(Debug)]
pub struct Organisation {
    name: String,
    policy: Policy,
    mapping: RoleMapping,
    detector: Detector,
    own: Option<UserId>,
    servers: BTreeMap<GuildId, Server>,
    nobody: Roster,
    state: State,
    recent: BTreeMap<ChannelId, VecDeque<(MessageId, UserId)>>,
    assessed: BTreeSet<MessageId>,
    wrote: BTreeMap<ChannelId, BTreeSet<UserId>>,
    /// Spaces in which somebody was found to have written, to be looked at with the next event.
    unwatched: BTreeSet<ChannelId>,
    protected_viewers: BTreeMap<ChannelId, Arc<BTreeSet<UserId>>>,
    members_until: BTreeMap<GuildId, Timestamp>,
    watch: watch::Watch,
    forgot_at: Option<Timestamp>,
    /// The latest moment of anything that was heard or is durable.
    latest: Timestamp,
}

impl Organisation {
    /// An organisation of which nothing is known yet.
    #[must_use]
    pub fn new(name: &str, policy: Policy, mapping: RoleMapping, lists: Arc<Lists>) -> Self {
        Organisation {
            name: name.to_owned(),
            detector: Detector::new(lists, policy.zone),
            state: State::new(policy.context_after),
            policy,
            mapping,
            own: None,
            servers: BTreeMap::new(),
            nobody: Roster::default(),
            recent: BTreeMap::new(),
            assessed: BTreeSet::new(),
            wrote: BTreeMap::new(),
            unwatched: BTreeSet::new(),
            protected_viewers: BTreeMap::new(),
            members_until: BTreeMap::new(),
            watch: watch::Watch::default(),
            forgot_at: None,
            latest: Timestamp(i64::MIN),
        }
    }

    /// Takes a fact in that became durable in an earlier run.
    pub fn restore(&mut self, at: Timestamp, fact: &Fact) {
        match fact {
            Fact::Observed(observation) => self.detector.remember(observation),
            Fact::Aside(observation) => self.detector.remember_aside(observation),
            _ => {}
        }
        self.state.apply(at, fact);
        self.latest = self.latest.max(at);
    }

    /// Takes a fact in that was concluded beside the engine (an acknowledgement): it is folded and handed out like
    /// one of its own.
    pub fn note(&mut self, now: Timestamp, fact: Fact) -> Assessment {
        let mut a = Assessment::default();
        self.conclude(now, fact, &mut a);
        a.due = self.next_due(now);
        a
    }

    /// Puts other wordlists in place of those in use, for every message from here on.
    pub fn use_lists(&mut self, lists: Arc<Lists>) {
        self.detector.use_lists(lists);
    }

    /// The folded state.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What the charity has decided about the rules.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The servers as they are now.
    #[must_use]
    pub fn servers(&self) -> &BTreeMap<GuildId, Server> {
        &self.servers
    }

    /// Whether a protected person can see a space, as far as is known: what is written there is supervised, and may be
    /// buffered. Of a space that is not described yet, or whose server's members are still asked for, it is taken to be
    /// so.
    #[must_use]
    pub fn is_supervised(&self, guild: GuildId, space: ChannelId) -> bool {
        let known = self.servers.get(&guild).is_some_and(|server| server.spaces.contains_key(&space));
        if !known || self.members_until.contains_key(&guild) {
            return true;
        }
        self.protected_viewers.get(&space).is_none_or(|viewers| !viewers.is_empty())
    }

    /// Re-reads a message for its context without acting on it again (after a restart, from the platform's
    /// history).
    pub fn recollect(&mut self, message: &Message) {
        let _ = self.read(message, false);
        self.remember_place(message);
        if self.wrote.entry(message.space).or_default().insert(message.author) {
            self.unwatched.insert(message.space);
        }
    }

    /// Decides what one event leads to.
    pub fn assess(&mut self, heard: &Heard) -> Assessment {
        let mut a = Assessment::default();
        let now = heard.at;
        self.forget_what_is_over(now);
        match &heard.event {
            Event::SessionBegan { own } => {
                self.own = Some(*own);
                self.watch.stale = true;
            }
            Event::Said(message) | Event::Edited(message) if self.is_told_in_private(message) => {
                self.remember_place(message);
                self.told_in_private(message, now, &mut a);
            }
            Event::Said(message) => self.hear_message(message, now, false, &mut a),
            Event::Edited(message) => self.hear_message(message, now, true, &mut a),
            Event::Blocked { .. } => self.hear_blocked(heard, &mut a),
            Event::Deleted { space, messages, .. } => {
                // What Chaperone itself took out of sight was not deleted by its author.
                let by_people: Vec<MessageId> =
                    messages.iter().copied().filter(|id| !self.has_hidden(*id)).collect();
                let found = self.detector.hear_deletion(*space, &by_people);
                self.take(found, None, now, &mut a);
            }
            Event::Reacted { guild, space, message, author, by, emoji, added: true } => {
                let roster = guild
                    .and_then(|guild| self.servers.get(&guild))
                    .map_or(&self.nobody, |server| &server.roster);
                let found = self.detector.hear_reaction(
                    *space,
                    *message,
                    *author,
                    (*by, emoji.as_str(), now),
                    roster,
                );
                self.take(found, None, now, &mut a);
                if let Some(guild) = guild {
                    self.was_active(*space, *by, now);
                    let found = self.contact_by_reaction(*guild, (*space, *message), *author, *by, now);
                    self.take(found, None, now, &mut a);
                }
            }
            Event::Register(change) => {
                if let Register::Unlocked { space, adult, .. } = change {
                    self.lifted(*space, *adult, now, &mut a);
                }
                self.conclude(now, Fact::Register(change.clone()), &mut a);
                if matches!(change, Register::Enrolled(_) | Register::Unenrolled { .. }) {
                    self.enrol(now, &mut a);
                }
                self.watch_everywhere(now, &mut a);
            }
            Event::Reported { by, message, person, words, reference, past_the_line, .. } => {
                let report = reports::Report {
                    past_the_line: *past_the_line,
                    by: *by,
                    message: message.as_deref(),
                    person: *person,
                    words: words.as_deref(),
                    reference: *reference,
                };
                self.reported(report, now, &mut a);
            }
            Event::Outcome { job, effect, ended } => self.outcome(job, effect, ended, now, &mut a),
            Event::Unreadable { .. } => self.about_itself(Code::Unreadable, now, &mut a),
            Event::GuildGone { outage: false, guild } => {
                self.servers.remove(guild);
                self.about_itself(Code::BotRemoved, now, &mut a);
            }
            Event::Started { software } => {
                self.conclude(now, Fact::Started { software: software.clone() }, &mut a);
                self.is_live(now, &mut a);
            }
            Event::Gap { from, until, why } => {
                self.conclude(now, Fact::Gap { from: *from, until: *until, why: why.clone() }, &mut a);
                if until.since(*from) > self.policy.gap_worth_telling {
                    self.about_itself(Code::Unmonitored, now, &mut a);
                }
            }
            Event::AttestationDue { size, witness, authority } => {
                self.ask_to_attest(*size, witness.as_ref(), authority.as_ref(), now, &mut a);
            }
            Event::Due => self.watch_due(now, &mut a),
            event => {
                self.server_changed(event, now, &mut a);
                if let Event::MemberGone { user, .. } = event {
                    let found = self.detector.hear_leaving(*user, now);
                    self.take(found, None, now, &mut a);
                }
            }
        }
        for space in std::mem::take(&mut self.unwatched) {
            self.watch_space(space, now, &mut a);
        }
        self.notice_a_clock_set_back(now, &mut a);
        a.due = self.next_due(now);
        a
    }

    /// Whether a message is somebody's direct message to the bot.
    fn is_told_in_private(&self, message: &Message) -> bool {
        message.guild.is_none() && !message.automated && Some(message.author) != self.own
    }

    /// Lets go of what no window reaches any more, so that years of a club fit in memory.
    fn forget_what_is_over(&mut self, now: Timestamp) {
        if self.forgot_at.is_none_or(|last| now.since(last) >= FORGET_EVERY) {
            self.forgot_at = Some(now);
            self.detector.forget_before(now.minus(crate::detect::grooming::WINDOW));
        }
    }

    /// Whether it was decided to take this message out of sight.
    fn has_hidden(&self, message: MessageId) -> bool {
        self.state.has_decided(&self.hide_job(message))
    }

    /// The key of the job that takes a message out of sight.
    fn hide_job(&self, message: MessageId) -> String {
        format!("hide/{}/{message}", self.name)
    }

    /// Folds a fact in and hands it out.
    fn conclude(&mut self, now: Timestamp, fact: Fact, a: &mut Assessment) {
        self.state.apply(now, &fact);
        a.facts.push(fact);
    }

    /// Something happened to the system itself: nobody is its subject.
    fn about_itself(&mut self, code: Code, now: Timestamp, a: &mut Assessment) {
        let own = self.own.unwrap_or_default();
        let observation =
            Observation { at: now, code, by: own, towards: None, space: None, message: None, quote: None };
        self.take(vec![observation], None, now, a);
    }

    /// Somebody did not answer a drill: a concern about the system itself.
    pub fn drill_missed(&mut self, now: Timestamp) -> Assessment {
        let mut a = Assessment::default();
        self.about_itself(Code::DrillMissed, now, &mut a);
        a
    }

    /// Somebody opened what is kept in an unusual way: a concern of which they are the subject. Without an account, it is
    /// about the system itself.
    pub fn unusual_access(&mut self, by: Option<UserId>, now: Timestamp) -> Assessment {
        let mut a = Assessment::default();
        let own = self.own.unwrap_or_default();
        let by = by.unwrap_or(own);
        let code = Code::UnusualAccess;
        let observation =
            Observation { at: now, code, by, towards: None, space: None, message: None, quote: None };
        self.take(vec![observation], None, now, &mut a);
        a
    }

    /// Workers who can see where a case happened and are not its subjects, each with such a space: whoever can look
    /// after the room while no lead answers. Where nobody can see it, the workers of the server.
    #[must_use]
    pub fn workers_in_the_room(&self, case: CaseRef) -> Vec<(UserId, Option<ChannelId>)> {
        let Some(subjects) = self.state.cases.get(&case).map(|case| &case.subjects) else {
            return Vec::new();
        };
        let may = |id: &UserId| {
            let readers = crate::domain::who_may_know::Readers::one(*id);
            crate::domain::who_may_know::who_may_know(subjects, &readers)
        };
        let concerns = self.state.concerns.values().filter(|concern| concern.case == Some(case));
        let spaces: BTreeSet<ChannelId> =
            concerns.flat_map(|concern| concern.reasons.iter().filter_map(|reason| reason.space)).collect();
        let mut workers: BTreeMap<UserId, Option<ChannelId>> = BTreeMap::new();
        for (server, space) in
            self.servers.values().flat_map(|server| spaces.iter().map(move |space| (server, space)))
        {
            let Some(described) = server.spaces.get(space) else { continue };
            let adults = server.audience(described).adults.into_keys();
            for id in adults.filter(|id| server.roster.kind(*id).covers() && may(id)) {
                workers.entry(id).or_insert(Some(*space));
            }
        }
        if workers.is_empty() {
            let everybody = self.servers.values().flat_map(|server| server.roster.iter());
            let covers = everybody.filter(|person| person.kind.covers() && may(&person.id));
            workers.extend(covers.map(|person| (person.id, None)));
        }
        workers.into_iter().take(WORKERS_TOLD).collect()
    }

    fn outcome(&mut self, job: &str, effect: &Effect, ended: &Ended, now: Timestamp, a: &mut Assessment) {
        let lost_before = match effect {
            Effect::PauseDms { guild, .. } => {
                self.state.dm_pauses.get(guild).is_some_and(|pause| pause.failed.is_some())
            }
            _ => false,
        };
        let fact = Fact::Outcome { job: job.to_owned(), effect: effect.clone(), ended: ended.clone() };
        self.conclude(now, fact, a);
        self.watch.stale = true;
        match (effect, ended) {
            (Effect::Lock { guild, space, adult, .. }, Ended::Done { detail }) => {
                let LockedHow { before, channel, taken_out } =
                    detail.as_deref().map(|detail| locked_how(detail, *adult)).unwrap_or_default();
                let (before, before_known) = (before.flatten(), before.is_some());
                let (guild, space, adult) = (*guild, *space, *adult);
                let locked = Register::Locked {
                    guild,
                    space,
                    adult,
                    before,
                    before_known,
                    channel,
                    taken_out,
                    handed_on: false,
                };
                self.conclude(now, Fact::Register(locked), a);
                // Done, and yet it binds nobody who stands above overwrites: a lead has to know.
                let server = self.servers.get(&guild);
                if server.is_some_and(|s| s.roster.get(adult).is_some_and(|person| s.holds_office(person))) {
                    self.about_itself(Code::ActionFailed, now, a);
                }
            }
            (Effect::PauseDms { guild, until }, ended) => {
                let done = matches!(ended, Ended::Done { .. });
                if !matches!(ended, Ended::Withheld { .. }) {
                    self.pause_ended(*guild, *until, done, lost_before, now, a);
                }
            }
            (Effect::OpenRoom { guild, plan, .. }, Ended::Done { detail }) => {
                if let Some(room) = watch::rooms::room_of(detail.as_deref()) {
                    self.room_opened(*guild, plan, room, now, a);
                }
            }
            (Effect::OpenRoom { .. } | Effect::Unlock { .. }, Ended::Failed { .. }) => {
                self.about_itself(Code::ActionFailed, now, a);
            }
            (Effect::Cosign { .. } | Effect::Stamp { .. }, Ended::Failed { why }) => {
                self.not_attested(why, now, a);
            }
            (effect, Ended::Failed { .. }) if effect.contains() => {
                self.about_itself(Code::ActionFailed, now, a);
            }
            (Effect::Disconnect { guild, room, adult }, Ended::Done { .. }) => {
                self.disconnected(*guild, *room, *adult);
            }
            _ => {}
        }
    }

    fn hear_message(&mut self, message: &Message, now: Timestamp, edited: bool, a: &mut Assessment) {
        if let Some(server) = message.guild.and_then(|guild| self.servers.get_mut(&guild)) {
            for space in server.meet(message).spaces {
                self.protected_viewers.remove(&space);
            }
        }
        let mut found = self.read(message, edited);
        self.note_contact(now, a);
        if !edited {
            self.was_active(message.space, message.author, message.at);
            found.extend(self.contact_in_writing(message, now));
        }
        // Heard again after a resumed session, what stood before a finding does not follow it. (What was only read
        // again after a restart was not assessed: what it leads to may have been lost with the last run.)
        let known = !self.assessed.insert(message.id);
        if self.assessed.len() > ASSESSED {
            self.assessed.pop_first();
        }
        if edited || !known {
            self.keep_what_follows(message, now, a);
        }
        if edited {
            self.keep_edit(message, now, a);
        }
        self.remember_place(message);
        self.take(found, Some(message), now, a);
        if self.wrote.entry(message.space).or_default().insert(message.author) {
            // Somebody who sees the space only by office is in contact once they write in it.
            self.watch_space(message.space, now, a);
        }
    }

    /// Reads a message among the people around it: everybody known, and the protected people who can see it.
    fn read(&mut self, message: &Message, edited: bool) -> Vec<Observation> {
        let server = match message.guild {
            Some(guild) => self.servers.get(&guild),
            // A direct message with the bot: whoever writes is a member of one of the charity's servers.
            None => self.servers.values().find(|server| server.roster.get(message.author).is_some()),
        };
        let space = server.and_then(|server| Some((server, server.spaces.get(&message.space)?)));
        let audience = space.map(|(server, space)| {
            self.protected_viewers
                .entry(space.id)
                .or_insert_with(|| Arc::new(server.audience(space).protected))
                .clone()
        });
        let roster = server.map_or(&self.nobody, |server| &server.roster);
        if edited {
            self.detector.hear_edit(message, roster, audience.as_deref())
        } else {
            self.detector.hear(message, roster, audience.as_deref())
        }
    }

    /// What the detector counted and put aside becomes durable.
    fn note_contact(&mut self, now: Timestamp, a: &mut Assessment) {
        for aside in self.detector.take_asides() {
            self.conclude(now, Fact::Aside(aside), a);
        }
        for (by, towards, day, count) in self.detector.take_days() {
            let ContactDay { messages, replies, late, opened } = count;
            let fact = Fact::ContactDay { by, towards, day, messages, replies, late, opened };
            self.conclude(now, fact, a);
        }
    }

    fn remember_place(&mut self, message: &Message) {
        let recent = self.recent.entry(message.space).or_default();
        if recent.iter().any(|(id, _)| *id == message.id) {
            return;
        }
        recent.push_back((message.id, message.author));
        if recent.len() > self.policy.context_before + 1 {
            recent.pop_front();
        }
    }

    fn keep_what_follows(&mut self, message: &Message, now: Timestamp, a: &mut Assessment) {
        let Some(following) = self.state.following.get(&message.space) else { return };
        for case in following.keys().copied().collect::<Vec<_>>() {
            self.keep(Some(case), message.id, message.space, message.author, Part::After, now, a);
        }
    }

    /// Decides that a message is kept, unless it is already.
    #[expect(clippy::too_many_arguments, reason = "the fields of one exhibit, named at the two call sites")]
    fn keep(
        &mut self,
        case: Option<CaseRef>,
        message: MessageId,
        space: ChannelId,
        author: UserId,
        part: Part,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        if self.state.has_kept(case, message) {
            return;
        }
        let subjects = self.not_sealed_to(case, author);
        a.keep.push(Keep { case, message, space, author, part, edited_at: None, subjects });
        self.conclude(now, Fact::Kept { case, message, space, part, edited_at: None }, a);
    }

    /// What became of an exhibit belongs to its case as well: each later version is kept, once.
    fn keep_edit(&mut self, message: &Message, now: Timestamp, a: &mut Assessment) {
        // Without it, a link preview came and no word changed.
        let Some(edited_at) = message.edited_at else { return };
        for case in self.state.lacking_edit(message.id, edited_at) {
            let mut subjects = self.not_sealed_to(case, message.author);
            if case.is_none() {
                subjects.extend(self.state.towards_in(message.id));
            }
            let (id, space, author) = (message.id, message.space, message.author);
            let (part, edited_at) = (Part::Finding, Some(edited_at));
            a.keep.push(Keep { case, message: id, space, author, part, edited_at, subjects });
            self.conclude(now, Fact::Kept { case, message: id, space, part, edited_at }, a);
        }
    }

    /// To whom an exhibit must not be sealed: the subjects of its case; of none yet, whoever wrote it.
    fn not_sealed_to(&self, case: Option<CaseRef>, author: UserId) -> BTreeSet<UserId> {
        match case.and_then(|case| self.state.cases.get(&case)) {
            Some(case) => case.subjects.clone(),
            None => BTreeSet::from([author]),
        }
    }
}

/// How a lock was carried out.
#[derive(Debug, Default)]
#[expect(
    clippy::option_option,
    reason = "not said, said that there was none, and said which are three things"
)]
struct LockedHow {
    /// What stood there before; none where the outcome does not say it.
    before: Option<Option<Overwrite>>,
    /// The channel through which a thread was locked.
    channel: Option<ChannelId>,
    /// The adult was taken out of a private thread.
    taken_out: bool,
}

/// Reads how a lock was carried out: `{"before":{"allow":"…","deny":"…"},"channel":"…","taken_out":true}`, each perhaps
/// left out. Of a thread that is not locked through its channel, no overwrite stood there before.
fn locked_how(detail: &str, adult: UserId) -> LockedHow {
    #[derive(Default, serde::Deserialize)]
    #[expect(clippy::option_option, reason = "null and left out are two things")]
    struct Detail {
        #[serde(default)]
        thread: Option<serde_json::Value>,
        #[serde(default)]
        channel: Option<ChannelId>,
        #[serde(default)]
        taken_out: bool,
        #[serde(default, deserialize_with = "given")]
        before: Option<Option<Bits>>,
    }
    #[expect(clippy::option_option, reason = "null and left out are two things")]
    fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<Bits>>, D::Error> {
        serde::Deserialize::deserialize(from).map(Some)
    }
    #[derive(serde::Deserialize)]
    struct Bits {
        allow: crate::domain::space::Permissions,
        deny: crate::domain::space::Permissions,
    }
    let Detail { thread, channel, taken_out, before } = serde_json::from_str(detail).unwrap_or_default();
    let target = OverwriteFor::Member(adult);
    let overwrite = |bits: Bits| Overwrite { target, allow: bits.allow, deny: bits.deny };
    let before = before.map(|before| before.map(overwrite));
    let nothing = (thread.is_some() || taken_out) && channel.is_none();
    LockedHow { before: if nothing { Some(None) } else { before }, channel, taken_out }
}

#[cfg(test)]
mod tests;
