//! Keeping a batch: one transaction, all or nothing.

use super::log::{Appended, Follows};
use super::transaction::Tx;
use super::{Batch, Store, StoreError, buffer, exhibits, facts, jobs, log, positions};

/// What came of a batch that was written.
enum Written {
    /// It is there, once the transaction commits.
    New,
    /// It was there before.
    Before,
    /// Somebody else appended between the look at the log and the writing.
    Overtaken,
}

impl Store {
    /// Makes a batch durable. When this returns `Ok`, everything in it survives a loss of power; otherwise nothing of
    /// it is kept.
    ///
    /// A batch whose entries are all kept already, byte for byte, is kept: whoever lost the answer to a commit may
    /// simply commit it again.
    ///
    /// # Errors
    /// [`StoreError::Fork`] when its entries do not follow the log's last one; [`StoreError::Refused`] when a fact or
    /// exhibit names an entry that neither the log nor the batch has; the others as the database answers.
    pub async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        let mut tx = self.begin().await?;
        let written = write(&mut tx, batch).await;
        if let Ok(Written::New) = written {
            return Ok(tx.commit().await?);
        }
        // Waited for, so that whoever is next finds the database free. On a full disk SQLite has rolled back by
        // itself and says that there is nothing to roll back; the connection is then replaced (see `open`).
        let _ = tx.forget().await;
        match written? {
            Written::New | Written::Before => Ok(()),
            Written::Overtaken => {
                let offered = batch.entries.first().map_or(0, |first| first.index);
                Err(StoreError::Fork { kept: self.log_size().await?, offered })
            }
        }
    }
}

async fn write(tx: &mut Tx, batch: &Batch) -> Result<Written, StoreError> {
    if let Follows::AlreadyKept = log::follows(tx, &batch.entries).await? {
        return Ok(Written::Before);
    }
    if let Appended::Overtaken = log::append(tx, &batch.entries, &batch.hashes).await? {
        return Ok(Written::Overtaken);
    }
    facts::insert(tx, &batch.facts).await?;
    exhibits::insert(tx, &batch.exhibits).await?;
    buffer::write(tx, &batch.buffer).await?;
    jobs::insert(tx, &batch.jobs).await?;
    jobs::end(tx, &batch.ended).await?;
    if let Some(note) = &batch.checkpoint {
        log::keep_checkpoint(tx, note).await?;
    }
    positions::keep(tx, &batch.positions).await?;
    Ok(Written::New)
}
