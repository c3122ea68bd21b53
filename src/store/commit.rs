//! Keeping a batch: one transaction, all or nothing.

use super::log::Follows;
use super::{Batch, Store, StoreError, exhibits, facts, jobs, log, positions};

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
        match log::follows(&mut tx, &batch.entries).await? {
            Follows::Yes => {}
            Follows::AlreadyKept => return Ok(tx.forget().await?),
        }
        if let Err(error) = log::append(&mut tx, &batch.entries, &batch.hashes).await {
            let raced = matches!(&error, sqlx::Error::Database(answer) if answer.is_unique_violation());
            tx.forget().await?;
            let Some(first) = batch.entries.first().filter(|_| raced) else {
                return Err(error.into());
            };
            // Somebody else appended between the look and the writing.
            return Err(StoreError::Fork { kept: self.log_size().await?, offered: first.index });
        }
        facts::insert(&mut tx, &batch.facts).await?;
        exhibits::insert(&mut tx, &batch.exhibits).await?;
        jobs::insert(&mut tx, &batch.jobs).await?;
        jobs::end(&mut tx, &batch.ended).await?;
        if let Some(note) = &batch.checkpoint {
            log::keep_checkpoint(&mut tx, note).await?;
        }
        positions::keep(&mut tx, &batch.positions).await?;
        Ok(tx.commit().await?)
    }
}
