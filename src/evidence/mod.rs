//! Sealing, the append-only log, bundles and their verification.
