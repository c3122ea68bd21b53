//! `chaperone keys`: an age identity for a lead, and the recipient that goes into the configuration.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};

use crate::clock::Clock;
use crate::evidence::seal::{Passphrase, USUAL_WORK};
use crate::evidence::{Identity, secret_file};

/// The shortest passphrase that an identity file is protected by, in characters.
const SHORTEST_PASSPHRASE: usize = 12;

/// Make, show or hand on the keys that leads open evidence with
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone keys new --out dsl-identity.txt\n  chaperone keys show dsl-identity.txt\n\n\
    A lead leaves or takes a new key: change their line in [[people]] and restart the bot; what is sealed from then on is\n\
    for the new key. For what was sealed before, another lead runs `chaperone keys rewrap`.\n\
    A key is lost: make a new one, the same way. Nobody can read for you what only the lost key opened, so give the chair\n\
    of trustees a recipient too ([[people]] with slot = \"chair\"): every case of which they may know is sealed to it, and\n\
    with it they can hand every case's key on. Keep that file off line, protected by a passphrase."
)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a new identity file for a lead, readable by its owner only; prints the recipient for the configuration
    #[command(after_help = "Example:\n  chaperone keys new --out dsl-identity.txt\n\n\
        Each lead makes this file on a machine of their own and gives away only the line that is printed (age1…).\n\
        Keep a copy in another place: without it, what was sealed to this lead cannot be read by this lead.")]
    New {
        /// The file to make; an existing file is never overwritten
        #[arg(long, value_name = "FILE", default_value = "chaperone-identity.txt")]
        out: PathBuf,
        /// Protect the file by a passphrase; --passphrase-file is then needed wherever the file is
        #[command(flatten)]
        passphrase: PassphraseFile,
    },
    /// Hand the keys of the cases that you may know of to leads who may know of them too and have none yet
    #[command(
        after_help = "Example:\n  chaperone keys rewrap --config chaperone.toml --identity dsl-identity.txt\n\n\
        For a lead who is new or has a new key: their recipient stands beside their name in the configuration already. You\n\
        hand on what you can open yourself, case by case, and never to somebody who may not know of a case. Each is an\n\
        entry of the log. What belongs to no case yet stays with those to whom it was sealed; it ends by itself."
    )]
    Rewrap {
        #[command(flatten)]
        who: super::case::Who,
    },
    /// Print the recipient of an identity file: what goes into the configuration
    #[command(after_help = "Example:\n  chaperone keys show dsl-identity.txt")]
    Show {
        #[command(flatten)]
        identity: IdentityFile,
    },
}

/// An identity file, and the passphrase where it has one.
#[derive(Debug, Args)]
pub struct IdentityFile {
    /// The identity file (as `keys new` or age-keygen wrote it)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
}

/// Where a passphrase comes from.
#[derive(Debug, Args)]
pub struct PassphraseFile {
    /// A file whose first line is the passphrase of a protected identity file; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

impl Keys {
    /// Runs the command; exit status 0.
    ///
    /// # Errors
    /// When a file cannot be made or read: first line what, second line what to do.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        self.run_to(&mut io::stdout().lock(), &mut io::stderr().lock())?;
        Ok(ExitCode::SUCCESS)
    }

    /// As [`Keys::run`], with the streams named.
    ///
    /// # Errors
    /// Those of [`Keys::run`].
    pub fn run_to(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<()> {
        match self.command {
            Command::Rewrap { who } => {
                super::runtime()?.block_on(super::case::rewrap(&who, &Clock::system(), out))?;
            }
            Command::New { out: file, passphrase } => {
                let identity = Identity::generate();
                let now = Clock::system().now();
                let bytes = match passphrase.passphrase_file.as_deref().map(read_passphrase).transpose()? {
                    Some(passphrase) if passphrase.length() < SHORTEST_PASSPHRASE => anyhow::bail!(
                        "the passphrase is shorter than {SHORTEST_PASSPHRASE} characters\ntake four or more words that have nothing to do with each other"
                    ),
                    Some(passphrase) => identity.to_protected_file(now, &passphrase, USUAL_WORK)?,
                    None => identity.to_file_text(now).expose().to_vec(),
                };
                secret_file::create(&file, &bytes).map_err(|why| match why.kind() {
                    io::ErrorKind::AlreadyExists => {
                        anyhow!("{} exists already\nname another file with --out; an existing key is never overwritten", file.display())
                    }
                    _ => anyhow!("cannot write {}: {why}\nname a file in a folder of yours with --out", file.display()),
                })?;
                writeln!(out, "{}", identity.recipient())?;
                writeln!(
                    err,
                    "The identity is in {}: keep it secret and keep a copy in another place.\nThe line above is the recipient: it goes into the configuration.",
                    file.display()
                )?;
            }
            Command::Show { identity } => {
                for recipient in load_identity(&identity.file, &identity.passphrase)?.recipients() {
                    writeln!(out, "{recipient}")?;
                }
            }
        }
        Ok(())
    }
}

/// Reads an identity file, asking for its passphrase where the command line says.
///
/// # Errors
/// First line what, second line what to do; never a part of the file.
pub fn load_identity(file: &Path, passphrase: &PassphraseFile) -> anyhow::Result<Identity> {
    let bytes = secret_file::read_anywhere(file).map_err(|why| {
        anyhow!(
            "cannot use the identity file {}: {why}\ngive the file that `chaperone keys new` made",
            file.display()
        )
    })?;
    let passphrase = passphrase.passphrase_file.as_deref().map(read_passphrase).transpose()?;
    Ok(Identity::from_file_bytes(&bytes, passphrase.as_ref())?)
}

fn read_passphrase(file: &Path) -> anyhow::Result<Passphrase> {
    let text = if file == Path::new("-") {
        let mut line = String::new();
        io::stdin()
            .read_line(&mut line)
            .context("cannot read the passphrase from standard input\ntype it, then press return")?;
        line
    } else {
        let bytes = secret_file::read_anywhere(file).map_err(|why| {
            anyhow!(
                "cannot read the passphrase file {}: {why}\ncheck the path and its permissions",
                file.display()
            )
        })?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    Ok(Passphrase::from(text.lines().next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        keys: Keys,
    }

    fn keys(arguments: &[&str]) -> anyhow::Result<(String, String)> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let line = Line::try_parse_from([&["keys"], arguments].concat())?;
        line.keys.run_to(&mut out, &mut err)?;
        Ok((String::from_utf8(out)?, String::from_utf8(err)?))
    }

    #[test]
    fn a_lead_makes_a_key_and_shows_its_recipient() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("dsl.txt");
        let file = file.to_str().unwrap();
        let (recipient, advice) = keys(&["new", "--out", file]).unwrap();
        assert!(recipient.starts_with("age1") && recipient.lines().count() == 1);
        assert!(advice.contains("copy in another place"));
        assert!(!format!("{recipient}{advice}").contains("AGE-SECRET-KEY"));
        assert_eq!(keys(&["show", file]).unwrap().0, recipient);
    }

    #[test]
    fn a_key_is_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("dsl.txt");
        std::fs::write(&file, "precious").unwrap();
        let refused = keys(&["new", "--out", file.to_str().unwrap()]).unwrap_err().to_string();
        assert!(refused.contains("exists already") && refused.lines().count() == 2, "{refused}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    }

    #[test]
    fn a_file_that_is_no_identity_says_what_to_give() {
        let dir = tempfile::tempdir().unwrap();
        let missing = keys(&["show", dir.path().join("none").to_str().unwrap()]).unwrap_err().to_string();
        assert!(missing.contains("keys new") && missing.lines().count() == 2, "{missing}");
    }
}
