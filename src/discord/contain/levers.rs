//! The one lever over direct messages that a server has: their pause between members who are no friends.
//!
//! It binds nobody who holds Kick, Ban, Time out, Manage Server or Administrator, no friends, and no people who share
//! another server. What it does to conversations that are open already is not documented.

use serde_json::json;

use super::{Contain, done};
use crate::discord::rest::{IncidentActions, RestError};
use crate::domain::{GuildId, Timestamp};
use crate::outbox::Delivered;

impl Contain {
    /// Pauses direct messages until a moment, or lets the pause lapse. Both of Discord's keys are always sent, because
    /// one that is left out is lifted: a pause of invites is somebody else's and is sent back as it stands.
    pub(super) async fn pause_dms(
        &self,
        guild: GuildId,
        until: Option<Timestamp>,
    ) -> Result<Delivered, RestError> {
        let now = self.rest.clock().now();
        if until.is_some_and(|until| until <= now) {
            return Ok(Delivered::Withheld {
                why: "that moment has passed; a later pause is set".to_owned(),
            });
        }
        let stands = self.rest.incident_actions(guild).await?;
        let ahead = |at: Option<Timestamp>| at.filter(|at| *at > now);
        let reaches = ahead(stands.dms_disabled_until);
        if until.is_none_or(|until| reaches >= Some(until)) && until.is_some() == reaches.is_some() {
            return Ok(done(Some(json!({ "already": true }))));
        }
        let actions = IncidentActions {
            invites_disabled_until: ahead(stands.invites_disabled_until),
            dms_disabled_until: until,
        };
        self.rest.set_incident_actions(guild, &actions).await?;
        Ok(done(None))
    }
}
