//! Every sentence that a person reads, as named functions.
