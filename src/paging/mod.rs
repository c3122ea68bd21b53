//! The ladder (pure) and the channels that a page travels by.
