//! `chaperone evaluate`: how well detection reads what people have labelled.
//!
//! * [`rows`]: labelled JSON lines (plain or gzip), one text at a time through the reading of `scan`.
//! * [`script`]: short written conversations through the same engine as `replay`, against what a lead should be told
//!   and by when.
//! * [`tables`]: counting, per register and per kind.
//! * [`progress`]: a bar on a terminal.
//!
//! Nothing of a text is kept or printed: rows that are judged otherwise than labelled are named by their ids.

pub mod progress;
pub mod rows;
pub mod script;
pub mod tables;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::text::Lists;
use progress::Bar;
use tables::Tables;

/// Measures detection on labelled texts and on conversation scripts
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  \
    chaperone evaluate labelled.jsonl.gz chat.jsonl scripts/\n  \
    chaperone evaluate --json --split dev labelled.jsonl.gz\n\n\
    Labelled texts are JSON lines {\"id\",\"text\",\"label\"}, label 1 for abusive and 0 for not, optionally with \"split\",\n\
    \"register\" (else the name of the file) and a kind (\"kind\", \"fine\", \"functionality\" or \"category\"). A script is a\n\
    text file: lines `id:`, `kind:`, `expect: >=3` (or <=1, =3), `by: LINE`, `actor:`, `target:`,\n\
    `people: ana=young_person, sam=staff`, then `---`, then lines `2026-01-14 17:02 #channel ana: words`, with\n\
    `ana > sam: words` for a reply and `ana + 🐦 > sam` for a reaction. Of a folder, every .txt, .jsonl and .jsonl.gz is read.\n\
    Exit status: 0; 1 when a line could not be read or a script did not go as it expects; 2 when a file could not be read.")]
pub struct Args {
    /// Labelled JSON lines (.jsonl, .jsonl.gz), conversation scripts (.txt), or folders of them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// JSON lines instead of tables
    #[arg(long)]
    pub json: bool,
    /// Only rows of this split
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Also names the rows that are judged otherwise than labelled (ids, never texts), and what was noticed in scripts
    /// that did not go as they expect
    #[arg(long)]
    pub wrong: bool,
}

/// Runs the command; gives its exit status.
#[must_use]
pub fn run(args: &Args) -> u8 {
    let out = io::BufWriter::new(io::stdout().lock());
    run_with(args, out, io::stderr().lock())
}

/// Runs the command with these in the places of standard output and standard error; gives its exit status.
pub fn run_with(args: &Args, mut out: impl Write, mut err: impl Write) -> u8 {
    let files = match all_files(&args.files) {
        Ok(files) => files,
        Err((path, why)) => {
            _ = writeln!(err, "chaperone evaluate: {} cannot be read: {why}", path.display());
            _ = writeln!(err, "  to do: name .jsonl, .jsonl.gz or .txt files, or folders that hold them");
            return 2;
        }
    };
    let lists = Lists::shared();
    let mut tables = Tables::default();
    let mut bar = Bar::over(files.iter().map(|file| file.bytes).sum());
    let mut unreadable = 0;
    for file in &files {
        let done = match file.what {
            What::Rows { gzip } => {
                rows::read(&file.path, gzip, args.split.as_deref(), &lists, &mut bar, &mut tables)
            }
            What::Script => {
                script::read(&file.path, &lists, &mut tables).inspect(|_| bar.advance(file.bytes))
            }
        };
        match done {
            Ok(problems) => {
                for problem in &problems {
                    bar.clear();
                    _ = writeln!(err, "chaperone evaluate: {}: {problem}", file.path.display());
                }
                unreadable += problems.len();
            }
            Err(why) => {
                bar.clear();
                _ = writeln!(err, "chaperone evaluate: {} cannot be read: {why}", file.path.display());
                _ = writeln!(err, "  to do: check the file; nothing after it was read");
                return 2;
            }
        }
    }
    bar.clear();
    let written =
        if args.json { tables.as_json(args.wrong, &mut out) } else { tables.in_words(args.wrong, &mut out) };
    match written.and_then(|()| out.flush()) {
        // Whoever reads the output may have had enough.
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            _ = writeln!(err, "chaperone evaluate: cannot write the output: {e}");
            _ = writeln!(err, "  to do: make room, or write to another place");
            2
        }
        _ => u8::from(unreadable > 0 || tables.scripts_went_wrong()),
    }
}

struct File {
    path: PathBuf,
    what: What,
    bytes: u64,
}

#[derive(Clone, Copy)]
enum What {
    Rows { gzip: bool },
    Script,
}

impl What {
    fn of(path: &Path) -> Option<What> {
        match path.extension()?.to_str()? {
            "jsonl" | "json" => Some(What::Rows { gzip: false }),
            "gz" if path.file_stem()?.to_str()?.contains(".json") => Some(What::Rows { gzip: true }),
            "txt" => Some(What::Script),
            _ => None,
        }
    }
}

/// The files to read, folders opened (one level), in order of their names.
fn all_files(given: &[PathBuf]) -> Result<Vec<File>, (PathBuf, String)> {
    let mut files = Vec::new();
    for path in given {
        let failed = |e: io::Error| (path.clone(), e.to_string());
        let about = std::fs::metadata(path).map_err(failed)?;
        if about.is_dir() {
            let mut inside = BTreeMap::new();
            for entry in std::fs::read_dir(path).map_err(failed)? {
                let entry = entry.map_err(failed)?;
                let about = entry.metadata().map_err(failed)?;
                let what = What::of(&entry.path()).filter(|what| {
                    // A folder may hold other JSON beside its labelled lines.
                    !matches!(what, What::Rows { gzip: false })
                        || entry.path().extension().is_some_and(|e| e == "jsonl")
                });
                if let (Some(what), true) = (what, about.is_file()) {
                    inside.insert(entry.path(), (what, about.len()));
                }
            }
            if inside.is_empty() {
                return Err((path.clone(), "the folder holds no labelled lines and no scripts".into()));
            }
            files.extend(inside.into_iter().map(|(path, (what, bytes))| File { path, what, bytes }));
        } else {
            let what = What::of(path)
                .ok_or_else(|| (path.clone(), "it is neither labelled lines nor a script".to_owned()))?;
            files.push(File { path: path.clone(), what, bytes: about.len() });
        }
    }
    Ok(files)
}
