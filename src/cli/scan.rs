//! `chaperone scan`: JSON lines in, JSON lines out; each message is judged by itself, nothing is remembered.
//!
//! Who speaks to whom is not known here: the text is read as an unknown adult's to a young person, which is the
//! cautious reading; a sentence of distress, and whatever is given away, as its writer's own. `abusive` is narrower: the words themselves
//! attack, threaten, demean or degrade. Asking for help is not abuse, and neither is asking a young person for
//! something that is nobody's business, however serious both are.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::config::Config;
use crate::detect::content;
use crate::domain::code::Weight;
use crate::domain::{Category, Code};
use crate::text::{Lists, Need};

/// The longest line that is read, in bytes: 4 MiB.
const LONGEST: usize = 4 * 1024 * 1024;

/// Judges texts one by one: JSON lines on standard input, JSON lines on standard output.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    echo '{\"id\":\"1\",\"text\":\"see you at club tonight\"}' | chaperone scan\n  \
    {\"id\":\"1\",\"abusive\":false,\"level\":0,\"categories\":[],\"codes\":[],\"spans\":[]}\n\n\
    Level 0 is nothing found; 1 noted, 2 room, 3 concern, 4 page, 5 page now to two people. Spans are half-open\n\
    ranges of Unicode scalar values. A line that is not {\"id\",\"text\"} yields {\"id\":null,\"line\":N,\"error\":\"…\"}.\n\
    Exit status: 0; 1 when a line could not be read; 2 when the command could not run.")]
pub struct Args {
    /// The charity's configuration. It is checked; nothing that it can say today changes how one text is read
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
    if let Some(path) = &args.config
        && let Err(why) = Config::load(path)
    {
        _ = writeln!(err, "chaperone scan: the configuration cannot be used\n{why}");
        return 2;
    }
    let lists = Lists::builtin();
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

enum Next {
    Line,
    TooLong,
    End,
}

/// The next line without its end. Of one that is too long nothing is kept.
fn next_line(input: &mut BufReader<impl Read>, line: &mut Vec<u8>) -> io::Result<Next> {
    line.clear();
    let mut begun = false;
    let mut too_long = false;
    loop {
        let waiting = match input.fill_buf() {
            Ok(waiting) => waiting,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
        if waiting.is_empty() && !begun {
            return Ok(Next::End);
        }
        let end = waiting.iter().position(|byte| *byte == b'\n');
        let part = &waiting[..end.unwrap_or(waiting.len())];
        too_long |= line.len() + part.len() > LONGEST;
        if too_long {
            line.clear();
        } else {
            line.extend_from_slice(part);
        }
        let last = end.is_some() || waiting.is_empty();
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        begun = true;
        if last {
            return Ok(if too_long { Next::TooLong } else { Next::Line });
        }
    }
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

/// What one text says, by itself.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a RawValue,
    abusive: bool,
    level: u8,
    categories: BTreeSet<Category>,
    codes: BTreeSet<Code>,
    spans: Vec<Span>,
}

/// A part of a text that has a code, in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Span {
    start: u32,
    end: u32,
    code: Code,
}

impl<'a> Answer<'a> {
    fn to(given: &'a Given<'a>, lists: &Lists) -> Answer<'a> {
        let spans = spans(lists, &given.text);
        let codes: BTreeSet<Code> = spans.iter().map(|span| span.code).collect();
        Answer {
            id: given.id,
            abusive: codes.iter().any(|code| attacks(*code)),
            level: codes.iter().map(|code| code.level_alone() as u8).max().unwrap_or(0),
            categories: codes.iter().map(|code| code.category()).collect(),
            codes,
            spans,
        }
    }
}

/// What the lists find in a text and nothing about how it is said quietens (a denial, a quotation, a lesson), by
/// place.
fn spans(lists: &Lists, text: &str) -> Vec<Span> {
    let reading = lists.reading(text);
    let given_away = content::judge(&reading, std::iter::empty(), content::Speaker::Young)
        .into_iter()
        .filter_map(|(code, quote)| quote.map(|quote| Span { start: quote.start, end: quote.end, code }));
    let found: BTreeSet<Span> = lists
        .hits(&reading)
        .into_iter()
        .filter(|hit| hit.counts() && lists.entry(hit).needs.iter().all(|need| is_given(*need)))
        // What only says something beside other observations says nothing of a text by itself.
        .filter(|hit| hit.code.weight() != Weight::Context)
        .map(|hit| Span { start: hit.quote.start, end: hit.quote.end, code: hit.code })
        .chain(given_away)
        .collect();
    found.into_iter().collect()
}

/// What is taken as given of people of whom nothing is known: an unknown adult writes to a young person. What only a
/// young person's words to an adult would mean (a refusal, an age betrayed) is not looked for.
fn is_given(need: Need) -> bool {
    !matches!(need, Need::YoungSpeaker | Need::AdultListener)
}

/// Whether words with this code attack, threaten, demean or degrade. An intimate image that is asked for, a secret, a
/// disclosure are serious, and not that.
fn attacks(code: Code) -> bool {
    match code.category() {
        Category::Bullying | Category::Hate | Category::Threat => true,
        _ => code == Code::SexualisedText,
    }
}

/// The answer to a line that could not be read.
#[derive(Serialize)]
struct Refused {
    id: (),
    line: u64,
    error: &'static str,
}
