//! One thing that is wrong: how bad, what, and what to do about it.

use std::fmt;

use serde_json::{Value, json};

use crate::domain::GuildId;

/// How bad it is; the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Severity {
    /// A part of the protection does not work.
    Broken,
    /// Right now somebody is in contact as no rule allows.
    Breach,
    /// It works, and somebody could get around it, or would be called in vain.
    Weak,
}

impl Severity {
    fn code(self) -> &'static str {
        match self {
            Severity::Broken => "broken",
            Severity::Breach => "breach",
            Severity::Weak => "weak",
        }
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub severity: Severity,
    /// A stable code, kebab-case.
    pub code: &'static str,
    /// On which server.
    pub server: Option<GuildId>,
    /// What is wrong, in one line.
    pub what: String,
    /// What to do about it, in one line.
    pub to_do: String,
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        code: &'static str,
        server: Option<GuildId>,
        what: impl Into<String>,
        to_do: impl Into<String>,
    ) -> Self {
        Finding { severity, code, server, what: one_line(&what.into()), to_do: one_line(&to_do.into()) }
    }

    /// As a JSON object.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "severity": self.severity.code(),
            "code": self.code,
            "server": self.server,
            "what": self.what,
            "do": self.to_do,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}\n    → {}", self.code, self.what, self.to_do)
    }
}

/// Names are written by people: whatever they hold, a finding stays on its line.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// A list as a person says it: `a, b and c`; of more than eight the first seven and how many more.
pub(super) fn listed(names: impl IntoIterator<Item = String>) -> String {
    let mut names: Vec<String> = names.into_iter().collect();
    if names.len() > 8 {
        let more = names.len() - 7;
        names.truncate(7);
        names.push(format!("{more} more"));
    }
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last,
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_said_as_people_say_them() {
        let names = |count: usize| listed((0..count).map(|n| n.to_string()));
        assert_eq!(names(0), "");
        assert_eq!(names(1), "0");
        assert_eq!(names(3), "0, 1 and 2");
        assert_eq!(names(20), "0, 1, 2, 3, 4, 5, 6 and 13 more");
    }

    #[test]
    fn a_name_with_a_line_break_stays_on_its_line() {
        let finding = Finding::new(Severity::Weak, "x", None, "the role \"a\nb\"", "do");
        assert_eq!(finding.to_string().lines().count(), 2);
    }
}
