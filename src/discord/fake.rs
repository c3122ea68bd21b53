//! A tiny server for this room's own tests: it answers what a test tells it to and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::Token;
use super::rest::Rest;
use crate::clock::Clock;
use crate::domain::Timestamp;

/// A request that the fake was asked.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) call: String,
    pub(super) authorization: String,
    pub(super) body: Value,
}

/// What the fake answers.
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(super) fn with(mut self, header: &'static str, value: &impl ToString) -> Self {
        self.headers.push((header, value.to_string()));
        self
    }

    pub(super) fn saying(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }
}

pub(super) fn ok(body: &Value) -> Answer {
    Answer { status: 200, headers: Vec::new(), body: body.to_string() }
}

pub(super) fn empty() -> Answer {
    Answer { status: 204, headers: Vec::new(), body: String::new() }
}

pub(super) fn status(status: u16) -> Answer {
    Answer { status, headers: Vec::new(), body: String::new() }
}

/// A refusal the way Discord writes it.
pub(super) fn refused(status: u16, code: u64) -> Answer {
    Answer { status, headers: Vec::new(), body: json!({ "message": "no", "code": code }).to_string() }
}

pub(super) struct Fake {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    /// Starts one that answers with what `answer` makes of the request and of how many came before it.
    pub(super) async fn start(answer: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let remembered = Arc::clone(&seen);
        let answer = Arc::new(answer);
        let app = Router::new().fallback(move |request: Request| {
            let (remembered, answer) = (Arc::clone(&remembered), Arc::clone(&answer));
            async move {
                let (head, body) = request.into_parts();
                let bytes: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let path = head.uri.path_and_query().map_or("", |path| path.as_str());
                let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap());
                let now = Seen {
                    call: format!("{} {}", head.method, path.trim_start_matches("/api/v10")),
                    authorization: authorization.unwrap_or_default().to_owned(),
                    body: serde_json::from_slice(&bytes).unwrap_or_default(),
                };
                let before = {
                    let mut remembered = remembered.lock().unwrap();
                    remembered.push(now.clone());
                    remembered.len() - 1
                };
                let answer = answer(before, &now);
                let mut response = Response::new(Body::from(answer.body));
                *response.status_mut() = StatusCode::from_u16(answer.status).unwrap();
                for (name, value) in answer.headers {
                    response
                        .headers_mut()
                        .insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
                }
                response
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Fake { url, seen }
    }

    /// Everything it was asked so far.
    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The calls alone.
    pub(super) fn calls(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.call).collect()
    }

    /// A client of this server.
    pub(super) fn rest(&self) -> Rest {
        Rest::new(&self.url, &Token::new("secret-token"), Clock::manual(noon())).unwrap()
    }
}

pub(super) fn noon() -> Timestamp {
    Timestamp::parse_rfc3339("2026-03-02T12:00:00Z").unwrap()
}
