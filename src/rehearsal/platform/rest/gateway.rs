//! Where the gateway is.

use serde_json::json;

use super::{Ask, Reply, Routed};
use crate::rehearsal::platform::core::Core;

pub(super) fn route(core: &mut Core, ask: &Ask<'_>) -> Routed {
    let url = core.state.url.replacen("http", "ws", 1);
    let answer = match (ask.method, ask.path.as_slice()) {
        ("GET", ["gateway"]) => json!({"url": url}),
        ("GET", ["gateway", "bot"]) => json!({
            "url": url,
            "shards": core.shards,
            "session_start_limit": {
                "total": 1_000,
                "remaining": 1_000,
                "reset_after": 86_400_000,
                "max_concurrency": 1,
            },
        }),
        _ => return None,
    };
    Some(Ok(Reply::Json(200, answer)))
}
