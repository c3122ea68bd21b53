//! Every HTTP call to Discord, or to a server that speaks like it.
//!
//! One path for all: the rate limiter's permit, then the request, then the answer, all within a deadline. A 429 is
//! honoured (a global one by every caller) and tried again while the deadline allows; what is left over is
//! [`Kind::Temporary`] with the wait that the server asked for, and the outbox's business.
//!
//! The token goes to the configured host and nowhere else: redirects are not followed, proxies from the environment
//! are not used, and paths are built here from ids.

mod calls;
mod error;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::sync::RwLock;
use twilight_http_ratelimiting::{Endpoint, Method as LimitedMethod, RateLimitHeaders, RateLimiter};

use super::Token;
use crate::clock::Clock;

pub(super) use calls::nonce;
pub use calls::{Channel, GatewayInfo, IncidentActions, MessageDraft, ThreadState, VoicePlace};
pub use error::{Kind, RestError};

/// Discord's own server.
pub const OFFICIAL: &str = "https://discord.com";

/// Who is calling, as Discord asks applications to say it.
const USER_AGENT: &str =
    concat!("DiscordBot (https://github.com/chaperone-bot/chaperone, ", env!("CARGO_PKG_VERSION"), ")");

/// From asking for a permit to the end of the answer.
const DEADLINE: Duration = Duration::from_secs(20);

/// An interaction must be answered within three seconds.
const INTERACTION_DEADLINE: Duration = Duration::from_millis(2_500);

const CONNECT: Duration = Duration::from_secs(5);

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 16 << 20;

/// A request's way around the limits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lane {
    /// Waits for its turn.
    Limited,
    /// Interaction callbacks: Discord does not count them, and they cannot wait.
    Immediate,
}

/// One request.
#[derive(Clone, Copy)]
struct Call<'a> {
    method: &'a Method,
    path: &'a str,
    body: Option<&'a Value>,
    reason: Option<&'a str>,
}

/// The one HTTP client of the bot. Cheap to clone; clones share connections and limits.
#[derive(Clone)]
pub struct Rest(Arc<Inner>);

struct Inner {
    base: String,
    authorization: String,
    client: Client,
    limits: RateLimiter,
    // Held for writing while the server asks everybody to wait.
    open: Arc<RwLock<()>>,
    deadline: Duration,
    clock: Clock,
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("base", &self.0.base).finish_non_exhaustive()
    }
}

impl Rest {
    /// A client for the server at `api_url` (`https://discord.com`, `http://127.0.0.1:4000`; without `/api/v10`).
    /// Must be called within a tokio runtime: the rate limiter runs there.
    ///
    /// # Errors
    /// When `api_url` is no http(s) address, or no TLS set-up could be made.
    pub fn new(api_url: &str, token: &Token, clock: Clock) -> Result<Self, RestError> {
        Self::with_deadline(api_url, token, clock, DEADLINE)
    }

    fn with_deadline(
        api_url: &str,
        token: &Token,
        clock: Clock,
        deadline: Duration,
    ) -> Result<Self, RestError> {
        let base = api_url.trim_end_matches('/').to_owned();
        let url = reqwest::Url::parse(&base).map_err(|_| BAD_ADDRESS)?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(BAD_ADDRESS);
        }
        let client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(deadline)
            .build()
            .map_err(|_| RestError::unexpected("no HTTP client could be made: the TLS set-up failed"))?;
        // Discord allows 50 requests a second; a server on this machine needs no protection.
        let limits = if is_loopback(&url) { RateLimiter::new(u16::MAX) } else { RateLimiter::default() };
        Ok(Rest(Arc::new(Inner {
            base,
            authorization: token.header(),
            client,
            limits,
            open: Arc::new(RwLock::new(())),
            deadline,
            clock,
        })))
    }

    /// The clock that this client was given.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// `GET`, as JSON. `path` is relative to `/api/v10/` and starts without a slash.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn get(&self, path: &str) -> Result<Value, RestError> {
        json(&self.send(Method::GET, path, None).await?)
    }

    /// `GET`, as the raw texts of a list's items, byte for byte as they came.
    ///
    /// # Errors
    /// See [`RestError`]; an answer that is not a list is [`Kind::Permanent`].
    pub async fn get_items(&self, path: &str) -> Result<Vec<String>, RestError> {
        let bytes = self.send(Method::GET, path, None).await?;
        let items: Vec<Box<RawValue>> = serde_json::from_slice(&bytes).map_err(|_| NOT_AS_EXPECTED)?;
        Ok(items.into_iter().map(|item| String::from(Box::<str>::from(item))).collect())
    }

    /// `POST` with a JSON body; [`Value::Null`] where the answer has none.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, RestError> {
        json(&self.send(Method::POST, path, Some(body)).await?)
    }

    /// `PUT` with a JSON body; [`Value::Null`] where the answer has none.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn put(&self, path: &str, body: &Value) -> Result<Value, RestError> {
        json(&self.send(Method::PUT, path, Some(body)).await?)
    }

    /// `PUT` with a JSON body and a reason that the server's audit log shows: ASCII, at most 512 characters.
    pub(super) async fn put_because(&self, path: &str, body: &Value, reason: &str) -> Result<(), RestError> {
        let call = Call { method: &Method::PUT, path, body: Some(body), reason: Some(reason) };
        self.send_call(call).await.map(drop)
    }

    /// `PATCH` with a JSON body; [`Value::Null`] where the answer has none.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, RestError> {
        json(&self.send(Method::PATCH, path, Some(body)).await?)
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn delete(&self, path: &str) -> Result<(), RestError> {
        self.send(Method::DELETE, path, None).await.map(drop)
    }

    /// `POST` of an interaction's answer: past the limits (Discord does not count these) and within its three seconds.
    pub(super) async fn answer_interaction(&self, path: &str, body: &Value) -> Result<(), RestError> {
        let call = Call { method: &Method::POST, path, body: Some(body), reason: None };
        let sending = self.once(call, Lane::Immediate);
        within(INTERACTION_DEADLINE, sending).await?.map(drop)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Vec<u8>, RestError> {
        self.send_call(Call { method: &method, path, body, reason: None }).await
    }

    async fn send_call(&self, call: Call<'_>) -> Result<Vec<u8>, RestError> {
        // The last 429 is told when the deadline ends the waiting, so that the outbox knows how long to wait.
        let mut slow_down = None;
        let trying = async {
            loop {
                match self.once(call, Lane::Limited).await {
                    Err(error) if error.status == Some(429) => {
                        let wait = error.retry_after.unwrap_or(Duration::from_secs(1));
                        slow_down = Some(error.clone());
                        if wait > self.0.deadline {
                            return Err(error);
                        }
                        tokio::time::sleep(wait).await;
                    }
                    other => return other,
                }
            }
        };
        match within(self.0.deadline, trying).await {
            Ok(answer) => answer,
            Err(timed_out) => Err(slow_down.unwrap_or(timed_out)),
        }
    }

    /// One attempt.
    async fn once(&self, call: Call<'_>, lane: Lane) -> Result<Vec<u8>, RestError> {
        let Call { method, path, body, reason } = call;
        let inner = &self.0;
        let permit = match lane {
            Lane::Immediate => None,
            Lane::Limited => {
                drop(inner.open.read().await);
                let bare = path.split('?').next().unwrap_or(path).to_owned();
                Some(inner.limits.acquire(Endpoint { method: limited(method), path: bare }).await)
            }
        };
        let mut request = inner
            .client
            .request(method.clone(), format!("{}/api/v10/{path}", inner.base))
            .header(AUTHORIZATION, &inner.authorization);
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        if let Some(reason) = reason {
            request = request.header("X-Audit-Log-Reason", reason);
        }
        let answer = request.send().await.map_err(|error| {
            RestError::temporary(if error.is_timeout() { "no answer in time" } else { "no connection" })
        })?;
        if let Some(permit) = permit {
            permit.complete(limits_of(answer.headers()));
        }
        let status = answer.status();
        let headers = answer.headers().clone();
        let bytes = read(answer).await?;
        if status.is_success() {
            return Ok(bytes);
        }
        let error = refusal(status.as_u16(), &headers, &bytes);
        if status.as_u16() == 429 && is_global(&headers, &bytes) {
            self.close_for(error.retry_after.unwrap_or(Duration::from_secs(1)));
        }
        Err(error)
    }

    /// Lets nobody through for a while: the server asked the whole bot to wait.
    fn close_for(&self, wait: Duration) {
        let open = Arc::clone(&self.0.open);
        if let Ok(closed) = open.try_write_owned() {
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                drop(closed);
            });
        }
    }
}

const BAD_ADDRESS: RestError = RestError {
    status: None,
    discord_code: None,
    retry_after: None,
    kind: Kind::Permanent,
    what: "discord.api_url is not an address; write it like https://discord.com",
};

const NOT_AS_EXPECTED: RestError = RestError {
    status: None,
    discord_code: None,
    retry_after: None,
    kind: Kind::Permanent,
    what: "the server answered in a shape that this version does not know",
};

async fn within<T>(deadline: Duration, work: impl Future<Output = T>) -> Result<T, RestError> {
    tokio::time::timeout(deadline, work).await.map_err(|_| RestError::temporary("no answer in time"))
}

fn json(bytes: &[u8]) -> Result<Value, RestError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(bytes).map_err(|_| NOT_AS_EXPECTED)
}

/// The body, piece by piece, so that an endless one ends here.
async fn read(mut answer: Response) -> Result<Vec<u8>, RestError> {
    let mut bytes = Vec::new();
    while let Some(piece) =
        answer.chunk().await.map_err(|_| RestError::temporary("the connection broke during the answer"))?
    {
        if bytes.len() + piece.len() > LONGEST_ANSWER {
            return Err(RestError::unexpected("the answer is too long"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

#[derive(serde::Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    code: Option<u64>,
    #[serde(default)]
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
}

fn refusal(status: u16, headers: &HeaderMap, bytes: &[u8]) -> RestError {
    let body: Refusal = serde_json::from_slice(bytes).unwrap_or_default();
    // The body is exact to the millisecond; the header is in whole seconds and present where a proxy answers.
    let seconds = body.retry_after.or_else(|| header(headers, "retry-after")?.parse().ok());
    let retry_after = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    RestError::answered(status, body.code, retry_after)
}

fn is_global(headers: &HeaderMap, bytes: &[u8]) -> bool {
    header(headers, "x-ratelimit-global").is_some()
        || header(headers, "x-ratelimit-scope") == Some("global")
        || serde_json::from_slice::<Refusal>(bytes).is_ok_and(|body| body.global)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn limits_of(headers: &HeaderMap) -> Option<RateLimitHeaders> {
    let number = |name: &str| header(headers, name)?.parse::<u16>().ok();
    let seconds: f64 = header(headers, RateLimitHeaders::RESET_AFTER)?.parse().ok()?;
    let after = Duration::try_from_secs_f64(seconds).ok()?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the limiter's interface takes an Instant; nothing is decided by it"
    )]
    let now = std::time::Instant::now();
    Some(RateLimitHeaders {
        bucket: headers.get(RateLimitHeaders::BUCKET)?.as_bytes().to_vec(),
        limit: number(RateLimitHeaders::LIMIT)?,
        remaining: number(RateLimitHeaders::REMAINING)?,
        reset_at: now.checked_add(after)?,
    })
}

fn limited(method: &Method) -> LimitedMethod {
    match method.as_str() {
        "DELETE" => LimitedMethod::Delete,
        "PATCH" => LimitedMethod::Patch,
        "POST" => LimitedMethod::Post,
        "PUT" => LimitedMethod::Put,
        _ => LimitedMethod::Get,
    }
}

/// Whether an address is on this machine: limits that protect Discord are not needed there.
#[must_use]
pub fn is_on_this_machine(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| is_loopback(&url))
}

fn is_loopback(url: &reqwest::Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    })
}
