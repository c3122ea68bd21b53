//! `chaperone scan`.
