//! One decision as rows: entries of the log in one order, with the facts and exhibits that they stand for.

use super::ring::Received;
use crate::domain::{Fact, Timestamp};
use crate::engine::Keep;
use crate::evidence::commitment::{self, Salt, SealedExhibit, header};
use crate::evidence::entry::{Class, Entry};
use crate::evidence::log::Tree;
use crate::evidence::seal::Sealed;
use crate::store::{Batch, StoredEntry, StoredExhibit, StoredFact};

/// What is sealed of a message: headers that say where the bytes come from, then the bytes. Several versions of one
/// message stand line by line; the gateway's text holds no line break of its own.
pub(super) fn exhibit_text(
    organisation: &str,
    keep: &Keep,
    received: &[Received],
    software: &str,
) -> Result<commitment::Exhibit, commitment::ExhibitError> {
    let times: Vec<String> = received.iter().map(|received| received.at.to_string()).collect();
    let raw: Vec<&str> = received.iter().map(|received| received.raw.as_ref()).collect();
    let exhibit = commitment::Exhibit::new(Salt::random(), raw.join("\n").into_bytes())
        .with("organisation", organisation.replace(char::is_control, " "))?
        .with(header::KIND, "message")?
        .with(header::MESSAGE, keep.message.to_string())?
        .with(header::SPACE, keep.space.to_string())?
        .with("author", keep.author.to_string())?
        .with(header::RECEIVED_AT, times.join(" "))?
        .with(header::CONTENT_TYPE, "application/json")?
        .with("source", "discord-gateway-v10")?
        .with("software", software)?;
    // The message's id holds the moment at which Discord made it, on Discord's clock; the difference is that of the two
    // clocks and the way here. Of what was read from a history it would say nothing.
    match received.iter().find(|received| received.first) {
        Some(live) => {
            let offset = live.at.0.saturating_sub(Timestamp::from_millis(keep.message.created_millis()).0);
            exhibit.with(header::CLOCK_OFFSET, offset.to_string())
        }
        None => Ok(exhibit),
    }
}

/// What is sealed of a frame that could not be read: its exact bytes.
pub(super) fn unread_text(
    organisation: &str,
    name: &str,
    received: &Received,
    software: &str,
) -> Result<commitment::Exhibit, commitment::ExhibitError> {
    commitment::Exhibit::new(Salt::random(), received.raw.as_bytes().to_vec())
        .with("organisation", organisation.replace(char::is_control, " "))?
        .with(header::KIND, "unreadable")?
        .with("event", name.replace(char::is_control, " "))?
        .with(header::RECEIVED_AT, received.at.to_string())?
        .with(header::CONTENT_TYPE, "application/json")?
        .with("source", "discord-gateway-v10")?
        .with("software", software)
}

/// Writes entries, facts and exhibits into a batch, in one order.
pub(super) struct Writer<'a> {
    pub tree: Tree,
    pub batch: Batch,
    pub software: &'a str,
}

impl Writer<'_> {
    pub(super) fn entry(&mut self, entry: &Entry) -> u64 {
        let index = self.tree.size();
        let hashes = self.tree.append(entry.leaf_hash());
        self.batch.hashes.extend(hashes.into_iter().map(|stored| (stored.index, stored.hash.0)));
        self.batch.entries.push(StoredEntry { index, bytes: entry.encode() });
        index
    }

    /// A sealed exhibit with its entry; `row` says what it is, its entry and ciphertext are filled in here. `at` is
    /// when it happened, on the clock of whoever reported it.
    pub(super) fn exhibit(&mut self, class: Class, at: Timestamp, sealed: SealedExhibit, row: StoredExhibit) {
        let entry = self.entry(&Entry {
            class,
            organisation: row.organisation.clone(),
            at,
            received_at: Some(row.received_at),
            commitment: sealed.commitment,
            ciphertext: Some(sealed.sealed.hash()),
            software: self.software.to_owned(),
        });
        let Sealed(sealed) = sealed.sealed;
        self.batch.exhibits.push(StoredExhibit { entry, sealed, ..row });
    }

    pub(super) fn fact(&mut self, organisation: &str, at: Timestamp, fact: &Fact) {
        let salt = Salt::random();
        let body = serde_json::to_vec(fact).unwrap_or_default();
        let commitment = commitment::Exhibit::new(salt, body).commitment();
        let entry = self.entry(&Entry {
            class: class_of(fact),
            organisation: organisation.to_owned(),
            at,
            received_at: None,
            commitment,
            ciphertext: None,
            software: self.software.to_owned(),
        });
        self.batch.facts.push(StoredFact {
            organisation: organisation.to_owned(),
            at,
            fact: fact.clone(),
            entry,
            salt: salt.to_bytes(),
        });
    }
}

/// The class under which a fact stands in the log.
fn class_of(fact: &Fact) -> Class {
    match fact {
        Fact::Acted(act) if act.what.is_custody() => Class::VIEW,
        Fact::Observed(_) | Fact::Aside(_) | Fact::ContactDay { .. } | Fact::Reported { .. } => {
            Class::OBSERVATION
        }
        Fact::ConcernRaised { .. } => Class::CONCERN,
        Fact::CaseOpened { .. }
        | Fact::CaseRose { .. }
        | Fact::SubjectsJoined { .. }
        | Fact::PassedBy { .. }
        | Fact::Kept { .. }
        | Fact::Acted(_)
        | Fact::ActRefused { .. }
        | Fact::CaseKeyMade { .. }
        | Fact::NotKept { .. }
        | Fact::HandedOver { .. }
        | Fact::Withheld { .. } => Class::CASE,
        Fact::Acknowledged { .. }
        | Fact::AcknowledgedByName { .. }
        | Fact::AcknowledgementRefused { .. }
        | Fact::Handled { .. }
        | Fact::HandlingRefused { .. }
        | Fact::Unacknowledged { .. }
        | Fact::DrillAnswered { .. } => Class::ACKNOWLEDGEMENT,
        Fact::Called { .. }
        | Fact::Exhausted { .. }
        | Fact::Travelled { .. }
        | Fact::Digested { .. }
        | Fact::DrillBegan { .. }
        | Fact::DrillEnded { .. }
        | Fact::RotaLookedAt { .. }
        | Fact::Reminded { .. } => Class::PAGE,
        Fact::Register(_) | Fact::BufferSet { .. } => Class::REGISTER,
        Fact::Erased(_) | Fact::BufferErased { .. } => Class::ERASURE,
        Fact::Decided { .. } | Fact::Outcome { .. } => Class::ACTION,
        Fact::Gap { .. } | Fact::NotBuffered { .. } => Class::GAP,
        Fact::Started { .. } => Class::START,
    }
}
