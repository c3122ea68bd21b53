//! An embedded, Discord-compatible platform on loopback, for trying policies, training and tests.
