//! A case with exhibits in a log, as the store would hand it over to be exported. Its words are clinical.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use chaperone::domain::Timestamp;
use chaperone::evidence::commitment::header;
use chaperone::evidence::{
    BundledExhibit, CaseFile, ChronologyLine, Class, Content, Entry, Exhibit, Gap, Hash, Identity,
    InclusionProof, Salt, SigningKey, Tree, VerifierKey, Withheld, bundle,
};

pub const ORIGIN: &str = "arts.example/evidence";

/// Words planted in the exhibits: they may stand in what a lead opened, and nowhere else.
pub const PLANTED: &str = "our little secret <b>ok</b>";

/// An installation: its log key, its lead, and a case.
pub struct World {
    pub key: SigningKey,
    pub lead: Identity,
    pub case: CaseFile,
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
                    exhibits: vec!["ABC/1".into()],
                },
                ChronologyLine { at: at(2), words: "page sent to the DSL".into(), exhibits: vec![] },
            ],
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
        };
        World { key, lead, case, dir: tempfile::tempdir().unwrap() }
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
