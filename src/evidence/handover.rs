//! The papers that travel with a bundle: a custody sheet to be signed by each who hands it on, and a statement for whoever
//! produces the exhibits. Both are filled in as far as the log knows, and hold no word and no name of a child.

use std::fmt::Write as _;

use super::casefile::{BundledExhibit, CaseFile, Content};

/// `data/CUSTODY.txt`.
pub(super) fn custody_txt(case: &CaseFile) -> String {
    let mut text = format!(
        "Custody sheet
=============
Case {reference}. Exported {exported} by {software}, from the log {log} at {size} entries.

Each exhibit was sealed and logged by the installation when it arrived; nobody's hand touched it before this export.
The log (data/entries.jsonl, data/proofs/) proves that nothing below was changed, put in or left out afterwards, as far
as `chaperone evidence verify` says.

",
        reference = case.reference,
        exported = case.exported_at,
        software = case.software,
        log = case.checkpoint.checkpoint().origin,
        size = case.checkpoint.checkpoint().size,
    );
    for exhibit in &case.exhibits {
        text.push_str(&exhibit_lines(exhibit));
    }
    let views: Vec<&str> =
        case.chronology.iter().filter(|line| line.is_handling).map(|line| line.words.as_str()).collect();
    text.push_str("\nWho looked at it or took it out before this export, as the log has it:\n\n");
    for (line, words) in case.chronology.iter().filter(|line| line.is_handling).zip(&views) {
        let _ = writeln!(text, "  {}  {words}", line.at);
    }
    if views.is_empty() {
        text.push_str("  Nothing is recorded.\n");
    }
    text.push_str(
        "
Handed on (one block for each time; keep the bundle closed, on storage that is locked or encrypted):

  Date and time (UTC) ____________________  Purpose ______________________________________________
  From (name, role)   ____________________  Signature ____________________________________________
  To (name, role)     ____________________  Signature ____________________________________________
  SHA-256 of tagmanifest-sha256.txt checked  [ ] yes, it was ______________________________________

  Date and time (UTC) ____________________  Purpose ______________________________________________
  From (name, role)   ____________________  Signature ____________________________________________
  To (name, role)     ____________________  Signature ____________________________________________
  SHA-256 of tagmanifest-sha256.txt checked  [ ] yes, it was ______________________________________

  Date and time (UTC) ____________________  Purpose ______________________________________________
  From (name, role)   ____________________  Signature ____________________________________________
  To (name, role)     ____________________  Signature ____________________________________________
  SHA-256 of tagmanifest-sha256.txt checked  [ ] yes, it was ______________________________________
",
    );
    text
}

fn exhibit_lines(exhibit: &BundledExhibit) -> String {
    let entry = &exhibit.entry;
    let held = match &exhibit.content {
        Content::Sealed(sealed) => format!("sealed, SHA-256 of the sealed file {}", sealed.hash()),
        Content::Open(_) => "in the clear: an act of the system".to_owned(),
        Content::Erased => "erased by a retention rule; only its place in the log is left".to_owned(),
    };
    let received = entry.received_at.map_or_else(|| "made here".to_owned(), |at| format!("received {at}"));
    format!(
        "{}  {}\n    happened {}, {received}, kept by {}\n    {held}\n    SHA-256 that the log promised {}, log entry {}\n",
        exhibit.label, entry.class, entry.at, entry.software, entry.commitment, exhibit.proof.index
    )
}

/// `data/STATEMENT.txt`.
pub(super) fn statement_txt(case: &CaseFile) -> String {
    let labels: Vec<&str> = case.exhibits.iter().map(|exhibit| exhibit.label.as_str()).collect();
    let exhibits = match labels.as_slice() {
        [] => "(none)".to_owned(),
        [one] => (*one).to_owned(),
        [first, .., last] => format!("{first} to {last}"),
    };
    format!(
        "Statement of whoever produces the exhibits
==========================================
A template: complete what is in [brackets], strike out what is not so, and read it again before signing. In England and
Wales a witness statement follows Criminal Procedure Rules, part 16, and Criminal Justice Act 1967, section 9; the police
have their own form (MG11) and will write it with you. Say only what you did and saw yourself.

Statement of: [full name]
Age if under 18: [over 18]     Occupation: [role in the charity]

This statement (consisting of [ ] pages each signed by me) is true to the best of my knowledge and belief and I make it
knowing that, if it is tendered in evidence, I shall be liable to prosecution if I have wilfully stated in it anything
which I know to be false, or do not believe to be true.

Dated the [ ] day of [ ]          Signature: ______________________

1. I am [role] of [charity]. I am [responsible for / trained in the use of] the system {software}, which keeps evidence
   of what is written in the charity's online rooms on Discord.

2. On [date] at [time] I exported case {reference} with the command `chaperone evidence export`. The export's date in the
   bundle is {exported}. I produce it on [medium, with its serial number] as {exhibits}.

3. To the best of my knowledge the system was working properly [throughout / except: see GAPS.txt]. What it did not hear is
   listed in GAPS.txt. Voice is not recorded, and messages between members that the system cannot see are not in it.

4. I ran `chaperone evidence verify` on [date]. It [found nothing wrong / found: …]. The SHA-256 of the file
   tagmanifest-sha256.txt, which stands for the whole bundle, was: ____________________________________________________

5. Images and other files were not copied by the system. They are listed in WITHHELD.txt. I have not [opened / copied /
   sent on] any of them.

6. [What I saw and did myself, in order, with times. Who told me what. No opinion about anybody.]

Signature: ______________________          Signature witnessed by: ______________________
",
        software = case.software,
        reference = case.reference,
        exported = case.exported_at,
    )
}
