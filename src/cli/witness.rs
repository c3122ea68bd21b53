//! `chaperone witness`: cosigns another installation's checkpoints, on a trustee's machine; alarms on a fork.

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::config::ConfigError;
use crate::config::witness::WitnessConfig;
use crate::evidence::{CosigningKey, VerifierKey};
use crate::witness::ask::Outside;
use crate::witness::{Witness, alarm, serve};

/// The witness' key in its folder.
const KEY: &str = "witness.key";

/// Cosign another installation's evidence log; raise the alarm when it was rewritten
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  chaperone witness --config witness.toml\n\n\
    witness.toml:\n    [witness]\n    name = \"trustee.example/witness\"\n    listen = \"127.0.0.1:7861\"\n    dir = \"witness\"\n    \
    webhook_env = \"ALARM_URL\"     # optional: where an alarm is posted\n\n    \
    [[log]]\n    key = \"chaperone/arts+1a2b3c4d+AQ…\"\n\n\
    It makes its key at the first start and prints the public line for [evidence.witness] of the bot's configuration.\n\
    Run it on another machine than the bot's, by another person.\n\
    Exit status: 0 stopped in good order, 1 a log was rewritten (now or before), 2 it could not run.")]
pub struct Args {
    /// The witness' configuration
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Say what is known of each log and end: exit status 1 when one was rewritten
    #[arg(long)]
    status: bool,
}

/// Serves until a signal comes; exit status 1 when a fork is on record.
///
/// # Errors
/// When it cannot start: the configuration, its key, its folder, the address.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    super::log_to_stderr("info");
    let config = WitnessConfig::load(&args.config).map_err(|error| match error {
        ConfigError::Unreadable { file, why } => {
            anyhow!("{file}: cannot be read ({why})\ncheck the path; `chaperone witness --help` shows what stands in it")
        }
        wrong @ ConfigError::Wrong(_) => wrong.into(),
    })?;
    let webhook = match &config.webhook {
        Some(source) => Some(source.read().map_err(|why| anyhow!("{why}"))?.expose().to_owned()),
        None => None,
    };
    let witness = open(&config)?;
    let forked = report(&witness);
    if args.status {
        return Ok(u8::from(forked));
    }
    let seen = super::runtime()?.block_on(async {
        let listener = TcpListener::bind(config.listen).await.with_context(|| {
            format!("nothing can listen at {}\nchoose another address in [witness] listen", config.listen)
        })?;
        eprintln!("Listening at http://{}", listener.local_addr()?);
        let (forks, mut found) = mpsc::unbounded_channel();
        let outside = Outside::new().map_err(|why| anyhow!("{why}"))?;
        let alarms = tokio::spawn(async move {
            let mut seen = false;
            while let Some(fork) = found.recv().await {
                seen = true;
                if let Err(error) = alarm::raise(&fork, &outside, webhook.as_deref()).await {
                    tracing::error!(%error, "the webhook did not take the alarm; tell the trustees by hand");
                }
            }
            seen
        });
        serve(listener, witness, Clock::system(), forks, super::run::stop_signal()).await?;
        anyhow::Ok(alarms.await?)
    })?;
    Ok(u8::from(seen || forked))
}

fn open(config: &WitnessConfig) -> anyhow::Result<Witness> {
    let key = config.dir.join(KEY);
    let logs = config
        .logs
        .iter()
        .map(|key| key.parse::<VerifierKey>().context("[[log]] key cannot be used"))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let dir = config.dir.display();
    std::fs::create_dir_all(&config.dir).with_context(|| {
        format!("the folder {dir} cannot be made\nmake it, or name another in [witness] dir")
    })?;
    let key = if key.exists() {
        CosigningKey::load(&key)?
    } else {
        // A memory without its key is not made usable by another key.
        anyhow::ensure!(
            !config.dir.join("lock").exists(),
            "the witness' key {} is missing\nput it back from its copy; to begin anew, name another [witness] dir",
            key.display()
        );
        CosigningKey::create(&key, &config.name)?
    };
    let public = key.public();
    anyhow::ensure!(
        public.name() == config.name,
        "the key in {dir} is of {:?}, the configuration names {:?}\ngive [witness] name its key's name, or another dir",
        public.name(),
        config.name
    );
    Ok(Witness::open(&config.dir, key, logs)?)
}

/// Tells what is known; true when a log was rewritten.
fn report(witness: &Witness) -> bool {
    println!("{}", witness.key().public());
    let mut forked = false;
    for log in witness.logs() {
        let rewritten = match log.forks() {
            0 => "",
            _ => ": IT WAS REWRITTEN; the proof is in its folder (fork-….txt), tell the trustees",
        };
        eprintln!("{}: cosigned up to {} entries{rewritten}", log.origin(), log.size());
        forked |= log.forks() > 0;
    }
    forked
}
