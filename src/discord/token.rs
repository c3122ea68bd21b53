//! The bot's token: whoever holds it is the bot.

use std::fmt;

/// Discord's bot token. It never prints, in any form; only this room can read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a token as the developer portal shows it; a leading `Bot ` and white space around it are dropped.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Token(text.strip_prefix("Bot ").unwrap_or(text).trim().to_owned())
    }

    /// The bare token, for the gateway's identify.
    pub(super) fn bare(&self) -> &str {
        &self.0
    }

    /// The value of the `Authorization` header.
    pub(super) fn header(&self) -> String {
        format!("Bot {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_prints() {
        let token = Token::new(" Bot abc.def ");
        assert_eq!(token.header(), "Bot abc.def");
        assert!(!format!("{token:?} {token:#?}").contains("abc"));
    }
}
