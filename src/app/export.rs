//! A case as a bundle: rows of the store, handed to evidence as values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use crate::domain::{CaseRef, Fact, MessageId, Observation, Timestamp};
use crate::evidence::casefile::{BundledExhibit, CaseFile, ChronologyLine, Content, Gap, Withheld};
use crate::evidence::checkpoint::{SignedCheckpoint, SigningKey};
use crate::evidence::{Entry, Exhibit, Hash, Identity, InclusionProof, Salt, Sealed, bundle};
use crate::store::{Store, StoredExhibit, StoredFact};
use crate::wording;

/// Letters in front of an exhibit's number.
const LABEL: &str = "CH";

/// Writes one case as a bundle into the new folder `out`; with an identity, also what that lead can read.
///
/// # Errors
/// When there is no such case, or the store, the log or the folder say no; each with what to do.
pub async fn export_case(
    store: &Store,
    organisation: &str,
    case: CaseRef,
    key: &SigningKey,
    identity: Option<&Identity>,
    out: &Path,
) -> anyhow::Result<Hash> {
    let (size, note) = store
        .last_checkpoint()
        .await?
        .context("the log holds nothing yet, so there is nothing to export\nlet the bot run first")?;
    let checkpoint = SignedCheckpoint::verify(&note, key.verifier_key())?;
    let facts: Vec<StoredFact> =
        store.facts(organisation).await?.into_iter().filter(|stored| stored.entry < size).collect();
    let about = About::of(case, &facts);
    let Some(opened) = &about.opened else {
        anyhow::bail!("there is no case {case}\n`chaperone evidence list` shows the cases that there are");
    };

    let mut pieces: BTreeMap<u64, Content> = BTreeMap::new();
    let mut label_of_message: BTreeMap<MessageId, u64> = BTreeMap::new();
    for exhibit in about.exhibits(store, organisation).await? {
        if let Some(message) = exhibit.message {
            label_of_message.entry(message).or_insert(exhibit.entry);
        }
        pieces.insert(exhibit.entry, Content::Sealed(Sealed(exhibit.sealed)));
    }
    let held = store.buffer_held(organisation, case).await?;
    for segment in held.segments {
        for message in &segment.messages {
            label_of_message.entry(*message).or_insert(segment.entry);
        }
        pieces.insert(segment.entry, Content::Sealed(Sealed(segment.sealed)));
    }
    // Whoever has become a subject since it was handed over gets none of it.
    for wrap in held.wraps.into_iter().filter(|wrap| about.may_open(&wrap.lead)) {
        pieces.insert(wrap.entry, Content::Sealed(Sealed(wrap.sealed)));
    }
    for stored in &about.facts {
        let body = serde_json::to_vec(&stored.fact)?;
        pieces.insert(stored.entry, Content::Open(Exhibit::new(Salt::from_bytes(stored.salt), body)));
    }
    let labels: BTreeMap<u64, String> =
        pieces.keys().zip(1..).map(|(entry, number)| (*entry, format!("{LABEL}/{number}"))).collect();

    let mut exhibits = Vec::with_capacity(pieces.len());
    for (index, content) in pieces {
        let row = store.log_entries(index..index + 1).await?.pop();
        let row =
            row.with_context(|| format!("entry {index} of the log is missing\nrestore the newest backup"))?;
        let needs = InclusionProof::needs(index, size)?;
        let hashes: BTreeMap<u64, Hash> =
            needs.iter().copied().zip(store.log_hashes(&needs).await?.into_iter().map(Hash)).collect();
        exhibits.push(BundledExhibit {
            label: labels[&index].clone(),
            entry: Entry::decode(&row.bytes)?,
            proof: InclusionProof::make(index, size, &hashes)?,
            content,
        });
    }
    let label =
        |message: &MessageId| label_of_message.get(message).and_then(|entry| labels.get(entry)).cloned();
    let chronology = about
        .facts
        .iter()
        .filter_map(|stored| {
            let words = wording::chronology(&stored.fact)?;
            let exhibits = messages_of(&stored.fact).iter().filter_map(label).collect();
            Some(ChronologyLine { at: stored.at, words, exhibits })
        })
        .collect();
    let withheld = about
        .facts
        .iter()
        .filter_map(|stored| match &stored.fact {
            Fact::Withheld { message, attachment, media_type, size, .. } => Some(Withheld {
                at: Timestamp::from_millis(message.created_millis()),
                id: attachment.to_string(),
                media_type: media_type.clone().unwrap_or_else(|| "not stated".to_owned()),
                size: Some(*size),
                exhibit: label(message).unwrap_or_default(),
            }),
            _ => None,
        })
        .collect();
    let last = about.facts.last().map_or(opened.at, |stored| stored.at);
    let opened_at = opened.at;
    let file = CaseFile {
        reference: case.to_string(),
        organisation: organisation.to_owned(),
        opened_at,
        level: about.level,
        category: about.category,
        // The same case at the same state of the log gives the same bytes.
        exported_at: last,
        software: super::software(),
        chronology,
        exhibits,
        gaps: about.gaps,
        withheld,
        checkpoint,
    };
    Ok(bundle::write(&file, out, key, identity)?)
}

/// Everything among the facts that belongs to one case.
struct About {
    case: CaseRef,
    opened: Option<StoredFact>,
    level: u8,
    category: String,
    facts: Vec<StoredFact>,
    messages: BTreeSet<MessageId>,
    gaps: Vec<Gap>,
}

impl About {
    fn of(case: CaseRef, all: &[StoredFact]) -> Self {
        let mut about = About {
            case,
            opened: None,
            level: 0,
            category: String::new(),
            facts: Vec::new(),
            messages: BTreeSet::new(),
            gaps: Vec::new(),
        };
        let mut reasons: BTreeSet<Observation> = BTreeSet::new();
        let mut jobs: BTreeSet<String> = BTreeSet::new();
        for stored in all {
            match &stored.fact {
                Fact::ConcernRaised { case: Some(of), reasons: new, .. } if *of == case => {
                    about.messages.extend(new.iter().filter_map(|reason| reason.message));
                    reasons.extend(new.iter().cloned());
                }
                Fact::Decided { case: Some(of), job, .. } if *of == case => {
                    jobs.insert(job.clone());
                }
                Fact::CaseOpened { case: of, level, category, .. }
                | Fact::CaseRose { case: of, level, category, .. }
                    if *of == case =>
                {
                    about.level = u8::from(*level);
                    about.category = category.to_string();
                    about.opened.get_or_insert_with(|| stored.clone());
                }
                _ => {}
            }
        }
        for stored in all {
            if let Fact::Gap { from, until, why } = &stored.fact {
                about.gaps.push(Gap { from: *from, until: Some(*until), why: why.clone() });
            }
            if belongs(&stored.fact, case, &reasons, &jobs) {
                about.facts.push(stored.clone());
            }
        }
        about
    }

    /// Whether a lead is among those to whom the case's own key was sealed last.
    fn may_open(&self, lead: &str) -> bool {
        let made = self.facts.iter().rev().find_map(|stored| match &stored.fact {
            Fact::CaseKeyMade { sealed_to, .. } => Some(sealed_to),
            _ => None,
        });
        made.is_none_or(|sealed_to| sealed_to.iter().any(|known| known == lead))
    }

    /// Sealed exhibits of the case, and those that were kept for its reasons before there was a case.
    async fn exhibits(&self, store: &Store, organisation: &str) -> anyhow::Result<Vec<StoredExhibit>> {
        let mut exhibits = store.exhibits(organisation, Some(self.case)).await?;
        let held: BTreeSet<_> = exhibits.iter().filter_map(|exhibit| exhibit.message).collect();
        let earlier = store.exhibits(organisation, None).await?;
        exhibits.extend(earlier.into_iter().filter(|exhibit| {
            exhibit
                .message
                .is_some_and(|message| self.messages.contains(&message) && !held.contains(&message))
        }));
        Ok(exhibits)
    }
}

fn belongs(fact: &Fact, of: CaseRef, reasons: &BTreeSet<Observation>, jobs: &BTreeSet<String>) -> bool {
    match fact {
        Fact::Observed(observation) => reasons.contains(observation),
        Fact::ConcernRaised { case, .. }
        | Fact::Reported { case, .. }
        | Fact::Kept { case, .. }
        | Fact::NotKept { case, .. }
        | Fact::Withheld { case, .. }
        | Fact::Decided { case, .. } => *case == Some(of),
        Fact::CaseOpened { case, .. }
        | Fact::HandedOver { case, .. }
        | Fact::CaseRose { case, .. }
        | Fact::SubjectsJoined { case, .. }
        | Fact::PassedBy { case, .. }
        | Fact::CaseKeyMade { case, .. }
        | Fact::Acknowledged { case, .. }
        | Fact::AcknowledgementRefused { case, .. }
        | Fact::Called { case, .. }
        | Fact::Exhausted { case, .. }
        | Fact::AcknowledgedByName { case, .. }
        | Fact::Handled { case, .. }
        | Fact::HandlingRefused { case, .. }
        | Fact::Unacknowledged { case, .. } => *case == of,
        // The outcome of a page about several cases names the others too, so it belongs to none.
        Fact::Outcome { job, effect, .. } => {
            jobs.contains(job) || matches!(effect, crate::domain::Effect::Page { case, .. } if *case == of)
        }
        Fact::Travelled { job, .. } => job.contains(&format!("/{of}/")),
        Fact::Aside(_)
        | Fact::ContactDay { .. }
        | Fact::Register(_)
        | Fact::Gap { .. }
        | Fact::Started { .. }
        | Fact::BufferSet { .. }
        | Fact::NotBuffered { .. }
        | Fact::BufferErased { .. }
        | Fact::Digested { .. }
        | Fact::DrillBegan { .. }
        | Fact::DrillAnswered { .. }
        | Fact::DrillEnded { .. }
        | Fact::RotaLookedAt { .. } => false,
    }
}

fn messages_of(fact: &Fact) -> Vec<MessageId> {
    match fact {
        Fact::Observed(observation) => observation.message.into_iter().collect(),
        Fact::ConcernRaised { reasons, .. } => reasons.iter().filter_map(|reason| reason.message).collect(),
        Fact::Decided { effect: crate::domain::Effect::Hide { message, .. }, .. } => vec![*message],
        _ => Vec::new(),
    }
}
