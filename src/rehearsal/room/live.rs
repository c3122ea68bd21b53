//! The websocket: pieces of the page go out when they have changed, what people do comes in.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::wish::Wish;
use super::{As, Shared, door, pieces};
use crate::domain::{ChannelId, UserId};

/// The largest thing that a page may send.
const LARGEST: usize = 64 * 1024;
/// Changes that come closer together than this are shown together.
const TOGETHER: Duration = Duration::from_millis(60);
/// How often the clock in the corner is looked at when nothing happens.
const TICK: Duration = Duration::from_secs(2);

pub(super) async fn upgrade(
    State(shared): State<Shared>,
    Query(As { person, space }): Query<As>,
    socket: WebSocketUpgrade,
) -> Response {
    let known = person.filter(|person| door::can_be(&shared, *person));
    let Some(person) = known else {
        return (StatusCode::NOT_FOUND, "Nobody of that number is in the club.\n").into_response();
    };
    socket.max_message_size(LARGEST).on_upgrade(move |socket| converse(shared, person, space, socket))
}

async fn converse(shared: Shared, person: UserId, mut looking: Option<ChannelId>, mut socket: WebSocket) {
    let (mut changes, mut told) = (shared.platform.changes(), shared.room.told.count.subscribe());
    let mut shown: BTreeMap<&'static str, Value> = BTreeMap::new();
    let mut tick = tokio::time::interval(TICK);
    loop {
        let now = pieces::pieces(&shared, person, &mut looking);
        let news: BTreeMap<_, _> =
            now.iter().filter(|(name, piece)| shown.get(*name) != Some(*piece)).collect();
        if !news.is_empty() && send(&mut socket, &json!({ "show": news })).await.is_err() {
            return;
        }
        shown = now;
        tokio::select! {
            alive = changes.changed() => if alive.is_err() { return },
            alive = told.changed() => if alive.is_err() { return },
            _ = tick.tick() => continue,
            received = socket.recv() => {
                let Some(Ok(message)) = received else { return };
                if let Some(answer) = hear(&shared, person, &mut looking, &message)
                    && send(&mut socket, &answer).await.is_err()
                {
                    return;
                }
                continue;
            }
        }
        tokio::time::sleep(TOGETHER).await;
        changes.mark_unchanged();
        told.mark_unchanged();
    }
}

async fn send(socket: &mut WebSocket, what: &Value) -> Result<(), axum::Error> {
    socket.send(Message::Text(what.to_string().into())).await
}

/// Does what the page sent; answers what it is told about it.
fn hear(
    shared: &Shared,
    person: UserId,
    looking: &mut Option<ChannelId>,
    message: &Message,
) -> Option<Value> {
    let Message::Text(text) = message else { return None };
    let Ok(wish) = serde_json::from_str::<Wish>(text) else {
        return Some(json!({"refused": "This page is from another version; load it again."}));
    };
    match wish.perform(person, &shared.platform) {
        Ok(Some(space)) => {
            *looking = Some(space);
            None
        }
        Ok(None) => Some(json!({"done": true})),
        Err(refused) => Some(json!({"refused": format!("Discord says no: {}", refused.message)})),
    }
}
