//! `[evidence]`: how long recent messages stay in the sealed buffer, and how much around a finding a case takes along.

use std::collections::BTreeMap;

use crate::domain::ChannelId;

use super::Evidence;
use super::raw::{Problem, Reader, Section};

const DAYS: &str = "write 0 to 90 days; 0 buffers nothing";

pub(super) fn evidence(r: &mut Reader<'_>, root: &mut Section<'_>, remarks: &mut Vec<Problem>) -> Evidence {
    let mut evidence = Evidence::default();
    let Some(mut section) = root.section(r, "evidence") else { return evidence };
    if let Some(days) = section.number(r, "buffer_days", 0..91, DAYS) {
        evidence.buffer_days = u16::try_from(days.value).unwrap_or(evidence.buffer_days);
        if evidence.buffer_days == 0 {
            let what =
                "[evidence] buffer_days is 0: a message that is deleted before anything is noticed is gone";
            remarks.push(r.remark(days.at, what, "leave it out for seven days, sealed to the leads"));
        }
    }
    if let Some(before) = section.number(r, "context_before", 0..201, "write 0 to 200 messages") {
        evidence.context_before = usize::try_from(before.value).unwrap_or(evidence.context_before);
    }
    if let Some(after) = section.number(r, "context_after", 0..201, "write 0 to 200 messages") {
        evidence.context_after = u32::try_from(after.value).unwrap_or(evidence.context_after);
    }
    for mut space in section.sections(r, "space") {
        let at = space.at;
        let id = space.id(r, "id");
        let days = space.number(r, "buffer_days", 0..91, DAYS);
        match (id, days) {
            (Some(id), Some(days)) => {
                let days = u16::try_from(days.value).unwrap_or(evidence.buffer_days);
                if evidence.spaces.insert(ChannelId(id.value), days).is_some() {
                    let what = format!("[[evidence.space]] the channel {} stands twice", id.value);
                    r.problem(id.at, what, "keep one of the two");
                }
            }
            (None, _) => {
                r.problem(at, "[[evidence.space]] names no channel", "add id = \"…\", copied from Discord");
            }
            (_, None) => r.problem(at, "[[evidence.space]] has no buffer_days", DAYS),
        }
        space.done(r);
    }
    section.done(r);
    evidence
}

impl Default for Evidence {
    fn default() -> Self {
        Evidence { buffer_days: 7, spaces: BTreeMap::new(), context_before: 50, context_after: 20 }
    }
}
