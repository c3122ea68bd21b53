//! The supervised room of a contact plan.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Contain, done};
use crate::discord::rest::{RestError, nonce};
use crate::domain::space::{Overwrite, OverwriteFor, Permissions};
use crate::domain::{GuildId, RoleId, UserId};
use crate::outbox::Delivered;
use crate::wording;

/// What somebody in the room can do.
const TAKE_PART: Permissions =
    Permissions::VIEW_CHANNEL.with(Permissions::SEND_MESSAGES).with(Permissions::READ_MESSAGE_HISTORY);

impl Contain {
    /// Makes a private channel that only these people, these roles and the bot see. Its topic names the plan by a digest,
    /// so that a repetition finds the room instead of making a second one.
    pub(super) async fn open_room(
        &self,
        guild: GuildId,
        plan: &str,
        people: &BTreeSet<UserId>,
        roles: &BTreeSet<RoleId>,
        own: UserId,
    ) -> Result<Delivered, RestError> {
        let topic = wording::room_topic(&nonce(&format!("room/{guild}/{plan}")));
        if let Some(room) = self.rest.channel_with_topic(guild, &topic).await? {
            return Ok(done(Some(json!({ "already": true, "room": room }))));
        }
        let everyone = Overwrite {
            target: OverwriteFor::Role(guild.everyone()),
            allow: Permissions::default(),
            deny: Permissions::VIEW_CHANNEL,
        };
        let grant = |target| Overwrite { target, allow: TAKE_PART, deny: Permissions::default() };
        let people = people.iter().copied().chain([own]).map(OverwriteFor::Member);
        let roles = roles.iter().copied().map(OverwriteFor::Role);
        let overwrites: Vec<Overwrite> =
            std::iter::once(everyone).chain(people.chain(roles).map(grant)).collect();
        let room = self.rest.create_channel(guild, wording::ROOM_NAME, &topic, &overwrites).await?;
        Ok(done(Some(json!({ "room": room }))))
    }
}
