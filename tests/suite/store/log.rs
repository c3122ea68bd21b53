//! The rows of the Merkle log.

use chaperone::store::{Batch, StoreError};

use super::{Place, entries};

pub async fn the_log_gives_back_what_appending_and_proving_need(place: Place) {
    let store = place.open().await;
    let mut tree: Vec<tlog_tiles::Hash> = Vec::new();
    let all = entries(0, 13);
    for entry in &all {
        let new = tlog_tiles::stored_hashes(entry.index, &entry.bytes, &Known(tree.clone())).unwrap();
        let first = tree.len() as u64;
        let hashes = (first..).zip(new.iter().map(|hash| hash.0)).collect();
        tree.extend(new);
        store.commit(&Batch { entries: vec![entry.clone()], hashes, ..Batch::default() }).await.unwrap();
    }
    assert_eq!(store.log_size().await.unwrap(), 13);
    assert_eq!(store.log_entries(4..7).await.unwrap(), all[4..7]);
    assert_eq!(store.log_entries(12..99).await.unwrap(), all[12..]);
    let (second, first) = (tree[20].0, tree[2].0);
    assert_eq!(store.log_hashes(&[20, 2, 20]).await.unwrap(), [second, first, second]);
    let error = store.log_hashes(&[2, 4_000]).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }) && error.to_string().contains("4000"), "{error}");

    // The right edge alone, after a restart, continues the tree.
    store.close().await;
    let store = place.open().await;
    let mut edge = Known(vec![tlog_tiles::Hash([0; 32]); tree.len()]);
    for (index, hash) in store.right_edge(13).await.unwrap() {
        edge.0[usize::try_from(index).unwrap()] = tlog_tiles::Hash(hash);
    }
    let continued = tlog_tiles::stored_hashes(13, b"next", &edge).unwrap();
    assert_eq!(continued, tlog_tiles::stored_hashes(13, b"next", &Known(tree.clone())).unwrap());
    assert_eq!(tlog_tiles::tree_hash(13, &edge).unwrap(), tlog_tiles::tree_hash(13, &Known(tree)).unwrap());

    assert_eq!(store.last_checkpoint().await.unwrap(), None);
    for note in
        ["chaperone.test/log\n9\nAAAA\n", "chaperone.test/log\n13\nAAAA\n", "chaperone.test/log\n13\nBBBB\n"]
    {
        store.commit(&Batch { checkpoint: Some(note.to_owned()), ..Batch::default() }).await.unwrap();
    }
    let newest = store.last_checkpoint().await.unwrap();
    assert_eq!(newest, Some((13, "chaperone.test/log\n13\nBBBB\n".to_owned())));
}

struct Known(Vec<tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Known {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[usize::try_from(*index).unwrap()]).collect())
    }
}
