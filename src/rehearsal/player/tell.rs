//! What the player tells: lines in words, and what Chaperone did since the last time.

use super::narrator::Told;
use super::stage::Stage;
use super::words::{self, Names};
use super::{Player, Stopped};
use crate::domain::{ChannelId, Fact, UserId};
use crate::rehearsal::platform::Handle;
use crate::rehearsal::platform::model::kind;
use crate::rehearsal::script::{Act, ClubDeed, LineIndex, PlatformFault, Script};

/// Names as the platform shows them.
#[derive(Clone, Debug)]
pub struct PlatformNames {
    /// The platform.
    pub platform: Handle,
}

impl Names for PlatformNames {
    fn person(&self, person: UserId) -> String {
        self.platform
            .read(|state| state.users.get(&person).map(|user| user.name.clone()))
            .unwrap_or_else(|| "somebody".to_owned())
    }

    fn space(&self, space: ChannelId) -> String {
        let found = self.platform.read(|state| {
            state
                .channels
                .get(&space)
                .map(|channel| (channel.name.clone(), channel.kind, channel.is_thread()))
        });
        match found {
            Some((_, kind::DM, _)) => "a direct message".to_owned(),
            Some((name, _, true)) => format!("thread \"{name}\""),
            Some((name, kind::VOICE, _)) => format!("voice room {name}"),
            Some((name, ..)) => format!("#{name}"),
            None => "a space that is gone".to_owned(),
        }
    }
}

impl Player {
    pub(super) fn names(&self) -> PlatformNames {
        PlatformNames { platform: self.parts.platform.clone() }
    }

    pub(super) fn tell(&mut self, told: Told<'_>) -> Result<(), Stopped> {
        let now = self.parts.clock.now();
        Ok(self.parts.narrator.tell(now, told)?)
    }

    pub(super) fn aside(&mut self, text: &str) -> Result<(), Stopped> {
        self.tell(Told::Aside(text))
    }

    /// Tells the facts and e-mails that are new.
    pub(super) async fn tell_news(&mut self) -> Result<(), Stopped> {
        let new = self.parts.bot.facts(self.facts.len()).await;
        let names = self.names();
        let mut kept = 0;
        for (at, fact) in &new {
            if matches!(fact, Fact::Kept { .. }) {
                kept += 1;
                continue;
            }
            if kept > 0 {
                self.parts.narrator.tell(*at, Told::Kept(std::mem::take(&mut kept)))?;
            }
            if let Some(text) = words::fact(fact, &names) {
                self.parts.narrator.tell(*at, Told::Fact(fact, &text))?;
            }
        }
        if kept > 0 {
            self.tell(Told::Kept(kept))?;
        }
        self.facts.extend(new);
        let mails = self.parts.mailbox.mails();
        for mail in mails.get(self.mails_told..).unwrap_or_default() {
            self.parts.narrator.tell(mail.at, Told::Mail(mail))?;
        }
        self.mails_told = mails.len();
        Ok(())
    }

    pub(super) fn in_words(&self, act: &Act) -> String {
        let teller =
            Teller { stage: &self.parts.stage, script: &self.parts.script, platform: &self.parts.platform };
        teller.act(act)
    }
}

struct Teller<'t> {
    stage: &'t Stage,
    script: &'t Script,
    platform: &'t Handle,
}

impl Teller<'_> {
    fn who(&self, name: &str) -> String {
        self.stage.shown(self.stage.person(name))
    }

    fn place(&self, name: &str) -> String {
        let names = PlatformNames { platform: self.platform.clone() };
        self.stage.space(self.platform, name).map_or_else(|| name.to_owned(), |space| names.space(space))
    }

    fn quoted(&self, line: LineIndex) -> String {
        match self.script.lines.get(line).map(|line| &line.doing) {
            Some(crate::rehearsal::script::Doing::Act(Act::Say { who, text, .. })) => {
                format!("{}: “{}”", self.who(who), shortened(text))
            }
            _ => "a message".to_owned(),
        }
    }

    fn act(&self, act: &Act) -> String {
        match act {
            Act::Say { who, space, text, reply_to, files } => {
                let reply = match reply_to {
                    Some(line) => format!(" (answering {})", self.quoted(*line)),
                    None => String::new(),
                };
                let files: Vec<String> = files.iter().map(|file| format!(" [file: {}]", file.name)).collect();
                format!("{} in {}{reply}: “{text}”{}", self.who(who), self.place(space), files.concat())
            }
            Act::WriteTo { who, person, text } => {
                format!("{} to {}, where nobody else sees it: “{text}”", self.who(who), self.who(person))
            }
            Act::TellBot { who, text } => format!("{} to Chaperone, privately: “{text}”", self.who(who)),
            Act::Edit { who, message, text } => {
                format!("{} edits {} to “{text}”", self.who(who), self.quoted(*message))
            }
            Act::Delete { who, message } => format!("{} deletes {}", self.who(who), self.quoted(*message)),
            Act::React { who, message, emoji, added } => {
                let does = if *added { "reacts" } else { "takes back" };
                format!("{} {does} {emoji} on {}", self.who(who), self.quoted(*message))
            }
            Act::OpenThread { who, space, name, with, private } => {
                let kind = if *private { "private" } else { "public" };
                let with: Vec<String> = with.iter().map(|name| self.who(name)).collect();
                let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
                format!("{} opens a {kind} thread “{name}” in {}{with}", self.who(who), self.place(space))
            }
            Act::Add { who, person, thread } if who == person => {
                format!("{} joins {}", self.who(who), self.place(thread))
            }
            Act::Add { who, person, thread } => {
                format!("{} brings {} into {}", self.who(who), self.who(person), self.place(thread))
            }
            Act::Remove { who, person, thread } if who == person => {
                format!("{} leaves {}", self.who(who), self.place(thread))
            }
            Act::Remove { who, person, thread } => {
                format!("{} takes {} out of {}", self.who(who), self.who(person), self.place(thread))
            }
            Act::JoinVoice { who, room } => format!("{} joins {}", self.who(who), self.place(room)),
            Act::LeaveVoice { who } => format!("{} leaves voice", self.who(who)),
            Act::Role { who, role, gains: true } => format!("{} is given the role {role}", self.who(who)),
            Act::Role { who, role, gains: false } => format!("{} loses the role {role}", self.who(who)),
            Act::Acknowledge { who, .. } => format!("{} presses Acknowledge on a page", self.who(who)),
            Act::Report { who, message: Some(line), .. } => {
                format!("{} reports to safeguarding: {}", self.who(who), self.quoted(*line))
            }
            Act::Use { who, space, command, sub, .. } => {
                let sub = sub.as_ref().map(|sub| format!(" {sub}")).unwrap_or_default();
                format!("{} uses /{command}{sub} in {}", self.who(who), self.place(space))
            }
            Act::Report { who, words, in_charge: true, .. } => {
                let words = words.as_deref().unwrap_or_default();
                format!("{} tells safeguarding about somebody in charge: “{words}”", self.who(who))
            }
            Act::Report { who, words, .. } => {
                let words = words.as_deref().unwrap_or_default();
                format!("{} reports to safeguarding, in their own words: “{words}”", self.who(who))
            }
            Act::Club { deed } => match deed {
                ClubDeed::LiftLock { space, person } => {
                    format!("The office opens {} again for {} by hand", self.place(space), self.who(person))
                }
                ClubDeed::LiftDmPause => "The office opens direct messages between members".to_owned(),
                ClubDeed::RemoveBot => "The office takes Chaperone off the server".to_owned(),
                ClubDeed::Right { role, given: true, .. } => {
                    format!("The office gives the role {role} a right")
                }
                ClubDeed::Right { role, given: false, .. } => {
                    format!("The office takes a right from the role {role}")
                }
                ClubDeed::MakeChannel { name, .. } => format!("The office makes the channel #{name}"),
                ClubDeed::HideFromBot { space } => {
                    format!("The office takes {} out of Chaperone's sight", self.place(space))
                }
                ClubDeed::Deafen { person } => format!("The office deafens {}", self.who(person)),
            },
            Act::Bot { up: true } => "Chaperone's process starts again".to_owned(),
            Act::Bot { up: false } => "Chaperone's process is killed".to_owned(),
            Act::Clock { by, back } => {
                let way = if *back { "back" } else { "forward" };
                format!("the clock is set {way} by {} minutes", by.as_secs() / 60)
            }
            Act::Fault { fault, calls, .. } => match fault {
                PlatformFault::DropSocket => "Discord drops the connection".to_owned(),
                PlatformFault::Duplicate => format!("Discord delivers the next {calls} events twice"),
                PlatformFault::TooMany => {
                    format!("Discord says \"too many requests\" to the next {calls} calls")
                }
                PlatformFault::Status(status) => {
                    format!("Discord fails ({status}) on the next {calls} calls")
                }
                PlatformFault::Forbidden => format!("Discord refuses (403) the next {calls} calls"),
            },
        }
    }
}

fn shortened(text: &str) -> String {
    let mut letters = text.chars();
    let start: String = letters.by_ref().take(40).collect();
    if letters.next().is_some() { format!("{start}…") } else { start }
}
