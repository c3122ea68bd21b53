//! Why a concern about an adult's conduct stands where it stands, and what would have made it quieter.

use crate::detect::grooming::{Quieter, Rule};
use crate::domain::Level;

/// The rule that a finding about a pair rests on, in one sentence.
#[must_use]
pub fn rests_on(rule: Rule) -> &'static str {
    match rule {
        Rule::Noted => "It is noted for the pattern; nothing more rests on it.",
        Rule::Mild => "Two different mild things were seen.",
        Rule::Drift => "Several mild things of different kinds were seen: an adult drifting over the line.",
        Rule::Weighty => "One thing is weighty by itself.",
        Rule::SetApart => {
            "Many different things were seen towards this young person and hardly any towards the others."
        }
        Rule::Slow => "Over the weeks, enough different things were seen, with something weighty among them.",
        Rule::Pattern => {
            "Within three weeks, enough different things were seen, with something weighty among them."
        }
        Rule::SecretMeeting => "Secrecy was asked for together with a meeting or a lift.",
        Rule::Alone => "One message is serious by itself.",
    }
}

/// What would have made a finding quieter, in one sentence.
#[must_use]
pub fn quieter(one: Quieter) -> String {
    match one {
        Quieter::SeriousAlone(code) => {
            format!(
                "Only how it is said (quoted, taught, acted, reported) would have made \"{code}\" quieter."
            )
        }
        Quieter::Without { code, level } => format!("Without \"{code}\" it would be {}.", at(level)),
        Quieter::WithoutTheAnswer { level } => {
            format!("Without the young person's no or discomfort it would be {}.", at(level))
        }
        Quieter::PutRight { level } => {
            format!("Had the adult put it right in the open at once, it would be {}.", at(level))
        }
    }
}

fn at(level: Level) -> String {
    format!("level {level}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;

    #[test]
    fn what_would_have_been_quieter_reads_like_this() {
        assert_eq!(
            quieter(Quieter::Without { code: Code::SecrecyRequest, level: Level::Concern }),
            "Without \"secrecy-request\" it would be level 3."
        );
        assert_eq!(
            quieter(Quieter::WithoutTheAnswer { level: Level::Concern }),
            "Without the young person's no or discomfort it would be level 3."
        );
        assert!(quieter(Quieter::SeriousAlone(Code::ImageRequest)).contains("quoted, taught"));
        assert!(rests_on(Rule::SecretMeeting).contains("together with a meeting"));
    }
}
