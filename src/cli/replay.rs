//! `chaperone replay`.
