//! Who may do what, worked out as Discord documents it (Discord's documentation, "Permissions"). Written for the
//! platform alone: the bot has its own evaluator, and the two are never shared.

use super::bits;
use super::model::{Channel, Guild, Member, kind};
use super::state::State;
use crate::domain::{ChannelId, GuildId, Timestamp, UserId};

/// What remains to somebody who is timed out.
const WHILE_TIMED_OUT: u64 = bits::VIEW_CHANNEL | bits::READ_MESSAGE_HISTORY;

/// What a direct message allows both people.
const IN_DM: u64 = bits::VIEW_CHANNEL
    | bits::SEND_MESSAGES
    | bits::READ_MESSAGE_HISTORY
    | bits::ADD_REACTIONS
    | bits::ATTACH_FILES
    | bits::EMBED_LINKS
    | bits::MENTION_EVERYONE
    | bits::USE_APPLICATION_COMMANDS;

/// What `user` may do in the server as a whole; nothing when not a member.
#[must_use]
pub fn in_guild(state: &State, guild: GuildId, user: UserId, now: Timestamp) -> u64 {
    let Some(guild) = state.guilds.get(&guild) else { return 0 };
    let Some(member) = guild.members.get(&user) else { return 0 };
    let base = base(guild, member);
    if base & bits::ADMINISTRATOR != 0 { base } else { timed_out(member, base, now) }
}

/// What `user` may do in a channel, a thread or a direct message. A thread takes its channel's overwrites; a
/// private one is closed to whoever is neither in it nor may manage threads.
#[must_use]
pub fn in_channel(state: &State, channel: ChannelId, user: UserId, now: Timestamp) -> u64 {
    let Some(channel) = state.channels.get(&channel) else { return 0 };
    let Some(guild_id) = channel.guild else {
        return if channel.people.contains(&user) { IN_DM } else { 0 };
    };
    let Some(guild) = state.guilds.get(&guild_id) else { return 0 };
    let Some(member) = guild.members.get(&user) else { return 0 };
    let base = base(guild, member);
    if base & bits::ADMINISTRATOR != 0 {
        return base;
    }
    let holder = match &channel.thread {
        None => channel,
        Some(_) => match channel.parent.and_then(|parent| state.channels.get(&parent)) {
            Some(parent) => parent,
            None => return 0,
        },
    };
    let allowed = implied(holder, timed_out(member, overwritten(guild, member, holder, base), now));
    match &channel.thread {
        Some(thread)
            if channel.kind == kind::PRIVATE_THREAD
                && allowed & bits::MANAGE_THREADS == 0
                && !thread.members.contains_key(&user) =>
        {
            0
        }
        _ => allowed,
    }
}

/// True when `user` sees the channel, thread or direct message at all.
#[must_use]
pub fn sees(state: &State, channel: ChannelId, user: UserId, now: Timestamp) -> bool {
    in_channel(state, channel, user, now) & bits::VIEW_CHANNEL != 0
}

/// True when `user` may write there: in a thread that takes [`bits::SEND_MESSAGES_IN_THREADS`].
#[must_use]
pub fn may_write(state: &State, channel: &Channel, user: UserId, now: Timestamp) -> bool {
    if matches!(channel.kind, kind::CATEGORY | kind::FORUM) {
        return false;
    }
    let allowed = in_channel(state, channel.id, user, now);
    let needed = if channel.is_thread() { bits::SEND_MESSAGES_IN_THREADS } else { bits::SEND_MESSAGES };
    let open =
        channel.thread.as_ref().is_none_or(|thread| !thread.locked || allowed & bits::MANAGE_THREADS != 0);
    allowed & needed != 0 && open
}

/// The highest role's position; the owner stands above all.
#[must_use]
pub fn height(guild: &Guild, user: UserId) -> i32 {
    if guild.owner == user {
        return i32::MAX;
    }
    let roles = guild.members.get(&user).map(|member| member.roles.as_slice()).unwrap_or_default();
    roles.iter().filter_map(|role| guild.roles.get(role)).map(|role| role.position).max().unwrap_or(0)
}

/// True when the bits hold administrator, by role or by owning the server. Such people cannot be timed out.
#[must_use]
pub fn is_administrator(guild: &Guild, user: UserId) -> bool {
    guild.members.get(&user).is_some_and(|member| base(guild, member) & bits::ADMINISTRATOR != 0)
}

fn base(guild: &Guild, member: &Member) -> u64 {
    if guild.owner == member.user {
        return u64::MAX;
    }
    let everyone = guild.roles.get(&guild.id.everyone()).map_or(0, |role| role.permissions);
    let all = member
        .roles
        .iter()
        .filter_map(|role| guild.roles.get(role))
        .fold(everyone, |all, role| all | role.permissions);
    if all & bits::ADMINISTRATOR != 0 { u64::MAX } else { all }
}

/// Overwrites in Discord's order: `@everyone`, then all roles together (grants win), then the member's own.
fn overwritten(guild: &Guild, member: &Member, channel: &Channel, base: u64) -> u64 {
    let find = |kind, id| channel.overwrites.iter().find(move |o| o.kind == kind && o.id == id);
    let mut allowed = base;
    if let Some(everyone) = find(0, guild.id.0) {
        allowed = allowed & !everyone.deny | everyone.allow;
    }
    let (mut allow, mut deny) = (0, 0);
    for role in member.roles.iter().filter_map(|role| find(0, role.0)) {
        allow |= role.allow;
        deny |= role.deny;
    }
    allowed = allowed & !deny | allow;
    if let Some(own) = find(1, member.user.0) {
        allowed = allowed & !own.deny | own.allow;
    }
    allowed
}

fn timed_out(member: &Member, allowed: u64, now: Timestamp) -> u64 {
    if member.timeout.is_some_and(|until| until > now) { allowed & WHILE_TIMED_OUT } else { allowed }
}

/// What follows from something missing: unseen is nothing at all, a voice channel without CONNECT is only a name,
/// and who cannot write cannot attach either.
fn implied(channel: &Channel, allowed: u64) -> u64 {
    if allowed & bits::VIEW_CHANNEL == 0 {
        return 0;
    }
    if channel.is_voice() && allowed & bits::CONNECT == 0 {
        return bits::VIEW_CHANNEL;
    }
    if allowed & (bits::SEND_MESSAGES | bits::SEND_MESSAGES_IN_THREADS) == 0 {
        return allowed
            & !(bits::MENTION_EVERYONE | bits::SEND_TTS_MESSAGES | bits::ATTACH_FILES | bits::EMBED_LINKS);
    }
    allowed
}
