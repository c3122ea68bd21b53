//! The log at start-up: its key, and whether the database still holds what was signed last.

use std::path::Path;

use anyhow::Context;

use crate::evidence::Hash;
use crate::evidence::checkpoint::{Checkpoint, SignedCheckpoint, SigningKey};
use crate::evidence::log::{ConsistencyProof, Tree};
use crate::store::Store;

/// The key that signs the log's state; made when there is none yet and nothing was signed with another.
///
/// # Errors
/// When it cannot be read, or is missing while the log is there: a log goes on with its own key or not at all.
pub async fn signing_key(path: &Path, organisation: &str, store: &Store) -> anyhow::Result<SigningKey> {
    if path.try_exists().with_context(|| format!("the key {} cannot be looked for", path.display()))? {
        let key = SigningKey::load(path)?;
        publish(path, &key);
        return Ok(key);
    }
    let (entries, checkpoint) = (store.log_size().await?, path.with_extension("checkpoint"));
    anyhow::ensure!(
        entries == 0 && !checkpoint.exists(),
        "the key that signs the evidence log is missing: {} (the log has {entries} entries)\n\
         put it back from the copy that was kept apart; no other key is made, because nobody could tell its log from a \
         forged one. Without any copy: keep everything as it is, and begin anew in another [data] dir",
        path.display()
    );
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| {
            format!("the folder {} cannot be made; make it, or name another", folder.display())
        })?;
    }
    let key = SigningKey::create(path, &origin(organisation))?;
    publish(path, &key);
    Ok(key)
}

/// Writes the public half beside the secret one, to be handed to a witness and to whoever verifies.
fn publish(path: &Path, key: &SigningKey) {
    let (public, line) = (path.with_extension("pub"), format!("{}\n", key.verifier_key()));
    if std::fs::read_to_string(&public).is_ok_and(|there| there == line) {
        return;
    }
    if let Err(error) = std::fs::write(&public, line) {
        tracing::warn!(%error, file = %public.display(), "the log's public key could not be written beside it");
    }
}

/// The log's name in checkpoints: a word without spaces, as C2SP asks.
fn origin(organisation: &str) -> String {
    let word: String = organisation
        .chars()
        .map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    format!("chaperone/{}", word.trim_matches('-'))
}

/// Restores the right edge of the log and checks that it continues the newest state that was signed, as the file
/// beside the key and the database have it. A database that was put back from an old backup is behind that file.
///
/// # Errors
/// When it does not, or what it is made of is not all there.
pub async fn check_log(store: &Store, key: &SigningKey, file: &Path) -> anyhow::Result<Tree> {
    let size = store.log_size().await?;
    let tree = Tree::restore(size, &fetch(store, Tree::needs(size)).await?)?;
    let mut signed = Vec::new();
    signed.extend(SignedCheckpoint::kept(file, key.verifier_key())?);
    if let Some((_, note)) = store.last_checkpoint().await? {
        signed.push(SignedCheckpoint::verify(&note, key.verifier_key())?);
    }
    let now = Checkpoint::of(key.origin(), &tree);
    for signed in &signed {
        let earlier = signed.checkpoint();
        let proof = if size < earlier.size {
            // There is none; `follows` says what that means.
            ConsistencyProof { from: earlier.size, to: size, path: Vec::new() }
        } else {
            let needs = fetch(store, ConsistencyProof::needs(earlier.size, size)?).await?;
            ConsistencyProof::make(earlier.size, size, &needs)?
        };
        now.follows(earlier, &proof)?;
    }
    Ok(tree)
}

/// Builds the log again from its first entry, holds it against every stored hash and against the newest signature;
/// gives its size and root.
///
/// # Errors
/// What does not agree.
pub async fn audit(store: &Store, key: &SigningKey) -> anyhow::Result<(u64, Hash)> {
    let (size, note) =
        store.last_checkpoint().await?.context("nothing was signed yet\nlet the bot run first")?;
    let signed = SignedCheckpoint::verify(&note, key.verifier_key())?;
    let mut leaves = Vec::new();
    while (leaves.len() as u64) < size {
        let from = leaves.len() as u64;
        let page = store.log_entries(from..size.min(from + 10_000)).await?;
        anyhow::ensure!(!page.is_empty(), "entry {from} of the log is missing\nrestore the newest backup");
        leaves.extend(page.iter().map(|entry| crate::evidence::entry::leaf_hash(&entry.bytes)));
    }
    let all: Vec<u64> = (0..Tree::stored_hashes_of(size)).collect();
    let mut rows = std::collections::BTreeMap::new();
    for part in all.chunks(500) {
        rows.extend(fetch(store, part.to_vec()).await?);
    }
    let tree = Tree::audit(leaves, &rows)?;
    anyhow::ensure!(
        tree.root() == signed.checkpoint().root && tree.size() == signed.checkpoint().size,
        "the log is not the one that was signed\nkeep everything as it is and tell the trustees"
    );
    Ok((size, tree.root()))
}

pub(super) async fn fetch(
    store: &Store,
    indexes: Vec<u64>,
) -> anyhow::Result<std::collections::BTreeMap<u64, Hash>> {
    let hashes = store.log_hashes(&indexes).await?;
    Ok(indexes.into_iter().zip(hashes.into_iter().map(Hash)).collect())
}
