//! A provider on loopback for tests: takes requests in, answers what the test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::domain::{CaseRef, Category, Effect, Level, Timestamp};
use crate::outbox::Job;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub uri: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Request {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A field of a form.
    pub fn field(&self, name: &str) -> Option<String> {
        let fields = reqwest::Url::parse(&format!("http://x/?{}", self.body)).unwrap();
        fields.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

/// What it answers.
#[derive(Clone, Debug)]
pub struct Says {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

/// A status with a body.
pub fn says(status: u16, body: &str) -> Says {
    Says { status, headers: Vec::new(), body: body.to_owned() }
}

#[derive(Default)]
struct Inner {
    seen: Mutex<Vec<Request>>,
    answers: Mutex<VecDeque<Says>>,
}

/// The provider. It stops when it is dropped.
pub struct Provider {
    inner: Arc<Inner>,
    /// Where it listens.
    pub base: String,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Provider {
    /// Answers these in turn, the last one for ever.
    pub async fn start(answers: impl IntoIterator<Item = Says>) -> Provider {
        let inner =
            Arc::new(Inner { answers: Mutex::new(answers.into_iter().collect()), ..Inner::default() });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(take).with_state(inner.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Provider { inner, base, server }
    }

    /// Everything that arrived.
    pub fn seen(&self) -> Vec<Request> {
        self.inner.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn take(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let request = Request { method, uri: uri.to_string(), headers, body };
    inner.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    let mut answers = inner.answers.lock().unwrap_or_else(PoisonError::into_inner);
    let says = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
    let says = says.expect("the test says what to answer");
    let mut response = (StatusCode::from_u16(says.status).unwrap(), says.body).into_response();
    for (name, value) in says.headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// A page of level 4 to somebody by a channel.
pub fn job(channel: &str, person: &str) -> Job {
    Job {
        key: format!("page/club/C-0007/4/2/0/{person}/{channel}"),
        organisation: "club".to_owned(),
        case: Some(CaseRef(7)),
        effect: Effect::Page {
            case: CaseRef(7),
            level: Level::Serious,
            category: Category::Grooming,
            slot: "dsl".to_owned(),
            round: 2,
            channel: channel.to_owned(),
            person: person.to_owned(),
            drill: false,
            evidence_kept: true,
        },
        not_before: Timestamp(0),
        attempts: 0,
    }
}
