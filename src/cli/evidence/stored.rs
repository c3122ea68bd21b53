//! `evidence list` and `evidence export`: what the store holds, read beside a bot that may be running.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use crate::app::export::{How, LABEL, export_case};
use crate::app::settings;
use crate::cli::keys::{PassphraseFile, load_identity};
use crate::config::Config;
use crate::domain::{CaseRef, Category, Fact, Level, Timestamp};
use crate::evidence::{Recipient, SigningKey};
use crate::store::Store;

/// Where the evidence is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// The configuration of the bot
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of a rehearsal (`rehearse --data`)
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Place {
    /// The database's address and the log's key.
    fn resolve(&self) -> anyhow::Result<(String, PathBuf)> {
        let (database, key) = self.named()?;
        if !database.contains("://") && !Path::new(&database).exists() {
            bail!("there is no database at {database} yet\nlet the bot run first, or name another place");
        }
        Ok((database, key))
    }

    fn named(&self) -> anyhow::Result<(String, PathBuf)> {
        match (&self.config, &self.data) {
            (Some(file), _) => {
                let config = Config::load(file)?;
                Ok((settings::database(&config), settings::signing_key(&config)))
            }
            (None, Some(folder)) => Ok((
                folder.join(settings::DATABASE).display().to_string(),
                folder.join(settings::SIGNING_KEY),
            )),
            (None, None) => bail!("it is not said where the evidence is\nname --config FILE or --data DIR"),
        }
    }
}

/// List the cases that evidence is kept for: reference, level, category and counts; no content
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  chaperone evidence list --config chaperone.toml")]
pub struct List {
    #[command(flatten)]
    place: Place,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// Export a case as a bundle that a stranger can verify; with an identity, also what that lead can read
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone evidence export C-0001 --config chaperone.toml --out bundle --identity dsl-identity.txt\n\n\
    Without --identity the bundle holds ciphertext and proofs only.\n    \
    The same case at the same state of the log (--at) with the same identity and initials gives the same bytes, as long as\n    \
    nothing is erased and nobody outside attests more of the log. With --recipient that holds of what is sealed."
)]
pub struct Export {
    /// The case, as pages name it
    case: CaseRef,
    #[command(flatten)]
    place: Place,
    /// The folder to make, or with --recipient the file; it must not exist yet
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// At the state of the log with so many entries, as signed then; the newest when absent
    #[arg(long, value_name = "CHECKPOINT")]
    at: Option<u64>,
    /// The initials of whoever produces the exhibits: they are numbered ABC/1, ABC/2, …
    #[arg(long, value_name = "ABC", default_value = LABEL, value_parser = initials)]
    initials: String,
    /// Seal the bundle as one file that only this key opens (age1…); can be given several times
    #[arg(long, value_name = "age1…")]
    recipient: Vec<String>,
    /// A lead's identity file
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    #[command(flatten)]
    passphrase: PassphraseFile,
}

/// One to five capital letters.
fn initials(text: &str) -> Result<String, String> {
    let good = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if good { Ok(text.to_owned()) } else { Err("write one to five capital letters, such as ABC".to_owned()) }
}

struct Line {
    opened_at: Timestamp,
    level: Level,
    category: Category,
    acknowledged: bool,
    exhibits: usize,
}

impl List {
    pub(super) fn run_to(&self, out: &mut dyn Write) -> anyhow::Result<u8> {
        let (database, _) = self.place.resolve()?;
        let lines = crate::cli::runtime()?.block_on(cases(&database))?;
        for ((organisation, case), line) in &lines {
            if self.json {
                let line = serde_json::json!({
                    "organisation": organisation,
                    "case": case.to_string(),
                    "opened_at": line.opened_at,
                    "level": line.level,
                    "category": line.category,
                    "acknowledged": line.acknowledged,
                    "exhibits": line.exhibits,
                });
                writeln!(out, "{line}")?;
            } else {
                let acknowledged = if line.acknowledged { "acknowledged" } else { "not acknowledged" };
                writeln!(
                    out,
                    "{case}  {}  level {} {}  {} exhibits  {acknowledged}  ({organisation})",
                    line.opened_at, line.level, line.category, line.exhibits
                )?;
            }
        }
        if lines.is_empty() && !self.json {
            writeln!(out, "No case has been opened.")?;
        }
        Ok(0)
    }
}

async fn cases(database: &str) -> anyhow::Result<BTreeMap<(String, CaseRef), Line>> {
    let store = Store::open_to_read(database).await?;
    let mut lines = BTreeMap::new();
    for organisation in store.organisations().await? {
        for stored in store.facts(&organisation).await? {
            match stored.fact {
                Fact::CaseOpened { case, level, category, .. } => {
                    let exhibits = store.exhibits(&organisation, Some(case)).await?.len();
                    let line = Line { opened_at: stored.at, level, category, acknowledged: false, exhibits };
                    lines.insert((organisation.clone(), case), line);
                }
                Fact::CaseRose { case, level, category, .. } => {
                    if let Some(line) = lines.get_mut(&(organisation.clone(), case)) {
                        *line = Line { level, category, acknowledged: false, ..*line };
                    }
                }
                Fact::Acknowledged { case, .. } => {
                    if let Some(line) = lines.get_mut(&(organisation.clone(), case)) {
                        line.acknowledged = true;
                    }
                }
                _ => {}
            }
        }
    }
    store.close().await;
    Ok(lines)
}

impl Export {
    pub(super) fn run_to(&self, out: &mut dyn Write) -> anyhow::Result<u8> {
        let (database, key) = self.place.resolve()?;
        let identity = match &self.identity {
            Some(file) => Some(load_identity(file, &self.passphrase)?),
            None => None,
        };
        let key = SigningKey::load(&key)?;
        let sealed_to = self
            .recipient
            .iter()
            .map(|text| {
                text.parse::<Recipient>().with_context(|| format!("--recipient {text} cannot be used"))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let how =
            How { identity: identity.as_ref(), at: self.at, initials: &self.initials, sealed_to: &sealed_to };
        let hash = crate::cli::runtime()?.block_on(async {
            let store = Store::open_to_read(&database).await?;
            for organisation in store.organisations().await? {
                let facts = store.facts(&organisation).await?;
                let here = |fact: &Fact| matches!(fact, Fact::CaseOpened { case, .. } if *case == self.case);
                if facts.iter().any(|stored| here(&stored.fact)) {
                    return export_case(&store, &organisation, self.case, &key, &how, &self.out)
                        .await
                        .with_context(|| format!("{} could not be exported", self.case));
                }
            }
            bail!("there is no case {}\n`chaperone evidence list` shows the cases that there are", self.case)
        })?;
        writeln!(out, "{} was exported to {}", self.case, self.out.display())?;
        writeln!(out, "manifest {hash}")?;
        Ok(0)
    }
}
