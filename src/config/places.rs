//! The sections about the charity itself: organisation, Discord, roles, data, policy.

use std::path::Path;
use std::time::Duration;

use crate::domain::person::{Kind, RoleMapping};
use crate::domain::zone::Zone;
use crate::domain::{ChannelId, GuildId, RoleId};
use crate::paging::channels::email::is_this_machine;

use super::raw::{At, Reader, Section};
use super::secret::{Secret, SecretSource};
use super::{Data, Discord, Organisation, Policy};

/// The kinds that a role can stand for, as the configuration writes them.
const KINDS: [(&str, Kind); 10] = [
    ("young-person", Kind::YoungPerson),
    ("adult-at-risk", Kind::AdultAtRisk),
    ("youth-worker", Kind::YouthWorker),
    ("volunteer", Kind::Volunteer),
    ("dsl", Kind::Dsl),
    ("deputy-dsl", Kind::DeputyDsl),
    ("senior-manager", Kind::SeniorManager),
    ("chair", Kind::Chair),
    ("parent", Kind::Parent),
    ("professional", Kind::Professional),
];

pub(super) fn organisation(r: &mut Reader<'_>, root: &mut Section<'_>) -> Option<Organisation> {
    let Some(mut section) = root.section(r, "organisation") else {
        r.problem(0, "[organisation] is missing", "add it with name = \"your charity\"");
        return None;
    };
    let name = section.text(r, "name", "write the charity's name in quotes");
    let zone = section.text(r, "zone", "write it like \"Europe/London\"");
    if name.is_none() {
        r.problem(section.at, "[organisation] has no name", "add name = \"your charity\"");
    }
    let zone = match zone {
        None => Zone::default(),
        Some(zone) => zone.value.parse().unwrap_or_else(|_| {
            let what = format!("{:?} is not a time zone", zone.value);
            r.problem(zone.at, what, "write it like \"Europe/London\"");
            Zone::default()
        }),
    };
    section.done(r);
    Some(Organisation { name: name?.value, zone })
}

pub(super) fn discord(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    base: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<Discord> {
    let Some(mut section) = root.section(r, "discord") else {
        r.problem(0, "[discord] is missing", "add it with guilds = [your server's id]");
        return None;
    };
    let token = secret(r, &mut section, ("token_env", "token_file"), base, env)
        .unwrap_or_else(|| from_env("DISCORD_TOKEN", env));
    let application_id = section.id(r, "application_id").map(|id| id.value);
    let fix = "write it like \"https://discord.com\"";
    let api_url = section.text(r, "api_url", fix);
    let api_url = match api_url {
        None => "https://discord.com".to_owned(),
        Some(url) => {
            let trimmed = url.value.trim_end_matches('/').to_owned();
            if host_of(&trimmed).is_none() {
                r.problem(url.at, format!("[discord] api_url {:?} is not a base address", url.value), fix);
            }
            trimmed
        }
    };
    let guilds = section.ids(r, "guilds");
    if guilds.as_ref().is_none_or(|guilds| guilds.value.is_empty()) {
        let at = guilds.as_ref().map_or(section.at, |guilds| guilds.at);
        r.problem(
            at,
            "[discord] guilds names no server",
            "list the ids of the enrolled servers: guilds = [123456789012345678]",
        );
    }
    let shards = section.number(r, "shards", 1..1001, "write a whole number from 1 to 1000, or leave it out");
    section.done(r);
    Some(Discord {
        token,
        application_id,
        api_url,
        guilds: guilds?.value.into_iter().map(GuildId).collect(),
        shards: shards.and_then(|shards| u32::try_from(shards.value).ok()),
    })
}

/// The host of `http(s)://host[:port]`, when the address is that and nothing more.
fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
    let good = !host.is_empty()
        && host.chars().all(plain)
        && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    good.then_some(host)
}

/// Whether the token would leave this machine unprotected.
pub(super) fn token_in_the_clear(url: &str) -> bool {
    url.starts_with("http://")
        && host_of(url).is_some_and(|host| !is_this_machine(host.trim_matches(['[', ']'])))
}

pub(super) fn roles(r: &mut Reader<'_>, root: &mut Section<'_>) -> RoleMapping {
    let Some(section) = root.section(r, "roles") else { return RoleMapping::well_known() };
    let at = section.at;
    let kinds = KINDS.map(|(name, _)| name).join(", ");
    let mut mapping = RoleMapping::default();
    let mut protected = false;
    for (role, kind) in section.all_texts(r, &format!("write \"role\" = \"kind\"; kinds are {kinds}")) {
        let Some((_, known)) = KINDS.iter().find(|(name, _)| *name == kind.value) else {
            r.problem(
                kind.at,
                format!("[roles] {:?} is not a kind", kind.value),
                format!("kinds are {kinds}"),
            );
            continue;
        };
        protected |= known.is_protected();
        let id = if role.len() >= 15 { role.parse().ok().map(RoleId) } else { None };
        let twice = match id {
            Some(id) => mapping.by_id.insert(id, *known).is_some(),
            None => mapping.by_name.insert(role.trim().to_lowercase(), *known).is_some(),
        };
        if twice {
            r.problem(kind.at, format!("[roles] {role:?} stands twice"), "keep one line for each role");
        }
    }
    if !protected {
        r.problem(
            at,
            "[roles] maps no role to young-person or adult-at-risk, so nobody would be protected",
            "add a line like \"Young Person\" = \"young-person\"",
        );
    }
    mapping
}

pub(super) fn data(r: &mut Reader<'_>, root: &mut Section<'_>, base: &Path) -> Data {
    let Some(mut section) = root.section(r, "data") else {
        return Data { dir: base.join("data"), database: None };
    };
    let dir = section.text(r, "dir", "write the folder's path in quotes");
    let fix = "write it like \"postgres://chaperone@localhost/chaperone\"";
    let database = section.text(r, "database", fix);
    if let Some(database) = &database
        && !["postgres://", "postgresql://"].iter().any(|scheme| database.value.starts_with(scheme))
    {
        // The value may hold a password, so it is not repeated.
        r.problem(database.at, "[data] database is not a PostgreSQL address", fix);
    }
    section.done(r);
    Data {
        dir: base.join(dir.map_or_else(|| "data".to_owned(), |dir| dir.value)),
        database: database.map(|database| Secret::new(&database.value)),
    }
}

/// `[policy]`, and in it the grace of lone adults in spaces, which belongs to the rules of contact.
pub(super) fn policy(r: &mut Reader<'_>, root: &mut Section<'_>) -> (Policy, Option<At<Duration>>) {
    let mut policy = Policy { operator_channel: None };
    let Some(mut section) = root.section(r, "policy") else { return (policy, None) };
    let grace = section.number(r, "lone_adult_grace_seconds", 0..601, "write 0 to 600 seconds");
    policy.operator_channel = section.id(r, "operator_channel").map(|id| ChannelId(id.value));
    section.done(r);
    let grace =
        grace.map(|grace| At { value: Duration::from_secs(grace.value.unsigned_abs()), at: grace.at });
    (policy, grace)
}

fn from_env(name: &str, env: &dyn Fn(&str) -> Option<String>) -> SecretSource {
    SecretSource::Env { name: name.to_owned(), value: env(name).map(|value| Secret::new(&value)) }
}

/// A secret named by `…_env` or `…_file`; none when neither is there.
pub(super) fn secret(
    r: &mut Reader<'_>,
    section: &mut Section<'_>,
    (env_key, file_key): (&'static str, &'static str),
    base: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<SecretSource> {
    let from = section.text(r, env_key, "write the name of an environment variable in quotes");
    let file = section.text(r, file_key, "write the path of a file in quotes");
    let from = from.filter(|name| {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let is_name = name.value.chars().all(good) && !name.value.starts_with(|c: char| c.is_ascii_digit());
        if !is_name {
            // Somebody may have pasted the secret itself, so it is not repeated.
            let what = format!("{} is not the name of an environment variable", section.path(env_key));
            r.problem(name.at, what, "write the variable's name, never the secret itself");
        }
        is_name
    });
    if let (Some(_), Some(file)) = (&from, &file) {
        let what = format!("{} stands beside {env_key}", section.path(file_key));
        r.problem(file.at, what, "keep one of the two");
    }
    match (from, file) {
        (Some(name), _) => Some(from_env(&name.value, env)),
        (None, Some(file)) => Some(SecretSource::File(base.join(file.value))),
        (None, None) => None,
    }
}
