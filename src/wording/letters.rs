//! What travels to somebody on the ladder, whatever the channel: a subject, a text, and a text for a small screen.
//!
//! Nothing here takes a word of a message or a name of anybody in a case, so none can leak: an effect holds codes,
//! numbers and times. The only names are those of leads, in the report of a drill.

use crate::domain::effect::CalledCase;
use crate::domain::{CaseRef, Category, Effect, Level};
use crate::paging::digest::DigestLine;

use super::{called_as, digest, level_name, page, page_subject, page_without_evidence};

/// How many cases a page about several names one by one.
const NAMED: usize = 40;

/// A page or digest, written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// The whole text; fits a Discord message (2,000 characters).
    pub text: String,
    /// What fits one or two text messages, in the GSM alphabet.
    pub short: String,
}

/// What an effect says to the person it travels to; none for what does not travel to anybody on the ladder.
#[must_use]
pub fn letter(effect: &Effect) -> Option<Letter> {
    Some(match effect {
        Effect::Page { case, level, category, slot, drill, evidence_kept, .. } => {
            let mut text = page(*case, *level, *category, slot, *drill);
            if !evidence_kept {
                text = format!("{}\n\n{text}", page_without_evidence());
            }
            Letter {
                subject: page_subject(*case, *level, *drill),
                text,
                short: short(*case, *level, *category, *drill),
            }
        }
        Effect::PageTogether { cases, slot, .. } => together(cases, slot),
        Effect::Digest { lines, .. } => {
            let lines: Vec<DigestLine> = lines
                .iter()
                .map(|(category, cases)| DigestLine { category: *category, cases: cases.clone() })
                .collect();
            let total: usize = lines.iter().map(|line| line.cases.len()).sum();
            let subject = format!("Safeguarding digest: {total} new at level 3");
            let text = format!(
                "{}\n\nThese are not urgent. Please look at each within the day (chaperone evidence list) and record \
                 what you decide. This message holds no names and no content on purpose.",
                digest(&lines)
            );
            Letter { short: format!("{subject}. See chaperone evidence list."), subject, text: fits(text) }
        }
        Effect::PageSettled { case, resolved, .. } => {
            let how = if *resolved { "is resolved" } else { "is acknowledged" };
            let text = format!("Safeguarding case {case} {how}. Nobody is being called for it now.");
            Letter { subject: format!("Safeguarding {case} {how}"), short: text.clone(), text }
        }
        Effect::Reminder { case, what, due, .. } => {
            let subject = format!("Safeguarding {case}: {}", what.code().replace('-', " "));
            let text = format!(
                "A reminder about case {case}: {}. Due: {due}.\n\nSee it with chaperone case show, and record what was done. \
                 This message holds no names and no content on purpose.",
                what.words()
            );
            Letter { short: format!("Safeguarding {case}: {}. Due {due}.", what.words()), subject, text }
        }
        Effect::DrillReport { drill, answered, missing, .. } => drill_report(*drill, answered, missing),
        _ => return None,
    })
}

fn short(case: CaseRef, level: Level, category: Category, drill: bool) -> String {
    let drill = if drill { "DRILL, nothing has happened. " } else { "" };
    let danger = if level >= Level::Immediate && drill.is_empty() { " Danger now: 999." } else { "" };
    format!(
        "{drill}Safeguarding {case}: level {level} ({}), {category}. Please acknowledge.{danger}",
        level_name(level)
    )
}

fn together(cases: &[CalledCase], slot: &str) -> Letter {
    let worst = cases.iter().map(|called| called.level).max().unwrap_or(Level::Serious);
    let count = cases.len();
    let subject = format!("Safeguarding: {count} cases, worst level {worst} ({})", level_name(worst));
    let mut named: Vec<String> = cases
        .iter()
        .take(NAMED)
        .map(|called| format!("{} level {} {}", called.case, called.level, called.category))
        .collect();
    if count > NAMED {
        named.push(format!("and {} more: chaperone evidence list", count - NAMED));
    }
    let danger = if worst >= Level::Immediate {
        "Somebody may be in immediate danger. Ring 999 if you know where they are.\n\n"
    } else {
        ""
    };
    let head = format!(
        "Safeguarding cases: {count} at once, worst level {worst} ({}).\n{}\n\n{danger}",
        level_name(worst),
        called_as(slot)
    );
    let tail = "\n\nOne acknowledgement counts for all of them; until then the next one on the ladder is called. \
                Look at the worst first.\n\nThis message holds no names and no content on purpose. Please do not \
                forward it.";
    let mut list = named.join("\n");
    while head.chars().count() + list.chars().count() + tail.chars().count() > LONGEST && named.len() > 1 {
        named.remove(named.len() - 2);
        list = format!("{}\n(the list goes on: chaperone evidence list)", named.join("\n"));
    }
    let danger = if worst >= Level::Immediate { " Danger now: 999." } else { "" };
    let short = format!("{subject}. Please acknowledge.{danger}");
    Letter { subject, text: format!("{head}{list}{tail}"), short }
}

/// Discord takes 2,000 characters; a link may follow.
const LONGEST: usize = 1_900;

fn fits(text: String) -> String {
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST - 60).collect();
    format!("{cut} …\n(the list goes on: chaperone evidence list)")
}

fn drill_report(drill: u32, answered: &[(String, u64)], missing: &[String]) -> Letter {
    let subject = match missing.len() {
        0 => format!("Paging drill {drill}: everybody answered"),
        count => format!("Paging drill {drill}: {count} did not answer"),
    };
    let took = |seconds: u64| match seconds {
        0..120 => format!("{seconds} s"),
        _ => format!("{} min", seconds / 60),
    };
    let mut lines: Vec<String> =
        answered.iter().map(|(name, seconds)| format!("{name} answered after {}", took(*seconds))).collect();
    lines.extend(missing.iter().map(|name| format!("{name} did not answer")));
    let text = fits(format!(
        "The weekly drill of the safeguarding calls is over.\n{}\n\nWhoever did not answer: please check that your \
         phone lets these messages ring, then ask for another drill (chaperone page drill).",
        lines.join("\n")
    ));
    Letter { short: format!("{subject}."), subject, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn called(number: u32, level: Level) -> CalledCase {
        CalledCase { case: CaseRef(number), level, category: Category::Bullying, round: 0, step: 0 }
    }

    #[test]
    fn letters_read_like_this() {
        let mut cases = vec![called(9, Level::Immediate)];
        cases.extend((1..7).map(|number| called(number, Level::Serious)));
        let (channel, person) = ("email".to_owned(), "sam".to_owned());
        let effects = [
            Effect::PageTogether {
                at: Timestamp(0),
                cases,
                slot: "dsl".into(),
                channel: channel.clone(),
                person: person.clone(),
            },
            Effect::Digest {
                until: Timestamp(0),
                lines: vec![
                    (Category::Boundary, vec![CaseRef(3), CaseRef(8)]),
                    (Category::Hate, vec![CaseRef(4)]),
                ],
                channel: channel.clone(),
                person: person.clone(),
            },
            Effect::DrillReport {
                drill: 4,
                answered: vec![("sam".into(), 48), ("dee".into(), 400)],
                missing: vec!["mel".into()],
                channel,
                person,
            },
        ];
        let all: Vec<String> = effects
            .iter()
            .map(|effect| letter(effect).unwrap())
            .map(|letter| format!("{}\n\n{}\n\nshort: {}", letter.subject, letter.text, letter.short))
            .collect();
        insta::assert_snapshot!(all.join("\n----\n"));
    }

    #[test]
    fn a_page_about_two_hundred_cases_fits_a_discord_message_and_counts_them_all() {
        let cases: Vec<CalledCase> = (1..=200).map(|number| called(number, Level::Serious)).collect();
        let letter = together(&cases, "dsl");
        assert!(letter.text.chars().count() < 2_000, "{}", letter.text);
        assert!(letter.text.contains("200 at once") && letter.subject.contains("200 cases"));
        assert!(letter.short.chars().count() <= 160);
        let many: Vec<CaseRef> = (1..=900).map(CaseRef).collect();
        let digest = Effect::Digest {
            until: Timestamp(0),
            lines: vec![(Category::Boundary, many)],
            channel: "discord-dm".into(),
            person: "sam".into(),
        };
        let text = super::letter(&digest).unwrap().text;
        assert!(text.chars().count() < 2_000 && text.contains("since the last digest: 900"), "{text}");
    }
}
