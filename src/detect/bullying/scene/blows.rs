//! What a line is against somebody, and whether it is told at once or waits.

use std::collections::{BTreeMap, BTreeSet};

use super::super::aim::Aim;
use super::super::nickname::Nicknames;
use super::super::tone::{Tone, blow_by_tone};
use super::super::{is_blow, is_distress, is_grave, is_hard};
use super::acts::{Act, DESPAIR, JOINED, SAME_BREATH, Scene, Struck, haunted, known};
use super::{Cue, Said};
use crate::domain::{Code, Quote, Timestamp, UserId};

impl Scene {
    /// What the line is against somebody.
    pub(super) fn attack(
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
            told.push(Act {
                id: said.message.id,
                at,
                by,
                towards: Some(target),
                code,
                quote: cue.quote,
                told: true,
            });
        }
        let meant = nicknames.meant(tone.callings.iter().chain(&tone.signs).copied());
        let Some((code, quote, target)) = self.blow(said, tone, meant, struck).filter(|_| !defends) else {
            return;
        };
        if target == by || !(said.protected)(target) {
            return;
        }
        let used = self.unusual(&tone.callings, target);
        nicknames.used(&[used.as_slice(), tone.signs.as_slice()].concat(), by, target, at);
        let turned = self.is_turned(target, at);
        let staged = self.staged_until >= at && !is_grave(code);
        let falls = is_hard(code)
            && !staged
            && !(tone.soft || tone.laughter && matches!(code, Code::Ridicule | Code::Insult));
        let known = known(struck, by, target, at) && !matches!(code, Code::JoinsIn);
        let at_once = turned || falls || known;
        let act = Act { id: said.message.id, at, by, towards: Some(target), code, quote, told: at_once };
        if at_once {
            told.push(act.clone());
        }
        self.remember(act);
        if turned || falls || self.several(target, at) {
            self.turn(target, at, told);
        }
    }

    /// Who spoke of ending their life here a while ago, the last one who did.
    pub(super) fn despairing(&self, but: UserId, at: Timestamp) -> Option<UserId> {
        self.despair
            .iter()
            .filter(|(who, when)| **who != but && when.plus(DESPAIR) >= at)
            .max_by_key(|(who, when)| (**when, **who))
            .map(|(who, _)| *who)
    }

    /// The blow that a line is, and whom it meets.
    pub(super) fn blow(
        &self,
        said: &Said,
        tone: &Tone,
        meant: Option<UserId>,
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
            nicknamed: meant,
            focus,
            haunted: haunted(struck, by, said.near, at),
        };
        let mut listed: Vec<&Cue> =
            said.cues.iter().filter(|cue| is_blow(cue.code) && cue.code != Code::JoinsIn).collect();
        listed.sort_by_key(|cue| (!is_grave(cue.code), !is_hard(cue.code), cue.code));
        for cue in listed {
            if cue.code == Code::Exclusion && self.party_until >= at {
                continue;
            }
            // What says nothing of whom it meets answers whoever was at the speaker just now.
            let answered = || self.blows_at(by, at.minus(SAME_BREATH)).last().map(|act| act.by);
            let target = aim.person(cue.code == Code::Exclusion).or_else(answered);
            if let Some(target) = target.filter(|target| *target != by) {
                return Some((cue.code, cue.quote, target));
            }
        }
        if let Some((code, target)) = self.aped(said, tone) {
            return Some((code, None, target));
        }
        if let Some(meant) = meant.filter(|target| *target != by) {
            return Some((Code::MockingName, None, meant));
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
            && !said.discloses
            && tone.words <= 24
            && !said.adult
            && to.is_none_or(|to| to == target || !tone.second_person)
            && !said.cues.iter().any(|cue| is_distress(cue.code))
            && !self.mutual(target, &BTreeSet::from([by]), at);
        goes_on.then_some((Code::KeepsOn, None, target))
    }

    /// A mocking voice, or the person's own words said again.
    pub(super) fn aped(&self, said: &Said, tone: &Tone) -> Option<(Code, UserId)> {
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
                focus
                    .or_else(|| lately.find(|turn| !turn.adult).map(|turn| turn.author))
                    .map(|target| (code, target))
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
    pub(super) fn unusual(&self, callings: &[u64], target: UserId) -> Vec<u64> {
        let ordinary = |word: &u64| {
            self.turns.iter().any(|turn| {
                turn.callings.contains(word)
                    && (turn.author == target
                        || !self.acts.iter().any(|act| act.id == turn.id && is_blow(act.code)))
            })
        };
        callings.iter().copied().filter(|word| !ordinary(word)).collect()
    }
}
