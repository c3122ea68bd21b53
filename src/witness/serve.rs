//! The witness' listener: `POST /add-checkpoint`, and its public key for whoever asks.
//!
//! It speaks plain HTTP, for a loopback address, a private network or a reverse proxy that adds TLS. Who asks need not be
//! known: a request is as good as the log's signature in it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::mpsc::UnboundedSender;

use super::keeper::{Fork, Witness};
use crate::clock::Clock;
use crate::evidence::add_checkpoint;

struct House {
    witness: Mutex<Witness>,
    clock: Clock,
    forks: UnboundedSender<Fork>,
}

/// Serves until `stop` is ready; every fork goes to `forks`.
///
/// # Errors
/// When the socket breaks.
pub async fn serve(
    listener: TcpListener,
    witness: Witness,
    clock: Clock,
    forks: UnboundedSender<Fork>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let house = Arc::new(House { witness: Mutex::new(witness), clock, forks });
    let app = Router::new()
        .route("/", get(about))
        .route(add_checkpoint::PATH, post(add))
        .layer(DefaultBodyLimit::max(add_checkpoint::LARGEST))
        .with_state(house);
    axum::serve(listener, app).with_graceful_shutdown(stop).await
}

async fn about(State(house): State<Arc<House>>) -> String {
    let witness = house.witness.lock().unwrap_or_else(PoisonError::into_inner);
    format!("A witness of c2sp.org/tlog-witness. Its key:\n{}\n", witness.key().public())
}

async fn add(State(house): State<Arc<House>>, body: Bytes) -> Response {
    // It waits for its own disk, which must not hold up who else is served.
    let answered = tokio::task::spawn_blocking(move || {
        let now = u64::try_from(house.clock.now().as_seconds()).unwrap_or(0);
        let mut witness = house.witness.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, fork) = witness.add_checkpoint(&body, now);
        drop(witness);
        if let Some(fork) = fork {
            // Nobody listens only when the process is ending.
            let _ = house.forks.send(fork);
        }
        tracing::info!(status = answer.status, "asked to cosign");
        answer
    });
    let Ok(answer) = answered.await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, answer.media_type), (header::CACHE_CONTROL, "no-store")], answer.body)
        .into_response()
}
