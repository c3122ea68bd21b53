//! The wordlists in use: the built-in ones, and those of the charity's own folder (`[policy] wordlists`).
//!
//! The folder is looked at every few seconds while the bot runs. A change is read at once; when something in it is
//! wrong, the lists stay as they were and every mistake is told with file and line.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;

use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::{Ear, Input, What};
use crate::text::Lists;

/// How often the folder is looked at.
pub const EVERY: Duration = Duration::from_secs(5);
/// The largest list that is read, in bytes: 1 MiB.
const LARGEST: u64 = 1 << 20;
/// The most files that are read.
const MOST: usize = 200;

/// The lists that a configuration stands for.
///
/// # Errors
/// Every mistake of the charity's own lists, a line each with file and line, and what to do.
pub fn of(config: &Config) -> anyhow::Result<Arc<Lists>> {
    let Some(folder) = &config.policy.wordlists else { return Ok(Lists::shared()) };
    read(folder).map(Arc::new).map_err(|mistakes| {
        let mut told = String::from("the charity's own wordlists cannot be used");
        for mistake in mistakes {
            _ = write!(told, "\n{mistake}");
        }
        _ = write!(told, "\ncorrect them; to try: chaperone wordlists test --lists {}", folder.display());
        anyhow!(told)
    })
}

/// Reads a folder of lists over the built-in ones. Their own examples are run as well.
///
/// # Errors
/// Every mistake, a text each that begins with file and line.
pub fn read(folder: &Path) -> Result<Lists, Vec<String>> {
    let files = texts(folder)?;
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let told = |mistakes: Vec<String>| Err(mistakes);
    let lists = match Lists::with_own(&files) {
        Ok(lists) => lists,
        Err(mistakes) => return told(mistakes.iter().map(ToString::to_string).collect()),
    };
    let own = |file: &str| files.iter().any(|(name, _)| *name == file);
    let failures: Vec<String> =
        lists.test().iter().filter(|failure| own(&failure.file)).map(ToString::to_string).collect();
    if failures.is_empty() { Ok(lists) } else { told(failures) }
}

fn texts(folder: &Path) -> Result<Vec<(String, String)>, Vec<String>> {
    let paths = list_files(folder).map_err(|why| {
        vec![format!(
            "{}: cannot be read ({why}); make the folder, or correct [policy] wordlists",
            folder.display()
        )]
    })?;
    let mut wrong = Vec::new();
    if paths.len() > MOST {
        wrong.push(format!("{}: more than {MOST} lists; put some together", folder.display()));
    }
    let mut texts = Vec::new();
    for path in paths.into_iter().take(MOST) {
        let name = path.display().to_string();
        let mut bytes = Vec::new();
        let read = std::fs::File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
        match (read, String::from_utf8(bytes)) {
            (Err(why), _) => wrong.push(format!("{name}:1: cannot be read ({why})")),
            (Ok(size), _) if size as u64 > LARGEST => {
                wrong.push(format!("{name}:1: larger than a mebibyte; divide it"));
            }
            (Ok(_), Err(_)) => wrong.push(format!("{name}:1: not UTF-8 text; save it as UTF-8")),
            (Ok(_), Ok(text)) => texts.push((name, text)),
        }
    }
    if wrong.is_empty() { Ok(texts) } else { Err(wrong) }
}

/// The lists of a folder in the order of their names. What begins with a dot is an editor's.
fn list_files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// What tells that something in a folder has changed: names, sizes, times of change.
fn stamp(folder: &Path) -> Vec<(PathBuf, u64, Option<std::time::SystemTime>)> {
    let files = list_files(folder).unwrap_or_default();
    files
        .into_iter()
        .map(|path| {
            let about = std::fs::metadata(&path).ok();
            let size = about.as_ref().map_or(0, std::fs::Metadata::len);
            (path, size, about.and_then(|about| about.modified().ok()))
        })
        .collect()
}

/// Watches a folder, and hands its lists in whenever they have changed and are right. Ends when nobody listens.
pub async fn watch(folder: PathBuf, ear: Ear, clock: Clock) {
    let mut known = stamp(&folder);
    loop {
        clock.until(clock.now().plus(EVERY)).await;
        let now = stamp(&folder);
        if now == known {
            continue;
        }
        known = now;
        let place = folder.clone();
        let read = tokio::task::spawn_blocking(move || read(&place)).await;
        match read {
            Ok(Ok(lists)) => {
                let entries = lists.entries().len();
                let input =
                    Input { what: What::Lists(Arc::new(lists)), raw: None, position: None, done: None };
                if ear.hear(input).await.is_err() {
                    return;
                }
                tracing::info!(entries, "the wordlists have changed and are in use");
            }
            Ok(Err(mistakes)) => {
                for mistake in mistakes {
                    tracing::error!("{mistake}");
                }
                tracing::error!(
                    "the wordlists stay as they were; correct the lines above, and they are read again by themselves"
                );
            }
            Err(error) => tracing::error!(%error, "reading the wordlists ended in an unforeseen way"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Progress;

    const GOOD: &str = "code = \"exclusion\"\n[[entry]]\nid = \"own-nickname\"\npattern = \"the potato table\"\n\
                        yes = [\"go and sit at the potato table\"]\nno = [\"a potato\"]\n";

    #[test]
    fn every_mistake_of_a_folder_is_told_with_its_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.toml"), GOOD).unwrap();
        assert!(read(folder.path()).unwrap().entries().iter().any(|entry| entry.id == "own-nickname"));
        std::fs::write(folder.path().join("b.toml"), "code = \"exclusion\"\ncolour = 1\n").unwrap();
        std::fs::write(folder.path().join("c.toml"), b"\xff\xfe").unwrap();
        let mistakes = read(folder.path()).unwrap_err();
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].contains("c.toml:1: not UTF-8"), "{mistakes:?}");
        std::fs::remove_file(folder.path().join("c.toml")).unwrap();
        let mistakes = read(folder.path()).unwrap_err();
        assert!(mistakes[0].contains("b.toml:2:"), "{mistakes:?}");
        std::fs::write(
            folder.path().join("b.toml"),
            GOOD.replace("own-nickname", "other").replace("pattern = \"the potato", "pattern = \"a leek"),
        )
        .unwrap();
        let mistakes = read(folder.path()).unwrap_err();
        assert!(mistakes[0].contains("b.toml:2:") && mistakes[0].contains("should match"), "{mistakes:?}");
        assert!(read(&folder.path().join("nowhere")).unwrap_err()[0].contains("make the folder"));
    }

    #[tokio::test]
    async fn a_changed_folder_is_read_again_and_handed_in() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(crate::domain::Timestamp::from_seconds(1_772_000_000));
        let (ear, mut inputs) = Ear::new(Progress::default());
        let watching = tokio::spawn(watch(folder.path().to_owned(), ear, clock.clone()));
        // The first look is at an empty folder.
        tokio::task::yield_now().await;
        std::fs::write(folder.path().join("a.toml"), GOOD).unwrap();
        let lists = loop {
            clock.advance_to(clock.now().plus(EVERY));
            tokio::task::yield_now().await;
            if let Ok(Input { what: What::Lists(lists), .. }) = inputs.try_recv() {
                break lists;
            }
        };
        assert!(lists.entries().iter().any(|entry| entry.id == "own-nickname"));
        watching.abort();
    }
}
