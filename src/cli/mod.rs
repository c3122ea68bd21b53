//! The command line, one file a subcommand.
//!
//! Exit status: 0 done, 1 it ran and found something wrong, 2 it could not run. Errors go to standard error: one line
//! what, one line what to do.

pub mod check;
pub mod evidence;
pub mod init;
pub mod keys;
pub mod rehearse;
pub mod replay;
pub mod run;
pub mod scan;
pub mod wordlists;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chaperone: the second adult in every online room of a youth charity
#[derive(Debug, Parser)]
#[command(name = "chaperone", version, propagate_version = true, max_term_width = 100)]
#[command(
    after_help = "Start here:\n  chaperone rehearse                    the whole system, with invented people: no token, no network\n  chaperone init                        write a configuration for your charity\n  chaperone run --config chaperone.toml the real bot"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Rehearse(rehearse::Args),
    Init(init::Args),
    Check(check::Args),
    Run(run::Args),
    Replay(replay::Args),
    Scan(scan::Args),
    Wordlists(wordlists::Args),
    Keys(keys::Keys),
    Evidence(evidence::Evidence),
}

/// Reads the arguments, runs the command, and tells how it ended.
#[must_use]
pub fn main() -> ExitCode {
    let status = match Cli::parse().command {
        Command::Rehearse(args) => rehearse::run(&args),
        Command::Init(args) => Ok(init::run(&args)),
        Command::Check(args) => Ok(check::run(&args)),
        Command::Run(args) => run::run(&args),
        Command::Replay(args) => Ok(replay::run(&args)),
        Command::Scan(args) => Ok(scan::run(&args)),
        Command::Wordlists(args) => Ok(wordlists::run(&args)),
        Command::Keys(args) => return ended(args.run()),
        Command::Evidence(args) => return ended(args.run()),
    };
    ended(status.map(ExitCode::from))
}

fn ended(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            // The chain, innermost last: what, why, what to do.
            let mut lines: Vec<String> = error.chain().map(ToString::to_string).collect();
            lines.dedup();
            eprintln!("chaperone: {}", lines.join("\n"));
            ExitCode::from(2)
        }
    }
}

/// A runtime for commands that talk to the network or a database.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Diagnostics to standard error, as `RUST_LOG` asks for. They hold ids and codes, never words.
fn log_to_stderr(unless_asked: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(unless_asked));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
