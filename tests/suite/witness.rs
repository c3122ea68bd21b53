//! `chaperone witness` as its operator runs it: the real binary on loopback, killed and started again, and a fork.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use axum::Router;
use axum::routing::post;
use chaperone::evidence::add_checkpoint::AddCheckpoint;
use chaperone::evidence::{ConsistencyProof, Hash, SignedCheckpoint, SigningKey, Tree, WitnessKey};
use chaperone::witness::ask::{Cosigned, Outside};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

struct Log {
    key: SigningKey,
    tree: Tree,
    rows: BTreeMap<u64, Hash>,
}

impl Log {
    fn new() -> Self {
        Log {
            key: SigningKey::generate("chaperone/arts").unwrap(),
            tree: Tree::empty(),
            rows: BTreeMap::new(),
        }
    }

    fn grow(&mut self, entries: u64, flavour: &str) {
        for number in 0..entries {
            let leaf = Hash::of(format!("{flavour} {number}").as_bytes());
            self.rows.extend(self.tree.append(leaf).into_iter().map(|row| (row.index, row.hash)));
        }
    }

    async fn ask(&self, running: &Running, old: u64) -> Cosigned {
        let checkpoint: SignedCheckpoint = self.key.sign(&self.tree, None).unwrap();
        let path = ConsistencyProof::make(old, self.tree.size(), &self.rows).unwrap().path;
        let request = AddCheckpoint { old, path, note: checkpoint.text().to_owned() };
        Outside::new().unwrap().cosign(&running.url, &running.key, &request, &checkpoint).await.unwrap()
    }
}

struct Running {
    child: Child,
    url: String,
    key: WitnessKey,
}

fn command(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
    command.arg("witness").arg("--config").arg(config).env_remove("RUST_LOG");
    command
}

impl Running {
    fn start(config: &Path, webhook: &str) -> Self {
        let mut child = command(config)
            .env("ALARM_URL", webhook)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut key = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut key).unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = loop {
            let line = lines.next().expect("it says where it listens").unwrap();
            if let Some(url) = line.strip_prefix("Listening at ") {
                break url.to_owned();
            }
        };
        // Somebody has to read on, or it would wait for its own words to leave.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Running { child, url, key: key.parse().unwrap() }
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn stop(mut self) -> i32 {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

fn status(config: &Path) -> Output {
    command(config).arg("--status").env("ALARM_URL", "http://127.0.0.1:9").output().unwrap()
}

fn configured(dir: &Path, log: &Log) -> PathBuf {
    let config = dir.join("witness.toml");
    let text = format!(
        "[witness]\nname = \"trustee.example/w\"\nlisten = \"127.0.0.1:0\"\nwebhook_env = \"ALARM_URL\"\n\n[[log]]\nkey = \"{}\"\n",
        log.key.verifier_key()
    );
    std::fs::write(&config, text).unwrap();
    config
}

#[tokio::test]
async fn a_witness_that_was_killed_still_refuses_a_fork_calls_its_operator_and_ends_with_status_1() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Log::new();
    let config = configured(dir.path(), &log);
    let (alarms, mut alarm) = mpsc::unbounded_channel();
    let app = Router::new().route(
        "/hook",
        post(move |body: String| async move {
            let _ = alarms.send(body);
        }),
    );
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let webhook = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    log.grow(40, "entry");
    let backup = (log.tree.clone(), log.rows.clone());
    let running = Running::start(&config, &webhook);
    assert!(matches!(log.ask(&running, 0).await, Cosigned::Yes(_)));
    log.grow(60, "entry");
    assert!(matches!(log.ask(&running, 40).await, Cosigned::Yes(_)));
    let key = running.key.clone();
    running.kill();
    assert_eq!(status(&config).status.code(), Some(0), "nothing wrong so far");

    let running = Running::start(&config, &webhook);
    assert_eq!(running.key, key, "the key stays");
    assert_eq!(log.ask(&running, 0).await, Cosigned::AtSize(100), "what it answered for was on its disk");
    let second = command(&config).env("ALARM_URL", &webhook).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("another process has the witness' folder"));

    (log.tree, log.rows) = backup;
    log.grow(80, "another entry");
    assert_eq!(log.ask(&running, 100).await, Cosigned::Refused(422));
    let told = alarm.recv().await.unwrap();
    assert!(
        told.contains("ALARM") && told.contains("chaperone/arts") && told.contains("100 entries"),
        "{told}"
    );
    assert_eq!(running.stop(), 1, "its service manager hears of it too");
    let output = status(&config);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("IT WAS REWRITTEN"));
}

#[test]
fn a_witness_whose_key_is_missing_or_damaged_does_not_begin_anew() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::new();
    let config = configured(dir.path(), &log);
    assert_eq!(status(&config).status.code(), Some(0), "the key is made at the first start");
    let key = dir.path().join("witness/witness.key");
    std::fs::write(&key, "nonsense").unwrap();
    let told = |output: Output| {
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let words = told(status(&config));
    assert!(words.contains("does not hold a witness' key") && words.lines().count() == 2, "{words}");
    std::fs::remove_file(&key).unwrap();
    let words = told(status(&config));
    assert!(words.contains("is missing") && words.contains("put it back"), "{words}");
}
