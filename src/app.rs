//! Composition root: builds the parts from a configuration, starts and stops them.
