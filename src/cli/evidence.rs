//! `chaperone evidence`.
