//! Bullying: what a group does to one person, read from who does what to whom rather than from single words.
//!
//! * [`tone`]: what one line is like before it is known whom it meets (laughter, joining in, aping).
//! * [`aim`]: whom it meets. A name that is only talked about counts here, and so does the person whom the last
//!   minutes were about.
//! * [`nickname`]: mocking names, learnt from use.
//! * [`scene`]: the conversation of one space as it goes on. A *blow* with a hard word is an observation at once; a
//!   lighter one waits until something shows that it is no joke between friends: the person is hurt or asks for it
//!   to stop, somebody takes their side, several are at it, or it has happened before.
//! * [`window`]: what the observations about one person of the last weeks add up to, by three tests that are shown
//!   separately: repetition, imbalance, intent.
//!
//! Who is who (aggressor, target, assistant, defender) is a hint for the person who judges: it is read from a
//! window when somebody looks, and never kept of anybody.

pub mod aim;
pub mod nickname;
pub mod scene;
pub mod tone;
pub mod window;

use crate::domain::{Category, Code};

/// Codes of the lists that are read together with the conversation around them, never by themselves.
#[must_use]
pub fn is_of_the_group(code: Code) -> bool {
    code == Code::ImageThreat || (code.category() == Category::Bullying && code != Code::SuicideEncouragement)
}

/// A directed act against a person.
#[must_use]
pub fn is_blow(code: Code) -> bool {
    is_hard(code)
        || matches!(
            code,
            Code::Mockery | Code::MockingName | Code::JoinsIn | Code::KeepsOn | Code::MockingReaction
        )
}

/// A blow that says by itself that it means to hurt.
#[must_use]
pub fn is_hard(code: Code) -> bool {
    is_grave(code) || matches!(code, Code::Ridicule | Code::Insult | Code::Mimicry)
}

/// A blow that was thought of before: shutting somebody out, spreading what humiliates them, forcing them.
#[must_use]
pub fn is_grave(code: Code) -> bool {
    matches!(
        code,
        Code::Exclusion
            | Code::HumiliatingRecord
            | Code::Outing
            | Code::Impersonation
            | Code::Intimidation
            | Code::ImageThreat
    )
}

/// What the person whom it meets shows of it.
#[must_use]
pub fn is_distress(code: Code) -> bool {
    matches!(code, Code::Hurt | Code::StopAsked | Code::Withdraws | Code::FellSilent)
}

#[cfg(test)]
mod tests;
