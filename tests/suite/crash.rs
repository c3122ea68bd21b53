//! `kill -9` at ten moments of a rehearsal: what a person would notice is the same as without.
//!
//! The real binary plays a script with `--data`. It is killed when the platform's journal has grown to a size drawn
//! by lot (the seed is fixed), started again, and so on ten times; then it is let play to its end. Facts, exhibits,
//! direct messages, mails and the log are then compared with an undisturbed run of the same script. No wait here is for
//! a time: each is for the journal to grow or the process to end.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chaperone::app::keep;
use chaperone::clock::Clock;
use chaperone::domain::Fact;
use chaperone::evidence::SigningKey;
use chaperone::rehearsal::mailbox::Mailbox;
use chaperone::rehearsal::platform::{Options, Platform};
use chaperone::store::Store;

const CLUB: &str = "Crash Club";
const KILLS: usize = 10;
/// How long anything may take before the test gives up, in looks of a few milliseconds each.
const PATIENCE: u32 = 60_000;

const SCRIPT: &str = include_str!("crash/evening.toml");

/// Everything that somebody could notice or that is evidence.
#[derive(Debug, Default, PartialEq, Eq)]
struct Noticed {
    /// Code, by, towards, and where in the script it was said.
    observations: BTreeMap<String, usize>,
    /// Which lines are exhibits of which case. A line that was hidden is not in the platform's history, so a later case
    /// does not get it as context once more after a restart: such lines are compared by `kept` alone.
    exhibits: BTreeMap<String, usize>,
    /// Which lines are exhibits at all.
    kept: BTreeSet<String>,
    /// Who was called about what, on which rung.
    calls: BTreeMap<String, usize>,
    acknowledged: BTreeMap<String, usize>,
    /// What the bot wrote in direct messages, by reader.
    private: BTreeMap<String, usize>,
    /// Mails by reader and subject, those with the same `Message-ID` once.
    mails: BTreeMap<String, usize>,
    /// Messages out of sight, and spaces that are locked.
    hidden: BTreeSet<String>,
    locked: BTreeSet<String>,
}

fn start(script: &Path, data: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_chaperone"))
        .args(["rehearse", "--instant", "--once", "--script"])
        .arg(script)
        .arg("--data")
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn length(journal: &Path) -> u64 {
    std::fs::metadata(journal).map_or(0, |file| file.len())
}

/// Kills the run once its journal has this size.
fn kill_at(mut child: Child, journal: &Path, size: u64) {
    for _ in 0..PATIENCE {
        if let Some(status) = child.try_wait().unwrap() {
            let out = child.wait_with_output().unwrap();
            panic!(
                "ended by itself ({status}) before {size} bytes: {}",
                String::from_utf8_lossy(&out.stderr)
            );
        }
        if length(journal) >= size {
            child.kill().unwrap();
            child.wait().unwrap();
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("the journal never grew to {size} bytes");
}

fn finish(child: Child) -> String {
    let out = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(0), "the last run: {said}");
    said
}

/// A number drawn by lot (`SplitMix64`); the same for the same draw.
fn lot(draw: u64) -> u64 {
    let mut z = draw.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn count(map: &mut BTreeMap<String, usize>, what: String) {
    *map.entry(what).or_default() += 1;
}

#[expect(clippy::too_many_lines, reason = "one look at everything that two runs are compared by")]
async fn noticed(data: &Path) -> Noticed {
    let mut noticed = Noticed::default();
    let clock = Clock::manual(chaperone::domain::Timestamp(0));
    let options = Options {
        journal: Some(data.join("platform.jsonl")),
        ..Options::new(clock.clone(), "rehearsal-token")
    };
    let platform = Platform::start(options).await.unwrap();
    // The same people and lines have the same numbers in no two runs: names and nonces have.
    let (names, lines) = platform.read(|state| {
        let names: BTreeMap<_, _> = state.users.values().map(|user| (user.id, user.name.clone())).collect();
        let lines: BTreeMap<_, _> = state
            .messages
            .values()
            .flatten()
            .filter(|(_, message)| message.author != state.bot)
            .map(|(id, message)| (*id, message.nonce.clone().unwrap_or_else(|| message.content.clone())))
            .collect();
        (names, lines)
    });
    let name = |id: &chaperone::domain::UserId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
    let store = Store::open_to_read(&data.join("chaperone.db").display().to_string()).await.unwrap();
    let key = SigningKey::load(&data.join("keys/log-signing.key")).unwrap();
    keep::audit(&store, &key).await.expect("the log verifies");
    let mut cases = BTreeSet::new();
    for stored in store.facts(CLUB).await.unwrap() {
        match stored.fact {
            Fact::Observed(seen) => {
                let line = seen.message.and_then(|message| lines.get(&message).cloned());
                let towards = seen.towards.as_ref().map(name);
                count(
                    &mut noticed.observations,
                    format!("{} {} {towards:?} {line:?}", seen.code, name(&seen.by)),
                );
            }
            Fact::CaseOpened { case, .. } => drop(cases.insert(case)),
            Fact::Called { case, level, step, round, people } => {
                count(&mut noticed.calls, format!("{case} {level} {round}/{step} {people:?}"));
            }
            Fact::Acknowledged { case, by, .. } => {
                count(&mut noticed.acknowledged, format!("{case} {}", name(&by)));
            }
            _ => {}
        }
    }
    let mut exhibits = store.exhibits(CLUB, None).await.unwrap();
    for case in cases {
        exhibits.extend(store.exhibits(CLUB, Some(case)).await.unwrap());
    }
    let hidden = platform.read(|state| {
        let messages = state.messages.values().flatten();
        let hidden = messages.filter(|(_, message)| message.removed_by == Some(state.bot));
        hidden.map(|(id, _)| *id).collect::<BTreeSet<_>>()
    });
    for exhibit in exhibits {
        let line = exhibit.message.and_then(|message| lines.get(&message).cloned());
        noticed.kept.insert(format!("{line:?}"));
        if exhibit.finding || exhibit.message.is_none_or(|message| !hidden.contains(&message)) {
            count(&mut noticed.exhibits, format!("{:?} {line:?}", exhibit.case));
        }
    }
    let pending = store.jobs_pending().await.unwrap();
    assert!(pending.is_empty(), "jobs are left: {pending:?}");
    platform.read(|state| {
        for (channel, messages) in &state.messages {
            let place = &state.channels[channel];
            for message in messages.values() {
                if message.author == state.bot && place.guild.is_none() {
                    let reader = place.people.iter().find(|person| **person != state.bot).map(name);
                    count(&mut noticed.private, format!("{reader:?} {}", message.content));
                }
                if message.author != state.bot && message.removed_by == Some(state.bot) {
                    noticed.hidden.insert(lines[&message.id].clone());
                }
            }
            // Whoever opened it was taken out of it.
            if place.thread.as_ref().is_some_and(|thread| !thread.members.contains_key(&thread.owner)) {
                noticed.locked.insert(place.name.clone());
            }
        }
    });
    let mailbox = Mailbox::open(clock, Some(&data.join("mailbox.jsonl"))).await.unwrap();
    let mails = mailbox.mails();
    let letters: BTreeSet<_> =
        mails.iter().map(|mail| (mail.message_id.clone(), mail.to.clone(), mail.subject.clone())).collect();
    for (_, to, subject) in &letters {
        count(&mut noticed.mails, format!("{to:?} {subject}"));
    }
    say(&format!(
        "crash: {}: {} observations, {} exhibits, {} calls, {} acknowledgements, {} private messages, {} mails ({} \
         copies of one that had arrived), journal of {} bytes",
        data.file_name().unwrap_or_default().display(),
        noticed.observations.len(),
        noticed.exhibits.len(),
        noticed.calls.len(),
        noticed.acknowledged.len(),
        noticed.private.values().sum::<usize>(),
        letters.len(),
        mails.len() - letters.len(),
        length(&data.join("platform.jsonl")),
    ));
    store.close().await;
    platform.stop().await;
    noticed
}

/// Past the test harness, which would swallow what a passing test prints.
fn say(what: &str) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

#[tokio::test]
async fn ten_kills_change_nothing_that_a_person_would_notice() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("evening.toml");
    std::fs::write(&script, SCRIPT).unwrap();
    let undisturbed = folder.path().join("undisturbed");
    let killed = folder.path().join("killed");

    finish(start(&script, &undisturbed));
    let whole = length(&undisturbed.join("platform.jsonl"));

    let seed: u64 =
        std::env::var("CHAPERONE_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut moments: Vec<u64> = (0..KILLS as u64).map(|turn| lot(seed * 1_000 + turn) % whole).collect();
    moments.sort_unstable();
    let journal = killed.join("platform.jsonl");
    for moment in &moments {
        kill_at(start(&script, &killed), &journal, *moment);
    }
    say(&format!("crash: seed {seed}: killed {KILLS} times, at {moments:?} of {whole} bytes of the journal"));
    finish(start(&script, &killed));

    let (expected, got) = (noticed(&undisturbed).await, noticed(&killed).await);
    assert!(!expected.observations.is_empty() && !expected.private.is_empty(), "{expected:?}");
    assert_eq!(got.observations, expected.observations, "observations");
    assert_eq!(got.exhibits, expected.exhibits, "exhibits");
    assert_eq!(got.kept, expected.kept, "lines that are kept");
    assert_eq!(got.acknowledged, expected.acknowledged, "acknowledgements");
    assert_eq!(got.calls, expected.calls, "calls");
    assert_eq!(got.private, expected.private, "private messages");
    assert_eq!(got.mails, expected.mails, "mails");
    assert_eq!((got.hidden, got.locked), (expected.hidden, expected.locked), "hidden and locked");
}
