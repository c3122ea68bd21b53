//! `chaperone check`: what is wrong with a configuration and with the live server, the worst first; and whom the
//! configuration would call.
//!
//! * `seen`: what the server looks like, read over REST; nothing is changed and nobody is written to.
//! * `bot`, `people`, `spaces`: what is wrong with it.
//! * `live`: the parts put together, with the mail server and the gateway.
//! * `summary`: what a valid configuration amounts to.

mod bot;
mod finding;
mod live;
mod people;
mod seen;
mod spaces;
mod summary;

use std::io::{self, Write};
use std::path::PathBuf;

use crate::clock::Clock;
use crate::config::{Config, ConfigError, Problem};
use crate::discord::token::Token;
use crate::evidence::Recipient;

use finding::{Finding, Severity};
use live::Live;
use seen::Blind;

/// Check a configuration and, with a token, the live server: list everything that is wrong, worst first
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  chaperone check --config chaperone.toml\n  \
    DISCORD_TOKEN=… chaperone check --config chaperone.toml --json\n\n\
    With the token in reach it also looks at the server (permissions, switches, role order, spaces, the DM pause, \
    leads, commands) and at the mail server. It reads; it changes nothing and writes to nobody.\n\n\
    Exit status: 0 nothing wrong, 1 something is wrong, 2 it could not look.")]
pub struct Args {
    /// The configuration, as `chaperone init` writes it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Do not look at the live server
    #[arg(long)]
    offline: bool,
    /// One JSON object for each thing that is wrong, and nothing else
    #[arg(long)]
    json: bool,
}

/// Checks and prints; the exit status is 0, 1 (something is wrong) or 2 (it could not look).
#[must_use]
pub fn run(args: &Args) -> u8 {
    let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
    // Whoever closed the pipe has seen enough.
    check(args, &mut out, &mut err).unwrap_or(2)
}

fn check(args: &Args, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let config = match Config::load(&args.config) {
        Ok(config) => config,
        Err(unreadable @ ConfigError::Unreadable { .. }) => {
            writeln!(err, "{unreadable}")?;
            return Ok(2);
        }
        Err(ConfigError::Wrong(problems)) => return unusable(&problems, args.json, out),
    };
    let wrong: Vec<String> = unusable_recipients(&config)
        .chain(unusable_witness(&config))
        .chain(unreadable_secrets(&config))
        .collect();
    let live = match look(args, &config) {
        Some(Err(why)) => {
            // What is wrong with the file is told all the same.
            print_wrong(&wrong, args.json, out)?;
            writeln!(err, "{why}")?;
            return Ok(2);
        }
        Some(Ok(live)) => Some(live),
        None => None,
    };
    let findings = live.as_ref().map_or(&[][..], |live| &live.findings);
    print_wrong(&wrong, args.json, out)?;
    if args.json {
        for finding in findings {
            writeln!(out, "{}", finding.to_json())?;
        }
    } else {
        told(&config, findings, out)?;
        if !wrong.is_empty() || !findings.is_empty() {
            writeln!(out)?;
        }
        let verdict =
            if wrong.is_empty() { "the configuration is valid." } else { "the bot cannot start with it." };
        writeln!(out, "{}: {verdict}", args.config.display())?;
        if let Some(live) = &live {
            for line in &live.state {
                writeln!(out, "{line}")?;
            }
            let count = findings.len();
            match count {
                0 => writeln!(out, "The live server was looked at: nothing is wrong.")?,
                1 => writeln!(out, "The live server was looked at: 1 thing is wrong.")?,
                _ => writeln!(out, "The live server was looked at: {count} things are wrong.")?,
            }
        }
        summary::summary(&config, live.is_some(), out)?;
    }
    Ok(u8::from(!wrong.is_empty() || !findings.is_empty()))
}

/// A configuration that nothing can be run with.
fn unusable(problems: &[Problem], json: bool, out: &mut dyn Write) -> io::Result<u8> {
    for problem in problems {
        if json {
            let what = format!("{}:{}: {}", problem.file, problem.line, problem.what);
            let finding = Finding::new(Severity::Broken, "configuration", None, what, problem.fix.clone());
            writeln!(out, "{}", finding.to_json())?;
        } else {
            writeln!(out, "{problem}")?;
        }
    }
    if !json {
        let many = match problems.len() {
            1 => "1 thing is".to_owned(),
            many => format!("{many} things are"),
        };
        writeln!(out, "\n{many} wrong. Nothing can be run with this configuration.")?;
    }
    Ok(1)
}

fn print_wrong(wrong: &[String], json: bool, out: &mut dyn Write) -> io::Result<()> {
    for problem in wrong {
        if json {
            let (what, to_do) = problem.split_once(" — ").unwrap_or((problem, "correct it"));
            let finding = Finding::new(Severity::Broken, "configuration", None, what, to_do);
            writeln!(out, "{}", finding.to_json())?;
        } else {
            writeln!(out, "{problem}")?;
        }
    }
    Ok(())
}

/// The findings, numbered; where there are several servers each says which.
fn told(config: &Config, findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let several = config.discord.guilds.len() > 1;
    for (number, finding) in findings.iter().enumerate() {
        let server = finding.server.filter(|_| several);
        let server = server.map_or_else(String::new, |server| format!(" (server {server})"));
        writeln!(out, "{:>2}. {finding}{server}", number + 1)?;
    }
    Ok(())
}

/// Looks at the live server, when it was not forbidden and the token is in reach.
fn look(args: &Args, config: &Config) -> Option<Result<Live, String>> {
    if args.offline {
        return None;
    }
    // One that is not set may be set where the bot runs; one that is wrong was told already.
    let token = Token::new(config.discord.token.read().ok()?.expose());
    let runtime = match super::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return Some(Err(format!("the network cannot be used: {error}\nrun this again"))),
    };
    let seen = runtime.block_on(live::live(config, &token, &Clock::system()));
    Some(seen.map_err(|blind| match blind {
        Blind::Refused(error) | Blind::Unreachable(error) => format!(
            "{} cannot be reached: {error}\ncheck this machine's connection and run this again, or check the file alone with --offline",
            config.discord.api_url
        ),
    }))
}

/// Secrets that the configuration names and that cannot be read from here. An environment variable that is not set
/// may be set where the bot runs, so only files and bad values count as wrong.
fn unreadable_secrets(config: &Config) -> impl Iterator<Item = String> {
    let password = config.email.as_ref().and_then(|email| email.login.as_ref()).map(|(_, password)| password);
    let secrets = std::iter::once(("[discord] the token", &config.discord.token))
        .chain(password.map(|password| ("[paging.email] the password", password)));
    secrets
        .filter(|(_, source)| !source.is_unset())
        .filter_map(|(what, source)| source.read().err().map(|why| format!("{what}: {why}")))
}

/// Recipients that look like one and are none: a letter was mistyped. `run` would not start with them.
fn unusable_recipients(config: &Config) -> impl Iterator<Item = String> {
    config.contacts.iter().filter_map(|contact| {
        contact.recipient.as_ref()?.parse::<Recipient>().err().map(|why| {
            let why = why.to_string().replace('\n', " — ");
            format!("[[people]] the recipient of {:?}: {why}", contact.name)
        })
    })
}

/// A witness' key that looks like one and is none.
fn unusable_witness(config: &Config) -> Option<String> {
    let why = crate::app::settings::attest(config).err()?;
    Some(format!("{why:#}").replace('\n', " — "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[organisation]
name = "Riverside Youth"
[discord]
guilds = [123456789012345678]
token_env = "A_VARIABLE_THAT_NOBODY_SETS"
[[people]]
name = "sam"
slot = "dsl"
discord = 323456789012345678
email = "sam@example.org"
recipient = "RECIPIENT"
[[people]]
name = "dee"
slot = "deputy-dsl"
discord = 423456789012345678
recipient = "RECIPIENT"
[[people]]
name = "out"
slot = "external"
email = "out@example.org"
[paging.email]
host = "mail.example.org"
from = "chaperone@example.org"
"#;

    fn checked(text: Option<&str>) -> (u8, String, String) {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("chaperone.toml");
        if let Some(text) = text {
            let recipient = crate::evidence::Identity::generate().recipient().to_string();
            std::fs::write(&config, text.replace("RECIPIENT", &recipient)).unwrap();
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let status = check(&Args { config, offline: false, json: false }, &mut out, &mut err).unwrap();
        let tidy =
            |bytes| String::from_utf8(bytes).unwrap().replace(&format!("{}/", folder.path().display()), "");
        (status, tidy(out), tidy(err))
    }

    #[test]
    fn a_valid_configuration_says_whom_it_calls_and_what_is_missing() {
        let (status, out, err) = checked(Some(GOOD));
        assert_eq!((status, err.as_str()), (0, ""));
        insta::assert_snapshot!(out);
    }

    #[test]
    fn everything_wrong_is_listed_and_the_status_is_1() {
        let text =
            GOOD.replace("slot = \"dsl\"", "slot = \"lead\"").replace("[organisation]", "[organization]");
        let (status, out, err) = checked(Some(&text));
        assert_eq!((status, err.as_str()), (1, ""));
        assert!(out.contains("chaperone.toml:9: [[people]] \"lead\" is not a slot — write dsl"), "{out}");
        assert!(
            out.contains("chaperone.toml:2: organization is not a setting — did you mean organisation?"),
            "{out}"
        );
        assert!(out.contains("3 things are wrong"), "{out}");
    }

    #[test]
    fn a_token_file_that_is_missing_is_wrong() {
        let text =
            GOOD.replace("token_env = \"A_VARIABLE_THAT_NOBODY_SETS\"", "token_file = \"secrets/token\"");
        let (status, out, _) = checked(Some(&text));
        assert_eq!(status, 1, "{out}");
        assert!(out.starts_with("[discord] the token: secrets/token cannot be read"), "{out}");
    }

    #[test]
    fn a_recipient_with_a_mistyped_letter_is_wrong_here_and_not_first_when_the_bot_starts() {
        let mistyped = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq";
        let (status, out, _) = checked(Some(&GOOD.replacen("RECIPIENT", mistyped, 1)));
        assert_eq!(status, 1, "{out}");
        assert!(out.starts_with("[[people]] the recipient of \"sam\": "), "{out}");
        assert!(!out.contains("is valid"), "{out}");
    }

    #[test]
    fn the_invite_link_is_there_once_the_application_is_known() {
        let text = GOOD.replace("[discord]", "[discord]\napplication_id = 223456789012345678");
        let (_, out, _) = checked(Some(&text));
        assert!(out.contains("https://discord.com/oauth2/authorize?client_id=223456789012345678"), "{out}");
    }

    #[test]
    fn a_missing_file_is_two_lines_on_standard_error_and_status_2() {
        let (status, out, err) = checked(None);
        assert_eq!((status, out.as_str()), (2, ""));
        assert_eq!(err.lines().count(), 2, "{err}");
        assert!(err.contains("chaperone init"), "{err}");
    }
}
