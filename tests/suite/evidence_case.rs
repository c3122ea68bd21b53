//! A case with exhibits in a log, as the store would hand it over to be exported. Its words are clinical.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chaperone::domain::Timestamp;
use chaperone::evidence::commitment::header;
use chaperone::evidence::timestamp::Query;
use chaperone::evidence::{
    AttestedState, BundledExhibit, CaseFile, ChronologyLine, Class, ConsistencyProof, Content, CosigningKey,
    Entry, Exhibit, Gap, Hash, Identity, InclusionProof, ObservedLine, Salt, SignedCheckpoint, SigningKey,
    Tree, VerifierKey, Withheld, WitnessKey, bundle,
};

use crate::authority::Authority;

pub const ORIGIN: &str = "arts.example/evidence";

/// Words planted in the exhibits: they may stand in what a lead opened, and nowhere else.
pub const PLANTED: &str = "our little secret <b>ok</b>";

/// An installation: its log key, its lead, and a case.
pub struct World {
    pub key: SigningKey,
    pub lead: Identity,
    pub case: CaseFile,
    witness: CosigningKey,
    /// Every hash that the log stored, and its state after each exhibit of the case.
    rows: BTreeMap<u64, Hash>,
    states: Vec<SignedCheckpoint>,
    dir: tempfile::TempDir,
}

/// A moment of the story, seconds after it begins.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_772_469_667 + seconds)
}

/// What Discord's gateway sends for a message, byte for byte as it came.
pub fn gateway_event(number: usize) -> Vec<u8> {
    format!(
        r#"{{"t":"MESSAGE_CREATE","s":{number},"op":0,"d":{{"id":"90{number}","channel_id":"77","content":"{PLANTED} {number}","timestamp":"2026-03-02T16:41:{number:02}.000000+00:00","edited_timestamp":null,"author":{{"id":"5001","username":"adult","global_name":"A & B"}},"attachments":[{{"id":"31","filename":"name.png","content_type":"image/png","size":2048,"url":"https://cdn.invalid/31/name.png"}}]}}}}"#
    )
    .into_bytes()
}

fn exhibit(number: usize) -> Exhibit {
    Exhibit::new(Salt::random(), gateway_event(number))
        .with(header::CONTENT_TYPE, "application/json")
        .and_then(|exhibit| exhibit.with(header::KIND, "message-create"))
        .unwrap()
}

impl World {
    /// A case of `sealed` messages, one act in the clear and one erased exhibit, among other entries of the log.
    pub fn with_case(sealed: usize) -> Self {
        let key = SigningKey::generate(ORIGIN).unwrap();
        let (lead, deputy) = (Identity::generate(), Identity::generate());
        let mut contents: Vec<(Class, Exhibit, Content)> = (1..=sealed)
            .map(|number| {
                let exhibit = exhibit(number);
                let kept = exhibit.seal(&[lead.recipient(), deputy.recipient()]).unwrap();
                (Class::EXHIBIT, exhibit, Content::Sealed(kept.sealed))
            })
            .collect();
        let act = Exhibit::new(Salt::random(), b"{\"acknowledged\":\"dsl\"}".to_vec());
        contents.push((Class::ACKNOWLEDGEMENT, act.clone(), Content::Open(act)));
        contents.push((Class::EXHIBIT, exhibit(99), Content::Erased));

        let (mut tree, mut rows, mut logged) = (Tree::empty(), BTreeMap::new(), Vec::new());
        let mut states = Vec::new();
        for (number, (class, exhibit, content)) in (1..).zip(contents) {
            let ciphertext = match &content {
                Content::Sealed(sealed) => Some(sealed.hash()),
                Content::Open(_) => None,
                Content::Erased => Some(Hash::of(b"erased")),
            };
            let commitment = exhibit.commitment();
            let entry = entry(class, commitment, ciphertext, number);
            // Entries of other cases lie between.
            for other in 0..number % 3 {
                let noise = entry_of_another_case(number * 10 + other);
                rows.extend(tree.append(noise.leaf_hash()).into_iter().map(|row| (row.index, row.hash)));
            }
            logged.push((tree.size(), entry.clone(), content));
            rows.extend(tree.append(entry.leaf_hash()).into_iter().map(|row| (row.index, row.hash)));
            states.push(key.sign(&tree, None).unwrap());
        }
        let exhibits = (1..)
            .zip(logged)
            .map(|(number, (index, entry, content))| BundledExhibit {
                label: format!("ABC/{number}"),
                entry,
                proof: InclusionProof::make(index, tree.size(), &rows).unwrap(),
                content,
            })
            .collect();
        let case = CaseFile {
            reference: "ARTS-2026-0007".into(),
            organisation: "arts".into(),
            opened_at: at(0),
            level: 4,
            category: "grooming".into(),
            exported_at: at(90_000),
            software: "chaperone 0.1.0".into(),
            chronology: vec![
                ChronologyLine {
                    at: at(1),
                    words: "level 4: secrecy-request".into(),
                    is_handling: false,
                    exhibits: vec!["ABC/1".into()],
                },
                ChronologyLine {
                    at: at(2),
                    words: "page sent to the DSL".into(),
                    is_handling: false,
                    exhibits: vec![],
                },
                ChronologyLine {
                    at: at(3),
                    words: "looked at by the DSL".into(),
                    is_handling: true,
                    exhibits: vec![],
                },
            ],
            observations: vec![ObservedLine {
                at: at(1),
                code: "secrecy-request".into(),
                sentence: "An adult asks a young person to keep something secret.".into(),
                by: "5001".into(),
                towards: Some("9".into()),
                space: Some("77".into()),
                message: Some("901".into()),
                quote: Some((0, 10)),
                exhibit: Some("ABC/1".into()),
            }],
            exhibits,
            gaps: vec![Gap {
                from: at(-100),
                until: Some(at(-40)),
                why: "the socket was down; filled from history".into(),
            }],
            withheld: vec![Withheld {
                at: at(1),
                id: "31".into(),
                media_type: "image/png".into(),
                size: Some(2048),
                exhibit: "ABC/1".into(),
            }],
            checkpoint: key.sign(&tree, None).unwrap(),
            attested: Vec::new(),
        };
        let witness = CosigningKey::generate("trustee.example/w").unwrap();
        World { key, lead, case, witness, rows, states, dir: tempfile::tempdir().unwrap() }
    }

    /// The same, with a witness that cosigned the log after the first exhibit and at its end, and an authority that stamped
    /// the first of these states.
    pub fn with_attested_case(sealed: usize, authority: Option<&Authority>) -> Self {
        let mut world = World::with_case(sealed);
        let size = world.case.checkpoint.checkpoint().size;
        let (first, last) = (world.states[0].clone(), world.case.checkpoint.clone());
        for (days, checkpoint) in (1..).zip([first, last]) {
            let time = u64::try_from(at(86_400 * days).as_seconds()).unwrap();
            let from = checkpoint.checkpoint().size;
            let line = world.witness.cosign(checkpoint.body(), time);
            let stamp = authority.filter(|_| days == 1).map(|authority| {
                let query = Query::of(checkpoint.text().as_bytes());
                let reply = authority.reply(&query.to_der());
                query.accept(&reply).expect("it is granted");
                ("tsa.example".to_owned(), reply)
            });
            world.case.attested.push(AttestedState {
                proof: ConsistencyProof::make(from, size, &world.rows).unwrap(),
                cosignatures: vec![(world.witness.public(), line)],
                stamps: stamp.into_iter().collect(),
                checkpoint,
            });
        }
        world
    }

    pub fn witness_key(&self) -> WitnessKey {
        self.witness.public()
    }

    /// A path in this story's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn published_key(&self) -> &VerifierKey {
        self.key.verifier_key()
    }

    /// Exports the case as the host can: without any identity.
    pub fn export(&self, name: &str) -> PathBuf {
        let out = self.path(name);
        bundle::write(&self.case, &out, &self.key, None).unwrap();
        out
    }

    /// Exports the case with what the lead can read.
    pub fn export_readable(&self, name: &str) -> PathBuf {
        let out = self.path(name);
        bundle::write(&self.case, &out, &self.key, Some(&self.lead)).unwrap();
        out
    }

    /// Writes a secret file of this story and returns its path.
    pub fn identity_file(&self) -> PathBuf {
        let file = self.path("identity.txt");
        if !file.exists() {
            chaperone::evidence::secret_file::create(&file, self.lead.to_file_text(at(0)).expose()).unwrap();
        }
        file
    }
}

fn entry(class: Class, commitment: Hash, ciphertext: Option<Hash>, number: usize) -> Entry {
    let number = i64::try_from(number).unwrap();
    Entry {
        class,
        organisation: "arts".into(),
        at: at(number),
        received_at: Some(Timestamp(at(number).0 + 123_456)),
        commitment,
        ciphertext,
        software: "chaperone 0.1.0".into(),
    }
}

fn entry_of_another_case(number: usize) -> Entry {
    entry(Class::OBSERVATION, Hash::of(&number.to_be_bytes()), None, number)
}

/// Every file below `dir`, by relative path.
pub fn files_below(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                files.insert(name, fs::read(path).unwrap());
            }
        }
    }
    files
}

/// Writes `files` as a folder.
pub fn write_all(files: &BTreeMap<String, Vec<u8>>, dir: &Path) {
    for (name, bytes) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}
