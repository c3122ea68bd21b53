//! A process that keeps evidence is killed (`kill -9`) at random moments, hundreds of times; now and then the disk loses
//! the end of what was written, too. Whatever happens: what was acknowledged is there, the log never forks, and no call
//! left without its evidence.
//!
//! The killed process is this very test binary: the committer with its store, log, key and checkpoint file, and somebody
//! who sends pages as soon as they are durable. It says on standard output what it was told is kept, and what it sent.
//! `CHAPERONE_CRASHES=1000` (or `-- --ignored the_crash_matrix`) makes it a long run.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chaperone::app::keep;
use chaperone::clock::Clock;
use chaperone::domain::fact::Part;
use chaperone::domain::who_may_know::Readers;
use chaperone::domain::{CaseRef, Category, ChannelId, Effect, Fact, Level, MessageId, Timestamp, UserId};
use chaperone::engine::Keep;
use chaperone::evidence::{Identity, SigningKey};
use chaperone::outbox::{Job, Jobs as _, Lease};
use chaperone::pipeline::Progress;
use chaperone::pipeline::buffer::HourKeys;
use chaperone::pipeline::case_keys::CaseKeys;
use chaperone::pipeline::committer::{Commit, Committer, Exhibit, Lead, Witness};
use chaperone::pipeline::ring::Received;
use chaperone::store::{Store, StoreError};
use tokio::sync::{Notify, mpsc, oneshot};

const CLUB: &str = "Crash Club";
const PLACE: &str = "CHAPERONE_CRASH_DIR";
/// A folder is used for so many kills: what it holds is looked through after each of them.
const KILLS_A_FOLDER: u64 = 25;

/// Rings when jobs may leave.
struct Bell(Arc<Notify>);

impl Witness for Bell {
    fn jobs_are_due(&self) {
        self.0.notify_one();
    }
    fn evidence_cannot_be_kept(&self, why: &StoreError) {
        say(&format!("trouble {why}"));
    }
    fn evidence_is_kept_again(&self) {}
    fn leave_without_evidence(&self, _: Job) {}
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The reader may be gone already: then so is this process, soon.
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn database(dir: &Path) -> PathBuf {
    dir.join("chaperone.db")
}

fn key_file(dir: &Path) -> PathBuf {
    dir.join("keys/log-signing.key")
}

async fn opened(dir: &Path) -> Result<(Store, SigningKey, chaperone::evidence::Tree), String> {
    let store = Store::open(&database(dir).display().to_string()).await.map_err(|why| why.to_string())?;
    let checked = async {
        let key = keep::signing_key(&key_file(dir), CLUB, &store).await?;
        let tree = keep::check_log(&store, &key, &key_file(dir).with_extension("checkpoint")).await?;
        anyhow::Ok((key, tree))
    };
    match checked.await {
        Ok((key, tree)) => Ok((store, key, tree)),
        Err(why) => {
            store.close().await;
            Err(why.to_string())
        }
    }
}

fn commit_of(number: u32, now: Timestamp) -> Commit {
    let case = CaseRef(number);
    let message = MessageId(u64::from(number) << 22);
    let page = Effect::Page {
        case,
        level: Level::Serious,
        category: Category::Bullying,
        slot: "dsl".into(),
        round: 0,
        channel: "email".into(),
        person: "dee".into(),
        drill: false,
        evidence_kept: true,
    };
    let keep = Keep {
        case: Some(case),
        message,
        space: ChannelId(5),
        author: UserId(7),
        part: Part::Finding,
        edited_at: None,
        subjects: BTreeSet::from([UserId(7)]),
    };
    let received =
        Received { raw: r#"{"content":"planted"}"#.into(), at: now, attachments: Vec::new(), first: true };
    let mut commit = Commit::of(CLUB);
    commit.facts = vec![
        (
            now,
            Fact::CaseOpened {
                case,
                category: Category::Bullying,
                level: Level::Serious,
                subjects: BTreeSet::from([UserId(7)]),
            },
        ),
        (
            now,
            Fact::Kept {
                case: Some(case),
                message,
                space: ChannelId(5),
                part: Part::Finding,
                edited_at: None,
            },
        ),
    ];
    commit.exhibits = vec![Exhibit { keep, received: vec![received] }];
    commit.jobs = vec![Job {
        key: format!("page/{number}"),
        organisation: CLUB.to_owned(),
        case: Some(case),
        effect: page,
        not_before: now,
        attempts: 0,
    }];
    commit
}

/// The process that is killed.
#[tokio::test]
#[ignore = "the crash matrix starts it, as a process of its own to be killed"]
async fn a_process_that_keeps_evidence_until_it_is_killed() {
    let Some(dir) = std::env::var_os(PLACE).map(PathBuf::from) else { return };
    let (store, key, tree) = opened(&dir).await.unwrap();
    let mut case_keys = CaseKeys::default();
    let mut last = 0;
    for stored in store.facts(CLUB).await.unwrap() {
        case_keys.apply(CLUB, &stored.fact);
        if let Fact::CaseOpened { case, .. } = stored.fact {
            last = case.0;
        }
    }
    let bell = Arc::new(Notify::new());
    let clock = Clock::system();
    let committer = Committer {
        case_keys,
        hour_keys: HourKeys::default(),
        store: store.clone(),
        tree,
        key: Arc::new(key),
        checkpoint_file: Some(key_file(&dir).with_extension("checkpoint")),
        leads: vec![Lead { readers: Readers::one(UserId(1)), recipient: Identity::generate().recipient() }],
        software: "chaperone test".into(),
        clock: clock.clone(),
        progress: BTreeMap::from([(CLUB.to_owned(), Progress::default())]),
        witness: Arc::new(Bell(bell.clone())),
    };
    let (commits, to_commit) = mpsc::channel(64);
    let courier = async {
        loop {
            bell.notified().await;
            let now = clock.now();
            let until = now.plus(Duration::from_mins(5));
            let asked = Lease { now, until, by: "courier".into(), limit: 100, containment_only: false };
            for job in store.lease(&asked).await.unwrap_or_default() {
                say(&format!("sent {}", job.key));
            }
        }
    };
    let worker = async {
        say("ready");
        for number in last + 1.. {
            let (done, durable) = oneshot::channel();
            let mut commit = commit_of(number, clock.now());
            commit.done = Some(done);
            if commits.send(commit).await.is_err() || durable.await.is_err() {
                say("stopped");
                return;
            }
            say(&format!("kept {number}"));
        }
    };
    tokio::select! {
        ended = committer.run(to_commit) => panic!("{ended:?}"),
        () = courier => {}
        () = worker => {}
    }
}

fn start(dir: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "crash_matrix::a_process_that_keeps_evidence_until_it_is_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(PLACE, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// A number drawn by lot (`SplitMix64`).
fn lot(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What a process said before it was killed.
#[derive(Default)]
struct Said {
    kept: BTreeSet<u32>,
    sent: BTreeSet<u32>,
}

impl Said {
    fn hear(&mut self, line: &str) {
        // The harness writes its own words before the first line.
        if let Some((_, number)) = line.split_once("kept ") {
            self.kept.extend(number.trim().parse::<u32>());
        } else if let Some((_, number)) = line.split_once("sent page/") {
            self.sent.extend(number.trim().parse::<u32>());
        }
    }
}

/// Lets a process run and kills it after some lines and some microseconds more.
fn run_and_kill(dir: &Path, dice: u64, said: &mut Said) {
    let mut child = start(dir);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut left = dice % 24;
    while left > 0 {
        let line = lines.next().expect("it goes on until it is killed").unwrap();
        if !line.contains("running 1 test") && !line.trim().is_empty() {
            left -= 1;
        }
        said.hear(&line);
    }
    std::thread::park_timeout(Duration::from_micros(lot(dice) % 3_000));
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        said.hear(&line);
    }
}

/// The disk loses the end of the write-ahead log, as it may when it lied about what it had written.
fn tear(dir: &Path, dice: u64) -> Option<Vec<u8>> {
    let wal = dir.join("chaperone.db-wal");
    let whole = std::fs::read(&wal).ok().filter(|whole| !whole.is_empty())?;
    let keep = whole.len() - usize::try_from(lot(dice ^ 0x7ea4)).unwrap_or(0) % whole.len().min(40_000);
    std::fs::write(&wal, &whole[..keep]).unwrap();
    Some(whole)
}

/// Everything that was acknowledged is there, and nothing was called without its evidence.
async fn look_through(dir: &Path, said: &Said) -> Result<(), String> {
    let (store, key, tree) = opened(dir).await?;
    let mut opened = BTreeSet::new();
    for stored in store.facts(CLUB).await.unwrap() {
        if let Fact::CaseOpened { case, .. } = stored.fact {
            assert!(opened.insert(case.0), "{case} stands twice");
        }
    }
    assert!(opened.iter().copied().eq(1..=u32::try_from(opened.len()).unwrap()), "a hole in {opened:?}");
    let lost: Vec<_> = said.kept.difference(&opened).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let pending = store.jobs_pending().await.unwrap();
    let called = pending.iter().filter_map(|job| job.case.map(|case| case.0));
    for case in said.sent.iter().copied().chain(called) {
        let exhibits = store.exhibits(CLUB, Some(CaseRef(case))).await.unwrap();
        assert!(
            exhibits.iter().any(|exhibit| exhibit.finding),
            "case {case} was called without its evidence"
        );
        assert!(opened.contains(&case), "case {case} was called and is not there");
    }
    if tree.size() > 0 {
        keep::audit(&store, &key).await.expect("the whole log is the one that was signed");
    }
    store.close().await;
    Ok(())
}

async fn matrix(kills: u64, seed: u64) {
    let (mut kept, mut sent, mut torn, mut noticed) = (0, 0, 0, 0);
    let mut left = kills;
    while left > 0 {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("keys")).unwrap();
        let mut said = Said::default();
        for _ in 0..left.min(KILLS_A_FOLDER) {
            let dice = lot(seed << 32 | left);
            run_and_kill(folder.path(), dice, &mut said);
            left -= 1;
            if dice.is_multiple_of(4)
                && let Some(whole) = tear(folder.path(), dice)
            {
                torn += 1;
                let database_before = std::fs::read(database(folder.path())).unwrap();
                // Nothing acknowledged is missing without a clear error: `look_through` would find it.
                if let Err(why) = look_through(folder.path(), &said).await {
                    noticed += 1;
                    assert!(why.lines().count() >= 1 && !why.is_empty(), "{why}");
                    std::fs::write(database(folder.path()), database_before).unwrap();
                    std::fs::write(folder.path().join("chaperone.db-wal"), whole).unwrap();
                    let _ = std::fs::remove_file(folder.path().join("chaperone.db-shm"));
                    look_through(folder.path(), &said)
                        .await
                        .expect("with the disk's end put back it goes on");
                }
            } else {
                look_through(folder.path(), &said).await.expect("it goes on after a kill");
            }
        }
        kept += said.kept.len();
        sent += said.sent.len();
    }
    let _ = writeln!(
        std::io::stderr(),
        "crash matrix: seed {seed}: {kills} kills, {kept} acknowledged commits, {sent} pages sent, {torn} torn write-ahead \
         logs of which {noticed} were refused; nothing lost, no fork, no page without evidence"
    );
    assert!(kept > 0 && sent > 0, "something was kept and sent");
}

fn seed() -> u64 {
    std::env::var("CHAPERONE_CRASH_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7)
}

#[tokio::test]
async fn kills_at_random_moments_lose_nothing_fork_nothing_and_call_nobody_without_evidence() {
    matrix(12, seed()).await;
}

#[tokio::test]
#[ignore = "takes many minutes: cargo test --test suite -- --ignored the_crash_matrix"]
async fn the_crash_matrix() {
    matrix(1_000, seed()).await;
}
