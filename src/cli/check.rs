//! `chaperone check`.
