//! The calls that the other files of this room make, by what they are for.

use std::fmt::Write;

use serde::Deserialize;
use serde_json::{Value, json};
use serenity::builder::{CreateActionRow, CreateAllowedMentions, CreateMessage};
use serenity::model::channel::Nonce;
use sha2::{Digest, Sha256};

use super::{NOT_AS_EXPECTED, Rest, RestError};
use crate::discord::decode;
use crate::domain::space::{Overwrite, OverwriteFor};
use crate::domain::{ChannelId, Event, GuildId, MessageId, Space, SpaceKind, Timestamp, UserId};

/// A message of ours. It never mentions anybody, and a repetition within Discord's memory of nonces is dropped.
#[derive(Clone, Debug)]
pub struct MessageDraft {
    content: String,
    nonce: String,
    rows: Vec<CreateActionRow>,
}

impl MessageDraft {
    /// A text that belongs to the job with this key.
    #[must_use]
    pub fn new(content: impl Into<String>, job: &str) -> Self {
        MessageDraft { content: content.into(), nonce: nonce(job), rows: Vec::new() }
    }

    /// With buttons below.
    #[must_use]
    pub(in crate::discord) fn with_buttons(mut self, row: CreateActionRow) -> Self {
        self.rows.push(row);
        self
    }

    pub(in crate::discord) fn text(&self) -> &str {
        &self.content
    }

    fn body(self) -> Result<Value, RestError> {
        let message = CreateMessage::new()
            .content(self.content)
            .allowed_mentions(CreateAllowedMentions::new())
            .nonce(Nonce::String(self.nonce))
            .enforce_nonce(true)
            .components(self.rows);
        serde_json::to_value(message).map_err(|_| RestError::unexpected("the message could not be written"))
    }
}

/// At most 25 characters, the same for the same job: Discord then drops a message that a crash repeats.
pub(in crate::discord) fn nonce(job: &str) -> String {
    let mut text = String::with_capacity(24);
    for byte in Sha256::digest(job.as_bytes()).iter().take(12) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A space as it is now: a channel's raw overwrites, a thread's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Overwrites; every bit as it stands, those that this version does not know included.
    pub overwrites: Vec<Overwrite>,
    /// Where it is a thread.
    pub thread: Option<ThreadState>,
    /// A private thread.
    pub private_thread: bool,
    /// The channel of a thread, the category of a channel.
    pub parent: Option<ChannelId>,
    /// A voice room or a stage.
    pub voice: bool,
}

/// Whether a thread is locked and archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ThreadState {
    /// Only thread managers can write.
    #[serde(default)]
    pub locked: bool,
    /// Put away.
    #[serde(default)]
    pub archived: bool,
}

/// What is paused on a server, each until a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct IncidentActions {
    /// Joining by invite.
    #[serde(default)]
    pub invites_disabled_until: Option<Timestamp>,
    /// Direct messages between members who are no friends.
    #[serde(default)]
    pub dms_disabled_until: Option<Timestamp>,
}

fn wire_overwrite(overwrite: &Overwrite) -> Value {
    let (id, kind) = match overwrite.target {
        OverwriteFor::Role(role) => (role.0, 0),
        OverwriteFor::Member(member) => (member.0, 1),
    };
    json!({ "id": id.to_string(), "type": kind, "allow": overwrite.allow, "deny": overwrite.deny })
}

/// Where somebody is in voice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoicePlace {
    /// The room; none when they are in none.
    pub room: Option<ChannelId>,
    /// They hear nothing: deafened, by themselves or by the server.
    pub deaf: bool,
}

/// What the server says about its gateway.
#[derive(Clone, Debug, Deserialize)]
pub struct GatewayInfo {
    /// Where to connect.
    pub url: String,
    /// How many shards it recommends.
    #[serde(default = "one")]
    pub shards: u32,
}

fn one() -> u32 {
    1
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, RestError> {
    serde_json::from_value(value).map_err(|_| NOT_AS_EXPECTED)
}

/// Discord's number for somebody who is not there.
const UNKNOWN_MEMBER: u64 = 10_007;

#[derive(Deserialize)]
struct WithId {
    id: UserId,
}

impl Rest {
    /// Where the gateway is.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn gateway(&self) -> Result<GatewayInfo, RestError> {
        read(self.get("gateway/bot").await?)
    }

    /// The bot's own application id.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn application_id(&self) -> Result<u64, RestError> {
        read::<WithId>(self.get("applications/@me").await?).map(|own| own.id.0)
    }

    /// The bot's own account.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn own_account(&self) -> Result<UserId, RestError> {
        read::<WithId>(self.get("users/@me").await?).map(|own| own.id)
    }

    /// Writes a message; its id comes back.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn send_message(&self, space: ChannelId, draft: MessageDraft) -> Result<MessageId, RestError> {
        let answer = self.post(&format!("channels/{space}/messages"), &draft.body()?).await?;
        read::<WithId>(answer).map(|message| MessageId(message.id.0))
    }

    /// Opens (or finds) the direct message channel with a person.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn open_dm(&self, with: UserId) -> Result<ChannelId, RestError> {
        let answer = self.post("users/@me/channels", &json!({ "recipient_id": with })).await?;
        read::<WithId>(answer).map(|channel| ChannelId(channel.id.0))
    }

    /// Deletes a message.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn delete_message(&self, space: ChannelId, message: MessageId) -> Result<(), RestError> {
        self.delete(&format!("channels/{space}/messages/{message}")).await
    }

    /// The raw texts of up to 100 messages written after one; their order is the server's.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn messages_after(&self, space: ChannelId, after: MessageId) -> Result<Vec<String>, RestError> {
        self.get_items(&format!("channels/{space}/messages?after={after}&limit=100")).await
    }

    /// The raw texts of the newest messages of a space (up to 100).
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn newest_messages(&self, space: ChannelId, limit: u8) -> Result<Vec<String>, RestError> {
        self.get_items(&format!("channels/{space}/messages?limit={}", limit.clamp(1, 100))).await
    }

    /// Every channel of a server, those that the bot cannot view included, and how many could not be read.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn channels(&self, guild: GuildId) -> Result<(Vec<Space>, usize), RestError> {
        let raw = self.get_items(&format!("guilds/{guild}/channels")).await?;
        let spaces: Vec<Space> = raw.iter().filter_map(|raw| decode::space_of(raw, guild)).collect();
        let unread = raw.len() - spaces.len();
        Ok((spaces, unread))
    }

    /// Who is in a thread.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn thread_members(&self, thread: ChannelId) -> Result<Vec<UserId>, RestError> {
        #[derive(Deserialize)]
        struct Member {
            user_id: UserId,
        }
        let members: Vec<Member> = read(self.get(&format!("channels/{thread}/thread-members")).await?)?;
        Ok(members.into_iter().map(|member| member.user_id).collect())
    }

    /// Whether somebody is in a thread.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn is_in_thread(&self, thread: ChannelId, user: UserId) -> Result<bool, RestError> {
        match self.get(&format!("channels/{thread}/thread-members/{user}")).await {
            Ok(_) => Ok(true),
            // Discord's own number is asked for: any server answers 404 to a wrong address.
            Err(error) if error.discord_code == Some(UNKNOWN_MEMBER) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Brings somebody into a thread.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn add_to_thread(&self, thread: ChannelId, user: UserId) -> Result<(), RestError> {
        self.put(&format!("channels/{thread}/thread-members/{user}"), &json!({})).await.map(drop)
    }

    /// Takes somebody out of a thread.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn remove_from_thread(&self, thread: ChannelId, user: UserId) -> Result<(), RestError> {
        self.delete(&format!("channels/{thread}/thread-members/{user}")).await
    }

    /// A channel's overwrites and, for a thread, its state.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn channel(&self, space: ChannelId) -> Result<Channel, RestError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            permission_overwrites: Option<Vec<decode::WireOverwrite>>,
            #[serde(default)]
            thread_metadata: Option<ThreadState>,
            #[serde(default)]
            parent_id: Option<ChannelId>,
            #[serde(rename = "type", default)]
            kind: u64,
        }
        let wire: Wire = read(self.get(&format!("channels/{space}")).await?)?;
        let overwrites = wire.permission_overwrites.unwrap_or_default();
        let kind = SpaceKind::from_discord(wire.kind);
        Ok(Channel {
            overwrites: overwrites.into_iter().map(|wire| wire.0).collect(),
            thread: wire.thread_metadata,
            private_thread: kind == SpaceKind::PrivateThread,
            parent: wire.parent_id,
            voice: matches!(kind, SpaceKind::Voice | SpaceKind::Stage),
        })
    }

    /// Sets one overwrite of a channel, whole. Bits travel as text, so that none is lost on the way. The server's audit
    /// log shows `reason` (ASCII, at most 512 characters).
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn put_overwrite(
        &self,
        space: ChannelId,
        overwrite: Overwrite,
        reason: &str,
    ) -> Result<(), RestError> {
        let (id, kind) = match overwrite.target {
            OverwriteFor::Role(role) => (role.0, 0),
            OverwriteFor::Member(member) => (member.0, 1),
        };
        let body = json!({ "type": kind, "allow": overwrite.allow, "deny": overwrite.deny });
        self.put_because(&format!("channels/{space}/permissions/{id}"), &body, reason).await
    }

    /// Removes one overwrite of a channel.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn delete_overwrite(&self, space: ChannelId, target: OverwriteFor) -> Result<(), RestError> {
        let id = match target {
            OverwriteFor::Role(role) => role.0,
            OverwriteFor::Member(member) => member.0,
        };
        self.delete(&format!("channels/{space}/permissions/{id}")).await
    }

    /// The reasons that the newest entries of a server's audit log give for one kind of action (Discord's number),
    /// the newest first.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn audit_reasons(&self, guild: GuildId, action: u64) -> Result<Vec<String>, RestError> {
        #[derive(Deserialize)]
        struct Log {
            #[serde(default)]
            audit_log_entries: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            #[serde(default)]
            reason: Option<String>,
        }
        let path = format!("guilds/{guild}/audit-logs?action_type={action}&limit=100");
        let log: Log = read(self.get(&path).await?)?;
        Ok(log.audit_log_entries.into_iter().filter_map(|entry| entry.reason).collect())
    }

    /// Locks or opens a thread.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn edit_thread(&self, thread: ChannelId, state: ThreadState) -> Result<(), RestError> {
        let body = json!({ "locked": state.locked, "archived": state.archived });
        self.patch(&format!("channels/{thread}"), &body).await.map(drop)
    }

    /// Where somebody is in voice.
    ///
    /// # Errors
    /// [`Kind::NotFound`](super::Kind::NotFound) when they are in no room.
    pub async fn voice_place(&self, guild: GuildId, user: UserId) -> Result<VoicePlace, RestError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            channel_id: Option<ChannelId>,
            #[serde(default)]
            deaf: bool,
            #[serde(default)]
            self_deaf: bool,
        }
        let wire: Wire = read(self.get(&format!("guilds/{guild}/voice-states/{user}")).await?)?;
        Ok(VoicePlace { room: wire.channel_id, deaf: wire.deaf || wire.self_deaf })
    }

    /// Disconnects a member from voice.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn disconnect_member(&self, guild: GuildId, user: UserId) -> Result<(), RestError> {
        let body = json!({ "channel_id": null });
        self.patch(&format!("guilds/{guild}/members/{user}"), &body).await.map(drop)
    }

    /// What is paused on a server now.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn incident_actions(&self, guild: GuildId) -> Result<IncidentActions, RestError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            incidents_data: Option<IncidentActions>,
        }
        let wire: Wire = read(self.get(&format!("guilds/{guild}")).await?)?;
        Ok(wire.incidents_data.unwrap_or_default())
    }

    /// Pauses (or lifts the pause of) direct messages between members, and invites. Both are always sent: a key that
    /// is left out or `null` lifts that measure. Discord allows at most 24 hours ahead.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn set_incident_actions(
        &self,
        guild: GuildId,
        actions: &IncidentActions,
    ) -> Result<(), RestError> {
        let body = json!({
            "invites_disabled_until": actions.invites_disabled_until,
            "dms_disabled_until": actions.dms_disabled_until,
        });
        self.put(&format!("guilds/{guild}/incident-actions"), &body).await.map(drop)
    }

    /// The id of a text channel of the server whose topic is this, as far as the bot is told of it.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn channel_with_topic(
        &self,
        guild: GuildId,
        topic: &str,
    ) -> Result<Option<ChannelId>, RestError> {
        #[derive(Deserialize)]
        struct Wire {
            id: ChannelId,
            #[serde(default)]
            topic: Option<String>,
        }
        let all = self.get_items(&format!("guilds/{guild}/channels")).await?;
        let mut all = all.iter().filter_map(|raw| serde_json::from_str::<Wire>(raw).ok());
        Ok(all.find(|channel| channel.topic.as_deref() == Some(topic)).map(|channel| channel.id))
    }

    /// Makes a text channel with these overwrites; its id comes back.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn create_channel(
        &self,
        guild: GuildId,
        name: &str,
        topic: &str,
        overwrites: &[Overwrite],
    ) -> Result<ChannelId, RestError> {
        let overwrites: Vec<Value> = overwrites.iter().map(wire_overwrite).collect();
        let body = json!({ "name": name, "type": 0, "topic": topic, "permission_overwrites": overwrites });
        let answer = self.post(&format!("guilds/{guild}/channels"), &body).await?;
        read::<WithId>(answer).map(|channel| ChannelId(channel.id.0))
    }

    /// Replaces the application's global commands with these.
    ///
    /// # Errors
    /// See [`RestError`].
    pub async fn register_commands(&self, application: u64, commands: &Value) -> Result<(), RestError> {
        self.put(&format!("applications/{application}/commands"), commands).await.map(drop)
    }

    /// Reads one history page's texts into events, in the order of their ids.
    pub(in crate::discord) fn in_order(
        page: Vec<String>,
        guild: Option<GuildId>,
    ) -> Vec<(MessageId, String, Option<Event>)> {
        let mut messages: Vec<_> = page
            .into_iter()
            .map(|raw| {
                let id = serde_json::from_str::<WithId>(&raw).map_or(MessageId(0), |own| MessageId(own.id.0));
                let event = decode::from_history(&raw, guild);
                (id, raw, event)
            })
            .collect();
        messages.sort_by_key(|(id, ..)| *id);
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_short_and_the_same_for_the_same_job() {
        assert_eq!(nonce("page/C-0007/0"), nonce("page/C-0007/0"));
        assert_ne!(nonce("page/C-0007/0"), nonce("page/C-0007/1"));
        assert!(nonce("x").len() <= 25);
    }

    #[test]
    fn a_message_of_ours_mentions_nobody_and_is_not_repeated() {
        let body = MessageDraft::new("@everyone hello <@7>", "job").body().unwrap();
        assert_eq!(body["allowed_mentions"], json!({ "parse": [], "users": [], "roles": [] }));
        assert_eq!(body["enforce_nonce"], json!(true));
        assert_eq!(body["nonce"], json!(nonce("job")));
    }
}
