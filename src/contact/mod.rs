//! Supervised contact: who can see or hear whom, when, by fact (pure).
