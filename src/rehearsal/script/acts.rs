//! Reading a line that does something. Each action has one word of its own and knows which fields go with it.

use toml::Spanned;
use toml::de::DeValue;

use super::fault::Faults;
use super::fields::{Fields, Lines};
use super::model::{Act, File, Given, PlatformFault};
use super::names::{Names, bare, role};
use super::when;
use crate::domain::SpaceKind;

/// The words that say what a line does.
pub const ACTIONS: [&str; 23] = [
    "says",
    "writes_to",
    "tells_bot",
    "edits",
    "deletes",
    "reacts",
    "unreacts",
    "opens",
    "adds",
    "removes",
    "joins",
    "leaves",
    "gets_role",
    "loses_role",
    "acknowledges",
    "reports",
    "bot",
    "clock",
    "platform",
    "club",
    "expect",
    "reports_in_words",
    "uses",
];

/// A line while it is read.
pub struct Reading<'r, 't> {
    /// Its fields.
    pub fields: &'r mut Fields<'t>,
    /// What may be named.
    pub names: &'r mut Names,
    /// The text, for line numbers.
    pub lines: Lines<'t>,
    /// Where complaints go.
    pub faults: &'r mut Faults,
}

impl<'t> Reading<'_, 't> {
    /// Reads the action that the line's word names.
    pub fn act(&mut self, action: &str) -> Option<Act> {
        match action {
            "bot" => self.bot(),
            "clock" => self.clock(),
            "platform" => self.platform(),
            "club" => self.club(),
            _ => {
                let who = self.fields.needed("who", self.faults);
                let who = self.person(who);
                let act = self.of_somebody(action, who.clone().unwrap_or_default());
                who.and(act)
            }
        }
    }

    fn of_somebody(&mut self, action: &str, who: String) -> Option<Act> {
        match action {
            "says" => self.says(who),
            "writes_to" => {
                let (person, text) = (self.person_in("writes_to"), self.needed("text"));
                Some(Act::WriteTo { who, person: person?, text: text? })
            }
            "tells_bot" => Some(Act::TellBot { who, text: self.text("tells_bot")? }),
            "edits" => {
                let (message, text) = (self.message("edits"), self.needed("to"));
                Some(Act::Edit { who, message: message?, text: text? })
            }
            "deletes" => Some(Act::Delete { who, message: self.message("deletes")? }),
            "reacts" | "unreacts" => {
                let added = action == "reacts";
                let emoji = self.text(if added { "reacts" } else { "unreacts" });
                let message = self.message("to");
                Some(Act::React { who, message: message?, emoji: emoji?, added })
            }
            "opens" => self.opens(who),
            "adds" => {
                let (person, thread) = (self.person_in("adds"), self.thread("to"));
                Some(Act::Add { who, person: person?, thread: thread? })
            }
            "removes" => {
                let (person, thread) = (self.person_in("removes"), self.thread("from"));
                Some(Act::Remove { who, person: person?, thread: thread? })
            }
            "joins" => Some(Act::JoinVoice { who, room: self.room("joins")? }),
            "leaves" => self.room("leaves").map(|_| Act::LeaveVoice { who }),
            "gets_role" => Some(Act::Role { who, role: self.role("gets_role")?, gains: true }),
            "loses_role" => Some(Act::Role { who, role: self.role("loses_role")?, gains: false }),
            "acknowledges" => self.acknowledges(who),
            "reports" => {
                let message = Some(self.message("reports")?);
                Some(Act::Report { who, message, words: None, in_charge: false, about: None })
            }
            "reports_in_words" => {
                let words = self.text("reports_in_words");
                let in_charge = self.fields.yes("in_charge", self.faults);
                let about = self.fields.text("about", self.faults);
                let about = self.person(about);
                Some(Act::Report { who, message: None, words: Some(words?), in_charge, about })
            }
            "uses" => self.uses(who),
            _ => None,
        }
    }

    /// `uses = "/session close"`, `in = "#art"`, `fields = { session = "art", person = "@ella", space = "#art" }`.
    fn uses(&mut self, who: String) -> Option<Act> {
        let line = self.fields.line;
        let text = self.text("uses");
        let space = self.needed("in");
        let space = self.names.space(space, line, self.faults);
        let fields = self.given();
        let text = text?;
        let mut words = text.trim().trim_start_matches('/').split_whitespace();
        let (command, sub) = (words.next()?.to_owned(), words.next().map(str::to_owned));
        if words.next().is_some() {
            let hint =
                "write uses = \"/session close\", and what is filled in as fields = { session = \"art\" }";
            self.faults.add(line, format!("\"{text}\" is not a command"), hint);
            return None;
        }
        Some(Act::Use { who, space: space?, command, sub, fields })
    }

    fn given(&mut self) -> Vec<(String, Given)> {
        let Some((line, value)) = self.fields.take("fields") else { return Vec::new() };
        let DeValue::Table(table) = value else {
            self.faults.add(line, "`fields` must be a table", "write fields = { session = \"art\" }");
            return Vec::new();
        };
        let mut given = Vec::new();
        for (name, value) in table {
            let filled = match value.get_ref() {
                DeValue::String(text) => match (text.strip_prefix('@'), text.starts_with('#')) {
                    (Some(person), _) => {
                        self.names.person(Some(person.to_owned()), line, self.faults).map(Given::Person)
                    }
                    (None, true) => {
                        self.names.space(Some(text.to_string()), line, self.faults).map(Given::Space)
                    }
                    (None, false) => Some(Given::Text(text.to_string())),
                },
                DeValue::Boolean(yes) => Some(Given::Yes(*yes)),
                DeValue::Integer(number) => number.as_str().parse().ok().map(Given::Number),
                _ => None,
            };
            if let Some(filled) = filled {
                given.push((name.get_ref().to_string(), filled));
            } else {
                let hint = "a field is a text, a whole number, true, \"@person\" or \"#space\"";
                self.faults.add(line, format!("the field `{}` cannot be filled in so", name.get_ref()), hint);
            }
        }
        given
    }

    fn says(&mut self, who: String) -> Option<Act> {
        let text = match self.fields.take("says") {
            Some((_, DeValue::String(text))) => Some(text.clone().into_owned()),
            Some((line, _)) => {
                self.faults.add(line, "`says` must be a text", "write says = \"…\"");
                None
            }
            None => None,
        };
        let space = self.needed("in");
        let space = self.names.space(space, self.fields.line, self.faults);
        let reply_to = if self.fields.has("replies_to") { Some(self.message("replies_to")?) } else { None };
        let files = self.files();
        let text = text?;
        if text.is_empty() && files.is_empty() {
            self.faults.add(self.fields.line, "this line says nothing", "write says = \"…\", or add files");
            return None;
        }
        Some(Act::Say { who, space: space?, text, reply_to, files })
    }

    fn files(&mut self) -> Vec<File> {
        let Some((line, value)) = self.fields.take("files") else { return Vec::new() };
        let DeValue::Array(all) = value else {
            self.faults.add(line, "`files` must be a list", "write files = [{ name = \"drawing.png\" }]");
            return Vec::new();
        };
        all.iter().filter_map(|one| self.file(one)).collect()
    }

    fn file(&mut self, value: &'t Spanned<DeValue<'t>>) -> Option<File> {
        let mut fields = Fields::of(value, "a file", self.lines, self.faults)?;
        let name = fields.needed("name", self.faults);
        let kind = fields.text("type", self.faults);
        let size = fields.number("size", self.faults).unwrap_or(10_000);
        let alt = fields.text("alt", self.faults);
        fields.finish(self.faults);
        Some(File { name: name?, kind, size, alt })
    }

    fn opens(&mut self, who: String) -> Option<Act> {
        let line = self.fields.line;
        let name = self.text("opens").map(|name| bare(&name));
        let space = self.needed("in");
        let space = self.names.space(space, line, self.faults);
        let with = self.fields.texts("with", self.faults);
        let with = self.names.everyone(with, line, self.faults);
        let private = self.fields.yes("private", self.faults);
        let name = name?;
        if self.names.spaces.contains_key(&name) {
            let what = format!("there is a space or thread \"{name}\" already");
            self.faults.add(line, what, "give the thread a name of its own");
            return None;
        }
        let kind = if private { SpaceKind::PrivateThread } else { SpaceKind::PublicThread };
        self.names.spaces.insert(name.clone(), kind);
        let space = space?;
        if !matches!(self.names.spaces.get(&space), Some(SpaceKind::Text | SpaceKind::Forum)) {
            self.faults.add(
                line,
                format!("no thread can be opened in \"{space}\""),
                "name a text channel or a forum",
            );
            return None;
        }
        Some(Act::OpenThread { who, space, name, with, private })
    }

    fn acknowledges(&mut self, who: String) -> Option<Act> {
        let page = match self.fields.take("acknowledges")? {
            (_, DeValue::Boolean(true)) => None,
            (_, DeValue::Integer(number)) => match number.as_str().parse() {
                Ok(page) if page > 0 => Some(page),
                _ => return self.wrong_page(),
            },
            _ => return self.wrong_page(),
        };
        Some(Act::Acknowledge { who, page })
    }

    fn wrong_page(&mut self) -> Option<Act> {
        let hint = "write acknowledges = true for the newest page, or 2 for the second that they received";
        self.faults.add(self.fields.line, "`acknowledges` says which page", hint);
        None
    }

    fn bot(&mut self) -> Option<Act> {
        match self.text("bot")?.as_str() {
            "down" => Some(Act::Bot { up: false }),
            "up" => Some(Act::Bot { up: true }),
            other => {
                self.faults.add(
                    self.fields.line,
                    format!("the bot cannot be \"{other}\""),
                    "write \"down\" or \"up\"",
                );
                None
            }
        }
    }

    fn clock(&mut self) -> Option<Act> {
        let text = self.text("clock")?;
        let back = text.trim().starts_with('-');
        let Some(by) = when::span(text.trim().trim_start_matches('-')) else {
            self.faults.add(
                self.fields.line,
                format!("\"{text}\" is not a jump"),
                "write \"+3h\" or \"-10m\"",
            );
            return None;
        };
        Some(Act::Clock { by, back })
    }

    fn platform(&mut self) -> Option<Act> {
        let line = self.fields.line;
        let text = self.text("platform");
        let calls = self.fields.number("calls", self.faults).unwrap_or(1);
        let on = self.fields.text("on", self.faults).map(|on| match on.split_once(' ') {
            Some((method, route)) if route.starts_with('/') => Ok((method.to_uppercase(), route.to_owned())),
            _ => Err(on),
        });
        let on = match on {
            Some(Err(on)) => {
                let hint = "write on = \"POST /channels/*/messages\"";
                self.faults.add(line, format!("\"{on}\" is not a method and a route"), hint);
                None
            }
            other => other.and_then(Result::ok),
        };
        let text = text?;
        let fault = match text.as_str() {
            "drops the socket" => PlatformFault::DropSocket,
            "repeats events" => PlatformFault::Duplicate,
            "429" => PlatformFault::TooMany,
            "403" => PlatformFault::Forbidden,
            "500" | "502" | "503" | "504" => PlatformFault::Status(text.parse().ok()?),
            _ => {
                let hint = "write \"drops the socket\", \"repeats events\", \"429\", \"403\", \"500\", \"502\", \"503\" or \"504\"";
                self.faults.add(line, format!("the platform cannot do \"{text}\""), hint);
                return None;
            }
        };
        Some(Act::Fault { fault, calls, on })
    }

    fn text(&mut self, key: &'static str) -> Option<String> {
        self.fields.text(key, self.faults)
    }

    fn needed(&mut self, key: &'static str) -> Option<String> {
        self.fields.needed(key, self.faults)
    }

    fn person(&mut self, name: Option<String>) -> Option<String> {
        self.names.person(name, self.fields.line, self.faults)
    }

    fn person_in(&mut self, key: &'static str) -> Option<String> {
        let name = self.needed(key);
        self.person(name)
    }

    fn message(&mut self, key: &'static str) -> Option<usize> {
        let id = self.needed(key);
        self.names.line(id, true, self.fields.line, self.faults)
    }

    fn thread(&mut self, key: &'static str) -> Option<String> {
        let name = self.needed(key);
        self.of_kind(name, SpaceKind::is_thread, "a thread")
    }

    fn room(&mut self, key: &'static str) -> Option<String> {
        let name = self.needed(key);
        self.of_kind(name, |kind| matches!(kind, SpaceKind::Voice | SpaceKind::Stage), "a voice room")
    }

    fn of_kind(&mut self, name: Option<String>, is: fn(SpaceKind) -> bool, what: &str) -> Option<String> {
        let name = self.names.space(name, self.fields.line, self.faults)?;
        if self.names.spaces.get(&name).copied().is_some_and(is) {
            return Some(name);
        }
        self.faults.add(self.fields.line, format!("\"{name}\" is not {what}"), format!("name {what}"));
        None
    }

    fn role(&mut self, key: &'static str) -> Option<String> {
        let name = self.needed(key)?;
        known_role(&name, self.fields.line, self.faults)
    }
}

/// A role that Chaperone knows without configuration.
pub fn known_role(name: &str, line: usize, faults: &mut Faults) -> Option<String> {
    if let Some(role) = role(name) {
        return Some(role.to_owned());
    }
    let hint = super::fields::nearest(name, &super::names::ROLES);
    faults.add(
        line,
        format!("no role is called \"{name}\""),
        format!("{hint} (no role at all makes a guest)"),
    );
    None
}
