//! From a message to observations, and from observations to what they add up to (pure).
//!
//! ```text
//! let lists = Lists::shared();
//! let mut detector = Detector::new(lists, zone);
//! for seen in detector.hear(&message, &roster, audience) {
//!     if let Some((adult, young)) = grooming::pair_of(&seen) {      // a pair's slow pattern
//!         timelines.entry((adult, young)).or_default().add(seen.clone());
//!         let finding = timelines[&(adult, young)].assess(now);     // category, level, reasons
//!     }
//!     let opening = single::opening(&seen);                         // what opens a concern by itself
//! }
//! ```
//!
//! A [`Detector`] remembers only what direction needs (who spoke, towards whom, when: never words), the ask-and-no
//! history of pairs, and whose age came out; all of it can be rebuilt with [`Detector::remember`] from observations
//! and by hearing recent messages again without acting on them. Hearing a message twice gives the same observations
//! and remembers it once.

pub mod ages;
pub mod aside;
pub mod bullying;
pub mod contact_days;
pub mod content;
pub mod direction;
pub mod flood;
pub mod grooming;
mod heard;
pub mod memory;
pub mod persistence;
pub mod setting;
pub mod single;
pub mod verdict;
mod who;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::event::Message;
use crate::domain::observation::ObservationKey;
use crate::domain::zone::Zone;
use crate::domain::{
    Category, ChannelId, Code, Kind, MessageId, Observation, Person, Quote, Roster, Timestamp, UserId,
};
use crate::text::{Lists, Occasion, Reading};

use ages::Ages;
use aside::Asides;
use bullying::scene::{Cue, Said, Scenes};
use contact_days::{ContactDay, Day};
use direction::{Names, Recent, Speech};
use heard::{Heard, Side};
use memory::{Line, Space};
use persistence::Persistence;

/// How long a lesson that an adult has opened in a space goes on.
const LESSON: Duration = Duration::from_mins(90);
/// How long the planning of a surprise goes on in a space.
const A_SURPRISE: Duration = Duration::from_hours(1);
/// How long a game goes on in a space after it was last spoken of.
const A_GAME: Duration = Duration::from_mins(30);
/// How long what a worker said in the open about an official matter stands.
const IN_THE_OPEN: Duration = Duration::from_mins(30);
/// Hours of the local day at which writing to a young person is late: from eleven at night to six in the morning.
const LATE: [u32; 7] = [23, 0, 1, 2, 3, 4, 5];

/// Listens to messages and says what there is to observe.
#[derive(Clone, Debug)]
pub struct Detector {
    lists: Arc<Lists>,
    zone: Zone,
    spaces: BTreeMap<ChannelId, Space>,
    names: Names,
    /// Whose names were learnt in which space.
    learnt: BTreeMap<ChannelId, BTreeSet<UserId>>,
    persistence: Persistence,
    scenes: Scenes,
    /// What came out about ages.
    ages: Ages,
    /// What young people say to each other that would count if one of them were an adult.
    asides: Asides,
    /// New asides that nobody has taken yet, see [`Detector::take_asides`].
    new_asides: Vec<Observation>,
    /// Contact of the running local day, and days that are over and that nobody has taken yet.
    today: (Day, BTreeMap<(UserId, UserId), ContactDay>),
    days_over: Vec<(UserId, UserId, Day, ContactDay)>,
    /// Who wrote how much lately.
    crowd: flood::Crowd,
    /// Derived observations that were given already.
    told: BTreeMap<ObservationKey, Timestamp>,
}

impl Detector {
    /// A detector that has heard nothing yet. `zone` decides what is late at night.
    #[must_use]
    pub fn new(lists: Arc<Lists>, zone: Zone) -> Detector {
        Detector {
            lists,
            zone,
            spaces: BTreeMap::new(),
            names: Names::default(),
            learnt: BTreeMap::new(),
            persistence: Persistence::default(),
            scenes: Scenes::default(),
            ages: Ages::default(),
            asides: Asides::default(),
            new_asides: Vec::new(),
            today: (Day::MIN, BTreeMap::new()),
            days_over: Vec::new(),
            crowd: flood::Crowd::default(),
            told: BTreeMap::new(),
        }
    }

    /// One that has heard nothing, with the same lists: to read something apart from every conversation.
    #[must_use]
    pub fn afresh(&self) -> Detector {
        Detector::new(self.lists.clone(), self.zone)
    }

    /// Gets to know a person's names before they have spoken (a member who joined, or whose nickname changed).
    pub fn meet(&mut self, person: &Person) {
        self.names.learn(person.id, [person.shown.as_str(), person.name.as_str()].into_iter());
    }

    /// Puts other lists in place of those in use.
    pub fn use_lists(&mut self, lists: Arc<Lists>) {
        self.lists = lists;
    }

    /// Hears a message: what is observed in it, and what it completes. `audience` are the protected people who can
    /// see the space, where that is known. Messages by applications say nothing.
    pub fn hear(
        &mut self,
        message: &Message,
        roster: &Roster,
        audience: Option<&BTreeSet<UserId>>,
    ) -> Vec<Observation> {
        if message.automated {
            return Vec::new();
        }
        if let Some(line) = self.spaces.get(&message.space).and_then(|space| space.line(message.id)) {
            return line.observations.clone();
        }
        self.learn_names(message, roster, audience);
        let heard = self.work_out(message, roster, audience);
        let mut observations = self.observe(&heard, roster);
        self.count(&heard);
        observations.extend(
            self.crowd.hear(&heard.post(roster)).into_iter().map(|code| heard.observation(code, None, None)),
        );
        observations.sort();
        let line = Line {
            id: message.id,
            at: message.at,
            author: message.author,
            towards: heard.direction.person(),
            asks_age: ages::doubts(&heard.reading),
            opens_lesson: heard.speaker.adult && setting::opens_lesson(&heard.reading),
            plans_surprise: setting::plans_a_surprise(&heard.reading),
            in_the_open: heard.speaker.adult && heard.reading.occasions.has(Occasion::Open),
            plays: heard.reading.occasions.has(Occasion::Game),
            adult_to_young: heard.speaker.adult && heard.listener.protected,
            observations: observations.clone(),
        };
        self.spaces.entry(message.space).or_default().remember(line);
        observations
    }

    /// Hears a message in its edited form: what is new in it. An adult's edit of a message to a young person is an
    /// observation of its own.
    pub fn hear_edit(
        &mut self,
        message: &Message,
        roster: &Roster,
        audience: Option<&BTreeSet<UserId>>,
    ) -> Vec<Observation> {
        if message.automated {
            return Vec::new();
        }
        self.learn_names(message, roster, audience);
        let heard = self.work_out(message, roster, audience);
        let mut observations = self.observe(&heard, roster);
        if message.edited_at.is_some() && heard.speaker.adult && heard.listener.protected {
            observations.push(heard.observation(Code::AdultEditedMessage, heard.direction.person(), None));
        }
        if let Some(line) = self.spaces.get_mut(&message.space).and_then(|space| space.line_mut(message.id)) {
            let known: BTreeSet<ObservationKey> = line.observations.iter().map(Observation::key).collect();
            observations.retain(|seen| !known.contains(&seen.key()));
            line.observations.extend(observations.iter().cloned());
        }
        observations
    }

    /// Hears that messages were deleted: a remembered one of an adult to a young person is an observation, dated as
    /// the message. Who deleted it is not said by the platform.
    #[must_use]
    pub fn hear_deletion(&self, space: ChannelId, messages: &[MessageId]) -> Vec<Observation> {
        let Some(lines) = self.spaces.get(&space) else { return Vec::new() };
        messages
            .iter()
            .filter_map(|id| lines.line(*id))
            .filter(|line| line.adult_to_young)
            .map(|line| Observation {
                at: line.at,
                code: Code::AdultDeletedMessage,
                by: line.author,
                towards: line.towards,
                space: Some(space),
                message: Some(line.id),
                quote: None,
            })
            .collect()
    }

    /// Hears that somebody put an emoji under a message: what it is in its conversation. `author` wrote the message;
    /// where the platform does not say who did, it is looked up among the lines of the space.
    pub fn hear_reaction(
        &mut self,
        space: ChannelId,
        message: MessageId,
        author: Option<UserId>,
        (by, emoji, at): (UserId, &str, Timestamp),
        roster: &Roster,
    ) -> Vec<Observation> {
        let written =
            || self.spaces.get(&space).and_then(|space| space.line(message)).map(|line| line.author);
        match author.or_else(written) {
            Some(author) if self.side(author, roster).protected && roster.kind(by) != Kind::Bot => {
                self.scenes.hear_reaction(space, message, author, by, emoji, at)
            }
            _ => Vec::new(),
        }
    }

    /// Hears that somebody left the server: an observation when others had been at them.
    pub fn hear_leaving(&mut self, user: UserId, at: Timestamp) -> Vec<Observation> {
        self.scenes.hear_leaving(user, at)
    }

    /// Takes in an observation of earlier (after a restart): asks and refusals, and whose age came out.
    pub fn remember(&mut self, seen: &Observation) {
        self.ages.hear(seen, None);
        if seen.code == Code::AgeGap {
            self.told.insert(seen.key(), seen.at);
            self.asides.release(seen.by);
        }
        self.scenes.remember(seen);
        for derived in self.persistence.hear(seen) {
            self.told.insert(derived.key(), derived.at);
        }
    }

    /// Takes in something of earlier that young people said to each other (after a restart).
    pub fn remember_aside(&mut self, seen: &Observation) {
        if !self.ages.is_older(seen.by) {
            self.asides.put(seen);
        }
    }

    /// What young people said to each other since the last call that would count if the speaker were an adult: to be
    /// made durable, shown to nobody.
    pub fn take_asides(&mut self) -> Vec<Observation> {
        std::mem::take(&mut self.new_asides)
    }

    /// Days of contact that are over and were not taken yet: adult, young person, day, counts.
    pub fn take_days(&mut self) -> Vec<(UserId, UserId, Day, ContactDay)> {
        std::mem::take(&mut self.days_over)
    }

    /// Forgets everything older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        for space in self.spaces.values_mut() {
            space.forget_before(at);
        }
        self.spaces.retain(|_, space| !space.is_empty());
        self.persistence.forget_before(at);
        self.scenes.forget_before(at);
        self.ages.forget_before(at);
        self.asides.forget_before(at);
        self.crowd.forget_before(at);
        self.told.retain(|_, when| *when >= at);
    }

    /// Whether an account counts as an adult for risk: by its kind, or because its age came out in what it said.
    #[must_use]
    pub fn is_adult_for_risk(&self, id: UserId, roster: &Roster) -> bool {
        roster.kind(id).is_adult_for_risk() || self.is_older(id, roster)
    }

    fn side(&self, id: UserId, roster: &Roster) -> Side {
        let older = self.is_older(id, roster);
        Side {
            adult: self.is_adult_for_risk(id, roster),
            protected: roster.kind(id).is_protected() && !older,
        }
    }

    fn is_older(&self, id: UserId, roster: &Roster) -> bool {
        roster.kind(id) == Kind::YoungPerson && self.ages.is_older(id)
    }

    fn learn_names(&mut self, message: &Message, roster: &Roster, audience: Option<&BTreeSet<UserId>>) {
        let shown = message.author_shown.as_deref().into_iter();
        let listed = roster
            .get(message.author)
            .into_iter()
            .flat_map(|person| [person.shown.as_str(), person.name.as_str()]);
        self.names.learn(message.author, shown.chain(listed).chain([message.author_name.as_str()]));
        // A large audience is learnt as people speak.
        let Some(audience) = audience.filter(|audience| audience.len() <= 64) else { return };
        if self.learnt.get(&message.space) == Some(audience) {
            return; // whoever is renamed since is met
        }
        self.learnt.insert(message.space, audience.clone());
        for id in audience {
            if let Some(person) = roster.get(*id) {
                self.names.learn(*id, [person.shown.as_str(), person.name.as_str()].into_iter());
            }
        }
    }

    fn work_out<'a>(
        &self,
        message: &'a Message,
        roster: &Roster,
        audience: Option<&'a BTreeSet<UserId>>,
    ) -> Heard<'a> {
        let reading = self.lists.reading(&message.content);
        let space = self.spaces.get(&message.space);
        let mut before =
            space.map(|space| Recent::of(space, message.author, message.at, message.id)).unwrap_or_default();
        before.near = before.near.with(audience.filter(|audience| audience.len() <= 64), message.author);
        let speech = Speech {
            by: message.author,
            reply_to: message.reply_to.and_then(|(id, author)| {
                author.or_else(|| space.and_then(|space| space.line(id)).map(|line| line.author))
            }),
            mentions: &message.mentions,
            reading: &reading,
            audience,
        };
        let direction = direction::direction(&speech, &before, &self.names, roster);
        // What earlier lines have set up in the space and that still goes on.
        let set_up = |lasts: Duration, what: &dyn Fn(&Line) -> bool| {
            space.is_some_and(|space| {
                let mut lately = space
                    .setting_up(message.at, message.id)
                    .take_while(|line| line.at.plus(lasts) >= message.at);
                lately.any(what)
            })
        };
        let lesson = set_up(LESSON, &|line| line.opens_lesson);
        let open = reading.occasions.has(Occasion::Open)
            || set_up(IN_THE_OPEN, &|line| line.in_the_open && line.author == message.author);
        let surprise = setting::plans_a_surprise(&reading) || set_up(A_SURPRISE, &|line| line.plans_surprise);
        let game = reading.occasions.has(Occasion::Game) || set_up(A_GAME, &|line| line.plays);
        // "what joan does not know": the others whom a list means are people with names here.
        let with_roles = self.with_roles(&reading, roster);
        Heard {
            message,
            direction,
            speaker: self.side(message.author, roster),
            listener: direction.person().map(|id| self.side(id, roster)).unwrap_or_default(),
            takes_part_as_young: roster.kind(message.author).is_protected(),
            is_young: roster.kind(message.author) == Kind::YoungPerson,
            sharer: match roster.kind(message.author) {
                kind if kind.is_protected() => content::Speaker::Young,
                kind if kind.covers() => content::Speaker::Enrolled,
                _ => content::Speaker::Other,
            },
            room_has_protected: audience.is_some_and(|audience| !audience.is_empty())
                || before.near.iter().any(|id| roster.kind(id).is_protected()),
            lesson,
            play: setting::is_line_of_a_play(&message.content),
            open,
            surprise,
            game,
            with_roles,
            near: before.near,
            reading,
        }
    }

    /// The reading with the names of members read as what these members are.
    fn with_roles(&self, reading: &Reading, roster: &Roster) -> Option<Reading> {
        let role = |word: &str| {
            let id = self.names.exactly(word).filter(|_| !self.lists.knows(word))?;
            match roster.kind(id) {
                Kind::YoungPerson | Kind::AdultAtRisk => Some("youngperson"),
                Kind::Guest | Kind::Bot | Kind::Parent | Kind::Professional | Kind::Conflicted => None,
                _ => Some("staffperson"),
            }
        };
        self.lists.reading_with(reading, role)
    }

    /// Counts a message of a pair for its local day. A new day closes the one before.
    fn count(&mut self, heard: &Heard) {
        let message = heard.message;
        let Some(other) = heard.direction.person() else { return };
        let (pair, reply) = if heard.speaker.adult && heard.listener.protected {
            ((message.author, other), false)
        } else if heard.speaker.protected && heard.listener.adult {
            ((other, message.author), true)
        } else {
            return;
        };
        let day = self.zone.day_number(message.at);
        if day > self.today.0 {
            let over = self.today.0;
            let counted = std::mem::take(&mut self.today.1);
            self.days_over.extend(counted.into_iter().map(|((by, to), count)| (by, to, over, count)));
            self.today.0 = day;
        }
        if day < self.today.0 {
            return;
        }
        let count = self.today.1.entry(pair).or_default();
        if reply {
            count.replies = count.replies.saturating_add(1);
        } else {
            count.opened |= count.messages == 0 && count.replies == 0;
            count.messages = count.messages.saturating_add(1);
            count.late = count.late.saturating_add(u32::from(LATE.contains(&self.zone.hour(message.at))));
        }
    }

    fn observe(&mut self, heard: &Heard, roster: &Roster) -> Vec<Observation> {
        let mut found: BTreeMap<Code, Observation> = BTreeMap::new();
        let mut cues: Vec<Cue> = Vec::new();
        let mut clue = None;
        for hit in self.lists.hits(heard.with_roles.as_ref().unwrap_or(&heard.reading)) {
            let entry = self.lists.entry(&hit);
            if let Some(towards) = heard.towards(&hit, entry) {
                if bullying::is_of_the_group(hit.code) {
                    cues.push(Cue {
                        code: hit.code,
                        quote: Some(hit.quote),
                        vague: entry.id.ends_with("-vague"),
                        of_a_name: entry.id.ends_with("-name"),
                    });
                    continue;
                }
                if hit.code == Code::AgeClue {
                    clue.get_or_insert(hit.entry);
                }
                found
                    .entry(hit.code)
                    .or_insert_with(|| heard.observation(hit.code, towards, Some(hit.quote)));
            } else if let Some(towards) = heard.aside(&hit, entry) {
                let seen = heard.observation(hit.code, Some(towards), Some(hit.quote));
                if self.asides.put(&seen) {
                    self.new_asides.push(seen);
                }
            }
        }
        for text in &heard.message.elsewhere {
            for hit in self.lists.read(text) {
                let entry = self.lists.entry(&hit);
                if let Some(towards) =
                    heard.towards(&hit, entry).filter(|_| !bullying::is_of_the_group(hit.code))
                {
                    found.entry(hit.code).or_insert_with(|| heard.observation(hit.code, towards, None));
                }
            }
        }
        let files = heard.message.attachments.iter().map(|file| file.name.as_str());
        for (code, quote) in content::judge(&heard.reading, files, heard.sharer) {
            found.entry(code).or_insert_with(|| heard.observation(code, None, quote));
        }
        if self.answers_with_age(heard) {
            let quote = heard.reading.words.get(1).map(|word| Quote { start: word.from, end: word.to });
            found
                .entry(Code::AgeGap)
                .or_insert_with(|| heard.observation(Code::AgeGap, heard.direction.person(), quote));
        }
        let late = LATE.contains(&self.zone.hour(heard.message.at));
        if heard.speaker.adult && heard.listener.protected && late {
            found.insert(
                Code::LateContact,
                heard.observation(Code::LateContact, heard.direction.person(), None),
            );
        }
        if heard.takes_part_as_young
            && let Some(adult) = self.adult_named(heard, roster)
        {
            self.scenes.adult_named(heard.message.space, adult, heard.message.at);
        }
        let despairs = found.keys().any(|code| {
            matches!(code, Code::SuicidalFeelings | Code::SuicidalIntent | Code::SelfHarmDisclosure)
        });
        let discloses = found.keys().any(|code| code.category() == Category::Welfare);
        let ages = &self.ages;
        let protected = |id: UserId| roster.kind(id).is_protected() && !ages.is_older(id);
        let group = self.scenes.hear(&Said {
            message: heard.message,
            reading: &heard.reading,
            direction: heard.direction,
            cues: &cues,
            names: &self.names,
            near: &heard.near,
            adult: heard.speaker.adult,
            protected: &protected,
            despairs,
            discloses,
        });
        if let Some(disclosed) = found.get_mut(&Code::AbuseDisclosure)
            && let Some(adult) = self.adult_in_question(heard, roster)
        {
            disclosed.by = adult;
        }
        let mut observations: Vec<Observation> = found.into_values().chain(group).collect();
        observations.extend(self.hear_ages(heard, &observations, clue));
        let mut derived = Vec::new();
        for seen in &observations {
            derived.extend(self.persistence.hear(seen));
        }
        for seen in derived {
            if self.told.insert(seen.key(), seen.at).is_none() {
                observations.push(seen);
            }
        }
        observations.sort();
        observations
    }
}

#[cfg(test)]
mod tests;
