//! Asking those outside: a witness to cosign, a time-stamping authority to stamp, a webhook to pass an alarm on.
//!
//! Nothing of anybody travels: a log's name, sizes and hashes.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder};

use crate::evidence::add_checkpoint::{self, AddCheckpoint};
use crate::evidence::timestamp::{self, Query, Stamp};
use crate::evidence::{Cosignature, SignedCheckpoint, WitnessKey};

const CONNECT: Duration = Duration::from_secs(10);
const EXCHANGE: Duration = Duration::from_secs(20);
const LARGEST: usize = 64 * 1024;

/// A client for those outside.
#[derive(Clone, Debug)]
pub struct Outside(Client);

/// What a witness answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cosigned {
    /// It cosigned.
    Yes(Cosignature),
    /// It knows the log at another size than was said.
    AtSize(u64),
    /// It refuses: what it was shown does not continue what it cosigned, or it does not know this log and key.
    Refused(u16),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or answered that it cannot at present.
    #[error("{0}")]
    NotNow(String),
    /// What it answered makes no sense.
    #[error("{0}")]
    Nonsense(String),
}

struct Answered {
    status: u16,
    body: Vec<u8>,
}

impl Outside {
    /// A client. It follows no redirect: what was configured is where requests go.
    ///
    /// # Errors
    /// When TLS cannot be set up in this process.
    pub fn new() -> Result<Self, String> {
        Client::builder()
            .connect_timeout(CONNECT)
            .timeout(EXCHANGE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("chaperone/", env!("CARGO_PKG_VERSION")))
            .build()
            .map(Outside)
            .map_err(|error| format!("the client for witnesses cannot be made ({error})"))
    }

    /// Asks the witness at `url` to cosign `checkpoint`.
    ///
    /// # Errors
    /// [`AskError`]; a refusal is an answer.
    pub async fn cosign(
        &self,
        url: &str,
        witness: &WitnessKey,
        request: &AddCheckpoint,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Cosigned, AskError> {
        let url = format!("{}{}", url.trim_end_matches('/'), add_checkpoint::PATH);
        let asked =
            self.0.post(url).header(CONTENT_TYPE, "text/plain; charset=utf-8").body(request.to_body());
        let answered = exchange("the witness", asked).await?;
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        match answered.status {
            200 => witness.find(checkpoint.body(), &text).map(Cosigned::Yes).ok_or_else(|| {
                AskError::Nonsense(
                    "the witness answered without a cosignature of the key that is configured".into(),
                )
            }),
            409 => match text.trim_end_matches('\n').parse() {
                // It stands where was said, and yet there is a conflict: two roots for one size.
                Ok(size) if size == request.old => Ok(Cosigned::Refused(409)),
                Ok(size) => Ok(Cosigned::AtSize(size)),
                Err(_) => Err(AskError::Nonsense("the witness answered 409 without a size".into())),
            },
            status @ (403 | 404 | 422) => Ok(Cosigned::Refused(status)),
            status => Err(unexpected("the witness", status)),
        }
    }

    /// Asks the authority at `url` to stamp `bytes`; gives the stamp and the response to keep.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn stamp(&self, url: &str, bytes: &[u8]) -> Result<(Stamp, Vec<u8>), AskError> {
        let query = Query::of(bytes);
        let asked = self.0.post(url).header(CONTENT_TYPE, timestamp::QUERY_TYPE).body(query.to_der());
        let answered = exchange("the time-stamping authority", asked).await?;
        if answered.status != 200 {
            return Err(unexpected("the time-stamping authority", answered.status));
        }
        match query.accept(&answered.body) {
            Ok(stamp) => Ok((stamp, answered.body)),
            Err(why) => {
                Err(AskError::Nonsense(why.to_string().lines().next().unwrap_or_default().to_owned()))
            }
        }
    }

    /// Posts an alarm, as the common chat services take it.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn tell(&self, url: &str, words: &str) -> Result<(), AskError> {
        let body = serde_json::json!({ "text": words, "content": words });
        let asked = self.0.post(url).header(CONTENT_TYPE, "application/json").body(body.to_string());
        match exchange("the webhook", asked).await?.status {
            200..=299 => Ok(()),
            status => Err(unexpected("the webhook", status)),
        }
    }
}

/// The address is not repeated: it may be as good as a password.
async fn exchange(name: &str, request: RequestBuilder) -> Result<Answered, AskError> {
    let not_now = |why: &str| AskError::NotNow(format!("{name} {why}"));
    let mut response = request.send().await.map_err(|error| match () {
        () if error.is_timeout() => not_now("took too long"),
        () if error.is_builder() => AskError::Nonsense(format!("the address of {name} cannot be used")),
        () => not_now("could not be reached"),
    })?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| not_now("broke off"))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(AskError::Nonsense(format!("{name} answered more than anybody reads")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answered { status, body })
}

fn unexpected(name: &str, status: u16) -> AskError {
    let why = format!("{name} answered {status}");
    match status {
        408 | 425 | 429 | 500..=599 => AskError::NotNow(why),
        _ => AskError::Nonsense(why),
    }
}
