//! From a checked configuration to what the parts need.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};

use super::Settings;
use super::attest::Attest;
use super::reach::{Listen, Reach};
use crate::clock::Clock;
use crate::config::{Config, Twilio, Way};
use crate::discord::token::Token;
use crate::domain::who_may_know::Readers;
use crate::engine;
use crate::evidence::{Recipient, WitnessKey};
use crate::paging::channels::email::EmailChannel;
use crate::paging::channels::http::base;
use crate::paging::channels::twilio::Account;
use crate::paging::channels::webhook::Target;
use crate::pipeline::buffer::BufferPolicy;
use crate::pipeline::committer::Lead;

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
        lists: super::lists::of(config)?,
        database: database(config),
        signing_key: config.data.dir.join(SIGNING_KEY),
        people: config.people(),
        ladder: config.ladder.clone(),
        leads: leads(config)?,
        keyholders: keyholders(config)?,
        email,
        reach: reach(config)?,
        attest: attest(config)?,
        buffer: BufferPolicy { days: config.evidence.buffer_days, spaces: config.evidence.spaces.clone() },
        operator_channel: config.policy.operator_channel,
    })
}

/// Who outside attests the evidence log.
///
/// # Errors
/// When a witness' key is none.
pub fn attest(config: &Config) -> anyhow::Result<Attest> {
    let from = &config.attesting;
    let witness = match &from.witness {
        Some((url, key)) => {
            let key = key.parse::<WitnessKey>().context("[evidence.witness] key cannot be used")?;
            Some((url.clone(), key))
        }
        None => None,
    };
    let usual = Attest::default();
    Ok(Attest {
        witness,
        authority: from.authority.clone(),
        every: from.every.unwrap_or(usual.every),
        entries: from.entries,
    })
}

/// To whom evidence is sealed. Whoever manages somebody opens nothing about them, as they are not called about them.
///
/// # Errors
/// When a recipient is none.
pub fn leads(config: &Config) -> anyhow::Result<Vec<Lead>> {
    let contacts = config.contacts.iter().filter(|contact| contact.recipient.is_some());
    let keys = keyholders(config)?;
    Ok(contacts
        .zip(keys)
        .map(|(contact, (_, recipient))| {
            let mut readers = contact.discord.map_or_else(Readers::outside, Readers::one);
            // Whoever must not be called about somebody must not read it either.
            readers.accounts.extend(config.stands_too_near_to(contact));
            Lead { readers, recipient }
        })
        .collect())
}

/// Whose recipient is whose, in the order of the configuration.
///
/// # Errors
/// When a recipient is none.
pub fn keyholders(config: &Config) -> anyhow::Result<Vec<(String, Recipient)>> {
    let keys = config.contacts.iter().filter_map(|contact| {
        let recipient = contact.recipient.as_ref()?.parse::<Recipient>();
        let says = || format!("the key of {:?} in [[people]] cannot be used", contact.name);
        Some(recipient.with_context(says).map(|recipient| (contact.name.clone(), recipient)))
    });
    keys.collect()
}

/// Channels beyond Discord and e-mail with their secrets read.
///
/// # Errors
/// When a secret cannot be read or is none.
pub fn reach(config: &Config) -> anyhow::Result<Reach> {
    let read = |source: &crate::config::SecretSource| {
        source.read().map(|secret| secret.expose().to_owned()).map_err(|why| anyhow!("{why}"))
    };
    let from = &config.reach;
    let mut reach = Reach { ring: from.ring.clone(), ..Reach::default() };
    let (mut topics, mut keys, mut numbers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for contact in &config.contacts {
        if let Some(topic) = &contact.ntfy {
            topics.insert(contact.name.clone(), read(topic)?);
        }
        if let Some(phone) = &contact.phone {
            numbers.insert(contact.name.clone(), phone.clone());
        }
    }
    for shared in &from.shared {
        let name = shared.name.clone();
        reach.shared.insert(name.clone());
        match &shared.way {
            // Its address is among the others.
            Way::Email(_) => {}
            Way::Ntfy(topic) => drop(topics.insert(name, read(topic)?)),
            Way::PagerDuty(key) => drop(keys.insert(name, read(key)?)),
            Way::Webhook(url, secret) => {
                let target =
                    Target::new(url.clone(), &read(secret)?).map_err(|why| anyhow!("{name}: {why}"))?;
                reach.webhooks.insert(name, target);
            }
            Way::Alertmanager(url) => drop(reach.alertmanagers.insert(name, url.clone())),
        }
    }
    if let Some((base, token)) = &from.ntfy {
        reach.ntfy = Some((base.clone(), token.as_ref().map(&read).transpose()?, topics));
    }
    if let Some(Twilio { base, sid, token, from }) = &from.twilio {
        let (sid, from, base) = (sid.clone(), from.clone(), base.clone());
        reach.twilio = Some((Account { sid, token: read(token)?, from, base }, numbers));
    }
    if !keys.is_empty() {
        let base = from.pagerduty.clone().unwrap_or_else(|| "https://events.pagerduty.com".to_owned());
        reach.pagerduty = Some((base, keys));
    }
    if let Some(listen) = &from.inbound {
        let crate::config::Listen { listen, public_url, behind_proxy } = listen.clone();
        reach.inbound = Some(Listen { listen, public_url: Some(public_url), behind_proxy });
    }
    if let Some((url, every)) = &from.heartbeat {
        let url = read(url)?;
        let url = base(&url).map_err(|why| anyhow!("[paging.heartbeat] {why}"))?;
        reach.heartbeat = Some((url, *every));
    }
    Ok(reach)
}

/// What a charity has decided about the rules.
#[must_use]
pub fn policy(config: &Config) -> engine::Policy {
    engine::Policy {
        zone: config.organisation.zone,
        contact: config.contact.clone(),
        enrolment: config.enrolment,
        named: config
            .contacts
            .iter()
            .filter_map(|contact| Some((contact.discord?, contact.slot.kind()?)))
            .collect(),
        whistleblowing: config
            .contacts
            .iter()
            .filter(|contact| config.past_the_line.contains(&contact.slot))
            .filter_map(|contact| contact.discord)
            .collect(),
        context_before: config.evidence.context_before,
        context_after: config.evidence.context_after,
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
