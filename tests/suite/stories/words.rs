//! What people write to each other.

use chaperone::domain::{Fact, Level};

use crate::world::{days, minutes, story};

#[tokio::test]
async fn encouraging_somebody_to_die_is_hidden_and_the_dsl_is_called() {
    story(|w| async move {
        let (ella, tom) = (w.person("ella"), w.person("tom"));
        let hello = ella.says("#art", "can somebody pass the glue").await;
        let said = tom.replies(hello, "kys").await;
        w.message_is_hidden(said);
        assert!(!w.is_hidden(hello));
        w.next_page("dsl").is_about(1, Level::Serious, "bullying");
        assert!(w.next_private_message("tom").contains("is hidden while a person looks at it"));
        assert!(w.next_private_message("ella").contains("Childline"));
        assert!(tom.may_write("#art"), "nobody loses their voice");
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn an_ordinary_evening_is_quiet() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let tom = w.person("tom");
        let first = coach
            .says("#art", "Evening all! The letter about Saturday's trip has gone to your parents.")
            .await;
        ella.replies(first, "can we use the big brushes?").await;
        let potato = tom.says("#art", "ella your dragon looks like a potato 😂").await;
        ella.replies(potato, "haha says the one who painted a purple cow 😂").await;
        coach.says("#art", "Lovely colours on both of those, well done.").await;
        w.advance(days(1)).await;
        assert_eq!(w.count(|fact| matches!(fact, Fact::ConcernRaised { .. })).await, 0);
    })
    .await;
}

#[tokio::test]
async fn three_days_of_a_volunteer_who_is_very_friendly_end_with_the_dsl() {
    story(|w| async move {
        let (coach, ella) = w.supervised_pair();
        let lettering = ella.says("#art", "finished the lettering at last").await;
        coach.replies(lettering, "ella you're so mature for your age").await;
        w.advance(days(1)).await;
        w.no_page("dsl");
        let pens = ella.says("#art", "i ran out of the good pens").await;
        coach.replies(pens, "i'll buy you whatever pens you want, got a gift card for you too").await;
        w.advance(days(1)).await;
        w.no_page("dsl");
        let poster = ella.says("#music", "poster two is nearly done").await;
        let snap = coach.replies(poster, "add me on snap, it's easier to chat off here").await;
        w.message_is_hidden(snap);
        w.next_page("dsl").is_about(1, Level::Serious, "grooming");
        w.deputy_stays_quiet();
        assert!(w.next_private_message("ella").contains("It is not your fault"));
        w.next_private_message("coach");
        w.dsl().acknowledges().await;
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn somebody_who_is_named_is_the_one_who_is_helped() {
    story(|w| async move {
        let said = w.person("tom").says("#art", "kys ella").await;
        w.message_is_hidden(said);
        w.kys_is_over().await;
    })
    .await;
}

#[tokio::test]
async fn a_number_given_away_is_answered_in_private_and_pages_nobody() {
    story(|w| async move {
        let ella = w.person("ella");
        ella.says("#art", "my number is 07700 900123 if anyone wants to chat").await;
        let reminded = w.next_private_message("ella");
        assert!(reminded.contains("You are not in trouble") && reminded.contains("delete it"), "{reminded}");
        ella.says("#art", "or email me, ella.b@gmail.com").await;
        w.no_page("dsl");
        assert_eq!(
            w.count(|fact| matches!(fact, Fact::ConcernRaised { .. })).await,
            0,
            "nobody is the subject"
        );
        w.advance(days(1)).await;
        ella.says("#art", "my number is 07700 900123").await;
        assert!(w.next_private_message("ella").contains("looks private"));
    })
    .await;
}

#[tokio::test]
async fn a_link_that_imitates_goes_out_of_sight_and_stands_in_the_digest() {
    story(|w| async move {
        let (coach, tom) = (w.person("coach"), w.person("tom"));
        coach.says("#art", "sign up for saturday at https://club.example.org/forms").await;
        let link = tom.says("#art", "look https://dlscord-gift.com/nitro").await;
        w.message_is_hidden(link);
        assert!(w.next_private_message("tom").contains("is hidden while a person looks at it"));
        w.no_page("dsl");
        let scam = |fact: &Fact| matches!(fact, Fact::ConcernRaised { level: Level::Concern, .. });
        assert_eq!(w.count(scam).await, 1);
    })
    .await;
}
