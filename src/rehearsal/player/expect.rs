//! Whether what a script expects is so: from the durable facts, the platform's state and the mailbox.

use std::collections::{BTreeMap, BTreeSet};

use super::memory::Mark;
use super::stage::Stage;
use super::words;
use crate::domain::effect::Nudge;
use crate::domain::event::Ended;
use crate::domain::{CaseRef, Category, Code, Effect, Fact, Level, Timestamp, UserId};
use crate::rehearsal::mailbox::Mail;
use crate::rehearsal::platform::{Handle, permissions};
use crate::rehearsal::script::{Latest, Script, That};

/// Everything that an expectation can be held against.
pub struct Evidence<'e> {
    /// The script's names.
    pub script: &'e Script,
    /// Their ids.
    pub stage: &'e Stage,
    /// The platform.
    pub platform: &'e Handle,
    /// Every durable fact.
    pub facts: &'e [(Timestamp, Fact)],
    /// Every e-mail.
    pub mails: &'e [Mail],
    /// Where the stretch begins.
    pub since: Mark,
    /// Facts in words.
    pub names: &'e dyn words::Names,
}

/// A concern as the facts leave it.
#[derive(Clone, Debug)]
pub struct ConcernNow {
    /// `r-0001`.
    pub reference: String,
    /// Its category.
    pub category: Category,
    /// Its level.
    pub level: Level,
    /// The subjects.
    pub by: BTreeSet<UserId>,
    /// Towards whom.
    pub towards: BTreeSet<UserId>,
    /// Codes of its reasons.
    pub codes: BTreeSet<Code>,
}

/// Every concern as it stands now, by reference.
#[must_use]
pub fn concerns(facts: &[(Timestamp, Fact)]) -> BTreeMap<String, ConcernNow> {
    let mut all = BTreeMap::new();
    for (_, fact) in facts {
        if let Fact::ConcernRaised { reference, category, level, by, towards, reasons, .. } = fact {
            let now = ConcernNow {
                reference: reference.clone(),
                category: *category,
                level: *level,
                by: by.clone(),
                towards: towards.clone(),
                codes: reasons.iter().map(|reason| reason.code).collect(),
            };
            all.insert(reference.clone(), now);
        }
    }
    all
}

impl Evidence<'_> {
    /// None when it is so; else what is so instead. [`That::LogVerifies`] is asked of the bot, not here.
    #[must_use]
    pub fn against(&self, that: &That) -> Option<String> {
        match that {
            That::Page { slot, level, category, latest } => self.page(slot, *level, *category, *latest),
            That::NoPage { slot } => {
                let paged: Vec<String> = self
                    .pages()
                    .filter(|page| slot.as_ref().is_none_or(|slot| page.slot == *slot))
                    .map(|page| page.to_string())
                    .collect();
                (!paged.is_empty()).then(|| paged.join("; "))
            }
            That::Concern { category, by, towards, level, codes } => {
                self.concern(*category, by.as_ref(), towards.as_ref(), *level, codes)
            }
            That::NoConcern { category, by, towards } => {
                let found: Vec<String> = self
                    .concerns_of(by.as_ref(), towards.as_ref())
                    .filter(|concern| concern.level >= Level::Room)
                    .filter(|concern| category.is_none_or(|category| concern.category == category))
                    .map(|concern| self.describe(&concern))
                    .collect();
                (!found.is_empty()).then(|| found.join("; "))
            }
            That::Digest { category, reader } => self.digest(*category, reader.as_ref()),
            That::DigestSent { person } => {
                let sent = self.window().iter().any(|(_, fact)| {
                    matches!(fact, Fact::Outcome {
                        effect: Effect::Digest { person: reader, .. }, ended: Ended::Done { .. }, ..
                    } if reader == person)
                });
                (!sent).then(|| "no digest reached them".to_owned())
            }
            That::Message { message, hidden } => {
                let there = self.stage.message(self.platform, *message).map(|(channel, id)| {
                    self.platform.read(|state| state.any_message(channel, id).is_some())
                });
                match (there, hidden) {
                    (None, _) => Some("that message was never said".to_owned()),
                    (Some(true), true) => Some("the message is still there".to_owned()),
                    (Some(false), false) => Some("the message is gone".to_owned()),
                    _ => None,
                }
            }
            That::Space { space, person, locked } => self.space(space, person, *locked),
            That::Disconnected { person } => self.disconnected(person),
            That::Dms { paused } => {
                let now = self.platform.clock().now();
                let until = self.platform.read(|state| state.guilds.get(&self.stage.guild)?.dms_disabled);
                match until.filter(|until| *until > now) {
                    Some(until) if !paused => Some(format!("direct messages are paused until {until}")),
                    None if *paused => Some("direct messages between members are open".to_owned()),
                    _ => None,
                }
            }
            That::Told { person, code } => self.told(person, code.as_deref()),
            That::NotTold { person } => {
                let told = self.nudges(self.stage.person(person));
                (!told.is_empty()).then(|| format!("they were sent {}", told.join(", ")))
            }
            That::Mail { person } => self.mail(person),
            That::Nothing => self.nothing(),
            That::Answered { person, text } => self.answered(person, text),
            That::AcknowledgedBy { person } => self.acknowledged(person),
            That::Noticed { code, by, towards, so } => {
                self.noticed(*code, by.as_ref(), towards.as_ref(), *so)
            }
            That::LogVerifies => None,
        }
    }

    fn noticed(&self, code: Code, by: Option<&String>, towards: Option<&String>, so: bool) -> Option<String> {
        let fits = |named: Option<&String>, who: Option<UserId>| {
            named.is_none_or(|name| who == Some(self.stage.person(name)))
        };
        let (mut met, mut seen) = (false, BTreeSet::new());
        for (_, fact) in self.window() {
            if let Fact::Observed(found) = fact {
                met |= found.code == code && fits(by, Some(found.by)) && fits(towards, found.towards);
                seen.insert(found.code.name());
            }
        }
        let seen: Vec<&str> = seen.into_iter().collect();
        let instead = if seen.is_empty() {
            "nothing was".to_owned()
        } else {
            format!("noticed was {}", seen.join(", "))
        };
        (met != so).then_some(instead)
    }

    fn window(&self) -> &[(Timestamp, Fact)] {
        self.facts.get(self.since.facts..).unwrap_or_default()
    }

    fn shown(&self, person: UserId) -> String {
        self.names.person(person)
    }

    fn pages(&self) -> impl Iterator<Item = Paged<'_>> {
        self.window().iter().filter_map(|(at, fact)| match fact {
            Fact::Outcome {
                effect: Effect::Page { slot, level, category, channel, drill: false, .. },
                ended: Ended::Done { .. },
                ..
            } => Some(Paged { at: *at, slot, level: *level, category: *category, channel }),
            _ => None,
        })
    }

    fn page(
        &self,
        slot: &str,
        level: Option<Level>,
        category: Option<Category>,
        latest: Option<Latest>,
    ) -> Option<String> {
        let deadline = match latest {
            None => Timestamp(i64::MAX),
            Some(Latest::Within(span)) => self.since.at.plus(span),
            Some(Latest::At(at)) => at,
        };
        let fits = |page: &Paged<'_>| {
            page.slot == slot
                && page.at <= deadline
                && level.is_none_or(|level| page.level == level)
                && category.is_none_or(|category| page.category == category)
        };
        if self.pages().any(|page| fits(&page)) {
            return None;
        }
        let others: Vec<String> = self.pages().map(|page| page.to_string()).collect();
        Some(if others.is_empty() { "no page reached anybody".to_owned() } else { others.join("; ") })
    }

    fn concerns_of(
        &self,
        by: Option<&String>,
        towards: Option<&String>,
    ) -> impl Iterator<Item = ConcernNow> + use<> {
        let (by, towards) =
            (by.map(|name| self.stage.person(name)), towards.map(|name| self.stage.person(name)));
        let fits = move |concern: &ConcernNow| {
            by.is_none_or(|by| concern.by.contains(&by))
                && towards.is_none_or(|towards| concern.towards.contains(&towards))
        };
        concerns(self.facts).into_values().filter(fits)
    }

    fn concern(
        &self,
        category: Category,
        by: Option<&String>,
        towards: Option<&String>,
        level: Option<Level>,
        codes: &[Code],
    ) -> Option<String> {
        let all: Vec<ConcernNow> = self.concerns_of(by, towards).collect();
        let met = all.iter().any(|concern| {
            concern.category == category
                && level.is_none_or(|level| concern.level == level)
                && codes.iter().all(|code| concern.codes.contains(code))
        });
        if met {
            return None;
        }
        let seen: BTreeSet<Code> = self
            .facts
            .iter()
            .filter_map(|(_, fact)| match fact {
                Fact::Observed(seen) => Some(seen),
                _ => None,
            })
            .filter(|seen| by.is_none_or(|by| seen.by == self.stage.person(by)))
            .filter(|seen| towards.is_none_or(|towards| seen.towards == Some(self.stage.person(towards))))
            .map(|seen| seen.code)
            .collect();
        let seen: Vec<&str> = seen.iter().map(|code| code.name()).collect();
        Some(match (&all[..], &seen[..]) {
            ([], []) => "there is no concern, and nothing was noticed".to_owned(),
            ([], seen) => format!("there is no concern; noticed was {}", seen.join(", ")),
            (all, _) => all.iter().map(|concern| self.describe(concern)).collect::<Vec<_>>().join("; "),
        })
    }

    fn describe(&self, concern: &ConcernNow) -> String {
        let names = |people: &BTreeSet<UserId>| {
            people.iter().map(|person| self.shown(*person)).collect::<Vec<_>>().join(", ")
        };
        let codes: Vec<&str> = concern.codes.iter().map(|code| code.name()).collect();
        format!(
            "concern {}: {}, level {}, by {}, towards {} ({})",
            concern.reference,
            concern.category,
            concern.level,
            names(&concern.by),
            names(&concern.towards),
            codes.join(", "),
        )
    }

    /// The level 3 cases that a lead's digest would hold now; a subject never finds themselves in it.
    fn digest(&self, category: Category, reader: Option<&String>) -> Option<String> {
        let mut cases: BTreeMap<CaseRef, (Category, Level, &BTreeSet<UserId>)> = BTreeMap::new();
        for (_, fact) in self.facts {
            if let Fact::CaseOpened { case, category, level, subjects }
            | Fact::CaseRose { case, category, level, subjects } = fact
            {
                cases.insert(*case, (*category, *level, subjects));
            }
        }
        let dsl = || {
            self.script.people.iter().find(|(_, person)| person.slot() == Some("dsl")).map(|(name, _)| name)
        };
        let reader = reader.or_else(dsl).map(|name| self.stage.person(name));
        let lines: Vec<String> = cases
            .iter()
            .filter(|(_, (_, level, subjects))| {
                *level == Level::Concern && reader.is_none_or(|reader| !subjects.contains(&reader))
            })
            .map(|(case, (category, ..))| format!("{category} ({case})"))
            .collect();
        let wanted = format!("{category} (");
        if lines.iter().any(|line| line.starts_with(&wanted)) {
            return None;
        }
        Some(if lines.is_empty() {
            "the digest would be empty".to_owned()
        } else {
            format!("the digest would say {}", lines.join(", "))
        })
    }

    fn space(&self, space: &str, person: &str, locked: bool) -> Option<String> {
        let Some(channel) = self.stage.space(self.platform, space) else {
            return Some(format!("\"{space}\" was never opened"));
        };
        let (now, user) = (self.platform.clock().now(), self.stage.person(person));
        let writes = self.platform.read(|state| {
            state.channel(channel).is_ok_and(|channel| permissions::may_write(state, channel, user, now))
        });
        match (writes, locked) {
            (true, true) => Some(format!("{} can write there", self.shown(user))),
            (false, false) => Some(format!("{} cannot write there", self.shown(user))),
            _ => None,
        }
    }

    fn answered(&self, person: &str, text: &str) -> Option<String> {
        let user = self.stage.person(person);
        let answer = self.platform.read(|state| {
            let theirs = state.interactions.values().filter(|used| used.user == user && used.kind != 4);
            let newest = theirs.max_by_key(|used| used.id)?;
            let message = state.any_message(newest.channel, newest.original?)?;
            Some(message.content.clone())
        });
        match answer {
            None => Some("nothing was answered".to_owned()),
            Some(answer) if answer.contains(text) => None,
            Some(answer) => Some(format!("the answer was: {answer}")),
        }
    }

    fn disconnected(&self, person: &str) -> Option<String> {
        let user = self.stage.person(person);
        let room = self.platform.read(|state| {
            let room = state.guilds.get(&self.stage.guild)?.voice.get(&user)?.channel;
            state.channels.get(&room).map(|room| room.name.clone())
        })?;
        Some(format!("{} is in voice, in {room}", self.shown(user)))
    }

    fn nudges(&self, person: UserId) -> Vec<String> {
        let told =
            self.window().iter().filter_map(|(_, fact)| match fact {
                Fact::Outcome {
                    effect: Effect::Nudge { to, about, .. }, ended: Ended::Done { .. }, ..
                } if *to == person => Some(words::nudge_code(about)),
                Fact::Outcome { effect: Effect::Receipt { to, .. }, ended: Ended::Done { .. }, .. }
                    if *to == person =>
                {
                    Some(words::nudge_code(&Nudge::ReportReceived))
                }
                _ => None,
            });
        told.collect()
    }

    fn told(&self, person: &str, code: Option<&str>) -> Option<String> {
        let told = self.nudges(self.stage.person(person));
        let met = code.map_or(!told.is_empty(), |code| told.iter().any(|there| there == code));
        if met {
            return None;
        }
        Some(if told.is_empty() {
            "they received no private message".to_owned()
        } else {
            format!("they received {}", told.join(", "))
        })
    }

    fn mail(&self, person: &str) -> Option<String> {
        let address = self.script.people.get(person).map(|person| person.email.as_str()).unwrap_or_default();
        let mails = self.mails.get(self.since.mails..).unwrap_or_default();
        if mails.iter().any(|mail| mail.to.iter().any(|to| to.eq_ignore_ascii_case(address))) {
            return None;
        }
        let to: Vec<&str> = mails.iter().flat_map(|mail| &mail.to).map(String::as_str).collect();
        Some(if to.is_empty() {
            "no e-mail was sent".to_owned()
        } else {
            format!("e-mail went to {}", to.join(", "))
        })
    }

    fn nothing(&self) -> Option<String> {
        let done: Vec<String> = self
            .window()
            .iter()
            .filter(|(_, fact)| match fact {
                Fact::ConcernRaised { level, .. } => *level >= Level::Room,
                // Done for the whole server, or because it was agreed; whatever anybody does.
                Fact::Outcome {
                    effect:
                        Effect::PauseDms { .. }
                        | Effect::OpenRoom { .. }
                        | Effect::Notice {
                            about: Nudge::RoomIsOpen | Nudge::RoomClosesSoon | Nudge::RoomIsClosed,
                            ..
                        },
                    ..
                } => false,
                Fact::Outcome { ended, .. } => !matches!(ended, Ended::Withheld { .. }),
                Fact::Called { .. } => true,
                _ => false,
            })
            .filter_map(|(_, fact)| words::fact(fact, self.names))
            .collect();
        (!done.is_empty()).then(|| done.join("; "))
    }

    fn acknowledged(&self, person: &str) -> Option<String> {
        let wanted = self.stage.person(person);
        let mut others = Vec::new();
        for (_, fact) in self.window() {
            match fact {
                Fact::Acknowledged { by, .. } if *by == wanted => return None,
                Fact::Acknowledged { .. } | Fact::AcknowledgementRefused { .. } => {
                    others.extend(words::fact(fact, self.names));
                }
                _ => {}
            }
        }
        Some(if others.is_empty() { "nobody acknowledged anything".to_owned() } else { others.join("; ") })
    }
}

struct Paged<'p> {
    at: Timestamp,
    slot: &'p str,
    level: Level,
    category: Category,
    channel: &'p str,
}

impl std::fmt::Display for Paged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Paged { at, slot, level, category, channel } = self;
        write!(f, "a page ({category}, level {level}) reached {slot} by {channel} at {at}")
    }
}
