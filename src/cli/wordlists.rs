//! `chaperone wordlists`: runs the lists' own examples; shows how one text was read.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::app;
use crate::text::{Explanation, Lists, Need, Quiet};

/// Test the wordlists, or explain how one text is read
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Example:\n  chaperone wordlists test\n  chaperone wordlists explain \"dont tell ur mum\""
)]
pub struct Args {
    /// A folder of the charity's own lists, over the built-in ones
    #[arg(long, value_name = "DIR", global = true)]
    lists: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    /// Runs every list's own yes and no examples
    #[command(after_help = TEST_HELP)]
    Test,
    /// Shows how one text is read: folded, in plain words, and what each list finds in it
    #[command(after_help = "Example:\n  chaperone wordlists explain \"dont tell ur mum\"")]
    Explain {
        /// The text
        text: String,
    },
}

/// Below `chaperone wordlists test --help`: the format, for whoever edits a list.
const TEST_HELP: &str = "\
Example:
  chaperone wordlists test
  chaperone wordlists test --lists our-lists

A list is a file of the folder that [policy] wordlists names:
  about  = \"what it is for\"
  code   = \"secrecy-request\"           what a match is called
  needs  = [\"adult-speaker\"]           question, second-person, first-person, short, link, contact,
                                       adult-speaker, young-speaker, young-listener, adult-listener, directed
  unless = [\"surprise party\"]          phrases beside which nothing here counts
  no     = [\"the password is secret\"]  texts that nothing here may match

  [[entry]]
  id      = \"keep-between-us\"          unique over all lists
  pattern = \"keep * between us\"        or patterns = [..]
  kind    = \"phrase\"                   word, stem, phrase (usual), regex
  note    = \"why\"
  since   = \"0.2\"
  yes     = [\"keep this between us\"]   must match
  no      = [\"keep the ball between us\"]

  [[change]]                           of a built-in entry
  id     = \"keep-between-us\"
  off    = true                        or unless = [\"…\"]
  reason = \"why\"

In patterns: * up to three words (*6 up to six), (a|b) one of these, word? may be missing, secret~ begins so,
{parent} one of a named set, # a number, ^ and $ the edges of a sentence.

Exit status: 0; 1 when a list has a mistake or an example is not read as its list says.";

/// Runs the command; gives its exit status.
#[must_use]
pub fn run(args: &Args) -> u8 {
    let lists = match &args.lists {
        None => Lists::shared(),
        Some(folder) => match app::lists::read(folder) {
            Ok(lists) => Arc::new(lists),
            Err(mistakes) => {
                for mistake in mistakes {
                    eprintln!("{mistake}");
                }
                eprintln!(
                    "correct these lines; the bot goes on with the lists that it has until they are right"
                );
                return 1;
            }
        },
    };
    let (said, status) = match &args.command {
        Command::Test => tested(&lists),
        Command::Explain { text } => (explained(&lists.explain(text)), 0),
    };
    // Whoever reads the output may have had enough; there is nothing else to lose.
    _ = io::stdout().lock().write_all(said.as_bytes());
    status
}

/// The examples that are not read as their list says, a line each, and the exit status.
#[must_use]
pub fn tested(lists: &Lists) -> (String, u8) {
    let failures = lists.test();
    let mut said = String::new();
    for failure in &failures {
        _ = writeln!(said, "{failure}");
    }
    let examples: usize = lists.entries().iter().map(|entry| entry.yes.len() + entry.no.len()).sum();
    let entries = lists.entries().len();
    _ = writeln!(
        said,
        "{entries} entries, {examples} examples of their own: {} not read as they say.",
        failures.len()
    );
    (said, u8::from(!failures.is_empty()))
}

/// How a text was read, in lines.
#[must_use]
pub fn explained(how: &Explanation) -> String {
    let mut said = format!("folded:  {:?}\nread as: {}\n", how.folded, how.line);
    for (typed, taken) in &how.guesses {
        _ = writeln!(said, "taken:   {typed:?} for {taken:?}");
    }
    if how.hits.is_empty() {
        said.push_str("No list finds anything in it.\n");
    }
    for (hit, file, id, needs) in &how.hits {
        _ = writeln!(said, "{} at {}..{} ({file}, {id})", hit.code, hit.quote.start, hit.quote.end);
        _ = writeln!(said, "  {}", hit.code.sentence());
        if !needs.is_empty() {
            let needs: Vec<_> = needs.iter().map(|need| need_in_words(*need)).collect();
            _ = writeln!(said, "  counts only with {}", needs.join(" and "));
        }
        if !hit.counts() {
            let why: Vec<_> = hit.quietened.iter().map(|quiet| quiet_in_words(*quiet)).collect();
            _ = writeln!(said, "  does not count: {}", why.join(", "));
        }
    }
    said
}

fn need_in_words(need: Need) -> &'static str {
    match need {
        Need::Question => "a question",
        Need::SecondPerson => "a sentence to somebody",
        Need::FirstPerson => "a sentence about the writer",
        Need::Short => "a short message",
        Need::Link => "a link beside it",
        Need::Contact => "a number, an address or an account beside it",
        Need::AdultSpeaker => "an adult as the writer",
        Need::YoungSpeaker => "a young person as the writer",
        Need::YoungListener => "a young person as the reader",
        Need::AdultListener => "an adult as the reader",
        Need::Directed => "somebody else to whom it is said",
    }
}

fn quiet_in_words(quiet: Quiet) -> &'static str {
    match quiet {
        Quiet::Negation => "it is denied",
        Quiet::Quotation => "it is quoted",
        Quiet::Reporting => "it is reported",
        Quiet::Teaching => "it is taught",
        Quiet::Play => "it is acted or sung",
        Quiet::Hypothesis => "it is supposed",
        Quiet::CounterSpeech => "it is said in order to object to it",
        Quiet::Reclaimed => "somebody speaks of a group that they belong to",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(yes: &str) -> Lists {
        let file = format!(
            "about = \"A secret.\"\ncode = \"secrecy-request\"\nneeds = [\"adult-speaker\"]\n[[entry]]\nid = \"secret\"\n\
             pattern = \"our secret\"\nnote = \"-\"\nsince = \"0.1\"\nyes = [{yes:?}]\nno = [\"our plan\"]\n"
        );
        Lists::parse(&[("en/secret.toml", &file)]).unwrap()
    }

    #[test]
    fn an_example_that_is_not_read_as_its_list_says_is_named_with_its_line() {
        let (said, status) = tested(&lists("it is our secret"));
        assert_eq!(
            (said.as_str(), status),
            ("1 entries, 2 examples of their own: 0 not read as they say.\n", 0)
        );
        let (said, status) = tested(&lists("our little plan"));
        assert_eq!(status, 1);
        assert!(said.starts_with("en/secret.toml:") && said.contains("our little plan"), "{said}");
    }

    #[test]
    fn a_text_is_explained_with_what_a_finding_needs_and_why_it_does_not_count() {
        let lists = lists("our secret");
        let said = explained(&lists.explain("it's our secret"));
        assert!(said.contains("secrecy-request at 5..15 (en/secret.toml, secret)"), "{said}");
        assert!(said.contains("counts only with an adult as the writer"), "{said}");
        let said = explained(&lists.explain("he said \"our secret\""));
        assert!(said.contains("does not count: it is quoted, it is reported"), "{said}");
        assert!(explained(&lists.explain("hello")).contains("No list finds anything"));
    }
}
