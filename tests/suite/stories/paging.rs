//! Who is called about a case, when, over which channel, and who can stop it.

use chaperone::app::Settings;
use chaperone::domain::{CaseRef, Event, Fact, Level};
use chaperone::paging::Slot;
use chaperone::paging::digest::DigestPolicy;

use crate::world::{minutes, seconds, story, story_with};

#[tokio::test]
async fn a_dsl_who_does_not_answer_is_followed_by_the_deputy_and_then_by_somebody_outside() {
    story(|w| async move {
        w.lone_adult().await;
        w.next_page("dsl").is_about(1, Level::Serious, "contact");
        w.advance(minutes(4)).await;
        w.no_page("deputy");
        w.advance(minutes(1)).await;
        w.next_page("deputy").is_about(1, Level::Serious, "contact");
        assert_eq!(w.unread_mails(), 0);
        w.advance(minutes(5)).await;
        assert!(w.next_mail("external").text.contains("external contact"));
        // Nobody is left on the ladder: whoever can look after the room is told, the subject is not.
        assert!(w.next_private_message("sam").contains("none of them has answered"));
        w.next_notice("#operator");
        w.no_page("chair");
        // The second round goes out by every channel.
        w.advance(minutes(5)).await;
        w.next_page("dsl").is_about(1, Level::Serious, "contact");
        w.next_mail("dsl");
        w.deputy().acknowledges().await;
        w.advance(minutes(120)).await;
    })
    .await;
}

#[tokio::test]
async fn the_dsl_is_never_called_about_themselves_and_cannot_read_it() {
    story(|w| async move {
        let (dsl, ella) = (w.dsl(), w.person("ella"));
        let thread = dsl.opens_private_thread("#art", "a quick word", &[&ella]).await;
        let said = dsl.says(thread, "the posters are in the cupboard").await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &dsl);
        w.next_page("deputy").is_about(1, Level::Serious, "contact");
        // Neutral words for the subject, no page and no mail, however long nobody answers.
        assert!(w.next_private_message("dsl").contains("no second adult can see it"));
        w.next_private_message("ella");
        w.advance(minutes(5)).await;
        w.next_page("chair").is_about(1, Level::Serious, "contact");
        w.no_page("dsl");
        let exhibits = w.store().await.exhibits(crate::world::CLUB, Some(CaseRef(1))).await.unwrap();
        let exhibit = exhibits.iter().find(|exhibit| exhibit.message == Some(said.message)).unwrap();
        assert!(w.opens(exhibit, "deputy", &exhibits).unwrap().contains("the posters are in the cupboard"));
        assert_eq!(w.opens(exhibit, "dsl", &exhibits), None);
        w.deputy().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn whoever_is_slower_is_told_so_and_strangers_learn_nothing() {
    story(|w| async move {
        w.lone_adult().await;
        let page = w.next_page("dsl");
        // Neither a stranger nor the subject: and neither learns whether there is such a case.
        for who in ["stranger", "coach"] {
            let facts = w.acknowledgement_arrives(CaseRef(1), &w.person(who)).await;
            assert!(
                matches!(&facts[..], [Fact::AcknowledgementRefused { why, .. }] if why == "may-not-know"),
                "{facts:?}"
            );
        }
        w.advance(minutes(5)).await;
        w.next_page("deputy");
        w.dsl().acknowledges().await;
        assert!(w.text_of("dsl", page.message).contains("is acknowledged by"));
        w.deputy().acknowledges().await;
        assert!(w.next_private_message("deputy").contains("already acknowledged"));
        assert_eq!(w.count(|fact| matches!(fact, Fact::Acknowledged { .. })).await, 1);
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_dsl_who_takes_no_direct_messages_is_mailed_at_once() {
    story(|w| async move {
        w.dsl().closes_dms();
        w.lone_adult().await;
        let mail = w.next_mail("dsl");
        assert!(mail.text.contains("C-0001: level 4"), "{}", mail.text);
        assert_eq!(mail.at, w.now());
        w.advance(minutes(5)).await;
        w.next_page("deputy");
        w.deputy().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn immediate_danger_calls_the_dsl_and_the_deputy_at_once_by_every_channel() {
    story(|w| async move {
        w.person("tom").says("#art", "i am going to kill myself tonight").await;
        for who in ["dsl", "deputy"] {
            let page = w.next_page(who);
            page.is_about(1, Level::Immediate, "welfare");
            assert!(page.text.contains("Ring 999"), "{}", page.text);
        }
        let mut mailed = w.all_mails();
        mailed.sort();
        assert_eq!(mailed, ["deputy", "dsl"]);
        // Somebody who asks for help is answered, and nothing of theirs is hidden.
        assert!(w.next_private_message("tom").contains("Childline"));
        w.deputy().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

fn a_digest_at_six(settings: &mut Settings) {
    settings.ladder.digest = Some(DigestPolicy {
        zone: settings.policy.zone,
        at: "18:00:00".parse().unwrap(),
        slots: vec![Slot::Dsl],
        quiet: None,
    });
}

#[tokio::test]
async fn level_3_waits_for_the_digest_which_goes_out_once_also_through_a_restart() {
    story_with(a_digest_at_six, |w| async move {
        let (from, until) = (w.now().minus(minutes(10)), w.now());
        w.hears(Event::Gap { from, until, why: "session-lost".to_owned() }).await;
        w.no_page("dsl");
        w.advance(minutes(59)).await;
        w.no_page("dsl");
        w.kill().await;
        w.pass(minutes(5));
        w.bot_up().await;
        let digest = w.next_private_message("dsl");
        assert!(digest.starts_with("New level 3 concerns since the last digest: 1."), "{digest}");
        assert!(digest.contains("(C-0001)"), "{digest}");
        w.kill().await;
        w.bot_up().await;
        w.advance(minutes(2 * 24 * 60)).await;
        assert_eq!(
            w.count(|fact| matches!(fact, Fact::Digested { .. })).await,
            1,
            "there is no digest of nothing"
        );
    })
    .await;
}
