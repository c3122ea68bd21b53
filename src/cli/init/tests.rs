//! What somebody meets who sets Chaperone up.

use std::io::Cursor;

use clap::Parser;

use super::*;
use crate::domain::Timestamp;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: Args,
}

struct Ran {
    folder: tempfile::TempDir,
    ended: Result<String, String>,
    asked: String,
}

impl Ran {
    fn file(&self) -> PathBuf {
        self.folder.path().join("chaperone.toml")
    }
}

fn ran_in(folder: tempfile::TempDir, flags: &[&str], typed: Option<&str>) -> Ran {
    let out = folder.path().join("chaperone.toml");
    let line = [&["init", "--out", out.to_str().unwrap()], flags].concat();
    let args = Line::try_parse_from(line).unwrap().args;
    let (mut asked, mut printed) = (Vec::new(), Vec::new());
    let mut interview = Interview::new(Cursor::new(typed.unwrap_or("")), &mut asked, typed.is_some());
    let ended = init(args, &mut interview, &Clock::manual(Timestamp(0)), &mut printed);
    Ran {
        ended: ended.map(|()| String::from_utf8(printed).unwrap()).map_err(|error| error.to_string()),
        folder,
        asked: String::from_utf8(asked).unwrap(),
    }
}

fn ran(flags: &[&str], typed: Option<&str>) -> Ran {
    ran_in(tempfile::tempdir().unwrap(), flags, typed)
}

const FLAGS: [&str; 8] = [
    "--name",
    "Riverside \"Youth\"",
    "--guild",
    "123456789012345678",
    "--dsl",
    "sam:323456789012345678",
    "--deputy",
    "dee:423456789012345678",
];

#[test]
fn flags_alone_make_a_configuration_that_the_bot_accepts_and_keys_that_open() {
    let ran = ran(&FLAGS, None);
    let printed = ran.ended.as_ref().unwrap();
    let config = Config::load(&ran.file()).unwrap();
    assert_eq!(config.organisation.name, "Riverside \"Youth\"");
    assert_eq!(config.ladder.casework, Some(crate::domain::docket::CasePolicy::default()));
    let ladder = crate::paging::LadderPolicy { digest: None, casework: None, ..config.ladder.clone() };
    assert_eq!(ladder, crate::paging::LadderPolicy::default(), "what is written is the default");
    let rules = crate::app::settings::policy(&config);
    // Who is named is theirs, not a rule.
    let rules = crate::engine::Policy { named: std::collections::BTreeMap::new(), ..rules };
    assert_eq!(rules, crate::engine::Policy::default(), "what is written is the default");
    for contact in &config.contacts {
        let path = ran.folder.path().join(format!("keys/{}.age-identity.txt", contact.name));
        let identity = Identity::from_file_bytes(&secret_file::read(&path).unwrap(), None).unwrap();
        assert_eq!(contact.recipient, Some(identity.recipient().to_string()));
    }
    assert!(!printed.contains("AGE-SECRET-KEY"), "a secret is never printed");
    assert!(!std::fs::read_to_string(ran.file()).unwrap().contains("AGE-SECRET-KEY"));
    assert_eq!(ran.asked, "", "nobody is asked where there is no terminal");
}

#[test]
fn the_invite_link_and_every_switch_are_printed() {
    let flags = [&FLAGS[..], &["--application-id", "223456789012345678"]].concat();
    let printed = ran(&flags, None).ended.unwrap();
    assert!(printed.contains(&permissions::invite_link(223_456_789_012_345_678)), "{printed}");
    for switch in permissions::switches() {
        assert!(printed.contains(switch), "{switch}");
    }
    assert!(printed.contains("no bot can read a direct message") || printed.contains("No bot can read"));
}

#[test]
fn on_a_terminal_it_asks_for_what_no_flag_says() {
    let recipient = make_key(&Clock::manual(Timestamp(0))).recipient;
    let typed = format!(
        "\nRiverside\n123456789012345678\n\nsam\n323456789012345678\nsam@example.org\n{recipient}\ndee\n423456789012345678\n\n\nmail.example.org\nchaperone@example.org\nbot\n"
    );
    let ran = ran(&[], Some(&typed));
    ran.ended.as_ref().unwrap();
    assert_eq!(ran.asked.matches("The charity's name").count(), 2, "an empty answer is asked again");
    let config = Config::load(&ran.file()).unwrap();
    assert_eq!(config.contacts[0].recipient.as_ref(), Some(&recipient));
    assert!(!ran.folder.path().join("keys/sam.age-identity.txt").exists(), "sam has a key already");
    assert!(ran.folder.path().join("keys/dee.age-identity.txt").exists());
    assert_eq!(config.email.unwrap().host, "mail.example.org");
}

#[test]
fn without_a_terminal_every_missing_flag_is_named_at_once() {
    let ran = ran(&["--dsl", "sam:323456789012345678"], None);
    let error = ran.ended.as_ref().unwrap_err();
    assert!(error.contains("--name, --guild, --deputy"), "{error}");
    assert_eq!(std::fs::read_dir(ran.folder.path()).unwrap().count(), 0);
}

#[test]
fn answers_that_make_no_configuration_write_nothing() {
    let mut flags = FLAGS;
    flags[7] = "dee:323456789012345678";
    let ran = ran(&flags, None);
    let error = ran.ended.as_ref().unwrap_err();
    assert!(error.contains("have the same Discord account"), "{error}");
    assert_eq!(std::fs::read_dir(ran.folder.path()).unwrap().count(), 0);
}

#[test]
fn nothing_that_exists_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chaperone.toml"), "precious").unwrap();
    let ran = ran_in(folder, &FLAGS, None);
    assert!(ran.ended.as_ref().unwrap_err().contains("exists already"));
    assert_eq!(std::fs::read_to_string(ran.file()).unwrap(), "precious");

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("keys")).unwrap();
    std::fs::write(folder.path().join("keys/dee.age-identity.txt"), "precious").unwrap();
    let ran = ran_in(folder, &FLAGS, None);
    assert!(ran.ended.as_ref().unwrap_err().contains("dee.age-identity.txt exists already"));
    assert!(!ran.file().exists() && !ran.folder.path().join("keys/sam.age-identity.txt").exists());
}

#[test]
fn answers_that_end_early_are_said() {
    let ran = ran(&[], Some("Riverside\n"));
    assert!(ran.ended.unwrap_err().contains("ended before the questions"));
}
