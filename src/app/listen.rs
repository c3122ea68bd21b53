//! One shard, listening: raw frames become events in the order in which they came; gaps are found and filled.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::missed::Missed;
use crate::clock::Clock;
use crate::discord::backfill::{self, Limits};
use crate::discord::decode::{decode, from_history};
use crate::discord::interactions::{self, Interaction, Reply};
use crate::discord::permissions;
use crate::discord::rest::Rest;
use crate::discord::snapshot::snapshot;
use crate::discord::socket::{Asker, IdentifyQueue, Packet, Signal, Socket, SocketOptions};
use crate::discord::token::Token;
use crate::domain::event::GuildSnapshot;
use crate::domain::{ChannelId, Event, Fact, GuildId, Heard, MessageId, SpaceKind, Timestamp};
use crate::pipeline::{Ask, Ear, Input, Stopped, What};
use crate::store::Position;
use crate::wording;

/// How many messages of each space are read again after a restart, so that the engine knows who was speaking to
/// whom.
const RECOLLECTED: u8 = 50;
/// How many conversations with the bot are read for a gap: those with the newest message.
const MOST_CONVERSATIONS: usize = 500;
/// How long an answer waits for what it says to be durable; Discord gives three seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Listener {
    pub(super) shard: (u32, u32),
    pub(super) api_url: String,
    pub(super) token: Token,
    pub(super) guilds: BTreeSet<GuildId>,
    pub(super) rest: Rest,
    pub(super) ear: Ear,
    pub(super) clock: Clock,
    /// How far an earlier run had heard.
    pub(super) position: Option<Position>,
    /// The newest moment that an earlier run has on record: where it ended, if it had kept no position yet.
    pub(super) earlier: Option<Timestamp>,
    /// Tells how far this one has: by shard, the session and its last sequence number.
    pub(super) heard: watch::Sender<BTreeMap<u32, (String, u64)>>,
    /// Tells whether this one is connected.
    pub(super) connected: watch::Sender<BTreeMap<u32, bool>>,
    /// Says why nothing can be heard any more.
    pub(super) failed: watch::Sender<Option<String>>,
}

impl Listener {
    /// Listens until `stop` is ready or the gateway refuses for good.
    pub(super) async fn run(self, stop: impl Future<Output = ()>) {
        let last = self.position.as_ref().map(|position| position.heard_at).or(self.earlier);
        let mut missed = Missed::new(&self.guilds, self.shard, last);
        let mut described = true;
        if self.position.is_some() {
            match self.describe_known_servers(&missed).await {
                Ok(all) => described = all,
                Err(Stopped) => return,
            }
        }
        let identify = if crate::discord::rest::is_on_this_machine(&self.api_url) {
            IdentifyQueue::immediate()
        } else {
            IdentifyQueue::spaced()
        };
        let opened = Socket::open(SocketOptions {
            api_url: self.api_url.clone(),
            gateway_url: None,
            token: self.token.clone(),
            intents: permissions::intents(),
            shard: self.shard,
            // A resumed session does not describe the servers: where they could not be asked for, a new one does.
            session: self.position.as_ref().filter(|_| described).map(|position| position.session.clone()),
            identify,
            clock: self.clock.clone(),
        });
        let mut socket = match opened {
            Ok(socket) => socket,
            Err(error) => return self.fail(&error.to_string()),
        };
        let asker = socket.asker();
        let mut stop = pin!(stop);
        let mut listening = false;
        loop {
            let signal = tokio::select! {
                signal = socket.next() => signal,
                () = &mut stop => {
                    for packet in socket.close().await {
                        if self.take(packet, &asker, &mut missed).await.is_err() {
                            return;
                        }
                    }
                    return;
                }
            };
            match signal {
                Some(Signal::Packet(packet)) => {
                    if !std::mem::replace(&mut listening, true) {
                        tracing::info!(shard = self.shard.0, "listening");
                        self.is_connected(true);
                    }
                    if self.take(packet, &asker, &mut missed).await.is_err() {
                        return;
                    }
                }
                Some(Signal::Closed { fatal: true, what, .. }) => return self.fail(&what),
                Some(Signal::Closed { what, .. }) => {
                    listening = false;
                    self.is_connected(false);
                    tracing::warn!(shard = self.shard.0, what, "connection closed");
                }
                Some(Signal::Behind { waiting, disconnected }) => {
                    tracing::warn!(
                        shard = self.shard.0,
                        waiting,
                        disconnected,
                        "hearing faster than deciding"
                    );
                }
                None => return,
            }
        }
    }

    fn is_connected(&self, connected: bool) {
        self.connected.send_modify(|shards| {
            shards.insert(self.shard.0, connected);
        });
    }

    fn fail(&self, what: &str) {
        self.is_connected(false);
        tracing::error!(shard = self.shard.0, what, "nothing can be heard any more");
        self.failed.send_replace(Some(what.to_owned()));
    }

    async fn take(&self, packet: Packet, asker: &Asker, missed: &mut Missed) -> Result<(), Stopped> {
        let Packet { raw, at, session, .. } = packet;
        let raw: Arc<str> = raw.into();
        let sequence = session.as_deref().and_then(sequence_of);
        let mut position = session.map(|session| Position { shard: self.shard.0, session, heard_at: at });
        match interactions::parse(&raw) {
            Some(Interaction::Command(call)) => {
                super::commands::answer(&self.ear, &self.rest, *call, at).await?;
            }
            Some(Interaction::Offer(offer)) => {
                super::commands::offer(&self.ear, &self.rest, *offer, at).await?;
            }
            Some(interaction) => self.answer(interaction, &raw, at).await?,
            None => {}
        }
        let decoded = decode(&raw);
        let count = decoded.events.len();
        for (index, event) in decoded.events.into_iter().enumerate() {
            if !self.is_ours(&event) {
                continue;
            }
            match event {
                Event::SessionBegan { .. } => self.tell_gap(at, missed).await?,
                Event::GuildGone { guild, outage: false } => missed.caught_up(guild),
                _ => {}
            }
            let described = match &event {
                Event::Guild(snapshot) => Some(snapshot.clone()),
                _ => None,
            };
            let last = index + 1 == count;
            self.ear
                .hear(Input {
                    what: What::Event(Heard { at, event }),
                    raw: Some(raw.clone()),
                    position: if last && missed.may_keep_position(at) { position.take() } else { None },
                    done: None,
                })
                .await?;
            if let Some(snapshot) = described {
                if snapshot.members_missing {
                    self.tell_members(snapshot.id, at, asker).await?;
                }
                self.ask_who_is_in_threads(&snapshot, at).await?;
                self.catch_up(&snapshot, missed).await?;
                self.catch_up_on_direct_messages(missed).await?;
            }
        }
        missed.heard(at);
        if let Some(sequence) = sequence {
            self.heard.send_modify(|heard| {
                heard.insert(self.shard.0, sequence);
            });
        }
        Ok(())
    }

    /// The description of a server leaves most members out. They are asked for before any message is judged: without
    /// them nobody is known to be a young person, and what was written in a gap would be read as between guests.
    async fn tell_members(&self, guild: GuildId, at: Timestamp, asker: &Asker) -> Result<(), Stopped> {
        match snapshot(&self.rest, guild).await {
            Ok(whole) => {
                let event = Event::Members { guild, members: whole.members, last: true };
                self.ear.hear(Input::event(Heard { at, event })).await
            }
            Err(error) => {
                tracing::warn!(%error, %guild, "the members could not be listed; the gateway is asked for them");
                asker.ask_members(guild);
                Ok(())
            }
        }
    }

    /// The description of a server names the bot's own thread memberships only; who else sees a private thread is
    /// asked for.
    async fn ask_who_is_in_threads(&self, snapshot: &GuildSnapshot, at: Timestamp) -> Result<(), Stopped> {
        for thread in snapshot.spaces.iter().filter(|space| space.kind == SpaceKind::PrivateThread) {
            match self.rest.thread_members(thread.id).await {
                Ok(members) => {
                    let (guild, thread) = (snapshot.id, thread.id);
                    let event = Event::ThreadMembersListed { guild, thread, members };
                    self.ear.hear(Input::event(Heard { at, event })).await?;
                }
                Err(error) => tracing::warn!(%error, "who is in a private thread could not be asked"),
            }
        }
        Ok(())
    }

    /// Only enrolled servers are listened to, and direct messages with the bot.
    fn is_ours(&self, event: &Event) -> bool {
        self.guilds.is_empty()
            || crate::discord::decode::guild_of(event).is_none_or(|guild| self.guilds.contains(&guild))
    }

    /// A new session: what happened since the last one was not heard live.
    async fn tell_gap(&self, now: Timestamp, missed: &mut Missed) -> Result<(), Stopped> {
        let Some(from) = missed.session_began(now) else { return Ok(()) };
        let event = Event::Gap { from, until: now, why: "session-lost".to_owned() };
        self.ear.hear(Input::event(Heard { at: now, event })).await
    }

    /// Reads what stands in the history of a server: what was written before the gap gives context, what was
    /// written in it is heard now.
    async fn catch_up(&self, snapshot: &GuildSnapshot, missed: &mut Missed) -> Result<(), Stopped> {
        if !missed.is_behind(snapshot.id) {
            return Ok(());
        }
        let spaces: Vec<ChannelId> = snapshot
            .spaces
            .iter()
            .filter(|space| !matches!(space.kind, SpaceKind::Category | SpaceKind::Forum | SpaceKind::Dm))
            .map(|space| space.id)
            .collect();
        self.recollect(snapshot.id, &spaces, missed.since()).await?;
        if let Some(from) = missed.since() {
            let last = MessageId::first_of(from);
            let spaces = spaces.into_iter().map(|space| (space, last)).collect();
            let found = backfill::backfill(&self.rest, Some(snapshot.id), &spaces, Limits::default()).await;
            if !found.failed.is_empty() || !found.cut_short.is_empty() {
                tracing::warn!(
                    failed = found.failed.len(),
                    cut_short = found.cut_short.len(),
                    "not every space could be read for the time that was not heard"
                );
            }
            for (raw, event) in found.heard {
                let what = What::Event(Heard { at: self.clock.now(), event });
                self.ear.hear(Input { what, raw: Some(raw.into()), position: None, done: None }).await?;
            }
        }
        missed.caught_up(snapshot.id);
        Ok(())
    }

    /// Reads what people wrote to the bot while nothing was heard, from everybody with whom it has a conversation. (Discord
    /// lists a bot's conversations to nobody: a first message of somebody with whom it never had one is in no history that
    /// can be asked for.)
    async fn catch_up_on_direct_messages(&self, missed: &mut Missed) -> Result<(), Stopped> {
        let Some(from) = missed.direct_messages_since() else { return Ok(()) };
        let (told, known) = oneshot::channel();
        let ask = Ask::new(move |club, _| {
            let _ = told.send(club.state().conversations.clone());
            Vec::new()
        });
        let what = What::Ask(ask, self.clock.now());
        self.ear.hear(Input { what, raw: None, position: None, done: None }).await?;
        let Ok(known) = known.await else { return Err(Stopped) };
        let mut spaces = BTreeMap::new();
        let mut unread = 0_usize;
        // The newest first, should there be more than can be opened.
        let mut known: Vec<_> = known.into_iter().collect();
        known.sort_by_key(|(_, conversation)| std::cmp::Reverse(conversation.last));
        for (person, conversation) in known.into_iter().take(MOST_CONVERSATIONS) {
            let space = match conversation.space {
                Some(space) => Ok(space),
                None => self.rest.open_dm(person).await,
            };
            match space {
                Ok(space) => drop(spaces.insert(space, MessageId::first_of(from))),
                Err(_) => unread += 1,
            }
        }
        let found = backfill::backfill(&self.rest, None, &spaces, Limits::default()).await;
        unread += found.failed.len() + found.cut_short.len();
        if unread > 0 {
            tracing::warn!(
                unread,
                "not every conversation with the bot could be read for the time that was not heard"
            );
        }
        for (raw, event) in found.heard {
            let what = What::Event(Heard { at: self.clock.now(), event });
            self.ear.hear(Input { what, raw: Some(raw.into()), position: None, done: None }).await?;
        }
        missed.direct_messages_read();
        Ok(())
    }

    async fn recollect(
        &self,
        guild: GuildId,
        spaces: &[ChannelId],
        until: Option<Timestamp>,
    ) -> Result<(), Stopped> {
        for space in spaces {
            let Ok(newest) = self.rest.newest_messages(*space, RECOLLECTED).await else { continue };
            for raw in newest {
                let Some(Event::Said(message)) = from_history(&raw, Some(guild)) else { continue };
                if until.is_some_and(|until| message.at > until) {
                    continue;
                }
                let what = What::Recollection(message, self.clock.now());
                self.ear.hear(Input { what, raw: Some(raw.into()), position: None, done: None }).await?;
            }
        }
        Ok(())
    }

    /// A resumed session does not describe the servers again; after a restart they are asked for.
    /// Tells whether all of them could be.
    async fn describe_known_servers(&self, missed: &Missed) -> Result<bool, Stopped> {
        let mut all = true;
        // A resumed session does not say whose it is either.
        match self.rest.own_account().await {
            Ok(own) => {
                let heard = Heard { at: self.clock.now(), event: Event::SessionBegan { own } };
                self.ear.hear(Input::event(heard)).await?;
            }
            Err(error) => {
                all = false;
                tracing::warn!(%error, "the bot's own account could not be asked for after the restart");
            }
        }
        for guild in &self.guilds {
            match snapshot(&self.rest, *guild).await {
                Ok(snapshot) => {
                    let spaces: Vec<ChannelId> = snapshot.spaces.iter().map(|space| space.id).collect();
                    let heard = Heard { at: self.clock.now(), event: Event::Guild(Box::new(snapshot)) };
                    self.ear.hear(Input::event(heard)).await?;
                    self.recollect(*guild, &spaces, missed.last()).await?;
                }
                Err(error) => {
                    all = false;
                    tracing::warn!(%error, %guild, "the server could not be described after the restart");
                }
            }
        }
        Ok(all)
    }

    /// Somebody pressed a button or used a command: what it changes is handed in, and answered once it is durable.
    /// Nobody waits for that here: while nothing can be kept, everything that follows is still heard.
    async fn answer(&self, interaction: Interaction, raw: &Arc<str>, at: Timestamp) -> Result<(), Stopped> {
        if interaction.answer().is_none() {
            return Ok(());
        }
        let mut durable = None;
        if let Some(event) = interaction.event() {
            let (done, answer) = oneshot::channel();
            let what = What::Event(Heard { at, event });
            self.ear.hear(Input { what, raw: Some(raw.clone()), position: None, done: Some(done) }).await?;
            durable = Some(answer);
        }
        let (rest, busy) = (self.rest.clone(), self.ear.busy());
        tokio::spawn(async move {
            let _busy = busy;
            let Some(reply) = reply_to(&interaction, durable, ANSWER_WITHIN).await else { return };
            let Some((to, _)) = interaction.answer() else { return };
            if let Err(error) = rest.reply(to, &reply).await {
                tracing::warn!(%error, "an answer to a button or command did not arrive");
            }
        });
        Ok(())
    }
}

/// What somebody is answered: when it is durable, or in time to say that it is not yet. Nothing when the pipeline has
/// stopped.
async fn reply_to(
    interaction: &Interaction,
    durable: Option<oneshot::Receiver<Vec<Fact>>>,
    within: Duration,
) -> Option<Reply> {
    let (_, reply) = interaction.answer()?;
    let Some(durable) = durable else { return Some(reply) };
    match tokio::time::timeout(within, durable).await {
        Ok(facts) => match facts.ok()?.first() {
            Some(Fact::AcknowledgementRefused { why, .. }) => {
                Some(Reply::Private(wording::acknowledgement_refused(why).to_owned()))
            }
            _ => Some(reply),
        },
        Err(_)
            if matches!(
                interaction,
                Interaction::Acknowledge { .. } | Interaction::AcknowledgeTogether { .. }
            ) =>
        {
            Some(Reply::Private(wording::acknowledgement_not_kept_yet().to_owned()))
        }
        // Whoever reports something is answered kindly, whatever our disk does, and told no more than is true.
        Err(_) => match interaction {
            Interaction::Report { reference, .. } => {
                Some(Reply::Private(wording::report_not_kept_yet(*reference)))
            }
            _ => Some(reply),
        },
    }
}

/// The name and the sequence number inside a serialised session.
fn sequence_of(session: &str) -> Option<(String, u64)> {
    #[derive(serde::Deserialize)]
    struct Session {
        id: String,
        sequence: u64,
    }
    serde_json::from_str::<Session>(session).ok().map(|session| (session.id, session.sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(custom_id: &str) -> Interaction {
        let raw = serde_json::json!({ "op": 0, "t": "INTERACTION_CREATE", "d": {
            "id": "1", "token": "t", "type": 3, "user": { "id": "7" }, "data": { "custom_id": custom_id },
        }});
        interactions::parse(&raw.to_string()).unwrap()
    }

    #[tokio::test]
    async fn an_acknowledgement_is_answered_in_time_though_nothing_can_be_kept() {
        let (done, durable) = oneshot::channel();
        let reply = reply_to(&pressed("ack:C-0007:0"), Some(durable), Duration::ZERO).await.unwrap();
        assert_eq!(reply, Reply::Private(wording::acknowledgement_not_kept_yet().to_owned()));
        drop(done);

        let (done, durable) = oneshot::channel();
        let (case, by, why) =
            (crate::domain::CaseRef(7), crate::domain::UserId(7), "may-not-know".to_owned());
        done.send(vec![Fact::AcknowledgementRefused { case, by, why }]).unwrap();
        let reply = reply_to(&pressed("ack:C-0007:0"), Some(durable), ANSWER_WITHIN).await.unwrap();
        assert_eq!(reply, Reply::Private(wording::acknowledgement_refused("may-not-know").to_owned()));
    }
}
