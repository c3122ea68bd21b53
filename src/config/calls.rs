//! `[paging]` beyond the usual ladder: the digest, drills, other ladders, the rota.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use crate::domain::zone::Zone;
use crate::domain::{Category, Level};
use crate::paging::digest::DigestPolicy;
use crate::paging::drill::DrillPolicy;
use crate::paging::policy::{Special, Step};
use crate::paging::rota::{Absence, Cover, Days, Rota, Shift};
use crate::paging::{LadderPolicy, Slot};

use super::Contact;
use super::raw::{At, Reader, Section};
use super::steps::{SLOTS, minutes, slots};

/// What `[paging]` says beyond the usual ladder.
#[derive(Default)]
pub(super) struct Calls {
    follow_up: Option<Duration>,
    digest: Option<Digest>,
    drill: Option<Drill>,
    special: Vec<Special>,
    whistleblowing: Option<Whistleblowing>,
    shifts: Vec<At<Shift>>,
    covers: Vec<At<Cover>>,
    absences: Vec<At<Absence>>,
}

struct Digest {
    at: NaiveTime,
    slots: Vec<Slot>,
    quiet: Option<(NaiveTime, NaiveTime)>,
}

/// Who hears of reports about somebody in charge, one slot after the other.
struct Whistleblowing {
    at: usize,
    slots: Vec<Slot>,
    wait: Duration,
    repeat: Option<Duration>,
}

/// Who hears of reports about somebody in charge where the configuration does not say it.
pub(super) const PAST_THE_LINE: [Slot; 2] = [Slot::Chair, Slot::External];

struct Drill {
    day: Weekday,
    at: NaiveTime,
    slots: Vec<Slot>,
    answer_within: Duration,
}

const TIME: &str = "write a local time like \"17:00\"";
const MOMENT: &str = "write a local date and time like \"2026-12-24 17:00\"";
const DAY: &str = "write mon, tue, wed, thu, fri, sat or sun";
const NAME: &str = "write the name of somebody in [[people]]";

impl Digest {
    /// Five in the afternoon, to whoever stands in for the DSL: "the same day" (levels, 3).
    fn usual() -> Self {
        Digest {
            at: NaiveTime::from_hms_opt(17, 0, 0).unwrap_or_default(),
            slots: vec![Slot::Dsl],
            quiet: None,
        }
    }
}

pub(super) fn calls(r: &mut Reader<'_>, section: Option<&mut Section<'_>>) -> Calls {
    let Some(section) = section else { return Calls { digest: Some(Digest::usual()), ..Calls::default() } };
    Calls {
        follow_up: minutes(r, section, "follow_up_minutes"),
        digest: Some(digest(r, section)),
        drill: section.section(r, "drill").and_then(|section| drill(r, section)),
        special: section
            .sections(r, "ladder")
            .into_iter()
            .filter_map(|section| special(r, section))
            .collect(),
        whistleblowing: section.section(r, "whistleblowing").map(|section| whistleblowing(r, section)),
        shifts: each(r, section, "shift", shift),
        covers: each(r, section, "cover", cover),
        absences: each(r, section, "absence", absence),
    }
}

fn each<'i, T>(
    r: &mut Reader<'_>,
    section: &mut Section<'i>,
    key: &'static str,
    read: impl Fn(&mut Reader<'_>, Section<'i>) -> Option<T>,
) -> Vec<At<T>> {
    let sections = section.sections(r, key);
    let read = sections.into_iter().filter_map(|section| {
        let at = section.at;
        read(r, section).map(|value| At { value, at })
    });
    read.collect()
}

fn digest(r: &mut Reader<'_>, paging: &mut Section<'_>) -> Digest {
    let mut digest = Digest::usual();
    let Some(mut section) = paging.section(r, "digest") else { return digest };
    digest.at = time(r, &mut section, "at").unwrap_or(digest.at);
    if let Some(slots) = slots(r, &mut section, "slots") {
        digest.slots = slots.value;
    }
    let (from, until) = (time(r, &mut section, "quiet_from"), time(r, &mut section, "quiet_until"));
    if from.is_some() != until.is_some() {
        r.problem(section.at, "[paging.digest] quiet hours have one end", "give quiet_from and quiet_until");
    }
    digest.quiet = from.zip(until);
    section.done(r);
    digest
}

fn drill(r: &mut Reader<'_>, mut section: Section<'_>) -> Option<Drill> {
    let day = section.text(r, "day", DAY);
    let at = time(r, &mut section, "at");
    let slots =
        slots(r, &mut section, "slots").map_or_else(|| vec![Slot::Dsl, Slot::DeputyDsl], |slots| slots.value);
    let answer_within = minutes(r, &mut section, "answer_within_minutes").unwrap_or(Duration::from_hours(1));
    let heading = section.at;
    section.done(r);
    let day = day.and_then(|day| weekday(r, &day));
    if day.is_none() || at.is_none() {
        r.problem(heading, "[paging.drill] has no day or no time", "add day = \"wed\" and at = \"11:00\"");
    }
    Some(Drill { day: day?, at: at?, slots, answer_within })
}

fn special(r: &mut Reader<'_>, mut section: Section<'_>) -> Option<Special> {
    let heading = section.at;
    let mut special = Special {
        levels: BTreeSet::new(),
        categories: BTreeSet::new(),
        steps: Vec::new(),
        repeat: Duration::ZERO,
    };
    if let Some(level) = section.number(r, "level", 4..6, "write 4 or 5") {
        special.levels.extend(u8::try_from(level.value).ok().and_then(|level| Level::try_from(level).ok()));
    }
    let fix = "write categories as cases name them: categories = [\"welfare\"]";
    if let Some(names) = section.texts(r, "categories", fix) {
        for name in &names.value {
            match name.parse::<Category>() {
                Ok(category) => drop(special.categories.insert(category)),
                Err(why) => r.problem(names.at, format!("[[paging.ladder]] {why}"), fix),
            }
        }
    }
    let wait = minutes(r, &mut section, "wait_minutes").unwrap_or(Duration::from_mins(5));
    let repeat = minutes(r, &mut section, "repeat_minutes");
    for mut step in section.sections(r, "step") {
        let wait = minutes(r, &mut step, "wait_minutes").unwrap_or(wait);
        let times = step.number(r, "times", 1..11, "write how often, from 1 to 10");
        match slots(r, &mut step, "slots") {
            Some(slots) => {
                let times = times.and_then(|times| u32::try_from(times.value).ok()).unwrap_or(1);
                special.steps.push(Step { slots: slots.value, wait, times });
            }
            None => r.problem(step.at, "[[paging.ladder.step]] calls nobody", SLOTS),
        }
        step.done(r);
    }
    section.done(r);
    if special.steps.is_empty() {
        r.problem(heading, "[[paging.ladder]] has no steps", "add [[paging.ladder.step]] with slots");
        return None;
    }
    let round: Duration = special.steps.iter().map(|step| step.wait * step.times).sum();
    special.repeat = repeat.unwrap_or(round + wait);
    Some(special)
}

fn whistleblowing(r: &mut Reader<'_>, mut section: Section<'_>) -> Whistleblowing {
    let at = section.at;
    let slots = slots(r, &mut section, "slots").map_or_else(|| PAST_THE_LINE.to_vec(), |slots| slots.value);
    let wait = minutes(r, &mut section, "wait_minutes").unwrap_or(Duration::from_mins(15));
    let repeat = minutes(r, &mut section, "repeat_minutes");
    section.done(r);
    Whistleblowing { at, slots, wait, repeat }
}

fn shift(r: &mut Reader<'_>, mut section: Section<'_>) -> Option<Shift> {
    let slot = slot(r, &mut section);
    let people = section.texts(r, "people", "list names of [[people]]: people = [\"sam\"]");
    let days = section.texts(r, "days", "list days: days = [\"mon\", \"tue\"]");
    let date = section.text(r, "date", "write a date like \"2026-12-24\"");
    let (from, until) = (time(r, &mut section, "from"), time(r, &mut section, "until"));
    let heading = section.at;
    section.done(r);
    let days = match (days, date) {
        (Some(days), None) => {
            let at = days.at;
            let days: Vec<_> =
                days.value.into_iter().filter_map(|value| weekday(r, &At { value, at })).collect();
            Some(Days::Weekly(days))
        }
        (None, Some(date)) => {
            let day = date.value.parse::<NaiveDate>().ok();
            if day.is_none() {
                let what = format!("[[paging.shift]] {:?} is not a date", date.value);
                r.problem(date.at, what, "write a date like \"2026-12-24\"");
            }
            day.map(Days::On)
        }
        _ => {
            r.problem(heading, "[[paging.shift]] needs days or a date", "give one of the two");
            None
        }
    };
    if people.is_none() || from.is_none() || until.is_none() {
        let fix = "add people = [\"sam\"], from = \"09:00\" and until = \"17:00\"";
        r.problem(heading, "[[paging.shift]] lacks people or a time", fix);
    }
    Some(Shift { slot: slot?, people: people?.value, days: days?, from: from?, until: until? })
}

fn cover(r: &mut Reader<'_>, mut section: Section<'_>) -> Option<Cover> {
    let slot = slot(r, &mut section);
    let person = section.text(r, "person", NAME);
    let instead_of = section.text(r, "instead_of", NAME).map(|name| name.value);
    let (from, until) = span(r, &mut section);
    let heading = section.at;
    section.done(r);
    if person.is_none() {
        r.problem(heading, "[[paging.cover]] names nobody", NAME);
    }
    Some(Cover { slot: slot?, person: person?.value, instead_of, from: from?, until: until? })
}

fn absence(r: &mut Reader<'_>, mut section: Section<'_>) -> Option<Absence> {
    let person = section.text(r, "person", NAME);
    let cover = section.text(r, "cover", NAME).map(|name| name.value);
    let (from, until) = span(r, &mut section);
    let heading = section.at;
    section.done(r);
    if person.is_none() {
        r.problem(heading, "[[paging.absence]] names nobody", NAME);
    }
    Some(Absence { person: person?.value, cover, from: from?, until: until? })
}

fn slot(r: &mut Reader<'_>, section: &mut Section<'_>) -> Option<Slot> {
    let slot = section.text(r, "slot", SLOTS);
    let Some(slot) = slot else {
        r.problem(section.at, format!("{} is missing", section.path("slot")), SLOTS);
        return None;
    };
    let known = slot.value.parse().ok();
    if known.is_none() {
        r.problem(
            slot.at,
            format!("{} is {:?}, which is not a slot", section.path("slot"), slot.value),
            SLOTS,
        );
    }
    known
}

fn weekday(r: &mut Reader<'_>, day: &At<String>) -> Option<Weekday> {
    let known = day.value.parse().ok();
    if known.is_none() {
        r.problem(day.at, format!("{:?} is not a day of the week", day.value), DAY);
    }
    known
}

fn time(r: &mut Reader<'_>, section: &mut Section<'_>, key: &'static str) -> Option<NaiveTime> {
    let text = section.text(r, key, TIME)?;
    let time = NaiveTime::parse_from_str(&text.value, "%H:%M").ok();
    if time.is_none() {
        r.problem(text.at, format!("{} is {:?}", section.path(key), text.value), TIME);
    }
    time
}

fn span(r: &mut Reader<'_>, section: &mut Section<'_>) -> (Option<NaiveDateTime>, Option<NaiveDateTime>) {
    let mut moment = |key: &'static str| {
        let Some(text) = section.text(r, key, MOMENT) else {
            r.problem(section.at, format!("{} is missing", section.path(key)), MOMENT);
            return None;
        };
        let moment = NaiveDateTime::parse_from_str(&text.value, "%Y-%m-%d %H:%M").ok();
        if moment.is_none() {
            r.problem(text.at, format!("{} is {:?}", section.path(key), text.value), MOMENT);
        }
        moment
    };
    let (from, until) = (moment("from"), moment("until"));
    if from.zip(until).is_some_and(|(from, until)| from >= until) {
        r.problem(section.at, "a time ends before it begins", MOMENT);
    }
    (from, until)
}

impl Calls {
    /// Who hears of reports about somebody in charge.
    pub fn past_the_line(&self) -> Vec<Slot> {
        self.whistleblowing.as_ref().map_or_else(|| PAST_THE_LINE.to_vec(), |route| route.slots.clone())
    }

    /// Completes the ladder and gives the rota, held against the people.
    pub fn complete(
        self,
        r: &mut Reader<'_>,
        ladder: &mut LadderPolicy,
        zone: Zone,
        contacts: &[Contact],
    ) -> Rota {
        ladder.follow_up = self.follow_up;
        ladder.special = self.special;
        if let Some(Whistleblowing { at, slots, wait, repeat }) = self.whistleblowing {
            let filled = |slot: &Slot| contacts.iter().any(|contact| contact.slot == *slot);
            if !contacts.is_empty() && !slots.iter().any(filled) {
                let what = "[paging.whistleblowing] names slots in which nobody stands";
                r.problem(
                    at,
                    what,
                    "name a slot of somebody in [[people]], or add somebody outside the charity",
                );
            }
            let steps: Vec<Step> =
                slots.into_iter().filter(filled).map(|slot| Step::once(vec![slot], wait)).collect();
            if !steps.is_empty() {
                let round: Duration = steps.iter().map(|step| step.wait).sum();
                let (levels, categories) = (BTreeSet::new(), BTreeSet::from([Category::Whistleblowing]));
                let repeat = repeat.unwrap_or(round);
                ladder.special.insert(0, Special { levels, categories, steps, repeat });
            }
        }
        ladder.digest = self.digest.map(|digest| {
            let Digest { at, slots, quiet } = digest;
            DigestPolicy { zone, at, slots, quiet }
        });
        ladder.drill = self.drill.map(|drill| {
            let Drill { day, at, slots, answer_within } = drill;
            DrillPolicy { zone, day, at, slots, answer_within }
        });
        let mut named: Vec<(usize, &str)> = Vec::new();
        for At { value, at } in &self.shifts {
            named.extend(value.people.iter().map(|name| (*at, name.as_str())));
        }
        for At { value, at } in &self.covers {
            named.push((*at, &value.person));
            named.extend(value.instead_of.as_deref().map(|name| (*at, name)));
        }
        for At { value, at } in &self.absences {
            named.push((*at, &value.person));
            named.extend(value.cover.as_deref().map(|name| (*at, name)));
        }
        for (at, name) in named {
            if !contacts.iter().any(|contact| contact.name == name) && !contacts.is_empty() {
                r.problem(at, format!("the rota names {name:?}, who is not in [[people]]"), NAME);
            }
        }
        Rota {
            zone,
            shifts: values(self.shifts),
            covers: values(self.covers),
            absences: values(self.absences),
        }
    }
}

fn values<T>(all: Vec<At<T>>) -> Vec<T> {
    all.into_iter().map(|one| one.value).collect()
}
