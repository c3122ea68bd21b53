//! `chaperone scan`: JSON lines in, JSON lines out; each message is judged by itself, nothing is remembered.
//!
//! What a text says by itself is worked out by [`Verdict`].

use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::app::lists;
use crate::config::Config;
use crate::detect::verdict::Verdict;
use crate::text::Lists;

use super::lines::{Next, next_line};

/// Judges texts one by one: JSON lines on standard input, JSON lines on standard output.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    echo '{\"id\":\"1\",\"text\":\"see you at club tonight\"}' | chaperone scan\n  \
    {\"id\":\"1\",\"abusive\":false,\"level\":0,\"categories\":[],\"codes\":[],\"spans\":[]}\n\n\
    Level 0 is nothing found; 1 noted, 2 room, 3 concern, 4 page, 5 page now to two people. Spans are half-open\n\
    ranges of Unicode scalar values. A line that is not {\"id\",\"text\"} yields {\"id\":null,\"line\":N,\"error\":\"…\"}.\n\
    Exit status: 0; 1 when a line could not be read; 2 when the command could not run.")]
pub struct Args {
    /// The charity's configuration: its own wordlists. Without it the built-in ones are used
    #[arg(long, value_name = "F")]
    pub config: Option<PathBuf>,
}

/// Runs the command on standard input and output; gives its exit status.
#[must_use]
pub fn run(args: &Args) -> u8 {
    run_with(args, io::stdin().lock(), io::stdout().lock(), io::stderr().lock())
}

/// Runs the command with these in the places of the standard streams; gives its exit status.
pub fn run_with(args: &Args, input: impl Read, out: impl Write, mut err: impl Write) -> u8 {
    let lists = match args.config.as_deref().map(own_lists) {
        None => Lists::shared(),
        Some(Ok(lists)) => lists,
        Some(Err(why)) => {
            _ = writeln!(err, "chaperone scan: the configuration cannot be used\n{why}");
            return 2;
        }
    };
    match scan(&lists, input, out) {
        Ok(true) => 0,
        Ok(false) => 1,
        // Whoever reads the output may have had enough.
        Err(Stopped::Writing(e)) if e.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(stopped) => {
            _ = writeln!(err, "chaperone scan: {stopped}");
            _ = writeln!(err, "  to do: check where the input comes from and that the output has room");
            2
        }
    }
}

/// The lists that a configuration stands for.
fn own_lists(path: &Path) -> anyhow::Result<Arc<Lists>> {
    lists::of(&Config::load(path)?)
}

/// Why a scan ended before its input did.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The input failed.
    #[error("standard input cannot be read: {0}")]
    Reading(io::Error),
    /// The output failed.
    #[error("standard output cannot be written: {0}")]
    Writing(io::Error),
}

/// Answers every line of `input` in order; true when every one could be read. An answer is flushed as soon as no
/// further line is waiting, so that another program can talk with this one.
///
/// # Errors
/// When a stream fails.
pub fn scan(lists: &Lists, input: impl Read, out: impl Write) -> Result<bool, Stopped> {
    let mut input = BufReader::with_capacity(64 * 1024, input);
    let mut out = io::BufWriter::new(out);
    let mut line = Vec::new();
    let mut number: u64 = 0;
    let mut all_well = true;
    loop {
        let whole = match next_line(&mut input, &mut line).map_err(Stopped::Reading)? {
            Next::End => break,
            Next::Line => true,
            Next::TooLong => false,
        };
        number += 1;
        let bytes = match number {
            1 => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&line),
            _ => &line,
        };
        let read = if whole { Given::read(bytes) } else { Err("the line is longer than 4 MiB") };
        let written = match read {
            Ok(given) => serde_json::to_writer(&mut out, &Answer::to(&given, lists)),
            Err(error) => {
                all_well = false;
                serde_json::to_writer(&mut out, &Refused { id: (), line: number, error })
            }
        };
        written.map_err(io::Error::from).and_then(|()| out.write_all(b"\n")).map_err(Stopped::Writing)?;
        if !input.buffer().contains(&b'\n') {
            out.flush().map_err(Stopped::Writing)?;
        }
    }
    out.flush().map_err(Stopped::Writing)?;
    Ok(all_well)
}

/// A line of the input.
#[derive(Deserialize)]
struct Given<'a> {
    /// Echoed as it was written.
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    text: std::borrow::Cow<'a, str>,
}

impl<'a> Given<'a> {
    /// Reads one line. The errors are ours: those of the parser would repeat what the line says.
    fn read(line: &'a [u8]) -> Result<Given<'a>, &'static str> {
        const WANTED: &str = "the line is not an object with an \"id\" (text or a number) and a \"text\"";
        let line = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8")?;
        if line.trim_ascii().is_empty() {
            return Err("the line is empty");
        }
        // A list would be read by position.
        if !line.trim_ascii_start().starts_with('{') {
            return Err(WANTED);
        }
        let given: Given<'a> = serde_json::from_str(line).map_err(|e| match e.classify() {
            serde_json::error::Category::Data => WANTED,
            _ => "the line is not JSON",
        })?;
        match given.id.get().as_bytes().first() {
            Some(b'"' | b'-' | b'0'..=b'9') => Ok(given),
            _ => Err(WANTED),
        }
    }
}

/// The answer to one line.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    #[serde(flatten)]
    verdict: Verdict,
}

impl<'a> Answer<'a> {
    fn to(given: &'a Given<'a>, lists: &Lists) -> Answer<'a> {
        Answer { id: given.id, verdict: Verdict::of(lists, &given.text) }
    }
}

/// The answer to a line that could not be read.
#[derive(Serialize)]
struct Refused {
    id: (),
    line: u64,
    error: &'static str,
}
