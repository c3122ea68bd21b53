//! `[paging]`: the steps of the ladder and the mail server.

use std::path::Path;
use std::time::Duration;

use crate::paging::channels::email::{Security, is_address, is_this_machine};
use crate::paging::policy::Step;
use crate::paging::{LadderPolicy, Slot};

use super::calls::{Calls, calls};
use super::channels::{From, Reach, reach};
use super::places::secret;
use super::raw::{At, Reader, Section};
use super::{Contact, Email};

/// `[paging]` before it is held against the people.
pub(super) struct Paging {
    wait: Duration,
    repeat: Option<Duration>,
    repeat_immediate: Option<Duration>,
    at_once: Option<At<Vec<Slot>>>,
    steps: Vec<At<Step>>,
}

/// A mail server: absent, there but wrong, or right.
pub(super) enum MailServer {
    Absent,
    Wrong,
    Right(Email),
}

impl MailServer {
    /// Whether the section is there at all: what else depends on it is not reported as missing.
    pub fn present(&self) -> bool {
        !matches!(self, MailServer::Absent)
    }

    pub fn into_option(self) -> Option<Email> {
        match self {
            MailServer::Right(email) => Some(email),
            MailServer::Absent | MailServer::Wrong => None,
        }
    }
}

pub(super) const SLOTS: &str = "list slots: dsl, deputy-dsl, senior-manager, chair, external";

pub(super) fn paging(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    base: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> (Paging, MailServer, Calls, Reach) {
    let five = Duration::from_mins(5);
    let mut paging =
        Paging { wait: five, repeat: None, repeat_immediate: None, at_once: None, steps: Vec::new() };
    let Some(mut section) = root.section(r, "paging") else {
        return (paging, MailServer::Absent, calls(r, None), Reach::default());
    };
    paging.wait = minutes(r, &mut section, "wait_minutes").unwrap_or(five);
    paging.repeat = minutes(r, &mut section, "repeat_minutes");
    paging.repeat_immediate = minutes(r, &mut section, "repeat_immediate_minutes");
    paging.at_once = slots(r, &mut section, "at_once");
    for mut step in section.sections(r, "step") {
        let at = step.at;
        let wait = minutes(r, &mut step, "wait_minutes").unwrap_or(paging.wait);
        match slots(r, &mut step, "slots") {
            Some(slots) => paging.steps.push(At { value: Step { slots: slots.value, wait, times: 1 }, at }),
            None => r.problem(at, "[[paging.step]] calls nobody", SLOTS),
        }
        step.done(r);
    }
    let email = match section.section(r, "email") {
        None => MailServer::Absent,
        Some(section) => mail_server(r, section, base, env).map_or(MailServer::Wrong, MailServer::Right),
    };
    let calls = calls(r, Some(&mut section));
    let reach = reach(r, &mut section, &From { base, env });
    section.done(r);
    (paging, email, calls, reach)
}

pub(super) fn minutes(r: &mut Reader<'_>, section: &mut Section<'_>, key: &'static str) -> Option<Duration> {
    let minutes = section.number(r, key, 1..1441, "write whole minutes, from 1 to 1440")?;
    Some(Duration::from_secs(minutes.value.unsigned_abs() * 60))
}

pub(super) fn slots(
    r: &mut Reader<'_>,
    section: &mut Section<'_>,
    key: &'static str,
) -> Option<At<Vec<Slot>>> {
    let names = section.texts(r, key, SLOTS)?;
    let mut slots = Vec::new();
    for name in &names.value {
        match name.parse::<Slot>() {
            Ok(slot) if !slots.contains(&slot) => slots.push(slot),
            Ok(_) => {}
            Err(_) => {
                let what = format!("{} names {name:?}, which is not a slot", section.path(key));
                r.problem(names.at, what, SLOTS);
            }
        }
    }
    Some(At { value: slots, at: names.at })
}

/// Holds the ladder against the people: a step that calls nobody would be a silent wait.
pub(super) fn ladder(r: &mut Reader<'_>, paging: Paging, contacts: &[Contact]) -> LadderPolicy {
    let filled = |slot: Slot| contacts.iter().any(|contact| contact.slot == slot);
    let second = if filled(Slot::DeputyDsl) { Slot::DeputyDsl } else { Slot::Chair };
    let mut steps = Vec::new();
    for At { value: step, at } in paging.steps {
        for slot in step.slots.iter().filter(|slot| !filled(**slot) && !contacts.is_empty()) {
            let what = format!("[[paging.step]] calls {slot}, but nobody stands there");
            r.problem(at, what, format!("add [[people]] with slot = \"{slot}\", or take it out of the step"));
        }
        steps.push(step);
    }
    if steps.is_empty() {
        steps = [Slot::Dsl, second].map(|slot| Step::once(vec![slot], paging.wait)).into();
    }
    let at_once = match paging.at_once {
        None => vec![Slot::Dsl, second],
        Some(slots) => {
            let reached = contacts.iter().filter(|contact| slots.value.contains(&contact.slot)).count();
            if reached < 2 && !contacts.is_empty() {
                let what = "[paging] at_once calls fewer than two people in immediate danger";
                r.problem(slots.at, what, "name slots in which at least two people stand");
            }
            slots.value
        }
    };
    let round: Duration = steps.iter().map(|step| step.wait).sum();
    let repeat = paging.repeat.unwrap_or(round + paging.wait);
    let repeat_immediate = paging.repeat_immediate.unwrap_or(paging.wait);
    LadderPolicy { steps, at_once, repeat, repeat_immediate, ..LadderPolicy::default() }
}

fn mail_server(
    r: &mut Reader<'_>,
    mut section: Section<'_>,
    base: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> Option<Email> {
    let at = section.at;
    let host = section.text(r, "host", "write the mail server's name in quotes");
    let port = section.number(r, "port", 1..65536, "write 587 for starttls or 465 for tls");
    let tls = section.text(r, "tls", "write \"starttls\", \"tls\" or \"plain\"");
    let from = section.text(r, "from", "write the sender's address: from = \"chaperone@example.org\"");
    let ca_file = section.text(r, "ca_file", "write the path of a PEM file in quotes");
    let user = section.text(r, "user", "write the mail account's name in quotes");
    let password = secret(r, &mut section, ("password_env", "password_file"), base, env);
    section.done(r);

    let security = match tls.as_ref().map(|tls| tls.value.as_str()) {
        None | Some("starttls") => Some(Security::StartTls),
        Some("tls") => Some(Security::Tls),
        Some("plain") => Some(Security::Plain),
        Some(other) => {
            let what = format!("[paging.email] tls is {other:?}");
            r.problem(
                tls.as_ref().map_or(at, |tls| tls.at),
                what,
                "write \"starttls\", \"tls\" or \"plain\"",
            );
            None
        }
    };
    match &host {
        None => r.problem(at, "[paging.email] has no host", "add host = \"the mail server's name\""),
        Some(host) if security == Some(Security::Plain) && !is_this_machine(&host.value) => {
            r.problem(
                tls.as_ref().map_or(at, |tls| tls.at),
                format!("[paging.email] pages would travel to {} in the clear", host.value),
                "use tls = \"starttls\" or \"tls\"; plain is for a mail server on this machine only",
            );
        }
        Some(_) => {}
    }
    match &from {
        None => r.problem(at, "[paging.email] has no sender", "add from = \"chaperone@example.org\""),
        Some(from) if !is_address(&from.value) => {
            let what = format!("[paging.email] {:?} is not an e-mail address", from.value);
            r.problem(from.at, what, "write it like \"chaperone@example.org\"");
        }
        Some(_) => {}
    }
    let login = match (user, password) {
        (Some(user), Some(password)) => Some((user.value, password)),
        (None, None) => None,
        (Some(user), None) => {
            let fix = "add password_env = \"SMTP_PASSWORD\" or password_file = \"…\"";
            r.problem(user.at, "[paging.email] has a user and no password", fix);
            None
        }
        (None, Some(_)) => {
            r.problem(at, "[paging.email] has a password and no user", "add user = \"…\"");
            None
        }
    };
    let security = security?;
    let usual = match security {
        Security::StartTls => 587,
        Security::Tls => 465,
        Security::Plain => 25,
    };
    let port = port.and_then(|port| u16::try_from(port.value).ok()).unwrap_or(usual);
    let ca_file = ca_file.map(|file| base.join(file.value));
    Some(Email { host: host?.value, port, security, from: from?.value, login, ca_file })
}
