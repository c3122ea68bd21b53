//! The narrator: tells the evening to a person, or as JSON lines to a program.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::domain::zone::Zone;
use crate::domain::{Fact, Timestamp};
use crate::rehearsal::mailbox::Mail;

/// How the evening is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For a person to read.
    Prose,
    /// One JSON object a line.
    Json,
}

/// One thing that was told, for whoever listens besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// When it happened.
    pub at: Timestamp,
    /// What sort of thing: `scene`, `act`, `chaperone`, `mail`, `met`, `unmet`, `aside`.
    pub kind: &'static str,
    /// In words.
    pub text: String,
}

/// Somebody who listens to the telling.
pub type Listener = Box<dyn Fn(Telling) + Send>;

/// Tells the evening. What cannot be written (a closed pipe) ends the telling with an error.
pub struct Narrator {
    to: Box<dyn Write + Send>,
    style: Style,
    zone: Zone,
    day: Option<i32>,
    listeners: Vec<Listener>,
}

impl Told<'_> {
    fn telling(self, at: Timestamp) -> Telling {
        let (kind, text) = match self {
            Told::Scene(title) => ("scene", title.to_owned()),
            Told::Act(text) => ("act", text.to_owned()),
            Told::Fact(_, text) => ("chaperone", text.to_owned()),
            Told::Kept(count) => ("chaperone", format!("kept {count} message(s) as sealed evidence")),
            Told::Mail(mail) => {
                ("mail", format!("e-mail to {}: {}\n{}", mail.to.join(", "), mail.subject, mail.text))
            }
            Told::Met(_, what) => ("met", format!("as expected: {what}")),
            Told::Unmet(line, what, instead) => {
                ("unmet", format!("not as expected (line {line}): {what}; instead: {instead}"))
            }
            Told::Aside(text) => ("aside", text.to_owned()),
        };
        Telling { at, kind, text }
    }
}

/// A moment of the telling.
#[derive(Clone, Copy, Debug)]
pub enum Told<'t> {
    /// A scene begins.
    Scene(&'t str),
    /// Somebody did something.
    Act(&'t str),
    /// Chaperone saw, decided or did something.
    Fact(&'t Fact, &'t str),
    /// Chaperone kept messages as evidence.
    Kept(usize),
    /// An e-mail arrived.
    Mail(&'t Mail),
    /// Something was expected and is so.
    Met(usize, &'t str),
    /// Something was expected and is not so: line, what, what instead.
    Unmet(usize, &'t str, &'t str),
    /// Anything about the rehearsal itself.
    Aside(&'t str),
}

impl Narrator {
    /// A narrator that writes to `to`, with local times.
    #[must_use]
    pub fn new(to: Box<dyn Write + Send>, style: Style, zone: Zone) -> Self {
        Narrator { to, style, zone, day: None, listeners: Vec::new() }
    }

    /// Somebody else listens too.
    pub fn also(&mut self, listener: Listener) {
        self.listeners.push(listener);
    }

    /// Tells one thing that happened at `at`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell(&mut self, at: Timestamp, told: Told<'_>) -> io::Result<()> {
        for listener in &self.listeners {
            listener(told.telling(at));
        }
        match self.style {
            Style::Json => self.json(at, told),
            Style::Prose => self.prose(at, told),
        }
    }

    /// Writes a block of text as it is; nothing in JSON.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn text(&mut self, text: &str) -> io::Result<()> {
        if self.style == Style::Prose {
            self.to.write_all(text.as_bytes())?;
        }
        self.to.flush()
    }

    /// Writes an object in JSON; nothing in prose.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn object(&mut self, object: &Value) -> io::Result<()> {
        if self.style == Style::Json {
            writeln!(self.to, "{object}")?;
        }
        self.to.flush()
    }

    fn json(&mut self, at: Timestamp, told: Told<'_>) -> io::Result<()> {
        let mut object = match told {
            Told::Scene(title) => json!({"scene": title}),
            Told::Act(text) => json!({"did": text}),
            Told::Fact(fact, text) => json!({"chaperone": text, "fact": fact}),
            Told::Kept(count) => json!({"kept": count}),
            Told::Mail(mail) => json!({"mail": mail}),
            Told::Met(line, what) => json!({"expected": what, "line": line, "met": true}),
            Told::Unmet(line, what, instead) => {
                json!({"expected": what, "line": line, "met": false, "instead": instead})
            }
            Told::Aside(text) => json!({"aside": text}),
        };
        object["at"] = json!(at);
        writeln!(self.to, "{object}")
    }

    fn prose(&mut self, at: Timestamp, told: Told<'_>) -> io::Result<()> {
        let local = self.zone.local(at);
        let day = self.zone.day_number(at);
        if let Told::Scene(title) = told {
            self.day = Some(day);
            return writeln!(self.to, "\n── {title} ── {}", local.format("%A %-d %B"));
        }
        if self.day.replace(day) != Some(day) {
            writeln!(self.to, "  ── {} ──", local.format("%A %-d %B"))?;
        }
        let time = local.format("%H:%M:%S");
        match told {
            Told::Scene(_) => Ok(()),
            Told::Act(text) => writeln!(self.to, "{time}  {text}"),
            Told::Fact(_, text) => writeln!(self.to, "{time}      ◆ Chaperone: {text}"),
            Told::Kept(1) => writeln!(self.to, "{time}      ◆ Chaperone: kept 1 message as sealed evidence"),
            Told::Kept(count) => {
                writeln!(self.to, "{time}      ◆ Chaperone: kept {count} messages as sealed evidence")
            }
            Told::Mail(mail) => {
                writeln!(self.to, "{time}      ✉ e-mail to {}: {}", mail.to.join(", "), mail.subject)?;
                for line in mail.text.lines().filter(|line| !line.trim().is_empty()) {
                    writeln!(self.to, "                  | {line}")?;
                }
                Ok(())
            }
            Told::Met(_, what) => writeln!(self.to, "{time}      ✓ as expected: {what}"),
            Told::Unmet(line, what, instead) => {
                writeln!(self.to, "{time}      ✗ NOT as expected (line {line}): {what}; instead: {instead}")
            }
            Told::Aside(text) => writeln!(self.to, "{time}  ({text})"),
        }
    }
}
