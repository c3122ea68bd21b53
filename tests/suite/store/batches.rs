//! Batches: all or nothing, once, and in the order of the log.

use std::collections::BTreeSet;

use chaperone::domain::event::Ended;
use chaperone::domain::{CaseRef, Category, ChannelId, Code, Fact, Level, Observation, Quote, UserId};
use chaperone::store::{Batch, BufferBatch, Position, StoreError, StoredEntry, StoredExhibit};

use super::{Place, at, entries, exhibit, fact, gap, hide, job};

pub async fn facts_come_back_equal_and_in_order(place: Place) {
    let store = place.open().await;
    let observation = Observation {
        at: at(3),
        code: Code::ALL[0],
        by: UserId(u64::MAX),
        towards: Some(UserId(1 << 63)),
        space: Some(ChannelId(80_351_110_224_678_912)),
        message: None,
        quote: Some(Quote { start: 3, end: 9 }),
    };
    let mut facts = vec![
        fact("Riverside", 0, Fact::Observed(observation.clone())),
        fact(
            "Hilltop \u{1F3D4} \"quoted\" '; DROP TABLE fact; --",
            1,
            Fact::CaseOpened {
                case: CaseRef(u32::MAX),
                category: Category::Grooming,
                level: Level::Serious,
                subjects: BTreeSet::from([UserId(9), UserId(u64::MAX)]),
            },
        ),
        fact("Riverside", 2, gap("a code with \u{0} and \u{FFFD} \u{202E} in it")),
        fact(
            "Riverside",
            3,
            Fact::Outcome { job: "hide:1".into(), effect: hide(1), ended: Ended::Done { detail: None } },
        ),
    ];
    // More than one statement holds and more than one page reads.
    facts.extend((4..2_304).map(|entry| fact("Riverside", entry, gap(&entry.to_string()))));
    let batch = Batch { entries: entries(0, 2_304), facts: facts.clone(), ..Batch::default() };
    store.commit(&batch).await.unwrap();

    assert_eq!(store.organisations().await.unwrap().len(), 2);
    for organisation in store.organisations().await.unwrap() {
        let expected: Vec<_> =
            facts.iter().filter(|fact| fact.organisation == organisation).cloned().collect();
        assert_eq!(store.facts(&organisation).await.unwrap(), expected);
    }
    assert!(store.facts("Nowhere").await.unwrap().is_empty());
    assert_eq!(store.facts_from("Riverside", 2, 2).await.unwrap(), facts[2..4]);

    store.close().await;
    assert_eq!(place.open().await.facts("Riverside").await.unwrap().len(), 2_303, "and after a restart");
}

pub async fn exhibits_come_back_equal_and_once_a_message(place: Place) {
    let store = place.open().await;
    let kept =
        [exhibit(Some(u64::MAX), 0, b"\0\xff first"), exhibit(None, 1, b""), exhibit(None, 1, b"context")];
    let batch = Batch { entries: entries(0, 2), exhibits: kept.to_vec(), ..Batch::default() };
    store.commit(&batch).await.unwrap();
    // The message again, sealed anew; and the same message for another case, which is another exhibit.
    let other_case = StoredExhibit { case: Some(CaseRef(8)), ..exhibit(Some(u64::MAX), 2, b"other") };
    // And once more after its author changed it.
    let changed = StoredExhibit { edited_at: Some(at(9)), ..exhibit(Some(u64::MAX), 2, b"changed") };
    let again =
        vec![exhibit(Some(u64::MAX), 2, b"again"), other_case.clone(), changed.clone(), changed.clone()];
    let batch = Batch { entries: entries(2, 1), exhibits: again, ..Batch::default() };
    store.commit(&batch).await.unwrap();

    let expected: Vec<_> = kept.into_iter().chain([changed]).collect();
    assert_eq!(store.exhibits("Riverside", Some(CaseRef(7))).await.unwrap(), expected);
    assert_eq!(store.exhibits("Riverside", Some(CaseRef(8))).await.unwrap(), [other_case]);
    assert!(
        store.exhibits("Hilltop", Some(CaseRef(7))).await.unwrap().is_empty(),
        "cases are an organisation's own"
    );
}

pub async fn a_batch_that_fails_half_way_leaves_nothing(place: Place) {
    let store = place.open().await;
    let good = Batch {
        entries: entries(0, 2),
        hashes: vec![(0, [0; 32]), (1, [1; 32])],
        facts: vec![fact("Riverside", 0, gap("restart"))],
        exhibits: vec![exhibit(Some(1), 1, b"sealed")],
        jobs: vec![job("hide:1", hide(1), at(0))],
        ended: vec![],
        checkpoint: Some("chaperone.test/log\n2\nAAAA\n".to_owned()),
        positions: vec![Position { shard: 0, session: "{}".to_owned(), heard_at: at(0) }],
        buffer: BufferBatch::default(),
    };
    // Each fails later than the one before: at the facts, at the exhibits, at the checkpoint.
    let failing = [
        Batch { facts: vec![good.facts[0].clone(), fact("Riverside", 9, gap("no entry"))], ..good.clone() },
        Batch { exhibits: vec![exhibit(Some(1), 9, b"no entry")], ..good.clone() },
        Batch { checkpoint: Some("chaperone.test/log\n3\nAAAA\n".to_owned()), ..good.clone() },
        Batch { checkpoint: Some("not a checkpoint".to_owned()), ..good.clone() },
    ];
    for batch in failing {
        let error = store.commit(&batch).await.unwrap_err();
        assert!(matches!(error, StoreError::Refused { .. }), "{error:?}");
        assert!(!error.is_temporary() && !error.needs_operator());
        assert_eq!(store.log_size().await.unwrap(), 0);
        assert!(store.log_hashes(&[0]).await.is_err());
        assert!(store.organisations().await.unwrap().is_empty());
        assert!(store.exhibits("Riverside", Some(CaseRef(7))).await.unwrap().is_empty());
        assert!(store.jobs_pending().await.unwrap().is_empty());
        assert_eq!(store.last_checkpoint().await.unwrap(), None);
        assert_eq!(store.position(0).await.unwrap(), None);
    }
    store.commit(&good).await.unwrap();
    assert_eq!(store.jobs_pending().await.unwrap(), good.jobs);
}

pub async fn entries_that_do_not_follow_are_refused(place: Place) {
    let store = place.open().await;
    store.commit(&Batch { entries: entries(0, 3), ..Batch::default() }).await.unwrap();
    let offer = |entries: Vec<StoredEntry>| {
        let store = store.clone();
        let jobs = vec![job("hide:1", hide(1), at(0))];
        async move { store.commit(&Batch { entries, jobs, ..Batch::default() }).await.unwrap_err() }
    };
    // A hole; behind what is kept, with other bytes; half behind it.
    assert_eq!(offer(entries(4, 1)).await, StoreError::Fork { kept: 3, offered: 4 });
    let other = vec![StoredEntry { index: 2, bytes: b"another".to_vec() }];
    assert_eq!(offer(other).await, StoreError::Fork { kept: 3, offered: 2 });
    assert_eq!(offer(entries(2, 2)).await, StoreError::Fork { kept: 3, offered: 2 });
    // A batch that does not follow itself.
    let twice = [entries(3, 1), entries(3, 1)].concat();
    assert!(matches!(offer(twice).await, StoreError::Refused { .. }));

    assert!(store.jobs_pending().await.unwrap().is_empty(), "nothing came with them");
    store.commit(&Batch { entries: entries(3, 1), ..Batch::default() }).await.unwrap();
}

pub async fn a_batch_whose_answer_was_lost_may_be_committed_again(place: Place) {
    let store = place.open().await;
    let batch = Batch {
        entries: entries(0, 2),
        hashes: vec![(0, [0; 32])],
        facts: vec![fact("Riverside", 0, gap("restart"))],
        exhibits: vec![exhibit(None, 1, b"context")],
        jobs: vec![job("hide:1", hide(1), at(0))],
        ..Batch::default()
    };
    store.commit(&batch).await.unwrap();
    store.commit(&Batch { ended: vec!["hide:1".to_owned()], ..Batch::default() }).await.unwrap();
    store.commit(&batch).await.unwrap();
    assert_eq!(store.log_size().await.unwrap(), 2);
    assert_eq!(store.exhibits("Riverside", Some(CaseRef(7))).await.unwrap().len(), 1);
    assert!(store.jobs_pending().await.unwrap().is_empty(), "and its job has not come back to life");
}

pub async fn of_two_who_write_the_same_entry_one_is_told(place: Place) {
    let store = place.open().await;
    let write = |who: &'static str| {
        let store = store.clone();
        let entries = vec![StoredEntry { index: 0, bytes: who.as_bytes().to_vec() }];
        tokio::spawn(async move { store.commit(&Batch { entries, ..Batch::default() }).await })
    };
    let (one, two) = (write("one"), write("two"));
    let answers = [one.await.unwrap(), two.await.unwrap()];
    let told: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(told, [&StoreError::Fork { kept: 1, offered: 0 }], "{answers:?}");
}

pub async fn a_shard_is_where_it_was_heard_last(place: Place) {
    let store = place.open().await;
    assert_eq!(store.position(1).await.unwrap(), None);
    let position = |shard, session: &str, seconds| Position {
        shard,
        session: session.to_owned(),
        heard_at: at(seconds),
    };
    let positions = vec![position(0, "a", 1), position(1, "b", 2), position(0, "c", 3)];
    store.commit(&Batch { positions, ..Batch::default() }).await.unwrap();
    store.commit(&Batch { positions: vec![position(1, "d", 4)], ..Batch::default() }).await.unwrap();
    assert_eq!(store.position(0).await.unwrap(), Some(position(0, "c", 3)));
    assert_eq!(store.position(1).await.unwrap(), Some(position(1, "d", 4)));
}
