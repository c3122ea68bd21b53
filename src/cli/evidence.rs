//! `chaperone evidence`: what the store holds, and bundles: verified by anybody, opened by a lead. Verifying needs no
//! network and no database.

mod stored;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::{Args, Subcommand};

use super::keys::{PassphraseFile, load_identity};
use crate::evidence::{Identity, Report, VerifierKey, WitnessKey, unseal, verify};

/// Exit status of CLI contract: everything holds.
const DONE: u8 = 0;
/// It ran, and found something wrong.
const FOUND_WRONG: u8 = 1;

/// List and export what is kept; verify and open bundles
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone evidence verify bundle\n  chaperone evidence open bundle --identity dsl-identity.txt --out opened"
)]
pub struct Evidence {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(stored::List),
    Export(stored::Export),
    Verify(Verify),
    Open(Open),
}

/// Check a bundle and say in words what it proves and what not. Needs no key, no network, no database
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone evidence verify bundle --key 'arts.example/evidence+1a2b3c4d+AQ…'\n\n\
    Exit status: 0 nothing wrong was found, 1 something is not as it was exported, 2 the bundle cannot be read."
)]
pub struct Verify {
    /// The folder of the bundle (it holds bagit.txt and VERIFY.txt)
    bundle: PathBuf,
    /// The log's public key as the organisation published it: the bundle's own key has to be this one
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// A witness' public key as the trustees have it: it has to have cosigned a state of the log; can be given several times
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// Print JSON lines: one a finding, then the verdict
    #[arg(long)]
    json: bool,
}

/// Verify a bundle and open what an identity can open, into a new folder
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone evidence open bundle --identity dsl-identity.txt --out opened\n\n\
    A bundle that was sealed as one file (export --recipient) is unpacked into the new folder and verified.\n    \
    The folder holds the words of young people: keep it as such, and delete it when it is no longer needed."
)]
pub struct Open {
    /// The folder of the bundle, or the file of a sealed one
    bundle: PathBuf,
    /// A lead's identity file
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
    /// The folder to make; it must not exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The log's public key as the organisation published it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print JSON lines: one a finding, then the verdict
    #[arg(long)]
    json: bool,
}

impl Evidence {
    /// Runs the command; exit status 0 or 1.
    ///
    /// # Errors
    /// When it could not run (exit status 2): first line what, second line what to do.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        self.run_to(&mut io::stdout().lock(), &mut io::stderr().lock()).map(ExitCode::from)
    }

    /// As [`Evidence::run`], with the streams named; returns the exit status.
    ///
    /// # Errors
    /// Those of [`Evidence::run`].
    pub fn run_to(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
        match self.command {
            Command::List(list) => list.run_to(out),
            Command::Export(export) => export.run_to(out),
            Command::Verify(verify) => verify.run_to(out),
            Command::Open(open) => open.run_to(out, err),
        }
    }
}

impl Verify {
    /// Verifies; 0 when nothing wrong was found, else 1.
    ///
    /// # Errors
    /// When the folder cannot be read or the key is no key.
    pub fn run_to(self, out: &mut dyn Write) -> anyhow::Result<u8> {
        is_a_bundle(&self.bundle)?;
        if self.bundle.is_file() {
            return Err(anyhow!(
                "{} is a file: a sealed bundle is opened before it is verified\nchaperone evidence open FILE --identity FILE --out FOLDER",
                self.bundle.display()
            ));
        }
        let witnesses =
            self.witness.iter().map(|key| key.parse::<WitnessKey>()).collect::<Result<Vec<_>, _>>()?;
        let log = published(self.key.as_deref())?;
        let known = verify::Known { log: log.as_ref(), witnesses: &witnesses };
        print(&verify::verify_knowing(&self.bundle, &known)?, self.json, out)
    }
}

impl Open {
    /// Verifies and opens; 0 when nothing wrong was found and everything could be opened by this identity or is
    /// sealed to others, else 1.
    ///
    /// # Errors
    /// When the identity cannot be used, nothing was sealed to it, or the folder cannot be made.
    pub fn run_to(self, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
        is_a_bundle(&self.bundle)?;
        let identity = load_identity(&self.identity, &self.passphrase)?;
        if self.bundle.is_file() {
            return self.open_sealed(&identity, out, err);
        }
        let unsealed = unseal::unseal(&self.bundle, published(self.key.as_deref())?.as_ref(), &identity)?;
        if unsealed.opened == 0 && unsealed.closed > 0 {
            return Err(anyhow!(
                "none of the {} sealed exhibits was sealed to this identity\nuse the identity of a lead who was named when they were kept",
                unsealed.closed
            ));
        }
        unseal::write_unsealed(&unsealed.files, &self.out).map_err(|why| {
            anyhow!(
                "cannot write {}: {why}\nname a folder with --out that does not exist yet",
                self.out.display()
            )
        })?;
        writeln!(
            err,
            "Opened {} exhibits into {} ({} are sealed to others).",
            unsealed.opened,
            self.out.display(),
            unsealed.closed
        )?;
        print(&unsealed.report, self.json, out)
    }
}

impl Open {
    /// Unpacks a bundle that was sealed as one file, and verifies it.
    fn open_sealed(
        &self,
        identity: &Identity,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let files = unseal::open_sealed(&self.bundle, identity)?;
        unseal::write_unsealed(&files, &self.out).map_err(|why| {
            anyhow!(
                "cannot write {}: {why}\nname a folder with --out that does not exist yet",
                self.out.display()
            )
        })?;
        writeln!(err, "The sealed bundle was unpacked into {} ({} files).", self.out.display(), files.len())?;
        print(&verify::verify(&self.out, published(self.key.as_deref())?.as_ref())?, self.json, out)
    }
}

/// A folder in which nothing of a bundle stands was named by mistake: that is no broken proof. (One that cannot be read
/// is left to the verifier.)
fn is_a_bundle(folder: &Path) -> anyhow::Result<()> {
    const ANY_OF: [&str; 5] =
        ["bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "VERIFY.txt", "data/case.json"];
    let is_here = |name: &&str| folder.join(name).symlink_metadata().is_ok();
    if folder.is_dir() && !ANY_OF.iter().any(is_here) {
        return Err(anyhow!(
            "{} is no bundle: nothing of one is in it\nname the folder that `chaperone evidence export` made",
            folder.display()
        ));
    }
    Ok(())
}

fn published(key: Option<&str>) -> anyhow::Result<Option<VerifierKey>> {
    Ok(key.map(str::parse).transpose()?)
}

fn print(report: &Report, json: bool, out: &mut dyn Write) -> anyhow::Result<u8> {
    if json {
        out.write_all(report.to_json_lines().as_bytes())?;
    } else {
        write!(out, "{report}")?;
    }
    Ok(if report.is_sound() { DONE } else { FOUND_WRONG })
}
