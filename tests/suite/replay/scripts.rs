//! The scripted club conversations, where they are at hand: what each reaches, as a table.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::replay;

/// What the scripted conversations reach, line by line. Nothing is asserted of how well they are judged, which is for
/// the detection's own tests; every export must be accepted.
#[test]
fn the_scripted_conversations_are_accepted() {
    // Beside the repository, wherever its checkout stands.
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/data/scripts"))
        .find(|folder| folder.is_dir())
        .unwrap_or_default();
    let converter = scripts.join("to_export.py");
    let python = std::process::Command::new("python3").arg("--version").output();
    if !converter.is_file() || python.is_err() {
        eprintln!("SKIPPED: {} or python3 is not here", converter.display());
        return;
    }
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(&scripts).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|ext| ext == "txt"));
    names.sort();
    assert!(!names.is_empty());
    println!("{:6} {:9} {:8} {:>3}  reached (level @ line: codes)", "script", "kind", "expected", "by");
    for script in names {
        let dir = tempfile::tempdir().unwrap();
        let export = std::process::Command::new("python3")
            .arg(&converter)
            .arg(&script)
            .arg(dir.path())
            .output()
            .unwrap();
        assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
        let expected: Value = serde_json::from_slice(&export.stdout).unwrap();
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let (status, out, err) = replay(true, &files);
        assert_eq!(status, 0, "{}: {err}", script.display());
        println!(
            "{:6} {:9} {:8} {:>3}  ",
            expected["id"].as_str().unwrap(),
            expected["kind"].as_str().unwrap(),
            expected["expect"].as_str().unwrap(),
            expected["by"],
        );
        for line in out.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            // The converter numbers messages 1000 + the line of the script.
            let last = line["reasons"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|r| r["message_id"].as_str()?.parse::<u64>().ok())
                .max();
            println!(
                "       {} {} level {} @ {}: {} by {} towards {}",
                line["concern"].as_str().unwrap(),
                line["category"].as_str().unwrap(),
                line["level"],
                last.map_or("-".into(), |id| (id - 1000).to_string()),
                line["codes"],
                line["by"],
                line["towards"],
            );
        }
    }
}
