//! The format of the wordlists, `wordlists/<language>/<category>.toml`, as an editor sees it.
//!
//! A list is written for a person to edit:
//!
//! ```toml
//! about = "An adult asks a young person to keep something secret."
//! code  = "secrecy-request"                    # what a match is called (the catalogue of codes)
//! needs = ["adult-speaker", "young-listener"]  # holds for every entry of the file
//! unless = ["surprise party"]                  # a match beside one of these does not count
//! no = ["the password is secret"]              # must not match any entry of this file
//!
//! [[entry]]
//! id = "keep-between-us"                       # unique over all files
//! pattern = "keep * between us"                # or `patterns = [..]`; the language: see `pattern`
//! kind = "phrase"                              # word | stem | phrase (default) | regex | frame
//! note = "why it is here"
//! since = "0.1"
//! yes = ["keep this between us ok"]            # must match this entry
//! no = ["keep the ball between us"]            # must not match it
//!
//! [sets]                                       # named alternatives for {name} in patterns, for all files
//! parent = ["mum", "dad", "step dad"]
//!
//! [[stance]]                                   # a way of speaking that quietens attacks
//! id = "saying-so-is-wrong"
//! quiet = "counter-speech"                     # negation | quotation | reporting | … | counter-speech | reclaimed
//! reach = "after"                              # message | sentence (default) | before | after
//! categories = ["hate"]                        # what it quietens (hate and bullying unless said)
//! patterns = ["is *1 (wrong|racist)"]          # frames
//! yes = ["… is just racist"]
//! ```
//!
//! Needs (`needs = [..]`) of the text: `question`, `second-person` (speaks to somebody), `first-person` (of the
//! writer), `short` (twelve words at most), `link` (a link stands in the message), `contact` (a number, an address or
//! an account does); of people: `adult-speaker`, `young-speaker`, `young-listener`, `adult-listener`, `directed` (said
//! to somebody else). A charity's own lists stand in a folder of their own and can also change built-in entries:
//! see [`super::changes`].
//!
//! Every mistake of every file is reported at once, each with file and line. A `regex` entry is the only kind that
//! sees punctuation: it runs over the folded text.

use std::collections::BTreeSet;
use std::fmt;

use crate::domain::{Category, Code};

use super::pattern::Pattern;

/// What must hold before a match counts. The first six are about the text and decided while reading; the rest are
/// about people and decided by whoever knows who speaks to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The sentence is a question.
    Question,
    /// The sentence speaks to somebody (`you`, `your`).
    SecondPerson,
    /// The sentence speaks of the speaker (`i`, `me`, `my`, `we`).
    FirstPerson,
    /// The message is short: twelve words at most.
    Short,
    /// A link stands in the message, other than to the places that everybody knows.
    Link,
    /// A number, an e-mail address, an account, a profile or an invitation stands in the message.
    Contact,
    /// The speaker counts as an adult for risk.
    AdultSpeaker,
    /// The speaker is a young person or an adult at risk.
    YoungSpeaker,
    /// The listener is a young person or an adult at risk.
    YoungListener,
    /// The listener counts as an adult for risk.
    AdultListener,
    /// It is said towards somebody else, not about oneself or into the air.
    Directed,
}

impl Need {
    /// Every one, with its name in the lists.
    pub const NAMES: [(&'static str, Need); 11] = [
        ("question", Need::Question),
        ("second-person", Need::SecondPerson),
        ("first-person", Need::FirstPerson),
        ("short", Need::Short),
        ("link", Need::Link),
        ("contact", Need::Contact),
        ("adult-speaker", Need::AdultSpeaker),
        ("young-speaker", Need::YoungSpeaker),
        ("young-listener", Need::YoungListener),
        ("adult-listener", Need::AdultListener),
        ("directed", Need::Directed),
    ];

    /// Whether the text alone decides it.
    #[must_use]
    pub fn is_of_the_text(self) -> bool {
        matches!(
            self,
            Need::Question
                | Need::SecondPerson
                | Need::FirstPerson
                | Need::Short
                | Need::Link
                | Need::Contact
        )
    }
}

/// A way of speaking that quietens a match, unless the entry says that it counts all the same (`despite`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quiet {
    /// "I would never …", "don't …".
    Negation,
    /// It stands in quotation marks.
    Quotation,
    /// "He said …", "someone told me …".
    Reporting,
    /// A workshop, a quiz, a lesson about it.
    Teaching,
    /// Lyrics, a script, a scene.
    Play,
    /// "What if somebody …".
    Hypothesis,
    /// It is said in order to object to it: "people who say that …", "… is racist".
    CounterSpeech,
    /// Somebody speaks of a group that they belong to.
    Reclaimed,
}

impl Quiet {
    /// Every one, with its name in the lists.
    pub const NAMES: [(&'static str, Quiet); 8] = [
        ("negation", Quiet::Negation),
        ("quotation", Quiet::Quotation),
        ("reporting", Quiet::Reporting),
        ("teaching", Quiet::Teaching),
        ("play", Quiet::Play),
        ("hypothesis", Quiet::Hypothesis),
        ("counter-speech", Quiet::CounterSpeech),
        ("reclaimed", Quiet::Reclaimed),
    ];
}

/// How an entry is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One word.
    Word,
    /// The beginning of a word.
    Stem,
    /// Words in the pattern language.
    Phrase,
    /// A regular expression over the folded text.
    Regex,
    /// Meanings in the pattern language: see [`super::frames`].
    Frame,
}

/// Where a way of speaking must stand to be about a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anywhere in the message.
    Message,
    /// In the same sentence.
    Sentence,
    /// Before it in the same sentence.
    Before,
    /// After it, in the same sentence or the next.
    After,
}

impl Reach {
    /// Every one, with its name in the lists.
    pub const NAMES: [(&'static str, Reach); 4] = [
        ("message", Reach::Message),
        ("sentence", Reach::Sentence),
        ("before", Reach::Before),
        ("after", Reach::After),
    ];
}

/// A way of speaking that a list describes in frames (`[[stance]]`): it quietens what frames find, whichever list they
/// stand in, and is no finding itself.
#[derive(Clone, Debug)]
pub struct Stance {
    /// Its name, unique over all files.
    pub id: String,
    /// What it is.
    pub quiet: Quiet,
    /// Where it must stand.
    pub reach: Reach,
    /// Categories that it quietens.
    pub categories: BTreeSet<Category>,
    /// Texts in which it must be found.
    pub yes: Vec<String>,
    /// Texts in which it must not be found.
    pub no: Vec<String>,
    /// Which file.
    pub file: String,
    /// Which line.
    pub line: usize,
    pub(super) frames: Vec<Pattern>,
}

/// One entry of a list, as it was written (parsed and checked).
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name, unique over all files.
    pub id: String,
    /// What a match is called.
    pub code: Code,
    /// How it is written.
    pub kind: Kind,
    /// The patterns as written.
    pub patterns: Vec<String>,
    /// What must hold.
    pub needs: BTreeSet<Need>,
    /// Ways of speaking in which it counts all the same.
    pub despite: BTreeSet<Quiet>,
    /// Phrases beside which it does not count.
    pub unless: Vec<Pattern>,
    /// Why it is here.
    pub note: String,
    /// The version that brought it.
    pub since: String,
    /// Texts that it must match.
    pub yes: Vec<String>,
    /// Texts that it must not match.
    pub no: Vec<String>,
    /// Which file.
    pub file: String,
    /// Which line.
    pub line: usize,
    /// Compiled patterns: phrases.
    pub(super) phrases: Vec<Pattern>,
    /// Compiled patterns: regular expressions.
    pub(super) regexes: Vec<regex::Regex>,
    /// Parsed patterns: frames.
    pub(super) frames: Vec<Pattern>,
}

/// What is wrong with a list, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// Which file.
    pub file: String,
    /// Which line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// Texts that no entry of one file may match.
#[derive(Clone, Debug)]
pub struct Innocent {
    /// Which file.
    pub file: String,
    /// Its line.
    pub line: usize,
    /// The codes of that file.
    pub codes: BTreeSet<Code>,
    /// The text.
    pub text: String,
}
