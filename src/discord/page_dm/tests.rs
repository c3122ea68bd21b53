use super::*;
use crate::discord::fake::{Fake, ok};
use crate::domain::{CaseRef, Category, Level, Timestamp};

fn job(attempts: u32, person: &str) -> Job {
    Job {
        key: "page/C-0007/0/dsl/discord-dm".to_owned(),
        organisation: "club".to_owned(),
        case: Some(CaseRef(7)),
        effect: Effect::Page {
            case: CaseRef(7),
            level: Level::Serious,
            category: Category::Contact,
            slot: "dsl".to_owned(),
            round: 2,
            channel: CHANNEL.to_owned(),
            person: person.to_owned(),
            drill: false,
            evidence_kept: true,
        },
        not_before: Timestamp(0),
        attempts,
    }
}

fn pager(fake: &Fake) -> PageDm {
    PageDm::new(fake.rest(), BTreeMap::from([("the lead".to_owned(), UserId(9))]))
}

#[tokio::test]
async fn a_page_has_a_button_that_names_the_case_and_the_round() {
    let fake = Fake::start(|before, _| ok(&json!({ "id": if before == 0 { "77" } else { "500" } }))).await;
    let done = pager(&fake).deliver(&job(0, "the lead")).await;
    assert_eq!(done, Delivered::Done { detail: Some(r#"{"message":"500"}"#.to_owned()) });
    assert_eq!(fake.calls(), ["POST /users/@me/channels", "POST /channels/77/messages"]);
    let body = &fake.seen()[1].body;
    let button = &body["components"][0]["components"][0];
    assert_eq!(button["custom_id"], "ack:C-0007:2");
    assert_eq!(button["label"], wording::ACKNOWLEDGE);
    let text = body["content"].as_str().unwrap();
    assert!(text.contains("C-0007") && !text.contains("the lead"), "{text}");
}

#[tokio::test]
async fn a_page_that_a_crash_repeats_rings_once() {
    let fake = Fake::start(|before, _| {
        if before == 0 {
            return ok(&json!({ "id": "77" }));
        }
        let button = json!({ "type": 2, "custom_id": "ack:C-0007:2" });
        ok(&json!([{ "id": "500", "components": [{ "type": 1, "components": [button] }] }]))
    })
    .await;
    let done = pager(&fake).deliver(&job(1, "the lead")).await;
    assert_eq!(done, Delivered::Done { detail: Some(r#"{"already":true}"#.to_owned()) });
    assert_eq!(fake.calls(), ["POST /users/@me/channels", "GET /channels/77/messages?limit=50"]);
}

#[tokio::test]
async fn a_person_without_an_account_is_called_another_way() {
    let fake = Fake::start(|_, _| ok(&json!({}))).await;
    let delivered = pager(&fake).deliver(&job(0, "somebody else")).await;
    assert!(
        matches!(&delivered, Delivered::Never { why } if !why.contains("somebody else")),
        "{delivered:?}"
    );
    assert!(fake.calls().is_empty());
}
