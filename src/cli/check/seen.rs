//! What the live server looks like now: REST reads only, nothing is changed and nobody is written to.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clock::Clock;
use crate::config::Config;
use crate::contact::{Agreed, Server};
use crate::discord::rest::{Kind, Rest, RestError};
use crate::discord::snapshot::{snapshot, snapshot_without_members};
use crate::discord::token::Token;
use crate::domain::{Event, Fact, GuildId, Timestamp, UserId};
use crate::store::Store;

/// What was seen.
pub(super) struct Seen {
    /// When.
    pub at: Timestamp,
    /// The bot's own account.
    pub own: UserId,
    /// Discord's object of the application.
    pub application: Value,
    /// The registered commands; none when they cannot be read.
    pub commands: Option<Vec<Value>>,
    /// The enrolled servers.
    pub servers: Vec<SeenServer>,
    /// What is agreed, as the store has it.
    pub agreed: Agreed,
}

/// One enrolled server.
pub(super) struct SeenServer {
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// As it is now; an error when it cannot be read.
    pub server: Result<Server, RestError>,
    /// Whether its members could be listed.
    pub members: bool,
}

/// Why nothing could be seen at all.
pub(super) enum Blind {
    /// Discord does not take the token.
    Refused(RestError),
    /// Nothing usable came back.
    Unreachable(RestError),
}

impl From<RestError> for Blind {
    fn from(error: RestError) -> Self {
        match error.kind {
            Kind::Unauthorised => Blind::Refused(error),
            _ => Blind::Unreachable(error),
        }
    }
}

/// Looks at everything that the configuration enrols.
pub(super) async fn look(config: &Config, token: &Token, clock: &Clock) -> Result<Seen, Blind> {
    let rest = Rest::new(&config.discord.api_url, token, clock.clone())?;
    let application = rest.get("applications/@me").await?;
    let own = rest.get("users/@me").await?["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default();
    let id = application["id"].as_str().unwrap_or_default();
    let commands = match rest.get(&format!("applications/{id}/commands")).await {
        Ok(Value::Array(all)) => Some(all),
        _ => None,
    };
    let mut servers = Vec::new();
    for guild in &config.discord.guilds {
        servers.push(one(&rest, config, *guild).await);
    }
    Ok(Seen { at: clock.now(), own, application, commands, servers, agreed: agreed(config).await })
}

async fn one(rest: &Rest, config: &Config, id: GuildId) -> SeenServer {
    let (snapshot, members) = match snapshot(rest, id).await {
        // Without the privileged switch the members cannot be listed; everything else can.
        Err(error) if error.kind == Kind::Forbidden => (snapshot_without_members(rest, id).await, false),
        other => (other, true),
    };
    match snapshot {
        Ok(snapshot) => {
            let mut server = Server::new(id, config.roles.clone());
            let name = snapshot.name.clone();
            server.apply(&Event::Guild(Box::new(snapshot)));
            SeenServer { id, name, server: Ok(server), members }
        }
        Err(error) => SeenServer { id, name: String::new(), server: Err(error), members: false },
    }
}

/// What the store says was agreed; nothing where there is no store yet.
async fn agreed(config: &Config) -> Agreed {
    let mut agreed = Agreed::default();
    let database = crate::app::settings::database(config);
    if !database.contains("://") && !std::path::Path::new(&database).exists() {
        return agreed;
    }
    if let Ok(store) = Store::open_to_read(&database).await {
        for stored in store.facts(&config.organisation.name).await.unwrap_or_default() {
            if let Fact::Register(change) = &stored.fact {
                agreed.apply(change);
            }
        }
        store.close().await;
    }
    agreed
}

/// Everybody who is on one of the enrolled servers.
pub(super) fn everybody(seen: &Seen) -> BTreeSet<UserId> {
    let servers = seen.servers.iter().filter_map(|seen| seen.server.as_ref().ok());
    servers.flat_map(|server| server.roster.iter().map(|person| person.id)).collect()
}
