//! How Discord says no: an HTTP status, Discord's own code, a sentence. People are refused with the same values
//! as the bot.

use serde_json::{Value, json};

/// A refusal, as Discord's API writes it (Discord's documentation, "Opcodes and Status Codes", JSON).
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The HTTP status that goes with it.
    pub status: u16,
    /// Discord's own number, 0 where there is none.
    pub code: u32,
    /// Discord's sentence.
    pub message: String,
    /// For 50035: which field was wrong and how.
    pub errors: Option<Value>,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (HTTP {}, code {})", self.message, self.status, self.code)
    }
}

impl std::error::Error for Refused {}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal $text:literal;)+) => {
        impl Refused {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name() -> Self {
                Refused { status: $status, code: $code, message: $text.to_owned(), errors: None }
            }
        )+}
    };
}

refusals! {
    /// The token is missing or wrong.
    unauthorized = 401 0 "401: Unauthorized";
    /// There is no such route.
    no_route = 404 0 "404: Not Found";
    /// The route does not take this method.
    no_method = 405 0 "405: Method Not Allowed";
    /// No such channel.
    unknown_channel = 404 10_003 "Unknown Channel";
    /// No such server, or the bot is not in it.
    unknown_guild = 404 10_004 "Unknown Guild";
    /// Not a member of the server.
    unknown_member = 404 10_007 "Unknown Member";
    /// No such message.
    unknown_message = 404 10_008 "Unknown Message";
    /// No such overwrite.
    unknown_overwrite = 404 10_009 "Unknown Overwrite";
    /// No such role.
    unknown_role = 404 10_011 "Unknown Role";
    /// No such account.
    unknown_user = 404 10_013 "Unknown User";
    /// No such emoji.
    unknown_emoji = 400 10_014 "Unknown Emoji";
    /// No such webhook: an interaction's token that is wrong.
    unknown_webhook = 404 10_015 "Unknown Webhook";
    /// The interaction is over: three seconds to answer.
    unknown_interaction = 404 10_062 "Unknown interaction";
    /// The command is not registered.
    unknown_command = 404 10_063 "Unknown application command";
    /// Not in a voice channel.
    unknown_voice_state = 404 10_065 "Unknown Voice State";
    /// The interaction has been answered already.
    already_acknowledged = 400 40_060 "Interaction has already been acknowledged.";
    /// The person is not in voice and so cannot be moved.
    not_in_voice = 400 40_032 "Target user is not connected to voice.";
    /// Not allowed to see the thing at all.
    missing_access = 403 50_001 "Missing Access";
    /// Not possible in a direct message.
    not_in_dm = 403 50_003 "Cannot execute action on a DM channel";
    /// Only the author edits a message.
    not_the_author = 403 50_005 "Cannot edit a message authored by another user";
    /// A message without anything in it.
    empty_message = 400 50_006 "Cannot send an empty message";
    /// The other person does not take direct messages.
    cannot_dm = 403 50_007 "Cannot send messages to this user";
    /// Seen, but not allowed.
    missing_permissions = 403 50_013 "Missing Permissions";
    /// Not something to do with this kind of channel.
    wrong_channel_kind = 400 50_024 "Cannot execute action on this channel type";
    /// The token of an interaction is used up after fifteen minutes.
    invalid_webhook_token = 401 50_027 "Invalid Webhook Token";
    /// Two to a hundred messages.
    bulk_count = 400 50_016 "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages to delete";
    /// Older than a fortnight.
    bulk_too_old = 400 50_034 "A message provided was too old to bulk delete";
    /// The body is not JSON.
    not_json = 400 50_109 "The request body contains invalid JSON.";
    /// The thread is archived.
    thread_archived = 400 50_083 "Thread is archived";
    /// There is a thread on this message already.
    thread_exists = 400 160_004 "A thread has already been created for this message";
    /// The thread is locked.
    thread_locked = 403 160_005 "Thread is locked";
    /// AutoMod stopped it.
    blocked_by_automod = 400 200_000 "Message was blocked by AutoMod";
}

impl Refused {
    /// A body with a wrong field: code 50035 with Discord's nested `errors`. `field` is a path with dots.
    #[must_use]
    pub fn invalid(field: &str, code: &str, message: &str) -> Self {
        let mut errors = json!({"_errors": [{"code": code, "message": message}]});
        for part in field.rsplit('.') {
            errors = json!({ part: errors });
        }
        Refused { status: 400, code: 50_035, message: "Invalid Form Body".to_owned(), errors: Some(errors) }
    }

    /// A value longer than it may be.
    #[must_use]
    pub fn too_long(field: &str, most: usize) -> Self {
        Refused::invalid(field, "BASE_TYPE_MAX_LENGTH", &format!("Must be {most} or fewer in length."))
    }

    /// Something that only the platform itself can have got wrong, as Discord's 500.
    #[must_use]
    pub fn internal(message: &str) -> Self {
        Refused { status: 500, code: 0, message: message.to_owned(), errors: None }
    }

    /// The JSON that goes over the wire.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}
