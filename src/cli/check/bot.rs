//! The bot itself: its switches, its commands, what it may do on a server and what stands above it.

use serde_json::Value;

use super::finding::Finding;
use super::finding::Severity::{Broken, Weak};
use super::finding::listed;
use super::seen::{Seen, SeenServer};
use crate::contact::Server;
use crate::discord::interactions;
use crate::discord::permissions;
use crate::discord::rest::Kind;
use crate::domain::person::RoleMapping;
use crate::domain::space::Permissions;
use crate::domain::{Person, SpaceKind, UserId};

/// Discord's application flags that say that a privileged intent is switched on: for an application on many servers,
/// and for one on few (Discord's documentation, "Application Flags").
const SWITCHES: [(u64, &str); 2] =
    [(1 << 14 | 1 << 15, "Server Members Intent"), (1 << 18 | 1 << 19, "Message Content Intent")];

/// The switches in the developer portal.
pub(super) fn switches(seen: &Seen) -> Vec<Finding> {
    let flags = seen.application["flags"].as_u64().unwrap_or(0);
    let mut found: Vec<Finding> = SWITCHES
        .iter()
        .filter(|(bits, _)| flags & bits == 0)
        .map(|(_, name)| {
            let why = permissions::INTENTS.iter().find(|intent| intent.switch == Some(*name));
            let heard = why.map_or("", |intent| intent.why);
            Finding::new(
                Broken,
                "intent-off",
                None,
                format!("the bot does not hear {heard}: the {name} is off"),
                format!("developer portal → your application → Bot → Privileged Gateway Intents: switch on {name}, save"),
            )
        })
        .collect();
    if seen.application["bot_public"] == true {
        found.push(Finding::new(
            Weak,
            "bot-public",
            None,
            "anybody can add the bot to a server of theirs",
            "developer portal → Installation → Install Link: None; then Bot: switch off Public Bot",
        ));
    }
    found
}

/// The commands that people report and work with.
pub(super) fn commands(seen: &Seen) -> Vec<Finding> {
    let Some(registered) = &seen.commands else {
        return vec![Finding::new(
            Weak,
            "commands-unread",
            None,
            "the registered commands cannot be read",
            "run this again later; if it stays so, make the application's token anew",
        )];
    };
    let wanted = interactions::commands();
    let missing = wanted.as_array().into_iter().flatten().filter(|wanted| {
        !registered.iter().any(|there| name(there) == name(wanted) && kind(there) == kind(wanted))
    });
    let missing: Vec<String> = missing
        .map(|command| match kind(command) {
            2 => format!("\"{}\" on a person", name(command)),
            3 => format!("\"{}\" on a message", name(command)),
            _ => format!("/{}", name(command)),
        })
        .collect();
    if missing.is_empty() {
        return Vec::new();
    }
    vec![Finding::new(
        Broken,
        "commands-missing",
        None,
        format!("people cannot use {}: not registered", listed(missing)),
        "start the bot (chaperone run); it registers them at every start, and says so when it cannot",
    )]
}

fn name(command: &Value) -> &str {
    command["name"].as_str().unwrap_or_default()
}

fn kind(command: &Value) -> u64 {
    command["type"].as_u64().unwrap_or(1)
}

/// A server that cannot be read at all, or only in part.
pub(super) fn access(seen: &SeenServer) -> Option<Finding> {
    let id = Some(seen.id);
    match &seen.server {
        Ok(_) if seen.members => None,
        Ok(_) => Some(Finding::new(
            Broken,
            "members-unknown",
            id,
            format!(
                "the members of {:?} cannot be listed, so nobody is known to be a young person",
                seen.name
            ),
            "switch on Server Members Intent (see above), then run this again",
        )),
        Err(error) if matches!(error.kind, Kind::Forbidden | Kind::NotFound) => Some(Finding::new(
            Broken,
            "not-on-server",
            id,
            format!("the bot is not on the enrolled server {}", seen.id),
            "invite it with the link that `chaperone init` prints, or correct [discord] guilds",
        )),
        Err(error) => Some(Finding::new(
            Broken,
            "server-unread",
            id,
            format!("the server {} cannot be read: {error}", seen.id),
            "run this again later",
        )),
    }
}

/// What the bot lacks on the server as a whole, and in single channels.
pub(super) fn lacks(server: &Server, bot: &Person) -> Vec<Finding> {
    let id = Some(server.id);
    let held = server.base_permissions(bot);
    let missing = permissions::missing(held);
    let role = own_role(server, bot);
    let mut found: Vec<Finding> = missing
        .iter()
        .map(|needed| {
            Finding::new(
                Broken,
                "missing-permission",
                id,
                format!("the bot lacks {}: {}", needed.name, needed.why),
                format!("Server Settings → Roles → {role} → Permissions: switch on {}", needed.name),
            )
        })
        .collect();
    if held.has(Permissions::ADMINISTRATOR) {
        found.push(Finding::new(
            Weak,
            "bot-administrator",
            id,
            "the bot is an administrator; whoever steals its token owns the server",
            format!("Server Settings → Roles → {role} → Permissions: switch off Administrator, keep what `chaperone init` lists"),
        ));
        return found;
    }
    // What is missing everywhere was said; here is what single channels take away.
    let missing = missing.iter().fold(Permissions::default(), |all, needed| all.with(needed.permission));
    for space in server.spaces.values() {
        if space.kind.is_thread() || space.kind == SpaceKind::Category || server.sight(bot, space).is_none() {
            continue;
        }
        let here = server.permissions_in(bot, space);
        let room = matches!(space.kind, SpaceKind::Voice | SpaceKind::Stage);
        let taken: Vec<String> = permissions::NEEDED
            .iter()
            .filter(|needed| IN_CHANNELS.has(needed.permission) && !missing.has(needed.permission))
            .filter(|needed| room || needed.permission != Permissions::CONNECT)
            .filter(|needed| !here.has(needed.permission))
            .map(|needed| needed.name.to_owned())
            .collect();
        if !taken.is_empty() {
            found.push(Finding::new(
                Broken,
                "missing-in-channel",
                id,
                format!(
                    "in #{} the bot lacks {}, so the space is not watched or cannot be closed",
                    space.name,
                    listed(taken.clone())
                ),
                format!(
                    "#{} → Edit Channel → Permissions → Advanced → {role}: allow {}",
                    space.name,
                    listed(taken)
                ),
            ));
        }
    }
    found
}

/// What a single channel's overwrites can take away and a rule needs there.
const IN_CHANNELS: Permissions = Permissions(
    Permissions::READ_MESSAGE_HISTORY.0
        | Permissions::MANAGE_MESSAGES.0
        | Permissions::MANAGE_CHANNELS.0
        | Permissions::MANAGE_ROLES.0
        | Permissions::MANAGE_THREADS.0
        | Permissions::CONNECT.0,
);

/// The role that carries the bot, as a person finds it in the settings.
fn own_role(server: &Server, bot: &Person) -> String {
    let own = bot.roles.iter().filter_map(|role| server.roles.get(role));
    own.max_by_key(|role| role.position)
        .map_or_else(|| "the bot's role".to_owned(), |role| format!("{:?}", role.name))
}

/// Roles of adults that stand at the bot's own height or above it: it can neither move nor time out who holds them.
pub(super) fn order(server: &Server, bot: &Person, mapping: &RoleMapping) -> Option<Finding> {
    let own = bot.roles.iter().filter_map(|role| server.roles.get(role)).map(|role| role.position).max();
    let height = own.unwrap_or(0);
    let of_adults = |id, name: &str| {
        mapping
            .kind_of(id, name)
            .map_or_else(|| held_by_adult(server, id, bot.id), crate::domain::person::Kind::is_adult_for_risk)
    };
    let above = server.roles.values().filter(|role| {
        role.id != server.id.everyone()
            && !bot.roles.contains(&role.id)
            && role.position >= height
            && of_adults(role.id, &role.name)
    });
    let above: Vec<String> = above.map(|role| format!("{:?}", role.name)).collect();
    (!above.is_empty()).then(|| {
        Finding::new(
            Broken,
            "role-order",
            Some(server.id),
            format!(
                "the bot's role stands below {}: it cannot restrain whoever holds one of them",
                listed(above)
            ),
            format!("Server Settings → Roles: drag {} above them", own_role(server, bot)),
        )
    })
}

fn held_by_adult(server: &Server, role: crate::domain::RoleId, bot: UserId) -> bool {
    let mut holders = server.roster.iter().filter(|person| person.roles.contains(&role) && person.id != bot);
    holders.any(|person| person.kind.is_adult_for_risk())
}
