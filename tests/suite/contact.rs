//! The rules of supervised contact, a rehearsal script each: the breach, and its nearest innocent neighbour that must
//! stay quiet. Each runs as a charity would run it: `chaperone rehearse --script … --instant --once`.

use std::path::PathBuf;
use std::process::Command;

use chaperone::contact::rules::settings::RULES;
use chaperone::domain::Code;

fn scripts() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/suite/contact");
    let mut scripts: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scripts.sort();
    scripts
}

#[test]
fn every_script_of_a_rule_holds() {
    let scripts = scripts();
    let mut failed = Vec::new();
    // Two at a time: each is a whole house with its sockets.
    for pair in scripts.chunks(2) {
        let running: Vec<_> = pair
            .iter()
            .map(|script| {
                let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
                command.args(["rehearse", "--instant", "--once", "--script"]).arg(script);
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
                (script, command.spawn().unwrap())
            })
            .collect();
        for (script, child) in running {
            let output = child.wait_with_output().unwrap();
            if !output.status.success() {
                let (told, errors) =
                    (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                failed.push(format!("{}\n{told}{errors}", script.display()));
            }
        }
    }
    assert!(failed.is_empty(), "{} of {} scripts:\n{}", failed.len(), scripts.len(), failed.join("\n----\n"));
}

#[test]
fn every_rule_has_a_script_that_finds_it_and_one_in_which_it_stays_quiet() {
    let all: String = scripts().iter().map(|script| std::fs::read_to_string(script).unwrap()).collect();
    // What a script cannot bring about on the rehearsal platform is in the engine's own tests.
    let elsewhere = [Code::FilterChanged, Code::ConnectionAdded, Code::LockUndoneBySubject];
    for rule in RULES.iter().filter(|rule| !elsewhere.contains(&rule.code)) {
        let found = [format!("noticed = \"{}\"", rule.code), format!("codes = [\"{}\"]", rule.code)];
        let quiet = format!("not_noticed = \"{}\"", rule.code);
        let expected = all.lines().filter(|line| !line.contains(&quiet));
        assert!(
            expected.clone().any(|line| found.iter().any(|f| line.contains(f))),
            "{}: no breach",
            rule.code
        );
        assert!(all.contains(&quiet), "{}: no innocent neighbour", rule.code);
    }
}
