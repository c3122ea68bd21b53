//! The command line's contract as a user meets it, case by case: what is typed, what comes back, how it ends.
//! The cases are files in `tests/suite/cli/`; `TRYCMD=overwrite cargo test cli` writes what they say now.

use clap::CommandFactory as _;

#[test]
fn commands_end_as_their_contract_says() {
    trycmd::TestCases::new().case("tests/suite/cli/*.trycmd").case("tests/suite/cli/*.toml");
}

#[test]
fn every_command_shows_an_example() {
    let mut chaperone = chaperone::cli::Cli::command();
    chaperone.build();
    let mut without = Vec::new();
    look_for_examples(&chaperone, "chaperone", &mut without);
    assert!(without.is_empty(), "--help without an example: {without:?}");
}

fn look_for_examples(command: &clap::Command, name: &str, without: &mut Vec<String>) {
    for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("{name} {}", command.get_name());
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        if !help.contains("Example") || !help.contains(&name) {
            without.push(name.clone());
        }
        look_for_examples(command, &name, without);
    }
}
