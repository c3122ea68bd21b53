//! `case acknowledge`, `assign`, `note`, `decide`, `refer`, `hold`, `close`, `reopen`, `keep`, `erase`: one act each.

use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use super::{Who, moment};
use crate::app::casework::Request;
use crate::clock::Clock;
use crate::domain::act::{Agency, Deed, EraseRule, HarmTest, NoteKind, Outcome};
use crate::domain::retention::years;
use crate::domain::{CaseRef, Timestamp};

/// The longest text that is read, in bytes.
const LONGEST: u64 = 200_000;

/// Which case, and who acts.
#[derive(Debug, Args)]
struct On {
    /// The case, as pages name it (C-0007 or 7)
    case: CaseRef,
    #[command(flatten)]
    who: Who,
}

impl On {
    async fn does(
        &self,
        deed: Deed,
        words: Option<&str>,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let lead = self.who.arrive()?;
        lead.act(Request::new(self.case, deed, words), clock, (out, err)).await
    }
}

/// Take a case in hand: nobody is called about it any more
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case acknowledge 7 --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct Acknowledge {
    #[command(flatten)]
    on: On,
}

impl Acknowledge {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        self.on.does(Deed::Acknowledged, None, clock, out, err).await
    }
}

/// Say who looks after a case from here on; they are told by a page that holds no content
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case assign 7 --to omar --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct Assign {
    #[command(flatten)]
    on: On,
    /// Who, by the name in the configuration; nobody who is a subject of it or manages one
    #[arg(long, value_name = "NAME")]
    to: String,
}

impl Assign {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        self.on.does(Deed::Assigned { to: self.to.clone() }, None, clock, out, err).await
    }
}

/// Write something down: a line of the chronology, a statement, an appeal. It is sealed
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case note 7 --text \"Spoke to the parent at 10:00\" --config chaperone.toml --identity dsl-identity.txt\n  \
    chaperone case note 7 --kind statement --person \"the session leader\" --file statement.txt --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct Note {
    #[command(flatten)]
    on: On,
    /// chronology, statement or appeal
    #[arg(long, default_value = "chronology")]
    kind: NoteKind,
    /// Whose statement it is, in your own words; sealed with it
    #[arg(long, value_name = "WHO")]
    person: Option<String>,
    /// The text
    #[arg(long, value_name = "TEXT", required_unless_present = "file", conflicts_with = "file")]
    text: Option<String>,
    /// A file with the text; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Note {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let text = match (self.text, &self.file) {
            (Some(text), _) => text,
            (None, Some(file)) => text_of(file)?,
            (None, None) => bail!("there is no text\ngive --text or --file"),
        };
        let lead = self.on.who.arrive()?;
        let mut request = Request::new(self.on.case, Deed::Noted { kind: self.kind }, Some(&text));
        request.person = self.person.as_deref();
        lead.act(request, clock, (out, err)).await
    }
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(LONGEST + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text))
    };
    read.with_context(|| format!("cannot read {}\ngive a file with UTF-8 text", file.display()))?;
    if text.trim().is_empty() {
        bail!("{} holds no text\ngive a file with what is to be written down", file.display());
    }
    Ok(text)
}

/// Record a decision about a case, with its reason
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case decide 7 --parents not-told --why \"…\" --config chaperone.toml --identity dsl-identity.txt\n  \
    chaperone case decide 7 --harm-test no,no,yes,no --why \"…\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    The four questions of the harm test, in order: behaved in a way that has harmed a child, or may have; possibly\n\
    committed a criminal offence against or related to a child; behaved in a way that indicates a risk of harm;\n\
    behaved in a way that indicates that they may not be suitable to work with children. One yes: speak to the LADO\n\
    within one working day (`chaperone case refer 7 --to lado …`)."
)]
pub struct Decide {
    #[command(flatten)]
    on: On,
    #[command(flatten)]
    what: What,
    /// Why; it is sealed, and only those who may know of the case can read it
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
}

/// One decision.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// You look into it from now on
    #[arg(long)]
    review: bool,
    /// Whether parents or carers are told: told, not-told
    #[arg(long, value_name = "HOW", value_parser = ["told", "not-told"])]
    parents: Option<String>,
    /// The four answers about an adult: yes or no, with commas
    #[arg(long, value_name = "A,B,C,D", value_parser = harm_test)]
    harm_test: Option<HarmTest>,
    /// Enter it in the register of low-level concerns about adults
    #[arg(long)]
    low_level_concern: bool,
    /// Whom it is about: adult, young-person
    #[arg(long, value_name = "WHO", value_parser = ["adult", "young-person"])]
    about: Option<String>,
    /// A data breach, and since when the charity knows: 72 hours count from there
    #[arg(long, value_name = "TIME", value_parser = moment)]
    breach: Option<Timestamp>,
    /// The breach was reported to the regulator, and when
    #[arg(long, value_name = "TIME", value_parser = moment)]
    breach_reported: Option<Timestamp>,
    /// The breach need not be reported
    #[arg(long)]
    breach_not_reportable: bool,
    /// The Adverse Incident Form was handed in, and when
    #[arg(long, value_name = "TIME", value_parser = moment)]
    incident_form_sent: Option<Timestamp>,
}

impl What {
    fn deed(&self) -> anyhow::Result<Deed> {
        Ok(if let Some(how) = &self.parents {
            Deed::Parents { informed: how == "told" }
        } else if let Some(answers) = self.harm_test {
            Deed::HarmTested { answers }
        } else if let Some(who) = &self.about {
            Deed::AboutAdult { adult: who == "adult" }
        } else if let Some(known_at) = self.breach {
            Deed::BreachFound { known_at }
        } else if let Some(at) = self.breach_reported {
            Deed::BreachReported { at }
        } else if let Some(at) = self.incident_form_sent {
            Deed::IncidentFormSent { at }
        } else if self.low_level_concern {
            Deed::LowLevelConcern
        } else if self.breach_not_reportable {
            Deed::BreachNotReportable
        } else if self.review {
            Deed::ReviewBegan
        } else {
            bail!("there is no decision\n`chaperone case decide --help` lists what can be decided")
        })
    }
}

fn harm_test(text: &str) -> Result<HarmTest, String> {
    let answers: Option<Vec<bool>> = text
        .split(',')
        .map(|answer| match answer.trim() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        })
        .collect();
    match answers.as_deref() {
        Some([harmed, offence, risk, unsuitable]) => {
            Ok(HarmTest { harmed: *harmed, offence: *offence, risk: *risk, unsuitable: *unsuitable })
        }
        _ => Err("write four answers, yes or no, with commas: no,no,yes,no".to_owned()),
    }
}

impl Decide {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        self.on.does(self.what.deed()?, self.why.as_deref(), clock, out, err).await
    }
}

/// Record a referral: to whom, when, under which reference, who was spoken to
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case refer 7 --to police --reference CAD-1234 --person \"the call handler\" --why \"…\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    Agencies: police, social-care, adult-social-care, lado, ceop, iwf, report-remove, prevent, school, health, dbs,\n\
    regulator, other. The reference, the person and the reason are sealed. Somebody in danger now: ring 999 first."
)]
pub struct Refer {
    #[command(flatten)]
    on: On,
    /// The agency
    #[arg(long, value_name = "AGENCY")]
    to: Agency,
    /// When; now when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Timestamp>,
    /// The agency's reference
    #[arg(long, value_name = "REF")]
    reference: Option<String>,
    /// Who was spoken to
    #[arg(long, value_name = "WHO")]
    person: Option<String>,
    /// Why, and what was said
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Refer {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let at = self.at.unwrap_or_else(|| clock.now());
        let lead = self.on.who.arrive()?;
        let mut request = Request::new(self.on.case, Deed::Referred { agency: self.to, at }, Some(&self.why));
        request.reference = self.reference.as_deref();
        request.person = self.person.as_deref();
        lead.act(request, clock, (out, err)).await
    }
}

/// Put a legal hold on a case, or lift it: nothing of it is erased while it holds
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case hold 7 --why \"the police asked for it\" --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct Hold {
    #[command(flatten)]
    on: On,
    /// Lift it
    #[arg(long)]
    lift: bool,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Hold {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let deed = if self.lift { Deed::Released } else { Deed::Held };
        self.on.does(deed, Some(&self.why), clock, out, err).await
    }
}

/// Close a case, saying how it ended and why
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case close 7 --outcome no-further-action --why \"…\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    Outcomes: concluded, no-further-action, mistaken (nothing had happened), duplicate. The first two want the decision\n\
    about parents and, about an adult, the harm test. A case with an open data breach is not closed."
)]
pub struct Close {
    #[command(flatten)]
    on: On,
    /// How it ended
    #[arg(long)]
    outcome: Outcome,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Close {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        self.on.does(Deed::Closed { outcome: self.outcome }, Some(&self.why), clock, out, err).await
    }
}

/// Open a closed case again
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case reopen 7 --why \"…\" --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct Reopen {
    #[command(flatten)]
    on: On,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Reopen {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        self.on.does(Deed::Reopened, Some(&self.why), clock, out, err).await
    }
}

/// Keep a closed case longer than its term, after a review
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case keep 7 --years 10 --why \"a claim may follow\" --config chaperone.toml --identity dsl-identity.txt"
)]
pub struct Keep {
    #[command(flatten)]
    on: On,
    /// For how many years from now; then it is reviewed again
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=75))]
    years: u32,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Keep {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        let until = clock.now().plus(years(self.years));
        self.on.does(Deed::KeptOn { until }, Some(&self.why), clock, out, err).await
    }
}

/// Erase everything that a closed case holds; what stands in its place says what class was erased, when, by which rule
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  chaperone case erase 7 --rule term-over --why \"reviewed: nothing is open\" --config chaperone.toml --identity dsl-identity.txt\n\n\
    Rules: term-over (its retention term is over), erasure-request (a person asked and you agreed), kept-in-error. A\n\
    legal hold wins over all of them. It cannot be undone. The log's entries and proofs stay as they are, and so does\n\
    the record of who saw and decided what; backups of the database lose it when they are replaced."
)]
pub struct Erase {
    #[command(flatten)]
    on: On,
    /// By which rule
    #[arg(long)]
    rule: EraseRule,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
}

impl Erase {
    pub(super) async fn run(
        self,
        clock: &Clock,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> anyhow::Result<u8> {
        self.on.does(Deed::Erased { rule: self.rule }, Some(&self.why), clock, out, err).await
    }
}
