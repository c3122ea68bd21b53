//! Counting what was judged, and telling it: per register, per kind, per script.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::script::Outcome;

/// At most so many kinds are told apart in one register; the rest is counted as "other".
const MOST_KINDS: usize = 200;
/// At most so many wrong rows of a register are named.
const MOST_NAMED: usize = 100_000;

/// A row and what was made of it.
pub struct Judged<'a> {
    /// Where it comes from.
    pub register: &'a str,
    /// Its kind, if its row says so.
    pub kind: Option<&'a str>,
    /// Its name.
    pub id: &'a Value,
    /// Whether people call it abusive.
    pub label: bool,
    /// Whether it was found abusive.
    pub abusive: bool,
    /// Its level.
    pub level: u8,
}

/// Counts of one register or kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    hit: u64,
    missed: u64,
    false_flag: u64,
    quiet: u64,
    /// Of the rows labelled 1, at level 2 or more.
    told: u64,
    /// Of the rows labelled 0, at level 2 or more, and at level 4 or more.
    benign_told: u64,
    benign_paged: u64,
}

impl Count {
    fn add(&mut self, row: &Judged) {
        match (row.label, row.abusive) {
            (true, true) => self.hit += 1,
            (true, false) => self.missed += 1,
            (false, true) => self.false_flag += 1,
            (false, false) => self.quiet += 1,
        }
        let level = row.level;
        self.told += u64::from(row.label && level >= 2);
        self.benign_told += u64::from(!row.label && level >= 2);
        self.benign_paged += u64::from(!row.label && level >= 4);
    }

    fn positives(self) -> u64 {
        self.hit + self.missed
    }

    fn benign(self) -> u64 {
        self.false_flag + self.quiet
    }

    fn precision(self) -> Option<f64> {
        ratio(self.hit, self.hit + self.false_flag)
    }

    fn recall(self) -> Option<f64> {
        ratio(self.hit, self.positives())
    }

    fn f1(self) -> Option<f64> {
        f1(self.hit, self.false_flag, self.missed)
    }

    /// The mean of the F1 of both classes; absent where only one class stands in the data.
    fn macro_f1(self) -> Option<f64> {
        if self.positives() == 0 || self.benign() == 0 {
            return None;
        }
        let other = f1(self.quiet, self.missed, self.false_flag)?;
        Some(f64::midpoint(self.f1()?, other))
    }

    fn per_thousand(self, flags: u64) -> Option<f64> {
        ratio(flags, self.benign()).map(|share| share * 1000.0)
    }

    fn json(self) -> Value {
        json!({
            "rows": self.positives() + self.benign(), "positives": self.positives(), "benign": self.benign(),
            "precision": rounded(self.precision()), "recall": rounded(self.recall()), "f1": rounded(self.f1()),
            "macro_f1": rounded(self.macro_f1()), "recall_level2": rounded(ratio(self.told, self.positives())),
            "abusive_per_1000_benign": rounded(self.per_thousand(self.false_flag)),
            "level2_per_1000_benign": rounded(self.per_thousand(self.benign_told)),
            "level4_per_1000_benign": rounded(self.per_thousand(self.benign_paged)),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn f1(hit: u64, false_flag: u64, missed: u64) -> Option<f64> {
    ratio(2 * hit, 2 * hit + false_flag + missed)
}

fn rounded(value: Option<f64>) -> Option<f64> {
    value.map(|value| (value * 10_000.0).round() / 10_000.0)
}

/// Everything that was counted.
#[derive(Debug, Default)]
pub struct Tables {
    registers: BTreeMap<String, Count>,
    kinds: BTreeMap<String, BTreeMap<String, Count>>,
    scripts: Vec<Outcome>,
    wrong: BTreeMap<String, Vec<(String, bool, u8)>>,
}

impl Tables {
    /// Counts a row.
    pub fn row(&mut self, row: &Judged) {
        self.registers.entry(row.register.to_owned()).or_default().add(row);
        if let Some(kind) = row.kind {
            let kinds = self.kinds.entry(row.register.to_owned()).or_default();
            let kind = if kinds.len() < MOST_KINDS || kinds.contains_key(kind) { kind } else { "other" };
            kinds.entry(kind.to_owned()).or_default().add(row);
        }
        if row.label != row.abusive {
            let wrong = self.wrong.entry(row.register.to_owned()).or_default();
            if wrong.len() < MOST_NAMED {
                let id = row.id.as_str().map_or_else(|| row.id.to_string(), str::to_owned);
                wrong.push((id, row.label, row.level));
            }
        }
    }

    /// Counts a script.
    pub fn script(&mut self, outcome: Outcome) {
        self.scripts.push(outcome);
    }

    /// Whether a script went otherwise than it expects.
    #[must_use]
    pub fn scripts_went_wrong(&self) -> bool {
        self.scripts.iter().any(|outcome| !outcome.well)
    }

    fn script_kinds(&self) -> BTreeMap<&str, (usize, usize)> {
        let mut kinds: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for outcome in &self.scripts {
            let (all, well) = kinds.entry(&outcome.kind).or_default();
            *all += 1;
            *well += usize::from(outcome.well);
        }
        kinds
    }

    /// JSON lines: one a register, a kind, a script, and (if asked for) a wrong row.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn as_json(&self, wrong: bool, out: &mut impl Write) -> io::Result<()> {
        let with = |mut first: Value, rest: Value| {
            if let (Some(first), Value::Object(rest)) = (first.as_object_mut(), rest) {
                first.extend(rest);
            }
            first
        };
        for (register, count) in &self.registers {
            writeln!(out, "{}", with(json!({ "register": register }), count.json()))?;
            for (kind, count) in self.kinds.get(register).into_iter().flatten() {
                writeln!(out, "{}", with(json!({ "register": register, "kind": kind }), count.json()))?;
            }
        }
        for outcome in &self.scripts {
            let line = json!({
                "script": outcome.id, "kind": outcome.kind, "expect": outcome.expect, "by": outcome.by,
                "lines": outcome.lines, "reached": outcome.reached, "category": outcome.category, "at": outcome.at,
                "as_expected": outcome.well, "verdict": outcome.verdict,
            });
            writeln!(out, "{line}")?;
            for seen in outcome.noticed.iter().filter(|_| wrong && !outcome.well) {
                let line = json!({
                    "noticed": seen.code, "script": outcome.id, "line": seen.line, "by": seen.by,
                    "towards": seen.towards,
                });
                writeln!(out, "{line}")?;
            }
        }
        for (kind, (all, well)) in self.script_kinds() {
            writeln!(out, "{}", json!({ "scripts": kind, "all": all, "as_expected": well }))?;
        }
        for (register, rows) in self.wrong.iter().filter(|_| wrong) {
            for (id, label, level) in rows {
                let line =
                    json!({ "wrong": id, "register": register, "label": u8::from(*label), "level": level });
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    /// Tables for a person.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn in_words(&self, wrong: bool, out: &mut impl Write) -> io::Result<()> {
        if !self.registers.is_empty() {
            heading(out, "register")?;
            for (register, count) in &self.registers {
                line(out, register, *count)?;
            }
        }
        for (register, kinds) in &self.kinds {
            writeln!(out)?;
            heading(out, &format!("{register}: kind"))?;
            for (kind, count) in kinds {
                line(out, kind, *count)?;
            }
        }
        if !self.scripts.is_empty() {
            if !self.registers.is_empty() {
                writeln!(out)?;
            }
            writeln!(
                out,
                "{:<24} {:<12} {:>7} {:>5} {:>8} {:>5}  {:<12} went",
                "script", "kind", "expects", "by", "reached", "at", "category"
            )?;
            for one in &self.scripts {
                let number = |n: Option<usize>| n.map_or_else(|| "–".to_owned(), |n| n.to_string());
                writeln!(
                    out,
                    "{:<24} {:<12} {:>7} {:>5} {:>8} {:>5}  {:<12} {}",
                    one.id,
                    one.kind,
                    one.expect,
                    number(one.by),
                    one.reached,
                    number(one.at),
                    one.category.map_or("–", crate::domain::Category::name),
                    if one.well { "as expected" } else { one.verdict }
                )?;
            }
            writeln!(out)?;
            for (kind, (all, well)) in self.script_kinds() {
                writeln!(out, "{kind:<12} {well} of {all} as expected")?;
            }
        }
        for one in self.scripts.iter().filter(|one| wrong && !one.well) {
            writeln!(out, "\n{}: what was noticed (line, code, by, towards)", one.id)?;
            for seen in &one.noticed {
                let towards = seen.towards.as_deref().unwrap_or("–");
                writeln!(out, "{:>4} {} {} {towards}", seen.line, seen.code.name(), seen.by)?;
            }
        }
        for (register, rows) in self.wrong.iter().filter(|_| wrong) {
            writeln!(out, "\n{register}: judged otherwise than labelled (id, label, level)")?;
            for (id, label, level) in rows {
                writeln!(out, "{id} {} {level}", u8::from(*label))?;
            }
        }
        Ok(())
    }
}

fn heading(out: &mut impl Write, first: &str) -> io::Result<()> {
    writeln!(
        out,
        "{first:<40} {:>7} {:>7}  {:>6} {:>6} {:>6} {:>6}  {:>7}  {:>8} {:>8} {:>8}",
        "label 1", "label 0", "prec.", "recall", "F1", "macro", "told ≥2", "abusive", "≥2", "≥4"
    )?;
    writeln!(out, "{:>95} {:>27}", "(of label 1)", "(per 1,000 of label 0)")
}

fn line(out: &mut impl Write, name: &str, count: Count) -> io::Result<()> {
    let share = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"));
    let flags = |n: u64| count.per_thousand(n).map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"));
    writeln!(
        out,
        "{:<40} {:>7} {:>7}  {:>6} {:>6} {:>6} {:>6}  {:>7}  {:>8} {:>8} {:>8}",
        name.chars().take(40).collect::<String>(),
        count.positives(),
        count.benign(),
        share(count.precision()),
        share(count.recall()),
        share(count.f1()),
        share(count.macro_f1()),
        share(ratio(count.told, count.positives())),
        flags(count.false_flag),
        flags(count.benign_told),
        flags(count.benign_paged)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(tables: &mut Tables, label: bool, abusive: bool, level: u8) {
        let id = json!("r");
        tables.row(&Judged { register: "club", kind: Some("one"), id: &id, label, abusive, level });
    }

    #[test]
    fn figures_are_those_of_the_counts() {
        let mut tables = Tables::default();
        for _ in 0..3 {
            judged(&mut tables, true, true, 3);
        }
        judged(&mut tables, true, false, 0);
        judged(&mut tables, false, true, 4);
        for _ in 0..5 {
            judged(&mut tables, false, false, 0);
        }
        let count = tables.registers["club"];
        assert_eq!((rounded(count.precision()), rounded(count.recall())), (Some(0.75), Some(0.75)));
        assert_eq!(rounded(count.macro_f1()), Some(0.7917), "mean of 6/8 and 10/12");
        assert_eq!(rounded(count.per_thousand(count.benign_paged)), Some(166.6667));
        assert_eq!(tables.wrong["club"].len(), 2);
        let mut said = Vec::new();
        tables.as_json(true, &mut said).unwrap();
        let said = String::from_utf8(said).unwrap();
        assert_eq!(said.lines().count(), 4, "{said}");
        assert!(said.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    }

    #[test]
    fn a_register_of_one_class_has_no_macro_f1() {
        let mut tables = Tables::default();
        judged(&mut tables, false, false, 0);
        assert_eq!(tables.registers["club"].macro_f1(), None);
        assert_eq!(tables.registers["club"].recall(), None);
    }
}
