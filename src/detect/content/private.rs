//! Personal information that is given away.

use super::{Cue, Cues, Speaker};
use crate::domain::{Code, Quote};
use crate::text::Reading;
use crate::text::find::{Sign, What};

/// Says what private things a message gives away.
pub(super) fn judge(reading: &Reading, cues: &Cues, speaker: Speaker, seen: &mut Vec<(Code, Option<Quote>)>) {
    if cues.has(Cue::Warned) {
        return;
    }
    let words = reading.words.iter().filter(|word| !word.stop).count();
    let has = |wanted: fn(&What) -> bool| reading.finds.iter().any(|find| wanted(&find.what));
    let whole_address = has(|what| *what == What::Postcode) && has(|what| *what == What::Street);
    for find in &reading.finds {
        let young = speaker == Speaker::Young;
        let code = match &find.what {
            What::Card => Some(Code::BankDetailsShared),
            What::BankAccount => young.then_some(Code::BankDetailsShared),
            What::Key => Some(Code::PasswordShared),
            What::Password => young.then_some(Code::PasswordShared),
            What::Phone { private: true } => young.then_some(Code::PhoneShared),
            What::Email { private: true } => (young
                && (cues.has(Cue::Own) || words <= 6 || reading.line.contains(" email ")))
            .then_some(Code::EmailShared),
            What::Postcode | What::Street => {
                (young && (cues.has(Cue::Lives) || whole_address)).then_some(Code::AddressShared)
            }
            What::School => (young && goes_to_school(reading)).then_some(Code::SchoolShared),
            What::Handle => (young && (cues.has(Cue::Own) || words <= 5)).then_some(Code::HandleShared),
            What::Link(link) if link.is(Sign::Profile) => {
                (young && cues.has(Cue::Own)).then_some(Code::HandleShared)
            }
            _ => None,
        };
        let of_another =
            cues.has(Cue::Other) && !cues.has(Cue::Own) && !cues.has(Cue::Carer) && cues.has(Cue::Incites);
        let reaches = find.what.is_contact() || matches!(find.what, What::Postcode | What::Street);
        if reaches && of_another {
            seen.push((Code::DetailsOfAnother, Some(find.quote)));
        } else if let Some(code) = code {
            seen.push((code, Some(find.quote)));
        }
    }
}

/// "i go to …", not "are we playing …".
fn goes_to_school(reading: &Reading) -> bool {
    [
        " i go to ",
        " i am at ",
        " i attend ",
        " my school ",
        " i study at ",
        " i am in year ",
        " i started at ",
        " i moved to ",
        " i am from ",
        " we go to ",
        " go to school at ",
    ]
    .iter()
    .any(|cue| reading.line.contains(cue))
}
