//! The evidence log as others outside know it: a witness that cosigns it, an authority that stamps it, and what happens
//! when a database was put back from an old backup.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chaperone::app::attest::Attest;
use chaperone::app::export::{How, export_case};
use chaperone::app::keep;
use chaperone::domain::event::Ended;
use chaperone::domain::{CaseRef, Effect, Event, Fact, Level};
use chaperone::evidence::timestamp::Stamp;
use chaperone::evidence::verify::{Known, verify_knowing};
use chaperone::evidence::{SignedCheckpoint, SigningKey, VerifierKey, WitnessKey};
use chaperone::store::{Attested, Store, StoredAttestation};

use crate::authority::{Authority, Trustee, has_openssl};
use crate::evidence_case::files_below;
use crate::world::{CLUB, World, days, minutes, seconds, story, story_with};

fn key_file(w: &World) -> PathBuf {
    w.database().with_file_name("keys").join("log-signing.key")
}

fn log_key(w: &World) -> VerifierKey {
    SigningKey::load(&key_file(w)).unwrap().verifier_key().clone()
}

/// A witness' address and key, which are known only once it runs.
#[derive(Clone, Default)]
struct Settled(Arc<OnceLock<(String, WitnessKey)>>);

impl Settled {
    /// One for whoever starts the witness, one for the bot's settings.
    fn twice() -> (Settled, Settled) {
        let settled = Settled::default();
        (settled.clone(), settled)
    }

    fn are_those_of(&self, trustee: &Trustee) {
        self.0.set((trustee.url.clone(), trustee.key.clone())).unwrap();
    }

    fn attest(&self) -> Attest {
        Attest { witness: self.0.get().cloned(), ..Attest::default() }
    }
}

/// Waits until so many states of the log are attested, and nothing is under way.
async fn attested(w: &World, kind: Attested, count: usize) -> Vec<StoredAttestation> {
    let waiting = async {
        loop {
            w.settle().await;
            let mut said = w.store().await.attestations(1 << 40).await.unwrap();
            said.retain(|one| one.kind == kind);
            if said.len() >= count {
                return said;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("the log is attested")
}

/// Waits until asking the witness has failed.
async fn refused(w: &World) -> String {
    let waiting = async {
        loop {
            w.settle().await;
            let failed = w.facts().await.into_iter().find_map(|(_, fact)| match fact {
                Fact::Outcome { effect: Effect::Cosign { .. }, ended: Ended::Failed { why }, .. } => {
                    Some(why)
                }
                _ => None,
            });
            if let Some(why) = failed {
                w.settle().await;
                return why;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("the witness refuses")
}

/// So many entries of the log that call nobody.
async fn grow(w: &World, entries: usize) {
    for _ in 0..entries {
        let (from, until) = (w.now().minus(seconds(2)), w.now());
        w.hears(Event::Gap { from, until, why: "session-lost".to_owned() }).await;
    }
}

#[tokio::test]
async fn a_witness_cosigns_the_log_every_day_and_nobody_is_called_for_that() {
    let dir = tempfile::tempdir().unwrap();
    let (settled, given) = Settled::twice();
    story_with(
        move |settings| settings.attest = given.attest(),
        |w| async move {
            w.bot_down().await;
            let trustee = Trustee::up(dir.path(), log_key(&w), w.clock().clone()).await;
            settled.are_those_of(&trustee);
            w.bot_up().await;
            attested(&w, Attested::Cosignature, 1).await;
            grow(&w, 5).await;
            for day in 2..4 {
                w.advance(days(1)).await;
                w.advance(minutes(30)).await;
                attested(&w, Attested::Cosignature, day).await;
            }
            let store = w.store().await;
            for said in store.attestations(1 << 40).await.unwrap() {
                let note = store.checkpoint_of(said.size).await.unwrap().unwrap();
                let checkpoint = SignedCheckpoint::verify(&note, &log_key(&w)).unwrap();
                trustee.key.verify(checkpoint.body(), std::str::from_utf8(&said.body).unwrap()).unwrap();
            }
            trustee.down().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_bundle_says_what_the_witness_had_seen_by_when_and_is_the_same_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let (settled, given) = Settled::twice();
    story_with(
        move |settings| settings.attest = given.attest(),
        |w| async move {
            w.bot_down().await;
            let trustee = Trustee::up(dir.path(), log_key(&w), w.clock().clone()).await;
            settled.are_those_of(&trustee);
            w.bot_up().await;
            let before = attested(&w, Attested::Cosignature, 1).await[0].size;
            let said = w.kys().await;
            w.message_is_hidden(said);
            w.kys_is_over().await;
            w.advance(days(1)).await;
            w.advance(minutes(30)).await;
            let after = attested(&w, Attested::Cosignature, 2).await[1].size;
            w.advance(minutes(60)).await;

            let (store, key) = (w.store().await, SigningKey::load(&key_file(&w)).unwrap());
            let export = async |name: &str, at: Option<u64>| {
                let (out, how) = (dir.path().join(name), How { at, initials: "ABC", ..How::default() });
                export_case(&store, CLUB, CaseRef(1), &key, &how, &out).await.map(|_| out)
            };
            let bundle = export("bundle", None).await.unwrap();
            let known =
                Known { log: Some(key.verifier_key()), witnesses: std::slice::from_ref(&trustee.key) };
            let report = verify_knowing(&bundle, &known).unwrap();
            assert!(report.is_sound(), "{report}");
            let (seen, line) = (format!("the log with {after} entries"), report.proven.join("\n"));
            assert!(line.contains(&seen) && line.contains("trustee.example/w"), "{report}");
            assert!(
                report.exhibits > 2
                    && std::fs::read_to_string(bundle.join("data/entries.jsonl")).unwrap().contains("ABC/1")
            );
            let observed = std::fs::read_to_string(bundle.join("data/observations.jsonl")).unwrap();
            assert!(
                observed.contains("suicide-encouragement") && observed.contains("\"exhibit\":\"ABC/"),
                "{observed}"
            );

            // At the state that the witness signed: the same bytes each time, its cosignature on the checkpoint itself.
            let (one, two) =
                (export("one", Some(after)).await.unwrap(), export("two", Some(after)).await.unwrap());
            assert_eq!(files_below(&one), files_below(&two));
            assert!(verify_knowing(&one, &known).unwrap().is_sound());
            let checkpoint = std::fs::read_to_string(one.join("data/proofs/checkpoint.txt")).unwrap();
            assert!(checkpoint.contains("— trustee.example/w "), "{checkpoint}");
            // Before there was a case there is none; a size that was never signed is told with those nearest.
            let none = export("none", Some(before)).await.unwrap_err().to_string();
            assert!(none.contains("there is no case"), "{none}");
            let never = export("never", Some(1 << 40)).await.unwrap_err().to_string();
            assert!(never.contains("nearest are"), "{never}");
            trustee.down().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_log_that_was_put_back_and_grown_differently_is_refused_and_the_dsl_is_called() {
    let dir = tempfile::tempdir().unwrap();
    let (settled, given) = Settled::twice();
    story_with(
        move |settings| settings.attest = given.attest(),
        |w| async move {
            grow(&w, 10).await;
            w.bot_down().await;
            // A backup; then a day goes by that the witness signs.
            let backup = std::fs::read(w.database()).unwrap();
            let mut trustee = Trustee::up(dir.path(), log_key(&w), w.clock().clone()).await;
            settled.are_those_of(&trustee);
            w.bot_up().await;
            attested(&w, Attested::Cosignature, 1).await;
            grow(&w, 8).await;
            w.advance(days(1)).await;
            w.advance(minutes(30)).await;
            attested(&w, Attested::Cosignature, 2).await;
            w.bot_down().await;
            // Somebody puts the backup back, with everything that would tell, and lets another history grow.
            std::fs::write(w.database(), backup).unwrap();
            std::fs::remove_file(key_file(&w).with_extension("checkpoint")).unwrap();
            {
                let store = Store::open(&w.database().display().to_string()).await.unwrap();
                store.close().await;
            }
            w.pass(minutes(1));
            w.bot_up().await;
            let why = refused(&w).await;
            assert!(
                why.contains("the witness refused (it has signed"),
                "still shorter than what it signed: {why}"
            );
            w.next_page("dsl").is_about(1, Level::Serious, "integrity");
            w.dsl().acknowledges().await;
            // Grown past what the witness signed, it cannot be shown to continue that.
            grow(&w, 30).await;
            let found = async {
                loop {
                    w.advance(minutes(4)).await;
                    if w.is_paged("dsl") {
                        w.next_page("dsl");
                        w.dsl().acknowledges().await;
                    }
                    if let Ok(fork) = trustee.forks.try_recv() {
                        return fork;
                    }
                    tokio::task::yield_now().await;
                }
            };
            let fork = tokio::time::timeout(Duration::from_mins(1), found)
                .await
                .expect("the witness finds the fork");
            assert!(fork.offered > fork.cosigned && fork.file.exists(), "{fork:?}");
            w.settle().await;
            w.advance(minutes(1)).await;
            if w.is_paged("dsl") {
                w.next_page("dsl");
                w.dsl().acknowledges().await;
            }
            w.read_everything();
            trustee.down().await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_database_behind_its_own_last_signature_does_not_start() {
    story(|w| async move {
        w.bot_down().await;
        let backup = std::fs::read(w.database()).unwrap();
        w.bot_up().await;
        grow(&w, 3).await;
        w.bot_down().await;
        let newest = std::fs::read(w.database()).unwrap();
        std::fs::write(w.database(), backup).unwrap();
        let store = Store::open(&w.database().display().to_string()).await.unwrap();
        let key = SigningKey::load(&key_file(&w)).unwrap();
        let why =
            keep::check_log(&store, &key, &key_file(&w).with_extension("checkpoint")).await.unwrap_err();
        store.close().await;
        let why = why.to_string();
        assert!(why.contains("behind itself") && why.contains("restore the newest copy"), "{why}");
        // With the newest copy put back it goes on.
        std::fs::write(w.database(), newest).unwrap();
        w.bot_up().await;
    })
    .await;
}

#[tokio::test]
async fn a_log_whose_key_is_missing_gets_no_other_key() {
    story(|w| async move {
        w.bot_down().await;
        let (file, away) = (key_file(&w), key_file(&w).with_extension("away"));
        std::fs::rename(&file, &away).unwrap();
        let store = Store::open(&w.database().display().to_string()).await.unwrap();
        let why = keep::signing_key(&file, "Art Club", &store).await.unwrap_err().to_string();
        assert!(why.contains("is missing") && why.contains("put it back"), "{why}");
        assert!(!file.exists(), "no other key is made");
        store.close().await;
        std::fs::rename(&away, &file).unwrap();
        w.bot_up().await;
    })
    .await;
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_a_finding_and_a_small_correction_is_none() {
    story(|w| async move {
        grow(&w, 1).await;
        w.clock().step_to(w.now().minus(seconds(20)));
        grow(&w, 1).await;
        let set_back =
            |fact: &Fact| matches!(fact, Fact::Observed(seen) if seen.code.name() == "clock-set-back");
        assert_eq!(w.count(set_back).await, 0);
        w.clock().step_to(w.now().minus(minutes(10)));
        grow(&w, 3).await;
        assert_eq!(w.count(set_back).await, 1, "told once");
        w.advance(days(1)).await;
        w.read_everything_from_leads();
    })
    .await;
}

#[tokio::test]
async fn an_authority_stamps_the_log_and_openssl_agrees() {
    if !has_openssl("time stamps of an authority") {
        return;
    }
    let authority = Authority::new();
    let url = authority.serve().await;
    let stamping = url.clone();
    story_with(
        move |settings| settings.attest = Attest { authority: Some(stamping.clone()), ..Attest::default() },
        |w| async move {
            let said = attested(&w, Attested::Stamp, 1).await;
            let note = w.store().await.checkpoint_of(said[0].size).await.unwrap().unwrap();
            let folder = tempfile::tempdir().unwrap();
            let (data, response) = (folder.path().join("checkpoint.txt"), folder.path().join("stamp.tsr"));
            std::fs::write(&data, &note).unwrap();
            std::fs::write(&response, &said[0].body).unwrap();
            assert!(authority.verifies(&data, &response));
            let stamp = Stamp::read(&said[0].body).unwrap();
            assert!(stamp.is_about(note.as_bytes()) && !stamp.is_about(b"something else"));
            // A byte of the checkpoint, and a byte of the response's content: neither goes unnoticed.
            std::fs::write(&data, note.replace('\n', "\r\n")).unwrap();
            assert!(!authority.verifies(&data, &response));
            let imprint = chaperone::evidence::Hash::of(note.as_bytes());
            let at = said[0].body.windows(32).position(|part| part == imprint.as_bytes()).unwrap();
            let mut altered = said[0].body.clone();
            altered[at] ^= 1;
            assert!(Stamp::read(&altered).is_err(), "the signature covers other content");
        },
    )
    .await;
}

#[tokio::test]
async fn a_witness_that_is_away_is_a_line_of_the_digest_and_not_a_page() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let key = chaperone::evidence::CosigningKey::generate("trustee.example/w").unwrap().public();
    story_with(
        move |settings| {
            settings.attest =
                Attest { witness: Some((format!("http://{nobody}"), key.clone())), ..Attest::default() };
        },
        |w| async move {
            let gone =
                |fact: &Fact| matches!(fact, Fact::Observed(seen) if seen.code.name() == "not-attested");
            let waiting = async {
                while w.count(gone).await == 0 {
                    w.advance(minutes(1)).await;
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_mins(1), waiting).await.expect("somebody notices");
            w.no_page("dsl");
            w.read_everything_from_leads();
        },
    )
    .await;
}
