//! How an evening ended.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::bot::LogSummary;
use super::expect;
use super::memory::Unmet;
use crate::domain::event::Ended;
use crate::domain::{Effect, Fact, Timestamp};

/// How an evening ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The script's name, for the lines of unmet expectations.
    pub file: String,
    /// Pages that reached somebody.
    pub pages: usize,
    /// Cases that called somebody, and how many of them a named person acknowledged.
    pub called: usize,
    /// Of those, acknowledged.
    pub acknowledged: usize,
    /// E-mails among the pages.
    pub mails: usize,
    /// Concerns by level, as they stand.
    pub concerns: BTreeMap<u8, usize>,
    /// Messages kept as evidence.
    pub kept: usize,
    /// Whether the evidence log verified.
    pub log: Result<LogSummary, String>,
    /// Expectations that were met.
    pub met: u32,
    /// Expectations that were not.
    pub unmet: Vec<Unmet>,
}

impl Report {
    /// Sums up.
    #[must_use]
    pub fn new(
        file: &str,
        facts: &[(Timestamp, Fact)],
        mails: usize,
        log: Result<LogSummary, String>,
        (met, unmet): (u32, Vec<Unmet>),
    ) -> Self {
        let mut report = Report {
            file: file.to_owned(),
            pages: 0,
            called: 0,
            acknowledged: 0,
            mails,
            concerns: BTreeMap::new(),
            kept: 0,
            log,
            met,
            unmet,
        };
        let mut called = std::collections::BTreeSet::new();
        let mut acknowledged = std::collections::BTreeSet::new();
        for (_, fact) in facts {
            match fact {
                Fact::Outcome {
                    effect: Effect::Page { drill: false, .. },
                    ended: Ended::Done { .. },
                    ..
                } => report.pages += 1,
                Fact::Called { case, .. } => drop(called.insert(*case)),
                Fact::Acknowledged { case, .. } => drop(acknowledged.insert(*case)),
                Fact::Kept { .. } => report.kept += 1,
                _ => {}
            }
        }
        report.called = called.len();
        report.acknowledged = acknowledged.intersection(&called).count();
        for concern in expect::concerns(facts).values() {
            *report.concerns.entry(u8::from(concern.level)).or_default() += 1;
        }
        report
    }

    /// True when every expectation was met and the log verified.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.unmet.is_empty() && self.log.is_ok()
    }

    /// As a JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "summary": {
                "pages": self.pages,
                "cases_called": self.called,
                "cases_acknowledged": self.acknowledged,
                "mails": self.mails,
                "concerns_by_level": self.concerns,
                "kept": self.kept,
                "log": match &self.log {
                    Ok(log) => json!({"verified": true, "entries": log.entries, "state": log.state}),
                    Err(why) => json!({"verified": false, "why": why}),
                },
                "expectations_met": self.met,
                "unmet": self.unmet.iter().map(|unmet| json!({
                    "file": self.file, "line": unmet.line,
                    "expected": unmet.expected, "instead": unmet.instead,
                })).collect::<Vec<_>>(),
            }
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n── How it ended ──")?;
        let concerns: Vec<String> =
            self.concerns.iter().rev().map(|(level, count)| format!("{count} at level {level}")).collect();
        let concerns = if concerns.is_empty() { "none".to_owned() } else { concerns.join(", ") };
        writeln!(f, "Concerns:      {concerns}")?;
        writeln!(f, "Evidence:      {} messages kept, sealed", self.kept)?;
        writeln!(
            f,
            "Pages:         {} reached a lead, {} by e-mail; {} of {} cases acknowledged",
            self.pages, self.mails, self.acknowledged, self.called
        )?;
        match &self.log {
            Ok(log) => writeln!(f, "Evidence log:  verified, {} entries ({})", log.entries, log.state)?,
            Err(why) => writeln!(f, "Evidence log:  DID NOT VERIFY: {why}")?,
        }
        writeln!(f, "Expectations:  {} met, {} not met", self.met, self.unmet.len())?;
        for Unmet { line, expected, instead } in &self.unmet {
            writeln!(f, "{}:{line}: expected {expected}; instead: {instead}", self.file)?;
        }
        Ok(())
    }
}
