//! An embedded, Discord-compatible server on loopback: REST v10 and gateway v10 on one port, with real
//! permissions, sessions that resume, and faults on demand. A bot that is pointed at [`Handle::url`] cannot tell.
//!
//! [`Platform::start`] runs it; everything else goes through its [`Handle`]: people do things with
//! [`Handle::perform`], [`Handle::view`] looks through somebody's eyes, [`Handle::subscribe`] tells what happens,
//! [`Handle::progress`] says how far the bot has come. With a journal nothing is lost when the process is killed.
//!
//! ```text
//!   person ─ perform ─┐                                      ┌─► session buffers ─► gateway ─► bot
//!   bot ─ rest ───────┼─► Core::perform ─► State::apply ─► journal, feed ─► web page, script player
//!   bot ─ gateway ────┘   (one lock)       (deterministic)
//! ```

mod apply;
pub mod audience;
pub mod bits;
pub mod core;
pub mod faults;
mod gateway;
pub mod handle;
pub mod intents;
pub mod journal;
mod listener;
pub mod model;
pub mod op;
pub mod options;
pub mod permissions;
pub mod plan;
pub mod refused;
mod rest;
pub mod session;
mod shared;
pub mod state;
pub mod view;
mod wire;

#[cfg(test)]
mod tests;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State as Extract};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::any;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::core::{Call, Happening, Outcome};
pub use self::faults::{GatewayFault, RestFault, RestRule};
pub use self::handle::{Handle, Progress, SessionProgress};
pub use self::op::{Answer, NewMessage, Op};
pub use self::options::{HiddenChannels, Options, Privileged};
pub use self::plan::{GuildPlan, Planned, SpacePlan, Whom};
pub use self::refused::Refused;
pub use self::view::View;

use self::journal::Journal;
use self::listener::{Cut, Listener};
use self::shared::Shared;
use self::state::State;

/// A running platform. Stops when it is dropped.
#[derive(Debug)]
pub struct Platform {
    handle: Handle,
    server: JoinHandle<io::Result<()>>,
}

impl std::ops::Deref for Platform {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.handle.shared.stop();
    }
}

impl Platform {
    /// Starts a platform on loopback.
    ///
    /// # Errors
    /// When the port is taken or the journal cannot be read or written.
    pub async fn start(options: Options) -> io::Result<Platform> {
        Platform::start_with(options, |_| Router::new()).await
    }

    /// Starts a platform that also serves `pages` on its port (any path but `/api/…`, `/gateway` and
    /// `/attachments/…`; `/` too, as a page: a websocket there is the gateway).
    ///
    /// # Errors
    /// As [`Platform::start`].
    pub async fn start_with(options: Options, pages: impl FnOnce(Handle) -> Router) -> io::Result<Platform> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port.unwrap_or(0))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let mut state = State::new(url, options.privileged, options.hidden, &options.bot_name);
        let journal = options.journal.as_ref().map(|path| Journal::open(path, &mut state)).transpose()?;
        let journal = journal.map(|(journal, last)| {
            // Time goes on from where it ended, on a manual clock too.
            if let Some(last) = last {
                options.clock.advance_to(last);
            }
            journal
        });
        let core = core::Core::new(state, journal, options.clock, options.token, options.shards);
        let shared = Arc::new(Shared::new(core));
        let handle = Handle { shared: Arc::clone(&shared) };
        let router = Router::new()
            .route("/api/v10/{*path}", any(rest::serve::serve))
            .route("/attachments/{*path}", any(attachment))
            .with_state(Arc::clone(&shared))
            .merge(pages(handle.clone()))
            .layer(middleware::from_fn_with_state(Arc::clone(&shared), gateway_first));
        let mut stopping = shared.stopping();
        let server = axum::serve(Listener(listener), router.into_make_service_with_connect_info::<Cut>())
            .with_graceful_shutdown(async move {
                let _ = stopping.wait_for(|stop| *stop).await;
            });
        let server = tokio::spawn(async move { server.await });
        Ok(Platform { handle, server })
    }

    /// The handle, to keep elsewhere.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Stops: sockets are dropped without a word, calls under way are answered, the port is free afterwards.
    pub async fn stop(mut self) {
        self.handle.shared.stop();
        let _ = (&mut self.server).await;
    }
}

/// A websocket at `/` or `/gateway` is the gateway; anything else goes on to its route.
async fn gateway_first(Extract(shared): Extract<Arc<Shared>>, request: Request, next: Next) -> Response {
    let upgrade = request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if upgrade && matches!(request.uri().path(), "/" | "/gateway" | "/gateway/") {
        return gateway::upgrade(shared, request).await;
    }
    next.run(request).await
}

/// There are no bytes here; whoever asks for them is counted.
async fn attachment(Extract(shared): Extract<Arc<Shared>>) -> StatusCode {
    shared.with(|core| core.fetches += 1);
    StatusCode::NOT_FOUND
}
