//! concern
