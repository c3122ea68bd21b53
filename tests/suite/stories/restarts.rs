//! Down, killed, cut off: nothing is lost, and nothing that a person would notice is done twice.

use chaperone::domain::{Fact, Level};
use chaperone::rehearsal::platform::{GatewayFault, Op, RestFault, RestRule};

use crate::world::{minutes, seconds, story};

#[tokio::test]
async fn what_was_said_while_nothing_was_heard_is_found_and_the_gap_is_on_record() {
    story(|w| async move {
        w.person("coach").says("#art", "evening all").await;
        w.advance(minutes(10)).await;
        let last = w.person("ella").says("#art", "can somebody pass the glue").await;
        let heard = w.now();
        w.advance(seconds(1)).await;
        w.platform().fail_gateway(&GatewayFault::Down);
        w.platform().fail_gateway(&GatewayFault::Invalidate { shard: None, resumable: false });
        for session in w.platform().progress().sessions {
            let _ = w.platform().perform(Op::EndSession { session: session.session });
        }
        let said = w.person("tom").blurts("#art", "kys ella");
        w.pass(minutes(2));
        w.platform().fail_gateway(&GatewayFault::Up);
        w.settle().await;
        w.message_is_hidden(said);
        assert!(!w.is_hidden(last));
        let gaps: Vec<_> = w
            .facts()
            .await
            .into_iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Gap { from, until, why } => Some((from, until, why)),
                _ => None,
            })
            .collect();
        assert_eq!(gaps.len(), 1, "{gaps:?}");
        assert!(gaps[0].0 >= heard.minus(seconds(1)), "nothing was missed before {heard}: {gaps:?}");
        assert!(gaps[0].1 >= heard.plus(minutes(2)), "{gaps:?}");
        w.kys_is_over().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn what_was_decided_before_a_kill_is_done_after_it_and_once() {
    story(|w| async move {
        let nothing_works = RestFault::Status(500);
        w.platform().fail_calls(RestRule {
            method: None,
            route: "/**".to_owned(),
            times: u32::MAX,
            fault: nothing_works,
        });
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        w.advance(seconds(20)).await;
        assert!(coach.may_write(thread), "decided, and not done yet");
        w.kill().await;
        w.platform().clear_faults();
        w.bot_up().await;
        w.advance(minutes(3)).await;
        w.lone_adult_is_over(thread, &coach).await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_a_delivery_doubles_nothing() {
    story(|w| async move {
        let (tom, ella) = (w.person("tom"), w.person("ella"));
        let hello = ella.says("#art", "can somebody pass the glue").await;
        let said = tom.blurts("#art", "kys ella");
        w.until("the message is hidden", || w.is_hidden(said)).await;
        // Pages and nudges are on their way, or not, or done and not recorded.
        w.kill().await;
        w.pass(minutes(40));
        w.bot_up().await;
        w.advance(seconds(30)).await;
        assert!(!w.is_hidden(hello));
        w.message_is_hidden(said);
        // Nobody answered for 40 minutes: whoever should have been called by now is called, once.
        w.next_page("dsl").is_about(1, Level::Serious, "bullying");
        w.read_everything_from_leads();
        w.next_private_message("tom");
        w.next_private_message("ella");
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn after_forty_minutes_down_everybody_whose_turn_came_is_called_once() {
    story(|w| async move {
        w.lone_adult().await;
        w.next_page("dsl");
        w.bot_down().await;
        w.pass(minutes(40));
        w.bot_up().await;
        w.settle().await;
        w.next_page("deputy").is_about(1, Level::Serious, "contact");
        w.no_page("deputy");
        w.read_everything_from_leads();
        w.deputy().acknowledges().await;
        w.advance(minutes(120)).await;
        assert_eq!(w.count(|fact| matches!(fact, Fact::CaseOpened { .. })).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_kill_right_after_the_first_words_loses_none_of_them() {
    story(|w| async move {
        // Nothing durable has been decided since the start.
        w.kill().await;
        let said = w.person("tom").blurts("#art", "kys ella");
        w.bot_up().await;
        w.advance(seconds(5)).await;
        w.message_is_hidden(said);
        w.kys_is_over().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_thread_that_was_opened_while_the_bot_was_down_is_found() {
    story(|w| async move {
        w.bot_down().await;
        let (coach, ella) = w.supervised_pair();
        let thread = coach.starts_private_thread("#art", "a quick word", &[&ella]);
        coach.blurts(thread, "nobody is looking");
        w.pass(minutes(10));
        w.bot_up().await;
        w.advance(seconds(20)).await;
        w.lone_adult_is_over(thread, &coach).await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn what_somebody_told_the_bot_while_nothing_was_heard_is_a_report_when_it_hears_again() {
    story(|w| async move {
        let ella = w.person("ella");
        ella.tells_bot("hello, is this where i say things").await;
        w.next_private_message("ella");
        w.advance(minutes(60)).await;
        w.platform().fail_gateway(&GatewayFault::Down);
        w.platform().fail_gateway(&GatewayFault::Invalidate { shard: None, resumable: false });
        for session in w.platform().progress().sessions {
            let _ = w.platform().perform(Op::EndSession { session: session.session });
        }
        let told = ella.blurts_to_bot("i forgot to say something about the paint");
        w.pass(minutes(2));
        w.platform().fail_gateway(&GatewayFault::Up);
        w.settle().await;
        w.next_private_message("ella");
        let kept = |fact: &Fact| matches!(fact, Fact::Kept { message, .. } if *message == told.message);
        assert_eq!(w.count(kept).await, 1);
        let reports = w.count(|fact| matches!(fact, Fact::Reported { goes_on: false, .. })).await;
        assert_eq!(reports, 2, "the first, and the one that nobody heard live");
        w.read_everything_from_leads();
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_restart_in_the_middle_of_a_breach_contains_it_and_calls_once() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        w.advance(seconds(10)).await;
        assert!(coach.may_write(thread), "the grace is not over");
        w.kill().await;
        w.pass(seconds(30));
        w.bot_up().await;
        w.advance(seconds(20)).await;
        w.lone_adult_is_over(thread, &coach).await;
        // The other half: contained and called before the restart, neither is done again after it.
        w.kill().await;
        w.bot_up().await;
        w.advance(minutes(60)).await;
        assert!(ella.may_write(thread), "nobody but the adult has lost their voice");
        let locks =
            w.count(|fact| matches!(fact, Fact::Register(chaperone::domain::Register::Locked { .. }))).await;
        let called = w.count(|fact| matches!(fact, Fact::Called { .. })).await;
        assert_eq!((locks, called), (1, 1));
    })
    .await;
}
