//! The strict parser of the lists (their format: [`super::wordlist`]). Every mistake of every file is told at once.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::{Category, Code};

use super::pattern::{Pattern, Sets};
use super::wordlist::{Entry, Innocent, Kind, Mistake, Need, Quiet, Reach, Stance};

/// All files read together.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub entries: Vec<Entry>,
    pub innocents: Vec<Innocent>,
    pub stances: Vec<Stance>,
    pub sets: Sets,
}

/// Parses list files given as (name, text).
///
/// # Errors
/// Every mistake of every file, in order of file and line.
pub(super) fn parse(files: &[(&str, &str)]) -> Result<Parsed, Vec<Mistake>> {
    let mut reader = Reader::default();
    let mut tables = Vec::new();
    for &(file, text) in files {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.mistakes.push(Mistake {
                file: file.into(),
                line: line_of(text, at),
                what: error.message().trim().into(),
            });
        }
        tables.push((file, text, table.into_inner()));
    }
    for (file, text, table) in &tables {
        reader.sets_of(&Source { file, text }, table);
    }
    for (file, text, table) in &tables {
        reader.file(&Source { file, text }, table);
    }
    for (file, text, table) in &tables {
        reader.changes(&Source { file, text }, table);
    }
    if reader.mistakes.is_empty() {
        reader.parsed.sets = reader.sets;
        Ok(reader.parsed)
    } else {
        reader.mistakes.sort();
        reader.mistakes.dedup();
        Err(reader.mistakes)
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|&(place, _)| place < at).filter(|&(_, c)| c == '\n').count() + 1
}

pub(super) struct Source<'a> {
    pub file: &'a str,
    pub text: &'a str,
}

#[derive(Default)]
pub(super) struct Reader {
    pub parsed: Parsed,
    sets: Sets,
    ids: BTreeMap<String, String>,
    written: BTreeMap<(Code, String), String>,
    mistakes: Vec<Mistake>,
}

/// What a file sets for all its entries.
#[derive(Clone, Default)]
struct Common {
    code: Option<Code>,
    needs: BTreeSet<Need>,
    despite: BTreeSet<Quiet>,
    unless: Vec<Pattern>,
}

impl Reader {
    pub(super) fn wrong(&mut self, source: &Source, at: usize, what: impl Into<String>) {
        self.mistakes.push(Mistake {
            file: source.file.to_owned(),
            line: line_of(source.text, at),
            what: what.into(),
        });
    }

    fn sets_of(&mut self, source: &Source, table: &DeTable) {
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "sets") else { return };
        let DeValue::Table(sets) = value.get_ref() else {
            return self.wrong(source, value.span().start, "`sets` is a table of named lists of phrases");
        };
        for (name, members) in sets {
            let members = self.strings(source, members, name.get_ref());
            let name_text = name.get_ref().to_string();
            if self.sets.insert(name_text, members.into_iter().map(|(text, _)| text).collect()).is_some() {
                self.wrong(source, name.span().start, format!("the set {:?} stands twice", name.get_ref()));
            }
        }
    }

    fn file(&mut self, source: &Source, table: &DeTable) {
        let mut common = Common::default();
        let mut innocents = Vec::new();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "about" => drop(self.string(source, value, "about")),
                "code" => common.code = self.code(source, value),
                "needs" => common.needs = self.needs(source, value),
                "despite" => common.despite = self.despite(source, value),
                "unless" => common.unless = self.unless(source, value),
                "no" => innocents = self.strings(source, value, "no"),
                "sets" | "entry" | "stance" | "change" => {}
                other => self.wrong(
                    source,
                    key.span().start,
                    format!("{other:?} is not a key of a list; keys are about, code, needs, despite, unless, no, entry, stance, change, sets"),
                ),
            }
        }
        let first = self.parsed.entries.len();
        if let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "entry") {
            if let DeValue::Array(entries) = value.get_ref() {
                for entry in entries {
                    match entry.get_ref() {
                        DeValue::Table(table) => self.entry(source, entry.span().start, table, &common),
                        _ => self.wrong(source, entry.span().start, "an entry is a table: [[entry]]"),
                    }
                }
            } else {
                self.wrong(source, value.span().start, "entries are written [[entry]]");
            }
        }
        if let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "stance") {
            if let DeValue::Array(stances) = value.get_ref() {
                for stance in stances {
                    match stance.get_ref() {
                        DeValue::Table(table) => self.stance(source, stance.span().start, table),
                        _ => self.wrong(source, stance.span().start, "a stance is a table: [[stance]]"),
                    }
                }
            } else {
                self.wrong(source, value.span().start, "stances are written [[stance]]");
            }
        }
        let codes: BTreeSet<Code> = self.parsed.entries[first..].iter().map(|entry| entry.code).collect();
        self.parsed.innocents.extend(innocents.into_iter().map(|(text, at)| Innocent {
            file: source.file.to_owned(),
            line: line_of(source.text, at),
            codes: codes.clone(),
            text,
        }));
    }

    fn entry(&mut self, source: &Source, at: usize, table: &DeTable, common: &Common) {
        let mut entry = Entry {
            id: String::new(),
            code: common.code.unwrap_or(Code::Hate),
            kind: Kind::Phrase,
            patterns: Vec::new(),
            needs: common.needs.clone(),
            despite: common.despite.clone(),
            unless: common.unless.clone(),
            note: String::new(),
            since: String::new(),
            yes: Vec::new(),
            no: Vec::new(),
            file: source.file.to_owned(),
            line: line_of(source.text, at),
            phrases: Vec::new(),
            regexes: Vec::new(),
            frames: Vec::new(),
        };
        let mut has_code = common.code.is_some();
        let mut patterns = Vec::new();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "id" => entry.id = self.string(source, value, "id"),
                "pattern" => patterns.push((self.string(source, value, "pattern"), value.span().start)),
                "patterns" => patterns.extend(self.strings(source, value, "patterns")),
                "kind" => entry.kind = self.kind(source, value),
                "code" => {
                    has_code = true;
                    entry.code = self.code(source, value).unwrap_or(entry.code);
                }
                "needs" => entry.needs.extend(self.needs(source, value)),
                "despite" => entry.despite.extend(self.despite(source, value)),
                "unless" => entry.unless.extend(self.unless(source, value)),
                "note" => entry.note = self.string(source, value, "note"),
                "since" => entry.since = self.string(source, value, "since"),
                "yes" => entry.yes = texts(self.strings(source, value, "yes")),
                "no" => entry.no = texts(self.strings(source, value, "no")),
                other => self.wrong(
                    source,
                    key.span().start,
                    format!("{other:?} is not a key of an entry; keys are id, pattern, patterns, kind, code, needs, despite, unless, note, since, yes, no"),
                ),
            }
        }
        if !has_code {
            self.wrong(source, at, "the entry has no code, and its file has none for all");
        }
        if entry.id.is_empty() {
            self.wrong(source, at, "the entry has no id");
        } else if let Some(other) =
            self.ids.insert(entry.id.clone(), format!("{}:{}", entry.file, entry.line))
        {
            self.wrong(source, at, format!("the id {:?} stands twice; first at {other}", entry.id));
        }
        if patterns.is_empty() {
            self.wrong(source, at, "the entry has no pattern");
        }
        if entry.yes.is_empty() {
            self.wrong(source, at, "the entry has no `yes` example; write one text that it must match");
        }
        for (written, at) in patterns {
            self.pattern(source, &mut entry, written, at);
        }
        self.parsed.entries.push(entry);
    }

    fn pattern(&mut self, source: &Source, entry: &mut Entry, written: String, at: usize) {
        let here = format!("{}:{}", source.file, line_of(source.text, at));
        if let Some(other) = self.written.insert((entry.code, written.clone()), here) {
            self.wrong(source, at, format!("the pattern {written:?} stands twice; first at {other}"));
        }
        match entry.kind {
            Kind::Regex => match regex::RegexBuilder::new(&written).size_limit(1 << 20).build() {
                Ok(regex) => entry.regexes.push(regex),
                Err(why) => {
                    let why = why.to_string();
                    let last = why.lines().last().unwrap_or_default().trim().to_owned();
                    self.wrong(source, at, format!("not a regular expression: {last}"));
                }
            },
            Kind::Frame => match Pattern::frame(&written) {
                Ok(pattern) => entry.frames.push(pattern),
                Err(why) => self.wrong(source, at, why),
            },
            Kind::Word | Kind::Stem | Kind::Phrase => {
                let mut text = written.clone();
                if entry.kind != Kind::Phrase && text.split_whitespace().count() != 1 {
                    self.wrong(source, at, "a word or stem is one word; write kind = \"phrase\" for more");
                }
                if entry.kind == Kind::Stem {
                    text.push('~');
                }
                match Pattern::parse(&text, &self.sets) {
                    Ok(pattern) => entry.phrases.push(pattern),
                    Err(why) => self.wrong(source, at, why),
                }
            }
        }
        entry.patterns.push(written);
    }

    fn stance(&mut self, source: &Source, at: usize, table: &DeTable) {
        let mut stance = Stance {
            id: String::new(),
            quiet: Quiet::CounterSpeech,
            reach: Reach::Sentence,
            categories: BTreeSet::from([Category::Hate, Category::Bullying]),
            yes: Vec::new(),
            no: Vec::new(),
            file: source.file.to_owned(),
            line: line_of(source.text, at),
            frames: Vec::new(),
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "id" => stance.id = self.string(source, value, "id"),
                "quiet" => {
                    if let Some(quiet) = self.one_of(source, value, "quiet", &Quiet::NAMES) {
                        stance.quiet = quiet;
                    }
                }
                "reach" => {
                    if let Some(reach) = self.one_of(source, value, "reach", &Reach::NAMES) {
                        stance.reach = reach;
                    }
                }
                "categories" => {
                    let names: Vec<(&str, Category)> =
                        Category::ALL.iter().map(|category| (category.name(), *category)).collect();
                    stance.categories = self.named(source, value, "categories", &names);
                }
                "patterns" => {
                    for (written, at) in self.strings(source, value, "patterns") {
                        match Pattern::frame(&written) {
                            Ok(pattern) => stance.frames.push(pattern),
                            Err(why) => self.wrong(source, at, why),
                        }
                    }
                }
                "note" => drop(self.string(source, value, "note")),
                "since" => drop(self.string(source, value, "since")),
                "yes" => stance.yes = texts(self.strings(source, value, "yes")),
                "no" => stance.no = texts(self.strings(source, value, "no")),
                other => self.wrong(
                    source,
                    key.span().start,
                    format!("{other:?} is not a key of a stance; keys are id, quiet, reach, categories, patterns, note, since, yes, no"),
                ),
            }
        }
        if stance.id.is_empty() || stance.frames.is_empty() || stance.yes.is_empty() {
            self.wrong(source, at, "a stance has an id, patterns, and a `yes` example");
        } else if let Some(other) =
            self.ids.insert(stance.id.clone(), format!("{}:{}", stance.file, stance.line))
        {
            self.wrong(source, at, format!("the id {:?} stands twice; first at {other}", stance.id));
        }
        self.parsed.stances.push(stance);
    }

    fn one_of<T: Copy>(
        &mut self,
        source: &Source,
        value: &Spanned<DeValue>,
        key: &str,
        names: &[(&str, T)],
    ) -> Option<T> {
        let text = self.string(source, value, key);
        let found = names.iter().find(|(name, _)| *name == text).map(|(_, one)| *one);
        if found.is_none() {
            let all: Vec<_> = names.iter().map(|(name, _)| *name).collect();
            let what = format!("{text:?} is not known in `{key}`; known are {}", all.join(", "));
            self.wrong(source, value.span().start, what);
        }
        found
    }

    pub(super) fn string(&mut self, source: &Source, value: &Spanned<DeValue>, key: &str) -> String {
        if let DeValue::String(text) = value.get_ref() {
            return text.to_string();
        }
        self.wrong(source, value.span().start, format!("`{key}` is a text in quotation marks"));
        String::new()
    }

    fn strings(&mut self, source: &Source, value: &Spanned<DeValue>, key: &str) -> Vec<(String, usize)> {
        let DeValue::Array(values) = value.get_ref() else {
            self.wrong(source, value.span().start, format!("`{key}` is a list of texts: [\"…\", \"…\"]"));
            return Vec::new();
        };
        values.iter().map(|value| (self.string(source, value, key), value.span().start)).collect()
    }

    fn code(&mut self, source: &Source, value: &Spanned<DeValue>) -> Option<Code> {
        let name = self.string(source, value, "code");
        name.parse().map_err(|why: String| self.wrong(source, value.span().start, why)).ok()
    }

    fn kind(&mut self, source: &Source, value: &Spanned<DeValue>) -> Kind {
        match self.string(source, value, "kind").as_str() {
            "word" => Kind::Word,
            "stem" => Kind::Stem,
            "phrase" => Kind::Phrase,
            "regex" => Kind::Regex,
            "frame" => Kind::Frame,
            other => {
                let what = format!("{other:?} is not a kind; kinds are word, stem, phrase, regex, frame");
                self.wrong(source, value.span().start, what);
                Kind::Phrase
            }
        }
    }

    fn named<T: Copy + Ord>(
        &mut self,
        source: &Source,
        value: &Spanned<DeValue>,
        key: &str,
        names: &[(&str, T)],
    ) -> BTreeSet<T> {
        let mut out = BTreeSet::new();
        for (text, at) in self.strings(source, value, key) {
            if let Some((_, one)) = names.iter().find(|(name, _)| *name == text) {
                out.insert(*one);
            } else {
                let all: Vec<_> = names.iter().map(|(name, _)| *name).collect();
                self.wrong(
                    source,
                    at,
                    format!("{text:?} is not known in `{key}`; known are {}", all.join(", ")),
                );
            }
        }
        out
    }

    fn needs(&mut self, source: &Source, value: &Spanned<DeValue>) -> BTreeSet<Need> {
        self.named(source, value, "needs", &Need::NAMES)
    }

    fn despite(&mut self, source: &Source, value: &Spanned<DeValue>) -> BTreeSet<Quiet> {
        self.named(source, value, "despite", &Quiet::NAMES)
    }

    pub(super) fn unless(&mut self, source: &Source, value: &Spanned<DeValue>) -> Vec<Pattern> {
        let mut out = Vec::new();
        for (text, at) in self.strings(source, value, "unless") {
            match Pattern::parse(&text, &self.sets) {
                Ok(pattern) if !pattern.beside().is_empty() => {
                    self.wrong(source, at, "an exception has one part: it stands without +".to_owned());
                }
                Ok(pattern) => out.push(pattern),
                Err(why) => self.wrong(source, at, why),
            }
        }
        out
    }
}

fn texts(found: Vec<(String, usize)>) -> Vec<String> {
    found.into_iter().map(|(text, _)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told_at_once_with_its_line() {
        let text = r#"code = "secrecy"
colour = "red"
[[entry]]
id = "a"
pattern = "(x|y"
yes = ["x"]
[[entry]]
id = "a"
kind = "regex"
pattern = "(["
needs = ["adult"]
[[entry]]
id = "b"
code = "hate"
patterns = ["one two"]
yes = ["one two"]
"#;
        let mistakes = parse(&[("en/x.toml", text)]).unwrap_err();
        let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        for (line, what) in [
            (1, "is not a code"),
            (2, "is not a key"),
            (5, "not closed"),
            (7, "stands twice"),
            (7, "no `yes`"),
            (10, "not a regular expression"),
            (11, "not known in `needs`"),
        ] {
            assert!(
                told.iter().any(|t| t.starts_with(&format!("en/x.toml:{line}:")) && t.contains(what)),
                "no mistake {what:?} at line {line} in {told:#?}"
            );
        }
    }

    #[test]
    fn a_broken_file_says_where_it_breaks() {
        let mistakes = parse(&[("en/x.toml", "about = \"x\"\ncode = ")]).unwrap_err();
        assert!(mistakes.iter().any(|mistake| mistake.line == 2), "{mistakes:?}");
    }
}
