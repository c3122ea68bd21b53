//! Benchmarks of evidence: the log at growing sizes, durable entries, a large case exported and verified.
//!
//! ```text
//! cargo bench --bench evidence                 up to 10,000,000 leaves in memory, 200,000 in the store
//! CHAPERONE_BENCH_LEAVES=1000000 …             fewer
//! ```
//!
//! The stored hashes of the log stand in memory here (64 bytes a leaf); how the store reads and writes them is measured
//! apart, with SQLite and full durability.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chaperone::domain::{Fact, Timestamp};
use chaperone::evidence::commitment::header;
use chaperone::evidence::{
    BundledExhibit, CaseFile, CaseKey, Class, ConsistencyProof, Content, Entry, Exhibit, Hash, Identity,
    InclusionProof, Salt, SigningKey, Tree, bundle, verify,
};
use chaperone::store::{Batch, Store, StoredEntry, StoredFact};

const PROOFS: usize = 2_000;
const BATCH: usize = 256;
const MESSAGES: usize = 10_000;

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Microseconds for each of `count`.
fn micros(elapsed: Duration, count: usize) -> f64 {
    elapsed.as_secs_f64() * 1e6 / f64::from(u32::try_from(count).unwrap())
}

fn main() {
    let most: u64 =
        std::env::var("CHAPERONE_BENCH_LEAVES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000_000);
    in_memory(most);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(durable(200_000));
    a_large_case();
}

/// Appending, proving and signing at growing sizes: the cost has to stay flat.
fn in_memory(most: u64) {
    println!(
        "log in memory: size, append ns/leaf, inclusion proof µs (make + check), consistency proof µs, checkpoint µs"
    );
    let key = SigningKey::generate("bench/log").unwrap();
    let mut hashes: Vec<Hash> = Vec::with_capacity(usize::try_from(2 * most).unwrap());
    let mut tree = Tree::empty();
    let mut next = 10_000;
    let mut began = now();
    let mut from = 0;
    while tree.size() < most {
        let leaf = Hash::of(&tree.size().to_be_bytes());
        hashes.extend(tree.append(leaf).into_iter().map(|row| row.hash));
        if tree.size() == next {
            let append = began.elapsed().as_nanos() / u128::from(next - from);
            let size = tree.size();
            let started = now();
            for turn in 0..PROOFS as u64 {
                let index = turn * 7_919 % size;
                let proof = InclusionProof::make(index, size, hashes.as_slice()).unwrap();
                proof.check(Hash::of(&index.to_be_bytes()), tree.root()).unwrap();
            }
            let inclusion = micros(started.elapsed(), PROOFS);
            let started = now();
            for turn in 0..PROOFS as u64 {
                let old = 1 + turn * 7_919 % size;
                ConsistencyProof::make(old, size, hashes.as_slice()).unwrap();
            }
            let consistency = micros(started.elapsed(), PROOFS);
            let started = now();
            for _ in 0..PROOFS {
                key.sign(&tree, None).unwrap();
            }
            let checkpoint = micros(started.elapsed(), PROOFS);
            println!("{size:>12} {append:>8} {inclusion:>10.1} {consistency:>10.1} {checkpoint:>10.1}");
            from = next;
            next *= 10;
            began = now();
        }
    }
    println!("  {} stored hashes for {most} leaves, {} MB", hashes.len(), hashes.len() * 32 / 1_000_000);
}

/// Entries with their facts, hashes and checkpoints in SQLite, each batch on the disk before the next.
async fn durable(entries: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bench.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    let key = SigningKey::generate("bench/log").unwrap();
    let mut tree = Tree::empty();
    let mut began = now();
    let mut done = 0;
    println!(
        "log in SQLite (FULL), batches of {BATCH}: entries, entries/s of the last part, bytes/entry on disk"
    );
    while done < entries {
        let mut batch = Batch::default();
        for _ in 0..BATCH {
            let fact = Fact::Started { software: "bench".into() };
            let salt = Salt::random();
            let exhibit = Exhibit::new(salt, serde_json::to_vec(&fact).unwrap());
            let entry = Entry {
                class: Class::START,
                organisation: "bench".into(),
                at: Timestamp(0),
                received_at: None,
                commitment: exhibit.commitment(),
                ciphertext: None,
                software: "chaperone bench".into(),
            };
            let index = tree.size();
            batch
                .hashes
                .extend(tree.append(entry.leaf_hash()).into_iter().map(|row| (row.index, row.hash.0)));
            batch.entries.push(StoredEntry { index, bytes: entry.encode() });
            batch.facts.push(StoredFact {
                organisation: "bench".into(),
                at: Timestamp(0),
                fact,
                entry: index,
                salt: salt.to_bytes(),
            });
        }
        batch.checkpoint = Some(key.sign(&tree, None).unwrap().text().to_owned());
        store.commit(&batch).await.unwrap();
        done += BATCH;
        if done % (entries / 4 / BATCH * BATCH) == 0 {
            let rate = 1e6 / micros(began.elapsed(), entries / 4);
            let bytes: u64 = ["", "-wal"]
                .iter()
                .filter_map(|end| std::fs::metadata(format!("{}{end}", path.display())).ok())
                .map(|file| file.len())
                .sum();
            println!("{done:>12} {rate:>10.0} {:>8}", bytes / done as u64);
            began = now();
        }
    }
    let started = now();
    let size = tree.size();
    let mut asked = 0;
    for turn in 0..500 {
        let needs = InclusionProof::needs(turn * 7_919 % size, size).unwrap();
        asked += store.log_hashes(&needs).await.unwrap().len();
    }
    let each = started.elapsed().as_micros() / 500;
    println!("  rows of an inclusion proof from the store: {each} µs ({} hashes each)", asked / 500);
}

/// A case of ten thousand messages: sealed, exported with and without a lead's identity, verified.
fn a_large_case() {
    let (key, lead) = (SigningKey::generate("bench/log").unwrap(), Identity::generate());
    let case_key = CaseKey::make("bench", "C-0001", &[lead.recipient()], "bench", Timestamp(0)).unwrap();
    let to = std::slice::from_ref(&case_key.recipient);
    let started = now();
    let mut contents = vec![(Class::CASE_KEY, case_key.sealed.commitment, case_key.sealed.sealed)];
    for number in 0..MESSAGES {
        let raw = format!(
            r#"{{"t":"MESSAGE_CREATE","s":{number},"op":0,"d":{{"id":"{}","channel_id":"77","content":"can somebody explain question 4 to me, number {number}","timestamp":"2026-03-02T16:41:07.000000+00:00","edited_timestamp":null,"author":{{"id":"5001","username":"person","global_name":null}},"attachments":[],"member":{{"nick":null,"roles":["2"],"joined_at":"2025-01-01T00:00:00.000000+00:00"}},"embeds":[],"mentions":[],"mention_roles":[],"components":[],"guild_id":"1"}}}}"#,
            900_000 + number
        );
        let exhibit = Exhibit::new(Salt::random(), raw.into_bytes())
            .with(header::CONTENT_TYPE, "application/json")
            .unwrap();
        let kept = exhibit.seal(to).unwrap();
        contents.push((Class::EXHIBIT, kept.commitment, kept.sealed));
    }
    println!("a case of {MESSAGES} messages: sealing {:.0} µs/message", micros(started.elapsed(), MESSAGES));
    let sealed_bytes: usize = contents.iter().map(|(_, _, sealed)| sealed.0.len()).sum();
    let (mut tree, mut rows) = (Tree::empty(), BTreeMap::new());
    let mut logged = Vec::new();
    for (class, commitment, sealed) in contents {
        let entry = Entry {
            class,
            organisation: "bench".into(),
            at: Timestamp(0),
            received_at: Some(Timestamp(1)),
            commitment,
            ciphertext: Some(sealed.hash()),
            software: "chaperone bench".into(),
        };
        let index = tree.size();
        rows.extend(tree.append(entry.leaf_hash()).into_iter().map(|row| (row.index, row.hash)));
        logged.push((index, entry, sealed));
    }
    let size = tree.size();
    let exhibits = logged
        .into_iter()
        .map(|(index, entry, sealed)| BundledExhibit {
            label: format!("ABC/{}", index + 1),
            entry,
            proof: InclusionProof::make(index, size, &rows).unwrap(),
            content: Content::Sealed(sealed),
        })
        .collect();
    let case = CaseFile {
        reference: "C-0001".into(),
        organisation: "bench".into(),
        opened_at: Timestamp(0),
        level: 4,
        category: "bullying".into(),
        exported_at: Timestamp(2),
        software: "chaperone bench".into(),
        chronology: vec![],
        observations: vec![],
        exhibits,
        gaps: vec![],
        withheld: vec![],
        checkpoint: key.sign(&tree, None).unwrap(),
        attested: vec![],
    };
    let folder = tempfile::tempdir().unwrap();
    for (name, identity) in [("ciphertext and proofs", None), ("with the readable part", Some(&lead))] {
        let out = folder.path().join(name);
        let started = now();
        bundle::write(&case, &out, &key, identity).unwrap();
        let wrote = started.elapsed();
        let started = now();
        assert!(verify::verify(&out, None).unwrap().is_sound());
        println!(
            "  {name}: export {:.1} s, verify {:.1} s",
            wrote.as_secs_f64(),
            started.elapsed().as_secs_f64()
        );
    }
    println!("  sealed: {} bytes/message on average", sealed_bytes / MESSAGES);
}
