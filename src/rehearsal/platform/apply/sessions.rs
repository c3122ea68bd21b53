//! The gateway's sessions, as far as they are state: READY and everything after it goes into their buffers.

use serde_json::{Value, json};

use crate::domain::{GuildId, UserId};
use crate::rehearsal::platform::model::Member;
use crate::rehearsal::platform::op::Answer;
use crate::rehearsal::platform::refused::Refused;
use crate::rehearsal::platform::session::Session;
use crate::rehearsal::platform::state::Turn;
use crate::rehearsal::platform::{intents, wire};

/// Members in one `GUILD_MEMBERS_CHUNK`.
const CHUNK: usize = 1_000;

impl Turn<'_> {
    /// A new session: READY, then a `GUILD_CREATE` for every server of the shard. An older session of the same shard
    /// is forgotten (Discord would keep both until the older one times out).
    pub(super) fn identify(&mut self, shard: u32, of: u32, wanted: u64) -> Answer {
        self.state.sessions.retain(|_, session| session.shard != shard || session.of != of);
        let id = format!("{:032x}", self.state.next_id(self.at));
        let mut session = Session {
            id: id.clone(),
            shard,
            of,
            intents: wanted,
            seq: 0,
            buffer: std::collections::VecDeque::new(),
        };
        let guilds: Vec<GuildId> = self
            .state
            .guilds
            .keys()
            .copied()
            .filter(|guild| self.state.bot_in(*guild) && session.carries(Some(*guild)))
            .collect();
        let mut user = wire::user_of(self.state, self.state.bot);
        user["mfa_enabled"] = true.into();
        user["verified"] = true.into();
        user["email"] = Value::Null;
        let ready = json!({
            "v": 10,
            "user": user,
            "user_settings": {},
            "guilds": guilds.iter().map(|id| json!({"id": id, "unavailable": true})).collect::<Vec<_>>(),
            "session_id": id,
            "session_type": "normal",
            "resume_gateway_url": self.state.url.replacen("http", "ws", 1),
            "shard": [shard, of],
            "application": {"id": self.state.bot, "flags": self.state.privileged.flags()},
            "private_channels": [],
            "presences": [],
            "relationships": [],
            "guild_join_requests": [],
            "geo_ordered_rtc_regions": [],
            "_trace": ["rehearsal"],
        });
        session.push("READY", &ready, self.at);
        if wanted & intents::GUILDS != 0 {
            for guild in guilds {
                if let Some(data) = wire::guild::guild_create(self.state, guild, self.at) {
                    session.push("GUILD_CREATE", &data, self.at);
                }
            }
        }
        self.state.sessions.insert(id.clone(), session);
        Answer::Session(id)
    }

    pub(super) fn resumed(&mut self, session: &str) -> Result<Answer, Refused> {
        let at = self.at;
        self.session(session)?.resumed(at);
        Ok(Answer::Session(session.to_owned()))
    }

    /// Gateway op 8. A request that Discord would not answer is not answered.
    pub(super) fn request_members(
        &mut self,
        session: &str,
        guild: GuildId,
        request: &Value,
    ) -> Result<Answer, Refused> {
        let Some(found) = self.state.guilds.get(&guild).filter(|_| self.state.bot_in(guild)) else {
            return Err(Refused::unknown_guild());
        };
        let wanted: Option<Vec<UserId>> = match &request["user_ids"] {
            Value::Array(all) => {
                Some(all.iter().filter_map(|id| id.as_str()?.parse().ok()).map(UserId).collect())
            }
            Value::String(one) => Some(one.parse().map(UserId).into_iter().collect()),
            _ => None,
        };
        let query = request["query"].as_str().unwrap_or_default().to_lowercase();
        let limit = request["limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
        let has_members =
            self.state.sessions.get(session).is_some_and(|s| s.intents & intents::GUILD_MEMBERS != 0);
        if wanted.is_none() && query.is_empty() && !has_members {
            return Err(Refused::missing_access());
        }
        let mut members: Vec<&Member> = found
            .members
            .values()
            .filter(|member| {
                if let Some(wanted) = &wanted {
                    wanted.contains(&member.user)
                } else {
                    let name = self.state.users.get(&member.user).map(|user| user.username.clone());
                    query.is_empty()
                        || name.is_some_and(|name| name.starts_with(&query))
                        || member.nick.as_ref().is_some_and(|nick| nick.to_lowercase().starts_with(&query))
                }
            })
            .collect();
        if limit > 0 {
            members.truncate(limit);
        }
        let missing: Vec<UserId> =
            wanted.unwrap_or_default().into_iter().filter(|id| !found.members.contains_key(id)).collect();
        let pieces: Vec<Vec<Value>> = members
            .chunks(CHUNK)
            .map(|piece| piece.iter().map(|m| wire::member(self.state, m)).collect())
            .collect();
        let pieces = if pieces.is_empty() { vec![Vec::new()] } else { pieces };
        let count = pieces.len();
        let at = self.at;
        for (index, piece) in pieces.into_iter().enumerate() {
            let mut data = json!({
                "guild_id": guild,
                "members": piece,
                "chunk_index": index,
                "chunk_count": count,
            });
            if !missing.is_empty() {
                data["not_found"] = json!(missing);
            }
            if let Some(nonce) = request["nonce"].as_str().filter(|nonce| nonce.len() <= 32) {
                data["nonce"] = nonce.into();
            }
            self.session(session)?.push("GUILD_MEMBERS_CHUNK", &data, at);
        }
        Ok(Answer::Nothing)
    }

    fn session(&mut self, session: &str) -> Result<&mut Session, Refused> {
        self.state.sessions.get_mut(session).ok_or_else(|| Refused::internal("no such session"))
    }
}
