//! The one integration-test binary: stories, contracts and the architecture, a file each.

// Which room may know which.
mod arrows;
