//! The conversation of a space as it goes on: who is at whom, and whether it is a joke between friends.
//!
//! Hard blows are observations as soon as they are said. Lighter ones (a simile, "signed", a laughing face) are
//! remembered and become observations when the scene *turns*: the person is hurt or asks for it to stop, somebody
//! takes their side, several are at it while the person neither laughs nor answers in kind, or a hard blow falls.
//! When the person laughs along, what waited is forgotten.
//!
//! A scene holds ids, times and numbers, never words, and is bounded in every direction.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::aim::Aim;
use super::nickname::Nicknames;
use super::tone::{Emoji, Tone, blow_by_tone, hash};
use super::{is_blow, is_distress, is_grave, is_hard};
use crate::detect::direction::{Direction, Names};
use crate::domain::event::Message;
use crate::domain::{ChannelId, Code, MessageId, Observation, Quote, Timestamp, UserId};
use crate::text::Reading;

/// How many turns and acts of a space are remembered.
const TURNS: usize = 48;
const ACTS: usize = 64;
/// How long an act waits for the scene to turn.
const WAITS: Duration = Duration::from_mins(20);
/// How long a scene stays turned after the last blow.
const TURNED: Duration = Duration::from_mins(30);
/// How long a person is what the conversation is about after they were last met.
const FOCUS: Duration = Duration::from_mins(6);
/// How soon somebody goes on at a person for it to be the same breath.
const SAME_BREATH: Duration = Duration::from_mins(3);
/// How soon after a blow a laugh or a "signed" is meant for it.
const JOINED: Duration = Duration::from_mins(4);
/// How far back an objection reaches for what it objects to.
const OBJECTED: Duration = Duration::from_mins(2);
/// How long mutual talk between two people excuses the next blow.
const MUTUAL: Duration = Duration::from_mins(60);
/// How long a birthday or a rehearsal colours a conversation.
const FRAMED: Duration = Duration::from_mins(60);
/// How long after somebody spoke of ending their life a dare is meant for that.
const DESPAIR: Duration = Duration::from_mins(60);
/// How long somebody who used to write has to be silent, while it goes on, for that to be told.
const SILENT: Duration = Duration::from_hours(72);
/// How long earlier blows make the next light one count at once.
const KNOWN: Duration = Duration::from_hours(672);

/// A message with what was worked out about it.
pub struct Said<'a> {
    /// The message.
    pub message: &'a Message,
    /// How it is read.
    pub reading: &'a Reading,
    /// Whom it addresses.
    pub direction: Direction,
    /// What the lists found that belongs to the group's talk.
    pub cues: &'a [Cue],
    /// Names as they were learnt.
    pub names: &'a Names,
    /// Who is about.
    pub near: &'a BTreeSet<UserId>,
    /// The speaker counts as an adult for risk.
    pub adult: bool,
    /// Who is protected.
    pub protected: &'a dyn Fn(UserId) -> bool,
    /// The speaker has just spoken of ending their life.
    pub despairs: bool,
}

/// What a list found in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cue {
    /// What it is called.
    pub code: Code,
    /// Where it stands.
    pub quote: Option<Quote>,
    /// A sign that may mean several things ("dont", "ok wow").
    pub vague: bool,
    /// It refuses a name.
    pub of_a_name: bool,
}

#[derive(Clone, Debug)]
struct Turn {
    id: MessageId,
    at: Timestamp,
    author: UserId,
    to: Option<UserId>,
    adult: bool,
    laughter: bool,
    cue: bool,
    /// Says too little, or something too ordinary, for an objection to be about it.
    ordinary: bool,
    echo: u64,
    words: usize,
    callings: Vec<u64>,
}

/// A blow, or a sign of what it does, that waits or has been told.
#[derive(Clone, Debug)]
struct Act {
    id: MessageId,
    at: Timestamp,
    by: UserId,
    towards: Option<UserId>,
    code: Code,
    quote: Option<Quote>,
    told: bool,
}

#[derive(Clone, Debug, Default)]
struct Scene {
    turns: VecDeque<Turn>,
    acts: VecDeque<Act>,
    turned: BTreeMap<UserId, Timestamp>,
    focus: Option<(UserId, Timestamp)>,
    staged_until: Timestamp,
    party_until: Timestamp,
    despair: BTreeMap<UserId, Timestamp>,
    /// The adult who was last spoken about here.
    adult: Option<(UserId, Timestamp)>,
}

#[derive(Clone, Copy, Debug)]
struct Struck {
    last: Timestamp,
    times: u32,
}

/// Every space's scene, and what is known across them.
#[derive(Clone, Debug, Default)]
pub struct Scenes {
    spaces: BTreeMap<ChannelId, Scene>,
    nicknames: Nicknames,
    struck: BTreeMap<(UserId, UserId), Struck>,
    met: BTreeMap<UserId, Timestamp>,
    spoke: BTreeMap<UserId, Timestamp>,
}

impl Scenes {
    /// Hears a message: what it is in its conversation, and what that turns earlier lines into.
    pub fn hear(&mut self, said: &Said) -> Vec<Observation> {
        let joins = said.cues.iter().any(|cue| cue.code == Code::JoinsIn);
        let tone = Tone::of(&said.message.content, said.reading, joins);
        let (by, at) = (said.message.author, said.message.at);
        let scene = self.spaces.entry(said.message.space).or_default();
        scene.prune(at);
        scene.turns.retain(|turn| turn.id != said.message.id);
        scene.frame(said.reading, at);
        let mut told = Vec::new();
        let joking = tone.laughter || tone.soft;
        if !tone.aped && !scene.is_party(by, at) {
            scene.voice(said, joking, &tone, &self.struck, &mut self.nicknames, &mut told);
        }
        scene.defence(said, &mut told);
        scene.attack(said, &tone, &self.struck, &mut self.nicknames, &mut told);
        if said.despairs {
            scene.despair.insert(by, at);
        }
        scene.turns.push_back(Turn {
            id: said.message.id,
            at,
            author: by,
            to: said.direction.is_said().then(|| said.direction.person()).flatten(),
            adult: said.adult,
            laughter: tone.laughter,
            cue: said.cues.iter().any(|cue| is_blow(cue.code)),
            ordinary: tone.question
                || said.cues.iter().any(|cue| cue.code == Code::Defended)
                || (tone.words <= 1 && tone.signs.is_empty()),
            echo: tone.echo,
            words: tone.words,
            callings: tone.callings,
        });
        while scene.turns.len() > TURNS {
            scene.turns.pop_front();
        }
        self.spoke.insert(by, at);
        self.tell(told, said.message.space)
    }

    /// Takes in that an adult was named in a space.
    pub fn adult_named(&mut self, space: ChannelId, adult: UserId, at: Timestamp) {
        self.spaces.entry(space).or_default().adult = Some((adult, at));
    }

    /// The adult whom the last half hour of a space was about.
    #[must_use]
    pub fn adult_spoken_of(&self, space: ChannelId, at: Timestamp) -> Option<UserId> {
        let (adult, when) = self.spaces.get(&space)?.adult?;
        (when.plus(TURNED) >= at).then_some(adult)
    }

    /// Hears that somebody put an emoji under what another wrote.
    pub fn hear_reaction(
        &mut self,
        space: ChannelId,
        message: MessageId,
        author: UserId,
        by: UserId,
        emoji: &str,
        at: Timestamp,
    ) -> Vec<Observation> {
        let kind = Emoji::of(emoji);
        let sign: Vec<u64> = emoji
            .chars()
            .filter(|c| *c != '\u{fe0f}')
            .map(|c| hash(c.encode_utf8(&mut [0; 4])))
            .collect();
        let theirs = self.nicknames.meant(&sign) == Some(author);
        if by == author || (kind == Emoji::Kind && !theirs) {
            return Vec::new();
        }
        let known = known(&self.struck, by, author, at);
        let scene = self.spaces.entry(space).or_default();
        scene.prune(at);
        let turned = scene.is_turned(author, at);
        let at_their_distress = scene
            .acts
            .iter()
            .any(|act| act.id == message && act.by == author && is_distress(act.code));
        let counts = theirs
            || kind == Emoji::Mocking
            || at_their_distress
            || (turned && kind != Emoji::Kind && (known || scene.has_struck(by, author) || kind == Emoji::Other));
        if !counts || scene.mutual(author, &BTreeSet::from([by]), at) {
            return Vec::new();
        }
        let mut told = Vec::new();
        let act = Act {
            id: message,
            at,
            by,
            towards: Some(author),
            code: Code::MockingReaction,
            quote: None,
            told: turned || theirs || known,
        };
        if act.told {
            told.push(act.clone());
        }
        scene.remember(act);
        if !turned && scene.several(author, at) {
            scene.turn(author, at, &mut told);
        }
        self.tell(told, space)
    }

    /// Hears that somebody left the server: told when they had been met by blows lately.
    pub fn hear_leaving(&mut self, user: UserId, at: Timestamp) -> Vec<Observation> {
        let met = self.met.get(&user).is_some_and(|met| met.plus(SILENT) >= at);
        let leaving = Observation {
            at,
            code: Code::Withdraws,
            by: user,
            towards: None,
            space: None,
            message: None,
            quote: None,
        };
        met.then_some(leaving).into_iter().collect()
    }

    /// Takes in an observation of earlier (after a restart).
    pub fn remember(&mut self, seen: &Observation) {
        if is_blow(seen.code)
            && let Some(towards) = seen.towards
        {
            self.strike(seen.by, towards, seen.at);
        }
    }

    /// Forgets everything older than a moment.
    pub fn forget_before(&mut self, at: Timestamp) {
        self.spaces.retain(|_, scene| scene.turns.back().is_some_and(|turn| turn.at >= at));
        self.nicknames.forget_before(at);
        self.struck.retain(|_, struck| struck.last >= at);
        self.met.retain(|_, when| *when >= at);
        self.spoke.retain(|_, when| *when >= at);
    }

    fn strike(&mut self, by: UserId, towards: UserId, at: Timestamp) {
        let struck = self.struck.entry((by, towards)).or_insert(Struck { last: at, times: 0 });
        struck.last = struck.last.max(at);
        struck.times = struck.times.saturating_add(1);
        let met = self.met.entry(towards).or_insert(at);
        *met = (*met).max(at);
    }

    /// Acts become observations; a person who has been silent since long before it went on is told of, once a blow.
    fn tell(&mut self, acts: Vec<Act>, space: ChannelId) -> Vec<Observation> {
        let mut out = Vec::new();
        for act in acts {
            let seen = Observation {
                at: act.at,
                code: act.code,
                by: act.by,
                towards: act.towards,
                space: Some(space),
                message: Some(act.id),
                quote: act.quote,
            };
            if let (true, Some(towards)) = (is_blow(act.code), act.towards) {
                let before = self.met.get(&towards).copied();
                let silent_since = self.spoke.get(&towards).copied();
                if let (Some(before), Some(since)) = (before, silent_since)
                    && since.plus(SILENT) <= act.at
                    && before >= since
                {
                    out.push(Observation {
                        code: Code::FellSilent,
                        by: towards,
                        towards: Some(act.by),
                        quote: None,
                        ..seen.clone()
                    });
                }
                self.strike(act.by, towards, act.at);
            }
            out.push(seen);
        }
        out
    }
}

fn known(struck: &BTreeMap<(UserId, UserId), Struck>, by: UserId, towards: UserId, at: Timestamp) -> bool {
    struck.get(&(by, towards)).is_some_and(|struck| struck.last.plus(KNOWN) >= at)
}

impl Scene {
    fn prune(&mut self, now: Timestamp) {
        let oldest = now.minus(MUTUAL);
        self.acts.retain(|act| act.at >= oldest);
        self.turned.retain(|_, until| *until >= now);
        self.despair.retain(|_, at| at.plus(DESPAIR) >= now);
    }

    fn remember(&mut self, act: Act) {
        if act.towards.is_some() && is_blow(act.code) {
            self.focus = act.towards.map(|towards| (towards, act.at));
        }
        self.acts.push_back(act);
        while self.acts.len() > ACTS {
            self.acts.pop_front();
        }
    }

    fn is_turned(&self, target: UserId, now: Timestamp) -> bool {
        self.turned.get(&target).is_some_and(|until| *until >= now)
    }

    fn focus(&self, now: Timestamp) -> Option<UserId> {
        self.focus.filter(|(_, at)| at.plus(FOCUS) >= now).map(|(focus, _)| focus)
    }

    /// The blows at somebody since a moment, told or waiting.
    fn blows_at(&self, target: UserId, since: Timestamp) -> impl Iterator<Item = &Act> {
        self.acts
            .iter()
            .filter(move |act| act.at >= since && act.towards == Some(target) && act.by != target && is_blow(act.code))
    }

    fn has_struck(&self, by: UserId, target: UserId) -> bool {
        self.acts.iter().any(|act| act.by == by && act.towards == Some(target) && act.told && is_blow(act.code))
    }

    /// Whether somebody gives to these people about as much as they get from them.
    fn mutual(&self, target: UserId, others: &BTreeSet<UserId>, now: Timestamp) -> bool {
        let since = now.minus(MUTUAL);
        let got = self.blows_at(target, since).filter(|act| others.contains(&act.by)).count();
        let given = others.iter().flat_map(|other| self.blows_at(*other, since)).filter(|act| act.by == target).count();
        given > 0 && given * 2 >= got
    }

    /// Several are at somebody, who neither laughs nor answers in kind.
    fn several(&self, target: UserId, now: Timestamp) -> bool {
        let since = now.minus(WAITS);
        let laughed = self
            .acts
            .iter()
            .filter(|act| act.by == target && act.code == Code::LaughsAlong)
            .map(|act| act.at)
            .max()
            .unwrap_or(Timestamp(i64::MIN));
        let blows: Vec<&Act> = self.blows_at(target, since).filter(|act| act.at > laughed).collect();
        let people: BTreeSet<UserId> = blows.iter().map(|act| act.by).collect();
        let with_words =
            blows.iter().filter(|act| !matches!(act.code, Code::JoinsIn | Code::MockingReaction)).count();
        people.len() >= 2 && blows.len() >= 3 && with_words >= 2 && !self.mutual(target, &people, now)
    }

    /// The scene turns: what waited about this person is told, on both sides.
    fn turn(&mut self, target: UserId, now: Timestamp, told: &mut Vec<Act>) {
        self.turned.insert(target, now.plus(TURNED));
        let since = now.minus(WAITS);
        for act in &mut self.acts {
            let about = act.towards == Some(target) && is_blow(act.code);
            let own = act.by == target && act.code != Code::LaughsAlong;
            if !act.told && act.at >= since && (about || own) {
                act.told = true;
                told.push(act.clone());
            }
        }
    }

    /// Birthdays make secrets, rehearsals make insults.
    fn frame(&mut self, reading: &Reading, at: Timestamp) {
        const STAGED: [&str; 12] = [
            " from the top ",
            " in character ",
            " bully scene ",
            " cue line ",
            " stage direction",
            " read in for ",
            " read through ",
            " lines please ",
            " whole gang ",
            " villain ",
            " rehearse the ",
            " act it ",
        ];
        const PARTY: [&str; 11] = [
            " surprise ", " birthday ", " bday ", " party for ", " present for ", " leaving card ", " leaving do ",
            " secret santa ", " goodbye card ", " anniversary ", " thank you card ",
        ];
        let has = |frames: &[&str]| frames.iter().any(|frame| reading.line.contains(frame));
        if has(&STAGED) {
            self.staged_until = at.plus(FRAMED);
        }
        if has(&PARTY) {
            self.party_until = at.plus(FRAMED);
        }
    }

    /// Whether somebody is at the person whom the conversation is about, and nobody is at them: what they object to
    /// is not done to them.
    fn is_party(&self, by: UserId, at: Timestamp) -> bool {
        let focus = self.focus(at).filter(|focus| *focus != by);
        focus.is_some_and(|focus| self.blows_at(focus, at.minus(WAITS)).any(|act| act.by == by))
            && self.blows_at(by, at.minus(WAITS)).next().is_none()
    }

    /// What the person themself says to it.
    fn voice(
        &mut self,
        said: &Said,
        joking: bool,
        tone: &Tone,
        struck: &BTreeMap<(UserId, UserId), Struck>,
        nicknames: &mut Nicknames,
        told: &mut Vec<Act>,
    ) {
        let (by, at) = (said.message.author, said.message.at);
        let since = at.minus(WAITS);
        let cue = said.cues.iter().find(|cue| is_distress(cue.code));
        let laughs = said.cues.iter().any(|cue| cue.code == Code::LaughsAlong) || (joking && (cue.is_some() || tone.laughter));
        if laughs && cue.is_none_or(|cue| cue.code != Code::Withdraws) {
            let last = self.blows_at(by, since).last().map(|act| (act.by, act.told));
            let turned = self.blows_at(by, since).any(|act| act.told);
            self.acts.retain(|act| act.told || act.towards != Some(by));
            if let Some((other, _)) = last {
                let act = Act {
                    id: said.message.id,
                    at,
                    by,
                    towards: Some(other),
                    code: Code::LaughsAlong,
                    quote: None,
                    told: turned,
                };
                if turned {
                    told.push(act.clone());
                }
                self.remember(act);
            }
            return;
        }
        let Some(cue) = cue else { return };
        let about_another = self.focus(at).is_some_and(|focus| focus != by);
        if self.blows_at(by, since).next().is_none() && cue.code != Code::Withdraws && !about_another {
            self.object(by, at, cue);
        }
        if cue.of_a_name {
            let run = self.turns.iter().rev().find(|turn| turn.author != by);
            if let Some(turn) = run
                && let Some(word) = turn.callings.first()
            {
                nicknames.refused(&[*word], turn.author, by, at);
            }
        }
        let blows: Vec<&Act> = self.blows_at(by, since).collect();
        let others: BTreeSet<UserId> = blows.iter().map(|act| act.by).collect();
        let mutual = self.mutual(by, &others, at);
        let from_before = self
            .turns
            .iter()
            .rev()
            .take(6)
            .find(|turn| turn.author != by && known(struck, turn.author, by, at))
            .map(|turn| turn.author);
        let towards = blows.last().map(|act| act.by).or(from_before);
        if towards.is_none() || (cue.vague && mutual) {
            return;
        }
        let carries = blows.iter().any(|act| act.code != Code::JoinsIn);
        let firm = blows.iter().any(|act| act.told) || blows.len() >= 2 || blows.iter().any(|act| self.has_cue(act.id));
        let tells = (carries && firm && (!cue.vague || blows.iter().any(|act| act.told) || blows.len() >= 2)) || from_before.is_some();
        let act =
            Act { id: said.message.id, at, by, towards, code: cue.code, quote: cue.quote, told: false };
        self.remember(act);
        if tells {
            self.turn(by, at, told);
        }
    }

    fn has_cue(&self, id: MessageId) -> bool {
        self.turns.iter().any(|turn| turn.id == id && turn.cue)
    }

    /// An objection makes what was said just before it a light blow: nothing else shows what it meant.
    fn object(&mut self, target: UserId, at: Timestamp, cue: &Cue) {
        let most = if cue.of_a_name { 1 } else { 3 };
        let run: Vec<Turn> = self
            .turns
            .iter()
            .rev()
            .take_while(|turn| turn.author != target && turn.at.plus(OBJECTED) >= at)
            .take(most)
            .filter(|turn| !turn.adult && turn.to.is_none_or(|to| to == target) && (turn.cue || !turn.ordinary))
            .cloned()
            .collect();
        let pointed = run.len() >= 2 || run.iter().any(|turn| turn.laughter || turn.cue) || cue.of_a_name;
        if !pointed {
            return;
        }
        for turn in run.into_iter().rev() {
            self.remember(Act {
                id: turn.id,
                at: turn.at,
                by: turn.author,
                towards: Some(target),
                code: Code::Mockery,
                quote: None,
                told: false,
            });
        }
    }

    /// Somebody takes a person's side.
    fn defence(&mut self, said: &Said, told: &mut Vec<Act>) {
        let Some(cue) = said.cues.iter().find(|cue| cue.code == Code::Defended) else { return };
        let (by, at) = (said.message.author, said.message.at);
        let since = at.minus(WAITS);
        let named = said.names.named(said.reading, said.near);
        let met = |target: &UserId| *target != by && self.blows_at(*target, since).any(|act| act.by != by);
        let target = named
            .into_iter()
            .find(met)
            .or_else(|| {
                self.acts
                    .iter()
                    .rev()
                    .filter(|act| act.at >= since && is_blow(act.code) && act.by != by)
                    .find_map(|act| act.towards)
                    .filter(|target| *target != by)
            })
            .filter(|target| (said.protected)(*target));
        let Some(target) = target else { return };
        self.remember(Act {
            id: said.message.id,
            at,
            by,
            towards: Some(target),
            code: Code::Defended,
            quote: cue.quote,
            told: true,
        });
        told.extend(self.acts.back().cloned());
        self.turn(target, at, told);
    }

    /// What the line is against somebody.
    fn attack(
        &mut self,
        said: &Said,
        tone: &Tone,
        struck: &BTreeMap<(UserId, UserId), Struck>,
        nicknames: &mut Nicknames,
        told: &mut Vec<Act>,
    ) {
        let (by, at) = (said.message.author, said.message.at);
        let defends = said.cues.iter().any(|cue| cue.code == Code::Defended);
        let goads = said.cues.iter().find(|cue| cue.code == Code::Goading);
        if let Some(cue) = goads
            && let Some(target) = self.despairing(by, at)
        {
            let code = Code::SuicideEncouragement;
            told.push(Act { id: said.message.id, at, by, towards: Some(target), code, quote: cue.quote, told: true });
        }
        let nicknamed = nicknames.meant(&[tone.callings.as_slice(), tone.signs.as_slice()].concat());
        let Some((code, quote, target)) = self.blow(said, tone, nicknamed, struck).filter(|_| !defends) else { return };
        if target == by || !(said.protected)(target) {
            return;
        }
        let used = self.unusual(&tone.callings, target);
        nicknames.used(&[used.as_slice(), tone.signs.as_slice()].concat(), by, target, at);
        let turned = self.is_turned(target, at);
        let staged = self.staged_until >= at && !is_grave(code);
        let falls = is_hard(code) && !staged && !(tone.soft || tone.laughter && code == Code::Ridicule);
        let known = known(struck, by, target, at) && !matches!(code, Code::JoinsIn);
        let tells = turned || falls || known;
        let act = Act { id: said.message.id, at, by, towards: Some(target), code, quote, told: tells };
        if tells {
            told.push(act.clone());
        }
        self.remember(act);
        if turned || falls || self.several(target, at) {
            self.turn(target, at, told);
        }
    }

    /// Who spoke of ending their life here a while ago, the last one who did.
    fn despairing(&self, but: UserId, at: Timestamp) -> Option<UserId> {
        self.despair
            .iter()
            .filter(|(who, when)| **who != but && when.plus(DESPAIR) >= at)
            .max_by_key(|(who, when)| (**when, **who))
            .map(|(who, _)| *who)
    }

    /// The blow that a line is, and whom it meets.
    fn blow(
        &self,
        said: &Said,
        tone: &Tone,
        nicknamed: Option<UserId>,
        struck: &BTreeMap<(UserId, UserId), Struck>,
    ) -> Option<(Code, Option<Quote>, UserId)> {
        let (by, at) = (said.message.author, said.message.at);
        let focus = self.focus(at);
        let aim = Aim {
            by,
            direction: said.direction,
            reading: said.reading,
            tone,
            names: said.names,
            near: said.near,
            nicknamed,
            focus,
        };
        let mut listed: Vec<&Cue> =
            said.cues.iter().filter(|cue| is_blow(cue.code) && cue.code != Code::JoinsIn).collect();
        listed.sort_by_key(|cue| (!is_grave(cue.code), !is_hard(cue.code), cue.code));
        for cue in listed {
            if cue.code == Code::Exclusion && self.party_until >= at {
                continue;
            }
            let target = aim.person(cue.code == Code::Exclusion);
            if let Some(target) = target.filter(|target| *target != by) {
                return Some((cue.code, cue.quote, target));
            }
        }
        if let Some((code, target)) = self.aped(said, tone) {
            return Some((code, None, target));
        }
        if let Some(nicknamed) = nicknamed.filter(|target| *target != by) {
            return Some((Code::MockingName, None, nicknamed));
        }
        let last = self
            .acts
            .iter()
            .rev()
            .find(|act| is_blow(act.code) && act.towards != Some(by) && act.at.plus(JOINED) >= at);
        let to = said.direction.is_said().then(|| said.direction.person()).flatten();
        if let Some(target) = last.and_then(|act| act.towards)
            && (tone.only_joins || tone.only_laughter)
            && to.is_none_or(|to| to == target || last.is_some_and(|act| act.by == to))
            && (tone.only_joins || !self.mutual(target, &BTreeSet::from([by]), at))
        {
            return Some((Code::JoinsIn, None, target));
        }
        let target = focus.filter(|focus| *focus != by)?;
        let recent = self.blows_at(target, at.minus(SAME_BREATH)).next().is_some();
        let goes_on = self.is_turned(target, at)
            && recent
            && (self.has_struck(by, target) || known(struck, by, target, at))
            && tone.has_words()
            && tone.words <= 24
            && !said.adult
            && to.is_none_or(|to| to == target || !tone.second_person)
            && !said.cues.iter().any(|cue| is_distress(cue.code))
            && !self.mutual(target, &BTreeSet::from([by]), at);
        goes_on.then_some((Code::KeepsOn, None, target))
    }

    /// A mocking voice, or the person's own words said again.
    fn aped(&self, said: &Said, tone: &Tone) -> Option<(Code, UserId)> {
        let by = said.message.author;
        let mut lately = self
            .turns
            .iter()
            .rev()
            .take(4)
            .filter(|turn| turn.author != by && turn.at.plus(SAME_BREATH) >= said.message.at);
        let echoed = lately.clone().find(|turn| turn.echo == tone.echo && turn.words >= 2 && tone.words >= 2);
        let code = blow_by_tone(tone);
        match (code, echoed) {
            (Some(code), _) => {
                let focus = self.focus(said.message.at).filter(|focus| *focus != by);
                focus.or_else(|| lately.find(|turn| !turn.adult).map(|turn| turn.author)).map(|target| (code, target))
            }
            // Said word by word again by several is a chorus; after a plea it is aping.
            (None, Some(turn)) => self
                .acts
                .iter()
                .any(|act| act.id == turn.id && is_distress(act.code))
                .then_some((Code::Mimicry, turn.author)),
            (None, None) => None,
        }
    }

    /// Words in the places of a name that nobody uses in ordinary turns here.
    fn unusual(&self, callings: &[u64], target: UserId) -> Vec<u64> {
        let ordinary = |word: &u64| {
            self.turns.iter().any(|turn| {
                turn.callings.contains(word)
                    && (turn.author == target || !self.acts.iter().any(|act| act.id == turn.id && is_blow(act.code)))
            })
        };
        callings.iter().copied().filter(|word| !ordinary(word)).collect()
    }
}
