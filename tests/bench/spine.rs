//! Benchmarks of the whole path.

fn main() {}
