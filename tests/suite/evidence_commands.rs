//! The command line's contract for keys and bundles: exit status, two lines of error, JSON lines only.

use std::fs;

use chaperone::cli::evidence::Evidence;
use clap::Parser;

use crate::evidence_case::{World, gateway_event};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    evidence: Evidence,
}

/// Exit status, standard output and standard error; an error is the text that goes out with status 2.
fn evidence(arguments: &[&str]) -> Result<(u8, String, String), String> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let line = Line::try_parse_from([&["evidence"], arguments].concat()).map_err(|why| why.to_string())?;
    let status = line.evidence.run_to(&mut out, &mut err).map_err(|why| why.to_string())?;
    Ok((status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap()))
}

#[test]
fn verify_says_in_words_and_by_its_status_whether_a_bundle_holds() {
    let world = World::with_case(1);
    let dir = world.export("bundle");
    let (status, words, _) = evidence(&["verify", dir.to_str().unwrap()]).unwrap();
    assert_eq!(status, 0);
    assert!(
        words.starts_with("Nothing wrong was found.\n\nProven:\n") && words.contains("\nNot proven:\n"),
        "{words}"
    );

    fs::remove_file(dir.join("data/GAPS.txt")).unwrap();
    let (status, words, _) = evidence(&["verify", dir.to_str().unwrap()]).unwrap();
    assert_eq!(status, 1);
    assert!(words.contains("BROKEN data/GAPS.txt") && !words.contains("\nProven:"), "{words}");

    for (arguments, what) in [
        (vec!["verify", "/nonexistent"], "cannot read the bundle"),
        (vec!["verify", dir.to_str().unwrap(), "--key", "nonsense"], "public key"),
    ] {
        let error = evidence(&arguments).unwrap_err();
        assert!(error.contains(what) && error.lines().count() == 2, "{error}");
    }
}

#[test]
fn json_is_lines_of_json_and_nothing_else() {
    let world = World::with_case(1);
    let dir = world.export("bundle");
    fs::write(dir.join("data/extra"), "x").unwrap();
    let key = world.published_key().to_string();
    let (status, lines, _) = evidence(&["verify", dir.to_str().unwrap(), "--key", &key, "--json"]).unwrap();
    assert_eq!(status, 1);
    let lines: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["code"], "file-extra");
    assert_eq!(lines[0]["severity"], "broken");
    let verdict = lines.last().unwrap();
    assert_eq!((&verdict["verdict"], &verdict["key"]), (&"broken".into(), &key.into()));
    assert_eq!(verdict["findings"], lines.len() - 1);
}

#[test]
fn a_lead_opens_a_bundle_into_a_folder_of_their_own() {
    let world = World::with_case(1);
    let (dir, identity, out) = (world.export("bundle"), world.identity_file(), world.path("opened"));
    let arguments = [
        "open",
        dir.to_str().unwrap(),
        "--identity",
        identity.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ];
    let (status, words, told) = evidence(&arguments).unwrap();
    assert_eq!((status, told.contains("Opened 2 exhibits")), (0, true), "{told}");
    assert!(words.contains("content of 2 exhibits"), "{words}");
    assert_eq!(fs::read(out.join("raw/0001.json")).unwrap(), gateway_event(1));
    assert!(out.join("WITHHELD.txt").exists() && out.join("GAPS.txt").exists(), "they go where the words go");
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&out).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o700, "only its owner can enter");
    }
    let again = evidence(&arguments).unwrap_err();
    assert!(again.contains("does not exist yet"), "{again}");
}

#[test]
fn every_command_shows_an_example() {
    for command in [&["--help"][..], &["verify", "--help"], &["open", "--help"]] {
        assert!(evidence(command).unwrap_err().contains("Example:"), "{command:?}");
    }
}
