//! What a verification found, in words that a person outside can follow.

use std::fmt;

use serde::Serialize;

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A proof or a hash does not hold: the bundle is not what was exported.
    Broken,
    /// Something is there that nothing explains, or a check could not be made.
    Doubt,
}

/// One thing that was found wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// A stable kebab-case code.
    pub code: &'static str,
    /// The file, relative to the bundle, where one is meant. Odd characters are escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// What was found. Never the content of a file.
    pub words: String,
}

impl Finding {
    /// A proof or a hash that does not hold.
    pub(super) fn broken(code: &'static str, file: Option<&str>, words: impl Into<String>) -> Self {
        Finding { severity: Severity::Broken, code, file: file.map(printable), words: words.into() }
    }

    /// Something unexplained.
    pub(super) fn doubt(code: &'static str, file: Option<&str>, words: impl Into<String>) -> Self {
        Finding { severity: Severity::Doubt, ..Finding::broken(code, file, words) }
    }
}

/// A name from a hostile disk, fit for a terminal: control characters and the like are escaped, and it ends.
fn printable(name: &str) -> String {
    name.chars().take(120).flat_map(char::escape_debug).collect()
}

/// What a bundle is, what was found wrong with it, and what it proves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The case's reference, where it could be read.
    pub reference: Option<String>,
    /// The log's public key that the bundle carries.
    pub key: Option<String>,
    /// How many exhibits the bundle names.
    pub exhibits: usize,
    /// What was found wrong, worst first.
    pub findings: Vec<Finding>,
    /// What holds, in words.
    pub proven: Vec<String>,
    /// What cannot be concluded from the bundle, in words.
    pub not_proven: Vec<String>,
}

impl Report {
    /// True when nothing was found wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    /// The report as JSON lines: one object a finding, then one with the verdict.
    #[must_use]
    pub fn to_json_lines(&self) -> String {
        #[derive(Serialize)]
        struct Last<'a> {
            verdict: &'static str,
            reference: &'a Option<String>,
            key: &'a Option<String>,
            exhibits: usize,
            findings: usize,
            proven: &'a [String],
            not_proven: &'a [String],
        }
        let last = Last {
            verdict: if self.is_sound() { "sound" } else { "broken" },
            reference: &self.reference,
            key: &self.key,
            exhibits: self.exhibits,
            findings: self.findings.len(),
            proven: &self.proven,
            not_proven: &self.not_proven,
        };
        let lines = self.findings.iter().map(serde_json::to_string).chain([serde_json::to_string(&last)]);
        // Plain structures of text and numbers always serialise.
        lines.filter_map(Result::ok).fold(String::new(), |text, line| text + &line + "\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_sound() {
            writeln!(f, "Nothing wrong was found.")?;
        } else {
            writeln!(
                f,
                "This bundle is NOT as it was exported, or cannot be fully checked ({}):",
                self.findings.len()
            )?;
        }
        for finding in &self.findings {
            let severity = match finding.severity {
                Severity::Broken => "BROKEN",
                Severity::Doubt => "doubt",
            };
            let file = finding.file.as_deref().map(|file| format!("{file}: ")).unwrap_or_default();
            writeln!(f, "  {severity:6} {file}{} [{}]", finding.words, finding.code)?;
        }
        for (title, lines) in [("Proven:", &self.proven), ("Not proven:", &self.not_proven)] {
            if !lines.is_empty() {
                writeln!(f, "\n{title}")?;
            }
            for line in lines {
                writeln!(f, "  - {line}")?;
            }
        }
        Ok(())
    }
}
