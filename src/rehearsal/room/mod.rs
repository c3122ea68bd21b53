//! The web room: a page on the platform's own port where somebody picks who to be, sees what that person sees,
//! writes, opens threads, joins voice, presses Acknowledge; beside it, for trainers, what Chaperone made of it.
//!
//! Pages are rendered here and pushed over a websocket as pieces of HTML (`html` escapes everything that
//! is not written in this program); the script in the browser only swaps pieces and sends what people do
//! (`wish`). The room is for one machine: it answers only to a loopback `Host`, and a websocket only to a
//! page of its own (`guard`).

mod door;
mod guard;
mod html;
mod live;
mod pieces;
mod talk;
mod tools;
mod wish;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::middleware;
use axum::response::{Html as Page, IntoResponse};
use axum::routing::get;
use serde::Deserialize;
use tokio::sync::watch;

use crate::domain::zone::Zone;
use crate::domain::{ChannelId, UserId};
use crate::rehearsal::platform::Handle;
use crate::rehearsal::player::{Listener, Telling};

/// How much of the telling the trainers' panel holds.
const REMEMBERED: usize = 400;

/// The room, before and while the platform serves it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Room {
    told: Arc<Told>,
    zone: Zone,
}

#[derive(Debug)]
struct Told {
    tellings: Mutex<VecDeque<Telling>>,
    count: watch::Sender<u64>,
}

/// What every route needs.
#[derive(Clone, Debug)]
struct Shared {
    room: Room,
    platform: Handle,
}

/// Whose eyes, and where they look first.
#[derive(Debug, Deserialize)]
struct As {
    #[serde(rename = "as")]
    person: Option<UserId>,
    space: Option<ChannelId>,
}

impl Room {
    /// A room with local times.
    #[must_use]
    pub fn new(zone: Zone) -> Self {
        let tellings = Mutex::new(VecDeque::new());
        Room { told: Arc::new(Told { tellings, count: watch::Sender::new(0) }), zone }
    }

    /// What a narrator needs so that trainers can follow in the room.
    #[must_use]
    pub fn listener(&self) -> Listener {
        let told = Arc::clone(&self.told);
        Box::new(move |telling| {
            let mut tellings = told.lock();
            if tellings.len() == REMEMBERED {
                tellings.pop_front();
            }
            tellings.push_back(telling);
            drop(tellings);
            told.count.send_modify(|count| *count += 1);
        })
    }

    /// The room's routes, for [`crate::rehearsal::platform::Platform::start_with`].
    pub fn routes(&self, platform: Handle) -> Router {
        let port = platform.url().rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0);
        let shared = Shared { room: self.clone(), platform };
        Router::new()
            .route("/", get(page))
            .route("/room/live", get(live::upgrade))
            .route("/room/room.css", get(async || file("text/css; charset=utf-8", include_str!("room.css"))))
            .route(
                "/room/room.js",
                get(async || file("text/javascript; charset=utf-8", include_str!("room.js"))),
            )
            .route_layer(middleware::from_fn_with_state(guard::Port(port), guard::loopback_only))
            .with_state(shared)
    }
}

impl Told {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Telling>> {
        self.tellings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn page(State(shared): State<Shared>, Query(As { person, space }): Query<As>) -> impl IntoResponse {
    Page(pieces::page(&shared, person, space).into_string())
}

fn file(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}

#[cfg(test)]
mod tests;
