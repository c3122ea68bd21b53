//! What the person says to it, and who takes their side.

use std::collections::{BTreeMap, BTreeSet};

use super::super::nickname::Nicknames;
use super::super::tone::Tone;
use super::super::{is_blow, is_distress};
use super::acts::{Act, OBJECTED, Scene, Struck, Turn, WAITS, known};
use super::{Cue, Said};
use crate::domain::{Code, MessageId, Timestamp, UserId};

impl Scene {
    /// Whether somebody is at the person whom the conversation is about, and nobody is at them: what they object to
    /// is not done to them.
    pub(super) fn is_party(&self, by: UserId, at: Timestamp) -> bool {
        let focus = self.focus(at).filter(|focus| *focus != by);
        focus.is_some_and(|focus| self.blows_at(focus, at.minus(WAITS)).any(|act| act.by == by))
            && self.blows_at(by, at.minus(WAITS)).next().is_none()
    }

    /// What the person themself says to it.
    pub(super) fn voice(
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
        let laughs = said.cues.iter().any(|cue| cue.code == Code::LaughsAlong)
            || (joking && (cue.is_some() || tone.laughter));
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
            let run = self.turns.iter().rev().find(|turn| turn.author != by && (turn.cue || !turn.ordinary));
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
        let firm = blows.iter().any(|act| act.told)
            || blows.len() >= 2
            || blows.iter().any(|act| self.has_cue(act.id));
        let at_once =
            (carries && firm && (!cue.vague || blows.iter().any(|act| act.told) || blows.len() >= 2))
                || from_before.is_some();
        let act = Act { id: said.message.id, at, by, towards, code: cue.code, quote: cue.quote, told: false };
        self.remember(act);
        if at_once {
            self.turn(by, at, told);
        }
    }

    pub(super) fn has_cue(&self, id: MessageId) -> bool {
        self.turns.iter().any(|turn| turn.id == id && turn.cue)
    }

    /// An objection makes what was said just before it a light blow: nothing else shows what it meant.
    pub(super) fn object(&mut self, target: UserId, at: Timestamp, cue: &Cue) {
        let mut run: Vec<Turn> = self
            .turns
            .iter()
            .rev()
            .take_while(|turn| turn.author != target && turn.at.plus(OBJECTED) >= at)
            .take(5)
            .filter(|turn| {
                !turn.adult && turn.to.is_none_or(|to| to == target) && (turn.cue || !turn.ordinary)
            })
            .take(3)
            .cloned()
            .collect();
        if cue.of_a_name {
            // Whoever used the word that is refused, not whoever happened to speak as well.
            let word = run.first().and_then(|turn| turn.callings.first()).copied();
            run.retain(|turn| word.is_none_or(|word| turn.callings.contains(&word)));
        }
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
    pub(super) fn defence(
        &mut self,
        said: &Said,
        struck: &BTreeMap<(UserId, UserId), Struck>,
        told: &mut Vec<Act>,
    ) {
        let Some(cue) = said.cues.iter().find(|cue| cue.code == Code::Defended) else { return };
        let (by, at) = (said.message.author, said.message.at);
        let since = at.minus(WAITS);
        // "Take it down" is a plea of whoever is met by it, and a defence from anybody else.
        let own_plea = said.cues.iter().any(|cue| is_distress(cue.code))
            && (self.blows_at(by, since).next().is_some()
                || self.turns.iter().rev().take(6).any(|turn| known(struck, turn.author, by, at)));
        if own_plea {
            return;
        }
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
}
