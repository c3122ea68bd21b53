//! What the channels over HTTP have in common: one client, time-outs, no redirects, honest answers.

use std::fmt::Write as _;
use std::time::Duration;

use reqwest::header::RETRY_AFTER;
use reqwest::{Client, RequestBuilder, Response, StatusCode};

use sha2::{Digest as _, Sha256};

use super::Sent;
use super::email::is_this_machine;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one exchange may take altogether.
const EXCHANGE: Duration = Duration::from_secs(20);
/// No answer that is read is larger.
const LARGEST: usize = 64 * 1024;
/// No Retry-After is believed beyond this: a page does not wait for an hour because a header says so.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Why an address cannot be a channel's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address of this kind.
    #[error("it is not an http(s) address; write it like \"https://example.org\"")]
    NotOne,
    /// Without protection to another machine.
    #[error("pages would travel in the clear; use https (http is for this machine only)")]
    Plain,
}

/// A base address without a slash at its end: https, or http on this machine.
///
/// # Errors
/// [`AddressError`].
pub fn base(text: &str) -> Result<String, AddressError> {
    let url = reqwest::Url::parse(text).map_err(|_| AddressError::NotOne)?;
    let host = url.host_str().ok_or(AddressError::NotOne)?;
    match url.scheme() {
        "https" => {}
        "http" if is_this_machine(host.trim_matches(['[', ']'])) => {}
        "http" => return Err(AddressError::Plain),
        _ => return Err(AddressError::NotOne),
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// A client for the channels.
#[derive(Clone, Debug)]
pub struct Http(Client);

/// An answer that was taken in.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    pub after: Option<Duration>,
    pub body: Vec<u8>,
}

impl Http {
    /// A client. It follows no redirect: what was configured is where pages go.
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
            .map(Http)
            .map_err(|error| format!("the client for paging channels cannot be made ({error})"))
    }

    pub(super) fn post(&self, url: &str) -> RequestBuilder {
        self.0.post(url)
    }

    pub(super) fn get(&self, url: &str) -> RequestBuilder {
        self.0.get(url)
    }
}

/// Sends a request and takes the answer in.
pub(super) async fn exchange(name: &str, request: RequestBuilder) -> Result<Answer, Sent> {
    let response = request.send().await.map_err(|error| {
        let why = match () {
            () if error.is_timeout() => "took too long",
            () if error.is_builder() => return Sent::never(format!("{name}: its address cannot be used")),
            () => "could not be reached",
        };
        Sent::FailedTemporary { why: format!("{name} {why}"), after: None }
    })?;
    let (status, after) = (response.status(), retry_after(&response));
    let body = read(response).await;
    Ok(Answer { status, after, body })
}

async fn read(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    // What breaks off after the status is not needed.
    while let Ok(Some(chunk)) = response.chunk().await {
        if body.len() + chunk.len() > LARGEST {
            break;
        }
        body.extend_from_slice(&chunk);
    }
    body
}

/// Retry-After in seconds (RFC 9110; the form with a date is not used by these providers).
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// What a status means where the provider says nothing more particular: time-outs, "too early", "too many" and errors
/// of the server are tried again; every other refusal is for ever.
pub(super) fn refused(name: &str, answer: &Answer, code: Option<String>) -> Sent {
    let status = answer.status.as_u16();
    let code = code.map_or_else(String::new, |code| format!(" ({code})"));
    let why = format!("{name} answered {status}{code}");
    match status {
        408 | 425 | 429 | 500..=599 => Sent::FailedTemporary { why, after: answer.after },
        _ => Sent::FailedPermanent { why },
    }
}

/// A number or short word of a JSON answer. Anything longer may be a sentence that quotes somebody.
pub(super) fn code_in(body: &[u8], key: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    match &value[key] {
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::String(text) => word(text),
        _ => None,
    }
}

/// The first bytes of a job's key, hashed, in letters and digits: the same whenever the job is tried again.
pub(super) fn stable_id(key: &str, bytes: usize) -> String {
    Sha256::digest(key.as_bytes()).iter().take(bytes).fold(String::new(), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// A text when it is a plain word.
pub(super) fn word(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!text.is_empty() && text.len() <= 64 && text.chars().all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_protected_or_on_this_machine() {
        assert_eq!(base("https://ntfy.example.org/").unwrap(), "https://ntfy.example.org");
        assert_eq!(base("http://127.0.0.1:9093").unwrap(), "http://127.0.0.1:9093");
        assert_eq!(base("http://[::1]:9").unwrap(), "http://[::1]:9");
        assert_eq!(base("http://ntfy.example.org"), Err(AddressError::Plain));
        for wrong in ["ntfy.example.org", "ftp://example.org", "", "https://"] {
            assert_eq!(base(wrong), Err(AddressError::NotOne), "{wrong}");
        }
    }

    #[test]
    fn only_words_leave_an_answer() {
        assert_eq!(code_in(br#"{"code":21211}"#, "code").as_deref(), Some("21211"));
        assert_eq!(code_in(br#"{"code":"invalid"}"#, "code").as_deref(), Some("invalid"));
        assert_eq!(code_in(br#"{"code":"no +44 7700 900123"}"#, "code"), None);
        assert_eq!(code_in(b"<html>", "code"), None);
    }
}
