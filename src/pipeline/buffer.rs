//! The rolling buffer on its way to the store: what is heard in supervised spaces waits in memory for some seconds, is
//! sealed with whatever is committed next, and goes when its period is over.
//!
//! Nothing waits for it: a quiet message costs the actor one more reference to bytes that it holds anyway. The socket's
//! position is only ever kept together with everything that was heard before it, so what was still waiting when a
//! process was killed is heard again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::writer::Writer;
use crate::domain::{CaseRef, ChannelId, MessageId, Timestamp, UserId};
use crate::evidence::buffer::{self, HOUR, HourKey, SEGMENT_BYTES, hour_of};
use crate::evidence::entry::{Class, Entry};
use crate::evidence::seal::Recipient;
use crate::store::{Erasable, Place, Store, StoreError, StoredHold, StoredKey, StoredSegment, StoredWrap};

/// How often what is over is erased.
pub(super) const TIDIED_EVERY: Duration = Duration::from_hours(1);

const DAY: i64 = 24 * HOUR;

/// How long what was heard stays in the buffer, by space (policy matrix P16, P28; the default is a week: long enough
/// for what comes out after a weekend away, short enough to keep nobody's chat for its own sake).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BufferPolicy {
    /// Days, where nothing else is said of a space; 0 buffers nothing.
    pub days: u16,
    /// Days of single channels. A thread is its channel's, unless it is named itself.
    pub spaces: BTreeMap<ChannelId, u16>,
}

impl Default for BufferPolicy {
    fn default() -> Self {
        BufferPolicy { days: 7, spaces: BTreeMap::new() }
    }
}

impl BufferPolicy {
    /// One that buffers nothing.
    #[must_use]
    pub fn off() -> Self {
        BufferPolicy { days: 0, spaces: BTreeMap::new() }
    }

    /// How many days what is heard in a space stays; `parent` is the channel of a thread.
    #[must_use]
    pub fn days_of(&self, space: ChannelId, parent: Option<ChannelId>) -> u16 {
        let named = |space| self.spaces.get(&space).copied();
        named(space).or_else(|| parent.and_then(named)).unwrap_or(self.days)
    }

    fn is_over(&self, key: &StoredKey, now: Timestamp) -> bool {
        let days = i64::from(self.days_of(key.space, key.parent));
        // The hour's last message counts, not its first.
        key.hour.0.saturating_add(HOUR).saturating_add(days * DAY) <= now.0
    }

    /// The rule in words of the configuration, for the record of what was erased by it.
    fn rule(&self) -> String {
        let others: Vec<String> =
            self.spaces.iter().map(|(space, days)| format!("{space}: {days}")).collect();
        if others.is_empty() {
            format!("buffer_days = {}", self.days)
        } else {
            format!("buffer_days = {}; {}", self.days, others.join(", "))
        }
    }
}

/// One thing that was heard in a supervised space.
#[derive(Clone, Debug)]
pub struct Buffered {
    /// Where.
    pub space: ChannelId,
    /// The channel of a thread.
    pub parent: Option<ChannelId>,
    /// When it reached this process.
    pub at: Timestamp,
    /// Its exact bytes.
    pub raw: Arc<str>,
    /// The message that it is about.
    pub message: MessageId,
    /// Further ones (a bulk deletion).
    pub others: Vec<MessageId>,
}

/// What a case wants from the buffer, because it is not at hand in memory.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The case.
    pub case: CaseRef,
    /// Where.
    pub space: ChannelId,
    /// To whom nothing of it may be handed.
    pub subjects: BTreeSet<UserId>,
    /// Messages of which the first form is not at hand; true where nothing of them is.
    pub messages: BTreeMap<MessageId, bool>,
    /// What stood around a message, as far as it was heard before this process ran.
    pub around: Option<Around>,
}

/// What stood around a message.
#[derive(Clone, Copy, Debug)]
pub struct Around {
    /// The message.
    pub message: MessageId,
    /// How many messages before it.
    pub before: usize,
    /// How many from it on.
    pub after: usize,
    /// Heard before this moment.
    pub heard_before: Timestamp,
}

/// What the buffer has of what a case wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Segments that the case does not hold yet.
    pub segments: BTreeSet<u64>,
    /// Wraps of their keys, all leads'.
    pub wraps: Vec<StoredWrap>,
    /// Which of the messages it has.
    pub messages: BTreeSet<MessageId>,
}

/// Looks a case's wishes up.
pub(super) async fn find(store: &Store, organisation: &str, wanted: &Wanted) -> Result<Found, StoreError> {
    let ids: BTreeSet<MessageId> = wanted.messages.keys().copied().collect();
    let mut places: BTreeSet<Place> = store.buffered(wanted.space, &ids).await?.into_iter().collect();
    let messages = places.iter().map(|place| place.message).collect();
    if let Some(Around { message, before, after, heard_before }) = wanted.around {
        places.extend(store.buffered_around(wanted.space, message, (before, after), heard_before).await?);
    }
    if places.is_empty() {
        return Ok(Found::default());
    }
    let held = store.buffer_held_entries(organisation, wanted.case).await?;
    let keys = places.iter().map(|place| place.key).collect();
    let segments = places.iter().map(|place| place.segment).filter(|entry| !held.contains(entry)).collect();
    let wraps = store.buffer_wraps(&keys).await?;
    Ok(Found { segments, wraps, messages })
}

/// What is over by now, and by which rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Over {
    /// The keys.
    pub keys: Vec<u64>,
    /// How many segments go with them, and how many frames in these.
    pub segments: u64,
    /// The same for frames.
    pub frames: u64,
    /// The end of the newest hour among them.
    pub until: Timestamp,
    /// The rule.
    pub rule: String,
}

/// Looks up what is over.
pub(super) async fn over(
    store: &Store,
    organisation: &str,
    policy: &BufferPolicy,
    now: Timestamp,
) -> Result<Option<Over>, StoreError> {
    let shortest = policy.spaces.values().chain([&policy.days]).min().copied().unwrap_or(policy.days);
    let before = Timestamp(now.0.saturating_sub(i64::from(shortest) * DAY));
    let candidates = store.buffer_before(organisation, before).await?;
    let over: Vec<&Erasable> =
        candidates.iter().filter(|candidate| policy.is_over(&candidate.key, now)).collect();
    let Some(newest) = over.iter().map(|one| one.key.hour.0).max() else { return Ok(None) };
    Ok(Some(Over {
        keys: over.iter().map(|one| one.key.id).collect(),
        segments: over.iter().map(|one| one.segments).sum(),
        frames: over.iter().map(|one| one.frames).sum(),
        until: Timestamp(newest.saturating_add(HOUR)),
        rule: policy.rule(),
    }))
}

/// The keys in use: one for each space, of the hour that was sealed last. Public halves only.
#[derive(Clone, Debug, Default)]
pub struct HourKeys(BTreeMap<(String, ChannelId), InUse>);

#[derive(Clone, Debug)]
struct InUse {
    hour: Timestamp,
    id: u64,
    recipient: Recipient,
}

/// Seals what was heard in one space, in order, and writes it into a batch.
///
/// # Errors
/// Why it could not be sealed; whatever was sealed before stands in the batch.
pub(super) fn write(
    writer: &mut Writer<'_>,
    keys: &mut HourKeys,
    organisation: &str,
    leads: &[Recipient],
    buffered: &[&Buffered],
) -> Result<(), String> {
    let mut rest = buffered;
    while let Some(first) = rest.first() {
        let hour = hour_of(first.at);
        let mut bytes = 0;
        let fits = |one: &&&Buffered| {
            bytes += one.raw.len();
            hour_of(one.at) == hour && bytes <= SEGMENT_BYTES
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (now, later) = rest.split_at(count);
        rest = later;
        let key = hour_key(writer, keys, organisation, (first.space, first.parent), hour, leads)?;
        write_segment(writer, organisation, &key, now)?;
    }
    Ok(())
}

fn write_segment(
    writer: &mut Writer<'_>,
    organisation: &str,
    key: &InUse,
    frames: &[&Buffered],
) -> Result<(), String> {
    let Some(first) = frames.first() else { return Ok(()) };
    let texts = frames.iter().map(|one| (one.at, &*one.raw));
    let sealed = buffer::segment(organisation, first.space, texts, writer.software)
        .map_err(|error| error.to_string())?
        .seal(std::slice::from_ref(&key.recipient))
        .map_err(|error| error.to_string())?;
    let times = || frames.iter().map(|one| one.at);
    let (from, until) = (times().min().unwrap_or(first.at), times().max().unwrap_or(first.at));
    let entry = writer.entry(&Entry {
        class: Class::BUFFER,
        organisation: organisation.to_owned(),
        at: from,
        received_at: Some(until),
        commitment: sealed.commitment,
        ciphertext: Some(sealed.sealed.hash()),
        software: writer.software.to_owned(),
    });
    writer.batch.buffer.segments.push(StoredSegment {
        entry,
        key: key.id,
        space: first.space,
        received_from: from,
        received_until: until,
        frames: u32::try_from(frames.len()).unwrap_or(u32::MAX),
        messages: frames.iter().flat_map(|one| one.others.iter().chain([&one.message])).copied().collect(),
        sealed: sealed.sealed.0,
    });
    Ok(())
}

/// The key of a space and hour; made, and wrapped for every lead, when there is none in use yet.
fn hour_key(
    writer: &mut Writer<'_>,
    keys: &mut HourKeys,
    organisation: &str,
    (space, parent): (ChannelId, Option<ChannelId>),
    hour: Timestamp,
    leads: &[Recipient],
) -> Result<InUse, String> {
    let place = (organisation.to_owned(), space);
    if let Some(known) = keys.0.get(&place).filter(|known| known.hour == hour) {
        return Ok(known.clone());
    }
    // Whatever was in use for an hour that is over is of no use any more.
    keys.0.retain(|_, known| known.hour.0 + HOUR >= hour.0);
    let made = HourKey::make(organisation, space, hour, leads, writer.software)
        .map_err(|error| error.to_string())?;
    let mut id = None;
    for (lead, wrap) in made.wraps {
        let entry = writer.entry(&Entry {
            class: Class::BUFFER_KEY,
            organisation: organisation.to_owned(),
            at: hour,
            received_at: None,
            commitment: wrap.commitment,
            ciphertext: Some(wrap.sealed.hash()),
            software: writer.software.to_owned(),
        });
        let id = *id.get_or_insert(entry);
        let (lead, sealed) = (lead.to_string(), wrap.sealed.0);
        writer.batch.buffer.wraps.push(StoredWrap { entry, key: id, lead, sealed });
    }
    let id = id.ok_or("nobody to seal it to")?;
    let organisation = organisation.to_owned();
    writer.batch.buffer.keys.push(StoredKey { id, organisation, space, parent, hour });
    let key = InUse { hour, id, recipient: made.recipient };
    keys.0.insert(place, key.clone());
    Ok(key)
}

/// Hands what was found to a case: the segments, and of their keys the wraps of those who may know. Gives their
/// recipients, in order.
pub(super) fn hand_over(
    writer: &mut Writer<'_>,
    organisation: &str,
    case: CaseRef,
    found: &Found,
    may_know: &[Recipient],
) -> Vec<String> {
    let may_know: BTreeSet<String> = may_know.iter().map(ToString::to_string).collect();
    let wraps: Vec<&StoredWrap> = found.wraps.iter().filter(|wrap| may_know.contains(&wrap.lead)).collect();
    let entries = found.segments.iter().copied().chain(wraps.iter().map(|wrap| wrap.entry));
    writer.batch.buffer.holds.extend(entries.map(|entry| StoredHold {
        entry,
        organisation: organisation.to_owned(),
        case,
    }));
    wraps.iter().map(|wrap| wrap.lead.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::log::Tree;
    use crate::evidence::{Exhibit, Sealed, case_key::CaseKey, seal};
    use crate::evidence::{Identity, buffer::frames_of};
    use crate::store::Batch;

    fn heard(number: u64, at: i64, size: usize) -> Buffered {
        Buffered {
            space: ChannelId(5),
            parent: None,
            at: Timestamp(at),
            raw: format!(r#"{{"n":{number},"text":"{}"}}"#, "x".repeat(size)).into(),
            message: MessageId(number),
            others: Vec::new(),
        }
    }

    fn sealed(all: &[Buffered], lead: &Identity) -> Batch {
        let mut writer = Writer { tree: Tree::empty(), batch: Batch::default(), software: "x" };
        let all: Vec<&Buffered> = all.iter().collect();
        write(&mut writer, &mut HourKeys::default(), "club", &[lead.recipient()], &all).unwrap();
        writer.batch
    }

    #[test]
    fn nothing_is_lost_between_segments_and_each_hour_has_a_key_of_its_own() {
        let lead = Identity::generate();
        let mut all: Vec<Buffered> = (0..300).map(|n| heard(n, 10, 700)).collect();
        all.push(heard(300, 20, 2 * SEGMENT_BYTES));
        all.extend((301..310).map(|n| heard(n, HOUR + 30, 10)));
        let batch = sealed(&all, &lead);
        assert_eq!(batch.buffer.keys.len(), 2);
        assert!(batch.buffer.segments.len() >= 6, "{}", batch.buffer.segments.len());
        let open = |bytes: &[u8], keys: &Identity| {
            Exhibit::from_bytes(&seal::open(&Sealed(bytes.to_vec()), keys).unwrap()).unwrap()
        };
        let keys = batch.buffer.wraps.iter().fold(lead.clone(), |keys, wrap| {
            let opened = open(&wrap.sealed, &lead);
            CaseKey::added(&opened, keys)
        });
        let mut back = Vec::new();
        for segment in &batch.buffer.segments {
            let exhibit = open(&segment.sealed, &keys);
            back.extend(frames_of(exhibit.payload()).into_iter().map(str::to_owned));
        }
        let expected: Vec<String> = all.iter().map(|one| one.raw.to_string()).collect();
        assert_eq!(back, expected);
    }

    #[test]
    fn a_thread_is_its_channels_unless_it_is_named_itself() {
        let policy =
            BufferPolicy { days: 7, spaces: BTreeMap::from([(ChannelId(1), 0), (ChannelId(2), 30)]) };
        assert_eq!(policy.days_of(ChannelId(9), None), 7);
        assert_eq!(policy.days_of(ChannelId(9), Some(ChannelId(1))), 0);
        assert_eq!(policy.days_of(ChannelId(2), Some(ChannelId(1))), 30);
    }

    #[test]
    fn the_last_message_of_an_hour_stays_for_the_whole_period() {
        let policy = BufferPolicy::default();
        let key = StoredKey {
            id: 0,
            organisation: "club".to_owned(),
            space: ChannelId(1),
            parent: None,
            hour: Timestamp(0),
        };
        assert!(!policy.is_over(&key, Timestamp(7 * DAY)));
        assert!(!policy.is_over(&key, Timestamp(7 * DAY + HOUR - 1)));
        assert!(policy.is_over(&key, Timestamp(7 * DAY + HOUR)));
        assert!(
            BufferPolicy::off().is_over(&key, Timestamp(HOUR)),
            "a charity that switches it off means now"
        );
    }
}
