//! A concern as `replay` tells it: a line of JSON, or sentences that a youth worker can follow.

use std::fmt::Write as _;

use serde::Serialize;

use super::called::Callers;
use super::timeline::Timeline;
use crate::detect::grooming::Finding;
use crate::domain::zone::Zone;
use crate::domain::{
    CaseRef, Category, ChannelId, Code, ConcernKey, Effect, Fact, Family, Level, MessageId, Observation,
    Quote, Timestamp, UserId,
};
use crate::engine::{Assessment, Organisation};

/// A concern that was raised, or whose level rose: the line of `replay --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Raised {
    at: Timestamp,
    /// Its reference, `r-0001`.
    pub concern: String,
    /// Its level now.
    pub level: Level,
    category: Category,
    codes: Vec<Code>,
    by: Vec<UserId>,
    towards: Vec<UserId>,
    reasons: Vec<Reason>,
    effects: Vec<Done>,
    /// Which rule it rests on and what would have made it quieter, for a reader.
    #[serde(skip)]
    why: Vec<String>,
}

/// Why, and where it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Reason {
    code: Code,
    message_id: Option<MessageId>,
    channel_id: Option<ChannelId>,
    at: Timestamp,
    quote: Option<Quote>,
    #[serde(skip)]
    by: UserId,
}

/// What a live installation would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
enum Done {
    Page { slot: &'static str },
    Hide { message_id: MessageId },
    Nudge { to: UserId, about: crate::domain::effect::Nudge },
    Lock { channel_id: ChannelId, user_id: UserId },
    Disconnect { channel_id: ChannelId, user_id: UserId },
    Notice { channel_id: ChannelId, about: crate::domain::effect::Nudge },
}

impl Raised {
    /// Every concern that one assessment raised, with the effects that belong to it.
    #[must_use]
    pub fn all(
        club: &Organisation,
        callers: &Callers,
        at: Timestamp,
        assessment: &Assessment,
    ) -> Vec<Raised> {
        let mut raised = Vec::new();
        for fact in &assessment.facts {
            let Fact::ConcernRaised { reference, key, category, level, by, towards, reasons, case } = fact
            else {
                continue;
            };
            let mut codes: Vec<Code> = reasons.iter().map(|reason| reason.code).collect();
            codes.sort_unstable();
            codes.dedup();
            let called = callers.first(club, at, *category, *level, by);
            let mut effects: Vec<Done> =
                called.into_iter().map(|slot| Done::Page { slot: slot.code() }).collect();
            effects.extend(case.iter().flat_map(|case| decided(assessment, *case)));
            raised.push(Raised {
                at,
                concern: reference.clone(),
                level: *level,
                category: *category,
                codes,
                by: by.iter().copied().collect(),
                towards: towards.iter().copied().collect(),
                reasons: reasons.iter().map(Reason::of).collect(),
                effects,
                why: why(club, *key, at),
            });
        }
        raised
    }

    /// The concern in sentences. Names and quotes are cleaned of everything that a terminal would obey.
    #[must_use]
    pub fn in_words(&self, club: &Organisation, timeline: &Timeline, zone: Zone) -> String {
        let mut text = format!(
            "{}  {}  level {} ({}): {}\n",
            when(zone, self.at),
            self.concern,
            self.level,
            level_in_words(self.level),
            category_in_words(self.category)
        );
        let name = |user: &UserId| name(club, *user);
        let names = |users: &[UserId]| users.iter().map(name).collect::<Vec<_>>().join(", ");
        let who = match (self.by.is_empty(), self.towards.is_empty()) {
            (false, false) => format!("  who: {} towards {}\n", names(&self.by), names(&self.towards)),
            (false, true) => format!("  who: {}\n", names(&self.by)),
            (true, false) => format!("  about: {}\n", names(&self.towards)),
            (true, true) => String::new(),
        };
        text.push_str(&who);
        for reason in &self.reasons {
            _ = writeln!(text, "  - {}{}", reason.code.sentence(), reason.place(club, timeline, zone));
        }
        for why in &self.why {
            _ = writeln!(text, "  why: {why}");
        }
        for effect in &self.effects {
            _ = writeln!(text, "  → {}", effect.in_words(club));
        }
        if self.level == Level::Concern {
            text.push_str("  → would stand in the DSL's digest of the day\n");
        } else if self.level == Level::Room {
            text.push_str("  → would be a matter for the youth workers in the room\n");
        }
        text
    }
}

impl Reason {
    fn of(observation: &Observation) -> Reason {
        Reason {
            code: observation.code,
            message_id: observation.message,
            channel_id: observation.space,
            at: observation.at,
            quote: observation.quote,
            by: observation.by,
        }
    }

    /// Who said it, where, when, in which words.
    fn place(&self, club: &Organisation, timeline: &Timeline, zone: Zone) -> String {
        let channel = self
            .channel_id
            .and_then(|id| timeline.channels.get(&id))
            .filter(|name| !name.is_empty())
            .map_or_else(String::new, |channel| format!(" in #{}", plain(channel)));
        let message =
            self.channel_id.zip(self.message_id).and_then(|(space, id)| timeline.message(space, id));
        let words = message.zip(self.quote).map(|(message, quote)| quoted(&message.content, quote));
        let words = words.filter(|words| !words.is_empty()).map_or_else(String::new, |w| format!(": “{w}”"));
        format!(" {}{channel}, {}{words}", name(club, self.by), when(zone, self.at))
    }
}

impl Done {
    fn in_words(&self, club: &Organisation) -> String {
        match self {
            Done::Page { slot } => format!("would page {}", slot_in_words(slot)),
            Done::Hide { message_id } => {
                format!("would hide message {message_id}, after keeping it as evidence")
            }
            Done::Nudge { to, about } => {
                format!("would write privately to {} ({})", name(club, *to), about.code())
            }
            Done::Lock { user_id, .. } => format!("would close the space for {}", name(club, *user_id)),
            Done::Disconnect { user_id, .. } => {
                format!("would disconnect {} from voice", name(club, *user_id))
            }
            Done::Notice { .. } => "would post a neutral notice in the space".to_owned(),
        }
    }
}

/// Which rule a concern about a pair rests on, and what would have made it quieter.
fn why(club: &Organisation, key: ConcernKey, at: Timestamp) -> Vec<String> {
    let (Family::AdultConduct, Some(by), Some(towards)) = (key.family, key.by, key.towards) else {
        return Vec::new();
    };
    let beside = club.state().beside(by, towards, at);
    let found = club.state().pair(by, towards).and_then(|pair| pair.assess_beside(at, &beside));
    let told = |finding: Finding| {
        let quieter = finding.quieter(&beside).into_iter().map(crate::wording::quieter);
        std::iter::once(crate::wording::rests_on(finding.rule).to_owned()).chain(quieter).collect()
    };
    found.map(told).unwrap_or_default()
}

/// The effects that were decided for a case.
fn decided(assessment: &Assessment, wanted: CaseRef) -> impl Iterator<Item = Done> {
    assessment.facts.iter().filter_map(move |fact| match fact {
        Fact::Decided { effect, case: Some(case), .. } if *case == wanted => Some(match effect {
            Effect::Hide { message, .. } => Done::Hide { message_id: *message },
            Effect::Lock { space, adult, .. } => Done::Lock { channel_id: *space, user_id: *adult },
            Effect::Disconnect { room, adult, .. } => Done::Disconnect { channel_id: *room, user_id: *adult },
            Effect::Nudge { to, about, .. } => Done::Nudge { to: *to, about: *about },
            Effect::Notice { space, about } => Done::Notice { channel_id: *space, about: *about },
            Effect::Receipt { to, .. } => {
                Done::Nudge { to: *to, about: crate::domain::effect::Nudge::ReportReceived }
            }
            // What is done for a whole server or by a lead is no answer to an export. Pages are the ladder's; an export
            // has none, and `Callers` says who would be called first.
            Effect::Unlock { .. }
            | Effect::PauseDms { .. }
            | Effect::OpenRoom { .. }
            | Effect::Page { .. }
            | Effect::PageTogether { .. }
            | Effect::PageSettled { .. }
            | Effect::Digest { .. }
            | Effect::Cosign { .. }
            | Effect::Stamp { .. }
            | Effect::Reminder { .. }
            | Effect::DrillReport { .. } => return None,
        }),
        _ => None,
    })
}

/// A moment in the charity's own time.
fn when(zone: Zone, at: Timestamp) -> String {
    zone.local(at).format("%a %-d %b %Y %H:%M").to_string()
}

/// A level as the guidance names it.
#[must_use]
pub fn level_in_words(level: Level) -> &'static str {
    match level {
        Level::Noted => "noted",
        Level::Room => "for the room",
        Level::Concern => "concern",
        Level::Serious => "serious",
        Level::Immediate => "immediate danger",
    }
}

fn category_in_words(category: Category) -> &'static str {
    match category {
        Category::Boundary => "an adult's conduct (low-level concern)",
        Category::PersonalInformation => "personal information",
        Category::ViolenceExtremism => "violence or extremism",
        Category::Contact => "supervised contact",
        other => other.name(),
    }
}

fn slot_in_words(slot: &str) -> &str {
    match slot {
        "dsl" => "the DSL",
        "deputy-dsl" => "the deputy DSL",
        "senior-manager" => "the senior manager",
        "chair" => "the chair of trustees",
        _ => "the external contact",
    }
}

/// What the server shows for somebody, and what they are to the charity.
fn name(club: &Organisation, user: UserId) -> String {
    let person = club.servers().values().find_map(|server| server.roster.get(user));
    person.map_or_else(
        || format!("account {user}"),
        |person| {
            let shown = plain(&person.shown);
            if shown.is_empty() {
                format!("account {user} ({})", person.kind)
            } else {
                format!("{shown} ({})", person.kind)
            }
        },
    )
}

/// The quoted part of a message, at most 160 characters of it.
fn quoted(content: &str, quote: Quote) -> String {
    const MOST: usize = 160;
    let length = (quote.end - quote.start) as usize;
    let mut words: String = content.chars().skip(quote.start as usize).take(length.min(MOST)).collect();
    if length > MOST {
        words.push('…');
    }
    plain(&words)
}

/// Without control characters, line breaks and invisible marks of direction: names and messages are written by
/// anybody, and a terminal obeys what it is sent.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '·',
            c if c.is_control() => '·',
            c => c,
        })
        .collect::<String>()
        .trim()
        .to_owned()
}
