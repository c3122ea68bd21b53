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
    /// are taken out of what stands there now. Whoever was taken out of a private thread is brought back into it; a thread
    /// that an earlier version locked for everybody is opened.
    pub(super) async fn unlock(
        &self,
        job: &str,
        space: ChannelId,
        adult: UserId,
        before: (Option<Overwrite>, bool),
        (channel, taken_out): (Option<ChannelId>, bool),
    ) -> Result<Delivered, RestError> {
        let gone = || Delivered::Withheld { why: "the space is not there any more".to_owned() };
        let is_gone = |error: &RestError| error.discord_code == Some(code::UNKNOWN_CHANNEL);
        let described = match self.rest.channel(space).await {
            Err(error) if is_gone(&error) => return Ok(gone()),
            other => other?,
        };
        let Some(state) = described.thread else {
            let taken = if described.voice { TAKEN } else { Permissions::LOCK };
            return self.restore(job, (space, &described), adult, before, taken).await;
        };
        if !taken_out && channel.is_none() {
            if !state.locked && !state.archived {
                return Ok(done(Some(json!({ "already": true }))));
            }
            self.rest.edit_thread(space, ThreadState { locked: false, archived: false }).await?;
            return Ok(done(None));
        }
        let mut ended = done(Some(json!({ "already": true })));
        if let Some(channel) = channel {
            match self.rest.channel(channel).await {
                Err(error) if is_gone(&error) => return Ok(gone()),
                other => {
                    let described = other?;
                    let taken = Permissions::THREAD_LOCK;
                    ended = self.restore(job, (channel, &described), adult, before, taken).await?;
                }
            }
        }
        if taken_out && !self.rest.is_in_thread(space, adult).await? {
            if state.archived {
                // Nobody can be brought into a thread that is put away.
                self.rest.edit_thread(space, ThreadState { locked: state.locked, archived: false }).await?;
            }
            match self.rest.add_to_thread(space, adult).await {
                // They have left the server: there is nobody to give anything back to.
                Err(error) if error.discord_code == Some(code::UNKNOWN_MEMBER) => {}
                other => other?,
            }
            ended = done(None);
        }
        Ok(ended)
    }

    async fn restore(
        &self,
        job: &str,
        (space, channel): (ChannelId, &Channel),
        adult: UserId,
        (before, exact): (Option<Overwrite>, bool),
        taken: Permissions,
    ) -> Result<Delivered, RestError> {
        let target = OverwriteFor::Member(adult);
        let now = channel.overwrites.iter().copied().find(|overwrite| overwrite.target == target);
        let wanted = if exact { before } else { now.and_then(|now| without_lock(now, taken)) };
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
fn without_lock(now: Overwrite, taken: Permissions) -> Option<Overwrite> {
    let left = Overwrite { deny: now.deny.without(taken), ..now };
    (left.allow.0 != 0 || left.deny.0 != 0).then_some(left)
}
