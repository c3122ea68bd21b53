//! Channels that a page travels by, one file each.
