//! Scripts are read whole, and everything that is wrong with one is said at once, with its line.

use std::time::Duration;

use super::*;
use crate::domain::{Kind, Level};

const HEAD: &str = "\
[club]
name = \"Art club\"
start = \"2026-03-02 16:00\"
[people]
ella = { role = \"Young Person\" }
coach = { role = \"Youth Worker\", shown = \"Alex\" }
ruth = { role = \"DSL\" }
[spaces]
\"#art\" = {}
studio = { kind = \"voice\" }
[[scene]]
title = \"Monday\"
lines = [
";

fn script(lines: &str) -> Result<Script, Faults> {
    Script::read("mine.toml", &format!("{HEAD}{lines}\n]\n"))
}

#[test]
fn a_script_is_read_whole() {
    let read = script(
        "{ who = \"coach\", says = \"Hello\", in = \"#art\", id = \"hello\" },
         { at = \"+2m\", who = \"ella\", says = \"hi\", in = \"art\", replies_to = \"hello\" },
         { at = \"Tue 19:05\", who = \"coach\", opens = \"a word\", in = \"#art\", with = [\"ella\"], private = true },
         { clock = \"-10m\" },
         { at = \"+1m\", expect = { page = \"dsl\", within = \"30s\", level = 4, since = \"hello\" } },",
    )
    .unwrap();
    assert_eq!(read.people["coach"].shown, "Alex");
    assert_eq!(read.people["ruth"].kind(), Kind::Dsl);
    assert_eq!(read.people["ruth"].email, "ruth@club.example");
    let times: Vec<String> = read.lines.iter().map(|line| line.at.to_string()).collect();
    assert_eq!(
        times,
        [
            "2026-03-02T16:00:00Z",
            "2026-03-02T16:02:00Z",
            "2026-03-03T19:05:00Z",
            "2026-03-03T19:05:00Z",
            "2026-03-03T18:56:00Z",
        ]
    );
    assert_eq!(read.lines[0].scene.as_deref(), Some("Monday"));
    assert_eq!((read.lines[0].number, read.lines[4].number), (14, 18));
    assert_eq!(
        read.lines[4].doing,
        Doing::Expect(Expect {
            since: Since::Line(0),
            that: That::Page {
                slot: "dsl".into(),
                level: Some(Level::Serious),
                category: None,
                latest: Some(Latest::Within(Duration::from_secs(30))),
            },
        })
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line_and_what_to_do() {
    let faults = script(
        "{ who = \"koach\", says = \"Hello\", in = \"#art\" },
         { who = \"ella\", sayz = \"hi\", in = \"#art\" },
         { at = \"soon\", who = \"ella\", says = \"hi\", in = \"#arts\" },
         { at = \"2026-03-01 10:00\", who = \"ella\", says = \"hi\", deletes = \"x\", in = \"#art\" },
         { who = \"ella\", deletes = \"nothing\", loud = true },
         { who = \"ella\", joins = \"#art\" },
         { expect = { concern = \"groming\", level = 9, codes = [\"secrecy\"] } },
         { expect = { page = \"dls\" } },
         { expect = { told = \"ella\", code = \"shout\" } },
         { expect = { locked = \"#art\" } },
         { expect = { hidden = \"hello\", since = \"start\" } },
         { expect = { happiness = true } },",
    )
    .unwrap_err();
    let said = faults.to_string();
    let expected = "\
mine.toml:14: nobody is called \"koach\" — did you mean `coach`?
mine.toml:15: nothing happens in this line — did you mean `says`?
mine.toml:16: \"soon\" is not a time — write \"+90s\", \"+2m\", \"+1h30m\", \"+3d\", \"19:05\", \"Tue 19:05\" or \"2026-03-03 19:05\" (local time)
mine.toml:16: there is no space or thread \"#arts\" at this point — did you mean `art`?
mine.toml:17: \"2026-03-01 10:00\" is before the line above it — put the lines in the order of time
mine.toml:17: this line does two things (says, deletes) — write a line for each
mine.toml:18: a line has no field `loud` — there are `at`, `deletes`, `id`, `refused`, `who`
mine.toml:18: no earlier line has the id \"nothing\" — there are none so far
mine.toml:19: \"art\" is not a voice room — name a voice room
mine.toml:20: \"groming\" is not a category — did you mean `grooming`?
mine.toml:20: \"secrecy\" is not a code — did you mean `secrecy-request`?";
    for (said, expected) in said.lines().zip(expected.lines()) {
        assert!(
            said.starts_with(expected) || said == expected.replace("#arts", "arts"),
            "{said}\n{expected}"
        );
    }
    for part in [
        "mine.toml:20: 9 is not a level — levels are 1 to 5",
        "mine.toml:21: \"dls\" is not a slot — did you mean `dsl`?",
        "mine.toml:22: no private message has the code \"shout\" — there are ",
        "mine.toml:23: an expectation needs `for` — add for = \"…\"",
        "mine.toml:24: no earlier line has the id \"hello\" — ",
        "mine.toml:24: `since` says nothing here — ",
        "mine.toml:25: this line expects nothing that Chaperone can check — there are ",
    ] {
        assert!(said.contains(part), "{part}\nis not in\n{said}");
    }
    assert_eq!(faults.faults.len(), 18, "{said}");
}

#[test]
fn the_world_is_checked_too() {
    let faults = Script::read(
        "w.toml",
        "surprise = 1
[club]
zone = \"London\"
[people]
Ella = { role = \"Young Persn\" }
a = { shown = \"Same\" }
b = { shown = \"Same\", ages = 12 }
[spaces]
art = { kind = \"tekst\", private_to = [\"nobody\", \"dsl\"] }
[plans]
mentoring = { adult = \"a\", young_person = \"b\", approved_by = \"a\", windows = [[\"Tue 17:00\", \"soon\"]] }
",
    )
    .unwrap_err()
    .to_string();
    for part in [
        "w.toml:1: a script has no field `surprise`",
        "w.toml:1: nothing happens in this script — add [[scene]]",
        "w.toml:2: [club] needs `start`",
        "w.toml:3: \"London\" is not a time zone",
        "w.toml:5: no role is called \"Young Persn\" — did you mean `Young Person`?",
        "w.toml:5: nobody can be called \"Ella\"",
        "w.toml:7: somebody else is shown as \"Same\" too",
        "w.toml:7: person \"b\" has no field `ages`",
        "w.toml:9: no space is of the kind \"tekst\"",
        "w.toml:9: nobody is called \"nobody\"",
        "w.toml:11: \"soon\" is not a time",
        "w.toml:11: contact plan \"mentoring\" is approved by its own adult",
    ] {
        assert!(part.len() > 10 && faults.contains(part), "{part}\nis not in\n{faults}");
    }
}

#[test]
fn what_is_not_toml_says_where() {
    let faults = Script::read("x.toml", "[club]\nname = \n[people\n").unwrap_err();
    let lines: Vec<usize> = faults.faults.iter().map(|fault| fault.line).collect();
    assert!(lines.contains(&2) && lines.contains(&3), "{faults}");
}

#[test]
fn random_bytes_are_refused_and_never_worse() {
    for text in
        ["\u{0}", "= = =", "[[scene]]", "scene = 3", "[[scene]]\nlines = 3", "[people]\nx = 3", "\u{feff}"]
    {
        assert!(Script::read("x", text).is_err(), "{text:?}");
    }
}

#[test]
fn the_built_in_evening_and_the_examples_of_the_format_are_good() {
    let evening = Script::evening().unwrap_or_else(|faults| panic!("{faults}"));
    assert!(evening.lines.len() > 40, "an evening worth watching");
    let example =
        FORMAT.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    Script::read("FORMAT.md", example).unwrap_or_else(|faults| panic!("{faults}"));
}
