//! Discord's permission bits, as raw numbers: overwrites are kept whole, whatever bits Discord adds next
//! (Discord's documentation, "Permissions").

macro_rules! bits {
    ($($(#[$doc:meta])* $name:ident = $shift:literal;)+) => {$(
        $(#[$doc])*
        pub const $name: u64 = 1 << $shift;
    )+
        /// Every bit that has a name here.
        pub const ALL: u64 = 0 $(| $name)+;
    };
}

bits! {
    /// Make invitations.
    CREATE_INSTANT_INVITE = 0;
    /// Remove members.
    KICK_MEMBERS = 1;
    /// Ban members.
    BAN_MEMBERS = 2;
    /// Everything, in every channel.
    ADMINISTRATOR = 3;
    /// Create, edit and delete channels.
    MANAGE_CHANNELS = 4;
    /// Edit the server, its incident actions included.
    MANAGE_GUILD = 5;
    /// Put the first reaction of a kind on a message.
    ADD_REACTIONS = 6;
    /// Read the audit log.
    VIEW_AUDIT_LOG = 7;
    /// Be heard above others in voice.
    PRIORITY_SPEAKER = 8;
    /// Share a screen in voice.
    STREAM = 9;
    /// See a channel; without it, nothing else in it.
    VIEW_CHANNEL = 10;
    /// Write in a channel (not in its threads).
    SEND_MESSAGES = 11;
    /// Have messages read aloud.
    SEND_TTS_MESSAGES = 12;
    /// Delete other people's messages.
    MANAGE_MESSAGES = 13;
    /// Link previews.
    EMBED_LINKS = 14;
    /// Attach files.
    ATTACH_FILES = 15;
    /// Read what was written before.
    READ_MESSAGE_HISTORY = 16;
    /// Mention everyone.
    MENTION_EVERYONE = 17;
    /// Use other servers' emoji.
    USE_EXTERNAL_EMOJIS = 18;
    /// See the server's statistics.
    VIEW_GUILD_INSIGHTS = 19;
    /// Join a voice channel.
    CONNECT = 20;
    /// Speak in it.
    SPEAK = 21;
    /// Mute others in voice.
    MUTE_MEMBERS = 22;
    /// Deafen others in voice.
    DEAFEN_MEMBERS = 23;
    /// Move and disconnect others in voice.
    MOVE_MEMBERS = 24;
    /// Use voice activity.
    USE_VAD = 25;
    /// Change one's own nickname.
    CHANGE_NICKNAME = 26;
    /// Change others' nicknames.
    MANAGE_NICKNAMES = 27;
    /// Edit roles below one's own, and overwrites.
    MANAGE_ROLES = 28;
    /// Manage webhooks.
    MANAGE_WEBHOOKS = 29;
    /// Manage emoji and stickers.
    MANAGE_GUILD_EXPRESSIONS = 30;
    /// Use slash and context-menu commands.
    USE_APPLICATION_COMMANDS = 31;
    /// Ask to speak on a stage.
    REQUEST_TO_SPEAK = 32;
    /// Manage scheduled events.
    MANAGE_EVENTS = 33;
    /// See every thread, archive, lock and delete it.
    MANAGE_THREADS = 34;
    /// Open public threads.
    CREATE_PUBLIC_THREADS = 35;
    /// Open private threads.
    CREATE_PRIVATE_THREADS = 36;
    /// Use other servers' stickers.
    USE_EXTERNAL_STICKERS = 37;
    /// Write in threads.
    SEND_MESSAGES_IN_THREADS = 38;
    /// Start activities.
    USE_EMBEDDED_ACTIVITIES = 39;
    /// Time members out.
    MODERATE_MEMBERS = 40;
    /// Send voice messages.
    SEND_VOICE_MESSAGES = 46;
    /// Send polls.
    SEND_POLLS = 49;
    /// Pin messages.
    PIN_MESSAGES = 51;
    /// Not bound by slow mode.
    BYPASS_SLOWMODE = 52;
}

/// What `@everyone` may do in a server that nobody has changed yet.
pub const NEWCOMER: u64 = CREATE_INSTANT_INVITE
    | ADD_REACTIONS
    | STREAM
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | MENTION_EVERYONE
    | USE_EXTERNAL_EMOJIS
    | CONNECT
    | SPEAK
    | USE_VAD
    | CHANGE_NICKNAME
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | SEND_VOICE_MESSAGES
    | SEND_POLLS;

/// What a moderating bot is usually invited with: everything that it needs and no more (not administrator).
pub const SUPERVISOR_BOT: u64 = KICK_MEMBERS
    | MANAGE_CHANNELS
    | MANAGE_GUILD
    | ADD_REACTIONS
    | VIEW_AUDIT_LOG
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | MANAGE_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | CONNECT
    | MOVE_MEMBERS
    | MANAGE_ROLES
    | MANAGE_THREADS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | MODERATE_MEMBERS;
