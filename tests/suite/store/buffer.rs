//! The rolling buffer's rows: found by message and place, handed to cases, erased with their keys.

use std::collections::BTreeSet;

use chaperone::domain::{CaseRef, ChannelId, MessageId, Timestamp};
use chaperone::store::{Batch, BufferBatch, Store, StoredHold, StoredKey, StoredSegment, StoredWrap};

use super::{Place, at, entries};

const SPACE: ChannelId = ChannelId(5);

fn key(id: u64, hour: i64) -> StoredKey {
    let organisation = "Riverside".to_owned();
    StoredKey { id, organisation, space: SPACE, parent: Some(ChannelId(4)), hour: Timestamp(hour) }
}

fn wrap(entry: u64, key: u64, lead: &str) -> StoredWrap {
    StoredWrap { entry, key, lead: lead.to_owned(), sealed: vec![1, 2, 3] }
}

fn segment(entry: u64, key: u64, received: i64, messages: &[u64]) -> StoredSegment {
    StoredSegment {
        entry,
        key,
        space: SPACE,
        received_from: Timestamp(received),
        received_until: Timestamp(received),
        frames: 2,
        messages: messages.iter().copied().map(MessageId).collect(),
        sealed: vec![0, 0xff],
    }
}

/// Two hours: entries 0 to 3 are the first one's (two wraps, two segments), 4 and 5 the second one's.
async fn two_hours(store: &Store) {
    let buffer = BufferBatch {
        keys: vec![key(0, 0), key(4, 3_600)],
        wraps: vec![wrap(0, 0, "age1dsl"), wrap(1, 0, "age1deputy"), wrap(4, 4, "age1dsl")],
        segments: vec![
            segment(2, 0, 10, &[100, 101]),
            segment(3, 0, 20, &[101, 102]),
            segment(5, 4, 3_700, &[103]),
        ],
        ..BufferBatch::default()
    };
    store.commit(&Batch { entries: entries(0, 6), buffer, ..Batch::default() }).await.unwrap();
}

pub async fn what_is_over_goes_with_its_keys_and_what_a_case_holds_stays(place: Place) {
    let store = place.open().await;
    two_hours(&store).await;
    let for_case = |entry| StoredHold { entry, organisation: "Riverside".to_owned(), case: CaseRef(7) };
    let held = BufferBatch { holds: vec![for_case(3), for_case(1), for_case(3)], ..BufferBatch::default() };
    store.commit(&Batch { buffer: held, ..Batch::default() }).await.unwrap();

    let over = store.buffer_before("Riverside", Timestamp(3_600)).await.unwrap();
    assert_eq!(
        over.iter().map(|one| (one.key.clone(), one.segments, one.frames)).collect::<Vec<_>>(),
        [(key(0, 0), 1, 2)]
    );
    assert_eq!(store.buffer_before("Hilltop", at(0)).await.unwrap(), [], "an organisation's own");
    let erase = BufferBatch { over: vec![0], ..BufferBatch::default() };
    store.commit(&Batch { buffer: erase, ..Batch::default() }).await.unwrap();

    assert_eq!(store.buffer_before("Riverside", Timestamp(3_600)).await.unwrap(), [], "and not once more");
    let ids = |ids: &[u64]| ids.iter().copied().map(MessageId).collect::<BTreeSet<_>>();
    let left = store.buffered(SPACE, &ids(&[100, 101, 102, 103])).await.unwrap();
    assert_eq!(
        left.iter().map(|place| (place.message.0, place.segment)).collect::<Vec<_>>(),
        [(101, 3), (102, 3), (103, 5)]
    );
    let wraps = store.buffer_wraps(&BTreeSet::from([0, 4])).await.unwrap();
    assert_eq!(
        wraps.iter().map(|wrap| wrap.entry).collect::<Vec<_>>(),
        [1, 4],
        "the subject's wrap is gone too"
    );
    let held = store.buffer_held("Riverside", CaseRef(7)).await.unwrap();
    assert_eq!(held.wraps, [wrap(1, 0, "age1deputy")]);
    assert_eq!(held.segments, [segment(3, 0, 20, &[101, 102])]);
    assert_eq!(store.buffer_held("Riverside", CaseRef(8)).await.unwrap(), chaperone::store::Held::default());
}

pub async fn what_stood_around_a_message_is_found_by_its_place(place: Place) {
    let store = place.open().await;
    two_hours(&store).await;
    let around = async |message, (before, after), until| {
        let places = store
            .buffered_around(SPACE, MessageId(message), (before, after), Timestamp(until))
            .await
            .unwrap();
        places.iter().map(|place| (place.message.0, place.segment)).collect::<BTreeSet<_>>()
    };
    let all = 1_000_000;
    assert_eq!(around(103, (1, 0), all).await, [(102, 3)].into());
    assert_eq!(around(103, (2, 0), all).await, [(102, 3), (101, 3), (101, 2)].into(), "every version of it");
    assert_eq!(around(102, (1, 2), all).await, [(101, 2), (101, 3), (102, 3), (103, 5)].into());
    assert_eq!(around(103, (50, 20), 20).await, [(101, 2), (100, 2)].into(), "received before");
    let other = store.buffered_around(ChannelId(6), MessageId(103), (50, 20), Timestamp(all)).await.unwrap();
    assert_eq!(other, []);
}
