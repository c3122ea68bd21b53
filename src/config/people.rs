//! `[[people]]`: who is called, and to whose keys evidence is sealed.

use crate::domain::UserId;
use crate::paging::Slot;
use crate::paging::channels::email::is_address;

use crate::paging::people::{DISCORD_DM, EMAIL, NTFY, SMS, VOICE};

use super::Contact;
use super::channels::{From, Reach, is_e164};
use super::raw::{At, Problem, Reader, Section};

/// The length of an X25519 recipient of age: `age1` and 58 characters of Bech32 (C2SP age specification).
const RECIPIENT_LENGTH: usize = 62;
const MANAGER: &str = "write the name of somebody else in [[people]]; for other people whom somebody manages, list accounts in not_about";
const BECH32: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Reads everybody and holds the rules of the ladder against them.
pub(super) fn people(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    (mail_server, reach): (bool, &Reach),
    from: &From<'_>,
    remarks: &mut Vec<Problem>,
) -> Vec<Contact> {
    let mut contacts: Vec<Contact> = Vec::new();
    let mut unread = false;
    for section in root.sections(r, "people") {
        let at = section.at;
        let Some(contact) = contact(r, section, (mail_server, reach), from) else {
            unread = true;
            continue;
        };
        if contacts.iter().any(|other| other.name == contact.name) {
            let what = format!("[[people]] the name {:?} stands twice", contact.name);
            r.problem(at, what, "give everybody a name of their own");
        }
        if let Some(other) = contacts.iter().find(|other| other.discord == contact.discord)
            && contact.discord.is_some()
        {
            let what =
                format!("[[people]] {:?} and {:?} have the same Discord account", other.name, contact.name);
            r.problem(at, what, "list each person once; two slots need two people");
        }
        if contact.email.is_some() && !mail_server && contact.discord.is_some() {
            let what = format!("{:?} has an e-mail address, but no mail server is configured", contact.name);
            remarks.push(r.remark(
                at,
                what,
                "add [paging.email], so that pages do not depend on Discord alone",
            ));
        }
        contacts.push(contact);
    }
    if !unread {
        for contact in &contacts {
            let Some(manager) = &contact.line_manager else { continue };
            if *manager == contact.name || !contacts.iter().any(|other| other.name == *manager) {
                let what = format!("[[people]] the line_manager of {:?} is {manager:?}", contact.name);
                r.problem(0, what, MANAGER);
            }
        }
    }
    for shared in &reach.shared {
        if contacts.iter().any(|contact| contact.name == shared.name) {
            let what = format!("[[paging.shared]] the name {:?} stands in [[people]] too", shared.name);
            r.problem(0, what, "give it a name of its own");
        }
    }
    // Who is missing can only be said of people who could all be read.
    if !unread {
        missing(r, &contacts);
    }
    contacts
}

fn missing(r: &mut Reader<'_>, contacts: &[Contact]) {
    let has = |slot| contacts.iter().any(|contact| contact.slot == slot);
    if !has(Slot::Dsl) {
        r.problem(0, "[[people]] names no dsl", "add the designated safeguarding lead with slot = \"dsl\"");
    }
    if !has(Slot::DeputyDsl) && !has(Slot::Chair) {
        r.problem(
            0,
            "[[people]] names no deputy-dsl and no chair, so nobody is called when the DSL is away or the subject",
            "add a second person with slot = \"deputy-dsl\" or \"chair\"",
        );
    }
}

fn contact(
    r: &mut Reader<'_>,
    mut section: Section<'_>,
    (mail_server, reach): (bool, &Reach),
    from: &From<'_>,
) -> Option<Contact> {
    let at = section.at;
    let name_fix = "write a short name of letters, digits, - and _: name = \"sam\"";
    let name = section.text(r, "name", name_fix);
    let slots = "write dsl, deputy-dsl, senior-manager, chair or external";
    let slot = section.text(r, "slot", slots);
    let discord = section.id(r, "discord");
    let email = section.text(r, "email", "write it like \"sam@example.org\"");
    let recipient = section.text(r, "recipient", "paste the line that begins with age1");
    let ntfy = from.secret(r, &mut section, ("ntfy_topic_env", "ntfy_topic_file"));
    let phone = phone(r, &mut section);
    let prefer = prefer(r, &mut section);
    let not_about = section.ids(r, "not_about");
    let works_with = section.ids(r, "works_with");
    let line_manager = section.text(r, "line_manager", MANAGER);
    section.done(r);
    let elsewhere = (ntfy.is_some() && reach.ntfy.is_some()) || (phone.is_some() && reach.twilio.is_some());
    if ntfy.is_some() && reach.ntfy.is_none() {
        r.problem(
            at,
            "[[people]] somebody has an ntfy topic, but no server is configured",
            "add [paging.ntfy]",
        );
    }
    if phone.is_some() && reach.twilio.is_none() {
        r.problem(
            at,
            "[[people]] somebody has a telephone number, but nothing that calls it",
            "add [paging.twilio]",
        );
    }

    let shown = name.as_ref().map_or_else(|| "somebody".to_owned(), |name| format!("{:?}", name.value));
    match &name {
        None => r.problem(at, "[[people]] somebody has no name", name_fix),
        Some(name) => {
            let good = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
            if !name.value.chars().all(good) || name.value.chars().count() > 40 {
                r.problem(name.at, format!("[[people]] {shown} is not a short name"), name_fix);
            }
        }
    }
    let slot = match slot {
        None => {
            r.problem(at, format!("[[people]] {shown} has no slot"), slots);
            None
        }
        Some(slot) => {
            let known = slot.value.parse::<Slot>().ok();
            if known.is_none() {
                r.problem(slot.at, format!("[[people]] {:?} is not a slot", slot.value), slots);
            }
            known
        }
    };
    let email = email.filter(|email| {
        let good = is_address(&email.value);
        if !good {
            let what = format!("[[people]] {:?} is not an e-mail address", email.value);
            r.problem(email.at, what, "write it like \"sam@example.org\"");
        }
        good
    });
    let keeps = slot.is_some_and(|slot| matches!(slot, Slot::Dsl | Slot::DeputyDsl | Slot::Chair));
    check_recipient(r, at, &shown, keeps, recipient.as_ref());
    let discord = discord.map(|id| UserId(id.value));
    if let Some(slot) = slot {
        if slot != Slot::External && discord.is_none() {
            r.problem(
                at,
                format!("[[people]] {shown} has no discord account, so nobody could tell when they are the subject"),
                "add discord = their account's id",
            );
        } else if discord.is_none() && email.is_none() && !elsewhere {
            let what = format!("[[people]] {shown} cannot be reached");
            r.problem(at, what, "add email = \"…\" or discord = their account's id");
        } else if discord.is_none() && !mail_server && !elsewhere {
            let what =
                format!("[[people]] {shown} can only be reached by e-mail, but no mail server is configured");
            r.problem(at, what, "add [paging.email]");
        }
    }
    Some(Contact {
        name: name?.value,
        slot: slot?,
        discord,
        email: email.map(|email| email.value),
        ntfy,
        phone,
        prefer,
        works_with: works_with.into_iter().flat_map(|ids| ids.value).map(UserId).collect(),
        line_manager: line_manager.map(|manager| manager.value),
        not_about: not_about.into_iter().flat_map(|ids| ids.value).map(UserId).collect(),
        recipient: recipient.map(|recipient| recipient.value),
    })
}

fn check_recipient(r: &mut Reader<'_>, at: usize, shown: &str, keeps: bool, recipient: Option<&At<String>>) {
    let how = "make one with: chaperone keys new, and paste the line that begins with age1";
    let Some(At { value, at }) = recipient else {
        if keeps {
            let what =
                format!("[[people]] {shown} has no recipient, so evidence could not be opened by them");
            r.problem(at, what, how);
        }
        return;
    };
    // Never repeated: it may be the secret half.
    if value.to_uppercase().starts_with("AGE-SECRET-KEY-") {
        let what = format!("[[people]] {shown} has a secret key as recipient");
        r.problem(*at, what, "take it out of this file, make a new pair with: chaperone keys new, and paste the line that begins with age1");
    } else if value.len() != RECIPIENT_LENGTH
        || !value.strip_prefix("age1").is_some_and(|rest| rest.chars().all(|c| BECH32.contains(c)))
    {
        r.problem(*at, format!("[[people]] the recipient of {shown} is not an age recipient"), how);
    }
}

fn phone(r: &mut Reader<'_>, section: &mut Section<'_>) -> Option<String> {
    let fix = "write it as the whole world does: phone = \"+447700900123\"";
    let phone = section.text(r, "phone", fix)?;
    let number: String = phone.value.chars().filter(|c| *c != ' ').collect();
    if !is_e164(&number) {
        r.problem(phone.at, format!("[[people]] {:?} is not a telephone number", phone.value), fix);
        return None;
    }
    Some(number)
}

fn prefer(r: &mut Reader<'_>, section: &mut Section<'_>) -> Vec<String> {
    let fix = "list channels in order: discord-dm, email, ntfy, sms, voice";
    let Some(names) = section.texts(r, "prefer", fix) else { return Vec::new() };
    for name in &names.value {
        if ![DISCORD_DM, EMAIL, NTFY, SMS, VOICE].contains(&name.as_str()) {
            r.problem(
                names.at,
                format!("[[people]] prefer names {name:?}, which is not a channel of a person"),
                fix,
            );
        }
    }
    names.value
}
