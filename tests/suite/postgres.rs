//! A throw-away PostgreSQL server, where one is installed; where none is, its tests say loudly that they were skipped.
//!
//! One server serves the whole run, each test in a database of its own. A shell keeps the server and waits on a pipe
//! from this process: however this process ends, the pipe closes, the server stops and its folder is removed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection as _, PgConnection};

const KEEP_A_SERVER: &str = r#"
    dir=$(mktemp -d "${TMPDIR:-/tmp}/chaperone-postgres.XXXXXX") || exit 1
    trap '"$1/pg_ctl" -D "$dir/data" -m immediate stop >>"$dir/log" 2>&1; rm -rf "$dir"' EXIT
    trap 'exit 1' INT TERM
    "$1/initdb" -D "$dir/data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 &&
    "$1/pg_ctl" -D "$dir/data" -w -l "$dir/log" -o "-k '$dir' -c listen_addresses= -c fsync=$2" start >>"$dir/log" 2>&1 ||
    { cat "$dir/log" >&2; exit 1; }
    echo "$dir"
    read -r _
"#;

struct Server {
    /// Holds the socket.
    folder: String,
    /// It stops the server when its standard input closes.
    _keeper: Child,
}

/// The address of a new, empty database; none where PostgreSQL is not installed.
pub async fn database() -> Option<String> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = SERVER
        .get_or_init(|| {
            let Some(programs) = programs() else {
                // Past the test harness, which keeps what a passing test prints to itself.
                let _ = std::io::stderr().write_all(
                    b"\nSKIPPED: every test on PostgreSQL. initdb was found neither on the PATH nor in \
                      /usr/lib/postgresql; install postgresql to run them.\n\n",
                );
                return None;
            };
            Some(start(&programs))
        })
        .as_ref()?;
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let address = |database: &str| format!("postgres://postgres@localhost/{database}?host={}", server.folder);
    let mut session =
        PgConnection::connect(&address("postgres")).await.expect("the throw-away server answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut session)
        .await
        .expect("a database of its own");
    session.close().await.expect("the session closes");
    Some(address(&name))
}

fn start(programs: &Path) -> Server {
    // PostgreSQL refuses to run as root.
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
    let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
    if root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    // Nothing here survives a loss of power anyway, unless a measurement asks for it.
    let fsync = std::env::var("CHAPERONE_TEST_FSYNC").unwrap_or_else(|_| "off".to_owned());
    let mut keeper = command
        .arg("-c")
        .arg(KEEP_A_SERVER)
        .arg("sh")
        .arg(programs)
        .arg(fsync)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell that keeps the server");
    let mut folder = String::new();
    BufReader::new(keeper.stdout.take().expect("its standard output is piped"))
        .read_line(&mut folder)
        .expect("the shell says where the server is");
    assert!(!folder.trim().is_empty(), "PostgreSQL is installed but did not start; its log stands above");
    Server { folder: folder.trim().to_owned(), _keeper: keeper }
}

/// Where `initdb` and `pg_ctl` are; the newest where there are several.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort_by_key(|bin| {
        let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        version.and_then(|version| version.parse::<u32>().ok())
    });
    std::env::split_paths(&on_path)
        .chain(versions.into_iter().rev())
        .find(|bin| bin.join("initdb").is_file() && bin.join("pg_ctl").is_file())
}
