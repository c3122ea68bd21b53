//! What was there before anything was noticed: sealed for a week, handed to a case, read by its leads and nobody else.

use std::collections::BTreeMap;

use chaperone::domain::{CaseRef, Fact};
use chaperone::pipeline::buffer::BufferPolicy;

use crate::world::{CLUB, World, days, minutes, seconds, story, story_with};

const TAKEN_BACK: &str = "the brushes are behind the blue door";
const CHANGED: &str = "the easels are in the long room";

/// Two things are said that nobody minds, one is taken back and one changed; then the bot is new.
async fn gone_before_a_restart(w: &World) {
    let coach = w.person("coach");
    let gone = coach.says("#art", TAKEN_BACK).await;
    let changed = coach.says("#art", CHANGED).await;
    w.advance(seconds(30)).await;
    coach.deletes(gone).await;
    coach.edits(changed, "the easels are outside").await;
    w.advance(seconds(30)).await;
    w.bot_down().await;
    w.advance(minutes(1)).await;
    w.bot_up().await;
}

#[tokio::test]
async fn what_was_deleted_or_changed_before_a_restart_is_read_by_the_leads_of_a_later_case() {
    story(|w| async move {
        gone_before_a_restart(&w).await;
        let hidden = w.kys().await;
        w.message_is_hidden(hidden);
        w.kys_is_over().await;
        let readable = w.exports(1, Some("dsl")).await;
        for words in [TAKEN_BACK, CHANGED, "the easels are outside"] {
            assert!(readable.has("data/readable/messages.jsonl", words), "{words}");
        }
        let raw = readable.0.iter().filter(|(path, _)| path.starts_with("data/readable/raw/"));
        let raw: Vec<String> = raw.map(|(_, bytes)| String::from_utf8(bytes.clone()).unwrap()).collect();
        for event in ["MESSAGE_CREATE", "MESSAGE_DELETE", "MESSAGE_UPDATE"] {
            assert!(raw.iter().any(|text| text.contains(event) && text.starts_with('[')), "{event}");
        }
        // Without an identity the host gets ciphertext and proofs.
        let closed = w.exports(1, None).await;
        assert!(!closed.has("", TAKEN_BACK) && !closed.has("", CHANGED));
        assert!(closed.has("data/entries.jsonl", "\"buffer-key\""));
        w.advance(minutes(60)).await;
    })
    .await;
}

#[tokio::test]
async fn nothing_of_the_buffer_is_handed_to_a_lead_who_is_the_subject() {
    story(|w| async move {
        gone_before_a_restart(&w).await;
        let (dsl, ella) = (w.dsl(), w.person("ella"));
        let thread = dsl.opens_private_thread("#art", "a quick word", &[&ella]).await;
        dsl.says(thread, "are you coming on saturday").await;
        w.advance(seconds(20)).await;
        w.is_locked(thread, &dsl);
        w.next_private_message("dsl");
        w.next_private_message("ella");
        w.next_page("deputy");
        w.deputy().acknowledges().await;
        // What somebody says of it later brings what stood around it to the case.
        w.bot_down().await;
        w.advance(minutes(1)).await;
        w.bot_up().await;
        let said = dsl.says("#art", "kys").await;
        w.message_is_hidden(said);
        w.read_everything();
        w.deputy().acknowledges().await;
        let handed: Vec<_> = w
            .facts()
            .await
            .into_iter()
            .filter_map(|(_, fact)| match fact {
                Fact::HandedOver { case, sealed_to, .. } => Some((case, sealed_to)),
                _ => None,
            })
            .collect();
        assert!(!handed.is_empty());
        let own = w.recipient("dsl");
        let mut read = false;
        for (CaseRef(case), sealed_to) in handed {
            assert!(!sealed_to.is_empty() && !sealed_to.contains(&own), "{case}: {sealed_to:?}");
            let theirs = w.exports(case, Some("dsl")).await;
            assert!(!theirs.has("data/readable/", TAKEN_BACK));
            read |= w.exports(case, Some("deputy")).await.has("data/readable/", TAKEN_BACK);
        }
        assert!(read, "the deputy reads what the DSL does not");
        w.advance(minutes(60)).await;
        w.read_everything();
    })
    .await;
}

#[tokio::test]
async fn what_is_over_is_erased_with_its_keys_and_what_a_case_holds_stays() {
    story(|w| async move {
        gone_before_a_restart(&w).await;
        let hidden = w.kys().await;
        w.message_is_hidden(hidden);
        w.kys_is_over().await;
        w.person("tom").says("#music", "see you all on thursday").await;
        w.advance(days(6)).await;
        let store = w.store().await;
        let all = |store: chaperone::store::Store, now| async move {
            store.buffer_before(CLUB, now).await.unwrap().into_iter().map(|one| one.segments).sum::<u64>()
        };
        let before = all(store.clone(), w.now()).await;
        assert!(before > 0);
        assert_eq!(w.count(|fact| matches!(fact, Fact::BufferErased { .. })).await, 0);
        w.advance(days(2)).await;
        assert_eq!(all(store.clone(), w.now()).await, 0, "a week is over");
        let facts = w.facts().await;
        let erased = facts.iter().filter_map(|(_, fact)| match fact {
            Fact::BufferErased { rule, segments, .. } => Some((rule.as_str(), *segments)),
            _ => None,
        });
        let erased: Vec<_> = erased.collect();
        assert!(erased.iter().all(|(rule, _)| *rule == "buffer_days = 7"), "{erased:?}");
        assert_eq!(erased.iter().map(|(_, segments)| segments).sum::<u64>(), before, "each is accounted for");
        assert!(w.exports(1, Some("dsl")).await.has("data/readable/messages.jsonl", TAKEN_BACK));
        w.read_everything();
    })
    .await;
}

#[tokio::test]
async fn a_charity_that_buffers_nothing_has_nothing() {
    story_with(
        |settings| settings.buffer = BufferPolicy::off(),
        |w| async move {
            gone_before_a_restart(&w).await;
            assert_eq!(w.store().await.buffer_before(CLUB, w.now().plus(days(1))).await.unwrap(), []);
            let hidden = w.kys().await;
            w.message_is_hidden(hidden);
            w.kys_is_over().await;
            assert!(!w.exports(1, Some("dsl")).await.has("", TAKEN_BACK));
            w.advance(minutes(60)).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_channel_can_be_left_out_with_its_threads_and_staff_among_themselves_are() {
    let art = std::sync::Arc::new(std::sync::Mutex::new(None));
    let named = art.clone();
    story_with(
        move |settings| {
            let spaces: BTreeMap<_, _> = named.lock().unwrap().iter().map(|space| (*space, 0)).collect();
            settings.buffer = BufferPolicy { days: 7, spaces };
        },
        |w| async move {
            w.bot_down().await;
            *art.lock().unwrap() = Some(w.space("#art"));
            w.bot_up().await;
            let ella = w.person("ella");
            let thread = ella.opens_private_thread("#art", "our poster", &[&w.person("tom")]).await;
            ella.says(thread, "blue or green").await;
            ella.says("#art", "blue or green").await;
            w.dsl().says("#operator", "the minutes are in the drawer").await;
            ella.says("#music", "blue or green").await;
            w.bot_down().await;
            let kept = w.store().await.buffer_before(CLUB, w.now().plus(days(1))).await.unwrap();
            assert_eq!(kept.iter().map(|one| one.key.space).collect::<Vec<_>>(), [w.space("#music")]);
            w.bot_up().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_still_waiting_for_the_buffer() {
    story(|w| async move {
        let tom = w.person("tom");
        tom.says("#music", "evening all").await;
        w.advance(seconds(10)).await;
        // Not five seconds old: it is in memory only.
        let said = tom.says("#music", "who has the drum key").await;
        tom.deletes(said).await;
        w.kill().await;
        w.bot_up().await;
        w.advance(seconds(10)).await;
        let places = w.store().await.buffered(w.space("#music"), &[said.message].into()).await.unwrap();
        assert!(!places.is_empty());
    })
    .await;
}
