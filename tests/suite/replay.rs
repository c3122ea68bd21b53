//! `replay`: exports of any version, merged by time, told as JSON and in words; broken files named.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chaperone::cli::replay::export::Export;
use chaperone::cli::replay::timeline::Timeline;
use chaperone::cli::replay::unreadable::Unreadable;
use chaperone::cli::replay::{Args, run_with};
use chaperone::domain::person::RoleMapping;
use chaperone::domain::{
    ChannelId, Event, GuildId, Heard, Kind, MessageId, Space, SpaceKind, Timestamp, UserId,
};
use chaperone::engine::{Organisation, Policy};
use chaperone::text::Lists;
use serde_json::{Value, json};

mod any_bytes;
mod scripts;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/fixtures/replay").join(name)
}

fn lists() -> Arc<Lists> {
    Lists::shared()
}

/// Runs the command; gives exit status, standard output and standard error.
fn replay(json: bool, files: &[PathBuf]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let args = Args { config: None, json, exports: files.to_vec() };
    let status = run_with(&args, &mut out, &mut err);
    (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn read(value: &Value) -> Export {
    Export::read(value.to_string().as_bytes()).unwrap()
}

fn author(id: u64, name: &str, roles: &[&str]) -> Value {
    let roles: Vec<Value> =
        roles.iter().map(|role| json!({"id": "9", "name": role, "position": 1})).collect();
    json!({"id": id.to_string(), "name": name, "nickname": name, "isBot": false, "roles": roles})
}

fn message(id: u64, at: &str, author: &Value, content: &str) -> Value {
    json!({"id": id.to_string(), "type": "Default", "timestamp": at, "content": content, "author": author})
}

fn channel(id: u64, messages: &[Value]) -> Value {
    json!({"guild": {"id": "700", "name": "Youth club"},
        "channel": {"id": id.to_string(), "type": "GuildTextChat", "name": format!("c{id}")}, "messages": messages})
}

/// The ids of what is heard, in order: messages by number, reactions as the number reacted to and who.
fn heard(timeline: &Timeline) -> Vec<String> {
    timeline
        .events
        .iter()
        .filter_map(|heard| match &heard.event {
            Event::Said(message) => Some(message.id.to_string()),
            Event::Reacted { message, by, .. } => Some(format!("{message}+{by}")),
            _ => None,
        })
        .collect()
}

fn kinds(timeline: &Timeline, people: &[u64]) -> Vec<Kind> {
    let mut club = Organisation::new("club", Policy::default(), timeline.mapping.clone(), lists());
    timeline.play(&mut club, |_, _, _| Ok::<(), ()>(())).unwrap();
    let server = club.servers().values().next().unwrap();
    people.iter().map(|id| server.roster.kind(UserId(*id))).collect()
}

#[test]
fn channels_are_merged_by_time_then_by_message_id_and_reactions_follow_their_message() {
    let exports = ["club_general.json", "club_art.json"]
        .map(|name| Export::read(&std::fs::read(fixture(name)).unwrap()).unwrap());
    let timeline = Timeline::of(exports.to_vec(), RoleMapping::well_known());
    // 2002 and 2003 were written in the same second, in different channels; 2001 is the platform's.
    assert_eq!(heard(&timeline), ["2002", "2003", "2003+502", "2003+501", "2004", "2005"]);
    assert_eq!(timeline.counts.system, 1);
    assert_eq!(
        kinds(&timeline, &[501, 502, 601, 801]),
        [Kind::YoungPerson, Kind::YoungPerson, Kind::YouthWorker, Kind::Bot],
        "roles are known by name although all share one id"
    );

    let reply = timeline.message(ChannelId(710), MessageId(2004)).unwrap();
    assert_eq!(
        reply.reply_to,
        Some((MessageId(2002), Some(UserId(501)))),
        "across channels, with its author"
    );
    assert_eq!(reply.mentions, [UserId(501)]);
    assert_eq!(reply.edited_at, Some(Timestamp::parse_rfc3339("2026-03-02T16:13:00Z").unwrap()));
    let forward = timeline.message(ChannelId(710), MessageId(2005)).unwrap();
    assert_eq!(forward.reply_to, None, "a forward answers nobody");
    assert_eq!(forward.elsewhere, ["Camp", "Friday", "Where", "Hall", "who is bringing the tent?"]);
}

#[test]
fn an_export_of_2019_without_roles_and_names_behind_reactions_is_read() {
    let (status, out, err) = replay(true, &[fixture("club_2019.json")]);
    assert_eq!(status, 0, "{err}");
    assert!(err.contains("2 reactions have no names"), "{err}");
    let line: Value = serde_json::from_str(out.lines().next().expect("a concern")).unwrap();
    assert_eq!(line["level"], 4);
    assert_eq!(line["at"], "2019-11-04T17:00:05Z", "the message's time, offset included, is the clock");
    assert_eq!(line["reasons"][0]["message_id"], "1002");
}

#[test]
fn a_concern_is_one_json_line_as_the_contract_says() {
    let (status, out, err) = replay(true, &[fixture("club_general.json"), fixture("club_art.json")]);
    assert_eq!(status, 0, "{err}");
    assert_eq!(
        err.lines().filter(|line| line.contains("supervised-contact rules are off")).count(),
        1,
        "{err}"
    );
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [line] = &lines[..] else { panic!("one concern: {out}") };
    assert_eq!(line["at"], "2026-03-02T16:12:00.250Z");
    assert_eq!(line["concern"], "r-0001");
    assert_eq!((&line["level"], &line["category"]), (&json!(4), &json!("bullying")));
    assert_eq!(line["codes"], json!(["suicide-encouragement"]));
    assert_eq!((&line["by"], &line["towards"]), (&json!(["502"]), &json!(["501"])));
    assert_eq!(
        line["reasons"],
        json!([{"code": "suicide-encouragement", "message_id": "2004", "channel_id": "710",
            "at": "2026-03-02T16:12:00.250Z", "quote": [0, 3]}])
    );
    let effects = line["effects"].as_array().unwrap();
    assert_eq!(effects[0], json!({"effect": "page", "slot": "dsl"}));
    assert!(effects.contains(&json!({"effect": "hide", "message_id": "2004"})), "{effects:?}");
    assert!(!out.contains("kys"), "ids and codes, no words");
}

#[test]
fn in_words_a_youth_worker_can_follow_it_and_a_terminal_obeys_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let rory = author(502, "Rory\u{1b}[31m\u{202e}", &["Young Person"]);
    let said = [
        message(1, "2026-07-02T16:00:00Z", &author(501, "Ella", &["Young Person"]), "hello"),
        message(2, "2026-07-02T16:00:09Z", &rory, "kys"),
    ];
    std::fs::write(&path, channel(710, &said).to_string()).unwrap();
    let (status, out, _) = replay(false, &[path]);
    assert_eq!(status, 0);
    for words in [
        "level 4 (serious)",
        "(young person)",
        "“kys”",
        "in #c710",
        "would page the DSL",
        "would hide message 2",
        "Thu 2 Jul 2026 17:00",
    ] {
        assert!(out.contains(words), "{words:?} in\n{out}");
    }
    assert!(out.trim_end().ends_with("Concerns: 1 at level 4 (serious)."), "{out}");
    assert!(!out.contains(['\u{1b}', '\u{202e}']), "{out:?}");
}

#[test]
fn who_is_the_subject_is_not_the_one_to_be_paged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let said = [
        message(1, "2026-03-02T16:00:00Z", &author(501, "Ella", &["Young Person"]), "hello"),
        message(2, "2026-03-02T16:00:09Z", &author(601, "Kim", &["DSL"]), "kys"),
    ];
    std::fs::write(&path, channel(710, &said).to_string()).unwrap();
    let (_, out, _) = replay(true, &[path]);
    let line: Value = serde_json::from_str(out.lines().next().expect("a concern")).unwrap();
    assert_eq!(line["by"], json!(["601"]));
    assert_eq!(line["effects"][0], json!({"effect": "page", "slot": "deputy-dsl"}));
}

#[test]
fn a_configuration_says_who_people_are_and_whom_a_case_calls() {
    let dir = tempfile::tempdir().unwrap();
    let said = [
        message(1, "2026-03-02T16:00:00Z", &author(501, "Ella", &["Explorer"]), "hello"),
        message(2, "2026-03-02T16:00:09Z", &author(601, "Kim", &["Leader"]), "kys"),
    ];
    let export = dir.path().join("a.json");
    std::fs::write(&export, channel(710, &said).to_string()).unwrap();
    let recipient = format!("age1{}", "q".repeat(58));
    let good = format!(
        "[organisation]\nname = \"Riverside\"\n[discord]\nguilds = [\"123456789012345678\"]\n\
         [roles]\n\"Explorer\" = \"young-person\"\n\"Leader\" = \"dsl\"\n\
         [[people]]\nname = \"kim\"\nslot = \"dsl\"\ndiscord = \"601\"\nrecipient = \"{recipient}\"\n\
         [[people]]\nname = \"dee\"\nslot = \"chair\"\ndiscord = \"602\"\nrecipient = \"{recipient}\"\n"
    );
    let with = |config: &str| {
        let path = dir.path().join("chaperone.toml");
        std::fs::write(&path, config).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = Args { config: Some(path), json: false, exports: vec![export.clone()] };
        let status = run_with(&args, &mut out, &mut err);
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    };
    let (status, out, err) = with(&good);
    assert_eq!(status, 0, "{err}");
    for words in ["Kim (DSL) towards Ella (young person)", "would page the chair of trustees"] {
        assert!(out.contains(words), "{words:?} in\n{out}");
    }
    assert!(!out.contains("would page the DSL"), "never the subject\n{out}");

    let (status, out, err) =
        with(&good.replace("young-person", "youngster").replace("\"chair\"", "\"char\""));
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("youngster") && err.contains("char"), "all mistakes at once: {err}");
}

#[test]
fn parts_and_second_exports_of_a_channel_count_once_and_keep_who_people_were() {
    let ella = author(501, "Ella", &["Young Person"]);
    let left = author(501, "Ella", &[]);
    let mut first = channel(710, &[message(1, "2026-03-02T16:00:00Z", &ella, "one")]);
    first["exportedAt"] = json!("2026-03-03T00:00:00Z");
    let mut edited = message(1, "2026-03-02T16:00:00Z", &left, "one, edited");
    edited["timestampEdited"] = json!("2026-03-02T17:00:00Z");
    let mut second = channel(710, &[edited, message(2, "2026-03-02T18:00:00Z", &left, "two")]);
    second["exportedAt"] = json!("2026-04-03T00:00:00Z");
    for exports in [vec![read(&first), read(&second)], vec![read(&second), read(&first)]] {
        let timeline = Timeline::of(exports, RoleMapping::well_known());
        assert_eq!(heard(&timeline), ["1", "2"]);
        assert_eq!(timeline.counts.twice, 1);
        assert_eq!(timeline.message(ChannelId(710), MessageId(1)).unwrap().content, "one, edited");
        assert_eq!(kinds(&timeline, &[501]), [Kind::YoungPerson], "the roles from before Ella left");
    }
}

#[test]
fn a_configured_role_id_counts_whatever_the_role_is_called() {
    let mut mapping = RoleMapping::default();
    mapping.by_id.insert(chaperone::domain::RoleId(9), Kind::AdultAtRisk);
    let said = [message(1, "2026-03-02T16:00:00Z", &author(501, "Ella", &["Member"]), "hi")];
    let timeline = Timeline::of(vec![read(&channel(710, &said))], mapping);
    assert_eq!(kinds(&timeline, &[501]), [Kind::AdultAtRisk]);
}

#[test]
fn a_direct_message_is_heard_among_the_people_of_the_server() {
    let server = read(&channel(
        710,
        &[message(1, "2026-03-02T16:00:00Z", &author(501, "Ella", &["Young Person"]), "hi")],
    ));
    let stranger = message(2, "2026-03-02T17:00:00Z", &author(900, "Lee", &[]), "hi");
    let direct = read(&json!({"guild": {"id": "0", "name": "Direct Messages"},
        "channel": {"id": "720", "type": "DirectTextChat", "name": "Ella"}, "messages": [stranger]}));
    let timeline = Timeline::of(vec![direct, server], RoleMapping::well_known());
    assert_eq!(timeline.message(ChannelId(720), MessageId(2)).unwrap().guild, None);
    assert_eq!(kinds(&timeline, &[501, 900]), [Kind::YoungPerson, Kind::Guest]);
}

#[test]
fn odd_fields_are_read_as_far_as_they_go() {
    let export = read(
        &json!({"guild": null, "channel": {"id": 710, "type": 0}, "exportedAt": 5, "messages": [
            {"id": 1, "type": 0, "timestamp": "2026-03-02T16:00:00", "content": null, "author": {"id": 501}, "reactions": 7},
            {"id": "2", "type": "20", "timestamp": "2026-03-02T16:00:01Z", "content": "b", "author": {"id": "501", "roles": [null, {"name": "DSL"}]}},
            {"id": "3", "type": "18", "timestamp": "2026-03-02T16:00:02Z", "content": "Started a thread.", "author": {"id": "501"}},
            {"id": "175928847299117063", "content": "the id tells when", "author": {"id": "501", "isBot": "no"}},
            {"id": "5", "content": "neither id nor field tells when", "author": {"id": "501"}},
            {"id": "6", "timestamp": "2026-03-02T16:00:03Z", "content": "nobody's"},
            null, 7, [], {}
        ]}),
    );
    let read: Vec<_> = export.messages.iter().map(|m| (m.id.0, m.said, m.content.as_str())).collect();
    assert_eq!(
        read,
        [
            (1, true, ""),
            (2, true, "b"),
            (3, false, "Started a thread."),
            (175_928_847_299_117_063, true, "the id tells when")
        ]
    );
    assert_eq!(export.left_out, 6);
    assert_eq!(export.messages[3].at.to_string(), "2016-04-30T11:18:25.796Z");
    assert_eq!(export.people[&UserId(501)].roles[0].1, "DSL");
    assert_eq!(export.guild, None);
}

#[test]
fn files_that_cannot_be_read_are_all_named_and_nothing_is_replayed() {
    let dir = tempfile::tempdir().unwrap();
    let whole = std::fs::read(fixture("club_general.json")).unwrap();
    let mut damaged = b"\xEF\xBB\xBF".to_vec();
    damaged.extend_from_slice(&whole);
    let at = damaged.iter().position(|byte| *byte == b'k').unwrap();
    damaged[at] = 0xFF;
    let deep = format!("{{\"messages\":{}", "[".repeat(200_000));
    let cases: &[(&str, &[u8], &str)] = &[
        ("cut.json", &whole[..whole.len() / 2], "ends in the middle, at byte "),
        ("damaged.json", &damaged, &format!("is not UTF-8 at byte {at}\n")),
        ("deep.json", deep.as_bytes(), "is nested too deeply at byte "),
        ("list.json", b"[{\"id\":\"1\"}]", "not a channel exported by DiscordChatExporter"),
        ("other.json", b"{\"name\":\"a package\"}", "not a channel exported by DiscordChatExporter"),
        ("shape.json", b"{\"messages\":{}}", "not a channel exported by DiscordChatExporter"),
        ("page.html", b"<html>", "is not JSON at byte 1"),
        ("twice.json", b"{\"messages\":[]} {}", "is not JSON at byte "),
        ("empty.json", b"", "ends in the middle, at byte 0"),
    ];
    let mut files = vec![fixture("club_art.json"), dir.path().join("nowhere.json"), dir.path().to_owned()];
    for (name, bytes, _) in cases {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        files.push(dir.path().join(name));
    }
    let (status, out, err) = replay(true, &files);
    assert_eq!((status, out.as_str()), (2, ""));
    for (name, _, wanted) in cases {
        let told = err.find(&format!("{name} ")).unwrap_or_else(|| panic!("{name} in\n{err}"));
        let line = err[told..].lines().next().unwrap();
        assert!(format!("{line}\n").contains(wanted), "{name}: {wanted} in\n{err}");
    }
    assert!(err.contains("nowhere.json cannot be opened"), "{err}");
    assert_eq!(err.matches("  to do: ").count(), files.len() - 1, "each bad file says what to do\n{err}");
    assert!(!err.contains("club_art"), "the good file is not accused\n{err}");
}

#[test]
fn the_engine_is_asked_again_when_it_wanted_to_be_between_two_messages() {
    let ella = author(501, "Ella", &["Young Person"]);
    let sam = author(601, "Sam", &["Youth Worker"]);
    let said =
        [message(1, "2026-03-02T16:00:00Z", &ella, "hi"), message(2, "2026-03-02T16:05:00Z", &sam, "hi")];
    let mut timeline = Timeline::of(vec![read(&channel(710, &said))], RoleMapping::well_known());
    // Exports describe no spaces; a private thread put in by hand makes the engine ask for its grace.
    let thread = Space {
        id: ChannelId(711),
        guild: GuildId(700),
        kind: SpaceKind::PrivateThread,
        name: String::new(),
        parent: None,
        owner: None,
        overwrites: vec![],
        members: [UserId(501), UserId(601)].into(),
        locked: false,
        archived: false,
    };
    let at = timeline.events[0].at;
    timeline.events.insert(1, Heard { at, event: Event::SpaceChanged(Box::new(thread)) });
    let mut club = Organisation::new("club", Policy::default(), timeline.mapping.clone(), lists());
    let mut told = Vec::new();
    timeline
        .play(&mut club, |_, at, assessment| {
            told.push((at.to_string(), assessment.facts.len()));
            Ok::<(), ()>(())
        })
        .unwrap();
    let quiet = |at: &str| (at.to_owned(), 0);
    assert_eq!(
        told[..3],
        [quiet("2026-03-02T16:00:00Z"), quiet("2026-03-02T16:00:00Z"), quiet("2026-03-02T16:00:00Z")]
    );
    assert_eq!(told[3].0, "2026-03-02T16:00:20Z", "the grace of 20 seconds");
    assert!(told[3].1 > 0, "{told:?}");
    assert_eq!(told[4].0, "2026-03-02T16:05:00Z");
    assert_eq!(told.len(), 5);
}

#[test]
fn a_channel_without_messages_is_quiet() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    for body in
        [channel(710, &[]), json!({"guild": {"id": "700"}, "channel": {"id": "710"}, "messages": null})]
    {
        std::fs::write(&path, body.to_string()).unwrap();
        let (status, out, err) = replay(false, std::slice::from_ref(&path));
        assert_eq!(status, 0, "{err}");
        assert!(out.contains("0 messages in 1 channels") && out.contains("No concern was raised."), "{out}");
    }
}

#[test]
fn a_file_that_never_ends_is_an_error() {
    assert!(Unreadable::TooLarge(2 * 1024 * 1024 * 1024).remedy().contains("--partition"));
}
