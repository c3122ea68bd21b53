//! Who may reach the room: a browser on this machine, on a page of the room's own. Another website that has its
//! name point to 127.0.0.1 (DNS rebinding) is told no by its `Host`, one that opens a websocket here by its
//! `Origin` (RFC 6455 §10.2).

use axum::extract::{Request, State};
use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The platform's port.
#[derive(Clone, Copy, Debug)]
pub(super) struct Port(pub u16);

/// What a browser is told about every page of the room: nothing from elsewhere, no script in the markup, no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

pub(super) async fn loopback_only(State(port): State<Port>, request: Request, next: Next) -> Response {
    if !allowed(request.headers(), request.uri().host(), port) {
        let why =
            "The rehearsal's room is for this computer only: open it as http://127.0.0.1 with its port.\n";
        return (StatusCode::FORBIDDEN, why).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn allowed(headers: &HeaderMap, host: Option<&str>, port: Port) -> bool {
    let named = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host_is_ours = named(header::HOST).or(host).is_some_and(|host| is_ours(host, port));
    let origin_is_ours = match named(header::ORIGIN) {
        Some(origin) => origin.strip_prefix("http://").is_some_and(|host| is_ours(host, port)),
        None => !headers.contains_key(header::ORIGIN) && !headers.contains_key(header::UPGRADE),
    };
    host_is_ours && origin_is_ours
}

fn is_ours(host: &str, Port(port): Port) -> bool {
    ["127.0.0.1", "localhost", "[::1]"].iter().any(|ours| {
        host.to_ascii_lowercase().strip_prefix(ours).and_then(|rest| rest.strip_prefix(':'))
            == Some(port.to_string().as_str())
    })
}
