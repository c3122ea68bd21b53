//! One table of a script, read field by field: whatever is left over at the end is a misspelling.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::Faults;

/// Says on which line of the text a place is.
#[derive(Clone, Copy, Debug)]
pub struct Lines<'t>(pub &'t str);

impl Lines<'_> {
    /// The line, from 1, of a byte offset.
    #[must_use]
    pub fn of(self, offset: usize) -> usize {
        self.0.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// A table that is being read.
pub struct Fields<'t> {
    left: Vec<(&'t str, usize, &'t DeValue<'t>)>,
    known: Vec<&'static str>,
    /// The line on which the table begins.
    pub line: usize,
    what: String,
}

impl<'t> Fields<'t> {
    /// Begins to read a table that is called `what` in complaints ("a person").
    pub fn new(table: &'t DeTable<'t>, line: usize, what: impl Into<String>, lines: Lines<'_>) -> Self {
        let mut all: Vec<_> = table.iter().collect();
        all.sort_by_key(|(key, _)| key.span().start);
        let left = all
            .into_iter()
            .map(|(key, value)| (key.get_ref().as_ref(), lines.of(key.span().start), value.get_ref()))
            .collect();
        Fields { left, known: Vec::new(), line, what: what.into() }
    }

    /// Takes a table out of a value, or complains.
    pub fn of(
        value: &'t Spanned<DeValue<'t>>,
        what: &str,
        lines: Lines<'_>,
        faults: &mut Faults,
    ) -> Option<Self> {
        let line = lines.of(value.span().start);
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Fields::new(table, line, what, lines));
        }
        faults.add(line, format!("{what} must be a table"), "write { … }");
        None
    }

    /// True when the field is there and was not read yet.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.left.iter().any(|(name, ..)| *name == key)
    }

    /// The names of the fields that were not read yet.
    pub fn names(&self) -> impl Iterator<Item = &'t str> {
        self.left.iter().map(|(name, ..)| *name)
    }

    /// Looks at a field without taking it out.
    #[must_use]
    pub fn look(&self, key: &str) -> Option<(usize, &'t DeValue<'t>)> {
        self.left.iter().find(|(name, ..)| *name == key).map(|(_, line, value)| (*line, *value))
    }

    /// Takes a field out, whatever it is.
    pub fn take(&mut self, key: &'static str) -> Option<(usize, &'t DeValue<'t>)> {
        self.known.push(key);
        let index = self.left.iter().position(|(name, ..)| *name == key)?;
        let (_, line, value) = self.left.remove(index);
        Some((line, value))
    }

    /// A text.
    pub fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<String> {
        let (line, value) = self.take(key)?;
        if let DeValue::String(text) = value {
            if !text.trim().is_empty() {
                return Some(text.clone().into_owned());
            }
            faults.add(line, format!("`{key}` is empty"), "write something, or leave it out");
        } else {
            faults.add(line, format!("`{key}` must be a text"), format!("write {key} = \"…\""));
        }
        None
    }

    /// A text that must be there.
    pub fn needed(&mut self, key: &'static str, faults: &mut Faults) -> Option<String> {
        if !self.has(key) {
            self.known.push(key);
            faults.add(self.line, format!("{} needs `{key}`", self.what), format!("add {key} = \"…\""));
            return None;
        }
        self.text(key, faults)
    }

    /// A list of texts; one text alone is a list of one. Empty when missing.
    pub fn texts(&mut self, key: &'static str, faults: &mut Faults) -> Vec<String> {
        let Some((line, value)) = self.take(key) else { return Vec::new() };
        let texts = match value {
            DeValue::String(text) => Some(vec![text.clone().into_owned()]),
            DeValue::Array(all) => {
                all.iter().map(|one| one.get_ref().as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()
            }
            _ => None,
        };
        texts.unwrap_or_else(|| {
            faults.add(
                line,
                format!("`{key}` must be a list of texts"),
                format!("write {key} = [\"…\", \"…\"]"),
            );
            Vec::new()
        })
    }

    /// Yes or no; no when missing.
    pub fn yes(&mut self, key: &'static str, faults: &mut Faults) -> bool {
        match self.take(key) {
            None => false,
            Some((_, DeValue::Boolean(yes))) => *yes,
            Some((line, _)) => {
                faults.add(
                    line,
                    format!("`{key}` is yes or no"),
                    format!("write {key} = true, or leave it out"),
                );
                false
            }
        }
    }

    /// A whole number, not negative.
    pub fn number(&mut self, key: &'static str, faults: &mut Faults) -> Option<u32> {
        let (line, value) = self.take(key)?;
        let number = value
            .as_integer()
            .and_then(|digits| u32::from_str_radix(&digits.as_str().replace('_', ""), digits.radix()).ok());
        if number.is_none() {
            faults.add(line, format!("`{key}` must be a whole number"), format!("write {key} = 5"));
        }
        number
    }

    /// Ends the table: what nobody asked for is a misspelling.
    pub fn finish(self, faults: &mut Faults) {
        for (name, line, _) in &self.left {
            let what = format!("{} has no field `{name}`", self.what);
            faults.add(*line, what, nearest(name, &self.known));
        }
    }
}

/// "did you mean …", or the whole list where nothing is near.
#[must_use]
pub fn nearest(word: &str, known: &[&str]) -> String {
    let near = known.iter().map(|one| (distance(word, one), one)).min();
    let longer = known.iter().find(|one| word.len() > 2 && one.starts_with(word));
    match near.filter(|_| longer.is_none()) {
        None if longer.is_some() => format!("did you mean `{}`?", longer.copied().unwrap_or_default()),
        Some((steps, one)) if steps <= 2 && steps < one.len() => format!("did you mean `{one}`?"),
        _ => {
            let mut all: Vec<_> = known.iter().map(|one| format!("`{one}`")).collect();
            all.sort_unstable();
            all.dedup();
            if all.is_empty() {
                return "there are none so far".to_owned();
            }
            format!("there are {}", all.join(", "))
        }
    }
}

/// How many letters have to change (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let change = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}
