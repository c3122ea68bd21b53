//! Somebody's eyes: only what is open to them, and what they may do there.

use super::*;
use crate::rehearsal::platform::model::Overwrite;
use crate::rehearsal::platform::view::{SpaceView, View, view};

fn eyes(scene: &Scene, name: &str) -> View {
    view(&scene.core.state, scene.person(name), scene.core.clock.now())
}

fn spaces(view: &View) -> Vec<&str> {
    view.guilds[0].spaces.iter().map(|space| space.name.as_str()).collect()
}

fn space<'v>(view: &'v View, name: &str) -> &'v SpaceView {
    view.guilds[0].spaces.iter().find(|space| space.name == name).unwrap()
}

#[test]
fn each_sees_the_spaces_that_are_open_to_them() {
    let mut scene = Scene::new();
    scene.thread("Sam", "art", true, &["Ella"]);
    assert_eq!(spaces(&eyes(&scene, "Ella")), ["art", "quick chat", "studio"]);
    assert_eq!(spaces(&eyes(&scene, "Sam")), ["art", "quick chat", "staff", "studio"]);
    assert_eq!(spaces(&eyes(&scene, "Tom")), ["art", "studio"]);
}

#[test]
fn a_locked_adult_reads_and_does_not_write_while_others_do() {
    let mut scene = Scene::new();
    let overwrite = Overwrite { id: scene.person("Sam").0, kind: 1, allow: 0, deny: bits::SEND_MESSAGES };
    scene.perform(Op::SetOverwrite { by: scene.bot(), channel: scene.space("art"), overwrite }).unwrap();
    assert!(!space(&eyes(&scene, "Sam"), "art").may_write);
    assert!(space(&eyes(&scene, "Ella"), "art").may_write);
    assert!(space(&eyes(&scene, "Sam"), "staff").may_write);
}

#[test]
fn of_a_removed_message_nothing_is_left_but_that_it_was_there() {
    let mut scene = Scene::new();
    let message = scene.says("Sam", "art", "words that hurt");
    scene.says("Ella", "art", "hello");
    scene.perform(Op::Delete { by: scene.bot(), channel: scene.space("art"), message }).unwrap();
    let seen = eyes(&scene, "Ella");
    let said: Vec<_> =
        space(&seen, "art").messages.iter().map(|m| (m.content.as_str(), m.removed_by)).collect();
    assert_eq!(said, [("", Some(scene.bot())), ("hello", None)]);
}

#[test]
fn voice_and_pause_are_seen_by_everybody() {
    let mut scene = Scene::new();
    scene.perform(Op::JoinVoice { by: scene.person("Sam"), channel: scene.space("studio") }).unwrap();
    let until = scene.core.clock.now().plus(Duration::from_mins(1));
    scene
        .perform(Op::SetIncidents {
            by: scene.bot(),
            guild: scene.names.guild,
            invites: None,
            dms: Some(until),
        })
        .unwrap();
    let seen = eyes(&scene, "Ella");
    assert_eq!(space(&seen, "studio").in_voice, [scene.person("Sam")]);
    assert_eq!(seen.guilds[0].dms_paused_until, Some(until));
    scene.wait(61);
    assert_eq!(eyes(&scene, "Ella").guilds[0].dms_paused_until, None);
}
