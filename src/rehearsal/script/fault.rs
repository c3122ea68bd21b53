//! What is wrong with a script: where, what, and what to do. All of it at once.

use std::fmt;

/// One thing that is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The line of the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub do_this: String,
}

/// Everything that is wrong with a script. Written one fault a line, as `file:line: what — what to do`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Faults {
    /// The script's name, as it was given.
    pub file: String,
    /// What is wrong, in the order of the file.
    pub faults: Vec<Fault>,
}

impl Faults {
    /// Nothing wrong so far.
    #[must_use]
    pub fn none(file: &str) -> Self {
        Faults { file: file.to_owned(), faults: Vec::new() }
    }

    /// Adds a fault.
    pub fn add(&mut self, line: usize, what: impl Into<String>, do_this: impl Into<String>) {
        self.faults.push(Fault { line, what: what.into(), do_this: do_this.into() });
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Fault { line, what, do_this }) in self.faults.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:{line}: {what} — {do_this}", self.file)?;
        }
        Ok(())
    }
}
