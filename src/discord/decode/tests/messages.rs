//! What people write, change, delete and react with.

use super::*;

#[test]
fn somebody_writes() {
    let expected = Message {
        id: MessageId(334_385_199_974_967_042),
        space: ChannelId(20),
        guild: Some(GUILD),
        author: UserId(7),
        author_name: "sam".to_owned(),
        author_shown: Some("Coach Sam".to_owned()),
        author_roles: Some(BTreeSet::from([RoleId(50), RoleId(51)])),
        at: at("2026-03-02T16:41:07.123Z"),
        content: "hello".to_owned(),
        mentions: vec![UserId(8)],
        ..Message::default()
    };
    assert_eq!(said(&message()), expected);
}

#[test]
fn what_a_message_answers() {
    let reference = json!({ "type": 0, "message_id": "33", "channel_id": "20", "guild_id": "1" });
    let answer = json!({ "type": 19, "message_reference": reference, "referenced_message": message() });
    assert_eq!(said(&with(message(), &answer)).reply_to, Some((MessageId(33), Some(UserId(7)))));
    // The answered message may be deleted; old payloads have no reference type.
    let gone = json!({ "type": 19, "message_reference": { "message_id": "33" }, "referenced_message": null });
    assert_eq!(said(&with(message(), &gone)).reply_to, Some((MessageId(33), None)));
    let forward = json!({ "message_reference": { "type": 1, "message_id": "33" } });
    assert_eq!(said(&with(message(), &forward)).reply_to, None);
    let crosspost = json!({ "flags": 2, "message_reference": { "type": 0, "message_id": "33" } });
    assert_eq!(said(&with(message(), &crosspost)).reply_to, None);
}

#[test]
fn applications_and_webhooks_are_not_people() {
    assert!(!said(&message()).automated);
    assert!(!said(&with(message(), &json!({ "webhook_id": null }))).automated);
    assert!(said(&with(message(), &json!({ "webhook_id": "5" }))).automated);
    let mut bot = message();
    bot["author"]["bot"] = json!(true);
    assert!(said(&bot).automated);
}

#[test]
fn text_that_hides_elsewhere_is_found() {
    let data = with(
        message(),
        &json!({
            "attachments": [{
                "id": "3", "filename": "f1.png", "title": "t1", "description": "alt1", "content_type": "image/png",
                "size": 12, "width": 4, "height": 5, "url": "https://cdn.example/x", "proxy_url": "https://cdn.example/y",
            }],
            "embeds": [{
                "title": "e1", "description": "e2", "author": { "name": "e3" }, "footer": { "text": "e6" },
                "fields": [{ "name": "e4", "value": "e5", "inline": true }], "type": "rich",
            }],
            "message_snapshots": [{ "message": {
                "content": "f2", "embeds": [{ "description": "f3" }], "attachments": [{ "filename": "f4" }],
                "sticker_items": [{ "id": "1", "name": "f5" }],
            } }],
            "poll": { "question": { "text": "p1" }, "answers": [{ "answer_id": 1, "poll_media": { "text": "p2" } }] },
            "sticker_items": [{ "id": "1", "name": "s1", "format_type": 1 }],
            "components": [
                { "type": 1, "components": [{ "type": 2, "label": "c1", "custom_id": "x" }] },
                { "type": 17, "components": [{ "type": 10, "content": "c2" }, {
                    "type": 9, "components": [{ "type": 10, "content": "c3" }],
                    "accessory": { "type": 2, "label": "c4" },
                }] },
                { "type": 1, "components": [{ "type": 3, "placeholder": "c5", "options": [{ "label": "c6" }] }] },
                { "type": 18, "label": "c7", "component": { "type": 4, "value": "c8" } },
            ],
        }),
    );
    let message = said(&data);
    let expected = [
        "f1.png", "t1", "alt1", "e1", "e2", "e3", "e4", "e5", "e6", "f2", "f3", "f4", "f5", "p1", "p2", "s1",
        "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8",
    ];
    assert_eq!(message.elsewhere, expected);
    assert_eq!(
        message.attachments,
        [Attachment {
            id: 3,
            name: "f1.png".to_owned(),
            media_type: Some("image/png".to_owned()),
            size: 12,
            dimensions: Some((4, 5)),
            description: Some("alt1".to_owned()),
        }]
    );
}

#[test]
fn a_bad_attachment_does_not_hide_the_words() {
    let data =
        with(message(), &json!({ "attachments": [{ "id": "x" }, { "id": "3", "filename": "f.png" }] }));
    let events = read("MESSAGE_CREATE", &data);
    assert!(
        matches!(&events[0], Event::Said(said) if said.content == "hello" && said.attachments.len() == 1)
    );
    assert!(matches!(&events[1], Event::Unreadable { guild: Some(GUILD), .. }));
}

#[test]
fn what_the_platform_writes_in_somebodys_name_is_not_said() {
    for kind in [6, 7, 8, 24, 46] {
        let event = one("MESSAGE_CREATE", &with(message(), &json!({ "type": kind })));
        assert_eq!(event, Event::Other { name: "MESSAGE_CREATE".to_owned() }, "{kind}");
    }
    // A thread's name is somebody's words, and so is whatever comes with a future type.
    for kind in [0, 18, 19, 20, 23, 4_000] {
        assert_eq!(said(&with(message(), &json!({ "type": kind }))).content, "hello", "{kind}");
    }
}

#[test]
fn an_edit_is_what_an_author_changed() {
    let edited =
        with(message(), &json!({ "content": "bye", "edited_timestamp": "2026-03-02T17:00:00+00:00" }));
    let Event::Edited(now) = one("MESSAGE_UPDATE", &edited) else { panic!() };
    assert_eq!((now.content.as_str(), now.edited_at), ("bye", Some(at("2026-03-02T17:00:00Z"))));
    let other = Event::Other { name: "MESSAGE_UPDATE".to_owned() };
    // A link preview: whole, as Discord sends it now, and partial, as it did.
    assert_eq!(one("MESSAGE_UPDATE", &with(message(), &json!({ "embeds": [{ "title": "x" }] }))), other);
    let partial = json!({ "id": "3", "channel_id": "20", "guild_id": "1", "embeds": [{ "title": "x" }] });
    assert_eq!(one("MESSAGE_UPDATE", &partial), other);
    // Changed at some time, into something that is not there to read.
    let dated = with(partial, &json!({ "edited_timestamp": "2026-03-02T17:00:00+00:00" }));
    let expected = Event::Unreadable { name: "MESSAGE_UPDATE".to_owned(), guild: Some(GUILD) };
    assert_eq!(one("MESSAGE_UPDATE", &dated), expected);
}

#[test]
fn messages_are_deleted() {
    let deleted = |messages: &[u64]| Event::Deleted {
        space: ChannelId(20),
        guild: Some(GUILD),
        messages: messages.iter().map(|id| MessageId(*id)).collect(),
    };
    assert_eq!(
        one("MESSAGE_DELETE", &json!({ "id": "3", "channel_id": "20", "guild_id": "1" })),
        deleted(&[3])
    );
    let bulk = json!({ "ids": ["3", "4"], "channel_id": "20", "guild_id": "1" });
    assert_eq!(one("MESSAGE_DELETE_BULK", &bulk), deleted(&[3, 4]));
}

#[test]
fn reactions_come_and_go() {
    let data = json!({
        "user_id": "8", "channel_id": "20", "message_id": "3", "guild_id": "1", "message_author_id": "7",
        "emoji": { "id": null, "name": "🔥" }, "type": 0, "burst": false,
    });
    let event = |emoji: &str, author, added| Event::Reacted {
        guild: Some(GUILD),
        space: ChannelId(20),
        message: MessageId(3),
        author,
        by: UserId(8),
        emoji: emoji.to_owned(),
        added,
    };
    assert_eq!(one("MESSAGE_REACTION_ADD", &data), event("🔥", Some(UserId(7)), true));
    let custom =
        with(data.clone(), &json!({ "emoji": { "id": "44", "name": "clown" }, "message_author_id": null }));
    assert_eq!(one("MESSAGE_REACTION_REMOVE", &custom), event("clown", None, false));
    let gone = with(data, &json!({ "emoji": { "id": "44", "name": null } }));
    assert_eq!(one("MESSAGE_REACTION_ADD", &gone), event("44", Some(UserId(7)), true));
}

#[test]
fn history_is_read_like_the_wire() {
    let Some(Event::Said(message)) =
        from_history(&with(message(), &json!({ "guild_id": null })).to_string(), Some(GUILD))
    else {
        panic!()
    };
    assert_eq!((message.guild, message.content.as_str()), (Some(GUILD), "hello"));
    assert!(matches!(from_history("{}", None), Some(Event::Unreadable { .. })));
}
