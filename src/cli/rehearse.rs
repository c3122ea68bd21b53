//! `chaperone rehearse`: the whole system on an embedded platform. No token, no network, no configuration.

mod bot;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};

use crate::app::export::{How, export_case};
use crate::clock::Clock;
use crate::domain::{CaseRef, Fact, Level};
use crate::evidence::{Identity, SigningKey, verify};
use crate::rehearsal::mailbox::Mailbox;
use crate::rehearsal::platform::{Options, Platform};
use crate::rehearsal::player::bot::Bot;
use crate::rehearsal::player::{Narrator, Pace, Parts, Player, Stage, Style};
use crate::rehearsal::room::Room;
use crate::rehearsal::script::Script;
use crate::store::Store;
use crate::text::Lists;
use bot::{KeyedLead, Plan, RehearsedBot, TOKEN};

/// Play an evening with invented people, and see what Chaperone does
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  chaperone rehearse\n  chaperone rehearse --instant --once\n  chaperone rehearse --script our-policy.toml --instant --once --data evening\n\n\
    Exit status: 0 every expectation of the script was met and the evidence log verified, 1 one was not (its line is named), \
    2 the script or the folder cannot be used.",
    after_long_help = crate::rehearsal::script::FORMAT
)]
pub struct Args {
    /// A script of your own; without one, the built-in evening is played
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Do not wait between the lines
    #[arg(long)]
    instant: bool,
    /// Exit when the script ends (also when standard output is not a terminal)
    #[arg(long)]
    once: bool,
    /// Keep database, keys, log and one exported bundle here; a run that was killed goes on where it ended
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The port of the platform and its web room; without it, a free one
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Print JSON lines
    #[arg(long)]
    json: bool,
}

/// Runs; exit status 0 or 1.
///
/// # Errors
/// When it cannot run: the script has mistakes, the folder cannot be used.
pub fn run(args: &Args) -> anyhow::Result<u8> {
    super::log_to_stderr("error");
    let script = match &args.script {
        None => Script::evening(),
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| {
                format!("the script {} cannot be read\nname a text file in UTF-8", path.display())
            })?;
            Script::read(&path.display().to_string(), &text)
        }
    }
    .map_err(|faults| anyhow!("{faults}"))?;
    let folder = Folder::of(args.data.as_deref())?;
    let good = super::runtime()?.block_on(rehearse(args, script, &folder.path))?;
    Ok(u8::from(!good))
}

/// Where an evening is kept; a temporary one goes when it ends.
struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    fn of(data: Option<&Path>) -> anyhow::Result<Folder> {
        let path = match data {
            Some(path) => path.to_owned(),
            None => std::env::temp_dir().join(format!(
                "chaperone-rehearsal-{}-{}",
                std::process::id(),
                Clock::system().now().0
            )),
        };
        fs::create_dir_all(path.join("keys")).with_context(|| {
            format!("the folder {} cannot be made\nname another with --data", path.display())
        })?;
        Ok(Folder { path, temporary: data.is_none() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

async fn rehearse(args: &Args, script: Script, data: &Path) -> anyhow::Result<bool> {
    let clock = Clock::manual(script.start);
    let mut options = Options::new(clock.clone(), TOKEN);
    options.port = args.port.or_else(|| earlier_port(data));
    options.journal = Some(data.join("platform.jsonl"));
    let room = Room::new(script.zone);
    let platform = Platform::start_with(options, |handle| room.routes(handle))
        .await
        .context("the rehearsal platform cannot be started\nname another port with --port, or another folder with --data")?;
    let handle = platform.handle();
    fs::write(data.join("port"), handle.url().rsplit(':').next().unwrap_or_default())?;
    let mailbox = Mailbox::open(clock.clone(), Some(&data.join("mailbox.jsonl"))).await?;
    let stage = Stage::set(&handle, &script)?;
    let leads = stage
        .leads(&script)
        .into_iter()
        .map(|lead| {
            let recipient = identity(data, &lead.name, &clock)?.recipient();
            Ok(KeyedLead { lead, recipient })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let bot = Arc::new(RehearsedBot::new(Plan {
        script: script.clone(),
        stage: stage.clone(),
        leads,
        platform: handle.clone(),
        mailbox: mailbox.clone(),
        clock: clock.clone(),
        lists: Lists::shared(),
        data: data.to_owned(),
    }));
    let style = if args.json { Style::Json } else { Style::Prose };
    let mut narrator = Narrator::new(Box::new(io::stdout()), style, script.zone);
    narrator.also(room.listener());
    let stay = !args.once && io::IsTerminal::is_terminal(&io::stdout());
    if stay && !args.json {
        println!("You can watch and take part: {}\n", handle.url());
    }
    let mut player = Player::new(Parts {
        script,
        platform: handle.clone(),
        stage,
        bot: bot.clone(),
        mailbox,
        clock,
        pace: if args.instant { Pace::Instant } else { Pace::Readable },
        narrator,
    })?;
    let report = player.play().await?;
    let bundle = export_worst(&bot, data, args.data.is_some()).await?;
    if !args.json {
        println!("{bundle}");
    }
    let good = report.is_good();
    if stay {
        if args.json {
            println!("{}", serde_json::json!({ "room": handle.url() }));
        } else {
            println!("The room stays open: {}  (Ctrl-C closes it)", handle.url());
        }
        tokio::select! {
            ended = player.stay_open() => ended?,
            _ = tokio::signal::ctrl_c() => {}
        }
    }
    drop(player);
    bot.close().await?;
    platform.stop().await;
    Ok(good)
}

/// The port of an earlier run with this folder: a bot that resumes finds the platform where it was.
fn earlier_port(data: &Path) -> Option<u16> {
    let port: u16 = fs::read_to_string(data.join("port")).ok()?.trim().parse().ok()?;
    // Somebody else may have taken it meanwhile; then any other does as well.
    std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).ok().map(|_| port)
}

/// A lead's throw-away identity: made once for a folder.
fn identity(data: &Path, name: &str, clock: &Clock) -> anyhow::Result<Identity> {
    let path = data.join("keys").join(format!("{name}.identity"));
    if let Ok(bytes) = fs::read(&path) {
        return Ok(Identity::from_file_bytes(&bytes, None)?);
    }
    let identity = Identity::generate();
    crate::evidence::secret_file::create(&path, identity.to_file_text(clock.now()).expose())?;
    Ok(identity)
}

/// Exports the worst case as a bundle, opened by a lead who may know of it, and verifies what was written.
async fn export_worst(bot: &RehearsedBot, data: &Path, stays: bool) -> anyhow::Result<String> {
    let facts = bot.facts(0).await;
    let mut worst: Option<(Level, CaseRef, std::collections::BTreeSet<crate::domain::UserId>)> = None;
    for (_, fact) in &facts {
        if let Fact::CaseOpened { case, level, subjects, .. } | Fact::CaseRose { case, level, subjects, .. } =
            fact
            && worst.as_ref().is_none_or(|(known, of, _)| level > known || (level == known && case == of))
        {
            worst = Some((*level, *case, subjects.clone()));
        }
    }
    let Some((_, case, subjects)) = worst else {
        return Ok("No case was opened, so there is no bundle to export.".to_owned());
    };
    let plan = bot.plan();
    let reader =
        plan.leads.iter().find(|keyed| keyed.lead.account.is_some_and(|who| !subjects.contains(&who)));
    let identity = match reader {
        Some(keyed) => Some(identity(data, &keyed.lead.name, &plan.clock)?),
        None => None,
    };
    let out = data.join("bundles").join(case.to_string());
    if out.exists() {
        // An earlier run with this folder exported it; the evening has gone on since.
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(data.join("bundles"))?;
    let key = SigningKey::load(&plan.signing_key())?;
    let store = Store::open_to_read(&plan.database().display().to_string()).await?;
    let how = How { identity: identity.as_ref(), ..How::default() };
    export_case(&store, &plan.script.club, case, &key, &how, &out).await?;
    store.close().await;
    let report = verify::verify(&out, Some(key.verifier_key()))?;
    anyhow::ensure!(report.is_sound(), "the exported bundle does not verify:\n{report}");
    let place = if stays { format!(": {}", out.display()) } else { " (--data DIR would keep it)".to_owned() };
    Ok(format!("Case {case} was exported as a bundle, and the bundle verifies{place}"))
}
