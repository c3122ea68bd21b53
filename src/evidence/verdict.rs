//! The verdict on a bundle in words: what holds, and what nobody can conclude from it.

use super::casefile::Held;
use super::checkpoint::SignedCheckpoint;
use super::report::Report;
use super::verify::Examination;

impl Examination {
    pub(super) fn report(mut self) -> Report {
        self.findings.sort();
        self.findings.dedup();
        let mut report = Report {
            reference: self.case.as_ref().map(|case| case.reference.clone()),
            key: self.key.as_ref().map(ToString::to_string),
            exhibits: self.entries.len(),
            ..Report::default()
        };
        if self.findings.is_empty() {
            report.proven = self.proven();
        }
        report.not_proven = self.not_proven();
        report.findings = self.findings;
        report
    }

    fn proven(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let (Some(key), Some(checkpoint)) = (&self.key, &self.checkpoint) else { return lines };
        let (name, state, exhibits) = (key.name(), checkpoint.checkpoint(), self.entries.len());
        lines.push(format!("Every file is byte for byte as it was exported: the list of hashes is signed by the key of {name}."));
        lines.push(format!(
            "Each of the {exhibits} exhibits has its entry in the log of {name}, at the state of {} entries that the same key signed.",
            state.size
        ));
        let sealed = self.held(Held::Sealed);
        if sealed > 0 {
            lines.push(format!("Each of the {sealed} sealed files is the one that its log entry names."));
        }
        let contents = self.open_contents + self.sealed_contents;
        if contents > 0 {
            lines.push(format!(
                "The readable content of {contents} exhibits is, to the byte, what was promised in the log when it was kept."
            ));
        }
        if self.key_compared {
            lines.push("The key is the published one that was given.".to_owned());
        }
        lines
    }

    fn not_proven(&self) -> Vec<String> {
        let mut lines = Vec::new();
        match &self.key {
            Some(key) if !self.key_compared => lines.push(format!(
                "Whose key it is. Compare it with the one that the organisation published (or give that one with --key): {key}"
            )),
            _ => {}
        }
        if self.held(Held::Sealed) > self.sealed_contents {
            lines.push("That the sealed files hold what the log promised: a lead's identity shows it (chaperone evidence open).".to_owned());
        }
        let erased = self.held(Held::Erased);
        if erased > 0 {
            lines.push(format!("What the {erased} erased exhibits said: only that they were kept, when, and that nothing else took their place."));
        }
        let others = self.checkpoint.as_ref().map_or(0, SignedCheckpoint::other_signatures);
        lines.push(match others {
            0 => "That the organisation showed everybody the same log: no witness has signed this state of it.".to_owned(),
            n => format!("That the organisation showed everybody the same log: {n} further signatures stand on the checkpoint and were not checked."),
        });
        lines.push("That the case is complete, and its chronology, gaps and list of withheld files right: those are statements of whoever exported it.".to_owned());
        lines.push("That the clocks were right, and who sat behind an account.".to_owned());
        lines
    }

    /// How many exhibits the bundle holds in that way.
    fn held(&self, held: Held) -> usize {
        self.entries.iter().filter(|checked| checked.line.held == held).count()
    }
}
