//! Why a request did not do what it should.

use std::fmt::Write;
use std::time::Duration;

/// What a caller can do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Try again later: a time-out, a lost connection, a 429, a server error.
    Temporary,
    /// It will never work like this.
    Permanent,
    /// The bot may not do it: a permission or the role order is wrong.
    Forbidden,
    /// What it was about is not there (any more).
    NotFound,
    /// The token is not valid: nothing will work until it is replaced.
    Unauthorised,
}

/// A failed request. It never holds a body, neither ours nor theirs: bodies hold people's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.sentence())]
pub struct RestError {
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// Discord's own error number ("JSON error code"), where the answer had one.
    pub discord_code: Option<u64>,
    /// How long the other side asked to be left alone.
    pub retry_after: Option<Duration>,
    /// What can be done about it.
    pub kind: Kind,
    /// What happened, in a few words of ours.
    pub what: &'static str,
}

impl RestError {
    /// Nothing usable came back, now; it may later.
    pub(super) fn temporary(what: &'static str) -> Self {
        RestError { status: None, discord_code: None, retry_after: None, kind: Kind::Temporary, what }
    }

    /// Never sent: it is not a request that could be right.
    pub(in crate::discord) fn refused(what: &'static str) -> Self {
        RestError::unexpected(what)
    }

    /// An answer came that is not what this request is answered with.
    pub(super) fn unexpected(what: &'static str) -> Self {
        RestError { kind: Kind::Permanent, ..RestError::temporary(what) }
    }

    /// From an answer that was not a success.
    pub(super) fn answered(status: u16, discord_code: Option<u64>, retry_after: Option<Duration>) -> Self {
        let (kind, what) = match status {
            300..=399 => {
                (Kind::Permanent, "the server points elsewhere, and the token goes to no other host")
            }
            401 => (Kind::Unauthorised, "the token is not valid; set a fresh one from the developer portal"),
            403 => (Kind::Forbidden, "the bot may not do this; `chaperone check` lists what it lacks"),
            404 => (Kind::NotFound, "it is not there"),
            408 => (Kind::Temporary, "the server gave up waiting"),
            429 => (Kind::Temporary, "the server asks to slow down"),
            500..=599 => (Kind::Temporary, "the server has a fault"),
            _ => (Kind::Permanent, "the server refuses the request as it stands"),
        };
        RestError { status: Some(status), discord_code, retry_after, kind, what }
    }

    /// True when trying again later can help.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.kind == Kind::Temporary
    }

    fn sentence(&self) -> String {
        let mut text = self.what.to_owned();
        if let Some(status) = self.status {
            let _ = write!(text, " (HTTP {status}");
            if let Some(code) = self.discord_code {
                let _ = write!(text, ", Discord {code}");
            }
            text.push(')');
        }
        text
    }
}
