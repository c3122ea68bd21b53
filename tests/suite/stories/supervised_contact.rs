//! An adult alone with a young person: a fact, with no language at all.

use chaperone::domain::Level;

use crate::world::{minutes, seconds, story};

#[tokio::test]
async fn an_adult_alone_in_a_thread_is_locked_after_the_grace_and_the_dsl_is_called() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "a quick word", &[&ella]).await;
        coach.says(thread, "hello, how is the poster going?").await;
        w.advance(seconds(19)).await;
        assert!(coach.may_write(thread), "the grace is not over");
        w.no_page("dsl");

        w.advance(seconds(1)).await;
        w.is_locked(thread, &coach);
        w.next_page("dsl").is_about(1, Level::Serious, "contact");
        assert!(w.next_private_message("coach").contains("second adult"));
        w.next_private_message("ella");
        assert!(ella.may_write("#art"), "the young person is not restrained");

        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn a_second_adult_within_the_grace_keeps_it_quiet() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let thread = coach.opens_private_thread("#art", "set painting", &[&ella]).await;
        w.advance(seconds(15)).await;
        coach.adds(&w.person("sam"), thread).await;
        w.advance(minutes(60)).await;
        assert!(coach.may_write(thread));
    })
    .await;
}

#[tokio::test]
async fn two_young_people_among_themselves_are_left_alone() {
    story(|w| async move {
        let (ella, tom) = (w.person("ella"), w.person("tom"));
        let thread = ella.opens_private_thread("#art", "surprise for friday", &[&tom]).await;
        tom.says(thread, "shall we make a card?").await;
        w.advance(minutes(60)).await;
    })
    .await;
}
