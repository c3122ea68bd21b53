//! Level 2: a kind private reminder to whoever wrote something that does not belong in the room.
//!
//! Nobody is the subject of anything here. A person is reminded of one thing once a day, whatever they write, and
//! never about a message in which something worse was found.

use super::{Assessment, Organisation};
use crate::domain::effect::Nudge;
use crate::domain::event::Message;
use crate::domain::{Category, Code, Effect, Fact, Level, Observation, Timestamp};

impl Organisation {
    /// Reminds the author of a message, where what was observed in it is level 2 and has a reminder of its own.
    pub(super) fn remind(
        &mut self,
        new: &[Observation],
        message: Option<&Message>,
        now: Timestamp,
        a: &mut Assessment,
    ) {
        let Some(message) = message else { return };
        let here = || new.iter().filter(|seen| seen.message == Some(message.id) && seen.by == message.author);
        if here().any(|seen| seen.code.level_alone() > Level::Room) {
            return;
        }
        let about: std::collections::BTreeSet<Nudge> =
            here().filter_map(|seen| reminder(seen.code)).collect();
        for about in about {
            let day = self.policy.zone.date(now);
            let job = format!("nudge/{}/{day}/{}/{}", self.name, message.author, about.code());
            if !self.state.has_decided(&job) {
                let effect = Effect::Nudge { to: message.author, about, space: Some(message.space) };
                self.conclude(now, Fact::Decided { job, effect, case: None }, a);
            }
        }
    }
}

/// The reminder that a code has by itself.
fn reminder(code: Code) -> Option<Nudge> {
    if code.level_alone() != Level::Room {
        return None;
    }
    match code.category() {
        Category::PersonalInformation => Some(Nudge::KeepDetailsPrivate),
        Category::Scam | Category::Malware | Category::Advertising | Category::Piracy => {
            Some(Nudge::MindWhatYouShare)
        }
        Category::Flood => Some(Nudge::SlowDown),
        _ => None,
    }
}

/// Links and files that do their harm while they stand there: they go out of sight at once, whatever the level.
pub(super) fn harms_by_being_there(code: Code) -> bool {
    matches!(code, Code::ScamLink | Code::DisguisedFile | Code::MalwareInstruction | Code::DetailsOfAnother)
}
