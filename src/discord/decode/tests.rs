//! Each event as Discord's documentation writes it, and what is made of it.

mod garbage;
mod messages;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::domain::event::{Attachment, GuildSnapshot, Member, Message, Role};
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{ChannelId, MessageId, RoleId, Space, SpaceKind, Timestamp, UserId};

const GUILD: GuildId = GuildId(1);

fn frame(name: &str, data: &Value) -> String {
    json!({ "op": 0, "s": 4, "t": name, "d": data }).to_string()
}

fn read(name: &str, data: &Value) -> Vec<Event> {
    let decoded = decode(&frame(name, data));
    assert_eq!(decoded.name, name);
    decoded.events
}

fn one(name: &str, data: &Value) -> Event {
    let mut events = read(name, data);
    assert_eq!(events.len(), 1, "{name}: {events:?}");
    events.remove(0)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn user(id: &str, name: &str) -> Value {
    json!({ "id": id, "username": name, "global_name": null, "discriminator": "0", "avatar": null })
}

fn member(id: &str, name: &str, roles: &[&str]) -> Value {
    json!({ "user": user(id, name), "nick": null, "roles": roles, "joined_at": "2026-01-01T00:00:00+00:00", "deaf": false })
}

/// A message as Discord sends it.
fn message() -> Value {
    json!({
        "id": "334385199974967042", "channel_id": "20", "guild_id": "1", "type": 0, "tts": false, "pinned": false,
        "content": "hello", "timestamp": "2026-03-02T16:41:07.123000+00:00", "edited_timestamp": null,
        "author": { "id": "7", "username": "sam", "global_name": "Sam", "discriminator": "0", "avatar": null },
        "member": { "nick": "Coach Sam", "roles": ["50", "51"], "mute": false, "deaf": false },
        "mentions": [user("8", "ella")], "mention_roles": [], "mention_everyone": false,
        "attachments": [], "embeds": [], "components": [], "flags": 0,
    })
}

fn with(mut value: Value, more: &Value) -> Value {
    for (key, new) in more.as_object().unwrap() {
        value[key] = new.clone();
    }
    value
}

fn said(data: &Value) -> Message {
    match one("MESSAGE_CREATE", data) {
        Event::Said(message) => *message,
        other => panic!("{other:?}"),
    }
}

fn guild() -> Value {
    json!({
        "id": "1", "name": "Club", "owner_id": "5", "large": false, "member_count": 2, "unavailable": false,
        "incidents_data": { "invites_disabled_until": null, "dms_disabled_until": "2026-03-03T00:00:00+00:00" },
        "roles": [{ "id": "1", "name": "@everyone", "permissions": "1024", "position": 0, "color": 0 }],
        "channels": [channel()],
        "threads": [thread()],
        "members": [member("5", "head", &[]), member("8", "ella", &["60"])],
        "voice_states": [
            { "user_id": "8", "channel_id": "30", "session_id": "x", "mute": false },
            { "user_id": "5", "channel_id": null, "session_id": "y" },
        ],
        "presences": [], "stage_instances": [], "emojis": [],
    })
}

fn channel() -> Value {
    json!({
        "id": "20", "type": 0, "name": "art", "parent_id": "2", "position": 1, "topic": "paint",
        "permission_overwrites": [
            { "id": "1", "type": 0, "allow": "0", "deny": "1024" },
            { "id": "8", "type": 1, "allow": (1u64 << 52 | 1024).to_string(), "deny": "0" },
        ],
    })
}

fn thread() -> Value {
    json!({
        "id": "21", "guild_id": "1", "type": 12, "name": "just us", "parent_id": "20", "owner_id": "7",
        "thread_metadata": { "archived": false, "locked": true, "auto_archive_duration": 60 },
        "member": { "id": "21", "user_id": "99", "flags": 0 },
    })
}

fn art() -> Space {
    Space {
        id: ChannelId(20),
        guild: GUILD,
        kind: SpaceKind::Text,
        name: "art".to_owned(),
        parent: Some(ChannelId(2)),
        owner: None,
        overwrites: vec![
            Overwrite {
                target: OverwriteFor::Role(RoleId(1)),
                allow: Permissions(0),
                deny: Permissions::VIEW_CHANNEL,
            },
            Overwrite {
                target: OverwriteFor::Member(UserId(8)),
                allow: Permissions(1 << 52 | 1024),
                deny: Permissions(0),
            },
        ],
        members: BTreeSet::new(),
        locked: false,
        archived: false,
    }
}

fn just_us(members: &[u64]) -> Space {
    Space {
        id: ChannelId(21),
        kind: SpaceKind::PrivateThread,
        name: "just us".to_owned(),
        parent: Some(ChannelId(20)),
        owner: Some(UserId(7)),
        overwrites: Vec::new(),
        members: members.iter().map(|id| UserId(*id)).collect(),
        locked: true,
        ..art()
    }
}

fn ella() -> Member {
    Member {
        id: UserId(8),
        name: "ella".to_owned(),
        shown: "ella".to_owned(),
        roles: BTreeSet::from([RoleId(60)]),
        bot: false,
    }
}

#[test]
fn sessions_begin_and_go_on() {
    let ready = json!({
        "v": 10, "user": { "id": "99", "username": "chaperone", "bot": true }, "session_id": "abc",
        "resume_gateway_url": "wss://x", "guilds": [{ "id": "1", "unavailable": true }], "application": { "id": "99" },
    });
    assert_eq!(one("READY", &ready), Event::SessionBegan { own: UserId(99) });
    assert_eq!(one("RESUMED", &json!({ "_trace": [] })), Event::SessionResumed);
    assert_eq!(decode(r#"{"op":0,"t":"RESUMED","s":2,"d":null}"#).events, [Event::SessionResumed]);
}

#[test]
fn a_server_is_described_whole() {
    let expected = GuildSnapshot {
        id: GUILD,
        name: "Club".to_owned(),
        owner: UserId(5),
        roles: vec![Role {
            id: RoleId(1),
            name: "@everyone".to_owned(),
            permissions: Permissions(1024),
            position: 0,
        }],
        spaces: vec![art(), just_us(&[99])],
        members: vec![
            Member { id: UserId(5), name: "head".to_owned(), shown: "head".to_owned(), ..Member::default() },
            ella(),
        ],
        members_missing: false,
        voice: vec![(UserId(8), ChannelId(30))],
        deaf: BTreeSet::new(),
        hidden: BTreeSet::new(),
        dms_paused_until: Some(at("2026-03-03T00:00:00Z")),
    };
    assert_eq!(one("GUILD_CREATE", &guild()), Event::Guild(Box::new(expected)));
}

#[test]
fn of_a_channel_that_the_bot_may_not_see_only_its_being_there_is_known() {
    let hidden =
        with(channel(), &json!({ "id": "29", "guild_id": "1", "name": "___hidden___", "flags": 1 << 17 }));
    let mut data = guild();
    data["channels"].as_array_mut().unwrap().push(hidden.clone());
    let Event::Guild(snapshot) = one("GUILD_CREATE", &data) else { panic!() };
    assert_eq!(snapshot.spaces, [art(), just_us(&[99])]);
    assert_eq!(snapshot.hidden, BTreeSet::from([ChannelId(29)]));
    assert_eq!(one("CHANNEL_UPDATE", &hidden), Event::SpaceHidden { guild: GUILD, space: ChannelId(29) });
}

#[test]
fn members_that_were_not_sent_are_missed() {
    for more in [json!({ "large": true }), json!({ "member_count": 3 })] {
        let Event::Guild(snapshot) = one("GUILD_CREATE", &with(guild(), &more)) else { panic!() };
        assert!(snapshot.members_missing, "{more}");
    }
}

#[test]
fn one_bad_channel_does_not_hide_the_server_and_is_said() {
    let mut data = guild();
    data["channels"][0]["permission_overwrites"][0]["deny"] = json!("lots");
    let events = read("GUILD_CREATE", &data);
    let Event::Guild(snapshot) = &events[0] else { panic!("{events:?}") };
    assert_eq!(snapshot.spaces, [just_us(&[99])]);
    assert_eq!(events[1], Event::Unreadable { name: "GUILD_CREATE".to_owned(), guild: Some(GUILD) });
}

#[test]
fn servers_change_and_go() {
    let gone = |outage| Event::GuildGone { guild: GUILD, outage };
    assert_eq!(one("GUILD_CREATE", &json!({ "id": "1", "unavailable": true })), gone(true));
    assert_eq!(one("GUILD_DELETE", &json!({ "id": "1", "unavailable": true })), gone(true));
    assert_eq!(one("GUILD_DELETE", &json!({ "id": "1" })), gone(false));
    for lifted in
        [json!({ "incidents_data": null }), json!({ "incidents_data": { "dms_disabled_until": null } })]
    {
        assert_eq!(
            one("GUILD_UPDATE", &with(guild(), &lifted)),
            Event::GuildChanged { guild: GUILD, owner: Some(UserId(5)), dms_paused_until: None }
        );
    }
}

#[test]
fn roles_and_members() {
    let role = json!({ "guild_id": "1", "role": { "id": 60, "name": "Young Person", "permissions": "0", "position": 2 } });
    let expected =
        Role { id: RoleId(60), name: "Young Person".to_owned(), permissions: Permissions(0), position: 2 };
    for name in ["GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE"] {
        assert_eq!(one(name, &role), Event::RoleChanged { guild: GUILD, role: expected.clone() });
    }
    assert_eq!(
        one("GUILD_ROLE_DELETE", &json!({ "guild_id": "1", "role_id": "60" })),
        Event::RoleGone { guild: GUILD, role: RoleId(60) }
    );
    let joined = with(member("8", "ella", &["60"]), &json!({ "guild_id": "1" }));
    for name in ["GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE"] {
        assert_eq!(one(name, &joined), Event::MemberChanged { guild: GUILD, member: ella() });
    }
    assert_eq!(
        one("GUILD_MEMBER_REMOVE", &json!({ "guild_id": "1", "user": user("8", "ella") })),
        Event::MemberGone { guild: GUILD, user: UserId(8) }
    );
    let chunk = |index: u64| json!({ "guild_id": "1", "members": [member("8", "ella", &["60"])], "chunk_index": index, "chunk_count": 2 });
    for (index, last) in [(0, false), (1, true)] {
        let expected = Event::Members { guild: GUILD, members: vec![ella()], last };
        assert_eq!(one("GUILD_MEMBERS_CHUNK", &chunk(index)), expected);
    }
}

#[test]
fn nicknames_go_before_display_names_before_user_names() {
    let table = [
        (json!({ "nick": "El" }), json!({ "global_name": "Ella!" }), "El"),
        (json!({}), json!({ "global_name": "Ella!" }), "Ella!"),
        (json!({}), json!({}), "ella"),
    ];
    for (nick, global, shown) in table {
        let mut data = with(member("8", "ella", &[]), &with(nick, &json!({ "guild_id": "1" })));
        data["user"] = with(data["user"].clone(), &global);
        let Event::MemberChanged { member, .. } = one("GUILD_MEMBER_UPDATE", &data) else { panic!() };
        assert_eq!((member.shown.as_str(), member.name.as_str()), (shown, "ella"));
    }
}

#[test]
fn a_member_without_roles_in_the_payload_is_not_taken_for_one_without_roles() {
    let data = json!({ "guild_id": "1", "user": user("8", "ella") });
    let expected = Event::Unreadable { name: "GUILD_MEMBER_UPDATE".to_owned(), guild: Some(GUILD) };
    assert_eq!(one("GUILD_MEMBER_UPDATE", &data), expected);
}

#[test]
fn channels_and_threads() {
    let data = with(channel(), &json!({ "guild_id": "1" }));
    for name in ["CHANNEL_CREATE", "CHANNEL_UPDATE"] {
        assert_eq!(one(name, &data), Event::SpaceChanged(Box::new(art())));
    }
    let gone = |space| Event::SpaceGone { guild: GUILD, space: ChannelId(space) };
    assert_eq!(one("CHANNEL_DELETE", &data), gone(20));
    assert_eq!(
        one("THREAD_DELETE", &json!({ "id": "21", "guild_id": "1", "parent_id": "20", "type": 12 })),
        gone(21)
    );
    // Whoever opens a thread is in it; a thread that merely changed says nothing about who is.
    let opened = with(thread(), &json!({ "newly_created": true }));
    assert_eq!(one("THREAD_CREATE", &opened), Event::SpaceChanged(Box::new(just_us(&[7, 99]))));
    let changed = with(thread(), &json!({ "member": null }));
    assert_eq!(one("THREAD_UPDATE", &changed), Event::SpaceChanged(Box::new(just_us(&[]))));
    let sync = json!({ "guild_id": "1", "threads": [thread(), { "id": "22" }], "members": [] });
    assert_eq!(
        read("THREAD_LIST_SYNC", &sync),
        [
            Event::SpaceChanged(Box::new(just_us(&[99]))),
            Event::Unreadable { name: "THREAD_LIST_SYNC".to_owned(), guild: Some(GUILD) },
        ]
    );
    let members = json!({
        "id": "21", "guild_id": "1", "member_count": 2,
        "added_members": [{ "id": "21", "user_id": "8", "member": member("8", "ella", &[]), "presence": null }],
        "removed_member_ids": ["7"],
    });
    let event = |added: &[u64], removed: &[u64]| Event::ThreadMembers {
        guild: GUILD,
        thread: ChannelId(21),
        added: added.iter().map(|id| UserId(*id)).collect(),
        removed: removed.iter().map(|id| UserId(*id)).collect(),
    };
    assert_eq!(one("THREAD_MEMBERS_UPDATE", &members), event(&[8], &[7]));
    let own = json!({ "id": "21", "guild_id": "1", "user_id": "99", "flags": 0 });
    assert_eq!(one("THREAD_MEMBER_UPDATE", &own), event(&[99], &[]));
}

fn voice_in(room: u64) -> Value {
    json!({ "guild_id": "1", "user_id": "8", "channel_id": room.to_string(), "session_id": "x", "mute": false })
}

#[test]
fn voice_the_filter_and_the_audit_log() {
    let voice = voice_in(30);
    let room = |room| Event::Voice { guild: GUILD, user: UserId(8), room, deaf: false };
    assert_eq!(one("VOICE_STATE_UPDATE", &voice), room(Some(ChannelId(30))));
    assert_eq!(one("VOICE_STATE_UPDATE", &with(voice, &json!({ "channel_id": null }))), room(None));

    let deafened = with(voice_in(30), &json!({ "self_deaf": true }));
    assert!(matches!(one("VOICE_STATE_UPDATE", &deafened), Event::Voice { deaf: true, .. }));
    let mut data = guild();
    data["voice_states"][0]["deaf"] = json!(true);
    let Event::Guild(snapshot) = one("GUILD_CREATE", &data) else { panic!() };
    assert_eq!(snapshot.deaf, BTreeSet::from([UserId(8)]));

    let execution = json!({
        "guild_id": "1", "action": { "type": 1, "metadata": {} }, "rule_id": "4", "rule_trigger_type": 1,
        "user_id": "8", "channel_id": "20", "content": "words", "matched_keyword": "w", "matched_content": "w",
    });
    let blocked = Event::Blocked {
        guild: GUILD,
        space: Some(ChannelId(20)),
        by: UserId(8),
        content: "words".to_owned(),
    };
    assert_eq!(one("AUTO_MODERATION_ACTION_EXECUTION", &execution), blocked);
    // The alert and the time-out of the same rule are not second messages.
    let alert = with(execution, &json!({ "action": { "type": 2, "metadata": {} } }));
    assert!(matches!(one("AUTO_MODERATION_ACTION_EXECUTION", &alert), Event::Other { .. }));

    let entry = json!({ "guild_id": "1", "id": "70", "user_id": "5", "target_id": "8", "action_type": 24 });
    let audit =
        |by, target| Event::Audit { guild: GUILD, action: 24, by, target, about: None, overwrites: vec![] };
    assert_eq!(one("GUILD_AUDIT_LOG_ENTRY_CREATE", &entry), audit(Some(UserId(5)), Some(8)));
    let odd = with(entry, &json!({ "user_id": null, "target_id": "an-invite" }));
    assert_eq!(one("GUILD_AUDIT_LOG_ENTRY_CREATE", &odd), audit(None, None));
}

#[test]
fn the_audit_log_tells_of_overwrites_in_channels_that_the_bot_may_not_see() {
    let everyone = json!({ "id": "1", "type": 0, "allow": "0", "deny": "1024" });
    let made = json!({
        "guild_id": "1", "id": "70", "user_id": "5", "target_id": "29", "action_type": 10,
        "changes": [{ "key": "name", "new_value": "us" }, { "key": "permission_overwrites", "new_value": [everyone] }],
    });
    let target = OverwriteFor::Role(RoleId(1));
    let closed = Overwrite { target, allow: Permissions(0), deny: Permissions::VIEW_CHANNEL };
    let Event::Audit { overwrites, .. } = one("GUILD_AUDIT_LOG_ENTRY_CREATE", &made) else { panic!() };
    assert_eq!(overwrites, [closed]);

    let changed = json!({
        "guild_id": "1", "id": "71", "user_id": "5", "target_id": "20", "action_type": 14,
        "options": { "id": "8", "type": "1" },
        "changes": [{ "key": "deny", "old_value": "2048", "new_value": "0" }, { "key": "allow", "new_value": "1024" }],
    });
    let Event::Audit { about, overwrites, .. } = one("GUILD_AUDIT_LOG_ENTRY_CREATE", &changed) else {
        panic!()
    };
    let target = OverwriteFor::Member(UserId(8));
    assert_eq!(about, Some(8));
    assert_eq!(overwrites, [Overwrite { target, allow: Permissions::VIEW_CHANNEL, deny: Permissions(0) }]);
}

#[test]
fn what_says_nothing_is_other_and_what_is_no_dispatch_is_nothing() {
    for name in ["TYPING_START", "PRESENCE_UPDATE", "INTERACTION_CREATE", "SOMETHING_NEW"] {
        assert_eq!(one(name, &json!({ "guild_id": [1] })), Event::Other { name: name.to_owned() });
    }
    let dm = json!({ "id": "77", "type": 1, "recipients": [user("8", "ella")] });
    assert!(matches!(one("CHANNEL_CREATE", &dm), Event::Other { .. }));
    assert!(decode(r#"{"op":11,"t":null,"s":null,"d":null}"#).events.is_empty());
}
