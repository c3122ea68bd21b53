//! The one integration-test binary: stories, contracts and the architecture, a file each.
