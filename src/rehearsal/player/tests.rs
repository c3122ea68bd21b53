//! Expectations met and unmet, refusals, and a run that is killed and goes on: a real platform, and a bot that
//! does what the test tells it to.

use std::path::Path;
use std::sync::Mutex;

use super::fake_bot::{FakeBot, Planned, World};
use super::*;
use crate::domain::effect::Nudge;
use crate::domain::event::Ended;
use crate::domain::{CaseRef, Category, Code, ConcernKey, Effect, Family, Level, Observation};
use crate::rehearsal::platform::{Options, Platform};

const HEAD: &str = "\
[club]
name = \"Art club\"
start = \"2026-03-02 16:00\"
[people]
ella = { role = \"Young Person\" }
coach = { role = \"Youth Worker\" }
ruth = { role = \"DSL\" }
[spaces]
art = {}
studio = { kind = \"voice\" }
[sessions]
tuesday = { spaces = [\"art\"], leaders = [\"coach\"], from = \"16:00\", until = \"18:00\" }
[[scene]]
lines = [
";

/// What was told, to read afterwards.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

struct Run {
    player: Player,
    _platform: Platform,
    paper: Paper,
}

type Facts = Arc<Mutex<Vec<(Timestamp, Fact)>>>;

/// One process: everything is built from the script, the folder and the facts that the last one left.
async fn run(
    script: &str,
    plan: &[Planned],
    folder: Option<&Path>,
    facts: &Facts,
    style: Style,
) -> Result<Run, Stopped> {
    let script = Script::read("t.toml", script).unwrap_or_else(|faults| panic!("{faults}"));
    let clock = Clock::manual(script.start);
    let mut options = Options::new(clock.clone(), "token");
    options.journal = folder.map(|folder| folder.join("platform.jsonl"));
    let platform = Platform::start(options).await.unwrap();
    let stage = Stage::set(&platform, &script).unwrap();
    let world = World { stage: stage.clone(), platform: platform.handle(), start: script.start };
    let bot =
        Arc::new(FakeBot { world, plan: plan.to_vec(), facts: Arc::clone(facts), up: Mutex::new(false) });
    let mailbox = folder.map(|folder| folder.join("mail.jsonl"));
    let mailbox = Mailbox::open(clock.clone(), mailbox.as_deref()).await.unwrap();
    let paper = Paper::default();
    let narrator = Narrator::new(Box::new(paper.clone()), style, script.zone);
    let parts = Parts {
        script,
        platform: platform.handle(),
        stage,
        bot,
        mailbox,
        clock,
        pace: Pace::Instant,
        narrator,
    };
    Ok(Run { player: Player::new(parts)?, _platform: platform, paper })
}

fn raised(w: &World, level: Level, case: Option<u32>) -> Fact {
    let (coach, ella) = (w.id("coach"), w.id("ella"));
    let (message, space) = (None, None);
    let seen = Observation {
        at: w.start,
        code: Code::SecrecyRequest,
        by: coach,
        towards: Some(ella),
        space,
        message,
        quote: None,
    };
    Fact::ConcernRaised {
        reference: "r-0001".into(),
        key: ConcernKey { family: Family::AdultConduct, by: Some(coach), towards: Some(ella) },
        category: Category::Grooming,
        level,
        by: [coach].into(),
        towards: [ella].into(),
        reasons: vec![seen],
        case: case.map(CaseRef),
    }
}

fn done(effect: Effect) -> Fact {
    Fact::Outcome { job: "j".into(), effect, ended: Ended::Done { detail: None } }
}

fn page(_: &World) -> Fact {
    done(Effect::Page {
        case: CaseRef(1),
        level: Level::Serious,
        category: Category::Grooming,
        slot: "dsl".into(),
        round: 0,
        channel: "discord-dm".into(),
        person: "ruth".into(),
        drill: false,
        evidence_kept: true,
    })
}

fn hide(w: &World) -> Fact {
    let (space, message) = w.stage.message(&w.platform, 0).unwrap();
    done(Effect::Hide { space, message })
}

fn lock(w: &World) -> Fact {
    let space = w.stage.space(&w.platform, "art").unwrap();
    done(Effect::Lock {
        guild: w.stage.guild,
        space,
        parent: None,
        adult: w.id("coach"),
        manages_threads: false,
    })
}

fn disconnect(w: &World) -> Fact {
    let room = w.stage.space(&w.platform, "studio").unwrap();
    done(Effect::Disconnect { guild: w.stage.guild, room, adult: w.id("coach") })
}

fn nudge(w: &World) -> Fact {
    done(Effect::Nudge { to: w.id("ella"), about: Nudge::HelpIsThere, space: None })
}

fn opened(w: &World) -> Fact {
    let (category, level) = (Category::Boundary, Level::Concern);
    Fact::CaseOpened { case: CaseRef(2), category, level, subjects: [w.id("coach")].into() }
}

/// The lines of a text that end with `# no`.
fn marked_unmet(text: &str) -> Vec<usize> {
    text.lines().enumerate().filter(|(_, line)| line.ends_with("# no")).map(|(at, _)| at + 1).collect()
}

#[tokio::test]
async fn every_expectation_can_be_met_and_can_be_missed() {
    let script = format!(
        "{HEAD}
{{ who = \"coach\", says = \"our secret\", in = \"art\", id = \"secret\" }},
{{ expect = {{ visible = \"secret\" }} }},
{{ expect = {{ hidden = \"secret\" }} }}, # no
{{ expect = {{ nothing = true }} }},
{{ expect = {{ nobody_paged = true }} }},
{{ expect = {{ page = \"dsl\" }} }}, # no
{{ expect = {{ no_concern = true, by = \"coach\" }} }},
{{ expect = {{ concern = \"grooming\", by = \"coach\" }} }}, # no
{{ expect = {{ open = \"art\", for = \"coach\" }} }},
{{ expect = {{ locked = \"art\", for = \"coach\" }} }}, # no
{{ expect = {{ told = \"ella\" }} }}, # no
{{ expect = {{ not_told = \"ella\" }} }},
{{ expect = {{ digest = \"boundary\" }} }}, # no
{{ expect = {{ dms = \"open\" }} }},
{{ expect = {{ dms = \"paused\" }} }}, # no
{{ expect = {{ acknowledged_by = \"ruth\" }} }}, # no
{{ expect = {{ mail = \"ruth\" }} }}, # no
{{ who = \"coach\", joins = \"studio\" }},
{{ expect = {{ disconnected = \"coach\" }} }}, # no
{{ at = \"+10m\", expect = {{ hidden = \"secret\" }} }},
{{ expect = {{ visible = \"secret\" }} }}, # no
{{ expect = {{ concern = \"grooming\", by = \"coach\", towards = \"ella\", level = 4, codes = [\"secrecy-request\"] }} }},
{{ expect = {{ concern = \"grooming\", by = \"coach\", level = 3 }} }}, # no
{{ expect = {{ concern = \"grooming\", codes = [\"gift-offer\"] }} }}, # no
{{ expect = {{ concern = \"grooming\", by = \"ella\" }} }}, # no
{{ expect = {{ no_concern = \"grooming\" }} }}, # no
{{ expect = {{ no_concern = \"bullying\" }} }},
{{ expect = {{ page = \"dsl\", level = 4, within = \"2m\" }} }},
{{ expect = {{ page = \"dsl\", within = \"1m\" }} }}, # no
{{ expect = {{ page = \"dsl\", before = \"16:02\" }} }},
{{ expect = {{ page = \"dsl\", before = \"16:01\" }} }}, # no
{{ expect = {{ page = \"dsl\", level = 5 }} }}, # no
{{ expect = {{ page = \"deputy-dsl\" }} }}, # no
{{ expect = {{ no_page = \"dsl\" }} }}, # no
{{ expect = {{ no_page = \"chair\" }} }},
{{ expect = {{ nobody_paged = true }} }}, # no
{{ expect = {{ locked = \"art\", for = \"coach\" }} }},
{{ expect = {{ open = \"art\", for = \"ella\" }} }},
{{ expect = {{ open = \"art\", for = \"coach\" }} }}, # no
{{ expect = {{ disconnected = \"coach\" }} }},
{{ expect = {{ told = \"ella\", code = \"help-is-there\" }} }},
{{ expect = {{ told = \"ella\", code = \"welfare-support\" }} }}, # no
{{ expect = {{ not_told = \"ella\" }} }}, # no
{{ expect = {{ not_told = \"coach\" }} }},
{{ expect = {{ digest = \"boundary\", for = \"ruth\" }} }},
{{ expect = {{ digest = \"boundary\", for = \"coach\" }} }}, # no
{{ expect = {{ nothing = true }} }}, # no
{{ expect = {{ log = \"verifies\" }} }},
{{ who = \"ruth\", acknowledges = true, id = \"ack\" }},
{{ expect = {{ acknowledged_by = \"ruth\" }} }},
{{ expect = {{ acknowledged_by = \"ella\" }} }}, # no
{{ expect = {{ nobody_paged = true }} }},
{{ expect = {{ page = \"dsl\", since = \"secret\" }} }},
{{ who = \"coach\", says = \"hello?\", in = \"art\", refused = true }},
{{ who = \"ella\", says = \"hello?\", in = \"art\", refused = true }}, # no
{{ who = \"coach\", says = \"hello?\", in = \"art\" }}, # no
{{ who = \"ruth\", acknowledges = 7 }}, # no
]
"
    );
    let plan: &[Planned] = &[
        (1, |w| raised(w, Level::Concern, Some(1))),
        (1, |w| raised(w, Level::Serious, Some(1))),
        (2, page),
        (3, hide),
        (3, lock),
        (3, disconnect),
        (4, nudge),
        (5, opened),
    ];
    let facts = Facts::default();
    let mut run = run(&script, plan, None, &facts, Style::Prose).await.unwrap();
    let report = run.player.play().await.unwrap();
    let unmet: Vec<usize> = report.unmet.iter().map(|unmet| unmet.line).collect();
    assert_eq!(unmet, marked_unmet(&script), "{report}");
    assert_eq!((report.pages, report.concerns.get(&4), report.log.is_ok()), (1, Some(&1), true));
    assert!(!report.is_good());
    let text = report.to_string();
    for part in [
        "t.toml:23: expected a grooming concern by coach; instead: there is no concern, and nothing was noticed",
        "instead: a page (grooming, level 4) reached dsl by discord-dm at 2026-03-02T16:02:00Z",
        "instead: Coach can write there",
        "instead: they received help-is-there",
        "instead: they have received 1 page(s), not this one",
        "expected the platform to refuse this; instead: it was done",
    ] {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    let told = run.paper.text();
    for part in [
        "16:00:00  Coach in #art: “our secret”",
        "16:01:00      ◆ Chaperone: concern r-0001: grooming, level 4 (serious) about Coach towards Ella",
        "16:03:00      ◆ Chaperone: took a message in #art out of sight",
        "◆ Chaperone: in the register: session \"tuesday\" is booked",
        "16:10:00  Ruth presses Acknowledge on a page",
    ] {
        assert!(told.contains(part), "{part}\nis not in\n{told}");
    }
}

#[tokio::test]
async fn a_log_that_does_not_verify_is_an_unmet_expectation() {
    let script = format!("{HEAD}{{ expect = {{ log = \"verifies\" }} }},\n]\n");
    let plan: &[Planned] =
        &[(0, |_| Fact::NotKept { case: None, message: crate::domain::MessageId(1), why: "gone".into() })];
    let mut run = run(&script, plan, None, &Facts::default(), Style::Json).await.unwrap();
    let report = run.player.play().await.unwrap();
    assert_eq!(report.unmet[0].instead, "entry 3 does not match its hash");
    let told = run.paper.text();
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.last().unwrap()["summary"]["log"]["verified"], false);
    assert!(lines.iter().any(|line| line["met"] == false && line["line"] == 15), "{told}");
}

const LONG: &str = "\
{ who = \"coach\", says = \"one\", in = \"art\", id = \"one\" },
{ who = \"coach\", opens = \"a word\", in = \"art\", with = [\"ella\"], private = true },
{ at = \"+1m\", who = \"ella\", reacts = \"👍\", to = \"one\" },
{ at = \"+3m\", expect = { page = \"dsl\", since = \"one\" } },
{ bot = \"down\" },
{ at = \"+1m\", who = \"coach\", says = \"two\", in = \"a word\", id = \"two\" },
{ bot = \"up\" },
{ who = \"coach\", edits = \"two\", to = \"two!\" },
{ expect = { page = \"deputy-dsl\" } },
{ clock = \"+1h\" },
{ who = \"ella\", joins = \"studio\" },
{ who = \"ella\", tells_bot = \"hello\" },
{ who = \"coach\", loses_role = \"Youth Worker\" },
{ at = \"18:00\", expect = { nothing = true } },
]
";

/// What the platform holds in the end, without anything that depends on how often it was started.
fn remains(platform: &Handle) -> String {
    platform.read(|state| {
        let messages: Vec<_> = state
            .messages
            .values()
            .flat_map(|all| all.values())
            .map(|m| format!("{} {} {} {:?}", m.id, m.channel, m.content, m.reactions))
            .collect();
        format!(
            "{messages:#?} {:?} {:?}",
            state.channels.keys(),
            state.guilds.values().map(|g| (&g.voice, &g.roles)).collect::<Vec<_>>()
        )
    })
}

#[tokio::test]
async fn a_run_that_is_killed_anywhere_goes_on_and_ends_the_same() {
    let script = format!("{HEAD}{LONG}");
    let plan: &[Planned] = &[(2, page), (3, nudge)];
    let whole = tempfile::tempdir().unwrap();
    let facts = Facts::default();
    let mut undisturbed = run(&script, plan, Some(whole.path()), &facts, Style::Prose).await.unwrap();
    let report = undisturbed.player.play().await.unwrap();
    assert_eq!(report.unmet.iter().map(|unmet| unmet.line).collect::<Vec<_>>(), [23], "{report}");
    let expected = remains(&undisturbed.player.parts().platform);
    let journal = std::fs::read(whole.path().join("platform.jsonl")).unwrap();

    // Killed after every single entry of the journal: each prefix is what some moment of a kill leaves behind.
    let ends: Vec<usize> =
        journal.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    assert!(ends.len() > 15, "{}", ends.len());
    for end in ends {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("platform.jsonl"), &journal[..end]).unwrap();
        // The bot has done what it had durably done by then: what its clock had reached.
        let last: serde_json::Value = serde_json::from_slice(
            journal[..end].split(|byte| *byte == b'\n').rfind(|line| !line.is_empty()).unwrap(),
        )
        .unwrap();
        let reached = last["at"].as_i64().unwrap_or(0);
        let bot = undisturbed.player.parts().stage.bot.to_string();
        let said = journal[..end]
            .split(|byte| *byte == b'\n')
            .filter_map(|line| serde_json::from_slice::<serde_json::Value>(line).ok())
            .filter(|line| line["ops"][0]["op"] == "say" && line["ops"][0]["by"] == bot.as_str())
            .count();
        let mut outcomes = 0;
        let kept: Vec<_> = facts
            .lock()
            .unwrap()
            .iter()
            .filter(|(at, fact)| {
                outcomes += usize::from(matches!(fact, Fact::Outcome { .. }));
                at.0 <= reached && (!matches!(fact, Fact::Outcome { .. }) || outcomes <= said)
            })
            .cloned()
            .collect();
        let mut again =
            run(&script, plan, Some(folder.path()), &Arc::new(Mutex::new(kept)), Style::Prose).await.unwrap();
        let second = again.player.play().await.unwrap();
        assert_eq!(second.unmet, report.unmet, "killed after byte {end}\n{}", again.paper.text());
        assert_eq!(second.met, report.met);
        assert_eq!(remains(&again.player.parts().platform), expected, "killed after byte {end}");
    }
}

#[tokio::test]
async fn a_folder_is_never_continued_with_another_script() {
    let folder = tempfile::tempdir().unwrap();
    let facts = Facts::default();
    let first = format!("{HEAD}{{ who = \"ella\", says = \"hi\", in = \"art\" }},\n]\n");
    let mut one = run(&first, &[], Some(folder.path()), &facts, Style::Prose).await.unwrap();
    one.player.play().await.unwrap();
    drop(one);
    let other = first.replace("\"hi\"", "\"hello\"");
    let refused = run(&other, &[], Some(folder.path()), &facts, Style::Prose).await.err().unwrap();
    assert!(matches!(refused, Stopped::AnotherScript));
    assert!(refused.to_string().contains("--data"));
}

#[tokio::test]
async fn platform_faults_reach_the_bot_s_calls_and_nobody_else_s() {
    let script = format!(
        "{HEAD}{{ platform = \"403\", on = \"POST /channels/*/messages\", calls = 2 }},
{{ who = \"ella\", says = \"hi\", in = \"art\" }},
{{ expect = {{ nothing = true }} }},
]
"
    );
    let mut run = run(&script, &[], None, &Facts::default(), Style::Prose).await.unwrap();
    let report = run.player.play().await.unwrap();
    assert!(report.is_good(), "{report}");
    assert!(run.paper.text().contains("Discord refuses (403) the next 2 calls"));
}
