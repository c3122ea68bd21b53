//! Containment, nudges and notices: the outbox's jobs that act on the server.
//!
//! Every job may arrive twice, after a crash between doing and recording. Each looks at what already is:
//!
//! | effect | already done when |
//! |---|---|
//! | hide | the message is gone (Discord 10008, or its channel is: 10003) |
//! | lock | the adult's overwrite already denies everything a lock denies; the adult is not in the private thread |
//! | unlock | the adult's overwrite is the one of before the lock; the adult is in the thread |
//! | disconnect | the adult is in no room |
//! | pause-dms | the pause already reaches as far |
//! | open-room | there is a channel with the room's topic |
//! | nudge, receipt, notice | Discord drops a repeated nonce; on a second attempt the newest messages are looked through |
//!
//! What restrains is kept reversible. The `detail` of a lock is one of
//! `{"before":null}` (there was no overwrite), `{"before":{"target":…,"allow":"…","deny":"…"}}` (this one, every bit
//! as it stood), or `{"already":true}`: it was locked before this attempt, so this attempt does not know what stood there,
//! and an earlier `before` must be kept. (A lock also writes what stood there into the server's audit log; an attempt after
//! a crash reads it back from there.)
//!
//! A thread is never locked as Discord locks threads: that would silence the young person in it too. The adult is taken
//! out of a private one (`"taken_out":true`); where that does not take their voice, because they manage threads, or the
//! thread is public, the overwrite is one of the thread's `"channel":"…"`. Channels and threads are never deleted: that
//! destroys evidence.

use std::time::Duration;

use serde_json::json;

use super::rest::{Channel, Kind, MessageDraft, Rest, RestError, ThreadState, nonce};
use crate::domain::effect::Nudge;
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{ChannelId, Effect, Event, GuildId, MessageId, Timestamp, UserId};
use crate::outbox::{Deliver, Delivered, Delivery, Job};
use crate::wording;

mod levers;
mod room;
mod unlock;

#[cfg(test)]
mod tests;

/// Discord's error numbers that say that a thing is already so, or can never be.
mod code {
    pub(super) const UNKNOWN_CHANNEL: u64 = 10_003;
    pub(super) const UNKNOWN_MEMBER: u64 = 10_007;
    pub(super) const UNKNOWN_MESSAGE: u64 = 10_008;
    pub(super) const UNKNOWN_VOICE_STATE: u64 = 10_065;
    pub(super) const NOT_IN_VOICE: u64 = 40_032;
    pub(super) const DMS_CLOSED: u64 = 50_007;
    pub(super) const NO_COMMON_SERVER: u64 = 50_278;
}

/// How far back a second attempt looks for the message that the first may have sent.
const LOOK_BACK: Duration = Duration::from_mins(15);

/// Carries out hide, lock, disconnect, nudge, receipt and notice.
#[derive(Clone, Debug)]
pub struct Contain {
    rest: Rest,
    ring: Option<String>,
}

impl Contain {
    /// Acts through this client.
    #[must_use]
    pub fn new(rest: Rest) -> Self {
        Contain { rest, ring: None }
    }

    /// With a telephone number for workers whom no lead has answered.
    #[must_use]
    pub fn with_number_to_ring(mut self, ring: Option<String>) -> Self {
        self.ring = ring;
        self
    }

    async fn carry_out(&self, job: &Job) -> Result<Delivered, RestError> {
        match &job.effect {
            Effect::Hide { space, message } => self.hide(*space, *message).await,
            Effect::Lock { guild, space, adult, manages_threads, .. } => {
                self.lock(job, *guild, *space, *adult, *manages_threads).await
            }
            Effect::Unlock { space, adult, before, exact, channel, taken_out, .. } => {
                self.unlock(&job.key, *space, *adult, (*before, *exact), (*channel, *taken_out)).await
            }
            Effect::PauseDms { guild, until } => self.pause_dms(*guild, *until).await,
            Effect::OpenRoom { guild, plan, people, roles, own } => {
                self.open_room(*guild, plan, people, roles, *own).await
            }
            Effect::Disconnect { guild, room, adult } => self.disconnect(*guild, *room, *adult).await,
            Effect::Nudge { to, about, .. } => self.nudge(job, *to, *about).await,
            Effect::Notice { space, about } => {
                say_once(&self.rest, job, *space, MessageDraft::new(wording::notice(*about), &job.key)).await
            }
            Effect::Receipt { to, reference } => {
                let dm = self.rest.open_dm(*to).await?;
                let text = wording::report_received(*reference);
                say_once(&self.rest, job, dm, MessageDraft::new(text, &job.key)).await
            }
            Effect::Page { .. }
            | Effect::PageTogether { .. }
            | Effect::PageSettled { .. }
            | Effect::Digest { .. }
            | Effect::Reminder { .. }
            | Effect::DrillReport { .. } => Ok(never("a page is not containment")),
            Effect::Cosign { .. } | Effect::Stamp { .. } => Ok(never("nothing is configured that attests")),
        }
    }

    async fn hide(&self, space: ChannelId, message: MessageId) -> Result<Delivered, RestError> {
        match self.rest.delete_message(space, message).await {
            Ok(()) => Ok(done(None)),
            // Discord's own number is asked for: any server answers 404 to a wrong address.
            Err(error)
                if matches!(error.discord_code, Some(code::UNKNOWN_MESSAGE | code::UNKNOWN_CHANNEL)) =>
            {
                Ok(done(Some(json!({ "already": true }))))
            }
            Err(error) => Err(error),
        }
    }

    async fn lock(
        &self,
        job: &Job,
        guild: GuildId,
        space: ChannelId,
        adult: UserId,
        manages_threads: bool,
    ) -> Result<Delivered, RestError> {
        match self.rest.channel(space).await {
            Err(error) if error.discord_code == Some(code::UNKNOWN_CHANNEL) => {
                Ok(Delivered::Withheld { why: "the space is not there any more".to_owned() })
            }
            Err(error) => Err(error),
            // What it is, the platform says: a thread has no overwrites of its own.
            Ok(thread) if thread.thread.is_some() => {
                self.lock_in_thread(job, guild, (space, &thread), adult, manages_threads).await
            }
            Ok(Channel { overwrites, voice, .. }) => {
                // A room that one may not join cannot be spoken in either.
                let taken =
                    if voice { Permissions::LOCK.with(Permissions::CONNECT) } else { Permissions::LOCK };
                self.lock_channel(job, guild, space, adult, taken, &overwrites).await.map(How::told)
            }
        }
    }

    async fn lock_channel(
        &self,
        job: &Job,
        guild: GuildId,
        space: ChannelId,
        adult: UserId,
        taken: Permissions,
        overwrites: &[Overwrite],
    ) -> Result<How, RestError> {
        let target = OverwriteFor::Member(adult);
        let before = overwrites.iter().copied().find(|overwrite| overwrite.target == target);
        let now = before.unwrap_or(Overwrite {
            target,
            allow: Permissions::default(),
            deny: Permissions::default(),
        });
        if now.deny.has(taken) && !now.allow.has_any(taken) {
            if job.attempts > 0
                && let Some(Before(before)) = self.told_before(job, guild, target).await
            {
                return Ok(How(json!({ "before": before })));
            }
            return Ok(How(json!({ "already": true })));
        }
        let locked = Overwrite { target, allow: now.allow.without(taken), deny: now.deny.with(taken) };
        self.rest.put_overwrite(space, locked, &lock_reason(&job.key, before)).await?;
        Ok(How(json!({ "before": before })))
    }

    /// What an earlier attempt of this job found, where a crash kept it from being recorded: the attempt wrote it into
    /// the server's audit log. Nothing when the log cannot be read or does not hold it.
    async fn told_before(&self, job: &Job, guild: GuildId, target: OverwriteFor) -> Option<Before> {
        for action in [OVERWRITE_CREATED, OVERWRITE_CHANGED] {
            let reasons = self.rest.audit_reasons(guild, action).await.unwrap_or_default();
            // The newest comes first; the attempt that did the work is the oldest of this job.
            if let Some(told) =
                reasons.iter().rev().find_map(|reason| read_lock_reason(reason, &job.key, target))
            {
                return Some(told);
            }
        }
        None
    }

    /// Takes the adult's voice in a thread and leaves everybody else's: out of a private one they are taken; where that is
    /// not enough, or the thread is public, its channel takes their voice in threads.
    async fn lock_in_thread(
        &self,
        job: &Job,
        guild: GuildId,
        (space, thread): (ChannelId, &Channel),
        adult: UserId,
        manages_threads: bool,
    ) -> Result<Delivered, RestError> {
        let mut how = How(json!({}));
        if thread.private_thread {
            if self.rest.is_in_thread(space, adult).await? {
                if let Some(state) = thread.thread.filter(|state| state.archived) {
                    // Nobody can be taken out of a thread that is put away; and writing would take it out again.
                    self.rest.edit_thread(space, ThreadState { archived: false, ..state }).await?;
                }
                self.rest.remove_from_thread(space, adult).await?;
                how.0["taken_out"] = true.into();
            } else if job.attempts > 0 {
                // An earlier attempt has done it, or they have left: to bring them back later is right in either case.
                how.0["taken_out"] = true.into();
            }
            if !manages_threads {
                if how.0["taken_out"] != json!(true) {
                    how.0["already"] = true.into();
                }
                return Ok(how.told());
            }
        }
        let Some(parent) = thread.parent else {
            return Ok(never("this thread has no channel, so its voice cannot be taken"));
        };
        let Channel { overwrites, .. } = self.rest.channel(parent).await?;
        let taken = Permissions::THREAD_LOCK;
        let How(on_channel) = self.lock_channel(job, guild, parent, adult, taken, &overwrites).await?;
        for (key, value) in on_channel.as_object().into_iter().flatten() {
            how.0[key] = value.clone();
        }
        how.0["channel"] = json!(parent);
        Ok(how.told())
    }

    async fn disconnect(
        &self,
        guild: GuildId,
        room: ChannelId,
        adult: UserId,
    ) -> Result<Delivered, RestError> {
        let in_no_room = |error: &RestError| {
            matches!(
                error.discord_code,
                Some(code::UNKNOWN_VOICE_STATE | code::UNKNOWN_MEMBER | code::NOT_IN_VOICE)
            )
        };
        let place = match self.rest.voice_place(guild, adult).await {
            Err(error) if in_no_room(&error) => return Ok(done(Some(json!({ "already": true })))),
            other => other?,
        };
        match place.room {
            None => return Ok(done(Some(json!({ "already": true })))),
            Some(now) if now != room => {
                return Ok(Delivered::Withheld { why: "they are in another room now".to_owned() });
            }
            Some(_) => {}
        }
        match self.rest.disconnect_member(guild, adult).await {
            Err(error) if in_no_room(&error) => Ok(done(Some(json!({ "already": true })))),
            other => other.map(|()| done(None)),
        }
    }

    async fn nudge(&self, job: &Job, to: UserId, about: Nudge) -> Result<Delivered, RestError> {
        let dm = self.rest.open_dm(to).await?;
        let mut text = wording::nudge(about).to_owned();
        if let Some(ring) = self.ring.as_ref().filter(|_| about == Nudge::LeadsNotReached) {
            text = format!("{text}\n\n{}", wording::ring(ring));
        }
        say_once(&self.rest, job, dm, MessageDraft::new(text, &job.key)).await
    }
}

impl Deliver for Contain {
    fn deliver<'a>(&'a self, job: &'a Job) -> Delivery<'a> {
        Box::pin(async move { self.carry_out(job).await.unwrap_or_else(|error| undone(&error)) })
    }
}

/// Discord's numbers for entries of the audit log.
const OVERWRITE_CREATED: u64 = 13;
const OVERWRITE_CHANGED: u64 = 14;

/// How a lock was carried out, as its outcome tells it.
struct How(serde_json::Value);

impl How {
    fn told(self) -> Delivered {
        done(Some(self.0))
    }
}

/// The overwrite that stood there before a lock, if there was one.
struct Before(Option<Overwrite>);

/// What the audit log says about a lock: which job, and the bits that stood there before. Administrators read it, so it
/// names neither a case nor a reason.
fn lock_reason(job: &str, before: Option<Overwrite>) -> String {
    let before = before.map_or_else(
        || "nothing".to_owned(),
        |before| format!("allow {} deny {}", before.allow.0, before.deny.0),
    );
    format!("Chaperone lock {}; before: {before}", nonce(job))
}

/// The bits of such a sentence, when it is of this job.
fn read_lock_reason(reason: &str, job: &str, target: OverwriteFor) -> Option<Before> {
    let before = reason.strip_prefix(&format!("Chaperone lock {}; before: ", nonce(job)))?;
    if before == "nothing" {
        return Some(Before(None));
    }
    let (allow, deny) = before.strip_prefix("allow ")?.split_once(" deny ")?;
    let bits = |text: &str| text.parse().ok().map(Permissions);
    Some(Before(Some(Overwrite { target, allow: bits(allow)?, deny: bits(deny)? })))
}

/// Writes a message of ours once: Discord drops a repeated nonce for some minutes; a job that was tried before looks
/// first whether its message stands there.
async fn say_once(
    rest: &Rest,
    job: &Job,
    space: ChannelId,
    draft: MessageDraft,
) -> Result<Delivered, RestError> {
    if job.attempts > 0 {
        let since = rest.clock().now().minus(LOOK_BACK);
        let newest = Rest::in_order(rest.newest_messages(space, 50).await?, None);
        let stands = newest.into_iter().find(|(id, _, event)| {
            Timestamp::from_millis(id.created_millis()) >= since
                && matches!(event, Some(Event::Said(said)) if said.automated && said.content == draft.text())
        });
        if let Some((message, ..)) = stands {
            return Ok(done(Some(json!({ "already": true, "message": message }))));
        }
    }
    let message = rest.send_message(space, draft).await?;
    Ok(done(Some(json!({ "message": message }))))
}

pub(super) fn done(detail: Option<serde_json::Value>) -> Delivered {
    Delivered::Done { detail: detail.map(|detail| detail.to_string()) }
}

pub(super) fn never(why: &str) -> Delivered {
    Delivered::Never { why: why.to_owned() }
}

/// What a failed request means for the job.
pub(super) fn undone(error: &RestError) -> Delivered {
    match (error.discord_code, error.kind) {
        (Some(code::DMS_CLOSED | code::NO_COMMON_SERVER), _) => never(
            "this person cannot be sent a direct message: they do not accept any, or share no server with the bot",
        ),
        (_, Kind::Temporary) => Delivered::Later { why: error.to_string(), after: error.retry_after },
        (_, Kind::Permanent | Kind::Forbidden | Kind::NotFound | Kind::Unauthorised) => {
            Delivered::Never { why: error.to_string() }
        }
    }
}
