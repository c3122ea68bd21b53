//! Reading one text: folding, wordlists, matching (pure).
//!
//! ```text
//! content ──fold──► folded text ──reading──► a line of plain words ──matcher──► hits ──stance──► what quietens them
//! ```
//!
//! [`Lists::builtin`] holds the lists that are compiled in; [`Lists::read`] gives the [`Hit`]s of one text, each
//! with a code, a quote in Unicode scalars of the original, the entry that found it, and why it does not count, if
//! so. Who speaks to whom is not known here: an entry's [`Need`]s about people are for `detect` to judge.

mod changes;
mod clause;
pub mod find;
pub mod fold;
pub mod frames;
mod index;
pub mod lexicon;
pub mod matcher;
pub mod occasion;
mod parser;
pub mod pattern;
mod program;
mod quotation;
pub mod reading;
mod split;
pub mod stance;
mod typed;
pub mod wordlist;
pub mod words;

pub use matcher::{Explanation, Failure, Hit, Lists};
pub use occasion::{Occasion, Occasions};
pub use reading::Reading;
pub use wordlist::{Entry, Mistake, Need, Quiet};

#[cfg(test)]
mod tests;
