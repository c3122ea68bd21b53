//! From a message to observations (pure).

pub mod grooming;
pub mod single;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::event::Message;
use crate::domain::zone::Zone;
use crate::domain::{ChannelId, MessageId, Observation, Roster, UserId};
use crate::text::Lists;

/// Reads messages.
#[derive(Debug)]
pub struct Detector;

impl Detector {
    /// A detector.
    pub fn new(_lists: Arc<Lists>, _zone: Zone) -> Self {
        Detector
    }
    /// Reads.
    pub fn hear(&mut self, _: &Message, _: &Roster, _: Option<&BTreeSet<UserId>>) -> Vec<Observation> {
        vec![]
    }
    /// Reads.
    pub fn hear_edit(&mut self, _: &Message, _: &Roster, _: Option<&BTreeSet<UserId>>) -> Vec<Observation> {
        vec![]
    }
    /// Deleted.
    pub fn hear_deletion(
        &mut self,
        _: ChannelId,
        _: &[MessageId],
        _: crate::domain::Timestamp,
    ) -> Vec<Observation> {
        vec![]
    }
    /// Restart.
    pub fn remember(&mut self, _: &Observation) {}
}
