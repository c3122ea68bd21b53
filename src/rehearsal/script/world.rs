//! Reading who and what there is: the club, people, spaces, sessions, plans, paging.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::acts::known_role;
use super::fault::Faults;
use super::fields::{Fields, Lines};
use super::model::{Paging, Person, Plan, Separation, Session, Space, Who};
use super::names::{Names, bare, role};
use super::when;
use crate::contact::EnrolmentRule;
use crate::contact::rules::settings::{AgreedTimes, ContactPolicy, DmPause};
use crate::domain::zone::Zone;
use crate::domain::{SpaceKind, Timestamp};

/// The club's name, its time zone, and when the evening begins.
pub fn club(fields: Option<Fields<'_>>, faults: &mut Faults) -> (String, Zone, Timestamp) {
    let zone = Zone::default();
    let Some(mut fields) = fields else {
        faults.add(1, "there is no [club]", "add [club] with name and start = \"2026-03-02 16:00\"");
        return (String::new(), zone, Timestamp::default());
    };
    let line = fields.line;
    let name = fields.text("name", faults).unwrap_or_else(|| "The club".to_owned());
    let line = fields.look("zone").map_or(line, |(line, _)| line);
    let zone = match fields.text("zone", faults).map(|zone| zone.parse()) {
        Some(Ok(zone)) => zone,
        Some(Err(what)) => {
            let what: String = what;
            faults.add(line, what, "London is the default: leave `zone` out");
            zone
        }
        None => zone,
    };
    let start = fields.needed("start", faults).and_then(|text| {
        let start = when::local(&text);
        if start.is_none() {
            faults.add(
                line,
                format!("\"{text}\" is not a date and time"),
                "write start = \"2026-03-02 16:00\"",
            );
        }
        start
    });
    fields.finish(faults);
    (name, zone, start.map_or(Timestamp::default(), |start| zone.moment(start)))
}

/// The tables of a table, with their names, in the order of the file.
pub fn entries<'t>(
    value: Option<(usize, &'t DeValue<'t>)>,
    section: &str,
    what: &str,
    lines: Lines<'t>,
    faults: &mut Faults,
) -> Vec<(String, Fields<'t>)> {
    let Some((line, value)) = value else { return Vec::new() };
    let DeValue::Table(table) = value else {
        faults.add(
            line,
            format!("`{section}` must be a table"),
            format!("write [{section}] on a line of its own"),
        );
        return Vec::new();
    };
    let mut all: Vec<_> = table.iter().collect();
    all.sort_by_key(|(key, _)| key.span().start);
    all.into_iter()
        .filter_map(|(key, value): (&Spanned<_>, &'t Spanned<DeValue<'t>>)| {
            let name: &str = key.get_ref();
            let what = format!("{what} \"{name}\"");
            let line = lines.of(key.span().start);
            if let DeValue::Table(table) = value.get_ref() {
                return Some((name.to_owned(), named(table, line, what, lines)));
            }
            faults.add(line, format!("{what} must be a table"), format!("write {name} = {{ … }}"));
            None
        })
        .collect()
}

fn named<'t>(table: &'t DeTable<'t>, line: usize, what: String, lines: Lines<'t>) -> Fields<'t> {
    Fields::new(table, line, what, lines)
}

/// Everybody.
pub fn people(all: Vec<(String, Fields<'_>)>, faults: &mut Faults) -> BTreeMap<String, Person> {
    let mut people = BTreeMap::new();
    for (name, mut fields) in all {
        let line = fields.line;
        let mut named: Vec<String> = fields.texts("role", faults);
        named.extend(fields.texts("roles", faults));
        let roles: BTreeSet<String> =
            named.iter().filter_map(|name| known_role(name, line, faults)).collect();
        let shown = fields.text("shown", faults).unwrap_or_else(|| capitalised(&name));
        let email = fields.text("email", faults).unwrap_or_else(|| format!("{name}@club.example"));
        fields.finish(faults);
        if !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c)) {
            let do_this = "use small letters, digits, - _ and . only; `shown` can be anything";
            faults.add(line, format!("nobody can be called \"{name}\""), do_this);
        }
        if people.values().any(|other: &Person| other.shown == shown) {
            faults.add(
                line,
                format!("somebody else is shown as \"{shown}\" too"),
                "give each person a name of their own",
            );
        }
        people.insert(name, Person { shown, roles, email });
    }
    people
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Channels. Their names go into `names`.
pub fn spaces(all: Vec<(String, Fields<'_>)>, names: &mut Names, faults: &mut Faults) -> Vec<Space> {
    let mut spaces: Vec<Space> = Vec::new();
    for (name, mut fields) in all {
        let (line, name) = (fields.line, bare(&name));
        let kind = match fields.text("kind", faults).as_deref() {
            None | Some("text") => SpaceKind::Text,
            Some("voice") => SpaceKind::Voice,
            Some("stage") => SpaceKind::Stage,
            Some("forum") => SpaceKind::Forum,
            Some(other) => {
                let what = format!("no space is of the kind \"{other}\"");
                faults.add(line, what, "write \"text\", \"voice\" or \"forum\"");
                SpaceKind::Text
            }
        };
        let category = fields.text("category", faults);
        let private_to = fields
            .texts("private_to", faults)
            .into_iter()
            .filter_map(|who| match role(&who) {
                Some(role) => Some(Who::Role(role.to_owned())),
                None => names.person(Some(who), line, faults).map(Who::Person),
            })
            .collect();
        fields.finish(faults);
        if names.spaces.insert(name.clone(), kind).is_some() {
            faults.add(
                line,
                format!("there are two spaces \"{name}\""),
                "the # is decoration; use another name",
            );
        }
        spaces.push(Space { name, kind, category, private_to });
    }
    spaces
}

/// What is needed to read the register.
pub struct Register<'r> {
    /// What may be named.
    pub names: &'r Names,
    /// When the evening begins.
    pub start: Timestamp,
    /// Local time.
    pub zone: Zone,
}

impl Register<'_> {
    /// Booked sessions.
    pub fn sessions(&self, all: Vec<(String, Fields<'_>)>, faults: &mut Faults) -> Vec<Session> {
        let mut sessions = Vec::new();
        for (id, mut fields) in all {
            let line = fields.line;
            let spaces = fields.texts("spaces", faults);
            let spaces: Vec<String> =
                spaces.into_iter().filter_map(|name| self.names.space(Some(name), line, faults)).collect();
            let leaders = fields.texts("leaders", faults);
            let leaders = self.names.everyone(leaders, line, faults);
            let (from, until) = (fields.needed("from", faults), fields.needed("until", faults));
            let window = self.window(from, until, line, faults);
            let relaxed = fields.text("cover_relaxed_by", faults);
            let cover_relaxed_by = self.names.person(relaxed, line, faults);
            fields.finish(faults);
            if let Some((from, until)) = window {
                sessions.push(Session { id, spaces, leaders, from, until, cover_relaxed_by });
            }
        }
        sessions
    }

    /// Contact plans.
    pub fn plans(&self, all: Vec<(String, Fields<'_>)>, faults: &mut Faults) -> Vec<Plan> {
        let mut plans = Vec::new();
        for (id, mut fields) in all {
            let line = fields.line;
            let mut person = |key| {
                let name = fields.needed(key, faults);
                self.names.person(name, line, faults)
            };
            let (adult, young_person, approved_by) =
                (person("adult"), person("young_person"), person("approved_by"));
            let observer = fields.text("observer", faults);
            let observer = self.names.person(observer, line, faults);
            let windows = self.windows(&mut fields, faults);
            fields.finish(faults);
            if adult.is_some() && adult == approved_by {
                let what = format!("contact plan \"{id}\" is approved by its own adult");
                faults.add(line, what, "name somebody else in `approved_by`");
            }
            if let (Some(adult), Some(young_person), Some(approved_by)) = (adult, young_person, approved_by) {
                plans.push(Plan { id, adult, young_person, observer, approved_by, windows });
            }
        }
        plans
    }

    /// Who is kept apart.
    pub fn separations(&self, all: Vec<(String, Fields<'_>)>, faults: &mut Faults) -> Vec<Separation> {
        let mut separations = Vec::new();
        for (_, mut fields) in all {
            let line = fields.line;
            let between = fields.texts("between", faults);
            let between = self.names.everyone(between, line, faults);
            let by = fields.needed("by", faults);
            let by = self.names.person(by, line, faults);
            fields.finish(faults);
            match (&between[..], by) {
                ([one, other], Some(by)) if one != other => {
                    separations.push(Separation { between: (one.clone(), other.clone()), by });
                }
                (_, None) => {}
                _ => faults.add(
                    line,
                    "a separation is between two people",
                    "write between = [\"max\", \"tom\"]",
                ),
            }
        }
        separations
    }

    fn windows(&self, fields: &mut Fields<'_>, faults: &mut Faults) -> Vec<(Timestamp, Timestamp)> {
        let hint = "write windows = [[\"Tue 17:00\", \"Tue 17:30\"]]";
        let line = fields.line;
        let Some((_, DeValue::Array(all))) = fields.take("windows") else {
            faults.add(line, "a contact plan needs `windows`", hint);
            return Vec::new();
        };
        let mut windows = Vec::new();
        for one in all {
            let pair: Vec<Option<String>> = one
                .get_ref()
                .as_array()
                .map(|pair| pair.iter().map(|end| end.get_ref().as_str().map(str::to_owned)).collect())
                .unwrap_or_default();
            match &pair[..] {
                [Some(from), Some(until)] => {
                    windows.extend(self.window(Some(from.clone()), Some(until.clone()), line, faults));
                }
                _ => faults.add(line, "a window has a beginning and an end", hint),
            }
        }
        windows
    }

    fn window(
        &self,
        from: Option<String>,
        until: Option<String>,
        line: usize,
        faults: &mut Faults,
    ) -> Option<(Timestamp, Timestamp)> {
        let mut read = |text: String, after| {
            let at = when::moment(&text, after, self.zone);
            if at.is_none() {
                faults.add(line, format!("\"{text}\" is not a time"), when::FORMS);
            }
            at
        };
        let from = read(from?, self.start)?;
        Some((from, read(until?, from)?))
    }
}

/// What the club decides about contact; the rest is the guidance's.
pub fn contact(fields: Option<Fields<'_>>, faults: &mut Faults) -> (ContactPolicy, EnrolmentRule) {
    let (mut policy, mut enrolment) = (ContactPolicy::default(), EnrolmentRule::default());
    let Some(mut fields) = fields else { return (policy, enrolment) };
    let line = fields.line;
    match fields.text("agreed_times", faults).as_deref() {
        None | Some("when-booked") => {}
        Some("required") => policy.agreed_times = AgreedTimes::Required,
        Some("off") => policy.agreed_times = AgreedTimes::Off,
        Some(_) => {
            faults.add(line, "`agreed_times` is not that", "write \"when-booked\", \"required\" or \"off\"");
        }
    }
    match fields.text("dm_pause", faults).as_deref() {
        None | Some("always") => {}
        Some("except-sessions") => policy.dm_pause = DmPause::ExceptSessions,
        Some("never") => policy.dm_pause = DmPause::Never,
        Some(_) => {
            faults.add(line, "`dm_pause` is not that", "write \"always\", \"except-sessions\" or \"never\"");
        }
    }
    match fields.text("enrolment", faults).as_deref() {
        None | Some("roles") => {}
        Some("required") => enrolment = EnrolmentRule::Required,
        Some(_) => faults.add(line, "`enrolment` is not that", "write \"roles\" or \"required\""),
    }
    fields.finish(faults);
    (policy, enrolment)
}

/// How leads are called.
pub fn paging(fields: Option<Fields<'_>>, faults: &mut Faults) -> Paging {
    let minutes =
        |number: Option<u32>, default| Duration::from_secs(60 * u64::from(number.unwrap_or(default)));
    let Some(mut fields) = fields else {
        return Paging { wait: minutes(None, 5), again: minutes(None, 15), external_email: None };
    };
    let wait = minutes(fields.number("wait_minutes", faults), 5);
    let again = minutes(fields.number("again_minutes", faults), 15);
    let external_email = fields.text("external_email", faults);
    fields.finish(faults);
    Paging { wait, again, external_email }
}
