use serde_json::json;

use super::*;
use crate::discord::fake::{Answer, Fake, empty, noon, ok, refused, status};
use crate::domain::{ChannelId, GuildId, MessageId, Timestamp, UserId};

fn slow_down(after: &str) -> Answer {
    status(429).with("retry-after", &after)
}

#[tokio::test]
async fn a_429_is_waited_out_and_then_it_works() {
    let fake = Fake::start(|before, _| if before == 0 { slow_down("0.02") } else { empty() }).await;
    fake.rest().delete_message(ChannelId(1), MessageId(2)).await.unwrap();
    assert_eq!(fake.calls(), ["DELETE /channels/1/messages/2"; 2]);
}

#[tokio::test]
async fn a_long_429_is_handed_back_with_its_wait() {
    let fake = Fake::start(|_, _| slow_down("3600")).await;
    let error = fake.rest().delete_message(ChannelId(1), MessageId(2)).await.unwrap_err();
    assert_eq!((error.kind, error.retry_after), (Kind::Temporary, Some(Duration::from_hours(1))));
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn the_bodys_wait_is_more_exact_than_the_headers() {
    let body = json!({ "message": "slow down", "retry_after": 65.25, "global": true });
    let fake = Fake::start(move |_, _| slow_down("66").saying(&body)).await;
    let error = fake.rest().get("users/@me").await.unwrap_err();
    assert_eq!(error.retry_after, Some(Duration::from_millis(65_250)));
}

#[tokio::test]
async fn a_global_429_holds_everybody_back() {
    let fake =
        Fake::start(
            |before, _| {
                if before == 0 { slow_down("0.2").with("x-ratelimit-global", &"true") } else { empty() }
            },
        )
        .await;
    let rest = fake.rest();
    let first = tokio::spawn({
        let rest = rest.clone();
        async move { rest.delete("channels/1/messages/1").await }
    });
    while fake.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    // The answer may still be under way; once it is there, nobody else gets through before the wait is over.
    while rest.0.open.try_read().is_ok() {
        tokio::task::yield_now().await;
    }
    let second = rest.delete("channels/2/messages/2");
    tokio::pin!(second);
    assert!(futures_util::poll!(&mut second).is_pending());
    assert_eq!(fake.calls().len(), 1);
    second.await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(fake.calls().len(), 3);
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let table = [
        (refused(403, 50_013), Kind::Forbidden, Some(50_013)),
        (refused(404, 10_008), Kind::NotFound, Some(10_008)),
        (refused(401, 0), Kind::Unauthorised, Some(0)),
        (refused(400, 50_035), Kind::Permanent, Some(50_035)),
        (status(500), Kind::Temporary, None),
        (status(502), Kind::Temporary, None),
    ];
    for (answer, kind, code) in table {
        let answer = std::sync::Mutex::new(Some(answer));
        let fake = Fake::start(move |_, _| answer.lock().unwrap().take().unwrap()).await;
        let error = fake.rest().get("users/@me").await.unwrap_err();
        assert_eq!((error.kind, error.discord_code), (kind, code), "{error}");
    }
}

#[tokio::test]
async fn nobody_there_is_temporary() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let rest = Rest::new(&url, &Token::new("t"), Clock::manual(noon())).unwrap();
    assert!(rest.get("users/@me").await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn a_server_that_never_answers_ends_at_the_deadline() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let deadline = Duration::from_millis(50);
    let rest = Rest::with_deadline(&url, &Token::new("t"), Clock::manual(noon()), deadline).unwrap();
    let error = rest.get("users/@me").await.unwrap_err();
    assert_eq!((error.kind, error.what), (Kind::Temporary, "no answer in time"));
}

#[tokio::test]
async fn the_token_does_not_follow_a_redirect() {
    let elsewhere = Fake::start(|_, _| ok(&json!({}))).await;
    let target = elsewhere.url.clone();
    let fake =
        Fake::start(move |_, _| status(307).with("location", &format!("{target}/api/v10/users/@me"))).await;
    let error = fake.rest().get("users/@me").await.unwrap_err();
    assert_eq!(error.kind, Kind::Permanent);
    assert_eq!(fake.seen()[0].authorization, "Bot secret-token");
    assert!(elsewhere.calls().is_empty());
}

#[tokio::test]
async fn neither_errors_nor_debug_output_hold_the_token_or_a_body() {
    let fake = Fake::start(|_, _| refused(400, 50_035)).await;
    let rest = fake.rest();
    let error = rest.post("channels/1/messages", &json!({ "content": "a private word" })).await.unwrap_err();
    let shown = format!("{error} {error:?} {rest:?}");
    assert!(!shown.contains("secret-token") && !shown.contains("private"), "{shown}");
    assert!(shown.contains("HTTP 400, Discord 50035"), "{shown}");
}

#[tokio::test]
async fn the_dm_pause_always_carries_both_measures() {
    let fake = Fake::start(|_, _| ok(&json!({}))).await;
    let until = Timestamp::parse_rfc3339("2026-03-03T00:00:00Z").unwrap();
    let actions = IncidentActions { dms_disabled_until: Some(until), invites_disabled_until: None };
    fake.rest().set_incident_actions(GuildId(1), &actions).await.unwrap();
    let seen = &fake.seen()[0];
    assert_eq!(seen.call, "PUT /guilds/1/incident-actions");
    let body = json!({ "invites_disabled_until": null, "dms_disabled_until": "2026-03-03T00:00:00Z" });
    assert_eq!(seen.body, body);
}

#[tokio::test]
async fn an_address_that_is_none_says_how_to_write_one() {
    for bad in ["discord.com", "ftp://discord.com", "", "http://"] {
        let error = Rest::new(bad, &Token::new("t"), Clock::manual(noon())).unwrap_err();
        assert!(error.to_string().contains("https://discord.com"), "{bad}");
    }
}

#[tokio::test]
async fn channels_that_cannot_be_read_are_counted() {
    let channel = json!({ "id": "20", "type": 0, "name": "art", "permission_overwrites": [] });
    let fake = Fake::start(move |_, _| ok(&json!([channel, { "id": "21" }]))).await;
    let (spaces, unread) = fake.rest().channels(GuildId(1)).await.unwrap();
    assert_eq!((spaces.len(), unread), (1, 1));
    assert_eq!((spaces[0].id, spaces[0].guild), (ChannelId(20), GuildId(1)));
    assert_eq!(fake.calls(), ["GET /guilds/1/channels"]);
}

#[tokio::test]
async fn who_is_in_a_thread_is_read_from_the_platform() {
    let fake =
        Fake::start(|_, _| ok(&json!([{ "id": "21", "user_id": "7" }, { "id": "21", "user_id": "8" }])))
            .await;
    assert_eq!(fake.rest().thread_members(ChannelId(21)).await.unwrap(), [UserId(7), UserId(8)]);
    assert_eq!(fake.calls(), ["GET /channels/21/thread-members"]);
}

#[tokio::test]
async fn an_answer_of_another_shape_is_not_taken_for_an_empty_one() {
    let fake = Fake::start(|_, _| ok(&json!("surprise"))).await;
    let rest = fake.rest();
    assert_eq!(rest.messages_after(ChannelId(1), MessageId(0)).await.unwrap_err().kind, Kind::Permanent);
    assert_eq!(rest.thread_members(ChannelId(1)).await.unwrap_err().kind, Kind::Permanent);
    assert_eq!(rest.channel(ChannelId(1)).await.unwrap_err().kind, Kind::Permanent);
}
