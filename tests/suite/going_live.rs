//! Going live as the README tells it: the real binary, the files that it writes, and the embedded platform in Discord's
//! place. Nothing here knows the inside of the bot: what counts is what the platform shows and how commands end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chaperone::clock::Clock;
use chaperone::domain::{ChannelId, MessageId, UserId};
use chaperone::rehearsal::platform::op::{CommandUse, NewThread};
use chaperone::rehearsal::platform::view::{MessageView, SpaceView};
use chaperone::rehearsal::platform::{
    Answer, GuildPlan, NewMessage, Op, Options, Planned, Platform, SpacePlan,
};
use tokio::sync::watch;

const TOKEN: &str = "the-right-token";
/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A charity with a server, and a folder of its own on the machine where the bot shall run.
struct Charity {
    platform: Platform,
    names: Planned,
    folder: tempfile::TempDir,
}

impl Charity {
    async fn new() -> Charity {
        let platform = Platform::start(Options::new(Clock::system(), TOKEN)).await.unwrap();
        let plan = GuildPlan::new("Art Club", "office")
            .role("Young Person", 0)
            .role("Youth Worker", 0)
            .role("DSL", 0)
            .role("Deputy DSL", 0)
            .person("ella", &["Young Person"])
            .person("tom", &["Young Person"])
            .person("coach", &["Youth Worker"])
            .person("ruth", &["DSL"])
            .person("omar", &["Deputy DSL"])
            .space(SpacePlan::text("art"));
        let names = platform.create_guild(&plan).unwrap();
        Charity { platform, names, folder: tempfile::tempdir().unwrap() }
    }

    /// The same after `init`, with the address of the platform and the shortest grace in the configuration.
    async fn set_up() -> Charity {
        let charity = Charity::new().await;
        let (ruth, omar) = (charity.person("ruth"), charity.person("omar"));
        let said = charity.succeeds(&[
            "init",
            "--name",
            "Art Club",
            "--guild",
            &charity.names.guild.to_string(),
            "--application-id",
            &charity.platform.bot().to_string(),
            "--dsl",
            &format!("ruth:{ruth}"),
            "--deputy",
            &format!("omar:{omar}"),
        ]);
        let link = format!("https://discord.com/oauth2/authorize?client_id={}&", charity.platform.bot());
        assert!(said.contains(&link), "{said}");
        charity.edit("[discord]\n", &format!("[discord]\napi_url = \"{}\"\n", charity.platform.url()));
        charity.edit("lone_adult_grace_seconds = 20", "lone_adult_grace_seconds = 1");
        charity
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Changes the configuration as a person would.
    #[track_caller]
    fn edit(&self, from: &str, to: &str) {
        let file = self.file("chaperone.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from:?} is not in\n{text}");
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    }

    fn person(&self, name: &str) -> UserId {
        self.names.people[name]
    }

    /// Runs a command in the charity's folder; its standard output. It must end with status 0.
    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let ended = chaperone(self.folder.path()).args(arguments).output().unwrap();
        let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert!(ended.status.success(), "{arguments:?}: {}\n{out}\n{err}", ended.status);
        out.into_owned()
    }

    fn run(&self, token: &str) -> Bot {
        Bot::start(self.folder.path(), token)
    }

    /// Waits until the platform shows it.
    async fn until<T>(&self, bot: &Bot, what: &str, so: impl Fn() -> Option<T>) -> T {
        let mut changes = self.platform.changes();
        let mut said = bot.said.clone();
        let waiting = async {
            loop {
                if let Some(found) = so() {
                    return found;
                }
                tokio::select! {
                    _ = changes.changed() => {}
                    _ = said.changed() => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("waited in vain: {what}\n{}", bot.words()))
    }

    /// Waits until the bot listens.
    async fn until_it_listens(&self, bot: &Bot) {
        self.until(bot, "the bot to listen", || {
            let connected = self.platform.progress().sessions.iter().any(|session| session.connected);
            (connected && bot.words().contains("listening")).then_some(())
        })
        .await;
    }

    fn does(&self, op: Op) -> Answer {
        self.platform.perform(op).unwrap().answer
    }

    /// An adult opens a private thread with one young person and writes in it.
    fn opens_private_thread(&self, adult: &str, young_person: &str) -> ChannelId {
        let by = self.person(adult);
        let thread = NewThread {
            name: "a word".to_owned(),
            private: true,
            invite: vec![self.person(young_person)],
            ..NewThread::default()
        };
        let Answer::Channel(thread) =
            self.does(Op::OpenThread { by, channel: self.names.spaces["art"], thread })
        else {
            panic!("no thread")
        };
        self.does(Op::Say { by, channel: thread, message: NewMessage::text("can you come early on friday") });
        thread
    }

    /// Whether whoever opened a thread was taken out of it.
    fn is_locked(&self, thread: ChannelId) -> Option<()> {
        self.platform
            .read(|state| {
                let thread = state.channels[&thread].thread.as_ref();
                thread.is_some_and(|thread| !thread.members.contains_key(&thread.owner))
            })
            .then_some(())
    }

    fn dm(&self, who: &str) -> Option<SpaceView> {
        let view = self.platform.view(self.person(who));
        view.dms.into_iter().find(|dm| dm.members.contains(&self.platform.bot()))
    }

    /// The pages in somebody's direct messages, oldest first.
    fn pages(&self, who: &str) -> Vec<Page> {
        let Some(dm) = self.dm(who) else { return Vec::new() };
        let page = |message: MessageView| Page {
            space: dm.id,
            message: message.id,
            button: button_of(&message),
            text: message.content,
        };
        dm.messages.into_iter().map(page).filter(|page| page.text.contains("Safeguarding case")).collect()
    }

    fn presses(&self, who: &str, page: &Page) {
        let custom_id = page.button.clone().expect("a button");
        let (channel, message) = (page.space, page.message);
        self.does(Op::Click { by: self.person(who), channel, message, custom_id, values: Vec::new() });
    }

    /// `evidence list`, by case.
    fn cases(&self) -> BTreeMap<String, serde_json::Value> {
        let lines = self.succeeds(&["evidence", "list", "--config", "chaperone.toml", "--json"]);
        lines
            .lines()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                (line["case"].as_str().unwrap().to_owned(), line)
            })
            .collect()
    }
}

struct Page {
    space: ChannelId,
    message: MessageId,
    text: String,
    button: Option<String>,
}

fn button_of(message: &MessageView) -> Option<String> {
    let rows = message.components.iter().filter_map(|row| row["components"].as_array());
    rows.flatten().find_map(|part| part["custom_id"].as_str().map(str::to_owned))
}

/// The binary, in a folder, with an environment in which nothing is said for it.
fn chaperone(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
    command.current_dir(folder).env_remove("RUST_LOG").env_remove("DISCORD_TOKEN").stdin(Stdio::null());
    command
}

/// `chaperone run`, as a service manager would start it.
struct Bot {
    process: u32,
    words: Arc<Mutex<String>>,
    /// Changes whenever it says something.
    said: watch::Receiver<()>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Bot {
    fn start(folder: &Path, token: &str) -> Bot {
        Bot::start_logging(folder, token, "info")
    }

    /// The same with as much on standard error as is asked for.
    fn start_logging(folder: &Path, token: &str, log: &str) -> Bot {
        let mut child = chaperone(folder)
            .args(["run", "--config", "chaperone.toml"])
            .env("DISCORD_TOKEN", token)
            .env("RUST_LOG", log)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let process = child.id();
        let words = Arc::new(Mutex::new(String::new()));
        let (saying, said) = watch::channel(());
        let (ending, ended) = watch::channel(None);
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let heard = words.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.push_str(&line);
                heard.push('\n');
                saying.send_replace(());
            }
            ending.send_replace(child.wait().ok());
            saying.send_replace(());
        });
        Bot { process, words, said, ended }
    }

    /// Everything that it has said on standard error.
    fn words(&self) -> String {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Its exit status, once it has ended by itself.
    async fn ends(&self) -> i32 {
        let mut ended = self.ended.clone();
        let status = tokio::time::timeout(PATIENCE, ended.wait_for(Option::is_some)).await;
        let status = status.unwrap_or_else(|_| panic!("it does not end\n{}", self.words()));
        status.unwrap().unwrap().code().unwrap_or_else(|| panic!("it was killed\n{}", self.words()))
    }

    fn signal(&self, signal: &str) {
        let command = format!("kill -{signal} {}", self.process);
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
    }

    /// SIGTERM; its exit status.
    async fn is_told_to_stop(&self) -> i32 {
        self.signal("TERM");
        self.ends().await
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        if self.ended.borrow().is_none() {
            self.signal("KILL");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_bot_that_calls_the_dsl_once_and_goes_on_after_a_restart() {
    let charity = Charity::set_up().await;
    let checked = charity.succeeds(&["check", "--config", "chaperone.toml"]);
    assert!(checked.contains("is valid") && checked.contains("ruth (dsl) by discord-dm"), "{checked}");

    // An adult alone with a young person: locked after the grace, and the DSL is called.
    let bot = charity.run(TOKEN);
    charity.until_it_listens(&bot).await;
    let thread = charity.opens_private_thread("coach", "ella");
    charity.until(&bot, "the thread to be locked", || charity.is_locked(thread)).await;
    let page = charity.until(&bot, "the DSL's page", || charity.pages("ruth").pop()).await;
    assert!(page.text.contains("Safeguarding case C-0001: level 4"), "{}", page.text);
    assert!(!page.text.contains("ella") && !page.text.contains("friday"), "{}", page.text);

    charity.presses("ruth", &page);
    charity
        .until(&bot, "the answer to the button", || {
            charity.pages("ruth").pop().filter(|page| page.button.is_none())
        })
        .await;
    let session = charity.platform.progress().sessions[0].session.clone();
    assert_eq!(bot.is_told_to_stop().await, 0, "{}", bot.words());

    // What happens while it is down is heard at the next start; what was acknowledged stays so.
    let second = charity.opens_private_thread("coach", "tom");
    let bot = charity.run(TOKEN);
    charity.until(&bot, "the second thread to be locked", || charity.is_locked(second)).await;
    charity
        .until(&bot, "the second case's page", || {
            charity.pages("ruth").into_iter().find(|page| page.text.contains("C-0002"))
        })
        .await;
    let sessions: Vec<_> =
        charity.platform.progress().sessions.into_iter().map(|session| session.session).collect();
    assert_eq!(sessions, [session], "the session goes on; nothing was missed");
    assert_eq!(bot.is_told_to_stop().await, 0, "{}", bot.words());
    let about_the_first =
        charity.pages("ruth").into_iter().filter(|page| page.text.contains("C-0001")).count();
    assert_eq!((about_the_first, charity.pages("omar").len()), (1, 0), "nobody is called twice");

    // A lead opens the case with the key that `init` made.
    let cases = charity.cases();
    assert_eq!(
        (&cases["C-0001"]["acknowledged"], &cases["C-0002"]["acknowledged"]),
        (&true.into(), &false.into()),
        "{cases:?}"
    );
    let identity = "keys/ruth.age-identity.txt";
    let config = ["--config", "chaperone.toml"];
    let export = ["evidence", "export", "C-0001", "--out", "bundle", "--identity", identity];
    charity.succeeds(&[&export[..], &config[..]].concat());
    charity.succeeds(&["evidence", "verify", "bundle"]);
    charity.succeeds(&["evidence", "open", "bundle", "--identity", identity, "--out", "opened"]);
    let opened = std::fs::read_dir(charity.file("opened/raw")).unwrap();
    let opened: String = opened.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert!(opened.contains("can you come early on friday"), "{opened}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_young_person_reports_and_is_answered_and_a_case_is_opened() {
    let charity = Charity::set_up().await;
    let bot = charity.run(TOKEN);
    charity.until_it_listens(&bot).await;
    let (ella, art) = (charity.person("ella"), charity.names.spaces["art"]);
    charity
        .until(&bot, "/report to be in the menus", || {
            let names: Vec<String> = charity.platform.read(|state| {
                let names = state.commands.values().filter_map(|command| command.body["name"].as_str());
                names.map(str::to_owned).collect()
            });
            ["Report to safeguarding", "report"]
                .iter()
                .all(|name| names.contains(&(*name).to_owned()))
                .then_some(())
        })
        .await;
    let command = CommandUse { name: "report".to_owned(), kind: 1, ..CommandUse::default() };
    charity.does(Op::UseCommand { by: ella, channel: art, command });
    let answer = charity
        .until(&bot, "an answer that only she sees", || {
            let view = charity.platform.view(ella);
            let spaces = view.guilds.into_iter().flat_map(|guild| guild.spaces);
            spaces.flat_map(|space| space.messages).find(|message| message.only_you && !message.thinking)
        })
        .await;
    assert!(answer.content.contains("Thank you for telling us"), "{}", answer.content);
    assert!(answer.content.contains("0800 1111"), "{}", answer.content);

    let cases = charity.cases();
    assert_eq!(cases.len(), 1, "{cases:?}");
    assert_eq!((&cases["C-0001"]["level"], &cases["C-0001"]["category"]), (&3.into(), &"welfare".into()));
    assert_eq!(bot.is_told_to_stop().await, 0, "{}", bot.words());
    assert!(charity.pages("ruth").is_empty(), "a concern of level 3 waits for the digest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_accepted_ends_the_bot_and_says_what_to_do() {
    let charity = Charity::set_up().await;
    let bot = charity.run("the-wrong-token");
    assert_eq!(bot.ends().await, 1, "{}", bot.words());
    let words = bot.words();
    let last: Vec<_> = words.lines().rev().take(2).collect();
    assert!(last[1].starts_with("chaperone: Discord does not accept the token"), "{words}");
    assert!(last[0].contains("Reset Token"), "{words}");
    assert!(!words.contains("the-wrong-token"), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_bot_on_the_same_data_does_not_start() {
    let charity = Charity::set_up().await;
    let first = charity.run(TOKEN);
    charity.until_it_listens(&first).await;
    let second = charity.run(TOKEN);
    assert_eq!(second.ends().await, 2, "{}", second.words());
    let words = second.words();
    assert!(words.contains("another Chaperone already holds"), "{words}");
    assert!(words.lines().last().is_some_and(|line| line.starts_with("stop the other one")), "{words}");
    assert_eq!(first.is_told_to_stop().await, 0, "{}", first.words());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_by_hand_is_marked_goes_through_the_real_channels_and_says_which_did_not_take_it() {
    let charity = Charity::set_up().await;
    let drill = |more: &[&str]| {
        let arguments = ["page", "drill", "--config", "chaperone.toml", "--json"];
        let mut command = chaperone(charity.folder.path());
        command.args(arguments).args(more).env("DISCORD_TOKEN", TOKEN).output().unwrap()
    };
    let lines = |ended: &std::process::Output| -> Vec<serde_json::Value> {
        let out = String::from_utf8_lossy(&ended.stdout).into_owned();
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let told = |ended: &std::process::Output| {
        let line = |line: serde_json::Value| {
            format!(
                "{} {} {}",
                line["person"].as_str().unwrap(),
                line["channel"].as_str().unwrap(),
                line["state"]
            )
        };
        lines(ended).into_iter().map(line).collect::<Vec<_>>()
    };
    let both = drill(&[]);
    assert_eq!(both.status.code(), Some(0), "{}", String::from_utf8_lossy(&both.stderr));
    assert_eq!(told(&both), ["ruth discord-dm \"accepted\"", "omar discord-dm \"accepted\""]);
    for who in ["ruth", "omar"] {
        let dm = charity.dm(who).unwrap();
        let text = &dm.messages.last().unwrap().content;
        assert!(text.starts_with("THIS IS A DRILL.") && text.contains("C-0000"), "{text}");
    }

    // Nobody listens where mail should go: that channel is named, and the exit status says it.
    charity.edit(
        "[policy]\n",
        "[paging.email]\nhost = \"127.0.0.1\"\nport = 1\ntls = \"plain\"\nfrom = \"a@club.example\"\n[policy]\n",
    );
    charity.edit("slot = \"dsl\"\n", "slot = \"dsl\"\nemail = \"ruth@club.example\"\n");
    let one = drill(&["--slot", "dsl"]);
    assert_eq!(one.status.code(), Some(1));
    assert_eq!(told(&one), ["ruth discord-dm \"accepted\"", "ruth email \"failed-temporary\""]);
    let nobody = drill(&["--slot", "chair"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("nobody stands in these slots"));
    // A drill is no case: nothing was kept for it.
    assert!(!charity.file("data/chaperone.db").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_who_since_when_is_told_beside_the_running_bot() {
    let charity = Charity::set_up().await;
    let bot = charity.run(TOKEN);
    charity.until_it_listens(&bot).await;
    let coach = charity.person("coach");
    let ruth = charity.person("ruth");
    let enrol = CommandUse {
        name: "enrol".to_owned(),
        kind: 1,
        options: vec![serde_json::json!({ "name": "add", "type": 1, "options": [
            { "name": "account", "type": 6, "value": coach.to_string() },
            { "name": "as", "type": 3, "value": "youth-worker" },
        ]})],
        target: None,
    };
    let channel = charity.names.spaces["art"];
    charity
        .until(&bot, "/enrol to be known", || {
            let known = charity.platform.read(|state| {
                state.commands.values().any(|command| command.body["name"].as_str() == Some("enrol"))
            });
            known.then_some(())
        })
        .await;
    charity.does(Op::UseCommand { by: ruth, channel, command: enrol });
    let roster = |more: &[&str]| {
        let arguments = [&["roster", "--config", "chaperone.toml", "--json"], more].concat();
        let lines = charity.succeeds(&arguments);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
    };
    charity
        .until(&bot, "the enrolment to be on the roster", || {
            let lines = roster(&["--person", &coach.to_string()]);
            let enrolled = |line: &serde_json::Value| {
                line["what"] == "enrolled" && line["is"] == "youth worker" && line["by_name"] == "ruth"
            };
            lines.iter().any(enrolled).then_some(())
        })
        .await;
    let by_role: Vec<serde_json::Value> =
        roster(&[]).into_iter().filter(|line| line["what"] == "role").collect();
    assert_eq!(by_role.len(), 3, "coach, ruth, omar by their roles; no young person is listed: {by_role:?}");
    assert!(roster(&["--history"]).len() >= 4);
    assert_eq!(bot.is_told_to_stop().await, 0);
}

/// Words and names that must never leave the place where they were written.
const PLANTED: [&str; 4] = ["quillwort", "Zanzibella", "brackenfell", "hushmallow"];

#[tokio::test(flavor = "multi_thread")]
async fn however_much_is_logged_no_word_and_no_name_of_anybody_is() {
    let charity = Charity::set_up().await;
    let bot = Bot::start_logging(charity.folder.path(), TOKEN, "chaperone=trace");
    charity.until_it_listens(&bot).await;
    let art = charity.names.spaces["art"];
    let said = [
        "kys quillwort",
        "don't tell anyone Zanzibella it's our secret, brackenfell",
        "my number is 07700 900123 hushmallow",
        "i want to die quillwort",
        "meet me alone at brackenfell after school",
        "hello Zanzibella",
        "what school do you go to hushmallow",
    ];
    let mut newest = None;
    for (number, text) in said.iter().cycle().take(70).enumerate() {
        let by = charity.person(["coach", "tom", "ella"][number % 3]);
        let message = NewMessage { reply_to: newest, ..NewMessage::text(format!("{text} {number}")) };
        if let Answer::Message(_, message) = charity.does(Op::Say { by, channel: art, message }) {
            newest = Some(message).filter(|_| number % 2 == 0);
        }
    }
    let bot_dm = charity.platform.dm(charity.person("ella"), charity.platform.bot()).unwrap();
    let told = NewMessage::text("coach said quillwort to Zanzibella, and do not tell");
    charity.does(Op::Say { by: charity.person("ella"), channel: bot_dm, message: told });
    charity.opens_private_thread("coach", "ella");
    charity.until(&bot, "the DSL to be called", || charity.pages("ruth").first().map(|_| ())).await;
    assert_eq!(bot.is_told_to_stop().await, 0);
    let words = bot.words();
    assert!(words.matches("outbox: trying").count() > 10, "it has logged what it does: {words}");
    for planted in PLANTED.iter().chain(&["07700", "can you come early on friday"]) {
        let line = words.lines().find(|line| line.to_lowercase().contains(&planted.to_lowercase()));
        assert_eq!(line, None, "{planted:?} stands in the log");
    }
    for page in charity.pages("ruth").iter().chain(&charity.pages("omar")) {
        assert!(PLANTED.iter().all(|planted| !page.text.contains(planted)), "{}", page.text);
    }
}
