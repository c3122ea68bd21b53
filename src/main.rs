//! `chaperone`: parse, run, exit code.

fn main() {}
