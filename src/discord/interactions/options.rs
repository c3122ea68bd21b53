//! What somebody filled in: the options of a slash command, and which of them they are typing in.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The filled-in options of a command, by name, with the subcommand that they belong to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// The subcommand, where the command has some.
    pub sub: Option<String>,
    given: BTreeMap<String, Value>,
    /// The option that is being typed in, while Discord asks what to offer for it.
    pub focused: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct WireOption {
    name: String,
    #[serde(rename = "type", default)]
    kind: u64,
    #[serde(default)]
    value: Option<Value>,
    #[serde(default)]
    options: Vec<WireOption>,
    #[serde(default)]
    focused: bool,
}

/// Discord's option types that hold other options.
const SUBCOMMAND: u64 = 1;

impl Options {
    pub(super) fn of(wire: Vec<WireOption>) -> Self {
        let mut options = Options::default();
        options.read(wire);
        options
    }

    fn read(&mut self, wire: Vec<WireOption>) {
        for option in wire {
            if option.kind == SUBCOMMAND {
                self.sub = Some(option.name);
                self.read(option.options);
                continue;
            }
            if option.focused {
                self.focused = Some(option.name.clone());
            }
            if let Some(value) = option.value {
                self.given.insert(option.name, value);
            }
        }
    }

    /// A text, trimmed; none when it is missing or blank.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name)?.as_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// A whole number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.given.get(name)?.as_i64()
    }

    /// Yes or no.
    #[must_use]
    pub fn yes(&self, name: &str) -> bool {
        self.given.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The id of a person, a channel or a role.
    #[must_use]
    pub fn id<T: From<Snowflake>>(&self, name: &str) -> Option<T> {
        self.text(name)?.parse().ok().map(|id| T::from(Snowflake(id)))
    }
}

/// An id as Discord writes it, whatever it is of.
#[derive(Clone, Copy, Debug)]
pub struct Snowflake(u64);

macro_rules! ids {
    ($($id:ident),+) => {$(
        impl From<Snowflake> for crate::domain::$id {
            fn from(id: Snowflake) -> Self {
                crate::domain::$id(id.0)
            }
        }
    )+};
}
ids!(UserId, ChannelId, RoleId);
