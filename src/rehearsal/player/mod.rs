//! Plays a script on the platform: people do what their lines say, at the time that the lines say; what Chaperone
//! makes of it is told, and what was expected is checked.
//!
//! The player owns the time. Between two lines it visits every moment at which the bot wants to act by itself
//! ([`Bot::next_due`]), so that a ladder rings at the right minute however fast the evening is played. Where it
//! stands is written into the platform's journal in one entry with what it did ([`Memory`]), so that a run that
//! was killed goes on behind its last line, and nothing happens twice.

pub mod act;
mod backstage;
pub mod bot;
mod club;
pub mod expect;
mod expected;
mod memory;
pub mod narrator;
mod report;
pub mod stage;
mod tell;
pub mod words;

use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use act::CannotPlay;
pub use bot::{Bot, LogSummary};
pub use memory::{Mark, Memory, Unmet};
pub use narrator::{Listener, Narrator, Style, Telling, Told};
pub use report::Report;
pub use stage::{Lead, Stage};

use crate::clock::Clock;
use crate::domain::{Fact, Timestamp};
use crate::rehearsal::mailbox::Mailbox;
use crate::rehearsal::platform::{Handle, Op, Refused};
use crate::rehearsal::script::{Act, Doing, Expect, Line, LineIndex, Script, Since, That};
use act::Scene;
use expect::Evidence;

/// How fast an evening is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it goes.
    Instant,
    /// With a pause after each line that is long enough to read it.
    Readable,
}

impl Pace {
    /// How long to wait after something of so many characters.
    fn pause(self, characters: usize) -> Duration {
        match self {
            Pace::Instant => Duration::ZERO,
            Pace::Readable => {
                let read = 400 + 18 * u64::try_from(characters).unwrap_or(0);
                Duration::from_millis(read.min(1_500))
            }
        }
    }
}

/// Why an evening could not be played to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The folder holds an evening of another script.
    #[error(
        "this folder holds another script's evening; name an empty folder with --data, or play the same script again"
    )]
    AnotherScript,
    /// The platform could not go on.
    #[error("the rehearsal platform could not go on: {0}")]
    Platform(#[from] Refused),
    /// The bot could not be started.
    #[error("the bot did not start: {0}; look at its messages above")]
    Bot(String),
    /// The bot asks for time again and again without getting on.
    #[error(
        "the bot asks to act at {0} again and again without getting on; this is a fault of Chaperone, please report it"
    )]
    Stuck(Timestamp),
    /// The telling could not be written.
    #[error("the telling cannot be written: {0}; is the terminal or pipe still open?")]
    Telling(#[from] io::Error),
}

/// What a player plays with.
pub struct Parts {
    /// The evening.
    pub script: Script,
    /// Where it is played.
    pub platform: Handle,
    /// The script's names on the platform.
    pub stage: Stage,
    /// Who is rehearsed.
    pub bot: Arc<dyn Bot>,
    /// Where e-mail pages arrive.
    pub mailbox: Mailbox,
    /// The clock of all of them, manual.
    pub clock: Clock,
    /// How fast.
    pub pace: Pace,
    /// Who tells it.
    pub narrator: Narrator,
}

/// Plays one evening.
pub struct Player {
    parts: Parts,
    memory: Memory,
    facts: Vec<(Timestamp, Fact)>,
    mails_told: usize,
}

/// How many moments the bot may ask for between two lines: a day of one-second back-offs.
const MOST_MOMENTS: u32 = 100_000;

impl Player {
    /// A player that begins, or goes on where an earlier run with the same journal ended.
    ///
    /// # Errors
    /// When the journal is another script's.
    pub fn new(parts: Parts) -> Result<Player, Stopped> {
        let earlier = parts.platform.note().as_ref().and_then(Memory::from_note);
        let memory = match earlier {
            Some(memory) if memory.script != parts.script.fingerprint => return Err(Stopped::AnotherScript),
            Some(memory) => memory,
            None => Memory { script: parts.script.fingerprint.clone(), ..Memory::default() },
        };
        let mails_told = memory.last_act.mails;
        Ok(Player { parts, memory, facts: Vec::new(), mails_told })
    }

    /// True when an earlier run has played some of it.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.memory.next > 0
    }

    /// Plays what is left of the evening, and sums up.
    ///
    /// # Errors
    /// When it cannot go on; an unmet expectation is no reason to stop.
    pub async fn play(&mut self) -> Result<Report, Stopped> {
        if self.goes_on() {
            self.facts = self.parts.bot.facts(0).await;
            if let Some((newest, _)) = self.facts.last() {
                // The journal's newest entry may be older than what the bot did by itself afterwards.
                self.parts.clock.advance_to(*newest);
            }
            self.facts.truncate(self.memory.told);
        }
        if !self.memory.bot_down {
            self.parts.bot.start().await.map_err(Stopped::Bot)?;
        }
        if self.goes_on() {
            let played = self.memory.next;
            self.aside(&format!("going on behind line {played} of {}", self.parts.script.lines.len()))?;
        }
        self.settle().await?;
        self.book().await?;
        for index in self.memory.next..self.parts.script.lines.len() {
            let line = self.parts.script.lines[index].clone();
            self.advance_to(line.at).await?;
            self.line(index, &line).await?;
        }
        self.sum_up().await
    }

    /// The register, as far as it is not booked already.
    async fn book(&mut self) -> Result<(), Stopped> {
        for change in self.parts.stage.register(&self.parts.platform, &self.parts.script) {
            let booked =
                |(_, fact): &(Timestamp, Fact)| matches!(fact, Fact::Register(there) if *there == change);
            if !self.memory.bot_down && !self.parts.bot.facts(0).await.iter().any(booked) {
                self.parts.bot.register(change).await.map_err(Stopped::Bot)?;
            }
        }
        self.settle().await
    }

    async fn line(&mut self, index: LineIndex, line: &Line) -> Result<(), Stopped> {
        if let Some(title) = &line.scene {
            self.parts.narrator.tell(line.at, Told::Scene(title))?;
        }
        match &line.doing {
            Doing::Act(act) => self.act(index, line, act).await,
            Doing::Expect(expect) => self.expect(index, line, expect).await,
        }
    }

    async fn act(&mut self, index: LineIndex, line: &Line, act: &Act) -> Result<(), Stopped> {
        let mark = self.mark();
        self.memory.last_act = mark;
        self.memory.told = self.facts.len();
        self.memory.next = index + 1;
        if line.id.is_some() {
            self.memory.lines.insert(index, mark);
        }
        let text = self.in_words(act);
        let scene = Scene { stage: &self.parts.stage, platform: &self.parts.platform };
        let played = match scene.op(index, act) {
            Ok(Some(op)) => {
                let note = Op::Note { note: self.memory.to_note() };
                self.parts.platform.perform_together(vec![op, note]).map(drop).map_err(CannotPlay::from)
            }
            Ok(None) => {
                self.behind_the_scenes(act).await?;
                self.note()?;
                Ok(())
            }
            Err(why) => Err(why),
        };
        match (&played, line.refused) {
            (Ok(()), false) => self.tell(Told::Act(&text))?,
            (Err(_), true) => self.tell(Told::Act(&format!("{text} (the platform refuses)")))?,
            (Ok(()), true) => {
                self.tell(Told::Act(&text))?;
                self.unmet(line.number, "the platform to refuse this", "it was done")?;
            }
            (Err(why), false) => {
                let why = why.to_string();
                self.tell(Told::Act(&format!("{text} (could not be done)")))?;
                self.unmet(line.number, "this line to be played", &why)?;
            }
        }
        if line.refused || played.is_err() {
            if line.refused && played.is_err() {
                self.memory.met += 1;
            }
            self.note()?;
        }
        self.settle().await?;
        self.send_form(line.number, act).await?;
        self.pause(text.chars().count()).await
    }

    async fn expect(&mut self, index: LineIndex, line: &Line, expect: &Expect) -> Result<(), Stopped> {
        self.settle().await?;
        let since = match expect.since {
            Since::LastAct => self.memory.last_act,
            Since::Start => Mark::default(),
            Since::Line(index) => self.memory.lines.get(&index).copied().unwrap_or_default(),
        };
        let instead = if expect.that == That::LogVerifies {
            self.parts.bot.verify_log().await.err()
        } else {
            let mails = self.parts.mailbox.mails();
            let names = self.names();
            let evidence = Evidence {
                script: &self.parts.script,
                stage: &self.parts.stage,
                platform: &self.parts.platform,
                facts: &self.facts,
                mails: &mails,
                since,
                names: &names,
            };
            evidence.against(&expect.that)
        };
        let what = expected::in_words(&expect.that);
        if let Some(instead) = instead {
            self.unmet(line.number, &what, &instead)?;
        } else {
            self.memory.met += 1;
            self.tell(Told::Met(line.number, &what))?;
        }
        self.memory.next = index + 1;
        self.memory.told = self.facts.len();
        if line.id.is_some() {
            self.memory.lines.insert(index, self.mark());
        }
        self.note()
    }

    fn unmet(&mut self, line: usize, expected: &str, instead: &str) -> Result<(), Stopped> {
        self.tell(Told::Unmet(line, expected, instead))?;
        let (expected, instead) = (expected.to_owned(), instead.to_owned());
        self.memory.unmet.push(Unmet { line, expected, instead });
        Ok(())
    }

    fn mark(&self) -> Mark {
        Mark { at: self.parts.clock.now(), facts: self.facts.len(), mails: self.parts.mailbox.mails().len() }
    }

    fn note(&self) -> Result<(), Stopped> {
        self.parts.platform.perform(Op::Note { note: self.memory.to_note() })?;
        Ok(())
    }

    /// Moves the clock to `at`, by every moment at which the bot wants to act on the way.
    ///
    /// # Errors
    /// When the bot does not get on, or the telling cannot be written.
    pub async fn advance_to(&mut self, at: Timestamp) -> Result<(), Stopped> {
        let mut last = self.parts.clock.now();
        for _ in 0..MOST_MOMENTS {
            self.settle().await?;
            let due = if self.memory.bot_down { None } else { self.parts.bot.next_due().await };
            let Some(due) = due.filter(|due| *due <= at) else {
                self.parts.clock.advance_to(at);
                return self.settle().await;
            };
            // What is due already and not done by settling is given the next millisecond.
            let next = due.max(last.plus(Duration::from_millis(1))).min(at.max(last));
            if next <= last {
                self.parts.clock.advance_to(at);
                return self.settle().await;
            }
            self.parts.clock.advance_to(next);
            last = next;
        }
        Err(Stopped::Stuck(last))
    }

    /// Waits for the bot and tells what it did meanwhile.
    async fn settle(&mut self) -> Result<(), Stopped> {
        if !self.memory.bot_down {
            self.parts.bot.settle().await;
        }
        self.tell_news().await
    }

    async fn pause(&self, characters: usize) -> Result<(), Stopped> {
        let pause = self.parts.pace.pause(characters);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    async fn sum_up(&mut self) -> Result<Report, Stopped> {
        self.settle().await?;
        let log = self.parts.bot.verify_log().await;
        let mails = self.parts.mailbox.mails().len();
        let results = (self.memory.met, self.memory.unmet.clone());
        let report = Report::new(&self.parts.script.file, &self.facts, mails, log, results);
        self.parts.narrator.text(&report.to_string())?;
        self.parts.narrator.object(&report.to_json())?;
        Ok(report)
    }

    /// Keeps the room open: the clock goes on in real time from where the evening ended, and what happens is told.
    /// Ends only when something cannot go on; the caller ends it by dropping it.
    ///
    /// # Errors
    /// As [`Player::advance_to`].
    pub async fn stay_open(&mut self) -> Result<(), Stopped> {
        let (began, real) = (self.parts.clock.now(), Clock::system());
        let real_began = real.now();
        let mut tick = tokio::time::interval(Duration::from_millis(250));
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            self.advance_to(began.plus(real.now().since(real_began))).await?;
        }
    }

    /// The player's parts, for whoever shows them.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.parts
    }
}

#[cfg(test)]
mod fake_bot;
#[cfg(test)]
mod tests;
