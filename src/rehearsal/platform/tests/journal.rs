//! A process that is killed comes back as it was.

use std::fs;

use super::*;

fn scene(path: &Path) -> Scene {
    Scene::with(&club(), Privileged::default(), HiddenChannels::Listed, Some(path))
}

#[test]
fn a_journal_brings_back_state_ids_and_sessions_with_their_unread_events() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut before = scene(&path);
    let session = before.identify(INTENTS);
    let seq = before.seq(&session);
    before.wait(5);
    before.says("Ella", "art", "hello");
    before.thread("Sam", "art", true, &["Ella"]);
    before.perform(Op::Note { note: json!({"line": 7}) }).unwrap();
    before
        .core
        .perform(
            Op::Kick { by: before.person("Ada"), guild: before.names.guild, user: before.person("Tom") },
            Some("left"),
        )
        .unwrap();
    // Nothing is closed: the process is gone.
    let mut after = scene(&path);
    assert_eq!(after.names.guild, before.names.guild);
    assert_eq!(after.core.state.sessions, before.core.state.sessions);
    assert_eq!(after.core.state.messages, before.core.state.messages);
    assert_eq!(after.core.state.channels, before.core.state.channels);
    assert_eq!(after.core.state.guilds, before.core.state.guilds);
    assert_eq!(after.core.state.note, Some(json!({"line": 7})));
    assert!(after.core.state.sessions[&session].can_replay(seq));
    // And both would go on alike.
    after.core.clock.advance_to(before.core.clock.now());
    assert_eq!(after.says("Ella", "art", "again"), before.says("Ella", "art", "again"));
}

#[test]
fn a_torn_last_line_is_cut_off_and_the_journal_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut before = scene(&path);
    before.says("Ella", "art", "kept");
    let whole = fs::read(&path).unwrap();
    before.says("Ella", "art", "torn");
    let longer = fs::read(&path).unwrap();
    for cut in [whole.len() + 1, whole.len() + 20, longer.len() - 1] {
        fs::write(&path, &longer[..cut]).unwrap();
        let mut after = scene(&path);
        assert_eq!(fs::read(&path).unwrap(), whole);
        let said = &after.core.state.messages[&after.space("art")];
        assert_eq!(said.len(), 1);
        after.says("Ella", "art", "after");
        assert_eq!(scene(&path).core.state.messages[&after.space("art")].len(), 2);
    }
    // Torn within the very first line: nothing had happened yet.
    fs::write(&path, &longer[..5]).unwrap();
    scene(&path);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for content in ["dear diary", "dear diary\nsecond line\n"] {
        fs::write(&path, content).unwrap();
        let mut state = State::new(String::new(), Privileged::default(), HiddenChannels::Listed, "Chaperone");
        let error = Journal::open(&path, &mut state).unwrap_err().to_string();
        assert!(error.contains("notes.txt:1") && error.contains("name another file"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[test]
fn what_was_refused_is_not_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut scene = scene(&path);
    let before = fs::read(&path).unwrap();
    let op = Op::Say {
        by: scene.person("Ella"),
        channel: scene.space("staff"),
        message: NewMessage::text("let me in"),
    };
    assert_eq!(scene.perform(op).unwrap_err().code, 50_001);
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_belongs_together_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    let mut before = scene(&path);
    let start = fs::read(&path).unwrap();
    let say = |text: &str| Op::Say {
        by: before.person("Ella"),
        channel: before.space("art"),
        message: NewMessage::text(text),
    };
    let ops = [say("one"), say("two"), Op::Note { note: json!(2) }];
    before.core.together(|core| ops.map(|op| core.perform(op, None).unwrap())).unwrap();
    let whole = fs::read(&path).unwrap();
    assert_eq!(String::from_utf8(whole[start.len()..].to_vec()).unwrap().lines().count(), 1);
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let after = scene(&path);
    assert_eq!((after.core.state.messages.len(), &after.core.state.note), (0, &None));
    fs::write(&path, &whole).unwrap();
    let after = scene(&path);
    assert_eq!(after.core.state.messages[&after.space("art")].len(), 2);
    assert_eq!(after.core.state.note, Some(json!(2)));
}
