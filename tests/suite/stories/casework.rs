//! What leads decide about cases, beside the bot and without it, and what stays of it.

use std::time::Duration;

use chaperone::app::casework::{Came, Request, open_all};
use chaperone::domain::act::{Agency, Deed, EraseRule, NoteKind, Outcome, Refusal};
use chaperone::domain::docket::CasePolicy;
use chaperone::domain::{CaseRef, CaseState, Code, Fact, Level};
use chaperone::store::letterbox::{Letter, Letterbox};

use crate::world::{CLUB, World, days, minutes, seconds, story, story_with};

const CASE: CaseRef = CaseRef(1);
const PLANTED: &str = "the neighbour of the blue house rang";

fn asks(deed: Deed, words: &str) -> Request<'_> {
    Request::new(CASE, deed, Some(words))
}

async fn state(w: &World) -> CaseState {
    let store = w.store().await;
    w.desk().fold(&store).await.unwrap().calls.docket().get(CASE).unwrap().case.state.clone()
}

/// Somebody is told to end their life; both were told, the DSL was called. Nobody has acknowledged yet.
async fn a_case(w: &World) {
    let hidden = w.kys().await;
    w.message_is_hidden(hidden);
    assert!(w.next_private_message("tom").contains("is hidden"));
    assert!(w.next_private_message("ella").contains("not your fault"));
    w.next_page("dsl").is_about(1, Level::Serious, "bullying");
}

/// Nothing that anybody wrote stands in the data directory.
fn nowhere_in_the_data(w: &World, words: &str) {
    let folder = w.database().parent().unwrap().to_owned();
    let mut folders = vec![folder];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            looked_at += bytes.len();
            let found = bytes.windows(words.len()).any(|window| window == words.as_bytes());
            assert!(!found, "{} holds what somebody wrote", path.display());
        }
    }
    assert!(looked_at > 10_000, "the data directory was looked through");
}

#[tokio::test]
async fn a_lead_works_a_case_from_the_command_line_while_the_bot_runs() {
    story(|w| async move {
        a_case(&w).await;
        // Working on a case is acknowledging it: the deputy is not called.
        let note = asks(Deed::Noted { kind: NoteKind::Statement }, PLANTED);
        assert_eq!(w.lead_does("dsl", note).await, Came::Done);
        w.advance(minutes(60)).await;
        w.deputy_stays_quiet();
        assert_eq!(state(&w).await.code(), "acknowledged");

        let close = || asks(Deed::Closed { outcome: Outcome::Concluded }, "spoke to both");
        assert_eq!(w.lead_does("dsl", close()).await, Came::Refused(Refusal::ParentsUndecided));
        let mut refer =
            asks(Deed::Referred { agency: Agency::School, at: w.now() }, "asked them to look after both");
        refer.reference = Some("S-77");
        assert_eq!(w.lead_does("deputy", refer).await, Came::Done);
        assert_eq!(state(&w).await.code(), "referred");
        assert_eq!(w.lead_does("dsl", asks(Deed::Parents { informed: true }, "both rang")).await, Came::Done);
        assert_eq!(w.lead_does("dsl", close()).await, Came::Done);
        assert_eq!(state(&w).await.code(), "closed");

        // What was written opens for leads, and stands nowhere in the clear.
        nowhere_in_the_data(&w, PLANTED);
        nowhere_in_the_data(&w, "S-77");
        let exhibits = w.store().await.exhibits(CLUB, Some(CASE)).await.unwrap();
        let (opened, closed) = open_all(exhibits, &w.identity("deputy"));
        assert_eq!(closed, 0);
        let said = |words: &str| {
            opened.iter().filter(|one| String::from_utf8_lossy(one.exhibit.payload()).contains(words)).count()
        };
        assert_eq!((said(PLANTED), said("S-77")), (1, 1));
        // Each act names its words by what the log promises about them.
        let words: Vec<String> = w
            .facts()
            .await
            .into_iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Acted(act) => act.words,
                _ => None,
            })
            .collect();
        assert_eq!(words.len(), 4);
        for commitment in words {
            assert!(opened.iter().any(|one| one.commitment == commitment), "{commitment}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_the_bot_a_lead_writes_the_log_and_the_bot_goes_on_from_there() {
    story(|w| async move {
        a_case(&w).await;
        w.bot_down().await;
        assert_eq!(w.lead_does("dsl", Request::new(CASE, Deed::Acknowledged, None)).await, Came::Done);
        assert_eq!(
            w.lead_does("dsl", Request::new(CASE, Deed::Acknowledged, None)).await,
            Came::Refused(Refusal::AlreadyAcknowledged)
        );
        w.bot_up().await;
        w.advance(minutes(60)).await;
        w.deputy_stays_quiet();
        assert_eq!(state(&w).await.code(), "acknowledged");
        assert_eq!(w.lead_does("dsl", asks(Deed::ReviewBegan, "with the session leader")).await, Came::Done);
    })
    .await;
}

#[tokio::test]
async fn a_case_about_a_lead_does_not_exist_for_them() {
    story(|w| async move {
        let (dsl, ella) = (w.dsl(), w.person("ella"));
        let thread = dsl.opens_private_thread("#art", "a quick word", &[&ella]).await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &dsl);
        w.next_private_message("dsl");
        w.next_private_message("ella");
        let page = w.next_page("deputy");
        page.is_about(1, Level::Serious, "contact");
        let not_for_them = Came::Refused(Refusal::NoSuchCase);
        for deed in
            [Deed::Viewed { content: true }, Deed::Acknowledged, Deed::Closed { outcome: Outcome::Mistaken }]
        {
            assert_eq!(w.lead_does("dsl", asks(deed.clone(), "mine")).await, not_for_them, "{deed:?}");
            let elsewhere = Request::new(CaseRef(99), deed, Some("mine"));
            assert_eq!(w.lead_does("dsl", elsewhere).await, not_for_them, "as a case that is not there");
        }
        w.bot_down().await;
        assert_eq!(w.lead_does("dsl", asks(Deed::Acknowledged, "mine")).await, not_for_them);
        w.bot_up().await;
        let exhibits = w.store().await.exhibits(CLUB, Some(CASE)).await.unwrap();
        assert!(open_all(exhibits, &w.identity("dsl")).0.is_empty());
        let hand = Request::new(CASE, Deed::Assigned { to: "dsl".into() }, None);
        assert_eq!(w.lead_does("deputy", hand).await, Came::Refused(Refusal::OwnerMayNot));
        assert_eq!(w.lead_does("deputy", Request::new(CASE, Deed::Acknowledged, None)).await, Came::Done);
        // Each attempt is on record all the same.
        let tried = w.count(
            |fact| matches!(fact, Fact::ActRefused { by, why: Refusal::MayNotKnow, .. } if by == "dsl"),
        );
        assert_eq!(tried.await, 4);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_nobody_with_the_key_wrote_is_no_act() {
    story(|w| async move {
        a_case(&w).await;
        let letterbox = Letterbox::open(&w.database().display().to_string()).await.unwrap();
        let recipient = w.identity("dsl").recipient().to_string();
        let id = "00112233445566778899aabbccddeeff".to_owned();
        let body = format!(r#"{{"id":"{id}","case":1,"by":"dsl","what":{{"deed":"acknowledged"}}}}"#);
        let letter = Letter {
            id: id.clone(),
            organisation: CLUB.to_owned(),
            at: w.now(),
            body,
            words: None,
            recipient,
            proof: vec![7; 32],
        };
        letterbox.put(&letter).await.unwrap();
        w.advance(seconds(2)).await;
        w.look_into_letterbox().await;
        assert_eq!(letterbox.answer(&id).await.unwrap().as_deref(), Some("not-proven"));
        letterbox.close().await;
        assert_eq!(state(&w).await, CaseState::New);
        w.dsl().acknowledges().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_opens_an_old_case_at_night_is_the_subject_of_a_concern_with_a_breachs_clock() {
    story(|w| async move {
        a_case(&w).await;
        w.dsl().acknowledges().await;
        w.advance(days(190)).await;
        // Five in the afternoon was when the story began; now it is half past eleven at night.
        w.advance(minutes(6 * 60 + 30)).await;
        let look = asks(Deed::Viewed { content: true }, "cannot sleep");
        assert_eq!(w.lead_does("deputy", look).await, Came::Done, "a finding, never a hindrance");
        let store = w.store().await;
        let folded = w.desk().fold(&store).await.unwrap();
        let record = folded.calls.docket().get(CaseRef(2)).expect("a case about the look");
        assert_eq!(record.case.subjects, [w.deputy().id].into(), "they do not hear of it");
        let breach = record.breach.clone().expect("a breach is on record");
        assert_eq!(breach.due(), w.now().plus(Duration::from_hours(72)));
        let seen = w.count(|fact| matches!(fact, Fact::Observed(seen) if seen.code == Code::UnusualAccess));
        assert_eq!(seen.await, 1);
        assert_eq!(
            w.lead_does("deputy", Request::new(CaseRef(2), Deed::Acknowledged, None)).await,
            Came::Refused(Refusal::NoSuchCase)
        );
        let closed = Request::new(CaseRef(2), Deed::BreachNotReportable, Some("they were on duty"));
        assert_eq!(w.lead_does("dsl", closed).await, Came::Done);
    })
    .await;
}

#[tokio::test]
async fn what_lapses_is_a_reminder_to_the_owner_without_content() {
    story_with(
        |settings| settings.ladder.casework = Some(CasePolicy::default()),
        |w| async move {
            a_case(&w).await;
            let to = Request::new(CASE, Deed::Assigned { to: "deputy".into() }, None);
            assert_eq!(w.lead_does("dsl", to).await, Came::Done);
            let told = w.next_private_message("deputy");
            assert!(told.contains("C-0001") && told.contains("assigned to you"), "{told}");
            w.advance(minutes(17 * 60)).await;
            assert_eq!(w.unread_mails(), 0);
            w.advance(minutes(2 * 60)).await;
            let told = w.next_private_message("deputy");
            assert!(told.contains("C-0001") && told.contains("Adverse Incident Form"), "{told}");
            for word in ["kys", "ella", "tom", "bullying"] {
                assert!(!told.contains(word), "{told}");
            }
            let sent = asks(Deed::IncidentFormSent { at: w.now() }, "by hand");
            assert_eq!(w.lead_does("deputy", sent).await, Came::Done);
            w.advance(days(2)).await;
        },
    )
    .await;
}

#[tokio::test]
async fn an_erased_case_leaves_a_tombstone_and_a_whole_log() {
    story(|w| async move {
        a_case(&w).await;
        let closed = asks(Deed::Closed { outcome: Outcome::Mistaken }, "a song's title");
        assert_eq!(w.lead_does("dsl", closed).await, Came::Done);
        let erase = |rule| asks(Deed::Erased { rule }, "kept in error");
        assert_eq!(w.lead_does("dsl", asks(Deed::Held, "the police asked")).await, Came::Done);
        assert_eq!(
            w.lead_does("dsl", erase(EraseRule::ErasureRequest)).await,
            Came::Refused(Refusal::OnHold)
        );
        assert_eq!(w.lead_does("dsl", asks(Deed::Released, "they do not need it")).await, Came::Done);
        assert_eq!(w.lead_does("dsl", erase(EraseRule::TermOver)).await, Came::Refused(Refusal::TermNotOver));
        let size = w.store().await.log_size().await.unwrap();
        assert_eq!(w.lead_does("dsl", erase(EraseRule::KeptInError)).await, Came::Done);

        let kept = w.store().await;
        let left = kept.exhibits(CLUB, Some(CASE)).await.unwrap();
        assert_eq!(left.len(), 1, "the reason, for the leads");
        assert!(left[0].entry >= size, "it was written with the erasure");
        let facts = w.facts().await;
        let stone = facts.iter().find_map(|(_, fact)| match fact {
            Fact::Erased(stone) => Some(stone.clone()),
            _ => None,
        });
        let stone = stone.expect("a tombstone");
        assert_eq!((stone.case, stone.by.as_deref()), (Some(CASE), Some("dsl")));
        assert!(stone.count() > 3);
        let about = |fact: &Fact| {
            matches!(
                fact,
                Fact::CaseOpened { .. }
                    | Fact::ConcernRaised { .. }
                    | Fact::Kept { .. }
                    | Fact::Called { .. }
            )
        };
        assert!(!facts.iter().any(|(_, fact)| about(fact)), "what it held is gone");
        // A restart keeps to it, the next case has a number of its own, and the log is whole (the story's end asks).
        w.bot_down().await;
        w.bot_up().await;
        assert_eq!(
            w.lead_does("dsl", asks(Deed::Reopened, "why not")).await,
            Came::Refused(Refusal::NoSuchCase)
        );
        let coach = w.person("coach");
        let thread = coach.opens_private_thread("#art", "a quick word", &[&w.person("ella")]).await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &coach);
        w.next_private_message("coach");
        w.next_private_message("ella");
        w.next_page("dsl").is_about(2, Level::Serious, "contact");
        w.dsl().acknowledges().await;
    })
    .await;
}
