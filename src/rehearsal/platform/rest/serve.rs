//! From HTTP to a route and back: the token, the faults, the rate-limit headers, the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Ask, Reply, answer, is_open};
use crate::rehearsal::platform::core::{Call, Core};
use crate::rehearsal::platform::faults::RestFault;
use crate::rehearsal::platform::listener::Cut;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::shared::Shared;

/// Where the API begins.
pub const ROOT: &str = "/api/v10";

/// Calls that are allowed on a route before it says so; the platform itself never runs out.
const LIMIT: u32 = 50;

/// An answer on its way: status, JSON, and for a 429 how long to wait and whether for everything.
struct Out {
    status: u16,
    body: Option<Value>,
    wait: Option<(f64, bool)>,
}

/// Answers any REST call.
pub async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Cut>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let under_way = UnderWay::new(&shared);
    let path = uri.path().strip_prefix(ROOT).unwrap_or(uri.path()).to_owned();
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let parsed = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
    let reason = headers.get("x-audit-log-reason").and_then(|value| value.to_str().ok()).map(decoded);
    let ask = Ask {
        method: method.as_str(),
        path: parts.iter().map(String::as_str).collect(),
        query: Query::<BTreeMap<String, String>>::try_from_uri(&uri)
            .map(|Query(query)| query)
            .unwrap_or_default(),
        body: parsed.as_ref().cloned().unwrap_or_default(),
        reason: reason.clone(),
    };
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (out, lost) = shared.with(|core| {
        let at = core.clock.now();
        let fault = core.faults.of_call(ask.method, &path);
        let lost = matches!(fault, Some(RestFault::Reset | RestFault::LoseAnswer));
        let out = match fault {
            Some(fault) if fault != RestFault::LoseAnswer => faulty(&fault),
            _ => routed(core, &ask, token, parsed.is_err()),
        };
        core.log(Call {
            at,
            method: ask.method.to_owned(),
            path: path.clone(),
            query: uri.query().unwrap_or_default().to_owned(),
            body: parsed.as_ref().ok().filter(|body| !body.is_null()).cloned(),
            reason,
            status: if lost { 0 } else { out.status },
            answer: if lost { None } else { out.body.clone() },
        });
        (out, lost)
    });
    drop(under_way);
    if lost {
        line.cut();
    }
    let now = shared.with(|core| core.clock.now()).as_seconds();
    response(&out, &bucket(ask.method, &ask.path), now)
}

/// Counts a call while it is under way, also when the caller hangs up.
struct UnderWay<'s>(&'s Shared);

impl<'s> UnderWay<'s> {
    fn new(shared: &'s Shared) -> Self {
        shared.with(|core| core.in_flight += 1);
        UnderWay(shared)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.with(|core| core.in_flight -= 1);
    }
}

fn routed(core: &mut Core, ask: &Ask<'_>, token: Option<&str>, broken: bool) -> Out {
    let known = token.and_then(|token| token.strip_prefix("Bot ")) == Some(core.token.as_str());
    let answered = if !known && !is_open(ask) {
        Err(Refused::unauthorized())
    } else if broken {
        Err(Refused::not_json())
    } else {
        answer(core, ask)
    };
    match answered {
        Ok(Reply::Json(status, body)) => Out { status, body: Some(body), wait: None },
        Ok(Reply::Empty) => Out { status: 204, body: None, wait: None },
        Err(refused) => Out { status: refused.status, body: Some(refused.body()), wait: None },
    }
}

fn faulty(fault: &RestFault) -> Out {
    match fault {
        RestFault::Status(status) => {
            let text = format!("{status}: {}", reason_phrase(*status));
            Out { status: *status, body: Some(json!({"message": text, "code": 0})), wait: None }
        }
        RestFault::RateLimited { retry_after, global } => Out {
            status: 429,
            body: Some(json!({
                "message": "You are being rate limited.",
                "retry_after": retry_after,
                "global": global,
                "code": 0,
            })),
            wait: Some((*retry_after, *global)),
        },
        RestFault::Forbidden => {
            let refused = Refused::missing_permissions();
            Out { status: refused.status, body: Some(refused.body()), wait: None }
        }
        RestFault::Reset | RestFault::LoseAnswer => Out { status: 502, body: None, wait: None },
    }
}

fn reason_phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

/// Discord counts by route and main resource: channels, servers and webhooks each for themselves.
fn bucket(method: &str, path: &[&str]) -> String {
    let mut name = method.to_lowercase();
    for (index, part) in path.iter().enumerate() {
        let main = index == 1 && matches!(path[0], "channels" | "guilds" | "webhooks");
        let other = part.bytes().all(|byte| byte.is_ascii_digit()) && !main;
        name.push('-');
        name.push_str(if other { "id" } else { part });
    }
    name.retain(|c| c.is_ascii_alphanumeric() || c == '-');
    name
}

fn response(out: &Out, bucket: &str, now: i64) -> Response {
    let body = out.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(out.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    let mut set = |name: &'static str, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    };
    if out.body.is_some() {
        set("content-type", "application/json".to_owned());
    }
    let after = out.wait.map_or(1.0, |(seconds, _)| seconds);
    set("x-ratelimit-limit", LIMIT.to_string());
    set("x-ratelimit-remaining", if out.wait.is_some() { 0 } else { LIMIT - 1 }.to_string());
    set("x-ratelimit-reset-after", format!("{after:.3}"));
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
    set("x-ratelimit-reset", format!("{:.3}", now as f64 + after));
    set("x-ratelimit-bucket", bucket.to_owned());
    if let Some((seconds, global)) = out.wait {
        set("retry-after", format!("{:.0}", seconds.ceil()));
        set("x-ratelimit-scope", if global { "global" } else { "user" }.to_owned());
        if global {
            set("x-ratelimit-global", "true".to_owned());
        }
    }
    response
}

/// Undoes percent-encoding; what is not UTF-8 afterwards is kept as far as it goes.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let value = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let Some(value) = value {
            bytes.push(value);
            rest = &tail[2..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
