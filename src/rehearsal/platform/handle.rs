//! The people's side of the platform: what a script player, a web page or a test does with it.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{broadcast, watch};

use super::core::{Blow, Call, Connection, Core, Happening, Outcome};
use super::faults::{GatewayFault, RestRule};
use super::op::{Answer, Op};
use super::plan::{self, GuildPlan, Planned};
use super::refused::Refused;
use super::shared::Shared;
use super::state::State;
use super::view::{self, View};
use crate::clock::Clock;
use crate::domain::{ChannelId, UserId};

/// A way into a running platform. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

/// How far the bot has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its gateway sessions.
    pub sessions: Vec<SessionProgress>,
    /// REST calls ever answered.
    pub answered: u64,
    /// REST calls being answered now.
    pub in_flight: u64,
}

impl Progress {
    /// True when a session is connected, every dispatch has been written to its socket and no call is under way.
    /// What the bot does with the last dispatch may still be to come.
    #[must_use]
    pub fn all_written(&self) -> bool {
        let written = |session: &SessionProgress| session.connected && session.written == session.last;
        !self.sessions.is_empty() && self.sessions.iter().all(written) && self.in_flight == 0
    }
}

/// A gateway session of the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionProgress {
    /// Its name.
    pub session: String,
    /// Its shard.
    pub shard: u32,
    /// Whether a socket carries it now.
    pub connected: bool,
    /// The sequence number of the newest dispatch.
    pub last: u64,
    /// The newest that was written to the present socket.
    pub written: u64,
    /// The newest that the bot's heartbeats have named on the present socket.
    pub heard: Option<u64>,
}

impl Handle {
    /// Where the platform is: `http://127.0.0.1:4555`. REST is under `/api/v10`.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.look(|core| core.state.url.clone())
    }

    /// The platform's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.shared.look(|core| core.clock.clone())
    }

    /// The bot's account; its application has the same number.
    #[must_use]
    pub fn bot(&self) -> UserId {
        self.shared.look(|core| core.state.bot)
    }

    /// Somebody does something, now.
    ///
    /// # Errors
    /// As Discord would refuse it.
    pub fn perform(&self, op: Op) -> Result<Outcome, Refused> {
        self.shared.with(|core| core.perform(op, None))
    }

    /// The direct message of two people, or of a person and the bot; opened if need be.
    ///
    /// # Errors
    /// When one of them does not exist or both are bots.
    pub fn dm(&self, by: UserId, with: UserId) -> Result<ChannelId, Refused> {
        match self.perform(Op::OpenDm { by, with })?.answer {
            Answer::Channel(channel) => Ok(channel),
            _ => Err(Refused::internal("no channel")),
        }
    }

    /// Several things at one moment and on one line of the journal: after a kill all of them have happened or none.
    /// A script's step and the [`Op::Note`] of its position belong together.
    ///
    /// # Errors
    /// The first refusal; what came before it stays.
    pub fn perform_together(&self, ops: Vec<Op>) -> Result<Vec<Outcome>, Refused> {
        self.shared.with(|core| {
            core.together(|core| ops.into_iter().map(|op| core.perform(op, None)).collect::<Result<_, _>>())?
        })
    }

    /// Sets a server up, whole or (after a kill) not at all.
    ///
    /// # Errors
    /// When the plan contradicts itself; see [`plan::set_up`].
    pub fn create_guild(&self, guild: &GuildPlan) -> Result<Planned, Refused> {
        self.shared.with(|core: &mut Core| {
            let bot = core.state.bot;
            let mut known: Vec<(String, UserId)> = Vec::new();
            for user in core.state.users.values().filter(|user| !user.bot) {
                known.push((user.name.clone(), user.id));
            }
            core.together(|core| {
                plan::set_up(
                    guild,
                    bot,
                    |name| known.iter().find(|(there, _)| there == name).map(|(_, user)| *user),
                    |op| core.perform(op, None).map(|outcome| outcome.answer),
                )
            })?
        })
    }

    /// The server of this name as it stands: after a restart from a journal it is there already.
    #[must_use]
    pub fn find_guild(&self, name: &str) -> Option<Planned> {
        self.shared.look(|core| plan::find(&core.state, name))
    }

    /// What somebody sees now.
    #[must_use]
    pub fn view(&self, user: UserId) -> View {
        self.shared.look(|core| view::view(&core.state, user, core.clock.now()))
    }

    /// Looks at the state itself.
    pub fn read<T>(&self, what: impl FnOnce(&State) -> T) -> T {
        self.shared.look(|core| what(&core.state))
    }

    /// Every change from now on. A slow listener misses the oldest of more than 4,096 and is told so.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Happening>> {
        self.shared.look(|core| core.feed.subscribe())
    }

    /// Wakes at any change of the state, of [`Handle::progress`] or of [`Handle::requests`].
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    /// How far the bot has come.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.shared.look(|core| Progress {
            sessions: core
                .state
                .sessions
                .values()
                .map(|session| {
                    let socket = core.connections.values().rev().find(|found| found.session == session.id);
                    SessionProgress {
                        session: session.id.clone(),
                        shard: session.shard,
                        connected: socket.is_some(),
                        last: session.seq,
                        written: socket.map_or(0, |socket| socket.written),
                        heard: socket.and_then(|socket| socket.heard),
                    }
                })
                .collect(),
            answered: core.answered,
            in_flight: core.in_flight,
        })
    }

    /// The REST calls so far, oldest first; of more than 20,000 the newest.
    #[must_use]
    pub fn requests(&self) -> Vec<Call> {
        self.shared.look(|core| core.calls.iter().cloned().collect())
    }

    /// The newest marker of the script player's.
    #[must_use]
    pub fn note(&self) -> Option<Value> {
        self.shared.look(|core| core.state.note.clone())
    }

    /// How often anybody asked for an attachment's bytes. There are none; nobody should ask.
    #[must_use]
    pub fn attachment_fetches(&self) -> u64 {
        self.shared.look(|core| core.fetches)
    }

    /// Lets REST calls go wrong.
    pub fn fail_calls(&self, rule: RestRule) {
        self.shared.with(|core| core.faults.add(rule));
    }

    /// Lets the gateway go wrong.
    pub fn fail_gateway(&self, fault: &GatewayFault) {
        self.shared.with(|core| {
            core.faults.set(fault);
            let (shard, blow) = match *fault {
                GatewayFault::Drop { shard, code } => (shard, Some(Blow::Drop(code))),
                GatewayFault::Reconnect { shard } => (shard, Some(Blow::Reconnect)),
                GatewayFault::Invalidate { shard, resumable: true } => (shard, Some(Blow::Invalidate)),
                // A session that is over for good: its socket is told so as soon as it looks for it.
                GatewayFault::Invalidate { shard, resumable: false } => (shard, None),
                GatewayFault::Down => (None, Some(Blow::Drop(None))),
                _ => return,
            };
            let hit = |connection: &&Connection| shard.is_none_or(|shard| connection.shard == shard);
            let Some(blow) = blow else {
                let over: Vec<String> =
                    core.connections.values().filter(hit).map(|found| found.session.clone()).collect();
                for session in over {
                    // Ending a session is refused by nothing but a full disk, and then it simply goes on.
                    let _ = core.perform(Op::EndSession { session }, None);
                }
                return;
            };
            for connection in core.connections.values_mut().filter(|connection| hit(&&**connection)) {
                connection.struck = true;
                // A socket that has just closed by itself needs no blow.
                let _ = connection.blows.send(blow);
            }
        });
    }

    /// Ends every fault.
    pub fn clear_faults(&self) {
        self.shared.with(|core| core.faults.clear());
    }
}
