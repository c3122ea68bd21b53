//! What is no event at all, or hardly one: never a panic, never silence.

use proptest::prelude::*;

use super::*;

#[test]
fn garbage_is_unreadable_and_says_where_it_can() {
    let unreadable = |name: &str, guild| vec![Event::Unreadable { name: name.to_owned(), guild }];
    for raw in
        ["", "nonsense", "[]", "{}", r#"{"op":0}"#, r#"{"op":"zero","t":"READY"}"#, "{\"op\":0,\"t\":\"MESS"]
    {
        assert_eq!(decode(raw).events, unreadable("", None), "{raw}");
    }
    let bad = json!({ "id": "3", "channel_id": {}, "guild_id": "1" });
    assert_eq!(read("MESSAGE_CREATE", &bad), unreadable("MESSAGE_CREATE", Some(GUILD)));
    assert_eq!(read("GUILD_CREATE", &json!({ "id": "1" })), unreadable("GUILD_CREATE", Some(GUILD)));
    assert_eq!(read("MESSAGE_CREATE", &json!(null)), unreadable("MESSAGE_CREATE", None));
    assert_eq!(read("MESSAGE_CREATE", &json!("text")), unreadable("MESSAGE_CREATE", None));
}

#[test]
fn depth_and_length_have_limits() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let raw = format!(r#"{{"op":0,"t":"MESSAGE_CREATE","d":{{"guild_id":"1","embeds":{deep}}}}}"#);
    assert!(matches!(decode(&raw).events[..], [Event::Unreadable { guild: Some(GUILD), .. }]));
    // Depth in a part that nobody needs is passed over, and in a part that may hold words it is said.
    let text = message().to_string();
    let raw = format!(r#"{{"op":0,"t":"MESSAGE_CREATE","d":{{"nonsense":{deep},{}}}"#, &text[1..]);
    assert!(matches!(decode(&raw).events[..], [Event::Said(_)]));
    let text = text.replace("\"embeds\":[]", &format!("\"embeds\":{deep}"));
    let raw = format!(r#"{{"op":0,"t":"MESSAGE_CREATE","d":{text}}}"#);
    assert!(
        matches!(&decode(&raw).events[..], [Event::Said(said), Event::Unreadable { .. }] if said.content == "hello")
    );
    let long = with(message(), &json!({ "content": "x".repeat(LONGEST) }));
    assert!(matches!(read("MESSAGE_CREATE", &long)[..], [Event::Unreadable { .. }]));
}

const NAMES: &[&str] = &[
    "READY",
    "RESUMED",
    "GUILD_CREATE",
    "GUILD_UPDATE",
    "GUILD_DELETE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_DELETE",
    "GUILD_MEMBER_ADD",
    "GUILD_MEMBER_REMOVE",
    "GUILD_MEMBERS_CHUNK",
    "VOICE_STATE_UPDATE",
    "CHANNEL_CREATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_LIST_SYNC",
    "THREAD_MEMBERS_UPDATE",
    "THREAD_MEMBER_UPDATE",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "AUTO_MODERATION_ACTION_EXECUTION",
    "GUILD_AUDIT_LOG_ENTRY_CREATE",
    "INTERACTION_CREATE",
    "TYPING_START",
];

/// Any JSON, made of the field names that the decoder looks at.
fn any_json() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "id",
        "guild_id",
        "channel_id",
        "user",
        "author",
        "member",
        "members",
        "roles",
        "type",
        "content",
        "embeds",
        "components",
        "emoji",
        "name",
        "ids",
        "user_id",
        "attachments",
        "message_reference",
        "edited_timestamp",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[0-9]{1,20}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Reads it every way there is; only not panicking is asked for.
fn survives(raw: &str) {
    let _ = decode(raw).guild();
    let _ = from_history(raw, None);
    let _ = crate::discord::interactions::parse(raw);
}

proptest! {
    #[test]
    fn random_text_never_panics(raw in "\\PC{0,200}") {
        survives(&raw);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_payload_of_a_known_event_gives_an_event(name in prop::sample::select(NAMES), data in any_json()) {
        let raw = frame(name, &data);
        survives(&raw);
        let decoded = decode(&raw);
        prop_assert_eq!(&decoded.name, name);
        // Never silence: an empty list of threads is the one payload that says nothing at all.
        prop_assert!(!decoded.events.is_empty() || name == "THREAD_LIST_SYNC");
    }

    #[test]
    fn a_broken_frame_never_panics(cut in 0usize..2_000, at in 0usize..2_000, byte in any::<u8>()) {
        for raw in [frame("GUILD_CREATE", &guild()), frame("MESSAGE_CREATE", &message())] {
            let mut bytes = raw.into_bytes();
            let at = at % bytes.len();
            bytes[at] = byte;
            survives(&String::from_utf8_lossy(&bytes));
            bytes.truncate(cut % bytes.len());
            survives(&String::from_utf8_lossy(&bytes));
        }
    }
}
