//! Contact in writing: which people a message or a reaction is for, by fact.
//!
//! A post that speaks to nobody in particular (a reminder to the whole club) is not contact with a young person. Contact
//! is a mention, a reply, a reaction, or an answer: writing in a space where the last to write, within ten minutes, was
//! somebody else.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::event::Message;
use crate::domain::{MessageId, Timestamp, UserId};

/// For how long what is written next counts as an answer.
pub const ANSWERED_WITHIN: Duration = Duration::from_mins(10);

/// Whom a message is for. `recent` are the messages before it in its space, the oldest first, with their authors.
#[must_use]
pub fn addressed<'r>(
    message: &Message,
    recent: impl DoubleEndedIterator<Item = &'r (MessageId, UserId)> + Clone,
) -> BTreeSet<UserId> {
    let mut people: BTreeSet<UserId> = message.mentions.iter().copied().collect();
    if let Some((answered, author)) = message.reply_to {
        let known = || recent.clone().find(|(id, _)| *id == answered).map(|(_, author)| *author);
        people.extend(author.or_else(known));
    }
    if people.is_empty() {
        people.extend(answers(message, recent));
    }
    people.remove(&message.author);
    people
}

/// The last other person who wrote before, when that is not long ago.
fn answers<'r>(
    message: &Message,
    mut recent: impl DoubleEndedIterator<Item = &'r (MessageId, UserId)>,
) -> Option<UserId> {
    let (id, author) = recent.rfind(|(id, author)| *id != message.id && *author != message.author)?;
    let written = Timestamp::from_millis(id.created_millis());
    (message.at >= written && message.at.since(written) <= ANSWERED_WITHIN).then_some(*author)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COACH: UserId = UserId(20);
    const ELLA: UserId = UserId(10);
    const MAX: UserId = UserId(11);

    fn id(minutes: u64) -> MessageId {
        MessageId((minutes * 60_000) << 22)
    }

    fn at(minutes: u64) -> Timestamp {
        Timestamp::from_millis(id(minutes).created_millis())
    }

    fn by_coach(minutes: u64) -> Message {
        Message { id: id(minutes), author: COACH, at: at(minutes), ..Message::default() }
    }

    #[test]
    fn whom_a_message_is_for() {
        let ella_wrote = [(id(10), MAX), (id(12), ELLA)];
        let to = |message: &Message| addressed(message, ella_wrote.iter()).into_iter().collect::<Vec<_>>();
        let table: &[(&str, Message, &[UserId])] = &[
            ("an answer within minutes", by_coach(15), &[ELLA]),
            ("a post long afterwards is for nobody in particular", by_coach(30), &[]),
            ("a mention", Message { mentions: vec![MAX], ..by_coach(30) }, &[MAX]),
            ("a reply", Message { reply_to: Some((id(10), None)), ..by_coach(90) }, &[MAX]),
            (
                "a reply says more than who wrote last",
                Message { reply_to: Some((id(1), Some(MAX))), ..by_coach(13) },
                &[MAX],
            ),
            ("oneself is nobody", Message { mentions: vec![COACH], ..by_coach(90) }, &[]),
        ];
        for (what, message, expected) in table {
            assert_eq!(to(message), *expected, "{what}");
        }
    }
}
