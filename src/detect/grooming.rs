//! Pairs.
use crate::domain::{Category, Level, Observation, Timestamp};
/// A finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// .
    pub category: Category,
    /// .
    pub level: Level,
    /// .
    pub reasons: Vec<Observation>,
}
/// Timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairTimeline;
impl PairTimeline {
    /// .
    pub fn insert(&mut self, _: Observation) {}
    /// .
    pub fn assess(&self, _: Timestamp) -> Option<Finding> {
        None
    }
}
