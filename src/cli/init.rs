//! `chaperone init`.
