//! The live server: everything that is looked at, put together.

use super::finding::Finding;
use super::finding::Severity::{Broken, Weak};
use super::seen::{Blind, Seen, SeenServer, look};
use super::{bot, people, spaces};
use crate::clock::Clock;
use crate::config::Config;
use crate::discord::hidden;
use crate::discord::token::Token;
use crate::paging::channels::email::EmailChannel;

/// What a look at the live server gave.
pub(super) struct Live {
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// How things stand, a line a server.
    pub state: Vec<String>,
}

/// Looks, and says what is wrong.
pub(super) async fn live(config: &Config, token: &Token, clock: &Clock) -> Result<Live, Blind> {
    let seen = match look(config, token, clock).await {
        Err(Blind::Refused(error)) => {
            let mut findings = vec![Finding::new(
                Broken,
                "token-refused",
                None,
                format!("Discord does not take the bot's token: {error}"),
                "developer portal → your application → Bot → Reset Token, and put the new one where [discord] says",
            )];
            findings.extend(mail(config, clock).await);
            return Ok(Live { findings, state: Vec::new() });
        }
        other => other?,
    };
    let mut findings = judged(&seen, config);
    findings.extend(mail(config, clock).await);
    findings.extend(gateway(&seen, config, token, clock).await);
    findings.sort();
    findings.dedup();
    Ok(Live { findings, state: seen.servers.iter().filter_map(|server| stands(server, &seen)).collect() })
}

/// What is wrong with what was seen.
fn judged(seen: &Seen, config: &Config) -> Vec<Finding> {
    let mut found = bot::switches(seen);
    found.extend(bot::commands(seen));
    found.extend(people::leads(seen, config));
    found.extend(spaces::operator_channel(seen, config));
    if let Some(expected) = config.discord.application_id
        && seen.application["id"].as_str() != Some(expected.to_string().as_str())
    {
        found.push(Finding::new(
            Weak,
            "other-application",
            None,
            "the token belongs to another application than [discord] application_id names",
            "correct application_id, or use that application's token",
        ));
    }
    for seen_server in &seen.servers {
        found.extend(bot::access(seen_server));
        let Ok(server) = &seen_server.server else { continue };
        found.extend(spaces::dm_pause(server, seen.at));
        let Some(own) = server.roster.get(seen.own) else { continue };
        found.extend(bot::lacks(server, own));
        if !seen_server.members {
            continue;
        }
        found.extend(bot::order(server, own, &config.roles));
        found.extend(people::dangerous_bits(server));
        found.extend(people::kinds(server, &config.roles));
        found.extend(spaces::unmonitored(server, own));
        found.extend(spaces::lone(server, seen));
    }
    found
}

/// Whether the mail server takes pages: the connection, its protection, the login. Nothing is sent.
async fn mail(config: &Config, clock: &Clock) -> Option<Finding> {
    let email = config.email.as_ref()?;
    // What is not set here may be set where the bot runs; the summary says so.
    let server = email.server().ok()?;
    let fix = "correct [paging.email], or ask whoever runs the mail server; then run a drill";
    let found = |why: String| {
        Finding::new(Broken, "mail-server", None, format!("pages by e-mail do not leave: {why}"), fix)
    };
    match EmailChannel::new(server, &config.addresses(), clock.clone()) {
        Ok(channel) => channel.reach().await.err().map(found),
        Err(error) => Some(found(error.to_string())),
    }
}

/// Whether the gateway lets the bot in, and which channels it only says to be there.
async fn gateway(seen: &Seen, config: &Config, token: &Token, clock: &Clock) -> Vec<Finding> {
    let there = seen.servers.iter().filter(|server| server.server.is_ok()).map(|server| server.id).collect();
    // It refuses to listen while a switch is off, and that was said.
    if !bot::switches(seen).is_empty() {
        return Vec::new();
    }
    match hidden::channels(&config.discord.api_url, token, clock, &there).await {
        Ok(hidden) => hidden
            .into_iter()
            .filter(|(_, channels)| *channels > 0)
            .map(|(guild, channels)| {
                let what = if channels == 1 {
                    "1 channel is out of the bot's sight, and Discord does not tell a bot who can see it".to_owned()
                } else {
                    format!("{channels} channels are out of the bot's sight, and Discord does not tell a bot who can see them")
                };
                Finding::new(
                    Weak,
                    "hidden-space",
                    Some(guild),
                    what,
                    "Server Settings → Roles → the bot's role → View Server As Role, compare with your own channel list, and allow View Channel wherever young people are",
                )
            })
            .collect(),
        Err(why) => vec![Finding::new(
            Broken,
            "gateway",
            None,
            format!("the bot cannot listen: {why}"),
            "run this again; if it stays so, look at https://discordstatus.com",
        )],
    }
}

/// How a server stands.
fn stands(seen: &SeenServer, all: &Seen) -> Option<String> {
    let server = seen.server.as_ref().ok()?;
    let people = server.roster.iter().filter(|person| person.kind != crate::domain::Kind::Bot).count();
    let spaces =
        server.spaces.values().filter(|space| space.kind != crate::domain::SpaceKind::Category).count();
    let paused = match server.dms_paused_until.filter(|until| *until > all.at) {
        Some(until) => format!("direct messages paused until {until}"),
        None => "direct messages not paused".to_owned(),
    };
    Some(format!("{}: {people} people, {spaces} spaces, {paused}.", seen.name.replace(char::is_control, " ")))
}
