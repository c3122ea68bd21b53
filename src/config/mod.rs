//! From a file to a validated configuration; every mistake is reported at once, with its line and what to do.
//!
//! [`Config::load`] reads a file, [`Config::parse`] a text; both give a [`Config`] in which everything that can be
//! known without the network is known to be right, or every [`Problem`] there is. Secrets stay where they are
//! ([`SecretSource`]) and are read by whoever needs them.

mod attest;
mod calls;
mod cases;
mod channels;
mod contact;
mod evidence;
mod people;
mod places;
mod raw;
mod secret;
mod steps;
pub mod witness;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::contact::EnrolmentRule;
use crate::contact::rules::settings::ContactPolicy;
use crate::domain::person::RoleMapping;
use crate::domain::zone::Zone;
use crate::domain::{ChannelId, GuildId, UserId};
use crate::paging::channels::email::{Security, SmtpServer};
use crate::paging::people::{DISCORD_DM, EMAIL, NTFY, SMS, VOICE};
use crate::paging::rota::Rota;
use crate::paging::{LadderPolicy, OnCall, People, Slot};

pub use attest::Attesting;
pub use channels::{Listen, Reach, Shared, Twilio, Way};
pub use raw::Problem;
use raw::Reader;
pub use secret::{Secret, SecretSource};

/// A configuration has a few kilobytes; more is the wrong file.
const LARGEST: u64 = 1 << 20;

/// A valid configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The charity.
    pub organisation: Organisation,
    /// The platform.
    pub discord: Discord,
    /// Which role makes an account what.
    pub roles: RoleMapping,
    /// Where data is kept.
    pub data: Data,
    /// Everybody who is called, and to whose keys evidence is sealed.
    pub contacts: Vec<Contact>,
    /// Whom a case calls, in which order, with which waits.
    pub ladder: LadderPolicy,
    /// Who hears of reports about somebody in charge (policy matrix P32).
    pub past_the_line: Vec<Slot>,
    /// Who is on duty when.
    pub rota: Rota,
    /// How people are reached beyond Discord and e-mail.
    pub reach: Reach,
    /// Who outside attests the evidence log.
    pub attesting: Attesting,
    /// The mail server, where pages travel by e-mail.
    pub email: Option<Email>,
    /// The operator's channel.
    pub policy: Policy,
    /// The rules of supervised contact.
    pub contact: ContactPolicy,
    /// Whether a worker's role counts without an enrolment of that very account.
    pub enrolment: EnrolmentRule,
    /// What is kept of recent messages, and for how long.
    pub evidence: Evidence,
    /// What is allowed but worth a thought; shown by `check`.
    pub remarks: Vec<Problem>,
}

/// `[organisation]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name; it also keeps its cases apart from another organisation's.
    pub name: String,
    /// Its time zone.
    pub zone: Zone,
}

/// `[discord]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discord {
    /// Where the bot's token stands.
    pub token: SecretSource,
    /// The application's id; the platform tells it too, but the invite link needs it beforehand.
    pub application_id: Option<u64>,
    /// The base of the API, without a slash at the end. The token goes to no other host.
    pub api_url: String,
    /// The enrolled servers; events of others are not looked at. Never empty.
    pub guilds: BTreeSet<GuildId>,
    /// How many connections; as many as the platform advises when absent.
    pub shards: Option<u32>,
}

/// `[data]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// The data directory, relative to the configuration's own folder.
    pub dir: PathBuf,
    /// A PostgreSQL address, instead of the SQLite file in `dir`. It may hold a password.
    pub database: Option<Secret>,
}

/// `[[people]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// A unique short name.
    pub name: String,
    /// Where they stand on the ladder.
    pub slot: Slot,
    /// Their Discord account; everybody but an external contact has one.
    pub discord: Option<UserId>,
    /// Their e-mail address.
    pub email: Option<String>,
    /// Where the ntfy topic stands that only they read.
    pub ntfy: Option<SecretSource>,
    /// Their telephone number (E.164).
    pub phone: Option<String>,
    /// Their channels in the order in which they prefer them; those that are not named follow.
    pub prefer: Vec<String>,
    /// Accounts in whose cases they are never called: people whom they manage.
    pub not_about: BTreeSet<UserId>,
    /// Accounts with whom they work closely: that they open a case about one of them is a concern.
    pub works_with: BTreeSet<UserId>,
    /// Who manages them, by the name in this list: never called in their cases.
    pub line_manager: Option<String>,
    /// Their age recipient (`age1…`), as it was written; its checksum is not checked here.
    pub recipient: Option<String>,
}

/// `[paging.email]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The mail server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: Security,
    /// The sender's address.
    pub from: String,
    /// The user and where the password stands, where the server wants them.
    pub login: Option<(String, SecretSource)>,
    /// The certificates of the charity's own authority (PEM), where the mail server's is signed by it.
    pub ca_file: Option<PathBuf>,
}

impl Email {
    /// The mail server with its password read.
    ///
    /// # Errors
    /// What is missing and what to do.
    pub fn server(&self) -> Result<SmtpServer, String> {
        let read = |(user, password): &(String, SecretSource)| {
            Ok::<_, String>((user.clone(), password.read()?.expose().to_owned()))
        };
        Ok(SmtpServer {
            host: self.host.clone(),
            port: self.port,
            security: self.security,
            from: self.from.clone(),
            credentials: self.login.as_ref().map(read).transpose()?,
            authority: self.ca_file.as_ref().map(|file| authority(file)).transpose()?,
        })
    }
}

/// A file of certificates, which has a few kilobytes.
fn authority(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|opened| opened.take(LARGEST).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(bytes),
        Err(why) => Err(format!(
            "[paging.email] ca_file: {} cannot be read ({why})\nname the PEM file of your own authority, or take the line out",
            file.display()
        )),
    }
}

/// `[policy]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The Discord channel for notices to whoever runs the bot.
    pub operator_channel: Option<ChannelId>,
    /// A folder of the charity's own wordlists, relative to the configuration's own folder.
    pub wordlists: Option<PathBuf>,
}

/// `[evidence]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// For how many days what is written in supervised spaces stays in the sealed buffer; 0 to 90, 0 buffers nothing.
    pub buffer_days: u16,
    /// The same for single channels and their threads.
    pub spaces: BTreeMap<ChannelId, u16>,
    /// How many messages before a finding go with it to its case; 0 to 200.
    pub context_before: usize,
    /// How many messages after it; 0 to 200.
    pub context_after: u32,
}

/// A configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file}: cannot be read ({why})\ncheck the path, or write one with: chaperone init --out {file}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system said.
        why: String,
    },
    /// Everything that is wrong in it, in the order of lines.
    #[error("{}", .0.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<Problem>),
}

impl Config {
    /// Reads and validates a file; environment variables are looked up in this process.
    ///
    /// # Errors
    /// [`ConfigError`]: the file cannot be read, or everything that is wrong in it.
    pub fn load(path: &Path) -> Result<Config, ConfigError> {
        let file = path.display().to_string();
        let unreadable = |why: String| ConfigError::Unreadable { file: file.clone(), why };
        let mut bytes = Vec::new();
        std::fs::File::open(path)
            .and_then(|opened| opened.take(LARGEST + 1).read_to_end(&mut bytes))
            .map_err(|error| unreadable(error.to_string()))?;
        if bytes.len() as u64 > LARGEST {
            return Err(unreadable("it is larger than a mebibyte, so it is no configuration".into()));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            ConfigError::Wrong(vec![Problem {
                line: 1 + good.matches('\n').count(),
                file: file.clone(),
                what: "this is not UTF-8 text".into(),
                fix: "save the file as UTF-8".into(),
            }])
        })?;
        Config::parse(&file, &text, &|name| std::env::var(name).ok()).map_err(ConfigError::Wrong)
    }

    /// Validates a text. `name` is what problems call the file, and what relative paths are relative to; `env`
    /// gives the value of an environment variable. Files of secrets are not read.
    ///
    /// # Errors
    /// Every [`Problem`], in the order of lines; never none.
    pub fn parse(
        name: &str,
        text: &str,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, Vec<Problem>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (mut reader, mut root) = Reader::parse(name, text);
        let r = &mut reader;
        let base = Path::new(name).parent().unwrap_or(Path::new(""));
        let organisation = places::organisation(r, &mut root);
        let discord = places::discord(r, &mut root, base, env);
        let roles = places::roles(r, &mut root);
        let data = places::data(r, &mut root, base);
        let mut remarks = Vec::new();
        let (ladder, email, calls, reach) = steps::paging(r, &mut root, base, env);
        let from = channels::From { base, env };
        let contacts = people::people(r, &mut root, (email.present(), &reach), &from, &mut remarks);
        let mut ladder = steps::ladder(r, ladder, &contacts);
        let zone = organisation.as_ref().map_or_else(Zone::default, |organisation| organisation.zone);
        let past_the_line = calls.past_the_line();
        let rota = calls.complete(r, &mut ladder, zone, &contacts);
        ladder.casework = Some(cases::cases(r, &mut root, zone, &contacts, &mut remarks));
        let (policy, grace) = places::policy(r, &mut root, base);
        let (contact, enrolment) = contact::contact(r, &mut root, grace.as_ref(), &mut remarks);
        let mut attesting = Attesting::default();
        let evidence = evidence::evidence(r, &mut root, &mut attesting, &mut remarks);
        root.done(r);
        if let Some(discord) = &discord
            && places::token_in_the_clear(&discord.api_url)
        {
            remarks.push(Problem {
                file: name.into(),
                line: 1,
                what: "[discord] api_url is not https, so the token travels in the clear".into(),
                fix: "use https unless that network is yours alone".into(),
            });
        }
        let problems = reader.into_problems();
        match (organisation, discord) {
            (Some(organisation), Some(discord)) if problems.is_empty() => Ok(Config {
                organisation,
                discord,
                roles,
                data,
                contacts,
                ladder,
                past_the_line,
                rota,
                reach,
                attesting,
                email: email.into_option(),
                policy,
                contact,
                enrolment,
                evidence,
                remarks,
            }),
            _ => Err(problems),
        }
    }

    /// Who can be called, with the channels that reach each: as they prefer them, else Discord first, then e-mail, a
    /// push message, a text message, a call.
    #[must_use]
    pub fn people(&self) -> People {
        let shared = self.reach.shared.iter();
        let shared_on_call = shared.clone().map(|shared| OnCall {
            name: shared.name.clone(),
            slot: shared.slot,
            account: None,
            channels: vec![shared.way.channel().to_owned()],
        });
        let closed_to = self
            .contacts
            .iter()
            .map(|contact| (contact.name.clone(), self.stands_too_near_to(contact)))
            .chain(shared.clone().map(|shared| (shared.name.clone(), shared.readers.clone())));
        People::new(self.contacts.iter().map(|contact| self.on_call(contact)).chain(shared_on_call).collect())
            .with_closed_to(closed_to.collect())
            .with_shared(shared.map(|shared| shared.name.clone()).collect())
            .with_rota(self.rota.clone())
    }

    /// Accounts in whose cases somebody is never called and to whose evidence they have no key: people whom they manage.
    #[must_use]
    pub fn stands_too_near_to(&self, contact: &Contact) -> BTreeSet<UserId> {
        let managed = self.contacts.iter().filter(|other| other.line_manager.as_ref() == Some(&contact.name));
        managed.filter_map(|other| other.discord).chain(contact.not_about.iter().copied()).collect()
    }

    fn on_call(&self, contact: &Contact) -> OnCall {
        let telephone = contact.phone.is_some() && self.reach.twilio.is_some();
        let calls = self.reach.twilio.as_ref().is_some_and(|twilio| !twilio.from.starts_with("MG"));
        let has = |channel: &&str| match *channel {
            DISCORD_DM => contact.discord.is_some(),
            EMAIL => contact.email.is_some() && self.email.is_some(),
            NTFY => contact.ntfy.is_some() && self.reach.ntfy.is_some(),
            SMS => telephone,
            VOICE => telephone && calls,
            _ => false,
        };
        let usual = [DISCORD_DM, EMAIL, NTFY, SMS, VOICE];
        let mut channels: Vec<String> = Vec::new();
        for channel in contact.prefer.iter().map(String::as_str).chain(usual).filter(has) {
            if !channels.iter().any(|known| known == channel) {
                channels.push(channel.to_owned());
            }
        }
        OnCall { name: contact.name.clone(), slot: contact.slot, account: contact.discord, channels }
    }

    /// The e-mail address of everybody who has one, by name.
    #[must_use]
    pub fn addresses(&self) -> BTreeMap<String, String> {
        let address = |contact: &Contact| Some((contact.name.clone(), contact.email.clone()?));
        let shared = self.reach.shared.iter().filter_map(|shared| match &shared.way {
            Way::Email(address) => Some((shared.name.clone(), address.clone())),
            _ => None,
        });
        self.contacts.iter().filter_map(address).chain(shared).collect()
    }
}

#[cfg(test)]
mod tests;
