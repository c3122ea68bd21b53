use serde_json::{Value, json};

use super::*;
use crate::discord::fake::{Fake, empty};
use crate::wording;

fn frame(data: &Value) -> String {
    json!({ "op": 0, "s": 9, "t": "INTERACTION_CREATE", "d": data }).to_string()
}

fn pressed() -> String {
    frame(&json!({
        "id": "900", "application_id": "1", "type": 3, "token": "tok-EN_1", "version": 1,
        "channel_id": "77", "user": { "id": "9", "username": "lead" },
        "message": { "id": "500", "channel_id": "77", "content": "Safeguarding case C-0007" },
        "data": { "component_type": 2, "custom_id": "ack:C-0007:2" },
    }))
}

#[tokio::test]
async fn pressing_the_button_acknowledges_and_is_answered_at_once() {
    let interaction = parse(&pressed()).unwrap();
    assert_eq!(
        interaction.event(),
        Some(Event::Acknowledged { case: CaseRef(7), by: UserId(9), via: "discord-dm".to_owned() })
    );
    let fake = Fake::start(|_, _| empty()).await;
    let (to, reply) = interaction.answer().unwrap();
    fake.rest().reply(to, &reply).await.unwrap();
    let seen = &fake.seen()[0];
    assert_eq!(seen.call, "POST /interactions/900/tok-EN_1/callback");
    assert_eq!(seen.body["type"], 7);
    assert_eq!(seen.body["data"]["components"], json!([]));
    let text = seen.body["data"]["content"].as_str().unwrap();
    assert!(text.starts_with("Safeguarding case C-0007") && text.contains("<@9>"), "{text}");
    assert_eq!(seen.body["data"]["allowed_mentions"], json!({ "parse": [] }));
}

#[test]
fn a_message_is_reported_whole_from_inside_a_direct_message() {
    let raw = frame(&json!({
        "id": "901", "application_id": "1", "type": 2, "token": "t", "context": 2,
        "channel_id": "55", "user": { "id": "3", "username": "ella" },
        "data": {
            "id": "1", "type": 3, "name": report::MENU, "target_id": "66",
            "resolved": { "messages": { "66": {
                "id": "66", "channel_id": "55", "type": 0, "content": "our secret", "author": { "id": "7", "username": "sam" },
                "timestamp": "2026-03-02T12:00:00.000000+00:00", "attachments": [], "embeds": [], "mentions": [],
            } } },
        },
    }));
    let interaction = parse(&raw).unwrap();
    let Some(Event::Reported { by, message: Some(message), guild, person: None, words: None, .. }) =
        interaction.event()
    else {
        panic!("{interaction:?}")
    };
    assert_eq!((by, guild), (UserId(3), None));
    assert_eq!((message.author, message.content.as_str()), (UserId(7), "our secret"));
    let (_, reply) = interaction.answer().unwrap();
    assert!(matches!(reply, Reply::Private(text) if text.contains("0800 1111")));
}

#[test]
fn the_slash_command_works_without_a_message() {
    let raw = frame(&json!({
        "id": "902", "type": 2, "token": "t", "guild_id": "1", "member": { "user": { "id": "3" }, "roles": [] },
        "data": { "id": "2", "type": 1, "name": report::COMMAND },
    }));
    let Some(Event::Reported { by, message: None, person: None, words: None, guild, .. }) =
        parse(&raw).unwrap().event()
    else {
        panic!("not a report")
    };
    assert_eq!((by, guild), (UserId(3), Some(GuildId(1))));
}

#[test]
fn what_is_written_behind_the_slash_command_is_a_message_to_safeguarding() {
    let raw = frame(&json!({
        "id": "902", "type": 2, "token": "t", "channel_id": "8", "user": { "id": "3", "username": "ella" },
        "data": { "id": "2", "type": 1, "name": report::COMMAND, "options": [
            { "name": "what", "type": 3, "value": "  somebody keeps asking for my address " },
        ] },
    }));
    let Some(Event::Reported { words: Some(words), .. }) = parse(&raw).unwrap().event() else {
        panic!("no words")
    };
    assert_eq!(words.content, "somebody keeps asking for my address");
    assert_eq!(
        (words.id, words.author, words.space, words.guild),
        (MessageId(902), UserId(3), ChannelId(8), None)
    );
}

#[test]
fn a_person_is_reported_from_their_menu() {
    let raw = frame(&json!({
        "id": "904", "type": 2, "token": "t", "guild_id": "1", "member": { "user": { "id": "3" }, "roles": [] },
        "data": { "id": "2", "type": 2, "name": report::MENU, "target_id": "7",
            "resolved": { "users": { "7": { "id": "7", "username": "sam" } }, "members": {} } },
    }));
    let interaction = parse(&raw).unwrap();
    let Some(Event::Reported { person: Some(UserId(7)), message: None, reference, .. }) = interaction.event()
    else {
        panic!("{interaction:?}")
    };
    let (_, reply) = interaction.answer().unwrap();
    assert!(matches!(reply, Reply::Private(text) if text.contains(&reference.to_string())));
}

#[test]
fn a_button_of_an_older_version_still_gets_an_answer() {
    let raw = frame(&json!({
        "id": "903", "type": 3, "token": "t", "user": { "id": "3" }, "data": { "custom_id": "ack:nonsense" },
    }));
    let interaction = parse(&raw).unwrap();
    assert_eq!(interaction.event(), None);
    assert_eq!(interaction.answer().unwrap().1, Reply::Private(wording::not_any_more().to_owned()));
}

#[test]
fn what_is_no_interaction_is_none() {
    assert_eq!(parse(r#"{"op":0,"t":"MESSAGE_CREATE","d":{"content":"INTERACTION_CREATE"}}"#), None);
    assert_eq!(parse("garbage INTERACTION_CREATE"), None);
    assert_eq!(parse(&frame(&json!({ "id": [] }))), Some(Interaction::Other));
}

#[tokio::test]
async fn an_interactions_token_neither_prints_nor_leads_elsewhere() {
    let interaction = parse(&pressed()).unwrap();
    assert!(!format!("{interaction:?}").contains("tok-EN_1"));
    let fake = Fake::start(|_, _| empty()).await;
    for token in ["../../users/@me", "a?b", "", "a b"] {
        let to = ReplyTo { id: 1, token: token.to_owned() };
        assert!(fake.rest().reply(&to, &Reply::PrivateLater).await.is_err());
    }
    assert!(fake.calls().is_empty());
}

#[test]
fn custom_ids_read_back() {
    assert_eq!(acknowledge::read_custom_id(&acknowledge::custom_id(CaseRef(12), 3)), Some((CaseRef(12), 3)));
    assert_eq!(acknowledge::read_custom_id("ack:C-0012"), None);
}
