//! The one integration-test binary: stories, contracts and the architecture, a file each.

/// Exports through the engine: every version is read, nothing makes it panic.
mod replay;
/// Texts one by one.
mod scan;
