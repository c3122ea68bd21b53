//! What a session is sent: by intents, by sight, by shard; and what a resume replays.

use super::*;
use crate::rehearsal::platform::model::Overwrite;

#[test]
fn without_an_intent_its_events_do_not_come() {
    let table = [
        (intents::GUILD_MESSAGES, "MESSAGE_CREATE"),
        (intents::GUILD_MESSAGE_REACTIONS, "MESSAGE_REACTION_ADD"),
        (intents::GUILD_VOICE_STATES, "VOICE_STATE_UPDATE"),
        (intents::GUILD_MEMBERS, "GUILD_MEMBER_ADD"),
        (intents::GUILD_MODERATION, "GUILD_AUDIT_LOG_ENTRY_CREATE"),
        (intents::DIRECT_MESSAGES, "MESSAGE_CREATE dm"),
        (intents::AUTO_MODERATION_EXECUTION, "AUTO_MODERATION_ACTION_EXECUTION"),
        (intents::GUILDS, "CHANNEL_UPDATE"),
    ];
    for (intent, event) in table {
        for (wanted, comes) in [(INTENTS, true), (INTENTS & !intent, false)] {
            let mut scene = Scene::new();
            let session = scene.identify(wanted);
            let seq = scene.seq(&session);
            let (ella, art, guild) = (scene.person("Ella"), scene.space("art"), scene.names.guild);
            let message = scene.says("Ella", "art", "hello");
            scene.perform(Op::React { by: ella, channel: art, message, emoji: "🎨".to_owned() }).unwrap();
            scene.perform(Op::JoinVoice { by: ella, channel: scene.space("studio") }).unwrap();
            let Answer::User(new) =
                scene.perform(Op::CreateUser { name: "New".to_owned(), bot: false }).unwrap().answer
            else {
                panic!()
            };
            scene.perform(Op::JoinGuild { user: new, guild, roles: vec![] }).unwrap();
            scene
                .perform(Op::AutoModBlocks {
                    user: ella,
                    channel: art,
                    content: "x".to_owned(),
                    keyword: "x".to_owned(),
                })
                .unwrap();
            let topic =
                super::super::op::ChannelEdit { topic: Some(Some("paint".to_owned())), ..Default::default() };
            scene.perform(Op::EditChannel { by: scene.person("Ada"), channel: art, edit: topic }).unwrap();
            let Answer::Channel(dm) =
                scene.perform(Op::OpenDm { by: ella, with: scene.bot() }).unwrap().answer
            else {
                panic!()
            };
            scene.perform(Op::Say { by: ella, channel: dm, message: NewMessage::text("hello bot") }).unwrap();
            let came = scene.events(&session, seq).into_iter().any(|(name, data)| match event {
                "MESSAGE_CREATE" => name == event && !data["guild_id"].is_null(),
                "MESSAGE_CREATE dm" => name == "MESSAGE_CREATE" && data["guild_id"].is_null(),
                _ => name == event,
            });
            assert_eq!(came, comes, "{event} with intents {wanted}");
        }
    }
}

#[test]
fn without_the_content_intent_messages_are_empty_save_those_to_and_of_the_bot() {
    let mut scene = Scene::new();
    let session = scene.identify(INTENTS & !intents::MESSAGE_CONTENT);
    let seq = scene.seq(&session);
    let (ella, art, bot) = (scene.person("Ella"), scene.space("art"), scene.bot());
    let file = serde_json::from_value(json!({"filename": "drawing.png", "size": 3})).unwrap();
    let message = NewMessage { attachments: vec![file], ..NewMessage::text("my drawing") };
    scene.perform(Op::Say { by: ella, channel: art, message }).unwrap();
    scene.says("Ella", "art", &format!("<@{bot}> help"));
    scene.call("POST", &format!("/channels/{art}/messages"), text("I am here")).unwrap();
    let Answer::Channel(dm) = scene.perform(Op::OpenDm { by: ella, with: bot }).unwrap().answer else {
        panic!()
    };
    scene.perform(Op::Say { by: ella, channel: dm, message: NewMessage::text("in private") }).unwrap();
    let said: Vec<(String, usize)> = scene
        .events(&session, seq)
        .into_iter()
        .filter(|(name, _)| name == "MESSAGE_CREATE")
        .map(|(_, data)| {
            (data["content"].as_str().unwrap().to_owned(), data["attachments"].as_array().unwrap().len())
        })
        .collect();
    let help = format!("<@{bot}> help");
    let wanted = [("", 0), (help.as_str(), 0), ("I am here", 0), ("in private", 0)];
    assert_eq!(said, wanted.map(|(content, files)| (content.to_owned(), files)));
}

#[test]
fn the_bot_hears_only_what_it_may_see_and_hears_again_when_it_may() {
    let mut plan = club();
    plan.bot = Some(bits::SUPERVISOR_BOT & !bits::MANAGE_THREADS);
    plan.spaces[1].overwrites.push((Whom::Bot, 0, bits::VIEW_CHANNEL));
    let mut scene = Scene::with(&plan, Privileged::default(), HiddenChannels::Listed, None);
    let session = scene.identify(INTENTS);
    let seq = scene.seq(&session);
    scene.says("Sam", "staff", "unheard");
    let thread = scene.thread("Sam", "art", true, &["Ella"]);
    scene
        .perform(Op::Say { by: scene.person("Sam"), channel: thread, message: NewMessage::text("unheard") })
        .unwrap();
    let heard = scene.names_of(&session, seq);
    assert!(
        !heard.iter().any(|name| name.starts_with("MESSAGE_") || name.starts_with("THREAD_")),
        "{heard:?}"
    );
    // Brought into the thread, it is told of it; allowed into the channel, of its threads.
    let seq = scene.seq(&session);
    scene.perform(Op::AddThreadMember { by: scene.person("Ella"), thread, user: scene.bot() }).unwrap();
    assert_eq!(scene.names_of(&session, seq), ["THREAD_CREATE", "THREAD_MEMBERS_UPDATE"]);
    let staff_thread = scene.thread("Sam", "staff", false, &[]);
    let seq = scene.seq(&session);
    let overwrite = Overwrite { id: scene.bot().0, kind: 1, allow: bits::VIEW_CHANNEL, deny: 0 };
    scene
        .perform(Op::SetOverwrite { by: scene.person("Olive"), channel: scene.space("staff"), overwrite })
        .unwrap();
    let (name, told) = scene.events(&session, seq).pop().unwrap();
    assert_eq!((name.as_str(), &told["threads"][0]["id"]), ("THREAD_LIST_SYNC", &json!(staff_thread)));
}

#[test]
fn guild_create_names_the_bot_and_a_chunk_names_everyone() {
    let mut scene = Scene::new();
    let session = scene.identify(INTENTS);
    let events = scene.events(&session, 0);
    assert_eq!(events[0].0, "READY");
    assert_eq!(events[0].1["guilds"], json!([{"id": scene.names.guild, "unavailable": true}]));
    assert_eq!(events[1].1["members"].as_array().unwrap().len(), 1);
    assert_eq!(events[1].1["member_count"], 7);
    let request = json!({"query": "", "limit": 0, "nonce": "n1"});
    let op = Op::RequestMembers { session: session.clone(), guild: scene.names.guild, request };
    scene.perform(op).unwrap();
    let (name, chunk) = scene.events(&session, 0).pop().unwrap();
    assert_eq!((name.as_str(), chunk["members"].as_array().unwrap().len()), ("GUILD_MEMBERS_CHUNK", 7));
    assert_eq!((&chunk["nonce"], &chunk["chunk_count"]), (&json!("n1"), &json!(1)));
}

#[test]
fn a_replay_holds_everything_after_the_number_and_resumed_once() {
    let mut scene = Scene::new();
    let session = scene.identify(INTENTS);
    let seq = scene.seq(&session);
    scene.says("Ella", "art", "one");
    scene.perform(Op::Resumed { session: session.clone() }).unwrap();
    scene.says("Ella", "art", "two");
    scene.perform(Op::Resumed { session: session.clone() }).unwrap();
    assert_eq!(scene.names_of(&session, seq), ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]);
    let found = &scene.core.state.sessions[&session];
    // One by one from any number on, as the socket takes them.
    let mut at = seq;
    let mut taken = 0;
    while let Some(next) = found.after(at) {
        assert!(next.seq > at);
        at = next.seq;
        taken += 1;
    }
    assert_eq!((taken, at), (3, found.seq));
    assert!(found.can_replay(seq) && found.can_replay(found.seq) && !found.can_replay(found.seq + 1));
}

#[test]
fn each_shard_carries_its_own_servers() {
    let mut scene = Scene::new();
    let guild = scene.names.guild;
    let of = 4;
    let own = u32::try_from((guild.0 >> 22) % u64::from(of)).unwrap();
    for shard in 0..of {
        let outcome = scene.perform(Op::Identify { shard, of, intents: INTENTS }).unwrap();
        let Answer::Session(session) = outcome.answer else { panic!() };
        let created = scene.names_of(&session, 1).contains(&"GUILD_CREATE".to_owned());
        assert_eq!(created, shard == own);
    }
    assert_eq!(scene.core.state.sessions.len(), 4);
}

#[test]
fn a_bot_that_is_removed_is_told_so_and_then_nothing_more() {
    let mut scene = Scene::new();
    let session = scene.identify(INTENTS);
    let seq = scene.seq(&session);
    scene
        .perform(Op::Kick { by: scene.person("Olive"), guild: scene.names.guild, user: scene.bot() })
        .unwrap();
    scene.says("Ella", "art", "unheard");
    let events = scene.events(&session, seq);
    let deleted: Vec<_> = events.iter().filter(|(name, _)| name == "GUILD_DELETE").collect();
    assert_eq!(deleted[0].1, json!({"id": scene.names.guild}));
    assert!(!events.iter().any(|(name, _)| name == "MESSAGE_CREATE"));
}
