//! What people tell safeguarding: from inside a direct message, about a person, in words, to the bot. Nothing gates it.

use chaperone::domain::{CaseRef, Fact, Level};

use crate::openapi;
use crate::world::{CLUB, World, days, minutes, seconds, story};

/// `R-` and six letters.
#[track_caller]
fn reference(text: &str) -> String {
    let at = text.find("R-").unwrap_or_else(|| panic!("no reference: {text}"));
    text[at..at + 8].to_owned()
}

#[track_caller]
fn has_signposts(text: &str) {
    for number in ["999", "0800 1111", "85258"] {
        assert!(text.contains(number), "{number} is missing: {text}");
    }
}

async fn what_the_lead_reads(w: &World, case: u32, lead: &str) -> Vec<Option<String>> {
    let exhibits = w.store().await.exhibits(CLUB, Some(CaseRef(case))).await.unwrap();
    // The case's own key is an exhibit too, of no message.
    let messages = exhibits.iter().filter(|exhibit| exhibit.message.is_some());
    messages.map(|exhibit| w.opens(exhibit, lead, &exhibits)).collect()
}

#[tokio::test]
async fn a_direct_message_of_an_adult_is_reported_from_inside_it_and_is_a_breach_by_itself() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let said = coach.whispers(&ella, "well done on saturday");
        ella.adds_the_app();
        ella.reports(said).await;
        let receipt = w.next_answer("ella");
        has_signposts(&receipt);
        let reference = reference(&receipt);
        w.next_page("dsl").is_about(1, Level::Serious, "contact");
        w.no_page("deputy");
        let read = what_the_lead_reads(&w, 1, "dsl").await;
        assert_eq!(read.len(), 1, "the one message that was reported, once");
        let raw = read[0].as_ref().unwrap();
        assert!(raw.contains("well done on saturday") && raw.contains("INTERACTION_CREATE"), "{raw}");
        let reported = w.facts().await.into_iter().find_map(|(_, fact)| match fact {
            Fact::Reported { reference, by, about, case, .. } => {
                Some((reference.to_string(), by, about, case))
            }
            _ => None,
        });
        assert_eq!(reported, Some((reference, ella.id, Some(coach.id), Some(CaseRef(1)))));
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
        openapi::assert_conforms(&w.platform().requests());
    })
    .await;
}

#[tokio::test]
async fn two_young_people_s_direct_message_waits_for_the_digest() {
    story(|w| async move {
        let (ella, tom) = (w.person("ella"), w.person("tom"));
        let said = tom.whispers(&ella, "you still owe me a go on the big brush");
        ella.adds_the_app();
        ella.reports(said).await;
        has_signposts(&w.next_answer("ella"));
        assert_eq!(w.count(|fact| matches!(fact, Fact::CaseOpened { level: Level::Concern, .. })).await, 1);
        w.advance(minutes(60)).await;
        w.no_page("dsl");
    })
    .await;
}

#[tokio::test]
async fn a_report_about_the_dsl_goes_past_the_dsl() {
    story(|w| async move {
        let (dsl, ella) = (w.dsl(), w.person("ella"));
        let said = dsl.whispers(&ella, "well done on saturday");
        ella.adds_the_app();
        ella.reports(said).await;
        w.next_answer("ella");
        w.next_page("deputy").is_about(1, Level::Serious, "contact");
        assert_eq!(what_the_lead_reads(&w, 1, "dsl").await, [None], "not sealed to the subject");
        assert!(what_the_lead_reads(&w, 1, "deputy").await[0].is_some());
        w.advance(minutes(5)).await;
        w.next_page("chair");
        w.no_page("dsl");
        assert_eq!(w.unread_mails(), 0);
        w.deputy().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_report_raises_what_it_touches_by_one_level() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let hello = ella.says("#art", "here is my poster").await;
        let said = coach.replies(hello, "don't tell anyone about this").await;
        let raised = |level: Level| move |fact: &Fact| matches!(fact, Fact::ConcernRaised { level: at, .. } if *at == level);
        assert_eq!(w.count(raised(Level::Concern)).await, 1);
        w.no_page("dsl");
        ella.reports(said).await;
        w.next_answer("ella");
        w.next_page("dsl").is_about(1, Level::Serious, "grooming");
        w.message_is_hidden(said);
        w.next_private_message("coach");
        w.next_private_message("ella");
        assert_eq!(w.count(|fact| matches!(fact, Fact::CaseOpened { .. })).await, 1, "no second case");
        // Reported again, it is on record again, and nobody is called again.
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_person_is_reported_and_their_side_hears_nothing() {
    story(|w| async move {
        let ella = w.person("ella");
        ella.reports_person("#art", &w.person("coach")).await;
        has_signposts(&w.next_answer("ella"));
        let subject = w.person("coach").id;
        let opened =
            |fact: &Fact| matches!(fact, Fact::CaseOpened { subjects, .. } if subjects.contains(&subject));
        assert_eq!(w.count(opened).await, 1);
        // The same person once more is no longer one single report: somebody is called.
        ella.reports_person("#art", &w.person("coach")).await;
        w.next_answer("ella");
        w.next_page("dsl").is_about(1, Level::Serious, "welfare");
        assert!(w.next_private_message("ella").contains("Childline"));
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_direct_message_to_the_bot_is_a_report_with_one_receipt() {
    story(|w| async move {
        let ella = w.person("ella");
        ella.tells_bot("hello, is anybody there").await;
        let first = w.next_private_message("ella");
        has_signposts(&first);
        w.no_page("dsl");
        for line in 0..40 {
            ella.tells_bot(&format!("and another thing, number {line}")).await;
        }
        assert_eq!(
            w.count(|fact| matches!(fact, Fact::Kept { case: Some(_), .. })).await,
            42,
            "all of it is kept, and our receipt"
        );
        let read = what_the_lead_reads(&w, 1, "dsl").await;
        assert!(read.iter().flatten().any(|raw| raw.contains("number 39")));
        w.advance(minutes(31)).await;
        ella.tells_bot("are you still there").await;
        let second = w.next_private_message("ella");
        assert_ne!(reference(&first), reference(&second));
        w.advance(days(1)).await;
    })
    .await;
}

#[tokio::test]
async fn what_a_young_person_discloses_to_the_bot_is_read_and_answered() {
    story(|w| async move {
        w.person("ella").tells_bot("my stepdad hits me when my mum is out").await;
        w.next_page("dsl").is_about(1, Level::Serious, "welfare");
        let (one, other) = (w.next_private_message("ella"), w.next_private_message("ella"));
        let both = format!("{one}\n{other}");
        has_signposts(&both);
        assert!(both.contains("you don't have to carry it alone"), "{both}");
        reference(&both);
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn danger_now_calls_two_people_whichever_way_it_comes() {
    story(|w| async move {
        w.person("ella").reports_in_words("#art", "i am going to kill myself tonight").await;
        has_signposts(&w.next_answer("ella"));
        for who in ["dsl", "deputy"] {
            w.next_page(who).is_about(1, Level::Immediate, "welfare");
        }
        w.all_mails();
        assert!(w.next_private_message("ella").contains("Childline"));
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_worker_who_tells_what_was_said_has_not_said_it() {
    story(|w| async move {
        let words = "I saw this written to a child on Tuesday: don't tell your mum, it's our secret, meet me at the station";
        w.person("sam").reports_in_words("#art", words).await;
        w.next_answer("sam");
        w.next_page("dsl").is_about(1, Level::Serious, "welfare");
        assert!(w.next_private_message("sam").contains("Childline"));
        let sam = w.person("sam").id;
        let blamed = |fact: &Fact| matches!(fact, Fact::CaseOpened { subjects, .. } if subjects.contains(&sam));
        assert_eq!(w.count(blamed).await, 0);
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn somebody_who_is_the_subject_of_a_case_reports_like_everybody_else() {
    story(|w| async move {
        let thread = w.lone_adult().await;
        w.next_page("dsl");
        w.dsl().acknowledges().await;
        let coach = w.person("coach");
        assert!(!coach.may_write(thread));
        coach.reports_in_words("#art", "i was locked out and want a person to look at it").await;
        let receipt = w.next_answer("coach");
        has_signposts(&receipt);
        assert!(!receipt.contains("C-0"), "no case is named: {receipt}");
        assert_eq!(w.count(|fact| matches!(fact, Fact::Reported { case: Some(CaseRef(2)), .. })).await, 1);
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_stranger_is_heard_as_well() {
    story(|w| async move {
        w.person("stranger").tells_bot("i am a parent and worried about my daughter's coach").await;
        has_signposts(&w.next_private_message("stranger"));
        assert_eq!(w.count(|fact| matches!(fact, Fact::Reported { .. })).await, 1);
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_report_while_nothing_can_be_kept_is_answered_and_danger_is_paged() {
    story(|w| async move {
        let full = w.nothing_can_be_kept().await;
        w.person("ella").blurts_a_report("#art", "i am going to kill myself tonight");
        w.until("both are called", || w.is_paged("dsl") && w.is_paged("deputy")).await;
        w.until("both are mailed", || w.unread_mails() == 2).await;
        w.until("ella is answered", || w.has_answer("ella")).await;
        let answer = w.next_answer("ella");
        has_signposts(&answer);
        assert!(answer.contains("is being recorded"), "no more than is true: {answer}");
        full.ends().await;
        w.comes_to_rest_again().await;
        w.advance(seconds(5)).await;
        w.next_notice("#operator");
        w.next_notice("#operator");
        w.read_everything_from_leads();
        assert!(w.next_private_message("ella").contains("Childline"));
        assert_eq!(w.count(|fact| matches!(fact, Fact::Reported { .. })).await, 1);
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_restart_neither_forgets_a_report_nor_answers_it_twice() {
    story(|w| async move {
        let ella = w.person("ella");
        ella.tells_bot("can i ask you something").await;
        w.next_private_message("ella");
        w.kill().await;
        w.bot_up().await;
        ella.tells_bot("it is about tuesday").await;
        w.advance(minutes(10)).await;
        assert_eq!(w.count(|fact| matches!(fact, Fact::Reported { .. })).await, 2);
        assert_eq!(w.count(|fact| matches!(fact, Fact::CaseOpened { .. })).await, 1);
    })
    .await;
}
