//! The command line's contract as a user meets it, case by case: what is typed, what comes back, how it ends.
//! The cases are files in `tests/suite/cli/`; `TRYCMD=overwrite cargo test cli` writes what they say now.

#[test]
fn commands_end_as_their_contract_says() {
    trycmd::TestCases::new().case("tests/suite/cli/*.trycmd").case("tests/suite/cli/*.toml");
}
