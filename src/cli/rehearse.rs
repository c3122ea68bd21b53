//! `chaperone rehearse`.
