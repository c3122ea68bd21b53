//! Who a message is towards, and how that is known.
//!
//! In order: the message it answers; a mention; a name that it is addressed to; the one protected person who can see
//! the space; the person whom the speaker is plainly talking with; else the group. A name that is only talked
//! *about* ("Priya doesn't need to know") is not an address.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::domain::{Roster, UserId};
use crate::text::{Occasion, Reading};

use super::memory::Space;

/// Towards whom, and how that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It answers a message of theirs.
    Reply(UserId),
    /// It mentions them.
    Mention(UserId),
    /// It calls them by name.
    Name(UserId),
    /// They are the only protected person who can see the space.
    OnlyListener(UserId),
    /// They are whom the speaker is talking with.
    Recent(UserId),
    /// Nobody in particular.
    Group,
}

impl Direction {
    /// The person, unless it is the group.
    #[must_use]
    pub fn person(self) -> Option<UserId> {
        match self {
            Direction::Reply(id)
            | Direction::Mention(id)
            | Direction::Name(id)
            | Direction::OnlyListener(id)
            | Direction::Recent(id) => Some(id),
            Direction::Group => None,
        }
    }

    /// Whether the message itself says it, rather than the conversation around it.
    #[must_use]
    pub fn is_said(self) -> bool {
        matches!(self, Direction::Reply(_) | Direction::Mention(_) | Direction::Name(_))
    }
}

/// Names by which people may be called, learnt from the roster as people speak or listen.
#[derive(Clone, Debug, Default)]
pub struct Names {
    by_word: BTreeMap<String, BTreeSet<UserId>>,
    written: BTreeMap<UserId, Box<[u8]>>,
    known: BTreeMap<UserId, Vec<String>>,
    begins: Beginnings,
}

/// With which three bytes any name begins, roughly: most words of a message are no name, and this says so at once. A
/// forgotten name may stay in it, which costs a look.
#[derive(Clone, Debug)]
struct Beginnings([u64; 64]);

impl Default for Beginnings {
    fn default() -> Beginnings {
        Beginnings([0; 64])
    }
}

impl Beginnings {
    fn place(word: &str) -> Option<(usize, u64)> {
        let &[one, two, three, ..] = word.as_bytes() else { return None };
        let mixed = (usize::from(one) * 31 + usize::from(two)) * 31 + usize::from(three);
        Some((mixed / 64 % 64, 1 << (mixed % 64)))
    }

    fn enter(&mut self, word: &str) {
        if let Some((slot, bit)) = Beginnings::place(word) {
            self.0[slot] |= bit;
        }
    }

    fn has(&self, word: &str) -> bool {
        Beginnings::place(word).is_some_and(|(slot, bit)| self.0[slot] & bit != 0)
    }
}

/// Who is about: whoever spoke or was spoken to lately, and those who can see the space. Never the speaker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Near<'a> {
    /// In order.
    lately: Vec<UserId>,
    audience: Option<&'a BTreeSet<UserId>>,
    but: Option<UserId>,
}

impl<'a> Near<'a> {
    /// These people.
    #[must_use]
    pub fn of(mut people: Vec<UserId>) -> Near<'a> {
        people.sort_unstable();
        people.dedup();
        Near { lately: people, audience: None, but: None }
    }

    /// With everybody who can see the space, but the speaker.
    #[must_use]
    pub fn with(self, audience: Option<&'a BTreeSet<UserId>>, speaker: UserId) -> Near<'a> {
        Near { audience, but: Some(speaker), ..self }
    }

    /// Whether somebody is.
    #[must_use]
    pub fn contains(&self, id: UserId) -> bool {
        Some(id) != self.but
            && (self.lately.binary_search(&id).is_ok()
                || self.audience.is_some_and(|audience| audience.contains(&id)))
    }

    /// Everybody, once, in no order that means anything.
    pub fn iter(&self) -> impl Iterator<Item = UserId> {
        let seen = |id: &UserId| self.lately.binary_search(id).is_err();
        let audience = self.audience.into_iter().flatten().copied().filter(seen);
        self.lately.iter().copied().chain(audience).filter(|id| Some(*id) != self.but)
    }
}

/// Words that are names too, but nearly always something else.
const NEVER_A_NAME: [&str; 12] =
    ["will", "may", "can", "art", "the", "and", "for", "you", "are", "not", "mark", "ray"];
/// Short everyday words that a longer name may begin with.
const SHORT_WORDS: [&str; 64] = [
    "all", "any", "bad", "ban", "bar", "bat", "ben", "bet", "big", "bit", "but", "cal", "car", "cat", "col",
    "day", "did", "den", "don", "end", "far", "fin", "fun", "get", "got", "had", "hal", "ham", "has", "hen",
    "her", "him", "his", "how", "jam", "kid", "lad", "let", "lie", "lot", "mad", "man", "mar", "met", "mum",
    "new", "now", "off", "old", "one", "our", "out", "pat", "pen", "per", "pop", "rib", "sad", "say", "see",
    "she", "sir", "they", "too",
];

/// The shortest word that counts as a name or as the beginning of one.
const SHORTEST_NAME: usize = 3;

impl Names {
    /// Learns a person's names. Cheap when nothing changed.
    pub fn learn<'a>(&mut self, id: UserId, names: impl Iterator<Item = &'a str> + Clone) {
        // Most often they are what they were: compared as they are written, before anything is made of them.
        let written = || names.clone().flat_map(|name| name.bytes().chain([0]));
        if self.written.get(&id).is_some_and(|known| known.iter().copied().eq(written())) {
            return;
        }
        self.written.insert(id, written().collect());
        let mut words: Vec<String> = Vec::new();
        for name in names {
            let parts = name
                .split(|c: char| !c.is_alphanumeric())
                .map(|part| part.trim_matches(|c: char| c.is_ascii_digit()).to_lowercase());
            words.extend(parts.filter(|part| part.chars().count() >= SHORTEST_NAME));
        }
        words.sort();
        words.dedup();
        if self.known.get(&id) == Some(&words) {
            return;
        }
        self.forget_words(id);
        for word in &words {
            self.begins.enter(word);
            self.by_word.entry(word.clone()).or_default().insert(id);
        }
        self.known.insert(id, words);
    }

    /// Forgets a person's names.
    pub fn forget(&mut self, id: UserId) {
        self.written.remove(&id);
        self.forget_words(id);
    }

    fn forget_words(&mut self, id: UserId) {
        for word in self.known.remove(&id).unwrap_or_default() {
            if let Some(ids) = self.by_word.get_mut(&word) {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_word.remove(&word);
                }
            }
        }
    }

    /// Everybody whose name stands anywhere in a reading, in order: spoken to or spoken about. A short form counts
    /// for somebody near ("tav" for "tavi"), unless it is an everyday word.
    #[must_use]
    pub fn named(&self, reading: &Reading, near: &Near) -> Vec<UserId> {
        let mut found = Vec::new();
        for (at, word) in reading.words.iter().enumerate() {
            let text = reading.word_at(at);
            if word.stop || !self.begins.has(text) || NEVER_A_NAME.contains(&text) {
                continue;
            }
            let exact =
                |text: &str| self.by_word.contains_key(text).then(|| self.called(text, near)).flatten();
            let owner = || text.strip_suffix('s').filter(|stem| stem.len() >= SHORTEST_NAME).and_then(exact);
            let short = || {
                let everyday = text.len() > 5 || !text.bytes().all(|b| b.is_ascii_lowercase());
                (!everyday && !SHORT_WORDS.contains(&text)).then(|| self.called(text, near)).flatten()
            };
            if let Some(id) = exact(text).or_else(owner).or_else(short)
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
        found
    }

    /// Who is called so: somebody of that name, else whoever among `near` has a name that begins so
    /// ("tav" for "tavi"). `None` when nobody or more than one is.
    fn called(&self, word: &str, near: &Near) -> Option<UserId> {
        if word.len() < SHORTEST_NAME || !self.begins.has(word) {
            return None;
        }
        let only = |mut ids: Vec<UserId>| {
            if ids.len() > 1 {
                ids.retain(|id| near.contains(*id));
            }
            if let [one] = ids[..] { Some(one) } else { None }
        };
        if let Some(ids) = self.by_word.get(word) {
            return only(ids.iter().copied().collect());
        }
        let longer = self.by_word.range(word.to_owned()..).take_while(|(name, _)| name.starts_with(word));
        let ids: BTreeSet<UserId> =
            longer.flat_map(|(_, ids)| ids).copied().filter(|id| near.contains(*id)).collect();
        only(ids.into_iter().collect())
    }

    /// Who alone has exactly this name.
    #[must_use]
    pub fn exactly(&self, word: &str) -> Option<UserId> {
        let ids = self.begins.has(word).then(|| self.by_word.get(word)).flatten()?;
        ids.first().copied().filter(|_| ids.len() == 1)
    }

    /// Who has a name beginning with this single letter, if only one of `near` has.
    fn initial(&self, word: &str, near: &Near) -> Option<UserId> {
        let mut found = near.iter().filter(|id| {
            self.known.get(id).and_then(|words| words.first()).is_some_and(|name| name.starts_with(word))
        });
        found.next().filter(|_| found.next().is_none())
    }
}

/// What direction is worked out from.
pub struct Speech<'a> {
    /// Who speaks.
    pub by: UserId,
    /// Whose message it answers.
    pub reply_to: Option<UserId>,
    /// Whom it mentions.
    pub mentions: &'a [UserId],
    /// What it says.
    pub reading: &'a Reading,
    /// Protected people who can see the space, where that is known.
    pub audience: Option<&'a BTreeSet<UserId>>,
}

/// Works out who a message is towards. `before` holds the conversation up to it.
#[must_use]
pub fn direction(speech: &Speech, before: &Recent, names: &Names, roster: &Roster) -> Direction {
    let other = |id: &UserId| *id != speech.by;
    if let Some(id) = speech.reply_to.filter(other) {
        return Direction::Reply(id);
    }
    let protected_first = |ids: &[UserId]| {
        let mut others = ids.iter().copied().filter(other);
        let first = others.clone().next();
        others.find(|id| roster.kind(*id).is_protected()).or(first)
    };
    if let Some(id) = protected_first(speech.mentions) {
        return Direction::Mention(id);
    }
    if let Some(id) = addressed(speech.reading, names, &before.near).filter(other) {
        return Direction::Name(id);
    }
    if speaks_to_all(speech.reading) {
        return Direction::Group;
    }
    if let Some(audience) = speech.audience {
        let mut others = audience.iter().copied().filter(other);
        if let (Some(only), None) = (others.next(), others.next()) {
            return Direction::OnlyListener(only);
        }
    }
    let left_off = || before.left_off_with.filter(|_| speech.reading.has_any(&["you", "your", "u", "ur"]));
    before.partner.or_else(left_off).filter(other).map_or(Direction::Group, Direction::Recent)
}

/// The conversation up to a message, as direction needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recent<'a> {
    /// Whom the speaker is most plainly talking with.
    pub partner: Option<UserId>,
    /// With whom alone the speaker was talking here when the space fell silent, however long ago: whoever goes on there
    /// with "you" goes on with them.
    pub left_off_with: Option<UserId>,
    /// Everybody who spoke lately, and whoever was spoken to.
    pub near: Near<'a>,
}

/// How far back a conversation goes.
const WITHIN: Duration = Duration::from_mins(15);
/// How many messages of others it goes back.
const MESSAGES: usize = 10;
/// How many messages two people must have to themselves for a later one to go on with them.
const TO_THEMSELVES: usize = 3;
/// For how long it does.
const LEFT_OFF_WITHIN: Duration = Duration::from_hours(14 * 24);
/// What having addressed the speaker adds to somebody's nearness: as much as six messages of recency.
const ADDRESSED_THE_SPEAKER: usize = 6;
/// What having been addressed by the speaker adds.
const ADDRESSED_BY_THE_SPEAKER: usize = 3;

impl<'a> Recent<'a> {
    /// Reads the conversation of a space before a moment from its memory.
    #[must_use]
    pub fn of(
        space: &Space,
        by: UserId,
        at: crate::domain::Timestamp,
        id: crate::domain::MessageId,
    ) -> Recent<'a> {
        let mut near: Vec<UserId> = Vec::with_capacity(MESSAGES * 4);
        let mut nearness: Vec<(UserId, usize)> = Vec::with_capacity(MESSAGES);
        let oldest = at.minus(WITHIN);
        for (back, line) in space.before(at, id).take(MESSAGES * 4).enumerate() {
            near.extend([Some(line.author), line.towards].into_iter().flatten().filter(|id| *id != by));
            if line.at < oldest || back >= MESSAGES {
                continue;
            }
            let person = if line.author == by { line.towards } else { Some(line.author) };
            let Some(person) = person else { continue };
            let known = nearness.iter().position(|(known, _)| *known == person).unwrap_or_else(|| {
                nearness.push((person, 0));
                nearness.len() - 1
            });
            let score = &mut nearness[known].1;
            if line.author == by {
                *score += ADDRESSED_BY_THE_SPEAKER;
            } else {
                *score = (*score).max(MESSAGES - back);
                if line.towards == Some(by) {
                    *score += ADDRESSED_THE_SPEAKER;
                }
            }
        }
        let partner =
            nearness.into_iter().max_by_key(|&(id, score)| (score, std::cmp::Reverse(id))).map(|(id, _)| id);
        // Asked for only where nobody speaks at present.
        let left_off_with = if partner.is_none() { left_off_with(space, by, at, id) } else { None };
        Recent { partner, left_off_with, near: Near::of(near) }
    }
}

fn left_off_with(
    space: &Space,
    by: UserId,
    at: crate::domain::Timestamp,
    id: crate::domain::MessageId,
) -> Option<UserId> {
    let oldest = at.minus(LEFT_OFF_WITHIN);
    let last = || space.before(at, id).take(TO_THEMSELVES).filter(|line| line.at >= oldest);
    let other = last().map(|line| line.author).find(|author| *author != by)?;
    let between_them = last().all(|line| line.author == by || line.author == other);
    (between_them && last().count() == TO_THEMSELVES && last().any(|line| line.author == by)).then_some(other)
}

const GREETINGS: [&str; 27] = [
    "hi", "hey", "hello", "hiya", "ok", "yes", "no", "yeah", "thanks", "great", "nice", "well", "done",
    "right", "so", "oi", "yo", "aw", "oh", "morning", "evening", "alright", "good", "cool", "sorry", "haha",
    "please",
];
/// After a name at the start of a sentence these show that it is talked about.
const ABOUT: [&str; 30] = [
    "is", "was", "has", "does", "did", "will", "would", "can", "could", "said", "says", "told", "needs",
    "wants", "knows", "and", "or", "went", "got", "had", "should", "might", "also", "never", "always",
    "just", "gets", "thinks", "wont", "are",
];
/// Before a name at the end of a sentence these show that it is talked about.
const ABOUT_BEFORE: [&str; 30] = [
    "with", "to", "for", "from", "of", "and", "or", "about", "than", "by", "like", "at", "on", "is", "was",
    "are", "called", "ask", "tell", "told", "see", "saw", "near", "behind", "without", "the", "a", "my",
    "where", "who",
];

/// Whom the message calls by name: at the beginning of a sentence, or at its end.
fn addressed(reading: &Reading, names: &Names, near: &Near) -> Option<UserId> {
    let mut start = 0;
    for (at, word) in reading.words.iter().enumerate() {
        if !word.stop {
            continue;
        }
        let sentence = start..at;
        start = at + 1;
        let mut first = sentence.clone();
        let opening = first.by_ref().take(3).find(|&at| {
            let word = reading.word_at(at);
            !GREETINGS.contains(&word) || names.called(word, near).is_some()
        });
        if let Some(at) = opening {
            let (word, next) = (reading.word_at(at), reading.word_at(at + 1));
            // "ella got u a drink" speaks to Ella, "priya said you can" does not speak to Priya.
            let to_you = || {
                sentence.clone().any(|at| matches!(reading.word_at(at), "you" | "your" | "ur"))
                    && !matches!(next, "said" | "says" | "told" | "wants" | "thinks" | "knows")
            };
            let spoken_about = || ABOUT.contains(&next) && !reading.words[at].pause && !to_you();
            if let Some(id) = names.called(word, near).filter(|_| !spoken_about()) {
                return Some(id);
            }
            if word.len() == 1
                && reading.words[at].pause
                && let Some(id) = names.initial(word, near)
            {
                return Some(id);
            }
        }
        if let Some(last) = sentence.clone().next_back().filter(|last| *last > sentence.start) {
            let before = reading.word_at(last - 1);
            let addressed = || reading.words[last - 1].pause || !ABOUT_BEFORE.contains(&before);
            if let Some(id) = names.called(reading.word_at(last), near).filter(|_| addressed()) {
                return Some(id);
            }
        }
    }
    None
}

/// "hi all", "everyone …", "right folks": said to whoever is there.
fn speaks_to_all(reading: &Reading) -> bool {
    const ALL: [&str; 14] = [
        "all",
        "everyone",
        "everybody",
        "folks",
        "guys",
        "lads",
        "team",
        "gang",
        "people",
        "girls",
        "anyone",
        "anybody",
        "peeps",
        "ladies",
    ];
    (1..=3).any(|at| {
        ALL.contains(&reading.word_at(at)) && (at == 1 || GREETINGS.contains(&reading.word_at(at - 1)))
    }) || reading.occasions.has(Occasion::ToAll)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::reading::Vocabulary;

    const TAVI: UserId = UserId(1);
    const BETH: UserId = UserId(2);
    const PRIYA: UserId = UserId(3);
    const ME: UserId = UserId(9);

    fn towards(text: &str) -> Direction {
        let mut names = Names::default();
        names.learn(TAVI, ["tavi"].into_iter());
        names.learn(BETH, ["beth_r"].into_iter());
        names.learn(PRIYA, ["Priya K", "pk_99"].into_iter());
        let reading = Reading::of(text, &Vocabulary::new());
        let speech = Speech { by: ME, reply_to: None, mentions: &[], reading: &reading, audience: None };
        let before =
            Recent { partner: Some(PRIYA), left_off_with: None, near: Near::of(vec![TAVI, BETH, PRIYA]) };
        direction(&speech, &before, &names, &Roster::default())
    }

    #[test]
    fn names_at_the_edge_of_a_sentence_are_addresses() {
        for (text, expected) in [
            ("Tavi that was great", Direction::Name(TAVI)),
            ("hey tav, u ok", Direction::Name(TAVI)),
            ("Booked Beth", Direction::Name(BETH)),
            ("nice one. you ok tavi?", Direction::Name(TAVI)),
            ("T, leave it off the drive", Direction::Name(TAVI)),
            ("tavi got you a drink", Direction::Name(TAVI)),
            ("tavi got a drink", Direction::Recent(PRIYA)),
            ("tavi said you can go", Direction::Recent(PRIYA)),
            ("ask tavi", Direction::Recent(PRIYA)),
            ("was that with Beth", Direction::Recent(PRIYA)),
            ("you ok?", Direction::Recent(PRIYA)),
            ("evening all, what have i missed", Direction::Group),
        ] {
            assert_eq!(towards(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_reply_outranks_a_mention_outranks_a_name() {
        let reading = Reading::of("beth look", &Vocabulary::new());
        let mut names = Names::default();
        names.learn(BETH, ["beth"].into_iter());
        let audience = BTreeSet::from([TAVI]);
        let mut speech = Speech {
            by: ME,
            reply_to: Some(PRIYA),
            mentions: &[TAVI],
            reading: &reading,
            audience: Some(&audience),
        };
        let roster = Roster::default();
        let before = Recent::default();
        assert_eq!(direction(&speech, &before, &names, &roster), Direction::Reply(PRIYA));
        speech.reply_to = Some(ME);
        assert_eq!(direction(&speech, &before, &names, &roster), Direction::Mention(TAVI));
        speech.mentions = &[];
        assert_eq!(direction(&speech, &before, &names, &roster), Direction::Name(BETH));
        let quiet = Reading::of("look", &Vocabulary::new());
        speech.reading = &quiet;
        assert_eq!(direction(&speech, &before, &names, &roster), Direction::OnlyListener(TAVI));
    }
}
