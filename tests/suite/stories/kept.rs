//! What is kept as evidence, and what never is.

use chaperone::domain::{CaseRef, Fact, Level};

use crate::world::{CLUB, minutes, seconds, story};

#[tokio::test]
async fn a_picture_is_described_and_never_fetched() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        let said = ella.shows(thread, "my poster", "IMG_0042.png").await;
        w.advance(seconds(20)).await;
        w.lone_adult_is_over(thread, &coach).await;
        let withheld: Vec<_> = w
            .facts()
            .await
            .into_iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Withheld { case, message, media_type, size, .. } => {
                    Some((case, message, media_type, size))
                }
                _ => None,
            })
            .collect();
        assert_eq!(
            withheld,
            [(Some(CaseRef(1)), said.message, Some("image/png".to_owned()), 48_213)],
            "its name stands in the sealed exhibit only"
        );
    })
    .await;
}

#[tokio::test]
async fn an_edited_message_keeps_what_it_first_said() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        let said = coach.says(thread, "the posters are in the cupboard").await;
        coach.edits(said, "the posters are in the hall").await;
        w.advance(seconds(20)).await;
        w.lone_adult_is_over(thread, &coach).await;
        let exhibits = w.store().await.exhibits(CLUB, Some(CaseRef(1))).await.unwrap();
        let exhibit = exhibits.iter().find(|exhibit| exhibit.message == Some(said.message)).unwrap();
        let text = w.opens(exhibit, "dsl", &exhibits).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "both versions, as they were received: {text}");
        assert!(lines[0].contains("MESSAGE_CREATE") && lines[0].contains("the posters are in the cupboard"));
        assert!(lines[1].contains("MESSAGE_UPDATE") && lines[1].contains("the posters are in the hall"));
    })
    .await;
}

#[tokio::test]
async fn what_is_taken_back_in_time_is_evidence_all_the_same() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        let said = coach.says(thread, "the brushes are in the sink").await;
        coach.deletes(said).await;
        w.advance(seconds(20)).await;
        w.lone_adult_is_over(thread, &coach).await;
        let exhibits = w.store().await.exhibits(CLUB, Some(CaseRef(1))).await.unwrap();
        let exhibit = exhibits.iter().find(|exhibit| exhibit.message == Some(said.message));
        assert!(exhibit.is_some(), "the message was gone before the case was opened");
        w.advance(minutes(5)).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_changed_after_it_became_evidence_is_kept_in_its_new_form_too() {
    story(|w| async move {
        let hidden = w.kys().await;
        w.message_is_hidden(hidden);
        w.kys_is_over().await;
        let ella = w.person("ella");
        let said = ella.says("#art", "is anybody else here").await;
        ella.edits(said, "is sam coming back").await;
        let exhibits = w.store().await.exhibits(CLUB, Some(CaseRef(1))).await.unwrap();
        let of_it = |exhibit: &&chaperone::store::StoredExhibit| exhibit.message == Some(said.message);
        let versions: Vec<_> = exhibits.iter().filter(of_it).collect();
        assert_eq!(
            versions.iter().map(|version| version.edited_at.is_some()).collect::<Vec<_>>(),
            [false, true]
        );
        assert!(w.opens(versions[1], "dsl", &exhibits).unwrap().contains("is sam coming back"));
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn what_the_servers_own_filter_stopped_is_evidence_and_calls_the_dsl_once() {
    story(|w| async move {
        let (tom, ella) = (w.person("tom"), w.person("ella"));
        ella.says("#art", "can somebody pass the glue").await;
        // Two rules stopped the same message: the platform tells of it twice.
        for _ in 0..2 {
            w.filter_stops(&tom, "#art", "kys ella").await;
        }
        w.next_page("dsl").is_about(1, Level::Serious, "bullying");
        w.dsl().acknowledges().await;
        let exhibits = w.store().await.exhibits(CLUB, Some(CaseRef(1))).await.unwrap();
        let findings: Vec<_> = exhibits.iter().filter(|exhibit| exhibit.finding).collect();
        assert_eq!(findings.len(), 1, "one message, whatever number of rules stopped it");
        assert!(w.opens(findings[0], "dsl", &exhibits).unwrap().contains("AUTO_MODERATION_ACTION_EXECUTION"));
        w.advance(minutes(60)).await;
    })
    .await;
}
