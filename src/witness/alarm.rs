//! How a witness' operator hears that a log was rewritten: loudly in the log of the process, over a webhook of their
//! own, and by the exit status when the process ends.

use super::ask::{AskError, Outside};
use super::keeper::Fork;

/// What an alarm says. It names the log and two sizes, and nothing of anybody.
#[must_use]
pub fn words(fork: &Fork) -> String {
    format!(
        "ALARM: the evidence log {} was rewritten. This witness cosigned {} entries; a state of {} entries, signed with \
         the log's own key, does not continue it. It was refused. The proof is kept in {}. Do not restart or repair \
         anything: tell the chair of trustees, and ask whoever runs the bot for its database and all backups.",
        fork.log,
        fork.cosigned,
        fork.offered,
        fork.file.display()
    )
}

/// Raises the alarm: to the log of the process always, to the webhook where there is one. A contradiction that was
/// known before is logged only.
///
/// # Errors
/// Why the webhook did not take it.
pub async fn raise(fork: &Fork, outside: &Outside, webhook: Option<&str>) -> Result<(), AskError> {
    let words = words(fork);
    tracing::error!(log = fork.log, cosigned = fork.cosigned, offered = fork.offered, "{words}");
    match webhook {
        Some(url) if !fork.known => outside.tell(url, &words).await,
        _ => Ok(()),
    }
}
