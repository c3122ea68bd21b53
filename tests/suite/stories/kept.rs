//! What is kept as evidence, and what never is.

use chaperone::domain::{CaseRef, Fact};

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
        let text = w.opens(exhibit, "dsl").unwrap();
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
