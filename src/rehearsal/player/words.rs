//! Facts in words, as a youth worker would say them. No word of a message is in a fact, so none is in here.

use std::collections::BTreeSet;

use crate::domain::event::Ended;
use crate::domain::fact::Register;
use crate::domain::{ChannelId, Effect, Fact, Level, UserId};

/// Who and where ids are.
pub trait Names {
    /// What the server shows for a person.
    fn person(&self, person: UserId) -> String;
    /// A space's name, `#` before a channel's.
    fn space(&self, space: ChannelId) -> String;
}

/// A level with its name.
#[must_use]
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Noted => "level 1 (noted)",
        Level::Room => "level 2 (room)",
        Level::Concern => "level 3 (concern, for the digest)",
        Level::Serious => "level 4 (serious)",
        Level::Immediate => "level 5 (immediate danger)",
    }
}

/// Names, joined as in speech.
fn all(people: &BTreeSet<UserId>, names: &dyn Names) -> String {
    let shown: Vec<String> = people.iter().map(|person| names.person(*person)).collect();
    match &shown[..] {
        [] => "nobody in particular".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What a fact says; none for those that only keep the books.
#[must_use]
pub fn fact(fact: &Fact, names: &dyn Names) -> Option<String> {
    Some(match fact {
        Fact::Observed(seen) => {
            let towards = match seen.towards {
                Some(towards) if towards != seen.by => format!(" → {}", names.person(towards)),
                _ => String::new(),
            };
            format!("noticed: {} [{}] {}{towards}", seen.code.sentence(), seen.code, names.person(seen.by))
        }
        Fact::ConcernRaised { reference, category, level: at, by, towards, .. } => {
            let by = if by.is_empty() { String::new() } else { format!(" about {}", all(by, names)) };
            let towards =
                if towards.is_empty() { String::new() } else { format!(" towards {}", all(towards, names)) };
            format!("concern {reference}: {category}, {}{by}{towards}", level(*at))
        }
        Fact::CaseOpened { case, category, level: at, .. } => {
            format!("opened case {case}: {category}, {}", level(*at))
        }
        Fact::CaseRose { case, category, level: at, .. } => {
            format!("case {case} is now {category}, {}", level(*at))
        }
        Fact::PassedBy { case, people } => {
            let people: Vec<String> = people.iter().map(|person| names.person(*person)).collect();
            format!("case {case} goes past {}: it is about somebody in charge", people.join(", "))
        }
        Fact::SubjectsJoined { case, subjects } => {
            format!("case {case} is also about {}", all(subjects, names))
        }
        Fact::Acknowledged { case, by, via } => {
            format!("{} acknowledged case {case} ({via}): the calls stop", names.person(*by))
        }
        Fact::AcknowledgementRefused { case, by, why } => {
            format!("an acknowledgement of case {case} by {} changed nothing ({why})", names.person(*by))
        }
        Fact::Called { case, people, .. } if people.is_empty() => {
            format!("case {case}: nobody on this rung of the ladder may know; going on to the next")
        }
        Fact::Called { case, step, round, people, .. } => {
            let turn = if *round == 0 { String::new() } else { format!(", round {}", round + 1) };
            format!("calls {} about case {case} (rung {}{turn})", people.join(" and "), step + 1)
        }
        Fact::NotKept { message, why, .. } => format!("could not keep message {message} ({why})"),
        Fact::Reported { reference, by, goes_on: false, .. } => {
            format!("report {reference} from {} is on record", names.person(*by))
        }
        Fact::Reported { reference, by, .. } => {
            format!("{} said more on report {reference}", names.person(*by))
        }
        Fact::Register(change) => register(change, names)?,
        // Renewed twice a day, whatever happens.
        Fact::Outcome {
            effect: Effect::PauseDms { until: Some(_), .. }, ended: Ended::Done { .. }, ..
        } => {
            return None;
        }
        Fact::Outcome { effect, ended, .. } => outcome(effect, ended, names),
        Fact::Gap { from, until, why } => format!("did not hear live from {from} to {until} ({why})"),
        Fact::HandedOver { case, segments, .. } => {
            format!("case {case} gets {} sealed segments from the buffer", segments.len())
        }
        Fact::BufferErased { segments, rule, .. } => {
            format!("erased {segments} buffered segments ({rule})")
        }
        Fact::Withheld { .. } => "a file was attached; its bytes were not fetched".to_owned(),
        Fact::Digested { cases, people, .. } => {
            format!("writes the daily digest: {} for {}", cases.len(), people.join(" and "))
        }
        Fact::Acted(_)
        | Fact::ActRefused { .. }
        | Fact::Reminded { .. }
        | Fact::Erased(_)
        | Fact::Exhausted { .. }
        | Fact::AcknowledgedByName { .. }
        | Fact::Handled { .. }
        | Fact::HandlingRefused { .. }
        | Fact::Unacknowledged { .. } => return crate::wording::chronology(fact),
        Fact::Travelled { .. }
        | Fact::DrillBegan { .. }
        | Fact::DrillAnswered { .. }
        | Fact::DrillEnded { .. }
        | Fact::RotaLookedAt { .. }
        | Fact::Aside(_)
        | Fact::ContactDay { .. }
        | Fact::Kept { .. }
        | Fact::BufferSet { .. }
        | Fact::NotBuffered { .. }
        | Fact::CaseKeyMade { .. }
        | Fact::Decided { .. }
        | Fact::Started { .. } => return None,
    })
}

fn register(change: &Register, names: &dyn Names) -> Option<String> {
    let person = |who: &UserId| names.person(*who);
    Some(match change {
        Register::SessionBooked(session) => format!("in the register: session \"{}\" is booked", session.id),
        Register::SessionOpened { id, .. } => format!("in the register: session \"{id}\" is opened early"),
        Register::SessionExtended { id, until, .. } => {
            format!("in the register: session \"{id}\" goes on until {until}")
        }
        Register::SessionMoved { id, from, until, .. } => {
            format!("in the register: session \"{id}\" is moved to {from} until {until}")
        }
        Register::SessionCancelled { id, .. } => format!("in the register: session \"{id}\" is cancelled"),
        Register::SessionClosed { id, .. } => format!("in the register: session \"{id}\" is closed"),
        Register::CoverRelaxed { id, by, .. } => {
            format!("in the register: {} relaxed two-adult cover for session \"{id}\"", person(by))
        }
        Register::CoverRestored { id, .. } => {
            format!("in the register: two-adult cover applies to session \"{id}\" again")
        }
        Register::PlanProposed(plan) => format!("in the register: contact plan \"{}\" is proposed", plan.id),
        Register::PlanApproved(plan) => format!("in the register: contact plan \"{}\" is approved", plan.id),
        Register::PlanDeclined { id, .. } => format!("in the register: contact plan \"{id}\" is declined"),
        Register::PlanEnded { id, .. } => format!("in the register: contact plan \"{id}\" has ended"),
        Register::RoomOpened { plan, space, .. } => {
            format!("in the register: {} is open for contact plan \"{plan}\"", names.space(*space))
        }
        Register::RoomLocked { plan, space, .. } => {
            format!("in the register: {} of contact plan \"{plan}\" is locked", names.space(*space))
        }
        Register::SeparationOrdered(separation) => {
            let [one, other] = separation.between.both();
            format!("in the register: {} and {} are to be kept apart", person(&one), person(&other))
        }
        Register::SeparationLifted { between, .. } => {
            let [one, other] = between.both();
            format!(
                "in the register: {} and {} need not be kept apart any more",
                person(&one),
                person(&other)
            )
        }
        Register::Enrolled(enrolment) => format!(
            "in the register: {} is enrolled as {} by {}",
            person(&enrolment.account),
            enrolment.kind,
            person(&enrolment.by)
        ),
        Register::Unenrolled { account, .. } => {
            format!("in the register: {} is not enrolled any more", person(account))
        }
        Register::ResponsibilityTaken { what, who, .. } => {
            format!("in the register: {} holds the responsibility {what}", person(who))
        }
        Register::ResponsibilityLaidDown { what, who, .. } => {
            format!("in the register: {} laid down the responsibility {what}", person(who))
        }
        Register::Unlocked { space, adult, by } => {
            format!("{} opened {} again for {}", names.person(*by), names.space(*space), names.person(*adult))
        }
        // Told already as the outcome of the lock; the roles themselves are told as they change.
        Register::Locked { .. } | Register::KindSeen { .. } => return None,
    })
}

fn outcome(effect: &Effect, ended: &Ended, names: &dyn Names) -> String {
    let what = match effect {
        Effect::Hide { space, .. } => format!("took a message in {} out of sight", names.space(*space)),
        Effect::Lock { space, adult, .. } => {
            format!("closed {} for {}", names.space(*space), names.person(*adult))
        }
        Effect::Unlock { space, adult, .. } => {
            format!("gave {} back what they could do in {}", names.person(*adult), names.space(*space))
        }
        Effect::PauseDms { until: Some(_), .. } => "paused direct messages between members".to_owned(),
        Effect::PauseDms { until: None, .. } => {
            "let the pause of direct messages between members lapse".to_owned()
        }
        Effect::OpenRoom { plan, .. } => format!("opened the room of contact plan \"{plan}\""),
        Effect::Disconnect { room, adult, .. } => {
            format!("disconnected {} from {}", names.person(*adult), names.space(*room))
        }
        Effect::Nudge { to, about, .. } => {
            format!("sent {} a private message [{}]", names.person(*to), nudge_code(about))
        }
        Effect::Receipt { to, reference } => {
            format!("sent {} a receipt for report {reference}", names.person(*to))
        }
        Effect::Notice { space, about } => {
            format!("left a neutral notice in {} [{}]", names.space(*space), nudge_code(about))
        }
        Effect::Page { case, slot, channel, person, drill, .. } => {
            let drill = if *drill { "a drill: " } else { "" };
            format!("{drill}page about case {case} reached {person} ({slot}) by {channel}")
        }
        Effect::PageTogether { cases, slot, channel, person, .. } => {
            format!("page about {} cases reached {person} ({slot}) by {channel}", cases.len())
        }
        Effect::PageSettled { case, channel, person, .. } => {
            format!("{person} ({channel}) knows that case {case} was answered")
        }
        Effect::Digest { channel, person, .. } => format!("the digest reached {person} by {channel}"),
        Effect::Cosign { size, witness } => format!("{witness} cosigned {size} entries of the log"),
        Effect::Stamp { size, authority } => format!("{authority} stamped {size} entries of the log"),
        Effect::Reminder { case, what, channel, person, .. } => {
            format!("a reminder about {case} ({what}) reached {person} by {channel}")
        }
        Effect::DrillReport { drill, channel, person, .. } => {
            format!("the report of drill {drill} reached {person} by {channel}")
        }
    };
    match ended {
        Ended::Done { .. } => what,
        Ended::Failed { why } => format!("could NOT be done: {what} ({why})"),
        Ended::Withheld { why } => format!("not done, no longer called for: {what} ({why})"),
    }
}

/// The stable code of a private message's wording.
#[must_use]
pub fn nudge_code(about: &crate::domain::effect::Nudge) -> String {
    serde_json::to_value(about).ok().and_then(|code| code.as_str().map(str::to_owned)).unwrap_or_default()
}
