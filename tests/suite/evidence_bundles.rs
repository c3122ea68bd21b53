//! Bundles: written, verified, tampered with in hundreds of ways, opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chaperone::evidence::{
    Content, CosigningKey, Hash, Identity, Report, SigningKey, bundle, unseal, verify,
};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};

use crate::authority::{Authority, has_openssl};
use crate::evidence_case::{ORIGIN, PLANTED, World, files_below, gateway_event, write_all};

type Files = BTreeMap<String, Vec<u8>>;
type Change<'a> = &'a dyn Fn(&mut Files);

fn sound(dir: &Path) -> Report {
    let report = verify::verify(dir, None).unwrap();
    assert!(report.is_sound(), "{report}");
    report
}

fn codes(dir: &Path) -> Vec<&'static str> {
    verify::verify(dir, None).unwrap().findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_bundle_verifies_with_nothing_but_itself_and_says_what_it_does_not_prove() {
    let world = World::with_case(3);
    let report = sound(&world.export("bundle"));
    assert_eq!((report.exhibits, report.reference.as_deref()), (5, Some("ARTS-2026-0007")));
    let (proven, open) = (report.proven.join("\n"), report.not_proven.join("\n"));
    assert!(proven.contains("3 sealed files"), "{proven}");
    for doubt in ["Whose key it is", "a lead's identity", "no witness", "complete", "clocks", "1 erased"] {
        assert!(open.contains(doubt), "{doubt} is not among: {open}");
    }
    assert!(open.contains(&world.published_key().to_string()));
}

#[test]
fn without_an_identity_no_word_and_no_file_name_is_in_the_bundle() {
    let world = World::with_case(2);
    for (name, bytes) in files_below(&world.export("bundle")) {
        for secret in [PLANTED, "little", "name.png", "cdn.invalid", "A & B"] {
            assert!(
                !bytes.windows(secret.len()).any(|part| part == secret.as_bytes()),
                "{secret:?} stands in {name}"
            );
        }
    }
}

#[test]
fn the_same_case_gives_the_same_bytes() {
    let world = World::with_case(3);
    assert_eq!(files_below(&world.export("one")), files_below(&world.export("two")));
    let (one, two) = (world.export_readable("three"), world.export_readable("four"));
    assert_eq!(files_below(&one), files_below(&two));
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written_stays() {
    let world = World::with_case(1);
    let out = world.export("bundle");
    let before = files_below(&out);
    let refused = bundle::write(&world.case, &out, &world.key, None).unwrap_err().to_string();
    assert!(refused.contains("does not exist yet"), "{refused}");
    assert_eq!(files_below(&out), before);

    let mut wrong = world.case.clone();
    let Content::Sealed(sealed) = &mut wrong.exhibits[0].content else { unreachable!("the first is sealed") };
    sealed.0[50] ^= 1;
    let refused = bundle::write(&wrong, &world.path("wrong"), &world.key, None).unwrap_err().to_string();
    assert!(refused.contains("ABC/1"), "{refused}");
    let other = SigningKey::generate("other.example/evidence").unwrap();
    assert!(bundle::write(&world.case, &world.path("wrong"), &other, None).is_err());
    assert_eq!(fs::read_dir(world.path("")).unwrap().count(), 1, "only the good bundle is there");
}

#[test]
fn with_the_leads_identity_the_exact_bytes_and_a_page_to_read_are_there() {
    let world = World::with_case(2);
    let dir = world.export_readable("bundle");
    let report = sound(&dir);
    assert!(report.proven.iter().any(|line| line.contains("content of 3 exhibits")), "{report}");
    assert_eq!(fs::read(dir.join("data/readable/raw/0001.json")).unwrap(), gateway_event(1));
    let page = fs::read_to_string(dir.join("data/readable/timeline.html")).unwrap();
    assert!(page.contains("our little secret &lt;b&gt;ok&lt;/b&gt; 1"), "words are escaped");
    assert!(page.contains("withheld: image/png") && page.contains("A &amp; B"));
    for remote in ["http://", "https://", "src=", "href=", "url(", "<script", "@import"] {
        assert!(!page.contains(remote), "{remote} would load or lead somewhere");
    }
    let messages = fs::read_to_string(dir.join("data/readable/messages.jsonl")).unwrap();
    assert_eq!(messages.lines().count(), 2);
    assert!(messages.contains("\"exhibit\":\"ABC/2\"") && messages.contains(PLANTED));
}

#[test]
fn a_lead_opens_a_sealed_bundle_and_a_stranger_does_not() {
    let world = World::with_case(2);
    let dir = world.export("bundle");
    let unsealed = unseal::unseal(&dir, Some(world.published_key()), &world.lead).unwrap();
    assert!(unsealed.report.is_sound(), "{}", unsealed.report);
    assert_eq!((unsealed.opened, unsealed.closed), (3, 0));
    let out = world.path("opened");
    unseal::write_unsealed(&unsealed.files, &out).unwrap();
    assert_eq!(fs::read(out.join("raw/0002.json")).unwrap(), gateway_event(2));
    assert!(unseal::write_unsealed(&unsealed.files, &out).is_err(), "an existing folder is not touched");

    let stranger = unseal::unseal(&dir, None, &Identity::generate()).unwrap();
    assert_eq!((stranger.opened, stranger.closed), (1, 2), "only the act that was never sealed");
}

/// One thing that somebody might do to a bundle's files; the words say which.
fn tamper(files: &mut Files, dice: &mut StdRng) -> String {
    let names: Vec<String> = files.keys().cloned().collect();
    let name = names.choose(dice).unwrap().clone();
    let other = names.choose(dice).unwrap().clone();
    let length = files[&name].len();
    let file = files.get_mut(&name).unwrap();
    match dice.gen_range(0..9) {
        0 | 1 if length > 0 => {
            let (byte, bit) = (dice.gen_range(0..length), dice.gen_range(0..8));
            file[byte] ^= 1 << bit;
            format!("flip bit {bit} of byte {byte} of {name}")
        }
        2 if length > 0 => {
            let cut = dice.gen_range(0..length);
            file.truncate(cut);
            format!("cut {name} to {cut} bytes")
        }
        3 => {
            file.push(dice.gen_range(0..=255));
            format!("append a byte to {name}")
        }
        4 => {
            let bytes = files[&other].clone();
            files.insert(name.clone(), bytes);
            format!("replace {name} by {other}")
        }
        5 => {
            let (a, b) = (files[&name].clone(), files[&other].clone());
            files.insert(name.clone(), b);
            files.insert(other.clone(), a);
            format!("swap {name} and {other}")
        }
        6 => {
            let mut lines: Vec<&[u8]> = file.split_inclusive(|byte| *byte == b'\n').collect();
            lines.shuffle(dice);
            *file = lines.concat();
            format!("reorder the lines of {name}")
        }
        7 => {
            let noise: Vec<u8> = (0..dice.gen_range(0..300)).map(|_| dice.r#gen()).collect();
            files.insert(format!("data/sealed/{:04}.age", dice.gen_range(50..60)), noise);
            "add a sealed file".to_owned()
        }
        _ => {
            files.remove(&name);
            format!("remove {name}")
        }
    }
}

/// What somebody without the key can do after tampering: make every hash list agree again.
fn rewrite_manifests(files: &mut Files) {
    let list = |files: &Files, belongs: &dyn Fn(&str) -> bool| {
        files
            .iter()
            .filter(|(name, _)| belongs(name))
            .map(|(name, bytes)| format!("{}  {name}\n", Hash::of(bytes)))
            .collect::<Vec<_>>()
            .concat()
    };
    let payload = |name: &str| name.starts_with("data/");
    let count = files.keys().filter(|name| payload(name)).count();
    let octets: usize = files.iter().filter(|(name, _)| payload(name)).map(|(_, bytes)| bytes.len()).sum();
    if let Some(info) = files.get_mut("bag-info.txt") {
        let text = String::from_utf8_lossy(info).into_owned();
        let kept: Vec<&str> = text.lines().filter(|line| !line.starts_with("Payload-Oxum")).collect();
        *info = format!("{}\nPayload-Oxum: {octets}.{count}\n", kept.join("\n")).into_bytes();
    }
    let manifest = list(files, &payload);
    files.insert("manifest-sha256.txt".into(), manifest.into_bytes());
    let tags =
        list(files, &|name| !payload(name) && name != "tagmanifest-sha256.txt" && name != "signature.txt");
    files.insert("tagmanifest-sha256.txt".into(), tags.into_bytes());
}

#[test]
fn what_others_outside_said_of_the_log_is_proven_and_what_they_did_not_is_not() {
    let world = World::with_attested_case(3, None);
    let dir = world.export("bundle");
    let report = sound(&dir);
    let (proven, open) = (report.proven.join("\n"), report.not_proven.join("\n"));
    assert!(proven.contains("witness trustee.example/w had seen the log with"), "{proven}");
    assert!(proven.contains(": 1 of the 5 exhibits") && proven.contains(": 5 of the 5 exhibits"), "{proven}");
    assert!(open.contains(&format!("--witness): {}", world.witness_key())), "{open}");
    assert!(!open.contains("no witness"), "{open}");
    // The bundle's own checkpoint is cosigned: the proofs are whole for any program that reads tlog-proof.
    let proof = fs::read_to_string(dir.join("data/proofs/0001.tlog-proof")).unwrap();
    assert!(proof.contains("— trustee.example/w "), "{proof}");

    let known = |witness| verify::Known { log: None, witnesses: std::slice::from_ref(witness) };
    let mine = world.witness_key();
    let report = verify::verify_knowing(&dir, &known(&mine)).unwrap();
    assert!(report.is_sound() && !report.not_proven.join("\n").contains("Whose key the witness"), "{report}");
    let another = CosigningKey::generate("trustee.example/w").unwrap().public();
    let report = verify::verify_knowing(&dir, &known(&another)).unwrap();
    assert_eq!(report.findings[0].code, "not-cosigned");

    // Without the last cosignature, what came after the first is not attested.
    let mut earlier = World::with_attested_case(3, None);
    earlier.case.attested.truncate(1);
    let report = sound(&earlier.export("earlier"));
    assert!(report.not_proven.iter().any(|line| line.starts_with("That the last 4 exhibits")), "{report}");
}

#[test]
fn an_attestation_that_does_not_hold_is_not_written() {
    let mut world = World::with_attested_case(2, None);
    let (other, line) = (CosigningKey::generate("trustee.example/w").unwrap().public(), 0);
    world.case.attested[line].cosignatures[0].0 = other;
    let refused = bundle::write(&world.case, &world.path("x"), &world.key, None).unwrap_err().to_string();
    assert!(refused.contains("the attested state of"), "{refused}");
}

#[test]
fn a_bundle_sealed_to_somebody_is_the_same_bundle_once_opened() {
    let world = World::with_attested_case(2, None);
    let (police, stranger) = (Identity::generate(), Identity::generate());
    let sealed = world.path("case.age");
    let recipients = [police.recipient()];
    let hash =
        bundle::write_sealed(&world.case, &sealed, &world.key, Some(&world.lead), &recipients).unwrap();
    let bytes = fs::read(&sealed).unwrap();
    assert!(!bytes.windows(PLANTED.len()).any(|part| part == PLANTED.as_bytes()));
    let left: Vec<_> =
        fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["case.age"], "nothing else stands on the disk");
    assert!(unseal::open_sealed(&sealed, &stranger).is_err());

    let files: Files = unseal::open_sealed(&sealed, &police).unwrap().into_iter().collect();
    let folder = world.export_readable("folder");
    assert_eq!(files, files_below(&folder));
    assert_eq!(Hash::of(&files["tagmanifest-sha256.txt"]), hash);
    assert!(
        bundle::write_sealed(&world.case, &sealed, &world.key, None, &recipients).is_err(),
        "not overwritten"
    );
    assert_eq!(fs::read(&sealed).unwrap(), bytes);
}

#[test]
fn the_papers_and_the_chat_export_are_there_and_say_no_word_that_they_must_not() {
    let world = World::with_case(2);
    let dir = world.export_readable("bundle");
    let custody = fs::read_to_string(dir.join("data/CUSTODY.txt")).unwrap();
    let statement = fs::read_to_string(dir.join("data/STATEMENT.txt")).unwrap();
    assert!(custody.contains("ABC/1  exhibit") && custody.contains("looked at by the DSL"), "{custody}");
    assert!(custody.contains("erased by a retention rule") && !custody.contains("page sent"), "{custody}");
    assert!(statement.contains("as ABC/1 to ABC/4") && statement.contains("ARTS-2026-0007"), "{statement}");
    let observed = fs::read_to_string(dir.join("data/observations.jsonl")).unwrap();
    assert!(observed.contains("\"exhibit\":\"ABC/1\""), "{observed}");
    for text in [&custody, &statement, &observed] {
        assert!(!text.contains(PLANTED) && !text.contains("A & B"));
    }
    let chat = fs::read_to_string(dir.join("data/readable/discord/77.json")).unwrap();
    let chat: serde_json::Value = serde_json::from_str(&chat).unwrap();
    assert_eq!((&chat["messageCount"], &chat["messages"][0]["id"]), (&2.into(), &"901".into()));
    assert_eq!(chat["messages"][0]["attachments"][0]["url"], "", "nothing that a viewer would load");
    assert!(!chat.to_string().contains("cdn.invalid"));
    let withheld = fs::read_to_string(dir.join("data/WITHHELD.txt")).unwrap();
    for advice in ["Do not look", "Do not copy", "Do not delete", "Report Remove", "999"] {
        assert!(withheld.contains(advice), "{advice}");
    }
}

#[test]
fn three_hundred_ways_to_tamper_are_each_found() {
    let authority = has_openssl("tampering with time stamps").then(Authority::new);
    let world = World::with_attested_case(3, authority.as_ref());
    let original = files_below(&world.export_readable("bundle"));
    let mut dice = StdRng::seed_from_u64(6962);
    let (mut tried, mut clever) = (0, 0);
    while tried < 300 {
        let mut files = original.clone();
        let mut done = tamper(&mut files, &mut dice);
        if dice.gen_bool(0.5) {
            rewrite_manifests(&mut files);
            done.push_str(", and make the manifests agree");
            clever += 1;
        }
        if files == original {
            continue;
        }
        tried += 1;
        let dir = world.path(&format!("tampered-{tried}"));
        write_all(&files, &dir);
        let report = verify::verify(&dir, None).unwrap();
        assert!(!report.is_sound() && report.proven.is_empty(), "not found: {done}");
        if tried % 10 == 0 {
            // Nor does opening a tampered bundle stumble.
            unseal::unseal(&dir, None, &world.lead).unwrap();
        }
        fs::remove_dir_all(dir).unwrap();
    }
    assert!(clever > 100);
}

#[test]
fn each_kind_of_tampering_has_its_name() {
    let world = World::with_attested_case(2, None);
    let original = files_below(&world.export("bundle"));
    let attested = |which: usize, name: &str| {
        let size = world.case.attested[which].checkpoint.checkpoint().size;
        format!("data/proofs/attested/{size:010}/{name}")
    };
    let (first, last) = (|name: &str| attested(0, name), |name: &str| attested(1, name));
    let found = |name: &str, change: Change| {
        let mut files = original.clone();
        change(&mut files);
        rewrite_manifests(&mut files);
        let dir = world.path(name);
        write_all(&files, &dir);
        codes(&dir)
    };
    let line = |from: &'static str, to: &'static str| {
        move |files: &mut Files| {
            let text = String::from_utf8(files["data/entries.jsonl"].clone()).unwrap();
            assert!(text.contains(from));
            files.insert("data/entries.jsonl".into(), text.replace(from, to).into_bytes());
        }
    };
    let cases: [(&str, Change); 11] = [
        ("proof", &line("\"index\":1,", "\"index\":0,")),
        ("sealed", &|files| {
            let two = files["data/sealed/0002.age"].clone();
            files.insert("data/sealed/0001.age".into(), two);
        }),
        ("proof", &|files| {
            let two = files["data/proofs/0002.tlog-proof"].clone();
            files.insert("data/proofs/0001.tlog-proof".into(), two);
        }),
        ("commitment", &|files| files.get_mut("data/open/0003.exhibit").unwrap().push(b'!')),
        ("checkpoint", &|files| files.get_mut("data/proofs/checkpoint.txt").unwrap()[25] ^= 1),
        ("entry-contradicts", &line("\"arts\"", "\"arms\"")),
        ("entries-order", &line("ABC/2", "ABC/1")),
        ("entry-malformed", &line("\"index\":", "\"index\": ")),
        ("attested-proof", &|files| {
            let text = String::from_utf8(files[&first("continues.txt")].clone()).unwrap();
            files.insert(first("continues.txt"), text.replacen("old ", "old 1", 1).into_bytes());
        }),
        ("cosignature", &|files| {
            let other = files[&last("cosignatures.txt")].clone();
            files.insert(first("cosignatures.txt"), other);
        }),
        ("attested-checkpoint", &|files| {
            let other = files[&last("checkpoint.txt")].clone();
            files.insert(first("checkpoint.txt"), other);
        }),
    ];
    for (code, change) in cases {
        let found = found(code, change);
        assert!(found.contains(&code) && found.contains(&"signature"), "{code}: {found:?}");
    }
}

#[test]
fn a_forged_installation_is_unmasked_by_the_published_key() {
    let world = World::with_case(1);
    let forged = World::with_case(1);
    assert_eq!(forged.published_key().name(), ORIGIN);
    let dir = forged.export("bundle");
    // By itself it is a good bundle of somebody: the report asks to compare the key.
    assert!(sound(&dir).not_proven[0].contains("Whose key"));
    let report = verify::verify(&dir, Some(world.published_key())).unwrap();
    assert_eq!(report.findings[0].code, "key-differs");
    let genuine = verify::verify(&world.export("bundle"), Some(world.published_key())).unwrap();
    assert!(genuine.is_sound() && !genuine.not_proven.iter().any(|line| line.contains("Whose key")));
}

#[test]
fn sealed_content_that_is_not_what_was_promised_is_named_when_opened() {
    // The host cannot read, but it can seal something else and log its ciphertext under the old commitment.
    let mut world = World::with_case(1);
    let other = world.case.exhibits[0].entry.commitment;
    world.case.exhibits[0].entry.commitment = Hash::of(b"something else was promised");
    assert_ne!(other, world.case.exhibits[0].entry.commitment);
    let leaf = world.case.exhibits[0].entry.leaf_hash();
    let mut tree = chaperone::evidence::Tree::empty();
    tree.append(leaf);
    world.case.exhibits.truncate(1);
    world.case.exhibits[0].proof = chaperone::evidence::InclusionProof { index: 0, size: 1, path: vec![] };
    world.case.checkpoint = world.key.sign(&tree, None).unwrap();
    let dir = world.export("bundle");
    sound(&dir);
    let unsealed = unseal::unseal(&dir, None, &world.lead).unwrap();
    assert_eq!(unsealed.report.findings[0].code, "commitment");
    assert_eq!(unsealed.opened, 0);
    assert!(bundle::write(&world.case, &world.path("readable"), &world.key, Some(&world.lead)).is_err());
}

#[test]
fn what_is_no_bundle_cannot_run_or_is_broken_but_never_panics() {
    let world = World::with_case(1);
    let missing = verify::verify(&world.path("nothing"), None).unwrap_err().to_string();
    assert!(missing.contains("bagit.txt") && missing.lines().count() == 2, "{missing}");
    fs::create_dir(world.path("empty")).unwrap();
    assert!(codes(&world.path("empty")).contains(&"bag-declaration"));

    let original = files_below(&world.export("bundle"));
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = "9".repeat(1 << 20);
    let odd: [&[u8]; 5] =
        [b"", b"\xff\xfe\x00", nested.as_bytes(), huge.as_bytes(), b"{\"number\":18446744073709551615}\n"];
    for (number, name) in original.keys().enumerate() {
        for (kind, bytes) in odd.iter().enumerate() {
            let mut files = original.clone();
            if files.insert(name.clone(), bytes.to_vec()).is_some_and(|before| before == *bytes) {
                continue;
            }
            if !name.contains("manifest") {
                rewrite_manifests(&mut files);
            }
            let dir = world.path(&format!("odd-{number}-{kind}"));
            write_all(&files, &dir);
            let unsealed = unseal::unseal(&dir, None, &world.lead).unwrap();
            assert!(!unsealed.report.is_sound(), "{name} {kind}");
        }
    }
}
