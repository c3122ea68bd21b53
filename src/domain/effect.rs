//! Effects as data: what is to be done to the world outside. Each leaves through the outbox.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::docket::Deadline;
use super::space::Overwrite;
use super::{CaseRef, Category, ChannelId, GuildId, Level, MessageId, ReportRef, RoleId, Timestamp, UserId};

/// One thing to do outside. Holds ids and codes only, never a word of a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "effect")]
pub enum Effect {
    /// Take a message out of sight. Its exhibit is durable before this leaves.
    Hide {
        /// Where it stands.
        space: ChannelId,
        /// Which.
        message: MessageId,
    },
    /// Take an adult's voice in a space, and nobody else's: in a channel they can read, not write, react or open threads;
    /// out of a private thread they are taken; in a public one they cannot write.
    Lock {
        /// On which server.
        guild: GuildId,
        /// Where: a channel, or a thread.
        space: ChannelId,
        /// The parent channel, where `space` is a thread.
        parent: Option<ChannelId>,
        /// For whom.
        adult: UserId,
        /// Where it is a thread: they manage threads there, so that taking them out of it does not take their voice.
        #[serde(default)]
        manages_threads: bool,
    },
    /// Give an adult back what a lock took: exactly the overwrite that stood there before, or, where that is not known,
    /// only the bits of a lock.
    Unlock {
        /// On which server.
        guild: GuildId,
        /// Where: a channel, or a thread.
        space: ChannelId,
        /// For whom.
        adult: UserId,
        /// The adult's overwrite before the lock; none where there was none.
        before: Option<Overwrite>,
        /// Whether `before` is what stood there. False: it was not recorded.
        exact: bool,
        /// The channel whose overwrite it is, where `space` is a thread that was locked through its channel.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        channel: Option<ChannelId>,
        /// They were taken out of a private thread, and are brought back into it.
        #[serde(default)]
        taken_out: bool,
    },
    /// Pause direct messages between members of a server until a moment, or let the pause lapse. Somebody else's pause
    /// of invites stays as it is.
    PauseDms {
        /// On which server.
        guild: GuildId,
        /// Until when (Discord allows 24 hours ahead); none lifts it.
        until: Option<Timestamp>,
    },
    /// Open the supervised room of a contact plan: a private channel that its people and the leads see.
    OpenRoom {
        /// On which server.
        guild: GuildId,
        /// The plan's name in the register.
        plan: String,
        /// Who sees it: the adult, the young person, the observer.
        people: BTreeSet<UserId>,
        /// Roles that see it: the leads'.
        roles: BTreeSet<RoleId>,
        /// The bot, which sees it too.
        own: UserId,
    },
    /// Disconnect an adult from voice.
    Disconnect {
        /// On which server.
        guild: GuildId,
        /// From which room.
        room: ChannelId,
        /// Whom.
        adult: UserId,
    },
    /// A short, warm, private message to one person.
    Nudge {
        /// To whom.
        to: UserId,
        /// Which wording.
        about: Nudge,
        /// In which space it happened.
        space: Option<ChannelId>,
    },
    /// The receipt of a report: a private message with its reference and where to find help now.
    Receipt {
        /// To whom.
        to: UserId,
        /// The reference.
        reference: ReportRef,
    },
    /// A neutral notice in a space ("this space is closed until …, ask …").
    Notice {
        /// Where.
        space: ChannelId,
        /// Which wording.
        about: Nudge,
    },
    /// Call one person about a case, over one channel.
    Page {
        /// Which case.
        case: CaseRef,
        /// How serious.
        level: Level,
        /// About what.
        category: Category,
        /// The slot of the ladder that is called (`dsl`, `deputy-dsl`, …).
        slot: String,
        /// Which round of the ladder, from 0.
        round: u32,
        /// The channel (`discord-dm`, `email`).
        channel: String,
        /// The person in the slot, by the name that the configuration gives them.
        person: String,
        /// A drill, marked as such.
        #[serde(default)]
        drill: bool,
        /// Its evidence is durable. False only when immediate danger could not wait for that; the page says so.
        #[serde(default = "yes")]
        evidence_kept: bool,
    },
    /// Call one person about several cases at once: more came in a short time than anybody could answer singly.
    PageTogether {
        /// When they were called; it names this page among the others to the same person.
        at: Timestamp,
        /// Every one of them, the worst first.
        cases: Vec<CalledCase>,
        /// The slot of the ladder that is called.
        slot: String,
        /// The channel.
        channel: String,
        /// The person, by the name that the configuration gives them.
        person: String,
    },
    /// Tell something that keeps incidents (a `PagerDuty` service, a webhook, an Alertmanager) that a case it was called
    /// about was answered.
    PageSettled {
        /// Which case.
        case: CaseRef,
        /// Resolved; else acknowledged.
        resolved: bool,
        /// The channel.
        channel: String,
        /// The configuration's name of it.
        person: String,
    },
    /// The daily digest of one reader: counts and references of level 3 cases.
    Digest {
        /// Up to which moment it tells of cases; it names this digest.
        until: Timestamp,
        /// What there is, by category.
        lines: Vec<(Category, Vec<CaseRef>)>,
        /// The channel.
        channel: String,
        /// The reader, by the name that the configuration gives them.
        person: String,
    },
    /// Ask the witness to cosign a state of the evidence log.
    Cosign {
        /// The number of entries at that state.
        size: u64,
        /// The witness' name.
        witness: String,
    },
    /// Ask a time-stamping authority (RFC 3161) to stamp a state of the evidence log.
    Stamp {
        /// The number of entries at that state.
        size: u64,
        /// The authority's host.
        authority: String,
    },
    /// Reminds somebody who may know of a case of something that has to be done by a time.
    Reminder {
        /// Which case.
        case: CaseRef,
        /// Of what.
        what: Deadline,
        /// When it is due.
        due: Timestamp,
        /// The channel.
        channel: String,
        /// The reader, by the name that the configuration gives them.
        person: String,
    },
    /// Who answered a drill and how fast, for somebody who took part.
    DrillReport {
        /// Which drill.
        drill: u32,
        /// Who answered (the configuration's names), and after how many seconds.
        answered: Vec<(String, u64)>,
        /// Who did not.
        missing: Vec<String>,
        /// The channel.
        channel: String,
        /// The reader, by the name that the configuration gives them.
        person: String,
    },
}

/// One case of a page about several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CalledCase {
    /// Which.
    pub case: CaseRef,
    /// How serious.
    pub level: Level,
    /// About what.
    pub category: Category,
    /// Which round of its ladder, from 0.
    pub round: u32,
    /// Which step of its ladder, from 0.
    pub step: u32,
}

/// How the failure of [`Effect::Cosign`] begins when the witness refused: the log does not continue what it has signed.
pub const WITNESS_REFUSED: &str = "the witness refused";

fn yes() -> bool {
    true
}

impl Effect {
    /// A stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Effect::Hide { .. } => "hide",
            Effect::Lock { .. } => "lock",
            Effect::Disconnect { .. } => "disconnect",
            Effect::Unlock { .. } => "unlock",
            Effect::PauseDms { .. } => "pause-dms",
            Effect::OpenRoom { .. } => "open-room",
            Effect::Nudge { .. } => "nudge",
            Effect::Receipt { .. } => "receipt",
            Effect::Notice { .. } => "notice",
            Effect::Page { .. } => "page",
            Effect::PageTogether { .. } => "page-together",
            Effect::PageSettled { .. } => "page-settled",
            Effect::Digest { .. } => "digest",
            Effect::Reminder { .. } => "reminder",
            Effect::DrillReport { .. } => "drill-report",
            Effect::Cosign { .. } => "cosign",
            Effect::Stamp { .. } => "stamp",
        }
    }

    /// The channel by which it travels to a person on the ladder; none for what is done on the platform.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        match self {
            Effect::Page { channel, .. }
            | Effect::PageTogether { channel, .. }
            | Effect::PageSettled { channel, .. }
            | Effect::Digest { channel, .. }
            | Effect::Reminder { channel, .. }
            | Effect::DrillReport { channel, .. } => Some(channel),
            _ => None,
        }
    }

    /// To whom on the ladder it travels, by the name that the configuration gives them.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        match self {
            Effect::Page { person, .. }
            | Effect::PageTogether { person, .. }
            | Effect::PageSettled { person, .. }
            | Effect::Digest { person, .. }
            | Effect::Reminder { person, .. }
            | Effect::DrillReport { person, .. } => Some(person),
            _ => None,
        }
    }

    /// How little it can wait: 2 for what restrains, 1 for calling somebody, 0 for kind words. The outbox carries out
    /// the higher first.
    #[must_use]
    pub fn urgency(&self) -> u8 {
        match self {
            _ if self.contains() => 2,
            Effect::Page { .. }
            | Effect::PageTogether { .. }
            | Effect::Nudge { about: Nudge::LeadsNotReached, .. } => 1,
            _ => 0,
        }
    }

    /// True for what restrains: it must not wait for anything that can be left for later.
    #[must_use]
    pub fn contains(&self) -> bool {
        matches!(self, Effect::Hide { .. } | Effect::Lock { .. } | Effect::Disconnect { .. })
    }
}

impl Nudge {
    /// Its stable code, as facts hold it.
    #[must_use]
    pub fn code(self) -> String {
        serde_json::to_string(&self).unwrap_or_default().trim_matches('"').to_owned()
    }
}

/// Which wording a nudge or notice has (`wording.rs` holds the sentences).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nudge {
    /// To an adult: this space was locked for you because no second adult can see it.
    SpaceLocked,
    /// To a young person: a space that they were in was closed; nothing wrong was done by them.
    SpaceClosed,
    /// To the author of a message that was hidden.
    MessageHidden,
    /// To somebody towards whom something hurtful was said.
    HelpIsThere,
    /// To somebody who may be in danger now: emergency guidance and signposts.
    WelfareSupport,
    /// To somebody who reported: it was received, and what happens next.
    ReportReceived,
    /// To the author, level 2: please keep it kind.
    KeepItKind,
    /// To the operator: nothing can be kept at present, so nothing is acted upon but immediate danger.
    EvidenceCannotBeKept,
    /// To the operator: there is a serious case that nobody on the ladder may know of.
    NobodyMayKnow,
    /// To the operator: things can be kept again.
    EvidenceIsKeptAgain,
    /// To somebody who gave something private away: what it is good to keep to oneself, and how to take it back.
    KeepDetailsPrivate,
    /// To somebody who shared a link, a file, an invitation or an offer that does not belong here.
    MindWhatYouShare,
    /// To somebody who writes very much or the same again and again.
    SlowDown,
    /// To an adult, level 3 boundary: please keep to the agreed places.
    KeepToAgreedPlaces,
    /// To an adult: they were disconnected from voice because no second adult was there.
    VoiceNeedsSecondAdult,
    /// To a young person: the adult was disconnected from their voice room; nothing wrong was done by them.
    VoiceAdultLeft,
    /// In a contact plan's room: it closes in five minutes.
    RoomClosesSoon,
    /// In a contact plan's room: it is open, and who sees it.
    RoomIsOpen,
    /// In a contact plan's room: it is closed until the next agreed time.
    RoomIsClosed,
    /// To a worker who can see the room, or the operator: nobody on the ladder has answered.
    LeadsNotReached,
    /// To the operator: somebody did not answer a drill.
    DrillMissed,
    /// To the operator: there are times for which the rota names nobody.
    RotaHasGaps,
}
