//! `chaperone check` against a live server: the real binary, and the embedded platform in Discord's place. A clean
//! server gives nothing; whatever is planted is found, each with what to do.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use chaperone::clock::Clock;
use chaperone::discord::interactions;
use chaperone::domain::{GuildId, UserId};
use chaperone::evidence::Identity;
use chaperone::rehearsal::mailbox::Mailbox;
use chaperone::rehearsal::platform::model::Overwrite;
use chaperone::rehearsal::platform::op::{MemberEdit, NewThread, RoleEdit};
use chaperone::rehearsal::platform::options::{HiddenChannels, Privileged};
use chaperone::rehearsal::platform::{GuildPlan, Op, Options, Planned, Platform, SpacePlan, Whom, bits};
use serde_json::Value;

const TOKEN: &str = "the-right-token";

/// A club as it should be, its mail server, and a configuration.
struct Club {
    platform: Platform,
    mailbox: Mailbox,
    names: Planned,
    folder: tempfile::TempDir,
}

fn plan() -> GuildPlan {
    let staff = ["Youth Worker", "DSL", "Deputy DSL"].map(|role| Whom::Role(role.to_owned()));
    let staff: Vec<Whom> = staff.into_iter().chain([Whom::Bot]).collect();
    GuildPlan::new("Art Club", "office")
        .role("Young Person", 0)
        .role("Youth Worker", 0)
        .role("DSL", 0)
        .role("Deputy DSL", 0)
        .person("ella", &["Young Person"])
        .person("tom", &["Young Person"])
        .person("coach", &["Youth Worker"])
        .person("sam", &["Youth Worker"])
        .person("ruth", &["DSL"])
        .person("omar", &["Deputy DSL"])
        .space(SpacePlan::text("art"))
        .space(SpacePlan::voice("studio"))
        .space(SpacePlan::text("operator").only_for(&staff))
}

impl Club {
    async fn open(plan: &GuildPlan, options: impl FnOnce(&mut Options)) -> Club {
        let mut asked = Options::new(Clock::system(), TOKEN);
        options(&mut asked);
        let platform = Platform::start(asked).await.unwrap();
        let names = platform.create_guild(plan).unwrap();
        let mailbox = Mailbox::open(Clock::system(), None).await.unwrap();
        let club = Club { platform, mailbox, names, folder: tempfile::tempdir().unwrap() };
        club.does(Op::SetIncidents {
            by: club.person("office"),
            guild: club.guild(),
            invites: None,
            dms: Some(Clock::system().now().plus(std::time::Duration::from_hours(12))),
        });
        let Value::Array(commands) = interactions::commands() else { panic!("no list") };
        let commands = commands.iter().map(|command| command.as_object().unwrap().clone()).collect();
        club.does(Op::RegisterCommands { guild: None, commands, replace: true });
        std::fs::write(club.folder.path().join("chaperone.toml"), club.configuration()).unwrap();
        club
    }

    fn configuration(&self) -> String {
        let recipient = Identity::generate().recipient();
        let mail = self.mailbox.address();
        format!(
            r#"
[organisation]
name = "Art Club"
[discord]
guilds = [{guild}]
api_url = "{url}"
[[people]]
name = "ruth"
slot = "dsl"
discord = {ruth}
email = "ruth@example.org"
recipient = "{recipient}"
[[people]]
name = "omar"
slot = "deputy-dsl"
discord = {omar}
recipient = "{recipient}"
[paging.email]
host = "{host}"
port = {port}
tls = "plain"
from = "chaperone@example.org"
[policy]
operator_channel = {operator}
"#,
            guild = self.guild(),
            url = self.platform.url(),
            ruth = self.person("ruth"),
            omar = self.person("omar"),
            host = mail.ip(),
            port = mail.port(),
            operator = self.names.spaces["operator"],
        )
    }

    /// Changes the configuration as a person would.
    #[track_caller]
    fn edit(&self, from: &str, to: &str) {
        let file = self.folder.path().join("chaperone.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    }

    fn person(&self, name: &str) -> UserId {
        self.names.people[name]
    }

    fn guild(&self) -> GuildId {
        self.names.guild
    }

    #[track_caller]
    fn does(&self, op: Op) {
        self.platform.perform(op).unwrap();
    }

    /// Changes a role as the office would.
    #[track_caller]
    fn role(&self, name: &str, edit: RoleEdit) {
        let (by, guild, role) = (self.person("office"), self.guild(), self.names.roles[name]);
        self.does(Op::EditRole { by, guild, role, edit });
    }

    #[track_caller]
    fn overwrite(&self, space: &str, id: u64, kind: u8, allow: u64, deny: u64) {
        let (by, channel) = (self.person("office"), self.names.spaces[space]);
        self.does(Op::SetOverwrite { by, channel, overwrite: Overwrite { id, kind, allow, deny } });
    }

    fn checks(&self, arguments: &[&str]) -> Output {
        run(self.folder.path(), TOKEN, arguments)
    }

    /// The findings as `(severity, code)`, in the order in which they are told.
    fn findings(&self) -> Vec<(String, String)> {
        let ended = self.checks(&["--json"]);
        let text = String::from_utf8(ended.stdout).unwrap();
        let found: Vec<(String, String)> = text
            .lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                assert!(
                    !line["what"].as_str().unwrap().is_empty() && !line["do"].as_str().unwrap().is_empty()
                );
                (line["severity"].as_str().unwrap().to_owned(), line["code"].as_str().unwrap().to_owned())
            })
            .collect();
        assert_eq!(ended.status.code(), Some(i32::from(!found.is_empty())), "{text}");
        found
    }

    fn codes(&self) -> Vec<String> {
        self.findings().into_iter().map(|(_, code)| code).collect()
    }
}

fn run(folder: &Path, token: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chaperone"))
        .current_dir(folder)
        .args(["check", "--config", "chaperone.toml"])
        .args(arguments)
        .env_remove("RUST_LOG")
        .env("DISCORD_TOKEN", token)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_club_as_it_should_be_gives_nothing() {
    let club = Club::open(&plan(), |_| ()).await;
    assert_eq!(club.findings(), []);
    let ended = club.checks(&[]);
    let (out, err) = (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert_eq!((ended.status.code(), err.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("The live server was looked at: nothing is wrong."), "{out}");
    assert!(out.contains("Art Club: 7 people, 3 spaces, direct messages paused until"), "{out}");
    assert_eq!(club.mailbox.mails(), [], "nobody is written to");
    let wrote = club.platform.requests().into_iter().filter(|call| call.method != "GET");
    assert_eq!(wrote.count(), 0, "a look changes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_planted_faults_are_ten_findings_the_worst_first() {
    let mut plan = plan().role("Mentor", 0).person("mo", &["Mentor"]);
    // 1 the bot cannot manage threads, 2 its role stands below the DSL's.
    plan.bot = Some(bits::SUPERVISOR_BOT & !bits::MANAGE_THREADS);
    plan.bot_above = Some(2);
    let club = Club::open(&plan, |options| {
        // 3 what messages say is not heard.
        options.privileged = Privileged { message_content: false, ..Privileged::default() };
    })
    .await;
    let (office, guild) = (club.person("office"), club.guild());
    // 4 workers can remove messages and are not bound by the DM pause.
    let permissions = Some(bits::MANAGE_MESSAGES | bits::KICK_MEMBERS);
    club.role("Youth Worker", RoleEdit { permissions, ..RoleEdit::default() });
    // 5 a channel that the bot cannot see.
    club.overwrite("art", club.platform.bot().0, 1, 0, bits::VIEW_CHANNEL);
    // 6 the pause of direct messages is off.
    club.does(Op::SetIncidents { by: office, guild, invites: None, dms: None });
    // 7 an adult alone with a young person.
    let (coach, ella) = (club.person("coach").0, club.person("ella").0);
    club.overwrite("studio", guild.0, 0, 0, bits::VIEW_CHANNEL);
    for person in [coach, ella, club.platform.bot().0] {
        club.overwrite("studio", person, 1, bits::VIEW_CHANNEL, 0);
    }
    // 8 a young person who also has a worker's role.
    let roles = Some(vec![club.names.roles["Young Person"], club.names.roles["Youth Worker"]]);
    let edit = MemberEdit { roles, ..MemberEdit::default() };
    club.does(Op::EditMember { by: office, guild, user: club.person("tom"), edit });
    // 9 the mail server is somewhere else.
    club.edit(&format!("port = {}", club.mailbox.address().port()), "port = 1");
    // 10 nothing is registered.
    club.does(Op::RegisterCommands { guild: None, commands: Vec::new(), replace: true });
    // 11 the deputy has left, 12 a role that says nothing about who somebody is.
    club.does(Op::LeaveGuild { user: club.person("omar"), guild });

    let mut found = club.findings();
    let severities: Vec<&str> = found.iter().map(|(severity, _)| severity.as_str()).collect();
    let order = ["broken", "breach", "weak"];
    assert!(severities.is_sorted_by_key(|severity| order.iter().position(|at| at == severity)), "{found:?}");
    found.sort();
    let codes: Vec<&str> = found.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "lone-adult-space",
            "role-conflict",
            "commands-missing",
            "dms-not-paused",
            "intent-off",
            "lead-not-on-server",
            "mail-server",
            "missing-permission",
            "role-order",
            "unmonitored-space",
            "dangerous-permission",
            "role-unmapped",
        ]
    );
    let out = String::from_utf8(club.checks(&[]).stdout).unwrap();
    let shown = out.split("\nchaperone.toml:").next().unwrap();
    let shown = shown.replace(&club.person("omar").to_string(), "<omar's account>");
    insta::assert_snapshot!(shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_discord_hides_is_counted_and_said() {
    let club = Club::open(&plan(), |options| options.hidden = HiddenChannels::Obfuscated).await;
    club.overwrite("art", club.platform.bot().0, 1, 0, bits::VIEW_CHANNEL);
    assert_eq!(club.codes(), ["hidden-space"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_list_of_members_nobody_is_judged() {
    let club = Club::open(&plan(), |options| {
        options.privileged = Privileged { members: false, ..Privileged::default() };
    })
    .await;
    assert_eq!(club.codes(), ["intent-off", "members-unknown"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_thread_with_one_adult_is_a_breach() {
    let club = Club::open(&plan(), |_| ()).await;
    let thread = NewThread {
        name: "a word".to_owned(),
        private: true,
        invite: vec![club.person("ella"), club.platform.bot()],
        ..NewThread::default()
    };
    let (by, channel) = (club.person("coach"), club.names.spaces["art"]);
    club.does(Op::OpenThread { by, channel, thread });
    assert_eq!(club.findings(), [("breach".to_owned(), "lone-adult-space".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_the_bot_is_not_on_and_a_token_that_is_none() {
    let mut empty = plan();
    empty.bot = None;
    let club = Club::open(&empty, |_| ()).await;
    assert_eq!(club.codes(), ["not-on-server", "operator-channel"]);

    let ended = run(club.folder.path(), "wrong", &["--json"]);
    let out = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{out}");
    assert!(out.contains(r#""code":"token-refused""#) && !out.contains("wrong-token"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_does_not_answer_is_status_2_in_two_lines() {
    let club = Club::open(&plan(), |_| ()).await;
    club.edit(&format!("api_url = \"{}\"", club.platform.url()), "api_url = \"http://127.0.0.1:1\"");
    let ended = club.checks(&[]);
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!((ended.status.code(), err.lines().count()), (Some(2), 2), "{err}");
    assert!(err.contains("--offline"), "{err}");
    assert_eq!(club.checks(&["--offline"]).status.code(), Some(0));
}
