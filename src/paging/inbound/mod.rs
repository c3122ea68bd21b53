//! What comes back from people and providers: acknowledge links, push buttons, key presses, delivery reports.
//!
//! | path | who calls it | what for |
//! |---|---|---|
//! | `GET /a/TOKEN` | a person, a mail scanner | shows a page with a button; changes nothing |
//! | `POST /a/TOKEN` | the button | acknowledges; then records, hands over, puts off, resolves |
//! | `POST /n/TOKEN` | the action button of a push message | acknowledges |
//! | `POST /v/TOKEN`, `POST /k/TOKEN` | Twilio, signed | what a call says; the key that was pressed |
//! | `POST /s/TOKEN` | Twilio, signed | what became of a message or call |
//! | `GET /` | anybody | that it is there |
//!
//! A token is signed, expires, and counts for one call of one person ([`links`](super::links)). A request that is not
//! allowed learns nothing: a forged token, another organisation's and one of a case that its holder may not know are
//! answered alike. Behind a reverse proxy the address that people call is the configured public one; the peer's address
//! is then the last that the proxy put into `X-Forwarded-For`.

mod html;
mod limit;
mod people;
mod providers;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};

use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::domain::{Event, Fact};

use super::Calls;
use super::channels::twilio::Account;
use super::links::LinkKey;
use limit::Limit;

/// A body is a few form fields.
const LARGEST_BODY: usize = 16 * 1024;

/// Hands an event in and gives what it led to, once that is durable; an error when nothing can be kept.
pub type Hear = dyn Fn(Event) -> Hearing + Send + Sync;
/// A handing-in under way.
pub type Hearing = std::pin::Pin<Box<dyn Future<Output = Result<Vec<Fact>, NotKept>> + Send>>;

/// Nothing can be kept at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotKept;

/// What the listener works with.
pub struct Inbound {
    /// The key that links are signed with.
    pub key: LinkKey,
    /// The address under which people and providers reach it, without a slash at its end.
    pub public_url: String,
    /// Whether a reverse proxy stands in front of it.
    pub behind_proxy: bool,
    /// The account whose signature reports and key presses must carry, where there is one.
    pub twilio: Option<Account>,
    /// The ladders, to show where a case stands.
    pub calls: Arc<RwLock<Calls>>,
    /// Where events go.
    pub hear: Arc<Hear>,
    /// What time it is.
    pub clock: Clock,
}

impl Inbound {
    fn read<T>(&self, read: impl FnOnce(&Calls) -> T) -> T {
        read(&self.calls.read().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct House {
    inbound: Inbound,
    limit: Limit,
}

/// Serves until `stop` is ready.
///
/// # Errors
/// When the socket breaks.
pub async fn run(
    listener: TcpListener,
    inbound: Inbound,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let app = router(inbound).into_make_service_with_connect_info::<SocketAddr>();
    serve(listener, app).with_graceful_shutdown(stop).await
}

fn router(inbound: Inbound) -> Router {
    let limit = Limit::new(inbound.clock.clone());
    let house = Arc::new(House { inbound, limit });
    Router::new()
        .route("/", get(|| async { "Chaperone listens here.\n" }))
        .route("/a/{token}", get(people::show).post(people::act))
        .route("/n/{token}", post(people::push))
        .route("/v/{token}", post(providers::voice))
        .route("/k/{token}", post(providers::keypress))
        .route("/s/{token}", post(providers::status))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn_with_state(house.clone(), guard))
        .with_state(house)
}

/// Counts requests, and puts on every answer what keeps it out of caches, frames and referrers.
async fn guard(
    State(house): State<Arc<House>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let who = who(peer.ip(), request.headers(), house.inbound.behind_proxy);
    let mut response = if house.limit.allows(who) {
        next.run(request).await
    } else {
        (
            StatusCode::TOO_MANY_REQUESTS,
            [(header::RETRY_AFTER, "60")],
            "Too many requests. Please wait a minute.\n",
        )
            .into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whose requests are counted together. Only a proxy is believed about who stands behind it.
fn who(peer: IpAddr, headers: &HeaderMap, behind_proxy: bool) -> IpAddr {
    if !behind_proxy {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
    let last = forwarded.and_then(|value| value.to_str().ok()).and_then(|list| list.rsplit(',').next());
    last.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
}
