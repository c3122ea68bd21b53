//! From text to a checked script, with everything that is wrong at once.

use toml::de::{DeTable, DeValue};

use super::acts::{ACTIONS, Reading};
use super::fault::Faults;
use super::fields::{Fields, Lines, nearest};
use super::model::{Act, Doing, Line, Script};
use super::names::Names;
use super::{when, world};
use crate::domain::zone::Zone;
use crate::domain::{SpaceKind, Timestamp};

impl Script {
    /// Reads a script. `file` is the name by which complaints call it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its line and what to do.
    pub fn read(file: &str, text: &str) -> Result<Script, Faults> {
        let mut faults = Faults::none(file);
        let lines = Lines(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map_or(1, |span| lines.of(span.start));
            faults.add(
                line,
                error.message().trim().replace('\n', ", "),
                "this is not TOML; see https://toml.io",
            );
        }
        if !faults.faults.is_empty() {
            // What a half-read file seems to say would only add confusion.
            faults.faults.sort();
            return Err(faults);
        }
        let script = whole(file, text, root.get_ref(), lines, &mut faults);
        if faults.faults.is_empty() {
            return Ok(script);
        }
        faults.faults.sort();
        faults.faults.dedup();
        Err(faults)
    }
}

fn whole<'t>(file: &str, text: &str, root: &'t DeTable<'t>, lines: Lines<'t>, faults: &mut Faults) -> Script {
    let mut top = Fields::new(root, 1, "a script", lines);
    let mut one = |key: &'static str, what: &str, faults: &mut Faults| {
        let (line, value) = top.take(key)?;
        if let DeValue::Table(table) = value {
            return Some(Fields::new(table, line, what, lines));
        }
        faults.add(line, format!("`{key}` must be a table"), format!("write [{key}] on a line of its own"));
        None
    };
    let (club, paging) = (one("club", "[club]", faults), one("paging", "[paging]", faults));
    let (club, zone, start) = world::club(club, faults);
    let paging = world::paging(paging, faults);
    let (contact, enrolment) = world::contact(one("contact", "[contact]", faults), faults);
    let mut all = |key: &'static str, what: &str, faults: &mut Faults| {
        world::entries(top.take(key), key, what, lines, faults)
    };
    let people = all("people", "person", faults);
    let (spaces, sessions) = (all("spaces", "space", faults), all("sessions", "session", faults));
    let plans = all("plans", "contact plan", faults);
    let separations = all("separations", "separation", faults);
    let people = world::people(people, faults);
    let mut names = Names { people: people.keys().cloned().collect(), ..Names::default() };
    let spaces = world::spaces(spaces, &mut names, faults);
    let register = world::Register { names: &names, start, zone };
    let (sessions, plans) = (register.sessions(sessions, faults), register.plans(plans, faults));
    let separations = register.separations(separations, faults);
    if !plans.is_empty() {
        // The bot opens it when a plan's window begins.
        names.spaces.insert(crate::wording::ROOM_NAME.to_owned(), SpaceKind::Text);
    }
    let scenes = top.take("scene");
    top.finish(faults);
    let mut timeline = Timeline { names, lines, zone, now: start, scene: None, done: Vec::new() };
    match scenes {
        Some((_, DeValue::Array(all))) => {
            for scene in all {
                if let Some(fields) = Fields::of(scene, "a scene", lines, faults) {
                    timeline.scene(fields, faults);
                }
            }
        }
        Some((line, _)) => faults.add(line, "`scene` must be a list of tables", "write [[scene]]"),
        None => faults.add(1, "nothing happens in this script", "add [[scene]] with lines = [ … ]"),
    }
    let fingerprint = fingerprint(text);
    let lines = timeline.done;
    Script {
        file: file.to_owned(),
        club,
        zone,
        start,
        people,
        spaces,
        sessions,
        plans,
        separations,
        contact,
        enrolment,
        paging,
        lines,
        fingerprint,
    }
}

/// The lines, as they are read one after the other.
struct Timeline<'t> {
    names: Names,
    lines: Lines<'t>,
    zone: Zone,
    now: Timestamp,
    scene: Option<String>,
    done: Vec<Line>,
}

impl<'t> Timeline<'t> {
    fn scene(&mut self, mut fields: Fields<'t>, faults: &mut Faults) {
        if let Some(title) = fields.text("title", faults) {
            self.scene = Some(title);
        }
        self.move_to(&mut fields, faults);
        match fields.take("lines") {
            Some((_, DeValue::Array(all))) => {
                for line in all {
                    if let Some(fields) = Fields::of(line, "a line", self.lines, faults) {
                        self.line(fields, faults);
                    }
                }
            }
            Some((line, _)) => faults.add(line, "`lines` must be a list", "write lines = [ { … }, { … } ]"),
            None => faults.add(fields.line, "this scene has no `lines`", "write lines = [ { … }, { … } ]"),
        }
        fields.finish(faults);
    }

    fn move_to(&mut self, fields: &mut Fields<'t>, faults: &mut Faults) {
        let line = fields.line;
        let Some(text) = fields.text("at", faults) else { return };
        match when::moment(&text, self.now, self.zone) {
            None => faults.add(line, format!("\"{text}\" is not a time"), when::FORMS),
            Some(at) if at < self.now => {
                let what = format!("\"{text}\" is before the line above it");
                faults.add(line, what, "put the lines in the order of time");
            }
            Some(at) => self.now = at,
        }
    }

    fn line(&mut self, mut fields: Fields<'t>, faults: &mut Faults) {
        let number = fields.line;
        self.move_to(&mut fields, faults);
        let id = fields.text("id", faults);
        let refused = fields.yes("refused", faults);
        let words: Vec<&str> = fields.names().filter(|name| ACTIONS.contains(name)).collect();
        let doing = match words[..] {
            [word] => {
                let mut reading =
                    Reading { fields: &mut fields, names: &mut self.names, lines: self.lines, faults };
                if word == "expect" {
                    reading.expectation(self.now, self.zone).map(Doing::Expect)
                } else {
                    reading.act(word).map(Doing::Act)
                }
            }
            [] => {
                let odd = fields.names().find(|name| !["who", "in", "to", "with"].contains(name));
                faults.add(number, "nothing happens in this line", nearest(odd.unwrap_or(""), &ACTIONS));
                return self.remember(id, false, number, faults);
            }
            _ => {
                let what = format!("this line does two things ({})", words.join(", "));
                faults.add(number, what, "write a line for each");
                return self.remember(id, true, number, faults);
            }
        };
        fields.finish(faults);
        let says =
            matches!(doing, Some(Doing::Act(Act::Say { .. } | Act::WriteTo { .. }))) || words == ["says"];
        if refused
            && matches!(doing, Some(Doing::Expect(_) | Doing::Act(Act::Bot { .. } | Act::Clock { .. })))
        {
            faults.add(number, "`refused` goes with what a person does", "leave it out here");
        }
        self.remember(id.clone(), says, number, faults);
        // The lines after a jump are timed by the clock as it then stands.
        let jumped = match doing {
            Some(Doing::Act(Act::Clock { by, back: false })) => self.now.plus(by),
            Some(Doing::Act(Act::Clock { by, back: true })) => self.now.minus(by),
            _ => self.now,
        };
        if let Some(doing) = doing {
            let scene = self.scene.take();
            self.done.push(Line { number, at: self.now, scene, id, refused, doing });
        }
        self.now = jumped;
    }

    fn remember(&mut self, id: Option<String>, says: bool, number: usize, faults: &mut Faults) {
        let Some(id) = id else { return };
        if id == "start" || self.names.lines.insert(id.clone(), (self.done.len(), says)).is_some() {
            faults.add(number, format!("the id \"{id}\" is taken"), "give each line an id of its own");
        }
    }
}

/// A short hash of the text (FNV-1a): it tells two scripts apart, no more.
fn fingerprint(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}
