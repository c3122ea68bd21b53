//! Reading a line in which the club's office does something to the server: `club = "…"`, with nobody as `who`.

use super::acts::{Reading, known_role};
use super::model::{Act, ClubDeed, Who};
use super::names::{bare, role};
use crate::domain::SpaceKind;

/// What the office can do, as a script writes it.
const DEEDS: [&str; 8] = [
    "lifts the lock",
    "lifts the dm pause",
    "removes the bot",
    "gives a right",
    "takes a right",
    "makes a channel",
    "hides a channel",
    "deafens",
];

/// The rights that a script can name, by Discord's bits.
const RIGHTS: [(&str, u64); 7] = [
    ("kick", 1 << 1),
    ("time-out", 1 << 40),
    ("manage-messages", 1 << 13),
    ("manage-channels", 1 << 4),
    ("manage-server", 1 << 5),
    ("manage-roles", 1 << 28),
    ("administrator", 1 << 3),
];

impl Reading<'_, '_> {
    /// Reads `club = "…"`.
    pub(super) fn club(&mut self) -> Option<Act> {
        let line = self.fields.line;
        let text = self.fields.text("club", self.faults)?;
        let deed = match text.as_str() {
            "lifts the lock" => {
                let space = self.fields.needed("in", self.faults);
                let space = self.names.space(space, line, self.faults);
                let person = self.somebody("for");
                ClubDeed::LiftLock { space: space?, person: person? }
            }
            "lifts the dm pause" => ClubDeed::LiftDmPause,
            "removes the bot" => ClubDeed::RemoveBot,
            "gives a right" | "takes a right" => {
                let role = self.fields.needed("role", self.faults);
                let role = role.and_then(|role| match role.as_str() {
                    "Bot" => Some(role),
                    _ => known_role(&role, line, self.faults),
                });
                let right = self.fields.needed("right", self.faults)?;
                let Some((_, bit)) = RIGHTS.iter().find(|(name, _)| *name == right) else {
                    let known: Vec<&str> = RIGHTS.iter().map(|(name, _)| *name).collect();
                    let hint = super::fields::nearest(&right, &known);
                    self.faults.add(line, format!("there is no right \"{right}\""), hint);
                    return None;
                };
                ClubDeed::Right { role: role?, bits: *bit, given: text == "gives a right" }
            }
            "makes a channel" => self.makes_channel()?,
            "hides a channel" => {
                let space = self.fields.needed("in", self.faults);
                ClubDeed::HideFromBot { space: self.names.space(space, line, self.faults)? }
            }
            "deafens" => ClubDeed::Deafen { person: self.somebody("for")? },
            other => {
                let hint = super::fields::nearest(other, &DEEDS);
                self.faults.add(line, format!("the club cannot do \"{other}\""), hint);
                return None;
            }
        };
        Some(Act::Club { deed })
    }

    fn somebody(&mut self, key: &'static str) -> Option<String> {
        let name = self.fields.needed(key, self.faults);
        self.names.person(name, self.fields.line, self.faults)
    }

    fn makes_channel(&mut self) -> Option<ClubDeed> {
        let line = self.fields.line;
        let name = self.fields.needed("name", self.faults).map(|name| bare(&name));
        let private_to = self.fields.texts("private_to", self.faults);
        let mut who = Vec::new();
        for one in private_to {
            match role(&one) {
                Some(role) => who.push(Who::Role(role.to_owned())),
                None => who.extend(self.names.person(Some(one), line, self.faults).map(Who::Person)),
            }
        }
        let name = name?;
        self.names.spaces.insert(name.clone(), SpaceKind::Text);
        Some(ClubDeed::MakeChannel { name, private_to: who })
    }
}
