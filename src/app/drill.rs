//! A drill that is called by hand: a marked page to whoever stands in a slot, by every channel that they have.
//!
//! It goes past the database, which the running bot holds, so that an address can be tried at any time. Whoever presses
//! *Acknowledge* answers the running bot, which has it on record.

use std::sync::Arc;

use super::Settings;
use super::reach;
use crate::clock::Clock;
use crate::discord::rest::Rest;
use crate::domain::{Category, Effect, Level};
use crate::outbox::{Delivered, Job};
use crate::paging::drill::NO_CASE;
use crate::paging::gate::StillWanted;
use crate::paging::links::{LinkKey, Links};
use crate::paging::{OnCall, Slot};

/// How a drill fared with one channel of one person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Tried {
    /// The configuration's name.
    pub person: String,
    /// The slot that they were called for.
    pub slot: String,
    /// The channel.
    pub channel: String,
    /// `accepted`, `failed-temporary` or `failed-permanent`.
    pub state: &'static str,
    /// Why not, where it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Calls everybody who stands in these slots now, by every channel, and says how each fared.
///
/// # Errors
/// When no channel can be built, or the links' key of the installation cannot be read.
pub async fn drill(mut settings: Settings, slots: &[Slot], clock: Clock) -> anyhow::Result<Vec<Tried>> {
    let rest = Rest::new(&settings.api_url, &settings.token, clock.clone())?;
    // Nobody is a subject of a drill.
    let anybody: Arc<StillWanted> = Arc::new(|_, effect| Ok(effect.clone()));
    let key = settings.signing_key.with_file_name("links.key");
    let links = match settings.reach.inbound.as_ref().and_then(|listen| listen.public_url.as_ref()) {
        Some(url) if key.exists() => {
            Links::below(url, LinkKey::new(&std::fs::read(&key)?)).not_for(settings.reach.shared.clone())
        }
        // The bot has not run yet, so nobody would listen.
        _ => Links::default(),
    };
    let email = settings.email.take();
    let couriers =
        reach::couriers(&rest, &settings.people, email, &settings.reach, &links, &anybody, &clock)?;
    let now = clock.now();
    let mut called: Vec<&OnCall> = Vec::new();
    for person in slots.iter().flat_map(|slot| settings.people.standing(*slot, now)) {
        if !called.iter().any(|known| known.name == person.name) {
            called.push(person);
        }
    }
    let mut tried = Vec::new();
    for person in called {
        for channel in &person.channels {
            let job = Job {
                key: format!("drill/{}/by-hand-{}/{}/{channel}", settings.organisation, now.0, person.name),
                organisation: settings.organisation.clone(),
                case: None,
                effect: Effect::Page {
                    case: NO_CASE,
                    level: Level::Serious,
                    category: Category::Integrity,
                    slot: person.slot.code().to_owned(),
                    round: 0,
                    channel: channel.clone(),
                    person: person.name.clone(),
                    drill: true,
                    evidence_kept: true,
                },
                not_before: now,
                attempts: 0,
            };
            let delivered = match couriers.get(channel.as_str()) {
                Some(courier) => courier.deliver(&job).await,
                None => Delivered::Never { why: "this channel is not configured".to_owned() },
            };
            let (state, why) = match delivered {
                Delivered::Done { .. } => ("accepted", None),
                Delivered::Later { why, .. } => ("failed-temporary", Some(why)),
                Delivered::Never { why } | Delivered::Withheld { why } => ("failed-permanent", Some(why)),
            };
            let (person, slot) = (person.name.clone(), person.slot.code().to_owned());
            tried.push(Tried { person, slot, channel: channel.clone(), state, why });
        }
    }
    Ok(tried)
}
