//! Reading one text: folding, wordlists, matching (pure).
