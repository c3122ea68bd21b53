//! From a file to a validated configuration; every mistake is reported at once.
