//! The verdict on a bundle in words: what holds, and what nobody can conclude from it.

use super::attested::AttestedCheck;
use super::casefile::Held;
use super::cosignature::WitnessKey;
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
        for state in &self.attested {
            let held = self.held_by(state.size);
            for (witness, at) in &state.cosigned {
                lines.push(format!(
                    "The witness {} had seen the log with {} entries by {at}, and found that it only ever grew: {held} of the {exhibits} exhibits are among these, so none of them was put in, changed or left out later.",
                    witness.name(), state.size
                ));
            }
            for (authority, at) in &state.stamped {
                lines.push(format!(
                    "A time stamp, said to be of {authority}, is about exactly the state of {} entries, at {at}: {held} of the {exhibits} exhibits are among these.",
                    state.size
                ));
            }
        }
        for witness in &self.witnesses {
            lines.push(format!("The key of the witness {} is the one that was given.", witness.name()));
        }
        lines
    }

    /// How many exhibits stand in the log at a state of that size.
    fn held_by(&self, size: u64) -> usize {
        self.entries.iter().filter(|checked| checked.line.index < size).count()
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
        lines.extend(self.not_attested());
        lines.push("That the case is complete, and its chronology, gaps and list of withheld files right: those are statements of whoever exported it.".to_owned());
        lines.push("That the clocks were right, and who sat behind an account.".to_owned());
        lines
    }

    /// What nobody outside has said.
    fn not_attested(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let newest = |of: fn(&AttestedCheck) -> bool| {
            self.attested.iter().filter(|state| of(state)).map(|state| state.size).max()
        };
        let all = self.entries.len();
        match newest(|state| !state.cosigned.is_empty()) {
            None => lines.push("That the organisation showed everybody the same log: no witness has cosigned any state of it that is in this bundle.".to_owned()),
            Some(size) if self.held_by(size) < all => lines.push(format!(
                "That the last {} exhibits were not put in or changed later by whoever holds the log's key: no witness has cosigned a state that holds them.",
                all - self.held_by(size)
            )),
            Some(_) => {}
        }
        let known = |witness: &WitnessKey| self.witnesses.contains(witness);
        let mut unknown: Vec<&WitnessKey> = Vec::new();
        for (witness, _) in self.attested.iter().flat_map(|state| &state.cosigned) {
            if !known(witness) && !unknown.contains(&witness) {
                unknown.push(witness);
            }
        }
        for witness in unknown {
            lines.push(format!(
                "Whose key the witness' is. Compare it with the one that the trustees have (or give that one with --witness): {witness}"
            ));
        }
        if newest(|state| !state.stamped.is_empty()).is_some() {
            lines.push("That the authority itself signed its time stamps: `openssl ts -verify` with the authority's certificate shows it (VERIFY.txt, step 4).".to_owned());
        }
        lines
    }

    /// How many exhibits the bundle holds in that way.
    fn held(&self, held: Held) -> usize {
        self.entries.iter().filter(|checked| checked.line.held == held).count()
    }
}
