//! A written conversation and what a lead should be told of it, by which line. It is turned into the same exports
//! that `replay` reads and played to the same engine, so a script tests what a real conversation would meet.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use serde_json::{Value, json};

use super::tables::Tables;
use crate::cli::replay::export::Export;
use crate::cli::replay::timeline::Timeline;
use crate::domain::person::RoleMapping;
use crate::domain::{Category, Code, Fact, Level, UserId};
use crate::engine::{Organisation, Policy};
use crate::text::Lists;

/// The longest script, in bytes: 4 MiB.
const LONGEST: u64 = 4 * 1024 * 1024;

/// What a script expects of the highest level about its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// At least this level.
    AtLeast(u8),
    /// At most this level.
    AtMost(u8),
    /// Exactly this level.
    Exactly(u8),
}

impl Expected {
    fn parse(text: &str) -> Option<Expected> {
        let (make, number): (fn(u8) -> Expected, &str) = if let Some(rest) = text.strip_prefix(">=") {
            (Expected::AtLeast, rest)
        } else if let Some(rest) = text.strip_prefix("<=") {
            (Expected::AtMost, rest)
        } else {
            (Expected::Exactly, text.strip_prefix('=').unwrap_or(text))
        };
        number.trim().parse().ok().filter(|level| *level <= 5).map(make)
    }

    fn least(self) -> u8 {
        match self {
            Expected::AtLeast(level) | Expected::Exactly(level) => level,
            Expected::AtMost(_) => 0,
        }
    }

    fn most(self) -> u8 {
        match self {
            Expected::AtMost(level) | Expected::Exactly(level) => level,
            Expected::AtLeast(_) => 5,
        }
    }
}

/// How a script went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The script's name.
    pub id: String,
    /// Its kind.
    pub kind: String,
    /// What it expects, as written.
    pub expect: String,
    /// The line by which its level must be reached.
    pub by: Option<usize>,
    /// How many lines it has.
    pub lines: usize,
    /// The highest level reached, 0 for none.
    pub reached: u8,
    /// The category at that level.
    pub category: Option<Category>,
    /// The line at which the expected level was first reached about the right people.
    pub at: Option<usize>,
    /// Whether it went as expected.
    pub well: bool,
    /// What went otherwise, in a word: late, missed, above.
    pub verdict: &'static str,
    /// What was observed, in order.
    pub noticed: Vec<Noticed>,
}

/// One observation in a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    /// The line that it was made at.
    pub line: usize,
    /// Its stable code.
    pub code: Code,
    /// Whose conduct it is, as the script names them.
    pub by: String,
    /// Towards whom, if anybody.
    pub towards: Option<String>,
}

/// Plays one script. Gives what is wrong with its text.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path, lists: &Arc<Lists>, tables: &mut Tables) -> io::Result<Vec<String>> {
    if std::fs::metadata(path)?.len() > LONGEST {
        return Ok(vec!["the script is longer than 4 MiB; it was passed over".to_owned()]);
    }
    match Script::parse(&std::fs::read_to_string(path)?) {
        Ok(script) => {
            tables.script(script.play(lists));
            Ok(Vec::new())
        }
        Err(problem) => Ok(vec![problem]),
    }
}

/// A script as it is written.
#[derive(Debug)]
struct Script {
    id: String,
    kind: String,
    expect: (String, Expected),
    by: Option<usize>,
    actors: BTreeSet<UserId>,
    targets: BTreeSet<UserId>,
    names: BTreeMap<UserId, String>,
    /// For each line its time, in order.
    times: Vec<i64>,
    exports: Vec<Value>,
}

/// Accounts get these ids, in the order in which the head names them.
const FIRST_PERSON: u64 = 500;
/// A message has this plus the number of its line.
const FIRST_MESSAGE: usize = 1_000;
const FIRST_CHANNEL: u64 = 200;

impl Script {
    fn parse(text: &str) -> Result<Script, String> {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text
            .split_once("\n---\n")
            .ok_or("there is no line `---` between the head and the conversation")?;
        let head: BTreeMap<&str, &str> = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(key, value)| (key.trim(), value.split(" #").next().unwrap_or(value).trim()))
            .collect();
        let field = |name: &str| head.get(name).copied();
        let wanted = |name: &str| field(name).ok_or_else(|| format!("the head has no line `{name}:`"));
        let people: Vec<(&str, &str)> = wanted("people")?
            .split(',')
            .map(|one| one.split_once('=').map(|(name, role)| (name.trim(), role.trim())))
            .collect::<Option<_>>()
            .ok_or("`people:` is a list like `ana=young_person, sam=staff`")?;
        let ids: BTreeMap<&str, u64> =
            people.iter().zip(FIRST_PERSON..).map(|((name, _), id)| (*name, id)).collect();
        let named = |list: Option<&str>| -> BTreeSet<UserId> {
            list.unwrap_or_default()
                .split(',')
                .filter_map(|name| ids.get(name.trim()))
                .map(|id| UserId(*id))
                .collect()
        };
        let expect = wanted("expect")?;
        let mut writer = Writer { people: people.iter().copied().collect(), ids: &ids, channels: Vec::new() };
        let mut times = Vec::new();
        let mut clock = Clock::default();
        for (number, line) in body.lines().filter(|line| !line.trim().is_empty()).enumerate() {
            let said = Line::parse(line, &writer.people).ok_or_else(|| {
                format!(
                    "line {} of the conversation is not `2026-01-14 17:02 #channel name: words`",
                    number + 1
                )
            })?;
            let at = clock.at(said.minute);
            times.push(at.and_utc().timestamp());
            writer.write(number + 1, at, &said);
        }
        Ok(Script {
            id: wanted("id")?.to_owned(),
            kind: wanted("kind")?.to_owned(),
            expect: (
                expect.to_owned(),
                Expected::parse(expect).ok_or("`expect:` is a level like `>=3`, `<=1` or `=3`")?,
            ),
            by: match field("by") {
                Some(by) => Some(by.parse().map_err(|_| "`by:` is the number of a line")?),
                None => None,
            },
            actors: named(field("actor")),
            targets: named(field("target").or_else(|| field("subject"))),
            names: ids.iter().map(|(name, id)| (UserId(*id), (*name).to_owned())).collect(),
            times,
            exports: writer.exports(),
        })
    }

    fn play(self, lists: &Arc<Lists>) -> Outcome {
        let exports: Vec<Export> = self
            .exports
            .iter()
            .filter_map(|export| Export::read(export.to_string().as_bytes()).ok())
            .collect();
        let timeline = Timeline::of(exports, RoleMapping::well_known());
        let mut club =
            Organisation::new("evaluate", Policy::default(), timeline.mapping.clone(), lists.clone());
        let expected = self.expect.1;
        let (mut reached, mut at) = (None::<(Level, Category)>, None);
        let mut noticed = Vec::new();
        let name = |id: UserId| self.names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        let heard = timeline.play(&mut club, |_, now, assessment| {
            let line = self.times.partition_point(|time| *time <= now.0.div_euclid(1_000_000));
            for fact in &assessment.facts {
                if let Fact::Observed(seen) = fact {
                    let (by, towards) = (name(seen.by), seen.towards.map(name));
                    noticed.push(Noticed { line, code: seen.code, by, towards });
                }
                let Fact::ConcernRaised { category, level, by, towards, .. } = fact else { continue };
                if reached.is_none_or(|(highest, _)| *level > highest) {
                    reached = Some((*level, *category));
                }
                let right = match (self.actors.is_empty(), self.targets.is_empty()) {
                    (false, _) => by.iter().any(|id| self.actors.contains(id)),
                    (true, false) => towards.iter().chain(by).any(|id| self.targets.contains(id)),
                    (true, true) => true,
                };
                if right && at.is_none() && u8::from(*level) >= expected.least().max(1) {
                    at = Some(line);
                }
            }
            Ok::<(), std::convert::Infallible>(())
        });
        let Ok(()) = heard;
        let highest = reached.map_or(0, |(level, _)| u8::from(level));
        let verdict = if highest > expected.most() {
            "above"
        } else if expected.least() == 0 {
            ""
        } else {
            match (at, self.by) {
                (None, _) => "missed",
                (Some(at), Some(by)) if at > by => "late",
                _ => "",
            }
        };
        Outcome {
            id: self.id,
            kind: self.kind,
            expect: self.expect.0,
            by: self.by,
            lines: self.times.len(),
            reached: highest,
            category: reached.map(|(_, category)| category),
            at: at.filter(|_| expected.least() > 0),
            well: verdict.is_empty(),
            verdict,
            noticed,
        }
    }
}

/// Lines of one minute follow each other by two seconds.
#[derive(Default)]
struct Clock {
    last: Option<NaiveDateTime>,
    second: i64,
}

impl Clock {
    fn at(&mut self, minute: NaiveDateTime) -> NaiveDateTime {
        self.second = if self.last == Some(minute) { (self.second + 2).min(58) } else { 0 };
        self.last = Some(minute);
        minute + TimeDelta::seconds(self.second)
    }
}

/// One line of a conversation.
struct Line<'a> {
    minute: NaiveDateTime,
    channel: &'a str,
    who: &'a str,
    did: Did<'a>,
}

enum Did<'a> {
    Said { text: &'a str, to: Option<&'a str> },
    Reacted { emoji: &'a str, to: &'a str },
}

impl<'a> Line<'a> {
    fn parse(line: &'a str, people: &BTreeMap<&str, &str>) -> Option<Line<'a>> {
        let (stamp, rest) = (line.get(..16)?, line.get(16..)?.strip_prefix(" #")?);
        let minute = NaiveDateTime::parse_from_str(stamp, "%Y-%m-%d %H:%M").ok()?;
        let (channel, rest) = rest.split_once(' ')?;
        let words: Vec<&str> = rest.split(' ').collect();
        if let [who, "+", emoji, ">", to] = words[..]
            && people.contains_key(who)
            && people.contains_key(to)
        {
            return Some(Line { minute, channel, who, did: Did::Reacted { emoji, to } });
        }
        let (head, text) = rest.split_once(": ").or_else(|| Some((rest.strip_suffix(':')?, "")))?;
        let (who, to) = match head.split_once(" > ") {
            Some((who, to)) => (who, Some(to)),
            None => (head, None),
        };
        people.contains_key(who).then_some(Line { minute, channel, who, did: Did::Said { text, to } })
    }
}

/// Writes lines as exported channels.
struct Writer<'a> {
    people: BTreeMap<&'a str, &'a str>,
    ids: &'a BTreeMap<&'a str, u64>,
    channels: Vec<(String, Vec<Value>)>,
}

impl Writer<'_> {
    fn user(&self, name: &str) -> Value {
        let role = match self.people.get(name).copied() {
            Some("staff") => Some("Youth Worker"),
            Some("young_person") => Some("Young Person"),
            Some("volunteer") => Some("Volunteer"),
            _ => None,
        };
        let roles: Vec<Value> = role
            .iter()
            .map(|role| json!({ "id": "9", "name": role, "color": null, "position": 1 }))
            .collect();
        json!({
            "id": self.ids.get(name).copied().unwrap_or_default().to_string(),
            "name": name, "discriminator": "0000", "nickname": name, "color": null, "isBot": false, "roles": roles,
        })
    }

    fn write(&mut self, number: usize, at: NaiveDateTime, line: &Line) {
        let who = self.user(line.who);
        let mentioned: Vec<Value> = match line.did {
            Did::Said { text, .. } => {
                self.people.keys().filter(|name| mentions(text, name)).map(|name| self.user(name)).collect()
            }
            Did::Reacted { .. } => Vec::new(),
        };
        let place = self.channels.iter().position(|(name, _)| name == line.channel).unwrap_or_else(|| {
            self.channels.push((line.channel.to_owned(), Vec::new()));
            self.channels.len() - 1
        });
        let messages = &mut self.channels[place].1;
        let last_of = |messages: &[Value], name: &str| {
            messages.iter().rposition(|message| message["author"]["name"] == name)
        };
        match line.did {
            Did::Reacted { emoji, to } => {
                let Some(answered) = last_of(messages, to) else { return };
                let Some(reactions) = messages[answered]["reactions"].as_array_mut() else { return };
                if let Some(same) = reactions.iter_mut().find(|one| one["emoji"]["name"] == emoji) {
                    same["count"] = json!(same["count"].as_u64().unwrap_or(0) + 1);
                    if let Some(users) = same["users"].as_array_mut() {
                        users.push(who);
                    }
                } else {
                    reactions.push(json!({
                        "emoji": { "id": "", "name": emoji, "code": "", "isAnimated": false },
                        "count": 1, "users": [who],
                    }));
                }
            }
            Did::Said { text, to } => {
                let answered = to.and_then(|to| last_of(messages, to)).map(|at| messages[at]["id"].clone());
                let mut message = json!({
                    "id": (FIRST_MESSAGE + number).to_string(),
                    "type": if answered.is_some() { "Reply" } else { "Default" },
                    "timestamp": DateTime::to_rfc3339(&at.and_utc()),
                    "timestampEdited": null, "isPinned": false, "content": text, "author": who,
                    "attachments": [], "embeds": [], "stickers": [], "reactions": [], "mentions": mentioned,
                });
                if let Some(answered) = answered {
                    let channel = (FIRST_CHANNEL + place as u64).to_string();
                    message["reference"] =
                        json!({ "messageId": answered, "channelId": channel, "guildId": "1" });
                }
                messages.push(message);
            }
        }
    }

    fn exports(self) -> Vec<Value> {
        self.channels
            .into_iter()
            .zip(FIRST_CHANNEL..)
            .map(|((name, messages), id)| {
                json!({
                    "guild": { "id": "1", "name": "Youth club" },
                    "channel": {
                        "id": id.to_string(), "type": "GuildTextChat", "categoryId": "100", "category": "Club",
                        "name": name, "topic": null,
                    },
                    "exportedAt": "2026-06-01T00:00:00+00:00",
                    "messageCount": messages.len(), "messages": messages,
                })
            })
            .collect()
    }
}

/// Whether a text mentions somebody (`@name`, not as a part of a longer name).
fn mentions(text: &str, name: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        text[at + 1..]
            .strip_prefix(name)
            .is_some_and(|rest| !rest.chars().next().is_some_and(|c| c.is_alphanumeric() || c == '_'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "id: x1\nkind: threat\nexpect: >=4\nby: 3\nactor: sam\ntarget: ana\n\
        people: sam=young_person, ana=young_person, kim=staff\n---\n\
        2026-01-14 17:02 #art kim: evening all\n\
        2026-01-14 17:02 #art ana: hi @kim\n\
        2026-01-14 17:03 #art sam > ana: kys\n\
        2026-01-14 17:03 #art ana + 😢 > sam\n";

    fn outcome(text: &str) -> Outcome {
        Script::parse(text).unwrap().play(&Lists::shared())
    }

    #[test]
    fn a_script_is_played_and_its_level_has_a_line() {
        let outcome = outcome(SCRIPT);
        assert_eq!((outcome.reached, outcome.at, outcome.well), (4, Some(3), true), "{outcome:?}");
    }

    #[test]
    fn late_missed_and_above_are_told_apart() {
        assert_eq!(outcome(&SCRIPT.replace("by: 3", "by: 2")).verdict, "late");
        assert_eq!(outcome(&SCRIPT.replace(": kys", ": hello")).verdict, "missed");
        assert_eq!(outcome(&SCRIPT.replace(">=4", "<=1")).verdict, "above");
        assert_eq!(outcome(&SCRIPT.replace("actor: sam", "actor: kim")).verdict, "missed");
    }

    #[test]
    fn what_is_wrong_with_a_script_is_said_with_its_line() {
        let why = |text: &str| Script::parse(text).unwrap_err();
        assert!(why("id: x").contains("---"));
        assert!(why(&SCRIPT.replace("sam > ana: kys", "nobody: kys")).contains("line 3 "));
        assert!(why(&SCRIPT.replace(">=4", "loud")).contains("expect"));
    }
}
