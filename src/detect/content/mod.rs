//! What one message gives away or brings in: numbers, addresses, accounts, keys; links and files that harm, sell or
//! invite. Decided from the [finds](crate::text::find) of its text, the names of its files and who speaks.
//!
//! A young person who gives something away has done nothing wrong: nobody is the subject, and a kind private reminder
//! is all that follows. What is pasted to ask about it or to warn of it is not what it warns of.

mod links;
mod private;

use crate::domain::{Code, Quote};
use crate::text::Reading;
use crate::text::find;

/// Who speaks, as far as this matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// A young person or an adult at risk, or somebody of whom nothing is known.
    Young,
    /// An adult of the charity: posts its numbers, links and invitations.
    Enrolled,
    /// Another adult.
    Other,
}

/// What a message gives away or brings in, with its place where it stands in the text. `files` are the names of
/// attached files.
#[must_use]
pub fn judge<'a>(
    reading: &Reading,
    files: impl Iterator<Item = &'a str>,
    speaker: Speaker,
) -> Vec<(Code, Option<Quote>)> {
    let mut seen = Vec::new();
    if !reading.finds.is_empty() {
        let cues = Cues::of(reading);
        private::judge(reading, &cues, speaker, &mut seen);
        links::judge(reading, &cues, speaker, &mut seen);
    }
    for name in files {
        match find::file::risk(name) {
            Some(find::Risk::Disguised) => seen.push((Code::DisguisedFile, None)),
            Some(_) => seen.push((Code::RiskyFile, None)),
            None => {}
        }
    }
    seen
}

/// How the words around a find speak of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cue {
    /// Of the speaker: "my", "me", "i live".
    Own,
    /// Of where somebody lives.
    Lives,
    /// Of somebody else.
    Other,
    /// Of a parent or carer, who is somebody else and at home as well.
    Carer,
    /// Calls others to do something with it.
    Incites,
    /// Pasted to ask about it or to warn of it.
    Warned,
}

/// The words of each; `_` joins those that stand one after the other.
const CUES: [(Cue, &str); 6] = [
    (Cue::Own, "my me mine i_live i_am_at i_am_in i_go i_am we_live our_house add"),
    (
        Cue::Lives,
        "live_at live_on live_in live_near lives_at lives_on lives_in address my_house my_place come_to \
         come_round postcode post_code my_road my_street home_is send_it_to staying_at house_is house_at \
         we_live live_with",
    ),
    (Cue::Other, "his her their he_lives she_lives they_live hers theirs"),
    (Cue::Carer, "my_mum my_dad my_mom my_nan my_carer mum_is my_brother my_sister"),
    (
        Cue::Incites,
        "spam everyone_call everyone_text everyone_message everyone_ring prank_call go_round leaked leak dox \
         doxx doxed doxxed exposed expose blow_up pass_it_on send_this_to spread harass flood pull_up run_up \
         ring_him ring_her call_him call_her text_him text_her message_him message_her find_him find_her \
         get_him get_her",
    ),
    (
        Cue::Warned,
        "scam scams scammer phishing fake is_this_real is_this_legit is_it_real is_it_legit is_this_safe \
         is_it_safe do_not_click do_not_open never_click careful beware warning watch_out got_this \
         got_sent_this sent_me_this keeps_sending malware virus suspicious dodgy report_this reported_it \
         do_not_share never_share do_not_give_out never_give_out for_example",
    ),
];

/// The cues of one message. Worked out only for a message in which something was found.
struct Cues(Vec<Cue>);

impl Cues {
    fn of(reading: &Reading) -> Cues {
        let says = |words: &str| {
            words
                .split_ascii_whitespace()
                .any(|one| reading.line.contains(&format!(" {} ", one.replace('_', " "))))
        };
        let mut cues: Vec<Cue> = CUES.iter().filter(|(_, words)| says(words)).map(|(cue, _)| *cue).collect();
        if crate::text::stance::teaches(reading) {
            cues.push(Cue::Warned);
        }
        Cues(cues)
    }

    fn has(&self, cue: Cue) -> bool {
        self.0.contains(&cue)
    }
}

#[cfg(test)]
mod tests;
