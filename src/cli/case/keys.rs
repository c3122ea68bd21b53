//! `keys rewrap`: the keys of cases, handed on by a lead who has them to leads who may know and have them not.

use std::collections::BTreeSet;
use std::io::Write;

use super::Who;
use crate::app::casework::{Came, Desk, Folded, Request, open_one};
use crate::clock::Clock;
use crate::domain::act::Deed;
use crate::domain::{CaseRef, Fact};
use crate::evidence::{Class, Identity, Recipient};
use crate::wording;

/// Hands every key on that this lead opens and somebody who may know lacks.
pub async fn rewrap(who: &Who, clock: &Clock, out: &mut dyn Write) -> anyhow::Result<()> {
    let lead = who.arrive()?;
    let store = lead.desk.open().await?;
    let folded = lead.desk.fold(&store).await?;
    let mut asked = Vec::new();
    for record in lead.cases(&folded) {
        let case = record.case.reference;
        let mut seen = BTreeSet::new();
        for row in store.exhibits(&lead.desk.organisation, Some(case)).await? {
            let Some((exhibit, _)) = open_one(&row, &lead.identity).filter(|(exhibit, _)| {
                row.message.is_none() && exhibit.header("kind") == Some(Class::CASE_KEY.as_str())
            }) else {
                continue;
            };
            let Ok(key) = Identity::from_file_bytes(exhibit.payload(), None) else { continue };
            let key = key.recipient().to_string();
            let missing = lacking(&lead.desk, &folded, case, &key);
            if !seen.insert(key.clone()) || missing.is_empty() {
                continue;
            }
            let (to, recipients): (Vec<String>, Vec<Recipient>) = missing.into_iter().unzip();
            let deed = Deed::KeyHanded {
                key,
                to: to.clone(),
                recipients: recipients.iter().map(ToString::to_string).collect(),
            };
            let sealed = Some(exhibit.seal(&recipients)?);
            asked.push((to, Request { sealed, ..Request::new(case, deed, None) }));
        }
    }
    store.close().await;
    if asked.is_empty() {
        writeln!(out, "Every lead who may know of a case that you can open has its keys.")?;
    }
    for (to, request) in asked {
        let case = request.case;
        match lead.desk.act(&lead.identity, request, clock, super::PATIENCE).await? {
            Came::Done => writeln!(out, "{case}: a key was handed to {}", to.join(", "))?,
            Came::Waiting => writeln!(out, "{case}: handed to the running bot, which has not answered yet")?,
            Came::Refused(why) => writeln!(out, "{case}: {}", wording::act_refused(why))?,
        }
    }
    Ok(())
}

/// Who may know of a case and was given this key neither when it was made nor later.
fn lacking(desk: &Desk, folded: &Folded, case: CaseRef, key: &str) -> Vec<(String, Recipient)> {
    let mut have: BTreeSet<&String> = BTreeSet::new();
    for stored in &folded.facts {
        match &stored.fact {
            Fact::CaseKeyMade { case: of, recipient, sealed_to } if *of == case && recipient == key => {
                have.extend(sealed_to);
            }
            Fact::Acted(act) if act.case == case => {
                if let Deed::KeyHanded { key: of, recipients, .. } = &act.what
                    && of == key
                {
                    have.extend(recipients);
                }
            }
            _ => {}
        }
    }
    let Some(record) = folded.calls.docket().get(case) else { return Vec::new() };
    let may = |name: &str| {
        desk.people.named(name).is_some_and(|person| desk.people.may_know(person, &record.case.subjects))
    };
    let holders = desk
        .keyholders
        .iter()
        .filter(|(name, recipient)| may(name) && !have.contains(&recipient.to_string()));
    holders.cloned().collect()
}
