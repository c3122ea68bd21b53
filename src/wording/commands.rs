//! What commands answer: to workers what, where, what was done, what to do; to a subject and to young people neutral
//! words. Each is for one person's eyes only; people and channels stand in it as Discord shows them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::domain::{CaseRef, ChannelId, Kind, UserId};

/// On a server that is not the charity's, or in a direct message.
#[must_use]
pub fn command_elsewhere() -> &'static str {
    "This command works on the charity's own server. /report works everywhere."
}

/// To somebody who does not work here.
#[must_use]
pub fn command_for_workers() -> &'static str {
    "This command is for enrolled staff and volunteers. If something worries you, /report reaches a safeguarding lead, \
     and anybody can use it."
}

/// To somebody who is no lead.
#[must_use]
pub fn command_for_leads() -> &'static str {
    "Only a safeguarding lead can do that. Please ask one."
}

/// What was asked for has arrived and cannot be recorded at present.
#[must_use]
pub fn command_not_kept_yet() -> &'static str {
    "Received, but it cannot be recorded at present, so nothing has changed yet. It counts as soon as it can be \
     recorded; look at the list again before you rely on it, and tell whoever runs the bot."
}

/// A list, and how much more there is.
#[must_use]
pub fn list(lines: &[String], more: usize) -> String {
    let mut text = lines.join("\n");
    if more > 0 {
        let _ = write!(text, "\n… and {more} more.");
    }
    text
}

/// A text that is no time.
#[must_use]
pub fn not_a_time(text: &str) -> String {
    format!(
        "{text:?} is not a time. Write it like 18:00, Tue 18:00, tomorrow 6pm, 3 March 18:00 or 2026-03-03 18:00."
    )
}

/// A text that is no day.
#[must_use]
pub fn not_a_day(text: &str) -> String {
    format!("{text:?} is not a day. Write it like 2026-07-17, 17 July or Friday.")
}

/// Somebody is not here.
#[must_use]
pub fn not_on_this_server(who: UserId) -> String {
    format!("<@{who}> is not on this server. Choose somebody who is.")
}

/// A session of an unknown name.
#[must_use]
pub fn no_such_session(id: &str) -> String {
    format!(
        "No session is called {id:?}. Choose one of those that are offered while you type, or look at /session list."
    )
}

/// A session that somebody else is in charge of.
#[must_use]
pub fn session_not_yours(id: &str) -> String {
    format!(
        "Only the leaders of **{id}**, its standby, whoever booked it or a safeguarding lead can change it. Ask one of them."
    )
}

/// Two sessions in one space at one time.
#[must_use]
pub fn session_overlaps(other: &str) -> String {
    format!(
        "**{other}** is booked in that space at that time. Choose another time or space, or cancel it first."
    )
}

/// Nobody signs their own.
#[must_use]
pub fn session_signed_by_oneself() -> &'static str {
    "Somebody else has to have signed the risk assessment. Name them, or let them book the session."
}

/// A session is booked.
#[must_use]
pub fn session_booked(id: &str, when: &str, times: usize, spaces: &str) -> String {
    let times = if times > 1 { format!(", {times} times, the first") } else { String::new() };
    format!(
        "Booked: **{id}**{times} {when}, in {spaces}. Two enrolled adults have to be there the whole time."
    )
}

/// Nothing of a calendar file is booked, and why.
#[must_use]
pub fn import_refused(against: &[String]) -> String {
    let lines: Vec<String> = against.iter().map(|line| format!("• {line}")).collect();
    format!(
        "Nothing was booked: all of a file is, or none of it. Correct this and import it again:\n{}",
        lines.join("\n")
    )
}

/// A session of a calendar file that may not be booked so.
#[must_use]
pub fn import_session_refused(line: usize, name: &str, refused: &str) -> String {
    format!("**{name}** (line {line}): {refused}")
}

/// A session of a calendar file that meets another.
#[must_use]
pub fn import_overlaps(line: usize, name: &str, with: &str, at: &str) -> String {
    format!("**{name}** (line {line}) meets **{with}**, which is booked in the same space at {at}")
}

/// A calendar file with nothing that is to come.
#[must_use]
pub fn import_empty(over: usize) -> String {
    if over == 0 {
        "The file holds no event.".to_owned()
    } else {
        format!("All {over} events of the file are over.")
    }
}

/// A calendar file with too many sessions.
#[must_use]
pub fn import_too_many(sessions: usize, most: usize) -> String {
    format!("The file holds {sessions} sessions; {most} at a time can be booked. Export a shorter time.")
}

/// One session of a calendar file: how often, how often at another time, how often not.
#[must_use]
pub fn import_line(
    id: &str,
    first: &str,
    (times, moved, cancelled): (usize, usize, usize),
    spaces: &str,
) -> String {
    let times = if times > 1 { format!("{times} times from {first}") } else { first.to_owned() };
    let moved = if moved > 0 { format!(", {moved} of them at another time") } else { String::new() };
    let cancelled = if cancelled > 0 { format!(", {cancelled} left out") } else { String::new() };
    format!("• **{id}**: {times}{moved}{cancelled}, in {spaces}")
}

/// What was booked of a calendar file, or would be.
#[must_use]
pub fn imported(sessions: &[String], remarks: &[String], over: usize, booked: bool) -> String {
    let head = match (booked, sessions.len()) {
        (true, 1) => "Booked, 1 session of the file:".to_owned(),
        (true, all) => format!("Booked, all {all} sessions of the file:"),
        (false, 1) => "Nothing was booked. This session would be:".to_owned(),
        (false, all) => format!("Nothing was booked. These {all} sessions would be:"),
    };
    let over = match over {
        0 => String::new(),
        1 => "\n1 event of the file is over and was left out.".to_owned(),
        over => format!("\n{over} events of the file are over and were left out."),
    };
    let remarks: Vec<String> = remarks.iter().map(|remark| format!("\nNote: {remark}")).collect();
    format!("{head}\n{}{over}{}", sessions.join("\n"), remarks.concat())
}

/// A session began early.
#[must_use]
pub fn session_opened(id: &str, until: &str) -> String {
    format!("**{id}** is open now, until {until}.")
}

/// A session goes on.
#[must_use]
pub fn session_extended(id: &str, until: &str) -> String {
    format!("**{id}** ends at {until} now.")
}

/// A session ended.
#[must_use]
pub fn session_closed(id: &str) -> String {
    format!("**{id}** is closed. From now on contact in its spaces is outside an agreed time.")
}

/// Nothing of it is to come.
#[must_use]
pub fn session_nothing_to_cancel(id: &str) -> String {
    format!("**{id}** has no time that is still to come. One that is open is closed with /session close.")
}

/// One time of a session does not take place.
#[must_use]
pub fn session_cancelled(id: &str, when: &str) -> String {
    format!("**{id}** does not take place {when}.")
}

/// A session does not take place any more.
#[must_use]
pub fn session_cancelled_for_good(id: &str) -> String {
    format!("**{id}** is cancelled, every time of it.")
}

/// Two-adult cover is relaxed.
#[must_use]
pub fn session_relaxed(id: &str, when: &str) -> String {
    format!(
        "On record with your name: in **{id}**, {when}, one enrolled adult is enough. It holds for that time only."
    )
}

/// Nothing is booked.
#[must_use]
pub fn no_sessions() -> &'static str {
    "Nothing is booked in the next two weeks. /session book books."
}

/// One time of a session, in a list.
#[must_use]
pub fn session_line(id: &str, when: &str, open: bool, spaces: &str, leaders: &str) -> String {
    let open = if open { ", **open now**" } else { "" };
    format!("**{id}** {when}{open} · {spaces} · {leaders}")
}

/// A plan waits.
#[must_use]
pub fn plan_proposed(id: &str, adult: UserId, young_person: UserId, when: &str, weekly: bool) -> String {
    let weekly = if weekly { ", every week" } else { "" };
    format!(
        "Proposed: **{id}**, <@{adult}> with <@{young_person}>, {when}{weekly}. Nothing is agreed yet: a lead who is not \
         <@{adult}> has to approve it with /contact approve."
    )
}

/// The observer does not approve what they observe.
#[must_use]
pub fn plan_observed_by_oneself() -> &'static str {
    "You are the observer of this plan, so another lead has to approve it."
}

/// A plan counts.
#[must_use]
pub fn plan_approved(id: &str, adult: UserId, young_person: UserId) -> String {
    format!(
        "Approved: **{id}**. <@{adult}> and <@{young_person}> can meet at the planned times, in the room that opens for \
         them. Direct messages between them stay outside the plan."
    )
}

/// A plan does not count.
#[must_use]
pub fn plan_declined(id: &str) -> String {
    format!("**{id}** is declined. Please tell whoever proposed it why.")
}

/// A plan is over.
#[must_use]
pub fn plan_ended(id: &str) -> String {
    format!("**{id}** has ended. From now on the usual rules hold for the two.")
}

/// Somebody else's plan.
#[must_use]
pub fn plan_not_yours() -> &'static str {
    "Only the adult of a plan, its observer, whoever proposed it or a lead can end it. /contact list shows the plans."
}

/// No plan at all.
#[must_use]
pub fn no_plans() -> &'static str {
    "No contact is planned. /contact propose proposes a plan."
}

/// A proposal, in a list.
#[must_use]
pub fn plan_waits(id: &str, adult: UserId, young_person: UserId, purpose: &str, by: UserId) -> String {
    format!("**{id}** waits for a lead · <@{adult}> with <@{young_person}> · {purpose} · proposed by <@{by}>")
}

/// A plan, in a list.
#[must_use]
pub fn plan_line(
    id: &str,
    when: &str,
    open: bool,
    (adult, young_person, observer): (UserId, UserId, Option<UserId>),
    by: UserId,
) -> String {
    let open = if open { ", **open now**" } else { "" };
    let observer = observer.map_or_else(String::new, |observer| format!(" · observed by <@{observer}>"));
    format!("**{id}** {when}{open} · <@{adult}> with <@{young_person}>{observer} · approved by <@{by}>")
}

/// Two people are kept apart.
#[must_use]
pub fn separated(one: UserId, other: UserId, until: Option<&str>) -> String {
    let until =
        until.map_or_else(|| "until a lead lifts it".to_owned(), |until| format!("until the end of {until}"));
    format!(
        "<@{one}> and <@{other}> are kept apart from now on, {until}. Neither of them is told by the bot."
    )
}

/// Two people need not be kept apart.
#[must_use]
pub fn separation_lifted(one: UserId, other: UserId) -> String {
    format!("<@{one}> and <@{other}> need not be kept apart any longer.")
}

/// Nobody is kept apart.
#[must_use]
pub fn no_separations() -> &'static str {
    "Nobody is kept apart. /separate order keeps two people apart."
}

/// A separation, in a list.
#[must_use]
pub fn separation_line(
    (one, other): (UserId, UserId),
    reason: &str,
    since: &str,
    by: UserId,
    until: Option<&str>,
) -> String {
    let until = until.map_or_else(String::new, |until| format!(", until {until}"));
    format!("<@{one}> and <@{other}> · {reason} · since {since}{until} · ordered by <@{by}>")
}

/// A young person is not staff.
#[must_use]
pub fn enrols_a_young_person(account: UserId) -> String {
    format!(
        "<@{account}> has a young person's role. Take that role away first, if this account really is an adult's."
    )
}

/// An account is enrolled.
#[must_use]
pub fn enrolled(account: UserId, kind: Kind) -> String {
    format!("<@{account}> is enrolled as {kind}: this account and no other of the same person.")
}

/// An account is not enrolled any more.
#[must_use]
pub fn unenrolled(account: UserId) -> String {
    format!("<@{account}> is not enrolled any longer. Take their roles on the server away as well.")
}

/// Nobody decides for themselves.
#[must_use]
pub fn not_for_oneself() -> &'static str {
    "You cannot do this for yourself. Please ask another lead."
}

/// A responsibility needs an enrolled adult.
#[must_use]
pub fn enrol_first(account: UserId) -> String {
    format!("<@{account}> is not enrolled. /enrol add first.")
}

/// A responsibility was taken on or laid down.
#[must_use]
pub fn responsibility_changed(who: UserId, what: &str, takes: bool) -> String {
    if takes {
        format!("<@{who}> is {what} from now on.")
    } else {
        format!("<@{who}> is not {what} any longer.")
    }
}

/// A responsibility, on the roster.
#[must_use]
pub fn roster_responsibility(what: &str, who: UserId, since: &str, by: UserId) -> String {
    format!("**{what}**: <@{who}>, since {since} (said by <@{by}>)")
}

/// An enrolment, on the roster.
#[must_use]
pub fn roster_enrolled(who: UserId, kind: Kind, since: &str, by: UserId) -> String {
    format!("<@{who}>, {kind}, enrolled since {since} by <@{by}>")
}

/// Somebody with a staff role and no enrolment: since when, as far as it was seen, and who gave them the role, where the
/// server's log told.
#[must_use]
pub fn roster_by_role(who: UserId, kind: Kind, since: Option<(&str, Option<UserId>)>) -> String {
    let since = match since {
        Some((since, Some(by))) => format!(", since {since} (given by <@{by}>)"),
        Some((since, None)) => format!(", seen since {since}"),
        None => String::new(),
    };
    format!("<@{who}>, {kind} by their role on the server{since}; not enrolled")
}

/// Somebody whose staff role does not count, because their account is not enrolled.
#[must_use]
pub fn roster_not_enrolled(who: UserId) -> String {
    format!(
        "<@{who}> holds a worker's role and counts as a guest: not enrolled. A lead enrols them with /enrol add."
    )
}

/// Somebody who is not on the roster.
#[must_use]
pub fn not_on_the_roster(who: UserId) -> String {
    format!("<@{who}> is not on the roster. A lead enrols people with /enrol add.")
}

/// An empty roster.
#[must_use]
pub fn nobody_on_the_roster() -> &'static str {
    "Nobody is on the roster. A lead enrols people with /enrol add."
}

/// How direct messages between members stand.
#[derive(Clone, Copy, Debug)]
pub enum DirectMessages<'a> {
    /// Paused until a moment, and renewed before it.
    Paused(&'a str),
    /// Open while a session is, as the charity has decided.
    OpenForSession,
    /// Not paused although they should be; since when it has been tried in vain, when it has.
    NotPaused(Option<&'a str>),
    /// The charity does not want them paused by this bot.
    NotWanted,
}

/// How the system stands, in numbers that say nothing about anybody.
#[derive(Clone, Copy, Debug)]
pub struct Status<'a> {
    /// How direct messages between members stand.
    pub direct_messages: DirectMessages<'a>,
    /// How many spaces of this server are seen.
    pub spaces: usize,
    /// The last stretch in which nothing was heard live.
    pub last_gap: Option<(&'a str, &'a str)>,
    /// How many spaces are closed for an adult (the reader's own left out).
    pub open_locks: usize,
    /// How many leads are on the server.
    pub leads: usize,
    /// To a lead: how many cases wait for somebody to acknowledge them.
    pub waiting: Option<usize>,
}

/// How the system stands.
#[must_use]
pub fn status(status: &Status<'_>) -> String {
    let by_hand = "A lead can pause them in Server Settings → Safety Setup.";
    let stand = match status.direct_messages {
        DirectMessages::Paused(until) => format!("paused until {until}; renewed before that."),
        DirectMessages::OpenForSession => "open while a session is, paused again after it.".to_owned(),
        DirectMessages::NotPaused(None) => format!("**not paused**. {by_hand}"),
        DirectMessages::NotPaused(Some(since)) => {
            format!("**not paused**: it was last tried in vain at {since}, and is tried again. {by_hand}")
        }
        DirectMessages::NotWanted => "not paused by this bot; the configuration says so.".to_owned(),
    };
    let mut text = format!("Direct messages between members: {stand}\n");
    let _ = writeln!(text, "Listening: yes, on {} spaces of this server.", status.spaces);
    let _ = match status.last_gap {
        Some((from, until)) => {
            writeln!(text, "Last gap: {from} to {until}; what stood in the channels was read afterwards.")
        }
        None => writeln!(text, "Gaps: none on record."),
    };
    let _ = writeln!(text, "Spaces closed for an adult: {}.", status.open_locks);
    let _ = match status.leads {
        0 => writeln!(text, "Leads on this server: **none**. Nobody can be called here."),
        leads => writeln!(text, "Leads on this server: {leads}."),
    };
    if let Some(waiting) = status.waiting {
        let _ = writeln!(text, "Cases that wait for an acknowledgement: {waiting}.");
    }
    text.push_str(
        "No bot sees direct messages between two members, or hears voice. /report works everywhere.",
    );
    text
}

/// To somebody who did not say which space.
#[must_use]
pub fn which_space() -> &'static str {
    "Say which space: /why space:#channel."
}

/// A space is not closed, or not the reader's to know of.
#[must_use]
pub fn not_closed(space: ChannelId) -> String {
    format!("<#{space}> is not closed for anybody that you could see.")
}

/// To whoever a space was closed for, and to young people.
#[must_use]
pub fn closed_in_neutral_words(space: ChannelId) -> String {
    format!(
        "<#{space}> is closed for now, because no second adult can see it. That is a rule about the space. To have it \
         opened, or if you think this is wrong, ask a safeguarding lead: a person will look at it."
    )
}

/// To workers and leads: why a space was closed.
#[must_use]
pub fn closed_because(
    space: ChannelId,
    adult: UserId,
    since: &str,
    rules: &[&str],
    cases: &BTreeSet<CaseRef>,
    may_open: bool,
) -> String {
    let rules =
        if rules.is_empty() { "a contact rule was broken there.".to_owned() } else { rules.join(" ") };
    let cases: Vec<String> = cases.iter().map(CaseRef::to_string).collect();
    let cases = if cases.is_empty() { String::new() } else { format!(" Case {}.", cases.join(", ")) };
    let open = if may_open {
        " When a second adult can see it, /unlock opens it again."
    } else {
        " A safeguarding lead can open it again."
    };
    format!("<#{space}> is closed for <@{adult}> since {since}: {rules}{cases}{open}")
}

/// A lock that is not there.
#[must_use]
pub fn no_such_lock() -> &'static str {
    "There is no such lock. Choose one of those that are offered while you type; where none is, nothing is closed."
}

/// A space is opened again.
#[must_use]
pub fn unlocked(space: ChannelId, adult: UserId) -> String {
    format!(
        "<#{space}> is being opened again for <@{adult}>, on record with your name. If they are alone there with a young \
         person again, it is closed again."
    )
}
