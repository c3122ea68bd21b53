//! A register's refusal in the reader's way: people and channels as Discord shows them, moments by the clock on the
//! wall, a whole sentence.

use std::fmt::Display;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::domain::Timestamp;
use crate::domain::zone::Zone;

static PLACES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?P<what>account|channel) (?P<id>\d{5,20})|(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)",
    )
    .ok()
});

/// One reason against something.
pub(super) fn told(refused: &str, zone: Zone) -> String {
    let shown = |found: &Captures<'_>| {
        if let Some(at) = found.name("at").and_then(|at| Timestamp::parse_rfc3339(at.as_str()).ok()) {
            return zone.local(at).format("%a %-d %b %H:%M").to_string();
        }
        let mark = if &found["what"] == "account" { '@' } else { '#' };
        format!("<{mark}{}>", &found["id"])
    };
    let text = PLACES.as_ref().map_or(refused.into(), |places| places.replace_all(refused, shown));
    sentence(&text)
}

/// Everything that stands against something.
pub(super) fn all_told(against: &[impl Display], zone: Zone) -> String {
    let lines: Vec<String> = against.iter().map(|refused| told(&refused.to_string(), zone)).collect();
    match &lines[..] {
        [one] => one.clone(),
        several => several.iter().map(|line| format!("• {line}")).collect::<Vec<_>>().join("\n"),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let mut text: String = first.chain(letters).collect();
    if !text.ends_with(['.', '!', '?']) {
        text.push('.');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_people_and_times_in_the_reader_s_way() {
        let zone = Zone::default();
        assert_eq!(
            told("account 123456789012345678 does not count as cover: enrol them first", zone),
            "<@123456789012345678> does not count as cover: enrol them first."
        );
        assert_eq!(
            told("it can be opened from 2026-07-02T17:00:00Z on", zone),
            "It can be opened from Thu 2 Jul 18:00 on."
        );
        assert_eq!(
            all_told(&["one", "channel 123456 is not there"], zone),
            "• One.\n• <#123456> is not there."
        );
    }
}
