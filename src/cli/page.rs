//! `chaperone page drill`: a marked test page through the real channels.

use std::io::Write as _;
use std::path::PathBuf;

use crate::app;
use crate::clock::Clock;
use crate::config::Config;
use crate::paging::Slot;

/// Page the people on the ladder
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  chaperone page drill --config chaperone.toml --slot dsl")]
pub struct Page {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    Drill(Drill),
}

/// Send a page that is marked as a drill, by every channel, to whoever stands in the slots now
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  chaperone page drill --config chaperone.toml --slot dsl\n\n\
    It works beside the running bot, which records who answers. Exit status: 0 every channel took it, 1 one did not,\n\
    2 it could not be tried.")]
struct Drill {
    /// The configuration, as `chaperone init` writes it
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Whom to call: dsl, deputy-dsl, senior-manager, chair or external; may be given more than once
    #[arg(long, value_name = "SLOT", default_values = ["dsl", "deputy-dsl"])]
    slot: Vec<Slot>,
    /// JSON lines, one for each channel of each person
    #[arg(long)]
    json: bool,
}

/// Runs it; exit status 0, or 1 when a channel did not take the page.
///
/// # Errors
/// When the configuration or a secret cannot be read.
pub fn run(args: &Page) -> anyhow::Result<u8> {
    let What::Drill(drill) = &args.what;
    super::log_to_stderr("warn");
    let config = Config::load(&drill.config)?;
    let clock = Clock::system();
    let settings = app::settings::settings(&config, &clock)?;
    let tried = super::runtime()?.block_on(app::drill::drill(settings, &drill.slot, clock))?;
    let mut out = std::io::stdout().lock();
    for tried in &tried {
        // Whoever closed the pipe has seen enough; the exit status says the rest.
        let _ = if drill.json {
            writeln!(out, "{}", serde_json::to_string(tried)?)
        } else {
            let why = tried.why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            writeln!(out, "{} ({}) by {}: {}{why}", tried.person, tried.slot, tried.channel, tried.state)
        };
    }
    if tried.is_empty() {
        anyhow::bail!(
            "nobody stands in these slots now\nlook at [[people]] and the rota, or name another --slot"
        );
    }
    if !drill.json {
        let _ = writeln!(
            out,
            "\nAccepted means that the provider took it. Ask whether it arrived; the running bot records who answers."
        );
    }
    Ok(u8::from(tried.iter().any(|tried| tried.state != "accepted")))
}
