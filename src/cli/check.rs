//! `chaperone check`: what is wrong with a configuration, worst first, and whom it would call.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::discord::permissions;
use crate::domain::{Category, Level};
use crate::evidence::Recipient;
use crate::paging::OnCall;
use crate::wording;

/// Check a configuration: list everything that is wrong, and show who is called in which order
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  chaperone check --config chaperone.toml\n\n\
    Exit status: 0 nothing wrong, 1 something is wrong, 2 the file cannot be read.")]
pub struct Args {
    /// The configuration, as `chaperone init` writes it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Checks and prints; the exit status is 0, 1 (something is wrong) or 2 (the file cannot be read).
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
        Err(ConfigError::Wrong(problems)) => {
            for problem in &problems {
                writeln!(out, "{problem}")?;
            }
            let many = if problems.len() == 1 {
                "1 thing is".into()
            } else {
                format!("{} things are", problems.len())
            };
            writeln!(out, "\n{many} wrong. Nothing can be run with this configuration.")?;
            return Ok(1);
        }
    };
    let wrong: Vec<String> = unusable_recipients(&config).chain(unreadable_secrets(&config)).collect();
    for problem in &wrong {
        writeln!(out, "{problem}")?;
    }
    if !wrong.is_empty() {
        writeln!(out)?;
    }
    let verdict =
        if wrong.is_empty() { "the configuration is valid." } else { "the bot cannot start with it." };
    writeln!(out, "{}: {verdict}", args.config.display())?;
    summary(&config, out)?;
    Ok(u8::from(!wrong.is_empty()))
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

fn summary(config: &Config, out: &mut dyn Write) -> io::Result<()> {
    let servers = match config.discord.guilds.len() {
        1 => "1 server".to_owned(),
        many => format!("{many} servers"),
    };
    writeln!(out, "{} ({}), {servers}.", config.organisation.name, config.organisation.zone)?;
    for remark in &config.remarks {
        writeln!(out, "worth a thought: {remark}")?;
    }

    let people = config.people();
    let now = Clock::system().now();
    for level in [Level::Serious, Level::Immediate] {
        writeln!(
            out,
            "\nA case of level {level} ({}) calls, until somebody acknowledges:",
            wording::level_name(level)
        )?;
        for (after, called) in config.ladder.outline(&people, level, now) {
            let called: Vec<_> = called.into_iter().map(described).collect();
            writeln!(out, "  {:<14}{}", moment(after), called.join("; "))?;
        }
        let repeat = config.ladder.repeat_at(level, Category::Contact).as_secs() / 60;
        writeln!(out, "  {:<14}again from the first, by every channel", format!("every {repeat} min"))?;
    }
    if people.iter().all(|person| person.slot != crate::paging::Slot::External) {
        writeln!(
            out,
            "  Nobody outside the charity is called. Where every lead is the subject of a case, only the operator's \
             channel hears of it: think about adding an external contact."
        )?;
    }
    writeln!(out, "A subject of a case is never called about it.")?;

    let sealed: Vec<_> =
        config.contacts.iter().filter(|c| c.recipient.is_some()).map(|c| c.name.as_str()).collect();
    writeln!(out, "\nEvidence is sealed to {}.", sealed.join(", "))?;

    if let Some(id) = config.discord.application_id {
        writeln!(out, "\nThe bot is invited with {}", permissions::invite_link(id))?;
    }

    writeln!(
        out,
        "\nNot checked yet, look yourself: permissions, intents, role order, unmonitored spaces, the delivery of pages."
    )?;
    if config.discord.token.is_unset() {
        writeln!(out, "  missing to run it: {} is not set", config.discord.token)?;
    }
    if let Some((_, password)) = config.email.as_ref().and_then(|email| email.login.as_ref())
        && password.is_unset()
    {
        writeln!(out, "  missing for e-mail: {password} is not set")?;
    }
    if config.email.is_none() {
        writeln!(out, "  missing for e-mail: [paging.email]")?;
    }
    if config.policy.operator_channel.is_none() {
        writeln!(out, "  missing for notices to whoever runs the bot: [policy] operator_channel")?;
    }
    if config.discord.application_id.is_none() {
        writeln!(out, "  missing for the invite link: [discord] application_id")?;
    }
    Ok(())
}

fn described(person: &OnCall) -> String {
    format!("{} ({}) by {}", person.name, person.slot, person.channels.join(", "))
}

fn moment(after: Duration) -> String {
    match after.as_secs() / 60 {
        0 => "at once".into(),
        minutes => format!("after {minutes} min"),
    }
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
        let status = check(&Args { config }, &mut out, &mut err).unwrap();
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
