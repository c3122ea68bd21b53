//! The button below a page.

use serenity::all::ButtonStyle;
use serenity::builder::CreateButton;

use super::Reply;
use crate::domain::{CaseRef, Timestamp, UserId};
use crate::wording;

/// What the button is called on the wire: `ack:C-0007:0`.
#[must_use]
pub fn custom_id(case: CaseRef, round: u32) -> String {
    format!("ack:{case}:{round}")
}

/// The case and round behind such a name.
#[must_use]
pub fn read_custom_id(text: &str) -> Option<(CaseRef, u32)> {
    let (case, round) = text.strip_prefix("ack:")?.split_once(':')?;
    Some((case.parse().ok()?, round.parse().ok()?))
}

/// What the button below a page about several cases is called: `acks:` and when they were called, in µs.
#[must_use]
pub fn custom_id_together(at: Timestamp) -> String {
    format!("acks:{}", at.0)
}

/// The moment behind such a name.
#[must_use]
pub fn read_custom_id_together(text: &str) -> Option<Timestamp> {
    text.strip_prefix("acks:")?.parse().ok().map(Timestamp)
}

/// The page stays, without its button, and says who has all of them.
pub(super) fn answer_together(page: &str, by: UserId) -> Reply {
    let acknowledged = wording::acknowledged_together(by);
    let text = if page.is_empty() { acknowledged } else { format!("{page}\n\n{acknowledged}") };
    Reply::Update(text)
}

pub(in crate::discord) fn button(custom_id: String) -> CreateButton {
    CreateButton::new(custom_id).label(wording::ACKNOWLEDGE).style(ButtonStyle::Primary)
}

/// The page stays, without its button, and says who has it.
pub(super) fn answer(page: &str, case: CaseRef, by: UserId) -> Reply {
    let acknowledged = wording::acknowledged(case, by);
    let text = if page.is_empty() { acknowledged } else { format!("{page}\n\n{acknowledged}") };
    Reply::Update(text)
}
