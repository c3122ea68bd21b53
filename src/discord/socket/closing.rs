//! What a close code means, in words that say what to do.

use crate::discord::permissions;

/// The platform does not take the connection back after these (Discord's documentation, "Gateway Close Event Codes").
pub(super) fn is_fatal(code: u16) -> bool {
    matches!(code, 4004 | 4010..=4014)
}

/// What happened, and what to do where somebody must do something.
#[must_use]
pub fn what_to_do(code: u16) -> String {
    match code {
        4004 => {
            "Discord does not accept the token (4004). Make a new one in the developer portal, under Bot, \
                 Reset Token, and put it where the configuration reads it from."
                .to_owned()
        }
        4010 | 4011 => format!(
            "Discord does not accept the number of shards ({code}). Set discord.shards in the configuration to what \
             `chaperone check` recommends."
        ),
        4012 => {
            "the server does not speak version 10 of the gateway (4012). Check discord.api_url.".to_owned()
        }
        4013 => {
            "the server does not know one of the intents (4013). Check discord.api_url; with Discord's own, \
                 update Chaperone."
                .to_owned()
        }
        4014 => {
            let switches: Vec<_> = permissions::switches().collect();
            format!(
                "Discord does not allow the bot to read what it must (4014). In the developer portal, under Bot, \
                 Privileged Gateway Intents, switch on: {}. Then start Chaperone again.",
                switches.join(", ")
            )
        }
        1006 => "the connection was lost; it is being made again.".to_owned(),
        code => format!("the connection was closed ({code}); it is being made again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_must_act_is_told_where() {
        assert!(what_to_do(4004).contains("Reset Token"));
        let intents = what_to_do(4014);
        assert!(intents.contains("Message Content Intent") && intents.contains("Server Members Intent"));
        assert!([4004, 4010, 4013, 4014].into_iter().all(is_fatal));
        assert!(![1000, 1006, 4000, 4007, 4009].into_iter().any(is_fatal));
    }
}
