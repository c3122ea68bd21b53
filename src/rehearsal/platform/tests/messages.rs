//! Messages, direct messages and their pause, nonces, interactions, voice, the audit log.

use super::*;
use crate::rehearsal::platform::op::{CommandUse, MessageEdit};

#[test]
fn the_same_nonce_within_minutes_is_the_same_message() {
    let mut scene = Scene::new();
    let path = format!("/channels/{}/messages", scene.space("art"));
    let body = json!({"content": "moved to #help", "nonce": "case-1", "enforce_nonce": true});
    let first = scene.call("POST", &path, body.clone()).unwrap();
    scene.wait(120);
    assert_eq!(scene.call("POST", &path, body.clone()).unwrap()["id"], first["id"]);
    // Without enforcing, or after the few minutes, it is a second message.
    let loose = json!({"content": "moved to #help", "nonce": "case-1"});
    assert_ne!(scene.call("POST", &path, loose).unwrap()["id"], first["id"]);
    scene.wait(3_600);
    assert_ne!(scene.call("POST", &path, body).unwrap()["id"], first["id"]);
}

#[test]
fn bad_bodies_are_refused_as_discord_refuses_them() {
    let mut scene = Scene::new();
    let path = format!("/channels/{}/messages", scene.space("art"));
    let row =
        |components: Value| json!({"content": "x", "components": [{"type": 1, "components": components}]});
    let table = [
        (text(""), 50_006),
        (json!({}), 50_006),
        (text(&"é".repeat(2_000)), 0),
        (text(&"é".repeat(2_001)), 50_035),
        (json!({"content": {"a": 1}}), 50_035),
        (json!({"embeds": [{"title": "t".repeat(257)}]}), 50_035),
        (json!({"embeds": [{"fields": [{"name": "", "value": "v"}]}]}), 50_035),
        (json!({"embeds": [{"description": "d".repeat(4_000)}, {"description": "d".repeat(2_001)}]}), 50_035),
        (json!({"content": "x", "nonce": "n".repeat(26)}), 50_035),
        (row(json!([])), 50_035),
        (row(json!([{"type": 2, "style": 1, "label": "no id"}])), 50_035),
        (json!({"content": "x", "message_reference": {"message_id": "1"}}), 50_035),
        (json!({"content": "x", "message_reference": {"message_id": "1", "fail_if_not_exists": false}}), 0),
    ];
    for (body, code) in table {
        let answer = scene.call("POST", &path, body.clone());
        assert_eq!(answer.err().map_or(0, |refused| refused.code), code, "{body}");
    }
}

#[test]
fn history_is_paged_newest_first_and_after_starts_at_the_oldest() {
    let mut scene = Scene::new();
    let ids: Vec<String> = (0..5)
        .map(|n| {
            scene.wait(1);
            scene.says("Ella", "art", &format!("{n}")).to_string()
        })
        .collect();
    let path = format!("/channels/{}/messages", scene.space("art"));
    let mut page = |query: String| -> Vec<String> {
        let found = scene.call("GET", &format!("{path}?{query}"), Value::Null).unwrap();
        found.as_array().unwrap().iter().map(|m| m["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(page("limit=2".to_owned()), ["4", "3"]);
    assert_eq!(page(format!("after={}&limit=2", ids[1])), ["3", "2"]);
    assert_eq!(page(format!("before={}", ids[2])), ["1", "0"]);
    assert_eq!(page(format!("around={}&limit=3", ids[2])), ["3", "2", "1"]);
    assert_eq!(scene.code("GET", &format!("{path}?limit=101"), Value::Null), 50_035);
}

#[test]
fn a_pause_binds_members_but_not_those_who_moderate_nor_the_bot() {
    let mut scene = Scene::new();
    let guild = scene.names.guild;
    let dm = |scene: &mut Scene, by: UserId, with: UserId| {
        let Answer::Channel(channel) = scene.perform(Op::OpenDm { by, with }).unwrap().answer else {
            panic!()
        };
        scene
            .perform(Op::Say { by, channel, message: NewMessage::text("hi") })
            .map_err(|refused| refused.code)
    };
    let (sam, ella, ada, bot) = (scene.person("Sam"), scene.person("Ella"), scene.person("Ada"), scene.bot());
    assert!(dm(&mut scene, sam, ella).is_ok());
    let until = scene.core.clock.now().plus(Duration::from_hours(1)).to_string();
    let incidents = format!("/guilds/{guild}/incident-actions");
    let both = json!({"invites_disabled_until": null, "dms_disabled_until": until});
    assert!(scene.call("PUT", &incidents, both).unwrap()["dms_disabled_until"].is_string());
    assert_eq!(dm(&mut scene, sam, ella), Err(50_007));
    assert!(dm(&mut scene, ada, ella).is_ok(), "who moderates is not bound");
    assert!(dm(&mut scene, bot, ella).is_ok() && dm(&mut scene, ella, bot).is_ok());
    // An omitted key lifts the measure.
    scene.call("PUT", &incidents, json!({"invites_disabled_until": null})).unwrap();
    assert!(dm(&mut scene, sam, ella).is_ok());
    let far = scene.core.clock.now().plus(Duration::from_hours(25)).to_string();
    assert_eq!(scene.code("PUT", &incidents, json!({ "dms_disabled_until": far })), 50_035);
    // It ends by itself.
    scene.call("PUT", &incidents, json!({ "dms_disabled_until": until })).unwrap();
    scene.wait(3_601);
    assert!(dm(&mut scene, sam, ella).is_ok());
}

#[test]
fn who_takes_no_direct_messages_gets_none() {
    let mut scene = Scene::new();
    let ella = scene.person("Ella");
    scene.perform(Op::TakeDms { by: ella, on: false }).unwrap();
    let dm = scene.call("POST", "/users/@me/channels", json!({ "recipient_id": ella })).unwrap();
    assert_eq!(dm["recipients"][0]["id"], json!(ella));
    let path = format!("/channels/{}/messages", dm["id"].as_str().unwrap());
    assert_eq!(scene.code("POST", &path, text("are you safe?")), 50_007);
}

/// A young person reports a message from inside a direct message that the bot is not part of.
#[test]
fn a_report_from_inside_a_dm_carries_the_whole_message_and_the_answer_is_private() {
    let mut scene = Scene::new();
    let (sam, ella) = (scene.person("Sam"), scene.person("Ella"));
    let session = scene.identify(INTENTS & !intents::MESSAGE_CONTENT);
    let command = json!([{"name": "Report to safeguarding", "type": 3, "integration_types": [0, 1], "contexts": [0, 1, 2]}]);
    scene.call("PUT", &format!("/applications/{}/commands", scene.bot()), command).unwrap();
    let Answer::Channel(dm) = scene.perform(Op::OpenDm { by: sam, with: ella }).unwrap().answer else {
        panic!()
    };
    let secret = Op::Say { by: sam, channel: dm, message: NewMessage::text("do not tell anyone") };
    let Answer::Message(_, secret) = scene.perform(secret).unwrap().answer else { panic!() };
    let seq = scene.seq(&session);
    let command = CommandUse {
        name: "Report to safeguarding".to_owned(),
        kind: 3,
        target: Some(secret.0),
        ..CommandUse::default()
    };
    let report = Op::UseCommand { by: ella, channel: dm, command };
    assert_eq!(scene.perform(report.clone()).unwrap_err().code, 10_063, "not added to her account yet");
    scene.perform(Op::InstallApp { by: ella }).unwrap();
    scene.perform(report).unwrap();
    let (name, told) = scene.events(&session, seq).pop().unwrap();
    assert_eq!((name.as_str(), &told["context"]), ("INTERACTION_CREATE", &json!(2)));
    assert_eq!(told["data"]["resolved"]["messages"][secret.to_string()]["content"], "do not tell anyone");
    assert!(told["guild_id"].is_null() && told["member"].is_null() && told["user"]["id"] == json!(ella));
    let callback = format!(
        "/interactions/{}/{}/callback",
        told["id"].as_str().unwrap(),
        told["token"].as_str().unwrap()
    );
    scene.call("POST", &callback, json!({"type": 5, "data": {"flags": 64}})).unwrap();
    assert_eq!(scene.code("POST", &callback, json!({"type": 5})), 40_060);
    let original =
        format!("/webhooks/{}/{}/messages/@original", scene.bot(), told["token"].as_str().unwrap());
    scene.call("PATCH", &original, text("Thank you. This is case C-7.")).unwrap();
    let seen = |scene: &Scene, who| {
        let view = super::super::view::view(&scene.core.state, who, scene.core.clock.now());
        let space = view.dms.into_iter().find(|space| space.id == dm).unwrap();
        space.messages.into_iter().map(|message| message.content).collect::<Vec<_>>()
    };
    assert_eq!(seen(&scene, ella), ["do not tell anyone", "Thank you. This is case C-7."]);
    assert_eq!(seen(&scene, sam), ["do not tell anyone"]);
    assert_eq!(scene.code("GET", &format!("/channels/{dm}/messages"), Value::Null), 50_001);
}

#[test]
fn an_answer_after_three_seconds_is_too_late() {
    let mut scene = Scene::new();
    scene
        .call(
            "POST",
            &format!("/applications/{}/commands", scene.bot()),
            json!({"name": "report", "description": "Tell us"}),
        )
        .unwrap();
    let session = scene.identify(INTENTS);
    let command = CommandUse { name: "report".to_owned(), kind: 1, ..CommandUse::default() };
    scene.perform(Op::UseCommand { by: scene.person("Ella"), channel: scene.space("art"), command }).unwrap();
    let told = scene.events(&session, 0).pop().unwrap().1;
    scene.wait(4);
    let callback = format!(
        "/interactions/{}/{}/callback",
        told["id"].as_str().unwrap(),
        told["token"].as_str().unwrap()
    );
    assert_eq!(scene.code("POST", &callback, json!({"type": 4, "data": {"content": "late"}})), 10_062);
}

#[test]
fn a_button_opens_a_form_and_the_form_comes_back_filled() {
    let mut scene = Scene::new();
    let session = scene.identify(INTENTS);
    let dee = scene.person("Dee");
    let dm = scene.call("POST", "/users/@me/channels", json!({ "recipient_id": dee })).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let button = json!({"type": 2, "style": 3, "label": "Acknowledge", "custom_id": "ack:1"});
    let page = json!({"content": "C-7, level 4", "components": [{"type": 1, "components": [button]}]});
    let page = scene.call("POST", &format!("/channels/{dm}/messages"), page).unwrap();
    let message = MessageId(page["id"].as_str().unwrap().parse().unwrap());
    let channel = ChannelId(dm.parse().unwrap());
    let click = |custom_id: &str| Op::Click {
        by: dee,
        channel,
        message,
        custom_id: custom_id.to_owned(),
        values: vec![],
    };
    assert_eq!(scene.perform(click("ack:2")).unwrap_err().code, 50_035, "no such button");
    scene.perform(click("ack:1")).unwrap();
    let told = scene.events(&session, 0).pop().unwrap().1;
    assert_eq!((&told["type"], &told["message"]["id"]), (&json!(3), &page["id"]));
    let callback = format!(
        "/interactions/{}/{}/callback",
        told["id"].as_str().unwrap(),
        told["token"].as_str().unwrap()
    );
    let form = json!({"title": "Note", "custom_id": "note:1", "components": [
        {"type": 1, "components": [{"type": 4, "custom_id": "text", "style": 2, "label": "What now?"}]},
        {"type": 18, "label": "Seen?", "component": {"type": 4, "custom_id": "seen", "style": 1}},
    ]});
    scene.call("POST", &callback, json!({"type": 9, "data": form})).unwrap();
    let view = super::super::view::view(&scene.core.state, dee, scene.core.clock.now());
    let interaction = view.forms[0].interaction;
    let fields = [("text".to_owned(), "rang home".to_owned()), ("seen".to_owned(), "yes".to_owned())].into();
    scene.perform(Op::SubmitModal { by: dee, interaction, fields }).unwrap();
    let told = scene.events(&session, 0).pop().unwrap().1;
    assert_eq!(told["data"]["components"][0]["components"][0]["value"], "rang home");
    assert_eq!(told["data"]["components"][1]["component"]["value"], "yes");
    // A form answers by changing the message that the button was on.
    let callback = format!(
        "/interactions/{}/{}/callback",
        told["id"].as_str().unwrap(),
        told["token"].as_str().unwrap()
    );
    scene
        .call(
            "POST",
            &callback,
            json!({"type": 7, "data": {"content": "C-7 acknowledged", "components": []}}),
        )
        .unwrap();
    let now = scene.call("GET", &format!("/channels/{dm}/messages/{message}"), Value::Null).unwrap();
    assert_eq!((&now["content"], &now["components"]), (&json!("C-7 acknowledged"), &json!([])));
}

#[test]
fn voice_is_left_by_a_null_channel_and_only_by_who_is_in_it() {
    let mut scene = Scene::new();
    let (sam, studio, guild) = (scene.person("Sam"), scene.space("studio"), scene.names.guild);
    let path = format!("/guilds/{guild}/members/{sam}");
    assert_eq!(scene.code("PATCH", &path, json!({"channel_id": null})), 40_032);
    scene.perform(Op::JoinVoice { by: sam, channel: studio }).unwrap();
    let session = scene.identify(INTENTS);
    let seq = scene.seq(&session);
    let created = scene.events(&session, 1)[0].1.clone();
    assert_eq!(created["voice_states"][0]["user_id"], json!(sam));
    scene.call("PATCH", &path, json!({"channel_id": null})).unwrap();
    let (name, told) = scene.events(&session, seq)[0].clone();
    assert_eq!((name.as_str(), &told["channel_id"]), ("VOICE_STATE_UPDATE", &Value::Null));
    assert_eq!(scene.code("GET", &format!("/guilds/{guild}/voice-states/{sam}"), Value::Null), 10_065);
}

#[test]
fn a_locked_thread_is_closed_to_those_in_it() {
    let mut scene = Scene::new();
    let thread = scene.thread("Sam", "art", true, &["Ella"]);
    scene.call("PATCH", &format!("/channels/{thread}"), json!({"locked": true, "archived": true})).unwrap();
    let say = |by| Op::Say { by, channel: thread, message: NewMessage::text("still there?") };
    let (sam, ada) = (scene.person("Sam"), scene.person("Ada"));
    assert_eq!(scene.perform(say(sam)).unwrap_err().code, 160_005);
    scene.perform(say(ada)).unwrap();
}

#[test]
fn the_log_tells_of_others_messages_deleted_but_not_of_ones_own() {
    let mut scene = Scene::new();
    let (ella, art) = (scene.person("Ella"), scene.space("art"));
    let (own, hers) = (scene.says("Ella", "art", "oops"), scene.says("Ella", "art", "hello"));
    scene.perform(Op::Delete { by: ella, channel: art, message: own }).unwrap();
    scene.call("DELETE", &format!("/channels/{art}/messages/{hers}"), Value::Null).unwrap();
    let log = scene
        .call("GET", &format!("/guilds/{}/audit-logs?action_type=72", scene.names.guild), Value::Null)
        .unwrap();
    let entries = log["audit_log_entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0]["target_id"], json!(ella), "the author, not the message");
    assert_eq!(entries[0]["options"], json!({"channel_id": art, "count": "1"}));
}

#[test]
fn a_link_preview_is_an_update_that_edits_nothing() {
    let mut scene = Scene::new();
    let session = scene.identify(INTENTS);
    let id = scene.says("Ella", "art", "https://example.org");
    let edit = MessageEdit {
        embeds: Some(vec![json!({"title": "Example"})]),
        preview: true,
        ..MessageEdit::default()
    };
    scene
        .perform(Op::Edit { by: scene.person("Ella"), channel: scene.space("art"), message: id, edit })
        .unwrap();
    let (name, told) = scene.events(&session, 0).pop().unwrap();
    assert_eq!((name.as_str(), &told["edited_timestamp"]), ("MESSAGE_UPDATE", &Value::Null));
    assert_eq!(told["content"], "https://example.org");
}
