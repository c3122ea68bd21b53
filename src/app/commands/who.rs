//! Who asks, and whether they may: by what the server's roles and the roster make of them, never by what Discord's own
//! command permissions say.

use crate::contact::Server;
use crate::contact::booking::Ground;
use crate::domain::{ChannelId, GuildId, Kind, Person, SpaceKind, Timestamp, UserId};
use crate::engine::Organisation;
use crate::wording;

/// Somebody who uses a command on a server of the charity.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who<'c> {
    pub account: UserId,
    pub kind: Kind,
    pub server: &'c Server,
}

impl<'c> Who<'c> {
    /// The person on the server on which they use the command.
    pub(super) fn of(
        club: &'c Organisation,
        account: UserId,
        guild: Option<GuildId>,
    ) -> Result<Self, String> {
        let server = guild.and_then(|guild| club.servers().get(&guild));
        let server = server.ok_or_else(|| wording::command_elsewhere().to_owned())?;
        Ok(Who { account, kind: server.roster.kind(account), server })
    }

    /// An enrolled worker, volunteer or lead.
    pub(super) fn works_here(self) -> Result<Self, String> {
        if self.kind.covers() { Ok(self) } else { Err(wording::command_for_workers().to_owned()) }
    }

    /// A lead.
    pub(super) fn leads(self) -> Result<Self, String> {
        if self.kind.is_lead() { Ok(self) } else { Err(wording::command_for_leads().to_owned()) }
    }

    /// Somebody on this server, who is no bot.
    pub(super) fn person(&self, id: UserId) -> Result<&'c Person, String> {
        let person = self.server.roster.get(id).filter(|person| person.kind != Kind::Bot);
        person.ok_or_else(|| wording::not_on_this_server(id))
    }

    /// What a wish stands on: what people are on this server, and which spaces it has.
    pub(super) fn ground<T>(&self, now: Timestamp, ask: impl FnOnce(&Ground<'_>) -> T) -> T {
        let kind = |id: UserId| self.server.roster.kind(id);
        let is_space = |space: ChannelId| {
            self.server.spaces.get(&space).is_some_and(|space| space.kind != SpaceKind::Category)
        };
        ask(&Ground { now, kind: &kind, is_space: &is_space })
    }
}
