//! Channels beyond Discord and e-mail, what several people read, what listens for answers, the heartbeat.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::domain::UserId;
use crate::paging::Slot;
use crate::paging::channels::email::is_address;
use crate::paging::channels::http::base;
use crate::paging::people::{ALERTMANAGER, EMAIL, NTFY, PAGERDUTY, WEBHOOK};

use super::places::secret;
use super::raw::{At, Reader, Section};
use super::secret::SecretSource;
use super::steps::{SLOTS, minutes};

/// How people are reached beyond Discord and e-mail, and how their answers come back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `[paging.ntfy]`: the server, and where its access token stands.
    pub ntfy: Option<(String, Option<SecretSource>)>,
    /// `[paging.twilio]`
    pub twilio: Option<Twilio>,
    /// `[paging.pagerduty] url`
    pub pagerduty: Option<String>,
    /// `[[paging.shared]]`
    pub shared: Vec<Shared>,
    /// `[paging.inbound]`
    pub inbound: Option<Listen>,
    /// `[paging.heartbeat]`: where the address stands, and how often it is called.
    pub heartbeat: Option<(SecretSource, Duration)>,
    /// `[paging] ring`: a telephone number for workers whom no lead has answered.
    pub ring: Option<String>,
}

/// `[paging.twilio]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twilio {
    /// `https://api.twilio.com`, or where something speaks like it.
    pub base: String,
    /// `AC…`
    pub sid: String,
    /// Where the account's token stands.
    pub token: SecretSource,
    /// The number that writes and calls, or a messaging service.
    pub from: String,
}

/// `[paging.inbound]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The address under which people and providers reach it, without a slash at its end.
    pub public_url: String,
    /// Whether a reverse proxy stands in front of it.
    pub behind_proxy: bool,
}

/// `[[paging.shared]]`: something that several people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// A unique short name.
    pub name: String,
    /// With which slot it is called.
    pub slot: Slot,
    /// The accounts of everybody who reads it: it is skipped when one of them is the subject.
    pub readers: BTreeSet<UserId>,
    /// What it is.
    pub way: Way,
}

/// What several people read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// A mailbox.
    Email(String),
    /// A topic.
    Ntfy(SecretSource),
    /// A service, by its integration key.
    PagerDuty(SecretSource),
    /// An address, and where its signing secret stands.
    Webhook(String, SecretSource),
    /// A server.
    Alertmanager(String),
}

impl Way {
    /// The channel's code.
    #[must_use]
    pub fn channel(&self) -> &'static str {
        match self {
            Way::Email(_) => EMAIL,
            Way::Ntfy(_) => NTFY,
            Way::PagerDuty(_) => PAGERDUTY,
            Way::Webhook(..) => WEBHOOK,
            Way::Alertmanager(_) => ALERTMANAGER,
        }
    }
}

/// What reads secrets: the folder that files are relative to, and the environment.
pub(super) struct From<'a> {
    pub base: &'a Path,
    pub env: &'a dyn Fn(&str) -> Option<String>,
}

impl From<'_> {
    pub fn secret(
        &self,
        r: &mut Reader<'_>,
        section: &mut Section<'_>,
        keys: (&'static str, &'static str),
    ) -> Option<SecretSource> {
        secret(r, section, keys, self.base, self.env)
    }
}

/// An address of a channel: https, or http on this machine.
pub(super) fn address(r: &mut Reader<'_>, section: &mut Section<'_>, key: &'static str) -> Option<String> {
    let url = section.text(r, key, "write it like \"https://example.org\"")?;
    match base(&url.value) {
        Ok(url) => Some(url),
        Err(why) => {
            let why = why.to_string();
            let (what, fix) = why.split_once("; ").unwrap_or((&why, "write it like \"https://example.org\""));
            r.problem(url.at, format!("{}: {what}", section.path(key)), fix);
            None
        }
    }
}

pub(super) fn reach(r: &mut Reader<'_>, paging: &mut Section<'_>, from: &From<'_>) -> Reach {
    let mut reach = Reach { ring: ring(r, paging), ..Reach::default() };
    if let Some(mut section) = paging.section(r, "ntfy") {
        let url = address(r, &mut section, "url").unwrap_or_else(|| "https://ntfy.sh".to_owned());
        reach.ntfy = Some((url, from.secret(r, &mut section, ("token_env", "token_file"))));
        section.done(r);
    }
    reach.twilio = paging.section(r, "twilio").and_then(|section| twilio(r, section, from));
    if let Some(mut section) = paging.section(r, "pagerduty") {
        reach.pagerduty = address(r, &mut section, "url");
        section.done(r);
    }
    reach.inbound = paging.section(r, "inbound").and_then(|section| inbound(r, section));
    if let Some(mut section) = paging.section(r, "heartbeat") {
        let url = from.secret(r, &mut section, ("url_env", "url_file"));
        let every = minutes(r, &mut section, "every_minutes").unwrap_or(Duration::from_mins(1));
        if url.is_none() {
            let fix = "add url_env = \"HEARTBEAT_URL\": whoever knows the address can silence the alarm";
            r.problem(section.at, "[paging.heartbeat] has no address", fix);
        }
        section.done(r);
        reach.heartbeat = url.map(|url| (url, every));
    }
    for section in paging.sections(r, "shared") {
        reach.shared.extend(shared(r, section, from));
    }
    reach
}

fn ring(r: &mut Reader<'_>, paging: &mut Section<'_>) -> Option<String> {
    let fix = "write a telephone number: ring = \"01632 960000\"";
    let ring = paging.text(r, "ring", fix)?;
    let number = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '(' | ')' | '-');
    if ring.value.len() > 30 || !ring.value.chars().all(number) {
        r.problem(ring.at, format!("[paging] ring is {:?}", ring.value), fix);
        return None;
    }
    Some(ring.value)
}

fn twilio(r: &mut Reader<'_>, mut section: Section<'_>, from: &From<'_>) -> Option<Twilio> {
    let base = address(r, &mut section, "url").unwrap_or_else(|| "https://api.twilio.com".to_owned());
    let sid = section.text(r, "account", "write the account's SID: account = \"AC…\"");
    let number = section.text(r, "from", "write the number that writes and calls: from = \"+441632960000\"");
    let token = from.secret(r, &mut section, ("token_env", "token_file"));
    let heading = section.at;
    section.done(r);
    if sid.is_none() || number.is_none() || token.is_none() {
        let fix = "add account = \"AC…\", from = \"+44…\" and token_env = \"TWILIO_TOKEN\"";
        r.problem(heading, "[paging.twilio] lacks the account, the number or the token", fix);
    }
    let sid = sid.filter(|sid| {
        let good = sid.value.starts_with("AC") && sid.value.chars().all(|c| c.is_ascii_alphanumeric());
        if !good {
            r.problem(sid.at, "[paging.twilio] account is no account SID", "it begins with AC");
        }
        good
    });
    let number = number.filter(|number| {
        let good = is_e164(&number.value) || number.value.starts_with("MG");
        if !good {
            let what = format!("[paging.twilio] from is {:?}", number.value);
            r.problem(number.at, what, "write it like \"+441632960000\"");
        }
        good
    });
    Some(Twilio { base, sid: sid?.value, token: token?, from: number?.value })
}

/// A telephone number as the whole world writes it (ITU E.164).
pub(super) fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (8..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn inbound(r: &mut Reader<'_>, mut section: Section<'_>) -> Option<Listen> {
    let fix = "write where it listens: listen = \"127.0.0.1:8085\"";
    let listen = section.text(r, "listen", fix);
    let public_url = address(r, &mut section, "public_url");
    let behind_proxy = section.text(r, "behind_proxy", "write \"yes\" or \"no\"");
    let heading = section.at;
    section.done(r);
    let listen = listen.and_then(|listen| {
        let parsed = listen.value.parse::<SocketAddr>().ok();
        if parsed.is_none() {
            r.problem(listen.at, format!("[paging.inbound] listen is {:?}", listen.value), fix);
        }
        parsed
    });
    if listen.is_none() || public_url.is_none() {
        let fix = "add listen = \"127.0.0.1:8085\" and public_url = \"https://pages.example.org\"";
        r.problem(heading, "[paging.inbound] lacks where it listens or its public address", fix);
    }
    let behind_proxy = match behind_proxy.as_ref().map(|answer| answer.value.as_str()) {
        // Whoever listens on this machine only is behind something.
        None => listen.is_some_and(|listen| listen.ip().is_loopback()),
        Some("yes") => true,
        Some("no") => false,
        Some(_) => {
            let at = behind_proxy.as_ref().map_or(heading, |answer| answer.at);
            r.problem(at, "[paging.inbound] behind_proxy is neither yes nor no", "write \"yes\" or \"no\"");
            false
        }
    };
    Some(Listen { listen: listen?, public_url: public_url?, behind_proxy })
}

fn shared(r: &mut Reader<'_>, mut section: Section<'_>, from: &From<'_>) -> Option<Shared> {
    let at = section.at;
    let name = section.text(r, "name", "write a short name: name = \"office\"");
    let slot = section.text(r, "slot", SLOTS);
    let readers = section.ids(r, "readers");
    let email = section.text(r, "email", "write it like \"office@example.org\"");
    let ntfy = from.secret(r, &mut section, ("ntfy_topic_env", "ntfy_topic_file"));
    let pagerduty = from.secret(r, &mut section, ("pagerduty_key_env", "pagerduty_key_file"));
    let webhook = address(r, &mut section, "webhook");
    let webhook_secret = from.secret(r, &mut section, ("webhook_secret_env", "webhook_secret_file"));
    let alertmanager = address(r, &mut section, "alertmanager");
    section.done(r);
    if readers.as_ref().is_none_or(|readers| readers.value.is_empty()) {
        let fix = "list the Discord ids of everybody who reads it: readers = [123456789012345678]";
        r.problem(at, "[[paging.shared]] declares no readers, so a subject might be among them", fix);
    }
    let slot = slot.and_then(|At { value, at }| {
        let known = value.parse::<Slot>().ok();
        if known.is_none() {
            r.problem(at, format!("[[paging.shared]] {value:?} is not a slot"), SLOTS);
        }
        known
    });
    if let Some(email) = email.as_ref().filter(|email| !is_address(&email.value)) {
        let what = format!("[[paging.shared]] {:?} is not an e-mail address", email.value);
        r.problem(email.at, what, "write it like \"office@example.org\"");
    }
    if webhook.is_some() != webhook_secret.is_some() {
        let fix = "give webhook = \"https://…\" and webhook_secret_env";
        r.problem(at, "[[paging.shared]] a webhook needs an address and a secret", fix);
    }
    let mut ways: Vec<Way> = Vec::new();
    ways.extend(email.map(|email| Way::Email(email.value)));
    ways.extend(ntfy.map(Way::Ntfy));
    ways.extend(pagerduty.map(Way::PagerDuty));
    ways.extend(webhook.zip(webhook_secret).map(|(url, secret)| Way::Webhook(url, secret)));
    ways.extend(alertmanager.map(Way::Alertmanager));
    if ways.len() != 1 || name.is_none() || slot.is_none() {
        let fix = "give each a name, a slot and one of email, ntfy_topic_env, pagerduty_key_env, webhook, alertmanager";
        r.problem(at, "[[paging.shared]] is not one thing in one slot", fix);
        return None;
    }
    let readers = readers?.value.into_iter().map(UserId).collect();
    Some(Shared { name: name?.value, slot: slot?, readers, way: ways.remove(0) })
}
