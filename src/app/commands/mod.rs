//! The commands that people find in Discord's menus: registered at the start, answered within three seconds.
//!
//! A command is decided in its turn, between two events, on the organisation as it is then: nobody else can have
//! changed what the decision rests on. What it changes is heard as an event at once, and the person is told so when it
//! is durable. Who may use a command is asked here, whatever Discord's own settings say.
//!
//! * `who`, `when`, `told`: who asks; times as people write them; a refusal in the reader's way.
//! * `session`, `contact`, `people`, `look`: what each command decides.
//! * `offer`: what is offered while somebody types.

mod contact;
mod look;
mod offer;
mod people;
mod session;
mod told;
mod when;
mod who;

use std::time::Duration;

use crate::discord::interactions::{self, Asked, Call, Offer, Reply};
use crate::discord::rest::{Rest, RestError};
use crate::domain::{Event, Register, Timestamp};
use crate::engine::Organisation;
use crate::pipeline::{Ask, Ear, Input, Stopped, What};
use crate::wording;
use tokio::sync::oneshot;
use who::Who;

/// How long the start waits for it. It goes on afterwards; Discord keeps what an earlier start registered.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an answer waits for what it says to be durable; Discord gives three seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A command older than this was answered, or Discord has told the person that it failed: heard again after a lost
/// connection it is not carried out a second time.
const STALE: Duration = Duration::from_secs(10);

/// Registers the commands once, at the start. Without them nothing else changes, so a failure is a warning.
pub(super) async fn register(rest: Rest) {
    let registering = tokio::spawn(async move {
        if let Err(error) = registered(&rest).await {
            tracing::warn!(
                %error,
                "the commands (\"Report to safeguarding\", /report, /session, …) could not be registered; they are \
                 tried again at the next start"
            );
        }
    });
    // Longer than this it runs beside everything else.
    let _ = tokio::time::timeout(PATIENCE, registering).await;
}

async fn registered(rest: &Rest) -> Result<(), RestError> {
    let application = rest.application_id().await?;
    rest.register_commands(application, &interactions::commands()).await
}

/// What a command leads to: changes of registers, and the answer once they are durable.
#[derive(Debug)]
struct Decision {
    changes: Vec<Register>,
    reply: String,
}

impl Decision {
    fn says(reply: impl Into<String>) -> Self {
        Decision { changes: Vec::new(), reply: reply.into() }
    }

    fn changes(change: Register, reply: impl Into<String>) -> Self {
        Decision { changes: vec![change], reply: reply.into() }
    }
}

/// A decision, or why not and what to do instead.
type Decided = Result<Decision, String>;

/// Decides one command.
fn decide(club: &Organisation, call: &Call, now: Timestamp) -> Decided {
    let who = Who::of(club, call.by, call.guild)?;
    match &call.asked {
        Asked::Session(request) => session::decide(club, who.works_here()?, request, now),
        Asked::Contact(request) => contact::decide(club, who.works_here()?, request, call.id, now),
        Asked::Separate(request) => people::separate(club, who.leads()?, request, now),
        Asked::Enrol(request) => people::enrol(club, who.leads()?, request, now),
        Asked::Roster { person } => Ok(people::roster(club, who.works_here()?, *person)),
        Asked::Status => Ok(look::status(club, who.works_here()?, now)),
        Asked::Why { space } => look::why(club, who, space.or(call.space)),
        Asked::Unlock { lock } => look::unlock(club, who.leads()?, lock),
    }
}

/// Carries a command out and answers it.
pub(super) async fn answer(ear: &Ear, rest: &Rest, call: Call, at: Timestamp) -> Result<(), Stopped> {
    if at.since(Timestamp::from_millis(call.id.created_millis())) > STALE {
        return Ok(());
    }
    let (told, reply) = oneshot::channel();
    let (done, durable) = oneshot::channel();
    let to = call.to.clone();
    let ask = Ask::new(move |club, now| {
        let decision = decide(club, &call, now).unwrap_or_else(Decision::says);
        let events: Vec<Event> = decision.changes.into_iter().map(Event::Register).collect();
        let _ = told.send((decision.reply, !events.is_empty()));
        events
    });
    let what = What::Ask(ask, at);
    ear.hear(Input { what, raw: None, position: None, done: Some(done) }).await?;
    let (rest, busy) = (rest.clone(), ear.busy());
    tokio::spawn(async move {
        let _busy = busy;
        let answering = async {
            let (reply, changes) = reply.await.ok()?;
            if changes {
                durable.await.ok()?;
            }
            Some(reply)
        };
        let reply = match tokio::time::timeout(ANSWER_WITHIN, answering).await {
            Ok(Some(reply)) => reply,
            Ok(None) => return,
            Err(_) => wording::command_not_kept_yet().to_owned(),
        };
        if let Err(error) = rest.reply(&to, &Reply::Private(fitting(&reply))).await {
            tracing::warn!(%error, "an answer to a command did not arrive");
        }
    });
    Ok(())
}

/// Answers what Discord asks while somebody types; too late is nothing.
pub(super) async fn offer(ear: &Ear, rest: &Rest, offer: Offer, at: Timestamp) -> Result<(), Stopped> {
    let (told, choices) = oneshot::channel();
    let to = offer.to.clone();
    let ask = Ask::new(move |club, now| {
        let _ = told.send(offer::choices(club, &offer, now));
        Vec::new()
    });
    ear.hear(Input { what: What::Ask(ask, at), raw: None, position: None, done: None }).await?;
    let (rest, busy) = (rest.clone(), ear.busy());
    tokio::spawn(async move {
        let _busy = busy;
        let Ok(Ok(choices)) = tokio::time::timeout(ANSWER_WITHIN, choices).await else { return };
        if let Err(error) = rest.reply(&to, &Reply::Choices(choices)).await {
            tracing::debug!(%error, "what was offered did not arrive in time");
        }
    });
    Ok(())
}

/// Discord takes 2,000 characters; a longer list ends with how to see the rest.
fn fitting(text: &str) -> String {
    const MOST: usize = 2_000;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let rest = "\n… and more: ask for less at a time.";
    let mut short: String = text.chars().take(MOST - rest.chars().count()).collect();
    if let Some(line) = short.rfind('\n') {
        short.truncate(line);
    }
    short + rest
}
