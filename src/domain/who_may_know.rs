//! who_may_know
