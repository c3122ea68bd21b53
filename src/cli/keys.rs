//! `chaperone keys`.
