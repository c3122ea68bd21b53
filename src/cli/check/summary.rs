//! What a valid configuration amounts to, for whoever reads it over.

use std::io::{self, Write};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Config;
use crate::discord::permissions;
use crate::domain::{Category, Level, Timestamp};
use crate::paging::{OnCall, Slot};
use crate::wording;

/// What a valid configuration amounts to: whom each level calls, to whom evidence is sealed, what is still missing.
pub(super) fn summary(config: &Config, looked: bool, out: &mut dyn Write) -> io::Result<()> {
    let servers = match config.discord.guilds.len() {
        1 => "1 server".to_owned(),
        many => format!("{many} servers"),
    };
    writeln!(out, "{} ({}), {servers}.", config.organisation.name, config.organisation.zone)?;
    for remark in &config.remarks {
        writeln!(out, "worth a thought: {remark}")?;
    }

    let people = config.people();
    let now = Clock::system().now();
    for level in [Level::Serious, Level::Immediate] {
        writeln!(
            out,
            "\nA case of level {level} ({}) calls, until somebody acknowledges:",
            wording::level_name(level)
        )?;
        for (after, called) in config.ladder.outline(&people, level, now) {
            let called: Vec<_> = called.into_iter().map(described).collect();
            writeln!(out, "  {:<14}{}", moment(after), called.join("; "))?;
        }
        let repeat = config.ladder.repeat_at(level, Category::Contact).as_secs() / 60;
        writeln!(out, "  {:<14}again from the first, by every channel", format!("every {repeat} min"))?;
    }
    if people.iter().all(|person| person.slot != crate::paging::Slot::External) {
        writeln!(
            out,
            "  Nobody outside the charity is called. Where every lead is the subject of a case, only the operator's \
             channel hears of it: think about adding an external contact."
        )?;
    }
    writeln!(out, "A subject of a case is never called about it.")?;
    beside_the_ladder(config, now, out)?;

    let sealed: Vec<_> =
        config.contacts.iter().filter(|c| c.recipient.is_some()).map(|c| c.name.as_str()).collect();
    writeln!(out, "\nEvidence is sealed to {}.", sealed.join(", "))?;

    if let Some(id) = config.discord.application_id {
        writeln!(out, "\nThe bot is invited with {}", permissions::invite_link(id))?;
    }

    if looked {
        writeln!(
            out,
            "\nWhat nobody can check from outside: whether pages are read (run a drill), and channels that Discord hides \
             from bots."
        )?;
    } else {
        writeln!(out, "\nNot looked at: the live server and the mail server.")?;
    }
    if config.discord.token.is_unset() {
        writeln!(out, "  missing to run it: {} is not set", config.discord.token)?;
    }
    if let Some((_, password)) = config.email.as_ref().and_then(|email| email.login.as_ref())
        && password.is_unset()
    {
        writeln!(out, "  missing for e-mail: {password} is not set")?;
    }
    if config.email.is_none() {
        writeln!(out, "  missing for e-mail: [paging.email]")?;
    }
    if config.policy.operator_channel.is_none() {
        writeln!(out, "  missing for notices to whoever runs the bot: [policy] operator_channel")?;
    }
    if config.discord.application_id.is_none() {
        writeln!(out, "  missing for the invite link: [discord] application_id")?;
    }
    Ok(())
}

/// How far ahead gaps of the rota are listed.
const ROTA_AHEAD: Duration = Duration::from_hours(14 * 24);

/// The digest, drills, what several people read, the rota's gaps.
fn beside_the_ladder(config: &Config, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let slots = |slots: &[Slot]| slots.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(digest) = &config.ladder.digest {
        let at = digest.at.format("%H:%M");
        writeln!(out, "Level 3 cases stand in the daily digest at {at} to {}.", slots(&digest.slots))?;
    }
    if let Some(drill) = &config.ladder.drill {
        let (day, at) = (drill.day, drill.at.format("%H:%M"));
        writeln!(out, "A drill is called every {day} at {at} for {}.", slots(&drill.slots))?;
    }
    let hear: Vec<String> = config
        .contacts
        .iter()
        .filter(|contact| config.past_the_line.contains(&contact.slot))
        .map(|contact| format!("{} ({})", contact.name, contact.slot))
        .collect();
    if hear.is_empty() {
        writeln!(
            out,
            "worth a thought: a report about somebody in charge reaches nobody but the operator's channel; add a chair or \
             an external contact, or [paging.whistleblowing]"
        )?;
    } else {
        writeln!(out, "A report about somebody in charge goes to {} and to nobody else.", hear.join(", "))?;
    }
    for shared in &config.reach.shared {
        let readers = shared.readers.len();
        let (name, channel) = (&shared.name, shared.way.channel());
        writeln!(
            out,
            "{name} ({channel}) is skipped when one of its {readers} declared readers is the subject."
        )?;
    }
    let zone = config.organisation.zone;
    for gap in config.rota.gaps(now, now.plus(ROTA_AHEAD)) {
        let local = |at| zone.local(at).format("%a %-d %b %H:%M").to_string();
        let (slot, from, until) = (gap.slot, local(gap.from), local(gap.until));
        writeln!(
            out,
            "worth a thought: the rota names no {slot} from {from} until {until}; everybody of the slot is called then"
        )?;
    }
    Ok(())
}

fn described(person: &OnCall) -> String {
    format!("{} ({}) by {}", person.name, person.slot, person.channels.join(", "))
}

fn moment(after: Duration) -> String {
    match after.as_secs() / 60 {
        0 => "at once".into(),
        minutes => format!("after {minutes} min"),
    }
}
