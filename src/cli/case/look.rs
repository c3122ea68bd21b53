//! `case list`, `case show`, `case form`: what a lead sees. A look at a case is on record before anything of it is shown.

use std::io::Write;

use clap::Args;
use serde_json::json;

use super::{Lead, Who, refused};
use crate::app::casework::{Folded, Opened, Request, open_all};
use crate::app::export::facts_about;
use crate::clock::Clock;
use crate::domain::act::{Deed, Refusal};
use crate::domain::docket::{CasePolicy, CaseRecord};
use crate::domain::{CaseRef, Fact, Timestamp};
use crate::wording;

/// List the cases that you may know of: reference, level, state, owner, what is due; no content
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case list --config chaperone.toml --identity dsl-identity.txt\n  \
    chaperone case list --register low-level --json --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct List {
    #[command(flatten)]
    who: Who,
    /// Open cases only
    #[arg(long)]
    open: bool,
    /// Only those that stand in a register: low-level (concerns about adults), breaches, held, due
    #[arg(long, value_name = "REGISTER", value_parser = ["low-level", "breaches", "held", "due"])]
    register: Option<String>,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn run(self, clock: &Clock, out: &mut dyn Write) -> anyhow::Result<u8> {
        let lead = self.who.arrive()?;
        let store = lead.desk.open().await?;
        let folded = lead.desk.fold(&store).await?;
        store.close().await;
        let policy = folded.calls.docket().policy();
        let mut shown = 0;
        for record in lead.cases(&folded).filter(|record| self.wants(record, policy, clock.now())) {
            shown += 1;
            if self.json {
                writeln!(out, "{}", as_json(record, policy))?;
            } else {
                writeln!(out, "{}", line(record, policy))?;
            }
        }
        if shown == 0 && !self.json {
            writeln!(out, "There is no such case that you may know of.")?;
        }
        Ok(0)
    }

    fn wants(&self, record: &CaseRecord, policy: &CasePolicy, now: Timestamp) -> bool {
        let registered = match self.register.as_deref() {
            Some("low-level") => record.low_level,
            Some("breaches") => record.breach.is_some(),
            Some("held") => record.hold.is_some(),
            Some("due") => record.clocks(policy).iter().any(|clock| clock.due <= now),
            _ => true,
        };
        registered && !(self.open && record.case.state.is_over())
    }
}

fn line(record: &CaseRecord, policy: &CasePolicy) -> String {
    let case = &record.case;
    let owner = record.owner.as_ref().map_or("nobody's".to_owned(), |(name, _)| format!("{name}'s"));
    let hold = if record.hold.is_some() { "  on hold" } else { "" };
    let due = match record.clocks(policy).iter().min_by_key(|clock| clock.due) {
        Some(clock) => format!("  {} due {}", clock.what, clock.due),
        None => String::new(),
    };
    format!(
        "{}  {}  level {} {}  {}  {owner}{hold}{due}",
        case.reference,
        case.opened_at,
        case.level,
        case.category,
        case.state.code()
    )
}

fn as_json(record: &CaseRecord, policy: &CasePolicy) -> serde_json::Value {
    let case = &record.case;
    let due: Vec<_> =
        record.clocks(policy).iter().map(|clock| json!({ "what": clock.what, "due": clock.due })).collect();
    json!({
        "case": case.reference.to_string(),
        "opened_at": case.opened_at,
        "level": case.level,
        "category": case.category,
        "state": case.state.code(),
        "since": case.state.since().map(|(_, at)| at),
        "owner": record.owner.as_ref().map(|(name, _)| name),
        "about_adult": record.is_about_adult(),
        "parents_told": record.parents,
        "harm_test": record.harm_test,
        "low_level_concern": record.low_level,
        "referrals": record.referrals.iter().map(|(agency, at)| json!({ "to": agency, "at": at })).collect::<Vec<_>>(),
        "breach": record.breach.as_ref().map(|breach| json!({
            "known_at": breach.known_at,
            "report_due": breach.due(),
            "reported": breach.reported,
            "not_reportable": breach.not_reportable,
        })),
        "incident_form_sent": record.incident_form,
        "hold_since": record.hold.as_ref().map(|(at, _)| at),
        "erase_from": record.term_over(&policy.terms),
        "due": due,
    })
}

/// Show a case: where it stands, what is due, its chronology; with --content also what was written
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case show 7 --config chaperone.toml --identity dsl-identity.txt\n  \
    chaperone case show 7 --content --why \"strategy meeting\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    The look stands in the log before anything is shown. With --content you read the words of young people: do that where\n\
    nobody looks over your shoulder. Images are never shown; they were never fetched."
)]
pub struct Show {
    /// The case, as pages name it (C-0007 or 7)
    case: CaseRef,
    #[command(flatten)]
    who: Who,
    /// Open what was written: messages and what leads wrote down
    #[arg(long, requires = "why")]
    content: bool,
    /// Why you open it; it is sealed
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Print JSON lines: the record, then a line for each thing that happened, then one for each exhibit
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let lead = self.who.arrive()?;
        let deed = Deed::Viewed { content: self.content };
        let request = Request::new(self.case, deed, self.why.as_deref());
        if let Some(why) = lead.record_look(request, clock).await? {
            return refused(self.case, why, err);
        }
        let store = lead.desk.open().await?;
        let folded = lead.desk.fold(&store).await?;
        let Some(record) = folded.calls.docket().get(self.case).filter(|record| lead.may_know(record)) else {
            store.close().await;
            return refused(self.case, Refusal::NoSuchCase, err);
        };
        let rows = if self.content {
            store.exhibits(&lead.desk.organisation, Some(self.case)).await?
        } else {
            Vec::new()
        };
        store.close().await;
        let (opened, closed) = open_all(rows, &lead.identity);
        if self.json {
            show_json(record, &folded, &opened, out)?;
        } else {
            show(record, &folded, &opened, out)?;
        }
        if closed > 0 {
            writeln!(
                err,
                "{closed} exhibits were sealed to others than you; `chaperone keys rewrap` by another lead hands you their key."
            )?;
        }
        Ok(0)
    }
}

fn chronology(record: &CaseRecord, folded: &Folded) -> Vec<(Timestamp, String)> {
    let facts = facts_about(record.case.reference, &folded.facts);
    facts.iter().filter_map(|stored| Some((stored.at, wording::chronology(&stored.fact)?))).collect()
}

fn show(record: &CaseRecord, folded: &Folded, opened: &[Opened], out: &mut dyn Write) -> anyhow::Result<()> {
    let policy = folded.calls.docket().policy();
    writeln!(out, "{}", line(record, policy))?;
    let subjects: Vec<_> = record.case.subjects.iter().map(ToString::to_string).collect();
    let who = if record.is_about_adult() { "an adult" } else { "a young person" };
    match subjects.as_slice() {
        [] => writeln!(out, "Nobody's conduct is in question.")?,
        all => writeln!(out, "About {who}: the conduct of account {}.", all.join(", "))?,
    }
    match record.parents {
        None => writeln!(out, "Parents or carers: not decided.")?,
        Some(true) => writeln!(out, "Parents or carers: told.")?,
        Some(false) => writeln!(out, "Parents or carers: not told.")?,
    }
    if let Some(breach) = &record.breach {
        let state = match (breach.reported, breach.not_reportable) {
            (Some(at), _) => format!("reported at {at}"),
            (None, true) => "not reportable".to_owned(),
            (None, false) => format!("to be reported by {}", breach.due()),
        };
        writeln!(out, "Data breach, known since {}: {state}.", breach.known_at)?;
    }
    if let Some((since, by)) = &record.hold {
        writeln!(out, "Legal hold since {since}, by {by}.")?;
    }
    for clock in record.clocks(policy) {
        writeln!(out, "Due {}: {}.", clock.due, clock.what.words())?;
    }
    writeln!(out, "\nChronology")?;
    for (at, words) in chronology(record, folded) {
        writeln!(out, "  {at}  {words}")?;
    }
    if !opened.is_empty() {
        writeln!(out, "\nWhat was written")?;
    }
    for one in opened {
        writeln!(out, "  {}  {}", one.row.received_at, written(one))?;
    }
    Ok(())
}

fn show_json(
    record: &CaseRecord,
    folded: &Folded,
    opened: &[Opened],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "{}", as_json(record, folded.calls.docket().policy()))?;
    for (at, words) in chronology(record, folded) {
        writeln!(out, "{}", json!({ "at": at, "happened": words }))?;
    }
    for one in opened {
        let payload = String::from_utf8_lossy(one.exhibit.payload());
        let line = json!({
            "at": one.row.received_at,
            "entry": one.row.entry,
            "message_id": one.row.message,
            "channel_id": one.row.space,
            "author": one.row.author,
            "finding": one.row.finding,
            "received": payload.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|_| json!(line))).collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// What an exhibit says, for a person to read: each version of a message, or what a lead wrote down.
pub(super) fn written(one: &Opened) -> String {
    let payload = String::from_utf8_lossy(one.exhibit.payload()).into_owned();
    if let Some(deed) = one.exhibit.header("record") {
        let record: serde_json::Value = serde_json::from_str(&payload).unwrap_or_default();
        let text = |key: &str| record[key].as_str().map(str::to_owned);
        let beside: Vec<String> = [("reference", "reference"), ("person", "person")]
            .iter()
            .filter_map(|(key, name)| Some(format!("{name}: {}", text(key)?)))
            .collect();
        let beside = if beside.is_empty() { String::new() } else { format!(" ({})", beside.join(", ")) };
        return format!(
            "{} wrote ({deed}){beside}: {}",
            text("by").unwrap_or_default(),
            text("words").unwrap_or_default()
        );
    }
    let author = one.row.author.map_or_else(|| "unknown".to_owned(), |author| author.to_string());
    let versions: Vec<String> = payload.lines().map(content).collect();
    let finding = if one.row.finding { "finding" } else { "context" };
    format!("{finding}, account {author}: {}", versions.join(" / then changed to: "))
}

/// The words in a gateway frame; the frame itself where there are none to be found.
pub(super) fn content(frame: &str) -> String {
    let value: serde_json::Value = serde_json::from_str(frame).unwrap_or_default();
    let data = if value["d"].is_object() { &value["d"] } else { &value };
    match data["content"].as_str() {
        Some("") => "(no text)".to_owned(),
        Some(text) => text.replace('\n', " ⏎ "),
        None => "(not a message; see --json)".to_owned(),
    }
}

/// Print the Adverse Incident Form of a case, prefilled with what is on record; no content
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case form 7 --config chaperone.toml --identity dsl-identity.txt > form.md\n\n\
    Fill in the rest by hand, hand it in, then record it: chaperone case decide 7 --incident-form-sent TIME --why \"…\""
)]
pub struct Form {
    /// The case, as pages name it (C-0007 or 7)
    case: CaseRef,
    #[command(flatten)]
    who: Who,
}

impl Form {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let lead = self.who.arrive()?;
        let request = Request::new(self.case, Deed::Viewed { content: false }, None);
        if let Some(why) = lead.record_look(request, clock).await? {
            return refused(self.case, why, err);
        }
        let store = lead.desk.open().await?;
        let folded = lead.desk.fold(&store).await?;
        store.close().await;
        let Some(record) = folded.calls.docket().get(self.case).filter(|record| lead.may_know(record)) else {
            return refused(self.case, Refusal::NoSuchCase, err);
        };
        write!(out, "{}", form(&lead, record, &folded))?;
        Ok(0)
    }
}

/// The form as text that a person completes (CHUMS §3.2; policy matrix P16, P18).
fn form(lead: &Lead, record: &CaseRecord, folded: &Folded) -> String {
    let case = &record.case;
    let policy = folded.calls.docket().policy();
    let facts = facts_about(case.reference, &folded.facts);
    let due = record
        .clocks(policy)
        .into_iter()
        .find(|clock| clock.what == crate::domain::docket::Deadline::IncidentForm)
        .map_or_else(|| "-".to_owned(), |clock| clock.due.to_string());
    let seen: std::collections::BTreeSet<String> = facts
        .iter()
        .filter_map(|stored| match &stored.fact {
            Fact::Observed(seen) => {
                Some(format!("- {}: {} ({})\n", seen.at, seen.code.sentence(), seen.code))
            }
            _ => None,
        })
        .collect();
    let places: std::collections::BTreeSet<String> = facts
        .iter()
        .filter_map(|stored| match &stored.fact {
            Fact::Observed(seen) => seen.space.map(|space| format!("- Discord space {space}\n")),
            _ => None,
        })
        .collect();
    let done: String = facts
        .iter()
        .filter(|stored| {
            matches!(
                stored.fact,
                Fact::Outcome { .. }
                    | Fact::Acknowledged { .. }
                    | Fact::AcknowledgedByName { .. }
                    | Fact::Acted(_)
            )
        })
        .filter_map(|stored| Some(format!("- {}: {}\n", stored.at, wording::chronology(&stored.fact)?)))
        .collect();
    let accounts = |label: &str, all: Vec<String>| {
        if all.is_empty() { String::new() } else { format!("- {label}: account {}\n", all.join(", ")) }
    };
    let towards: std::collections::BTreeSet<String> = facts
        .iter()
        .filter_map(|stored| match &stored.fact {
            Fact::Observed(seen) => seen.towards.map(|id| id.to_string()),
            _ => None,
        })
        .collect();
    let people = accounts("conduct in question", case.subjects.iter().map(ToString::to_string).collect())
        + &accounts("towards", towards.into_iter().collect());
    let seen: String = seen.into_iter().collect();
    let places: String = places.into_iter().collect();
    format!(
        "# Adverse Incident Form\n\n\
         Organisation: {}\nCase: {}\nOpened: {}\nLevel: {} ({})\nCategory: {}\nTo be handed in by: {due}\n\
         Prefilled for: {}\n\n\
         ## What was noticed\n{seen}\n## Where\n{places}\n## People\n{people}\n## What was done\n{done}\n\
         ## Addresses (URL, e-mail, handle, telephone)\nSee the exhibits of the bundle (`chaperone evidence export {}`).\n\n\
         ## To be completed by hand\n- Names of those involved, ages, who is responsible for them:\n- What they said:\n\
         - Images: withheld, never fetched. Do not view or copy them. Who was told:\n\
         - Signed, role, date:\n",
        lead.desk.organisation,
        case.reference,
        case.opened_at,
        case.level,
        wording::level_name(case.level),
        case.category,
        lead.name,
        case.reference,
    )
}
