//! The conversation of a space as it goes on: who is at whom, and whether it is a joke between friends.
//!
//! Hard blows are observations as soon as they are said. Lighter ones (a simile, "signed", a laughing face) are
//! remembered and become observations when the scene *turns*: the person is hurt or asks for it to stop, somebody
//! takes their side, several are at it while the person neither laughs nor answers in kind, or a hard blow falls.
//! When the person laughs along, what waited is forgotten.
//!
//! A scene holds ids, times and numbers, never words, and is bounded in every direction.

mod acts;
mod blows;
mod voice;

use std::collections::{BTreeMap, BTreeSet};

use super::nickname::Nicknames;
use super::tone::{Emoji, Tone, hash};
use super::{is_blow, is_distress};
use crate::detect::direction::{Direction, Names, Near};
use crate::domain::event::Message;
use crate::domain::{ChannelId, Code, MessageId, Observation, Quote, Timestamp, UserId};
use crate::text::Reading;
use acts::{Act, FRAMED, LEFT, SILENT, SILENT_BLOWS, Scene, Struck, TURNED, TURNS, Turn, known};

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
    pub near: &'a Near<'a>,
    /// The speaker counts as an adult for risk.
    pub adult: bool,
    /// Who is protected.
    pub protected: &'a dyn Fn(UserId) -> bool,
    /// The speaker has just spoken of ending their life.
    pub despairs: bool,
    /// The speaker has just spoken of any distress, theirs or a friend's.
    pub discloses: bool,
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

/// Every space's scene, and what is known across them.
#[derive(Clone, Debug, Default)]
pub struct Scenes {
    spaces: BTreeMap<ChannelId, Scene>,
    nicknames: Nicknames,
    struck: BTreeMap<(UserId, UserId), Struck>,
    met: BTreeMap<UserId, Met>,
    spoke: BTreeMap<UserId, Timestamp>,
}

/// The blows that somebody met: the last one, and how many since they last wrote.
#[derive(Clone, Copy, Debug)]
struct Met {
    last: Timestamp,
    unanswered: u32,
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
        scene.defence(said, &self.struck, &mut told);
        scene.attack(said, &tone, &self.struck, &mut self.nicknames, &mut told);
        if said.despairs {
            scene.despair.insert(by, at);
        }
        if said.discloses {
            scene.grave_until = at.plus(FRAMED);
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
        if let Some(met) = self.met.get_mut(&by) {
            met.unanswered = 0;
        }
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
        let sign: Vec<u64> =
            emoji.chars().filter(|c| *c != '\u{fe0f}').map(|c| hash(c.encode_utf8(&mut [0; 4]))).collect();
        let theirs = self.nicknames.meant(sign.iter().copied()) == Some(author);
        if by == author || (kind == Emoji::Kind && !theirs) {
            return Vec::new();
        }
        let known = known(&self.struck, by, author, at);
        let scene = self.spaces.entry(space).or_default();
        scene.prune(at);
        let turned = scene.is_turned(author, at);
        let at_their_distress =
            scene.acts.iter().any(|act| act.id == message && act.by == author && is_distress(act.code));
        let counts = theirs
            || kind == Emoji::Mocking
            || at_their_distress
            || (turned
                && kind != Emoji::Kind
                && (known || scene.has_struck(by, author) || kind == Emoji::Other));
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
        let met = self.met.get(&user).is_some_and(|met| met.last.plus(LEFT) >= at);
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
        self.met.retain(|_, met| met.last >= at);
        self.spoke.retain(|_, when| *when >= at);
    }

    fn strike(&mut self, by: UserId, towards: UserId, at: Timestamp) {
        let struck = self.struck.entry((by, towards)).or_insert(Struck { last: at, times: 0 });
        struck.last = struck.last.max(at);
        struck.times = struck.times.saturating_add(1);
        let met = self.met.entry(towards).or_insert(Met { last: at, unanswered: 0 });
        met.last = met.last.max(at);
        met.unanswered = met.unanswered.saturating_add(1);
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
                let unanswered = self.met.get(&towards).map_or(0, |met| met.unanswered);
                let silent_since = self.spoke.get(&towards).copied();
                if silent_since.is_some_and(|since| since.plus(SILENT) <= act.at)
                    && unanswered == SILENT_BLOWS
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
