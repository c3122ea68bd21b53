//! From a message to observations (pure).
