//! What the platform does wrong, and what nobody notices of it.

use chaperone::domain::{Category, Code, Event, Fact, Level};
use chaperone::rehearsal::platform::{GatewayFault, RestFault, RestRule};

use crate::world::{World, minutes, seconds, story};

fn fails(method: &str, route: &str, times: u32, fault: RestFault) -> RestRule {
    RestRule { method: Some(method.to_owned()), route: route.to_owned(), times, fault }
}

#[tokio::test]
async fn a_hide_that_the_server_cannot_carry_out_at_first_happens_once() {
    story(|w| async move {
        for fault in [RestFault::Status(500), RestFault::RateLimited { retry_after: 0.05, global: false }] {
            w.platform().fail_calls(fails("DELETE", "/channels/*/messages/*", 1, fault));
        }
        let said = w.kys().await;
        w.advance(seconds(30)).await;
        w.message_is_hidden(said);
        let deletes = w.platform().requests().into_iter().filter(|call| call.method == "DELETE");
        assert_eq!(deletes.filter(|call| call.status == 204).count(), 1);
        w.kys_is_over().await;
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_fails_at_first_happens_once() {
    story(|w| async move {
        w.platform().fail_calls(fails("DELETE", "/channels/*/thread-members/*", 2, RestFault::Status(503)));
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        w.advance(seconds(60)).await;
        w.lone_adult_is_over(thread, &coach).await;
        let taken_out = w.platform().requests().into_iter().filter(|call| call.method == "DELETE");
        assert_eq!(taken_out.filter(|call| call.status == 204).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_page_whose_answer_is_lost_is_seen_once() {
    story(|w| async move {
        // The page and both nudges are carried out, and the bot is not told.
        w.platform().fail_calls(fails("POST", "/channels/*/messages", 3, RestFault::LoseAnswer));
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        w.advance(seconds(60)).await;
        w.lone_adult_is_over(thread, &coach).await;
    })
    .await;
}

/// The lone adult, with something happening to the socket while the thread is opened.
async fn lone_adult_while(w: &World, what: impl FnOnce()) {
    let (coach, ella) = w.supervised_pair();
    let thread = coach.starts_private_thread("#art", "a quick word", &[&ella]);
    coach.blurts(thread, "before the fault");
    what();
    coach.blurts(thread, "behind the fault");
    w.settle().await;
    w.advance(seconds(20)).await;
    w.lone_adult_is_over(thread, &coach).await;
    let alone = |fact: &Fact| matches!(fact, Fact::Observed(seen) if seen.code == Code::LoneAdultSpace);
    assert_eq!(w.count(alone).await, 1);
    assert_eq!(w.count(|fact| matches!(fact, Fact::Kept { .. })).await, 2, "both messages, each once");
}

#[tokio::test]
async fn a_dropped_socket_goes_on_where_it_was() {
    story(|w| async move {
        lone_adult_while(&w, || w.platform().fail_gateway(&GatewayFault::Drop { shard: None, code: None }))
            .await;
        assert_eq!(w.count(|fact| matches!(fact, Fact::Gap { .. })).await, 0, "nothing was missed");
    })
    .await;
}

#[tokio::test]
async fn events_that_arrive_twice_count_once() {
    story(|w| async move {
        w.platform().fail_gateway(&GatewayFault::Duplicate { shard: 0, times: 20 });
        lone_adult_while(&w, || ()).await;
    })
    .await;
}

#[tokio::test]
async fn a_duplicated_message_is_hidden_and_told_once() {
    story(|w| async move {
        w.platform().fail_gateway(&GatewayFault::Duplicate { shard: 0, times: 20 });
        let said = w.kys().await;
        w.message_is_hidden(said);
        w.kys_is_over().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_hide_that_is_forbidden_is_a_concern_of_its_own() {
    story(|w| async move {
        w.platform().fail_calls(fails("DELETE", "/channels/*/messages/*", u32::MAX, RestFault::Forbidden));
        let said = w.kys().await;
        assert!(!w.is_hidden(said));
        w.next_page("dsl").is_about(1, Level::Serious, "bullying");
        w.next_page("dsl").is_about(2, Level::Serious, "integrity");
        w.next_private_message("tom");
        w.next_private_message("ella");
        w.dsl().acknowledges().await;
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_a_concern_for_the_digest_and_the_bot_lives_on() {
    story(|w| async move {
        w.hears(Event::Unreadable { name: "MESSAGE_CREATE".to_owned(), guild: None }).await;
        let integrity = |fact: &Fact| {
            matches!(fact, Fact::CaseOpened { level: Level::Concern, category: Category::Integrity, subjects, .. }
                if subjects.is_empty())
        };
        assert_eq!(w.count(integrity).await, 1);
        w.no_page("dsl");
        let said = w.kys().await;
        w.message_is_hidden(said);
        w.kys_is_over().await;
    })
    .await;
}
