//! The arrows of the house: which room may know which, read from the sources.
//!
//! A room is the first folder or file below `src/`. Every path that starts with `crate::`, and every crate that is
//! named at the head of a path, counts; text inside comments and strings does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PURE: &[&str] = &["domain", "text", "detect", "contact", "engine"];

/// Rooms that the pure rooms may use, themselves included.
const PURE_ORDER: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("text", &["domain", "text"]),
    ("detect", &["domain", "text", "detect"]),
    ("contact", &["domain", "text", "contact"]),
    ("engine", &["domain", "text", "detect", "contact", "engine"]),
];

/// What must never stand in a pure room: clocks, dice, files, the network.
const IMPURE_NAMES: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "Utc::now",
    "Local::now",
];

/// Crates that bring such things.
const IMPURE_CRATES: &[&str] = &[
    "tokio",
    "rand",
    "serenity",
    "twilight_gateway",
    "twilight_http_ratelimiting",
    "sqlx",
    "reqwest",
    "axum",
    "age",
    "tracing",
    "lettre",
    "ring",
    "futures_util",
    "clap",
    "anyhow",
];

/// Arrows that must not exist, room to room.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("store", &["discord", "paging", "rehearsal", "config", "engine", "detect", "pipeline"]),
    ("paging", &["detect", "engine", "discord", "evidence", "store", "rehearsal", "pipeline"]),
    ("evidence", &["store", "discord", "paging", "rehearsal", "engine", "detect", "pipeline"]),
    ("discord", &["store", "evidence", "paging", "engine", "detect", "rehearsal", "pipeline"]),
    ("outbox", &["discord", "paging", "rehearsal", "engine", "detect", "evidence", "pipeline"]),
    ("pipeline", &["discord", "rehearsal", "config"]),
    ("config", &["discord", "store", "evidence", "rehearsal", "pipeline", "outbox", "witness"]),
    (
        "witness",
        &["discord", "store", "paging", "rehearsal", "engine", "detect", "pipeline", "outbox", "config"],
    ),
];

/// Crates that live in one place.
const HOMES: &[(&str, &[&str])] = &[
    ("serenity", &["discord/"]),
    ("twilight_gateway", &["discord/"]),
    ("twilight_http_ratelimiting", &["discord/"]),
    ("sqlx", &["store/"]),
    ("axum", &["paging/inbound", "rehearsal/", "discord/fake.rs", "witness/serve.rs"]),
    ("reqwest", &["discord/rest", "paging/channels/", "witness/ask.rs"]),
    ("age", &["evidence/"]),
    ("lettre", &["paging/channels/"]),
    ("anyhow", &["app", "cli", "main.rs"]),
    ("clap", &["cli", "main.rs"]),
];

struct Source {
    /// Below `src/`, with forward slashes.
    path: String,
    room: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let below = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
                let first = below.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
                let code = code_of(&fs::read_to_string(&path).unwrap());
                found.push(Source { path: below, room: first, code });
            }
        }
    }
    assert!(found.len() > 40, "the sources were not found");
    found
}

/// The code of a source without comments, string literals and what is behind `#[cfg(test)]` at the top level.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        if line.starts_with("#[cfg(test)]") {
            break;
        }
        let line = line.split("//").next().unwrap_or_default();
        let mut quoted = false;
        for piece in line.split('"') {
            if !quoted {
                code.push_str(piece);
            }
            quoted = !quoted;
        }
        code.push('\n');
    }
    code
}

fn is_test_file(path: &str) -> bool {
    path.ends_with("tests.rs")
        || path.contains("/tests/")
        || path.ends_with("_tests.rs")
        || path.ends_with("fake.rs")
}

/// Whether `code` names `word` as a whole path segment.
fn names(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = code[at + word.len()..].chars().next();
        let part_of_a_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        !part_of_a_word(before) && !part_of_a_word(after)
    })
}

/// Whether `code` uses the crate: `name::` at the head of a path.
fn uses_crate(code: &str, name: &str) -> bool {
    let path = format!("{name}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code[..at].trim_end_matches("::").chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && !code[..at].ends_with("::")
    })
}

/// The rooms that a source names by `crate::room`, in braces too.
fn rooms_used(code: &str) -> BTreeSet<String> {
    let mut rooms = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let heads: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
            None => vec![rest],
        };
        for head in heads {
            let word: String = head.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            rooms.insert(word);
        }
    }
    rooms
}

#[test]
fn the_pure_rooms_know_only_those_to_their_left() {
    for source in sources().iter().filter(|source| PURE.contains(&source.room.as_str())) {
        let (_, allowed) = PURE_ORDER.iter().find(|(room, _)| *room == source.room).unwrap();
        for used in rooms_used(&source.code) {
            assert!(allowed.contains(&used.as_str()), "{} uses crate::{used}", source.path);
        }
    }
}

#[test]
fn the_pure_rooms_ask_no_clock_roll_no_dice_and_touch_nothing() {
    let ladder =
        |path: &str| path == "paging/ladder.rs" || path == "paging/climb.rs" || path == "paging/policy.rs";
    for source in sources() {
        if !PURE.contains(&source.room.as_str()) && !ladder(&source.path) {
            continue;
        }
        for word in IMPURE_NAMES {
            assert!(!names(&source.code, word), "{} names {word}", source.path);
        }
        for name in IMPURE_CRATES {
            assert!(!uses_crate(&source.code, name), "{} uses {name}", source.path);
        }
    }
}

#[test]
fn forbidden_arrows_do_not_exist() {
    for source in sources() {
        let used = rooms_used(&source.code);
        for (room, forbidden) in FORBIDDEN {
            if source.room == *room {
                for target in *forbidden {
                    assert!(!used.contains(*target), "{} uses crate::{target}", source.path);
                }
            }
        }
        let may_know_the_command_line = matches!(source.room.as_str(), "cli" | "main" | "lib");
        assert!(may_know_the_command_line || !used.contains("cli"), "{} uses crate::cli", source.path);
        let may_know_the_whole = may_know_the_command_line || source.room == "app";
        assert!(may_know_the_whole || !used.contains("app"), "{} uses crate::app", source.path);
        let may_know_the_rehearsal =
            source.room == "rehearsal" || source.room == "lib" || source.path.starts_with("cli/rehearse");
        assert!(
            may_know_the_rehearsal || !used.contains("rehearsal"),
            "{} uses crate::rehearsal",
            source.path
        );
    }
}

#[test]
fn some_crates_live_in_one_place() {
    for source in sources().iter().filter(|source| !is_test_file(&source.path)) {
        for (name, homes) in HOMES {
            if uses_crate(&source.code, name) {
                assert!(
                    homes.iter().any(|home| source.path.starts_with(home)),
                    "{} uses {name}, which lives in {homes:?}",
                    source.path
                );
            }
        }
    }
}

#[test]
fn nothing_asks_the_time_but_the_clock() {
    for source in sources().iter().filter(|source| source.path != "clock.rs") {
        for word in ["SystemTime::now", "Utc::now", "Local::now"] {
            assert!(!source.code.contains(word), "{} asks the time with {word}", source.path);
        }
    }
}
