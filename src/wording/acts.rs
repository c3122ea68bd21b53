//! What leads did with a case, in sentences for its chronology; and why something could not be done.

use crate::domain::act::{Act, Deed, Refusal};
use crate::domain::retention::{ErasedBy, Tombstone};

/// One act as a line of a chronology. Names are those of leads; no word of anybody.
#[must_use]
pub fn act(act: &Act) -> String {
    let by = &act.by;
    match &act.what {
        Deed::Viewed { content: true } => format!("{by} opened what was written."),
        Deed::Viewed { content: false } => format!("{by} looked at the record."),
        Deed::Exported { content: true } => format!("{by} exported the case in readable form."),
        Deed::Exported { content: false } => format!("{by} exported the case sealed."),
        Deed::GivenTo { person } => {
            format!("{by} prepared what is held about account {person} for a subject access request.")
        }
        Deed::Acknowledged => format!("{by} acknowledged it."),
        Deed::Assigned { to } if to == by => format!("{by} took it on."),
        Deed::Assigned { to } => format!("{by} assigned it to {to}."),
        Deed::Noted { kind } => format!("{by} recorded {}.", kind.words()),
        Deed::ReviewBegan => format!("{by} began the review."),
        Deed::Parents { informed: true } => format!("{by} decided that parents or carers are told."),
        Deed::Parents { informed: false } => format!("{by} decided that parents or carers are not told."),
        Deed::HarmTested { answers } => {
            let said = |yes: bool| if yes { "yes" } else { "no" };
            format!(
                "{by} answered the harm test: harmed {}, offence {}, risk {}, unsuitable {}.",
                said(answers.harmed),
                said(answers.offence),
                said(answers.risk),
                said(answers.unsuitable)
            )
        }
        Deed::LowLevelConcern => format!("{by} entered it in the register of low-level concerns."),
        Deed::AboutAdult { adult: true } => format!("{by} recorded that it is about an adult."),
        Deed::AboutAdult { adult: false } => format!("{by} recorded that it is about a young person."),
        Deed::BreachFound { known_at } => format!("{by} recorded a data breach, known since {known_at}."),
        Deed::BreachReported { at } => format!("{by} recorded that the breach was reported at {at}."),
        Deed::BreachNotReportable => format!("{by} decided that the breach need not be reported."),
        Deed::IncidentFormSent { at } => format!("{by} handed the Adverse Incident Form in at {at}."),
        Deed::Referred { agency, at } => format!("{by} referred it to {} at {at}.", agency.words()),
        Deed::KeyHanded { to, .. } => format!("{by} handed a key of the case to {}.", to.join(", ")),
        Deed::Held => format!("{by} put a legal hold on it."),
        Deed::Released => format!("{by} lifted the legal hold."),
        Deed::KeptOn { until } => format!("{by} reviewed it and keeps it until {until}."),
        Deed::Erased { rule } => format!("{by} had it erased: {}.", rule.words()),
        Deed::Closed { outcome } => format!("{by} closed it: {}.", outcome.words()),
        Deed::Reopened => format!("{by} reopened it."),
    }
}

/// What was erased, as a line.
#[must_use]
pub fn tombstone(stone: &Tombstone) -> String {
    let rule = match stone.rule {
        ErasedBy::Term { days } => format!("after {days} days"),
        ErasedBy::Lead { rule } => rule.words().to_owned(),
    };
    format!(
        "Erased: {} ({rule}); {} entries of the log have lost their payload.",
        stone.class.words(),
        stone.count()
    )
}

/// Why an act was refused: what, and on a second line what to do.
#[must_use]
pub fn act_refused(why: Refusal) -> String {
    let next = match why {
        Refusal::MayNotKnow | Refusal::NoSuchCase => {
            "`chaperone case list` shows the cases that you may know of"
        }
        Refusal::AlreadyAcknowledged => "`case show` tells who has it; `case assign` hands it on",
        Refusal::AlreadyInReview => "record what you find with `case note` and `case decide`",
        Refusal::CaseIsOver => "use `case reopen` with a reason",
        Refusal::NotOver => "this is for closed cases: close it first with `case close`",
        Refusal::ParentsUndecided => {
            "decide it with `case decide N --parents told|not-told --why …`; not telling them is a decision too"
        }
        Refusal::HarmTestMissing => {
            "answer it with `case decide N --harm-test no,no,no,no --why …` (harmed, offence, risk, unsuitable), or say \
             that it is about a young person with --about young-person"
        }
        Refusal::BreachOpen => {
            "record `case decide N --breach-reported TIME` or --breach-not-reportable, with the reason"
        }
        Refusal::NoBreach => "record one first: `case decide N --breach TIME --why …`",
        Refusal::OnHold => "lift the hold first with `case hold N --lift --why …`, if it may be lifted",
        Refusal::NotHeld => "`case show` tells where the case stands",
        Refusal::TermNotOver => {
            "leave it; or give another --rule (erasure-request, kept-in-error) where one holds"
        }
        Refusal::BadTime => "write the time like 2026-03-02T16:41:07Z, or leave it out for now",
        Refusal::OwnerMayNot => "name somebody of [[people]] who is no subject of it and manages none",
        Refusal::NoWords => {
            "give it with --why \"…\"; it is sealed, and only those who may know of the case can read it"
        }
        Refusal::NotProven => {
            "use the identity file whose recipient stands beside your name in the configuration"
        }
    };
    format!("{}\n{next}", why.words())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_says_what_and_what_to_do() {
        for why in Refusal::ALL {
            let said = act_refused(*why);
            assert_eq!(said.lines().count(), 2, "{said}");
        }
    }
}
