//! What the lines of a script may speak of: people, spaces, threads, earlier lines.

use std::collections::BTreeMap;

use super::fault::Faults;
use super::fields::nearest;
use super::model::LineIndex;
use crate::domain::SpaceKind;

/// Everything that has a name so far.
#[derive(Debug, Default)]
pub struct Names {
    /// People.
    pub people: Vec<String>,
    /// Spaces, and threads once a line has opened them.
    pub spaces: BTreeMap<String, SpaceKind>,
    /// Lines with an id; true for those that say something in a space.
    pub lines: BTreeMap<String, (LineIndex, bool)>,
}

/// The roles that the well-known mapping knows, as a script writes them.
pub const ROLES: [&str; 11] = [
    "Young Person",
    "Adult at Risk",
    "Youth Worker",
    "Staff",
    "Volunteer",
    "DSL",
    "Deputy DSL",
    "Senior Manager",
    "Chair",
    "Parent",
    "Professional",
];

/// The role of this name, whatever its case.
#[must_use]
pub fn role(name: &str) -> Option<&'static str> {
    ROLES.into_iter().find(|role| role.eq_ignore_ascii_case(name.trim()))
}

impl Names {
    /// A person of the script.
    pub fn person(&self, name: Option<String>, line: usize, faults: &mut Faults) -> Option<String> {
        let name = name?;
        if self.people.contains(&name) {
            return Some(name);
        }
        let known: Vec<&str> = self.people.iter().map(String::as_str).collect();
        faults.add(line, format!("nobody is called \"{name}\""), nearest(&name, &known));
        None
    }

    /// Several people.
    pub fn everyone(&self, names: Vec<String>, line: usize, faults: &mut Faults) -> Vec<String> {
        names.into_iter().filter_map(|name| self.person(Some(name), line, faults)).collect()
    }

    /// A space or thread; `#` before the name is decoration.
    pub fn space(&self, name: Option<String>, line: usize, faults: &mut Faults) -> Option<String> {
        let name = bare(&name?);
        if self.spaces.contains_key(&name) {
            return Some(name);
        }
        let known: Vec<&str> = self.spaces.keys().map(String::as_str).collect();
        let what = format!("there is no space or thread \"{name}\" at this point");
        faults.add(line, what, nearest(&name, &known));
        None
    }

    /// An earlier line by its id; `said` when it must have said something in a space.
    pub fn line(
        &self,
        id: Option<String>,
        said: bool,
        line: usize,
        faults: &mut Faults,
    ) -> Option<LineIndex> {
        let id = id?;
        match self.lines.get(&id) {
            Some((index, says)) if *says || !said => return Some(*index),
            Some(_) => {
                faults.add(line, format!("line \"{id}\" says nothing in a space"), "name a line that does");
            }
            None => {
                let known: Vec<&str> = self.lines.keys().map(String::as_str).collect();
                faults.add(line, format!("no earlier line has the id \"{id}\""), nearest(&id, &known));
            }
        }
        None
    }
}

/// A space's name without its `#`.
#[must_use]
pub fn bare(name: &str) -> String {
    name.trim().trim_start_matches('#').to_owned()
}
