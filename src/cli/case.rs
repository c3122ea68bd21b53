//! `chaperone case`: what a lead sees and decides, beside a bot that may be running.
//!
//! Whoever works here is whoever's identity file is given: its recipient has to stand beside a name in the configuration. A
//! case whose subject somebody is, or manages, does not exist for them: it is not listed, not shown, and nothing can be
//! done with it. Every look and every act is an entry of the log before anything of it is shown.

mod act;
mod copies;
mod keys;
mod look;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::keys::{PassphraseFile, load_identity};
use crate::app::casework::{Came, Desk, Folded, Request};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::act::Refusal;
use crate::domain::docket::CaseRecord;
use crate::domain::{CaseRef, Timestamp};
use crate::evidence::Identity;
use crate::wording;

pub(super) use keys::rewrap;

/// Exit status: refused.
const REFUSED: u8 = 1;
/// How long a command waits for a running bot.
const PATIENCE: Duration = Duration::from_secs(15);

/// See, decide, refer and close cases, as the lead whose identity file is given
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case list --config chaperone.toml --identity dsl-identity.txt\n  \
    chaperone case close 7 --outcome concluded --why \"…\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    Who you are is what your identity file opens: its recipient stands beside your name in the configuration. You see\n\
    no case of which you are a subject. Every look and every act stands in the evidence log, with your name and, sealed,\n\
    your reason. It works while the bot runs: the bot then writes what you ask for, and answers within seconds."
)]
pub struct Case {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(look::List),
    Show(look::Show),
    Form(look::Form),
    Acknowledge(act::Acknowledge),
    Assign(act::Assign),
    Note(act::Note),
    Decide(act::Decide),
    Refer(act::Refer),
    Hold(act::Hold),
    Close(act::Close),
    Reopen(act::Reopen),
    Keep(act::Keep),
    Erase(act::Erase),
    Sar(copies::Sar),
    Succession(copies::Succession),
}

/// Who works, and on what.
#[derive(Debug, Args)]
pub(super) struct Who {
    /// The configuration of the bot
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Your identity file
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    #[command(flatten)]
    passphrase: PassphraseFile,
    /// Your name in the configuration, where you want it held against the identity
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// A lead at the desk.
pub(super) struct Lead {
    pub(super) desk: Desk,
    pub(super) name: String,
    pub(super) identity: Identity,
}

impl Who {
    pub(super) fn arrive(&self) -> anyhow::Result<Lead> {
        let config = Config::load(&self.config)?;
        let desk = Desk::of(&config)?;
        let identity = load_identity(&self.identity, &self.passphrase)?;
        let (name, _) = desk.who(&identity)?;
        if let Some(by) = self.by.as_ref().filter(|by| **by != name) {
            bail!(
                "this identity is that of {name}, not of {by}\ngive your own identity file, or leave --by out"
            );
        }
        Ok(Lead { desk, name, identity })
    }
}

impl Lead {
    /// Whether this lead may know of a case.
    pub(super) fn may_know(&self, record: &CaseRecord) -> bool {
        let people = &self.desk.people;
        people.named(&self.name).is_some_and(|person| people.may_know(person, &record.case.subjects))
    }

    /// The cases of which this lead may know.
    pub(super) fn cases<'a>(&'a self, folded: &'a Folded) -> impl Iterator<Item = &'a CaseRecord> {
        folded.calls.docket().iter().filter(|record| self.may_know(record))
    }

    /// Does something; the exit status tells whether it was done, and standard error why not.
    pub(super) async fn act(
        &self,
        request: Request<'_>,
        clock: &Clock,
        (out, err): (&mut dyn Write, &mut dyn Write),
    ) -> anyhow::Result<u8> {
        let case = request.case;
        let code = request.deed.code();
        match self.desk.act(&self.identity, request, clock, PATIENCE).await? {
            Came::Done => {
                writeln!(out, "{case}: {code}, by {}", self.name)?;
                Ok(0)
            }
            Came::Refused(why) => {
                writeln!(err, "chaperone: {case}: {}", wording::act_refused(why))?;
                Ok(REFUSED)
            }
            Came::Waiting => {
                writeln!(out, "{case}: {code} was handed to the running bot, which has not answered yet")?;
                writeln!(
                    err,
                    "It is kept in the bot's letterbox; `chaperone case show` tells when it is done."
                )?;
                Ok(0)
            }
        }
    }

    /// Records a look before anything is shown.
    pub(super) async fn record_look(
        &self,
        request: Request<'_>,
        clock: &Clock,
    ) -> anyhow::Result<Option<Refusal>> {
        match self.desk.act(&self.identity, request, clock, PATIENCE).await? {
            Came::Done => Ok(None),
            Came::Refused(why) => Ok(Some(why)),
            Came::Waiting => bail!(
                "the running bot has not recorded this look, so nothing is shown\n\
                 see that the bot runs and its disk has room, then try again"
            ),
        }
    }
}

impl Case {
    /// Runs the command; exit status 0, or 1 when it was refused.
    ///
    /// # Errors
    /// When it could not run (exit status 2): first line what, second line what to do.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        self.run_to(&Clock::system(), &mut io::stdout().lock(), &mut io::stderr().lock()).map(ExitCode::from)
    }

    /// As [`Case::run`], with the clock and the streams named; returns the exit status.
    ///
    /// # Errors
    /// Those of [`Case::run`].
    pub fn run_to(self, clock: &Clock, out: &mut dyn Write, err: &mut dyn Write) -> anyhow::Result<u8> {
        let runtime = super::runtime()?;
        runtime.block_on(async {
            match self.command {
                Command::List(list) => list.run(clock, out).await,
                Command::Show(show) => Box::pin(show.run(clock, out, err)).await,
                Command::Form(form) => Box::pin(form.run(clock, out, err)).await,
                Command::Acknowledge(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Assign(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Note(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Decide(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Refer(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Hold(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Close(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Reopen(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Keep(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Erase(act) => Box::pin(act.run(clock, out, err)).await,
                Command::Sar(sar) => Box::pin(sar.run(clock, out, err)).await,
                Command::Succession(all) => Box::pin(all.run(clock, out, err)).await,
            }
        })
    }
}

/// A refusal as the command says it.
pub(super) fn refused(case: CaseRef, why: Refusal, err: &mut dyn Write) -> anyhow::Result<u8> {
    writeln!(err, "chaperone: {case}: {}", wording::act_refused(why))?;
    Ok(REFUSED)
}

/// A moment as a command takes it.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text)
}
