//! What the real bot takes: the whole process, started as a charity starts it, on the embedded platform.
//!
//! ```text
//! cargo bench --bench process
//! ```
//!
//! Prints its resident memory when it listens, after an evening of 100,000 messages over the real socket, and how long
//! those took to be heard and decided on.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chaperone::clock::Clock;
use chaperone::domain::{ChannelId, MessageId, UserId};
use chaperone::rehearsal::platform::{
    Answer, GuildPlan, NewMessage, Op, Options, Planned, Platform, SpacePlan,
};

const TOKEN: &str = "bench-token";
const PEOPLE: usize = 40;

const CHAT: [&str; 6] = [
    "is anyone bringing snacks tonight",
    "can somebody explain question 4",
    "haha same",
    "i finished the poster, it's on the shared drive",
    "what time do we start on saturday",
    "see you all on thursday",
];

fn chaperone(folder: &Path, arguments: &[String]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaperone"));
    command.current_dir(folder).args(arguments).env("DISCORD_TOKEN", TOKEN).stdin(Stdio::null());
    command
}

/// Resident memory of a process in MiB, where the system tells.
fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().trim_end_matches(" kB").trim().parse::<u64>().ok()? / 1_024)
}

/// Starts the bot in a folder of its own, and waits until it listens.
fn start(folder: &Path, platform: &Platform, names: &Planned) -> Child {
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let (guild, bot) = (names.guild.to_string(), platform.bot().to_string());
    let (dsl, deputy) = (format!("ruth:{}", names.people["ruth"]), format!("omar:{}", names.people["omar"]));
    let init = [
        "init",
        "--name",
        "Bench",
        "--guild",
        &guild,
        "--application-id",
        &bot,
        "--dsl",
        &dsl,
        "--deputy",
        &deputy,
    ];
    assert!(chaperone(folder, &owned(&init)).stdout(Stdio::null()).status().unwrap().success());
    let file = folder.join("chaperone.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let api = format!("[discord]\napi_url = \"{}\"\n", platform.url());
    std::fs::write(&file, text.replacen("[discord]\n", &api, 1)).unwrap();
    let run = owned(&["run", "--config", "chaperone.toml"]);
    let mut bot = chaperone(folder, &run).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(bot.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("listening")), "the bot has ended");
    std::thread::spawn(move || said.for_each(drop));
    bot
}

fn say(platform: &Platform, by: UserId, channel: ChannelId, text: &str) -> MessageId {
    let message = NewMessage::text(text);
    match platform.perform(Op::Say { by, channel, message }).unwrap().answer {
        Answer::Message(_, message) => message,
        other => panic!("{other:?}"),
    }
}

/// Waits until the bot has decided on everything before this message: it takes it out of sight.
async fn until_hidden(platform: &Platform, space: ChannelId, message: MessageId) {
    let mut changes = platform.changes();
    let bot = platform.bot();
    while platform.read(|state| state.messages[&space][&message].removed_by != Some(bot)) {
        tokio::time::timeout(Duration::from_mins(5), changes.changed())
            .await
            .expect("the bot is silent")
            .unwrap();
    }
}

#[tokio::main]
async fn main() {
    let quick = std::env::args().any(|argument| argument == "--test");
    let count = if quick { 200 } else { 100_000 };
    let platform = Platform::start(Options::new(Clock::system(), TOKEN)).await.unwrap();
    let mut plan = GuildPlan::new("Bench", "office")
        .role("Young Person", 0)
        .role("DSL", 0)
        .role("Deputy DSL", 0)
        .person("ruth", &["DSL"])
        .person("omar", &["Deputy DSL"])
        .space(SpacePlan::text("art"));
    for n in 0..PEOPLE {
        plan = plan.person(&format!("yp{n}"), &["Young Person"]);
    }
    let names = platform.create_guild(&plan).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut bot = start(folder.path(), &platform, &names);
    let art = names.spaces["art"];
    let by = |n: usize| names.people[&format!("yp{}", n % PEOPLE)];
    let idle = resident(bot.id());
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    let begin = Instant::now();
    for n in 0..count {
        say(&platform, by(n * 7), art, CHAT[n % CHAT.len()]);
        if n % 500 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let last = say(&platform, by(1), art, "kys");
    until_hidden(&platform, art, last).await;
    let took = begin.elapsed();
    match (idle, resident(bot.id())) {
        (Some(idle), Some(after)) => println!(
            "the whole `run` process: {idle} MiB resident when it listens, {after} MiB after {count} messages over \
             the socket (heard and decided in {took:.1?}, the platform beside it)"
        ),
        _ => println!("the whole `run` process: this system does not tell its memory"),
    }
    bot.kill().unwrap();
    bot.wait().unwrap();
}
