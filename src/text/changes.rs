//! Changes of entries that stand in another list: how a charity switches a built-in entry off, or excepts its own
//! phrases from it, without copying it.
//!
//! ```toml
//! [[change]]
//! id = "keep-between-us"                 # an entry of any list
//! unless = ["the surprise for coach"]    # more phrases beside which it does not count
//! reason = "we plan surprises in #trips" # why; required
//!
//! [[change]]
//! id = "gift-skin"
//! off = true                             # does not count at all
//! reason = "our workers give skins as prizes"
//! ```

use toml::de::{DeTable, DeValue};

use super::parser::{Reader, Source};

impl Reader {
    /// Reads the changes of a file, once every entry of every file is known.
    pub(super) fn changes(&mut self, source: &Source, table: &DeTable) {
        let Some((_, value)) = table.iter().find(|(key, _)| key.get_ref() == "change") else { return };
        let DeValue::Array(changes) = value.get_ref() else {
            return self.wrong(source, value.span().start, "changes are written [[change]]");
        };
        for change in changes {
            match change.get_ref() {
                DeValue::Table(table) => self.change(source, change.span().start, table),
                _ => self.wrong(source, change.span().start, "a change is a table: [[change]]"),
            }
        }
    }

    fn change(&mut self, source: &Source, at: usize, table: &DeTable) {
        let (mut id, mut reason, mut off, mut unless) = (None, String::new(), false, Vec::new());
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "id" => id = Some((self.string(source, value, "id"), value.span().start)),
                "reason" => reason = self.string(source, value, "reason"),
                "unless" => unless = self.unless(source, value),
                "off" => match value.get_ref() {
                    DeValue::Boolean(switched) => off = *switched,
                    _ => self.wrong(source, value.span().start, "`off` is true or false"),
                },
                other => self.wrong(
                    source,
                    key.span().start,
                    format!("{other:?} is not a key of a change; keys are id, off, unless, reason"),
                ),
            }
        }
        if reason.trim().is_empty() {
            self.wrong(source, at, "the change has no reason; write why, for whoever reads it in a year");
        }
        if !off && unless.is_empty() {
            self.wrong(source, at, "the change changes nothing; write off = true, or unless = [\"…\"]");
        }
        let Some((id, place)) = id else { return self.wrong(source, at, "the change has no id") };
        let entries = &mut self.parsed.entries;
        match entries.iter().position(|entry| entry.id == id) {
            Some(found) if off => {
                entries.remove(found);
            }
            Some(found) => entries[found].unless.extend(unless),
            None => self.wrong(
                source,
                place,
                format!("there is no entry {id:?} to change (or it is off already)"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Code;
    use crate::text::Lists;

    fn counts(lists: &Lists, text: &str) -> bool {
        lists.read(text).iter().any(|hit| hit.counts() && hit.code == Code::SecrecyRequest)
    }

    const BASE: &str = "code = \"secrecy-request\"\n[[entry]]\nid = \"quiet\"\npattern = \"keep * quiet\"\n\
                        yes = [\"keep it quiet\"]\nno = [\"be quiet\"]\n";

    #[test]
    fn a_change_switches_off_or_excepts_and_nothing_else() {
        let with = |own: &str| Lists::parse(&[("en/base.toml", BASE), ("own/ours.toml", own)]);
        let excepted =
            with("[[change]]\nid = \"quiet\"\nunless = [\"coach~ birthday\"]\nreason = \"surprises\"\n")
                .unwrap();
        assert!(counts(&excepted, "keep it quiet ok"));
        assert!(!counts(&excepted, "keep it quiet, coachs birthday"));
        let off = with("[[change]]\nid = \"quiet\"\noff = true\nreason = \"we say so in yoga\"\n").unwrap();
        assert!(!counts(&off, "keep it quiet ok"));
        let wrong = with("[[change]]\nid = \"qiet\"\noff = 1\n").unwrap_err();
        let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        for what in [
            "own/ours.toml:2: there is no entry \"qiet\"",
            "ours.toml:3: `off`",
            "ours.toml:1: the change has no reason",
        ] {
            assert!(told.iter().any(|told| told.contains(what)), "{what:?} in {told:?}");
        }
    }
}
