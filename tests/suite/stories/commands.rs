//! What workers and leads do with commands: decided by code, on record with who and when, answered to them alone.

use chaperone::domain::register::{Register, Responsibility};
use chaperone::domain::{Fact, Kind, Level};
use serde_json::{Value, json};

use crate::openapi;
use crate::world::{Person, World, minutes, seconds, story};

fn text(name: &str, value: &str) -> Value {
    json!({ "name": name, "type": 3, "value": value })
}

fn person(name: &str, who: &Person) -> Value {
    json!({ "name": name, "type": 6, "value": who.id.to_string() })
}

fn space(w: &World, name: &str, space: &str) -> Value {
    json!({ "name": name, "type": 7, "value": w.space(space).to_string() })
}

fn number(name: &str, value: i64) -> Value {
    json!({ "name": name, "type": 4, "value": value })
}

/// What the registers recorded.
async fn registered(w: &World) -> Vec<Register> {
    let facts = w.facts().await;
    facts
        .into_iter()
        .filter_map(|(_, fact)| match fact {
            // What roles make of people is seen, not decided.
            Fact::Register(Register::KindSeen { .. }) => None,
            Fact::Register(change) => Some(change),
            _ => None,
        })
        .collect()
}

/// Art club tonight at six, with sam and coach, the deputy on standby, signed by the DSL.
fn art_club(w: &World) -> Vec<Value> {
    vec![
        text("name", "Art club"),
        space(w, "space", "#art"),
        text("starts", "18:00"),
        text("ends", "20:00"),
        person("leader", &w.person("coach")),
        person("second_leader", &w.person("sam")),
        person("standby", &w.person("deputy")),
        text("risk_assessment", "RA 12"),
        person("signed_by", &w.dsl()),
        number("early", 15),
    ]
}

#[tokio::test]
async fn a_session_from_booking_to_its_end() {
    story(|w| async move {
        let (coach, sam) = (w.person("coach"), w.person("sam"));
        coach.commands("#art", "session", Some("book"), art_club(&w)).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        // It is 17:00; fifteen minutes early is 17:45.
        coach.commands("#art", "session", Some("open"), vec![text("session", "art-club")]).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        w.advance(minutes(50)).await;
        coach.commands("#art", "session", Some("open"), vec![text("session", "art-club")]).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        sam.commands("#art", "session", Some("list"), vec![]).await;
        insta::assert_snapshot!(w.next_answer_named("sam"));
        w.advance(minutes(60)).await;
        for more in [30, 30, 5] {
            let options = vec![text("session", "art-club"), number("minutes", more)];
            sam.commands("#art", "session", Some("extend"), options).await;
        }
        insta::assert_snapshot!(
            [w.next_answer_named("sam"), w.next_answer_named("sam"), w.next_answer_named("sam")].join("\n")
        );
        // Somebody who has nothing to do with it.
        w.person("chair").commands("#art", "session", Some("list"), vec![]).await;
        w.next_answer("chair");
        sam.commands("#art", "session", Some("close"), vec![text("session", "art-club")]).await;
        insta::assert_snapshot!(w.next_answer_named("sam"));
        let changes = registered(&w).await;
        assert!(
            matches!(
                &changes[..],
                [
                    Register::SessionBooked(booked),
                    Register::SessionOpened { by: opened, .. },
                    Register::SessionExtended { .. },
                    Register::SessionExtended { .. },
                    Register::SessionClosed { by: closed, .. },
                ] if booked.booked_by == Some(coach.id) && *opened == coach.id && *closed == sam.id
            ),
            "{changes:?}"
        );
        openapi::assert_conforms(&w.platform().requests());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_booked_says_what_to_do() {
    story(|w| async move {
        let coach = w.person("coach");
        let with = |change: Value| {
            let mut options = art_club(&w);
            options.retain(|option| option["name"] != change["name"]);
            options.push(change);
            options
        };
        let wrong = [
            text("starts", "soon"),
            person("second_leader", &coach),
            person("second_leader", &w.person("stranger")),
            person("standby", &w.person("sam")),
            person("signed_by", &coach),
            text("ends", "tomorrow 23:00"),
        ];
        let mut answers = Vec::new();
        for change in wrong {
            coach.commands("#art", "session", Some("book"), with(change)).await;
            answers.push(w.next_answer_named("coach"));
        }
        insta::assert_snapshot!(answers.join("\n----\n"));
        assert_eq!(registered(&w).await, []);
    })
    .await;
}

#[tokio::test]
async fn a_weekly_session_loses_one_evening_and_then_all() {
    story(|w| async move {
        let coach = w.person("coach");
        let mut options = art_club(&w);
        options.push(text("weekly_until", "2026-04-30"));
        coach.commands("#art", "session", Some("book"), options).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        coach.commands("#art", "session", Some("cancel"), vec![text("session", "art-club")]).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        let all = json!({ "name": "all", "type": 5, "value": true });
        coach.commands("#art", "session", Some("cancel"), vec![text("session", "art-club"), all]).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        coach.commands("#art", "session", Some("list"), vec![]).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
    })
    .await;
}

#[tokio::test]
async fn a_plan_is_agreed_by_somebody_else() {
    story(|w| async move {
        let (dsl, sam, ella) = (w.dsl(), w.person("sam"), w.person("ella"));
        // The DSL proposes contact for themselves.
        let options = vec![
            person("adult", &dsl),
            person("young_person", &ella),
            text("purpose", "mentoring"),
            text("starts", "Wed 16:00"),
            text("ends", "16:30"),
            person("observer", &sam),
        ];
        dsl.commands("#art", "contact", Some("propose"), options).await;
        let answer = w.next_answer("dsl");
        let id = answer.split("**").nth(1).unwrap().to_owned();
        let plan = || vec![text("plan", &id)];
        // Not by themselves, not by a worker, not by a young person.
        dsl.commands("#art", "contact", Some("approve"), plan()).await;
        assert!(w.next_answer("dsl").contains("for themselves"));
        sam.commands("#art", "contact", Some("approve"), plan()).await;
        assert!(w.next_answer("sam").contains("Only a safeguarding lead"));
        ella.commands("#art", "contact", Some("approve"), plan()).await;
        assert!(w.next_answer("ella").contains("for enrolled staff"));
        w.deputy().commands("#art", "contact", Some("approve"), plan()).await;
        assert!(w.next_answer("deputy").contains("Approved"));
        sam.commands("#art", "contact", Some("list"), vec![]).await;
        let list = w.next_answer_named("sam");
        assert!(list.contains("Wed 4 Mar 16:00–16:30") && list.contains("approved by @deputy"), "{list}");
        // Ending it restrains, so the observer may.
        sam.commands("#art", "contact", Some("end"), plan()).await;
        assert!(w.next_answer("sam").contains("has ended"));
        let changes = registered(&w).await;
        assert!(
            matches!(&changes[..], [Register::PlanProposed(_), Register::PlanApproved(plan), Register::PlanEnded { by, .. }]
                if plan.approved_by == w.deputy().id && *by == Some(sam.id)),
            "{changes:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn leads_enrol_people_and_say_who_holds_what() {
    story(|w| async move {
        let (dsl, stranger) = (w.dsl(), w.person("stranger"));
        let enrol = |who: &Person| vec![person("account", who), text("as", "volunteer"), text("reference", "V-7")];
        w.person("coach").commands("#art", "enrol", Some("add"), enrol(&stranger)).await;
        assert!(w.next_answer("coach").contains("Only a safeguarding lead"));
        dsl.commands("#art", "enrol", Some("add"), enrol(&dsl)).await;
        assert!(w.next_answer("dsl").contains("Nobody enrols themselves"));
        dsl.commands("#art", "enrol", Some("add"), enrol(&w.person("ella"))).await;
        assert!(w.next_answer("dsl").contains("young person's role"));
        dsl.commands("#art", "enrol", Some("add"), enrol(&stranger)).await;
        assert!(w.next_answer("dsl").contains("is enrolled as volunteer"));
        // The same person's second account.
        dsl.commands("#art", "enrol", Some("add"), enrol(&w.person("sam"))).await;
        assert!(w.next_answer("dsl").contains("under that reference"));
        let holds = vec![person("account", &stranger), text("responsibility", "session-leader")];
        dsl.commands("#art", "enrol", Some("give"), holds).await;
        w.next_answer("dsl");
        w.person("coach").commands("#art", "roster", None, vec![person("person", &stranger)]).await;
        insta::assert_snapshot!(w.next_answer_named("coach"));
        let changes = registered(&w).await;
        assert!(
            matches!(&changes[..], [Register::Enrolled(enrolled), Register::ResponsibilityTaken { what, by, .. }]
                if enrolled.account == stranger.id && enrolled.kind == Kind::Volunteer && enrolled.by == dsl.id
                    && *what == Responsibility::SessionLeader && *by == dsl.id),
            "{changes:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn two_people_are_kept_apart_by_a_lead_who_is_neither() {
    story(|w| async move {
        let (dsl, ella) = (w.dsl(), w.person("ella"));
        let pair = |one: &Person, other: &Person| {
            vec![person("one", one), person("other", other), text("reason", "bullying")]
        };
        dsl.commands("#art", "separate", Some("order"), pair(&ella, &w.person("tom"))).await;
        assert!(w.next_answer("dsl").contains("kept apart from now on"));
        dsl.commands("#art", "separate", Some("order"), pair(&ella, &dsl)).await;
        assert!(w.next_answer("dsl").contains("neither of the two"));
        w.deputy().commands("#art", "separate", Some("list"), vec![]).await;
        let list = w.next_answer_named("deputy");
        assert!(list.contains("@ella and @tom · bullying"), "{list}");
        let two = vec![person("one", &w.person("tom")), person("other", &ella)];
        dsl.commands("#art", "separate", Some("lift"), two).await;
        assert!(w.next_answer("dsl").contains("any longer"));
        assert_eq!(registered(&w).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn why_a_space_was_closed_depends_on_who_asks_and_a_lead_opens_it() {
    story(|w| async move {
        let thread = w.lone_adult().await;
        w.next_page("dsl").is_about(1, Level::Serious, "contact");
        let here = || vec![json!({ "name": "space", "type": 7, "value": thread.to_string() })];
        let mut answers = Vec::new();
        for who in ["coach", "ella", "tom"] {
            w.person(who).commands("#art", "why", None, here()).await;
            answers.push(format!("{who}: {}", w.next_answer_named(who)));
        }
        insta::assert_snapshot!(answers.join("\n"));
        // The subject is offered nothing, and cannot open it.
        assert_eq!(
            w.person("coach").is_offered("#art", "unlock", None, "lock", "").await,
            Vec::<String>::new()
        );
        let lock = format!("{thread} {}", w.person("coach").id);
        w.person("coach").commands("#art", "unlock", None, vec![text("lock", &lock)]).await;
        assert!(w.next_answer("coach").contains("Only a safeguarding lead"));
        let offered = w.dsl().is_offered("#art", "unlock", None, "lock", "quick").await;
        assert_eq!(offered, std::slice::from_ref(&lock));
        w.dsl().acknowledges().await;
        w.dsl().commands("#art", "unlock", None, vec![text("lock", &lock)]).await;
        assert!(w.next_answer("dsl").contains("is being opened again"));
        let coach = w.person("coach").id;
        let opened = |fact: &Fact| {
            matches!(fact, Fact::Register(Register::Unlocked { space, adult, by })
                if *space == thread && *adult == coach && *by == w.dsl().id)
        };
        assert_eq!(w.count(opened).await, 1);
        w.is_open_again(thread, &w.person("coach"));
    })
    .await;
}

#[tokio::test]
async fn a_lead_cannot_open_what_was_closed_for_them() {
    story(|w| async move {
        let (dsl, ella) = (w.dsl(), w.person("ella"));
        let thread = dsl.opens_private_thread("#art", "a quick word", &[&ella]).await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &dsl);
        w.next_private_message("dsl");
        w.next_private_message("ella");
        w.next_page("deputy");
        let lock = format!("{thread} {}", dsl.id);
        dsl.commands("#art", "unlock", None, vec![text("lock", &lock)]).await;
        assert!(w.next_answer("dsl").contains("for yourself"));
        assert_eq!(dsl.is_offered("#art", "unlock", None, "lock", "").await, Vec::<String>::new());
        let here = vec![json!({ "name": "space", "type": 7, "value": thread.to_string() })];
        dsl.commands("#art", "why", None, here).await;
        let why = w.next_answer("dsl");
        assert!(why.contains("rule about the space") && !why.contains("C-0"), "{why}");
        dsl.commands("#art", "status", None, vec![]).await;
        let status = w.next_answer("dsl");
        assert!(status.contains("wait for an acknowledgement: 0"), "nothing of their own case: {status}");
        w.deputy().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn the_status_says_how_things_stand_and_nothing_about_anybody() {
    story(|w| async move {
        w.dsl().commands("#art", "status", None, vec![]).await;
        let status = w.next_answer("dsl");
        assert!(status.contains("Gaps: none on record"), "{status}");
        assert!(status.contains("wait for an acknowledgement: 0"), "{status}");
        w.person("ella").commands("#art", "status", None, vec![]).await;
        assert!(w.next_answer("ella").contains("/report reaches a safeguarding lead"));
    })
    .await;
}

#[tokio::test]
async fn sessions_are_offered_while_somebody_types() {
    story(|w| async move {
        let coach = w.person("coach");
        coach.commands("#art", "session", Some("book"), art_club(&w)).await;
        w.next_answer("coach");
        assert_eq!(coach.is_offered("#art", "session", Some("close"), "session", "ART").await, ["art-club"]);
        assert_eq!(
            coach.is_offered("#art", "session", Some("close"), "session", "music").await,
            Vec::<String>::new()
        );
        assert_eq!(
            w.person("ella").is_offered("#art", "session", Some("close"), "session", "").await,
            Vec::<String>::new()
        );
        openapi::assert_conforms(&w.platform().requests());
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_called_done() {
    story(|w| async move {
        let full = w.nothing_can_be_kept().await;
        w.person("coach").blurts_a_command("#art", "session", Some("book"), art_club(&w));
        w.until("coach is answered", || w.has_answer("coach")).await;
        let answer = w.next_answer("coach");
        assert!(answer.contains("cannot be recorded at present"), "{answer}");
        w.until("the operator is told", || w.has_notice("#operator")).await;
        full.ends().await;
        w.comes_to_rest_again().await;
        assert!(w.next_notice("#operator").contains("cannot keep evidence"));
        w.until("the operator is told again", || w.has_notice("#operator")).await;
        assert!(w.next_notice("#operator").contains("can keep evidence again"));
        assert_eq!(registered(&w).await.len(), 1);
    })
    .await;
}

/// Everybody who is responsible for the sessions of a file.
fn of_a_file(w: &World, only_show: bool) -> Vec<Value> {
    let mut options = vec![
        person("leader", &w.person("coach")),
        person("second_leader", &w.person("sam")),
        person("standby", &w.person("deputy")),
        person("signed_by", &w.dsl()),
    ];
    if only_show {
        options.push(json!({ "name": "only_show", "type": 5, "value": true }));
    }
    options
}

const TERM: &str = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nSUMMARY:Art club\nLOCATION:#art\n\
    DTSTART;TZID=Europe/London:20260310T180000\nDURATION:PT2H\nRRULE:FREQ=WEEKLY;COUNT=4\nEND:VEVENT\n\
    BEGIN:VEVENT\nUID:1\nRECURRENCE-ID;TZID=Europe/London:20260317T180000\nSTATUS:CANCELLED\n\
    DTSTART;TZID=Europe/London:20260317T180000\nDURATION:PT2H\nEND:VEVENT\nEND:VCALENDAR\n";

#[tokio::test]
async fn a_calendar_file_is_booked_whole_or_not_at_all_and_shown_before_if_that_is_wished() {
    story(|w| async move {
        let coach = w.person("coach");
        let fields = |text: &'static str| [("calendar", text), ("risk_assessment", "RA-12")];
        let whole_day = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Art\nLOCATION:#art\n\
            DTSTART;VALUE=DATE:20260304\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Art\nLOCATION:#art\n\
            DTSTART:20260305T180000\nDURATION:PT1H\nEND:VEVENT\nEND:VCALENDAR\n";
        coach.fills_in("#art", "session", Some("import"), of_a_file(&w, false), &fields(whole_day)).await;
        let refused = w.next_answer("coach");
        assert!(refused.contains("Nothing was booked") && refused.contains("Line 5"), "{refused}");
        coach.fills_in("#art", "session", Some("import"), of_a_file(&w, true), &fields(TERM)).await;
        let shown = w.next_answer("coach");
        assert!(shown.contains("Nothing was booked. This session would be"), "{shown}");
        assert!(registered(&w).await.is_empty());
        coach.fills_in("#art", "session", Some("import"), of_a_file(&w, false), &fields(TERM)).await;
        let booked = w.next_answer("coach");
        assert!(
            booked.contains("**art-club**: 3 times from Tue 10 Mar 18:00") && booked.contains("1 left out"),
            "{booked}"
        );
        assert_eq!(registered(&w).await.len(), 2, "the booking, and the evening that is left out");
        w.person("ella")
            .fills_in("#art", "session", Some("import"), of_a_file(&w, false), &fields(TERM))
            .await;
        assert!(w.next_answer("ella").contains("/report reaches a safeguarding lead"));
        openapi::assert_conforms(&w.platform().requests());
    })
    .await;
}
