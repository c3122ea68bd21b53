//! Reading a line that expects something.

use toml::de::DeValue;

use super::acts::Reading;
use super::fields::{Fields, nearest};
use super::model::{Expect, Latest, SLOTS, Since, That};
use super::when;
use crate::domain::effect::Nudge;
use crate::domain::zone::Zone;
use crate::domain::{Category, Code, Level, Timestamp};

/// The words that say what is expected.
pub const EXPECTATIONS: [&str; 22] = [
    "page",
    "no_page",
    "concern",
    "no_concern",
    "digest",
    "hidden",
    "visible",
    "locked",
    "open",
    "disconnected",
    "dms",
    "told",
    "not_told",
    "mail",
    "nothing",
    "log",
    "acknowledged_by",
    "nobody_paged",
    "noticed",
    "not_noticed",
    "answered",
    "digest_sent",
];

/// Those that are about how things are now, not about a stretch of time.
const ABOUT_NOW: [&str; 11] = [
    "concern",
    "no_concern",
    "digest",
    "hidden",
    "visible",
    "locked",
    "open",
    "disconnected",
    "dms",
    "log",
    "answered",
];

impl<'t> Reading<'_, 't> {
    /// Reads `expect = { … }`. `at` is the moment of the line.
    pub fn expectation(&mut self, at: Timestamp, zone: Zone) -> Option<Expect> {
        let (line, value) = self.fields.take("expect")?;
        let DeValue::Table(table) = value else {
            self.faults.add(line, "`expect` must be a table", "write expect = { page = \"dsl\" }");
            return None;
        };
        let mut inner = Fields::new(table, line, "an expectation", self.lines);
        let words: Vec<&str> = inner.names().filter(|name| EXPECTATIONS.contains(name)).collect();
        let that = match words[..] {
            [word] => {
                let mut reading =
                    Reading { fields: &mut inner, names: self.names, lines: self.lines, faults: self.faults };
                reading.that(word, at, zone)
            }
            [] => {
                let odd = inner.names().next().unwrap_or("");
                let hint = nearest(odd, &EXPECTATIONS);
                self.faults.add(line, "this line expects nothing that Chaperone can check", hint);
                return None;
            }
            _ => {
                let what = format!("this line expects {} at once", words.join(" and "));
                self.faults.add(line, what, "write a line for each");
                return None;
            }
        };
        if inner.has("since") && words.iter().any(|word| ABOUT_NOW.contains(word)) {
            self.faults.add(
                line,
                "`since` says nothing here",
                "leave it out: this is about how things are now",
            );
        }
        let since = match inner.text("since", self.faults) {
            None => Some(Since::LastAct),
            Some(since) if since == "start" => Some(Since::Start),
            Some(since) => self.names.line(Some(since), false, line, self.faults).map(Since::Line),
        };
        inner.finish(self.faults);
        Some(Expect { since: since?, that: that? })
    }

    fn that(&mut self, word: &str, at: Timestamp, zone: Zone) -> Option<That> {
        let line = self.fields.line;
        match word {
            "page" => {
                let slot = self.slot("page");
                let (level, category) = (self.level(), self.category("category"));
                let latest = self.latest(at, zone);
                Some(That::Page { slot: slot?, level, category, latest })
            }
            "no_page" => Some(That::NoPage { slot: Some(self.slot("no_page")?) }),
            "nobody_paged" => self.must_be_true("nobody_paged").then_some(That::NoPage { slot: None }),
            "concern" => {
                let category = self.category("concern");
                let (by, towards) = (self.maybe_person("by"), self.maybe_person("towards"));
                let (level, codes) = (self.level(), self.codes());
                Some(That::Concern { category: category?, by, towards, level, codes })
            }
            "no_concern" => {
                let category = if let Some((_, DeValue::Boolean(true))) = self.peek("no_concern") {
                    self.fields.take("no_concern");
                    None
                } else {
                    Some(self.category("no_concern")?)
                };
                let (by, towards) = (self.maybe_person("by"), self.maybe_person("towards"));
                Some(That::NoConcern { category, by, towards })
            }
            "digest" => {
                let category = self.category("digest");
                let reader = self.maybe_person("for");
                Some(That::Digest { category: category?, reader })
            }
            "digest_sent" => Some(That::DigestSent { person: self.maybe_person("digest_sent")? }),
            "hidden" | "visible" => {
                let hidden = word == "hidden";
                let id = self.fields.text(if hidden { "hidden" } else { "visible" }, self.faults);
                let message = self.names.line(id, true, line, self.faults)?;
                Some(That::Message { message, hidden })
            }
            "locked" | "open" => {
                let locked = word == "locked";
                let space = self.fields.text(if locked { "locked" } else { "open" }, self.faults);
                let space = self.names.space(space, line, self.faults);
                let person = self.fields.needed("for", self.faults);
                let person = self.names.person(person, line, self.faults);
                Some(That::Space { space: space?, person: person?, locked })
            }
            "disconnected" => Some(That::Disconnected { person: self.maybe_person("disconnected")? }),
            "dms" => match self.fields.text("dms", self.faults)?.as_str() {
                "paused" => Some(That::Dms { paused: true }),
                "open" => Some(That::Dms { paused: false }),
                other => {
                    self.faults.add(
                        line,
                        format!("DMs cannot be \"{other}\""),
                        "write \"paused\" or \"open\"",
                    );
                    None
                }
            },
            "told" => {
                let person = self.maybe_person("told");
                let code = self.nudge();
                Some(That::Told { person: person?, code })
            }
            "not_told" => Some(That::NotTold { person: self.maybe_person("not_told")? }),
            "mail" => Some(That::Mail { person: self.maybe_person("mail")? }),
            "noticed" | "not_noticed" => {
                let so = word == "noticed";
                let code = self.fields.text(if so { "noticed" } else { "not_noticed" }, self.faults)?;
                let (by, towards) = (self.maybe_person("by"), self.maybe_person("towards"));
                let Ok(code) = code.parse() else {
                    let all: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
                    self.faults.add(line, format!("\"{code}\" is not a code"), nearest(&code, &all));
                    return None;
                };
                Some(That::Noticed { code, by, towards, so })
            }
            "answered" => {
                let person = self.maybe_person("answered");
                let text = self.fields.needed("with", self.faults);
                Some(That::Answered { person: person?, text: text? })
            }
            "nothing" => self.must_be_true("nothing").then_some(That::Nothing),
            "log" => {
                let text = self.fields.text("log", self.faults)?;
                if text == "verifies" {
                    return Some(That::LogVerifies);
                }
                self.faults.add(line, format!("the log cannot be \"{text}\""), "write log = \"verifies\"");
                None
            }
            _ => Some(That::AcknowledgedBy { person: self.maybe_person("acknowledged_by")? }),
        }
    }

    fn peek(&self, key: &str) -> Option<(usize, &'t DeValue<'t>)> {
        self.fields.look(key)
    }

    fn must_be_true(&mut self, key: &'static str) -> bool {
        let yes = self.fields.yes(key, self.faults);
        if !yes {
            self.faults.add(
                self.fields.line,
                format!("`{key}` can only be true"),
                format!("write {key} = true"),
            );
        }
        yes
    }

    fn maybe_person(&mut self, key: &'static str) -> Option<String> {
        let name = self.fields.text(key, self.faults);
        self.names.person(name, self.fields.line, self.faults)
    }

    fn slot(&mut self, key: &'static str) -> Option<String> {
        let slot = self.fields.text(key, self.faults)?;
        if SLOTS.contains(&slot.as_str()) {
            return Some(slot);
        }
        self.faults.add(self.fields.line, format!("\"{slot}\" is not a slot"), nearest(&slot, &SLOTS));
        None
    }

    fn level(&mut self) -> Option<Level> {
        let number = self.fields.number("level", self.faults)?;
        let level = u8::try_from(number).ok().and_then(|number| Level::try_from(number).ok());
        if level.is_none() {
            self.faults.add(self.fields.line, format!("{number} is not a level"), "levels are 1 to 5");
        }
        level
    }

    fn category(&mut self, key: &'static str) -> Option<Category> {
        let text = self.fields.text(key, self.faults)?;
        let category = text.parse().ok();
        if category.is_none() {
            let all: Vec<&str> = Category::ALL.iter().map(|category| category.name()).collect();
            self.faults.add(self.fields.line, format!("\"{text}\" is not a category"), nearest(&text, &all));
        }
        category
    }

    fn codes(&mut self) -> Vec<Code> {
        let texts = self.fields.texts("codes", self.faults);
        let mut codes = Vec::new();
        for text in texts {
            if let Ok(code) = text.parse() {
                codes.push(code);
            } else {
                let all: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
                self.faults.add(self.fields.line, format!("\"{text}\" is not a code"), nearest(&text, &all));
            }
        }
        codes
    }

    fn nudge(&mut self) -> Option<String> {
        let code = self.fields.text("code", self.faults)?;
        if code_is_nudge(&code) {
            return Some(code);
        }
        let hint = nearest(&code, &NUDGES);
        self.faults.add(self.fields.line, format!("no private message has the code \"{code}\""), hint);
        None
    }

    fn latest(&mut self, at: Timestamp, zone: Zone) -> Option<Latest> {
        if let Some(text) = self.fields.text("within", self.faults) {
            let within = when::span(&text).map(Latest::Within);
            if within.is_none() {
                let hint = "write within = \"30s\" or \"5m\"";
                self.faults.add(self.fields.line, format!("\"{text}\" is not a length of time"), hint);
            }
            return within;
        }
        let text = self.fields.text("before", self.faults)?;
        let before = when::moment(&text, midnight_before(at, zone), zone).map(Latest::At);
        if before.is_none() {
            self.faults.add(self.fields.line, format!("\"{text}\" is not a time"), when::FORMS);
        }
        before
    }
}

/// The codes of private messages, as [`Nudge`] writes them.
const NUDGES: [&str; 10] = [
    "space-locked",
    "space-closed",
    "message-hidden",
    "help-is-there",
    "welfare-support",
    "report-received",
    "keep-it-kind",
    "keep-to-agreed-places",
    "voice-needs-second-adult",
    "voice-adult-left",
];

fn code_is_nudge(code: &str) -> bool {
    serde_json::from_value::<Nudge>(code.into()).is_ok()
}

/// "before 19:05" means that day's 19:05, also when the line itself stands later.
fn midnight_before(at: Timestamp, zone: Zone) -> Timestamp {
    zone.moment(zone.date(at).and_time(chrono::NaiveTime::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_private_messages_is_the_catalogue_s() {
        for code in NUDGES {
            assert!(code_is_nudge(code), "{code}");
        }
    }
}
