//! How something is said: negated, quoted, reported, taught, acted or supposed. Each of these quietens a match,
//! unless the entry counts all the same (`despite`), because a warning about secrets is not a secret.

use std::collections::BTreeSet;

use crate::domain::Quote;

use super::occasion::{Occasion, Occasions};
use super::reading::Reading;
use super::wordlist::{Quiet, Reach};

/// What the whole message is framed as: a lesson, a play. Worked out once a message. In an arts club everybody speaks of
/// songs and scenes and workshops: words that say no more than that frame their own sentence alone ([`quiet`]).
#[must_use]
pub fn frame(reading: &Reading) -> BTreeSet<Quiet> {
    let mut found = BTreeSet::new();
    if teaches(reading) {
        found.insert(Quiet::Teaching);
    }
    if reading.occasions.has(Occasion::Play) {
        found.insert(Quiet::Play);
    }
    found
}

/// How a match that covers the words `first..last` and this quote is said, beside the [`frame`] of its message.
#[must_use]
pub fn quiet(reading: &Reading, first: usize, last: usize, quote: Quote) -> BTreeSet<Quiet> {
    let mut found = BTreeSet::new();
    let (start, end) = reading.sentence(first);
    let before: Vec<&str> = (start..first).map(|at| reading.word_at(at)).collect();
    if negated(reading, start, first) {
        found.insert(Quiet::Negation);
    }
    if reading.quoted.iter().any(|part| stands_in(reading, (first, last), quote, *part)) {
        found.insert(Quiet::Quotation);
    }
    if tells_a_scene(&before) && !(first..last).any(|at| is_first_person(reading.word_at(at))) {
        found.insert(Quiet::Play);
    }
    if reported(&before, reading.word_at(first)) {
        found.insert(Quiet::Reporting);
    }
    if reading.occasions.has(Occasion::TeachingHere)
        && occasions_of(reading, start, first).has(Occasion::TeachingHere)
    {
        found.insert(Quiet::Teaching);
    }
    if reading.occasions.has(Occasion::PlayHere) && occasions_of(reading, start, end).has(Occasion::PlayHere)
    {
        found.insert(Quiet::Play);
    }
    if supposed(&before) || (first..end.min(first + 3)).any(|at| supposed_at(reading, at)) {
        found.insert(Quiet::Hypothesis);
    }
    found
}

/// Whether a match stands in a quoted part: whole, or with all but the one who says it (they wrote "...").
fn stands_in(reading: &Reading, (first, last): (usize, usize), quote: Quote, part: Quote) -> bool {
    if quote.end > part.end + 1 {
        return false;
    }
    let inside =
        || reading.words[first..last.max(first)].iter().filter(|word| !word.stop && word.from >= part.start);
    part.start <= quote.start || (inside().count() >= 2 && part.start < quote.end)
}

/// "The bit where she …", "the part when he …": what follows is told of a story.
fn tells_a_scene(before: &[&str]) -> bool {
    before.windows(2).any(|pair| {
        matches!(pair[0], "bit" | "part" | "scene" | "chapter" | "episode" | "level")
            && matches!(pair[1], "where" | "when")
    })
}

fn is_first_person(word: &str) -> bool {
    matches!(word, "i" | "me" | "my" | "us" | "we" | "our" | "myself")
}

/// Whether a way of speaking that stands at the words `said` is about the match at the words `of`.
#[must_use]
pub fn reaches(reading: &Reading, reach: Reach, said: (usize, usize), of: (usize, usize)) -> bool {
    let sentence = |word: usize| reading.sentence(word).0;
    match reach {
        Reach::Message => true,
        Reach::Sentence => said.1 > sentence(of.0) && said.0 <= reading.sentence(of.1.saturating_sub(1)).1,
        Reach::Before => said.0 < of.0 && said.1 > sentence(of.0),
        Reach::After => {
            let (_, end) = reading.sentence(of.1.saturating_sub(1).max(of.0));
            let next = if end + 1 < reading.words.len() { reading.sentence(end + 1).1 } else { end };
            said.0 >= of.1 && said.0 <= next
        }
    }
}

/// How many words before a match a "not" still reaches it.
const REACH: usize = 4;

fn negated(reading: &Reading, start: usize, first: usize) -> bool {
    let from = first.saturating_sub(REACH).max(start);
    for at in (from..first).rev() {
        let word = reading.word_at(at);
        // A comma or a new clause ends what a "not" can reach.
        if reading.words[at].pause
            || matches!(word, "so" | "but" | "and" | "because" | "then" | "if" | "just")
        {
            return false;
        }
        if matches!(word, "not" | "never" | "nobody" | "without" | "nor") {
            let next = reading.word_at(at + 1);
            let idiom = matches!(
                next,
                "worry" | "forget" | "mind" | "care" | "be" | "wait" | "stop" | "help" | "only"
            );
            // "Isn't it …", "aren't they …" asks for a yes.
            let asks_for_yes = at > start
                && matches!(reading.word_at(at - 1), "is" | "are" | "was" | "were" | "do" | "does")
                && matches!(next, "it" | "they" | "these" | "those");
            let why_not = at >= start + 2 && reading.word_at(at - 2) == "why"; // "why don't you …" asks for it
            return !idiom && !why_not && !asks_for_yes;
        }
    }
    false
}

const OTHERS: [&str; 25] = [
    "he", "she", "they", "someone", "somebody", "people", "who", "man", "guy", "woman", "boy", "girl",
    "person", "stranger", "anyone", "it", "him", "her", "them", "creep", "scammer", "lad", "bloke", "one",
    "account",
];
const SAYING: [&str; 19] = [
    "said", "says", "say", "told", "tells", "tell", "asked", "asks", "asking", "messaged", "texted",
    "saying", "telling", "wrote", "goes", "called", "calling", "keeps", "posted",
];

fn reported(before: &[&str], first: &str) -> bool {
    let own = |word: &str| matches!(word, "i" | "we" | "man");
    // "If it was you who told them I will …": the saying belongs to the condition, the threat is the speaker's own.
    let condition = before.iter().position(|word| matches!(*word, "if" | "whoever" | "unless"));
    let of_condition = |at: usize| {
        condition.is_some_and(|condition| condition < at)
            && (own(first) || before[at..].iter().any(|word| own(word)))
    };
    before.iter().enumerate().any(|(at, word)| {
        SAYING.contains(word)
            && !of_condition(at)
            && before[at.saturating_sub(3)..at].iter().any(|subject| OTHERS.contains(subject))
            && !before[at.saturating_sub(1)..at]
                .iter()
                .any(|subject| matches!(*subject, "i" | "you" | "not" | "to"))
    })
}

fn supposed(before: &[&str]) -> bool {
    before.windows(2).any(|pair| is_supposing(pair[0], pair[1]))
}

fn supposed_at(reading: &Reading, at: usize) -> bool {
    at > 0 && is_supposing(reading.word_at(at - 1), reading.word_at(at))
}

fn is_supposing(first: &str, second: &str) -> bool {
    matches!(
        (first, second),
        ("what", "if")
            | ("if", "someone" | "somebody" | "people" | "they" | "he" | "she" | "a" | "your" | "an")
            | ("imagine" | "suppose", "if" | "someone" | "somebody")
            | ("say", "someone" | "somebody")
            | ("when" | "whenever", "someone" | "somebody" | "people")
            | ("should", "someone" | "somebody" | "anyone")
    )
}

/// Whether the message is framed as a lesson about the thing.
#[must_use]
pub fn teaches(reading: &Reading) -> bool {
    reading.occasions.has(Occasion::Teaching) || numbered_question(reading)
}

/// What the words from `first` up to `last` say by themselves, with the spaces around them.
fn occasions_of(reading: &Reading, first: usize, last: usize) -> Occasions {
    let at = |index: usize| reading.words.get(index).map_or(reading.line.len(), |word| word.start);
    Occasions::of(reading.line.get(at(first).saturating_sub(1)..at(last)).unwrap_or_default())
}

/// "Q3. …", "question 4: …"
fn numbered_question(reading: &Reading) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let first = reading.word_at(1);
    first.strip_prefix('q').is_some_and(digits)
        || (matches!(first, "question" | "scenario" | "q") && digits(reading.word_at(2)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::reading::Vocabulary;

    fn stance(text: &str, needle: &str) -> Vec<Quiet> {
        let reading = Reading::of(text, &Vocabulary::new());
        let at = reading.line.find(needle).unwrap();
        let (first, last) = reading.indices(at, at + needle.len());
        let mut found = quiet(&reading, first, last, reading.quote(at, at + needle.len()));
        found.extend(frame(&reading));
        found.into_iter().collect()
    }

    #[test]
    fn ways_of_saying_are_told_apart() {
        for (text, needle, expected) in [
            ("keep it between us", "keep", &[][..]),
            ("never keep secrets from your family", "keep", &[Quiet::Negation]),
            ("don't worry, i'll pick you up", "pick", &[]),
            ("dont worry ill pick u up", "pick", &[]),
            ("why dont you come over", "come", &[]),
            ("he said keep it quiet", "keep", &[Quiet::Reporting]),
            ("i said keep it quiet", "keep", &[]),
            ("someone told me to delete it", "delete", &[Quiet::Reporting]),
            ("what if they ask you to meet", "meet", &[Quiet::Hypothesis]),
            ("Q3. \"keep it quiet\" ok?", "keep", &[Quiet::Quotation, Quiet::Teaching]),
            ("that line in the song, kill me", "kill", &[Quiet::Play]),
            ("if its u who told miss ill break ur legs", "i will", &[]),
            ("if anyone asks you to keep it quiet tell us", "keep", &[Quiet::Reporting]),
            ("he told me if i talk he will break my legs", "break", &[Quiet::Reporting]),
            ("they wrote \"kill them all\" on the wall", "wrote kill them all", &[Quiet::Quotation]),
            ("can we do the bit where she hits him", "hits him", &[Quiet::Play]),
            ("the part where he hits me is every night", "hits me", &[]),
        ] {
            assert_eq!(stance(text, needle), expected, "{text:?}");
        }
    }
}
