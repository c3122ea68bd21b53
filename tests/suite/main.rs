//! The one integration-test binary: stories, contracts and the architecture, a file each.

/// Whole conversations: what each reaches, and when.
mod conversations;
