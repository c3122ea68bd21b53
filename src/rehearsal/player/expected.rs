//! What a script expects, in words.

use crate::rehearsal::script::{Latest, That};

/// One expectation, as a summary says it.
#[must_use]
pub fn in_words(that: &That) -> String {
    let between = |by: &Option<String>, towards: &Option<String>| {
        let by = by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
        by + &towards.as_ref().map(|name| format!(" towards {name}")).unwrap_or_default()
    };
    match that {
        That::Page { slot, level, category, latest } => {
            let level = level.map(|level| format!(" at level {level}")).unwrap_or_default();
            let about = category.map(|category| format!(" about {category}")).unwrap_or_default();
            let latest = match latest {
                None => String::new(),
                Some(Latest::Within(span)) => format!(" within {} s", span.as_secs()),
                Some(Latest::At(at)) => format!(" before {at}"),
            };
            format!("a page to {slot}{about}{level}{latest}")
        }
        That::NoPage { slot: Some(slot) } => format!("no page to {slot}"),
        That::NoPage { slot: None } => "no page to anybody".to_owned(),
        That::Concern { category, by, towards, level, codes } => {
            let level = level.map(|level| format!(" at level {level}")).unwrap_or_default();
            let codes: Vec<&str> = codes.iter().map(|code| code.name()).collect();
            let codes = if codes.is_empty() { String::new() } else { format!(" with {}", codes.join(", ")) };
            format!("a {category} concern{}{level}{codes}", between(by, towards))
        }
        That::NoConcern { category, by, towards } => {
            let category = category.map(|category| format!("{category} ")).unwrap_or_default();
            format!("no {category}concern{}", between(by, towards))
        }
        That::Digest { category, reader } => {
            let reader = reader.as_ref().map(|name| format!(" for {name}")).unwrap_or_default();
            format!("a {category} line in the digest{reader}")
        }
        That::DigestSent { person } => format!("the digest to {person}"),
        That::Message { hidden: true, .. } => "the message out of sight".to_owned(),
        That::Message { hidden: false, .. } => "the message still there".to_owned(),
        That::Space { space, person, locked: true } => format!("{space} closed for {person}"),
        That::Space { space, person, locked: false } => format!("{space} open for {person}"),
        That::Disconnected { person } => format!("{person} not in voice"),
        That::Dms { paused: true } => "direct messages between members paused".to_owned(),
        That::Dms { paused: false } => "direct messages between members open".to_owned(),
        That::Told { person, code: Some(code) } => format!("a private message to {person} [{code}]"),
        That::Told { person, code: None } => format!("a private message to {person}"),
        That::NotTold { person } => format!("no private message to {person}"),
        That::Mail { person } => format!("an e-mail to {person}"),
        That::Nothing => "nothing at all".to_owned(),
        That::LogVerifies => "an evidence log that verifies".to_owned(),
        That::Noticed { code, by, towards, so } => {
            let not = if *so { "" } else { "not " };
            format!("{code} {not}noticed{}", between(by, towards))
        }
        That::Answered { person, text } => format!("an answer to {person} with “{text}”"),
        That::AcknowledgedBy { person } => format!("a case acknowledged by {person}"),
    }
}
