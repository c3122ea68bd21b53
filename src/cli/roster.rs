//! `chaperone roster`: who holds which responsibility, since when, changed by whom (CHUMS §2; policy matrix P5).
//!
//! It reads the registers beside a bot that may be running. People are shown by account, and by their name where the
//! configuration has one.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::app::settings;
use crate::config::Config;
use crate::contact::Enrolments;
use crate::domain::register::Register;
use crate::domain::{Fact, Timestamp, UserId};
use crate::store::Store;

/// Show who holds which responsibility, since when, and who said so
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  chaperone roster --config chaperone.toml --history\n\n\
    It works beside the running bot. A role on the server is listed from when it was first seen, with who gave it where\n\
    the server's audit log told.")]
pub struct Args {
    /// The configuration, as `chaperone init` writes it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// One account only
    #[arg(long, value_name = "ID")]
    person: Option<UserId>,
    /// Every change, oldest first, instead of how it is now
    #[arg(long)]
    history: bool,
    /// JSON lines
    #[arg(long)]
    json: bool,
}

/// One line: what somebody is or holds.
#[derive(Debug, Serialize)]
struct Line {
    /// From when.
    since: Timestamp,
    /// Whom it is about.
    account: UserId,
    /// Their name, where the configuration has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// `responsibility`, `enrolled` or `role`; in a history also `laid-down` and `ended`.
    what: &'static str,
    /// Which responsibility, or what the account is.
    is: String,
    /// Who said so, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    /// The name of whoever said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    by_name: Option<String>,
}

/// Prints the roster; exit status 0.
///
/// # Errors
/// When the configuration or the database cannot be read.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    run_to(args, &mut std::io::stdout().lock())
}

fn run_to(args: &Args, out: &mut dyn Write) -> anyhow::Result<u8> {
    super::log_to_stderr("warn");
    let config = Config::load(&args.config)?;
    let database = settings::database(&config);
    if !database.contains("://") && !std::path::Path::new(&database).exists() {
        anyhow::bail!("there is no database at {database} yet\nlet the bot run first");
    }
    let organisation = config.organisation.name.clone();
    let enrolments = super::runtime()?.block_on(async {
        let store = Store::open_to_read(&database).await?;
        let mut enrolments = Enrolments::default();
        for stored in store.facts(&organisation).await? {
            if let Fact::Register(change) = &stored.fact {
                enrolments.apply(change);
            }
        }
        store.close().await;
        anyhow::Ok(enrolments)
    })?;
    let names: BTreeMap<UserId, &str> = config
        .contacts
        .iter()
        .filter_map(|contact| Some((contact.discord?, contact.name.as_str())))
        .collect();
    let mut lines = if args.history { history(&enrolments) } else { now(&enrolments) };
    lines.retain(|line| args.person.is_none_or(|person| person == line.account));
    for line in &mut lines {
        line.name = names.get(&line.account).map(|name| (*name).to_owned());
        line.by_name = line.by.and_then(|by| names.get(&by)).map(|name| (*name).to_owned());
    }
    for line in &lines {
        if args.json {
            writeln!(out, "{}", serde_json::to_string(line)?)?;
        } else {
            writeln!(out, "{}", told(line))?;
        }
    }
    if lines.is_empty() && !args.json {
        writeln!(out, "Nobody is on the roster yet. A lead enrols people with /enrol add.")?;
    }
    Ok(0)
}

fn line(
    what: &'static str,
    is: &dyn ToString,
    account: UserId,
    since: Timestamp,
    by: Option<UserId>,
) -> Line {
    Line { since, account, name: None, what, is: is.to_string(), by, by_name: None }
}

fn now(enrolments: &Enrolments) -> Vec<Line> {
    let held =
        enrolments.held().map(|held| line("responsibility", &held.what, held.who, held.since, Some(held.by)));
    let enrolled =
        enrolments.enrolled().map(|of| line("enrolled", &of.kind, of.account, of.since, Some(of.by)));
    let listed = enrolments.seen_anywhere().filter(|(_, _, seen)| seen.kind.covers());
    let by_role = listed.map(|(_, account, seen)| line("role", &seen.kind, account, seen.since, seen.by));
    held.chain(enrolled).chain(by_role).collect()
}

fn history(enrolments: &Enrolments) -> Vec<Line> {
    let changes = enrolments.history().iter().filter_map(|change| {
        let (what, is) = match &change.change {
            Register::Enrolled(enrolment) => ("enrolled", enrolment.kind.to_string()),
            Register::Unenrolled { .. } => ("ended", "enrolment".to_owned()),
            Register::ResponsibilityTaken { what, .. } => ("responsibility", what.to_string()),
            Register::ResponsibilityLaidDown { what, .. } => ("laid-down", what.to_string()),
            Register::KindSeen { kind, .. } => ("role", kind.to_string()),
            _ => return None,
        };
        Some(line(what, &is, change.about, change.at, change.by))
    });
    changes.collect()
}

fn told(line: &Line) -> String {
    let who = |account: UserId, name: &Option<String>| match name {
        Some(name) => format!("{name} ({account})"),
        None => account.to_string(),
    };
    let how = match line.what {
        "responsibility" => "holds",
        "laid-down" => "laid down",
        "enrolled" => "enrolled as",
        "ended" => "no longer enrolled:",
        _ => "by role on the server:",
    };
    let by = match line.by {
        Some(by) => format!(", by {}", who(by, &line.by_name)),
        None => String::new(),
    };
    format!("{}  {} {how} {}{by}", line.since, who(line.account, &line.name), line.is)
}
