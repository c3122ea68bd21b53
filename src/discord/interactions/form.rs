//! The shape of a command, as Discord wants it registered: fields with their kinds, subcommands, where it can be used.

use serde_json::{Value, json};

/// One field that is filled in.
pub(super) struct Field(Value);

fn field(kind: u64, name: &str, what: &str) -> Field {
    Field(json!({ "type": kind, "name": name, "description": what, "required": false }))
}

/// A text.
pub(super) fn text(name: &str, what: &str) -> Field {
    field(3, name, what)
}

/// A whole number within a range.
pub(super) fn number(name: &str, what: &str, from: i64, until: i64) -> Field {
    let Field(mut shape) = field(4, name, what);
    shape["min_value"] = from.into();
    shape["max_value"] = until.into();
    Field(shape)
}

/// Yes or no.
pub(super) fn yes(name: &str, what: &str) -> Field {
    field(5, name, what)
}

/// A person.
pub(super) fn person(name: &str, what: &str) -> Field {
    field(6, name, what)
}

/// A channel in which people write or speak.
pub(super) fn space(name: &str, what: &str) -> Field {
    let Field(mut shape) = field(7, name, what);
    shape["channel_types"] = json!([0, 2, 5, 10, 11, 12, 13, 15]);
    Field(shape)
}

impl Field {
    /// It must be filled in. Discord wants these first.
    pub(super) fn needed(mut self) -> Self {
        self.0["required"] = true.into();
        self
    }

    /// What fits is offered while somebody types.
    pub(super) fn offered(mut self) -> Self {
        self.0["autocomplete"] = true.into();
        self
    }

    /// One of these: what is shown, and what is sent.
    pub(super) fn one_of<'a>(mut self, choices: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let choices = choices.into_iter().map(|(shown, sent)| json!({ "name": shown, "value": sent }));
        self.0["choices"] = choices.collect();
        self
    }

    /// At most so many characters.
    pub(super) fn longest(mut self, characters: u32) -> Self {
        self.0["max_length"] = characters.into();
        self
    }
}

/// A subcommand.
pub(super) fn sub<const N: usize>(name: &str, what: &str, fields: [Field; N]) -> Field {
    let fields: Vec<Value> = fields.into_iter().map(|Field(shape)| shape).collect();
    Field(json!({ "type": 1, "name": name, "description": what, "options": fields }))
}

/// A command of workers and leads: on the server only, where everybody has their roles.
pub(super) fn on_server<const N: usize>(name: &str, what: &str, fields: [Field; N]) -> Value {
    let fields: Vec<Value> = fields.into_iter().map(|Field(shape)| shape).collect();
    json!({
        "name": name,
        "type": 1,
        "description": what,
        "integration_types": [0],
        "contexts": [0],
        "options": fields,
    })
}
