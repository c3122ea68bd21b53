//! Plays a written conversation to an organisation, as a live one would hear it, and tells what was raised at which
//! line. The format: a head of `key: value` lines, `---`, then one line a turn:
//!
//! ```text
//! 2026-01-14 17:09 #open-mic brodie: words
//! 2026-01-14 17:12 #open-mic brodie > tavi: words that answer tavi's last message
//! 2026-01-14 17:14 #open-mic kez + 🐦 > tavi
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use chaperone::domain::event::{GuildSnapshot, Heard, Member, Message, Role};
use chaperone::domain::person::RoleMapping;
use chaperone::domain::space::Permissions;
use chaperone::domain::{
    Category, ChannelId, Code, Event, Fact, GuildId, MessageId, Observation, RoleId, Space, SpaceKind,
    Timestamp, UserId,
};
use chaperone::engine::{Organisation, Policy};
use chaperone::text::Lists;

const GUILD: GuildId = GuildId(1);

/// What is expected of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// At least this level, by this line.
    AtLeast(u8, u64),
    /// At most this level, ever.
    AtMost(u8),
}

/// A concern that was raised, or rose.
#[derive(Clone, Debug)]
pub struct Raise {
    /// At which line.
    pub line: u64,
    /// To which level.
    pub level: u8,
    /// About what.
    pub category: Category,
    /// Whose conduct, by name.
    pub by: BTreeSet<String>,
    /// Towards whom, by name.
    pub towards: BTreeSet<String>,
    /// Why.
    pub codes: BTreeSet<Code>,
}

/// A conversation and what came of it.
#[derive(Clone, Debug)]
pub struct Played {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// What is expected.
    pub expected: Expected,
    /// What was raised, in order.
    pub raised: Vec<Raise>,
    /// What was observed, with the line at which it was concluded.
    pub observed: Vec<(u64, Observation)>,
    names: BTreeMap<UserId, String>,
}

impl Played {
    /// The highest level and the line at which it was reached.
    pub fn highest(&self) -> (u8, u64) {
        let level = self.raised.iter().map(|raise| raise.level).max().unwrap_or(0);
        (level, self.raised.iter().find(|raise| raise.level == level).map_or(0, |raise| raise.line))
    }

    /// Whether it came out as expected.
    pub fn is_met(&self) -> bool {
        match self.expected {
            Expected::AtLeast(level, by) => {
                self.raised.iter().any(|raise| raise.level >= level && raise.line <= by)
            }
            Expected::AtMost(level) => self.highest().0 <= level,
        }
    }

    /// One line about it, and why.
    pub fn told(&self) -> String {
        let mut out = format!(
            "{} {:5} {:8} {:?}: reached {:?}\n",
            if self.is_met() { "ok  " } else { "MISS" },
            self.id,
            self.kind,
            self.expected,
            self.highest()
        );
        for raise in &self.raised {
            let codes: Vec<&str> = raise.codes.iter().map(|code| code.name()).collect();
            let _ = writeln!(
                out,
                "       line {:2} level {} {} by {:?} towards {:?}: {}",
                raise.line,
                raise.level,
                raise.category,
                raise.by,
                raise.towards,
                codes.join(" ")
            );
        }
        out
    }

    /// Every observation, a line each.
    pub fn observations(&self) -> String {
        let name = |id: &UserId| self.names.get(id).map_or("?", String::as_str);
        let mut out = String::new();
        for (line, seen) in &self.observed {
            let _ = writeln!(
                out,
                "           @{line:2} line {:2} {} {} > {}",
                seen.message.map_or(0, |id| id.0),
                seen.code,
                name(&seen.by),
                seen.towards.as_ref().map_or("-", name),
            );
        }
        out
    }
}

fn role_of(word: &str) -> RoleId {
    RoleId(match word {
        "young_person" => 2,
        "staff" => 3,
        "volunteer" => 4,
        _ => 5,
    })
}

/// Plays a conversation.
pub fn play(script: &str, lists: &Arc<Lists>) -> Played {
    let (head, body) = script.split_once("\n---\n").expect("a conversation has a head and a body");
    let value = |key: &str| {
        head.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ")).unwrap_or_default().trim()
    };
    let people: Vec<(&str, &str)> =
        value("people").split(", ").filter_map(|person| person.split_once('=')).collect();
    let ids: BTreeMap<&str, UserId> =
        (500..).map(UserId).zip(&people).map(|(id, (name, _))| (*name, id)).collect();
    let expected = value("expect");
    let number = |text: &str| text.trim().parse::<u8>().expect("a level");
    let expected = if let Some(most) = expected.strip_prefix("<=") {
        Expected::AtMost(number(most))
    } else {
        let least = number(expected.strip_prefix(">=").expect(">= or <="));
        Expected::AtLeast(least, value("by").parse().unwrap_or(u64::MAX))
    };
    let mut played = Played {
        id: value("id").to_owned(),
        kind: value("kind").to_owned(),
        expected,
        raised: Vec::new(),
        observed: Vec::new(),
        names: ids.iter().map(|(name, id)| (*id, (*name).to_owned())).collect(),
    };
    let lines: Vec<&str> = body.lines().filter(|line| !line.trim().is_empty()).collect();
    let mut club = Organisation::new("club", Policy::default(), RoleMapping::well_known(), Arc::clone(lists));
    let spaces: BTreeSet<&str> = lines.iter().filter_map(|line| line.split(' ').nth(2)).collect();
    let spaces: BTreeMap<&str, ChannelId> = spaces.into_iter().zip((200..).map(ChannelId)).collect();
    let start = when(lines[0]);
    hear(&mut club, &mut played, 0, start, Event::Guild(Box::new(server(&people, &ids, &spaces))));
    let mut last: BTreeMap<(ChannelId, UserId), MessageId> = BTreeMap::new();
    for (number, line) in (1_u64..).zip(&lines) {
        let mut parts = line.splitn(4, ' ').skip(2);
        let (space, rest) = (spaces[parts.next().unwrap()], parts.next().unwrap());
        let at = Timestamp(when(line).0 + number.cast_signed() % 60 * 1_000_000);
        let (who, text) = rest.split_once(": ").unwrap_or((rest, ""));
        if let Some((by, under)) = who.split_once(" + ") {
            let (emoji, author) = under.split_once(" > ").expect("a reaction: who + emoji > whom");
            let Some(message) = last.get(&(space, ids[author])) else { continue };
            let event = Event::Reacted {
                guild: Some(GUILD),
                space,
                message: *message,
                author: Some(ids[author]),
                by: ids[by],
                emoji: emoji.to_owned(),
                added: true,
            };
            hear(&mut club, &mut played, number, at, event);
            continue;
        }
        let (by, to) = who.split_once(" > ").map_or((who, None), |(by, to)| (by, Some(ids[to])));
        let message = Message {
            id: MessageId(number),
            space,
            guild: Some(GUILD),
            author: ids[by],
            author_name: by.to_owned(),
            at,
            content: text.to_owned(),
            mentions: ids
                .iter()
                .filter(|(name, _)| text.contains(&format!("@{name}")))
                .map(|(_, id)| *id)
                .collect(),
            reply_to: to.and_then(|to| Some((*last.get(&(space, to))?, Some(to)))),
            ..Message::default()
        };
        last.insert((space, message.author), message.id);
        hear(&mut club, &mut played, number, at, Event::Said(Box::new(message)));
    }
    played
}

fn when(line: &str) -> Timestamp {
    let mut parts = line.split(' ');
    let (day, time) = (parts.next().unwrap(), parts.next().unwrap());
    Timestamp::parse_rfc3339(&format!("{day}T{time}:00Z")).expect("a time")
}

fn server(
    people: &[(&str, &str)],
    ids: &BTreeMap<&str, UserId>,
    spaces: &BTreeMap<&str, ChannelId>,
) -> GuildSnapshot {
    let roles = [(1, "@everyone"), (2, "Young Person"), (3, "Youth Worker"), (4, "Volunteer"), (5, "Guest")];
    GuildSnapshot {
        id: GUILD,
        roles: roles
            .iter()
            .map(|(id, name)| Role {
                id: RoleId(*id),
                name: (*name).to_owned(),
                permissions: Permissions::VIEW_CHANNEL,
                position: 0,
            })
            .collect(),
        spaces: spaces
            .values()
            .map(|id| Space {
                id: *id,
                guild: GUILD,
                kind: SpaceKind::Text,
                name: String::new(),
                parent: None,
                owner: None,
                overwrites: vec![],
                members: BTreeSet::new(),
                locked: false,
                archived: false,
            })
            .collect(),
        members: people
            .iter()
            .map(|(name, role)| Member {
                id: ids[name],
                name: (*name).to_owned(),
                shown: (*name).to_owned(),
                roles: BTreeSet::from([role_of(role)]),
                bot: false,
            })
            .collect(),
        ..GuildSnapshot::default()
    }
}

fn hear(club: &mut Organisation, played: &mut Played, line: u64, at: Timestamp, event: Event) {
    let assessment = club.assess(&Heard { at, event });
    let names = |ids: &BTreeSet<UserId>| -> BTreeSet<String> {
        ids.iter().filter_map(|id| played.names.get(id).cloned()).collect()
    };
    for fact in &assessment.facts {
        match fact {
            Fact::ConcernRaised { category, level, by, towards, reasons, .. } => {
                let raise = Raise {
                    line,
                    level: (*level).into(),
                    category: *category,
                    by: names(by),
                    towards: names(towards),
                    codes: reasons.iter().map(|reason| reason.code).collect(),
                };
                played.raised.push(raise);
            }
            Fact::Observed(seen) => played.observed.push((line, seen.clone())),
            _ => {}
        }
    }
}
