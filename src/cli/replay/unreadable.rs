//! Why a file is not used, and what to do about it.

/// Why a file is not used. None of these carries a word of a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The operating system says no.
    #[error("cannot be opened: {0}")]
    Io(String),
    /// Too large to hold.
    #[error("is larger than {} MiB", .0 / (1024 * 1024))]
    TooLarge(u64),
    /// Not UTF-8 at this byte.
    #[error("is not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// Ends in the middle.
    #[error("ends in the middle, at byte {0}")]
    Truncated(usize),
    /// Nested more deeply than any export is.
    #[error("is nested too deeply at byte {0}")]
    TooDeep(usize),
    /// Not JSON at this byte.
    #[error("is not JSON at byte {0}")]
    NotJson(usize),
    /// JSON, but something else.
    #[error("is JSON, but not a channel exported by DiscordChatExporter (no \"messages\", no \"channel\")")]
    NotAnExport,
}

impl Unreadable {
    /// What to do next.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Unreadable::Io(_) => "check the name and that you may read the file",
            Unreadable::TooLarge(_) => {
                "export the channel in parts: DiscordChatExporter's option --partition 100000"
            }
            Unreadable::NotUtf8(_) => {
                "use the file as DiscordChatExporter wrote it; a copy was saved in another encoding, or is damaged"
            }
            Unreadable::Truncated(_) => {
                "the export was interrupted or the copy is incomplete; export the channel again"
            }
            Unreadable::TooDeep(_) | Unreadable::NotJson(_) | Unreadable::NotAnExport => {
                "export the channel again with DiscordChatExporter's option --format Json"
            }
        }
    }
}
