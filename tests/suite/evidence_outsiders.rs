//! Others come to the same result: Debian's age, sha256sum, openssl, and a verifier in Python that was written from
//! the specifications. Where one is not installed, the run says so.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use chaperone::evidence::{Identity, seal, verify};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;

use crate::authority::Authority;
use crate::evidence_case::{World, files_below, gateway_event, write_all};

/// True when `program` runs; says loudly what is skipped when it does not.
fn installed(program: &str, arguments: &[&str], skipped: &str) -> bool {
    let there = Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: {skipped}, because {program} is not installed");
    }
    there
}

fn shell(script: &str, dir: &Path) -> Output {
    Command::new("sh").arg("-c").arg(script).current_dir(dir).output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn debians_age_opens_what_was_sealed_and_shows_what_the_log_promised() {
    if !installed("age", &["--version"], "that age itself opens a bundle") {
        return;
    }
    let world = World::with_case(1);
    let dir = world.export("bundle");
    let identity = world.identity_file();
    let script = format!("age -d -i {} data/sealed/0001.age", identity.display());
    let plain = shell(&script, &dir);
    assert!(plain.status.success(), "{}", text(&plain));
    assert!(plain.stdout.starts_with(b"chaperone-exhibit/1\nsalt: "));
    assert!(plain.stdout.ends_with(&gateway_event(1)), "the exact bytes come last");
    let hash = text(&shell(&format!("{script} | sha256sum | cut -d' ' -f1"), &dir));
    assert_eq!(hash.trim(), world.case.exhibits[0].entry.commitment.to_string());
}

#[test]
fn what_debians_age_sealed_to_a_lead_opens_here() {
    if !installed("age", &["--version"], "that chaperone opens what age sealed") {
        return;
    }
    let (lead, dir) = (Identity::generate(), tempfile::tempdir().unwrap());
    for armour in ["", "-a"] {
        let sealed = shell(&format!("printf 'from age' | age {armour} -r {}", lead.recipient()), dir.path());
        assert_eq!(seal::open(&chaperone::evidence::Sealed(sealed.stdout), &lead).unwrap(), b"from age");
    }
}

/// The commands of VERIFY.txt itself, as an officer would paste them.
#[test]
fn the_commands_of_verify_txt_work_as_written() {
    if !installed("openssl", &["version"], "the commands of VERIFY.txt") {
        return;
    }
    let authority = Authority::new();
    let world = World::with_attested_case(2, Some(&authority));
    let dir = world.export_readable("bundle");
    fs::copy(authority.root(), dir.join("authority.pem")).unwrap();
    let instructions = fs::read_to_string(dir.join("VERIFY.txt")).unwrap();
    let commands: Vec<String> = instructions
        .lines()
        .map(str::trim)
        .filter(|line| {
            ["sha256sum", "tail", "head", "sed", "openssl", "od", "(echo"]
                .iter()
                .any(|tool| line.starts_with(tool))
        })
        .map(|line| {
            line.split("      (").next().unwrap().replace("/tmp/", &format!("{}/", world.path("").display()))
        })
        .collect();
    assert_eq!(commands.len(), 16, "{commands:#?}");
    let all = commands.join(" && ");
    let good = shell(&all, &dir);
    assert!(good.status.success(), "{}", text(&good));
    assert_eq!(text(&good).matches("Signature Verified Successfully").count(), 3, "{}", text(&good));
    assert!(
        text(&good).contains("Verification: OK") && text(&good).contains("Time stamp: "),
        "{}",
        text(&good)
    );
    let tag_manifest = text(&shell("sed -n 3p signature.txt", &dir));
    assert!(text(&good).contains(&format!("{}  tagmanifest-sha256.txt", tag_manifest.trim())));

    let signature = dir.join("signature.txt");
    let altered = fs::read_to_string(&signature).unwrap().replace("ARTS", "ARMS");
    fs::write(&signature, altered).unwrap();
    assert!(!shell(&all, &dir).status.success());
}

#[test]
fn an_independent_verifier_and_sha256sum_agree_on_good_and_bad_bundles() {
    let python = installed("python3", &["--version"], "the independent verifier");
    let authority =
        crate::authority::has_openssl("time stamps for the independent verifier").then(Authority::new);
    let world = World::with_attested_case(3, authority.as_ref());
    let mut bundles = vec![world.export("good"), world.export_readable("readable")];
    let original = files_below(&bundles[1]);
    let mut dice = StdRng::seed_from_u64(8493);
    let names: Vec<&String> = original.keys().collect();
    for number in 0..240 {
        let mut files = original.clone();
        let name = (*names.choose(&mut dice).unwrap()).clone();
        let middle = files[&name].len() / 2;
        match number % 4 {
            0 => drop(files.remove(&name)),
            1 => files.get_mut(&name).unwrap().truncate(middle),
            2 => files.get_mut(&name).unwrap()[middle] ^= 1,
            _ => files.get_mut(&name).unwrap().push(b'\n'),
        }
        let dir = world.path(&format!("bad-{number}"));
        write_all(&files, &dir);
        bundles.push(dir);
    }

    for dir in &bundles {
        let ours = verify::verify(dir, None).unwrap();
        let theirs = shell("sha256sum --quiet --strict -c tagmanifest-sha256.txt manifest-sha256.txt", dir);
        if ours.is_sound() {
            assert!(theirs.status.success(), "{}: {}", dir.display(), text(&theirs));
        }
        if ours
            .findings
            .iter()
            .any(|finding| finding.code == "file-altered" || finding.code == "file-missing")
        {
            assert!(!theirs.status.success(), "sha256sum accepts {}: {ours}", dir.display());
        }
    }
    if python {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/verify_bundle.py");
        let output = Command::new("python3").arg(script).args(&bundles).output().unwrap();
        let skipped = String::from_utf8_lossy(&output.stderr).into_owned();
        eprint!("{skipped}");
        let verdicts: Vec<&str> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
        assert_eq!(verdicts.len(), bundles.len(), "{verdicts:?}");
        for (number, (dir, verdict)) in bundles.iter().zip(verdicts).enumerate() {
            let ours = verify::verify(dir, None).unwrap();
            assert_eq!(ours.is_sound(), number < 2, "{}", dir.display());
            // Without the Ed25519 package the script cannot see what only a signature shows.
            let only_signatures = ours.findings.iter().all(|finding| finding.code == "signature");
            if skipped.is_empty() || ours.is_sound() || !only_signatures {
                assert_eq!(verdict.starts_with("ok "), ours.is_sound(), "{verdict}\n{ours}");
            }
        }
    }
}
