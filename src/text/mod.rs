//! Reading one text: folding, wordlists, matching (pure).

/// The compiled wordlists.
#[derive(Debug)]
pub struct Lists;
impl Lists {
    /// x
    pub fn builtin() -> Self {
        Lists
    }
}
