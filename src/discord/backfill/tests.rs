use serde_json::json;

use super::*;
use crate::discord::fake::{Fake, ok, refused};

fn message(id: u64, space: u64) -> serde_json::Value {
    json!({
        "id": id.to_string(), "channel_id": space.to_string(), "type": 0, "content": format!("m{id}"),
        "author": { "id": "7", "username": "sam" }, "timestamp": "2026-03-02T12:00:00.000000+00:00",
    })
}

/// A history that answers as Discord does: the messages right after `after`, the newest first.
async fn history(messages: Vec<(u64, u64)>) -> Fake {
    Fake::start(move |_, seen| {
        let rest = seen.call.strip_prefix("GET /channels/").unwrap();
        let (space, query) = rest.split_once("/messages?after=").unwrap();
        let after: u64 = query.strip_suffix("&limit=100").unwrap().parse().unwrap();
        let space: u64 = space.parse().unwrap();
        if space == 99 {
            return refused(403, 50_001);
        }
        let mut page: Vec<u64> =
            messages.iter().filter(|(id, of)| *of == space && *id > after).map(|(id, _)| *id).collect();
        page.sort_unstable();
        page.truncate(100);
        page.reverse();
        ok(&page.into_iter().map(|id| message(id, space)).collect())
    })
    .await
}

fn ids(result: &Backfilled) -> Vec<u64> {
    let id = |event: &Event| match event {
        Event::Said(message) => message.id.0,
        other => panic!("{other:?}"),
    };
    result.heard.iter().map(|(_, event)| id(event)).collect()
}

#[tokio::test]
async fn everything_after_the_last_message_is_heard_once_and_in_order() {
    let all: Vec<(u64, u64)> = (1..=250).map(|id| (id, 10 + id % 2)).collect();
    let fake = history(all).await;
    let last = BTreeMap::from([(ChannelId(10), MessageId(40)), (ChannelId(11), MessageId(0))]);
    let result = backfill(&fake.rest(), Some(GuildId(1)), &last, Limits::default()).await;
    let expected: Vec<u64> = (1..=250).filter(|id| id % 2 == 1 || *id > 40).collect();
    assert_eq!(ids(&result), expected);
    assert!(result.failed.is_empty() && result.cut_short.is_empty());
    let (raw, event) = &result.heard[0];
    assert!(raw.contains("\"m1\""));
    assert!(matches!(event, Event::Said(said) if said.guild == Some(GuildId(1))));
}

#[tokio::test]
async fn a_space_that_cannot_be_read_does_not_hide_the_others() {
    let fake = history(vec![(5, 10)]).await;
    let last = BTreeMap::from([(ChannelId(99), MessageId(1)), (ChannelId(10), MessageId(1))]);
    let result = backfill(&fake.rest(), None, &last, Limits::default()).await;
    assert_eq!(ids(&result), [5]);
    assert_eq!(result.failed, [ChannelId(99)]);
}

#[tokio::test]
async fn what_is_cut_short_is_said() {
    let fake = history((1..=300).map(|id| (id, 10)).collect()).await;
    let last = BTreeMap::from([(ChannelId(10), MessageId(0))]);
    let result = backfill(&fake.rest(), None, &last, Limits { per_space: 150, overall: 1_000 }).await;
    assert_eq!(ids(&result), (1..=150).collect::<Vec<_>>());
    assert_eq!(result.cut_short, [ChannelId(10)]);
}
