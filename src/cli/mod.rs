//! The command line, one file a subcommand.
//!
//! Exit status: 0 done, 1 it ran and found something wrong, 2 it could not run. Errors go to standard error: one line
//! what, one line what to do.

pub mod case;
pub mod check;
pub mod evaluate;
pub mod evidence;
pub mod init;
pub mod keys;
pub mod lines;
pub mod page;
pub mod rehearse;
pub mod replay;
pub mod roster;
pub mod run;
pub mod scan;
pub mod witness;
pub mod wordlists;

use std::io::IsTerminal as _;
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
    Evaluate(evaluate::Args),
    Keys(keys::Keys),
    Evidence(evidence::Evidence),
    Witness(witness::Args),
    Case(case::Case),
    Page(page::Page),
    Roster(roster::Args),
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
        Command::Evaluate(args) => Ok(evaluate::run(&args)),
        Command::Keys(args) => return ended(args.run()),
        Command::Evidence(args) => return ended(args.run()),
        Command::Witness(args) => witness::run(&args),
        Command::Case(args) => return ended(args.run()),
        Command::Page(args) => page::run(&args),
        Command::Roster(args) => roster::run(&args),
    };
    ended(status.map(ExitCode::from))
}

fn ended(result: anyhow::Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("chaperone: {}", told(&error));
            ExitCode::from(2)
        }
    }
}

/// An error and its causes as a person reads them: what and why on the first line, what to do on those that follow.
fn told(error: &anyhow::Error) -> String {
    let mut links: Vec<String> = error.chain().map(ToString::to_string).collect();
    links.dedup();
    in_two_lines(&links)
}

/// Each link says what and, after a line break, a dash or a full stop, what to do.
fn in_two_lines(links: &[String]) -> String {
    let (mut what, mut to_do) = (Vec::new(), String::new());
    for link in links {
        let parts =
            link.split_once('\n').or_else(|| link.split_once(" — ")).or_else(|| link.split_once(". "));
        let (first, rest) = parts.unwrap_or((link, ""));
        what.push(first);
        if !rest.is_empty() {
            to_do.push('\n');
            to_do.push_str(rest);
        }
    }
    format!("{}{to_do}", what.join(": "))
}

/// A runtime for commands that talk to the network or a database.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Diagnostics to standard error, as `RUST_LOG` asks for. They hold ids and codes, never words.
fn log_to_stderr(unless_asked: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(unless_asked));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // A journal or a file shows the codes of colours as they are.
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_as_what_and_why_and_then_what_to_do() {
        let cause = std::io::Error::other("no such file");
        let error = anyhow::Error::from(cause).context("the script cannot be read\nname a text file");
        assert_eq!(told(&error), "the script cannot be read: no such file\nname a text file");
        let error =
            anyhow::anyhow!("not a key\ncopy the whole line").context("the key of sam cannot be used");
        assert_eq!(told(&error), "the key of sam cannot be used: not a key\ncopy the whole line");
        for one_line in ["the variable is not set — set it", "the variable is not set. set it"] {
            assert_eq!(told(&anyhow::anyhow!(one_line)), "the variable is not set\nset it");
        }
    }
}
