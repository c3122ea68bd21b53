//! The commands that people find in Discord's menus: "Report to safeguarding" and `/report`.

use std::time::Duration;

use crate::discord::interactions;
use crate::discord::rest::{Rest, RestError};

/// How long the start waits for it. It goes on afterwards; Discord keeps what an earlier start registered.
const PATIENCE: Duration = Duration::from_secs(5);

/// Registers the commands once, at the start. Without them nothing else changes, so a failure is a warning.
pub(super) async fn register(rest: Rest) {
    let registering = tokio::spawn(async move {
        if let Err(error) = registered(&rest).await {
            tracing::warn!(
                %error,
                "\"Report to safeguarding\" and /report could not be registered; they are tried again at the next start"
            );
        }
    });
    // Longer than this it runs beside everything else.
    let _ = tokio::time::timeout(PATIENCE, registering).await;
}

async fn registered(rest: &Rest) -> Result<(), RestError> {
    let application = rest.application_id().await?;
    rest.register_commands(application, &interactions::commands()).await
}
