//! Reading TOML with line numbers: tables whose keys are taken one by one, and a list of everything that is wrong.
//!
//! A derive would stop at the first mistake of a file. Here a wrong value, an unknown key and a missing one are
//! noted and reading goes on, so that a person corrects a configuration once.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong in a configuration: where, what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file's name as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} — {}", self.file, self.line, self.what, self.fix)
    }
}

/// A configuration's text and what was found wrong in it so far.
pub(super) struct Reader<'i> {
    file: &'i str,
    text: &'i str,
    problems: Vec<Problem>,
}

/// A value with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub value: T,
    pub at: usize,
}

/// A table whose known keys are taken out; what is left at [`Section::done`] is unknown.
pub(super) struct Section<'i> {
    name: String,
    /// Where its heading stands.
    pub at: usize,
    entries: Vec<(String, usize, Spanned<DeValue<'i>>)>,
    asked: BTreeSet<&'static str>,
}

impl<'i> Reader<'i> {
    /// Parses the text. Everything that is not TOML is noted, and whatever could be read is read.
    pub fn parse(file: &'i str, text: &'i str) -> (Self, Section<'i>) {
        let mut reader = Reader { file, text, problems: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.problem(
                at,
                format!("this is not TOML: {}", one_line(error.message())),
                "correct this line",
            );
        }
        let root = Section::of(String::new(), 0, table.into_inner());
        (reader, root)
    }

    /// Notes a problem.
    pub fn problem(&mut self, at: usize, what: impl Into<String>, fix: impl Into<String>) {
        let problem = self.remark(at, what, fix);
        self.problems.push(problem);
    }

    /// Something with its place that is not noted as a problem.
    pub fn remark(&self, at: usize, what: impl Into<String>, fix: impl Into<String>) -> Problem {
        let line = 1 + self.text.bytes().take(at).map(|byte| usize::from(byte == b'\n')).sum::<usize>();
        Problem { file: self.file.to_owned(), line, what: what.into(), fix: fix.into() }
    }

    /// Everything that is wrong, in the order of lines.
    pub fn into_problems(mut self) -> Vec<Problem> {
        self.problems.sort_by_key(|problem| problem.line);
        self.problems.dedup();
        self.problems
    }
}

impl<'i> Section<'i> {
    fn of(name: String, at: usize, table: DeTable<'i>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| (key.get_ref().to_string(), key.span().start, value))
            .collect();
        Section { name, at, entries, asked: BTreeSet::new() }
    }

    /// `[discord] token_env`, as problems write it.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{} {key}", self.name) }
    }

    fn take(&mut self, key: &'static str) -> Option<(usize, DeValue<'i>)> {
        self.asked.insert(key);
        let index = self.entries.iter().position(|(name, ..)| name == key)?;
        let (_, at, value) = self.entries.remove(index);
        Some((at, value.into_inner()))
    }

    fn wrong(&self, reader: &mut Reader<'_>, at: usize, key: &str, is: &DeValue<'_>, fix: &str) {
        let what = format!("{} is {}", self.path(key), kind(is));
        reader.problem(at, what, fix);
    }

    /// A text.
    pub fn text(&mut self, reader: &mut Reader<'_>, key: &'static str, fix: &str) -> Option<At<String>> {
        match self.take(key)? {
            (at, DeValue::String(value)) if !value.trim().is_empty() => {
                Some(At { value: value.into_owned(), at })
            }
            (at, DeValue::String(_)) => {
                reader.problem(at, format!("{} is empty", self.path(key)), fix);
                None
            }
            (at, other) => {
                self.wrong(reader, at, key, &other, fix);
                None
            }
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<At<bool>> {
        match self.take(key)? {
            (at, DeValue::Boolean(value)) => Some(At { value, at }),
            (at, other) => {
                self.wrong(reader, at, key, &other, "write true or false");
                None
            }
        }
    }

    /// A whole number in a range.
    pub fn number(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        range: Range<i64>,
        fix: &str,
    ) -> Option<At<i64>> {
        let (at, value) = self.take(key)?;
        let Some(number) = integer(&value) else {
            self.wrong(reader, at, key, &value, fix);
            return None;
        };
        if !range.contains(&number) {
            reader.problem(at, format!("{} is {number}", self.path(key)), fix);
            return None;
        }
        Some(At { value: number, at })
    }

    /// A Discord id: a number, or digits in quotes.
    pub fn id(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<At<u64>> {
        let (at, value) = self.take(key)?;
        let id = as_id(&value);
        if id.is_none() {
            self.wrong(reader, at, key, &value, COPY_ID);
        }
        id.map(|value| At { value, at })
    }

    /// A list of Discord ids.
    pub fn ids(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<At<Vec<u64>>> {
        let (at, value) = self.take(key)?;
        let DeValue::Array(list) = value else {
            self.wrong(reader, at, key, &value, "write a list of server ids: [123456789012345678]");
            return None;
        };
        let mut ids = Vec::new();
        for entry in list {
            match as_id(entry.get_ref()) {
                Some(id) => ids.push(id),
                None => {
                    self.wrong(reader, entry.span().start, &format!("{key} entry"), entry.get_ref(), COPY_ID);
                }
            }
        }
        Some(At { value: ids, at })
    }

    /// A list of texts.
    pub fn texts(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'static str,
        fix: &str,
    ) -> Option<At<Vec<String>>> {
        let (at, value) = self.take(key)?;
        let texts = match &value {
            DeValue::Array(list) => list
                .iter()
                .map(|entry| entry.get_ref().as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        if texts.as_ref().is_none_or(Vec::is_empty) {
            self.wrong(reader, at, key, &value, fix);
            return None;
        }
        texts.map(|value| At { value, at })
    }

    /// A table inside this one.
    pub fn section(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Option<Section<'i>> {
        let name = self.heading(key);
        match self.take(key)? {
            (at, DeValue::Table(table)) => Some(Section::of(format!("[{name}]"), at, table)),
            (at, other) => {
                self.wrong(reader, at, key, &other, &format!("make it a section: [{name}]"));
                None
            }
        }
    }

    /// A list of tables inside this one.
    pub fn sections(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Vec<Section<'i>> {
        let name = self.heading(key);
        let Some((at, value)) = self.take(key) else { return Vec::new() };
        let DeValue::Array(list) = value else {
            self.wrong(reader, at, key, &value, &format!("write [[{name}]] in two brackets, once for each"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for entry in list {
            let at = entry.span().start;
            match entry.into_inner() {
                DeValue::Table(table) => sections.push(Section::of(format!("[[{name}]]"), at, table)),
                other => {
                    let fix = format!("write [[{name}]] in two brackets, once for each");
                    self.wrong(reader, at, key, &other, &fix);
                }
            }
        }
        sections
    }

    /// Every remaining entry as texts (`"Young Person" = "young-person"`).
    pub fn all_texts(mut self, reader: &mut Reader<'_>, fix: &str) -> Vec<(String, At<String>)> {
        let mut all = Vec::new();
        for (key, at, value) in std::mem::take(&mut self.entries) {
            match value.into_inner() {
                DeValue::String(value) => all.push((key, At { value: value.into_owned(), at })),
                other => self.wrong(reader, at, &format!("{key:?}"), &other, fix),
            }
        }
        all
    }

    /// Notes every key that nobody asked for.
    pub fn done(self, reader: &mut Reader<'_>) {
        for (key, at, _) in &self.entries {
            let what = format!("{} is not a setting", self.path(key));
            let fix = if looks_secret(key) {
                "take it out: secrets never stand in this file, name an environment variable or a file instead".into()
            } else if let Some(near) = self.asked.iter().find(|asked| near(asked, key)) {
                format!("did you mean {near}?")
            } else if self.asked.is_empty() {
                "take it out".into()
            } else {
                format!("settings here are {}", self.asked.iter().copied().collect::<Vec<_>>().join(", "))
            };
            reader.problem(*at, what, fix);
        }
    }

    fn heading(&self, key: &str) -> String {
        let own = self.name.trim_matches(['[', ']']);
        if own.is_empty() { key.to_owned() } else { format!("{own}.{key}") }
    }
}

const COPY_ID: &str = "copy the id from Discord (Settings, Advanced, Developer Mode; then right-click, Copy ID): 17 to 20 digits";

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

fn as_id(value: &DeValue<'_>) -> Option<u64> {
    let id = match value {
        DeValue::String(text) => text.trim().parse().ok(),
        other => integer(other).and_then(|number| u64::try_from(number).ok()),
    };
    id.filter(|id| *id > 0)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(text) if text.trim().is_empty() => "empty",
        DeValue::String(_) => "a text that does not fit here",
        DeValue::Integer(_) => "a number that does not fit here",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(list) if list.is_empty() => "an empty list",
        DeValue::Array(_) => "a list that does not fit here",
        DeValue::Table(_) => "a section",
    }
}

fn looks_secret(key: &str) -> bool {
    ["token", "password", "secret", "identity", "key"].contains(&key.to_lowercase().as_str())
}

/// Whether two keys differ by one slip: a letter more, less or other, or two exchanged.
fn near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.to_lowercase().chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (longer, shorter) = (a.len().max(b.len()), a.len().min(b.len()));
    let tail = tail.min(shorter - same.min(shorter));
    let middle = longer.saturating_sub(same + tail);
    middle <= 1
        || (a.len() == b.len()
            && middle == 2
            && a.get(same) == b.get(same + 1)
            && a.get(same + 1) == b.get(same))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        for (a, b, expected) in [
            ("token_env", "tokn_env", true),
            ("token_env", "token_envv", true),
            ("token_env", "tokne_env", true),
            ("guilds", "guild", true),
            ("name", "Name", true),
            ("wait_minutes", "repeat_minutes", false),
            ("shards", "guilds", false),
        ] {
            assert_eq!(near(a, b), expected, "{a} {b}");
        }
    }
}
