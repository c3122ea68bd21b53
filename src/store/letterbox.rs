//! The letterbox: what leads ask for while another process holds the database.
//!
//! Only one process writes the log. A command that a lead runs beside the bot therefore writes nothing of it: it puts a
//! request here, and the bot, which looks into the box, decides, writes and answers. A request is durable once it is
//! put, is named by its act (put twice, it is done once), and holds no word of anybody: what goes with it is sealed.
//!
//! [`Letterbox`] can do nothing else; that is why it may be open beside the process that holds the database.

use super::open::on;
use super::{Store, StoreError};
use crate::domain::Timestamp;

/// The longest request that is taken, in bytes: far above any act.
const LARGEST: usize = 1 << 20;
/// How many requests are taken at a look.
const LOOK: i64 = 100;

/// Something that a lead asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The act's name.
    pub id: String,
    /// Which organisation.
    pub organisation: String,
    /// When it was put.
    pub at: Timestamp,
    /// The act, as JSON.
    pub body: String,
    /// The sealed words: commitment and ciphertext.
    pub words: Option<(Vec<u8>, Vec<u8>)>,
    /// To which key the writer answered a challenge.
    pub recipient: String,
    /// The answer, over everything above.
    pub proof: Vec<u8>,
}

/// The box, seen by whoever puts requests in.
#[derive(Debug)]
pub struct Letterbox(Store);

impl Letterbox {
    /// Opens the box of a database that another process may hold.
    ///
    /// # Errors
    /// As [`Store::open_to_read`].
    pub async fn open(address: &str) -> Result<Self, StoreError> {
        Store::open_beside(address).await.map(Letterbox)
    }

    /// The challenge that the running bot has put up for a key, sealed to it; none where no bot ever ran with it.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn challenge(
        &self,
        organisation: &str,
        recipient: &str,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> = on!(self.0.db(), pool => sqlx::query_as(
            "SELECT sealed FROM act_challenge WHERE organisation = $1 AND recipient = $2",
        )
        .bind(organisation)
        .bind(recipient)
        .fetch_optional(pool)
        .await?);
        Ok(row.map(|(sealed,)| sealed))
    }

    /// Puts a request in. The same again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is too long; the others as the database answers.
    pub async fn put(&self, letter: &Letter) -> Result<(), StoreError> {
        let sealed = letter.words.as_ref().map_or(0, |(_, sealed)| sealed.len());
        if letter.body.len() + sealed > LARGEST {
            return Err(StoreError::refused("a request of more than a mebibyte"));
        }
        let (commitment, sealed) = match &letter.words {
            Some((commitment, sealed)) => (Some(commitment.as_slice()), Some(sealed.as_slice())),
            None => (None, None),
        };
        on!(self.0.db(), pool => sqlx::query(
            "INSERT INTO requested_act (id, organisation, requested_at, body, commitment, sealed, recipient, proof) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        )
        .bind(&letter.id)
        .bind(&letter.organisation)
        .bind(letter.at.0)
        .bind(&letter.body)
        .bind(commitment)
        .bind(sealed)
        .bind(&letter.recipient)
        .bind(&letter.proof)
        .execute(pool)
        .await
        .map(drop)?);
        Ok(())
    }

    /// What the bot answered to a request: a code; none while it has not.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn answer(&self, id: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(Option<String>,)> = on!(self.0.db(), pool => sqlx::query_as(
            "SELECT answer FROM requested_act WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(pool)
        .await?);
        Ok(row.and_then(|(answer,)| answer))
    }

    /// Closes it.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

type Row = (String, i64, String, Option<Vec<u8>>, Option<Vec<u8>>, String, Vec<u8>);

impl Store {
    /// Puts up a challenge for each key, in place of whatever an earlier run had put up.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn put_challenges(
        &self,
        organisation: &str,
        sealed: &[(String, Vec<u8>)],
    ) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        on!(self.db(), pool => {
            sqlx::query("DELETE FROM act_challenge WHERE organisation = $1")
                .bind(organisation)
                .execute(pool)
                .await?;
            for (recipient, sealed) in sealed {
                sqlx::query("INSERT INTO act_challenge (organisation, recipient, sealed) VALUES ($1, $2, $3)")
                    .bind(organisation)
                    .bind(recipient)
                    .bind(sealed.as_slice())
                    .execute(pool)
                    .await?;
            }
        });
        Ok(())
    }

    /// Requests that were not answered yet, the oldest first.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn letters(&self, organisation: &str) -> Result<Vec<Letter>, StoreError> {
        let rows: Vec<Row> = on!(self.db(), pool => sqlx::query_as(
            "SELECT id, requested_at, body, commitment, sealed, recipient, proof FROM requested_act \
             WHERE organisation = $1 AND answer IS NULL ORDER BY requested_at, id LIMIT $2",
        )
        .bind(organisation)
        .bind(LOOK)
        .fetch_all(pool)
        .await?);
        Ok(rows
            .into_iter()
            .map(|(id, at, body, commitment, sealed, recipient, proof)| Letter {
                id,
                organisation: organisation.to_owned(),
                at: Timestamp(at),
                body,
                words: commitment.zip(sealed),
                recipient,
                proof,
            })
            .collect())
    }

    /// Answers a request. Its body and sealed words go: what was done stands in the log.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn answer_letter(&self, id: &str, answer: &str) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        on!(self.db(), pool => sqlx::query(
            "UPDATE requested_act SET answer = $2, body = '', sealed = NULL, commitment = NULL WHERE id = $1",
        )
        .bind(id)
        .bind(answer)
        .execute(pool)
        .await
        .map(drop)?);
        Ok(())
    }

    /// Lets go of answers that nobody waits for any more.
    ///
    /// # Errors
    /// As the database answers.
    pub async fn forget_letters(&self, before: Timestamp) -> Result<(), StoreError> {
        let _turn = self.turn().await;
        on!(self.db(), pool => sqlx::query(
            "DELETE FROM requested_act WHERE answer IS NOT NULL AND requested_at < $1",
        )
        .bind(before.0)
        .execute(pool)
        .await
        .map(drop)?);
        Ok(())
    }
}
