//! What is heard: the platform's events in the words of the field, and the system's own (ticks, outcomes,
//! acknowledgements, changes of a register). All of them travel the same road.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::fact::{Handling, Register, Travel};
use super::space::{Overwrite, Permissions};
use super::{
    CaseRef, ChannelId, Effect, GuildId, Level, MessageId, ReportRef, RoleId, Space, Timestamp, UserId,
};

/// An event with the moment at which it was heard.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// When it reached this process.
    pub at: Timestamp,
    /// What it says.
    pub event: Event,
}

/// A message as the platform delivered it, with everything that detection reads and nothing that it must not hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Where it was written.
    pub space: ChannelId,
    /// On which server; none in a direct message.
    pub guild: Option<GuildId>,
    /// Who wrote it.
    pub author: UserId,
    /// The author's user name.
    pub author_name: String,
    /// What the server shows for the author, where the payload says it.
    pub author_shown: Option<String>,
    /// The author's roles, where the payload says them.
    pub author_roles: Option<BTreeSet<RoleId>>,
    /// Written by an application or a webhook.
    pub automated: bool,
    /// When the platform says that it was written.
    pub at: Timestamp,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// Its text.
    pub content: String,
    /// People mentioned in it.
    pub mentions: Vec<UserId>,
    /// The message that it answers, and who wrote that one, where the payload says it.
    pub reply_to: Option<(MessageId, Option<UserId>)>,
    /// Text that hides elsewhere: embeds, forwards, polls, stickers, file names, alt text, component labels.
    pub elsewhere: Vec<String>,
    /// Descriptions of attached files. Their bytes are never fetched.
    pub attachments: Vec<Attachment>,
}

/// What is known of an attached file without looking at it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: u64,
    /// The file's name.
    pub name: String,
    /// Its media type, where the platform tells.
    pub media_type: Option<String>,
    /// Its size in bytes.
    pub size: u64,
    /// Pixels, where the platform tells.
    pub dimensions: Option<(u32, u32)>,
    /// Alt text.
    pub description: Option<String>,
}

/// A member of the server as the platform describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub id: UserId,
    /// Its user name.
    pub name: String,
    /// What the server shows.
    pub shown: String,
    /// Roles held.
    pub roles: BTreeSet<RoleId>,
    /// An application.
    pub bot: bool,
}

/// A role of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// The bits it gives everywhere.
    pub permissions: Permissions,
    /// Its place in the order.
    pub position: i64,
}

/// A whole server, as it is described on connecting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GuildSnapshot {
    /// The server.
    pub id: GuildId,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: UserId,
    /// Its roles.
    pub roles: Vec<Role>,
    /// Channels and active threads.
    pub spaces: Vec<Space>,
    /// Members, as far as they were sent.
    pub members: Vec<Member>,
    /// Whether more members exist than were sent.
    pub members_missing: bool,
    /// Who is in which voice room.
    pub voice: Vec<(UserId, ChannelId)>,
    /// Who of them hears nothing (deafened, by themselves or by the server).
    pub deaf: BTreeSet<UserId>,
    /// Channels of which the platform says only that they are there: the bot may not see them.
    pub hidden: BTreeSet<ChannelId>,
    /// Until when direct messages between members are paused.
    pub dms_paused_until: Option<Timestamp>,
}

/// Everything that can be heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A new gateway session began: what happened before it and after the last one was not heard live.
    SessionBegan {
        /// The bot's own account.
        own: UserId,
    },
    /// The old session goes on; the platform has replayed what was missed.
    SessionResumed,
    /// A server is described whole.
    Guild(Box<GuildSnapshot>),
    /// The server's owner, name or paused DMs changed.
    GuildChanged {
        /// The server.
        guild: GuildId,
        /// Its owner.
        owner: Option<UserId>,
        /// Until when direct messages between members are paused.
        dms_paused_until: Option<Timestamp>,
    },
    /// The server is gone: for a while (an outage), or the bot was removed.
    GuildGone {
        /// The server.
        guild: GuildId,
        /// An outage of the platform, not a removal.
        outage: bool,
    },
    /// A role was made or changed.
    RoleChanged {
        /// The server.
        guild: GuildId,
        /// The role as it is now.
        role: Role,
    },
    /// A role is gone.
    RoleGone {
        /// The server.
        guild: GuildId,
        /// The role.
        role: RoleId,
    },
    /// A member joined or changed.
    MemberChanged {
        /// The server.
        guild: GuildId,
        /// The member as it is now.
        member: Member,
    },
    /// More members of a server, as asked for.
    Members {
        /// The server.
        guild: GuildId,
        /// Some of them.
        members: Vec<Member>,
        /// Whether this was the last part.
        last: bool,
    },
    /// A member left or was removed.
    MemberGone {
        /// The server.
        guild: GuildId,
        /// The account.
        user: UserId,
    },
    /// A channel or thread was made or changed.
    SpaceChanged(Box<Space>),
    /// A channel is there, and the platform says nothing else of it: the bot may not see it.
    SpaceHidden {
        /// The server.
        guild: GuildId,
        /// The channel.
        space: ChannelId,
    },
    /// A channel or thread was deleted.
    SpaceGone {
        /// The server.
        guild: GuildId,
        /// The space.
        space: ChannelId,
    },
    /// People joined or left a thread.
    ThreadMembers {
        /// The server.
        guild: GuildId,
        /// The thread.
        thread: ChannelId,
        /// Who joined.
        added: Vec<UserId>,
        /// Who left.
        removed: Vec<UserId>,
    },
    /// Everybody in a thread, as asked for: whoever is not named has left it.
    ThreadMembersListed {
        /// The server.
        guild: GuildId,
        /// The thread.
        thread: ChannelId,
        /// Its members.
        members: Vec<UserId>,
    },
    /// Somebody wrote.
    Said(Box<Message>),
    /// Somebody changed what they had written.
    Edited(Box<Message>),
    /// Messages were deleted. The platform does not say by whom, nor what they said.
    Deleted {
        /// Where.
        space: ChannelId,
        /// The server.
        guild: Option<GuildId>,
        /// Which.
        messages: Vec<MessageId>,
    },
    /// A reaction was added or taken back.
    Reacted {
        /// The server.
        guild: Option<GuildId>,
        /// Where.
        space: ChannelId,
        /// To which message.
        message: MessageId,
        /// Whose message that is, where the payload says it.
        author: Option<UserId>,
        /// Who reacted.
        by: UserId,
        /// With what: the emoji itself, or a custom one's name.
        emoji: String,
        /// Added (true) or taken back.
        added: bool,
    },
    /// Somebody's place in voice changed.
    Voice {
        /// The server.
        guild: GuildId,
        /// Who.
        user: UserId,
        /// Which room; none when they left.
        room: Option<ChannelId>,
        /// They hear nothing: deafened, by themselves or by the server.
        deaf: bool,
    },
    /// The platform's own filter stopped a message before anybody saw it.
    Blocked {
        /// The server.
        guild: GuildId,
        /// Where it would have stood.
        space: Option<ChannelId>,
        /// Who wrote it.
        by: UserId,
        /// Its text.
        content: String,
    },
    /// An entry of the server's audit log.
    Audit {
        /// The server.
        guild: GuildId,
        /// Discord's action number.
        action: u64,
        /// Who acted.
        by: Option<UserId>,
        /// Upon which id.
        target: Option<u64>,
        /// Whom a channel's overwrite is for, where the entry is about one.
        about: Option<u64>,
        /// Overwrites of a channel as the entry says that they are now: all of a new channel's, or the one that was
        /// made or changed. Bits that an entry does not repeat count as none.
        overwrites: Vec<Overwrite>,
    },
    /// Somebody used a command or a button of ours. The reply within three seconds is the shell's; what it
    /// changes arrives here.
    Acknowledged {
        /// Which case.
        case: CaseRef,
        /// By whom.
        by: UserId,
        /// Over which channel (`discord-dm`, `email`, `console`…).
        via: String,
    },
    /// The button below a page about several cases was pressed: it counts for each of them.
    AcknowledgedTogether {
        /// When they were called, as the page has it.
        at: Timestamp,
        /// By whom.
        by: UserId,
        /// Over which channel.
        via: String,
    },
    /// A signed link or a key press acknowledges: it proves for whom it was made and for which call.
    AcknowledgedByLink(Answer),
    /// Somebody on the ladder did something with a case.
    Handled {
        /// Which.
        case: CaseRef,
        /// Who, by the name that the configuration gives them.
        name: String,
        /// What.
        what: Handling,
        /// Over which channel.
        via: String,
    },
    /// What became of a page after its channel had taken it, or before it could.
    Travelled {
        /// The outbox job's key.
        job: String,
        /// Where it is.
        state: Travel,
    },
    /// Somebody reported something to safeguarding, with a command. (A direct message to the bot is a report too; it
    /// arrives as [`Event::Said`].)
    Reported {
        /// It is about somebody in charge and goes past the usual line.
        past_the_line: bool,
        /// Who reports.
        by: UserId,
        /// The message that they point at.
        message: Option<Box<Message>>,
        /// The person whom they point at, where it is no message.
        person: Option<UserId>,
        /// What they say in their own words, as a message of theirs to safeguarding.
        words: Option<Box<Message>>,
        /// On which server it counts.
        guild: Option<GuildId>,
        /// The reference that they were told.
        reference: ReportRef,
    },
    /// A register changed: a session booked, a plan approved, a relaxation recorded, …
    Register(Register),
    /// How an effect ended.
    Outcome {
        /// The outbox job's key.
        job: String,
        /// What was asked for.
        effect: Effect,
        /// How it ended.
        ended: Ended,
    },
    /// The program started.
    Started {
        /// Its name and version.
        software: String,
    },
    /// For a while nothing was heard live.
    Gap {
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Why, as a code (`session-lost`, `restart`).
        why: String,
    },
    /// It is time for others outside to attest a state of the evidence log.
    AttestationDue {
        /// The number of entries at that state.
        size: u64,
        /// The witness that is to cosign it, by name.
        witness: Option<String>,
        /// The host of the authority that is to stamp it.
        authority: Option<String>,
    },
    /// The engine asked to be asked again at this moment.
    Due,
    /// An event of a known kind whose shape could not be read. Its bytes are kept.
    Unreadable {
        /// Discord's event name.
        name: String,
        /// The server, where that much could be read.
        guild: Option<GuildId>,
    },
    /// A known event that says nothing to Chaperone (typing, presence, …), or one of a kind that Discord did not
    /// have when this version was made.
    Other {
        /// Discord's event name.
        name: String,
    },
}

/// An answer that came by a signed link: what the link was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Which case; 0 for a drill.
    pub case: CaseRef,
    /// At which level it was called.
    pub level: Level,
    /// In which round of the ladder, or which drill.
    pub round: u32,
    /// When several were called at once: when.
    pub together: Option<Timestamp>,
    /// Whom it was sent to, by the name that the configuration gives them.
    pub name: String,
    /// Over which channel.
    pub via: String,
}

/// How an effect ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ended")]
pub enum Ended {
    /// It was done (or had been done already).
    Done {
        /// What the platform answered that is worth keeping: a message id, the overwrites before a lock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// It will never work: refused, gone, impossible.
    Failed {
        /// Why, without a word of a message.
        why: String,
    },
    /// It was not tried: the situation that called for it is over, or the recipient may not know any more.
    Withheld {
        /// Why.
        why: String,
    },
}
