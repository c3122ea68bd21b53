//! `chaperone replay`: exports of `DiscordChatExporter` through the same engine, with no side effects.
//!
//! * [`export`]: one file, whichever version wrote it.
//! * [`timeline`]: several files as one stretch of time, and playing it to an organisation.
//! * [`called`]: who would be called first.
//! * [`raised`]: what is told of a concern, as JSON or in words.

pub mod called;
pub mod export;
pub mod raised;
pub mod timeline;
pub mod unreadable;

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::{lists, settings};
use crate::config::Config;
use crate::domain::Level;
use crate::domain::person::RoleMapping;
use crate::domain::zone::Zone;
use crate::engine::{Organisation, Policy};
use crate::text::Lists;
use called::Callers;
use export::Export;
use raised::Raised;
use timeline::{Counts, Timeline};
use unreadable::Unreadable;

/// The largest file that is read at once: 2 GiB.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;

/// Reads exported channels as if they were happening, and tells every concern.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    chaperone replay club-general.json club-art.json\n  \
    chaperone replay --json exports/*.json > concerns.jsonl\n\n\
    EXPORT.json is what DiscordChatExporter writes with --format Json, one file a channel; parts of a channel\n\
    (--partition) may be given in any order. Nothing is sent, hidden or stored.\n\
    Exit status: 0 whatever is found; 2 when a file cannot be read (then none is replayed).")]
pub struct Args {
    /// The charity's configuration: its roles and rules. Without it roles are known by their names (Young Person,
    /// Youth Worker, Staff, Volunteer, DSL, Deputy DSL, Senior Manager, Chair)
    #[arg(long, value_name = "F")]
    pub config: Option<PathBuf>,
    /// A line of JSON for each concern that is raised, and again each time its level rises
    #[arg(long)]
    pub json: bool,
    /// Channels exported by DiscordChatExporter
    #[arg(required = true, value_name = "EXPORT.json")]
    pub exports: Vec<PathBuf>,
}

/// Runs the command; gives its exit status.
#[must_use]
pub fn run(args: &Args) -> u8 {
    let out = io::BufWriter::new(io::stdout().lock());
    run_with(args, out, io::stderr().lock())
}

/// Runs the command with these in the places of standard output and standard error; gives its exit status.
pub fn run_with(args: &Args, mut out: impl Write, mut err: impl Write) -> u8 {
    let rules = match Rules::of(args.config.as_deref()) {
        Ok(rules) => rules,
        Err(why) => {
            _ = writeln!(err, "chaperone replay: the configuration cannot be used\n{why}");
            return 2;
        }
    };
    let exports = match open_all(&args.exports) {
        Ok(exports) => exports,
        Err(problems) => {
            for (path, problem) in problems {
                _ = writeln!(err, "chaperone replay: {} {problem}", path.display());
                _ = writeln!(err, "  to do: {}", problem.remedy());
            }
            _ = writeln!(err, "Nothing was replayed: a missing channel could change what the others mean.");
            return 2;
        }
    };
    let files = exports.len();
    let timeline = Timeline::of(exports, rules.mapping);
    _ = writeln!(
        err,
        "An export does not say who could see a space, who was there or what was deleted: supervised-contact rules are off."
    );
    tell_counts(timeline.counts, &mut err);
    let zone = rules.policy.zone;
    let club = Organisation::new("replay", rules.policy, timeline.mapping.clone(), rules.lists);
    match tell(&timeline, club, (&rules.callers, zone), files, args.json, &mut out) {
        // Whoever reads the output may have had enough.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            _ = writeln!(err, "chaperone replay: cannot write the output: {e}");
            _ = writeln!(err, "  to do: make room, or write to another place");
            2
        }
        _ => 0,
    }
}

/// What a charity decides, as far as a replay needs it.
struct Rules {
    policy: Policy,
    mapping: RoleMapping,
    callers: Callers,
    lists: Arc<Lists>,
}

impl Rules {
    /// The rules of a configuration, or those that need none. Secrets are not read.
    fn of(config: Option<&Path>) -> anyhow::Result<Rules> {
        let Some(path) = config else {
            let (policy, mapping) = (Policy::default(), RoleMapping::well_known());
            return Ok(Rules { policy, mapping, callers: Callers::default(), lists: Lists::shared() });
        };
        let config = Config::load(path)?;
        Ok(Rules {
            policy: settings::policy(&config),
            callers: Callers { ladder: config.ladder.clone(), people: Some(config.people()) },
            lists: lists::of(&config)?,
            mapping: config.roles,
        })
    }
}

/// Reads every file, or lists every one that cannot be read.
fn open_all(paths: &[PathBuf]) -> Result<Vec<Export>, Vec<(&PathBuf, Unreadable)>> {
    let mut exports = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match open(path, LARGEST).and_then(|bytes| Export::read(&bytes)) {
            Ok(export) => exports.push(export),
            Err(problem) => problems.push((path, problem)),
        }
    }
    if problems.is_empty() { Ok(exports) } else { Err(problems) }
}

/// A file's bytes, if it holds no more than `most`.
fn open(path: &Path, most: u64) -> Result<Vec<u8>, Unreadable> {
    let file = std::fs::File::open(path).map_err(|e| Unreadable::Io(e.to_string()))?;
    let mut bytes = Vec::new();
    // The limit holds for what is read, not for what the file says of its size: a pipe or a device has none.
    file.take(most + 1).read_to_end(&mut bytes).map_err(|e| Unreadable::Io(e.to_string()))?;
    if bytes.len() as u64 > most { Err(Unreadable::TooLarge(most)) } else { Ok(bytes) }
}

/// What the files held that could not be used, once.
fn tell_counts(counts: Counts, err: &mut impl Write) {
    if counts.left_out > 0 {
        _ = writeln!(err, "{} entries without an id, an author or a time were left out.", counts.left_out);
    }
    if counts.twice > 0 {
        _ = writeln!(err, "{} messages stood in more than one file and were read once.", counts.twice);
    }
    if counts.unnamed_reactions > 0 {
        _ = writeln!(
            err,
            "{} reactions have no names (this version of the exporter wrote only their number); they were not read.",
            counts.unnamed_reactions
        );
    }
}

fn tell(
    timeline: &Timeline,
    mut club: Organisation,
    (callers, zone): (&Callers, Zone),
    files: usize,
    json: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut levels: BTreeMap<String, Level> = BTreeMap::new();
    timeline.play(&mut club, |club, at, assessment| {
        for raised in Raised::all(club, callers, at, assessment) {
            if json {
                serde_json::to_writer(&mut *out, &raised)?;
                writeln!(out)?;
            } else {
                writeln!(out, "{}", raised.in_words(club, timeline, zone))?;
            }
            levels.insert(raised.concern, raised.level);
        }
        io::Result::Ok(())
    })?;
    if !json {
        writeln!(out, "{}", summary(timeline, files, &levels))?;
    }
    out.flush()
}

/// The last line: what was read, and how many concerns ended at which level.
fn summary(timeline: &Timeline, files: usize, levels: &BTreeMap<String, Level>) -> String {
    let counts = timeline.counts;
    let read = format!(
        "{} messages in {} channels ({files} files) were read; {} of the platform itself were passed over.",
        counts.messages,
        timeline.channels.len(),
        counts.system
    );
    if levels.is_empty() {
        return format!("{read} No concern was raised.");
    }
    let by_level: Vec<String> = [Level::Immediate, Level::Serious, Level::Concern, Level::Room, Level::Noted]
        .into_iter()
        .filter_map(|level| {
            let number = levels.values().filter(|reached| **reached == level).count();
            (number > 0).then(|| format!("{number} at level {level} ({})", raised::level_in_words(level)))
        })
        .collect();
    format!("{read} Concerns: {}.", by_level.join(", "))
}
