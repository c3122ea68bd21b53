//! `chaperone run`.
