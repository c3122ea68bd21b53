//! Evidence that cannot be kept: nothing is done but for immediate danger, and the operator is told.

use chaperone::domain::{Fact, Level};

use crate::world::{minutes, seconds, story};

#[tokio::test]
async fn without_evidence_nothing_is_done_until_it_can_be_kept() {
    story(|w| async move {
        let full = w.nothing_can_be_kept().await;
        let said = w.kys_without_waiting();
        w.until("the operator is told", || w.has_notice("#operator")).await;
        assert!(w.next_notice("#operator").contains("cannot keep evidence"));
        assert!(!w.is_hidden(said), "hidden without evidence");
        w.no_page("dsl");
        full.ends().await;
        w.comes_to_rest_again().await;
        assert!(w.next_notice("#operator").contains("can keep evidence again"));
        w.message_is_hidden(said);
        w.kys_is_over().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn immediate_danger_does_not_wait_for_a_disk() {
    story(|w| async move {
        let full = w.nothing_can_be_kept().await;
        // The first message meets the full disk; the second comes while it is still full.
        let first = w.kys_without_waiting();
        w.until("the operator is told", || w.has_notice("#operator")).await;
        w.person("tom").blurts("#art", "i am going to kill myself tonight");
        w.until("both are called", || w.is_paged("dsl") && w.is_paged("deputy")).await;
        w.until("both are mailed", || w.unread_mails() == 2).await;
        for who in ["dsl", "deputy"] {
            let page = w.next_page(who);
            page.is_about(2, Level::Immediate, "welfare");
            assert!(page.text.contains("could not be kept"), "{}", page.text);
        }
        assert!(!w.is_hidden(first));
        full.ends().await;
        w.comes_to_rest_again().await;
        w.advance(seconds(5)).await;
        w.message_is_hidden(first);
        assert_eq!(w.all_mails().len(), 2, "nobody is called a second time for having been called");
        w.next_notice("#operator");
        w.next_notice("#operator");
        assert_eq!(
            w.count(|fact| matches!(fact, Fact::CaseOpened { .. })).await,
            2,
            "everything is kept once"
        );
        assert!(w.next_private_message("tom").contains("Childline"));
        w.dsl().acknowledges().await;
        w.kys_is_over().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_disk_that_turns_read_only_is_no_different() {
    story(|w| async move {
        let Some(disk) = w.database_turns_read_only() else {
            eprintln!("SKIPPED: a disk that turns read-only (no right to make a file immutable here)");
            return;
        };
        let said = w.kys_without_waiting();
        w.until("the operator is told", || w.has_notice("#operator")).await;
        assert!(w.next_notice("#operator").contains("cannot keep evidence"));
        assert!(!w.is_hidden(said), "hidden without evidence");
        w.person("tom").blurts("#art", "i am going to kill myself tonight");
        w.until("both are called", || w.is_paged("dsl") && w.is_paged("deputy")).await;
        w.until("both are mailed", || w.unread_mails() == 2).await;
        disk.ends().await;
        w.comes_to_rest_again().await;
        assert!(w.next_notice("#operator").contains("can keep evidence again"));
        w.message_is_hidden(said);
        assert_eq!(w.count(|fact| matches!(fact, Fact::CaseOpened { .. })).await, 2, "kept once");
        for who in ["dsl", "deputy"] {
            w.next_page(who).is_about(2, Level::Immediate, "welfare");
        }
        w.all_mails();
        assert!(w.next_private_message("tom").contains("Childline"));
        w.dsl().acknowledges().await;
        w.kys_is_over().await;
        w.advance(minutes(60)).await;
    })
    .await;
}
