//! Giving back what a lock took.

use serde_json::json;

use super::{Contain, code, done};
use crate::discord::rest::{Channel, RestError, ThreadState, nonce};
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{ChannelId, UserId};
use crate::outbox::Delivered;

/// Everything that a lock of any kind of channel takes.
const TAKEN: Permissions = Permissions::LOCK.with(Permissions::CONNECT);

impl Contain {
    /// Restores exactly the overwrite that stood there before the lock (`exact`), every bit of it, those that this
    /// version does not know included; none is removed. Where what stood there was not recorded, only the bits of a lock
    /// are taken out of what stands there now. A thread is opened.
    pub(super) async fn unlock(
        &self,
        job: &str,
        space: ChannelId,
        adult: UserId,
        before: Option<Overwrite>,
        exact: bool,
    ) -> Result<Delivered, RestError> {
        let channel = match self.rest.channel(space).await {
            Err(error) if error.discord_code == Some(code::UNKNOWN_CHANNEL) => {
                return Ok(Delivered::Withheld { why: "the space is not there any more".to_owned() });
            }
            other => other?,
        };
        if let Some(state) = channel.thread {
            if !state.locked && !state.archived {
                return Ok(done(Some(json!({ "already": true }))));
            }
            self.rest.edit_thread(space, ThreadState { locked: false, archived: false }).await?;
            return Ok(done(None));
        }
        let target = OverwriteFor::Member(adult);
        let now = channel.overwrites.iter().copied().find(|overwrite| overwrite.target == target);
        let wanted = if exact { before } else { now.and_then(|now| without_lock(now, &channel)) };
        if now == wanted {
            return Ok(done(Some(json!({ "already": true }))));
        }
        match wanted {
            Some(overwrite) => {
                let reason = format!("Chaperone unlock {}", nonce(job));
                self.rest.put_overwrite(space, overwrite, &reason).await?;
            }
            None => self.rest.delete_overwrite(space, target).await?,
        }
        Ok(done(None))
    }
}

/// What is left of an overwrite without the bits of a lock; none when nothing is.
fn without_lock(now: Overwrite, channel: &Channel) -> Option<Overwrite> {
    let taken = if channel.voice { TAKEN } else { Permissions::LOCK };
    let left = Overwrite { deny: now.deny.without(taken), ..now };
    (left.allow.0 != 0 || left.deny.0 != 0).then_some(left)
}
