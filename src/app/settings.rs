//! From a checked configuration to what the parts need.

use anyhow::{Context, anyhow};

use super::Settings;
use crate::clock::Clock;
use crate::config::Config;
use crate::discord::token::Token;
use crate::domain::who_may_know::Readers;
use crate::engine;
use crate::evidence::Recipient;
use crate::paging::channels::email::EmailChannel;
use crate::pipeline::committer::Lead;
use crate::text::Lists;

/// The database's file in the data directory.
pub const DATABASE: &str = "chaperone.db";
/// The log's key in the data directory.
pub const SIGNING_KEY: &str = "keys/log-signing.key";

/// The settings that a configuration stands for.
///
/// # Errors
/// When a secret cannot be read, or a key or address in it is none.
pub fn settings(config: &Config, clock: &Clock) -> anyhow::Result<Settings> {
    let token = config.discord.token.read().map_err(|why| anyhow!("{why}"))?;
    let leads = config
        .contacts
        .iter()
        .filter_map(|contact| {
            let recipient = contact.recipient.as_ref()?;
            let readers = contact.discord.map_or_else(Readers::outside, Readers::one);
            Some(
                recipient
                    .parse::<Recipient>()
                    .with_context(|| format!("the key of {:?} in [[people]] cannot be used", contact.name))
                    .map(|recipient| Lead { readers, recipient }),
            )
        })
        .collect::<anyhow::Result<Vec<Lead>>>()?;
    let email = match &config.email {
        Some(email) => {
            let server = email.server().map_err(|why| anyhow!("{why}"))?;
            Some(EmailChannel::new(server, &config.addresses(), clock.clone())?)
        }
        None => None,
    };
    Ok(Settings {
        organisation: config.organisation.name.clone(),
        api_url: config.discord.api_url.clone(),
        token: Token::new(token.expose()),
        guilds: config.discord.guilds.clone(),
        shards: config.discord.shards.unwrap_or(1),
        mapping: config.roles.clone(),
        policy: policy(config),
        lists: Lists::shared(),
        database: database(config),
        signing_key: config.data.dir.join(SIGNING_KEY),
        people: config.people(),
        ladder: config.ladder.clone(),
        leads,
        email,
        operator_channel: config.policy.operator_channel,
    })
}

/// What a charity has decided about the rules.
#[must_use]
pub fn policy(config: &Config) -> engine::Policy {
    engine::Policy {
        zone: config.organisation.zone,
        lone_adult_grace: config.policy.lone_adult_grace,
        ..engine::Policy::default()
    }
}

/// Where a configuration keeps things: a path or a URL.
#[must_use]
pub fn database(config: &Config) -> String {
    match &config.data.database {
        Some(url) => url.expose().to_owned(),
        None => config.data.dir.join(DATABASE).display().to_string(),
    }
}

/// Where a configuration keeps the key that signs the log.
#[must_use]
pub fn signing_key(config: &Config) -> std::path::PathBuf {
    config.data.dir.join(SIGNING_KEY)
}
