//! Bundles of a story's cases, and what stands in the data directory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chaperone::app::export::export_case;
use chaperone::domain::CaseRef;
use chaperone::evidence::{SigningKey, verify};

use super::{CLUB, World};

/// A bundle's files by path below its folder.
pub struct Exported(pub BTreeMap<String, Vec<u8>>);

impl Exported {
    /// Whether these words stand in a file whose path begins so.
    pub fn has(&self, below: &str, words: &str) -> bool {
        self.0.iter().any(|(path, bytes)| path.starts_with(below) && holds(bytes, words))
    }
}

/// Whether these words stand in some bytes, as UTF-8 or as UTF-16.
fn holds(bytes: &[u8], words: &str) -> bool {
    let wide: Vec<u8> = words.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    found(words.as_bytes()) || found(&wide)
}

impl World {
    /// Exports a case as the host can, or with what a lead reads, and checks that the bundle verifies.
    pub async fn exports(&self, case: u32, lead: Option<&str>) -> Exported {
        let key = SigningKey::load(&self.signing_key()).unwrap();
        let identity = lead.map(|lead| {
            let known = self.0.leads.iter().find(|known| known.name == lead).unwrap();
            known.identity.clone()
        });
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("bundle");
        let store = self.store().await;
        export_case(&store, CLUB, CaseRef(case), &key, identity.as_ref(), &out).await.unwrap();
        let report = verify::verify(&out, Some(key.verifier_key())).unwrap();
        assert!(report.is_sound(), "{report}");
        Exported(crate::evidence_case::files_below(&out))
    }

    /// Files of the data directory in which these words stand.
    pub fn files_that_hold(&self, words: &str) -> Vec<PathBuf> {
        let files = crate::evidence_case::files_below(self.0.folder.path());
        assert!(
            files.keys().any(|file| file.ends_with("chaperone.db")),
            "the data directory is where it was"
        );
        files.into_iter().filter(|(_, bytes)| holds(bytes, words)).map(|(path, _)| path.into()).collect()
    }
}

impl World {
    /// A lead's recipient.
    pub fn recipient(&self, lead: &str) -> String {
        self.0.leads.iter().find(|known| known.name == lead).unwrap().identity.recipient().to_string()
    }
}
