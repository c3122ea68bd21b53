//! The public halves of the cases' keys, folded from the facts that made them.

use std::collections::BTreeMap;

use crate::domain::{CaseRef, Fact};
use crate::evidence::seal::Recipient;

/// To which key each case of each organisation is sealed at present.
#[derive(Clone, Debug, Default)]
pub struct CaseKeys(BTreeMap<(String, CaseRef), Current>);

#[derive(Clone, Debug)]
struct Current {
    key: Recipient,
    /// The leads who were given it.
    leads: Vec<String>,
}

impl CaseKeys {
    /// Takes a fact of an organisation in. A key that cannot be read is as good as none: the case gets another.
    pub fn apply(&mut self, organisation: &str, fact: &Fact) {
        if let Fact::CaseKeyMade { case, recipient, sealed_to } = fact
            && let Ok(key) = recipient.parse()
        {
            let current = Current { key, leads: sealed_to.clone() };
            self.0.insert((organisation.to_owned(), *case), current);
        }
    }

    /// The case's key, if exactly these leads were given it.
    #[must_use]
    pub fn of(&self, organisation: &str, case: CaseRef, leads: &[String]) -> Option<&Recipient> {
        let current = self.0.get(&(organisation.to_owned(), case))?;
        (current.leads == leads).then_some(&current.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Identity;

    #[test]
    fn a_case_keeps_its_key_until_those_who_may_know_change() {
        let mut keys = CaseKeys::default();
        let (first, second) = (Identity::generate().recipient(), Identity::generate().recipient());
        let made = |recipient: &Recipient, leads: &[&str]| Fact::CaseKeyMade {
            case: CaseRef(1),
            recipient: recipient.to_string(),
            sealed_to: leads.iter().map(|&lead| lead.to_owned()).collect(),
        };
        let leads = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        keys.apply("club", &made(&first, &["dsl", "deputy"]));
        assert_eq!(keys.of("club", CaseRef(1), &leads(&["dsl", "deputy"])), Some(&first));
        assert_eq!(keys.of("club", CaseRef(1), &leads(&["deputy"])), None, "the DSL became a subject");
        assert_eq!(keys.of("club", CaseRef(2), &leads(&["dsl", "deputy"])), None);
        assert_eq!(
            keys.of("other", CaseRef(1), &leads(&["dsl", "deputy"])),
            None,
            "cases are each charity's own"
        );
        keys.apply("club", &made(&second, &["deputy"]));
        assert_eq!(keys.of("club", CaseRef(1), &leads(&["deputy"])), Some(&second));
    }
}
