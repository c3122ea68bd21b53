//! What somebody meets who follows a link, forges one, asks too often, or is not Twilio.

use std::sync::Mutex;

use reqwest::{Client, Response};

use super::*;
use crate::domain::event::Answer;
use crate::domain::fact::Travel;
use crate::domain::{CaseRef, Category, Level, Timestamp, UserId};
use crate::paging::links::{Purpose, Signed};
use crate::paging::people::{DISCORD_DM, EMAIL, Slot};
use crate::paging::{LadderPolicy, OnCall, People};

const NOW: Timestamp = Timestamp(1_772_000_000_000_000);

/// A listener over ladders whose events are folded at once.
struct Scene {
    base: String,
    calls: Arc<RwLock<Calls>>,
    heard: Arc<Mutex<Vec<Event>>>,
    key: LinkKey,
    clock: Clock,
    http: Client,
    kept: Arc<std::sync::atomic::AtomicBool>,
}

fn people() -> People {
    let person = |name: &str, slot, account: Option<u64>| OnCall {
        name: name.into(),
        slot,
        account: account.map(UserId),
        channels: vec![DISCORD_DM.into(), EMAIL.into()],
    };
    People::new(vec![
        person("sam", Slot::Dsl, Some(1)),
        person("dee", Slot::DeputyDsl, Some(2)),
        person("out", Slot::External, None),
    ])
}

fn account() -> Account {
    Account { sid: "AC1".into(), token: "12345".into(), from: "+441632960000".into(), base: "x".into() }
}

impl Scene {
    async fn open(subjects: &[u64]) -> Scene {
        let mut calls = Calls::new("org", LadderPolicy::default(), people());
        let subjects = subjects.iter().copied().map(UserId).collect();
        let (case, category, level) = (CaseRef(7), Category::Grooming, Level::Serious);
        calls.apply(NOW, &Fact::CaseOpened { case, category, level, subjects });
        for rung in calls.advance(NOW) {
            calls.apply(NOW, &rung.fact);
        }
        let calls = Arc::new(RwLock::new(calls));
        let clock = Clock::manual(NOW);
        let key = LinkKey::new(&[7; 32]);
        let heard: Arc<Mutex<Vec<Event>>> = Arc::default();
        let kept = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inbound = Inbound {
            key: key.clone(),
            public_url: base.clone(),
            behind_proxy: false,
            twilio: Some(account()),
            calls: calls.clone(),
            hear: {
                let (calls, heard, clock, kept) = (calls.clone(), heard.clone(), clock.clone(), kept.clone());
                Arc::new(move |event| {
                    heard.lock().unwrap().push(event.clone());
                    let mut calls = calls.write().unwrap();
                    let now = clock.now();
                    let facts = match event {
                        Event::AcknowledgedByLink(answer) => calls.answer(&answer),
                        Event::Handled { case, name, what, via } => {
                            let (Ok(fact) | Err(fact)) = calls.handle(case, &name, &what, &via, now);
                            vec![fact]
                        }
                        _ => Vec::new(),
                    };
                    for fact in &facts {
                        calls.apply(now, fact);
                    }
                    let kept = kept.load(std::sync::atomic::Ordering::SeqCst);
                    Box::pin(async move { if kept { Ok(facts) } else { Err(NotKept) } })
                })
            },
            clock: clock.clone(),
        };
        tokio::spawn(run(listener, inbound, std::future::pending()));
        let http = Client::new();
        Scene { base, calls, heard, key, clock, http, kept }
    }

    fn token(&self, name: &str, purpose: Purpose) -> String {
        let answer = Answer {
            case: CaseRef(7),
            level: Level::Serious,
            round: 0,
            together: None,
            name: name.into(),
            via: EMAIL.into(),
        };
        let job = "page/org/C-0007/4/0/0/sam/sms".to_owned();
        self.key.sign(
            purpose,
            &Signed { answer, job },
            self.clock.now().plus(std::time::Duration::from_mins(10)),
        )
    }

    async fn get(&self, path: &str) -> (u16, String) {
        read(self.http.get(format!("{}{path}", self.base)).send().await.unwrap()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
        read(self.http.post(format!("{}{path}", self.base)).form(fields).send().await.unwrap()).await
    }

    async fn twilio(&self, path: &str, fields: &[(&str, &str)], token: &str) -> (u16, String) {
        use base64::Engine as _;
        let url = format!("{}{path}", self.base);
        let mut sorted = fields.to_vec();
        sorted.sort_unstable();
        let text = sorted.iter().fold(url.clone(), |text, (name, value)| text + name + value);
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
        let signature =
            base64::engine::general_purpose::STANDARD.encode(ring::hmac::sign(&key, text.as_bytes()));
        let request = self.http.post(url).header("x-twilio-signature", signature).form(fields);
        read(request.send().await.unwrap()).await
    }

    fn heard(&self) -> Vec<Event> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }

    fn acknowledged(&self) -> bool {
        let calls = self.calls.read().unwrap();
        calls.cases().all(|case| case.state != crate::domain::CaseState::New)
    }
}

async fn read(response: Response) -> (u16, String) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["cache-control"], "no-store");
    assert_eq!(response.headers()["referrer-policy"], "no-referrer");
    (status, response.text().await.unwrap())
}

#[tokio::test]
async fn a_mail_scanner_that_opens_a_link_changes_nothing_and_the_button_acknowledges_once() {
    let scene = Scene::open(&[]).await;
    let path = format!("/a/{}", scene.token("sam", Purpose::Answer));
    for _ in 0..3 {
        let (status, page) = scene.get(&path).await;
        assert_eq!(status, 200);
        assert!(page.contains("C-0007") && page.contains("value=\"acknowledge\""), "{page}");
        assert!(!page.contains("grooming") && !page.contains("sam"), "{page}");
    }
    assert!(scene.heard().is_empty() && !scene.acknowledged());
    let (status, page) = scene.post(&path, &[("do", "acknowledge")]).await;
    assert_eq!(status, 200);
    assert!(scene.acknowledged() && page.contains("You have acknowledged"), "{page}");
    assert!(page.contains("<option>dee</option>") && !page.contains("<option>sam</option>"), "{page}");
    let (_, page) = scene.post(&path, &[("do", "acknowledge")]).await;
    assert!(page.contains("already acknowledged"), "{page}");
}

#[tokio::test]
async fn what_is_done_afterwards_is_recorded_by_name() {
    let scene = Scene::open(&[]).await;
    let path = format!("/a/{}", scene.token("sam", Purpose::Answer));
    scene.post(&path, &[("do", "acknowledge")]).await;
    scene.heard();
    let (_, page) =
        scene.post(&path, &[("do", "snooze"), ("minutes", "60"), ("reason", "with-the-police")]).await;
    assert!(page.contains("Recorded."), "{page}");
    let (_, page) =
        scene.post(&path, &[("do", "snooze"), ("minutes", "14400"), ("reason", "with-the-police")]).await;
    assert!(page.contains("cannot be put off for that long"), "{page}");
    scene.post(&path, &[("do", "hand-over"), ("to", "dee")]).await;
    assert!(!scene.acknowledged(), "dee is called now");
    let (_, page) = scene.post(&path, &[("do", "resolve")]).await;
    assert!(scene.acknowledged() && page.contains("Recorded."), "{page}");
    assert_eq!(scene.post(&path, &[("do", "format")]).await.0, 400);
    assert_eq!(scene.heard().len(), 4);
}

#[tokio::test]
async fn a_subject_a_stranger_and_a_forger_are_answered_alike() {
    let scene = Scene::open(&[1]).await;
    let subject = scene.token("sam", Purpose::Answer);
    let stranger = scene.token("nobody", Purpose::Answer);
    let other_key = LinkKey::new(&[8; 32]);
    let forged = {
        let genuine = Scene { key: other_key, ..Scene::open(&[]).await };
        genuine.token("dee", Purpose::Answer)
    };
    let wrong_purpose = scene.token("dee", Purpose::Travel);
    let pages: Vec<_> = {
        let mut pages = Vec::new();
        for token in [&subject, &stranger, &forged, &wrong_purpose] {
            pages.push(scene.get(&format!("/a/{token}")).await);
        }
        pages
    };
    assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "{pages:#?}");
    assert!(!pages[0].1.contains("C-0007"));
    for token in [&subject, &stranger, &forged, &wrong_purpose] {
        scene.post(&format!("/a/{token}"), &[("do", "acknowledge")]).await;
        scene.post(&format!("/a/{token}"), &[("do", "resolve")]).await;
        scene.post(&format!("/n/{token}"), &[]).await;
    }
    assert!(!scene.acknowledged());
}

#[tokio::test]
async fn an_expired_link_and_one_whose_call_is_over_say_so() {
    let scene = Scene::open(&[]).await;
    let path = format!("/a/{}", scene.token("sam", Purpose::Answer));
    {
        let mut calls = scene.calls.write().unwrap();
        let (case, category, level) = (CaseRef(7), Category::Grooming, Level::Immediate);
        calls.apply(
            NOW,
            &Fact::CaseRose { case, category, level, subjects: std::collections::BTreeSet::new() },
        );
    }
    let (status, page) = scene.get(&path).await;
    assert_eq!(status, 200);
    assert!(page.contains("no longer") && !page.contains("value=\"acknowledge\""), "{page}");
    scene.post(&path, &[("do", "acknowledge")]).await;
    assert!(!scene.acknowledged(), "a link of an earlier call");
    scene.clock.advance_to(NOW.plus(std::time::Duration::from_secs(601)));
    assert_eq!(scene.get(&path).await.0, 410);
    assert_eq!(scene.post(&path, &[("do", "acknowledge")]).await.0, 410);
}

#[tokio::test]
async fn the_button_of_a_push_message_answers_with_whether_it_counted() {
    let scene = Scene::open(&[]).await;
    let path = format!("/n/{}", scene.token("out", Purpose::Answer));
    assert_eq!(scene.get(&path).await.0, 405, "opening it does nothing");
    assert_eq!(scene.post(&path, &[]).await.0, 200);
    assert!(scene.acknowledged());
    assert_eq!(scene.post(&path, &[]).await.0, 409);
}

#[tokio::test]
async fn a_call_is_answered_by_pressing_one_and_only_twilio_can_say_so() {
    let scene = Scene::open(&[]).await;
    let token = scene.token("dee", Purpose::Answer);
    let (voice, key) = (format!("/v/{token}"), format!("/k/{token}"));
    let (status, twiml) = scene.twilio(&voice, &[("CallSid", "CA1")], "12345").await;
    assert_eq!(status, 200);
    assert!(twiml.contains("<Gather") && twiml.contains(&format!("{}{key}", scene.base)), "{twiml}");
    assert!(twiml.contains("case 7"), "{twiml}");
    assert_eq!(scene.post(&key, &[("Digits", "1")]).await.0, 403, "no signature");
    assert_eq!(scene.twilio(&key, &[("Digits", "1")], "54321").await.0, 403, "another signature");
    assert!(!scene.acknowledged());
    let (_, twiml) = scene.twilio(&key, &[("Digits", "2")], "12345").await;
    assert!(!scene.acknowledged() && twiml.contains("not acknowledged"), "{twiml}");
    let (_, twiml) = scene.twilio(&key, &[("Digits", "1")], "12345").await;
    assert!(scene.acknowledged() && twiml.contains("You have acknowledged"), "{twiml}");
}

#[tokio::test]
async fn a_call_to_somebody_who_has_become_the_subject_says_nothing_of_the_case() {
    let scene = Scene::open(&[]).await;
    let token = scene.token("dee", Purpose::Answer);
    {
        let mut calls = scene.calls.write().unwrap();
        let (case, category, level) = (CaseRef(7), Category::Grooming, Level::Serious);
        calls.apply(NOW, &Fact::CaseRose { case, category, level, subjects: [UserId(2)].into() });
    }
    let (status, twiml) = scene.twilio(&format!("/v/{token}"), &[], "12345").await;
    assert_eq!(status, 200);
    assert!(!twiml.contains("case") && !twiml.contains("Gather"), "{twiml}");
    scene.twilio(&format!("/k/{token}"), &[("Digits", "1")], "12345").await;
    assert!(!scene.acknowledged());
}

#[tokio::test]
async fn what_became_of_a_message_is_heard_and_a_forged_report_is_not() {
    let scene = Scene::open(&[]).await;
    let path = format!("/s/{}", scene.token("sam", Purpose::Travel));
    let report = [("MessageStatus", "undelivered"), ("ErrorCode", "30003")];
    assert_eq!(scene.post(&path, &report).await.0, 403);
    assert!(scene.heard().is_empty());
    assert_eq!(scene.twilio(&path, &[("MessageStatus", "sent")], "12345").await.0, 204);
    assert_eq!(scene.twilio(&path, &report, "12345").await.0, 204);
    let heard = scene.heard();
    let [Event::Travelled { job, state: Travel::FailedPermanent { why } }] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!((job.as_str(), why.as_str()), ("page/org/C-0007/4/0/0/sam/sms", "twilio: undelivered 30003"));
}

#[tokio::test]
async fn whoever_asks_too_often_or_sends_too_much_is_refused_and_nothing_else_is_hurt() {
    let scene = Scene::open(&[]).await;
    let path = format!("/a/{}", scene.token("sam", Purpose::Answer));
    let large = "x".repeat(LARGEST_BODY + 1);
    assert_eq!(scene.post(&path, &[("do", &large)]).await.0, 413);
    let mut last = 200;
    for _ in 0..40 {
        last = scene.get("/a/forged").await.0;
    }
    assert_eq!(last, 429);
    scene.clock.advance_to(NOW.plus(std::time::Duration::from_mins(1)));
    scene.post(&path, &[("do", "acknowledge")]).await;
    assert!(scene.acknowledged());
}

#[tokio::test]
async fn while_nothing_can_be_kept_the_person_is_told_so() {
    let scene = Scene::open(&[]).await;
    scene.kept.store(false, std::sync::atomic::Ordering::SeqCst);
    let path = format!("/a/{}", scene.token("sam", Purpose::Answer));
    let (status, page) = scene.post(&path, &[("do", "acknowledge")]).await;
    assert_eq!(status, 503);
    assert!(page.contains("cannot be recorded at present"), "{page}");
}

#[test]
fn only_a_proxy_is_believed_about_who_stands_behind_it() {
    let peer = IpAddr::from([127, 0, 0, 1]);
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.7".parse().unwrap());
    assert_eq!(who(peer, &headers, false), peer);
    assert_eq!(who(peer, &headers, true), IpAddr::from([198, 51, 100, 7]));
    assert_eq!(who(peer, &HeaderMap::new(), true), peer);
}
