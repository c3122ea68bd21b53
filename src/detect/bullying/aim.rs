//! Whom a line meets. Unlike an address ([`crate::detect::direction`]), talking *about* somebody counts: most
//! bullying is said about a person to others, in front of them.

use super::tone::Tone;
use crate::detect::direction::{Direction, Names, Near};
use crate::domain::UserId;
use crate::text::Reading;

/// What is known when it is asked whom a line meets.
pub struct Aim<'a> {
    /// Who speaks.
    pub by: UserId,
    /// Whom the line addresses.
    pub direction: Direction,
    /// What it says.
    pub reading: &'a Reading,
    /// What it is like.
    pub tone: &'a Tone,
    /// Names as they were learnt.
    pub names: &'a Names,
    /// Who is about.
    pub near: &'a Near<'a>,
    /// Whom one of its words is a mocking name for.
    pub nicknamed: Option<UserId>,
    /// Whom the last minutes were about.
    pub focus: Option<UserId>,
    /// Whom the speaker has been at before, again and again, if they are about.
    pub haunted: Option<UserId>,
}

impl Aim<'_> {
    /// The person, if it meets one. `shut_out` asks for whom the line leaves out: never the one it is said to,
    /// unless it says "you".
    #[must_use]
    pub fn person(&self, shut_out: bool) -> Option<UserId> {
        let addressed = self.direction.is_said().then(|| self.direction.person()).flatten();
        let named = self.names.named(self.reading, self.near);
        let others: Vec<UserId> =
            named.into_iter().filter(|id| *id != self.by && Some(*id) != addressed).collect();
        if let Some(&about) = others.first() {
            return Some(about);
        }
        if let Some(nicknamed) = self.nicknamed.filter(|id| *id != self.by) {
            return Some(nicknamed);
        }
        let focus = self.focus.filter(|id| *id != self.by);
        if let Some(addressed) = addressed {
            // "WEEKS?? and thats what came out", said to whoever took their side, still meets the person.
            let past_them = focus.filter(|focus| *focus != addressed && !self.tone.second_person);
            return match (past_them, shut_out && !self.tone.second_person) {
                (Some(focus), _) => Some(focus),
                (None, true) => None,
                (None, false) => Some(addressed),
            };
        }
        if focus.is_some() || (self.haunted.is_some() && !shut_out) {
            return focus.or(self.haunted);
        }
        self.direction.person().filter(|_| self.tone.second_person)
    }
}
