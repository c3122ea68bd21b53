//! What one text says by itself, with nothing known of who wrote it to whom (pure).
//!
//! The text is read as an unknown adult's to a young person, which is the cautious reading; a sentence of distress, and
//! what is given away, as its writer's own. `abusive` is narrower: the words themselves attack, threaten, demean or degrade. Asking for
//! help is not abuse, and neither is asking a young person for something that is nobody's business, however serious
//! both are.

use std::collections::BTreeSet;

use serde::Serialize;

use super::content;
use crate::domain::code::Weight;
use crate::domain::{Category, Code};
use crate::text::{Lists, Need};

/// What one text says, by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// It attacks, threatens, demeans or degrades a person or a group.
    pub abusive: bool,
    /// The highest level that one of its observations reaches alone; 0 when there is none.
    pub level: u8,
    /// The categories of its observations.
    pub categories: BTreeSet<Category>,
    /// Their codes.
    pub codes: BTreeSet<Code>,
    /// Where they stand.
    pub spans: Vec<Span>,
}

/// A part of a text that has a code, in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// The first scalar.
    pub start: u32,
    /// The scalar behind the last.
    pub end: u32,
    /// What it is called.
    pub code: Code,
}

impl Verdict {
    /// Judges one text.
    #[must_use]
    pub fn of(lists: &Lists, text: &str) -> Verdict {
        let spans = spans(lists, text);
        let codes: BTreeSet<Code> = spans.iter().map(|span| span.code).collect();
        Verdict {
            abusive: codes.iter().any(|code| attacks(*code)),
            level: codes.iter().map(|code| code.level_alone() as u8).max().unwrap_or(0),
            categories: codes.iter().map(|code| code.category()).collect(),
            codes,
            spans,
        }
    }
}

/// What the lists find in a text and nothing about how it is said quietens (a denial, a quotation, a lesson), by
/// place.
fn spans(lists: &Lists, text: &str) -> Vec<Span> {
    let reading = lists.reading(text);
    let given_away = content::judge(&reading, std::iter::empty(), content::Speaker::Young)
        .into_iter()
        .filter_map(|(code, quote)| quote.map(|quote| Span { start: quote.start, end: quote.end, code }));
    let found: BTreeSet<Span> = lists
        .hits(&reading)
        .into_iter()
        .filter(|hit| hit.counts() && lists.entry(hit).needs.iter().all(|need| is_given(*need)))
        // What only says something beside other observations says nothing of a text by itself.
        .filter(|hit| hit.code.weight() != Weight::Context)
        .map(|hit| Span { start: hit.quote.start, end: hit.quote.end, code: hit.code })
        .chain(given_away)
        .collect();
    found.into_iter().collect()
}

/// What is taken as given of people of whom nothing is known: an unknown adult writes to a young person. What only a
/// young person's words to an adult would mean (a refusal, an age betrayed) is not looked for.
fn is_given(need: Need) -> bool {
    !matches!(need, Need::YoungSpeaker | Need::AdultListener)
}

/// Whether words with this code attack, threaten, demean or degrade. An intimate image that is asked for, a secret, a
/// disclosure are serious, and not that.
fn attacks(code: Code) -> bool {
    match code.category() {
        Category::Bullying | Category::Hate | Category::Threat => true,
        _ => matches!(code, Code::SexualisedText | Code::SexualHarassment | Code::ExtremistPraise),
    }
}
