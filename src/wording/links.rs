//! What somebody reads or hears who follows a link, presses a key, or acts on a case.

use crate::domain::{CaseRef, Level};

use super::level_name;

/// Which call a link is about; `count` where several cases were called at once.
#[must_use]
pub fn link_case(case: CaseRef, level: Level, count: Option<usize>) -> String {
    match count {
        Some(count) if count > 1 => {
            format!("{count} safeguarding cases, the worst {case}: level {level} ({}).", level_name(level))
        }
        _ => format!("Safeguarding case {case}: level {level} ({}).", level_name(level)),
    }
}

/// What pressing the button means.
#[must_use]
pub fn what_acknowledging_means() -> &'static str {
    "By pressing the button you take it on: nobody else is called any more. Press it only when you can see to it now."
}

/// A link for a drill.
#[must_use]
pub fn link_drill() -> &'static str {
    "This is a drill of the safeguarding calls. Please acknowledge as if something had happened."
}

/// The link has done its work, or was overtaken.
#[must_use]
pub fn link_is_over() -> &'static str {
    "This link no longer counts. If you were called again since, use the newest message."
}

/// It was acknowledged just now.
#[must_use]
pub fn link_acknowledged() -> &'static str {
    "You have acknowledged it. Nobody else is being called."
}

/// What was done with a case is on record.
#[must_use]
pub fn link_handled() -> &'static str {
    "Recorded."
}

/// Something about a case could not be done; `why` is the code of the refusal.
#[must_use]
pub fn handling_refused(why: &str) -> &'static str {
    match why {
        "too-long" => "Calls cannot be put off for that long: a day at most, in immediate danger an hour.",
        "no-reason" => "Please choose a reason.",
        "not-acknowledged" => "Nobody has acknowledged it yet. Please do that first.",
        "not-open" => "This case is closed already.",
        // The same words whether there is no such case, or it is not for this person or the one they named.
        _ => "That could not be done. If you have a concern, tell a safeguarding lead.",
    }
}

/// A page as it is read out: references become words.
#[must_use]
pub fn spoken(page: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in page.split_whitespace() {
        let (bare, rest) = match word.find([':', ',', '.', ')']) {
            Some(at) => word.split_at(at),
            None => (word, ""),
        };
        match bare.strip_prefix("C-").and_then(|_| bare.parse::<CaseRef>().ok()) {
            Some(case) if words.last().is_some_and(|last| last == "case") => {
                words.push(format!("{}{rest}", case.0));
            }
            Some(case) => words.push(format!("case {}{rest}", case.0)),
            None => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

/// In a call.
pub const PRESS_ONE: &str = "To acknowledge, press 1 now.";

/// In a call in which nobody pressed the right key.
pub const NOT_PRESSED: &str = "This was not acknowledged. The next person will be called. Goodbye.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_out_as_a_number() {
        assert_eq!(
            spoken("Safeguarding C-0007: level 4 (serious), grooming."),
            "Safeguarding case 7: level 4 (serious), grooming."
        );
        assert_eq!(spoken("Safeguarding case C-0042: level 5."), "Safeguarding case 42: level 5.");
        assert_eq!(
            link_case(CaseRef(7), Level::Serious, None),
            "Safeguarding case C-0007: level 4 (serious)."
        );
        assert!(link_case(CaseRef(7), Level::Immediate, Some(6)).starts_with("6 safeguarding cases"));
    }

    #[test]
    fn a_refusal_does_not_tell_whether_there_is_such_a_case() {
        assert_eq!(handling_refused("may-not-know"), handling_refused("no-such-case"));
    }
}
