//! `chaperone init`: from nothing to a configuration, the leads' keys, and the steps on Discord's side.

mod interview;
mod template;

use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use anyhow::anyhow;

use crate::clock::Clock;
use crate::config::Config;
use crate::discord::permissions;
use crate::evidence::{Identity, secret_file};
use interview::{Answers, Interview};

/// Write a configuration: asks what it must, makes the leads' keys, prints the Discord set-up steps
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = "Examples:\n  chaperone init\n\n  \
    chaperone init --name \"Riverside Youth\" --guild 123456789012345678 \\\n    \
    --application-id 223456789012345678 \\\n    \
    --dsl sam:323456789012345678:sam@example.org --deputy dee:423456789012345678\n\n\
    On a terminal it asks for what no flag says; elsewhere every flag of the second example but the\n\
    application's id is needed. Nothing that exists is overwritten.")]
pub struct Args {
    /// The configuration to write
    #[arg(long, value_name = "FILE", default_value = "chaperone.toml")]
    pub out: PathBuf,
    /// The charity's name
    #[arg(long)]
    pub name: Option<String>,
    /// The charity's time zone
    #[arg(long, default_value = "Europe/London")]
    pub zone: String,
    /// The id of a Discord server to look after; may be given several times
    #[arg(long, value_name = "ID")]
    pub guild: Vec<String>,
    /// The id of the bot's application, for the invite link
    #[arg(long, value_name = "ID")]
    pub application_id: Option<String>,
    /// The designated safeguarding lead: a short name, their Discord account's id, their e-mail address if pages
    /// are to reach them there
    #[arg(long, value_name = "NAME:ID[:EMAIL]")]
    pub dsl: Option<String>,
    /// The deputy, in the same way
    #[arg(long, value_name = "NAME:ID[:EMAIL]")]
    pub deputy: Option<String>,
    /// A lead's own age recipient; a key is made for every lead who has none
    #[arg(long, value_name = "NAME=age1…")]
    pub recipient: Vec<String>,
    /// The mail server (STARTTLS, port 587)
    #[arg(long, value_name = "HOST", requires = "mail_from")]
    pub mail_host: Option<String>,
    /// The sender of pages by e-mail
    #[arg(long, value_name = "ADDRESS", requires = "mail_host")]
    pub mail_from: Option<String>,
    /// The mail account's name; its password is read from `SMTP_PASSWORD`
    #[arg(long, value_name = "USER", requires = "mail_host")]
    pub mail_user: Option<String>,
    /// The folder for keys that are made; default: keys/ beside the configuration
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
}

/// A key that was made for a lead: the public half, and the text of the file that holds the secret half.
struct NewKey {
    recipient: String,
    file_text: Vec<u8>,
}

/// The one place where this command makes a key.
fn make_key(clock: &Clock) -> NewKey {
    let identity = Identity::generate();
    NewKey {
        recipient: identity.recipient().to_string(),
        file_text: identity.to_file_text(clock.now()).expose().to_vec(),
    }
}

/// Writes and prints; exit status 0, or 2 when nothing could be written.
#[must_use]
pub fn run(args: &Args) -> u8 {
    let stdin = io::stdin();
    let terminal = stdin.is_terminal();
    let mut interview = Interview::new(stdin.lock(), io::stderr(), terminal);
    let mut printed = Vec::new();
    let ended = init(args.clone(), &mut interview, &Clock::system(), &mut printed);
    match ended.and_then(|()| Ok(io::stdout().write_all(&printed)?)) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("chaperone: {}", super::told(&error));
            2
        }
    }
}

fn init<R: io::BufRead, W: Write>(
    args: Args,
    interview: &mut Interview<R, W>,
    clock: &Clock,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let file = args.out.clone();
    refuse_existing(&file)?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let keys = args.keys.clone().unwrap_or_else(|| folder.join("keys"));
    let mut answers = interview.answers(args)?;

    let mut made = Vec::new();
    for lead in &mut answers.leads {
        if lead.recipient.is_none() {
            let path = keys.join(format!("{}.age-identity.txt", lead.name));
            refuse_existing(&path)?;
            let key = make_key(clock);
            lead.recipient = Some(key.recipient.clone());
            made.push((lead.name.clone(), path, key));
        }
    }
    let text = template::configuration(&answers);
    // Held against the same rules as when the bot starts: nothing is written that `run` would refuse.
    let config = Config::parse(&file.display().to_string(), &text, &|_| None).map_err(|problems| {
        let list: Vec<_> =
            problems.iter().map(|problem| format!("{}: {}", problem.what, problem.fix)).collect();
        anyhow!("these answers do not make a configuration; nothing was written\n{}", list.join("\n"))
    })?;

    if !made.is_empty() {
        std::fs::create_dir_all(&keys).map_err(|why| cannot_write(&keys, &why))?;
    }
    for (_, path, key) in &made {
        secret_file::create(path, &key.file_text).map_err(|why| cannot_write(path, &why))?;
    }
    write_new(&file, text.as_bytes()).map_err(|why| cannot_write(&file, &why))?;
    steps(&file, &config, &answers, &made, out)?;
    Ok(())
}

fn refuse_existing(path: &Path) -> anyhow::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Err(anyhow!(
            "{} exists already\nname another place with --out or --keys; nothing that exists is overwritten",
            path.display()
        ));
    }
    Ok(())
}

fn cannot_write(path: &Path, why: &io::Error) -> anyhow::Error {
    anyhow!("cannot write {}: {why}\nname a folder of yours with --out or --keys", path.display())
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// What is left to do, in order.
fn steps(
    file: &Path,
    config: &Config,
    answers: &Answers,
    made: &[(String, PathBuf, NewKey)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let file = file.display();
    writeln!(out, "Written: {file}")?;
    for (name, path, key) in made {
        writeln!(out, "Written: {} (the key of {name}, recipient {})", path.display(), key.recipient)?;
    }
    if !made.is_empty() {
        writeln!(
            out,
            "\nThe keys open evidence. Hand each file to its lead on paper or a memory stick, see that it is kept in \
             two places, and delete it here: whoever runs the bot must not be able to read evidence."
        )?;
    }
    writeln!(out, "\nOn Discord:")?;
    writeln!(out, "  1. https://discord.com/developers/applications: New Application, then Bot.")?;
    writeln!(out, "  2. Bot, Privileged Gateway Intents: switch on")?;
    for switch in permissions::switches() {
        writeln!(out, "       {switch}")?;
    }
    writeln!(
        out,
        "  3. Bot, Reset Token: copy it once; set it as DISCORD_TOKEN where the bot runs, nowhere else."
    )?;
    match config.discord.application_id {
        Some(id) => {
            writeln!(out, "  4. Invite the bot with this link (whoever opens it needs Manage Server):")?;
            writeln!(out, "       {}", permissions::invite_link(id))?;
        }
        None => {
            writeln!(
                out,
                "  4. Copy the application's id (General Information) into application_id in {file}, and invite the \
                 bot with\n       {}",
                permissions::invite_link(0).replacen("client_id=0", "client_id=<application id>", 1)
            )?;
        }
    }
    writeln!(out, "     It asks for these permissions:")?;
    for needed in permissions::NEEDED {
        writeln!(out, "       {}: {}", needed.name, needed.why)?;
    }
    writeln!(
        out,
        "  5. Server Settings, Roles: move the bot's role above every staff role. Give staff none of Kick, Ban, Time \
         out, Manage Server, Administrator: they would not be bound by the pause of direct messages."
    )?;
    writeln!(
        out,
        "  6. Give everybody a role that [roles] in {file} knows; correct its list where your roles have other names."
    )?;
    writeln!(out, "\nThen:")?;
    writeln!(out, "  chaperone check --config {file}")?;
    let password = answers.mail.as_ref().is_some_and(|mail| mail.user.is_some());
    let password = if password { " SMTP_PASSWORD=…" } else { "" };
    writeln!(out, "  DISCORD_TOKEN=…{password} chaperone run --config {file}")?;
    writeln!(out, "\n{}", crate::wording::platform_limit())
}

#[cfg(test)]
mod tests;
