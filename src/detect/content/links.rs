//! Links that imitate, harm, copy, sell or invite.

use super::{Cue, Cues, Speaker};
use crate::domain::{Code, Quote};
use crate::text::Reading;
use crate::text::find::{Risk, Sign, What};

/// Says what the links and file names of a message bring in.
pub(super) fn judge(reading: &Reading, cues: &Cues, speaker: Speaker, seen: &mut Vec<(Code, Option<Quote>)>) {
    for find in &reading.finds {
        let code = match &find.what {
            What::Link(link) if cues.has(Cue::Warned) && !link.is(Sign::Invite) => None,
            What::Link(link)
                if link.is(Sign::Imitation) || link.is(Sign::Disguised) || link.is(Sign::Grabber) =>
            {
                Some(Code::ScamLink)
            }
            What::Link(link) if link.file == Some(Risk::Disguised) => Some(Code::DisguisedFile),
            What::Link(link) if link.file.is_some() && speaker != Speaker::Enrolled => Some(Code::RiskyFile),
            What::Link(link)
                if link.is(Sign::Piracy) || (link.is(Sign::Torrent) && speaker != Speaker::Enrolled) =>
            {
                Some(Code::Piracy)
            }
            What::Link(link) if link.is(Sign::Invite) && speaker != Speaker::Enrolled => {
                Some(Code::UnsolicitedInvite)
            }
            What::File(Risk::Disguised) if !cues.has(Cue::Warned) => Some(Code::DisguisedFile),
            _ => None,
        };
        if let Some(code) = code {
            seen.push((code, Some(find.quote)));
        }
    }
}
