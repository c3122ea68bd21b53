//! A server described from REST, for the restart that resumes a session: the gateway then replays what was missed
//! but does not describe the server again.

use serde_json::{Value, json};

use super::decode::decode;
use super::rest::{Kind, Rest, RestError};
use crate::domain::event::GuildSnapshot;
use crate::domain::{Event, GuildId, SpaceKind};

/// Members fetched at a time; Discord's largest page.
const MEMBERS: usize = 1_000;
/// Members fetched at most: beyond it the rest arrives as they act.
const MOST_MEMBERS: usize = 100_000;

/// Who is in voice can only be asked of one member after the other, so it is asked of this many at most.
const ASKED_ABOUT_VOICE: usize = 100;

/// Describes a server as `GUILD_CREATE` would.
///
/// # Errors
/// When one of the parts cannot be fetched. Who is in voice is one of them: on a server with voice rooms and many members
/// it cannot be asked for, and an adult who is alone with a young person there must not be overlooked. Only a new
/// session's own description tells it then.
pub async fn snapshot(rest: &Rest, guild: GuildId) -> Result<GuildSnapshot, RestError> {
    let members = members(rest, guild).await?;
    described(rest, guild, members, false).await
}

/// The same where the members cannot be listed, because the privileged switch is off.
///
/// # Errors
/// When one of the other parts cannot be fetched.
pub async fn snapshot_without_members(rest: &Rest, guild: GuildId) -> Result<GuildSnapshot, RestError> {
    let own = rest.get("users/@me").await?;
    let own = rest.get(&format!("guilds/{guild}/members/{}", own["id"].as_str().unwrap_or_default())).await?;
    described(rest, guild, vec![own], true).await
}

async fn members(rest: &Rest, guild: GuildId) -> Result<Vec<Value>, RestError> {
    let mut members: Vec<Value> = Vec::new();
    let mut after = "0".to_owned();
    while members.len() < MOST_MEMBERS {
        let page = rest.get(&format!("guilds/{guild}/members?limit={MEMBERS}&after={after}")).await?;
        let Value::Array(page) = page else { break };
        let full = page.len() == MEMBERS;
        let Some(last) = page.last().and_then(|member| member["user"]["id"].as_str()) else { break };
        last.clone_into(&mut after);
        members.extend(page);
        if !full {
            break;
        }
    }
    Ok(members)
}

async fn described(
    rest: &Rest,
    guild: GuildId,
    members: Vec<Value>,
    incomplete: bool,
) -> Result<GuildSnapshot, RestError> {
    let mut described = rest.get(&format!("guilds/{guild}")).await?;
    let channels = rest.get(&format!("guilds/{guild}/channels")).await?;
    let threads = rest.get(&format!("guilds/{guild}/threads/active")).await?;
    described["member_count"] = json!(members.len());
    described["channels"] = channels;
    described["threads"] = threads["threads"].clone();
    described["members"] = Value::Array(members);
    described["voice_states"] = json!([]);
    let raw = json!({ "op": 0, "s": 0, "t": "GUILD_CREATE", "d": described }).to_string();
    let snapshot = decode(&raw).events.into_iter().find_map(|event| match event {
        Event::Guild(snapshot) => Some(*snapshot),
        _ => None,
    });
    let mut snapshot = snapshot.ok_or(RestError::refused("the server's description could not be read"))?;
    if !incomplete {
        ask_who_is_in_voice(rest, &mut snapshot).await?;
    }
    snapshot.members_missing |= incomplete;
    for thread in snapshot.spaces.iter_mut().filter(|space| space.kind == SpaceKind::PrivateThread) {
        // Only its members say who sees a private thread.
        thread.members.extend(rest.thread_members(thread.id).await?);
    }
    Ok(snapshot)
}

async fn ask_who_is_in_voice(rest: &Rest, snapshot: &mut GuildSnapshot) -> Result<(), RestError> {
    let rooms = snapshot.spaces.iter().any(|space| matches!(space.kind, SpaceKind::Voice | SpaceKind::Stage));
    if !rooms && snapshot.hidden.is_empty() {
        return Ok(());
    }
    if snapshot.members.len() > ASKED_ABOUT_VOICE {
        return Err(RestError::refused("who is in voice cannot be asked of so many members"));
    }
    for member in snapshot.members.iter().map(|member| member.id) {
        match rest.voice_place(snapshot.id, member).await {
            Ok(place) => {
                snapshot.voice.extend(place.room.map(|room| (member, room)));
                if place.deaf {
                    snapshot.deaf.insert(member);
                }
            }
            Err(error) if error.kind == Kind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
