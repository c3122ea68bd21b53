//! Each rule of the evaluator, and each special case of what members may do to each other.

use std::time::Duration;

use super::*;
use crate::rehearsal::platform::model::Overwrite;
use crate::rehearsal::platform::op::MemberEdit;
use crate::rehearsal::platform::permissions::{in_channel, sees};

/// A rule, the overwrites on #art, whom it is about, what they must have and what they must not.
type Row = (&'static str, Vec<(Whom, u64, u64)>, &'static str, u64, u64);

/// Who sees and who writes, one row a rule: overwrites on #art as (whom, allow, deny).
#[test]
fn overwrites_are_applied_in_discords_order() {
    let (view, send, threads) = (bits::VIEW_CHANNEL, bits::SEND_MESSAGES, bits::SEND_MESSAGES_IN_THREADS);
    let role = |name: &str| Whom::Role(name.to_owned());
    let person = |name: &str| Whom::Person(name.to_owned());
    let table: Vec<Row> = vec![
        ("nothing said: the base role decides", vec![], "Ella", view | send, 0),
        ("everyone denied", vec![(Whom::Everyone, 0, send)], "Ella", view, send),
        (
            "a role's grant beats everyone's denial",
            vec![(Whom::Everyone, 0, send), (role("Young Person"), send, 0)],
            "Ella",
            send,
            0,
        ),
        (
            "among roles the grant wins",
            vec![(role("Young Person"), 0, send), (role("DSL"), send, 0)],
            "Both",
            send,
            0,
        ),
        (
            "the member's own comes last",
            vec![(role("Young Person"), send, 0), (person("Ella"), 0, send)],
            "Ella",
            view,
            send,
        ),
        (
            "and grants last too",
            vec![(role("Young Person"), 0, send), (person("Ella"), send, 0)],
            "Ella",
            send,
            0,
        ),
        (
            "unseen is nothing at all",
            vec![(Whom::Everyone, send | threads, view)],
            "Ella",
            0,
            view | send | threads,
        ),
        (
            "the administrator is above overwrites",
            vec![(Whom::Everyone, 0, view), (person("Ada"), 0, view)],
            "Ada",
            view | send,
            0,
        ),
        (
            "so is the owner",
            vec![(Whom::Everyone, 0, view), (person("Olive"), 0, view)],
            "Olive",
            view | send,
            0,
        ),
        (
            "who cannot write cannot attach",
            vec![(Whom::Everyone, 0, send | threads)],
            "Ella",
            view,
            bits::ATTACH_FILES | bits::EMBED_LINKS,
        ),
        ("a stranger to the server has nothing", vec![], "Stranger", 0, view),
    ];
    for (rule, overwrites, who, has, lacks) in table {
        let mut plan = club().person("Both", &["Young Person", "DSL"]);
        plan.spaces[0].overwrites = overwrites;
        let mut scene = Scene::with(&plan, Privileged::default(), HiddenChannels::Listed, None);
        let stranger = scene.perform(Op::CreateUser { name: "Stranger".to_owned(), bot: false }).unwrap();
        let Answer::User(stranger) = stranger.answer else { panic!() };
        let user = if who == "Stranger" { stranger } else { scene.person(who) };
        let held = in_channel(&scene.core.state, scene.space("art"), user, scene.core.clock.now());
        assert_eq!(held & has, has, "{rule}: should have");
        assert_eq!(held & lacks, 0, "{rule}: should not have");
    }
}

#[test]
fn a_private_thread_is_for_those_in_it_and_for_thread_managers() {
    let mut scene = Scene::new();
    let thread = scene.thread("Sam", "art", true, &["Ella"]);
    let now = scene.core.clock.now();
    let sees = |name: &str| sees(&scene.core.state, thread, scene.person(name), now);
    assert!(sees("Sam") && sees("Ella"), "both are in it");
    assert!(!sees("Tom") && !sees("Dee"), "nobody else is");
    assert!(sees("Ada") && sees("Olive"), "administrators and the owner see all");
    assert!(
        super::super::permissions::sees(&scene.core.state, thread, scene.bot(), now),
        "the bot manages threads"
    );
}

#[test]
fn a_thread_member_who_loses_the_channel_loses_the_thread() {
    let mut scene = Scene::new();
    let thread = scene.thread("Sam", "art", true, &["Ella"]);
    let overwrite = Overwrite { id: scene.person("Ella").0, kind: 1, allow: 0, deny: bits::VIEW_CHANNEL };
    let (by, channel) = (scene.person("Olive"), scene.space("art"));
    scene.perform(Op::SetOverwrite { by, channel, overwrite }).unwrap();
    assert!(!sees(&scene.core.state, thread, scene.person("Ella"), scene.core.clock.now()));
}

#[test]
fn a_timeout_leaves_reading_and_ends_by_itself() {
    let mut scene = Scene::new();
    let (by, guild, user, art) =
        (scene.person("Ada"), scene.names.guild, scene.person("Sam"), scene.space("art"));
    let until = scene.core.clock.now().plus(Duration::from_mins(1));
    let edit = MemberEdit { timeout: Some(Some(until)), ..MemberEdit::default() };
    scene.perform(Op::EditMember { by, guild, user, edit }).unwrap();
    let say = |message: &str| Op::Say { by: user, channel: art, message: NewMessage::text(message) };
    assert_eq!(scene.perform(say("hello")).unwrap_err().code, 50_013);
    assert!(sees(&scene.core.state, art, user, scene.core.clock.now()));
    scene.wait(61);
    scene.perform(say("hello again")).unwrap();
}

#[test]
fn voice_without_connect_is_only_a_name() {
    let mut plan = club();
    plan.spaces[2].overwrites = vec![(Whom::Role("Young Person".to_owned()), 0, bits::CONNECT)];
    let mut scene = Scene::with(&plan, Privileged::default(), HiddenChannels::Listed, None);
    let (ella, studio) = (scene.person("Ella"), scene.space("studio"));
    let held = in_channel(&scene.core.state, studio, ella, scene.core.clock.now());
    assert_eq!(held, bits::VIEW_CHANNEL);
    assert_eq!(scene.perform(Op::JoinVoice { by: ella, channel: studio }).unwrap_err().code, 50_013);
}

#[test]
fn bits_beyond_those_with_names_survive_an_overwrite() {
    let mut scene = Scene::new();
    let art = scene.space("art");
    let path = format!("/channels/{art}/permissions/{}", scene.person("Sam"));
    let allow = bits::PIN_MESSAGES | bits::BYPASS_SLOWMODE | 1 << 60;
    let (by, id) = (scene.person("Olive"), scene.person("Sam").0);
    scene
        .perform(Op::SetOverwrite { by, channel: art, overwrite: Overwrite { id, kind: 1, allow, deny: 0 } })
        .unwrap();
    let found = scene.call("GET", &format!("/channels/{art}"), Value::Null).unwrap();
    assert_eq!(found["permission_overwrites"][0]["allow"], allow.to_string());
    // Locking leaves what was granted as it was; the bot may not hand out what it does not hold itself.
    let send = bits::SEND_MESSAGES.to_string();
    scene.call("PUT", &path, json!({"type": 1, "allow": allow.to_string(), "deny": send})).unwrap();
    let found = scene.call("GET", &format!("/channels/{art}"), Value::Null).unwrap();
    assert_eq!(found["permission_overwrites"][0]["allow"], allow.to_string());
    let other = format!("/channels/{art}/permissions/{}", scene.person("Tom"));
    assert_eq!(
        scene.code("PUT", &other, json!({"type": 1, "allow": allow.to_string(), "deny": "0"})),
        50_013
    );
    scene.call("DELETE", &path, Value::Null).unwrap();
    assert_eq!(scene.code("DELETE", &path, Value::Null), 10_009);
}

#[test]
fn nobody_reaches_above_themselves() {
    let mut plan = club();
    // The bot stands above young people and youth workers only.
    plan.bot_above = Some(2);
    let mut scene = Scene::with(&plan, Privileged::default(), HiddenChannels::Listed, None);
    let member =
        |scene: &Scene, name: &str| format!("/guilds/{}/members/{}", scene.names.guild, scene.person(name));
    let soon = scene.core.clock.now().plus(Duration::from_mins(10)).to_string();
    let timeout = json!({ "communication_disabled_until": soon });
    let (sam, dee, ada) = (member(&scene, "Sam"), member(&scene, "Dee"), member(&scene, "Ada"));
    scene.call("PATCH", &sam, timeout.clone()).unwrap();
    assert_eq!(scene.code("PATCH", &dee, timeout.clone()), 50_013, "the DSL's role is above the bot");
    assert_eq!(scene.code("PATCH", &ada, timeout.clone()), 50_013, "an administrator is never timed out");
    let far = scene.core.clock.now().plus(Duration::from_hours(696)).to_string();
    assert_eq!(scene.code("PATCH", &sam, json!({ "communication_disabled_until": far })), 50_035);
    let admin = scene.names.roles["Admin"];
    assert_eq!(scene.code("PUT", &format!("{sam}/roles/{admin}"), Value::Null), 50_013, "no role from above");
    assert_eq!(scene.code("DELETE", &dee, Value::Null), 50_013);
}

#[test]
fn an_administrator_below_the_bot_is_still_not_timed_out() {
    let mut scene = Scene::new();
    let path = format!("/guilds/{}/members/{}", scene.names.guild, scene.person("Ada"));
    let soon = scene.core.clock.now().plus(Duration::from_mins(10)).to_string();
    assert_eq!(scene.code("PATCH", &path, json!({ "communication_disabled_until": soon })), 50_013);
}

#[test]
fn what_is_not_seen_is_missing_access_and_what_is_not_allowed_missing_permissions() {
    let mut plan = club();
    plan.bot = Some(bits::VIEW_CHANNEL | bits::SEND_MESSAGES | bits::READ_MESSAGE_HISTORY);
    plan.spaces[1].overwrites.push((Whom::Bot, 0, bits::VIEW_CHANNEL));
    let mut scene = Scene::with(&plan, Privileged::default(), HiddenChannels::Listed, None);
    let (art, staff) = (scene.space("art"), scene.space("staff"));
    let hers = scene.says("Ella", "art", "look what I drew");
    assert_eq!(scene.code("GET", &format!("/channels/{staff}/messages"), Value::Null), 50_001);
    assert_eq!(scene.code("POST", &format!("/channels/{staff}/messages"), text("hello")), 50_001);
    assert_eq!(scene.code("DELETE", &format!("/channels/{art}/messages/{hers}"), Value::Null), 50_013);
    assert_eq!(scene.code("PATCH", &format!("/channels/{art}/messages/{hers}"), text("mine now")), 50_005);
    let incidents = format!("/guilds/{}/incident-actions", scene.names.guild);
    assert_eq!(scene.code("PUT", &incidents, json!({})), 50_013);
    assert_eq!(scene.code("GET", "/channels/1/messages", Value::Null), 10_003);
    assert_eq!(scene.code("GET", &format!("/channels/{art}/messages/1"), Value::Null), 10_008);
    assert_eq!(scene.code("GET", "/guilds/1", Value::Null), 10_004);
}

#[test]
fn hidden_channels_are_listed_or_obfuscated_as_the_platform_is_told() {
    let mut plan = club();
    plan.spaces[1].overwrites.push((Whom::Bot, 0, bits::VIEW_CHANNEL));
    for hidden in [HiddenChannels::Listed, HiddenChannels::Obfuscated] {
        let mut scene = Scene::with(&plan, Privileged::default(), hidden, None);
        let listed =
            scene.call("GET", &format!("/guilds/{}/channels", scene.names.guild), Value::Null).unwrap();
        let session = scene.identify(INTENTS);
        let created = &scene.events(&session, 1)[0].1;
        let staff =
            created["channels"].as_array().unwrap().iter().find(|c| c["id"] == json!(scene.space("staff")));
        let name = staff.unwrap()["name"].as_str().unwrap();
        if hidden == HiddenChannels::Listed {
            assert_eq!((listed.as_array().unwrap().len(), name), (3, "staff"));
        } else {
            assert_eq!((listed.as_array().unwrap().len(), name), (2, "___hidden___"));
        }
    }
}

/// The bot may not write in #art itself, and locks it for somebody all the same: it holds the permission in the
/// server as a whole.
#[test]
fn who_is_shut_out_of_a_channel_can_still_lock_it() {
    let mut plan = club();
    plan.spaces[0].overwrites.push((Whom::Bot, 0, bits::SEND_MESSAGES));
    let mut scene = Scene::with(&plan, Privileged::default(), HiddenChannels::Listed, None);
    let path = format!("/channels/{}/permissions/{}", scene.space("art"), scene.person("Sam"));
    let deny = bits::SEND_MESSAGES | bits::SEND_MESSAGES_IN_THREADS | bits::ADD_REACTIONS;
    scene.call("PUT", &path, json!({"type": 1, "allow": "0", "deny": deny.to_string()})).unwrap();
    let say =
        Op::Say { by: scene.person("Sam"), channel: scene.space("art"), message: NewMessage::text("hi") };
    assert_eq!(scene.perform(say).unwrap_err().code, 50_013);
}
