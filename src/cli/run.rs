//! `chaperone run`: the real bot, until it is told to stop.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::app;
use crate::clock::Clock;
use crate::config::Config;

/// Run the bot
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  DISCORD_TOKEN=… chaperone run --config chaperone.toml\n\n\
    Stop it with Ctrl-C or SIGTERM: it finishes what it has heard and goes on from there at the next start.")]
pub struct Args {
    /// The configuration, as `chaperone init` writes it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Runs until a signal comes; exit status 0, or 1 when it cannot go on.
///
/// # Errors
/// When it cannot start: the configuration, the data directory, the keys.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    super::log_to_stderr("info");
    let config = Config::load(&args.config)?;
    make_private(&config.data.dir).with_context(|| {
        let folder = config.data.dir.display();
        format!("the data directory {folder} cannot be made\nmake it, or name another in [data] dir")
    })?;
    super::runtime()?.block_on(async {
        let clock = Clock::system();
        let stopped = stop_signal();
        let running = app::start(app::settings::settings(&config, &clock)?, clock.clone()).await?;
        let watching = config
            .policy
            .wordlists
            .clone()
            .map(|folder| tokio::spawn(app::lists::watch(folder, running.ear.clone(), clock)));
        tracing::info!(organisation = running.organisation(), "started");
        let failure = tokio::select! {
            () = stopped => None,
            failure = running.failed() => Some(failure),
        };
        if let Some(watching) = watching {
            watching.abort();
            // Cancelled, as it was asked to be: its ear must be gone before the pipeline can end.
            let _ = watching.await;
        }
        running.stop().await?;
        Ok(match failure {
            None => 0,
            Some(failure) => {
                eprintln!("chaperone: {}", super::in_two_lines(&[failure]));
                1
            }
        })
    })
}

/// Makes the data directory, for its owner only: what is in it is sealed, but who was in contact with whom is not.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Ctrl-C, or SIGTERM where there is one. From the call on, so that a signal during the start ends it in good order.
pub(super) fn stop_signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    async move {
        #[cfg(unix)]
        if let Some(term) = &mut term {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = term.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}
