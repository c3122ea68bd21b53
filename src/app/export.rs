//! A case as a bundle: rows of the store, handed to evidence as values.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;

use super::keep::fetch;
use crate::domain::{CaseRef, Fact, MessageId, Observation, Timestamp};
use crate::evidence::casefile::{
    BundledExhibit, CaseFile, ChronologyLine, Content, Gap, ObservedLine, Withheld,
};
use crate::evidence::checkpoint::{SignedCheckpoint, SigningKey};
use crate::evidence::{
    AttestedState, ConsistencyProof, Entry, Exhibit, Hash, Identity, InclusionProof, Recipient, Salt, Sealed,
    WitnessKey, bundle,
};
use crate::store::{Attested, Store, StoredExhibit, StoredFact};
use crate::wording;

/// Letters in front of an exhibit's number, unless whoever produces them gives their initials.
pub const LABEL: &str = "CH";

/// How a case is exported.
#[derive(Clone, Debug)]
pub struct How<'a> {
    /// The lead whose reading goes along.
    pub identity: Option<&'a Identity>,
    /// At the signed state of so many entries; the newest when absent.
    pub at: Option<u64>,
    /// Letters in front of an exhibit's number: the initials of whoever produces them.
    pub initials: &'a str,
    /// Sealed as one file to these; as a folder when there are none.
    pub sealed_to: &'a [Recipient],
}

impl Default for How<'_> {
    fn default() -> Self {
        How { identity: None, at: None, initials: LABEL, sealed_to: &[] }
    }
}

/// Writes one case as a bundle: the new folder `out`, or the new sealed file `out`.
///
/// # Errors
/// When there is no such case, or the store, the log or the disk say no; each with what to do.
pub async fn export_case(
    store: &Store,
    organisation: &str,
    case: CaseRef,
    key: &SigningKey,
    how: &How<'_>,
    out: &Path,
) -> anyhow::Result<Hash> {
    let checkpoint = state(store, key, how.at).await?;
    let size = checkpoint.checkpoint().size;
    let facts: Vec<StoredFact> =
        store.facts(organisation).await?.into_iter().filter(|stored| stored.entry < size).collect();
    let about = About::of(case, &facts);
    let Some(opened) = &about.opened else {
        anyhow::bail!("there is no case {case}\n`chaperone evidence list` shows the cases that there are");
    };

    let Pieces { pieces, of_message } = about.pieces(store, organisation, size).await?;
    let labels: BTreeMap<u64, String> = pieces
        .keys()
        .zip(1..)
        .map(|(entry, number)| (*entry, format!("{}/{number}", how.initials)))
        .collect();

    let exhibits = bundled(store, size, pieces, &labels).await?;
    let label = |message: &MessageId| of_message.get(message).and_then(|entry| labels.get(entry)).cloned();
    let chronology = about
        .facts
        .iter()
        .filter_map(|stored| {
            let words = wording::chronology(&stored.fact)?;
            let exhibits = messages_of(&stored.fact).iter().filter_map(label).collect();
            let is_handling = is_handling(&stored.fact);
            Some(ChronologyLine { at: stored.at, words, is_handling, exhibits })
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
    let observations = about.observations(&label);
    let attested = attested(store, key, &checkpoint, exhibits.iter().map(|one| one.proof.index)).await?;
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
        observations,
        exhibits,
        gaps: about.gaps,
        withheld,
        checkpoint,
        attested,
    };
    Ok(match how.sealed_to {
        [] => bundle::write(&file, out, key, how.identity)?,
        recipients => bundle::write_sealed(&file, out, key, how.identity, recipients)?,
    })
}

/// What belongs to a case, by entry of the log, and the entries of the messages among it.
struct Pieces {
    pieces: BTreeMap<u64, Content>,
    of_message: BTreeMap<MessageId, u64>,
}

/// The pieces with their leaves and proofs.
async fn bundled(
    store: &Store,
    size: u64,
    pieces: BTreeMap<u64, Content>,
    labels: &BTreeMap<u64, String>,
) -> anyhow::Result<Vec<BundledExhibit>> {
    let mut exhibits = Vec::with_capacity(pieces.len());
    let indexes: Vec<u64> = pieces.keys().copied().collect();
    let mut pieces = pieces.into_iter();
    for indexes in indexes.chunks(TOGETHER) {
        let mut needs = BTreeSet::new();
        for index in indexes {
            needs.extend(InclusionProof::needs(*index, size)?);
        }
        let hashes = fetch(store, needs.into_iter().collect()).await?;
        let rows: BTreeMap<u64, Vec<u8>> =
            store.log_entries_of(indexes).await?.into_iter().map(|row| (row.index, row.bytes)).collect();
        for (index, content) in pieces.by_ref().take(indexes.len()) {
            let bytes = rows
                .get(&index)
                .with_context(|| format!("entry {index} of the log is missing\nrestore the newest backup"))?;
            exhibits.push(BundledExhibit {
                label: labels[&index].clone(),
                entry: Entry::decode(bytes)?,
                proof: InclusionProof::make(index, size, &hashes)?,
                content,
            });
        }
    }
    Ok(exhibits)
}

/// So many entries are read from the log at once.
const TOGETHER: usize = 400;

/// The signed state of the log at which a case is exported.
async fn state(store: &Store, key: &SigningKey, at: Option<u64>) -> anyhow::Result<SignedCheckpoint> {
    let note = match at {
        None => store
            .last_checkpoint()
            .await?
            .map(|(_, note)| note)
            .context("the log holds nothing yet, so there is nothing to export\nlet the bot run first")?,
        Some(size) => {
            let Some(note) = store.checkpoint_of(size).await? else {
                let (below, above) = store.checkpoints_near(size).await?;
                let near: Vec<String> = below.into_iter().chain(above).map(|size| size.to_string()).collect();
                anyhow::bail!(
                    "no state of {size} entries was signed\nname a size that was, with --at: nearest are {}",
                    if near.is_empty() { "none".to_owned() } else { near.join(" and ") }
                );
            };
            note
        }
    };
    Ok(SignedCheckpoint::verify(&note, key.verifier_key())?)
}

/// What others outside said of the log: for each witness and authority the first state that holds each of these entries
/// (so that each exhibit is attested as early as can be), and the newest.
async fn attested(
    store: &Store,
    key: &SigningKey,
    current: &SignedCheckpoint,
    entries: impl Iterator<Item = u64>,
) -> anyhow::Result<Vec<AttestedState>> {
    let size = current.checkpoint().size;
    let said = store.attestations(size).await?;
    let entries: BTreeSet<u64> = entries.collect();
    let mut sizes: BTreeMap<(Attested, &str), BTreeSet<u64>> = BTreeMap::new();
    for one in &said {
        sizes.entry((one.kind, &one.by)).or_default().insert(one.size);
    }
    let mut wanted: BTreeSet<u64> = BTreeSet::new();
    for sizes in sizes.values() {
        wanted.extend(entries.iter().filter_map(|entry| sizes.range(entry + 1..).next()));
        wanted.extend(sizes.last());
    }
    let mut states = Vec::new();
    for wanted in wanted {
        let note = store.checkpoint_of(wanted).await?.context("a checkpoint that was attested is missing")?;
        let hashes = fetch(store, ConsistencyProof::needs(wanted, size)?).await?;
        let mut state = AttestedState {
            checkpoint: SignedCheckpoint::verify(&note, key.verifier_key())?,
            proof: ConsistencyProof::make(wanted, size, &hashes)?,
            cosignatures: Vec::new(),
            stamps: Vec::new(),
        };
        for one in said.iter().filter(|one| one.size == wanted) {
            match one.kind {
                Attested::Cosignature => {
                    let line = String::from_utf8(one.body.clone()).unwrap_or_default();
                    state.cosignatures.push((one.by.parse::<WitnessKey>()?, line));
                }
                Attested::Stamp => state.stamps.push((one.by.clone(), one.body.clone())),
            }
        }
        states.push(state);
    }
    Ok(states)
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

    /// Everything that belongs to the case up to that size of the log, by entry.
    async fn pieces(&self, store: &Store, organisation: &str, size: u64) -> anyhow::Result<Pieces> {
        let mut pieces: BTreeMap<u64, Content> = BTreeMap::new();
        let mut of_message: BTreeMap<MessageId, u64> = BTreeMap::new();
        for exhibit in self.exhibits(store, organisation).await? {
            if let Some(message) = exhibit.message {
                of_message.entry(message).or_insert(exhibit.entry);
            }
            pieces.insert(exhibit.entry, Content::Sealed(Sealed(exhibit.sealed)));
        }
        let held = store.buffer_held(organisation, self.case).await?;
        for segment in held.segments {
            for message in &segment.messages {
                of_message.entry(*message).or_insert(segment.entry);
            }
            pieces.insert(segment.entry, Content::Sealed(Sealed(segment.sealed)));
        }
        // Whoever has become a subject since it was handed over gets none of it.
        for wrap in held.wraps.into_iter().filter(|wrap| self.may_open(&wrap.lead)) {
            pieces.insert(wrap.entry, Content::Sealed(Sealed(wrap.sealed)));
        }
        for stored in &self.facts {
            let body = serde_json::to_vec(&stored.fact)?;
            pieces.insert(stored.entry, Content::Open(Exhibit::new(Salt::from_bytes(stored.salt), body)));
        }
        // What came after that state does not belong to it.
        pieces.retain(|entry, _| *entry < size);
        Ok(Pieces { pieces, of_message })
    }

    /// What was observed in it, in the order of the log.
    fn observations(&self, label: &impl Fn(&MessageId) -> Option<String>) -> Vec<ObservedLine> {
        let line = |seen: &Observation| ObservedLine {
            at: seen.at,
            code: seen.code.name().to_owned(),
            sentence: seen.code.sentence().to_owned(),
            by: seen.by.to_string(),
            towards: seen.towards.map(|id| id.to_string()),
            space: seen.space.map(|id| id.to_string()),
            message: seen.message.map(|id| id.to_string()),
            quote: seen.quote.map(Into::into),
            exhibit: seen.message.as_ref().and_then(label),
        };
        self.facts
            .iter()
            .filter_map(|stored| match &stored.fact {
                Fact::Observed(seen) => Some(line(seen)),
                _ => None,
            })
            .collect()
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

/// The facts that belong to a case, in the order of the log.
#[must_use]
pub fn facts_about(case: CaseRef, all: &[StoredFact]) -> Vec<StoredFact> {
    About::of(case, all).facts
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
        | Fact::ActRefused { case, .. }
        | Fact::Reminded { case, .. }
        | Fact::Unacknowledged { case, .. } => *case == of,
        Fact::Acted(act) => act.case == of,
        Fact::Erased(stone) => stone.case == Some(of),
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

/// Whether somebody or something handled evidence: what the custody sheet tells.
fn is_handling(fact: &Fact) -> bool {
    matches!(fact, Fact::CaseKeyMade { .. })
}

fn messages_of(fact: &Fact) -> Vec<MessageId> {
    match fact {
        Fact::Observed(observation) => observation.message.into_iter().collect(),
        Fact::ConcernRaised { reasons, .. } => reasons.iter().filter_map(|reason| reason.message).collect(),
        Fact::Decided { effect: crate::domain::Effect::Hide { message, .. }, .. } => vec![*message],
        _ => Vec::new(),
    }
}
