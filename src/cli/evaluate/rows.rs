//! Labelled texts, one a line: `{"id","text","label"}`, streamed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde_json::Value;

use super::progress::Bar;
use super::tables::{Judged, Tables};
use crate::cli::lines::{Next, next_line};
use crate::detect::verdict::Verdict;
use crate::text::Lists;

/// How many unreadable lines of a file are told one by one.
const TOLD: usize = 20;

/// A labelled line.
#[derive(Deserialize)]
struct Row<'a> {
    id: Value,
    #[serde(borrow)]
    text: Cow<'a, str>,
    label: u8,
    #[serde(default)]
    split: Option<String>,
    #[serde(default)]
    register: Option<String>,
    #[serde(default, alias = "fine", alias = "functionality", alias = "category")]
    kind: Option<String>,
}

/// Counts the bytes that pass.
struct Counted<R> {
    inner: R,
    passed: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.passed += read as u64;
        Ok(read)
    }
}

/// Judges every row of a file. Gives what is wrong with its lines.
///
/// # Errors
/// When the file cannot be read on.
pub fn read(
    path: &Path,
    gzip: bool,
    split: Option<&str>,
    lists: &Lists,
    bar: &mut Bar,
    tables: &mut Tables,
) -> io::Result<Vec<String>> {
    let register = register_of(path);
    let file = Counted { inner: File::open(path)?, passed: 0 };
    if gzip {
        let mut input = BufReader::with_capacity(256 * 1024, MultiGzDecoder::new(file));
        lines(&mut input, |input| input.get_ref().get_ref().passed, &register, split, lists, bar, tables)
    } else {
        let mut input = BufReader::with_capacity(256 * 1024, file);
        lines(&mut input, |input| input.get_ref().passed, &register, split, lists, bar, tables)
    }
}

fn lines<R: Read>(
    input: &mut BufReader<R>,
    passed: impl Fn(&BufReader<R>) -> u64,
    register: &str,
    split: Option<&str>,
    lists: &Lists,
    bar: &mut Bar,
    tables: &mut Tables,
) -> io::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut unreadable = 0_usize;
    let (mut line, mut number, mut seen) = (Vec::new(), 0_u64, 0);
    loop {
        let whole = match next_line(input, &mut line)? {
            Next::End => break,
            Next::Line => true,
            Next::TooLong => false,
        };
        number += 1;
        if whole && line.trim_ascii().is_empty() {
            continue;
        }
        let row = if whole { serde_json::from_slice::<Row>(&line).ok() } else { None };
        match row.filter(|row| row.label <= 1) {
            Some(row) if split.is_none_or(|wanted| row.split.as_deref() == Some(wanted)) => {
                let verdict = Verdict::of(lists, &row.text);
                tables.row(&Judged {
                    register: row.register.as_deref().unwrap_or(register),
                    kind: row.kind.as_deref(),
                    id: &row.id,
                    label: row.label == 1,
                    abusive: verdict.abusive,
                    level: verdict.level,
                });
            }
            Some(_) => {}
            None => {
                unreadable += 1;
                if unreadable <= TOLD {
                    problems.push(format!(
                        "line {number} is not an object with \"id\", \"text\" and \"label\" (0 or 1); it was passed over"
                    ));
                }
            }
        }
        let now = passed(input);
        bar.advance(now - seen);
        seen = now;
    }
    if unreadable > TOLD {
        problems.push(format!("{} further lines like that were passed over", unreadable - TOLD));
    }
    Ok(problems)
}

/// The register that a file is, unless its rows say so: its name up to the first full stop.
fn register_of(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.split('.').next().unwrap_or(&name).to_owned()
}
