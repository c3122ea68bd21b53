//! How calls travel and come back: links, fallbacks, drills, the rota, providers on loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use chaperone::app::Settings;
use chaperone::app::reach::Listen;
use chaperone::clock::Clock;
use chaperone::domain::{CaseRef, Category, Effect, Fact, Level, UserId};
use chaperone::outbox::{Deliver as _, Delivered, Job};
use chaperone::paging::channels::Courier;
use chaperone::paging::channels::alertmanager::Alertmanager;
use chaperone::paging::channels::http::Http;
use chaperone::paging::channels::twilio::Account;
use chaperone::paging::drill::DrillPolicy;
use chaperone::paging::links::Links;
use chaperone::paging::people::{ALERTMANAGER, EMAIL, SMS};
use chaperone::paging::rota::{Cover, Days, Rota, Shift};
use chaperone::paging::{OnCall, People, Slot};
use chaperone::rehearsal::platform::{RestFault, RestRule};

use crate::world::{minutes, seconds, story_with};

fn listens(settings: &mut Settings) {
    let listen = "127.0.0.1:0".parse().unwrap();
    settings.reach.inbound = Some(Listen { listen, public_url: None, behind_proxy: false });
}

fn people(settings: &mut Settings, change: impl Fn(&mut OnCall)) {
    let all = settings.people.iter().cloned().map(|mut person| {
        change(&mut person);
        person
    });
    settings.people = People::new(all.collect());
}

fn link_in(text: &str) -> String {
    text.lines().find(|line| line.starts_with("http://")).expect("a link").to_owned()
}

#[tokio::test]
async fn a_link_in_a_mail_is_opened_by_a_scanner_and_pressed_by_somebody_outside_once() {
    story_with(listens, |w| async move {
        w.lone_adult().await;
        w.next_page("dsl");
        w.advance(minutes(5)).await;
        w.next_page("deputy");
        w.advance(minutes(5)).await;
        w.next_private_message("sam");
        w.next_notice("#operator");
        let link = link_in(&w.next_mail("external").text);
        let http = reqwest::Client::new();
        for _ in 0..3 {
            assert_eq!(http.get(&link).send().await.unwrap().status(), 200);
        }
        assert_eq!(
            w.count(|fact| matches!(fact, Fact::AcknowledgedByName { .. })).await,
            0,
            "nobody pressed"
        );
        let press = || http.post(&link).form(&[("do", "acknowledge")]).send();
        let page = press().await.unwrap().text().await.unwrap();
        assert!(page.contains("You have acknowledged"), "{page}");
        let page = press().await.unwrap().text().await.unwrap();
        assert!(page.contains("already acknowledged"), "{page}");
        w.settle().await;
        let facts = w.facts().await;
        let named = facts.iter().filter(|(_, fact)| {
            matches!(fact, Fact::AcknowledgedByName { name, via, .. } if name == "external" && via == EMAIL)
        });
        assert_eq!(named.count(), 1);
        w.advance(minutes(120)).await;
    })
    .await;
}

#[tokio::test]
async fn after_a_restart_a_used_link_stays_used() {
    story_with(listens, |w| async move {
        w.dsl().closes_dms();
        w.lone_adult().await;
        let link = link_in(&w.next_mail("dsl").text);
        let path = link.split_once("/a/").unwrap().1.to_owned();
        let http = reqwest::Client::new();
        let press =
            |base: String| http.post(format!("{base}/a/{path}")).form(&[("do", "acknowledge")]).send();
        press(w.address().await).await.unwrap();
        w.settle().await;
        w.kill().await;
        w.bot_up().await;
        let page = press(w.address().await).await.unwrap().text().await.unwrap();
        assert!(page.contains("already acknowledged"), "{page}");
        assert_eq!(w.count(|fact| matches!(fact, Fact::Acknowledged { .. })).await, 1);
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn while_discord_takes_no_messages_the_dsl_is_mailed_within_seconds() {
    story_with(
        |_| {},
        |w| async move {
            let route = "/users/*/channels".to_owned();
            w.platform().fail_calls(RestRule {
                method: None,
                route,
                times: 400,
                fault: RestFault::Status(503),
            });
            let (coach, ella) = w.supervised_pair();
            let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
            w.advance(seconds(20)).await;
            w.is_locked(thread, &coach);
            let began = w.now();
            w.advance(seconds(40)).await;
            let mail = w.next_mail("dsl");
            assert!(mail.text.contains("C-0001: level 4"), "{}", mail.text);
            assert!(mail.at.since(began) < seconds(15), "{} after {began}", mail.at);
            w.platform().clear_faults();
            w.acknowledgement_arrives(CaseRef(1), &w.dsl()).await;
            w.advance(minutes(30)).await;
            // What the platform would not take meanwhile is told now, save the page: nobody waits for it any more.
            w.no_page("dsl");
            w.read_everything();
        },
    )
    .await;
}

/// Twilio, as its documents describe it, on loopback: takes text messages.
#[derive(Clone, Default)]
struct Texts(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

impl Texts {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(take).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        base
    }

    fn seen(&self) -> Vec<BTreeMap<String, String>> {
        self.0.lock().unwrap().clone()
    }
}

async fn take(State(texts): State<Texts>, request: Request) -> (axum::http::StatusCode, &'static str) {
    let post = request.method() == axum::http::Method::POST;
    let body = axum::body::to_bytes(request.into_body(), 65_536).await.unwrap();
    let url = reqwest::Url::parse(&format!("http://x/?{}", String::from_utf8_lossy(&body))).unwrap();
    if post {
        texts.0.lock().unwrap().push(url.query_pairs().into_owned().collect());
    }
    (axum::http::StatusCode::CREATED, r#"{"sid":"SM1","status":"queued","messages":[]}"#)
}

#[tokio::test]
async fn when_the_mail_server_is_down_the_dsl_gets_a_text_message_with_a_link() {
    let texts = Texts::default();
    let base = texts.start().await;
    let change = move |settings: &mut Settings| {
        listens(settings);
        let account = Account {
            sid: "AC1".into(),
            token: "12345".into(),
            from: "+441632960000".into(),
            base: base.clone(),
        };
        settings.reach.twilio = Some((account, [("dsl".to_owned(), "+447700900123".to_owned())].into()));
        settings.email = None;
        people(settings, |person| {
            if person.name == "dsl" {
                person.channels = vec![EMAIL.to_owned(), SMS.to_owned()];
            }
        });
    };
    story_with(change, |w| async move {
        w.lone_adult().await;
        let seen = texts.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        let text = &seen[0]["Body"];
        assert!(text.starts_with("Safeguarding C-0001: level 4 (serious), contact."), "{text}");
        let link = text.split_whitespace().last().unwrap();
        let http = reqwest::Client::new();
        http.post(link).form(&[("do", "acknowledge")]).send().await.unwrap();
        w.settle().await;
        let facts = w.facts().await;
        assert!(facts.iter().any(|(_, fact)| matches!(fact, Fact::Acknowledged { via, .. } if via == SMS)));
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_drill_is_marked_answered_counted_and_a_missed_one_is_a_concern() {
    let change = |settings: &mut Settings| {
        settings.ladder.drill = Some(DrillPolicy {
            zone: settings.policy.zone,
            day: chrono::Weekday::Tue,
            at: "11:00:00".parse().unwrap(),
            slots: vec![Slot::Dsl, Slot::DeputyDsl],
            answer_within: minutes(30),
        });
        people(settings, |person| person.channels.truncate(1));
    };
    story_with(change, |w| async move {
        w.advance(minutes(18 * 60)).await;
        for who in ["dsl", "deputy"] {
            assert!(w.next_page(who).text.starts_with("THIS IS A DRILL"));
        }
        w.advance(minutes(1)).await;
        w.dsl().acknowledges().await;
        w.advance(minutes(29)).await;
        let report = w.next_private_message("dsl");
        assert!(
            report.contains("dsl answered after 60 s") && report.contains("deputy did not answer"),
            "{report}"
        );
        w.next_private_message("deputy");
        assert!(w.next_notice("#operator").contains("drill was not answered"));
        let missed = w.count(|fact| matches!(fact, Fact::CaseOpened { level: Level::Concern, .. })).await;
        assert_eq!(missed, 1);
        // The next week both answer, and everybody is content.
        w.advance(minutes(7 * 24 * 60 - 30)).await;
        for who in ["dsl", "deputy"] {
            w.next_page(who);
            w.person(who).acknowledges().await;
        }
        w.advance(seconds(1)).await;
        assert!(w.next_private_message("dsl").contains("deputy answered after"));
        w.next_private_message("deputy");
    })
    .await;
}

#[tokio::test]
async fn who_is_on_duty_is_called_and_a_gap_is_said_ahead() {
    let change = |settings: &mut Settings| {
        let local = |text: &str| text.parse().unwrap();
        let rota = Rota {
            zone: settings.policy.zone,
            shifts: vec![Shift {
                slot: Slot::Dsl,
                people: vec!["dsl".into()],
                days: Days::Weekly(vec![chrono::Weekday::Mon]),
                from: "09:00:00".parse().unwrap(),
                until: "21:00:00".parse().unwrap(),
            }],
            covers: vec![Cover {
                slot: Slot::Dsl,
                person: "chair".into(),
                instead_of: Some("dsl".into()),
                from: local("2026-03-02T17:30:00"),
                until: local("2026-03-02T20:00:00"),
            }],
            absences: Vec::new(),
        };
        settings.people = settings.people.clone().with_rota(rota);
    };
    story_with(change, |w| async move {
        assert!(w.next_notice("#operator").contains("names nobody"), "Tuesday to Sunday nobody is on duty");
        w.advance(minutes(31)).await;
        w.lone_adult().await;
        w.no_page("dsl");
        w.next_page("chair").is_about(1, Level::Serious, "contact");
        w.person("chair").acknowledges().await;
        w.advance(minutes(30)).await;
    })
    .await;
}

#[tokio::test]
async fn something_shared_is_skipped_when_a_declared_reader_is_the_subject() {
    let texts = Texts::default();
    let base = texts.start().await;
    let reader: Arc<Mutex<Option<UserId>>> = Arc::default();
    let (change_reader, story_reader) = (reader.clone(), reader);
    let change = move |settings: &mut Settings| {
        let mut all: Vec<OnCall> = settings.people.iter().cloned().collect();
        all.push(OnCall {
            name: "alerts".into(),
            slot: Slot::Dsl,
            account: None,
            channels: vec![ALERTMANAGER.to_owned()],
        });
        let mut closed = BTreeMap::new();
        if let Some(account) = *change_reader.lock().unwrap() {
            closed.insert("alerts".to_owned(), [account].into());
        }
        settings.people = People::new(all).with_closed_to(closed).with_shared(["alerts".to_owned()].into());
        settings.reach.alertmanagers = [("alerts".to_owned(), base.clone())].into();
    };
    story_with(change, |w| async move {
        let coach = w.person("coach").id;
        w.lone_adult().await;
        assert_eq!(texts.seen().len(), 1, "nobody who reads it is the subject");
        w.next_page("dsl");
        w.dsl().acknowledges().await;
        // From now on the coach reads the alerts too, and a second room is found.
        *story_reader.lock().unwrap() = Some(coach);
        w.bot_down().await;
        w.bot_up().await;
        let thread = w.person("coach").opens_private_thread("#music", "again", &[&w.person("tom")]).await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &w.person("coach"));
        w.next_page("dsl");
        assert_eq!(texts.seen().len(), 1, "the alerts are skipped");
        w.dsl().acknowledges().await;
        w.read_everything();
        w.advance(minutes(30)).await;
    })
    .await;
}

/// Waits until something becomes so, without a clock of ours.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let mut ticks = tokio::time::interval(Duration::from_millis(50));
    for _ in 0..400 {
        ticks.tick().await;
        if let Some(seen) = look().await {
            return seen;
        }
    }
    panic!("waited in vain: {what}");
}

/// A real Alertmanager, where one is installed.
struct RealAlertmanager {
    process: std::process::Child,
    base: String,
    _folder: tempfile::TempDir,
}

impl Drop for RealAlertmanager {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl RealAlertmanager {
    async fn start() -> Option<RealAlertmanager> {
        let program = ["/usr/bin/prometheus-alertmanager", "/usr/local/bin/alertmanager"]
            .into_iter()
            .find(|path| std::path::Path::new(path).exists())?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("alertmanager.yml");
        std::fs::write(&config, "route:\n  receiver: none\nreceivers:\n  - name: none\n").unwrap();
        let process = std::process::Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let base = format!("http://127.0.0.1:{port}");
        let started = RealAlertmanager { process, base: base.clone(), _folder: folder };
        let http = reqwest::Client::new();
        eventually("the Alertmanager starts", async || {
            http.get(format!("{base}/-/ready"))
                .send()
                .await
                .ok()
                .filter(|answer| answer.status().is_success())
        })
        .await;
        Some(started)
    }

    async fn active(&self) -> usize {
        let alerts = reqwest::get(format!("{}/api/v2/alerts", self.base)).await.unwrap();
        alerts.json::<serde_json::Value>().await.unwrap().as_array().unwrap().len()
    }
}

#[tokio::test]
async fn a_real_alertmanager_fires_until_the_case_is_resolved() {
    let Some(real) = RealAlertmanager::start().await else {
        eprintln!("\nSKIPPED: no prometheus-alertmanager is installed, so none was paged\n");
        return;
    };
    let channel = Alertmanager::new(Http::new().unwrap(), [("alerts".to_owned(), real.base.clone())].into());
    let courier = Courier::new(channel, Links::default(), Clock::system());
    let job = |effect| Job {
        key: "page/…".into(),
        organisation: "Art Club".into(),
        case: Some(CaseRef(7)),
        effect,
        not_before: chaperone::domain::Timestamp(0),
        attempts: 0,
    };
    let (channel, person, case) = (ALERTMANAGER.to_owned(), "alerts".to_owned(), CaseRef(7));
    let page = Effect::Page {
        case,
        level: Level::Serious,
        category: Category::Contact,
        slot: "dsl".into(),
        round: 0,
        channel: channel.clone(),
        person: person.clone(),
        drill: false,
        evidence_kept: true,
    };
    for _ in 0..2 {
        assert_eq!(courier.deliver(&job(page.clone())).await, Delivered::Done { detail: None });
    }
    eventually("one alert fires, however often it was told", async || {
        (real.active().await == 1).then_some(())
    })
    .await;
    let settled = Effect::PageSettled { case, resolved: true, channel, person };
    assert_eq!(courier.deliver(&job(settled)).await, Delivered::Done { detail: None });
    eventually("it ends", async || (real.active().await == 0).then_some(())).await;
}
