//! Jobs: leased by one at a time, put off, ended.

use std::collections::BTreeSet;

use chaperone::outbox::{Job, Jobs as _, Lease};
use chaperone::store::Batch;

use super::{Place, at, hide, job, keys, lease, notice};

pub async fn a_job_that_is_there_stays_as_it_is(place: Place) {
    let store = place.open().await;
    let first = job("hide:1", hide(1), at(0));
    let second = Job { case: None, attempts: 3, ..job("hide:1", notice(2), at(9)) };
    store.commit(&Batch { jobs: vec![first.clone(), second.clone()], ..Batch::default() }).await.unwrap();
    store.commit(&Batch { jobs: vec![second.clone()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.jobs_pending().await.unwrap(), [first]);

    store.commit(&Batch { ended: vec!["hide:1".to_owned()], ..Batch::default() }).await.unwrap();
    store.commit(&Batch { jobs: vec![second], ..Batch::default() }).await.unwrap();
    assert!(store.jobs_pending().await.unwrap().is_empty(), "what has ended is not done again");
    assert!(store.lease(&lease(at(99), "a", 9)).await.unwrap().is_empty());
}

pub async fn six_leasers_never_share_a_job(place: Place) {
    let store = place.open().await;
    let jobs = (0..206).map(|number| job(&format!("notice:{number}"), notice(number), at(0))).collect();
    store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    let leasers = (0..6).map(|leaser| {
        let store = store.clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let leased = store.lease(&lease(at(0), &format!("leaser {leaser}"), 5)).await.unwrap();
                assert!(leased.len() <= 5, "never more than asked for");
                mine.extend(leased.iter().map(|job| job.key.clone()));
                assert!(mine.len() <= 206, "the same job over and over");
                // Rows that another leaser has locked just now are skipped: only nothing left is the end.
                if leased.is_empty() && store.next_due(false).await.unwrap() > Some(at(0)) {
                    return mine;
                }
            }
        })
    });
    let mut leased = Vec::new();
    for leaser in leasers.collect::<Vec<_>>() {
        leased.extend(leaser.await.unwrap());
    }
    assert_eq!(leased.len(), 206);
    assert_eq!(leased.into_iter().collect::<BTreeSet<_>>().len(), 206);
}

pub async fn containment_goes_first_then_whoever_waited_longest(place: Place) {
    let store = place.open().await;
    let jobs = vec![
        job("notice:late", notice(1), at(5)),
        job("notice:early", notice(2), at(1)),
        job("hide:late", hide(3), at(9)),
        job("hide:early", hide(4), at(8)),
        job("hide:not yet", hide(5), at(11)),
    ];
    store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(1)));
    assert_eq!(store.next_due(true).await.unwrap(), Some(at(8)));
    assert_eq!(
        keys(&store.lease(&lease(at(10), "a", 3)).await.unwrap()),
        ["hide:early", "hide:late", "notice:early"]
    );
    let only = Lease { containment_only: true, ..lease(at(10), "a", 9) };
    assert!(store.lease(&only).await.unwrap().is_empty());
    assert_eq!(keys(&store.lease(&lease(at(10), "a", 9)).await.unwrap()), ["notice:late"]);
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(11)));
}

pub async fn a_lease_that_ended_makes_its_job_due_again(place: Place) {
    let store = place.open().await;
    let batch = Batch { jobs: vec![job("hide:1", hide(1), at(0))], ..Batch::default() };
    store.commit(&batch).await.unwrap();
    assert_eq!(store.lease(&lease(at(0), "a", 9)).await.unwrap(), batch.jobs);
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(60)));
    assert!(store.lease(&lease(at(59), "b", 9)).await.unwrap().is_empty());
    assert!(!store.settled(at(59)).await.unwrap(), "leased is not done");

    // Whoever had it may have done the work before they died: it counts as tried, so the next one looks first.
    let again = Job { attempts: 1, ..batch.jobs[0].clone() };
    assert_eq!(store.lease(&lease(at(60), "b", 9)).await.unwrap(), [again]);
    store.retry("hide:1", "a", at(61), 5).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(120)), "it is no longer a's to give back");
    store.commit(&Batch { ended: vec!["hide:1".to_owned()], ..Batch::default() }).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), None);
    store.retry("hide:1", "b", at(61), 5).await.unwrap();
    assert!(store.lease(&lease(at(999), "b", 9)).await.unwrap().is_empty(), "what has ended is not put off");
}

pub async fn a_job_put_off_is_due_when_it_was_put_off_to(place: Place) {
    let store = place.open().await;
    let jobs = vec![job("hide:1", hide(1), at(0)), job("hide:2", hide(2), at(1))];
    store.commit(&Batch { jobs, ..Batch::default() }).await.unwrap();
    assert_eq!(store.lease(&lease(at(1), "a", 9)).await.unwrap().len(), 2);
    store.retry("hide:1", "a", at(31), 1).await.unwrap();
    store.retry("hide:2", "a", at(21), 2).await.unwrap();
    assert_eq!(store.next_due(false).await.unwrap(), Some(at(21)));
    assert!(store.settled(at(20)).await.unwrap());
    assert!(!store.settled(at(21)).await.unwrap());
    assert!(store.lease(&lease(at(20), "a", 9)).await.unwrap().is_empty());

    store.close().await;
    let store = place.open().await;
    let due = store.lease(&lease(at(31), "a", 9)).await.unwrap();
    assert_eq!(keys(&due), ["hide:2", "hide:1"]);
    assert_eq!(due.iter().map(|job| job.attempts).collect::<Vec<_>>(), [2, 1]);
}
