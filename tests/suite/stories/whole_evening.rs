//! Every call of a long evening, against Discord's own description of its API.

use crate::openapi;
use crate::world::{minutes, seconds, story};

#[tokio::test]
async fn every_call_of_an_evening_is_as_discord_describes_it() {
    story(|w| async move {
        w.lone_adult().await;
        w.next_page("dsl");
        w.dsl().acknowledges().await;
        let said = w.kys().await;
        w.message_is_hidden(said);
        w.kys_is_over().await;
        w.bot_down().await;
        w.person("coach").blurts("#music", "still here?");
        w.pass(minutes(10));
        w.bot_up().await;
        w.dsl().closes_dms();
        let (sam, ella) = (w.person("sam"), w.person("ella"));
        let thread = sam.opens_private_thread("#music", "another word", &[&ella]).await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &sam);
        w.advance(minutes(5)).await;
        w.read_everything();
        w.deputy().acknowledges().await;
        let calls = w.platform().requests();
        assert!(calls.len() > 20, "{}", calls.len());
        openapi::assert_conforms(&calls);
    })
    .await;
}
