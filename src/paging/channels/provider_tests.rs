//! Every channel against what its provider's public documents say that it answers.

use std::collections::BTreeMap;
use std::time::Duration;

use super::alertmanager::Alertmanager;
use super::fake::{Provider, Says, job, says};
use super::http::Http;
use super::ntfy::Ntfy;
use super::pagerduty::PagerDuty;
use super::twilio::{Account, Sms, Voice, travel};
use super::webhook::{Target, Webhook};
use super::{Channel, Courier};
use crate::clock::Clock;
use crate::domain::fact::Travel;
use crate::domain::{CaseRef, Effect, Level, Timestamp};
use crate::outbox::{Deliver as _, Delivered, Job};
use crate::paging::links::{LinkKey, Links, Purpose};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn http() -> Http {
    Http::new().unwrap()
}

fn sam(value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("sam".to_owned(), value.to_owned())])
}

fn account(base: &str) -> Account {
    Account { sid: "AC1".into(), token: "hunter2".into(), from: "+441632960000".into(), base: base.into() }
}

fn courier<C: Channel>(channel: C, links: bool) -> Courier<C> {
    let links = if links {
        Links::below("https://pages.club.example", LinkKey::new(&[7; 32]))
    } else {
        Links::default()
    };
    Courier::new(channel, links, Clock::manual(Timestamp::from_seconds(1_772_000_000)))
}

fn with(status: u16, headers: &[(&'static str, &str)], body: &str) -> Says {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Says { headers, ..says(status, body) }
}

fn later(why: &str) -> Delivered {
    Delivered::Later { why: why.into(), after: None }
}

fn never(why: &str) -> Delivered {
    Delivered::Never { why: why.into() }
}

fn done(id: Option<&str>) -> Delivered {
    Delivered::Done { detail: id.map(str::to_owned) }
}

/// What a page by each channel comes to when the provider says this.
async fn each(channel: &str, says: Says) -> Delivered {
    let provider = Provider::start([says]).await;
    let base = provider.base.clone();
    let page = job(channel, "sam");
    match channel {
        "ntfy" => courier(Ntfy::new(http(), base, None, sam("topic")), false).deliver(&page).await,
        "sms" => courier(Sms::new(http(), account(&base), sam("+447700900123")), false).deliver(&page).await,
        "voice" => {
            courier(Voice::new(http(), account(&base), sam("+447700900123")), false).deliver(&page).await
        }
        "pagerduty" => courier(PagerDuty::new(http(), base, sam("R0")), false).deliver(&page).await,
        "webhook" => {
            let target = Target::new(base, SECRET).unwrap();
            courier(Webhook::new(http(), [("sam".to_owned(), target)].into()), false).deliver(&page).await
        }
        "alertmanager" => courier(Alertmanager::new(http(), sam(&base)), false).deliver(&page).await,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn every_documented_answer_says_whether_to_try_again() {
    let ntfy_error = |code: u32, http: u16| {
        let body = format!(r#"{{"code":{code},"http":{http},"error":"quotes topic sam-secret-topic"}}"#);
        says(http, &body)
    };
    let twilio_error = |status: u16, code: u32| {
        says(
            status,
            &format!(r#"{{"code":{code},"message":"The number +447700900123 is …","status":{status}}}"#),
        )
    };
    let cases = [
        ("ntfy", says(200, r#"{"id":"hwQ2YpKdmg","time":1,"event":"message"}"#), done(Some("hwQ2YpKdmg"))),
        ("ntfy", ntfy_error(40_101, 401), never("ntfy answered 401 (40101)")),
        ("ntfy", ntfy_error(40_301, 403), never("ntfy answered 403 (40301)")),
        ("ntfy", ntfy_error(40_009, 400), never("ntfy answered 400 (40009)")),
        ("ntfy", ntfy_error(41_301, 413), never("ntfy answered 413 (41301)")),
        ("ntfy", ntfy_error(42_901, 429), later("ntfy answered 429 (42901)")),
        ("ntfy", ntfy_error(50_001, 500), later("ntfy answered 500 (50001)")),
        ("ntfy", ntfy_error(50_701, 507), later("ntfy answered 507 (50701)")),
        ("sms", says(201, r#"{"sid":"SM1","status":"queued"}"#), done(Some("SM1"))),
        ("sms", says(201, r#"{"sid":"SM1","status":"accepted"}"#), done(Some("SM1"))),
        ("sms", says(201, r#"{"sid":"SM1","status":"failed"}"#), never("twilio: failed")),
        ("sms", twilio_error(400, 21_211), never("twilio answered 400 (21211)")),
        ("sms", twilio_error(400, 21_610), never("twilio answered 400 (21610)")),
        ("sms", twilio_error(401, 20_003), never("twilio answered 401 (20003)")),
        ("sms", twilio_error(403, 20_005), never("twilio answered 403 (20005)")),
        ("sms", twilio_error(404, 20_404), never("twilio answered 404 (20404)")),
        ("sms", twilio_error(429, 20_429), later("twilio answered 429 (20429)")),
        ("sms", twilio_error(500, 20_500), later("twilio answered 500 (20500)")),
        ("sms", says(503, "<html>"), later("twilio answered 503")),
        ("voice", says(201, r#"{"sid":"CA1","status":"queued"}"#), done(Some("CA1"))),
        ("voice", twilio_error(400, 21_215), never("twilio answered 400 (21215)")),
        ("voice", twilio_error(429, 20_429), later("twilio answered 429 (20429)")),
        ("pagerduty", says(202, r#"{"status":"success","dedup_key":"x"}"#), done(None)),
        (
            "pagerduty",
            says(400, r#"{"status":"invalid event","errors":["routing_key R0"]}"#),
            never("pagerduty answered 400"),
        ),
        ("pagerduty", says(429, ""), later("pagerduty answered 429")),
        ("pagerduty", says(500, ""), later("pagerduty answered 500")),
        ("webhook", says(200, ""), done(None)),
        ("webhook", says(204, ""), done(None)),
        ("webhook", says(410, ""), never("webhook answered 410")),
        (
            "webhook",
            with(302, &[("location", "https://elsewhere.example")], ""),
            never("webhook answered 302"),
        ),
        ("webhook", says(502, ""), later("webhook answered 502")),
        ("alertmanager", says(200, ""), done(None)),
        ("alertmanager", says(400, "\"bad matcher\""), never("alertmanager answered 400")),
        ("alertmanager", says(500, ""), later("alertmanager answered 500")),
    ];
    for (channel, answer, expected) in cases {
        let told = format!("{channel} {answer:?}");
        assert_eq!(each(channel, answer).await, expected, "{told}");
    }
}

#[tokio::test]
async fn whoever_asks_to_be_left_alone_is_but_not_for_an_hour() {
    for channel in ["ntfy", "sms", "voice", "pagerduty", "webhook", "alertmanager"] {
        for (asked, given) in [("17", 17), ("3600", 300)] {
            let delivered = each(channel, with(429, &[("retry-after", asked)], "")).await;
            let Delivered::Later { after, .. } = delivered else { panic!("{channel} {delivered:?}") };
            assert_eq!(after, Some(Duration::from_secs(given)), "{channel}");
        }
    }
}

#[tokio::test]
async fn nobody_listening_is_later_and_nobody_configured_is_never() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ntfy = courier(Ntfy::new(http(), base, None, sam("topic")), false);
    assert_eq!(ntfy.deliver(&job("ntfy", "sam")).await, later("ntfy could not be reached"));
    let delivered = ntfy.deliver(&job("ntfy", "gone")).await;
    assert!(
        matches!(&delivered, Delivered::Never { why } if why.contains("no ntfy topic") && !why.contains("gone"))
    );
    assert!(
        matches!(ntfy.deliver(&job("sms", "sam")).await, Delivered::Never { .. }),
        "another channel's page"
    );
}

#[tokio::test]
async fn a_push_has_a_priority_and_a_button_and_one_that_is_repeated_replaces_the_first() {
    let provider = Provider::start([says(200, "{}")]).await;
    let ntfy = Ntfy::new(http(), provider.base.clone(), Some("tk_1".into()), sam("topic"));
    let ntfy = courier(ntfy, true);
    let page = job("ntfy", "sam");
    for attempts in [0, 1] {
        ntfy.deliver(&Job { attempts, ..page.clone() }).await;
    }
    let seen = provider.seen();
    assert_eq!((seen[0].method.as_str(), seen[0].uri.as_str()), ("POST", "/"));
    assert_eq!(seen[0].header("authorization"), "Bearer tk_1");
    let message = seen[0].json();
    assert_eq!((&message["topic"], &message["priority"]), (&"topic".into(), &4.into()));
    let action = &message["actions"][0];
    assert_eq!((&action["action"], &action["method"]), (&"http".into(), &"POST".into()));
    let token = action["url"].as_str().unwrap().strip_prefix("https://pages.club.example/n/").unwrap();
    let signed =
        LinkKey::new(&[7; 32]).read(Purpose::Answer, token, Timestamp::from_seconds(1_772_000_000)).unwrap();
    assert_eq!(
        (signed.answer.case, signed.answer.round, signed.answer.name.as_str()),
        (CaseRef(7), 2, "sam")
    );
    assert_eq!(message["sequence_id"], seen[1].json()["sequence_id"]);
    assert_eq!(message["click"], seen[1].json()["click"], "a link does not change when it is tried again");
}

#[tokio::test]
async fn a_text_message_says_what_it_must_and_is_not_sent_twice_after_a_crash() {
    let created = says(201, r#"{"sid":"SM1","status":"queued"}"#);
    let provider = Provider::start([created.clone()]).await;
    let sms = courier(Sms::new(http(), account(&provider.base), sam("+447700900123")), true);
    let page = job("sms", "sam");
    sms.deliver(&page).await;
    let first = provider.seen().remove(0);
    assert_eq!(first.uri, "/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(first.header("authorization"), "Basic QUMxOmh1bnRlcjI=");
    assert_eq!(first.field("To").unwrap(), "+447700900123");
    assert_eq!(first.field("From").unwrap(), "+441632960000");
    let body = first.field("Body").unwrap();
    assert!(
        body.starts_with("Safeguarding C-0007: level 4 (serious), grooming. Please acknowledge. https://"),
        "{body}"
    );
    assert!(first.field("StatusCallback").unwrap().starts_with("https://pages.club.example/s/"));

    // What stands there already is found by its text; another page's is not.
    let list = |body: &str| {
        says(200, &serde_json::json!({ "messages": [{ "sid": "SM9", "body": body }] }).to_string())
    };
    for (stands, calls, id) in [(body.as_str(), 1, "SM9"), ("another page", 2, "SM1")] {
        let provider = Provider::start([list(stands), created.clone()]).await;
        let sms = courier(Sms::new(http(), account(&provider.base), sam("+447700900123")), true);
        assert_eq!(sms.deliver(&Job { attempts: 1, ..page.clone() }).await, done(Some(id)));
        assert_eq!(provider.seen().len(), calls);
    }
}

#[tokio::test]
async fn a_call_asks_for_a_key_where_a_press_can_be_heard() {
    let provider = Provider::start([says(201, r#"{"sid":"CA1","status":"queued"}"#)]).await;
    let voice = |links| courier(Voice::new(http(), account(&provider.base), sam("+447700900123")), links);
    voice(true).deliver(&job("voice", "sam")).await;
    voice(false).deliver(&job("voice", "sam")).await;
    let seen = provider.seen();
    assert_eq!(seen[0].uri, "/2010-04-01/Accounts/AC1/Calls.json");
    assert!(seen[0].field("Url").unwrap().starts_with("https://pages.club.example/v/"));
    assert_eq!(seen[0].field("Twiml"), None);
    let said = seen[1].field("Twiml").unwrap();
    assert!(said.contains("<Say") && !said.contains("Gather"), "{said}");
}

#[tokio::test]
async fn one_incident_a_case_triggered_acknowledged_and_resolved() {
    let provider = Provider::start([says(202, r#"{"status":"success"}"#)]).await;
    let pager = courier(PagerDuty::new(http(), provider.base.clone(), sam("R0")), true);
    pager.deliver(&job("pagerduty", "sam")).await;
    for resolved in [false, true] {
        let effect = Effect::PageSettled {
            case: CaseRef(7),
            resolved,
            channel: "pagerduty".into(),
            person: "sam".into(),
        };
        pager.deliver(&Job { effect, ..job("pagerduty", "sam") }).await;
    }
    let events: Vec<_> = provider.seen().iter().map(super::fake::Request::json).collect();
    let actions: Vec<_> = events.iter().map(|event| event["event_action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["trigger", "acknowledge", "resolve"]);
    assert!(
        events
            .iter()
            .all(|event| event["dedup_key"] == "chaperone/club/C-0007" && event["routing_key"] == "R0")
    );
    assert_eq!(provider.seen()[0].uri, "/v2/enqueue");
    let payload = &events[0]["payload"];
    assert_eq!((&payload["severity"], &payload["source"]), (&"error".into(), &"club".into()));
}

#[tokio::test]
async fn a_webhook_is_signed_and_a_repeat_has_the_same_id() {
    let provider = Provider::start([says(200, "")]).await;
    let target = Target::new(format!("{}/hook", provider.base), SECRET).unwrap();
    let webhook = courier(Webhook::new(http(), [("sam".to_owned(), target)].into()), true);
    for _ in 0..2 {
        webhook.deliver(&job("webhook", "sam")).await;
    }
    let seen = provider.seen();
    assert_eq!(seen[0].header("webhook-id"), seen[1].header("webhook-id"));
    let (id, timestamp) = (seen[0].header("webhook-id"), seen[0].header("webhook-timestamp"));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &base64_of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    let signature = base64_of(seen[0].header("webhook-signature").strip_prefix("v1,").unwrap());
    let signed = format!("{id}.{timestamp}.{}", seen[0].body);
    ring::hmac::verify(&key, signed.as_bytes(), &signature).expect("the receiver can check it");
    assert_eq!(seen[0].json()["type"], "page.called");
    assert_eq!(seen[0].json()["data"]["case"], "C-0007");
}

fn base64_of(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}

#[tokio::test]
async fn an_alert_keeps_its_labels_and_ends_when_the_case_is_resolved() {
    let provider = Provider::start([says(200, "")]).await;
    let alerts = courier(Alertmanager::new(http(), sam(&provider.base)), false);
    alerts.deliver(&job("alertmanager", "sam")).await;
    let settled = |resolved| Effect::PageSettled {
        case: CaseRef(7),
        resolved,
        channel: "alertmanager".into(),
        person: "sam".into(),
    };
    for resolved in [false, true] {
        alerts.deliver(&Job { effect: settled(resolved), ..job("alertmanager", "sam") }).await;
    }
    let seen = provider.seen();
    assert_eq!(seen.len(), 2, "it knows no acknowledgement");
    assert_eq!(seen[0].uri, "/api/v2/alerts");
    let (fires, ends) = (&seen[0].json()[0], &seen[1].json()[0]);
    assert_eq!(fires["labels"], ends["labels"]);
    assert_eq!(fires["labels"]["case"], "C-0007");
    assert_eq!(fires["endsAt"], "2026-02-26T06:13:20Z");
    assert_eq!(ends["endsAt"], "2026-02-25T06:13:20Z");
}

#[test]
fn what_twilio_says_later_is_told_as_it_is() {
    for (status, expected) in [
        ("queued", None),
        ("sent", None),
        ("ringing", None),
        ("delivered", Some(Travel::Delivered)),
        ("in-progress", Some(Travel::Delivered)),
        ("read", Some(Travel::Read)),
    ] {
        assert_eq!(travel(status, None), expected, "{status}");
    }
    let failed = travel("undelivered", Some("30003"));
    assert_eq!(failed, Some(Travel::FailedPermanent { why: "twilio: undelivered 30003".into() }));
    for status in ["failed", "busy", "no-answer", "canceled"] {
        assert!(
            matches!(travel(status, Some("+44 7700 900123")), Some(Travel::FailedPermanent { why }) if !why.contains("+44"))
        );
    }
}

#[test]
fn the_signature_of_twilios_own_example_is_recognised() {
    // https://www.twilio.com/docs/usage/security: the example of their documentation.
    let account = Account { token: "12345".into(), ..account("https://api.twilio.com") };
    let fields: Vec<(String, String)> = [
        ("CallSid", "CA1234567890ABCDE"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
    let signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
    assert!(account.has_signed(url, &fields, signature));
    assert!(!account.has_signed("https://mycompany.com/myapp.php?foo=1&bar=3", &fields, signature));
    assert!(!account.has_signed(url, &fields[1..], signature));
    assert!(!account.has_signed(url, &fields, "not base64"));
    assert!(!format!("{account:?}").contains("12345"));
}

#[test]
fn a_level_5_page_is_spoken_and_pushed_louder() {
    let said = super::twilio::said("Safeguarding C-0007: level 5", Some("https://x/k/t?a=1&b=2"));
    assert!(said.contains("case 7") && said.contains("&amp;b=2") && !said.contains("C-0007"), "{said}");
    assert!(Level::Immediate > Level::Serious);
}
