//! `chaperone`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    chaperone::cli::main()
}
