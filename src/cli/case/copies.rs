//! `case sar` and `case succession`: copies that leave the charity, on record before they do.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};

use super::look::content;
use super::{Who, refused};
use crate::app::casework::{Request, open_all};
use crate::app::export::{How, export_case, facts_about};
use crate::clock::Clock;
use crate::domain::act::Deed;
use crate::domain::{CaseRef, Fact, Timestamp, UserId};
use crate::evidence::{SigningKey, unseal};

/// Put together what is held about one person, third parties redacted, for a subject access request
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case sar 555000111222333444 --out sar --why \"request of 3 March, decided with the chair\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    Of every case that you may know of, and that holds something about this account: their own messages, what was observed\n\
    about them, what was done. Other people's accounts become \"person A\", \"person B\"; their messages are left out and\n\
    counted. What the person themselves wrote may name others: read it before you hand it over, and leave out what would\n\
    put somebody at risk of serious harm (UK GDPR, article 15(4); Data Protection Act 2018, schedule 3). Whether a case is\n\
    given at all is your decision: name cases with --case, or leave some out with --without."
)]
pub struct Sar {
    /// Whose data: the Discord account
    person: UserId,
    #[command(flatten)]
    who: Who,
    /// Only these cases
    #[arg(long, value_name = "CASE")]
    case: Vec<CaseRef>,
    /// Not these cases
    #[arg(long, value_name = "CASE")]
    without: Vec<CaseRef>,
    /// The folder to make; it must not exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Why; it is sealed into each case
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Sar {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        is_free(&self.out)?;
        let lead = self.who.arrive()?;
        let store = lead.desk.open().await?;
        let folded = lead.desk.fold(&store).await?;
        let mut files = Vec::new();
        let mut names = Redacted::but(self.person);
        let cases: Vec<CaseRef> = lead
            .cases(&folded)
            .map(|record| record.case.reference)
            .filter(|case| self.case.is_empty() || self.case.contains(case))
            .filter(|case| !self.without.contains(case))
            .collect();
        for case in cases {
            let facts = facts_about(case, &folded.facts);
            let rows = store.exhibits(&lead.desk.organisation, Some(case)).await?;
            let is_theirs = rows.iter().any(|row| row.author == Some(self.person));
            let subject = folded
                .calls
                .docket()
                .get(case)
                .is_some_and(|record| record.case.subjects.contains(&self.person));
            let concerns = |fact: &Fact| match fact {
                Fact::Observed(seen) => seen.by == self.person || seen.towards == Some(self.person),
                Fact::Reported { by, about, .. } => *by == self.person || *about == Some(self.person),
                _ => false,
            };
            if !is_theirs && !subject && !facts.iter().any(|stored| concerns(&stored.fact)) {
                continue;
            }
            let request = Request::new(case, Deed::GivenTo { person: self.person }, Some(&self.why));
            if let Some(why) = lead.record_look(request, clock).await? {
                store.close().await;
                return refused(case, why, err);
            }
            let mut happened = Vec::new();
            for stored in &facts {
                if let Some(line) = about(&stored.fact, stored.at, self.person, &mut names) {
                    happened.push(line);
                }
            }
            let (opened, _) = open_all(rows, &lead.identity);
            let (mut theirs, mut others) = (Vec::new(), 0_usize);
            for one in opened.iter().filter(|one| one.row.message.is_some()) {
                if one.row.author == Some(self.person) {
                    let payload = String::from_utf8_lossy(one.exhibit.payload()).into_owned();
                    let versions: Vec<String> = payload.lines().map(content).collect();
                    theirs.push(json!({ "at": one.row.received_at, "message": one.row.message, "versions": versions }));
                } else {
                    others += 1;
                }
            }
            let held = json!({
                "case": case.to_string(),
                "happened": happened,
                "your_messages": theirs,
                "messages_of_others_left_out": others,
            });
            files.push((format!("{case}.json"), serde_json::to_vec_pretty(&held)?));
        }
        store.close().await;
        if files.is_empty() {
            writeln!(out, "Nothing is held about account {} in a case that you may know of.", self.person)?;
            return Ok(0);
        }
        let count = files.len();
        files.push(("READ-ME-FIRST.txt".to_owned(), SAR_NOTE.as_bytes().to_vec()));
        unseal::write_unsealed(&files, &self.out).with_context(|| {
            format!("cannot write {}\nname a folder that does not exist yet", self.out.display())
        })?;
        writeln!(out, "{count} cases hold something about account {}: {}", self.person, self.out.display())?;
        writeln!(
            err,
            "Read every file before you hand it over: what they wrote themselves may name others."
        )?;
        Ok(0)
    }
}

const SAR_NOTE: &str = "For the lead, before this is handed over. Take this file out.\n\n\
    Each file holds what one case has about the person: what was observed, what was done, and their own messages. Other\n\
    people are \"person A\", \"person B\" and so on, the same in every file; their messages are left out and counted.\n\n\
    - Read what the person wrote: it may name others.\n\
    - Leave out what would be likely to cause serious harm to anybody (Data Protection Act 2018, schedule 3), what\n\
      identifies somebody who reported in confidence, and what the police asked you not to give.\n\
    - Observations are what a program noticed and a person then judged. Say so.\n\
    - Put down what was left out and why: chaperone case note.\n";

/// Other people's accounts as letters, the same everywhere.
struct Redacted {
    own: UserId,
    others: BTreeMap<UserId, usize>,
}

impl Redacted {
    fn but(own: UserId) -> Self {
        Redacted { own, others: BTreeMap::new() }
    }

    fn name(&mut self, id: UserId) -> String {
        if id == self.own {
            return "you".to_owned();
        }
        let next = self.others.len();
        let number = *self.others.entry(id).or_insert(next);
        let letter = |n: usize| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
        match number / 26 {
            0 => format!("person {}", letter(number)),
            round => format!("person {}{round}", letter(number)),
        }
    }
}

/// A line about something that concerns this person; none for what is about others or holds their data only.
fn about(fact: &Fact, at: Timestamp, person: UserId, names: &mut Redacted) -> Option<Value> {
    let words = match fact {
        Fact::Observed(seen) if seen.by == person || seen.towards == Some(person) => {
            let towards = seen.towards.map_or_else(String::new, |id| format!(", towards {}", names.name(id)));
            format!(
                "Observed: {} ({}), by {}{towards}.",
                seen.code.sentence(),
                seen.code,
                names.name(seen.by)
            )
        }
        // Who reported is not told to whoever was reported.
        Fact::Reported { by, .. } if *by == person => "You reported something.".to_owned(),
        Fact::CaseOpened { .. } | Fact::CaseRose { .. } => crate::wording::chronology(fact)?,
        Fact::Acted(act) if !act.what.is_beside_the_case() => {
            crate::wording::act(act).replacen(&act.by, "A lead", 1)
        }
        _ => return None,
    };
    Some(json!({ "at": at, "what": words }))
}

/// Export every case that you may know of as bundles, for whoever takes over when the charity closes
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case succession --out handover --why \"the charity closes; records go to the council\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    Each case becomes a bundle of ciphertext and proofs in a folder of its own, with a list of all of them and what is due\n\
    for each. Nothing is readable without an identity: hand yours, or better one made for the successor (`chaperone keys\n\
    rewrap` hands the cases' keys to it), over on another way. Cases of which you are a subject are not among them; another\n\
    lead exports those."
)]
pub struct Succession {
    #[command(flatten)]
    who: Who,
    /// The folder to make; it must not exist yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Why; it is sealed into each case
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Succession {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        is_free(&self.out)?;
        let lead = self.who.arrive()?;
        let store = lead.desk.open().await?;
        let folded = lead.desk.fold(&store).await?;
        store.close().await;
        let policy = folded.calls.docket().policy();
        let records: Vec<_> = lead.cases(&folded).collect();
        for record in &records {
            let request =
                Request::new(record.case.reference, Deed::Exported { content: false }, Some(&self.why));
            if let Some(why) = lead.record_look(request, clock).await? {
                return refused(record.case.reference, why, err);
            }
        }
        let key = SigningKey::load(&lead.desk.signing_key)?;
        std::fs::create_dir(&self.out).with_context(|| {
            format!("cannot make {}\nname a folder in a folder of yours", self.out.display())
        })?;
        let store = lead.desk.open().await?;
        let mut list = String::new();
        for record in &records {
            let case = record.case.reference;
            let place = self.out.join(case.to_string());
            let hash = export_case(&store, &lead.desk.organisation, case, &key, &How::default(), &place)
                .await
                .with_context(|| format!("{case} could not be exported"))?;
            let line = json!({
                "case": case.to_string(),
                "state": record.case.state.code(),
                "opened_at": record.case.opened_at,
                "level": record.case.level,
                "category": record.case.category,
                "hold": record.hold.is_some(),
                "erase_from": record.term_over(&policy.terms),
                "manifest": hash.to_string(),
            });
            list.push_str(&line.to_string());
            list.push('\n');
        }
        store.close().await;
        std::fs::write(self.out.join("cases.jsonl"), list)?;
        std::fs::write(self.out.join("log-key.txt"), format!("{}\n", key.verifier_key()))?;
        writeln!(out, "{} cases were exported to {}", records.len(), self.out.display())?;
        // Said to everybody alike: whether there is one, a subject does not learn here.
        writeln!(
            err,
            "A case of which you were a subject would not be among them: have another lead do the same."
        )?;
        Ok(0)
    }
}

fn is_free(out: &Path) -> anyhow::Result<()> {
    if out.symlink_metadata().is_ok() {
        bail!("{} exists already\nname a folder that does not exist yet", out.display());
    }
    Ok(())
}
